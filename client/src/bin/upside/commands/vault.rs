//! `upside vault`

use anchor_lang::prelude::Pubkey;
use clap::Subcommand;
use serde_json::{json, Value};
use upside_client::{
    accounts::{self, Mint},
    amount,
    events::Event,
    instructions::{DepositEquity, DepositShares, OpenShareVault, OpenVault, RegisterVaultBearer},
    pda, quote,
    risk::RiskCard,
    time::date_to_text,
    upside::state::{Security, Vault},
    SecurityKeys, Sender,
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
    /// Put an asset, or registered shares of another security, into its vault, for the holders, for good.
    #[command(
        after_help = "Example: upside vault deposit MINT ASSET_MINT 12.5\n         upside vault deposit MINT OTHER_SHARE_MINT 1000"
    )]
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
    /// Register bearer shares that were sent to a vault: they earn and redeem from then on.
    #[command(after_help = "Example: upside vault register MINT OTHER_SHARE_MINT")]
    Register {
        /// Share mint of the security that holds.
        token: Pubkey,
        /// Share mint of the security whose shares they are.
        asset: Pubkey,
        /// Token account of the vault that they lie in [default: its associated one].
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
        Command::Register { token, asset, from } => register(app, &token, &asset, from),
        Command::List { token } => list(app, &token),
    }
}

/// The keys of the security whose shares `asset` is; `None` if it is no share mint.
fn shares_of(app: &App, asset: &Pubkey) -> Result<Option<SecurityKeys>> {
    let security = accounts::find::<Security>(app.sender()?, &pda::security(asset))?;
    Ok(security.as_ref().map(SecurityKeys::from))
}

fn no_vault(token: &Token, asset: &Pubkey, symbol: &str) -> Failure {
    Failure::input(format!("{} has no vault for {symbol}", token.symbol)).remedy(format!(
        "its issuer can run `upside vault open {} {asset}`",
        token.keys.mint
    ))
}

fn deposit_shares(app: &App, token: &Token, held: &SecurityKeys, text: &str) -> Result<()> {
    let other = app.token(&held.mint)?;
    let atoms = positive(text, other.security.decimals)?;
    let sender = app.sender()?;
    let vault = token.keys.vault(&held.mint);
    if accounts::find::<Vault>(sender, &vault)?.is_none() {
        return Err(no_vault(token, &held.mint, &other.symbol));
    }
    let actor = app.signing_actor()?;
    let has =
        accounts::find_position(sender, &held.security, &actor.address)?.map_or(0, |position| position.shares_atoms);
    if has < atoms {
        return Err(Failure::input(format!(
            "{} has {} registered, less than {}",
            actor.address,
            other.shares(has),
            other.shares(atoms)
        ))
        .remedy("name less, or register bearer shares first with `upside shares register`"));
    }
    let plan = Plan {
        what: format!("Put {} into the vault of {}", other.shares(atoms), token.symbol),
        irreversible: vec![
            format!(
                "{} then belong to the holders of {}; neither you nor the issuer can take them out.",
                other.shares(atoms),
                token.symbol
            ),
            format!(
                "They stay registered: what {} pays them goes to the holders of {}.",
                other.symbol, token.symbol
            ),
        ],
        instructions: vec![DepositShares {
            keys: &token.keys,
            held,
            payer: app.payer()?.address,
            holder: actor.address,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "SharesDeposited",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let balance = receipt
        .events
        .iter()
        .find_map(|event| match event {
            Event::SharesDeposited(event) => Some(event.balance_atoms),
            _ => None,
        })
        .unwrap_or(atoms);
    print_done(
        app,
        &receipt,
        &[format!(
            "The vault now holds {}, registered and earning.",
            other.shares(balance)
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "vault": vault.to_string(),
            "asset": held.mint.to_string(),
            "arrived": amount_json(atoms, other.security.decimals),
            "balance": amount_json(balance, other.security.decimals),
        }),
    );
    Ok(())
}

fn register(app: &App, token: &Pubkey, asset: &Pubkey, from: Option<Pubkey>) -> Result<()> {
    let token = app.token(token)?;
    let other = app.token(asset)?;
    let sender = app.sender()?;
    let vault = token.keys.vault(&other.keys.mint);
    if accounts::find::<Vault>(sender, &vault)?.is_none() {
        return Err(no_vault(&token, &other.keys.mint, &other.symbol));
    }
    let payer = app.payer()?;
    let mut register = RegisterVaultBearer::from_ata(&token.keys, &other.keys, payer.address);
    register.bearer_account = from.unwrap_or(register.bearer_account);
    let atoms = accounts::token_balance(sender, &register.bearer_account)?;
    if atoms == 0 {
        return Err(Failure::input(format!(
            "{} holds no bearer shares of {}",
            register.bearer_account, other.symbol
        ))
        .remedy("shares that were deposited are registered already: `upside vault list` shows them"));
    }
    let plan = Plan {
        what: format!("Register {} in the vault of {}", other.shares(atoms), token.symbol),
        irreversible: Vec::new(),
        instructions: vec![register.instruction()],
        actor: payer,
        expects: "SharesDeposited",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "{} are registered for the holders of {}.",
            other.shares(atoms),
            token.symbol
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "vault": vault.to_string(),
            "asset": other.keys.mint.to_string(),
            "registered": amount_json(atoms, other.security.decimals),
        }),
    );
    Ok(())
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
    /// Asset atoms of it that belong to capacity not issued yet, rounded down.
    pub unissued_atoms: u64,
    /// What can happen to the asset.
    pub risk: RiskCard,
}

/// The vaults of a security with what they hold, by index.
pub fn holdings(app: &App, token: &Token) -> Result<Vec<Holding>> {
    let sender = app.sender()?;
    let clock = sender.clock()?;
    let one_share = 10u64.pow(u32::from(token.security.decimals));
    let unissued = token
        .security
        .authorised_atoms
        .saturating_sub(token.security.issued_atoms);
    let part =
        |vault: &Vault, balance, shares| quote::backing(&token.security, vault, token.mint.supply, balance, shares);
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
                per_share_atoms: part(&vault, balance_atoms, one_share)?,
                unissued_atoms: part(&vault, balance_atoms, unissued)?,
                risk: RiskCard::of(&mint, clock.epoch, clock.unix_timestamp),
                frozen: account.is_some_and(|account| account.frozen),
                address,
                vault,
                mint,
                balance_atoms,
            })
        })
        .collect()
}

