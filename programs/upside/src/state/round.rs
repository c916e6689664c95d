//! The round: shares sold at one price, and what becomes of the money.

use anchor_lang::prelude::*;
use upside_math as m;

use super::X64;
use crate::{
    constants::*,
    error::{math, require, UpsideError},
};

/// Where a round is in its life. Stored as one byte, numbered in this order; append only.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundStatus {
    /// Not decided yet: it takes subscriptions in its time.
    Open,
    /// It sells: subscriptions get their allocation.
    Succeeded,
    /// Too little was wanted: everything is refunded.
    Failed,
    /// The issuer called it off in time: everything is refunded.
    Cancelled,
}

/// A round. Seeds: `round`, security, id. It owns the token account with the money.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Round {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// [`RoundStatus`].
    pub status: u8,
    /// 1 if only invited investors may subscribe, each up to their own cap.
    pub invited: u8,
    /// Part of what is raised that becomes backing, basis points.
    pub backing_bps: u16,
    /// Decimals of a share: prices are per whole share.
    pub decimals: u8,
    /// Zero.
    pub padding: u8,
    /// The security.
    pub security: Pubkey,
    /// The round's associated token account for the payout mint.
    pub token_account: Pubkey,
    /// Who paid the rent of this account.
    pub rent_payer: Pubkey,
    /// The issuer's choice.
    pub id: u64,
    /// Payout atoms per whole share.
    pub price_atoms: u64,
    /// Share atoms for sale.
    pub for_sale_atoms: u64,
    /// The round fails if fewer share atoms are sold.
    pub minimum_atoms: u64,
    /// First second in which it takes subscriptions, unix seconds.
    pub opens_ts: i64,
    /// From here on subscriptions bind and the issuer cannot cancel, unix seconds.
    pub commit_ts: i64,
    /// First second in which it takes none any more, unix seconds. The runway starts here.
    pub closes_ts: i64,
    /// When it was announced, unix seconds.
    pub announced_ts: i64,
    /// Seconds over which the money is released.
    pub runway_seconds: i64,
    /// Share atoms wanted by all subscriptions, whole (not `_x64`): many may want all that is for sale.
    pub total_wanted_atoms: X64,
    /// Subscriptions that want shares and are not settled.
    pub unsettled: u64,
    /// Share atoms still reserved for this round.
    pub reserved_left_atoms: u64,
    /// Payout atoms paid in and not paid out again.
    pub money_atoms: u64,
    /// Payout atoms of the money that belong to settled subscriptions as refunds.
    pub refunds_atoms: u64,
    /// Payout atoms raised: the cost of all allocations settled so far.
    pub raised_atoms: u64,
    /// Payout atoms of it that became backing.
    pub backed_atoms: u64,
    /// Payout atoms of it that went to the issuer.
    pub released_atoms: u64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// Zero.
    pub reserved: [u8; 64],
}

const _: () = assert!(core::mem::size_of::<Round>() == 8 + 3 * 32 + 9 * 8 + 16 + 8 * 8 + 64);

/// What `release_runway` has to pay out, payout atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunwayDue {
    /// To the payout mint's vault.
    pub backing: u64,
    /// To the issuer.
    pub issuer: u64,
}

impl Round {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Refuses terms outside their ranges, each with its own error. When it may open is the security's affair: see
    /// [`super::Security::check_notice`].
    pub fn validate(&self, now: i64) -> Result<()> {
        require!(
            self.for_sale_atoms >= m::supply::MIN_AUTHORISED,
            UpsideError::ForSaleTooSmall
        );
        require!(self.price_atoms > 0, UpsideError::PriceZero);
        require!(
            self.minimum_atoms <= self.for_sale_atoms,
            UpsideError::MinimumAboveForSale
        );
        require!(
            self.opens_ts <= self.commit_ts
                && self.commit_ts <= self.closes_ts
                && self.opens_ts < self.closes_ts
                && now < self.closes_ts
                && self
                    .closes_ts
                    .checked_sub(self.commit_ts)
                    .is_some_and(|bound| bound <= MAX_COMMIT_SECONDS),
            UpsideError::BadRoundTimes
        );
        require!(
            (0..=MAX_RUNWAY_SECONDS).contains(&self.runway_seconds),
            UpsideError::RunwayOutOfRange
        );
        require!(self.backing_bps <= m::bps::ONE_BPS, UpsideError::BackingAboveOne);
        // Then no subscription's cost can overflow.
        self.cost(self.for_sale_atoms)?;
        Ok(())
    }

    /// What `shares` share atoms cost, payout atoms, rounded up.
    pub fn cost(&self, shares: u64) -> Result<u64> {
        math(m::price::cost(shares, self.price_atoms, self.decimals))
    }

    /// Refuses a time in which it takes no subscriptions, or a status in which it never will again.
    pub fn check_taking(&self, now: i64) -> Result<()> {
        require!(
            self.is(RoundStatus::Open) && self.opens_ts <= now && now < self.closes_ts,
            UpsideError::RoundNotTaking
        );
        Ok(())
    }

    /// Whether the status is this one.
    pub fn is(&self, status: RoundStatus) -> bool {
        self.status == status as u8
    }

