//! Who acts and who pays: key files, and addresses whose key is elsewhere.

use std::path::Path;

use anchor_lang::prelude::Pubkey;
use solana_signer::null_signer::NullSigner;
use upside_client::{key_file, solana_keypair::Keypair, solana_signer::Signer};

use crate::failure::{Failure, Result};

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
        let key = key_file::read(path).map_err(|error| {
            let failure = Failure::key(error.problem);
            match error.remedy {
                Some(remedy) => failure.remedy(remedy),
                None => failure,
            }
        })?;
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
