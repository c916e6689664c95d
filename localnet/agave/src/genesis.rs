//! What is there before the first slot.
//!
//! - The programs, and Token-2022 of the version that Upside needs: the validator brings an older one without `Batch`.
//! - The payout mint and its description by Token Metadata, which is no program of this network. The equities are made by transactions later.
//! - Money for the faucet.
//! - The features of mainnet: the validator by itself switches on all that it knows.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anchor_lang::{
    prelude::Pubkey,
    solana_program::{bpf_loader_upgradeable, program_option::COption, program_pack::Pack, rent::Rent},
};
use anchor_spl::{
    token::spl_token::{self, state::Mint},
    token_2022::spl_token_2022,
};
use anyhow::{Context, Result};
use base64::{prelude::BASE64_STANDARD, Engine};
use litesvm::LiteSVM;
use serde_json::json;
use solana_keypair::Signer;
use upside_localnet::{keys, market, program::upgrade_authority};
use upside_lookalike_mints::PAYOUT;

use crate::args::Args;

/// The flags of `solana-test-validator` that say it, with files in `folder`.
///
/// # Errors
/// When a file cannot be written, or the virtual machine of the tests has no Token-2022.
pub fn flags(args: &Args, folder: &Path) -> Result<Vec<OsString>> {
    let mut flags: Vec<OsString> = vec!["--mint".into(), keys::faucet().pubkey().to_string().into()];
    let authority = upgrade_authority().pubkey().to_string();
    for (id, path) in args.programs()? {
        flags.extend(["--upgradeable-program".into(), id.to_string().into()]);
        flags.extend([path.into_os_string(), authority.clone().into()]);
    }
    flags.extend(["--upgradeable-program".into(), spl_token_2022::ID.to_string().into()]);
    flags.extend([token_2022(folder)?.into_os_string(), "none".into()]);
    if !args.no_mints {
        let (described, description) = market::payout_description();
        let accounts = [
            (keys::payout_mint().pubkey(), spl_token::ID, payout_mint()),
            (described, description.owner, description.data),
        ];
        for (address, owner, data) in accounts {
            let file = account(folder, &address, &owner, &data)?;
            flags.extend(["--account".into(), address.to_string().into(), file.into_os_string()]);
        }
    }
    for feature in LiteSVM::mainnet_feature_set().inactive() {
        flags.extend(["--deactivate-feature".into(), feature.to_string().into()]);
    }
    Ok(flags)
}

/// A file with the executable of Token-2022 that the tests in process run.
fn token_2022(folder: &Path) -> Result<PathBuf> {
    let program_data = bpf_loader_upgradeable::get_program_data_address(&spl_token_2022::ID);
    let account = LiteSVM::new()
        .get_account(&program_data)
        .context("the virtual machine of the tests has no Token-2022")?;
    let elf = account
        .data
        .get(bpf_loader_upgradeable::UpgradeableLoaderState::size_of_programdata_metadata()..)
        .context("the virtual machine's Token-2022 is empty")?;
    let path = folder.join("spl_token_2022.so");
    fs::write(&path, elf).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The payout mint as its creation leaves it.
fn payout_mint() -> Vec<u8> {
    let authority = COption::Some(keys::payout_authority().pubkey());
    let mint = Mint {
        mint_authority: authority,
        supply: 0,
        decimals: PAYOUT.decimals,
        is_initialized: true,
        freeze_authority: authority,
    };
    let mut data = vec![0; Mint::LEN];
    Mint::pack_into_slice(&mint, &mut data);
    data
}

/// A file with an account, as `--account` reads it.
fn account(folder: &Path, address: &Pubkey, owner: &Pubkey, data: &[u8]) -> Result<PathBuf> {
    let document = json!({
        "pubkey": address.to_string(),
        "account": {
            "lamports": Rent::default().minimum_balance(data.len()),
            "data": [BASE64_STANDARD.encode(data), "base64"],
            "owner": owner.to_string(),
            "executable": false,
            "rentEpoch": u64::MAX,
            "space": data.len(),
        },
    });
    let path = folder.join(format!("{address}.json"));
    fs::write(&path, document.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn everything_that_a_suite_asks_for_is_there_before_the_first_slot() {
        let folder = tempfile::tempdir().expect("folder");
        let args = Args::parse_from(["upside-agave", "--upside", "upside.so"]);
        let flags = flags(&args, folder.path()).expect("flags");
        let has = |text: &str| flags.iter().any(|flag| flag == text);
        assert!(has(&upside::ID.to_string()) && has("upside.so"));
        assert!(has(&keys::payout_mint().pubkey().to_string()));
        let elf = fs::read(folder.path().join("spl_token_2022.so")).expect("Token-2022");
        assert!(elf.starts_with(b"\x7fELF"), "no executable");
    }

    #[test]
    fn without_mints_no_account_is_made() {
        let folder = tempfile::tempdir().expect("folder");
        let args = Args::parse_from(["upside-agave", "--no-mints"]);
        let flags = flags(&args, folder.path()).expect("flags");
        assert!(flags.iter().all(|flag| flag != "--account"));
    }
}
