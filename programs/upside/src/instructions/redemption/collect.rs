//! `collect`

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, AssetCollected},
    prelude::*,
    seeds,
    state::{Redemption, Security, Vault},
    token::{
        memo_if_required, read_share_supply, read_token_account, transfer_checked, transfer_checked_with_hook,
        TokenAccountView, TransferAccounts,
    },
};

/// Accounts of `collect`. Those that the mint's transfer hook wants follow.
#[event_cpi]
#[derive(Accounts)]
pub struct Collect<'info> {
    /// The ticket's holder, who chooses the moment.
    pub holder: Signer<'info>,
    /// Read only: collecting from different vaults does not meet here.
    #[account(has_one = mint @ UpsideError::WrongSecurityAccount)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: the share mint, by the security's record: its supply counts.
    pub mint: UncheckedAccount<'info>,
    /// The ticket.
    #[account(mut,
        has_one = security @ UpsideError::WrongRedemption,
        has_one = holder @ UpsideError::WrongRedemption)]
    pub redemption: AccountLoader<'info, Redemption>,
    /// Counts the ticket's shares as paid, and signs for the asset.
    #[account(mut,
        has_one = security @ UpsideError::WrongVault,
        has_one = asset_mint @ UpsideError::WrongVault)]
    pub vault: AccountLoader<'info, Vault>,
    /// CHECK: the vault's token account, by its record.
    #[account(mut)]
    pub vault_account: UncheckedAccount<'info>,
    /// CHECK: the asset, by the vault's record. It need not exist any more if there is nothing to pay.
    pub asset_mint: UncheckedAccount<'info>,
    /// CHECK: any token account of the asset but the vault's; checked below.
    #[account(mut)]
    pub receiver: UncheckedAccount<'info>,
    /// CHECK: compared with the program that owns the vault's token account.
    pub asset_token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the receiving account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
}

impl<'info> Collect<'info> {
    /// Checks the accounts that only the vault's record proves and returns what the vault holds.
    fn validate(&self, vault: &Vault) -> Result<TokenAccountView> {
        require!(vault.holds_shares == 0, UpsideError::ProtocolShares);
        require_keys_eq!(
            *self.vault_account.key,
            vault.token_account,
            UpsideError::WrongVaultAccount
        );
        require_keys_eq!(
            *self.asset_token_program.key,
            *self.vault_account.owner,
            UpsideError::WrongTokenProgram
        );
        self.view(&self.vault_account)
            .ok_or_else(|| UpsideError::WrongVaultAccount.into())
    }

    fn view(&self, account: &AccountInfo) -> Option<TokenAccountView> {
        read_token_account(account, self.asset_token_program.key)
    }

    /// What the receiver holds; refuses one that cannot receive.
    fn receiver_atoms(&self) -> Result<u64> {
        self.view(&self.receiver)
            .filter(|view| {
                view.mint == *self.asset_mint.key && !view.frozen && self.receiver.key != self.vault_account.key
            })
            .map(|view| view.amount)
            .ok_or_else(|| UpsideError::BadReceiver.into())
    }

    /// Pays `amount` out of the vault and returns what arrived. No account may be borrowed.
    fn pay(&self, hook: &[AccountInfo<'info>], amount: u64, decimals: u8, bump: u8) -> Result<u64> {
        let before = self.receiver_atoms()?;
        if *self.asset_token_program.key == TOKEN_2022_PROGRAM_ID {
            memo_if_required(&self.receiver)?;
        }
        let accounts = TransferAccounts::<AccountInfo> {
            token_program: self.asset_token_program.key,
            source: &self.vault_account,
            mint: &self.asset_mint,
            destination: &self.receiver,
            authority: self.vault.as_ref(),
        };
        let signer_seeds: &[&[u8]] = &[
            seeds::VAULT,
            self.security.as_ref().key.as_ref(),
            self.asset_mint.key.as_ref(),
            &[bump],
        ];
        if hook.is_empty() {
            transfer_checked(&accounts, amount, decimals, signer_seeds)?;
        } else {
            transfer_checked_with_hook(&accounts, hook, amount, decimals, signer_seeds)?;
        }
        let after = self.view(&self.receiver).map(|view| view.amount);
        after
            .and_then(|after| after.checked_sub(before))
            .ok_or_else(|| UpsideError::BadReceiver.into())
    }
}

/// See [`crate::upside::collect`].
pub fn collect<'info>(ctx: Context<'info, Collect<'info>>, least_atoms: u64) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    // What is written here is written before the asset moves: a hook that calls back finds the ticket used.
    let (mut event, decimals, bump) = {
        let security = a.security.load()?;
        let mut vault = a.vault.load_mut()?;
        let mut redemption = a.redemption.load_mut()?;
        let held = a.validate(&vault)?;
        redemption.collect(vault.index)?;
        let shares_atoms = redemption.shares_atoms;
        let paid_atoms = vault.part_of(&security, read_share_supply(&a.mint)?, held.amount, shares_atoms)?;
        require!(paid_atoms == 0 || !held.frozen, UpsideError::VaultAccountFrozen);
        vault.count_collected(shares_atoms)?;
        let event = AssetCollected {
            version: EVENT_VERSION,
            ts: now,
            sequence: vault.sequence,
            redemption_sequence: redemption.sequence,
            security: vault.security,
            redemption: *a.redemption.as_ref().key,
            holder: *a.holder.key,
            vault: *a.vault.as_ref().key,
            index: vault.index,
            asset_mint: vault.asset_mint,
            receiver: Pubkey::default(),
            shares_atoms,
            paid_atoms,
            arrived_atoms: 0,
            balance_atoms: held
                .amount
                .checked_sub(paid_atoms)
                .ok_or(UpsideError::InvariantBroken)?,
            collected_total_atoms: vault.collected_total_atoms,
        };
        (event, vault.decimals, vault.bump)
    };

    if event.paid_atoms > 0 {
        event.arrived_atoms = a.pay(ctx.remaining_accounts, event.paid_atoms, decimals, bump)?;
        event.receiver = *a.receiver.key;
    }
    require!(event.arrived_atoms >= least_atoms, UpsideError::TooLittleArrived);

    emit(&event, &a.event_authority)
}
