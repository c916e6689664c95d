//! Bad input: one clear sentence, the right exit code, nothing done.

use crate::network::{asset, network, payout, run};

/// What a run must say.
struct Case<'a> {
    arguments: Vec<&'a str>,
    code: i32,
    says: &'a str,
}

fn case<'a>(arguments: &[&'a str], code: i32, says: &'a str) -> Case<'a> {
    Case {
        arguments: arguments.to_vec(),
        code,
        says,
    }
}

#[test]
fn names_symbols_uris_and_terms_out_of_bounds_are_refused() {
    let net = network();
    let issuer = net.poor_wallet();
    let money = payout().mint.to_string();
    let (long_name, long_symbol) = ("n".repeat(65), "s".repeat(17));
    let long_uri = format!("https://example.org/{}", "u".repeat(181));
    // Later values of an option replace nothing: each case writes all of them.
    let base = [
        ("--kind", "person"),
        ("--name", "Alice"),
        ("--symbol", "ALICE"),
        ("--authorised", "1000000"),
        ("--payout-mint", money.as_str()),
    ];
    let asset_but_no_mint = issuer.text();
    for (option, value, says) in [
        ("--name", "", "the name is empty"),
        ("--name", "   ", "the name is empty"),
        ("--name", &long_name, "the name has 65 bytes; at most 64"),
        ("--name", "Al\nice", "control characters"),
        ("--name", "Al\u{7}ice", "control characters"),
        ("--name", "Al\u{202e}ice", "invisible characters"),
        ("--symbol", "", "the symbol is empty"),
        ("--symbol", &long_symbol, "the symbol has 17 bytes; at most 16"),
        ("--symbol", "A\tB", "control characters"),
        ("--uri", &long_uri, "the URI has 201 bytes; at most 200"),
        ("--uri", "https://example.org/a b", "the URI has spaces"),
        ("--uri", "https://example.org/\u{1b}", "control characters"),
        ("--uri", "alice.json", "is not a URI"),
        ("--authorised", "0", "above zero"),
        ("--authorised", "0.5", "at least 1 shares must be authorised"),
        ("--authorised", "1,5", "no separators between digits"),
        ("--authorised", "1.000.000", "at most one point"),
        ("--authorised", "1e6", "only digits"),
        ("--authorised", "-5", "has no sign"),
        ("--authorised", "1.0000001", "more than 6 decimals"),
        ("--authorised", "18446744073709.551616", "too large"),
        (
            "--initial",
            "1000001",
            "more shares would be issued at once than are authorised",
        ),
        ("--decimals", "10", "at most 9 decimals"),
        ("--drip", "30m", "must be from 1h to 10y"),
        ("--drip", "11y", "must be from 1h to 10y"),
        ("--drip", "a week", "is not a duration"),
        ("--notice", "1h", "must be from 1d to 10y"),
        ("--redeem-after", "soon", "is not a date"),
        ("--index", "1", "has one personal token, with index 0"),
        ("--agreement", "/nonexistent/agreement.pdf", "cannot be read"),
        ("--payout-mint", &asset_but_no_mint, "there is no mint at"),
        ("--payout-mint", "11111111111111111111111111111111", "is not a mint"),
        ("--payout-mint", "money", "invalid"),
    ] {
        let mut arguments = vec!["token".to_owned(), "create".to_owned()];
        for (name, default) in base {
            arguments.push(format!("{name}={}", if name == option { value } else { default }));
        }
        if base.iter().all(|(name, _)| *name != option) {
            arguments.push(format!("{option}={value}"));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = net.run(&issuer, &[&arguments[..], &["--yes"]].concat());
        assert_eq!(ran.code, 1, "{option}={value:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{option}={value:?}: {}", ran.err);
        assert!(ran.out.is_empty());
    }
}

#[test]
fn amounts_addresses_and_moves_that_cannot_be_are_refused() {
    let net = network();
    let (issuer, stranger, friend) = (net.wallet(), net.wallet(), net.poor_wallet());
    let mint = net.token(&issuer, "BAD");
    let (mint, friend, own) = (mint.as_str(), friend.text(), issuer.text());
    let money = payout().mint.to_string();
    let (acme, globex) = (asset("ACMEx").mint.to_string(), asset("GLBXx").mint.to_string());
    net.json(&issuer, &["vault", "open", mint, &acme]);
    let shown = net.json(&issuer, &["token", "show", mint]);
    let token_account = shown["vaults"][0]["tokenAccount"].as_str().unwrap().to_owned();
    let security = shown["security"].as_str().unwrap().to_owned();
    let program = upside_client::upside::ID.to_string();
    let cases = [
        case(&["shares", "send", mint, "0", &friend], 1, "above zero"),
        case(
            &["shares", "send", mint, "0.0000001", &friend],
            1,
            "more than 6 decimals",
        ),
        case(&["shares", "send", mint, "1,5", &friend], 1, "no separators"),
        case(&["shares", "send", mint, "1'000", &friend], 1, "no separators"),
        case(&["shares", "send", mint, "\u{661}", &friend], 1, "only digits"),
        case(
            &["shares", "send", mint, "18446744073709551616", &friend],
            1,
            "too large",
        ),
        case(&["shares", "send", mint, "1", &own], 1, "the receiver is the sender"),
        case(&["shares", "send", mint, "1", "bob"], 1, "invalid"),
        case(
            &["shares", "send", mint, "1000000.000001", &friend],
            2,
            "must hold at least the amount",
        ),
        case(
            &["shares", "send", mint, "1", &token_account],
            1,
            "a mint or a token account, which can never sign",
        ),
        case(
            &["shares", "send", mint, "1", mint],
            1,
            "a mint or a token account, which can never sign",
        ),
        case(
            &["shares", "send", mint, "1", &program],
            1,
            "a program, which can never sign",
        ),
        case(
            &["shares", "send", mint, "1", &security],
            2,
            "name a wallet or a multisig",
        ),
        case(&["shares", "send", &friend, "1", &friend], 1, "there is nothing at"),
        case(
            &["shares", "send", &money, "1", &friend],
            1,
            "neither a share mint nor a security",
        ),
        case(
            &["shares", "send", &acme, "1", &friend],
            1,
            "neither a share mint nor a security",
        ),
        case(&["shares", "issue", mint, "1"], 2, "capacity is left"),
        case(&["shares", "register", mint, "1"], 1, "holds 0 BAD, less than 1 BAD"),
        case(&["shares", "approve", mint, &friend], 1, "is open"),
        case(&["vault", "open", mint, &acme], 2, "deposit into it"),
        case(&["vault", "open", mint, &friend], 1, "there is no mint at"),
        case(&["vault", "deposit", mint, &globex, "1"], 1, "has no vault for GLBXx"),
        case(
            &["vault", "deposit", mint, &acme, "1001"],
            1,
            "holds 1,000 ACMEx, less than 1,001 ACMEx",
        ),
        case(
            &["vault", "deposit", mint, &acme, "0.000000001"],
            1,
            "more than 8 decimals",
        ),
        case(&["upside", "distribute", mint, "10001"], 1, "less than 10,001"),
        case(&["upside", "distribute", mint], 1, "required"),
        case(&["upside", "claim", mint], 1, "is owed nothing"),
        case(&["upside", "claim", mint, "--for", &friend], 1, "has never held"),
        case(&["token", "retire", mint, "1"], 2, "retire less"),
        case(&["token", "update", mint], 1, "nothing is to be changed"),
        case(
            &["token", "update", mint, "--name", "A work"],
            2,
            "name at least one thing",
        ),
        case(
            &["token", "handover", "propose", mint, &own],
            2,
            "propose another address",
        ),
        case(
            &[
                "account",
                "statement",
                mint,
                "--from",
                "2030-01-01",
                "--to",
                "2029-01-01",
            ],
            1,
            "end before it begins",
        ),
        case(
            &["account", "statement", mint, "--from", "1.1.2026"],
            1,
            "is not a date",
        ),
        case(&["shares", "list", mint, "--timeout", "0"], 1, "invalid"),
        case(
            &["shares", "list", mint, "--dry-run", "--sign-only"],
            1,
            "cannot be used with",
        ),
    ];
    let events = net.json(&issuer, &["audit", mint])["events"].clone();
    for Case { arguments, code, says } in &cases {
        let ran = net.run(&issuer, &[&arguments[..], &["--yes"]].concat());
        assert_eq!(ran.code, *code, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
        if !ran.err.contains("For more information") {
            assert!(ran.err.lines().count() <= 2, "one sentence and a remedy: {}", ran.err);
        }
    }
    let foreign = net.run(&stranger, &["token", "retire", mint, "1", "--yes"]);
    assert_eq!(foreign.code, 2, "{}", foreign.err);
    assert!(foreign.err.contains("sign with the issuer's key"), "{}", foreign.err);
    let after = net.json(&issuer, &["audit", mint]);
    assert_eq!(after["events"], events, "nothing happened");
    assert_eq!(after["sound"], true);
}

#[test]
fn a_wallet_without_sol_is_told() {
    let net = network();
    let (issuer, poor) = (net.wallet(), net.poor_wallet());
    let mint = net.token(&issuer, "POOR");
    net.json(&issuer, &["shares", "send", &mint, "1", &poor.text()]);
    let ran = net.run(&poor, &["shares", "send", &mint, "1", &issuer.text(), "--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("SOL"), "{}", ran.err);
}

#[test]
fn addresses_of_servers_that_are_none_are_refused() {
    for url in ["mainnet", "ftp://example.org", "localhost:8899", "", "http://"] {
        let ran = run(&["-u", url, "token", "list", "--all"]);
        assert_eq!(ran.code, 1, "{url}: {}", ran.err);
        assert!(ran.err.contains("http or https URL"), "{url}: {}", ran.err);
    }
}
