//! A cluster over JSON-RPC.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::{instruction::Instruction, sysvar::SysvarId},
};
use solana_account::Account;
use solana_commitment_config::CommitmentConfig;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_rpc_client::rpc_client::{GetConfirmedSignaturesForAddress2Config, RpcClient};
use solana_rpc_client_api::{
    client_error::Error as RpcError,
    config::{
        RpcAccountInfoConfig, RpcProgramAccountsConfig, RpcSendTransactionConfig, RpcSimulateTransactionAccountsConfig,
        RpcSimulateTransactionConfig, RpcTransactionConfig, UiAccountEncoding,
    },
    filter::{Memcmp, RpcFilterType},
    response::RpcSimulateTransactionResult,
};
use solana_signer::Signer;
use solana_transaction_status_client_types::{
    option_serializer::OptionSerializer, EncodedConfirmedTransactionWithStatusMeta, UiTransactionEncoding,
};
use solana_transaction_v3::{Signature, Transaction, TransactionError};

use super::{needed, Filter, Receipt, Sender, Simulation};
use crate::{
    cluster::Cluster,
    error::{ClientError, Result},
    events::{decode_inner, decode_transaction, EventRecord},
};

/// Most compute units of one transaction.
const MAX_COMPUTE_UNITS: u32 = 1_400_000;
/// Most accounts that servers return at once.
const ACCOUNTS_AT_ONCE: usize = 100;
/// Most signatures that servers list at once.
const SIGNATURES_AT_ONCE: usize = 1_000;

/// Most accounts that servers report recent fees for.
const FEE_ACCOUNTS: usize = 128;
/// Between the first questions about a transaction; doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest time between two questions about a transaction.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// What is known of a transaction that was sent.
enum Progress {
    /// Not confirmed yet, and still can be.
    Pending,
    /// Confirmed, with this error.
    Landed(Option<TransactionError>),
    /// Its blockhash is too old, and it is not confirmed.
    Expired,
}

/// What to pay beyond the base fee so that leaders prefer the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityFee {
    /// Nothing on a private network, `Recent(50)` on a public cluster.
    ByCluster,
    /// Nothing.
    None,
    /// A fixed price, micro-lamports per compute unit.
    Fixed(u64),
    /// What transactions that write the same accounts paid lately, at this percentile (0 to 100).
    Recent(u8),
}

/// How an [`RpcSender`] sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcConfig {
    /// Priority fee. Default: by cluster.
    pub priority_fee: PriorityFee,
    /// Most lamports of priority fee per transaction, whatever [`RpcConfig::priority_fee`] says. Default: 100,000.
    pub max_priority_lamports: u64,
    /// Compute units allowed beyond what the simulation took, percent. Default: 20.
    pub compute_margin_percent: u32,
    /// Between two sends of the same bytes. Default: 2 seconds.
    pub resend_every: Duration,
    /// For one answer of the server. Default: 30 seconds.
    pub timeout: Duration,
}

impl Default for RpcConfig {
    fn default() -> Self {
        Self {
            priority_fee: PriorityFee::ByCluster,
            max_priority_lamports: 100_000,
            compute_margin_percent: 20,
            resend_every: Duration::from_secs(2),
            timeout: Duration::from_secs(30),
        }
    }
}

/// [`Sender`] over JSON-RPC. Everything is read, simulated and awaited at commitment `confirmed`.
pub struct RpcSender {
    rpc: RpcClient,
    config: RpcConfig,
    cluster: Cluster,
}

impl RpcSender {
    /// Connects, and asks which cluster it is.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the server does not answer; [`ClientError::LocalnetProgram`] if this build uses the localnet program and the
    /// cluster is public.
    pub fn connect(url: &str, config: RpcConfig) -> Result<Self> {
        let rpc =
            RpcClient::new_with_timeout_and_commitment(url.to_owned(), config.timeout, CommitmentConfig::confirmed());
        let mut sender = Self {
            rpc,
            config,
            cluster: Cluster::Private,
        };
        sender.cluster = Cluster::of_genesis(&sender.answer(sender.rpc.get_genesis_hash())?.to_string());
        sender.cluster.check_program(&upside::ID)?;
        Ok(sender)
    }

