//! What people would say has changed.

use crate::{
    amount,
    check::{self, Figure, Figures},
    execute::Stage,
    play::MONEY,
    report::Change,
    story::Story,
};

/// The figures that differ between two readings and mean something to people, amounts as people write them.
#[must_use]
pub fn changes(before: &Figures, after: &Figures, story: &Story, stage: &dyn Stage) -> Vec<Change> {
    after
        .keys()
        .filter(|figure| before.get(figure) != after.get(figure))
        .filter_map(|figure| {
            let decimals_of = |symbol: &str| {
                let asset = stage.assets().iter().find(|asset| asset.symbol == symbol);
                asset.map_or(0, |asset| asset.decimals)
            };
            let (unit, decimals) = match figure {
                Figure::Supply | Figure::Shares(_) | Figure::Bearer(_) => (story.terms.symbol, story.terms.decimals),
                Figure::Vaults => ("", 0),
                Figure::Money(_) | Figure::PayoutVault | Figure::Claimable(_) => (MONEY, stage.money_decimals()),
                Figure::Vault(symbol) | Figure::Equity(_, symbol) => (*symbol, decimals_of(symbol)),
                _ => return None,
            };
            let write = |figures| {
                let atoms = check::atoms(figures, *figure);
                if unit == MONEY {
                    amount::money(atoms, decimals)
                } else {
                    amount::exact(atoms, decimals)
                }
            };
            Some(Change {
                figure: figure.to_string(),
                unit: unit.to_owned(),
                before: write(before),
                after: write(after),
            })
        })
        .collect()
}
