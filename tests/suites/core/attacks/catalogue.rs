//! docs/attacks.md says what is true: each test it names is there, and so is each line that stops an attack.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The catalogue.
fn document() -> String {
    std::fs::read_to_string(root().join("docs/attacks.md")).expect("docs/attacks.md can be read")
}

/// The links of a text: what is shown, and the file it leads to.
fn links(text: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('[') {
        rest = after;
        if let Some((shown, target)) = after.split_once("](") {
            if let Some((target, after)) = target.split_once(')') {
                if !shown.contains('[') {
                    links.push((shown.trim_matches('`').to_owned(), target.to_owned()));
                    rest = after;
                }
            }
        }
    }
    links
}

/// Rows of the tables: attack, tests, what stops it.
fn rows(document: &str) -> Vec<Vec<&str>> {
    document
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| attack"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

#[test]
fn every_attack_names_a_test_that_exists_and_a_line_that_exists() {
    let document = document();
    let rows = rows(&document);
    assert!(rows.len() > 60, "only {} attacks", rows.len());
    for row in rows {
        let [attack, tests, stops] = row.as_slice() else {
            panic!("a row must have an attack, its tests and what stops it: {row:?}");
        };
        let tests = links(tests);
        assert!(!tests.is_empty(), "{attack}: it must name a test");
        for (name, file) in tests {
            let text = std::fs::read_to_string(root().join("docs").join(&file))
                .unwrap_or_else(|e| panic!("{attack}: {file}: {e}"));
            assert!(
                text.contains(&format!("fn {name}(")),
                "{attack}: {file} has no test {name}"
            );
        }
        let stops = links(stops);
        assert!(!stops.is_empty(), "{attack}: it must name what stops it");
        for (line, file) in stops {
            let text = std::fs::read_to_string(root().join("docs").join(&file))
                .unwrap_or_else(|e| panic!("{attack}: {file}: {e}"));
            assert!(text.contains(&line), "{attack}: {file} has no `{line}`");
        }
    }
}

#[test]
fn a_link_is_what_is_shown_and_where_it_leads() {
    assert_eq!(
        links("see [`a`](b.rs), [c](d.rs)"),
        [("a".to_owned(), "b.rs".to_owned()), ("c".to_owned(), "d.rs".to_owned())]
    );
}
