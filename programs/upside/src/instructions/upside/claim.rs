//! `claim`

use anchor_lang::prelude::*;

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, PositionTotals, UpsideClaimed},
    seeds,
    state::{Position, Security},
    token::{read_token_account, transfer_checked, TransferAccounts},
    ID,
};

/// Accounts of `claim`.
#[event_cpi]
#[derive(Accounts)]
pub struct Claim<'info> {
    /// Read only: the accumulator is computed, not written.
    #[account(has_one = payout_vault @ UpsideError::WrongSecurityAccount, has_one = payout_mint @ UpsideError::WrongPayoutMint)]
    pub security: AccountLoader<'info, Security>,
    /// Whose upside is paid.
    #[account(mut, has_one = security @ UpsideError::WrongPosition, has_one = holder @ UpsideError::WrongPosition)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: the position's holder. A holder who signs may name any payout account.
    pub holder: UncheckedAccount<'info>,
    /// CHECK: the security's payout vault, by its record.
    #[account(mut)]
    pub payout_vault: UncheckedAccount<'info>,
    /// CHECK: where the money goes; checked below.
    #[account(mut)]
    pub payout_account: UncheckedAccount<'info>,
    /// CHECK: the security's payout mint, by its record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
}

impl Claim<'_> {
    fn validate(&self, security: &Security, position: &Position) -> Result<()> {
        require_keys_eq!(
            *self.payout_token_program.key,
            *security.payout_program(),
            UpsideError::WrongTokenProgram
        );
        require_keys_neq!(
            *self.payout_account.key,
            security.payout_vault,
            UpsideError::WrongPayoutAccount
        );
        // A vault is an account of this program: what it earns is harvested for its own security.
        require!(*self.holder.owner != ID, UpsideError::HeldByVault);
        let view = read_token_account(&self.payout_account, security.payout_program())
            .filter(|view| view.mint == security.payout_mint && !view.frozen)
            .ok_or(UpsideError::PayoutAccountNotHolders)?;
        if !self.holder.is_signer {
            require_keys_eq!(
                *self.payout_account.key,
                position.payout_account,
                UpsideError::WrongPayoutAccount
            );
            // The stored account may have been handed to somebody else since.
            require_keys_eq!(view.owner, position.holder, UpsideError::PayoutAccountNotHolders);
        }
        Ok(())
    }
}

/// See [`crate::upside::claim`].
pub fn claim<'info>(ctx: Context<'info, Claim<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let security = a.security.load()?;
    let mut position = a.position.load_mut()?;
    a.validate(&security, &position)?;

    position.settle(security.upside_per_share_at(now)?)?;
    let amount = position.take_payable();
    require!(amount > 0, UpsideError::NothingToClaim);
    position.next_sequence()?;
    let totals = PositionTotals::from(&*position);
    let (mint, bump, decimals) = (security.mint, security.bump, security.payout_decimals);
    drop((security, position));

    transfer_checked(
        &TransferAccounts {
            token_program: a.payout_token_program.key,
            source: &a.payout_vault,
            mint: &a.payout_mint,
            destination: &a.payout_account,
            authority: a.security.as_ref(),
        },
        amount,
        decimals,
        &[seeds::SECURITY, mint.as_ref(), &[bump]],
    )?;

    emit(
        &UpsideClaimed {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            holder: *a.holder.key,
            payout_account: *a.payout_account.key,
            amount_atoms: amount,
            position: totals,
        },
        &a.event_authority,
    )
}
