//! Vector operations of the Krylov methods, in chunks of fixed length: the same on any number of threads.

use rayon::prelude::*;

/// Elements per task.
const CHUNK: usize = 1 << 14;
/// Lengths from which threads are worth their while.
const PARALLEL: usize = 1 << 17;

/// Sums of what `term` says of every chunk.
fn sum<const N: usize>(length: usize, term: impl Fn(std::ops::Range<usize>) -> [f64; N] + Sync) -> [f64; N] {
    let range = |chunk: usize| chunk * CHUNK..((chunk + 1) * CHUNK).min(length);
    let chunks = length.div_ceil(CHUNK);
    let parts: Vec<[f64; N]> = if length < PARALLEL {
        (0..chunks).map(|chunk| term(range(chunk))).collect()
    } else {
        (0..chunks).into_par_iter().map(|chunk| term(range(chunk))).collect()
    };
    parts.into_iter().fold([0.0; N], |mut sums, part| {
        for (sum, term) in sums.iter_mut().zip(part) {
            *sum += term;
        }
        sums
    })
}

/// Running sums side by side: one alone waits for each addition to end.
const LANES: usize = 8;

/// The sum of `term` over pairs.
fn sum_of_pairs(left: &[f64], right: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (left, right) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let rest = left.remainder().iter().zip(right.remainder());
    let rest: f64 = rest.map(|(a, b)| term(*a, *b)).sum();
    for (left, right) in left.zip(right) {
        for lane in 0..LANES {
            sums[lane] += term(left[lane], right[lane]);
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Inner product.
pub fn inner(left: &[f64], right: &[f64]) -> f64 {
    let [sum] = sum(left.len(), |range| {
        [sum_of_pairs(&left[range.clone()], &right[range], |a, b| a * b)]
    });
    sum
}

/// Inner product of the first with the second, and of the first with itself.
pub fn inner_and_square(first: &[f64], second: &[f64]) -> [f64; 2] {
    sum(first.len(), |range| {
        let (first, second) = (&first[range.clone()], &second[range]);
        [
            sum_of_pairs(first, second, |a, b| a * b),
            sum_of_pairs(first, first, |a, _| a * a),
        ]
    })
}

/// Sum of magnitudes.
pub fn one_norm(vector: &[f64]) -> f64 {
    let [sum] = sum(vector.len(), |range| {
        [sum_of_pairs(&vector[range.clone()], &vector[range], |a, _| a.abs())]
    });
    sum
}

/// `to = change(to, from)`, element by element.
pub fn combine(to: &mut [f64], from: &[f64], change: impl Fn(f64, f64) -> f64 + Sync) {
    let one = |(to, from): (&mut [f64], &[f64])| {
        for (to, from) in to.iter_mut().zip(from) {
            *to = change(*to, *from);
        }
    };
    if to.len() < PARALLEL {
        one((to, from));
    } else {
        to.par_chunks_mut(CHUNK).zip(from.par_chunks(CHUNK)).for_each(one);
    }
}

/// `to = change(to, first, second)`, element by element.
pub fn combine_two(to: &mut [f64], first: &[f64], second: &[f64], change: impl Fn(f64, f64, f64) -> f64 + Sync) {
    let one = |((to, first), second): ((&mut [f64], &[f64]), &[f64])| {
        for ((to, first), second) in to.iter_mut().zip(first).zip(second) {
            *to = change(*to, *first, *second);
        }
    };
    if to.len() < PARALLEL {
        one(((to, first), second));
    } else {
        to.par_chunks_mut(CHUNK)
            .zip(first.par_chunks(CHUNK))
            .zip(second.par_chunks(CHUNK))
            .for_each(one);
    }
}

/// `vector = change(vector)`, element by element.
pub fn change(vector: &mut [f64], change: impl Fn(f64) -> f64 + Sync) {
    let one = |part: &mut [f64]| part.iter_mut().for_each(|value| *value = change(*value));
    if vector.len() < PARALLEL {
        one(vector);
    } else {
        vector.par_chunks_mut(CHUNK).for_each(one);
    }
}
