//! What a transaction would change, in human amounts: before and after, per account.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use serde_json::{json, Value};
use upside_client::{
    accounts::{self, Mint},
    amount, pda,
    solana_account::Account,
    time,
    upside::{
        constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
        state::{
            Approval, Collective, Grant, Member, Position, Redemption, Round, RoundStatus, Security, Subscription,
            Vault,
        },
    },
};

use crate::{
    app::{symbol_of, App},
    failure::Result,
    output::{self, clean, short, Canvas},
};

const SOL_DECIMALS: u8 = 9;

/// One field that changes.
pub struct Change {
    /// The field.
    pub field: &'static str,
    /// Its value before; `None` if the account does not exist.
    pub before: Option<String>,
    /// Its value after; `None` if the account will not exist.
    pub after: Option<String>,
}

/// One account that changes.
pub struct Effect {
    /// The account.
    pub address: Pubkey,
    /// What it is.
    pub what: String,
    /// What changes.
    pub changes: Vec<Change>,
}

/// What an account says, field by field.
struct Reading {
    what: String,
    fields: Vec<(&'static str, String)>,
}

/// Reads accounts with the names of mints and securities, which the transaction itself may create.
struct Reader<'a> {
    app: &'a App,
    mints: BTreeMap<Pubkey, Mint>,
    securities: BTreeMap<Pubkey, Security>,
    rounds: BTreeMap<Pubkey, Round>,
}

/// What people call a status; nothing of a later version of the program.
fn round_status(round: &Round) -> &'static str {
    [
        (RoundStatus::Open, "not decided"),
        (RoundStatus::Succeeded, "succeeded"),
        (RoundStatus::Failed, "failed"),
        (RoundStatus::Cancelled, "cancelled"),
    ]
    .into_iter()
    .find(|(status, _)| round.is(*status))
    .map_or("unknown", |(_, name)| name)
}

