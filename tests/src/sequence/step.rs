//! What a sequence is made of. A step says what somebody tries, not what will come of it: amounts are parts of whatever is there when
//! the step runs, so a sequence stays meaningful when steps before it are dropped.

mod layers;

use rand::{rngs::StdRng, seq::SliceRandom, Rng};
use serde::{Deserialize, Serialize};

/// Wallets that take part. The first three create the three securities.
pub const WALLETS: usize = 6;
/// Securities. The first and the third pay out the same money, the second another.
pub const SECURITIES: usize = 3;
/// Holders of a security: the wallets, then every security's vault for its shares.
pub const HOLDERS: usize = WALLETS + SECURITIES;
/// Assets: three that are nothing else, the payout mint of the first and third security, one that the policy refuses, the payout mint of the
/// second, the shares of each security.
pub const ASSETS: usize = FIRST_SHARE + SECURITIES;
/// The first assets, of which every wallet has a token account.
pub const OWN_ASSETS: usize = 3;
/// The one of them that charges for transfers.
pub const FEE_ASSET: usize = 2;
/// The asset that is the share of the first security.
pub const FIRST_SHARE: usize = 6;
/// Tickets that a holder may have open at once: their ids count from 0.
pub const TICKETS: usize = 2;
/// Grants of one recipient: their ids count from 0.
pub const GRANTS: usize = 2;
/// Rounds of a security: their ids count from 0.
pub const ROUNDS: usize = 3;

/// The asset that is the share of a security.
#[must_use]
pub const fn share_of(s: usize) -> usize {
    FIRST_SHARE + s
}

/// The holder of a security that is the vault of security `s` for its shares.
#[must_use]
pub const fn vault_of(s: usize) -> usize {
    WALLETS + s
}

/// An amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Nothing.
    Zero,
    /// One atom.
    One,
    /// This many 65,536ths of what is there, rounded down.
    Share(u16),
    /// All that is there.
    All,
    /// One atom more than is there.
    TooMuch,
}

impl Part {
    /// The amount, of `whole` atoms.
    pub fn of(self, whole: u64) -> u64 {
        match self {
            Self::Zero => 0,
            Self::One => 1,
            Self::Share(n) => u64::try_from((u128::from(whole) * u128::from(n)) >> 16).unwrap_or(u64::MAX),
            Self::All => whole,
            Self::TooMuch => whole.saturating_add(1),
        }
    }

    fn any(rng: &mut StdRng) -> Self {
        match rng.gen_range(0..20) {
            0 => Self::Zero,
            1..=2 => Self::One,
            3..=4 => Self::All,
            5 => Self::TooMuch,
            _ => Self::Share(rng.gen()),
        }
    }
}

/// A token account that money may be paid to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payee {
    /// The associated token account of the holder.
    Own,
    /// A second account of the holder.
    Second,
    /// The associated token account of somebody else.
    Of(usize),
    /// The security's inbox.
    Inbox,
    /// The payout vault.
    PayoutVault,
}

/// A ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ticket {
    /// The one of a wallet with an id, open or not.
    Id(usize, u64),
    /// One of those that are open, counted round.
    Open(usize),
    /// One of those that have collected everything, counted round.
    Done(usize),
}

/// A vault that a ticket collects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leg {
    /// The one of an asset, open or not.
    Asset(usize),
    /// One of those that the ticket has left, counted round.
    Left(usize),
}

/// A token account that an asset may be collected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receiver {
    /// The associated token account of the holder.
    Holder,
    /// The associated token account of another wallet.
    Wallet(usize),
    /// The vault itself.
    Vault,
    /// The next security's vault of the asset.
    OtherVault,
    /// The inbox of a security.
    InboxOf(usize),
    /// The payout vault of a security.
    PayoutVaultOf(usize),
}

/// How many asset atoms must arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Least {
    /// Any number.
    Any,
    /// Exactly what is to arrive.
    Exact,
    /// One atom more.
    OneMore,
}

/// A grant, a round or a subscription; or a security and another whose shares it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// The one of this number among all that there could be, there or not.
    Number(usize),
    /// One of those that the step suits, counted round.
    Fit(usize),
}

/// A token account of shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// The holder's associated token account.
    Bearer,
    /// The holder's registered account.
    Registered,
}

/// How somebody meddles with a registered account through the token program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meddling {
    /// The holder sends shares to another registered account.
    MoveOut,
    /// The holder burns.
    Burn,
    /// The holder approves a delegate.
    Delegate,
    /// The holder gives the account away.
    SetOwner,
    /// The issuer thaws it.
    Thaw,
    /// The issuer mints into it.
    Mint,
    /// The holder closes it.
    CloseEmpty,
    /// The holder takes lamports beyond the rent.
    TakeExcessLamports,
}

/// What is hostile or clumsy about a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hostility {
    /// Money, assets or lamports from somebody who gets nothing for them.
    Donation,
    /// An asset's issuer takes from a vault.
    Clawback,
    /// An asset is paused, or moves again.
    Pause,
    /// Somebody's account is frozen or thawed by its mint's issuer.
    Freeze,
    /// An asset's transfer fee changes.
    Fee,
    /// A transfer hook appears or goes.
    Hook,
    /// The clock is set back.
    ClockJump,
    /// An instruction with another account in one place.
    WrongAccount,
    /// Several instructions in one transaction.
    Bundle,
    /// Whatever else holders and outsiders do with token accounts.
    Meddling,
}

impl Hostility {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Donation,
        Self::Clawback,
        Self::Pause,
        Self::Freeze,
        Self::Fee,
        Self::Hook,
        Self::ClockJump,
        Self::WrongAccount,
        Self::Bundle,
        Self::Meddling,
    ];
}

