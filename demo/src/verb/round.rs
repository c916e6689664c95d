//! Rounds: shares sold at one price, all or nothing, and the money that they bring. A security's rounds are told apart by their number.

use anyhow::{Context, Result};
use upside_client::{
    accounts,
    instructions::{
        CancelRound as CancelRoundInstruction, CloseRound as CloseRoundInstruction, CreateRound,
        Invite as InviteInstruction, OpenVault, ReleaseRunway as ReleaseRunwayInstruction, SettleSubscription,
        Subscribe as SubscribeInstruction, Uninvite as UninviteInstruction, WithdrawSubscription,
    },
    upside::{instructions::round::CreateRoundArgs, state::Subscription},
};
use upside_lookalike_mints::PAYOUT;

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{duration, Fields, PersonId, Problem, RoundId, SecurityId, Story},
    world::World,
};

/// Highest number of a round.
const MAX_NUMBER: u32 = 99;
/// Basis points of a percent.
const PERCENT_BPS: u32 = 100;

fn round_id(fields: &Fields<'_>, of: SecurityId) -> Result<RoundId, Problem> {
    Ok(RoundId {
        of,
        number: u64::from(fields.count("number", MAX_NUMBER, 0)?),
    })
}

/// What a round is called in sentences.
fn called(story: &Story, id: RoundId) -> String {
    match id.number {
        0 => format!("the round of {}", story.symbol(id.of)),
        number => format!("round {number} of {}", story.symbol(id.of)),
    }
}

/// The terms of a round; times are seconds from the step on, or from the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Share atoms for sale.
    pub for_sale: u64,
    /// Payout atoms for a whole share.
    pub price: u64,
    /// The round fails if fewer share atoms are wanted.
    pub minimum: u64,
    /// From the step to the opening.
    pub opens_in: i64,
    /// From the opening until subscriptions bind.
    pub commit: i64,
    /// From the opening to the close.
    pub closes: i64,
    /// Seconds over which the money is released.
    pub runway: i64,
    /// Part that becomes backing, basis points.
    pub backing_bps: u16,
    /// Whether only invited investors may subscribe.
    pub invited: bool,
}

/// The issuer announces a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    id: RoundId,
    by: PersonId,
    terms: Terms,
}

impl Round {
    /// Which round it announces.
    #[must_use]
    pub fn id(&self) -> RoundId {
        self.id
    }
}

