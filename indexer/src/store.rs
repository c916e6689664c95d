//! The database.
//!
//! Transactions go in whole, in any order and any number of times; what comes out depends on their set alone. The last state of an account is that of
//! its last event in the chain's order, not of the highest sequence number: that begins anew when an account is closed and opened again.

use std::{collections::BTreeSet, path::Path};

use anyhow::{ensure, Context, Result};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Bool, Nullable, Text},
};
use upside_client::events::Event;

use crate::{change, SCHEMA};

/// A confirmed transaction with events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its first signature.
    pub signature: String,
    /// Its slot.
    pub slot: u64,
    /// Its place among the program's transactions of that slot, from 0.
    pub place: u64,
    /// The events, as the client's `Event::decode` takes them, in order.
    pub events: Vec<Vec<u8>>,
}

/// A holder in a cap table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The holder.
    pub holder: String,
    /// Registered share atoms.
    pub shares: u64,
    /// The accumulator when `accrued` was last brought up to date.
    pub checkpoint_x64: u128,
    /// Payout atoms owed at the checkpoint.
    pub accrued_x64: u128,
    /// Payout atoms ever paid.
    pub claimed: u64,
    /// Number of the position's last event.
    pub sequence: u64,
}

/// Who holds a security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapTable {
    /// The security.
    pub security: String,
    /// Its share mint.
    pub mint: String,
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: String,
    /// Its issuer.
    pub issuer: String,
    /// Decimals of a share.
    pub decimals: u8,
    /// Most share atoms that may ever be issued.
    pub authorised: u64,
    /// Share atoms ever issued.
    pub issued: u64,
    /// Share atoms promised.
    pub reserved: u64,
    /// Share atoms registered: the sum of the holders'.
    pub registered: u64,
    /// Share atoms redeemed.
    pub redeemed: u64,
    /// Payout atoms ever received.
    pub received: u128,
    /// The holders, largest first.
    pub holders: Vec<Holding>,
}

/// Something that happened to a holder's position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unix seconds.
    pub ts: i64,
    /// The slot.
    pub slot: u64,
    /// The transaction.
    pub signature: String,
    /// The event's name.
    pub event: String,
    /// The security.
    pub security: String,
    /// By how many atoms the holder's registered shares changed.
    pub shares_change: i128,
    /// Share atoms after.
    pub shares: u64,
    /// Payout atoms paid by it.
    pub claimed_change: i128,
}

/// Where events of an account are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The account.
    pub account: String,
    /// What it is.
    pub account_kind: String,
    /// Number of the last event before.
    pub before: u64,
    /// Number of the first event after.
    pub after: u64,
}

/// The database.
pub struct Store {
    connection: SqliteConnection,
}

/// One column of text.
#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// A place in the chain's order.
#[derive(QueryableByName)]
struct Placed {
    #[diesel(sql_type = BigInt)]
    slot: i64,
    #[diesel(sql_type = BigInt)]
    place: i64,
}

