//! What everybody has, read through the client: who holds what on the network, valued and certified by `upside-valuation`.

use std::collections::BTreeMap;

use anyhow::{bail, Context, Result};
use num_bigint::BigInt;
use num_rational::BigRational;
use upside_client::{
    accounts, look_through,
    upside::state::Security,
    upside_valuation::{
        file::{Market, PriceList},
        value, verify, Decimal, Interval, Options, Quote, Staleness, Valuation,
    },
    Sender,
};
use upside_lookalike_mints::PAYOUT;

use super::World;
use crate::{
    check::{
        atoms,
        worth::{Between, Prices, Valued, WIDEST_ATOMS},
        Figure, Figures, HolderFigure,
    },
    story::{PersonId, SecurityId},
};

/// The widest bound that is accepted, as a part of all that is in vaults.
const WIDEST: f64 = 1e-9;

impl World<'_> {
    /// The prices, by mint. Prices are in money, so money is worth one.
    fn price_list(&self, prices: &Prices) -> PriceList {
        let quote = |atoms: u64| {
            let price = Decimal::new(atoms.into(), PAYOUT.decimals);
            Quote {
                low: price,
                high: price,
                as_of: None,
            }
        };
        let mut quotes: BTreeMap<String, Quote> = prices
            .iter()
            .map(|(asset, atoms)| (self.asset(*asset).mint.to_string(), quote(*atoms)))
            .collect();
        quotes.insert(self.payout.mint.to_string(), quote(10u64.pow(PAYOUT.decimals.into())));
        PriceList {
            unit: PAYOUT.symbol.to_owned(),
            staleness: Staleness::default(),
            quotes,
            accounts: BTreeMap::new(),
        }
    }

    /// Values everybody's shares as of now. `figures` are of the same moment.
    pub(super) fn read_worth(&self, prices: &Prices, figures: &Figures) -> Result<Valued> {
        let mut created: Vec<SecurityId> = Vec::new();
        let mut securities = Vec::new();
        for of in self.story.security_ids() {
            let address = self.keys(of).security;
            if let Some(security) = accounts::find::<Security>(&self.sender, &address)? {
                created.push(of);
                securities.push((address, security));
            }
        }
        let list = self.price_list(prices);
        let market = look_through::read_market_of(&self.sender, &securities, &list, self.sender.now()?)?;
        let prices = market.prices();
        if !prices.are_certain() {
            bail!("nobody says what some asset in a vault is worth");
        }
        let valuation = value(&market.graph, &prices, &Options::default())?;
        // Whoever made the values is not trusted: one pass over the holdings bounds how far off they can be.
        let widest = WIDEST * valuation.low_certificate.primitive;
        let certificate = verify(&market.graph, &prices.low, &valuation.low, widest)?;
        if certificate.gap().abs() > certificate.bound {
            bail!(
                "what has left the vaults differs from what is in them by {}, more than the certified {}",
                certificate.gap(),
                certificate.bound
            );
        }
        let bound = to_atoms(certificate.bound)?;
        let about = |money: f64| to_atoms(money).map(|atoms| Between::about(&atoms, &bound));
        // The bound is of what is outside; all shares of a security are claimed to be known to half a cent.
        let half = BigRational::new(WIDEST_ATOMS.into(), 2.into());
        let of_security = |(of, money): (&SecurityId, &f64)| Ok((*of, Between::about(&to_atoms(*money)?, &half)));
        Ok(Valued {
            people: self.read_people(&created, figures, &market, &valuation)?,
            securities: created
                .iter()
                .zip(&valuation.low)
                .map(of_security)
                .collect::<Result<_>>()?,
            vaults: about(certificate.primitive)?,
            holders: about(certificate.outside)?,
            may_come: about(certificate.capacity)?,
            tickets: about(certificate.tickets)?,
            unclaimed: about(certificate.unclaimed)?,
            bound,
        })
    }

    /// What everybody's shares stand for: registered ones by their positions, bearer ones by the balances in `figures`.
    fn read_people(
        &self,
        created: &[SecurityId],
        figures: &Figures,
        market: &Market,
        valuation: &Valuation,
    ) -> Result<BTreeMap<PersonId, Between>> {
        let mut people = BTreeMap::new();
        for person in self.story.person_ids() {
            let wallet = self.address(person)?.to_string();
            let mut worth = Between::default();
            for (index, of) in (0u32..).zip(created) {
                let positions = market.positions.iter();
                let registered: u64 = positions
                    .filter(|position| position.security == index && position.holder == wallet)
                    .map(|position| position.shares)
                    .sum();
                let bearer = atoms(figures, Figure::Holder(*of, person, HolderFigure::Bearer));
                worth.add(&between(valuation.position(&market.graph, index, registered + bearer))?);
            }
            people.insert(person, worth);
        }
        Ok(people)
    }
}

/// Money as payout atoms, exactly.
fn to_atoms(money: f64) -> Result<BigRational> {
    let exact = BigRational::from_float(money).with_context(|| format!("a value is {money}"))?;
    Ok(exact * BigRational::from_integer(BigInt::from(10u8).pow(PAYOUT.decimals.into())))
}

fn between(interval: Interval) -> Result<Between> {
    Ok(Between {
        low: to_atoms(interval.low)?,
        high: to_atoms(interval.high.context("a value has no upper end")?)?,
    })
}
