//! The look-alike of the money that upside is paid in.

use anchor_lang::{
    prelude::{ProgramError, Pubkey},
    solana_program::{instruction::Instruction, program_pack::Pack, rent::Rent, system_instruction},
};
use anchor_spl::token::spl_token;

/// A payout mint: legacy SPL Token, with a mint authority and a freeze authority, like USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutMint {
    /// The ticker that clients show. Legacy mints store none on chain.
    pub symbol: &'static str,
    /// The name that clients show. Legacy mints store none on chain.
    pub name: &'static str,
    /// Decimals: one whole token is `10^decimals` atoms.
    pub decimals: u8,
}

/// The payout mint of a local network.
pub const PAYOUT: PayoutMint = PayoutMint {
    symbol: "USDC",
    name: "USD Coin (look-alike)",
    decimals: 6,
};

impl PayoutMint {
    /// Creates the mint. Signers: `payer` and `mint`. `authority` becomes mint and freeze authority.
    ///
    /// # Errors
    /// Only when an instruction cannot be encoded.
    pub fn create_instructions(
        &self,
        payer: &Pubkey,
        mint: &Pubkey,
        authority: &Pubkey,
    ) -> Result<Vec<Instruction>, ProgramError> {
        let space = spl_token::state::Mint::LEN;
        Ok(vec![
            system_instruction::create_account(
                payer,
                mint,
                Rent::default().minimum_balance(space),
                space as u64,
                &spl_token::ID,
            ),
            spl_token::instruction::initialize_mint2(&spl_token::ID, mint, authority, Some(authority), self.decimals)?,
        ])
    }
}
