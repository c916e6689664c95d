//! `upside redeem`

use std::collections::BTreeSet;

use anchor_lang::prelude::Pubkey;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    events::Event,
    quote as quotes,
    redemption::{self, Leg, Plan as Redemption, Quote, Receivers, Run, Step, StepResult, Tolerance},
    time::date_to_text,
    upside::{constants::NEVER_TS, state::Redemption as Ticket},
    ClientError, Sender,
};

use crate::{
    app::{positive, symbol_of, App, Token},
    commands::vault::risk_json,
    failure::{Failure, Reason, Result},
    output::{self, amount_json, short},
    plan::{agreed, Plan},
    signer::Identity,
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what your shares would be redeemed for now, asset by asset, and what is in the way.
    #[command(after_help = "Example: upside redeem quote MINT 100")]
    Quote {
        /// Share mint.
        token: Pubkey,
        /// Shares.
        amount: String,
        /// What to collect, and how.
        #[command(flatten)]
        choice: Choice,
    },
    /// Give registered shares up for their part of every asset, and collect what can be collected now.
    #[command(after_help = "Example: upside redeem start MINT 100 --dry-run")]
    Start {
        /// Share mint.
        token: Pubkey,
        /// Shares.
        amount: String,
        /// Begin a second redemption although one is open.
        #[arg(long)]
        another: bool,
        /// What to collect, and how.
        #[command(flatten)]
        choice: Choice,
    },
    /// Go on with what was begun: collect what can be collected now.
    #[command(after_help = "Example: upside redeem collect MINT")]
    Collect {
        /// Share mint.
        token: Pubkey,
        /// Only this ticket [default: every open one].
        #[arg(long, value_name = "NUMBER")]
        ticket: Option<u64>,
        /// What to collect, and how.
        #[command(flatten)]
        choice: Choice,
    },
    /// Show your open tickets, and what each of their assets pays now.
    #[command(after_help = "Example: upside redeem status MINT --for WALLET")]
    Status {
        /// Share mint.
        token: Pubkey,
        /// Whose tickets [default: yours].
        #[arg(long = "for", value_name = "WALLET")]
        wallet: Option<Pubkey>,
    },
}

/// What to collect, and how.
#[derive(Debug, Args)]
pub struct Choice {
    /// How much less than shown may arrive, in percent; 100 takes anything.
    #[arg(long, value_name = "PERCENT", default_value = "1")]
    tolerance: String,
    /// Leave this asset for later; may be repeated.
    #[arg(long, value_name = "ASSET_MINT")]
    without: Vec<Pubkey>,
    /// Token account that receives an asset [default: your associated ones]; may be repeated.
    #[arg(long = "to", value_name = "ASSET_MINT=ACCOUNT")]
    receivers: Vec<String>,
}

impl Choice {
    fn tolerance(&self) -> Result<Tolerance> {
        Tolerance::of_bps(amount::parse_bps(&self.tolerance)?)
            .ok_or_else(|| Failure::input("the tolerance is at most 100 percent"))
    }

    fn left(&self) -> BTreeSet<Pubkey> {
        self.without.iter().copied().collect()
    }

    fn receivers(&self) -> Result<Receivers> {
        self.receivers
            .iter()
            .map(|text| {
                text.split_once('=')
                    .and_then(|(asset, account)| Some((asset.parse().ok()?, account.parse().ok()?)))
                    .ok_or_else(|| {
                        Failure::input(format!("{text:?} does not say which account receives which asset"))
                            .remedy("write --to ASSET_MINT=ACCOUNT")
                    })
            })
            .collect()
    }

    /// Refuses assets that are none of the security's: a slip would collect what was to be left.
    fn check(&self, token: &Token, vaults: &[Pubkey]) -> Result<()> {
        match self
            .without
            .iter()
            .chain(self.receivers()?.keys())
            .find(|asset| !vaults.contains(asset))
        {
            None => Ok(()),
            Some(asset) => Err(Failure::input(format!("{} has no vault for {asset}", token.symbol))
                .remedy("`upside vault list` shows the mint of each asset")),
        }
    }
}

