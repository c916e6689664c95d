//! What would happen: quotes by the program's own state methods and formulas, on copies of accounts.
//!
//! Times are unix seconds of the cluster's clock; a time before the last settlement counts as that settlement, as on chain.

use upside::state::{Grant, Position, Security, Vault};
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
