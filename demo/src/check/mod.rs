//! Every figure that is read back, compared with an independent calculation.
//!
//! [`Ledger`] keeps the books from the protocol's rules as they are written down, in exact fractions, and predicts every figure to the
//! last atom. [`fair`] knows nothing of accumulators or rounding: it integrates money over time and shares, and bounds what rounding
//! may have cost anybody. Neither uses a formula of the program, of `upside-math` or of the client.

pub mod fair;
mod ledger;

use std::{collections::BTreeMap, fmt};

use num_rational::BigRational;
use num_traits::Zero;

pub use ledger::Ledger;

/// Something that can be read from the cluster. Amounts are in atoms, times in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Shares in existence, by the mint.
    Supply,
    /// Most shares that may ever be issued.
    Authorised,
    /// Shares ever issued.
    Issued,
    /// Shares promised.
    Reserved,
    /// Shares registered.
    Registered,
    /// Money ever received.
    Received,
    /// Money of the present line of the stream.
    StreamTotal,
    /// Money of it emitted when the security was last written.
    StreamDripped,
    /// Start of the line.
    StreamStart,
    /// End of the line.
    StreamEnd,
    /// When the security was last settled.
    StreamLast,
    /// Payout atoms per share atom when the security was last written.
    UpsidePerShare,
    /// Emitted money not credited yet.
    Remainder,
    /// Money received and not paid out.
    PayoutVault,
    /// Equity in a vault.
    Vault(&'static str),
    /// Equity ever deposited, by the vault's record.
    Deposited(&'static str),
    /// How many vaults are open.
    Vaults,
    /// Registered shares of a holder, by their position.
    Shares(&'static str),
    /// The same, by the balance of their registered account.
    RegisteredAccount(&'static str),
    /// 1 if that account exists and is frozen.
    Frozen(&'static str),
    /// Bearer shares of a holder.
    Bearer(&'static str),
    /// What the accumulator showed when a position was last settled.
    Checkpoint(&'static str),
    /// Money owed to a position when it was last settled.
    Accrued(&'static str),
    /// Money ever paid to a position.
    Claimed(&'static str),
    /// Payout tokens in a wallet.
    Money(&'static str),
    /// Equity in a wallet: who, ticker.
    Equity(&'static str, &'static str),
    /// What a claim would pay a holder now, by simulation.
    Claimable(&'static str),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supply => write!(f, "shares in existence"),
            Self::Authorised => write!(f, "authorised shares"),
            Self::Issued => write!(f, "issued shares"),
            Self::Reserved => write!(f, "reserved shares"),
            Self::Registered => write!(f, "registered shares of all"),
            Self::Received => write!(f, "money ever received"),
            Self::StreamTotal => write!(f, "stream, total"),
            Self::StreamDripped => write!(f, "stream, dripped"),
            Self::StreamStart => write!(f, "stream, start"),
            Self::StreamEnd => write!(f, "stream, end"),
            Self::StreamLast => write!(f, "stream, last settled"),
            Self::UpsidePerShare => write!(f, "upside per share"),
            Self::Remainder => write!(f, "remainder of the accumulator"),
            Self::PayoutVault => write!(f, "money waiting for holders"),
            Self::Vault(asset) => write!(f, "vault, {asset}"),
            Self::Deposited(asset) => write!(f, "vault, {asset} ever deposited"),
            Self::Vaults => write!(f, "vaults"),
            Self::Shares(who) => write!(f, "{who}, registered shares"),
            Self::RegisteredAccount(who) => write!(f, "{who}, balance of the registered account"),
            Self::Frozen(who) => write!(f, "{who}, registered account frozen"),
            Self::Bearer(who) => write!(f, "{who}, bearer shares"),
            Self::Checkpoint(who) => write!(f, "{who}, checkpoint"),
            Self::Accrued(who) => write!(f, "{who}, accrued"),
            Self::Claimed(who) => write!(f, "{who}, claimed so far"),
            Self::Money(who) => write!(f, "{who}, wallet, payout tokens"),
            Self::Equity(who, asset) => write!(f, "{who}, wallet, {asset}"),
            Self::Claimable(who) => write!(f, "{who}, could claim now"),
        }
    }
}

/// Figures and their values.
pub type Figures = BTreeMap<Figure, BigRational>;

/// A figure that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub figure: Figure,
    /// What the independent calculation says; `None` if it knows no such figure.
    pub expected: Option<BigRational>,
    /// What was read; `None` if it was not.
    pub read: Option<BigRational>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<BigRational>| value.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        write!(
            f,
            "{}: the network says {}, the independent calculation {}",
            self.figure,
            show(&self.read),
            show(&self.expected)
        )?;
        if let (Some(read), Some(expected)) = (&self.read, &self.expected) {
            write!(f, " (off by {})", read - expected)?;
        }
        Ok(())
    }
}

/// Compares what was read with what was calculated: both must hold the same figures with exactly equal values.
#[must_use]
pub fn compare(read: &Figures, expected: &Figures) -> Vec<Difference> {
    let mut figures: Vec<Figure> = read.keys().chain(expected.keys()).copied().collect();
    figures.sort_unstable();
    figures.dedup();
    figures
        .into_iter()
        .filter(|figure| read.get(figure) != expected.get(figure))
        .map(|figure| Difference {
            figure,
            expected: expected.get(&figure).cloned(),
            read: read.get(&figure).cloned(),
        })
        .collect()
}

/// Fails with every difference between what was read and what was calculated; returns how many figures agree.
///
/// # Errors
/// One line per figure that differs.
pub fn agree(when: &str, read: &Figures, expected: &Figures) -> anyhow::Result<usize> {
    let differences = compare(read, expected);
    if differences.is_empty() {
        return Ok(read.len());
    }
    let lines: Vec<String> = differences.iter().map(|difference| format!("  {difference}")).collect();
    anyhow::bail!("figures differ after \u{201c}{when}\u{201d}:\n{}", lines.join("\n"))
}

/// A figure as whole atoms, for display; fractions are dropped.
#[must_use]
pub fn atoms(figures: &Figures, figure: Figure) -> u64 {
    figures
        .get(&figure)
        .map_or_else(BigRational::zero, BigRational::floor)
        .to_integer()
        .try_into()
        .unwrap_or(u64::MAX)
}
