//! Money in and out.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::state::Position;

use super::{build, event_authority};
use crate::pda::SecurityKeys;

/// Puts money on the stream, and whatever the inbox holds. Signed by `funder`.
#[derive(Clone, Copy, Debug)]
pub struct Distribute<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Who pays; anyone.
    pub funder: Pubkey,
    /// Token account that pays; `None` to sweep the inbox only.
    pub source: Option<Pubkey>,
    /// Payout atoms from the source; 0 without one.
    pub amount: u64,
}

impl<'a> Distribute<'a> {
    /// Pays `amount` from the funder's associated token account.
    #[must_use]
    pub fn from_ata(keys: &'a SecurityKeys, funder: Pubkey, amount: u64) -> Self {
        Self {
            keys,
            funder,
            source: Some(keys.payout_account(&funder)),
            amount,
        }
    }

    /// Sweeps the inbox only.
    #[must_use]
    pub fn sweep(keys: &'a SecurityKeys, funder: Pubkey) -> Self {
        Self {
            keys,
            funder,
            source: None,
            amount: 0,
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Distribute {
        upside::accounts::Distribute {
            funder: self.funder,
            security: self.keys.security,
            source: self.source,
            payout_vault: self.keys.payout_vault(),
            inbox: self.keys.inbox(),
            payout_mint: self.keys.payout_mint,
            payout_token_program: self.keys.payout_token_program,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::Distribute { amount: self.amount },
        )
    }
}

/// Pays a holder what they are owed.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Whose upside is paid.
    pub holder: Pubkey,
    /// Where it goes. Without the holder's signature it must be the account stored in the position.
    pub payout_account: Pubkey,
    /// Whether the holder signs, and so may name any payout account.
    pub holder_signs: bool,
}

impl<'a> Claim<'a> {
    /// Signed by nobody but the fee payer: pays to the account stored in the position.
    #[must_use]
    pub fn crank(keys: &'a SecurityKeys, position: &Position) -> Self {
        Self {
            keys,
            holder: position.holder,
            payout_account: position.payout_account,
            holder_signs: false,
        }
    }

    /// Signed by the holder: pays to their associated token account.
    #[must_use]
    pub fn by_holder(keys: &'a SecurityKeys, holder: Pubkey) -> Self {
        Self {
            keys,
            holder,
            payout_account: keys.payout_account(&holder),
            holder_signs: true,
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Claim {
        upside::accounts::Claim {
            security: self.keys.security,
            position: self.keys.position(&self.holder),
            holder: self.holder,
            payout_vault: self.keys.payout_vault(),
            payout_account: self.payout_account,
            payout_mint: self.keys.payout_mint,
            payout_token_program: self.keys.payout_token_program,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        let mut instruction = build(&self.accounts(), &upside::instruction::Claim {});
        for meta in &mut instruction.accounts {
            if meta.pubkey == self.holder {
                meta.is_signer = self.holder_signs;
            }
        }
        instruction
    }
}
