//! Grants.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::{constants::TOKEN_2022_PROGRAM_ID, instructions::grant::CreateGrantArgs};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::SecurityKeys;

/// Promises shares. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct CreateGrant<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays the grant's rent.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Who receives.
    pub recipient: Pubkey,
    /// Id, amount, schedule and condition.
    pub args: CreateGrantArgs,
}

impl CreateGrant<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CreateGrant {
        upside::accounts::CreateGrant {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            mint: self.keys.mint,
            issuer_position: self.keys.position(&self.issuer),
            recipient: self.recipient,
            grant: self.keys.grant(&self.recipient, self.args.id),
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::CreateGrant { args: self.args })
    }
}

/// Issues what has vested to the recipient. Signed by `payer`, who may be anyone.
#[derive(Clone, Copy, Debug)]
pub struct ClaimGrant<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent if the recipient's position or registered account is missing.
    pub payer: Pubkey,
    /// Who receives.
    pub recipient: Pubkey,
    /// The grant's id.
    pub id: u64,
}

impl ClaimGrant<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::ClaimGrant {
        upside::accounts::ClaimGrant {
            payer: self.payer,
            recipient: self.recipient,
            security: self.keys.security,
            mint: self.keys.mint,
            grant: self.keys.grant(&self.recipient, self.id),
            position: self.keys.position(&self.recipient),
            registered: self.keys.registered(&self.recipient),
            token_program: TOKEN_2022_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::ClaimGrant {})
    }
}

/// Lets a milestone's schedule apply. Signed by `approver`.
#[derive(Clone, Copy, Debug)]
pub struct ApproveMilestone<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Whom the grant names.
    pub approver: Pubkey,
    /// Who receives.
    pub recipient: Pubkey,
    /// The grant's id.
    pub id: u64,
}

impl ApproveMilestone<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::ApproveMilestone {
        upside::accounts::ApproveMilestone {
            approver: self.approver,
            security: self.keys.security,
            grant: self.keys.grant(&self.recipient, self.id),
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::ApproveMilestone {})
    }
}

/// Stops what has not vested. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct RevokeGrant<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Who receives what has vested.
    pub recipient: Pubkey,
    /// The grant's id.
    pub id: u64,
}

impl RevokeGrant<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::RevokeGrant {
        upside::accounts::RevokeGrant {
            issuer: self.issuer,
            security: self.keys.security,
            grant: self.keys.grant(&self.recipient, self.id),
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::RevokeGrant {})
    }
}

/// Ends a grant that is claimed in full or has lapsed. Anyone; nobody signs.
#[derive(Clone, Copy, Debug)]
pub struct CloseGrant<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Who received.
    pub recipient: Pubkey,
    /// The grant's id.
    pub id: u64,
    /// Who paid the grant's rent.
    pub rent_payer: Pubkey,
}

impl CloseGrant<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CloseGrant {
        upside::accounts::CloseGrant {
            security: self.keys.security,
            grant: self.keys.grant(&self.recipient, self.id),
            rent_payer: self.rent_payer,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::CloseGrant {})
    }
}
