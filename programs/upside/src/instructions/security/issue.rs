//! `issue`

use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, PositionTotals, SecurityTotals, SharesIssued},
    instructions::shares::{check_position, load_position_mut, OpenPosition},
    prelude::*,
    state::Security,
    token::{assert_registered, read_share_supply, ShareMint},
};

/// Accounts of `issue`.
#[event_cpi]
#[derive(Accounts)]
pub struct Issue<'info> {
    /// Pays rent if the issuer's position or registered account is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The issuer, who must hold every share and receives the new ones.
    pub issuer: Signer<'info>,
    /// Settled: issued and registered shares change.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the moves are prepared.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the issuer's position, opened if missing; owner, type and keys are checked when loaded.
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

/// See [`crate::upside::issue`].
pub fn issue<'info>(ctx: Context<'info, Issue<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(amount > 0, UpsideError::ZeroAmount);
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut security = a.security.load_mut()?;
    let shares = ShareMint::new(&security, a.security.as_ref(), &a.mint)?;
    let supply = read_share_supply(&a.mint)?;
    let opened = OpenPosition {
        security_key: &security_key,
        position: &a.position,
        holder: &a.issuer,
        payer: &a.payer,
        system: &a.system_program,
    }
    .ensure(&security)?;

    let upside_per_share_x64 = security.settle(now)?;
    let (registered, position) = {
        let mut position = load_position_mut(&a.position)?;
        check_position(&position, &security_key, a.issuer.key)?;
        // Bearer shares count as held by others: nobody can tell whose they are.
        require!(
            position.shares_atoms == supply && security.reserved_atoms == 0,
            UpsideError::OthersHoldShares
        );
        position.settle(upside_per_share_x64)?;
        position.credit(amount)?;
        position.next_sequence()?;
        (
            shares.prove_or_create(&a.registered, a.position.key, &position, &a.payer, &a.system_program)?,
            PositionTotals::from(&*position),
        )
    };
    security.issue(amount)?;
    security.add_registered(amount)?;
    security.next_sequence()?;
    security.invariant()?;
    let totals = SecurityTotals::from(&*security);
    drop(security);

    shares.mint_to(&registered, amount)?;
    assert_registered(registered.info, position.shares_atoms)?;

    emit(
        &SharesIssued {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            holder: *a.issuer.key,
            opened_by: if opened { *a.payer.key } else { Pubkey::default() },
            amount_atoms: amount,
            totals,
            position,
        },
        &a.event_authority,
    )
}