/// Runs `upside redeem`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Quote { token, amount, choice } => quote(app, &token, &amount, &choice),
        Command::Start {
            token,
            amount,
            another,
            choice,
        } => start(app, &token, &amount, another, &choice),
        Command::Collect { token, ticket, choice } => collect(app, &token, ticket, &choice),
        Command::Status { token, wallet } => status(app, &token, wallet),
    }
}

fn symbol(leg: &Leg) -> String {
    let mint = &leg.vault.asset_mint;
    leg.mint
        .as_ref()
        .map_or_else(|| short(mint), |read| symbol_of(mint, read))
}

fn said(leg: &Leg, atoms: u64) -> String {
    format!("{} {}", amount::to_text(atoms, leg.vault.decimals), symbol(leg))
}

/// What the program would refuse for hooks, by asset: what no account says, a rehearsal does.
type Refusals = Vec<(Pubkey, String)>;

fn rehearse(app: &App, plan: &Redemption) -> Result<Refusals> {
    Ok(plan
        .rehearse(app.sender()?, app.payer()?.signer().as_ref())?
        .into_iter()
        .map(|(asset, error)| (asset, error.to_string()))
        .collect())
}

fn blocks_of(leg: &Leg, refusals: &Refusals) -> Vec<String> {
    leg.blocks
        .iter()
        .map(ToString::to_string)
        .chain(
            refusals
                .iter()
                .filter(|(asset, _)| *asset == leg.vault.asset_mint)
                .map(|(_, why)| format!("its transfer hook refuses: {why}")),
        )
        .collect()
}

/// What one asset pays, as sentences: the first says how much.
fn sentences_of(leg: &Leg, choice: Option<&Choice>, refusals: &Refusals) -> Result<Vec<String>> {
    let mut sentences = Vec::new();
    let left = choice.is_some_and(|choice| choice.without.contains(&leg.vault.asset_mint));
    let blocks = blocks_of(leg, refusals);
    let pays = said(leg, leg.arrives_atoms());
    sentences.push(if left {
        format!("{pays}: left for later, as you asked")
    } else if !blocks.is_empty() {
        format!("{pays}: blocked now, because {}", blocks.join(", and "))
    } else if leg.part_atoms == 0 {
        format!(
            "{pays}: the vault holds {}, so the ticket collects nothing here and shares nothing that enters it later; --without {} keeps it waiting",
            said(leg, leg.balance_atoms),
            leg.vault.asset_mint
        )
    } else if leg.receiver_missing {
        format!("{pays} to the new account {}", leg.receiver)
    } else {
        format!("{pays} to {}", leg.receiver)
    });
    if leg.fee_atoms > 0 {
        sentences.push(format!(
            "{} leaves the vault; its issuer withholds {}",
            said(leg, leg.part_atoms),
            said(leg, leg.fee_atoms)
        ));
    }
    if let Some(shown) = &leg.shown {
        sentences.push(format!("wallets show that as {shown}"));
    }
    if let Some(choice) = choice.filter(|_| !left && blocks.is_empty() && leg.part_atoms > 0) {
        sentences.push(format!(
            "refused if less than {} would arrive",
            said(leg, choice.tolerance()?.least(leg.arrives_atoms()))
        ));
    }
    Ok(sentences)
}

