//! Why a calculation has no answer.

use core::fmt;

/// Why a calculation has no answer. One cause, one variant; the message says what must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MathError {
    /// A sum, difference, product or quotient does not fit its type.
    Overflow,
    /// A division by zero: nothing is there to divide among.
    ZeroDenominator,
    /// An amount of zero was added to a stream.
    ZeroAmount,
    /// A duration, or the time elapsed since a start, is below zero.
    NegativeDuration,
    /// A stream starts after the time it is moved to; no sequence of calls leads there.
    StreamNotStarted,
    /// The accumulator is behind the position's checkpoint: the clock was set back since.
    ClockBehindCheckpoint,
    /// A rate is above 10,000 basis points.
    BpsAboveOne,
    /// Issuing would exceed the authorised supply.
    AboveAuthorised,
    /// Retiring would go below what is issued and reserved, or below the least authorised supply.
    BelowRetireBound,
}

impl fmt::Display for MathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "every intermediate and final result must fit its type",
            Self::ZeroDenominator => "the denominator must be above zero",
            Self::ZeroAmount => "the amount added to a stream must be above zero",
            Self::NegativeDuration => "a duration must not be below zero",
            Self::StreamNotStarted => "a stream must not start after the time it is moved to",
            Self::ClockBehindCheckpoint => "the accumulator must not be behind the checkpoint",
            Self::BpsAboveOne => "a rate must be at most 10,000 basis points",
            Self::AboveAuthorised => "issued, reserved and new shares together must not exceed authorised",
            Self::BelowRetireBound => "authorised must stay at least 1,000,000 atoms and cover issued and reserved",
        })
    }
}

impl core::error::Error for MathError {}
