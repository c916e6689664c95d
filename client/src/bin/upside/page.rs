//! The page of a security: `token show`.

use anchor_lang::prelude::Pubkey;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    announced::{Announced, Part},
    program::{upgrade_authority, UpgradeAuthority},
    quote::{self, PositionQuote},
    time::{countdown, date_to_text},
    upside::state::{Grant, Position},
    Sender,
};

use crate::{
    app::{App, Token},
    commands::{grant, redeem, round, upside, vault},
    failure::Result,
    output::{self, amount_json, left, right, short, Canvas},
    terms::{self, kind_name},
};

/// Most holders that a page names.
const MAX_ROWS: usize = 12;

/// A row of the cap table.
struct Row {
    who: String,
    atoms: u64,
    note: &'static str,
}

/// Shows everything about a security.
///
/// # Errors
/// When there is none, or the server does not answer.
pub fn show(app: &App, address: &Pubkey) -> Result<()> {
    let token = app.token(address)?;
    let sender = app.sender()?;
    let security = &token.security;
    let now = sender.now()?;
    let canvas = app.canvas;
    let kind = accounts::kind_of(security);
    let payout = app.symbol(&security.payout_mint)?;
    let sentences = terms::sentences(&terms::Terms {
        kind,
        policy: accounts::policy_of(security),
        symbol: &token.symbol,
        decimals: security.decimals,
        authorised_atoms: security.authorised_atoms,
        payout: &payout,
        drip_seconds: security.drip_seconds,
        notice_seconds: security.notice_seconds,
        redeem_after_ts: security.redeem_after_ts,
        agreement_sha256: security.agreement_sha256,
    });
    let mut holders = Vec::new();
    for (_, position) in accounts::positions_of(sender, &token.keys.security)? {
        let owed = quote::position(security, &position, now)?;
        holders.push((position, owed));
    }
    holders.sort_by_key(|(position, _)| std::cmp::Reverse(position.shares_atoms));
    let holdings = vault::holdings(app, &token)?;
    let stream = quote::stream(security, now)?;
    let inbox = accounts::token_balance(sender, &security.inbox)?;
    let program = upgrade_authority(sender, &upside_client::upside::ID)?;

    let mut lines = head(app, &token, kind_name(kind), program);
    lines.push(canvas.bold("Terms"));
    lines.extend(sentences.iter().flat_map(|sentence| canvas.bullet(sentence)));
    lines.push(String::new());
    lines.push(canvas.bold("Who holds it"));
    lines.extend(cap_table(canvas, &token, &holders));
    lines.push(String::new());
    lines.push(canvas.bold("What backs it"));
    if holdings.is_empty() {
        lines.push("  No vault is open.".to_owned());
    }
    for holding in &holdings {
        lines.extend(vault::describe(app, &token, holding, now));
    }
    let tickets = accounts::redemptions_of(sender, &token.keys.security)?;
    if !tickets.is_empty() {
        lines.push(String::new());
        lines.push(canvas.bold("What is being redeemed"));
        for (_, ticket) in tickets.iter().take(MAX_ROWS) {
            lines.extend(canvas.bullet(&redeem::ticket_sentence(&token, ticket)));
        }
        if tickets.len() > MAX_ROWS {
            lines.push(format!("  and {} tickets more", tickets.len() - MAX_ROWS));
        }
    }
    let announced = Announced::read(sender, security, now)?;
    lines.push(String::new());
    lines.push(canvas.bold("What is announced"));
    lines.extend(announced_lines(app, &token, &announced, now)?);
    lines.push(String::new());
    lines.push(canvas.bold("What the issuer could redeem today"));
    lines.extend(issuer_lines(app, &token, &announced)?);
    lines.push(String::new());
    lines.push(canvas.bold("What drips"));
    lines.extend(upside::stream_lines(app, &token, &stream, inbox, now)?);
    lines.push(canvas.dim(&format!(
        "  {} received since {}",
        app.money(security, security.received_total_atoms.get())?,
        date_to_text(security.created_ts)
    )));
    lines.push(String::new());
    lines.push(canvas.bold("Who is owed what"));
    lines.extend(owed_table(canvas, &token, &payout, &holders));

    let value = json!({
        "mint": security.mint.to_string(),
        "security": token.keys.security.to_string(),
        "name": token.name,
        "symbol": token.symbol,
        "uri": token.mint.metadata.as_ref().map(|metadata| &metadata.uri),
        "kind": kind_name(kind),
        "issuer": security.issuer.to_string(),
        "proposedIssuer": (security.pending_issuer != Pubkey::default()).then(|| security.pending_issuer.to_string()),
        "upgradeAuthority": match program {
            UpgradeAuthority::Held(key) => Some(key.to_string()),
            UpgradeAuthority::GivenUp => None,
        },
        "terms": {
            "sentences": sentences,
            "decimals": security.decimals,
            "curated": security.is_curated(),
            "payoutMint": security.payout_mint.to_string(),
            "dripSeconds": security.drip_seconds,
            "noticeSeconds": security.notice_seconds,
            "redeemAfter": date_to_text(security.redeem_after_ts),
            "agreementSha256": terms::hex(&security.agreement_sha256),
        },
        "supply": {
            "authorised": amount_json(security.authorised_atoms, security.decimals),
            "issued": amount_json(security.issued_atoms, security.decimals),
            "reserved": amount_json(security.reserved_atoms, security.decimals),
            "registered": amount_json(security.registered_atoms, security.decimals),
            "bearer": amount_json(bearer_atoms(&token), security.decimals),
            "redeemed": amount_json(security.redeemed_total_atoms, security.decimals),
        },
        "holders": holders.iter().map(|(position, owed)| json!({
            "holder": position.holder.to_string(),
            "shares": amount_json(position.shares_atoms, security.decimals),
            "claimable": amount_json(owed.claimable_atoms, security.payout_decimals),
            "claimed": amount_json(owed.claimed_total_atoms, security.payout_decimals),
        })).collect::<Vec<Value>>(),
        "vaults": holdings.iter().map(|h| vault::holding_json(h, now)).collect::<Vec<Value>>(),
        "tickets": tickets.iter().map(|(_, ticket)| redeem::ticket_json(&token, ticket)).collect::<Vec<Value>>(),
        "announced": announced_json(app, &token, &announced, now)?,
        "stream": upside::stream_json(&token, &stream, inbox),
        "now": date_to_text(now),
    });
    output::print(app.global.output, &lines, &value);
    Ok(())
}

