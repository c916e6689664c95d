//! The invariants of the protocol, one function each, named by its id.
//!
//! They look at live accounts only, through [`SecurityView`], and compute with the exact arithmetic of [`crate::model`]: they hold or not whatever
//! the model of a test believes.

use std::collections::BTreeMap;

use anchor_lang::{prelude::Pubkey, Discriminator};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use upside::state::{
    Approval, Collective, Grant, Member, Position, Redemption, Round, RoundStatus, Security, Subscription, Vault,
};
use upside_client::{replay::Replay, solana_account::Account};

use crate::model::{Accrual, Asset, GrantId, Holder, TicketId, Wallet};

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
    /// Which holder: a wallet, or a vault of another security.
    pub wallet: Holder,
    /// The position, if it exists.
    pub position: Option<Position>,
    /// Balance of the registered account, share atoms, and whether it is frozen; `None` if there is no such account.
    pub registered: Option<(u64, bool)>,
}

/// A vault's live accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultView {
    /// Its number in the order of opening.
    pub index: u8,
    /// Asset atoms in its token account; shares of another security in its position there.
    pub balance: u64,
    /// Share atoms that have collected.
    pub collected: u64,
    /// Whose shares the asset is, by the number of that security; `None` for any other asset.
    pub shares_of: Option<usize>,
}

/// What tickets took out of one vault, by the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How often a ticket collected.
    pub collects: u64,
    /// Share atoms of those tickets.
    pub shares: u128,
    /// Asset atoms that left the vault.
    pub paid: u128,
    /// Asset atoms that arrived.
    pub arrived: u128,
}

impl Taken {
    /// What was taken since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            collects: self.collects - before.collects,
            shares: self.shares - before.shares,
            paid: self.paid - before.paid,
            arrived: self.arrived - before.arrived,
        }
    }
}

/// Money that crossed the border of one security's stream, by the events, payout atoms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crossed {
    /// Distributed.
    pub from_outside: u128,
    /// Harvested from the streams below.
    pub from_below: u128,
    /// Claimed by holders outside.
    pub to_holders: u128,
    /// Harvested onto streams above.
    pub to_streams: u128,
    /// Harvested into vaults above, as backing.
    pub to_vaults: u128,
}

/// What a round gave its investors, by the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sold {
    /// How many subscriptions were settled.
    pub settled: u64,
    /// Share atoms allocated.
    pub shares: u128,
    /// Payout atoms they cost.
    pub costs: u128,
    /// Payout atoms booked as refunds.
    pub refunds: u128,
    /// Payout atoms of them that were paid.
    pub refunded: u128,
}

/// A round's live accounts.
#[derive(Clone, Debug)]
pub struct RoundView {
    /// The round.
    pub round: Round,
    /// Payout atoms in its token account.
    pub balance: u64,
    /// Every subscription.
    pub subscriptions: BTreeMap<Wallet, Subscription>,
    /// What it gave its investors.
    pub sold: Sold,
}

impl RoundView {
    fn is(&self, status: RoundStatus) -> bool {
        self.round.status == status as u8
    }

    fn unsettled(&self) -> impl Iterator<Item = (&Wallet, &Subscription)> {
        let unsettled = |one: &Subscription| one.wanted_atoms > 0 && one.settled == 0;
        self.subscriptions.iter().filter(move |(_, one)| unsettled(one))
    }

    /// What share atoms cost, payout atoms, rounded up.
    fn cost(&self, shares: &BigInt) -> BigInt {
        let whole = BigInt::from(10).pow(u32::from(self.round.decimals));
        (shares * self.round.price_atoms + &whole - 1) / whole
    }

    /// What share atoms a subscription gets if the round sells, rounded down.
    fn allocation(&self, wanted: u64) -> BigInt {
        let (all, for_sale) = (self.round.total_wanted_atoms.get(), self.round.for_sale_atoms);
        if all <= u128::from(for_sale) {
            wanted.into()
        } else {
            BigInt::from(wanted) * for_sale / all
        }
    }
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
    /// Everybody who could hold.
    pub holders: Vec<HolderView>,
    /// Every open vault.
    pub vaults: BTreeMap<Asset, VaultView>,
    /// Every open ticket.
    pub tickets: BTreeMap<TicketId, Redemption>,
    /// Every grant.
    pub grants: BTreeMap<GrantId, Grant>,
    /// Every round, by number.
    pub rounds: BTreeMap<u64, RoundView>,
    /// What tickets ever took, by asset.
    pub taken: BTreeMap<Asset, Taken>,
    /// Payout atoms ever paid by claims, from the events: closed positions forget theirs.
    pub claimed: u128,
    /// Money that crossed its border.
    pub crossed: Crossed,
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

    /// The number of shares that a vault is divided among: live supply, capacity not issued yet, and tickets that have not collected there.
    #[must_use]
    pub fn redemption_divisor(&self, vault: &VaultView) -> BigInt {
        let s = &self.security;
        BigInt::from(self.supply) + s.authorised_atoms + s.redeemed_total_atoms
            - BigInt::from(s.issued_atoms)
            - BigInt::from(vault.collected)
    }

    /// What `shares` redeem for in a vault now, asset atoms.
    #[must_use]
    pub fn part_of(&self, vault: &VaultView, shares: u64) -> BigInt {
        let divisor = self.redemption_divisor(vault);
        if divisor.is_zero() {
            return BigInt::zero();
        }
        BigInt::from(vault.balance) * shares / divisor
    }

    /// Whether the clock was set back behind a holder's checkpoint: their position waits until it is there again.
    #[must_use]
    pub fn is_behind(&self, holder: Holder, now: i64) -> bool {
        let accrual = self.accrual_at(now);
        let position = self.holders.iter().find(|other| other.wallet == holder);
        position
            .and_then(|holder| holder.position.as_ref())
            .is_some_and(|position| position.shares_atoms > 0 && self.growth(position, &accrual).is_negative())
    }