/// One step. `s` is a security, `w` a wallet, `by` the wallet that signs, `a` an asset; `of` a security whose shares `s` may hold. In
/// `Transfer`, who receives is any holder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Step {
    // The protocol's instructions.
    Create {
        s: usize,
        curated: bool,
        name: u8,
        authorised: u64,
        initial: Part,
        drip: i64,
    },
    Issue {
        s: usize,
        by: usize,
        part: Part,
    },
    Retire {
        s: usize,
        by: usize,
        part: Part,
    },
    Register {
        s: usize,
        w: usize,
        part: Part,
    },
    Unregister {
        s: usize,
        w: usize,
        part: Part,
    },
    Transfer {
        s: usize,
        from: usize,
        to: usize,
        part: Part,
    },
    Distribute {
        s: usize,
        amount: u64,
    },
    Claim {
        s: usize,
        w: usize,
        signed: bool,
        to: Payee,
    },
    Crank {
        s: usize,
        w: usize,
    },
    Close {
        s: usize,
        w: usize,
    },
    SetPayout {
        s: usize,
        w: usize,
        to: Payee,
    },
    Approve {
        s: usize,
        by: usize,
        w: usize,
    },
    RemoveApproval {
        s: usize,
        by: usize,
        w: usize,
    },
    Propose {
        s: usize,
        by: usize,
        to: Option<usize>,
    },
    Accept {
        s: usize,
        by: usize,
    },
    Advance {
        s: usize,
        by: usize,
        at: i64,
    },
    /// Redemption opens so many seconds from now.
    AdvanceFromNow {
        s: usize,
        by: usize,
        seconds: i64,
    },
    Rename {
        s: usize,
        by: usize,
        name: u8,
    },
    Post {
        s: usize,
        by: usize,
    },
    OpenVault {
        s: usize,
        by: usize,
        a: usize,
    },
    Deposit {
        s: usize,
        a: usize,
        amount: u64,
    },
    Redeem {
        s: usize,
        w: usize,
        id: u64,
        part: Part,
    },
    Collect {
        s: usize,
        ticket: Ticket,
        leg: Leg,
        to: Receiver,
        least: Least,
    },
    CloseRedemption {
        s: usize,
        ticket: Ticket,
    },
    /// Times count from now, those of the schedule from its start.
    CreateGrant {
        s: usize,
        by: usize,
        w: usize,
        id: u64,
        part: Part,
        start: i64,
        cliff: i64,
        end: i64,
        revocable: bool,
        milestone: Option<(usize, i64)>,
    },
    ClaimGrant {
        s: usize,
        grant: Pick,
    },
    /// Signed by a wallet, or by the one whom the grant names.
    ApproveMilestone {
        s: usize,
        grant: Pick,
        by: Option<usize>,
    },
    RevokeGrant {
        s: usize,
        by: usize,
        grant: Pick,
    },
    CloseGrant {
        s: usize,
        grant: Pick,
    },
    /// It opens so many seconds from now, and binds and closes so many later.
    CreateRound {
        s: usize,
        by: usize,
        id: u64,
        part: Part,
        minimum: Part,
        price: u64,
        opens: i64,
        commit: i64,
        closes: i64,
        runway: i64,
        bps: u16,
        invited: bool,
    },
    Invite {
        s: usize,
        by: usize,
        round: Pick,
        w: usize,
        cap: Part,
    },
    Uninvite {
        s: usize,
        by: usize,
        subscription: Pick,
    },
    Subscribe {
        s: usize,
        round: Pick,
        w: usize,
        part: Part,
        from: Payee,
    },
    WithdrawSubscription {
        s: usize,
        subscription: Pick,
        to: Payee,
    },
    CancelRound {
        s: usize,
        by: usize,
        round: Pick,
    },
    CloseRound {
        s: usize,
        round: Pick,
    },
    Settle {
        s: usize,
        subscription: Pick,
    },
    WithdrawRefund {
        s: usize,
        subscription: Pick,
        to: Payee,
    },
    /// To the issuer's account that anyone may pay to, or to one that the issuer names and signs for.
    ReleaseRunway {
        s: usize,
        round: Pick,
        to: Option<Payee>,
    },
    /// Opens the vault for the shares of another security, and perhaps the one for its money.
    OpenShareVault {
        s: usize,
        by: usize,
        of: usize,
    },
    DepositShares {
        layer: Pick,
        w: usize,
        part: Part,
    },
    RegisterVaultBearer {
        layer: Pick,
    },
    Harvest {
        layer: Pick,
    },
    CollectShares {
        s: usize,
        ticket: Ticket,
        of: usize,
        least: Least,
    },
    /// Each member is granted a part of what could still be issued.
    CreateCollective {
        s: usize,
        by: usize,
        bps: u16,
        part: Part,
        cliff: i64,
        vesting: i64,
    },
    /// Signed by a wallet, or by the issuer of the security that applies.
    Apply {
        layer: Pick,
        by: Option<usize>,
    },
    /// Signed by a wallet, or by who applied.
    WithdrawApplication {
        layer: Pick,
        by: Option<usize>,
    },
    /// Until so many seconds from now, to the application as it is or to another one.
    Admit {
        layer: Pick,
        by: Option<usize>,
        as_it_is: bool,
        expires: i64,
    },
    RevokeAdmission {
        layer: Pick,
        by: Option<usize>,
    },
    /// Signed by a wallet, or by who applied.
    Join {
        layer: Pick,
        by: Option<usize>,
        id: u64,
    },
    /// The clock moves forward.
    Wait(i64),
    /// The clock moves forward to one of the next times at which something of a grant or a round begins or ends, or a second from it.
    WaitFor {
        s: usize,
        next: usize,
        offset: i64,
    },

    // Hostile or clumsy ones.
    /// Several instructions in one transaction.
    Bundle(Vec<Step>),
    /// The clock is set back.
    SetBack(i64),
    DonateToPayoutVault {
        s: usize,
        amount: u64,
    },
    DonateToInbox {
        s: usize,
        amount: u64,
    },
    DonateToVault {
        s: usize,
        a: usize,
        amount: u64,
    },
    /// Somebody sends money to the account of a round, announced or not.
    DonateToRound {
        s: usize,
        id: u64,
        amount: u64,
    },
    /// The payout mint's issuer freezes the money of a round.
    FreezeRound {
        s: usize,
        id: u64,
        freeze: bool,
    },
    /// A holder of bearer shares sends them to another security's vault for them.
    SendBearerToVault {
        s: usize,
        from: usize,
        to: usize,
        part: Part,
    },
    /// Somebody gives a wallet money to subscribe with.
    FundPayout {
        s: usize,
        w: usize,
        amount: u64,
    },
    DonateLamports {
        s: usize,
        slot: usize,
    },
    ClawBack {
        s: usize,
        a: usize,
        part: Part,
    },
    FreezeVault {
        s: usize,
        a: usize,
        freeze: bool,
    },
    Pause {
        a: usize,
        pause: bool,
    },
    /// The fee of the asset that has one changes, two epochs later.
    SetFee {
        bps: u16,
        maximum: u64,
    },
    /// A hook appears on an asset's mint, or goes.
    SetHook {
        a: usize,
        on: bool,
    },
    FreezeReceiver {
        w: usize,
        a: usize,
        freeze: bool,
    },
    CloseReceiver {
        w: usize,
        a: usize,
    },
    ReopenReceiver {
        w: usize,
        a: usize,
    },
    ReceiverWantsMemo {
        w: usize,
        a: usize,
        on: bool,
    },
    FreezeInbox {
        s: usize,
        freeze: bool,
    },
    FreezePayout {
        s: usize,
        w: usize,
        to: Payee,
        freeze: bool,
    },
    ClosePayout {
        s: usize,
        w: usize,
        to: Payee,
    },
    ReopenPayout {
        s: usize,
        w: usize,
    },
    HandPayoutOver {
        s: usize,
        w: usize,
        to: Payee,
        new_owner: usize,
    },
    SendBearer {
        s: usize,
        from: usize,
        to: usize,
        part: Part,
    },
    BurnBearer {
        s: usize,
        w: usize,
        part: Part,
    },
    RequireMemo {
        s: usize,
        w: usize,
        form: Form,
        on: bool,
    },
    GuardCpi {
        s: usize,
        w: usize,
        form: Form,
        on: bool,
    },
    Meddle {
        s: usize,
        w: usize,
        how: Meddling,
    },
    /// The step's instruction with another account in one place, and perhaps that signature missing.
    WrongAccount {
        of: Box<Step>,
        slot: usize,
        with: usize,
        unsigned: bool,
    },
    /// The step's instruction with one of its accounts in the place of another.
    Alias {
        of: Box<Step>,
        slot: usize,
        with: usize,
    },
}

