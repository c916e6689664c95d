//! Sending a plan, so that one asset never holds up another.

use solana_signer::Signer;

use super::{plan::Part, Plan, Step};
use crate::{
    error::{ClientError, Result},
    sender::Receipt,
    Sender,
};

/// How one or more steps ended.
#[derive(Debug)]
pub enum StepResult {
    /// Landed.
    Done {
        /// What the transaction did.
        receipt: Box<Receipt>,
        /// The steps in it.
        steps: Vec<Step>,
    },
    /// A program refused this step; nothing changed, and the others go on.
    Refused {
        /// The step.
        step: Step,
        /// Why.
        error: ClientError,
    },
}

/// A plan being carried out, transaction by transaction: call [`Run::next`] until it returns `None`.
///
/// A transaction that is refused is split, so that the asset that refuses is known and all others are collected. When `redeem` itself is
/// refused, or nobody knows whether a transaction landed, the run ends: what is begun is on chain, and a new plan goes on from there.
pub struct Run<'a> {
    sender: &'a dyn Sender,
    payer: &'a dyn Signer,
    holder: &'a dyn Signer,
    queue: std::collections::VecDeque<Vec<Part>>,
    refused: bool,
}

impl<'a> Run<'a> {
    /// Prepares to carry a plan out.
    ///
    /// # Errors
    /// As [`Plan::pack`].
    pub fn new(sender: &'a dyn Sender, plan: &Plan, payer: &'a dyn Signer, holder: &'a dyn Signer) -> Result<Self> {
        Ok(Self {
            sender,
            payer,
            holder,
            queue: plan.pack_parts()?.into(),
            refused: false,
        })
    }

    /// Steps that are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.queue.iter().map(Vec::len).sum()
    }

    /// Sends the next transaction. `None` when all is done.
    ///
    /// # Errors
    /// When `redeem` is refused, or the cluster fails.
    pub fn send_next(&mut self) -> Result<Option<StepResult>> {
        while let Some(parts) = self.queue.pop_front() {
            // A ticket with something left cannot be closed.
            let parts: Vec<Part> = parts
                .into_iter()
                .filter(|part| !(self.refused && part.step == Step::Close))
                .collect();
            if parts.is_empty() {
                continue;
            }
            let instructions: Vec<_> = parts.iter().flat_map(|part| part.instructions.clone()).collect();
            let error = match self.sender.send(&instructions, self.payer, &[self.holder]) {
                Ok(receipt) => {
                    return Ok(Some(StepResult::Done {
                        receipt: Box::new(receipt),
                        steps: parts.into_iter().map(|part| part.step).collect(),
                    }))
                }
                Err(error @ ClientError::Program(_)) => error,
                Err(error) => return Err(error),
            };
            let step = match <[Part; 1]>::try_from(parts) {
                Ok([part]) => part.step,
                Err(parts) => {
                    // One of them was refused: each is tried by itself.
                    for part in parts.into_iter().rev() {
                        self.queue.push_front(vec![part]);
                    }
                    continue;
                }
            };
            if step == Step::Redeem {
                return Err(error);
            }
            self.refused |= matches!(step, Step::Collect { .. });
            return Ok(Some(StepResult::Refused { step, error }));
        }
        Ok(None)
    }
}
