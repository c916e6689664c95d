//! The tables against the framework's own code: one struct, derived both ways, on the same accounts.

use anchor_lang::{prelude::*, system_program, Discriminator};
use bytemuck::Zeroable;
use proptest::prelude::*;

use crate::{
    error::UpsideError,
    state::{Position, Security, Vault},
    ID,
};

const SEED: &[u8] = b"seed";
const FIXED: Pubkey = Pubkey::new_from_array([9; 32]);

/// Every kind of account and every constraint that a table can hold, derived by the derive in scope.
macro_rules! every_kind {
    () => {
        #[derive(Accounts)]
        pub struct Every<'info> {
            /// CHECK: nothing is asked of it.
            pub anything: UncheckedAccount<'info>,
            #[account(mut)]
            pub issuer: Signer<'info>,
            #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
            pub security: AccountLoader<'info, Security>,
            #[account(has_one = security, has_one = holder @ UpsideError::WrongPosition)]
            pub position: AccountLoader<'info, Position>,
            /// CHECK: named by the position.
            #[account(mut)]
            pub holder: UncheckedAccount<'info>,
            #[account(mut, has_one = security @ UpsideError::WrongVault)]
            pub vault: Option<AccountLoader<'info, Vault>>,
            /// CHECK: its address says all.
            #[account(address = FIXED @ UpsideError::WrongTokenProgram)]
            pub fixed: UncheckedAccount<'info>,
            /// CHECK: derived from the position.
            #[account(seeds = [SEED, position.key().as_ref()], bump)]
            pub derived: UncheckedAccount<'info>,
            pub system_program: Program<'info, System>,
        }
    };
}

mod ours {
    use upside_derive::Accounts;

    use super::*;
    use crate::checked::{AccountLoader, Program, Signer};
    every_kind!();
}

mod frameworks {
    use super::*;
    every_kind!();
}

/// Number of accounts of the struct.
const NUMBER: usize = 9;
const NAMES: [&str; NUMBER] = [
    "anything",
    "issuer",
    "security",
    "position",
    "holder",
    "vault",
    "fixed",
    "derived",
    "system_program",
];

#[derive(Clone)]
struct Given {
    key: Pubkey,
    owner: Pubkey,
    data: Vec<u8>,
    signer: bool,
    writable: bool,
    executable: bool,
}

/// What can be wrong with one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    OtherKey,
    NotGiven,
    OtherOwner,
    OtherType,
    NoType,
    Short,
    OtherNames,
    Unsigned,
    ReadOnly,
    NotExecutable,
}

const FAULTS: [Fault; 10] = [
    Fault::OtherKey,
    Fault::NotGiven,
    Fault::OtherOwner,
    Fault::OtherType,
    Fault::NoType,
    Fault::Short,
    Fault::OtherNames,
    Fault::Unsigned,
    Fault::ReadOnly,
    Fault::NotExecutable,
];

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn state<T: Discriminator + bytemuck::Pod>(key: Pubkey, state: &T) -> Given {
    Given {
        key,
        owner: ID,
        data: [T::DISCRIMINATOR, bytemuck::bytes_of(state)].concat(),
        signer: false,
        writable: true,
        executable: false,
    }
}

/// Accounts that are what the struct says.
fn valid() -> Vec<Given> {
    let plain = |key| Given {
        key,
        owner: system_program::ID,
        data: Vec::new(),
        signer: true,
        writable: true,
        executable: true,
    };
    let (issuer, security, position, holder) = (key(2), key(3), key(4), key(5));
    let derived = Pubkey::find_program_address(&[SEED, position.as_ref()], &ID).0;
    let issued = Security {
        issuer,
        ..Security::zeroed()
    };
    let held = Position {
        security,
        holder,
        ..Position::zeroed()
    };
    let backing = Vault {
        security,
        ..Vault::zeroed()
    };
    vec![
        plain(key(1)),
        plain(issuer),
        state(security, &issued),
        state(position, &held),
        plain(holder),
        state(key(6), &backing),
        plain(FIXED),
        plain(derived),
        plain(system_program::ID),
    ]
}

