//! Every figure that is read back, compared with an independent calculation.
//!
//! [`Ledger`] keeps the books from the protocol's rules as they are written down, in exact fractions, and predicts every figure to the
//! last atom. [`fair`] knows nothing of accumulators or rounding: it integrates money over time and shares, and bounds what rounding
//! may have cost anybody. Neither uses a formula of the program, of `upside-math` or of the client.

pub mod fair;
mod ledger;
pub mod worth;

use std::{collections::BTreeMap, fmt};

use num_rational::BigRational;
use num_traits::Zero;

pub use ledger::{Flow, Ledger};

use crate::story::{AssetId, GrantId, PersonId, RoundId, SecurityId, Story};

/// What a vault holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backing {
    /// An asset.
    Asset(AssetId),
    /// Money.
    Money,
    /// Shares of another security.
    Shares(SecurityId),
}

/// Something that can be read from the cluster. Amounts are in atoms, times in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// A figure of a security.
    Security(SecurityId, SecurityFigure),
    /// A figure of a vault.
    Vault(SecurityId, AssetId, VaultFigure),
    /// A figure of somebody as a holder of a security.
    Holder(SecurityId, PersonId, HolderFigure),
    /// A figure of a grant.
    Grant(GrantId, GrantFigure),
    /// A figure of a round.
    Round(RoundId, RoundFigure),
    /// A figure of somebody's subscription to a round.
    Subscription(RoundId, PersonId, SubscriptionFigure),
    /// A figure of the vault of the first security for shares of the second.
    Stake(SecurityId, SecurityId, StakeFigure),
    /// A figure of the second security's application to, or membership in, the first.
    Membership(SecurityId, SecurityId, MembershipFigure),
    /// A figure of a collective's rule.
    Collective(SecurityId, CollectiveFigure),
    /// What a claim would pay a holder now, by simulation.
    Claimable(SecurityId, PersonId),
    /// What somebody's wallet holds.
    Wallet(PersonId, WalletFigure),
    /// A figure of an asset.
    Asset(AssetId, AssetFigure),
}

/// A figure of a security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityFigure {
    /// Shares in existence, by the mint.
    Supply,
    /// Most shares that may ever be issued.
    Authorised,
    /// Shares ever issued.
    Issued,
    /// Shares promised.
    Reserved,
    /// Shares registered.
    Registered,
    /// Shares ever redeemed.
    Redeemed,
    /// Money ever received.
    Received,
    /// Money of the present line of the stream.
    StreamTotal,
    /// Money of it emitted when the security was last written.
    StreamDripped,
    /// Start of the line.
    StreamStart,
    /// End of the line.
    StreamEnd,
    /// When the security was last settled.
    StreamLast,
    /// Payout atoms per share atom when the security was last written.
    UpsidePerShare,
    /// Emitted money not credited yet.
    Remainder,
    /// Money received and not paid out.
    PayoutVault,
    /// Money sent directly and not swept in yet.
    Inbox,
    /// How many vaults are open.
    Vaults,
    /// Money in the vault for money.
    MoneyVault,
    /// Shares that have collected from it.
    MoneyCollected,
    /// Rounds with money in them.
    FundedRounds,
    /// Who is the issuer.
    Issuer,
    /// Who may accept to become the issuer.
    PendingIssuer,
    /// When redemption opens.
    RedeemAfter,
    /// Name on the mint.
    Name,
    /// Symbol on the mint.
    Symbol,
    /// Metadata URI on the mint.
    Uri,
    /// Events told, by the security's own count.
    Events,
}

/// A figure of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VaultFigure {
    /// What it holds.
    Balance,
    /// What was ever deposited, by its record.
    Deposited,
    /// Shares that have collected from it.
    Collected,
    /// 1 if its token account exists and is frozen.
    Frozen,
}

/// A figure of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolderFigure {
    /// Registered shares, by their position.
    Shares,
    /// The same, by the balance of their registered account.
    RegisteredAccount,
    /// 1 if that account exists and is frozen.
    Frozen,
    /// Bearer shares.
    Bearer,
    /// What the accumulator showed when their position was last settled.
    Checkpoint,
    /// Money owed when it was last settled.
    Accrued,
    /// Money ever paid to the position.
    Claimed,
    /// Which of their accounts a claim by anyone pays to.
    PaysTo,
    /// Shares burnt for the open ticket.
    Ticket,
    /// Vaults that the open ticket has left to collect.
    Uncollected,
    /// 1 if they may receive curated shares.
    Approved,
    /// Events told, by the position's own count.
    Events,
}

