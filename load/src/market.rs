//! What the load is put on: securities, holders, money; all from one seed.

use std::thread;

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anyhow::{bail, Context, Result};
use indicatif::ProgressBar;
use upside_client::{
    instructions::{CreateSecurity, DepositShares, OpenShareVault, TransferShares},
    sender::{RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    upside::{
        constants::{MIN_NOTICE_SECONDS, MIN_OPEN_DRIP_SECONDS, NEVER_TS, TOKEN_PROGRAM_ID},
        instructions::security::CreateSecurityArgs,
        state::{Kind, Terms, TransferPolicy},
    },
    SecurityKeys, Sender,
};
use upside_localnet_process::airdrop;
use upside_lookalike_mints::{balances::MintRef, keys, PAYOUT};

use crate::link::Link;

/// Share atoms that every holder starts with.
pub const HOLDER_ATOMS: u64 = 1_000_000_000;
/// Share atoms of each lower security in the upper one's vault.
pub const VAULT_ATOMS: u64 = 5_000_000_000;
/// Payout atoms that every payer starts with.
pub const PAYER_ATOMS: u64 = 1_000_000_000_000_000;
/// Lamports for each payer, and more for each holder that it pays the rent of.
const PAYER_LAMPORTS: u64 = 10_000_000_000;
const HOLDER_LAMPORTS: u64 = 20_000_000;
/// Holders that are given their shares and a payout account in one transaction.
const HOLDERS_AT_ONCE: usize = 3;

/// How large, and which.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Everything random comes from it, keys too.
    pub seed: u64,
    /// Holders of all securities.
    pub holders: usize,
    /// Securities below the one that holds shares of all of them.
    pub lower: usize,
    /// Workers, each with a connection and a payer of its own and one transaction in flight.
    pub workers: usize,
}

/// One holder.
pub struct Holder {
    /// Its key.
    pub key: Keypair,
    /// The security that it holds, by index.
    pub security: usize,
}

/// Securities, their holders, and who pays.
pub struct Market {
    /// As asked for.
    pub size: Size,
    /// The lower securities, and last the upper one.
    pub securities: Vec<SecurityKeys>,
    /// The issuer of all.
    pub issuer: Keypair,
    /// The holders.
    pub holders: Vec<Holder>,
    /// One for each worker.
    pub payers: Vec<Keypair>,
}

/// The look-alike of the money.
#[must_use]
pub fn payout() -> MintRef {
    MintRef {
        mint: keys::payout_mint().pubkey(),
        token_program: TOKEN_PROGRAM_ID,
        decimals: PAYOUT.decimals,
    }
}

/// Connects for reading.
///
/// # Errors
/// When the server does not answer, or is a public cluster.
pub fn reader(url: &str) -> Result<RpcSender> {
    RpcSender::connect(url, RpcConfig::default()).with_context(|| format!("{url} does not answer as a local network"))
}

impl Market {
    /// The keys of a market; nothing is sent.
    #[must_use]
    pub fn plan(size: Size) -> Self {
        let key = |what: &str, index: usize| keys::keypair(&format!("load {} {what} {index}", size.seed));
        let issuer = key("issuer", 0);
        let holders = (0..size.holders)
            .map(|index| Holder {
                key: key("holder", index),
                security: index % (size.lower + 1),
            })
            .collect();
        let mut market = Self {
            size,
            securities: Vec::new(),
            issuer,
            holders,
            payers: (0..size.workers).map(|index| key("payer", index)).collect(),
        };
        market.securities = (0..=size.lower).map(|index| market.creation(index).keys()).collect();
        market
    }

    /// The security that holds shares of all others.
    #[must_use]
    pub fn upper(&self) -> &SecurityKeys {
        &self.securities[self.size.lower]
    }

