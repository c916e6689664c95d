//! `register_vault_bearer`

use crate::{
    constants::*,
    error::{require, require_keys_eq, require_keys_neq, UpsideError},
    events::{emit, PositionTotals, SecurityTotals, SharesDeposited, SharesRegistered},
    instructions::shares::{check_bearer, check_position, load_position_mut, OpenPosition},
    prelude::*,
    seeds,
    state::{Security, Vault},
    token::{assert_registered, read_token_account, ShareMint},
};

/// Accounts of `register_vault_bearer`. Anyone.
#[event_cpi]
#[derive(Accounts)]
pub struct RegisterVaultBearer<'info> {
    /// Pays rent if the vault's position or registered account is missing, which stays.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The security that the shares back. Read only: named so that the history of its address is complete.
    pub security: AccountLoader<'info, Security>,
    /// Its vault for the shares: counts what came in.
    #[account(mut, has_one = security @ UpsideError::WrongVault)]
    pub vault: AccountLoader<'info, Vault>,
    /// The security whose shares they are. Settled: its registered shares change.
    #[account(mut)]
    pub held_security: AccountLoader<'info, Security>,
    /// CHECK: its share mint: the vault's asset, and compared with its record when the move is prepared.
    pub held_mint: UncheckedAccount<'info>,
    /// CHECK: the vault's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub vault_position: UncheckedAccount<'info>,
    /// CHECK: proven to be the vault's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub vault_registered: UncheckedAccount<'info>,
    /// CHECK: a token account of the shares that the vault owns, its associated one or another; checked below.
    #[account(mut)]
    pub bearer_account: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::register_vault_bearer`].
pub fn register_vault_bearer<'info>(ctx: Context<'info, RegisterVaultBearer<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    require_keys_neq!(*a.bearer_account.key, *a.vault_registered.key, UpsideError::SameAccount);
    let now = crate::instructions::now()?;
    let (security_key, held_key, vault_key) = (a.security.key(), a.held_security.key(), a.vault.key());
    // No vault has its own security's share for asset, so the two securities are different accounts.
    require_keys_eq!(a.vault.load()?.asset_mint, *a.held_mint.key, UpsideError::WrongVault);
    let mut held = a.held_security.load_mut()?;
    require!(!held.is_curated(), UpsideError::CuratedHasNoBearer);
    let shares = ShareMint::new(&held, a.held_security.as_ref(), &a.held_mint)?;
    check_bearer(&a.bearer_account, a.held_mint.key, &vault_key, 0)?;
    let amount = read_token_account(&a.bearer_account, &TOKEN_2022_PROGRAM_ID).map_or(0, |view| view.amount);
    require!(amount > 0, UpsideError::NothingToRegister);
    let (bump, sequence, deposited_total_atoms) = {
        let mut vault = a.vault.load_mut()?;
        vault.count_deposit(amount)?;
        (vault.bump, vault.sequence, vault.deposited_total_atoms)
    };
    let opened = OpenPosition {
        security_key: &held_key,
        position: &a.vault_position,
        holder: a.vault.as_ref(),
        payer: &a.payer,
        system: &a.system_program,
    }
    .ensure(&held)?;

    let upside_per_share_x64 = held.settle(now)?;
    held.add_registered(amount)?;
    held.next_sequence()?;
    held.invariant()?;
    let totals = SecurityTotals::from(&*held);
    drop(held);
    let (registered, position) = {
        let mut position = load_position_mut(&a.vault_position)?;
        check_position(&position, &held_key, &vault_key)?;
        position.settle(upside_per_share_x64)?;
        position.credit(amount)?;
        position.next_sequence()?;
        (
            shares.prove_or_create(
                &a.vault_registered,
                a.vault_position.key,
                &position,
                &a.payer,
                &a.system_program,
            )?,
            PositionTotals::from(&*position),
        )
    };

    shares.enter(
        &a.bearer_account,
        &registered,
        a.vault.as_ref(),
        &[seeds::VAULT, security_key.as_ref(), a.held_mint.key.as_ref(), &[bump]],
        amount,
    )?;
    assert_registered(registered.info, position.shares_atoms)?;

    emit(
        &SharesRegistered {
            version: EVENT_VERSION,
            ts: now,
            security: held_key,
            holder: vault_key,
            opened_by: if opened { *a.payer.key } else { Pubkey::default() },
            bearer_account: *a.bearer_account.key,
            amount_atoms: amount,
            totals,
            position,
        },
        &a.event_authority,
    )?;
    emit(
        &SharesDeposited {
            version: EVENT_VERSION,
            ts: now,
            sequence,
            security: security_key,
            vault: vault_key,
            held_security: held_key,
            depositor: Pubkey::default(),
            amount_atoms: amount,
            balance_atoms: position.shares_atoms,
            deposited_total_atoms,
        },
        &a.event_authority,
    )
}
