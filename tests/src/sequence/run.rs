//! Runs a sequence on the machine and in the model, and compares after every step.

mod compare;
mod grants;
mod layers;
mod liveness;
mod outside;
mod protocol;
mod rounds;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    context::START_TS,
    invariants::*,
    model::{Asset, Flaw, Security},
};
use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use litesvm::types::FailedTransactionMetadata;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use solana_transaction::{InstructionError, TransactionError};
use upside::state::{Grant, Position, Redemption, Round, Subscription, Vault};
use upside_client::{accounts::decode, events::Event, replay::Replay, script::Script};

use super::{
    step::{
        vault_of, Meddling, Receiver, Step, FIRST_SHARE, GRANTS, HOLDERS, OWN_ASSETS, SECURITIES, TICKETS, WALLETS,
    },
    world::{token, Fixture, Machine, Snapshot, TokenView},
};

/// Every so many steps, claims of every holder and a redemption are tried (L-1) and the metadata is compared.
const DEEP_EVERY: usize = 8;

type Models = [Option<Security>; SECURITIES];
type Views = [Option<SecurityView>; SECURITIES];

/// What went wrong, and at which step.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Index of the step.
    pub at: usize,
    /// What was seen.
    pub why: String,
}

/// How often each kind of step was accepted and refused.
pub type Tally = BTreeMap<String, [u64; 2]>;

/// Runs a sequence to its end or its first failure.
///
/// # Errors
/// The first step that goes wrong, and how.
pub fn run(fixture: &Fixture, sequence: &[Step], flaw: Option<Flaw>, tally: &mut Tally) -> Result<(), Failure> {
    let mut run = Run::new(fixture, flaw);
    run.all(sequence, |step, accepted| {
        tally.entry(step.name()).or_default()[usize::from(!accepted)] += 1;
    })
}

/// Seconds of an epoch: changed transfer fees apply two of them later.
const EPOCH_SECONDS: i64 = 172_800;

/// What left a security, by the events.
#[derive(Clone, Debug, Default)]
struct Outflow {
    /// Payout atoms claimed.
    claimed: u128,
    /// Assets collected.
    taken: BTreeMap<Asset, Taken>,
    /// What the rounds sold and gave back.
    sold: BTreeMap<u64, Sold>,
    /// Money from and to others.
    crossed: Crossed,
}

type Outflows = [Outflow; SECURITIES];

/// A sequence under way.
#[derive(Clone)]
pub struct Run<'a> {
    fixture: &'a Fixture,
    machine: Machine<'a>,
    models: Models,
    replay: Replay,
    outflows: Outflows,
    snapshot: Snapshot,
    views: Views,
    now: i64,
    latest: i64,
    /// When the views are of, unix seconds.
    viewed: i64,
    /// Payout atoms that the instructions planned so far of a transaction move into token accounts.
    moved: RefCell<BTreeMap<Pubkey, BigInt>>,
    /// How often redemptions were tried.
    tried: usize,
    /// What shares were worth, looked through all layers, when that was last looked at; nothing after a clawback.
    worth: Option<LookThrough>,
    flaw: Option<Flaw>,
}

/// What a step may do to the backing of a share of security `s` in the vault of asset `a`.
fn backing_may(step: &Step, s: usize, a: Asset) -> BackingMay {
    let rises = |rise: bool| BackingMay { fall: false, rise };
    match step {
        Step::ClawBack { s: of, a: asset, .. } => BackingMay {
            fall: (*of, *asset) == (s, a),
            rise: false,
        },
        Step::DonateToVault { s: to, a: asset, .. } | Step::Deposit { s: to, a: asset, .. } => {
            rises((*to, *asset) == (s, a))
        }
        Step::ReleaseRunway { s: to, .. } => rises(*to == s),
        // Which vault is decided when the step runs.
        Step::DepositShares { .. } | Step::RegisterVaultBearer { .. } | Step::Join { .. } => rises(a >= FIRST_SHARE),
        Step::Harvest { .. } => rises(a < FIRST_SHARE),
        Step::BurnBearer { s: of, .. } | Step::Retire { s: of, .. } => rises(*of == s),
        Step::Collect {
            s: of,
            to: Receiver::OtherVault,
            ..
        } => rises(*of != s),
        Step::Bundle(steps) => rises(steps.iter().any(|step| backing_may(step, s, a).rise)),
        _ => BackingMay::default(),
    }
}

