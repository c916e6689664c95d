//! What the demo says: the opening, one paragraph per step, the last page.

use super::{
    charts::{bar, columns, Column},
    wrap, Line, Style,
};
use crate::{
    amount,
    report::{BrokeOff, Report, Security, StepReport, StreamReading, Valuing},
    story::Story,
};

const WIDTH: usize = 96;
const BAR: usize = 30;
const NAME: usize = 22;
/// Columns of a chart that fit beside its scale.
const MOST_COLUMNS: usize = 21;
/// Columns of an amount of money in a table.
const COLUMN: usize = 17;
const SECONDS_A_DAY: i64 = 86_400;

fn paragraph(lines: &mut Vec<Line>, style: Style, indent: usize, text: &str) {
    for line in wrap(text, WIDTH - indent) {
        lines.push(Line::of(Style::Plain, " ".repeat(indent)).with(style, line));
    }
}

/// Before the first step.
#[must_use]
pub fn opening(story: &Story) -> Vec<Line> {
    let mut lines = Vec::new();
    paragraph(&mut lines, Style::Strong, 0, &story.headline);
    lines.push(Line::default());
    if !story.opening.is_empty() {
        paragraph(&mut lines, Style::Plain, 0, &story.opening);
        lines.push(Line::default());
    }
    lines
}

/// After a step.
#[must_use]
pub fn step(report: &StepReport) -> Vec<Line> {
    let mut lines = Vec::new();
    if !report.chapter.is_empty() {
        let rule = "\u{2500}".repeat(WIDTH.saturating_sub(report.chapter.chars().count() + 4));
        lines.push(
            Line::of(Style::Soft, "\u{2500}\u{2500} ")
                .with(Style::Strong, &*report.chapter)
                .with(Style::Soft, format!(" {rule}")),
        );
        lines.push(Line::default());
    }
    lines.push(
        Line::of(Style::Dim, format!("{:>2}  ", report.number))
            .with(Style::Strong, &*report.title)
            .with(Style::Dim, format!("  day {}", report.day)),
    );
    if !report.telling.is_empty() {
        paragraph(&mut lines, Style::Plain, 4, &report.telling);
    }
    if let Some(reason) = &report.refused {
        paragraph(
            &mut lines,
            Style::Soft,
            6,
            &format!("Refused, as it has to be: {reason}."),
        );
    }
    for change in &report.changes {
        lines.push(
            Line::of(Style::Plain, format!("      {:<40} ", change.figure))
                .with(Style::Dim, format!("{:>14} \u{2192} ", change.before))
                .with(Style::Accent, format!("{:<14} ", change.after))
                .with(Style::Dim, &*change.unit),
        );
    }
    let checked = format!("{} figures read back and confirmed", report.figures_checked);
    lines.push(match &report.transaction {
        Some(transaction) => {
            let units = amount::grouped(&transaction.compute_units.to_string());
            Line::of(Style::Dim, format!("      {units} compute units, {checked}"))
        }
        None => Line::of(Style::Dim, format!("      {checked}")),
    });
    if let Some(transaction) = &report.transaction {
        lines.push(Line::of(Style::Dim, format!("      {}", transaction.signature)));
    }
    lines.push(Line::default());
    lines
}

/// A name in the column for names; one that does not fit is shortened.
fn named(name: &str) -> String {
    let short: String = match name.chars().count() {
        0..=NAME => name.to_owned(),
        _ => name.chars().take(NAME - 1).chain(['\u{2026}']).collect(),
    };
    format!("  {short:<NAME$} ")
}

fn heading(lines: &mut Vec<Line>, title: &str, about: &str) {
    lines.push(Line::default());
    lines.push(Line::of(Style::Strong, title).with(Style::Dim, format!("  {about}")));
}

/// The last page: for each security who holds what, what backs it, how the money came, who earned what; then the check.
#[must_use]
pub fn last_page(report: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    paragraph(&mut lines, Style::Strong, 0, &report.headline);
    for security in &report.securities {
        if report.securities.len() > 1 {
            heading(&mut lines, &security.symbol, &about(security));
        }
        self::security(&mut lines, report, security);
    }
    worth(&mut lines, report);
    checked(&mut lines, report);
    lines
}

/// The picture of the end: the first security, what everybody has, the check.
#[must_use]
pub fn poster(report: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    paragraph(&mut lines, Style::Strong, 0, &report.headline);
    if let Some(security) = report.securities.first() {
        self::security(&mut lines, report, security);
    }
    worth(&mut lines, report);
    checked(&mut lines, report);
    lines
}