/// A figure of a vault with shares of another security; zero while there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StakeFigure {
    /// Registered shares, by the vault's position.
    Shares,
    /// The same, by the balance of its registered account.
    RegisteredAccount,
    /// What the accumulator showed when the position was last settled.
    Checkpoint,
    /// Money owed when it was last settled.
    Accrued,
    /// Money ever harvested.
    Harvested,
    /// Shares ever deposited, by the vault's record.
    Deposited,
    /// Shares of the first security that have collected from the vault.
    Collected,
    /// Bearer shares that were sent to it.
    Bearer,
    /// Events told, by the position's own count.
    Events,
}

impl StakeFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::RegisteredAccount => "balance of the registered account",
            Self::Checkpoint => "checkpoint",
            Self::Accrued => "accrued",
            Self::Harvested => "harvested so far",
            Self::Deposited => "ever deposited",
            Self::Collected => "shares that have collected",
            Self::Bearer => "bearer shares sent there",
            Self::Events => "events of the position",
        }
    }
}

/// A figure of the rule by which others join; zero while there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollectiveFigure {
    /// Part of itself that each member gives, basis points.
    Gives,
    /// Shares that each member is granted.
    Receives,
    /// Members that have joined.
    Members,
    /// Events told, by its own count.
    Events,
}

impl CollectiveFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Gives => "each gives",
            Self::Receives => "each receives",
            Self::Members => "members",
            Self::Events => "events of the collective",
        }
    }
}

/// A figure of an application or a membership; zero while there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MembershipFigure {
    /// 1 applied, 2 admitted, 3 joined.
    Status,
    /// Shares of its own that it gives.
    Gives,
    /// Shares of the collective that it is granted.
    Receives,
    /// The consent holds before.
    Expires,
    /// Events told, by its own count.
    Events,
}

impl MembershipFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Gives => "gives",
            Self::Receives => "receives",
            Self::Expires => "consent until",
            Self::Events => "events of the membership",
        }
    }
}

/// A figure of a grant; zero or empty while it does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantFigure {
    /// Shares granted; after a revocation what had vested.
    Amount,
    /// Shares claimed.
    Claimed,
    /// Start of vesting.
    Start,
    /// Nothing vests before.
    Cliff,
    /// Everything has vested.
    End,
    /// The approver must sign before.
    Deadline,
    /// 1 if the issuer may revoke what has not vested.
    Revocable,
    /// 1 once revoked.
    Revoked,
    /// 1 once the milestone was approved.
    Approved,
    /// Who must approve.
    Approver,
    /// Events told, by the grant's own count.
    Events,
}

/// A figure of a round; zero while it does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoundFigure {
    /// 0 undecided, 1 succeeded, 2 failed, 3 cancelled.
    Status,
    /// 1 if by invitation.
    Invited,
    /// Shares for sale.
    ForSale,
    /// Fewer make it fail.
    Minimum,
    /// Money for a whole share.
    Price,
    /// It takes subscriptions from then on.
    Opens,
    /// Subscriptions bind from then on.
    Commit,
    /// It takes none from then on.
    Closes,
    /// Shares wanted by all.
    Wanted,
    /// Subscriptions to settle.
    Unsettled,
    /// Shares still reserved for it.
    Reserved,
    /// Money paid in and not out, by its own count.
    Money,
    /// The balance of its account.
    Account,
    /// Money of it booked as refunds.
    Refunds,
    /// Money raised.
    Raised,
    /// Money of that in the vault.
    Backed,
    /// Money of that with the issuer.
    Released,
    /// Events told, by the round's own count.
    Events,
}

/// A figure of a subscription; zero while it does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubscriptionFigure {
    /// Shares that may be wanted at most.
    Cap,
    /// Shares wanted.
    Wanted,
    /// Money paid for them.
    Paid,
    /// Money that waits to be fetched.
    Refund,
}

/// What a wallet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WalletFigure {
    /// Payout tokens.
    Money,
    /// Payout tokens in the savings account.
    Savings,
    /// An asset.
    Equity(AssetId),
}

/// A figure of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssetFigure {
    /// 1 if its issuer has paused it.
    Paused,
    /// What its issuer holds.
    WithIssuer,
}

