//! Graphs and prices as people write them: TOML or JSON, amounts and prices as exact decimals, every error with line and column.
//!
//! ```toml
//! unit = "USDC"                      # what prices are in
//! at = 2026-11-26T12:00:00Z          # values are of this moment
//! stale = { fresh_seconds = 86400, widen_bps_per_day = 100 }
//!
//! [asset.ACME]                       # a primitive asset
//! decimals = 6
//! price = "12.50"                    # per unit that wallets show; or low and high; or nothing if nobody knows
//! as_of = 2026-11-26T09:00:00Z       # when that was said
//! multiplier = { current = "1", scheduled = "2", effective = 2026-12-01T00:00:00Z }
//!
//! [security.ALICE]
//! decimals = 6
//! authorised = "1000000"             # whole shares; issued defaults to authorised, redeemed to 0, live to issued less redeemed
//! issued = "400000"
//!
//! [[vault]]                          # what backs a security: an asset, or shares of another security
//! of = "ALICE"
//! asset = "ACME"
//! balance = "100"                    # stored, before any multiplier
//! collected = "0"                    # shares whose tickets have collected here
//!
//! [[position]]                       # who holds it; shares in vaults are not written here
//! holder = "Bob"
//! of = "ALICE"
//! shares = "1000"
//! ```

use std::{collections::BTreeMap, ops::Range};

use jiff::Timestamp;

use crate::{
    graph::{Graph, GraphError, Holding, Supply},
    price::{Asset, Decimal, Multiplier, Prices, Quote, Staleness},
    source::{self, Entry, Node, Value},
};

/// Why a file is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct FileError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What must hold there.
    pub message: String,
}

impl FileError {
    pub(crate) fn at(text: &str, span: Range<usize>, message: &str) -> Self {
        let (line, column) = source::place(text, span.start);
        Self {
            line,
            column,
            message: message.to_owned(),
        }
    }
}

/// What one holder outside the graph has of one security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Who.
    pub holder: String,
    /// Of which security.
    pub security: u32,
    /// Share atoms.
    pub shares: u64,
}

/// A graph with names, prices and positions: what a page or a picture is made of.
#[derive(Clone, Debug)]
pub struct Market {
    /// What prices are in.
    pub unit: String,
    /// The moment of the values, unix seconds.
    pub at_ts: i64,
    /// How old quotes widen.
    pub staleness: Staleness,
    /// Names of primitive assets, by index.
    pub asset_names: Vec<String>,
    /// Primitive assets.
    pub assets: Vec<Asset>,
    /// Names of securities, by index.
    pub security_names: Vec<String>,
    /// Decimals of securities.
    pub security_decimals: Vec<u8>,
    /// Who holds what.
    pub graph: Graph,
    /// Holders outside.
    pub positions: Vec<Position>,
}

impl Market {
    /// Prices at the market's moment.
    #[must_use]
    pub fn prices(&self) -> Prices {
        Prices::at(&self.assets, self.at_ts, &self.staleness)
    }
}

/// Quotes without a graph, by name or address of the asset: what a live cluster's assets are valued with.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceList {
    /// What prices are in.
    pub unit: String,
    /// How old quotes widen.
    pub staleness: Staleness,
    /// Quotes.
    pub quotes: BTreeMap<String, Quote>,
    /// Where quotes are read on a cluster.
    pub accounts: BTreeMap<String, PriceAccount>,
}

/// A quote that somebody keeps up to date in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceAccount {
    /// The account's address.
    pub account: String,
    /// Which feed must be in it: 64 hexadecimal digits.
    pub feed: String,
}

/// A table whose keys are taken out one by one; what is left at the end is an error.
struct Table<'a> {
    text: &'a str,
    span: Range<usize>,
    entries: Vec<Entry>,
    /// What it is called in messages.
    what: &'a str,
}

