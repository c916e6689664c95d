//! `upside upside`

use anchor_lang::prelude::Pubkey;
use clap::Subcommand;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    events::Event,
    instructions::{Claim, Distribute},
    quote::{self, StreamQuote},
    time::{date_to_text, duration_to_text},
    transactions, Sender,
};

use super::{print_done, shares::is_vaults};
use crate::{
    app::{positive, App, Token},
    failure::{Failure, Reason, Result},
    output::{self, amount_json},
    plan::{carry_out, Plan},
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pay money in for the registered shares; it drips to them.
    #[command(
        after_help = "Example: upside upside distribute MINT 1000.25\n         upside upside distribute MINT --sweep"
    )]
    Distribute {
        /// Share mint.
        token: Pubkey,
        /// How much of the payout mint; what the inbox holds is added.
        #[arg(required_unless_present = "sweep", conflicts_with = "sweep")]
        amount: Option<String>,
        /// Only take what was sent to the inbox.
        #[arg(long)]
        sweep: bool,
        /// Token account that pays [default: your associated one].
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "sweep")]
        from: Option<Pubkey>,
    },
    /// Pay what has dripped to a holder: yourself, or anybody else.
    #[command(after_help = "Example: upside upside claim MINT\n         upside upside claim MINT --for WALLET")]
    Claim {
        /// Share mint.
        token: Pubkey,
        /// Whom to pay, to the account they chose; no signature of theirs is needed [default: you].
        #[arg(long = "for", value_name = "WALLET")]
        wallet: Option<Pubkey>,
        /// Token account to pay to, owned by anybody; only for yourself [default: your associated one].
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "wallet")]
        to: Option<Pubkey>,
    },
    /// Show the stream, and what you are owed.
    #[command(after_help = "Example: upside upside status MINT --for WALLET")]
    Status {
        /// Share mint.
        token: Pubkey,
        /// Whose share to show too.
        #[arg(long = "for", value_name = "WALLET")]
        wallet: Option<Pubkey>,
    },
}

/// Runs `upside upside`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Distribute {
            token, amount, from, ..
        } => distribute(app, &token, amount.as_deref(), from),
        Command::Claim { token, wallet, to } => claim(app, &token, wallet, to),
        Command::Status { token, wallet } => status(app, &token, wallet),
    }
}

