//! Collectives and their members.

use anchor_lang::prelude::Pubkey;
use solana_signer::Signer;
use upside::{
    instructions::collective::CreateCollectiveArgs,
    state::{Collective, Member},
};
use upside_client::{
    accounts,
    instructions::{Admit, Apply, CreateCollective, Join, RevokeAdmission, WithdrawApplication},
    Receipt,
};

use crate::{
    context::{TestContext, DAY},
    setup::TestSecurity,
};

/// Members give a tenth of what they have authorised and receive 5,000 share atoms over ten days, with a cliff after one.
#[must_use]
pub fn a_tenth() -> CreateCollectiveArgs {
    CreateCollectiveArgs {
        contribution_bps: 1_000,
        shares: 5_000,
        cliff_seconds: DAY,
        vesting_seconds: 10 * DAY,
    }
}

impl TestContext {
    /// The instruction with which the first issuer fixes the rule.
    #[must_use]
    pub fn create_collective_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        args: CreateCollectiveArgs,
    ) -> CreateCollective<'a> {
        CreateCollective {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            issuer: security.issuer_key(),
            args,
        }
    }

    /// The first issuer fixes the rule.
    ///
    /// # Panics
    /// If it is refused.
    pub fn create_collective(&self, security: &TestSecurity, args: CreateCollectiveArgs) -> Receipt {
        let create = self.create_collective_instruction(security, args);
        self.send(&[create.instruction()], &[&security.issuer])
    }

    /// The instruction with which the first issuer of `member` applies.
    #[must_use]
    pub fn apply_instruction<'a>(&self, collective: &'a TestSecurity, member: &'a TestSecurity) -> Apply<'a> {
        Apply {
            keys: &collective.keys,
            member: &member.keys,
            payer: self.payer.pubkey(),
            wallet: member.issuer_key(),
        }
    }

    /// The first issuer of `member` applies.
    ///
    /// # Panics
    /// If it is refused.
    pub fn apply_to(&self, collective: &TestSecurity, member: &TestSecurity) -> Receipt {
        let apply = self.apply_instruction(collective, member);
        self.send(&[apply.instruction()], &[&member.issuer])
    }

    /// The instruction with which `signer` takes an application back whose rent [`Self::payer`] paid.
    #[must_use]
    pub fn withdraw_application_instruction<'a>(
        &self,
        collective: &'a TestSecurity,
        member: &'a TestSecurity,
        signer: &Pubkey,
    ) -> WithdrawApplication<'a> {
        WithdrawApplication {
            keys: &collective.keys,
            member: &member.keys,
            signer: *signer,
            rent_payer: self.payer.pubkey(),
        }
    }

    /// The instruction with which the collective's first issuer consents to the application that is there now.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn admit_instruction<'a>(
        &self,
        collective: &'a TestSecurity,
        member: &TestSecurity,
        expires_ts: i64,
    ) -> Admit<'a> {
        let application = self.member(collective, member);
        Admit::to(&collective.keys, collective.issuer_key(), &application, expires_ts)
    }

    /// The collective's first issuer consents.
    ///
    /// # Panics
    /// If it is refused.
    pub fn admit(&self, collective: &TestSecurity, member: &TestSecurity, expires_ts: i64) -> Receipt {
        let admit = self.admit_instruction(collective, member, expires_ts);
        self.send(&[admit.instruction()], &[&collective.issuer])
    }

    /// The instruction with which the collective's first issuer takes consent back.
    #[must_use]
    pub fn revoke_admission_instruction<'a>(
        &self,
        collective: &'a TestSecurity,
        member: &TestSecurity,
    ) -> RevokeAdmission<'a> {
        RevokeAdmission {
            keys: &collective.keys,
            issuer: collective.issuer_key(),
            member_security: member.keys.security,
        }
    }

    /// The instruction with which the first issuer of `member` joins, with grant number `grant_id`.
    #[must_use]
    pub fn join_instruction<'a>(
        &self,
        collective: &'a TestSecurity,
        member: &'a TestSecurity,
        grant_id: u64,
    ) -> Join<'a> {
        Join {
            keys: &collective.keys,
            member: &member.keys,
            payer: self.payer.pubkey(),
            wallet: member.issuer_key(),
            grant_id,
        }
    }

    /// The first issuer of `member` joins, with grant number 0.
    ///
    /// # Panics
    /// If it is refused.
    pub fn join(&self, collective: &TestSecurity, member: &TestSecurity) -> Receipt {
        let join = self.join_instruction(collective, member, 0);
        self.send(&[join.instruction()], &[&member.issuer])
    }

    /// The rule.
    ///
    /// # Panics
    /// If the security is no collective.
    #[must_use]
    pub fn collective(&self, security: &TestSecurity) -> Collective {
        accounts::find_collective(&self.sender, &security.keys.security)
            .expect("a collective or nothing")
            .expect("a collective")
    }

    /// An application or membership.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn member(&self, collective: &TestSecurity, member: &TestSecurity) -> Member {
        accounts::get(&self.sender, &collective.keys.member(&member.keys.security)).expect("a member")
    }
}
