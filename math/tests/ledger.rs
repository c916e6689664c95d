//! Histories of one security: money comes in, holders register, transfer, claim and leave.
//!
//! The ledger under test settles as rarely as the program does, through an accumulator and checkpoints. The reference
//! knows neither: at every step it hands every holder their part of what dripped, in exact integers.

mod support;

use num_bigint::{BigInt, Sign};
use num_traits::Zero;
use proptest::{collection::vec, prelude::*};
use support::{cases, up_to};
use upside_math::{fraction, owed_x64, payable, settle, Accumulator, MathError, Stream};

const HOLDERS: usize = 4;
const START_TS: i64 = 1_700_000_000;

/// An integer of any size.
fn n(x: impl Into<BigInt>) -> BigInt {
    x.into()
}

/// One over this is the unit of `_x64` numbers.
fn two_64() -> BigInt {
    n(1_u128 << 64)
}

/// A quotient of numbers that are not negative, rounded down.
fn floor(number: BigInt, by: impl Into<BigInt>) -> BigInt {
    assert_ne!(number.sign(), Sign::Minus, "{number} would be rounded up");
    let by = by.into();
    assert_eq!(by.sign(), Sign::Plus, "{by} would turn the sign");
    number / by
}

#[derive(Clone, Debug)]
enum Op {
    Wait(i64),
    Distribute { amount: u64 },
    Register { holder: usize, shares: u64 },
    Unregister { holder: usize, shares: u64 },
    Transfer { from: usize, to: usize, shares: u64 },
    Claim(usize),
    Close(usize),
    Settle,
}

fn op() -> impl Strategy<Value = Op> {
    let holder = 0..HOLDERS;
    let amount = prop_oneof![up_to(50), up_to(1 << 54)];
    let shares = || prop_oneof![up_to(10), up_to(u64::MAX >> 4)];
    prop_oneof![
        4 => prop_oneof![0..20_i64, 0..2_000_000_i64].prop_map(Op::Wait),
        3 => amount.prop_map(|amount| Op::Distribute { amount }),
        3 => (holder.clone(), shares()).prop_map(|(holder, shares)| Op::Register { holder, shares }),
        2 => (holder.clone(), shares()).prop_map(|(holder, shares)| Op::Unregister { holder, shares }),
        2 => (holder.clone(), holder.clone(), shares()).prop_map(|(from, to, shares)| Op::Transfer { from, to, shares }),
        3 => holder.clone().prop_map(Op::Claim),
        1 => holder.prop_map(Op::Close),
        1 => Just(Op::Settle),
    ]
}

#[derive(Clone, Copy, Debug, Default)]
struct Position {
    shares: u64,
    checkpoint_x64: u128,
    accrued_x64: u128,
    paid: u64,
}

/// The ledger as the program keeps it: `claim` and `transfer` do not write the stream or the accumulator.
#[derive(Clone, Debug)]
struct Ledger {
    stream: Stream,
    accumulator: Accumulator,
    registered: u64,
    received: u64,
    drip_seconds: i64,
    now: i64,
    positions: [Position; HOLDERS],
}

impl Ledger {
    fn new(drip_seconds: i64) -> Self {
        Self {
            stream: Stream::default(),
            accumulator: Accumulator::default(),
            registered: 0,
            received: 0,
            drip_seconds,
            now: START_TS,
            positions: Default::default(),
        }
    }

    /// Stream and accumulator at this moment, without writing them.
    fn at_now(&self) -> (Stream, Accumulator) {
        let (mut stream, mut accumulator) = (self.stream, self.accumulator);
        settle(&mut stream, &mut accumulator, self.now, self.registered).expect("a valid state settles");
        (stream, accumulator)
    }

    fn settle(&mut self) {
        (self.stream, self.accumulator) = self.at_now();
    }

