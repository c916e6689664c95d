//! Runs a sequence on the machine and in the model, and compares after every step.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::{
    prelude::Pubkey,
    solana_program::{instruction::Instruction, system_instruction},
};
use anchor_spl::token_2022::spl_token_2022::{
    extension::{cpi_guard, memo_transfer, ExtensionType},
    instruction as token_ix,
};
use litesvm::types::FailedTransactionMetadata;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use solana_transaction::{InstructionError, TransactionError};
use upside::{
    constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    instructions::security::{CreateSecurityArgs, UpdateMetadataArgs},
    state::{Kind, Position, Terms, TransferPolicy, Vault},
};
use upside_client::{
    accounts::{decode, read_mint},
    events::Event,
    instructions::*,
    replay::Replay,
    SecurityKeys,
};
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{
    context::START_TS,
    invariants::*,
    model::{self, Deposit, Destination, Flaw, Refusal, Security},
};

use crate::{
    step::{Form, Meddling, Payee, Step, OTHER_SHARE, SECURITIES, WALLETS},
    world::{token, Fixture, Machine, Snapshot, TokenView},
};

/// Every so many steps, claims of every holder are tried (L-1) and the metadata is compared.
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
pub fn run(fixture: &Fixture, sequence: &[Step], flaw: Option<Flaw>, tally: &mut Tally) -> Result<(), Failure> {
    let mut run = Run::new(fixture, flaw);
    for (at, step) in sequence.iter().enumerate() {
        let deep = at % DEEP_EVERY == DEEP_EVERY - 1 || at + 1 == sequence.len();
        let accepted = run.step(step, deep).map_err(|why| Failure { at, why })?;
        let name = format!("{step:?}");
        let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        tally.entry(name.to_owned()).or_default()[usize::from(!accepted)] += 1;
    }
    Ok(())
}

struct Run<'a> {
    fixture: &'a Fixture,
    machine: Machine<'a>,
    models: Models,
    replay: Replay,
    claimed: [u128; SECURITIES],
    snapshot: Snapshot,
    views: Views,
    now: i64,
    latest: i64,
    flaw: Option<Flaw>,
}

/// A name of that many bytes.
fn name_of(bytes: u8) -> String {
    "N".repeat(usize::from(bytes))
}

fn atoms(value: &BigInt) -> u64 {
    value.to_u64().unwrap_or(u64::MAX)
}

fn with_model(
    models: &mut Models,
    s: usize,
    act: impl FnOnce(&mut Security) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    models[s].as_mut().ok_or(Refusal::Missing).and_then(act)
}

/// Whether a step, or one that it bundles, can change what backs a share.
fn backing_may(step: &Step) -> BackingMay {
    match step {
        Step::ClawBack { .. } => BackingMay {
            fall: true,
            rise: false,
        },
        Step::DonateToVault { .. } | Step::Deposit { .. } | Step::BurnBearer { .. } | Step::Retire { .. } => {
            BackingMay {
                fall: false,
                rise: true,
            }
        }
        Step::Bundle(steps) => BackingMay {
            fall: false,
            rise: steps.iter().any(|step| backing_may(step).rise),
        },
        _ => BackingMay::default(),
    }
}

impl<'a> Run<'a> {
    fn new(fixture: &'a Fixture, flaw: Option<Flaw>) -> Self {
        let machine = Machine::new(fixture);
        Self {
            fixture,
            snapshot: machine.snapshot(),
            machine,
            models: [None, None],
            replay: Replay::default(),
            claimed: [0; SECURITIES],
            views: [None, None],
            now: START_TS,
            latest: START_TS,
            flaw,
        }
    }

