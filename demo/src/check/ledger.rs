//! The books, kept from the written rules in exact fractions.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use upside_client::upside::constants::NEVER_TS;
use upside_lookalike_mints::{EquityMint, Extension};

use super::{
    worth::{Backed, Shared},
    AssetFigure, Backing, CollectiveFigure, Figure, Figures, GrantFigure, HolderFigure, MembershipFigure, RoundFigure,
    SecurityFigure, StakeFigure, SubscriptionFigure, Value, VaultFigure, WalletFigure,
};
use crate::{
    story::{AssetId, GrantId, PersonId, Purse, RoundId, SecurityId, Story},
    verb::{collective, grant, round, Moment},
};

fn whole(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

/// The accumulator keeps 64 binary places; what is below stays in the remainder.
fn to_64_places(value: &BigRational) -> BigRational {
    let scale = whole(BigInt::one() << 64u32);
    (value * &scale).floor() / scale
}

#[derive(Clone, Debug, Default)]
struct Line {
    total: BigRational,
    dripped: BigRational,
    start: i64,
    end: i64,
    last: i64,
    per_share: BigRational,
    remainder: BigRational,
}

#[derive(Clone, Debug, Default)]
struct Holder {
    shares: BigRational,
    opened: bool,
    bearer: BigRational,
    checkpoint: BigRational,
    accrued: BigRational,
    claimed: BigRational,
    savings: bool,
    approved: bool,
    events: u64,
    ticket: Option<Ticket>,
    /// Paid by positions that are closed.
    claimed_before: BigRational,
}

impl Holder {
    /// Brings it up to `per_share`, moves shares, counts the event.
    fn change(&mut self, change: &BigRational, per_share: &BigRational) {
        self.accrued += &self.shares * (per_share - &self.checkpoint);
        self.checkpoint = per_share.clone();
        self.shares += change;
        self.opened = true;
        self.events += 1;
    }
}

/// A vault's position in the security whose shares it holds.
#[derive(Clone, Debug, Default)]
struct Stake {
    position: Holder,
    deposited: BigRational,
    /// Shares of the holding security's tickets that have collected here, or were burnt before the vault was opened.
    collected: BigRational,
    /// Bearer shares that were sent to the vault.
    bearer: BigRational,
}

impl Stake {
    /// Money harvested, or earned when the accumulator shows `per_share`, in whole atoms.
    fn reached(&self, per_share: &BigRational) -> BigRational {
        let position = &self.position;
        let owed = &position.accrued + &position.shares * (per_share - &position.checkpoint);
        owed.floor() + &position.claimed
    }
}

/// An application, then a membership.
#[derive(Clone, Debug, Default)]
struct Membership {
    status: u8,
    gives: BigRational,
    receives: u64,
    expires: i64,
    events: u64,
}

/// An open ticket: shares burnt, and the vaults it can still collect from.
#[derive(Clone, Debug, Default)]
struct Ticket {
    shares: BigRational,
    left: BTreeSet<Backing>,
}

/// Shares promised to somebody.
#[derive(Clone, Debug)]
struct Promise {
    amount: BigRational,
    claimed: BigRational,
    start: i64,
    cliff: i64,
    end: i64,
    deadline: i64,
    approver: Option<PersonId>,
    revocable: bool,
    revoked: bool,
    approved: bool,
    events: u64,
}

impl Promise {
    /// Nothing before the cliff, then the elapsed part of the line in whole atoms, everything at its end. A milestone has nothing until it is
    /// approved; what was revoked has what it had.
    fn vested(&self, ts: i64) -> BigRational {
        if self.revoked {
            self.amount.clone()
        } else if (self.approver.is_some() && !self.approved) || ts < self.cliff {
            BigRational::zero()
        } else if ts >= self.end {
            self.amount.clone()
        } else {
            (&self.amount * whole(ts - self.start) / whole(self.end - self.start)).floor()
        }
    }
}

/// What became of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Decision {
    #[default]
    None,
    Sold,
    Failed,
    Cancelled,
}

/// What one investor wants, and has paid: always the cost of it.
#[derive(Clone, Debug, Default)]
struct Want {
    cap: BigRational,
    shares: BigRational,
    paid: BigRational,
}

/// Shares for sale.
#[derive(Clone, Debug)]
struct Sale {
    terms: round::Terms,
    opens: i64,
    decision: Decision,
    wants: BTreeMap<PersonId, Want>,
    /// Shares that all wanted when it was decided, or want now.
    wanted: BigRational,
    reserved: BigRational,
    money: BigRational,
    raised: BigRational,
    backed: BigRational,
    released: BigRational,
    events: u64,
}

impl Sale {
    /// What shares cost, in whole atoms, rounded up.
    fn cost(&self, shares: &BigRational, decimals: u8) -> BigRational {
        (shares * whole(self.terms.price) / whole(BigInt::from(10u8).pow(u32::from(decimals)))).ceil()
    }

    fn waiting(&self) -> usize {
        self.wants.values().filter(|want| !want.shares.is_zero()).count()
    }

    /// Sets what somebody wants and has paid; returns how much more money that is.
    fn change(&mut self, person: PersonId, shares: BigRational, decimals: u8) -> BigRational {
        let paid = self.cost(&shares, decimals);
        let invited = self.terms.invited;
        let most = whole(self.terms.for_sale);
        let want = self.wants.entry(person).or_default();
        if !invited {
            want.cap = most;
        }
        let more = &paid - &want.paid;
        self.wanted += &shares - &want.shares;
        (want.shares, want.paid) = (shares, paid);
        self.money += &more;
        self.events += 1;
        more
    }
}

#[derive(Clone, Debug, Default)]
struct Vault {
    open: bool,
    frozen: bool,
    balance: BigRational,
    /// Shares of tickets that have collected here, or were burnt before it was opened.
    collected: BigRational,
    deposited: BigRational,
}

impl Vault {
    /// Pays a ticket's part of what it holds, in whole atoms: it is divided among `all` but those who have collected here.
    fn pay(&mut self, shares: &BigRational, all: &BigRational) -> BigRational {
        let part = (&self.balance * shares / (all - &self.collected)).floor();
        self.balance -= &part;
        self.collected += shares;
        part
    }
}

/// The books of one security.
#[derive(Clone, Debug, Default)]
struct Book {
    drip: i64,
    created: bool,
    name: String,
    symbol: String,
    uri: String,
    issuer: Option<PersonId>,
    pending: Option<PersonId>,
    redeem_after: i64,
    authorised: BigRational,
    issued: BigRational,
    reserved: BigRational,
    supply: BigRational,
    registered: BigRational,
    redeemed: BigRational,
    received: BigRational,
    paid: BigRational,
    inbox: BigRational,
    open_vaults: u16,
    money: Vault,
    events: u64,
    line: Line,
    holders: BTreeMap<PersonId, Holder>,
    vaults: BTreeMap<AssetId, Vault>,
    /// Vaults of other securities with shares of this one.
    stakes: BTreeMap<SecurityId, Stake>,
}

#[derive(Clone, Debug, Default)]
struct Wallet {
    money: BigRational,
    savings: BigRational,
    equity: BTreeMap<AssetId, BigRational>,
}

#[derive(Clone, Debug, Default)]
struct Asset {
    paused: bool,
    with_issuer: BigRational,
}

