//! A cluster over JSON-RPC and the key that pays.

use std::{
    thread,
    time::{Duration, Instant},
};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anyhow::{bail, Context, Result};
use solana_commitment_config::CommitmentConfig;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_keypair::Keypair;
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::{client_error::ErrorKind, config::RpcSendTransactionConfig, request::RpcError};
use solana_signer::Signer;
use solana_transaction_v3::{Hash, Signature, Transaction};
use upside_client::{cluster::Cluster, solana_account::Account};

/// For one answer of the server.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Between two questions about transactions.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two sends of the same bytes.
const RESEND_EVERY: Duration = Duration::from_secs(2);
/// Statuses that servers return at once.
const STATUSES_AT_ONCE: usize = 256;

/// A cluster and the payer, who is also the authority of buffers and programs.
pub struct Link {
    /// The client underneath.
    pub rpc: RpcClient,
    /// Pays, and signs as authority.
    pub payer: Keypair,
    /// Which cluster it is.
    pub cluster: Cluster,
    /// Micro-lamports per compute unit beyond the base fee.
    pub priority_fee: u64,
}

/// Transactions that are on their way.
struct Pending {
    transaction: Transaction,
    signature: Signature,
}

impl Link {
    /// Connects and asks which cluster it is.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn connect(url: &str, payer: Keypair, priority_fee: u64) -> Result<Self> {
        let rpc = RpcClient::new_with_timeout_and_commitment(url.to_owned(), TIMEOUT, CommitmentConfig::confirmed());
        let genesis = rpc.get_genesis_hash().with_context(|| {
            format!("{url} does not answer as a Solana cluster; is the URL right and the server up?")
        })?;
        Ok(Self {
            rpc,
            payer,
            cluster: Cluster::of_genesis(&genesis.to_string()),
            priority_fee,
        })
    }

    /// An account, if it exists.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn account(&self, address: &Pubkey) -> Result<Option<Account>> {
        Ok(self
            .rpc
            .get_account_with_commitment(address, CommitmentConfig::confirmed())
            .with_context(|| format!("account {address} cannot be read"))?
            .value)
    }

    /// Sends one transaction, simulated by the server first, and waits until it is confirmed.
    ///
    /// # Errors
    /// When it is refused, with the program's log, or can no longer land.
    pub fn send(&self, compute_units: u32, instructions: &[Instruction], signers: &[&Keypair]) -> Result<()> {
        let (blockhash, last_height) = self
            .rpc
            .get_latest_blockhash_with_commitment(CommitmentConfig::confirmed())?;
        let transaction = self.sign(compute_units, instructions, signers, blockhash)?;
        let config = RpcSendTransactionConfig {
            preflight_commitment: Some(CommitmentConfig::confirmed().commitment),
            ..RpcSendTransactionConfig::default()
        };
        let signature = self
            .rpc
            .send_transaction_with_config(&transaction, config)
            .map_err(|error| refusal(&error))?;
        let left = self.land(vec![Pending { transaction, signature }], last_height)?;
        if left > 0 {
            bail!("transaction {signature} was not confirmed before its blockhash became too old; run the same command again");
        }
        Ok(())
    }

    /// Sends independent transactions of one instruction each at once. Returns how many did not land in time: their senders look at the chain and try
    /// again.
    ///
    /// # Errors
    /// When one fails, or the server stops answering.
    pub fn send_all(&self, compute_units: u32, instructions: &[Instruction]) -> Result<usize> {
        let (blockhash, last_height) = self
            .rpc
            .get_latest_blockhash_with_commitment(CommitmentConfig::confirmed())?;
        let mut pending = Vec::with_capacity(instructions.len());
        for instruction in instructions {
            let transaction = self.sign(compute_units, std::slice::from_ref(instruction), &[], blockhash)?;
            self.submit(&transaction)?;
            pending.push(Pending {
                signature: transaction.signatures[0],
                transaction,
            });
        }
        self.land(pending, last_height)
    }

    /// Waits until a slot after the present one: a program cannot be changed again in the slot that changed it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn wait_one_slot(&self) -> Result<()> {
        let slot = self.rpc.get_slot()?;
        while self.rpc.get_slot()? <= slot {
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn sign(
        &self,
        compute_units: u32,
        instructions: &[Instruction],
        signers: &[&Keypair],
        blockhash: Hash,
    ) -> Result<Transaction> {
        let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(compute_units)];
        if self.priority_fee > 0 {
            all.push(ComputeBudgetInstruction::set_compute_unit_price(self.priority_fee));
        }
        all.extend_from_slice(instructions);
        let mut keys = vec![&self.payer];
        keys.extend(signers.iter().filter(|key| key.pubkey() != self.payer.pubkey()));
        let mut transaction = Transaction::new_with_payer(&all, Some(&self.payer.pubkey()));
        transaction
            .try_sign(&keys, blockhash)
            .context("a transaction cannot be signed")?;
        Ok(transaction)
    }

    fn submit(&self, transaction: &Transaction) -> Result<()> {
        let config = RpcSendTransactionConfig {
            skip_preflight: true,
            max_retries: Some(0),
            ..RpcSendTransactionConfig::default()
        };
        match self.rpc.send_transaction_with_config(transaction, config) {
            Ok(_) => Ok(()),
            // A server under load or with another view of the chain: the transaction is sent again or found missing later.
            Err(error) if error.get_transaction_error().is_none() && is_answer(&error) => Ok(()),
            Err(error) => Err(refusal(&error)),
        }
    }

    /// Waits until all are confirmed or can no longer land; returns how many did not.
    fn land(&self, mut pending: Vec<Pending>, last_height: u64) -> Result<usize> {
        let mut sent = Instant::now();
        loop {
            let mut open = Vec::new();
            for some in pending.chunks(STATUSES_AT_ONCE) {
                let signatures: Vec<_> = some.iter().map(|one| one.signature).collect();
                let statuses = self.rpc.get_signature_statuses(&signatures)?.value;
                for (index, status) in statuses.into_iter().enumerate() {
                    match status {
                        Some(status) => match status.err {
                            Some(error) => bail!("transaction {} failed: {error}", signatures[index]),
                            None if status.satisfies_commitment(CommitmentConfig::confirmed()) => {}
                            None => open.push(signatures[index]),
                        },
                        None => open.push(signatures[index]),
                    }
                }
            }
            pending.retain(|one| open.contains(&one.signature));
            if pending.is_empty() {
                return Ok(0);
            }
            if self.rpc.get_block_height()? > last_height {
                return Ok(pending.len());
            }
            if sent.elapsed() >= RESEND_EVERY {
                sent = Instant::now();
                for one in &pending {
                    self.submit(&one.transaction)?;
                }
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Whether a server answered, be it with an error.
fn is_answer(error: &solana_rpc_client_api::client_error::Error) -> bool {
    matches!(error.kind(), ErrorKind::RpcError(RpcError::RpcResponseError { .. }))
}

/// A refusal in the words of the server, with the log of the simulation.
fn refusal(error: &solana_rpc_client_api::client_error::Error) -> anyhow::Error {
    use solana_rpc_client_api::request::RpcResponseErrorData;
    if let ErrorKind::RpcError(RpcError::RpcResponseError {
        data: RpcResponseErrorData::SendTransactionPreflightFailure(result),
        message,
        ..
    }) = error.kind()
    {
        return anyhow::anyhow!(
            "the cluster refuses the transaction: {message}\n{}",
            result.logs.clone().unwrap_or_default().join("\n")
        );
    }
    anyhow::anyhow!("the cluster refuses the transaction: {error}")
}
