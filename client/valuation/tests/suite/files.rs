//! Files against typing errors: each is found where it is.

use upside_valuation::{
    file::{read_market, read_prices, FileError, Market},
    value, Options,
};

const TOML: &str = r#"unit = "USDC"
at = 2026-11-26T12:00:00Z

[asset.ACME]
decimals = 6
price = "12.50"
as_of = 2026-11-26T09:00:00Z

[security.ALICE]
decimals = 6
authorised = "1000000"

[security.VILLAGE]
decimals = 3
authorised = 1000

[[vault]]
of = "ALICE"
asset = "ACME"
balance = "80000"

[[vault]]
of = "VILLAGE"
asset = "ALICE"
balance = "500000"

[[position]]
holder = "Bob"
of = "VILLAGE"
shares = "10"
"#;

const JSON: &str = r#"{
  "unit": "USDC", "at": "2026-11-26T12:00:00Z",
  "asset": { "ACME": { "decimals": 6, "price": 12.50, "as_of": "2026-11-26T09:00:00Z" } },
  "security": {
    "ALICE": { "decimals": 6, "authorised": "1000000" },
    "VILLAGE": { "decimals": 3, "authorised": "1000" }
  },
  "vault": [
    { "of": "ALICE", "asset": "ACME", "balance": "80000" },
    { "of": "VILLAGE", "asset": "ALICE", "balance": "500000" }
  ],
  "position": [ { "holder": "Bob", "of": "VILLAGE", "shares": "10" } ]
}"#;

fn worth(market: &Market) -> Vec<f64> {
    value(&market.graph, &market.prices(), &Options::default()).unwrap().low
}

#[test]
fn the_same_market_in_toml_and_json_has_the_same_values() {
    let (toml, json) = (read_market(TOML, 0).unwrap(), read_market(JSON, 0).unwrap());
    for market in [&toml, &json] {
        assert_eq!(market.at_ts, 1_795_694_400);
        let index = |name: &str| market.security_names.iter().position(|known| known == name).unwrap();
        let values = worth(market);
        assert!((values[index("ALICE")] - 1_000_000.0).abs() < 1e-5);
        assert!((values[index("VILLAGE")] - 500_000.0).abs() < 1e-5);
        assert_eq!(market.positions[0].shares, 10_000);
    }
}

/// The file with one text replaced, and where the error must then be: at `at` within the replacement.
#[track_caller]
fn refused(whole: &str, from: &str, to: &str, at: &str, says: &str) {
    assert_eq!(whole.matches(from).count(), 1, "{from:?} must stand once");
    let text = whole.replace(from, to);
    let FileError { line, column, message } = read_market(&text, 0).unwrap_err();
    let start = whole.find(from).unwrap();
    let byte = start + text[start..].find(at).unwrap();
    let before = &text[..byte];
    let expected = (
        before.matches('\n').count() + 1,
        byte - before.rfind('\n').map_or(0, |n| n + 1) + 1,
    );
    assert!(message.contains(says), "{message}");
    assert_eq!((line, column), expected, "{message}");
}

#[test]
fn errors_in_toml_have_line_and_column() {
    refused(
        TOML,
        "price = \"12.50\"",
        "price = \"12,50\"",
        "\"12,50",
        "like 1000.25",
    );
    refused(TOML, "price = \"12.50\"", "price = \"-1\"", "\"-1", "0 or above");
    refused(TOML, "price = \"12.50\"", "prize = \"12.50\"", "prize", "no key");
    refused(TOML, "asset = \"ACME\"", "asset = \"ACNE\"", "\"ACNE", "no asset");
    refused(
        TOML,
        "asset = \"ALICE\"",
        "asset = \"VILLAGE\"",
        "\"VILLAGE",
        "never holds itself",
    );
    refused(
        TOML,
        "balance = \"80000\"",
        "balance = \"0.0000001\"",
        "\"0.0",
        "decimals",
    );
    refused(
        TOML,
        "balance = \"500000\"",
        "balance = \"500000\"\ncollected = \"1\"",
        "\"1\"",
        "redeemed",
    );
}

#[test]
fn what_is_no_toml_is_refused_where_it_stops_being_toml() {
    let error = read_market("unit = \"USDC\"\nat = \n", 0).unwrap_err();
    assert_eq!(error.line, 2, "{error}");
    let error = read_market(&TOML.replace("shares = \"10\"", "shares = \"1001\""), 0).unwrap_err();
    assert_eq!(error.line, 27, "{error}");
    assert!(error.message.contains("more shares"), "{error}");
}

#[test]
fn errors_in_json_have_line_and_column() {
    refused(JSON, "\"price\": 12.50", "\"price\": 12.5.0", ".0", "");
    refused(
        JSON,
        "\"price\": 12.50",
        "\"price\": \"dear\"",
        "\"dear",
        "like 1000.25",
    );
    refused(JSON, "\"asset\": \"ACME\"", "\"asset\": \"ACNE\"", "\"ACNE", "no asset");
    refused(JSON, "\"VILLAGE\": {", "\"ALICE\": {", "\"ALICE", "twice");
    refused(JSON, "\"unit\": \"USDC\"", "\"unit\": 3", "3", "quotes");
}

#[test]
fn a_key_that_is_missing_is_named_with_its_table() {
    let text = TOML.replace("decimals = 6\nprice", "price");
    let error = read_market(&text, 0).unwrap_err();
    assert!(error.message.contains("needs decimals"), "{error}");
    assert_eq!(error.line, 4, "{error}");
    assert!(read_market("", 0).unwrap_err().message.contains("needs unit"));
}

#[test]
fn more_shares_in_vaults_than_exist_are_refused_at_the_security() {
    let text = TOML.replace("balance = \"500000\"", "balance = \"1000001\"");
    let error = read_market(&text, 0).unwrap_err();
    assert_eq!((error.line, error.column), (9, 11), "{error}");
}

#[test]
fn price_lists_need_prices() {
    let list = read_prices("unit = \"USDC\"\n[asset.ACME]\nlow = 3\nhigh = \"4.5\"\n").unwrap();
    assert_eq!(list.quotes["ACME"].high, "4.5".parse().unwrap());
    let error = read_prices("unit = \"USDC\"\n[asset.ACME]\nlow = 3\n").unwrap_err();
    assert_eq!((error.line, error.column), (3, 7), "{error}");
    let error = read_prices("unit = \"USDC\"\n[asset.ACME]\nlow = 3\nhigh = 2\n").unwrap_err();
    assert_eq!((error.line, error.column), (4, 8), "{error}");
}

#[test]
fn price_lists_name_the_accounts_that_quotes_are_read_from() {
    let feed = "ab".repeat(32);
    let text = format!("unit = \"USD\"\n[asset.ACME]\naccount = \"Acc\"\nfeed = \"{feed}\"\n");
    let list = read_prices(&text).unwrap();
    assert!(list.quotes.is_empty());
    assert_eq!(
        (&*list.accounts["ACME"].account, &*list.accounts["ACME"].feed),
        ("Acc", &*feed)
    );
    let error = read_prices(&text.replace("abab", "abxb")).unwrap_err();
    assert_eq!((error.line, error.column), (4, 8), "{error}");
    let error = read_prices("unit = \"USD\"\n[asset.ACME]\naccount = \"Acc\"\n").unwrap_err();
    assert!(error.message.contains("needs feed"), "{error}");
    let error = read_prices(&format!("{text}price = 3\n")).unwrap_err();
    assert_eq!(error.line, 5, "{error}");
}
