//! Redemption in kind.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::{
    security::{after_fee, ensure},
    Asset, Flaw, Refusal, Security, TicketId, Vault,
};

/// Shares burnt, and what they have collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Share atoms.
    pub shares: BigInt,
    /// Vaults that were open when they were burnt: those with a lower index are in reach.
    pub reach: usize,
    /// Asset atoms paid, by index of vault: those that it has collected from.
    pub collected: BTreeMap<usize, BigInt>,
}

impl Ticket {
    /// Whether it has collected from every vault in its reach.
    #[must_use]
    pub fn is_done(&self) -> bool {
        (0..self.reach).all(|index| self.collected.contains_key(&index))
    }

    /// Whether it has yet to collect from a vault.
    #[must_use]
    pub fn has_left(&self, vault: &Vault) -> bool {
        vault.index < self.reach && !self.collected.contains_key(&vault.index)
    }
}

/// What a collect meets outside the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The vault's token account is not frozen.
    pub vault_open: bool,
    /// Nothing stops transfers of the mint.
    pub mint_open: bool,
    /// The receiver is an unfrozen token account of the asset, and not the vault's.
    pub can_receive: bool,
    /// Fee of a transfer, basis points rounded up.
    pub fee_bps: u16,
    /// Most asset atoms of one fee.
    pub fee_maximum: u64,
}

/// What a collect pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// Asset atoms that leave the vault.
    pub paid: BigInt,
    /// Asset atoms that arrive.
    pub arrived: BigInt,
}

impl Security {
    /// The number of shares that a vault is divided among: `live supply + (authorised - issued) + redeemed - collected`.
    #[must_use]
    pub fn redemption_divisor(&self, vault: &Vault) -> BigInt {
        let mut divisor = self.supply();
        if self.flaw != Some(Flaw::ForgetUnissued) {
            divisor += self.terms.authorised - &self.issued;
        }
        if self.flaw != Some(Flaw::ForgetOpenTickets) {
            divisor += &self.redeemed - &vault.collected;
        }
        divisor
    }

    /// What so many redeemed shares collect from a vault, asset atoms: `floor(balance * shares / divisor)`.
    #[must_use]
    pub fn part_of(&self, vault: &Vault, shares: &BigInt) -> BigInt {
        let divisor = self.redemption_divisor(vault);
        if !divisor.is_positive() {
            // No share is left that could collect; only a flaw gets here with a ticket.
            return BigInt::zero();
        }
        let part = BigRational::new(&vault.balance * shares, divisor);
        if self.flaw == Some(Flaw::CeilPart) {
            part.ceil()
        } else {
            part.floor()
        }
        .to_integer()
    }

    /// Burns registered shares for a ticket. `guarded`: the registered account forbids moves through programs.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn redeem(&mut self, id: TicketId, amount: u64, guarded: bool, now: i64) -> Result<(), Refusal> {
        let (holder, _) = id;
        ensure(amount > 0, Refusal::Nothing)?;
        self.has_position(holder)?;
        ensure(!self.tickets.contains_key(&id), Refusal::Exists)?;
        ensure(
            self.terms.redeem_after != i64::MAX && now >= self.terms.redeem_after
                || self.flaw == Some(Flaw::RedeemAnyTime),
            Refusal::RedemptionNotOpen,
        )?;
        ensure(!guarded, Refusal::BadAccount)?;
        self.settle(now);
        let accrual = self.accrual.clone();
        let position = self.settle_position(holder, &accrual)?;
        ensure(position.shares >= amount.into(), Refusal::NotEnough)?;
        position.shares -= amount;
        self.registered -= amount;
        self.redeemed += amount;
        if self.flaw == Some(Flaw::ReuseCapacity) {
            self.issued -= amount;
        }
        if self.registered.is_zero() {
            self.accrual.pause();
        }
        let ticket = Ticket {
            shares: amount.into(),
            reach: self.vaults.len(),
            collected: BTreeMap::new(),
        };
        self.tickets.insert(id, ticket);
        Ok(())
    }

    /// Pays a ticket its part of one vault, of which `least` atoms must arrive.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn collect(&mut self, id: TicketId, asset: Asset, least: u64, meets: Collection) -> Result<Collected, Refusal> {
        let flaw = self.flaw;
        let ticket = self.tickets.get(&id).ok_or(Refusal::Missing)?;
        let vault = self.vaults.get(&asset).ok_or(Refusal::Missing)?;
        ensure(
            vault.index < ticket.reach || flaw == Some(Flaw::LaterVaultInReach),
            Refusal::OutOfReach,
        )?;
        ensure(
            !ticket.collected.contains_key(&vault.index) || flaw == Some(Flaw::CollectTwice),
            Refusal::CollectedAlready,
        )?;
        let shares = ticket.shares.clone();
        let paid = self.part_of(vault, &shares);
        // Nothing to pay needs nobody to receive it, and no mint.
        if !paid.is_zero() {
            ensure(meets.vault_open && meets.can_receive, Refusal::BadAccount)?;
            ensure(meets.mint_open, Refusal::BadMint)?;
        }
        let arrived = if flaw == Some(Flaw::CountPaid) {
            paid.clone()
        } else {
            after_fee(&paid, meets.fee_bps, meets.fee_maximum)
        };
        ensure(arrived >= least.into(), Refusal::TooLittle)?;
        let vault = self.vaults.get_mut(&asset).ok_or(Refusal::Missing)?;
        vault.balance -= &paid;
        vault.paid += &paid;
        vault.arrived += &arrived;
        if flaw != Some(Flaw::ForgetCollected) {
            vault.collected += shares;
        }
        let index = vault.index;
        let ticket = self.tickets.get_mut(&id).ok_or(Refusal::Missing)?;
        ticket.collected.insert(index, paid.clone());
        Ok(Collected { paid, arrived })
    }

    /// Closes a ticket that has collected from every vault in its reach.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn close_redemption(&mut self, id: TicketId) -> Result<(), Refusal> {
        let ticket = self.tickets.get(&id).ok_or(Refusal::Missing)?;
        ensure(
            ticket.is_done() || self.flaw == Some(Flaw::CloseEarly),
            Refusal::NotAllCollected,
        )?;
        self.tickets.remove(&id);
        Ok(())
    }
}