fn leg_json(leg: &Leg, choice: Option<&Choice>, refusals: &Refusals) -> Result<Value> {
    let decimals = leg.vault.decimals;
    let blocks = blocks_of(leg, refusals);
    let mut value = json!({
        "vault": leg.vault_address.to_string(),
        "index": leg.vault.index,
        "asset": leg.vault.asset_mint.to_string(),
        "symbol": symbol(leg),
        "balance": amount_json(leg.balance_atoms, decimals),
        "leaves": amount_json(leg.part_atoms, decimals),
        "fee": amount_json(leg.fee_atoms, decimals),
        "arrives": amount_json(leg.arrives_atoms(), decimals),
        "walletsShow": leg.shown,
        "receiver": leg.receiver.to_string(),
        "receiverMissing": leg.receiver_missing,
        "blocked": blocks,
        "risk": leg.risk.as_ref().map(risk_json),
    });
    if let Some(choice) = choice {
        value["least"] = amount_json(choice.tolerance()?.least(leg.arrives_atoms()), decimals);
        value["left"] = choice.without.contains(&leg.vault.asset_mint).into();
    }
    Ok(value)
}

/// The assets of a quote for people.
fn leg_lines(app: &App, quote: &Quote, choice: Option<&Choice>, refusals: &Refusals) -> Result<Vec<String>> {
    let canvas = app.canvas;
    let mut lines = Vec::new();
    for leg in &quote.legs {
        for (number, sentence) in sentences_of(leg, choice, refusals)?.iter().enumerate() {
            let blocked = number == 0 && !blocks_of(leg, refusals).is_empty();
            for line in canvas.bullet(sentence) {
                let line = if number == 0 { line } else { format!("  {line}") };
                lines.push(if blocked { canvas.warning(&line) } else { line });
            }
        }
        let powers = leg.risk.as_ref().map(|risk| risk.powers()).unwrap_or_default();
        if !powers.is_empty() {
            lines.extend(
                canvas
                    .bullet(&format!("its issuer can {}", powers.join(", ")))
                    .iter()
                    .map(|line| canvas.dim(&format!("  {line}"))),
            );
        }
    }
    Ok(lines)
}

/// Why the shares cannot be redeemed yet, if they cannot.
fn not_open(token: &Token, now: i64) -> Option<Failure> {
    let after = token.security.redeem_after_ts;
    if after == NEVER_TS {
        Some(
            Failure::input(format!(
                "{} cannot be redeemed: its issuer has not opened redemption",
                token.symbol
            ))
            .remedy("the issuer can open it one day, and never close it again"),
        )
    } else if now < after {
        Some(
            Failure::input(format!(
                "{} can be redeemed from {} on",
                token.symbol,
                date_to_text(after)
            ))
            .remedy("wait until then; the issuer can open it earlier, never later"),
        )
    } else {
        None
    }
}

fn quote(app: &App, token: &Pubkey, text: &str, choice: &Choice) -> Result<()> {
    let token = app.token(token)?;
    let shares = positive(text, token.security.decimals)?;
    let holder = app.viewer()?;
    let sender = app.sender()?;
    let quote = Quote::of_shares(sender, &token.keys.security, &holder, shares, &choice.receivers()?)?;
    check_vaults(&token, choice, &quote)?;
    let position = accounts::find_position(sender, &token.keys.security, &holder)?;
    let registered = position.map_or(0, |position| position.shares_atoms);
    let claimable = match &position {
        Some(position) => quotes::position(&quote.security, position, quote.clock.unix_timestamp)?.claimable_atoms,
        None => 0,
    };
    let closed = not_open(&token, quote.clock.unix_timestamp);
    // What a hook does can be tried only with shares that exist and may be redeemed.
    let refusals = if closed.is_none() && registered >= shares {
        let tickets = redemption::open_tickets(sender, &token.keys, &holder)?;
        let id = redemption::free_id(&tickets);
        let payer = app.payer()?.address;
        let plan = Redemption::new(sender, &quote, payer, id, choice.tolerance()?, &choice.left())?;
        rehearse(app, &plan)?
    } else {
        Refusals::new()
    };
    let mut lines = vec![app
        .canvas
        .bold(&format!("{} would be redeemed now for", token.shares(shares)))];
    lines.extend(leg_lines(app, &quote, Some(choice), &refusals)?);
    if quote.legs.is_empty() {
        lines.push(format!("  nothing: {} has no vaults", token.symbol));
    }
    if claimable > 0 {
        lines.push(format!(
            "{} of upside would be claimed first.",
            app.money(&token.security, claimable)?
        ));
    }
    if let Some(closed) = &closed {
        lines.push(app.canvas.warning(&format!("Not yet: {}.", closed.message)));
    }
    if registered < shares {
        lines.push(app.canvas.warning(&format!(
            "{holder} holds {} registered, less than that.",
            token.shares(registered)
        )));
    }
    let legs: Vec<Value> = quote
        .legs
        .iter()
        .map(|leg| leg_json(leg, Some(choice), &refusals))
        .collect::<Result<_>>()?;
    output::print(
        app.global.output,
        &lines,
        &json!({
            "mint": token.keys.mint.to_string(),
            "holder": holder.to_string(),
            "shares": amount_json(shares, token.security.decimals),
            "registered": amount_json(registered, token.security.decimals),
            "redeemAfter": date_to_text(token.security.redeem_after_ts),
            "open": closed.is_none(),
            "claimable": amount_json(claimable, token.security.payout_decimals),
            "assets": legs,
        }),
    );
    Ok(())
}

