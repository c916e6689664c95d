//! Giving atoms of a mint to an owner, and what an issuer does to accounts and mints afterwards.

use anchor_lang::{
    prelude::{ProgramError, Pubkey},
    solana_program::instruction::Instruction,
};
use anchor_spl::{
    associated_token::{
        get_associated_token_address_with_program_id,
        spl_associated_token_account::instruction::create_associated_token_account_idempotent,
    },
    token_2022::spl_token_2022::{
        extension::{pausable, scaled_ui_amount},
        instruction as token,
    },
};

/// A mint and the token program that owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MintRef {
    /// The mint.
    pub mint: Pubkey,
    /// SPL Token or Token-2022.
    pub token_program: Pubkey,
    /// The mint's decimals.
    pub decimals: u8,
}

impl MintRef {
    /// The associated token account of `owner`.
    #[must_use]
    pub fn account_of(&self, owner: &Pubkey) -> Pubkey {
        get_associated_token_address_with_program_id(owner, &self.mint, &self.token_program)
    }

    /// Creates the associated token account of `owner` where it is missing. Signer: `payer`.
    #[must_use]
    pub fn open_account(&self, payer: &Pubkey, owner: &Pubkey) -> Instruction {
        create_associated_token_account_idempotent(payer, owner, &self.mint, &self.token_program)
    }

    /// Mints `atoms` into the associated token account of `owner`, which must exist and not be frozen.
    /// Signer: `authority`.
    ///
    /// # Errors
    /// Only when the token program is neither SPL Token nor Token-2022.
    pub fn mint_to(&self, authority: &Pubkey, owner: &Pubkey, atoms: u64) -> Result<Instruction, ProgramError> {
        token::mint_to_checked(
            &self.token_program,
            &self.mint,
            &self.account_of(owner),
            authority,
            &[],
            atoms,
            self.decimals,
        )
    }

    /// Thaws the associated token account of `owner`; the token program refuses when it is not frozen.
    /// Signer: `authority`.
    ///
    /// # Errors
    /// Only when the token program is neither SPL Token nor Token-2022.
    pub fn thaw(&self, authority: &Pubkey, owner: &Pubkey) -> Result<Instruction, ProgramError> {
        token::thaw_account(&self.token_program, &self.account_of(owner), &self.mint, authority, &[])
    }

    /// Freezes the associated token account of `owner`; refused when it is frozen. Signer: `authority`.
    ///
    /// # Errors
    /// Only when the token program is neither SPL Token nor Token-2022.
    pub fn freeze(&self, authority: &Pubkey, owner: &Pubkey) -> Result<Instruction, ProgramError> {
        token::freeze_account(&self.token_program, &self.account_of(owner), &self.mint, authority, &[])
    }

    /// Pauses the mint. Signer: `authority`. Needs the pausable extension.
    ///
    /// # Errors
    /// Only when the token program is not Token-2022.
    pub fn pause(&self, authority: &Pubkey) -> Result<Instruction, ProgramError> {
        pausable::instruction::pause(&self.token_program, &self.mint, authority, &[])
    }

    /// Resumes a paused mint. Signer: `authority`.
    ///
    /// # Errors
    /// Only when the token program is not Token-2022.
    pub fn resume(&self, authority: &Pubkey) -> Result<Instruction, ProgramError> {
        pausable::instruction::resume(&self.token_program, &self.mint, authority, &[])
    }

    /// Changes the multiplier that wallets show from `effective_ts` on (Unix seconds): how a split or a reinvested
    /// dividend looks. Signer: `authority`. Needs the scaled UI amount extension.
    ///
    /// # Errors
    /// Only when the token program is not Token-2022.
    pub fn set_multiplier(
        &self,
        authority: &Pubkey,
        multiplier: f64,
        effective_ts: i64,
    ) -> Result<Instruction, ProgramError> {
        scaled_ui_amount::instruction::update_multiplier(
            &self.token_program,
            &self.mint,
            authority,
            &[],
            multiplier,
            effective_ts,
        )
    }

    /// What an issuer's clawback does: moves `atoms` between two token accounts as permanent delegate.
    /// Signer: `delegate`. A transfer fee, if any, is withheld.
    ///
    /// # Errors
    /// Only when the token program is neither SPL Token nor Token-2022.
    pub fn claw_back(
        &self,
        delegate: &Pubkey,
        from: &Pubkey,
        to: &Pubkey,
        atoms: u64,
    ) -> Result<Instruction, ProgramError> {
        token::transfer_checked(
            &self.token_program,
            from,
            &self.mint,
            to,
            delegate,
            &[],
            atoms,
            self.decimals,
        )
    }
}