impl<'a> Table<'a> {
    fn of(text: &'a str, node: Node, what: &'a str) -> Result<Self, FileError> {
        match node.value {
            Value::Table(entries) => Ok(Self {
                text,
                span: node.span,
                entries,
                what,
            }),
            _ => Err(FileError::at(
                text,
                node.span,
                &format!("{what} must be a table of keys and values"),
            )),
        }
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).node)
    }

    fn need(&mut self, key: &str) -> Result<Node, FileError> {
        self.take(key)
            .ok_or_else(|| FileError::at(self.text, self.span.clone(), &format!("{} needs {key}", self.what)))
    }

    /// Nothing may be left: a key that nobody reads is a typing error.
    fn end(self, known: &str) -> Result<(), FileError> {
        match self.entries.first() {
            None => Ok(()),
            Some(entry) => Err(FileError::at(
                self.text,
                entry.key_span.clone(),
                &format!("{} has no key {:?}; it has {known}", self.what, entry.key),
            )),
        }
    }
}

fn list(text: &str, node: Option<Node>, what: &str) -> Result<Vec<Node>, FileError> {
    match node {
        None => Ok(Vec::new()),
        Some(Node {
            value: Value::List(list),
            ..
        }) => Ok(list),
        Some(node) => Err(FileError::at(
            text,
            node.span,
            &format!("{what} must be a list of tables"),
        )),
    }
}

fn named(text: &str, node: Option<Node>, what: &str) -> Result<Vec<Entry>, FileError> {
    match node {
        None => Ok(Vec::new()),
        Some(Node {
            value: Value::Table(entries),
            ..
        }) => Ok(entries),
        Some(node) => Err(FileError::at(
            text,
            node.span,
            &format!("{what} must be a table by name"),
        )),
    }
}

fn string(text: &str, node: &Node, what: &str) -> Result<String, FileError> {
    match &node.value {
        Value::Text(value) => Ok(value.clone()),
        _ => Err(FileError::at(
            text,
            node.span.clone(),
            &format!("{what} must be a text in quotes"),
        )),
    }
}

fn decimal(text: &str, node: &Node, what: &str) -> Result<Decimal, FileError> {
    let refuse = |message: String| Err(FileError::at(text, node.span.clone(), &message));
    let written = match &node.value {
        Value::Text(written) | Value::Number(written) => written,
        Value::Other(found) => return refuse(format!("{what} must be a number, not {found}")),
        Value::List(_) | Value::Table(_) => return refuse(format!("{what} must be a number, not a list or table")),
    };
    written
        .parse()
        .or_else(|error| refuse(format!("{what} is {written:?}: {error}")))
}

fn atoms(text: &str, node: &Node, decimals: u8, what: &str) -> Result<u64, FileError> {
    decimal(text, node, what)?.atoms(decimals).ok_or_else(|| {
        FileError::at(
            text,
            node.span.clone(),
            &format!(
                "{what} must be at most {} atoms and have at most {decimals} decimals",
                u64::MAX
            ),
        )
    })
}

fn integer(text: &str, node: &Node, most: u32, what: &str) -> Result<u32, FileError> {
    decimal(text, node, what)?
        .atoms(0)
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| *number <= most)
        .ok_or_else(|| {
            FileError::at(
                text,
                node.span.clone(),
                &format!("{what} must be a whole number of at most {most}"),
            )
        })
}

fn time(text: &str, node: &Node, what: &str) -> Result<i64, FileError> {
    let written = match &node.value {
        Value::Text(written) if written.contains(['T', 't', ' ']) => written.clone(),
        Value::Text(written) => format!("{written}T00:00:00Z"),
        _ => String::new(),
    };
    let parsed: Result<Timestamp, _> = written.parse();
    parsed.map(|moment| moment.as_second()).map_err(|_| {
        FileError::at(
            text,
            node.span.clone(),
            &format!("{what} must be a date like 2027-03-01T12:00:00Z, with its zone"),
        )
    })
}

