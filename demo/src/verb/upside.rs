//! Money in and out.

use anyhow::Result;
use upside_client::{
    accounts,
    instructions::{Claim as ClaimInstruction, Distribute as DistributeInstruction},
    transactions,
};
use upside_lookalike_mints::PAYOUT;

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{Fields, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// Money is paid in for the holders, and whatever the inbox holds goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribute {
    of: SecurityId,
    from: PersonId,
    amount: u64,
}

impl Verb for Distribute {
    const NAME: &'static str = "distribute";
    const KEYS: &'static [&'static str] = &["of", "from", "amount"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            from: fields.person("from")?,
            amount: fields.money("amount")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.from), story.symbol(self.of));
        match self.amount {
            0 => format!("{who} sweeps the inbox of {symbol} in"),
            amount => format!("{who} pays {} in for the holders of {symbol}", story.money(amount)),
        }
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, funder) = (world.keys(self.of), world.address(self.from)?);
        let distribute = match self.amount {
            0 => DistributeInstruction::sweep(keys, funder),
            amount => DistributeInstruction::from_ata(keys, funder, amount),
        };
        Ok(Deed::send(self.from, vec![distribute.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.distribute(self.of, self.from, self.amount, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.pay_in(self.of, self.amount, true);
    }
}

/// Money is sent to the inbox of a security by an ordinary token transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendToInbox {
    of: SecurityId,
    from: PersonId,
    amount: u64,
}

impl Verb for SendToInbox {
    const NAME: &'static str = "send-to-inbox";
    const KEYS: &'static [&'static str] = &["of", "from", "amount"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            from: fields.person("from")?,
            amount: fields.money("amount")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.from), story.symbol(self.of));
        format!("{who} sends {} to the inbox of {symbol}", story.money(self.amount))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let from = world.address(self.from)?;
        let instructions =
            transactions::send_to_inbox(world.keys(self.of), &from, &from, PAYOUT.decimals, self.amount)?;
        Ok(Deed::send(self.from, instructions))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.send_to_inbox(self.of, self.from, self.amount);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.send_to_inbox(self.of, self.amount);
    }
}

/// A holder is paid what they are owed, to the account they chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    of: SecurityId,
    holder: PersonId,
    /// Who sends the transaction; another than the holder needs no signature of the holder.
    by: PersonId,
}

impl Verb for Claim {
    const NAME: &'static str = "claim";
    const KEYS: &'static [&'static str] = &["of", "holder", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let holder = fields.person("holder")?;
        Ok(Self {
            of: fields.security()?,
            holder,
            by: fields.person_or("by", holder)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (holder, symbol) = (story.name(self.holder), story.symbol(self.of));
        if self.by == self.holder {
            format!("{holder} claims what {symbol} owes them")
        } else {
            format!("{} lets {symbol} pay {holder} what it owes them", story.name(self.by))
        }
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, holder) = (world.keys(self.of), world.address(self.holder)?);
        let position = accounts::find_position(world.sender(), &keys.security, &holder)?;
        let claim = ClaimInstruction {
            keys,
            holder,
            payout_account: position.map_or_else(|| keys.payout_account(&holder), |position| position.payout_account),
            holder_signs: self.by == self.holder,
        };
        Ok(Deed::send(self.by, vec![claim.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.claim(self.of, self.holder, at);
    }
}