    /// Runs one step; whether it was accepted.
    fn step(&mut self, step: &Step, deep: bool) -> Result<bool, String> {
        match step {
            Step::Wait(seconds) | Step::SetBack(seconds) => {
                let seconds = if matches!(step, Step::Wait(_)) {
                    *seconds
                } else {
                    -*seconds
                };
                self.now += seconds;
                self.latest = self.latest.max(self.now);
                self.machine.set_time(self.now);
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

    fn send_protocol(&mut self, step: &Step, deep: bool) -> Result<bool, String> {
        let mut models = self.models.clone();
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
                if !matches!(how, Meddling::Close | Meddling::TakeExcessLamports) {
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
            let Some(model) = self.models[s].as_mut() else { continue };
            model.inbox = inbox.into();
            for (w, amount) in bearer.into_iter().enumerate() {
                model.bearer.insert(w, amount.into());
            }
            for (a, vault) in &mut model.vaults {
                vault.balance = vaults[*a].into();
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

    fn keys(&self, s: usize, models: &Models) -> SecurityKeys {
        let mut keys = self.fixture.places[s].keys;
        keys.curated = models[s].as_ref().is_some_and(|model| model.terms.curated);
        keys
    }

    fn payee(&self, s: usize, w: usize, to: Payee) -> Pubkey {
        let place = &self.fixture.places[s];
        match to {
            Payee::Own => place.payout[w][0],
            Payee::Second => place.payout[w][1],
            Payee::Of(other) => place.payout[other][0],
            Payee::Inbox => place.inbox,
            Payee::PayoutVault => place.payout_vault,
        }
    }

    /// An unfrozen token account of the payout mint.
    fn can_receive(&self, s: usize, address: &Pubkey) -> bool {
        self.token_at(address)
            .is_some_and(|view| view.mint == self.fixture.payouts[s].mint && !view.frozen)
    }

    fn is_owned_by(&self, address: &Pubkey, w: usize) -> bool {
        self.token_at(address)
            .is_some_and(|view| view.owner == self.fixture.wallets[w])
    }

    fn stored_payout(&self, s: usize, w: usize, models: &Models) -> Pubkey {
        models[s]
            .as_ref()
            .and_then(|model| model.positions.get(&w)?.payout)
            .map_or(self.fixture.places[s].payout[w][0], Pubkey::new_from_array)
    }

    fn claim(
        &self,
        s: usize,
        w: usize,
        signed: bool,
        to: Pubkey,
        models: &mut Models,
    ) -> (Vec<Instruction>, Result<(), Refusal>) {
        let place = &self.fixture.places[s];
        let instruction = Claim {
            keys: &place.keys,
            holder: self.fixture.wallets[w],
            payout_account: to,
            holder_signs: signed,
        }
        .instruction();
        let destination = Destination {
            can_receive: self.can_receive(s, &to),
            is_holders: self.is_owned_by(&to, w),
            is_stored: self.stored_payout(s, w, models) == to,
            is_payout_vault: to == place.payout_vault,
        };
        let result = with_model(models, s, |model| {
            let paid = model.claim(w, signed, destination, self.now)?;
            if to == place.inbox {
                model.inbox += paid;
            }
            Ok(())
        });
        (vec![instruction], result)
    }

    /// The instructions of a step of the protocol, and what the model makes of it.
    fn plan(&self, step: &Step, models: &mut Models) -> (Vec<Instruction>, Result<(), Refusal>) {
        let f = self.fixture;
        let payer = f.bank;
        let now = self.now;
        match step {
            Step::Bundle(steps) => {
                let mut all = Vec::new();
                let mut result = Ok(());
                for step in steps {
                    let (instructions, one) = self.plan(step, models);
                    all.extend(instructions);
                    result = result.and(one);
                    if result.is_err() {
                        break;
                    }
                }
                (all, result)
            }
            Step::Create {
                s,
                curated,
                name,
                authorised,
                initial,
                drip,
            } => {
                let initial = initial.of(*authorised);
                let name = name_of(*name);
                let terms = model::Terms {
                    decimals: 3,
                    curated: *curated,
                    authorised: *authorised,
                    drip_seconds: *drip,
                    notice_seconds: 86_400,
                    redeem_after: i64::MAX,
                };
                let instruction = CreateSecurity {
                    payer,
                    issuer: f.wallets[*s],
                    payout_mint: f.payouts[*s].mint,
                    payout_token_program: f.payouts[*s].token_program,
                    args: CreateSecurityArgs {
                        kind: Kind::Expression,
                        index: 0,
                        terms: Terms {
                            decimals: terms.decimals,
                            policy: if *curated {
                                TransferPolicy::Curated
                            } else {
                                TransferPolicy::Open
                            },
                            authorised_atoms: terms.authorised,
                            drip_seconds: terms.drip_seconds,
                            notice_seconds: terms.notice_seconds,
                            redeem_after_ts: terms.redeem_after,
                            agreement_sha256: [7; 32],
                        },
                        name: name.clone(),
                        symbol: "ST".to_owned(),
                        uri: String::new(),
                        initial_shares_atoms: initial,
                    },
                }
                .instruction();
                let result = if models[*s].is_some() {
                    Err(Refusal::Exists)
                } else {
                    Security::create(terms, &name, *s, initial, now, self.flaw).map(|mut made| {
                        // Somebody may have sent money there before.
                        made.inbox = self.token_at(&f.places[*s].inbox).map_or(0, |view| view.amount).into();
                        models[*s] = Some(made);
                    })
                };
                (vec![instruction], result)
            }
            Step::Issue { s, by, part } => {
                let room = models[*s]
                    .as_ref()
                    .map_or(0, |m| m.terms.authorised - atoms(&m.issued).min(m.terms.authorised));
                let amount = part.of(room);
                let keys = self.keys(*s, models);
                let instruction = Issue {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    amount,
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.issue(*by, amount, now)))
            }
            Step::Retire { s, by, part } => {
                let room = models[*s].as_ref().map_or(0, |m| {
                    m.terms.authorised.saturating_sub(atoms(&m.issued).max(1_000_000))
                });
                let amount = part.of(room);
                let keys = self.keys(*s, models);
                let instruction = Retire {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    amount,
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.retire(*by, amount)))
            }
            Step::Register { s, w, part } => {
                let there = models[*s].as_ref().and_then(|m| m.bearer.get(w)).map_or(0, atoms);
                let amount = part.of(there);
                let keys = self.keys(*s, models);
                let bearer = f.places[*s].bearer[*w];
                let usable = self
                    .token_at(&bearer)
                    .is_none_or(|view| !view.frozen && !view.guarded && view.owner == f.wallets[*w]);
                let instructions = vec![
                    token::create_ata(&payer, &f.wallets[*w], &keys.mint, &TOKEN_2022_PROGRAM_ID),
                    Register {
                        keys: &keys,
                        payer,
                        holder: f.wallets[*w],
                        bearer_account: bearer,
                        amount,
                    }
                    .instruction(),
                ];
                (
                    instructions,
                    with_model(models, *s, |m| m.register(*w, amount, usable, now)),
                )
            }
            Step::Unregister { s, w, part } => {
                let amount = part.of(self.shares(models, *s, *w));
                let keys = self.keys(*s, models);
                let place = &f.places[*s];
                let bearer = place.bearer[*w];
                let usable = self
                    .token_at(&bearer)
                    .is_none_or(|view| !view.frozen && view.owner == f.wallets[*w]);
                let guarded = self.token_at(&place.registered[*w]).is_some_and(|view| view.guarded);
                let instructions = vec![
                    token::create_ata(&payer, &f.wallets[*w], &keys.mint, &TOKEN_2022_PROGRAM_ID),
                    Unregister {
                        keys: &keys,
                        holder: f.wallets[*w],
                        bearer_account: bearer,
                        amount,
                    }
                    .instruction(),
                ];
                (
                    instructions,
                    with_model(models, *s, |m| m.unregister(*w, amount, usable, guarded, now)),
                )
            }
            Step::Transfer { s, from, to, part } => {
                let amount = part.of(self.shares(models, *s, *from));
                let keys = self.keys(*s, models);
                let guarded = self
                    .token_at(&f.places[*s].registered[*from])
                    .is_some_and(|view| view.guarded);
                let instruction = TransferShares {
                    keys: &keys,
                    payer,
                    from: f.wallets[*from],
                    to: f.wallets[*to],
                    amount,
                }
                .instruction();
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.transfer(*from, *to, amount, guarded, now)),
                )
            }
            Step::Distribute { s, amount } => {
                let keys = self.keys(*s, models);
                let instruction = if *amount == 0 {
                    Distribute::sweep(&keys, f.bank).instruction()
                } else {
                    Distribute::from_ata(&keys, f.bank, *amount).instruction()
                };
                let source = self
                    .token_at(&f.payouts[*s].account_of(&f.bank))
                    .map(|view| view.amount);
                let inbox_frozen = self.token_at(&f.places[*s].inbox).is_some_and(|view| view.frozen);
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.distribute(*amount, source, inbox_frozen, now)),
                )
            }
            Step::Claim { s, w, signed, to } => self.claim(*s, *w, *signed, self.payee(*s, *w, *to), models),
            Step::Crank { s, w } => {
                let to = self.stored_payout(*s, *w, models);
                self.claim(*s, *w, false, to, models)
            }
            Step::Close { s, w } => {
                let keys = self.keys(*s, models);
                let instruction = ClosePosition {
                    keys: &keys,
                    holder: f.wallets[*w],
                    rent_payer: payer,
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.close_position(*w, now)))
            }
            Step::SetPayout { s, w, to } => {
                let keys = self.keys(*s, models);
                let to = self.payee(*s, *w, *to);
                let instruction = SetPayoutAccount {
                    keys: &keys,
                    holder: f.wallets[*w],
                    payout_account: to,
                }
                .instruction();
                let usable = self.can_receive(*s, &to) && self.is_owned_by(&to, *w);
                let stored = (to != f.places[*s].payout[*w][0]).then(|| to.to_bytes());
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.set_payout_account(*w, stored, usable)),
                )
            }
            Step::Approve { s, by, w } => {
                let keys = self.keys(*s, models);
                let instruction = ApproveHolder {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    holder: f.wallets[*w],
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.approve(*by, *w)))
            }
            Step::RemoveApproval { s, by, w } => {
                let keys = self.keys(*s, models);
                let instruction = RemoveApproval {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    holder: f.wallets[*w],
                    rent_payer: payer,
                }
                .instruction();
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.remove_approval(*by, *w)),
                )
            }
            Step::Propose { s, by, to } => {
                let keys = self.keys(*s, models);
                let instruction = ProposeIssuer {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    pending_issuer: to.map(|w| f.wallets[w]),
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.propose(*by, *to)))
            }
            Step::Accept { s, by } => {
                let keys = self.keys(*s, models);
                let instruction = AcceptIssuer {
                    keys: &keys,
                    pending_issuer: f.wallets[*by],
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.accept(*by)))
            }
            Step::Advance { s, by, at } => {
                let keys = self.keys(*s, models);
                let instruction = AdvanceRedemption {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    redeem_after_ts: *at,
                }
                .instruction();
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.advance_redemption(*by, *at)),
                )
            }
            Step::Rename { s, by, name } => {
                let keys = self.keys(*s, models);
                let name = name_of(*name);
                let instruction = UpdateMetadata {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    args: UpdateMetadataArgs {
                        name: Some(name.clone()),
                        symbol: None,
                        uri: None,
                    },
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.rename(*by, &name)))
            }
            Step::Post { s, by } => {
                let keys = self.keys(*s, models);
                let instruction = PostUpdate {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    uri: "x".to_owned(),
                    sha256: [1; 32],
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.post(*by)))
            }
            Step::OpenVault { s, by, a } => {
                let keys = self.keys(*s, models);
                let asset = f.asset(*s, *a);
                let instruction = OpenVault {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    asset_mint: asset.mint,
                    asset_token_program: asset.token_program,
                }
                .instruction();
                let acceptable = f.assets.get(*a).is_some_and(|asset| asset.acceptable);
                let balance = self
                    .token_at(&f.places[*s].vault_account[*a])
                    .map_or(0, |view| view.amount);
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.open_vault(*by, *a, acceptable, balance)),
                )
            }
            Step::Deposit { s, a, amount } => {
                let keys = self.keys(*s, models);
                let asset = f.asset(*s, *a);
                let instruction =
                    DepositEquity::from_ata(&keys, f.bank, asset.mint, asset.token_program, *amount).instruction();
                let meets = Deposit {
                    source: self.token_at(&asset.account_of(&f.bank)).map_or(0, |view| view.amount),
                    // Opened in the same transaction, it is as its mint has accounts born.
                    vault_open: self
                        .token_at(&f.places[*s].vault_account[*a])
                        .map_or(!self.born_frozen(&asset.mint), |view| !view.frozen),
                    mint_open: *a != OTHER_SHARE && !self.is_paused(&asset.mint),
                    fee_bps: f.assets.get(*a).map_or(0, |asset| asset.fee_bps),
                    fee_maximum: f.assets.get(*a).map_or(0, |asset| asset.fee_maximum),
                };
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.deposit(*a, *amount, meets)),
                )
            }
            _ => (Vec::new(), Ok(())),
        }
    }

    fn mint_at(&self, mint: &Pubkey) -> Option<upside_client::accounts::Mint> {
        let account = self.snapshot[self.fixture.at(mint)?].as_ref()?;
        read_mint(mint, account).ok()
    }

    fn is_paused(&self, mint: &Pubkey) -> bool {
        self.mint_at(mint).is_some_and(|mint| mint.paused)
    }

    fn born_frozen(&self, mint: &Pubkey) -> bool {
        self.mint_at(mint).is_some_and(|mint| mint.frozen_by_default)
    }

    fn shares(&self, models: &Models, s: usize, w: usize) -> u64 {
        models[s]
            .as_ref()
            .and_then(|m| m.positions.get(&w))
            .map_or(0, |position| atoms(&position.shares))
    }

    /// The instructions of a step that does not call the program; `None` for the others.
    fn outside(&self, step: &Step) -> Option<Vec<Instruction>> {
        let f = self.fixture;
        let bank = &f.bank;
        let balance = |address: &Pubkey| self.token_at(address).map_or(0, |view| view.amount);
        let move_tokens = |mint: &MintRef, from: &Pubkey, to: &Pubkey, authority: &Pubkey, amount: u64| {
            token::transfer(
                &mint.token_program,
                &mint.mint,
                mint.decimals,
                from,
                to,
                authority,
                amount,
            )
        };
        let share = |s: usize| MintRef {
            mint: f.places[s].keys.mint,
            token_program: TOKEN_2022_PROGRAM_ID,
            decimals: 3,
        };
        let set_frozen = |mint: &MintRef, account: &Pubkey, authority: &Pubkey, freeze: bool| {
            if freeze {
                token_ix::freeze_account(&mint.token_program, account, &mint.mint, authority, &[])
            } else {
                token_ix::thaw_account(&mint.token_program, account, &mint.mint, authority, &[])
            }
        };
        let one = |instruction: Result<Instruction, _>| -> Vec<Instruction> {
            let instruction: Result<Instruction, anchor_lang::prelude::ProgramError> = instruction;
            vec![instruction.expect("instruction")]
        };
        Some(match step {
            Step::DonateToPayoutVault { s, amount } => {
                let mint = &f.payouts[*s];
                vec![
                    move_tokens(mint, &mint.account_of(bank), &f.places[*s].payout_vault, bank, *amount)
                        .expect("instruction"),
                ]
            }
            Step::DonateToInbox { s, amount } => {
                let mint = &f.payouts[*s];
                vec![
                    mint.open_account(bank, &f.places[*s].keys.security),
                    move_tokens(mint, &mint.account_of(bank), &f.places[*s].inbox, bank, *amount).expect("instruction"),
                ]
            }
            Step::DonateToVault { s, a, amount } => {
                let mint = &f.asset(*s, *a);
                vec![
                    mint.open_account(bank, &f.places[*s].vault[*a]),
                    move_tokens(
                        mint,
                        &mint.account_of(bank),
                        &f.places[*s].vault_account[*a],
                        bank,
                        *amount,
                    )
                    .expect("instruction"),
                ]
            }
            Step::DonateLamports { s, slot } => {
                let place = &f.places[*s];
                let derived: Vec<&Pubkey> = [
                    &place.keys.security,
                    &place.keys.mint,
                    &place.payout_vault,
                    &place.inbox,
                ]
                .into_iter()
                .chain(&place.position)
                .chain(&place.registered)
                .chain(&place.approval)
                .chain(&place.vault)
                .chain(&place.bearer)
                .collect();
                vec![system_instruction::transfer(
                    bank,
                    derived[slot % derived.len()],
                    1_000_000,
                )]
            }
            Step::ClawBack { s, a, part } => {
                let mint = &f.asset(*s, *a);
                let vault = &f.places[*s].vault_account[*a];
                let amount = part.of(balance(vault));
                vec![move_tokens(mint, vault, &mint.account_of(bank), &f.asset_authority, amount).expect("instruction")]
            }
            Step::FreezeVault { s, a, freeze } => {
                let (mint, vault) = (&f.asset(*s, *a), &f.places[*s].vault_account[*a]);
                one(set_frozen(mint, vault, &f.asset_authority, *freeze))
            }
            Step::Pause { a, pause } => {
                let mint = &f.asset(0, *a);
                if mint.token_program == TOKEN_PROGRAM_ID {
                    return Some(Vec::new());
                }
                one(if *pause {
                    mint.pause(&f.asset_authority)
                } else {
                    mint.resume(&f.asset_authority)
                })
            }
            Step::FreezeInbox { s, freeze } => one(set_frozen(
                &f.payouts[*s],
                &f.places[*s].inbox,
                &f.payout_authority,
                *freeze,
            )),
            Step::FreezePayout { s, w, to, freeze } => {
                let account = self.payee(*s, *w, *to);
                if account == f.places[*s].payout_vault && *freeze {
                    return Some(Vec::new()); // the payout mint's own issuer can stop everything; nothing to learn
                }
                one(set_frozen(&f.payouts[*s], &account, &f.payout_authority, *freeze))
            }
            Step::ClosePayout { s, w, to } => {
                let mint = &f.payouts[*s];
                let account = self.payee(*s, *w, *to);
                let owner = &f.wallets[*w];
                vec![
                    move_tokens(mint, &account, &mint.account_of(bank), owner, balance(&account)).expect("instruction"),
                    token_ix::close_account(&mint.token_program, &account, bank, owner, &[]).expect("instruction"),
                ]
            }
            Step::ReopenPayout { s, w } => vec![f.payouts[*s].open_account(bank, &f.wallets[*w])],
            Step::HandPayoutOver { s, w, to, new_owner } => one(token_ix::set_authority(
                &f.payouts[*s].token_program,
                &self.payee(*s, *w, *to),
                Some(&f.wallets[*new_owner]),
                token_ix::AuthorityType::AccountOwner,
                &f.wallets[*w],
                &[],
            )),
            Step::SendBearer { s, from, to, part } => {
                let mint = &share(*s);
                let place = &f.places[*s];
                let amount = part.of(balance(&place.bearer[*from]));
                vec![
                    mint.open_account(bank, &f.wallets[*to]),
                    move_tokens(
                        mint,
                        &place.bearer[*from],
                        &place.bearer[*to],
                        &f.wallets[*from],
                        amount,
                    )
                    .expect("instruction"),
                ]
            }
            Step::BurnBearer { s, w, part } => {
                let account = &f.places[*s].bearer[*w];
                let amount = part.of(balance(account));
                one(token_ix::burn(
                    &TOKEN_2022_PROGRAM_ID,
                    account,
                    &share(*s).mint,
                    &f.wallets[*w],
                    &[],
                    amount,
                ))
            }
            Step::RequireMemo { s, w, form, on } => {
                let account = &self.share_account(*s, *w, *form);
                let owner = &f.wallets[*w];
                let switch = if *on {
                    memo_transfer::instruction::enable_required_transfer_memos
                } else {
                    memo_transfer::instruction::disable_required_transfer_memos
                };
                vec![
                    self.reallocate(account, owner, ExtensionType::MemoTransfer),
                    switch(&TOKEN_2022_PROGRAM_ID, account, owner, &[]).expect("instruction"),
                ]
            }
            Step::GuardCpi { s, w, form, on } => {
                let account = &self.share_account(*s, *w, *form);
                let owner = &f.wallets[*w];
                let switch = if *on {
                    cpi_guard::instruction::enable_cpi_guard
                } else {
                    cpi_guard::instruction::disable_cpi_guard
                };
                vec![
                    self.reallocate(account, owner, ExtensionType::CpiGuard),
                    switch(&TOKEN_2022_PROGRAM_ID, account, owner, &[]).expect("instruction"),
                ]
            }
            Step::Meddle { s, w, how } => {
                let place = &f.places[*s];
                let mint = &place.keys.mint;
                let account = &place.registered[*w];
                let owner = &f.wallets[*w];
                let issuer = &f.wallets[self.models[*s].as_ref().map_or(*s, |model| model.issuer)];
                let amount = balance(account).max(1);
                let other = &place.registered[(w + 1) % WALLETS];
                let t = &TOKEN_2022_PROGRAM_ID;
                one(match how {
                    Meddling::Transfer => {
                        return Some(vec![
                            move_tokens(&share(*s), account, other, owner, amount).expect("instruction")
                        ])
                    }
                    Meddling::Burn => token_ix::burn(t, account, mint, owner, &[], amount),
                    Meddling::Approve => token_ix::approve(t, account, bank, owner, &[], amount),
                    Meddling::SetOwner => token_ix::set_authority(
                        t,
                        account,
                        Some(bank),
                        token_ix::AuthorityType::AccountOwner,
                        owner,
                        &[],
                    ),
                    Meddling::Thaw => token_ix::thaw_account(t, account, mint, issuer, &[]),
                    Meddling::Mint => token_ix::mint_to(t, mint, account, issuer, &[], amount),
                    Meddling::Close => token_ix::close_account(t, account, owner, owner, &[]),
                    Meddling::TakeExcessLamports => token_ix::withdraw_excess_lamports(t, account, owner, owner, &[]),
                })
            }
            _ => return None,
        })
    }

    fn share_account(&self, s: usize, w: usize, form: Form) -> Pubkey {
        let place = &self.fixture.places[s];
        match form {
            Form::Bearer => place.bearer[w],
            Form::Registered => place.registered[w],
        }
    }

    fn reallocate(&self, account: &Pubkey, owner: &Pubkey, extension: ExtensionType) -> Instruction {
        token_ix::reallocate(
            &TOKEN_2022_PROGRAM_ID,
            account,
            &self.fixture.bank,
            owner,
            &[],
            &[extension],
        )
        .expect("instruction")
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
                let mut claimed = self.claimed;
                apply_events(&mut replay, &mut claimed, self.fixture, &events)?;
                let views = self.views_of(&after, &claimed)?;
                let signers: BTreeSet<Pubkey> = instructions
                    .iter()
                    .flat_map(|instruction| &instruction.accounts)
                    .filter(|meta| meta.is_signer)
                    .map(|meta| meta.pubkey)
                    .collect();
                let seen = |why: String| format!("with {with} in place {slot}: {why}");
                for (s, view) in views.iter().enumerate() {
                    if let Some(view) = view {
                        self.check_view(view).map_err(|e| seen(e.to_string()))?;
                        if let Some(before) = &self.views[s] {
                            v1_vaults_only_grow(before, view, false).map_err(|e| seen(e.to_string()))?;
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

    /// A wallet that has not signed keeps its shares and, owed and paid together, its money.
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
            (
                position.map_or(0, |position| position.shares_atoms),
                bearer,
                owed + BigRational::from(BigInt::from(paid)),
            )
        };
        for (w, wallet) in self.fixture.wallets.iter().enumerate() {
            if signers.contains(wallet) {
                continue;
            }
            let (was, is) = (has(before, &self.snapshot, w), has(after, after_accounts, w));
            if is.0 < was.0 || is.1 < was.1 || is.2 < was.2 {
                return Err(format!(
                    "wallet {w} did not sign and went from {was:?} to {is:?} (registered, bearer, money)"
                ));
            }
        }
        Ok(())
    }

    fn views_of(&self, snapshot: &Snapshot, claimed: &[u128; SECURITIES]) -> Result<Views, String> {
        let mut views = [None, None];
        for (s, view) in views.iter_mut().enumerate() {
            *view = self.view_of(s, snapshot, claimed[s])?;
        }
        Ok(views)
    }

    fn view_of(&self, s: usize, snapshot: &Snapshot, claimed: u128) -> Result<Option<SecurityView>, String> {
        let place = &self.fixture.places[s];
        let account = |address: &Pubkey| {
            let account = snapshot[self.fixture.at(address).expect("a tracked address")].as_ref();
            account.filter(|account| account.owner != anchor_lang::system_program::ID)
        };
        let Some(security) = account(&place.keys.security) else {
            return Ok(None);
        };
        let mut holders = Vec::with_capacity(WALLETS);
        for w in 0..WALLETS {
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
                let balance = token(account(&place.vault_account[a])).map_or(0, |view| view.amount);
                vaults.insert(
                    a,
                    VaultView {
                        balance,
                        collected: vault.collected_total_atoms,
                    },
                );
            }
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
            claimed,
            latest: self.latest,
        }))
    }

    fn check_view(&self, view: &SecurityView) -> Check {
        s1_registered_accounts_hold_what_positions_say(view)?;
        s2_promises_stay_within_authorised(view)?;
        s3_supply_is_at_most_what_was_issued(view)?;
        u1_payout_vault_covers_what_is_owed(view)?;
        u2_money_is_conserved_exactly(view)?;
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
        apply_events(&mut self.replay, &mut self.claimed, self.fixture, &events)?;
        let changed = snapshot != self.snapshot || matches!(step, Step::Wait(_) | Step::SetBack(_));
        let views = self.views_of(&snapshot, &self.claimed)?;
        if changed {
            e1_events_rebuild_every_account(&self.replay, &self.fixture.tracked, &snapshot)
                .map_err(|e| e.to_string())?;
            let may = backing_may(step);
            for (s, view) in views.iter().enumerate() {
                self.compare(s, view.as_ref(), &snapshot)?;
                let Some(view) = view else { continue };
                self.check_view(view).map_err(|e| e.to_string())?;
                if let Some(before) = &self.views[s] {
                    v1_vaults_only_grow(before, view, may.fall).map_err(|e| e.to_string())?;
                    v4_backing_per_share_moves_for_a_reason(before, view, may).map_err(|e| e.to_string())?;
                }
            }
        }
        self.snapshot = snapshot;
        self.views = views;
        if deep {
            self.try_claims()?;
            self.compare_metadata()?;
        }
        Ok(())
    }

    /// L-1: each holder claims, signing, to an account that nobody can meddle with; nothing is kept of it.
    fn try_claims(&mut self) -> Result<(), String> {
        for s in 0..SECURITIES {
            let Some(view) = self.views[s].clone() else { continue };
            // Paid ahead of a clock that was set back: the vault is short until the clock is there again.
            if !view.paid_ahead().is_zero() {
                continue;
            }
            let place = &self.fixture.places[s];
            let (machine, snapshot, wallets) = (&mut self.machine, &self.snapshot, &self.fixture.wallets);
            l1_every_holder_can_claim(&view, self.now, |w| {
                let claim = Claim {
                    keys: &place.keys,
                    holder: wallets[w],
                    payout_account: place.payout[w][2],
                    holder_signs: true,
                };
                let (events, _) = machine.simulate(&[claim.instruction()], snapshot)?;
                match events.as_slice() {
                    [Event::UpsideClaimed(event)] => Ok(event.amount_atoms),
                    other => Err(format!("the claim emitted {other:?}")),
                }
            })
            .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// E-1 for what is on the mint.
    fn compare_metadata(&self) -> Result<(), String> {
        for (s, model) in self.models.iter().enumerate() {
            let Some(model) = model else { continue };
            let keys = &self.fixture.places[s].keys;
            let live = self
                .mint_at(&keys.mint)
                .and_then(|mint| mint.metadata)
                .map(|metadata| metadata.name);
            let replayed = self
                .replay
                .metadata
                .get(&keys.security)
                .map(|metadata| metadata.name.clone());
            let expected = Some(model.name.clone());
            if live != expected || replayed != expected {
                return Err(format!(
                    "E-1: the name is {live:?}, by events {replayed:?}, by the model {expected:?}"
                ));
            }
        }
        Ok(())
    }

    /// The live accounts against the model, field by field.
    fn compare(&self, s: usize, view: Option<&SecurityView>, snapshot: &Snapshot) -> Result<(), String> {
        let (model, view) = match (&self.models[s], view) {
            (None, None) => return Ok(()),
            (Some(model), Some(view)) => (model, view),
            (model, view) => {
                return Err(format!(
                    "security {s} exists: {} in the model, {} live",
                    model.is_some(),
                    view.is_some()
                ))
            }
        };
        let f = self.fixture;
        let place = &f.places[s];
        let live = &view.security;
        let x64 = |value: u128| BigInt::from(value);
        let in_x64 = |value: &BigRational| {
            let scaled = value * BigRational::from(BigInt::one() << 64);
            if scaled.is_integer() {
                scaled.to_integer() % (BigInt::one() << 128)
            } else {
                BigInt::from(-1)
            }
        };
        let same = |what: &str, model: BigInt, live: BigInt| {
            if model == live {
                Ok(())
            } else {
                Err(format!("security {s}: {what} is {live}, the model says {model}"))
            }
        };
        let accrual = &model.accrual;
        same(
            "authorised",
            model.terms.authorised.into(),
            live.authorised_atoms.into(),
        )?;
        same("issued", model.issued.clone(), live.issued_atoms.into())?;
        same("reserved", BigInt::zero(), live.reserved_atoms.into())?;
        same("registered", model.registered.clone(), live.registered_atoms.into())?;
        same("supply", model.supply(), view.supply.into())?;
        same("redeemed_total", BigInt::zero(), live.redeemed_total_atoms.into())?;
        same(
            "redeem_after",
            model.terms.redeem_after.into(),
            live.redeem_after_ts.into(),
        )?;
        same("stream total", accrual.total.clone(), live.stream_total_atoms.into())?;
        same(
            "stream dripped",
            accrual.dripped.clone(),
            live.stream_dripped_atoms.into(),
        )?;
        same("stream start", accrual.start.clone(), live.stream_start_ts.into())?;
        same("stream end", accrual.end.clone(), live.stream_end_ts.into())?;
        same("stream last", accrual.last.clone(), live.stream_last_ts.into())?;
        same(
            "upside per share",
            in_x64(&accrual.per_share),
            x64(live.upside_per_share_x64.get()),
        )?;
        same("remainder", in_x64(&accrual.remainder), x64(live.remainder_x64.get()))?;
        same(
            "received",
            model.received.clone(),
            live.received_total_atoms.get().into(),
        )?;
        same("claimed ever", model.paid.clone(), view.claimed.into())?;
        same("payout vault", model.payout_vault.clone(), view.payout_vault.into())?;
        same("vault count", model.vaults.len().into(), live.vault_count.into())?;
        let inbox = self.view_in(snapshot, &place.inbox).map_or(0, |account| account.amount);
        same("inbox", model.inbox.clone(), inbox.into())?;
        let pending = model.pending.map_or_else(Pubkey::default, |w| f.wallets[w]);
        if live.issuer != f.wallets[model.issuer] || live.pending_issuer != pending {
            return Err(format!(
                "security {s}: the issuer or the proposed one differs from the model"
            ));
        }
        for w in 0..WALLETS {
            let bearer = self
                .view_in(snapshot, &place.bearer[w])
                .map_or(0, |account| account.amount);
            let expected = model.bearer.get(&w).cloned().unwrap_or_default();
            same(&format!("wallet {w}'s bearer shares"), expected, bearer.into())?;
            let approved = snapshot[f.at(&place.approval[w]).expect("tracked")]
                .as_ref()
                .is_some_and(|account| account.owner == upside::ID);
            if approved != model.approved.contains(&w) {
                return Err(format!("security {s}: wallet {w} approved: {approved}"));
            }
            match (model.positions.get(&w), &view.holders[w].position) {
                (None, None) => {}
                (Some(expected), Some(live)) => {
                    let name = |field: &str| format!("wallet {w}'s {field}");
                    same(&name("shares"), expected.shares.clone(), live.shares_atoms.into())?;
                    same(
                        &name("checkpoint"),
                        in_x64(&expected.checkpoint),
                        x64(live.checkpoint_x64.get()),
                    )?;
                    same(&name("accrued"), in_x64(&expected.accrued), x64(live.accrued_x64.get()))?;
                    same(
                        &name("claimed"),
                        expected.claimed.clone(),
                        live.claimed_total_atoms.into(),
                    )?;
                    let payout = expected.payout.map_or(place.payout[w][0], Pubkey::new_from_array);
                    if live.payout_account != payout {
                        return Err(format!(
                            "security {s}: wallet {w}'s payout account differs from the model"
                        ));
                    }
                }
                (expected, live) => {
                    return Err(format!(
                        "security {s}: wallet {w} has a position: {} in the model, {} live",
                        expected.is_some(),
                        live.is_some()
                    ))
                }
            }
        }
        for (a, vault) in &model.vaults {
            let Some(live) = view.vaults.get(a) else {
                return Err(format!("security {s}: the vault of asset {a} is missing"));
            };
            same(
                &format!("balance of asset {a}"),
                vault.balance.clone(),
                live.balance.into(),
            )?;
            same(
                &format!("collected of asset {a}"),
                vault.collected.clone(),
                live.collected.into(),
            )?;
            if let Some(replayed) = self.replay.vaults.get(&place.vault[*a]) {
                same(
                    &format!("index of asset {a}"),
                    vault.index.into(),
                    replayed.index.into(),
                )?;
                same(
                    &format!("deposits of asset {a}"),
                    vault.deposited.clone(),
                    replayed.deposited_total_atoms.into(),
                )?;
            }
        }
        same("vaults", model.vaults.len().into(), view.vaults.len().into())
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
    claimed: &mut [u128; SECURITIES],
    fixture: &Fixture,
    events: &[Event],
) -> Result<(), String> {
    for event in events {
        replay.apply(event).map_err(|e| format!("E-1: {e}"))?;
        if let Event::UpsideClaimed(claim) = event {
            for (s, place) in fixture.places.iter().enumerate() {
                if place.keys.security == claim.security {
                    claimed[s] += u128::from(claim.amount_atoms);
                }
            }
        }
    }
    Ok(())
}
