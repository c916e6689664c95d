//! Grants: shares promised to one person, that vest over time, perhaps not before somebody approves.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::{security::ensure, Flaw, GrantId, Refusal, Security, Wallet};

/// What a grant says when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantTerms {
    /// Share atoms.
    pub amount: u64,
    /// Where the line of vesting starts, unix seconds.
    pub start: i64,
    /// Nothing vests before, unix seconds.
    pub cliff: i64,
    /// Everything has vested, unix seconds.
    pub end: i64,
    /// Whether the issuer may stop what has not vested.
    pub revocable: bool,
    /// Who must approve, and before when, unix seconds; `None` if time alone decides.
    pub milestone: Option<(Wallet, i64)>,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// As it was made.
    pub terms: GrantTerms,
    /// Share atoms it can come to: what had vested, once it is revoked.
    pub amount: BigInt,
    /// Share atoms claimed.
    pub claimed: BigInt,
    /// Whether somebody approved in time.
    pub approved: bool,
    /// Whether the issuer stopped it.
    pub revoked: bool,
}

impl Grant {
    /// Share atoms vested at a time, claimed ones included.
    #[must_use]
    pub fn vested(&self, now: i64, flaw: Option<Flaw>) -> BigInt {
        let terms = &self.terms;
        if self.revoked {
            return self.amount.clone();
        }
        if terms.milestone.is_some() && !self.approved && flaw != Some(Flaw::VestUnapproved) {
            return BigInt::zero();
        }
        if now >= terms.end {
            return self.amount.clone();
        }
        if now < terms.start || now < terms.cliff && flaw != Some(Flaw::IgnoreCliff) {
            return BigInt::zero();
        }
        let passed = BigInt::from(now) - terms.start;
        let part = BigRational::new(&self.amount * passed, BigInt::from(terms.end) - terms.start);
        if flaw == Some(Flaw::CeilVested) {
            part.ceil()
        } else {
            part.floor()
        }
        .to_integer()
    }

    /// Whether nobody approved in time: then the shares go back.
    #[must_use]
    pub fn has_lapsed(&self, now: i64) -> bool {
        let too_late = self.terms.milestone.is_some_and(|(_, deadline)| now >= deadline);
        too_late && !self.approved && !self.revoked
    }
}

impl Security {
    /// No surprise: with others about, what dilutes them starts after the notice.
    pub(super) fn gives_notice(&self, starts: i64, now: i64) -> Result<(), Refusal> {
        let own = self.positions.get(&self.issuer).map(|p| p.shares.clone());
        let alone =
            own.unwrap_or_default() == self.supply() && self.rounds.values().all(|round| round.money().is_zero());
        let earliest = BigInt::from(now) + self.terms.notice_seconds;
        ensure(
            alone || BigInt::from(starts) >= earliest || self.flaw == Some(Flaw::StartAtOnce),
            Refusal::NoticeTooShort,
        )
    }

    /// Takes capacity for a promise.
    pub(super) fn reserve(&mut self, amount: u64) -> Result<(), Refusal> {
        self.reserved += amount;
        ensure(
            &self.issued + &self.reserved <= self.terms.authorised.into(),
            Refusal::AboveAuthorised,
        )
    }

    /// Makes promised shares, registered to a wallet.
    pub(super) fn issue_reserved(&mut self, to: Wallet, amount: &BigInt, now: i64) -> Result<(), Refusal> {
        self.settle(now);
        let accrual = self.accrual.clone();
        self.settle_position(to, &accrual)?.shares += amount;
        self.issued += amount;
        self.registered += amount;
        self.reserved -= amount;
        Ok(())
    }

    /// Promises shares to a wallet.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn create_grant(&mut self, by: Wallet, id: GrantId, terms: GrantTerms, now: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(!self.grants.contains_key(&id), Refusal::Exists)?;
        ensure(terms.amount > 0, Refusal::Nothing)?;
        ensure(terms.start <= terms.cliff && terms.cliff <= terms.end, Refusal::Terms)?;
        ensure(
            terms.milestone.is_none_or(|(_, deadline)| deadline > now),
            Refusal::Terms,
        )?;
        self.gives_notice(terms.start, now)?;
        self.reserve(terms.amount)?;
        let grant = Grant {
            terms,
            amount: terms.amount.into(),
            claimed: BigInt::zero(),
            approved: false,
            revoked: false,
        };
        self.grants.insert(id, grant);
        Ok(())
    }

    /// Issues what has vested and was not claimed, to the recipient; anyone may ask. Returns the share atoms.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn claim_grant(&mut self, id: GrantId, now: i64) -> Result<BigInt, Refusal> {
        let flaw = self.flaw;
        let grant = self.grants.get_mut(&id).ok_or(Refusal::Missing)?;
        let due = grant.vested(now, flaw) - &grant.claimed;
        ensure(due > BigInt::zero(), Refusal::Nothing)?;
        grant.claimed += &due;
        self.issue_reserved(id.0, &due, now)?;
        Ok(due)
    }

    /// Lets the schedule of a milestone apply.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn approve_milestone(&mut self, by: Wallet, id: GrantId, now: i64) -> Result<(), Refusal> {
        let late = self.flaw == Some(Flaw::ApproveLate);
        let grant = self.grants.get_mut(&id).ok_or(Refusal::Missing)?;
        let (approver, deadline) = grant.terms.milestone.ok_or(Refusal::NotAllowed)?;
        ensure(by == approver, Refusal::NotAllowed)?;
        ensure(!grant.revoked && !grant.approved, Refusal::Nothing)?;
        ensure(now < deadline || late, Refusal::TooLate)?;
        grant.approved = true;
        Ok(())
    }

    /// Stops what has not vested; its shares go back.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn revoke_grant(&mut self, by: Wallet, id: GrantId, now: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        let flaw = self.flaw;
        let grant = self.grants.get_mut(&id).ok_or(Refusal::Missing)?;
        ensure(grant.terms.revocable && !grant.revoked, Refusal::NotAllowed)?;
        // Under a clock set back less may have vested than was claimed.
        let keeps = if flaw == Some(Flaw::RevokeVested) {
            grant.claimed.clone()
        } else {
            grant.vested(now, flaw).max(grant.claimed.clone())
        };
        let freed = &grant.amount - &keeps;
        ensure(!freed.is_zero(), Refusal::Nothing)?;
        grant.amount = keeps;
        grant.revoked = true;
        if flaw != Some(Flaw::KeepRevokedReserve) {
            self.reserved -= freed;
        }
        Ok(())
    }

    /// Ends a grant of which everything is claimed, or that nobody approved in time; what is left of it goes back.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn close_grant(&mut self, id: GrantId, now: i64) -> Result<(), Refusal> {
        let grant = self.grants.get(&id).ok_or(Refusal::Missing)?;
        let left = &grant.amount - &grant.claimed;
        ensure(left.is_zero() || grant.has_lapsed(now), Refusal::NotEmpty)?;
        if self.flaw != Some(Flaw::KeepLapsedReserve) {
            self.reserved -= left;
        }
        self.grants.remove(&id);
        Ok(())
    }
}
