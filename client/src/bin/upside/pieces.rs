//! Many small things that do not depend on each other, in as few transactions as they fit into: what one of them is refused for never stops
//! the others, and what is done stays done when the command ends early.

use anchor_lang::solana_program::instruction::Instruction;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use upside_client::{amount, sender::Receipt, transactions, ClientError, Sender};

use crate::{
    app::App,
    failure::{Failure, Reason, Result},
    output,
    plan::{agreed, Plan},
    signer::Identity,
};

/// Lamports of fee counted for one piece.
const FEE_LAMPORTS: u64 = 15_000;
const SOL_DECIMALS: u8 = 9;

/// Whether something is done by now, as the cluster shows it.
pub type Check = Box<dyn Fn(&dyn Sender) -> upside_client::Result<bool>>;

/// One thing to do.
pub struct Piece {
    /// What it is, for messages: `line 7`.
    pub name: String,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
    /// The most compute units that they take.
    pub compute_units: u32,
    /// Asked when it is refused: somebody else may have done it.
    pub is_done: Option<Check>,
}

/// What became of the pieces.
#[derive(Default)]
pub struct Outcome {
    /// What landed.
    pub receipts: Vec<Receipt>,
    /// How many pieces landed.
    pub done: usize,
    /// How many pieces somebody else did meanwhile.
    pub overtaken: usize,
    /// What was refused: the piece, and why.
    pub refused: Vec<(usize, ClientError)>,
    /// Why it ended early, if it did.
    pub interrupted: Option<ClientError>,
}

/// A bar for `length` steps.
///
/// # Errors
/// Never, unless the template is wrong.
pub fn progress(length: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("  {bar:30.cyan} {pos} of {len}  {msg}")
        .map_err(|e| Failure::input(e.to_string()))?;
    Ok(ProgressBar::new(length as u64).with_style(style))
}

/// Refuses to begin what the fee payer cannot pay for: `rent` lamports for each piece at most, and fees.
///
/// # Errors
/// When they have less.
pub fn check_lamports(app: &App, rent: u64, pieces: &[Piece]) -> Result<()> {
    let payer = app.payer()?.address;
    let count = pieces.len() as u64;
    let needed = count.saturating_mul(rent.saturating_add(FEE_LAMPORTS));
    let held = app.sender()?.get_account(&payer)?.map_or(0, |account| account.lamports);
    if held >= needed || app.global.base64 {
        return Ok(());
    }
    Err(Failure::input(format!(
        "{count} of these need up to {} SOL of rent and fees, and {payer} has {}",
        amount::to_text(needed, SOL_DECIMALS),
        amount::to_text(held, SOL_DECIMALS)
    ))
    .remedy("send it SOL first"))
}