fn check_vaults(token: &Token, choice: &Choice, quote: &Quote) -> Result<()> {
    let assets: Vec<Pubkey> = quote.legs.iter().map(|leg| leg.vault.asset_mint).collect();
    choice.check(token, &assets)
}

fn start(app: &App, token: &Pubkey, text: &str, another: bool, choice: &Choice) -> Result<()> {
    let token = app.token(token)?;
    let shares = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let tickets = redemption::open_tickets(sender, &token.keys, &actor.address)?;
    if let Some(ticket) = tickets.first().filter(|_| !another) {
        return Err(Failure::input(format!(
            "a redemption of {} is begun already: ticket {} has {} of its {} assets left",
            token.shares(ticket.shares_atoms),
            ticket.id,
            ticket.uncollected(),
            ticket.vault_count
        ))
        .remedy(format!(
            "go on with it by `upside redeem collect {}`; to redeem more besides, add --another",
            token.keys.mint
        )));
    }
    if let Some(failure) = not_open(&token, sender.now()?) {
        return Err(failure);
    }
    let registered = accounts::find_position(sender, &token.keys.security, &actor.address)?
        .map_or(0, |position| position.shares_atoms);
    if registered < shares {
        return Err(Failure::input(format!(
            "{} holds {} registered, less than {}",
            actor.address,
            token.shares(registered),
            token.shares(shares)
        ))
        .remedy("redeem less; bearer shares must be registered first with `upside shares register`"));
    }
    let quote = Quote::of_shares(
        sender,
        &token.keys.security,
        &actor.address,
        shares,
        &choice.receivers()?,
    )?;
    check_vaults(&token, choice, &quote)?;
    let id = redemption::free_id(&tickets);
    let what = format!("Redeem {} for ticket {id}", token.shares(shares));
    match carry_on(app, &token, actor, &quote, id, choice, what)? {
        Some(outcome) => finish(app, &token, vec![outcome]),
        None => Ok(()),
    }
}

