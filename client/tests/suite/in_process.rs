//! The story and what else needs a virtual machine in this process.

use std::path::PathBuf;

use anchor_lang::prelude::Pubkey;
use litesvm::LiteSVM;
use upside_client::{
    accounts,
    error::ClientError,
    instructions::{ApproveHolder, Distribute, RemoveApproval, TransferShares},
    program::{upgrade_authority, UpgradeAuthority},
    quote,
    replay::{history_of, Replay},
    sender::LiteSvmSender,
    solana_keypair::Keypair,
    solana_signer::Signer,
    transactions,
    upside::{error::UpsideError, state::TransferPolicy},
    Sender,
};
use upside_localnet_process::path;
use upside_lookalike_mints::{keys, EQUITIES, PAYOUT};

use crate::story::{create, give, payout, tell, Stage};

/// Path of the compiled program.
pub fn program() -> PathBuf {
    path("UPSIDE_PROGRAM_SO")
}

/// A machine with the program, the payout mint and every equity.
pub fn machine() -> (LiteSvmSender, Keypair) {
    stocked(LiteSvmSender::with_program(program()).unwrap())
}

fn stocked(sender: LiteSvmSender) -> (LiteSvmSender, Keypair) {
    sender.set_time(1_800_000_000);
    let payer = Keypair::new();
    sender.airdrop(&payer.pubkey(), 1_000_000_000_000).unwrap();
    let mint = keys::payout_mint();
    let instructions = PAYOUT
        .create_instructions(&payer.pubkey(), &mint.pubkey(), &keys::payout_authority().pubkey())
        .unwrap();
    sender.send(&instructions, &payer, &[&mint]).unwrap();
    let authority = keys::equity_authority();
    for equity in EQUITIES {
        let mint = keys::equity_mint(equity.symbol);
        let instructions = equity
            .create_instructions(&payer.pubkey(), &mint.pubkey(), &authority.pubkey())
            .unwrap();
        sender.send(&instructions, &payer, &[&mint, &authority]).unwrap();
    }
    (sender, payer)
}

#[test]
fn the_story_holds_in_process() {
    let (sender, payer) = machine();
    tell(&Stage {
        sender: &sender,
        payer: &payer,
        wait: &|seconds| sender.warp(seconds),
    });
    assert!(Replay::of(&sender.history()).is_ok());
}

#[test]
fn the_story_holds_without_signature_checks() {
    let mut svm = LiteSVM::new().with_sigverify(false);
    svm.add_program_from_file(upside_client::upside::ID, program()).unwrap();
    let (sender, payer) = stocked(LiteSvmSender::new(svm));
    tell(&Stage {
        sender: &sender,
        payer: &payer,
        wait: &|seconds| sender.warp(seconds),
    });
}

#[test]
fn curated_shares_go_to_approved_holders_only() {
    let (sender, payer) = machine();
    let (issuer, holder) = (Keypair::new(), Keypair::new().pubkey());
    let creation = create(payer.pubkey(), issuer.pubkey(), TransferPolicy::Curated);
    let keys = creation.keys();
    sender.send(&[creation.instruction()], &payer, &[&issuer]).unwrap();
    let transfer = TransferShares {
        keys: &keys,
        payer: payer.pubkey(),
        from: issuer.pubkey(),
        to: holder,
        amount: 1,
    }
    .instruction();
    assert!(sender
        .send(std::slice::from_ref(&transfer), &payer, &[&issuer])
        .is_err());
    let approve = ApproveHolder {
        keys: &keys,
        payer: payer.pubkey(),
        issuer: issuer.pubkey(),
        holder,
    }
    .instruction();
    sender
        .send(&[approve.clone(), transfer.clone()], &payer, &[&issuer])
        .unwrap();
    let approvals = accounts::approvals_of(&sender, &keys.security).unwrap();
    assert_eq!(approvals.len(), 1);
    assert_eq!(approvals[0].0, keys.approval(&holder));
    let replay = || {
        Replay::of(&history_of(&sender, &keys.security).unwrap())
            .unwrap()
            .differences(&sender)
            .unwrap()
    };
    assert_eq!(replay(), Vec::<String>::new());
    let error = sender.send(&[approve], &payer, &[&issuer]).unwrap_err();
    assert!(error.is(UpsideError::AlreadyApproved), "{error}");

    let remove = RemoveApproval {
        keys: &keys,
        issuer: issuer.pubkey(),
        holder,
        rent_payer: payer.pubkey(),
    }
    .instruction();
    sender.send(&[remove], &payer, &[&issuer]).unwrap();
    assert!(sender.send(&[transfer], &payer, &[&issuer]).is_err());
    assert_eq!(replay(), Vec::<String>::new());
}

#[test]
fn a_missing_signer_is_told_before_anything_is_sent() {
    let (sender, payer) = machine();
    let creation = create(payer.pubkey(), Pubkey::new_unique(), TransferPolicy::Open);
    let error = sender.send(&[creation.instruction()], &payer, &[]).unwrap_err();
    assert!(matches!(error, ClientError::Signing(_)), "{error}");
}

