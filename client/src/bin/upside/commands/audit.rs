//! `upside audit`

use anchor_lang::prelude::Pubkey;
use serde_json::json;
use upside_client::{
    accounts, pda, quote,
    replay::{history_of, Replay},
    sender::RpcSender,
    upside::state::Security,
    upside_math::payable,
    ClientError, Sender,
};

use crate::{
    app::{App, Token},
    failure::{Failure, Reason, Result},
    output,
};

/// How often a history that grew during the comparison is read again.
const ATTEMPTS: usize = 3;

/// `audit`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: upside audit MINT && echo sound")]
pub struct Args {
    /// Share mint of the security.
    token: Pubkey,
}

/// Runs `upside audit`.
pub fn run(app: &App, args: &Args) -> Result<()> {
    let token = app.token(&args.token)?;
    let sender = app.sender()?;
    let mut findings = Vec::new();
    let mut events = 0;
    for attempt in 1..=ATTEMPTS {
        let history = history_of(sender, &token.keys.security)?;
        events = history.len();
        findings = match Replay::of(&history) {
            Ok(replay) if replay.securities.contains_key(&token.keys.security) => replay.differences(sender)?,
            Ok(_) => vec!["the history does not begin with the creation of the security".to_owned()],
            Err(error) => vec![error.to_string()],
        };
        let unchanged = history_of(sender, &token.keys.security)?.len() == events;
        if findings.is_empty() || unchanged || attempt == ATTEMPTS {
            break;
        }
    }
    let sums = if findings.is_empty() {
        sums(app, sender, &token.keys.mint)?
    } else {
        Vec::new()
    };
    findings.extend(sums);

    let sound = findings.is_empty();
    let mut lines = vec![format!("{} events of {} replayed.", events, token.symbol)];
    if sound {
        lines.push("Every live account is what its history says, byte for byte.".to_owned());
        lines.push(
            "The shares, the promises and the tickets add up, and the payout vault and the rounds cover everything that is owed."
                .to_owned(),
        );
    }
    lines.extend(
        findings
            .iter()
            .map(|finding| app.canvas.warning(&format!("  ✗ {finding}"))),
    );
    output::print(
        app.global.output,
        &lines,
        &json!({
            "mint": token.keys.mint.to_string(),
            "security": token.keys.security.to_string(),
            "events": events,
            "sound": sound,
            "differences": findings,
        }),
    );
    if sound {
        return Ok(());
    }
    Err(Failure::new(
        Reason::Difference,
        format!("{} differs from its history in {} places", token.symbol, findings.len()),
    )
    .remedy("ask another server; if it says the same, something is wrong: show this to the issuer and do not trade"))
}

/// What must add up beyond the accounts of the program, one sentence per sum that does not.
fn sums(app: &App, sender: &RpcSender, mint: &Pubkey) -> Result<Vec<String>, ClientError> {
    let mut findings = Vec::new();
    let Ok(Token { security, keys, .. }) = app.token(mint) else {
        return Ok(vec!["the security cannot be read again".to_owned()]);
    };
    let positions = accounts::positions_of(sender, &keys.security)?;
    let registered: u128 = positions
        .iter()
        .map(|(_, position)| u128::from(position.shares_atoms))
        .sum();
    if registered != u128::from(security.registered_atoms) {
        findings.push("the positions do not add up to the registered shares".to_owned());
    }
    for (_, position) in &positions {
        let account = accounts::find_token_account(sender, &keys.registered(&position.holder))?;
        let sound = match account {
            Some(account) => account.amount == position.shares_atoms && account.frozen,
            None => position.shares_atoms == 0,
        };
        if !sound {
            findings.push(format!(
                "the registered account of {} is not what the position says",
                position.holder
            ));
        }
    }
    let live = accounts::get_mint(sender, &keys.mint)?;
    if live.supply < security.registered_atoms || live.supply > security.issued_atoms {
        findings.push("the mint's supply is not between the registered and the issued shares".to_owned());
    }
    findings.extend(tickets(sender, &security)?);
    findings.extend(promises(sender, &security)?);
    findings.extend(rounds(sender, &security)?);
    // What has dripped to the positions, and all that has not: the vault must hold it.
    let now = sender.now()?;
    let mut owed = u128::from(quote::stream(&security, now)?.undripped_atoms);
    for (_, position) in &positions {
        let mut settled = *position;
        settled.settle(security.upside_per_share_at(now)?)?;
        owed += u128::from(payable(settled.accrued_x64.get()));
    }
    let held = accounts::token_balance(sender, &security.payout_vault)?;
    if u128::from(held) < owed {
        findings.push(format!("the payout vault holds {held} atoms and {owed} are owed"));
    }
    Ok(findings)
}

