//! What a run of a story showed: what `--output json` prints and what the last page is drawn from. Amounts are in atoms.

use serde::Serialize;

/// A run from beginning to end; it exists only if every figure agreed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One line that says what is going on.
    pub headline: String,
    /// The token.
    pub token: Token,
    /// What happened, in order.
    pub steps: Vec<StepReport>,
    /// Who holds what at the end, the issuer first.
    pub holders: Vec<Holder>,
    /// The vaults at the end.
    pub vaults: Vec<VaultReport>,
    /// The stream.
    pub stream: Stream,
    /// The check.
    pub check: Check,
}

/// The token of the story.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// Symbol.
    pub symbol: String,
    /// Mint address.
    pub mint: String,
    /// Decimals of a share.
    pub decimals: u8,
    /// Most share atoms that may ever be issued.
    pub authorised_atoms: u64,
    /// Share atoms issued.
    pub issued_atoms: u64,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// From 1.
    pub number: usize,
    /// Title.
    pub title: String,
    /// Why, in a sentence or two.
    pub telling: String,
    /// Unix time of the network, seconds.
    pub ts: i64,
    /// Whole days since the token was created.
    pub day: i64,
    /// The transaction; nothing when only time passed.
    pub transaction: Option<TransactionReport>,
    /// What people would say has changed.
    pub changes: Vec<Change>,
    /// How many figures were read back and agreed with the independent calculation.
    pub figures_checked: usize,
}

/// A transaction.
#[derive(Clone, Debug, Serialize)]
pub struct TransactionReport {
    /// Signature.
    pub signature: String,
    /// Compute units that it took.
    pub compute_units: u64,
    /// Lamports of fee.
    pub fee_lamports: u64,
}

/// A figure that changed.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Which.
    pub figure: String,
    /// What the amounts are of.
    pub unit: String,
    /// Before, as people write it.
    pub before: String,
    /// After.
    pub after: String,
}

/// A holder at the end.
#[derive(Clone, Debug, Serialize)]
pub struct Holder {
    /// Name.
    pub name: String,
    /// What they are to the issuer.
    pub role: String,
    /// Registered share atoms.
    pub registered_atoms: u64,
    /// Bearer share atoms.
    pub bearer_atoms: u64,
    /// Payout atoms paid to them.
    pub claimed_atoms: u64,
    /// Payout atoms that a claim would pay now.
    pub claimable_atoms: u64,
}

impl Holder {
    /// Payout atoms earned: paid, or payable.
    #[must_use]
    pub fn earned_atoms(&self) -> u64 {
        self.claimed_atoms.saturating_add(self.claimable_atoms)
    }
}

/// A vault at the end.
#[derive(Clone, Debug, Serialize)]
pub struct VaultReport {
    /// Ticker.
    pub symbol: String,
    /// Name of the asset.
    pub name: String,
    /// Decimals of the asset.
    pub decimals: u8,
    /// Asset atoms.
    pub atoms: u64,
}

/// The stream of money.
#[derive(Clone, Debug, Serialize)]
pub struct Stream {
    /// Symbol of the payout mint.
    pub unit: String,
    /// Decimals of the payout mint.
    pub decimals: u8,
    /// Payout atoms ever paid in.
    pub received_atoms: u64,
    /// Readings over time, oldest first.
    pub readings: Vec<StreamReading>,
}

/// What had reached holders at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReading {
    /// Unix time, seconds.
    pub ts: i64,
    /// Seconds since the token was created.
    pub age_seconds: i64,
    /// Payout atoms ever paid in until then.
    pub received_atoms: u64,
    /// Payout atoms paid to holders or claimable by them, each holder's rounded down.
    pub reached_atoms: u64,
}

/// What was checked.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Figures read over JSON-RPC and compared, in all.
    pub figures: usize,
    /// How many differed; always 0 in a report.
    pub differences: usize,
    /// Compute units of all transactions.
    pub compute_units: u64,
    /// Transactions.
    pub transactions: usize,
}