impl Store {
    /// Opens the database in a file, made if missing.
    ///
    /// # Errors
    /// When the file is none of ours or cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path
            .to_str()
            .with_context(|| format!("{} is no name for a database", path.display()))?;
        let mut connection = SqliteConnection::establish(name).with_context(|| format!("cannot open {name}"))?;
        connection
            .batch_execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL;")
            .and_then(|()| connection.batch_execute(SCHEMA))
            .with_context(|| format!("{name} cannot be used as a database"))?;
        Ok(Self { connection })
    }

    /// The newest transaction whose slot is at least `slots` before the newest slot that is known: what is listed after it includes every slot
    /// after its own whole.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn mark(&mut self, slots: u64) -> Result<Option<String>> {
        let query =
            "SELECT signature AS word FROM transactions WHERE slot <= (SELECT max(slot) FROM transactions) - ? \
                     ORDER BY slot DESC, place DESC LIMIT 1";
        let found: Option<Word> = sql_query(query)
            .bind::<BigInt, _>(to_i64(slots)?)
            .get_result(&mut self.connection)
            .optional()?;
        Ok(found.map(|found| found.word))
    }

    /// Whether a transaction is there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has(&mut self, signature: &str) -> Result<bool> {
        Ok(self.place(signature)?.is_some())
    }

    fn place(&mut self, signature: &str) -> Result<Option<(i64, i64)>> {
        let found: Option<Placed> = sql_query("SELECT slot, place FROM transactions WHERE signature = ?")
            .bind::<Text, _>(signature)
            .get_result(&mut self.connection)
            .optional()?;
        Ok(found.map(|found| (found.slot, found.place)))
    }

    /// Says where a transaction that is there belongs, if that has changed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn place_again(&mut self, signature: &str, slot: u64, place: u64) -> Result<()> {
        let (slot, place) = (to_i64(slot)?, to_i64(place)?);
        if self.place(signature)?.is_none_or(|present| present == (slot, place)) {
            return Ok(());
        }
        self.connection.immediate_transaction(|writing| {
            for table in ["transactions", "events"] {
                sql_query(format!("UPDATE {table} SET slot = ?, place = ? WHERE signature = ?"))
                    .bind::<BigInt, _>(slot)
                    .bind::<BigInt, _>(place)
                    .bind::<Text, _>(signature)
                    .execute(writing)?;
            }
            let accounts: Vec<Word> = sql_query("SELECT DISTINCT account AS word FROM events WHERE signature = ?")
                .bind::<Text, _>(signature)
                .load(writing)?;
            for account in accounts {
                refresh(writing, &account.word)?;
            }
            Ok(())
        })
    }

    /// Writes transactions, all or none of them, and returns how many were new. Those that are there are left as they are.
    ///
    /// # Errors
    /// When an event does not decode or the database cannot be written.
    pub fn insert(&mut self, transactions: &[Transaction]) -> Result<usize> {
        self.connection.immediate_transaction(|writing| {
            let (mut new, mut accounts) = (0, BTreeSet::new());
            for transaction in transactions {
                let added = sql_query(
                    "INSERT INTO transactions (signature, slot, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                )
                .bind::<Text, _>(&transaction.signature)
                .bind::<BigInt, _>(to_i64(transaction.slot)?)
                .bind::<BigInt, _>(to_i64(transaction.place)?)
                .execute(writing)?;
                if added == 1 {
                    new += 1;
                    insert_events(writing, transaction, &mut accounts)?;
                }
            }
            for account in &accounts {
                refresh(writing, account)?;
            }
            Ok(new)
        })
    }

    /// Who holds the security of this address or share mint; nothing if it is not known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cap_table(&mut self, security_or_mint: &str) -> Result<Option<CapTable>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            security: String,
            #[diesel(sql_type = Text)]
            mint: String,
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Text)]
            symbol: String,
            #[diesel(sql_type = Text)]
            issuer: String,
            #[diesel(sql_type = BigInt)]
            decimals: i64,
            #[diesel(sql_type = Text)]
            authorised: String,
            #[diesel(sql_type = Text)]
            issued: String,
            #[diesel(sql_type = Text)]
            reserved: String,
            #[diesel(sql_type = Text)]
            registered: String,
            #[diesel(sql_type = Text)]
            redeemed: String,
            #[diesel(sql_type = Text)]
            received: String,
        }
        #[derive(QueryableByName)]
        struct HolderRow {
            #[diesel(sql_type = Text)]
            holder: String,
            #[diesel(sql_type = Text)]
            shares: String,
            #[diesel(sql_type = Text)]
            checkpoint: String,
            #[diesel(sql_type = Text)]
            accrued: String,
            #[diesel(sql_type = Text)]
            claimed: String,
            #[diesel(sql_type = BigInt)]
            sequence: i64,
        }
        let found: Option<Row> = sql_query("SELECT * FROM securities WHERE security = ?1 OR mint = ?1")
            .bind::<Text, _>(security_or_mint)
            .get_result(&mut self.connection)
            .optional()?;
        let Some(row) = found else { return Ok(None) };
        let rows: Vec<HolderRow> = sql_query("SELECT * FROM positions WHERE security = ? ORDER BY shares DESC, holder")
            .bind::<Text, _>(&row.security)
            .load(&mut self.connection)?;
        let holders = rows
            .into_iter()
            .map(|row| {
                Ok(Holding {
                    holder: row.holder,
                    shares: row.shares.parse()?,
                    checkpoint_x64: row.checkpoint.parse()?,
                    accrued_x64: row.accrued.parse()?,
                    claimed: row.claimed.parse()?,
                    sequence: row.sequence.try_into()?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Some(CapTable {
            security: row.security,
            mint: row.mint,
            name: row.name,
            symbol: row.symbol,
            issuer: row.issuer,
            decimals: row.decimals.try_into()?,
            authorised: row.authorised.parse()?,
            issued: row.issued.parse()?,
            reserved: row.reserved.parse()?,
            registered: row.registered.parse()?,
            redeemed: row.redeemed.parse()?,
            received: row.received.parse()?,
            holders,
        }))
    }

    /// Addresses of all securities.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn securities(&mut self) -> Result<Vec<String>> {
        self.words("SELECT security AS word FROM securities ORDER BY security")
    }

    fn words(&mut self, query: &str) -> Result<Vec<String>> {
        let rows: Vec<Word> = sql_query(query).load(&mut self.connection)?;
        Ok(rows.into_iter().map(|row| row.word).collect())
    }

    /// What happened to a holder's positions, oldest first; of one security, by address or share mint, or of all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history(&mut self, holder: &str, security_or_mint: Option<&str>) -> Result<Vec<Entry>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            ts: i64,
            #[diesel(sql_type = BigInt)]
            slot: i64,
            #[diesel(sql_type = Text)]
            signature: String,
            #[diesel(sql_type = Text)]
            event: String,
            #[diesel(sql_type = Text)]
            security: String,
            #[diesel(sql_type = Text)]
            shares: String,
            #[diesel(sql_type = Text)]
            claimed: String,
            #[diesel(sql_type = Text)]
            before_shares: String,
            #[diesel(sql_type = Text)]
            before_claimed: String,
        }
        // A position that was closed begins with nothing again.
        let query = "SELECT ts, slot, signature, event, security, shares, claimed, \
                            CASE fresh WHEN 1 THEN '0' ELSE before_shares END AS before_shares, \
                            CASE fresh WHEN 1 THEN '0' ELSE before_claimed END AS before_claimed \
                     FROM (SELECT *, lag(shares) OVER own AS before_shares, lag(claimed) OVER own AS before_claimed, \
                                  lag(closed, 1, 1) OVER own AS fresh \
                           FROM events WHERE holder = ?1 AND account_kind = 'position' \
                           WINDOW own AS (PARTITION BY account ORDER BY slot, place, number)) \
                     WHERE ?2 IS NULL OR security = ?2 OR security = (SELECT security FROM securities WHERE mint = ?2) \
                     ORDER BY slot, place, number";
        let rows: Vec<Row> = sql_query(query)
            .bind::<Text, _>(holder)
            .bind::<Nullable<Text>, _>(security_or_mint)
            .load(&mut self.connection)?;
        rows.into_iter()
            .map(|row| {
                let shares: u64 = row.shares.parse()?;
                Ok(Entry {
                    ts: row.ts,
                    slot: row.slot.try_into()?,
                    signature: row.signature,
                    event: row.event,
                    security: row.security,
                    shares_change: i128::from(shares) - i128::from(row.before_shares.parse::<u64>()?),
                    shares,
                    claimed_change: i128::from(row.claimed.parse::<u64>()?)
                        - i128::from(row.before_claimed.parse::<u64>()?),
                })
            })
            .collect()
    }

    /// Where events are missing: every account's count from one, without gaps.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn gaps(&mut self) -> Result<Vec<Gap>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            account: String,
            #[diesel(sql_type = Text)]
            account_kind: String,
            #[diesel(sql_type = BigInt)]
            before: i64,
            #[diesel(sql_type = BigInt)]
            sequence: i64,
        }
        let query = "SELECT account, account_kind, before, sequence FROM (\
                         SELECT account, account_kind, sequence, slot, place, number, \
                                CASE lag(closed) OVER own WHEN 1 THEN 0 ELSE lag(sequence, 1, 0) OVER own END AS before \
                         FROM events WINDOW own AS (PARTITION BY account ORDER BY slot, place, number)) \
                     WHERE sequence <> before + 1 ORDER BY slot, place, number";
        let rows: Vec<Row> = sql_query(query).load(&mut self.connection)?;
        rows.into_iter()
            .map(|row| {
                Ok(Gap {
                    account: row.account,
                    account_kind: row.account_kind,
                    before: row.before.try_into()?,
                    after: row.sequence.try_into()?,
                })
            })
            .collect()
    }

    /// What went in, in the chain's order. Events that this build does not know are not kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn transactions(&mut self) -> Result<Vec<Transaction>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            signature: String,
            #[diesel(sql_type = BigInt)]
            slot: i64,
            #[diesel(sql_type = BigInt)]
            place: i64,
            #[diesel(sql_type = Nullable<Binary>)]
            data: Option<Vec<u8>>,
        }
        let query = "SELECT DISTINCT t.signature, t.slot, t.place, e.number, e.data FROM transactions t \
                     LEFT JOIN events e ON e.signature = t.signature ORDER BY t.slot, t.place, e.number";
        let rows: Vec<Row> = sql_query(query).load(&mut self.connection)?;
        let mut transactions: Vec<Transaction> = Vec::new();
        for row in rows {
            if transactions.last().is_none_or(|last| last.signature != row.signature) {
                transactions.push(Transaction {
                    signature: row.signature,
                    slot: row.slot.try_into()?,
                    place: row.place.try_into()?,
                    events: Vec::new(),
                });
            }
            if let (Some(last), Some(data)) = (transactions.last_mut(), row.data) {
                last.events.push(data);
            }
        }
        Ok(transactions)
    }

    /// Everything, as text, one line a row: two databases that have read the same say the same.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn dump(&mut self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for table in ["transactions", "events", "positions", "securities"] {
            let columns = self.words(&format!(
                "SELECT 'quote(' || name || ')' AS word FROM pragma_table_info('{table}')"
            ))?;
            let row = columns.join(" || ' ' || ");
            lines.extend(self.words(&format!(
                "SELECT '{table} ' || {row} AS word FROM {table} ORDER BY word"
            ))?);
        }
        Ok(lines)
    }
}

