//! Who could change the program.

use anchor_lang::{prelude::Pubkey, solana_program::bpf_loader_upgradeable};

use crate::{
    error::{ClientError, Result},
    sender::Sender,
};

/// Who may replace the code of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeAuthority {
    /// This key.
    Held(Pubkey),
    /// Nobody, ever again.
    GivenUp,
}

/// Tag of a program account of the upgradeable loader, which names the account with the code.
const PROGRAM: [u8; 4] = 2u32.to_le_bytes();
/// Tag of an account with code: then the slot of its deployment, and perhaps the authority.
const PROGRAM_DATA: [u8; 4] = 3u32.to_le_bytes();

/// Who may replace the code of `program`.
///
/// # Errors
/// [`ClientError::Missing`] if there is no such program; [`ClientError::Malformed`] if it is none.
pub fn upgrade_authority(sender: &dyn Sender, program: &Pubkey) -> Result<UpgradeAuthority> {
    let malformed = |address: &Pubkey, reason: &str| ClientError::Malformed {
        what: "program",
        address: *address,
        reason: reason.to_owned(),
    };
    let account = sender.get_account(program)?.ok_or(ClientError::Missing {
        what: "program",
        address: *program,
    })?;
    if !account.executable {
        return Err(malformed(program, "it cannot be executed"));
    }
    if account.owner != bpf_loader_upgradeable::ID {
        // The other loaders that still run programs have no authority.
        return Ok(UpgradeAuthority::GivenUp);
    }
    let data_address = account
        .data
        .strip_prefix(&PROGRAM)
        .and_then(|rest| Pubkey::try_from(rest).ok())
        .ok_or_else(|| malformed(program, "it names no code"))?;
    let code = sender.get_account(&data_address)?.ok_or(ClientError::Missing {
        what: "code of a program",
        address: data_address,
    })?;
    match code.data.strip_prefix(&PROGRAM_DATA).and_then(|rest| rest.get(8..41)) {
        Some([0, ..]) => Ok(UpgradeAuthority::GivenUp),
        Some([1, key @ ..]) => Pubkey::try_from(key)
            .map(UpgradeAuthority::Held)
            .map_err(|_| malformed(&data_address, "its authority is cut")),
        _ => Err(malformed(&data_address, "it is not code of the upgradeable loader")),
    }
}
