//! Tables and the one function that reads them.

use anchor_lang::{
    prelude::*,
    solana_program::{account_info::AccountInfo, system_program},
    system_program::System,
    ZeroCopy,
};
use anchor_spl::associated_token::AssociatedToken;

use crate::{
    address,
    error::{err, UpsideError},
    ID,
};

/// Bytes of an account's type, before its fields.
const TYPE_LEN: usize = 8;

/// What the accounts of a struct must be. Accounts are named by their places in it.
pub struct Table {
    /// Their names, for refusals.
    pub names: &'static [&'static str],
    /// What each must be alone. An account of which nothing is asked has none.
    pub rules: &'static [Rule],
    /// What they must be beside each other.
    pub checks: &'static [Check],
}

/// What one account must be.
pub struct Rule {
    /// The account.
    pub account: u8,
    /// What it is.
    pub kind: Kind,
    /// Whether the transaction must allow writing to it.
    pub writable: bool,
    /// Whether this program's address in its place says that it is not given. Nothing is asked of it then.
    pub optional: bool,
}

/// What an account is.
pub enum Kind {
    /// Anything: the instruction checks it.
    Any,
    /// A signer of the transaction.
    Signer,
    /// The program at this address.
    Program(&'static Pubkey),
    /// An account of this program.
    State {
        /// The bytes it starts with: its type.
        discriminator: [u8; TYPE_LEN],
        /// Its length at least.
        len: u32,
    },
}

impl Kind {
    /// An account of this program that holds a `T`.
    pub const fn state<T: ZeroCopy>() -> Self {
        let Some(discriminator) = T::DISCRIMINATOR.first_chunk() else {
            panic!("every type has eight bytes to be told by")
        };
        Self::State {
            discriminator: *discriminator,
            len: (TYPE_LEN + size_of::<T>()) as u32,
        }
    }

    /// The program `T`.
    pub const fn program<T: KnownProgram>() -> Self {
        Self::Program(&T::ADDRESS)
    }
}

/// A program that an account struct can ask for.
pub trait KnownProgram {
    /// Where it is: what the framework's `Id::id()` says, as a constant.
    const ADDRESS: Pubkey;
}

impl KnownProgram for System {
    const ADDRESS: Pubkey = system_program::ID;
}

impl KnownProgram for AssociatedToken {
    const ADDRESS: Pubkey = anchor_spl::associated_token::ID;
}

/// What an account must be beside others.
pub struct Check {
    /// The account.
    pub account: u8,
    /// As of a [`Rule`].
    pub optional: bool,
    /// What it must do.
    pub must: Must,
    /// The error otherwise.
    pub refusal: Refusal,
}

/// What a [`Check`] asks.
pub enum Must {
    /// An account of this program must name another account: `has_one`.
    Name {
        /// The other account.
        other: u8,
        /// Where the key is in the account's data.
        at: u16,
    },
    /// It must be at this address.
    BeAt(&'static Pubkey),
}

/// An error of a [`Check`].
#[derive(Clone, Copy)]
pub enum Refusal {
    /// One of this program's.
    Ours(UpsideError),
    /// One of the framework's.
    Frameworks(ErrorCode),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Ours(error) => error.into(),
            Refusal::Frameworks(error) => error.into(),
        }
    }
}

/// Where a field is in an account's data, by its place among the fields.
pub const fn offset(field: usize) -> u16 {
    let at = TYPE_LEN + field;
    assert!(at <= u16::MAX as usize, "an account has fewer bytes");
    at as u16
}

/// The accounts of a struct, which are what its table says. More than it has are left in `accounts`, not looked at.
///
/// Each is looked at alone, in order, then beside others, in order; the first that is not right decides the error.
///
/// # Errors
/// The framework's `AccountNotEnoughKeys`, `AccountNotSigner`, `InvalidProgramId`, `InvalidProgramExecutable`, `AccountOwnedByWrongProgram`,
/// `AccountDiscriminatorNotFound`, `AccountDiscriminatorMismatch`, `AccountDidNotDeserialize` and `ConstraintMut`, and those of the checks.
#[inline(always)]
pub fn take<'info, const N: usize>(
    accounts: &mut &'info [AccountInfo<'info>],
    table: &'static Table,
) -> Result<&'info [AccountInfo<'info>; N]> {
    let Some((taken, rest)) = accounts.split_first_chunk() else {
        return Err(refused(
            ErrorCode::AccountNotEnoughKeys,
            table.names[accounts.len()],
            None,
        ));
    };
    check(taken, table)?;
    *accounts = rest;
    Ok(taken)
}

