//! `deposit_shares`

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, SharesDeposited},
    instructions::shares::MoveShares,
    prelude::*,
    state::{Position, Security, Vault},
};

/// Accounts of `deposit_shares`.
#[event_cpi]
#[derive(Accounts)]
pub struct DepositShares<'info> {
    /// Pays rent if the vault's position or registered account is missing, which stays.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The holder who gives. Anyone.
    pub holder: Signer<'info>,
    /// The security that the shares will back. Read only: named so that the history of its address is complete.
    pub security: AccountLoader<'info, Security>,
    /// Its vault for the shares: counts what came in.
    #[account(mut, has_one = security @ UpsideError::WrongVault)]
    pub vault: AccountLoader<'info, Vault>,
    /// The security whose shares they are. Read only: moves of its shares do not meet here.
    pub held_security: AccountLoader<'info, Security>,
    /// CHECK: its share mint: the vault's asset, and compared with its record when the move is prepared.
    pub held_mint: UncheckedAccount<'info>,
    /// The giver's position.
    #[account(mut)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: proven to be the giver's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: the vault's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub vault_position: UncheckedAccount<'info>,
    /// CHECK: proven to be the vault's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub vault_registered: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::deposit_shares`].
pub fn deposit_shares<'info>(ctx: Context<'info, DepositShares<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(amount > 0, UpsideError::ZeroAmount);
    let now = crate::instructions::now()?;
    let (sequence, deposited_total_atoms) = {
        let mut vault = a.vault.load_mut()?;
        // No vault has its own security's share for asset, so the two securities are different accounts.
        require_keys_eq!(vault.asset_mint, *a.held_mint.key, UpsideError::WrongVault);
        vault.count_deposit(amount)?;
        (vault.sequence, vault.deposited_total_atoms)
    };

    // Needs no approval of a curated security: backing is not a holder who was chosen, and collecting asks for one.
    let moved = MoveShares {
        security: &a.held_security,
        mint: &a.held_mint,
        from: &a.holder,
        from_seeds: &[],
        from_position: a.position.as_ref(),
        from_registered: &a.registered,
        to: a.vault.as_ref(),
        to_position: &a.vault_position,
        to_registered: &a.vault_registered,
        payer: &a.payer,
        system: &a.system_program,
    }
    .run(amount, now)?;

    emit(&moved, &a.event_authority)?;
    emit(
        &SharesDeposited {
            version: EVENT_VERSION,
            ts: now,
            sequence,
            security: *a.security.as_ref().key,
            vault: *a.vault.as_ref().key,
            held_security: moved.security,
            depositor: *a.holder.key,
            amount_atoms: amount,
            balance_atoms: moved.to_position.shares_atoms,
            deposited_total_atoms,
        },
        &a.event_authority,
    )
}
