//! Durations and dates between people and seconds.

use jiff::Timestamp;

/// Seconds of each unit, largest first. A year has 365 days, as everywhere in the protocol.
const UNITS: &[(char, i64)] = &[
    ('y', 365 * 86_400),
    ('w', 7 * 86_400),
    ('d', 86_400),
    ('h', 3_600),
    ('m', 60),
    ('s', 1),
];

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a duration.
    #[error("{0:?} is not a duration; write it like 7d, 2w or 1h30m (y, w, d, h, m, s; each once, largest first)")]
    Duration(String),
    /// A duration that does not fit.
    #[error("{0:?} is too long")]
    TooLong(String),
    /// Not a date.
    #[error("{0:?} is not a date; write it like 2027-03-01 or 2027-03-01T12:00:00Z")]
    Date(String),
    /// Neither a date nor a duration.
    #[error("{0:?} is neither a date like 2027-03-01 nor a duration like 4y or 30d")]
    Neither(String),
}

/// Seconds of a duration like `7d`, `2w` or `1h30m`; `0s` for none.
///
/// # Errors
/// See [`TimeError`].
pub fn parse_duration(text: &str) -> Result<i64, TimeError> {
    let wrong = || TimeError::Duration(text.to_owned());
    let mut units = UNITS.iter();
    let mut seconds = 0i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (digits, tail) = rest.split_at(at);
        let letter = tail.chars().next().ok_or_else(wrong)?;
        if digits.is_empty() {
            return Err(wrong());
        }
        // Units already passed cannot come again.
        let (_, unit) = units.find(|(name, _)| *name == letter).ok_or_else(wrong)?;
        seconds = digits
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(*unit))
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(|| TimeError::TooLong(text.to_owned()))?;
        rest = &tail[letter.len_utf8()..];
    }
    Ok(seconds)
}

/// A duration that [`parse_duration`] reads back: `1h30m`. Negative ones start with a minus.
#[must_use]
pub fn duration_to_text(seconds: i64) -> String {
    let mut rest = seconds.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::from(if seconds < 0 { "-" } else { "" });
    for (name, unit) in UNITS {
        let count = rest / unit.unsigned_abs();
        if count > 0 {
            text.push_str(&format!("{count}{name}"));
        }
        rest %= unit.unsigned_abs();
    }
    text
}

/// A duration for a countdown: at most its two largest units, rounded down.
#[must_use]
pub fn countdown(seconds: i64) -> String {
    let mut rest = seconds.max(0);
    let mut kept = 0;
    let mut parts = 0;
    for (_, unit) in UNITS {
        let count = rest / unit;
        if count > 0 || parts > 0 {
            kept += count * unit;
            parts += 1;
        }
        if parts == 2 {
            break;
        }
        rest %= unit;
    }
    duration_to_text(kept)
}

/// Unix seconds of a date: RFC 3339 with its offset, or a day, which starts at midnight UTC. A fraction of a second is cut off.
///
/// # Errors
/// See [`TimeError`].
pub fn parse_date(text: &str) -> Result<i64, TimeError> {
    let text = text.trim();
    let midnight;
    let full = if text.contains(['T', 't', ' ']) {
        text
    } else {
        midnight = format!("{text}T00:00:00Z");
        &midnight
    };
    full.parse::<Timestamp>()
        .ok()
        .and_then(|timestamp| i64::try_from(timestamp.as_nanosecond().div_euclid(1_000_000_000)).ok())
        .ok_or_else(|| TimeError::Date(text.to_owned()))
}

/// RFC 3339 text of unix seconds, in UTC; `never` for the end of time and `@seconds` for what no calendar has.
#[must_use]
pub fn date_to_text(ts: i64) -> String {
    if ts == upside::constants::NEVER_TS {
        return "never".to_owned();
    }
    Timestamp::from_second(ts).map_or_else(|_| format!("@{ts}"), |timestamp| timestamp.to_string())
}

/// Unix seconds of a date, or of a duration after `from`: `2027-03-01` or `4y`.
///
/// # Errors
/// See [`TimeError`].
pub fn parse_date_or_after(text: &str, from: i64) -> Result<i64, TimeError> {
    match parse_duration(text) {
        Ok(seconds) => from
            .checked_add(seconds)
            .ok_or_else(|| TimeError::TooLong(text.to_owned())),
        Err(error @ TimeError::TooLong(_)) => Err(error),
        Err(_) => parse_date(text).map_err(|_| TimeError::Neither(text.to_owned())),
    }
}
