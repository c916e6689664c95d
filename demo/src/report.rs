//! What a run of a story showed: what `--output json` prints and what the last page and the HTML report are drawn from. Amounts are in atoms.

use serde::Serialize;

/// A run from beginning to end, or to where it broke off; it exists only if every figure agreed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One line that says what is going on.
    pub headline: String,
    /// A few sentences before the first step.
    pub opening: String,
    /// What is paid in and out.
    pub money: Unit,
    /// The securities that were created.
    pub securities: Vec<Security>,
    /// What everybody holds at the end.
    pub people: Vec<Person>,
    /// What happened, in order.
    pub steps: Vec<StepReport>,
    /// What went where in all.
    pub flows: Vec<Flow>,
    /// What everybody has, as often as the story valued it.
    pub worth: Worth,
    /// Where the story broke off, if it did.
    pub broke_off: Option<BrokeOff>,
    /// The check.
    pub check: Check,
}

/// What amounts are counted in.
#[derive(Clone, Debug, Serialize)]
pub struct Unit {
    /// Symbol.
    pub symbol: String,
    /// Decimals.
    pub decimals: u8,
}

/// A security at the end.
#[derive(Clone, Debug, Serialize)]
pub struct Security {
    /// Symbol by which the story knows it.
    pub story_symbol: String,
    /// Symbol on the mint.
    pub symbol: String,
    /// Name on the mint.
    pub name: String,
    /// What it stands for.
    pub kind: &'static str,
    /// Who may receive shares.
    pub policy: &'static str,
    /// Who is the issuer.
    pub issuer: String,
    /// Mint address.
    pub mint: String,
    /// Decimals of a share.
    pub decimals: u8,
    /// Most share atoms that may ever be issued.
    pub authorised_atoms: u64,
    /// Share atoms issued.
    pub issued_atoms: u64,
    /// Share atoms promised and not issued.
    pub promised_atoms: u64,
    /// Its rounds, by number.
    pub rounds: Vec<RoundReport>,
    /// Payout atoms in its vault for money.
    pub money_backing_atoms: u64,
    /// Share atoms in existence.
    pub supply_atoms: u64,
    /// Who holds what, the first issuer first.
    pub holders: Vec<Holder>,
    /// The vaults with assets, then those with shares of other securities.
    pub vaults: Vec<VaultReport>,
    /// The stream.
    pub stream: Stream,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// From 1.
    pub number: usize,
    /// The verb.
    pub verb: &'static str,
    /// Title.
    pub title: String,
    /// The heading above it, if a part of the story begins here; may be empty.
    pub chapter: String,
    /// What happened, in a sentence.
    pub what: String,
    /// Why, in a sentence or two; may be empty.
    pub telling: String,
    /// Unix time of the network, seconds.
    pub ts: i64,
    /// Whole days since the first step.
    pub day: i64,
    /// The transaction; nothing when only time passed, or when it was refused as it had to be.
    pub transaction: Option<TransactionReport>,
    /// Why it was refused, if it had to be.
    pub refused: Option<String>,
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

/// A round at the end.
#[derive(Clone, Debug, Serialize)]
pub struct RoundReport {
    /// Its number.
    pub number: u64,
    /// What became of it.
    pub status: &'static str,
    /// Share atoms for sale.
    pub for_sale_atoms: u64,
    /// Fewer make it fail.
    pub minimum_atoms: u64,
    /// Share atoms wanted by all.
    pub wanted_atoms: u64,
    /// Payout atoms for a whole share.
    pub price_atoms: u64,
    /// Payout atoms raised.
    pub raised_atoms: u64,
    /// Payout atoms of that in the vault.
    pub backed_atoms: u64,
    /// Payout atoms of that with the issuer.
    pub released_atoms: u64,
    /// Payout atoms that it still holds.
    pub money_atoms: u64,
}

/// A holder of a security at the end.
#[derive(Clone, Debug, Serialize)]
pub struct Holder {
    /// Name.
    pub name: String,
    /// What they are in the story.
    pub role: String,
    /// Whether it is a vault of another security: what it has claimed went to the holders of that one.
    pub vault: bool,
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

