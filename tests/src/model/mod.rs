//! The reference model: what the protocol says, in exact arithmetic, written from the protocol and not from the program.
//!
//! Nothing here is shared with the program, its `math` crate or the client: amounts are big integers, fixed point is a rational number
//! whose denominator is a power of two, and the accumulator never wraps. A [`Security`] has one method per instruction. Each takes what the
//! instruction decides about, and facts about accounts that are outside the protocol (may this token account receive? is that one
//! guarded?), and answers what changes or the [`Refusal`].
//!
//! A method may leave a half-made change behind when it refuses: apply it to a clone, as a transaction does.

mod accrual;
mod collective;
mod grant;
mod layers;
mod redemption;
mod round;
mod security;

pub use accrual::{fraction_unit, Accrual};
pub use collective::{Application, Collective, Rule, Seen};
pub use grant::{Grant, GrantTerms};
pub use layers::{OtherMoney, ShareVault};
pub use redemption::{Collected, Collection, Ticket};
pub use round::{Purse, Release, Round, RoundStatus, RoundTerms, Subscription};
pub use security::{Deposit, Destination, Position, Security, Terms, Vault};

/// A wallet, by its number among the wallets of a test.
pub type Wallet = usize;
/// A holder: a wallet, or another security's vault for the shares, by its number in a test, wallets first.
pub type Holder = usize;
/// An asset, by its number among the assets of a test.
pub type Asset = usize;
/// A ticket: its holder, and the number that the holder gave it.
pub type TicketId = (Wallet, u64);
/// A grant: its recipient, and the number that the issuer gave it.
pub type GrantId = (Wallet, u64);

/// Why an instruction must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// A term is outside its range.
    Terms,
    /// The address is taken: a security, a vault or an approval that exists.
    Exists,
    /// Somebody signed who may not do this.
    NotAllowed,
    /// `issued + reserved + new` would exceed `authorised`.
    AboveAuthorised,
    /// `retire` would leave less than it must.
    BelowRetireBound,
    /// Somebody else holds a share.
    OthersHoldShares,
    /// The amount is zero, or nothing would change.
    Nothing,
    /// More is asked for than is there.
    NotEnough,
    /// Sender and receiver are one.
    Same,
    /// Curated shares have no bearer form; open ones have no approvals.
    Policy,
    /// The receiver of curated shares is not approved.
    NotApproved,
    /// There is no such position, vault or approval.
    Missing,
    /// The clock was set back behind the position's checkpoint.
    ClockBehindCheckpoint,
    /// The position still holds shares or is owed a whole atom.
    NotEmpty,
    /// A token account is missing, frozen, guarded, or somebody else's.
    BadAccount,
    /// The mint is not acceptable, or stopped by its issuer.
    BadMint,
    /// The new time is not earlier.
    NotEarlier,
    /// Redemption is not open yet, or never will be.
    RedemptionNotOpen,
    /// All indices of vaults are taken.
    TooManyVaults,
    /// The vault was opened after the ticket.
    OutOfReach,
    /// The ticket has collected there.
    CollectedAlready,
    /// The ticket has something left to collect.
    NotAllCollected,
    /// Less would arrive than the holder demands.
    TooLittle,
    /// Others hold shares or wait for some, and it would start before the notice is over.
    NoticeTooShort,
    /// The time until which it could be done is over.
    TooLate,
    /// The time from which on it can be done has not come.
    TooEarly,
    /// The round takes no subscriptions now.
    NotTaking,
    /// More is wanted than may be.
    TooMuch,
}

