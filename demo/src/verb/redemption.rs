//! Redemption in kind. A holder has one open ticket of a security at a time here; its number is zero.

use anyhow::{Context, Result};
use upside_client::{
    accounts,
    instructions::{
        token, CloseRedemption as CloseRedemptionInstruction, Collect as CollectInstruction,
        CollectShares as CollectSharesInstruction, Redeem as RedeemInstruction,
    },
    upside::state::Redemption,
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{AssetId, Fields, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// The number of every ticket.
pub const TICKET: u64 = 0;

/// A holder burns registered shares for a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeem {
    of: SecurityId,
    holder: PersonId,
    shares: u64,
}

impl Verb for Redeem {
    const NAME: &'static str = "redeem";
    const KEYS: &'static [&'static str] = &["of", "holder", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            holder: fields.person("holder")?,
            shares: fields.shares("shares", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let shares = story.shares(self.of, self.shares);
        format!(
            "{} gives up {shares} for their part of every vault",
            story.name(self.holder)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let holder = world.address(self.holder)?;
        let redeem = RedeemInstruction {
            keys: world.keys(self.of),
            payer: holder,
            holder,
            id: TICKET,
            amount: self.shares,
        };
        Ok(Deed::send(self.holder, vec![redeem.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.redeem(self.of, self.holder, self.shares, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.redeem(self.of, self.holder, self.shares);
    }
}

/// A ticket collects its part of one vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collect {
    of: SecurityId,
    holder: PersonId,
    asset: AssetId,
}

impl Verb for Collect {
    const NAME: &'static str = "collect";
    const KEYS: &'static [&'static str] = &["of", "holder", "equity"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            holder: fields.person("holder")?,
            asset: fields.asset("equity")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, asset) = (story.name(self.holder), story.asset(self.asset).symbol);
        format!("{who} collects {asset} from the vault of {}", story.symbol(self.of))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (holder, asset) = (world.address(self.holder)?, world.asset(self.asset));
        let collect = CollectInstruction::to_ata(world.keys(self.of), holder, TICKET, asset.mint, asset.token_program);
        Ok(Deed::send(
            self.holder,
            vec![
                token::create_ata(&holder, &holder, &asset.mint, &asset.token_program),
                collect.instruction(),
            ],
        ))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.collect(self.of, self.holder, self.asset);
    }
}

/// A ticket collects its part of the vault for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectMoney {
    of: SecurityId,
    holder: PersonId,
}

impl Verb for CollectMoney {
    const NAME: &'static str = "collect-money";
    const KEYS: &'static [&'static str] = &["of", "holder"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            holder: fields.person("holder")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.holder), story.symbol(self.of));
        format!("{who} collects money from the vault of {symbol}")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (holder, keys) = (world.address(self.holder)?, world.keys(self.of));
        let (mint, program) = (keys.payout_mint, keys.payout_token_program);
        let collect = CollectInstruction::to_ata(keys, holder, TICKET, mint, program);
        Ok(Deed::send(
            self.holder,
            vec![
                token::create_ata(&holder, &holder, &mint, &program),
                collect.instruction(),
            ],
        ))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.collect_money(self.of, self.holder);
    }
}

/// A ticket collects its part of a vault with shares of another security, which arrive registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectShares {
    of: SecurityId,
    held: SecurityId,
    holder: PersonId,
}

impl Verb for CollectShares {
    const NAME: &'static str = "collect-shares";
    const KEYS: &'static [&'static str] = &["of", "held", "holder"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            held: fields.other_security("held", of)?,
            holder: fields.person("holder")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, held) = (story.name(self.holder), story.symbol(self.held));
        format!(
            "{who} collects shares of {held} from the vault of {}",
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let holder = world.address(self.holder)?;
        let collect = CollectSharesInstruction {
            keys: world.keys(self.of),
            held: world.keys(self.held),
            payer: holder,
            holder,
            id: TICKET,
            least_atoms: 0,
        };
        Ok(Deed::send(self.holder, vec![collect.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.collect_shares(self.of, self.held, self.holder, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.take_from_vault(self.of, self.held, self.holder);
    }
}

/// A ticket that has collected everything is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRedemption {
    of: SecurityId,
    holder: PersonId,
}

impl Verb for CloseRedemption {
    const NAME: &'static str = "close-redemption";
    const KEYS: &'static [&'static str] = &["of", "holder"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            holder: fields.person("holder")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.holder), story.symbol(self.of));
        format!("{who} closes the ticket of {symbol}, which has collected everything")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (holder, keys) = (world.address(self.holder)?, world.keys(self.of));
        let ticket: Redemption = accounts::find(world.sender(), &keys.redemption(&holder, TICKET))?
            .with_context(|| format!("{} has no open ticket", world.story().name(self.holder)))?;
        let close = CloseRedemptionInstruction {
            keys,
            holder,
            id: TICKET,
            rent_payer: ticket.rent_payer,
        };
        Ok(Deed::send(self.holder, vec![close.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.close_redemption(self.of, self.holder);
    }
}
