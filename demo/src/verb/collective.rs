//! Securities that others join on equal terms.

use anyhow::{Context, Result};
use upside_client::{
    accounts,
    instructions::{
        Admit as AdmitInstruction, Apply as ApplyInstruction, CreateCollective as CreateCollectiveInstruction,
        Join as JoinInstruction,
    },
    upside::{instructions::collective::CreateCollectiveArgs, state::Member},
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{Fields, GrantId, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// Highest number of a member's grant.
const MAX_NUMBER: u32 = 99;

/// The rule by which others join, the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Part of its authorised supply that each gives, basis points.
    pub gives_bps: u16,
    /// Share atoms that each is granted.
    pub receives: u64,
    /// Seconds from joining to the cliff.
    pub cliff: i64,
    /// Seconds from joining until all has vested.
    pub lasts: i64,
}

/// The issuer lets others join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCollective {
    of: SecurityId,
    by: PersonId,
    rule: Rule,
}

impl Verb for CreateCollective {
    const NAME: &'static str = "create-collective";
    const KEYS: &'static [&'static str] = &["of", "by", "gives", "receives", "cliff", "lasts"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        // A percentage with two decimals is a number of basis points.
        let gives_bps = u16::try_from(fields.amount("gives", 2)?)
            .ok()
            .filter(|bps| (1..=10_000).contains(bps))
            .ok_or_else(|| fields.problem("gives", "members give more than 0 and at most 100 percent"))?;
        let cliff = if fields.has("cliff") {
            fields.duration("cliff")?
        } else {
            0
        };
        let lasts = fields.duration("lasts")?;
        if lasts < cliff {
            return Err(fields.problem("cliff", "the cliff is no later than the end"));
        }
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            rule: Rule {
                gives_bps,
                receives: fields.shares("receives", of)?,
                cliff,
                lasts,
            },
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} lets others join {}: each gives {}% of itself and is granted {}",
            story.name(self.by),
            story.symbol(self.of),
            crate::amount::exact(u64::from(self.rule.gives_bps), 2),
            story.shares(self.of, self.rule.receives)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let create = CreateCollectiveInstruction {
            keys: world.keys(self.of),
            payer: issuer,
            issuer,
            args: CreateCollectiveArgs {
                contribution_bps: self.rule.gives_bps,
                shares: self.rule.receives,
                cliff_seconds: self.rule.cliff,
                vesting_seconds: self.rule.lasts,
            },
        };
        Ok(Deed::send(self.by, vec![create.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.create_collective(self.of, self.rule);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.create_collective(self.of, self.rule);
    }
}

/// A security applies; nothing moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply {
    of: SecurityId,
    member: SecurityId,
    by: PersonId,
}

impl Verb for Apply {
    const NAME: &'static str = "apply";
    const KEYS: &'static [&'static str] = &["of", "member", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let member = fields.other_security("member", of)?;
        Ok(Self {
            of,
            member,
            by: fields.issuer(member)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, member) = (story.name(self.by), story.symbol(self.member));
        format!("{who} applies to {} with {member}", story.symbol(self.of))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let wallet = world.address(self.by)?;
        let apply = ApplyInstruction {
            keys: world.keys(self.of),
            member: world.keys(self.member),
            payer: wallet,
            wallet,
        };
        Ok(Deed::send(self.by, vec![apply.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.apply(self.of, self.member);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.apply(self.of, self.member);
    }
}

/// The collective's issuer consents, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admit {
    of: SecurityId,
    member: SecurityId,
    by: PersonId,
    within: i64,
}

impl Verb for Admit {
    const NAME: &'static str = "admit";
    const KEYS: &'static [&'static str] = &["of", "member", "within", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            member: fields.other_security("member", of)?,
            by: fields.issuer(of)?,
            within: fields.duration("within")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, member) = (story.name(self.by), story.symbol(self.member));
        format!("{who} admits {member} to {}", story.symbol(self.of))
    }

    fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed> {
        let (keys, member) = (world.keys(self.of), world.keys(self.member));
        let application: Member = accounts::find(world.sender(), &keys.member(&member.security))?
            .context("nobody has applied: a step with `apply` must come first")?;
        let admit = AdmitInstruction::to(keys, world.address(self.by)?, &application, now + self.within);
        Ok(Deed::send(self.by, vec![admit.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.admit(self.of, self.member, at.asked_ts + self.within);
    }
}

/// The member gives its part and is granted its shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    id: GrantId,
    member: SecurityId,
}

impl Join {
    /// The grant that it makes.
    #[must_use]
    pub fn grant(&self) -> GrantId {
        self.id
    }
}

impl Verb for Join {
    const NAME: &'static str = "join";
    const KEYS: &'static [&'static str] = &["of", "member", "number", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let member = fields.other_security("member", of)?;
        Ok(Self {
            id: GrantId {
                of,
                recipient: fields.issuer(member)?,
                number: u64::from(fields.count("number", MAX_NUMBER, 0)?),
            },
            member,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, member) = (story.name(self.id.recipient), story.symbol(self.member));
        format!("{who} joins {} with {member}", story.symbol(self.id.of))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let wallet = world.address(self.id.recipient)?;
        let join = JoinInstruction {
            keys: world.keys(self.id.of),
            member: world.keys(self.member),
            payer: wallet,
            wallet,
            grant_id: self.id.number,
        };
        Ok(Deed::send(self.id.recipient, vec![join.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.join(self.id, self.member, at);
    }

    fn flow(&self, fair: &mut Fair, at: Moment) {
        fair.join(self.id, self.member, at);
    }
}
