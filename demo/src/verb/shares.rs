//! Moves of shares, and a holder's own settings.

use anchor_spl::token_2022::spl_token_2022;
use anyhow::Result;
use upside_client::{
    accounts,
    instructions::{
        token, ClosePosition as ClosePositionInstruction, Register as RegisterInstruction, SetPayoutAccount,
        TransferShares,
    },
    transactions,
    upside::constants::TOKEN_2022_PROGRAM_ID,
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{Fields, PersonId, Problem, Purse, SecurityId, Story},
    world::World,
};

/// Registered shares go from one holder to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    of: SecurityId,
    from: PersonId,
    to: PersonId,
    shares: u64,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const KEYS: &'static [&'static str] = &["of", "from", "to", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            from: fields.person("from")?,
            to: fields.person("to")?,
            shares: fields.shares("shares", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (from, to) = (story.name(self.from), story.name(self.to));
        format!("{from} sends {} to {to}", story.shares(self.of, self.shares))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let from = world.address(self.from)?;
        let transfer = TransferShares {
            keys: world.keys(self.of),
            payer: from,
            from,
            to: world.address(self.to)?,
            amount: self.shares,
        };
        Ok(Deed::send(self.from, vec![transfer.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.send(self.of, self.from, self.to, self.shares, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.leave(self.of, self.from, self.shares);
        fair.enter(self.of, self.to, self.shares);
    }
}

/// Bearer shares become registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    of: SecurityId,
    holder: PersonId,
    shares: u64,
}

impl Verb for Register {
    const NAME: &'static str = "register";
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
        format!(
            "{} registers {}",
            story.name(self.holder),
            story.shares(self.of, self.shares)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, holder) = (world.keys(self.of), world.address(self.holder)?);
        let register = RegisterInstruction {
            keys,
            payer: holder,
            holder,
            bearer_account: keys.bearer_account(&holder),
            amount: self.shares,
        };
        Ok(Deed::send(self.holder, vec![register.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.register(self.of, self.holder, self.shares, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.enter(self.of, self.holder, self.shares);
    }
}

/// Registered shares become bearer shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unregister {
    of: SecurityId,
    holder: PersonId,
    shares: u64,
}

impl Verb for Unregister {
    const NAME: &'static str = "unregister";
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
        format!("{} turns {shares} into bearer shares", story.name(self.holder))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let holder = world.address(self.holder)?;
        let instructions = transactions::go_bearer(world.keys(self.of), &holder, holder, self.shares);
        Ok(Deed::send(self.holder, instructions))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.unregister(self.of, self.holder, self.shares, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.leave(self.of, self.holder, self.shares);
    }
}

/// Bearer shares change hands by an ordinary token transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendBearer {
    of: SecurityId,
    from: PersonId,
    to: PersonId,
    shares: u64,
}

impl Verb for SendBearer {
    const NAME: &'static str = "send-bearer";
    const KEYS: &'static [&'static str] = &["of", "from", "to", "shares"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            from: fields.person("from")?,
            to: fields.person("to")?,
            shares: fields.shares("shares", of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (from, to) = (story.name(self.from), story.name(self.to));
        format!(
            "{from} passes {} to {to} as bearer shares",
            story.shares(self.of, self.shares)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (from, to, mint) = (
            world.address(self.from)?,
            world.address(self.to)?,
            world.keys(self.of).mint,
        );
        let decimals = world.story().security(self.of).terms.decimals;
        let instructions = vec![
            token::create_ata(&from, &to, &mint, &TOKEN_2022_PROGRAM_ID),
            token::transfer_between_atas(&TOKEN_2022_PROGRAM_ID, &mint, decimals, &from, &to, self.shares)?,
        ];
        Ok(Deed::send(self.from, instructions))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.send_bearer(self.of, self.from, self.to, self.shares);
    }
}

/// A holder destroys bearer shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurnBearer {
    of: SecurityId,
    holder: PersonId,
    shares: u64,
}

impl Verb for BurnBearer {
    const NAME: &'static str = "burn-bearer";
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
        format!("{} burns {shares} of their bearer shares", story.name(self.holder))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, holder) = (world.keys(self.of), world.address(self.holder)?);
        let burn = spl_token_2022::instruction::burn_checked(
            &TOKEN_2022_PROGRAM_ID,
            &keys.bearer_account(&holder),
            &keys.mint,
            &holder,
            &[],
            self.shares,
            world.story().security(self.of).terms.decimals,
        )?;
        Ok(Deed::send(self.holder, vec![burn]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.burn_bearer(self.of, self.holder, self.shares);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.give_up(self.of, self.shares);
    }
}

/// A holder chooses which of their accounts claims pay to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutAccount {
    of: SecurityId,
    holder: PersonId,
    purse: Purse,
}

/// The accounts that a claim can pay to, by the words of a story.
const PURSES: &[(&str, Purse)] = &[("wallet", Purse::Wallet), ("savings", Purse::Savings)];

impl Verb for PayoutAccount {
    const NAME: &'static str = "payout-account";
    const KEYS: &'static [&'static str] = &["of", "holder", "account"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            holder: fields.person("holder")?,
            purse: fields.choice("account", PURSES)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.holder), story.symbol(self.of));
        match self.purse {
            Purse::Wallet => format!("{who} wants {symbol} to pay into their wallet"),
            Purse::Savings => format!("{who} wants {symbol} to pay into a savings account of theirs"),
        }
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let keys = world.keys(self.of);
        let holder = world.address(self.holder)?;
        let mut instructions = world.open_purse(self.holder, self.purse)?;
        let set = SetPayoutAccount {
            keys,
            holder,
            payout_account: world.purse(self.holder, self.purse)?,
        };
        instructions.push(set.instruction());
        Ok(Deed::send(self.holder, instructions))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.set_payout_account(self.of, self.holder, self.purse);
    }
}

/// A holder closes an empty position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosePosition {
    of: SecurityId,
    holder: PersonId,
}

impl Verb for ClosePosition {
    const NAME: &'static str = "close-position";
    const KEYS: &'static [&'static str] = &["of", "holder"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            holder: fields.person("holder")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        format!(
            "{} closes their empty position of {}",
            story.name(self.holder),
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (keys, holder) = (world.keys(self.of), world.address(self.holder)?);
        let position = accounts::find_position(world.sender(), &keys.security, &holder)?;
        let close = ClosePositionInstruction {
            keys,
            holder,
            rent_payer: position.map_or(holder, |position| position.rent_payer),
        };
        Ok(Deed::send(self.holder, vec![close.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.close_position(self.of, self.holder, at);
    }
}
