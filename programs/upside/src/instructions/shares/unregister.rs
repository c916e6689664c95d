//! `unregister`

use super::{check_position, register::check_bearer};
use crate::{
    constants::*,
    error::{require, require_keys_neq, UpsideError},
    events::{emit, PositionTotals, SecurityTotals, SharesUnregistered},
    prelude::*,
    state::{Position, Security},
    token::{assert_registered, ShareMint},
};

/// Accounts of `unregister`.
#[event_cpi]
#[derive(Accounts)]
pub struct Unregister<'info> {
    /// The holder of the position and of the bearer account.
    pub holder: Signer<'info>,
    /// Settled: the registered shares change.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the moves are prepared.
    pub mint: UncheckedAccount<'info>,
    /// The holder's position.
    #[account(mut)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: proven to be the registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: a token account of the mint owned by the holder; checked below.
    #[account(mut)]
    pub bearer_account: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the receiving account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
}

/// See [`crate::upside::unregister`].
pub fn unregister<'info>(ctx: Context<'info, Unregister<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(amount > 0, UpsideError::ZeroAmount);
    require_keys_neq!(*a.bearer_account.key, *a.registered.key, UpsideError::SameAccount);
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut security = a.security.load_mut()?;
    require!(!security.is_curated(), UpsideError::CuratedHasNoBearer);
    let shares = ShareMint::new(&security, a.security.as_ref(), &a.mint)?;
    check_bearer(&a.bearer_account, a.mint.key, a.holder.key, 0)?;

    let upside_per_share_x64 = security.settle(now)?;
    let (registered, position) = {
        let mut position = a.position.load_mut()?;
        check_position(&position, &security_key, a.holder.key)?;
        position.settle(upside_per_share_x64)?;
        position.debit(amount)?;
        position.next_sequence()?;
        (
            shares.prove(&a.registered, a.position.as_ref().key, &position)?,
            PositionTotals::from(&*position),
        )
    };
    security.remove_registered(amount)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    drop(security);

    shares.leave(&registered, &a.bearer_account, &a.holder, amount)?;
    assert_registered(registered.info, position.shares_atoms)?;

    emit(
        &SharesUnregistered {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            holder: *a.holder.key,
            bearer_account: *a.bearer_account.key,
            amount_atoms: amount,
            totals,
            position,
        },
        &a.event_authority,
    )
}
