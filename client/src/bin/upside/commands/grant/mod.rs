//! `upside grant`

mod batch;
mod create;
mod list;

use anchor_lang::prelude::Pubkey;
use clap::{Args, Subcommand};
use serde_json::json;
use upside_client::{
    accounts, amount,
    events::Event,
    instructions::{ApproveMilestone, ClaimGrant, CloseGrant, RevokeGrant},
    quote,
    time::{date_to_text, duration_to_text},
    upside::{instructions::grant::CreateGrantArgs, state::Grant},
    Sender,
};

pub use create::{EXPORT_SECONDS, SIGNING_SECONDS};
pub use list::{grant_json, schedule};

use super::{print_done, shares::never_signs};
use crate::{
    app::{App, Token},
    failure::{Failure, Result},
    output::{self, amount_json, counted, short},
    pieces::{self, Check, Piece},
    plan::{carry_out, Plan},
};

/// Compute units counted for one claim that opens a position, more than it takes.
const CLAIM_COMPUTE_UNITS: u32 = 60_000;
/// Compute units counted for one creation or end, more than it takes.
const ONE_COMPUTE_UNITS: u32 = 30_000;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Promise shares to somebody, over time or for a milestone.
    #[command(
        after_help = "Example: upside grant create MINT TEACHER 5000 --start 2027-01-01 --cliff 1y --end 4y --revocable\n         upside grant create MINT WRITER 200 --approver EDITOR --deadline 2027-06-30"
    )]
    Create(create::Create),
    /// Promise shares to hundreds, from a CSV file; what exists already is skipped.
    #[command(
        after_help = "Example: upside grant batch MINT teachers.csv --dry-run\n\nColumns: recipient, amount, start, cliff, end, approver, deadline, revocable, id. The first three are needed,\nand end unless an approver is named. Dates are like 2027-01-01; cliff, end and deadline may be durations\nafter the start, like 1y."
    )]
    Batch(batch::Batch),
    /// Issue what has vested: yours, or anybody's, to them.
    #[command(after_help = "Example: upside grant claim MINT\n         upside grant claim MINT --all")]
    Claim {
        /// Share mint.
        token: Pubkey,
        /// Whose grants [default: yours].
        #[arg(long = "for", value_name = "WALLET", conflicts_with = "all")]
        wallet: Option<Pubkey>,
        /// Only the grant with this id.
        #[arg(long, conflicts_with = "all")]
        id: Option<u64>,
        /// Everybody's grants.
        #[arg(long)]
        all: bool,
    },
    /// Approve a milestone that names you.
    #[command(after_help = "Example: upside grant approve MINT RECIPIENT -k approver.json")]
    Approve(Choice),
    /// Stop what has not vested of a revocable grant.
    #[command(after_help = "Example: upside grant revoke MINT RECIPIENT --dry-run")]
    Revoke(Choice),
    /// Close grants that are claimed in full, or whose milestone nobody approved in time.
    #[command(after_help = "Example: upside grant close MINT")]
    Close {
        /// Share mint.
        token: Pubkey,
        /// Only this wallet's grants [default: everybody's].
        #[arg(long = "for", value_name = "WALLET")]
        wallet: Option<Pubkey>,
        /// Only grants with this id.
        #[arg(long)]
        id: Option<u64>,
    },
    /// List grants: what is vested, claimed and claimable.
    #[command(
        after_help = "Example: upside grant list MINT\n         upside grant list --for WALLET\n         upside grant list --approver WALLET"
    )]
    List(list::List),
}

/// One grant.
#[derive(Debug, Args)]
pub struct Choice {
    /// Share mint.
    token: Pubkey,
    /// Who receives.
    recipient: Pubkey,
    /// Its id, if the recipient has more than one that fits.
    #[arg(long)]
    id: Option<u64>,
}

/// Runs `upside grant`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Create(args) => create::run(app, &args),
        Command::Batch(args) => batch::run(app, &args),
        Command::Claim { token, wallet, id, all } => claim(app, &token, wallet, id, all),
        Command::Approve(choice) => approve(app, &choice),
        Command::Revoke(choice) => revoke(app, &choice),
        Command::Close { token, wallet, id } => close(app, &token, wallet, id),
        Command::List(args) => list::run(app, &args),
    }
}

/// Why wallets cannot receive a grant; `None` for each that can.
fn cannot_receive(app: &App, wallets: &[Pubkey]) -> Result<Vec<Option<String>>> {
    let mut problems = Vec::new();
    for some in wallets.chunks(100) {
        let accounts = app.sender()?.get_multiple_accounts(some)?;
        problems.extend(some.iter().zip(&accounts).map(|(wallet, account)| {
            let account = account.as_ref();
            if let Some(what) = never_signs(account) {
                return Some(format!(
                    "{wallet} is {what}, which can never sign: its shares would be lost"
                ));
            }
            match account {
                Some(account) if account.owner == upside_client::upside::ID => {
                    Some(format!("{wallet} is an account of this program, which cannot hold"))
                }
                None if !wallet.is_on_curve() => Some(format!("{wallet} has no key, and nothing is there")),
                _ => None,
            }
        }));
    }
    Ok(problems)
}

