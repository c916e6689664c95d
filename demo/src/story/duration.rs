//! Durations as people write them in a story.

use upside_client::time::{parse_duration, TimeError};

/// Words for the units of [`parse_duration`].
const WORDS: &[(&str, &str)] = &[
    ("years", "y"),
    ("year", "y"),
    ("weeks", "w"),
    ("week", "w"),
    ("days", "d"),
    ("day", "d"),
    ("hours", "h"),
    ("hour", "h"),
    ("minutes", "m"),
    ("minute", "m"),
    ("seconds", "s"),
    ("second", "s"),
];

/// Seconds of a duration like `30 days`, `1 day 12 hours`, `2w` or `1h30m`.
///
/// # Errors
/// When it is no duration, or too long.
pub fn parse(text: &str) -> Result<i64, TimeError> {
    let short: String = text
        .split([' ', ','])
        .filter(|word| !word.is_empty() && *word != "and")
        .map(|word| {
            WORDS
                .iter()
                .find(|(long, _)| *long == word)
                .map_or(word, |(_, short)| short)
        })
        .collect();
    parse_duration(&short).map_err(|error| match error {
        TimeError::TooLong(_) => TimeError::TooLong(text.to_owned()),
        _ => TimeError::Duration(text.to_owned()),
    })
}

/// A duration in words: `30 days`, `1 hour 30 minutes`.
#[must_use]
pub fn in_words(seconds: i64) -> String {
    const UNITS: &[(i64, &str)] = &[(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, name) in UNITS {
        let count = rest / unit;
        rest %= unit;
        if count != 0 {
            words.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if words.is_empty() {
        return "no time".to_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_letters_are_durations() {
        assert_eq!(parse("30 days"), Ok(30 * 86_400));
        assert_eq!(parse("1 day"), Ok(86_400));
        assert_eq!(parse("2 weeks and 1 day"), Ok(15 * 86_400));
        assert_eq!(parse("1h30m"), Ok(5_400));
        assert_eq!(parse("0s"), Ok(0));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "30", "days", "1.5 days", "30 dogs", "1 day 2 days", "-1 day"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            parse("99999999999999999 years"),
            Err(TimeError::TooLong("99999999999999999 years".to_owned()))
        );
    }

    #[test]
    fn durations_read_like_durations() {
        assert_eq!(in_words(30 * 86_400), "30 days");
        assert_eq!(in_words(5_400), "1 hour 30 minutes");
        assert_eq!(in_words(0), "no time");
    }
}