impl Verb for Round {
    const NAME: &'static str = "round";
    const KEYS: &'static [&'static str] = &[
        "of", "by", "number", "for_sale", "price", "minimum", "opens_in", "commit", "closes", "runway", "backing",
        "invited",
    ];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let or_none = |key: &str| if fields.has(key) { fields.duration(key) } else { Ok(0) };
        let closes = fields.duration("closes")?;
        let commit = if fields.has("commit") {
            fields.duration("commit")?
        } else {
            closes
        };
        let percent = fields.count("backing", 100, 0)?;
        Ok(Self {
            id: round_id(fields, of)?,
            by: fields.issuer(of)?,
            terms: Terms {
                for_sale: fields.shares("for_sale", of)?,
                price: fields.money("price")?,
                minimum: if fields.has("minimum") {
                    fields.shares("minimum", of)?
                } else {
                    0
                },
                opens_in: or_none("opens_in")?,
                commit,
                closes,
                runway: or_none("runway")?,
                backing_bps: u16::try_from(percent * PERCENT_BPS).unwrap_or(u16::MAX),
                invited: fields.has("invited") && fields.choice("invited", &[("yes", true), ("no", false)])?,
            },
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let terms = &self.terms;
        format!(
            "{} offers {} at {} each, from {} from now on, for {}",
            story.name(self.by),
            story.shares(self.id.of, terms.for_sale),
            story.money(terms.price),
            duration::in_words(terms.opens_in),
            duration::in_words(terms.closes)
        )
    }

    fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed> {
        let (issuer, terms) = (world.address(self.by)?, &self.terms);
        let opens_ts = now + terms.opens_in;
        let create = CreateRound {
            keys: world.keys(self.id.of),
            payer: issuer,
            issuer,
            args: CreateRoundArgs {
                id: self.id.number,
                price: terms.price,
                for_sale: terms.for_sale,
                minimum: terms.minimum,
                opens_ts,
                commit_ts: opens_ts + terms.commit,
                closes_ts: opens_ts + terms.closes,
                runway_seconds: terms.runway,
                backing_bps: terms.backing_bps,
                invited: terms.invited,
            },
        };
        Ok(Deed::send(self.by, vec![create.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.announce(self.id, &self.terms, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.announce(self.id, &self.terms);
    }
}

/// The issuer opens a vault for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMoneyVault {
    of: SecurityId,
    by: PersonId,
}

impl Verb for OpenMoneyVault {
    const NAME: &'static str = "open-money-vault";
    const KEYS: &'static [&'static str] = &["of", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} opens a vault of {} for {}",
            story.name(self.by),
            story.symbol(self.of),
            PAYOUT.symbol
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (issuer, keys) = (world.address(self.by)?, world.keys(self.of));
        let open = OpenVault {
            keys,
            payer: issuer,
            issuer,
            asset_mint: keys.payout_mint,
            asset_token_program: keys.payout_token_program,
        };
        Ok(Deed::send(self.by, vec![open.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.open_money_vault(self.of);
    }
}

/// The issuer invites an investor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    id: RoundId,
    by: PersonId,
    investor: PersonId,
    cap: u64,
}

impl Verb for Invite {
    const NAME: &'static str = "invite";
    const KEYS: &'static [&'static str] = &["of", "by", "number", "investor", "cap"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: round_id(fields, of)?,
            by: fields.issuer(of)?,
            investor: fields.person("investor")?,
            cap: fields.shares("cap", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} invites {} to {}, up to {}",
            story.name(self.by),
            story.name(self.investor),
            called(story, self.id),
            story.shares(self.id.of, self.cap)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let invite = InviteInstruction {
            keys: world.keys(self.id.of),
            payer: issuer,
            issuer,
            id: self.id.number,
            investor: world.address(self.investor)?,
            cap: self.cap,
        };
        Ok(Deed::send(self.by, vec![invite.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.invite(self.id, self.investor, self.cap);
    }
}

/// The issuer takes an invitation back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uninvite {
    id: RoundId,
    by: PersonId,
    investor: PersonId,
}

impl Verb for Uninvite {
    const NAME: &'static str = "uninvite";
    const KEYS: &'static [&'static str] = &["of", "by", "number", "investor"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: round_id(fields, of)?,
            by: fields.issuer(of)?,
            investor: fields.person("investor")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} takes the invitation of {} to {} back",
            story.name(self.by),
            story.name(self.investor),
            called(story, self.id)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let uninvite = UninviteInstruction {
            keys: world.keys(self.id.of),
            issuer: world.address(self.by)?,
            id: self.id.number,
            investor: world.address(self.investor)?,
            rent_payer: subscription(world, self.id, self.investor)?.rent_payer,
        };
        Ok(Deed::send(self.by, vec![uninvite.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.uninvite(self.id, self.investor);
    }
}

fn subscription(world: &World<'_>, id: RoundId, investor: PersonId) -> Result<Subscription> {
    let address = world.keys(id.of).subscription(id.number, &world.address(investor)?);
    accounts::find(world.sender(), &address)?
        .with_context(|| format!("{} has no subscription", world.story().name(investor)))
}

/// Somebody wants shares, in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    id: RoundId,
    investor: PersonId,
    shares: u64,
}

impl Verb for Subscribe {
    const NAME: &'static str = "subscribe";
    const KEYS: &'static [&'static str] = &["of", "number", "investor", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: round_id(fields, of)?,
            investor: fields.person("investor")?,
            shares: fields.shares("shares", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} wants {} of {}",
            story.name(self.investor),
            story.shares(self.id.of, self.shares),
            called(story, self.id)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, investor) = (world.keys(self.id.of), world.address(self.investor)?);
        let subscribe = SubscribeInstruction::from_ata(keys, investor, investor, self.id.number, self.shares);
        Ok(Deed::send(self.investor, vec![subscribe.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.subscribe(self.id, self.investor, self.shares);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.want(self.id, self.investor, self.shares);
    }
}

/// Somebody wants nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdraw {
    id: RoundId,
    investor: PersonId,
}

impl Verb for Withdraw {
    const NAME: &'static str = "withdraw";
    const KEYS: &'static [&'static str] = &["of", "number", "investor"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: round_id(fields, of)?,
            investor: fields.person("investor")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} withdraws from {}",
            story.name(self.investor),
            called(story, self.id)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let wants = subscription(world, self.id, self.investor)?;
        let withdraw = WithdrawSubscription {
            keys: world.keys(self.id.of),
            investor: wants.investor,
            id: self.id.number,
            rent_payer: wants.rent_payer,
            receiver: wants.refund_account,
        };
        Ok(Deed::send(self.investor, vec![withdraw.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.withdraw(self.id, self.investor);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.want(self.id, self.investor, 0);
    }
}

/// The issuer calls a round off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelRound {
    id: RoundId,
    by: PersonId,
}

impl Verb for CancelRound {
    const NAME: &'static str = "cancel-round";
    const KEYS: &'static [&'static str] = &["of", "by", "number"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: round_id(fields, of)?,
            by: fields.issuer(of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!("{} calls {} off", story.name(self.by), called(story, self.id))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let cancel = CancelRoundInstruction {
            keys: world.keys(self.id.of),
            issuer: world.address(self.by)?,
            id: self.id.number,
        };
        Ok(Deed::send(self.by, vec![cancel.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.cancel_round(self.id);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.call_off(self.id);
    }
}

/// A round whose time is over is decided; anybody can do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRound {
    id: RoundId,
    by: PersonId,
}

impl Verb for CloseRound {
    const NAME: &'static str = "close-round";
    const KEYS: &'static [&'static str] = &["of", "by", "number"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: round_id(fields, of)?,
            by: fields.issuer(of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!("{} closes {}", story.name(self.by), called(story, self.id))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let close = CloseRoundInstruction {
            keys: world.keys(self.id.of),
            id: self.id.number,
        };
        Ok(Deed::send(self.by, vec![close.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.close_round(self.id);
    }
}

/// Somebody gets their shares and their refund; anybody can do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    id: RoundId,
    investor: PersonId,
    by: PersonId,
}

impl Verb for Settle {
    const NAME: &'static str = "settle";
    const KEYS: &'static [&'static str] = &["of", "number", "investor", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let investor = fields.person("investor")?;
        Ok(Self {
            id: round_id(fields, of)?,
            investor,
            by: fields.person_or("by", investor)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} settles what {} gets of {}",
            story.name(self.by),
            story.name(self.investor),
            called(story, self.id)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let wants = subscription(world, self.id, self.investor)?;
        let payer = world.address(self.by)?;
        let settle = SettleSubscription::of(world.keys(self.id.of), payer, self.id.number, &wants);
        Ok(Deed::send(self.by, vec![settle.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.settle_subscription(self.id, self.investor, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.get(self.id, self.investor);
    }
}

/// What is due of a round's money is paid; anybody can do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRunway {
    id: RoundId,
    issuer: PersonId,
    by: PersonId,
}

impl Verb for ReleaseRunway {
    const NAME: &'static str = "release-runway";
    const KEYS: &'static [&'static str] = &["of", "number", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let issuer = fields.issuer_now(of);
        Ok(Self {
            id: round_id(fields, of)?,
            issuer,
            by: fields.person_or("by", issuer)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} releases what is due of the money of {}",
            story.name(self.by),
            called(story, self.id)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let keys = world.keys(self.id.of);
        let round: upside_client::upside::state::Round = accounts::get(world.sender(), &keys.round(self.id.number))?;
        let release =
            ReleaseRunwayInstruction::crank(keys, world.address(self.issuer)?, self.id.number, round.backing_bps > 0);
        Ok(Deed::send(self.by, vec![release.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.release_runway(self.id, self.issuer, at);
    }
}
