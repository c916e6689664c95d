//! Who holds what, in atoms, as the chain stores it.

use upside_math::redemption::denominator;

/// Supply of one security, share atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supply {
    /// Live supply of the share mint.
    pub live: u64,
    /// The most shares that may ever be issued.
    pub authorised: u64,
    /// Every share ever newly issued.
    pub issued: u64,
    /// Every share ever redeemed.
    pub redeemed_total: u64,
}

impl Supply {
    /// A security that has issued everything and redeemed nothing.
    #[must_use]
    pub const fn all_issued(shares: u64) -> Self {
        Self {
            live: shares,
            authorised: shares,
            issued: shares,
            redeemed_total: 0,
        }
    }

    /// Capacity not issued yet, share atoms. It counts in every denominator, so it has a part of every vault.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.authorised.saturating_sub(self.issued)
    }

    /// Live shares and capacity: the denominator of a vault without open tickets. Share atoms; at most `authorised` in a graph.
    #[must_use]
    pub fn claims(&self) -> u128 {
        u128::from(self.live) + u128::from(self.capacity())
    }

    /// [`Self::claims`] as the nearest `f64`.
    pub(crate) fn claims_number(&self) -> f64 {
        let claims = self.claims();
        // The 64-bit conversion is one instruction.
        u64::try_from(claims).map_or(claims as f64, |claims| claims as f64)
    }
}

/// One vault: what backs `holder`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The security that the vault belongs to.
    pub holder: u32,
    /// The security whose shares it holds, or the primitive asset: which one, the list says that the holding is in.
    pub asset: u32,
    /// Atoms in the vault.
    pub balance: u64,
    /// Shares of `holder` whose tickets have collected here (the vault's `collected_total`).
    pub collected_total: u64,
}

/// Why holdings make no graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// An index points nowhere.
    #[error("a vault of security {holder} names asset {asset}, but there are fewer: check the indices")]
    OutOfRange {
        /// The vault's security.
        holder: u32,
        /// The asset it names.
        asset: u32,
    },
    /// A security holds itself.
    #[error("security {0} holds its own shares; a security never backs itself")]
    SelfHolding(u32),
    /// Two vaults of one security for one asset.
    #[error("security {holder} has two vaults for asset {asset}; it has one per asset")]
    Duplicate {
        /// The security.
        holder: u32,
        /// The asset.
        asset: u32,
    },
    /// Vaults hold more shares than exist.
    #[error("vaults hold {held} share atoms of security {security}, more than its live supply of {live}")]
    MoreThanLive {
        /// The security held.
        security: u32,
        /// What vaults hold.
        held: u128,
        /// What exists.
        live: u64,
    },
    /// Supply and redemptions contradict each other.
    #[error("the numbers of security {0} contradict each other: issued <= authorised and live <= issued - redeemed and collected <= redeemed must hold")]
    Contradiction(u32),
    /// More than the indices can name.
    #[error("a graph has at most 2^32 - 1 securities, assets and holdings")]
    TooLarge,
}

/// Securities, what their vaults hold, and nothing about prices.
#[derive(Clone, Debug)]
pub struct Graph {
    supplies: Vec<Supply>,
    asset_count: u32,
    /// Vaults with shares of other securities, by holder, then asset.
    shares: Vec<Holding>,
    /// Start of each holder's vaults in `shares`, and the end.
    share_rows: Vec<u32>,
    /// Vaults with primitive assets, by holder, then asset.
    primitives: Vec<Holding>,
    /// Start of each holder's vaults in `primitives`, and the end.
    primitive_rows: Vec<u32>,
    /// Shares of each security that vaults hold, atoms.
    held: Vec<u64>,
}

