//! Amounts, durations and dates.

use proptest::prelude::*;
use upside_client::{
    amount::{parse_atoms, parse_bps, to_column, to_percent, to_plain, to_text, AmountError},
    time::{countdown, date_to_text, duration_to_text, parse_date, parse_date_or_after, parse_duration, TimeError},
};

#[test]
fn an_amount_is_read_exactly() {
    assert_eq!(parse_atoms("1.5", 6), Ok(1_500_000));
    assert_eq!(parse_atoms(" 1000.25 ", 2), Ok(100_025));
    assert_eq!(parse_atoms("0", 9), Ok(0));
    assert_eq!(parse_atoms("7", 0), Ok(7));
    assert_eq!(parse_atoms("1.500", 1), Ok(15));
    assert_eq!(parse_atoms("18446744073709551615", 0), Ok(u64::MAX));
    assert_eq!(parse_atoms("18446744073.709551615", 9), Ok(u64::MAX));
}

#[test]
fn what_is_not_an_amount_is_refused_with_the_reason() {
    assert_eq!(parse_atoms("", 6), Err(AmountError::Empty));
    assert_eq!(parse_atoms("  ", 6), Err(AmountError::Empty));
    assert_eq!(parse_atoms("-1", 6), Err(AmountError::Signed));
    assert_eq!(parse_atoms("+1", 6), Err(AmountError::Signed));
    assert_eq!(parse_atoms("\u{2212}1", 6), Err(AmountError::Signed));
    for text in ["1,000.25", "1_000", "1 000", "1'000", "1,5"] {
        assert_eq!(parse_atoms(text, 6), Err(AmountError::Separator), "{text}");
    }
    for text in [
        ".5", "5.", ".", "1.2.3", "1e3", "0x10", "abc", "١", "1.-5", "NaN", "inf",
    ] {
        assert_eq!(parse_atoms(text, 6), Err(AmountError::NotANumber), "{text}");
    }
    assert_eq!(
        parse_atoms("0.0000001", 6),
        Err(AmountError::TooManyDecimals { decimals: 6 })
    );
    assert_eq!(parse_atoms("1.5", 0), Err(AmountError::TooManyDecimals { decimals: 0 }));
    assert_eq!(parse_atoms("18446744073709551616", 0), Err(AmountError::TooLarge));
    assert_eq!(parse_atoms("18446744073.709551616", 9), Err(AmountError::TooLarge));
    assert!(AmountError::Separator.to_string().contains("1000.25, not 1,000.25"));
}

#[test]
fn an_amount_is_written_with_groups() {
    assert_eq!(to_text(1_000_250_000u64, 6), "1,000.25");
    assert_eq!(to_column(1_000_250_000u64, 6), "1,000.250000");
    assert_eq!(to_plain(1_000_250_000u64, 6), "1000.25");
    assert_eq!(to_text(0u64, 6), "0");
    assert_eq!(to_text(1u64, 6), "0.000001");
    assert_eq!(to_text(999u64, 0), "999");
    assert_eq!(to_text(1_000u64, 0), "1,000");
    assert_eq!(
        to_text(u128::MAX, 0),
        "340,282,366,920,938,463,463,374,607,431,768,211,455"
    );
}

#[test]
fn percentages_go_both_ways() {
    assert_eq!(parse_bps("2.5%"), Ok(250));
    assert_eq!(parse_bps("100 %"), Ok(10_000));
    assert_eq!(parse_bps("0.01"), Ok(1));
    assert_eq!(parse_bps("100.01"), Err(AmountError::AboveOne));
    assert_eq!(parse_bps("0.001"), Err(AmountError::TooManyDecimals { decimals: 2 }));
    assert_eq!(to_percent(1, 3), "33.33%");
    assert_eq!(to_percent(0, 0), "0.00%");
    assert_eq!(to_percent(u64::MAX, u64::MAX), "100.00%");
}

