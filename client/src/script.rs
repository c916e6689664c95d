//! Scripts: everything that was done to a machine, in order, so that it can be done again step by step.
//!
//! The fuzzer writes a failing sequence as a script; `upside replay` plays it in a virtual machine of its own. Nothing in a script is signed: the
//! machine it is played on takes the signers that the instructions name as having signed.

use std::collections::HashMap;

use anchor_lang::{
    prelude::Pubkey,
    solana_program::instruction::{AccountMeta, Instruction},
};
use base64::{prelude::BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};

/// What a script's file starts with.
pub const FORMAT: &str = "upside script 1";

/// Bit of a place that signs.
const SIGNER: u8 = 1;
/// Bit of a place that is written.
const WRITABLE: u8 = 2;

/// Everything that was done to a machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// [`FORMAT`].
    pub format: String,
    /// What goes wrong at the end, in the words of whoever found it; empty if nothing does.
    pub why: String,
    /// Every address that is named, base58.
    keys: Vec<String>,
    /// What was done, in order.
    pub entries: Vec<Entry>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The step that it belongs to; empty while everything is being set up.
    pub step: String,
    /// What was done.
    pub act: Act,
}

/// What is done to a machine. Addresses are indices into the script's keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// An address gets lamports from nowhere.
    Lamports {
        /// The address.
        to: usize,
        /// How many.
        lamports: u64,
    },
    /// The clock is set.
    Clock {
        /// Unix seconds.
        ts: i64,
        /// Epoch.
        epoch: u64,
    },
    /// A transaction is sent.
    Transaction {
        /// Who pays the fee.
        payer: usize,
        /// Its instructions.
        calls: Vec<Call>,
        /// Whether it went through.
        accepted: bool,
        /// Whether what it did was kept; if not, it was only simulated.
        kept: bool,
    },
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The program.
    program: usize,
    /// Addresses, each with whether it signs (1) and is written (2).
    accounts: Vec<(usize, u8)>,
    /// Data, base64.
    data: String,
}

/// Why a text is no script.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It is no JSON of this form.
    #[error("a script must be JSON as the fuzzer writes it: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("a script must start with the format \"{FORMAT}\", not \"{0}\"")]
    Version(String),
    /// It names an address that it does not list.
    #[error("a script must list every address it names; it lists no number {0}")]
    Key(usize),
    /// An address is none.
    #[error("\"{0}\" must be an address in base58")]
    Address(String),
    /// An instruction's data is no base64.
    #[error("the data of an instruction must be base64")]
    Data,
    /// The machine cannot be set up.
    #[error("the machine cannot be set up: {0}")]
    Machine(String),
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The text is none, or of another version.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let script: Self = serde_json::from_str(text)?;
        if script.format != FORMAT {
            return Err(ScriptError::Version(script.format));
        }
        for key in &script.keys {
            parse_key(key)?;
        }
        for entry in &script.entries {
            if let Act::Transaction { calls, .. } = &entry.act {
                for call in calls {
                    script.instruction(call)?;
                }
            }
        }
        Ok(script)
    }

    /// The address of that number.
    ///
    /// # Errors
    /// [`ScriptError::Key`] if there is none.
    pub fn key(&self, number: usize) -> Result<Pubkey, ScriptError> {
        self.keys
            .get(number)
            .ok_or(ScriptError::Key(number))
            .and_then(|key| parse_key(key))
    }

    /// The instruction of a call.
    ///
    /// # Errors
    /// It names an address that is not listed, or its data is no base64.
    pub fn instruction(&self, call: &Call) -> Result<Instruction, ScriptError> {
        let accounts = call.accounts.iter().map(|(key, flags)| {
            Ok(AccountMeta {
                pubkey: self.key(*key)?,
                is_signer: flags & SIGNER != 0,
                is_writable: flags & WRITABLE != 0,
            })
        });
        Ok(Instruction {
            program_id: self.key(call.program)?,
            accounts: accounts.collect::<Result<_, ScriptError>>()?,
            data: BASE64_STANDARD.decode(&call.data).map_err(|_| ScriptError::Data)?,
        })
    }
}

