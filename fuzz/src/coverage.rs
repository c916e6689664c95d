//! Which edges of the program's bytecode a run takes.
//!
//! An edge is one outcome of a conditional jump, a jump, or a call of a known function. The total is counted in the program's text; what is
//! taken is read from the VM's register traces, whose last register is the program counter. Calls through a register and system calls
//! are no edges: their targets are not in the text.
//!
//! The VM hands traces only to who runs inside it, also when a transaction fails. So sequences call the program through a built-in relay, which
//! calls it with the same accounts, signers and data, passes its result on unchanged, and reads the trace.

use std::{cell::RefCell, collections::BTreeMap};

use anchor_lang::{
    prelude::Pubkey,
    solana_program::instruction::{AccountMeta, Instruction},
};
use anyhow::{bail, ensure, Context, Result};
use litesvm::LiteSVM;
use solana_program_runtime::{
    __private::InstructionError,
    declare_process_instruction,
    invoke_context::{Executable, InvokeContext},
    solana_sbpf::{
        ebpf,
        elf::ElfError,
        program::{BuiltinFunctionDefinition, BuiltinProgram},
    },
};
use upside_tests::sequence::world::Fixture;

/// The address of the relay.
const RELAY: Pubkey = Pubkey::new_from_array(*b"upside fuzz: relay to the progra");
/// No edge starts here.
const NONE: u32 = u32::MAX;
/// Register of a trace's entry that holds the program counter.
const PC: usize = 11;

/// The edges of a program's text.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// By program counter: the number of the first edge that starts there, or [`NONE`].
    first: Vec<u32>,
    /// By edge: the program counter that it leads to.
    target: Vec<u32>,
    /// Edges that are outcomes of a conditional jump, by its program counter: when it is not taken, when it is.
    pub branches: BTreeMap<usize, [u32; 2]>,
}

/// Whether an operation is a conditional jump.
fn is_branch(opcode: u8) -> bool {
    let class = opcode & 0b111;
    let is_jump = class == ebpf::BPF_JMP64 || class == ebpf::BPF_JMP32;
    is_jump && !matches!(opcode, ebpf::JA | ebpf::CALL_IMM | ebpf::CALL_REG | ebpf::EXIT)
}

impl Edges {
    /// Those of a loaded program.
    fn of(executable: &Executable) -> Self {
        let (_, text) = executable.get_text_bytes();
        let version = executable.get_sbpf_version();
        let count = text.len() / ebpf::INSN_SIZE;
        let mut edges = Self {
            first: vec![NONE; count],
            ..Self::default()
        };
        let mut pc = 0;
        while pc < count {
            let instruction = ebpf::get_insn_unchecked(text, pc);
            let next = pc + 1;
            let jumps_to = usize::try_from(next as i64 + i64::from(instruction.off)).ok();
            match instruction.opc {
                ebpf::JA => {
                    if let Some(target) = jumps_to {
                        edges.add(pc, &[target]);
                    }
                }
                ebpf::CALL_IMM => {
                    let key = version.calculate_call_imm_target_pc(pc, instruction.imm);
                    if let Some((_, target)) = executable.get_function_registry().lookup_by_key(key) {
                        edges.add(pc, &[target]);
                    }
                }
                opcode if is_branch(opcode) => {
                    if let Some(target) = jumps_to {
                        let number = edges.len();
                        edges.add(pc, &[next, target]);
                        edges.branches.insert(pc, [number, number + 1]);
                    }
                }
                _ => {}
            }
            pc += if instruction.opc == ebpf::LD_DW_IMM { 2 } else { 1 };
        }
        edges
    }

    fn add(&mut self, from: usize, targets: &[usize]) {
        self.first[from] = self.len();
        self.target
            .extend(targets.iter().map(|target| u32::try_from(*target).unwrap_or(NONE)));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.target.len()).unwrap_or(NONE)
    }

    /// Whether there are none: nothing was run yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.target.is_empty()
    }

    /// The edge from one instruction of a trace to the next, if it is one.
    fn taken(&self, from: usize, to: usize) -> Option<u32> {
        let first = *self.first.get(from)?;
        let to = u32::try_from(to).ok()?;
        if first == NONE {
            return None;
        }
        let outcomes = if self.branches.contains_key(&from) { 2 } else { 1 };
        (first..first + outcomes).find(|edge| self.target[*edge as usize] == to)
    }
}

/// What the relay of one thread has seen.
#[derive(Default)]
struct Seen {
    edges: Edges,
    /// By edge: the number of the run that took it last.
    stamp: Vec<u32>,
    run: u32,
    /// The edges that the present run took, each once.
    taken: Vec<u32>,
}

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

/// Forgets what was taken, and, if another `program` is to run, its edges.
pub fn start(another_program: bool) {
    SEEN.with_borrow_mut(|seen| {
        if another_program {
            *seen = Seen::default();
        }
        seen.run += 1;
        seen.taken.clear();
    });
}

/// How many edges the present run has taken.
#[must_use]
pub fn count() -> usize {
    SEEN.with_borrow(|seen| seen.taken.len())
}