impl Step {
    /// What is hostile or clumsy about it; `None` for an instruction of the protocol as meant, and for the passing of time.
    #[must_use]
    pub fn hostility(&self) -> Option<Hostility> {
        Some(match self {
            Self::DonateToPayoutVault { .. }
            | Self::DonateToInbox { .. }
            | Self::DonateToVault { .. }
            | Self::DonateToRound { .. }
            | Self::SendBearerToVault { .. }
            | Self::DonateLamports { .. } => Hostility::Donation,
            Self::ClawBack { .. } => Hostility::Clawback,
            Self::Pause { .. } => Hostility::Pause,
            Self::FreezeVault { .. }
            | Self::FreezeRound { .. }
            | Self::FreezeReceiver { .. }
            | Self::FreezeInbox { .. }
            | Self::FreezePayout { .. } => Hostility::Freeze,
            Self::SetFee { .. } => Hostility::Fee,
            Self::SetHook { .. } => Hostility::Hook,
            Self::SetBack(_) => Hostility::ClockJump,
            Self::WrongAccount { .. } | Self::Alias { .. } => Hostility::WrongAccount,
            Self::Bundle(_) => Hostility::Bundle,
            Self::CloseReceiver { .. }
            | Self::ReopenReceiver { .. }
            | Self::ReceiverWantsMemo { .. }
            | Self::ClosePayout { .. }
            | Self::ReopenPayout { .. }
            | Self::HandPayoutOver { .. }
            | Self::SendBearer { .. }
            | Self::BurnBearer { .. }
            | Self::RequireMemo { .. }
            | Self::GuardCpi { .. }
            | Self::Meddle { .. } => Hostility::Meddling,
            _ => return None,
        })
    }

    /// Its kind, as its variant is called.
    #[must_use]
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        let name = text.split(|c: char| !c.is_alphanumeric()).next();
        name.unwrap_or_default().to_owned()
    }

    /// The step as Rust, to be pasted where the variants of all enums here are imported.
    pub fn as_rust(&self) -> String {
        match self {
            Self::Bundle(steps) => {
                let steps: Vec<String> = steps.iter().map(Self::as_rust).collect();
                format!("Bundle(vec![{}])", steps.join(", "))
            }
            Self::WrongAccount {
                of,
                slot,
                with,
                unsigned,
            } => format!(
                "WrongAccount {{ of: Box::new({}), slot: {slot}, with: {with}, unsigned: {unsigned} }}",
                of.as_rust()
            ),
            Self::Alias { of, slot, with } => {
                format!("Alias {{ of: Box::new({}), slot: {slot}, with: {with} }}", of.as_rust())
            }
            _ => format!("{self:?}"),
        }
    }
}

const AMOUNTS: [u64; 9] = [0, 1, 2, 7, 1_000, 999_983, 25_000_000, 1_000_000_007, 4_000_000_000_000];

fn amount(rng: &mut StdRng) -> u64 {
    let bound = *AMOUNTS.choose(rng).expect("amounts");
    if rng.gen_bool(0.5) {
        bound
    } else {
        rng.gen_range(0..=bound)
    }
}

/// Seconds to wait.
pub fn wait(rng: &mut StdRng) -> i64 {
    match rng.gen_range(0..10) {
        0 => 1,
        1..=3 => rng.gen_range(1..600),
        4..=7 => rng.gen_range(600..200_000),
        8 => rng.gen_range(200_000..3_000_000),
        _ => rng.gen_range(1..40_000_000),
    }
}

fn payee(rng: &mut StdRng) -> Payee {
    match rng.gen_range(0..10) {
        0..=4 => Payee::Own,
        5..=6 => Payee::Second,
        7 => Payee::Of(rng.gen_range(0..WALLETS)),
        8 => Payee::Inbox,
        _ => Payee::PayoutVault,
    }
}

