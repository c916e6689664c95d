//! `post_update`

use super::check_uri;
use crate::{
    constants::*,
    error::UpsideError,
    events::{emit_text, SecurityTotals, UpdatePosted},
    prelude::*,
    state::Security,
};

/// Accounts of `post_update`.
#[event_cpi]
#[derive(Accounts)]
pub struct PostUpdate<'info> {
    /// Speaks to the holders.
    pub issuer: Signer<'info>,
    /// Numbers the update.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
}

/// See [`crate::upside::post_update`].
pub fn post_update<'info>(ctx: Context<'info, PostUpdate<'info>>, uri: String, sha256: [u8; 32]) -> Result<()> {
    let a = &ctx.accounts;
    check_uri(&uri)?;
    let now = crate::instructions::now()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        security.next_sequence()?;
        SecurityTotals::from(&*security)
    };

    emit_text(
        &UpdatePosted {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            uri,
            sha256,
            totals,
        },
        &a.event_authority,
    )
}
