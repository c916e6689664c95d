//! `upside value`

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{json, Value};
use upside_client::{
    amount, look_through,
    time::{self, date_to_text},
    Sender,
};
use upside_valuation::{
    file::{self, Market},
    picture, value, why, Certificate, Interval, Options, Unsolved, Valuation, Why,
};

use crate::{
    app::App,
    failure::{Failure, Result},
    output::{self, amount_json, clean, table},
};

/// Most beginnings of paths that are followed.
const STEPS: usize = 200_000;

/// What everybody's shares are worth through all layers of what backs them, with a bound on the error.
///
/// Reads a market from --file, or every security of the cluster with quotes from --prices, by mint address. Old quotes widen the result
/// and missing ones leave its upper end open. Amounts of shares not issued yet and of open redemption tickets keep their part.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: upside value --file market.toml --why Bob --svg market.svg\n         upside -u localhost value --prices prices.toml"
)]
pub struct Args {
    /// A market in TOML or JSON: assets, securities, vaults, positions. Needs no cluster.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "prices",
        required_unless_present = "prices"
    )]
    file: Option<PathBuf>,
    /// Quotes in TOML or JSON, by mint address, for the securities of the cluster.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Value at this moment [default: the file's, else now].
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// Explain what this holder has: which asset, through whom, how much.
    #[arg(long, value_name = "HOLDER")]
    why: Option<String>,
    /// How many paths explain it.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    top: u16,
    /// Draw the market as an SVG picture, the largest path of --why (else of the largest holder) highlighted.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Failure::input(format!("{} cannot be read: {e}", path.display())))
}

fn market(app: &App, args: &Args) -> Result<Market> {
    let at = args.at.as_deref().map(time::parse_date).transpose()?;
    let refuse = |path: &Path, error: file::FileError| {
        Failure::input(format!("{}, {error}", path.display()))
            .remedy("`upside value --help` names the options; client/valuation/src/file.rs shows a whole file")
    };
    if let Some(path) = &args.file {
        let now = jiff::Timestamp::now().as_second();
        let mut market = file::read_market(&read(path)?, now).map_err(|e| refuse(path, e))?;
        market.at_ts = at.unwrap_or(market.at_ts);
        return Ok(market);
    }
    let Some(path) = &args.prices else {
        return Err(Failure::input(
            "name a market with --file, or quotes for the cluster with --prices",
        ));
    };
    let prices = file::read_prices(&read(path)?).map_err(|e| refuse(path, e))?;
    let sender = app.sender()?;
    let now = at.map_or_else(|| sender.now(), Ok)?;
    let mut market = look_through::read_market(sender, &prices, now)?;
    for name in market.security_names.iter_mut().chain(&mut market.asset_names) {
        *name = clean(name);
    }
    Ok(market)
}

/// One position with its value.
struct Holder<'a> {
    name: &'a str,
    security: u32,
    shares: u64,
    worth: Interval,
}

/// Runs `upside value`.
pub fn run(app: &App, args: &Args) -> Result<()> {
    let market = market(app, args)?;
    let valuation = value(&market.graph, &market.prices(), &Options::default()).map_err(|error| match error {
        Unsolved::Trapped { security } => Failure::input(format!(
            "{} and the ring it is in hold all of each other's shares, so what they own never reaches anybody",
            market.security_names[security as usize]
        ))
        .remedy("check the holdings: somebody outside the ring must hold a share of one of them"),
        other => Failure::input(other.to_string()),
    })?;
    let mut holders: Vec<Holder<'_>> = market
        .positions
        .iter()
        .map(|position| Holder {
            name: &position.holder,
            security: position.security,
            shares: position.shares,
            worth: valuation.position(&market.graph, position.security, position.shares),
        })
        .collect();
    holders.sort_by(|a, b| b.worth.low.total_cmp(&a.worth.low).then(a.name.cmp(b.name)));
    let reasons = reasons(args, &market, &valuation, &holders)?;
    if let Some(path) = &args.svg {
        let highlighted = reasons
            .first()
            .or(None)
            .and_then(|(holder, why)| Some((why.paths.first()?, holder.name)));
        let largest;
        let highlighted = match highlighted {
            None if args.why.is_none() => {
                largest = holders
                    .first()
                    .map(|holder| (holder, explain(&market, &valuation, holder, 1)));
                largest
                    .as_ref()
                    .and_then(|(holder, why)| Some((why.paths.first()?, holder.name)))
            }
            found => found,
        };
        fs::write(path, picture::svg(&market, &valuation, highlighted))
            .map_err(|e| Failure::input(format!("{} cannot be written: {e}", path.display())))?;
    }
    output::print(
        app.global.output,
        &lines(app, &market, &valuation, &holders, &reasons),
        &to_json(&market, &valuation, &holders, &reasons),
    );
    Ok(())
}