/// Mostly one of those that are there.
fn ticket(rng: &mut StdRng, there: fn(usize) -> Ticket) -> Ticket {
    match rng.gen_range(0..10) {
        0 => Ticket::Id(rng.gen_range(0..WALLETS), rng.gen_range(0..TICKETS as u64)),
        1 => Ticket::Open(rng.gen_range(0..WALLETS)),
        _ => there(rng.gen_range(0..WALLETS)),
    }
}

fn receiver(rng: &mut StdRng) -> Receiver {
    match rng.gen_range(0..20) {
        0..=12 => Receiver::Holder,
        13..=14 => Receiver::Wallet(rng.gen_range(0..WALLETS)),
        15 => Receiver::Vault,
        16..=17 => Receiver::OtherVault,
        18 => Receiver::InboxOf(rng.gen_range(0..SECURITIES)),
        _ => Receiver::PayoutVaultOf(rng.gen_range(0..SECURITIES)),
    }
}

/// Mostly one that the step suits.
fn pick(rng: &mut StdRng) -> Pick {
    let n = rng.gen_range(0..ROUNDS * WALLETS);
    if rng.gen_bool(0.9) {
        Pick::Fit(n)
    } else {
        Pick::Number(n)
    }
}

/// An account to pay from or to, mostly one that can.
fn purse(rng: &mut StdRng) -> Payee {
    match rng.gen_range(0..10) {
        0..=6 => Payee::Own,
        7..=8 => Payee::Second,
        _ => payee(rng),
    }
}

/// Seconds until something begins that is announced now, about the notice of a day; mostly enough.
fn from_now(rng: &mut StdRng) -> i64 {
    *[0, -100_000, 1, 86_399, 86_400, 86_401, 90_000, 400_000]
        .choose_weighted(rng, |start| if *start < 86_400 { 1 } else { 8 })
        .expect("seconds")
}

fn form(rng: &mut StdRng) -> Form {
    *[Form::Bearer, Form::Registered].choose(rng).expect("forms")
}

fn create(rng: &mut StdRng, s: usize) -> Step {
    let curated = rng.gen_bool(0.3);
    let drips: &[i64] = if curated {
        &[0, 0, 1, 3_600, 604_800]
    } else {
        &[3_600, 604_800, 604_800, 2_592_000, 86_400, 86_400, 3_600]
    };
    // One security of thirty is refused for its drip, capacity or shares.
    let wrong = rng.gen_range(0..90);
    Step::Create {
        s,
        curated,
        name: rng.gen_range(1..=64),
        authorised: if wrong == 0 {
            999_999
        } else {
            *[1_000_000, 1_000_003, 5_000_000, 40_000_007, 1_000_000_000_000, u64::MAX]
                .choose_weighted(rng, |n| match *n {
                    // Too few for a round, or for one only.
                    0..=5_000_000 => 4,
                    u64::MAX => 10,
                    _ => 20,
                })
                .expect("amounts")
        },
        initial: if wrong == 1 {
            Part::TooMuch
        } else {
            *[
                Part::Zero,
                Part::One,
                Part::Share(20_000),
                Part::Share(60_000),
                Part::All,
            ]
            .choose_weighted(rng, |part| match part {
                Part::Zero | Part::One | Part::All | Part::Share(40_000..) => 2,
                _ => 16,
            })
            .expect("parts")
        },
        drip: if wrong == 2 {
            -1
        } else {
            *drips.choose(rng).expect("drips")
        },
    }
}

/// Somebody who mostly is the issuer.
fn issuer(rng: &mut StdRng, s: usize) -> usize {
    if rng.gen_bool(0.8) {
        s
    } else {
        rng.gen_range(0..WALLETS)
    }
}

/// A random instruction of the protocol.
pub fn instruction(rng: &mut StdRng) -> Step {
    match rng.gen_range(0..20) {
        0..=4 => promise(rng),
        5..=9 => layers::instruction(rng),
        _ => share_or_money(rng),
    }
}

/// Any of the instructions that are not about grants, rounds and layers.
fn share_or_money(rng: &mut StdRng) -> Step {
    let s = rng.gen_range(0..SECURITIES);
    let w = rng.gen_range(0..WALLETS);
    let part = Part::any(rng);
    match rng.gen_range(0..124) {
        0 => create(rng, s),
        1..=3 => Step::Issue {
            s,
            by: issuer(rng, s),
            part,
        },
        4..=5 => Step::Retire {
            s,
            by: issuer(rng, s),
            part,
        },
        6..=15 => Step::Register { s, w, part },
        16..=27 => Step::Unregister { s, w, part },
        28..=43 => Step::Transfer {
            s,
            from: if rng.gen_bool(0.4) { s } else { w },
            // Seldom a vault, which is no wallet.
            to: if rng.gen_bool(0.02) {
                rng.gen_range(WALLETS..HOLDERS)
            } else {
                rng.gen_range(0..WALLETS)
            },
            part,
        },
        44..=55 => Step::Distribute { s, amount: amount(rng) },
        56..=64 => Step::Claim {
            s,
            w,
            signed: rng.gen_bool(0.7),
            to: payee(rng),
        },
        65..=72 => Step::Crank { s, w },
        73..=77 => Step::Close { s, w },
        78..=79 => Step::SetPayout { s, w, to: payee(rng) },
        80..=85 => Step::Approve {
            s,
            by: issuer(rng, s),
            w,
        },
        86 => Step::RemoveApproval {
            s,
            by: issuer(rng, s),
            w,
        },
        87 => Step::Propose {
            s,
            by: issuer(rng, s),
            to: rng.gen_bool(0.8).then_some(w),
        },
        88 => Step::Accept { s, by: w },
        89 => Step::Advance {
            s,
            by: issuer(rng, s),
            at: rng.gen_range(1_700_000_000..2_500_000_000),
        },
        90 => Step::Rename {
            s,
            by: issuer(rng, s),
            name: rng.gen_range(1..=65),
        },
        91 => Step::Post { s, by: issuer(rng, s) },
        92..=94 => Step::OpenVault {
            s,
            by: issuer(rng, s),
            a: rng.gen_range(0..ASSETS),
        },
        100 => Step::AdvanceFromNow {
            s,
            by: issuer(rng, s),
            seconds: *[0, 0, 1, 100_000].choose(rng).expect("seconds"),
        },
        101..=107 => Step::Redeem {
            s,
            w: if rng.gen_bool(0.4) { s } else { w },
            id: rng.gen_range(0..TICKETS as u64),
            part,
        },
        108..=120 => Step::Collect {
            s,
            ticket: ticket(rng, Ticket::Open),
            leg: if rng.gen_bool(0.7) {
                Leg::Left(rng.gen_range(0..ASSETS))
            } else {
                Leg::Asset(rng.gen_range(0..ASSETS))
            },
            to: receiver(rng),
            least: *[Least::Any, Least::Any, Least::Exact, Least::Exact, Least::OneMore]
                .choose(rng)
                .expect("leasts"),
        },
        121..=123 => Step::CloseRedemption {
            s,
            ticket: ticket(rng, Ticket::Done),
        },
        _ => Step::Deposit {
            s,
            a: rng.gen_range(0..FIRST_SHARE + 2).saturating_sub(1),
            amount: amount(rng),
        },
    }
}

