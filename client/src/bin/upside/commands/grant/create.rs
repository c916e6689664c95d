//! `upside grant create`

use anchor_lang::prelude::Pubkey;
use clap::Args;
use serde_json::json;
use upside_client::{
    instructions::CreateGrant,
    quote,
    time::{self, date_to_text},
    upside::instructions::grant::CreateGrantArgs,
    Sender,
};

use super::{cannot_receive, dilution_sentence, earliest_start, grants_to, promise_sentences, too_early};
use crate::{
    app::{positive, App, Token},
    commands::print_done,
    failure::{Failure, Result},
    output::amount_json,
    plan::{carry_out, Plan},
};

/// Seconds that pass between the choice of the earliest start and the signature.
pub const SIGNING_SECONDS: i64 = 600;
/// As [`SIGNING_SECONDS`], when others must sign first.
pub const EXPORT_SECONDS: i64 = 3 * 86_400;

/// `grant create`
#[derive(Debug, Args)]
pub struct Create {
    /// Share mint.
    token: Pubkey,
    /// Who receives: a wallet, or a multisig.
    recipient: Pubkey,
    /// Shares.
    amount: String,
    /// When the line of vesting starts: a date, or a duration from now [default: as soon as the notice allows].
    #[arg(long, value_name = "DATE|DURATION")]
    start: Option<String>,
    /// Nothing vests before: a date, or a duration after the start [default: the start].
    #[arg(long, value_name = "DATE|DURATION")]
    cliff: Option<String>,
    /// Everything has vested: a date, or a duration after the start [default for a milestone: the cliff].
    #[arg(long, value_name = "DATE|DURATION", required_unless_present = "approver")]
    end: Option<String>,
    /// Make it a milestone that this key must approve.
    #[arg(long, value_name = "PUBKEY", requires = "deadline")]
    approver: Option<Pubkey>,
    /// The approver must sign before: a date, or a duration from now.
    #[arg(long, value_name = "DATE|DURATION", requires = "approver")]
    deadline: Option<String>,
    /// Keep the right to revoke what has not vested; this never changes.
    #[arg(long)]
    revocable: bool,
    /// Its number among the recipient's grants [default: the next one].
    #[arg(long)]
    id: Option<u64>,
}

/// What was asked for, as the program wants it.
fn args_of(app: &App, token: &Token, asked: &Create, now: i64, earliest: Option<i64>) -> Result<CreateGrantArgs> {
    let start_ts = match &asked.start {
        Some(text) => time::parse_date_or_after(text, now)?,
        None => match earliest {
            Some(earliest) if app.global.sends_nothing() => earliest + EXPORT_SECONDS,
            Some(earliest) => earliest + SIGNING_SECONDS,
            None => now,
        },
    };
    let after = |text: &Option<String>, otherwise: i64| match text {
        Some(text) => time::parse_date_or_after(text, start_ts),
        None => Ok(otherwise),
    };
    let cliff_ts = after(&asked.cliff, start_ts)?;
    let end_ts = after(&asked.end, cliff_ts)?;
    if cliff_ts < start_ts || end_ts < cliff_ts {
        return Err(Failure::input(format!(
            "the grant would start at {}, have its cliff at {} and end at {}",
            date_to_text(start_ts),
            date_to_text(cliff_ts),
            date_to_text(end_ts)
        ))
        .remedy("a grant starts, then reaches its cliff, then ends"));
    }
    let deadline_ts = match &asked.deadline {
        Some(text) => time::parse_date_or_after(text, now)?,
        None => 0,
    };
    if asked.approver.is_some() && deadline_ts <= now {
        return Err(Failure::input(format!(
            "the deadline {} has passed",
            date_to_text(deadline_ts)
        )));
    }
    let taken: Vec<u64> = grants_to(app, token, Some(&asked.recipient))?
        .iter()
        .map(|(_, grant)| grant.id)
        .collect();
    let id = match asked.id {
        Some(id) if taken.contains(&id) => {
            return Err(Failure::input(format!(
                "{} has a grant {id} of {} already",
                asked.recipient, token.symbol
            ))
            .remedy("leave --id away"))
        }
        Some(id) => id,
        None => taken.iter().max().map_or(0, |last| last.saturating_add(1)),
    };
    Ok(CreateGrantArgs {
        id,
        amount: positive(&asked.amount, token.security.decimals)?,
        start_ts,
        cliff_ts,
        end_ts,
        revocable: asked.revocable,
        approver: asked.approver.unwrap_or_default(),
        deadline_ts,
    })
}

/// Creates one grant.
pub fn run(app: &App, asked: &Create) -> Result<()> {
    let token = app.token(&asked.token)?;
    let now = app.sender()?.now()?;
    let earliest = earliest_start(app, &token, now)?;
    let args = args_of(app, &token, asked, now, earliest)?;
    let actor = app.signing_actor()?;
    if let Some(problem) = cannot_receive(app, &[asked.recipient])?.pop().flatten() {
        return Err(Failure::input(problem).remedy("name a wallet or a multisig"));
    }
    if let Some(problem) = too_early(&token, args.start_ts, earliest) {
        return Err(Failure::input(problem).remedy("leave --start away for the earliest start, or name a later one"));
    }
    let left = quote::capacity_left(&token.security);
    if args.amount > left {
        return Err(Failure::input(format!(
            "{} can still be promised, less than {}",
            token.shares(left),
            token.shares(args.amount)
        ))
        .remedy("promise less: what is authorised never grows"));
    }
    let mut irreversible = promise_sentences(&token, &asked.recipient, &args, now);
    irreversible.push(match earliest {
        Some(_) => format!(
            "Others hold {}, so grants start at the earliest {} after their announcement.",
            token.symbol,
            time::duration_to_text(token.security.notice_seconds)
        ),
        None => format!("You hold every {} there is, so no notice is due.", token.symbol),
    });
    let before = token.mint.supply.saturating_add(token.security.reserved_atoms);
    irreversible.push(dilution_sentence(&token, before, args.amount));
    let plan = Plan {
        what: format!("Promise {} to {}", token.shares(args.amount), asked.recipient),
        irreversible,
        instructions: vec![CreateGrant {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            recipient: asked.recipient,
            args,
        }
        .instruction()],
        actor,
        expects: "GrantCreated",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let address = token.keys.grant(&asked.recipient, args.id);
    let mut lines = vec![
        format!("Promised {} to {}.", token.shares(args.amount), asked.recipient),
        format!("  grant {}  {address}", args.id),
        format!("  {}", super::schedule_of(&args)),
    ];
    if let Some(approver) = asked.approver {
        lines.push(format!(
            "  {approver} must first run `upside grant approve {} {}`, before {}.",
            token.keys.mint,
            asked.recipient,
            date_to_text(args.deadline_ts)
        ));
    }
    print_done(
        app,
        &receipt,
        &lines,
        json!({
            "mint": token.keys.mint.to_string(),
            "grant": address.to_string(),
            "recipient": asked.recipient.to_string(),
            "id": args.id,
            "amount": amount_json(args.amount, token.security.decimals),
            "start": date_to_text(args.start_ts),
            "cliff": date_to_text(args.cliff_ts),
            "end": date_to_text(args.end_ts),
            "approver": asked.approver.map(|approver| approver.to_string()),
            "deadline": asked.approver.map(|_| date_to_text(args.deadline_ts)),
            "revocable": args.revocable,
            "terms": plan.irreversible,
        }),
    );
    Ok(())
}
