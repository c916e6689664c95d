//! Collectives.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::{
    constants::{ASSOCIATED_TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID},
    instructions::collective::{AdmitArgs, CreateCollectiveArgs},
    state::Member,
};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::{self, SecurityKeys};

/// Fixes the rule by which other securities join one. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct CreateCollective<'a> {
    /// The security that others will join.
    pub keys: &'a SecurityKeys,
    /// Pays rent.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// The rule: the same for every member, for good.
    pub args: CreateCollectiveArgs,
}

impl CreateCollective<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CreateCollective {
        upside::accounts::CreateCollective {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            collective: self.keys.collective(),
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::CreateCollective { args: self.args },
        )
    }
}

/// Applies for a security to join a collective; nothing moves. Signed by `payer` and `wallet`.
#[derive(Clone, Copy, Debug)]
pub struct Apply<'a> {
    /// The collective's security.
    pub keys: &'a SecurityKeys,
    /// The security that applies.
    pub member: &'a SecurityKeys,
    /// Pays rent.
    pub payer: Pubkey,
    /// Issuer of the security that applies: recorded, and the only one who can join for it.
    pub wallet: Pubkey,
}

impl Apply<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Apply {
        upside::accounts::Apply {
            payer: self.payer,
            wallet: self.wallet,
            security: self.keys.security,
            collective: self.keys.collective(),
            member_security: self.member.security,
            member: self.keys.member(&self.member.security),
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Apply {})
    }
}

/// Takes an application back. Signed by `signer`: who applied, or the issuer of the moment of the security that applied.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawApplication<'a> {
    /// The collective's security.
    pub keys: &'a SecurityKeys,
    /// The security that applied.
    pub member: &'a SecurityKeys,
    /// Who applied, or the issuer of the moment of the security that applied.
    pub signer: Pubkey,
    /// Who paid the application's rent.
    pub rent_payer: Pubkey,
}

impl WithdrawApplication<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::WithdrawApplication {
        upside::accounts::WithdrawApplication {
            signer: self.signer,
            security: self.keys.security,
            collective: self.keys.collective(),
            member_security: self.member.security,
            member: self.keys.member(&self.member.security),
            rent_payer: self.rent_payer,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::WithdrawApplication {})
    }
}

/// Consents to an application, exactly as it is. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct Admit<'a> {
    /// The collective's security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment of the collective's security.
    pub issuer: Pubkey,
    /// The security that applied.
    pub member_security: Pubkey,
    /// The application as it was seen, and until when the consent holds.
    pub args: AdmitArgs,
}

impl<'a> Admit<'a> {
    /// Consents to an application that was read and shown. The consent holds before `expires_ts`, unix seconds.
    #[must_use]
    pub fn to(keys: &'a SecurityKeys, issuer: Pubkey, application: &Member, expires_ts: i64) -> Self {
        Self {
            keys,
            issuer,
            member_security: application.member_security,
            args: AdmitArgs {
                wallet: application.wallet,
                contribution: application.contribution_atoms,
                applied_ts: application.applied_ts,
                expires_ts,
            },
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Admit {
        upside::accounts::Admit {
            issuer: self.issuer,
            security: self.keys.security,
            collective: self.keys.collective(),
            member: self.keys.member(&self.member_security),
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Admit { args: self.args })
    }
}

/// Takes consent back that was not used. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct RevokeAdmission<'a> {
    /// The collective's security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment of the collective's security.
    pub issuer: Pubkey,
    /// The security that applied.
    pub member_security: Pubkey,
}

impl RevokeAdmission<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::RevokeAdmission {
        upside::accounts::RevokeAdmission {
            issuer: self.issuer,
            security: self.keys.security,
            collective: self.keys.collective(),
            member: self.keys.member(&self.member_security),
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::RevokeAdmission {})
    }
}

/// Joins a collective with an application that was consented to. Signed by `payer` and `wallet`.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    /// The collective's security.
    pub keys: &'a SecurityKeys,
    /// The member's security.
    pub member: &'a SecurityKeys,
    /// Pays rent of the vault, of its position and of the grant.
    pub payer: Pubkey,
    /// Who applied; gives the shares and receives the grant.
    pub wallet: Pubkey,
    /// Id of the grant: the wallet has no grant of the collective's security with it.
    pub grant_id: u64,
}

impl Join<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Join {
        let (mint, vault) = (self.member.mint, self.keys.vault(&self.member.mint));
        upside::accounts::Join {
            payer: self.payer,
            wallet: self.wallet,
            security: self.keys.security,
            collective: self.keys.collective(),
            member_security: self.member.security,
            member: self.keys.member(&self.member.security),
            member_mint: mint,
            position: self.member.position(&self.wallet),
            registered: self.member.registered(&self.wallet),
            vault,
            vault_account: pda::vault_account(&vault, &mint, &TOKEN_2022_PROGRAM_ID),
            vault_position: self.member.position(&vault),
            vault_registered: self.member.registered(&vault),
            grant: self.keys.grant(&self.wallet, self.grant_id),
            token_program: TOKEN_2022_PROGRAM_ID,
            associated_token_program: ASSOCIATED_TOKEN_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::Join {
                grant_id: self.grant_id,
            },
        )
    }
}
