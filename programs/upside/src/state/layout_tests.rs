//! Layouts are an interface: filters, explorers and other programs read at these offsets.

use core::mem::offset_of;

use anchor_lang::{prelude::*, Discriminator};
use bytemuck::Zeroable;
use sha2::{Digest, Sha256};

use super::*;

const HEADER: usize = 8;

#[test]
fn keys_that_are_filtered_on_stay_where_they_are() {
    assert_eq!(HEADER + offset_of!(Security, kind), 12);
    assert_eq!(HEADER + offset_of!(Security, mint), 16);
    assert_eq!(HEADER + offset_of!(Security, issuer), 48);
    assert_eq!(HEADER + offset_of!(Security, pending_issuer), 80);
    assert_eq!(HEADER + offset_of!(Security, payout_mint), 112);
    assert_eq!(HEADER + offset_of!(Position, security), 16);
    assert_eq!(HEADER + offset_of!(Position, holder), 48);
    assert_eq!(HEADER + offset_of!(Vault, security), 16);
    assert_eq!(HEADER + offset_of!(Vault, asset_mint), 48);
    assert_eq!(HEADER + offset_of!(Redemption, security), 16);
    assert_eq!(HEADER + offset_of!(Redemption, holder), 48);
    assert_eq!(HEADER + offset_of!(Grant, security), 16);
    assert_eq!(HEADER + offset_of!(Grant, recipient), 48);
    assert_eq!(HEADER + offset_of!(Grant, approver), 80);
    assert_eq!(HEADER + offset_of!(Round, security), 16);
    assert_eq!(HEADER + offset_of!(Subscription, round), 16);
    assert_eq!(HEADER + offset_of!(Subscription, investor), 48);
    assert_eq!(HEADER + offset_of!(Collective, security), 16);
    assert_eq!(HEADER + offset_of!(Member, collective), 16);
    assert_eq!(HEADER + offset_of!(Member, member_security), 48);
    assert_eq!(HEADER + offset_of!(Member, wallet), 80);
    assert_eq!(HEADER + offset_of!(Approval, security), 16);
    assert_eq!(HEADER + offset_of!(Approval, holder), 48);
}

#[test]
fn numbers_stay_where_they_are() {
    assert_eq!(HEADER + offset_of!(Security, authorised_atoms), 256);
    assert_eq!(HEADER + offset_of!(Security, stream_total_atoms), 320);
    assert_eq!(HEADER + offset_of!(Security, upside_per_share_x64), 360);
    assert_eq!(HEADER + offset_of!(Security, sequence), 408);
    assert_eq!(HEADER + offset_of!(Position, shares_atoms), 144);
    assert_eq!(HEADER + offset_of!(Position, checkpoint_x64), 152);
    assert_eq!(HEADER + offset_of!(Position, accrued_x64), 168);
    assert_eq!(HEADER + offset_of!(Position, sequence), 192);
    assert_eq!(HEADER + offset_of!(Vault, collected_total_atoms), 112);
    assert_eq!(HEADER + offset_of!(Redemption, id), 112);
    assert_eq!(HEADER + offset_of!(Redemption, collected), 152);
}

#[test]
fn sizes_stay_what_they_are() {
    assert_eq!(
        [
            Security::SPACE,
            Position::SPACE,
            Vault::SPACE,
            Redemption::SPACE,
            Grant::SPACE,
            Round::SPACE,
            Subscription::SPACE,
            Approval::SPACE,
            Collective::SPACE,
            Member::SPACE
        ],
        [552, 224, 208, 184, 264, 328, 208, 136, 152, 256]
    );
}

#[test]
fn discriminators_are_those_of_the_account_names() {
    for (name, discriminator) in [
        ("Security", Security::DISCRIMINATOR),
        ("Position", Position::DISCRIMINATOR),
        ("Vault", Vault::DISCRIMINATOR),
        ("Redemption", Redemption::DISCRIMINATOR),
        ("Grant", Grant::DISCRIMINATOR),
        ("Round", Round::DISCRIMINATOR),
        ("Subscription", Subscription::DISCRIMINATOR),
        ("Approval", Approval::DISCRIMINATOR),
        ("Collective", Collective::DISCRIMINATOR),
        ("Member", Member::DISCRIMINATOR),
    ] {
        assert_eq!(&Sha256::digest(format!("account:{name}"))[..8], discriminator, "{name}");
    }
}

#[test]
fn a_position_has_the_same_bytes_for_ever() {
    let mut position = Position::zeroed();
    position.version = 1;
    position.bump = 254;
    position.registered_bump = 253;
    position.security = Pubkey::new_from_array([1; 32]);
    position.holder = Pubkey::new_from_array([2; 32]);
    position.payout_account = Pubkey::new_from_array([3; 32]);
    position.rent_payer = Pubkey::new_from_array([4; 32]);
    position.shares_atoms = 0x0102_0304_0506_0708;
    position.checkpoint_x64 = (5 << 64 | 6).into();
    position.accrued_x64 = (7 << 64 | 8).into();
    position.claimed_total_atoms = 9;
    position.sequence = 10;
    let mut golden = vec![1, 254, 253, 0, 0, 0, 0, 0];
    for key in 1..=4 {
        golden.extend([key; 32]);
    }
    golden.extend([8, 7, 6, 5, 4, 3, 2, 1]);
    for word in [6_u64, 5, 8, 7, 9, 10, 0, 0, 0] {
        golden.extend(word.to_le_bytes());
    }
    assert_eq!(bytemuck::bytes_of(&position), golden);
}

#[test]
fn two_words_are_a_little_endian_u128() {
    for value in [0, 1, u128::from(u64::MAX), 1 << 64, u128::MAX, u128::MAX / 3] {
        let words = X64::from(value);
        assert_eq!(words.get(), value);
        assert_eq!(bytemuck::bytes_of(&words), value.to_le_bytes());
    }
}
