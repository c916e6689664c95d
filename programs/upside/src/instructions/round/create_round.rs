//! `create_round`

use anchor_lang::system_program;
use anchor_spl::associated_token::AssociatedToken;
use bytemuck::Zeroable;

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, RoundCreated, RoundTotals, SecurityTotals},
    instructions::shares::shares_of,
    prelude::*,
    seeds,
    state::{Round, Security, Vault},
    token::{create_associated_account, create_state, read_share_supply, AssociatedAccount},
};

/// What `create_round` is given.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateRoundArgs {
    /// The issuer's choice; no round of this security has it.
    pub id: u64,
    /// Payout atoms per whole share.
    pub price: u64,
    /// Share atoms for sale.
    pub for_sale: u64,
    /// The round fails if fewer share atoms are sold.
    pub minimum: u64,
    /// First second in which it takes subscriptions, unix seconds.
    pub opens_ts: i64,
    /// From here on subscriptions bind and nothing can be cancelled, unix seconds.
    pub commit_ts: i64,
    /// First second in which it takes none any more, unix seconds.
    pub closes_ts: i64,
    /// Seconds over which the money is released from `closes_ts` on.
    pub runway_seconds: i64,
    /// Part of the money that becomes backing, basis points.
    pub backing_bps: u16,
    /// Whether only invited investors may subscribe.
    pub invited: bool,
}

/// Accounts of `create_round`.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: CreateRoundArgs)]
pub struct CreateRound<'info> {
    /// Pays rent, which stays.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Sells.
    pub issuer: Signer<'info>,
    /// Reserves what is for sale.
    #[account(mut,
        has_one = issuer @ UpsideError::NotIssuer,
        has_one = mint @ UpsideError::WrongSecurityAccount,
        has_one = payout_mint @ UpsideError::WrongPayoutMint)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: the share mint, by the security's record: its supply tells whether others hold.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the issuer's position; anything else counts as no shares, which only makes the notice apply.
    pub issuer_position: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut, seeds = [seeds::ROUND, security.key().as_ref(), &args.id.to_le_bytes()], bump)]
    pub round: UncheckedAccount<'info>,
    /// CHECK: the round's associated token account, perhaps made by somebody before; the associated token program proves its address and owner.
    #[account(mut)]
    pub round_account: UncheckedAccount<'info>,
    /// The payout mint's vault, if a part becomes backing.
    pub vault: Option<AccountLoader<'info, Vault>>,
    /// CHECK: the payout mint, by the security's record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
    /// Creates the token account.
    pub associated_token_program: Program<'info, AssociatedToken>,
    /// Creates the round.
    pub system_program: Program<'info, System>,
}

impl CreateRound<'_> {
    /// A part that becomes backing needs a vault that is there already: a vault is never closed.
    fn check_vault(&self, security: &Security, security_key: &Pubkey) -> Result<()> {
        let vault = self.vault.as_ref().ok_or(UpsideError::BackingVaultMissing)?.load()?;
        require!(
            vault.security == *security_key && vault.asset_mint == security.payout_mint,
            UpsideError::WrongVault
        );
        Ok(())
    }
}

/// See [`crate::upside::create_round`].
pub fn create_round<'info>(ctx: Context<'info, CreateRound<'info>>, args: CreateRoundArgs) -> Result<()> {
    let a = &ctx.accounts;
    require_keys_eq!(*a.round.owner, system_program::ID, UpsideError::RoundExists);
    let now = crate::instructions::now()?;
    let security_key = a.security.key();
    let mut round = Round::zeroed();
    round.version = ACCOUNT_VERSION;
    round.bump = ctx.bumps.round;
    round.invited = u8::from(args.invited);
    round.backing_bps = args.backing_bps;
    round.security = security_key;
    round.token_account = *a.round_account.key;
    round.rent_payer = *a.payer.key;
    round.id = args.id;
    round.price_atoms = args.price;
    round.for_sale_atoms = args.for_sale;
    round.minimum_atoms = args.minimum;
    round.opens_ts = args.opens_ts;
    round.commit_ts = args.commit_ts;
    round.closes_ts = args.closes_ts;
    round.announced_ts = now;
    round.runway_seconds = args.runway_seconds;
    round.reserved_left_atoms = args.for_sale;
    round.next_sequence()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        require_keys_eq!(
            *a.payout_token_program.key,
            *security.payout_program(),
            UpsideError::WrongTokenProgram
        );
        round.decimals = security.decimals;
        round.validate(now)?;
        if args.backing_bps > 0 {
            a.check_vault(&security, &security_key)?;
        }
        let own = shares_of(&a.issuer_position, &security_key, a.issuer.key);
        security.check_notice(own, read_share_supply(&a.mint)?, now, args.opens_ts)?;
        security.reserve(args.for_sale)?;
        security.next_sequence()?;
        security.invariant()?;
        SecurityTotals::from(&*security)
    };

    create_state(
        &a.payer,
        &a.round,
        &a.system_program,
        &[
            seeds::ROUND,
            security_key.as_ref(),
            &args.id.to_le_bytes(),
            &[round.bump],
        ],
        &round,
    )?;
    create_associated_account(
        &AssociatedAccount {
            payer: &a.payer,
            account: &a.round_account,
            owner: &a.round,
            mint: &a.payout_mint,
            token_program: &a.payout_token_program,
            associated_token_program: a.associated_token_program.key,
            system_program: &a.system_program,
        },
        UpsideError::WrongRoundAccount,
    )?;

    emit(
        &RoundCreated {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            round: *a.round.key,
            token_account: round.token_account,
            rent_payer: round.rent_payer,
            id: round.id,
            price_atoms: round.price_atoms,
            for_sale_atoms: round.for_sale_atoms,
            minimum_atoms: round.minimum_atoms,
            opens_ts: round.opens_ts,
            commit_ts: round.commit_ts,
            closes_ts: round.closes_ts,
            runway_seconds: round.runway_seconds,
            backing_bps: round.backing_bps,
            invited: args.invited,
            round_totals: RoundTotals::from(&round),
            totals,
        },
        &a.event_authority,
    )
}
