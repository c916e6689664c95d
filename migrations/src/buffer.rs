//! The upload into a buffer of the loader.
//!
//! The buffer's address follows from the payer, the program and the file, so that a run that was interrupted is continued by the same command, on any
//! machine. What is there is read before anything is written, and only chunks that differ are sent.

use anchor_lang::solana_program::bpf_loader_upgradeable::ID as LOADER;
use anchor_lang::{
    prelude::{AccountMeta, Pubkey},
    solana_program::{instruction::Instruction, system_instruction},
};
use anyhow::{bail, Context, Result};
use sha2::{Digest, Sha256};
use solana_loader_v3_interface::{
    instruction::{write, UpgradeableLoaderInstruction},
    state::UpgradeableLoaderState,
};
use solana_signer::Signer;

use crate::link::Link;

/// Bytes of a file in one transaction: what a transaction of one signature and three instructions has room for.
pub const CHUNK_LEN: usize = 900;
/// Transactions on their way at once.
const IN_FLIGHT: usize = 64;
/// Compute units of one write; it takes about 2,670 with the compute budget's own.
const WRITE_UNITS: u32 = 10_000;
/// How often chunks that did not arrive are looked for and sent again.
const ROUNDS: usize = 10;
/// Tag of a buffer: then one byte, and the authority.
const BUFFER: [u8; 4] = 1u32.to_le_bytes();

/// Where an upload goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The address that follows from payer, program and file.
    Derived {
        /// The address.
        address: Pubkey,
        /// The seed it is derived with.
        seed: String,
    },
    /// A buffer that exists.
    Existing(Pubkey),
}

impl Place {
    /// The derived place.
    ///
    /// # Errors
    /// Never: the seed is as long as seeds may be.
    pub fn derive(payer: &Pubkey, program: &Pubkey, elf: &[u8]) -> Result<Self> {
        let digest = Sha256::new().chain_update(program).chain_update(elf).finalize();
        let seed: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let address = Pubkey::create_with_seed(payer, &seed, &LOADER)?;
        Ok(Self::Derived { address, seed })
    }

    /// The buffer's address.
    #[must_use]
    pub fn address(&self) -> Pubkey {
        match self {
            Self::Derived { address, .. } | Self::Existing(address) => *address,
        }
    }
}

/// What an upload did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Chunks that were written now.
    pub written: usize,
    /// Chunks that were there.
    pub kept: usize,
}

/// What a buffer holds now; nothing when it does not exist.
///
/// # Errors
/// When the address is something else, belongs to another authority, or has another length than the file.
pub fn read(link: &Link, place: &Place, elf: &[u8]) -> Result<Option<Vec<u8>>> {
    let address = place.address();
    let account = link.account(&address)?;
    let exists = account.as_ref().is_some_and(|account| !account.data.is_empty());
    let Some(account) = account.filter(|_| exists) else {
        if matches!(place, Place::Existing(_)) {
            bail!("there is no buffer {address}: leave --buffer out and one is made");
        }
        return Ok(None);
    };
    if account.owner != LOADER {
        bail!("{address} is not a buffer of the upgradeable loader: name another with --buffer, or leave it out");
    }
    let holder = account
        .data
        .strip_prefix(&BUFFER)
        .and_then(|rest| match rest.get(..33) {
            Some([1, key @ ..]) => Pubkey::try_from(key).ok(),
            _ => None,
        });
    if holder != Some(link.payer.pubkey()) {
        bail!(
            "buffer {address} does not belong to {}: use the key that made it, or another buffer",
            link.payer.pubkey()
        );
    }
    let bytes = account
        .data
        .get(UpgradeableLoaderState::size_of_buffer_metadata()..)
        .context("the buffer is cut")?;
    if bytes.len() != elf.len() {
        bail!(
            "buffer {address} is for {} bytes and the program has {}: name another with --buffer, or leave it out",
            bytes.len(),
            elf.len()
        );
    }
    Ok(Some(bytes.to_vec()))
}

/// Lamports that the buffer still needs to exist.
///
/// # Errors
/// When the server does not answer.
pub fn missing_lamports(link: &Link, place: &Place, elf: &[u8]) -> Result<u64> {
    let rent = link
        .rpc
        .get_minimum_balance_for_rent_exemption(UpgradeableLoaderState::size_of_buffer(elf.len()))?;
    let has = link.account(&place.address())?.map_or(0, |account| account.lamports);
    Ok(rent.saturating_sub(has))
}