/// What will dilute the holders, for people: to whom, when, and what it leaves of 10 % at worst.
fn announced_lines(app: &App, token: &Token, announced: &Announced, now: i64) -> Result<Vec<String>> {
    let canvas = app.canvas;
    let mut lines = Vec::new();
    for (_, grant) in announced.grants.iter().take(MAX_ROWS) {
        let sentence = format!(
            "{}, which starts in {} ({})",
            grant_sentence(token, grant),
            countdown(grant.start_ts - now),
            date_to_text(grant.start_ts)
        );
        lines.extend(canvas.bullet(&sentence).iter().map(|line| canvas.warning(line)));
    }
    if announced.grants.len() > MAX_ROWS {
        lines.push(format!("  and {} grants more", announced.grants.len() - MAX_ROWS));
    }
    for (_, grant) in announced.running.iter().take(MAX_ROWS) {
        lines.extend(canvas.bullet(&format!(
            "{}, which has started: {} can still be issued",
            grant_sentence(token, grant),
            token.shares(quote::grant(grant, now).promised_atoms)
        )));
    }
    if announced.running.len() > MAX_ROWS {
        lines.push(format!(
            "  and {} running grants more",
            announced.running.len() - MAX_ROWS
        ));
    }
    for (_, sale) in &announced.rounds {
        let sentence = round::round_sentence(app, token, sale, now)?;
        lines.extend(canvas.bullet(&sentence).iter().map(|line| canvas.warning(line)));
        for line in canvas.bullet(round::crowding(sale.invited == 1)) {
            lines.push(format!("  {line}"));
        }
    }
    if lines.is_empty() {
        lines.push("  Nothing.".to_owned());
    }
    let left = |part: Part| amount::to_percent(part.part_atoms / 10, part.whole_atoms);
    if announced.reserved_atoms > 0 {
        lines.extend(canvas.bullet(&format!(
            "at worst, when all {} that are promised are issued, whoever has 10% of {} today has {}",
            token.shares(announced.reserved_atoms),
            token.symbol,
            left(announced.worst_case())
        )));
    }
    if announced.capacity_atoms > 0 {
        let when = announced.earliest_start_ts.map_or_else(
            || "at any time".to_owned(),
            |ts| format!("from {} on", date_to_text(ts)),
        );
        lines.extend(canvas.bullet(&format!(
            "{} are neither issued nor promised: what the issuer announces today can start {when}, and could leave {} of what is 10% today",
            token.shares(announced.capacity_atoms),
            left(announced.worst_case_ever())
        )));
    }
    Ok(lines)
}

fn grant_sentence(token: &Token, grant: &Grant) -> String {
    let milestone = if !grant.is_milestone() {
        String::new()
    } else if grant.approved == 1 {
        ", whose milestone is approved".to_owned()
    } else {
        format!(
            ", if {} approves before {}",
            short(&grant.approver),
            date_to_text(grant.deadline_ts)
        )
    };
    format!(
        "a grant of {} to {}{milestone}",
        token.shares(grant.amount_atoms),
        short(&grant.recipient)
    )
}

