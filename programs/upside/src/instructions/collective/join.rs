//! `join`

use anchor_lang::system_program;
use anchor_spl::associated_token::AssociatedToken;
use bytemuck::Zeroable;

use crate::{
    address,
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, GrantCreated, MemberJoined, SecurityTotals, SharesDeposited, VaultOpened},
    instructions::{
        shares::MoveShares,
        vault::{check_vault_address, NewVault},
    },
    prelude::*,
    seeds,
    state::{load_state_mut, Collective, Grant, Member, Position, Security, Vault},
    token::create_state,
    ID,
};

/// Accounts of `join`.
#[event_cpi]
#[derive(Accounts)]
pub struct Join<'info> {
    /// Pays rent of the vault, of its position and of the grant.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Who applied, and is still the issuer of the member's security. Gives the shares, of their own, and receives the grant.
    pub wallet: Signer<'info>,
    /// The collective's security: reserves the grant, and opens a vault if there is none.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// Counts its members.
    #[account(mut, has_one = security @ UpsideError::WrongCollective)]
    pub collective: AccountLoader<'info, Collective>,
    /// The member's security. Read only: moves of its shares do not meet here.
    pub member_security: AccountLoader<'info, Security>,
    /// The application that was consented to.
    #[account(mut,
        has_one = collective @ UpsideError::WrongMember,
        has_one = member_security @ UpsideError::WrongMember,
        has_one = wallet @ UpsideError::NotApplicant)]
    pub member: AccountLoader<'info, Member>,
    /// CHECK: the member's share mint; compared with its record when the move is prepared.
    pub member_mint: UncheckedAccount<'info>,
    /// The wallet's position.
    #[account(mut)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: proven to be the wallet's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: the collective's vault for the member's shares, opened here at its address if it is missing.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the vault's associated token account; the associated token program proves it when the vault is opened.
    #[account(mut)]
    pub vault_account: UncheckedAccount<'info>,
    /// CHECK: the vault's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub vault_position: UncheckedAccount<'info>,
    /// CHECK: proven to be the vault's registered account before the move, and S-1 after it.
    #[account(mut)]
    pub vault_registered: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub grant: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates the vault's token account.
    pub associated_token_program: Program<'info, AssociatedToken>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

/// What was decided: the application is used.
struct Decision {
    joined: MemberJoined,
    applied_ts: i64,
    cliff_ts: i64,
    end_ts: i64,
    decimals: u8,
}

impl<'info> Join<'info> {
    /// Uses the application up.
    fn decide(&self, now: i64) -> Result<Decision> {
        let candidate = self.member_security.load()?;
        // Whoever has handed the security over joins nothing for it, and the new issuer must apply again.
        require_keys_eq!(candidate.issuer, *self.wallet.key, UpsideError::NotIssuer);
        require_keys_eq!(candidate.mint, *self.member_mint.key, UpsideError::WrongSecurityAccount);
        let mut collective = self.collective.load_mut()?;
        let mut member = self.member.load_mut()?;
        member.join(now, self.security.load()?.notice_seconds, *self.grant.key)?;
        // Consent was to what the application said. The rule never changes; the member's authorised supply may have been lowered.
        require!(
            collective.contribution_of(candidate.authorised_atoms)? == member.contribution_atoms,
            UpsideError::ContributionChanged
        );
        collective.count_member()?;
        let after = |seconds: i64| now.checked_add(seconds).ok_or(UpsideError::Overflow);
        Ok(Decision {
            applied_ts: member.applied_ts,
            cliff_ts: after(collective.cliff_seconds)?,
            end_ts: after(collective.vesting_seconds)?,
            decimals: candidate.decimals,
            joined: MemberJoined {
                version: EVENT_VERSION,
                ts: now,
                sequence: member.sequence,
                collective_sequence: collective.sequence,
                security: collective.security,
                collective: *self.collective.as_ref().key,
                member: *self.member.as_ref().key,
                member_security: member.member_security,
                wallet: *self.wallet.key,
                grant: *self.grant.key,
                contribution_atoms: member.contribution_atoms,
                shares_atoms: member.shares_atoms,
                members: collective.members,
            },
        })
    }

