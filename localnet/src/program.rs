//! Programs, deployed by the real upgradeable loader before they are installed.

use std::path::Path;

use anchor_lang::{
    prelude::Pubkey,
    solana_program::{
        bpf_loader_upgradeable::{self, UpgradeableLoaderState},
        rent::Rent,
    },
};
use anyhow::{bail, Context, Result};
use solana_keypair::{Keypair, Signer};
use solana_transaction::{versioned::VersionedTransaction, Transaction};
use surfpool_core::{litesvm::LiteSVM, solana_account::Account, surfnet::svm::SurfnetSvm};

use crate::keys;

/// Lamports of the throw-away payer of a deployment.
const DEPLOYER_LAMPORTS: u64 = 1_000_000_000_000;
/// Lamports in the scratch virtual machine.
const SCRATCH_LAMPORTS: u64 = 1_000 * DEPLOYER_LAMPORTS;

/// A program to deploy at start.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program's address.
    pub id: Pubkey,
    /// The executable, as the build writes it.
    pub elf: Vec<u8>,
    /// Who may upgrade it; `None` makes it final.
    pub upgrade_authority: Option<Pubkey>,
}

impl Program {
    /// The program in the file `path`, upgradeable by [`upgrade_authority`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn from_file(id: Pubkey, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let elf = std::fs::read(path).with_context(|| format!("the program file {} cannot be read", path.display()))?;
        Ok(Self {
            id,
            elf,
            upgrade_authority: Some(upgrade_authority().pubkey()),
        })
    }

    /// The Upside program in the file `path`, at the address it declares.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn upside(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file(upside::ID, path)
    }

    /// Deploys into `svm` what the real loader makes of this program: the bytes go into a buffer of a scratch
    /// virtual machine, `DeployWithMaxDataLen` runs there with its strict verification, and the two accounts it
    /// leaves are copied. A file that a public network would refuse is refused here, with the loader's own words.
    pub(crate) fn install(&self, svm: &mut SurfnetSvm) -> Result<()> {
        let (program, program_data) = self.deploy_in_scratch()?;
        let data_address = bpf_loader_upgradeable::get_program_data_address(&self.id);
        // The executable account is loaded when it is set, so its bytes must be there first.
        svm.set_account(&data_address, program_data)
            .and_then(|()| svm.set_account(&self.id, program))
            .map_err(|error| anyhow::anyhow!("program {} cannot be installed: {error}", self.id))
    }

    /// The program account and the program data account after a deployment.
    fn deploy_in_scratch(&self) -> Result<(Account, Account)> {
        // Nobody holds the program's key and nothing leaves this function, so signatures are not checked.
        // No programs are bundled: one of them may be what is deployed.
        let mut scratch = LiteSVM::default()
            .with_mainnet_features()
            .with_builtins()
            .with_sysvars()
            .with_lamports(SCRATCH_LAMPORTS)
            .with_blockhash_check(false)
            .with_sigverify(false);
        // The network has just begun: what is preloaded is as old as its first slot.
        scratch.warp_to_slot(0);
        let deployer = Keypair::new();
        let buffer = Keypair::new();
        scratch
            .airdrop(&deployer.pubkey(), DEPLOYER_LAMPORTS)
            .map_err(|failed| anyhow::anyhow!("the scratch deployer has no money: {}", failed.err))?;
        scratch.set_account(buffer.pubkey(), self.buffer_account(&deployer.pubkey())?)?;
        #[allow(deprecated)]
        let mut instructions = bpf_loader_upgradeable::deploy_with_max_program_len(
            &deployer.pubkey(),
            &self.id,
            &buffer.pubkey(),
            &deployer.pubkey(),
            Rent::default().minimum_balance(UpgradeableLoaderState::size_of_program()),
            self.elf.len(),
        )?;
        instructions.push(bpf_loader_upgradeable::set_upgrade_authority(
            &self.id,
            &deployer.pubkey(),
            self.upgrade_authority.as_ref(),
        ));
        let unsigned = Transaction::new_with_payer(&instructions, Some(&deployer.pubkey()));
        if let Err(failed) = scratch.send_transaction(VersionedTransaction::from(unsigned)) {
            bail!(
                "program {} would be refused by the loader of a public network: {}\n{}",
                self.id,
                failed.err,
                failed.meta.logs.join("\n")
            );
        }
        let data_address = bpf_loader_upgradeable::get_program_data_address(&self.id);
        let (Some(program), Some(program_data)) = (scratch.get_account(&self.id), scratch.get_account(&data_address))
        else {
            bail!("the loader left no program account for {}", self.id);
        };
        Ok((program, program_data))
    }

    /// A loader buffer that holds the executable and belongs to `authority`.
    fn buffer_account(&self, authority: &Pubkey) -> Result<Account> {
        // Enum tag (u32), option tag (u8), authority; then the bytes.
        let mut data = Vec::with_capacity(UpgradeableLoaderState::size_of_buffer(self.elf.len()));
        data.extend_from_slice(&1u32.to_le_bytes());
        data.push(1);
        data.extend_from_slice(authority.as_ref());
        if data.len() != UpgradeableLoaderState::size_of_buffer_metadata() {
            bail!("the loader's buffer layout has changed");
        }
        data.extend_from_slice(&self.elf);
        Ok(Account {
            lamports: Rent::default().minimum_balance(data.len()),
            data,
            owner: bpf_loader_upgradeable::ID,
            executable: false,
            rent_epoch: u64::MAX,
        })
    }
}

/// The key that may upgrade preloaded programs unless another is named (label `upgrade authority`, see [`keys`]).
#[must_use]
pub fn upgrade_authority() -> Keypair {
    keys::keypair("upgrade authority")
}
