//! The protocol's own steps: the instructions they send, and what the model makes of them.

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
use upside_tests::model::{self, Deposit, Destination, Refusal, Security};

use super::{Models, Run};
use crate::step::{Payee, Step, OTHER_SHARE};

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

impl Run<'_> {
    fn keys(&self, s: usize, models: &Models) -> SecurityKeys {
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
    pub(super) fn plan(&self, step: &Step, models: &mut Models) -> (Vec<Instruction>, Result<(), Refusal>) {
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

    pub(super) fn mint_at(&self, mint: &Pubkey) -> Option<Mint> {
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
}
