//! The protocol's own steps: the instructions they send, and what the model makes of them.

use crate::model::{self, Asset, Collection, Deposit, Destination, Refusal, Security, TicketId};
use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use upside::{
    constants::TOKEN_2022_PROGRAM_ID,
    instructions::security::{CreateSecurityArgs, UpdateMetadataArgs},
    state::{Kind, Terms, TransferPolicy},
};
use upside_client::{
    accounts::{read_mint, Mint},
    instructions::*,
    SecurityKeys,
};

use super::{Models, Run};
use crate::sequence::{
    step::{share_of, Least, Leg, Payee, Receiver, Step, Ticket, FIRST_SHARE, SECURITIES, WALLETS},
    world::SHARE_DECIMALS,
};

/// A name of that many bytes.
fn name_of(bytes: u8) -> String {
    "N".repeat(usize::from(bytes))
}

/// The instructions of a step, and what the models make of them.
pub(super) type Planned = (Vec<Instruction>, Result<(), Refusal>);

/// One of those that fit, counted round; if there is none, the one of the number.
pub(super) fn chosen<T>(n: usize, mut fit: Vec<T>, by_number: impl Fn(usize) -> T) -> T {
    if fit.is_empty() {
        by_number(n)
    } else {
        let at = n % fit.len();
        fit.swap_remove(at)
    }
}

pub(super) fn atoms(value: &BigInt) -> u64 {
    value.to_u64().unwrap_or(u64::MAX)
}

pub(super) fn with_model(
    models: &mut Models,
    s: usize,
    act: impl FnOnce(&mut Security) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    models[s].as_mut().ok_or(Refusal::Missing).and_then(act)
}

