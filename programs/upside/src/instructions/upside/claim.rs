//! `claim`

use solana_account_view::AccountView;

use crate::{
    constants::*,
    error::{err, require, UpsideError},
    events::{emit_in_place, PositionTotals, UpsideClaimed},
    prelude::*,
    seeds,
    state::{view, view_mut, Position, Security},
    token::{transfer_checked, view_token_account, TransferAccounts},
    EVENT_AUTHORITY_AND_BUMP, ID,
};

/// Accounts of `claim`, for the interface and those who call it. The program reads them in place and checks by hand what is said here:
/// see [`claim`].
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

/// See [`crate::upside::claim`]. Called by the entrypoint.
///
/// Checks what the attributes of [`Claim`] say, with the same errors.
pub fn claim(accounts: &mut [AccountView]) -> Result<()> {
    let [security_account, position_account, holder, payout_vault, payout_account, payout_mint, payout_token_program, event_authority, _program, ..] =
        accounts
    else {
        return err!(ErrorCode::AccountNotEnoughKeys);
    };
    let security = view::<Security>(security_account, "security")?;
    let mut position = view_mut::<Position>(position_account, "position")?;
    require!(
        *event_authority.address() == EVENT_AUTHORITY_AND_BUMP.0,
        ErrorCode::ConstraintAddress
    );
    require!(
        *payout_vault.address() == security.payout_vault,
        UpsideError::WrongSecurityAccount
    );
    require!(
        *payout_mint.address() == security.payout_mint,
        UpsideError::WrongPayoutMint
    );
    require!(
        payout_vault.is_writable() && payout_account.is_writable(),
        ErrorCode::ConstraintMut
    );
    let token_program = security.payout_program();
    require!(
        payout_token_program.address() == token_program,
        UpsideError::WrongTokenProgram
    );
    require!(
        position.security == *security_account.address() && position.holder == *holder.address(),
        UpsideError::WrongPosition
    );
    // A vault is an account of this program: what it earns is harvested for its own security.
    require!(!holder.owned_by(&ID), UpsideError::HeldByVault);
    {
        // A transfer of the vault into itself would pay nothing and settle the debt.
        require!(
            *payout_account.address() != security.payout_vault,
            UpsideError::WrongPayoutAccount
        );
        let to = view_token_account(payout_account, token_program)
            .filter(|to| to.mint == security.payout_mint && !to.frozen)
            .ok_or(UpsideError::PayoutAccountNotHolders)?;
        if !holder.is_signer() {
            require!(
                *payout_account.address() == position.payout_account,
                UpsideError::WrongPayoutAccount
            );
            // The stored account may have been handed to somebody else since.
            require!(to.owner == position.holder, UpsideError::PayoutAccountNotHolders);
        }
    }

    let now = Clock::get()?.unix_timestamp;
    position.settle(security.upside_per_share_at(now)?)?;
    let amount = position.take_payable();
    require!(amount > 0, UpsideError::NothingToClaim);
    position.next_sequence()?;
    let totals = PositionTotals::from(&*position);
    let (mint, bump, decimals) = (security.mint, security.bump, security.payout_decimals);
    drop((security, position));

    transfer_checked(
        &TransferAccounts {
            token_program,
            source: payout_vault,
            mint: payout_mint,
            destination: payout_account,
            authority: security_account,
        },
        amount,
        decimals,
        &[seeds::SECURITY, mint.as_ref(), &[bump]],
    )?;

    emit_in_place(
        &UpsideClaimed {
            version: EVENT_VERSION,
            ts: now,
            security: *security_account.address(),
            holder: *holder.address(),
            payout_account: *payout_account.address(),
            amount_atoms: amount,
            position: totals,
        },
        event_authority,
    )
}
