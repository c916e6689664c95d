//! `upside account`

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use anchor_lang::prelude::Pubkey;
use clap::{Subcommand, ValueEnum};
use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
    Timestamp, ToSpan,
};
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    events::Event,
    pda, quote,
    replay::{history_of, Replay},
    time::{self, date_to_text},
    upside::state::Round,
    Sender,
};

use crate::{
    app::{symbol_of, App, Token},
    cli::Format,
    failure::{Failure, Reason, Result},
    output::{self, amount_json},
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print, as CSV, what you were granted, bought, received, earned, claimed and redeemed by period.
    #[command(
        after_help = "Example: upside account statement --period year > statement.csv\n         upside account statement MINT --holder WALLET --from 2026-01-01 --to 2027-01-01"
    )]
    Statement {
        /// Share mints; without any, every security that the holder holds, issues or has subscribed to.
        tokens: Vec<Pubkey>,
        /// Length of a period, in UTC.
        #[arg(long, value_enum, default_value = "month")]
        period: Period,
        /// First moment that counts [default: the first event].
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// First moment that no longer counts [default: now, included].
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
    },
}

/// Length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Period {
    /// Days.
    Day,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
    /// One period.
    All,
}

impl Period {
    /// The first moment after the period that contains `ts`, unix seconds; `None` if there is none.
    fn end_after(self, ts: i64) -> Option<i64> {
        let date = TimeZone::UTC.to_datetime(Timestamp::from_second(ts).ok()?).date();
        let next: Date = match self {
            Self::Day => date.checked_add(1.day()).ok()?,
            Self::Month => date.first_of_month().checked_add(1.month()).ok()?,
            Self::Year => date.first_of_year().checked_add(1.year()).ok()?,
            Self::All => return None,
        };
        Some(
            TimeZone::UTC
                .to_timestamp(next.to_datetime(Time::midnight()))
                .ok()?
                .as_second(),
        )
    }
}

/// What one holder's shares of one security did in one period.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    from_ts: i64,
    to_ts: i64,
    issued_atoms: u128,
    received_atoms: u128,
    sent_atoms: u128,
    registered_atoms: u128,
    unregistered_atoms: u128,
    redeemed_atoms: u128,
    granted_atoms: u128,
    bought_atoms: u128,
    /// Payout atoms paid into rounds, and those that came back.
    subscribed_atoms: u128,
    returned_atoms: u128,
    /// Payout atoms of rounds that reached the holder as issuer.
    runway_atoms: u128,
    /// Asset atoms that arrived, by asset mint.
    collected_atoms: BTreeMap<Pubkey, u128>,
    shares_end_atoms: u64,
    claimed_atoms: u128,
    owed_end_atoms: u64,
    earned_atoms: u128,
}

impl Row {
    fn is_empty(&self) -> bool {
        let moves = [
            self.issued_atoms,
            self.received_atoms,
            self.sent_atoms,
            self.registered_atoms,
            self.unregistered_atoms,
            self.redeemed_atoms,
            self.granted_atoms,
            self.bought_atoms,
            self.subscribed_atoms,
            self.returned_atoms,
            self.runway_atoms,
            self.claimed_atoms,
            self.earned_atoms,
        ];
        moves.iter().all(|atoms| *atoms == 0)
            && self.collected_atoms.is_empty()
            && self.shares_end_atoms == 0
            && self.owed_end_atoms == 0
    }

