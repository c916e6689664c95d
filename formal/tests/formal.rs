//! Every property, tried at 8 and 12 bits and proved at 64; every mutant noticed both ways; docs/formal.md says the same.
//!
//! `UPSIDE_Z3` names z3. `UPSIDE_FORMAL=full` tries what takes hours; `UPDATE_FORMAL=1` writes the document instead of comparing it.

use std::{
    fmt::Write,
    panic::{catch_unwind, AssertUnwindSafe},
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Instant,
};

use upside_formal::{
    narrow::Narrow,
    property::{every, Formulas, Property, Real, Visitor, ALL},
    term::{prove, Verdict},
};

/// Most inputs of one property at one width, as a power of two, in the short run and in the full one.
const SHORT: u32 = 24;
/// See [`SHORT`].
const FULL: u32 = 36;
/// More inputs than any property takes.
const MOST_INPUTS: usize = 6;
/// Seconds that z3 has for one question.
const SECONDS: u32 = 20;

fn budget() -> u32 {
    match std::env::var("UPSIDE_FORMAL").as_deref() {
        Ok("full") => FULL,
        Ok(other) => panic!("UPSIDE_FORMAL must be full or not set, not {other:?}"),
        Err(_) => SHORT,
    }
}

/// Values of `bits` bits, `2^keep` of them: all, or evenly spread ones with both ends.
fn values(bits: u32, keep: u32) -> Vec<u32> {
    let (all, kept) = (1_u64 << bits, 1_u64 << keep.min(bits));
    (0..kept)
        .map(|at| u32::try_from(at * (all - 1) / (kept - 1).max(1)).expect("within the width"))
        .collect()
}

/// Tries a property with every input that has this first one. If it returns false or panics, `input` is what fails.
fn row<F: Formulas, P: Property, const BITS: u32>(input: &mut [u32; MOST_INPUTS], rest: &[Vec<u32>]) -> bool {
    let mut place = [0; MOST_INPUTS];
    let mut words = [Narrow::<BITS>(0); MOST_INPUTS];
    loop {
        for (word, value) in words.iter_mut().zip(&input[..P::WORDS]) {
            *word = Narrow(*value);
        }
        if !P::holds::<F, Narrow<BITS>>(&words[..P::WORDS], &input[P::WORDS..P::WORDS + P::WIDES]) {
            return false;
        }
        // The next input, like the digits of a number.
        let mut digit = 0;
        loop {
            let Some(space) = rest.get(digit) else { return true };
            place[digit] += 1;
            if let Some(value) = space.get(place[digit]) {
                input[digit + 1] = *value;
                break;
            }
            place[digit] = 0;
            input[digit + 1] = space[0];
            digit += 1;
        }
    }
}

/// Tries a property at a width; the inputs of a failure, and whether every input was tried.
fn tried<F: Formulas, P: Property, const BITS: u32>(budget: u32) -> (Option<Vec<u32>>, bool) {
    let all = BITS * u32::try_from(P::WORDS + 2 * P::WIDES).expect("few inputs");
    let whole = all <= budget;
    // Bits for each word; a wide one gets twice as many.
    let each = if whole {
        BITS
    } else {
        (budget / u32::try_from(P::WORDS + 2 * P::WIDES).expect("few")).max(1)
    };
    let mut spaces: Vec<Vec<u32>> = vec![values(BITS, each); P::WORDS];
    spaces.extend(vec![values(2 * BITS, 2 * each); P::WIDES]);
    let (first, rest) = spaces.split_first().expect("an input");
    let (next, failed) = (AtomicU32::new(0), std::sync::Mutex::new(None));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let (Some(value), false) = (
                    first.get(next.fetch_add(1, Ordering::Relaxed) as usize),
                    stop.load(Ordering::Relaxed),
                ) {
                    let mut input = [0; MOST_INPUTS];
                    input[0] = *value;
                    for (at, space) in rest.iter().enumerate() {
                        input[at + 1] = space[0];
                    }
                    let held = catch_unwind(AssertUnwindSafe(|| row::<F, P, BITS>(&mut input, rest)));
                    if !held.unwrap_or(false) {
                        stop.store(true, Ordering::Relaxed);
                        *failed.lock().expect("no thread panics here") = Some(input[..P::WORDS + P::WIDES].to_vec());
                    }
                }
            });
        }
    });
    (failed.into_inner().expect("no thread panicked"), whole)
}