/// Writes the rows of a transaction's events and notes the accounts that they changed.
fn insert_events(
    writing: &mut SqliteConnection,
    transaction: &Transaction,
    accounts: &mut BTreeSet<String>,
) -> Result<()> {
    for (number, data) in transaction.events.iter().enumerate() {
        // Events of later versions of the program are passed over.
        let Some(event) = Event::decode(data) else { continue };
        let event = event.with_context(|| format!("an event of {} does not decode", transaction.signature))?;
        for change in change::changes(&event) {
            let account = change.account.to_string();
            let position = change.position;
            sql_query("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                .bind::<Text, _>(&account)
                .bind::<BigInt, _>(to_i64(transaction.slot)?)
                .bind::<BigInt, _>(to_i64(transaction.place)?)
                .bind::<BigInt, _>(i64::try_from(number)?)
                .bind::<Text, _>(&transaction.signature)
                .bind::<BigInt, _>(event.ts())
                .bind::<Text, _>(event.name())
                .bind::<Text, _>(change.kind.name())
                .bind::<BigInt, _>(to_i64(change.sequence)?)
                .bind::<Bool, _>(change.closed)
                .bind::<Text, _>(event.security().to_string())
                .bind::<Nullable<Text>, _>(change.holder.map(|holder| holder.to_string()))
                .bind::<Nullable<Text>, _>(position.map(|totals| wide(totals.shares_atoms)))
                .bind::<Nullable<Text>, _>(position.map(|totals| wider(totals.checkpoint_x64)))
                .bind::<Nullable<Text>, _>(position.map(|totals| wider(totals.accrued_x64)))
                .bind::<Nullable<Text>, _>(position.map(|totals| wide(totals.claimed_total_atoms)))
                .bind::<Binary, _>(data)
                .execute(writing)?;
            accounts.insert(account);
        }
    }
    Ok(())
}

/// Brings the last state of an account up to date.
fn refresh(writing: &mut SqliteConnection, account: &str) -> Result<()> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        account_kind: String,
        #[diesel(sql_type = Bool)]
        closed: bool,
    }
    let last = "FROM events WHERE account = ? ORDER BY slot DESC, place DESC, number DESC LIMIT 1";
    let row: Row = sql_query(format!("SELECT account_kind, closed {last}"))
        .bind::<Text, _>(account)
        .get_result(writing)?;
    match row.account_kind.as_str() {
        "position" => {
            let query = if row.closed {
                "DELETE FROM positions WHERE account = ?".to_owned()
            } else {
                format!(
                    "INSERT OR REPLACE INTO positions SELECT security, holder, account, shares, checkpoint, accrued, claimed, sequence, slot, \
                     place, number {last}"
                )
            };
            sql_query(query).bind::<Text, _>(account).execute(writing)?;
        }
        "security" => refresh_security(writing, account)?,
        _ => {}
    }
    Ok(())
}

