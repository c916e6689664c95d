//! One security and everything that belongs to it.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Accrual, Asset, Collective, Flaw, Grant, GrantId, Holder, Refusal, Round, Ticket, TicketId, Wallet};

/// The least that may be authorised, share atoms.
const LEAST_AUTHORISED: u64 = 1_000_000;
/// Most vaults of a security.
const MOST_VAULTS: usize = 256;
/// Ten years of 365 days, seconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// The terms of a security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Decimals of a share.
    pub decimals: u8,
    /// Whether the issuer chooses who may receive.
    pub curated: bool,
    /// Most share atoms ever issued.
    pub authorised: u64,
    /// Seconds over which money drips.
    pub drip_seconds: i64,
    /// Seconds of notice.
    pub notice_seconds: i64,
    /// When redemption opens, unix seconds.
    pub redeem_after: i64,
}

/// What one holder has and is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Registered share atoms.
    pub shares: BigInt,
    /// What one share had earned when `accrued` was brought up to date.
    pub checkpoint: BigRational,
    /// Payout atoms owed.
    pub accrued: BigRational,
    /// Payout atoms paid.
    pub claimed: BigInt,
    /// The address that a claim by anyone pays to; `None` for the holder's associated token account.
    pub payout: Option<[u8; 32]>,
}

/// One backing asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Its number in the order of opening.
    pub index: usize,
    /// Asset atoms in it; of shares of another security, those in its position there.
    pub balance: BigInt,
    /// Asset atoms that deposits brought in.
    pub deposited: BigInt,
    /// Share atoms whose tickets have collected here, or were redeemed before it was opened.
    pub collected: BigInt,
    /// Asset atoms that tickets were paid.
    pub paid: BigInt,
    /// Asset atoms of them that arrived.
    pub arrived: BigInt,
}

/// Where a claim is to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// It is an unfrozen token account of the payout mint.
    pub can_receive: bool,
    /// The holder owns it.
    pub is_holders: bool,
    /// It is the one stored in the position.
    pub is_stored: bool,
    /// It is the payout vault itself.
    pub is_payout_vault: bool,
}

/// What a deposit meets outside the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Asset atoms in the source, which is unfrozen and the depositor's.
    pub source: u64,
    /// The vault's token account can receive.
    pub vault_open: bool,
    /// The mint is acceptable and its transfers are not stopped.
    pub mint_open: bool,
    /// Fee of a transfer, basis points rounded up.
    pub fee_bps: u16,
    /// Most asset atoms of one fee.
    pub fee_maximum: u64,
}

/// One security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Its terms at creation; `authorised` and `redeem_after` as they are now.
    pub terms: Terms,
    /// Its name, on the mint.
    pub name: String,
    /// Who may act for it.
    pub issuer: Wallet,
    /// Who may accept to become issuer.
    pub pending: Option<Wallet>,
    /// Share atoms ever issued.
    pub issued: BigInt,
    /// Share atoms promised by grants and rounds.
    pub reserved: BigInt,
    /// Share atoms ever redeemed.
    pub redeemed: BigInt,
    /// Registered share atoms.
    pub registered: BigInt,
    /// Stream and accumulator.
    pub accrual: Accrual,
    /// Payout atoms ever received.
    pub received: BigInt,
    /// Payout atoms ever paid.
    pub paid: BigInt,
    /// Payout atoms in the payout vault, donations included.
    pub payout_vault: BigInt,
    /// Payout atoms that wait in the inbox.
    pub inbox: BigInt,
    /// By holder.
    pub positions: BTreeMap<Holder, Position>,
    /// Bearer share atoms, by holder.
    pub bearer: BTreeMap<Holder, BigInt>,
    /// Who may receive curated shares.
    pub approved: BTreeSet<Wallet>,
    /// By asset.
    pub vaults: BTreeMap<Asset, Vault>,
    /// Those not closed.
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// Those not closed.
    pub grants: BTreeMap<GrantId, Grant>,
    /// All there ever were, by number.
    pub rounds: BTreeMap<u64, Round>,
    /// The rule by which others join, and who did.
    pub collective: Option<Collective>,
    /// The deliberate error, if any.
    pub flaw: Option<Flaw>,
}

