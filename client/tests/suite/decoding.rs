//! Events to bytes and back.

use anchor_lang::{event::EVENT_IX_TAG_LE, prelude::Pubkey, Event as _};
use upside_client::events::{decode_all, Event, PositionTotals, UpsideClaimed, EVENT_NAMES};

fn claimed() -> UpsideClaimed {
    UpsideClaimed {
        version: 1,
        ts: 1_800_000_000,
        security: Pubkey::new_from_array([1; 32]),
        holder: Pubkey::new_from_array([2; 32]),
        payout_account: Pubkey::new_from_array([3; 32]),
        amount_atoms: 5,
        position: PositionTotals {
            sequence: 9,
            shares_atoms: 10,
            checkpoint_x64: u128::MAX,
            accrued_x64: 1 << 63,
            claimed_total_atoms: 5,
        },
    }
}

fn bytes(event: &UpsideClaimed) -> Vec<u8> {
    [EVENT_IX_TAG_LE, event.data().as_slice()].concat()
}

#[test]
fn an_event_is_decoded_from_the_programs_call_to_itself() {
    let data = bytes(&claimed());
    let program = upside_client::upside::ID;
    let events = decode_all([(program, data.as_slice())]).unwrap();
    assert_eq!(events, [Event::from(claimed())]);
    assert_eq!(events[0].name(), "UpsideClaimed");
    assert_eq!(events[0].ts(), 1_800_000_000);
}

#[test]
fn another_programs_call_with_the_same_bytes_is_no_event() {
    let data = bytes(&claimed());
    assert_eq!(decode_all([(Pubkey::new_unique(), data.as_slice())]).unwrap(), []);
}

#[test]
fn a_call_without_the_tag_or_of_a_later_event_is_passed_over_and_a_cut_one_is_refused() {
    let program = upside_client::upside::ID;
    let data = bytes(&claimed());
    assert_eq!(decode_all([(program, &data[8..])]).unwrap(), []);
    let later = [EVENT_IX_TAG_LE, &[0xAA; 8], &[1; 40]].concat();
    assert_eq!(decode_all([(program, later.as_slice())]).unwrap(), []);
    assert!(decode_all([(program, &data[..data.len() - 1])]).is_err());
}

#[test]
fn every_event_of_the_program_is_known() {
    let source = [
        include_str!("../../../programs/upside/src/events/collective.rs"),
        include_str!("../../../programs/upside/src/events/grant.rs"),
        include_str!("../../../programs/upside/src/events/redemption.rs"),
        include_str!("../../../programs/upside/src/events/round.rs"),
        include_str!("../../../programs/upside/src/events/security.rs"),
        include_str!("../../../programs/upside/src/events/shares.rs"),
        include_str!("../../../programs/upside/src/events/upside.rs"),
        include_str!("../../../programs/upside/src/events/vault.rs"),
    ]
    .concat();
    let mut declared: Vec<&str> = source
        .split("#[event]")
        .skip(1)
        .filter_map(|rest| rest.split_once("pub struct ")?.1.split_whitespace().next())
        .collect();
    let mut known = EVENT_NAMES.to_vec();
    declared.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, declared);
}
