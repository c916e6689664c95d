//! Backing.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::constants::{ASSOCIATED_TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::{self, SecurityKeys};

/// Opens a vault for one asset that is no share of a security: those are [`OpenShareVault`]'s. Signed by `payer` and `issuer`.
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
            held_security: None,
            held_payout_mint: None,
            held_payout_token_program: None,
            harvest_vault: None,
            harvest_vault_account: None,
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

/// Opens a vault for the shares of another security, and the vault of the money that they earn if that is another than `keys` pays out and has
/// no vault yet. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct OpenShareVault<'a> {
    /// The security that will hold.
    pub keys: &'a SecurityKeys,
    /// The security whose shares it will hold.
    pub held: &'a SecurityKeys,
    /// Pays rent.
    pub payer: Pubkey,
    /// The issuer of the moment of the security that will hold.
    pub issuer: Pubkey,
}

impl OpenShareVault<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::OpenVault {
        let other_money = self.held.payout_mint != self.keys.payout_mint;
        let (mint, program) = (self.held.payout_mint, self.held.payout_token_program);
        let harvest_vault = self.keys.vault(&mint);
        upside::accounts::OpenVault {
            held_security: Some(self.held.security),
            held_payout_mint: other_money.then_some(mint),
            held_payout_token_program: other_money.then_some(program),
            harvest_vault: other_money.then_some(harvest_vault),
            harvest_vault_account: other_money.then(|| pda::vault_account(&harvest_vault, &mint, &program)),
            ..OpenVault {
                keys: self.keys,
                payer: self.payer,
                issuer: self.issuer,
                asset_mint: self.held.mint,
                asset_token_program: TOKEN_2022_PROGRAM_ID,
            }
            .accounts()
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::OpenVault {})
    }
}

/// Puts registered shares of another security into a vault for good. Signed by `payer` and `holder`.
#[derive(Clone, Copy, Debug)]
pub struct DepositShares<'a> {
    /// The security that the shares will back.
    pub keys: &'a SecurityKeys,
    /// The security whose shares they are.
    pub held: &'a SecurityKeys,
    /// Pays rent if the vault has no position yet.
    pub payer: Pubkey,
    /// Who gives; anyone.
    pub holder: Pubkey,
    /// Share atoms.
    pub amount: u64,
}

impl DepositShares<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::DepositShares {
        let vault = self.keys.vault(&self.held.mint);
        upside::accounts::DepositShares {
            payer: self.payer,
            holder: self.holder,
            security: self.keys.security,
            vault,
            held_security: self.held.security,
            held_mint: self.held.mint,
            position: self.held.position(&self.holder),
            registered: self.held.registered(&self.holder),
            vault_position: self.held.position(&vault),
            vault_registered: self.held.registered(&vault),
            token_program: TOKEN_2022_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::DepositShares { amount: self.amount },
        )
    }
}

/// Registers bearer shares that were sent to a vault: all that one account holds. Signed by `payer`, anyone.
#[derive(Clone, Copy, Debug)]
pub struct RegisterVaultBearer<'a> {
    /// The security that the shares back.
    pub keys: &'a SecurityKeys,
    /// The security whose shares they are.
    pub held: &'a SecurityKeys,
    /// Pays rent if the vault has no position yet.
    pub payer: Pubkey,
    /// Token account that they lie in: the vault's associated one, or another that the vault owns.
    pub bearer_account: Pubkey,
}

impl<'a> RegisterVaultBearer<'a> {
    /// Those in the vault's associated token account.
    #[must_use]
    pub fn from_ata(keys: &'a SecurityKeys, held: &'a SecurityKeys, payer: Pubkey) -> Self {
        Self {
            keys,
            held,
            payer,
            bearer_account: held.bearer_account(&keys.vault(&held.mint)),
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::RegisterVaultBearer {
        let vault = self.keys.vault(&self.held.mint);
        upside::accounts::RegisterVaultBearer {
            payer: self.payer,
            security: self.keys.security,
            vault,
            held_security: self.held.security,
            held_mint: self.held.mint,
            vault_position: self.held.position(&vault),
            vault_registered: self.held.registered(&vault),
            bearer_account: self.bearer_account,
            token_program: TOKEN_2022_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::RegisterVaultBearer {})
    }
}

/// Moves what the shares in a vault have earned one hop up. Signed by nobody but the fee payer.
#[derive(Clone, Copy, Debug)]
pub struct Harvest<'a> {
    /// The security that holds.
    pub keys: &'a SecurityKeys,
    /// The security whose shares it holds.
    pub held: &'a SecurityKeys,
}

impl Harvest<'_> {
    /// Whether it goes into a vault, because the two securities pay out different money; else it goes onto the upper stream.
    #[must_use]
    pub fn goes_into_a_vault(&self) -> bool {
        self.held.payout_mint != self.keys.payout_mint
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Harvest {
        let vault = self.keys.vault(&self.held.mint);
        let money = self.keys.vault(&self.held.payout_mint);
        let into_vault = self.goes_into_a_vault();
        upside::accounts::Harvest {
            security: self.keys.security,
            vault,
            held_security: self.held.security,
            vault_position: self.held.position(&vault),
            payout_vault: self.held.payout_vault(),
            destination: if into_vault {
                pda::vault_account(&money, &self.held.payout_mint, &self.held.payout_token_program)
            } else {
                self.keys.payout_vault()
            },
            harvest_vault: into_vault.then_some(money),
            payout_mint: self.held.payout_mint,
            payout_token_program: self.held.payout_token_program,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Harvest {})
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
