//! Vaults and what is in them.

use anchor_lang::prelude::Pubkey;
use solana_signer::Signer;
use upside_client::{
    instructions::{DepositEquity, OpenVault},
    Receipt,
};
use upside_lookalike_mints::balances::MintRef;

use crate::{context::TestContext, setup::TestSecurity};

impl TestContext {
    /// Opens a vault. Its token account is thawed if the asset's accounts are born frozen. Returns the vault.
    ///
    /// # Panics
    /// If it is refused.
    pub fn open_vault(&self, security: &TestSecurity, asset: &MintRef) -> Pubkey {
        let open = self.open_vault_instruction(security, asset);
        let vault = open.accounts().vault;
        self.send(&[open.instruction()], &[&security.issuer]);
        let account = asset.account_of(&vault);
        if self.token(&account).expect("the vault's account").frozen {
            let authority = self.authority_of(asset);
            let thaw = asset.thaw(&authority.pubkey(), &vault).expect("instruction");
            self.send(&[thaw], &[&authority]);
        }
        vault
    }

    /// The instruction that opens a vault.
    #[must_use]
    pub fn open_vault_instruction<'a>(&self, security: &'a TestSecurity, asset: &MintRef) -> OpenVault<'a> {
        OpenVault {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            issuer: security.issuer_key(),
            asset_mint: asset.mint,
            asset_token_program: asset.token_program,
        }
    }

    /// The instruction with which the wallet `depositor` deposits from its associated token account.
    #[must_use]
    pub fn deposit_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        asset: &MintRef,
        atoms: u64,
    ) -> DepositEquity<'a> {
        DepositEquity::from_ata(
            &security.keys,
            self.key("depositor"),
            asset.mint,
            asset.token_program,
            atoms,
        )
    }

    /// Mints atoms to the wallet `depositor`, who deposits them into an open vault.
    ///
    /// # Panics
    /// If it is refused.
    pub fn deposit(&self, security: &TestSecurity, asset: &MintRef, atoms: u64) -> Receipt {
        let depositor = self.wallet("depositor");
        self.fund(asset, &depositor.pubkey(), atoms);
        self.send(
            &[self.deposit_instruction(security, asset, atoms).instruction()],
            &[&depositor],
        )
    }
}
