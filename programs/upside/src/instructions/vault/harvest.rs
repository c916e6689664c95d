//! `harvest`

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, BackingHarvested, PositionTotals, SecurityTotals, UpsideClaimed, UpsideHarvested},
    instructions::shares::check_position,
    prelude::*,
    seeds,
    state::{Position, Security, Vault},
    token::{read_token_account, transfer_checked, TransferAccounts},
};

/// Accounts of `harvest`. Anyone.
#[event_cpi]
#[derive(Accounts)]
pub struct Harvest<'info> {
    /// The security that holds: settled, and its stream grows if it pays out the same money.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// Its vault for the shares, whose claim this is.
    #[account(has_one = security @ UpsideError::WrongVault)]
    pub vault: AccountLoader<'info, Vault>,
    /// The security whose shares they are. Read only: its accumulator is computed, not written.
    #[account(
        has_one = payout_vault @ UpsideError::WrongSecurityAccount,
        has_one = payout_mint @ UpsideError::WrongPayoutMint)]
    pub held_security: AccountLoader<'info, Security>,
    /// The vault's position there.
    #[account(mut)]
    pub vault_position: AccountLoader<'info, Position>,
    /// CHECK: the held security's payout vault, by its record.
    #[account(mut)]
    pub payout_vault: UncheckedAccount<'info>,
    /// CHECK: the payout vault of the security that holds, or the token account of `harvest_vault`; checked below.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    /// The vault of the money, if the security that holds pays out another.
    #[account(mut)]
    pub harvest_vault: Option<AccountLoader<'info, Vault>>,
    /// CHECK: the held security's payout mint, by its record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
}

/// Where a harvest goes, settled and counted.
enum Target {
    /// The upper stream, with the security after.
    Stream(SecurityTotals),
    /// The vault of the money: its number, and what it was ever given.
    Vault {
        key: Pubkey,
        sequence: u64,
        deposited_total_atoms: u64,
    },
}

impl Harvest<'_> {
    /// Puts `amount` on the upper stream if the money is the same, exactly as `distribute` does, else counts it in the vault of that money.
    fn receive(&self, amount: u64, now: i64) -> Result<Target> {
        let mut security = self.security.load_mut()?;
        if security.payout_mint == *self.payout_mint.key {
            require_keys_eq!(
                *self.destination.key,
                security.payout_vault,
                UpsideError::WrongHarvestAccount
            );
            security.settle(now)?;
            security.add_to_stream(amount)?;
            security.next_sequence()?;
            security.invariant()?;
            return Ok(Target::Stream(SecurityTotals::from(&*security)));
        }
        let target = self.harvest_vault.as_ref().ok_or(UpsideError::HarvestVaultMissing)?;
        let mut vault = target.load_mut()?;
        require!(
            vault.security == *self.security.as_ref().key && vault.asset_mint == *self.payout_mint.key,
            UpsideError::WrongVault
        );
        require_keys_eq!(
            *self.destination.key,
            vault.token_account,
            UpsideError::WrongHarvestAccount
        );
        let account = read_token_account(&self.destination, self.payout_token_program.key)
            .ok_or(UpsideError::WrongHarvestAccount)?;
        require!(!account.frozen, UpsideError::VaultAccountFrozen);
        vault.count_deposit(amount)?;
        Ok(Target::Vault {
            key: *target.as_ref().key,
            sequence: vault.sequence,
            deposited_total_atoms: vault.deposited_total_atoms,
        })
    }
}

/// See [`crate::upside::harvest`].
pub fn harvest<'info>(ctx: Context<'info, Harvest<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let (security_key, vault_key, held_key) = (
        *a.security.as_ref().key,
        *a.vault.as_ref().key,
        *a.held_security.as_ref().key,
    );
    let now = crate::instructions::now()?;
    let (amount, position, mint, bump, decimals) = {
        let held = a.held_security.load()?;
        // No vault has its own security's share for asset, so the two securities are different accounts.
        require_keys_eq!(a.vault.load()?.asset_mint, held.mint, UpsideError::WrongVault);
        require_keys_eq!(
            *a.payout_token_program.key,
            *held.payout_program(),
            UpsideError::WrongTokenProgram
        );
        let mut position = a.vault_position.load_mut()?;
        check_position(&position, &held_key, &vault_key)?;
        position.settle(held.upside_per_share_at(now)?)?;
        let amount = position.take_payable();
        require!(amount > 0, UpsideError::NothingToHarvest);
        position.next_sequence()?;
        let totals = PositionTotals::from(&*position);
        (amount, totals, held.mint, held.bump, held.payout_decimals)
    };
    let target = a.receive(amount, now)?;

    transfer_checked(
        &TransferAccounts::<AccountInfo> {
            token_program: a.payout_token_program.key,
            source: &a.payout_vault,
            mint: &a.payout_mint,
            destination: &a.destination,
            authority: a.held_security.as_ref(),
        },
        amount,
        decimals,
        &[seeds::SECURITY, mint.as_ref(), &[bump]],
    )?;

    emit(
        &UpsideClaimed {
            version: EVENT_VERSION,
            ts: now,
            security: held_key,
            holder: vault_key,
            payout_account: *a.destination.key,
            amount_atoms: amount,
            position,
        },
        &a.event_authority,
    )?;
    match target {
        Target::Stream(totals) => emit(
            &UpsideHarvested {
                version: EVENT_VERSION,
                ts: now,
                security: security_key,
                vault: vault_key,
                held_security: held_key,
                amount_atoms: amount,
                totals,
            },
            &a.event_authority,
        ),
        Target::Vault {
            key,
            sequence,
            deposited_total_atoms,
        } => emit(
            &BackingHarvested {
                version: EVENT_VERSION,
                ts: now,
                sequence,
                security: security_key,
                from_vault: vault_key,
                held_security: held_key,
                vault: key,
                asset_mint: *a.payout_mint.key,
                amount_atoms: amount,
                balance_atoms: read_token_account(&a.destination, a.payout_token_program.key)
                    .map_or(0, |view| view.amount),
                deposited_total_atoms,
            },
            &a.event_authority,
        ),
    }
}
