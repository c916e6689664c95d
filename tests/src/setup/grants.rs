//! Grants and what becomes of them.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{instructions::grant::CreateGrantArgs, state::Grant};
use upside_client::{
    accounts,
    instructions::{ApproveMilestone, ClaimGrant, CloseGrant, CreateGrant, RevokeGrant},
    Receipt,
};

use crate::{context::TestContext, setup::TestSecurity};

/// A revocable grant that vests with time alone, from `start_ts` on for `seconds`, without a cliff.
#[must_use]
pub fn over_time(id: u64, amount: u64, start_ts: i64, seconds: i64) -> CreateGrantArgs {
    CreateGrantArgs {
        id,
        amount,
        start_ts,
        cliff_ts: start_ts,
        end_ts: start_ts + seconds,
        revocable: true,
        approver: Pubkey::default(),
        deadline_ts: 0,
    }
}

impl TestContext {
    /// The instruction with which the first issuer grants.
    #[must_use]
    pub fn create_grant_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        recipient: &Pubkey,
        args: CreateGrantArgs,
    ) -> CreateGrant<'a> {
        CreateGrant {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            issuer: security.issuer_key(),
            recipient: *recipient,
            args,
        }
    }

    /// The first issuer grants.
    ///
    /// # Panics
    /// If it is refused.
    pub fn create_grant(&self, security: &TestSecurity, recipient: &Pubkey, args: CreateGrantArgs) -> Receipt {
        let create = self.create_grant_instruction(security, recipient, args);
        self.send(&[create.instruction()], &[&security.issuer])
    }

    /// The instruction with which [`Self::payer`] claims for a recipient.
    #[must_use]
    pub fn claim_grant_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        recipient: &Pubkey,
        id: u64,
    ) -> ClaimGrant<'a> {
        ClaimGrant {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            recipient: *recipient,
            id,
        }
    }

    /// [`Self::payer`] claims for a recipient. Returns the share atoms that arrived.
    ///
    /// # Panics
    /// If it is refused.
    pub fn claim_grant(&self, security: &TestSecurity, recipient: &Pubkey, id: u64) -> u64 {
        let registered = security.keys.registered(recipient);
        let before = self.balance(&registered);
        let claim = self.claim_grant_instruction(security, recipient, id);
        self.send(&[claim.instruction()], &[]);
        self.balance(&registered) - before
    }

    /// The instruction with which an approver signs.
    #[must_use]
    pub fn approve_milestone_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        approver: &Pubkey,
        recipient: &Pubkey,
        id: u64,
    ) -> ApproveMilestone<'a> {
        ApproveMilestone {
            keys: &security.keys,
            approver: *approver,
            recipient: *recipient,
            id,
        }
    }

    /// An approver signs.
    ///
    /// # Panics
    /// If it is refused.
    pub fn approve_milestone(
        &self,
        security: &TestSecurity,
        approver: &Keypair,
        recipient: &Pubkey,
        id: u64,
    ) -> Receipt {
        let approve = self.approve_milestone_instruction(security, &approver.pubkey(), recipient, id);
        self.send(&[approve.instruction()], &[approver])
    }

    /// The instruction with which the first issuer revokes.
    #[must_use]
    pub fn revoke_grant_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        recipient: &Pubkey,
        id: u64,
    ) -> RevokeGrant<'a> {
        RevokeGrant {
            keys: &security.keys,
            issuer: security.issuer_key(),
            recipient: *recipient,
            id,
        }
    }

    /// The first issuer revokes.
    ///
    /// # Panics
    /// If it is refused.
    pub fn revoke_grant(&self, security: &TestSecurity, recipient: &Pubkey, id: u64) -> Receipt {
        let revoke = self.revoke_grant_instruction(security, recipient, id);
        self.send(&[revoke.instruction()], &[&security.issuer])
    }

    /// The instruction with which anyone ends a grant whose rent [`Self::payer`] paid.
    #[must_use]
    pub fn close_grant_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        recipient: &Pubkey,
        id: u64,
    ) -> CloseGrant<'a> {
        CloseGrant {
            keys: &security.keys,
            recipient: *recipient,
            id,
            rent_payer: self.payer.pubkey(),
        }
    }

    /// Anyone ends a grant whose rent [`Self::payer`] paid.
    ///
    /// # Panics
    /// If it is refused.
    pub fn close_grant(&self, security: &TestSecurity, recipient: &Pubkey, id: u64) -> Receipt {
        let close = self.close_grant_instruction(security, recipient, id);
        self.send(&[close.instruction()], &[])
    }

    /// A grant's state.
    ///
    /// # Panics
    /// If it does not exist.
    #[must_use]
    pub fn grant(&self, security: &TestSecurity, recipient: &Pubkey, id: u64) -> Grant {
        accounts::get(&self.sender, &security.keys.grant(recipient, id)).expect("a grant")
    }
}
