//! Sequences that once failed, or that say something worth keeping.

use crate::step::{Part, Payee, Step};

/// Name and sequence.
pub fn sequences() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        (
            "a claim, then the clock set back, then shares that register again",
            vec![
                Step::Create {
                    s: 0,
                    curated: false,
                    name: 8,
                    authorised: 1_000_000,
                    initial: Part::All,
                    drip: 3_600,
                },
                Step::Unregister {
                    s: 0,
                    w: 0,
                    part: Part::Share(32_768),
                },
                Step::SendBearer {
                    s: 0,
                    from: 0,
                    to: 2,
                    part: Part::All,
                },
                Step::Distribute {
                    s: 0,
                    amount: 1_000_000,
                },
                Step::Wait(3_600),
                Step::Claim {
                    s: 0,
                    w: 0,
                    signed: true,
                    to: Payee::Own,
                },
                Step::SetBack(3_000),
                Step::Register {
                    s: 0,
                    w: 2,
                    part: Part::All,
                },
                Step::Wait(3_000),
                Step::Crank { s: 0, w: 2 },
                Step::Wait(10_000),
            ],
        ),
        (
            "the last registered share leaves and returns",
            vec![
                Step::Create {
                    s: 1,
                    curated: false,
                    name: 8,
                    authorised: 1_000_003,
                    initial: Part::One,
                    drip: 3_600,
                },
                Step::Distribute { s: 1, amount: 7 },
                Step::Wait(600),
                Step::Unregister {
                    s: 1,
                    w: 1,
                    part: Part::All,
                },
                Step::Close { s: 1, w: 1 },
                Step::Wait(100_000),
                Step::Register {
                    s: 1,
                    w: 1,
                    part: Part::All,
                },
                Step::Wait(100_000),
                Step::Claim {
                    s: 1,
                    w: 1,
                    signed: true,
                    to: Payee::Second,
                },
            ],
        ),
        (
            "a mint as long as a multisig, at creation",
            vec![
                Step::Create {
                    s: 0,
                    curated: false,
                    name: 35,
                    authorised: 1_000_000,
                    initial: Part::All,
                    drip: 3_600,
                },
                Step::Create {
                    s: 1,
                    curated: true,
                    name: 30,
                    authorised: 1_000_000,
                    initial: Part::All,
                    drip: 0,
                },
            ],
        ),
        (
            "a mint as long as a multisig, after a new name",
            vec![
                Step::Create {
                    s: 0,
                    curated: false,
                    name: 34,
                    authorised: 1_000_000,
                    initial: Part::All,
                    drip: 3_600,
                },
                Step::Rename { s: 0, by: 0, name: 35 },
                Step::Rename { s: 0, by: 0, name: 36 },
                Step::Rename { s: 0, by: 0, name: 35 },
                Step::Rename { s: 0, by: 0, name: 1 },
                Step::Create {
                    s: 1,
                    curated: true,
                    name: 8,
                    authorised: 1_000_000,
                    initial: Part::All,
                    drip: 0,
                },
                Step::Rename { s: 1, by: 1, name: 30 },
            ],
        ),
    ]
}
