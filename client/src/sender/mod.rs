//! Sending transactions and reading accounts: the same code over JSON-RPC ([`RpcSender`]) and in process (`LiteSvmSender`, feature
//! `litesvm`).

#[cfg(feature = "litesvm")]
mod in_process;
mod rpc;

#[cfg(feature = "litesvm")]
pub use in_process::LiteSvmSender;
pub use rpc::{PriorityFee, RpcConfig, RpcSender};

use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::instruction::Instruction,
};
use solana_account::Account;
use solana_signer::Signer;
use solana_transaction_v3::Signature;

use crate::{
    error::{ClientError, Result},
    events::{Event, EventRecord},
};

/// What a landed transaction did.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// Its first signature.
    pub signature: Signature,
    /// The slot it landed in.
    pub slot: u64,
    /// Compute units it consumed.
    pub compute_units: u64,
    /// Lamports of fee.
    pub fee: u64,
    /// Its logs; may be cut by the cluster.
    pub logs: Vec<String>,
    /// The program's events, in order.
    pub events: Vec<Event>,
}

impl Receipt {
    /// The events with their place.
    pub fn records(&self) -> impl Iterator<Item = EventRecord> + '_ {
        self.events.iter().map(|event| EventRecord {
            signature: self.signature,
            slot: self.slot,
            event: event.clone(),
        })
    }
}

/// What a transaction would do now.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Compute units it would consume.
    pub compute_units: u64,
    /// Its logs.
    pub logs: Vec<String>,
    /// The program's events, in order.
    pub events: Vec<Event>,
    /// The accounts that were asked for, as they would be; `None` if they would not exist.
    pub accounts: Vec<Option<Account>>,
}

/// Which accounts of a program to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Exactly this length, bytes.
    DataSize(u64),
    /// These bytes at this offset.
    Bytes {
        /// Offset from the start of the data.
        offset: usize,
        /// What must be there.
        bytes: Vec<u8>,
    },
}

impl Filter {
    /// Whether an account's data passes.
    #[must_use]
    pub fn accepts(&self, data: &[u8]) -> bool {
        match self {
            Self::DataSize(size) => data.len() as u64 == *size,
            Self::Bytes { offset, bytes } => data.get(*offset..).is_some_and(|rest| rest.starts_with(bytes)),
        }
    }
}

/// A cluster, or something that behaves like one.
pub trait Sender {
    /// Sends one transaction and waits until it is confirmed. `payer` pays the fee; `signers` are the further signers, in any order:
    /// duplicates and signers that no instruction asks for are passed over.
    ///
    /// # Errors
    /// [`ClientError::Program`] if a program refuses; [`ClientError::Expired`] if the transaction did not land in time;
    /// [`ClientError::Unknown`] if nobody knows. It is never signed a second time.
    fn send(&self, instructions: &[Instruction], payer: &dyn Signer, signers: &[&dyn Signer]) -> Result<Receipt>;

    /// Runs one transaction without sending it, and returns the named accounts as it would leave them.
    ///
    /// # Errors
    /// [`ClientError::Program`] if a program would refuse.
    fn simulate(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        accounts: &[Pubkey],
    ) -> Result<Simulation>;

    /// Reads accounts; `None` for each that does not exist.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn get_multiple_accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<Account>>>;

    /// Reads one account; `None` if it does not exist.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn get_account(&self, address: &Pubkey) -> Result<Option<Account>> {
        Ok(self.get_multiple_accounts(&[*address])?.pop().flatten())
    }

    /// Lists the accounts of a program that pass every filter.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn get_program_accounts(&self, program: &Pubkey, filters: &[Filter]) -> Result<Vec<(Pubkey, Account)>>;

    /// The cluster's clock.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn clock(&self) -> Result<Clock>;

    /// Least lamports that keep an account of this length.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn minimum_rent(&self, data_len: usize) -> Result<u64>;

    /// Events of transactions that name `address`, oldest first.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn events_of(&self, address: &Pubkey) -> Result<Vec<EventRecord>>;

    /// The cluster's unix time, seconds.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] if the cluster does not answer.
    fn now(&self) -> Result<i64> {
        Ok(self.clock()?.unix_timestamp)
    }
}

/// The signers that `required` asks for, each once.
fn needed<'a>(required: &[Pubkey], payer: &'a dyn Signer, signers: &[&'a dyn Signer]) -> Result<Vec<&'a dyn Signer>> {
    let mut needed: Vec<&dyn Signer> = Vec::with_capacity(required.len());
    let mut keys = Vec::with_capacity(required.len());
    for signer in std::iter::once(&payer).chain(signers) {
        let key = signer.try_pubkey().map_err(ClientError::Signing)?;
        if required.contains(&key) && !keys.contains(&key) {
            keys.push(key);
            needed.push(*signer);
        }
    }
    Ok(needed)
}