/// Where something of value went, in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Money from somebody to a security.
    PaidIn(PersonId, SecurityId),
    /// Money from a security to somebody.
    PaidOut(SecurityId, PersonId),
    /// Money from a security to one that holds its shares.
    Harvested(SecurityId, SecurityId),
    /// Money from somebody into rounds, less what came back.
    Invested(PersonId, SecurityId),
    /// Money of rounds to the issuer.
    Financed(SecurityId, PersonId),
    /// An asset from somebody to a vault: what was sent, before any fee.
    Given(PersonId, SecurityId, AssetId),
    /// Shares of the first security from somebody to a vault of the second.
    GivenShares(SecurityId, PersonId, SecurityId),
    /// An asset from a vault back to its issuer.
    ClawedBack(SecurityId, AssetId),
    /// An asset from a vault to somebody who redeemed shares: what left, before any fee.
    Redeemed(SecurityId, PersonId, AssetId),
    /// Money from a vault to somebody who redeemed shares.
    RedeemedMoney(SecurityId, PersonId),
    /// Shares of the first security from a vault of the second to somebody who redeemed shares.
    RedeemedShares(SecurityId, SecurityId, PersonId),
}

/// The independent calculation: fed with what was done and when, it predicts every figure.
#[derive(Clone, Debug)]
pub struct Ledger<'a> {
    story: &'a Story,
    books: BTreeMap<SecurityId, Book>,
    promises: BTreeMap<GrantId, Promise>,
    sales: BTreeMap<RoundId, Sale>,
    rules: BTreeMap<SecurityId, collective::Rule>,
    /// By collective and member.
    memberships: BTreeMap<(SecurityId, SecurityId), Membership>,
    wallets: BTreeMap<PersonId, Wallet>,
    assets: BTreeMap<AssetId, Asset>,
    flows: BTreeMap<Flow, BigRational>,
}

impl Book {
    /// The stream at a time. Money drips in whole atoms; with nobody registered the line waits.
    fn line_at(&self, ts: i64) -> Line {
        let mut line = self.line.clone();
        let t = ts.max(line.last);
        if self.registered.is_zero() {
            let waited = t - line.last;
            line.start += waited;
            line.end += waited;
            line.last = t;
            return line;
        }
        let due = if t >= line.end {
            line.total.clone()
        } else {
            (&line.total * whole(t - line.start) / whole(line.end - line.start)).floor()
        };
        let emitted = &due - &line.dripped;
        // What a closed position left behind waits for the next emission.
        if !emitted.is_zero() {
            let pot = emitted + &line.remainder;
            let rise = to_64_places(&(&pot / &self.registered));
            line.remainder = pot - &rise * &self.registered;
            line.per_share += rise;
        }
        line.dripped = due;
        line.last = t;
        line
    }

    fn holder(&mut self, person: PersonId) -> &mut Holder {
        self.holders.entry(person).or_default()
    }

    /// Writes the security at `ts`.
    fn settle(&mut self, ts: i64) {
        self.line = self.line_at(ts);
    }

    /// Brings a position up to `per_share`, moves shares, counts the event.
    fn change(&mut self, person: PersonId, change: &BigRational, per_share: &BigRational) {
        self.holder(person).change(change, per_share);
    }

    /// Money joins the stream: what has not dripped yet and what is new flow together until the mean of their ends, weighted by money.
    fn add_to_stream(&mut self, added: &BigRational, ts: i64) {
        let mut line = self.line_at(ts);
        let waiting = &line.total - &line.dripped;
        let total = &waiting + added;
        let left = whole((line.end - line.last).max(0));
        let length = ((&waiting * left + added * whole(self.drip)) / &total)
            .floor()
            .to_integer();
        line.start = line.last;
        line.end = line.last + i64::try_from(length).unwrap_or(i64::MAX);
        line.total = total;
        line.dripped = BigRational::zero();
        self.line = line;
        self.received += added;
        self.events += 1;
    }

    /// Shares become registered or, if negative, stop being so. With the last one the stream stops.
    fn turn(&mut self, person: PersonId, change: &BigRational, ts: i64) {
        self.settle(ts);
        let per_share = self.line.per_share.clone();
        self.change(person, change, &per_share);
        self.turned(change);
    }

    /// The security has settled, and its registered shares have changed.
    fn turned(&mut self, change: &BigRational) {
        self.registered += change;
        self.events += 1;
        if self.registered.is_zero() {
            self.line.total = &self.line.total - &self.line.dripped;
            self.line.dripped = BigRational::zero();
            self.line.start = self.line.last;
        }
    }
}

/// What arrives of `amount` after the fee that a mint may withhold: rounded up, up to a most.
fn arrives(asset: &EquityMint, amount: &BigRational) -> BigRational {
    let fee = asset.extensions.iter().find_map(|extension| match extension {
        Extension::TransferFee { bps, maximum_atoms } => Some((*bps, *maximum_atoms)),
        _ => None,
    });
    let Some((bps, most)) = fee else {
        return amount.clone();
    };
    amount - (amount * whole(bps) / whole(10_000)).ceil().min(whole(most))
}

impl<'a> Ledger<'a> {
    /// The books before the first step.
    #[must_use]
    pub fn new(story: &'a Story) -> Self {
        let wallets = story.person_ids().map(|person| {
            let has = story.person(person);
            let mut equity: BTreeMap<AssetId, BigRational> =
                story.asset_ids().map(|asset| (asset, BigRational::zero())).collect();
            equity.extend(has.equity_atoms.iter().map(|(asset, atoms)| (*asset, whole(*atoms))));
            let wallet = Wallet {
                money: whole(has.money_atoms),
                savings: BigRational::zero(),
                equity,
            };
            (person, wallet)
        });
        let books = story.security_ids().map(|of| {
            let book = Book {
                drip: story.security(of).terms.drip_seconds,
                holders: story.person_ids().map(|person| (person, Holder::default())).collect(),
                vaults: story.asset_ids().map(|asset| (asset, Vault::default())).collect(),
                ..Book::default()
            };
            (of, book)
        });
        Self {
            story,
            books: books.collect(),
            promises: BTreeMap::new(),
            sales: BTreeMap::new(),
            rules: BTreeMap::new(),
            memberships: BTreeMap::new(),
            wallets: wallets.collect(),
            assets: story.asset_ids().map(|asset| (asset, Asset::default())).collect(),
            flows: BTreeMap::new(),
        }
    }