impl Reader<'_> {
    fn mint(&mut self, address: &Pubkey) -> Result<Mint> {
        if let Some(mint) = self.mints.get(address) {
            return Ok(mint.clone());
        }
        let mint = self.app.mint(address)?;
        self.mints.insert(*address, mint.clone());
        Ok(mint)
    }

    fn security(&mut self, address: &Pubkey) -> Result<Security> {
        if let Some(security) = self.securities.get(address) {
            return Ok(*security);
        }
        let security = accounts::get_security(self.app.sender()?, address)?;
        self.securities.insert(*address, security);
        Ok(security)
    }

    /// An amount of a mint with its symbol.
    fn amount(&mut self, mint: &Pubkey, atoms: impl Into<u128>) -> Result<String> {
        let read = self.mint(mint)?;
        Ok(format!(
            "{} {}",
            amount::to_text(atoms, read.decimals),
            symbol_of(mint, &read)
        ))
    }

    fn read(&mut self, address: &Pubkey, account: &Account) -> Result<Reading> {
        let program = account.owner;
        if program == upside_client::upside::ID {
            return self.read_ours(address, account);
        }
        if program == TOKEN_PROGRAM_ID || program == TOKEN_2022_PROGRAM_ID {
            if let Ok(token) = accounts::read_token_account(address, account) {
                let owner = token.owner;
                let registered = self
                    .securities
                    .keys()
                    .any(|security| pda::registered(&pda::position(security, &owner)) == *address);
                return Ok(Reading {
                    what: format!(
                        "{} of {}",
                        if registered {
                            "registered account"
                        } else {
                            "token account"
                        },
                        self.name(&owner)
                    ),
                    fields: vec![
                        ("balance", self.amount(&token.mint, token.amount)?),
                        ("frozen", if token.frozen { "yes" } else { "no" }.to_owned()),
                    ],
                });
            }
            let mint = accounts::read_mint(address, account)?;
            let mut fields = vec![("supply", amount::to_text(mint.supply, mint.decimals))];
            if let Some(metadata) = &mint.metadata {
                fields.push(("name", clean(&metadata.name)));
                fields.push(("symbol", clean(&metadata.symbol)));
                fields.push(("uri", clean(&metadata.uri)));
            }
            return Ok(Reading {
                what: format!("mint {}", symbol_of(address, &mint)),
                fields,
            });
        }
        Ok(Reading {
            what: "wallet".to_owned(),
            fields: vec![("SOL", amount::to_text(account.lamports, SOL_DECIMALS))],
        })
    }

    /// What people call an owner: the security whose account it is, else the shortened address.
    fn name(&mut self, owner: &Pubkey) -> String {
        match self.securities.get(owner).copied() {
            Some(security) => match self.mint(&security.mint) {
                Ok(mint) => format!("security {}", symbol_of(&security.mint, &mint)),
                Err(_) => short(owner),
            },
            None => short(owner),
        }
    }

    fn read_ours(&mut self, address: &Pubkey, account: &Account) -> Result<Reading> {
        if let Ok(s) = accounts::decode::<Security>(address, account) {
            let payout = s.payout_mint;
            let never = |key: Pubkey| {
                if key == Pubkey::default() {
                    "nobody".to_owned()
                } else {
                    key.to_string()
                }
            };
            return Ok(Reading {
                what: self.name_security(&s)?,
                fields: vec![
                    ("issuer", s.issuer.to_string()),
                    ("proposed issuer", never(s.pending_issuer)),
                    ("authorised", self.amount(&s.mint, s.authorised_atoms)?),
                    ("issued", self.amount(&s.mint, s.issued_atoms)?),
                    ("promised", self.amount(&s.mint, s.reserved_atoms)?),
                    ("registered", self.amount(&s.mint, s.registered_atoms)?),
                    ("redeemed in all", self.amount(&s.mint, s.redeemed_total_atoms)?),
                    ("received in all", self.amount(&payout, s.received_total_atoms.get())?),
                    ("stream to drip", self.amount(&payout, s.stream().undripped())?),
                    ("stream ends", time::date_to_text(s.stream_end_ts)),
                    ("redemption opens", time::date_to_text(s.redeem_after_ts)),
                    ("vaults", s.vault_count.to_string()),
                ],
            });
        }
        if let Ok(p) = accounts::decode::<Position>(address, account) {
            let s = self.security(&p.security)?;
            return Ok(Reading {
                what: format!("position of {}", short(&p.holder)),
                fields: vec![
                    ("shares", self.amount(&s.mint, p.shares_atoms)?),
                    (
                        "settled and owed",
                        self.amount(&s.payout_mint, upside_client::upside_math::payable(p.accrued_x64.get()))?,
                    ),
                    ("claimed in all", self.amount(&s.payout_mint, p.claimed_total_atoms)?),
                    ("payout account", p.payout_account.to_string()),
                ],
            });
        }
        if let Ok(v) = accounts::decode::<Vault>(address, account) {
            return Ok(Reading {
                what: format!("vault of {}", short(&v.security)),
                fields: vec![
                    ("asset", v.asset_mint.to_string()),
                    ("deposited in all", self.amount(&v.asset_mint, v.deposited_total_atoms)?),
                    ("shares collected", {
                        let mint = self.security(&v.security)?.mint;
                        self.amount(&mint, v.collected_total_atoms)?
                    }),
                ],
            });
        }
        if let Ok(r) = accounts::decode::<Redemption>(address, account) {
            let mint = self.security(&r.security)?.mint;
            return Ok(Reading {
                what: format!("ticket {} of {}", r.id, short(&r.holder)),
                fields: vec![
                    ("shares burnt", self.amount(&mint, r.shares_atoms)?),
                    (
                        "left to collect",
                        format!("{} of {} assets", r.uncollected(), r.vault_count),
                    ),
                ],
            });
        }
        if let Ok(g) = accounts::decode::<Grant>(address, account) {
            let mint = self.security(&g.security)?.mint;
            let yes = |flag: u8| if flag == 1 { "yes" } else { "no" }.to_owned();
            let mut fields = vec![
                ("amount", self.amount(&mint, g.amount_atoms)?),
                ("claimed", self.amount(&mint, g.claimed_atoms)?),
                ("starts", time::date_to_text(g.start_ts)),
                ("cliff", time::date_to_text(g.cliff_ts)),
                ("ends", time::date_to_text(g.end_ts)),
                ("revocable", yes(g.revocable)),
                ("revoked", yes(g.revoked)),
            ];
            if g.is_milestone() {
                fields.extend([
                    ("approver", g.approver.to_string()),
                    ("deadline", time::date_to_text(g.deadline_ts)),
                    ("approved", yes(g.approved)),
                ]);
            }
            return Ok(Reading {
                what: format!("grant {} of {}", g.id, short(&g.recipient)),
                fields,
            });
        }
        if let Ok(r) = accounts::decode::<Round>(address, account) {
            let s = self.security(&r.security)?;
            let money = s.payout_mint;
            return Ok(Reading {
                what: format!("round {} of {}", r.id, self.name_security(&s)?),
                fields: vec![
                    ("status", round_status(&r).to_owned()),
                    ("for sale", self.amount(&s.mint, r.for_sale_atoms)?),
                    ("price", self.amount(&money, r.price_atoms)?),
                    ("minimum", self.amount(&s.mint, r.minimum_atoms)?),
                    ("opens", time::date_to_text(r.opens_ts)),
                    ("binds", time::date_to_text(r.commit_ts)),
                    ("closes", time::date_to_text(r.closes_ts)),
                    ("wanted by all", self.amount(&s.mint, r.total_wanted_atoms.get())?),
                    ("still promised", self.amount(&s.mint, r.reserved_left_atoms)?),
                    ("money", self.amount(&money, r.money_atoms)?),
                    ("raised", self.amount(&money, r.raised_atoms)?),
                    ("refunds booked", self.amount(&money, r.refunds_atoms)?),
                    ("became backing", self.amount(&money, r.backed_atoms)?),
                    ("reached issuer", self.amount(&money, r.released_atoms)?),
                ],
            });
        }
        if let Ok(u) = accounts::decode::<Subscription>(address, account) {
            let round = match self.rounds.get(&u.round) {
                Some(round) => *round,
                None => accounts::get(self.app.sender()?, &u.round)?,
            };
            let s = self.security(&round.security)?;
            return Ok(Reading {
                what: format!("subscription of {}", short(&u.investor)),
                fields: vec![
                    ("wanted", self.amount(&s.mint, u.wanted_atoms)?),
                    ("at most", self.amount(&s.mint, u.cap_atoms)?),
                    ("paid", self.amount(&s.payout_mint, u.paid_atoms)?),
                    ("refund booked", self.amount(&s.payout_mint, u.refund_atoms)?),
                    ("settled", if u.settled == 1 { "yes" } else { "no" }.to_owned()),
                ],
            });
        }
        if let Ok(c) = accounts::decode::<Collective>(address, account) {
            let s = self.security(&c.security)?;
            return Ok(Reading {
                what: format!("rule of {}", self.name_security(&s)?),
                fields: vec![
                    (
                        "each gives",
                        format!("{}% of what it may issue", amount::to_plain(c.contribution_bps, 2)),
                    ),
                    ("each receives", self.amount(&s.mint, c.shares_atoms)?),
                    ("cliff after", time::duration_to_text(c.cliff_seconds)),
                    ("vested after", time::duration_to_text(c.vesting_seconds)),
                    ("members", c.members.to_string()),
                ],
            });
        }
        if let Ok(m) = accounts::decode::<Member>(address, account) {
            let held = self.security(&m.member_security)?;
            return Ok(Reading {
                what: format!("application of {}", self.name_security(&held)?),
                fields: vec![
                    (
                        "status",
                        accounts::status_of(&m)
                            .map_or("of a later version", crate::commands::collective::status_name)
                            .to_owned(),
                    ),
                    ("gives", self.amount(&held.mint, m.contribution_atoms)?),
                    ("applied", time::date_to_text(m.applied_ts)),
                    ("consent until", time::date_to_text(m.expires_ts)),
                ],
            });
        }
        let approval = accounts::decode::<Approval>(address, account)?;
        Ok(Reading {
            what: format!("approval of {}", short(&approval.holder)),
            fields: vec![("may receive", "yes".to_owned())],
        })
    }

    fn name_security(&mut self, security: &Security) -> Result<String> {
        let mint = self.mint(&security.mint)?;
        Ok(format!("security {}", symbol_of(&security.mint, &mint)))
    }
}

