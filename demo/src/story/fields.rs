//! One table of a story's file, read key by key with the place of everything that is wrong.

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use toml::{
    de::{DeTable, DeValue},
    Spanned,
};
use upside_client::amount::parse_atoms;
use upside_lookalike_mints::PAYOUT;

use super::{duration, AssetId, PersonId, Problem, SecurityId, Story};

type Result<T, E = Problem> = std::result::Result<T, E>;

/// A table: its keys, and the part of the story that is known already, against which names are looked up.
pub struct Fields<'a> {
    table: &'a DeTable<'a>,
    at: Range<usize>,
    /// What the table is, for messages: `a step "send"`.
    what: String,
    /// People, mints and securities.
    pub(super) story: &'a Story,
    /// Who the issuer of each security is at this point of the story.
    issuers: &'a RefCell<BTreeMap<SecurityId, PersonId>>,
    /// Whom the issuer of each security has proposed at this point.
    proposed: &'a RefCell<BTreeMap<SecurityId, PersonId>>,
}

/// A value and where it stands.
struct At<'a> {
    value: &'a DeValue<'a>,
    at: Range<usize>,
}

impl<'a> Fields<'a> {
    /// The table `table` at `at`, which may have `keys` and no others.
    pub(super) fn new(
        table: &'a DeTable<'a>,
        at: Range<usize>,
        what: impl Into<String>,
        keys: &[&str],
        known: &Known<'a>,
    ) -> Result<Self> {
        let fields = Self {
            table,
            at,
            what: what.into(),
            story: known.story,
            issuers: known.issuers,
            proposed: known.proposed,
        };
        let unknown = table.iter().find(|(key, _)| !keys.contains(&key.get_ref().as_ref()));
        if let Some((key, _)) = unknown {
            let name = key.get_ref();
            let message = format!("{} has no key {name:?}", fields.what);
            return Err(Problem::unknown(key.span(), message, name, keys));
        }
        Ok(fields)
    }

