//! A story's file, and what is said when something in it is wrong: one sentence, the place, the line, a hint.

use std::{fmt, ops::Range};

/// The text of a story and the name it is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name, as the person gave it.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Something in a story that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: bytes of the text.
    pub at: Range<usize>,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A name that is not among the known ones: names the one that was probably meant, else all of them.
    #[must_use]
    pub fn unknown(at: Range<usize>, message: impl Into<String>, name: &str, known: &[&str]) -> Self {
        let problem = Self::new(at, message);
        match closest(name, known) {
            Some(meant) => problem.hint(format!("did you mean {meant:?}?")),
            None if known.is_empty() => problem,
            None => problem.hint(format!("there are: {}", known.join(", "))),
        }
    }

    /// The problem as it is shown for `source`.
    #[must_use]
    pub fn in_source<'a>(&'a self, source: &'a Source) -> InSource<'a> {
        InSource { problem: self, source }
    }
}

/// A problem together with the text it is in; displays place, sentence, line, caret and hint.
pub struct InSource<'a> {
    problem: &'a Problem,
    source: &'a Source,
}

impl InSource<'_> {
    /// Line and column, both from 1; columns are characters.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        let before = &self.source.text[..self.start()];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }

    fn start(&self) -> usize {
        let mut start = self.problem.at.start.min(self.source.text.len());
        while !self.source.text.is_char_boundary(start) {
            start -= 1;
        }
        start
    }
}

impl fmt::Display for InSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place();
        let text = self
            .source
            .text
            .split('\n')
            .nth(line - 1)
            .unwrap_or("")
            .trim_end_matches('\r');
        // The caret stands under the first character and runs to the end of what is wrong, but not beyond the line.
        let lead: String = text
            .chars()
            .take(column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let wrong = self.source.text.get(self.start()..self.problem.at.end).unwrap_or("");
        let wrong = wrong.split('\n').next().unwrap_or("").trim_end();
        let carets = "^".repeat(wrong.chars().count().max(1));
        let number = line.to_string();
        writeln!(f, "{}:{line}:{column}: {}", self.source.name, self.problem.message)?;
        writeln!(f, " {number} | {text}")?;
        write!(f, " {:width$} | {lead}{carets}", "", width = number.len())?;
        if let Some(hint) = &self.problem.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// The known name that `name` was probably meant to be.
fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .iter()
        .map(|known| (distance(&wanted, &known.to_lowercase()), *known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour to turn one text into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut least = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + usize::from(!same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        assert_eq!(distance("send", "send"), 0);
        assert_eq!(distance("sned", "send"), 1);
        assert_eq!(distance("claim", "clam"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(closest("Distribut", &["deposit", "distribute"]), Some("distribute"));
        assert_eq!(closest("zzz", &["deposit", "distribute"]), None);
    }

    #[test]
    fn a_problem_shows_place_line_caret_and_hint() {
        let source = Source {
            name: "s.toml".to_owned(),
            text: "a = 1\n\tü = \"Allice\"\n".to_owned(),
        };
        let at = source.text.find("\"Allice\"").unwrap();
        let problem = Problem::unknown(at..at + 8, "nobody is called \"Allice\"", "Allice", &["Alice", "Bruno"]);
        let shown = problem.in_source(&source).to_string();
        assert_eq!(
            shown,
            "s.toml:2:6: nobody is called \"Allice\"\n 2 | \tü = \"Allice\"\n   | \t    ^^^^^^^^\nhint: did you mean \"Alice\"?"
        );
    }

    #[test]
    fn a_problem_at_the_end_of_the_text_has_a_place() {
        let source = Source {
            name: "s".to_owned(),
            text: "a =".to_owned(),
        };
        assert_eq!(Problem::new(3..9, "x").in_source(&source).place(), (1, 4));
    }
}