impl Given {
    fn spoil(&mut self, fault: Fault) {
        match fault {
            Fault::OtherKey => self.key = key(99),
            Fault::NotGiven => self.key = ID,
            Fault::OtherOwner => self.owner = key(98),
            Fault::OtherType => self.data.iter_mut().take(8).for_each(|byte| *byte ^= 1),
            Fault::NoType => self.data.truncate(7),
            Fault::Short => drop(self.data.pop()),
            Fault::OtherNames => self.data.iter_mut().skip(8).for_each(|byte| *byte ^= 1),
            Fault::Unsigned => self.signer = false,
            Fault::ReadOnly => self.writable = false,
            Fault::NotExecutable => self.executable = false,
        }
    }
}

/// The error's number and the account that it names.
type Refused = (u64, Option<String>);

fn refused(error: Error) -> Refused {
    use anchor_lang::error::ErrorOrigin;
    let origin = match &error {
        Error::AnchorError(error) => &error.error_origin,
        Error::ProgramError(error) => &error.error_origin,
    };
    let name = match origin {
        Some(ErrorOrigin::AccountName(name)) => Some(name.clone()),
        _ => None,
    };
    (ProgramError::from(error).into(), name)
}

/// Runs `$derived::Every` on accounts, and reads those of this program, which is where the framework looks at lengths.
macro_rules! run {
    ($derived:ident, $given:expr) => {
        run!($derived, $given, true)
    };
    ($derived:ident, $given:expr, $read:literal) => {{
        let mut lamports = vec![1; $given.len()];
        let mut given = $given.to_vec();
        let infos: Vec<_> = given
            .iter_mut()
            .zip(&mut lamports)
            .map(|(given, lamports)| {
                let Given {
                    key,
                    owner,
                    data,
                    signer,
                    writable,
                    executable,
                } = given;
                AccountInfo::new(key, *signer, *writable, lamports, data, owner, *executable)
            })
            .collect();
        let mut left = &infos[..];
        let mut bumps = $derived::EveryBumps::default();
        let accounts = $derived::Every::try_accounts(&ID, &mut left, &[], &mut bumps, &mut Default::default());
        accounts.map_err(refused).and_then(|every| {
            let read = |error: Error, name: &str| (refused(error).0, Some(name.to_owned()));
            if !$read {
                return Ok((bumps.derived, every.vault.is_some(), left.len()));
            }
            every.security.load().map_err(|error| read(error, "security"))?;
            every.position.load().map_err(|error| read(error, "position"))?;
            if let Some(vault) = &every.vault {
                vault.load().map_err(|error| read(error, "vault"))?;
            }
            Ok((bumps.derived, every.vault.is_some(), left.len()))
        })
    }};
}

#[test]
fn accounts_that_are_what_the_struct_says_are_taken() {
    let given = valid();
    let bump = Pubkey::find_program_address(&[SEED, given[3].key.as_ref()], &ID).1;
    assert_eq!(run!(ours, given), Ok((bump, true, 0)));

    let mut without_vault = given.clone();
    without_vault[5].spoil(Fault::NotGiven);
    without_vault[5].spoil(Fault::ReadOnly);
    assert_eq!(
        run!(ours, without_vault),
        Ok((bump, false, 0)),
        "this program's address stands for no account"
    );

    let more = [given, vec![valid().remove(0); 3]].concat();
    assert_eq!(run!(ours, more), Ok((bump, true, 3)), "more accounts are left alone");
}

