//! Builders of the program's instructions: pure, over the program's own types.
//!
//! Each builder names what a caller decides and derives every other address. `accounts()` gives the program's own accounts struct, by
//! name; `instruction()` the finished instruction. Nothing is read from a network and nothing is checked here: the program checks.
//! [`token`] has the few instructions of the token programs that go with them.

mod collective;
mod grant;
mod redemption;
mod round;
mod security;
mod shares;
pub mod token;
mod upside;
mod vault;

pub use self::{collective::*, grant::*, redemption::*, round::*, security::*, shares::*, upside::*, vault::*};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction, InstructionData, ToAccountMetas};

use crate::pda;

/// The system program.
const SYSTEM_PROGRAM_ID: Pubkey = anchor_lang::system_program::ID;

fn build(accounts: &impl ToAccountMetas, args: &impl InstructionData) -> Instruction {
    Instruction {
        program_id: ::upside::ID,
        accounts: accounts.to_account_metas(None),
        data: args.data(),
    }
}

fn event_authority() -> Pubkey {
    pda::event_authority()
}
