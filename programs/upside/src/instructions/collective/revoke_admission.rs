//! `revoke_admission`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, AdmissionRevoked},
    prelude::*,
    state::{Collective, Member, Security},
};

/// Accounts of `revoke_admission`.
#[event_cpi]
#[derive(Accounts)]
pub struct RevokeAdmission<'info> {
    /// Issuer of the collective's security.
    pub issuer: Signer<'info>,
    /// The collective's security. Read only.
    #[account(has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// The collective. Read only.
    #[account(has_one = security @ UpsideError::WrongCollective)]
    pub collective: AccountLoader<'info, Collective>,
    /// The application.
    #[account(mut, has_one = collective @ UpsideError::WrongMember)]
    pub member: AccountLoader<'info, Member>,
}

/// See [`crate::upside::revoke_admission`].
pub fn revoke_admission<'info>(ctx: Context<'info, RevokeAdmission<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut member = a.member.load_mut()?;
        member.revoke_admission()?;
        AdmissionRevoked {
            version: EVENT_VERSION,
            ts: now,
            sequence: member.sequence,
            security: *a.security.as_ref().key,
            collective: member.collective,
            member: *a.member.as_ref().key,
            member_security: member.member_security,
        }
    };

    emit(&event, &a.event_authority)
}
