//! What a network must be able to do before it calls itself ready.

use anchor_lang::{
    prelude::AccountMeta,
    solana_program::{instruction::Instruction, rent::Rent, system_instruction},
};
use anchor_spl::token_2022::spl_token_2022::{self, instruction::initialize_mint2, state::Mint};
use anyhow::{bail, Context, Result};
use solana_keypair::Signer;
use solana_transaction::Transaction;
use surfpool_core::{
    solana_commitment_config::CommitmentConfig,
    solana_rpc_client::{api::config::RpcSimulateTransactionConfig, rpc_client::RpcClient},
};
use upside_lookalike_mints::keys;

/// Token-2022's instruction number of `Batch`.
const BATCH: u8 = 255;
/// Length of a mint without extensions.
const MINT_LEN: usize = <Mint as anchor_lang::solana_program::program_pack::Pack>::LEN;

/// Refuses a network whose Token-2022 lacks the `Batch` instruction (it appeared in version 11): it simulates a
/// transaction that initialises a mint through `Batch`, twice, and must see the first succeed and the second fail
/// inside the batch.
pub(crate) fn token_2022_has_batch(rpc: &RpcClient) -> Result<()> {
    const MISSING: &str = "Token-2022 on this network does not have the Batch instruction (it needs version 11 or \
        newer); Upside moves registered shares with it and cannot run here";
    simulate_batches(rpc, 1)?.map_err(|reason| anyhow::anyhow!("{MISSING}: {reason}"))?;
    if simulate_batches(rpc, 2)?.is_ok() {
        bail!("{MISSING}: a batch reported success without doing anything");
    }
    Ok(())
}

/// Simulates creating a mint account and initialising it `times` times, each time through `Batch`.
fn simulate_batches(rpc: &RpcClient, times: usize) -> Result<Result<(), String>> {
    let payer = keys::faucet().pubkey();
    let mint = keys::keypair("batch self test").pubkey();
    let inner = initialize_mint2(&spl_token_2022::ID, &mint, &payer, None, 0)?;
    let mut data = vec![
        BATCH,
        u8::try_from(inner.accounts.len())?,
        u8::try_from(inner.data.len())?,
    ];
    data.extend_from_slice(&inner.data);
    let batch = Instruction {
        program_id: spl_token_2022::ID,
        accounts: vec![AccountMeta::new(mint, false)],
        data,
    };
    let mut instructions = vec![system_instruction::create_account(
        &payer,
        &mint,
        Rent::default().minimum_balance(MINT_LEN),
        MINT_LEN as u64,
        &spl_token_2022::ID,
    )];
    instructions.extend(std::iter::repeat_n(batch, times));
    let outcome = rpc
        .simulate_transaction_with_config(
            &Transaction::new_with_payer(&instructions, Some(&payer)),
            RpcSimulateTransactionConfig {
                sig_verify: false,
                replace_recent_blockhash: true,
                commitment: Some(CommitmentConfig::confirmed()),
                ..RpcSimulateTransactionConfig::default()
            },
        )
        .context("the Batch self test could not be simulated")?
        .value;
    Ok(match outcome.err {
        None => Ok(()),
        Some(error) => Err(format!("{error:?}; {}", outcome.logs.unwrap_or_default().join("; "))),
    })
}
