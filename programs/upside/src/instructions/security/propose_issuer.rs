//! `propose_issuer`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, IssuerProposed, SecurityTotals},
    prelude::*,
    state::Security,
};

/// Accounts of `propose_issuer`.
#[event_cpi]
#[derive(Accounts)]
pub struct ProposeIssuer<'info> {
    /// Hands the security over.
    pub issuer: Signer<'info>,
    /// The proposal is kept here.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
}

/// See [`crate::upside::propose_issuer`].
pub fn propose_issuer<'info>(ctx: Context<'info, ProposeIssuer<'info>>, pending_issuer: Pubkey) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        security.propose_issuer(pending_issuer)?;
        security.next_sequence()?;
        SecurityTotals::from(&*security)
    };

    emit(
        &IssuerProposed {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            pending_issuer,
            totals,
        },
        &a.event_authority,
    )
}
