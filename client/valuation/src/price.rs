//! Prices: exact decimals, their age, and UI multipliers at their time.

use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

/// An exact decimal number, 0 or above, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    mantissa: u128,
    scale: u8,
}

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a number of 0 or above like 1000.25: digits and at most one point, 30 digits at most")]
pub struct DecimalError;

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let fraction_digits = fraction.trim_end_matches('0');
        if !is_number(whole) || !is_number(fraction) || whole.len() + fraction_digits.len() > 30 {
            return Err(DecimalError);
        }
        let mantissa = whole
            .bytes()
            .chain(fraction_digits.bytes())
            .fold(0u128, |number, digit| number * 10 + u128::from(digit - b'0'));
        let scale = u8::try_from(fraction_digits.len()).map_err(|_| DecimalError)?;
        Ok(Self { mantissa, scale })
    }
}

impl Decimal {
    /// `mantissa / 10^scale`.
    #[must_use]
    pub const fn new(mantissa: u128, scale: u8) -> Self {
        Self { mantissa, scale }
    }

    /// Its exact value.
    #[must_use]
    pub fn exact(&self) -> BigRational {
        BigRational::new(self.mantissa.into(), power_of_ten(self.scale))
    }

    /// Whole atoms of an amount with `decimals`; `None` if it is finer than one atom or does not fit.
    #[must_use]
    pub fn atoms(&self, decimals: u8) -> Option<u64> {
        let missing = decimals.checked_sub(self.scale)?;
        let factor = 10u128.checked_pow(u32::from(missing))?;
        u64::try_from(self.mantissa.checked_mul(factor)?).ok()
    }
}

fn power_of_ten(exponent: u8) -> BigInt {
    BigInt::from(10).pow(u32::from(exponent))
}

/// A multiplier that wallets apply to a balance (Token-2022's ScaledUiAmount), and the one that follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multiplier {
    /// Shown per stored, until `effective_ts`.
    pub current: f64,
    /// Shown per stored, from `effective_ts` on.
    pub scheduled: f64,
    /// When the scheduled one takes over, unix seconds.
    pub effective_ts: i64,
}

impl Multiplier {
    /// The multiplier in force at a time.
    #[must_use]
    pub fn at(&self, ts: i64) -> f64 {
        if ts >= self.effective_ts {
            self.scheduled
        } else {
            self.current
        }
    }
}

/// What somebody says that an asset is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// At least this, per whole unit that wallets show.
    pub low: Decimal,
    /// At most this, per whole unit that wallets show.
    pub high: Decimal,
    /// When it was said, unix seconds; `None`: now.
    pub as_of: Option<i64>,
}

/// A primitive asset: decimals, multiplier, quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    /// Decimals of its mint.
    pub decimals: u8,
    /// What wallets multiply balances with.
    pub multiplier: Option<Multiplier>,
    /// What it is worth; `None` if nobody says.
    pub quote: Option<Quote>,
}

/// How old quotes widen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staleness {
    /// Younger quotes are taken as they are, seconds.
    pub fresh_seconds: u32,
    /// Each day beyond that widens both ends by this much of the quote, basis points.
    pub widen_bps_per_day: u32,
}

impl Default for Staleness {
    /// One day, then one percent a day.
    fn default() -> Self {
        Self {
            fresh_seconds: 86_400,
            widen_bps_per_day: 100,
        }
    }
}

/// An asset's price per atom.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactPrice {
    /// At least this.
    pub low: BigRational,
    /// At most this; `None` if nothing bounds it.
    pub high: Option<BigRational>,
}

impl Asset {
    /// The price of one atom at `now`: quote times multiplier over 10^decimals, exactly.
    ///
    /// The multiplier is the one of the quote's time: a quote made before a stock split is per unsplit unit, and stays right for the
    /// stored atoms. Without a quote the price is anything from 0 up. A stale quote widens linearly; its lower end stops at 0. A quote
    /// from the future counts as fresh.
    #[must_use]
    pub fn price(&self, now: i64, staleness: &Staleness) -> ExactPrice {
        let Some(quote) = &self.quote else {
            return ExactPrice {
                low: BigRational::zero(),
                high: None,
            };
        };
        let as_of = quote.as_of.unwrap_or(now);
        let multiplier = self
            .multiplier
            .and_then(|multiplier| BigRational::from_float(multiplier.at(as_of)))
            .unwrap_or_else(BigRational::one);
        let per_atom = multiplier / BigRational::from(power_of_ten(self.decimals));
        let age = i128::from(now) - i128::from(as_of) - i128::from(staleness.fresh_seconds);
        let widening = BigRational::new(
            BigInt::from(age.max(0)) * BigInt::from(staleness.widen_bps_per_day),
            BigInt::from(86_400u64 * 10_000),
        );
        let shrink = (BigRational::one() - &widening).max(BigRational::zero());
        ExactPrice {
            low: quote.low.exact() * &per_atom * shrink,
            high: Some(quote.high.exact() * per_atom * (BigRational::one() + widening)),
        }
    }
}

/// Prices of all assets per atom, as numbers that the solver computes with (each within two roundings of the exact one).
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// Lower ends.
    pub low: Vec<f64>,
    /// Upper ends; infinite if nothing bounds them.
    pub high: Vec<f64>,
}

impl Prices {
    /// Prices that are certain.
    #[must_use]
    pub fn certain(per_atom: Vec<f64>) -> Self {
        Self {
            high: per_atom.clone(),
            low: per_atom,
        }
    }

    /// Prices of `assets` at `now`.
    #[must_use]
    pub fn at(assets: &[Asset], now: i64, staleness: &Staleness) -> Self {
        let exact = assets.iter().map(|asset| asset.price(now, staleness));
        let number = |price: &BigRational| price.to_f64().unwrap_or(f64::INFINITY);
        let (low, high) = exact
            .map(|price| (number(&price.low), price.high.as_ref().map_or(f64::INFINITY, number)))
            .unzip();
        Self { low, high }
    }

    /// Whether every price is one number.
    #[must_use]
    pub fn are_certain(&self) -> bool {
        self.low == self.high
    }
}
