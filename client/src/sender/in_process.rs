//! A virtual machine in this process: the real runtime and the real token programs, without a validator.

use std::{
    cell::{RefCell, RefMut},
    path::Path,
};

use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::instruction::Instruction,
};
use litesvm::{
    types::{FailedTransactionMetadata, TransactionMetadata},
    LiteSVM,
};
use solana_account::Account;
use solana_account_v4::ReadableAccount;
use solana_signer::Signer;
use solana_transaction::{CompiledInstruction, Signature, Transaction};

use super::{needed, Filter, Receipt, Sender, Simulation};
use crate::{
    error::{ClientError, Result},
    events::{decode_all, Event, EventRecord},
};

/// [`Sender`] over LiteSVM. Transactions are sent exactly as given: no compute budget is added, so compute units are the program's
/// own. If the machine was made `with_sigverify(false)`, nothing is signed and missing signers are not noticed.
pub struct LiteSvmSender {
    svm: RefCell<LiteSVM>,
    history: RefCell<Vec<(Vec<Pubkey>, EventRecord)>>,
}

impl LiteSvmSender {
    /// Takes a virtual machine over.
    #[must_use]
    pub fn new(svm: LiteSVM) -> Self {
        Self {
            svm: RefCell::new(svm),
            history: RefCell::default(),
        }
    }

    /// A virtual machine with the default programs and Upside, from its compiled file.
    ///
    /// # Errors
    /// [`ClientError::ProgramFile`] if the file cannot be loaded.
    pub fn with_program(path: impl AsRef<Path>) -> Result<Self> {
        let mut svm = LiteSVM::new();
        svm.add_program_from_file(upside::ID, path.as_ref())
            .map_err(|e| ClientError::ProgramFile {
                path: path.as_ref().display().to_string(),
                reason: format!("{e:?}"),
            })?;
        Ok(Self::new(svm))
    }

    /// The virtual machine, for what only tests do. Do not hold it across a call of [`Sender`].
    ///
    /// # Panics
    /// If it is held already.
    pub fn svm(&self) -> RefMut<'_, LiteSVM> {
        self.svm.borrow_mut()
    }

    /// Gives `address` this many more lamports.
    ///
    /// # Errors
    /// [`ClientError::Transaction`] if the faucet is empty.
    pub fn airdrop(&self, address: &Pubkey, lamports: u64) -> Result<()> {
        let mut svm = self.svm();
        // The faucet's transactions must differ from each other.
        svm.expire_blockhash();
        svm.airdrop(address, lamports)
            .map(|_| ())
            .map_err(|e| ClientError::Transaction {
                reason: e.err,
                logs: e.meta.logs,
            })
    }

    /// Sets the clock's unix time, seconds.
    pub fn set_time(&self, unix_timestamp: i64) {
        let mut svm = self.svm();
        let mut clock = svm.get_sysvar::<Clock>();
        clock.unix_timestamp = unix_timestamp;
        svm.set_sysvar(&clock);
    }

    /// Moves the clock forward, seconds.
    pub fn warp(&self, seconds: i64) {
        let now = self.svm().get_sysvar::<Clock>().unix_timestamp;
        self.set_time(now + seconds);
    }

    /// Every event so far, oldest first.
    #[must_use]
    pub fn history(&self) -> Vec<EventRecord> {
        self.history.borrow().iter().map(|(_, record)| record.clone()).collect()
    }

    fn transaction(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<Transaction> {
        let mut svm = self.svm();
        // A new blockhash each time, so that the same instructions may be sent twice.
        svm.expire_blockhash();
        let mut transaction = Transaction::new_with_payer(instructions, Some(&payer.try_pubkey()?));
        let required = usize::from(transaction.message.header.num_required_signatures);
        let blockhash = svm.latest_blockhash();
        if svm.get_sigverify() {
            let signers = needed(&transaction.message.account_keys[..required], payer, signers)?;
            transaction.try_sign(signers.as_slice(), blockhash)?;
        } else {
            // Nothing is signed; the machine still tells transactions apart by their first signature.
            transaction.message.recent_blockhash = blockhash;
            let mut unsigned = [0; 64];
            unsigned[..32].copy_from_slice(blockhash.as_ref());
            transaction.signatures[0] = Signature::from(unsigned);
        }
        Ok(transaction)
    }
}

