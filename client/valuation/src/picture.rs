//! A picture of a market: assets at the left, holders at the right, value flowing between them, one path highlighted.

use std::{collections::BTreeMap, fmt::Write};

use crate::{file::Market, path::Path, system::kept, value::Valuation};

/// Most things in one column; what is smaller is left out and counted.
const ROWS: usize = 14;
const BOX: (f64, f64) = (158.0, 40.0);
const GAP: (f64, f64) = (112.0, 18.0);
const TOP: f64 = 78.0;
const MARGIN: f64 = 28.0;

/// A thing that has value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Asset(u32),
    Security(u32),
    Holder(usize),
}

struct Flow {
    from: Thing,
    to: Thing,
    value: f64,
    highlighted: bool,
}

/// An SVG of the market with `values` at the lower ends of prices. `highlighted` is the way of one payment to one holder (its name).
#[must_use]
pub fn svg(market: &Market, valuation: &Valuation, highlighted: Option<(&Path, &str)>) -> String {
    let graph = &market.graph;
    let prices = market.prices().low;
    let mut holders: Vec<&str> = market
        .positions
        .iter()
        .map(|position| position.holder.as_str())
        .collect();
    holders.sort_unstable();
    holders.dedup();
    let holder = |name: &str| holders.binary_search(&name).map(Thing::Holder);
    let mut flows = Vec::new();
    let mut worth: BTreeMap<Thing, f64> = BTreeMap::new();
    for (security, value) in (0u32..).zip(&valuation.low) {
        worth.insert(Thing::Security(security), *value);
        let of_assets = graph.primitives_of(security).iter().map(|holding| {
            let price = prices[holding.asset as usize];
            (Thing::Asset(holding.asset), holding, price)
        });
        let of_shares = graph.shares_of(security).iter().map(|holding| {
            let price = valuation.per_share_atom(graph, holding.asset).low;
            (Thing::Security(holding.asset), holding, price)
        });
        for (from, holding, price) in of_assets.chain(of_shares) {
            let value = holding.balance as f64 * price;
            if matches!(from, Thing::Asset(_)) {
                *worth.entry(from).or_default() += value;
            }
            flows.push(Flow {
                from,
                to: Thing::Security(security),
                value: value * kept(graph, holding),
                highlighted: false,
            });
        }
    }
    for position in &market.positions {
        let to = holder(&position.holder).expect("every holder is in the list");
        let value = valuation.per_share_atom(graph, position.security).low * position.shares as f64;
        *worth.entry(to).or_default() += value;
        flows.push(Flow {
            from: Thing::Security(position.security),
            to,
            value,
            highlighted: false,
        });
    }
    if let Some((path, name)) = highlighted {
        let mut stops: Vec<Thing> = holder(name).into_iter().collect();
        stops.extend(path.through.iter().map(|security| Thing::Security(*security)));
        stops.push(Thing::Asset(path.asset));
        for pair in stops.windows(2) {
            for flow in flows
                .iter_mut()
                .filter(|flow| flow.from == pair[1] && flow.to == pair[0])
            {
                flow.highlighted = true;
            }
        }
    }
    flows.retain(|flow| flow.value > 0.0 || flow.highlighted);
    let columns = columns(&worth, &flows);
    draw(market, &columns, &worth, &flows, &holders, highlighted)
}

/// Things by column, the most valuable first: assets, then each security after what backs it (rings in one go), then holders.
fn columns(worth: &BTreeMap<Thing, f64>, flows: &[Flow]) -> Vec<Vec<Thing>> {
    let mut level: BTreeMap<Thing, usize> = worth
        .keys()
        .map(|thing| (*thing, usize::from(matches!(thing, Thing::Security(_)))))
        .collect();
    // Longest ways, at most as many rounds as there can be columns; in a ring the rounds run out.
    for _ in 0..4 {
        for flow in flows {
            if let (Thing::Security(_), Thing::Security(_)) = (flow.from, flow.to) {
                let next = (level[&flow.from] + 1).min(5);
                let at = level.entry(flow.to).or_insert(1);
                let goes_back = flows.iter().any(|other| other.from == flow.to && other.to == flow.from);
                if !goes_back {
                    *at = (*at).max(next);
                }
            }
        }
    }
    let last = level.values().copied().max().unwrap_or(0) + 1;
    let mut columns = vec![Vec::new(); last + 1];
    for thing in worth.keys() {
        let column = if matches!(thing, Thing::Holder(_)) {
            last
        } else {
            level[thing]
        };
        columns[column].push(*thing);
    }
    columns.retain(|column| !column.is_empty());
    for column in &mut columns {
        let highlighted = |thing: &Thing| {
            flows
                .iter()
                .any(|flow| flow.highlighted && (flow.from == *thing || flow.to == *thing))
        };
        column.sort_by(|a, b| highlighted(b).cmp(&highlighted(a)).then(worth[b].total_cmp(&worth[a])));
    }
    columns
}