impl<'a> Run<'a> {
    /// A run of a machine of its own.
    #[must_use]
    pub fn new(fixture: &'a Fixture, flaw: Option<Flaw>) -> Self {
        let machine = Machine::new(fixture);
        Self {
            fixture,
            snapshot: machine.snapshot(),
            machine,
            models: Models::default(),
            replay: Replay::default(),
            outflows: Outflows::default(),
            views: Views::default(),
            now: START_TS,
            latest: START_TS,
            viewed: START_TS,
            moved: RefCell::default(),
            tried: 0,
            worth: None,
            flaw,
        }
    }

    /// Runs a sequence to its end or its first failure, and tells `seen` of each step that did not fail whether it was accepted.
    ///
    /// # Errors
    /// The first step that goes wrong, and how.
    pub fn all(&mut self, sequence: &[Step], mut seen: impl FnMut(&Step, bool)) -> Result<(), Failure> {
        for (at, step) in sequence.iter().enumerate() {
            let deep = at % DEEP_EVERY == DEEP_EVERY - 1 || at + 1 == sequence.len();
            let accepted = self.step(step, deep).map_err(|why| Failure { at, why })?;
            seen(step, accepted);
        }
        Ok(())
    }

    /// Runs one step; whether it was accepted.
    ///
    /// # Errors
    /// What the machine does otherwise than the model, or an invariant that does not hold.
    pub fn step(&mut self, step: &Step, deep: bool) -> Result<bool, String> {
        self.machine.begin(step);
        match step {
            Step::Wait(_) | Step::SetBack(_) | Step::WaitFor { .. } => {
                let seconds = match step {
                    Step::SetBack(seconds) => -*seconds,
                    Step::WaitFor { s, next, offset } => self.until(*s, *next, *offset),
                    Step::Wait(seconds) => *seconds,
                    _ => 0,
                };
                self.now += seconds;
                self.latest = self.latest.max(self.now);
                self.machine.set_time(self.now, self.epoch());
                self.check(step, true, Vec::new(), deep)?;
                Ok(true)
            }
            Step::WrongAccount {
                of,
                slot,
                with,
                unsigned,
            } => {
                let substitute = self.fixture.tracked[with % self.fixture.tracked.len()];
                self.probe(of, *slot, |_| substitute, *unsigned)
            }
            Step::Alias { of, slot, with } => self.probe(
                of,
                *slot,
                |instruction| instruction.accounts[with % instruction.accounts.len()].pubkey,
                false,
            ),
            _ => match self.outside(step) {
                Some(instructions) => self.send_outside(step, &instructions, deep),
                None => self.send_protocol(step, deep),
            },
        }
    }

    /// Writes down from now on what is done to the machine.
    pub fn record(&mut self) {
        self.machine.record();
    }

    /// What was written down since [`Self::record`], and that it goes wrong like this.
    #[must_use]
    pub fn script(&self, why: String) -> Option<Script> {
        Some(self.machine.recorded()?.clone().script(why))
    }

    /// Seconds until the next time at which something of a grant or a round begins or ends, or the one after; never into the past.
    fn until(&self, s: usize, next: usize, offset: i64) -> i64 {
        let Some(model) = &self.models[s] else { return 0 };
        let grants = model.grants.values().flat_map(|grant| {
            let terms = &grant.terms;
            let deadline = terms.milestone.map_or(terms.end, |(_, deadline)| deadline);
            [terms.start, terms.cliff, terms.end, deadline]
        });
        let rounds = model.rounds.values().flat_map(|round| {
            let terms = &round.terms;
            let half = terms.closes + terms.runway / 2;
            [
                terms.opens,
                terms.commit,
                terms.closes,
                half,
                terms.closes + terms.runway,
            ]
        });
        let times: BTreeSet<i64> = grants.chain(rounds).filter(|at| at + offset > self.now).collect();
        let at = times.iter().nth(next % times.len().max(1));
        at.map_or(0, |at| at + offset - self.now)
    }

