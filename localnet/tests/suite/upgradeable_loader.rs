//! The real upgradeable loader, over JSON-RPC: buffer, chunks, `DeployWithMaxDataLen`, upgrade.
//!
//! The program is the one that `UPSIDE_PROGRAM_SO` names. The tests that need none use the memo program.

use std::path::PathBuf;

use anchor_lang::{
    prelude::{AccountMeta, Pubkey},
    solana_program::{
        bpf_loader_upgradeable::{
            self, create_buffer, get_program_data_address, set_upgrade_authority, upgrade, write,
            UpgradeableLoaderState,
        },
        instruction::Instruction,
        rent::Rent,
    },
};
use anyhow::Result;
use solana_keypair::{Keypair, Signer};
use upside_localnet::{program::upgrade_authority, rpc, Config, Localnet, Program};

use crate::{start, MEMO, SLOT_MS};

/// Bytes of a program that fit into one `Write` transaction with two signatures.
const CHUNK_LEN: usize = 900;
/// `Write` transactions submitted before waiting for them.
const WRITES_IN_FLIGHT: usize = 100;

/// The compiled Upside program.
fn upside_elf() -> Vec<u8> {
    let path = std::env::var_os("UPSIDE_PROGRAM_SO").map(PathBuf::from).expect(
        "UPSIDE_PROGRAM_SO must name the compiled program (target/deploy/upside.so); \
         `cargo xtask test` builds it and sets the variable",
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The version of SBPF that an executable is made for: the flags of its ELF header.
fn sbpf_version(elf: &[u8]) -> u32 {
    u32::from_le_bytes(elf[48..52].try_into().expect("an ELF header"))
}

#[test]
fn the_upside_program_deploys_through_the_loader_and_runs() {
    let elf = upside_elf();
    println!("SBPF v{}, {} bytes", sbpf_version(&elf), elf.len());
    let network = start();
    let program = Keypair::new();
    let authority = Keypair::new();
    deploy(&network, &program, &authority, &elf).expect("deployed");
    assert_program_data(&network, &program.pubkey(), Some(authority.pubkey()), &elf);

    // Deployed at another address than the one it declares, Anchor's entry refuses by its own error. That answer
    // can only come from the program itself.
    let error = invoke(&network, &program.pubkey(), &[0; 8]);
    assert!(
        error.contains("DeclaredProgramIdMismatch") || error.contains("0x1004"),
        "{error}"
    );

    finalize(&network, &program.pubkey(), &authority);
    assert_program_data(&network, &program.pubkey(), None, &elf);
}

#[test]
fn the_upside_program_is_preloaded_at_its_address_as_upgradeable() {
    let elf = upside_elf();
    let network = Localnet::start(Config {
        slot_ms: SLOT_MS,
        mints: false,
        programs: vec![Program {
            id: upside::ID,
            elf: elf.clone(),
            upgrade_authority: Some(upgrade_authority().pubkey()),
        }],
        ..Config::default()
    })
    .expect("starts");
    assert_eq!(network.ready().program, Some(upside::ID.to_string()));
    assert_program_data(&network, &upside::ID, Some(upgrade_authority().pubkey()), &elf);
    // An instruction that does not exist: the program answers, with Anchor's error for it.
    let error = invoke(&network, &upside::ID, &[0; 8]);
    assert!(
        error.contains("InstructionFallbackNotFound") || error.contains("0x65"),
        "{error}"
    );

    // The preloaded program is upgraded like any other.
    let buffer = upload(&network, &upgrade_authority(), &elf).expect("uploaded");
    let faucet = network.faucet().pubkey();
    let upgrade = upgrade(&upside::ID, &buffer, &upgrade_authority().pubkey(), &faucet);
    network.send(&[upgrade], &[&upgrade_authority()]).expect("upgraded");
    wait_one_slot(&network);
    let error = invoke(&network, &upside::ID, &[0; 8]);
    assert!(
        error.contains("InstructionFallbackNotFound") || error.contains("0x65"),
        "{error}"
    );
}

#[test]
fn another_program_deploys_runs_and_a_truncated_one_is_refused() {
    let network = start();
    let memo = network.rpc().get_account_data(&MEMO).expect("the memo program");
    let program = Keypair::new();
    let authority = Keypair::new();
    deploy(&network, &program, &authority, &memo).expect("deployed");
    wait_one_slot(&network);
    let call = Instruction {
        program_id: program.pubkey(),
        accounts: vec![AccountMeta::new_readonly(authority.pubkey(), true)],
        data: b"hello".to_vec(),
    };
    network.send(&[call], &[&authority]).expect("it runs");

    let truncated = &memo[..memo.len() / 2];
    let refused = deploy(&network, &Keypair::new(), &authority, truncated);
    let error = format!("{:#}", refused.expect_err("half a program"));
    assert!(error.contains("invalid account data"), "{error}");
}

#[test]
fn a_preloaded_file_that_the_loader_would_refuse_is_refused_at_start() {
    let refused = Localnet::start(Config {
        programs: vec![Program {
            id: Pubkey::new_unique(),
            elf: vec![0; 5_000],
            upgrade_authority: None,
        }],
        ..Config::default()
    });
    let error = format!("{:#}", refused.err().expect("no program"));
    assert!(
        error.contains("would be refused by the loader of a public network"),
        "{error}"
    );
}

/// Uploads `elf` into a buffer that belongs to `authority`.
fn upload(network: &Localnet, authority: &Keypair, elf: &[u8]) -> Result<Pubkey> {
    let buffer = Keypair::new();
    let payer = network.faucet().pubkey();
    let size = UpgradeableLoaderState::size_of_buffer(elf.len());
    let create = create_buffer(
        &payer,
        &buffer.pubkey(),
        &authority.pubkey(),
        Rent::default().minimum_balance(size),
        elf.len(),
    )?;
    network.send(&create, &[&buffer])?;
    let chunks: Vec<_> = elf.chunks(CHUNK_LEN).enumerate().collect();
    for some in chunks.chunks(WRITES_IN_FLIGHT) {
        let mut signatures = Vec::new();
        for (index, chunk) in some {
            let offset = u32::try_from(index * CHUNK_LEN)?;
            let write = write(&buffer.pubkey(), &authority.pubkey(), offset, chunk.to_vec());
            let sent = rpc::submit(network.rpc(), &[write], network.faucet(), &[authority])?;
            signatures.push(sent);
        }
        rpc::confirm(network.rpc(), &signatures)?;
    }
    Ok(buffer.pubkey())
}

/// Deploys `elf` at the address of `program`, upgradeable by `authority`.
fn deploy(network: &Localnet, program: &Keypair, authority: &Keypair, elf: &[u8]) -> Result<()> {
    let buffer = upload(network, authority, elf)?;
    let payer = network.faucet().pubkey();
    #[allow(deprecated)]
    let instructions = bpf_loader_upgradeable::deploy_with_max_program_len(
        &payer,
        &program.pubkey(),
        &buffer,
        &authority.pubkey(),
        Rent::default().minimum_balance(UpgradeableLoaderState::size_of_program()),
        elf.len(),
    )?;
    network.send(&instructions, &[program, authority])?;
    wait_one_slot(network);
    Ok(())
}

/// Gives the upgrade authority up.
fn finalize(network: &Localnet, program: &Pubkey, authority: &Keypair) {
    let give_up = set_upgrade_authority(program, &authority.pubkey(), None);
    network.send(&[give_up], &[authority]).expect("finalised");
}

/// A program is visible in the slot after the one that deployed it.
fn wait_one_slot(network: &Localnet) {
    let slot = network.clock().expect("a clock").slot;
    while network.clock().expect("a clock").slot <= slot {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Asserts that the program's data holds `elf` and belongs to `authority`.
fn assert_program_data(network: &Localnet, program: &Pubkey, authority: Option<Pubkey>, elf: &[u8]) {
    let account = network.rpc().get_account(program).expect("the program");
    assert!(account.executable);
    assert_eq!(account.owner, bpf_loader_upgradeable::ID);
    let data = network
        .rpc()
        .get_account_data(&get_program_data_address(program))
        .expect("the program's data");
    // Enum tag (u32), slot (u64), option tag (u8), authority.
    assert_eq!(data[..4], 3u32.to_le_bytes());
    let slot = u64::from_le_bytes(data[4..12].try_into().expect("8 bytes"));
    let now = network.clock().expect("a clock").slot;
    assert!(slot <= now, "deployed at slot {slot}, now is {now}");
    let stored = (data[12] == 1).then(|| Pubkey::new_from_array(data[13..45].try_into().expect("32 bytes")));
    assert_eq!(stored, authority);
    let metadata = UpgradeableLoaderState::size_of_programdata_metadata();
    assert_eq!(&data[metadata..metadata + elf.len()], elf);
}

/// Calls `program` with `data` and returns the error it answers with.
fn invoke(network: &Localnet, program: &Pubkey, data: &[u8]) -> String {
    let call = Instruction {
        program_id: *program,
        accounts: Vec::new(),
        data: data.to_vec(),
    };
    let error = network.send(&[call], &[]).expect_err("no such instruction");
    format!("{error:#}")
}
