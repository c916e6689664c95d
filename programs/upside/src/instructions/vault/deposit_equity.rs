//! `deposit_equity`

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, EquityDeposited},
    prelude::*,
    state::{Security, Vault},
    token::{check_vault_mint, read_token_account, transfer_checked, TokenAccountView, TransferAccounts},
};

/// Accounts of `deposit_equity`.
#[event_cpi]
#[derive(Accounts)]
pub struct DepositEquity<'info> {
    /// Gives; owns the source or is its delegate. Anyone.
    pub depositor: Signer<'info>,
    /// Read only: named so that the history of its address is complete.
    pub security: AccountLoader<'info, Security>,
    /// Counts what came in.
    #[account(mut,
        has_one = security @ UpsideError::WrongVault,
        has_one = asset_mint @ UpsideError::WrongVault)]
    pub vault: AccountLoader<'info, Vault>,
    /// CHECK: the vault's token account, by its record.
    #[account(mut)]
    pub vault_account: UncheckedAccount<'info>,
    /// CHECK: pays; checked below.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// CHECK: the asset, by the vault's record; checked against the policy again, for it may have changed.
    pub asset_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program that owns the asset's mint.
    pub asset_token_program: UncheckedAccount<'info>,
}

impl DepositEquity<'_> {
    fn validate(&self, vault: &Vault, amount: u64) -> Result<()> {
        require!(amount > 0, UpsideError::ZeroAmount);
        require!(vault.holds_shares == 0, UpsideError::ProtocolShares);
        require_keys_eq!(
            *self.vault_account.key,
            vault.token_account,
            UpsideError::WrongVaultAccount
        );
        require_keys_eq!(
            *self.asset_token_program.key,
            *self.asset_mint.owner,
            UpsideError::WrongTokenProgram
        );
        check_vault_mint(&self.asset_mint)?;
        let source = self.view(&self.source);
        require!(
            *self.source.key != vault.token_account
                && source.is_some_and(|view| view.mint == vault.asset_mint && !view.frozen && view.amount >= amount),
            UpsideError::BadSource
        );
        Ok(())
    }

    fn view(&self, account: &AccountInfo) -> Option<TokenAccountView> {
        read_token_account(account, self.asset_token_program.key)
    }

    /// What the vault has now.
    fn balance(&self) -> Result<TokenAccountView> {
        self.view(&self.vault_account)
            .ok_or_else(|| UpsideError::WrongVaultAccount.into())
    }
}

/// See [`crate::upside::deposit_equity`].
pub fn deposit_equity<'info>(ctx: Context<'info, DepositEquity<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let decimals = {
        let vault = a.vault.load()?;
        a.validate(&vault, amount)?;
        vault.decimals
    };
    let before = a.balance()?;
    require!(!before.frozen, UpsideError::VaultAccountFrozen);

    transfer_checked(
        &TransferAccounts::<AccountInfo> {
            token_program: a.asset_token_program.key,
            source: &a.source,
            mint: &a.asset_mint,
            destination: &a.vault_account,
            authority: &a.depositor,
        },
        amount,
        decimals,
        &[],
    )?;
    // A mint may withhold a fee: what counts is what arrived.
    let balance_atoms = a.balance()?.amount;
    let arrived_atoms = balance_atoms
        .checked_sub(before.amount)
        .filter(|arrived| *arrived > 0)
        .ok_or(UpsideError::NothingArrived)?;
    let event = {
        let mut vault = a.vault.load_mut()?;
        vault.count_deposit(arrived_atoms)?;
        EquityDeposited {
            version: EVENT_VERSION,
            ts: now,
            sequence: vault.sequence,
            security: vault.security,
            vault: a.vault.key(),
            asset_mint: vault.asset_mint,
            depositor: *a.depositor.key,
            sent_atoms: amount,
            arrived_atoms,
            balance_atoms,
            deposited_total_atoms: vault.deposited_total_atoms,
        }
    };

    emit(&event, &a.event_authority)
}
