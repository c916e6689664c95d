//! The invariants of the protocol, one function each, named by its id.
//!
//! They look at live accounts only, through [`SecurityView`], and compute with the exact arithmetic of [`crate::model`]: they hold or not whatever
//! the model of a test believes.

use std::collections::BTreeMap;

use anchor_lang::{prelude::Pubkey, Discriminator};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use upside::state::{Approval, Position, Security, Vault};
use upside_client::{replay::Replay, solana_account::Account};

use crate::model::{Accrual, Asset, Wallet};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its id.
    pub id: &'static str,
    /// What was seen.
    pub seen: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.id, self.seen)
    }
}

/// Whether an invariant holds.
pub type Check = Result<(), Broken>;

fn holds(condition: bool, id: &'static str, seen: impl FnOnce() -> String) -> Check {
    if condition {
        Ok(())
    } else {
        Err(Broken { id, seen: seen() })
    }
}

/// A holder's live accounts.
#[derive(Clone, Debug)]
pub struct HolderView {
    /// Which wallet.
    pub wallet: Wallet,
    /// The position, if it exists.
    pub position: Option<Position>,
    /// Balance of the registered account, share atoms, and whether it is frozen; `None` if there is no such account.
    pub registered: Option<(u64, bool)>,
}

/// A vault's live accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultView {
    /// Asset atoms in its token account.
    pub balance: u64,
    /// Share atoms that have collected.
    pub collected: u64,
}

/// The live accounts of one security.
#[derive(Clone, Debug)]
pub struct SecurityView {
    /// The security.
    pub security: Security,
    /// Share atoms in existence, by the mint.
    pub supply: u64,
    /// Payout atoms in the payout vault.
    pub payout_vault: u64,
    /// Every wallet that could hold.
    pub holders: Vec<HolderView>,
    /// Every open vault.
    pub vaults: BTreeMap<Asset, VaultView>,
    /// Payout atoms ever paid by claims, from the events: closed positions forget theirs.
    pub claimed: u128,
    /// The latest time the clock ever showed, unix seconds: at it no position is checkpointed ahead.
    pub latest: i64,
}

fn x64(value: u128) -> BigRational {
    BigRational::new(value.into(), BigInt::one() << 64)
}

impl SecurityView {
    /// Stream and accumulator as stored.
    #[must_use]
    pub fn accrual(&self) -> Accrual {
        let s = &self.security;
        Accrual {
            total: s.stream_total_atoms.into(),
            dripped: s.stream_dripped_atoms.into(),
            start: s.stream_start_ts.into(),
            end: s.stream_end_ts.into(),
            last: s.stream_last_ts.into(),
            per_share: x64(s.upside_per_share_x64.get()),
            remainder: x64(s.remainder_x64.get()),
        }
    }

    /// Stream and accumulator settled to a time.
    #[must_use]
    pub fn accrual_at(&self, now: i64) -> Accrual {
        self.accrual().at(now, &self.security.registered_atoms.into(), None)
    }

    /// What a position is owed by an accumulator, payout atoms. Negative when the position was paid at a later time than the accumulator
    /// is of: only a clock set back does that.
    #[must_use]
    pub fn owed(&self, position: &Position, accrual: &Accrual) -> BigRational {
        self.growth(position, accrual) * BigRational::from(BigInt::from(position.shares_atoms))
            + x64(position.accrued_x64.get())
    }

    /// What one share earned since a position's checkpoint.
    fn growth(&self, position: &Position, accrual: &Accrual) -> BigRational {
        let growth = &accrual.per_share - x64(position.checkpoint_x64.get());
        let half = BigRational::from(BigInt::one() << 63);
        let whole = BigRational::from(BigInt::one() << 64);
        // The stored accumulator wraps at 2^64 atoms per share.
        if growth >= half {
            growth - whole
        } else if growth < -half {
            growth + whole
        } else {
            growth
        }
    }

    fn positions(&self) -> impl Iterator<Item = &Position> {
        self.holders.iter().filter_map(|holder| holder.position.as_ref())
    }

    /// What positions were paid ahead of time, payout atoms: zero unless the clock was set back behind a claim and shares moved then.
    #[must_use]
    pub fn paid_ahead(&self) -> BigRational {
        let accrual = self.accrual_at(self.latest);
        self.positions()
            .map(|position| -self.owed(position, &accrual))
            .filter(Signed::is_positive)
            .sum()
    }
}

