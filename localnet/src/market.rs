//! The look-alike mints and giving their tokens to wallets.
//!
//! The mints are made by real transactions over JSON-RPC, so they are what the real token programs produce. Their
//! addresses and authorities are the same on every local network (see [`crate::keys`]).

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anchor_spl::{
    token::spl_token,
    token_2022::spl_token_2022::{
        self,
        extension::{BaseStateWithExtensions, StateWithExtensions},
        state::{Account, AccountState},
    },
};
use anyhow::{bail, Context, Result};
use solana_keypair::{Keypair, Signature, Signer};
use surfpool_core::{solana_commitment_config::CommitmentConfig, solana_rpc_client::rpc_client::RpcClient};
use upside_lookalike_mints::{balances::MintRef, equity, keys, EquityMint, EQUITIES, PAYOUT};

use crate::rpc;

/// The payout mint.
#[must_use]
pub fn payout_mint() -> MintRef {
    MintRef {
        mint: keys::payout_mint().pubkey(),
        token_program: spl_token::ID,
        decimals: PAYOUT.decimals,
    }
}

/// The mint of an equity.
#[must_use]
pub fn equity_mint(equity: &EquityMint) -> MintRef {
    MintRef {
        mint: keys::equity_mint(equity.symbol).pubkey(),
        token_program: spl_token_2022::ID,
        decimals: equity.decimals,
    }
}

/// Makes the payout mint and every equity that does not exist yet. `payer` pays.
///
/// # Errors
/// When a token program refuses, with its log.
pub fn create_mints(rpc: &RpcClient, payer: &Keypair) -> Result<()> {
    let mut signatures = Vec::new();
    let payout = keys::payout_mint();
    if !rpc::exists(rpc, &payout.pubkey())? {
        let instructions =
            PAYOUT.create_instructions(&payer.pubkey(), &payout.pubkey(), &keys::payout_authority().pubkey())?;
        let signature = rpc::submit(rpc, &instructions, payer, &[&payout])
            .with_context(|| format!("{} cannot be made", PAYOUT.symbol))?;
        signatures.push(signature);
    }
    let authority = keys::equity_authority();
    for equity in EQUITIES {
        let mint = keys::equity_mint(equity.symbol);
        if rpc::exists(rpc, &mint.pubkey())? {
            continue;
        }
        let instructions = equity.create_instructions(&payer.pubkey(), &mint.pubkey(), &authority.pubkey())?;
        let signature = rpc::submit(rpc, &instructions, payer, &[&mint, &authority])
            .with_context(|| format!("{} cannot be made", equity.symbol))?;
        signatures.push(signature);
    }
    rpc::confirm(rpc, &signatures)
}

/// Airdrops `lamports` to `wallet` and mints `payout_atoms` to its associated token account. `payer` pays.
///
/// # Errors
/// When the network or the token program refuses.
pub fn fund(rpc: &RpcClient, payer: &Keypair, wallet: &Pubkey, lamports: u64, payout_atoms: u64) -> Result<()> {
    let mut signatures = Vec::new();
    if lamports > 0 {
        let signature = rpc
            .request_airdrop(wallet, lamports)
            .with_context(|| format!("the airdrop of {lamports} lamports to {wallet} failed"))?;
        signatures.push(signature);
    }
    if payout_atoms > 0 {
        let authority = keys::payout_authority();
        let mint = payout_mint();
        let instructions = [
            mint.open_account(&payer.pubkey(), wallet),
            mint.mint_to(&authority.pubkey(), wallet, payout_atoms)?,
        ];
        let signature = rpc::submit(rpc, &instructions, payer, &[&authority])
            .with_context(|| format!("{wallet} cannot be given payout tokens"))?;
        signatures.push(signature);
    }
    rpc::confirm(rpc, &signatures)
}

/// Mints `atoms` of the equity `symbol` to the associated token account of `owner`, thawing it first where it is
/// frozen. `payer` pays.
///
/// # Errors
/// When no equity has that symbol, or when the token program refuses.
pub fn mint_equity(rpc: &RpcClient, payer: &Keypair, symbol: &str, owner: &Pubkey, atoms: u64) -> Result<Signature> {
    let Some(equity) = equity::by_symbol(symbol) else {
        let known: Vec<_> = EQUITIES.iter().map(|equity| equity.symbol).collect();
        bail!(
            "there is no equity {symbol} on the local network, only {}",
            known.join(", ")
        );
    };
    let mint = equity_mint(equity);
    let authority = keys::equity_authority();
    let mut instructions: Vec<Instruction> = vec![mint.open_account(&payer.pubkey(), owner)];
    if is_frozen(rpc, &mint, owner)?.unwrap_or(equity.frozen_by_default()) {
        instructions.push(mint.thaw(&authority.pubkey(), owner)?);
    }
    instructions.push(mint.mint_to(&authority.pubkey(), owner, atoms)?);
    rpc::send(rpc, &instructions, payer, &[&authority]).with_context(|| format!("{owner} cannot be given {symbol}"))
}

/// Atoms in the associated token account of `owner`; 0 when there is none.
///
/// # Errors
/// When the network does not answer or the account is not a token account.
pub fn balance(rpc: &RpcClient, mint: &MintRef, owner: &Pubkey) -> Result<u64> {
    Ok(token_account(rpc, mint, owner)?.map_or(0, |account| account.amount))
}

/// Whether the associated token account of `owner` is frozen; `None` when there is none.
///
/// # Errors
/// As [`balance`].
pub fn is_frozen(rpc: &RpcClient, mint: &MintRef, owner: &Pubkey) -> Result<Option<bool>> {
    Ok(token_account(rpc, mint, owner)?.map(|account| account.state == AccountState::Frozen))
}

fn token_account(rpc: &RpcClient, mint: &MintRef, owner: &Pubkey) -> Result<Option<Account>> {
    let address = mint.account_of(owner);
    let Some(account) = rpc
        .get_account_with_commitment(&address, CommitmentConfig::confirmed())?
        .value
    else {
        return Ok(None);
    };
    let state = StateWithExtensions::<Account>::unpack(&account.data)
        .with_context(|| format!("{address} is not a token account"))?;
    // Reading the extension list proves that the whole account parses, not only its base.
    state.get_extension_types()?;
    Ok(Some(state.base))
}