    fn settle_position(&mut self, holder: usize) -> Result<(), MathError> {
        let (_, accumulator) = self.at_now();
        let p = &mut self.positions[holder];
        p.accrued_x64 = owed_x64(
            p.accrued_x64,
            p.shares,
            accumulator.upside_per_share_x64,
            p.checkpoint_x64,
        )?;
        p.checkpoint_x64 = accumulator.upside_per_share_x64;
        Ok(())
    }

    fn claim(&mut self, holder: usize) -> Result<u64, MathError> {
        self.settle_position(holder)?;
        let p = &mut self.positions[holder];
        let pay = payable(p.accrued_x64);
        p.paid += pay;
        p.accrued_x64 = fraction(p.accrued_x64);
        Ok(pay)
    }

    /// What a holder has been paid and is owed, in x64.
    fn earned_x64(&self, holder: usize) -> BigInt {
        let (_, accumulator) = self.at_now();
        let p = self.positions[holder];
        let owed = owed_x64(
            p.accrued_x64,
            p.shares,
            accumulator.upside_per_share_x64,
            p.checkpoint_x64,
        );
        n(owed.expect("a valid state")) + n(p.paid) * two_64()
    }
}

/// The reference: every share of every drip is handed out at once, nothing is deferred.
#[derive(Debug)]
struct Reference {
    /// Money not dripped yet, when its line started, how long is left, and how much of the line is out.
    line: BigInt,
    out: BigInt,
    since: BigInt,
    length: BigInt,
    remainder_x64: BigInt,
    earned_x64: Vec<BigInt>,
    paid: Vec<BigInt>,
    shares: Vec<BigInt>,
}

impl Reference {
    fn new() -> Self {
        Self {
            line: BigInt::zero(),
            out: BigInt::zero(),
            since: BigInt::zero(),
            length: BigInt::zero(),
            remainder_x64: BigInt::zero(),
            earned_x64: vec![BigInt::zero(); HOLDERS],
            paid: vec![BigInt::zero(); HOLDERS],
            shares: vec![BigInt::zero(); HOLDERS],
        }
    }

    fn registered(&self) -> BigInt {
        self.shares.iter().sum()
    }

    fn pass(&mut self, seconds: i64) {
        if self.registered().is_zero() {
            return; // Time stands still for the stream while nobody is registered.
        }
        self.since += n(seconds);
        let line = if self.since >= self.length {
            self.line.clone()
        } else {
            floor(&self.line * &self.since, self.length.clone())
        };
        let drip = &line - &self.out;
        self.out = line;
        if drip.is_zero() {
            return;
        }
        let pot = drip * two_64() + &self.remainder_x64;
        let per_share = floor(pot.clone(), self.registered());
        self.remainder_x64 = pot - &per_share * self.registered();
        for (earned, shares) in self.earned_x64.iter_mut().zip(&self.shares) {
            *earned += &per_share * shares;
        }
    }

    fn redraw(&mut self, amount: u64, drip_seconds: i64) {
        let old = &self.line - &self.out;
        let left = (&self.length - &self.since).max(BigInt::zero());
        self.line = &old + n(amount);
        self.length = floor(old * left + n(amount) * n(drip_seconds), self.line.clone());
        self.out = BigInt::zero();
        self.since = BigInt::zero();
    }

    /// The last registered share left: what remains is a line of its own over the time that remains.
    fn stop(&mut self) {
        self.line = &self.line - &self.out;
        self.length = &self.length - &self.since;
        self.out = BigInt::zero();
        self.since = BigInt::zero();
    }
}

