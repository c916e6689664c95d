//! The network as the story knows it: wallets, addresses, sending. [`read`] reads every figure back, [`worth`] what everybody's shares stand for.

mod read;
mod worth;

use std::str::FromStr;

use anchor_lang::{
    prelude::Pubkey,
    solana_program::{instruction::Instruction, program_pack::Pack, system_instruction},
};
use anchor_spl::token::spl_token;
use anyhow::{bail, Context, Result};
use upside_client::{
    events::Event,
    instructions::token,
    pda,
    sender::{RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    upside::constants::TOKEN_PROGRAM_ID,
    ClientError, Receipt, SecurityKeys, Sender,
};
use upside_lookalike_mints::{balances::MintRef, keys, PAYOUT};

use crate::{
    check::{worth::Valued, Figures},
    localnet::{travel, Ready},
    story::{AssetId, GrantId, PersonId, Purse, SecurityId, Story},
    verb::{Action, By, Deed, Moment},
};

/// Lamports that everybody is given for fees and rent.
const ALLOWANCE_LAMPORTS: u64 = 5_000_000_000;
/// Whole SOL that the bank needs for each person, with what it pays itself.
pub const BANK_SOL_A_PERSON: u64 = 6;
/// Names the savings account of a wallet: an account derived from the wallet with this seed.
const SAVINGS_SEED: &str = "savings";

/// What a step did.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A transaction landed.
    Landed {
        /// What it did.
        receipt: Box<Receipt>,
        /// When.
        at: Moment,
    },
    /// Time passed.
    Waited {
        /// Unix time after, seconds.
        ts: i64,
        /// Readings: at the start and at the end of each leg.
        samples: Vec<Sample>,
    },
    /// Everybody's shares were valued.
    Valued {
        /// Unix time, seconds.
        ts: i64,
        /// What they stand for.
        valued: Box<Valued>,
        /// What holders could claim at that moment.
        sample: Sample,
    },
}

/// What a claim would pay one holder, by the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimable {
    /// Of which security.
    pub of: SecurityId,
    /// Whose.
    pub holder: PersonId,
    /// Payout atoms; 0 when the program says that there is nothing to claim.
    pub atoms: u64,
    /// Unix time of the program when it said so; the network's time just before, when there was nothing to claim.
    pub ts: i64,
}

/// The streams as holders see them at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// One per position.
    pub claimable: Vec<Claimable>,
    /// Figures at that moment.
    pub figures: Figures,
}

/// Where a story is played.
pub trait Stage {
    /// Does one thing.
    ///
    /// # Errors
    /// When a program refuses, the network does not answer, or an event's time is not the network's.
    fn perform(&self, action: &Action) -> Result<Outcome>;

    /// Reads every figure.
    ///
    /// # Errors
    /// When the network does not answer or an account is not what it should be.
    fn read(&self) -> Result<Figures>;

    /// Asks the program, by simulation, what a claim would pay each holder; reads every figure too.
    ///
    /// # Errors
    /// When the program refuses for another reason than that there is nothing to claim, or the network does not answer.
    fn sample(&self) -> Result<Sample>;

    /// Address of a security's share mint.
    fn share_mint(&self, of: SecurityId) -> String;
}

/// The keys of a story's people and things, and the connection.
pub struct World<'a> {
    sender: RpcSender,
    story: &'a Story,
    /// Pays for the wallets, and for what the issuers of the mints do.
    bank: Keypair,
    wallets: Vec<Keypair>,
    keys: Vec<SecurityKeys>,
    assets: Vec<MintRef>,
    payout: MintRef,
}

