//! Tickets and what they collect.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_client::{
    instructions::{CloseRedemption, Collect, Redeem},
    Receipt,
};
use upside_lookalike_mints::balances::MintRef;

use crate::{context::TestContext, setup::TestSecurity};

impl TestContext {
    /// The instruction with which a holder burns shares for ticket number `id`.
    #[must_use]
    pub fn redeem_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        holder: &Pubkey,
        id: u64,
        amount: u64,
    ) -> Redeem<'a> {
        Redeem {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            holder: *holder,
            id,
            amount,
        }
    }

    /// A holder burns shares for ticket number `id`.
    ///
    /// # Panics
    /// If it is refused.
    pub fn redeem(&self, security: &TestSecurity, holder: &Keypair, id: u64, amount: u64) -> Receipt {
        let redeem = self.redeem_instruction(security, &holder.pubkey(), id, amount);
        self.send(&[redeem.instruction()], &[holder])
    }

    /// The instruction with which a ticket collects to its holder's associated token account.
    #[must_use]
    pub fn collect_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        holder: &Pubkey,
        id: u64,
        asset: &MintRef,
    ) -> Collect<'a> {
        Collect::to_ata(&security.keys, *holder, id, asset.mint, asset.token_program)
    }

    /// A ticket collects to its holder's associated token account, made if missing and thawed if born frozen.
    ///
    /// # Panics
    /// If it is refused.
    pub fn collect(&self, security: &TestSecurity, holder: &Keypair, id: u64, asset: &MintRef) -> Receipt {
        self.fund(asset, &holder.pubkey(), 0);
        let collect = self.collect_instruction(security, &holder.pubkey(), id, asset);
        self.send(&[collect.instruction()], &[holder])
    }

    /// A holder closes a ticket whose rent [`Self::payer`] paid.
    ///
    /// # Panics
    /// If it is refused.
    pub fn close_redemption(&self, security: &TestSecurity, holder: &Keypair, id: u64) -> Receipt {
        let close = self.close_redemption_instruction(security, &holder.pubkey(), id);
        self.send(&[close.instruction()], &[holder])
    }

    /// The instruction with which a holder closes a ticket whose rent [`Self::payer`] paid.
    #[must_use]
    pub fn close_redemption_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        holder: &Pubkey,
        id: u64,
    ) -> CloseRedemption<'a> {
        CloseRedemption {
            keys: &security.keys,
            holder: *holder,
            id,
            rent_payer: self.payer.pubkey(),
        }
    }
}
