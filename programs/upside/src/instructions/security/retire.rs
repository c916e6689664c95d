//! `retire`

use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, CapacityRetired, SecurityTotals},
    prelude::*,
    state::Security,
};

/// Accounts of `retire`.
#[event_cpi]
#[derive(Accounts)]
pub struct Retire<'info> {
    /// Gives the capacity up.
    pub issuer: Signer<'info>,
    /// `authorised` falls.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
}

/// See [`crate::upside::retire`].
pub fn retire<'info>(ctx: Context<'info, Retire<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(amount > 0, UpsideError::ZeroAmount);
    let now = crate::instructions::now()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        security.retire(amount)?;
        security.next_sequence()?;
        security.invariant()?;
        SecurityTotals::from(&*security)
    };

    emit(
        &CapacityRetired {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            amount_atoms: amount,
            totals,
        },
        &a.event_authority,
    )
}