    /// Name and role.
    #[must_use]
    pub fn title(&self) -> String {
        titled(&self.name, &self.role)
    }
}

fn titled(name: &str, role: &str) -> String {
    if role.is_empty() {
        name.to_owned()
    } else {
        format!("{name}, {role}")
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
    /// Whether the asset's issuer has paused it.
    pub paused: bool,
    /// Whether the asset's issuer has frozen the vault.
    pub frozen: bool,
}

/// What everybody has, looked through all layers; empty if the story never values it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Worth {
    /// Each time that it was valued.
    pub valuings: Vec<Valuing>,
    /// The securities, then the people; those that never stand for anything are left out.
    pub rows: Vec<WorthRow>,
}

/// One valuing.
#[derive(Clone, Debug, Serialize)]
pub struct Valuing {
    /// When, in the words of the story.
    pub when: String,
    /// Number of its step.
    pub step: usize,
    /// Prices: payout atoms for a whole unit of an asset as wallets show it.
    pub prices: Vec<Price>,
    /// Payout atoms that all assets and money in vaults are worth.
    pub vaults_atoms: u64,
    /// Of that, what shares outside vaults stand for.
    pub holders_atoms: u64,
    /// What shares that may still be issued stand for.
    pub may_come_atoms: u64,
    /// What open redemption tickets have left to collect.
    pub tickets_atoms: u64,
    /// What nobody has a claim on.
    pub unclaimed_atoms: u64,
    /// All errors of holders' values together are at most this many payout atoms, by the certificate; rounded up.
    pub bound_atoms: u64,
    /// How many values were found in the independent calculation too.
    pub checked: usize,
}

/// What an asset is worth by the story.
#[derive(Clone, Debug, Serialize)]
pub struct Price {
    /// Ticker.
    pub symbol: String,
    /// Payout atoms for a whole unit as wallets show it.
    pub atoms: u64,
}

/// What one of them has.
#[derive(Clone, Debug, Serialize)]
pub struct WorthRow {
    /// Symbol or name.
    pub name: String,
    /// What a security stands for, or what somebody is in the story.
    pub what: String,
    /// Whether it is a person with a wallet; else a security.
    pub wallet: bool,
    /// Payout atoms that their shares stand for, or all shares of the security: for each valuing.
    pub value_atoms: Vec<u64>,
    /// Payout atoms that had reached them by shares, paid or claimable; or that the security had received: for each valuing.
    pub money_atoms: Vec<u64>,
}

impl WorthRow {
    /// Value at the first valuing and at the last.
    #[must_use]
    pub fn ends(&self) -> (u64, u64) {
        let ends = self.value_atoms.first().zip(self.value_atoms.last());
        ends.map_or((0, 0), |(first, last)| (*first, *last))
    }

    /// Payout atoms that reached them between the first valuing and the last.
    #[must_use]
    pub fn money_meanwhile(&self) -> u64 {
        let ends = self.money_atoms.first().zip(self.money_atoms.last());
        ends.map_or(0, |(first, last)| last.saturating_sub(*first))
    }

    /// Name, and what it is.
    #[must_use]
    pub fn title(&self) -> String {
        titled(&self.name, &self.what)
    }
}

/// The stream of money of a security.
#[derive(Clone, Debug, Serialize)]
pub struct Stream {
    /// Payout atoms ever paid in.
    pub received_atoms: u64,
    /// Payout atoms in the inbox, not swept in yet.
    pub inbox_atoms: u64,
    /// Readings over time, oldest first.
    pub readings: Vec<StreamReading>,
}

/// What had reached holders at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReading {
    /// Unix time, seconds.
    pub ts: i64,
    /// Seconds since the first step.
    pub age_seconds: i64,
    /// Payout atoms ever paid in until then.
    pub received_atoms: u64,
    /// Payout atoms paid to holders or claimable by them, each holder's rounded down.
    pub reached_atoms: u64,
}

/// What somebody holds at the end.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// What they are in the story.
    pub role: String,
    /// What they hold: amounts as people write them, with what they are of.
    pub holds: Vec<Holding>,
}

impl Person {
    /// Name and role.
    #[must_use]
    pub fn title(&self) -> String {
        titled(&self.name, &self.role)
    }
}

/// One thing that somebody holds.
#[derive(Clone, Debug, Serialize)]
pub struct Holding {
    /// As people write it.
    pub amount: String,
    /// What it is of.
    pub unit: String,
    /// Where or how it is held; may be empty.
    pub how: &'static str,
}

/// What went from one place to another in all.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    /// What kind of flow.
    pub kind: FlowKind,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What it is of.
    pub unit: Unit,
    /// How much.
    pub atoms: u64,
}

/// What kind of flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowKind {
    /// Money into rounds, less what came back.
    Invested,
    /// Money of rounds that reached the issuer.
    Financed,
    /// Money from somebody to a security.
    PaidIn,
    /// Money from a security to somebody.
    PaidOut,
    /// Money from a security to one that holds its shares.
    Harvested,
    /// An asset from somebody to a vault.
    Given,
    /// An asset from a vault back to its issuer.
    ClawedBack,
    /// An asset from a vault to somebody who redeemed shares.
    Redeemed,
}

/// Where a story broke off.
#[derive(Clone, Debug, Serialize)]
pub struct BrokeOff {
    /// The step that was not done, from 1.
    pub number: usize,
    /// Its title.
    pub title: String,
    /// What was to happen, in a sentence.
    pub what: String,
    /// Why it was not done.
    pub reason: String,
    /// How many figures were read back after it and are what they were before it.
    pub figures_unchanged: usize,
    /// Titles of the steps after it, which did not take place.
    pub not_reached: Vec<String>,
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
