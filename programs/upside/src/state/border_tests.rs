//! State methods at their borders. The formulas themselves are tested in `upside-math`.

use anchor_lang::{error::Error, prelude::*};
use bytemuck::Zeroable;

use super::*;
use crate::{constants::*, error::UpsideError};

fn security() -> Security {
    let mut security = Security::zeroed();
    security.authorised_atoms = 2_000_000;
    security.drip_seconds = 100;
    security
}

fn terms(policy: TransferPolicy) -> Terms {
    Terms {
        decimals: MAX_DECIMALS,
        policy,
        authorised_atoms: 1_000_000,
        drip_seconds: MAX_DRIP_SECONDS,
        notice_seconds: MIN_NOTICE_SECONDS,
        redeem_after_ts: NEVER_TS,
        agreement_sha256: [0; 32],
    }
}

fn assert_refused<T: core::fmt::Debug>(result: Result<T>, expected: UpsideError) {
    assert_eq!(result.expect_err("a refusal"), Error::from(expected));
}

#[test]
fn terms_at_their_limits_pass_and_beyond_are_refused_by_name() {
    terms(TransferPolicy::Open).validate().expect("the limits");
    let refuse = |change: fn(&mut Terms), expected| {
        let mut terms = terms(TransferPolicy::Open);
        change(&mut terms);
        assert_refused(terms.validate(), expected);
    };
    refuse(|t| t.decimals = 10, UpsideError::TooManyDecimals);
    refuse(|t| t.authorised_atoms = 999_999, UpsideError::AuthorisedTooSmall);
    refuse(
        |t| t.drip_seconds = MIN_OPEN_DRIP_SECONDS - 1,
        UpsideError::DripOutOfRange,
    );
    refuse(|t| t.drip_seconds = MAX_DRIP_SECONDS + 1, UpsideError::DripOutOfRange);
    refuse(
        |t| t.notice_seconds = MIN_NOTICE_SECONDS - 1,
        UpsideError::NoticeOutOfRange,
    );
    refuse(
        |t| t.notice_seconds = MAX_NOTICE_SECONDS + 1,
        UpsideError::NoticeOutOfRange,
    );
}

#[test]
fn only_curated_shares_may_pay_at_once() {
    let mut curated = terms(TransferPolicy::Curated);
    curated.drip_seconds = 0;
    curated.validate().expect("no drip");
    curated.drip_seconds = -1;
    assert_refused(curated.validate(), UpsideError::DripOutOfRange);
}

#[test]
fn issued_and_reserved_may_fill_authorised_and_no_more() {
    let mut security = security();
    security.reserved_atoms = 500_000;
    security.issue(1_500_000).expect("to the brim");
    assert_refused(security.issue(1), UpsideError::AboveAuthorised);
    security.invariant().expect("S-2");
    security.reserved_atoms += 1;
    assert_refused(security.invariant(), UpsideError::InvariantBroken);
}

#[test]
fn retiring_leaves_a_million_atoms_and_what_is_issued() {
    let mut security = security();
    assert_refused(security.retire(1_000_001), UpsideError::BelowRetireBound);
    security.issue(1_200_000).expect("issue");
    assert_refused(security.retire(800_001), UpsideError::BelowRetireBound);
    security.retire(800_000).expect("to what is issued");
    assert_eq!(security.authorised_atoms, 1_200_000);
}

#[test]
fn redemption_moves_earlier_only() {
    let mut security = security();
    security.redeem_after_ts = 10;
    assert_refused(security.advance_redemption(10), UpsideError::RedemptionNotEarlier);
    security.advance_redemption(9).expect("earlier");
    assert_refused(security.advance_redemption(10), UpsideError::RedemptionNotEarlier);
}

#[test]
fn a_proposal_is_used_up_when_accepted() {
    let mut security = security();
    security.issuer = Pubkey::new_from_array([1; 32]);
    let heir = Pubkey::new_from_array([2; 32]);
    assert_refused(security.propose_issuer(security.issuer), UpsideError::BadPendingIssuer);
    security.propose_issuer(heir).expect("another");
    assert_eq!(security.accept_issuer(), Pubkey::new_from_array([1; 32]));
    assert_eq!((security.issuer, security.pending_issuer), (heir, Pubkey::default()));
}

#[test]
fn a_security_opens_256_vaults_and_never_reuses_an_index() {
    let mut security = security();
    for index in 0..=u8::MAX {
        assert_eq!(security.open_vault().expect("a free index"), index);
    }
    assert_refused(security.open_vault(), UpsideError::TooManyVaults);
    assert_eq!(security.vault_count, MAX_VAULTS);
}

