//! The stream against exact rationals, and what the protocol promises about it.

mod support;

use num_rational::BigRational;
use proptest::{collection::vec, prelude::*};
use support::{any_i64, any_u64, as_i64, as_u64, cases, q, ratio, up_to, z};
use upside_math::{MathError, Stream};

const TEN_YEARS: i64 = 10 * 365 * 86_400;
/// Any time in reach of a real clock.
const NOW: std::ops::Range<i64> = 0..1 << 40;

fn any_stream() -> impl Strategy<Value = Stream> {
    (any_u64(), any_u64(), any_i64(), any_i64(), any_i64(), any::<bool>()).prop_map(
        |(total, dripped, a, b, last_ts, ordered)| {
            // Half of them as they occur, half in any order.
            let (start_ts, end_ts) = if ordered { (a.min(b), a.max(b)) } else { (a, b) };
            let dripped = if ordered { dripped.min(total) } else { dripped };
            Stream {
                total,
                dripped,
                start_ts,
                end_ts,
                last_ts,
            }
        },
    )
}

/// A stream as it occurs: an amount added at `last_ts`, on its way for a while.
fn running() -> impl Strategy<Value = Stream> {
    (1..=u64::MAX, 0_u32..64, NOW, 0..=TEN_YEARS, 0..=TEN_YEARS).prop_map(|(atoms, shift, at, drip, passed)| {
        let mut stream = Stream {
            last_ts: at,
            ..Stream::default()
        };
        stream.add((atoms >> shift).max(1), drip).expect("an amount that fits");
        stream.advance(at + passed, 1).expect("a time that fits");
        stream
    })
}

/// `advance` by the words of the protocol.
fn exact_advance(s: Stream, now: i64, registered: u64) -> Result<(Stream, u64), MathError> {
    let t = z(now).max(z(s.last_ts));
    if s.dripped > s.total {
        return Err(MathError::Overflow);
    }
    if registered == 0 {
        let elapsed = &t - z(s.last_ts);
        return Ok((
            Stream {
                start_ts: as_i64(&(z(s.start_ts) + &elapsed))?,
                end_ts: as_i64(&(z(s.end_ts) + &elapsed))?,
                last_ts: as_i64(&t)?,
                ..s
            },
            0,
        ));
    }
    let line: BigRational = if t >= z(s.end_ts) {
        q(s.total)
    } else if t < z(s.start_ts) {
        return Err(MathError::StreamNotStarted);
    } else {
        ratio(q(s.total) * (&t - z(s.start_ts)), z(s.end_ts) - z(s.start_ts))?.floor()
    };
    let emitted = as_u64(&(&line - q(s.dripped)))?;
    Ok((
        Stream {
            dripped: as_u64(&line)?,
            last_ts: as_i64(&t)?,
            ..s
        },
        emitted,
    ))
}

