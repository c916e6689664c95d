//! Every order of seven acts on the compiled program.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Every race of two holders with one thing that happens meanwhile.
fn races() -> Vec<Race> {
    let [a, b] = EARLY;
    let mut races: Vec<Race> = [
        Act::Issue,
        Act::Retire,
        Act::Donate(a),
        Act::Deposit(b),
        Act::BurnBearer,
        Act::ClawBack(a),
        Act::Pause(a),
    ]
    .map(|act| two_holders_and(&[act]))
    .into();
    // A vault opened later is collected from by those who redeem later still.
    races.push(Race {
        bearer: true,
        acts: vec![
            Act::Redeem(0),
            Act::Redeem(1),
            Act::Collect(0, a),
            Act::Collect(1, a),
            Act::Collect(0, LATER),
            Act::Collect(1, LATER),
            Act::OpenLater,
        ],
    });
    races
}

/// All that is left to collect once the stopped asset moves again, and the end of both tickets.
fn afterwards(model: &Security) -> Vec<Step> {
    let s = 0;
    let mut steps = vec![Step::Pause {
        a: EARLY[0],
        pause: false,
    }];
    for (id, ticket) in &model.tickets {
        let left = model.vaults.iter().filter(|(_, vault)| ticket.has_left(vault));
        steps.extend(left.map(|(a, _)| Act::Collect(id.0, *a).step()));
        steps.push(Step::CloseRedemption {
            s,
            ticket: Ticket::Id(id.0, id.1),
        });
    }
    steps
}

/// Runs every order of one race; how many there were, and how many acts were refused.
fn run_race(fixture: &Fixture, race: &Race) -> (usize, usize) {
    let run = start(fixture, race.bearer);
    let exact = Exact::new(&model_of(&run));
    let (mut orders, mut refused) = (0, 0);
    every_order(
        &(run, exact),
        &race.acts,
        &mut Vec::new(),
        &mut |(run, exact), act, done| {
            let before = model_of(run);
            let followed = run.step(&act.step(), false).and_then(|accepted| {
                if accepted {
                    exact.follow(&before, &model_of(run), act)
                } else {
                    refused += 1;
                    Ok(())
                }
            });
            followed.unwrap_or_else(|why| panic!("{act:?} after {done:?}: {why}"));
        },
        &mut |(run, _), done| {
            orders += 1;
            if race.acts.contains(&Act::Pause(EARLY[0])) {
                let mut run = run.clone();
                for step in afterwards(&model_of(&run)) {
                    let accepted = run
                        .step(&step, false)
                        .unwrap_or_else(|why| panic!("{step:?} after {done:?}: {why}"));
                    assert!(accepted, "{step:?} is refused after {done:?}");
                }
                assert_eq!(model_of(&run).tickets.len(), 0, "after {done:?}");
            }
        },
    );
    (orders, refused)
}

#[test]
fn every_order_of_seven_acts_on_the_program_pays_each_its_part() {
    let races = races();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let fixture = Fixture::new();
                while let Some(race) = races.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (orders, refused) = run_race(&fixture, race);
                    let meanwhile = race.acts.last();
                    println!("{meanwhile:?}: {orders} orders, {refused} acts refused on the way");
                    // 7! orders, and each of two tickets is opened before its two collects: one of three times three.
                    assert_eq!(orders, 5_040 / 9);
                }
            });
        }
    });
}

#[test]
fn shares_issued_and_redeemed_over_and_over_never_exceed_the_largest_capacity() {
    let fixture = Fixture::new();
    let mut run = Run::new(&fixture, None);
    let (s, by, w, id, a) = (0, 0, 0, 0, EARLY[0]);
    let ticket = Ticket::Id(w, id);
    let mut accept = |step: Step| {
        let accepted = run.step(&step, true).unwrap_or_else(|why| panic!("{step:?}: {why}"));
        assert!(accepted, "{step:?} is refused");
        model_of(&run)
    };
    accept(Step::Create {
        s,
        curated: false,
        name: 8,
        authorised: u64::MAX,
        initial: Part::Share(20_000),
        drip: 3_600,
    });
    accept(Step::OpenVault { s, by, a });
    accept(Step::Deposit {
        s,
        a,
        amount: 999_999_937,
    });
    accept(Step::AdvanceFromNow { s, by, seconds: 0 });
    // The issuer is the only holder, and may issue again whenever all is redeemed.
    for last in [false, false, false, false, true] {
        accept(Step::Redeem {
            s,
            w,
            id,
            part: Part::All,
        });
        accept(Act::Collect(w, a).step());
        accept(Step::CloseRedemption { s, ticket });
        accept(Step::Issue {
            s,
            by,
            part: if last { Part::All } else { Part::Share(20_000) },
        });
    }
    let end = accept(Step::Redeem {
        s,
        w,
        id,
        part: Part::All,
    });
    assert_eq!(end.redeemed, u64::MAX.into());
    let emptied = accept(Act::Collect(w, a).step());
    assert_eq!(
        emptied.vaults[&a].balance,
        BigInt::zero(),
        "the last shares take the last atom"
    );
    for refused in [
        Step::Issue {
            s,
            by,
            part: Part::TooMuch,
        },
        Step::Retire { s, by, part: Part::One },
        Step::Redeem {
            s,
            w,
            id: 1,
            part: Part::TooMuch,
        },
    ] {
        assert_eq!(run.step(&refused, true), Ok(false), "{refused:?}");
    }
}
