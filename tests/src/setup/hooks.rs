//! Transfer hooks that appear after deposits, and the wallet program that stands for multisigs. Both are `tests/programs/hook`.

use std::{env, path::PathBuf};

use anchor_lang::{
    prelude::{AccountMeta, Pubkey},
    solana_program::{instruction::Instruction, rent::Rent},
};
use anchor_spl::token_2022::spl_token_2022::extension::transfer_hook;
use hook::{Mode, EXECUTE, RELAY, WALLET};
use solana_signer::Signer;
use upside_client::solana_account::Account;
use upside_lookalike_mints::{balances::MintRef, keys};

use crate::context::TestContext;

/// Seed of the list of extra accounts, as the transfer hook interface has it.
const LIST: &[u8] = b"extra-account-metas";

/// A hook on a mint.
#[derive(Clone, Debug)]
pub struct TestHook {
    /// The program called.
    pub program: Pubkey,
    /// The account that says what it does.
    pub switch: Pubkey,
    /// The list of its extra accounts.
    pub list: Pubkey,
    /// The extra accounts after the switch, as the list has them.
    pub extra: Vec<AccountMeta>,
}

impl TestHook {
    /// What `collect` must be given behind its own accounts, as the list has it, signatures included.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountMeta> {
        let mut accounts = vec![AccountMeta::new(self.switch, false)];
        accounts.extend_from_slice(&self.extra);
        accounts.push(AccountMeta::new_readonly(self.list, false));
        accounts.push(AccountMeta::new_readonly(self.program, false));
        accounts
    }
}

/// Address of the program of `tests/programs/hook`.
#[must_use]
pub fn hook_program() -> Pubkey {
    keys::keypair("hook program").pubkey()
}

/// Address of the same program where it is a wallet: no program is called again from below, so the two differ.
fn wallet_program() -> Pubkey {
    keys::keypair("wallet program").pubkey()
}

/// The list as the interface lays it out: the discriminator of `execute`, the length of the rest, the number of accounts, and for each
/// a zero (its key follows), the key, and whether it signs and is written.
fn list_data(accounts: &[AccountMeta]) -> Vec<u8> {
    let mut entries = u32::try_from(accounts.len()).expect("few").to_le_bytes().to_vec();
    for meta in accounts {
        entries.push(0);
        entries.extend_from_slice(meta.pubkey.as_ref());
        entries.extend_from_slice(&[u8::from(meta.is_signer), u8::from(meta.is_writable)]);
    }
    let len = u32::try_from(entries.len()).expect("short").to_le_bytes();
    [&EXECUTE[..], &len, &entries].concat()
}

impl TestContext {
    /// Puts the compiled `tests/programs/hook` at [`hook_program`] and, as the wallet program, at an address of its own.
    ///
    /// # Panics
    /// If `UPSIDE_HOOK_SO` does not name it.
    pub fn load_hook_program(&self) {
        let path = env::var_os("UPSIDE_HOOK_SO")
            .map(PathBuf::from)
            .expect("set UPSIDE_HOOK_SO to the compiled tests/programs/hook; `cargo xtask test` does");
        for program in [hook_program(), wallet_program()] {
            self.sender
                .svm()
                .add_program_from_file(program, &path)
                .unwrap_or_else(|e| panic!("the hook program {} does not load: {e:?}", path.display()));
        }
    }

    /// The issuer of `asset` sets a hook on it, which has these extra accounts behind its switch. Until [`Self::switch_hook`] it accepts.
    ///
    /// # Panics
    /// If the mint refuses.
    pub fn set_hook(&self, asset: &MintRef, extra: &[AccountMeta]) -> TestHook {
        if self.account(&hook_program()).is_none() {
            self.load_hook_program();
        }
        let hook = TestHook {
            program: hook_program(),
            switch: keys::keypair(&format!("switch of {}", asset.mint)).pubkey(),
            list: Pubkey::find_program_address(&[LIST, asset.mint.as_ref()], &hook_program()).0,
            extra: extra.to_vec(),
        };
        let mut listed = vec![AccountMeta::new(hook.switch, false)];
        listed.extend_from_slice(extra);
        self.write_for(&hook_program(), &hook.list, list_data(&listed));
        self.switch_hook(&hook, Mode::Accept, &[0; 8]);
        self.point_hook(asset, Some(hook.program));
        hook
    }

    /// The issuer of `asset` names another hook program, or none.
    ///
    /// # Panics
    /// If the mint refuses.
    pub fn point_hook(&self, asset: &MintRef, program: Option<Pubkey>) {
        let authority = self.authority_of(asset);
        let update =
            transfer_hook::instruction::update(&asset.token_program, &asset.mint, &authority.pubkey(), &[], program)
                .expect("instruction");
        self.send(&[update], &[&authority]);
    }

    /// Says what a hook does from now on; `data` is what [`Mode`] reads behind the switch's first byte.
    pub fn switch_hook(&self, hook: &TestHook, mode: Mode, data: &[u8]) {
        self.write_for(&hook_program(), &hook.switch, [&[mode as u8], data].concat());
    }

    /// How often a hook in [`Mode::Count`] has been called.
    ///
    /// # Panics
    /// If the switch has no count.
    #[must_use]
    pub fn hook_calls(&self, hook: &TestHook) -> u64 {
        let data = self.account(&hook.switch).expect("a switch").data;
        u64::from_le_bytes(data[1..9].try_into().expect("8 bytes"))
    }

    /// Address of the wallet that the wallet program signs for, with lamports and the program in place.
    pub fn relay_wallet(&self) -> Pubkey {
        if self.account(&hook_program()).is_none() {
            self.load_hook_program();
        }
        let wallet = Pubkey::find_program_address(&[WALLET], &wallet_program()).0;
        self.write_for(&wallet_program(), &wallet, Vec::new());
        wallet
    }

    /// `instruction` as a call of the wallet program, which signs for its wallet.
    #[must_use]
    pub fn relay(&self, instruction: &Instruction) -> Instruction {
        let (wallet, bump) = Pubkey::find_program_address(&[WALLET], &wallet_program());
        let mut accounts = vec![AccountMeta::new_readonly(instruction.program_id, false)];
        accounts.extend(instruction.accounts.iter().map(|meta| AccountMeta {
            is_signer: meta.is_signer && meta.pubkey != wallet,
            ..meta.clone()
        }));
        Instruction {
            program_id: wallet_program(),
            accounts,
            data: [&RELAY[..], &[bump], &instruction.data].concat(),
        }
    }

    fn write_for(&self, owner: &Pubkey, address: &Pubkey, data: Vec<u8>) {
        let account = Account {
            lamports: Rent::default().minimum_balance(data.len()),
            data,
            owner: *owner,
            executable: false,
            rent_epoch: u64::MAX,
        };
        self.set_account(address, account);
    }
}
