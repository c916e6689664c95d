//! Moves of shares; a holder's own settings.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::constants::{MEMO_PROGRAM_ID, TOKEN_2022_PROGRAM_ID};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::SecurityKeys;

/// Turns bearer shares into registered ones. Signed by `payer` and `holder`.
#[derive(Clone, Copy, Debug)]
pub struct Register<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent if the position is missing.
    pub payer: Pubkey,
    /// Owns the bearer shares and the position.
    pub holder: Pubkey,
    /// Token account they come from; usually [`SecurityKeys::bearer_account`].
    pub bearer_account: Pubkey,
    /// Share atoms.
    pub amount: u64,
}

impl Register<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Register {
        upside::accounts::Register {
            payer: self.payer,
            holder: self.holder,
            security: self.keys.security,
            mint: self.keys.mint,
            position: self.keys.position(&self.holder),
            registered: self.keys.registered(&self.holder),
            bearer_account: self.bearer_account,
            token_program: TOKEN_2022_PROGRAM_ID,
            memo_program: MEMO_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Register { amount: self.amount })
    }
}

/// Turns registered shares into bearer ones. Signed by `holder`.
#[derive(Clone, Copy, Debug)]
pub struct Unregister<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Owns the position and the bearer account.
    pub holder: Pubkey,
    /// Token account they go to; usually [`SecurityKeys::bearer_account`]. It must exist.
    pub bearer_account: Pubkey,
    /// Share atoms.
    pub amount: u64,
}

impl Unregister<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Unregister {
        upside::accounts::Unregister {
            holder: self.holder,
            security: self.keys.security,
            mint: self.keys.mint,
            position: self.keys.position(&self.holder),
            registered: self.keys.registered(&self.holder),
            bearer_account: self.bearer_account,
            token_program: TOKEN_2022_PROGRAM_ID,
            memo_program: MEMO_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::Unregister { amount: self.amount },
        )
    }
}

/// Sends registered shares to another holder. Signed by `payer` and `from`.
#[derive(Clone, Copy, Debug)]
pub struct TransferShares<'a> {
    /// The security. If it is curated, the receiver's approval is passed along.
    pub keys: &'a SecurityKeys,
    /// Pays rent if the receiver's position is missing.
    pub payer: Pubkey,
    /// Who sends.
    pub from: Pubkey,
    /// Who receives: a wallet or another program's account.
    pub to: Pubkey,
    /// Share atoms.
    pub amount: u64,
}

impl TransferShares<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::TransferShares {
        upside::accounts::TransferShares {
            payer: self.payer,
            holder: self.from,
            security: self.keys.security,
            mint: self.keys.mint,
            from_position: self.keys.position(&self.from),
            from_registered: self.keys.registered(&self.from),
            to_holder: self.to,
            to_position: self.keys.position(&self.to),
            to_registered: self.keys.registered(&self.to),
            approval: self.keys.curated.then(|| self.keys.approval(&self.to)),
            token_program: TOKEN_2022_PROGRAM_ID,
            memo_program: MEMO_PROGRAM_ID,
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
            &upside::instruction::TransferShares { amount: self.amount },
        )
    }
}

/// Names the token account that a claim by anyone pays to. Signed by `holder`.
#[derive(Clone, Copy, Debug)]
pub struct SetPayoutAccount<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Whose choice it is.
    pub holder: Pubkey,
    /// An unfrozen token account of the payout mint that the holder owns.
    pub payout_account: Pubkey,
}

impl SetPayoutAccount<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::SetPayoutAccount {
        upside::accounts::SetPayoutAccount {
            holder: self.holder,
            security: self.keys.security,
            position: self.keys.position(&self.holder),
            payout_account: self.payout_account,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::SetPayoutAccount {})
    }
}

/// Closes an empty position. Signed by `holder`.
#[derive(Clone, Copy, Debug)]
pub struct ClosePosition<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Whose position it is.
    pub holder: Pubkey,
    /// Who paid the rent, by the position's record, and gets it back.
    pub rent_payer: Pubkey,
}

impl ClosePosition<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::ClosePosition {
        upside::accounts::ClosePosition {
            holder: self.holder,
            security: self.keys.security,
            mint: self.keys.mint,
            position: self.keys.position(&self.holder),
            registered: self.keys.registered(&self.holder),
            rent_payer: self.rent_payer,
            token_program: TOKEN_2022_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::ClosePosition {})
    }
}
