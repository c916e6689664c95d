//! One connection: sign, send, wait for the confirmation, say how long it took.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anchor_lang::solana_program::instruction::Instruction;
use anyhow::{bail, Context, Result};
use solana_commitment_config::CommitmentConfig;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_transaction_v3::{Hash, InstructionError, Signature, Transaction, TransactionError};
use upside_client::{error::UPSIDE_ERRORS, solana_keypair::Keypair, solana_signer::Signer};

/// How long the server may take for one answer, and a transaction until it is confirmed.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Between two questions about a transaction, at first.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// Longest time between two questions about a transaction.
const LONGEST_PAUSE: Duration = Duration::from_millis(40);
/// How long a blockhash is used: well below its life at the shortest slots.
const BLOCKHASH_AGE: Duration = Duration::from_secs(1);
/// Compute units asked for. Each transaction of a link asks for one more, so that no two are the same bytes.
const LEAST_UNITS: u32 = 400_000;
/// Different numbers of compute units.
const UNITS: u32 = 900_000;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It did what it said.
    Done,
    /// It landed or was turned away without doing anything, for this reason.
    Refused(String),
    /// Nobody has said what became of it.
    Unknown(String),
}

/// A transaction that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its signature.
    pub signature: Signature,
    /// From before it was sent until its end was seen.
    pub took: Duration,
    /// How it ended.
    pub ended: Ended,
}

/// A connection with a blockhash at hand. It sends without simulating, so a refusal is the chain's.
pub struct Link {
    rpc: RpcClient,
    blockhash: Option<(Hash, Instant)>,
    sent: u32,
}

impl Link {
    /// A connection to the server at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            rpc: RpcClient::new_with_timeout_and_commitment(url.to_owned(), TIMEOUT, CommitmentConfig::confirmed()),
            blockhash: None,
            sent: 0,
        }
    }

    /// The client underneath.
    #[must_use]
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// Sends one transaction and waits for its end.
    ///
    /// # Errors
    /// When the server gives no blockhash or a signer is missing: nothing was sent.
    pub fn send(&mut self, instructions: &[Instruction], payer: &Keypair, signers: &[&Keypair]) -> Result<Sent> {
        let fresh = self.blockhash.filter(|(_, read)| read.elapsed() < BLOCKHASH_AGE);
        let (blockhash, read) = match fresh {
            Some(fresh) => fresh,
            None => (
                self.rpc
                    .get_latest_blockhash()
                    .context("the server gives no blockhash")?,
                Instant::now(),
            ),
        };
        self.blockhash = Some((blockhash, read));
        self.sent = self.sent.wrapping_add(1);
        let units = LEAST_UNITS + self.sent % UNITS;
        let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(units)];
        all.extend_from_slice(instructions);
        let mut transaction = Transaction::new_with_payer(&all, Some(&payer.pubkey()));
        let mut keys = vec![payer];
        keys.extend(signers.iter().filter(|key| key.pubkey() != payer.pubkey()));
        transaction
            .try_sign(&keys, blockhash)
            .context("a signature is missing")?;
        let signature = transaction.signatures[0];
        let started = Instant::now();
        let ended = match self.rpc.send_transaction_with_config(
            &transaction,
            RpcSendTransactionConfig {
                skip_preflight: true,
                ..RpcSendTransactionConfig::default()
            },
        ) {
            Ok(_) => self.end_of(&signature),
            Err(error) => match error.get_transaction_error() {
                Some(reason) => Ended::Refused(name_of(&reason)),
                None => match self.end_of(&signature) {
                    Ended::Unknown(_) => Ended::Unknown(format!("the server did not take it: {error}")),
                    known => known,
                },
            },
        };
        Ok(Sent {
            signature,
            took: started.elapsed(),
            ended,
        })
    }

    /// As [`Link::send`], for what must succeed.
    ///
    /// # Errors
    /// When it did not.
    pub fn must(
        &mut self,
        what: &str,
        instructions: &[Instruction],
        payer: &Keypair,
        signers: &[&Keypair],
    ) -> Result<()> {
        match self.send(instructions, payer, signers)?.ended {
            Ended::Done => Ok(()),
            Ended::Refused(reason) => bail!("{what} was refused: {reason}"),
            Ended::Unknown(reason) => bail!("nobody knows what became of {what}: {reason}"),
        }
    }

    /// Waits for the end of a transaction.
    #[must_use]
    pub fn end_of(&self, signature: &Signature) -> Ended {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut last = "it was not confirmed in time".to_owned();
        while started.elapsed() < TIMEOUT {
            match self.rpc.get_signature_statuses_with_history(&[*signature]) {
                Ok(answer) => {
                    let status = answer.value.into_iter().next().flatten();
                    if let Some(status) =
                        status.filter(|status| status.satisfies_commitment(CommitmentConfig::confirmed()))
                    {
                        return match status.err {
                            None => Ended::Done,
                            Some(reason) => Ended::Refused(name_of(&reason)),
                        };
                    }
                }
                Err(error) => last = error.to_string(),
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ended::Unknown(last)
    }
}

/// A refusal in one word: the program's own where it is one of ours.
fn name_of(error: &TransactionError) -> String {
    if let TransactionError::InstructionError(_, InstructionError::Custom(code)) = error {
        let ours = UPSIDE_ERRORS.iter().find(|error| u32::from(**error) == *code);
        return ours.map_or_else(|| format!("custom error {code}"), |error| error.name());
    }
    format!("{error:?}")
}
