//! Upside: a security for an expression, a person or a collective.
//!
//! A security's shares are Token-2022 tokens. *Bearer* shares sit in any token account and trade anywhere; they do not earn.
//! *Registered* shares sit frozen in the holder's registered account, owned by the holder's wallet; they earn and redeem. Money paid in
//! drips to registered shares through one accumulator, so paying ten holders or ten million costs the same.
//!
//! Nobody administers the program: no fee, no configuration, no pause, no withdrawal.
//!
//! Layout: [`state`] has one file per account, whose methods decide; [`instructions`] has one file per instruction, which reads
//! validate, decide, check the invariant, move, tell; [`events`] mirrors it; [`token`] is all contact with token programs; [`checked`] loads
//! what an account struct says.
//! Formulas are in the crate `upside-math`.

// `missing_docs` is denied module by module: Anchor's macros write undocumented items beside ours, here and next to
// every accounts struct, and an inner allow cannot reach those. For the interface description they write more of them.
#![allow(unexpected_cfgs)]

#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod address;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod checked;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod constants;
#[cfg(all(target_os = "solana", not(feature = "cpi")))]
mod entrypoint;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod error;
#[cfg(test)]
mod error_tests;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod events;
#[cfg(any(test, all(target_os = "solana", not(feature = "cpi"))))]
mod heap;
pub mod instructions;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod prelude;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod seeds;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod state;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod token;

use anchor_lang::prelude::*;

#[cfg(any(not(target_os = "solana"), feature = "cpi"))]
use instructions::upside::*;
use instructions::{collective::*, grant::*, redemption::*, round::*, security::*, shares::*, vault::*};

declare_id!(constants::PROGRAM_ID);

#[cfg(not(feature = "cpi"))]
solana_security_txt::security_txt! {
    name: "Upside",
    project_url: "https://github.com/upside-tokens/upside",
    contacts: "link:https://github.com/upside-tokens/upside/security/advisories/new",
    policy: "https://github.com/upside-tokens/upside/blob/main/SECURITY.md",
    preferred_languages: "en",
    source_code: "https://github.com/upside-tokens/upside"
}

/// The instructions. The dispatch compares in this order, so those called most come first.
///
/// Those that are not compiled for the chain are here for the interface and the builders of those who call them: the entrypoint runs
/// [`instructions::in_place`] before it comes to the framework's dispatch.
#[program]
pub mod upside {
    use super::*;

