//! `create_grant`

use anchor_lang::system_program;
use bytemuck::Zeroable;

use crate::{
    constants::*,
    error::{require_keys_eq, UpsideError},
    events::{emit, GrantCreated, SecurityTotals},
    instructions::shares::{check_holder, shares_of},
    prelude::*,
    seeds,
    state::{Grant, Security},
    token::{create_state, read_share_supply},
};

/// What `create_grant` is given.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateGrantArgs {
    /// The issuer's choice; the recipient has no grant of this security with it.
    pub id: u64,
    /// Share atoms.
    pub amount: u64,
    /// Start of vesting, unix seconds.
    pub start_ts: i64,
    /// Nothing vests before, unix seconds.
    pub cliff_ts: i64,
    /// Everything has vested, unix seconds.
    pub end_ts: i64,
    /// Whether the issuer may revoke what has not vested. Never changes.
    pub revocable: bool,
    /// Who must approve before anything vests; zeros if time alone decides.
    pub approver: Pubkey,
    /// The approver must sign before, unix seconds; 0 if time alone decides.
    pub deadline_ts: i64,
}

/// Accounts of `create_grant`.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: CreateGrantArgs)]
pub struct CreateGrant<'info> {
    /// Pays rent, and gets it back when the grant is closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Promises the shares.
    pub issuer: Signer<'info>,
    /// Reserves them.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer, has_one = mint @ UpsideError::WrongSecurityAccount)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: the share mint, by the security's record: its supply tells whether others hold.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the issuer's position; anything else counts as no shares, which only makes the notice apply.
    pub issuer_position: UncheckedAccount<'info>,
    /// CHECK: any wallet; checked by `check_holder`.
    pub recipient: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut, seeds = [seeds::GRANT, security.key().as_ref(), recipient.key.as_ref(), &args.id.to_le_bytes()], bump)]
    pub grant: UncheckedAccount<'info>,
    /// Creates the grant.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::create_grant`].
pub fn create_grant<'info>(ctx: Context<'info, CreateGrant<'info>>, args: CreateGrantArgs) -> Result<()> {
    let a = &ctx.accounts;
    require_keys_eq!(*a.grant.owner, system_program::ID, UpsideError::GrantExists);
    check_holder(&a.recipient)?;
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut grant = Grant::zeroed();
    grant.version = ACCOUNT_VERSION;
    grant.bump = ctx.bumps.grant;
    grant.revocable = u8::from(args.revocable);
    grant.security = security_key;
    grant.recipient = *a.recipient.key;
    grant.approver = args.approver;
    grant.rent_payer = *a.payer.key;
    grant.id = args.id;
    grant.amount_atoms = args.amount;
    grant.start_ts = args.start_ts;
    grant.cliff_ts = args.cliff_ts;
    grant.end_ts = args.end_ts;
    grant.deadline_ts = args.deadline_ts;
    grant.announced_ts = now;
    grant.validate(now)?;
    grant.next_sequence()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        let own = shares_of(&a.issuer_position, &security_key, a.issuer.key);
        security.check_notice(own, read_share_supply(&a.mint)?, now, args.start_ts)?;
        security.reserve(args.amount)?;
        security.next_sequence()?;
        security.invariant()?;
        SecurityTotals::from(&*security)
    };

    create_state(
        &a.payer,
        &a.grant,
        &a.system_program,
        &[
            seeds::GRANT,
            security_key.as_ref(),
            a.recipient.key.as_ref(),
            &args.id.to_le_bytes(),
            &[grant.bump],
        ],
        &grant,
    )?;

    emit(
        &GrantCreated {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            grant: *a.grant.key,
            recipient: grant.recipient,
            approver: grant.approver,
            rent_payer: grant.rent_payer,
            id: grant.id,
            amount_atoms: grant.amount_atoms,
            start_ts: grant.start_ts,
            cliff_ts: grant.cliff_ts,
            end_ts: grant.end_ts,
            deadline_ts: grant.deadline_ts,
            revocable: args.revocable,
            totals,
        },
        &a.event_authority,
    )
}