    fn taken_since(&self, before: &Self, asset: &Asset) -> Taken {
        let taken = |view: &Self| view.taken.get(asset).copied().unwrap_or_default();
        taken(self).since(&taken(before))
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

/// S-2: `issued + reserved <= authorised`, and what is reserved is exactly what grants and rounds can still take.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn s2_promises_stay_within_authorised(view: &SecurityView) -> Check {
    let s = &view.security;
    holds(
        u128::from(s.issued_atoms) + u128::from(s.reserved_atoms) <= u128::from(s.authorised_atoms),
        "S-2",
        || format!("{} + {} > {}", s.issued_atoms, s.reserved_atoms, s.authorised_atoms),
    )?;
    let granted = view
        .grants
        .values()
        .map(|grant| i128::from(grant.amount_atoms) - i128::from(grant.claimed_atoms));
    let offered = view
        .rounds
        .values()
        .map(|round| i128::from(round.round.reserved_left_atoms));
    let promised: i128 = granted.chain(offered).sum();
    holds(promised == i128::from(s.reserved_atoms), "S-2", || {
        format!(
            "{} are reserved, grants and rounds can take {promised}",
            s.reserved_atoms
        )
    })
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

/// How `balance / divisor` of a vault changed, without a division. Where there is no share that the vault could back, it has not.
#[derive(Debug)]
struct Change {
    balance_before: BigInt,
    divisor_before: BigInt,
    balance_after: BigInt,
    divisor_after: BigInt,
}

impl Change {
    fn of(before: &SecurityView, was: &VaultView, after: &SecurityView, is: &VaultView) -> Self {
        Self {
            balance_before: was.balance.into(),
            divisor_before: before.redemption_divisor(was),
            balance_after: is.balance.into(),
            divisor_after: after.redemption_divisor(is),
        }
    }

    fn backs_nothing(&self) -> bool {
        !(self.divisor_before.is_positive() && self.divisor_after.is_positive())
    }

    fn falls(&self) -> bool {
        !self.backs_nothing() && &self.balance_after * &self.divisor_before < &self.balance_before * &self.divisor_after
    }

    /// Each collect leaves less than one atom behind for the shares that remain.
    fn rises_by_more_than_the_rounding_of(&self, collects: u64) -> bool {
        let rise = &self.balance_after * &self.divisor_before - &self.balance_before * &self.divisor_after;
        let rounding = &self.divisor_before * collects;
        !self.backs_nothing() && rise.is_positive() && rise >= rounding
    }
}

/// Whether a ticket has a vault in its reach and has not collected there: read from the bytes, as the protocol describes them.
#[must_use]
pub fn has_left(ticket: &Redemption, index: u8) -> bool {
    let bit = (ticket.collected[usize::from(index) / 8] >> (index % 8)) & 1;
    u16::from(index) < ticket.vault_count && bit == 0
}

/// V-1: no instruction but `collect` lowers a vault, and that by what its event says. `clawed_back`: the step was an outside clawback.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn v1_only_collecting_lowers_a_vault(before: &SecurityView, after: &SecurityView, clawed_back: bool) -> Check {
    for (asset, vault) in &before.vaults {
        let now = after.vaults.get(asset);
        let taken = after.taken_since(before, asset).paid;
        holds(
            now.is_some_and(|now| u128::from(now.balance) + taken >= vault.balance.into() || clawed_back),
            "V-1",
            || format!("the vault of asset {asset} went from {vault:?} to {now:?}, {taken} were collected"),
        )?;
    }
    Ok(())
}

/// V-2: a redemption never lowers the backing of the shares that remain: collecting takes at most the part of the shares that collect.
///
/// Between `before` and `after` nothing else lowered a vault.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn v2_redeeming_never_lowers_what_backs_the_rest(before: &SecurityView, after: &SecurityView) -> Check {
    for (asset, vault) in &before.vaults {
        let Some(now) = after.vaults.get(asset) else { continue };
        let taken = after.taken_since(before, asset);
        let change = Change::of(before, vault, after, now);
        holds(!change.falls(), "V-2", || {
            format!("a share of asset {asset} went from {vault:?} to {now:?} when {taken:?} was collected")
        })?;
        // When nothing else touched the vault, what was paid is known to the atom.
        let divisor = &change.divisor_before;
        let alone = u128::from(now.balance) + taken.paid == vault.balance.into()
            && &change.divisor_after + taken.shares == *divisor;
        if taken.collects == 1 && alone {
            let part = BigInt::from(vault.balance) * taken.shares / divisor;
            holds(part == taken.paid.into(), "V-2", || {
                format!("{taken:?} of asset {asset} where {part} was the part in {vault:?}")
            })?;
        }
    }
    Ok(())
}

/// V-3: what all open tickets would collect is there. The shares of the tickets that have yet to collect from a vault are exactly
/// `redeemed_total - collected_total`, so each counts once in what the vault is divided by.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn v3_open_tickets_are_covered(view: &SecurityView) -> Check {
    for (asset, vault) in &view.vaults {
        let mut shares = 0;
        let mut parts = BigInt::zero();
        for ticket in view.tickets.values().filter(|ticket| has_left(ticket, vault.index)) {
            shares += u128::from(ticket.shares_atoms);
            parts += view.part_of(vault, ticket.shares_atoms);
        }
        let counted = i128::from(view.security.redeemed_total_atoms) - i128::from(vault.collected);
        holds(i128::try_from(shares) == Ok(counted), "V-3", || {
            format!("tickets with {shares} shares have yet to collect asset {asset}, {counted} count")
        })?;
        holds(
            parts <= vault.balance.into() && view.redemption_divisor(vault) >= shares.into(),
            "V-3",
            || format!("tickets would collect {parts} of asset {asset}: {vault:?}"),
        )?;
    }
    Ok(())
}

/// What a step may do to the backing of a share in one vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackingMay {
    /// An outside clawback.
    pub fall: bool,
    /// Something arrived, bearer shares were burnt, or capacity was retired.
    pub rise: bool,
}

/// V-4: nothing but an outside clawback lowers `balance(V)/D(V)`; only money or shares arriving in V, a burn of bearer shares, `retire`, or the
/// rounding of less than one atom per collect raises it. `may`: what the step may do to the vault of an asset.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn v4_backing_per_share_moves_for_a_reason(
    before: &SecurityView,
    after: &SecurityView,
    may: impl Fn(Asset) -> BackingMay,
) -> Check {
    for (asset, vault) in &before.vaults {
        let Some(now) = after.vaults.get(asset) else { continue };
        let change = Change::of(before, vault, after, now);
        let may = may(*asset);
        let collects = after.taken_since(before, asset).collects;
        let falls = change.falls() && !may.fall;
        let rises = change.rises_by_more_than_the_rounding_of(collects) && !may.rise;
        holds(!falls && !rises, "V-4", || {
            format!("a share of asset {asset} went from {vault:?} to {now:?}: {change:?}, and the step {may:?}")
        })?;
    }
    Ok(())
}

/// Share atoms that a grant has vested at a time, claimed ones included, rounded down.
#[must_use]
pub fn vested(grant: &Grant, now: i64) -> BigInt {
    let amount = BigInt::from(grant.amount_atoms);
    let waits = grant.approver != Pubkey::default() && grant.approved == 0;
    if grant.revoked == 1 || (!waits && now >= grant.end_ts) {
        amount
    } else if waits || now < grant.cliff_ts {
        BigInt::zero()
    } else {
        let (start, end) = (BigInt::from(grant.start_ts), BigInt::from(grant.end_ts));
        amount * (BigInt::from(now) - &start) / (end - start)
    }
}

/// Whether nothing is left of a grant: everything is claimed, or nobody approved in time.
fn is_over(grant: &Grant, now: i64) -> bool {
    let waits = grant.approver != Pubkey::default() && grant.approved == 0 && grant.revoked == 0;
    grant.claimed_atoms == grant.amount_atoms || (waits && now >= grant.deadline_ts)
}

