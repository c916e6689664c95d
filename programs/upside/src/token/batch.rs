//! Several Token-2022 instructions in one call.
//!
//! Token-2022's `Batch` (first byte 255) runs instructions one after another within one invocation, which saves the cost of an
//! invocation each: `[255]`, then for each step its number of accounts, its data length and its data. The accounts of all steps
//! follow one another.

use anchor_lang::{
    prelude::*,
    solana_program::{
        instruction::{AccountMeta, Instruction},
        program::invoke_signed_unchecked,
    },
};

use crate::constants::TOKEN_2022_PROGRAM_ID;

/// Token instruction tags used here (the same in both token programs where both have them).
pub mod tag {
    /// `MintTo { amount }`.
    pub const MINT_TO: u8 = 7;
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
    /// `Batch`.
    pub const BATCH: u8 = 255;
}

/// A batch under construction.
pub struct Batch {
    data: Vec<u8>,
    metas: Vec<AccountMeta>,
}

impl Batch {
    /// An empty batch with room for the usual move.
    pub fn new() -> Self {
        let mut data = Vec::with_capacity(128);
        data.push(tag::BATCH);
        Self {
            data,
            metas: Vec::with_capacity(16),
        }
    }

    /// Appends one step.
    pub fn step(&mut self, metas: &[AccountMeta], data: &[&[u8]]) {
        // Every step here has at most 4 accounts and 67 bytes.
        self.data.push(metas.len() as u8);
        self.data.push(data.iter().map(|part| part.len()).sum::<usize>() as u8);
        for part in data {
            self.data.extend_from_slice(part);
        }
        self.metas.extend_from_slice(metas);
    }

    /// Runs all steps. `infos` must contain every account named; a step that fails fails all.
    pub fn invoke(self, infos: &[AccountInfo], signer_seeds: &[&[u8]]) -> Result<()> {
        let instruction = Instruction {
            program_id: TOKEN_2022_PROGRAM_ID,
            accounts: self.metas,
            data: self.data,
        };
        // Unchecked skips only the RefCell probes; no borrow of these accounts is held across the call.
        invoke_signed_unchecked(&instruction, infos, &[signer_seeds])?;
        Ok(())
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}