fn create_grant(rng: &mut StdRng, s: usize) -> Step {
    let end = *[0, 1, 7, 1_000, 86_400, 400_000, 31_536_000]
        .choose(rng)
        .expect("seconds");
    Step::CreateGrant {
        s,
        by: issuer(rng, s),
        w: rng.gen_range(0..WALLETS),
        id: rng.gen_range(0..GRANTS as u64),
        part: match rng.gen_range(0..10) {
            0 => Part::any(rng),
            1 => Part::One,
            _ => Part::Share(rng.gen_range(0..20_000)),
        },
        start: from_now(rng),
        // Seldom after the end.
        cliff: if rng.gen() {
            0
        } else {
            rng.gen_range(0..=end + end / 16)
        },
        end,
        revocable: rng.gen_bool(0.7),
        milestone: rng.gen_bool(0.4).then(|| {
            let deadline = *[1, 86_400, 200_000, 1_000_000, 0].choose(rng).expect("seconds");
            (rng.gen_range(0..WALLETS), deadline)
        }),
    }
}

fn create_round(rng: &mut StdRng, s: usize) -> Step {
    let commit = *[0, 1, 3_600, 200_000].choose(rng).expect("seconds");
    // Seldom before it binds, and seldom more than 90 days later.
    let bound = *[0, 1, 3_600, 1_000_000, 7_776_000, 7_776_001, -1]
        .choose_weighted(rng, |bound| if (1..=7_776_000).contains(bound) { 16 } else { 1 })
        .expect("seconds");
    Step::CreateRound {
        s,
        by: if rng.gen_bool(0.9) { s } else { issuer(rng, s) },
        id: rng.gen_range(0..ROUNDS as u64),
        part: if rng.gen_bool(0.05) {
            Part::any(rng)
        } else {
            Part::Share(rng.gen_range(16_000..40_000))
        },
        minimum: match rng.gen_range(0..10) {
            0 => Part::any(rng),
            1..=4 => Part::Zero,
            _ => Part::Share(rng.gen_range(0..50_000)),
        },
        price: *[1, 7, 999, 1_000, 1_000_003, 250_000_000, 0, u64::MAX]
            .choose_weighted(rng, |price| match *price {
                1..=1_000 => 16,
                0 | u64::MAX => 1,
                _ => 8,
            })
            .expect("prices"),
        opens: from_now(rng),
        commit,
        closes: commit + bound,
        runway: *[0, 1, 1_000, 86_400, 31_536_000, 315_360_000, 315_360_001]
            .choose_weighted(rng, |runway| if *runway > 315_360_000 { 1 } else { 16 })
            .expect("seconds"),
        bps: *[0, 1, 2_500, 3_333, 10_000, 10_001]
            .choose_weighted(rng, |bps| match *bps {
                0 => 32,
                1..=10_000 => 10,
                _ => 1,
            })
            .expect("basis points"),
        invited: rng.gen_bool(0.4),
    }
}

/// What mostly becomes of a grant: steps at, or a second from, its times.
fn after_grant(rng: &mut StdRng, created: &Step) -> Vec<Step> {
    let Step::CreateGrant {
        s,
        w,
        id,
        start,
        cliff,
        end,
        milestone,
        ..
    } = *created
    else {
        return Vec::new();
    };
    let grant = Pick::Number(w + WALLETS * usize::try_from(id).unwrap_or_default());
    let mut then = Vec::new();
    // What is promised can be neither given up nor issued to somebody else.
    if rng.gen_bool(0.1) {
        let (by, part) = (s, Part::TooMuch);
        then.push(Step::Retire { s, by, part });
        then.push(Step::Issue { s, by, part: Part::One });
    }
    if let Some((_, deadline)) = milestone {
        if rng.gen_bool(0.3) {
            then.push(Step::Wait(deadline + rng.gen_range(-1..2)));
        }
        then.push(Step::ApproveMilestone { s, grant, by: None });
    }
    let at = if rng.gen() { cliff } else { rng.gen_range(0..=end) };
    then.push(Step::Wait((start + at).max(0) + rng.gen_range(-1..2)));
    let stops = rng.gen_bool(0.3);
    // A revocation keeps what has vested, claimed or not.
    if !stops || rng.gen() {
        then.push(Step::ClaimGrant { s, grant });
    }
    if stops {
        then.push(Step::RevokeGrant { s, by: s, grant });
        then.push(Step::ClaimGrant { s, grant });
    } else if rng.gen() {
        then.push(Step::Wait(end));
        then.push(Step::ClaimGrant { s, grant });
    }
    then.push(Step::CloseGrant { s, grant });
    then
}