/// G-1: what has vested of a grant never falls, a revocation keeps it, and no more is claimed than that. `was` and `now`: when the accounts
/// were so, unix seconds.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn g1_what_has_vested_stays_vested(before: &SecurityView, was: i64, after: &SecurityView, now: i64) -> Check {
    for (id, grant) in &after.grants {
        let latest = vested(grant, after.latest);
        holds(BigInt::from(grant.claimed_atoms) <= latest, "G-1", || {
            format!(
                "{} of grant {id:?} are claimed, {latest} have vested",
                grant.claimed_atoms
            )
        })?;
    }
    // One that was over may be gone, and another in its place.
    for (id, old) in before.grants.iter().filter(|(_, old)| !is_over(old, now)) {
        let had = vested(old, was.min(now)).max(old.claimed_atoms.into());
        let Some(grant) = after.grants.get(id) else {
            // Several instructions of one transaction: claimed, perhaps revoked, and closed.
            let kept = after.security.issued_atoms >= before.security.issued_atoms;
            holds(
                kept && (had > old.claimed_atoms.into() || old.revocable == 1),
                "G-1",
                || format!("grant {id:?} is gone before it was over: {old:?}"),
            )?;
            continue;
        };
        let has = vested(grant, now).max(grant.claimed_atoms.into());
        holds(has >= had, "G-1", || {
            format!("of grant {id:?} {had} had vested, and now {has}")
        })?;
        if grant.revoked == 1 && old.revoked == 0 {
            let keeps = vested(old, now).max(grant.claimed_atoms.into());
            holds(keeps == grant.amount_atoms.into(), "G-1", || {
                format!("revoking grant {id:?} keeps {} of {keeps}", grant.amount_atoms)
            })?;
        }
    }
    Ok(())
}

/// payments are the costs of allocations and refunds, to the atom, at every moment: the money of a round is what its unsettled
/// subscriptions paid, what waits to be refunded, and what was raised and not released; the account holds at least that; and what was
/// paid for each subscription is what it wants costs.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn r1_every_atom_of_a_round_is_accounted_for(view: &SecurityView) -> Check {
    let funded = view.rounds.values().filter(|round| round.round.money_atoms > 0).count();
    holds(u32::try_from(funded) == Ok(view.security.funded_rounds), "R-1", || {
        format!("{funded} rounds have money, {} count", view.security.funded_rounds)
    })?;
    for (id, seen) in &view.rounds {
        let (round, sold) = (&seen.round, &seen.sold);
        let unsettled: Vec<_> = seen.unsettled().collect();
        for (w, one) in &unsettled {
            holds(
                seen.cost(&one.wanted_atoms.into()) == one.paid_atoms.into() && one.wanted_atoms <= one.cap_atoms,
                "R-1",
                || {
                    format!(
                        "wallet {w} paid {} for {} of round {id}",
                        one.paid_atoms, one.wanted_atoms
                    )
                },
            )?;
        }
        let refunds: u128 = seen
            .subscriptions
            .values()
            .map(|one| u128::from(one.refund_atoms))
            .sum();
        let paid: i128 = unsettled.iter().map(|(_, one)| i128::from(one.paid_atoms)).sum();
        let kept = i128::from(round.raised_atoms) - i128::from(round.backed_atoms) - i128::from(round.released_atoms);
        let money = paid + i128::from(round.refunds_atoms) + kept;
        holds(
            kept >= 0 && money == i128::from(round.money_atoms) && seen.balance >= round.money_atoms,
            "R-1",
            || {
                format!(
                    "round {id} has {} of {} and owes {money}",
                    seen.balance, round.money_atoms
                )
            },
        )?;
        holds(
            refunds == round.refunds_atoms.into()
                && sold.costs == round.raised_atoms.into()
                && sold.refunds.checked_sub(sold.refunded) == Some(refunds)
                && round.unsettled == unsettled.len() as u64,
            "R-1",
            || format!("round {id} counts {round:?}, and {sold:?} was given for {unsettled:?}"),
        )?;
        let wanted: u128 = unsettled.iter().map(|(_, one)| u128::from(one.wanted_atoms)).sum();
        let left = if seen.is(RoundStatus::Open) {
            u128::from(round.for_sale_atoms)
        } else if seen.is(RoundStatus::Succeeded) && !unsettled.is_empty() {
            let sells = round.total_wanted_atoms.get().min(round.for_sale_atoms.into());
            sells.saturating_sub(sold.shares)
        } else {
            0
        };
        holds(
            left == round.reserved_left_atoms.into()
                && (!seen.is(RoundStatus::Open) || wanted == round.total_wanted_atoms.get()),
            "R-1",
            || {
                format!(
                    "round {id} keeps {} and should keep {left}; {wanted} are wanted",
                    round.reserved_left_atoms
                )
            },
        )?;
    }
    Ok(())
}

/// C-1: over any cascade, cyclic ones too, no more of a money leaves the streams than was paid in from outside, and what leaves one stream for
/// another arrives there to the atom. By U-2 of each the difference is on its way or owed, exactly.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn c1_no_more_leaves_a_cascade_than_was_paid_in(views: &[Option<SecurityView>]) -> Check {
    let mut cascades: BTreeMap<Pubkey, Vec<&SecurityView>> = BTreeMap::new();
    for view in views.iter().flatten() {
        cascades.entry(view.security.payout_mint).or_default().push(view);
    }
    for (money, cascade) in cascades {
        for view in &cascade {
            let (crossed, received) = (&view.crossed, view.security.received_total_atoms.get());
            holds(
                crossed.from_outside + crossed.from_below == received
                    && crossed.to_holders + crossed.to_streams + crossed.to_vaults == view.claimed,
                "C-1",
                || {
                    format!(
                        "{received} were received and {} claimed, {crossed:?} crossed",
                        view.claimed
                    )
                },
            )?;
        }
        let sum = |of: fn(&Crossed) -> u128| cascade.iter().map(|view| of(&view.crossed)).sum::<u128>();
        let entered = sum(|crossed| crossed.from_outside);
        let left = sum(|crossed| crossed.to_holders + crossed.to_vaults);
        let (up, down) = (sum(|crossed| crossed.from_below), sum(|crossed| crossed.to_streams));
        holds(up == down && left <= entered, "C-1", || {
            format!("of {money} {entered} entered and {left} left; {down} left streams for streams, {up} arrived")
        })?;
    }
    Ok(())
}

/// What shares are worth, looked through all layers: `(I - C)^-1 p`, in atoms of each asset that is no share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookThrough {
    /// Atoms per share atom, by asset and security.
    worth: BTreeMap<Asset, Vec<BigRational>>,
    /// By security: whether it has shares that every vault of it backs.
    backs: Vec<bool>,
}

