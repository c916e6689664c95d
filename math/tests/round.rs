//! Price, allocation and runway of a round, against exact rationals.

mod support;

use proptest::{collection::vec, prelude::*};
use support::{any_i64, any_u128, any_u64, as_u64, cases, q, up_to, z};
use upside_math::{
    price::cost,
    pro_rata::allocation,
    runway::{backing_due, issuer_due},
    MathError,
};

fn exact_cost(n: u64, price: u64, decimals: u8) -> Result<u64, MathError> {
    if decimals > 19 {
        return Err(MathError::Overflow);
    }
    as_u64(&(q(n) * q(price) / q(10_u128.pow(decimals.into()))).ceil())
}

fn exact_allocation(wanted: u64, for_sale: u64, total_wanted: u128) -> Result<u64, MathError> {
    if total_wanted <= for_sale.into() {
        return Ok(wanted);
    }
    as_u64(&(q(wanted) * q(for_sale) / q(total_wanted)).floor())
}

/// What is due to the backing vault and to the issuer.
fn exact_due(raised: u64, bps: u16, elapsed: i64, runway: i64) -> Result<(u64, u64), MathError> {
    if bps > 10_000 {
        return Err(MathError::BpsAboveOne);
    }
    if elapsed < 0 || runway < 0 {
        return Err(MathError::NegativeDuration);
    }
    let e = if elapsed >= runway {
        q(1_u64)
    } else {
        z(elapsed) / z(runway)
    };
    let backing = (q(raised) * q(bps) / q(10_000_u64)).floor();
    let issuer = q(raised) - &backing;
    Ok((as_u64(&(backing * &e).floor())?, as_u64(&(issuer * e).floor())?))
}

