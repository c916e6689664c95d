//! A running local network.

use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::instruction::Instruction,
};
use anyhow::{Context, Result};
use solana_keypair::{Keypair, Signature, Signer};
use surfpool_core::solana_rpc_client::rpc_client::RpcClient;

use crate::{
    clock::{self, TimeTravel},
    config::Config,
    keys, market,
    ready::Ready,
    rpc, self_test,
    validator::Validator,
};

/// A running local network. Dropping it stops the servers and waits until their ports are free.
pub struct Localnet {
    validator: Validator,
    rpc: RpcClient,
    faucet: Keypair,
    ready: Ready,
}

impl Localnet {
    /// Starts a network and returns when it serves, has passed its self test and, if asked for, has its mints.
    ///
    /// # Errors
    /// When a chosen port is taken, the ledger cannot be opened, the loader refuses a program, Token-2022 lacks
    /// `Batch`, or a mint cannot be made. Nothing is left running.
    pub fn start(config: Config) -> Result<Self> {
        let faucet = keys::faucet();
        let validator = Validator::start(&config, faucet.pubkey())?;
        let rpc_url = format!("http://{}", validator.rpc);
        let rpc = rpc::client(&rpc_url);
        self_test::token_2022_has_batch(&rpc)?;
        if config.mints {
            market::create_mints(&rpc, &faucet).context("the look-alike mints cannot be made")?;
        }
        let programs = config.programs.iter().map(|program| program.id.to_string()).collect();
        let ready = Ready::new(
            rpc_url,
            format!("ws://{}", validator.ws),
            programs,
            config.slot_ms,
            config.mints,
        );
        Ok(Self {
            validator,
            rpc,
            faucet,
            ready,
        })
    }

    /// What the network says about itself.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// JSON-RPC URL.
    #[must_use]
    pub fn rpc_url(&self) -> &str {
        &self.ready.rpc
    }

    /// Websocket URL.
    #[must_use]
    pub fn ws_url(&self) -> &str {
        &self.ready.ws
    }

    /// A client at `confirmed`.
    #[must_use]
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// Pays for what the network sends itself.
    #[must_use]
    pub fn faucet(&self) -> &Keypair {
        &self.faucet
    }

    /// Sends one transaction paid by the faucet and waits until it is confirmed.
    ///
    /// # Errors
    /// When it is refused (with the program's log) or not confirmed in time.
    pub fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Signature> {
        rpc::send(&self.rpc, instructions, &self.faucet, signers)
    }

    /// Airdrops `lamports` and mints `payout_atoms` to `wallet`.
    ///
    /// # Errors
    /// When the network or the token program refuses.
    pub fn fund(&self, wallet: &Pubkey, lamports: u64, payout_atoms: u64) -> Result<()> {
        market::fund(&self.rpc, &self.faucet, wallet, lamports, payout_atoms)
    }

    /// Mints `atoms` of the equity `symbol` to `owner`, thawing its account where it is frozen.
    ///
    /// # Errors
    /// When no equity has that symbol, or when the token program refuses.
    pub fn mint_equity(&self, symbol: &str, owner: &Pubkey, atoms: u64) -> Result<Signature> {
        market::mint_equity(&self.rpc, &self.faucet, symbol, owner, atoms)
    }

    /// The network's clock.
    ///
    /// # Errors
    /// When the network does not answer.
    pub fn clock(&self) -> Result<Clock> {
        clock::read(&self.rpc)
    }

    /// Moves the network's clock forward by exactly `seconds`. See [`crate::clock`] for the limits.
    ///
    /// # Errors
    /// When the network refuses, or shows another time than asked for.
    pub fn time_travel(&self, seconds: u64) -> Result<TimeTravel> {
        clock::travel(&self.rpc, seconds)
    }

    /// Stops the network. Dropping does the same.
    pub fn stop(mut self) {
        self.validator.stop();
    }
}