/// What mostly becomes of a round: subscriptions that are raised, lowered and withdrawn, its end a second from its time, settlements in any order with
/// accounts that cannot receive, refunds, and the runway.
fn after_round(rng: &mut StdRng, created: &Step) -> Vec<Step> {
    let Step::CreateRound {
        s,
        id,
        opens,
        commit,
        closes,
        runway,
        invited,
        ..
    } = *created
    else {
        return Vec::new();
    };
    // Announced once more on terms that nothing speaks against, for the case that something spoke against the first ones.
    let mut again = created.clone();
    if let Step::CreateRound {
        by,
        part,
        minimum,
        price,
        bps,
        ..
    } = &mut again
    {
        (*by, *part, *minimum, *price, *bps) = (s, Part::Share(20_000), Part::Zero, 7, 0);
    }
    let id = usize::try_from(id).unwrap_or_default();
    let round = Pick::Number(id);
    let mut then = vec![again];
    if invited {
        for w in 0..WALLETS {
            if rng.gen_bool(0.7) {
                let cap = if rng.gen() { Part::All } else { Part::any(rng) };
                then.push(Step::Invite {
                    s,
                    by: s,
                    round,
                    w,
                    cap,
                });
            }
        }
        then.extend(rng.gen_bool(0.3).then(|| Step::Uninvite {
            s,
            by: s,
            subscription: pick(rng),
        }));
    }
    then.push(Step::Wait(opens.max(0) + i64::from(rng.gen_bool(0.2))));
    let wants = |rng: &mut StdRng| Step::Subscribe {
        s,
        round,
        w: rng.gen_range(0..WALLETS),
        part: if rng.gen_bool(0.7) {
            Part::Share(rng.gen())
        } else {
            Part::any(rng)
        },
        from: purse(rng),
    };
    then.extend((0..rng.gen_range(2..6)).map(|_| wants(rng)));
    if rng.gen_bool(0.4) {
        then.push(Step::WithdrawSubscription {
            s,
            subscription: pick(rng),
            to: purse(rng),
        });
        then.push(wants(rng));
    }
    if rng.gen_bool(0.1) {
        then.push(Step::CancelRound { s, by: s, round });
    }
    if rng.gen_bool(0.4) {
        then.push(Step::Wait((commit + rng.gen_range(-1..2)).max(0)));
        then.push(wants(rng));
        then.push(Step::WithdrawSubscription {
            s,
            subscription: pick(rng),
            to: purse(rng),
        });
    }
    then.push(Step::Wait(closes + rng.gen_range(-1..2)));
    let close = Step::CloseRound { s, round };
    then.push(close.clone());
    if rng.gen_bool(0.3) {
        then.push(Step::Wait(2));
        then.push(close);
    }
    let freeze = |freeze| Step::FreezeRound {
        s,
        id: id as u64,
        freeze,
    };
    let frozen = rng.gen_bool(0.3);
    then.extend(frozen.then(|| freeze(true)));
    for _ in 0..rng.gen_range(2..6) {
        if rng.gen_bool(0.2) {
            then.push(stop_refund(rng, s, id));
        }
        then.push(Step::Settle {
            s,
            subscription: pick(rng),
        });
    }
    then.extend(frozen.then(|| freeze(false)));
    for _ in 0..rng.gen_range(0..2) + 2 * usize::from(frozen) {
        then.push(Step::WithdrawRefund {
            s,
            subscription: pick(rng),
            to: purse(rng),
        });
    }
    for _ in 0..rng.gen_range(0..3) {
        then.push(Step::Wait(runway / rng.gen_range(1..4)));
        then.push(Step::ReleaseRunway {
            s,
            round,
            to: rng.gen_bool(0.3).then(|| purse(rng)),
        });
    }
    then
}

/// Something that keeps a refund from being paid.
fn stop_refund(rng: &mut StdRng, s: usize, id: usize) -> Step {
    let w = rng.gen_range(0..WALLETS);
    match rng.gen_range(0..4) {
        0 => Step::FreezeRound {
            s,
            id: id as u64,
            freeze: rng.gen(),
        },
        1 => Step::ClosePayout { s, w, to: Payee::Own },
        2 => Step::HandPayoutOver {
            s,
            w,
            to: purse(rng),
            new_owner: rng.gen_range(0..WALLETS),
        },
        _ => Step::FreezePayout {
            s,
            w,
            to: purse(rng),
            freeze: rng.gen_bool(0.7),
        },
    }
}

/// Instructions that are likely to be accepted one after another in one transaction.
fn together(rng: &mut StdRng) -> Vec<Step> {
    let s = rng.gen_range(0..SECURITIES);
    let n = rng.gen_range(0..ROUNDS * WALLETS);
    let (grant, subscription, round) = (Pick::Fit(n), Pick::Fit(n), Pick::Fit(n));
    let settle = Step::Settle { s, subscription };
    let mut steps = match rng.gen_range(0..5) {
        0 => vec![Step::ClaimGrant { s, grant }, Step::CloseGrant { s, grant }],
        1 => vec![
            Step::RevokeGrant { s, by: s, grant },
            Step::ClaimGrant { s, grant },
            Step::CloseGrant { s, grant },
        ],
        2 => vec![Step::CloseRound { s, round }, settle.clone(), settle],
        3 => vec![settle.clone(), settle, Step::ReleaseRunway { s, round, to: None }],
        _ => vec![subscribe(rng, s), subscribe(rng, s)],
    };
    // Whatever goes wrong in the middle takes back what went before.
    if rng.gen_bool(0.3) {
        steps.insert(rng.gen_range(0..steps.len()), instruction(rng));
    }
    steps
}

