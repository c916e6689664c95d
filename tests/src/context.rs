//! The machine a test runs on.

use std::{env, path::PathBuf, sync::OnceLock};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use litesvm::LiteSVM;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_client::{
    replay::Replay,
    sender::LiteSvmSender,
    solana_account::Account,
    upside::constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    ClientError, Receipt, Sender,
};
use upside_lookalike_mints::{balances::MintRef, keys, PAYOUT};

use crate::assert::{assert_refused, logs_of, Refusal};

/// The time every test starts at, unix seconds.
pub const START_TS: i64 = 1_800_000_000;
/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Lamports of a fresh wallet.
pub const WALLET_LAMPORTS: u64 = 100_000_000_000;
/// Lamports of fee per signature.
const FEE_PER_SIGNATURE: u64 = 5_000;

/// Path of the compiled program.
///
/// # Panics
/// If `UPSIDE_PROGRAM_SO` is not set.
#[must_use]
pub fn program_path() -> PathBuf {
    env::var_os("UPSIDE_PROGRAM_SO")
        .map(PathBuf::from)
        .expect("set UPSIDE_PROGRAM_SO to the compiled program; `cargo xtask test` does")
}

/// Bytes of the compiled program, read once.
///
/// # Panics
/// If `UPSIDE_PROGRAM_SO` is not set or cannot be read.
pub fn program_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let path = program_path();
        std::fs::read(&path).unwrap_or_else(|e| panic!("cannot read the program {}: {e}", path.display()))
    })
}

/// A virtual machine with the program at its id, the payout mint, a payer with lamports and the clock at [`START_TS`].
///
/// Every refused transaction is checked for A-1: no account that it names may have changed, but for the fee of the payer.
pub struct TestContext {
    /// The machine, as the client sees it.
    pub sender: LiteSvmSender,
    /// Pays fees and rent of everything.
    pub payer: Keypair,
}

impl Default for TestContext {
    fn default() -> Self {
        Self::new()
    }
}

impl TestContext {
    /// With signatures checked.
    ///
    /// # Panics
    /// If the program cannot be loaded.
    #[must_use]
    pub fn new() -> Self {
        Self::on(LiteSVM::new())
    }

    /// Without signature checks: faster, but a missing signature is not noticed.
    ///
    /// # Panics
    /// If the program cannot be loaded.
    #[must_use]
    pub fn without_signatures() -> Self {
        Self::on(LiteSVM::new().with_sigverify(false))
    }

    /// On a machine that the caller has set up.
    ///
    /// # Panics
    /// If the program cannot be loaded.
    #[must_use]
    pub fn on(mut svm: LiteSVM) -> Self {
        svm.add_program(upside::ID, program_bytes())
            .unwrap_or_else(|e| panic!("the program does not load: {e:?}"));
        let context = Self {
            sender: LiteSvmSender::new(svm),
            payer: keys::keypair("payer"),
        };
        context.set_time(START_TS);
        context.airdrop(&context.payer.pubkey(), 1_000 * WALLET_LAMPORTS);
        let mint = keys::payout_mint();
        let instructions = PAYOUT
            .create_instructions(
                &context.payer.pubkey(),
                &mint.pubkey(),
                &keys::payout_authority().pubkey(),
            )
            .expect("instructions");
        context.send(&instructions, &[&mint]);
        context
    }

    /// The payout mint: legacy SPL Token, 6 decimals; its authority is [`keys::payout_authority`].
    #[must_use]
    pub fn payout(&self) -> MintRef {
        MintRef {
            mint: keys::payout_mint().pubkey(),
            token_program: TOKEN_PROGRAM_ID,
            decimals: PAYOUT.decimals,
        }
    }

    /// A share mint as a token mint.
    #[must_use]
    pub fn share(&self, security: &crate::TestSecurity) -> MintRef {
        MintRef {
            mint: security.keys.mint,
            token_program: TOKEN_2022_PROGRAM_ID,
            decimals: security.terms.decimals,
        }
    }

    /// The wallet of that label: the same key in every run. It has lamports.
    #[must_use]
    pub fn wallet(&self, label: &str) -> Keypair {
        let wallet = keys::keypair(label);
        if self.account(&wallet.pubkey()).is_none() {
            self.airdrop(&wallet.pubkey(), WALLET_LAMPORTS);
        }
        wallet
    }

    /// The address of the wallet of that label, whether or not it exists.
    #[must_use]
    pub fn key(&self, label: &str) -> Pubkey {
        keys::keypair(label).pubkey()
    }

    /// Gives lamports.
    ///
    /// # Panics
    /// If the faucet is empty.
    pub fn airdrop(&self, address: &Pubkey, lamports: u64) {
        self.sender.airdrop(address, lamports).expect("the faucet has lamports");
    }

