//! Grants: shares promised for help. A recipient's grants of a security are told apart by their number.

use anyhow::{Context, Result};
use upside_client::{
    accounts,
    instructions::{
        ApproveMilestone as ApproveMilestoneInstruction, ClaimGrant as ClaimGrantInstruction,
        CloseGrant as CloseGrantInstruction, CreateGrant, RevokeGrant as RevokeGrantInstruction,
    },
    upside::{instructions::grant::CreateGrantArgs, state::Grant as GrantState},
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{duration, Fields, GrantId, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// Highest number of a grant.
const MAX_NUMBER: u32 = 99;

fn grant_id(fields: &Fields<'_>, of: SecurityId, recipient: &str) -> Result<GrantId, Problem> {
    Ok(GrantId {
        of,
        recipient: fields.person(recipient)?,
        number: u64::from(fields.count("number", MAX_NUMBER, 0)?),
    })
}

/// The terms of a promise; times are seconds from the step on, or from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Share atoms.
    pub shares: u64,
    /// From the step to the start.
    pub starts_in: i64,
    /// From the start to the cliff.
    pub cliff: i64,
    /// From the start to the end.
    pub lasts: i64,
    /// Whether the issuer may revoke what has not vested.
    pub revocable: bool,
    /// Who must approve a milestone, and how long after the step at most.
    pub milestone: Option<(PersonId, i64)>,
}

/// The issuer promises shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    id: GrantId,
    by: PersonId,
    terms: Terms,
}

impl Grant {
    /// Which grant it makes.
    #[must_use]
    pub fn id(&self) -> GrantId {
        self.id
    }
}

