//! What came of it, as data and as text.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    audit::Audit,
    link::Ended,
    market::Size,
    run::{Kind, Sample},
};

/// A whole run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where the random numbers came from.
    pub seed: u64,
    /// Holders.
    pub holders: usize,
    /// Securities, the upper one included.
    pub securities: usize,
    /// Transactions in flight at most.
    pub workers: usize,
    /// Seconds that making the market took.
    pub set_up_seconds: f64,
    /// Transactions of the load.
    pub transactions: usize,
    /// Seconds that the load took.
    pub seconds: f64,
    /// Transactions confirmed in each second, refused ones left out.
    pub per_second: f64,
    /// The load by kind, and all of it.
    pub kinds: Vec<KindReport>,
    /// What was refused or lost, by reason.
    pub failures: BTreeMap<String, usize>,
    /// Transactions of which nobody said what became of them.
    pub unknown: usize,
    /// Seconds that the audit took.
    pub audit_seconds: f64,
    /// Whether every atom is accounted for.
    pub sound: bool,
    /// What the audit found.
    pub audit: Audit,
}

/// One kind of transaction.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindReport {
    /// Its instruction, or `all`.
    pub kind: &'static str,
    /// How many were sent.
    pub sent: usize,
    /// How many did what they said.
    pub done: usize,
    /// Milliseconds from sent until confirmed: half of them took no longer.
    pub p50_ms: f64,
    /// As above, nine of ten.
    pub p90_ms: f64,
    /// As above, 99 of 100.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl KindReport {
    fn of<'a>(kind: &'static str, samples: impl Iterator<Item = &'a Sample>) -> Self {
        let samples: Vec<&Sample> = samples.collect();
        let mut took: Vec<Duration> = samples.iter().map(|sample| sample.took).collect();
        took.sort_unstable();
        Self {
            kind,
            sent: samples.len(),
            done: samples.iter().filter(|sample| sample.ended == Ended::Done).count(),
            p50_ms: percentile(&took, 50),
            p90_ms: percentile(&took, 90),
            p99_ms: percentile(&took, 99),
            max_ms: percentile(&took, 100),
        }
    }
}

/// Milliseconds that `percent` of the sorted times do not exceed (nearest rank); 0 without any.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
}

/// How long the three parts took.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Making the market.
    pub set_up: Duration,
    /// The load.
    pub run: Duration,
    /// The audit.
    pub audit: Duration,
}

impl Report {
    /// What came of a run.
    #[must_use]
    pub fn new(size: Size, times: Times, samples: &[Sample], audit: Audit) -> Self {
        let mut kinds: Vec<KindReport> = Kind::ALL
            .iter()
            .map(|kind| KindReport::of(kind.name(), samples.iter().filter(|sample| sample.kind == *kind)))
            .collect();
        kinds.push(KindReport::of("all", samples.iter()));
        let mut failures = BTreeMap::new();
        for sample in samples {
            match &sample.ended {
                Ended::Done => {}
                Ended::Refused(reason) | Ended::Unknown(reason) => *failures.entry(reason.clone()).or_default() += 1,
            }
        }
        let done = samples.iter().filter(|sample| sample.ended == Ended::Done).count();
        let unknown = samples
            .iter()
            .filter(|sample| matches!(sample.ended, Ended::Unknown(_)))
            .count();
        Self {
            seed: size.seed,
            holders: size.holders,
            securities: size.lower + 1,
            workers: size.workers,
            set_up_seconds: times.set_up.as_secs_f64(),
            transactions: samples.len(),
            seconds: times.run.as_secs_f64(),
            per_second: done as f64 / times.run.as_secs_f64().max(f64::MIN_POSITIVE),
            kinds,
            failures,
            unknown,
            audit_seconds: times.audit.as_secs_f64(),
            sound: audit.findings.is_empty(),
            audit,
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} holders of {} securities, made in {:.1} s; seed {}\n{} transactions by {} workers in {:.1} s: {:.0} confirmed a second\n\n",
            self.holders,
            self.securities,
            self.set_up_seconds,
            self.seed,
            self.transactions,
            self.workers,
            self.seconds,
            self.per_second
        );
        text += "                    sent     done   p50 ms   p90 ms   p99 ms   max ms\n";
        for kind in &self.kinds {
            text += &format!(
                "{:<16}{:>8} {:>8} {:>8.0} {:>8.0} {:>8.0} {:>8.0}\n",
                kind.kind, kind.sent, kind.done, kind.p50_ms, kind.p90_ms, kind.p99_ms, kind.max_ms
            );
        }
        text += "\n";
        for (reason, count) in &self.failures {
            text += &format!("{count:>8} refused: {reason}\n");
        }
        text += &format!(
            "{} events replayed in {:.1} s. {} atoms of money paid in = {} with holders + {} in payout vaults.\n",
            self.audit.events,
            self.audit_seconds,
            self.audit.paid_in_atoms,
            self.audit.claimed_atoms,
            self.audit.waiting_atoms
        );
        for finding in &self.audit.findings {
            text += &format!("  ✗ {finding}\n");
        }
        text + if self.sound {
            "Every share and every atom is where the acknowledged transactions put it.\n"
        } else {
            "Something is not where it must be.\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 100.0), (90, 180.0), (99, 198.0), (100, 200.0)] {
            assert!((percentile(&times, percent) - expected).abs() < 1e-9);
        }
        assert!(percentile(&[], 50).abs() < 1e-9);
        assert!((percentile(&times[..1], 50) - 1.0).abs() < 1e-9);
    }
}
