//! What ends a command early: one sentence, what to do about it, and an exit code.

use serde_json::{json, Value};
use upside_client::{amount::AmountError, time::TimeError, upside::error::UpsideError, ClientError};

/// Result of a command.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command failed. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What was asked for cannot be done as written.
    Input = 1,
    /// A program or the cluster refused the transaction.
    Refused = 2,
    /// The RPC server failed, is slow, or contradicts itself.
    Network = 3,
    /// A key or the configuration cannot be used.
    Key = 4,
    /// Nobody agreed to what cannot be undone.
    Declined = 5,
    /// Live accounts differ from what their history says.
    Difference = 6,
}

/// The exit codes, for the help.
pub const EXIT_CODES: &str = "Exit codes:
  0  done
  1  the command or a value in it is wrong
  2  a program or the cluster refused the transaction; nothing changed
  3  the RPC server failed, or what happened is unknown
  4  a key or the configuration cannot be used
  5  not confirmed: nothing was sent
  6  `audit` or `replay` found a difference";

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Refused => "refused",
            Self::Network => "network",
            Self::Key => "key",
            Self::Declined => "declined",
            Self::Difference => "difference",
        }
    }
}

/// Why a command stopped, and what to do.
#[derive(Debug)]
pub struct Failure {
    /// Chooses the exit code.
    pub reason: Reason,
    /// One sentence.
    pub message: String,
    /// Everything that is wrong, when there is more than one thing.
    pub details: Vec<String>,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure without a remedy of its own.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            details: Vec::new(),
            remedy: None,
        }
    }

    /// Something in the command is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Reason::Input, message)
    }

    /// A key or the configuration cannot be used.
    pub fn key(message: impl Into<String>) -> Self {
        Self::new(Reason::Key, message)
    }

    /// Adds what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds everything that is wrong.
    #[must_use]
    pub fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The same failure with every text passed through `change`.
    #[must_use]
    pub fn map_text(self, change: impl Fn(&str) -> String) -> Self {
        Self {
            reason: self.reason,
            message: change(&self.message),
            details: self.details.iter().map(|detail| change(detail)).collect(),
            remedy: self.remedy.as_deref().map(change),
        }
    }

    /// For `--output json`.
    pub fn to_json(&self) -> Value {
        json!({ "error": {
            "code": self.reason as u8,
            "reason": self.reason.name(),
            "message": self.message,
            "details": self.details,
            "remedy": self.remedy,
        } })
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Program(failure) => Self {
                reason: Reason::Refused,
                message,
                details: Vec::new(),
                remedy: failure.upside.and_then(remedy_of).map(str::to_owned),
            },
            ClientError::Transaction { .. } => {
                Self::new(Reason::Refused, message).remedy("check that the fee payer has SOL on this cluster")
            }
            ClientError::Expired { .. } | ClientError::Unknown { .. } | ClientError::Rpc { .. } => {
                Self::new(Reason::Network, message)
            }
            ClientError::Replay(_) => Self::new(Reason::Network, message)
                .remedy("the server may have forgotten old transactions; use one that keeps the whole history"),
            ClientError::Signing(_) => Self::key(message),
            ClientError::Missing { .. }
            | ClientError::Malformed { .. }
            | ClientError::Arithmetic(_)
            | ClientError::LocalnetProgram { .. }
            | ClientError::TooLarge { .. }
            | ClientError::ProgramFile { .. } => Self::input(message),
        }
    }
}

