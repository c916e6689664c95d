//! What everybody has, at the prices of the story.

use anyhow::Result;

use super::{Deed, Moment, Verb};
use crate::{
    check::{worth::Prices, Ledger},
    story::{Fields, Problem, Story},
    world::World,
};

/// Characters that the reports have room for above a column.
const MOST_CHARACTERS: usize = 16;

/// Everybody's shares are valued through all layers; nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueEveryone {
    /// When, in the words of the story: `before the exit`.
    pub when: String,
    /// Payout atoms for a whole unit of each asset as wallets show it.
    pub prices: Prices,
}

impl Verb for ValueEveryone {
    const NAME: &'static str = "value-everyone";
    const KEYS: &'static [&'static str] = &["when", "prices"];

    fn read(fields: &Fields<'_>) -> Result<Self, Problem> {
        let story = fields.story();
        let when = fields.text("when")?;
        if when.trim().is_empty() || when.chars().count() > MOST_CHARACTERS {
            let message = format!("say when in 1 to {MOST_CHARACTERS} characters: it stands above the values");
            return Err(fields.problem("when", message));
        }
        let mut prices = story.prices.clone();
        prices.extend(fields.prices("prices")?);
        if let Some(asset) = story.asset_ids().find(|asset| !prices.contains_key(asset)) {
            let symbol = story.asset(asset).symbol;
            let message = format!("nobody can be valued: the story has no price of {symbol}");
            return Err(fields.problem("verb", message).hint(format!(
                "add {symbol} = 12.50 to a table [prices]: for a whole unit, as wallets show it"
            )));
        }
        Ok(Self { when, prices })
    }

    fn sentence(&self, story: &Story) -> String {
        let prices: Vec<String> = self
            .prices
            .iter()
            .map(|(asset, atoms)| format!("{} at {}", story.asset(*asset).symbol, story.money(*atoms)))
            .collect();
        let at = match &prices[..] {
            [] => String::new(),
            prices => format!(": {}", prices.join(", ")),
        };
        format!("What everybody has is valued through all layers{at}")
    }

    fn deed(&self, _world: &World<'_>, _now: i64) -> Result<Deed> {
        Ok(Deed::Value {
            prices: self.prices.clone(),
        })
    }

    fn book(&self, _ledger: &mut Ledger, _at: Moment) {}
}
