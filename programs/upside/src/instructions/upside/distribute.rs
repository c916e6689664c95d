//! `distribute`

use solana_account_view::AccountView;

use crate::{
    constants::*,
    error::{err, require, UpsideError},
    events::{emit_in_place, SecurityTotals, UpsideDistributed},
    prelude::*,
    seeds,
    state::{view_mut, Security},
    token::{transfer_checked, view_token_account, TransferAccounts},
    EVENT_AUTHORITY_AND_BUMP, ID,
};

/// Accounts of `distribute`, for the interface and those who call it. The program reads them in place and checks by hand what is said here:
/// see [`distribute`].
#[event_cpi]
#[derive(Accounts)]
pub struct Distribute<'info> {
    /// Owns the source; anyone.
    pub funder: Signer<'info>,
    /// Settled, and the stream grows.
    #[account(mut,
        has_one = payout_vault @ UpsideError::WrongSecurityAccount,
        has_one = payout_mint @ UpsideError::WrongPayoutMint,
        has_one = inbox @ UpsideError::WrongSecurityAccount)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: pays `amount`; checked below. May be left out when the amount is zero and only the inbox is swept.
    #[account(mut)]
    pub source: Option<UncheckedAccount<'info>>,
    /// CHECK: the security's payout vault, by its record.
    #[account(mut)]
    pub payout_vault: UncheckedAccount<'info>,
    /// CHECK: the security's inbox, by its record. Swept if it exists, holds anything and is not frozen.
    #[account(mut)]
    pub inbox: UncheckedAccount<'info>,
    /// CHECK: the security's payout mint, by its record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
}

/// What can be taken from `source`: a thawed account of the payout mint with `amount` atoms.
fn check_source(source: &AccountView, security: &Security, amount: u64) -> Result<()> {
    let view = view_token_account(source, security.payout_program());
    require!(
        // The payout vault and the inbox are not the funder's to give; a transfer into itself would count money that never came.
        *source.address() != security.payout_vault
            && *source.address() != security.inbox
            && view.is_some_and(|view| view.mint == security.payout_mint && !view.frozen && view.amount >= amount),
        UpsideError::BadSource
    );
    Ok(())
}

/// What can be swept now. An inbox that is missing or frozen must not hold anybody up.
fn sweepable(inbox: &AccountView, security: &Security) -> u64 {
    view_token_account(inbox, security.payout_program())
        .filter(|view| view.mint == security.payout_mint && !view.frozen)
        .map_or(0, |view| view.amount)
}

/// See [`crate::upside::distribute`]. Called by the entrypoint.
///
/// Checks what the attributes of [`Distribute`] say, with the same errors.
pub fn distribute(accounts: &mut [AccountView], amount: u64) -> Result<()> {
    let [funder, security_account, source, payout_vault, inbox, payout_mint, payout_token_program, event_authority, _program, ..] =
        accounts
    else {
        return err!(ErrorCode::AccountNotEnoughKeys);
    };
    // An account that is left out is named by the program's address.
    let source = Some(&*source).filter(|source| *source.address() != ID);
    let mut security = view_mut::<Security>(security_account, "security")?;
    require!(funder.is_signer(), ErrorCode::AccountNotSigner);
    require!(
        *event_authority.address() == EVENT_AUTHORITY_AND_BUMP.0,
        ErrorCode::ConstraintAddress
    );
    require!(
        *payout_vault.address() == security.payout_vault && *inbox.address() == security.inbox,
        UpsideError::WrongSecurityAccount
    );
    require!(
        *payout_mint.address() == security.payout_mint,
        UpsideError::WrongPayoutMint
    );
    require!(
        payout_vault.is_writable() && inbox.is_writable() && source.is_none_or(AccountView::is_writable),
        ErrorCode::ConstraintMut
    );
    let token_program = security.payout_program();
    require!(
        payout_token_program.address() == token_program,
        UpsideError::WrongTokenProgram
    );
    let source = if amount > 0 {
        let source = source.ok_or(UpsideError::BadSource)?;
        check_source(source, &security, amount)?;
        Some(source)
    } else {
        None
    };
    let swept = sweepable(inbox, &security);
    let received = amount.checked_add(swept).ok_or(UpsideError::Overflow)?;
    require!(received > 0, UpsideError::NothingToDistribute);

    let now = Clock::get()?.unix_timestamp;
    security.settle(now)?;
    security.add_to_stream(received)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    let (mint, bump, decimals) = (security.mint, security.bump, security.payout_decimals);
    drop(security);

    let transfer = |source: &AccountView, authority: &AccountView, amount, seeds: &[&[u8]]| {
        transfer_checked(
            &TransferAccounts {
                token_program,
                source,
                mint: payout_mint,
                destination: payout_vault,
                authority,
            },
            amount,
            decimals,
            seeds,
        )
    };
    if let Some(source) = source {
        transfer(source, funder, amount, &[])?;
    }
    if swept > 0 {
        transfer(
            inbox,
            security_account,
            swept,
            &[seeds::SECURITY, mint.as_ref(), &[bump]],
        )?;
    }

    emit_in_place(
        &UpsideDistributed {
            version: EVENT_VERSION,
            ts: now,
            security: *security_account.address(),
            funder: *funder.address(),
            amount_atoms: amount,
            swept_atoms: swept,
            totals,
        },
        event_authority,
    )
}
