//! `upside vault`

use anchor_lang::prelude::Pubkey;
use clap::Subcommand;
use serde_json::{json, Value};
use upside_client::{
    accounts::{self, Mint},
    amount,
    events::Event,
    instructions::{DepositEquity, OpenVault},
    pda, quote,
    time::date_to_text,
    upside::state::Vault,
    Sender,
};

use super::print_done;
use crate::{
    app::{positive, symbol_of, App, Token},
    failure::{Failure, Reason, Result},
    output::{self, amount_json},
    plan::{carry_out, Plan},
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open a vault for one asset; it can never be closed.
    #[command(after_help = "Example: upside vault open MINT ASSET_MINT")]
    Open {
        /// Share mint of the security.
        token: Pubkey,
        /// Mint of the asset.
        asset: Pubkey,
    },
    /// Put an asset into its vault, for the holders, for good.
    #[command(after_help = "Example: upside vault deposit MINT ASSET_MINT 12.5")]
    Deposit {
        /// Share mint of the security.
        token: Pubkey,
        /// Mint of the asset.
        asset: Pubkey,
        /// How much, in stored units (wallets may show a multiple).
        amount: String,
        /// Token account that gives [default: your associated one].
        #[arg(long, value_name = "ACCOUNT")]
        from: Option<Pubkey>,
    },
    /// List the vaults, what they hold, and what the assets' issuers can do.
    #[command(after_help = "Example: upside vault list MINT")]
    List {
        /// Share mint of the security.
        token: Pubkey,
    },
}

/// Runs `upside vault`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Open { token, asset } => open(app, &token, &asset),
        Command::Deposit {
            token,
            asset,
            amount,
            from,
        } => deposit(app, &token, &asset, &amount, from),
        Command::List { token } => list(app, &token),
    }
}

/// One vault with what it holds.
pub struct Holding {
    /// Address of the vault.
    pub address: Pubkey,
    /// Its account.
    pub vault: Vault,
    /// The asset's mint.
    pub mint: Mint,
    /// The asset's symbol.
    pub symbol: String,
    /// Asset atoms; for shares of another security, those of the vault's position.
    pub balance_atoms: u64,
    /// Whether its token account is frozen: nothing moves in or out until the asset's issuer thaws it.
    pub frozen: bool,
    /// Asset atoms that one whole share stands for, rounded down.
    pub per_share_atoms: u64,
}

/// The vaults of a security with what they hold, by index.
pub fn holdings(app: &App, token: &Token) -> Result<Vec<Holding>> {
    let sender = app.sender()?;
    let one_share = 10u64.pow(u32::from(token.security.decimals));
    accounts::vaults_of(sender, &token.keys.security)?
        .into_iter()
        .map(|(address, vault)| {
            let account = accounts::find_token_account(sender, &vault.token_account)?;
            let balance_atoms = if vault.holds_shares == 1 {
                let held = pda::security(&vault.asset_mint);
                accounts::find_position(sender, &held, &address)?.map_or(0, |position| position.shares_atoms)
            } else {
                account.as_ref().map_or(0, |account| account.amount)
            };
            let mint = app.mint(&vault.asset_mint)?;
            Ok(Holding {
                symbol: symbol_of(&vault.asset_mint, &mint),
                per_share_atoms: quote::backing(&token.security, &vault, token.mint.supply, balance_atoms, one_share)?,
                frozen: account.is_some_and(|account| account.frozen),
                address,
                vault,
                mint,
                balance_atoms,
            })
        })
        .collect()
}

/// What the issuer of an asset can do to those who hold it, one phrase each.
pub fn powers(mint: &Mint, epoch: u64) -> Vec<String> {
    let mut powers = Vec::new();
    if mint.permanent_delegate.is_some() {
        powers.push("claw it back".to_owned());
    }
    if mint.freeze_authority.is_some() {
        powers.push("freeze it".to_owned());
    }
    let has = |extension| mint.extensions.contains(&extension);
    use anchor_spl::token_2022::spl_token_2022::extension::ExtensionType as Extension;
    if has(Extension::Pausable) {
        powers.push("pause all transfers".to_owned());
    }
    if let Some(fees) = &mint.transfer_fee {
        powers.push(format!(
            "take a fee of each transfer (now {}%)",
            amount::to_plain(fees.at(epoch).bps, 2)
        ));
    }
    if has(Extension::TransferHook) {
        powers.push(match mint.hook_program {
            Some(program) => format!("refuse transfers by program {program}"),
            None => "make a program decide about transfers".to_owned(),
        });
    }
    if has(Extension::ScaledUiAmount) || has(Extension::InterestBearingConfig) {
        powers.push("change what wallets show".to_owned());
    }
    if mint.mint_authority.is_some() {
        powers.push("make more of it".to_owned());
    }
    powers
}