/// What an asset does right now that a holder should know, one sentence each.
pub fn notices(holding: &Holding, now: i64) -> Vec<String> {
    let mut notices = holding.risk.notices();
    if holding.frozen {
        notices.push(format!(
            "the vault's account {} is frozen now",
            holding.vault.token_account
        ));
    }
    let shown = holding
        .mint
        .scaled_ui
        .as_ref()
        .filter(|_| holding.risk.multiplier.is_some_and(|multiplier| multiplier.differs()))
        .and_then(|scaled| scaled.ui_amount(holding.balance_atoms, holding.mint.decimals, now));
    if let Some(shown) = shown {
        notices.push(format!("wallets show what the vault holds as {shown}"));
    }
    notices
}

/// A risk card for programs: who can do what by address, what is so now and what is scheduled, and all of it as sentences.
pub fn risk_json(risk: &RiskCard) -> Value {
    let who = |key: Option<Pubkey>| key.map(|key| key.to_string());
    json!({
        "clawBack": who(risk.claw_back),
        "freeze": who(risk.freeze),
        "frozenByDefault": risk.frozen_by_default,
        "pause": who(risk.pause),
        "paused": risk.paused,
        "fee": risk.fee.map(|fee| json!({
            "authority": who(fee.authority),
            "bps": fee.now.bps,
            "maximumAtoms": fee.now.maximum_atoms.to_string(),
            "scheduled": fee.scheduled.map(|later| json!({
                "epoch": later.epoch,
                "bps": later.bps,
                "maximumAtoms": later.maximum_atoms.to_string(),
            })),
        })),
        "hook": risk.hook.map(|hook| json!({ "authority": who(hook.authority), "program": who(hook.program) })),
        "multiplier": risk.multiplier.map(|multiplier| json!({
            "authority": who(multiplier.authority),
            "now": multiplier.now.to_string(),
            "scheduled": multiplier.scheduled.map(|(from, later)| json!({
                "from": date_to_text(from),
                "multiplier": later.to_string(),
            })),
        })),
        "interest": risk.interest.map(|interest| json!({ "authority": who(interest.authority), "bps": interest.rate_bps })),
        "mint": who(risk.mint),
        "close": who(risk.close),
        "sentences": risk.sentences("it"),
    })
}