    /// Pays a holder what they are owed.
    ///
    /// - Anyone may, to the payout account stored in the position, while the holder owns it; a holder who signs may name any account.
    /// - The payout shall be rounded down; the fraction stays owed.
    /// - The security shall not be written.
    #[cfg(any(not(target_os = "solana"), feature = "cpi"))]
    pub fn claim<'info>(ctx: Context<'info, Claim<'info>>) -> Result<()> {
        let _ = ctx;
        err!(ErrorCode::InstructionFallbackNotFound)
    }

    /// Sends registered shares to another holder, whose position is opened if it is missing.
    ///
    /// - The sender shall sign. The receiver shall be a wallet or another program's account, approved if the security is curated.
    /// - Both positions shall be settled first: what the shares have earned stays with the sender.
    /// - The security shall not be written.
    pub fn transfer_shares<'info>(ctx: Context<'info, TransferShares<'info>>, amount: u64) -> Result<()> {
        instructions::shares::transfer_shares(ctx, amount)
    }

    /// Puts money on the stream: `amount` from the funder, and whatever the inbox holds.
    ///
    /// - Anyone may. `amount + inbox` shall be above zero.
    /// - A missing or frozen inbox shall not hold anybody up.
    #[cfg(any(not(target_os = "solana"), feature = "cpi"))]
    pub fn distribute<'info>(ctx: Context<'info, Distribute<'info>>, amount: u64) -> Result<()> {
        let _ = (ctx, amount);
        err!(ErrorCode::InstructionFallbackNotFound)
    }

    /// Moves what the shares in a vault have earned one hop up: to the security that the vault backs.
    ///
    /// - Anyone may. At least one atom shall be due; it is rounded down, the fraction stays owed to the vault.
    /// - If both securities pay out the same money it shall go onto the upper stream, exactly as `distribute` puts it there, else into the
    ///   upper security's vault of that money.
    /// - The security whose shares they are shall not be written.
    pub fn harvest<'info>(ctx: Context<'info, Harvest<'info>>) -> Result<()> {
        instructions::vault::harvest(ctx)
    }

    /// Turns bearer shares into registered ones of the same holder, opening the position if it is missing.
    ///
    /// - The holder shall sign and own the bearer account. The security shall be open.
    /// - The shares shall earn from now on, not from before.
    pub fn register<'info>(ctx: Context<'info, Register<'info>>, amount: u64) -> Result<()> {
        instructions::shares::register(ctx, amount)
    }

    /// Turns registered shares into bearer ones of the same holder.
    ///
    /// - The holder shall sign and own the bearer account. The security shall be open.
    /// - What the shares have earned shall stay owed to the position.
    pub fn unregister<'info>(ctx: Context<'info, Unregister<'info>>, amount: u64) -> Result<()> {
        instructions::shares::unregister(ctx, amount)
    }

    /// Puts equity into a vault for good.
    ///
    /// - Anyone may. The asset's mint shall pass the policy again; the vault's token account shall be thawed.
    /// - What arrives shall be counted, not what was sent, and shall be above zero.
    /// - The security shall not be written.
    pub fn deposit_equity<'info>(ctx: Context<'info, DepositEquity<'info>>, amount: u64) -> Result<()> {
        instructions::vault::deposit_equity(ctx, amount)
    }

    /// Issues new shares to the issuer.
    ///
    /// - The issuer shall sign, hold every share in existence registered, and nothing shall be reserved.
    /// - `issued + reserved + amount` shall not exceed `authorised`.
    pub fn issue<'info>(ctx: Context<'info, Issue<'info>>, amount: u64) -> Result<()> {
        instructions::security::issue(ctx, amount)
    }

    /// Puts registered shares of another security into a vault for good. They stay registered, held by the vault, and earn.
    ///
    /// - The holder shall sign; anyone may give. No approval is needed, of a curated security either.
    /// - A security shall not hold itself; the vault shall be the one for these shares.
    /// - Both positions shall be settled first: what the shares have earned stays with the giver.
    /// - Neither security shall be written.
    pub fn deposit_shares<'info>(ctx: Context<'info, DepositShares<'info>>, amount: u64) -> Result<()> {
        instructions::vault::deposit_shares(ctx, amount)
    }

    /// Burns registered shares for a ticket that collects its part of each vault, whenever it suits the holder.
    ///
    /// - The holder shall sign; the payer shall sign and pay rent. `redeem_after` shall have come.
    /// - What the shares have earned shall stay owed to the position; from now on they earn nothing.
    /// - No asset shall be touched: none can hold another up.
    /// - `id` is the holder's choice; no open ticket of theirs shall have it.
    pub fn redeem<'info>(ctx: Context<'info, Redeem<'info>>, id: u64, amount: u64) -> Result<()> {
        instructions::redemption::redeem(ctx, id, amount)
    }

    /// Pays a ticket its part of one vault, once.
    ///
    /// - The holder shall sign, and may name any token account of the asset; nobody else may choose the moment.
    /// - The payment shall be rounded down, of what the vault holds now.
    /// - At least `least_atoms` shall arrive: an asset's issuer may have taken some back, or charge a fee.
    /// - A part of zero shall count as collected, and need neither mint nor receiver.
    /// - Accounts that the mint's transfer hook wants follow; they shall be passed on without a signature.
    /// - The security shall not be written.
    pub fn collect<'info>(ctx: Context<'info, Collect<'info>>, least_atoms: u64) -> Result<()> {
        instructions::redemption::collect(ctx, least_atoms)
    }

    /// Pays a ticket its part of a vault that holds shares of another security, once: they arrive registered with the ticket's holder.
    ///
    /// - The holder shall sign, and be approved if the shares are of a curated security.
    /// - The payment shall be rounded down, of what the vault's position holds now; at least `least_atoms` shall arrive.
    /// - Both positions shall be settled first: what the shares have earned stays with the vault, to be harvested.
    /// - A part of zero shall count as collected, and need no approval.
    /// - Neither security shall be written.
    pub fn collect_shares<'info>(ctx: Context<'info, CollectShares<'info>>, least_atoms: u64) -> Result<()> {
        instructions::redemption::collect_shares(ctx, least_atoms)
    }

    /// Closes a ticket that has collected from every vault of its time.
    ///
    /// - The holder shall sign. The rent shall go back to who paid it.
    pub fn close_redemption<'info>(ctx: Context<'info, CloseRedemption<'info>>) -> Result<()> {
        instructions::redemption::close_redemption(ctx)
    }

    /// Creates a security, its mint, its payout vault and the issuer's position.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent.
    /// - The terms shall be within their ranges; they never change, except that `authorised` may be lowered and `redeem_after` moved earlier.
    /// - The payout mint shall be SPL Token, or Token-2022 with harmless extensions, and not a share of this program.
    /// - The initial shares shall be registered to the issuer.
    /// - It shall succeed although anyone has sent lamports to the new addresses before.
    pub fn create_security<'info>(ctx: Context<'info, CreateSecurity<'info>>, args: CreateSecurityArgs) -> Result<()> {
        instructions::security::create_security(ctx, args)
    }

    /// Gives up capacity for ever: a share then redeems for a larger part.
    ///
    /// - The issuer shall sign.
    /// - At least 1,000,000 atoms, and what is issued and reserved, shall stay authorised.
    pub fn retire<'info>(ctx: Context<'info, Retire<'info>>, amount: u64) -> Result<()> {
        instructions::security::retire(ctx, amount)
    }

    /// Opens redemption earlier.
    ///
    /// - The issuer shall sign.
    /// - The new time shall be earlier than the present one; it never moves later.
    pub fn advance_redemption<'info>(
        ctx: Context<'info, AdvanceRedemption<'info>>,
        redeem_after_ts: i64,
    ) -> Result<()> {
        instructions::security::advance_redemption(ctx, redeem_after_ts)
    }

    /// Proposes another issuer, who must accept; zeros withdraw the proposal.
    ///
    /// - The issuer shall sign and stay issuer until somebody accepts.
    /// - The proposed issuer shall be another than the present one.
    pub fn propose_issuer<'info>(ctx: Context<'info, ProposeIssuer<'info>>, pending_issuer: Pubkey) -> Result<()> {
        instructions::security::propose_issuer(ctx, pending_issuer)
    }

    /// Makes the proposed issuer the issuer.
    ///
    /// - The proposed issuer shall sign. The proposal shall be used up.
    pub fn accept_issuer<'info>(ctx: Context<'info, AcceptIssuer<'info>>) -> Result<()> {
        instructions::security::accept_issuer(ctx)
    }

    /// Changes name, symbol or URI on the mint.
    ///
    /// - The issuer shall sign; the payer shall sign and pay the rent of the bytes added.
    /// - The limits of `create_security` shall hold, and something shall change.
    pub fn update_metadata<'info>(ctx: Context<'info, UpdateMetadata<'info>>, args: UpdateMetadataArgs) -> Result<()> {
        instructions::security::update_metadata(ctx, args)
    }

    /// Tells the holders something: an event with a URI and the sha256 of what is there.
    ///
    /// - The issuer shall sign.
    pub fn post_update<'info>(ctx: Context<'info, PostUpdate<'info>>, uri: String, sha256: [u8; 32]) -> Result<()> {
        instructions::security::post_update(ctx, uri, sha256)
    }

    /// Lets a holder receive curated shares.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent. The security shall be curated.
    /// - The holder shall be a wallet or another program's account, and not be approved yet.
    pub fn approve_holder<'info>(ctx: Context<'info, ApproveHolder<'info>>) -> Result<()> {
        instructions::security::approve_holder(ctx)
    }

    /// Stops a holder from receiving more curated shares. It shall never stop earning, claiming, redeeming or sending.
    ///
    /// - The issuer shall sign. The rent shall go back to who paid it.
    pub fn remove_approval<'info>(ctx: Context<'info, RemoveApproval<'info>>) -> Result<()> {
        instructions::security::remove_approval(ctx)
    }

    /// Names the token account that a claim by anyone pays to.
    ///
    /// - The holder shall sign and own the account; it shall be an unfrozen one of the payout mint.
    pub fn set_payout_account<'info>(ctx: Context<'info, SetPayoutAccount<'info>>) -> Result<()> {
        instructions::shares::set_payout_account(ctx)
    }

    /// Closes an empty position, and its registered account if it exists and no CPI guard forbids.
    ///
    /// - The holder shall sign. The position shall hold no shares and be owed no whole atom, settled to now.
    /// - The fraction of an atom shall go back to the security's remainder, the rent to who paid it.
    pub fn close_position<'info>(ctx: Context<'info, ClosePosition<'info>>) -> Result<()> {
        instructions::shares::close_position(ctx)
    }

    /// Opens a vault for one asset.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent. A vault is never closed and its index never reused.
    /// - The asset's mint shall pass the policy, and not be the security's own share.
    /// - If it is the share of a security that pays out other money, the vault of that money shall be opened too unless it is open: harvests
    ///   go there. If only one of two indices is left, nothing shall be opened.
    /// - It shall succeed although anyone has funded the addresses or made the vault's token account before, and although that account is born frozen.
    pub fn open_vault<'info>(ctx: Context<'info, OpenVault<'info>>) -> Result<()> {
        instructions::vault::open_vault(ctx)
    }

    /// Registers bearer shares that were sent to a vault: from now on they earn and count as its balance.
    ///
    /// - Anyone may. The account shall be owned by the vault and hold at least one share atom; all of it shall become registered.
    /// - The shares shall earn from now on, not from before.
    pub fn register_vault_bearer<'info>(ctx: Context<'info, RegisterVaultBearer<'info>>) -> Result<()> {
        instructions::vault::register_vault_bearer(ctx)
    }

    /// Promises shares to somebody: they vest over time, or after an approver has signed.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent. The recipient shall be a wallet or another program's account.
    /// - `issued + reserved + amount` shall not exceed `authorised`. The shares are reserved now and issued when they are claimed.
    /// - While others hold shares or a round has money in it, `start_ts` shall be at least `notice_seconds` from now.
    /// - Whether it is revocable shall never change.
    pub fn create_grant<'info>(ctx: Context<'info, CreateGrant<'info>>, args: CreateGrantArgs) -> Result<()> {
        instructions::grant::create_grant(ctx, args)
    }

    /// Issues what has vested of a grant to its recipient, registered.
    ///
    /// - Anyone may; the recipient shall get the shares whatever they have done to their accounts, approved or not.
    /// - What has vested shall be rounded down; the rest vests later.
    pub fn claim_grant<'info>(ctx: Context<'info, ClaimGrant<'info>>) -> Result<()> {
        instructions::grant::claim_grant(ctx)
    }

    /// Lets a milestone's schedule apply, as written.
    ///
    /// - The approver shall sign before the deadline, once, and not after a revocation.
    pub fn approve_milestone<'info>(ctx: Context<'info, ApproveMilestone<'info>>) -> Result<()> {
        instructions::grant::approve_milestone(ctx)
    }

    /// Stops what has not vested; its reserve returns.
    ///
    /// - The issuer shall sign. The grant shall be revocable.
    /// - What has vested shall stay the recipient's.
    pub fn revoke_grant<'info>(ctx: Context<'info, RevokeGrant<'info>>) -> Result<()> {
        instructions::grant::revoke_grant(ctx)
    }

    /// Ends a grant that is claimed in full, or whose deadline passed without an approval: then its reserve returns.
    ///
    /// - Anyone may. The rent shall go back to who paid it.
    pub fn close_grant<'info>(ctx: Context<'info, CloseGrant<'info>>) -> Result<()> {
        instructions::grant::close_grant(ctx)
    }

    /// Announces a round: shares at one price.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent. Its terms shall be within their ranges; they never change.
    /// - `issued + reserved + for_sale` shall not exceed `authorised`.
    /// - While others hold shares or a round has money in it, `opens_ts` shall be at least `notice_seconds` from now.
    /// - If a part becomes backing, the payout mint's vault shall be open.
    pub fn create_round<'info>(ctx: Context<'info, CreateRound<'info>>, args: CreateRoundArgs) -> Result<()> {
        instructions::round::create_round(ctx, args)
    }

    /// Invites an investor, up to a cap.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent. The round shall be one of invited investors, before `closes_ts`.
    pub fn invite<'info>(ctx: Context<'info, Invite<'info>>, cap: u64) -> Result<()> {
        instructions::round::invite(ctx, cap)
    }

    /// Takes an invitation back.
    ///
    /// - The issuer shall sign. Nothing shall be wanted. The rent shall go back to who paid it.
    pub fn uninvite<'info>(ctx: Context<'info, Uninvite<'info>>) -> Result<()> {
        instructions::round::uninvite(ctx)
    }

    /// Wants shares of a round, or another number of them than before.
    ///
    /// - The investor shall sign and own the account that pays. `opens_ts <= now < closes_ts`.
    /// - `wanted` shall be above zero, at most what is for sale and, in an invited round, at most the cap.
    /// - What is paid shall be the cost of what is wanted, rounded up; a change pays or returns the difference.
    /// - Less shall be wanted only before `commit_ts`.
    pub fn subscribe<'info>(ctx: Context<'info, Subscribe<'info>>, wanted: u64) -> Result<()> {
        instructions::round::subscribe(ctx, wanted)
    }

    /// Wants nothing any more and returns all that was paid.
    ///
    /// - The investor shall sign, before `commit_ts`, and may name any account of theirs.
    pub fn withdraw_subscription<'info>(ctx: Context<'info, WithdrawSubscription<'info>>) -> Result<()> {
        instructions::round::withdraw_subscription(ctx)
    }

    /// Calls a round off: everything is refunded.
    ///
    /// - The issuer shall sign, before `commit_ts`.
    pub fn cancel_round<'info>(ctx: Context<'info, CancelRound<'info>>) -> Result<()> {
        instructions::round::cancel_round(ctx)
    }

    /// Decides a round: it sells, or it fails because less than the minimum or nothing was wanted.
    ///
    /// - Anyone may, from `closes_ts` on and never earlier. The reserve of what is not sold shall return.
    pub fn close_round<'info>(ctx: Context<'info, CloseRound<'info>>) -> Result<()> {
        instructions::round::close_round(ctx)
    }

    /// Gives a subscription its shares, newly issued and registered, and its refund.
    ///
    /// - Anyone may, in any order. The investor shall get the shares whatever they have done to their accounts, approved or not.
    /// - The allocation shall be rounded down when more is wanted than is for sale; its cost shall be rounded up.
    /// - A refund whose account cannot receive shall stay booked and hold nobody up.
    pub fn settle_subscription<'info>(ctx: Context<'info, SettleSubscription<'info>>) -> Result<()> {
        instructions::round::settle_subscription(ctx)
    }

    /// Fetches a booked refund.
    ///
    /// - The investor shall sign and may name any account of theirs.
    pub fn withdraw_refund<'info>(ctx: Context<'info, WithdrawRefund<'info>>) -> Result<()> {
        instructions::round::withdraw_refund(ctx)
    }

    /// Releases what is due of a round's money: a part becomes backing, the rest goes to the issuer of the moment.
    ///
    /// - Anyone may, to the issuer's associated token account; an issuer who signs may name any account of theirs.
    /// - Both parts shall be rounded down and neither shall wait for the other.
    pub fn release_runway<'info>(ctx: Context<'info, ReleaseRunway<'info>>) -> Result<()> {
        instructions::round::release_runway(ctx)
    }

    /// Makes a security a collective: fixes the rule by which others join it.
    ///
    /// - The issuer shall sign; the payer shall sign and pay rent. The rule never changes: equal terms for every member.
    /// - A member gives `contribution_bps` of its authorised supply and is granted `shares`, vesting from the moment it joins.
    pub fn create_collective<'info>(
        ctx: Context<'info, CreateCollective<'info>>,
        args: CreateCollectiveArgs,
    ) -> Result<()> {
        instructions::collective::create_collective(ctx, args)
    }

    /// Applies for a security to join a collective. This announces its grant; nothing moves.
    ///
    /// - The issuer of the security that applies shall sign and is recorded; the payer shall sign and pay rent.
    /// - Both securities shall pay out the same money. A security shall not join itself.
    pub fn apply<'info>(ctx: Context<'info, Apply<'info>>) -> Result<()> {
        instructions::collective::apply(ctx)
    }

    /// Takes an application back.
    ///
    /// - Who applied shall sign, or the issuer of the moment of the security that applied. It shall not have joined.
    /// - The rent shall go back to who paid it.
    pub fn withdraw_application<'info>(ctx: Context<'info, WithdrawApplication<'info>>) -> Result<()> {
        instructions::collective::withdraw_application(ctx)
    }

    /// Consents to an application, exactly as it is. Nothing moves.
    ///
    /// - The collective's issuer shall sign. The consent shall expire after the notice of the collective's security.
    pub fn admit<'info>(ctx: Context<'info, Admit<'info>>, args: AdmitArgs) -> Result<()> {
        instructions::collective::admit(ctx, args)
    }

    /// Takes consent back that was not used.
    ///
    /// - The collective's issuer shall sign.
    pub fn revoke_admission<'info>(ctx: Context<'info, RevokeAdmission<'info>>) -> Result<()> {
        instructions::collective::revoke_admission(ctx)
    }

    /// Joins: gives the agreed part of a security's authorised supply, out of registered shares that exist, to the collective's vault, and
    /// receives a grant.
    ///
    /// - Who applied shall sign and still be the issuer of the member's security: the shares given are their own.
    /// - At least the notice of the collective's security shall have passed since the application, and the consent shall not have expired.
    /// - The contribution shall be rounded up and be what the application said.
    /// - The vault shall be opened if it is missing. The grant vests from now on and is not revocable; `grant_id` is free for the wallet.
    pub fn join<'info>(ctx: Context<'info, Join<'info>>, grant_id: u64) -> Result<()> {
        instructions::collective::join(ctx, grant_id)
    }
}