    /// Counts what an event did to `holder`; `before` is the state that the event changed.
    fn count(&mut self, event: &Event, holder: &Pubkey, before: &Replay) {
        match event {
            Event::SecurityCreated(e) if e.issuer == *holder => {
                self.issued_atoms += u128::from(e.position.shares_atoms)
            }
            Event::SharesIssued(e) if e.holder == *holder => self.issued_atoms += u128::from(e.amount_atoms),
            Event::SharesTransferred(e) if e.to == *holder => self.received_atoms += u128::from(e.amount_atoms),
            Event::SharesTransferred(e) if e.from == *holder => self.sent_atoms += u128::from(e.amount_atoms),
            Event::SharesRegistered(e) if e.holder == *holder => self.registered_atoms += u128::from(e.amount_atoms),
            Event::SharesUnregistered(e) if e.holder == *holder => {
                self.unregistered_atoms += u128::from(e.amount_atoms);
            }
            Event::SharesRedeemed(e) if e.holder == *holder => self.redeemed_atoms += u128::from(e.amount_atoms),
            Event::GrantClaimed(e) if e.recipient == *holder => self.granted_atoms += u128::from(e.amount_atoms),
            Event::SharesSubscribed(e) if e.investor == *holder => {
                let address = pda::subscription(&e.round, holder);
                let paid = before.subscriptions.get(&address).map_or(0, |s| s.paid_atoms);
                self.subscribed_atoms += u128::from(e.paid_atoms.saturating_sub(paid));
                self.returned_atoms += u128::from(paid.saturating_sub(e.paid_atoms));
            }
            Event::SubscriptionWithdrawn(e) if e.investor == *holder => {
                self.returned_atoms += u128::from(e.amount_atoms);
            }
            Event::SubscriptionSettled(e) if e.investor == *holder => {
                self.bought_atoms += u128::from(e.allocation_atoms);
                self.returned_atoms += u128::from(e.refunded_atoms);
            }
            Event::RefundWithdrawn(e) if e.investor == *holder => self.returned_atoms += u128::from(e.amount_atoms),
            Event::RunwayReleased(e) if e.issuer == *holder => self.runway_atoms += u128::from(e.issuer_atoms),
            Event::AssetCollected(e) if e.holder == *holder && e.paid_atoms > 0 => {
                *self.collected_atoms.entry(e.asset_mint).or_default() += u128::from(e.arrived_atoms);
            }
            Event::UpsideClaimed(e) if e.holder == *holder => self.claimed_atoms += u128::from(e.amount_atoms),
            _ => {}
        }
    }
}

/// Runs `upside account`.
pub fn run(app: &App, command: Command) -> Result<()> {
    let Command::Statement {
        tokens,
        period,
        from,
        to,
    } = command;
    let holder = app.viewer()?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let from = from.as_deref().map(time::parse_date).transpose()?;
    let to = to.as_deref().map(time::parse_date).transpose()?.filter(|to| *to <= now);
    if from.is_some_and(|from| from >= to.unwrap_or(now)) {
        return Err(Failure::input("the statement would end before it begins").remedy("check --from and --to"));
    }
    let tokens: Vec<Token> = if tokens.is_empty() {
        concerning(app, &holder)?
    } else {
        tokens.iter().map(|token| app.token(token)).collect::<Result<_>>()?
    };
    let mut statement = Vec::new();
    for token in &tokens {
        let rows = rows_of(app, token, &holder, period, (from, to), now)?;
        statement.extend(rows.into_iter().map(|row| (token, row)));
    }
    match app.global.output {
        Format::Display => write_csv(app, &statement),
        format => {
            let rows: Vec<Value> = statement
                .iter()
                .map(|(token, row)| row_json(app, token, row))
                .collect::<Result<_>>()?;
            output::print(format, &[], &json!({ "holder": holder.to_string(), "rows": rows }));
            Ok(())
        }
    }
}

/// The securities that somebody holds, issues, or has subscribed to.
fn concerning(app: &App, holder: &Pubkey) -> Result<Vec<Token>> {
    let sender = app.sender()?;
    let mut securities = BTreeSet::new();
    securities.extend(
        accounts::positions_of_holder(sender, holder)?
            .iter()
            .map(|(_, position)| position.security),
    );
    securities.extend(
        accounts::securities_of_issuer(sender, holder)?
            .iter()
            .map(|(address, _)| *address),
    );
    for (_, subscription) in accounts::subscriptions_of_investor(sender, holder)? {
        let round: Round = accounts::get(sender, &subscription.round)?;
        securities.insert(round.security);
    }
    securities.iter().map(|security| app.token(security)).collect()
}

