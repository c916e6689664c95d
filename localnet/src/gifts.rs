//! What wallets are given when a network starts.

use anchor_lang::prelude::Pubkey;
use anyhow::{Context, Result};
use solana_keypair::Keypair;
use surfpool_core::solana_rpc_client::rpc_client::RpcClient;
use upside_lookalike_mints::{EQUITIES, PAYOUT};

use crate::market;

const LAMPORTS_PER_SOL: u64 = 1_000_000_000;

/// The flags that say what each funded wallet gets.
#[derive(Debug, clap::Args)]
pub struct Gifts {
    /// Whole SOL for each funded wallet.
    #[arg(long, value_name = "SOL", default_value_t = 1_000)]
    fund_sol: u64,
    /// Whole payout tokens for each funded wallet.
    #[arg(long, value_name = "TOKENS", default_value_t = 1_000_000)]
    fund_payout: u64,
    /// Whole tokens of each equity for each funded wallet.
    #[arg(long, value_name = "TOKENS", default_value_t = 1_000)]
    fund_equity: u64,
}

impl Gifts {
    /// Gives `wallet` what the flags say, tokens only where there are `mints`. `payer` pays.
    ///
    /// # Errors
    /// When an amount is too large or the network refuses.
    pub fn give(&self, rpc: &RpcClient, payer: &Keypair, wallet: &Pubkey, mints: bool) -> Result<()> {
        let lamports = self
            .fund_sol
            .checked_mul(LAMPORTS_PER_SOL)
            .context("--fund-sol is too large")?;
        let payout = if mints {
            atoms(self.fund_payout, PAYOUT.decimals, "--fund-payout")?
        } else {
            0
        };
        market::fund(rpc, payer, wallet, lamports, payout)?;
        if !mints || self.fund_equity == 0 {
            return Ok(());
        }
        for equity in EQUITIES {
            let atoms = atoms(self.fund_equity, equity.decimals, "--fund-equity")?;
            market::mint_equity(rpc, payer, equity.symbol, wallet, atoms)?;
        }
        Ok(())
    }
}

/// `whole` tokens in atoms.
fn atoms(whole: u64, decimals: u8, flag: &str) -> Result<u64> {
    10u64
        .checked_pow(u32::from(decimals))
        .and_then(|unit| whole.checked_mul(unit))
        .with_context(|| format!("{flag} is too large"))
}