impl Figure {
    /// What the figure is called in `story`.
    #[must_use]
    pub fn name(self, story: &Story) -> String {
        // With one security nobody needs to hear which.
        let of = |of: SecurityId, text: &str| match story.securities.len() {
            1 => text.to_owned(),
            _ => format!("{}, {text}", story.symbol(of)),
        };
        match self {
            Self::Security(security, figure) => of(security, figure.text()),
            Self::Vault(security, asset, figure) => {
                let asset = story.asset(asset).symbol;
                let text = match figure {
                    VaultFigure::Balance => format!("vault, {asset}"),
                    VaultFigure::Deposited => format!("vault, {asset} ever deposited"),
                    VaultFigure::Collected => format!("vault, {asset}, shares that have collected"),
                    VaultFigure::Frozen => format!("vault, {asset}, frozen by its issuer"),
                };
                of(security, &text)
            }
            Self::Holder(security, person, figure) => {
                format!("{}, {}", story.name(person), of(security, figure.text()))
            }
            Self::Grant(id, figure) => {
                let which = match id.number {
                    0 => String::new(),
                    number => format!(" {number}"),
                };
                let text = format!("grant{which}, {}", figure.text());
                format!("{}, {}", story.name(id.recipient), of(id.of, &text))
            }
            Self::Round(id, figure) => of(id.of, &format!("{}, {}", round_name(id), figure.text())),
            Self::Subscription(id, person, figure) => {
                let text = format!("{}, {}", round_name(id), figure.text());
                format!("{}, {}", story.name(person), of(id.of, &text))
            }
            Self::Stake(upper, held, figure) => format!(
                "{}, vault, {}, {}",
                story.symbol(upper),
                story.symbol(held),
                figure.text()
            ),
            Self::Membership(upper, member, figure) => format!(
                "{}, member {}, {}",
                story.symbol(upper),
                story.symbol(member),
                figure.text()
            ),
            Self::Collective(of, figure) => format!("{}, collective, {}", story.symbol(of), figure.text()),
            Self::Claimable(security, person) => format!("{}, {}", story.name(person), of(security, "could claim now")),
            Self::Wallet(person, WalletFigure::Money) => format!("{}, wallet, payout tokens", story.name(person)),
            Self::Wallet(person, WalletFigure::Savings) => format!("{}, savings, payout tokens", story.name(person)),
            Self::Wallet(person, WalletFigure::Equity(asset)) => {
                format!("{}, wallet, {}", story.name(person), story.asset(asset).symbol)
            }
            Self::Asset(asset, AssetFigure::Paused) => format!("{}, paused by its issuer", story.asset(asset).symbol),
            Self::Asset(asset, AssetFigure::WithIssuer) => format!("{} with its issuer", story.asset(asset).symbol),
        }
    }
}

impl SecurityFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Supply => "shares in existence",
            Self::Authorised => "authorised shares",
            Self::Issued => "issued shares",
            Self::Reserved => "reserved shares",
            Self::Registered => "registered shares of all",
            Self::Redeemed => "shares ever redeemed",
            Self::Received => "money ever received",
            Self::StreamTotal => "stream, total",
            Self::StreamDripped => "stream, dripped",
            Self::StreamStart => "stream, start",
            Self::StreamEnd => "stream, end",
            Self::StreamLast => "stream, last settled",
            Self::UpsidePerShare => "upside per share",
            Self::Remainder => "remainder of the accumulator",
            Self::PayoutVault => "money waiting for holders",
            Self::Inbox => "inbox",
            Self::Vaults => "vaults",
            Self::MoneyVault => "vault, payout tokens",
            Self::MoneyCollected => "vault, payout tokens, shares that have collected",
            Self::FundedRounds => "rounds with money",
            Self::Issuer => "issuer",
            Self::PendingIssuer => "proposed issuer",
            Self::RedeemAfter => "redemption opens",
            Self::Name => "name",
            Self::Symbol => "symbol",
            Self::Uri => "metadata",
            Self::Events => "events told",
        }
    }
}

impl HolderFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Shares => "registered shares",
            Self::RegisteredAccount => "balance of the registered account",
            Self::Frozen => "registered account frozen",
            Self::Bearer => "bearer shares",
            Self::Checkpoint => "checkpoint",
            Self::Accrued => "accrued",
            Self::Claimed => "claimed so far",
            Self::PaysTo => "claims pay to",
            Self::Ticket => "shares on the open ticket",
            Self::Uncollected => "assets left to collect",
            Self::Approved => "approved as a holder",
            Self::Events => "events of the position",
        }
    }
}

