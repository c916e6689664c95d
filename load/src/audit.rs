//! What is on the chain beside what was acknowledged: every share and every atom of money.

use std::{collections::BTreeMap, thread};

use anchor_lang::prelude::Pubkey;
use anyhow::Result;
use serde::Serialize;
use upside_client::{
    accounts,
    events::Event,
    quote,
    replay::{history_of, Replay},
    sender::RpcSender,
    solana_signer::Signer,
    upside_math::payable,
    SecurityKeys, Sender,
};

use crate::{
    link::{Ended, Link},
    market::{reader, Market, HOLDER_ATOMS, PAYER_ATOMS, VAULT_ATOMS},
    run::{Effect, Sample},
};

/// What the audit found.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// Events read back from the histories of all securities.
    pub events: usize,
    /// Transactions whose end nobody had said, and that turned out to have landed.
    pub landed_unseen: usize,
    /// Payout atoms that were paid in.
    pub paid_in_atoms: u64,
    /// Payout atoms that reached holders.
    pub claimed_atoms: u64,
    /// Payout atoms in the payout vaults: dripped and not claimed, and not dripped yet.
    pub waiting_atoms: u64,
    /// What is not as it must be, one sentence each.
    pub findings: Vec<String>,
}

/// What the acknowledgements say.
struct Books {
    /// Share atoms by holder.
    shares: Vec<i128>,
    /// Payout atoms left by payer.
    money: Vec<u64>,
    landed_unseen: usize,
}

impl Books {
    /// Asks once more about whatever ended unknown.
    fn of(market: &Market, samples: &[Sample], link: &Link) -> Self {
        let mut books = Self {
            shares: vec![i128::from(HOLDER_ATOMS); market.holders.len()],
            money: vec![PAYER_ATOMS; market.payers.len()],
            landed_unseen: 0,
        };
        for sample in samples {
            match sample.ended {
                Ended::Done => {}
                Ended::Refused(_) => continue,
                Ended::Unknown(_) if link.end_of(&sample.signature) == Ended::Done => books.landed_unseen += 1,
                Ended::Unknown(_) => continue,
            }
            match sample.effect {
                Effect::None => {}
                Effect::Moved { from, to, atoms } => {
                    books.shares[from] -= i128::from(atoms);
                    books.shares[to] += i128::from(atoms);
                }
                Effect::Paid { payer, atoms } => books.money[payer] -= atoms,
            }
        }
        books
    }
}

/// What one security's audit adds.
struct Part {
    events: usize,
    claimed: BTreeMap<Pubkey, u64>,
    vault_atoms: u64,
    findings: Vec<String>,
}

