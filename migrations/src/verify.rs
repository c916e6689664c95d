//! The loader's verdict on a file before anything is spent: it is deployed and called in a virtual machine of this process.

use anchor_lang::solana_program::bpf_loader_upgradeable::ID as LOADER;
use anchor_lang::{
    error::ErrorCode,
    prelude::Pubkey,
    solana_program::{instruction::Instruction, rent::Rent},
};
use anyhow::{anyhow, bail, Context, Result};
use litesvm::LiteSVM;
use solana_keypair::Keypair;
use solana_loader_v3_interface::{instruction::deploy_with_max_program_len, state::UpgradeableLoaderState};
use solana_signer::Signer;
use solana_transaction::{versioned::VersionedTransaction, Transaction};

/// Lamports of the payer in the virtual machine.
const PAYER_LAMPORTS: u64 = 1_000_000_000_000;
/// Lamports in the virtual machine.
const ALL_LAMPORTS: u64 = 1_000 * PAYER_LAMPORTS;

/// Checks that the loader of a public network accepts `elf` and that the program answers at `program`.
///
/// # Errors
/// When the loader refuses the file, or the program says that it was built for another address.
pub fn check(program: &Pubkey, elf: &[u8]) -> Result<()> {
    if !elf.starts_with(b"\x7fELF") {
        bail!("the file is not a compiled program (no ELF header): build it with `cargo xtask build`");
    }
    // Nobody needs the program's key here and nothing leaves this function, so signatures are not checked.
    let mut machine = LiteSVM::default()
        .with_mainnet_features()
        .with_builtins()
        .with_sysvars()
        .with_lamports(ALL_LAMPORTS)
        .with_blockhash_check(false)
        .with_sigverify(false);
    let payer = Keypair::new();
    let buffer = Keypair::new().pubkey();
    machine
        .airdrop(&payer.pubkey(), PAYER_LAMPORTS)
        .map_err(|failed| anyhow!("the virtual machine's payer has no money: {}", failed.err))?;
    let mut data = vec![1, 0, 0, 0, 1];
    data.extend_from_slice(payer.pubkey().as_ref());
    if data.len() != UpgradeableLoaderState::size_of_buffer_metadata() {
        bail!("the loader's buffer layout has changed");
    }
    data.extend_from_slice(elf);
    let mut account = machine.get_account(&payer.pubkey()).context("the payer is missing")?;
    account.lamports = Rent::default().minimum_balance(data.len());
    account.owner = LOADER;
    account.data = data;
    machine.set_account(buffer, account)?;
    #[allow(deprecated)]
    let deploy = deploy_with_max_program_len(
        &payer.pubkey(),
        program,
        &buffer,
        &payer.pubkey(),
        Rent::default().minimum_balance(UpgradeableLoaderState::size_of_program()),
        elf.len(),
    )?;
    let unsigned = |instructions: &[Instruction]| {
        VersionedTransaction::from(Transaction::new_with_payer(instructions, Some(&payer.pubkey())))
    };
    if let Err(failed) = machine.send_transaction(unsigned(&deploy)) {
        bail!(
            "the loader would refuse the file, it is damaged or of another kind: {}\n{}",
            failed.err,
            failed.meta.logs.join("\n")
        );
    }
    // A program can be called in the slot after the one that deployed it.
    machine.warp_to_slot(machine.get_sysvar::<anchor_lang::prelude::Clock>().slot + 1);
    let call = Instruction {
        program_id: *program,
        accounts: Vec::new(),
        data: vec![0; 8],
    };
    if let Err(failed) = machine.send_transaction(unsigned(&[call])) {
        let wrong_address = format!(
            "custom program error: {:#x}",
            ErrorCode::DeclaredProgramIdMismatch as u32
        );
        if failed.meta.logs.iter().any(|line| line.ends_with(&wrong_address)) {
            bail!(
                "the file was built for another address than {program}: build it with UPSIDE_PROGRAM_ID={program}, or name the key it was built for \
                 with --program-keypair"
            );
        }
    }
    Ok(())
}