    /// Opens the collective's vault for the member's shares if there is none.
    fn ensure_vault(&self, decimals: u8, now: i64) -> Result<Option<VaultOpened>> {
        let bump = check_vault_address(&self.vault, self.security.as_ref().key, self.member_mint.key)?;
        if *self.vault.owner == ID {
            return Ok(None);
        }
        NewVault {
            security: &self.security,
            payer: &self.payer,
            mint: &self.member_mint,
            token_program: &self.token_program,
            decimals,
            holds_shares: true,
            vault: &self.vault,
            vault_account: &self.vault_account,
            associated_token_program: self.associated_token_program.key,
            system: &self.system_program,
        }
        .open(bump, now)
        .map(Some)
    }

    /// Moves the member's shares into the vault.
    fn give(&self, amount: u64, now: i64) -> Result<()> {
        let moved = MoveShares {
            security: &self.member_security,
            mint: &self.member_mint,
            from: &self.wallet,
            from_seeds: &[],
            from_position: self.position.as_ref(),
            from_registered: &self.registered,
            to: &self.vault,
            to_position: &self.vault_position,
            to_registered: &self.vault_registered,
            payer: &self.payer,
            system: &self.system_program,
        }
        .run(amount, now)?;
        let (sequence, deposited_total_atoms) = {
            let mut vault = load_state_mut::<Vault>(&self.vault, UpsideError::WrongVault)?;
            vault.count_deposit(amount)?;
            (vault.sequence, vault.deposited_total_atoms)
        };
        emit(&moved, &self.event_authority)?;
        emit(
            &SharesDeposited {
                version: EVENT_VERSION,
                ts: now,
                sequence,
                security: *self.security.as_ref().key,
                vault: *self.vault.key,
                held_security: moved.security,
                depositor: *self.wallet.key,
                amount_atoms: amount,
                balance_atoms: moved.to_position.shares_atoms,
                deposited_total_atoms,
            },
            &self.event_authority,
        )
    }

    /// Reserves the member's shares and creates their grant. The application was its announcement.
    #[inline(never)]
    fn receive(&self, id: u64, decision: &Decision, now: i64) -> Result<()> {
        let security_key = *self.security.as_ref().key;
        let (derived, bump) = address::find(
            [
                seeds::GRANT,
                security_key.as_ref(),
                self.wallet.key.as_ref(),
                &id.to_le_bytes(),
            ],
            &ID,
        )?;
        require_keys_eq!(*self.grant.key, derived, ErrorCode::ConstraintSeeds);
        require_keys_eq!(*self.grant.owner, system_program::ID, UpsideError::GrantExists);
        let mut grant = Grant::zeroed();
        grant.version = ACCOUNT_VERSION;
        grant.bump = bump;
        grant.security = security_key;
        grant.recipient = *self.wallet.key;
        grant.rent_payer = *self.payer.key;
        grant.id = id;
        grant.amount_atoms = decision.joined.shares_atoms;
        grant.start_ts = now;
        grant.cliff_ts = decision.cliff_ts;
        grant.end_ts = decision.end_ts;
        grant.announced_ts = decision.applied_ts;
        grant.validate(now)?;
        grant.next_sequence()?;
        let totals = {
            let mut security = self.security.load_mut()?;
            security.reserve(grant.amount_atoms)?;
            security.next_sequence()?;
            security.invariant()?;
            SecurityTotals::from(&*security)
        };
        create_state(
            &self.payer,
            &self.grant,
            &self.system_program,
            &[
                seeds::GRANT,
                security_key.as_ref(),
                self.wallet.key.as_ref(),
                &id.to_le_bytes(),
                &[bump],
            ],
            &grant,
        )?;
        emit(
            &GrantCreated {
                version: EVENT_VERSION,
                ts: now,
                security: security_key,
                grant: *self.grant.key,
                recipient: grant.recipient,
                approver: grant.approver,
                rent_payer: grant.rent_payer,
                id,
                amount_atoms: grant.amount_atoms,
                start_ts: grant.start_ts,
                cliff_ts: grant.cliff_ts,
                end_ts: grant.end_ts,
                deadline_ts: grant.deadline_ts,
                revocable: false,
                totals,
            },
            &self.event_authority,
        )
    }
}

/// See [`crate::upside::join`].
pub fn join<'info>(ctx: Context<'info, Join<'info>>, grant_id: u64) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let decision = a.decide(now)?;
    if let Some(opened) = a.ensure_vault(decision.decimals, now)? {
        emit(&opened, &a.event_authority)?;
    }
    a.give(decision.joined.contribution_atoms, now)?;
    a.receive(grant_id, &decision, now)?;

    emit(&decision.joined, &a.event_authority)
}
