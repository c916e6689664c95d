//! `docs/sequences.md` against the program's source: every call is drawn, and tells the events that its file names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

const DRAWN: &str = include_str!("../../../docs/sequences.md");
const INTERFACE: &str = include_str!("../../../idl/upside.json");

/// Names of the interface's `field`.
fn names(field: &str) -> BTreeSet<String> {
    let interface: Value = serde_json::from_str(INTERFACE).unwrap();
    let list = interface[field].as_array().unwrap().iter();
    list.map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// The source of an instruction.
fn source(instruction: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/upside/src/instructions");
    let domains = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = domains
        .map(|domain| domain.join(format!("{instruction}.rs")))
        .filter(|file| file.exists())
        .collect();
    assert_eq!(found.len(), 1, "{instruction} has one file in {}", folder.display());
    fs::read_to_string(&found[0]).unwrap()
}

/// The events that an instruction can tell, by its source.
fn told(instruction: &str, events: &BTreeSet<String>) -> BTreeSet<String> {
    let source = source(instruction);
    let mut told: BTreeSet<String> = words(&source)
        .filter(|word| events.contains(*word))
        .map(str::to_owned)
        .collect();
    // Whoever moves registered shares tells what the mover returns.
    if words(&source).any(|word| word == "MoveShares") {
        told.insert("SharesTransferred".to_owned());
    }
    told
}

/// The calls that are drawn, and the events after each, as often as it is drawn.
fn drawn(calls: &BTreeSet<String>, events: &BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut drawn: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut call = None;
    for line in DRAWN.lines().map(str::trim) {
        if line.starts_with("```") {
            call = None;
        } else if line.contains(">>") && line.contains(';') {
            panic!("mermaid takes a semicolon for the end of a line: {line}");
        } else if let Some((from, text)) = line.split_once("-->>U: ").filter(|(from, _)| *from == "U") {
            let call: &String = call.as_ref().unwrap_or_else(|| panic!("no call before {from}: {line}"));
            // What is in brackets is said about an event.
            let named: String = text
                .split(')')
                .map(|part| part.split('(').next().unwrap_or(""))
                .collect();
            for event in words(&named).filter(|word| !word.is_empty()) {
                assert!(events.contains(event), "{event} is no event: {line}");
                drawn.entry(call.clone()).or_default().insert(event.to_owned());
            }
        } else if let Some((_, text)) = line.split_once("->>U: ").filter(|(from, _)| *from != "U") {
            let name = words(text).next().unwrap_or("").to_owned();
            assert!(calls.contains(&name), "{name:?} is no call of the program: {line}");
            call = Some(name);
        } else if let [_, name, _, told, _] = line.split('|').collect::<Vec<_>>()[..] {
            let name = name.trim().trim_matches('`').to_owned();
            if calls.contains(&name) {
                let told = told.trim().trim_matches('`').to_owned();
                assert!(events.contains(&told), "{told} is no event: {line}");
                drawn.entry(name).or_default().insert(told);
            }
        }
    }
    drawn
}

#[test]
fn every_call_is_drawn_and_tells_what_its_source_tells() {
    let (calls, events) = (names("instructions"), names("events"));
    assert!(
        calls.len() > 40 && events.len() > 40,
        "{} {}",
        calls.len(),
        events.len()
    );
    let drawn = drawn(&calls, &events);
    for call in &calls {
        let drawn = drawn
            .get(call)
            .unwrap_or_else(|| panic!("docs/sequences.md does not draw {call}"));
        assert_eq!(*drawn, told(call, &events), "what {call} tells in docs/sequences.md");
    }
}
