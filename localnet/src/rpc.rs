//! Sending transactions over JSON-RPC and waiting until they are confirmed.

use std::{
    thread,
    time::{Duration, Instant},
};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anyhow::{bail, Context, Result};
use solana_keypair::{Keypair, Signature, Signer};
use solana_transaction::Transaction;
use surfpool_core::{
    solana_commitment_config::CommitmentConfig,
    solana_rpc_client::{api::config::RpcSendTransactionConfig, rpc_client::RpcClient},
};

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a transaction may take to be confirmed.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the network is asked whether a transaction is confirmed.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Statuses that one request may ask for.
const STATUSES_PER_REQUEST: usize = 256;

/// A client of `url` at `confirmed`.
#[must_use]
pub fn client(url: &str) -> RpcClient {
    RpcClient::new_with_timeout_and_commitment(url.to_owned(), REQUEST_TIMEOUT, CommitmentConfig::confirmed())
}

/// Sends one transaction, signed by `payer` and `signers`, and waits until it is confirmed.
///
/// # Errors
/// When it is refused (with the program's log) or not confirmed in time.
pub fn send(rpc: &RpcClient, instructions: &[Instruction], payer: &Keypair, signers: &[&Keypair]) -> Result<Signature> {
    let signature = submit(rpc, instructions, payer, signers)?;
    confirm(rpc, &[signature])?;
    Ok(signature)
}

/// Sends one transaction and returns as soon as the network has accepted it.
///
/// # Errors
/// When it is refused, with the program's log.
pub fn submit(
    rpc: &RpcClient,
    instructions: &[Instruction],
    payer: &Keypair,
    signers: &[&Keypair],
) -> Result<Signature> {
    let blockhash = rpc.get_latest_blockhash()?;
    let mut all_signers = vec![payer];
    let extra = signers.iter().filter(|signer| signer.pubkey() != payer.pubkey());
    all_signers.extend(extra);
    let transaction = Transaction::new_signed_with_payer(instructions, Some(&payer.pubkey()), &all_signers, blockhash);
    rpc.send_transaction_with_config(
        &transaction,
        RpcSendTransactionConfig {
            preflight_commitment: Some(CommitmentConfig::confirmed().commitment),
            ..RpcSendTransactionConfig::default()
        },
    )
    .context("a transaction was refused")
}

/// Waits until every one of `signatures` is confirmed.
///
/// # Errors
/// When one failed, or when the time is over.
pub fn confirm(rpc: &RpcClient, signatures: &[Signature]) -> Result<()> {
    let deadline = Instant::now() + CONFIRM_TIMEOUT;
    let mut open = signatures.to_vec();
    while !open.is_empty() {
        let mut still_open = Vec::new();
        for some in open.chunks(STATUSES_PER_REQUEST) {
            let statuses = rpc.get_signature_statuses(some)?.value;
            for (signature, status) in some.iter().zip(statuses) {
                match status {
                    Some(status) if status.err.is_some() => {
                        bail!("transaction {signature} failed: {:?}", status.err);
                    }
                    Some(status) if status.satisfies_commitment(CommitmentConfig::confirmed()) => {}
                    _ => still_open.push(*signature),
                }
            }
        }
        open = still_open;
        if let Some(signature) = open.first() {
            if Instant::now() > deadline {
                bail!("transaction {signature} was not confirmed within {CONFIRM_TIMEOUT:?}");
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
    Ok(())
}

/// Whether an account exists.
///
/// # Errors
/// When the network does not answer.
pub fn exists(rpc: &RpcClient, address: &Pubkey) -> Result<bool> {
    Ok(rpc
        .get_account_with_commitment(address, CommitmentConfig::confirmed())?
        .value
        .is_some())
}