fn z3() -> PathBuf {
    std::env::var_os("UPSIDE_Z3")
        .map(PathBuf::from)
        .expect("set UPSIDE_Z3 to the program z3; `cargo xtask test` does")
}

#[derive(Default)]
struct Narrowly {
    rows: Vec<String>,
}

impl Visitor for Narrowly {
    fn visit<P: Property>(&mut self) {
        let (budget, started) = (budget(), Instant::now());
        let (failed, whole_8) = tried::<Real, P, 8>(budget);
        assert_eq!(failed, None, "{} breaks at 8 bits", P::NAME);
        let (failed, whole_12) = tried::<Real, P, 12>(budget);
        assert_eq!(failed, None, "{} breaks at 12 bits", P::NAME);
        let (noticed, _) = tried::<P::Mutant, P, 8>(budget);
        assert!(noticed.is_some(), "{} does not notice its mutant at 8 bits", P::NAME);
        let all = |whole| if whole { "every input" } else { "a grid" };
        println!(
            "{:<28} 8 bits: {}, 12 bits: {}, mutant noticed at {:?}, {:.1} s",
            P::NAME,
            all(whole_8),
            all(whole_12),
            noticed.expect("noticed"),
            started.elapsed().as_secs_f64()
        );
        self.rows.push(format!("{} | {}", all(whole_8), all(whole_12)));
    }
}

#[derive(Default)]
struct Widely {
    proved: Vec<(&'static str, bool)>,
}

/// Properties that z3 does not decide at 64 bits in its time; at 8 and 12 bits they are tried.
const OPEN: &[&str] = &[];

impl Visitor for Widely {
    fn visit<P: Property>(&mut self) {
        let started = Instant::now();
        let holds = |w: &[_], v: &[_]| catch_unwind(AssertUnwindSafe(|| P::holds::<Real, _>(w, v))).unwrap_or(false);
        let verdict = prove(&z3(), SECONDS, P::WORDS, P::WIDES, holds);
        let mutant =
            |w: &[_], v: &[_]| catch_unwind(AssertUnwindSafe(|| P::holds::<P::Mutant, _>(w, v))).unwrap_or(false);
        let noticed = prove(&z3(), SECONDS, P::WORDS, P::WIDES, mutant);
        println!(
            "{:<28} {verdict:?}, mutant: {noticed:?}, {:.1} s",
            P::NAME,
            started.elapsed().as_secs_f64()
        );
        match &verdict {
            Verdict::Proved { .. } => self.proved.push((P::NAME, true)),
            Verdict::Open => self.proved.push((P::NAME, false)),
            Verdict::Broken { input } => panic!("{} breaks at 64 bits: {input}", P::NAME),
        }
        assert!(
            !matches!(noticed, Verdict::Proved { .. }),
            "{} does not notice its mutant at 64 bits",
            P::NAME
        );
    }
}

fn quiet() {
    // Mutants panic by design, a few times for each property.
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name().is_some_and(|name| name != "main")
            && info.location().is_some_and(|at| at.file().ends_with("formal.rs"))
        {
            eprintln!("{info}");
        }
    }));
}

#[test]
fn every_property_holds_at_8_and_12_bits_and_notices_its_mutant() {
    quiet();
    let mut narrowly = Narrowly::default();
    every(&mut narrowly);
    assert_eq!(narrowly.rows.len(), ALL.len());
}

#[test]
fn every_property_is_proved_at_64_bits_or_named_as_open_and_notices_its_mutant() {
    quiet();
    let mut widely = Widely::default();
    every(&mut widely);
    for (name, proved) in &widely.proved {
        assert_eq!(
            *proved,
            !OPEN.contains(name),
            "{name}: the list of open properties says otherwise"
        );
    }
}

#[test]
fn the_document_lists_every_property() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formal.md");
    let mut rows = String::new();
    for (name, says, mutant) in ALL {
        let solver = if OPEN.contains(name) { "does not end" } else { "proved" };
        writeln!(rows, "| `{name}` |{says} |{mutant} | {solver} |").expect("a string grows");
    }
    let text = std::fs::read_to_string(&path).expect("docs/formal.md");
    let (before, rest) = text.split_once("|---|---|---|---|\n").expect("a table");
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    let expected = format!("{before}|---|---|---|---|\n{rows}\n{after}");
    if std::env::var_os("UPDATE_FORMAL").is_some() {
        std::fs::write(&path, expected).expect("the document is written");
    } else {
        assert!(
            text == expected,
            "docs/formal.md is not what the properties say; run with UPDATE_FORMAL=1"
        );
    }
}
