//! Every error of the program is asserted by name in this suite, or listed here with the reason why it cannot occur.

use std::collections::BTreeSet;

/// The program's errors, from its source.
const DECLARED: &str = include_str!("../../../programs/upside/src/error.rs");

/// Where refusals are asserted.
const SUITE: &[&str] = &[
    include_str!("flows/bundles.rs"),
    include_str!("flows/collectives.rs"),
    include_str!("flows/extremes.rs"),
    include_str!("flows/grants.rs"),
    include_str!("flows/hooks.rs"),
    include_str!("flows/layers.rs"),
    include_str!("flows/redemption.rs"),
    include_str!("flows/redemption_assets.rs"),
    include_str!("flows/rounds.rs"),
    include_str!("flows/rounds_money.rs"),
    include_str!("flows/security.rs"),
    include_str!("flows/shares.rs"),
    include_str!("flows/upside.rs"),
    include_str!("flows/vault.rs"),
    include_str!("mint_policy.rs"),
    include_str!("prefunded.rs"),
    include_str!("registered_accounts.rs"),
];

/// Errors that no transaction can cause today.
const UNREACHABLE: &[(&str, &str)] = &[
    (
        "UnknownKind",
        "the argument is an enum: the framework refuses other numbers with InstructionDidNotDeserialize",
    ),
    (
        "UnknownPolicy",
        "the argument is an enum: the framework refuses other numbers with InstructionDidNotDeserialize",
    ),
    (
        "PositionMissing",
        "no instruction of the core reads a position by address alone: the framework refuses a missing one",
    ),
    (
        "NotAMilestone",
        "a grant without an approver names the system program as one, and that cannot sign",
    ),
    (
        "ZeroDenominator",
        "the stream and the accumulator divide by shares or amounts that were compared with zero before",
    ),
];

fn declared() -> BTreeSet<&'static str> {
    DECLARED
        .lines()
        .filter_map(|line| {
            let (name, number) = line.trim().strip_suffix(',')?.split_once(" = ")?;
            number.parse::<u32>().ok()?;
            name.chars().all(char::is_alphanumeric).then_some(name)
        })
        .collect()
}

fn asserted() -> BTreeSet<&'static str> {
    SUITE
        .iter()
        .flat_map(|source| source.split("UpsideError::").skip(1))
        .map(|rest| &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())])
        .collect()
}

#[test]
fn every_error_is_asserted_by_name_or_listed_as_unreachable() {
    let (declared, asserted) = (declared(), asserted());
    assert!(declared.len() > 50, "the errors were not found: {declared:?}");
    let unreachable: BTreeSet<&str> = UNREACHABLE.iter().map(|(name, _)| *name).collect();
    assert!(unreachable.is_subset(&declared), "a listed error does not exist");
    let both: Vec<_> = unreachable.intersection(&asserted).collect();
    assert!(both.is_empty(), "listed as unreachable but asserted: {both:?}");
    let untested: Vec<_> = declared
        .difference(&asserted)
        .filter(|name| !unreachable.contains(*name))
        .collect();
    assert!(untested.is_empty(), "asserted nowhere: {untested:?}");
}

#[test]
fn every_error_is_declared_once_under_a_number_of_its_own() {
    let mut numbers = BTreeSet::new();
    for line in DECLARED.lines() {
        if let Some((_, number)) = line.trim().strip_suffix(',').and_then(|line| line.split_once(" = ")) {
            if let Ok(number) = number.parse::<u32>() {
                assert!(numbers.insert(number), "{number} twice");
            }
        }
    }
    assert_eq!(numbers.len(), declared().len());
}