/// `add` by the words of the protocol.
fn exact_add(s: Stream, amount: u64, drip_seconds: i64) -> Result<Stream, MathError> {
    if amount == 0 {
        return Err(MathError::ZeroAmount);
    }
    if drip_seconds < 0 {
        return Err(MathError::NegativeDuration);
    }
    let undripped = q(s.total) - q(s.dripped);
    as_u64(&undripped)?;
    let total = &undripped + q(amount);
    as_u64(&total)?;
    let t = z(s.last_ts);
    let remaining = (z(s.end_ts) - &t).max(z(0));
    let mean = ratio(undripped * remaining + q(amount) * z(drip_seconds), total.clone())?.floor();
    Ok(Stream {
        total: as_u64(&total)?,
        dripped: 0,
        start_ts: s.last_ts,
        end_ts: as_i64(&(t + mean))?,
        last_ts: s.last_ts,
    })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn advance_is_the_formula_and_a_failure_changes_nothing(
        before in any_stream(), now in any_i64(), registered in any_u64(),
    ) {
        let mut stream = before;
        let emitted = stream.advance(now, registered);
        match exact_advance(before, now, registered) {
            Ok((after, atoms)) => prop_assert_eq!((emitted, stream), (Ok(atoms), after)),
            Err(error) => prop_assert_eq!((emitted, stream), (Err(error), before)),
        }
    }

    #[test]
    fn advance_within_the_line_is_the_formula(
        before in running(), passed in 0..2 * TEN_YEARS, registered in up_to(10),
    ) {
        let mut stream = before;
        let emitted = stream.advance(before.last_ts + passed, registered);
        prop_assert_eq!(emitted.map(|atoms| (stream, atoms)), exact_advance(before, before.last_ts + passed, registered));
    }

    #[test]
    fn add_is_the_formula_and_a_failure_changes_nothing(
        before in any_stream(), amount in any_u64(), drip_seconds in any_i64(),
    ) {
        let mut stream = before;
        let result = stream.add(amount, drip_seconds);
        match exact_add(before, amount, drip_seconds) {
            Ok(after) => prop_assert_eq!((result, stream), (Ok(()), after)),
            Err(error) => prop_assert_eq!((result, stream), (Err(error), before)),
        }
    }

    #[test]
    fn add_on_the_way_is_the_formula(before in running(), amount in any_u64(), drip_seconds in 0..=TEN_YEARS) {
        let mut stream = before;
        let result = stream.add(amount, drip_seconds);
        prop_assert_eq!(result.map(|()| stream), exact_add(before, amount, drip_seconds));
    }

    #[test]
    fn dust_moves_the_end_by_no_more_than_its_weight(before in running(), longer in 0..=TEN_YEARS) {
        let n = before.undripped();
        let remaining = (before.end_ts - before.last_ts).max(0);
        // No amount on its way has longer to go than a new one: the drip is a term of the security.
        let drip_seconds = remaining + longer;
        let mut stream = before;
        if n == 0 || stream.add(1, drip_seconds).is_err() {
            return Ok(()); // Nothing to postpone, or the sum of atoms does not fit.
        }
        let moved = stream.end_ts - before.end_ts.max(before.last_ts);
        prop_assert!(moved >= 0, "dust must not bring the end forward either");
        prop_assert!(q(u128::try_from(moved).unwrap()) * (q(n) + q(1_u64)) <= z(drip_seconds));
    }

    #[test]
    fn the_new_end_lies_between_the_old_end_and_the_amounts_own(
        before in running(), amount in any_u64(), drip_seconds in 0..=TEN_YEARS,
    ) {
        let t = before.last_ts;
        let remaining = (before.end_ts - t).max(0);
        let mut stream = before;
        if stream.add(amount, drip_seconds).is_ok() {
            let duration = stream.end_ts - t;
            if before.undripped() == 0 {
                prop_assert_eq!(duration, drip_seconds);
            } else {
                prop_assert!(remaining.min(drip_seconds) <= duration && duration <= remaining.max(drip_seconds));
            }
            prop_assert_eq!(stream.undripped(), before.undripped() + amount);
        }
    }

    #[test]
    fn moving_again_to_the_same_or_an_earlier_time_emits_nothing(
        mut stream in running(), passed in 0..TEN_YEARS, back in 0_i64..1 << 40, registered in 1_u64..10,
    ) {
        let t = stream.last_ts + passed;
        stream.advance(t, registered).unwrap();
        let settled = stream;
        prop_assert_eq!(stream.advance(t, registered), Ok(0));
        prop_assert_eq!(stream.advance(t - back, registered), Ok(0));
        prop_assert_eq!(stream.advance(t - back, 0), Ok(0));
        prop_assert_eq!(stream, settled);
    }

    #[test]
    fn everything_is_out_at_the_end_and_something_is_left_before(mut stream in running(), late in 0..TEN_YEARS) {
        let left = stream.undripped();
        let mut early = stream;
        if early.end_ts > early.last_ts && left > 0 {
            early.advance(early.end_ts - 1, 1).unwrap();
            prop_assert!(early.undripped() > 0);
        }
        let end = stream.end_ts.max(stream.last_ts);
        prop_assert_eq!(stream.advance(end + late, 1), Ok(left));
        prop_assert_eq!(stream.undripped(), 0);
    }

    #[test]
    fn a_pause_keeps_the_money_and_the_time_that_was_left(
        mut stream in running(), absent in vec(0..TEN_YEARS, 0..4), passed in 0..TEN_YEARS,
    ) {
        let left = stream.undripped();
        let remaining = (stream.end_ts - stream.last_ts).max(0);
        let mut t = stream.last_ts;
        stream.pause();
        prop_assert_eq!(stream.undripped(), left);
        for seconds in absent {
            t += seconds;
            prop_assert_eq!(stream.advance(t, 0), Ok(0));
        }
        prop_assert_eq!(stream.undripped(), left);
        let due = if passed >= remaining { left } else {
            as_u64(&(q(left) * z(passed) / z(remaining)).floor()).unwrap()
        };
        prop_assert_eq!(stream.advance(t + passed, 1), Ok(due));
    }
}

