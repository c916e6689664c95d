//! Payments into and out of a round's token account.

use anchor_lang::prelude::*;

use crate::{
    constants::TOKEN_2022_PROGRAM_ID,
    error::{require, require_keys_eq, UpsideError},
    seeds,
    state::{Round, Security},
    token::{memo_if_required, read_token_account, transfer_checked, TransferAccounts},
};

/// The accounts of a round's money, checked against the records of security and round.
pub struct RoundMoney<'a, 'info> {
    /// The round: owns the token account.
    pub round: &'a AccountInfo<'info>,
    /// The round's token account.
    pub account: &'a AccountInfo<'info>,
    /// The payout mint.
    pub mint: &'a AccountInfo<'info>,
    /// Its token program.
    pub token_program: &'a AccountInfo<'info>,
    security: Pubkey,
    id: [u8; 8],
    bump: u8,
    decimals: u8,
}

impl<'a, 'info> RoundMoney<'a, 'info> {
    /// Proves the accounts. `security` and `round` were loaded and belong together.
    pub fn new(
        security: &Security,
        round: &Round,
        info: &'a AccountInfo<'info>,
        account: &'a AccountInfo<'info>,
        mint: &'a AccountInfo<'info>,
        token_program: &'a AccountInfo<'info>,
    ) -> Result<Self> {
        require_keys_eq!(*account.key, round.token_account, UpsideError::WrongRoundAccount);
        require_keys_eq!(*mint.key, security.payout_mint, UpsideError::WrongPayoutMint);
        require_keys_eq!(
            *token_program.key,
            *security.payout_program(),
            UpsideError::WrongTokenProgram
        );
        Ok(Self {
            round: info,
            account,
            mint,
            token_program,
            security: round.security,
            id: round.id.to_le_bytes(),
            bump: round.bump,
            decimals: security.payout_decimals,
        })
    }

    /// Whether the round's own account can pay: not while the payout mint's issuer has frozen it.
    pub fn can_pay(&self) -> bool {
        read_token_account(self.account, self.token_program.key).is_some_and(|view| !view.frozen)
    }

    /// Whether `account` can be paid: an unfrozen token account of the payout mint that `owner` owns, other than the round's.
    pub fn can_receive(&self, account: &AccountInfo, owner: &Pubkey) -> bool {
        account.key != self.account.key
            && read_token_account(account, self.token_program.key)
                .is_some_and(|view| view.mint == *self.mint.key && view.owner == *owner && !view.frozen)
    }

    /// Takes `atoms` from an account of `payer`, who has signed. No data may be borrowed.
    pub fn take(&self, from: &AccountInfo<'info>, payer: &AccountInfo<'info>, atoms: u64) -> Result<()> {
        let view = read_token_account(from, self.token_program.key);
        require!(view.is_some_and(|view| view.amount >= atoms), UpsideError::BadSource);
        transfer_checked(
            &TransferAccounts::<AccountInfo> {
                token_program: self.token_program.key,
                source: from,
                mint: self.mint,
                destination: self.account,
                authority: payer,
            },
            atoms,
            self.decimals,
            &[],
        )
    }

    /// Pays `atoms` to an account that can receive. No data may be borrowed.
    pub fn pay(&self, to: &AccountInfo<'info>, atoms: u64) -> Result<()> {
        if *self.token_program.key == TOKEN_2022_PROGRAM_ID {
            memo_if_required(to)?;
        }
        transfer_checked(
            &TransferAccounts::<AccountInfo> {
                token_program: self.token_program.key,
                source: self.account,
                mint: self.mint,
                destination: to,
                authority: self.round,
            },
            atoms,
            self.decimals,
            &[seeds::ROUND, self.security.as_ref(), &self.id, &[self.bump]],
        )
    }
}