    /// Sets the clock, unix seconds.
    pub fn set_time(&self, ts: i64) {
        self.sender.set_time(ts);
    }

    /// Moves the clock; a negative number sets it back.
    pub fn warp(&self, seconds: i64) {
        self.sender.warp(seconds);
    }

    /// An account; `None` if the address holds nothing.
    ///
    /// # Panics
    /// Never: the machine always answers.
    #[must_use]
    pub fn account(&self, address: &Pubkey) -> Option<Account> {
        self.sender
            .get_account(address)
            .expect("the machine answers")
            .filter(|account| account.lamports > 0)
    }

    /// Writes an account's bytes directly, as no transaction could.
    ///
    /// # Panics
    /// If the machine refuses the account.
    pub fn set_account(&self, address: &Pubkey, account: Account) {
        self.sender
            .svm()
            .set_account(
                *address,
                solana_account_v4::Account {
                    lamports: account.lamports,
                    data: account.data,
                    owner: account.owner,
                    executable: account.executable,
                    rent_epoch: account.rent_epoch,
                },
            )
            .unwrap_or_else(|e| panic!("cannot write {address}: {e:?}"));
    }

    /// Changes an account's bytes directly, as no transaction could.
    ///
    /// # Panics
    /// If the account does not exist.
    pub fn patch_account(&self, address: &Pubkey, change: impl FnOnce(&mut Account)) {
        let mut account = self.account(address).expect("an account to change");
        change(&mut account);
        self.set_account(address, account);
    }

    /// Sends one transaction, paid by [`Self::payer`].
    ///
    /// # Errors
    /// When it is refused; A-1 has then been checked.
    ///
    /// # Panics
    /// If a refused transaction changed anything.
    pub fn try_send(&self, instructions: &[Instruction], signers: &[&dyn Signer]) -> Result<Receipt, ClientError> {
        let before = self.snapshot(instructions);
        let result = self.sender.send(instructions, &self.payer, signers);
        if result.is_err() {
            self.assert_unchanged(&before);
        }
        result
    }

    /// Sends one transaction that must succeed.
    ///
    /// # Panics
    /// With error and logs if it is refused.
    pub fn send(&self, instructions: &[Instruction], signers: &[&dyn Signer]) -> Receipt {
        self.try_send(instructions, signers)
            .unwrap_or_else(|error| panic!("refused: {error}\n{}", logs_of(&error)))
    }

    /// Sends one transaction that must be refused with exactly `expected`, and change nothing.
    ///
    /// # Panics
    /// If it succeeds, is refused for another reason, or changes anything.
    pub fn refuse(&self, instructions: &[Instruction], signers: &[&dyn Signer], expected: impl Into<Refusal>) {
        assert_refused(self.try_send(instructions, signers), expected);
    }

    /// E-1: every live account can be rebuilt from the events alone.
    ///
    /// # Panics
    /// If replaying the events gives other accounts than the machine has.
    pub fn assert_events_rebuild_state(&self) {
        let replay = Replay::of(&self.sender.history()).expect("the events fit together");
        let differences = replay.differences(&self.sender).expect("the machine answers");
        assert_eq!(differences, Vec::<String>::new());
    }

    fn snapshot(&self, instructions: &[Instruction]) -> Vec<(Pubkey, Option<Account>)> {
        let mut addresses: Vec<Pubkey> = instructions
            .iter()
            .flat_map(|instruction| instruction.accounts.iter().map(|meta| meta.pubkey))
            .chain([self.payer.pubkey()])
            .collect();
        addresses.sort();
        addresses.dedup();
        let accounts = self
            .sender
            .get_multiple_accounts(&addresses)
            .expect("the machine answers");
        addresses.into_iter().zip(accounts).collect()
    }

    /// A refused transaction costs its fee, whole signatures, unless it never ran.
    fn assert_unchanged(&self, before: &[(Pubkey, Option<Account>)]) {
        for (address, before) in before {
            let mut after = self.sender.get_account(address).expect("the machine answers");
            if *address == self.payer.pubkey() {
                if let (Some(before), Some(after)) = (before, &mut after) {
                    let fee = before.lamports.checked_sub(after.lamports);
                    assert!(
                        fee.is_some_and(|fee| fee % FEE_PER_SIGNATURE == 0 && fee <= 10 * FEE_PER_SIGNATURE),
                        "A-1: the payer paid {fee:?} lamports for a refused transaction"
                    );
                    after.lamports = before.lamports;
                }
            }
            assert!(
                *before == after,
                "A-1: the refused transaction changed {address}\nbefore: {before:?}\nafter: {after:?}"
            );
        }
    }
}
