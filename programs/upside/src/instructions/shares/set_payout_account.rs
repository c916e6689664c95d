//! `set_payout_account`

use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, PayoutAccountSet, PositionTotals},
    prelude::*,
    state::{Position, Security},
    token::read_token_account,
};

/// Accounts of `set_payout_account`.
#[event_cpi]
#[derive(Accounts)]
pub struct SetPayoutAccount<'info> {
    /// Chooses where a claim by anyone pays to.
    pub holder: Signer<'info>,
    /// Read only: says which mint pays out.
    pub security: AccountLoader<'info, Security>,
    /// The holder's position; keeps the choice.
    #[account(mut, has_one = security @ UpsideError::WrongPosition, has_one = holder @ UpsideError::WrongPosition)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: an unfrozen token account of the payout mint owned by the holder; checked below, and its owner again at each claim.
    pub payout_account: UncheckedAccount<'info>,
}

impl SetPayoutAccount<'_> {
    fn validate(&self) -> Result<()> {
        let security = self.security.load()?;
        require!(
            read_token_account(&self.payout_account, security.payout_program())
                .is_some_and(|view| view.mint == security.payout_mint
                    && view.owner == *self.holder.key
                    && !view.frozen),
            UpsideError::PayoutAccountNotHolders
        );
        Ok(())
    }
}

/// See [`crate::upside::set_payout_account`].
pub fn set_payout_account<'info>(ctx: Context<'info, SetPayoutAccount<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    a.validate()?;
    let now = crate::instructions::now()?;
    let totals = {
        let mut position = a.position.load_mut()?;
        position.payout_account = *a.payout_account.key;
        position.next_sequence()?;
        PositionTotals::from(&*position)
    };

    emit(
        &PayoutAccountSet {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            holder: *a.holder.key,
            payout_account: *a.payout_account.key,
            position: totals,
        },
        &a.event_authority,
    )
}
