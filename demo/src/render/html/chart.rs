//! Charts as inline SVG. Each is drawn twice, for a wide and a narrow screen, because text in a picture that is scaled down cannot be read.

use std::fmt::Write as _;

use super::escaped;
use crate::{amount, report::StreamReading};

/// Width of a chart on a wide screen, pixels.
pub const WIDE: f64 = 920.0;
/// Width of a chart on a phone, pixels.
pub const NARROW: f64 = 343.0;

/// A horizontal bar of several pieces, each with its part of `whole` and its colour.
#[must_use]
pub fn bar(class: &str, pieces: &[(u64, String)], whole: u64) -> String {
    let mut svg =
        format!("<svg class=\"{class}\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut x = 0.0;
    for (part, colour) in pieces {
        let width = ratio(*part, whole) * 1000.0;
        if width > 0.0 {
            // Something small is still seen.
            let _ = write!(
                svg,
                "<rect x=\"{x:.2}\" width=\"{:.2}\" height=\"10\" style=\"fill:{colour}\"/>",
                width.max(2.0)
            );
        }
        x += width;
    }
    svg.push_str("</svg>");
    svg
}

/// For drawing only: pixels need no exact arithmetic.
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A round number of atoms that divides `most` into three to six steps.
fn tick(most: u64) -> u64 {
    let mut unit = 1u64;
    loop {
        for factor in [1, 2, 5] {
            match unit.checked_mul(factor) {
                Some(step) if most / step <= 5 => return step,
                Some(_) => {}
                None => return most.max(1),
            }
        }
        match unit.checked_mul(10) {
            Some(next) => unit = next,
            None => return most.max(1),
        }
    }
}

/// Money over time: what was paid in, and what had reached holders.
#[must_use]
pub fn stream(readings: &[StreamReading], decimals: u8, symbol: &str, width: f64) -> String {
    let height = if width > 500.0 { 280.0 } else { 220.0 };
    let (left, right, top, bottom) = (if width > 500.0 { 84.0 } else { 62.0 }, 12.0, 22.0, 30.0);
    let last = readings
        .iter()
        .map(|reading| reading.age_seconds)
        .max()
        .unwrap_or(0)
        .max(1);
    let most = readings
        .iter()
        .map(|reading| reading.received_atoms)
        .max()
        .unwrap_or(0)
        .max(1);
    let x = |age: i64| left + (age as f64 / last as f64) * (width - left - right);
    let y = |atoms: u64| height - bottom - ratio(atoms, most) * (height - top - bottom);
    let points = |value: fn(&StreamReading) -> u64| -> String {
        let points: Vec<String> = readings
            .iter()
            .map(|reading| format!("{:.1} {:.1}", x(reading.age_seconds), y(value(reading))))
            .collect();
        points.join(" L")
    };
    let (received, reached) = (points(|r| r.received_atoms), points(|r| r.reached_atoms));
    let (start, end, base) = (x(readings.first().map_or(0, |r| r.age_seconds)), x(last), y(0));

    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{} paid in and what had reached holders, by day\">",
        escaped(symbol)
    );
    let step = tick(most);
    let mut at = 0u64;
    loop {
        let line = y(at);
        let text = amount::exact(at, decimals);
        let _ = write!(
            svg,
            "<line x1=\"{left}\" x2=\"{:.1}\" y1=\"{line:.1}\" y2=\"{line:.1}\" stroke=\"var(--grid)\"/>\
             <text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            width - right,
            left - 8.0,
            line + 4.0
        );
        match at.checked_add(step) {
            Some(next) if next <= most => at = next,
            _ => break,
        }
    }
    let _ = write!(
        svg,
        "<path d=\"M{start:.1} {base:.1} L{received} L{end:.1} {base:.1} Z\" fill=\"var(--soft)\" fill-opacity=\".16\"/>\
         <path d=\"M{start:.1} {base:.1} L{reached} L{end:.1} {base:.1} Z\" fill=\"var(--good)\" fill-opacity=\".45\"/>\
         <path d=\"M{received}\" fill=\"none\" stroke=\"var(--soft)\" stroke-width=\"2\" stroke-dasharray=\"5 3\"/>\
         <path d=\"M{reached}\" fill=\"none\" stroke=\"var(--good)\" stroke-width=\"2\"/>"
    );
    // Days below, as many as fit.
    let days = u64::try_from(last / 86_400).unwrap_or(0);
    let every = tick(days).max(1);
    let mut day = 0;
    while day <= days {
        let at = x(i64::try_from(day).unwrap_or(0) * 86_400);
        let anchor = if day == 0 { "start" } else { "middle" };
        let label = if day == 0 { "day 0".to_owned() } else { day.to_string() };
        // The last label must not be cut off by the edge.
        let (at, anchor) = if at > width - 24.0 {
            (width - right, "end")
        } else {
            (at, anchor)
        };
        let _ = write!(
            svg,
            "<text class=\"dim\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{label}</text>",
            height - 8.0
        );
        day += every;
    }
    let _ = write!(
        svg,
        "<text class=\"dim\" x=\"0\" y=\"12\">{}</text></svg>",
        escaped(symbol)
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for most in [1, 7, 60, 999, 24_000_000_000, 31_600_000_000, u64::MAX] {
            let step = tick(most);
            assert!((1..=5).contains(&(most / step)), "{most} {step}");
        }
        assert_eq!(tick(31_600_000_000), 10_000_000_000);
        assert_eq!(tick(60), 20);
        assert_eq!(tick(0), 1);
    }

    #[test]
    fn a_bar_shows_each_piece_where_the_last_one_ends() {
        let bar = bar(
            "bar",
            &[(1, "a".to_owned()), (1, "b".to_owned()), (0, "c".to_owned())],
            4,
        );
        assert!(
            bar.contains("x=\"0.00\" width=\"250.00\" height=\"10\" style=\"fill:a\""),
            "{bar}"
        );
        assert!(bar.contains("x=\"250.00\" width=\"250.00\""), "{bar}");
        assert!(!bar.contains("fill:c"), "{bar}");
    }
}
