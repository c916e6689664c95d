//! `accept_issuer`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, IssuerAccepted, SecurityTotals},
    prelude::*,
    state::Security,
};

/// Accounts of `accept_issuer`.
#[event_cpi]
#[derive(Accounts)]
pub struct AcceptIssuer<'info> {
    /// Becomes the issuer. Nobody can sign for zeros, which mean that nobody was proposed.
    pub pending_issuer: Signer<'info>,
    /// Its issuer changes.
    #[account(mut, has_one = pending_issuer @ UpsideError::NotPendingIssuer)]
    pub security: AccountLoader<'info, Security>,
}

/// See [`crate::upside::accept_issuer`].
pub fn accept_issuer<'info>(ctx: Context<'info, AcceptIssuer<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let (previous_issuer, totals) = {
        let mut security = a.security.load_mut()?;
        let previous_issuer = security.accept_issuer();
        security.next_sequence()?;
        (previous_issuer, SecurityTotals::from(&*security))
    };

    emit(
        &IssuerAccepted {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            previous_issuer,
            issuer: *a.pending_issuer.key,
            totals,
        },
        &a.event_authority,
    )
}
