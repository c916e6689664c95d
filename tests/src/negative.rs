//! The generated negative matrix: one valid call, a role for each of its accounts, and from the roles every substitution.
//!
//! An expected error is a function of role and substitute, declared before anything runs; exceptions are declared per call.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::{
    error::ErrorCode,
    prelude::Pubkey,
    solana_program::instruction::{AccountMeta, Instruction},
    Discriminator,
};
use litesvm::LiteSVM;
use solana_account_v4::Account;
use solana_transaction::Transaction;
use upside::{
    error::UpsideError,
    state::{Approval, Collective, Grant, Member, Position, Redemption, Round, Security, Subscription, Vault},
};

/// The runtime's fee, lamports.
const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// The system program's error for an account that it cannot make because something is there.
pub const ACCOUNT_ALREADY_IN_USE: u32 = 0;
/// The system program's error for a payer with too few lamports.
const RESULT_WITH_NEGATIVE_LAMPORTS: u32 = 1;

/// What a case must lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A refusal: the runtime's name of it (`Custom(6018)`), and the program it comes from.
    Refused {
        /// As the runtime prints the instruction error.
        error: String,
        /// The program that refuses.
        program: Pubkey,
    },
    /// The call must succeed, for this reason.
    Succeeds(&'static str),
}

impl From<UpsideError> for Expect {
    fn from(error: UpsideError) -> Self {
        Self::custom(u32::from(error), upside::ID)
    }
}

impl From<ErrorCode> for Expect {
    fn from(error: ErrorCode) -> Self {
        Self::custom(u32::from(error), upside::ID)
    }
}

impl Expect {
    /// A numbered error of a program.
    #[must_use]
    pub fn custom(code: u32, program: Pubkey) -> Self {
        Self::runtime(&format!("Custom({code})"), program)
    }

    /// An unnumbered error, by the runtime's name.
    #[must_use]
    pub fn runtime(error: &str, program: Pubkey) -> Self {
        Self::Refused {
            error: error.to_owned(),
            program,
        }
    }
}

/// What the program demands of an account.
#[derive(Clone, Debug)]
pub enum Role {
    /// Signs and pays rent; anyone may.
    Payer,
    /// As [`Role::Payer`], in a call that creates nothing, so that nothing is to be paid.
    IdlePayer,
    /// Signs; another signer leads to this.
    Authority(Expect),
    /// An account of ours with this discriminator; another one of the same type leads to this.
    State(&'static [u8], Expect),
    /// A position that may still be missing, so it is checked by hand: anything else leads to this.
    Position(Expect),
    /// Checked by address or derivation: anything else leads to this. What the account itself leads to when it is spoilt depends on who reads
    /// it then, so each call declares it.
    Key(Expect),
    /// As [`Role::Key`], but before anything looks whether the account is writable: in instructions that run in place.
    Early(Expect),
    /// Checked by what it contains: anything else, and a spoilt one, leads to this.
    Content(Expect),
    /// Depends on the substitute in a way that this function declares; `None` is an absent account.
    By(fn(&Pubkey, Option<&Account>) -> Expect),
}

/// How the account itself is spoilt, at its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// The same bytes under another program.
    Forged,
    /// Its first 40 bytes, fewer than any type of account has.
    Truncated,
    /// As long, all zeros.
    Zeroed,
    /// Gone.
    Closed,
    /// It must be absent, and is another program's account.
    Occupied,
}

/// One change to the valid call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Substitution {
    /// The account does not sign.
    Unsigned,
    /// The account is not writable.
    ReadOnly,
    /// The account is writable although it need not be.
    Writable,
    /// Somebody else signs.
    OtherSigner,
    /// Another account stands in its place.
    Other(Pubkey),
    /// The account is spoilt in place.
    InPlace(Spoilt),
}

