//! `upside token`

use std::{fs::File, io::Read, path::PathBuf};

use anchor_lang::prelude::Pubkey;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use sha2::{Digest, Sha256};
use upside_client::{
    accounts, amount,
    instructions::{AcceptIssuer, CreateSecurity, ProposeIssuer, Retire, UpdateMetadata},
    pda, time,
    upside::{
        constants::{
            MAX_DECIMALS, MAX_DRIP_SECONDS, MAX_NAME_BYTES, MAX_NOTICE_SECONDS, MAX_SYMBOL_BYTES, MAX_URI_BYTES,
            MIN_NOTICE_SECONDS, MIN_OPEN_DRIP_SECONDS, NEVER_TS,
        },
        instructions::security::{CreateSecurityArgs, UpdateMetadataArgs},
        state::{self, TransferPolicy},
    },
    upside_math::supply::MIN_AUTHORISED,
    Sender,
};

use super::print_done;
use crate::{
    app::{positive, App},
    failure::{Failure, Reason, Result},
    metadata,
    output::{self, amount_json, short},
    page,
    plan::{carry_out, Plan},
    terms,
};

/// Addresses of mints asked for at once.
const INDEXES_AT_ONCE: u16 = 100;
/// Longest agreement that is hashed, bytes.
const MAX_AGREEMENT_BYTES: u64 = 256 * 1_024 * 1_024;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a security; its terms are for ever.
    #[command(
        after_help = "Example: upside token create --kind person --name \"Alice Example\" --symbol ALICE \\\n  --authorised 1000000 --payout-mint MINT --redeem-after 2030-01-01 --dry-run"
    )]
    Create(Box<Create>),
    /// Show everything about a security on one page.
    #[command(after_help = "Example: upside token show MINT")]
    Show {
        /// Its share mint, or its own address.
        token: Pubkey,
    },
    /// List the securities you issue or hold.
    #[command(after_help = "Example: upside token list --all --output json")]
    List {
        /// Every security of the cluster.
        #[arg(long)]
        all: bool,
    },
    /// Change name, symbol or URI.
    #[command(after_help = "Example: upside token update MINT --uri https://example.org/alice.json")]
    Update(Update),
    /// Make somebody else the issuer: the issuer proposes, the other accepts.
    #[command(subcommand)]
    Handover(Handover),
    /// Give up capacity that is not issued, for ever.
    #[command(after_help = "Example: upside token retire MINT 250000 --yes")]
    Retire {
        /// Share mint of the security.
        token: Pubkey,
        /// Shares that can then never be issued.
        amount: String,
    },
}

/// `token handover`
#[derive(Debug, Subcommand)]
pub enum Handover {
    /// Name who may become the issuer.
    #[command(after_help = "Example: upside token handover propose MINT NEW_ISSUER")]
    Propose {
        /// Share mint of the security.
        token: Pubkey,
        /// Who may accept.
        to: Pubkey,
    },
    /// Become the issuer, if you were proposed.
    #[command(after_help = "Example: upside token handover accept MINT -k new-issuer.json")]
    Accept {
        /// Share mint of the security.
        token: Pubkey,
    },
    /// Withdraw a proposal that was not accepted yet.
    #[command(after_help = "Example: upside token handover withdraw MINT")]
    Withdraw {
        /// Share mint of the security.
        token: Pubkey,
    },
}

/// What a security stands for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// One company, song, paper, film, product.
    Expression,
    /// Everything one person will ever do; one per wallet.
    Person,
    /// People who rise together.
    Collective,
}

/// Who may receive shares.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Policy {
    /// Anybody; shares have a bearer form.
    Open,
    /// Whom the issuer approves; shares stay registered.
    Curated,
}