impl Graph {
    /// Checks and sorts.
    ///
    /// # Errors
    /// See [`GraphError`].
    pub fn new(
        supplies: Vec<Supply>,
        asset_count: u32,
        mut shares: Vec<Holding>,
        mut primitives: Vec<Holding>,
    ) -> Result<Self, GraphError> {
        let count = u32::try_from(supplies.len()).map_err(|_| GraphError::TooLarge)?;
        if u32::try_from(shares.len().max(primitives.len())).is_err() {
            return Err(GraphError::TooLarge);
        }
        for (index, supply) in (0u32..).zip(&supplies) {
            check_supply(index, supply)?;
        }
        let mut held = vec![0u128; supplies.len()];
        for (list, assets) in [(&shares, count), (&primitives, asset_count)] {
            for holding in list {
                if holding.holder >= count || holding.asset >= assets {
                    return Err(GraphError::OutOfRange {
                        holder: holding.holder,
                        asset: holding.asset,
                    });
                }
                check_collected(&supplies[holding.holder as usize], holding)?;
            }
        }
        for holding in &shares {
            if holding.holder == holding.asset {
                return Err(GraphError::SelfHolding(holding.holder));
            }
            held[holding.asset as usize] += u128::from(holding.balance);
        }
        let held = (0u32..)
            .zip(&supplies)
            .zip(held)
            .map(|((security, supply), held)| check_held(security, supply, held))
            .collect::<Result<Vec<_>, _>>()?;
        let share_rows = sort(&mut shares, supplies.len())?;
        let primitive_rows = sort(&mut primitives, supplies.len())?;
        Ok(Self {
            supplies,
            asset_count,
            shares,
            share_rows,
            primitives,
            primitive_rows,
            held,
        })
    }

    /// How many securities there are.
    #[must_use]
    pub fn security_count(&self) -> u32 {
        u32::try_from(self.supplies.len()).expect("checked when built")
    }

    /// How many primitive assets there are.
    #[must_use]
    pub const fn asset_count(&self) -> u32 {
        self.asset_count
    }

    /// Supplies of all securities.
    #[must_use]
    pub fn supplies(&self) -> &[Supply] {
        &self.supplies
    }

    /// Vaults of `security` with shares of others.
    #[must_use]
    pub fn shares_of(&self, security: u32) -> &[Holding] {
        row(&self.shares, &self.share_rows, security)
    }

    /// Vaults of `security` with primitive assets.
    #[must_use]
    pub fn primitives_of(&self, security: u32) -> &[Holding] {
        row(&self.primitives, &self.primitive_rows, security)
    }

    /// Where the vaults of each security begin in [`Self::shares`], and the end.
    pub(crate) fn share_rows(&self) -> &[u32] {
        &self.share_rows
    }

    /// All vaults with shares, by holder, then asset.
    #[must_use]
    pub fn shares(&self) -> &[Holding] {
        &self.shares
    }

    /// All vaults with primitive assets, by holder, then asset.
    #[must_use]
    pub fn primitives(&self) -> &[Holding] {
        &self.primitives
    }

    /// Shares of `security` that vaults hold, atoms.
    #[must_use]
    pub fn held(&self, security: u32) -> u64 {
        self.held[security as usize]
    }

    /// Shares of `security` with holders outside the graph, atoms.
    #[must_use]
    pub fn outside(&self, security: u32) -> u64 {
        self.supplies[security as usize].live - self.held[security as usize]
    }

    /// The number of shares that a vault is divided among, by the program's own formula. Share atoms; 0 when nobody has a claim.
    #[must_use]
    pub fn denominator(&self, holding: &Holding) -> u128 {
        denominator_of(&self.supplies[holding.holder as usize], holding)
    }

    /// [`Self::denominator`] as the nearest `f64`.
    pub(crate) fn denominator_number(&self, holding: &Holding) -> f64 {
        let supply = &self.supplies[holding.holder as usize];
        if supply.redeemed_total == holding.collected_total {
            supply.claims_number()
        } else {
            self.denominator(holding) as f64
        }
    }

    /// Changes one vault in place. What vaults then hold of one security may not exceed its live supply.
    pub(crate) fn set_holding(&mut self, of_shares: bool, index: usize, changed: Holding) -> Result<(), GraphError> {
        check_collected(&self.supplies[changed.holder as usize], &changed)?;
        if of_shares {
            let security = changed.asset;
            let held = u128::from(self.held[security as usize]) - u128::from(self.shares[index].balance)
                + u128::from(changed.balance);
            self.held[security as usize] = check_held(security, &self.supplies[security as usize], held)?;
            self.shares[index] = changed;
        } else {
            self.primitives[index] = changed;
        }
        Ok(())
    }

