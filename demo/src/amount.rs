//! Amounts as people write them.

/// `atoms` of a token with `decimals`, with thousands separators and without trailing zeros: `1,234.5`.
#[must_use]
pub fn exact(atoms: u64, decimals: u8) -> String {
    let digits = format!("{atoms:0>width$}", width = usize::from(decimals) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        grouped(whole)
    } else {
        format!("{}.{fraction}", grouped(whole))
    }
}

/// Money: at least two decimals, more only where there are more.
#[must_use]
pub fn money(atoms: u64, decimals: u8) -> String {
    let text = exact(atoms, decimals);
    match text.split_once('.') {
        None => format!("{text}.00"),
        Some((_, fraction)) if fraction.len() == 1 => format!("{text}0"),
        Some(_) => text,
    }
}

/// Money to the nearest cent: `1,234.50`.
#[must_use]
pub fn cents(atoms: u64, decimals: u8) -> String {
    let unit = 10u128.pow(u32::from(decimals.saturating_sub(2)));
    let cents = (u128::from(atoms) + unit / 2) / unit * unit;
    money(u64::try_from(cents).unwrap_or(atoms), decimals)
}

/// The difference of two amounts of money to the nearest cent, with its sign: `+1,234.50`.
#[must_use]
pub fn change(before: u64, after: u64, decimals: u8) -> String {
    let text = cents(before.abs_diff(after), decimals);
    match text.chars().all(|c| matches!(c, '0' | '.')) {
        true => text,
        false if after > before => format!("+{text}"),
        false => format!("\u{2212}{text}"),
    }
}

/// `part` of `whole` in percent with one decimal, rounded to nearest; `0.0%` of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0.0%".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let tenths = (part * 1_000 + whole / 2) / whole;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A decimal number with thousands separators.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_like_amounts() {
        assert_eq!(exact(0, 6), "0");
        assert_eq!(exact(1_234_500_000, 6), "1,234.5");
        assert_eq!(exact(1, 8), "0.00000001");
        assert_eq!(exact(1_000, 0), "1,000");
        assert_eq!(money(1_234_500_000, 6), "1,234.50");
        assert_eq!(money(24_000_000_000, 6), "24,000.00");
        assert_eq!(money(1, 6), "0.000001");
    }

    #[test]
    fn cents_round_to_nearest_and_changes_have_a_sign() {
        assert_eq!(cents(1_234_504_999, 6), "1,234.50");
        assert_eq!(cents(1_234_505_000, 6), "1,234.51");
        assert_eq!(cents(4_999, 6), "0.00");
        assert_eq!(cents(7, 0), "7.00");
        assert_eq!(change(1_000_000, 3_500_000, 6), "+2.50");
        assert_eq!(change(3_500_000, 1_000_000, 6), "\u{2212}2.50");
        assert_eq!(change(1, 2, 6), "0.00");
    }

    #[test]
    fn percentages_round_to_nearest() {
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(2, 3), "66.7%");
        assert_eq!(percent(0, 0), "0.0%");
    }
}