/// What changes between two states of the same accounts.
pub fn between(
    app: &App,
    addresses: &[Pubkey],
    before: &[Option<Account>],
    after: &[Option<Account>],
) -> Result<Vec<Effect>> {
    let mut reader = Reader {
        app,
        mints: BTreeMap::new(),
        securities: BTreeMap::new(),
        rounds: BTreeMap::new(),
    };
    for (address, account) in addresses.iter().zip(after) {
        let Some(account) = account else { continue };
        if let Ok(security) = accounts::decode::<Security>(address, account) {
            reader.securities.insert(*address, security);
        } else if let Ok(round) = accounts::decode::<Round>(address, account) {
            reader.rounds.insert(*address, round);
        } else if let Ok(mint) = accounts::read_mint(address, account) {
            reader.mints.insert(*address, mint);
        }
    }
    let exists = |account: &&Account| account.lamports > 0;
    let mut effects = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        let old = before[index].as_ref().filter(exists);
        let new = after[index].as_ref().filter(exists);
        if old.map(|a| (&a.data, a.owner)) == new.map(|a| (&a.data, a.owner))
            && old.map(|a| a.lamports) == new.map(|a| a.lamports)
        {
            continue;
        }
        let old = old.map(|account| reader.read(address, account)).transpose()?;
        let new = new.map(|account| reader.read(address, account)).transpose()?;
        effects.extend(effect(*address, old, new));
    }
    Ok(effects)
}

