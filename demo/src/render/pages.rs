//! What the demo says: the opening, one paragraph per step, the last page.

use super::{
    charts::{bar, columns, Column},
    wrap, Line, Style,
};
use crate::{
    amount,
    report::{BrokeOff, Report, Security, StepReport, StreamReading},
    story::Story,
};

const WIDTH: usize = 96;
const BAR: usize = 30;
const NAME: usize = 22;
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
    let mut lines = vec![Line::of(Style::Dim, format!("{:>2}  ", report.number))
        .with(Style::Strong, &*report.title)
        .with(Style::Dim, format!("  day {}", report.day))];
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

    lines.push(Line::default());
    let check = &report.check;
    paragraph(
        &mut lines,
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
    lines
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
        let line = Line::of(Style::Plain, format!("  {name:<NAME$} "));
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
        heading(
            lines,
            "Vault",
            "stock that backs the shares; the issuer cannot take it back",
        );
    }
    for vault in &security.vaults {
        let state = match (vault.paused, vault.frozen) {
            (false, false) => "",
            (true, false) => "  paused by its issuer",
            (false, true) => "  frozen by its issuer",
            (true, true) => "  paused and frozen by its issuer",
        };
        lines.push(
            Line::of(Style::Plain, format!("  {:<NAME$} ", vault.symbol))
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
                    Line::of(Style::Plain, format!("  {:<NAME$} ", holder.title())),
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
    // The last reading of a day stands for the day.
    let readings: Vec<Column> = readings
        .iter()
        .enumerate()
        .filter(|(index, reading)| readings.get(index + 1).is_none_or(|next| day(next) > day(reading)))
        .map(|(_, reading)| Column {
            reached: reading.reached_atoms,
            total: reading.received_atoms,
            label: day(reading).to_string(),
        })
        .collect();
    let most = amount::money(security.stream.received_atoms, report.money.decimals);
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
        let name = format!("  {:<NAME$} ", person.title());
        let room = WIDTH - NAME - 3;
        for (index, line) in wrap(&holds.join(", "), room).into_iter().enumerate() {
            let lead = if index == 0 { name.clone() } else { " ".repeat(NAME + 3) };
            lines.push(Line::of(Style::Plain, lead).with(Style::Accent, line));
        }
    }
    lines.push(Line::default());
    lines
}
