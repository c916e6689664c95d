//! What can happen in a story. One verb is one struct: its keys, how it is read, told, done, and what it does to the books.
//!
//! To add a verb, write a struct that implements [`Verb`] in the file of its noun and name it in the list below. A rule that the books do not
//! know yet goes into [`crate::check::Ledger`], and, if it moves registered shares or money, into [`crate::check::fair`].

pub mod asset;
pub mod collective;
pub mod grant;
pub mod layers;
pub mod redemption;
pub mod round;
pub mod shares;
pub mod token;
pub mod upside;
pub mod vault;
pub mod wait;
pub mod worth;

use std::fmt::Debug;

use anchor_lang::solana_program::instruction::Instruction;
use anyhow::Result;

use crate::{
    check::{fair::Fair, worth::Prices, Ledger},
    story::{Fields, PersonId, Problem, Story},
    world::World,
};

/// Who signs a transaction and pays for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Somebody of the story.
    Person(PersonId),
    /// The issuer of the look-alike stocks.
    AssetIssuer,
}

/// What has to be done for a step.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Send one transaction.
    Send {
        /// Its signer.
        by: By,
        /// Its instructions.
        instructions: Vec<Instruction>,
    },
    /// Let time pass, in legs of equal length; the streams are read at the beginning and after each.
    Wait {
        /// Seconds in all.
        seconds: i64,
        /// How many readings.
        legs: u32,
    },
    /// Look through all layers at these prices; nothing is done.
    Value {
        /// Payout atoms for a whole unit of each asset as wallets show it.
        prices: Prices,
    },
}

impl Deed {
    /// One transaction that somebody sends.
    #[must_use]
    pub fn send(by: PersonId, instructions: Vec<Instruction>) -> Self {
        Self::Send {
            by: By::Person(by),
            instructions,
        }
    }
}

/// When something was done, unix seconds by the network's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When the transaction was made up; times in its instructions are relative to this.
    pub asked_ts: i64,
    /// When it ran.
    pub ts: i64,
}

/// Something that can happen.
pub trait Verb: Clone + Debug + PartialEq + Eq {
    /// The word for it in a story's file.
    const NAME: &'static str;
    /// The keys that its step may have, beside those of every step.
    const KEYS: &'static [&'static str];

    /// Reads it from a step.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn read(fields: &Fields<'_>) -> Result<Self, Problem>;

    /// A sentence that says what happens, without a full stop.
    fn sentence(&self, story: &Story) -> String;

    /// What has to be done; `now` is the network's unix time, seconds.
    ///
    /// # Errors
    /// When something that it needs cannot be read.
    fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed>;

    /// Enters it into the books, by the rules as they are written down.
    fn book(&self, ledger: &mut Ledger, at: Moment);

    /// Tells the second calculation; only what moves registered shares or money of a security matters to it.
    fn flow(&self, _fair: &mut Fair, _at: Moment) {}
}

macro_rules! verbs {
    ($($module:ident::$name:ident,)*) => {
        /// One thing that happens.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Action {
            $(
                #[doc = concat!("See [`", stringify!($module), "::", stringify!($name), "`].")]
                $name($module::$name),
            )*
        }

        impl Action {
            /// Every verb.
            pub const NAMES: &'static [&'static str] = &[$(<$module::$name as Verb>::NAME),*];

            /// The keys of a verb; `None` if there is no such verb.
            #[must_use]
            pub fn keys(verb: &str) -> Option<&'static [&'static str]> {
                match verb {
                    $(<$module::$name as Verb>::NAME => Some(<$module::$name as Verb>::KEYS),)*
                    _ => None,
                }
            }

            /// Reads a step with that verb.
            ///
            /// # Errors
            /// The first thing that is wrong.
            pub fn read(verb: &str, fields: &Fields<'_>) -> Result<Self, Problem> {
                match verb {
                    $(<$module::$name as Verb>::NAME => <$module::$name as Verb>::read(fields).map(Self::$name),)*
                    _ => Err(fields.problem("verb", format!("there is no verb {verb:?}"))),
                }
            }

            /// The verb.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => <$module::$name as Verb>::NAME,)*
                }
            }

            /// See [`Verb::sentence`].
            #[must_use]
            pub fn sentence(&self, story: &Story) -> String {
                match self {
                    $(Self::$name(verb) => verb.sentence(story),)*
                }
            }

            /// See [`Verb::deed`].
            ///
            /// # Errors
            /// As [`Verb::deed`].
            pub fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed> {
                match self {
                    $(Self::$name(verb) => verb.deed(world, now),)*
                }
            }

            /// See [`Verb::book`].
            pub fn book(&self, ledger: &mut Ledger, at: Moment) {
                match self {
                    $(Self::$name(verb) => verb.book(ledger, at),)*
                }
            }

            /// See [`Verb::flow`].
            pub fn flow(&self, fair: &mut Fair, at: Moment) {
                match self {
                    $(Self::$name(verb) => verb.flow(fair, at),)*
                }
            }
        }
    };
}

verbs! {
    token::Create,
    token::Issue,
    token::Retire,
    token::AdvanceRedemption,
    token::ProposeIssuer,
    token::AcceptIssuer,
    token::UpdateMetadata,
    token::PostUpdate,
    token::Approve,
    token::RemoveApproval,
    shares::Send,
    shares::Register,
    shares::Unregister,
    shares::SendBearer,
    shares::BurnBearer,
    shares::PayoutAccount,
    shares::ClosePosition,
    upside::Distribute,
    upside::SendToInbox,
    upside::Claim,
    vault::OpenVault,
    vault::Deposit,
    vault::Donate,
    layers::OpenShareVault,
    layers::DepositShares,
    layers::DonateShares,
    layers::RegisterVaultBearer,
    layers::Harvest,
    collective::CreateCollective,
    collective::Apply,
    collective::Admit,
    collective::Join,
    grant::Grant,
    grant::ClaimGrant,
    grant::ApproveMilestone,
    grant::RevokeGrant,
    grant::CloseGrant,
    round::Round,
    round::OpenMoneyVault,
    round::Invite,
    round::Uninvite,
    round::Subscribe,
    round::Withdraw,
    round::CancelRound,
    round::CloseRound,
    round::Settle,
    round::ReleaseRunway,
    redemption::Redeem,
    redemption::Collect,
    redemption::CollectMoney,
    redemption::CollectShares,
    redemption::CloseRedemption,
    asset::Pause,
    asset::Resume,
    asset::Freeze,
    asset::Thaw,
    asset::ClawBack,
    wait::Wait,
    worth::ValueEveryone,
}
