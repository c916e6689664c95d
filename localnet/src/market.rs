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
        state::{Account as TokenAccount, AccountState},
    },
};
use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use solana_keypair::{Keypair, Signature, Signer};
use surfpool_core::{
    solana_account::Account,
    solana_commitment_config::CommitmentConfig,
    solana_rpc_client::{api::request::RpcRequest, rpc_client::RpcClient},
};
use upside_lookalike_mints::{balances::MintRef, equity, keys, EquityMint, EQUITIES, PAYOUT};

use crate::rpc;

/// Token Metadata: it describes mints that cannot describe themselves. The program itself is not on a local network.
const TOKEN_METADATA: Pubkey = Pubkey::from_str_const("metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s");
/// The first byte of an account that describes a mint.
const METADATA_V1: u8 = 4;
/// Length of such an account.
const METADATA_BYTES: usize = 679;
/// Lamports that make an account of that length exempt from rent.
const METADATA_LAMPORTS: u64 = 5_616_720;

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
        describe(rpc)?;
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

/// Writes what Token Metadata says of the payout mint.
fn describe(rpc: &RpcClient) -> Result<()> {
    let (address, account) = payout_description();
    let hex: String = account.data.iter().map(|byte| format!("{byte:02x}")).collect();
    rpc.send::<Value>(
        RpcRequest::Custom {
            method: "surfnet_setAccount",
        },
        json!([
            address.to_string(),
            { "lamports": account.lamports, "owner": account.owner.to_string(), "data": hex, "executable": false },
        ]),
    )
    .with_context(|| format!("{} cannot be described", PAYOUT.symbol))?;
    Ok(())
}

/// What Token Metadata says of the payout mint, which cannot carry it: the account that the real program would have made, padded as its early
/// versions did, and its address.
#[must_use]
pub fn payout_description() -> (Pubkey, Account) {
    let mint = keys::payout_mint().pubkey();
    let (address, _) =
        Pubkey::find_program_address(&[b"metadata", TOKEN_METADATA.as_ref(), mint.as_ref()], &TOKEN_METADATA);
    let mut data = vec![METADATA_V1];
    data.extend_from_slice(keys::payout_authority().pubkey().as_ref());
    data.extend_from_slice(mint.as_ref());
    for (text, length) in [(PAYOUT.name, 32), (PAYOUT.symbol, 10), ("", 200)] {
        data.extend_from_slice(&u32::to_le_bytes(length));
        let end = data.len() + length as usize;
        data.extend_from_slice(text.as_bytes());
        data.resize(end, 0);
    }
    data.resize(METADATA_BYTES, 0);
    let account = Account {
        lamports: METADATA_LAMPORTS,
        data,
        owner: TOKEN_METADATA,
        executable: false,
        rent_epoch: u64::MAX,
    };
    (address, account)
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

fn token_account(rpc: &RpcClient, mint: &MintRef, owner: &Pubkey) -> Result<Option<TokenAccount>> {
    let address = mint.account_of(owner);
    let Some(account) = rpc
        .get_account_with_commitment(&address, CommitmentConfig::confirmed())?
        .value
    else {
        return Ok(None);
    };
    let state = StateWithExtensions::<TokenAccount>::unpack(&account.data)
        .with_context(|| format!("{address} is not a token account"))?;
    // Reading the extension list proves that the whole account parses, not only its base.
    state.get_extension_types()?;
    Ok(Some(state.base))
}
