//! What the demo says: the opening, one paragraph per step, the last page.

use super::{
    charts::{bar, columns, Column},
    wrap, Line, Style,
};
use crate::{
    amount,
    report::{Report, StepReport, StreamReading},
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
    paragraph(&mut lines, Style::Strong, 0, story.headline);
    lines.push(Line::default());
    paragraph(&mut lines, Style::Plain, 0, story.opening);
    lines.push(Line::default());
    lines
}

/// After a step.
#[must_use]
pub fn step(report: &StepReport) -> Vec<Line> {
    let mut lines = vec![Line::of(Style::Dim, format!("{:>2}  ", report.number))
        .with(Style::Strong, &*report.title)
        .with(Style::Dim, format!("  day {}", report.day))];
    paragraph(&mut lines, Style::Plain, 4, &report.telling);
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

/// The last page: who holds what, what backs it, how the money came, who earned what.
#[must_use]
pub fn last_page(report: &Report) -> Vec<Line> {
    let token = &report.token;
    let shares = |atoms| amount::exact(atoms, token.decimals);
    let money = |atoms| amount::money(atoms, report.stream.decimals);
    let mut lines = Vec::new();
    paragraph(&mut lines, Style::Strong, 0, &report.headline);

    heading(
        &mut lines,
        "Cap table",
        &format!("of {} authorised shares", shares(token.authorised_atoms)),
    );
    let unissued = token.authorised_atoms.saturating_sub(token.issued_atoms);
    let rows = report
        .holders
        .iter()
        .map(|holder| {
            (
                format!("{}, {}", holder.name, holder.role),
                holder.registered_atoms + holder.bearer_atoms,
            )
        })
        .chain([("not issued".to_owned(), unissued)]);
    for (name, atoms) in rows {
        let line = Line::of(Style::Plain, format!("  {name:<NAME$} "));
        lines.push(
            bar(line, atoms, token.authorised_atoms, BAR)
                .with(Style::Plain, format!(" {:>14}", shares(atoms)))
                .with(
                    Style::Dim,
                    format!(" {:>6}", amount::percent(atoms, token.authorised_atoms)),
                ),
        );
    }

    heading(
        &mut lines,
        "Vault",
        "stock that backs the shares; the issuer cannot take it back",
    );
    for vault in &report.vaults {
        lines.push(
            Line::of(Style::Plain, format!("  {:<NAME$} ", vault.symbol))
                .with(Style::Accent, amount::exact(vault.atoms, vault.decimals))
                .with(Style::Dim, format!("  {}", vault.name)),
        );
    }

    let unit = &report.stream.unit;
    lines.push(Line::default());
    lines.push(
        Line::of(Style::Strong, "Stream")
            .with(Style::Dim, format!("  {unit} by day: "))
            .with(Style::Accent, "\u{2588}")
            .with(Style::Dim, " has reached holders, ")
            .with(Style::Soft, "\u{2591}")
            .with(Style::Dim, " paid in and still dripping"),
    );
    let day = |reading: &StreamReading| reading.age_seconds / SECONDS_A_DAY;
    // The last reading of a day stands for the day.
    let readings: Vec<Column> = report
        .stream
        .readings
        .iter()
        .enumerate()
        .filter(|(index, reading)| {
            report
                .stream
                .readings
                .get(index + 1)
                .is_none_or(|next| day(next) > day(reading))
        })
        .map(|(_, reading)| Column {
            reached: reading.reached_atoms,
            total: reading.received_atoms,
            label: day(reading).to_string(),
        })
        .collect();
    lines.extend(columns(&readings, 8, 10, &money(report.stream.received_atoms)));

    heading(
        &mut lines,
        "Who earned what",
        &format!("of {} {unit} paid in", money(report.stream.received_atoms)),
    );
    let most = report
        .holders
        .iter()
        .map(|holder| holder.earned_atoms())
        .max()
        .unwrap_or(0);
    for holder in &report.holders {
        let name = format!("{}, {}", holder.name, holder.role);
        let waiting = match holder.claimable_atoms {
            0 => String::new(),
            atoms => format!("  {} of it to claim", money(atoms)),
        };
        lines.push(
            bar(
                Line::of(Style::Plain, format!("  {name:<NAME$} ")),
                holder.earned_atoms(),
                most,
                BAR,
            )
            .with(Style::Plain, format!(" {:>14}", money(holder.earned_atoms())))
            .with(Style::Dim, waiting),
        );
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
    lines.push(Line::of(
        Style::Dim,
        format!(
            "{} transactions, {} compute units. Token {}",
            check.transactions,
            amount::grouped(&check.compute_units.to_string()),
            token.mint
        ),
    ));
    lines
}