impl LookThrough {
    /// Of these securities; `None` if shares hold each other entirely, so that nobody outside has any.
    #[must_use]
    pub fn of(views: &[Option<SecurityView>]) -> Option<Self> {
        let per_share = |view: &SecurityView, vault: &VaultView| {
            let divisor = view.redemption_divisor(vault);
            (!divisor.is_zero()).then(|| BigRational::new(vault.balance.into(), divisor))
        };
        let vaults = || {
            let numbered = views.iter().enumerate();
            numbered.flat_map(|(s, view)| {
                view.iter()
                    .flat_map(move |view| view.vaults.iter().map(move |v| (s, view, v)))
            })
        };
        let count = views.len();
        let assets: Vec<Asset> = vaults()
            .filter(|(.., (_, vault))| vault.shares_of.is_none())
            .map(|(.., (asset, _))| *asset)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut backs = vec![true; count];
        // Each row: `I - C`, then `p` of each asset.
        let mut rows: Vec<Vec<BigRational>> = vec![vec![BigRational::zero(); count + assets.len()]; count];
        for (s, row) in rows.iter_mut().enumerate() {
            row[s] = BigRational::one();
        }
        for (s, view, (asset, vault)) in vaults() {
            let Some(each) = per_share(view, vault) else {
                backs[s] = false;
                continue;
            };
            match vault.shares_of {
                Some(of) => rows[s][of] -= each,
                None => {
                    let at = assets.iter().position(|other| other == asset).unwrap_or_default();
                    rows[s][count + at] += each;
                }
            }
        }
        for pivot in 0..count {
            let from = (pivot..count).find(|row| !rows[*row][pivot].is_zero())?;
            rows.swap(pivot, from);
            let lead = rows[pivot][pivot].clone();
            for value in &mut rows[pivot] {
                *value /= &lead;
            }
            let pivot_row = rows[pivot].clone();
            for (_, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != pivot) {
                let factor = row[pivot].clone();
                if factor.is_zero() {
                    continue;
                }
                for (value, lead) in row.iter_mut().zip(&pivot_row) {
                    *value -= &factor * lead;
                }
            }
        }
        let of_asset = |at: usize| rows.iter().map(|row| row[count + at].clone()).collect();
        Some(Self {
            worth: assets
                .iter()
                .enumerate()
                .map(|(at, asset)| (*asset, of_asset(at)))
                .collect(),
            backs,
        })
    }

    /// What one share atom of a security is worth of an asset, atoms.
    #[must_use]
    pub fn worth(&self, asset: Asset, s: usize) -> BigRational {
        let all = self.worth.get(&asset);
        all.and_then(|all| all.get(s))
            .cloned()
            .unwrap_or_else(BigRational::zero)
    }
}

/// C-2, between two moments without a clawback: whatever is redeemed, collected and harvested, a share that remains is never worth less.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn c2_what_a_share_is_worth_never_falls(before: &LookThrough, after: &LookThrough) -> Check {
    for (asset, worth) in &before.worth {
        for (s, was) in worth.iter().enumerate() {
            let is = after.worth(*asset, s);
            let backs = after.backs.get(s) == Some(&true);
            holds(!backs || is >= *was, "C-2", || {
                format!("a share of security {s} was worth {was} of asset {asset}, and now {is}")
            })?;
        }
    }
    Ok(())
}

/// What somebody got who redeemed shares of one security, and then shares that came out of its vaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hops {
    /// Share atoms redeemed at first.
    pub shares: u64,
    /// Assets paid that are no shares, atoms.
    pub paid: BTreeMap<Asset, u128>,
    /// Share atoms that came out, by security.
    pub came: BTreeMap<usize, u128>,
    /// Share atoms of them that were redeemed too, by security.
    pub redeemed: BTreeMap<usize, u128>,
    /// How often an asset that is no share was collected.
    pub collects: BTreeMap<Asset, u64>,
    /// How often shares were collected, by their security.
    pub share_collects: BTreeMap<usize, u64>,
}

impl Hops {
    /// Counts what one vault paid of an asset; those from `first_share` on are the shares of the securities.
    pub fn collect(&mut self, asset: Asset, first_share: Asset, paid: u64) {
        match asset.checked_sub(first_share) {
            None => {
                *self.paid.entry(asset).or_default() += u128::from(paid);
                *self.collects.entry(asset).or_default() += 1;
            }
            Some(of) => {
                *self.came.entry(of).or_default() += u128::from(paid);
                *self.share_collects.entry(of).or_default() += 1;
            }
        }
    }
}

/// C-2, for one holder: redeeming `hops.shares` of security `s` hop by hop, in whatever order, pays what they were worth: never more, and less only
/// by the rounding of less than one atom per collection.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn c2_hop_by_hop_pays_what_shares_are_worth(
    s: usize,
    before: &LookThrough,
    after: &LookThrough,
    hops: &Hops,
) -> Check {
    let whole = |n: u128| BigRational::from(BigInt::from(n));
    for asset in before.worth.keys() {
        let worth = before.worth(*asset, s) * whole(hops.shares.into());
        let in_shares: BigRational = hops
            .came
            .iter()
            .map(|(of, n)| {
                let left = n - hops.redeemed.get(of).copied().unwrap_or_default();
                after.worth(*asset, *of) * whole(left)
            })
            .sum();
        let got = whole(hops.paid.get(asset).copied().unwrap_or_default()) + in_shares;
        let rounding: BigRational = hops
            .share_collects
            .iter()
            .map(|(of, n)| after.worth(*asset, *of) * whole((*n).into()))
            .sum::<BigRational>()
            + whole(hops.collects.get(asset).copied().unwrap_or_default().into());
        holds(got <= worth && &got + &rounding >= worth, "C-2", || {
            format!("{hops:?} of security {s} were worth {worth} of asset {asset} and paid {got}, with {rounding} of rounding")
        })?;
    }
    Ok(())
}

/// L-1, for grants: what has vested and was not claimed can be claimed, whoever asks. `claim` tries it without consequences and returns the
/// share atoms issued.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn l1_every_grant_can_be_claimed(
    view: &SecurityView,
    now: i64,
    mut claim: impl FnMut(GrantId) -> Result<u64, String>,
) -> Check {
    for (id, grant) in &view.grants {
        let due = vested(grant, now) - grant.claimed_atoms;
        if !due.is_positive() || view.is_behind(id.0, now) {
            continue;
        }
        let issued = claim(*id);
        holds(
            issued.as_ref().is_ok_and(|issued| due == (*issued).into()),
            "L-1",
            || format!("grant {id:?} has {due} to claim, and claiming answers {issued:?}"),
        )?;
    }
    Ok(())
}

/// What an investor gets out of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Whether the subscription is settled: then only its refund is left.
    pub settled: bool,
    /// Share atoms.
    pub shares: BigInt,
    /// Payout atoms.
    pub money: BigInt,
}

