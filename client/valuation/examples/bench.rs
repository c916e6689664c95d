//! Measures the solver beside SciPy and power iteration: same graphs, same tolerance, each in a process of its own.
//!
//! `cargo xtask bench valuation` runs it; `bench --help` lists what it understands.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use rand::{rngs::StdRng, Rng, SeedableRng};
use upside_valuation::{certify, value, Change, Graph, Holding, Incremental, Options, Prices, Supply};

const HELP: &str = "bench [--python PYTHON] [--to HOLDINGS] [--seconds N] [--memory MIB] [--folder FOLDER] [--docs FOLDER]

Grows graphs from 10^3 holdings to --to (10^7) by factors of ten. Without --python only the solver here runs. --docs writes
valuation.md and valuation.svg there.";

/// Everybody is held to this: |p + C x - x|_1 <= TOLERANCE * |p|_1.
const TOLERANCE: f64 = 1e-10;
/// Times are the best of so many runs, each in a process of its own.
const RUNS: usize = 3;
/// Seconds from which one run is enough.
const LONG: f64 = 10.0;
/// Seed of all graphs.
const SEED: u64 = 20_261_126;

/// Two kinds of graph: name, what it is, part of each security in vaults, part of the vaults that are in the same village.
const KINDS: [(&str, &str, f64, f64); 2] = [
    ("free", "about half of each security is in vaults, anybody holds anybody", 0.5, 0.0),
    (
        "tight",
        "villages of a hundred hold 98% of each other's vaults, and vaults hold about 99.9% of each security: money goes round for long",
        0.999,
        0.98,
    ),
];

