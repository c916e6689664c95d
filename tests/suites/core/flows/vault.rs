//! Backing.

use anchor_lang::prelude::Pubkey;
use solana_signer::Signer;
use upside::error::UpsideError;
use upside_client::events::Event;
use upside_lookalike_mints::Extension;
use upside_tests::{context::START_TS, TestContext};

#[test]
fn equity_enters_a_vault_and_is_counted() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    for (index, asset) in [
        ctx.legacy_mint("asset"),
        ctx.equity("ACMEx"),
        ctx.equity("INITx"),
        alice.payout,
    ]
    .iter()
    .enumerate()
    {
        let open = ctx.open_vault_instruction(&alice, asset);
        let vault_key = open.accounts().vault;
        ctx.open_vault(&alice, asset);
        let vault = ctx.vault(&alice, &asset.mint);
        assert_eq!(usize::from(vault.index), index);
        assert_eq!(
            (vault.security, vault.asset_mint, vault.token_account),
            (alice.keys.security, asset.mint, asset.account_of(&vault_key))
        );
        assert_eq!(
            (vault.decimals, vault.holds_shares, vault.opened_ts),
            (asset.decimals, 0, START_TS)
        );
        let before = ctx.account(&alice.keys.security);
        let receipt = ctx.deposit(&alice, asset, 1_000);
        let [Event::EquityDeposited(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(
            (
                event.sent_atoms,
                event.arrived_atoms,
                event.balance_atoms,
                event.deposited_total_atoms
            ),
            (1_000, 1_000, 1_000, 1_000)
        );
        assert_eq!((event.depositor, event.vault), (ctx.key("depositor"), vault_key));
        ctx.deposit(&alice, asset, 1);
        assert_eq!(ctx.balance(&vault.token_account), 1_001);
        let vault = ctx.vault(&alice, &asset.mint);
        assert_eq!((vault.deposited_total_atoms, vault.sequence), (1_001, 2));
        assert_eq!(
            ctx.account(&alice.keys.security),
            before,
            "a deposit does not write the security"
        );
    }
    assert_eq!(ctx.security_state(&alice).vault_count, 4);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_delegate_may_deposit() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let asset = ctx.legacy_mint("asset");
    ctx.open_vault(&alice, &asset);
    let (owner, delegate) = (ctx.wallet("depositor"), ctx.wallet("delegate"));
    let source = ctx.fund(&asset, &owner.pubkey(), 10);
    let approve = anchor_spl::token_2022::spl_token_2022::instruction::approve(
        &asset.token_program,
        &source,
        &delegate.pubkey(),
        &owner.pubkey(),
        &[],
        10,
    )
    .unwrap();
    ctx.send(&[approve], &[&owner]);
    let deposit = upside_client::instructions::DepositEquity {
        depositor: delegate.pubkey(),
        ..ctx.deposit_instruction(&alice, &asset, 10)
    };
    ctx.send(&[deposit.instruction()], &[&delegate]);
    assert_eq!(ctx.vault(&alice, &asset.mint).deposited_total_atoms, 10);
}

#[test]
fn a_deposit_is_credited_with_what_arrives() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    // 50 basis points.
    let asset = ctx.equity("UMBRx");
    let vault = ctx.open_vault(&alice, &asset);
    let receipt = ctx.deposit(&alice, &asset, 10_001);
    let [Event::EquityDeposited(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    // The fee is rounded up: 50.005 is 51.
    assert_eq!(
        (event.sent_atoms, event.arrived_atoms, event.balance_atoms),
        (10_001, 9_950, 9_950)
    );
    assert_eq!(ctx.balance(&asset.account_of(&vault)), 9_950);
    // One atom is all fee.
    let depositor = ctx.wallet("depositor");
    ctx.fund(&asset, &depositor.pubkey(), 1);
    ctx.refuse(
        &[ctx.deposit_instruction(&alice, &asset, 1).instruction()],
        &[&depositor],
        UpsideError::NothingArrived,
    );
    let all_fee = ctx.mint_with(
        "all fee",
        &[Extension::TransferFee {
            bps: 10_000,
            maximum_atoms: u64::MAX,
        }],
    );
    ctx.open_vault(&alice, &all_fee);
    ctx.fund(&all_fee, &depositor.pubkey(), 1_000);
    ctx.refuse(
        &[ctx.deposit_instruction(&alice, &all_fee, 1_000).instruction()],
        &[&depositor],
        UpsideError::NothingArrived,
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn donations_and_clawbacks_do_not_disturb_the_count() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let asset = ctx.equity("ACMEx");
    let vault = ctx.open_vault(&alice, &asset);
    ctx.deposit(&alice, &asset, 1_000);
    ctx.fund(&asset, &vault, 5);
    let authority = ctx.authority_of(&asset);
    let home = ctx.open_account(&asset, &authority.pubkey());
    ctx.send(
        &[asset
            .claw_back(&authority.pubkey(), &asset.account_of(&vault), &home, 900)
            .unwrap()],
        &[&authority],
    );
    let receipt = ctx.deposit(&alice, &asset, 10);
    let [Event::EquityDeposited(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.arrived_atoms, event.balance_atoms, event.deposited_total_atoms),
        (10, 115, 1_010)
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn open_vault_refuses_what_it_must_not_hold() {
    let ctx = TestContext::new();
    let (alice, bob) = (ctx.security("alice").create(), ctx.security("bob").create());
    let asset = ctx.legacy_mint("asset");
    ctx.open_vault(&alice, &asset);
    let refuse = |mint: Pubkey, program: Pubkey, error: UpsideError| {
        let open = upside_client::instructions::OpenVault {
            asset_mint: mint,
            asset_token_program: program,
            ..ctx.open_vault_instruction(&alice, &asset)
        };
        ctx.refuse(&[open.instruction()], &[&alice.issuer], error);
    };
    let token_2022 = upside::constants::TOKEN_2022_PROGRAM_ID;
    refuse(asset.mint, asset.token_program, UpsideError::VaultAlreadyOpen);
    refuse(alice.keys.mint, token_2022, UpsideError::SelfHolding);
    refuse(bob.keys.mint, token_2022, UpsideError::HeldSecurityMissing);
    refuse(
        ctx.legacy_mint("another").mint,
        token_2022,
        UpsideError::WrongTokenProgram,
    );
    refuse(alice.keys.payout_vault(), asset.token_program, UpsideError::NotAMint);
    refuse(
        ctx.wallet("carol").pubkey(),
        anchor_lang::system_program::ID,
        UpsideError::NotAMint,
    );
    // 256 indices, then no more.
    let count = 8 + std::mem::offset_of!(upside::state::Security, vault_count);
    ctx.patch_account(&alice.keys.security, |a| {
        a.data[count..count + 2].copy_from_slice(&255_u16.to_le_bytes())
    });
    let last = ctx.legacy_mint("last");
    ctx.open_vault(&alice, &last);
    assert_eq!(ctx.vault(&alice, &last.mint).index, 255);
    refuse(
        ctx.legacy_mint("one too many").mint,
        asset.token_program,
        UpsideError::TooManyVaults,
    );
}

#[test]
fn deposits_refuse_wrong_accounts_and_frozen_ones() {
    let ctx = TestContext::new();
    let (alice, bob) = (ctx.security("alice").create(), ctx.security("bob").create());
    let (asset, other) = (ctx.equity("ACMEx"), ctx.legacy_mint("other"));
    for security in [&alice, &bob] {
        ctx.open_vault(security, &asset);
    }
    ctx.open_vault(&alice, &other);
    let depositor = ctx.wallet("depositor");
    let source = ctx.fund(&asset, &depositor.pubkey(), 100);
    let deposit = |amount| ctx.deposit_instruction(&alice, &asset, amount).instruction();
    let swap = |from: Pubkey, to: Pubkey| {
        let mut instruction = deposit(1);
        instruction
            .accounts
            .iter_mut()
            .filter(|meta| meta.pubkey == from)
            .for_each(|meta| meta.pubkey = to);
        instruction
    };
    let (vault, bobs) = (alice.keys.vault(&asset.mint), bob.keys.vault(&asset.mint));
    let account = asset.account_of(&vault);
    ctx.refuse(&[deposit(0)], &[&depositor], UpsideError::ZeroAmount);
    ctx.refuse(&[deposit(101)], &[&depositor], UpsideError::BadSource);
    ctx.refuse(&[swap(vault, bobs)], &[&depositor], UpsideError::WrongVault);
    ctx.refuse(
        &[swap(vault, alice.keys.vault(&other.mint))],
        &[&depositor],
        UpsideError::WrongVault,
    );
    ctx.refuse(
        &[swap(account, asset.account_of(&bobs))],
        &[&depositor],
        UpsideError::WrongVaultAccount,
    );
    ctx.refuse(&[swap(account, source)], &[&depositor], UpsideError::WrongVaultAccount);
    ctx.refuse(&[swap(source, account)], &[&depositor], UpsideError::BadSource);
    ctx.refuse(
        &[swap(source, other.account_of(&alice.keys.vault(&other.mint)))],
        &[&depositor],
        UpsideError::BadSource,
    );
    ctx.refuse(
        &[swap(asset.token_program, other.token_program)],
        &[&depositor],
        UpsideError::WrongTokenProgram,
    );

    let authority = ctx.authority_of(&asset);
    ctx.send(&[asset.freeze(&authority.pubkey(), &vault).unwrap()], &[&authority]);
    ctx.refuse(&[deposit(1)], &[&depositor], UpsideError::VaultAccountFrozen);
    ctx.send(
        &[
            asset.thaw(&authority.pubkey(), &vault).unwrap(),
            asset.freeze(&authority.pubkey(), &depositor.pubkey()).unwrap(),
        ],
        &[&authority],
    );
    ctx.refuse(&[deposit(1)], &[&depositor], UpsideError::BadSource);
    ctx.send(
        &[asset.thaw(&authority.pubkey(), &depositor.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.send(&[deposit(100)], &[&depositor]);

    // A vault that holds shares takes none by this way.
    let holds_shares = 8 + std::mem::offset_of!(upside::state::Vault, holds_shares);
    ctx.patch_account(&vault, |a| a.data[holds_shares] = 1);
    ctx.refuse(&[deposit(1)], &[&depositor], UpsideError::ProtocolShares);
}