/// A holding for programs.
pub fn holding_json(holding: &Holding, now: i64) -> Value {
    let decimals = holding.mint.decimals;
    json!({
        "vault": holding.address.to_string(),
        "index": holding.vault.index,
        "asset": holding.vault.asset_mint.to_string(),
        "symbol": holding.symbol,
        "tokenAccount": holding.vault.token_account.to_string(),
        "balance": amount_json(holding.balance_atoms, decimals),
        "perShare": amount_json(holding.per_share_atoms, decimals),
        "unissued": amount_json(holding.unissued_atoms, decimals),
        "collectedShares": holding.vault.collected_total_atoms.to_string(),
        "deposited": amount_json(holding.vault.deposited_total_atoms, decimals),
        "frozen": holding.frozen,
        "paused": holding.mint.paused,
        "issuerCan": holding.risk.powers(),
        "risk": risk_json(&holding.risk),
        "now": notices(holding, now),
    })
}

fn open(app: &App, token: &Pubkey, asset: &Pubkey) -> Result<()> {
    let token = app.token(token)?;
    let actor = app.signing_actor()?;
    let mint = app.mint(asset)?;
    let symbol = symbol_of(asset, &mint);
    let clock = app.sender()?.clock()?;
    let risk = RiskCard::of(&mint, clock.epoch, clock.unix_timestamp);
    let mut irreversible = vec![format!(
        "A vault is never closed: this takes one of the 256 places of {}, of which {} are taken.",
        token.symbol, token.security.vault_count
    )];
    let (payer, issuer) = (app.payer()?.address, actor.address);
    let instruction = if let Some(held) = shares_of(app, asset)? {
        if held.payout_mint != token.keys.payout_mint {
            irreversible.push(format!(
                "{symbol} pays out other money: its vault is opened too, unless there is one.",
            ));
        }
        OpenShareVault {
            keys: &token.keys,
            held: &held,
            payer,
            issuer,
        }
        .instruction()
    } else {
        irreversible.extend(risk.sentences(&symbol));
        OpenVault {
            keys: &token.keys,
            payer,
            issuer,
            asset_mint: *asset,
            asset_token_program: mint.token_program,
        }
        .instruction()
    };
    let plan = Plan {
        what: format!("Open a vault of {} for {symbol} ({asset})", token.symbol),
        irreversible,
        instructions: vec![instruction],
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
    if let Some(held) = shares_of(app, asset)? {
        if from.is_some() {
            return Err(
                Failure::input("shares leave your registered account, not a token account").remedy("leave --from away"),
            );
        }
        return deposit_shares(app, &token, &held, text);
    }
    let mint = app.mint(asset)?;
    let symbol = symbol_of(asset, &mint);
    let atoms = positive(text, mint.decimals)?;
    let sender = app.sender()?;
    let vault = token.keys.vault(asset);
    if accounts::find::<Vault>(sender, &vault)?.is_none() {
        return Err(no_vault(&token, asset, &symbol));
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
        lines.extend(describe(app, &token, holding, clock.unix_timestamp));
    }
    if lines.is_empty() {
        lines.push(format!("{} has no vaults.", token.symbol));
    }
    let values: Vec<Value> = holdings
        .iter()
        .map(|holding| holding_json(holding, clock.unix_timestamp))
        .collect();
    output::print(
        app.global.output,
        &lines,
        &json!({ "mint": token.keys.mint.to_string(), "vaults": values }),
    );
    Ok(())
}

/// A holding for people.
pub fn describe(app: &App, token: &Token, holding: &Holding, now: i64) -> Vec<String> {
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
    if holding.unissued_atoms > 0 {
        lines.extend(canvas.bullet(&format!(
            "{} of it ({}) belongs to shares that are not issued yet",
            amount::to_text(holding.unissued_atoms, decimals),
            amount::to_percent(holding.unissued_atoms, holding.balance_atoms)
        )));
    }
    let powers = holding.risk.powers();
    if !powers.is_empty() {
        lines.extend(canvas.bullet(&format!("its issuer can {}", powers.join(", "))));
    }
    for notice in notices(holding, now) {
        lines.extend(canvas.bullet(&notice).iter().map(|line| canvas.warning(line)));
    }
    lines.push(canvas.dim(&format!("    asset {}", holding.vault.asset_mint)));
    lines
}
