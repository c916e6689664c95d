//! Backing.

use anyhow::Result;
use upside_client::{
    instructions::{token, DepositEquity, OpenVault as OpenVaultInstruction},
    pda,
};

use super::{Deed, Moment, Verb};
use crate::{
    check::Ledger,
    story::{AssetId, Fields, PersonId, Problem, SecurityId, Story},
    world::World,
};

/// The issuer opens a vault for an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenVault {
    of: SecurityId,
    by: PersonId,
    asset: AssetId,
}

impl Verb for OpenVault {
    const NAME: &'static str = "open-vault";
    const KEYS: &'static [&'static str] = &["of", "by", "equity"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let of = fields.security()?;
        Ok(Self {
            of,
            by: fields.issuer(of)?,
            asset: fields.asset("equity")?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.by), story.symbol(self.of));
        format!("{who} opens a vault of {symbol} for {}", story.asset(self.asset).symbol)
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (issuer, asset) = (world.address(self.by)?, world.asset(self.asset));
        let open = OpenVaultInstruction {
            keys: world.keys(self.of),
            payer: issuer,
            issuer,
            asset_mint: asset.mint,
            asset_token_program: asset.token_program,
        };
        Ok(Deed::send(self.by, vec![open.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.open_vault(self.of, self.asset);
    }
}

/// Equity enters its vault for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    of: SecurityId,
    from: PersonId,
    asset: AssetId,
    amount: u64,
}

impl Verb for Deposit {
    const NAME: &'static str = "deposit";
    const KEYS: &'static [&'static str] = &["of", "from", "equity", "amount"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let asset = fields.asset("equity")?;
        Ok(Self {
            of: fields.security()?,
            from: fields.person("from")?,
            asset,
            amount: fields.equity("amount", asset)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.from), story.symbol(self.of));
        format!(
            "{who} deposits {} as backing of {symbol}",
            story.equity(self.asset, self.amount)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (from, asset) = (world.address(self.from)?, world.asset(self.asset));
        let deposit = DepositEquity::from_ata(world.keys(self.of), from, asset.mint, asset.token_program, self.amount);
        Ok(Deed::send(self.from, vec![deposit.instruction()]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.deposit(self.of, self.from, self.asset, self.amount);
    }
}

/// Equity is sent to the vault's token account by an ordinary token transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Donate {
    of: SecurityId,
    from: PersonId,
    asset: AssetId,
    amount: u64,
}

impl Verb for Donate {
    const NAME: &'static str = "donate";
    const KEYS: &'static [&'static str] = &["of", "from", "equity", "amount"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let asset = fields.asset("equity")?;
        Ok(Self {
            of: fields.security()?,
            from: fields.person("from")?,
            asset,
            amount: fields.equity("amount", asset)?,
        })
    }

    fn sentence(&self, story: &Story) -> String {
        let (who, symbol) = (story.name(self.from), story.symbol(self.of));
        format!(
            "{who} sends {} straight to the vault of {symbol}",
            story.equity(self.asset, self.amount)
        )
    }

    fn deed(&self, world: &World<'_>, _now: i64) -> Result<Deed> {
        let (from, asset) = (world.address(self.from)?, world.asset(self.asset));
        let donate = token::transfer(
            &asset.token_program,
            &asset.mint,
            asset.decimals,
            &pda::ata(&from, &asset.mint, &asset.token_program),
            &world.vault_account(self.of, self.asset),
            &from,
            self.amount,
        )?;
        Ok(Deed::send(self.from, vec![donate]))
    }

    fn book(&self, ledger: &mut Ledger, _at: Moment) {
        ledger.donate(self.of, self.from, self.asset, self.amount);
    }
}