/// `token create`
#[derive(Debug, Args)]
pub struct Create {
    /// What it stands for.
    #[arg(long, value_enum)]
    kind: Kind,
    /// Name, 1 to 64 bytes.
    #[arg(long)]
    name: String,
    /// Symbol, 1 to 16 bytes.
    #[arg(long)]
    symbol: String,
    /// Where the metadata is: JSON with name, symbol and image, at https or file; at most 200 bytes.
    #[arg(long, default_value = "")]
    uri: String,
    /// The mint money is paid in.
    #[arg(long, value_name = "MINT")]
    payout_mint: Pubkey,
    /// Most shares that will ever exist.
    #[arg(long, value_name = "SHARES")]
    authorised: String,
    /// Shares issued to the issuer at once [default: all that are authorised].
    #[arg(long, value_name = "SHARES")]
    initial: Option<String>,
    /// Decimals of a share, 0 to 9.
    #[arg(long, default_value_t = 6)]
    decimals: u8,
    /// Who may receive shares.
    #[arg(long, value_enum, default_value = "open")]
    policy: Policy,
    /// How long money paid in drips; at least 1h for open securities.
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    drip: String,
    /// Least notice of grants and rounds, at least 1d.
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    notice: String,
    /// When shares can be redeemed: a date, or never.
    #[arg(long, value_name = "DATE", default_value = "never")]
    redeem_after: String,
    /// A file with an agreement; its sha256 is stored.
    #[arg(long, value_name = "FILE")]
    agreement: Option<PathBuf>,
    /// Number among your securities of this kind [default: the next one; always 0 for a person].
    #[arg(long)]
    index: Option<u16>,
    /// Do not read the metadata and the image.
    #[arg(long)]
    skip_metadata_check: bool,
}

/// `token update`
#[derive(Debug, Args)]
pub struct Update {
    /// Share mint of the security.
    token: Pubkey,
    /// New name.
    #[arg(long)]
    name: Option<String>,
    /// New symbol.
    #[arg(long)]
    symbol: Option<String>,
    /// New URI; empty for none.
    #[arg(long)]
    uri: Option<String>,
    /// Do not read the metadata and the image.
    #[arg(long)]
    skip_metadata_check: bool,
}

/// Runs `upside token`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Create(args) => create(app, &args),
        Command::Show { token } => page::show(app, &token),
        Command::List { all } => list(app, all),
        Command::Update(args) => update(app, &args),
        Command::Handover(command) => handover(app, &command),
        Command::Retire { token, amount } => retire(app, &token, &amount),
    }
}

fn check_text(what: &str, text: &str, most: usize, empty_allowed: bool) -> Result<()> {
    let problem = if text.trim().is_empty() && !(empty_allowed && text.is_empty()) {
        "is empty".to_owned()
    } else if text.len() > most {
        format!("has {} bytes; at most {most} are possible", text.len())
    } else if text.chars().any(char::is_control) {
        "has control characters, such as line breaks".to_owned()
    } else if output::clean(text) != text {
        "has invisible characters".to_owned()
    } else if what == "URI" && text.contains(' ') {
        "has spaces".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::input(format!("the {what} {problem}")))
}

fn check_range(what: &str, seconds: i64, least: i64, most: i64) -> Result<()> {
    if (least..=most).contains(&seconds) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "the {what} of {} is not possible here; it must be from {} to {}",
        time::duration_to_text(seconds),
        time::duration_to_text(least),
        time::duration_to_text(most)
    )))
}

fn hash_of(path: &PathBuf) -> Result<[u8; 32]> {
    let cannot = |e: std::io::Error| Failure::input(format!("the agreement {} cannot be read: {e}", path.display()));
    let file = File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MAX_AGREEMENT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.is_empty() || bytes.len() as u64 > MAX_AGREEMENT_BYTES {
        return Err(Failure::input(format!(
            "the agreement {} is empty or too large",
            path.display()
        )));
    }
    Ok(Sha256::digest(&bytes).into())
}

