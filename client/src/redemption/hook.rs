//! The accounts that a mint's transfer hook wants, resolved from the chain: an own reader of the transfer hook interface's list, since its
//! published crates need other versions of the Solana types than this workspace.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::AccountMeta};

use crate::{
    error::{ClientError, Result},
    sender::Sender,
};

/// First bytes of the interface's `execute` instruction, and of the list of its accounts.
const EXECUTE: [u8; 8] = [105, 37, 101, 197, 75, 251, 102, 26];
/// Seed of the list's address.
const LIST_SEED: &[u8] = b"extra-account-metas";
/// Bytes of one entry: kind, 32 bytes of configuration, signer, writable.
const ENTRY_LEN: usize = 35;

/// One transfer that a hook program is asked about.
struct Transfer<'a> {
    sender: &'a dyn Sender,
    program: Pubkey,
    data: Vec<u8>,
    /// The accounts of `execute` so far.
    keys: Vec<Pubkey>,
}

fn bad(list: &Pubkey, reason: &str) -> ClientError {
    ClientError::Malformed {
        what: "list of a transfer hook's accounts",
        address: *list,
        reason: reason.to_owned(),
    }
}

/// What a transfer of `amount` atoms of `mint` by its transfer hook `program` needs beyond its own accounts: the hook's accounts, the
/// program, and the list of them.
///
/// # Errors
/// [`ClientError::Malformed`] if the list is none of this interface, and when the cluster does not answer.
pub fn extra_accounts(
    sender: &dyn Sender,
    program: &Pubkey,
    source: &Pubkey,
    mint: &Pubkey,
    destination: &Pubkey,
    authority: &Pubkey,
    amount: u64,
) -> Result<Vec<AccountMeta>> {
    let (list, _) = Pubkey::find_program_address(&[LIST_SEED, mint.as_ref()], program);
    let mut data = EXECUTE.to_vec();
    data.extend_from_slice(&amount.to_le_bytes());
    let mut transfer = Transfer {
        sender,
        program: *program,
        data,
        keys: vec![*source, *mint, *destination, *authority, list],
    };
    let mut metas = Vec::new();
    // Without a list the hook wants nothing but to be called.
    if let Some(account) = sender.get_account(&list)?.filter(|account| account.owner == *program) {
        let entries = entries_of(&account.data).ok_or_else(|| bad(&list, "its length contradicts itself"))?;
        for entry in entries.chunks_exact(ENTRY_LEN) {
            let key = transfer
                .resolve(entry[0], &entry[1..33])?
                .ok_or_else(|| bad(&list, "one of its entries cannot be resolved"))?;
            transfer.keys.push(key);
            metas.push(AccountMeta {
                pubkey: key,
                // A holder who collects has not signed for the hook.
                is_signer: false,
                is_writable: entry[34] != 0,
            });
        }
    }
    metas.push(AccountMeta::new_readonly(*program, false));
    metas.push(AccountMeta::new_readonly(list, false));
    Ok(metas)
}

/// The entries of the list for `execute`: discriminator, length, count, entries; other lists in front are passed over.
fn entries_of(mut data: &[u8]) -> Option<&[u8]> {
    loop {
        let kind = data.get(..8)?;
        let length = usize::try_from(u32::from_le_bytes(data.get(8..12)?.try_into().ok()?)).ok()?;
        let value = data.get(12..12usize.checked_add(length)?)?;
        if kind == EXECUTE {
            let count = usize::try_from(u32::from_le_bytes(value.get(..4)?.try_into().ok()?)).ok()?;
            return value.get(4..4usize.checked_add(count.checked_mul(ENTRY_LEN)?)?);
        }
        data = data.get(12 + length..)?;
    }
}

impl Transfer<'_> {
    /// The key of one entry; `None` if it refers to what does not exist.
    fn resolve(&self, kind: u8, config: &[u8]) -> Result<Option<Pubkey>> {
        match kind {
            0 => Ok(Pubkey::try_from(config).ok()),
            1 => self.derived(&self.program, config),
            2 => match config[0] {
                1 => Ok(key_at(&self.data, usize::from(config[1]))),
                2 => Ok(self
                    .account_data(config[1])?
                    .and_then(|data| key_at(&data, usize::from(config[2])))),
                _ => Ok(None),
            },
            other if other >= 128 => match self.keys.get(usize::from(other - 128)) {
                Some(program) => self.derived(program, config),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The program address whose seeds are packed into `config`.
    fn derived(&self, program: &Pubkey, config: &[u8]) -> Result<Option<Pubkey>> {
        let mut seeds: Vec<Vec<u8>> = Vec::new();
        let mut at = 0;
        let byte = |at: usize| config.get(at).copied().unwrap_or_default();
        while at < config.len() && config[at] != 0 {
            let (seed, length) = match config[at] {
                1 => {
                    let length = usize::from(byte(at + 1));
                    (config.get(at + 2..at + 2 + length).map(<[u8]>::to_vec), 2 + length)
                }
                2 => (slice_at(&self.data, byte(at + 1), byte(at + 2)), 3),
                3 => (
                    self.keys
                        .get(usize::from(byte(at + 1)))
                        .map(|key| key.to_bytes().to_vec()),
                    2,
                ),
                4 => (
                    self.account_data(byte(at + 1))?
                        .and_then(|data| slice_at(&data, byte(at + 2), byte(at + 3))),
                    4,
                ),
                _ => (None, 1),
            };
            let Some(seed) = seed else { return Ok(None) };
            seeds.push(seed);
            at += length;
        }
        let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
        Ok(Pubkey::try_find_program_address(&seeds, program).map(|(key, _)| key))
    }

    fn account_data(&self, index: u8) -> Result<Option<Vec<u8>>> {
        match self.keys.get(usize::from(index)) {
            Some(key) => Ok(self.sender.get_account(key)?.map(|account| account.data)),
            None => Ok(None),
        }
    }
}

fn slice_at(data: &[u8], from: u8, length: u8) -> Option<Vec<u8>> {
    let from = usize::from(from);
    data.get(from..from + usize::from(length)).map(<[u8]>::to_vec)
}

fn key_at(data: &[u8], from: usize) -> Option<Pubkey> {
    Pubkey::try_from(data.get(from..from + 32)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(of: &[[u8; ENTRY_LEN]]) -> Vec<u8> {
        let mut data = vec![9; 8];
        data.extend(3u32.to_le_bytes());
        data.extend([0; 3]);
        data.extend(EXECUTE);
        data.extend(u32::try_from(4 + of.len() * ENTRY_LEN).unwrap().to_le_bytes());
        data.extend(u32::try_from(of.len()).unwrap().to_le_bytes());
        data.extend(of.iter().flatten());
        data
    }

    #[test]
    fn entries_are_found_behind_other_lists_and_never_beyond_the_data() {
        let whole = list(&[[7; ENTRY_LEN], [8; ENTRY_LEN]]);
        assert_eq!(entries_of(&whole).unwrap().len(), 2 * ENTRY_LEN);
        for length in 0..whole.len() {
            assert!(entries_of(&whole[..length]).is_none(), "{length}");
        }
        let mut lying = whole;
        lying[23..27].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(entries_of(&lying).is_none());
    }
}