/// What an asset does right now that a holder should know, one sentence each.
pub fn notices(holding: &Holding, now: i64) -> Vec<String> {
    let mut notices = Vec::new();
    if holding.mint.paused {
        notices.push("all transfers are paused now".to_owned());
    }
    if holding.frozen {
        notices.push(format!(
            "the vault's account {} is frozen now",
            holding.vault.token_account
        ));
    }
    if let Some(scaled) = &holding.mint.scaled_ui {
        let multiplier = scaled.at(now);
        if multiplier.to_bits() != 1f64.to_bits() {
            let shown = scaled
                .ui_amount(holding.balance_atoms, holding.mint.decimals, now)
                .unwrap_or_default();
            notices.push(format!("wallets show {shown}: one stored unit counts {multiplier}"));
        }
        if let Some((from, later)) = scaled.scheduled_after(now) {
            notices.push(format!(
                "from {} on, one stored unit counts {later}",
                date_to_text(from)
            ));
        }
    }
    notices
}

/// A holding for programs.
pub fn holding_json(holding: &Holding, epoch: u64, now: i64) -> Value {
    let decimals = holding.mint.decimals;
    json!({
        "vault": holding.address.to_string(),
        "index": holding.vault.index,
        "asset": holding.vault.asset_mint.to_string(),
        "symbol": holding.symbol,
        "tokenAccount": holding.vault.token_account.to_string(),
        "balance": amount_json(holding.balance_atoms, decimals),
        "perShare": amount_json(holding.per_share_atoms, decimals),
        "deposited": amount_json(holding.vault.deposited_total_atoms, decimals),
        "frozen": holding.frozen,
        "paused": holding.mint.paused,
        "issuerCan": powers(&holding.mint, epoch),
        "now": notices(holding, now),
    })
}