/// An account of the virtual machine, in the RPC client's cohort of types.
fn account_from(account: &impl ReadableAccount) -> Account {
    Account {
        lamports: account.lamports(),
        data: account.data().to_vec(),
        owner: *account.owner(),
        executable: account.executable(),
        rent_epoch: account.rent_epoch(),
    }
}

fn events_in(meta: &TransactionMetadata, keys: &[Pubkey]) -> Result<Vec<Event>> {
    decode_all(
        meta.inner_instructions
            .iter()
            .flatten()
            .map(|inner| &inner.instruction)
            .filter_map(|instruction: &CompiledInstruction| {
                let program = keys.get(usize::from(instruction.program_id_index))?;
                Some((*program, instruction.data.as_slice()))
            }),
    )
}

fn refused(failed: FailedTransactionMetadata, instructions: &[Instruction]) -> ClientError {
    let programs: Vec<Pubkey> = instructions.iter().map(|instruction| instruction.program_id).collect();
    ClientError::from_transaction(failed.err, failed.meta.logs, &programs)
}

impl Sender for LiteSvmSender {
    fn send(&self, instructions: &[Instruction], payer: &dyn Signer, signers: &[&dyn Signer]) -> Result<Receipt> {
        let transaction = self.transaction(instructions, payer, signers)?;
        let keys = transaction.message.account_keys.clone();
        let mut svm = self.svm();
        let meta = svm
            .send_transaction(transaction)
            .map_err(|failed| refused(failed, instructions))?;
        let receipt = Receipt {
            signature: meta.signature,
            slot: svm.get_sysvar::<Clock>().slot,
            compute_units: meta.compute_units_consumed,
            fee: meta.fee,
            events: events_in(&meta, &keys)?,
            logs: meta.logs,
        };
        self.history
            .borrow_mut()
            .extend(receipt.records().map(|record| (keys.clone(), record)));
        Ok(receipt)
    }

    fn simulate(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        accounts: &[Pubkey],
    ) -> Result<Simulation> {
        let transaction = self.transaction(instructions, payer, signers)?;
        let keys = transaction.message.account_keys.clone();
        let info = self
            .svm()
            .simulate_transaction(transaction)
            .map_err(|failed| refused(failed, instructions))?;
        let before = self.get_multiple_accounts(accounts)?;
        let accounts = accounts
            .iter()
            .zip(before)
            .map(
                |(address, before)| match info.post_accounts.iter().find(|(key, _)| key == address) {
                    Some((_, account)) => Some(account_from(account)).filter(|account| account.lamports > 0),
                    None => before,
                },
            )
            .collect();
        Ok(Simulation {
            compute_units: info.meta.compute_units_consumed,
            events: events_in(&info.meta, &keys)?,
            logs: info.meta.logs,
            accounts,
        })
    }

    fn get_multiple_accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<Account>>> {
        let svm = self.svm();
        Ok(addresses
            .iter()
            .map(|address| svm.get_account(address).map(|account| account_from(&account)))
            .collect())
    }

    fn get_program_accounts(&self, program: &Pubkey, filters: &[Filter]) -> Result<Vec<(Pubkey, Account)>> {
        Ok(self
            .svm()
            .get_program_accounts(program)
            .iter()
            .filter(|(_, account)| filters.iter().all(|filter| filter.accepts(&account.data)))
            .map(|(address, account)| (*address, account_from(account)))
            .collect())
    }

    fn clock(&self) -> Result<Clock> {
        Ok(self.svm().get_sysvar::<Clock>())
    }

    fn minimum_rent(&self, data_len: usize) -> Result<u64> {
        Ok(self.svm().minimum_balance_for_rent_exemption(data_len))
    }

    fn events_of(&self, address: &Pubkey) -> Result<Vec<EventRecord>> {
        Ok(self
            .history
            .borrow()
            .iter()
            .filter(|(keys, _)| keys.contains(address))
            .map(|(_, record)| record.clone())
            .collect())
    }
}
