//! New sequences from old ones.

use rand::{rngs::StdRng, seq::SliceRandom, Rng};
use upside_tests::sequence::step::{self, hostile, instruction, Step};

/// Most steps of a sequence.
pub const MOST: usize = 80;
/// Of a hundred steps put in, so many are hostile.
const HOSTILE: u32 = 45;

fn any(rng: &mut StdRng) -> Step {
    match rng.gen_range(0..100) {
        n if n < HOSTILE => hostile(rng, rng.clone().gen_bool(0.3)),
        n if n < HOSTILE + 15 => Step::Wait(step::wait(rng)),
        _ => instruction(rng),
    }
}

/// Another step of the same kind, if chance finds one.
fn other_of_its_kind(rng: &mut StdRng, like: &Step) -> Step {
    let kind = std::mem::discriminant(like);
    let mut make: Box<dyn FnMut(&mut StdRng) -> Step> = match like {
        Step::Wait(_) => Box::new(|rng| Step::Wait(step::wait(rng))),
        like if like.hostility().is_some() => Box::new(|rng| hostile(rng, true)),
        Step::Create { .. } => {
            return step::sequence(rng, 8)
                .into_iter()
                .find(|step| std::mem::discriminant(step) == kind)
                .unwrap_or_else(|| like.clone())
        }
        _ => Box::new(instruction),
    };
    (0..200)
        .map(|_| make(rng))
        .find(|step| std::mem::discriminant(step) == kind)
        .unwrap_or_else(|| like.clone())
}

fn place(rng: &mut StdRng, sequence: &[Step]) -> usize {
    rng.gen_range(0..=sequence.len())
}

/// A new sequence from one and, sometimes, a part of another.
pub fn mutated(rng: &mut StdRng, parent: &[Step], other: &[Step]) -> Vec<Step> {
    let mut sequence = parent.to_vec();
    for _ in 0..rng.gen_range(1..6) {
        match rng.gen_range(0..12) {
            0..=3 => {
                let at = place(rng, &sequence);
                let new: Vec<Step> = (0..rng.gen_range(1..4)).map(|_| any(rng)).collect();
                sequence.splice(at..at, new);
            }
            4 if sequence.len() > 2 => {
                let from = rng.gen_range(0..sequence.len());
                let to = (from + rng.gen_range(1..4)).min(sequence.len());
                sequence.drain(from..to);
            }
            5..=6 => {
                if let Some(at) = (0..sequence.len()).collect::<Vec<_>>().choose(rng).copied() {
                    sequence[at] = other_of_its_kind(rng, &sequence[at]);
                }
            }
            7 if !sequence.is_empty() => {
                let from = rng.gen_range(0..sequence.len());
                let to = (from + rng.gen_range(1..6)).min(sequence.len());
                let copy = sequence[from..to].to_vec();
                let at = place(rng, &sequence);
                sequence.splice(at..at, copy);
            }
            8 if !sequence.is_empty() => {
                let step = sequence.remove(rng.gen_range(0..sequence.len()));
                let at = place(rng, &sequence);
                sequence.insert(at, step);
            }
            9 => {
                sequence.truncate(place(rng, &sequence));
                sequence.extend_from_slice(&other[place(rng, other)..]);
            }
            10 => sequence.extend((0..rng.gen_range(1..12)).map(|_| any(rng))),
            // A step that was fine, made wrong.
            _ if !sequence.is_empty() => {
                let of = sequence[rng.gen_range(0..sequence.len())].clone();
                if of.hostility().is_none() && !matches!(of, Step::Wait(_)) {
                    let (slot, with) = (rng.gen_range(0..16), rng.gen_range(0..256));
                    let (of, unsigned) = (Box::new(of), rng.gen_bool(0.2));
                    let at = place(rng, &sequence);
                    let wrong = if rng.gen() {
                        Step::WrongAccount {
                            of,
                            slot,
                            with,
                            unsigned,
                        }
                    } else {
                        Step::Alias { of, slot, with }
                    };
                    sequence.insert(at, wrong);
                }
            }
            _ => {}
        }
    }
    sequence.truncate(MOST);
    sequence
}

/// The sequence with hostile steps put in until they are at least a quarter of it.
pub fn with_hostility(rng: &mut StdRng, mut sequence: Vec<Step>) -> Vec<Step> {
    let mut hostile_steps = sequence.iter().filter(|step| step.hostility().is_some()).count();
    while hostile_steps * 4 < sequence.len() {
        let at = place(rng, &sequence);
        sequence.insert(at, hostile(rng, true));
        hostile_steps += 1;
    }
    sequence
}
