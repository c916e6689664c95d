//! `close_position`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, PositionClosed, PositionTotals, SecurityTotals},
    prelude::*,
    state::{Position, Security},
    token::{close_state, ShareMint},
};

/// Accounts of `close_position`.
#[event_cpi]
#[derive(Accounts)]
pub struct ClosePosition<'info> {
    /// Gives the empty position up.
    pub holder: Signer<'info>,
    /// Settled, then takes the fraction of an atom back.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the registered account is proven.
    pub mint: UncheckedAccount<'info>,
    /// Closed.
    #[account(mut,
        has_one = security @ UpsideError::WrongPosition,
        has_one = holder @ UpsideError::WrongPosition,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: proven to be the registered account; closed too if it exists and its holder's CPI guard allows.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: gets the rent back, by the position's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
}

/// See [`crate::upside::close_position`].
pub fn close_position<'info>(ctx: Context<'info, ClosePosition<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut security = a.security.load_mut()?;
    let shares = ShareMint::new(&security, a.security.as_ref(), &a.mint)?;

    // The fraction goes back only after the settled stream and accumulator are stored: else it would join money that dripped before.
    let upside_per_share_x64 = security.settle(now)?;
    let (registered, fraction_x64, position) = {
        let mut position = a.position.load_mut()?;
        position.settle(upside_per_share_x64)?;
        let fraction_x64 = position.close()?;
        position.next_sequence()?;
        (
            shares.prove(&a.registered, a.position.as_ref().key, &position)?,
            fraction_x64,
            PositionTotals::from(&*position),
        )
    };
    security.take_back(fraction_x64)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    drop(security);

    shares.close(&registered, &a.holder, &a.rent_payer)?;
    close_state(a.position.as_ref(), &a.rent_payer)?;

    emit(
        &PositionClosed {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            holder: *a.holder.key,
            fraction_x64,
            totals,
            position,
        },
        &a.event_authority,
    )
}