/// Compares the network at `url` with what was acknowledged.
///
/// # Errors
/// When the network does not answer.
pub fn audit(market: &Market, samples: &[Sample], url: &str) -> Result<Audit> {
    let books = Books::of(market, samples, &Link::new(url));
    let parts = thread::scope(|scope| {
        let threads: Vec<_> = (0..market.securities.len())
            .map(|index| {
                let books = &books;
                scope.spawn(move || security(market, index, books, url))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("an auditor does not panic"))
            .collect::<Result<Vec<_>>>()
    })?;
    let mut audit = Audit {
        landed_unseen: books.landed_unseen,
        ..Audit::default()
    };
    let mut claimed: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for part in parts {
        audit.events += part.events;
        audit.waiting_atoms += part.vault_atoms;
        audit.findings.extend(part.findings);
        for (holder, atoms) in part.claimed {
            *claimed.entry(holder).or_default() += atoms;
        }
    }
    let keys = &market.securities[0];
    let sender = reader(url)?;
    let holders: Vec<Pubkey> = market.holders.iter().map(|holder| holder.key.pubkey()).collect();
    for (holder, atoms) in holders.iter().zip(balances(&sender, keys, &holders)?) {
        audit.claimed_atoms += atoms;
        if atoms != claimed.get(holder).copied().unwrap_or_default() {
            audit
                .findings
                .push(format!("{holder} has other money than its claims have paid"));
        }
    }
    let payers: Vec<Pubkey> = market.payers.iter().map(Signer::pubkey).collect();
    for ((payer, atoms), expected) in payers.iter().zip(balances(&sender, keys, &payers)?).zip(&books.money) {
        audit.paid_in_atoms += PAYER_ATOMS - atoms;
        if atoms != *expected {
            audit.findings.push(format!(
                "payer {payer} has {atoms} atoms, and {expected} by what was acknowledged"
            ));
        }
    }
    if audit.paid_in_atoms != audit.claimed_atoms + audit.waiting_atoms {
        audit.findings.push(format!(
            "{} atoms were paid in, {} were claimed, and {} are waiting",
            audit.paid_in_atoms, audit.claimed_atoms, audit.waiting_atoms
        ));
    }
    Ok(audit)
}

/// What the payout accounts of `owners` hold.
fn balances(sender: &RpcSender, keys: &SecurityKeys, owners: &[Pubkey]) -> Result<Vec<u64>> {
    let addresses: Vec<Pubkey> = owners.iter().map(|owner| keys.payout_account(owner)).collect();
    let accounts = sender.get_multiple_accounts(&addresses)?;
    let amounts = addresses.iter().zip(accounts).map(|(address, account)| {
        let account = account.map(|account| accounts::read_token_account(address, &account));
        Ok(account.transpose()?.map_or(0, |account| account.amount))
    });
    amounts.collect()
}

/// One security: its history replayed, its shares holder by holder, its money.
fn security(market: &Market, index: usize, books: &Books, url: &str) -> Result<Part> {
    let sender = reader(url)?;
    let keys = &market.securities[index];
    let history = history_of(&sender, &keys.security)?;
    let mut findings = match Replay::of(&history) {
        Ok(replay) => replay.differences(&sender)?,
        Err(error) => vec![error.to_string()],
    };
    let mut claimed: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for record in &history {
        if let Event::UpsideClaimed(claim) = &record.event {
            *claimed.entry(claim.holder).or_default() += claim.amount_atoms;
        }
    }
    let mut expected: BTreeMap<Pubkey, i128> = market
        .holders
        .iter()
        .zip(&books.shares)
        .filter(|(holder, _)| holder.security == index)
        .map(|(holder, atoms)| (holder.key.pubkey(), *atoms))
        .collect();
    expected.insert(market.issuer.pubkey(), 0);
    if index < market.size.lower {
        expected.insert(market.upper().vault(&keys.mint), i128::from(VAULT_ATOMS));
    }
    let security = accounts::get_security(&sender, &keys.security)?;
    let positions = accounts::positions_of(&sender, &keys.security)?;
    let now = sender.now()?;
    let mut owed = u128::from(quote::stream(&security, now)?.undripped_atoms);
    let mut registered = 0u128;
    for (_, position) in &positions {
        let atoms = expected.remove(&position.holder);
        if atoms != Some(i128::from(position.shares_atoms)) {
            findings.push(format!(
                "{} has {} share atoms of {}, and by what was acknowledged {atoms:?}",
                position.holder, position.shares_atoms, keys.mint
            ));
        }
        registered += u128::from(position.shares_atoms);
        let mut settled = *position;
        settled.settle(security.upside_per_share_at(now)?)?;
        owed += u128::from(payable(settled.accrued_x64.get()));
    }
    for (holder, atoms) in expected.into_iter().filter(|(_, atoms)| *atoms != 0) {
        findings.push(format!(
            "{holder} has no position in {} and should have {atoms} atoms",
            keys.mint
        ));
    }
    if registered != u128::from(security.registered_atoms) || security.registered_atoms != security.issued_atoms {
        findings.push(format!("the shares of {} do not add up", keys.mint));
    }
    let vault_atoms = accounts::token_balance(&sender, &keys.payout_vault())?;
    // Each position keeps a fraction of an atom, and so does the stream.
    let most = owed + positions.len() as u128 + 2;
    if u128::from(vault_atoms) < owed || u128::from(vault_atoms) > most {
        findings.push(format!(
            "the payout vault of {} holds {vault_atoms} atoms, and between {owed} and {most} are owed",
            keys.mint
        ));
    }
    Ok(Part {
        events: history.len(),
        claimed,
        vault_atoms,
        findings,
    })
}
