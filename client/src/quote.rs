//! What would happen: quotes by the program's own state methods and formulas, on copies of accounts.
//!
//! Times are unix seconds of the cluster's clock; a time before the last settlement counts as that settlement, as on chain.

use upside::state::{Grant, Position, Round, RoundStatus, RunwayDue, Security, Vault};
use upside_math as math;

use crate::error::{ClientError, Result};

fn arithmetic(error: math::MathError) -> ClientError {
    ClientError::Arithmetic(upside::error::UpsideError::from(error).to_string())
}

/// What a position is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionQuote {
    /// Registered share atoms.
    pub shares_atoms: u64,
    /// Payout atoms that a claim pays, rounded down.
    pub claimable_atoms: u64,
    /// The part of one atom that stays owed, 64 fractional bits.
    pub fraction_x64: u128,
    /// Payout atoms ever paid, modulo 2^64.
    pub claimed_total_atoms: u64,
}

/// What `position` is owed at `now`.
///
/// # Errors
/// [`ClientError::Arithmetic`] as the program would refuse, for example when the clock is behind the position's checkpoint.
pub fn position(security: &Security, position: &Position, now: i64) -> Result<PositionQuote> {
    let mut settled = *position;
    settled.settle(security.upside_per_share_at(now)?)?;
    let claimable_atoms = settled.take_payable();
    Ok(PositionQuote {
        shares_atoms: position.shares_atoms,
        claimable_atoms,
        fraction_x64: settled.accrued_x64.get(),
        claimed_total_atoms: position.claimed_total_atoms,
    })
}

/// A security's stream at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamQuote {
    /// Payout atoms of the present line.
    pub total_atoms: u64,
    /// Payout atoms of it that have dripped.
    pub dripped_atoms: u64,
    /// Payout atoms of it still to drip.
    pub undripped_atoms: u64,
    /// Start of the line, unix seconds.
    pub start_ts: i64,
    /// When the last atom drips, unix seconds, if somebody stays registered.
    pub end_ts: i64,
    /// Nobody is registered, so nothing drips and the end moves away with time.
    pub waiting: bool,
    /// Payout atoms per share atom so far, 64 fractional bits, modulo 2^128.
    pub upside_per_share_x64: u128,
    /// Emitted money not credited to any share yet, 64 fractional bits.
    pub remainder_x64: u128,
}

fn stream_of(settled: &Security) -> StreamQuote {
    let stream = settled.stream();
    StreamQuote {
        total_atoms: stream.total,
        dripped_atoms: stream.dripped,
        undripped_atoms: stream.undripped(),
        start_ts: stream.start_ts,
        end_ts: stream.end_ts,
        waiting: settled.registered_atoms == 0,
        upside_per_share_x64: settled.upside_per_share_x64.get(),
        remainder_x64: settled.remainder_x64.get(),
    }
}

/// The stream at `now`.
///
/// # Errors
/// [`ClientError::Arithmetic`] as the program would refuse.
pub fn stream(security: &Security, now: i64) -> Result<StreamQuote> {
    let mut settled = *security;
    settled.settle(now)?;
    Ok(stream_of(&settled))
}

/// What `distribute` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DistributionQuote {
    /// The stream just before.
    pub before: StreamQuote,
    /// The stream just after.
    pub after: StreamQuote,
    /// What a position would get of the amount if it stayed registered until all of it has dripped and nothing else changed:
    /// payout atoms, rounded down; 0 if nobody is registered.
    pub part_atoms: u64,
}

/// What distributing `amount` payout atoms (with what the inbox holds) at `now` would do, to the stream and for `shares` registered atoms.
///
/// # Errors
/// [`ClientError::Arithmetic`] as the program would refuse, for example an amount of zero.
pub fn distribution(security: &Security, amount: u64, shares: u64, now: i64) -> Result<DistributionQuote> {
    let mut settled = *security;
    settled.settle(now)?;
    let before = stream_of(&settled);
    settled.add_to_stream(amount)?;
    let part_atoms = if security.registered_atoms == 0 {
        0
    } else {
        math::mul_div_floor(amount, shares, security.registered_atoms).map_err(arithmetic)?
    };
    Ok(DistributionQuote {
        before,
        after: stream_of(&settled),
        part_atoms,
    })
}

/// The denominator `D(V)` that a redeemed share of a security has in one of its vaults, share atoms. `supply_atoms` is the live supply of the
/// share mint.
///
/// # Errors
/// [`ClientError::Arithmetic`] if the accounts contradict each other.
pub fn redemption_denominator(security: &Security, vault: &Vault, supply_atoms: u64) -> Result<u128> {
    math::redemption::denominator(
        supply_atoms,
        security.authorised_atoms,
        security.issued_atoms,
        security.redeemed_total_atoms,
        vault.collected_total_atoms,
    )
    .map_err(arithmetic)
}