#[test]
fn the_stream_waits_when_the_last_registered_share_leaves() {
    let mut security = security();
    security.add_registered(10).expect("registered");
    security.add_to_stream(1_000).expect("money");
    security.settle(40).expect("settled");
    security.remove_registered(10).expect("left");
    assert_eq!((security.stream_total_atoms, security.stream_dripped_atoms), (600, 0));
    security.settle(1_000_000).expect("settled");
    assert_eq!(security.stream_dripped_atoms, 0);
    assert_refused(security.remove_registered(1), UpsideError::Overflow);
}

#[test]
fn a_position_pays_whole_atoms_and_keeps_the_fraction() {
    let mut position = Position::zeroed();
    position.credit(3).expect("shares");
    position.settle((1 << 64) / 2).expect("settled");
    assert_eq!(position.take_payable(), 1);
    assert_eq!(position.accrued_x64.get(), (1 << 64) / 2);
    assert_eq!(position.take_payable(), 0);
    assert_refused(position.settle(0), UpsideError::ClockBehindCheckpoint);
    assert_refused(position.debit(4), UpsideError::NotEnoughShares);
    assert_refused(position.credit(u64::MAX), UpsideError::Overflow);
}

#[test]
fn only_an_empty_position_closes_and_gives_its_fraction_back() {
    let mut position = Position::zeroed();
    position.shares_atoms = 1;
    assert_refused(position.close(), UpsideError::PositionNotEmpty);
    position.shares_atoms = 0;
    position.accrued_x64 = (1 << 64).into();
    assert_refused(position.close(), UpsideError::PositionNotEmpty);
    position.accrued_x64 = u128::from(u64::MAX).into();
    assert_eq!(position.close().expect("empty"), u128::from(u64::MAX));
    assert_eq!(position.accrued_x64.get(), 0);
}

#[test]
fn a_sequence_ends_rather_than_repeating() {
    let (mut security, mut position, mut vault) = (Security::zeroed(), Position::zeroed(), Vault::zeroed());
    (security.sequence, position.sequence, vault.sequence) = (u64::MAX, u64::MAX, u64::MAX);
    assert_refused(security.next_sequence(), UpsideError::Overflow);
    assert_refused(position.next_sequence(), UpsideError::Overflow);
    assert_refused(vault.count_deposit(1), UpsideError::Overflow);
}

/// A round of 2,000,000 share atoms that one of two investors is settled of: 10 of 100 payout atoms were refunded, 5 wait, 40 were raised.
fn round() -> Round {
    let mut round = Round::zeroed();
    round.status = RoundStatus::Succeeded as u8;
    round.for_sale_atoms = 2_000_000;
    round.reserved_left_atoms = 2_000_000;
    round.unsettled = 1;
    round.raised_atoms = 40;
    round.refunds_atoms = 5;
    round.money_atoms = 90;
    round
}

#[test]
fn a_round_holds_what_it_owes_and_exactly_that_once_everybody_is_settled() {
    round().invariant().expect("45 owed, 45 unsettled");
    let refuse = |change: fn(&mut Round)| {
        let mut round = round();
        change(&mut round);
        assert_refused(round.invariant(), UpsideError::InvariantBroken);
    };
    refuse(|r| r.money_atoms = 44);
    refuse(|r| r.refunds_atoms = 51);
    refuse(|r| r.backed_atoms = 41);
    refuse(|r| r.reserved_left_atoms += 1);
    refuse(|r| r.unsettled = 0);
    refuse(|r| {
        r.unsettled = 0;
        r.money_atoms = 46;
    });
    let mut settled = round();
    settled.unsettled = 0;
    settled.money_atoms = 45;
    settled.invariant().expect("45 owed");
    (settled.backed_atoms, settled.released_atoms, settled.money_atoms) = (10, 30, 5);
    settled.invariant().expect("the refund that waits");
}

#[test]
fn a_runway_pays_nothing_before_it_begins_and_nothing_twice() {
    let mut round = round();
    (round.closes_ts, round.runway_seconds, round.backing_bps) = (100, 10, 2_500);
    let due = |round: &Round, now| round.runway_due(now).map(|due| (due.backing, due.issuer)).unwrap();
    for (now, both) in [
        (i64::MIN, (0, 0)),
        (100, (0, 0)),
        (101, (1, 3)),
        (109, (9, 27)),
        (110, (10, 30)),
        (i64::MAX, (10, 30)),
    ] {
        assert_eq!(due(&round, now), both, "{now}");
    }
    let paid = round.runway_due(105).unwrap();
    round.release(paid).unwrap();
    assert_eq!(
        (round.money_atoms, due(&round, 101), due(&round, 106)),
        (70, (0, 0), (1, 3))
    );
    round.status = RoundStatus::Failed as u8;
    assert_refused(round.runway_due(110).map(|_| ()), UpsideError::NothingToRelease);
}