fn decimals(text: &str, table: &mut Table<'_>) -> Result<u8, FileError> {
    let node = table.need("decimals")?;
    let number = integer(text, &node, 18, "decimals")?;
    Ok(u8::try_from(number).expect("at most 18"))
}

fn quote(text: &str, table: &mut Table<'_>) -> Result<Option<Quote>, FileError> {
    let as_of = table.take("as_of").map(|node| time(text, &node, "as_of")).transpose()?;
    if let Some(node) = table.take("price") {
        let price = decimal(text, &node, "price")?;
        return Ok(Some(Quote {
            low: price,
            high: price,
            as_of,
        }));
    }
    match (table.take("low"), table.take("high")) {
        (None, None) => Ok(None),
        (Some(low_node), Some(high_node)) => {
            let low = decimal(text, &low_node, "low")?;
            let high = decimal(text, &high_node, "high")?;
            if low.exact() > high.exact() {
                return Err(FileError::at(text, high_node.span, "high must be at least low"));
            }
            Ok(Some(Quote { low, high, as_of }))
        }
        (Some(node), None) | (None, Some(node)) => Err(FileError::at(
            text,
            node.span,
            "low and high belong together; for one number write price",
        )),
    }
}

fn multiplier(text: &str, table: &mut Table<'_>) -> Result<Option<Multiplier>, FileError> {
    let Some(node) = table.take("multiplier") else {
        return Ok(None);
    };
    let number = |node: &Node, what: &str| {
        let exact = decimal(text, node, what)?.exact();
        num_traits::ToPrimitive::to_f64(&exact)
            .filter(|number| number.is_normal())
            .ok_or_else(|| FileError::at(text, node.span.clone(), &format!("{what} must be above 0")))
    };
    if !matches!(node.value, Value::Table(_)) {
        let current = number(&node, "multiplier")?;
        return Ok(Some(Multiplier {
            current,
            scheduled: current,
            effective_ts: 0,
        }));
    }
    let mut inner = Table::of(text, node, "multiplier")?;
    let found = Multiplier {
        current: number(&inner.need("current")?, "current")?,
        scheduled: number(&inner.need("scheduled")?, "scheduled")?,
        effective_ts: time(text, &inner.need("effective")?, "effective")?,
    };
    inner.end("current, scheduled, effective")?;
    Ok(Some(found))
}

/// What both kinds of file begin with.
fn head(text: &str, root: &mut Table<'_>) -> Result<(String, Staleness), FileError> {
    let unit = root.need("unit")?;
    let unit = string(text, &unit, "unit")?;
    let mut staleness = Staleness::default();
    if let Some(node) = root.take("stale") {
        let mut table = Table::of(text, node, "stale")?;
        if let Some(node) = table.take("fresh_seconds") {
            staleness.fresh_seconds = integer(text, &node, u32::MAX, "fresh_seconds")?;
        }
        if let Some(node) = table.take("widen_bps_per_day") {
            staleness.widen_bps_per_day = integer(text, &node, 1_000_000, "widen_bps_per_day")?;
        }
        table.end("fresh_seconds, widen_bps_per_day")?;
    }
    Ok((unit, staleness))
}

