//! Securities that hold each other's shares: a vault is a holder of the security below, and what its shares earn goes one hop up.

use num_bigint::BigInt;
use num_traits::Zero;

use super::{
    security::{ensure, Coming},
    Asset, Collection, Flaw, Holder, Refusal, Security, TicketId, Wallet,
};

/// A vault for the shares of another security: an asset of the one above, a holder of the one below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareVault {
    /// The shares, among the assets of the security that holds.
    pub asset: Asset,
    /// The vault, among the holders of the security whose shares they are.
    pub holder: Holder,
}

/// What the shares in a vault earn, when the security above pays out other money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherMoney {
    /// That money, among the assets of the security above.
    pub asset: Asset,
    /// What lies at the address of its vault there.
    pub balance: u64,
    /// The token account of its vault can receive.
    pub vault_open: bool,
}

impl Security {
    /// Opens a vault for the shares of the security below, and one for the money that they earn if that is other money and has none.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn open_share_vault(
        &mut self,
        by: Wallet,
        lower: &Self,
        vault: ShareVault,
        money: Option<OtherMoney>,
    ) -> Result<(), Refusal> {
        self.open_vault(by, vault.asset, true, 0)?;
        self.count_held(lower, vault)?;
        match money {
            Some(money) if !self.vaults.contains_key(&money.asset) && self.flaw != Some(Flaw::OneVaultForShares) => {
                self.open_vault(by, money.asset, true, money.balance)
            }
            _ => Ok(()),
        }
    }

    /// What a vault has of protocol shares is what its position has.
    pub(super) fn count_held(&mut self, lower: &Self, vault: ShareVault) -> Result<(), Refusal> {
        let held = lower
            .positions
            .get(&vault.holder)
            .map(|position| position.shares.clone());
        self.vaults.get_mut(&vault.asset).ok_or(Refusal::Missing)?.balance = held.unwrap_or_default();
        Ok(())
    }

    /// Registered shares of the security below enter a vault, and stay registered. No approval is needed. `guarded`: the giver's registered
    /// account forbids moves through programs.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn deposit_shares(
        &mut self,
        lower: &mut Self,
        vault: ShareVault,
        giver: Holder,
        amount: u64,
        guarded: bool,
        now: i64,
    ) -> Result<(), Refusal> {
        ensure(self.vaults.contains_key(&vault.asset), Refusal::Missing)?;
        ensure(
            self.flaw != Some(Flaw::WantApprovalOfVaults) || !lower.terms.curated,
            Refusal::NotApproved,
        )?;
        let coming = if self.flaw == Some(Flaw::DepositBringsThePast) {
            Coming::WithThePast
        } else {
            Coming::New
        };
        lower.move_shares(giver, vault.holder, &amount.into(), guarded, coming, now)?;
        self.count_held(lower, vault)?;
        if let Some(vault) = self.vaults.get_mut(&vault.asset) {
            vault.deposited += amount;
        }
        Ok(())
    }

    /// Bearer shares of the security below that were sent to a vault become registered.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn register_vault_bearer(&mut self, lower: &mut Self, vault: ShareVault, now: i64) -> Result<(), Refusal> {
        ensure(self.vaults.contains_key(&vault.asset), Refusal::Missing)?;
        ensure(!lower.terms.curated, Refusal::Policy)?;
        let amount = lower.bearer.insert(vault.holder, BigInt::zero()).unwrap_or_default();
        ensure(!amount.is_zero(), Refusal::Nothing)?;
        lower.settle(now);
        let accrual = lower.accrual.clone();
        if self.flaw == Some(Flaw::RegisterWithThePast) {
            lower.position(vault.holder).shares += &amount;
            lower.settle_position(vault.holder, &accrual)?;
        } else {
            lower.settle_position(vault.holder, &accrual)?.shares += &amount;
        }
        lower.registered += &amount;
        self.count_held(lower, vault)?;
        if let Some(vault) = self.vaults.get_mut(&vault.asset) {
            vault.deposited += amount;
        }
        Ok(())
    }

    /// What the shares in a vault have earned goes one hop up: onto the stream if both pay out the same money, else into the vault of that
    /// money. Returns the atoms, which are whole; the fraction stays owed.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn harvest(
        &mut self,
        lower: &mut Self,
        vault: ShareVault,
        money: Option<OtherMoney>,
        now: i64,
    ) -> Result<BigInt, Refusal> {
        let flaw = self.flaw;
        ensure(self.vaults.contains_key(&vault.asset), Refusal::Missing)?;
        lower.has_position(vault.holder)?;
        let accrual = lower.accrual_at(now);
        let position = lower.settle_position(vault.holder, &accrual)?;
        let amount = if flaw == Some(Flaw::CeilHarvest) {
            position.accrued.ceil()
        } else {
            position.accrued.floor()
        };
        ensure(!amount.is_zero(), Refusal::Nothing)?;
        position.accrued -= &amount;
        let amount = amount.to_integer();
        position.claimed += &amount;
        lower.payout_vault -= &amount;
        lower.paid += &amount;
        match money {
            Some(money) if flaw != Some(Flaw::HarvestOntoAnyStream) => {
                let target = self.vaults.get_mut(&money.asset).ok_or(Refusal::Missing)?;
                ensure(money.vault_open, Refusal::BadAccount)?;
                target.balance += &amount;
                if flaw != Some(Flaw::ForgetHarvested) {
                    target.deposited += &amount;
                }
            }
            _ => {
                let drip = if flaw == Some(Flaw::HarvestAtOnce) {
                    0
                } else {
                    self.terms.drip_seconds
                };
                self.settle(now);
                self.accrual.add(&amount, drip, flaw);
                self.received += &amount;
                self.payout_vault += &amount;
            }
        }
        Ok(amount)
    }

    /// Pays a ticket its part of the shares in a vault, registered to its holder, of whom a curated security below must approve. What the
    /// shares earned in the vault stays the vault's. Returns the share atoms.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn collect_shares(
        &mut self,
        lower: &mut Self,
        id: TicketId,
        vault: ShareVault,
        least: u64,
        now: i64,
    ) -> Result<BigInt, Refusal> {
        let flaw = self.flaw;
        let free = Collection {
            vault_open: true,
            mint_open: true,
            can_receive: true,
            fee_bps: 0,
            fee_maximum: 0,
        };
        if flaw == Some(Flaw::CountUnregistered) {
            let waiting = lower.bearer.get(&vault.holder).cloned().unwrap_or_default();
            self.vaults.get_mut(&vault.asset).ok_or(Refusal::Missing)?.balance += waiting;
        }
        let paid = self.collect(id, vault.asset, least, free)?.paid;
        let (holder, _) = id;
        if !paid.is_zero() {
            ensure(
                !lower.terms.curated || lower.approved.contains(&holder) || flaw == Some(Flaw::CollectUnapproved),
                Refusal::NotApproved,
            )?;
            let coming = if flaw == Some(Flaw::TicketTakesEarnings) {
                Coming::WithThePast
            } else {
                Coming::New
            };
            lower.move_shares(vault.holder, holder, &paid, false, coming, now)?;
            if flaw == Some(Flaw::CollectAsBearer) {
                lower.position(holder).shares -= &paid;
                lower.registered -= &paid;
                *lower.bearer.entry(holder).or_default() += &paid;
            }
        }
        if flaw != Some(Flaw::CountUnregistered) {
            self.count_held(lower, vault)?;
        }
        Ok(paid)
    }
}