#[test]
fn durations_go_both_ways() {
    for (text, seconds) in [
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1h30m", 5_400),
        ("0s", 0),
        ("10y", 315_360_000),
        ("1y2w3d4h5m6s", 31_536_000 + 1_209_600 + 259_200 + 14_400 + 300 + 6),
    ] {
        assert_eq!(parse_duration(text), Ok(seconds), "{text}");
    }
    for text in ["", "7", "d", "7 d", "-7d", "1m1h", "1d1d", "1.5d", "7x", "7d3"] {
        assert_eq!(
            parse_duration(text),
            Err(TimeError::Duration(text.to_owned())),
            "{text}"
        );
    }
    assert!(matches!(
        parse_duration("9223372036854775807w"),
        Err(TimeError::TooLong(_))
    ));
    assert_eq!(duration_to_text(604_800), "1w");
    assert_eq!(duration_to_text(-90), "-1m30s");
}

#[test]
fn dates_go_both_ways() {
    assert_eq!(parse_date("2027-03-01"), Ok(1_803_859_200));
    assert_eq!(parse_date("2027-03-01T12:00:00Z"), Ok(1_803_902_400));
    assert_eq!(parse_date("2027-03-01T12:00:00.999+02:00"), Ok(1_803_895_200));
    assert_eq!(parse_date("1969-12-31T23:59:59.5Z"), Ok(-1));
    assert_eq!(date_to_text(1_803_902_400), "2027-03-01T12:00:00Z");
    assert_eq!(date_to_text(i64::MAX), "never");
    assert_eq!(date_to_text(i64::MIN), format!("@{}", i64::MIN));
    for text in ["", "tomorrow", "2027-13-01", "2027-03-01T12:00:00", "1803902400"] {
        assert_eq!(parse_date(text), Err(TimeError::Date(text.to_owned())), "{text}");
    }
}

#[test]
fn a_time_may_be_said_by_its_distance() {
    let start = parse_date("2030-01-01").unwrap();
    assert_eq!(parse_date_or_after("2031-01-01", start), Ok(start + 365 * 86_400));
    assert_eq!(parse_date_or_after("1y", start), Ok(start + 365 * 86_400));
    assert_eq!(parse_date_or_after("0s", start), Ok(start));
    assert!(matches!(parse_date_or_after("soon", start), Err(TimeError::Neither(_))));
    assert!(matches!(
        parse_date_or_after("9223372036854775807s", start),
        Err(TimeError::TooLong(_))
    ));
}

#[test]
fn a_countdown_has_two_units_at_most() {
    assert_eq!(countdown(90_061), "1d1h");
    assert_eq!(countdown(86_401), "1d");
    assert_eq!(countdown(59), "59s");
    assert_eq!(countdown(-5), "0s");
    assert_eq!(countdown(2 * 365 * 86_400 + 15 * 86_400), "2y2w");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(atoms in any::<u64>(), decimals in 0u8..=9) {
        prop_assert_eq!(parse_atoms(&to_plain(atoms, decimals), decimals), Ok(atoms));
        prop_assert_eq!(parse_atoms(&to_text(atoms, decimals).replace(',', ""), decimals), Ok(atoms));
        prop_assert_eq!(parse_atoms(&to_column(atoms, decimals).replace(',', ""), decimals), Ok(atoms));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,24}", decimals in any::<u8>()) {
        let _ = parse_atoms(&text, decimals);
        let _ = parse_bps(&text);
        let _ = parse_duration(&text);
        let _ = parse_date(&text);
    }

    #[test]
    fn digits_and_points_are_read_as_the_rational_they_are(whole in 0u64..1_000_000_000, fraction in "[0-9]{1,12}", decimals in 0u8..=9) {
        let read = parse_atoms(&format!("{whole}.{fraction}"), decimals);
        let scale = 10u128.pow(12);
        let padded = format!("{fraction:0<12}").parse::<u128>().unwrap();
        let exact = (u128::from(whole) * scale + padded) * 10u128.pow(u32::from(decimals));
        if exact.is_multiple_of(scale) {
            prop_assert_eq!(read.map(u128::from), Ok(exact / scale));
        } else {
            prop_assert_eq!(read, Err(AmountError::TooManyDecimals { decimals }));
        }
    }

    #[test]
    fn a_duration_that_is_written_is_read_back(seconds in 0i64..) {
        prop_assert_eq!(parse_duration(&duration_to_text(seconds)), Ok(seconds));
    }

    #[test]
    fn a_date_that_is_written_is_read_back(ts in -62_135_596_800i64..253_402_207_200) {
        prop_assert_eq!(parse_date(&date_to_text(ts)), Ok(ts));
    }
}