impl<'a> World<'a> {
    /// Connects, and gives everybody SOL, a payout account, and what the story says they have. `bank` must have SOL already.
    ///
    /// # Errors
    /// When the network refuses or has other mints than this build knows.
    pub fn enter(story: &'a Story, bank: Keypair, ready: &Ready) -> Result<Self> {
        let sender = RpcSender::connect(&ready.rpc, RpcConfig::default())?;
        let payout = MintRef {
            mint: Pubkey::from_str(&ready.payout_mint)?,
            token_program: TOKEN_PROGRAM_ID,
            decimals: PAYOUT.decimals,
        };
        let assets = story
            .assets
            .iter()
            .map(|asset| {
                let equity = ready
                    .equity
                    .iter()
                    .find(|equity| equity.symbol == asset.symbol)
                    .with_context(|| format!("the local network has no equity {}", asset.symbol))?;
                Ok(MintRef {
                    mint: Pubkey::from_str(&equity.mint)?,
                    token_program: Pubkey::from_str(&equity.token_program)?,
                    decimals: asset.decimals,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let wallets: Vec<Keypair> = story.people.iter().map(|_| Keypair::new()).collect();
        let keys = story
            .securities
            .iter()
            .map(|security| {
                SecurityKeys::derive(
                    &wallets[security.issuer.0].pubkey(),
                    security.kind,
                    security.index,
                    security.terms.policy,
                    payout.mint,
                    payout.token_program,
                )
            })
            .collect();
        let world = Self {
            sender,
            story,
            bank,
            wallets,
            keys,
            assets,
            payout,
        };
        world.furnish()?;
        Ok(world)
    }

    /// Gives everybody what the story says they have.
    fn furnish(&self) -> Result<()> {
        let bank = self.bank.pubkey();
        let payout_authority = keys::payout_authority();
        let asset_issuer = keys::equity_authority();
        for person in self.story.person_ids() {
            let (wallet, has) = (self.address(person)?, self.story.person(person));
            let mut instructions = vec![
                system_instruction::transfer(&bank, &wallet, ALLOWANCE_LAMPORTS),
                self.payout.open_account(&bank, &wallet),
            ];
            if has.money_atoms > 0 {
                instructions.push(
                    self.payout
                        .mint_to(&payout_authority.pubkey(), &wallet, has.money_atoms)?,
                );
            }
            self.sender
                .send(&instructions, &self.bank, &[&payout_authority])
                .with_context(|| format!("{} cannot be given a wallet", has.name))?;
            for (asset, atoms) in has.equity_atoms.iter().filter(|(_, atoms)| *atoms > 0) {
                let (equity, mint) = (self.story.asset(*asset), self.asset(*asset));
                let mut instructions = vec![mint.open_account(&bank, &wallet)];
                if equity.frozen_by_default() {
                    instructions.push(mint.thaw(&asset_issuer.pubkey(), &wallet)?);
                }
                instructions.push(mint.mint_to(&asset_issuer.pubkey(), &wallet, *atoms)?);
                self.sender
                    .send(&instructions, &self.bank, &[&asset_issuer])
                    .with_context(|| format!("{} cannot be given {}", has.name, equity.symbol))?;
            }
        }
        // What an issuer claws back goes to an account of its own.
        for (asset, equity) in self.assets.iter().zip(&self.story.assets) {
            let mut instructions = vec![asset.open_account(&bank, &asset_issuer.pubkey())];
            if equity.frozen_by_default() {
                instructions.push(asset.thaw(&asset_issuer.pubkey(), &asset_issuer.pubkey())?);
            }
            self.sender
                .send(&instructions, &self.bank, &[&asset_issuer])
                .with_context(|| format!("the issuer of {} cannot be given an account", equity.symbol))?;
        }
        Ok(())
    }

    /// The story.
    #[must_use]
    pub fn story(&self) -> &'a Story {
        self.story
    }

    /// The connection.
    #[must_use]
    pub fn sender(&self) -> &RpcSender {
        &self.sender
    }

    fn wallet(&self, person: PersonId) -> Result<&Keypair> {
        self.wallets.get(person.0).context("that person is of another story")
    }

    /// Somebody's wallet.
    ///
    /// # Errors
    /// When the person is of another story.
    pub fn address(&self, person: PersonId) -> Result<Pubkey> {
        self.wallet(person).map(Signer::pubkey)
    }

    /// The addresses of a security.
    #[must_use]
    pub fn keys(&self, of: SecurityId) -> &SecurityKeys {
        &self.keys[of.0]
    }

    /// The mint of an asset.
    #[must_use]
    pub fn asset(&self, asset: AssetId) -> &MintRef {
        &self.assets[asset.0]
    }

    /// Who issues the look-alike stocks.
    #[must_use]
    pub fn asset_issuer(&self) -> Pubkey {
        keys::equity_authority().pubkey()
    }

    /// The token account of a vault.
    #[must_use]
    pub fn vault_account(&self, of: SecurityId, asset: AssetId) -> Pubkey {
        let asset = self.asset(asset);
        pda::vault_account(&self.keys(of).vault(&asset.mint), &asset.mint, &asset.token_program)
    }

    /// The token account of a security's vault for money.
    #[must_use]
    pub fn money_vault(&self, of: SecurityId) -> Pubkey {
        let (keys, mint) = (self.keys(of), &self.payout);
        pda::vault_account(&keys.vault(&mint.mint), &mint.mint, &mint.token_program)
    }

    /// A grant.
    ///
    /// # Errors
    /// When the recipient is of another story.
    pub fn grant(&self, id: GrantId) -> Result<Pubkey> {
        Ok(self.keys(id.of).grant(&self.address(id.recipient)?, id.number))
    }

    /// One of somebody's payout token accounts.
    ///
    /// # Errors
    /// When the person is of another story.
    pub fn purse(&self, person: PersonId, purse: Purse) -> Result<Pubkey> {
        let wallet = self.address(person)?;
        Ok(match purse {
            Purse::Wallet => self.payout.account_of(&wallet),
            Purse::Savings => Pubkey::create_with_seed(&wallet, SAVINGS_SEED, &self.payout.token_program)?,
        })
    }

    /// The instructions that open a payout token account unless it exists.
    ///
    /// # Errors
    /// When the network does not answer.
    pub fn open_purse(&self, person: PersonId, purse: Purse) -> Result<Vec<Instruction>> {
        let (wallet, account) = (self.address(person)?, self.purse(person, purse)?);
        let (mint, program) = (&self.payout.mint, &self.payout.token_program);
        if purse == Purse::Wallet {
            return Ok(vec![token::create_ata(&wallet, &wallet, mint, program)]);
        }
        if self.sender.get_account(&account)?.is_some() {
            return Ok(Vec::new());
        }
        let space = spl_token::state::Account::LEN;
        Ok(vec![
            system_instruction::create_account_with_seed(
                &wallet,
                &account,
                &wallet,
                SAVINGS_SEED,
                self.sender.minimum_rent(space)?,
                u64::try_from(space)?,
                program,
            ),
            spl_token::instruction::initialize_account3(program, &account, mint, &wallet)?,
        ])
    }

    fn send(&self, by: By, instructions: &[Instruction]) -> Result<Receipt, ClientError> {
        match by {
            By::Person(person) => self.sender.send(instructions, &self.wallets[person.0], &[]),
            By::AssetIssuer => self.sender.send(instructions, &self.bank, &[&keys::equity_authority()]),
        }
    }
}

impl Stage for World<'_> {
    fn perform(&self, action: &Action) -> Result<Outcome> {
        let before = self.sender.now()?;
        match action.deed(self, before)? {
            Deed::Send { by, instructions } => {
                let receipt = self.send(by, &instructions)?;
                let after = self.sender.now()?;
                // Ordinary token transactions tell no event; nothing in the books depends on when they ran.
                let ts = receipt.events.first().map_or(after, Event::ts);
                if !(before..=after).contains(&ts) {
                    bail!("the event says it happened at {ts}, but the network's clock went from {before} to {after}");
                }
                Ok(Outcome::Landed {
                    receipt: Box::new(receipt),
                    at: Moment { asked_ts: before, ts },
                })
            }
            Deed::Wait { seconds, legs } => {
                let mut samples = vec![self.sample()?];
                for _ in 0..legs {
                    travel(&self.sender, seconds / i64::from(legs.max(1)))?;
                    samples.push(self.sample()?);
                }
                let ts = self.sender.now()?;
                Ok(Outcome::Waited { ts, samples })
            }
            Deed::Value { prices } => {
                let sample = self.sample()?;
                let valued = self.read_worth(&prices, &sample.figures)?;
                Ok(Outcome::Valued {
                    ts: self.sender.now()?,
                    valued: Box::new(valued),
                    sample,
                })
            }
        }
    }

    fn read(&self) -> Result<Figures> {
        self.read_figures()
    }

    fn sample(&self) -> Result<Sample> {
        self.read_sample()
    }

    fn share_mint(&self, of: SecurityId) -> String {
        self.keys(of).mint.to_string()
    }
}