    /// The cluster behind the server.
    #[must_use]
    pub fn cluster(&self) -> Cluster {
        self.cluster
    }

    /// The client underneath, for what this crate does not wrap.
    #[must_use]
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    fn answer<T>(&self, answer: Result<T, RpcError>) -> Result<T> {
        answer.map_err(|e| self.failed(&e))
    }

    fn failed(&self, error: &RpcError) -> ClientError {
        ClientError::Rpc {
            url: self.rpc.url(),
            reason: error.to_string(),
        }
    }

    fn malformed(&self, reason: &str) -> ClientError {
        ClientError::Rpc {
            url: self.rpc.url(),
            reason: reason.to_owned(),
        }
    }

    fn run_simulation(
        &self,
        transaction: &Transaction,
        programs: &[Pubkey],
        accounts: &[Pubkey],
    ) -> Result<RpcSimulateTransactionResult> {
        let result = self
            .answer(self.rpc.simulate_transaction_with_config(
                transaction,
                RpcSimulateTransactionConfig {
                    sig_verify: false,
                    replace_recent_blockhash: true,
                    commitment: Some(CommitmentConfig::confirmed()),
                    encoding: Some(UiTransactionEncoding::Base64),
                    accounts: (!accounts.is_empty()).then(|| RpcSimulateTransactionAccountsConfig {
                        encoding: Some(UiAccountEncoding::Base64),
                        addresses: accounts.iter().map(Pubkey::to_string).collect(),
                    }),
                    min_context_slot: None,
                    inner_instructions: true,
                },
            ))?
            .value;
        match result.err {
            Some(error) => Err(ClientError::from_transaction(
                error.into(),
                result.logs.unwrap_or_default(),
                programs,
            )),
            None => Ok(result),
        }
    }

    /// Micro-lamports per compute unit for `units`, within the cap.
    fn price(&self, units: u32, writable: &[Pubkey]) -> Result<u64> {
        let policy = match self.config.priority_fee {
            PriorityFee::ByCluster if self.cluster.is_public() => PriorityFee::Recent(50),
            policy => policy,
        };
        let price = match policy {
            PriorityFee::None | PriorityFee::ByCluster => 0,
            PriorityFee::Fixed(price) => price,
            PriorityFee::Recent(percentile) => {
                let mut fees: Vec<u64> = self
                    .answer(
                        self.rpc
                            .get_recent_prioritization_fees(&writable[..writable.len().min(FEE_ACCOUNTS)]),
                    )?
                    .iter()
                    .map(|fee| fee.prioritization_fee)
                    .collect();
                fees.sort_unstable();
                let at = fees.len().saturating_sub(1) * usize::from(percentile.min(100)) / 100;
                fees.get(at).copied().unwrap_or(0)
            }
        };
        Ok(within_cap(price, units, self.config.max_priority_lamports))
    }

