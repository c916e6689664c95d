//! `upside round show` and `upside round list`

use anchor_lang::prelude::Pubkey;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    quote::{self, AllocationQuote, RoundPhase, RoundQuote},
    time::{countdown, date_to_text, duration_to_text},
    upside::state::{Round, Subscription},
    Sender,
};

use super::{chosen, name_of, Choice};
use crate::{
    app::{positive, App, Token},
    failure::Result,
    output::{self, amount_json, left, short},
};

/// Most subscriptions that a page names.
const MAX_ROWS: usize = 12;
/// Columns of the words before a bar.
const LABEL: usize = 10;

/// Who can crowd out whom.
pub fn crowding(invited: bool) -> &'static str {
    if invited {
        "It is by invitation: no stranger can crowd anybody out; if the invited want more than is for sale, each gets their part."
    } else {
        "It is public: strangers can crowd anybody out, since each may want all of it, and then everybody gets only their part."
    }
}

/// A round in one sentence.
pub fn round_sentence(app: &App, token: &Token, round: &Round, now: i64) -> Result<String> {
    let quoted = quote::round(round, now);
    let price = app.money(&token.security, round.price_atoms)?;
    let what = format!(
        "round {} sells up to {} at {price} each",
        round.id,
        token.shares(round.for_sale_atoms)
    );
    Ok(match quoted.phase {
        RoundPhase::Announced => format!(
            "{what}; it opens in {} ({})",
            countdown(round.opens_ts - now),
            date_to_text(round.opens_ts)
        ),
        RoundPhase::Open | RoundPhase::Binding => format!(
            "{what}; it is open for {} more, and {} are wanted",
            countdown(round.closes_ts - now),
            token.shares(quoted.wanted_atoms)
        ),
        RoundPhase::Over => format!("{what}; its time is over, and anybody can close it"),
        RoundPhase::Succeeded => format!(
            "{what}; it succeeded, and {} are still to be issued",
            token.shares(round.reserved_left_atoms)
        ),
        RoundPhase::Failed => format!("{what}; it failed"),
        RoundPhase::Cancelled => format!("{what}; it was cancelled"),
    })
}

/// A round for programs.
pub fn round_json(token: &Token, address: &Pubkey, round: &Round, now: i64) -> Result<Value> {
    let quoted = quote::round(round, now);
    let (decimals, payout) = (token.security.decimals, token.security.payout_decimals);
    let due = quote::runway(round, now)?;
    Ok(json!({
        "mint": token.keys.mint.to_string(),
        "symbol": token.symbol,
        "round": round.id,
        "address": address.to_string(),
        "status": quoted.phase.name(),
        "invited": round.invited == 1,
        "crowding": crowding(round.invited == 1),
        "forSale": amount_json(round.for_sale_atoms, decimals),
        "minimum": amount_json(round.minimum_atoms, decimals),
        "price": amount_json(round.price_atoms, payout),
        "announced": date_to_text(round.announced_ts),
        "opens": date_to_text(round.opens_ts),
        "commit": date_to_text(round.commit_ts),
        "closes": date_to_text(round.closes_ts),
        "runwaySeconds": round.runway_seconds,
        "backingBps": round.backing_bps,
        "wanted": amount_json(quoted.wanted_atoms, decimals),
        "sold": amount_json(quoted.sold_atoms, decimals),
        "raises": amount_json(quoted.raises_atoms, payout),
        "reachesMinimum": quoted.reaches_minimum,
        "oversubscribed": quoted.oversubscribed,
        "unsettled": round.unsettled,
        "money": amount_json(round.money_atoms, payout),
        "raised": amount_json(round.raised_atoms, payout),
        "refunds": amount_json(round.refunds_atoms, payout),
        "backed": amount_json(round.backed_atoms, payout),
        "released": amount_json(round.released_atoms, payout),
        "due": {
            "backing": amount_json(due.backing, payout),
            "issuer": amount_json(due.issuer, payout),
        },
    }))
}