/// What happens to a stream between two settlements that nothing else forces.
#[derive(Clone, Debug)]
struct Step {
    seconds: i64,
    extra_moves: Vec<i64>,
    then: Then,
}

#[derive(Clone, Debug)]
enum Then {
    Add { amount: u64, drip_seconds: i64 },
    Register(u64),
    LastLeaves,
}

fn step() -> impl Strategy<Value = Step> {
    let then = prop_oneof![
        3 => (up_to(1 << 50), prop_oneof![Just(0), 0..100_i64, 0..=TEN_YEARS])
            .prop_map(|(amount, drip_seconds)| Then::Add { amount, drip_seconds }),
        2 => (1_u64..1_000).prop_map(Then::Register),
        1 => Just(Then::LastLeaves),
    ];
    (prop_oneof![0..100_i64, 0..=TEN_YEARS], vec(0..=TEN_YEARS, 0..5), then).prop_map(|(seconds, extra_moves, then)| {
        Step {
            seconds,
            extra_moves,
            then,
        }
    })
}

proptest! {
    #![proptest_config(cases())]

    /// Invariant U-3 for the stream alone.
    #[test]
    fn moving_often_or_rarely_emits_the_same(steps in vec(step(), 1..20)) {
        let (mut rare, mut often) = (Stream::default(), Stream::default());
        let (mut t, mut registered) = (1_700_000_000, 0);
        let (mut received, mut emitted_rare, mut emitted_often) = (0, 0, 0);
        for step in steps {
            for extra in &step.extra_moves {
                emitted_often += often.advance(t + extra.min(&step.seconds), registered).unwrap();
            }
            t += step.seconds;
            emitted_rare += rare.advance(t, registered).unwrap();
            emitted_often += often.advance(t, registered).unwrap();
            for stream in [&mut rare, &mut often] {
                match step.then {
                    Then::Add { amount, drip_seconds } => {
                        let refused = stream.add(amount, drip_seconds).err();
                        prop_assert_eq!(refused, (amount == 0).then_some(MathError::ZeroAmount));
                    }
                    Then::Register(_) => {}
                    Then::LastLeaves => if registered > 0 { stream.pause() },
                }
            }
            match step.then {
                Then::Add { amount, .. } => received += amount,
                Then::Register(n) => registered += n,
                Then::LastLeaves => registered = 0,
            }
            prop_assert_eq!(rare, often);
            prop_assert_eq!(emitted_rare, emitted_often);
            prop_assert_eq!(received, emitted_rare + rare.undripped(), "no atom is lost or made");
        }
    }
}

#[test]
fn a_drip_of_zero_seconds_pays_at_once_and_waits_for_the_first_share() {
    let mut stream = Stream {
        last_ts: 100,
        ..Stream::default()
    };
    stream.add(7, 0).unwrap();
    assert_eq!(stream.advance(100, 1), Ok(7));
    stream.add(5, 0).unwrap();
    assert_eq!(stream.advance(900, 0), Ok(0));
    assert_eq!(stream.advance(900, 3), Ok(5));
}

#[test]
fn a_week_pays_a_seventh_per_day_rounded_down() {
    let day = 86_400;
    let mut stream = Stream::default();
    stream.advance(1_000, 10).unwrap();
    stream.add(100, 7 * day).unwrap();
    let paid: Vec<u64> = (1..=8).map(|n| stream.advance(1_000 + n * day, 10).unwrap()).collect();
    assert_eq!(paid, [14, 14, 14, 15, 14, 14, 15, 0]);
}

#[test]
fn malformed_values_are_refused() {
    let overdrawn = Stream {
        total: 1,
        dripped: 2,
        start_ts: 0,
        end_ts: 10,
        last_ts: 5,
    };
    assert_eq!(overdrawn.undripped(), 0);
    assert_eq!({ overdrawn }.advance(20, 1), Err(MathError::Overflow));
    assert_eq!({ overdrawn }.add(1, 1), Err(MathError::Overflow));
    let early = Stream {
        total: 1,
        dripped: 0,
        start_ts: 7,
        end_ts: 10,
        last_ts: 5,
    };
    assert_eq!({ early }.advance(6, 1), Err(MathError::StreamNotStarted));
    for (start_ts, end_ts) in [(i64::MAX, 0), (0, i64::MAX)] {
        let before = Stream {
            total: 1,
            dripped: 0,
            start_ts,
            end_ts,
            last_ts: 0,
        };
        let mut stream = before;
        assert_eq!(stream.advance(1, 0), Err(MathError::Overflow));
        assert_eq!(stream, before, "neither end moved");
    }
}