/// The holder's rows of one security, oldest first, by replaying its events up to each border.
fn rows_of(
    app: &App,
    token: &Token,
    holder: &Pubkey,
    period: Period,
    (from, to): (Option<i64>, Option<i64>),
    now: i64,
) -> Result<Vec<Row>> {
    // What happened this very second belongs to a statement without an end.
    let to = to.unwrap_or(now + 1);
    let history = history_of(app.sender()?, &token.keys.security)?;
    let Some(first) = history.first() else {
        return Err(Failure::new(
            Reason::Network,
            format!("the server knows no history of {}", token.symbol),
        )
        .remedy("use a server that keeps old transactions"));
    };
    let begin = from.unwrap_or_else(|| first.event.ts());
    let mut replay = Replay::default();
    let mut events = history.iter().map(|record| &record.event).peekable();
    let mut row = Row::default();
    // Everything before the first period counts for the opening balance only.
    while let Some(event) = events.next_if(|event| event.ts() < begin) {
        replay.apply(event).map_err(upside_client::ClientError::from)?;
    }
    let (_, mut owed_before) = standing(&replay, token, holder, begin)?;
    let mut rows = Vec::new();
    let mut start = begin;
    while start < to {
        let end = period.end_after(start).unwrap_or(to).min(to);
        while let Some(event) = events.next_if(|event| event.ts() < end) {
            row.count(event, holder, &replay);
            replay.apply(event).map_err(upside_client::ClientError::from)?;
        }
        let (shares, owed) = standing(&replay, token, holder, end.min(now))?;
        row.from_ts = start;
        row.to_ts = end.min(now);
        row.shares_end_atoms = shares;
        row.owed_end_atoms = owed;
        row.earned_atoms = (u128::from(owed) + row.claimed_atoms).saturating_sub(u128::from(owed_before));
        owed_before = owed;
        if !row.is_empty() {
            rows.push(row.clone());
        }
        row = Row::default();
        start = end;
    }
    Ok(rows)
}

/// Shares that the holder has, and whole payout atoms that they are owed, at a time.
fn standing(replay: &Replay, token: &Token, holder: &Pubkey, ts: i64) -> Result<(u64, u64)> {
    let security = replay.securities.get(&token.keys.security);
    let position = replay.positions.get(&token.keys.position(holder));
    let (Some(security), Some(position)) = (security, position) else {
        return Ok((0, 0));
    };
    let quote = quote::position(security, position, ts)?;
    Ok((quote.shares_atoms, quote.claimable_atoms))
}

/// The columns of the CSV.
const COLUMNS: [&str; 21] = [
    "from",
    "to",
    "symbol",
    "mint",
    "shares_issued",
    "shares_granted",
    "shares_bought",
    "shares_received",
    "shares_sent",
    "shares_registered",
    "shares_unregistered",
    "shares_redeemed",
    "shares_at_end",
    "payout_mint",
    "upside_earned",
    "upside_claimed",
    "upside_owed_at_end",
    "assets_collected",
    "paid_into_rounds",
    "returned_by_rounds",
    "runway_received",
];

/// The assets that a row's tickets collected: mint, symbol, decimals, atoms that arrived.
fn collected_assets(app: &App, row: &Row) -> Result<Vec<(Pubkey, String, u8, u128)>> {
    row.collected_atoms
        .iter()
        .map(|(asset, atoms)| {
            let mint = app.mint(asset)?;
            Ok((*asset, symbol_of(asset, &mint), mint.decimals, *atoms))
        })
        .collect()
}