impl Run<'_> {
    pub(super) fn keys(&self, s: usize, models: &Models) -> SecurityKeys {
        let mut keys = self.fixture.places[s].keys;
        keys.curated = models[s].as_ref().is_some_and(|model| model.terms.curated);
        keys
    }

    pub(super) fn payee(&self, s: usize, w: usize, to: Payee) -> Pubkey {
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
    pub(super) fn can_receive(&self, s: usize, address: &Pubkey) -> bool {
        self.token_at(address)
            .is_some_and(|view| view.mint == self.fixture.payouts[s].mint && !view.frozen)
    }

    pub(super) fn is_owned_by(&self, address: &Pubkey, w: usize) -> bool {
        self.token_at(address)
            .is_some_and(|view| view.owner == self.fixture.wallets[w])
    }

    fn stored_payout(&self, s: usize, w: usize, models: &Models) -> Pubkey {
        models[s]
            .as_ref()
            .and_then(|model| model.positions.get(&w)?.payout)
            .map_or(self.fixture.places[s].first_payout[w], Pubkey::new_from_array)
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
            holder: self.fixture.holder(s, w),
            payout_account: to,
            holder_signs: signed,
        }
        .instruction();
        let destination = Destination {
            can_receive: self.can_receive(s, &to),
            is_holders: w < WALLETS && self.is_owned_by(&to, w),
            is_stored: self.stored_payout(s, w, models) == to,
            is_payout_vault: to == place.payout_vault,
        };
        let result = with_model(models, s, |model| {
            let paid = model.claim(w, signed, destination, self.now)?;
            if to == place.inbox {
                model.inbox += &paid;
            }
            self.flows(&to, paid);
            Ok(())
        });
        (vec![instruction], result)
    }

    /// Which ticket a step means, among those of the model.
    pub(super) fn ticket(&self, s: usize, ticket: Ticket, models: &Models) -> TicketId {
        let pick = |n: usize, done_only: bool| {
            let open: Vec<TicketId> = models[s]
                .iter()
                .flat_map(|model| &model.tickets)
                .filter(|(_, ticket)| !done_only || ticket.is_done())
                .map(|(id, _)| *id)
                .collect();
            open.get(n % open.len().max(1)).copied()
        };
        match ticket {
            Ticket::Id(w, id) => (w, id),
            Ticket::Open(n) => pick(n, false).unwrap_or((n, 0)),
            Ticket::Done(n) => pick(n, true).or_else(|| pick(n, false)).unwrap_or((n, 0)),
        }
    }

    /// Which asset a step means.
    fn leg(&self, s: usize, id: TicketId, leg: Leg, models: &Models) -> Asset {
        match leg {
            Leg::Asset(a) => a,
            Leg::Left(n) => {
                let left: Vec<Asset> = models[s]
                    .iter()
                    .filter_map(|model| Some((model, model.tickets.get(&id)?)))
                    .flat_map(|(model, ticket)| model.vaults.iter().filter(|(_, vault)| ticket.has_left(vault)))
                    .map(|(a, _)| *a)
                    .collect();
                left.get(n % left.len().max(1)).copied().unwrap_or(n)
            }
        }
    }

    fn receiver(&self, s: usize, w: usize, a: Asset, to: Receiver) -> Pubkey {
        let f = self.fixture;
        let of = |w: usize| {
            let receiver = f.receiver[w].get(a).copied();
            receiver.unwrap_or_else(|| f.asset(a).account_of(&f.wallets[w]))
        };
        match to {
            Receiver::Holder => of(w),
            Receiver::Wallet(other) => of(other),
            Receiver::Vault => f.places[s].vault_account[a],
            Receiver::OtherVault => f.places[(s + 1) % SECURITIES].vault_account[a],
            Receiver::InboxOf(s) => f.places[s].inbox,
            Receiver::PayoutVaultOf(s) => f.places[s].payout_vault,
        }
    }

    /// An unfrozen token account of the asset. One that the same transaction makes, as only `open_vault` does, is as its mint has accounts born.
    pub(super) fn can_hold(&self, a: Asset, address: &Pubkey, models: &Models) -> bool {
        let mint = self.fixture.asset(a).mint;
        match self.token_at(address) {
            Some(view) => view.mint == mint && !view.frozen,
            None => {
                let opened = |s: usize| {
                    let vaults = models[s].as_ref().map(|model| &model.vaults);
                    self.fixture.places[s].vault_account[a] == *address && vaults.is_some_and(|v| v.contains_key(&a))
                };
                (0..SECURITIES).any(opened) && !self.born_frozen(&mint)
            }
        }
    }

    /// Fee of a transfer of an asset now: basis points, and most atoms.
    fn fee(&self, mint: &Pubkey) -> (u16, u64) {
        let fees = self.mint_at(mint).and_then(|mint| mint.transfer_fee);
        fees.map_or((0, 0), |fees| {
            let fee = fees.at(self.epoch());
            (fee.bps, fee.maximum_atoms)
        })
    }

    /// Nothing stops transfers of an asset.
    fn moves(&self, mint: &Pubkey) -> bool {
        self.mint_at(mint)
            .is_some_and(|mint| !mint.paused && mint.hook_program.is_none())
    }

    fn collect(
        &self,
        s: usize,
        id: TicketId,
        a: Asset,
        to: Receiver,
        least: Least,
        models: &mut Models,
    ) -> (Vec<Instruction>, Result<(), Refusal>) {
        let f = self.fixture;
        let (w, number) = id;
        let keys = self.keys(s, models);
        let asset = f.asset(a);
        let receiver = self.receiver(s, w, a, to);
        let vault_account = &f.places[s].vault_account[a];
        let (fee_bps, fee_maximum) = self.fee(&asset.mint);
        let meets = Collection {
            vault_open: self.can_hold(a, vault_account, models),
            mint_open: self.moves(&asset.mint),
            can_receive: receiver != *vault_account && self.can_hold(a, &receiver, models),
            fee_bps,
            fee_maximum,
        };
        let unbounded = models[s].clone().map(|mut model| model.collect(id, a, 0, meets));
        let arrives = unbounded
            .and_then(Result::ok)
            .map_or(0, |collected| atoms(&collected.arrived));
        let least_atoms = match least {
            Least::Any => 0,
            Least::Exact => arrives,
            Least::OneMore => arrives.saturating_add(1),
        };
        let mut collect = Collect::to_ata(&keys, f.wallets[w], number, asset.mint, asset.token_program);
        collect.receiver = receiver;
        collect.least_atoms = least_atoms;
        let result = models[s]
            .as_mut()
            .ok_or(Refusal::Missing)
            .and_then(|model| {
                if a >= FIRST_SHARE {
                    return Err(Refusal::BadMint); // shares leave a vault registered
                }
                model.collect(id, a, least_atoms, meets)
            })
            .map(|collected| {
                self.flows(&receiver, collected.arrived.clone());
                for (s, place) in f.places.iter().enumerate() {
                    let Some(model) = models[s].as_mut() else { continue };
                    if receiver == place.inbox {
                        model.inbox += &collected.arrived;
                    } else if receiver == place.payout_vault {
                        model.payout_vault += &collected.arrived;
                    } else if receiver == place.vault_account[a] {
                        if let Some(vault) = model.vaults.get_mut(&a) {
                            vault.balance += &collected.arrived;
                        }
                    }
                }
            });
        (vec![collect.instruction()], result)
    }

    /// The instructions of a step of the protocol, and what the model makes of it.
    pub(super) fn plan(&self, step: &Step, models: &mut Models) -> (Vec<Instruction>, Result<(), Refusal>) {
        let f = self.fixture;
        let payer = f.bank;
        let now = self.now;
        match step {
            Step::Bundle(steps) => {
                let mut all = Vec::new();
                let mut result = Ok(());
                for step in steps {
                    // Who has signed for one instruction of a transaction has signed for all of them.
                    let signed = |w: &usize| {
                        let metas = all.iter().flat_map(|instruction: &Instruction| &instruction.accounts);
                        metas
                            .into_iter()
                            .any(|meta| meta.is_signer && meta.pubkey == f.wallets[*w])
                    };
                    let (instructions, one) = match step {
                        Step::Claim { s, w, to, .. } if signed(w) => {
                            self.claim(*s, *w, true, self.payee(*s, *w, *to), models)
                        }
                        Step::Crank { s, w } if signed(w) => {
                            self.claim(*s, *w, true, self.stored_payout(*s, *w, models), models)
                        }
                        Step::ReleaseRunway { .. } => self
                            .plan_rounds(step, models, &|w| signed(&w))
                            .expect("a step of rounds"),
                        _ => self.plan(step, models),
                    };
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
                    decimals: SHARE_DECIMALS,
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
                let amount = part.of(self.room(*s, models));
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
                    m.terms
                        .authorised
                        .saturating_sub(atoms(&(&m.issued + &m.reserved)).max(1_000_000))
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
                let guarded = self.guarded(*s, *w);
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
                let guarded = self.guarded(*s, *from);
                let instruction = TransferShares {
                    keys: &keys,
                    payer,
                    from: f.wallets[*from],
                    to: f.holder(*s, *to),
                    amount,
                }
                .instruction();
                let may_hold = self.may_hold(*s, *to, models);
                let result = with_model(models, *s, |m| {
                    if !may_hold {
                        return Err(Refusal::NotAllowed);
                    }
                    m.transfer(*from, *to, amount, guarded, now)
                });
                (vec![instruction], result)
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
            Step::AdvanceFromNow { s, by, seconds } => {
                let at = now + seconds;
                self.plan(&Step::Advance { s: *s, by: *by, at }, models)
            }
            Step::Redeem { s, w, id, part } => {
                let amount = part.of(self.shares(models, *s, *w));
                let keys = self.keys(*s, models);
                let guarded = self.guarded(*s, *w);
                let instruction = Redeem {
                    keys: &keys,
                    payer,
                    holder: f.wallets[*w],
                    id: *id,
                    amount,
                }
                .instruction();
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.redeem((*w, *id), amount, guarded, now)),
                )
            }
            Step::Collect {
                s,
                ticket,
                leg,
                to,
                least,
            } => {
                let id = self.ticket(*s, *ticket, models);
                let a = self.leg(*s, id, *leg, models);
                if a >= FIRST_SHARE && matches!(leg, Leg::Left(_)) {
                    return self.collect_shares(*s, id, a - FIRST_SHARE, *least, models);
                }
                self.collect(*s, id, a, *to, *least, models)
            }
            Step::CloseRedemption { s, ticket } => {
                let id = self.ticket(*s, *ticket, models);
                let keys = self.keys(*s, models);
                let instruction = CloseRedemption {
                    keys: &keys,
                    holder: f.wallets[id.0],
                    id: id.1,
                    rent_payer: payer,
                }
                .instruction();
                (vec![instruction], with_model(models, *s, |m| m.close_redemption(id)))
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
                let asset = f.asset(*a);
                let instruction = OpenVault {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    asset_mint: asset.mint,
                    asset_token_program: asset.token_program,
                }
                .instruction();
                // A mint whose transfers call a program is not acceptable; a paused one is.
                let acceptable = f.assets.get(*a).is_some_and(|asset| asset.acceptable)
                    && self
                        .mint_at(&asset.mint)
                        .is_some_and(|mint| mint.hook_program.is_none());
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
                let asset = f.asset(*a);
                let (fee_bps, fee_maximum) = self.fee(&asset.mint);
                let instruction =
                    DepositEquity::from_ata(&keys, f.bank, asset.mint, asset.token_program, *amount).instruction();
                let meets = Deposit {
                    source: self.token_at(&asset.account_of(&f.bank)).map_or(0, |view| view.amount),
                    // Opened in the same transaction, it is as its mint has accounts born.
                    vault_open: self
                        .token_at(&f.places[*s].vault_account[*a])
                        .map_or(!self.born_frozen(&asset.mint), |view| !view.frozen),
                    mint_open: *a < FIRST_SHARE && self.moves(&asset.mint),
                    fee_bps,
                    fee_maximum,
                };
                (
                    vec![instruction],
                    with_model(models, *s, |m| m.deposit(*a, *amount, meets)),
                )
            }
            _ => self
                .plan_layers(step, models)
                .or_else(|| self.plan_collectives(step, models))
                .or_else(|| self.plan_grants(step, models))
                .or_else(|| self.plan_rounds(step, models, &|_| false))
                .unwrap_or((Vec::new(), Ok(()))),
        }
    }

    /// A wallet may hold shares; a vault by the vault instructions alone, but before it is there its address is like any other that has lamports.
    fn may_hold(&self, s: usize, holder: usize, models: &Models) -> bool {
        let Some(upper) = holder.checked_sub(WALLETS) else {
            return true;
        };
        let opened = models[upper]
            .as_ref()
            .is_some_and(|m| m.vaults.contains_key(&share_of(s)));
        let at = self.fixture.at(&self.fixture.holder(s, holder));
        !opened && at.is_some_and(|at| self.snapshot[at].is_some())
    }

    pub(super) fn mint_at(&self, mint: &Pubkey) -> Option<Mint> {
        let account = self.snapshot[self.fixture.at(mint)?].as_ref()?;
        read_mint(mint, account).ok()
    }

    pub(super) fn born_frozen(&self, mint: &Pubkey) -> bool {
        self.mint_at(mint).is_some_and(|mint| mint.frozen_by_default)
    }

    pub(super) fn shares(&self, models: &Models, s: usize, w: usize) -> u64 {
        models[s]
            .as_ref()
            .and_then(|m| m.positions.get(&w))
            .map_or(0, |position| atoms(&position.shares))
    }
}