impl Verb for Grant {
    const NAME: &'static str = "grant";
    const KEYS: &'static [&'static str] = &[
        "of",
        "by",
        "to",
        "shares",
        "number",
        "starts_in",
        "cliff",
        "lasts",
        "revocable",
        "approver",
        "deadline",
    ];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let or_none = |key: &str| if fields.has(key) { fields.duration(key) } else { Ok(0) };
        let milestone = if fields.has("approver") {
            Some((fields.person("approver")?, fields.duration("deadline")?))
        } else if fields.has("deadline") {
            return Err(fields.problem("deadline", "only a milestone has a deadline: name its approver"));
        } else {
            None
        };
        let cliff = or_none("cliff")?;
        let lasts = if fields.has("lasts") || milestone.is_none() {
            fields.duration("lasts")?
        } else {
            cliff
        };
        if lasts < cliff {
            return Err(fields.problem("lasts", "the grant would end before its cliff"));
        }
        Ok(Self {
            id: grant_id(fields, of, "to")?,
            by: fields.issuer(of)?,
            terms: Terms {
                shares: fields.shares("shares", of)?,
                starts_in: or_none("starts_in")?,
                cliff,
                lasts,
                revocable: fields.has("revocable") && fields.choice("revocable", &[("yes", true), ("no", false)])?,
                milestone,
            },
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (issuer, recipient) = (story.name(self.by), story.name(self.id.recipient));
        let shares = story.shares(self.id.of, self.terms.shares);
        match self.terms.milestone {
            Some((approver, deadline)) => format!(
                "{issuer} promises {shares} to {recipient} if {} approves within {}",
                story.name(approver),
                duration::in_words(deadline)
            ),
            None => format!(
                "{issuer} promises {shares} to {recipient}, over {} from {} on",
                duration::in_words(self.terms.lasts),
                match self.terms.starts_in {
                    0 => "now".to_owned(),
                    seconds => format!("{} from now", duration::in_words(seconds)),
                }
            ),
        }
    }

    fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed> {
        let (issuer, terms) = (world.address(self.by)?, &self.terms);
        let start_ts = now + terms.starts_in;
        let create = CreateGrant {
            keys: world.keys(self.id.of),
            payer: issuer,
            issuer,
            recipient: world.address(self.id.recipient)?,
            args: CreateGrantArgs {
                id: self.id.number,
                amount: terms.shares,
                start_ts,
                cliff_ts: start_ts + terms.cliff,
                end_ts: start_ts + terms.lasts,
                revocable: terms.revocable,
                approver: terms
                    .milestone
                    .map(|(approver, _)| world.address(approver))
                    .transpose()?
                    .unwrap_or_default(),
                deadline_ts: terms.milestone.map_or(0, |(_, deadline)| now + deadline),
            },
        };
        Ok(Deed::send(self.by, vec![create.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.promise(self.id, &self.terms, at);
    }

    fn flow(&self, fair: &mut Fair, at: Moment) {
        fair.promise(self.id, &self.terms, at);
    }
}

/// What has vested is issued to the recipient; anybody can do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimGrant {
    id: GrantId,
    by: PersonId,
}

impl Verb for ClaimGrant {
    const NAME: &'static str = "claim-grant";
    const KEYS: &'static [&'static str] = &["of", "holder", "by", "number"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let id = grant_id(fields, of, "holder")?;
        Ok(Self {
            id,
            by: fields.person_or("by", id.recipient)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.id.recipient), story.symbol(self.id.of));
        if self.by == self.id.recipient {
            format!("{who} claims the {symbol} that has vested")
        } else {
            format!("{} claims the {symbol} that has vested for {who}", story.name(self.by))
        }
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let claim = ClaimGrantInstruction {
            keys: world.keys(self.id.of),
            payer: world.address(self.by)?,
            recipient: world.address(self.id.recipient)?,
            id: self.id.number,
        };
        Ok(Deed::send(self.by, vec![claim.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.claim_promise(self.id, at);
    }

    fn flow(&self, fair: &mut Fair, at: Moment) {
        fair.claim_promise(self.id, at);
    }
}

/// The approver of a milestone signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproveMilestone {
    id: GrantId,
    by: PersonId,
}

impl Verb for ApproveMilestone {
    const NAME: &'static str = "approve-milestone";
    const KEYS: &'static [&'static str] = &["of", "holder", "by", "number"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: grant_id(fields, of, "holder")?,
            by: fields.person("by")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} approves the milestone of {}",
            story.name(self.by),
            story.name(self.id.recipient)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let approve = ApproveMilestoneInstruction {
            keys: world.keys(self.id.of),
            approver: world.address(self.by)?,
            recipient: world.address(self.id.recipient)?,
            id: self.id.number,
        };
        Ok(Deed::send(self.by, vec![approve.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.approve_promise(self.id);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.approve_promise(self.id);
    }
}

/// The issuer stops what has not vested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeGrant {
    id: GrantId,
    by: PersonId,
}

impl Verb for RevokeGrant {
    const NAME: &'static str = "revoke-grant";
    const KEYS: &'static [&'static str] = &["of", "holder", "by", "number"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            id: grant_id(fields, of, "holder")?,
            by: fields.issuer(of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, recipient) = (story.name(self.by), story.name(self.id.recipient));
        format!("{who} takes back what has not vested of a grant to {recipient}")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let revoke = RevokeGrantInstruction {
            keys: world.keys(self.id.of),
            issuer: world.address(self.by)?,
            recipient: world.address(self.id.recipient)?,
            id: self.id.number,
        };
        Ok(Deed::send(self.by, vec![revoke.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.revoke_promise(self.id, at);
    }

    fn flow(&self, fair: &mut Fair, at: Moment) {
        fair.revoke_promise(self.id, at);
    }
}

/// A grant that is over is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseGrant {
    id: GrantId,
    by: PersonId,
}

impl Verb for CloseGrant {
    const NAME: &'static str = "close-grant";
    const KEYS: &'static [&'static str] = &["of", "holder", "by", "number"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let id = grant_id(fields, of, "holder")?;
        Ok(Self {
            id,
            by: fields.person_or("by", id.recipient)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, recipient) = (story.name(self.by), story.name(self.id.recipient));
        format!("{who} closes a grant to {recipient} that is over")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, recipient) = (world.keys(self.id.of), world.address(self.id.recipient)?);
        let grant: GrantState = accounts::find(world.sender(), &keys.grant(&recipient, self.id.number))?
            .with_context(|| format!("{} has no such grant", world.story().name(self.id.recipient)))?;
        let close = CloseGrantInstruction {
            keys,
            recipient,
            id: self.id.number,
            rent_payer: grant.rent_payer,
        };
        Ok(Deed::send(self.by, vec![close.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.close_promise(self.id);
    }
}