fn collect(app: &App, token: &Pubkey, number: Option<u64>, choice: &Choice) -> Result<()> {
    let token = app.token(token)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let mut tickets = redemption::open_tickets(sender, &token.keys, &actor.address)?;
    tickets.retain(|ticket| number.is_none_or(|number| number == ticket.id));
    if tickets.is_empty() {
        return Err(Failure::input(match number {
            Some(number) => format!("{} has no open ticket {number} of {}", actor.address, token.symbol),
            None => format!("{} has no open ticket of {}", actor.address, token.symbol),
        })
        .remedy("`upside redeem status` lists open tickets; a ticket that has collected everything is closed"));
    }
    if tickets.len() > 1 && app.global.sends_nothing() {
        return Err(
            Failure::input("more than one ticket is open, and one message is printed at a time")
                .remedy("name one with --ticket"),
        );
    }
    let mut outcomes = Vec::new();
    for ticket in &tickets {
        let quote = Quote::of_ticket(sender, ticket, &choice.receivers()?)?;
        if tickets.len() == 1 {
            let assets: Vec<Pubkey> = accounts::vaults_of(sender, &token.keys.security)?
                .iter()
                .map(|(_, vault)| vault.asset_mint)
                .collect();
            choice.check(&token, &assets)?;
        }
        let what = format!(
            "Collect what is left of ticket {} for {}",
            ticket.id,
            token.shares(ticket.shares_atoms)
        );
        match carry_on(app, &token, actor, &quote, ticket.id, choice, what)? {
            Some(outcome) => outcomes.push(outcome),
            None => return Ok(()),
        }
    }
    finish(app, &token, outcomes)
}

/// What became of one ticket.
struct Outcome {
    id: u64,
    lines: Vec<String>,
    value: Value,
    refused: usize,
    interrupted: Option<ClientError>,
}

