//! What people would say has changed.

use upside_client::time;
use upside_lookalike_mints::PAYOUT;

use crate::{
    amount,
    check::{
        self, AssetFigure, CollectiveFigure, Figure, Figures, GrantFigure, HolderFigure, MembershipFigure, RoundFigure,
        SecurityFigure, StakeFigure, SubscriptionFigure, Value, VaultFigure, WalletFigure,
    },
    report::Change,
    story::{AssetId, SecurityId, Story},
};

/// How a figure is written.
enum Written {
    Shares(SecurityId),
    Money,
    Equity(AssetId),
    Count,
    Flag,
    Status,
    Membership,
    Date,
    Text,
}

/// What people call the status of a round, by its number.
const STATUSES: [&str; 4] = ["not decided", "succeeded", "failed", "cancelled"];

/// What people call where an application stands, by its number.
const MEMBERSHIPS: [&str; 4] = ["none", "applied", "admitted", "joined"];

/// How a figure is written that people would name; `None` for what only the checker looks at.
fn written(figure: Figure) -> Option<Written> {
    Some(match figure {
        Figure::Security(of, SecurityFigure::Supply | SecurityFigure::Authorised | SecurityFigure::Reserved) => {
            Written::Shares(of)
        }
        Figure::Security(_, SecurityFigure::PayoutVault | SecurityFigure::Inbox | SecurityFigure::MoneyVault) => {
            Written::Money
        }
        Figure::Security(_, SecurityFigure::Vaults | SecurityFigure::Events) => Written::Count,
        Figure::Security(_, SecurityFigure::RedeemAfter) => Written::Date,
        Figure::Security(
            _,
            SecurityFigure::Issuer
            | SecurityFigure::PendingIssuer
            | SecurityFigure::Name
            | SecurityFigure::Symbol
            | SecurityFigure::Uri,
        ) => Written::Text,
        Figure::Vault(_, asset, VaultFigure::Balance) => Written::Equity(asset),
        Figure::Vault(_, _, VaultFigure::Frozen) => Written::Flag,
        Figure::Holder(of, _, HolderFigure::Ticket) => Written::Shares(of),
        Figure::Holder(_, _, HolderFigure::Uncollected) => Written::Count,
        Figure::Holder(of, _, HolderFigure::Shares | HolderFigure::Bearer) => Written::Shares(of),
        Figure::Holder(_, _, HolderFigure::Approved) => Written::Flag,
        Figure::Holder(_, _, HolderFigure::PaysTo) => Written::Text,
        Figure::Claimable(..) | Figure::Wallet(_, WalletFigure::Money | WalletFigure::Savings) => Written::Money,
        Figure::Wallet(_, WalletFigure::Equity(asset)) | Figure::Asset(asset, AssetFigure::WithIssuer) => {
            Written::Equity(asset)
        }
        Figure::Asset(_, AssetFigure::Paused) => Written::Flag,
        Figure::Grant(id, GrantFigure::Amount | GrantFigure::Claimed) => Written::Shares(id.of),
        Figure::Grant(_, GrantFigure::Approved | GrantFigure::Revoked) => Written::Flag,
        Figure::Round(id, RoundFigure::Wanted | RoundFigure::Reserved) => Written::Shares(id.of),
        Figure::Round(_, RoundFigure::Account | RoundFigure::Raised | RoundFigure::Backed | RoundFigure::Released) => {
            Written::Money
        }
        Figure::Round(_, RoundFigure::Status) => Written::Status,
        Figure::Subscription(id, _, SubscriptionFigure::Cap | SubscriptionFigure::Wanted) => Written::Shares(id.of),
        Figure::Subscription(_, _, SubscriptionFigure::Refund) => Written::Money,
        Figure::Stake(_, held, StakeFigure::Shares | StakeFigure::Bearer)
        | Figure::Membership(_, held, MembershipFigure::Gives) => Written::Shares(held),
        Figure::Stake(_, _, StakeFigure::Harvested) => Written::Money,
        Figure::Membership(_, _, MembershipFigure::Status) => Written::Membership,
        Figure::Membership(of, _, MembershipFigure::Receives) | Figure::Collective(of, CollectiveFigure::Receives) => {
            Written::Shares(of)
        }
        Figure::Collective(_, CollectiveFigure::Members) => Written::Count,
        Figure::Security(..)
        | Figure::Stake(..)
        | Figure::Membership(..)
        | Figure::Collective(..)
        | Figure::Vault(..)
        | Figure::Holder(..)
        | Figure::Grant(..)
        | Figure::Round(..)
        | Figure::Subscription(..) => return None,
    })
}