/// How often what was read agreed, and what it cost.
fn checked(lines: &mut Vec<Line>, report: &Report) {
    lines.push(Line::default());
    let check = &report.check;
    paragraph(
        lines,
        Style::Accent,
        0,
        &format!(
            "All {} figures were read back from the network and agree with an independent calculation.",
            amount::grouped(&check.figures.to_string())
        ),
    );
    let mints: Vec<String> = report
        .securities
        .iter()
        .map(|security| match report.securities.len() {
            1 => format!("Token {}", security.mint),
            _ => format!("{} {}", security.symbol, security.mint),
        })
        .collect();
    let cost = format!(
        "{} transactions, {} compute units.",
        check.transactions,
        amount::grouped(&check.compute_units.to_string())
    );
    match &mints[..] {
        [mint] => lines.push(Line::of(Style::Dim, format!("{cost} {mint}"))),
        mints => {
            lines.push(Line::of(Style::Dim, cost));
            lines.extend(mints.iter().map(|mint| Line::of(Style::Dim, mint.clone())));
        }
    }
}

/// What everybody has, looked through all layers.
fn worth(lines: &mut Vec<Line>, report: &Report) {
    let worth = &report.worth;
    let (Some(first), Some(last)) = (worth.valuings.first(), worth.valuings.last()) else {
        return;
    };
    let cents = |atoms| amount::cents(atoms, report.money.decimals);
    let once = worth.valuings.len() == 1;
    heading(
        lines,
        "What is it worth",
        &format!(
            "{}, looked through all layers, at the prices of the story",
            report.money.symbol
        ),
    );
    let mut head = Line::of(Style::Dim, format!("  {:<NAME$} {:>COLUMN$}", "", first.when));
    if !once {
        let rest = format!(
            "{:>COLUMN$}{:>COLUMN$}{:>COLUMN$}",
            last.when, "change", "paid meanwhile"
        );
        head = head.with(Style::Dim, rest);
    }
    lines.push(head);
    let mut wallets = None;
    for row in &worth.rows {
        if wallets != Some(row.wallet) {
            let about = if row.wallet {
                "  who holds shares"
            } else {
                "  all shares of"
            };
            lines.push(Line::of(Style::Soft, about));
            wallets = Some(row.wallet);
        }
        let (before, after) = row.ends();
        let line = Line::of(Style::Plain, named(&row.title()));
        lines.push(if once {
            line.with(Style::Accent, format!("{:>COLUMN$}", cents(after)))
        } else {
            let change = amount::change(before, after, report.money.decimals);
            line.with(Style::Dim, format!("{:>COLUMN$}", cents(before)))
                .with(Style::Accent, format!("{:>COLUMN$}", cents(after)))
                .with(Style::Plain, format!("{change:>COLUMN$}"))
                .with(Style::Plain, format!("{:>COLUMN$}", cents(row.money_meanwhile())))
        });
    }
    for valuing in &worth.valuings {
        paragraph(lines, Style::Dim, 2, &found(report, valuing));
    }
    paragraph(lines, Style::Accent, 2, &certified(report));
}

/// Where all value is at one valuing.
#[must_use]
pub fn found(report: &Report, valuing: &Valuing) -> String {
    let cents = |atoms| amount::cents(atoms, report.money.decimals);
    let prices: Vec<String> = valuing
        .prices
        .iter()
        .map(|price| format!("{} {}", price.symbol, amount::money(price.atoms, report.money.decimals)))
        .collect();
    let at = match &prices[..] {
        [] => String::new(),
        prices => format!(" ({})", prices.join(", ")),
    };
    let parts = [
        (valuing.holders_atoms, "with holders"),
        (valuing.may_come_atoms, "for shares not issued yet"),
        (valuing.tickets_atoms, "on open redemptions"),
        (valuing.unclaimed_atoms, "nobody's"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(atoms, _)| *atoms > 0)
        .map(|(atoms, whose)| format!("{} {whose}", cents(atoms)))
        .collect();
    let sum = if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(" + ")
    };
    format!(
        "{}{at}: {} in all vaults = {sum}.",
        valuing.when,
        cents(valuing.vaults_atoms)
    )
}