fn effect(address: Pubkey, old: Option<Reading>, new: Option<Reading>) -> Option<Effect> {
    let what = new.as_ref().or(old.as_ref())?.what.clone();
    let (old, new) = (old.map(|r| r.fields), new.map(|r| r.fields));
    let value = |fields: &Option<Vec<(&'static str, String)>>, field: &str| {
        fields
            .as_ref()
            .and_then(|fields| fields.iter().find(|(name, _)| *name == field))
            .map(|(_, value)| value.clone())
    };
    let names: Vec<&'static str> = new.as_ref().or(old.as_ref())?.iter().map(|(name, _)| *name).collect();
    let changes: Vec<Change> = names
        .into_iter()
        .map(|field| Change {
            field,
            before: value(&old, field),
            after: value(&new, field),
        })
        .filter(|change| change.before != change.after)
        .collect();
    (!changes.is_empty()).then_some(Effect { address, what, changes })
}

/// The changes for people.
pub fn lines(canvas: Canvas, effects: &[Effect]) -> Vec<String> {
    let mut lines = Vec::new();
    for effect in effects {
        lines.push(format!(
            "{}  {}",
            canvas.bold(&effect.what),
            canvas.dim(&effect.address.to_string())
        ));
        for change in &effect.changes {
            let before = change.before.as_deref().unwrap_or("—");
            let after = change.after.as_deref().unwrap_or("—");
            lines.push(format!(
                "  {} {} {} {}",
                output::left(change.field, 18),
                before,
                canvas.dim("→"),
                canvas.accent(after)
            ));
        }
    }
    if lines.is_empty() {
        lines.push("Nothing would change.".to_owned());
    }
    lines
}

/// The changes for programs.
pub fn to_json(effects: &[Effect]) -> Value {
    effects
        .iter()
        .map(|effect| {
            json!({
                "account": effect.address.to_string(),
                "what": effect.what,
                "changes": effect.changes.iter().map(|change| json!({
                    "field": change.field,
                    "before": change.before,
                    "after": change.after,
                })).collect::<Vec<_>>(),
            })
        })
        .collect()
}
