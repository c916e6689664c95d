//! The security's own instructions: terms, supply, issuer, metadata, approvals.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::{
    constants::TOKEN_2022_PROGRAM_ID,
    instructions::security::{CreateSecurityArgs, UpdateMetadataArgs},
};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::SecurityKeys;

/// Creates a security. Signed by `payer` and `issuer`.
#[derive(Clone, Debug)]
pub struct CreateSecurity {
    /// Pays rent.
    pub payer: Pubkey,
    /// The issuer, and first holder.
    pub issuer: Pubkey,
    /// The mint money is paid in.
    pub payout_mint: Pubkey,
    /// The token program of the payout mint.
    pub payout_token_program: Pubkey,
    /// Kind, index, terms, metadata, initial shares.
    pub args: CreateSecurityArgs,
}

impl CreateSecurity {
    /// The keys that the security will have.
    #[must_use]
    pub fn keys(&self) -> SecurityKeys {
        SecurityKeys::derive(
            &self.issuer,
            self.args.kind,
            self.args.index,
            self.args.terms.policy,
            self.payout_mint,
            self.payout_token_program,
        )
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CreateSecurity {
        let keys = self.keys();
        upside::accounts::CreateSecurity {
            payer: self.payer,
            issuer: self.issuer,
            mint: keys.mint,
            security: keys.security,
            payout_mint: self.payout_mint,
            payout_token_program: self.payout_token_program,
            payout_vault: keys.payout_vault(),
            position: keys.position(&self.issuer),
            registered: keys.registered(&self.issuer),
            token_program: TOKEN_2022_PROGRAM_ID,
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
            &upside::instruction::CreateSecurity {
                args: self.args.clone(),
            },
        )
    }
}

/// Issues new shares to the issuer. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent if the issuer's position is missing.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Share atoms.
    pub amount: u64,
}

impl Issue<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Issue {
        upside::accounts::Issue {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            mint: self.keys.mint,
            position: self.keys.position(&self.issuer),
            registered: self.keys.registered(&self.issuer),
            token_program: TOKEN_2022_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Issue { amount: self.amount })
    }
}

/// Gives up capacity for ever. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct Retire<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Share atoms of capacity.
    pub amount: u64,
}

impl Retire<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Retire {
        upside::accounts::Retire {
            issuer: self.issuer,
            security: self.keys.security,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Retire { amount: self.amount })
    }
}

/// Opens redemption earlier. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct AdvanceRedemption<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// When redemption opens, unix seconds; earlier than now promised.
    pub redeem_after_ts: i64,
}

impl AdvanceRedemption<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::AdvanceRedemption {
        upside::accounts::AdvanceRedemption {
            issuer: self.issuer,
            security: self.keys.security,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::AdvanceRedemption {
                redeem_after_ts: self.redeem_after_ts,
            },
        )
    }
}

/// Proposes another issuer. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct ProposeIssuer<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Who may accept; `None` withdraws a proposal.
    pub pending_issuer: Option<Pubkey>,
}

impl ProposeIssuer<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::ProposeIssuer {
        upside::accounts::ProposeIssuer {
            issuer: self.issuer,
            security: self.keys.security,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::ProposeIssuer {
                pending_issuer: self.pending_issuer.unwrap_or_default(),
            },
        )
    }
}

/// Becomes the issuer. Signed by `pending_issuer`.
#[derive(Clone, Copy, Debug)]
pub struct AcceptIssuer<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Who was proposed.
    pub pending_issuer: Pubkey,
}

impl AcceptIssuer<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::AcceptIssuer {
        upside::accounts::AcceptIssuer {
            pending_issuer: self.pending_issuer,
            security: self.keys.security,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::AcceptIssuer {})
    }
}

/// Changes name, symbol or URI on the mint; what is `None` stays. Signed by `payer` and `issuer`.
#[derive(Clone, Debug)]
pub struct UpdateMetadata<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays the rent of the bytes added.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// What changes.
    pub args: UpdateMetadataArgs,
}

impl UpdateMetadata<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::UpdateMetadata {
        upside::accounts::UpdateMetadata {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            mint: self.keys.mint,
            token_program: TOKEN_2022_PROGRAM_ID,
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
            &upside::instruction::UpdateMetadata {
                args: self.args.clone(),
            },
        )
    }
}

/// Tells the holders something. Signed by `issuer`.
#[derive(Clone, Debug)]
pub struct PostUpdate<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Where the text is.
    pub uri: String,
    /// Sha256 of the text.
    pub sha256: [u8; 32],
}

impl PostUpdate<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::PostUpdate {
        upside::accounts::PostUpdate {
            issuer: self.issuer,
            security: self.keys.security,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::PostUpdate {
                uri: self.uri.clone(),
                sha256: self.sha256,
            },
        )
    }
}

/// Lets a holder receive curated shares. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct ApproveHolder<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Who may receive.
    pub holder: Pubkey,
}

impl ApproveHolder<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::ApproveHolder {
        upside::accounts::ApproveHolder {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            holder: self.holder,
            approval: self.keys.approval(&self.holder),
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::ApproveHolder {})
    }
}

/// Stops a holder from receiving more curated shares. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct RemoveApproval<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Who may no longer receive.
    pub holder: Pubkey,
    /// Who paid the rent, by the approval's record, and gets it back.
    pub rent_payer: Pubkey,
}

impl RemoveApproval<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::RemoveApproval {
        upside::accounts::RemoveApproval {
            issuer: self.issuer,
            security: self.keys.security,
            approval: self.keys.approval(&self.holder),
            rent_payer: self.rent_payer,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::RemoveApproval {})
    }
}