    /// The epoch: like the real one it never goes back.
    fn epoch(&self) -> u64 {
        u64::try_from((self.latest - START_TS) / EPOCH_SECONDS).unwrap_or_default()
    }

    /// The model of a security as it is now.
    pub fn model(&self, s: usize) -> Option<&Security> {
        self.models[s].as_ref()
    }

    /// Payout atoms that a wallet has in its own accounts.
    pub fn money_of(&self, s: usize, w: usize) -> u64 {
        let accounts = self.fixture.places[s].payout[w].iter();
        accounts
            .filter_map(|address| self.token_at(address))
            .map(|account| account.amount)
            .sum()
    }

    fn send_protocol(&mut self, step: &Step, deep: bool) -> Result<bool, String> {
        let mut models = self.models.clone();
        self.moved.take();
        let (instructions, expected) = self.plan(step, &mut models);
        let sent = self.machine.send(&instructions);
        match (expected, sent) {
            (Ok(()), Ok(events)) => {
                self.models = models;
                self.check(step, true, events, deep)?;
                Ok(true)
            }
            (Err(_), Err(failed)) => {
                refused_in_words(&failed)?;
                self.check(step, false, Vec::new(), deep)?;
                Ok(false)
            }
            (Ok(()), Err(failed)) => Err(format!(
                "the model accepts, the program refuses: {:?}\n{}",
                failed.err,
                failed.meta.logs.join("\n")
            )),
            (Err(refusal), Ok(_)) => Err(format!("the model refuses ({refusal:?}), the program accepts")),
        }
    }

    fn send_outside(&mut self, step: &Step, instructions: &[Instruction], deep: bool) -> Result<bool, String> {
        let sent = self.machine.send(instructions);
        let accepted = sent.is_ok();
        let events = sent.unwrap_or_default();
        if accepted {
            if let Step::Meddle { how, .. } = step {
                // An empty registered account may be closed by its holder; lamports above the rent are theirs.
                if !matches!(how, Meddling::CloseEmpty | Meddling::TakeExcessLamports) {
                    return Err(format!("{how:?} of a registered account went through"));
                }
            }
            self.observe(step)?;
        }
        self.check(step, accepted, events, deep)?;
        Ok(accepted)
    }