/// What a promise means, one sentence each.
fn promise_sentences(token: &Token, recipient: &Pubkey, args: &CreateGrantArgs, now: i64) -> Vec<String> {
    let mut sentences = vec![
        format!(
            "{} are reserved for {recipient}, and newly issued to them as they claim; anybody can make the claim for them.",
            token.shares(args.amount)
        ),
        schedule_of(args),
    ];
    if args.approver != Pubkey::default() {
        sentences.push(format!(
            "Nothing vests until {} approves it before {}; without that the promise ends then, and the shares return.",
            args.approver,
            date_to_text(args.deadline_ts)
        ));
    }
    sentences.push(
        if args.revocable {
            "The issuer can revoke what has not vested, and never what has."
        } else {
            "Nobody can revoke it, ever: it was made so."
        }
        .to_owned(),
    );
    sentences.push(if args.start_ts > now {
        format!(
            "Everybody sees it from now on, {} before it starts.",
            duration_to_text(args.start_ts - now)
        )
    } else {
        "It has started already.".to_owned()
    });
    sentences
}

/// When the shares of a grant vest.
fn schedule_of(args: &CreateGrantArgs) -> String {
    schedule(args.start_ts, args.cliff_ts, args.end_ts)
}

/// What new promises do to everybody else.
pub fn dilution_sentence(token: &Token, before: u64, new: u64) -> String {
    let after = before.saturating_add(new);
    format!(
        "Once everything promised is issued, a holder of 10% of {} today has {}: {} of {} promised or in existence are new.",
        token.symbol,
        amount::to_percent(before / 10, after),
        token.shares(new),
        token.shares(after)
    )
}

/// How much notice the security owes, as a sentence, if a grant would start before `earliest`.
pub fn too_early(token: &Token, start: i64, earliest: Option<i64>) -> Option<String> {
    let earliest = earliest.filter(|earliest| start < *earliest)?;
    Some(format!(
        "it would start at {}, and others hold {}: {} of notice are due, so the earliest start is {}",
        date_to_text(start),
        token.symbol,
        duration_to_text(token.security.notice_seconds),
        date_to_text(earliest)
    ))
}

/// The earliest start of something announced now; `None` if no notice is due.
pub fn earliest_start(app: &App, token: &Token, now: i64) -> Result<Option<i64>> {
    let own = accounts::find_position(app.sender()?, &token.keys.security, &token.security.issuer)?
        .map_or(0, |position| position.shares_atoms);
    Ok(quote::earliest_start(&token.security, own, token.mint.supply, now))
}

/// A recipient's grant that a command is about: the one with the id, or the only one that fits.
fn chosen(app: &App, token: &Token, choice: &Choice, fits: impl Fn(&Grant) -> bool, what: &str) -> Result<Grant> {
    let recipient = &choice.recipient;
    let grants = grants_to(app, token, Some(recipient))?;
    if let Some(id) = choice.id {
        return grants
            .into_iter()
            .map(|(_, grant)| grant)
            .find(|grant| grant.id == id)
            .ok_or_else(|| {
                Failure::input(format!("{recipient} has no open grant {id} of {}", token.symbol)).remedy(format!(
                    "`upside grant list {}` shows every open grant",
                    token.keys.mint
                ))
            });
    }
    let fitting: Vec<Grant> = grants.into_iter().map(|(_, grant)| grant).filter(fits).collect();
    match fitting.as_slice() {
        [only] => Ok(*only),
        [] => Err(
            Failure::input(format!("{recipient} has no grant of {} {what}", token.symbol)).remedy(format!(
                "`upside grant list {}` shows every open grant",
                token.keys.mint
            )),
        ),
        several => {
            let ids: Vec<String> = several.iter().map(|grant| grant.id.to_string()).collect();
            Err(Failure::input(format!(
                "{recipient} has {} grants of {} {what}: {}",
                several.len(),
                token.symbol,
                ids.join(", ")
            ))
            .remedy("name one with --id"))
        }
    }
}

/// Open grants of a security, of one recipient or of all, by recipient and id.
fn grants_to(app: &App, token: &Token, recipient: Option<&Pubkey>) -> Result<Vec<(Pubkey, Grant)>> {
    let mut grants = accounts::grants_of(app.sender()?, &token.keys.security)?;
    grants.retain(|(_, grant)| recipient.is_none_or(|recipient| grant.recipient == *recipient));
    grants.sort_by_key(|(_, grant)| (grant.recipient, grant.id));
    Ok(grants)
}