/// What somebody gets, for people.
pub fn allocation_lines(app: &App, token: &Token, round: &Round, got: &AllocationQuote) -> Result<Vec<String>> {
    let money = |atoms: u64| app.money(&token.security, atoms);
    let wanted = got.wanted_atoms;
    let mut lines = vec![if got.allocation_atoms == wanted {
        format!(
            "if nothing changes you get all {} for {}",
            token.shares(wanted),
            money(got.cost_atoms)?
        )
    } else {
        format!(
            "if nothing changes you get {} of the {} you want for {}, and {} back",
            token.shares(got.allocation_atoms),
            token.shares(wanted),
            money(got.cost_atoms)?,
            money(got.refund_atoms)?
        )
    }];
    // As much again from others, and ten times as much.
    for (times, said) in [(1u128, "as much again"), (9, "ten times as much in all")] {
        let more = got.total_wanted_atoms.saturating_mul(times);
        let crowded = quote::allocation_with(round, got.total_wanted_atoms.saturating_add(more), wanted)?;
        if crowded.allocation_atoms < wanted {
            lines.push(format!(
                "if others want {said}, you get {} for {}, and {} back",
                token.shares(crowded.allocation_atoms),
                money(crowded.cost_atoms)?,
                money(crowded.refund_atoms)?
            ));
        }
    }
    Ok(lines)
}

/// What somebody gets, for programs.
pub fn allocation_json(token: &Token, got: &AllocationQuote) -> Value {
    let (decimals, payout) = (token.security.decimals, token.security.payout_decimals);
    json!({
        "wanted": amount_json(got.wanted_atoms, decimals),
        "wantedByAll": amount_json(got.total_wanted_atoms, decimals),
        "allocation": amount_json(got.allocation_atoms, decimals),
        "cost": amount_json(got.cost_atoms, payout),
        "refund": amount_json(got.refund_atoms, payout),
    })
}

fn progress(app: &App, label: &str, part: u128, whole: u128, said: &str) -> Vec<String> {
    let canvas = app.canvas;
    let cells = canvas.width.saturating_sub(2 + LABEL + 1).clamp(8, 40);
    vec![format!(
        "  {} {}  {said}",
        left(label, LABEL),
        canvas.bar(part, whole, cells),
    )]
}

fn progress_lines(app: &App, token: &Token, round: &Round, quoted: &RoundQuote, now: i64) -> Result<Vec<String>> {
    let canvas = app.canvas;
    let percent = |part: u128, whole: u64| -> String {
        // What is wanted may be many times what is for sale.
        let bps = part.saturating_mul(10_000).checked_div(u128::from(whole)).unwrap_or(0);
        format!("{}%", amount::to_text(bps / 100, 0))
    };
    let wanted = quoted.wanted_atoms;
    let subscriptions = output::counted(usize::try_from(round.unsettled).unwrap_or(usize::MAX), "subscription");
    let mut lines = vec![if quoted.phase.is_undecided() {
        format!("  {} wanted by {subscriptions}", token.shares(wanted))
    } else {
        format!("  {} were wanted; {subscriptions} left to settle", token.shares(wanted))
    }];
    if round.minimum_atoms > 0 {
        let said = format!(
            "{} of the minimum of {}",
            percent(wanted, round.minimum_atoms),
            token.shares(round.minimum_atoms)
        );
        lines.extend(progress(app, "minimum", wanted, u128::from(round.minimum_atoms), &said));
    }
    let said = format!(
        "{} of the {} for sale",
        percent(wanted, round.for_sale_atoms),
        token.shares(round.for_sale_atoms)
    );
    lines.extend(progress(
        app,
        "for sale",
        wanted,
        u128::from(round.for_sale_atoms),
        &said,
    ));
    if quoted.oversubscribed {
        lines.extend(canvas.bullet("more is wanted than is for sale: everybody gets the same part of what they want"));
    }
    match quoted.phase {
        RoundPhase::Announced => lines.push(format!("  opens in {}", countdown(round.opens_ts - now))),
        RoundPhase::Open | RoundPhase::Binding => {
            let (from, length) = (round.opens_ts, round.closes_ts - round.opens_ts);
            let said = format!("closes in {}", countdown(round.closes_ts - now));
            let passed = u128::try_from(now - from).unwrap_or(0);
            lines.extend(progress(
                app,
                "time",
                passed,
                u128::try_from(length).unwrap_or(1),
                &said,
            ));
            lines.push(if quoted.phase == RoundPhase::Open {
                format!("  subscriptions bind in {}", countdown(round.commit_ts - now))
            } else {
                "  subscriptions bind".to_owned()
            });
        }
        RoundPhase::Over => lines.push(format!(
            "  its time is over: anybody can run `upside round close {} --id {}`",
            token.keys.mint, round.id
        )),
        RoundPhase::Succeeded | RoundPhase::Failed | RoundPhase::Cancelled => {}
    }
    Ok(lines)
}