    /// The story whose books these are.
    #[must_use]
    pub fn story(&self) -> &'a Story {
        self.story
    }

    fn flow(&mut self, flow: Flow, amount: &BigRational) {
        *self.flows.entry(flow).or_default() += amount;
    }

    /// What went where until now.
    #[must_use]
    pub fn flows(&self) -> &BTreeMap<Flow, BigRational> {
        &self.flows
    }

    fn book(&mut self, of: SecurityId) -> &mut Book {
        self.books.entry(of).or_default()
    }

    fn wallet(&mut self, person: PersonId) -> &mut Wallet {
        self.wallets.entry(person).or_default()
    }

    fn vault(&mut self, of: SecurityId, asset: AssetId) -> &mut Vault {
        self.book(of).vaults.entry(asset).or_default()
    }

    /// A security begins with its initial shares registered to its issuer.
    pub fn create(&mut self, of: SecurityId, at: Moment) {
        let security = self.story.security(of);
        let book = self.book(of);
        let initial = whole(security.initial_atoms);
        book.created = true;
        book.name.clone_from(&security.name);
        book.symbol.clone_from(&security.symbol);
        book.uri.clone_from(&security.uri);
        book.issuer = Some(security.issuer);
        book.redeem_after = security
            .redeem_after_seconds
            .map_or(NEVER_TS, |seconds| at.asked_ts + seconds);
        book.authorised = whole(security.terms.authorised_atoms);
        (book.supply, book.issued, book.registered) = (initial.clone(), initial.clone(), initial.clone());
        (book.line.start, book.line.end, book.line.last) = (at.ts, at.ts, at.ts);
        book.events += 1;
        book.change(security.issuer, &initial, &BigRational::zero());
    }

    /// New shares, registered to the issuer.
    pub fn issue(&mut self, of: SecurityId, to: PersonId, shares: u64, at: Moment) {
        let (book, shares) = (self.book(of), whole(shares));
        book.turn(to, &shares, at.ts);
        book.issued += &shares;
        book.supply += &shares;
    }

    /// Capacity is given up.
    pub fn retire(&mut self, of: SecurityId, shares: u64) {
        let book = self.book(of);
        book.authorised -= whole(shares);
        book.events += 1;
    }

    /// Shares are reserved for somebody.
    pub fn promise(&mut self, id: GrantId, terms: &grant::Terms, at: Moment) {
        let start = at.asked_ts + terms.starts_in;
        let promise = Promise {
            amount: whole(terms.shares),
            claimed: BigRational::zero(),
            start,
            cliff: start + terms.cliff,
            end: start + terms.lasts,
            deadline: terms.milestone.map_or(0, |(_, deadline)| at.asked_ts + deadline),
            approver: terms.milestone.map(|(approver, _)| approver),
            revocable: terms.revocable,
            revoked: false,
            approved: false,
            events: 1,
        };
        self.promises.insert(id, promise);
        let book = self.book(id.of);
        book.reserved += whole(terms.shares);
        book.events += 1;
    }

    /// What has vested and was not claimed is newly issued, registered.
    pub fn claim_promise(&mut self, id: GrantId, at: Moment) {
        let Some(promise) = self.promises.get_mut(&id) else {
            return;
        };
        let shares = promise.vested(at.ts) - &promise.claimed;
        promise.claimed += &shares;
        promise.events += 1;
        let book = self.book(id.of);
        book.turn(id.recipient, &shares, at.ts);
        book.issued += &shares;
        book.supply += &shares;
        book.reserved -= &shares;
    }

    /// The schedule of a milestone applies.
    pub fn approve_promise(&mut self, id: GrantId) {
        if let Some(promise) = self.promises.get_mut(&id) {
            promise.approved = true;
            promise.events += 1;
        }
    }

    /// What has not vested is no longer reserved.
    pub fn revoke_promise(&mut self, id: GrantId, at: Moment) {
        let Some(promise) = self.promises.get_mut(&id) else {
            return;
        };
        let vested = promise.vested(at.ts);
        let freed = &promise.amount - &vested;
        (promise.amount, promise.revoked) = (vested, true);
        promise.events += 1;
        let book = self.book(id.of);
        book.reserved -= freed;
        book.events += 1;
    }

    /// A grant that is over goes, and what it never issued is no longer reserved.
    pub fn close_promise(&mut self, id: GrantId) {
        let Some(promise) = self.promises.remove(&id) else {
            return;
        };
        let book = self.book(id.of);
        book.reserved -= promise.amount - promise.claimed;
        book.events += 1;
    }

    /// Shares are reserved for a sale.
    pub fn announce(&mut self, id: RoundId, terms: &round::Terms, at: Moment) {
        let sale = Sale {
            terms: *terms,
            opens: at.asked_ts + terms.opens_in,
            decision: Decision::None,
            wants: BTreeMap::new(),
            wanted: BigRational::zero(),
            reserved: whole(terms.for_sale),
            money: BigRational::zero(),
            raised: BigRational::zero(),
            backed: BigRational::zero(),
            released: BigRational::zero(),
            events: 1,
        };
        self.sales.insert(id, sale);
        let book = self.book(id.of);
        book.reserved += whole(terms.for_sale);
        book.events += 1;
    }

    /// A vault for money.
    pub fn open_money_vault(&mut self, of: SecurityId) {
        let book = self.book(of);
        // Tickets of before do not reach it.
        book.money.collected = book.redeemed.clone();
        book.money.open = true;
        book.open_vaults += 1;
        book.events += 1;
    }

    /// Somebody may subscribe, up to a cap.
    pub fn invite(&mut self, id: RoundId, person: PersonId, cap: u64) {
        if let Some(sale) = self.sales.get_mut(&id) {
            let want = Want {
                cap: whole(cap),
                ..Want::default()
            };
            sale.wants.insert(person, want);
            sale.events += 1;
        }
    }

    /// Somebody may no longer.
    pub fn uninvite(&mut self, id: RoundId, person: PersonId) {
        if let Some(sale) = self.sales.get_mut(&id) {
            sale.wants.remove(&person);
            sale.events += 1;
        }
    }

    /// Somebody wants shares, in all, and pays the difference or gets it back.
    pub fn subscribe(&mut self, id: RoundId, person: PersonId, shares: u64) {
        let decimals = self.story.security(id.of).terms.decimals;
        let Some(sale) = self.sales.get_mut(&id) else {
            return;
        };
        let more = sale.change(person, whole(shares), decimals);
        self.invest(id, person, &more);
    }

    /// Somebody wants nothing any more; an invitation stays.
    pub fn withdraw(&mut self, id: RoundId, person: PersonId) {
        let decimals = self.story.security(id.of).terms.decimals;
        let Some(sale) = self.sales.get_mut(&id) else {
            return;
        };
        let back = sale.change(person, BigRational::zero(), decimals);
        if !sale.terms.invited {
            sale.wants.remove(&person);
        }
        self.invest(id, person, &back);
    }

    /// Money goes from somebody into a round; negative money comes back.
    fn invest(&mut self, id: RoundId, person: PersonId, money: &BigRational) {
        self.wallet(person).money -= money;
        self.flow(Flow::Invested(person, id.of), money);
    }

    /// Nothing is sold.
    pub fn cancel_round(&mut self, id: RoundId) {
        self.decide(id, Decision::Cancelled, BigRational::zero());
    }

    /// As much is sold as is wanted and for sale; less than the minimum, or nothing, is a failure.
    pub fn close_round(&mut self, id: RoundId) {
        let Some(sale) = self.sales.get(&id) else {
            return;
        };
        let sold = sale.wanted.clone().min(whole(sale.terms.for_sale));
        if sold.is_zero() || sold < whole(sale.terms.minimum) {
            self.decide(id, Decision::Failed, BigRational::zero());
        } else {
            self.decide(id, Decision::Sold, sold);
        }
    }

    fn decide(&mut self, id: RoundId, decision: Decision, sold: BigRational) {
        let Some(sale) = self.sales.get_mut(&id) else {
            return;
        };
        sale.decision = decision;
        sale.events += 1;
        let freed = &sale.reserved - &sold;
        sale.reserved = sold;
        let book = self.book(id.of);
        book.reserved -= freed;
        book.events += 1;
    }

    /// Somebody gets their part, newly issued and registered, and the rest of their money. When nobody is left, what rounding left is no longer
    /// reserved.
    pub fn settle_subscription(&mut self, id: RoundId, person: PersonId, at: Moment) {
        let decimals = self.story.security(id.of).terms.decimals;
        let Some(sale) = self.sales.get_mut(&id) else {
            return;
        };
        let Some(want) = sale.wants.remove(&person) else {
            return;
        };
        let for_sale = whole(sale.terms.for_sale);
        let shares = if sale.decision != Decision::Sold {
            BigRational::zero()
        } else if sale.wanted <= for_sale {
            want.shares.clone()
        } else {
            (&want.shares * for_sale / &sale.wanted).floor()
        };
        let cost = sale.cost(&shares, decimals);
        let back = &want.paid - &cost;
        sale.raised += &cost;
        sale.money -= &back;
        sale.reserved -= &shares;
        sale.events += 1;
        let mut freed = shares.clone();
        if sale.waiting() == 0 {
            freed += std::mem::take(&mut sale.reserved);
        }
        let book = self.book(id.of);
        book.reserved -= freed;
        if shares.is_zero() {
            book.events += 1;
        } else {
            book.turn(person, &shares, at.ts);
            book.issued += &shares;
            book.supply += &shares;
        }
        self.invest(id, person, &-back);
    }

    /// What is due by time reaches the vault and the issuer, each in whole atoms of its own part.
    pub fn release_runway(&mut self, id: RoundId, issuer: PersonId, at: Moment) {
        let Some(sale) = self.sales.get_mut(&id) else {
            return;
        };
        let elapsed = at.ts - (sale.opens + sale.terms.closes);
        let passed = if elapsed >= sale.terms.runway {
            BigRational::one()
        } else {
            whole(elapsed) / whole(sale.terms.runway)
        };
        let backing = (&sale.raised * whole(sale.terms.backing_bps) / whole(10_000)).floor();
        let rest = &sale.raised - &backing;
        let to_vault = (backing * &passed).floor() - &sale.backed;
        let to_issuer = (rest * passed).floor() - &sale.released;
        sale.backed += &to_vault;
        sale.released += &to_issuer;
        sale.money -= &to_vault + &to_issuer;
        sale.events += 1;
        self.book(id.of).money.balance += &to_vault;
        self.wallet(issuer).money += &to_issuer;
        self.flow(Flow::Financed(id.of, issuer), &to_issuer);
    }

    /// Redemption opens earlier.
    pub fn advance_redemption(&mut self, of: SecurityId, ts: i64) {
        let book = self.book(of);
        book.redeem_after = ts;
        book.events += 1;
    }

    /// Somebody may accept to become the issuer.
    pub fn propose_issuer(&mut self, of: SecurityId, person: PersonId) {
        let book = self.book(of);
        book.pending = Some(person);
        book.events += 1;
    }

    /// Somebody has become the issuer.
    pub fn accept_issuer(&mut self, of: SecurityId, person: PersonId) {
        let book = self.book(of);
        (book.issuer, book.pending) = (Some(person), None);
        book.events += 1;
    }

    /// Texts change; what is `None` stays.
    pub fn update_metadata(&mut self, of: SecurityId, name: Option<&str>, symbol: Option<&str>, uri: Option<&str>) {
        let book = self.book(of);
        for (text, new) in [(&mut book.name, name), (&mut book.symbol, symbol), (&mut book.uri, uri)] {
            if let Some(new) = new {
                new.clone_into(text);
            }
        }
        book.events += 1;
    }

    /// The issuer has spoken: nothing but the count of events changes.
    pub fn post_update(&mut self, of: SecurityId) {
        self.book(of).events += 1;
    }

    /// Somebody may receive curated shares, or no longer.
    pub fn approve(&mut self, of: SecurityId, holder: PersonId, approved: bool) {
        let book = self.book(of);
        book.holder(holder).approved = approved;
        book.events += 1;
    }

    /// Registered shares change hands; the security is not written.
    pub fn send(&mut self, of: SecurityId, from: PersonId, to: PersonId, shares: u64, at: Moment) {
        let (book, shares) = (self.book(of), whole(shares));
        let per_share = book.line_at(at.ts).per_share;
        book.change(from, &-shares.clone(), &per_share);
        book.change(to, &shares, &per_share);
    }

    /// Bearer shares become registered.
    pub fn register(&mut self, of: SecurityId, holder: PersonId, shares: u64, at: Moment) {
        let (book, shares) = (self.book(of), whole(shares));
        book.turn(holder, &shares, at.ts);
        book.holder(holder).bearer -= shares;
    }

    /// Registered shares become bearer shares.
    pub fn unregister(&mut self, of: SecurityId, holder: PersonId, shares: u64, at: Moment) {
        let (book, shares) = (self.book(of), whole(shares));
        book.turn(holder, &-shares.clone(), at.ts);
        book.holder(holder).bearer += shares;
    }

    /// Bearer shares change hands.
    pub fn send_bearer(&mut self, of: SecurityId, from: PersonId, to: PersonId, shares: u64) {
        let (book, shares) = (self.book(of), whole(shares));
        book.holder(from).bearer -= &shares;
        book.holder(to).bearer += shares;
    }

    /// Bearer shares are destroyed; what was issued stays issued.
    pub fn burn_bearer(&mut self, of: SecurityId, holder: PersonId, shares: u64) {
        let (book, shares) = (self.book(of), whole(shares));
        book.holder(holder).bearer -= &shares;
        book.supply -= shares;
    }

    /// Claims by anyone pay to another account.
    pub fn set_payout_account(&mut self, of: SecurityId, holder: PersonId, purse: Purse) {
        let holder = self.book(of).holder(holder);
        holder.savings = purse == Purse::Savings;
        holder.events += 1;
    }

    /// An empty position goes; what it is owed, less than an atom, is shared out with the next emission.
    pub fn close_position(&mut self, of: SecurityId, holder: PersonId, at: Moment) {
        let book = self.book(of);
        book.settle(at.ts);
        book.events += 1;
        let before = std::mem::take(book.holder(holder));
        book.line.remainder += &before.accrued;
        *book.holder(holder) = Holder {
            bearer: before.bearer,
            approved: before.approved,
            ticket: before.ticket,
            claimed_before: before.claimed_before + before.claimed,
            ..Holder::default()
        };
    }

    /// A vault for shares of another security.
    pub fn open_share_vault(&mut self, of: SecurityId, held: SecurityId) {
        let collected = self.book(of).redeemed.clone();
        self.book(held).stakes.entry(of).or_default().collected = collected;
        let book = self.book(of);
        book.open_vaults += 1;
        book.events += 1;
    }

    /// Registered shares of `held` go into the vault of `of`; neither security is written.
    pub fn deposit_shares(&mut self, of: SecurityId, held: SecurityId, from: PersonId, shares: u64, at: Moment) {
        let shares = whole(shares);
        let book = self.book(held);
        let per_share = book.line_at(at.ts).per_share;
        book.change(from, &-shares.clone(), &per_share);
        let stake = book.stakes.entry(of).or_default();
        stake.position.change(&shares, &per_share);
        stake.deposited += &shares;
        self.flow(Flow::GivenShares(held, from, of), &shares);
    }

    /// Bearer shares are sent to a vault without the program's knowing.
    pub fn donate_shares(&mut self, of: SecurityId, held: SecurityId, from: PersonId, shares: u64) {
        let shares = whole(shares);
        let book = self.book(held);
        book.holder(from).bearer -= &shares;
        book.stakes.entry(of).or_default().bearer += &shares;
        self.flow(Flow::GivenShares(held, from, of), &shares);
    }

    /// They become registered, all of them.
    pub fn register_vault_bearer(&mut self, of: SecurityId, held: SecurityId, at: Moment) {
        let book = self.book(held);
        book.settle(at.ts);
        let per_share = book.line.per_share.clone();
        let stake = book.stakes.entry(of).or_default();
        let shares = std::mem::take(&mut stake.bearer);
        stake.position.change(&shares, &per_share);
        stake.deposited += &shares;
        book.turned(&shares);
    }

    /// What a vault's shares have earned, rounded down, goes onto the stream of the security whose vault it is.
    pub fn harvest(&mut self, of: SecurityId, held: SecurityId, at: Moment) {
        let book = self.book(held);
        let per_share = book.line_at(at.ts).per_share;
        let stake = &mut book.stakes.entry(of).or_default().position;
        stake.change(&BigRational::zero(), &per_share);
        let payment = stake.accrued.floor();
        stake.accrued -= &payment;
        stake.claimed += &payment;
        book.paid += &payment;
        self.book(of).add_to_stream(&payment, at.ts);
        self.flow(Flow::Harvested(held, of), &payment);
    }

    /// Others may join, all on the same terms; the security is not written.
    pub fn create_collective(&mut self, of: SecurityId, rule: collective::Rule) {
        self.rules.insert(of, rule);
    }

    /// A security applies: it would give its part of what it may issue, rounded up.
    pub fn apply(&mut self, of: SecurityId, member: SecurityId) {
        let Some(rule) = self.rules.get(&of).copied() else {
            return;
        };
        let gives = (&self.book(member).authorised * whole(rule.gives_bps) / whole(10_000)).ceil();
        let membership = Membership {
            status: 1,
            gives,
            receives: rule.receives,
            expires: 0,
            events: 1,
        };
        self.memberships.insert((of, member), membership);
    }

    /// Consent is given until a time.
    pub fn admit(&mut self, of: SecurityId, member: SecurityId, expires: i64) {
        if let Some(membership) = self.memberships.get_mut(&(of, member)) {
            (membership.status, membership.expires) = (2, expires);
            membership.events += 1;
        }
    }

    /// A member gives its part to a vault that is opened unless there is one, and is promised its shares from now on.
    pub fn join(&mut self, id: GrantId, member: SecurityId, at: Moment) {
        let rule = self.rules.get(&id.of).copied();
        let (Some(rule), Some(membership)) = (rule, self.memberships.get_mut(&(id.of, member))) else {
            return;
        };
        (membership.status, membership.expires) = (3, 0);
        membership.events += 1;
        let gives: u64 = membership.gives.to_integer().try_into().unwrap_or(u64::MAX);
        if !self.book(member).stakes.contains_key(&id.of) {
            self.open_share_vault(id.of, member);
        }
        self.deposit_shares(id.of, member, id.recipient, gives, at);
        let promise = Promise {
            amount: whole(rule.receives),
            claimed: BigRational::zero(),
            start: at.ts,
            cliff: at.ts + rule.cliff,
            end: at.ts + rule.lasts,
            deadline: 0,
            approver: None,
            revocable: false,
            revoked: false,
            approved: false,
            events: 1,
        };
        self.promises.insert(id, promise);
        let book = self.book(id.of);
        book.reserved += whole(rule.receives);
        book.events += 1;
    }

    fn layer_figures(&self, figures: &mut Figures) {
        for of in self.story.security_ids() {
            let joined = self
                .memberships
                .iter()
                .filter(|((upper, _), membership)| *upper == of && membership.status == 3);
            let (members, rule) = (joined.count(), self.rules.get(&of));
            let exists = usize::from(rule.is_some());
            use CollectiveFigure as C;
            figures.extend(
                [
                    (C::Gives, whole(rule.map_or(0, |rule| rule.gives_bps))),
                    (C::Receives, whole(rule.map_or(0, |rule| rule.receives))),
                    (C::Members, whole(members)),
                    (C::Events, whole(exists + members)),
                ]
                .map(|(figure, value)| (Figure::Collective(of, figure), Value::Number(value))),
            );
            for other in self.story.security_ids().filter(|other| *other != of) {
                use MembershipFigure as M;
                use StakeFigure as S;
                let stake = self.books.get(&other).and_then(|book| book.stakes.get(&of));
                let stake = stake.cloned().unwrap_or_default();
                figures.extend(
                    [
                        (S::Shares, stake.position.shares.clone()),
                        (S::RegisteredAccount, stake.position.shares),
                        (S::Checkpoint, stake.position.checkpoint),
                        (S::Accrued, stake.position.accrued),
                        (S::Harvested, stake.position.claimed),
                        (S::Deposited, stake.deposited),
                        (S::Collected, stake.collected),
                        (S::Bearer, stake.bearer),
                        (S::Events, whole(stake.position.events)),
                    ]
                    .map(|(figure, value)| (Figure::Stake(of, other, figure), Value::Number(value))),
                );
                let membership = self.memberships.get(&(of, other)).cloned().unwrap_or_default();
                figures.extend(
                    [
                        (M::Status, whole(membership.status)),
                        (M::Gives, membership.gives),
                        (M::Receives, whole(membership.receives)),
                        (M::Expires, whole(membership.expires)),
                        (M::Events, whole(membership.events)),
                    ]
                    .map(|(figure, value)| (Figure::Membership(of, other, figure), Value::Number(value))),
                );
            }
        }
    }

    /// Money goes on the stream, and what lies in the inbox with it.
    pub fn distribute(&mut self, of: SecurityId, from: PersonId, amount: u64, at: Moment) {
        let amount = whole(amount);
        let book = self.book(of);
        let added = &amount + std::mem::take(&mut book.inbox);
        book.add_to_stream(&added, at.ts);
        self.wallet(from).money -= &amount;
        self.flow(Flow::PaidIn(from, of), &amount);
    }

    /// Money lies in the inbox.
    pub fn send_to_inbox(&mut self, of: SecurityId, from: PersonId, amount: u64) {
        let amount = whole(amount);
        self.book(of).inbox += &amount;
        self.wallet(from).money -= &amount;
        self.flow(Flow::PaidIn(from, of), &amount);
    }

    /// A holder is paid what they are owed, rounded down; the security is not written.
    pub fn claim(&mut self, of: SecurityId, person: PersonId, at: Moment) {
        let book = self.book(of);
        let per_share = book.line_at(at.ts).per_share;
        book.change(person, &BigRational::zero(), &per_share);
        let holder = book.holder(person);
        let payment = holder.accrued.floor();
        holder.accrued -= &payment;
        holder.claimed += &payment;
        let savings = holder.savings;
        book.paid += &payment;
        let wallet = self.wallet(person);
        *(if savings {
            &mut wallet.savings
        } else {
            &mut wallet.money
        }) += &payment;
        self.flow(Flow::PaidOut(of, person), &payment);
    }

    /// A vault for an asset; the accounts of some assets are born frozen.
    pub fn open_vault(&mut self, of: SecurityId, asset: AssetId) {
        let frozen = self.story.asset(asset).frozen_by_default();
        let book = self.book(of);
        // Tickets of before do not reach it.
        let collected = book.redeemed.clone();
        let vault = book.vaults.entry(asset).or_default();
        (vault.open, vault.frozen, vault.collected) = (true, frozen, collected);
        book.open_vaults += 1;
        book.events += 1;
    }

    /// An asset enters its vault and is counted.
    pub fn deposit(&mut self, of: SecurityId, from: PersonId, asset: AssetId, amount: u64) {
        let arrived = arrives(self.story.asset(asset), &whole(amount));
        self.vault(of, asset).deposited += arrived;
        self.donate(of, from, asset, amount);
    }

    /// An asset enters its vault without the program's knowing.
    pub fn donate(&mut self, of: SecurityId, from: PersonId, asset: AssetId, amount: u64) {
        let amount = whole(amount);
        let arrived = arrives(self.story.asset(asset), &amount);
        self.vault(of, asset).balance += arrived;
        *self.wallet(from).equity.entry(asset).or_default() -= &amount;
        self.flow(Flow::Given(from, of, asset), &amount);
    }

    /// Registered shares are burnt for a ticket that reaches every vault of now.
    pub fn redeem(&mut self, of: SecurityId, person: PersonId, shares: u64, at: Moment) {
        let (book, shares) = (self.book(of), whole(shares));
        book.turn(person, &-shares.clone(), at.ts);
        book.supply -= &shares;
        book.redeemed += &shares;
        let book = &*book;
        let assets = book.vaults.iter().filter(|(_, vault)| vault.open);
        let mut left: BTreeSet<Backing> = assets.map(|(asset, _)| Backing::Asset(*asset)).collect();
        left.extend(book.money.open.then_some(Backing::Money));
        let others = self.books.iter().filter(|(_, other)| other.stakes.contains_key(&of));
        left.extend(others.map(|(held, _)| Backing::Shares(*held)));
        self.book(of).holder(person).ticket = Some(Ticket { shares, left });
    }

    /// Marks a vault as collected by somebody's ticket. Returns the ticket's shares, and all that a vault is divided among while nobody has
    /// collected from it: the shares that exist, those that may still be issued, and those on tickets.
    fn tear_off(&mut self, of: SecurityId, person: PersonId, from: Backing) -> Option<(BigRational, BigRational)> {
        let book = self.book(of);
        let ticket = book.holder(person).ticket.as_mut()?;
        ticket.left.remove(&from);
        let shares = ticket.shares.clone();
        let may_come = &book.authorised - &book.issued;
        Some((shares, &book.supply + may_come + &book.redeemed))
    }

    /// A ticket takes its part of one vault, in whole atoms.
    pub fn collect(&mut self, of: SecurityId, person: PersonId, asset: AssetId) {
        let Some((shares, all)) = self.tear_off(of, person, Backing::Asset(asset)) else {
            return;
        };
        let part = self.vault(of, asset).pay(&shares, &all);
        let arrived = arrives(self.story.asset(asset), &part);
        *self.wallet(person).equity.entry(asset).or_default() += arrived;
        self.flow(Flow::Redeemed(of, person, asset), &part);
    }

    /// A ticket takes its part of the vault for money.
    pub fn collect_money(&mut self, of: SecurityId, person: PersonId) {
        let Some((shares, all)) = self.tear_off(of, person, Backing::Money) else {
            return;
        };
        let part = self.book(of).money.pay(&shares, &all);
        self.wallet(person).money += &part;
        self.flow(Flow::RedeemedMoney(of, person), &part);
    }

    /// A ticket takes its part of a vault with shares, which arrive registered; both positions are settled if there is anything to take.
    pub fn collect_shares(&mut self, of: SecurityId, held: SecurityId, person: PersonId, at: Moment) {
        let Some((shares, all)) = self.tear_off(of, person, Backing::Shares(held)) else {
            return;
        };
        let book = self.book(held);
        let per_share = book.line_at(at.ts).per_share;
        let stake = book.stakes.entry(of).or_default();
        let part = (&stake.position.shares * &shares / (all - &stake.collected)).floor();
        stake.collected += &shares;
        if part.is_zero() {
            return;
        }
        stake.position.change(&-part.clone(), &per_share);
        book.change(person, &part, &per_share);
        self.flow(Flow::RedeemedShares(held, of, person), &part);
    }

    /// A ticket that has collected everything goes.
    pub fn close_redemption(&mut self, of: SecurityId, person: PersonId) {
        self.book(of).holder(person).ticket = None;
    }

    /// An asset stops moving, or moves again.
    pub fn pause(&mut self, asset: AssetId, paused: bool) {
        self.assets.entry(asset).or_default().paused = paused;
    }

    /// A vault's token account is frozen or thawed by the asset's issuer.
    pub fn freeze(&mut self, of: SecurityId, asset: AssetId, frozen: bool) {
        self.vault(of, asset).frozen = frozen;
    }

    /// An asset's issuer takes some of it out of a vault.
    pub fn claw_back(&mut self, of: SecurityId, asset: AssetId, amount: u64) {
        let amount = whole(amount);
        let arrived = arrives(self.story.asset(asset), &amount);
        self.vault(of, asset).balance -= &amount;
        self.assets.entry(asset).or_default().with_issuer += arrived;
        self.flow(Flow::ClawedBack(of, asset), &amount);
    }

    /// What a claim at the unix time `ts` would pay, payout atoms.
    #[must_use]
    pub fn claimable(&self, of: SecurityId, person: PersonId, ts: i64) -> BigRational {
        let Some((book, holder)) = self
            .books
            .get(&of)
            .and_then(|book| Some((book, book.holders.get(&person)?)))
        else {
            return BigRational::zero();
        };
        let per_share = book.line_at(ts).per_share;
        (&holder.accrued + &holder.shares * (per_share - &holder.checkpoint)).floor()
    }

    /// Money of a security that has reached vaults of others: harvested, or earned at the unix time `ts`; payout atoms.
    #[must_use]
    pub fn reached_vaults(&self, of: SecurityId, ts: i64) -> BigRational {
        let Some(book) = self.books.get(&of) else {
            return BigRational::zero();
        };
        let per_share = book.line_at(ts).per_share;
        book.stakes.values().map(|stake| stake.reached(&per_share)).sum()
    }

    /// Of that, what has reached the vault of `upper`.
    #[must_use]
    pub fn reached_vault(&self, upper: SecurityId, of: SecurityId, ts: i64) -> BigRational {
        let book = self.books.get(&of);
        let found = book.and_then(|book| Some((book, book.stakes.get(&upper)?)));
        found.map_or_else(BigRational::zero, |(book, stake)| {
            stake.reached(&book.line_at(ts).per_share)
        })
    }

    /// Who has a part of what, for the independent valuation: every security that was created.
    #[must_use]
    pub fn shared(&self) -> BTreeMap<SecurityId, Shared> {
        let created = self.books.iter().filter(|(_, book)| book.created);
        created.map(|(of, book)| (*of, self.shared_by(*of, book))).collect()
    }

    fn shared_by(&self, of: SecurityId, book: &Book) -> Shared {
        let backed = |by, vault: &Vault| Backed {
            by,
            amount: vault.balance.clone(),
            collected: vault.collected.clone(),
        };
        let assets = book.vaults.iter().filter(|(_, vault)| vault.open);
        let mut vaults: Vec<Backed> = assets
            .map(|(asset, vault)| backed(Backing::Asset(*asset), vault))
            .collect();
        vaults.extend(book.money.open.then(|| backed(Backing::Money, &book.money)));
        vaults.extend(self.books.iter().filter_map(|(held, other)| {
            let stake = other.stakes.get(&of)?;
            Some(Backed {
                by: Backing::Shares(*held),
                amount: stake.position.shares.clone(),
                collected: stake.collected.clone(),
            })
        }));
        let held: BigRational = book.stakes.values().map(|stake| &stake.position.shares).sum();
        Shared {
            live: book.supply.clone(),
            outside: &book.supply - held,
            may_come: &book.authorised - &book.issued,
            redeemed: book.redeemed.clone(),
            people: book
                .holders
                .iter()
                .map(|(person, holder)| (*person, &holder.shares + &holder.bearer))
                .collect(),
            vaults,
        }
    }

    /// Whether a security has a vault for an asset.
    #[must_use]
    pub fn has_vault(&self, of: SecurityId, asset: AssetId) -> bool {
        let vault = self.books.get(&of).and_then(|book| book.vaults.get(&asset));
        vault.is_some_and(|vault| vault.open)
    }

    /// Whether a security has a vault for shares of another.
    #[must_use]
    pub fn has_share_vault(&self, of: SecurityId, held: SecurityId) -> bool {
        self.books.get(&held).is_some_and(|book| book.stakes.contains_key(&of))
    }

    /// Payout atoms ever paid to somebody, by closed positions too.
    #[must_use]
    pub fn paid(&self, of: SecurityId, person: PersonId) -> BigRational {
        let holder = self.books.get(&of).and_then(|book| book.holders.get(&person));
        holder.map_or_else(BigRational::zero, |holder| &holder.claimed + &holder.claimed_before)
    }

    fn round_figures(&self, id: RoundId, figures: &mut Figures) {
        use RoundFigure as R;
        use SubscriptionFigure as S;
        let sale = self.sales.get(&id);
        let read = |field: fn(&Sale) -> BigRational| Value::Number(sale.map_or_else(BigRational::zero, field));
        figures.extend(
            [
                (R::Status, read(|s| whole(s.decision as u8))),
                (R::Invited, read(|s| whole(u8::from(s.terms.invited)))),
                (R::ForSale, read(|s| whole(s.terms.for_sale))),
                (R::Minimum, read(|s| whole(s.terms.minimum))),
                (R::Price, read(|s| whole(s.terms.price))),
                (R::Opens, read(|s| whole(s.opens))),
                (R::Commit, read(|s| whole(s.opens + s.terms.commit))),
                (R::Closes, read(|s| whole(s.opens + s.terms.closes))),
                (R::Wanted, read(|s| s.wanted.clone())),
                (R::Unsettled, read(|s| whole(s.waiting()))),
                (R::Reserved, read(|s| s.reserved.clone())),
                (R::Money, read(|s| s.money.clone())),
                (R::Account, read(|s| s.money.clone())),
                // In a story every account can receive: a refund never waits.
                (R::Refunds, read(|_| BigRational::zero())),
                (R::Raised, read(|s| s.raised.clone())),
                (R::Backed, read(|s| s.backed.clone())),
                (R::Released, read(|s| s.released.clone())),
                (R::Events, read(|s| whole(s.events))),
            ]
            .map(|(figure, value)| (Figure::Round(id, figure), value)),
        );
        for person in self.story.person_ids() {
            let want = sale
                .and_then(|sale| sale.wants.get(&person))
                .cloned()
                .unwrap_or_default();
            figures.extend(
                [
                    (S::Cap, want.cap),
                    (S::Wanted, want.shares),
                    (S::Paid, want.paid),
                    (S::Refund, BigRational::zero()),
                ]
                .map(|(figure, value)| (Figure::Subscription(id, person, figure), Value::Number(value))),
            );
        }
    }

    /// Every figure as it must be read now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let number = |n: &BigRational| Value::Number(n.clone());
        let int = |n: i64| Value::Number(whole(n));
        let flag = |set: bool| Value::Number(whole(u8::from(set)));
        let text = |text: &str| Value::Text(text.to_owned());
        let name = |person: Option<PersonId>| text(person.map_or("", |person| self.story.name(person)));
        let mut figures = Figures::new();
        for (of, book) in &self.books {
            use SecurityFigure as S;
            let line = &book.line;
            figures.extend(
                [
                    (S::Supply, number(&book.supply)),
                    (S::Authorised, number(&book.authorised)),
                    (S::Issued, number(&book.issued)),
                    (S::Reserved, number(&book.reserved)),
                    (S::Registered, number(&book.registered)),
                    (S::Redeemed, number(&book.redeemed)),
                    (S::Received, number(&book.received)),
                    (S::StreamTotal, number(&line.total)),
                    (S::StreamDripped, number(&line.dripped)),
                    (S::StreamStart, int(line.start)),
                    (S::StreamEnd, int(line.end)),
                    (S::StreamLast, int(line.last)),
                    (S::UpsidePerShare, number(&line.per_share)),
                    (S::Remainder, number(&line.remainder)),
                    (S::PayoutVault, number(&(&book.received - &book.paid))),
                    (S::Inbox, number(&book.inbox)),
                    (S::Vaults, int(i64::from(book.open_vaults))),
                    (S::MoneyVault, number(&book.money.balance)),
                    (S::MoneyCollected, number(&book.money.collected)),
                    (S::FundedRounds, {
                        let sales = self.sales.iter().filter(|(id, _)| id.of == *of);
                        Value::Number(whole(sales.filter(|(_, sale)| !sale.money.is_zero()).count()))
                    }),
                    (S::Issuer, name(book.issuer)),
                    (S::PendingIssuer, name(book.pending)),
                    (S::RedeemAfter, int(book.redeem_after)),
                    (S::Name, text(&book.name)),
                    (S::Symbol, text(&book.symbol)),
                    (S::Uri, text(&book.uri)),
                    (S::Events, Value::Number(whole(book.events))),
                ]
                .map(|(figure, value)| (Figure::Security(*of, figure), value)),
            );
            for (asset, vault) in &book.vaults {
                figures.extend(
                    [
                        (VaultFigure::Balance, number(&vault.balance)),
                        (VaultFigure::Deposited, number(&vault.deposited)),
                        (VaultFigure::Collected, number(&vault.collected)),
                        (VaultFigure::Frozen, flag(vault.open && vault.frozen)),
                    ]
                    .map(|(figure, value)| (Figure::Vault(*of, *asset, figure), value)),
                );
            }
            for (person, holder) in &book.holders {
                use HolderFigure as H;
                let pays_to = match (holder.opened, holder.savings) {
                    (false, _) => "",
                    (true, false) => "wallet",
                    (true, true) => "savings",
                };
                figures.extend(
                    [
                        (H::Shares, number(&holder.shares)),
                        (H::RegisteredAccount, number(&holder.shares)),
                        (H::Frozen, flag(holder.opened)),
                        (H::Bearer, number(&holder.bearer)),
                        (H::Checkpoint, number(&holder.checkpoint)),
                        (H::Accrued, number(&holder.accrued)),
                        (H::Claimed, number(&holder.claimed)),
                        (H::PaysTo, text(pays_to)),
                        (
                            H::Ticket,
                            holder
                                .ticket
                                .as_ref()
                                .map_or_else(|| int(0), |ticket| number(&ticket.shares)),
                        ),
                        (
                            H::Uncollected,
                            Value::Number(whole(holder.ticket.as_ref().map_or(0, |ticket| ticket.left.len()))),
                        ),
                        (H::Approved, flag(holder.approved)),
                        (H::Events, Value::Number(whole(holder.events))),
                    ]
                    .map(|(figure, value)| (Figure::Holder(*of, *person, figure), value)),
                );
            }
        }
        self.layer_figures(&mut figures);
        for id in self.story.round_ids() {
            self.round_figures(id, &mut figures);
        }
        for id in self.story.grant_ids() {
            use GrantFigure as G;
            let promise = self.promises.get(&id);
            let read =
                |field: fn(&Promise) -> BigRational| Value::Number(promise.map_or_else(BigRational::zero, field));
            figures.extend(
                [
                    (G::Amount, read(|p| p.amount.clone())),
                    (G::Claimed, read(|p| p.claimed.clone())),
                    (G::Start, read(|p| whole(p.start))),
                    (G::Cliff, read(|p| whole(p.cliff))),
                    (G::End, read(|p| whole(p.end))),
                    (G::Deadline, read(|p| whole(p.deadline))),
                    (G::Revocable, read(|p| whole(u8::from(p.revocable)))),
                    (G::Revoked, read(|p| whole(u8::from(p.revoked)))),
                    (G::Approved, read(|p| whole(u8::from(p.approved)))),
                    (G::Approver, name(promise.and_then(|p| p.approver))),
                    (G::Events, read(|p| whole(p.events))),
                ]
                .map(|(figure, value)| (Figure::Grant(id, figure), value)),
            );
        }
        for (person, wallet) in &self.wallets {
            figures.insert(Figure::Wallet(*person, WalletFigure::Money), number(&wallet.money));
            figures.insert(Figure::Wallet(*person, WalletFigure::Savings), number(&wallet.savings));
            for (asset, balance) in &wallet.equity {
                figures.insert(Figure::Wallet(*person, WalletFigure::Equity(*asset)), number(balance));
            }
        }
        for (asset, state) in &self.assets {
            figures.insert(Figure::Asset(*asset, AssetFigure::Paused), flag(state.paused));
            figures.insert(
                Figure::Asset(*asset, AssetFigure::WithIssuer),
                number(&state.with_issuer),
            );
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    const DAY: i64 = 86_400;
    const OF: SecurityId = SecurityId(0);

    fn at(ts: i64) -> Moment {
        Moment { asked_ts: ts, ts }
    }

    fn shares(whole: u64) -> u64 {
        whole * 1_000_000
    }

    fn alice() -> Story {
        Story::alice().expect("the story of this build")
    }

    fn who(name: &str) -> PersonId {
        alice().find_person(name).expect("somebody of the story")
    }

    fn claimed(ledger: &Ledger<'_>, name: &str) -> u64 {
        check::atoms(&ledger.figures(), Figure::Holder(OF, who(name), HolderFigure::Claimed))
    }

    /// The accumulator's last place may cost one atom.
    fn assert_rounded_down(actual: &BigRational, exact: u64) {
        assert!(
            *actual == whole(exact) || *actual == whole(exact - 1),
            "{actual} instead of {exact}"
        );
    }

    #[test]
    fn a_month_of_the_first_payment_reaches_holders_in_proportion() {
        let story = alice();
        let mut ledger = Ledger::new(&story);
        ledger.create(OF, at(1_000));
        ledger.send(OF, who("Alice"), who("Ms Okafor"), shares(200_000), at(1_001));
        ledger.distribute(OF, who("Acme"), 24_000_000_000, at(2_000));
        // Half of the 28 days: half of the money, a quarter of it the teacher's; rounded down.
        assert_rounded_down(&ledger.claimable(OF, who("Ms Okafor"), 2_000 + 14 * DAY), 3_000_000_000);
        for name in ["Alice", "Ms Okafor"] {
            ledger.claim(OF, who(name), at(2_000 + 30 * DAY));
        }
        assert!((17_999_999_999..=18_000_000_000).contains(&claimed(&ledger, "Alice")));
        assert!((5_999_999_999..=6_000_000_000).contains(&claimed(&ledger, "Ms Okafor")));
    }

    #[test]
    fn bearer_shares_do_not_earn() {
        let story = alice();
        let mut ledger = Ledger::new(&story);
        ledger.create(OF, at(0));
        ledger.send(OF, who("Alice"), who("Chen"), shares(400_000), at(1));
        ledger.unregister(OF, who("Chen"), shares(400_000), at(2));
        ledger.distribute(OF, who("Acme"), 1_000_000_000, at(3));
        assert!(ledger.claimable(OF, who("Chen"), 3 + 28 * DAY).is_zero());
        assert_rounded_down(&ledger.claimable(OF, who("Alice"), 3 + 28 * DAY), 1_000_000_000);
    }

    #[test]
    fn the_stream_waits_while_nobody_is_registered() {
        let story = alice();
        let mut ledger = Ledger::new(&story);
        ledger.create(OF, at(0));
        ledger.distribute(OF, who("Acme"), 28_000_000, at(0));
        ledger.unregister(OF, who("Alice"), shares(800_000), at(7 * DAY));
        ledger.register(OF, who("Alice"), shares(800_000), at(100 * DAY));
        assert_rounded_down(&ledger.claimable(OF, who("Alice"), 100 * DAY), 7_000_000);
        assert_rounded_down(&ledger.claimable(OF, who("Alice"), 107 * DAY), 14_000_000);
        assert_rounded_down(&ledger.claimable(OF, who("Alice"), 121 * DAY), 28_000_000);
    }

    #[test]
    fn the_inbox_joins_the_next_payment() {
        let story = alice();
        let mut ledger = Ledger::new(&story);
        ledger.create(OF, at(0));
        ledger.send_to_inbox(OF, who("Acme"), 5_000_000);
        ledger.distribute(OF, who("Acme"), 2_000_000, at(10));
        let received = Figure::Security(OF, SecurityFigure::Received);
        assert_eq!(check::atoms(&ledger.figures(), received), 7_000_000);
        let wallet = Figure::Wallet(who("Acme"), WalletFigure::Money);
        assert_eq!(check::atoms(&ledger.figures(), wallet), 99_993_000_000);
        assert_eq!(ledger.flows()[&Flow::PaidIn(who("Acme"), OF)], whole(7_000_000));
    }

    #[test]
    fn a_closed_position_leaves_its_fraction_to_the_others_and_what_it_was_paid_is_remembered() {
        let story = alice();
        let mut ledger = Ledger::new(&story);
        ledger.create(OF, at(0));
        ledger.send(OF, who("Alice"), who("Bruno"), 1, at(0));
        ledger.send(OF, who("Alice"), who("Bruno"), shares(100), at(0));
        ledger.distribute(OF, who("Acme"), 1_000_000_007, at(0));
        ledger.claim(OF, who("Bruno"), at(28 * DAY));
        let paid = ledger.paid(OF, who("Bruno"));
        assert!(paid > BigRational::zero());
        ledger.send(OF, who("Bruno"), who("Chen"), shares(100) + 1, at(28 * DAY));
        let fraction = ledger.books[&OF].holders[&who("Bruno")].accrued.clone();
        let remainder = ledger.books[&OF].line_at(28 * DAY).remainder;
        ledger.close_position(OF, who("Bruno"), at(28 * DAY));
        assert_eq!(ledger.books[&OF].line.remainder, remainder + fraction);
        assert_eq!(ledger.paid(OF, who("Bruno")), paid);
        assert_eq!(claimed(&ledger, "Bruno"), 0);
    }

    #[test]
    fn a_fee_is_withheld_from_what_arrives_rounded_up() {
        let fee = |bps, maximum_atoms: u64| {
            let extensions: &'static [Extension] = Box::leak(Box::new([Extension::TransferFee { bps, maximum_atoms }]));
            EquityMint {
                symbol: "Fx",
                name: "",
                uri: "",
                decimals: 0,
                extensions,
            }
        };
        assert_eq!(arrives(&fee(50, 100), &whole(1_001)), whole(995));
        assert_eq!(arrives(&fee(50, 2), &whole(1_001)), whole(999));
    }

    #[test]
    fn a_figure_that_is_off_by_one_atom_is_named() {
        let story = alice();
        let ledger = Ledger::new(&story);
        let mut read = ledger.figures();
        let agreed = check::agree(&story, "nothing", &read, &ledger.figures());
        assert_eq!(agreed, Ok(read.len()));
        let money = Figure::Wallet(who("Acme"), WalletFigure::Money);
        read.insert(money, Value::Number(whole(100_000_000_001u64)));
        let refusal = check::agree(&story, "nothing", &read, &ledger.figures())
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("Acme, wallet, payout tokens: the network says 100000000001"),
            "{refusal}"
        );
        assert!(refusal.contains("off by 1"), "{refusal}");
    }

    #[test]
    fn a_figure_that_was_not_read_is_a_difference() {
        let story = alice();
        let ledger = Ledger::new(&story);
        let mut read = ledger.figures();
        read.remove(&Figure::Security(OF, SecurityFigure::Supply));
        assert_eq!(check::compare(&read, &ledger.figures()).len(), 1);
    }
}
