//! `distribute`

use anchor_lang::prelude::*;

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, SecurityTotals, UpsideDistributed},
    seeds,
    state::Security,
    token::{read_token_account, transfer_checked, TransferAccounts},
};

/// Accounts of `distribute`.
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

impl<'info> Distribute<'info> {
    fn source(&self, security: &Security, amount: u64) -> Result<&UncheckedAccount<'info>> {
        let source = self.source.as_ref().ok_or(UpsideError::BadSource)?;
        let view = read_token_account(source, security.payout_program());
        require!(
            // The payout vault and the inbox are not the funder's to give; a transfer into itself would count money that never came.
            *source.key != security.payout_vault
                && *source.key != security.inbox
                && view.is_some_and(|view| view.mint == security.payout_mint && !view.frozen && view.amount >= amount),
            UpsideError::BadSource
        );
        Ok(source)
    }

    /// What can be swept now. An inbox that is missing or frozen must not hold anybody up.
    fn sweepable(&self, security: &Security) -> u64 {
        read_token_account(&self.inbox, security.payout_program())
            .filter(|view| view.mint == security.payout_mint && !view.frozen)
            .map_or(0, |view| view.amount)
    }
}

/// See [`crate::upside::distribute`].
pub fn distribute<'info>(ctx: Context<'info, Distribute<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let mut security = a.security.load_mut()?;
    require_keys_eq!(
        *a.payout_token_program.key,
        *security.payout_program(),
        UpsideError::WrongTokenProgram
    );
    let source = if amount > 0 {
        Some(a.source(&security, amount)?)
    } else {
        None
    };
    let swept = a.sweepable(&security);
    let received = amount.checked_add(swept).ok_or(UpsideError::Overflow)?;
    require!(received > 0, UpsideError::NothingToDistribute);

    security.settle(now)?;
    security.add_to_stream(received)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    let (mint, bump, decimals) = (security.mint, security.bump, security.payout_decimals);
    drop(security);

    let transfer = |source: &AccountInfo<'info>, authority: &AccountInfo<'info>, amount, seeds: &[&[u8]]| {
        transfer_checked(
            &TransferAccounts {
                token_program: a.payout_token_program.key,
                source,
                mint: &a.payout_mint,
                destination: &a.payout_vault,
                authority,
            },
            amount,
            decimals,
            seeds,
        )
    };
    if let Some(source) = source {
        transfer(source, &a.funder, amount, &[])?;
    }
    if swept > 0 {
        transfer(
            &a.inbox,
            a.security.as_ref(),
            swept,
            &[seeds::SECURITY, mint.as_ref(), &[bump]],
        )?;
    }

    emit(
        &UpsideDistributed {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            funder: *a.funder.key,
            amount_atoms: amount,
            swept_atoms: swept,
            totals,
        },
        &a.event_authority,
    )
}
