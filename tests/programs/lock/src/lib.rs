//! An example of a program that calls Upside: it locks shares for a time and passes their upside on meanwhile.
//!
//! An owner sends registered shares to an address of this program, the *lock*, which becomes a holder like any other. Until the time is up
//! nobody can move them; anyone may pass what they earn on to the owner; afterwards the owner takes them back.
//! `docs/cpi.md` tells what to know before a program does the like.

// `missing_docs` is denied module by module: Anchor's macros write undocumented items beside ours.
#![allow(unexpected_cfgs)]

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{transfer_checked, Mint, TokenAccount, TokenInterface, TransferChecked};
use upside::{
    cpi::{self, accounts as calls},
    program::Upside,
    state::{Position, Security},
};

declare_id!("7ZKwhnvNeQEaueDTka2izFTc29TuxyngryK4hPeSgUvR");

/// Seed of a lock's address; then the security and the owner.
pub const LOCK: &[u8] = b"lock";

/// The instructions.
#[program]
pub mod lock {
    use super::*;

    /// Opens a lock of the signer for one security, until `until_ts`, unix seconds.
    ///
    /// - The owner shall sign and pay its rent. It exists once per security and owner, and its time is never changed.
    /// - It comes before the shares: Upside takes an account of another program for a holder only if it exists, and the issuer of a curated
    ///   security has to approve it first.
    pub fn open<'info>(ctx: Context<'info, Open<'info>>, until_ts: i64) -> Result<()> {
        ctx.accounts.lock.set_inner(Lock {
            security: ctx.accounts.security.key(),
            owner: ctx.accounts.owner.key(),
            until_ts,
            bump: ctx.bumps.lock,
        });
        Ok(())
    }

    /// Sends registered shares of the owner into their lock.
    ///
    /// - The owner shall sign. The transfer opens the lock's position if it is missing; the owner pays its rent.
    pub fn lock_shares<'info>(ctx: Context<'info, LockShares<'info>>, amount: u64) -> Result<()> {
        let a = &ctx.accounts;
        let call = CpiContext::new(
            a.upside.key(),
            calls::TransferShares {
                payer: a.owner.to_account_info(),
                holder: a.owner.to_account_info(),
                security: a.security.to_account_info(),
                mint: a.mint.to_account_info(),
                from_position: a.owner_position.to_account_info(),
                from_registered: a.owner_registered.to_account_info(),
                to_holder: a.lock.to_account_info(),
                to_position: a.lock_position.to_account_info(),
                to_registered: a.lock_registered.to_account_info(),
                approval: a.approval.as_ref().map(ToAccountInfo::to_account_info),
                token_program: a.token_program.to_account_info(),
                memo_program: a.memo_program.to_account_info(),
                system_program: a.system_program.to_account_info(),
                event_authority: a.event_authority.to_account_info(),
                program: a.upside.to_account_info(),
            },
        );
        cpi::transfer_shares(call, amount)
    }

    /// Claims what the locked shares have earned, if anything, and passes all money of the lock on to the owner.
    ///
    /// - Anyone may. Anyone may also have claimed for the lock before: that money waits in its payout account.
    pub fn pass_on<'info>(ctx: Context<'info, PassOn<'info>>) -> Result<()> {
        let a = ctx.accounts;
        let seeds: &[&[u8]] = &[LOCK, a.lock.security.as_ref(), a.lock.owner.as_ref(), &[a.lock.bump]];
        let signed = [seeds];
        let owed = {
            let now = Clock::get()?.unix_timestamp;
            let mut position = *a.lock_position.load()?;
            position.settle(a.security.load()?.upside_per_share_at(now)?)?;
            position.take_payable()
        };
        if owed > 0 {
            // To the account that the lock's position has stored: nobody need sign.
            cpi::claim(CpiContext::new(
                a.upside.key(),
                calls::Claim {
                    security: a.security.to_account_info(),
                    position: a.lock_position.to_account_info(),
                    holder: a.lock.to_account_info(),
                    payout_vault: a.payout_vault.to_account_info(),
                    payout_account: a.lock_payout.to_account_info(),
                    payout_mint: a.payout_mint.to_account_info(),
                    payout_token_program: a.payout_token_program.to_account_info(),
                    event_authority: a.event_authority.to_account_info(),
                    program: a.upside.to_account_info(),
                },
            ))?;
        }
        a.lock_payout.reload()?;
        let transfer = CpiContext::new_with_signer(
            a.payout_token_program.key(),
            TransferChecked {
                from: a.lock_payout.to_account_info(),
                mint: a.payout_mint.to_account_info(),
                to: a.owner_payout.to_account_info(),
                authority: a.lock.to_account_info(),
            },
            &signed,
        );
        transfer_checked(transfer, a.lock_payout.amount, a.payout_mint.decimals)
    }

    /// Sends shares back to the owner when the time is up.
    ///
    /// - The owner shall sign, who pays rent where something of theirs is missing.
    pub fn release<'info>(ctx: Context<'info, Release<'info>>, amount: u64) -> Result<()> {
        let a = &ctx.accounts;
        require!(Clock::get()?.unix_timestamp >= a.lock.until_ts, LockError::StillLocked);
        let seeds: &[&[u8]] = &[LOCK, a.lock.security.as_ref(), a.lock.owner.as_ref(), &[a.lock.bump]];
        let signed = [seeds];
        let call = CpiContext::new_with_signer(
            a.upside.key(),
            calls::TransferShares {
                payer: a.owner.to_account_info(),
                holder: a.lock.to_account_info(),
                security: a.security.to_account_info(),
                mint: a.mint.to_account_info(),
                from_position: a.lock_position.to_account_info(),
                from_registered: a.lock_registered.to_account_info(),
                to_holder: a.owner.to_account_info(),
                to_position: a.owner_position.to_account_info(),
                to_registered: a.owner_registered.to_account_info(),
                approval: a.approval.as_ref().map(ToAccountInfo::to_account_info),
                token_program: a.token_program.to_account_info(),
                memo_program: a.memo_program.to_account_info(),
                system_program: a.system_program.to_account_info(),
                event_authority: a.event_authority.to_account_info(),
                program: a.upside.to_account_info(),
            },
            &signed,
        );
        cpi::transfer_shares(call, amount)
    }
}

