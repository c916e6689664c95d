//! Securities, their holders and their money.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    constants::NEVER_TS,
    instructions::security::CreateSecurityArgs,
    state::{Kind, Terms, TransferPolicy},
};
use upside_client::{
    instructions::{ApproveHolder, Claim, CreateSecurity, Distribute, TransferShares},
    transactions, Receipt, SecurityKeys,
};
use upside_lookalike_mints::balances::MintRef;

use crate::context::{TestContext, DAY, START_TS};

/// A security that a test has created.
#[derive(Debug)]
pub struct TestSecurity {
    /// Its fixed keys.
    pub keys: SecurityKeys,
    /// Its first issuer.
    pub issuer: Keypair,
    /// Its terms.
    pub terms: Terms,
    /// What it pays in.
    pub payout: MintRef,
}

impl TestSecurity {
    /// The first issuer's address.
    #[must_use]
    pub fn issuer_key(&self) -> Pubkey {
        self.issuer.pubkey()
    }
}

/// A security to be created. Defaults: an open person of 6 decimals, 10^12 atoms authorised, 9 * 10^11 of them issued to the issuer, a drip
/// and a notice of seven days, redemption never, money in the payout mint.
#[derive(Clone, Debug)]
pub struct SecurityBuilder<'a> {
    context: &'a TestContext,
    issuer: String,
    payout: MintRef,
    /// What `create_security` is given.
    pub args: CreateSecurityArgs,
}

impl std::fmt::Debug for TestContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestContext").finish_non_exhaustive()
    }
}

impl<'a> SecurityBuilder<'a> {
    /// Another kind and index.
    #[must_use]
    pub fn kind(mut self, kind: Kind, index: u16) -> Self {
        (self.args.kind, self.args.index) = (kind, index);
        self
    }

    /// Only approved holders receive; no bearer shares.
    #[must_use]
    pub fn curated(mut self) -> Self {
        self.args.terms.policy = TransferPolicy::Curated;
        self
    }

    /// Another drip, seconds.
    #[must_use]
    pub fn drip(mut self, seconds: i64) -> Self {
        self.args.terms.drip_seconds = seconds;
        self
    }

    /// Redemption open from that many seconds after [`START_TS`] on.
    #[must_use]
    pub fn redeemable(mut self, after_seconds: i64) -> Self {
        self.args.terms.redeem_after_ts = START_TS + after_seconds;
        self
    }

    /// Other supply: atoms authorised, and atoms issued at once to the issuer.
    #[must_use]
    pub fn supply(mut self, authorised_atoms: u64, initial_shares_atoms: u64) -> Self {
        self.args.terms.authorised_atoms = authorised_atoms;
        self.args.initial_shares_atoms = initial_shares_atoms;
        self
    }

    /// Other money.
    #[must_use]
    pub fn payout(mut self, payout: MintRef) -> Self {
        self.payout = payout;
        self
    }

    /// Any other change of what `create_security` is given.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut CreateSecurityArgs)) -> Self {
        change(&mut self.args);
        self
    }

    /// The instruction, for tests that change or refuse it.
    #[must_use]
    pub fn instruction(&self) -> CreateSecurity {
        CreateSecurity {
            payer: self.context.payer.pubkey(),
            issuer: self.context.key(&self.issuer),
            payout_mint: self.payout.mint,
            payout_token_program: self.payout.token_program,
            args: self.args.clone(),
        }
    }

    /// Creates it.
    ///
    /// # Panics
    /// If it is refused.
    #[must_use]
    pub fn create(&self) -> TestSecurity {
        self.create_with_receipt().0
    }

    /// Creates it and returns what the transaction did.
    ///
    /// # Panics
    /// If it is refused.
    #[must_use]
    pub fn create_with_receipt(&self) -> (TestSecurity, Receipt) {
        let issuer = self.context.wallet(&self.issuer);
        let creation = self.instruction();
        let receipt = self.context.send(&[creation.instruction()], &[&issuer]);
        (
            TestSecurity {
                keys: creation.keys(),
                issuer,
                terms: self.args.terms,
                payout: self.payout,
            },
            receipt,
        )
    }
}

