//! Collectives: securities that join one on equal terms.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::{
    security::{ensure, Coming},
    Flaw, Grant, GrantId, GrantTerms, Refusal, Security, ShareVault, Wallet,
};

/// Ten years of 365 days, seconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// What every member gives and gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Part of its authorised supply that a member gives, basis points.
    pub bps: u16,
    /// Share atoms granted to each member.
    pub shares: u64,
    /// Seconds from joining until the cliff of the grant.
    pub cliff: i64,
    /// Seconds from joining until all of it has vested.
    pub vesting: i64,
}

/// A rule, and who has applied or joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collective {
    /// The same for every member, for good.
    pub rule: Rule,
    /// How many have joined.
    pub members: BigInt,
    /// Applications and members, by the number of the security that applies among those of a test.
    pub applications: BTreeMap<usize, Application>,
}

/// An application, then a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Who applied, and alone can join.
    pub wallet: Wallet,
    /// Share atoms that the member gives.
    pub contribution: BigInt,
    /// When it was made, unix seconds.
    pub applied: i64,
    /// Until when the collective's issuer consents, unix seconds.
    pub consent: Option<i64>,
    /// When it joined, unix seconds, and its grant.
    pub joined: Option<(i64, GrantId)>,
}

/// An application as its reader has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who applied.
    pub wallet: Wallet,
    /// Share atoms that the member gives.
    pub contribution: BigInt,
    /// When it was made, unix seconds.
    pub applied: i64,
}

impl Application {
    /// As its reader sees it.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen {
            wallet: self.wallet,
            contribution: self.contribution.clone(),
            applied: self.applied,
        }
    }
}

impl Collective {
    /// What a member with so many authorised share atoms gives, rounded up.
    #[must_use]
    pub fn contribution_of(&self, authorised: u64, flaw: Option<Flaw>) -> BigInt {
        let part = BigRational::new(BigInt::from(authorised) * self.rule.bps, 10_000.into());
        if flaw == Some(Flaw::FloorContribution) {
            part.floor()
        } else {
            part.ceil()
        }
        .to_integer()
    }
}

impl Security {
    fn rule(&mut self) -> Result<&mut Collective, Refusal> {
        self.collective.as_mut().ok_or(Refusal::Missing)
    }

    fn application(&mut self, member: usize) -> Result<&mut Application, Refusal> {
        self.rule()?.applications.get_mut(&member).ok_or(Refusal::Missing)
    }