/// Any of the instructions of grants and rounds.
fn promise(rng: &mut StdRng) -> Step {
    let s = rng.gen_range(0..SECURITIES);
    let w = rng.gen_range(0..WALLETS);
    match rng.gen_range(0..83) {
        0..=15 => create_grant(rng, s),
        16..=23 => Step::ClaimGrant { s, grant: pick(rng) },
        24..=27 => Step::ApproveMilestone {
            s,
            grant: pick(rng),
            by: rng.gen_bool(0.1).then_some(w),
        },
        28..=30 => Step::RevokeGrant {
            s,
            by: issuer(rng, s),
            grant: pick(rng),
        },
        31..=34 => Step::CloseGrant { s, grant: pick(rng) },
        35..=52 => create_round(rng, s),
        53..=54 => Step::Invite {
            s,
            by: issuer(rng, s),
            round: pick(rng),
            w,
            cap: Part::any(rng),
        },
        55 => Step::Uninvite {
            s,
            by: issuer(rng, s),
            subscription: pick(rng),
        },
        56..=61 => subscribe(rng, s),
        62..=63 => Step::WithdrawSubscription {
            s,
            subscription: pick(rng),
            to: purse(rng),
        },
        64 => Step::CancelRound {
            s,
            by: issuer(rng, s),
            round: pick(rng),
        },
        65..=69 => Step::CloseRound { s, round: pick(rng) },
        70..=75 => Step::Settle {
            s,
            subscription: pick(rng),
        },
        76..=77 => Step::WithdrawRefund {
            s,
            subscription: pick(rng),
            to: purse(rng),
        },
        _ => Step::ReleaseRunway {
            s,
            round: pick(rng),
            to: rng.gen_bool(0.3).then(|| purse(rng)),
        },
    }
}

fn subscribe(rng: &mut StdRng, s: usize) -> Step {
    Step::Subscribe {
        s,
        round: pick(rng),
        w: rng.gen_range(0..WALLETS),
        part: Part::any(rng),
        from: purse(rng),
    }
}

fn wait_for(rng: &mut StdRng) -> Step {
    Step::WaitFor {
        s: rng.gen_range(0..SECURITIES),
        next: rng.gen_range(0..3) * rng.gen_range(0..2),
        offset: *[-1, 0, 0, 1].choose(rng).expect("offsets"),
    }
}

/// A random hostile or clumsy step.
pub fn hostile(rng: &mut StdRng, may_set_back: bool) -> Step {
    let s = rng.gen_range(0..SECURITIES);
    let w = rng.gen_range(0..WALLETS);
    let a = rng.gen_range(0..FIRST_SHARE);
    match rng.gen_range(0..43) {
        0 => Step::Bundle((0..rng.gen_range(2..4)).map(|_| instruction(rng)).collect()),
        1..=2 => Step::Bundle(together(rng)),
        3..=4 if may_set_back => Step::SetBack(if rng.gen() { rng.gen_range(1..5) } else { wait(rng) }),
        5 => Step::DonateToPayoutVault { s, amount: amount(rng) },
        6..=7 => Step::DonateToInbox { s, amount: amount(rng) },
        8 => Step::DonateToVault {
            s,
            a,
            amount: amount(rng),
        },
        9 => Step::DonateLamports {
            s,
            slot: rng.gen_range(0..128),
        },
        10 => Step::ClawBack {
            s,
            a,
            part: Part::any(rng),
        },
        11 => Step::FreezeVault {
            s,
            a,
            freeze: rng.gen_bool(0.4),
        },
        12 => Step::Pause {
            a,
            pause: rng.gen_bool(0.4),
        },
        13 => Step::FreezeInbox {
            s,
            freeze: rng.gen_bool(0.4),
        },
        14 => Step::FreezePayout {
            s,
            w,
            to: payee(rng),
            freeze: rng.gen_bool(0.5),
        },
        15 => Step::ClosePayout { s, w, to: payee(rng) },
        16 => Step::ReopenPayout { s, w },
        17 => Step::HandPayoutOver {
            s,
            w,
            to: payee(rng),
            new_owner: rng.gen_range(0..WALLETS),
        },
        18 => Step::SendBearer {
            s,
            from: w,
            to: rng.gen_range(0..WALLETS),
            part: Part::any(rng),
        },
        19 => Step::BurnBearer {
            s,
            w,
            part: Part::any(rng),
        },
        20 => Step::RequireMemo {
            s,
            w,
            form: form(rng),
            on: rng.gen_bool(0.7),
        },
        21 => Step::GuardCpi {
            s,
            w,
            form: form(rng),
            on: rng.gen_bool(0.4),
        },
        22..=23 => Step::Meddle {
            s,
            w,
            how: *[
                Meddling::MoveOut,
                Meddling::Burn,
                Meddling::Delegate,
                Meddling::SetOwner,
                Meddling::Thaw,
                Meddling::Mint,
                Meddling::CloseEmpty,
                Meddling::CloseEmpty,
                Meddling::TakeExcessLamports,
            ]
            .choose(rng)
            .expect("meddlings"),
        },
        24 => Step::SetFee {
            bps: *[0, 1, 50, 2_500, 10_000].choose(rng).expect("fees"),
            maximum: *[0, 7, 1_000_000, u64::MAX].choose(rng).expect("maxima"),
        },
        25 => Step::SetHook {
            a: rng.gen_range(0..OWN_ASSETS),
            on: rng.gen_bool(0.3),
        },
        26 => Step::FreezeReceiver {
            w,
            a: rng.gen_range(0..OWN_ASSETS),
            freeze: rng.gen_bool(0.4),
        },
        27 => Step::CloseReceiver {
            w,
            a: rng.gen_range(0..OWN_ASSETS),
        },
        28 => Step::ReopenReceiver {
            w,
            a: rng.gen_range(0..OWN_ASSETS),
        },
        29 => Step::ReceiverWantsMemo {
            w,
            a: rng.gen_range(0..OWN_ASSETS),
            on: rng.gen_bool(0.7),
        },
        36..=37 => Step::DonateToRound {
            s,
            id: rng.gen_range(0..ROUNDS as u64),
            amount: amount(rng),
        },
        40 => Step::FreezeRound {
            s,
            id: rng.gen_range(0..ROUNDS as u64),
            freeze: rng.gen_bool(0.4),
        },
        41..=42 => Step::SendBearerToVault {
            s,
            from: w,
            to: rng.gen_range(0..SECURITIES),
            part: Part::any(rng),
        },
        38..=39 => Step::FundPayout {
            s,
            w,
            amount: amount(rng),
        },
        30..=31 => Step::Alias {
            of: Box::new(instruction(rng)),
            slot: rng.gen_range(0..16),
            with: rng.gen_range(0..16),
        },
        _ => Step::WrongAccount {
            of: Box::new(instruction(rng)),
            slot: rng.gen_range(0..16),
            with: rng.gen_range(0..256),
            unsigned: rng.gen_bool(0.2),
        },
    }
}