fn name_of(grant: &Grant) -> String {
    format!("grant {} of {}", grant.id, short(&grant.recipient))
}

fn claim(app: &App, token: &Pubkey, wallet: Option<Pubkey>, id: Option<u64>, all: bool) -> Result<()> {
    let token = app.token(token)?;
    let actor = app.signing_actor()?;
    let recipient = if all {
        None
    } else {
        Some(wallet.unwrap_or(actor.address))
    };
    let now = app.sender()?.now()?;
    let mut grants = grants_to(app, &token, recipient.as_ref())?;
    grants.retain(|(_, grant)| id.is_none_or(|id| grant.id == id));
    let open = grants.len();
    grants.retain(|(_, grant)| quote::grant(grant, now).claimable_atoms > 0);
    if grants.is_empty() {
        return Err(Failure::input(match (open, recipient) {
            (0, None) => format!("nobody has an open grant of {}", token.symbol),
            (0, Some(recipient)) => format!("{recipient} has no such open grant of {}", token.symbol),
            _ => format!(
                "nothing more has vested of {} of {}",
                counted(open, "open grant"),
                token.symbol
            ),
        })
        .remedy(format!(
            "`upside grant list {}` says what has vested and when more does",
            token.keys.mint
        )));
    }
    let payer = app.payer()?.address;
    let pieces: Vec<Piece> = grants
        .iter()
        .map(|(address, grant)| Piece {
            name: name_of(grant),
            instructions: vec![ClaimGrant {
                keys: &token.keys,
                payer,
                recipient: grant.recipient,
                id: grant.id,
            }
            .instruction()],
            compute_units: CLAIM_COMPUTE_UNITS,
            is_done: Some(is_claimed(*address, grant.claimed_atoms)),
        })
        .collect();
    let what = format!(
        "Issue what has vested of {} of {}",
        counted(pieces.len(), "grant"),
        token.symbol
    );
    let Some(outcome) = pieces::carry_out(app, actor, what, Vec::new(), &pieces)? else {
        return Ok(());
    };
    let mut lines = Vec::new();
    let mut claims = Vec::new();
    for event in outcome.receipts.iter().flat_map(|receipt| &receipt.events) {
        let Event::GrantClaimed(event) = event else { continue };
        lines.push(format!(
            "Issued {} to {}, registered.",
            token.shares(event.amount_atoms),
            event.recipient
        ));
        claims.push(json!({
            "grant": event.grant.to_string(),
            "recipient": event.recipient.to_string(),
            "issued": amount_json(event.amount_atoms, token.security.decimals),
            "claimedInAll": amount_json(event.claimed_atoms, token.security.decimals),
            "registered": amount_json(event.position.shares_atoms, token.security.decimals),
        }));
    }
    lines.extend(outcome.overtaken_line("claimed"));
    output::print(
        app.global.output,
        &lines,
        &json!({
            "mint": token.keys.mint.to_string(),
            "claims": claims,
            "claimed_by_others": outcome.overtaken,
            "refused": outcome.refusals(&pieces),
            "transactions": outcome.transactions(),
        }),
    );
    outcome.check(&pieces, "run it again: what is claimed is never claimed twice")
}

/// Whether this grant, of which `claimed` was claimed when it was read, has been claimed since: anybody may, so two may at once. More may have
/// vested by then.
fn is_claimed(grant: Pubkey, claimed: u64) -> Check {
    Box::new(move |sender| {
        let there: Option<Grant> = accounts::find(sender, &grant)?;
        Ok(there.is_none_or(|grant| grant.claimed_atoms > claimed))
    })
}

/// Whether this grant has been closed: anybody may, so two may at once.
fn is_closed(grant: Pubkey) -> Check {
    Box::new(move |sender| Ok(accounts::find::<Grant>(sender, &grant)?.is_none()))
}

fn approve(app: &App, choice: &Choice) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let now = app.sender()?.now()?;
    let waits = |grant: &Grant| {
        grant.approver == actor.address
            && grant.approved == 0
            && grant.revoked == 0
            && !quote::grant(grant, now).closable
    };
    let grant = chosen(app, &token, choice, waits, &format!("waiting for {}", actor.address))?;
    let plan = Plan {
        what: format!(
            "Approve the milestone of {} for {}",
            token.shares(grant.amount_atoms),
            grant.recipient
        ),
        irreversible: vec![
            "An approval cannot be taken back.".to_owned(),
            format!(
                "From now on the schedule applies: {}",
                list::schedule(grant.start_ts, grant.cliff_ts, grant.end_ts)
            ),
        ],
        instructions: vec![ApproveMilestone {
            keys: &token.keys,
            approver: actor.address,
            recipient: grant.recipient,
            id: grant.id,
        }
        .instruction()],
        actor,
        expects: "MilestoneApproved",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let mut approved = grant;
    approved.approved = 1;
    print_done(
        app,
        &receipt,
        &[format!(
            "Approved: {} can claim {} now.",
            grant.recipient,
            token.shares(quote::grant(&approved, now).claimable_atoms)
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "recipient": grant.recipient.to_string(),
            "id": grant.id,
            "claimable": amount_json(quote::grant(&approved, now).claimable_atoms, token.security.decimals),
        }),
    );
    Ok(())
}

