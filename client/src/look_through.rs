//! Look-through value of what is on a cluster: reads every security, vault and position into a [`Market`], which
//! [`upside_valuation`] values.
//!
//! The program knows no prices. Quotes come from a list, or from price accounts that the list names ([`price_account`]), by the address of the
//! asset's mint only: anybody can give a mint any symbol.

use std::collections::{BTreeMap, HashMap, HashSet};

use anchor_lang::prelude::Pubkey;
use upside::state::{Position, Security, Vault};
use upside_valuation::{
    file::{Market, Position as Outside, PriceList},
    Asset, Graph, Holding, Multiplier, Quote, Supply,
};

use crate::{
    accounts::{self, Mint},
    error::{ClientError, Result},
    pda, price_account,
    sender::Sender,
};

/// Reads all securities of the program, valued with `prices` at `at_ts` (unix seconds). Names are symbols, with the mint's address where two are the same;
/// holders are addresses.
///
/// Accounts are read one after the other, so on a busy cluster they can be of different moments; numbers that contradict each other are
/// refused.
///
/// # Errors
/// [`ClientError::Malformed`] if the accounts contradict each other, and when the cluster does not answer.
pub fn read_market(sender: &dyn Sender, prices: &PriceList, at_ts: i64) -> Result<Market> {
    read_market_of(sender, &accounts::all_securities(sender)?, prices, at_ts)
}

/// As [`read_market`], of `securities` alone, by address and in that order: they must hold shares of each other only.
///
/// # Errors
/// As [`read_market`], and [`ClientError::Malformed`] if a vault holds shares of another security.
pub fn read_market_of(
    sender: &dyn Sender,
    securities: &[(Pubkey, Security)],
    prices: &PriceList,
    at_ts: i64,
) -> Result<Market> {
    let vaults = accounts::all_vaults(sender)?;
    let mut quotes = prices.quotes.clone();
    for (mint, source) in &prices.accounts {
        if let Some(quote) = price_account::get(sender, source)? {
            quotes.insert(mint.clone(), quote);
        }
    }
    let positions = accounts::all_positions(sender)?;
    let index: HashMap<Pubkey, u32> = securities.iter().map(|(address, _)| *address).zip(0..).collect();
    // A vault of whichever security is a holder that is nobody outside.
    let is_vault: HashSet<Pubkey> = vaults.iter().map(|(address, _)| *address).collect();
    let vaults: Vec<(Pubkey, Vault)> = vaults
        .into_iter()
        .filter(|(_, vault)| index.contains_key(&vault.security))
        .collect();
    let mut mints: BTreeMap<Pubkey, Mint> = BTreeMap::new();
    let assets = vaults.iter().map(|(_, vault)| vault.asset_mint);
    for mint in securities.iter().map(|(_, security)| security.mint).chain(assets) {
        if let std::collections::btree_map::Entry::Vacant(entry) = mints.entry(mint) {
            entry.insert(accounts::get_mint(sender, &mint)?);
        }
    }
    let supplies = securities
        .iter()
        .map(|(_, security)| supply(security, &mints[&security.mint]));
    let supplies: Vec<Supply> = supplies.collect();
    let in_vaults: HashMap<(Pubkey, Pubkey), u64> = positions
        .iter()
        .filter(|(_, position)| is_vault.contains(&position.holder))
        .map(|(_, position)| ((position.holder, position.security), position.shares_atoms))
        .collect();

    let mut primitive_mints: Vec<Pubkey> = vaults
        .iter()
        .filter(|(_, vault)| vault.holds_shares == 0)
        .map(|(_, vault)| vault.asset_mint)
        .collect();
    primitive_mints.sort_unstable();
    primitive_mints.dedup();
    let (mut shares, mut primitives) = (Vec::new(), Vec::new());
    for (address, vault) in &vaults {
        let mut holding = Holding {
            holder: index[&vault.security],
            asset: 0,
            balance: 0,
            collected_total: vault.collected_total_atoms,
        };
        if vault.holds_shares == 1 {
            let held = pda::security(&vault.asset_mint);
            holding.asset = *index
                .get(&held)
                .ok_or_else(|| contradiction(address, "the security whose shares it holds is not there"))?;
            holding.balance = in_vaults.get(&(*address, held)).copied().unwrap_or(0);
            shares.push(holding);
        } else {
            let at = primitive_mints
                .binary_search(&vault.asset_mint)
                .expect("every asset is in the list");
            holding.asset = u32::try_from(at).map_err(|_| contradiction(address, "there are too many assets"))?;
            holding.balance = accounts::token_balance(sender, &vault.token_account)?;
            primitives.push(holding);
        }
    }
    let count =
        u32::try_from(primitive_mints.len()).map_err(|_| contradiction(&upside::ID, "there are too many assets"))?;
    let graph =
        Graph::new(supplies, count, shares, primitives).map_err(|e| contradiction(&upside::ID, &e.to_string()))?;
    Ok(Market {
        unit: prices.unit.clone(),
        at_ts,
        staleness: prices.staleness,
        asset_names: names(&primitive_mints, &mints),
        assets: primitive_mints
            .iter()
            .map(|mint| asset(mint, &mints[mint], &quotes))
            .collect(),
        security_names: names(
            &securities.iter().map(|(_, security)| security.mint).collect::<Vec<_>>(),
            &mints,
        ),
        security_decimals: securities.iter().map(|(_, security)| security.decimals).collect(),
        graph,
        positions: positions
            .iter()
            .filter(|(_, position)| position.shares_atoms > 0 && !is_vault.contains(&position.holder))
            .filter_map(|(_, position)| outside(position, &index))
            .collect(),
    })
}

fn contradiction(address: &Pubkey, reason: &str) -> ClientError {
    ClientError::Malformed {
        what: "market",
        address: *address,
        reason: format!("{reason}; the accounts may have changed while they were read: try again"),
    }
}

fn supply(security: &Security, mint: &Mint) -> Supply {
    Supply {
        live: mint.supply,
        authorised: security.authorised_atoms,
        issued: security.issued_atoms,
        redeemed_total: security.redeemed_total_atoms,
    }
}

fn outside(position: &Position, index: &HashMap<Pubkey, u32>) -> Option<Outside> {
    Some(Outside {
        holder: position.holder.to_string(),
        security: *index.get(&position.security)?,
        shares: position.shares_atoms,
    })
}

fn asset(address: &Pubkey, mint: &Mint, quotes: &BTreeMap<String, Quote>) -> Asset {
    Asset {
        decimals: mint.decimals,
        multiplier: mint.scaled_ui.map(|scaled| Multiplier {
            current: scaled.multiplier,
            scheduled: scaled.scheduled_multiplier,
            effective_ts: scaled.effective_ts,
        }),
        quote: quotes.get(&address.to_string()).cloned(),
    }
}

/// Symbols; the address behind those that are not unique.
fn names(addresses: &[Pubkey], mints: &BTreeMap<Pubkey, Mint>) -> Vec<String> {
    let symbol = |address: &Pubkey| {
        let metadata = mints[address].metadata.as_ref();
        metadata
            .map(|metadata| metadata.symbol.clone())
            .filter(|symbol| !symbol.trim().is_empty())
    };
    let mut seen: HashMap<Option<String>, usize> = HashMap::new();
    for address in addresses {
        *seen.entry(symbol(address)).or_default() += 1;
    }
    addresses
        .iter()
        .map(|address| match symbol(address) {
            None => address.to_string(),
            Some(symbol) if seen[&Some(symbol.clone())] == 1 => symbol,
            Some(symbol) => format!("{symbol} {address}"),
        })
        .collect()
}