fn money_lines(app: &App, token: &Token, round: &Round, quoted: &RoundQuote, now: i64) -> Result<Vec<String>> {
    let canvas = app.canvas;
    let money = |atoms: u64| app.money(&token.security, atoms);
    let mut lines = Vec::new();
    if quoted.phase != RoundPhase::Succeeded {
        lines.push(format!("  {} paid in", money(round.money_atoms)?));
        if round.refunds_atoms > 0 {
            lines.push(format!("  {} booked as refunds", money(round.refunds_atoms)?));
        }
        return Ok(lines);
    }
    let backing = u128::from(round.backed_atoms);
    let gone = backing + u128::from(round.released_atoms);
    let said = format!(
        "{} of {} raised",
        amount::to_text(gone, token.security.payout_decimals),
        money(round.raised_atoms)?
    );
    lines.extend(progress(app, "paid out", gone, u128::from(round.raised_atoms), &said));
    lines.push(format!(
        "  {} to the issuer, {} into the vault",
        money(round.released_atoms)?,
        money(round.backed_atoms)?
    ));
    let due = quote::runway(round, now)?;
    if due.issuer > 0 || due.backing > 0 {
        lines.extend(canvas.bullet(&format!(
            "{} is due to the issuer and {} to the vault: anybody can run `upside round runway {} --id {}`",
            money(due.issuer)?,
            money(due.backing)?,
            token.keys.mint,
            round.id
        )));
    }
    let ends = round.closes_ts.saturating_add(round.runway_seconds);
    if now < ends {
        lines.push(format!("  the runway ends in {}", countdown(ends - now)));
    }
    if round.refunds_atoms > 0 {
        lines.push(format!("  {} booked as refunds", money(round.refunds_atoms)?));
    }
    Ok(lines)
}

/// Shows one round.
pub fn show(app: &App, choice: &Choice, what_if: Option<&str>) -> Result<()> {
    let token = app.token(&choice.token)?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let open = |_: &Round, phase: RoundPhase| !matches!(phase, RoundPhase::Failed | RoundPhase::Cancelled);
    let round = chosen(app, &token, choice, open, "announced, open or sold")?;
    let address = token.keys.round(round.id);
    let quoted = quote::round(&round, now);
    let canvas = app.canvas;
    let mut subscriptions: Vec<Subscription> = accounts::subscriptions_of(sender, &address)?
        .into_iter()
        .map(|(_, subscription)| subscription)
        .collect();
    subscriptions.sort_by_key(|s| (std::cmp::Reverse(s.wanted_atoms), s.investor));
    let viewer = app.viewer().ok();
    let mine = viewer.and_then(|viewer| subscriptions.iter().find(|s| s.investor == viewer));

    let money = |atoms: u64| app.money(&token.security, atoms);
    let mut lines = vec![
        canvas.bold(&format!("{}: {}", name_of(&token, &round), quoted.phase.name())),
        canvas.dim(&format!("  {address}")),
        format!(
            "  up to {} at {} each, {} if all are sold",
            token.shares(round.for_sale_atoms),
            money(round.price_atoms)?,
            money(
                round
                    .cost(round.for_sale_atoms)
                    .map_err(upside_client::ClientError::from)?
            )?
        ),
    ];
    lines.push(format!(
        "  open {} to {}; subscriptions bind from {}",
        date_to_text(round.opens_ts),
        date_to_text(round.closes_ts),
        date_to_text(round.commit_ts)
    ));
    lines.push(match (round.runway_seconds, round.backing_bps) {
        (0, 0) => "  the money reaches the issuer at the close".to_owned(),
        (seconds, bps) => format!(
            "  the money comes over {} from the close on, {}% of it as backing",
            duration_to_text(seconds),
            amount::to_plain(bps, 2)
        ),
    });
    lines.extend(canvas.bullet(crowding(round.invited == 1)));
    lines.push(String::new());
    lines.push(canvas.bold("Progress"));
    lines.extend(progress_lines(app, &token, &round, &quoted, now)?);
    lines.push(String::new());
    lines.push(canvas.bold("Money"));
    lines.extend(money_lines(app, &token, &round, &quoted, now)?);

    let undecided = !matches!(
        quoted.phase,
        RoundPhase::Succeeded | RoundPhase::Failed | RoundPhase::Cancelled
    );
    let mut yours = Value::Null;
    let before = mine.map_or(0, |subscription| subscription.wanted_atoms);
    let wanted = match what_if {
        Some(text) => positive(text, token.security.decimals)?,
        None => before,
    };
    if undecided && wanted > 0 {
        let got = quote::allocation(&round, before, wanted)?;
        lines.push(String::new());
        lines.push(canvas.bold(&if what_if.is_some() {
            format!("If you wanted {}", token.shares(wanted))
        } else {
            format!("You want {}", token.shares(wanted))
        }));
        for line in allocation_lines(app, &token, &round, &got)? {
            lines.extend(canvas.bullet(&line));
        }
        yours = allocation_json(&token, &got);
    } else if let Some(subscription) = mine {
        lines.push(String::new());
        lines.push(canvas.bold("Yours"));
        lines.push(if subscription.refund_atoms > 0 {
            format!(
                "  {} waits for you: `upside round refund {} --id {}`",
                money(subscription.refund_atoms)?,
                token.keys.mint,
                round.id
            )
        } else if subscription.wanted_atoms > 0 {
            format!(
                "  {} wanted; `upside round settle {} --id {}` gives you your shares and refund",
                token.shares(subscription.wanted_atoms),
                token.keys.mint,
                round.id
            )
        } else {
            format!("  you are invited for up to {}", token.shares(subscription.cap_atoms))
        });
    }

    if !subscriptions.is_empty() {
        lines.push(String::new());
        lines.push(canvas.bold("Subscriptions"));
        let rows: Vec<Vec<String>> = subscriptions
            .iter()
            .take(MAX_ROWS)
            .map(|s| {
                vec![
                    format!("  {}", short(&s.investor)),
                    amount::to_text(s.wanted_atoms, token.security.decimals),
                    amount::to_text(s.cap_atoms, token.security.decimals),
                    amount::to_text(s.paid_atoms, token.security.payout_decimals),
                    if s.settled == 1 { "refund waits" } else { "" }.to_owned(),
                ]
            })
            .collect();
        lines.extend(output::table(
            canvas,
            &["  Investor", "Wanted", "At most", "Paid", ""],
            &[1, 2, 3],
            &rows,
        ));
        if subscriptions.len() > MAX_ROWS {
            lines.push(format!("  and {} more", subscriptions.len() - MAX_ROWS));
        }
    }
    let mut value = round_json(&token, &address, &round, now)?;
    value["now"] = date_to_text(now).into();
    value["yours"] = yours;
    value["subscriptions"] = subscriptions
        .iter()
        .map(|s| {
            json!({
                "investor": s.investor.to_string(),
                "wanted": amount_json(s.wanted_atoms, token.security.decimals),
                "cap": amount_json(s.cap_atoms, token.security.decimals),
                "paid": amount_json(s.paid_atoms, token.security.payout_decimals),
                "settled": s.settled == 1,
                "refund": amount_json(s.refund_atoms, token.security.payout_decimals),
            })
        })
        .collect();
    output::print(app.global.output, &lines, &value);
    Ok(())
}

