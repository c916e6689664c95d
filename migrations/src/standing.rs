//! What is at a program's address.

use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::bpf_loader_upgradeable::ID as LOADER;
use anyhow::{bail, Context, Result};
use solana_loader_v3_interface::{get_program_data_address, state::UpgradeableLoaderState};

use crate::link::Link;

/// Tag of a program account: then the address of its code.
const PROGRAM: [u8; 4] = 2u32.to_le_bytes();
/// Tag of an account with code: then the slot, one byte, and the authority.
const PROGRAM_DATA: [u8; 4] = 3u32.to_le_bytes();

/// What is at a program's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing that is a program.
    Absent,
    /// A program of the upgradeable loader.
    Deployed(Deployed),
}

/// A program on the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Slot of its last deployment or upgrade.
    pub slot: u64,
    /// Who may change it; nobody when it is final.
    pub authority: Option<Pubkey>,
    /// Its code, with the zeros that fill the account.
    pub code: Vec<u8>,
    /// Lamports of the account with the code.
    pub data_lamports: u64,
}

impl Deployed {
    /// Whether the code is `elf` and nothing else.
    #[must_use]
    pub fn runs(&self, elf: &[u8]) -> bool {
        self.code
            .strip_prefix(elf)
            .is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
    }
}

/// Reads what is at `program`.
///
/// # Errors
/// When something other than a program of the upgradeable loader is there, or the program was closed: its address can never be used again.
pub fn read(link: &Link, program: &Pubkey) -> Result<Standing> {
    let loader = LOADER;
    let Some(account) = link.account(program)? else {
        return Ok(Standing::Absent);
    };
    if account.owner == Pubkey::default() && account.data.is_empty() {
        // Somebody has sent lamports to the address.
        return Ok(Standing::Absent);
    }
    if account.owner != loader {
        bail!(
            "{program} is an account of {}, not a program of the upgradeable loader: name another with --program-keypair",
            account.owner
        );
    }
    if account.data.strip_prefix(&PROGRAM).is_none() {
        bail!("{program} is not a program: name the program's key with --program-keypair");
    }
    let address = get_program_data_address(program);
    let data = link
        .account(&address)?
        .filter(|data| data.owner == loader)
        .with_context(|| {
            format!("program {program} was closed and its address cannot be used again: deploy at another")
        })?;
    let metadata = UpgradeableLoaderState::size_of_programdata_metadata();
    let (Some(rest), Some(code)) = (data.data.strip_prefix(&PROGRAM_DATA), data.data.get(metadata..)) else {
        bail!("{address} does not hold the code of program {program}");
    };
    let (slot, rest) = rest.split_first_chunk().context("the program's data is cut")?;
    let authority = match rest.get(..33) {
        Some([1, key @ ..]) => Some(Pubkey::try_from(key).context("the program's authority is cut")?),
        Some([0, ..]) => None,
        _ => bail!("{address} has an authority of an unknown form"),
    };
    Ok(Standing::Deployed(Deployed {
        slot: u64::from_le_bytes(*slot),
        authority,
        code: code.to_vec(),
        data_lamports: data.lamports,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_a_file_only_when_nothing_but_zeros_follows_it() {
        let deployed = |code: &[u8]| Deployed {
            slot: 1,
            authority: None,
            code: code.to_vec(),
            data_lamports: 0,
        };
        assert!(deployed(&[1, 2]).runs(&[1, 2]));
        assert!(deployed(&[1, 2, 0, 0]).runs(&[1, 2]));
        assert!(!deployed(&[1, 2, 3]).runs(&[1, 2]));
        assert!(!deployed(&[1]).runs(&[1, 2]));
        assert!(!deployed(&[1, 3]).runs(&[1, 2]));
    }
}
