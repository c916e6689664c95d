//! `apply`

use anchor_lang::system_program;
use bytemuck::Zeroable;

use crate::{
    address,
    constants::*,
    error::{require_keys_eq, require_keys_neq, UpsideError},
    events::{emit, MemberApplied},
    instructions::shares::check_holder,
    prelude::*,
    seeds,
    state::{Collective, Member, Security},
    token::create_state,
    ID,
};

/// Accounts of `apply`.
#[event_cpi]
#[derive(Accounts)]
pub struct Apply<'info> {
    /// Pays rent, and gets it back if the application is withdrawn.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Issuer of the security that applies: recorded, and the only one who can join for it.
    pub wallet: Signer<'info>,
    /// The collective's security. Read only.
    pub security: AccountLoader<'info, Security>,
    /// The rule.
    #[account(has_one = security @ UpsideError::WrongCollective)]
    pub collective: AccountLoader<'info, Collective>,
    /// The security that applies. Read only.
    pub member_security: AccountLoader<'info, Security>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub member: UncheckedAccount<'info>,
    /// Creates the application.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::apply`].
pub fn apply<'info>(ctx: Context<'info, Apply<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let (collective_key, member_security_key) = (a.collective.key(), a.member_security.key());
    require_keys_neq!(*a.security.as_ref().key, member_security_key, UpsideError::SelfHolding);
    let (derived, bump) = address::find(
        [seeds::MEMBER, collective_key.as_ref(), member_security_key.as_ref()],
        &ID,
    )?;
    require_keys_eq!(*a.member.key, derived, ErrorCode::ConstraintSeeds);
    require_keys_eq!(*a.member.owner, system_program::ID, UpsideError::ApplicationExists);
    // It will receive a grant.
    check_holder(&a.wallet)?;
    let now = crate::instructions::now()?;
    let mut member = Member::zeroed();
    {
        let (security, candidate) = (a.security.load()?, a.member_security.load()?);
        require_keys_eq!(candidate.issuer, *a.wallet.key, UpsideError::NotIssuer);
        // Neither ever changes its payout mint, so this holds when it joins.
        require_keys_eq!(
            candidate.payout_mint,
            security.payout_mint,
            UpsideError::PayoutMintsDiffer
        );
        let collective = a.collective.load()?;
        member.contribution_atoms = collective.contribution_of(candidate.authorised_atoms)?;
        member.shares_atoms = collective.shares_atoms;
    }
    member.version = ACCOUNT_VERSION;
    member.bump = bump;
    member.collective = collective_key;
    member.member_security = member_security_key;
    member.wallet = *a.wallet.key;
    member.rent_payer = *a.payer.key;
    member.applied_ts = now;
    member.next_sequence()?;

    create_state(
        &a.payer,
        &a.member,
        &a.system_program,
        &[
            seeds::MEMBER,
            collective_key.as_ref(),
            member_security_key.as_ref(),
            &[bump],
        ],
        &member,
    )?;

    emit(
        &MemberApplied {
            version: EVENT_VERSION,
            ts: now,
            security: *a.security.as_ref().key,
            collective: collective_key,
            member: *a.member.key,
            member_security: member_security_key,
            wallet: member.wallet,
            rent_payer: member.rent_payer,
            contribution_atoms: member.contribution_atoms,
            shares_atoms: member.shares_atoms,
        },
        &a.event_authority,
    )
}