fn distribute(app: &App, token: &Pubkey, text: Option<&str>, from: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let security = &token.security;
    let sender = app.sender()?;
    let atoms = text.map_or(Ok(0), |text| positive(text, security.payout_decimals))?;
    let waiting = accounts::token_balance(sender, &security.inbox)?;
    if atoms == 0 && waiting == 0 {
        return Err(Failure::input(format!(
            "the inbox of {} is empty, so there is nothing to sweep",
            token.symbol
        )));
    }
    let actor = app.signing_actor()?;
    let source = (atoms > 0).then(|| from.unwrap_or_else(|| token.keys.payout_account(&actor.address)));
    if let Some(source) = &source {
        let held = accounts::token_balance(sender, source)?;
        if held < atoms {
            return Err(Failure::input(format!(
                "{source} holds {}, less than {}",
                app.money(security, held)?,
                app.money(security, atoms)?
            ))
            .remedy("name less, or another account with --from"));
        }
    }
    let total = app.money(security, u128::from(atoms) + u128::from(waiting))?;
    let mut irreversible = vec![format!(
        "{total} then belongs to those who hold registered {} while it drips, and cannot be taken back.",
        token.symbol
    )];
    if security.registered_atoms == 0 {
        irreversible.push("Nobody holds registered shares now: nothing drips until somebody does.".to_owned());
    }
    let plan = Plan {
        what: format!("Distribute {total} to the holders of {}", token.symbol),
        irreversible,
        instructions: vec![Distribute {
            keys: &token.keys,
            funder: actor.address,
            source,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "UpsideDistributed",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let event = receipt
        .events
        .iter()
        .find_map(|event| match event {
            Event::UpsideDistributed(event) => Some(event),
            _ => None,
        })
        .ok_or_else(|| {
            Failure::new(
                Reason::Network,
                "the record of the transaction does not show the distribution",
            )
        })?;
    let mut sentences = vec![format!(
        "Paid in {}; it drips until {}.",
        app.money(security, event.amount_atoms)?,
        date_to_text(event.totals.stream_end_ts)
    )];
    if event.swept_atoms > 0 {
        sentences.push(format!(
            "{} from the inbox joined it.",
            app.money(security, event.swept_atoms)?
        ));
    }
    print_done(
        app,
        &receipt,
        &sentences,
        json!({
            "mint": token.keys.mint.to_string(),
            "paidIn": amount_json(event.amount_atoms, security.payout_decimals),
            "swept": amount_json(event.swept_atoms, security.payout_decimals),
            "dripsUntil": date_to_text(event.totals.stream_end_ts),
        }),
    );
    Ok(())
}

fn claim(app: &App, token: &Pubkey, wallet: Option<Pubkey>, to: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let security = &token.security;
    let actor = app.signing_actor()?;
    let holder = wallet.unwrap_or(actor.address);
    let sender = app.sender()?;
    let position = accounts::find_position(sender, &token.keys.security, &holder)?
        .ok_or_else(|| Failure::input(format!("{holder} has never held registered {}", token.symbol)))?;
    if is_vaults(app, &holder)? {
        return Err(Failure::input(format!(
            "{holder} is a vault: its upside flows to the security above it"
        )));
    }
    let owed = quote::position(security, &position, sender.now()?)?;
    if owed.claimable_atoms == 0 {
        return Err(
            Failure::input(format!("{holder} is owed nothing at this moment")).remedy(format!(
                "`upside upside status {}` says what has dripped and until when more will",
                token.keys.mint
            )),
        );
    }
    let payer = app.payer()?.address;
    let instructions = if let Some(payout_account) = to {
        vec![Claim {
            keys: &token.keys,
            holder,
            payout_account,
            holder_signs: true,
        }
        .instruction()]
    } else if wallet.is_some_and(|wallet| wallet != actor.address) {
        transactions::claim_for(&token.keys, &payer, &position)
    } else {
        transactions::claim_by_holder(&token.keys, &payer, holder)
    };
    let plan = Plan {
        what: format!("Pay {holder} what has dripped of {}", token.symbol),
        irreversible: Vec::new(),
        instructions,
        actor,
        expects: "UpsideClaimed",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let event = receipt
        .events
        .iter()
        .find_map(|event| match event {
            Event::UpsideClaimed(event) => Some(event),
            _ => None,
        })
        .ok_or_else(|| Failure::new(Reason::Network, "the record of the transaction does not show the claim"))?;
    print_done(
        app,
        &receipt,
        &[
            format!("Paid {} to {holder}.", app.money(security, event.amount_atoms)?),
            format!("  into {}", event.payout_account),
        ],
        json!({
            "mint": token.keys.mint.to_string(),
            "holder": holder.to_string(),
            "paid": amount_json(event.amount_atoms, security.payout_decimals),
            "payoutAccount": event.payout_account.to_string(),
            "claimedInAll": amount_json(event.position.claimed_total_atoms, security.payout_decimals),
        }),
    );
    Ok(())
}

/// A stream for people.
pub fn stream_lines(app: &App, token: &Token, stream: &StreamQuote, inbox: u64, now: i64) -> Result<Vec<String>> {
    let security = &token.security;
    let canvas = app.canvas;
    let money = |atoms: u64| app.money(security, atoms);
    let mut lines = Vec::new();
    if stream.undripped_atoms == 0 {
        lines.push("  Nothing is dripping now.".to_owned());
    } else {
        let cells = canvas.width.saturating_sub(4);
        lines.push(format!(
            "  {}",
            canvas.bar(u128::from(stream.dripped_atoms), u128::from(stream.total_atoms), cells)
        ));
        lines.push(format!(
            "  {} of {} dripped, {} to come",
            amount::to_text(stream.dripped_atoms, security.payout_decimals),
            money(stream.total_atoms)?,
            amount::to_text(stream.undripped_atoms, security.payout_decimals)
        ));
        lines.push(if stream.waiting {
            "  It waits: nobody holds registered shares.".to_owned()
        } else {
            format!(
                "  until {}, in {}",
                date_to_text(stream.end_ts),
                duration_to_text((stream.end_ts - now).max(0))
            )
        });
    }
    if inbox > 0 {
        lines.push(format!(
            "  {} waits in the inbox; anybody can run `upside upside distribute {} --sweep`",
            money(inbox)?,
            token.keys.mint
        ));
    }
    Ok(lines)
}

/// A stream for programs.
pub fn stream_json(token: &Token, stream: &StreamQuote, inbox: u64) -> Value {
    let decimals = token.security.payout_decimals;
    json!({
        "total": amount_json(stream.total_atoms, decimals),
        "dripped": amount_json(stream.dripped_atoms, decimals),
        "toCome": amount_json(stream.undripped_atoms, decimals),
        "start": date_to_text(stream.start_ts),
        "end": date_to_text(stream.end_ts),
        "waiting": stream.waiting,
        "inbox": amount_json(inbox, decimals),
        "receivedInAll": amount_json(token.security.received_total_atoms.get(), decimals),
    })
}

fn status(app: &App, token: &Pubkey, wallet: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let security = &token.security;
    let sender = app.sender()?;
    let now = sender.now()?;
    // Without a key the stream alone is shown.
    let holder = match wallet {
        Some(wallet) => Some(wallet),
        None => app.viewer().ok(),
    };
    let stream = quote::stream(security, now)?;
    let inbox = accounts::token_balance(sender, &security.inbox)?;
    let mut lines = vec![app.canvas.bold(&format!("Stream of {}", token.symbol))];
    lines.extend(stream_lines(app, &token, &stream, inbox, now)?);
    let mut value = json!({
        "mint": token.keys.mint.to_string(),
        "now": date_to_text(now),
        "stream": stream_json(&token, &stream, inbox),
    });
    let position = match &holder {
        Some(holder) => accounts::find_position(sender, &token.keys.security, holder)?.map(|p| (*holder, p)),
        None => None,
    };
    if let Some((holder, position)) = position {
        let owed = quote::position(security, &position, now)?;
        lines.push(String::new());
        lines.push(app.canvas.bold(&holder.to_string()));
        lines.push(format!(
            "  holds {}, {} of the registered shares",
            token.shares(position.shares_atoms),
            amount::to_percent(position.shares_atoms, security.registered_atoms)
        ));
        lines.push(format!(
            "  is owed {}",
            app.canvas.accent(&app.money(security, owed.claimable_atoms)?)
        ));
        lines.push(format!(
            "  has claimed {}",
            app.money(security, owed.claimed_total_atoms)?
        ));
        value["holder"] = json!({
            "address": holder.to_string(),
            "shares": amount_json(position.shares_atoms, security.decimals),
            "claimable": amount_json(owed.claimable_atoms, security.payout_decimals),
            "claimed": amount_json(owed.claimed_total_atoms, security.payout_decimals),
        });
    }
    output::print(app.global.output, &lines, &value);
    Ok(())
}