/// How shares that move enter a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coming {
    /// They earn there from now on.
    New,
    /// A deliberate error: they bring what they earned since that position was settled.
    WithThePast,
}

pub(super) fn ensure(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(refusal)
    }
}

/// What arrives of a transfer of which the mint withholds a fee, rounded up.
pub(super) fn after_fee(amount: &BigInt, fee_bps: u16, fee_maximum: u64) -> BigInt {
    let fee = BigRational::new(amount * fee_bps, 10_000.into()).ceil().to_integer();
    amount - fee.min(fee_maximum.into())
}

impl Security {
    /// Creates a security with `initial` share atoms registered to its issuer.
    ///
    /// # Errors
    /// [`Refusal::Terms`], [`Refusal::AboveAuthorised`].
    pub fn create(
        terms: Terms,
        name: &str,
        issuer: Wallet,
        initial: u64,
        now: i64,
        flaw: Option<Flaw>,
    ) -> Result<Self, Refusal> {
        let least_drip = if terms.curated { 0 } else { 3_600 };
        ensure(
            terms.decimals <= 9
                && terms.authorised >= LEAST_AUTHORISED
                && (least_drip..=TEN_YEARS).contains(&terms.drip_seconds)
                && (86_400..=TEN_YEARS).contains(&terms.notice_seconds)
                && (1..=64).contains(&name.len()),
            Refusal::Terms,
        )?;
        ensure(initial <= terms.authorised, Refusal::AboveAuthorised)?;
        let mut security = Self {
            terms,
            name: name.to_owned(),
            issuer,
            pending: None,
            issued: initial.into(),
            reserved: BigInt::zero(),
            redeemed: BigInt::zero(),
            registered: initial.into(),
            accrual: Accrual::new(now),
            received: BigInt::zero(),
            paid: BigInt::zero(),
            payout_vault: BigInt::zero(),
            inbox: BigInt::zero(),
            positions: BTreeMap::new(),
            bearer: BTreeMap::new(),
            approved: BTreeSet::new(),
            vaults: BTreeMap::new(),
            tickets: BTreeMap::new(),
            grants: BTreeMap::new(),
            rounds: BTreeMap::new(),
            collective: None,
            flaw,
        };
        security.position(issuer).shares = initial.into();
        Ok(security)
    }

    /// Share atoms in existence.
    #[must_use]
    pub fn supply(&self) -> BigInt {
        self.bearer.values().sum::<BigInt>() + &self.registered
    }

    /// Share atoms issued or promised.
    #[must_use]
    pub fn promised(&self) -> BigInt {
        if self.flaw == Some(Flaw::RetirePromises) {
            self.issued.clone()
        } else {
            &self.issued + &self.reserved
        }
    }

    /// What a holder is owed at a time, payout atoms with their fraction; `None` when the clock is behind its checkpoint.
    #[must_use]
    pub fn owed(&self, holder: Holder, now: i64) -> Option<BigRational> {
        let Some(position) = self.positions.get(&holder) else {
            return Some(BigRational::zero());
        };
        let accrual = self.accrual_at(now);
        Some(accrual.earned(&position.shares, &position.checkpoint)? + &position.accrued)
    }

    /// The accrual settled to a time, not stored.
    #[must_use]
    pub fn accrual_at(&self, now: i64) -> Accrual {
        let earning = match self.flaw {
            Some(Flaw::AccrueToBearer) => self.supply(),
            Some(Flaw::TicketEarns) => {
                &self.registered + self.tickets.values().map(|ticket| &ticket.shares).sum::<BigInt>()
            }
            _ => self.registered.clone(),
        };
        self.accrual.at(now, &earning, self.flaw)
    }

    pub(super) fn settle(&mut self, now: i64) {
        self.accrual = self.accrual_at(now);
    }