/// Reads quotes: `unit`, `stale`, and `[asset.NAME]` tables with `price` (or `low` and `high`) and `as_of`, or with the `account` that a quote
/// is read from and its `feed`.
///
/// # Errors
/// See [`FileError`].
pub fn read_prices(text: &str) -> Result<PriceList, FileError> {
    let mut root = Table::of(text, source::read(text)?, "the file")?;
    let (unit, staleness) = head(text, &mut root)?;
    let (mut quotes, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for entry in named(text, root.take("asset"), "asset")? {
        let mut table = Table::of(text, entry.node, "a quote")?;
        let span = table.span.clone();
        if let Some(node) = table.take("account") {
            let feed = table.need("feed")?;
            let found = PriceAccount {
                account: string(text, &node, "account")?,
                feed: string(text, &feed, "feed")?,
            };
            if found.feed.len() != 64 || !found.feed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(FileError::at(text, feed.span, "feed must be 64 hexadecimal digits"));
            }
            table.end("account, feed")?;
            accounts.insert(entry.key, found);
            continue;
        }
        let quote = quote(text, &mut table)?;
        table.end("price, low, high, as_of")?;
        let quote = quote
            .ok_or_else(|| FileError::at(text, span, "a quote needs price, or low and high, or account and feed"))?;
        quotes.insert(entry.key, quote);
    }
    root.end("unit, stale, asset")?;
    Ok(PriceList {
        unit,
        staleness,
        quotes,
        accounts,
    })
}

/// Reads a whole market; `now` is its moment unless the file says `at`.
///
/// # Errors
/// See [`FileError`].
pub fn read_market(text: &str, now: i64) -> Result<Market, FileError> {
    let mut root = Table::of(text, source::read(text)?, "the file")?;
    let (unit, staleness) = head(text, &mut root)?;
    let at_ts = root.take("at").map_or(Ok(now), |node| time(text, &node, "at"))?;
    let (mut asset_names, mut assets) = (Vec::new(), Vec::new());
    let mut things: BTreeMap<String, Thing> = BTreeMap::new();
    for (index, entry) in (0u32..).zip(named(text, root.take("asset"), "asset")?) {
        let mut table = Table::of(text, entry.node, "an asset")?;
        let asset = Asset {
            decimals: decimals(text, &mut table)?,
            multiplier: multiplier(text, &mut table)?,
            quote: quote(text, &mut table)?,
        };
        table.end("decimals, price, low, high, as_of, multiplier")?;
        things.insert(entry.key.clone(), Thing::Asset(index, asset.decimals));
        asset_names.push(entry.key);
        assets.push(asset);
    }
    let (mut security_names, mut security_decimals, mut supplies) = (Vec::new(), Vec::new(), Vec::new());
    let mut spans = Vec::new();
    for (index, entry) in (0u32..).zip(named(text, root.take("security"), "security")?) {
        let (supply, decimals) = supply(text, entry.node)?;
        if things
            .insert(entry.key.clone(), Thing::Security(index, decimals))
            .is_some()
        {
            return Err(FileError::at(text, entry.key_span, "an asset has this name already"));
        }
        security_names.push(entry.key);
        security_decimals.push(decimals);
        supplies.push(supply);
        spans.push(entry.key_span);
    }
    let (mut shares, mut primitives) = (Vec::new(), Vec::new());
    let mut vault_spans = BTreeMap::new();
    for node in list(text, root.take("vault"), "vault")? {
        let span = node.span.clone();
        let mut table = Table::of(text, node, "a vault")?;
        let (holder, holder_decimals) = security(text, &things, &table.need("of")?)?;
        let asset_node = table.need("asset")?;
        let name = string(text, &asset_node, "asset")?;
        let thing = things.get(&name).ok_or_else(|| {
            FileError::at(
                text,
                asset_node.span.clone(),
                &format!("there is no asset and no security {name:?} in this file"),
            )
        })?;
        let (asset, asset_decimals) = match thing {
            Thing::Asset(index, decimals) | Thing::Security(index, decimals) => (*index, *decimals),
        };
        let of_shares = matches!(thing, Thing::Security(..));
        if of_shares && asset == holder {
            return Err(FileError::at(text, asset_node.span, "a security never holds itself"));
        }
        if vault_spans.insert((of_shares, holder, asset), span.clone()).is_some() {
            return Err(FileError::at(
                text,
                span,
                "this security has a vault for this asset already",
            ));
        }
        let balance = atoms(text, &table.need("balance")?, asset_decimals, "balance")?;
        let collected_total = match table.take("collected") {
            None => 0,
            Some(node) => {
                let collected = atoms(text, &node, holder_decimals, "collected")?;
                if collected > supplies[holder as usize].redeemed_total {
                    return Err(FileError::at(
                        text,
                        node.span,
                        "collected must be at most what was redeemed",
                    ));
                }
                collected
            }
        };
        table.end("of, asset, balance, collected")?;
        let holding = Holding {
            holder,
            asset,
            balance,
            collected_total,
        };
        if of_shares {
            shares.push(holding);
        } else {
            primitives.push(holding);
        }
    }
    let mut positions = Vec::new();
    let mut position_spans = Vec::new();
    for node in list(text, root.take("position"), "position")? {
        position_spans.push(node.span.clone());
        let mut table = Table::of(text, node, "a position")?;
        let holder = table.need("holder")?;
        let (security, decimals) = security(text, &things, &table.need("of")?)?;
        positions.push(Position {
            holder: string(text, &holder, "holder")?,
            security,
            shares: atoms(text, &table.need("shares")?, decimals, "shares")?,
        });
        table.end("holder, of, shares")?;
    }
    root.end("unit, at, stale, asset, security, vault, position")?;
    let count = u32::try_from(assets.len()).map_err(|_| FileError::at(text, 0..0, "there are too many assets"))?;
    let graph = Graph::new(supplies, count, shares, primitives).map_err(|error| {
        let span = match &error {
            GraphError::MoreThanLive { security, .. } | GraphError::Contradiction(security) => {
                spans[*security as usize].clone()
            }
            _ => 0..0,
        };
        FileError::at(text, span, &error.to_string())
    })?;
    let mut free: Vec<u64> = (0..graph.security_count())
        .map(|security| graph.outside(security))
        .collect();
    for (position, span) in positions.iter().zip(position_spans) {
        let left = &mut free[position.security as usize];
        *left = left.checked_sub(position.shares).ok_or_else(|| {
            FileError::at(
                text,
                span,
                "positions and vaults together hold more shares of this security than are live",
            )
        })?;
    }
    Ok(Market {
        unit,
        at_ts,
        staleness,
        asset_names,
        assets,
        security_names,
        security_decimals,
        graph,
        positions,
    })
}

