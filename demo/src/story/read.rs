//! From TOML to a [`Story`]: everything is checked before anything is started.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use anchor_spl::token_2022::spl_token_2022::error::TokenError;
use toml::de::DeTable;
use upside_client::{
    error::UPSIDE_ERRORS,
    upside::{
        constants::{MAX_NAME_BYTES, MAX_SYMBOL_BYTES, MAX_URI_BYTES, NEVER_TS},
        state::{Kind, Terms, TransferPolicy},
    },
};
use upside_lookalike_mints::{equity, EQUITIES, PAYOUT};

use super::{
    fields::{entries, Known},
    Fields, Person, Problem, Security, Step, Story,
};
use crate::verb::Action;

type Result<T> = std::result::Result<T, Problem>;

const STORY: &[&str] = &[
    "headline",
    "opening",
    "mints",
    "prices",
    "people",
    "securities",
    "steps",
];
const MINTS: &[&str] = &["money", "equity"];
const PERSON: &[&str] = &["name", "role", "money", "equity"];
const SECURITY: &[&str] = &[
    "symbol",
    "name",
    "uri",
    "kind",
    "index",
    "issuer",
    "policy",
    "decimals",
    "authorised",
    "initial",
    "drip",
    "notice",
    "redeem_after",
    "agreement",
];
/// Keys that every step may have, beside those of its verb.
const STEP: &[&str] = &["verb", "title", "chapter", "telling", "refused"];
const KINDS: &[(&str, Kind)] = &[
    ("expression", Kind::Expression),
    ("person", Kind::Person),
    ("collective", Kind::Collective),
];
const POLICIES: &[(&str, TransferPolicy)] = &[("open", TransferPolicy::Open), ("curated", TransferPolicy::Curated)];
const DEFAULT_NOTICE_SECONDS: i64 = 7 * 86_400;
/// The largest code of the token programs that has a name is far below.
const TOKEN_CODES: u32 = 256;

/// Reads a story from TOML.
pub(super) fn story(text: &str) -> Result<Story> {
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        Problem::new(at, format!("this is not TOML: {}", error.message().replace('\n', "; ")))
    })?;
    let (table, at) = (document.get_ref(), 0..0);
    let mut story = Story {
        headline: String::new(),
        opening: String::new(),
        people: Vec::new(),
        assets: Vec::new(),
        prices: BTreeMap::new(),
        securities: Vec::new(),
        steps: Vec::new(),
    };
    let nothing = story.clone();
    let (issuers, proposed) = (RefCell::default(), RefCell::default());
    let known = Known {
        story: &nothing,
        issuers: &issuers,
        proposed: &proposed,
    };
    let top = Fields::new(table, at, "a story", STORY, &known)?;
    let (headline, opening) = (top.text("headline")?, top.optional_text("opening")?.unwrap_or_default());
    let mints = top.table("mints")?;
    let (people, securities, steps) = (top.tables("people")?, top.tables("securities")?, top.tables("steps")?);
    for (name, list) in [("people", &people), ("securities", &securities), ("steps", &steps)] {
        if list.is_empty() {
            return Err(Problem::new(
                0..0,
                format!("a story needs at least one table [[{name}]]"),
            ));
        }
    }
    (story.headline, story.opening) = (headline, opening);
    if let Some((table, at)) = mints {
        story.assets = assets(&Fields::new(table, at, "the table of mints", MINTS, &known)?)?;
    }
    if top.has("prices") {
        story.prices = Fields::new(table, 0..0, "a story", STORY, &known.with(&story))?.prices("prices")?;
    }
    let mut names = BTreeSet::new();
    for (table, at) in people {
        let fields = Fields::new(table, at, "a person", PERSON, &known.with(&story))?;
        let person = person(&fields)?;
        if !names.insert(person.name.clone()) {
            return Err(fields.problem("name", format!("two people are called {:?}", person.name)));
        }
        story.people.push(person);
    }
    for (table, at) in securities {
        let fields = Fields::new(table, at.clone(), "a security", SECURITY, &known.with(&story))?;
        let security = security(&fields, at)?;
        let taken = |other: &&Security| {
            (other.issuer, other.kind as u8, other.index) == (security.issuer, security.kind as u8, security.index)
        };
        if story.find_security(&security.symbol).is_some() {
            return Err(fields.problem(
                "symbol",
                format!("two securities have the symbol {:?}", security.symbol),
            ));
        }
        if let Some(other) = story.securities.iter().find(taken) {
            let message = format!(
                "{:?} and {:?} are the same security: same issuer, kind and index",
                other.symbol, security.symbol
            );
            return Err(fields
                .problem("index", message)
                .hint("give one of them another index; a person has one personal token"));
        }
        story.securities.push(security);
    }
    let mut told = Vec::new();
    for (table, at) in steps {
        told.push(step(table, at, &known.with(&story))?);
    }
    story.steps = told;
    Ok(story)
}