/// S-1: the shares of all positions are `registered`; each equals its registered account's balance, and that account is frozen.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn s1_registered_accounts_hold_what_positions_say(view: &SecurityView) -> Check {
    let sum: u128 = view.positions().map(|position| u128::from(position.shares_atoms)).sum();
    holds(sum == u128::from(view.security.registered_atoms), "S-1", || {
        format!("positions have {sum}, registered is {}", view.security.registered_atoms)
    })?;
    for holder in &view.holders {
        let shares = holder.position.as_ref().map_or(0, |position| position.shares_atoms);
        let good = match holder.registered {
            // An empty account may be closed by its holder at any time.
            None => shares == 0,
            Some((amount, frozen)) => amount == shares && frozen,
        };
        holds(good, "S-1", || {
            format!(
                "wallet {} has {shares} shares, its account {:?}",
                holder.wallet, holder.registered
            )
        })?;
    }
    Ok(())
}

/// S-2: `issued + reserved <= authorised`.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn s2_promises_stay_within_authorised(view: &SecurityView) -> Check {
    let s = &view.security;
    holds(
        u128::from(s.issued_atoms) + u128::from(s.reserved_atoms) <= u128::from(s.authorised_atoms),
        "S-2",
        || format!("{} + {} > {}", s.issued_atoms, s.reserved_atoms, s.authorised_atoms),
    )
}

/// S-3: live supply is at most `issued - redeemed_total`, and at least what is registered.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn s3_supply_is_at_most_what_was_issued(view: &SecurityView) -> Check {
    let s = &view.security;
    holds(
        s.issued_atoms
            .checked_sub(s.redeemed_total_atoms)
            .is_some_and(|most| (s.registered_atoms..=most).contains(&view.supply)),
        "S-3",
        || {
            format!(
                "supply {}, registered {}, issued {}, redeemed {}",
                view.supply, s.registered_atoms, s.issued_atoms, s.redeemed_total_atoms
            )
        },
    )
}

/// U-1: the payout vault holds at least what is on its way and what positions can claim. What a position was paid ahead of time (a clock
/// set back) is owed back by that position out of what its shares earn next, and counts.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn u1_payout_vault_covers_what_is_owed(view: &SecurityView) -> Check {
    let accrual = view.accrual_at(view.latest);
    let owed: BigInt = view
        .positions()
        .map(|position| view.owed(position, &accrual).floor().to_integer().max(BigInt::zero()))
        .sum();
    let needed = BigRational::from(accrual.undripped() + owed);
    let there = BigRational::from(BigInt::from(view.payout_vault)) + view.paid_ahead();
    holds(there >= needed, "U-1", || {
        format!("the payout vault has {there}, {needed} is owed")
    })
}

/// U-2: claimed + claimable + undripped + remainder = received, exactly.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn u2_money_is_conserved_exactly(view: &SecurityView) -> Check {
    let accrual = view.accrual_at(view.latest);
    let owed: BigRational = view.positions().map(|position| view.owed(position, &accrual)).sum();
    let sum = owed
        + BigRational::from(accrual.undripped())
        + &accrual.remainder
        + BigRational::from(BigInt::from(view.claimed));
    let received = BigRational::from(BigInt::from(view.security.received_total_atoms.get()));
    holds(sum == received, "U-2", || {
        format!("{sum} is accounted for, {received} was received")
    })
}

/// U-3: settling twice, or at any times in between, changes nothing that anybody is owed.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn u3_settling_often_changes_nothing(view: &SecurityView, between: &[i64], until: i64) -> Check {
    let registered = BigInt::from(view.security.registered_atoms);
    let once = view.accrual().at(until, &registered, None);
    let mut often = view.accrual();
    for now in between.iter().filter(|now| **now <= until) {
        often = often.at(*now, &registered, None);
    }
    often = often.at(until, &registered, None);
    let twice = often.at(until, &registered, None);
    holds(once == often && often == twice, "U-3", || {
        format!("once {once:?}\noften {often:?}\ntwice {twice:?}")
    })
}

/// V-1: no instruction but `collect` lowers a vault. `clawed_back`: the step was an outside clawback.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn v1_vaults_only_grow(before: &SecurityView, after: &SecurityView, clawed_back: bool) -> Check {
    for (asset, vault) in &before.vaults {
        let now = after.vaults.get(asset);
        holds(
            now.is_some_and(|now| now.balance >= vault.balance || clawed_back),
            "V-1",
            || format!("the vault of asset {asset} went from {vault:?} to {now:?}"),
        )?;
    }
    Ok(())
}