fn parse_key(text: &str) -> Result<Pubkey, ScriptError> {
    text.parse().map_err(|_| ScriptError::Address(text.to_owned()))
}

/// Writes down what is done to a machine.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    script: Script,
    index: HashMap<Pubkey, usize>,
    step: String,
}

impl Recorder {
    /// What follows belongs to this step.
    pub fn begin(&mut self, step: String) {
        self.step = step;
    }

    fn key(&mut self, key: &Pubkey) -> usize {
        let keys = &mut self.script.keys;
        *self.index.entry(*key).or_insert_with(|| {
            keys.push(key.to_string());
            keys.len() - 1
        })
    }

    fn push(&mut self, act: Act) {
        let step = self.step.clone();
        self.script.entries.push(Entry { step, act });
    }

    /// An address got lamports from nowhere.
    pub fn lamports(&mut self, to: &Pubkey, lamports: u64) {
        let to = self.key(to);
        self.push(Act::Lamports { to, lamports });
    }

    /// The clock was set.
    pub fn clock(&mut self, ts: i64, epoch: u64) {
        self.push(Act::Clock { ts, epoch });
    }

    /// A transaction was sent, or simulated if it was not `kept`.
    pub fn transaction(&mut self, payer: &Pubkey, instructions: &[Instruction], accepted: bool, kept: bool) {
        let payer = self.key(payer);
        let calls = instructions
            .iter()
            .map(|instruction| Call {
                program: self.key(&instruction.program_id),
                accounts: instruction
                    .accounts
                    .iter()
                    .map(|meta| {
                        let signer = if meta.is_signer { SIGNER } else { 0 };
                        let writable = if meta.is_writable { WRITABLE } else { 0 };
                        (self.key(&meta.pubkey), signer | writable)
                    })
                    .collect(),
                data: BASE64_STANDARD.encode(&instruction.data),
            })
            .collect();
        self.push(Act::Transaction {
            payer,
            calls,
            accepted,
            kept,
        });
    }

    /// What was written down, and what goes wrong at its end.
    #[must_use]
    pub fn script(self, why: String) -> Script {
        Script {
            format: FORMAT.to_owned(),
            why,
            ..self.script
        }
    }
}

#[cfg(feature = "litesvm")]
mod play {
    use litesvm::LiteSVM;
    use solana_transaction::{Signature, Transaction};

    use super::{Act, Script, ScriptError};
    use crate::events::{decode_all, Event};
    use anchor_lang::prelude::Clock;

    /// How one entry of a script ended.
    #[derive(Clone, Debug)]
    pub struct Played {
        /// Its number in the script, counted from 0.
        pub number: usize,
        /// The events of a transaction that went through, or why it was refused and its log.
        pub outcome: Result<Vec<Event>, Refused>,
        /// Whether it ended as the script says.
        pub as_written: bool,
    }

    /// Why a transaction was refused.
    #[derive(Clone, Debug)]
    pub struct Refused {
        /// The runtime's error.
        pub error: String,
        /// Its log.
        pub logs: Vec<String>,
    }

