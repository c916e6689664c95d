//! `upside round`

mod create;
mod invest;
mod settle;
mod show;

use anchor_lang::prelude::Pubkey;
use clap::{Args, Subcommand};
use serde_json::json;
use upside_client::{
    accounts, amount,
    instructions::{CancelRound, CloseRound, Invite, Uninvite},
    quote::{self, RoundPhase},
    time::{countdown, date_to_text},
    upside::state::{Round, Subscription},
    Sender,
};

pub use show::{crowding, round_json, round_sentence};

use super::print_done;
use crate::{
    app::{positive, App, Token},
    failure::{Failure, Result},
    output::amount_json,
    plan::{carry_out, Plan},
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Announce a round: shares sold at one price, all or nothing.
    #[command(
        after_help = "Example: upside round create MINT --for-sale 100000 --price 0.60 --minimum 40000 --closes 60d \\\n  --runway 2y --backing 10 --dry-run"
    )]
    Create(create::Create),
    /// Show a round: progress, countdown, money, and your own subscription.
    #[command(after_help = "Example: upside round show MINT")]
    Show {
        /// Which round.
        #[command(flatten)]
        choice: Choice,
        /// What you would get if you wanted this many shares in all.
        #[arg(long, value_name = "SHARES")]
        what_if: Option<String>,
    },
    /// List the rounds of a security.
    #[command(after_help = "Example: upside round list MINT")]
    List {
        /// Share mint.
        token: Pubkey,
    },
    /// Want shares, in all; more or fewer than before pays or returns the difference.
    #[command(after_help = "Example: upside round subscribe MINT 5000 --dry-run")]
    Subscribe {
        /// Share mint.
        token: Pubkey,
        /// Shares that you want in all.
        amount: String,
        /// The round's id [default: the only one that takes subscriptions].
        #[arg(long)]
        id: Option<u64>,
        /// Token account that pays, and gets refunds [default: your associated one].
        #[arg(long, value_name = "ACCOUNT")]
        from: Option<Pubkey>,
    },
    /// Invite an investor up to a cap.
    #[command(after_help = "Example: upside round invite MINT INVESTOR 20000")]
    Invite {
        /// Share mint.
        token: Pubkey,
        /// Who may subscribe.
        investor: Pubkey,
        /// Most shares that they may want.
        cap: String,
        /// The round's id [default: the only one by invitation].
        #[arg(long)]
        id: Option<u64>,
    },
    /// Take an invitation back while nothing is wanted.
    #[command(after_help = "Example: upside round uninvite MINT INVESTOR")]
    Uninvite {
        /// Share mint.
        token: Pubkey,
        /// Who was invited.
        investor: Pubkey,
        /// The round's id [default: the only one by invitation].
        #[arg(long)]
        id: Option<u64>,
    },
    /// Want nothing any more and have your money back, before subscriptions bind.
    #[command(after_help = "Example: upside round withdraw MINT")]
    Withdraw {
        /// Which round.
        #[command(flatten)]
        choice: Choice,
        /// Token account that is paid [default: the one that paid].
        #[arg(long, value_name = "ACCOUNT")]
        to: Option<Pubkey>,
    },
    /// Call a round off, before subscriptions bind: everybody has their money back.
    #[command(after_help = "Example: upside round cancel MINT")]
    Cancel(Choice),
    /// Decide a round whose time is over; anybody can.
    #[command(after_help = "Example: upside round close MINT")]
    Close(Choice),
    /// Give everybody their shares and refunds; anybody can, and running it again goes on.
    #[command(after_help = "Example: upside round settle MINT")]
    Settle(Choice),
    /// Fetch a refund of yours that could not be paid when you were settled.
    #[command(after_help = "Example: upside round refund MINT --id 0")]
    Refund {
        /// Which round.
        #[command(flatten)]
        choice: Choice,
        /// Token account that is paid [default: your associated one].
        #[arg(long, value_name = "ACCOUNT")]
        to: Option<Pubkey>,
    },
    /// Release what is due of the money: to the issuer and into the vault; anybody can.
    #[command(after_help = "Example: upside round runway MINT --id 0")]
    Runway {
        /// Which round.
        #[command(flatten)]
        choice: Choice,
        /// Account of yours that is paid, if you are the issuer [default: the issuer's associated one].
        #[arg(long, value_name = "ACCOUNT")]
        to: Option<Pubkey>,
    },
}

/// One round.
#[derive(Clone, Copy, Debug, Args)]
pub struct Choice {
    /// Share mint.
    token: Pubkey,
    /// The round's id, if more than one fits.
    #[arg(long)]
    id: Option<u64>,
}

