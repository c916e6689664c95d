//! Redemption against exact rationals, and a vault's history.

mod support;

use num_rational::BigRational;
use proptest::{collection::vec, prelude::*};
use support::{any_u128, any_u64, as_u128, as_u64, cases, q, ratio, up_to};
use upside_math::{
    redemption::{denominator, payout},
    supply, MathError,
};

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn denominator_is_the_formula(
        live in any_u64(), authorised in any_u64(), issued in any_u64(), redeemed in any_u64(), collected in any_u64(),
    ) {
        let expected = if issued > authorised {
            Err(MathError::Overflow)
        } else {
            as_u128(&(q(live) + (q(authorised) - q(issued)) + q(redeemed) - q(collected)))
        };
        prop_assert_eq!(denominator(live, authorised, issued, redeemed, collected), expected);
    }

    #[test]
    fn payout_rounds_the_exact_part_down(balance in any_u64(), shares in any_u64(), d in any_u128()) {
        let expected = ratio(q(balance) * q(shares), q(d)).and_then(|part| as_u64(&part.floor()));
        prop_assert_eq!(payout(balance, shares, d), expected);
    }

    #[test]
    fn collecting_in_two_tickets_never_pays_more(
        balance in any_u64(), a in up_to(1 << 40), b in 1..1_u64 << 40, others in up_to(1 << 40),
    ) {
        let d = u128::from(a) + u128::from(b) + u128::from(others);
        let once = payout(balance, a + b, d).unwrap();
        let first = payout(balance, a, d).unwrap();
        let second = payout(balance - first, b, d - u128::from(a)).unwrap();
        // What the first rounding left in the vault is shared by all who have not collected, not kept by the second.
        prop_assert!(u128::from(first) + u128::from(second) <= once.into());
        let left = balance - first - second;
        prop_assert!(q(left) * q(d) >= q(balance) * q(others), "what the others have left must not fall");
    }
}

/// One vault and the supply it is divided among, as the program would keep them.
#[derive(Debug)]
struct Vault {
    live: u64,
    authorised: u64,
    issued: u64,
    redeemed: u64,
    collected: u64,
    balance: u64,
    tickets: Vec<u64>,
}

#[derive(Clone, Debug)]
enum Op {
    Issue(u64),
    Retire(u64),
    Redeem(u64),
    Collect(usize),
    Deposit(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => up_to(u64::MAX).prop_map(Op::Issue),
        1 => up_to(u64::MAX).prop_map(Op::Retire),
        3 => up_to(u64::MAX).prop_map(Op::Redeem),
        4 => any::<usize>().prop_map(Op::Collect),
        2 => up_to(1 << 58).prop_map(Op::Deposit),
    ]
}

impl Vault {
    fn denominator(&self) -> u128 {
        denominator(self.live, self.authorised, self.issued, self.redeemed, self.collected).unwrap()
    }

    fn backing(&self) -> BigRational {
        q(self.balance) / q(self.denominator())
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Invariants V-2, V-3 and V-4.
    #[test]
    fn nothing_lowers_the_backing_of_a_share(authorised in 1_000_000..=u64::MAX, ops in vec(op(), 1..24)) {
        let mut v = Vault { live: 0, authorised, issued: 0, redeemed: 0, collected: 0, balance: 0, tickets: vec![] };
        for op in ops {
            if v.denominator() == 0 {
                break; // Everything was redeemed and collected.
            }
            let (before, d_before) = (v.backing(), v.denominator());
            match op {
                Op::Issue(n) => {
                    let n = n % (v.authorised - v.issued + 1);
                    supply::authorise(v.issued, 0, n, v.authorised).unwrap();
                    v.issued += n;
                    v.live += n;
                    prop_assert_eq!(v.denominator(), d_before, "issuing must not change the divisor");
                }
                Op::Retire(n) => if let Ok(authorised) = supply::retire(v.authorised, n, v.issued, 0) {
                    v.authorised = authorised;
                    prop_assert!(v.denominator() <= d_before);
                },
                Op::Redeem(n) => {
                    let n = n % (v.live + 1);
                    v.live -= n;
                    v.redeemed += n;
                    v.tickets.push(n);
                    prop_assert_eq!(v.denominator(), d_before, "a ticket must not change the divisor");
                }
                Op::Collect(i) => if !v.tickets.is_empty() {
                    let shares = v.tickets.swap_remove(i % v.tickets.len());
                    let paid = payout(v.balance, shares, d_before).unwrap();
                    prop_assert!(q(paid) <= &before * q(shares), "never more than the exact part");
                    prop_assert!(q(paid) + q(1_u64) > &before * q(shares), "less by under one atom");
                    prop_assert!(q(paid) >= (q(v.balance) * q(shares) / q(v.authorised)).floor(), "at least the part of authorised");
                    v.balance -= paid;
                    v.collected += shares;
                    if v.denominator() == 0 {
                        prop_assert_eq!(v.balance, 0, "the last one takes the rest");
                        break;
                    }
                },
                Op::Deposit(n) => if let Some(balance) = v.balance.checked_add(n) { v.balance = balance },
            }
            prop_assert!(v.backing() >= before);
            prop_assert!(v.denominator() <= u128::from(v.authorised - v.collected), "the divisor fits the authorised supply");
            let open: u128 = v.tickets.iter().map(|&n| u128::from(n)).sum();
            prop_assert!(open + u128::from(v.live) <= v.denominator(), "open tickets and live shares are all counted");
        }
    }
}

#[test]
fn a_vault_opened_later_is_out_of_reach_of_earlier_tickets() {
    // 1,000,000 authorised, 600,000 issued, 100,000 of them redeemed before this vault opened.
    let d = denominator(500_000, 1_000_000, 600_000, 100_000, 100_000).unwrap();
    assert_eq!(d, 900_000);
    assert_eq!(payout(9_000, 500_000, d), Ok(5_000));
}

#[test]
fn a_vault_without_anybody_to_divide_among_pays_nobody() {
    assert_eq!(denominator(0, 1_000_000, 1_000_000, 7, 7), Ok(0));
    assert_eq!(payout(5, 0, 0), Err(MathError::ZeroDenominator));
    assert_eq!(
        denominator(u64::MAX, u64::MAX, 0, u64::MAX, 0),
        Ok(3 * u128::from(u64::MAX))
    );
}
