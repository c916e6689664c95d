//! Securities that hold each other's shares.

use anyhow::Result;
use upside_client::instructions::{
    DepositShares as DepositSharesInstruction, Harvest as HarvestInstruction,
    OpenShareVault as OpenShareVaultInstruction,
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{Fields, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// The issuer opens a vault for shares of another security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenShareVault {
    of: SecurityId,
    held: SecurityId,
    by: PersonId,
}

impl Verb for OpenShareVault {
    const NAME: &'static str = "open-share-vault";
    const KEYS: &'static [&'static str] = &["of", "held", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            held: fields.other_security("held", of)?,
            by: fields.issuer(of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!(
            "{who} opens a vault of {symbol} for shares of {}",
            story.symbol(self.held)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let open = OpenShareVaultInstruction {
            keys: world.keys(self.of),
            held: world.keys(self.held),
            payer: issuer,
            issuer,
        };
        Ok(Deed::send(self.by, vec![open.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.open_share_vault(self.of, self.held);
    }
}

/// Registered shares of another security enter a vault for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositShares {
    of: SecurityId,
    held: SecurityId,
    from: PersonId,
    shares: u64,
}

impl Verb for DepositShares {
    const NAME: &'static str = "deposit-shares";
    const KEYS: &'static [&'static str] = &["of", "held", "from", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        let held = fields.other_security("held", of)?;
        Ok(Self {
            of,
            held,
            from: fields.person("from")?,
            shares: fields.shares("shares", held)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} puts {} into the vault of {}",
            story.name(self.from),
            story.shares(self.held, self.shares),
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let holder = world.address(self.from)?;
        let deposit = DepositSharesInstruction {
            keys: world.keys(self.of),
            held: world.keys(self.held),
            payer: holder,
            holder,
            amount: self.shares,
        };
        Ok(Deed::send(self.from, vec![deposit.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.deposit_shares(self.of, self.held, self.from, self.shares, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.leave(self.held, self.from, self.shares);
        fair.enter_vault(self.of, self.held, self.shares);
    }
}

/// What the shares in a vault have earned goes onto the stream of the security that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harvest {
    of: SecurityId,
    held: SecurityId,
    by: PersonId,
}

impl Verb for Harvest {
    const NAME: &'static str = "harvest";
    const KEYS: &'static [&'static str] = &["of", "held", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            held: fields.other_security("held", of)?,
            by: fields.person_or("by", fields.issuer_now(of))?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} moves what {} has earned by its shares of {} to its holders",
            story.name(self.by),
            story.symbol(self.of),
            story.symbol(self.held)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let harvest = HarvestInstruction {
            keys: world.keys(self.of),
            held: world.keys(self.held),
        };
        Ok(Deed::send(self.by, vec![harvest.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.harvest(self.of, self.held, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.harvest(self.of, self.held);
    }
}
