//! The security itself: creating it, its capacity, its issuer, its texts, approvals.

use anyhow::Result;
use upside_client::{
    accounts,
    instructions::{
        AcceptIssuer as AcceptIssuerInstruction, AdvanceRedemption as AdvanceRedemptionInstruction, ApproveHolder,
        CreateSecurity, Issue as IssueInstruction, PostUpdate as PostUpdateInstruction,
        ProposeIssuer as ProposeIssuerInstruction, RemoveApproval as RemoveApprovalInstruction,
        Retire as RetireInstruction, UpdateMetadata as UpdateMetadataInstruction,
    },
    upside::{
        constants::NEVER_TS,
        instructions::security::{CreateSecurityArgs, UpdateMetadataArgs},
        state::{Approval, Kind, Terms},
    },
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{check_metadata, duration, Fields, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// The issuer creates a security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    of: SecurityId,
}

impl Verb for Create {
    const NAME: &'static str = "create";
    const KEYS: &'static [&'static str] = &["of"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        fields.security().map(|of| Self { of })
    }

    fn sentence(&self, story: &Story) -> String {
        let security = story.security(self.of);
        let kind = match security.kind {
            Kind::Expression => "for an expression",
            Kind::Person => "for a person",
            Kind::Collective => "for a collective",
        };
        format!(
            "{} creates {}, a security {kind}",
            story.name(security.issuer),
            security.symbol
        )
    }

    fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed> {
        let security = world.story().security(self.of);
        let (issuer, keys) = (world.address(security.issuer)?, world.keys(self.of));
        let create = CreateSecurity {
            payer: issuer,
            issuer,
            payout_mint: keys.payout_mint,
            payout_token_program: keys.payout_token_program,
            args: CreateSecurityArgs {
                kind: security.kind,
                index: security.index,
                terms: Terms {
                    redeem_after_ts: security.redeem_after_seconds.map_or(NEVER_TS, |seconds| now + seconds),
                    ..security.terms
                },
                name: security.name.clone(),
                symbol: security.symbol.clone(),
                uri: security.uri.clone(),
                initial_shares_atoms: security.initial_atoms,
            },
        };
        Ok(Deed::send(security.issuer, vec![create.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.create(self.of, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        let security = fair.story().security(self.of);
        fair.enter(self.of, security.issuer, security.initial_atoms);
    }
}

/// The issuer issues more shares to themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    of: SecurityId,
    by: PersonId,
    shares: u64,
}

impl Verb for Issue {
    const NAME: &'static str = "issue";
    const KEYS: &'static [&'static str] = &["of", "by", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            shares: fields.shares("shares", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!("{} issues {}", story.name(self.by), story.shares(self.of, self.shares))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let issue = IssueInstruction {
            keys: world.keys(self.of),
            payer: issuer,
            issuer,
            amount: self.shares,
        };
        Ok(Deed::send(self.by, vec![issue.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.issue(self.of, self.by, self.shares, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.enter(self.of, self.by, self.shares);
    }
}

/// The issuer gives capacity up for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retire {
    of: SecurityId,
    by: PersonId,
    shares: u64,
}

impl Verb for Retire {
    const NAME: &'static str = "retire";
    const KEYS: &'static [&'static str] = &["of", "by", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            shares: fields.shares("shares", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let shares = story.shares(self.of, self.shares);
        format!("{} gives up the right to issue {shares}", story.name(self.by))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let retire = RetireInstruction {
            keys: world.keys(self.of),
            issuer: world.address(self.by)?,
            amount: self.shares,
        };
        Ok(Deed::send(self.by, vec![retire.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.retire(self.of, self.shares);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.give_up(self.of, self.shares);
    }
}

/// The issuer lets redemption open earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceRedemption {
    of: SecurityId,
    by: PersonId,
    seconds: i64,
}

impl Verb for AdvanceRedemption {
    const NAME: &'static str = "advance-redemption";
    const KEYS: &'static [&'static str] = &["of", "by", "opens_in"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            seconds: fields.duration("opens_in")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!(
            "{who} lets redemption of {symbol} open in {}",
            duration::in_words(self.seconds)
        )
    }

    fn deed(&self, world: &World<'_>, now: i64) -> Result<Deed> {
        let advance = AdvanceRedemptionInstruction {
            keys: world.keys(self.of),
            issuer: world.address(self.by)?,
            redeem_after_ts: now + self.seconds,
        };
        Ok(Deed::send(self.by, vec![advance.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.advance_redemption(self.of, at.asked_ts + self.seconds);
    }
}

/// The issuer proposes somebody as the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposeIssuer {
    of: SecurityId,
    by: PersonId,
    to: PersonId,
}

impl Verb for ProposeIssuer {
    const NAME: &'static str = "propose-issuer";
    const KEYS: &'static [&'static str] = &["of", "by", "to"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let (of, to) = (fields.security()?, fields.person("to")?);
        let by = fields.issuer(of)?;
        fields.is_proposed(of, to);
        Ok(Self { of, by, to })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!("{who} proposes {} as issuer of {symbol}", story.name(self.to))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let propose = ProposeIssuerInstruction {
            keys: world.keys(self.of),
            issuer: world.address(self.by)?,
            pending_issuer: Some(world.address(self.to)?),
        };
        Ok(Deed::send(self.by, vec![propose.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.propose_issuer(self.of, self.to);
    }
}

/// The one who was proposed becomes the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptIssuer {
    of: SecurityId,
    by: PersonId,
}

impl Verb for AcceptIssuer {
    const NAME: &'static str = "accept-issuer";
    const KEYS: &'static [&'static str] = &["of", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let by = match fields.proposed(of) {
            Some(proposed) => fields.person_or("by", proposed)?,
            None => fields.person("by")?,
        };
        // From here on the steps of the issuer are theirs, unless the step is to be refused.
        if !fields.has("refused") {
            fields.becomes_issuer(of, by);
        }
        Ok(Self { of, by })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} becomes the issuer of {}",
            story.name(self.by),
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let accept = AcceptIssuerInstruction {
            keys: world.keys(self.of),
            pending_issuer: world.address(self.by)?,
        };
        Ok(Deed::send(self.by, vec![accept.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.accept_issuer(self.of, self.by);
    }
}

/// The issuer changes name, symbol or URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateMetadata {
    of: SecurityId,
    by: PersonId,
    name: Option<String>,
    symbol: Option<String>,
    uri: Option<String>,
}

impl Verb for UpdateMetadata {
    const NAME: &'static str = "update-metadata";
    const KEYS: &'static [&'static str] = &["of", "by", "name", "symbol", "uri"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let (name, symbol, uri) = (
            fields.optional_text("name")?,
            fields.optional_text("symbol")?,
            fields.optional_text("uri")?,
        );
        if name.is_none() && symbol.is_none() && uri.is_none() {
            return Err(fields.problem("verb", "new metadata needs a name, a symbol or a uri"));
        }
        check_metadata(fields, name.as_deref(), symbol.as_deref(), uri.as_deref())?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            name,
            symbol,
            uri,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let texts = [("name", &self.name), ("symbol", &self.symbol), ("URI", &self.uri)];
        let changed: Vec<&str> = texts
            .iter()
            .filter(|(_, text)| text.is_some())
            .map(|(what, _)| *what)
            .collect();
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!("{who} changes the {} of {symbol}", changed.join(" and "))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let update = UpdateMetadataInstruction {
            keys: world.keys(self.of),
            payer: issuer,
            issuer,
            args: UpdateMetadataArgs {
                name: self.name.clone(),
                symbol: self.symbol.clone(),
                uri: self.uri.clone(),
            },
        };
        Ok(Deed::send(self.by, vec![update.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.update_metadata(
            self.of,
            self.name.as_deref(),
            self.symbol.as_deref(),
            self.uri.as_deref(),
        );
    }
}

/// The issuer tells the holders something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostUpdate {
    of: SecurityId,
    by: PersonId,
    uri: String,
    sha256: [u8; 32],
}

impl Verb for PostUpdate {
    const NAME: &'static str = "post-update";
    const KEYS: &'static [&'static str] = &["of", "by", "uri", "sha256"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let uri = fields.text("uri")?;
        check_metadata(fields, None, None, Some(&uri))?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            uri,
            sha256: fields.sha256("sha256")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} posts an update to the holders of {}",
            story.name(self.by),
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let post = PostUpdateInstruction {
            keys: world.keys(self.of),
            issuer: world.address(self.by)?,
            uri: self.uri.clone(),
            sha256: self.sha256,
        };
        Ok(Deed::send(self.by, vec![post.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.post_update(self.of);
    }
}

/// The issuer lets somebody receive curated shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approve {
    of: SecurityId,
    by: PersonId,
    holder: PersonId,
}

impl Verb for Approve {
    const NAME: &'static str = "approve";
    const KEYS: &'static [&'static str] = &["of", "by", "holder"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            holder: fields.person("holder")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!("{who} approves {} as a holder of {symbol}", story.name(self.holder))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let approve = ApproveHolder {
            keys: world.keys(self.of),
            payer: issuer,
            issuer,
            holder: world.address(self.holder)?,
        };
        Ok(Deed::send(self.by, vec![approve.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.approve(self.of, self.holder, true);
    }
}

/// The issuer stops somebody from receiving more curated shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveApproval {
    of: SecurityId,
    by: PersonId,
    holder: PersonId,
}

impl Verb for RemoveApproval {
    const NAME: &'static str = "remove-approval";
    const KEYS: &'static [&'static str] = &["of", "by", "holder"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            holder: fields.person("holder")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!("{who} no longer lets {} receive {symbol}", story.name(self.holder))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, issuer, holder) = (
            world.keys(self.of),
            world.address(self.by)?,
            world.address(self.holder)?,
        );
        let approval: Option<Approval> = accounts::find(world.sender(), &keys.approval(&holder))?;
        let remove = RemoveApprovalInstruction {
            keys,
            issuer,
            holder,
            rent_payer: approval.map_or(issuer, |approval| approval.rent_payer),
        };
        Ok(Deed::send(self.by, vec![remove.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.approve(self.of, self.holder, false);
    }
}
