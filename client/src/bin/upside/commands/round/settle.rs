//! `upside round settle` and `upside round runway`: what anybody can do for everybody.

use anchor_lang::prelude::Pubkey;
use serde_json::json;
use upside_client::{
    accounts,
    events::Event,
    instructions::{token as tokens, ReleaseRunway, SettleSubscription},
    quote::{self, RoundPhase},
    time::{countdown, date_to_text},
    upside::state::{Position, Round, Subscription},
    Sender,
};

use super::{chosen, name_of, Choice};
use crate::{
    app::App,
    commands::print_done,
    failure::{Failure, Result},
    output::{self, amount_json, counted, short},
    pieces::{self, check_lamports, Check, Piece},
    plan::{carry_out, Plan},
};

/// Compute units counted for one settlement that opens a position, more than it takes.
const SETTLE_COMPUTE_UNITS: u32 = 90_000;
/// Bytes of a registered account: a token account with one extension.
const REGISTERED_BYTES: usize = 170;

/// Gives everybody their shares and refunds.
pub fn settle(app: &App, choice: &Choice) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let waiting = |round: &Round, phase: RoundPhase| {
        round.unsettled > 0
            && matches!(
                phase,
                RoundPhase::Succeeded | RoundPhase::Failed | RoundPhase::Cancelled
            )
    };
    let round = chosen(
        app,
        &token,
        choice,
        waiting,
        "that is decided and has somebody to settle",
    )?;
    let now = sender.now()?;
    let name = name_of(&token, &round);
    let phase = quote::round(&round, now).phase;
    if phase == RoundPhase::Over {
        return Err(
            Failure::input(format!("{name} is not decided yet, and its time is over")).remedy(format!(
                "close it first, anybody can: `upside round close {} --id {}`",
                token.keys.mint, round.id
            )),
        );
    }
    if matches!(phase, RoundPhase::Announced | RoundPhase::Open | RoundPhase::Binding) {
        return Err(Failure::input(format!(
            "{name} takes subscriptions until {}, for {} more",
            date_to_text(round.closes_ts),
            countdown(round.closes_ts - now)
        ))
        .remedy("wait until then"));
    }
    let mut subscriptions: Vec<Subscription> = accounts::subscriptions_of(sender, &token.keys.round(round.id))?
        .into_iter()
        .map(|(_, subscription)| subscription)
        .filter(|subscription| subscription.settled == 0 && subscription.wanted_atoms > 0)
        .collect();
    subscriptions.sort_by_key(|subscription| subscription.investor);
    if subscriptions.is_empty() {
        output::print(
            app.global.output,
            &[format!("Everybody of {name} is settled.")],
            &json!({
                "mint": token.keys.mint.to_string(),
                "round": round.id,
                "settled": [],
                "settled_by_others": 0,
                "refused": [],
                "transactions": [],
            }),
        );
        return Ok(());
    }
    let payer = app.payer()?.address;
    let pieces: Vec<Piece> = subscriptions
        .iter()
        .map(|subscription| Piece {
            name: format!("{} of {name}", short(&subscription.investor)),
            instructions: vec![SettleSubscription::of(&token.keys, payer, round.id, subscription).instruction()],
            compute_units: SETTLE_COMPUTE_UNITS,
            is_done: Some(is_settled(token.keys.subscription(round.id, &subscription.investor))),
        })
        .collect();
    if phase == RoundPhase::Succeeded {
        let rent = sender.minimum_rent(Position::SPACE)? + sender.minimum_rent(REGISTERED_BYTES)?;
        check_lamports(app, rent, &pieces)?;
    }
    let what = format!("Settle {} of {name}", counted(pieces.len(), "subscription"));
    let Some(outcome) = pieces::carry_out(app, actor, what, Vec::new(), &pieces)? else {
        return Ok(());
    };
    let (mut shares, mut cost, mut refunded, mut booked) = (0u128, 0u128, 0u128, 0u128);
    let mut settled = Vec::new();
    for event in outcome.receipts.iter().flat_map(|receipt| &receipt.events) {
        let Event::SubscriptionSettled(event) = event else {
            continue;
        };
        shares += u128::from(event.allocation_atoms);
        cost += u128::from(event.cost_atoms);
        refunded += u128::from(event.refunded_atoms);
        booked += u128::from(event.refund_atoms - event.refunded_atoms);
        settled.push(json!({
            "investor": event.investor.to_string(),
            "allocation": amount_json(event.allocation_atoms, token.security.decimals),
            "cost": amount_json(event.cost_atoms, token.security.payout_decimals),
            "refund": amount_json(event.refund_atoms, token.security.payout_decimals),
            "refunded": amount_json(event.refunded_atoms, token.security.payout_decimals),
        }));
    }
    let money = |atoms: u128| app.money(&token.security, atoms);
    let mut lines = vec![
        format!(
            "Settled {} in {}.",
            counted(settled.len(), "subscription"),
            counted(outcome.receipts.len(), "transaction")
        ),
        format!(
            "{} were issued, registered, for {}; {} was paid back.",
            token.shares(shares),
            money(cost)?,
            money(refunded)?
        ),
    ];
    if booked > 0 {
        lines.push(format!(
            "{} could not be paid back yet: those investors' accounts cannot receive. They fetch it with `upside round refund {} --id {}`.",
            money(booked)?,
            token.keys.mint,
            round.id
        ));
    }
    lines.extend(outcome.overtaken_line("settled"));
    output::print(
        app.global.output,
        &lines,
        &json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "settled": settled,
            "settled_by_others": outcome.overtaken,
            "refused": outcome.refusals(&pieces),
            "transactions": outcome.transactions(),
        }),
    );
    outcome.check(&pieces, "run it again: what is settled is never settled twice")
}