/// The terms that were asked for, each checked with a sentence of its own.
fn terms_of(args: &Create) -> Result<(state::Terms, u64)> {
    check_text("name", &args.name, MAX_NAME_BYTES, false)?;
    check_text("symbol", &args.symbol, MAX_SYMBOL_BYTES, false)?;
    check_text("URI", &args.uri, MAX_URI_BYTES, true)?;
    if args.decimals > MAX_DECIMALS {
        return Err(Failure::input(format!("a share has at most {MAX_DECIMALS} decimals")));
    }
    let authorised = positive(&args.authorised, args.decimals)?;
    if authorised < MIN_AUTHORISED {
        return Err(Failure::input(format!(
            "at least {} shares must be authorised when a share has {} decimals",
            amount::to_text(MIN_AUTHORISED, args.decimals),
            args.decimals
        )));
    }
    let initial = match &args.initial {
        None => authorised,
        Some(text) => amount::parse_atoms(text, args.decimals)?,
    };
    if initial > authorised {
        return Err(Failure::input(
            "more shares would be issued at once than are authorised",
        ));
    }
    let policy = match args.policy {
        Policy::Open => TransferPolicy::Open,
        Policy::Curated => TransferPolicy::Curated,
    };
    let drip = time::parse_duration(&args.drip)?;
    let least_drip = if policy == TransferPolicy::Open {
        MIN_OPEN_DRIP_SECONDS
    } else {
        0
    };
    check_range("drip", drip, least_drip, MAX_DRIP_SECONDS)?;
    let notice = time::parse_duration(&args.notice)?;
    check_range("notice", notice, MIN_NOTICE_SECONDS, MAX_NOTICE_SECONDS)?;
    let terms = state::Terms {
        decimals: args.decimals,
        policy,
        authorised_atoms: authorised,
        drip_seconds: drip,
        notice_seconds: notice,
        redeem_after_ts: match args.redeem_after.as_str() {
            "never" => NEVER_TS,
            date => time::parse_date(date)?,
        },
        agreement_sha256: args.agreement.as_ref().map(hash_of).transpose()?.unwrap_or_default(),
    };
    Ok((terms, initial))
}

fn kind_of(kind: Kind) -> state::Kind {
    match kind {
        Kind::Expression => state::Kind::Expression,
        Kind::Person => state::Kind::Person,
        Kind::Collective => state::Kind::Collective,
    }
}

fn exists(account: &Option<upside_client::solana_account::Account>) -> bool {
    account.as_ref().is_some_and(|account| !account.data.is_empty())
}

/// The index to create at: the one asked for if it is free, else the first free one.
fn free_index(app: &App, issuer: &Pubkey, args: &Create) -> Result<u16> {
    let kind = kind_of(args.kind);
    let sender = app.sender()?;
    if kind == state::Kind::Person && args.index.is_some_and(|index| index != 0) {
        return Err(Failure::input("a wallet has one personal token, with index 0"));
    }
    let asked = if kind == state::Kind::Person {
        Some(0)
    } else {
        args.index
    };
    if let Some(index) = asked {
        let mint = pda::mint(issuer, kind, index);
        if exists(&sender.get_account(&mint)?) {
            return Err(if kind == state::Kind::Person {
                Failure::input(format!("this wallet has created its personal token already: {mint}"))
                    .remedy("a wallet can create one ever; issue an expression for a single work")
            } else {
                Failure::input(format!("number {index} is taken by {mint}")).remedy("leave --index away")
            });
        }
        return Ok(index);
    }
    let mut from = 0u16;
    loop {
        let indexes: Vec<u16> = (from..=from.saturating_add(INDEXES_AT_ONCE - 1)).collect();
        let mints: Vec<Pubkey> = indexes.iter().map(|index| pda::mint(issuer, kind, *index)).collect();
        let accounts = sender.get_multiple_accounts(&mints)?;
        if let Some((index, _)) = indexes.iter().zip(&accounts).find(|(_, account)| !exists(account)) {
            return Ok(*index);
        }
        from = from
            .checked_add(INDEXES_AT_ONCE)
            .ok_or_else(|| Failure::input("this wallet has created every security of this kind that it can"))?;
    }
}

