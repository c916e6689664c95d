//! `transfer_shares`

use super::{check_holder, MoveShares};
use crate::{
    constants::*,
    error::{require, require_keys_neq, UpsideError},
    events::emit,
    instructions::security::check_approved,
    prelude::*,
    state::{Position, Security},
};

/// Accounts of `transfer_shares`.
#[event_cpi]
#[derive(Accounts)]
pub struct TransferShares<'info> {
    /// Pays rent if the receiver's position or registered account is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The holder who sends.
    pub holder: Signer<'info>,
    /// Read only: transfers of one security do not meet here.
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the moves are prepared.
    pub mint: UncheckedAccount<'info>,
    /// The sender's position.
    #[account(mut)]
    pub from_position: AccountLoader<'info, Position>,
    /// CHECK: proven to be the sender's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub from_registered: UncheckedAccount<'info>,
    /// CHECK: any wallet; checked by `check_holder`.
    pub to_holder: UncheckedAccount<'info>,
    /// CHECK: the receiver's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub to_position: UncheckedAccount<'info>,
    /// CHECK: proven to be the receiver's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub to_registered: UncheckedAccount<'info>,
    /// CHECK: the receiver's approval, looked at for a curated security only; checked by `check_approved`.
    pub approval: Option<UncheckedAccount<'info>>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the receiver's account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

impl<'info> TransferShares<'info> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, UpsideError::ZeroAmount);
        require_keys_neq!(*self.holder.key, *self.to_holder.key, UpsideError::SameAccount);
        check_holder(&self.to_holder)?;
        let security = self.security.load()?;
        if security.is_curated() {
            check_approved(self.approval.as_deref(), self.security.as_ref().key, self.to_holder.key)?;
        }
        Ok(())
    }
}

/// See [`crate::upside::transfer_shares`].
pub fn transfer_shares<'info>(ctx: Context<'info, TransferShares<'info>>, amount: u64) -> Result<()> {
    let a = &ctx.accounts;
    a.validate(amount)?;
    let now = crate::instructions::now()?;
    let event = MoveShares {
        security: &a.security,
        mint: &a.mint,
        from: &a.holder,
        from_seeds: &[],
        from_position: a.from_position.as_ref(),
        from_registered: &a.from_registered,
        to: &a.to_holder,
        to_position: &a.to_position,
        to_registered: &a.to_registered,
        payer: &a.payer,
        system: &a.system_program,
    }
    .run(amount, now)?;

    emit(&event, &a.event_authority)
}