fn explain(market: &Market, valuation: &Valuation, holder: &Holder<'_>, top: usize) -> Why {
    let prices = market.prices().low;
    why(
        &market.graph,
        &prices,
        &valuation.low,
        holder.security,
        holder.shares,
        top,
        STEPS,
    )
}

/// The paths of the holder that --why names, for each security that they hold.
fn reasons<'a>(
    args: &Args,
    market: &Market,
    valuation: &Valuation,
    holders: &'a [Holder<'a>],
) -> Result<Vec<(&'a Holder<'a>, Why)>> {
    let Some(name) = &args.why else {
        return Ok(Vec::new());
    };
    let found: Vec<_> = holders
        .iter()
        .filter(|holder| holder.name == name)
        .map(|holder| (holder, explain(market, valuation, holder, usize::from(args.top))))
        .collect();
    if found.is_empty() {
        return Err(Failure::input(format!("{name:?} holds nothing here"))
            .remedy("without --why the command lists all holders"));
    }
    Ok(found)
}

/// Money with two decimals: rounded down, or up for an upper end.
fn money(value: f64, up: bool) -> String {
    let cents = value * 100.0;
    let cents = if up { cents.ceil() } else { cents.floor() };
    // Far above 10^15 a float has no cents to round.
    amount::to_column(cents.clamp(0.0, 1e38) as u128, 2)
}

/// One number when the ends agree to the cent, else both.
fn interval(worth: Interval) -> String {
    match worth.high {
        None => format!("at least {}", money(worth.low, false)),
        Some(high) if high - worth.low <= 0.01 => money((worth.low + high) / 2.0 + 1e-6, false),
        Some(high) => format!("{} to {}", money(worth.low, false), money(high, true)),
    }
}

fn per_share(market: &Market, valuation: &Valuation, security: u32) -> Interval {
    let atoms = 10f64.powi(i32::from(market.security_decimals[security as usize]));
    valuation.per_share_atom(&market.graph, security).scaled(atoms)
}

fn price_text(worth: Interval) -> String {
    match worth.high {
        None => format!("at least {:.6}", worth.low),
        Some(high) if high - worth.low <= 1e-6 => format!("{high:.6}"),
        Some(high) => format!("{:.6} to {high:.6}", worth.low),
    }
}

fn path_text(market: &Market, through: &[u32], asset: u32) -> String {
    let mut names: Vec<&str> = vec![&market.asset_names[asset as usize]];
    names.extend(
        through
            .iter()
            .rev()
            .map(|security| market.security_names[*security as usize].as_str()),
    );
    names.join(" → ")
}