/// What the issuer's shares stand for, for people.
fn issuer_lines(app: &App, token: &Token, announced: &Announced) -> Result<Vec<String>> {
    let canvas = app.canvas;
    if announced.issuer_atoms == 0 {
        return Ok(vec!["  Nothing: the issuer has no registered shares.".to_owned()]);
    }
    let share = format!(
        "the issuer has {}, {} of what may ever exist",
        token.shares(announced.issuer_atoms),
        amount::to_percent(announced.issuer_atoms, token.security.authorised_atoms)
    );
    let mut lines = canvas.bullet(&share);
    let mut assets = Vec::new();
    for (asset, atoms) in announced.issuer_backing.iter().filter(|(_, atoms)| *atoms > 0) {
        let mint = app.mint(asset)?;
        assets.push(format!(
            "{} {}",
            amount::to_text(*atoms, mint.decimals),
            app.symbol(asset)?
        ));
    }
    let backing = if assets.is_empty() {
        "nothing".to_owned()
    } else {
        assets.join(", ")
    };
    lines.extend(canvas.bullet(&if announced.redemption_open {
        format!("they can be redeemed for {backing}")
    } else {
        format!("they stand for {backing}; nothing can be redeemed before redemption opens")
    }));
    Ok(lines)
}

/// What is announced, for programs.
fn announced_json(app: &App, token: &Token, announced: &Announced, now: i64) -> Result<Value> {
    let shares = |atoms: u64| amount_json(atoms, token.security.decimals);
    let grants = |grants: &[(Pubkey, Grant)]| -> Vec<Value> {
        grants
            .iter()
            .map(|(address, grant)| grant::grant_json(token, address, grant, now))
            .collect()
    };
    let rounds = announced
        .rounds
        .iter()
        .map(|(address, sale)| round::round_json(token, address, sale, now))
        .collect::<Result<Vec<Value>>>()?;
    let part = |part: Part| {
        json!({
            "part": shares(part.part_atoms),
            "whole": shares(part.whole_atoms),
            "percent": amount::to_percent(part.part_atoms, part.whole_atoms),
        })
    };
    let mut backing = Vec::new();
    for (asset, atoms) in &announced.issuer_backing {
        backing.push(json!({
            "asset": asset.to_string(),
            "symbol": app.symbol(asset)?,
            "amount": amount_json(*atoms, app.mint(asset)?.decimals),
        }));
    }
    Ok(json!({
        "grants": grants(&announced.grants),
        "running": grants(&announced.running),
        "rounds": rounds,
        "promised": shares(announced.reserved_atoms),
        "capacity": shares(announced.capacity_atoms),
        "earliestStart": announced.earliest_start_ts.map(date_to_text),
        "worstCase": part(announced.worst_case()),
        "worstCaseEver": part(announced.worst_case_ever()),
        "issuer": {
            "shares": shares(announced.issuer_atoms),
            "redemptionOpen": announced.redemption_open,
            "standsFor": backing,
        },
    }))
}

/// Share atoms outside registered accounts.
fn bearer_atoms(token: &Token) -> u64 {
    token.mint.supply.saturating_sub(token.security.registered_atoms)
}

fn head(app: &App, token: &Token, kind: &str, program: UpgradeAuthority) -> Vec<String> {
    let canvas = app.canvas;
    let security = &token.security;
    let title = format!("{}  {}", token.name, token.symbol);
    let gap = canvas.width.saturating_sub(console::measure_text_width(&title));
    let mut lines = vec![
        format!("{}{}", canvas.bold(&title), canvas.dim(&right(kind, gap))),
        canvas.rule(),
    ];
    let mut fact = |label: &str, text: &str| lines.push(format!("  {} {text}", canvas.dim(&left(label, 12))));
    fact("mint", &security.mint.to_string());
    fact("issuer", &security.issuer.to_string());
    if security.pending_issuer != Pubkey::default() {
        fact("proposed", &format!("{} may become issuer", security.pending_issuer));
    }
    if let Some(uri) = token
        .mint
        .metadata
        .as_ref()
        .map(|m| output::clean(&m.uri))
        .filter(|uri| !uri.is_empty())
    {
        fact("metadata", &uri);
    }
    fact("paid in", &security.payout_mint.to_string());
    fact("inbox", &security.inbox.to_string());
    match program {
        UpgradeAuthority::GivenUp => fact("upgradable", "by nobody: the program is final"),
        UpgradeAuthority::Held(key) => fact("upgradable", &canvas.warning(&format!("by {key}"))),
    }
    lines.push(String::new());
    lines
}

