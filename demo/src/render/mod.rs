//! Lines of styled text, and the two things made of them: a terminal's output and a picture.

pub mod charts;
pub mod html;
pub mod pages;
pub mod svg;

use std::fmt::Write as _;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As the rest.
    Plain,
    /// Bold.
    Strong,
    /// In the background.
    Dim,
    /// The colour of what has arrived.
    Accent,
    /// The colour of what is still to come.
    Soft,
}

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Text without line breaks; every character one column wide.
    pub text: String,
    /// Style.
    pub style: Style,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// Adds text at the end.
    #[must_use]
    pub fn with(mut self, style: Style, text: impl Into<String>) -> Self {
        self.0.push(Span {
            text: text.into(),
            style,
        });
        self
    }

    /// A line in one style.
    #[must_use]
    pub fn of(style: Style, text: impl Into<String>) -> Self {
        Self::default().with(style, text)
    }

    /// Columns that it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.iter().map(|span| span.text.chars().count()).sum()
    }

    /// As a terminal shows it; with `colour`, styles become escape sequences.
    #[must_use]
    pub fn to_terminal(&self, colour: bool) -> String {
        let mut text = String::new();
        for span in &self.0 {
            let code = match span.style {
                Style::Plain => None,
                Style::Strong => Some("1"),
                Style::Dim => Some("2"),
                Style::Accent => Some("32"),
                Style::Soft => Some("36"),
            };
            match code.filter(|_| colour) {
                Some(code) => {
                    let _ = write!(text, "\u{1b}[{code}m{}\u{1b}[0m", span.text);
                }
                None => text.push_str(&span.text),
            }
        }
        text.trim_end().to_owned()
    }
}

/// Breaks `text` into lines of at most `width` columns, at spaces.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_are_no_escape_sequences() {
        let line = Line::of(Style::Strong, "a").with(Style::Accent, " b");
        assert_eq!(line.to_terminal(false), "a b");
        assert_eq!(line.to_terminal(true), "\u{1b}[1ma\u{1b}[0m\u{1b}[32m b\u{1b}[0m");
    }

    #[test]
    fn text_is_broken_at_spaces() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