/// Applies one step to both; `extra` are moments inside a wait at which the reference is moved too.
fn apply(op: &Op, ledger: &mut Ledger, reference: &mut Reference) -> Result<(), TestCaseError> {
    match *op {
        Op::Wait(seconds) => {
            // The reference passes the time in three pieces, the ledger not at all until something happens.
            let (a, b) = (seconds / 3, seconds / 2);
            reference.pass(a);
            reference.pass(b - a);
            reference.pass(seconds - b);
            ledger.now += seconds;
        }
        Op::Distribute { amount } => {
            let Some(received) = ledger.received.checked_add(amount) else {
                return Ok(());
            };
            ledger.settle();
            let result = ledger.stream.add(amount, ledger.drip_seconds);
            if amount == 0 {
                prop_assert_eq!(result, Err(MathError::ZeroAmount));
                return Ok(());
            }
            prop_assert_eq!(result, Ok(()));
            ledger.received = received;
            reference.redraw(amount, ledger.drip_seconds);
            reference.pass(0);
        }
        Op::Register { holder, shares } => {
            let Some(registered) = ledger.registered.checked_add(shares) else {
                return Ok(());
            };
            ledger.settle();
            ledger.settle_position(holder).unwrap();
            ledger.positions[holder].shares += shares;
            ledger.registered = registered;
            reference.shares[holder] += n(shares);
            reference.pass(0);
        }
        Op::Unregister { holder, shares } => {
            let shares = shares.min(ledger.positions[holder].shares);
            ledger.settle();
            ledger.settle_position(holder).unwrap();
            ledger.positions[holder].shares -= shares;
            ledger.registered -= shares;
            reference.shares[holder] -= n(shares);
            if shares > 0 && ledger.registered == 0 {
                ledger.stream.pause();
                reference.stop();
            }
        }
        Op::Transfer { from, to, shares } => {
            let shares = shares.min(ledger.positions[from].shares);
            if from == to {
                return Ok(());
            }
            ledger.settle_position(from).unwrap();
            ledger.settle_position(to).unwrap();
            ledger.positions[from].shares -= shares;
            ledger.positions[to].shares += shares;
            reference.shares[from] -= n(shares);
            reference.shares[to] += n(shares);
        }
        Op::Claim(holder) => {
            let pay = ledger.claim(holder).unwrap();
            let whole = floor(reference.earned_x64[holder].clone(), two_64());
            prop_assert_eq!(
                n(pay),
                &whole - &reference.paid[holder],
                "paid is what was earned, rounded down"
            );
            reference.paid[holder] = whole;
        }
        Op::Close(holder) => {
            if ledger.positions[holder].shares != 0 {
                return Ok(());
            }
            ledger.claim(holder).unwrap();
            ledger.settle();
            let p = ledger.positions[holder];
            ledger.accumulator.take_back(p.accrued_x64).unwrap();
            ledger.positions[holder].accrued_x64 = 0;
            let whole = floor(reference.earned_x64[holder].clone(), two_64());
            let rest = &reference.earned_x64[holder] - &whole * two_64();
            reference.remainder_x64 += &rest;
            reference.earned_x64[holder] -= rest;
            reference.paid[holder] = whole;
        }
        Op::Settle => ledger.settle(),
    }
    Ok(())
}