    /// Fixes the rule by which others join.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn create_collective(&mut self, by: Wallet, rule: Rule) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(self.collective.is_none(), Refusal::Exists)?;
        ensure((1..=10_000).contains(&rule.bps) && rule.shares > 0, Refusal::Terms)?;
        ensure(
            0 <= rule.cliff && rule.cliff <= rule.vesting && rule.vesting <= TEN_YEARS,
            Refusal::Terms,
        )?;
        self.collective = Some(Collective {
            rule,
            members: BigInt::zero(),
            applications: BTreeMap::new(),
        });
        Ok(())
    }

    /// Applies for another security, which pays out the `same_money` or not. Nothing moves.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn apply(
        &mut self,
        member: usize,
        candidate: &Self,
        wallet: Wallet,
        same_money: bool,
        now: i64,
    ) -> Result<(), Refusal> {
        let flaw = self.flaw;
        let rule = self.rule()?;
        ensure(!rule.applications.contains_key(&member), Refusal::Exists)?;
        ensure(wallet == candidate.issuer, Refusal::NotAllowed)?;
        ensure(same_money || flaw == Some(Flaw::ApplyForOtherMoney), Refusal::BadMint)?;
        let application = Application {
            wallet,
            contribution: rule.contribution_of(candidate.terms.authorised, flaw),
            applied: now,
            consent: None,
            joined: None,
        };
        rule.applications.insert(member, application);
        Ok(())
    }

    /// Takes an application back. `member_issuer`: the issuer of the moment of the security that applied.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn withdraw_application(&mut self, member: usize, by: Wallet, member_issuer: Wallet) -> Result<(), Refusal> {
        let only_who_applied = self.flaw == Some(Flaw::OnlyApplicantWithdraws);
        let application = self.application(member)?;
        ensure(application.joined.is_none(), Refusal::Exists)?;
        ensure(
            by == application.wallet || (by == member_issuer && !only_who_applied),
            Refusal::NotAllowed,
        )?;
        self.rule()?.applications.remove(&member);
        Ok(())
    }

    /// Consents to an application exactly as it was `seen`, until a time.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn admit(&mut self, by: Wallet, member: usize, seen: &Seen, expires: i64, now: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        let (flaw, notice) = (self.flaw, self.terms.notice_seconds);
        let application = self.application(member)?;
        ensure(
            application.seen() == *seen || flaw == Some(Flaw::AdmitUnseen),
            Refusal::Terms,
        )?;
        ensure(application.joined.is_none(), Refusal::Exists)?;
        ensure(expires > now && expires > application.applied + notice, Refusal::Terms)?;
        application.consent = Some(expires);
        Ok(())
    }

    /// Takes consent back that was not used.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn revoke_admission(&mut self, by: Wallet, member: usize) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        let keeps = self.flaw == Some(Flaw::KeepConsent);
        let application = self.application(member)?;
        ensure(
            application.joined.is_none() && application.consent.is_some(),
            Refusal::Nothing,
        )?;
        if !keeps {
            application.consent = None;
        }
        Ok(())
    }

    /// Joins with an application that was consented to: shares of the member's wallet enter the vault for them, which is opened if there is
    /// none, and the wallet gets a grant. `guarded`: the wallet's registered account forbids moves through programs.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn join(
        &mut self,
        lower: &mut Self,
        member: usize,
        vault: ShareVault,
        id: GrantId,
        guarded: bool,
        now: i64,
    ) -> Result<(), Refusal> {
        let (flaw, notice) = (self.flaw, self.terms.notice_seconds);
        let (wallet, _) = id;
        let application = self.application(member)?.clone();
        ensure(application.wallet == wallet, Refusal::NotAllowed)?;
        ensure(
            lower.issuer == wallet || flaw == Some(Flaw::JoinAfterHandover),
            Refusal::NotAllowed,
        )?;
        ensure(
            application.joined.is_none() || flaw == Some(Flaw::JoinTwice),
            Refusal::Exists,
        )?;
        let expires = match application.consent {
            Some(expires) => expires,
            None if flaw == Some(Flaw::JoinUnadmitted) || application.joined.is_some() => i64::MAX,
            None => return Err(Refusal::NotAllowed),
        };
        ensure(now < expires || flaw == Some(Flaw::JoinLate), Refusal::TooLate)?;
        ensure(
            now >= application.applied + notice || flaw == Some(Flaw::JoinAtOnce),
            Refusal::NoticeTooShort,
        )?;
        let rule = self.rule()?;
        let gives = rule.contribution_of(lower.terms.authorised, flaw);
        ensure(
            gives == application.contribution || flaw == Some(Flaw::JoinOnOldTerms),
            Refusal::Terms,
        )?;
        let terms = GrantTerms {
            amount: rule.rule.shares,
            start: now,
            cliff: now + rule.rule.cliff,
            end: now + rule.rule.vesting,
            revocable: false,
            milestone: None,
        };
        if flaw != Some(Flaw::ForgetMember) {
            rule.members += 1;
        }
        if !self.vaults.contains_key(&vault.asset) {
            // Whoever the issuer is: they have consented.
            self.open_vault(self.issuer, vault.asset, true, 0)?;
        }
        lower.move_shares(
            wallet,
            vault.holder,
            &application.contribution,
            guarded,
            Coming::New,
            now,
        )?;
        self.count_held(lower, vault)?;
        if let Some(vault) = self.vaults.get_mut(&vault.asset) {
            vault.deposited += &application.contribution;
        }
        // The application was the announcement.
        if flaw == Some(Flaw::JoinWithNotice) {
            self.gives_notice(now, now)?;
        }
        ensure(!self.grants.contains_key(&id), Refusal::Exists)?;
        self.reserve(terms.amount)?;
        let grant = Grant {
            terms,
            amount: terms.amount.into(),
            claimed: BigInt::zero(),
            approved: false,
            revoked: false,
        };
        self.grants.insert(id, grant);
        let application = self.application(member)?;
        application.consent = None;
        application.joined = Some((now, id));
        Ok(())
    }
}
