//! Plays a story on a network: builds the transactions with the client, sends them over JSON-RPC, reads everything back.

use std::{collections::BTreeMap, str::FromStr};

use anchor_lang::{
    prelude::Pubkey,
    solana_program::{instruction::Instruction, system_instruction},
};
use anyhow::{bail, Context, Result};
use num_bigint::BigInt;
use num_rational::BigRational;
use upside_client::{
    accounts,
    events::Event,
    instructions::{
        token, Claim, CreateSecurity, DepositEquity, Distribute, OpenVault, Register, TransferShares, Unregister,
    },
    pda,
    sender::{RpcConfig, RpcSender},
    solana_account::Account,
    solana_keypair::Keypair,
    solana_signer::Signer,
    upside::{
        constants::{NEVER_TS, TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
        error::UpsideError,
        instructions::security::CreateSecurityArgs,
        state::{Kind, Position, Security, Terms, TransferPolicy, Vault},
    },
    Receipt, SecurityKeys, Sender,
};

use crate::{
    check::{Figure, Figures},
    localnet::{travel, Ready},
    story::{Action, Story},
};

/// Whole payout tokens that the story's funder starts with.
pub const FUNDER_MONEY: u64 = 100_000;
/// Whole tokens of each equity that the story's funder starts with.
pub const FUNDER_EQUITY: u64 = 500;
/// Whole SOL that the story's funder starts with.
pub const FUNDER_SOL: u64 = 1_000;
/// Lamports that everybody else is given for fees and rent.
const ALLOWANCE_LAMPORTS: u64 = 5_000_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// An equity of the story.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Ticker.
    pub symbol: &'static str,
    /// Name.
    pub name: String,
    /// Decimals.
    pub decimals: u8,
    mint: Pubkey,
    token_program: Pubkey,
}

/// A transaction that landed, or a journey through time.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A transaction.
    Landed {
        /// What it did.
        receipt: Box<Receipt>,
        /// The network's unix time when it ran, by its event.
        ts: i64,
    },
    /// Time passed.
    Waited {
        /// Unix time after, seconds.
        ts: i64,
        /// Readings: at the start and at the end of each leg.
        samples: Vec<Sample>,
    },
}

impl Outcome {
    /// The network's unix time, seconds.
    #[must_use]
    pub fn ts(&self) -> i64 {
        match self {
            Self::Landed { ts, .. } | Self::Waited { ts, .. } => *ts,
        }
    }
}

/// What a claim would pay one holder, by the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimable {
    /// Whose.
    pub holder: &'static str,
    /// Payout atoms; 0 when the program says that there is nothing to claim.
    pub atoms: u64,
    /// Unix time of the program when it said so; the network's time just before, when there was nothing to claim.
    pub ts: i64,
}

/// The stream as holders see it at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// One per actor with a position.
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

    /// The equities of the story's vaults.
    fn assets(&self) -> &[Asset];

    /// Decimals of the payout mint.
    fn money_decimals(&self) -> u8;

    /// Address of the share mint.
    fn share_mint(&self) -> String;
}

/// The keys of a story's people and things, and the connection.
pub struct World<'a> {
    sender: RpcSender,
    story: &'a Story,
    wallets: BTreeMap<&'static str, Keypair>,
    keys: SecurityKeys,
    assets: Vec<Asset>,
    money_decimals: u8,
}

/// Fresh wallets for everybody in a story.
#[must_use]
pub fn wallets(story: &Story) -> BTreeMap<&'static str, Keypair> {
    story.actors.iter().map(|actor| (actor.name, Keypair::new())).collect()
}

fn atoms(whole: u64, decimals: u8) -> Result<u64> {
    10u64
        .checked_pow(u32::from(decimals))
        .and_then(|unit| whole.checked_mul(unit))
        .context("an amount of the story is too large")
}