fn create(app: &App, args: &Create) -> Result<()> {
    let (terms, initial) = terms_of(args)?;
    let mut found = Vec::new();
    if !args.uri.is_empty() && !args.skip_metadata_check {
        found = metadata::check(&args.uri, &args.name, &args.symbol)?;
    }
    let actor = app.signing_actor()?;
    let payout = app.mint(&args.payout_mint).map_err(|failure| match failure.reason {
        Reason::Input => {
            failure.remedy("name the mint of the money, such as the USDC of this cluster, with --payout-mint")
        }
        _ => failure,
    })?;
    let builder = CreateSecurity {
        payer: app.payer()?.address,
        issuer: actor.address,
        payout_mint: args.payout_mint,
        payout_token_program: payout.token_program,
        args: CreateSecurityArgs {
            kind: kind_of(args.kind),
            index: free_index(app, &actor.address, args)?,
            terms,
            name: args.name.clone(),
            symbol: args.symbol.clone(),
            uri: args.uri.clone(),
            initial_shares_atoms: initial,
        },
    };
    let keys = builder.keys();
    let payout_name = format!("{} ({})", app.symbol(&args.payout_mint)?, args.payout_mint);
    let mut sentences = terms::sentences(&terms::Terms {
        kind: Some(builder.args.kind),
        policy: Some(terms.policy),
        symbol: &args.symbol,
        decimals: terms.decimals,
        authorised_atoms: terms.authorised_atoms,
        payout: &payout_name,
        drip_seconds: terms.drip_seconds,
        notice_seconds: terms.notice_seconds,
        redeem_after_ts: terms.redeem_after_ts,
        agreement_sha256: terms.agreement_sha256,
    });
    sentences.extend(terms::creation_sentences(&args.symbol, initial, terms.decimals));
    sentences.extend(found);
    let plan = Plan {
        what: format!("Create {} ({}) for {}", args.name, args.symbol, actor.address),
        irreversible: sentences,
        instructions: vec![builder.instruction()],
        actor,
        expects: "SecurityCreated",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[
            format!("Created {} ({}).", args.name, args.symbol),
            format!("  mint      {}", keys.mint),
            format!("  security  {}", keys.security),
        ],
        json!({
            "mint": keys.mint.to_string(),
            "security": keys.security.to_string(),
            "issuer": actor.address.to_string(),
            "index": builder.args.index,
            "terms": plan.irreversible,
        }),
    );
    Ok(())
}

fn list(app: &App, all: bool) -> Result<()> {
    let sender = app.sender()?;
    let mut securities = if all {
        accounts::all_securities(sender)?
    } else {
        let viewer = app.viewer()?;
        let mut securities = accounts::securities_of_issuer(sender, &viewer)?;
        for (_, position) in accounts::positions_of_holder(sender, &viewer)? {
            if !securities.iter().any(|(address, _)| *address == position.security) {
                securities.push((position.security, accounts::get_security(sender, &position.security)?));
            }
        }
        securities
    };
    securities.sort_by_key(|(_, security)| security.created_ts);
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (address, security) in &securities {
        let token = app.token(address)?;
        rows.push(vec![
            token.symbol.clone(),
            token.name.clone(),
            terms::kind_name(accounts::kind_of(security)).to_owned(),
            amount::to_text(security.issued_atoms, security.decimals),
            short(&security.issuer),
            security.mint.to_string(),
        ]);
        values.push(json!({
            "symbol": token.symbol,
            "name": token.name,
            "kind": terms::kind_name(accounts::kind_of(security)),
            "mint": security.mint.to_string(),
            "security": address.to_string(),
            "issuer": security.issuer.to_string(),
            "issued": amount_json(security.issued_atoms, security.decimals),
            "authorised": amount_json(security.authorised_atoms, security.decimals),
        }));
    }
    let head = ["Symbol", "Name", "Kind", "Issued", "Issuer", "Mint"];
    let lines = if rows.is_empty() {
        vec!["There are no securities here.".to_owned()]
    } else {
        output::table(app.canvas, &head, &[3], &rows)
    };
    output::print(app.global.output, &lines, &json!({ "securities": values }));
    Ok(())
}