fn draw(
    market: &Market,
    columns: &[Vec<Thing>],
    worth: &BTreeMap<Thing, f64>,
    flows: &[Flow],
    holders: &[&str],
    highlighted: Option<(&Path, &str)>,
) -> String {
    let tallest = columns.iter().map(|column| column.len().min(ROWS)).max().unwrap_or(1);
    let width = MARGIN * 2.0 + columns.len() as f64 * (BOX.0 + GAP.0) - GAP.0;
    let width = width.max(620.0);
    let height = TOP + tallest as f64 * (BOX.1 + GAP.1) + 48.0;
    let mut places = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let shown = column.len().min(ROWS);
        let start = TOP + (tallest - shown) as f64 * (BOX.1 + GAP.1) / 2.0;
        for (row, thing) in column.iter().take(ROWS).enumerate() {
            let x = MARGIN + index as f64 * (BOX.0 + GAP.0);
            places.insert(*thing, (x, start + row as f64 * (BOX.1 + GAP.1)));
        }
    }
    let largest = flows.iter().map(|flow| flow.value).fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>\n"
    );
    let title = highlighted.map_or_else(
        || "Look-through value".to_owned(),
        |(path, name)| format!("How {} {} reaches {name}", money(path.value), market.unit),
    );
    let _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"34\" font-size=\"18\" font-weight=\"bold\" fill=\"#1d2733\">{}</text>\n\
         <text x=\"{MARGIN}\" y=\"54\" fill=\"#66707c\">values in {}, at the lower ends of prices; wider lines carry more</text>",
        escaped(&title),
        escaped(&market.unit)
    );
    let mut ordered: Vec<&Flow> = flows.iter().collect();
    ordered.sort_by_key(|flow| flow.highlighted);
    for flow in ordered {
        let (Some(from), Some(to)) = (places.get(&flow.from), places.get(&flow.to)) else {
            continue;
        };
        let (x1, y1) = (from.0 + BOX.0, from.1 + BOX.1 / 2.0);
        let (x2, y2) = (to.0, to.1 + BOX.1 / 2.0);
        // Backwards, in a ring: out at the right, round below everything, in at the left.
        let curve = if x2 > x1 {
            let middle = (x2 - x1) / 2.0;
            format!(
                "M{x1:.0} {y1:.0} C{:.0} {y1:.0} {:.0} {y2:.0} {x2:.0} {y2:.0}",
                x1 + middle,
                x2 - middle
            )
        } else {
            let below = TOP + tallest as f64 * (BOX.1 + GAP.1);
            format!(
                "M{x1:.0} {y1:.0} C{0:.0} {y1:.0} {0:.0} {below:.0} {x1:.0} {below:.0} L{x2:.0} {below:.0} \
                 C{1:.0} {below:.0} {1:.0} {y2:.0} {x2:.0} {y2:.0}",
                x1 + 46.0,
                x2 - 46.0
            )
        };
        let mut line = |colour: &str, opacity: f64, value: f64| {
            let width = 1.2 + 9.0 * (value / largest).sqrt();
            let _ = writeln!(
                svg,
                "<path d=\"{curve}\" fill=\"none\" stroke=\"{colour}\" stroke-opacity=\"{opacity}\" stroke-width=\"{width:.1}\"/>"
            );
        };
        line("#7d93ab", 0.4, flow.value);
        // The payment is a part of what flows there.
        if let (true, Some((path, _))) = (flow.highlighted, highlighted) {
            line("#d9622b", 0.95, path.value);
        }
    }
    for (thing, (x, y)) in &places {
        let (name, fill, line) = match thing {
            Thing::Asset(index) => (market.asset_names[*index as usize].as_str(), "#e7f0e6", "#5d8a57"),
            Thing::Security(index) => (market.security_names[*index as usize].as_str(), "#e6edf6", "#48719f"),
            Thing::Holder(index) => (holders[*index], "#f6eee2", "#a97b3a"),
        };
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{fill}\" stroke=\"{line}\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" font-weight=\"bold\" fill=\"#1d2733\">{}</text>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" fill=\"#3d4854\">{}</text>",
            BOX.0,
            BOX.1,
            x + 10.0,
            y + 16.0,
            escaped(&shortened(name)),
            x + 10.0,
            y + 32.0,
            money(worth[thing])
        );
    }
    let hidden: usize = columns.iter().map(|column| column.len().saturating_sub(ROWS)).sum();
    let note = if hidden == 0 {
        "green: primitive assets · blue: securities · brown: holders".to_owned()
    } else {
        format!("green: primitive assets · blue: securities · brown: holders   ({hidden} smaller ones are not drawn)")
    };
    let _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"{:.0}\" fill=\"#66707c\">{note}</text>\n</svg>",
        height - 18.0
    );
    svg
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 18 {
        name.to_owned()
    } else {
        name.chars().take(17).chain(['…']).collect()
    }
}

/// Two decimals and thousands apart: for pictures only.
fn money(value: f64) -> String {
    let text = format!("{value:.2}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{fraction}")
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
