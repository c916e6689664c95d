//! `create_collective`

use anchor_lang::system_program;
use bytemuck::Zeroable;

use crate::{
    address,
    constants::*,
    error::{require_keys_eq, UpsideError},
    events::{emit, CollectiveCreated},
    prelude::*,
    seeds,
    state::{Collective, Security},
    token::create_state,
    ID,
};

/// What `create_collective` is given: the same for every member, for good.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateCollectiveArgs {
    /// Part of a member's authorised supply that it gives, basis points.
    pub contribution_bps: u16,
    /// Share atoms granted to each member.
    pub shares: u64,
    /// Seconds from joining until the cliff of that grant.
    pub cliff_seconds: i64,
    /// Seconds from joining until all of it has vested.
    pub vesting_seconds: i64,
}

/// Accounts of `create_collective`.
#[event_cpi]
#[derive(Accounts)]
pub struct CreateCollective<'info> {
    /// Pays rent, which stays.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Fixes the rule.
    pub issuer: Signer<'info>,
    /// The security that others will join. Read only.
    #[account(has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub collective: UncheckedAccount<'info>,
    /// Creates the collective.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::create_collective`].
pub fn create_collective<'info>(
    ctx: Context<'info, CreateCollective<'info>>,
    args: CreateCollectiveArgs,
) -> Result<()> {
    let a = &ctx.accounts;
    let security_key = a.security.key();
    let (derived, bump) = address::find([seeds::COLLECTIVE, security_key.as_ref()], &ID)?;
    require_keys_eq!(*a.collective.key, derived, ErrorCode::ConstraintSeeds);
    require_keys_eq!(*a.collective.owner, system_program::ID, UpsideError::CollectiveExists);
    let now = crate::instructions::now()?;
    let mut collective = Collective::zeroed();
    collective.version = ACCOUNT_VERSION;
    collective.bump = bump;
    collective.contribution_bps = args.contribution_bps;
    collective.security = security_key;
    collective.shares_atoms = args.shares;
    collective.cliff_seconds = args.cliff_seconds;
    collective.vesting_seconds = args.vesting_seconds;
    collective.created_ts = now;
    collective.validate()?;
    collective.next_sequence()?;

    create_state(
        &a.payer,
        &a.collective,
        &a.system_program,
        &[seeds::COLLECTIVE, security_key.as_ref(), &[bump]],
        &collective,
    )?;

    emit(
        &CollectiveCreated {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            collective: *a.collective.key,
            contribution_bps: args.contribution_bps,
            shares_atoms: args.shares,
            cliff_seconds: args.cliff_seconds,
            vesting_seconds: args.vesting_seconds,
        },
        &a.event_authority,
    )
}
