//! The instructions of a redemption, in transactions as full as they can be.

use std::collections::BTreeSet;

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use solana_signer::Signer;
use upside_math::mul_div_ceil;

use super::{Block, Leg, Quote};
use crate::{
    accounts,
    error::{ClientError, Result},
    instructions::{token, CloseRedemption, Collect, CollectShares, Harvest, Redeem},
    quote as quotes,
    transactions::{self, bytes_of, FILL_COMPUTE_UNITS, MAX_TRANSACTION_BYTES},
    Sender,
};

/// Compute units counted for `redeem`, more than it takes.
const REDEEM_COMPUTE_UNITS: u32 = 30_000;
/// Compute units counted for one asset with a missing receiver, more than it takes.
const LEG_COMPUTE_UNITS: u32 = 60_000;
/// Basis points of a whole.
const WHOLE_BPS: u16 = 10_000;

/// How much less than quoted may arrive, basis points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance(u16);

impl Default for Tolerance {
    /// One percent.
    fn default() -> Self {
        Self(100)
    }
}

impl Tolerance {
    /// A tolerance in basis points; `None` above 100 %. At 100 % anything that arrives is enough.
    #[must_use]
    pub fn of_bps(bps: u16) -> Option<Self> {
        (bps <= WHOLE_BPS).then_some(Self(bps))
    }

    /// The least atoms to accept where `quoted` are expected: rounded up.
    #[must_use]
    pub fn least(self, quoted: u64) -> u64 {
        // A part of a whole: it always fits.
        mul_div_ceil(quoted, u64::from(WHOLE_BPS - self.0), u64::from(WHOLE_BPS)).unwrap_or(quoted)
    }
}

/// One thing that a redemption does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Moves what the shares in a vault have earned to the security that is redeemed, before its shares go.
    Harvest {
        /// The share mint of the security that they are of.
        asset: Pubkey,
    },
    /// Pays out what the position has earned, before its shares go.
    Claim,
    /// Burns the shares for a ticket.
    Redeem,
    /// Creates a receiving account that is born frozen, so that the asset's issuer can thaw it.
    OpenReceiver {
        /// The asset's mint.
        asset: Pubkey,
    },
    /// Collects one asset.
    Collect {
        /// The asset's mint.
        asset: Pubkey,
    },
    /// Closes the ticket; its rent goes back to who paid it.
    Close,
}

/// A step with its instructions.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub step: Step,
    pub instructions: Vec<Instruction>,
    pub compute_units: u32,
    /// Needs a transaction of its own: its refusal, or what it burns, shall touch nothing else.
    pub alone: bool,
}

/// What a redemption does, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    payer: Pubkey,
    /// Id of the ticket.
    pub id: u64,
    pub(super) parts: Vec<Part>,
}

/// Steps with their instructions, transaction by transaction.
pub type Transactions = Vec<(Vec<Step>, Vec<Instruction>)>;