    /// Where a vault is in its list, or else where it would be.
    pub(crate) fn vault(&self, of_shares: bool, holder: u32, asset: u32) -> Result<Result<usize, usize>, GraphError> {
        let (list, rows, assets) = if of_shares {
            (&self.shares, &self.share_rows, self.security_count())
        } else {
            (&self.primitives, &self.primitive_rows, self.asset_count)
        };
        if holder >= self.security_count() || asset >= assets {
            return Err(GraphError::OutOfRange { holder, asset });
        }
        if of_shares && holder == asset {
            return Err(GraphError::SelfHolding(holder));
        }
        let start = rows[holder as usize] as usize;
        let found = row(list, rows, holder).binary_search_by_key(&asset, |holding| holding.asset);
        Ok(found.map(|at| start + at).map_err(|at| start + at))
    }

    /// Adds a vault at the place that [`Self::vault`] named. Moves all later ones.
    pub(crate) fn insert(&mut self, of_shares: bool, index: usize, holding: Holding) -> Result<(), GraphError> {
        check_collected(&self.supplies[holding.holder as usize], &holding)?;
        if of_shares {
            let at = holding.asset as usize;
            let held = u128::from(self.held[at]) + u128::from(holding.balance);
            self.held[at] = check_held(holding.asset, &self.supplies[at], held)?;
        }
        let (list, rows) = if of_shares {
            (&mut self.shares, &mut self.share_rows)
        } else {
            (&mut self.primitives, &mut self.primitive_rows)
        };
        if u32::try_from(list.len() + 1).is_err() {
            return Err(GraphError::TooLarge);
        }
        list.insert(index, holding);
        for row in &mut rows[holding.holder as usize + 1..] {
            *row += 1;
        }
        Ok(())
    }

    /// Changes one supply in place.
    pub(crate) fn set_supply(&mut self, security: u32, supply: Supply) -> Result<(), GraphError> {
        check_supply(security, &supply)?;
        check_held(security, &supply, u128::from(self.held(security)))?;
        let vaults = self.shares_of(security).iter().chain(self.primitives_of(security));
        for holding in vaults {
            check_collected(&supply, holding)?;
        }
        self.supplies[security as usize] = supply;
        Ok(())
    }
}

fn denominator_of(supply: &Supply, holding: &Holding) -> u128 {
    denominator(
        supply.live,
        supply.authorised,
        supply.issued,
        supply.redeemed_total,
        holding.collected_total,
    )
    .expect("checked when the graph was built")
}

fn check_supply(security: u32, supply: &Supply) -> Result<(), GraphError> {
    let gone = supply.issued.checked_sub(supply.redeemed_total);
    if supply.issued <= supply.authorised && gone.is_some_and(|most| supply.live <= most) {
        Ok(())
    } else {
        Err(GraphError::Contradiction(security))
    }
}

fn check_collected(supply: &Supply, holding: &Holding) -> Result<(), GraphError> {
    if holding.collected_total <= supply.redeemed_total {
        Ok(())
    } else {
        Err(GraphError::Contradiction(holding.holder))
    }
}

fn check_held(security: u32, supply: &Supply, held: u128) -> Result<u64, GraphError> {
    u64::try_from(held)
        .ok()
        .filter(|held| *held <= supply.live)
        .ok_or(GraphError::MoreThanLive {
            security,
            held,
            live: supply.live,
        })
}

fn sort(holdings: &mut [Holding], securities: usize) -> Result<Vec<u32>, GraphError> {
    let key = |holding: &Holding| (holding.holder, holding.asset);
    holdings.sort_unstable_by_key(key);
    if let Some(pair) = holdings.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
        return Err(GraphError::Duplicate {
            holder: pair[0].holder,
            asset: pair[0].asset,
        });
    }
    let mut rows = vec![0u32; securities + 1];
    for holding in holdings.iter() {
        rows[holding.holder as usize + 1] += 1;
    }
    for index in 0..securities {
        rows[index + 1] += rows[index];
    }
    Ok(rows)
}

fn row<'a>(holdings: &'a [Holding], rows: &[u32], security: u32) -> &'a [Holding] {
    let at = security as usize;
    &holdings[rows[at] as usize..rows[at + 1] as usize]
}
