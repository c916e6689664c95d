//! `approve_holder`

use anchor_lang::{system_program, Discriminator};
use bytemuck::Zeroable;

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, HolderApproved, SecurityTotals},
    instructions::shares::check_holder,
    prelude::*,
    seeds,
    state::{Approval, Security},
    token::create_state,
    ID,
};

/// Accounts of `approve_holder`.
#[event_cpi]
#[derive(Accounts)]
pub struct ApproveHolder<'info> {
    /// Pays rent, and gets it back when the approval is removed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Chooses who may receive.
    pub issuer: Signer<'info>,
    /// A curated security.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: any wallet; checked by `check_holder`.
    pub holder: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut, seeds = [seeds::APPROVAL, security.key().as_ref(), holder.key.as_ref()], bump)]
    pub approval: UncheckedAccount<'info>,
    /// Creates the approval.
    pub system_program: Program<'info, System>,
}

/// Proves that `approval` lets `holder` receive shares of `security`. Only derived addresses ever carry such keys.
pub fn check_approved(approval: Option<&AccountInfo>, security: &Pubkey, holder: &Pubkey) -> Result<()> {
    let info = approval
        .filter(|info| *info.owner == ID)
        .ok_or(UpsideError::HolderNotApproved)?;
    let data = info.try_borrow_data()?;
    require!(
        data.len() == Approval::SPACE && data.starts_with(Approval::DISCRIMINATOR),
        UpsideError::HolderNotApproved
    );
    let approval: &Approval = bytemuck::from_bytes(&data[Approval::DISCRIMINATOR.len()..]);
    require!(
        approval.security == *security && approval.holder == *holder,
        UpsideError::HolderNotApproved
    );
    Ok(())
}

/// See [`crate::upside::approve_holder`].
pub fn approve_holder<'info>(ctx: Context<'info, ApproveHolder<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    require_keys_eq!(*a.approval.owner, system_program::ID, UpsideError::AlreadyApproved);
    check_holder(&a.holder)?;
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let totals = {
        let mut security = a.security.load_mut()?;
        require!(security.is_curated(), UpsideError::NotCurated);
        security.next_sequence()?;
        SecurityTotals::from(&*security)
    };
    let mut approval = Approval::zeroed();
    approval.version = ACCOUNT_VERSION;
    approval.bump = ctx.bumps.approval;
    approval.security = security_key;
    approval.holder = *a.holder.key;
    approval.rent_payer = *a.payer.key;
    approval.approved_ts = now;

    create_state(
        &a.payer,
        &a.approval,
        &a.system_program,
        &[
            seeds::APPROVAL,
            security_key.as_ref(),
            a.holder.key.as_ref(),
            &[ctx.bumps.approval],
        ],
        &approval,
    )?;

    emit(
        &HolderApproved {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            holder: *a.holder.key,
            rent_payer: *a.payer.key,
            totals,
        },
        &a.event_authority,
    )
}