/// Shows what one ticket or the shares pay, asks, and sends. `None` when nothing was to be sent and what was asked for has been printed.
fn carry_on(
    app: &App,
    token: &Token,
    actor: &Identity,
    quote: &Quote,
    id: u64,
    choice: &Choice,
    what: String,
) -> Result<Option<Outcome>> {
    let sender = app.sender()?;
    let payer = app.payer()?;
    let plan = Redemption::new(sender, quote, payer.address, id, choice.tolerance()?, &choice.left())?;
    let refusals = rehearse(app, &plan)?;
    let mut sentences = Vec::new();
    if quote.ticket.is_none() {
        sentences.push(format!(
            "{} are burnt for ever; the ticket has their part of every vault.",
            token.shares(quote.shares_atoms)
        ));
    }
    for leg in &quote.legs {
        sentences.push(sentences_of(leg, Some(choice), &refusals)?.join("; "));
    }
    let packed = plan.pack()?;
    let first = packed
        .iter()
        .find(|(steps, _)| quote.ticket.is_some() || steps.contains(&Step::Redeem));
    let Some((steps, instructions)) = first else {
        // Nothing can be done now; say what is in the way.
        return Ok(Some(nothing_now(app, quote, id, choice, &refusals)?));
    };
    if packed.len() > 1 && app.global.sends_nothing() {
        output::write_note(&format!(
            "The whole takes {} transactions; this is the one that {}.",
            packed.len(),
            if steps.contains(&Step::Redeem) {
                "burns the shares, with the assets that fit into it"
            } else {
                "comes first"
            }
        ));
    }
    // One asset that refuses must not keep the question from being asked: it is split off when it is sent.
    let tried = match sender.simulate(instructions, payer.signer().as_ref(), &[], &[]) {
        Err(ClientError::Program(_)) if steps.len() > 1 => plan.instructions_of(&steps[0]),
        _ => instructions.clone(),
    };
    let consent = Plan {
        what,
        irreversible: sentences,
        instructions: tried,
        actor,
        expects: "",
    };
    if !agreed(app, &consent)? {
        return Ok(None);
    }
    let (payer_signer, actor_signer) = (payer.signer(), actor.signer());
    let mut run = Run::new(sender, &plan, payer_signer.as_ref(), actor_signer.as_ref())?;
    let bar = ProgressBar::new(run.left() as u64).with_style(
        ProgressStyle::with_template("  {bar:30.cyan} {pos} of {len}  {msg}")
            .map_err(|e| Failure::input(e.to_string()))?,
    );
    let mut outcome = nothing_now(app, quote, id, choice, &refusals)?;
    let mut collected = Vec::new();
    let mut refused = Vec::new();
    let mut transactions = Vec::new();
    let mut closed = false;
    outcome.lines.clear();
    loop {
        let result = match run.send_next() {
            Ok(Some(result)) => result,
            Ok(None) => break,
            // Nothing has happened yet: the failure is the whole answer.
            Err(error) if transactions.is_empty() => return Err(error.into()),
            Err(error) => {
                outcome.interrupted = Some(error);
                break;
            }
        };
        match result {
            StepResult::Done { receipt, steps } => {
                transactions.push(output::receipt_json(&receipt));
                for event in &receipt.events {
                    match event {
                        // What a vault is paid is the harvest before.
                        Event::UpsideClaimed(event) if event.holder == quote.holder => outcome.lines.push(format!(
                            "Claimed {} of upside.",
                            app.money(&token.security, event.amount_atoms)?
                        )),
                        Event::SharesRedeemed(event) => {
                            outcome
                                .lines
                                .push(format!("Burnt {} for ticket {id}.", token.shares(event.amount_atoms)));
                        }
                        Event::AssetCollected(event) => {
                            let Some(leg) = quote.legs.iter().find(|leg| leg.vault.asset_mint == event.asset_mint)
                            else {
                                continue;
                            };
                            outcome
                                .lines
                                .push(format!("Collected {}.", said(leg, event.arrived_atoms)));
                            bar.set_message(symbol(leg));
                            collected.push(json!({
                                "asset": event.asset_mint.to_string(),
                                "symbol": symbol(leg),
                                "left": amount_json(event.paid_atoms, leg.vault.decimals),
                                "arrived": amount_json(event.arrived_atoms, leg.vault.decimals),
                                "receiver": (event.paid_atoms > 0).then(|| event.receiver.to_string()),
                            }));
                        }
                        Event::RedemptionClosed(_) => {
                            closed = true;
                            outcome
                                .lines
                                .push(format!("Ticket {id} has collected everything and is closed."));
                        }
                        _ => {}
                    }
                }
                bar.inc(steps.len() as u64);
            }
            StepResult::Refused { step, error } => {
                bar.inc(1);
                let asset = match &step {
                    Step::Collect { asset } | Step::OpenReceiver { asset } | Step::Harvest { asset } => Some(*asset),
                    Step::Claim | Step::Redeem | Step::Close => None,
                };
                let name = asset
                    .and_then(|asset| quote.legs.iter().find(|leg| leg.vault.asset_mint == asset))
                    .map_or_else(|| format!("{step:?}"), symbol);
                outcome
                    .lines
                    .push(app.canvas.warning(&format!("{name} was refused: {error}")));
                refused.push(json!({
                    "step": name,
                    "asset": asset.map(|asset| asset.to_string()),
                    "message": error.to_string(),
                }));
            }
        }
    }
    bar.finish_and_clear();
    for leg in quote.legs.iter().filter(|leg| !leg.is_free()) {
        outcome.lines.extend(
            app.canvas
                .bullet(&sentences_of(leg, Some(choice), &refusals)?[0])
                .iter()
                .map(|line| app.canvas.warning(line)),
        );
    }
    outcome.refused = refused.len();
    outcome.value["collected"] = collected.into();
    outcome.value["refused"] = refused.into();
    outcome.value["closed"] = closed.into();
    outcome.value["transactions"] = transactions.into();
    Ok(Some(outcome))
}

/// The outcome of a ticket of which nothing can be collected now.
fn nothing_now(app: &App, quote: &Quote, id: u64, choice: &Choice, refusals: &Refusals) -> Result<Outcome> {
    let mut lines = vec![format!("Nothing of ticket {id} can be collected now.")];
    lines.extend(leg_lines(app, quote, Some(choice), refusals)?);
    let blocked: Vec<Value> = quote
        .legs
        .iter()
        .filter(|leg| !leg.is_free())
        .map(|leg| leg_json(leg, None, refusals))
        .collect::<Result<_>>()?;
    Ok(Outcome {
        id,
        lines,
        value: json!({
            "ticket": id,
            "shares": amount_json(quote.shares_atoms, quote.security.decimals),
            "collected": [],
            "refused": [],
            "blocked": blocked,
            "closed": false,
            "transactions": [],
        }),
        refused: 0,
        interrupted: None,
    })
}