    /// Takes what outsiders may change into the model.
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        let snapshot = self.machine.snapshot();
        for s in 0..SECURITIES {
            let place = &self.fixture.places[s];
            let balance = |address: &Pubkey| self.view_in(&snapshot, address).map_or(0, |view| view.amount);
            let (inbox, payout_vault) = (balance(&place.inbox), balance(&place.payout_vault));
            let bearer: Vec<u64> = place.bearer.iter().map(balance).collect();
            let vaults: Vec<u64> = place.vault_account.iter().map(balance).collect();
            let rounds = place.round_account.each_ref().map(balance);
            let Some(model) = self.models[s].as_mut() else { continue };
            model.inbox = inbox.into();
            for (w, amount) in bearer.into_iter().enumerate() {
                model.bearer.insert(w, amount.into());
            }
            for (a, vault) in model.vaults.range_mut(..FIRST_SHARE) {
                vault.balance = vaults[*a].into();
            }
            if let Step::DonateToRound { s: donee, id, .. } = step {
                let donated = model.rounds.get_mut(id).filter(|_| *donee == s);
                if let (Some(round), Some(balance)) = (donated, rounds.get(usize::try_from(*id).unwrap_or(usize::MAX)))
                {
                    round.balance = (*balance).into();
                }
            }
            if matches!(step, Step::DonateToPayoutVault { s: donee, .. } if *donee == s) {
                if model.payout_vault > payout_vault.into() {
                    return Err("a donation lowered the payout vault".to_owned());
                }
                model.payout_vault = payout_vault.into();
            }
        }
        Ok(())
    }

    fn view_in(&self, snapshot: &Snapshot, address: &Pubkey) -> Option<TokenView> {
        token(snapshot[self.fixture.at(address)?].as_ref())
    }

    fn token_at(&self, address: &Pubkey) -> Option<TokenView> {
        self.view_in(&self.snapshot, address)
    }

    /// Tries a step's last instruction with another account in one place. If the program accepts, no invariant may break and nobody who
    /// has not signed may lose anything; the machine then forgets it. If it refuses, nothing may change.
    fn probe(
        &mut self,
        of: &Step,
        slot: usize,
        substitute: impl FnOnce(&Instruction) -> Pubkey,
        unsigned: bool,
    ) -> Result<bool, String> {
        self.moved.take();
        let (mut instructions, _) = self.plan(of, &mut self.models.clone());
        let Some(last) = instructions.last_mut() else {
            return Ok(false);
        };
        let with = substitute(last);
        let slot = slot % last.accounts.len();
        let meta = &mut last.accounts[slot];
        meta.pubkey = with;
        // Nobody can sign for a derived address, and unsigned means unsigned.
        meta.is_signer &= !unsigned && (self.fixture.wallets.contains(&with) || with == self.fixture.bank);
        match self.machine.simulate(&instructions, &self.snapshot) {
            Err(_) => {
                match self.machine.send(&instructions) {
                    Ok(_) => return Err("a transaction that failed in simulation went through".to_owned()),
                    Err(failed) => refused_in_words(&failed)?,
                }
                self.check(of, false, Vec::new(), false)?;
                Ok(false)
            }
            Ok((events, after)) => {
                let mut replay = self.replay.clone();
                let mut outflows = self.outflows.clone();
                apply_events(&mut replay, &mut outflows, self.fixture, &events)?;
                let views = self.views_of(&after, &outflows)?;
                let signers: BTreeSet<Pubkey> = instructions
                    .iter()
                    .flat_map(|instruction| &instruction.accounts)
                    .filter(|meta| meta.is_signer)
                    .map(|meta| meta.pubkey)
                    .collect();
                let seen = |why: String| format!("with {with} in place {slot}: {why}");
                c1_no_more_leaves_a_cascade_than_was_paid_in(&views).map_err(|e| seen(e.to_string()))?;
                for (s, view) in views.iter().enumerate() {
                    if let Some(view) = view {
                        if self.is_touched(s, &after) {
                            self.check_view(view).map_err(|e| seen(e.to_string()))?;
                        }
                        if let Some(before) = &self.views[s] {
                            v1_only_collecting_lowers_a_vault(before, view, false).map_err(|e| seen(e.to_string()))?;
                            v2_redeeming_never_lowers_what_backs_the_rest(before, view)
                                .map_err(|e| seen(e.to_string()))?;
                            g1_what_has_vested_stays_vested(before, self.now, view, self.now)
                                .map_err(|e| seen(e.to_string()))?;
                            self.nobody_loses(s, before, view, &after, &signers).map_err(seen)?;
                        }
                    }
                }
                e1_events_rebuild_every_account(&replay, &self.fixture.tracked, &after)
                    .map_err(|e| seen(e.to_string()))?;
                Ok(true)
            }
        }
    }

    /// A wallet that has not signed keeps its shares, its tickets, its assets and, owed and paid together, its money.
    fn nobody_loses(
        &self,
        s: usize,
        before: &SecurityView,
        after: &SecurityView,
        after_accounts: &Snapshot,
        signers: &BTreeSet<Pubkey>,
    ) -> Result<(), String> {
        let place = &self.fixture.places[s];
        let has = |view: &SecurityView, accounts: &Snapshot, w: usize| {
            let wallet = &self.fixture.wallets[w];
            let accrual = view.accrual_at(self.now);
            let position = view.holders[w].position.as_ref();
            let owed = position.map_or_else(BigRational::zero, |position| view.owed(position, &accrual));
            let paid: u64 = place
                .payout
                .iter()
                .flatten()
                .filter_map(|address| self.view_in(accounts, address))
                .filter(|account| account.owner == *wallet)
                .map(|account| account.amount)
                .sum();
            let bearer = self
                .view_in(accounts, &place.bearer[w])
                .map_or(0, |account| account.amount);
            // What a round took and has not given back yet, in money or shares.
            let in_rounds: BigInt = view
                .rounds
                .values()
                .filter_map(|round| {
                    let subscription = round.subscriptions.get(&w)?;
                    let paid = if subscription.settled == 0 {
                        subscription.paid_atoms
                    } else {
                        0
                    };
                    Some(BigInt::from(paid) + subscription.refund_atoms)
                })
                .sum();
            (
                position.map_or(0, |position| position.shares_atoms),
                bearer,
                owed + BigRational::from(BigInt::from(paid) + in_rounds),
            )
        };
        let raised = |view: &SecurityView| -> BigInt {
            let rounds = view.rounds.values();
            rounds.map(|round| BigInt::from(round.round.raised_atoms)).sum()
        };
        // Only one subscription is settled at a time: what it cost is what was raised, and its investor has the shares.
        let bought = BigRational::from(raised(after) - raised(before));
        for (w, wallet) in self.fixture.wallets.iter().enumerate() {
            if signers.contains(wallet) {
                continue;
            }
            let (was, mut is) = (has(before, &self.snapshot, w), has(after, after_accounts, w));
            if is.0 > was.0 {
                is.2 += &bought;
            }
            if is.0 < was.0 || is.1 < was.1 || is.2 < was.2 {
                return Err(format!(
                    "wallet {w} did not sign and went from {was:?} to {is:?} (registered, bearer, money)"
                ));
            }
            let tickets = |view: &SecurityView| {
                let own = view.tickets.iter().filter(|((holder, _), _)| *holder == w);
                own.map(|(id, ticket)| (*id, bytemuck::bytes_of(ticket).to_vec()))
                    .collect::<Vec<_>>()
            };
            let poorer = self.fixture.receiver[w].iter().any(|address| {
                let has = |accounts: &Snapshot| self.view_in(accounts, address).map_or(0, |account| account.amount);
                has(after_accounts) < has(&self.snapshot)
            });
            if tickets(before) != tickets(after) || poorer {
                return Err(format!(
                    "wallet {w} did not sign and lost a ticket, its use or an asset"
                ));
            }
        }
        Ok(())
    }

    /// Whether an account that says how a security stands is another than it was after the last step.
    fn is_touched(&self, s: usize, snapshot: &Snapshot) -> bool {
        let mut own = self.fixture.of_security[s].iter();
        own.any(|at| snapshot[*at] != self.snapshot[*at])
    }

    fn views_of(&self, snapshot: &Snapshot, outflows: &Outflows) -> Result<Views, String> {
        let mut views = Views::default();
        for (s, view) in views.iter_mut().enumerate() {
            *view = if self.is_touched(s, snapshot) {
                self.view_of(s, snapshot, &outflows[s])?
            } else {
                self.views[s].clone().map(|view| SecurityView {
                    crossed: outflows[s].crossed,
                    latest: self.latest,
                    ..view
                })
            };
        }
        Ok(views)
    }

    fn view_of(&self, s: usize, snapshot: &Snapshot, outflow: &Outflow) -> Result<Option<SecurityView>, String> {
        let place = &self.fixture.places[s];
        let account = |address: &Pubkey| {
            let account = snapshot[self.fixture.at(address).expect("a tracked address")].as_ref();
            account.filter(|account| account.owner != anchor_lang::system_program::ID)
        };
        let Some(security) = account(&place.keys.security) else {
            return Ok(None);
        };
        let mut holders = Vec::with_capacity(WALLETS);
        for w in 0..HOLDERS {
            let position = account(&place.position[w])
                .map(|account| decode::<Position>(&place.position[w], account))
                .transpose()
                .map_err(|e| e.to_string())?;
            let registered = token(account(&place.registered[w])).map(|view| (view.amount, view.frozen));
            holders.push(HolderView {
                wallet: w,
                position,
                registered,
            });
        }
        let mut vaults = BTreeMap::new();
        for (a, address) in place.vault.iter().enumerate() {
            if let Some(vault) = account(address) {
                let vault: Vault = decode(address, vault).map_err(|e| e.to_string())?;
                let balance = if a >= FIRST_SHARE {
                    let address = &self.fixture.places[a - FIRST_SHARE].position[vault_of(s)];
                    account(address)
                        .map(|account| decode::<Position>(address, account))
                        .transpose()
                        .map_err(|e| e.to_string())?
                        .map_or(0, |position| position.shares_atoms)
                } else {
                    token(account(&place.vault_account[a])).map_or(0, |view| view.amount)
                };
                vaults.insert(
                    a,
                    VaultView {
                        index: vault.index,
                        balance,
                        collected: vault.collected_total_atoms,
                        shares_of: a.checked_sub(FIRST_SHARE),
                    },
                );
            }
        }
        let mut tickets = BTreeMap::new();
        for (w, addresses) in place.redemption.iter().enumerate() {
            for (id, address) in (0..TICKETS as u64).zip(addresses) {
                if let Some(ticket) = account(address) {
                    let ticket: Redemption = decode(address, ticket).map_err(|e| e.to_string())?;
                    tickets.insert((w, id), ticket);
                }
            }
        }
        let mut grants = BTreeMap::new();
        for (w, addresses) in place.grant.iter().enumerate() {
            for (id, address) in (0..GRANTS as u64).zip(addresses) {
                if let Some(grant) = account(address) {
                    let grant: Grant = decode(address, grant).map_err(|e| e.to_string())?;
                    grants.insert((w, id), grant);
                }
            }
        }
        let mut rounds = BTreeMap::new();
        for (id, address) in place.round.iter().enumerate() {
            let Some(round) = account(address) else { continue };
            let round: Round = decode(address, round).map_err(|e| e.to_string())?;
            let mut subscriptions = BTreeMap::new();
            for (w, address) in place.subscription[id].iter().enumerate() {
                if let Some(one) = account(address) {
                    let one: Subscription = decode(address, one).map_err(|e| e.to_string())?;
                    subscriptions.insert(w, one);
                }
            }
            let balance = token(account(&place.round_account[id]))
                .ok_or("the account of a round is gone")?
                .amount;
            let id = id as u64;
            let sold = outflow.sold.get(&id).copied().unwrap_or_default();
            let view = RoundView {
                round,
                balance,
                subscriptions,
                sold,
            };
            rounds.insert(id, view);
        }
        let supply = account(&place.keys.mint)
            .and_then(|mint| mint.data.get(36..44)?.try_into().ok().map(u64::from_le_bytes))
            .ok_or("the share mint is gone")?;
        Ok(Some(SecurityView {
            security: decode(&place.keys.security, security).map_err(|e| e.to_string())?,
            supply,
            payout_vault: token(account(&place.payout_vault))
                .ok_or("the payout vault is gone")?
                .amount,
            holders,
            vaults,
            tickets,
            grants,
            rounds,
            taken: outflow.taken.clone(),
            claimed: outflow.claimed,
            crossed: outflow.crossed,
            latest: self.latest,
        }))
    }

    fn check_view(&self, view: &SecurityView) -> Check {
        s1_registered_accounts_hold_what_positions_say(view)?;
        s2_promises_stay_within_authorised(view)?;
        s3_supply_is_at_most_what_was_issued(view)?;
        u1_payout_vault_covers_what_is_owed(view)?;
        u2_money_is_conserved_exactly(view)?;
        v3_open_tickets_are_covered(view)?;
        r1_every_atom_of_a_round_is_accounted_for(view)?;
        let last = view.security.stream_last_ts;
        let between = [last + 1, last + 3_601, last + 700_001];
        u3_settling_often_changes_nothing(view, &between, last + 800_000)
    }

    /// After a step: A-1 or the events, the model, every invariant.
    fn check(&mut self, step: &Step, accepted: bool, events: Vec<Event>, deep: bool) -> Result<(), String> {
        let snapshot = self.machine.snapshot();
        if !accepted {
            a1_a_failure_changes_nothing(&self.fixture.tracked, &self.snapshot, &snapshot, &self.fixture.bank)
                .map_err(|e| e.to_string())?;
        }
        apply_events(&mut self.replay, &mut self.outflows, self.fixture, &events)?;
        self.collected_assets_arrive(&events, &snapshot)?;
        let waited = matches!(step, Step::Wait(_) | Step::SetBack(_) | Step::WaitFor { .. });
        let changed = waited || snapshot != self.snapshot;
        let views = self.views_of(&snapshot, &self.outflows)?;
        if changed {
            e1_events_rebuild_every_account(&self.replay, &self.fixture.tracked, &snapshot)
                .map_err(|e| e.to_string())?;
            for (s, view) in views.iter().enumerate() {
                self.compare(s, view.as_ref(), &snapshot)?;
                // What was not touched stands as it stood.
                let Some(view) = view.as_ref().filter(|_| waited || self.is_touched(s, &snapshot)) else {
                    continue;
                };
                self.check_view(view).map_err(|e| e.to_string())?;
                if let Some(before) = &self.views[s] {
                    let clawed_back = matches!(step, Step::ClawBack { .. });
                    v1_only_collecting_lowers_a_vault(before, view, clawed_back).map_err(|e| e.to_string())?;
                    if !clawed_back {
                        v2_redeeming_never_lowers_what_backs_the_rest(before, view).map_err(|e| e.to_string())?;
                    }
                    v4_backing_per_share_moves_for_a_reason(before, view, |a| backing_may(step, s, a))
                        .map_err(|e| e.to_string())?;
                    g1_what_has_vested_stays_vested(before, self.viewed, view, self.now).map_err(|e| e.to_string())?;
                }
            }
        }
        if changed {
            c1_no_more_leaves_a_cascade_than_was_paid_in(&views).map_err(|e| e.to_string())?;
        }
        self.snapshot = snapshot;
        self.views = views;
        self.viewed = self.now;
        if matches!(step, Step::ClawBack { .. }) {
            self.worth = None;
        }
        if deep {
            let worth = LookThrough::of(&self.views);
            if let (Some(was), Some(is)) = (&self.worth, &worth) {
                c2_what_a_share_is_worth_never_falls(was, is).map_err(|e| e.to_string())?;
            }
            self.worth = worth;
            self.try_hops()?;
            self.try_claims()?;
            self.try_redemptions()?;
            self.try_grants()?;
            self.try_rounds()?;
            self.compare_metadata()?;
        }
        Ok(())
    }

    /// What the events say has arrived at wallets' own accounts is there.
    fn collected_assets_arrive(&self, events: &[Event], after: &Snapshot) -> Result<(), String> {
        let mut arrived: BTreeMap<Pubkey, u64> = BTreeMap::new();
        for event in events {
            if let Event::AssetCollected(e) = event {
                *arrived.entry(e.receiver).or_default() += e.arrived_atoms;
            }
        }
        for address in self.fixture.receiver.iter().flat_map(|own| &own[..OWN_ASSETS]) {
            let Some(arrived) = arrived.get(address) else { continue };
            let has = |accounts: &Snapshot| self.view_in(accounts, address).map_or(0, |view| view.amount);
            if has(&self.snapshot) + arrived != has(after) {
                return Err(format!("{arrived} are said to have arrived at {address}"));
            }
        }
        Ok(())
    }
}

