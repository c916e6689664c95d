//! Printing: text for people, JSON for programs.

use std::io::{self, IsTerminal, Write};

use anchor_lang::prelude::Pubkey;
use console::{measure_text_width, Style, Term};
use serde_json::{json, Value};
use upside_client::{amount, sender::Receipt};

use crate::{cli::Format, failure::Failure};

/// Columns when the output is no terminal.
const DEFAULT_WIDTH: usize = 88;
/// Fewest and most columns that a page uses.
const WIDTHS: std::ops::RangeInclusive<usize> = 48..=108;

/// How text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    /// Columns.
    pub width: usize,
    /// Whether escape sequences are written.
    pub colours: bool,
}

impl Canvas {
    /// What standard output can show: colours only on a terminal, and never when `NO_COLOR` is set.
    pub fn of_stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let width = Term::stdout()
            .size_checked()
            .filter(|_| terminal)
            .map_or(DEFAULT_WIDTH, |(_, columns)| usize::from(columns));
        Self {
            width: width.clamp(*WIDTHS.start(), *WIDTHS.end()),
            colours: terminal && !refused,
        }
    }

    fn paint(self, style: Style, text: &str) -> String {
        style.force_styling(self.colours).apply_to(text).to_string()
    }

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    /// What matters most.
    pub fn accent(self, text: &str) -> String {
        self.paint(Style::new().cyan(), text)
    }

    /// What deserves attention.
    pub fn warning(self, text: &str) -> String {
        self.paint(Style::new().yellow(), text)
    }

    /// A bar for `part` of `whole` in `cells` columns: at least a sliver of anything above 0.
    pub fn bar(self, part: u128, whole: u128, cells: usize) -> String {
        const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let all = cells as u128 * 8;
        let filled = if part == 0 || whole == 0 {
            0
        } else {
            // Room for the product; a step of 2^16 in numbers this large is far below one eighth of a cell.
            let scale = if whole > u128::MAX >> 16 { 16 } else { 0 };
            let (part, whole) = (part >> scale, whole >> scale);
            (part.min(whole) * all / whole).clamp(1, all)
        };
        let filled = usize::try_from(filled).unwrap_or(cells * 8);
        let solid = "█".repeat(filled / 8) + EIGHTHS[filled % 8];
        let rest = cells - filled.div_ceil(8);
        self.accent(&solid) + &self.dim(&"░".repeat(rest))
    }

    /// A thin line over the whole width.
    pub fn rule(self) -> String {
        self.dim(&"─".repeat(self.width))
    }

    /// Breaks a sentence into lines behind a bullet.
    pub fn bullet(self, sentence: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::from("  • ");
        for word in sentence.split_whitespace() {
            if measure_text_width(&line) + measure_text_width(word) > self.width && line.trim().len() > 1 {
                lines.push(line.trim_end().to_owned());
                line = String::from("    ");
            }
            line.push_str(word);
            line.push(' ');
        }
        lines.push(line.trim_end().to_owned());
        lines
    }
}

/// Text padded to `width` columns at its right.
pub fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}

/// Text padded to `width` columns at its left.
pub fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}

/// Rows with aligned columns; the first row is the head. Columns of numbers are flushed right.
pub fn table(canvas: Canvas, head: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            rows.iter()
                .map(|row| measure_text_width(&row[column]))
                .chain([measure_text_width(head[column])])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let cells: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                if numbers.contains(&column) {
                    right(cell, widths[column])
                } else {
                    left(cell, widths[column])
                }
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    std::iter::once(canvas.dim(&line(head.to_vec())))
        .chain(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())))
        .collect()
}

/// `1 grant`, `2 grants`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `1234…abcd`.
pub fn short(address: &Pubkey) -> String {
    let text = address.to_string();
    match (text.get(..4), text.get(text.len().saturating_sub(4)..)) {
        (Some(start), Some(end)) if text.len() > 9 => format!("{start}…{end}"),
        _ => text,
    }
}

/// Text of others, without characters that move the cursor or turn the writing direction.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control() && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        })
        .collect()
}

/// An amount for programs: exact decimal text, and atoms as text, since JSON's numbers are floats.
pub fn amount_json(atoms: impl Into<u128>, decimals: u8) -> Value {
    let atoms = atoms.into();
    json!({ "amount": amount::to_plain(atoms, decimals), "atoms": atoms.to_string() })
}

/// A landed transaction for programs.
pub fn receipt_json(receipt: &Receipt) -> Value {
    json!({
        "signature": receipt.signature.to_string(),
        "slot": receipt.slot,
        "computeUnits": receipt.compute_units,
        "feeLamports": receipt.fee,
        "events": receipt.events.iter().map(|event| event.name()).collect::<Vec<_>>(),
    })
}

/// Writes one block to standard output; a reader that went away is no failure.
pub fn write_out(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes one line to standard error.
pub fn write_note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a result: `lines` for people or `value` for programs.
pub fn print(format: Format, lines: &[String], value: &Value) {
    match format {
        Format::Display => write_out(&lines.join("\n")),
        Format::Json => write_out(&format!("{value:#}")),
        Format::JsonCompact => write_out(&value.to_string()),
    }
}

/// Prints a failure to standard error.
pub fn print_failure(format: Format, failure: &Failure) {
    let message = clean(&failure.message);
    match format {
        Format::Display => {
            write_note(&format!("error: {message}"));
            for detail in &failure.details {
                write_note(&format!("  • {}", clean(detail)));
            }
            if let Some(remedy) = &failure.remedy {
                write_note(&format!("  try: {}", clean(remedy)));
            }
        }
        Format::Json => write_note(&format!("{:#}", failure.to_json())),
        Format::JsonCompact => write_note(&failure.to_json().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Canvas = Canvas {
        width: 48,
        colours: false,
    };

    #[test]
    fn bars_are_as_long_as_their_part_and_show_slivers() {
        assert_eq!(PLAIN.bar(1, 2, 4), "██░░");
        assert_eq!(PLAIN.bar(0, 4, 4), "░░░░");
        assert_eq!(PLAIN.bar(1, 1_000_000, 4), "▏░░░");
        assert_eq!(PLAIN.bar(u128::MAX, u128::MAX, 4), "████");
        assert_eq!(PLAIN.bar(5, 4, 4), "████");
    }

    #[test]
    fn sentences_are_broken_at_the_width() {
        let lines = PLAIN.bullet(&"word ".repeat(20));
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| measure_text_width(line) <= 48));
    }

    #[test]
    fn texts_of_others_cannot_move_the_cursor_or_turn_the_writing() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\nd"), "a[31mbcd");
    }
}
