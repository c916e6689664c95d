//! The load itself: every worker plays its own part of one plan.
//!
//! A worker moves shares of its own holders only, so it knows the least that each of them has, and nothing that it does can be refused for want of
//! shares. What is refused is what was not due yet.

use std::{
    thread,
    time::{Duration, Instant},
};

use anchor_lang::prelude::Pubkey;
use anyhow::Result;
use indicatif::ProgressBar;
use rand::{rngs::StdRng, Rng, SeedableRng};
use solana_transaction_v3::Signature;
use upside_client::{
    instructions::{Claim, Distribute, Harvest, TransferShares},
    solana_keypair::Keypair,
    solana_signer::Signer,
};

use crate::{
    link::{Ended, Link},
    market::{Market, HOLDER_ATOMS},
};

/// Least and most payout atoms of one distribution.
const DISTRIBUTED: std::ops::RangeInclusive<u64> = 1_000_000..=10_000_000_000;

/// What the load consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `claim`, sent by somebody else than the holder.
    Claim,
    /// `transfer_shares` to another holder.
    Transfer,
    /// `distribute`.
    Distribute,
    /// `harvest` from a lower security into the upper one.
    Harvest,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Claim, Self::Transfer, Self::Distribute, Self::Harvest];

    /// The instruction's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Transfer => "transfer_shares",
            Self::Distribute => "distribute",
            Self::Harvest => "harvest",
        }
    }

    /// Of a hundred: 45 claims, 40 transfers, 10 distributions, 5 harvests.
    fn choose(random: &mut StdRng) -> Self {
        match random.gen_range(0..100u32) {
            0..45 => Self::Claim,
            45..85 => Self::Transfer,
            85..95 => Self::Distribute,
            _ => Self::Harvest,
        }
    }
}

/// What an acknowledged transaction changes in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing that is known beforehand.
    None,
    /// Shares have moved between two holders, by index.
    Moved {
        /// Who gave.
        from: usize,
        /// Who received.
        to: usize,
        /// Share atoms.
        atoms: u64,
    },
    /// A payer has paid in.
    Paid {
        /// Which, by index.
        payer: usize,
        /// Payout atoms.
        atoms: u64,
    },
}

/// One transaction of the load.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it was.
    pub kind: Kind,
    /// Its signature.
    pub signature: Signature,
    /// From sent until confirmed.
    pub took: Duration,
    /// How it ended.
    pub ended: Ended,
    /// What it changes if it ended well.
    pub effect: Effect,
}

/// When to stop: whichever comes first.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Transactions of all workers.
    pub transactions: usize,
    /// Real time.
    pub time: Duration,
}

/// Puts the load on the network at `url`; `bar` counts transactions.
///
/// # Errors
/// When a worker loses its server.
pub fn run(market: &Market, url: &str, limits: Limits, bar: &ProgressBar) -> Result<(Vec<Sample>, Duration)> {
    let started = Instant::now();
    let until = started + limits.time;
    let workers = market.size.workers;
    let samples = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|index| {
                let count = limits.transactions / workers + usize::from(index < limits.transactions % workers);
                scope.spawn(move || Worker::new(market, index).run(url, count, until, bar))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a worker does not panic"))
            .collect::<Result<Vec<_>>>()
    })?;
    Ok((samples.into_iter().flatten().collect(), started.elapsed()))
}

/// One worker's part of the plan.
struct Worker<'a> {
    market: &'a Market,
    index: usize,
    random: StdRng,
    /// Own holders and the least that each has.
    own: Vec<(usize, u64)>,
}

/// A transaction that is about to be sent.
struct Next<'a> {
    kind: Kind,
    instruction: anchor_lang::solana_program::instruction::Instruction,
    signer: Option<&'a Keypair>,
    effect: Effect,
}

impl<'a> Worker<'a> {
    fn new(market: &'a Market, index: usize) -> Self {
        Self {
            market,
            index,
            random: StdRng::seed_from_u64(market.size.seed ^ ((index as u64 + 1) << 32)),
            own: (index..market.holders.len())
                .step_by(market.size.workers)
                .map(|holder| (holder, HOLDER_ATOMS))
                .collect(),
        }
    }

