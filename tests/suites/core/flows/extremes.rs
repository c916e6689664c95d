//! The largest and the smallest numbers.

use solana_signer::Signer;
use upside::{constants::MAX_DRIP_SECONDS, error::UpsideError};
use upside_client::instructions::{Claim, Distribute};
use upside_tests::TestContext;

#[test]
fn the_largest_amount_over_the_largest_supply_is_paid_to_the_atom() {
    let ctx = TestContext::new();
    let school = ctx
        .security("school")
        .curated()
        .supply(u64::MAX, u64::MAX)
        .drip(0)
        .create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&school, &bob, u64::MAX - 1);
    ctx.distribute(&school, u64::MAX);
    // One atom per share.
    assert_eq!(ctx.claim(&school, &bob), u64::MAX - 1);
    assert_eq!(ctx.claim(&school, &school.issuer), 1);
    assert_eq!(ctx.balance(&school.keys.payout_vault()), 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn the_largest_amount_over_two_shares_goes_round_many_times() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().supply(1_000_000, 2).drip(0).create();
    ctx.distribute(&school, u64::MAX);
    for _ in 0..20 {
        // The accumulator passes 2^128 and starts again; differences do not notice.
        assert_eq!(ctx.claim(&school, &school.issuer), u64::MAX);
        let again = Distribute::from_ata(&school.keys, school.issuer_key(), u64::MAX);
        ctx.send(&[again.instruction()], &[&school.issuer]);
    }
    assert_eq!(ctx.claim(&school, &school.issuer), u64::MAX);
    assert_eq!(
        ctx.position(&school, &school.issuer_key()).claimed_total_atoms,
        u64::MAX.wrapping_mul(21)
    );
    assert_eq!(
        ctx.security_state(&school).received_total_atoms.get(),
        u128::from(u64::MAX) * 21
    );
    ctx.assert_events_rebuild_state();
}

/// The bound that `owed_x64` documents: from half the range on, growth cannot be told from a clock set back.
#[test]
fn a_single_share_atom_is_paid_up_to_half_of_the_largest_amount() {
    for (atoms, paid) in [((1 << 63) - 1, true), (1 << 63, false)] {
        let ctx = TestContext::new();
        let school = ctx.security("school").curated().supply(1_000_000, 1).drip(0).create();
        ctx.distribute(&school, atoms);
        if paid {
            assert_eq!(ctx.claim(&school, &school.issuer), atoms);
        } else {
            ctx.open_account(&school.payout, &school.issuer_key());
            let claim = Claim::by_holder(&school.keys, school.issuer_key()).instruction();
            ctx.refuse(&[claim], &[&school.issuer], UpsideError::ClockBehindCheckpoint);
        }
    }
}

#[test]
fn the_largest_amount_drips_over_the_longest_time() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(u64::MAX, 1)
        .drip(MAX_DRIP_SECONDS)
        .create();
    ctx.distribute(&alice, u64::MAX);
    let mut paid = 0;
    for tenth in 1..=10_u128 {
        ctx.warp(MAX_DRIP_SECONDS / 10);
        paid += ctx.claim(&alice, &alice.issuer);
        assert_eq!(u128::from(paid), u128::from(u64::MAX) * tenth / 10);
    }
    assert_eq!(paid, u64::MAX);
    ctx.assert_events_rebuild_state();
}

#[test]
fn three_thirds_of_an_atom_become_one() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().supply(1_000_000, 3).drip(0).create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&school, &bob, 1);
    let claim = |atoms: u64| {
        ctx.open_account(&school.payout, &bob.pubkey());
        let claim = Claim::by_holder(&school.keys, bob.pubkey()).instruction();
        if atoms == 0 {
            ctx.refuse(&[claim], &[&bob], UpsideError::NothingToClaim);
        } else {
            assert_eq!(ctx.claim(&school, &bob), atoms);
        }
    };
    for (amount, atoms) in [(1, 0), (1, 0), (1, 1), (2, 0), (3, 1), (1, 1)] {
        ctx.distribute(&school, amount);
        claim(atoms);
    }
    // Three thirds of nine atoms, exactly: the remainder of each division was carried into the next.
    assert_eq!(ctx.position(&school, &bob.pubkey()).accrued_x64.get(), 0);
    assert_eq!(ctx.claim(&school, &school.issuer), 6);
    assert_eq!(ctx.balance(&school.keys.payout_vault()), 0);
    ctx.assert_events_rebuild_state();
}