    impl Script {
        /// Plays the script on a fresh machine with these bytes as the program, and tells `seen` how each entry ended.
        ///
        /// # Errors
        /// The program does not load, or the script names what it does not list.
        pub fn play(&self, program: &[u8], mut seen: impl FnMut(&Played)) -> Result<(), ScriptError> {
            let mut machine = LiteSVM::new()
                .with_sigverify(false)
                .with_blockhash_check(false)
                .with_transaction_history(0);
            machine
                .add_program(upside::ID, program)
                .map_err(|e| ScriptError::Machine(format!("the program does not load: {e:?}")))?;
            for (number, entry) in self.entries.iter().enumerate() {
                let (outcome, as_written) = match &entry.act {
                    Act::Lamports { to, lamports } => {
                        machine
                            .airdrop(&self.key(*to)?, *lamports)
                            .map_err(|e| ScriptError::Machine(format!("no lamports: {:?}", e.err)))?;
                        (Ok(Vec::new()), true)
                    }
                    Act::Clock { ts, epoch } => {
                        let mut clock = machine.get_sysvar::<Clock>();
                        clock.unix_timestamp = *ts;
                        clock.epoch = *epoch;
                        machine.set_sysvar(&clock);
                        (Ok(Vec::new()), true)
                    }
                    Act::Transaction {
                        payer,
                        calls,
                        accepted,
                        kept,
                    } => {
                        let instructions = calls
                            .iter()
                            .map(|call| self.instruction(call))
                            .collect::<Result<Vec<_>, _>>()?;
                        let mut transaction = Transaction::new_with_payer(&instructions, Some(&self.key(*payer)?));
                        // Not signed; the number makes it unlike any other.
                        let mut signature = [0; 64];
                        signature[..8].copy_from_slice(&(number as u64 + 1).to_le_bytes());
                        transaction.signatures[0] = Signature::from(signature);
                        let keys = transaction.message.account_keys.clone();
                        let result = if *kept {
                            machine.send_transaction(transaction)
                        } else {
                            machine.simulate_transaction(transaction).map(|info| info.meta)
                        };
                        let outcome = result
                            .map(|meta| {
                                let inner = meta.inner_instructions.iter().flatten().filter_map(|inner| {
                                    let program = keys.get(usize::from(inner.instruction.program_id_index))?;
                                    Some((*program, inner.instruction.data.as_slice()))
                                });
                                decode_all(inner).unwrap_or_default()
                            })
                            .map_err(|failed| Refused {
                                error: format!("{:?}", failed.err),
                                logs: failed.meta.logs,
                            });
                        let as_written = outcome.is_ok() == *accepted;
                        (outcome, as_written)
                    }
                };
                seen(&Played {
                    number,
                    outcome,
                    as_written,
                });
            }
            Ok(())
        }
    }
}

#[cfg(feature = "litesvm")]
pub use play::{Played, Refused};

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Script {
        let mut recorder = Recorder::default();
        let payer = Pubkey::new_from_array([1; 32]);
        recorder.lamports(&payer, 7);
        recorder.begin("Wait(3)".to_owned());
        recorder.clock(1_800_000_000, 2);
        let instruction = Instruction {
            program_id: Pubkey::new_from_array([2; 32]),
            accounts: vec![
                AccountMeta::new(payer, true),
                AccountMeta::new_readonly(Pubkey::new_from_array([3; 32]), false),
            ],
            data: vec![1, 2, 3],
        };
        recorder.transaction(&payer, &[instruction], false, true);
        recorder.script("it breaks".to_owned())
    }

    #[test]
    fn a_script_reads_back_as_it_was_written() {
        let script = recorded();
        let text = serde_json::to_string(&script).expect("JSON");
        assert_eq!(Script::parse(&text).expect("a script"), script);
        let Act::Transaction { calls, payer, .. } = &script.entries[2].act else {
            panic!("a transaction");
        };
        let instruction = script.instruction(&calls[0]).expect("an instruction");
        assert_eq!(instruction.accounts[0].pubkey, script.key(*payer).expect("a key"));
        assert!(instruction.accounts[0].is_signer && instruction.accounts[0].is_writable);
        assert!(!instruction.accounts[1].is_signer && !instruction.accounts[1].is_writable);
        assert_eq!(instruction.data, [1, 2, 3]);
    }

    #[test]
    fn what_is_no_script_is_refused_in_words() {
        let text = serde_json::to_string(&recorded()).expect("JSON");
        for (text, words) in [
            ("{".to_owned(), "must be JSON"),
            (text.replace("script 1", "script 9"), "must start with the format"),
            (text.replace("\"program\":1", "\"program\":99"), "lists no number 99"),
            (text.replace("AQID", "!!"), "must be base64"),
        ] {
            let error = Script::parse(&text).expect_err("no script").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
