//! Words that are terms: running a formula on them asks what holds for every 64-bit input.
//!
//! A term stands for an integer. A comparison of terms has no answer yet, so the function under test is run once for each way through its
//! comparisons: a run follows the answers it is given, says yes to further ones, and writes all of them down as conditions. When a way ends
//! in a broken property, z3 is asked whether any input takes it.
//!
//! Integers and not bit vectors, because products and quotients of 64-bit numbers are then polynomials. Each width is kept as a condition:
//! whether a sum fits is a comparison like any other, and a quotient is a number `q` with `n = q * d + r`, `0 <= r < d`.

use std::{
    cell::RefCell,
    cmp::Ordering,
    fmt::Write as _,
    io::{Read, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use upside_math::Word;

use crate::Subject;

/// Bits of a word.
const BITS: u32 = 64;
/// Number of the term 0 and of the term 1.
const ZERO: u32 = 0;
/// See [`ZERO`].
const ONE: u32 = 1;

/// A term: its number among those of the present run.
#[derive(Clone, Copy, Debug)]
pub struct Term(u32);

/// One run: what was defined and which way it took.
#[derive(Default)]
struct Way {
    /// Terms, in the language of z3.
    terms: Vec<String>,
    /// Numbers that exist, with what holds of them.
    facts: Vec<String>,
    /// Names that z3 is told of.
    names: Vec<String>,
    /// The comparisons made so far, each with the answer followed.
    taken: Vec<(String, bool)>,
    /// Answers that are given.
    given: Vec<bool>,
    /// Wide terms that were cut in halves, with these.
    halved: Vec<(String, Term, Term)>,
}

thread_local! {
    static PATH: RefCell<Way> = RefCell::default();
}

fn term(text: String) -> Term {
    PATH.with_borrow_mut(|path| {
        path.terms.push(text);
        Term(u32::try_from(path.terms.len() - 1).unwrap_or(u32::MAX))
    })
}

fn text(term: Term) -> String {
    PATH.with_borrow(|path| path.terms[term.0 as usize].clone())
}

/// A number of which only this is known: `0 <= it < below`.
fn number(below: &str) -> Term {
    let name = PATH.with_borrow_mut(|path| {
        let name = format!("x{}", path.names.len());
        path.names.push(name.clone());
        path.facts.push(format!("(and (<= 0 {name}) (< {name} {below}))"));
        name
    });
    term(name)
}

fn fact(text: String) {
    PATH.with_borrow_mut(|path| path.facts.push(text));
}

/// Whether a comparison holds, on the way that is being taken.
fn decide(condition: String) -> bool {
    PATH.with_borrow_mut(|path| {
        // The same question again has the same answer.
        if let Some((_, answer)) = path.taken.iter().find(|(asked, _)| *asked == condition) {
            return *answer;
        }
        let answer = path.given.get(path.taken.len()).copied().unwrap_or(true);
        path.taken.push((condition, answer));
        answer
    })
}

fn power(bits: u32) -> String {
    // Wide enough for twice the width.
    match bits {
        64 => "18446744073709551616".to_owned(),
        127 => "170141183460469231731687303715884105728".to_owned(),
        _ => "340282366920938463463374607431768211456".to_owned(),
    }
}

fn binary(operation: &str, a: Term, b: Term) -> Term {
    term(format!("({operation} {} {})", text(a), text(b)))
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || decide(format!("(= {} {})", text(*self), text(*other)))
    }
}

impl PartialOrd for Term {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(if self.lt(other) {
            Ordering::Less
        } else if self == other {
            Ordering::Equal
        } else {
            Ordering::Greater
        })
    }
    fn lt(&self, other: &Self) -> bool {
        self.0 != other.0 && decide(format!("(< {} {})", text(*self), text(*other)))
    }
    fn le(&self, other: &Self) -> bool {
        !other.lt(self)
    }
    fn gt(&self, other: &Self) -> bool {
        other.lt(self)
    }
    fn ge(&self, other: &Self) -> bool {
        !self.lt(other)
    }
}

fn fits(value: Term, bits: u32) -> bool {
    decide(format!("(< {} {})", text(value), power(bits)))
}

/// `q` and `r` with `n = q * d + r`, `0 <= r < d`.
fn divided(n: Term, d: Term) -> (Term, Term) {
    let (q, r) = (number(&power(2 * BITS)), number(&text(d)));
    fact(format!("(= {} (+ (* {} {}) {}))", text(n), text(q), text(d), text(r)));
    // What follows, and spares the solver finding it: a quotient is at most what is divided.
    fact(format!("(<= {} {})", text(q), text(n)));
    (q, r)
}

fn halves(wide: Term) -> (Term, Term) {
    let whole = text(wide);
    let known = PATH.with_borrow(|path| path.halved.iter().find(|(of, ..)| *of == whole).cloned());
    if let Some((_, upper, lower)) = known {
        return (upper, lower);
    }
    let (upper, lower) = (number(&power(BITS)), number(&power(BITS)));
    fact(format!(
        "(= {whole} (+ (* {} {}) {}))",
        text(upper),
        power(BITS),
        text(lower)
    ));
    PATH.with_borrow_mut(|path| path.halved.push((whole, upper, lower)));
    (upper, lower)
}

impl Word for Term {
    type Wide = Self;
    type NonZero = Self;

    const ZERO: Self = Self(ZERO);
    const ONE: Self = Self(ONE);
    const WIDE_ZERO: Self = Self(ZERO);