    fn creation(&self, index: usize) -> CreateSecurity {
        let holders = self.holders.iter().filter(|holder| holder.security == index).count() as u64;
        let vaults = if index < self.size.lower { VAULT_ATOMS } else { 0 };
        let shares = holders * HOLDER_ATOMS + vaults;
        CreateSecurity {
            payer: self.payers.first().map_or_else(Pubkey::default, Signer::pubkey),
            issuer: self.issuer.pubkey(),
            payout_mint: payout().mint,
            payout_token_program: payout().token_program,
            args: CreateSecurityArgs {
                kind: Kind::Expression,
                index: index as u16,
                terms: Terms {
                    decimals: 6,
                    policy: TransferPolicy::Open,
                    authorised_atoms: shares.saturating_mul(2).max(1_000_000_000_000),
                    drip_seconds: MIN_OPEN_DRIP_SECONDS,
                    notice_seconds: MIN_NOTICE_SECONDS,
                    redeem_after_ts: NEVER_TS,
                    agreement_sha256: [0; 32],
                },
                name: format!("Load {index}"),
                symbol: format!("LOAD{index}"),
                uri: String::new(),
                initial_shares_atoms: shares,
            },
        }
    }

    /// Puts the market on the network at `url`; `bar` counts holders.
    ///
    /// # Errors
    /// When it is there already, or the network refuses something.
    pub fn set_up(&self, url: &str, bar: &ProgressBar) -> Result<()> {
        let sender = reader(url)?;
        if sender.get_account(&self.securities[0].security)?.is_some() {
            bail!(
                "the network has seen the load of seed {}: choose another --seed",
                self.size.seed
            );
        }
        if sender.get_account(&payout().mint)?.is_none() {
            bail!("the network has no look-alike mints: start upside-localnet without --no-mints");
        }
        let mut link = Link::new(url);
        self.fund(&mut link)?;
        let payer = &self.payers[0];
        for index in 0..=self.size.lower {
            let create = [self.creation(index).instruction()];
            link.must("a security", &create, payer, &[&self.issuer])?;
        }
        for held in &self.securities[..self.size.lower] {
            let open = OpenShareVault {
                keys: self.upper(),
                held,
                payer: payer.pubkey(),
                issuer: self.issuer.pubkey(),
            };
            let deposit = DepositShares {
                keys: self.upper(),
                held,
                payer: payer.pubkey(),
                holder: self.issuer.pubkey(),
                amount: VAULT_ATOMS,
            };
            let both = [open.instruction(), deposit.instruction()];
            link.must("a vault of shares", &both, payer, &[&self.issuer])?;
        }
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.size.workers)
                .map(|worker| scope.spawn(move || self.give_shares(url, worker, bar)))
                .collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().expect("a worker does not panic"))
        })
    }

    fn fund(&self, link: &mut Link) -> Result<()> {
        let lamports = PAYER_LAMPORTS + (self.size.holders / self.size.workers + 1) as u64 * HOLDER_LAMPORTS;
        let (money, authority) = (payout(), keys::payout_authority());
        for payer in &self.payers {
            let owner = payer.pubkey();
            airdrop(link.rpc(), &owner, lamports)?;
            let gift = [
                money.open_account(&owner, &owner),
                money.mint_to(&authority.pubkey(), &owner, PAYER_ATOMS)?,
            ];
            link.must("money for a payer", &gift, payer, &[&authority])?;
        }
        Ok(())
    }

    /// Gives the holders of one worker their shares and payout accounts.
    fn give_shares(&self, url: &str, worker: usize, bar: &ProgressBar) -> Result<()> {
        let mut link = Link::new(url);
        let payer = &self.payers[worker];
        for index in 0..=self.size.lower {
            let keys = &self.securities[index];
            let own: Vec<&Holder> = self
                .holders
                .iter()
                .skip(worker)
                .step_by(self.size.workers)
                .filter(|holder| holder.security == index)
                .collect();
            for some in own.chunks(HOLDERS_AT_ONCE) {
                let instructions: Vec<Instruction> = some
                    .iter()
                    .flat_map(|holder| {
                        let to = holder.key.pubkey();
                        let transfer = TransferShares {
                            keys,
                            payer: payer.pubkey(),
                            from: self.issuer.pubkey(),
                            to,
                            amount: HOLDER_ATOMS,
                        };
                        [payout().open_account(&payer.pubkey(), &to), transfer.instruction()]
                    })
                    .collect();
                link.must("shares for holders", &instructions, payer, &[&self.issuer])?;
                bar.inc(some.len() as u64);
            }
        }
        Ok(())
    }
}