impl Plan {
    /// Everything that can be done now for a quote. Assets in `left` are left for later, and so are those that are blocked. `payer` pays rent
    /// and fees; the holder signs too.
    ///
    /// A quote without a ticket gets number `id`: first what vaults have earned by holding shares of other securities is harvested, for the
    /// shares burnt have no part in it afterwards, then what the position is owed is claimed, then `redeem`.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub fn new(
        sender: &dyn Sender,
        quote: &Quote,
        payer: Pubkey,
        id: u64,
        tolerance: Tolerance,
        left: &BTreeSet<Pubkey>,
    ) -> Result<Self> {
        let keys = &quote.keys;
        let holder = quote.holder;
        let id = quote.ticket.map_or(id, |ticket| ticket.id);
        let mut parts = Vec::new();
        if quote.ticket.is_none() {
            for leg in quote.legs.iter().filter(|leg| leg.harvestable_atoms > 0) {
                let Some(held) = &leg.held else { continue };
                parts.push(Part {
                    step: Step::Harvest {
                        asset: leg.vault.asset_mint,
                    },
                    instructions: vec![Harvest { keys, held }.instruction()],
                    compute_units: LEG_COMPUTE_UNITS,
                    // Somebody else may be first, or the money may not move now: the shares are redeemed all the same.
                    alone: true,
                });
            }
            if let Some(position) = accounts::find_position(sender, &keys.security, &holder)? {
                let owed = quotes::position(&quote.security, &position, quote.clock.unix_timestamp)?;
                if owed.claimable_atoms > 0 {
                    parts.push(Part {
                        step: Step::Claim,
                        instructions: transactions::claim_by_holder(keys, &payer, holder),
                        compute_units: LEG_COMPUTE_UNITS,
                        // The payout mint's issuer may have frozen that account: the shares are redeemed all the same.
                        alone: true,
                    });
                }
            }
            parts.push(Part {
                step: Step::Redeem,
                instructions: vec![Redeem {
                    keys,
                    payer,
                    holder,
                    id,
                    amount: quote.shares_atoms,
                }
                .instruction()],
                compute_units: REDEEM_COMPUTE_UNITS,
                alone: false,
            });
        }
        let mut all = true;
        for leg in &quote.legs {
            let asset = leg.vault.asset_mint;
            if left.contains(&asset) || !leg.is_free() {
                all = false;
                if !left.contains(&asset) && waits_for_thaw(leg) && leg.receiver_missing {
                    parts.push(Part {
                        step: Step::OpenReceiver { asset },
                        instructions: vec![token::create_ata(&payer, &holder, &asset, &leg.token_program)],
                        compute_units: LEG_COMPUTE_UNITS,
                        alone: false,
                    });
                }
                continue;
            }
            parts.push(collect(quote, leg, payer, id, tolerance));
        }
        if all {
            parts.push(Part {
                step: Step::Close,
                instructions: vec![CloseRedemption {
                    keys,
                    holder,
                    id,
                    rent_payer: quote.ticket.map_or(payer, |ticket| ticket.rent_payer),
                }
                .instruction()],
                compute_units: REDEEM_COMPUTE_UNITS,
                alone: false,
            });
        }
        Ok(Self { payer, id, parts })
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.parts.iter().map(|part| &part.step)
    }

    /// The transactions: in order, each with as many steps as fit by size and compute units.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`] if one step alone does not fit: a hook wants too many accounts.
    pub fn pack(&self) -> Result<Transactions> {
        self.pack_parts()?
            .into_iter()
            .map(|parts| {
                Ok((
                    parts.iter().map(|part| part.step.clone()).collect(),
                    parts.iter().flat_map(|part| part.instructions.clone()).collect(),
                ))
            })
            .collect()
    }

    /// The instructions of one step; none if it is not planned.
    #[must_use]
    pub fn instructions_of(&self, step: &Step) -> Vec<Instruction> {
        self.parts
            .iter()
            .filter(|part| part.step == *step)
            .flat_map(|part| part.instructions.clone())
            .collect()
    }

    /// Tries, without sending anything, the assets whose mints have a transfer hook, each by itself: what a hook decides, no account says.
    /// Returns the assets that would be refused.
    ///
    /// # Errors
    /// When the cluster does not answer, or refuses `redeem` itself.
    pub fn rehearse(&self, sender: &dyn Sender, payer: &dyn Signer) -> Result<Vec<(Pubkey, ClientError)>> {
        let redeem = self.instructions_of(&Step::Redeem);
        let mut refused = Vec::new();
        for part in &self.parts {
            let Step::Collect { asset } = part.step else { continue };
            if !part.alone {
                continue;
            }
            let instructions = [&redeem[..], &part.instructions[..]].concat();
            match sender.simulate(&instructions, payer, &[], &[]) {
                Ok(_) => {}
                Err(error @ ClientError::Program(_)) => refused.push((asset, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(refused)
    }

    pub(super) fn pack_parts(&self) -> Result<Vec<Vec<Part>>> {
        let mut packed: Vec<Vec<Part>> = Vec::new();
        let mut current: Vec<Part> = Vec::new();
        for part in &self.parts {
            let lonely = part.alone || current.last().is_some_and(|last| last.alone);
            let units: u32 = current.iter().map(|part| part.compute_units).sum();
            let fits = !lonely
                && units + part.compute_units <= FILL_COMPUTE_UNITS
                && self.bytes(current.iter().chain([part])) <= MAX_TRANSACTION_BYTES;
            if !fits && !current.is_empty() {
                packed.push(std::mem::take(&mut current));
            }
            current.push(part.clone());
            let bytes = self.bytes(current.iter());
            if current.len() == 1 && bytes > MAX_TRANSACTION_BYTES {
                return Err(ClientError::TooLarge {
                    bytes,
                    most: MAX_TRANSACTION_BYTES,
                });
            }
        }
        if !current.is_empty() {
            packed.push(current);
        }
        Ok(packed)
    }

    fn bytes<'a>(&self, parts: impl Iterator<Item = &'a Part>) -> usize {
        bytes_of(&self.payer, parts.flat_map(|part| part.instructions.iter()))
    }
}

/// Whether all that is in the way is that the asset's issuer must thaw a receiver that does not exist yet.
fn waits_for_thaw(leg: &Leg) -> bool {
    leg.blocks
        .iter()
        .any(|block| matches!(block, Block::ReceiverBornFrozen { .. }))
}

fn collect(quote: &Quote, leg: &Leg, payer: Pubkey, id: u64, tolerance: Tolerance) -> Part {
    let asset = leg.vault.asset_mint;
    let least_atoms = tolerance.least(leg.arrives_atoms());
    if let Some(held) = &leg.held {
        let collect = CollectShares {
            keys: &quote.keys,
            held,
            payer,
            holder: quote.holder,
            id,
            least_atoms,
        };
        return Part {
            step: Step::Collect { asset },
            instructions: vec![collect.instruction()],
            compute_units: LEG_COMPUTE_UNITS,
            alone: false,
        };
    }
    let mut instructions = Vec::with_capacity(2);
    if leg.receiver_missing {
        instructions.push(token::create_ata(&payer, &quote.holder, &asset, &leg.token_program));
    }
    instructions.push(
        Collect {
            keys: &quote.keys,
            holder: quote.holder,
            id,
            asset_mint: asset,
            asset_token_program: leg.token_program,
            receiver: leg.receiver,
            least_atoms,
            hook: leg.hook.clone(),
        }
        .instruction(),
    );
    Part {
        step: Step::Collect { asset },
        instructions,
        compute_units: LEG_COMPUTE_UNITS,
        // Foreign code may burn compute units or refuse.
        alone: !leg.hook.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_rounded_up_and_zero_only_when_asked_for() {
        let one = Tolerance::default();
        assert_eq!(one.least(0), 0);
        assert_eq!(one.least(1), 1);
        assert_eq!(one.least(10_000), 9_900);
        assert_eq!(one.least(u64::MAX), 18_262_276_632_972_456_099);
        assert_eq!(Tolerance::of_bps(10_000).unwrap().least(u64::MAX), 0);
        assert_eq!(Tolerance::of_bps(0).unwrap().least(7), 7);
        assert!(Tolerance::of_bps(10_001).is_none());
    }
}
