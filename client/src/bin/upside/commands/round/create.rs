//! `upside round create`

use anchor_lang::prelude::Pubkey;
use clap::Args;
use serde_json::json;
use upside_client::{
    accounts, amount,
    instructions::CreateRound,
    quote,
    time::{self, date_to_text, duration_to_text},
    upside::{
        constants::{MAX_COMMIT_SECONDS, MAX_RUNWAY_SECONDS},
        instructions::round::CreateRoundArgs,
        state::{Round, Vault},
    },
    upside_math::{price, supply::MIN_AUTHORISED},
    Sender,
};

use super::crowding;
use crate::{
    app::{positive, App, Token},
    commands::{
        grant::{dilution_sentence, earliest_start, too_early, EXPORT_SECONDS, SIGNING_SECONDS},
        print_done,
    },
    failure::{Failure, Result},
    output::amount_json,
    plan::{carry_out, Plan},
};

/// `round create`
#[derive(Debug, Args)]
pub struct Create {
    /// Share mint.
    token: Pubkey,
    /// Shares that are sold at most.
    #[arg(long, value_name = "SHARES")]
    for_sale: String,
    /// Money for one whole share.
    #[arg(long, value_name = "MONEY")]
    price: String,
    /// The round fails, and everybody is refunded, if fewer shares are wanted.
    #[arg(long, value_name = "SHARES")]
    minimum: String,
    /// When subscriptions begin: a date, or a duration from now [default: as soon as the notice allows].
    #[arg(long, value_name = "DATE|DURATION")]
    opens: Option<String>,
    /// From here on subscriptions bind: a date, or a duration after the opening [default: the close].
    #[arg(long, value_name = "DATE|DURATION")]
    commit: Option<String>,
    /// When subscriptions end: a date, or a duration after the opening.
    #[arg(long, value_name = "DATE|DURATION")]
    closes: String,
    /// How long the money takes to reach the issuer, in a line from the close on.
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    runway: String,
    /// Part of the money that becomes backing, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "0")]
    backing: String,
    /// Only investors that you invite, each up to a cap of theirs.
    #[arg(long)]
    invited: bool,
    /// Its number among the security's rounds [default: the next one].
    #[arg(long)]
    id: Option<u64>,
}

/// What was asked for, as the program wants it, each term checked with a sentence of its own.
fn args_of(app: &App, token: &Token, asked: &Create, now: i64, earliest: Option<i64>) -> Result<CreateRoundArgs> {
    let decimals = token.security.decimals;
    let for_sale = positive(&asked.for_sale, decimals)?;
    if for_sale < MIN_AUTHORISED {
        return Err(Failure::input(format!(
            "at least {} must be for sale",
            token.shares(MIN_AUTHORISED)
        )));
    }
    let minimum = amount::parse_atoms(&asked.minimum, decimals)?;
    if minimum > for_sale {
        return Err(Failure::input(format!(
            "the minimum of {} is more than the {} for sale",
            token.shares(minimum),
            token.shares(for_sale)
        )));
    }
    let opens_ts = match &asked.opens {
        Some(text) => time::parse_date_or_after(text, now)?,
        None => match earliest {
            Some(earliest) if app.global.sends_nothing() => earliest + EXPORT_SECONDS,
            Some(earliest) => earliest + SIGNING_SECONDS,
            None => now,
        },
    };
    let closes_ts = time::parse_date_or_after(&asked.closes, opens_ts)?;
    let commit_ts = match &asked.commit {
        Some(text) => time::parse_date_or_after(text, opens_ts)?,
        None => closes_ts,
    };
    if opens_ts >= closes_ts || commit_ts < opens_ts || commit_ts > closes_ts || closes_ts <= now {
        return Err(Failure::input(format!(
            "the round would open at {}, bind at {} and close at {}",
            date_to_text(opens_ts),
            date_to_text(commit_ts),
            date_to_text(closes_ts)
        ))
        .remedy("a round opens, then binds, then closes, and the close is still to come"));
    }
    if closes_ts - commit_ts > MAX_COMMIT_SECONDS {
        return Err(Failure::input(format!(
            "subscriptions would bind for {} before the close; at most {} are possible",
            duration_to_text(closes_ts - commit_ts),
            duration_to_text(MAX_COMMIT_SECONDS)
        ))
        .remedy("name a later --commit"));
    }
    let runway_seconds = time::parse_duration(&asked.runway)?;
    if runway_seconds > MAX_RUNWAY_SECONDS {
        return Err(Failure::input(format!(
            "a runway has at most {}",
            duration_to_text(MAX_RUNWAY_SECONDS)
        )));
    }
    let taken: Vec<u64> = accounts::rounds_of(app.sender()?, &token.keys.security)?
        .iter()
        .map(|(_, round)| round.id)
        .collect();
    let id = match asked.id {
        Some(id) if taken.contains(&id) => {
            return Err(Failure::input(format!("{} has a round {id} already", token.symbol)).remedy("leave --id away"))
        }
        Some(id) => id,
        None => taken.iter().max().map_or(0, |last| last.saturating_add(1)),
    };
    Ok(CreateRoundArgs {
        id,
        price: positive(&asked.price, token.security.payout_decimals)?,
        for_sale,
        minimum,
        opens_ts,
        commit_ts,
        closes_ts,
        runway_seconds,
        backing_bps: amount::parse_bps(&asked.backing)?,
        invited: asked.invited,
    })
}

