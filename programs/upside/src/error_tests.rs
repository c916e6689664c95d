//! Error numbers are an interface: clients and explorers know them.

use anchor_lang::error::ERROR_CODE_OFFSET;

use crate::error::UpsideError;

/// Every error and its number, ascending. Only ever appended to within a block.
const NUMBERS: &[(UpsideError, u32)] = &[
    (UpsideError::NotIssuer, 0),
    (UpsideError::UnknownKind, 1),
    (UpsideError::PersonIndexNotZero, 2),
    (UpsideError::UnknownPolicy, 3),
    (UpsideError::TooManyDecimals, 4),
    (UpsideError::DripOutOfRange, 5),
    (UpsideError::NoticeOutOfRange, 6),
    (UpsideError::AuthorisedTooSmall, 7),
    (UpsideError::AboveAuthorised, 8),
    (UpsideError::BelowRetireBound, 9),
    (UpsideError::BadName, 10),
    (UpsideError::BadSymbol, 11),
    (UpsideError::BadUri, 12),
    (UpsideError::OthersHoldShares, 13),
    (UpsideError::RedemptionNotEarlier, 14),
    (UpsideError::NotPendingIssuer, 15),
    (UpsideError::BadPendingIssuer, 16),
    (UpsideError::NothingToUpdate, 17),
    (UpsideError::WrongSecurityAccount, 18),
    (UpsideError::HolderNotApproved, 19),
    (UpsideError::NotCurated, 20),
    (UpsideError::AlreadyApproved, 21),
    (UpsideError::NoticeTooShort, 22),
    (UpsideError::ZeroAmount, 100),
    (UpsideError::NotEnoughShares, 101),
    (UpsideError::SameAccount, 102),
    (UpsideError::CuratedHasNoBearer, 103),
    (UpsideError::NotAHolder, 104),
    (UpsideError::WrongPosition, 105),
    (UpsideError::WrongRegisteredAccount, 106),
    (UpsideError::RegisteredMismatch, 107),
    (UpsideError::WrongBearerAccount, 108),
    (UpsideError::PositionNotEmpty, 109),
    (UpsideError::WrongRentReceiver, 110),
    (UpsideError::PositionMissing, 111),
    (UpsideError::NothingToDistribute, 200),
    (UpsideError::NothingToClaim, 201),
    (UpsideError::WrongPayoutAccount, 202),
    (UpsideError::PayoutAccountNotHolders, 203),
    (UpsideError::WrongPayoutMint, 204),
    (UpsideError::HeldByVault, 205),
    (UpsideError::ClockBehindCheckpoint, 206),
    (UpsideError::BadSource, 207),
    (UpsideError::TooManyVaults, 300),
    (UpsideError::WrongVault, 301),
    (UpsideError::WrongVaultAccount, 302),
    (UpsideError::SelfHolding, 303),
    (UpsideError::VaultAccountFrozen, 304),
    (UpsideError::NothingArrived, 305),
    (UpsideError::ProtocolShares, 306),
    (UpsideError::VaultAlreadyOpen, 307),
    (UpsideError::NothingToHarvest, 308),
    (UpsideError::HarvestVaultMissing, 309),
    (UpsideError::WrongHarvestAccount, 310),
    (UpsideError::HeldSecurityMissing, 311),
    (UpsideError::NothingToRegister, 312),
    (UpsideError::RedemptionNotOpen, 400),
    (UpsideError::WrongRedemption, 401),
    (UpsideError::RedemptionExists, 402),
    (UpsideError::VaultOutOfReach, 403),
    (UpsideError::AlreadyCollected, 404),
    (UpsideError::NotAllCollected, 405),
    (UpsideError::BadReceiver, 406),
    (UpsideError::TooLittleArrived, 407),
    (UpsideError::BadSchedule, 500),
    (UpsideError::BadDeadline, 501),
    (UpsideError::GrantExists, 502),
    (UpsideError::WrongGrant, 503),
    (UpsideError::NotApprover, 504),
    (UpsideError::NothingVested, 505),
    (UpsideError::NotRevocable, 506),
    (UpsideError::GrantRevoked, 507),
    (UpsideError::NothingToRevoke, 508),
    (UpsideError::NotAMilestone, 509),
    (UpsideError::MilestoneApproved, 510),
    (UpsideError::DeadlinePassed, 511),
    (UpsideError::GrantNotFinished, 512),
    (UpsideError::ForSaleTooSmall, 600),
    (UpsideError::PriceZero, 601),
    (UpsideError::MinimumAboveForSale, 602),
    (UpsideError::BadRoundTimes, 603),
    (UpsideError::RunwayOutOfRange, 604),
    (UpsideError::BackingAboveOne, 605),
    (UpsideError::BackingVaultMissing, 606),
    (UpsideError::RoundExists, 607),
    (UpsideError::WrongRound, 608),
    (UpsideError::WrongRoundAccount, 609),
    (UpsideError::WrongSubscription, 610),
    (UpsideError::RoundNotTaking, 611),
    (UpsideError::NotInvited, 612),
    (UpsideError::NotAnInvitedRound, 613),
    (UpsideError::AlreadyInvited, 614),
    (UpsideError::AboveCap, 615),
    (UpsideError::WantedOutOfRange, 616),
    (UpsideError::Committed, 617),
    (UpsideError::SubscriptionInUse, 618),
    (UpsideError::NothingWanted, 619),
    (UpsideError::TooLateToCancel, 620),
    (UpsideError::TooEarlyToClose, 621),
    (UpsideError::RoundNotDecided, 622),
    (UpsideError::AlreadySettled, 623),
    (UpsideError::NothingToRefund, 624),
    (UpsideError::WrongRefundAccount, 625),
    (UpsideError::NothingToRelease, 626),
    (UpsideError::WrongIssuerAccount, 627),
    (UpsideError::BadRefundReceiver, 628),
    (UpsideError::BadContribution, 700),
    (UpsideError::BadMemberVesting, 701),
    (UpsideError::CollectiveExists, 702),
    (UpsideError::WrongCollective, 703),
    (UpsideError::PayoutMintsDiffer, 704),
    (UpsideError::ApplicationExists, 705),
    (UpsideError::WrongMember, 706),
    (UpsideError::NotApplicant, 707),
    (UpsideError::AlreadyMember, 708),
    (UpsideError::ApplicationChanged, 709),
    (UpsideError::BadExpiry, 710),
    (UpsideError::NotAdmitted, 711),
    (UpsideError::AdmissionExpired, 712),
    (UpsideError::ContributionChanged, 713),
    (UpsideError::NotAMint, 800),
    (UpsideError::ExtensionRefused, 801),
    (UpsideError::HookSet, 802),
    (UpsideError::ClosableWithoutSupply, 803),
    (UpsideError::PayoutIsProtocolShare, 804),
    (UpsideError::WrongTokenProgram, 805),
    (UpsideError::Overflow, 900),
    (UpsideError::ZeroDenominator, 901),
    (UpsideError::InvariantBroken, 902),
];

#[test]
fn every_error_keeps_its_number() {
    for &(error, number) in NUMBERS {
        assert_eq!(u32::from(error), ERROR_CODE_OFFSET + number, "{error}");
    }
}

#[test]
fn numbers_are_unique_and_ascend() {
    assert!(NUMBERS.windows(2).all(|pair| pair[0].1 < pair[1].1));
}

#[test]
fn every_number_is_in_the_block_of_a_domain() {
    const BLOCKS: [u32; 10] = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900];
    for &(error, number) in NUMBERS {
        assert!(BLOCKS.contains(&(number / 100 * 100)), "{error}");
    }
}

#[test]
fn every_error_says_what_must_hold_in_its_own_words() {
    let mut texts: Vec<String> = NUMBERS.iter().map(|(error, _)| error.to_string()).collect();
    assert!(texts.iter().all(|text| text.len() > 10));
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), NUMBERS.len());
}