fn check(ledger: &Ledger, reference: &Reference) -> Result<(), TestCaseError> {
    let (stream, accumulator) = ledger.at_now();
    // U-3: the ledger, however rarely it settled, owes exactly what the reference handed out.
    let mut earned = BigInt::zero();
    let mut claimable = 0_u128;
    for holder in 0..HOLDERS {
        let one = ledger.earned_x64(holder);
        prop_assert_eq!(&one, &reference.earned_x64[holder], "holder {}", holder);
        let paid = n(ledger.positions[holder].paid) * two_64();
        claimable += u128::from(payable(u128::try_from(&one - paid).unwrap()));
        earned += one;
    }
    prop_assert_eq!(n(accumulator.remainder_x64), reference.remainder_x64.clone());
    prop_assert_eq!(n(stream.undripped()), &reference.line - &reference.out);
    // U-2: not one unit of the last place is lost or made.
    prop_assert_eq!(
        earned + n(stream.undripped()) * two_64() + n(accumulator.remainder_x64),
        n(ledger.received) * two_64()
    );
    // U-1: the payout vault covers what is not dripped and everything claimable.
    let paid: u64 = ledger.positions.iter().map(|p| p.paid).sum();
    let vault = ledger.received - paid;
    prop_assert!(u128::from(vault) >= u128::from(stream.undripped()) + claimable);
    // S-1
    let shares: u64 = ledger.positions.iter().map(|p| p.shares).sum();
    prop_assert_eq!(shares, ledger.registered);
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    /// Invariants U-1, U-2 and U-3.
    #[test]
    fn every_atom_reaches_the_holders_of_its_moment_whenever_anybody_settles(
        drip_seconds in prop_oneof![Just(0_i64), Just(3_600), Just(604_800), 0..315_360_000_i64],
        start in prop_oneof![Just(0_u128), Just(u128::MAX), any::<u128>()],
        ops in vec(op(), 1..24),
    ) {
        let mut ledger = Ledger::new(drip_seconds);
        // Only differences mean anything: start anywhere, so that the accumulator wraps in many histories.
        ledger.accumulator.upside_per_share_x64 = start;
        ledger.positions.iter_mut().for_each(|p| p.checkpoint_x64 = start);
        let mut reference = Reference::new();
        for op in &ops {
            apply(op, &mut ledger, &mut reference)?;
            check(&ledger, &reference)?;
        }
    }

    /// Until the clock has caught up, a position that was settled ahead of it fails; nobody is paid twice.
    #[test]
    fn a_clock_set_back_pays_nothing_twice(
        amounts in vec(1_u64..1 << 50, 1..4),
        shares in vec(1_u64..1 << 50, HOLDERS),
        moves in vec((-400_000_i64..600_000, 0..HOLDERS), 1..30),
        start in any::<u128>(),
    ) {
        let mut ledger = Ledger::new(604_800);
        ledger.accumulator.upside_per_share_x64 = start;
        for (position, shares) in ledger.positions.iter_mut().zip(&shares) {
            position.checkpoint_x64 = start;
            position.shares = *shares;
            ledger.registered += *shares;
        }
        for amount in amounts {
            ledger.settle();
            ledger.stream.add(amount, 604_800).unwrap();
            ledger.received += amount;
        }
        let total = ledger.stream.total;
        let mut claimed_at = [i64::MIN; HOLDERS];
        for (seconds, holder) in moves {
            ledger.now += seconds;
            match ledger.claim(holder) {
                Ok(pay) => {
                    if ledger.now < claimed_at[holder] {
                        prop_assert_eq!(pay, 0, "nothing is owed before the last claim");
                    }
                    claimed_at[holder] = claimed_at[holder].max(ledger.now);
                }
                Err(error) => {
                    prop_assert_eq!(error, MathError::ClockBehindCheckpoint);
                    prop_assert!(ledger.now < claimed_at[holder], "an error needs a clock that was set back");
                }
            }
        }
        ledger.now = START_TS + 10 * 604_800;
        ledger.settle();
        prop_assert_eq!(ledger.stream.undripped(), 0);
        for holder in 0..HOLDERS {
            ledger.claim(holder).unwrap();
            let per_share = floor(n(total) * two_64(), ledger.registered);
            let due = floor(per_share * n(ledger.positions[holder].shares), two_64());
            prop_assert_eq!(n(ledger.positions[holder].paid), due);
        }
    }
}

#[test]
fn registering_for_a_moment_earns_that_moment_only() {
    let mut ledger = Ledger::new(604_800);
    let mut reference = Reference::new();
    for op in [
        Op::Register {
            holder: 0,
            shares: 1 << 20,
        },
        Op::Distribute { amount: 604_800_000 },
        Op::Wait(86_400),
        Op::Register {
            holder: 1,
            shares: 1_023 << 20,
        },
        Op::Wait(1),
        Op::Unregister {
            holder: 1,
            shares: 1_023 << 20,
        },
        Op::Wait(604_800),
        Op::Claim(0),
        Op::Claim(1),
    ] {
        apply(&op, &mut ledger, &mut reference).unwrap();
        check(&ledger, &reference).unwrap();
    }
    assert_eq!(
        ledger.positions[1].paid, 999,
        "one second of 1,000 atoms a second, 1,023 in 1,024 of the shares"
    );
    assert_eq!(ledger.positions[0].paid, 604_800_000 - 1_000);
}