/// What a step may do to the backing of a share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackingMay {
    /// An outside clawback.
    pub fall: bool,
    /// Something arrived, bearer shares were burnt, or capacity was retired.
    pub rise: bool,
}

/// V-4: nothing but an outside clawback lowers `balance(V)/D(V)`; only money or shares arriving in V, a burn of bearer shares, or `retire` raises it.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn v4_backing_per_share_moves_for_a_reason(before: &SecurityView, after: &SecurityView, may: BackingMay) -> Check {
    let per_share = |view: &SecurityView, vault: &VaultView| {
        let s = &view.security;
        let divisor = BigInt::from(view.supply) + s.authorised_atoms + s.redeemed_total_atoms
            - BigInt::from(s.issued_atoms)
            - BigInt::from(vault.collected);
        // With nothing issued or left to issue there is no share to back.
        divisor
            .is_positive()
            .then(|| BigRational::new(vault.balance.into(), divisor))
    };
    for (asset, vault) in &before.vaults {
        let Some(now) = after.vaults.get(asset) else { continue };
        if let (Some(was), Some(is)) = (per_share(before, vault), per_share(after, now)) {
            holds((is >= was || may.fall) && (is <= was || may.rise), "V-4", || {
                format!("a share of asset {asset} went from {was} to {is}, and the step {may:?}")
            })?;
        }
    }
    Ok(())
}

/// a failed instruction changes nothing: every account is byte-identical, but for the lamports of `fee_payer`.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn a1_a_failure_changes_nothing(
    addresses: &[Pubkey],
    before: &[Option<Account>],
    after: &[Option<Account>],
    fee_payer: &Pubkey,
) -> Check {
    for ((address, before), after) in addresses.iter().zip(before).zip(after) {
        holds(before == after || address == fee_payer, "A-1", || {
            format!("{address} changed from {before:?} to {after:?}")
        })?;
    }
    Ok(())
}

/// E-1: the events alone rebuild every live account of the program, byte for byte, and no other.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn e1_events_rebuild_every_account(replay: &Replay, addresses: &[Pubkey], accounts: &[Option<Account>]) -> Check {
    let mut expected: BTreeMap<&Pubkey, (&[u8], &[u8])> = BTreeMap::new();
    for (address, state) in &replay.securities {
        expected.insert(address, (Security::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.positions {
        expected.insert(address, (Position::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.vaults {
        expected.insert(address, (Vault::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.approvals {
        expected.insert(address, (Approval::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, account) in addresses.iter().zip(accounts) {
        let live = account
            .as_ref()
            .filter(|account| account.owner == upside::ID && !account.executable);
        let replayed = expected.remove(address);
        let same = match (live, replayed) {
            (None, None) => true,
            (Some(live), Some((discriminator, body))) => {
                live.data.strip_prefix(discriminator).is_some_and(|bytes| bytes == body)
            }
            _ => false,
        };
        holds(same, "E-1", || {
            format!("{address}: live {live:?}, from events {replayed:?}")
        })?;
    }
    holds(expected.is_empty(), "E-1", || {
        format!(
            "events created accounts that nobody watches: {:?}",
            expected.keys().collect::<Vec<_>>()
        )
    })
}

/// L-1, the claim half: every holder who is owed a whole atom can claim it, to the last one. `claim` tries it without consequences and
/// returns the atoms paid.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn l1_every_holder_can_claim(
    view: &SecurityView,
    now: i64,
    mut claim: impl FnMut(Wallet) -> Result<u64, String>,
) -> Check {
    let accrual = view.accrual_at(now);
    for holder in &view.holders {
        let Some(position) = &holder.position else { continue };
        // A clock set back behind a claim or a transfer: the holder waits until it is there again.
        let behind = view.growth(position, &accrual).is_negative() && position.shares_atoms > 0;
        let owed = view.owed(position, &accrual).floor().to_integer();
        if behind || !owed.is_positive() {
            continue;
        }
        let paid = claim(holder.wallet);
        holds(paid.as_ref().is_ok_and(|paid| owed == (*paid).into()), "L-1", || {
            format!("wallet {} is owed {owed}, and claiming answers {paid:?}", holder.wallet)
        })?;
    }
    Ok(())
}
