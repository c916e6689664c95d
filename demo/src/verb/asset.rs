//! What the issuer of a stock can do to it. Nobody of the story and no rule of the program can prevent it.

use anyhow::Result;

use super::{By, Deed, Moment, Verb};
use crate::{
    check::Ledger,
    story::{AssetId, Fields, Problem, SecurityId, Story},
    world::World,
};

/// The issuer of a stock stops every movement of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    asset: AssetId,
}

impl Verb for Pause {
    const NAME: &'static str = "pause";
    const KEYS: &'static [&'static str] = &["equity"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        fields.asset("equity").map(|asset| Self { asset })
    }

    fn sentence(&self, story: &Story) -> String {
        format!("The issuer of {} pauses it", story.asset(self.asset).symbol)
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        Ok(Deed::Send {
            by: By::AssetIssuer,
            instructions: vec![world.asset(self.asset).pause(&world.asset_issuer())?],
        })
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.pause(self.asset, true);
    }
}

/// The issuer of a stock lets it move again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    asset: AssetId,
}

impl Verb for Resume {
    const NAME: &'static str = "resume";
    const KEYS: &'static [&'static str] = &["equity"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        fields.asset("equity").map(|asset| Self { asset })
    }

    fn sentence(&self, story: &Story) -> String {
        format!("The issuer of {} lets it move again", story.asset(self.asset).symbol)
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        Ok(Deed::Send {
            by: By::AssetIssuer,
            instructions: vec![world.asset(self.asset).resume(&world.asset_issuer())?],
        })
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.pause(self.asset, false);
    }
}

/// The issuer of a stock freezes a vault's token account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    of: SecurityId,
    asset: AssetId,
}

impl Verb for Freeze {
    const NAME: &'static str = "freeze";
    const KEYS: &'static [&'static str] = &["of", "equity"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            asset: fields.asset("equity")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (asset, symbol) = (story.asset(self.asset).symbol, story.symbol(self.of));
        format!("The issuer of {asset} freezes the vault of {symbol}")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let owner = world.keys(self.of).vault(&world.asset(self.asset).mint);
        Ok(Deed::Send {
            by: By::AssetIssuer,
            instructions: vec![world.asset(self.asset).freeze(&world.asset_issuer(), &owner)?],
        })
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.freeze(self.of, self.asset, true);
    }
}

/// The issuer of a stock thaws a vault's token account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thaw {
    of: SecurityId,
    asset: AssetId,
}

impl Verb for Thaw {
    const NAME: &'static str = "thaw";
    const KEYS: &'static [&'static str] = &["of", "equity"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            of: fields.security()?,
            asset: fields.asset("equity")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (asset, symbol) = (story.asset(self.asset).symbol, story.symbol(self.of));
        format!("The issuer of {asset} thaws the vault of {symbol}")
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let owner = world.keys(self.of).vault(&world.asset(self.asset).mint);
        Ok(Deed::Send {
            by: By::AssetIssuer,
            instructions: vec![world.asset(self.asset).thaw(&world.asset_issuer(), &owner)?],
        })
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.freeze(self.of, self.asset, false);
    }
}

/// The issuer of a stock takes some of it out of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClawBack {
    of: SecurityId,
    asset: AssetId,
    amount: u64,
}

impl Verb for ClawBack {
    const NAME: &'static str = "claw-back";
    const KEYS: &'static [&'static str] = &["of", "equity", "amount"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let asset = fields.asset("equity")?;
        Ok(Self {
            of: fields.security()?,
            asset,
            amount: fields.equity("amount", asset)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (asset, amount) = (story.asset(self.asset).symbol, story.equity(self.asset, self.amount));
        format!(
            "The issuer of {asset} claws {amount} back from the vault of {}",
            story.symbol(self.of)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (asset, issuer) = (world.asset(self.asset), world.asset_issuer());
        let (from, to) = (world.vault_account(self.of, self.asset), asset.account_of(&issuer));
        Ok(Deed::Send {
            by: By::AssetIssuer,
            instructions: vec![asset.claw_back(&issuer, &from, &to, self.amount)?],
        })
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.claw_back(self.of, self.asset, self.amount);
    }
}