    /// A subscription changes from `before` to `after` share atoms wanted. Lowering is only possible before `commit_ts`: from then on everybody
    /// can rely on what the others want.
    pub fn change_wanted(&mut self, before: u64, after: u64, now: i64) -> Result<()> {
        require!(after >= before || now < self.commit_ts, UpsideError::Committed);
        self.total_wanted_atoms = self
            .total_wanted_atoms
            .get()
            .checked_sub(u128::from(before))
            .and_then(|others| others.checked_add(u128::from(after)))
            .ok_or(UpsideError::Overflow)?
            .into();
        self.unsettled = self
            .unsettled
            .checked_sub(u64::from(before > 0))
            .and_then(|others| others.checked_add(u64::from(after > 0)))
            .ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Money comes in.
    pub fn pay_in(&mut self, atoms: u64) -> Result<()> {
        self.money_atoms = self.money_atoms.checked_add(atoms).ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Money goes out.
    pub fn pay_out(&mut self, atoms: u64) -> Result<()> {
        self.money_atoms = self
            .money_atoms
            .checked_sub(atoms)
            .ok_or(UpsideError::InvariantBroken)?;
        Ok(())
    }

    /// Calls it off. Returns the share atoms whose reserve returns.
    pub fn cancel(&mut self, now: i64) -> Result<u64> {
        require!(
            self.is(RoundStatus::Open) && now < self.commit_ts,
            UpsideError::TooLateToCancel
        );
        self.status = RoundStatus::Cancelled as u8;
        Ok(core::mem::take(&mut self.reserved_left_atoms))
    }

    /// Decides whether it sells. Returns the share atoms whose reserve returns: what nobody wanted, or everything.
    pub fn close(&mut self, now: i64) -> Result<u64> {
        require!(
            self.is(RoundStatus::Open) && now >= self.closes_ts,
            UpsideError::TooEarlyToClose
        );
        // What is sold is at most what is for sale: it fits.
        let sold = u64::try_from(self.total_wanted_atoms.get())
            .map_or(self.for_sale_atoms, |wanted| wanted.min(self.for_sale_atoms));
        let kept = if sold == 0 || sold < self.minimum_atoms {
            self.status = RoundStatus::Failed as u8;
            0
        } else {
            self.status = RoundStatus::Succeeded as u8;
            sold
        };
        let freed = self
            .reserved_left_atoms
            .checked_sub(kept)
            .ok_or(UpsideError::InvariantBroken)?;
        self.reserved_left_atoms = kept;
        Ok(freed)
    }

    /// Settles a subscription that wants `wanted` share atoms and has paid `paid`: returns its allocation and its refund, and books both.
    pub fn settle(&mut self, wanted: u64, paid: u64) -> Result<(u64, u64)> {
        require!(!self.is(RoundStatus::Open), UpsideError::RoundNotDecided);
        let allocation = if self.is(RoundStatus::Succeeded) {
            math(m::pro_rata::allocation(
                wanted,
                self.for_sale_atoms,
                self.total_wanted_atoms.get(),
            ))?
        } else {
            0
        };
        let cost = self.cost(allocation)?;
        let refund = paid.checked_sub(cost).ok_or(UpsideError::InvariantBroken)?;
        self.raised_atoms = self.raised_atoms.checked_add(cost).ok_or(UpsideError::Overflow)?;
        self.refunds_atoms = self.refunds_atoms.checked_add(refund).ok_or(UpsideError::Overflow)?;
        self.reserved_left_atoms = self
            .reserved_left_atoms
            .checked_sub(allocation)
            .ok_or(UpsideError::InvariantBroken)?;
        self.unsettled = self.unsettled.checked_sub(1).ok_or(UpsideError::InvariantBroken)?;
        Ok((allocation, refund))
    }

    /// Takes what rounding left reserved once the last subscription is settled, share atoms; 0 before.
    pub fn free_dust(&mut self) -> u64 {
        if self.unsettled == 0 {
            core::mem::take(&mut self.reserved_left_atoms)
        } else {
            0
        }
    }

    /// A booked refund is paid.
    pub fn pay_refund(&mut self, atoms: u64) -> Result<()> {
        self.refunds_atoms = self
            .refunds_atoms
            .checked_sub(atoms)
            .ok_or(UpsideError::InvariantBroken)?;
        self.pay_out(atoms)
    }

    /// What is due of the runway at `now` and was not paid yet, of what was raised so far.
    pub fn runway_due(&self, now: i64) -> Result<RunwayDue> {
        require!(self.is(RoundStatus::Succeeded), UpsideError::NothingToRelease);
        let elapsed = now.saturating_sub(self.closes_ts).max(0);
        let (bps, runway) = (self.backing_bps, self.runway_seconds);
        let backing = math(m::runway::backing_due(self.raised_atoms, bps, elapsed, runway))?;
        let issuer = math(m::runway::issuer_due(self.raised_atoms, bps, elapsed, runway))?;
        // Under a clock set back less may be due than was paid: then nothing is.
        Ok(RunwayDue {
            backing: backing.saturating_sub(self.backed_atoms),
            issuer: issuer.saturating_sub(self.released_atoms),
        })
    }

    /// Counts what was paid of the runway.
    pub fn release(&mut self, paid: RunwayDue) -> Result<()> {
        self.backed_atoms = self
            .backed_atoms
            .checked_add(paid.backing)
            .ok_or(UpsideError::Overflow)?;
        self.released_atoms = self
            .released_atoms
            .checked_add(paid.issuer)
            .ok_or(UpsideError::Overflow)?;
        self.pay_out(paid.backing.checked_add(paid.issuer).ok_or(UpsideError::Overflow)?)
    }

    /// R-1 for the counters: nothing is paid that was not paid in, and once nobody is unsettled the money is to the atom what was raised and
    /// not released, and the refunds. Called before anything moves.
    pub fn invariant(&self) -> Result<()> {
        let out = self.backed_atoms.checked_add(self.released_atoms);
        let held = out
            .and_then(|out| self.raised_atoms.checked_sub(out))
            .and_then(|kept| kept.checked_add(self.refunds_atoms));
        require!(
            held.is_some_and(|held| held == self.money_atoms || (held < self.money_atoms && self.unsettled > 0))
                && self.reserved_left_atoms <= self.for_sale_atoms,
            UpsideError::InvariantBroken
        );
        Ok(())
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