/// Asset atoms that `shares` share atoms stand for in a vault that holds `balance_atoms`: rounded down.
///
/// # Errors
/// As [`redemption_denominator`].
pub fn backing(security: &Security, vault: &Vault, supply_atoms: u64, balance_atoms: u64, shares: u64) -> Result<u64> {
    let denominator = redemption_denominator(security, vault, supply_atoms)?;
    math::redemption::payout(balance_atoms, shares, denominator).map_err(arithmetic)
}

/// Where a grant is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantStatus {
    /// Announced: its schedule has not started.
    Announced,
    /// Its approver has not signed yet, and still can.
    AwaitingApproval,
    /// Nobody signed in time: anybody may close it, and its shares return.
    Lapsed,
    /// Started, and nothing vests before the cliff.
    BeforeCliff,
    /// More vests every second.
    Vesting,
    /// Everything has vested.
    Vested,
    /// Revoked: what had vested stays.
    Revoked,
}

impl GrantStatus {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::AwaitingApproval => "awaiting approval",
            Self::Lapsed => "lapsed",
            Self::BeforeCliff => "before cliff",
            Self::Vesting => "vesting",
            Self::Vested => "vested",
            Self::Revoked => "revoked",
        }
    }
}

/// A grant at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantQuote {
    /// Where it is in its life.
    pub status: GrantStatus,
    /// Share atoms vested, claimed ones included, rounded down.
    pub vested_atoms: u64,
    /// Share atoms claimed.
    pub claimed_atoms: u64,
    /// Share atoms that a claim issues now.
    pub claimable_atoms: u64,
    /// Share atoms that it may still issue, and that are reserved for it.
    pub promised_atoms: u64,
    /// Whether anybody may close it.
    pub closable: bool,
}

/// A grant at `now`.
#[must_use]
pub fn grant(grant: &Grant, now: i64) -> GrantQuote {
    let vested_atoms = grant.vested_at(now);
    let promised_atoms = grant.amount_atoms.saturating_sub(grant.claimed_atoms);
    let lapsed = grant.has_lapsed(now);
    let status = if grant.revoked == 1 {
        GrantStatus::Revoked
    } else if lapsed {
        GrantStatus::Lapsed
    } else if vested_atoms == grant.amount_atoms {
        GrantStatus::Vested
    } else if grant.is_milestone() && grant.approved == 0 {
        GrantStatus::AwaitingApproval
    } else if now < grant.start_ts {
        GrantStatus::Announced
    } else if now < grant.cliff_ts {
        GrantStatus::BeforeCliff
    } else {
        GrantStatus::Vesting
    };
    GrantQuote {
        status,
        vested_atoms,
        claimed_atoms: grant.claimed_atoms,
        claimable_atoms: vested_atoms.saturating_sub(grant.claimed_atoms),
        promised_atoms,
        closable: promised_atoms == 0 || lapsed,
    }
}

/// The earliest that something which dilutes may start when it is announced at `now`, unix seconds; `None` if no notice is due, because the
/// issuer holds every share and no round has money in it. `own_atoms` is what the issuer has registered, of `supply_atoms` in existence.
#[must_use]
pub fn earliest_start(security: &Security, own_atoms: u64, supply_atoms: u64, now: i64) -> Option<i64> {
    security
        .check_notice(own_atoms, supply_atoms, now, i64::MIN)
        .is_err()
        .then(|| now.saturating_add(security.notice_seconds))
}

/// Share atoms that may still be issued or promised.
#[must_use]
pub fn capacity_left(security: &Security) -> u64 {
    security
        .authorised_atoms
        .saturating_sub(security.issued_atoms)
        .saturating_sub(security.reserved_atoms)
}

/// Where a round is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundPhase {
    /// Announced: it has not opened.
    Announced,
    /// It takes subscriptions, which may be lowered and withdrawn.
    Open,
    /// It takes subscriptions, which bind.
    Binding,
    /// Its time is over, and nobody has closed it yet.
    Over,
    /// It sold.
    Succeeded,
    /// Too little was wanted: everybody is refunded.
    Failed,
    /// Its issuer called it off: everybody is refunded.
    Cancelled,
}

impl RoundPhase {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Open => "open",
            Self::Binding => "open and binding",
            Self::Over => "over and not closed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it may still issue shares to new subscriptions or is about to be decided.
    #[must_use]
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Announced | Self::Open | Self::Binding | Self::Over)
    }
}

