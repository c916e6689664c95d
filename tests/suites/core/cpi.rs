//! `tests/programs/lock`: a program that holds shares for others, by calls through the crate's `cpi` feature.

use std::{env, path::PathBuf};

use anchor_lang::{
    prelude::Pubkey,
    solana_program::instruction::{AccountMeta, Instruction},
    InstructionData, ToAccountMetas,
};
use lock::LockError;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    constants::{MEMO_PROGRAM_ID, TOKEN_2022_PROGRAM_ID},
    error::UpsideError,
};
use upside_client::{events::Event, pda};
use upside_tests::{assert::logs_of, context::START_TS, Refusal, TestContext, TestSecurity};

const SHARES: u64 = 90_000_000_000;
const DAY: i64 = 86_400;

fn context() -> TestContext {
    let ctx = TestContext::new();
    let path = env::var_os("UPSIDE_LOCK_SO")
        .map(PathBuf::from)
        .expect("set UPSIDE_LOCK_SO to the compiled tests/programs/lock; `cargo xtask test` does");
    ctx.sender
        .svm()
        .add_program_from_file(lock::ID, &path)
        .unwrap_or_else(|e| panic!("the example {} does not load: {e:?}", path.display()));
    ctx
}

fn refused(error: LockError) -> Refusal {
    Refusal::Numbered(lock::ID, u32::from(error))
}

fn lock_of(security: &TestSecurity, owner: &Pubkey) -> Pubkey {
    Pubkey::find_program_address(
        &[lock::LOCK, security.keys.security.as_ref(), owner.as_ref()],
        &lock::ID,
    )
    .0
}

fn call(accounts: &impl ToAccountMetas, data: &impl InstructionData) -> Instruction {
    Instruction {
        program_id: lock::ID,
        accounts: accounts.to_account_metas(None),
        data: data.data(),
    }
}

fn open(security: &TestSecurity, owner: &Pubkey, until_ts: i64) -> Instruction {
    call(
        &lock::accounts::Open {
            owner: *owner,
            lock: lock_of(security, owner),
            security: security.keys.security,
            system_program: anchor_lang::system_program::ID,
        },
        &lock::instruction::Open { until_ts },
    )
}

fn lock_shares(security: &TestSecurity, owner: &Pubkey, amount: u64) -> Instruction {
    let (keys, lock) = (&security.keys, lock_of(security, owner));
    call(
        &lock::accounts::LockShares {
            owner: *owner,
            lock,
            security: keys.security,
            mint: keys.mint,
            owner_position: keys.position(owner),
            owner_registered: keys.registered(owner),
            lock_position: keys.position(&lock),
            lock_registered: keys.registered(&lock),
            approval: keys.curated.then(|| keys.approval(&lock)),
            token_program: TOKEN_2022_PROGRAM_ID,
            memo_program: MEMO_PROGRAM_ID,
            system_program: anchor_lang::system_program::ID,
            event_authority: pda::event_authority(),
            upside: upside::ID,
        },
        &lock::instruction::LockShares { amount },
    )
}

fn pass_on(security: &TestSecurity, owner: &Pubkey) -> Instruction {
    let (keys, lock) = (&security.keys, lock_of(security, owner));
    call(
        &lock::accounts::PassOn {
            lock,
            security: keys.security,
            lock_position: keys.position(&lock),
            payout_vault: keys.payout_vault(),
            lock_payout: keys.payout_account(&lock),
            owner_payout: keys.payout_account(owner),
            payout_mint: keys.payout_mint,
            payout_token_program: keys.payout_token_program,
            event_authority: pda::event_authority(),
            upside: upside::ID,
        },
        &lock::instruction::PassOn {},
    )
}

fn release(security: &TestSecurity, owner: &Pubkey, signer: &Pubkey, amount: u64) -> Instruction {
    let (keys, lock) = (&security.keys, lock_of(security, owner));
    call(
        &lock::accounts::Release {
            owner: *signer,
            lock,
            security: keys.security,
            mint: keys.mint,
            lock_position: keys.position(&lock),
            lock_registered: keys.registered(&lock),
            owner_position: keys.position(signer),
            owner_registered: keys.registered(signer),
            approval: keys.curated.then(|| keys.approval(signer)),
            token_program: TOKEN_2022_PROGRAM_ID,
            memo_program: MEMO_PROGRAM_ID,
            system_program: anchor_lang::system_program::ID,
            event_authority: pda::event_authority(),
            upside: upside::ID,
        },
        &lock::instruction::Release { amount },
    )
}

/// What `docs/cpi.md` says that an instruction of the example costs must be what it costs, and at most a quarter more.
fn assert_cost(instruction: &str, units: u64) {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cpi.md")).expect("a page");
    let row = page
        .lines()
        .find(|line| line.starts_with(&format!("| `{instruction}`")))
        .expect("a row");
    let figure = row.trim_end_matches([' ', '|']).rsplit(' ').next().expect("a figure");
    let told: u64 = figure.replace(',', "").parse().expect("a number");
    assert!(
        units <= told && told <= units + units / 4,
        "{instruction} takes {units} compute units and docs/cpi.md says {told}"
    );
}