/// The chunks of `elf` that `present` has not, by offset.
#[must_use]
pub fn differing<'a>(present: Option<&[u8]>, elf: &'a [u8]) -> Vec<(usize, &'a [u8])> {
    elf.chunks(CHUNK_LEN)
        .enumerate()
        .map(|(index, chunk)| (index * CHUNK_LEN, chunk))
        .filter(|(offset, chunk)| {
            present.is_none_or(|present| present.get(*offset..*offset + chunk.len()) != Some(*chunk))
        })
        .collect()
}

/// Makes the buffer if it is missing and writes every chunk that differs; `progress` is told chunks done and in all.
///
/// # Errors
/// When a transaction fails, or chunks do not arrive in many rounds.
pub fn upload(link: &Link, place: &Place, elf: &[u8], mut progress: impl FnMut(usize, usize)) -> Result<Uploaded> {
    let mut present = read(link, place, elf)?;
    if present.is_none() {
        if let Place::Derived { address, seed } = place {
            create(link, address, seed, elf.len())?;
        }
        present = read(link, place, elf)?;
    }
    let all = elf.chunks(CHUNK_LEN).len();
    let first = differing(present.as_deref(), elf).len();
    progress(all - first, all);
    for _ in 0..ROUNDS {
        let missing = differing(present.as_deref(), elf);
        if missing.is_empty() {
            return Ok(Uploaded {
                written: first,
                kept: all - first,
            });
        }
        let mut done = all - missing.len();
        for some in missing.chunks(IN_FLIGHT) {
            let mut writes = Vec::with_capacity(some.len());
            for (offset, chunk) in some {
                let offset = u32::try_from(*offset).context("the program is too large")?;
                writes.push(write(&place.address(), &link.payer.pubkey(), offset, chunk.to_vec()));
            }
            let lost = link.send_all(WRITE_UNITS, &writes)?;
            done += some.len() - lost;
            progress(done, all);
        }
        present = read(link, place, elf)?;
    }
    bail!("chunks of the program do not arrive: the cluster is busy; run the same command again, perhaps with --priority-fee, it goes on from here")
}

/// Makes the buffer. Lamports that somebody has sent to its address do not hinder it.
fn create(link: &Link, address: &Pubkey, seed: &str, len: usize) -> Result<()> {
    let loader = LOADER;
    let payer = link.payer.pubkey();
    let space = UpgradeableLoaderState::size_of_buffer(len);
    let rent = link.rpc.get_minimum_balance_for_rent_exemption(space)?;
    let has = link.account(address)?.map_or(0, |account| account.lamports);
    let mut instructions = Vec::new();
    if rent > has {
        instructions.push(system_instruction::transfer(&payer, address, rent - has));
    }
    instructions.push(system_instruction::allocate_with_seed(
        address,
        &payer,
        seed,
        u64::try_from(space)?,
        &loader,
    ));
    instructions.push(Instruction::new_with_bincode(
        loader,
        &UpgradeableLoaderInstruction::InitializeBuffer,
        vec![
            AccountMeta::new(*address, false),
            AccountMeta::new_readonly(payer, false),
        ],
    ));
    link.send(WRITE_UNITS, &instructions, &[])
        .context("the buffer cannot be made")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chunks_that_differ_are_written() {
        let elf: Vec<u8> = (0..2 * CHUNK_LEN + 10).map(|i| (i % 251) as u8 + 1).collect();
        assert_eq!(differing(None, &elf).len(), 3);
        assert_eq!(differing(Some(&elf), &elf), []);
        let mut present = elf.clone();
        present[CHUNK_LEN] ^= 1;
        assert_eq!(
            differing(Some(&present), &elf),
            [(CHUNK_LEN, &elf[CHUNK_LEN..2 * CHUNK_LEN])]
        );
        let mut end = elf.clone();
        end[2 * CHUNK_LEN + 9] ^= 1;
        assert_eq!(differing(Some(&end), &elf), [(2 * CHUNK_LEN, &elf[2 * CHUNK_LEN..])]);
    }

    #[test]
    fn the_buffer_depends_on_payer_program_and_file_and_on_nothing_else() {
        let (a, b) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        let place = |payer, program, elf: &[u8]| Place::derive(payer, program, elf).expect("a place");
        assert_eq!(place(&a, &b, b"x"), place(&a, &b, b"x"));
        for other in [place(&b, &b, b"x"), place(&a, &a, b"x"), place(&a, &b, b"y")] {
            assert_ne!(other.address(), place(&a, &b, b"x").address());
        }
    }
}
