//! `collect_shares`

use anchor_lang::system_program;

use crate::{
    address,
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, AssetCollected},
    instructions::{
        security::check_approved,
        shares::{check_position, load_position_mut, MoveShares},
    },
    prelude::*,
    seeds,
    state::{Redemption, Security, Vault},
    token::read_share_supply,
    ID,
};

/// Accounts of `collect_shares`.
#[event_cpi]
#[derive(Accounts)]
pub struct CollectShares<'info> {
    /// Pays rent if the holder's position or registered account is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The ticket's holder, who chooses the moment and receives.
    pub holder: Signer<'info>,
    /// The security redeemed. Read only: collecting from different vaults does not meet here.
    #[account(has_one = mint @ UpsideError::WrongSecurityAccount)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: its share mint, by its record: its supply counts.
    pub mint: UncheckedAccount<'info>,
    /// The ticket.
    #[account(mut,
        has_one = security @ UpsideError::WrongRedemption,
        has_one = holder @ UpsideError::WrongRedemption)]
    pub redemption: AccountLoader<'info, Redemption>,
    /// Counts the ticket's shares as paid, and signs for the shares that it holds.
    #[account(mut, has_one = security @ UpsideError::WrongVault)]
    pub vault: AccountLoader<'info, Vault>,
    /// The security whose shares the vault holds. Read only: moves of its shares do not meet here.
    pub held_security: AccountLoader<'info, Security>,
    /// CHECK: its share mint: the vault's asset, and compared with its record when the move is prepared.
    pub held_mint: UncheckedAccount<'info>,
    /// CHECK: the vault's position there; it is missing while the vault never held anything. Checked below.
    #[account(mut)]
    pub vault_position: UncheckedAccount<'info>,
    /// CHECK: proven to be the vault's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub vault_registered: UncheckedAccount<'info>,
    /// CHECK: the holder's position there, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: proven to be the holder's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: the holder's approval, looked at if the shares are of a curated security; checked by `check_approved`.
    pub approval: Option<UncheckedAccount<'info>>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the holder's account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

impl CollectShares<'_> {
    /// Share atoms that the vault holds. Another account in the place of its position would make the ticket collect nothing.
    fn held_shares(&self) -> Result<u64> {
        let (held_key, vault_key) = (self.held_security.as_ref().key, self.vault.as_ref().key);
        if *self.vault_position.owner == ID {
            let position = load_position_mut(&self.vault_position)?;
            check_position(&position, held_key, vault_key)?;
            return Ok(position.shares_atoms);
        }
        require_keys_eq!(
            *self.vault_position.owner,
            system_program::ID,
            UpsideError::WrongPosition
        );
        let (derived, _) = address::find([seeds::POSITION, held_key.as_ref(), vault_key.as_ref()], &ID)?;
        require_keys_eq!(*self.vault_position.key, derived, UpsideError::WrongPosition);
        Ok(0)
    }
}

/// See [`crate::upside::collect_shares`].
pub fn collect_shares<'info>(ctx: Context<'info, CollectShares<'info>>, least_atoms: u64) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let (mut event, bump) = {
        let security = a.security.load()?;
        let mut vault = a.vault.load_mut()?;
        let mut redemption = a.redemption.load_mut()?;
        let held = a.held_security.load()?;
        require!(
            vault.asset_mint == held.mint && held.mint == *a.held_mint.key,
            UpsideError::WrongVault
        );
        redemption.collect(vault.index)?;
        let shares_atoms = redemption.shares_atoms;
        let balance = a.held_shares()?;
        let paid_atoms = vault.part_of(&security, read_share_supply(&a.mint)?, balance, shares_atoms)?;
        vault.count_collected(shares_atoms)?;
        if paid_atoms > 0 && held.is_curated() {
            check_approved(a.approval.as_deref(), a.held_security.as_ref().key, a.holder.key)?;
        }
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
            arrived_atoms: paid_atoms,
            balance_atoms: balance.checked_sub(paid_atoms).ok_or(UpsideError::InvariantBroken)?,
            collected_total_atoms: vault.collected_total_atoms,
        };
        (event, vault.bump)
    };
    require!(event.arrived_atoms >= least_atoms, UpsideError::TooLittleArrived);

    if event.paid_atoms > 0 {
        event.receiver = *a.registered.key;
        let moved = MoveShares {
            security: &a.held_security,
            mint: &a.held_mint,
            from: a.vault.as_ref(),
            from_seeds: &[
                seeds::VAULT,
                event.security.as_ref(),
                event.asset_mint.as_ref(),
                &[bump],
            ],
            from_position: &a.vault_position,
            from_registered: &a.vault_registered,
            to: &a.holder,
            to_position: &a.position,
            to_registered: &a.registered,
            payer: &a.payer,
            system: &a.system_program,
        }
        .run(event.paid_atoms, now)?;
        emit(&moved, &a.event_authority)?;
    }
    emit(&event, &a.event_authority)
}
