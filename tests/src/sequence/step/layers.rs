//! Random steps of securities that hold each other's shares, and of collectives.

use rand::{rngs::StdRng, seq::SliceRandom, Rng};

use super::{
    issuer, pick, ticket, wait, Least, Leg, Part, Pick, Receiver, Step, Ticket, ASSETS, GRANTS, SECURITIES, TICKETS,
    WALLETS,
};

/// Seconds of every security's notice.
const NOTICE: i64 = 86_400;

/// A security and another one.
fn two(rng: &mut StdRng) -> (usize, usize) {
    let s = rng.gen_range(0..SECURITIES);
    let of = (s + rng.gen_range(1..SECURITIES)) % SECURITIES;
    // Seldom itself.
    (s, if rng.gen_bool(0.05) { s } else { of })
}

/// The one of a security and another, by number.
fn layer(s: usize, of: usize) -> Pick {
    Pick::Number(s + SECURITIES * of)
}

fn open(rng: &mut StdRng) -> Step {
    let (s, of) = two(rng);
    Step::OpenShareVault {
        s,
        by: issuer(rng, s),
        of,
    }
}

fn deposit(rng: &mut StdRng) -> Step {
    Step::DepositShares {
        layer: pick(rng),
        w: rng.gen_range(0..WALLETS),
        part: Part::any(rng),
    }
}

fn create_collective(rng: &mut StdRng, s: usize) -> Step {
    let vesting = *[0, 1, 1_000, 400_000, 31_536_000, 315_360_001]
        .choose_weighted(rng, |vesting| if *vesting > 315_360_000 { 1 } else { 8 })
        .expect("seconds");
    Step::CreateCollective {
        s,
        by: issuer(rng, s),
        bps: *[0, 1, 7, 333, 1_000, 10_000, 10_001]
            .choose_weighted(rng, |bps| match *bps {
                1..=1_000 => 12,
                _ => 1,
            })
            .expect("basis points"),
        part: if rng.gen_bool(0.1) {
            Part::any(rng)
        } else {
            Part::Share(rng.gen_range(1..8_000))
        },
        cliff: if rng.gen() {
            0
        } else {
            rng.gen_range(0..=vesting + vesting / 16)
        },
        vesting,
    }
}

/// Seldom anybody, mostly who must.
fn whoever(rng: &mut StdRng) -> Option<usize> {
    rng.gen_bool(0.1).then(|| rng.gen_range(0..WALLETS))
}

fn admit(rng: &mut StdRng, layer: Pick) -> Step {
    Step::Admit {
        layer,
        by: whoever(rng),
        as_it_is: rng.gen_bool(0.9),
        expires: *[NOTICE, NOTICE + 1, 2 * NOTICE, 20 * NOTICE, 1, 0, -1]
            .choose_weighted(rng, |expires| match *expires {
                i64::MIN..NOTICE => 1,
                _ => 8,
            })
            .expect("seconds"),
    }
}

fn join(rng: &mut StdRng, layer: Pick) -> Step {
    Step::Join {
        layer,
        by: whoever(rng),
        id: rng.gen_range(0..GRANTS as u64),
    }
}

/// Any of the instructions of layers and collectives.
pub fn instruction(rng: &mut StdRng) -> Step {
    let s = rng.gen_range(0..SECURITIES);
    match rng.gen_range(0..80) {
        0..=7 => open(rng),
        8..=22 => deposit(rng),
        23..=24 => Step::RegisterVaultBearer { layer: pick(rng) },
        25..=42 => Step::Harvest { layer: pick(rng) },
        43..=47 => Step::CollectShares {
            s,
            ticket: ticket(rng, Ticket::Open),
            of: rng.gen_range(0..SECURITIES),
            least: *[Least::Any, Least::Exact, Least::OneMore].choose(rng).expect("leasts"),
        },
        48..=54 => create_collective(rng, s),
        55..=62 => Step::Apply {
            layer: pick(rng),
            by: whoever(rng),
        },
        63..=64 => Step::WithdrawApplication {
            layer: pick(rng),
            by: whoever(rng),
        },
        65..=70 => {
            let layer = pick(rng);
            admit(rng, layer)
        }
        71..=72 => Step::RevokeAdmission {
            layer: pick(rng),
            by: whoever(rng),
        },
        _ => {
            let layer = pick(rng);
            join(rng, layer)
        }
    }
}

/// Bearer shares are sent to a vault, and registered while what was there before earns.
fn sent_as_bearer(rng: &mut StdRng, s: usize, of: usize) -> Vec<Step> {
    let part = Part::Share(rng.gen_range(1_000..30_000));
    let amount = *[999_983, 1_000_000_007, 4_000_000_000_000]
        .choose(rng)
        .expect("amounts");
    let mut steps = vec![
        Step::Unregister { s: of, w: of, part },
        Step::SendBearerToVault {
            s: of,
            from: of,
            to: s,
            part: Part::All,
        },
        Step::Distribute { s: of, amount },
        Step::Wait(wait(rng)),
    ];
    steps.extend(
        rng.gen_bool(0.7)
            .then_some(Step::RegisterVaultBearer { layer: layer(s, of) }),
    );
    steps
}

