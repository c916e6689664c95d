//! `release_runway`

use super::money::RoundMoney;
use crate::{
    constants::*,
    error::{err, require, require_keys_eq, UpsideError},
    events::{emit, RoundTotals, RunwayReleased},
    instructions::shares::associated_token_account,
    prelude::*,
    state::{Round, RunwayDue, Security, Vault},
};

/// Accounts of `release_runway`. Anyone.
#[event_cpi]
#[derive(Accounts)]
pub struct ReleaseRunway<'info> {
    /// CHECK: the issuer of the moment, by the security's record. One who signs may name any account of theirs.
    pub issuer: UncheckedAccount<'info>,
    /// Written if this was the round's last money.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
    /// CHECK: the round's token account, by its record.
    #[account(mut)]
    pub round_account: UncheckedAccount<'info>,
    /// CHECK: the issuer's token account; checked below. One that cannot receive does not hold up the backing.
    #[account(mut)]
    pub issuer_account: UncheckedAccount<'info>,
    /// The payout mint's vault, if a part becomes backing.
    #[account(mut)]
    pub vault: Option<AccountLoader<'info, Vault>>,
    /// CHECK: the vault's token account, by its record. One that cannot receive does not hold up the issuer.
    #[account(mut)]
    pub vault_account: Option<UncheckedAccount<'info>>,
    /// CHECK: the payout mint, by the security's record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the issuer's account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
}

impl<'info> ReleaseRunway<'info> {
    /// Proves where backing goes.
    fn backing(
        &self,
        security: &Security,
        security_key: &Pubkey,
    ) -> Result<(&AccountLoader<'info, Vault>, &AccountInfo<'info>)> {
        let (Some(vault), Some(account)) = (&self.vault, &self.vault_account) else {
            return err!(UpsideError::BackingVaultMissing);
        };
        let state = vault.load()?;
        require!(
            state.security == *security_key && state.asset_mint == security.payout_mint,
            UpsideError::WrongVault
        );
        require_keys_eq!(*account.key, state.token_account, UpsideError::WrongVaultAccount);
        Ok((vault, account))
    }
}

/// See [`crate::upside::release_runway`].
pub fn release_runway<'info>(ctx: Context<'info, ReleaseRunway<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut security = a.security.load_mut()?;
    let mut round = a.round.load_mut()?;
    let money = RoundMoney::new(
        &security,
        &round,
        a.round.as_ref(),
        &a.round_account,
        &a.payout_mint,
        &a.payout_token_program,
    )?;
    if !a.issuer.is_signer {
        let canonical = associated_token_account(a.issuer.key, security.payout_program(), &security.payout_mint)?;
        require_keys_eq!(*a.issuer_account.key, canonical, UpsideError::WrongIssuerAccount);
    }
    let backing = if round.backing_bps > 0 {
        Some(a.backing(&security, &security_key)?)
    } else {
        None
    };

    // Each part goes if its account can receive it; neither waits for the other.
    let due = round.runway_due(now)?;
    let paid = RunwayDue {
        backing: match backing {
            Some((vault, account)) if money.can_receive(account, vault.as_ref().key) => due.backing,
            _ => 0,
        },
        issuer: if money.can_receive(&a.issuer_account, a.issuer.key) {
            due.issuer
        } else {
            0
        },
    };
    require!(paid.backing > 0 || paid.issuer > 0, UpsideError::NothingToRelease);
    let funded_before = round.money_atoms;
    round.release(paid)?;
    round.next_sequence()?;
    round.invariant()?;
    security.count_funded(funded_before, round.money_atoms)?;
    let mut event = RunwayReleased {
        version: EVENT_VERSION,
        ts: now,
        security: security_key,
        round: a.round.key(),
        issuer: *a.issuer.key,
        issuer_account: *a.issuer_account.key,
        issuer_atoms: paid.issuer,
        vault: Pubkey::default(),
        backing_atoms: paid.backing,
        vault_sequence: 0,
        deposited_total_atoms: 0,
        round_totals: RoundTotals::from(&*round),
    };
    drop((security, round));

    if let Some((vault, account)) = backing.filter(|_| paid.backing > 0) {
        {
            let mut vault = vault.load_mut()?;
            vault.count_deposit(paid.backing)?;
            event.vault_sequence = vault.sequence;
            event.deposited_total_atoms = vault.deposited_total_atoms;
        }
        event.vault = vault.key();
        money.pay(account, paid.backing)?;
    }
    if paid.issuer > 0 {
        money.pay(&a.issuer_account, paid.issuer)?;
    }

    emit(&event, &a.event_authority)
}