/// The edges that the present run has taken, each once, in the order of the first time.
#[must_use]
pub fn taken() -> Vec<u32> {
    SEEN.with_borrow(|seen| seen.taken.clone())
}

/// The edges of the program that ran on this thread.
#[must_use]
pub fn edges() -> Edges {
    SEEN.with_borrow(|seen| seen.edges.clone())
}

impl Seen {
    fn trace(&mut self, executable: &Executable, trace: &[[u64; 12]]) {
        if self.edges.is_empty() {
            self.edges = Edges::of(executable);
            self.stamp = vec![0; self.edges.target.len()];
        }
        for pair in trace.windows(2) {
            let [from, to] = [pair[0][PC], pair[1][PC]].map(|pc| usize::try_from(pc).unwrap_or(usize::MAX));
            if let Some(edge) = self.edges.taken(from, to) {
                let stamp = &mut self.stamp[edge as usize];
                if *stamp != self.run {
                    *stamp = self.run;
                    self.taken.push(edge);
                }
            }
        }
    }
}

/// The relay as the VM wants a built-in program.
mod built_in {
    use super::*;

    declare_process_instruction!(Relay, 0, |invoke_context| { relay(invoke_context) });
}

/// Calls the program named by its last account with the others and its data.
fn relay(context: &mut InvokeContext) -> Result<(), InstructionError> {
    let instruction = {
        let own = context.transaction_context.get_current_instruction_context()?;
        let last = own
            .get_number_of_instruction_accounts()
            .checked_sub(1)
            .ok_or(InstructionError::MissingAccount)?;
        let accounts = (0..last)
            .map(|at| {
                Ok(AccountMeta {
                    pubkey: *own.get_key_of_instruction_account(at)?,
                    is_signer: own.is_instruction_account_signer(at)?,
                    is_writable: own.is_instruction_account_writable(at)?,
                })
            })
            .collect::<Result<_, InstructionError>>()?;
        Instruction {
            program_id: *own.get_key_of_instruction_account(last)?,
            accounts,
            data: own.get_instruction_data().to_vec(),
        }
    };
    let result = context.native_invoke_signed(instruction, &[]);
    context.iterate_vm_traces(&|instruction, executable, trace| {
        if instruction
            .get_program_key()
            .is_ok_and(|program| *program == upside::ID)
        {
            SEEN.with_borrow_mut(|seen| seen.trace(executable, trace));
        }
    });
    result
}

/// Replaces the environment that programs are loaded into by one that traces them.
fn trace_everything(
    environment: &mut BuiltinProgram<InvokeContext<'static, 'static>>,
    _: &str,
) -> Result<(), ElfError> {
    let mut config = environment.get_config().clone();
    config.enable_register_tracing = true;
    let mut traced = BuiltinProgram::new_loader(config);
    for (_, (name, function)) in environment.get_function_registry().iter() {
        traced.register_function(&String::from_utf8_lossy(name), function)?;
    }
    *environment = traced;
    Ok(())
}

/// A fixture whose machine traces these bytes as the program. Its runs belong to the thread that makes it.
#[must_use]
pub fn fixture(program: &[u8]) -> Fixture {
    start(true);
    // As `LiteSVM::new`, but for the environment.
    let mut machine = LiteSVM::default()
        .with_mainnet_features()
        .with_builtins()
        .with_custom_syscall("", trace_everything)
        .with_lamports(1_000_000_000_000_000)
        .with_sysvars()
        .with_feature_accounts()
        .with_default_programs();
    machine.add_builtin(RELAY, built_in::Relay::register);
    Fixture::on(machine, program, Some(RELAY))
}

/// Where the text of a program starts in its file: its first segment that can be executed.
///
/// # Errors
/// The file is no ELF with such a segment.
pub fn text_offset(program: &[u8]) -> Result<usize> {
    /// Places in a file's header: of the segments' headers, their size, their number. Places in a segment's: its flags, where it starts.
    const SEGMENTS: usize = 0x20;
    const SIZE: usize = 0x36;
    const COUNT: usize = 0x38;
    const FLAGS: usize = 0x04;
    const START: usize = 0x08;
    const EXECUTABLE: u32 = 1;
    fn at<const N: usize>(bytes: &[u8], place: usize) -> Result<[u8; N]> {
        let field = bytes
            .get(place..place + N)
            .context("the program must be a whole ELF file")?;
        Ok(field.try_into()?)
    }
    ensure!(program.starts_with(b"\x7fELF"), "the program must be an ELF file");
    let segments = usize::try_from(u64::from_le_bytes(at(program, SEGMENTS)?))?;
    let size = usize::from(u16::from_le_bytes(at(program, SIZE)?));
    for number in 0..usize::from(u16::from_le_bytes(at(program, COUNT)?)) {
        let header = segments + number * size;
        if u32::from_le_bytes(at(program, header + FLAGS)?) & EXECUTABLE != 0 {
            return Ok(usize::try_from(u64::from_le_bytes(at(program, header + START)?))?);
        }
    }
    bail!("the program must have a segment that can be executed")
}
