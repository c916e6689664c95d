//! `admit`

use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, MemberAdmitted},
    prelude::*,
    state::{Collective, Member, Security},
};

/// What `admit` is given: the application as its author has seen it, so that consent to one never serves another at the same address.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmitArgs {
    /// Who applied.
    pub wallet: Pubkey,
    /// Share atoms that the member gives.
    pub contribution: u64,
    /// When it applied, unix seconds.
    pub applied_ts: i64,
    /// The consent holds before, unix seconds.
    pub expires_ts: i64,
}

/// Accounts of `admit`.
#[event_cpi]
#[derive(Accounts)]
pub struct Admit<'info> {
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

/// See [`crate::upside::admit`].
pub fn admit<'info>(ctx: Context<'info, Admit<'info>>, args: AdmitArgs) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut member = a.member.load_mut()?;
        require!(
            member.wallet == args.wallet
                && member.contribution_atoms == args.contribution
                && member.applied_ts == args.applied_ts,
            UpsideError::ApplicationChanged
        );
        member.admit(now, args.expires_ts, a.security.load()?.notice_seconds)?;
        MemberAdmitted {
            version: EVENT_VERSION,
            ts: now,
            sequence: member.sequence,
            security: *a.security.as_ref().key,
            collective: member.collective,
            member: *a.member.as_ref().key,
            member_security: member.member_security,
            expires_ts: member.expires_ts,
        }
    };

    emit(&event, &a.event_authority)
}