    fn find(&self, key: &str) -> Option<At<'a>> {
        self.table.get(key).map(|value| At {
            value: value.get_ref(),
            at: value.span(),
        })
    }

    fn get(&self, key: &str) -> Result<At<'a>> {
        self.find(key)
            .ok_or_else(|| Problem::new(self.at.clone(), format!("{} needs the key {key:?}", self.what)))
    }

    fn wrong_type(&self, key: &str, found: &At<'_>, wanted: &str, example: &str) -> Problem {
        let message = format!("{key:?} must be {wanted}, not {}", kind(found.value));
        Problem::new(found.at.clone(), message).hint(format!("write {key} = {example}"))
    }

    /// The story, as far as it is known.
    #[must_use]
    pub fn story(&self) -> &'a Story {
        self.story
    }

    /// Whether the table has the key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A problem at the value of `key`, or at the table if there is none.
    pub fn problem(&self, key: &str, message: impl Into<String>) -> Problem {
        let at = self.find(key).map_or_else(|| self.at.clone(), |found| found.at);
        Problem::new(at, message)
    }

    /// A text.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn text(&self, key: &str) -> Result<String> {
        let found = self.get(key)?;
        match found.value {
            // A text is shown in terminals, which would obey escape sequences.
            DeValue::String(text) if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) => Err(
                Problem::new(found.at, format!("{key:?} must have no control characters")),
            ),
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong_type(key, &found, "a text", "\"...\"")),
        }
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn optional_text(&self, key: &str) -> Result<Option<String>> {
        self.has(key).then(|| self.text(key)).transpose()
    }

    /// A whole number from 0 to `most`; `default` when it is missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn count(&self, key: &str, most: u32, default: u32) -> Result<u32> {
        let Some(found) = self.find(key) else {
            return Ok(default);
        };
        let DeValue::Integer(number) = found.value else {
            return Err(self.wrong_type(key, &found, "a whole number", &default.to_string()));
        };
        let count = u32::from_str_radix(number.as_str(), number.radix()).ok();
        count
            .filter(|count| *count <= most)
            .ok_or_else(|| Problem::new(found.at, format!("{key:?} must be a whole number from 0 to {most}")))
    }

    /// An amount of something with `decimals`, in atoms: `1.5`, `1_000`, or a text with the same in it.
    ///
    /// # Errors
    /// When it is missing or no amount.
    pub fn amount(&self, key: &str, decimals: u8) -> Result<u64> {
        let found = self.get(key)?;
        let text = match found.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::String(text) => text.as_ref(),
            _ => return Err(self.wrong_type(key, &found, "an amount", "1.5")),
        };
        parse_atoms(text, decimals).map_err(|error| Problem::new(found.at, format!("{key:?} is no amount: {error}")))
    }

    /// An amount of the payout mint, in atoms.
    ///
    /// # Errors
    /// As [`Fields::amount`].
    pub fn money(&self, key: &str) -> Result<u64> {
        self.amount(key, PAYOUT.decimals)
    }

    /// An amount of shares, in atoms.
    ///
    /// # Errors
    /// As [`Fields::amount`].
    pub fn shares(&self, key: &str, of: SecurityId) -> Result<u64> {
        self.amount(key, self.story.security(of).terms.decimals)
    }

    /// An amount of an asset, in atoms.
    ///
    /// # Errors
    /// As [`Fields::amount`].
    pub fn equity(&self, key: &str, asset: AssetId) -> Result<u64> {
        self.amount(key, self.story.asset(asset).decimals)
    }

    /// A table of prices by ticker: payout atoms for a whole unit as wallets show it. Empty when the key is missing.
    ///
    /// # Errors
    /// When it is something else, a ticker is unknown, or a price is no amount of money.
    pub fn prices(&self, key: &str) -> Result<BTreeMap<AssetId, u64>> {
        let Some((table, at)) = self.table(key)? else {
            return Ok(BTreeMap::new());
        };
        let known: Vec<&str> = self.story.assets.iter().map(|asset| asset.symbol).collect();
        for (symbol, at) in entries(table) {
            if !known.contains(&symbol) {
                let message = format!("the mints of this story have no equity {symbol:?}");
                return Err(Problem::unknown(at, message, symbol, &known));
            }
        }
        let prices = self.inner(table, at, "the table of prices".to_owned(), &known)?;
        let priced = self.story.asset_ids().filter_map(|asset| {
            let symbol = self.story.asset(asset).symbol;
            prices
                .has(symbol)
                .then(|| prices.money(symbol).map(|atoms| (asset, atoms)))
        });
        priced.collect()
    }

    /// A duration like `30 days`, in seconds.
    ///
    /// # Errors
    /// When it is missing or no duration.
    pub fn duration(&self, key: &str) -> Result<i64> {
        let found = self.get(key)?;
        let DeValue::String(text) = found.value else {
            return Err(self.wrong_type(key, &found, "a duration", "\"30 days\""));
        };
        duration::parse(text).map_err(|_| {
            Problem::new(found.at, format!("{key:?} is no duration: {text:?}"))
                .hint("write it like \"30 days\", \"1 day 12 hours\" or \"1h30m\"")
        })
    }

    /// One of some words.
    ///
    /// # Errors
    /// When it is missing or another word.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T> {
        let word = self.text(key)?;
        choices
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| {
                let known: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
                let problem = self.problem(key, format!("{key:?} cannot be {word:?}"));
                Problem::unknown(problem.at, problem.message, &word, &known)
            })
    }

    /// Somebody of the story.
    ///
    /// # Errors
    /// When it is missing or nobody is called that.
    pub fn person(&self, key: &str) -> Result<PersonId> {
        let name = self.text(key)?;
        self.story.find_person(&name).ok_or_else(|| {
            let known: Vec<&str> = self.story.people.iter().map(|person| &*person.name).collect();
            let problem = self.problem(key, format!("nobody in this story is called {name:?}"));
            Problem::unknown(problem.at, problem.message, &name, &known)
        })
    }

    /// Somebody of the story, or `default` when the key is missing.
    ///
    /// # Errors
    /// When nobody is called that.
    pub fn person_or(&self, key: &str, default: PersonId) -> Result<PersonId> {
        if self.has(key) {
            self.person(key)
        } else {
            Ok(default)
        }
    }

    /// The security named by `of`; a story with only one need not name it.
    ///
    /// # Errors
    /// When it is missing or no security has that symbol.
    pub fn security(&self) -> Result<SecurityId> {
        if !self.has("of") && self.story.securities.len() == 1 {
            return Ok(SecurityId(0));
        }
        self.security_named("of")
    }

    /// A security by its symbol.
    ///
    /// # Errors
    /// When it is missing or no security has that symbol.
    pub fn security_named(&self, key: &str) -> Result<SecurityId> {
        let symbol = self.text(key)?;
        self.story.find_security(&symbol).ok_or_else(|| {
            let known: Vec<&str> = self.story.securities.iter().map(|security| &*security.symbol).collect();
            let problem = self.problem(key, format!("no security of this story has the symbol {symbol:?}"));
            Problem::unknown(problem.at, problem.message, &symbol, &known)
        })
    }

    /// Another security than `of`, by its symbol.
    ///
    /// # Errors
    /// When it is missing, no security has that symbol, or it is the same.
    pub fn other_security(&self, key: &str, of: SecurityId) -> Result<SecurityId> {
        let other = self.security_named(key)?;
        if other == of {
            return Err(self.problem(key, "a security never holds itself"));
        }
        Ok(other)
    }

    /// Other securities than `of`, by their symbols: one, or a list of them.
    ///
    /// # Errors
    /// As [`Fields::other_security`], and when the list is empty or names one twice.
    pub fn other_securities(&self, key: &str, of: SecurityId) -> Result<Vec<SecurityId>> {
        if matches!(self.find(key).map(|found| found.value), Some(DeValue::String(_))) || !self.has(key) {
            return Ok(vec![self.other_security(key, of)?]);
        }
        let mut others = Vec::new();
        for (symbol, at) in self.texts(key)? {
            let Some(other) = self.story.find_security(&symbol) else {
                let known: Vec<&str> = self.story.securities.iter().map(|security| &*security.symbol).collect();
                let message = format!("no security of this story has the symbol {symbol:?}");
                return Err(Problem::unknown(at, message, &symbol, &known));
            };
            if other == of {
                return Err(Problem::new(at, "a security never holds itself"));
            }
            if others.contains(&other) {
                return Err(Problem::new(at, format!("{symbol:?} is named twice")));
            }
            others.push(other);
        }
        if others.is_empty() {
            return Err(self.problem(key, "name at least one security"));
        }
        Ok(others)
    }

    /// An asset of the story.
    ///
    /// # Errors
    /// When it is missing or no mint of the story has that ticker.
    pub fn asset(&self, key: &str) -> Result<AssetId> {
        let symbol = self.text(key)?;
        self.story.find_asset(&symbol).ok_or_else(|| {
            let known: Vec<&str> = self.story.assets.iter().map(|asset| asset.symbol).collect();
            let problem = self.problem(key, format!("the mints of this story have no equity {symbol:?}"));
            Problem::unknown(problem.at, problem.message, &symbol, &known)
        })
    }

    /// 64 hexadecimal digits; zeros when it is missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn sha256(&self, key: &str) -> Result<[u8; 32]> {
        let Some(text) = self.optional_text(key)? else {
            return Ok([0; 32]);
        };
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|d| d.try_into().ok()))
            .collect();
        digits
            .filter(|digits| digits.len() == 64)
            .and_then(|digits| {
                let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
                bytes.try_into().ok()
            })
            .ok_or_else(|| {
                self.problem(
                    key,
                    format!("{key:?} must be 64 hexadecimal digits, the sha256 of a document"),
                )
            })
    }

    /// Who acts for the issuer: whoever `by` names, else the issuer at this point of the story.
    ///
    /// # Errors
    /// When nobody is called that.
    pub fn issuer(&self, of: SecurityId) -> Result<PersonId> {
        self.person_or("by", self.issuer_now(of))
    }

    /// The issuer at this point of the story.
    #[must_use]
    pub fn issuer_now(&self, of: SecurityId) -> PersonId {
        let now = self.issuers.borrow().get(&of).copied();
        now.unwrap_or(self.story.security(of).issuer)
    }

    /// From here on `person` is the issuer.
    pub fn becomes_issuer(&self, of: SecurityId, person: PersonId) {
        self.issuers.borrow_mut().insert(of, person);
    }

    /// From here on `person` may accept to become the issuer.
    pub fn is_proposed(&self, of: SecurityId, person: PersonId) {
        self.proposed.borrow_mut().insert(of, person);
    }

    /// Who was proposed as issuer at this point of the story.
    #[must_use]
    pub fn proposed(&self, of: SecurityId) -> Option<PersonId> {
        self.proposed.borrow().get(&of).copied()
    }

    /// A table inside this one.
    pub(super) fn inner(&self, table: &'a DeTable<'a>, at: Range<usize>, what: String, keys: &[&str]) -> Result<Self> {
        let known = Known {
            story: self.story,
            issuers: self.issuers,
            proposed: self.proposed,
        };
        Self::new(table, at, what, keys, &known)
    }

    /// The list of tables under `key`; empty when it is missing.
    pub(super) fn tables(&self, key: &str) -> Result<Vec<(&'a DeTable<'a>, Range<usize>)>> {
        let Some(found) = self.find(key) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(array) = found.value else {
            return Err(self.wrong_type(key, &found, "a list of tables", &format!("... as [[{key}]]")));
        };
        array
            .iter()
            .map(|entry| match entry.get_ref() {
                DeValue::Table(table) => Ok((table, entry.span())),
                _ => Err(Problem::new(entry.span(), format!("{key:?} must have tables only"))),
            })
            .collect()
    }

    /// The table under `key`.
    pub(super) fn table(&self, key: &str) -> Result<Option<(&'a DeTable<'a>, Range<usize>)>> {
        let Some(found) = self.find(key) else {
            return Ok(None);
        };
        match found.value {
            DeValue::Table(table) => Ok(Some((table, found.at))),
            _ => Err(self.wrong_type(key, &found, "a table", "{ ... }")),
        }
    }

    /// The list of texts under `key`, each with its place; empty when it is missing.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<(String, Range<usize>)>> {
        let Some(found) = self.find(key) else {
            return Ok(Vec::new());
        };
        let wrong = |at: &At<'_>| self.wrong_type(key, at, "a list of texts", "[\"...\", \"...\"]");
        let DeValue::Array(array) = found.value else {
            return Err(wrong(&found));
        };
        array
            .iter()
            .map(|entry| match entry.get_ref() {
                DeValue::String(text) => Ok((text.to_string(), entry.span())),
                value => Err(wrong(&At {
                    value,
                    at: entry.span(),
                })),
            })
            .collect()
    }
}

/// What a table is looked up against.
pub(super) struct Known<'a> {
    /// People, mints and securities read so far.
    pub(super) story: &'a Story,
    /// See [`Fields::becomes_issuer`].
    pub(super) issuers: &'a RefCell<BTreeMap<SecurityId, PersonId>>,
    /// See [`Fields::is_proposed`].
    pub(super) proposed: &'a RefCell<BTreeMap<SecurityId, PersonId>>,
}

impl<'a> Known<'a> {
    /// The same with more of the story.
    pub(super) fn with<'b>(&self, story: &'b Story) -> Known<'b>
    where
        'a: 'b,
    {
        Known {
            story,
            issuers: self.issuers,
            proposed: self.proposed,
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Place of a key's value in a table; used for keys that are names, such as tickers.
pub(super) fn entries<'a>(table: &'a DeTable<'a>) -> impl Iterator<Item = (&'a str, Range<usize>)> {
    table
        .iter()
        .map(|(key, _): (&Spanned<_>, _)| (key.get_ref().as_ref(), key.span()))
}
