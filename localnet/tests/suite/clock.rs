//! Time travel.

use crate::start;

#[test]
fn time_travel_moves_the_clock_by_exactly_the_seconds_asked_for() {
    let network = start();
    for seconds in [1, 86_400, 30 * 86_400, 10 * 365 * 86_400] {
        let before = network.clock().expect("a clock");
        let travel = network.time_travel(seconds).expect("travels");
        let after = network.clock().expect("a clock");
        let seconds = i64::try_from(seconds).expect("in range");
        assert_eq!(travel.to_ts - travel.from_ts, seconds);
        // The network keeps running while it is asked: at most the second that the questions took.
        assert!((0..=1).contains(&(travel.from_ts - before.unix_timestamp)));
        assert!((0..=1).contains(&(after.unix_timestamp - travel.to_ts)));
        // The engine computes the slot before it waits for its turn: a machine that is busy for a second is past it by then.
        assert!(seconds == 1 || after.slot > before.slot);
    }
}

#[test]
fn transactions_are_confirmed_after_a_journey_and_blocks_carry_the_new_time() {
    let network = start();
    let wallet = solana_keypair::Keypair::new();
    let travel = network.time_travel(365 * 86_400).expect("travels");
    network
        .fund(&solana_keypair::Signer::pubkey(&wallet), 1_000_000_000, 1)
        .expect("funded");
    let slot = network.rpc().get_slot().expect("a slot");
    assert!(slot > 0);
    assert!(network.clock().expect("a clock").unix_timestamp >= travel.to_ts);
    let later = network.time_travel(1).expect("travels again");
    assert!(later.from_ts >= travel.to_ts);
}

#[test]
fn the_past_cannot_be_reached() {
    let network = start();
    let now = network.clock().expect("a clock").unix_timestamp;
    let refused = upside_localnet::clock::travel_to(network.rpc(), now - 3_600);
    assert!(refused.is_err());
    assert!(network.clock().expect("a clock").unix_timestamp >= now);
}
