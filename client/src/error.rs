//! What can go wrong, and what to do about it.

use std::fmt;

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::error::TokenError;
use solana_transaction_v3::{InstructionError, Signature, SignerError, TransactionError};
use upside::{
    constants::{ASSOCIATED_TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    error::UpsideError,
};

/// Result of this crate.
pub type Result<T, E = ClientError> = std::result::Result<T, E>;

/// Anything that this crate can refuse or fail to do.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A program refused the transaction. Nothing changed but the fee, if it was sent at all.
    #[error("{0}")]
    Program(Box<ProgramFailure>),
    /// The cluster refused the transaction before any program ran.
    #[error("the transaction was refused: {reason}")]
    Transaction {
        /// The cluster's reason.
        reason: TransactionError,
        /// Logs, if any.
        logs: Vec<String>,
    },
    /// The transaction was sent, again and again, and did not land before its blockhash expired. It can no longer land; signing anew is
    /// safe once `signature` is known not to exist.
    #[error("transaction {signature} did not land before block {last_valid_block_height}; look the signature up, then decide whether to sign again")]
    Expired {
        /// The signature that was sent.
        signature: Signature,
        /// The last block it could land in.
        last_valid_block_height: u64,
    },
    /// The transaction was sent, and the cluster then stopped answering: whether it landed is unknown.
    #[error("transaction {signature} was sent, but the cluster stopped answering ({reason}); look the signature up before you sign again")]
    Unknown {
        /// The signature that was sent.
        signature: Signature,
        /// Why nothing is known.
        reason: String,
    },
    /// A signature is missing or a signer failed.
    #[error("signing failed: {0}; every account that signs needs its signer")]
    Signing(#[from] SignerError),
    /// The RPC server failed or is not reachable.
    #[error("the RPC server at {url} failed: {reason}; check the address and try again")]
    Rpc {
        /// The server.
        url: String,
        /// What it said.
        reason: String,
    },
    /// An account that must exist does not.
    #[error("there is no {what} at {address}; check the address and the cluster")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Where.
        address: Pubkey,
    },
    /// An account or a transaction is not what it should be.
    #[error("{address} is not a {what}: {reason}")]
    Malformed {
        /// What was looked for.
        what: &'static str,
        /// Where.
        address: Pubkey,
        /// What is wrong.
        reason: String,
    },
    /// The program's own arithmetic refused, in a calculation that was made here.
    #[error("{0}")]
    Arithmetic(String),
    /// The localnet program on a public cluster.
    #[error("this build uses the localnet program, whose key is published, and must never be used on {cluster}; use a release build, or a local network")]
    LocalnetProgram {
        /// The cluster.
        cluster: crate::cluster::Cluster,
    },
    /// One step alone is larger than a transaction can be.
    #[error("the transaction would have {bytes} bytes, and the network carries at most {most}: leave out the asset whose transfer hook wants so many accounts")]
    TooLarge {
        /// Bytes it would have.
        bytes: usize,
        /// Bytes it may have.
        most: usize,
    },
    /// Events do not fit together.
    #[error(transparent)]
    Replay(#[from] crate::replay::ReplayError),
    /// The program's compiled file cannot be used.
    #[error("the program at {path} cannot be loaded: {reason}; build it with `cargo xtask build`")]
    ProgramFile {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl ClientError {
    /// What a program refused, if that is the error.
    #[must_use]
    pub fn program_failure(&self) -> Option<&ProgramFailure> {
        match self {
            Self::Program(failure) => Some(failure),
            _ => None,
        }
    }

    /// Whether Upside refused with exactly this error.
    #[must_use]
    pub fn is(&self, error: UpsideError) -> bool {
        self.program_failure().is_some_and(|failure| failure.is(error))
    }

    /// Counts the instruction that was refused without the first `added`, which the sender put before those it was given.
    #[must_use]
    pub(crate) fn counted_after(mut self, added: usize) -> Self {
        if let Self::Program(failure) = &mut self {
            let index = usize::from(failure.instruction).saturating_sub(added);
            failure.instruction = u8::try_from(index).unwrap_or(u8::MAX);
        }
        self
    }

    /// Decodes a refused transaction. `logs` tell which program refused, when programs called each other.
    #[must_use]
    pub fn from_transaction(error: TransactionError, logs: Vec<String>, programs: &[Pubkey]) -> Self {
        match error {
            TransactionError::InstructionError(index, error) => Self::Program(Box::new(ProgramFailure::decode(
                index,
                error,
                logs,
                programs.get(usize::from(index)).copied(),
            ))),
            reason => Self::Transaction { reason, logs },
        }
    }
}

impl From<anchor_lang::error::Error> for ClientError {
    fn from(error: anchor_lang::error::Error) -> Self {
        Self::Arithmetic(match error {
            anchor_lang::error::Error::AnchorError(error) => error.error_msg,
            anchor_lang::error::Error::ProgramError(error) => error.program_error.to_string(),
        })
    }
}

/// Why a program refused.
#[derive(Clone, Debug)]
pub struct ProgramFailure {
    /// Number of the instruction among those that were given to the sender, from 0.
    pub instruction: u8,
    /// The innermost program that refused, if it is known.
    pub program: Option<Pubkey>,
    /// The runtime's error.
    pub error: InstructionError,
    /// Name of the error, for example `NotEnoughShares`.
    pub name: String,
    /// What must hold.
    pub message: String,
    /// Upside's own error, if it is one.
    pub upside: Option<UpsideError>,
    /// Logs, if any.
    pub logs: Vec<String>,
}

/// The file and line of a panic, as the runtime logs it.
fn panic_place(logs: &[String]) -> Option<&str> {
    logs.iter()
        .find_map(|line| Some(line.split_once(" failed: SBF program Panicked in ")?.1))
}

impl fmt::Display for ProgramFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self
            .program
            .map_or_else(|| "a program".to_owned(), |program| program_name(&program));
        write!(
            f,
            "{} ({who} refused instruction {} with {}",
            self.message, self.instruction, self.name
        )?;
        match self.custom_code() {
            Some(code) => write!(f, ", {code})"),
            None => write!(f, ")"),
        }
    }
}

impl ProgramFailure {
    /// The custom code on the wire, if the program gave one.
    #[must_use]
    pub fn custom_code(&self) -> Option<u32> {
        match self.error {
            InstructionError::Custom(code) => Some(code),
            _ => None,
        }
    }

    /// Whether Upside refused with exactly this error.
    #[must_use]
    pub fn is(&self, error: UpsideError) -> bool {
        self.program.is_none_or(|program| program == upside::ID) && self.custom_code() == Some(u32::from(error))
    }

    /// Decodes an instruction's error; `top_program` is the program of that instruction.
    #[must_use]
    pub fn decode(instruction: u8, error: InstructionError, logs: Vec<String>, top_program: Option<Pubkey>) -> Self {
        let program = innermost_failure(&logs).or(top_program);
        let mut upside_error = None;
        let (name, message) = match (&error, program) {
            (InstructionError::Custom(code), Some(program)) => {
                if program == upside::ID {
                    upside_error = upside_error_of(*code);
                }
                describe_custom(program, *code, &logs)
            }
            (InstructionError::Custom(code), None) => (
                format!("custom error {code}"),
                "The program's condition must hold".to_owned(),
            ),
            (InstructionError::MissingRequiredSignature, _) => (
                "MissingRequiredSignature".to_owned(),
                "Every account that must sign must sign".to_owned(),
            ),
            (InstructionError::ProgramFailedToComplete, _) if panic_place(&logs).is_some() => (
                "Panicked".to_owned(),
                format!(
                    "A program must not stop by itself: it panicked in {}, which is a fault in it; report it to its authors",
                    panic_place(&logs).unwrap_or_default()
                ),
            ),
            (InstructionError::ComputationalBudgetExceeded | InstructionError::ProgramFailedToComplete, _) => (
                format!("{error:?}"),
                "The transaction must finish within its compute limit; raise the limit".to_owned(),
            ),
            _ => (format!("{error:?}"), format!("The runtime says: {error}")),
        };
        Self {
            instruction,
            program,
            error,
            name,
            message,
            upside: upside_error,
            logs,
        }
    }
}

/// The program of the first `failed` line: the innermost, since a failure travels outwards.
fn innermost_failure(logs: &[String]) -> Option<Pubkey> {
    logs.iter().find_map(|line| {
        let (program, rest) = line.strip_prefix("Program ")?.split_once(' ')?;
        rest.starts_with("failed: ").then(|| program.parse().ok())?
    })
}

/// Name and message that Anchor logged with this code.
fn anchor_log(code: u32, logs: &[String]) -> Option<(String, String)> {
    logs.iter().find_map(|line| {
        let rest = &line[line.find("Error Code: ")? + "Error Code: ".len()..];
        let (name, rest) = rest.split_once(". Error Number: ")?;
        let (number, message) = rest.split_once(". Error Message: ")?;
        (number.parse() == Ok(code)).then(|| (name.to_owned(), message.trim_end_matches('.').to_owned()))
    })
}

fn describe_custom(program: Pubkey, code: u32, logs: &[String]) -> (String, String) {
    let unnamed = || {
        (
            format!("custom error {code}"),
            format!("A condition of {} must hold", program_name(&program)),
        )
    };
    if program == upside::ID {
        if let Some(error) = upside_error_of(code) {
            return (error.name(), error.to_string());
        }
        return anchor_log(code, logs).unwrap_or_else(unnamed);
    }
    if program == TOKEN_PROGRAM_ID || program == TOKEN_2022_PROGRAM_ID {
        return TokenError::try_from(code).map_or_else(
            |_| unnamed(),
            |error| (format!("{error:?}"), format!("The token program says: {error}")),
        );
    }
    if program == anchor_lang::system_program::ID {
        return match code {
            0 => (
                "AccountAlreadyInUse".to_owned(),
                "The account to create must not exist yet".to_owned(),
            ),
            1 => (
                "ResultWithNegativeLamports".to_owned(),
                "The payer must have enough SOL for fees and rent".to_owned(),
            ),
            _ => unnamed(),
        };
    }
    anchor_log(code, logs).unwrap_or_else(unnamed)
}

/// What people call a program.
#[must_use]
pub fn program_name(program: &Pubkey) -> String {
    if *program == upside::ID {
        "Upside".to_owned()
    } else if *program == TOKEN_PROGRAM_ID {
        "SPL Token".to_owned()
    } else if *program == TOKEN_2022_PROGRAM_ID {
        "Token-2022".to_owned()
    } else if *program == ASSOCIATED_TOKEN_PROGRAM_ID {
        "the associated token program".to_owned()
    } else if *program == anchor_lang::system_program::ID {
        "the system program".to_owned()
    } else {
        format!("program {program}")
    }
}

/// Every error of the program, for decoding. A test compares this list with the program's source.
pub const UPSIDE_ERRORS: &[UpsideError] = {
    use UpsideError::*;
    &[
        NotIssuer,
        UnknownKind,
        PersonIndexNotZero,
        UnknownPolicy,
        TooManyDecimals,
        DripOutOfRange,
        NoticeOutOfRange,
        AuthorisedTooSmall,
        AboveAuthorised,
        BelowRetireBound,
        BadName,
        BadSymbol,
        BadUri,
        OthersHoldShares,
        RedemptionNotEarlier,
        NotPendingIssuer,
        BadPendingIssuer,
        NothingToUpdate,
        WrongSecurityAccount,
        HolderNotApproved,
        NotCurated,
        AlreadyApproved,
        NoticeTooShort,
        ZeroAmount,
        NotEnoughShares,
        SameAccount,
        CuratedHasNoBearer,
        NotAHolder,
        WrongPosition,
        WrongRegisteredAccount,
        RegisteredMismatch,
        WrongBearerAccount,
        PositionNotEmpty,
        WrongRentReceiver,
        PositionMissing,
        NothingToDistribute,
        NothingToClaim,
        WrongPayoutAccount,
        PayoutAccountNotHolders,
        WrongPayoutMint,
        HeldByVault,
        ClockBehindCheckpoint,
        BadSource,
        TooManyVaults,
        WrongVault,
        WrongVaultAccount,
        SelfHolding,
        VaultAccountFrozen,
        NothingArrived,
        ProtocolShares,
        VaultAlreadyOpen,
        NothingToHarvest,
        HarvestVaultMissing,
        WrongHarvestAccount,
        HeldSecurityMissing,
        NothingToRegister,
        RedemptionNotOpen,
        WrongRedemption,
        RedemptionExists,
        VaultOutOfReach,
        AlreadyCollected,
        NotAllCollected,
        BadReceiver,
        TooLittleArrived,
        BadSchedule,
        BadDeadline,
        GrantExists,
        WrongGrant,
        NotApprover,
        NothingVested,
        NotRevocable,
        GrantRevoked,
        NothingToRevoke,
        NotAMilestone,
        MilestoneApproved,
        DeadlinePassed,
        GrantNotFinished,
        ForSaleTooSmall,
        PriceZero,
        MinimumAboveForSale,
        BadRoundTimes,
        RunwayOutOfRange,
        BackingAboveOne,
        BackingVaultMissing,
        RoundExists,
        WrongRound,
        WrongRoundAccount,
        WrongSubscription,
        RoundNotTaking,
        NotInvited,
        NotAnInvitedRound,
        AlreadyInvited,
        AboveCap,
        WantedOutOfRange,
        Committed,
        SubscriptionInUse,
        NothingWanted,
        TooLateToCancel,
        TooEarlyToClose,
        RoundNotDecided,
        AlreadySettled,
        NothingToRefund,
        WrongRefundAccount,
        NothingToRelease,
        WrongIssuerAccount,
        BadContribution,
        BadMemberVesting,
        CollectiveExists,
        WrongCollective,
        PayoutMintsDiffer,
        ApplicationExists,
        WrongMember,
        NotApplicant,
        AlreadyMember,
        ApplicationChanged,
        BadExpiry,
        NotAdmitted,
        AdmissionExpired,
        ContributionChanged,
        BadRefundReceiver,
        NotAMint,
        ExtensionRefused,
        HookSet,
        ClosableWithoutSupply,
        PayoutIsProtocolShare,
        WrongTokenProgram,
        Overflow,
        ZeroDenominator,
        InvariantBroken,
    ]
};

/// The program's error with this code on the wire (6000 and up).
#[must_use]
pub fn upside_error_of(code: u32) -> Option<UpsideError> {
    UPSIDE_ERRORS.iter().copied().find(|error| u32::from(*error) == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_program_can_be_decoded() {
        let source = include_str!("../../programs/upside/src/error.rs");
        let body = &source[source.find("pub enum UpsideError").unwrap()..];
        let body = &body[..body.find("\n}").unwrap()];
        let mut count = 0;
        for line in body.lines() {
            let Some((name, number)) = line.trim().trim_end_matches(',').split_once(" = ") else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else { continue };
            let error = upside_error_of(6000 + number).unwrap_or_else(|| panic!("add {name} to UPSIDE_ERRORS"));
            assert_eq!(error.name(), name);
            count += 1;
        }
        assert_eq!(count, UPSIDE_ERRORS.len());
    }

    #[test]
    fn the_innermost_program_names_the_error() {
        let logs = [
            format!("Program {} invoke [1]", upside::ID),
            format!("Program {TOKEN_2022_PROGRAM_ID} invoke [2]"),
            format!("Program {TOKEN_2022_PROGRAM_ID} failed: custom program error: 0x11"),
            format!("Program {} failed: custom program error: 0x11", upside::ID),
        ];
        let failure = ProgramFailure::decode(0, InstructionError::Custom(17), logs.to_vec(), Some(upside::ID));
        assert_eq!(failure.program, Some(TOKEN_2022_PROGRAM_ID));
        assert_eq!(failure.name, "AccountFrozen");
        assert!(failure.upside.is_none());
    }

    #[test]
    fn a_panic_is_not_taken_for_a_limit() {
        let place = "src/lib.rs at 7:5";
        let logs = [
            format!("Program {} invoke [1]", upside::ID),
            format!("Program {} failed: SBF program Panicked in {place}", upside::ID),
        ];
        let error = InstructionError::ProgramFailedToComplete;
        let panicked = ProgramFailure::decode(0, error.clone(), logs.to_vec(), None);
        assert_eq!(
            (panicked.program, panicked.name.as_str()),
            (Some(upside::ID), "Panicked")
        );
        assert!(panicked.message.contains(place), "{}", panicked.message);
        let stopped = ProgramFailure::decode(0, error, logs[..1].to_vec(), None);
        assert!(stopped.message.contains("raise the limit"), "{}", stopped.message);
    }

    #[test]
    fn an_error_of_upside_carries_the_rule_that_was_broken() {
        let code = u32::from(UpsideError::NotEnoughShares);
        let error = ClientError::from_transaction(
            TransactionError::InstructionError(1, InstructionError::Custom(code)),
            Vec::new(),
            &[TOKEN_PROGRAM_ID, upside::ID],
        );
        assert!(error.is(UpsideError::NotEnoughShares));
        assert!(!error.is(UpsideError::ZeroAmount));
        assert_eq!(
            error.to_string(),
            format!(
                "The account must hold at least the amount (Upside refused instruction 1 with NotEnoughShares, {code})"
            )
        );
    }
}
