//! What every instruction costs: measured on the compiled program, compared with `docs/compute_units.md` and with the targets.
//!
//! `UPDATE_CU=1` (or `cargo xtask cu`) rewrites the document. [`story`] measures, [`document`] reads, compares and writes.

mod document;
mod story;

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use document::{Document, Row};
use story::{Costs, Payout};
use upside::state::{Grant, Position, Redemption, Round, Subscription};
use upside_tests::context::program_bytes;

/// Bytes that a position must not exceed.
const POSITION_TARGET: usize = 224;
const _: () = assert!(Position::SPACE <= POSITION_TARGET);
/// Bytes that a ticket must stay under.
const REDEMPTION_LIMIT: usize = 200;
const _: () = assert!(Redemption::SPACE < REDEMPTION_LIMIT);

/// Random key sets that the second column is the maximum over.
const KEY_SETS: usize = 64;

/// Compute units that an instruction must not exceed with the fixed keys, one event included.
const TARGETS: &[(&str, &str, u64)] = &[
    ("claim", "by anyone, SPL Token (p-token) payout", 4_100),
    ("claim", "by the holder, SPL Token (p-token) payout", 4_100),
    ("register", "existing position", 10_300),
    ("unregister", "", 10_300),
    ("transfer_shares", "existing position", 13_000),
    ("issue", "existing position", 9_000),
    ("distribute", "from the funder", 4_300),
    ("create_security", "open", 45_000),
    ("create_security", "curated", 45_000),
    ("deposit_equity", "SPL Token (p-token)", 15_000),
    ("deposit_equity", "stock look-alike", 15_000),
    ("deposit_shares", "existing position", 16_000),
    ("harvest", "onto the stream", 14_000),
    ("harvest", "into a vault", 14_000),
    ("redeem", "", 14_500),
    ("collect", "SPL Token (p-token)", 9_000),
    ("collect", "stock look-alike", 12_000),
];

/// Bytes that the compiled program must not exceed, with all features.
const PROGRAM_BYTES: u64 = 600_000;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/compute_units.md")
}

/// Costs with the fixed keys, and for each row the most over the random key sets.
fn measure() -> (Costs, Costs) {
    let fixed = story::costs("fixed keys");
    let mut most: Costs = BTreeMap::new();
    for set in 0..KEY_SETS {
        for (row, units) in story::costs(&format!("key set {set:02}")) {
            let entry = most.entry(row).or_default();
            *entry = units.max(*entry);
        }
    }
    assert_eq!(
        fixed.keys().collect::<Vec<_>>(),
        most.keys().collect::<Vec<_>>(),
        "every key set measures every row"
    );
    (fixed, most)
}

fn document(fixed: &Costs, most: &Costs) -> Document {
    let mut rows: Vec<Row> = fixed
        .iter()
        .map(|((instruction, case), units)| Row {
            instruction: (*instruction).to_owned(),
            case: (*case).to_owned(),
            fixed: *units,
            most: most[&(*instruction, *case)],
            target: TARGETS
                .iter()
                .find(|(i, c, _)| i == instruction && c == case)
                .map(|(_, _, target)| *target),
            reason: String::new(),
        })
        .collect();
    for (case, bytes, target) in [
        ("bytes of the compiled file", program_bytes().len(), Some(PROGRAM_BYTES)),
        ("bytes of a Position", Position::SPACE, None),
        (
            "bytes of a Redemption, whatever the number of vaults",
            Redemption::SPACE,
            None,
        ),
        ("bytes of a Grant", Grant::SPACE, None),
        ("bytes of a Round", Round::SPACE, None),
        ("bytes of a Subscription", Subscription::SPACE, None),
    ] {
        let bytes = u64::try_from(bytes).expect("a length");
        rows.push(Row {
            instruction: "(size)".to_owned(),
            case: case.to_owned(),
            fixed: bytes,
            most: bytes,
            target,
            reason: String::new(),
        });
    }
    Document { rows }
}

#[test]
fn no_instruction_costs_more_than_documented_and_every_target_is_met_or_explained() {
    let (fixed, most) = measure();
    let mut measured = document(&fixed, &most);
    let path = path();
    let documented = fs::read_to_string(&path);
    if let Ok(text) = &documented {
        measured.keep_reasons_of(&Document::parse(text));
    }
    if env::var_os("UPDATE_CU").is_some_and(|value| value == "1") {
        fs::write(&path, measured.render()).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    } else {
        let text = documented.unwrap_or_else(|e| panic!("cannot read {}: {e}; run `cargo xtask cu`", path.display()));
        let objections = measured.objections_against(&Document::parse(&text));
        assert!(
            objections.is_empty(),
            "give a reason in docs/compute_units.md or make it cheaper, then run `cargo xtask cu`:\n{}",
            objections.join("\n")
        );
    }
    let missed: Vec<String> = measured
        .rows
        .iter()
        .filter(|row| row.reason.is_empty())
        .filter_map(|row| {
            let target = row.target.filter(|target| row.fixed > *target)?;
            Some(format!("{} ({}): {} > {target}", row.instruction, row.case, row.fixed))
        })
        .collect();
    assert!(
        missed.is_empty(),
        "above the target, without a reason in docs/compute_units.md:\n{}",
        missed.join("\n")
    );
}

#[test]
fn every_target_names_a_row() {
    let costs = story::costs("fixed keys");
    for (instruction, case, _) in TARGETS {
        assert!(costs.contains_key(&(*instruction, *case)), "{instruction} ({case})");
    }
}

#[test]
fn measuring_twice_gives_the_same_numbers() {
    assert_eq!(story::costs("twice"), story::costs("twice"));
}

#[test]
fn the_default_token_program_of_the_machine_is_p_token() {
    // p-token moves tokens for a small part of what the program it replaces needs.
    let p_token = story::plain_transfer(Payout::PToken);
    let predecessor = story::plain_transfer(Payout::Predecessor);
    assert!(p_token * 10 < predecessor, "{p_token} against {predecessor}");
}