/// How all of that is known.
#[must_use]
pub fn certified(report: &Report) -> String {
    let valuings = &report.worth.valuings;
    let bound = valuings.iter().map(|valuing| valuing.bound_atoms).max().unwrap_or(0);
    let checked: usize = valuings.iter().map(|valuing| valuing.checked).sum();
    format!(
        "Certified: nothing is counted twice, and all errors of all holders together are below {} {}. All {checked} values agree with an \
         independent calculation in exact fractions.",
        amount::exact(bound.max(1), report.money.decimals),
        report.money.symbol
    )
}

/// What a security is, in a phrase.
#[must_use]
pub fn about(security: &Security) -> String {
    let article = if security.kind == "expression" { "an" } else { "a" };
    format!(
        "{}: {} security for {article} {}, issued by {}",
        security.name,
        if security.policy == "open" {
            "an open"
        } else {
            "a curated"
        },
        security.kind,
        security.issuer
    )
}

fn security(lines: &mut Vec<Line>, report: &Report, security: &Security) {
    let shares = |atoms| amount::exact(atoms, security.decimals);
    let money = |atoms| amount::money(atoms, report.money.decimals);
    let unit = &report.money.symbol;
    heading(
        lines,
        "Cap table",
        &format!("of {} authorised shares", shares(security.authorised_atoms)),
    );
    let promised = security.promised_atoms;
    let unissued = security
        .authorised_atoms
        .saturating_sub(security.issued_atoms)
        .saturating_sub(promised);
    let gone = security.issued_atoms.saturating_sub(security.supply_atoms);
    let rows = security
        .holders
        .iter()
        .map(|holder| (holder.title(), holder.registered_atoms + holder.bearer_atoms))
        .chain((promised > 0).then(|| ("promised".to_owned(), promised)))
        .chain([("not issued".to_owned(), unissued)])
        .chain((gone > 0).then(|| ("burnt".to_owned(), gone)));
    for (name, atoms) in rows {
        let line = Line::of(Style::Plain, named(&name));
        lines.push(
            bar(line, atoms, security.authorised_atoms, BAR)
                .with(Style::Plain, format!(" {:>14}", shares(atoms)))
                .with(
                    Style::Dim,
                    format!(" {:>6}", amount::percent(atoms, security.authorised_atoms)),
                ),
        );
    }

    if !security.vaults.is_empty() {
        heading(lines, "Vault", "what backs the shares; the issuer cannot take it back");
    }
    for vault in &security.vaults {
        let state = match (vault.paused, vault.frozen) {
            (false, false) => "",
            (true, false) => "  paused by its issuer",
            (false, true) => "  frozen by its issuer",
            (true, true) => "  paused and frozen by its issuer",
        };
        lines.push(
            Line::of(Style::Plain, named(&vault.symbol))
                .with(Style::Accent, amount::exact(vault.atoms, vault.decimals))
                .with(Style::Dim, format!("  {}", vault.name))
                .with(Style::Soft, state),
        );
    }

    if security.money_backing_atoms > 0 {
        lines.push(
            Line::of(Style::Plain, format!("  {:<NAME$} ", unit))
                .with(Style::Accent, money(security.money_backing_atoms))
                .with(Style::Dim, "  from rounds"),
        );
    }

    for round in &security.rounds {
        let said = format!(
            "{} at {} {unit} each: {}",
            shares(round.for_sale_atoms),
            money(round.price_atoms),
            round.status
        );
        heading(lines, "Round", &said);
        let rows = [
            (
                "wanted",
                round.wanted_atoms,
                round.for_sale_atoms,
                shares(round.wanted_atoms),
            ),
            (
                "paid out",
                round.backed_atoms + round.released_atoms,
                round.raised_atoms,
                format!(
                    "{} to the issuer, {} to the vault, of {} {unit} raised",
                    money(round.released_atoms),
                    money(round.backed_atoms),
                    money(round.raised_atoms)
                ),
            ),
        ];
        for (name, part, whole, said) in rows {
            let line = Line::of(Style::Plain, format!("  {name:<NAME$} "));
            lines.push(bar(line, part.min(whole), whole.max(1), BAR).with(Style::Plain, format!("  {said}")));
        }
    }

    if security.stream.received_atoms > 0 {
        stream(lines, report, security);
        heading(
            lines,
            "Who earned what",
            &format!("of {} {unit} paid in", money(security.stream.received_atoms)),
        );
        let most = security
            .holders
            .iter()
            .map(|holder| holder.earned_atoms())
            .max()
            .unwrap_or(0);
        for holder in security.holders.iter().filter(|holder| holder.earned_atoms() > 0) {
            let waiting = match holder.claimable_atoms {
                0 => String::new(),
                atoms => format!("  {} of it to claim", money(atoms)),
            };
            lines.push(
                bar(
                    Line::of(Style::Plain, named(&holder.title())),
                    holder.earned_atoms(),
                    most,
                    BAR,
                )
                .with(Style::Plain, format!(" {:>14}", money(holder.earned_atoms())))
                .with(Style::Dim, waiting),
            );
        }
    }
}

