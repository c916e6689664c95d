//! What everybody should have earned if nothing were ever rounded: money per second, integrated over time, shared by shares.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::story::{Action, Story};

/// Earnings per holder, payout atoms as exact fractions.
pub type Earnings = BTreeMap<&'static str, BigRational>;

fn number(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

/// Earnings up to the unix time `until`, from the steps and when they happened. A payment starts to flow when it is made and flows
/// evenly for the story's drip time; if an earlier one is still flowing, what is left of both flows together until the mean of the two
/// ends weighted by money, in whole seconds. While nobody is registered nothing flows.
#[must_use]
pub fn earnings(story: &Story, money_decimals: u8, steps: &[(Action, i64)], until: i64) -> Earnings {
    let money_unit = number(BigInt::from(10u8).pow(u32::from(money_decimals)));
    let drip = number(i64::from(story.terms.drip_days) * 86_400);
    let mut registered: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut earned: Earnings = story
        .actors
        .iter()
        .map(|actor| (actor.name, BigRational::zero()))
        .collect();
    let (mut left, mut seconds_left) = (BigRational::zero(), BigRational::zero());
    let mut clock = steps.first().map_or(until, |(_, ts)| *ts);
    let ends = [(Action::Wait { days: 0, legs: 0 }, until)];
    for (action, ts) in steps.iter().chain(&ends) {
        let elapsed = number((ts - clock).max(0));
        clock = (*ts).max(clock);
        let all: u64 = registered.values().sum();
        if all > 0 && left.is_positive() && seconds_left.is_positive() {
            let flowing = elapsed.min(seconds_left.clone());
            let flowed = &left * &flowing / &seconds_left;
            for (name, shares) in &registered {
                if let Some(sum) = earned.get_mut(name) {
                    *sum += &flowed * number(*shares) / number(all);
                }
            }
            left -= flowed;
            seconds_left -= flowing;
        }
        match *action {
            Action::Create => *registered.entry(story.issuer()).or_default() += story.terms.initial,
            Action::Transfer { from, to, shares } => {
                let sender = registered.entry(from).or_default();
                *sender = sender.saturating_sub(shares);
                *registered.entry(to).or_default() += shares;
            }
            Action::Unregister { holder, shares } => {
                let sender = registered.entry(holder).or_default();
                *sender = sender.saturating_sub(shares);
            }
            Action::Register { holder, shares } => *registered.entry(holder).or_default() += shares,
            Action::Distribute { amount, .. } => {
                let amount = number(amount) * &money_unit;
                seconds_left = ((&left * &seconds_left + &amount * &drip) / (&left + &amount)).floor();
                left += amount;
            }
            Action::OpenVault { .. } | Action::Deposit { .. } | Action::Wait { .. } | Action::Claim { .. } => {}
        }
    }
    earned
}

/// Fails if somebody's earnings differ from the unrounded ones by more atoms than there were steps to round in, or if all of them
/// together were paid more than flowed.
///
/// # Errors
/// Who, and by how much.
pub fn agree(actual: &BTreeMap<&'static str, u64>, fair: &Earnings, steps: usize) -> anyhow::Result<()> {
    let limit = number(u64::try_from(steps)?);
    for (name, fair) in fair {
        let actual = number(actual.get(name).copied().unwrap_or(0));
        let off = &actual - fair;
        if off.abs() > limit {
            anyhow::bail!("{name} earned {actual} atoms, but without rounding it would be {fair}: more than {steps} rounding steps explain");
        }
    }
    let paid: BigRational = number(actual.values().map(|atoms| u128::from(*atoms)).sum::<u128>());
    let flowed: BigRational = fair.values().sum();
    if paid > flowed {
        anyhow::bail!("{paid} atoms were earned in all, but only {flowed} have flowed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::Ledger, story::alice};

    #[test]
    fn the_ledger_stays_within_rounding_of_the_unrounded_earnings() {
        let story = alice();
        let mut ledger = Ledger::new(&story, 6, &[("ACMEx", 8), ("GLBXx", 8)], 100_000, 500);
        let (mut clock, mut done) = (1_800_000_000i64, Vec::new());
        for step in &story.steps {
            clock += match step.action {
                Action::Wait { days, .. } => i64::from(days) * 86_400 + 7,
                _ => 3,
            };
            ledger.book(&step.action, clock);
            done.push((step.action.clone(), clock));
            let fair = earnings(&story, 6, &done, clock);
            let actual = story
                .actors
                .iter()
                .map(|actor| {
                    let claimed = crate::check::atoms(&ledger.figures(), crate::check::Figure::Claimed(actor.name));
                    let owed = u64::try_from(ledger.claimable(actor.name, clock).to_integer()).expect("an amount");
                    (actor.name, claimed + owed)
                })
                .collect();
            agree(&actual, &fair, done.len()).expect("within rounding");
        }
    }

    #[test]
    fn earnings_that_are_too_high_or_too_low_are_refused() {
        let fair = Earnings::from([("Alice", number(100)), ("Bruno", number(50))]);
        assert!(agree(&BTreeMap::from([("Alice", 100), ("Bruno", 50)]), &fair, 1).is_ok());
        assert!(agree(&BTreeMap::from([("Alice", 101), ("Bruno", 50)]), &fair, 1).is_err());
        assert!(agree(&BTreeMap::from([("Alice", 97), ("Bruno", 50)]), &fair, 1).is_err());
    }
}