impl TestContext {
    /// A security of the wallet with that label.
    #[must_use]
    pub fn security(&self, issuer: &str) -> SecurityBuilder<'_> {
        SecurityBuilder {
            context: self,
            issuer: issuer.to_owned(),
            payout: self.payout(),
            args: CreateSecurityArgs {
                kind: Kind::Person,
                index: 0,
                terms: Terms {
                    decimals: 6,
                    policy: TransferPolicy::Open,
                    authorised_atoms: 1_000_000_000_000,
                    drip_seconds: 7 * DAY,
                    notice_seconds: 7 * DAY,
                    redeem_after_ts: NEVER_TS,
                    agreement_sha256: [0; 32],
                },
                name: format!("{issuer}'s upside"),
                symbol: "UP".to_owned(),
                uri: format!("https://upside.invalid/{issuer}.json"),
                initial_shares_atoms: 900_000_000_000,
            },
        }
    }

    /// Sends the issuer's registered shares to a holder, approved first if the security is curated and they are not.
    pub fn give_shares(&self, security: &TestSecurity, to: &impl Signer, amount: u64) -> Receipt {
        let to = to.pubkey();
        if security.keys.curated && self.find_approval(security, &to).is_none() {
            self.approve(security, &to);
        }
        self.transfer_shares(security, &security.issuer, &to, amount)
    }

    /// Sends a holder's registered shares.
    pub fn transfer_shares(&self, security: &TestSecurity, from: &Keypair, to: &Pubkey, amount: u64) -> Receipt {
        self.send(
            &[TransferShares {
                keys: &security.keys,
                payer: self.payer.pubkey(),
                from: from.pubkey(),
                to: *to,
                amount,
            }
            .instruction()],
            &[from],
        )
    }

    /// Lets a holder receive curated shares.
    pub fn approve(&self, security: &TestSecurity, holder: &Pubkey) -> Receipt {
        self.send(
            &[ApproveHolder {
                keys: &security.keys,
                payer: self.payer.pubkey(),
                issuer: security.issuer_key(),
                holder: *holder,
            }
            .instruction()],
            &[&security.issuer],
        )
    }

    /// Turns a holder's registered shares into bearer ones in their associated token account.
    pub fn go_bearer(&self, security: &TestSecurity, holder: &Keypair, amount: u64) -> Receipt {
        self.send(
            &transactions::go_bearer(&security.keys, &self.payer.pubkey(), holder.pubkey(), amount),
            &[holder],
        )
    }

    /// Pays fresh money onto a security's stream, from the wallet `funder`.
    pub fn distribute(&self, security: &TestSecurity, atoms: u64) -> Receipt {
        let funder = self.wallet("funder");
        self.fund(&security.payout, &funder.pubkey(), atoms);
        self.send(
            &[Distribute::from_ata(&security.keys, funder.pubkey(), atoms).instruction()],
            &[&funder],
        )
    }

    /// A holder claims to their associated token account, made if missing. Returns the atoms that arrived.
    pub fn claim(&self, security: &TestSecurity, holder: &Keypair) -> u64 {
        let account = security.keys.payout_account(&holder.pubkey());
        let before = self.balance(&account);
        self.send(
            &transactions::claim_by_holder(&security.keys, &self.payer.pubkey(), holder.pubkey()),
            &[holder],
        );
        self.balance(&account) - before
    }

    /// Anyone claims for a holder, to the account stored in the position. Returns what the transaction did.
    pub fn crank(&self, security: &TestSecurity, holder: &Pubkey) -> Receipt {
        let position = self.position(security, holder);
        self.send(&[Claim::crank(&security.keys, &position).instruction()], &[])
    }
}
