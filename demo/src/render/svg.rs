//! Lines as a picture: monospace text, light or dark as the reader's screen is.

use std::fmt::Write as _;

use super::{Line, Style};

const COLUMN: f64 = 8.4;
/// No higher than a full block, so that the blocks of a chart touch.
const ROW: usize = 16;
const PADDING: usize = 20;

const STYLES: &str = "\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328}\
rect{fill:#f6f8fa;stroke:#d1d9e0}\
.strong{font-weight:bold}.dim{fill:#59636e}.accent{fill:#1a7f37}.soft{fill:#0969da}\
@media(prefers-color-scheme:dark){\
text{fill:#f0f6fc}rect{fill:#151b23;stroke:#3d444d}\
.dim{fill:#9198a1}.accent{fill:#3fb950}.soft{fill:#4493f8}}";

/// An SVG document of the lines; `title` is what screen readers say.
#[must_use]
pub fn svg(lines: &[Line], title: &str) -> String {
    let columns = lines.iter().map(Line::width).max().unwrap_or(0);
    let width = (columns as f64 * COLUMN).ceil() + 2.0 * PADDING as f64;
    let height = lines.len() * ROW + 2 * PADDING;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>{}</title>\n<style>{STYLES}</style>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        escaped(title),
        width - 1.0,
        height - 1
    );
    for (row, line) in lines.iter().enumerate() {
        let y = PADDING + row * ROW + 14;
        let mut column = 0;
        for span in &line.0 {
            let class = match span.style {
                Style::Plain => "",
                Style::Strong => " class=\"strong\"",
                Style::Dim => " class=\"dim\"",
                Style::Accent => " class=\"accent\"",
                Style::Soft => " class=\"soft\"",
            };
            for (offset, text) in phrases(&span.text) {
                // Each phrase is put where its column is and held to its width, whatever font the reader has.
                let x = PADDING as f64 + (column + offset) as f64 * COLUMN;
                let held = text.chars().count() as f64 * COLUMN;
                let _ = writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{held:.1}\" lengthAdjust=\"spacingAndGlyphs\"{class}>{}</text>",
                    escaped(text)
                );
            }
            column += span.text.chars().count();
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The parts of `text` between runs of two or more spaces (which XML would fold), each with the column it starts at.
fn phrases(text: &str) -> Vec<(usize, &str)> {
    let mut phrases = Vec::new();
    let mut start = 0;
    for part in text.split("  ") {
        let lead = part.len() - part.trim_start().len();
        let phrase = part.trim();
        if !phrase.is_empty() {
            phrases.push((text[..start + lead].chars().count(), phrase));
        }
        start += part.len() + 2;
    }
    phrases
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_spaces_part_phrases() {
        assert_eq!(phrases("  a b   c  "), [(2, "a b"), (8, "c")]);
        assert_eq!(phrases("\u{2588}   d"), [(0, "\u{2588}"), (4, "d")]);
        assert!(phrases("   ").is_empty());
    }

    #[test]
    fn text_is_escaped_and_placed_by_column() {
        let picture = svg(&[Line::of(Style::Plain, "ab ").with(Style::Strong, " <c>")], "a & b");
        assert!(picture.contains("<title>a &amp; b</title>"));
        assert!(picture.contains("x=\"53.6\""), "{picture}");
        assert!(picture.contains("class=\"strong\">&lt;c&gt;</text>"));
    }
}