/// L-1, for rounds: once its time is over anyone can close a round, and everybody in it gets exactly their shares and their refund, as soon as
/// the payout mint's issuer lets money move. `leave` tries it without consequences, closing first if it is told to, and returns the share and
/// payout atoms of each.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn l1_everybody_in_a_round_can_get_out(
    view: &SecurityView,
    id: u64,
    now: i64,
    leave: impl FnOnce(bool, &BTreeMap<Wallet, Leaving>) -> Result<BTreeMap<Wallet, (u64, u64)>, String>,
) -> Check {
    let Some(seen) = view.rounds.get(&id) else {
        return Ok(());
    };
    let round = &seen.round;
    let close = seen.is(RoundStatus::Open);
    if close && now < round.closes_ts {
        return Ok(());
    }
    let wanted = round.total_wanted_atoms.get().min(round.for_sale_atoms.into());
    let sells = if close {
        wanted > 0 && wanted >= round.minimum_atoms.into()
    } else {
        seen.is(RoundStatus::Succeeded)
    };
    let mut expected = BTreeMap::new();
    for (w, one) in seen.unsettled().filter(|(w, _)| !view.is_behind(**w, now)) {
        let shares = if sells {
            seen.allocation(one.wanted_atoms)
        } else {
            BigInt::zero()
        };
        let money = BigInt::from(one.paid_atoms) - seen.cost(&shares);
        let leaving = Leaving {
            settled: false,
            shares,
            money,
        };
        expected.insert(*w, leaving);
    }
    for (w, one) in seen.subscriptions.iter().filter(|(_, one)| one.refund_atoms > 0) {
        let leaving = Leaving {
            settled: true,
            shares: BigInt::zero(),
            money: one.refund_atoms.into(),
        };
        expected.insert(*w, leaving);
    }
    let got = leave(close, &expected);
    let good = got.as_ref().is_ok_and(|got| {
        got.len() == expected.len()
            && expected.iter().all(|(w, leaving)| {
                got.get(w).is_some_and(|(shares, money)| {
                    leaving.shares == (*shares).into() && leaving.money == (*money).into()
                })
            })
    });
    holds(good, "L-1", || {
        format!("from round {id} {expected:?} are due, and leaving it answers {got:?}")
    })
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
    for (address, state) in &replay.redemptions {
        expected.insert(address, (Redemption::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.grants {
        expected.insert(address, (Grant::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.rounds {
        expected.insert(address, (Round::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.subscriptions {
        expected.insert(address, (Subscription::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.collectives {
        expected.insert(address, (Collective::DISCRIMINATOR, bytemuck::bytes_of(state)));
    }
    for (address, state) in &replay.members {
        expected.insert(address, (Member::DISCRIMINATOR, bytemuck::bytes_of(state)));
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
    mut claim: impl FnMut(Holder) -> Result<u64, String>,
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

/// L-1, the redemption half: once redemption is open, every holder can redeem all shares and collect exactly their part of every vault, as soon
/// as the assets' own issuers let them move. `redeem` tries it without consequences and returns the atoms paid by asset, or `None` if the
/// holder guards the shares against all programs, which only the holder can end.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn l1_every_holder_can_redeem(
    view: &SecurityView,
    now: i64,
    holder: &HolderView,
    redeem: impl FnOnce(Wallet, u64) -> Option<Result<BTreeMap<Asset, u64>, String>>,
) -> Check {
    let Some(position) = &holder.position else {
        return Ok(());
    };
    let opens = view.security.redeem_after_ts;
    let behind = view.growth(position, &view.accrual_at(now)).is_negative();
    if position.shares_atoms == 0 || behind || opens == i64::MAX || now < opens {
        return Ok(());
    }
    match redeem(holder.wallet, position.shares_atoms) {
        None => Ok(()),
        Some(paid) => paid_in_full(
            view,
            position.shares_atoms,
            |_| true,
            paid,
            || format!("wallet {}", holder.wallet),
        ),
    }
}

/// L-1, the other half of redemption: every open ticket can collect exactly its part of every vault that it has left, as soon as the assets' own
/// issuers let them move. `collect` tries it without consequences and returns the atoms paid by asset.
///
/// # Errors
/// [`Broken`] with what was seen.
pub fn l1_every_ticket_can_collect(
    view: &SecurityView,
    id: TicketId,
    collect: impl FnOnce(&[Asset]) -> Result<BTreeMap<Asset, u64>, String>,
) -> Check {
    let Some(ticket) = view.tickets.get(&id) else {
        return Ok(());
    };
    let left = |vault: &VaultView| has_left(ticket, vault.index);
    let assets: Vec<Asset> = view
        .vaults
        .iter()
        .filter(|(_, vault)| left(vault))
        .map(|(asset, _)| *asset)
        .collect();
    paid_in_full(view, ticket.shares_atoms, left, collect(&assets), || {
        format!("ticket {id:?}")
    })
}

fn paid_in_full(
    view: &SecurityView,
    shares: u64,
    from: impl Fn(&VaultView) -> bool,
    paid: Result<BTreeMap<Asset, u64>, String>,
    who: impl FnOnce() -> String,
) -> Check {
    let expected: BTreeMap<Asset, BigInt> = view
        .vaults
        .iter()
        .filter(|(_, vault)| from(vault))
        .map(|(asset, vault)| (*asset, view.part_of(vault, shares)))
        .collect();
    let good = paid.as_ref().is_ok_and(|paid| {
        paid.len() == expected.len()
            && paid
                .iter()
                .all(|(asset, paid)| expected.get(asset).is_some_and(|part| *part == (*paid).into()))
    });
    holds(good, "L-1", || {
        format!(
            "{} has {shares} shares that back {expected:?}, and collecting answers {paid:?}",
            who()
        )
    })
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;

    use super::*;

    /// Two holders of 600 and 400 shares, and a ticket of the first for 30; 1,000 atoms dripped out of 3,000, of which 250 were claimed; a vault
    /// whose 99 atoms are divided among 1,980 shares.
    fn sound() -> SecurityView {
        let mut security = Security::zeroed();
        security.authorised_atoms = 2_000;
        security.issued_atoms = 1_100;
        security.redeemed_total_atoms = 30;
        security.registered_atoms = 1_000;
        security.stream_total_atoms = 3_000;
        security.stream_dripped_atoms = 1_000;
        security.stream_end_ts = 300;
        security.stream_last_ts = 100;
        security.upside_per_share_x64 = (1_u128 << 64).into();
        security.received_total_atoms = 3_000.into();
        let holder = |wallet, shares: u64, claimed: u64| {
            let mut position = Position::zeroed();
            position.shares_atoms = shares;
            position.checkpoint_x64 = (1_u128 << 64).into();
            position.accrued_x64 = (u128::from(shares - claimed) << 64).into();
            HolderView {
                wallet,
                position: Some(position),
                registered: Some((shares, true)),
            }
        };
        SecurityView {
            security,
            supply: 1_050,
            payout_vault: 2_750,
            holders: vec![holder(0, 600, 250), holder(1, 400, 0)],
            vaults: [(
                0,
                VaultView {
                    balance: 99,
                    ..VaultView::default()
                },
            )]
            .into(),
            tickets: [((0, 7), ticket(30))].into(),
            grants: BTreeMap::new(),
            rounds: BTreeMap::new(),
            taken: BTreeMap::new(),
            claimed: 250,
            crossed: Crossed {
                from_outside: 3_000,
                to_holders: 250,
                ..Crossed::default()
            },
            latest: 100,
        }
    }

    fn ticket(shares_atoms: u64) -> Redemption {
        let mut ticket = Redemption::zeroed();
        ticket.vault_count = 1;
        ticket.shares_atoms = shares_atoms;
        ticket
    }

    /// [`sound`], after its ticket has collected.
    fn collected(paid: u64) -> SecurityView {
        let mut view = sound();
        let vault = view.vaults.get_mut(&0).unwrap();
        vault.balance -= paid;
        vault.collected = 30;
        view.tickets.get_mut(&(0, 7)).unwrap().collected[0] = 1;
        let taken = Taken {
            collects: 1,
            shares: 30,
            paid: paid.into(),
            arrived: paid.into(),
        };
        view.taken.insert(0, taken);
        view
    }

    fn id_of(check: Check) -> &'static str {
        check.map_or_else(|broken| broken.id, |()| "holds")
    }

    fn position(view: &mut SecurityView) -> &mut Position {
        view.holders[0].position.as_mut().unwrap()
    }

    #[test]
    fn a_sound_security_keeps_every_invariant() {
        let view = sound();
        for check in [
            s1_registered_accounts_hold_what_positions_say(&view),
            s2_promises_stay_within_authorised(&view),
            s3_supply_is_at_most_what_was_issued(&view),
            u1_payout_vault_covers_what_is_owed(&view),
            u2_money_is_conserved_exactly(&view),
            u3_settling_often_changes_nothing(&view, &[150, 151, 299], 400),
            v1_only_collecting_lowers_a_vault(&view, &view, false),
            v2_redeeming_never_lowers_what_backs_the_rest(&view, &view),
            v3_open_tickets_are_covered(&view),
            v4_backing_per_share_moves_for_a_reason(&view, &view, |_| BackingMay::default()),
        ] {
            assert_eq!(check, Ok(()));
        }
        let after = collected(1);
        for check in [
            v1_only_collecting_lowers_a_vault(&view, &after, false),
            v2_redeeming_never_lowers_what_backs_the_rest(&view, &after),
            v3_open_tickets_are_covered(&after),
            v4_backing_per_share_moves_for_a_reason(&view, &after, |_| BackingMay::default()),
        ] {
            assert_eq!(check, Ok(()));
        }
    }

    #[test]
    fn s1_notices_shares_that_are_not_there_and_accounts_that_are_thawed() {
        let mut more = sound();
        position(&mut more).shares_atoms += 1;
        let mut moved = sound();
        moved.holders[0].registered = Some((599, true));
        let mut thawed = sound();
        thawed.holders[1].registered = Some((400, false));
        let mut gone = sound();
        gone.holders[1].registered = None;
        for view in [more, moved, thawed, gone] {
            assert_eq!(id_of(s1_registered_accounts_hold_what_positions_say(&view)), "S-1");
        }
    }

    #[test]
    fn s2_and_s3_notice_shares_beyond_what_may_be() {
        let mut view = sound();
        view.security.reserved_atoms = 1_000_000;
        assert_eq!(id_of(s2_promises_stay_within_authorised(&view)), "S-2");
        for supply in [999, 1_071] {
            let mut view = sound();
            view.supply = supply;
            assert_eq!(id_of(s3_supply_is_at_most_what_was_issued(&view)), "S-3");
        }
    }

    #[test]
    fn u1_notices_one_missing_atom_and_u2_the_smallest_fraction() {
        let mut view = sound();
        view.payout_vault -= 1;
        assert_eq!(id_of(u1_payout_vault_covers_what_is_owed(&view)), "U-1");
        let mut view = sound();
        let accrued = position(&mut view).accrued_x64.get();
        position(&mut view).accrued_x64 = (accrued + 1).into();
        assert_eq!(id_of(u2_money_is_conserved_exactly(&view)), "U-2");
        let mut view = sound();
        view.claimed -= 1;
        assert_eq!(id_of(u2_money_is_conserved_exactly(&view)), "U-2");
    }

    #[test]
    fn u1_counts_what_a_position_was_paid_ahead_of_a_clock_set_back() {
        // Holder 0 claimed at 200 all of its 600 more; then the clock went back to 100.
        let mut view = sound();
        position(&mut view).checkpoint_x64 = (2_u128 << 64).into();
        view.claimed += 600;
        view.crossed.to_holders += 600;
        view.payout_vault -= 600;
        assert_eq!(view.paid_ahead(), BigRational::from(BigInt::from(250)));
        assert_eq!(id_of(u1_payout_vault_covers_what_is_owed(&view)), "holds");
        assert_eq!(id_of(u2_money_is_conserved_exactly(&view)), "holds");
        view.payout_vault -= 1;
        assert_eq!(id_of(u1_payout_vault_covers_what_is_owed(&view)), "U-1");
    }

    #[test]
    fn v1_and_v4_notice_backing_that_moves_without_a_reason() {
        let (before, mut less, mut more) = (sound(), sound(), sound());
        less.vaults.get_mut(&0).unwrap().balance -= 1;
        more.vaults.get_mut(&0).unwrap().balance += 1;
        let may = |fall, rise| BackingMay { fall, rise };
        assert_eq!(id_of(v1_only_collecting_lowers_a_vault(&before, &less, false)), "V-1");
        assert_eq!(id_of(v1_only_collecting_lowers_a_vault(&before, &less, true)), "holds");
        let v4 = |after: &SecurityView, may| id_of(v4_backing_per_share_moves_for_a_reason(&before, after, |_| may));
        assert_eq!(v4(&less, may(false, true)), "V-4");
        assert_eq!(v4(&less, may(true, false)), "holds");
        assert_eq!(v4(&more, may(true, false)), "V-4");
        assert_eq!(v4(&more, may(false, true)), "holds");
        let mut diluted = sound();
        diluted.security.authorised_atoms += 1;
        assert_eq!(v4(&diluted, may(false, true)), "V-4");
    }

    #[test]
    fn v1_notices_that_more_left_a_vault_than_an_event_says() {
        let mut after = collected(1);
        after.vaults.get_mut(&0).unwrap().balance -= 1;
        assert_eq!(id_of(v1_only_collecting_lowers_a_vault(&sound(), &after, false)), "V-1");
    }

    #[test]
    fn v2_and_v4_notice_a_part_that_is_one_atom_too_large_or_too_small() {
        for (paid, v2, v4) in [(1, "holds", "holds"), (2, "V-2", "V-4"), (0, "V-2", "V-4")] {
            let after = collected(paid);
            assert_eq!(
                id_of(v2_redeeming_never_lowers_what_backs_the_rest(&sound(), &after)),
                v2,
                "{paid} paid"
            );
            let may = |_| BackingMay::default();
            assert_eq!(
                id_of(v4_backing_per_share_moves_for_a_reason(&sound(), &after, may)),
                v4,
                "{paid} paid"
            );
        }
    }

    #[test]
    fn v3_notices_tickets_that_do_not_count_and_shares_that_count_twice() {
        let mut uncounted = sound();
        uncounted.security.redeemed_total_atoms = 29;
        let mut twice = sound();
        twice.tickets.insert((1, 7), ticket(30));
        let mut gone = sound();
        gone.tickets.clear();
        let mut forgotten = collected(1);
        forgotten.vaults.get_mut(&0).unwrap().collected = 0;
        for view in [uncounted, twice, gone, forgotten] {
            assert_eq!(id_of(v3_open_tickets_are_covered(&view)), "V-3");
        }
    }

    /// A grant of 100 shares that vests from 0 to 200, of which 50 are claimed.
    fn grant() -> Grant {
        let mut grant = Grant::zeroed();
        grant.amount_atoms = 100;
        grant.claimed_atoms = 50;
        grant.end_ts = 200;
        grant.revocable = 1;
        grant
    }

    /// [`sound`], with [`grant`], and a round of 600 shares at 3 atoms per ten that succeeded: wallet 0 wanted 500 and got 300 for 90 of 150
    /// atoms, of which 60 wait to be refunded; wallet 1 wants 500, has paid 150 and is not settled; 20 were released.
    fn promised() -> SecurityView {
        let mut view = sound();
        view.grants = [((1, 0), grant())].into();
        let mut round = Round::zeroed();
        round.status = RoundStatus::Succeeded as u8;
        round.decimals = 1;
        round.price_atoms = 3;
        round.for_sale_atoms = 600;
        round.total_wanted_atoms = 1_000.into();
        round.unsettled = 1;
        round.reserved_left_atoms = 300;
        round.raised_atoms = 90;
        round.released_atoms = 20;
        round.refunds_atoms = 60;
        round.money_atoms = 280;
        let subscription = |settled, refund_atoms| {
            let mut one = Subscription::zeroed();
            one.cap_atoms = 600;
            one.wanted_atoms = 500;
            one.paid_atoms = 150;
            one.settled = settled;
            one.refund_atoms = refund_atoms;
            one
        };
        let seen = RoundView {
            round,
            balance: 281,
            subscriptions: [(0, subscription(1, 60)), (1, subscription(0, 0))].into(),
            sold: Sold {
                settled: 1,
                shares: 300,
                costs: 90,
                refunds: 60,
                refunded: 0,
            },
        };
        view.rounds = [(7, seen)].into();
        view.security.reserved_atoms = 350;
        view.security.funded_rounds = 1;
        view
    }

    fn round(view: &mut SecurityView) -> &mut RoundView {
        view.rounds.get_mut(&7).unwrap()
    }

    #[test]
    fn sound_promises_keep_every_invariant() {
        let view = promised();
        for check in [
            s2_promises_stay_within_authorised(&view),
            r1_every_atom_of_a_round_is_accounted_for(&view),
            g1_what_has_vested_stays_vested(&view, 100, &view, 100),
        ] {
            assert_eq!(check, Ok(()));
        }
    }

    #[test]
    fn s2_notices_promises_that_are_not_reserved_and_reserves_that_nobody_was_promised() {
        for change in [
            |view: &mut SecurityView| view.security.reserved_atoms += 1,
            |view: &mut SecurityView| round(view).round.reserved_left_atoms += 1,
            |view: &mut SecurityView| view.grants.clear(),
        ] {
            let mut view = promised();
            change(&mut view);
            assert_eq!(id_of(s2_promises_stay_within_authorised(&view)), "S-2");
        }
    }

    #[test]
    fn r1_notices_one_atom_or_one_share_that_is_not_accounted_for() {
        for change in [
            |view: &mut SecurityView| round(view).balance = 279,
            |view: &mut SecurityView| round(view).round.money_atoms += 1,
            |view: &mut SecurityView| round(view).round.refunds_atoms -= 1,
            |view: &mut SecurityView| round(view).round.released_atoms = 91,
            |view: &mut SecurityView| round(view).round.unsettled = 2,
            |view: &mut SecurityView| round(view).round.reserved_left_atoms -= 1,
            |view: &mut SecurityView| round(view).sold.costs += 1,
            |view: &mut SecurityView| round(view).sold.refunded = 1,
            |view: &mut SecurityView| round(view).subscriptions.get_mut(&1).unwrap().paid_atoms = 149,
            |view: &mut SecurityView| round(view).subscriptions.get_mut(&1).unwrap().cap_atoms = 499,
            |view: &mut SecurityView| view.security.funded_rounds = 0,
        ] {
            let mut view = promised();
            change(&mut view);
            assert_eq!(id_of(r1_every_atom_of_a_round_is_accounted_for(&view)), "R-1");
        }
    }

    #[test]
    fn g1_notices_vested_shares_that_are_gone_and_claims_of_what_has_not_vested() {
        let before = promised();
        let g1 = |change: fn(&mut Grant)| {
            let mut after = promised();
            change(after.grants.get_mut(&(1, 0)).unwrap());
            after.latest = 120;
            id_of(g1_what_has_vested_stays_vested(&before, 110, &after, 120))
        };
        assert_eq!(g1(|_| {}), "holds");
        assert_eq!(g1(|grant| grant.claimed_atoms = 60), "holds");
        assert_eq!(g1(|grant| grant.claimed_atoms = 61), "G-1");
        assert_eq!(g1(|grant| grant.cliff_ts = 121), "G-1");
        let revoked = |amount| {
            let mut after = promised();
            let grant = after.grants.get_mut(&(1, 0)).unwrap();
            (grant.revoked, grant.amount_atoms) = (1, amount);
            after.latest = 120;
            id_of(g1_what_has_vested_stays_vested(&before, 110, &after, 120))
        };
        assert_eq!([revoked(59), revoked(60), revoked(61)], ["G-1", "holds", "G-1"]);
        let mut unrevocable = promised();
        unrevocable.grants.get_mut(&(1, 0)).unwrap().revocable = 0;
        let mut gone = promised();
        gone.grants.clear();
        assert_eq!(
            id_of(g1_what_has_vested_stays_vested(&unrevocable, 100, &gone, 100)),
            "G-1"
        );
    }

    #[test]
    fn l1_notices_grants_and_rounds_that_give_another_amount() {
        let view = promised();
        let claim = |answer: Result<u64, String>| {
            id_of(l1_every_grant_can_be_claimed(&view, 120, |id| {
                assert_eq!(id, (1, 0));
                answer.clone()
            }))
        };
        assert_eq!(claim(Ok(10)), "holds");
        assert_eq!(claim(Ok(9)), "L-1");
        assert_eq!(claim(Err(String::new())), "L-1");
        // Wallet 0 fetches 60; wallet 1 gets 300 shares for 90 of 150 atoms.
        let leave = |first: (u64, u64), second: (u64, u64)| {
            id_of(l1_everybody_in_a_round_can_get_out(&view, 7, 120, |close, leaving| {
                assert!(!close && leaving[&0].settled && !leaving[&1].settled);
                Ok([(0, first), (1, second)].into())
            }))
        };
        assert_eq!(leave((0, 60), (300, 60)), "holds");
        assert_eq!(leave((0, 59), (300, 60)), "L-1");
        assert_eq!(leave((0, 60), (299, 60)), "L-1");
    }

    /// [`sound`], whose holder 0 is the vault of a second security: it has harvested 100 of the 250 atoms onto that one's stream. Money of the
    /// same mint.
    fn cascade() -> [Option<SecurityView>; 2] {
        let mut lower = sound();
        lower.crossed.to_holders = 150;
        lower.crossed.to_streams = 100;
        let mut upper = sound();
        upper.vaults.clear();
        upper.crossed = Crossed {
            from_outside: 2_900,
            from_below: 100,
            to_holders: 250,
            ..Crossed::default()
        };
        [Some(lower), Some(upper)]
    }

    #[test]
    fn c1_notices_one_atom_that_leaves_or_arrives_without_a_cause() {
        let check = |change: fn(&mut SecurityView, &mut SecurityView)| {
            let [Some(mut lower), Some(mut upper)] = cascade() else {
                unreachable!("both are there")
            };
            change(&mut lower, &mut upper);
            id_of(c1_no_more_leaves_a_cascade_than_was_paid_in(&[
                Some(lower),
                None,
                Some(upper),
            ]))
        };
        assert_eq!(check(|_, _| {}), "holds");
        assert_eq!(check(|lower, _| lower.crossed.to_streams += 1), "C-1");
        assert_eq!(check(|lower, _| lower.claimed += 1), "C-1");
        assert_eq!(check(|_, upper| upper.crossed.from_below += 1), "C-1");
        assert_eq!(
            check(|_, upper| upper.security.received_total_atoms = 3_001.into()),
            "C-1"
        );
        // Claimed, but not paid in.
        assert_eq!(
            check(|_, upper| {
                upper.claimed += 6_000;
                upper.crossed.to_holders += 6_000;
            }),
            "C-1"
        );
    }

    /// Two securities of 1,000 shares, all issued, that hold 200 and 100 of each other; 4,900 and 9,800 atoms of asset 0 back them.
    fn held_by_each_other() -> [Option<SecurityView>; 2] {
        let view = |held: u64, of: usize, balance: u64| {
            let mut view = sound();
            view.tickets.clear();
            view.security.authorised_atoms = 1_000;
            view.security.issued_atoms = 1_000;
            view.security.redeemed_total_atoms = 0;
            view.supply = 1_000;
            let vault = |balance, shares_of| VaultView {
                balance,
                shares_of,
                ..VaultView::default()
            };
            view.vaults = [(0, vault(balance, None)), (7 + of, vault(held, Some(of)))].into();
            Some(view)
        };
        [view(200, 1, 4_900), view(100, 0, 9_800)]
    }

    #[test]
    fn what_a_share_is_worth_looks_through_a_cycle() {
        let worth = LookThrough::of(&held_by_each_other()).expect("somebody outside holds shares");
        // v0 = 4.9 + 0.2 v1 and v1 = 9.8 + 0.1 v0.
        let exactly = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        assert_eq!(worth.worth(0, 0), exactly(686, 98));
        assert_eq!(worth.worth(0, 1), exactly(1_029, 98));
        let mut entirely = held_by_each_other();
        for view in entirely.iter_mut().flatten() {
            for vault in view.vaults.values_mut().filter(|vault| vault.shares_of.is_some()) {
                vault.balance = 1_000;
            }
        }
        assert_eq!(LookThrough::of(&entirely), None);
    }

    #[test]
    fn c2_notices_a_share_that_is_worth_less_and_a_hop_that_pays_another_amount() {
        let before = LookThrough::of(&held_by_each_other()).expect("somebody outside holds shares");
        let mut less = held_by_each_other();
        if let Some(view) = &mut less[0] {
            view.vaults.get_mut(&0).unwrap().balance -= 1;
        }
        let after = LookThrough::of(&less).expect("somebody outside holds shares");
        assert_eq!(id_of(c2_what_a_share_is_worth_never_falls(&before, &before)), "holds");
        assert_eq!(id_of(c2_what_a_share_is_worth_never_falls(&before, &after)), "C-2");
        // 10 shares of security 0 are worth 70 atoms: 49, and 2 shares of 10.5.
        let hops = |paid: u128, left: u128| Hops {
            shares: 10,
            paid: [(0, paid)].into(),
            came: [(1, left + 3)].into(),
            redeemed: [(1, 3)].into(),
            collects: [(0, 1)].into(),
            share_collects: [(1, 1)].into(),
        };
        let check = |paid, left| {
            id_of(c2_hop_by_hop_pays_what_shares_are_worth(
                0,
                &before,
                &before,
                &hops(paid, left),
            ))
        };
        assert_eq!(check(49, 2), "holds");
        assert_eq!(check(48, 2), "holds");
        assert_eq!(check(49, 1), "holds");
        assert_eq!(check(50, 2), "C-2");
        assert_eq!(check(47, 1), "C-2");
    }

    #[test]
    fn a1_notices_one_changed_byte_of_anybody_but_the_fee_payer() {
        let address = Pubkey::new_unique();
        let account = Account {
            data: vec![1, 2, 3],
            ..Account::default()
        };
        let mut changed = account.clone();
        changed.data[2] = 4;
        let check = |after: Option<Account>, payer: &Pubkey| {
            id_of(a1_a_failure_changes_nothing(
                &[address],
                &[Some(account.clone())],
                &[after],
                payer,
            ))
        };
        let payer = Pubkey::new_unique();
        assert_eq!(check(Some(account.clone()), &payer), "holds");
        assert_eq!(check(Some(changed.clone()), &payer), "A-1");
        assert_eq!(check(None, &payer), "A-1");
        assert_eq!(check(Some(changed), &address), "holds");
    }

    #[test]
    fn e1_notices_accounts_that_differ_or_that_no_event_created() {
        let address = Pubkey::new_unique();
        let live = |vault: &Vault| {
            Some(Account {
                owner: upside::ID,
                data: [Vault::DISCRIMINATOR, bytemuck::bytes_of(vault)].concat(),
                ..Account::default()
            })
        };
        let mut vault = Vault::zeroed();
        let mut replay = Replay::default();
        let check = |replay: &Replay, account| id_of(e1_events_rebuild_every_account(replay, &[address], &[account]));
        assert_eq!(check(&replay, live(&vault)), "E-1");
        replay.vaults.insert(address, vault);
        assert_eq!(check(&replay, live(&vault)), "holds");
        assert_eq!(check(&replay, None), "E-1");
        vault.sequence = 1;
        assert_eq!(check(&replay, live(&vault)), "E-1");
    }

    #[test]
    fn l1_notices_a_claim_that_fails_or_pays_another_amount() {
        let view = sound();
        let owed = |wallet| if wallet == 0 { 350 } else { 400 };
        assert_eq!(
            id_of(l1_every_holder_can_claim(&view, 100, |wallet| Ok(owed(wallet)))),
            "holds"
        );
        assert_eq!(id_of(l1_every_holder_can_claim(&view, 100, |_| Ok(350))), "L-1");
        assert_eq!(
            id_of(l1_every_holder_can_claim(&view, 100, |_| Err(String::new()))),
            "L-1"
        );
    }

    #[test]
    fn l1_notices_a_redemption_that_fails_or_pays_another_amount() {
        let mut view = sound();
        // 600 of 1,980 shares: 30 of 99 atoms.
        let redeem = |view: &SecurityView, paid: Result<u64, String>| {
            id_of(l1_every_holder_can_redeem(view, 100, &view.holders[0], |_, shares| {
                assert_eq!(shares, 600);
                Some(paid.map(|paid| [(0, paid)].into()))
            }))
        };
        assert_eq!(redeem(&view, Ok(30)), "holds");
        assert_eq!(redeem(&view, Ok(29)), "L-1");
        assert_eq!(redeem(&view, Err(String::new())), "L-1");
        view.security.redeem_after_ts = 101;
        let never_called = |_, _| unreachable!("redemption is not open");
        assert_eq!(
            id_of(l1_every_holder_can_redeem(&view, 100, &view.holders[0], never_called)),
            "holds"
        );
        let collect = |paid: Result<BTreeMap<Asset, u64>, String>| {
            id_of(l1_every_ticket_can_collect(&view, (0, 7), |assets| {
                assert_eq!(assets, [0]);
                paid
            }))
        };
        assert_eq!(collect(Ok([(0, 1)].into())), "holds");
        assert_eq!(collect(Ok([(0, 2)].into())), "L-1");
        assert_eq!(collect(Ok(BTreeMap::new())), "L-1");
        assert_eq!(collect(Err(String::new())), "L-1");
    }
}