fn revoke(app: &App, choice: &Choice) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let now = app.sender()?.now()?;
    let revocable = |grant: &Grant| grant.revocable == 1 && grant.revoked == 0;
    let grant = chosen(app, &token, choice, revocable, "that can be revoked")?;
    let quoted = quote::grant(&grant, now);
    let plan = Plan {
        what: format!("Revoke {} of {}", name_of(&grant), token.shares(grant.amount_atoms)),
        irreversible: vec![
            format!(
                "About {} have not vested and are promised no more.",
                token.shares(grant.amount_atoms.saturating_sub(quoted.vested_atoms))
            ),
            format!(
                "About {} have vested and stay {}'s, of which {} are claimed.",
                token.shares(quoted.vested_atoms),
                short(&grant.recipient),
                token.shares(quoted.claimed_atoms)
            ),
            "A grant that is revoked is never restored; a new one is announced with notice.".to_owned(),
        ],
        instructions: vec![RevokeGrant {
            keys: &token.keys,
            issuer: actor.address,
            recipient: grant.recipient,
            id: grant.id,
        }
        .instruction()],
        actor,
        expects: "GrantRevoked",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let (mut vested, mut freed) = (quoted.vested_atoms, 0);
    for event in &receipt.events {
        if let Event::GrantRevoked(event) = event {
            (vested, freed) = (event.amount_atoms, event.freed_atoms);
        }
    }
    print_done(
        app,
        &receipt,
        &[format!(
            "Revoked: {} had vested and stay {}'s, {} are promised no more.",
            token.shares(vested),
            grant.recipient,
            token.shares(freed)
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "recipient": grant.recipient.to_string(),
            "id": grant.id,
            "vested": amount_json(vested, token.security.decimals),
            "freed": amount_json(freed, token.security.decimals),
        }),
    );
    Ok(())
}

fn close(app: &App, token: &Pubkey, wallet: Option<Pubkey>, id: Option<u64>) -> Result<()> {
    let token = app.token(token)?;
    let actor = app.signing_actor()?;
    let now = app.sender()?.now()?;
    let mut grants = grants_to(app, &token, wallet.as_ref())?;
    grants.retain(|(_, grant)| id.is_none_or(|id| grant.id == id) && quote::grant(grant, now).closable);
    if grants.is_empty() {
        return Err(Failure::input(format!(
            "no such grant of {} is claimed in full or lapsed",
            token.symbol
        ))
        .remedy("claim what is left first with `upside grant claim`; a milestone lapses at its deadline"));
    }
    let pieces: Vec<Piece> = grants
        .iter()
        .map(|(address, grant)| Piece {
            name: name_of(grant),
            instructions: vec![CloseGrant {
                keys: &token.keys,
                recipient: grant.recipient,
                id: grant.id,
                rent_payer: grant.rent_payer,
            }
            .instruction()],
            compute_units: ONE_COMPUTE_UNITS,
            is_done: Some(is_closed(*address)),
        })
        .collect();
    let what = format!("Close {} of {}", counted(pieces.len(), "grant"), token.symbol);
    let Some(outcome) = pieces::carry_out(app, actor, what, Vec::new(), &pieces)? else {
        return Ok(());
    };
    let mut lines = Vec::new();
    let mut closed = Vec::new();
    for event in outcome.receipts.iter().flat_map(|receipt| &receipt.events) {
        let Event::GrantClosed(event) = event else { continue };
        lines.push(format!(
            "Closed a grant of {}: {} returned to what can be promised.",
            event.recipient,
            token.shares(event.freed_atoms)
        ));
        closed.push(json!({
            "grant": event.grant.to_string(),
            "recipient": event.recipient.to_string(),
            "freed": amount_json(event.freed_atoms, token.security.decimals),
        }));
    }
    lines.extend(outcome.overtaken_line("closed"));
    output::print(
        app.global.output,
        &lines,
        &json!({
            "mint": token.keys.mint.to_string(),
            "closed": closed,
            "closed_by_others": outcome.overtaken,
            "refused": outcome.refusals(&pieces),
            "transactions": outcome.transactions(),
        }),
    );
    outcome.check(&pieces, "run it again for what is left")
}