impl From<AmountError> for Failure {
    fn from(error: AmountError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<TimeError> for Failure {
    fn from(error: TimeError) -> Self {
        Self::input(error.to_string())
    }
}

/// What to do when the program refuses for this reason.
fn remedy_of(error: UpsideError) -> Option<&'static str> {
    use UpsideError as E;
    Some(match error {
        E::NotIssuer => "sign with the issuer's key (-k), or name a multisig with --issuer and export with --base64; `upside token show` says who the issuer is",
        E::NotPendingIssuer => "the present issuer must first run `upside token handover propose`",
        E::BadPendingIssuer => "propose another address, or withdraw the proposal",
        E::AboveAuthorised => "issue less: `upside token show` says how much capacity is left, and it never grows",
        E::BelowRetireBound => "retire less: what is issued or promised, and at least one million atoms, must stay",
        E::OthersHoldShares => "new shares reach others by grants and rounds, with notice, once somebody else holds shares",
        E::RedemptionNotEarlier => "name an earlier time: redemption is never postponed",
        E::NothingToUpdate => "name at least one thing that differs from what the mint says",
        E::HolderNotApproved => "the issuer must first run `upside shares approve`",
        E::NotCurated => "approvals exist for curated securities only; anyone may receive an open one",
        E::AlreadyApproved => "nothing needs to be done: this holder may already receive",
        E::NotEnoughShares => "`upside shares list` says how many registered shares you hold; bearer ones must be registered first",
        E::SameAccount => "name another receiver",
        E::CuratedHasNoBearer => "curated shares stay registered; send them to an approved holder instead",
        E::NotAHolder => "name a wallet or a multisig: token accounts and accounts of this program cannot hold",
        E::PositionMissing => "this holder has never held shares of this security",
        E::NothingToDistribute => "name an amount, or send money to the inbox first",
        E::NothingToClaim => "wait: `upside upside status` says what has dripped and when more will",
        E::PayoutAccountNotHolders | E::WrongPayoutAccount => "the holder must claim with their own key, or name another payout account",
        E::BadSource => "the paying token account must hold the payout mint and belong to the signer",
        E::TooManyVaults => "deposit into one of the vaults that exist",
        E::VaultAlreadyOpen => "deposit into it: `upside vault list` shows it",
        E::WrongVault => "the issuer must first run `upside vault open` for this asset",
        E::SelfHolding => "choose another asset: a security cannot back itself",
        E::VaultAccountFrozen => "ask the asset's issuer to thaw the vault's token account; `upside vault list` shows its address",
        E::NothingArrived => "deposit more than the asset's transfer fee",
        E::ProtocolShares => "put shares of a security in with `upside vault deposit`, which knows them by their mint",
        E::HarvestVaultMissing => "the issuer must first run `upside vault open` for the money that these shares earn",
        E::HeldByVault => "what a vault earns is not claimed but harvested: `upside harvest`",
        E::HeldSecurityMissing => "the issuer must first run `upside vault open` for these shares",
        E::NothingToRegister => "shares that were deposited are registered already: `upside vault list` shows them",
        E::BadContribution => "let members give more than 0 and at most 100 percent, with --gives",
        E::BadMemberVesting => "let the cliff be no later than the end, and the end at most 10 years after joining",
        E::CollectiveExists => "nothing needs to be done: the rule is fixed for good, and `upside collective list` shows it",
        E::WrongCollective | E::WrongMember => "name the collective and the member as `upside collective list` shows them",
        E::ApplicationExists => "nothing needs to be done: `upside collective list` shows the application",
        E::NotApplicant => "sign with the key that applied: `upside collective list` shows it",
        E::AlreadyMember => "nothing needs to be done: a membership is for good",
        E::BadExpiry => "let the consent hold longer than the notice of the collective, with --until",
        E::PayoutMintsDiffer => "join a collective that pays out the same money",
        E::NotAdmitted | E::AdmissionExpired => "ask the collective's issuer to admit the application",
        E::ContributionChanged | E::ApplicationChanged => "withdraw the application and apply again",
        E::NothingToHarvest => "wait until more has dripped: what the shares have earned so far is harvested",
        E::RedemptionNotOpen => "`upside token show` says from when on shares can be redeemed",
        E::RedemptionExists => "go on with the ticket that is open: `upside redeem collect`",
        E::AlreadyCollected | E::VaultOutOfReach => "`upside redeem status` says what the ticket has left to collect",
        E::NotAllCollected => "collect the rest first: `upside redeem collect`",
        E::BadReceiver => "name an account of the asset that exists and is not frozen, with --to",
        E::TooLittleArrived => "look at `upside redeem quote` again; a larger --tolerance accepts less",
        E::NoticeTooShort => "start later: `upside token show` says how much notice this security gives, and the earliest start it allows today",
        E::BadSchedule => "order the times: start, then cliff, then end; they may be equal",
        E::BadDeadline => "give a milestone a deadline in the future, and a grant without an approver none",
        E::GrantExists => "choose another --id: `upside grant list` shows the ids that this recipient has",
        E::WrongGrant => "name the recipient and the id as `upside grant list` shows them",
        E::NotApprover => "sign with the key that the grant names as approver: `upside grant list` shows it",
        E::NothingVested => "wait: `upside grant list` says what has vested and when the next part does",
        E::NotRevocable => "nothing can be done: this grant was made so that nobody can ever revoke it",
        E::GrantRevoked => "nothing needs to be done: the grant was revoked before, and what had vested stays the recipient's",
        E::NothingToRevoke => "nothing is left to revoke: everything has vested and is the recipient's",
        E::NotAMilestone => "nothing needs to be approved: time alone decides this grant",
        E::MilestoneApproved => "nothing needs to be done: the milestone was approved before, and the schedule applies",
        E::DeadlinePassed => "it is too late: anybody can close the grant with `upside grant close`; the issuer can make a new one",
        E::GrantNotFinished => "claim what is left first with `upside grant claim`, or wait until the deadline has passed without an approval",
        E::ForSaleTooSmall => "sell more: at least one million atoms",
        E::PriceZero => "name a price above zero, for one whole share",
        E::MinimumAboveForSale => "lower the minimum, or sell more",
        E::BadRoundTimes => "order the times: it opens, then binds, then closes, in the future, and binds for at most 90 days",
        E::RunwayOutOfRange => "name a runway of at most ten years",
        E::BackingAboveOne => "name at most 100 percent as backing",
        E::BackingVaultMissing => "the issuer must first run `upside vault open` for the payout mint",
        E::RoundExists => "choose another --id: `upside round list` shows the ids that are taken",
        E::WrongRound | E::WrongRoundAccount => "name the round's id as `upside round list` shows it, with the mint of its own security",
        E::WrongSubscription => "name the round and the investor as `upside round show` shows them",
        E::RoundNotTaking => "`upside round show` says when the round is open; one that is over or cancelled never opens again",
        E::NotInvited => "ask the issuer to run `upside round invite` for this wallet",
        E::NotAnInvitedRound => "anybody may subscribe to a public round: nobody needs an invitation",
        E::AlreadyInvited => "to change the cap, run `upside round uninvite` while nothing is wanted, and invite again",
        E::AboveCap => "want at most what the invitation allows: `upside round show` says how much",
        E::WantedOutOfRange => "want more than nothing, and at most what is for sale",
        E::Committed => "more can still be wanted; what does not become shares comes back when the round is settled",
        E::SubscriptionInUse => "only the investor can withdraw what they want; the issuer can cancel the round before subscriptions bind",
        E::NothingWanted => "nothing needs to be done: this subscription wants nothing",
        E::TooLateToCancel => "let the round come to its end: from its commit time on investors rely on it",
        E::TooEarlyToClose => "wait for the round's end, which `upside round show` counts down to; one that is decided needs no close",
        E::RoundNotDecided => "close it first, anybody can: `upside round close`",
        E::AlreadySettled => "nothing needs to be settled; a refund that waits is fetched with `upside round refund`",
        E::NothingToRefund => "settle first, anybody can: `upside round settle`",
        E::WrongRefundAccount => "run the command again: the investor has just named another account",
        E::NothingToRelease => "wait: `upside round show` says what is due of the runway; an account that cannot receive is not paid",
        E::WrongIssuerAccount => "leave --to away, or sign as the issuer",
        E::BadRefundReceiver => "name an unfrozen account of yours for the payout mint with --to",
        E::ExtensionRefused | E::HookSet => "choose another asset: this one's mint could block or empty accounts in ways that the program does not accept",
        E::ClosableWithoutSupply => "the mint must have a supply before it is used",
        E::PayoutIsProtocolShare => "choose money as the payout mint: shares belong in vaults",
        E::WrongPayoutMint => "use the payout mint that `upside token show` names",
        E::ClockBehindCheckpoint => "the server's clock is behind; try again in a moment",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use upside_client::error::UPSIDE_ERRORS;

    use super::*;

    #[test]
    fn every_error_of_grants_and_rounds_says_what_to_do() {
        let blocks = 6500..6700;
        let some = UPSIDE_ERRORS
            .iter()
            .filter(|error| blocks.contains(&u32::from(**error)));
        assert!(some.clone().count() > 40);
        for error in some {
            assert!(remedy_of(*error).is_some(), "{}", error.name());
        }
    }
}