/// A random graph: `holdings` vaults of shares, a tenth as many securities, power-law degrees, cycles everywhere.
fn graph(holdings: usize, (in_vaults, local): (f64, f64)) -> (Graph, Prices) {
    let mut rng = StdRng::seed_from_u64(SEED ^ holdings as u64);
    let securities = u32::try_from((holdings / 10).max(20)).expect("a number of securities");
    let supply = 1_000_000_000_000u64;
    let assets = 1_000u32.min(securities);
    // Popularity falls with the 0.6th power of rank; holders are drawn the same way from another order.
    let draw = |rng: &mut StdRng| {
        let uniform: f64 = rng.gen_range(0.0..1.0);
        let rank = (uniform.powf(1.0 / 0.4) * f64::from(securities)) as u32;
        rank.min(securities - 1)
    };
    // A permutation without a table: multiplication by a unit modulo the number of securities.
    let mut unit = (f64::from(securities) * 0.618) as u64 | 1;
    let divides = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    while divides(unit, u64::from(securities)) != 1 {
        unit += 2;
    }
    let other = |rank: u32| u32::try_from(u64::from(rank) * unit % u64::from(securities)).expect("below the modulus");
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(holdings + holdings / 8);
    while pairs.len() < holdings {
        while pairs.len() < holdings + holdings / 16 {
            let asset = draw(&mut rng);
            let holder = if rng.gen_bool(local) {
                (asset / 100 * 100 + rng.gen_range(0..100)).min(securities - 1)
            } else {
                other(draw(&mut rng))
            };
            if holder != asset {
                pairs.push((asset, holder));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
    }
    pairs.truncate(holdings);
    let mut shares = Vec::with_capacity(pairs.len());
    for group in pairs.chunk_by(|a, b| a.0 == b.0) {
        let weights: Vec<f64> = group.iter().map(|_| rng.gen_range(0.05..1.0f64)).collect();
        let sum: f64 = weights.iter().sum();
        let part = 1.0 - (1.0 - in_vaults) * rng.gen_range(0.2..1.8);
        for ((asset, holder), weight) in group.iter().zip(weights) {
            shares.push(Holding {
                holder: *holder,
                asset: *asset,
                balance: (weight / sum * part * supply as f64) as u64,
                collected_total: 0,
            });
        }
    }
    drop(pairs);
    let primitives = (0..securities)
        .filter(|security| security % 3 != 1)
        .map(|holder| Holding {
            holder,
            asset: rng.gen_range(0..assets),
            balance: rng.gen_range(1_000..1_000_000_000),
            collected_total: 0,
        })
        .collect();
    let prices = (0..assets).map(|_| rng.gen_range(0.01..100.0)).collect();
    let supplies = vec![Supply::all_issued(supply); securities as usize];
    let graph = Graph::new(supplies, assets, shares, primitives).expect("a graph");
    (graph, Prices::certain(prices))
}

fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<f64> = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// In a process of its own: build the graph, solve, print one line.
fn solve_here(holdings: usize, shape: (f64, f64), wanted: u32) {
    let (graph, prices) = graph(holdings, shape);
    let options = Options {
        tolerance: TOLERANCE,
        ..Options::default()
    };
    let began = Instant::now();
    let solved = value(&graph, &prices, &options).expect("values");
    let seconds = began.elapsed().as_secs_f64();
    let peak = peak_mib();
    let began = Instant::now();
    let certificate = certify(&graph, &prices.low, &solved.low).expect("values");
    let certify_seconds = began.elapsed().as_secs_f64();
    let mut state = Incremental::new(graph, prices, options).expect("values");
    let mut rng = StdRng::seed_from_u64(1);
    let (mut updates, mut pushes) = (0u32, 0);
    let mut reached = [0u32; 3];
    let began = Instant::now();
    while updates < wanted {
        let index = rng.gen_range(0..state.graph().primitives().len());
        let vault = state.graph().primitives()[index];
        let change = Change::Primitive(Holding {
            balance: vault.balance + vault.balance / 100,
            ..vault
        });
        let work = state.apply(change).expect("an update");
        pushes += work.pushes;
        reached[work.reach as usize] += 1;
        updates += 1;
    }
    let update_seconds = began.elapsed().as_secs_f64() / f64::from(updates.max(1));
    println!(
        "{seconds} {peak} {} {certify_seconds} {update_seconds} {} {} {} {}",
        certificate.relative_bound(),
        pushes / updates.max(1) as usize,
        reached[0],
        reached[1],
        reached[2]
    );
}

/// Writes the system for other solvers: rows of `C`, and `p`.
fn export(holdings: usize, shape: (f64, f64), folder: &Path) -> std::io::Result<(usize, usize)> {
    fs::create_dir_all(folder)?;
    let (graph, prices) = graph(holdings, shape);
    let file = |name: &str| fs::File::create(folder.join(name)).map(std::io::BufWriter::new);
    let (mut indptr, mut indices, mut data, mut p) = (
        file("indptr.i32")?,
        file("indices.i32")?,
        file("data.f64")?,
        file("p.f64")?,
    );
    let mut start = 0i32;
    indptr.write_all(&start.to_le_bytes())?;
    for security in 0..graph.security_count() {
        for holding in graph.shares_of(security) {
            let supply = graph.supplies()[holding.asset as usize];
            indices.write_all(&holding.asset.to_le_bytes())?;
            data.write_all(&(holding.balance as f64 / supply.claims() as f64).to_le_bytes())?;
            start += 1;
        }
        indptr.write_all(&start.to_le_bytes())?;
        let worth = graph.primitives_of(security).iter();
        let worth: f64 = worth
            .map(|holding| holding.balance as f64 * prices.low[holding.asset as usize])
            .sum();
        p.write_all(&worth.to_le_bytes())?;
    }
    for mut file in [indptr, indices, data, p] {
        file.flush()?;
    }
    Ok((graph.supplies().len(), graph.shares().len()))
}

/// What one method did on one graph.
#[derive(Clone, Debug, Default)]
struct Outcome {
    seconds: Option<f64>,
    peak_mib: f64,
    residual: f64,
    failed: String,
}

impl Outcome {
    /// Other work on the machine only ever makes a run slower.
    fn take_if_better(&mut self, other: Self) {
        let time = |outcome: &Self| outcome.seconds.unwrap_or(f64::INFINITY);
        if time(&other) < time(self) {
            *self = other;
        }
    }
}

struct Point {
    kind: &'static str,
    securities: usize,
    holdings: usize,
    outcomes: Vec<(String, Outcome)>,
    certify_seconds: f64,
    update_seconds: f64,
    pushes: usize,
    /// Updates that stayed local, that took passes, that were solved anew.
    reached: [usize; 3],
}

/// A number after a key in a line of JSON, or a text.
fn field<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\": "))?;
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => rest.split([',', '}']).next(),
    }
}