/// An event of a security and where it is.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Binary)]
    data: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = BigInt)]
    slot: i64,
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The last event of a security, of a kind or of any.
fn last_event(writing: &mut SqliteConnection, security: &str, kind: Option<&str>) -> Result<Option<(Event, Found)>> {
    let query =
        "SELECT data, sequence, slot, place, number FROM events WHERE account = ?1 AND (?2 IS NULL OR event = ?2) \
                 ORDER BY slot DESC, place DESC, number DESC LIMIT 1";
    let found: Option<Found> = sql_query(query)
        .bind::<Text, _>(security)
        .bind::<Nullable<Text>, _>(kind)
        .get_result(writing)
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let event = Event::decode(&found.data).context("an event in the database is of no known kind")??;
    Ok(Some((event, found)))
}

fn refresh_security(writing: &mut SqliteConnection, security: &str) -> Result<()> {
    // Until its creation has been read there is nothing to show.
    let created = last_event(writing, security, Some("SecurityCreated"))?;
    let Some((Event::SecurityCreated(created), _)) = created else {
        return Ok(());
    };
    let issuer = match last_event(writing, security, Some("IssuerAccepted"))? {
        Some((Event::IssuerAccepted(accepted), _)) => accepted.issuer,
        _ => created.issuer,
    };
    let (name, symbol) = match last_event(writing, security, Some("MetadataUpdated"))? {
        Some((Event::MetadataUpdated(updated), _)) => (updated.name, updated.symbol),
        _ => (created.name, created.symbol),
    };
    let (last, at) = last_event(writing, security, None)?.context("a security has no event")?;
    let totals = last.security_totals().context("an event of a security has no totals")?;
    sql_query("INSERT OR REPLACE INTO securities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind::<Text, _>(security)
        .bind::<Text, _>(created.mint.to_string())
        .bind::<Text, _>(issuer.to_string())
        .bind::<Text, _>(name)
        .bind::<Text, _>(symbol)
        .bind::<BigInt, _>(i64::from(created.terms.decimals))
        .bind::<Text, _>(wide(totals.authorised_atoms))
        .bind::<Text, _>(wide(totals.issued_atoms))
        .bind::<Text, _>(wide(totals.reserved_atoms))
        .bind::<Text, _>(wide(totals.registered_atoms))
        .bind::<Text, _>(wide(totals.redeemed_total_atoms))
        .bind::<Text, _>(wider(totals.received_total_atoms))
        .bind::<BigInt, _>(at.sequence)
        .bind::<BigInt, _>(at.slot)
        .bind::<BigInt, _>(at.place)
        .bind::<BigInt, _>(at.number)
        .execute(writing)?;
    Ok(())
}

/// Decimal text that sorts as 64-bit numbers do.
fn wide(number: u64) -> String {
    format!("{number:020}")
}

/// Decimal text that sorts as 128-bit numbers do.
fn wider(number: u128) -> String {
    format!("{number:039}")
}

/// A number as SQLite has it.
fn to_i64(number: u64) -> Result<i64> {
    let signed = i64::try_from(number);
    ensure!(
        signed.is_ok(),
        "{number} is no slot, place or sequence number of this world"
    );
    Ok(signed?)
}