    pub(super) fn position(&mut self, holder: Holder) -> &mut Position {
        self.positions.entry(holder).or_insert_with(|| Position {
            shares: BigInt::zero(),
            checkpoint: BigRational::zero(),
            accrued: BigRational::zero(),
            claimed: BigInt::zero(),
            payout: None,
        })
    }

    pub(super) fn settle_position(&mut self, holder: Holder, accrual: &Accrual) -> Result<&mut Position, Refusal> {
        let position = self.position(holder);
        position.accrued += accrual
            .earned(&position.shares, &position.checkpoint)
            .ok_or(Refusal::ClockBehindCheckpoint)?;
        position.checkpoint = accrual.per_share.clone();
        Ok(position)
    }

    pub(super) fn has_position(&self, holder: Holder) -> Result<(), Refusal> {
        ensure(self.positions.contains_key(&holder), Refusal::Missing)
    }

    pub(super) fn by_issuer(&self, wallet: Wallet) -> Result<(), Refusal> {
        ensure(wallet == self.issuer, Refusal::NotAllowed)
    }

    /// Issues new shares, registered, to the issuer, who must hold every share there is, with none promised to anybody.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn issue(&mut self, by: Wallet, amount: u64, now: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(amount > 0, Refusal::Nothing)?;
        let own = self.positions.get(&by).map(|p| p.shares.clone()).unwrap_or_default();
        ensure(
            own == self.supply() || self.flaw == Some(Flaw::IssueAnyTime),
            Refusal::OthersHoldShares,
        )?;
        ensure(
            self.reserved.is_zero() || self.flaw == Some(Flaw::IssueOverPromises),
            Refusal::OthersHoldShares,
        )?;
        ensure(
            &self.issued + &self.reserved + amount <= self.terms.authorised.into(),
            Refusal::AboveAuthorised,
        )?;
        self.settle(now);
        let accrual = self.accrual.clone();
        self.settle_position(by, &accrual)?.shares += amount;
        self.issued += amount;
        self.registered += amount;
        Ok(())
    }

    /// Gives up capacity for ever, leaving at least max(10^6, issued + reserved).
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn retire(&mut self, by: Wallet, amount: u64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(amount > 0, Refusal::Nothing)?;
        let least = if self.flaw == Some(Flaw::RetireTooMuch) {
            LEAST_AUTHORISED.into()
        } else {
            self.promised().max(LEAST_AUTHORISED.into())
        };
        let left = self
            .terms
            .authorised
            .checked_sub(amount)
            .ok_or(Refusal::BelowRetireBound)?;
        ensure(BigInt::from(left) >= least, Refusal::BelowRetireBound)?;
        self.terms.authorised = left;
        Ok(())
    }

    /// Turns bearer shares into registered ones. `bearer_usable`: the account exists, is the holder's, thawed and not guarded.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn register(&mut self, holder: Wallet, amount: u64, bearer_usable: bool, now: i64) -> Result<(), Refusal> {
        ensure(!self.terms.curated, Refusal::Policy)?;
        ensure(amount > 0, Refusal::Nothing)?;
        ensure(bearer_usable, Refusal::BadAccount)?;
        self.settle(now);
        let accrual = self.accrual.clone();
        let bearer = self.bearer.entry(holder).or_default();
        ensure(*bearer >= amount.into(), Refusal::NotEnough)?;
        *bearer -= amount;
        self.settle_position(holder, &accrual)?.shares += amount;
        self.registered += amount;
        Ok(())
    }

    /// Turns registered shares into bearer ones. `guarded`: the registered account forbids moves through programs.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn unregister(
        &mut self,
        holder: Wallet,
        amount: u64,
        bearer_usable: bool,
        guarded: bool,
        now: i64,
    ) -> Result<(), Refusal> {
        ensure(!self.terms.curated, Refusal::Policy)?;
        ensure(amount > 0, Refusal::Nothing)?;
        self.has_position(holder)?;
        ensure(bearer_usable && !guarded, Refusal::BadAccount)?;
        self.settle(now);
        let accrual = self.accrual.clone();
        let position = self.settle_position(holder, &accrual)?;
        ensure(position.shares >= amount.into(), Refusal::NotEnough)?;
        position.shares -= amount;
        self.registered -= amount;
        *self.bearer.entry(holder).or_default() += amount;
        if self.registered.is_zero() {
            self.accrual.pause();
        }
        Ok(())
    }

    /// Sends registered shares to somebody who may hold some. The security is not settled: its accumulator is computed. `guarded`: the
    /// sender's registered account forbids moves through programs.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn transfer(&mut self, from: Wallet, to: Holder, amount: u64, guarded: bool, now: i64) -> Result<(), Refusal> {
        ensure(from != to, Refusal::Same)?;
        ensure(
            !self.terms.curated || self.approved.contains(&to) || self.flaw == Some(Flaw::IgnoreApproval),
            Refusal::NotApproved,
        )?;
        let coming = if self.flaw == Some(Flaw::ReceiverEarnsThePast) {
            Coming::WithThePast
        } else {
            Coming::New
        };
        self.move_shares(from, to, &amount.into(), guarded, coming, now)
    }

    /// Moves registered shares from one holder to another, whoever they are.
    pub(super) fn move_shares(
        &mut self,
        from: Holder,
        to: Holder,
        amount: &BigInt,
        guarded: bool,
        coming: Coming,
        now: i64,
    ) -> Result<(), Refusal> {
        ensure(!amount.is_zero(), Refusal::Nothing)?;
        self.has_position(from)?;
        ensure(!guarded, Refusal::BadAccount)?;
        let accrual = self.accrual_at(now);
        let position = self.settle_position(from, &accrual)?;
        ensure(position.shares >= *amount, Refusal::NotEnough)?;
        position.shares -= amount;
        match coming {
            Coming::New => self.settle_position(to, &accrual)?.shares += amount,
            Coming::WithThePast => {
                self.position(to).shares += amount;
                self.settle_position(to, &accrual)?;
            }
        }
        Ok(())
    }

    /// Puts money on the stream, and what the inbox holds unless it is frozen. `source`: atoms that the funder can pay from.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn distribute(
        &mut self,
        amount: u64,
        source: Option<u64>,
        inbox_frozen: bool,
        now: i64,
    ) -> Result<(), Refusal> {
        if amount > 0 {
            ensure(source.is_some_and(|source| source >= amount), Refusal::BadAccount)?;
        }
        let swept = if inbox_frozen {
            BigInt::zero()
        } else {
            std::mem::take(&mut self.inbox)
        };
        let received = swept + amount;
        ensure(!received.is_zero(), Refusal::Nothing)?;
        self.settle(now);
        self.accrual.add(&received, self.terms.drip_seconds, self.flaw);
        self.received += &received;
        self.payout_vault += received;
        Ok(())
    }

    /// Pays a holder whole atoms; returns them. The security is not settled: its accumulator is computed.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn claim(&mut self, holder: Wallet, signed: bool, to: Destination, now: i64) -> Result<BigInt, Refusal> {
        self.has_position(holder)?;
        ensure(
            to.can_receive && !to.is_payout_vault && (signed || (to.is_stored && to.is_holders)),
            Refusal::BadAccount,
        )?;
        let accrual = self.accrual_at(now);
        let ceil = self.flaw == Some(Flaw::CeilPayout);
        let position = self.settle_position(holder, &accrual)?;
        let amount = if ceil {
            position.accrued.ceil()
        } else {
            position.accrued.floor()
        }
        .to_integer();
        ensure(!amount.is_zero(), Refusal::Nothing)?;
        position.accrued -= BigRational::from(amount.clone());
        position.claimed += &amount;
        ensure(self.payout_vault >= amount, Refusal::NotEnough)?;
        self.payout_vault -= &amount;
        self.paid += &amount;
        Ok(amount)
    }

    /// Closes an empty position; its fraction of an atom goes back to the remainder.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn close_position(&mut self, holder: Wallet, now: i64) -> Result<(), Refusal> {
        self.has_position(holder)?;
        self.settle(now);
        let accrual = self.accrual.clone();
        let position = self.settle_position(holder, &accrual)?;
        ensure(
            position.shares.is_zero() && position.accrued < BigRational::one(),
            Refusal::NotEmpty,
        )?;
        let fraction = position.accrued.clone();
        if self.flaw != Some(Flaw::KeepFraction) {
            self.accrual.remainder += fraction;
        }
        self.positions.remove(&holder);
        Ok(())
    }

    /// Stores where claims by anyone pay to. `usable`: an unfrozen account of the payout mint that the holder owns.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn set_payout_account(&mut self, holder: Wallet, to: Option<[u8; 32]>, usable: bool) -> Result<(), Refusal> {
        self.has_position(holder)?;
        ensure(usable, Refusal::BadAccount)?;
        self.position(holder).payout = to;
        Ok(())
    }

    /// Lets a holder receive curated shares.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn approve(&mut self, by: Wallet, holder: Wallet) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(self.terms.curated, Refusal::Policy)?;
        ensure(self.approved.insert(holder), Refusal::Exists)
    }

    /// Stops a holder from receiving.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn remove_approval(&mut self, by: Wallet, holder: Wallet) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(self.approved.remove(&holder), Refusal::Missing)
    }

    /// Names who may become issuer; nobody withdraws.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn propose(&mut self, by: Wallet, pending: Option<Wallet>) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(pending != Some(self.issuer), Refusal::Same)?;
        self.pending = pending;
        Ok(())
    }

    /// Becomes the issuer.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn accept(&mut self, by: Wallet) -> Result<(), Refusal> {
        ensure(self.pending == Some(by), Refusal::NotAllowed)?;
        self.issuer = by;
        self.pending = None;
        Ok(())
    }

    /// Changes the name on the mint.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn rename(&mut self, by: Wallet, name: &str) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure((1..=64).contains(&name.len()), Refusal::Terms)?;
        ensure(self.name != name, Refusal::Nothing)?;
        self.name = name.to_owned();
        Ok(())
    }

    /// Tells the holders something; nothing changes.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn post(&self, by: Wallet) -> Result<(), Refusal> {
        self.by_issuer(by)
    }

    /// Opens redemption earlier.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn advance_redemption(&mut self, by: Wallet, at: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(at < self.terms.redeem_after, Refusal::NotEarlier)?;
        self.terms.redeem_after = at;
        Ok(())
    }

    /// Opens a vault. `balance`: what lies at its address already. `acceptable`: the mint passes the policy.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn open_vault(&mut self, by: Wallet, asset: Asset, acceptable: bool, balance: u64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(!self.vaults.contains_key(&asset), Refusal::Exists)?;
        ensure(acceptable, Refusal::BadMint)?;
        ensure(self.vaults.len() < MOST_VAULTS, Refusal::TooManyVaults)?;
        let vault = Vault {
            index: self.vaults.len(),
            balance: balance.into(),
            deposited: BigInt::zero(),
            // Tickets of before have no part in it.
            collected: if self.flaw == Some(Flaw::LaterVaultFromZero) {
                BigInt::zero()
            } else {
                self.redeemed.clone()
            },
            paid: BigInt::zero(),
            arrived: BigInt::zero(),
        };
        self.vaults.insert(asset, vault);
        Ok(())
    }

    /// Puts equity into a vault: what arrives counts.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn deposit(&mut self, asset: Asset, amount: u64, meets: Deposit) -> Result<(), Refusal> {
        let vault = self.vaults.get_mut(&asset).ok_or(Refusal::Missing)?;
        ensure(amount > 0, Refusal::Nothing)?;
        ensure(meets.mint_open, Refusal::BadMint)?;
        ensure(meets.vault_open, Refusal::BadAccount)?;
        ensure(meets.source >= amount, Refusal::NotEnough)?;
        let arrived = if self.flaw == Some(Flaw::CountSent) {
            amount.into()
        } else {
            after_fee(&amount.into(), meets.fee_bps, meets.fee_maximum)
        };
        ensure(!arrived.is_zero(), Refusal::Nothing)?;
        vault.balance += &arrived;
        vault.deposited += arrived;
        Ok(())
    }
}
