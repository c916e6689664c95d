//! Reading and moving the network's time.
//!
//! The functions take an RPC client, so they work on a network in this process and on one behind a URL alike.
//!
//! # Limits of time travel
//! - Forward only. Whoever needs the past starts a new network.
//! - The clock keeps running afterwards at real speed, one slot length per slot. Read it again before computing
//!   with it. The fraction of a second that had already passed is dropped by a journey.
//! - The slot number jumps by `seconds / slot length` and the epoch with it. The blocks between do not exist;
//!   nothing that happens at an epoch's end (rewards, leader schedule) happens. A journey that is shorter than
//!   the machine was busy can end in an earlier slot: the engine computes it before it waits for its turn.
//! - Blockhashes age by blocks, not by time: a transaction signed before a journey is still valid after it.

use std::time::{Duration, Instant};

use anchor_lang::prelude::{Clock, Pubkey};
use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use surfpool_core::solana_rpc_client::{api::request::RpcRequest, rpc_client::RpcClient};

/// Address of the clock.
pub const CLOCK_SYSVAR: Pubkey = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");
/// The engine's request that sets the clock.
const TIME_TRAVEL_METHOD: &str = "surfnet_timeTravel";
/// Longest single journey, in seconds: 1,000 years, far below where millisecond arithmetic ends.
pub const LONGEST_JOURNEY_SECONDS: u64 = 1_000 * 365 * 86_400;

/// What a journey did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeTravel {
    /// The clock's Unix time before, in seconds.
    pub from_ts: i64,
    /// The clock's Unix time it was set to: `from_ts` plus exactly the seconds asked for.
    pub to_ts: i64,
}

/// The clock account of the network.
///
/// # Errors
/// When the network does not answer or the account is not a clock.
pub fn read(rpc: &RpcClient) -> Result<Clock> {
    let data = rpc.get_account_data(&CLOCK_SYSVAR)?;
    let field = |index: usize| -> Result<[u8; 8]> {
        data.get(index * 8..index * 8 + 8)
            .and_then(|bytes| bytes.try_into().ok())
            .context("the clock account is too short")
    };
    Ok(Clock {
        slot: u64::from_le_bytes(field(0)?),
        epoch_start_timestamp: i64::from_le_bytes(field(1)?),
        epoch: u64::from_le_bytes(field(2)?),
        leader_schedule_epoch: u64::from_le_bytes(field(3)?),
        unix_timestamp: i64::from_le_bytes(field(4)?),
    })
}

/// Moves the clock forward by exactly `seconds`, counted from what it showed when the call began, and reads it back.
/// With 0 nothing happens.
///
/// # Errors
/// When the network does not answer, does not travel in time, or shows another time than asked for.
pub fn travel(rpc: &RpcClient, seconds: u64) -> Result<TimeTravel> {
    if seconds > LONGEST_JOURNEY_SECONDS {
        bail!("one journey lasts at most {LONGEST_JOURNEY_SECONDS} seconds");
    }
    let from_ts = read(rpc)?.unix_timestamp;
    let to_ts = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| from_ts.checked_add(seconds))
        .context("the clock would overflow")?;
    if seconds == 0 {
        return Ok(TimeTravel { from_ts, to_ts });
    }
    travel_to(rpc, to_ts)?;
    Ok(TimeTravel { from_ts, to_ts })
}

/// Sets the clock to the Unix time `to_ts`, in seconds, and reads it back.
///
/// # Errors
/// When `to_ts` is not in the network's future, or as [`travel`].
pub fn travel_to(rpc: &RpcClient, to_ts: i64) -> Result<()> {
    let to_ms = to_ts
        .checked_mul(1_000)
        .filter(|ms| *ms >= 0)
        .context("the time to travel to is out of range")?;
    let started = Instant::now();
    rpc.send::<Value>(
        RpcRequest::Custom {
            method: TIME_TRAVEL_METHOD,
        },
        json!([{ "absoluteTimestamp": to_ms }]),
    )
    .with_context(|| format!("the network did not travel to {to_ts}"))?;
    let shown = read(rpc)?.unix_timestamp;
    // The clock kept running while the answers travelled: real time that passed is the only excuse.
    let running = started.elapsed() + Duration::from_secs(1);
    let latest = to_ts.saturating_add(i64::try_from(running.as_secs()).unwrap_or(i64::MAX));
    if !(to_ts..=latest).contains(&shown) {
        bail!("the clock shows {shown} after travelling to {to_ts}");
    }
    Ok(())
}