fn baseline(python: &Path, method: &str, folder: &Path, seconds: f64, memory: f64) -> Outcome {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/scipy_baseline.py");
    let output = Command::new(python)
        .arg(script)
        .arg(method)
        .arg(folder)
        .args([TOLERANCE.to_string(), seconds.to_string(), memory.to_string()])
        // Old OpenBLAS builds need these; a current numpy is slowed by them.
        .env_remove("OPENBLAS_CORETYPE")
        .env_remove("OPENBLAS_L2_SIZE")
        .output();
    let failed = |failed: String| Outcome {
        failed,
        ..Outcome::default()
    };
    let output = match output {
        Ok(output) => output,
        Err(error) => return failed(error.to_string()),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = errors.lines().last().unwrap_or("").to_owned();
        return failed(if last.is_empty() {
            format!("ended by its limits ({})", output.status)
        } else {
            last
        });
    }
    let number = |key: &str| field(&text, key).and_then(|value| value.parse::<f64>().ok());
    Outcome {
        seconds: number("seconds"),
        peak_mib: number("peak_mib").unwrap_or(0.0),
        residual: number("residual").unwrap_or(0.0),
        failed: field(&text, "failed").unwrap_or("").to_owned(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut python, mut to, mut seconds, mut memory) = (None::<PathBuf>, 10_000_000usize, 120.0, 12_000.0);
    let (mut folder, mut docs) = (std::env::temp_dir().join("upside-valuation-bench"), None::<PathBuf>);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"))
        };
        match argument.as_str() {
            "--python" => python = Some(value()?.into()),
            "--to" => to = value()?.parse()?,
            "--seconds" => seconds = value()?.parse()?,
            "--memory" => memory = value()?.parse()?,
            "--folder" => folder = value()?.into(),
            "--docs" => docs = Some(value()?.into()),
            "--solve" => {
                let holdings = value()?.parse()?;
                let in_vaults = value()?.parse()?;
                let local = value()?.parse()?;
                solve_here(holdings, (in_vaults, local), value()?.parse()?);
                return Ok(());
            }
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            _ => return Err(format!("{argument} is no option\n\n{HELP}").into()),
        }
    }
    let mut points = Vec::new();
    for (kind, _, in_vaults, local) in KINDS {
        // A method that did not answer is not asked again on a larger graph of this kind.
        let mut gave_up: Vec<&str> = Vec::new();
        let mut holdings = 1_000;
        while holdings <= to {
            // The first process also measures updates; further ones repeat the solve.
            let mut ours = Outcome::default();
            let mut further = Vec::new();
            for run in 0..RUNS {
                let updates = match (run, holdings > 1_000_000) {
                    (0, false) => 20,
                    (0, true) => 5,
                    _ => 0,
                };
                let output = Command::new(std::env::current_exe()?)
                    .args(["--solve", &holdings.to_string(), &in_vaults.to_string()])
                    .args([local.to_string(), updates.to_string()])
                    .output()?;
                if !output.status.success() {
                    return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
                }
                let line = String::from_utf8(output.stdout)?;
                let numbers: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
                let [solve, peak, residual, ref rest @ ..] = numbers[..] else {
                    return Err(format!("the solver printed {line:?}").into());
                };
                if run == 0 {
                    further = rest.to_vec();
                }
                ours.take_if_better(Outcome {
                    seconds: Some(solve),
                    peak_mib: peak,
                    residual,
                    failed: String::new(),
                });
            }
            let [certify, update, pushes, local_updates, passes, anew] = further[..] else {
                return Err(format!("the solver printed {further:?}").into());
            };
            let (securities, count) = export(holdings, (in_vaults, local), &folder)?;
            let mut outcomes = vec![("upside".to_owned(), ours)];
            if let Some(python) = &python {
                for method in ["bicgstab", "gmres", "power", "spsolve"] {
                    let outcome = if gave_up.contains(&method) {
                        Outcome {
                            failed: "not tried: failed on a tenth of it".to_owned(),
                            ..Outcome::default()
                        }
                    } else {
                        let mut best = baseline(python, method, &folder, seconds, memory);
                        for _ in 1..RUNS {
                            if best.seconds.is_some_and(|seconds| seconds < LONG) {
                                best.take_if_better(baseline(python, method, &folder, seconds, memory));
                            }
                        }
                        best
                    };
                    if outcome.seconds.is_none() && !gave_up.contains(&method) {
                        gave_up.push(method);
                    }
                    outcomes.push((method.to_owned(), outcome));
                }
            }
            for (method, outcome) in &outcomes {
                let time = outcome
                    .seconds
                    .map_or_else(|| outcome.failed.clone(), |s| format!("{s:.4} s"));
                println!(
                    "{kind:5} {count:>9} {method:9} {time:>12}  {:.0} MiB  residual {:.1e}",
                    outcome.peak_mib, outcome.residual
                );
            }
            println!("{kind:5} {count:>9} certify {certify:.4} s, update {update:.6} s, {pushes} pushes; local {local_updates}, passes {passes}, anew {anew}");
            points.push(Point {
                kind,
                securities,
                holdings: count,
                outcomes,
                certify_seconds: certify,
                update_seconds: update,
                pushes: pushes as usize,
                reached: [local_updates as usize, passes as usize, anew as usize],
            });
            holdings *= 10;
        }
    }
    fs::remove_dir_all(&folder)?;
    if let Some(docs) = docs {
        fs::write(docs.join("valuation.md"), document(&points, seconds, memory))?;
        fs::write(docs.join("valuation.svg"), plot(&points))?;
    }
    Ok(())
}