/// An account by name, what happens to it, and what that leads to instead of the rule.
pub type Exception = (&'static str, Substitution, Expect);

/// A valid call and what its accounts are for.
pub struct Call {
    /// The instruction's name, and the case if there is more than one.
    pub name: &'static str,
    /// The instruction; succeeds as it is.
    pub instruction: Instruction,
    /// Name and role of each account, in order.
    pub roles: Vec<(&'static str, Role)>,
    /// Exceptions from the rules.
    pub exceptions: Vec<Exception>,
}

/// Declares the roles of a call. The accounts struct is taken apart by name, so an account without a role does not compile.
#[macro_export]
macro_rules! call {
    ($name:literal, $accounts:ident, $builder:expr, { $($field:ident: $role:expr),* $(,)? } $(, $exception:expr)* $(,)?) => {{
        let builder = $builder;
        let upside::accounts::$accounts { $($field),* } = builder.accounts();
        let instruction = builder.instruction();
        let keys = [$(Option::<anchor_lang::prelude::Pubkey>::from($field).unwrap_or(upside::ID)),*];
        let given: Vec<_> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        assert_eq!(given, keys, "{}: roles are declared in the order of the accounts", $name);
        $crate::negative::Call {
            name: $name,
            instruction,
            roles: vec![$((stringify!($field), $role)),*],
            exceptions: vec![$($exception),*],
        }
    }};
}

/// Where calls run: a prepared VM and every address in it that an attacker could name.
pub struct Matrix {
    /// The prepared VM; signatures are not checked, so a key signs by being named as signer.
    pub svm: LiteSVM,
    /// Pays fees and is in no instruction.
    pub fee_payer: Pubkey,
    /// Has lamports and no rights.
    pub stranger: Pubkey,
    /// Every address to substitute, with what it is.
    pub catalogue: Vec<(String, Pubkey)>,
}

/// What the whole matrix showed.
#[derive(Default)]
pub struct Report {
    /// Cases run.
    pub cases: usize,
    /// Of these, the ones that had to succeed: reason -> number.
    pub allowed: BTreeMap<&'static str, usize>,
    /// A sentence per case that went otherwise than declared.
    pub failures: Vec<String>,
}

impl Matrix {
    /// Sends one instruction; `Err` has the runtime's error, the refusing program, and the logs.
    ///
    /// # Errors
    /// As the runtime refuses.
    pub fn send(
        svm: &mut LiteSVM,
        fee_payer: &Pubkey,
        instruction: Instruction,
    ) -> Result<u64, (String, String, Vec<String>)> {
        let mut transaction = Transaction::new_with_payer(&[instruction], Some(fee_payer));
        transaction.message.recent_blockhash = svm.latest_blockhash();
        match svm.send_transaction(transaction) {
            Ok(meta) => Ok(meta.fee),
            Err(failed) => {
                let error = format!("{:?}", failed.err);
                let error = error
                    .strip_prefix("InstructionError(0, ")
                    .and_then(|rest| rest.strip_suffix(')'))
                    .map_or(error.clone(), str::to_owned);
                // The innermost program fails first.
                let program = failed
                    .meta
                    .logs
                    .iter()
                    .find_map(|line| {
                        line.strip_prefix("Program ")?
                            .split_once(" failed")
                            .map(|(id, _)| id.to_owned())
                    })
                    .unwrap_or_default();
                Err((error, program, failed.meta.logs))
            }
        }
    }

    /// The rule: what `substitution` of an account with this role leads to; `None` if it cannot be applied.
    ///
    /// Errors: what must be declared, where no rule says it.
    fn expect(&self, call: &Call, index: usize, substitution: Substitution) -> Result<Option<Expect>, String> {
        let (name, role) = &call.roles[index];
        if let Some((_, _, expect)) = call
            .exceptions
            .iter()
            .find(|(account, what, _)| account == name && *what == substitution)
        {
            return Ok(Some(expect.clone()));
        }
        if let Substitution::InPlace(spoilt) = substitution {
            return self.expect_in_place(call, index, spoilt);
        }
        let meta = &call.instruction.accounts[index];
        let signs = |key: &Pubkey| {
            call.instruction
                .accounts
                .iter()
                .any(|m| m.is_signer && m.pubkey == *key)
        };
        Ok(Some(match substitution {
            Substitution::Unsigned => ErrorCode::AccountNotSigner.into(),
            Substitution::ReadOnly => ErrorCode::ConstraintMut.into(),
            Substitution::Writable => Expect::Succeeds("writable although it need not be: only a lock"),
            Substitution::OtherSigner => match role {
                Role::Payer | Role::IdlePayer => Expect::Succeeds("anyone may pay rent"),
                Role::Authority(expect) | Role::Key(expect) | Role::Early(expect) => expect.clone(),
                _ => return Ok(None),
            },
            Substitution::Other(key) => {
                let account = self.svm.get_account(&key);
                match role {
                    Role::Payer | Role::IdlePayer | Role::Authority(_) if !signs(&key) => {
                        ErrorCode::AccountNotSigner.into()
                    }
                    Role::Payer | Role::IdlePayer => Expect::Succeeds("anyone may pay rent"),
                    Role::Authority(expect) => expect.clone(),
                    Role::State(kind, expect) => match account {
                        Some(account) if account.owner == upside::ID && account.data.starts_with(kind) => {
                            expect.clone()
                        }
                        Some(account) if account.owner == upside::ID => ErrorCode::AccountDiscriminatorMismatch.into(),
                        _ => ErrorCode::AccountOwnedByWrongProgram.into(),
                    },
                    Role::Early(expect) => expect.clone(),
                    // The runtime locks neither the called program nor the system program for writing.
                    _ if meta.is_writable && (key == upside::ID || key == anchor_lang::system_program::ID) => {
                        ErrorCode::ConstraintMut.into()
                    }
                    Role::Position(expect) | Role::Key(expect) | Role::Content(expect) => expect.clone(),
                    Role::By(rule) => rule(&key, account.as_ref()),
                }
            }
            Substitution::InPlace(_) => return Ok(None),
        }))
    }

    /// As [`Self::expect`] for an account that is spoilt at its own address.
    fn expect_in_place(&self, call: &Call, index: usize, spoilt: Spoilt) -> Result<Option<Expect>, String> {
        let (_, role) = &call.roles[index];
        let address = call.instruction.accounts[index].pubkey;
        let account = self.svm.get_account(&address);
        // An absent account can be occupied, an existing one spoilt, and a wallet has no bytes. Programs are the runtime's to keep.
        let applies = match &account {
            None => spoilt == Spoilt::Occupied,
            Some(account) if account.executable => false,
            Some(account) if account.data.is_empty() => matches!(spoilt, Spoilt::Forged | Spoilt::Closed),
            Some(_) => spoilt != Spoilt::Occupied,
        };
        if !applies {
            return Ok(None);
        }
        let system = anchor_lang::system_program::ID;
        Ok(Some(match (role, spoilt) {
            // Lamports leave an account of the system program only, and only as many as there are.
            (Role::Payer, Spoilt::Forged) => Expect::runtime("ExternalAccountLamportSpend", system),
            (Role::Payer, _) => Expect::custom(RESULT_WITH_NEGATIVE_LAMPORTS, system),
            (Role::IdlePayer, _) => Expect::Succeeds("a payer who pays nothing needs nothing"),
            (Role::Authority(_), Spoilt::Forged) => Expect::Succeeds("any program's account may sign"),
            (Role::Authority(_), _) => Expect::Succeeds("who signs needs no lamports"),
            (Role::State(..), Spoilt::Truncated) => ErrorCode::AccountDidNotDeserialize.into(),
            (Role::State(..), Spoilt::Zeroed) => ErrorCode::AccountDiscriminatorMismatch.into(),
            (Role::State(..), _) => ErrorCode::AccountOwnedByWrongProgram.into(),
            (Role::Position(expect) | Role::Content(expect), _) => expect.clone(),
            (Role::By(rule), _) => rule(&address, account.and_then(|account| spoil(&account, spoilt)).as_ref()),
            (Role::Key(_) | Role::Early(_), _) => {
                return Err("no rule says what this leads to; declare it for the call".to_owned())
            }
        }))
    }

    fn substitutions(&self, call: &Call, meta: &AccountMeta) -> Vec<(String, Substitution)> {
        let mut all = Vec::new();
        if meta.is_signer {
            all.push(("does not sign".to_owned(), Substitution::Unsigned));
            all.push(("somebody else signs".to_owned(), Substitution::OtherSigner));
        }
        if meta.is_writable {
            all.push(("read-only".to_owned(), Substitution::ReadOnly));
        } else {
            all.push(("writable".to_owned(), Substitution::Writable));
        }
        for spoilt in [
            Spoilt::Forged,
            Spoilt::Truncated,
            Spoilt::Zeroed,
            Spoilt::Closed,
            Spoilt::Occupied,
        ] {
            all.push((format!("{spoilt:?}"), Substitution::InPlace(spoilt)));
        }
        let aliases = call.roles.iter().zip(&call.instruction.accounts);
        let mut seen = vec![meta.pubkey];
        for (label, key) in aliases
            .map(|((name, _), other)| (format!("alias of {name}"), other.pubkey))
            .chain(self.catalogue.iter().cloned())
        {
            if !seen.contains(&key) {
                seen.push(key);
                all.push((label, Substitution::Other(key)));
            }
        }
        all
    }

    /// Runs the valid call, then every case of it.
    pub fn run(&self, call: &Call, report: &mut Report) {
        let mut svm = self.svm.clone();
        if let Err((error, program, logs)) = Self::send(&mut svm, &self.fee_payer, call.instruction.clone()) {
            report.failures.push(format!(
                "{}: the valid call fails: {error} by {program}\n{}",
                call.name,
                logs.join("\n")
            ));
            return;
        }
        let mut unused: Vec<&Exception> = call.exceptions.iter().collect();
        let mut svm = self.svm.clone();
        for (index, meta) in call.instruction.accounts.iter().enumerate() {
            for (label, substitution) in self.substitutions(call, meta) {
                let expect = match self.expect(call, index, substitution) {
                    Ok(Some(expect)) => expect,
                    Ok(None) => continue,
                    Err(what) => {
                        let account = call.roles[index].0;
                        report
                            .failures
                            .push(format!("{}: {account}: {label}: {what}", call.name));
                        continue;
                    }
                };
                report.cases += 1;
                unused.retain(|(account, what, _)| *account != call.roles[index].0 || *what != substitution);
                if self.case(&mut svm, call, index, substitution, &expect).map_err(|what| {
                    report
                        .failures
                        .push(format!("{}: {}: {label}: {what}", call.name, call.roles[index].0));
                }) != Ok(false)
                {
                    svm = self.svm.clone();
                }
                if let Expect::Succeeds(reason) = expect {
                    *report.allowed.entry(reason).or_default() += 1;
                }
            }
        }
        for (account, what, _) in unused {
            report.failures.push(format!(
                "{}: {account}: the exception for {what:?} met no case",
                call.name
            ));
        }
    }

    /// Runs one case. Returns whether it changed the VM.
    fn case(
        &self,
        svm: &mut LiteSVM,
        call: &Call,
        index: usize,
        substitution: Substitution,
        expect: &Expect,
    ) -> Result<bool, String> {
        let mut instruction = call.instruction.clone();
        let meta = &mut instruction.accounts[index];
        let mut put_back = None;
        match substitution {
            Substitution::Unsigned => meta.is_signer = false,
            Substitution::ReadOnly => meta.is_writable = false,
            Substitution::Writable => meta.is_writable = true,
            Substitution::OtherSigner => meta.pubkey = self.stranger,
            Substitution::Other(key) => {
                meta.pubkey = key;
                // Nobody signs for it, unless it signs elsewhere in the instruction.
                meta.is_signer = false;
            }
            Substitution::InPlace(spoilt) => {
                let account = svm.get_account(&meta.pubkey).unwrap_or_default();
                let replacement = spoil(&account, spoilt).unwrap_or_default();
                svm.set_account(meta.pubkey, replacement)
                    .map_err(|e| format!("{e:?}"))?;
                put_back = Some((meta.pubkey, account));
            }
        }
        let keys: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        let snapshot =
            |svm: &LiteSVM| -> Vec<Option<Account>> { keys.iter().map(|key| svm.get_account(key)).collect() };
        let before = snapshot(svm);
        let fee_payer_before = svm.get_account(&self.fee_payer);
        let signers: BTreeSet<Pubkey> = instruction
            .accounts
            .iter()
            .filter(|m| m.is_signer)
            .map(|m| m.pubkey)
            .collect();
        let fee = LAMPORTS_PER_SIGNATURE * (1 + signers.len() as u64);
        let result = Self::send(svm, &self.fee_payer, instruction);
        match (&result, expect) {
            (Ok(_), Expect::Succeeds(_)) => return Ok(true),
            (Ok(_), Expect::Refused { .. }) => return Err(format!("accepted, must be {expect:?}")),
            (Err((error, program, logs)), _) => {
                let found = Expect::Refused {
                    error: error.clone(),
                    program: program.parse().unwrap_or_default(),
                };
                if found != *expect {
                    let said: Vec<_> = logs
                        .iter()
                        .filter(|line| line.contains("rror") || line.contains("panic"))
                        .collect();
                    return Err(format!("{error} by {program}, must be {expect:?}; {said:?}"));
                }
            }
        }
        // nothing but the fee has moved.
        if snapshot(svm) != before {
            return Err("a failed instruction changed an account".to_owned());
        }
        let mut paid = fee_payer_before;
        if let Some(account) = &mut paid {
            account.lamports -= fee;
        }
        if svm.get_account(&self.fee_payer) != paid {
            return Err("a failed instruction cost its fee payer something else than the fee".to_owned());
        }
        // An absent account is not put back: the caller takes a fresh VM.
        match put_back {
            Some((_, account)) if account == Account::default() => Ok(true),
            Some((key, account)) => {
                svm.set_account(key, account).map_err(|e| format!("{e:?}"))?;
                Ok(false)
            }
            None => Ok(false),
        }
    }
}

/// The account spoilt; `None` when it is gone.
fn spoil(account: &Account, spoilt: Spoilt) -> Option<Account> {
    let mut account = account.clone();
    match spoilt {
        Spoilt::Forged => account.owner = Pubkey::new_from_array([0xF0; 32]),
        Spoilt::Truncated => account.data.truncate(40),
        Spoilt::Zeroed => account.data.fill(0),
        Spoilt::Closed => return None,
        Spoilt::Occupied => {
            account.lamports = 1_000_000_000;
            account.data = vec![7; 40];
            account.owner = Pubkey::new_from_array([0xF0; 32]);
        }
    }
    Some(account)
}

/// A security, of which another leads to `expect`.
#[must_use]
pub fn security(expect: impl Into<Expect>) -> Role {
    Role::State(Security::DISCRIMINATOR, expect.into())
}

/// A position that must exist, of which another leads to `expect`.
#[must_use]
pub fn position(expect: impl Into<Expect>) -> Role {
    Role::State(Position::DISCRIMINATOR, expect.into())
}

/// A vault, of which another leads to `expect`.
#[must_use]
pub fn vault(expect: impl Into<Expect>) -> Role {
    Role::State(Vault::DISCRIMINATOR, expect.into())
}

/// A ticket, of which another leads to `expect`.
#[must_use]
pub fn redemption(expect: impl Into<Expect>) -> Role {
    Role::State(Redemption::DISCRIMINATOR, expect.into())
}

/// A grant, of which another leads to `expect`.
#[must_use]
pub fn grant(expect: impl Into<Expect>) -> Role {
    Role::State(Grant::DISCRIMINATOR, expect.into())
}

/// A round, of which another leads to `expect`.
#[must_use]
pub fn round(expect: impl Into<Expect>) -> Role {
    Role::State(Round::DISCRIMINATOR, expect.into())
}

/// A subscription, of which another leads to `expect`.
#[must_use]
pub fn subscription(expect: impl Into<Expect>) -> Role {
    Role::State(Subscription::DISCRIMINATOR, expect.into())
}

/// A collective, of which another leads to `expect`.
#[must_use]
pub fn collective(expect: impl Into<Expect>) -> Role {
    Role::State(Collective::DISCRIMINATOR, expect.into())
}

/// An application or membership, of which another leads to `expect`.
#[must_use]
pub fn member(expect: impl Into<Expect>) -> Role {
    Role::State(Member::DISCRIMINATOR, expect.into())
}

/// An approval, of which another leads to `expect`.
#[must_use]
pub fn approval(expect: impl Into<Expect>) -> Role {
    Role::State(Approval::DISCRIMINATOR, expect.into())
}

/// An account checked by address or derivation.
#[must_use]
pub fn key(expect: impl Into<Expect>) -> Role {
    Role::Key(expect.into())
}

/// An account at an address that is derived from seeds.
#[must_use]
pub fn derived() -> Role {
    Role::Key(ErrorCode::ConstraintSeeds.into())
}

/// A writable account of an instruction that runs in place, which compares it with a record first.
#[must_use]
pub fn recorded(expect: impl Into<Expect>) -> Role {
    Role::Early(expect.into())
}

/// A signer with a right.
#[must_use]
pub fn authority(expect: impl Into<Expect>) -> Role {
    Role::Authority(expect.into())
}

/// An account checked by what it contains.
#[must_use]
pub fn content(expect: impl Into<Expect>) -> Role {
    Role::Content(expect.into())
}

/// The program itself: without it in the instruction the event's call to itself finds no program.
#[must_use]
pub fn this_program() -> Role {
    Role::Key(Expect::runtime("MissingAccount", upside::ID))
}