fn lines(
    app: &App,
    market: &Market,
    valuation: &Valuation,
    holders: &[Holder<'_>],
    reasons: &[(&Holder<'_>, Why)],
) -> Vec<String> {
    let canvas = app.canvas;
    let unit = clean(&market.unit);
    let mut lines = vec![
        canvas.bold(&format!("Look-through value in {unit}, {}", date_to_text(market.at_ts))),
        String::new(),
    ];
    let securities: Vec<Vec<String>> = (0..market.graph.security_count())
        .map(|security| {
            let outside = market.graph.outside(security);
            vec![
                market.security_names[security as usize].clone(),
                price_text(per_share(market, valuation, security)),
                interval(valuation.position(&market.graph, security, outside)),
            ]
        })
        .collect();
    lines.extend(table(
        canvas,
        &["security", "one share", "all shares outside vaults"],
        &[1, 2],
        &securities,
    ));
    if !holders.is_empty() {
        lines.push(String::new());
        let rows: Vec<Vec<String>> = holders
            .iter()
            .map(|holder| {
                vec![
                    clean(holder.name),
                    format!(
                        "{} {}",
                        amount::to_text(holder.shares, market.security_decimals[holder.security as usize]),
                        market.security_names[holder.security as usize]
                    ),
                    interval(holder.worth),
                ]
            })
            .collect();
        lines.extend(table(canvas, &["holder", "holds", "worth"], &[1, 2], &rows));
    }
    for (holder, why) in reasons {
        lines.push(String::new());
        lines.push(canvas.bold(&format!(
            "Why {} has {} of {}",
            clean(holder.name),
            money(why.total, false),
            market.security_names[holder.security as usize]
        )));
        let mut rows: Vec<Vec<String>> = why
            .paths
            .iter()
            .map(|path| vec![money(path.value, false), path_text(market, &path.through, path.asset)])
            .collect();
        if why.remainder > 0.0 {
            rows.push(vec![
                money(why.remainder, true),
                "at most, all other ways together".to_owned(),
            ]);
        }
        lines.extend(table(canvas, &["value", "way"], &[0], &rows));
    }
    let unpriced: Vec<&str> = market
        .assets
        .iter()
        .zip(&market.asset_names)
        .filter(|(asset, _)| asset.quote.is_none())
        .map(|(_, name)| name.as_str())
        .collect();
    lines.push(String::new());
    if !unpriced.is_empty() {
        lines.extend(canvas.bullet(&format!(
            "nobody says what {} is worth: it counts as 0 at the lower end, and leaves the upper end open",
            unpriced.join(", ")
        )));
    }
    let certificate = &valuation.low_certificate;
    lines.extend(canvas.bullet(&format!(
        "{} {unit} in vaults = {} with holders + {} for shares not issued yet + {} for open redemptions{}",
        money(certificate.primitive, false),
        money(certificate.outside, false),
        money(certificate.capacity, false),
        money(certificate.tickets, false),
        if certificate.unclaimed > 0.0 {
            format!(" + {} that nobody has a claim on", money(certificate.unclaimed, false))
        } else {
            String::new()
        }
    )));
    lines.extend(canvas.bullet(&format!(
        "certified: all errors together are at most {:.0e} {unit}",
        certificate.bound.max(valuation.high_certificate.bound)
    )));
    lines
}

fn interval_json(worth: Interval) -> Value {
    json!({ "low": worth.low.to_string(), "high": worth.high.map(|high| high.to_string()) })
}

fn certificate_json(certificate: &Certificate) -> Value {
    json!({
        "primitive": certificate.primitive.to_string(),
        "outside": certificate.outside.to_string(),
        "capacity": certificate.capacity.to_string(),
        "tickets": certificate.tickets.to_string(),
        "unclaimed": certificate.unclaimed.to_string(),
        "gap": certificate.gap().to_string(),
        "bound": certificate.bound.to_string(),
    })
}

fn to_json(market: &Market, valuation: &Valuation, holders: &[Holder<'_>], reasons: &[(&Holder<'_>, Why)]) -> Value {
    let name = |security: u32| &market.security_names[security as usize];
    json!({
        "unit": market.unit,
        "at": date_to_text(market.at_ts),
        "securities": (0..market.graph.security_count()).map(|security| json!({
            "name": name(security),
            "oneShare": interval_json(per_share(market, valuation, security)),
            "outside": amount_json(market.graph.outside(security), market.security_decimals[security as usize]),
            "outsideWorth": interval_json(valuation.position(&market.graph, security, market.graph.outside(security))),
        })).collect::<Vec<Value>>(),
        "holders": holders.iter().map(|holder| json!({
            "holder": holder.name,
            "security": name(holder.security),
            "shares": amount_json(holder.shares, market.security_decimals[holder.security as usize]),
            "worth": interval_json(holder.worth),
        })).collect::<Vec<Value>>(),
        "why": reasons.iter().map(|(holder, why)| json!({
            "holder": holder.name,
            "security": name(holder.security),
            "total": why.total.to_string(),
            "remainder": why.remainder.to_string(),
            "paths": why.paths.iter().map(|path| json!({
                "value": path.value.to_string(),
                "asset": market.asset_names[path.asset as usize],
                "through": path.through.iter().rev().map(|security| name(*security)).collect::<Vec<_>>(),
            })).collect::<Vec<Value>>(),
        })).collect::<Vec<Value>>(),
        "certificate": { "low": certificate_json(&valuation.low_certificate), "high": certificate_json(&valuation.high_certificate) },
    })
}
