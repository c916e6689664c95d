//! `open_vault`

use anchor_lang::{prelude::*, system_program};
use anchor_spl::associated_token::AssociatedToken;
use bytemuck::Zeroable;

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, SecurityTotals, VaultOpened},
    seeds,
    state::{Security, Vault},
    token::{check_vault_mint, create_associated_account, create_state, is_share_mint, AssociatedAccount},
};

/// Accounts of `open_vault`.
#[event_cpi]
#[derive(Accounts)]
pub struct OpenVault<'info> {
    /// Pays rent, which stays: a vault is never closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Chooses what may back the security.
    pub issuer: Signer<'info>,
    /// Counts its vaults.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: checked against the policy for vault assets.
    pub asset_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program that owns the asset's mint.
    pub asset_token_program: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut, seeds = [seeds::VAULT, security.key().as_ref(), asset_mint.key.as_ref()], bump)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the vault's associated token account, perhaps made by somebody before; the associated token program proves its address and owner.
    #[account(mut)]
    pub vault_account: UncheckedAccount<'info>,
    /// Creates the token account.
    pub associated_token_program: Program<'info, AssociatedToken>,
    /// Creates the vault.
    pub system_program: Program<'info, System>,
}

impl<'info> OpenVault<'info> {
    /// Checks the asset and returns its decimals.
    fn validate(&self) -> Result<u8> {
        require_keys_eq!(*self.vault.owner, system_program::ID, UpsideError::VaultAlreadyOpen);
        require_keys_neq!(
            *self.asset_mint.key,
            self.security.load()?.mint,
            UpsideError::SelfHolding
        );
        require_keys_eq!(
            *self.asset_token_program.key,
            *self.asset_mint.owner,
            UpsideError::WrongTokenProgram
        );
        let mint = check_vault_mint(&self.asset_mint)?;
        require!(!is_share_mint(&self.asset_mint, &mint)?, UpsideError::ProtocolShares);
        Ok(mint.decimals)
    }
}

/// See [`crate::upside::open_vault`].
pub fn open_vault<'info>(ctx: Context<'info, OpenVault<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let decimals = a.validate()?;
    let now = Clock::get()?.unix_timestamp;
    let security_key = a.security.key();
    let (index, totals) = {
        let mut security = a.security.load_mut()?;
        let index = security.open_vault()?;
        security.next_sequence()?;
        (index, SecurityTotals::from(&*security))
    };
    let mut vault = Vault::zeroed();
    vault.version = ACCOUNT_VERSION;
    vault.bump = ctx.bumps.vault;
    vault.index = index;
    vault.decimals = decimals;
    vault.security = security_key;
    vault.asset_mint = *a.asset_mint.key;
    vault.token_account = *a.vault_account.key;
    // Tickets opened before this vault have nothing to collect from it.
    vault.collected_total_atoms = totals.redeemed_total_atoms;
    vault.opened_ts = now;

    create_state(
        &a.payer,
        &a.vault,
        &a.system_program,
        &[
            seeds::VAULT,
            security_key.as_ref(),
            a.asset_mint.key.as_ref(),
            &[ctx.bumps.vault],
        ],
        &vault,
    )?;
    create_associated_account(
        &AssociatedAccount {
            payer: &a.payer,
            account: &a.vault_account,
            owner: &a.vault,
            mint: &a.asset_mint,
            token_program: &a.asset_token_program,
            associated_token_program: a.associated_token_program.key,
            system_program: &a.system_program,
        },
        UpsideError::WrongVaultAccount,
    )?;

    emit(
        &VaultOpened {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            vault: *a.vault.key,
            asset_mint: *a.asset_mint.key,
            index,
            holds_shares: false,
            collected_total_atoms: totals.redeemed_total_atoms,
            totals,
            decimals,
            token_account: *a.vault_account.key,
        },
        &a.event_authority,
    )
}