/// Whether this subscription has been settled: anybody may, so two may at once.
fn is_settled(subscription: Pubkey) -> Check {
    Box::new(move |sender| {
        let there: Option<Subscription> = accounts::find(sender, &subscription)?;
        Ok(there.is_none_or(|subscription| subscription.settled != 0))
    })
}

/// Releases what is due of the money.
pub fn runway(app: &App, choice: &Choice, to: Option<Pubkey>) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let sold = |round: &Round, phase: RoundPhase| phase == RoundPhase::Succeeded && round.money_atoms > 0;
    let round = chosen(app, &token, choice, sold, "that succeeded, with money left")?;
    let now = sender.now()?;
    let name = name_of(&token, &round);
    let phase = quote::round(&round, now).phase;
    if phase != RoundPhase::Succeeded {
        return Err(Failure::input(format!("{name} is {}: it has no runway", phase.name()))
            .remedy("only a round that succeeded pays its issuer"));
    }
    let due = quote::runway(&round, now)?;
    if due.issuer == 0 && due.backing == 0 {
        let ends = round.closes_ts.saturating_add(round.runway_seconds);
        let remedy = if round.unsettled > 0 {
            format!(
                "settle the subscriptions first, anybody can: `upside round settle {} --id {}`",
                token.keys.mint, round.id
            )
        } else if now < ends {
            format!("more is due every moment, until {}", date_to_text(ends))
        } else {
            "all of it is paid".to_owned()
        };
        return Err(Failure::input(format!("nothing of {name} is due now")).remedy(remedy));
    }
    let issuer = token.security.issuer;
    let issuer_signs = to.is_some();
    if issuer_signs && actor.address != issuer {
        return Err(Failure::input("only the issuer can name another account of theirs")
            .remedy("leave --to away: the money goes to the issuer's associated account"));
    }
    let release = ReleaseRunway {
        keys: &token.keys,
        issuer,
        issuer_signs,
        id: round.id,
        issuer_account: to.unwrap_or_else(|| token.keys.payout_account(&issuer)),
        backing: round.backing_bps > 0,
    };
    let mut instructions = Vec::with_capacity(2);
    if to.is_none() {
        instructions.push(tokens::create_ata(
            &app.payer()?.address,
            &issuer,
            &token.keys.payout_mint,
            &token.keys.payout_token_program,
        ));
    }
    instructions.push(release.instruction());
    let plan = Plan {
        what: format!("Release what is due of the money of {name}"),
        irreversible: Vec::new(),
        instructions,
        actor,
        expects: "RunwayReleased",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let (mut to_issuer, mut to_vault) = (0, 0);
    for event in &receipt.events {
        if let Event::RunwayReleased(event) = event {
            (to_issuer, to_vault) = (event.issuer_atoms, event.backing_atoms);
        }
    }
    let after: Round = accounts::get(sender, &token.keys.round(round.id))?;
    let money = |atoms: u64| app.money(&token.security, atoms);
    print_done(
        app,
        &receipt,
        &[
            format!(
                "{} reached {issuer}, {} became backing.",
                money(to_issuer)?,
                money(to_vault)?
            ),
            format!(
                "{} of {} raised is paid out.",
                money(after.released_atoms.saturating_add(after.backed_atoms))?,
                money(after.raised_atoms)?
            ),
        ],
        json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "issuer": amount_json(to_issuer, token.security.payout_decimals),
            "backing": amount_json(to_vault, token.security.payout_decimals),
            "released": amount_json(after.released_atoms, token.security.payout_decimals),
            "backed": amount_json(after.backed_atoms, token.security.payout_decimals),
            "raised": amount_json(after.raised_atoms, token.security.payout_decimals),
        }),
    );
    Ok(())
}
