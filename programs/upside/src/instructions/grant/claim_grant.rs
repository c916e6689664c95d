//! `claim_grant`

use crate::{
    constants::*,
    error::{require_keys_neq, UpsideError},
    events::{emit, GrantClaimed, PositionTotals, SecurityTotals},
    instructions::shares::{check_position, load_position_mut, OpenPosition},
    prelude::*,
    state::{Grant, Security},
    token::{assert_registered, ShareMint},
    ID,
};

/// Accounts of `claim_grant`.
#[event_cpi]
#[derive(Accounts)]
pub struct ClaimGrant<'info> {
    /// Pays rent if the recipient's position or registered account is missing. Anyone.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: the grant's recipient, by its record.
    pub recipient: UncheckedAccount<'info>,
    /// Settled: issued and registered shares change.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the moves are prepared.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// The grant.
    #[account(mut,
        has_one = security @ UpsideError::WrongGrant,
        has_one = recipient @ UpsideError::WrongGrant)]
    pub grant: AccountLoader<'info, Grant>,
    /// CHECK: the recipient's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: proven to be the registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::claim_grant`].
pub fn claim_grant<'info>(ctx: Context<'info, ClaimGrant<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    // An address that was funded when the grant was made may have become a vault since.
    require_keys_neq!(*a.recipient.owner, ID, UpsideError::NotAHolder);
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let (amount, sequence, claimed_atoms) = {
        let mut grant = a.grant.load_mut()?;
        (grant.claim(now)?, grant.sequence, grant.claimed_atoms)
    };
    let mut security = a.security.load_mut()?;
    let shares = ShareMint::new(&security, a.security.as_ref(), &a.mint)?;
    let opened = OpenPosition {
        security_key: &security_key,
        position: &a.position,
        holder: &a.recipient,
        payer: &a.payer,
        system: &a.system_program,
    }
    .ensure(&security)?;

    let upside_per_share_x64 = security.settle(now)?;
    let (registered, position) = {
        let mut position = load_position_mut(&a.position)?;
        check_position(&position, &security_key, a.recipient.key)?;
        position.settle(upside_per_share_x64)?;
        position.credit(amount)?;
        position.next_sequence()?;
        (
            shares.prove_or_create(&a.registered, a.position.key, &position, &a.payer, &a.system_program)?,
            PositionTotals::from(&*position),
        )
    };
    security.issue_reserved(amount)?;
    security.add_registered(amount)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    drop(security);

    shares.mint_to(&registered, amount)?;
    assert_registered(registered.info, position.shares_atoms)?;

    emit(
        &GrantClaimed {
            version: EVENT_VERSION,
            ts: now,
            sequence,
            security: security_key,
            grant: a.grant.key(),
            recipient: *a.recipient.key,
            opened_by: if opened { *a.payer.key } else { Pubkey::default() },
            amount_atoms: amount,
            claimed_atoms,
            totals,
            position,
        },
        &a.event_authority,
    )
}