impl<'a> World<'a> {
    /// Connects, and gives everybody SOL and a payout account. The funder among `wallets` must have SOL already.
    ///
    /// # Errors
    /// When the network refuses or the story names an equity that it does not have.
    pub fn enter(story: &'a Story, wallets: BTreeMap<&'static str, Keypair>, ready: &Ready) -> Result<Self> {
        let sender = RpcSender::connect(&ready.rpc, RpcConfig::default())?;
        let payout_mint = Pubkey::from_str(&ready.payout_mint)?;
        let assets = story
            .equities()
            .into_iter()
            .map(|symbol| {
                let equity = ready
                    .equity
                    .iter()
                    .find(|equity| equity.symbol == symbol)
                    .with_context(|| format!("the local network has no equity {symbol}"))?;
                Ok(Asset {
                    symbol,
                    name: equity.name.clone(),
                    decimals: equity.decimals,
                    mint: Pubkey::from_str(&equity.mint)?,
                    token_program: Pubkey::from_str(&equity.token_program)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let issuer = wallets.get(story.issuer()).context("the story has no issuer")?.pubkey();
        let keys = SecurityKeys::derive(
            &issuer,
            Kind::Person,
            0,
            TransferPolicy::Open,
            payout_mint,
            TOKEN_PROGRAM_ID,
        );
        let world = Self {
            sender,
            story,
            wallets,
            keys,
            assets,
            money_decimals: ready.payout_decimals,
        };
        let funder = world.wallet(story.funder)?;
        for actor in story.actors.iter().filter(|actor| actor.name != story.funder) {
            let wallet = world.address(actor.name)?;
            let instructions = [
                system_instruction::transfer(&funder.pubkey(), &wallet, ALLOWANCE_LAMPORTS),
                token::create_ata(&funder.pubkey(), &wallet, &payout_mint, &TOKEN_PROGRAM_ID),
            ];
            world
                .sender
                .send(&instructions, funder, &[])
                .with_context(|| format!("{} cannot be given a wallet", actor.name))?;
        }
        Ok(world)
    }

    fn wallet(&self, name: &str) -> Result<&Keypair> {
        self.wallets
            .get(name)
            .with_context(|| format!("the story has no {name}"))
    }

    fn address(&self, name: &str) -> Result<Pubkey> {
        self.wallet(name).map(Signer::pubkey)
    }

    fn asset(&self, symbol: &str) -> Result<&Asset> {
        self.assets
            .iter()
            .find(|asset| asset.symbol == symbol)
            .with_context(|| format!("the story opens no vault for {symbol}"))
    }

    /// The instructions of an action and who sends them.
    fn transaction(&self, action: &Action) -> Result<(Vec<Instruction>, &'static str)> {
        let keys = &self.keys;
        let terms = &self.story.terms;
        let shares = |whole| atoms(whole, terms.decimals);
        Ok(match *action {
            Action::Create => {
                let issuer = self.address(self.story.issuer())?;
                let create = CreateSecurity {
                    payer: issuer,
                    issuer,
                    payout_mint: keys.payout_mint,
                    payout_token_program: keys.payout_token_program,
                    args: CreateSecurityArgs {
                        kind: Kind::Person,
                        index: 0,
                        terms: Terms {
                            decimals: terms.decimals,
                            policy: TransferPolicy::Open,
                            authorised_atoms: shares(terms.authorised)?,
                            drip_seconds: i64::from(terms.drip_days) * SECONDS_A_DAY,
                            notice_seconds: 7 * SECONDS_A_DAY,
                            redeem_after_ts: NEVER_TS,
                            agreement_sha256: [0; 32],
                        },
                        name: terms.name.to_owned(),
                        symbol: terms.symbol.to_owned(),
                        uri: String::new(),
                        initial_shares_atoms: shares(terms.initial)?,
                    },
                };
                (vec![create.instruction()], self.story.issuer())
            }
            Action::Transfer {
                from,
                to,
                shares: amount,
            } => {
                let transfer = TransferShares {
                    keys,
                    payer: self.address(from)?,
                    from: self.address(from)?,
                    to: self.address(to)?,
                    amount: shares(amount)?,
                };
                (vec![transfer.instruction()], from)
            }
            Action::OpenVault { equity } => {
                let (issuer, asset) = (self.address(self.story.issuer())?, self.asset(equity)?);
                let open = OpenVault {
                    keys,
                    payer: issuer,
                    issuer,
                    asset_mint: asset.mint,
                    asset_token_program: asset.token_program,
                };
                (vec![open.instruction()], self.story.issuer())
            }
            Action::Deposit { from, equity, amount } => {
                let asset = self.asset(equity)?;
                let amount = atoms(amount, asset.decimals)?;
                let deposit =
                    DepositEquity::from_ata(keys, self.address(from)?, asset.mint, asset.token_program, amount);
                (vec![deposit.instruction()], from)
            }
            Action::Distribute { from, amount } => {
                let amount = atoms(amount, self.money_decimals)?;
                (
                    vec![Distribute::from_ata(keys, self.address(from)?, amount).instruction()],
                    from,
                )
            }
            Action::Claim { holder, by } => (vec![self.claim(holder, holder == by)?], by),
            Action::Unregister { holder, shares: amount } => {
                let owner = self.address(holder)?;
                let bearer_account = keys.bearer_account(&owner);
                let unregister = Unregister {
                    keys,
                    holder: owner,
                    bearer_account,
                    amount: shares(amount)?,
                };
                let open = token::create_ata(&owner, &owner, &keys.mint, &TOKEN_2022_PROGRAM_ID);
                (vec![open, unregister.instruction()], holder)
            }
            Action::Register { holder, shares: amount } => {
                let owner = self.address(holder)?;
                let register = Register {
                    keys,
                    payer: owner,
                    holder: owner,
                    bearer_account: keys.bearer_account(&owner),
                    amount: shares(amount)?,
                };
                (vec![register.instruction()], holder)
            }
            Action::Wait { .. } => bail!("waiting is no transaction"),
        })
    }

    fn claim(&self, holder: &str, holder_signs: bool) -> Result<Instruction> {
        let holder = self.address(holder)?;
        let claim = Claim {
            keys: &self.keys,
            holder,
            payout_account: self.keys.payout_account(&holder),
            holder_signs,
        };
        Ok(claim.instruction())
    }

    fn read_security(&self, accounts: &Accounts) -> Result<Figures> {
        let security: Option<Security> = accounts.state(&self.keys.security)?;
        let of = |field: fn(&Security) -> BigRational| security.as_ref().map_or_else(|| number(0u8), field);
        let supply = match accounts.0.get(&self.keys.mint) {
            Some(account) => accounts::read_mint(&self.keys.mint, account)?.supply,
            None => 0,
        };
        Ok(Figures::from([
            (Figure::Supply, number(supply)),
            (Figure::Authorised, of(|s| number(s.authorised_atoms))),
            (Figure::Issued, of(|s| number(s.issued_atoms))),
            (Figure::Reserved, of(|s| number(s.reserved_atoms))),
            (Figure::Registered, of(|s| number(s.registered_atoms))),
            (Figure::Received, of(|s| number(s.received_total_atoms.get()))),
            (Figure::StreamTotal, of(|s| number(s.stream_total_atoms))),
            (Figure::StreamDripped, of(|s| number(s.stream_dripped_atoms))),
            (Figure::StreamStart, of(|s| number(s.stream_start_ts))),
            (Figure::StreamEnd, of(|s| number(s.stream_end_ts))),
            (Figure::StreamLast, of(|s| number(s.stream_last_ts))),
            (Figure::UpsidePerShare, of(|s| x64(s.upside_per_share_x64.get()))),
            (Figure::Remainder, of(|s| x64(s.remainder_x64.get()))),
            (Figure::Vaults, of(|s| number(s.vault_count))),
            (
                Figure::PayoutVault,
                number(accounts.balance(&self.keys.payout_vault())?),
            ),
        ]))
    }
}

impl Stage for World<'_> {
    fn perform(&self, action: &Action) -> Result<Outcome> {
        let Action::Wait { days, legs } = *action else {
            let (instructions, by) = self.transaction(action)?;
            let before = self.sender.now()?;
            let receipt = self.sender.send(&instructions, self.wallet(by)?, &[])?;
            let after = self.sender.now()?;
            let ts = receipt
                .events
                .first()
                .map(Event::ts)
                .context("the transaction told no event")?;
            if !(before..=after).contains(&ts) {
                bail!("the event says it happened at {ts}, but the network's clock went from {before} to {after}");
            }
            let receipt = Box::new(receipt);
            return Ok(Outcome::Landed { receipt, ts });
        };
        let legs = i64::from(legs.max(1));
        let seconds = i64::from(days) * SECONDS_A_DAY / legs;
        let mut samples = vec![self.sample()?];
        for _ in 0..legs {
            travel(&self.sender, seconds)?;
            samples.push(self.sample()?);
        }
        let ts = self.sender.now()?;
        Ok(Outcome::Waited { ts, samples })
    }

    fn read(&self) -> Result<Figures> {
        let keys = &self.keys;
        let mut addresses = vec![keys.security, keys.mint, keys.payout_vault()];
        for asset in &self.assets {
            let vault = keys.vault(&asset.mint);
            addresses.push(vault);
            addresses.push(pda::vault_account(&vault, &asset.mint, &asset.token_program));
        }
        for actor in &self.story.actors {
            let owner = self.address(actor.name)?;
            addresses.extend([
                keys.position(&owner),
                keys.registered(&owner),
                keys.bearer_account(&owner),
                keys.payout_account(&owner),
            ]);
            addresses.extend(
                self.assets
                    .iter()
                    .map(|asset| pda::ata(&owner, &asset.mint, &asset.token_program)),
            );
        }
        let read = self.sender.get_multiple_accounts(&addresses)?;
        let accounts: BTreeMap<Pubkey, Account> = addresses
            .into_iter()
            .zip(read)
            .filter_map(|(address, account)| Some((address, account?)))
            .collect();
        let accounts = Accounts(accounts);

        let mut figures = self.read_security(&accounts)?;
        for asset in &self.assets {
            let address = keys.vault(&asset.mint);
            let vault: Option<Vault> = accounts.state(&address)?;
            let balance = accounts.balance(&pda::vault_account(&address, &asset.mint, &asset.token_program))?;
            figures.insert(Figure::Vault(asset.symbol), number(balance));
            let deposited = vault.map_or(0, |vault| vault.deposited_total_atoms);
            figures.insert(Figure::Deposited(asset.symbol), number(deposited));
        }
        for actor in &self.story.actors {
            let (name, owner) = (actor.name, self.address(actor.name)?);
            let position: Option<Position> = accounts.state(&keys.position(&owner))?;
            let of = |field: fn(&Position) -> BigRational| position.as_ref().map_or_else(|| number(0u8), field);
            let registered = accounts.token(&keys.registered(&owner))?;
            figures.insert(Figure::Shares(name), of(|p| number(p.shares_atoms)));
            figures.insert(Figure::Checkpoint(name), of(|p| x64(p.checkpoint_x64.get())));
            figures.insert(Figure::Accrued(name), of(|p| x64(p.accrued_x64.get())));
            figures.insert(Figure::Claimed(name), of(|p| number(p.claimed_total_atoms)));
            let frozen = registered.as_ref().is_some_and(|account| account.frozen);
            figures.insert(Figure::Frozen(name), number(u8::from(frozen)));
            figures.insert(
                Figure::RegisteredAccount(name),
                number(registered.map_or(0, |account| account.amount)),
            );
            figures.insert(
                Figure::Bearer(name),
                number(accounts.balance(&keys.bearer_account(&owner))?),
            );
            figures.insert(
                Figure::Money(name),
                number(accounts.balance(&keys.payout_account(&owner))?),
            );
            for asset in &self.assets {
                let balance = accounts.balance(&pda::ata(&owner, &asset.mint, &asset.token_program))?;
                figures.insert(Figure::Equity(name, asset.symbol), number(balance));
            }
        }
        Ok(figures)
    }

    fn sample(&self) -> Result<Sample> {
        let figures = self.read()?;
        let payer = self.wallet(self.story.funder)?;
        let mut claimable = Vec::new();
        for actor in &self.story.actors {
            if figures.get(&Figure::Frozen(actor.name)) != Some(&one()) {
                continue;
            }
            let before = self.sender.now()?;
            let answer = self.sender.simulate(&[self.claim(actor.name, false)?], payer, &[], &[]);
            let after = self.sender.now()?;
            let (atoms, ts) = match answer {
                Ok(simulation) => match simulation.events.first() {
                    Some(Event::UpsideClaimed(claimed)) => (claimed.amount_atoms, claimed.ts),
                    _ => bail!("the simulated claim of {} told no payment", actor.name),
                },
                Err(error) if error.is(UpsideError::NothingToClaim) => (0, before),
                Err(error) => return Err(error.into()),
            };
            if !(before..=after).contains(&ts) {
                bail!("the program's clock showed {ts}, the network's went from {before} to {after}");
            }
            let holder = actor.name;
            claimable.push(Claimable { holder, atoms, ts });
        }
        Ok(Sample { claimable, figures })
    }

    fn assets(&self) -> &[Asset] {
        &self.assets
    }

    fn money_decimals(&self) -> u8 {
        self.money_decimals
    }

    fn share_mint(&self) -> String {
        self.keys.mint.to_string()
    }
}

fn number(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

fn one() -> BigRational {
    number(1u8)
}

/// A number with 64 binary places.
fn x64(n: u128) -> BigRational {
    BigRational::new(n.into(), BigInt::from(1u8) << 64u32)
}

/// The accounts of one reading.
struct Accounts(BTreeMap<Pubkey, Account>);

impl Accounts {
    fn state<T: accounts::ProgramAccount>(&self, address: &Pubkey) -> Result<Option<T>> {
        Ok(self
            .0
            .get(address)
            .map(|account| accounts::decode(address, account))
            .transpose()?)
    }

    fn token(&self, address: &Pubkey) -> Result<Option<accounts::TokenAccount>> {
        Ok(self
            .0
            .get(address)
            .map(|account| accounts::read_token_account(address, account))
            .transpose()?)
    }

    fn balance(&self, address: &Pubkey) -> Result<u64> {
        Ok(self.token(address)?.map_or(0, |account| account.amount))
    }
}