fn assets(fields: &Fields<'_>) -> Result<Vec<&'static equity::EquityMint>> {
    if let Some(money) = fields.optional_text("money")? {
        if money != PAYOUT.symbol {
            let problem = fields.problem("money", format!("the local network has no money {money:?}"));
            return Err(Problem::unknown(problem.at, problem.message, &money, &[PAYOUT.symbol]));
        }
    }
    let mut assets: Vec<&'static equity::EquityMint> = Vec::new();
    for (symbol, at) in fields.texts("equity")? {
        let Some(asset) = equity::by_symbol(&symbol) else {
            let known: Vec<&str> = EQUITIES.iter().map(|equity| equity.symbol).collect();
            let message = format!("the local network has no equity {symbol:?}");
            return Err(Problem::unknown(at, message, &symbol, &known));
        };
        if assets.contains(&asset) {
            return Err(Problem::new(at, format!("{symbol:?} is named twice")));
        }
        assets.push(asset);
    }
    Ok(assets)
}

fn person(fields: &Fields<'_>) -> Result<Person> {
    let name = fields.text("name")?;
    if name.trim().is_empty() {
        return Err(fields.problem("name", "a person needs a name"));
    }
    let money_atoms = if fields.has("money") { fields.money("money")? } else { 0 };
    let story = fields.story;
    let mut equity_atoms = Vec::new();
    if let Some((table, at)) = fields.table("equity")? {
        let known: Vec<&str> = story.assets.iter().map(|asset| asset.symbol).collect();
        for (symbol, at) in entries(table) {
            if !known.contains(&symbol) {
                let message = format!("the mints of this story have no equity {symbol:?}");
                return Err(Problem::unknown(at, message, symbol, &known));
            }
        }
        let holdings = fields.inner(table, at, format!("the equity of {name}"), &known)?;
        for asset in story.asset_ids() {
            let symbol = story.asset(asset).symbol;
            if holdings.has(symbol) {
                equity_atoms.push((asset, holdings.equity(symbol, asset)?));
            }
        }
    }
    Ok(Person {
        role: fields.optional_text("role")?.unwrap_or_default(),
        name,
        money_atoms,
        equity_atoms,
    })
}

fn security(fields: &Fields<'_>, at: Range<usize>) -> Result<Security> {
    let symbol = fields.text("symbol")?;
    let name = fields.text("name")?;
    let uri = fields.optional_text("uri")?.unwrap_or_default();
    check_metadata(fields, Some(&name), Some(&symbol), Some(&uri))?;
    let decimals = u8::try_from(fields.count("decimals", 9, 6)?).unwrap_or(9);
    let kind = fields.choice("kind", KINDS)?;
    let index = u16::try_from(fields.count("index", u32::from(u16::MAX), 0)?).unwrap_or(u16::MAX);
    if kind == Kind::Person && index != 0 {
        return Err(fields.problem("index", "a personal token must have index 0: one per wallet, ever"));
    }
    let redeem_after_seconds = match fields.optional_text("redeem_after")?.as_deref() {
        None | Some("never") => None,
        Some(_) => Some(fields.duration("redeem_after")?),
    };
    let authorised_atoms = fields.amount("authorised", decimals)?;
    let initial_atoms = fields.amount("initial", decimals)?;
    if initial_atoms > authorised_atoms {
        return Err(fields.problem("initial", "the initial shares must not exceed the authorised ones"));
    }
    let terms = Terms {
        decimals,
        policy: if fields.has("policy") {
            fields.choice("policy", POLICIES)?
        } else {
            TransferPolicy::Open
        },
        authorised_atoms,
        drip_seconds: fields.duration("drip")?,
        notice_seconds: if fields.has("notice") {
            fields.duration("notice")?
        } else {
            DEFAULT_NOTICE_SECONDS
        },
        redeem_after_ts: NEVER_TS,
        agreement_sha256: fields.sha256("agreement")?,
    };
    if let Err(error) = terms.validate() {
        let reason = match error {
            anchor_lang::error::Error::AnchorError(error) => error.error_msg,
            anchor_lang::error::Error::ProgramError(error) => error.program_error.to_string(),
        };
        return Err(Problem::new(at, format!("the terms of {symbol} are refused: {reason}")));
    }
    Ok(Security {
        issuer: fields.person("issuer")?,
        symbol,
        name,
        uri,
        kind,
        index,
        terms,
        redeem_after_seconds,
        initial_atoms,
    })
}

/// The limits of the program for a security's texts.
pub(crate) fn check_metadata(
    fields: &Fields<'_>,
    name: Option<&str>,
    symbol: Option<&str>,
    uri: Option<&str>,
) -> Result<()> {
    let plain = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
    let filled = |text: &str, most: usize| plain(text, most) && !text.trim().is_empty();
    if name.is_some_and(|name| !filled(name, MAX_NAME_BYTES)) {
        return Err(fields.problem(
            "name",
            format!("a security's name must have 1 to {MAX_NAME_BYTES} bytes and no control characters"),
        ));
    }
    if symbol.is_some_and(|symbol| !filled(symbol, MAX_SYMBOL_BYTES)) {
        return Err(fields.problem(
            "symbol",
            format!("a symbol must have 1 to {MAX_SYMBOL_BYTES} bytes and no control characters"),
        ));
    }
    if uri.is_some_and(|uri| !plain(uri, MAX_URI_BYTES) || uri.contains(' ')) {
        return Err(fields.problem(
            "uri",
            format!("a URI must have at most {MAX_URI_BYTES} bytes and no spaces or control characters"),
        ));
    }
    Ok(())
}

fn step<'a>(table: &'a DeTable<'a>, at: Range<usize>, known: &Known<'a>) -> Result<Step> {
    // The verb decides which keys there are, so it is read first.
    let all: Vec<&str> = entries(table).map(|(key, _)| key).collect();
    let verb_only = Fields::new(table, at.clone(), "a step", &[&all[..], STEP].concat(), known)?;
    let verb = verb_only.text("verb")?;
    let Some(keys) = Action::keys(&verb) else {
        let problem = verb_only.problem("verb", format!("there is no verb {verb:?}"));
        return Err(Problem::unknown(problem.at, problem.message, &verb, Action::NAMES));
    };
    let fields = Fields::new(table, at, format!("the step {verb:?}"), &[keys, STEP].concat(), known)?;
    let refused = fields.optional_text("refused")?;
    if let Some(name) = &refused {
        let names = error_names();
        if !names.contains(name) {
            let problem = fields.problem("refused", format!("no program refuses with {name:?}"));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(Problem::unknown(problem.at, problem.message, name, &names));
        }
    }
    let title = fields.optional_text("title")?;
    let chapter = fields.optional_text("chapter")?.unwrap_or_default();
    let telling = fields.optional_text("telling")?.unwrap_or_default();
    let action = Action::read(&verb, &fields)?;
    Ok(Step {
        title: title.unwrap_or_else(|| action.sentence(known.story)),
        chapter,
        telling: telling.split_whitespace().collect::<Vec<_>>().join(" "),
        action,
        refused,
    })
}

/// Names of the errors that Upside and the token programs refuse with.
fn error_names() -> BTreeSet<String> {
    let token = (0..TOKEN_CODES)
        .filter_map(|code| TokenError::try_from(code).ok())
        .map(|error| format!("{error:?}"));
    UPSIDE_ERRORS.iter().map(|error| error.name()).chain(token).collect()
}