fn round_name(id: RoundId) -> String {
    match id.number {
        0 => "round".to_owned(),
        number => format!("round {number}"),
    }
}

impl RoundFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Invited => "by invitation",
            Self::ForSale => "shares for sale",
            Self::Minimum => "minimum",
            Self::Price => "price",
            Self::Opens => "opens",
            Self::Commit => "binds",
            Self::Closes => "closes",
            Self::Wanted => "shares wanted",
            Self::Unsettled => "subscriptions to settle",
            Self::Reserved => "shares reserved",
            Self::Money => "money by its count",
            Self::Account => "money",
            Self::Refunds => "refunds booked",
            Self::Raised => "raised",
            Self::Backed => "became backing",
            Self::Released => "reached the issuer",
            Self::Events => "events of the round",
        }
    }
}

impl SubscriptionFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Cap => "may want",
            Self::Wanted => "wants",
            Self::Paid => "paid",
            Self::Refund => "refund waits",
        }
    }
}

impl GrantFigure {
    fn text(self) -> &'static str {
        match self {
            Self::Amount => "shares",
            Self::Claimed => "claimed",
            Self::Start => "start",
            Self::Cliff => "cliff",
            Self::End => "end",
            Self::Deadline => "deadline",
            Self::Revocable => "revocable",
            Self::Revoked => "revoked",
            Self::Approved => "approved",
            Self::Approver => "approver",
            Self::Events => "events of the grant",
        }
    }
}

/// The value of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An amount, a time, a flag.
    Number(BigRational),
    /// A name.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// Figures and their values.
pub type Figures = BTreeMap<Figure, Value>;

/// A figure that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub figure: Figure,
    /// What the independent calculation says; `None` if it knows no such figure.
    pub expected: Option<Value>,
    /// What was read; `None` if it was not.
    pub read: Option<Value>,
}

impl Difference {
    /// One line that says what differs in `story`.
    #[must_use]
    pub fn line(&self, story: &Story) -> String {
        let show = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        let off = match (&self.read, &self.expected) {
            (Some(Value::Number(read)), Some(Value::Number(expected))) => format!(" (off by {})", read - expected),
            _ => String::new(),
        };
        format!(
            "{}: the network says {}, the independent calculation {}{off}",
            self.figure.name(story),
            show(&self.read),
            show(&self.expected)
        )
    }
}

/// Compares what was read with what was calculated: both must hold the same figures with exactly equal values.
#[must_use]
pub fn compare(read: &Figures, expected: &Figures) -> Vec<Difference> {
    let mut figures: Vec<Figure> = read.keys().chain(expected.keys()).copied().collect();
    figures.sort_unstable();
    figures.dedup();
    figures
        .into_iter()
        .filter(|figure| read.get(figure) != expected.get(figure))
        .map(|figure| Difference {
            figure,
            expected: expected.get(&figure).cloned(),
            read: read.get(&figure).cloned(),
        })
        .collect()
}

/// Figures of the network that are not what the independent calculation says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("figures differ after \u{201c}{when}\u{201d}:\n{}", lines.join("\n"))]
pub struct Disagreement {
    /// After what.
    pub when: String,
    /// One line for each.
    pub lines: Vec<String>,
}

/// Fails with every difference between what was read and what was calculated; returns how many figures agree.
///
/// # Errors
/// One line per figure that differs.
pub fn agree(story: &Story, when: &str, read: &Figures, expected: &Figures) -> Result<usize, Disagreement> {
    let differences = compare(read, expected);
    if differences.is_empty() {
        return Ok(read.len());
    }
    Err(Disagreement {
        when: when.to_owned(),
        lines: differences
            .iter()
            .map(|difference| format!("  {}", difference.line(story)))
            .collect(),
    })
}

/// A figure as whole atoms, for display; fractions are dropped, and what is no number is 0.
#[must_use]
pub fn atoms(figures: &Figures, figure: Figure) -> u64 {
    let number = match figures.get(&figure) {
        Some(Value::Number(number)) => number.floor(),
        _ => BigRational::zero(),
    };
    number.to_integer().try_into().unwrap_or(u64::MAX)
}
