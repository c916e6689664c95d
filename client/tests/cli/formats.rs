//! Every output format, help and completions.

use serde_json::Value;

use crate::network::{network, run};

#[test]
fn every_format_says_the_same() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "FORMAT");
    for command in [
        vec!["token", "show", &mint],
        vec!["token", "list"],
        vec!["shares", "list", &mint],
        vec!["shares", "list"],
        vec!["vault", "list", &mint],
        vec!["upside", "status", &mint],
        vec!["audit", &mint],
    ] {
        let of = |format: &str| {
            let ran = net.run(&issuer, &[&command[..], &["--output", format]].concat());
            assert_eq!(ran.code, 0, "{command:?}: {}", ran.err);
            assert!(ran.err.is_empty(), "{command:?}: {}", ran.err);
            ran.out
        };
        let (display, json, compact) = (of("display"), of("json"), of("json-compact"));
        assert!(serde_json::from_str::<Value>(&display).is_err(), "{command:?}");
        assert!(
            !display.contains('\u{1b}'),
            "{command:?}: no colours without a terminal"
        );
        assert_eq!(compact.lines().count(), 1, "{command:?}");
        assert!(json.lines().count() > 1, "{command:?}");
        let mut values: [Value; 2] = [&json, &compact].map(|text| serde_json::from_str(text).unwrap());
        for value in &mut values {
            // The network's clock moves between two runs.
            value.as_object_mut().unwrap().remove("now");
        }
        assert_eq!(values[0], values[1], "{command:?}");
    }
}

#[test]
fn the_page_names_terms_holders_backing_and_stream() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token_with(&issuer, "PAGE", &["--initial", "250000"]);
    let page = net.run(&issuer, &["token", "show", &mint]).out;
    for part in [
        "A work  PAGE",
        "At most 1,000,000 PAGE will ever exist",
        "drips to the registered shares over 1w",
        "25.00%",
        "not issued",
        "No vault is open",
        "Nothing is dripping now",
        "upgradable",
    ] {
        assert!(page.contains(part), "{part} is missing:\n{page}");
    }
    assert!(
        page.lines().all(|line| console::measure_text_width(line) <= 88),
        "{page}"
    );
}

#[test]
fn failures_are_json_when_results_are() {
    let net = network();
    let issuer = net.poor_wallet();
    let ran = net.run(&issuer, &["token", "show", &issuer.text(), "--output", "json-compact"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.is_empty());
    let failure: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(failure["error"]["code"], 1);
    assert_eq!(failure["error"]["reason"], "input");
    assert!(failure["error"]["remedy"].as_str().unwrap().contains("-u"));
}

#[test]
fn help_and_completions_need_no_network_and_no_key() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("Exit codes:"), "{}", help.out);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, 0);
        assert!(script.out.contains("handover"), "{shell}");
    }
    assert_eq!(run(&["--version"]).code, 0);
    assert_eq!(run(&["token", "explode"]).code, 1);
}
