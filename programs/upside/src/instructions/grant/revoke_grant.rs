//! `revoke_grant`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, GrantRevoked, SecurityTotals},
    prelude::*,
    state::{Grant, Security},
};

/// Accounts of `revoke_grant`.
#[event_cpi]
#[derive(Accounts)]
pub struct RevokeGrant<'info> {
    /// The issuer of the moment.
    pub issuer: Signer<'info>,
    /// Gets the reserve back.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// The grant.
    #[account(mut, has_one = security @ UpsideError::WrongGrant)]
    pub grant: AccountLoader<'info, Grant>,
}

/// See [`crate::upside::revoke_grant`].
pub fn revoke_grant<'info>(ctx: Context<'info, RevokeGrant<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut security = a.security.load_mut()?;
        let mut grant = a.grant.load_mut()?;
        let freed_atoms = grant.revoke(now)?;
        security.unreserve(freed_atoms)?;
        security.next_sequence()?;
        security.invariant()?;
        GrantRevoked {
            version: EVENT_VERSION,
            ts: now,
            sequence: grant.sequence,
            security: grant.security,
            grant: a.grant.key(),
            recipient: grant.recipient,
            amount_atoms: grant.amount_atoms,
            freed_atoms,
            totals: SecurityTotals::from(&*security),
        }
    };

    emit(&event, &a.event_authority)
}