fn update(app: &App, args: &Update) -> Result<()> {
    let token = app.token(&args.token)?;
    for (what, text, most) in [
        ("name", &args.name, MAX_NAME_BYTES),
        ("symbol", &args.symbol, MAX_SYMBOL_BYTES),
        ("URI", &args.uri, MAX_URI_BYTES),
    ] {
        if let Some(text) = text {
            check_text(what, text, most, what == "URI")?;
        }
    }
    if args.name.is_none() && args.symbol.is_none() && args.uri.is_none() {
        return Err(Failure::input("nothing is to be changed").remedy("name --name, --symbol or --uri"));
    }
    let present = token.mint.metadata.as_ref();
    let after = |new: &Option<String>, old: Option<&String>| new.clone().or(old.cloned()).unwrap_or_default();
    let name = after(&args.name, present.map(|m| &m.name));
    let symbol = after(&args.symbol, present.map(|m| &m.symbol));
    let uri = after(&args.uri, present.map(|m| &m.uri));
    if !uri.is_empty() && !args.skip_metadata_check {
        for sentence in metadata::check(&uri, &name, &symbol)? {
            output::write_note(&sentence);
        }
    }
    let actor = app.signing_actor()?;
    let plan = Plan {
        what: format!("Change the metadata of {} to {name} ({symbol})", token.symbol),
        irreversible: Vec::new(),
        instructions: vec![UpdateMetadata {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            args: UpdateMetadataArgs {
                name: args.name.clone(),
                symbol: args.symbol.clone(),
                uri: args.uri.clone(),
            },
        }
        .instruction()],
        actor,
        expects: "MetadataUpdated",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!("The mint now says {name} ({symbol}), {uri:?}.")],
        json!({ "mint": token.keys.mint.to_string(), "name": name, "symbol": symbol, "uri": uri }),
    );
    Ok(())
}

fn handover(app: &App, command: &Handover) -> Result<()> {
    let (Handover::Propose { token, .. } | Handover::Accept { token } | Handover::Withdraw { token }) = command;
    let token = app.token(token)?;
    let actor = app.signing_actor()?;
    let pending = token.security.pending_issuer;
    let (what, irreversible, instruction, expects, sentence) = match command {
        Handover::Propose { to, .. } => (
            format!("Propose {to} as issuer of {}", token.symbol),
            Vec::new(),
            ProposeIssuer {
                keys: &token.keys,
                issuer: actor.address,
                pending_issuer: Some(*to),
            }
            .instruction(),
            "IssuerProposed",
            format!("{to} may now accept; until then you stay the issuer and can withdraw the proposal."),
        ),
        Handover::Withdraw { .. } => {
            if pending == Pubkey::default() {
                return Err(Failure::input(
                    "nobody is proposed as issuer, so there is nothing to withdraw",
                ));
            }
            (
                format!("Withdraw the proposal of {pending} as issuer of {}", token.symbol),
                Vec::new(),
                ProposeIssuer {
                    keys: &token.keys,
                    issuer: actor.address,
                    pending_issuer: None,
                }
                .instruction(),
                "IssuerProposed",
                format!("{pending} can no longer accept."),
            )
        }
        Handover::Accept { .. } => (
            format!("Make {} the issuer of {}", actor.address, token.symbol),
            vec![format!(
                "{} stops being the issuer, and only {} can hand the security on.",
                token.security.issuer, actor.address
            )],
            AcceptIssuer {
                keys: &token.keys,
                pending_issuer: actor.address,
            }
            .instruction(),
            "IssuerAccepted",
            format!("{} is now the issuer of {}.", actor.address, token.symbol),
        ),
    };
    let plan = Plan {
        what,
        irreversible,
        instructions: vec![instruction],
        actor,
        expects,
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let after = accounts::get_security(app.sender()?, &token.keys.security)?;
    let pending = (after.pending_issuer != Pubkey::default()).then(|| after.pending_issuer.to_string());
    print_done(
        app,
        &receipt,
        &[sentence],
        json!({
            "mint": token.keys.mint.to_string(),
            "issuer": after.issuer.to_string(),
            "proposedIssuer": pending,
        }),
    );
    Ok(())
}

fn retire(app: &App, token: &Pubkey, text: &str) -> Result<()> {
    let token = app.token(token)?;
    let atoms = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    let plan = Plan {
        what: format!("Retire {} of capacity", token.shares(atoms)),
        irreversible: vec![format!(
            "{} can then never be issued; every share's part of the backing rises.",
            token.shares(atoms)
        )],
        instructions: vec![Retire {
            keys: &token.keys,
            issuer: actor.address,
            amount: atoms,
        }
        .instruction()],
        actor,
        expects: "CapacityRetired",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let after = accounts::get_security(app.sender()?, &token.keys.security)?;
    print_done(
        app,
        &receipt,
        &[format!(
            "Retired {}; at most {} will ever exist.",
            token.shares(atoms),
            token.shares(after.authorised_atoms)
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "retired": amount_json(atoms, after.decimals),
            "authorised": amount_json(after.authorised_atoms, after.decimals),
        }),
    );
    Ok(())
}
