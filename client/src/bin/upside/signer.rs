//! Who acts and who pays: key files, and addresses whose key is elsewhere.

use std::{fs::File, io::Read, path::Path};

use anchor_lang::prelude::Pubkey;
use solana_signer::null_signer::NullSigner;
use upside_client::{solana_keypair::Keypair, solana_signer::Signer};

use crate::failure::{Failure, Result};

/// Longest key file that is read, bytes.
const MAX_KEY_FILE: u64 = 4_096;

/// An address that signs, with or without its key.
pub struct Identity {
    /// The address.
    pub address: Pubkey,
    key: Option<Keypair>,
}

impl Identity {
    /// An address whose key is elsewhere.
    pub fn without_key(address: Pubkey) -> Self {
        Self { address, key: None }
    }

    /// The key in a file.
    ///
    /// # Errors
    /// When the file cannot be read, others can read it, or it holds no key. What it holds is never repeated.
    pub fn from_file(path: &Path) -> Result<Self> {
        if looks_like_a_key(&path.to_string_lossy()) {
            return Err(Failure::key(
                "what stands for a key file looks like a key itself, and other users can see command lines",
            )
            .remedy("consider that key known to others; name a file with -k"));
        }
        let shown = path.display();
        if let Some(kind) = ["usb:", "prompt:", "stdin:", "ASK"]
            .iter()
            .find(|kind| path.to_string_lossy().starts_with(**kind))
        {
            return Err(Failure::key(format!("keys of the kind {kind} are not supported here"))
                .remedy("export the transaction with --base64 and sign it with the tool that has the key"));
        }
        let cannot_read = |e: std::io::Error| {
            Failure::key(format!("the key file {shown} cannot be read: {e}"))
                .remedy("name another with -k, or make one with `solana-keygen new`")
        };
        let file = File::open(path).map_err(cannot_read)?;
        let metadata = file.metadata().map_err(cannot_read)?;
        if !metadata.is_file() {
            return Err(Failure::key(format!("the key file {shown} is not a file")));
        }
        check_private(&metadata, path)?;
        let mut text = String::new();
        file.take(MAX_KEY_FILE)
            .read_to_string(&mut text)
            .map_err(|_| not_a_key(path))?;
        let bytes: Vec<u8> = serde_json::from_str(text.trim()).map_err(|_| not_a_key(path))?;
        let key = Keypair::try_from(bytes.as_slice()).map_err(|_| not_a_key(path))?;
        Ok(Self {
            address: key.pubkey(),
            key: Some(key),
        })
    }

    /// Whether the key is here.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The signer; one that signs nothing when the key is elsewhere.
    pub fn signer(&self) -> Box<dyn Signer> {
        match &self.key {
            Some(key) => Box::new(key.insecure_clone()),
            None => Box::new(NullSigner::new(&self.address)),
        }
    }
}

/// Whether a text may be a secret: a list of bytes, 64 bytes in base 58, or a seed phrase. Such a text is never repeated.
pub fn looks_like_a_key(text: &str) -> bool {
    let text = text.trim();
    let list = text.starts_with('[') && text.matches(',').count() >= 31;
    let base58 = text.len() > 64 && bs58::decode(text).into_vec().is_ok_and(|bytes| bytes.len() == 64);
    let words = text.split_whitespace();
    let phrase = words.clone().count() >= 12 && words.clone().all(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
    list || base58 || phrase
}

fn not_a_key(path: &Path) -> Failure {
    Failure::key(format!("{} does not hold a key", path.display()))
        .remedy("a key file is a JSON list of 64 numbers, as `solana-keygen new` writes it")
}

/// Refuses a key that other users of the machine can read or write.
#[cfg(unix)]
fn check_private(metadata: &std::fs::Metadata, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(
        Failure::key(format!("others can use the key file {}", path.display())).remedy(format!(
            "run `chmod 600 {}`, and think about who may have read it",
            path.display()
        )),
    )
}

#[cfg(not(unix))]
fn check_private(_: &std::fs::Metadata, _: &Path) -> Result<()> {
    Ok(())
}