#[test]
fn every_fault_of_every_account_has_the_frameworks_error() {
    let mut refusals = std::collections::BTreeSet::new();
    for (place, name) in NAMES.iter().enumerate() {
        for fault in FAULTS {
            let mut given = valid();
            given[place].spoil(fault);
            let (ours, mut frameworks) = (run!(ours, given), run!(frameworks, given));
            if let (Fault::Short, Err((_, unnamed @ None))) = (fault, &mut frameworks) {
                // The framework reads it for `has_one`, where it is too late to name it.
                *unnamed = Some((*name).to_owned());
            }
            assert_eq!(ours, frameworks, "{name}: {fault:?}");
            if let Err((code, _)) = ours {
                refusals.insert(code);
            }
        }
    }
    // All that tables can refuse with but a missing account: the test sees each of them.
    let frameworks = [
        ErrorCode::AccountNotSigner,
        ErrorCode::InvalidProgramId,
        ErrorCode::InvalidProgramExecutable,
        ErrorCode::AccountOwnedByWrongProgram,
        ErrorCode::AccountDiscriminatorNotFound,
        ErrorCode::AccountDiscriminatorMismatch,
        ErrorCode::AccountDidNotDeserialize,
        ErrorCode::ConstraintMut,
        ErrorCode::ConstraintHasOne,
        ErrorCode::ConstraintSeeds,
    ];
    let ours = [
        UpsideError::NotIssuer,
        UpsideError::WrongPosition,
        UpsideError::WrongVault,
        UpsideError::WrongTokenProgram,
    ];
    let all = frameworks
        .map(|error| refused(error.into()).0)
        .into_iter()
        .chain(ours.map(|error| refused(error.into()).0));
    assert_eq!(refusals, all.collect());
}

#[test]
fn an_account_that_is_too_short_is_refused_although_nobody_reads_it_and_a_longer_one_is_taken() {
    for place in [2, 3, 5] {
        let mut given = valid();
        given[place].spoil(Fault::Short);
        let short = u64::from(u32::from(ErrorCode::AccountDidNotDeserialize));
        assert_eq!(run!(ours, given, false), Err((short, Some(NAMES[place].to_owned()))));
        given[place].data.extend([0; 2]);
        assert_eq!(run!(ours, given, false), run!(ours, valid(), false));
    }
}

#[test]
fn a_missing_account_is_named() {
    for (number, name) in NAMES.iter().enumerate() {
        let given = &valid()[..number];
        let expected = Err((
            u64::from(u32::from(ErrorCode::AccountNotEnoughKeys)),
            Some((*name).to_owned()),
        ));
        assert_eq!(run!(ours, given), expected);
        assert_eq!(run!(frameworks, given), expected);
    }
}

#[test]
fn known_programs_are_where_the_framework_says() {
    use anchor_lang::Id;
    use anchor_spl::associated_token::AssociatedToken;

    use super::KnownProgram;
    assert_eq!(<System as KnownProgram>::ADDRESS, System::id());
    assert_eq!(<AssociatedToken as KnownProgram>::ADDRESS, AssociatedToken::id());
}

#[test]
fn an_account_that_was_closed_or_is_borrowed_is_not_read() {
    let mut given = valid().remove(2);
    let mut lamports = 1;
    let info = AccountInfo::new(
        &given.key,
        false,
        true,
        &mut lamports,
        &mut given.data,
        &given.owner,
        false,
    );
    let loader = super::AccountLoader::<Security>::checked(&info);
    let reading = loader.load().map(drop).map_err(refused);
    assert_eq!(reading, Ok(()));
    {
        let _writing = loader.load_mut().expect("nothing borrows it");
        assert!(loader.load().is_err() && loader.load_mut().is_err());
    }
    {
        let _reading = loader.load().expect("nothing borrows it");
        assert!(loader.load().is_ok() && loader.load_mut().is_err());
    }
    *info.data.borrow_mut() = &mut [];
    let gone = u64::from(u32::from(ErrorCode::AccountDidNotDeserialize));
    assert_eq!(loader.load().map(drop).map_err(refused), Err((gone, None)));
    assert_eq!(loader.load_mut().map(drop).map_err(refused), Err((gone, None)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is wrong at once, wherever an account is named twice: what one takes the other takes.
    #[test]
    fn what_the_framework_refuses_is_refused(
        faults in prop::collection::vec((0..NUMBER, prop::sample::select(&FAULTS[..])), 0..4),
        twice in prop::option::of((0..NUMBER, 0..NUMBER)),
    ) {
        let mut given = valid();
        for (place, fault) in &faults {
            given[*place].spoil(*fault);
        }
        if let Some((from, to)) = twice {
            given[to] = given[from].clone();
        }
        let (ours, frameworks) = (run!(ours, given), run!(frameworks, given));
        match (ours, frameworks) {
            (Err(_), Err(_)) => {}
            (ours, frameworks) => prop_assert_eq!(ours, frameworks),
        }
    }
}