fn write_csv(app: &App, statement: &[(&Token, Row)]) -> Result<()> {
    // One cell with all assets, as `amount symbol mint`: their number differs from row to row.
    let collected = statement
        .iter()
        .map(|(_, row)| {
            let assets: Vec<String> = collected_assets(app, row)?
                .into_iter()
                .map(|(asset, symbol, decimals, atoms)| {
                    format!("{} {symbol} {asset}", amount::to_plain(atoms, decimals))
                })
                .collect();
            Ok(assets.join("; "))
        })
        .collect::<Result<Vec<String>>>()?;
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    let mut write = || -> csv::Result<()> {
        writer.write_record(COLUMNS)?;
        for ((token, row), collected) in statement.iter().zip(&collected) {
            let shares = |atoms: u128| amount::to_plain(atoms, token.security.decimals);
            let money = |atoms: u128| amount::to_plain(atoms, token.security.payout_decimals);
            writer.write_record([
                date_to_text(row.from_ts),
                date_to_text(row.to_ts),
                not_a_formula(&token.symbol),
                token.keys.mint.to_string(),
                shares(row.issued_atoms),
                shares(row.granted_atoms),
                shares(row.bought_atoms),
                shares(row.received_atoms),
                shares(row.sent_atoms),
                shares(row.registered_atoms),
                shares(row.unregistered_atoms),
                shares(row.redeemed_atoms),
                shares(u128::from(row.shares_end_atoms)),
                token.security.payout_mint.to_string(),
                money(row.earned_atoms),
                money(row.claimed_atoms),
                money(u128::from(row.owed_end_atoms)),
                collected.clone(),
                money(row.subscribed_atoms),
                money(row.returned_atoms),
                money(row.runway_atoms),
            ])?;
        }
        writer.flush()?;
        Ok(())
    };
    match write() {
        // A reader that went away is no failure.
        Err(error) if !matches!(error.kind(), csv::ErrorKind::Io(_)) => {
            Err(Failure::input(format!("the statement cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// A symbol chosen by a stranger, so that no spreadsheet takes it for a formula.
fn not_a_formula(symbol: &str) -> String {
    if symbol.starts_with(['=', '+', '-', '@']) {
        format!("'{symbol}")
    } else {
        symbol.to_owned()
    }
}

fn row_json(app: &App, token: &Token, row: &Row) -> Result<Value> {
    let assets: Vec<Value> = collected_assets(app, row)?
        .into_iter()
        .map(|(asset, symbol, decimals, atoms)| {
            json!({ "asset": asset.to_string(), "symbol": symbol, "arrived": amount_json(atoms, decimals) })
        })
        .collect();
    let shares = |atoms: u128| amount_json(atoms, token.security.decimals);
    let money = |atoms: u128| amount_json(atoms, token.security.payout_decimals);
    Ok(json!({
        "from": date_to_text(row.from_ts),
        "to": date_to_text(row.to_ts),
        "symbol": token.symbol,
        "mint": token.keys.mint.to_string(),
        "sharesIssued": shares(row.issued_atoms),
        "sharesGranted": shares(row.granted_atoms),
        "sharesBought": shares(row.bought_atoms),
        "paidIntoRounds": money(row.subscribed_atoms),
        "returnedByRounds": money(row.returned_atoms),
        "runwayReceived": money(row.runway_atoms),
        "sharesReceived": shares(row.received_atoms),
        "sharesSent": shares(row.sent_atoms),
        "sharesRegistered": shares(row.registered_atoms),
        "sharesUnregistered": shares(row.unregistered_atoms),
        "sharesRedeemed": shares(row.redeemed_atoms),
        "assetsCollected": assets,
        "sharesAtEnd": shares(u128::from(row.shares_end_atoms)),
        "payoutMint": token.security.payout_mint.to_string(),
        "upsideEarned": money(row.earned_atoms),
        "upsideClaimed": money(row.claimed_atoms),
        "upsideOwedAtEnd": money(u128::from(row.owed_end_atoms)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_at_borders_of_the_calendar() {
        let at = |text: &str| time::parse_date(text).unwrap();
        assert_eq!(
            Period::Month.end_after(at("2026-12-31T23:59:59Z")),
            Some(at("2027-01-01"))
        );
        assert_eq!(Period::Month.end_after(at("2027-01-01")), Some(at("2027-02-01")));
        assert_eq!(Period::Year.end_after(at("2028-02-29")), Some(at("2029-01-01")));
        assert_eq!(Period::Day.end_after(at("2028-02-28")), Some(at("2028-02-29")));
        assert_eq!(Period::All.end_after(0), None);
    }

    #[test]
    fn a_symbol_is_never_a_formula() {
        assert_eq!(not_a_formula("=1+1"), "'=1+1");
        assert_eq!(not_a_formula("ALICE"), "ALICE");
    }
}