/// A deliberate error in the model: the suite must notice that the program does not make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Pays claims rounded up.
    CeilPayout,
    /// Shares upside out to bearer shares too.
    AccrueToBearer,
    /// Drops what a division of the accumulator leaves.
    LoseRemainder,
    /// Lets the receiver of a transfer earn what the shares earned before.
    ReceiverEarnsThePast,
    /// Draws the stream's new end without weighing what was on its way.
    ForgetOldEnd,
    /// Lets money drip while nobody is registered.
    DripToNobody,
    /// Forgets the fraction of an atom that a closed position gives back.
    KeepFraction,
    /// Lets the issuer issue while others hold shares.
    IssueAnyTime,
    /// Retires capacity that was issued already.
    RetireTooMuch,
    /// Sends curated shares to holders who are not approved.
    IgnoreApproval,
    /// Counts what was sent to a vault, not what arrived.
    CountSent,
    /// Divides a vault without the capacity that was not issued yet.
    ForgetUnissued,
    /// Divides a vault without the shares of open tickets.
    ForgetOpenTickets,
    /// Rounds the part of a vault up.
    CeilPart,
    /// Lets tickets collect from vaults that were opened later.
    LaterVaultInReach,
    /// Opens a vault as if nothing had been redeemed before.
    LaterVaultFromZero,
    /// Lets a ticket earn upside.
    TicketEarns,
    /// Lets a ticket collect twice.
    CollectTwice,
    /// Forgets that a ticket has collected when it divides for the next.
    ForgetCollected,
    /// Redeems before redemption is open.
    RedeemAnyTime,
    /// Closes tickets that have something left.
    CloseEarly,
    /// Lets redeemed capacity be issued again.
    ReuseCapacity,
    /// Takes what left the vault for what arrived.
    CountPaid,
    /// Vests a milestone that nobody approved.
    VestUnapproved,
    /// Vests before the cliff.
    IgnoreCliff,
    /// Vests rounded up.
    CeilVested,
    /// Lets what dilutes others start without notice.
    StartAtOnce,
    /// Approves a milestone after its deadline.
    ApproveLate,
    /// Revokes what has vested and was not claimed, too.
    RevokeVested,
    /// Keeps what a revoked grant frees reserved.
    KeepRevokedReserve,
    /// Keeps what a milestone that lapsed frees reserved.
    KeepLapsedReserve,
    /// Sells rounded down.
    FloorCost,
    /// Allocates rounded up.
    CeilAllocation,
    /// Makes the part of the money that becomes backing rounded up.
    CeilBacking,
    /// Releases the runway at once.
    ReleaseAtOnce,
    /// Lets invited investors want more than their cap.
    IgnoreCap,
    /// Lets investors lower or withdraw what binds.
    LowerLate,
    /// Lets the issuer cancel a round that binds.
    CancelLate,
    /// Lets a round succeed below its minimum.
    IgnoreMinimum,
    /// Keeps what a round did not sell reserved.
    KeepUnsold,
    /// Keeps the refund of an oversubscription.
    KeepRefund,
    /// Pays a refund to an account that cannot receive.
    RefundBlindly,
    /// Keeps what rounding left of an allocation reserved.
    KeepDust,
    /// Lets the issuer issue while shares are reserved.
    IssueOverPromises,
    /// Retires capacity that is reserved.
    RetirePromises,
    /// Lets a vault earn what deposited shares had earned before.
    DepositBringsThePast,
    /// Lets no curated shares into a vault.
    WantApprovalOfVaults,
    /// Opens no vault for the money that held shares earn.
    OneVaultForShares,
    /// Lets a vault earn for bearer shares from before they were registered.
    RegisterWithThePast,
    /// Harvests rounded up.
    CeilHarvest,
    /// Harvests without the drip.
    HarvestAtOnce,
    /// Harvests other money onto the stream.
    HarvestOntoAnyStream,
    /// Forgets that a harvest entered a vault.
    ForgetHarvested,
    /// Lets a ticket collect curated shares for a holder who is not approved.
    CollectUnapproved,
    /// Lets a ticket take what the shares that it collects have earned.
    TicketTakesEarnings,
    /// Pays tickets in bearer shares.
    CollectAsBearer,
    /// Divides bearer shares that a vault has not registered, too.
    CountUnregistered,
    /// Takes a contribution rounded down.
    FloorContribution,
    /// Lets securities apply that pay out other money.
    ApplyForOtherMoney,
    /// Leaves an application to who made it, whoever is the issuer now.
    OnlyApplicantWithdraws,
    /// Takes consent to an application for consent to any.
    AdmitUnseen,
    /// Keeps consent that was taken back.
    KeepConsent,
    /// Lets a security join without consent.
    JoinUnadmitted,
    /// Lets a security join before the notice is over.
    JoinAtOnce,
    /// Lets a security join when consent has expired.
    JoinLate,
    /// Lets a security join twice.
    JoinTwice,
    /// Lets who applied join for a security that has another issuer now.
    JoinAfterHandover,
    /// Takes what the application said, whatever the member retired since.
    JoinOnOldTerms,
    /// Wants the notice of a grant from who joins.
    JoinWithNotice,
    /// Forgets to count a member.
    ForgetMember,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 70] = [
        Self::CeilPayout,
        Self::AccrueToBearer,
        Self::LoseRemainder,
        Self::ReceiverEarnsThePast,
        Self::ForgetOldEnd,
        Self::DripToNobody,
        Self::KeepFraction,
        Self::IssueAnyTime,
        Self::RetireTooMuch,
        Self::IgnoreApproval,
        Self::CountSent,
        Self::ForgetUnissued,
        Self::ForgetOpenTickets,
        Self::CeilPart,
        Self::LaterVaultInReach,
        Self::LaterVaultFromZero,
        Self::TicketEarns,
        Self::CollectTwice,
        Self::ForgetCollected,
        Self::RedeemAnyTime,
        Self::CloseEarly,
        Self::ReuseCapacity,
        Self::CountPaid,
        Self::VestUnapproved,
        Self::IgnoreCliff,
        Self::CeilVested,
        Self::StartAtOnce,
        Self::ApproveLate,
        Self::RevokeVested,
        Self::KeepRevokedReserve,
        Self::KeepLapsedReserve,
        Self::FloorCost,
        Self::CeilAllocation,
        Self::CeilBacking,
        Self::ReleaseAtOnce,
        Self::IgnoreCap,
        Self::LowerLate,
        Self::CancelLate,
        Self::IgnoreMinimum,
        Self::KeepUnsold,
        Self::KeepRefund,
        Self::RefundBlindly,
        Self::KeepDust,
        Self::IssueOverPromises,
        Self::RetirePromises,
        Self::DepositBringsThePast,
        Self::WantApprovalOfVaults,
        Self::OneVaultForShares,
        Self::RegisterWithThePast,
        Self::CeilHarvest,
        Self::HarvestAtOnce,
        Self::HarvestOntoAnyStream,
        Self::ForgetHarvested,
        Self::CollectUnapproved,
        Self::TicketTakesEarnings,
        Self::CollectAsBearer,
        Self::CountUnregistered,
        Self::FloorContribution,
        Self::ApplyForOtherMoney,
        Self::OnlyApplicantWithdraws,
        Self::AdmitUnseen,
        Self::KeepConsent,
        Self::JoinUnadmitted,
        Self::JoinAtOnce,
        Self::JoinLate,
        Self::JoinTwice,
        Self::JoinAfterHandover,
        Self::JoinOnOldTerms,
        Self::JoinWithNotice,
        Self::ForgetMember,
    ];
}
