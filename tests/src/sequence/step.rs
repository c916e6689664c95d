//! What a sequence is made of. A step says what somebody tries, not what will come of it: amounts are parts of whatever is there when
//! the step runs, so a sequence stays meaningful when steps before it are dropped.

use rand::{rngs::StdRng, seq::SliceRandom, Rng};
use serde::{Deserialize, Serialize};

/// Wallets that take part. The first two create the two securities.
pub const WALLETS: usize = 6;
/// Assets: three that are nothing else, the payout mint of the first security, one that the policy refuses, the shares of the other security.
pub const ASSETS: usize = 6;
/// The first assets, of which every wallet has a token account.
pub const OWN_ASSETS: usize = 3;
/// The one of them that charges for transfers.
pub const FEE_ASSET: usize = 2;
/// The asset that is the share of the other security.
pub const OTHER_SHARE: usize = 5;
/// Tickets that a holder may have open at once: their ids count from 0.
pub const TICKETS: usize = 2;
/// Securities.
pub const SECURITIES: usize = 2;

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
    /// The other security's vault of the asset.
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

/// One step. `s` is a security, `w` a wallet, `by` the wallet that signs, `a` an asset.
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
    /// The clock moves forward.
    Wait(i64),

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
            | Self::DonateLamports { .. } => Hostility::Donation,
            Self::ClawBack { .. } => Hostility::Clawback,
            Self::Pause { .. } => Hostility::Pause,
            Self::FreezeVault { .. }
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

fn form(rng: &mut StdRng) -> Form {
    *[Form::Bearer, Form::Registered].choose(rng).expect("forms")
}

fn create(rng: &mut StdRng, s: usize) -> Step {
    let curated = rng.gen_bool(0.3);
    let drips: &[i64] = if curated {
        &[0, 0, 1, 3_600, 604_800]
    } else {
        &[
            3_600, 3_600, 604_800, 604_800, 604_800, 2_592_000, 86_400, 86_400, 3_599,
        ]
    };
    Step::Create {
        s,
        curated,
        name: rng.gen_range(1..=64),
        authorised: *[1_000_000, 1_000_003, 5_000_000, 1_000_000_000_000, u64::MAX, 999_999]
            .choose_weighted(rng, |n| if *n < 1_000_000 { 1 } else { 20 })
            .expect("amounts"),
        initial: *[
            Part::Zero,
            Part::One,
            Part::Share(30_000),
            Part::Share(60_000),
            Part::All,
            Part::TooMuch,
        ]
        .choose_weighted(rng, |part| match part {
            Part::TooMuch => 1,
            Part::Zero | Part::One => 2,
            _ => 8,
        })
        .expect("parts"),
        drip: *drips.choose(rng).expect("drips"),
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

/// Any of the protocol's instructions.
/// A random instruction of the protocol.
pub fn instruction(rng: &mut StdRng) -> Step {
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
            to: rng.gen_range(0..WALLETS),
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
            a: rng.gen_range(0..ASSETS).saturating_sub(1),
            amount: amount(rng),
        },
    }
}

/// A random hostile or clumsy step.
pub fn hostile(rng: &mut StdRng, may_set_back: bool) -> Step {
    let s = rng.gen_range(0..SECURITIES);
    let w = rng.gen_range(0..WALLETS);
    let a = rng.gen_range(0..ASSETS - 1);
    match rng.gen_range(0..36) {
        0..=2 => Step::Bundle((0..rng.gen_range(2..4)).map(|_| instruction(rng)).collect()),
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
            slot: rng.gen_range(0..64),
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

/// A sequence: mostly both securities are created first; a quarter of what follows is hostile. In two of three sequences the clock never goes back.
pub fn sequence(rng: &mut StdRng, steps: usize) -> Vec<Step> {
    let may_set_back = rng.gen_range(0..3) == 0;
    let mut sequence = Vec::with_capacity(steps);
    for s in 0..SECURITIES {
        if rng.gen_bool(0.3) {
            sequence.push(Step::DonateLamports {
                s,
                slot: rng.gen_range(0..64),
            });
        }
        sequence.push(create(rng, s));
        if rng.gen_bool(0.8) {
            sequence.push(Step::AdvanceFromNow { s, by: s, seconds: 0 });
        }
        // Vaults are opened; the one whose accounts are born frozen is thawed.
        for a in 0..ASSETS - 2 {
            if rng.gen_bool(0.5) {
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
            if rng.gen_bool(0.6) {
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
    while sequence.len() < steps {
        let step = match rng.gen_range(0..100) {
            0..=24 => hostile(rng, may_set_back),
            25..=39 => Step::Wait(wait(rng)),
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