/// What a name in a file stands for, with its decimals.
enum Thing {
    Asset(u32, u8),
    Security(u32, u8),
}

fn security(text: &str, things: &BTreeMap<String, Thing>, node: &Node) -> Result<(u32, u8), FileError> {
    let name = string(text, node, "of")?;
    match things.get(&name) {
        Some(Thing::Security(index, decimals)) => Ok((*index, *decimals)),
        _ => Err(FileError::at(
            text,
            node.span.clone(),
            &format!("there is no security {name:?} in this file"),
        )),
    }
}

fn supply(text: &str, node: Node) -> Result<(Supply, u8), FileError> {
    let span = node.span.clone();
    let mut table = Table::of(text, node, "a security")?;
    let decimals = decimals(text, &mut table)?;
    let authorised = atoms(text, &table.need("authorised")?, decimals, "authorised")?;
    let mut amount = |key: &str, default: u64| match table.take(key) {
        None => Ok(default),
        Some(node) => atoms(text, &node, decimals, key),
    };
    let issued = amount("issued", authorised)?;
    let redeemed_total = amount("redeemed", 0)?;
    let live = amount("live", issued.saturating_sub(redeemed_total))?;
    table.end("decimals, authorised, issued, redeemed, live")?;
    let possible = issued <= authorised && redeemed_total <= issued && live <= issued - redeemed_total;
    if !possible {
        return Err(FileError::at(
            text,
            span,
            "issued must be at most authorised, and live at most issued less redeemed",
        ));
    }
    Ok((
        Supply {
            live,
            authorised,
            issued,
            redeemed_total,
        },
        decimals,
    ))
}
