//! `register`

use super::{check_position, load_position_mut, OpenPosition};
use crate::{
    constants::*,
    error::{require, require_keys_neq, UpsideError},
    events::{emit, PositionTotals, SecurityTotals, SharesRegistered},
    prelude::*,
    state::Security,
    token::{assert_registered, read_token_account, ShareMint},
};

/// Accounts of `register`.
#[event_cpi]
#[derive(Accounts)]
pub struct Register<'info> {
    /// Pays rent if the position or registered account is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The holder of the bearer shares and of the position.
    pub holder: Signer<'info>,
    /// Settled: the registered shares change.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the moves are prepared.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the holder's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: proven to be the registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: a token account of the mint owned by the holder; checked below.
    #[account(mut)]
    pub bearer_account: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the receiving account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

/// Proves that `info` is a thawed token account of `mint` owned by `holder`, a bearer account, with at least `amount` atoms. A
/// registered account is frozen.
pub fn check_bearer(info: &AccountInfo, mint: &Pubkey, holder: &Pubkey, amount: u64) -> Result<()> {
    let bearer = read_token_account(info, &TOKEN_2022_PROGRAM_ID)
        .filter(|view| view.mint == *mint && view.owner == *holder && !view.frozen)
        .ok_or(UpsideError::WrongBearerAccount)?;
    require!(bearer.amount >= amount, UpsideError::NotEnoughShares);
    Ok(())
}

/// See [`crate::upside::register`].
pub fn register<'info>(ctx: Context<'info, Register<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(amount > 0, UpsideError::ZeroAmount);
    require_keys_neq!(*a.bearer_account.key, *a.registered.key, UpsideError::SameAccount);
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut security = a.security.load_mut()?;
    require!(!security.is_curated(), UpsideError::CuratedHasNoBearer);
    let shares = ShareMint::new(&security, a.security.as_ref(), &a.mint)?;
    check_bearer(&a.bearer_account, a.mint.key, a.holder.key, amount)?;
    let opened = OpenPosition {
        security_key: &security_key,
        position: &a.position,
        holder: &a.holder,
        payer: &a.payer,
        system: &a.system_program,
    }
    .ensure(&security)?;

    let upside_per_share_x64 = security.settle(now)?;
    security.add_registered(amount)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    drop(security);
    let (registered, position) = {
        let mut position = load_position_mut(&a.position)?;
        check_position(&position, &security_key, a.holder.key)?;
        position.settle(upside_per_share_x64)?;
        position.credit(amount)?;
        position.next_sequence()?;
        (
            shares.prove_or_create(&a.registered, a.position.key, &position, &a.payer, &a.system_program)?,
            PositionTotals::from(&*position),
        )
    };

    shares.enter(&a.bearer_account, &registered, &a.holder, &[], amount)?;
    assert_registered(registered.info, position.shares_atoms)?;

    emit(
        &SharesRegistered {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            holder: *a.holder.key,
            opened_by: if opened { *a.payer.key } else { Pubkey::default() },
            bearer_account: *a.bearer_account.key,
            amount_atoms: amount,
            totals,
            position,
        },
        &a.event_authority,
    )
}