/// Shares that are locked.
#[account]
#[derive(InitSpace)]
pub struct Lock {
    /// Of which security.
    pub security: Pubkey,
    /// Whose they are.
    pub owner: Pubkey,
    /// When they may be taken back, unix seconds.
    pub until_ts: i64,
    /// Bump of the address.
    pub bump: u8,
}

/// Accounts of `open`.
#[derive(Accounts)]
pub struct Open<'info> {
    /// Whose shares it will hold; pays rent.
    #[account(mut)]
    pub owner: Signer<'info>,
    /// The holder from now on.
    #[account(init, payer = owner, space = 8 + Lock::INIT_SPACE, seeds = [LOCK, security.key().as_ref(), owner.key().as_ref()], bump)]
    pub lock: Account<'info, Lock>,
    /// Of which security.
    pub security: AccountLoader<'info, Security>,
    /// Creates the lock.
    pub system_program: Program<'info, System>,
}

/// Accounts of `lock_shares`. What only Upside looks at is unchecked here: Upside checks it.
#[derive(Accounts)]
pub struct LockShares<'info> {
    /// Whose shares they are; pays rent.
    #[account(mut)]
    pub owner: Signer<'info>,
    /// The holder who receives.
    #[account(has_one = owner @ LockError::NotOwners, has_one = security)]
    pub lock: Account<'info, Lock>,
    /// CHECK: the lock's; by Upside.
    pub security: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub owner_position: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub owner_registered: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub lock_position: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub lock_registered: UncheckedAccount<'info>,
    /// CHECK: by Upside; the lock's, for a curated security.
    pub approval: Option<UncheckedAccount<'info>>,
    /// CHECK: by Upside.
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    pub memo_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
    /// CHECK: by Upside.
    pub event_authority: UncheckedAccount<'info>,
    /// Called.
    pub upside: Program<'info, Upside>,
}

/// Accounts of `pass_on`.
#[derive(Accounts)]
pub struct PassOn<'info> {
    /// The holder, whose money is passed on.
    #[account(has_one = security)]
    pub lock: Account<'info, Lock>,
    /// Read for what is owed; an account of Upside.
    pub security: AccountLoader<'info, Security>,
    /// Read for what is owed; that it is the lock's is checked by Upside.
    #[account(mut)]
    pub lock_position: AccountLoader<'info, Position>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub payout_vault: UncheckedAccount<'info>,
    /// Where Upside pays; that it is the one in the position is checked by Upside.
    #[account(mut, token::authority = lock, token::mint = payout_mint)]
    pub lock_payout: InterfaceAccount<'info, TokenAccount>,
    /// Where it goes.
    #[account(mut, token::authority = lock.owner, token::mint = payout_mint)]
    pub owner_payout: InterfaceAccount<'info, TokenAccount>,
    /// The money.
    pub payout_mint: InterfaceAccount<'info, Mint>,
    /// Moves it.
    pub payout_token_program: Interface<'info, TokenInterface>,
    /// CHECK: by Upside.
    pub event_authority: UncheckedAccount<'info>,
    /// Called.
    pub upside: Program<'info, Upside>,
}

/// Accounts of `release`.
#[derive(Accounts)]
pub struct Release<'info> {
    /// Whose shares they are.
    #[account(mut)]
    pub owner: Signer<'info>,
    /// The holder, which signs by its seeds.
    #[account(has_one = owner @ LockError::NotOwners, has_one = security)]
    pub lock: Account<'info, Lock>,
    /// CHECK: the lock's; by Upside.
    pub security: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub lock_position: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub lock_registered: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub owner_position: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    #[account(mut)]
    pub owner_registered: UncheckedAccount<'info>,
    /// CHECK: by Upside; the owner's, for a curated security.
    pub approval: Option<UncheckedAccount<'info>>,
    /// CHECK: by Upside.
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: by Upside.
    pub memo_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
    /// CHECK: by Upside.
    pub event_authority: UncheckedAccount<'info>,
    /// Called.
    pub upside: Program<'info, Upside>,
}

/// Why this program refuses.
#[error_code]
pub enum LockError {
    /// The account or the signer is not the owner's.
    #[msg("the lock belongs to another owner")]
    NotOwners,
    /// The time is not up.
    #[msg("the shares are locked until the time of the lock")]
    StillLocked,
}