/// Does the pieces, after asking about `irreversible`. `None` when nothing was to be sent and what was asked for has been printed.
///
/// # Errors
/// When it is declined, or nothing could be sent at all.
pub fn carry_out(
    app: &App,
    actor: &Identity,
    what: String,
    irreversible: Vec<String>,
    pieces: &[Piece],
) -> Result<Option<Outcome>> {
    let (sender, payer) = (app.sender()?, app.payer()?);
    let sized: Vec<(Vec<Instruction>, u32)> = pieces
        .iter()
        .map(|piece| (piece.instructions.clone(), piece.compute_units))
        .collect();
    let packed = transactions::pack(&payer.address, &sized)?;
    let of = |range: &std::ops::Range<usize>| -> Vec<Instruction> {
        pieces[range.clone()]
            .iter()
            .flat_map(|piece| piece.instructions.clone())
            .collect()
    };
    if let (Some(first), true) = (packed.first(), packed.len() > 1 && app.global.sends_nothing()) {
        output::write_note(&format!(
            "The whole takes {} transactions; this is the first, for {}. Run the command again when it has landed, for the next.",
            packed.len(),
            names(&pieces[first.clone()])
        ));
    }
    // One piece that is refused must not keep the question from being asked: it is split off when it is sent.
    let first = packed.first().map(of).unwrap_or_default();
    let alone = pieces
        .first()
        .map(|piece| piece.instructions.clone())
        .unwrap_or_default();
    let tried = match sender.simulate(&first, payer.signer().as_ref(), &[], &[]) {
        Err(ClientError::Program(_)) if pieces.len() > 1 && !app.global.sends_nothing() => alone,
        _ => first,
    };
    let consent = Plan {
        what,
        irreversible,
        instructions: tried,
        actor,
        expects: "",
    };
    if !agreed(app, &consent)? {
        return Ok(None);
    }
    let (payer_signer, actor_signer) = (payer.signer(), actor.signer());
    let bar = progress(pieces.len())?;
    let mut outcome = Outcome::default();
    let mut queue: std::collections::VecDeque<_> = packed.into();
    while let Some(range) = queue.pop_front() {
        bar.set_message(names(&pieces[range.clone()]));
        match sender.send(&of(&range), payer_signer.as_ref(), &[actor_signer.as_ref()]) {
            Ok(receipt) => {
                outcome.receipts.push(receipt);
                outcome.done += range.len();
                bar.inc(range.len() as u64);
            }
            Err(ClientError::Program(_)) if range.len() > 1 => {
                for at in range.rev() {
                    queue.push_front(at..at + 1);
                }
            }
            Err(error @ ClientError::Program(_)) => {
                match pieces[range.start].is_done.as_ref().map(|is_done| is_done(sender)) {
                    Some(Ok(true)) => outcome.overtaken += 1,
                    Some(Err(unread)) => {
                        outcome.refused.push((range.start, error));
                        outcome.interrupted = Some(unread);
                        break;
                    }
                    Some(Ok(false)) | None => outcome.refused.push((range.start, error)),
                }
                bar.inc(1);
            }
            // Nothing has happened yet: the failure is the whole answer.
            Err(error) if outcome.done == 0 && outcome.refused.is_empty() => return Err(error.into()),
            Err(error) => {
                outcome.interrupted = Some(error);
                break;
            }
        }
    }
    bar.finish_and_clear();
    Ok(Some(outcome))
}

/// `line 2 to line 5`.
fn names(pieces: &[Piece]) -> String {
    match pieces {
        [] => String::new(),
        [only] => only.name.clone(),
        [first, .., last] => format!("{} to {}", first.name, last.name),
    }
}

impl Outcome {
    /// What was refused, as sentences.
    pub fn refusals(&self, pieces: &[Piece]) -> Vec<String> {
        self.refused
            .iter()
            .map(|(at, error)| format!("{}: {error}", pieces[*at].name))
            .collect()
    }

    /// A sentence about the pieces that somebody else did meanwhile, if there are any: they were `done`, such as "settled".
    pub fn overtaken_line(&self, done: &str) -> Option<String> {
        (self.overtaken > 0).then(|| format!("{} more had been {done} by somebody else meanwhile.", self.overtaken))
    }

    /// The landed transactions for programs.
    pub fn transactions(&self) -> Value {
        self.receipts.iter().map(output::receipt_json).collect()
    }

    /// Fails if something was refused, or the command ended early; `again` says what running it again does.
    ///
    /// # Errors
    /// As it says.
    pub fn check(self, pieces: &[Piece], again: &str) -> Result<()> {
        let refusals = self.refusals(pieces);
        if let Some(error) = self.interrupted {
            let mut failure = Failure::from(error);
            failure.message = format!("{} of {} done, then: {}", self.done, pieces.len(), failure.message);
            return Err(failure.details(refusals).remedy(again));
        }
        if refusals.is_empty() {
            return Ok(());
        }
        let mut failures = self.refused.into_iter().map(|(_, error)| Failure::from(error).remedy);
        let remedy = failures.find_map(|remedy| remedy).unwrap_or_else(|| again.to_owned());
        Err(Failure::new(
            Reason::Refused,
            format!(
                "{} of {} were refused; everything else is done",
                refusals.len(),
                pieces.len()
            ),
        )
        .details(refusals)
        .remedy(remedy))
    }
}
