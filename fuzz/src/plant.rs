//! Bugs put into the bytecode on purpose, to see that they are found.

use std::collections::BTreeMap;

use anyhow::{ensure, Result};

use crate::coverage::{text_offset, Edges};

/// Bytes of one instruction.
const INSTRUCTION: usize = 8;
/// `ja +0`: goes on with the next instruction, whatever was to be tested.
const GO_ON: [u8; INSTRUCTION] = [0x05, 0, 0, 0, 0, 0, 0, 0];
/// The opcode of `ja`.
const ALWAYS: u8 = 0x05;

/// What becomes of a conditional jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The jump is never taken.
    Never,
    /// The jump is always taken.
    Always,
}

/// The program with one conditional jump decided.
///
/// # Errors
/// The program is no ELF, or there is no such jump in its text.
pub fn planted(program: &[u8], at: usize, bug: Bug) -> Result<Vec<u8>> {
    let start = text_offset(program)? + at * INSTRUCTION;
    let mut patched = program.to_vec();
    ensure!(
        patched.len() >= start + INSTRUCTION,
        "the text must have an instruction {at}"
    );
    let instruction = &mut patched[start..start + INSTRUCTION];
    match bug {
        Bug::Never => instruction.copy_from_slice(&GO_ON),
        Bug::Always => {
            // The target stays: 16 bits from the third byte on.
            instruction[0] = ALWAYS;
            instruction[1] = 0;
            instruction[4..].fill(0);
        }
    }
    Ok(patched)
}

/// Which steps took each edge: how many accepted ones, how many refused ones.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    accepted: BTreeMap<u32, u64>,
    refused: BTreeMap<u32, u64>,
}

impl Observed {
    /// Counts one step with the edges it took.
    pub fn add(&mut self, accepted: bool, taken: &[u32]) {
        let side = if accepted {
            &mut self.accepted
        } else {
            &mut self.refused
        };
        for edge in taken {
            *side.entry(*edge).or_default() += 1;
        }
    }

    /// The program's checks, as far as they were seen: conditional jumps of which one outcome was only taken by steps that were refused, and
    /// the other by steps that were accepted. Each with the bug that takes the refusal away, and how many refused steps took it; the
    /// rarest first.
    #[must_use]
    pub fn checks(&self, edges: &Edges) -> Vec<(usize, Bug, u64)> {
        let refuses = |one: &u32, other: &u32| {
            let only_refused = !self.accepted.contains_key(one) && self.accepted.contains_key(other);
            self.refused.get(one).copied().filter(|_| only_refused)
        };
        let mut checks: Vec<(usize, Bug, u64)> = edges
            .branches
            .iter()
            .filter_map(|(pc, [passes, jumps])| {
                let always = refuses(passes, jumps).map(|count| (*pc, Bug::Always, count));
                always.or_else(|| refuses(jumps, passes).map(|count| (*pc, Bug::Never, count)))
            })
            .collect();
        checks.sort_by_key(|(pc, _, count)| (*count, *pc));
        checks
    }
}