/// Prints what became of the tickets, and fails if something that was tried was refused or is unknown.
fn finish(app: &App, token: &Token, outcomes: Vec<Outcome>) -> Result<()> {
    let lines: Vec<String> = outcomes.iter().flat_map(|outcome| outcome.lines.clone()).collect();
    let values: Vec<&Value> = outcomes.iter().map(|outcome| &outcome.value).collect();
    output::print(
        app.global.output,
        &lines,
        &json!({ "mint": token.keys.mint.to_string(), "tickets": values }),
    );
    let go_on = format!("run `upside redeem collect {}` to go on", token.keys.mint);
    let refused: usize = outcomes.iter().map(|outcome| outcome.refused).sum();
    for outcome in outcomes {
        if let Some(error) = outcome.interrupted {
            let mut failure = Failure::from(error);
            failure.message = format!("ticket {} was interrupted: {}", outcome.id, failure.message);
            return Err(failure.remedy(format!("{go_on}: what is collected is never collected twice")));
        }
    }
    if refused > 0 {
        return Err(Failure::new(
            Reason::Refused,
            format!("{refused} steps were refused; everything else is done"),
        )
        .remedy(format!("{go_on} when the cause is gone: the ticket keeps its part")));
    }
    Ok(())
}

fn status(app: &App, token: &Pubkey, wallet: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let holder = match wallet {
        Some(wallet) => wallet,
        None => app.viewer()?,
    };
    let sender = app.sender()?;
    let mut lines = Vec::new();
    let mut values = Vec::new();
    for ticket in redemption::open_tickets(sender, &token.keys, &holder)? {
        let quote = Quote::of_ticket(sender, &ticket, &Receivers::new())?;
        lines.push(app.canvas.bold(&ticket_sentence(&token, &ticket)));
        lines.extend(leg_lines(app, &quote, None, &Refusals::new())?);
        let legs: Vec<Value> = quote
            .legs
            .iter()
            .map(|leg| leg_json(leg, None, &Refusals::new()))
            .collect::<Result<_>>()?;
        let mut value = ticket_json(&token, &ticket);
        value["assets"] = legs.into();
        values.push(value);
    }
    if lines.is_empty() {
        lines.push(format!("{holder} has no open ticket of {}.", token.symbol));
    } else {
        lines.push(format!(
            "`upside redeem collect {}` collects what is free.",
            token.keys.mint
        ));
    }
    output::print(
        app.global.output,
        &lines,
        &json!({ "mint": token.keys.mint.to_string(), "holder": holder.to_string(), "tickets": values }),
    );
    Ok(())
}

/// An open ticket for people.
pub fn ticket_sentence(token: &Token, ticket: &Ticket) -> String {
    format!(
        "Ticket {} of {}: {} burnt on {}, {} of {} assets left to collect",
        ticket.id,
        short(&ticket.holder),
        token.shares(ticket.shares_atoms),
        date_to_text(ticket.redeemed_ts),
        ticket.uncollected(),
        ticket.vault_count
    )
}

/// An open ticket for programs.
pub fn ticket_json(token: &Token, ticket: &Ticket) -> Value {
    json!({
        "ticket": ticket.id,
        "holder": ticket.holder.to_string(),
        "shares": amount_json(ticket.shares_atoms, token.security.decimals),
        "redeemed": date_to_text(ticket.redeemed_ts),
        "vaultsInReach": ticket.vault_count,
        "uncollected": ticket.uncollected(),
    })
}
