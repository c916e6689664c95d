//! `upside grant list`

use std::collections::{btree_map::Entry, BTreeMap};

use anchor_lang::prelude::Pubkey;
use clap::Args;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    quote::{self, GrantStatus},
    time::{countdown, date_to_text},
    upside::state::Grant,
    Sender,
};

use super::grants_to;
use crate::{
    app::{App, Token},
    failure::Result,
    output::{self, amount_json, short},
};

/// `grant list`
#[derive(Debug, Args)]
pub struct List {
    /// Share mint; without it, grants of every security to you or `--for`.
    token: Option<Pubkey>,
    /// Only grants to this wallet.
    #[arg(long = "for", value_name = "WALLET")]
    wallet: Option<Pubkey>,
    /// Milestones that this wallet approves, of every security.
    #[arg(long, value_name = "WALLET", conflicts_with_all = ["token", "wallet"])]
    approver: Option<Pubkey>,
}

/// When shares vest.
pub fn schedule(start_ts: i64, cliff_ts: i64, end_ts: i64) -> String {
    if end_ts == start_ts {
        return format!("Everything vests at {}.", date_to_text(start_ts));
    }
    let line = format!(
        "They vest in a line from {} to {}",
        date_to_text(start_ts),
        date_to_text(end_ts)
    );
    if cliff_ts == start_ts {
        format!("{line}.")
    } else {
        format!("{line}, and nothing before the cliff at {}.", date_to_text(cliff_ts))
    }
}

/// What comes next for a grant.
fn next(grant: &Grant, status: GrantStatus, now: i64) -> String {
    let until = |what: &str, ts: i64| format!("{what} in {}", countdown(ts - now));
    match status {
        GrantStatus::Announced => until("starts", grant.start_ts),
        GrantStatus::AwaitingApproval => until("lapses", grant.deadline_ts),
        GrantStatus::BeforeCliff => until("cliff", grant.cliff_ts),
        GrantStatus::Vesting => until("ends", grant.end_ts),
        GrantStatus::Lapsed => "can be closed".to_owned(),
        GrantStatus::Vested | GrantStatus::Revoked if grant.claimed_atoms == grant.amount_atoms => {
            "can be closed".to_owned()
        }
        GrantStatus::Vested | GrantStatus::Revoked => "can be claimed".to_owned(),
    }
}

/// A grant for programs.
pub fn grant_json(token: &Token, address: &Pubkey, grant: &Grant, now: i64) -> Value {
    let quoted = quote::grant(grant, now);
    let shares = |atoms: u64| amount_json(atoms, token.security.decimals);
    let milestone = grant.is_milestone();
    json!({
        "mint": token.keys.mint.to_string(),
        "symbol": token.symbol,
        "grant": address.to_string(),
        "recipient": grant.recipient.to_string(),
        "id": grant.id,
        "status": quoted.status.name(),
        "amount": shares(grant.amount_atoms),
        "vested": shares(quoted.vested_atoms),
        "claimed": shares(quoted.claimed_atoms),
        "claimable": shares(quoted.claimable_atoms),
        "promised": shares(quoted.promised_atoms),
        "announced": date_to_text(grant.announced_ts),
        "start": date_to_text(grant.start_ts),
        "cliff": date_to_text(grant.cliff_ts),
        "end": date_to_text(grant.end_ts),
        "revocable": grant.revocable == 1,
        "approver": milestone.then(|| grant.approver.to_string()),
        "deadline": milestone.then(|| date_to_text(grant.deadline_ts)),
        "approved": grant.approved == 1,
        "closable": quoted.closable,
    })
}

/// Lists grants.
pub fn run(app: &App, args: &List) -> Result<()> {
    let sender = app.sender()?;
    let now = sender.now()?;
    let (found, nothing) = match (&args.token, &args.approver) {
        (Some(token), _) => {
            let token = app.token(token)?;
            let found = grants_to(app, &token, args.wallet.as_ref())?;
            (found, format!("There are no open grants of {} here.", token.symbol))
        }
        (None, Some(approver)) => (
            accounts::grants_of_approver(sender, approver)?,
            format!("No open milestone names {approver} on this cluster."),
        ),
        (None, None) => {
            let wallet = match args.wallet {
                Some(wallet) => wallet,
                None => app.viewer()?,
            };
            (
                accounts::grants_of_recipient(sender, &wallet)?,
                format!("{wallet} has no open grants on this cluster."),
            )
        }
    };
    let mut tokens: BTreeMap<Pubkey, Token> = BTreeMap::new();
    for (_, grant) in &found {
        if let Entry::Vacant(place) = tokens.entry(grant.security) {
            place.insert(app.token(&grant.security)?);
        }
    }
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (address, grant) in &found {
        let Some(token) = tokens.get(&grant.security) else {
            continue;
        };
        let quoted = quote::grant(grant, now);
        let shares = |atoms: u64| amount::to_text(atoms, token.security.decimals);
        rows.push(vec![
            short(&grant.recipient),
            grant.id.to_string(),
            format!("{} {}", shares(grant.amount_atoms), token.symbol),
            shares(quoted.vested_atoms),
            shares(quoted.claimed_atoms),
            shares(quoted.claimable_atoms),
            quoted.status.name().to_owned(),
            next(grant, quoted.status, now),
        ]);
        values.push(grant_json(token, address, grant, now));
    }
    let lines = if rows.is_empty() {
        vec![nothing]
    } else {
        let head = [
            "Recipient",
            "Id",
            "Amount",
            "Vested",
            "Claimed",
            "Claimable",
            "Status",
            "Next",
        ];
        output::table(app.canvas, &head, &[1, 2, 3, 4, 5], &rows)
    };
    output::print(
        app.global.output,
        &lines,
        &json!({ "now": date_to_text(now), "grants": values }),
    );
    Ok(())
}
