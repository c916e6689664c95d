//! Sequences that once failed, or that say something worth keeping, in the form in which a failing one is printed.

use crate::step::{Form::*, Meddling::*, Part::*, Payee::*, Step, Step::*};

/// Name and sequence.
pub fn sequences() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        (
            "a claim, then the clock set back, then shares that register again",
            vec![
                Create {
                    s: 0,
                    curated: false,
                    name: 8,
                    authorised: 1_000_000,
                    initial: All,
                    drip: 3_600,
                },
                Unregister {
                    s: 0,
                    w: 0,
                    part: Share(32_768),
                },
                SendBearer {
                    s: 0,
                    from: 0,
                    to: 2,
                    part: All,
                },
                Distribute {
                    s: 0,
                    amount: 1_000_000,
                },
                Wait(3_600),
                Claim {
                    s: 0,
                    w: 0,
                    signed: true,
                    to: Own,
                },
                SetBack(3_000),
                Register { s: 0, w: 2, part: All },
                Wait(3_000),
                Crank { s: 0, w: 2 },
                Wait(10_000),
            ],
        ),
        (
            "the last registered share leaves and returns",
            vec![
                Create {
                    s: 1,
                    curated: false,
                    name: 8,
                    authorised: 1_000_003,
                    initial: One,
                    drip: 3_600,
                },
                Distribute { s: 1, amount: 7 },
                Wait(600),
                Unregister { s: 1, w: 1, part: All },
                Close { s: 1, w: 1 },
                Wait(100_000),
                Register { s: 1, w: 1, part: All },
                Wait(100_000),
                Claim {
                    s: 1,
                    w: 1,
                    signed: true,
                    to: Second,
                },
            ],
        ),
        (
            "a mint as long as a multisig, at creation",
            vec![
                Create {
                    s: 0,
                    curated: false,
                    name: 35,
                    authorised: 1_000_000,
                    initial: All,
                    drip: 3_600,
                },
                Create {
                    s: 1,
                    curated: true,
                    name: 30,
                    authorised: 1_000_000,
                    initial: All,
                    drip: 0,
                },
            ],
        ),
        (
            "a mint as long as a multisig, after a new name",
            vec![
                Create {
                    s: 0,
                    curated: false,
                    name: 34,
                    authorised: 1_000_000,
                    initial: All,
                    drip: 3_600,
                },
                Rename { s: 0, by: 0, name: 35 },
                Rename { s: 0, by: 0, name: 36 },
                Rename { s: 0, by: 0, name: 35 },
                Rename { s: 0, by: 0, name: 1 },
                Create {
                    s: 1,
                    curated: true,
                    name: 8,
                    authorised: 1_000_000,
                    initial: All,
                    drip: 0,
                },
                Rename { s: 1, by: 1, name: 30 },
            ],
        ),
        (
            "guarded, memo-requiring, reallocated and closed registered accounts hurt nobody else",
            vec![
                Create {
                    s: 0,
                    curated: false,
                    name: 8,
                    authorised: 1_000_000,
                    initial: All,
                    drip: 3_600,
                },
                Transfer {
                    s: 0,
                    from: 0,
                    to: 2,
                    part: Share(20_000),
                },
                Transfer {
                    s: 0,
                    from: 0,
                    to: 3,
                    part: Share(20_000),
                },
                RequireMemo {
                    s: 0,
                    w: 2,
                    form: Registered,
                    on: true,
                },
                GuardCpi {
                    s: 0,
                    w: 3,
                    form: Registered,
                    on: true,
                },
                Transfer {
                    s: 0,
                    from: 0,
                    to: 2,
                    part: One,
                },
                Transfer {
                    s: 0,
                    from: 0,
                    to: 3,
                    part: One,
                },
                Transfer {
                    s: 0,
                    from: 3,
                    to: 2,
                    part: All,
                },
                Distribute {
                    s: 0,
                    amount: 1_000_000,
                },
                Wait(4_000),
                Crank { s: 0, w: 3 },
                Transfer {
                    s: 0,
                    from: 2,
                    to: 4,
                    part: All,
                },
                Meddle {
                    s: 0,
                    w: 2,
                    how: CloseEmpty,
                },
                Meddle {
                    s: 0,
                    w: 4,
                    how: MoveOut,
                },
                Meddle {
                    s: 0,
                    w: 4,
                    how: CloseEmpty,
                },
                Crank { s: 0, w: 2 },
                Transfer {
                    s: 0,
                    from: 4,
                    to: 2,
                    part: All,
                },
                GuardCpi {
                    s: 0,
                    w: 3,
                    form: Registered,
                    on: false,
                },
                Transfer {
                    s: 0,
                    from: 3,
                    to: 2,
                    part: All,
                },
                Crank { s: 0, w: 3 },
                Close { s: 0, w: 3 },
                Claim {
                    s: 0,
                    w: 4,
                    signed: true,
                    to: Own,
                },
                Bundle(vec![
                    Unregister { s: 0, w: 2, part: All },
                    Register {
                        s: 0,
                        w: 2,
                        part: Share(40_000),
                    },
                    Claim {
                        s: 0,
                        w: 0,
                        signed: true,
                        to: Inbox,
                    },
                ]),
                WrongAccount {
                    of: Box::new(Transfer {
                        s: 0,
                        from: 2,
                        to: 3,
                        part: One,
                    }),
                    slot: 5,
                    with: 9,
                    unsigned: false,
                },
                Alias {
                    of: Box::new(Register { s: 0, w: 2, part: One }),
                    slot: 5,
                    with: 6,
                },
            ],
        ),
    ]
}