/// Steps with others in between.
fn with_others(rng: &mut StdRng, may_set_back: bool, steps: Vec<Step>) -> Vec<Step> {
    let mut all = Vec::new();
    for step in steps {
        match rng.gen_range(0..10) {
            0 => all.push(hostile(rng, may_set_back)),
            1 => all.push(instruction(rng)),
            _ => {}
        }
        all.push(step);
    }
    all
}

/// A sequence: mostly all securities are created first, and some hold shares of others; a quarter of what follows is hostile. In two of three sequences the clock never goes back.
pub fn sequence(rng: &mut StdRng, steps: usize) -> Vec<Step> {
    let may_set_back = rng.gen_range(0..3) == 0;
    let mut sequence = Vec::with_capacity(steps);
    for s in 0..SECURITIES {
        if rng.gen_bool(0.3) {
            sequence.push(Step::DonateLamports {
                s,
                slot: rng.gen_range(0..128),
            });
        }
        sequence.push(create(rng, s));
        if rng.gen_bool(0.8) {
            sequence.push(Step::AdvanceFromNow { s, by: s, seconds: 0 });
        }
        // Vaults are opened, that of the money which is paid out most often; the one whose accounts are born frozen is thawed.
        for a in [0, 1, 2, 3, 5] {
            let pays_out = (a == 3 && s != 1) || (a == 5 && s == 1);
            if rng.gen_bool(if pays_out { 0.7 } else { 0.3 }) {
                sequence.push(Step::OpenVault { s, by: s, a });
                sequence.extend((a == 1).then_some(Step::FreezeVault { s, a, freeze: false }));
                sequence.push(Step::Deposit {
                    s,
                    a,
                    amount: amount(rng),
                });
            }
        }
        // The issuer gives shares away, mostly.
        for w in 0..WALLETS {
            if rng.gen_bool(0.45) {
                sequence.push(Step::Approve { s, by: s, w });
                sequence.push(Step::Transfer {
                    s,
                    from: s,
                    to: w,
                    part: Part::Share(rng.gen_range(1_000..30_000)),
                });
            }
        }
    }
    let held = layers::beginning(rng);
    sequence.extend(with_others(rng, may_set_back, held));
    for s in 0..SECURITIES {
        if rng.gen_bool(0.35) {
            let create = create_round(rng, s);
            let then = after_round(rng, &create);
            sequence.push(create);
            sequence.extend(with_others(rng, may_set_back, then));
        }
        if rng.gen_bool(0.35) {
            let create = create_grant(rng, s);
            let then = after_grant(rng, &create);
            sequence.push(create);
            sequence.extend(with_others(rng, may_set_back, then));
        }
    }
    while sequence.len() < steps {
        let step = match rng.gen_range(0..100) {
            0..=24 => hostile(rng, may_set_back),
            25..=31 => Step::Wait(wait(rng)),
            32..=39 => wait_for(rng),
            _ => instruction(rng),
        };
        // What goes together is likely to come together.
        let then = match step {
            Step::Propose { s, to: Some(by), .. } if rng.gen_bool(0.5) => vec![Step::Accept { s, by }],
            Step::Unregister { s, w, part: Part::All }
            | Step::Transfer {
                s,
                from: w,
                part: Part::All,
                ..
            } => {
                let claim = Step::Claim {
                    s,
                    w,
                    signed: true,
                    to: Payee::Own,
                };
                vec![claim, Step::Close { s, w }]
            }
            Step::Unregister {
                part: Part::Share(_) | Part::One,
                ..
            }
            | Step::Distribute { .. }
            | Step::SendBearerToVault { .. }
            | Step::CreateCollective { .. }
            | Step::Apply { .. }
            | Step::Admit { .. } => layers::after(rng, &step),
            Step::CreateGrant { .. } if rng.gen_bool(0.6) => {
                let then = after_grant(rng, &step);
                with_others(rng, may_set_back, then)
            }
            Step::CreateRound { .. } if rng.gen_bool(0.8) => {
                let then = after_round(rng, &step);
                with_others(rng, may_set_back, then)
            }
            Step::ClosePayout { s, w, .. } if rng.gen_bool(0.7) => vec![
                Step::ReopenPayout { s, w },
                Step::FundPayout {
                    s,
                    w,
                    amount: 4_000_000_000_000,
                },
            ],
            // Who subscribes is seldom alone, and all of them are settled one day.
            Step::Subscribe { s, .. } if rng.gen_bool(0.3) => {
                (0..rng.gen_range(1..4)).map(|_| subscribe(rng, s)).collect()
            }
            Step::CloseRound { s, .. } | Step::CancelRound { s, .. } if rng.gen_bool(0.5) => {
                let settle = |rng: &mut StdRng| Step::Settle {
                    s,
                    subscription: pick(rng),
                };
                (0..rng.gen_range(0..6)).map(|_| settle(rng)).collect()
            }
            Step::Redeem { s, w, id, .. } => {
                let ticket = Ticket::Id(w, id);
                let collect = |rng: &mut StdRng| Step::Collect {
                    s,
                    ticket,
                    leg: Leg::Left(rng.gen_range(0..ASSETS)),
                    to: receiver(rng),
                    least: Least::Exact,
                };
                let mut then: Vec<Step> = (0..rng.gen_range(0..4)).map(|_| collect(rng)).collect();
                if rng.gen_bool(0.2) {
                    // A vault that is opened later is out of the ticket's reach.
                    let a = rng.gen_range(0..OWN_ASSETS + 1);
                    let later = Step::Collect {
                        s,
                        ticket,
                        leg: Leg::Asset(a),
                        to: Receiver::Holder,
                        least: Least::Any,
                    };
                    then.extend([Step::OpenVault { s, by: s, a }, later]);
                }
                then.extend(rng.gen_bool(0.3).then_some(Step::CloseRedemption { s, ticket }));
                then
            }
            _ => Vec::new(),
        };
        sequence.push(step);
        sequence.extend(then);
    }
    sequence.truncate(steps);
    sequence
}
