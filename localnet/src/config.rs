//! What to start.

use std::path::PathBuf;

use crate::program::Program;

/// Milliseconds of a slot unless told otherwise: what public networks aim at.
pub const DEFAULT_SLOT_MS: u64 = 400;

/// Shortest slot accepted, in milliseconds. Below it the machine, not the clock, decides how long a slot takes.
pub const MINIMUM_SLOT_MS: u64 = 10;

/// What to start. The default is an empty network on free ports with 400 ms slots and the look-alike mints.
#[derive(Clone, Debug)]
pub struct Config {
    /// JSON-RPC port on 127.0.0.1; 0 chooses a free one.
    pub rpc_port: u16,
    /// Websocket port on 127.0.0.1; 0 chooses `rpc_port + 1`, which is where Solana's clients look for it.
    pub ws_port: u16,
    /// Milliseconds of a slot, in real time and on the network's clock. A transaction is confirmed at the end of
    /// its slot.
    pub slot_ms: u64,
    /// Programs to deploy before the network is reachable.
    pub programs: Vec<Program>,
    /// Keep all state in this directory and continue from it at the next start. `None` keeps it in memory only.
    pub ledger: Option<PathBuf>,
    /// Forget what [`Config::ledger`] holds.
    pub reset: bool,
    /// Make the look-alike mints (see [`crate::market`]).
    pub mints: bool,
    /// Print what the validator logs to standard error.
    pub verbose: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rpc_port: 0,
            ws_port: 0,
            slot_ms: DEFAULT_SLOT_MS,
            programs: Vec::new(),
            ledger: None,
            reset: false,
            mints: true,
            verbose: false,
        }
    }
}
