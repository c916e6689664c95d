//! Bars and columns of Unicode blocks.

use super::{Line, Style};

/// Eighths of a cell, from the left.
const FROM_LEFT: [&str; 8] = [
    "", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}",
];
/// Eighths of a cell, from below.
const FROM_BELOW: [&str; 8] = [
    " ", "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}",
];
const FULL: &str = "\u{2588}";
const SHADE: &str = "\u{2591}";

/// `part` of `whole` in eighths of `cells` cells, rounded to nearest, at least one eighth of anything above 0.
fn eighths(part: u64, whole: u64, cells: usize) -> usize {
    if part == 0 || whole == 0 {
        return 0;
    }
    let all = cells as u128 * 8;
    let (part, whole) = (u128::from(part.min(whole)), u128::from(whole));
    let rounded = ((part * all * 2 + whole) / (whole * 2)).max(1);
    usize::try_from(rounded).unwrap_or(cells * 8)
}

/// A bar for `part` of `whole` in `cells` cells; what is missing is shaded.
#[must_use]
pub fn bar(line: Line, part: u64, whole: u64, cells: usize) -> Line {
    let filled = eighths(part, whole, cells);
    let text = FULL.repeat(filled / 8) + FROM_LEFT[filled % 8];
    let rest = cells.saturating_sub(filled.div_ceil(8));
    line.with(Style::Accent, text).with(Style::Dim, SHADE.repeat(rest))
}

/// One column of a chart: what has arrived, of what is under way.
#[derive(Clone, Debug)]
pub struct Column {
    /// Drawn solid.
    pub reached: u64,
    /// Drawn shaded up to here.
    pub total: u64,
    /// Below the column, at most four characters.
    pub label: String,
}

/// Columns side by side, `height` cells high, with the amounts of `ticks` (top first, then zero) at the left in `margin` columns.
#[must_use]
pub fn columns(columns: &[Column], height: usize, margin: usize, top_label: &str) -> Vec<Line> {
    let most = columns
        .iter()
        .map(|column| column.total.max(column.reached))
        .max()
        .unwrap_or(0);
    let mut lines: Vec<Line> = (0..height)
        .rev()
        .map(|row| {
            let label = if row + 1 == height { top_label } else { "" };
            let mut line = Line::of(Style::Dim, format!("{label:>margin$} \u{2502}"));
            for column in columns {
                let solid = eighths(column.reached, most, height);
                let shaded = eighths(column.total, most, height).div_ceil(8);
                let cell = solid.saturating_sub(row * 8).min(8);
                line = match cell {
                    8 => line.with(Style::Plain, " ").with(Style::Accent, FULL.repeat(3)),
                    0 if row < shaded => line.with(Style::Plain, " ").with(Style::Soft, SHADE.repeat(3)),
                    0 => line.with(Style::Plain, "    "),
                    part => line
                        .with(Style::Plain, " ")
                        .with(Style::Accent, FROM_BELOW[part].repeat(3)),
                };
            }
            line
        })
        .collect();
    let axis = "\u{2500}".repeat(columns.len() * 4);
    lines.push(Line::of(Style::Dim, format!("{:>margin$} \u{2514}{axis}", "0")));
    // A label that would touch the one before it is left out.
    let (mut labels, mut taken) = (String::new(), 0);
    for (index, column) in columns.iter().enumerate() {
        let end = (index + 1) * 4;
        let start = end.saturating_sub(column.label.chars().count());
        if index == 0 || start > taken {
            labels.push_str(&format!("{:width$}{}", "", column.label, width = start - taken));
            taken = end;
        }
    }
    lines.push(Line::of(Style::Dim, format!("{:margin$}  {labels}", "")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(part: u64, whole: u64, cells: usize) -> String {
        bar(Line::default(), part, whole, cells).to_terminal(false)
    }

    #[test]
    fn bars_are_as_long_as_their_part() {
        assert_eq!(text(1, 2, 4), "██░░");
        assert_eq!(text(4, 4, 4), "████");
        assert_eq!(text(0, 4, 4), "░░░░");
        assert_eq!(text(3, 8, 4), "█▌░░");
        assert_eq!(text(u64::MAX, u64::MAX, 4), "████");
    }

    #[test]
    fn something_small_is_still_seen() {
        assert_eq!(text(1, 1_000_000, 4), "▏░░░");
    }

    #[test]
    fn labels_never_touch() {
        let column = |label: &str| Column {
            reached: 1,
            total: 1,
            label: label.to_owned(),
        };
        let all = ["60", "1200", "1201", "1202", "9"].map(column);
        let lines = columns(&all, 1, 2, "1");
        assert_eq!(lines[2].to_terminal(false), "      60    1201       9");
    }

    #[test]
    fn columns_show_what_arrived_and_what_is_under_way() {
        let column = |reached, total| Column {
            reached,
            total,
            label: "1".to_owned(),
        };
        let lines: Vec<String> = columns(&[column(2, 4), column(4, 4), column(0, 0)], 4, 2, "4")
            .iter()
            .map(|line| line.to_terminal(false))
            .collect();
        assert_eq!(lines[0], " 4 │ ░░░ ███");
        assert_eq!(lines[3], "   │ ███ ███");
        assert_eq!(lines[4], " 0 └────────────");
    }
}