/// What is reserved is exactly what is promised and not issued, to grants and by rounds.
fn promises(sender: &RpcSender, security: &Security) -> Result<Vec<String>, ClientError> {
    let address = pda::security(&security.mint);
    let grants: u128 = accounts::grants_of(sender, &address)?
        .iter()
        .map(|(_, grant)| u128::from(grant.amount_atoms.saturating_sub(grant.claimed_atoms)))
        .sum();
    let rounds: u128 = accounts::rounds_of(sender, &address)?
        .iter()
        .map(|(_, round)| u128::from(round.reserved_left_atoms))
        .sum();
    let mut findings = Vec::new();
    if grants + rounds != u128::from(security.reserved_atoms) {
        findings.push("the open grants and the rounds do not add up to the shares that are promised".to_owned());
    }
    Ok(findings)
}

/// a round's money is exactly what its subscriptions have paid, what is booked as refunds, and what was raised and not paid out; its
/// account holds at least that.
fn rounds(sender: &RpcSender, security: &Security) -> Result<Vec<String>, ClientError> {
    let mut findings = Vec::new();
    let mut funded = 0u32;
    for (at, round) in accounts::rounds_of(sender, &pda::security(&security.mint))? {
        let (mut wanted, mut waiting) = (0u64, 0u128);
        for (_, subscription) in accounts::subscriptions_of(sender, &at)? {
            if subscription.settled == 1 {
                waiting += u128::from(subscription.refund_atoms);
            } else if subscription.wanted_atoms > 0 {
                wanted += 1;
                waiting += u128::from(subscription.paid_atoms);
            }
        }
        let kept = u128::from(round.raised_atoms)
            .saturating_sub(u128::from(round.backed_atoms))
            .saturating_sub(u128::from(round.released_atoms));
        if waiting + kept != u128::from(round.money_atoms) || wanted != round.unsettled {
            findings.push(format!(
                "the subscriptions to round {} are not what it counts",
                round.id
            ));
        }
        let held = accounts::token_balance(sender, &round.token_account)?;
        if held < round.money_atoms {
            findings.push(format!(
                "the account of round {} holds {held} atoms, and {} are owed",
                round.id, round.money_atoms
            ));
        }
        funded += u32::from(round.money_atoms > 0);
    }
    if funded != security.funded_rounds {
        findings.push("the security counts other rounds with money than there are".to_owned());
    }
    Ok(findings)
}

/// Every share ever redeemed has collected from a vault or is on an open ticket that still can, unless the vault was opened later.
fn tickets(sender: &RpcSender, security: &Security) -> Result<Vec<String>, ClientError> {
    let address = pda::security(&security.mint);
    let tickets = accounts::redemptions_of(sender, &address)?;
    let mut findings = Vec::new();
    for (at, vault) in accounts::vaults_of(sender, &address)? {
        let waiting: u128 = tickets
            .iter()
            .filter(|(_, ticket)| u16::from(vault.index) < ticket.vault_count && !ticket.has_collected(vault.index))
            .map(|(_, ticket)| u128::from(ticket.shares_atoms))
            .sum();
        if u128::from(vault.collected_total_atoms) + waiting != u128::from(security.redeemed_total_atoms) {
            findings.push(format!(
                "the tickets open in vault {at} are not what was redeemed and not collected"
            ));
        }
    }
    Ok(findings)
}
