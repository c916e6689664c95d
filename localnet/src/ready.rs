//! What a started network says about itself.

use anchor_spl::token_2022::spl_token_2022;
use serde::{Deserialize, Serialize};
use solana_keypair::Signer;
use upside_lookalike_mints::{keys, EquityMint, EQUITIES, PAYOUT};

use crate::market;

/// The ready line: printed as one line of JSON by `upside-localnet --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// JSON-RPC URL.
    pub rpc: String,
    /// Websocket URL.
    pub ws: String,
    /// Address of the Upside program when it was loaded, else of the first program, else nothing.
    pub program: Option<String>,
    /// Addresses of all programs loaded at start.
    pub programs: Vec<String>,
    /// The payout mint; nothing when the network was started without mints.
    pub payout_mint: Option<String>,
    /// Its decimals.
    pub payout_decimals: u8,
    /// The equities; empty when the network was started without mints.
    pub equity: Vec<ReadyEquity>,
    /// Milliseconds of a slot.
    pub slot_ms: u64,
    /// Process that serves the network.
    pub pid: u32,
}

/// One equity in the ready line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadyEquity {
    /// Ticker.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// Mint address.
    pub mint: String,
    /// Token program that owns the mint.
    pub token_program: String,
    /// Decimals.
    pub decimals: u8,
    /// Tokens shown per token stored.
    pub multiplier: f64,
    /// Whether a new token account must be thawed before it can receive.
    pub frozen_by_default: bool,
}

impl From<&EquityMint> for ReadyEquity {
    fn from(equity: &EquityMint) -> Self {
        Self {
            symbol: equity.symbol.to_owned(),
            name: equity.name.to_owned(),
            mint: keys::equity_mint(equity.symbol).pubkey().to_string(),
            token_program: spl_token_2022::ID.to_string(),
            decimals: equity.decimals,
            multiplier: equity.multiplier(),
            frozen_by_default: equity.frozen_by_default(),
        }
    }
}

impl Ready {
    /// Describes a network with or without the look-alike mints.
    pub(crate) fn new(rpc: String, ws: String, programs: Vec<String>, slot_ms: u64, mints: bool) -> Self {
        let upside = upside::ID.to_string();
        let program = if programs.contains(&upside) {
            Some(upside)
        } else {
            programs.first().cloned()
        };
        Self {
            rpc,
            ws,
            program,
            programs,
            payout_mint: mints.then(|| market::payout_mint().mint.to_string()),
            payout_decimals: PAYOUT.decimals,
            equity: if mints {
                EQUITIES.iter().map(ReadyEquity::from).collect()
            } else {
                Vec::new()
            },
            slot_ms,
            pid: std::process::id(),
        }
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// Only when a multiplier is not a finite number.
    pub fn to_json_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}
