//! Every order, on the compiled program, of those who close, settle, refund and release a round, and of those who claim, revoke and close a grant.
//!
//! Whatever the order, and whatever is refused on the way, everybody ends with the same shares and the same money once everything that can be
//! done has been done, and nothing is left behind.

use std::sync::atomic::{AtomicUsize, Ordering};

use num_traits::ToPrimitive;
use upside_tests::model::RoundStatus;

use super::*;
use upside_tests::sequence::step::{Payee, Pick, WALLETS};

/// The payout mint of security 0, which becomes backing.
const MONEY: Asset = 3;
/// What the round sells, share atoms.
const FOR_SALE: u64 = 2_000_003;

/// What a race starts from.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// Three subscriptions want more than there is, and the time of the round is over.
    Oversubscribed,
    /// Two subscriptions want less than the minimum, and the time of the round is over.
    TooLittle,
    /// Three subscriptions, and they do not bind yet.
    Taking,
    /// The round is closed, and nobody is settled.
    Closed,
    /// A grant is half vested.
    Granted,
}

fn subscription(w: Wallet) -> Pick {
    Pick::Number(w)
}

fn subscribe(w: Wallet, part: u16) -> Step {
    Step::Subscribe {
        s: 0,
        round: Pick::Number(0),
        w,
        part: Part::Share(part),
        from: Payee::Own,
    }
}

fn settle(w: Wallet) -> Step {
    Step::Settle {
        s: 0,
        subscription: subscription(w),
    }
}

const CLOSE: Step = Step::CloseRound {
    s: 0,
    round: Pick::Number(0),
};
const RELEASE: Step = Step::ReleaseRunway {
    s: 0,
    round: Pick::Number(0),
    to: None,
};
const CLAIM: Step = Step::ClaimGrant {
    s: 0,
    grant: Pick::Number(2),
};
const END_GRANT: Step = Step::CloseGrant {
    s: 0,
    grant: Pick::Number(2),
};

fn freeze(w: Wallet, freeze: bool) -> Step {
    Step::FreezePayout {
        s: 0,
        w,
        to: Payee::Own,
        freeze,
    }
}

fn fetch(w: Wallet) -> Step {
    Step::WithdrawRefund {
        s: 0,
        subscription: subscription(w),
        to: Payee::Second,
    }
}

impl Start {
    fn steps(self) -> Vec<Step> {
        let (s, by) = (0, 0);
        let mut steps = vec![
            Step::Create {
                s,
                curated: false,
                name: 8,
                authorised: 4 * FOR_SALE,
                initial: Part::Share(16_384),
                drip: 3_600,
            },
            Step::OpenVault { s, by, a: MONEY },
            Step::Deposit {
                s,
                a: MONEY,
                amount: 999_983,
            },
            Step::Transfer {
                s,
                from: 0,
                to: 1,
                part: Part::Share(20_000),
            },
            Step::AdvanceFromNow { s, by, seconds: 0 },
        ];
        if matches!(self, Self::Granted) {
            steps.push(Step::CreateGrant {
                s,
                by,
                w: 2,
                id: 0,
                part: Part::Share(777),
                start: 86_400,
                cliff: 100,
                end: 1_001,
                revocable: true,
                milestone: None,
            });
            steps.push(Step::Wait(86_400 + 500));
            return steps;
        }
        steps.push(Step::CreateRound {
            s,
            by,
            id: 0,
            part: Part::Share(21_846),
            minimum: if matches!(self, Self::TooLittle) {
                Part::All
            } else {
                Part::Share(10_000)
            },
            price: 777,
            opens: 86_400,
            commit: 1_000,
            closes: 2_000,
            runway: 1_000,
            bps: 3_333,
            invited: false,
        });
        steps.push(Step::Wait(86_400));
        let parts: &[(Wallet, u16)] = match self {
            Self::TooLittle => &[(2, 20_001), (3, 30_011)],
            _ => &[(2, 40_001), (3, 50_021), (4, 30_011)],
        };
        steps.extend(parts.iter().map(|(w, part)| subscribe(*w, *part)));
        if !matches!(self, Self::Taking) {
            steps.push(Step::Wait(2_000));
        }
        if matches!(self, Self::Closed) {
            steps.push(CLOSE);
            steps.push(Step::Wait(500));
        }
        steps
    }

    fn acts(self) -> Vec<Step> {
        let (s, by) = (0, 0);
        match self {
            // One subscriber's account is frozen at some moment: nobody else waits for that.
            Self::Oversubscribed => vec![CLOSE, settle(2), settle(3), freeze(3, true), fetch(3), RELEASE],
            Self::TooLittle => vec![CLOSE, settle(2), settle(3), freeze(3, true), fetch(3)],
            Self::Taking => vec![
                Step::CancelRound {
                    s,
                    by,
                    round: Pick::Number(0),
                },
                subscribe(2, 100),
                Step::WithdrawSubscription {
                    s,
                    subscription: subscription(3),
                    to: Payee::Second,
                },
                settle(2),
                settle(4),
            ],
            // Others redeem and the issuer gives up capacity meanwhile.
            Self::Closed => vec![
                settle(2),
                settle(3),
                RELEASE,
                Step::Redeem {
                    s,
                    w: 1,
                    id: 0,
                    part: Part::Share(30_000),
                },
                Step::Retire { s, by, part: Part::One },
            ],
            Self::Granted => vec![
                CLAIM,
                Step::RevokeGrant {
                    s,
                    by,
                    grant: Pick::Number(2),
                },
                CLAIM,
                END_GRANT,
                Step::Redeem {
                    s,
                    w: 1,
                    id: 0,
                    part: Part::Share(30_000),
                },
            ],
        }
    }