fn stream(lines: &mut Vec<Line>, report: &Report, security: &Security) {
    lines.push(Line::default());
    lines.push(
        Line::of(Style::Strong, "Stream")
            .with(Style::Dim, format!("  {} by day: ", report.money.symbol))
            .with(Style::Accent, "\u{2588}")
            .with(Style::Dim, " has reached holders, ")
            .with(Style::Soft, "\u{2591}")
            .with(Style::Dim, " paid in and still dripping"),
    );
    let day = |reading: &StreamReading| reading.age_seconds / SECONDS_A_DAY;
    let readings = &security.stream.readings;
    // The last reading of a day stands for the day. As many days as there is room for, the last one among them.
    let days: Vec<&StreamReading> = readings
        .iter()
        .enumerate()
        .filter(|(index, reading)| readings.get(index + 1).is_none_or(|next| day(next) > day(reading)))
        .map(|(_, reading)| reading)
        .collect();
    let readings: Vec<Column> = days
        .iter()
        .enumerate()
        .filter(|(index, _)| (days.len() - 1 - index).is_multiple_of(days.len().div_ceil(MOST_COLUMNS)))
        .map(|(_, reading)| Column {
            reached: reading.reached_atoms,
            total: reading.received_atoms,
            label: day(reading).to_string(),
        })
        .collect();
    let most = amount::cents(security.stream.received_atoms, report.money.decimals);
    lines.extend(columns(&readings, 8, 10, &most));
}

/// Where the story broke off: what happened, what did not, what everybody holds now.
#[must_use]
pub fn broke_off(report: &Report, broke_off: &BrokeOff) -> Vec<Line> {
    let mut lines = Vec::new();
    let all = report.steps.len().max(broke_off.number) + broke_off.not_reached.len();
    let title = format!(
        "The story broke off at step {} of {all}: {}",
        broke_off.number, broke_off.title
    );
    paragraph(&mut lines, Style::Soft, 0, &title);
    paragraph(
        &mut lines,
        Style::Plain,
        4,
        &format!("What was to happen: {}.", broke_off.what),
    );
    paragraph(
        &mut lines,
        Style::Plain,
        4,
        &format!("Why it did not: {}.", broke_off.reason),
    );

    heading(
        &mut lines,
        "What happened",
        "each step confirmed by the network, every figure read back",
    );
    if report.steps.is_empty() {
        lines.push(Line::of(Style::Plain, "    nothing"));
    }
    for step in &report.steps {
        lines.push(Line::of(Style::Dim, format!("  {:>2}  ", step.number)).with(Style::Plain, &*step.title));
    }
    heading(&mut lines, "What did not happen", "");
    let unchanged = format!(
        "all {} figures read after it are what they were before it",
        amount::grouped(&broke_off.figures_unchanged.to_string())
    );
    if report.steps.len() < broke_off.number {
        lines.push(
            Line::of(Style::Dim, format!("  {:>2}  ", broke_off.number))
                .with(Style::Plain, &*broke_off.title)
                .with(Style::Dim, format!("  ({unchanged})")),
        );
    }
    for (index, title) in broke_off.not_reached.iter().enumerate() {
        lines.push(
            Line::of(Style::Dim, format!("  {:>2}  ", broke_off.number + 1 + index)).with(Style::Plain, &**title),
        );
    }
    heading(&mut lines, "What each person holds now", "read from the network");
    for person in &report.people {
        let holds: Vec<String> = person
            .holds
            .iter()
            .map(|holding| {
                format!("{} {} {}", holding.amount, holding.unit, holding.how)
                    .trim_end()
                    .to_owned()
            })
            .collect();
        let name = named(&person.title());
        let room = WIDTH - NAME - 3;
        for (index, line) in wrap(&holds.join(", "), room).into_iter().enumerate() {
            let lead = if index == 0 { name.clone() } else { " ".repeat(NAME + 3) };
            lines.push(Line::of(Style::Plain, lead).with(Style::Accent, line));
        }
    }
    lines.push(Line::default());
    lines
}