/// Lists the rounds of a security.
pub fn list(app: &App, token: &Pubkey) -> Result<()> {
    let token = app.token(token)?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (address, round) in accounts::rounds_of(sender, &token.keys.security)? {
        let quoted = quote::round(&round, now);
        let next = match quoted.phase {
            RoundPhase::Announced => format!("opens in {}", countdown(round.opens_ts - now)),
            RoundPhase::Open | RoundPhase::Binding => format!("closes in {}", countdown(round.closes_ts - now)),
            RoundPhase::Over => "can be closed".to_owned(),
            _ if round.unsettled > 0 => format!("{} to settle", round.unsettled),
            RoundPhase::Succeeded if now < round.closes_ts.saturating_add(round.runway_seconds) => {
                format!(
                    "runway ends in {}",
                    countdown(round.closes_ts.saturating_add(round.runway_seconds) - now)
                )
            }
            _ => String::new(),
        };
        rows.push(vec![
            round.id.to_string(),
            if round.invited == 1 { "invited" } else { "public" }.to_owned(),
            amount::to_text(round.for_sale_atoms, token.security.decimals),
            app.money(&token.security, round.price_atoms)?,
            amount::to_text(quoted.wanted_atoms, token.security.decimals),
            amount::to_text(round.minimum_atoms, token.security.decimals),
            quoted.phase.name().to_owned(),
            next,
        ]);
        values.push(round_json(&token, &address, &round, now)?);
    }
    let lines = if rows.is_empty() {
        vec![format!("{} has no rounds.", token.symbol)]
    } else {
        let head = ["Id", "Who", "For sale", "Price", "Wanted", "Minimum", "Status", "Next"];
        output::table(app.canvas, &head, &[0, 2, 3, 4, 5], &rows)
    };
    output::print(
        app.global.output,
        &lines,
        &json!({ "mint": token.keys.mint.to_string(), "now": date_to_text(now), "rounds": values }),
    );
    Ok(())
}
