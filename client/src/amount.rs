//! Amounts between people and atoms, without floats.

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing was written.
    #[error("an amount is missing; write it like 1.5")]
    Empty,
    /// It has a sign.
    #[error("an amount has no sign; write it like 1.5")]
    Signed,
    /// It has a comma or another separator.
    #[error("an amount has no separators between digits; write 1000.25, not 1,000.25")]
    Separator,
    /// It has something other than digits and one point, or no digit on a side of the point.
    #[error("an amount has only digits and at most one point between them, like 1.5")]
    NotANumber,
    /// It is finer than one atom.
    #[error("the amount has more than {decimals} decimals, and smaller parts than one atom do not exist")]
    TooManyDecimals {
        /// Decimals there are.
        decimals: u8,
    },
    /// It does not fit.
    #[error("the amount is too large: at most {most} atoms exist", most = u64::MAX)]
    TooLarge,
    /// A percentage above one hundred.
    #[error("a share of the whole is at most 100%")]
    AboveOne,
}

/// Digits before and after the point.
fn split(text: &str) -> Result<(&str, &str), AmountError> {
    let text = text.trim();
    match text.chars().next() {
        None => return Err(AmountError::Empty),
        Some('+' | '-' | '\u{2212}') => return Err(AmountError::Signed),
        Some(_) => {}
    }
    if text.contains([',', '_', '\'', ' ', '\u{a0}', '\u{202f}']) {
        return Err(AmountError::Separator);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(fraction) {
        Ok((whole, fraction))
    } else {
        Err(AmountError::NotANumber)
    }
}

/// Atoms of an amount like `1000.25`, exactly. Zeros after the last decimal that exists are passed over.
///
/// # Errors
/// See [`AmountError`]; nothing is ever rounded.
pub fn parse_atoms(text: &str, decimals: u8) -> Result<u64, AmountError> {
    let (whole, fraction) = split(text)?;
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::from(decimals)
        .checked_sub(fraction.len())
        .ok_or(AmountError::TooManyDecimals { decimals })?;
    whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', missing))
        .try_fold(0u64, |atoms, digit| {
            atoms.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
        .ok_or(AmountError::TooLarge)
}

/// Basis points of a percentage like `2.5%` or `2.5`.
///
/// # Errors
/// See [`AmountError`]; a hundredth of a percent is the smallest part.
pub fn parse_bps(text: &str) -> Result<u16, AmountError> {
    let bps = parse_atoms(text.trim().trim_end_matches('%').trim_end(), 2)?;
    u16::try_from(bps)
        .ok()
        .filter(|bps| *bps <= 10_000)
        .ok_or(AmountError::AboveOne)
}

/// The shortest exact text of `atoms`, which [`parse_atoms`] reads back: `1000.25`.
#[must_use]
pub fn to_plain(atoms: impl Into<u128>, decimals: u8) -> String {
    let (whole, fraction) = parts(atoms.into(), decimals);
    join(&whole, fraction.trim_end_matches('0'))
}

/// The shortest exact text of `atoms`, for people: `1,000.25`.
#[must_use]
pub fn to_text(atoms: impl Into<u128>, decimals: u8) -> String {
    let (whole, fraction) = parts(atoms.into(), decimals);
    join(&group(&whole), fraction.trim_end_matches('0'))
}

/// Exact text of `atoms` with all decimals, for columns: `1,000.250000`.
#[must_use]
pub fn to_column(atoms: impl Into<u128>, decimals: u8) -> String {
    let (whole, fraction) = parts(atoms.into(), decimals);
    join(&group(&whole), &fraction)
}

/// A part of a whole in percent with two decimals, rounded down; nothing of nothing is 0.00%.
#[must_use]
pub fn to_percent(part: u64, whole: u64) -> String {
    let bps = (u128::from(part) * 10_000).checked_div(u128::from(whole)).unwrap_or(0);
    format!("{}.{:02}%", group(&(bps / 100).to_string()), bps % 100)
}

fn parts(atoms: u128, decimals: u8) -> (String, String) {
    let decimals = usize::from(decimals);
    let digits = format!("{atoms:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    (whole.to_owned(), fraction.to_owned())
}

fn join(whole: &str, fraction: &str) -> String {
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
