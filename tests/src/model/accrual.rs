//! Stream and accumulator, exactly.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::Flaw;

/// The smallest step of fixed point: 2^-64 of an atom.
#[must_use]
pub fn fraction_unit() -> BigRational {
    BigRational::new(BigInt::one(), BigInt::one() << 64)
}

/// Rounds down to whole steps of 2^-64.
fn floor_to_step(value: &BigRational) -> BigRational {
    BigRational::new(
        (value * BigRational::from(BigInt::one() << 64)).floor().to_integer(),
        BigInt::one() << 64,
    )
}

/// Money on its way to the registered shares, and what one share has earned since the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accrual {
    /// Payout atoms that the present line carries.
    pub total: BigInt,
    /// Payout atoms of it that have been emitted.
    pub dripped: BigInt,
    /// Where the line starts, unix seconds.
    pub start: BigInt,
    /// Where it ends, unix seconds.
    pub end: BigInt,
    /// What it was last settled to, unix seconds.
    pub last: BigInt,
    /// Payout atoms per share atom, in steps of 2^-64; never wraps.
    pub per_share: BigRational,
    /// Payout atoms emitted and not credited to a share.
    pub remainder: BigRational,
}

impl Accrual {
    /// Nothing on its way, nothing earned.
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self {
            total: BigInt::zero(),
            dripped: BigInt::zero(),
            start: now.into(),
            end: now.into(),
            last: now.into(),
            per_share: BigRational::zero(),
            remainder: BigRational::zero(),
        }
    }

    /// Payout atoms not emitted yet.
    #[must_use]
    pub fn undripped(&self) -> BigInt {
        &self.total - &self.dripped
    }

    /// Settled to `max(now, last)` with `registered` share atoms since the last settling.
    #[must_use]
    pub fn at(&self, now: i64, registered: &BigInt, flaw: Option<Flaw>) -> Self {
        let mut next = self.clone();
        let t = self.last.clone().max(now.into());
        if registered.is_zero() {
            if flaw != Some(Flaw::DripToNobody) {
                next.start += &t - &self.last;
                next.end += &t - &self.last;
            }
            next.last = t;
            return next;
        }
        // The end is tested first, so that a drip of zero seconds pays at once.
        let emitted = if t >= self.end {
            self.undripped()
        } else {
            let line = BigRational::new(&self.total * (&t - &self.start), &self.end - &self.start);
            line.floor().to_integer() - &self.dripped
        };
        if !emitted.is_zero() {
            let credited = BigRational::from(emitted.clone()) + &self.remainder;
            let each = floor_to_step(&(&credited / BigRational::from(registered.clone())));
            next.remainder = if flaw == Some(Flaw::LoseRemainder) {
                BigRational::zero()
            } else {
                credited - &each * BigRational::from(registered.clone())
            };
            next.per_share += each;
        }
        next.dripped += emitted;
        next.last = t;
        next
    }

    /// Puts `amount` atoms on the stream, which is settled: the new end is the mean of both ends, weighted by atoms.
    pub fn add(&mut self, amount: &BigInt, drip_seconds: i64, flaw: Option<Flaw>) {
        let old = self.undripped();
        let left = (&self.end - &self.last).max(BigInt::zero());
        let total = &old + amount;
        let weight_of_old = if flaw == Some(Flaw::ForgetOldEnd) {
            BigInt::zero()
        } else {
            old * left
        };
        let mean = BigRational::new(weight_of_old + amount * BigInt::from(drip_seconds), total.clone());
        self.end = &self.last + mean.floor().to_integer();
        self.total = total;
        self.dripped = BigInt::zero();
        self.start = self.last.clone();
    }

    /// The last registered share has left: what is on its way waits.
    pub fn pause(&mut self) {
        self.total = self.undripped();
        self.dripped = BigInt::zero();
        self.start = self.last.clone();
    }

    /// What `shares` earned since `checkpoint`, payout atoms; `None` if the checkpoint is ahead (a clock set back).
    #[must_use]
    pub fn earned(&self, shares: &BigInt, checkpoint: &BigRational) -> Option<BigRational> {
        if shares.is_zero() {
            return Some(BigRational::zero());
        }
        let growth = &self.per_share - checkpoint;
        (!growth.is_negative()).then(|| growth * BigRational::from(shares.clone()))
    }
}
