//! `advance_redemption`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, RedemptionAdvanced, SecurityTotals},
    prelude::*,
    state::Security,
};

/// Accounts of `advance_redemption`.
#[event_cpi]
#[derive(Accounts)]
pub struct AdvanceRedemption<'info> {
    /// Opens redemption earlier than promised.
    pub issuer: Signer<'info>,
    /// Its date changes.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
}

/// See [`crate::upside::advance_redemption`].
pub fn advance_redemption<'info>(ctx: Context<'info, AdvanceRedemption<'info>>, redeem_after_ts: i64) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        security.advance_redemption(redeem_after_ts)?;
        security.next_sequence()?;
        SecurityTotals::from(&*security)
    };

    emit(
        &RedemptionAdvanced {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            redeem_after_ts,
            totals,
        },
        &a.event_authority,
    )
}
