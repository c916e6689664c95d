//! Several Token-2022 instructions in one call.
//!
//! Token-2022's `Batch` (first byte 255) runs instructions one after another within one invocation, which saves the cost of an
//! invocation each: `[255]`, then for each step its number of accounts, its data length and its data. The accounts of all steps
//! follow one another.

use anchor_lang::prelude::*;

use super::{call_by, Meta};
use crate::constants::TOKEN_2022_PROGRAM_ID;

/// Token instruction tags used here (the same in both token programs where both have them).
pub mod tag {
    /// `Transfer { amount }`: source, destination, owner.
    pub const TRANSFER: u8 = 3;
    /// `MintTo { amount }`.
    pub const MINT_TO: u8 = 7;
    /// `Burn { amount }`: account, mint, owner.
    pub const BURN: u8 = 8;
    /// `CloseAccount`.
    pub const CLOSE_ACCOUNT: u8 = 9;
    /// `FreezeAccount`.
    pub const FREEZE_ACCOUNT: u8 = 10;
    /// `ThawAccount`.
    pub const THAW_ACCOUNT: u8 = 11;
    /// `TransferChecked { amount, decimals }`.
    pub const TRANSFER_CHECKED: u8 = 12;
    /// `InitializeAccount3 { owner }`.
    pub const INITIALIZE_ACCOUNT_3: u8 = 18;
    /// `InitializeMint2 { decimals, mint_authority, freeze_authority }`.
    pub const INITIALIZE_MINT_2: u8 = 20;
    /// `InitializeImmutableOwner`.
    pub const INITIALIZE_IMMUTABLE_OWNER: u8 = 22;
    /// `DefaultAccountStateExtension`, sub-tag 0 initialises.
    pub const DEFAULT_ACCOUNT_STATE: u8 = 28;
    /// `MetadataPointerExtension`, sub-tag 0 initialises.
    pub const METADATA_POINTER: u8 = 39;
    /// `Initialize` of the token metadata interface: the start of `sha256("spl_token_metadata_interface:initialize_account")`.
    pub const METADATA_INITIALIZE: [u8; 8] = [210, 225, 30, 162, 88, 184, 77, 141];
    /// `Batch`.
    pub const BATCH: u8 = 255;
}

/// A batch under construction.
pub struct Batch<'a> {
    data: Vec<u8>,
    metas: Vec<Meta<'a>>,
}

impl<'a> Batch<'a> {
    /// An empty batch with room for the usual move.
    pub fn new() -> Self {
        let mut data = Vec::with_capacity(160);
        data.push(tag::BATCH);
        Self {
            data,
            metas: Vec::with_capacity(24),
        }
    }

    /// Appends one step.
    #[inline(always)]
    pub fn step<const N: usize>(&mut self, metas: [Meta<'a>; N], data: &[&[u8]]) {
        // Every step here has at most 4 accounts and 67 bytes.
        self.data.push(N as u8);
        self.data.push(data.iter().map(|part| part.len()).sum::<usize>() as u8);
        for part in data {
            self.data.extend_from_slice(part);
        }
        self.metas.extend_from_slice(&metas);
    }

    /// Runs all steps. `infos` must contain every account named, `signers` the seeds of each address that this program signs for; a step that
    /// fails fails all.
    #[inline(always)]
    pub fn invoke<const N: usize>(self, infos: [&AccountInfo; N], signers: &[&[&[u8]]]) -> Result<()> {
        call_by(&TOKEN_2022_PROGRAM_ID, &self.metas, &self.data, infos, signers)
    }
}

impl Default for Batch<'_> {
    fn default() -> Self {
        Self::new()
    }
}