    fn non_zero(self) -> Option<Self> {
        (self != Self::ZERO).then_some(self)
    }
    fn checked_add(self, other: Self) -> Option<Self> {
        let sum = binary("+", self, other);
        fits(sum, BITS).then_some(sum)
    }
    fn checked_sub(self, other: Self) -> Option<Self> {
        (self >= other).then(|| binary("-", self, other))
    }
    fn product(self, other: Self) -> Self {
        binary("*", self, other)
    }
    fn wide(self) -> Self {
        self
    }
    fn shifted(self) -> Self {
        term(format!("(* {} {})", text(self), power(BITS)))
    }
    fn upper(wide: Self) -> Self {
        if fits(wide, BITS) {
            return Self::ZERO;
        }
        halves(wide).0
    }
    fn lower(wide: Self) -> Self {
        if fits(wide, BITS) {
            return wide;
        }
        halves(wide).1
    }
    fn wide_checked_add(a: Self, b: Self) -> Option<Self> {
        let sum = binary("+", a, b);
        fits(sum, 2 * BITS).then_some(sum)
    }
    fn wide_checked_sub(a: Self, b: Self) -> Option<Self> {
        (a >= b).then(|| binary("-", a, b))
    }
    fn wide_wrapping_add(a: Self, b: Self) -> Self {
        let sum = binary("+", a, b);
        if fits(sum, 2 * BITS) {
            return sum;
        }
        term(format!("(- {} {})", text(sum), power(2 * BITS)))
    }
    fn wide_wrapping_sub(a: Self, b: Self) -> Self {
        if a >= b {
            return binary("-", a, b);
        }
        term(format!("(+ (- {} {}) {})", text(a), text(b), power(2 * BITS)))
    }
    fn wide_is_upper_half(wide: Self) -> bool {
        !decide(format!("(< {} {})", text(wide), power(127)))
    }
    fn div_rem(n: Self, d: Self) -> (Self, Self) {
        divided(n, d)
    }
    fn wide_div(n: Self, d: Self) -> Self {
        divided(n, d).0
    }
}

impl Subject for Term {
    type Exact = Self;

    fn exact(self) -> Self {
        self
    }
    fn exact_wide(wide: Self) -> Self {
        wide
    }
    fn plus(a: Self, b: Self) -> Self {
        binary("+", a, b)
    }
    fn minus(a: Self, b: Self) -> Self {
        binary("-", a, b)
    }
    fn times(a: Self, b: Self) -> Self {
        binary("*", a, b)
    }
    fn radix() -> Self {
        term(power(BITS))
    }
}

/// What z3 says of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for every input.
    Proved {
        /// Ways that end in a broken property: none of them can be taken.
        ways: usize,
    },
    /// It breaks, for this input.
    Broken {
        /// The values of the inputs.
        input: String,
    },
    /// z3 did not end in its time.
    Open,
}

/// Asks z3 whether `holds` returns true for every input of `words` words and `wides` wide words.
///
/// # Panics
/// If z3 cannot be run, or answers neither of sat, unsat, unknown.
pub fn prove(z3: &Path, seconds: u32, words: usize, wides: usize, holds: impl Fn(&[Term], &[Term]) -> bool) -> Verdict {
    let mut waiting: Vec<Vec<bool>> = vec![Vec::new()];
    let (mut ways, mut open) = (0, false);
    while let Some(given) = waiting.pop() {
        let depth = given.len();
        PATH.with_borrow_mut(|path| {
            *path = Way {
                terms: vec!["0".to_owned(), "1".to_owned()],
                given,
                ..Way::default()
            };
        });
        let inputs: Vec<Term> = (0..words).map(|_| number(&power(BITS))).collect();
        let wide_inputs: Vec<Term> = (0..wides).map(|_| number(&power(2 * BITS))).collect();
        let held = holds(&inputs, &wide_inputs);
        let taken: Vec<bool> = PATH.with_borrow(|path| path.taken.iter().map(|(_, answer)| *answer).collect());
        // The other answer to each comparison that this run was the first to make.
        for at in depth..taken.len() {
            let mut other = taken[..at].to_vec();
            other.push(!taken[at]);
            waiting.push(other);
        }
        if held {
            continue;
        }
        ways += 1;
        match ask(z3, seconds, words + wides) {
            Verdict::Proved { .. } => {}
            Verdict::Open => open = true,
            broken => return broken,
        }
    }
    if open {
        return Verdict::Open;
    }
    Verdict::Proved { ways }
}

/// Whether any input takes the present way.
fn ask(z3: &Path, seconds: u32, inputs: usize) -> Verdict {
    let question = PATH.with_borrow(|path| {
        let mut question = String::new();
        for name in &path.names {
            let _ = writeln!(question, "(declare-const {name} Int)");
        }
        for fact in &path.facts {
            let _ = writeln!(question, "(assert {fact})");
        }
        for (condition, answer) in &path.taken {
            let asserted = if *answer {
                condition.clone()
            } else {
                format!("(not {condition})")
            };
            let _ = writeln!(question, "(assert {asserted})");
        }
        let names: Vec<&str> = path.names.iter().take(inputs).map(String::as_str).collect();
        let _ = writeln!(question, "(check-sat)\n(get-value ({}))", names.join(" "));
        question
    });
    let mut child = Command::new(z3)
        .args(["-in", &format!("-T:{seconds}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run z3 ({}): {e}", z3.display()));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(question.as_bytes()).expect("z3 reads its input");
    drop(stdin);
    let mut answer = String::new();
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_to_string(&mut answer).expect("z3 answers in text");
    child.wait().expect("z3 ends");
    match answer.lines().next().unwrap_or_default() {
        "unsat" => Verdict::Proved { ways: 1 },
        "sat" => Verdict::Broken {
            input: answer.lines().skip(1).collect::<Vec<_>>().join(" "),
        },
        "unknown" | "timeout" => Verdict::Open,
        other => panic!("z3 answers {other:?} to\n{question}"),
    }
}