/// A round at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundQuote {
    /// Where it is in its life.
    pub phase: RoundPhase,
    /// Share atoms wanted by all subscriptions.
    pub wanted_atoms: u128,
    /// Share atoms that it sells: if it were closed with what is wanted now, or by its decision.
    pub sold_atoms: u64,
    /// Payout atoms that those cost together; every allocation's own cost is rounded up, so a few atoms more may be raised.
    pub raises_atoms: u64,
    /// Whether enough is wanted.
    pub reaches_minimum: bool,
    /// Whether more is wanted than is for sale.
    pub oversubscribed: bool,
}

/// A round at `now`.
#[must_use]
pub fn round(round: &Round, now: i64) -> RoundQuote {
    let phase = if round.is(RoundStatus::Succeeded) {
        RoundPhase::Succeeded
    } else if round.is(RoundStatus::Failed) {
        RoundPhase::Failed
    } else if round.is(RoundStatus::Cancelled) {
        RoundPhase::Cancelled
    } else if now < round.opens_ts {
        RoundPhase::Announced
    } else if now >= round.closes_ts {
        RoundPhase::Over
    } else if now < round.commit_ts {
        RoundPhase::Open
    } else {
        RoundPhase::Binding
    };
    // What the program would decide, on a copy.
    let mut decided = *round;
    if phase.is_undecided() {
        // It reserves all that is for sale until it is decided, so the decision cannot fail.
        let _ = decided.close(round.closes_ts.max(now));
    }
    let wanted_atoms = round.total_wanted_atoms.get();
    let sold_atoms = if decided.is(RoundStatus::Succeeded) {
        u64::try_from(wanted_atoms).map_or(round.for_sale_atoms, |wanted| wanted.min(round.for_sale_atoms))
    } else {
        0
    };
    RoundQuote {
        phase,
        wanted_atoms,
        sold_atoms,
        // Validated when it was created: the cost of all that is for sale fits.
        raises_atoms: round.cost(sold_atoms).unwrap_or(u64::MAX),
        reaches_minimum: decided.is(RoundStatus::Succeeded),
        oversubscribed: wanted_atoms > u128::from(round.for_sale_atoms),
    }
}

/// What somebody gets of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationQuote {
    /// Share atoms that they want.
    pub wanted_atoms: u64,
    /// Share atoms that everybody wants together.
    pub total_wanted_atoms: u128,
    /// Share atoms that they get, rounded down.
    pub allocation_atoms: u64,
    /// Payout atoms that those cost, rounded up.
    pub cost_atoms: u64,
    /// Payout atoms that come back.
    pub refund_atoms: u64,
}

/// What somebody who wants `before` share atoms would get if they wanted `wanted` instead, nobody else changed anything, and the round
/// succeeded.
///
/// # Errors
/// [`ClientError::Arithmetic`] as the program would refuse.
pub fn allocation(round: &Round, before: u64, wanted: u64) -> Result<AllocationQuote> {
    let others = round.total_wanted_atoms.get().saturating_sub(u128::from(before));
    allocation_with(round, others.saturating_add(u128::from(wanted)), wanted)
}

/// What `wanted` share atoms would get if everybody together wanted `total_wanted` and the round succeeded.
///
/// # Errors
/// As [`allocation`].
pub fn allocation_with(round: &Round, total_wanted: u128, wanted: u64) -> Result<AllocationQuote> {
    let mut decided = *round;
    decided.status = RoundStatus::Succeeded as u8;
    decided.total_wanted_atoms = total_wanted.into();
    decided.unsettled = 1;
    decided.reserved_left_atoms = round.for_sale_atoms;
    (decided.raised_atoms, decided.refunds_atoms) = (0, 0);
    let paid = decided.cost(wanted)?;
    let (allocation_atoms, refund_atoms) = decided.settle(wanted, paid)?;
    Ok(AllocationQuote {
        wanted_atoms: wanted,
        total_wanted_atoms: total_wanted,
        allocation_atoms,
        cost_atoms: paid.saturating_sub(refund_atoms),
        refund_atoms,
    })
}

/// What is due of a round's runway at `now`; nothing unless it succeeded.
///
/// # Errors
/// [`ClientError::Arithmetic`] as the program would refuse.
pub fn runway(round: &Round, now: i64) -> Result<RunwayDue> {
    if !round.is(RoundStatus::Succeeded) {
        return Ok(RunwayDue { backing: 0, issuer: 0 });
    }
    Ok(round.runway_due(now)?)
}
