//! `upside shares`

use anchor_lang::prelude::Pubkey;
use clap::Subcommand;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    instructions::{ApproveHolder, Issue, Register, RemoveApproval, TransferShares},
    pda, quote,
    solana_account::Account,
    transactions,
    upside::{
        constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
        state::{Approval, Vault},
    },
    Sender,
};

use super::print_done;
use crate::{
    app::{positive, App, Token},
    failure::{Failure, Result},
    output::{self, amount_json},
    plan::{carry_out, Plan},
    signer::Identity,
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Issue new shares to the issuer, while nobody else holds any.
    #[command(after_help = "Example: upside shares issue MINT 1000")]
    Issue {
        /// Share mint.
        token: Pubkey,
        /// Shares.
        amount: String,
    },
    /// Turn your bearer shares into registered ones, which earn.
    #[command(after_help = "Example: upside shares register MINT 12.5")]
    Register {
        /// Share mint.
        token: Pubkey,
        /// Shares.
        amount: String,
        /// Token account they are in [default: your associated one].
        #[arg(long, value_name = "ACCOUNT")]
        from: Option<Pubkey>,
    },
    /// Turn your registered shares into bearer ones, which trade anywhere and do not earn.
    #[command(after_help = "Example: upside shares unregister MINT 12.5")]
    Unregister {
        /// Share mint.
        token: Pubkey,
        /// Shares.
        amount: String,
    },
    /// Send registered shares to another holder, where they stay registered.
    #[command(after_help = "Example: upside shares send MINT 250 RECEIVER")]
    Send {
        /// Share mint.
        token: Pubkey,
        /// Shares.
        amount: String,
        /// A wallet, or a multisig.
        to: Pubkey,
    },
    /// Let a holder receive curated shares, or stop it.
    #[command(
        after_help = "Example: upside shares approve MINT WALLET\n         upside shares approve MINT WALLET --remove"
    )]
    Approve {
        /// Share mint.
        token: Pubkey,
        /// Who may receive.
        wallet: Pubkey,
        /// Take the approval away; what is held stays held.
        #[arg(long)]
        remove: bool,
    },
    /// List the holders of a security, or what you hold.
    #[command(after_help = "Example: upside shares list MINT\n         upside shares list --holder WALLET")]
    List {
        /// Share mint; without it, everything that you or `--holder` hold.
        token: Option<Pubkey>,
    },
}

/// Runs `upside shares`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Issue { token, amount } => issue(app, &token, &amount),
        Command::Register { token, amount, from } => register(app, &token, &amount, from),
        Command::Unregister { token, amount } => unregister(app, &token, &amount),
        Command::Send { token, amount, to } => send(app, &token, &amount, &to),
        Command::Approve { token, wallet, remove } => approve(app, &token, &wallet, remove),
        Command::List { token: Some(token) } => holders(app, &token),
        Command::List { token: None } => held(app),
    }
}

/// Prints a holder's shares after a move.
fn print_moved(app: &App, token: &Token, actor: &Identity, atoms: u64, plan: &Plan<'_>, sentence: &str) -> Result<()> {
    let Some(receipt) = carry_out(app, plan)? else {
        return Ok(());
    };
    let sender = app.sender()?;
    let position = accounts::find_position(sender, &token.keys.security, &actor.address)?;
    let registered = position.map_or(0, |position| position.shares_atoms);
    let bearer = accounts::token_balance(sender, &token.keys.bearer_account(&actor.address))?;
    print_done(
        app,
        &receipt,
        &[
            sentence.to_owned(),
            format!(
                "You now hold {} registered and {} bearer.",
                token.shares(registered),
                token.shares(bearer)
            ),
        ],
        json!({
            "mint": token.keys.mint.to_string(),
            "moved": amount_json(atoms, token.security.decimals),
            "holder": actor.address.to_string(),
            "registered": amount_json(registered, token.security.decimals),
            "bearer": amount_json(bearer, token.security.decimals),
        }),
    );
    Ok(())
}