fn cap_table(canvas: Canvas, token: &Token, holders: &[(Position, PositionQuote)]) -> Vec<String> {
    let security = &token.security;
    let mut rows: Vec<Row> = holders
        .iter()
        .filter(|(position, _)| position.shares_atoms > 0)
        .take(MAX_ROWS)
        .map(|(position, _)| Row {
            who: short(&position.holder),
            atoms: position.shares_atoms,
            note: if position.holder == security.issuer {
                "issuer"
            } else {
                ""
            },
        })
        .collect();
    let named: u64 = rows.iter().map(|row| row.atoms).sum();
    let others = holders.iter().filter(|(position, _)| position.shares_atoms > 0).count() - rows.len();
    let more = [
        (
            format!("{others} others"),
            security.registered_atoms.saturating_sub(named),
            "",
        ),
        ("bearer".to_owned(), bearer_atoms(token), "not earning"),
        ("promised".to_owned(), security.reserved_atoms, "grants, rounds, joins"),
        (
            "not issued".to_owned(),
            security
                .authorised_atoms
                .saturating_sub(security.issued_atoms)
                .saturating_sub(security.reserved_atoms),
            "",
        ),
    ];
    rows.extend(
        more.into_iter()
            .filter(|(_, atoms, _)| *atoms > 0)
            .map(|(who, atoms, note)| Row { who, atoms, note }),
    );
    let amounts: Vec<String> = rows
        .iter()
        .map(|row| amount::to_text(row.atoms, security.decimals))
        .collect();
    let percents: Vec<String> = rows
        .iter()
        .map(|row| amount::to_percent(row.atoms, security.authorised_atoms))
        .collect();
    let who = rows
        .iter()
        .map(|row| console::measure_text_width(&row.who))
        .max()
        .unwrap_or(0);
    let figures = amounts.iter().map(String::len).max().unwrap_or(0);
    let notes = rows.iter().map(|row| row.note.len()).max().unwrap_or(0);
    // Two in front, one gap of two between each of the five columns; percentages are at most 7 wide.
    let cells = canvas
        .width
        .saturating_sub(2 + who + 2 + 2 + 7 + 2 + figures + 2 + notes)
        .max(8);
    let mut lines: Vec<String> = rows
        .iter()
        .zip(amounts.iter().zip(&percents))
        .map(|(row, (figure, percent))| {
            format!(
                "  {}  {}  {}  {}  {}",
                left(&row.who, who),
                canvas.bar(u128::from(row.atoms), u128::from(security.authorised_atoms), cells),
                right(percent, 7),
                right(figure, figures),
                canvas.dim(row.note)
            )
            .trim_end()
            .to_owned()
        })
        .collect();
    let sums = format!(
        "of {} authorised, {} are issued and {} registered",
        token.shares(security.authorised_atoms),
        amount::to_text(security.issued_atoms, security.decimals),
        amount::to_text(security.registered_atoms, security.decimals)
    );
    lines.extend(canvas.bullet(&sums).iter().map(|line| canvas.dim(line)));
    lines
}

fn owed_table(canvas: Canvas, token: &Token, payout: &str, holders: &[(Position, PositionQuote)]) -> Vec<String> {
    let decimals = token.security.payout_decimals;
    let mut owed: Vec<_> = holders
        .iter()
        .filter(|(_, quote)| quote.claimable_atoms > 0 || quote.claimed_total_atoms > 0)
        .collect();
    if owed.is_empty() {
        return vec!["  Nobody is owed anything yet.".to_owned()];
    }
    owed.sort_by_key(|(_, quote)| std::cmp::Reverse(quote.claimable_atoms));
    let rest = owed.split_off(owed.len().min(MAX_ROWS));
    let mut rows: Vec<Vec<String>> = owed
        .iter()
        .map(|(position, quote)| {
            vec![
                format!("  {}", short(&position.holder)),
                amount::to_column(quote.claimable_atoms, decimals),
                amount::to_column(quote.claimed_total_atoms, decimals),
            ]
        })
        .collect();
    if !rest.is_empty() {
        let sum = |part: fn(&PositionQuote) -> u64| -> u128 { rest.iter().map(|(_, q)| u128::from(part(q))).sum() };
        rows.push(vec![
            format!("  {} others", rest.len()),
            amount::to_column(sum(|q| q.claimable_atoms), decimals),
            amount::to_column(sum(|q| q.claimed_total_atoms), decimals),
        ]);
    }
    let head = ["  Holder", &format!("Owed now, {payout}"), "Claimed so far"];
    output::table(canvas, &head, &[1, 2], &rows)
}
