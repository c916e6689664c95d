//! What a story is made of: people, mints, securities, steps. A story is data, read from a TOML file by [`Story::read`]; [`crate::play`]
//! plays it.

pub mod duration;
mod fields;
mod read;
mod source;

pub use fields::Fields;
pub(crate) use read::check_metadata;
pub use source::{InSource, Problem, Source};

use std::collections::{BTreeMap, BTreeSet};

use upside_client::upside::state::{Kind, Terms};
use upside_lookalike_mints::{EquityMint, PAYOUT};

use crate::verb::Action;

/// The story that is played when no other is asked for.
pub const ALICE: &str = include_str!("../../alice.toml");

/// One of [`Story::people`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonId(pub(crate) usize);

/// One of [`Story::securities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecurityId(pub(crate) usize);

/// One of [`Story::assets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssetId(pub(crate) usize);

/// A grant: of a security, to somebody, with a number among theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantId {
    /// The security.
    pub of: SecurityId,
    /// Who receives.
    pub recipient: PersonId,
    /// Its number.
    pub number: u64,
}

/// A round: of a security, with a number among its rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundId {
    /// The security.
    pub of: SecurityId,
    /// Its number.
    pub number: u64,
}

/// Which of their two payout token accounts somebody means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purse {
    /// The associated token account, which everybody has.
    Wallet,
    /// Another one of their own, opened when it is chosen.
    Savings,
}

/// Somebody with a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name that steps use, unique in the story.
    pub name: String,
    /// What the person is in the story, for tables.
    pub role: String,
    /// Payout atoms at the beginning.
    pub money_atoms: u64,
    /// Atoms of assets at the beginning.
    pub equity_atoms: Vec<(AssetId, u64)>,
}

/// A security of the story, as it will be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Symbol that steps use, unique in the story.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// Metadata URI, or empty.
    pub uri: String,
    /// What it stands for.
    pub kind: Kind,
    /// Index among the issuer's securities of this kind.
    pub index: u16,
    /// Who creates it.
    pub issuer: PersonId,
    /// The terms, but for when redemption opens.
    pub terms: Terms,
    /// Seconds from its creation until redemption opens; `None` for never.
    pub redeem_after_seconds: Option<i64>,
    /// Share atoms that the issuer starts with.
    pub initial_atoms: u64,
}

/// One step: what happens, and how it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A short title.
    pub title: String,
    /// The heading above it, if a part of the story begins here; may be empty.
    pub chapter: String,
    /// Why it happens, in a sentence or two; may be empty.
    pub telling: String,
    /// What happens.
    pub action: Action,
    /// The name of the error with which it must be refused, if it must.
    pub refused: Option<String>,
}

/// A story.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// One line that says what is going on.
    pub headline: String,
    /// A few sentences before the first step; may be empty.
    pub opening: String,
    /// Everybody in it.
    pub people: Vec<Person>,
    /// The assets that can back securities: look-alikes of the local network.
    pub assets: Vec<&'static EquityMint>,
    /// What assets are worth, payout atoms for a whole unit as wallets show it, where the story says so.
    pub prices: BTreeMap<AssetId, u64>,
    /// The securities.
    pub securities: Vec<Security>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Story {
    /// Reads a story and checks all of it.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(source: &Source) -> Result<Self, Problem> {
        read::story(&source.text)
    }

    /// The story of Alice.
    ///
    /// # Errors
    /// Never, unless the file of this build is wrong.
    pub fn alice() -> Result<Self, Problem> {
        read::story(ALICE)
    }

    /// Somebody.
    #[must_use]
    pub fn person(&self, id: PersonId) -> &Person {
        &self.people[id.0]
    }

    /// Somebody's name.
    #[must_use]
    pub fn name(&self, id: PersonId) -> &str {
        &self.person(id).name
    }

    /// A security.
    #[must_use]
    pub fn security(&self, id: SecurityId) -> &Security {
        &self.securities[id.0]
    }

    /// A security's symbol at its creation, by which the story knows it.
    #[must_use]
    pub fn symbol(&self, id: SecurityId) -> &str {
        &self.security(id).symbol
    }

    /// An asset.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> &'static EquityMint {
        self.assets[id.0]
    }

    /// Everybody, in the order of the story.
    pub fn person_ids(&self) -> impl Iterator<Item = PersonId> + use<> {
        (0..self.people.len()).map(PersonId)
    }

    /// Every security, in the order of the story.
    pub fn security_ids(&self) -> impl Iterator<Item = SecurityId> + use<> {
        (0..self.securities.len()).map(SecurityId)
    }

    /// Every asset, in the order of the story.
    pub fn asset_ids(&self) -> impl Iterator<Item = AssetId> + use<> {
        (0..self.assets.len()).map(AssetId)
    }

    /// Every grant that some step makes, each once.
    #[must_use]
    pub fn grant_ids(&self) -> BTreeSet<GrantId> {
        let made = self.steps.iter().filter_map(|step| match &step.action {
            Action::Grant(grant) => Some(grant.id()),
            Action::Join(join) => Some(join.grant()),
            _ => None,
        });
        made.collect()
    }

    /// Every round that some step announces, each once.
    #[must_use]
    pub fn round_ids(&self) -> BTreeSet<RoundId> {
        let announced = self.steps.iter().filter_map(|step| match &step.action {
            Action::Round(round) => Some(round.id()),
            _ => None,
        });
        announced.collect()
    }

    /// Who is called that.
    #[must_use]
    pub fn find_person(&self, name: &str) -> Option<PersonId> {
        self.people.iter().position(|person| person.name == name).map(PersonId)
    }

    /// Which security has that symbol.
    #[must_use]
    pub fn find_security(&self, symbol: &str) -> Option<SecurityId> {
        self.securities
            .iter()
            .position(|security| security.symbol == symbol)
            .map(SecurityId)
    }

    /// Which asset has that ticker.
    #[must_use]
    pub fn find_asset(&self, symbol: &str) -> Option<AssetId> {
        self.assets.iter().position(|asset| asset.symbol == symbol).map(AssetId)
    }

    /// `atoms` of a security's shares with their symbol: `80,000 ALICE`.
    #[must_use]
    pub fn shares(&self, of: SecurityId, atoms: u64) -> String {
        let security = self.security(of);
        format!(
            "{} {}",
            crate::amount::exact(atoms, security.terms.decimals),
            security.symbol
        )
    }

    /// `atoms` of an asset with its ticker: `120 ACMEx`.
    #[must_use]
    pub fn equity(&self, asset: AssetId, atoms: u64) -> String {
        let asset = self.asset(asset);
        format!("{} {}", crate::amount::exact(atoms, asset.decimals), asset.symbol)
    }

    /// `atoms` of the payout mint with its symbol: `24,000.00 USDC`.
    #[must_use]
    pub fn money(&self, atoms: u64) -> String {
        format!("{} {}", crate::amount::money(atoms, PAYOUT.decimals), PAYOUT.symbol)
    }
}