/// Runs `upside round`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Create(args) => create::run(app, &args),
        Command::Show { choice, what_if } => show::show(app, &choice, what_if.as_deref()),
        Command::List { token } => show::list(app, &token),
        Command::Subscribe {
            token,
            amount,
            id,
            from,
        } => invest::subscribe(app, &Choice { token, id }, &amount, from),
        Command::Invite {
            token,
            investor,
            cap,
            id,
        } => invite(app, &Choice { token, id }, &investor, &cap),
        Command::Uninvite { token, investor, id } => uninvite(app, &Choice { token, id }, &investor),
        Command::Withdraw { choice, to } => invest::withdraw(app, &choice, to),
        Command::Cancel(choice) => cancel(app, &choice),
        Command::Close(choice) => close(app, &choice),
        Command::Settle(choice) => settle::settle(app, &choice),
        Command::Refund { choice, to } => invest::refund(app, &choice, to),
        Command::Runway { choice, to } => settle::runway(app, &choice, to),
    }
}

/// The round that a command is about: the one with the id, or the only one in a phase that fits.
fn chosen(
    app: &App,
    token: &Token,
    choice: &Choice,
    fits: impl Fn(&Round, RoundPhase) -> bool,
    what: &str,
) -> Result<Round> {
    let sender = app.sender()?;
    let now = sender.now()?;
    let rounds = accounts::rounds_of(sender, &token.keys.security)?;
    let all = format!("`upside round list {}` shows every round", token.keys.mint);
    if let Some(id) = choice.id {
        return rounds
            .into_iter()
            .map(|(_, round)| round)
            .find(|round| round.id == id)
            .ok_or_else(|| Failure::input(format!("{} has no round {id}", token.symbol)).remedy(all));
    }
    let fitting: Vec<Round> = rounds
        .into_iter()
        .map(|(_, round)| round)
        .filter(|round| fits(round, quote::round(round, now).phase))
        .collect();
    match fitting.as_slice() {
        [only] => Ok(*only),
        [] => Err(Failure::input(format!("{} has no round {what}", token.symbol)).remedy(all)),
        several => {
            let ids: Vec<String> = several.iter().map(|round| round.id.to_string()).collect();
            Err(Failure::input(format!(
                "{} has {} rounds {what}: {}",
                token.symbol,
                several.len(),
                ids.join(", ")
            ))
            .remedy("name one with --id"))
        }
    }
}

/// Somebody's subscription to a round.
fn subscription_of(app: &App, token: &Token, round: &Round, investor: &Pubkey) -> Result<Option<Subscription>> {
    Ok(accounts::find::<Subscription>(
        app.sender()?,
        &token.keys.subscription(round.id, investor),
    )?)
}

/// What a round is called: `round 0 of ALICE`.
fn name_of(token: &Token, round: &Round) -> String {
    format!("round {} of {}", round.id, token.symbol)
}

fn inviting(round: &Round, phase: RoundPhase) -> bool {
    round.invited == 1 && matches!(phase, RoundPhase::Announced | RoundPhase::Open | RoundPhase::Binding)
}

fn invite(app: &App, choice: &Choice, investor: &Pubkey, cap: &str) -> Result<()> {
    let token = app.token(&choice.token)?;
    let cap = positive(cap, token.security.decimals)?;
    let actor = app.signing_actor()?;
    let round = chosen(app, &token, choice, inviting, "by invitation whose time is not over")?;
    if round.invited == 0 {
        return Err(
            Failure::input(format!("{} is public: anybody may subscribe", name_of(&token, &round)))
                .remedy("nobody needs an invitation; a round is public or invited for ever"),
        );
    }
    if subscription_of(app, &token, &round, investor)?.is_some() {
        return Err(Failure::input(format!("{investor} is invited already"))
            .remedy("to change the cap, take the invitation back with `upside round uninvite` and invite again"));
    }
    let promised: u128 = accounts::subscriptions_of(app.sender()?, &token.keys.round(round.id))?
        .iter()
        .map(|(_, subscription)| u128::from(subscription.cap_atoms))
        .sum();
    let plan = Plan {
        what: format!(
            "Invite {investor} to {}, up to {}",
            name_of(&token, &round),
            token.shares(cap)
        ),
        irreversible: Vec::new(),
        instructions: vec![Invite {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            id: round.id,
            investor: *investor,
            cap,
        }
        .instruction()],
        actor,
        expects: "InvestorInvited",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let all = promised + u128::from(cap);
    let mut lines = vec![format!(
        "{investor} may subscribe for up to {} until {}.",
        token.shares(cap),
        date_to_text(round.closes_ts)
    )];
    if all > u128::from(round.for_sale_atoms) {
        lines.push(format!(
            "The invitations add up to {}, more than the {} for sale: if all are used, each gets its part.",
            token.shares(all),
            token.shares(round.for_sale_atoms)
        ));
    }
    print_done(
        app,
        &receipt,
        &lines,
        json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "investor": investor.to_string(),
            "cap": amount_json(cap, token.security.decimals),
            "capsInAll": amount_json(all, token.security.decimals),
        }),
    );
    Ok(())
}