/// Refuses unless the accounts are what the table says.
#[inline(never)]
fn check(accounts: &[AccountInfo], table: &Table) -> Result<()> {
    for rule in table.rules {
        let info = &accounts[usize::from(rule.account)];
        if rule.optional && *info.key == ID {
            continue;
        }
        if let Some((error, keys)) = wrong(info, &rule.kind)? {
            return Err(refused(error, table.names[usize::from(rule.account)], keys));
        }
        if rule.writable && !info.is_writable {
            let name = table.names[usize::from(rule.account)];
            return Err(refused(ErrorCode::ConstraintMut, name, None));
        }
    }
    for check in table.checks {
        let info = &accounts[usize::from(check.account)];
        if check.optional && *info.key == ID {
            continue;
        }
        let (actual, expected) = match &check.must {
            Must::Name { other, at } => {
                let data = info.try_borrow_data()?;
                let Some(key) = data.get(usize::from(*at)..).and_then(|data| data.first_chunk()) else {
                    return err!(ErrorCode::AccountDidNotDeserialize);
                };
                (Pubkey::new_from_array(*key), accounts[usize::from(*other)].key)
            }
            Must::BeAt(address) => (*info.key, *address),
        };
        if actual != *expected {
            let name = table.names[usize::from(check.account)];
            return Err(refused(check.refusal, name, Some((actual, *expected))));
        }
    }
    Ok(())
}

/// The key that is there and the one that must be.
type Keys = (Pubkey, Pubkey);

/// Why the account is not of this kind, and the keys that differ.
#[inline(always)]
fn wrong(info: &AccountInfo, kind: &Kind) -> Result<Option<(ErrorCode, Option<Keys>)>> {
    Ok(match kind {
        Kind::Any => None,
        Kind::Signer => (!info.is_signer).then_some((ErrorCode::AccountNotSigner, None)),
        Kind::State { .. } if *info.owner != ID => {
            Some((ErrorCode::AccountOwnedByWrongProgram, Some((*info.owner, ID))))
        }
        Kind::State { discriminator, len } => {
            let data = info.try_borrow_data()?;
            match data.first_chunk::<TYPE_LEN>() {
                None => Some((ErrorCode::AccountDiscriminatorNotFound, None)),
                Some(found) if found != discriminator => Some((ErrorCode::AccountDiscriminatorMismatch, None)),
                Some(_) => (data.len() < *len as usize).then_some((ErrorCode::AccountDidNotDeserialize, None)),
            }
        }
        Kind::Program(address) if *info.key != **address => {
            Some((ErrorCode::InvalidProgramId, Some((*info.key, **address))))
        }
        Kind::Program(_) => (!info.executable).then_some((ErrorCode::InvalidProgramExecutable, None)),
    })
}

/// The error, told with the account's name and both keys.
#[cold]
#[inline(never)]
fn refused(error: impl Into<Error>, name: &'static str, keys: Option<Keys>) -> Error {
    let error = error.into().with_account_name(name);
    match keys {
        Some(keys) => error.with_pubkeys(keys),
        None => error,
    }
}

/// An optional account, unless this program's address says that it is not given.
#[inline(always)]
pub fn given<'a, 'info>(info: &'a AccountInfo<'info>) -> Option<&'a AccountInfo<'info>> {
    (*info.key != ID).then_some(info)
}

/// The bump of the account's address, which must be that of the seeds: `seeds` with `bump`.
#[inline(never)]
pub fn derived<const N: usize>(info: &AccountInfo, name: &'static str, seeds: [&[u8]; N]) -> Result<u8> {
    let (address, bump) = address::find(seeds, &ID)?;
    if *info.key == address {
        Ok(bump)
    } else {
        Err(refused(ErrorCode::ConstraintSeeds, name, Some((*info.key, address))))
    }
}

/// The next argument of the instruction, for seeds that need it.
pub fn argument<T: AnchorDeserialize>(data: &mut &[u8]) -> Result<T> {
    T::deserialize(data).map_err(|_| crate::error::refuse(ErrorCode::InstructionDidNotDeserialize))
}
