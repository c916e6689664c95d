//! What a story is made of: actors, and typed steps. A story is data; [`crate::execute`] plays it.

mod alice;

pub use alice::alice;

/// Somebody with a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name that steps use, unique in the story.
    pub name: &'static str,
    /// What the person is to the issuer, for tables.
    pub role: &'static str,
}

/// The terms of the security that the story is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Name of the token.
    pub name: &'static str,
    /// Symbol of the token.
    pub symbol: &'static str,
    /// Decimals of a share.
    pub decimals: u8,
    /// Most whole shares that may ever be issued.
    pub authorised: u64,
    /// Whole shares the issuer starts with.
    pub initial: u64,
    /// Days over which money paid in drips to registered shares.
    pub drip_days: u32,
}

/// One thing that happens. Amounts are whole tokens; actors are named as in [`Story::actors`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The issuer creates the security.
    Create,
    /// Registered shares go from one holder to another.
    Transfer {
        /// Who sends.
        from: &'static str,
        /// Who receives.
        to: &'static str,
        /// Whole shares.
        shares: u64,
    },
    /// The issuer opens a vault for an equity.
    OpenVault {
        /// Ticker on the local network.
        equity: &'static str,
    },
    /// Equity enters its vault for good.
    Deposit {
        /// Who gives.
        from: &'static str,
        /// Ticker.
        equity: &'static str,
        /// Whole tokens.
        amount: u64,
    },
    /// Money is paid in for the holders.
    Distribute {
        /// Who pays.
        from: &'static str,
        /// Whole payout tokens.
        amount: u64,
    },
    /// Time passes, in legs of equal length; the stream is read at the end of each.
    Wait {
        /// Days in all.
        days: u32,
        /// How many readings.
        legs: u32,
    },
    /// A holder is paid what they are owed.
    Claim {
        /// Who is paid.
        holder: &'static str,
        /// Who sends the transaction; another than the holder needs no signature of the holder.
        by: &'static str,
    },
    /// Registered shares become bearer shares.
    Unregister {
        /// Whose.
        holder: &'static str,
        /// Whole shares.
        shares: u64,
    },
    /// Bearer shares become registered again.
    Register {
        /// Whose.
        holder: &'static str,
        /// Whole shares.
        shares: u64,
    },
}

/// One step: what happens, and how it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A short title.
    pub title: &'static str,
    /// Why it happens, in a sentence or two.
    pub telling: &'static str,
    /// What happens.
    pub action: Action,
}

/// A story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// One line that says what is going on.
    pub headline: &'static str,
    /// A few sentences before the first step.
    pub opening: &'static str,
    /// Everybody in it. The issuer, who comes first, creates the security.
    pub actors: Vec<Actor>,
    /// Who starts with payout tokens and equity, and pays for the wallets of the others.
    pub funder: &'static str,
    /// The security's terms.
    pub terms: Terms,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Story {
    /// The issuer: the first actor.
    #[must_use]
    pub fn issuer(&self) -> &'static str {
        self.actors.first().map_or("", |actor| actor.name)
    }

    /// Every equity that a vault is opened for, in order.
    #[must_use]
    pub fn equities(&self) -> Vec<&'static str> {
        self.steps
            .iter()
            .filter_map(|step| match step.action {
                Action::OpenVault { equity } => Some(equity),
                _ => None,
            })
            .collect()
    }
}