impl Written {
    fn unit(&self, story: &Story) -> String {
        match self {
            Self::Shares(of) => story.symbol(*of).to_owned(),
            Self::Money => PAYOUT.symbol.to_owned(),
            Self::Equity(asset) => story.asset(*asset).symbol.to_owned(),
            Self::Count | Self::Flag | Self::Status | Self::Membership | Self::Date | Self::Text => String::new(),
        }
    }

    fn value(&self, story: &Story, figures: &Figures, figure: Figure) -> String {
        let atoms = check::atoms(figures, figure);
        match self {
            Self::Shares(of) => amount::exact(atoms, story.security(*of).terms.decimals),
            Self::Money => amount::money(atoms, PAYOUT.decimals),
            Self::Equity(asset) => amount::exact(atoms, story.asset(*asset).decimals),
            Self::Count => amount::exact(atoms, 0),
            Self::Flag => if atoms == 0 { "no" } else { "yes" }.to_owned(),
            Self::Status => status(atoms).to_owned(),
            Self::Membership => MEMBERSHIPS
                .get(usize::try_from(atoms).unwrap_or(usize::MAX))
                .copied()
                .unwrap_or("unknown")
                .to_owned(),
            Self::Date => time::date_to_text(i64::try_from(atoms).unwrap_or(i64::MAX)),
            Self::Text => match figures.get(&figure) {
                Some(Value::Text(text)) if !text.is_empty() => text.clone(),
                _ => "nothing".to_owned(),
            },
        }
    }
}

/// What people call the status of a round.
#[must_use]
pub fn status(number: u64) -> &'static str {
    let index = usize::try_from(number).unwrap_or(usize::MAX);
    STATUSES.get(index).copied().unwrap_or("unknown")
}

/// Whether a change says something of its own: what a security or a position is born with is not a change of it, and the count of events
/// only matters when nothing else has changed.
fn is_news(before: &Figures, figure: Figure) -> bool {
    match figure {
        Figure::Security(_, SecurityFigure::Events) => false,
        Figure::Security(of, figure) if !matches!(figure, SecurityFigure::Supply) => {
            check::atoms(before, Figure::Security(of, SecurityFigure::Events)) > 0
        }
        // In a public round everybody may want all of it.
        Figure::Subscription(id, _, SubscriptionFigure::Cap) => {
            check::atoms(before, Figure::Round(id, RoundFigure::Invited)) > 0
        }
        Figure::Holder(of, person, HolderFigure::PaysTo) => {
            check::atoms(before, Figure::Holder(of, person, HolderFigure::Events)) > 0
        }
        _ => true,
    }
}

/// The figures that differ between two readings and mean something to people, amounts as people write them.
#[must_use]
pub fn changes(before: &Figures, after: &Figures, story: &Story) -> Vec<Change> {
    let changed: Vec<Figure> = after
        .keys()
        .copied()
        .filter(|figure| before.get(figure) != after.get(figure))
        .collect();
    let news: Vec<Figure> = changed
        .iter()
        .copied()
        .filter(|figure| is_news(before, *figure))
        .collect();
    let told = |figures: &[Figure]| -> Vec<Change> {
        figures
            .iter()
            .filter_map(|figure| {
                let written = written(*figure)?;
                Some(Change {
                    figure: figure.name(story),
                    unit: written.unit(story),
                    before: written.value(story, before, *figure),
                    after: written.value(story, after, *figure),
                })
            })
            .collect()
    };
    let news = told(&news);
    if news.is_empty() {
        told(&changed)
    } else {
        news
    }
}