/// Bob, who has all his shares in a lock for thirty days; both have payout accounts.
fn locked(ctx: &TestContext) -> (TestSecurity, Keypair, Pubkey) {
    let security = ctx.security("alice").create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&security, &bob, SHARES);
    let lock = lock_of(&security, &bob.pubkey());
    ctx.open_account(&security.payout, &lock);
    ctx.open_account(&security.payout, &bob.pubkey());
    ctx.send(&[open(&security, &bob.pubkey(), START_TS + 30 * DAY)], &[&bob]);
    let receipt = ctx.send(&[lock_shares(&security, &bob.pubkey(), SHARES)], &[&bob]);
    assert_cost("lock_shares", receipt.compute_units);
    assert!(
        matches!(&receipt.events[..], [Event::SharesTransferred(e)] if e.to == lock && e.opened_by == bob.pubkey())
    );
    (security, bob, lock)
}

#[test]
fn a_program_holds_shares_passes_their_upside_on_and_gives_them_back() {
    let ctx = context();
    let (security, bob, lock) = locked(&ctx);
    assert_eq!(ctx.position(&security, &lock).shares_atoms, SHARES);
    assert_eq!(ctx.position(&security, &bob.pubkey()).shares_atoms, 0);

    // Bob's tenth of a million, all of it after the drip of seven days, rounded down.
    ctx.distribute(&security, 1_000_000);
    ctx.warp(7 * DAY);
    let receipt = ctx.send(&[pass_on(&security, &bob.pubkey())], &[]);
    let [Event::UpsideClaimed(claimed)] = &receipt.events[..] else {
        panic!("one claim, not {:?}", receipt.events);
    };
    assert_cost("pass_on", receipt.compute_units);
    assert_eq!((claimed.holder, claimed.amount_atoms), (lock, 99_999));
    let paid = |to: &Pubkey| ctx.balance(&security.keys.payout_account(to));
    assert_eq!((paid(&bob.pubkey()), paid(&lock)), (99_999, 0));

    // A stranger may claim for the lock too; nothing is lost by it.
    ctx.distribute(&security, 1_000_000);
    ctx.warp(7 * DAY);
    ctx.crank(&security, &lock);
    assert_eq!((paid(&bob.pubkey()), paid(&lock)), (99_999, 100_000));
    let receipt = ctx.send(&[pass_on(&security, &bob.pubkey())], &[]);
    assert_eq!(receipt.events, []);
    assert_eq!((paid(&bob.pubkey()), paid(&lock)), (199_999, 0));

    ctx.warp(16 * DAY);
    let receipt = ctx.send(&[release(&security, &bob.pubkey(), &bob.pubkey(), SHARES)], &[&bob]);
    assert_cost("release", receipt.compute_units);
    assert_eq!(ctx.position(&security, &bob.pubkey()).shares_atoms, SHARES);
    assert_eq!(ctx.position(&security, &lock).shares_atoms, 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn shares_stay_locked_until_the_time_and_only_the_owner_takes_them() {
    let ctx = context();
    let (security, bob, lock) = locked(&ctx);
    let (eve, owner) = (ctx.wallet("eve"), bob.pubkey());
    let early = release(&security, &owner, &owner, 1);
    ctx.refuse(std::slice::from_ref(&early), &[&bob], refused(LockError::StillLocked));
    // The wallet cannot move what the lock holds, and nor can anybody past the example.
    let mut past = upside_client::instructions::TransferShares {
        keys: &security.keys,
        payer: ctx.payer.pubkey(),
        from: lock,
        to: owner,
        amount: 1,
    }
    .instruction();
    for meta in &mut past.accounts {
        meta.is_signer &= meta.pubkey != lock;
    }
    ctx.refuse(&[past], &[], anchor_lang::error::ErrorCode::AccountNotSigner);
    ctx.warp(30 * DAY);
    ctx.refuse(
        &[release(&security, &owner, &eve.pubkey(), 1)],
        &[&eve],
        refused(LockError::NotOwners),
    );
    ctx.send(&[early], &[&bob]);
}

#[test]
fn what_upside_refuses_a_caller_is_refused_with_its_own_error() {
    let ctx = context();
    let (security, bob, _lock) = locked(&ctx);
    ctx.warp(30 * DAY);
    ctx.refuse(
        &[release(&security, &bob.pubkey(), &bob.pubkey(), SHARES + 1)],
        &[&bob],
        UpsideError::NotEnoughShares,
    );
    // Another's position in the place of the lock's.
    let mut wrong = release(&security, &bob.pubkey(), &bob.pubkey(), 1);
    let (lock_position, issuers) = (
        security.keys.position(&lock_of(&security, &bob.pubkey())),
        security.keys.position(&security.issuer_key()),
    );
    for meta in &mut wrong.accounts {
        if meta.pubkey == lock_position {
            *meta = AccountMeta::new(issuers, false);
        }
    }
    ctx.refuse(&[wrong], &[&bob], UpsideError::WrongPosition);
    let refused = ctx
        .try_send(&[release(&security, &bob.pubkey(), &bob.pubkey(), 0)], &[&bob])
        .expect_err("no shares");
    assert!(logs_of(&refused).contains("ZeroAmount"), "{}", logs_of(&refused));
}

#[test]
fn a_curated_security_takes_an_approved_program_only() {
    let ctx = context();
    let security = ctx.security("alice").curated().create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&security, &bob, SHARES);
    ctx.send(&[open(&security, &bob.pubkey(), START_TS)], &[&bob]);
    let instruction = lock_shares(&security, &bob.pubkey(), SHARES);
    ctx.refuse(
        std::slice::from_ref(&instruction),
        &[&bob],
        UpsideError::HolderNotApproved,
    );
    ctx.approve(&security, &lock_of(&security, &bob.pubkey()));
    ctx.send(&[instruction], &[&bob]);
}
