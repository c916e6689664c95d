//! `redeem`

use anchor_lang::{error::ErrorCode, system_program};
use bytemuck::Zeroable;

use crate::{
    address,
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, PositionTotals, SecurityTotals, SharesRedeemed},
    prelude::*,
    seeds,
    state::{Position, Redemption, Security},
    token::{assert_registered, create_state, ShareMint},
    ID,
};

/// Accounts of `redeem`.
#[event_cpi]
#[derive(Accounts)]
pub struct Redeem<'info> {
    /// Pays the ticket's rent, and gets it back when the ticket is closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The holder who gives the shares up.
    pub holder: Signer<'info>,
    /// Settled: the registered shares change.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the burn is prepared; its supply falls.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// The holder's position.
    #[account(mut,
        has_one = security @ UpsideError::WrongPosition,
        has_one = holder @ UpsideError::WrongPosition)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: proven to be the registered account before the burn, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub redemption: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates the ticket.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::redeem`].
pub fn redeem<'info>(ctx: Context<'info, Redeem<'info>>, id: u64, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(amount > 0, UpsideError::ZeroAmount);
    let security_key = a.security.key();
    let (redemption_key, redemption_bump) = address::find(
        [
            seeds::REDEMPTION,
            security_key.as_ref(),
            a.holder.key.as_ref(),
            &id.to_le_bytes(),
        ],
        &ID,
    )?;
    require_keys_eq!(*a.redemption.key, redemption_key, ErrorCode::ConstraintSeeds);
    // A ticket still open keeps its address; overwriting it would lose what it has to collect.
    require_keys_eq!(*a.redemption.owner, system_program::ID, UpsideError::RedemptionExists);
    let now = crate::instructions::now()?;
    let mut security = a.security.load_mut()?;
    let shares = ShareMint::new(&security, a.security.as_ref(), &a.mint)?;

    let upside_per_share_x64 = security.settle(now)?;
    let (registered, position) = {
        let mut position = a.position.load_mut()?;
        position.settle(upside_per_share_x64)?;
        position.debit(amount)?;
        position.next_sequence()?;
        (
            shares.prove(&a.registered, a.position.as_ref().key, &position)?,
            PositionTotals::from(&*position),
        )
    };
    security.redeem(amount, now)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);

    let mut redemption = Redemption::zeroed();
    redemption.version = ACCOUNT_VERSION;
    redemption.bump = redemption_bump;
    redemption.vault_count = security.vault_count;
    redemption.security = security_key;
    redemption.holder = *a.holder.key;
    redemption.rent_payer = *a.payer.key;
    redemption.id = id;
    redemption.shares_atoms = amount;
    redemption.redeemed_ts = now;
    redemption.next_sequence()?;
    drop(security);

    shares.burn(&registered, &a.holder, amount)?;
    assert_registered(registered.info, position.shares_atoms)?;
    create_state(
        &a.payer,
        &a.redemption,
        &a.system_program,
        &[
            seeds::REDEMPTION,
            security_key.as_ref(),
            a.holder.key.as_ref(),
            &id.to_le_bytes(),
            &[redemption_bump],
        ],
        &redemption,
    )?;

    emit(
        &SharesRedeemed {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            holder: *a.holder.key,
            redemption: *a.redemption.key,
            id,
            rent_payer: *a.payer.key,
            vault_count: redemption.vault_count,
            amount_atoms: amount,
            totals,
            position,
        },
        &a.event_authority,
    )
}
