//! The security's own instructions.

use solana_signer::Signer;
use upside_tests::TestContext;

#[test]
fn create_security_registers_the_initial_shares_to_the_issuer() {
    let ctx = TestContext::new();
    let (alice, receipt) = ctx.security("alice").create_with_receipt();
    assert_eq!(receipt.events.len(), 1);
    ctx.assert_registered(&alice, &alice.issuer.pubkey(), 900_000_000_000);
    ctx.assert_events_rebuild_state();
}
