//! Who holds whom: the shares of securities that lie in vaults of other securities, and what they have earned there.
//!
//! A security's vault for the shares of another is a holder like any other; its address is the holder of a position. What the shares earn is
//! moved one hop up by [`Harvest`]: onto the stream of the security that holds, or into its vault of that money. Everything here is
//! read at one go, and computed with the program's own formulas.

use std::collections::{BTreeMap, BTreeSet};

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
    Layers::of(
        accounts::all_securities(sender)?.into_iter().collect(),
        accounts::all_vaults(sender)?,
        &accounts::all_positions(sender)?.into_iter().collect(),
    )
}

/// Where a security stands among those it is connected with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// 0 if it holds nobody's shares; else one more than the highest below it. Those that hold each other stand at the same height.
    pub level: usize,
    /// Which ring of securities that hold each other, directly or through others, it belongs to; `None` if it belongs to none.
    pub ring: Option<usize>,
}

impl Layers {
    /// Puts together what was read: all securities, vaults and positions.
    ///
    /// # Errors
    /// [`ClientError::Malformed`] if a vault names a security that is not there.
    pub fn of(
        securities: BTreeMap<Pubkey, Security>,
        vaults: Vec<(Pubkey, Vault)>,
        positions: &BTreeMap<Pubkey, Position>,
    ) -> Result<Self> {
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
        for (vault_address, vault) in vaults {
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
        Ok(Self { securities, holdings })
    }

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

    /// The securities that `tops` hold through vaults, at any depth, and `tops` themselves.
    #[must_use]
    pub fn below(&self, tops: impl IntoIterator<Item = Pubkey>) -> BTreeSet<Pubkey> {
        let edges = self.edges();
        let mut found = BTreeSet::new();
        let mut open: Vec<Pubkey> = tops.into_iter().collect();
        while let Some(security) = open.pop() {
            if found.insert(security) {
                open.extend(edges.get(&security).into_iter().flatten());
            }
        }
        found
    }

    /// The height of every security, counted from those that hold nobody.
    #[must_use]
    pub fn ranks(&self) -> BTreeMap<Pubkey, Rank> {
        let edges = self.edges();
        let mut ranks = BTreeMap::new();
        let mut rings = 0;
        for group in groups(self.securities.keys().copied(), &edges) {
            let level = group
                .iter()
                .flat_map(|security| edges.get(security).into_iter().flatten())
                .filter_map(|held| ranks.get(held).map(|rank: &Rank| rank.level + 1))
                .max()
                .unwrap_or(0);
            let ring = (group.len() > 1).then(|| {
                rings += 1;
                rings - 1
            });
            ranks.extend(group.into_iter().map(|security| (security, Rank { level, ring })));
        }
        ranks
    }

    /// Whom each security holds shares of.
    fn edges(&self) -> BTreeMap<Pubkey, Vec<Pubkey>> {
        let mut edges: BTreeMap<Pubkey, Vec<Pubkey>> = BTreeMap::new();
        for holding in self.holdings.iter().filter(|holding| holding.shares_atoms() > 0) {
            edges
                .entry(holding.keys.security)
                .or_default()
                .push(holding.held.security);
        }
        edges
    }
}

/// The strongly connected groups of a graph, each after those that it points to: Tarjan's algorithm, with a stack of its own, since layers may be
/// deep.
fn groups(nodes: impl Iterator<Item = Pubkey>, edges: &BTreeMap<Pubkey, Vec<Pubkey>>) -> Vec<Vec<Pubkey>> {
    #[derive(Clone, Copy)]
    struct Visit {
        low: usize,
        placed: bool,
    }
    let mut visits: BTreeMap<Pubkey, (usize, Visit)> = BTreeMap::new();
    let mut waiting: Vec<Pubkey> = Vec::new();
    let mut found = Vec::new();
    for root in nodes {
        if visits.contains_key(&root) {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.pop() {
            let number = visits.len();
            if next == 0 {
                visits.entry(node).or_insert_with(|| {
                    waiting.push(node);
                    (
                        number,
                        Visit {
                            low: number,
                            placed: false,
                        },
                    )
                });
            }
            let mut low = visits[&node].1.low;
            if next > 0 {
                // Back from the one before: what it reaches, this one reaches.
                let (_, child) = visits[&edges[&node][next - 1]];
                if !child.placed {
                    low = low.min(child.low);
                }
            }
            let below = edges.get(&node).map_or(&[][..], Vec::as_slice);
            let mut descend = None;
            for (at, target) in below.iter().enumerate().skip(next) {
                match visits.get(target) {
                    None => {
                        descend = Some((at + 1, *target));
                        break;
                    }
                    Some((number, visit)) if !visit.placed => low = low.min(*number),
                    Some(_) => {}
                }
            }
            if let Some((_, visit)) = visits.get_mut(&node) {
                visit.low = low;
            }
            if let Some((next, target)) = descend {
                path.push((node, next));
                path.push((target, 0));
                continue;
            }
            if visits[&node].0 == low {
                let mut group = Vec::new();
                while let Some(member) = waiting.pop() {
                    if let Some((_, visit)) = visits.get_mut(&member) {
                        visit.placed = true;
                    }
                    group.push(member);
                    if member == node {
                        break;
                    }
                }
                found.push(group);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    fn grouped(count: u8, edges: &[(u8, u8)]) -> Vec<Vec<u8>> {
        let mut map: BTreeMap<Pubkey, Vec<Pubkey>> = BTreeMap::new();
        for (from, to) in edges {
            map.entry(key(*from)).or_default().push(key(*to));
        }
        groups((0..count).map(key), &map)
            .into_iter()
            .map(|group| {
                let mut group: Vec<u8> = group.iter().map(|key| key.to_bytes()[0]).collect();
                group.sort_unstable();
                group
            })
            .collect()
    }

    #[test]
    fn what_is_held_comes_before_who_holds_it() {
        assert_eq!(
            grouped(4, &[(0, 1), (1, 2), (0, 2), (3, 0)]),
            vec![vec![2], vec![1], vec![0], vec![3]]
        );
    }

    #[test]
    fn rings_are_one_group_and_two_rings_that_touch_are_two() {
        assert_eq!(
            grouped(6, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (5, 0)]),
            vec![vec![3, 4], vec![0, 1, 2], vec![5]]
        );
        assert_eq!(
            grouped(4, &[(0, 1), (1, 0), (0, 2), (2, 0), (2, 3)]),
            vec![vec![3], vec![0, 1, 2]]
        );
    }

    #[test]
    fn ten_thousand_layers_fit() {
        let count = 10_000u32;
        let key = |number: u32| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            Pubkey::new_from_array(bytes)
        };
        let edges = (0..count - 1).map(|at| (key(at), vec![key(at + 1)])).collect();
        let found = groups((0..count).map(key), &edges);
        assert_eq!(found.len(), count as usize);
        assert_eq!(found[0], vec![key(count - 1)]);
    }
}
