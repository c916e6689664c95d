//! `withdraw_application`

use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, ApplicationWithdrawn},
    prelude::*,
    state::{Collective, Member, Security},
    token::close_state,
};

/// Accounts of `withdraw_application`.
#[event_cpi]
#[derive(Accounts)]
pub struct WithdrawApplication<'info> {
    /// Who applied, or the issuer of the moment of the security that applied.
    pub signer: Signer<'info>,
    /// The collective's security. Read only: named so that the history of its address is complete.
    pub security: AccountLoader<'info, Security>,
    /// The collective. Read only.
    #[account(has_one = security @ UpsideError::WrongCollective)]
    pub collective: AccountLoader<'info, Collective>,
    /// The security that applied. Read only.
    pub member_security: AccountLoader<'info, Security>,
    /// Closed.
    #[account(mut,
        has_one = collective @ UpsideError::WrongMember,
        has_one = member_security @ UpsideError::WrongMember,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub member: AccountLoader<'info, Member>,
    /// CHECK: gets the rent back, by the application's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

/// See [`crate::upside::withdraw_application`].
pub fn withdraw_application<'info>(ctx: Context<'info, WithdrawApplication<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut member = a.member.load_mut()?;
        member.check_open()?;
        // A new issuer is not bound by what the one before applied for: a stale application would keep the security out for ever.
        require!(
            *a.signer.key == member.wallet || *a.signer.key == a.member_security.load()?.issuer,
            UpsideError::NotApplicant
        );
        ApplicationWithdrawn {
            version: EVENT_VERSION,
            ts: now,
            sequence: member.next_sequence()?,
            security: *a.security.as_ref().key,
            collective: member.collective,
            member: *a.member.as_ref().key,
            member_security: member.member_security,
            by: *a.signer.key,
        }
    };

    close_state(a.member.as_ref(), &a.rent_payer)?;

    emit(&event, &a.event_authority)
}