#[test]
fn a_security_that_does_not_exist_is_missing_and_another_account_is_malformed() {
    let (sender, payer) = machine();
    let nowhere = Pubkey::new_unique();
    assert!(matches!(
        accounts::get_security(&sender, &nowhere),
        Err(ClientError::Missing { .. })
    ));
    // Somebody sending lamports to an address does not make it exist.
    assert!(matches!(
        accounts::get_security(&sender, &payer.pubkey()),
        Err(ClientError::Missing { .. })
    ));
    let mint = keys::payout_mint().pubkey();
    assert!(matches!(
        accounts::get_security(&sender, &mint),
        Err(ClientError::Malformed { .. })
    ));
    assert!(matches!(
        accounts::get_mint(&sender, &payer.pubkey()),
        Err(ClientError::Malformed { .. })
    ));
}

#[test]
fn equities_are_read_with_their_extensions() {
    let (sender, _) = machine();
    for equity in EQUITIES {
        let mint = accounts::get_mint(&sender, &keys::equity_mint(equity.symbol).pubkey()).unwrap();
        assert_eq!(mint.decimals, equity.decimals);
        assert_eq!(mint.frozen_by_default, equity.frozen_by_default(), "{}", equity.symbol);
        if let Some(metadata) = &mint.metadata {
            assert_eq!(metadata.symbol, equity.symbol);
        }
        if let Some(scaled) = mint.scaled_ui {
            assert_eq!(scaled.at(sender.now().unwrap()), equity.multiplier());
        } else {
            assert_eq!(equity.multiplier(), 1.0);
        }
    }
}

#[test]
fn a_token_program_can_no_longer_be_changed_and_a_mint_is_no_program() {
    let (sender, payer) = machine();
    let token = upside_client::upside::constants::TOKEN_PROGRAM_ID;
    assert_eq!(upgrade_authority(&sender, &token).unwrap(), UpgradeAuthority::GivenUp);
    let mint = keys::payout_mint().pubkey();
    assert!(matches!(
        upgrade_authority(&sender, &mint),
        Err(ClientError::Malformed { .. })
    ));
    assert!(matches!(
        upgrade_authority(&sender, &Pubkey::new_unique()),
        Err(ClientError::Missing { .. })
    ));
    assert!(matches!(
        upgrade_authority(&sender, &payer.pubkey()),
        Err(ClientError::Malformed { .. })
    ));
}

#[test]
fn a_claim_pays_exactly_what_was_quoted_whenever_it_comes() {
    let (sender, payer) = machine();
    let (issuer, holder, funder) = (Keypair::new(), Keypair::new().pubkey(), Keypair::new());
    let creation = create(payer.pubkey(), issuer.pubkey(), TransferPolicy::Open);
    let keys = creation.keys();
    let transfer = TransferShares {
        keys: &keys,
        payer: payer.pubkey(),
        from: issuer.pubkey(),
        to: holder,
        amount: 123_456_789,
    };
    sender
        .send(&[creation.instruction(), transfer.instruction()], &payer, &[&issuer])
        .unwrap();
    let stage = Stage {
        sender: &sender,
        payer: &payer,
        wait: &|seconds| sender.warp(seconds),
    };
    let authority = upside_lookalike_mints::keys::payout_authority();
    give(&stage, &payout(), &authority, &funder.pubkey(), u64::MAX / 2);
    let mut paid = 0;
    for round in 0u64..60 {
        if round % 3 == 0 {
            let amount = 1 + round * round * 777_777_777;
            sender
                .send(
                    &[Distribute::from_ata(&keys, funder.pubkey(), amount).instruction()],
                    &payer,
                    &[&funder],
                )
                .unwrap();
        }
        sender.warp(i64::try_from(round * 7_919 % 200_000).unwrap());
        let security = accounts::get_security(&sender, &keys.security).unwrap();
        let position = accounts::find_position(&sender, &keys.security, &holder)
            .unwrap()
            .unwrap();
        let owed = quote::position(&security, &position, sender.now().unwrap()).unwrap();
        let claim = transactions::claim_for(&keys, &payer.pubkey(), &position);
        match sender.send(&claim, &payer, &[]) {
            Ok(_) => {
                paid += owed.claimable_atoms;
                let after = accounts::find_position(&sender, &keys.security, &holder)
                    .unwrap()
                    .unwrap();
                assert_eq!(after.accrued_x64.get(), owed.fraction_x64);
                assert_eq!(after.claimed_total_atoms, paid);
            }
            Err(error) => {
                assert!(error.is(UpsideError::NothingToClaim), "{error}");
                assert_eq!(owed.claimable_atoms, 0);
            }
        }
        assert_eq!(
            accounts::token_balance(&sender, &keys.payout_account(&holder)).unwrap(),
            paid
        );
    }
    assert!(paid > 0);
}