fn document(points: &[Point], seconds: f64, memory: f64) -> String {
    let mut text = format!(
        "# Look-through value: measurements\n\n\
         Generated by `cargo xtask bench valuation`; the method is in [client/valuation](../client/valuation/README.md).\n\n\
         ![Time and memory from a thousand to ten million holdings](valuation.svg)\n\n\
         Random graphs: a tenth as many securities as holdings, power-law degrees on both sides, cycles everywhere, a thousand primitive assets. Every\n\
         method must reach `|p + C x - x|_1 <= {TOLERANCE:e} |p|_1`, runs on the same numbers in a process of its own, and has {seconds:.0} s and {memory:.0} MiB;\n\
         one that fails is not tried on the next size. Times are of the solve: for upside from integers to certified values, building\n\
         the matrix, finding components where they are needed and the certificate included; for SciPy from its matrix of `C` in memory to values. Memory is the\n\
         peak of the process, for upside with the graph in atoms (24 bytes a holding), which SciPy does not have: from some millions of holdings that is most of it. Times are\n\
         the best of {RUNS} processes (one if it takes {LONG:.0} s): other work on a machine only makes a run slower. `gmres` has ILU (drop 1e-3, fill 3). Power iteration is\n\
         SciPy's too. Residuals of upside include its bound on rounding. {} cores.\n",
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    for (kind, explanation, _, _) in KINDS {
        let of_kind: Vec<&Point> = points.iter().filter(|point| point.kind == kind).collect();
        let Some(first) = of_kind.first() else { continue };
        text.push_str(&format!("\n## `{kind}`: {explanation}\n\n| holdings | securities |"));
        for (method, _) in &first.outcomes {
            text.push_str(&format!(" {method} |"));
        }
        text.push_str("\n|---:|---:|");
        text.push_str(&"---:|".repeat(first.outcomes.len()));
        for point in &of_kind {
            text.push_str(&format!("\n| {} | {} |", point.holdings, point.securities));
            for (_, outcome) in &point.outcomes {
                match outcome.seconds {
                    Some(seconds) => text.push_str(&format!(
                        " {} · {:.0} MiB · {:.0e} |",
                        duration(seconds),
                        outcome.peak_mib,
                        outcome.residual
                    )),
                    None => text.push_str(&format!(" {} |", outcome.failed.replace('|', "/"))),
                }
            }
        }
        text.push_str("\n\n| holdings | certificate, one pass | one vault changes by 1%: update | pushes | updates that stayed local / took passes / were solved anew |\n|---:|---:|---:|---:|---:|");
        for point in &of_kind {
            text.push_str(&format!(
                "\n| {} | {} | {} | {} | {} |",
                point.holdings,
                duration(point.certify_seconds),
                duration(point.update_seconds),
                point.pushes,
                point.reached.map(|count| count.to_string()).join(" / ")
            ));
        }
        text.push('\n');
    }
    text
}

fn duration(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

const COLOURS: [(&str, &str); 5] = [
    ("upside", "#d9622b"),
    ("bicgstab", "#3f6fb0"),
    ("gmres", "#5d8a57"),
    ("power", "#8a6fb3"),
    ("spsolve", "#8d8577"),
];

/// Four panels: time and memory for each kind, both axes logarithmic.
fn plot(points: &[Point]) -> String {
    let (width, height, left, top) = (400.0, 250.0, 72.0, 76.0);
    let (step_x, step_y) = (width + 100.0, height + 92.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0} {1:.0}\" width=\"{0:.0}\" height=\"{1:.0}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>\n",
        left + 2.0 * step_x - 30.0,
        top + 2.0 * step_y - 20.0
    );
    let legend = COLOURS
        .iter()
        .filter(|(name, _)| points.iter().any(|p| p.outcomes.iter().any(|(m, _)| m == name)));
    for (index, (name, colour)) in legend.enumerate() {
        let x = left + index as f64 * 120.0;
        svg.push_str(&format!(
            "<rect x=\"{x:.0}\" y=\"18\" width=\"22\" height=\"5\" fill=\"{colour}\"/><text x=\"{:.0}\" y=\"25\" fill=\"#1d2733\">{name}</text>\n",
            x + 28.0
        ));
    }
    for (row, (kind, _, _, _)) in KINDS.iter().enumerate() {
        for (column, (what, unit, lowest, highest)) in
            [("time", "s", -4, 3), ("peak memory", "MiB", 0, 5)].iter().enumerate()
        {
            let (x0, y0) = (left + column as f64 * step_x, top + row as f64 * step_y);
            let x = |holdings: f64| x0 + (holdings.log10() - 3.0) / 4.0 * width;
            let y =
                |value: f64| y0 + height - (value.log10() - f64::from(*lowest)) / f64::from(highest - lowest) * height;
            svg.push_str(&format!(
                "<text x=\"{x0:.0}\" y=\"{:.0}\" font-weight=\"bold\" fill=\"#1d2733\">{kind} graphs: {what}, {unit}</text>\n",
                y0 - 12.0
            ));
            for power in 3..=7 {
                let at = x(10f64.powi(power));
                svg.push_str(&format!(
                    "<line x1=\"{at:.0}\" y1=\"{y0:.0}\" x2=\"{at:.0}\" y2=\"{0:.0}\" stroke=\"#e3e0d8\"/><text x=\"{at:.0}\" y=\"{1:.0}\" text-anchor=\"middle\" fill=\"#66707c\">10<tspan dy=\"-4\" font-size=\"9\">{power}</tspan></text>\n",
                    y0 + height,
                    y0 + height + 18.0
                ));
            }
            for power in *lowest..=*highest {
                let at = y(10f64.powi(power));
                let label = if power < 0 {
                    format!("{:.*}", power.unsigned_abs() as usize, 10f64.powi(power))
                } else {
                    format!("{:.0}", 10f64.powi(power))
                };
                svg.push_str(&format!(
                    "<line x1=\"{x0:.0}\" y1=\"{at:.0}\" x2=\"{0:.0}\" y2=\"{at:.0}\" stroke=\"#e3e0d8\"/><text x=\"{1:.0}\" y=\"{2:.0}\" text-anchor=\"end\" fill=\"#66707c\">{label}</text>\n",
                    x0 + width,
                    x0 - 8.0,
                    at + 4.0
                ));
            }
            svg.push_str(&format!(
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#66707c\">holdings</text>\n",
                x0 + width / 2.0,
                y0 + height + 34.0
            ));
            for (name, colour) in COLOURS.iter().rev() {
                let line: Vec<(f64, f64)> = points
                    .iter()
                    .filter(|point| point.kind == *kind)
                    .filter_map(|point| {
                        let (_, outcome) = point.outcomes.iter().find(|(method, _)| method == name)?;
                        let seconds = outcome.seconds?;
                        let value = if column == 0 { seconds } else { outcome.peak_mib };
                        Some((
                            x(point.holdings as f64),
                            y(value.clamp(10f64.powi(*lowest), 10f64.powi(*highest))),
                        ))
                    })
                    .collect();
                let path: Vec<String> = line.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                svg.push_str(&format!(
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.4\"/>\n",
                    path.join(" ")
                ));
                for (x, y) in line {
                    svg.push_str(&format!(
                        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.4\" fill=\"{colour}\"/>\n"
                    ));
                }
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}
