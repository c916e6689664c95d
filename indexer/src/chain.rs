//! The transactions of a cluster that the database does not have.

use std::{str::FromStr, thread};

use anyhow::{bail, Context, Result};
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::rpc_client::{GetConfirmedSignaturesForAddress2Config, RpcClient};
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_transaction_status_client_types::UiTransactionEncoding;
use solana_transaction_v3::Signature;
use upside_client::{events::event_data, upside};

use crate::store::{Store, Transaction};

/// Slots before the newest known one that are listed again: a server may have confirmed a transaction of theirs late.
const SLOTS_AGAIN: u64 = 64;
/// Most signatures that servers list at once.
const PAGE: usize = 1_000;
/// Transactions that are written at once; an interrupted run loses no more of its work.
const BATCH: usize = 64;
/// Transactions that are asked for at once.
const AT_ONCE: usize = 8;
/// How often a transaction is asked for that the server has listed and not yet stored.
const ATTEMPTS: u32 = 8;

/// A cluster.
pub struct Chain {
    rpc: RpcClient,
}

/// A transaction of the program in a listing.
struct Listed {
    signature: Signature,
    slot: u64,
    place: u64,
}

impl Chain {
    /// The cluster behind a JSON-RPC server. Nothing is asked yet.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            rpc: RpcClient::new_with_commitment(url.to_owned(), CommitmentConfig::confirmed()),
        }
    }

    /// Reads everything that is confirmed and not in the database, oldest first, and writes it; returns how many transactions were new.
    ///
    /// # Errors
    /// When the server does not answer, or the database cannot be written. What was written before that stays, and the next run goes on from there.
    pub fn catch_up(&self, store: &mut Store, mut progress: impl FnMut(usize, usize)) -> Result<usize> {
        let listed = self.listing(store)?;
        let mut missing = Vec::new();
        for entry in &listed {
            let signature = entry.signature.to_string();
            if store.has(&signature)? {
                store.place_again(&signature, entry.slot, entry.place)?;
            } else {
                missing.push(entry);
            }
        }
        let (mut new, mut done) = (0, 0);
        for batch in missing.chunks(BATCH) {
            new += store.insert(&self.read(batch)?)?;
            done += batch.len();
            progress(done, missing.len());
        }
        Ok(new)
    }

    /// What the server lists of the newest slots that are known and of all after them, oldest first.
    fn listing(&self, store: &mut Store) -> Result<Vec<Listed>> {
        let mark = store.mark(SLOTS_AGAIN)?;
        let until = match &mark {
            Some(mark) => Some(Signature::from_str(mark).context("a signature in the database is none")?),
            None => None,
        };
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = self
                .rpc
                .get_signatures_for_address_with_config(
                    &upside::ID,
                    GetConfirmedSignaturesForAddress2Config {
                        before,
                        until,
                        limit: Some(PAGE),
                        commitment: Some(CommitmentConfig::confirmed()),
                    },
                )
                .context("the server does not list the program's transactions")?;
            for entry in &page {
                let signature = Signature::from_str(&entry.signature).context("the server listed no signature")?;
                before = Some(signature);
                if entry.err.is_none() {
                    found.push((signature, entry.slot));
                }
            }
            if page.len() < PAGE {
                break;
            }
        }
        found.reverse();
        // Servers list a slot in its order. A server that has forgotten the mark lists everything.
        let (mut listed, mut slot, mut place) = (Vec::with_capacity(found.len()), None, 0);
        for (signature, of) in found {
            if slot != Some(of) {
                (slot, place) = (Some(of), 0);
            }
            listed.push(Listed {
                signature,
                slot: of,
                place,
            });
            place += 1;
        }
        Ok(listed)
    }

    fn read(&self, listed: &[&Listed]) -> Result<Vec<Transaction>> {
        let mut read = Vec::with_capacity(listed.len());
        for some in listed.chunks(AT_ONCE) {
            let answers: Vec<Result<Transaction>> = thread::scope(|scope| {
                let asked: Vec<_> = some
                    .iter()
                    .map(|entry| scope.spawn(move || self.transaction(entry)))
                    .collect();
                asked
                    .into_iter()
                    .map(|thread| {
                        thread
                            .join()
                            .unwrap_or_else(|_| bail!("reading a transaction panicked"))
                    })
                    .collect()
            });
            for answer in answers {
                read.push(answer?);
            }
        }
        Ok(read)
    }

    fn transaction(&self, listed: &Listed) -> Result<Transaction> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(0),
        };
        let mut attempt = 0;
        loop {
            match self.rpc.get_transaction_with_config(&listed.signature, config) {
                Ok(found) => {
                    return Ok(Transaction {
                        signature: listed.signature.to_string(),
                        slot: listed.slot,
                        place: listed.place,
                        events: event_data(&found)?,
                    })
                }
                Err(error) if attempt == ATTEMPTS => {
                    return Err(error).with_context(|| format!("the server does not give {}", listed.signature))
                }
                Err(_) => thread::sleep(std::time::Duration::from_millis(20 << attempt)),
            }
            attempt += 1;
        }
    }
}
