//! Every way an instruction can refuse. Numbers are explicit, in blocks per domain, and only ever appended.
//!
//! On the wire a code is `6000` plus the number below.

use anchor_lang::prelude::*;
use upside_math::MathError;

// These stand in for the framework's macros of the same names. Those write name, message, file and line of the error into the instruction at
// every use, half a kilobyte each; these call one function. The error on the wire and in the log is the same, without file and line:
// every cause has a code of its own.

/// Refuses with `$error` unless `$holds`.
macro_rules! require {
    ($holds:expr, $error:expr $(,)?) => {
        if !$holds {
            return Err($crate::error::refuse($error));
        }
    };
}

/// Refuses with `$error` unless both keys are the same.
macro_rules! require_keys_eq {
    ($left:expr, $right:expr, $error:expr $(,)?) => {
        $crate::error::require!($left == $right, $error)
    };
}

/// Refuses with `$error` if both keys are the same.
macro_rules! require_keys_neq {
    ($left:expr, $right:expr, $error:expr $(,)?) => {
        $crate::error::require!($left != $right, $error)
    };
}

/// A refusal with this error.
macro_rules! err {
    ($error:expr $(,)?) => {
        Err($crate::error::refuse($error))
    };
}

pub(crate) use {err, require, require_keys_eq, require_keys_neq};

/// The framework's error for one of its codes or of ours.
#[cold]
#[inline(never)]
pub fn refuse(error: impl Into<Error>) -> Error {
    error.into()
}