/// Some securities begin with shares of others, in cycles too; sometimes one joins another.
pub fn beginning(rng: &mut StdRng) -> Vec<Step> {
    let mut steps = Vec::new();
    for s in 0..SECURITIES {
        for of in (0..SECURITIES).filter(|of| *of != s) {
            if rng.gen_bool(0.4) {
                steps.push(Step::OpenShareVault { s, by: s, of });
                steps.push(Step::DepositShares {
                    layer: layer(s, of),
                    w: of,
                    part: Part::Share(rng.gen_range(1_000..20_000)),
                });
                if rng.gen_bool(0.25) {
                    steps.extend(sent_as_bearer(rng, s, of));
                }
            }
        }
    }
    if rng.gen_bool(0.5) {
        // Somebody redeems, and collects what there is.
        let s = rng.gen_range(0..SECURITIES);
        let id = rng.gen_range(0..TICKETS as u64);
        let part = Part::Share(rng.gen_range(1_000..60_000));
        steps.push(Step::Redeem { s, w: s, id, part });
        steps.extend((0..rng.gen_range(2..5)).map(|_| Step::Collect {
            s,
            ticket: Ticket::Id(s, id),
            leg: Leg::Left(rng.gen_range(0..ASSETS)),
            to: Receiver::Holder,
            least: Least::Exact,
        }));
    }
    if rng.gen_bool(0.5) {
        // These two pay out the same money.
        let (s, of) = if rng.gen() { (0, 2) } else { (2, 0) };
        let mut create = create_collective(rng, s);
        if let Step::CreateCollective { by, .. } = &mut create {
            *by = s;
        }
        steps.push(create);
        steps.push(Step::Apply {
            layer: layer(s, of),
            by: None,
        });
        steps.extend(after_application(rng, layer(s, of)));
    }
    steps
}

/// What mostly becomes of an application: consent that is given, perhaps taken back, and used a second from its times.
fn after_application(rng: &mut StdRng, layer: Pick) -> Vec<Step> {
    let mut then = Vec::new();
    if rng.gen_bool(0.1) {
        then.push(join(rng, layer));
    }
    then.push(admit(rng, layer));
    if rng.gen_bool(0.2) {
        then.push(Step::RevokeAdmission { layer, by: None });
        then.extend(rng.gen::<bool>().then(|| join(rng, layer)));
        then.push(admit(rng, layer));
    }
    then.push(match rng.gen_range(0..8) {
        0..=1 => Step::Wait(NOTICE - 1),
        2 => Step::Wait(wait(rng)),
        // Consent has mostly expired.
        3 => Step::Wait(25 * NOTICE),
        _ => Step::Wait(NOTICE + rng.gen_range(0..2)),
    });
    // What may change meanwhile: what the member has authorised, or who is its issuer.
    let of = match layer {
        Pick::Number(n) => n / SECURITIES % SECURITIES,
        Pick::Fit(_) => *[0, 2].choose(rng).expect("securities"),
    };
    match rng.gen_range(0..10) {
        0..=1 => then.push(Step::Retire {
            s: of,
            by: of,
            part: Part::Share(9_000),
        }),
        2..=4 => {
            let by = rng.gen_range(0..WALLETS);
            then.extend([
                Step::Propose {
                    s: of,
                    by: of,
                    to: Some(by),
                },
                Step::Accept { s: of, by },
            ]);
            then.extend(
                rng.gen::<bool>()
                    .then_some(Step::WithdrawApplication { layer, by: Some(by) }),
            );
        }
        _ => {}
    }
    then.push(join(rng, layer));
    if rng.gen_bool(0.2) {
        then.push(if rng.gen() {
            join(rng, layer)
        } else {
            Step::WithdrawApplication { layer, by: None }
        });
    }
    then
}

/// What mostly follows a step.
pub fn after(rng: &mut StdRng, step: &Step) -> Vec<Step> {
    match step {
        Step::Distribute { .. } if rng.gen_bool(0.3) => vec![Step::Wait(wait(rng)), Step::Harvest { layer: pick(rng) }],
        Step::Unregister { s, w, .. } if rng.gen_bool(0.4) => {
            let (s, to) = (*s, (s + rng.gen_range(1..SECURITIES)) % SECURITIES);
            let part = Part::any(rng);
            let mut then = vec![Step::SendBearerToVault { s, from: *w, to, part }];
            then.extend(
                rng.gen::<bool>()
                    .then(|| Step::RegisterVaultBearer { layer: layer(to, s) }),
            );
            then
        }
        Step::SendBearerToVault { s, to, .. } if rng.gen() => vec![Step::RegisterVaultBearer { layer: layer(*to, *s) }],
        Step::CreateCollective { s, .. } if rng.gen() => {
            let layer = layer(*s, (s + rng.gen_range(1..SECURITIES)) % SECURITIES);
            vec![Step::Apply { layer, by: None }]
        }
        Step::Apply { layer, .. } if rng.gen() => after_application(rng, *layer),
        Step::Admit { layer, .. } if rng.gen() => vec![Step::Wait(NOTICE), join(rng, *layer)],
        _ => Vec::new(),
    }
}