fn open(app: &App, token: &Pubkey, asset: &Pubkey) -> Result<()> {
    let token = app.token(token)?;
    let actor = app.signing_actor()?;
    let mint = app.mint(asset)?;
    let symbol = symbol_of(asset, &mint);
    let clock = app.sender()?.clock()?;
    let powers = powers(&mint, clock.epoch);
    let mut irreversible = vec![format!(
        "A vault is never closed: this takes one of the 256 places of {}, of which {} are taken.",
        token.symbol, token.security.vault_count
    )];
    if !powers.is_empty() {
        irreversible.push(format!("Whoever issues {symbol} can {}.", powers.join(", ")));
    }
    let plan = Plan {
        what: format!("Open a vault of {} for {symbol} ({asset})", token.symbol),
        irreversible,
        instructions: vec![OpenVault {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            asset_mint: *asset,
            asset_token_program: mint.token_program,
        }
        .instruction()],
        actor,
        expects: "VaultOpened",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let vault = token.keys.vault(asset);
    let account = pda::vault_account(&vault, asset, &mint.token_program);
    let frozen = accounts::find_token_account(app.sender()?, &account)?.is_some_and(|account| account.frozen);
    let mut sentences = vec![format!("Opened the vault of {} for {symbol}: {vault}", token.symbol)];
    if frozen {
        sentences.push(format!(
            "Its token account {account} was born frozen: the asset's issuer must thaw it before anything can enter."
        ));
    }
    print_done(
        app,
        &receipt,
        &sentences,
        json!({
            "mint": token.keys.mint.to_string(),
            "vault": vault.to_string(),
            "asset": asset.to_string(),
            "tokenAccount": account.to_string(),
            "frozen": frozen,
        }),
    );
    Ok(())
}

fn deposit(app: &App, token: &Pubkey, asset: &Pubkey, text: &str, from: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let mint = app.mint(asset)?;
    let symbol = symbol_of(asset, &mint);
    let atoms = positive(text, mint.decimals)?;
    let sender = app.sender()?;
    let vault = token.keys.vault(asset);
    if accounts::find::<Vault>(sender, &vault)?.is_none() {
        return Err(
            Failure::input(format!("{} has no vault for {symbol}", token.symbol)).remedy(format!(
                "its issuer can run `upside vault open {} {asset}`",
                token.keys.mint
            )),
        );
    }
    let actor = app.signing_actor()?;
    let source = from.unwrap_or_else(|| pda::ata(&actor.address, asset, &mint.token_program));
    let held = accounts::token_balance(sender, &source)?;
    let said = |atoms: u64| format!("{} {symbol}", amount::to_text(atoms, mint.decimals));
    if held < atoms {
        return Err(
            Failure::input(format!("{source} holds {}, less than {}", said(held), said(atoms)))
                .remedy("name less, or another account with --from"),
        );
    }
    let clock = sender.clock()?;
    let mut irreversible = vec![format!(
        "{} then belongs to the holders of {}; neither you nor the issuer can take it out.",
        said(atoms),
        token.symbol
    )];
    let shown = mint
        .scaled_ui
        .filter(|scaled| scaled.at(clock.unix_timestamp).to_bits() != 1f64.to_bits())
        .and_then(|scaled| scaled.ui_amount(atoms, mint.decimals, clock.unix_timestamp));
    if let Some(shown) = shown {
        irreversible.push(format!("Wallets show that amount as {shown}."));
    }
    if let Some(fees) = &mint.transfer_fee {
        let bps = fees.at(clock.epoch).bps;
        if bps > 0 {
            irreversible.push(format!(
                "The asset withholds {}% of it on the way.",
                amount::to_plain(bps, 2)
            ));
        }
    }
    let plan = Plan {
        what: format!("Put {} into the vault of {}", said(atoms), token.symbol),
        irreversible,
        instructions: vec![DepositEquity {
            keys: &token.keys,
            depositor: actor.address,
            source,
            asset_mint: *asset,
            asset_token_program: mint.token_program,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "EquityDeposited",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let deposited = receipt
        .events
        .iter()
        .find_map(|event| match event {
            Event::EquityDeposited(event) => Some(event),
            _ => None,
        })
        .ok_or_else(|| {
            Failure::new(
                Reason::Network,
                "the record of the transaction does not show the deposit",
            )
        })?;
    print_done(
        app,
        &receipt,
        &[format!(
            "{} arrived; the vault now holds {}.",
            said(deposited.arrived_atoms),
            said(deposited.balance_atoms)
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "vault": vault.to_string(),
            "asset": asset.to_string(),
            "sent": amount_json(deposited.sent_atoms, mint.decimals),
            "arrived": amount_json(deposited.arrived_atoms, mint.decimals),
            "balance": amount_json(deposited.balance_atoms, mint.decimals),
        }),
    );
    Ok(())
}

fn list(app: &App, token: &Pubkey) -> Result<()> {
    let token = app.token(token)?;
    let clock = app.sender()?.clock()?;
    let holdings = holdings(app, &token)?;
    let mut lines = Vec::new();
    for holding in &holdings {
        lines.extend(describe(app, &token, holding, clock.epoch, clock.unix_timestamp));
    }
    if lines.is_empty() {
        lines.push(format!("{} has no vaults.", token.symbol));
    }
    let values: Vec<Value> = holdings
        .iter()
        .map(|holding| holding_json(holding, clock.epoch, clock.unix_timestamp))
        .collect();
    output::print(
        app.global.output,
        &lines,
        &json!({ "mint": token.keys.mint.to_string(), "vaults": values }),
    );
    Ok(())
}

/// A holding for people.
pub fn describe(app: &App, token: &Token, holding: &Holding, epoch: u64, now: i64) -> Vec<String> {
    let canvas = app.canvas;
    let name = holding
        .mint
        .metadata
        .as_ref()
        .map_or_else(String::new, |metadata| output::clean(&metadata.name));
    let decimals = holding.mint.decimals;
    let mut lines = vec![format!(
        "  {}  {} {}",
        canvas.accent(&amount::to_text(holding.balance_atoms, decimals)),
        canvas.bold(&holding.symbol),
        canvas.dim(&name)
    )];
    lines.extend(canvas.bullet(&format!(
        "one {} stands for {} {}",
        token.symbol,
        amount::to_text(holding.per_share_atoms, decimals),
        holding.symbol
    )));
    let powers = powers(&holding.mint, epoch);
    if !powers.is_empty() {
        lines.extend(canvas.bullet(&format!("its issuer can {}", powers.join(", "))));
    }
    for notice in notices(holding, now) {
        lines.extend(canvas.bullet(&notice).iter().map(|line| canvas.warning(line)));
    }
    lines.push(canvas.dim(&format!("    asset {}", holding.vault.asset_mint)));
    lines
}
