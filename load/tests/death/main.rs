//! The validator and the commands killed at random moments: real processes, SIGKILL, state on disk.
//!
//! A world is made once and its ledger copied. On one copy nothing is killed; on each other copy the same commands are run, and in each of them the
//! command, the validator or both are killed at a moment drawn from the seed. The validator is started again from its ledger and the same command
//! run again. At the end both copies must hold the same.
//!
//! `UPSIDE_DEATHS` says how many copies are disturbed (default 2), `UPSIDE_DEATH_SEED` where the moments come from.

mod processes;
mod world;

/// A number from the environment.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number and is {text:?}"))
    })
}

/// Where the moments of death come from, one for each disturbed copy.
fn seeds() -> std::ops::Range<u64> {
    let first = number("UPSIDE_DEATH_SEED", 1);
    first..first + number("UPSIDE_DEATHS", 2)
}