    fn run(mut self, url: &str, count: usize, until: Instant, bar: &ProgressBar) -> Result<Vec<Sample>> {
        let mut link = Link::new(url);
        let mut samples = Vec::new();
        while samples.len() < count && Instant::now() < until {
            let next = self.next();
            let signers: Vec<&Keypair> = next.signer.into_iter().collect();
            let sent = link.send(&[next.instruction], &self.market.payers[self.index], &signers)?;
            samples.push(Sample {
                kind: next.kind,
                signature: sent.signature,
                took: sent.took,
                ended: sent.ended,
                effect: next.effect,
            });
            bar.inc(1);
        }
        Ok(samples)
    }

    fn payer(&self) -> Pubkey {
        self.market.payers[self.index].pubkey()
    }

    fn next(&mut self) -> Next<'a> {
        let kind = Kind::choose(&mut self.random);
        let next = match kind {
            Kind::Claim => self.claim(),
            Kind::Transfer => self.transfer(),
            Kind::Harvest if self.market.size.lower > 0 => Some(self.harvest()),
            Kind::Distribute | Kind::Harvest => None,
        };
        next.unwrap_or_else(|| self.distribute())
    }

    /// `None` when the worker has no holder.
    fn claim(&mut self) -> Option<Next<'a>> {
        let (holder, _) = *self.own.get(self.random.gen_range(0..self.own.len().max(1)))?;
        let holder = &self.market.holders[holder];
        let keys = &self.market.securities[holder.security];
        let claim = Claim {
            keys,
            holder: holder.key.pubkey(),
            payout_account: keys.payout_account(&holder.key.pubkey()),
            holder_signs: false,
        };
        Some(Next {
            kind: Kind::Claim,
            instruction: claim.instruction(),
            signer: None,
            effect: Effect::None,
        })
    }

    /// `None` when there is nobody to give to, or nothing to give.
    fn transfer(&mut self) -> Option<Next<'a>> {
        let at = self.random.gen_range(0..self.own.len().max(1));
        let (from, available) = *self.own.get(at)?;
        let market = self.market;
        // Holders of one security are as far apart as there are securities.
        let of_security = market.holders.len() / market.securities.len();
        let step = self.random.gen_range(0..of_security.max(1));
        let to = (from + step * market.securities.len()) % (of_security * market.securities.len()).max(1);
        let security = market.holders[from].security;
        if to == from || market.holders[to].security != security || available == 0 {
            return None;
        }
        let atoms = self.random.gen_range(1..=available.div_ceil(4));
        self.own[at].1 -= atoms;
        let transfer = TransferShares {
            keys: &market.securities[security],
            payer: self.payer(),
            from: market.holders[from].key.pubkey(),
            to: market.holders[to].key.pubkey(),
            amount: atoms,
        };
        Some(Next {
            kind: Kind::Transfer,
            instruction: transfer.instruction(),
            signer: Some(&market.holders[from].key),
            effect: Effect::Moved { from, to, atoms },
        })
    }

    fn distribute(&mut self) -> Next<'a> {
        let keys = &self.market.securities[self.random.gen_range(0..self.market.securities.len())];
        let atoms = self.random.gen_range(DISTRIBUTED);
        Next {
            kind: Kind::Distribute,
            instruction: Distribute::from_ata(keys, self.payer(), atoms).instruction(),
            signer: None,
            effect: Effect::Paid {
                payer: self.index,
                atoms,
            },
        }
    }

    fn harvest(&mut self) -> Next<'a> {
        let held = &self.market.securities[self.random.gen_range(0..self.market.size.lower)];
        let keys = self.market.upper();
        Next {
            kind: Kind::Harvest,
            instruction: Harvest { keys, held }.instruction(),
            signer: None,
            effect: Effect::None,
        }
    }
}