fn any_bps() -> impl Strategy<Value = u16> {
    prop_oneof![8 => 0..=10_000_u16, 1 => Just(10_000), 1 => any::<u16>()]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn cost_rounds_the_exact_price_up(n in any_u64(), price in any_u64(), decimals in 0_u8..=22) {
        prop_assert_eq!(cost(n, price, decimals), exact_cost(n, price, decimals));
    }

    #[test]
    fn buying_in_parts_never_costs_less(a in any_u64(), b in up_to(1 << 40), price in up_to(1 << 40), decimals in 0_u8..=9) {
        if let Some(whole) = a.checked_add(b).and_then(|n| cost(n, price, decimals).ok()) {
            let parts = u128::from(cost(a, price, decimals).unwrap()) + u128::from(cost(b, price, decimals).unwrap());
            prop_assert!(parts >= whole.into() && parts <= u128::from(whole) + 1);
        }
    }

    #[test]
    fn allocation_is_the_formula(wanted in any_u64(), for_sale in any_u64(), total_wanted in any_u128()) {
        prop_assert_eq!(allocation(wanted, for_sale, total_wanted), exact_allocation(wanted, for_sale, total_wanted));
    }

    #[test]
    fn an_allocation_never_costs_more_than_was_paid(
        wanted in any_u64(), for_sale in 1..=u64::MAX, shift in 0_u32..64, others in any_u128(), price in any_u64(), decimals in 0_u8..=9,
    ) {
        let for_sale = (for_sale >> shift).max(1);
        let wanted = wanted % for_sale + u64::from(wanted % for_sale == 0);
        let total_wanted = (others >> 1) + u128::from(wanted);
        let allocated = allocation(wanted, for_sale, total_wanted).unwrap();
        prop_assert!(allocated <= wanted);
        if let Ok(paid) = cost(wanted, price, decimals) {
            prop_assert!(cost(allocated, price, decimals).unwrap() <= paid);
        }
    }

    #[test]
    fn release_is_the_two_nested_floors(raised in any_u64(), bps in any_bps(), elapsed in any_i64(), runway in any_i64()) {
        let expected = exact_due(raised, bps, elapsed, runway);
        prop_assert_eq!(backing_due(raised, bps, elapsed, runway), expected.map(|due| due.0));
        prop_assert_eq!(issuer_due(raised, bps, elapsed, runway), expected.map(|due| due.1));
    }

    #[test]
    fn release_within_ten_years_is_the_two_nested_floors(
        raised in any_u64(), bps in 0..=10_000_u16, runway in 0_i64..400_000_000, elapsed in 0_i64..400_000_000,
    ) {
        let due = (backing_due(raised, bps, elapsed, runway)?, issuer_due(raised, bps, elapsed, runway)?);
        prop_assert_eq!(Ok(due), exact_due(raised, bps, elapsed, runway));
        prop_assert!(u128::from(due.0) + u128::from(due.1) <= raised.into());
    }

    #[test]
    fn at_the_end_of_the_runway_everything_is_released(
        raised in any_u64(), bps in 0..=10_000_u16, runway in 0..=i64::MAX, late in 0..=i64::MAX,
    ) {
        let elapsed = runway.saturating_add(late);
        let backing = backing_due(raised, bps, elapsed, runway).unwrap();
        prop_assert_eq!(u128::from(backing), u128::from(raised) * u128::from(bps) / 10_000);
        prop_assert_eq!(issuer_due(raised, bps, elapsed, runway), Ok(raised - backing));
        prop_assert_eq!(backing_due(raised, bps, 0, 0), Ok(backing));
    }

    #[test]
    fn what_is_due_never_falls(
        raised in any_u64(), more in any_u64(), bps in 0..=10_000_u16, runway in 0..=i64::MAX, a in 0..=i64::MAX, b in 0..=i64::MAX,
    ) {
        let raised_later = raised.saturating_add(more);
        for due in [backing_due, issuer_due] {
            let earlier = due(raised, bps, a.min(b), runway).unwrap();
            prop_assert!(earlier <= due(raised, bps, a.max(b), runway).unwrap());
            prop_assert!(earlier <= due(raised_later, bps, a.min(b), runway).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Invariant R-1 as far as arithmetic goes.
    #[test]
    fn allocations_sell_no_more_than_is_for_sale_and_waste_less_than_one_atom_each(
        for_sale in 1_000_000..=u64::MAX, shift in 0_u32..44, wants in vec(any::<u64>(), 1..40),
    ) {
        let for_sale = (for_sale >> shift).max(1_000_000);
        let wants: Vec<u64> = wants.into_iter().map(|w| w % for_sale + 1).collect();
        let total_wanted: u128 = wants.iter().map(|&w| u128::from(w)).sum();
        let sold: u128 = wants.iter().map(|&w| u128::from(allocation(w, for_sale, total_wanted).unwrap())).sum();
        let meant = total_wanted.min(for_sale.into());
        prop_assert!(sold <= meant);
        prop_assert!(meant - sold < wants.len() as u128);
    }

    #[test]
    fn releasing_whenever_and_in_whatever_order_releases_the_same(
        raised in any_u64(), bps in 0..=10_000_u16, runway in 1_i64..400_000_000, calls in vec((any::<bool>(), 0_i64..500_000_000), 0..20),
    ) {
        let mut calls = calls;
        calls.sort_unstable_by_key(|call| call.1);
        let (mut backed, mut released) = (0, 0);
        for (to_backing, elapsed) in calls {
            if to_backing {
                backed += backing_due(raised, bps, elapsed, runway).unwrap().checked_sub(backed).expect("due never falls");
            } else {
                released += issuer_due(raised, bps, elapsed, runway).unwrap().checked_sub(released).expect("due never falls");
            }
        }
        backed += backing_due(raised, bps, runway, runway).unwrap() - backed;
        released += issuer_due(raised, bps, runway, runway).unwrap() - released;
        prop_assert_eq!(u128::from(backed) + u128::from(released), u128::from(raised));
    }
}

#[test]
fn known_values_hold() {
    assert_eq!(
        cost(1_500_000, 3, 6),
        Ok(5),
        "1.5 shares at 3 atoms are 4.5, charged up"
    );
    assert_eq!(cost(0, u64::MAX, 0), Ok(0));
    assert_eq!(cost(1, 1, 19), Ok(1));
    assert_eq!(cost(1, 1, 20), Err(MathError::Overflow));
    assert_eq!(cost(u64::MAX, u64::MAX, 19), Err(MathError::Overflow));
    assert_eq!(allocation(5, 10, 10), Ok(5));
    assert_eq!(allocation(5, 10, 11), Ok(4));
    assert_eq!(allocation(0, 0, 0), Ok(0));
    assert_eq!(backing_due(999, 3_333, 1, 2), Ok(166), "floor(floor(332.9667) / 2)");
    assert_eq!(issuer_due(999, 3_333, 1, 2), Ok(333), "floor((999 - 332) / 2)");
}