    /// Everything that can be done in the end.
    fn afterwards(self) -> Vec<Step> {
        if matches!(self, Self::Granted) {
            return vec![CLAIM, END_GRANT];
        }
        let mut steps = vec![freeze(3, false), Step::Wait(5_000), CLOSE];
        steps.extend([2, 3, 4].map(settle));
        steps.extend([fetch(3), RELEASE]);
        steps
    }
}

/// Shares and money of everybody.
type Ends = Vec<(BigInt, u64)>;

fn result(run: &Run) -> Ends {
    let model = model_of(run);
    let of = |w: Wallet| {
        let shares = model.positions.get(&w).map(|position| position.shares.clone());
        (shares.unwrap_or_default(), run.money_of(0, w))
    };
    (0..WALLETS).map(of).collect()
}

/// Nothing is left of a round or a grant.
fn nothing_is_left(start: Start, run: &Run) {
    let model = model_of(run);
    assert_eq!(model.reserved, BigInt::zero());
    if matches!(start, Start::Granted) {
        assert!(model.grants.is_empty());
        return;
    }
    let round = &model.rounds[&0];
    assert_ne!(round.status, RoundStatus::Open);
    assert!(round.subscriptions.is_empty(), "{round:?}");
    assert_eq!((round.money(), round.balance.clone()), Default::default(), "{round:?}");
}

fn orders(run: &Run, left: &[Step], done: &mut Vec<Step>, end: &mut impl FnMut(Run, &[Step])) {
    if left.is_empty() {
        end(run.clone(), done);
    }
    for (i, next) in left.iter().enumerate() {
        if left[..i].contains(next) {
            continue;
        }
        let mut run = run.clone();
        run.step(next, false)
            .unwrap_or_else(|why| panic!("{next:?} after {done:?}: {why}"));
        let mut rest = left.to_vec();
        rest.remove(i);
        done.push(next.clone());
        orders(&run, &rest, done, end);
        done.pop();
    }
}

/// Runs every order of one race; how many there were, and what everybody has in the end.
fn run_race(fixture: &Fixture, start: Start) -> (usize, Ends) {
    let mut run = Run::new(fixture, None);
    for step in start.steps() {
        let accepted = run.step(&step, false).unwrap_or_else(|why| panic!("{step:?}: {why}"));
        assert!(accepted, "{step:?} is refused");
    }
    let (mut count, mut same) = (0, None);
    orders(&run, &start.acts(), &mut Vec::new(), &mut |mut run, done| {
        count += 1;
        for step in start.afterwards() {
            run.step(&step, false)
                .unwrap_or_else(|why| panic!("{step:?} after {done:?}: {why}"));
        }
        nothing_is_left(start, &run);
        let result = result(&run);
        let expected = same.get_or_insert_with(|| result.clone());
        assert_eq!(*expected, result, "after {done:?}");
    });
    (count, same.expect("an order"))
}

#[test]
fn every_order_of_settling_refunding_closing_and_revoking_ends_the_same() {
    let races = [
        (Start::Oversubscribed, 720),
        (Start::TooLittle, 120),
        (Start::Taking, 120),
        (Start::Closed, 120),
        (Start::Granted, 60),
    ];
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let fixture = Fixture::new();
                while let Some((start, orders)) = races.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (ran, result) = run_race(&fixture, *start);
                    println!("{start:?}: {ran} orders, {result:?}");
                    assert_eq!(ran, *orders);
                    in_exact_numbers(*start, &result);
                }
            });
        }
    });
}

/// What everybody has, computed once more from the parts alone.
fn in_exact_numbers(start: Start, result: &Ends) {
    let full = BigInt::from(1_u64 << 58);
    let spent = |w: Wallet| -> BigInt { full.clone() - BigInt::from(result[w].1) };
    match start {
        Start::Oversubscribed | Start::Closed => {
            let for_sale = Part::Share(21_846).of(3 * FOR_SALE);
            let wanted = [(2, 40_001), (3, 50_021), (4, 30_011)].map(|(w, part)| (w, Part::Share(part).of(for_sale)));
            let all: u64 = wanted.iter().map(|(_, wanted)| wanted).sum();
            for (w, wanted) in wanted {
                let shares: BigInt = BigInt::from(wanted) * for_sale / all;
                let cost: BigInt = (&shares * 777_u32 + 999_u32) / 1_000_u32;
                assert_eq!((&result[w].0, spent(w)), (&shares, cost), "wallet {w}");
            }
        }
        Start::TooLittle | Start::Taking => {
            for (w, (shares, money)) in result.iter().enumerate().skip(2) {
                assert_eq!(
                    (shares.to_u64(), BigInt::from(*money)),
                    (Some(0), full.clone()),
                    "wallet {w}"
                );
            }
        }
        Start::Granted => {
            let granted = BigInt::from(Part::Share(777).of(3 * FOR_SALE));
            assert_eq!(result[2].0, granted * 500_u32 / 1_001_u32);
        }
    }
}
