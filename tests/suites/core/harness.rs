//! The harness itself notices what it must notice.

use anchor_lang::error::ErrorCode;
use solana_signer::Signer;
use upside::error::UpsideError;
use upside_client::instructions::PostUpdate;
use upside_tests::{accounts::RawToken, TestContext, TestSecurity};

fn post(security: &TestSecurity, issuer: &impl Signer) -> anchor_lang::solana_program::instruction::Instruction {
    PostUpdate {
        keys: &security.keys,
        issuer: issuer.pubkey(),
        uri: String::new(),
        sha256: [0; 32],
    }
    .instruction()
}

#[test]
#[should_panic(expected = "expected UpsideError::NotIssuer, but the transaction succeeded")]
fn a_refusal_that_does_not_come_is_noticed() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    ctx.refuse(&[post(&alice, &alice.issuer)], &[&alice.issuer], UpsideError::NotIssuer);
}

#[test]
#[should_panic(expected = "expected UpsideError::BadUri, got")]
fn a_refusal_for_another_reason_is_noticed() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let bob = ctx.wallet("bob");
    ctx.refuse(&[post(&alice, &bob)], &[&bob], UpsideError::BadUri);
}

#[test]
#[should_panic(expected = "expected ErrorCode::ConstraintHasOne, got")]
fn a_code_of_the_framework_is_told_from_the_programs() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let bob = ctx.wallet("bob");
    ctx.refuse(&[post(&alice, &bob)], &[&bob], ErrorCode::ConstraintHasOne);
}

#[test]
#[should_panic(expected = "left == right")]
fn state_that_no_event_explains_is_noticed() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    ctx.assert_events_rebuild_state();
    let issued = 8 + std::mem::offset_of!(upside::state::Security, issued_atoms);
    ctx.patch_account(&alice.keys.security, |account| account.data[issued] ^= 1);
    ctx.assert_events_rebuild_state();
}

#[test]
#[should_panic(expected = "registered account")]
fn a_registered_account_that_differs_from_its_position_is_noticed() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    ctx.patch_account(&alice.keys.registered(&alice.issuer_key()), |account| {
        account.data[64] ^= 1
    });
    ctx.assert_registered(&alice, &alice.issuer_key(), 900_000_000_000);
}

#[test]
fn tests_start_from_the_same_keys_and_the_same_time() {
    let (first, second) = (TestContext::new(), TestContext::new());
    assert_eq!(first.key("alice"), second.key("alice"));
    assert_eq!(first.now(), second.now());
    let (one, two) = (first.security("alice").create(), second.security("alice").create());
    for address in [one.keys.security, one.keys.mint, one.keys.registered(&one.issuer_key())] {
        assert_eq!(first.account(&address), second.account(&address));
    }
    assert_eq!(one.keys, two.keys);
    let shares = first.token(&one.keys.registered(&one.issuer_key()));
    assert!(
        matches!(
            shares,
            Some(RawToken {
                amount: 900_000_000_000,
                frozen: true,
                len: 170,
                ..
            })
        ),
        "{shares:?}"
    );
}
