//! The certificate against people who lie.

use proptest::prelude::*;
use upside_valuation::{certify, value, verify, Options, Rejection};

use crate::graphs::random;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_tampered_value_is_refused(seed: u64, securities in 2u32..30, victim: prop::sample::Index, factor in 1e-9f64..1.0) {
        let case = random(seed, securities, 3, false);
        let solved = value(&case.graph, &case.certain(), &Options::default()).unwrap();
        let bound = solved.low_certificate.bound;
        prop_assert!(verify(&case.graph, &case.prices, &solved.low, bound).is_ok());
        let mut lie = solved.low.clone();
        let at = victim.index(lie.len());
        let outside = f64::from(u32::from(case.graph.outside(at as u32) > 0));
        lie[at] += factor * solved.low_certificate.primitive + outside;
        let refused = verify(&case.graph, &case.prices, &lie, bound);
        let is_refused = matches!(refused, Err(Rejection::Misses { .. }));
        prop_assert!(is_refused || lie[at] == solved.low[at]);
    }

    #[test]
    fn moving_value_between_two_holders_is_refused_although_the_total_is_right(seed: u64) {
        let case = random(seed, 6, 0, false);
        let solved = value(&case.graph, &case.certain(), &Options::default()).unwrap();
        prop_assume!(solved.low[0] > 1.0);
        let mut lie = solved.low.clone();
        lie[0] -= 0.5;
        lie[1] += 0.5;
        let certificate = certify(&case.graph, &case.prices, &lie).unwrap();
        prop_assert!(certificate.bound >= 1.0 - 1e-6);
    }
}

#[test]
fn what_is_no_list_of_values_is_refused_with_its_place() {
    let case = random(1, 5, 2, false);
    let solved = value(&case.graph, &case.certain(), &Options::default()).unwrap();
    let check = |values: &[f64]| certify(&case.graph, &case.prices, values).unwrap_err();
    assert_eq!(check(&solved.low[1..]), Rejection::Length { given: 4, wanted: 5 });
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        let mut values = solved.low.clone();
        values[3] = bad;
        assert_eq!(check(&values), Rejection::NotANumber { index: 3 });
    }
}
