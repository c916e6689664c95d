//! Alice, nineteen, issues her personal token.

use super::{Action, Actor, Step, Story, Terms};

const ALICE: &str = "Alice";
const OKAFOR: &str = "Ms Okafor";
const BRUNO: &str = "Bruno";
const CHEN: &str = "Chen";
const ACME: &str = "Acme";

fn step(title: &'static str, telling: &'static str, action: Action) -> Step {
    Step { title, telling, action }
}

/// The story of Alice's personal token, from its creation to her friends' first income from it.
#[must_use]
pub fn alice() -> Story {
    let actor = |name, role| Actor { name, role };
    Story {
        headline: "Alice is nineteen. She issues a token for everything she will ever do, and shares it.",
        opening: "No debt and no promise of success: those who help her hold shares, and when money comes in, every \
                  registered share gets its part. You are watching a compiled program on a validator on this machine. \
                  The people, the stock and the money are look-alikes; the transactions are real.",
        actors: vec![
            actor(ALICE, "issuer"),
            actor(OKAFOR, "teacher"),
            actor(BRUNO, "designer"),
            actor(CHEN, "designer"),
            actor(ACME, "company"),
        ],
        funder: ACME,
        terms: Terms {
            name: "Alice",
            symbol: "ALICE",
            decimals: 6,
            authorised: 1_000_000,
            initial: 800_000,
            drip_days: 28,
        },
        steps: vec![
            step(
                "Alice issues her personal token",
                "One wallet, one personal token, ever. She may issue a million shares and starts with 800,000; the \
                 rest stays unissued, and no later share can ever go beyond the million.",
                Action::Create,
            ),
            step(
                "Shares for a teacher",
                "Ms Okafor taught her to program after school. Alice cannot pay her, so she shares what comes.",
                Action::Transfer { from: ALICE, to: OKAFOR, shares: 80_000 },
            ),
            step(
                "Shares for a designer",
                "Bruno draws the first product.",
                Action::Transfer { from: ALICE, to: BRUNO, shares: 60_000 },
            ),
            step(
                "Shares for another designer",
                "Chen makes it beautiful.",
                Action::Transfer { from: ALICE, to: CHEN, shares: 40_000 },
            ),
            step(
                "A vault for Acme stock",
                "What goes into a vault backs the shares, and Alice cannot take it back.",
                Action::OpenVault { equity: "ACMEx" },
            ),
            step(
                "Acme's stock enters the vault",
                "Acme gives stock for Alice's work, as backing of her token.",
                Action::Deposit { from: ACME, equity: "ACMEx", amount: 120 },
            ),
            step(
                "A vault for Globex stock",
                "One vault for each asset, so that one asset can never block another.",
                Action::OpenVault { equity: "GLBXx" },
            ),
            step(
                "Globex stock enters the vault",
                "Anyone may add backing. Acme adds stock of Globex, which it happens to hold.",
                Action::Deposit { from: ACME, equity: "GLBXx", amount: 45 },
            ),
            step(
                "Acme pays upside in",
                "The product sells. Acme makes one payment for all holders; it drips to registered shares over 28 days, \
                 so nobody gains by turning up for a moment.",
                Action::Distribute { from: ACME, amount: 24_000 },
            ),
            step(
                "A month passes",
                "Nobody has to do anything. The clock of the local network jumps ahead; the stream is read on the way.",
                Action::Wait { days: 30, legs: 10 },
            ),
            step(
                "Alice claims",
                "She holds most of the shares, so she gets most of the money. Payments are rounded down to the last atom; the fraction stays owed to her.",
                Action::Claim { holder: ALICE, by: ALICE },
            ),
            step(
                "Ms Okafor claims",
                "Her first income from a student.",
                Action::Claim { holder: OKAFOR, by: OKAFOR },
            ),
            step("Bruno claims", "Rent is due.", Action::Claim { holder: BRUNO, by: BRUNO }),
            step(
                "Chen is paid by somebody else's transaction",
                "Chen is on a train. Anyone may send the claim; the money can only go to Chen.",
                Action::Claim { holder: CHEN, by: ACME },
            ),
            step(
                "Chen goes bearer",
                "Bearer shares move freely through any wallet or market. In exchange they do not earn.",
                Action::Unregister { holder: CHEN, shares: 40_000 },
            ),
            step(
                "Acme pays upside in again",
                "A smaller payment, while Chen's shares are bearer.",
                Action::Distribute { from: ACME, amount: 7_600 },
            ),
            step(
                "Two weeks pass",
                "More than half of the second payment drips to the registered shares, none of it to Chen.",
                Action::Wait { days: 15, legs: 5 },
            ),
            step(
                "Chen registers again",
                "From this second on the shares earn again; what was missed stays with the others.",
                Action::Register { holder: CHEN, shares: 40_000 },
            ),
            step(
                "Ms Okafor sends shares to Bruno",
                "Both are settled first: she keeps what her shares earned so far, he earns from now on.",
                Action::Transfer { from: OKAFOR, to: BRUNO, shares: 20_000 },
            ),
            step(
                "Two more weeks pass",
                "The rest of the second payment reaches all four of them.",
                Action::Wait { days: 15, legs: 5 },
            ),
            step("Ms Okafor claims again", "What her shares earned before and after.", Action::Claim { holder: OKAFOR, by: OKAFOR }),
            step("Bruno claims again", "Now with more shares.", Action::Claim { holder: BRUNO, by: BRUNO }),
            step("Chen claims again", "Only for the time that the shares were registered. Alice leaves her part for later: it does not expire.", Action::Claim { holder: CHEN, by: CHEN }),
        ],
    }
}