    /// Sends the same bytes until they land or can no longer land. A server that fails for a while is asked again; nothing is signed again.
    fn send_until_landed(
        &self,
        transaction: &Transaction,
        last_valid_block_height: u64,
    ) -> Result<Option<TransactionError>> {
        let signature = transaction.signatures[0];
        let config = RpcSendTransactionConfig {
            // It has been simulated just now.
            skip_preflight: true,
            preflight_commitment: None,
            encoding: Some(UiTransactionEncoding::Base64),
            max_retries: Some(0),
            min_context_slot: None,
        };
        let mut last_sent: Option<Instant> = None;
        let mut accepted = false;
        let mut failing_since: Option<Instant> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            if last_sent.is_none_or(|at| at.elapsed() >= self.config.resend_every) {
                last_sent = Some(Instant::now());
                match self.rpc.send_transaction_with_config(transaction, config) {
                    Ok(_) => accepted = true,
                    // A refusal says what is wrong only while no server has taken the transaction: later it may mean that it has landed.
                    Err(e) if !accepted => {
                        if let Some(reason) = e.get_transaction_error() {
                            return Err(ClientError::from_transaction(reason, Vec::new(), &[]));
                        }
                    }
                    Err(_) => {}
                }
            }
            match self.progress(&signature, last_valid_block_height) {
                Ok(Progress::Landed(ended)) => return Ok(ended),
                Ok(Progress::Expired) => {
                    return Err(ClientError::Expired {
                        signature,
                        last_valid_block_height,
                    })
                }
                Ok(Progress::Pending) => failing_since = None,
                Err(e) => {
                    if failing_since.get_or_insert_with(Instant::now).elapsed() >= self.config.timeout {
                        return Err(ClientError::Unknown {
                            signature,
                            reason: e.to_string(),
                        });
                    }
                }
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn progress(&self, signature: &Signature, last_valid_block_height: u64) -> Result<Progress, RpcError> {
        if let Some(ended) = self.landed(signature, false)? {
            return Ok(Progress::Landed(ended));
        }
        if self.rpc.get_block_height()? <= last_valid_block_height {
            return Ok(Progress::Pending);
        }
        // It may have landed between the two questions.
        Ok(match self.landed(signature, true)? {
            Some(ended) => Progress::Landed(ended),
            None => Progress::Expired,
        })
    }

    /// Whether a transaction is confirmed, and how it ended.
    fn landed(&self, signature: &Signature, search: bool) -> Result<Option<Option<TransactionError>>, RpcError> {
        let statuses = if search {
            self.rpc.get_signature_statuses_with_history(&[*signature])?
        } else {
            self.rpc.get_signature_statuses(&[*signature])?
        };
        Ok(statuses
            .value
            .into_iter()
            .next()
            .flatten()
            .filter(|status| status.satisfies_commitment(CommitmentConfig::confirmed()))
            .map(|status| status.err))
    }

    /// A confirmed transaction. Servers may take a moment to store what they have just confirmed.
    fn transaction(&self, signature: &Signature) -> Result<EncodedConfirmedTransactionWithStatusMeta> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(0),
        };
        let mut pause = FIRST_PAUSE;
        loop {
            match self.rpc.get_transaction_with_config(signature, config) {
                Ok(transaction) => return Ok(transaction),
                Err(e) if pause > Duration::from_secs(3) => return Err(self.failed(&e)),
                Err(_) => sleep(pause),
            }
            pause *= 2;
        }
    }
}

/// The price, micro-lamports per unit, lowered so that `units` cost at most `lamports`.
fn within_cap(price: u64, units: u32, lamports: u64) -> u64 {
    let cap = u128::from(lamports) * 1_000_000 / u128::from(units.max(1));
    u64::try_from(cap).map_or(price, |cap| price.min(cap))
}

fn programs_of(instructions: &[Instruction]) -> Vec<Pubkey> {
    instructions.iter().map(|instruction| instruction.program_id).collect()
}

fn writable_of(transaction: &Transaction) -> Vec<Pubkey> {
    (0..transaction.message.account_keys.len())
        .filter(|index| transaction.message.is_maybe_writable(*index, None))
        .map(|index| transaction.message.account_keys[index])
        .collect()
}

