//! Backing.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::constants::ASSOCIATED_TOKEN_PROGRAM_ID;

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::{self, SecurityKeys};

/// Opens a vault for one asset. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct OpenVault<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// The asset.
    pub asset_mint: Pubkey,
    /// The token program of the asset's mint.
    pub asset_token_program: Pubkey,
}

impl OpenVault<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::OpenVault {
        let vault = self.keys.vault(&self.asset_mint);
        upside::accounts::OpenVault {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            asset_mint: self.asset_mint,
            asset_token_program: self.asset_token_program,
            vault,
            vault_account: pda::vault_account(&vault, &self.asset_mint, &self.asset_token_program),
            associated_token_program: ASSOCIATED_TOKEN_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::OpenVault {})
    }
}

/// Puts equity into a vault for good. Signed by `depositor`, who owns `source` or is its delegate.
#[derive(Clone, Copy, Debug)]
pub struct DepositEquity<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Who gives; anyone.
    pub depositor: Pubkey,
    /// Token account that gives.
    pub source: Pubkey,
    /// The asset.
    pub asset_mint: Pubkey,
    /// The token program of the asset's mint.
    pub asset_token_program: Pubkey,
    /// Asset atoms to send; a mint may withhold a fee.
    pub amount: u64,
}

impl<'a> DepositEquity<'a> {
    /// Gives from the depositor's associated token account.
    #[must_use]
    pub fn from_ata(
        keys: &'a SecurityKeys,
        depositor: Pubkey,
        asset_mint: Pubkey,
        asset_token_program: Pubkey,
        amount: u64,
    ) -> Self {
        Self {
            keys,
            depositor,
            source: pda::ata(&depositor, &asset_mint, &asset_token_program),
            asset_mint,
            asset_token_program,
            amount,
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::DepositEquity {
        let vault = self.keys.vault(&self.asset_mint);
        upside::accounts::DepositEquity {
            depositor: self.depositor,
            security: self.keys.security,
            vault,
            vault_account: pda::vault_account(&vault, &self.asset_mint, &self.asset_token_program),
            source: self.source,
            asset_mint: self.asset_mint,
            asset_token_program: self.asset_token_program,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::DepositEquity { amount: self.amount },
        )
    }
}