fn issue(app: &App, token: &Pubkey, text: &str) -> Result<()> {
    let token = app.token(token)?;
    let atoms = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    let plan = Plan {
        what: format!("Issue {} to {}", token.shares(atoms), actor.address),
        irreversible: vec![format!(
            "{} of the {} authorised are used up for ever, even if they are burnt one day.",
            token.shares(atoms),
            token.shares(token.security.authorised_atoms)
        )],
        instructions: vec![Issue {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "SharesIssued",
    };
    print_moved(
        app,
        &token,
        actor,
        atoms,
        &plan,
        &format!("Issued {}.", token.shares(atoms)),
    )
}

fn register(app: &App, token: &Pubkey, text: &str, from: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let atoms = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    let bearer_account = from.unwrap_or_else(|| token.keys.bearer_account(&actor.address));
    let held = accounts::token_balance(app.sender()?, &bearer_account)?;
    if held < atoms {
        return Err(Failure::input(format!(
            "{bearer_account} holds {}, less than {}",
            token.shares(held),
            token.shares(atoms)
        ))
        .remedy("name less, or another account with --from"));
    }
    let plan = Plan {
        what: format!("Register {}", token.shares(atoms)),
        irreversible: Vec::new(),
        instructions: vec![Register {
            keys: &token.keys,
            payer: app.payer()?.address,
            holder: actor.address,
            bearer_account,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "SharesRegistered",
    };
    let sentence = format!("Registered {}: they earn from now on.", token.shares(atoms));
    print_moved(app, &token, actor, atoms, &plan, &sentence)
}

fn unregister(app: &App, token: &Pubkey, text: &str) -> Result<()> {
    let token = app.token(token)?;
    let atoms = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    if token.keys.curated {
        return Err(
            Failure::input(format!("{} is curated: its shares have no bearer form", token.symbol))
                .remedy("send them to an approved holder with `upside shares send`"),
        );
    }
    let plan = Plan {
        what: format!("Turn {} into bearer shares", token.shares(atoms)),
        irreversible: Vec::new(),
        instructions: transactions::go_bearer(&token.keys, &app.payer()?.address, actor.address, atoms),
        actor,
        expects: "SharesUnregistered",
    };
    let sentence = format!(
        "Unregistered {}: they trade anywhere and do not earn until they are registered again.",
        token.shares(atoms)
    );
    print_moved(app, &token, actor, atoms, &plan, &sentence)
}

fn send(app: &App, token: &Pubkey, text: &str, to: &Pubkey) -> Result<()> {
    let token = app.token(token)?;
    let atoms = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    if actor.address == *to {
        return Err(Failure::input("the receiver is the sender").remedy("name another receiver"));
    }
    check_receiver(app, to)?;
    let plan = Plan {
        what: format!("Send {} to {to}", token.shares(atoms)),
        irreversible: vec![format!("Only {to} can send them back.")],
        instructions: vec![TransferShares {
            keys: &token.keys,
            payer: app.payer()?.address,
            from: actor.address,
            to: *to,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "SharesTransferred",
    };
    print_moved(
        app,
        &token,
        actor,
        atoms,
        &plan,
        &format!("Sent {} to {to}.", token.shares(atoms)),
    )
}

/// Refuses receivers that can never sign, which the program cannot tell from a multisig: what they hold would be lost.
fn check_receiver(app: &App, to: &Pubkey) -> Result<()> {
    match never_signs(app.sender()?.get_account(to)?.as_ref()) {
        None => Ok(()),
        Some(what) => Err(Failure::input(format!(
            "{to} is {what}, which can never sign: shares sent there would be lost"
        ))
        .remedy("name the wallet or the multisig itself")),
    }
}

/// What an account is, if it can never sign.
pub fn never_signs(account: Option<&Account>) -> Option<&'static str> {
    match account {
        Some(account) if account.executable => Some("a program"),
        Some(account) if [TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID].contains(&account.owner) => {
            Some("a mint or a token account")
        }
        _ => None,
    }
}

fn approve(app: &App, token: &Pubkey, wallet: &Pubkey, remove: bool) -> Result<()> {
    let token = app.token(token)?;
    if !token.keys.curated {
        return Err(Failure::input(format!(
            "{} is open: anybody may receive it, and nobody is approved",
            token.symbol
        )));
    }
    let actor = app.signing_actor()?;
    let (what, instruction, expects, sentence) = if remove {
        let approval = accounts::find::<Approval>(app.sender()?, &token.keys.approval(wallet))?
            .ok_or_else(|| Failure::input(format!("{wallet} is not approved, so there is nothing to remove")))?;
        (
            format!("Remove the approval of {wallet} for {}", token.symbol),
            RemoveApproval {
                keys: &token.keys,
                issuer: actor.address,
                holder: *wallet,
                rent_payer: approval.rent_payer,
            }
            .instruction(),
            "ApprovalRemoved",
            format!("{wallet} can receive no more; what they hold keeps earning."),
        )
    } else {
        (
            format!("Approve {wallet} to receive {}", token.symbol),
            ApproveHolder {
                keys: &token.keys,
                payer: app.payer()?.address,
                issuer: actor.address,
                holder: *wallet,
            }
            .instruction(),
            "HolderApproved",
            format!("{wallet} may now receive {}.", token.symbol),
        )
    };
    let plan = Plan {
        what,
        irreversible: Vec::new(),
        instructions: vec![instruction],
        actor,
        expects,
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[sentence],
        json!({ "mint": token.keys.mint.to_string(), "wallet": wallet.to_string(), "approved": !remove }),
    );
    Ok(())
}

fn holders(app: &App, token: &Pubkey) -> Result<()> {
    let token = app.token(token)?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let security = &token.security;
    let mut positions = accounts::positions_of(sender, &token.keys.security)?;
    positions.sort_by_key(|(_, position)| std::cmp::Reverse(position.shares_atoms));
    let approved = accounts::approvals_of(sender, &token.keys.security)?;
    let mut rows = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (address, position) in &positions {
        let owed = quote::position(security, position, now)?;
        rows.push(vec![
            position.holder.to_string(),
            amount::to_text(position.shares_atoms, security.decimals),
            amount::to_percent(position.shares_atoms, security.issued_atoms),
            amount::to_text(owed.claimable_atoms, security.payout_decimals),
            amount::to_text(owed.claimed_total_atoms, security.payout_decimals),
        ]);
        values.push(json!({
            "holder": position.holder.to_string(),
            "position": address.to_string(),
            "shares": amount_json(position.shares_atoms, security.decimals),
            "claimable": amount_json(owed.claimable_atoms, security.payout_decimals),
            "claimed": amount_json(owed.claimed_total_atoms, security.payout_decimals),
            "isIssuer": position.holder == security.issuer,
        }));
    }
    let mut lines = output::table(
        app.canvas,
        &[
            "Holder",
            &format!("Registered {}", token.symbol),
            "Of issued",
            "Claimable",
            "Claimed",
        ],
        &[1, 2, 3, 4],
        &rows,
    );
    let approved: Vec<String> = approved
        .iter()
        .map(|(_, approval)| approval.holder.to_string())
        .collect();
    if token.keys.curated {
        lines.push(String::new());
        lines.push(app.canvas.bold("Approved to receive"));
        lines.extend(approved.iter().map(|holder| format!("  {holder}")));
    }
    output::print(
        app.global.output,
        &lines,
        &json!({ "mint": token.keys.mint.to_string(), "symbol": token.symbol, "holders": values, "approved": approved }),
    );
    Ok(())
}

fn held(app: &App) -> Result<()> {
    let holder = app.viewer()?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let mut rows = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (_, position) in accounts::positions_of_holder(sender, &holder)? {
        let token = app.token(&position.security)?;
        let security = &token.security;
        let owed = quote::position(security, &position, now)?;
        let bearer = accounts::token_balance(sender, &pda::ata(&holder, &token.keys.mint, &token.mint.token_program))?;
        rows.push(vec![
            token.symbol.clone(),
            amount::to_text(position.shares_atoms, security.decimals),
            amount::to_text(bearer, security.decimals),
            amount::to_percent(position.shares_atoms, security.issued_atoms),
            app.money(security, owed.claimable_atoms)?,
            security.mint.to_string(),
        ]);
        values.push(json!({
            "symbol": token.symbol,
            "mint": security.mint.to_string(),
            "registered": amount_json(position.shares_atoms, security.decimals),
            "bearer": amount_json(bearer, security.decimals),
            "claimable": amount_json(owed.claimable_atoms, security.payout_decimals),
            "claimed": amount_json(owed.claimed_total_atoms, security.payout_decimals),
        }));
    }
    let lines = if rows.is_empty() {
        vec![format!("{holder} has no registered shares on this cluster.")]
    } else {
        let head = ["Symbol", "Registered", "Bearer", "Of issued", "Claimable", "Mint"];
        output::table(app.canvas, &head, &[1, 2, 3, 4], &rows)
    };
    output::print(
        app.global.output,
        &lines,
        &json!({ "holder": holder.to_string(), "shares": values }),
    );
    Ok(())
}

/// Whether a position is a vault's: then nobody but `harvest` can claim for it.
pub fn is_vaults(app: &App, holder: &Pubkey) -> Result<bool> {
    Ok(match app.sender()?.get_account(holder)? {
        Some(account) => accounts::decode::<Vault>(holder, &account).is_ok(),
        None => false,
    })
}