/// A refusal is an error that somebody wrote, not a panic, an exhausted budget or memory, or an account already borrowed.
fn refused_in_words(failed: &FailedTransactionMetadata) -> Result<(), String> {
    match &failed.err {
        TransactionError::InstructionError(
            _,
            InstructionError::ProgramFailedToComplete
            | InstructionError::ComputationalBudgetExceeded
            | InstructionError::AccountBorrowFailed
            | InstructionError::InvalidRealloc
            | InstructionError::ExternalAccountLamportSpend
            | InstructionError::ReadonlyLamportChange
            | InstructionError::ReadonlyDataModified
            | InstructionError::ExternalAccountDataModified
            | InstructionError::UnbalancedInstruction,
        ) => Err(format!(
            "the program breaks instead of refusing: {:?}\n{}",
            failed.err,
            failed.meta.logs.join("\n")
        )),
        _ => Ok(()),
    }
}

fn apply_events(
    replay: &mut Replay,
    outflows: &mut Outflows,
    fixture: &Fixture,
    events: &[Event],
) -> Result<(), String> {
    for event in events {
        replay.apply(event).map_err(|e| format!("E-1: {e}"))?;
        let of = |security: &Pubkey| fixture.places.iter().position(|place| place.keys.security == *security);
        match event {
            Event::UpsideClaimed(e) => {
                if let Some(s) = of(&e.security) {
                    outflows[s].claimed += u128::from(e.amount_atoms);
                    if fixture.wallets.contains(&e.holder) {
                        outflows[s].crossed.to_holders += u128::from(e.amount_atoms);
                    }
                }
            }
            Event::UpsideDistributed(e) => {
                if let Some(s) = of(&e.security) {
                    outflows[s].crossed.from_outside += u128::from(e.amount_atoms) + u128::from(e.swept_atoms);
                }
            }
            Event::UpsideHarvested(e) => {
                let (upper, lower) = of(&e.security)
                    .zip(of(&e.held_security))
                    .ok_or("a harvest that nobody watches")?;
                outflows[upper].crossed.from_below += u128::from(e.amount_atoms);
                outflows[lower].crossed.to_streams += u128::from(e.amount_atoms);
            }
            Event::BackingHarvested(e) => {
                let lower = of(&e.held_security).ok_or("a harvest that nobody watches")?;
                outflows[lower].crossed.to_vaults += u128::from(e.amount_atoms);
            }
            Event::AssetCollected(e) => {
                let Some(s) = of(&e.security) else { continue };
                let asset = fixture.places[s].vault.iter().position(|vault| *vault == e.vault);
                let asset = asset.ok_or("collected from a vault that nobody watches")?;
                let taken = outflows[s].taken.entry(asset).or_default();
                taken.collects += 1;
                taken.shares += u128::from(e.shares_atoms);
                taken.paid += u128::from(e.paid_atoms);
                taken.arrived += u128::from(e.arrived_atoms);
            }
            Event::SubscriptionSettled(e) => {
                let sold = sold_of(outflows, fixture, &e.security, &e.round)?;
                sold.settled += 1;
                sold.shares += u128::from(e.allocation_atoms);
                sold.costs += u128::from(e.cost_atoms);
                sold.refunds += u128::from(e.refund_atoms);
                sold.refunded += u128::from(e.refunded_atoms);
            }
            Event::RefundWithdrawn(e) => {
                sold_of(outflows, fixture, &e.security, &e.round)?.refunded += u128::from(e.amount_atoms);
            }
            _ => {}
        }
    }
    Ok(())
}

fn sold_of<'o>(
    outflows: &'o mut Outflows,
    fixture: &Fixture,
    security: &Pubkey,
    round: &Pubkey,
) -> Result<&'o mut Sold, String> {
    let mut places = fixture.places.iter().zip(outflows);
    let (place, outflow) = places
        .find(|(place, _)| place.keys.security == *security)
        .ok_or("a security that nobody watches")?;
    let id = place.round.iter().position(|address| address == round);
    let id = id.ok_or("a round that nobody watches")? as u64;
    Ok(outflow.sold.entry(id).or_default())
}
