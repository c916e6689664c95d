//! The network's time.
//!
//! A validator votes with the wall clock of its machine, and the network's clock is the median of its votes, held within bounds: since the start of
//! the epoch it may be a quarter slower and one and a half times faster than the slots that have passed say. So the network is started with
//! `--warp-slot` near the end of a very long epoch: by its slots a long time has passed, and within the bounds its clock is free. What moves is the
//! wall clock of the validator's process ([`Wall`]); that the network's clock follows is the validator's own doing.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{ensure, Context, Result};
use surfpool_core::solana_rpc_client::rpc_client::RpcClient;
use upside_localnet::clock;

/// Milliseconds of a slot: what public networks aim at.
pub const SLOT_MS: u64 = 400;
/// Slots that are left in the epoch: no suite runs for so long.
const SLOTS_LEFT: u64 = 1_000_000;
/// Seconds that the clock keeps from its bounds.
const MARGIN: i64 = 3_600;
/// How long the network's clock may take to follow.
const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

/// How far the clock can be moved, and the slots that make it so.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Seconds that have passed in the first slot, by the slots.
    passed: i64,
}

impl Span {
    /// Room for `days` days. Who leads in which slot is a list in the validator's memory, of this epoch and the next: 5 MB for each day.
    pub fn of_days(days: u32) -> Self {
        // From three quarters of what has passed to five halves of it, without the margins.
        let wanted = i64::from(days) * 86_400 + 2 * MARGIN;
        Self {
            passed: wanted * 4 / 7 + 1,
        }
    }

    /// The slot to start in.
    pub fn first_slot(self) -> u64 {
        self.passed.unsigned_abs() * 1_000 / SLOT_MS
    }

    /// Slots of an epoch; a leader has four in a row.
    pub fn slots_per_epoch(self) -> u64 {
        (self.first_slot() + SLOTS_LEFT).next_multiple_of(4)
    }

    /// How far behind the machine's clock the genesis is, as a negative number: the network's clock cannot be earlier than three quarters of what has
    /// passed since, and that is a little before the present.
    fn genesis(self) -> i64 {
        -(self.passed * 3 / 4 + MARGIN)
    }

    /// How far ahead of the machine's clock the network's can be.
    fn latest(self) -> i64 {
        self.genesis() + self.passed * 5 / 2 - MARGIN
    }
}

/// The wall clock of the validator's process: how far it is ahead of the machine's, in a file that the process has mapped.
pub struct Wall {
    /// The file.
    path: PathBuf,
    file: File,
    /// How far it goes.
    pub span: Span,
}

impl Wall {
    /// The clock as it is when the genesis is made.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(folder: &Path, span: Span) -> Result<Self> {
        let path = folder.join("clock");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let wall = Self { path, file, span };
        wall.set(span.genesis())?;
        Ok(wall)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn ahead(&self) -> Result<i64> {
        let mut bytes = [0; 8];
        self.file
            .read_exact_at(&mut bytes, 0)
            .context("the clock's file is gone")?;
        Ok(i64::from_ne_bytes(bytes))
    }

    fn set(&self, ahead: i64) -> Result<()> {
        self.file
            .write_all_at(&ahead.to_ne_bytes(), 0)
            .context("the clock's file cannot be written")
    }

    /// Sets the wall clock to the machine's and waits until the network's shows it.
    ///
    /// # Errors
    /// When the network does not answer or its clock does not follow.
    pub fn begin(&self, rpc: &RpcClient) -> Result<()> {
        let now = machine()?;
        self.set(0)?;
        follow(rpc, now).map(drop)
    }

    /// Moves the wall clock forward to the Unix time `to`, in seconds, waits until the network's clock shows it, and returns what it shows.
    ///
    /// # Errors
    /// When `to` is past for the network, or too far for it, or as [`Wall::begin`].
    pub fn travel(&self, rpc: &RpcClient, to: i64) -> Result<i64> {
        let shown = clock::read(rpc)?.unix_timestamp;
        ensure!(to >= shown, "the clock shows {shown} and does not go back to {to}");
        let ahead = to - machine()?;
        let latest = self.span.latest();
        ensure!(
            ahead <= latest,
            "the network's clock can be {} days ahead of the machine's, and {to} would be {} days; start it with more --days",
            latest / 86_400,
            ahead / 86_400
        );
        if ahead > self.ahead()? {
            self.set(ahead)?;
        }
        follow(rpc, to)
    }
}

/// Waits until the network's clock shows `to` or more.
fn follow(rpc: &RpcClient, to: i64) -> Result<i64> {
    let started = Instant::now();
    loop {
        let shown = clock::read(rpc)?.unix_timestamp;
        if shown >= to {
            return Ok(shown);
        }
        ensure!(
            started.elapsed() < DEADLINE,
            "the network's clock shows {shown} and should show {to} since {DEADLINE:?}"
        );
        thread::sleep(POLL);
    }
}

/// The machine's Unix time in seconds.
fn machine() -> Result<i64> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the machine's clock is before 1970")?;
    Ok(i64::try_from(since.as_secs())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_starts_before_the_present_and_goes_as_far_as_asked() {
        for days in [1, 60, 1_300] {
            let span = Span::of_days(days);
            // Bounds of the network's clock, from the genesis on, in the machine's time.
            let earliest = span.genesis() + span.passed * 3 / 4;
            let latest = span.genesis() + span.passed * 5 / 2;
            assert!(earliest < 0 && span.latest() < latest);
            assert!(span.latest() / 86_400 == i64::from(days), "{days}: {span:?}");
            assert!(span.first_slot() + SLOTS_LEFT <= span.slots_per_epoch());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let wall = Wall::create(folder.path(), Span::of_days(2)).expect("clock");
        assert_eq!(wall.ahead().expect("seconds"), wall.span.genesis());
        wall.set(90).expect("set");
        assert_eq!(wall.ahead().expect("seconds"), 90);
        assert_eq!(std::fs::read(wall.path()).expect("file").len(), 8);
    }
}
