//! Securities that hold each other's shares.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_client::{
    events::Event,
    instructions::{CollectShares, DepositShares, Harvest, OpenShareVault, RegisterVaultBearer},
    Receipt,
};

use crate::{context::TestContext, setup::TestSecurity};

impl TestContext {
    /// The instruction with which the first issuer of `upper` opens its vault for shares of `held`.
    #[must_use]
    pub fn open_share_vault_instruction<'a>(
        &self,
        upper: &'a TestSecurity,
        held: &'a TestSecurity,
    ) -> OpenShareVault<'a> {
        OpenShareVault {
            keys: &upper.keys,
            held: &held.keys,
            payer: self.payer.pubkey(),
            issuer: upper.issuer_key(),
        }
    }

    /// The first issuer of `upper` opens its vault for shares of `held`. Returns the vault.
    ///
    /// # Panics
    /// If it is refused.
    pub fn open_share_vault(&self, upper: &TestSecurity, held: &TestSecurity) -> Pubkey {
        let open = self.open_share_vault_instruction(upper, held);
        self.send(&[open.instruction()], &[&upper.issuer]);
        upper.keys.vault(&held.keys.mint)
    }

    /// The instruction with which a holder of `held` gives shares to the vault of `upper`.
    #[must_use]
    pub fn deposit_shares_instruction<'a>(
        &self,
        upper: &'a TestSecurity,
        held: &'a TestSecurity,
        holder: &Pubkey,
        amount: u64,
    ) -> DepositShares<'a> {
        DepositShares {
            keys: &upper.keys,
            held: &held.keys,
            payer: self.payer.pubkey(),
            holder: *holder,
            amount,
        }
    }

    /// A holder of `held` gives shares to the vault of `upper`.
    ///
    /// # Panics
    /// If it is refused.
    pub fn deposit_shares(&self, upper: &TestSecurity, held: &TestSecurity, holder: &Keypair, amount: u64) -> Receipt {
        let deposit = self.deposit_shares_instruction(upper, held, &holder.pubkey(), amount);
        self.send(&[deposit.instruction()], &[holder])
    }

    /// Opens the vault of `upper` for shares of `held`, and the issuer of `held` gives some.
    ///
    /// # Panics
    /// If it is refused.
    pub fn back_with_shares(&self, upper: &TestSecurity, held: &TestSecurity, amount: u64) -> Pubkey {
        let vault = self.open_share_vault(upper, held);
        self.deposit_shares(upper, held, &held.issuer, amount);
        vault
    }

    /// The instruction that moves what the vault of `upper` has earned by holding shares of `held`.
    #[must_use]
    pub fn harvest_instruction<'a>(&self, upper: &'a TestSecurity, held: &'a TestSecurity) -> Harvest<'a> {
        Harvest {
            keys: &upper.keys,
            held: &held.keys,
        }
    }

    /// Anyone harvests. Returns the payout atoms that moved.
    ///
    /// # Panics
    /// If it is refused.
    pub fn harvest(&self, upper: &TestSecurity, held: &TestSecurity) -> u64 {
        let receipt = self.send(&[self.harvest_instruction(upper, held).instruction()], &[]);
        match receipt.events.as_slice() {
            [Event::UpsideClaimed(claimed), _] => claimed.amount_atoms,
            events => panic!("two events: {events:?}"),
        }
    }

    /// The instruction that registers the bearer shares of `held` in the associated token account of the vault of `upper`.
    #[must_use]
    pub fn register_vault_bearer_instruction<'a>(
        &self,
        upper: &'a TestSecurity,
        held: &'a TestSecurity,
    ) -> RegisterVaultBearer<'a> {
        RegisterVaultBearer::from_ata(&upper.keys, &held.keys, self.payer.pubkey())
    }

    /// The instruction with which a ticket of `upper` collects shares of `held`; anything that arrives is enough.
    #[must_use]
    pub fn collect_shares_instruction<'a>(
        &self,
        upper: &'a TestSecurity,
        held: &'a TestSecurity,
        holder: &Pubkey,
        id: u64,
    ) -> CollectShares<'a> {
        CollectShares {
            keys: &upper.keys,
            held: &held.keys,
            payer: self.payer.pubkey(),
            holder: *holder,
            id,
            least_atoms: 0,
        }
    }

    /// A ticket of `upper` collects shares of `held`. Returns the share atoms that arrived.
    ///
    /// # Panics
    /// If it is refused.
    pub fn collect_shares(&self, upper: &TestSecurity, held: &TestSecurity, holder: &Keypair, id: u64) -> u64 {
        let collect = self.collect_shares_instruction(upper, held, &holder.pubkey(), id);
        let receipt = self.send(&[collect.instruction()], &[holder]);
        match receipt.events.last() {
            Some(Event::AssetCollected(collected)) => collected.arrived_atoms,
            other => panic!("the last event is a collection: {other:?}"),
        }
    }
}
