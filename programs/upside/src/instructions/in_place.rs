//! The instructions that run most, on the runtime's input as it stands: which they are, and how the entrypoint tells them.

use anchor_lang::prelude::*;
use solana_account_view::AccountView;

use super::upside;
use crate::error::err;

/// What the framework makes of the name `claim`.
const CLAIM: [u8; 8] = [62, 198, 214, 193, 213, 159, 108, 210];
/// What the framework makes of the name `distribute`.
const DISTRIBUTE: [u8; 8] = [191, 44, 223, 207, 164, 236, 126, 61];

/// Number of accounts that all of them have.
pub const ACCOUNTS: usize = 9;

/// Whether an instruction with this data is run here. It is then whatever its accounts are: too few are an error, more are not looked at.
#[inline(always)]
pub fn is_in_place(data: &[u8]) -> bool {
    data.starts_with(&CLAIM) || data.starts_with(&DISTRIBUTE)
}

/// Runs an instruction of those; `None` if it is another.
#[inline(always)]
pub fn run(accounts: &mut [AccountView], data: &[u8]) -> Option<Result<()>> {
    let (name, args) = data.split_first_chunk()?;
    match *name {
        CLAIM => Some(upside::claim(accounts)),
        DISTRIBUTE => Some(amount(args).and_then(|amount| upside::distribute(accounts, amount))),
        _ => None,
    }
}

/// The one argument of an instruction, atoms.
#[inline(always)]
fn amount(args: &[u8]) -> Result<u64> {
    match args.first_chunk() {
        Some(bytes) => Ok(u64::from_le_bytes(*bytes)),
        None => err!(ErrorCode::InstructionDidNotDeserialize),
    }
}

#[cfg(test)]
mod tests {
    use anchor_lang::Discriminator;

    use super::*;
    use crate::{accounts, instruction, ID};

    #[test]
    fn they_are_told_by_what_the_framework_makes_of_their_names() {
        assert_eq!(CLAIM, instruction::Claim::DISCRIMINATOR);
        assert_eq!(DISTRIBUTE, instruction::Distribute::DISCRIMINATOR);
    }

    #[test]
    fn all_have_the_same_number_of_accounts() {
        let claim = accounts::Claim {
            security: ID,
            position: ID,
            holder: ID,
            payout_vault: ID,
            payout_account: ID,
            payout_mint: ID,
            payout_token_program: ID,
            event_authority: ID,
            program: ID,
        };
        assert_eq!(claim.to_account_metas(None).len(), ACCOUNTS);
        let distribute = accounts::Distribute {
            funder: ID,
            security: ID,
            source: None,
            payout_vault: ID,
            inbox: ID,
            payout_mint: ID,
            payout_token_program: ID,
            event_authority: ID,
            program: ID,
        };
        assert_eq!(distribute.to_account_metas(None).len(), ACCOUNTS);
    }
}
