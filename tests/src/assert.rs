//! What a refused transaction must say: one exact error, from one program.

use std::fmt;

use anchor_lang::{error::ErrorCode, prelude::Pubkey, solana_program::instruction::error::InstructionError};
use anchor_spl::token_2022::spl_token_2022::error::TokenError;
use upside::{
    constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    error::UpsideError,
};
use upside_client::ClientError;

/// The exact reason why a transaction is refused, and by which program.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Upside's own error.
    Upside(UpsideError),
    /// An error of the framework, raised by Upside.
    Anchor(ErrorCode),
    /// An error of either token program.
    Token(TokenError),
    /// An error that has no number, of this program.
    Plain(Pubkey, InstructionError),
    /// An error of this number, of this program.
    Numbered(Pubkey, u32),
}

impl From<UpsideError> for Refusal {
    fn from(error: UpsideError) -> Self {
        Self::Upside(error)
    }
}

impl From<ErrorCode> for Refusal {
    fn from(error: ErrorCode) -> Self {
        Self::Anchor(error)
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upside(error) => write!(f, "UpsideError::{}", error.name()),
            Self::Anchor(error) => write!(f, "ErrorCode::{}", error.name()),
            Self::Token(error) => write!(f, "TokenError::{error:?}"),
            Self::Plain(program, error) => write!(f, "{error:?} of {program}"),
            Self::Numbered(program, number) => write!(f, "error {number} of {program}"),
        }
    }
}

impl Refusal {
    /// Whether `error` is exactly this.
    #[must_use]
    pub fn matches(&self, error: &ClientError) -> bool {
        let Some(failure) = error.program_failure() else {
            return false;
        };
        let by = |program: Pubkey| failure.program == Some(program);
        match self {
            Self::Upside(error) => by(upside::ID) && failure.custom_code() == Some(u32::from(*error)),
            Self::Anchor(error) => by(upside::ID) && failure.custom_code() == Some(u32::from(*error)),
            Self::Token(error) => {
                (by(TOKEN_PROGRAM_ID) || by(TOKEN_2022_PROGRAM_ID))
                    && failure.custom_code() == Some(error.clone() as u32)
            }
            Self::Plain(program, error) => by(*program) && failure.error == *error,
            Self::Numbered(program, number) => by(*program) && failure.custom_code() == Some(*number),
        }
    }
}

/// Panics unless `result` was refused with exactly `expected`; the message has the error and the logs.
///
/// # Panics
/// As said.
pub fn assert_refused<T>(result: Result<T, ClientError>, expected: impl Into<Refusal>) {
    let expected = expected.into();
    match result {
        Ok(_) => panic!("expected {expected}, but the transaction succeeded"),
        Err(error) => assert!(
            expected.matches(&error),
            "expected {expected}, got: {error}\n{}",
            logs_of(&error)
        ),
    }
}

/// The logs of a refused transaction, one per line.
#[must_use]
pub fn logs_of(error: &ClientError) -> String {
    match error {
        ClientError::Program(failure) => failure.logs.join("\n"),
        ClientError::Transaction { logs, .. } => logs.join("\n"),
        _ => String::new(),
    }
}
