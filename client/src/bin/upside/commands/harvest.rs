//! `upside harvest`

use anchor_lang::prelude::Pubkey;
use serde_json::json;
use upside_client::{
    accounts, amount,
    events::Event,
    layers::{self, Holding},
    Sender,
};

use crate::{
    app::App,
    failure::{Failure, Result},
    output::{self, amount_json, counted},
    pieces::{self, Check, Piece},
};

/// Compute units counted for one harvest, more than it takes.
const HARVEST_COMPUTE_UNITS: u32 = 25_000;

/// `harvest`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: upside harvest MINT\n         upside harvest MINT HELD_MINT")]
pub struct Args {
    /// Share mint of the security that holds.
    token: Pubkey,
    /// Only what shares of this security have earned.
    held: Option<Pubkey>,
}

/// Harvests what is due: anybody may, and it can go nowhere else.
///
/// # Errors
/// When nothing is due, or something is refused.
pub fn run(app: &App, args: &Args) -> Result<()> {
    let token = app.token(&args.token)?;
    let only = args.held.map(|held| app.token(&held)).transpose()?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let holdings = layers::holdings_of(sender, &token.keys.security)?;
    app.know_mints(
        holdings
            .iter()
            .flat_map(|holding| [holding.held.mint, holding.held.payout_mint]),
    )?;
    let mut due = Vec::new();
    for holding in &holdings {
        let wanted = only
            .as_ref()
            .is_none_or(|only| only.keys.security == holding.held.security);
        if wanted && holding.harvestable_atoms(now)? > 0 {
            due.push(holding);
        }
    }
    if due.is_empty() {
        return Err(Failure::input(if holdings.is_empty() {
            format!("{} holds no shares of other securities", token.symbol)
        } else {
            format!(
                "no shares that {} holds have earned anything since the last harvest",
                token.symbol
            )
        })
        .remedy("what is paid in drips: wait, or look at `upside layers show`"));
    }
    let mut pieces = Vec::new();
    for holding in &due {
        pieces.push(Piece {
            name: format!("what {} has paid", app.symbol(&holding.held.mint)?),
            instructions: vec![holding.harvest()],
            compute_units: HARVEST_COMPUTE_UNITS,
            is_done: Some(is_harvested(holding)),
        });
    }
    let what = format!("Harvest {} of {}", counted(pieces.len(), "vault"), token.symbol);
    let Some(outcome) = pieces::carry_out(app, app.payer()?, what, Vec::new(), &pieces)? else {
        return Ok(());
    };
    let mut lines = Vec::new();
    let mut harvests = Vec::new();
    for event in outcome.receipts.iter().flat_map(|receipt| &receipt.events) {
        let (held, atoms, place) = match event {
            Event::UpsideHarvested(event) => (event.held_security, event.amount_atoms, "stream"),
            Event::BackingHarvested(event) => (event.held_security, event.amount_atoms, "vault"),
            _ => continue,
        };
        let Some(holding) = due.iter().find(|holding| holding.held.security == held) else {
            continue;
        };
        let security = &holding.held_security;
        lines.push(format!(
            "{} that {} had paid went onto the {place} of {}.",
            app.money(security, atoms)?,
            app.symbol(&security.mint)?,
            token.symbol
        ));
        harvests.push(json!({
            "held": security.mint.to_string(),
            "payoutMint": security.payout_mint.to_string(),
            "into": place,
            "amount": amount_json(atoms, security.payout_decimals),
            "shares": amount_json(holding.shares_atoms(), security.decimals),
            "part": amount::to_percent(holding.shares_atoms(), security.registered_atoms),
        }));
    }
    lines.extend(outcome.overtaken_line("harvested"));
    output::print(
        app.global.output,
        &lines,
        &json!({
            "mint": token.keys.mint.to_string(),
            "harvests": harvests,
            "harvested_by_others": outcome.overtaken,
            "refused": outcome.refusals(&pieces),
            "transactions": outcome.transactions(),
        }),
    );
    outcome.check(&pieces, "run it again: what is harvested is never harvested twice")
}

/// Whether this has been harvested since it was read: anybody may, so two may at once. More may have dripped by then.
fn is_harvested(holding: &Holding) -> Check {
    let (held, vault) = (holding.held.security, holding.vault_address);
    let paid = holding.position.map(|position| position.claimed_total_atoms);
    Box::new(move |sender| {
        let now = accounts::find_position(sender, &held, &vault)?;
        Ok(now.map(|position| position.claimed_total_atoms) != paid)
    })
}
