//! Who holds whom: the shares of securities that lie in vaults of other securities, and what they have earned there.
//!
//! A security's vault for the shares of another is a holder like any other; its address is the holder of a position. What the shares earn is
//! moved one hop up by [`Harvest`]: onto the stream of the security that holds, or into its vault of that money. Everything here is
//! read at one go, and computed with the program's own formulas.

use std::collections::BTreeMap;

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::state::{Position, Security, Vault};

use crate::{
    accounts,
    error::{ClientError, Result},
    instructions::Harvest,
    pda, quote, SecurityKeys, Sender,
};

/// A vault that holds shares of another security.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Keys of the security that holds.
    pub keys: SecurityKeys,
    /// Address of its vault.
    pub vault_address: Pubkey,
    /// The vault.
    pub vault: Vault,
    /// Keys of the security whose shares it holds.
    pub held: SecurityKeys,
    /// That security.
    pub held_security: Security,
    /// The vault's position there; `None` while nothing was deposited.
    pub position: Option<Position>,
}

impl Holding {
    /// Share atoms that the vault holds registered: its balance.
    #[must_use]
    pub fn shares_atoms(&self) -> u64 {
        self.position.map_or(0, |position| position.shares_atoms)
    }

    /// Payout atoms of the held security that [`Holding::harvest`] would move at a time, unix seconds: rounded down, 0 if there is nothing to
    /// harvest.
    ///
    /// # Errors
    /// [`ClientError::Arithmetic`] as the program would refuse, for example when the clock is behind the position's checkpoint.
    pub fn harvestable_atoms(&self, now: i64) -> Result<u64> {
        self.position.map_or(Ok(0), |position| {
            Ok(quote::position(&self.held_security, &position, now)?.claimable_atoms)
        })
    }

    /// The instruction that moves what the shares have earned one hop up. Anyone may send it.
    #[must_use]
    pub fn harvest(&self) -> Instruction {
        self.harvest_builder().instruction()
    }

    /// Whether a harvest goes into a vault, because the two securities pay out different money; else it goes onto the stream.
    #[must_use]
    pub fn harvests_into_a_vault(&self) -> bool {
        self.harvest_builder().goes_into_a_vault()
    }

    fn harvest_builder(&self) -> Harvest<'_> {
        Harvest {
            keys: &self.keys,
            held: &self.held,
        }
    }
}

/// Every vault of a security that holds shares of another, by index.
///
/// # Errors
/// When the cluster does not answer, or its answers contradict each other.
pub fn holdings_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<Holding>> {
    let keys = SecurityKeys::from(&accounts::get_security(sender, security)?);
    accounts::vaults_of(sender, security)?
        .into_iter()
        .filter(|(_, vault)| vault.holds_shares == 1)
        .map(|(vault_address, vault)| {
            let held_address = pda::security(&vault.asset_mint);
            let held_security = accounts::get_security(sender, &held_address)?;
            Ok(Holding {
                keys,
                vault_address,
                vault,
                held: SecurityKeys::from(&held_security),
                held_security,
                position: accounts::find_position(sender, &held_address, &vault_address)?,
            })
        })
        .collect()
}

/// All securities of the program and who of them holds whom.
#[derive(Clone, Debug)]
pub struct Layers {
    /// Every security, by address.
    pub securities: BTreeMap<Pubkey, Security>,
    /// Every vault with shares, by the address of the security that holds, then by index.
    pub holdings: Vec<Holding>,
}

/// Reads all securities, their vaults and positions: three questions to the cluster, however many there are.
///
/// # Errors
/// When the cluster does not answer, or its answers contradict each other.
pub fn read_layers(sender: &dyn Sender) -> Result<Layers> {
    let securities: BTreeMap<Pubkey, Security> = accounts::all_securities(sender)?.into_iter().collect();
    let positions: BTreeMap<Pubkey, Position> = accounts::all_positions(sender)?.into_iter().collect();
    let find = |address: Pubkey, vault: &Pubkey| {
        securities.get(&address).ok_or_else(|| ClientError::Malformed {
            what: "vault",
            address: *vault,
            reason: format!(
                "security {address} is not there; the accounts may have changed while they were read: try again"
            ),
        })
    };
    let mut holdings = Vec::new();
    for (vault_address, vault) in accounts::all_vaults(sender)? {
        if vault.holds_shares != 1 {
            continue;
        }
        let held_address = pda::security(&vault.asset_mint);
        let held_security = *find(held_address, &vault_address)?;
        holdings.push(Holding {
            keys: SecurityKeys::from(find(vault.security, &vault_address)?),
            vault_address,
            vault,
            held: SecurityKeys::from(&held_security),
            held_security,
            position: positions.get(&pda::position(&held_address, &vault_address)).copied(),
        });
    }
    holdings.sort_by_key(|holding| (holding.keys.security, holding.vault.index));
    Ok(Layers { securities, holdings })
}

impl Layers {
    /// The vaults of a security that hold shares.
    pub fn held_by<'a>(&'a self, security: &'a Pubkey) -> impl Iterator<Item = &'a Holding> {
        self.holdings
            .iter()
            .filter(move |holding| holding.keys.security == *security)
    }

    /// The vaults of other securities that hold shares of this one.
    pub fn holders_of<'a>(&'a self, security: &'a Pubkey) -> impl Iterator<Item = &'a Holding> {
        self.holdings
            .iter()
            .filter(move |holding| holding.held.security == *security)
    }

    /// What can be harvested at a time, unix seconds, with the payout atoms that each harvest would move. One harvest feeds the next: read
    /// again after a round, and each round reaches one hop higher.
    ///
    /// # Errors
    /// As [`Holding::harvestable_atoms`].
    pub fn due_harvests(&self, now: i64) -> Result<Vec<(&Holding, u64)>> {
        let mut due = Vec::new();
        for holding in &self.holdings {
            let atoms = holding.harvestable_atoms(now)?;
            if atoms > 0 {
                due.push((holding, atoms));
            }
        }
        Ok(due)
    }
}