/// Why an instruction was refused: one cause, one code; the message says what must hold.
#[error_code]
pub enum UpsideError {
    // 0: security
    /// The signer is not the issuer.
    #[msg("The signer must be the security's issuer")]
    NotIssuer = 0,
    /// The kind is unknown.
    #[msg("The kind must be 0 (expression), 1 (person) or 2 (collective)")]
    UnknownKind = 1,
    /// A person has one personal token, index 0.
    #[msg("A personal token must have index 0: one per wallet, ever")]
    PersonIndexNotZero = 2,
    /// The policy is unknown.
    #[msg("The transfer policy must be 0 (open) or 1 (curated)")]
    UnknownPolicy = 3,
    /// Too many decimals.
    #[msg("Decimals must be at most 9")]
    TooManyDecimals = 4,
    /// The drip is out of range.
    #[msg(
        "drip_seconds must be 3,600 or more for an open security, 0 or more for a curated one, and at most ten years"
    )]
    DripOutOfRange = 5,
    /// The notice is out of range.
    #[msg("notice_seconds must be from one day to ten years")]
    NoticeOutOfRange = 6,
    /// Authorised supply too small.
    #[msg("authorised must be at least 1,000,000 atoms")]
    AuthorisedTooSmall = 7,
    /// More shares than authorised.
    #[msg("issued, reserved and new shares together must not exceed authorised")]
    AboveAuthorised = 8,
    /// The retired amount reaches into shares that exist or are promised.
    #[msg("authorised must stay at least 1,000,000 atoms and cover issued and reserved shares")]
    BelowRetireBound = 9,
    /// Name, symbol or URI empty, too long or with control characters.
    #[msg("The name must have 1 to 64 bytes and no control characters")]
    BadName = 10,
    /// The symbol is empty, too long or has control characters.
    #[msg("The symbol must have 1 to 16 bytes and no control characters")]
    BadSymbol = 11,
    /// The URI is too long or has control characters or spaces.
    #[msg("The URI must have at most 200 bytes and no spaces or control characters")]
    BadUri = 12,
    /// Shares may only be issued outright while nobody else has any.
    #[msg("Shares may be issued only while the issuer holds every share and nothing is reserved")]
    OthersHoldShares = 13,
    /// The redemption date may only come earlier.
    #[msg("redeem_after may only be moved to an earlier time")]
    RedemptionNotEarlier = 14,
    /// The signer was not proposed as issuer.
    #[msg("The signer must be the proposed issuer")]
    NotPendingIssuer = 15,
    /// The proposed issuer is the present one.
    #[msg("The proposed issuer must be another than the present one")]
    BadPendingIssuer = 16,
    /// The new value equals the old one.
    #[msg("Something must change: the new metadata equals the present one")]
    NothingToUpdate = 17,
    /// The account is not the one the security records.
    #[msg("The account must be the one that the security records")]
    WrongSecurityAccount = 18,
    /// The holder is not approved.
    #[msg("A curated security's shares may only go to a holder approved by its issuer")]
    HolderNotApproved = 19,
    /// Approvals belong to curated securities.
    #[msg("Only a curated security has approvals")]
    NotCurated = 20,
    /// The holder is approved already.
    #[msg("The holder must not be approved already")]
    AlreadyApproved = 21,
    /// Others hold shares and would be surprised.
    #[msg("While others hold shares or a round has money in it, this must start at least notice_seconds from now")]
    NoticeTooShort = 22,

    // 100: shares
    /// Amount zero.
    #[msg("The amount must be above zero")]
    ZeroAmount = 100,
    /// Fewer shares than asked for.
    #[msg("The account must hold at least the amount")]
    NotEnoughShares = 101,
    /// The same account or holder on both sides.
    #[msg("Sender and receiver must be different accounts")]
    SameAccount = 102,
    /// Curated shares have no bearer form.
    #[msg("A curated security has no bearer shares")]
    CuratedHasNoBearer = 103,
    /// The holder cannot hold.
    #[msg("A holder must be a wallet or an existing account of another program")]
    NotAHolder = 104,
    /// The position is another's.
    #[msg("The position must belong to this security and this holder")]
    WrongPosition = 105,
    /// The registered account is another's.
    #[msg("The registered account must be the one derived from the position")]
    WrongRegisteredAccount = 106,
    /// After a move the registered account and the position disagree.
    #[msg("The registered account must be frozen and hold exactly the position's shares")]
    RegisteredMismatch = 107,
    /// The bearer account is not the holder's.
    #[msg("The bearer account must be a token account of this mint owned by the holder")]
    WrongBearerAccount = 108,
    /// The position is in use.
    #[msg("The position must hold no shares and be owed no whole atom")]
    PositionNotEmpty = 109,
    /// The rent goes to who paid it.
    #[msg("The rent must go to the account that paid it")]
    WrongRentReceiver = 110,
    /// The position does not exist.
    #[msg("The position must exist")]
    PositionMissing = 111,

    // 200: upside
    /// Nothing to distribute.
    #[msg("The amount and the inbox together must be above zero")]
    NothingToDistribute = 200,
    /// Nothing to claim.
    #[msg("The position must be owed at least one atom")]
    NothingToClaim = 201,
    /// The payout account is not where this claim may pay.
    #[msg("The payout account must be the one stored in the position, unless its holder signs")]
    WrongPayoutAccount = 202,
    /// The payout account is no longer the holder's.
    #[msg("The payout account must be an unfrozen token account of the payout mint owned by the holder")]
    PayoutAccountNotHolders = 203,
    /// The payout mint is wrong.
    #[msg("The payout mint must be the security's")]
    WrongPayoutMint = 204,
    /// A vault's position is harvested, not claimed.
    #[msg("A position held by a vault is harvested, not claimed")]
    HeldByVault = 205,
    /// The clock is behind the checkpoint.
    #[msg("The clock must not be behind the position's checkpoint")]
    ClockBehindCheckpoint = 206,
    /// The paying account cannot pay.
    #[msg(
        "The source must be an unfrozen token account of the right mint, other than the destination, with enough atoms"
    )]
    BadSource = 207,

    // 300: vault
    /// No vault index left.
    #[msg("A security must have at most 256 vaults")]
    TooManyVaults = 300,
    /// The vault is another's.
    #[msg("The vault must belong to this security and this asset mint")]
    WrongVault = 301,
    /// The vault's token account is another.
    #[msg("The vault's token account must be the one that the vault records")]
    WrongVaultAccount = 302,
    /// A security cannot hold itself.
    #[msg("A security must not hold its own shares")]
    SelfHolding = 303,
    /// The vault's token account is frozen.
    #[msg("The vault's token account must be thawed by the asset's issuer before anything can move")]
    VaultAccountFrozen = 304,
    /// Nothing arrived.
    #[msg("At least one atom must arrive in the vault")]
    NothingArrived = 305,
    /// Protocol shares have their own instructions.
    #[msg("Shares of a security enter a vault by deposit_shares and leave it by collect_shares")]
    ProtocolShares = 306,
    /// The vault exists.
    #[msg("The security must not have a vault for this asset yet")]
    VaultAlreadyOpen = 307,
    /// Nothing to harvest.
    #[msg("The shares in the vault must have earned at least one atom that was not harvested")]
    NothingToHarvest = 308,
    /// There is no vault for the money.
    #[msg("The vault of the money that the held shares earn must be open and named")]
    HarvestVaultMissing = 309,
    /// The harvest would go elsewhere.
    #[msg("A harvest must go to the payout vault of the security that holds, or to its vault of that money")]
    WrongHarvestAccount = 310,
    /// Shares without their security.
    #[msg("The security whose share is the asset must be named, with its payout mint and the vault for it")]
    HeldSecurityMissing = 311,
    /// No bearer shares.
    #[msg("At least one bearer share atom must lie in the vault's account")]
    NothingToRegister = 312,

    // 400: redemption
    /// Redemption is not open.
    #[msg("redeem_after must have come before shares are redeemed")]
    RedemptionNotOpen = 400,
    /// The ticket is another's.
    #[msg("The redemption must belong to this security and this holder")]
    WrongRedemption = 401,
    /// The id is in use.
    #[msg("The holder must not have a redemption with this id")]
    RedemptionExists = 402,
    /// The vault is younger than the ticket.
    #[msg("The vault must have been open when the shares were redeemed")]
    VaultOutOfReach = 403,
    /// Collected before.
    #[msg("The redemption must not have collected from this vault yet")]
    AlreadyCollected = 404,
    /// Vaults are left.
    #[msg("The redemption must have collected from every vault of its time")]
    NotAllCollected = 405,
    /// The receiving account cannot receive.
    #[msg("The receiver must be an unfrozen token account of the asset's mint, other than the vault's")]
    BadReceiver = 406,
    /// Less arrived than asked for.
    #[msg("At least the atoms that the holder asked for must arrive")]
    TooLittleArrived = 407,

    // 500: grant
    /// The schedule contradicts itself.
    #[msg("A schedule must start before or at its cliff, and its cliff must come before or at its end")]
    BadSchedule = 500,
    /// The deadline does not fit.
    #[msg("A milestone must have a deadline in the future; a grant without an approver must have none")]
    BadDeadline = 501,
    /// The id is in use.
    #[msg("The recipient must not have a grant of this security with this id")]
    GrantExists = 502,
    /// The grant is another's.
    #[msg("The grant must belong to this security and this recipient")]
    WrongGrant = 503,
    /// The signer is not the approver.
    #[msg("The signer must be the approver that the grant names")]
    NotApprover = 504,
    /// Nothing to claim.
    #[msg("At least one share atom must have vested and not been claimed")]
    NothingVested = 505,
    /// The grant is not revocable.
    #[msg("The grant must have been made revocable")]
    NotRevocable = 506,
    /// The grant was revoked.
    #[msg("The grant must not have been revoked")]
    GrantRevoked = 507,
    /// Everything has vested.
    #[msg("Something must not have vested yet")]
    NothingToRevoke = 508,
    /// Time alone decides.
    #[msg("The grant must name an approver")]
    NotAMilestone = 509,
    /// Approved before.
    #[msg("The milestone must not have been approved yet")]
    MilestoneApproved = 510,
    /// Too late.
    #[msg("The milestone must be approved before its deadline")]
    DeadlinePassed = 511,
    /// Something is still promised.
    #[msg("Everything must be claimed, or the deadline must have passed without an approval")]
    GrantNotFinished = 512,

    // 600: round
    /// Too little for sale.
    #[msg("At least 1,000,000 share atoms must be for sale")]
    ForSaleTooSmall = 600,
    /// The price is zero.
    #[msg("The price must be above zero")]
    PriceZero = 601,
    /// The minimum is out of reach.
    #[msg("The minimum must not exceed what is for sale")]
    MinimumAboveForSale = 602,
    /// The times contradict themselves.
    #[msg("opens_ts <= commit_ts <= closes_ts must hold, closes_ts must be later than opens_ts and than now, and at most 90 days after commit_ts")]
    BadRoundTimes = 603,
    /// The runway is out of range.
    #[msg("The runway must have 0 seconds to ten years")]
    RunwayOutOfRange = 604,
    /// More than everything would become backing.
    #[msg("backing_bps must be at most 10,000")]
    BackingAboveOne = 605,
    /// There is no vault for the backing.
    #[msg("The vault of the payout mint must be open and named if a part becomes backing")]
    BackingVaultMissing = 606,
    /// The id is in use.
    #[msg("The security must not have a round with this id")]
    RoundExists = 607,
    /// The round is another's.
    #[msg("The round must belong to this security")]
    WrongRound = 608,
    /// The round's token account is another.
    #[msg("The round's token account must be the one that it records")]
    WrongRoundAccount = 609,
    /// The subscription is another's.
    #[msg("The subscription must belong to this round and this investor")]
    WrongSubscription = 610,
    /// The round takes no subscriptions now.
    #[msg("The round must be open: from opens_ts on, before closes_ts, not cancelled")]
    RoundNotTaking = 611,
    /// Nobody has invited this investor.
    #[msg("The investor must be invited to this round")]
    NotInvited = 612,
    /// The round is public.
    #[msg("The round must be one of invited investors")]
    NotAnInvitedRound = 613,
    /// Invited before.
    #[msg("The investor must not be invited already")]
    AlreadyInvited = 614,
    /// More than the cap.
    #[msg("No more may be wanted than the investor's cap")]
    AboveCap = 615,
    /// Nothing wanted, or more than there is.
    #[msg("The shares wanted must be above zero and at most what is for sale")]
    WantedOutOfRange = 616,
    /// Subscriptions bind.
    #[msg("Less may be wanted, and a subscription withdrawn, only before commit_ts")]
    Committed = 617,
    /// The subscription is in use.
    #[msg("An invitation must not be in use to be taken back: nothing may be wanted")]
    SubscriptionInUse = 618,
    /// Nothing is wanted.
    #[msg("The subscription must want something")]
    NothingWanted = 619,
    /// Investors rely on it.
    #[msg("A round may be cancelled only while it is undecided, before commit_ts")]
    TooLateToCancel = 620,
    /// It takes subscriptions still, or is decided.
    #[msg("A round may be closed only while it is undecided, from closes_ts on")]
    TooEarlyToClose = 621,
    /// Not decided.
    #[msg("The round must be closed or cancelled first")]
    RoundNotDecided = 622,
    /// Settled before.
    #[msg("The subscription must not be settled yet; what it is still owed is fetched with withdraw_refund")]
    AlreadySettled = 623,
    /// No refund is booked.
    #[msg("A refund must be booked: the subscription must be settled first")]
    NothingToRefund = 624,
    /// The refund account is another.
    #[msg("The refund account must be the one that the subscription records")]
    WrongRefundAccount = 625,
    /// Nothing is due that can be paid.
    #[msg("A part of the runway must be due whose account can receive it")]
    NothingToRelease = 626,
    /// The issuer's account is another.
    #[msg("The issuer's account must be their associated token account of the payout mint, unless they sign")]
    WrongIssuerAccount = 627,
    /// The account that money goes back to is no good.
    #[msg("The receiver must be an unfrozen token account of the payout mint that the investor owns, other than the round's")]
    BadRefundReceiver = 628,

    // 700: collective
    /// The part that members give is out of range.
    #[msg("contribution_bps must be from 1 to 10,000")]
    BadContribution = 700,
    /// The vesting of members contradicts itself.
    #[msg("The members' cliff must not come after the end of their vesting, and that at most ten years after joining")]
    BadMemberVesting = 701,
    /// The rule is fixed.
    #[msg("The security must not be a collective yet: its rule never changes")]
    CollectiveExists = 702,
    /// The collective is another's.
    #[msg("The collective must belong to this security")]
    WrongCollective = 703,
    /// Another money.
    #[msg("A member must pay out the same money as the collective")]
    PayoutMintsDiffer = 704,
    /// Applied before.
    #[msg("The security must have neither an application to this collective nor a membership")]
    ApplicationExists = 705,
    /// The application is another's.
    #[msg("The application must be of this security to this collective")]
    WrongMember = 706,
    /// Somebody else applied.
    #[msg("The signer must be the wallet that applied")]
    NotApplicant = 707,
    /// Joined before.
    #[msg("The security must not have joined yet")]
    AlreadyMember = 708,
    /// Not the application that was seen.
    #[msg("Consent must name the application as it is: its wallet, its shares and its time")]
    ApplicationChanged = 709,
    /// The consent could never be used.
    #[msg("Consent must expire later than now and than the end of the notice")]
    BadExpiry = 710,
    /// No consent.
    #[msg("The collective's issuer must consent to the application first")]
    NotAdmitted = 711,
    /// Too late.
    #[msg("The consent must not have expired")]
    AdmissionExpired = 712,
    /// Not what was consented to.
    #[msg("The member's authorised supply must be what it was when it applied")]
    ContributionChanged = 713,

    // 800: mint policy
    /// Not a mint.
    #[msg("The mint must be an initialised mint of SPL Token or Token-2022")]
    NotAMint = 800,
    /// The extension is refused.
    #[msg("The mint carries an extension that is not accepted; its type number is in the log")]
    ExtensionRefused = 801,
    /// A hook program is set.
    #[msg("The mint must have no transfer hook program set")]
    HookSet = 802,
    /// The mint can be closed and re-opened.
    #[msg("A mint that can be closed must have supply above zero")]
    ClosableWithoutSupply = 803,
    /// A protocol share pays nothing out.
    #[msg("The payout mint must not be a share of this program")]
    PayoutIsProtocolShare = 804,
    /// The token program is wrong.
    #[msg("The token program must be the one that owns the mint")]
    WrongTokenProgram = 805,

    // 900: arithmetic
    /// Overflow.
    #[msg("Every intermediate and final result must fit its type")]
    Overflow = 900,
    /// Division by zero.
    #[msg("A denominator must be above zero")]
    ZeroDenominator = 901,
    /// A broken invariant: a defect of the program.
    #[msg("The state must satisfy its invariants")]
    InvariantBroken = 902,
}

impl From<MathError> for UpsideError {
    fn from(e: MathError) -> Self {
        match e {
            MathError::Overflow => Self::Overflow,
            MathError::ZeroDenominator => Self::ZeroDenominator,
            MathError::ZeroAmount => Self::ZeroAmount,
            MathError::ClockBehindCheckpoint => Self::ClockBehindCheckpoint,
            MathError::AboveAuthorised => Self::AboveAuthorised,
            MathError::BelowRetireBound => Self::BelowRetireBound,
            MathError::NegativeDuration | MathError::StreamNotStarted | MathError::BpsAboveOne => Self::InvariantBroken,
        }
    }
}

/// Turns a calculation's refusal into the program's.
pub fn math<T>(result: core::result::Result<T, MathError>) -> Result<T> {
    result.map_err(|e| refuse(UpsideError::from(e)))
}
