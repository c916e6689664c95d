//! Securities that hold each other's shares.

use anyhow::Result;
use upside_client::{
    instructions::{
        token, DepositShares as DepositSharesInstruction, Harvest as HarvestInstruction,
        OpenShareVault as OpenShareVaultInstruction, RegisterVaultBearer as RegisterVaultBearerInstruction,
    },
    upside::constants::TOKEN_2022_PROGRAM_ID,
};

use super::{Deed, Moment, Verb};
use crate::{
    check::{fair::Fair, Ledger},
    story::{Fields, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// The issuer opens vaults for shares of other securities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenShareVault {
    of: SecurityId,
    held: Vec<SecurityId>,
    by: PersonId,
}

impl Verb for OpenShareVault {
    const NAME: &'static str = "open-share-vault";
    const KEYS: &'static [&'static str] = &["of", "held", "by"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            held: fields.other_securities("held", of)?,
            by: fields.issuer(of)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        let held: Vec<&str> = self.held.iter().map(|held| story.symbol(*held)).collect();
        let vaults = if held.len() == 1 { "a vault" } else { "vaults" };
        format!("{who} opens {vaults} of {symbol} for shares of {}", held.join(" and "))
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let issuer = world.address(self.by)?;
        let open = |held: &SecurityId| {
            OpenShareVaultInstruction {
                keys: world.keys(self.of),
                held: world.keys(*held),
                payer: issuer,
                issuer,
            }
            .instruction()
        };
        Ok(Deed::send(self.by, self.held.iter().map(open).collect()))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        for held in &self.held {
            ledger.open_share_vault(self.of, *held);
        }
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        for held in &self.held {
            fair.open_vault(self.of, *held);
        }
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

/// Bearer shares of another security are sent to a vault by an ordinary token transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonateShares {
    of: SecurityId,
    held: SecurityId,
    from: PersonId,
    shares: u64,
}

impl Verb for DonateShares {
    const NAME: &'static str = "donate-shares";
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
        let (who, symbol) = (story.name(self.from), story.symbol(self.of));
        let shares = story.shares(self.held, self.shares);
        format!("{who} sends {shares} as bearer shares to the vault of {symbol}")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (from, held) = (world.address(self.from)?, world.keys(self.held));
        let vault = world.keys(self.of).vault(&held.mint);
        let decimals = world.story().security(self.held).terms.decimals;
        let program = &TOKEN_2022_PROGRAM_ID;
        let instructions = vec![
            token::create_ata(&from, &vault, &held.mint, program),
            token::transfer_between_atas(program, &held.mint, decimals, &from, &vault, self.shares)?,
        ];
        Ok(Deed::send(self.from, instructions))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.donate_shares(self.of, self.held, self.from, self.shares);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.wait_in_vault(self.of, self.held, self.shares);
    }
}

/// Bearer shares that were sent to a vault become registered, so that they earn. Anybody may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterVaultBearer {
    of: SecurityId,
    held: SecurityId,
    by: PersonId,
}

impl Verb for RegisterVaultBearer {
    const NAME: &'static str = "register-vault-bearer";
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
        let (who, held) = (story.name(self.by), story.symbol(self.held));
        format!(
            "{who} registers what lies in the vault of {} as bearer shares of {held}",
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let payer = world.address(self.by)?;
        let register = RegisterVaultBearerInstruction::from_ata(world.keys(self.of), world.keys(self.held), payer);
        Ok(Deed::send(self.by, vec![register.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, at: Moment) {
        ledger.register_vault_bearer(self.of, self.held, at);
    }

    fn flow(&self, fair: &mut Fair, _at: Moment) {
        fair.stop_waiting(self.of, self.held);
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