fn uninvite(app: &App, choice: &Choice, investor: &Pubkey) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let round = chosen(app, &token, choice, inviting, "by invitation whose time is not over")?;
    let subscription = subscription_of(app, &token, &round, investor)?
        .ok_or_else(|| Failure::input(format!("{investor} is not invited to {}", name_of(&token, &round))))?;
    if subscription.wanted_atoms > 0 {
        return Err(Failure::input(format!(
            "{investor} has subscribed for {} already",
            token.shares(subscription.wanted_atoms)
        ))
        .remedy("only they can withdraw it; the issuer can cancel the whole round before subscriptions bind"));
    }
    let plan = Plan {
        what: format!("Take back the invitation of {investor} to {}", name_of(&token, &round)),
        irreversible: Vec::new(),
        instructions: vec![Uninvite {
            keys: &token.keys,
            issuer: actor.address,
            id: round.id,
            investor: *investor,
            rent_payer: subscription.rent_payer,
        }
        .instruction()],
        actor,
        expects: "InvestorUninvited",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "{investor} can no longer subscribe to {}.",
            name_of(&token, &round)
        )],
        json!({ "mint": token.keys.mint.to_string(), "round": round.id, "investor": investor.to_string() }),
    );
    Ok(())
}

fn cancel(app: &App, choice: &Choice) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let early = |_: &Round, phase: RoundPhase| matches!(phase, RoundPhase::Announced | RoundPhase::Open);
    let round = chosen(app, &token, choice, early, "that can still be cancelled")?;
    let plan = Plan {
        what: format!("Cancel {}", name_of(&token, &round)),
        irreversible: vec![
            "A round that is cancelled never opens again; a new one is announced with notice.".to_owned(),
            format!(
                "Everybody has their money back, {} in all, by `upside round settle`, which anybody can run.",
                app.money(&token.security, round.money_atoms)?
            ),
            format!("{} can be promised again.", token.shares(round.reserved_left_atoms)),
        ],
        instructions: vec![CancelRound {
            keys: &token.keys,
            issuer: actor.address,
            id: round.id,
        }
        .instruction()],
        actor,
        expects: "RoundCancelled",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "Cancelled {}; `upside round settle {} --id {}` pays everybody back.",
            name_of(&token, &round),
            token.keys.mint,
            round.id
        )],
        json!({ "mint": token.keys.mint.to_string(), "round": round.id, "status": "cancelled" }),
    );
    Ok(())
}

fn close(app: &App, choice: &Choice) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let over = |_: &Round, phase: RoundPhase| phase == RoundPhase::Over;
    let round = chosen(app, &token, choice, over, "that can be closed now")?;
    let now = app.sender()?.now()?;
    if now < round.closes_ts {
        return Err(Failure::input(format!(
            "{} takes subscriptions until {}, for {} more",
            name_of(&token, &round),
            date_to_text(round.closes_ts),
            countdown(round.closes_ts - now)
        ))
        .remedy("a round is never closed earlier, whatever is wanted: wait until then"));
    }
    let plan = Plan {
        what: format!("Close {}", name_of(&token, &round)),
        irreversible: Vec::new(),
        instructions: vec![CloseRound {
            keys: &token.keys,
            id: round.id,
        }
        .instruction()],
        actor,
        expects: "RoundClosed",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let after: Round = accounts::get(app.sender()?, &token.keys.round(round.id))?;
    let decided = quote::round(&after, now);
    let mut lines = vec![match decided.phase {
        RoundPhase::Succeeded => format!(
            "{} succeeded: {} are sold for about {}.",
            name_of(&token, &round),
            token.shares(decided.sold_atoms),
            app.money(&token.security, decided.raises_atoms)?
        ),
        _ => format!(
            "{} failed: {} were wanted, and at least {} had to be.",
            name_of(&token, &round),
            token.shares(decided.wanted_atoms),
            token.shares(round.minimum_atoms)
        ),
    }];
    lines.push(format!(
        "`upside round settle {} --id {}` gives everybody their shares and refunds.",
        token.keys.mint, round.id
    ));
    print_done(
        app,
        &receipt,
        &lines,
        json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "status": decided.phase.name(),
            "sold": amount_json(decided.sold_atoms, token.security.decimals),
            "unsettled": after.unsettled,
            "wantedInAll": amount::to_plain(decided.wanted_atoms, token.security.decimals),
        }),
    );
    Ok(())
}