/// What the round means, one sentence each.
fn sentences(app: &App, token: &Token, args: &CreateRoundArgs, most: u64) -> Result<Vec<String>> {
    let money = |atoms: u64| app.money(&token.security, atoms);
    let mut sentences = vec![
        format!(
            "{} are for sale at {} each: {} if all are sold.",
            token.shares(args.for_sale),
            money(args.price)?,
            money(most)?
        ),
        if args.minimum == 0 {
            "It succeeds if anything at all is wanted.".to_owned()
        } else {
            format!(
                "If fewer than {} are wanted it fails, and everybody is refunded.",
                token.shares(args.minimum)
            )
        },
        format!(
            "It takes subscriptions from {} until {}, never shorter, whatever is wanted.",
            date_to_text(args.opens_ts),
            date_to_text(args.closes_ts)
        ),
        if args.commit_ts == args.closes_ts {
            "Until the close everybody may lower or withdraw, and you may cancel it.".to_owned()
        } else {
            format!(
                "Until {} everybody may lower or withdraw, and you may cancel it; from then on subscriptions bind, and so does the round.",
                date_to_text(args.commit_ts)
            )
        },
        "If more is wanted than is for sale, everybody gets the same part of what they want and the rest of their money back."
            .to_owned(),
        crowding(args.invited).to_owned(),
    ];
    sentences.push(if args.runway_seconds == 0 {
        "The money reaches the issuer at the close.".to_owned()
    } else {
        format!(
            "The money reaches the issuer in a line over {} from the close on.",
            duration_to_text(args.runway_seconds)
        )
    });
    if args.backing_bps > 0 {
        sentences.push(format!(
            "{}% of it becomes backing at the same pace and never reaches the issuer.",
            amount::to_plain(args.backing_bps, 2)
        ));
    }
    Ok(sentences)
}

/// Announces a round.
pub fn run(app: &App, asked: &Create) -> Result<()> {
    let token = app.token(&asked.token)?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let earliest = earliest_start(app, &token, now)?;
    let args = args_of(app, &token, asked, now, earliest)?;
    let actor = app.signing_actor()?;
    if let Some(problem) = too_early(&token, args.opens_ts, earliest) {
        return Err(Failure::input(problem).remedy("leave --opens away for the earliest opening, or name a later one"));
    }
    let left = quote::capacity_left(&token.security);
    if args.for_sale > left {
        return Err(Failure::input(format!(
            "{} can still be promised, less than {}",
            token.shares(left),
            token.shares(args.for_sale)
        ))
        .remedy("sell less: what is authorised never grows"));
    }
    let payout = token.keys.payout_mint;
    if args.backing_bps > 0 && accounts::find::<Vault>(sender, &token.keys.vault(&payout))?.is_none() {
        return Err(Failure::input(format!(
            "a part would become backing, and {} has no vault for the money",
            token.symbol
        ))
        .remedy(format!(
            "open it first: `upside vault open {} {payout}`",
            token.keys.mint
        )));
    }
    let most = price::cost(args.for_sale, args.price, token.security.decimals).map_err(|_| {
        Failure::input("everything together would cost more than there can be").remedy("lower the price")
    })?;
    let mut irreversible = sentences(app, &token, &args, most)?;
    irreversible.push(match earliest {
        Some(_) => format!(
            "Others hold {}, so rounds open at the earliest {} after their announcement.",
            token.symbol,
            duration_to_text(token.security.notice_seconds)
        ),
        None => format!("You hold every {} there is, so no notice is due.", token.symbol),
    });
    let before = token.mint.supply.saturating_add(token.security.reserved_atoms);
    irreversible.push(dilution_sentence(&token, before, args.for_sale));
    let plan = Plan {
        what: format!(
            "Announce a round of {} at {} each",
            token.shares(args.for_sale),
            app.money(&token.security, args.price)?
        ),
        irreversible,
        instructions: vec![CreateRound {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            args,
        }
        .instruction()],
        actor,
        expects: "RoundCreated",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let address = token.keys.round(args.id);
    let round: Round = accounts::get(sender, &address)?;
    print_done(
        app,
        &receipt,
        &[
            format!("Announced round {} of {}.", args.id, token.symbol),
            format!("  round    {address}"),
            format!("  opens    {}", date_to_text(round.opens_ts)),
            format!("  closes   {}", date_to_text(round.closes_ts)),
        ],
        json!({
            "mint": token.keys.mint.to_string(),
            "round": args.id,
            "address": address.to_string(),
            "forSale": amount_json(args.for_sale, token.security.decimals),
            "price": amount_json(args.price, token.security.payout_decimals),
            "minimum": amount_json(args.minimum, token.security.decimals),
            "opens": date_to_text(args.opens_ts),
            "commit": date_to_text(args.commit_ts),
            "closes": date_to_text(args.closes_ts),
            "runwaySeconds": args.runway_seconds,
            "backingBps": args.backing_bps,
            "invited": args.invited,
            "terms": plan.irreversible,
        }),
    );
    Ok(())
}
