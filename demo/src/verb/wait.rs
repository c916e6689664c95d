//! Time.

use anyhow::Result;

use super::{Deed, Moment, Verb};
use crate::{
    check::Ledger,
    story::{duration, Fields, Problem, Story},
    world::World,
};

/// Readings of the streams on the way, unless the step says how many.
const DEFAULT_READINGS: u32 = 4;
const MOST_READINGS: u32 = 100;

/// Time passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    seconds: i64,
    legs: u32,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const KEYS: &'static [&'static str] = &["time", "readings"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let (seconds, legs) = (
            fields.duration("time")?,
            fields.count("readings", MOST_READINGS, DEFAULT_READINGS)?,
        );
        if legs == 0 || seconds < i64::from(legs) {
            return Err(fields.problem("readings", "there must be at least one reading, and a second for each"));
        }
        Ok(Self { seconds, legs })
    }

    fn sentence(&self, _story: &Story) -> String {
        let words = duration::in_words(self.seconds);
        let one = words.starts_with("1 ") && words.matches(' ').count() == 1;
        format!("{words} pass{}", if one { "es" } else { "" })
    }

    fn deed(&self, _world: &World<'_>, _now: i64) -> Result<Deed> {
        Ok(Deed::Wait {
            seconds: self.seconds,
            legs: self.legs,
        })
    }

    fn book(&self, _ledger: &mut Ledger, _at: Moment) {}
}