impl Sender for RpcSender {
    fn send(&self, instructions: &[Instruction], payer: &dyn Signer, signers: &[&dyn Signer]) -> Result<Receipt> {
        let payer_key = payer.try_pubkey()?;
        let with_budget = |units: u32, price: u64| {
            let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(units)];
            if price > 0 {
                all.push(ComputeBudgetInstruction::set_compute_unit_price(price));
            }
            all.extend_from_slice(instructions);
            all
        };
        let (blockhash, last_valid_block_height) = self.answer(
            self.rpc
                .get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()),
        )?;

        let draft = with_budget(MAX_COMPUTE_UNITS, 0);
        let draft_transaction = Transaction::new_with_payer(&draft, Some(&payer_key));
        let simulated = self
            .run_simulation(&draft_transaction, &programs_of(&draft), &[])
            .map_err(|error| error.counted_after(draft.len() - instructions.len()))?;
        let consumed = simulated
            .units_consumed
            .ok_or_else(|| self.malformed("the simulation reports no compute units"))?;
        let with_margin = u128::from(consumed) * u128::from(100 + self.config.compute_margin_percent) / 100 + 1_000;
        let units = u32::try_from(with_margin).map_or(MAX_COMPUTE_UNITS, |units| units.min(MAX_COMPUTE_UNITS));
        let price = self.price(units, &writable_of(&draft_transaction))?;

        let all = with_budget(units, price);
        let mut transaction = Transaction::new_with_payer(&all, Some(&payer_key));
        let required = usize::from(transaction.message.header.num_required_signatures);
        let signers = needed(&transaction.message.account_keys[..required], payer, signers)?;
        transaction.try_sign(signers.as_slice(), blockhash)?;

        let ended = self.send_until_landed(&transaction, last_valid_block_height)?;
        let landed = self
            .transaction(&transaction.signatures[0])
            .map_err(|e| ClientError::Unknown {
                signature: transaction.signatures[0],
                reason: format!("it is confirmed, but its record cannot be read: {e}"),
            })?;
        let meta = landed
            .transaction
            .meta
            .as_ref()
            .ok_or_else(|| self.malformed("the transaction has no status"))?;
        let logs = match &meta.log_messages {
            OptionSerializer::Some(logs) => logs.clone(),
            _ => Vec::new(),
        };
        if let Some(error) = ended {
            let error = ClientError::from_transaction(error, logs, &programs_of(&all));
            return Err(error.counted_after(all.len() - instructions.len()));
        }
        Ok(Receipt {
            signature: transaction.signatures[0],
            slot: landed.slot,
            compute_units: match meta.compute_units_consumed {
                OptionSerializer::Some(units) => units,
                _ => consumed,
            },
            fee: meta.fee,
            logs,
            events: decode_transaction(&landed)?
                .into_iter()
                .map(|record| record.event)
                .collect(),
        })
    }

    /// Signatures are not checked and nothing is signed.
    fn simulate(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        _signers: &[&dyn Signer],
        accounts: &[Pubkey],
    ) -> Result<Simulation> {
        let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(MAX_COMPUTE_UNITS)];
        all.extend_from_slice(instructions);
        let transaction = Transaction::new_with_payer(&all, Some(&payer.try_pubkey()?));
        let result = self
            .run_simulation(&transaction, &programs_of(&all), accounts)
            .map_err(|error| error.counted_after(all.len() - instructions.len()))?;
        Ok(Simulation {
            compute_units: result.units_consumed.unwrap_or_default(),
            events: decode_inner(
                &result.inner_instructions.unwrap_or_default(),
                &transaction.message.account_keys,
            )?,
            logs: result.logs.unwrap_or_default(),
            accounts: result
                .accounts
                .unwrap_or_default()
                .into_iter()
                .map(|account| account.and_then(|account| account.decode::<Account>()))
                .map(|account| account.filter(|account| account.lamports > 0))
                .collect(),
        })
    }

    fn get_multiple_accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<Account>>> {
        let mut accounts = Vec::with_capacity(addresses.len());
        for some in addresses.chunks(ACCOUNTS_AT_ONCE) {
            accounts.extend(
                self.answer(
                    self.rpc
                        .get_multiple_accounts_with_commitment(some, CommitmentConfig::confirmed()),
                )?
                .value,
            );
        }
        Ok(accounts)
    }

    fn get_program_accounts(&self, program: &Pubkey, filters: &[Filter]) -> Result<Vec<(Pubkey, Account)>> {
        let filters = filters
            .iter()
            .map(|filter| match filter {
                Filter::DataSize(size) => RpcFilterType::DataSize(*size),
                Filter::Bytes { offset, bytes } => RpcFilterType::Memcmp(Memcmp::new_raw_bytes(*offset, bytes.clone())),
            })
            .collect();
        self.answer(self.rpc.get_program_ui_accounts_with_config(
            program,
            RpcProgramAccountsConfig {
                filters: Some(filters),
                account_config: RpcAccountInfoConfig {
                    encoding: Some(UiAccountEncoding::Base64),
                    data_slice: None,
                    commitment: Some(CommitmentConfig::confirmed()),
                    min_context_slot: None,
                },
                with_context: None,
                sort_results: None,
            },
        ))?
        .into_iter()
        .map(|(address, account)| {
            let account = account
                .decode::<Account>()
                .ok_or_else(|| self.malformed("an account does not decode"))?;
            Ok((address, account))
        })
        .collect()
    }

    fn clock(&self) -> Result<Clock> {
        let account = self.get_account(&Clock::id())?.ok_or(ClientError::Missing {
            what: "clock",
            address: Clock::id(),
        })?;
        let word = |index: usize| -> Result<[u8; 8]> {
            account
                .data
                .get(8 * index..)
                .and_then(|rest| rest.first_chunk())
                .copied()
                .ok_or_else(|| self.malformed("the clock is too short"))
        };
        Ok(Clock {
            slot: u64::from_le_bytes(word(0)?),
            epoch_start_timestamp: i64::from_le_bytes(word(1)?),
            epoch: u64::from_le_bytes(word(2)?),
            leader_schedule_epoch: u64::from_le_bytes(word(3)?),
            unix_timestamp: i64::from_le_bytes(word(4)?),
        })
    }

    fn minimum_rent(&self, data_len: usize) -> Result<u64> {
        self.answer(self.rpc.get_minimum_balance_for_rent_exemption(data_len))
    }

    fn events_of(&self, address: &Pubkey) -> Result<Vec<EventRecord>> {
        let mut signatures = Vec::new();
        let mut before = None;
        loop {
            let page = self.answer(self.rpc.get_signatures_for_address_with_config(
                address,
                GetConfirmedSignaturesForAddress2Config {
                    before,
                    until: None,
                    limit: Some(SIGNATURES_AT_ONCE),
                    commitment: Some(CommitmentConfig::confirmed()),
                },
            ))?;
            for entry in &page {
                let signature: Signature = entry
                    .signature
                    .parse()
                    .map_err(|_| self.malformed("a signature does not parse"))?;
                before = Some(signature);
                if entry.err.is_none() {
                    signatures.push(signature);
                }
            }
            if page.len() < SIGNATURES_AT_ONCE {
                break;
            }
        }
        // Newest first until here.
        let mut records = Vec::new();
        for signature in signatures.iter().rev() {
            records.extend(decode_transaction(&self.transaction(signature)?)?);
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_fee_stays_within_its_cap() {
        assert_eq!(within_cap(10, 200_000, 100_000), 10);
        assert_eq!(within_cap(u64::MAX, 200_000, 100_000), 500_000);
        assert_eq!(within_cap(u64::MAX, MAX_COMPUTE_UNITS, 0), 0);
        assert_eq!(within_cap(u64::MAX, 1, u64::MAX), u64::MAX);
        for (price, units, lamports) in [
            (1_000_000, 300_000, 99),
            (7, 1_400_000, 9),
            (123_456_789, 12_345, 100_000),
        ] {
            let fee = (u128::from(within_cap(price, units, lamports)) * u128::from(units)).div_ceil(1_000_000);
            assert!(fee <= u128::from(lamports));
        }
    }
}
