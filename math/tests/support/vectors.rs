//! Test vectors of every formula, always the same ones: a port to another language reproduces them.
//!
//! A line is `function input ... > output ...` or `function input ... ! error`, the error being the name of the `MathError`; numbers are
//! decimal. Before the first line of a function that has outputs, a line `# function name ... > name ...` names inputs and outputs. Half of the
//! arguments are edges of their type, the others of every magnitude.

use std::{collections::BTreeSet, fmt::Display, fmt::Write};

use upside_math::{
    fraction, member, mul_div_ceil, mul_div_floor, mul_div_floor_u128, owed_x64, payable, price, pro_rata, redemption,
    runway, settle, supply, vested, Accumulator, MathError, Stream,
};

const SEED: u64 = 0x5550_5349_4445_0001;
const LINES_PER_FUNCTION: usize = 450;
const TEN_YEARS: u64 = 10 * 365 * 86_400;

const U64_EDGES: [u64; 12] = [
    0,
    1,
    2,
    9_999,
    10_000,
    1_000_000,
    (1 << 32) - 1,
    1 << 32,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];
const I64_EDGES: [i64; 7] = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
const U128_EDGES: [u128; 10] = [
    0,
    1,
    (1 << 64) - 1,
    1 << 64,
    (1 << 64) + 1,
    (1 << 127) - 1,
    1 << 127,
    (1 << 127) + 1,
    u128::MAX - 1,
    u128::MAX,
];

/// Sebastiano Vigna's splitmix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[(self.bits() % from.len() as u64) as usize]
    }

    fn u64(&mut self) -> u64 {
        if self.coin() {
            return self.pick(&U64_EDGES);
        }
        let shift = self.below(64);
        self.bits() >> shift
    }

    fn u128(&mut self) -> u128 {
        if self.coin() {
            return self.pick(&U128_EDGES);
        }
        let shift = self.below(128);
        ((u128::from(self.bits()) << 64) | u128::from(self.bits())) >> shift
    }

    fn i64(&mut self) -> i64 {
        if self.coin() {
            return self.pick(&I64_EDGES);
        }
        let shift = self.below(64);
        (self.bits() as i64) >> shift
    }

    /// A time as clocks show it.
    fn time(&mut self) -> i64 {
        1_700_000_000 + self.below(1 << 30) as i64
    }

    fn duration(&mut self) -> i64 {
        self.pick(&[0, 1, 3_600, 86_400, 604_800, self.0 % TEN_YEARS]) as i64
    }

    fn bps(&mut self) -> u16 {
        self.pick(&[0, 1, 9_999, 10_000, 10_001, u16::MAX, (self.0 % 10_001) as u16])
    }

    /// Half of them as they occur, half in any state whatsoever.
    fn stream(&mut self) -> Stream {
        if self.coin() {
            return Stream {
                total: self.u64(),
                dripped: self.u64(),
                start_ts: self.i64(),
                end_ts: self.i64(),
                last_ts: self.i64(),
            };
        }
        let total = self.u64();
        let start_ts = self.time();
        let duration = self.duration();
        let mut stream = Stream {
            total,
            dripped: 0,
            start_ts,
            end_ts: start_ts + duration,
            last_ts: start_ts,
        };
        let passed = self.below(duration as u64 + 2) as i64;
        stream
            .advance(start_ts + passed, 1)
            .expect("a stream as it occurs moves on");
        stream
    }

    /// A time for a stream: shortly after its last move, or any.
    fn time_after(&mut self, stream: Stream) -> i64 {
        let passed = self.duration();
        match stream.last_ts.checked_add(passed) {
            Some(t) if self.below(4) > 0 => t,
            _ => self.i64(),
        }
    }

    fn accumulator(&mut self) -> Accumulator {
        Accumulator {
            upside_per_share_x64: self.u128(),
            remainder_x64: if self.coin() { self.u64().into() } else { self.u128() },
        }
    }
}

type Fields<'a> = &'a [(&'a str, &'a dyn Display)];
type Outputs = Vec<(&'static str, String)>;

fn text(value: impl Display) -> Outputs {
    vec![("result", value.to_string())]
}

fn nothing(_: ()) -> Outputs {
    Vec::new()
}

fn outputs(fields: &[(&'static str, &dyn Display)]) -> Outputs {
    fields.iter().map(|(name, value)| (*name, value.to_string())).collect()
}

struct Vectors {
    random: Random,
    seen: BTreeSet<&'static str>,
    out: String,
}

impl Vectors {
    fn line(&mut self, function: &'static str, input: Fields<'_>, result: Result<Outputs, MathError>) {
        let values = |out: &mut String, fields: Fields<'_>| {
            for (_, value) in fields {
                write!(out, " {value}").expect("a string takes everything");
            }
        };
        match result {
            Ok(outputs) => {
                if self.seen.insert(function) {
                    let names = |names: Vec<&str>| names.join(" ");
                    let inputs = names(input.iter().map(|(name, _)| *name).collect());
                    let results = names(outputs.iter().map(|(name, _)| *name).collect());
                    writeln!(self.out, "# {function} {inputs} > {results}").expect("a string takes everything");
                }
                self.out.push_str(function);
                values(&mut self.out, input);
                self.out.push_str(" >");
                for (_, value) in &outputs {
                    write!(self.out, " {value}").expect("a string takes everything");
                }
            }
            Err(error) => {
                self.out.push_str(function);
                values(&mut self.out, input);
                write!(self.out, " ! {error:?}").expect("a string takes everything");
            }
        }
        self.out.push('\n');
    }

    fn quotients(&mut self) {
        let (a, b, d) = (self.random.u64(), self.random.u64(), self.random.u64());
        let input: Fields<'_> = &[("a", &a), ("b", &b), ("d", &d)];
        self.line("mul_div_floor", input, mul_div_floor(a, b, d).map(text));
        self.line("mul_div_ceil", input, mul_div_ceil(a, b, d).map(text));
        let d = self.random.u128();
        let result = mul_div_floor_u128(a, b, d).map(text);
        self.line("mul_div_floor_u128", &[("a", &a), ("b", &b), ("d", &d)], result);
    }

    fn streams(&mut self) {
        let before = self.random.stream();
        let Stream {
            total,
            dripped,
            start_ts,
            end_ts,
            last_ts,
        } = before;
        let fields: [(&str, &dyn Display); 5] = [
            ("total", &total),
            ("dripped", &dripped),
            ("start_ts", &start_ts),
            ("end_ts", &end_ts),
            ("last_ts", &last_ts),
        ];
        let after = |s: Stream, emitted: Option<u64>| {
            let mut output: Vec<(&str, &dyn Display)> = vec![
                ("total", &s.total),
                ("dripped", &s.dripped),
                ("start_ts", &s.start_ts),
                ("end_ts", &s.end_ts),
                ("last_ts", &s.last_ts),
            ];
            if let Some(emitted) = &emitted {
                output.push(("emitted", emitted));
            }
            outputs(&output)
        };

        let now = self.random.time_after(before);
        let registered = self.random.u64();
        let mut stream = before;
        let emitted = stream.advance(now, registered);
        let mut input = fields.to_vec();
        input.extend_from_slice(&[("now", &now), ("registered", &registered)]);
        let result = emitted.map(|atoms| after(stream, Some(atoms)));
        self.line("stream_advance", &input, result);

        let amount = self.random.u64();
        let drip_seconds = if self.random.below(4) == 0 {
            self.random.i64()
        } else {
            self.random.duration()
        };
        let mut stream = before;
        let added = stream.add(amount, drip_seconds);
        let mut input = fields.to_vec();
        input.extend_from_slice(&[("amount", &amount), ("drip_seconds", &drip_seconds)]);
        self.line("stream_add", &input, added.map(|()| after(stream, None)));

        let mut stream = before;
        stream.pause();
        self.line("stream_pause", &fields, Ok(after(stream, None)));
        self.line("stream_undripped", &fields, Ok(text(before.undripped())));

        let accumulator = self.random.accumulator();
        let (mut stream, mut settled) = (before, accumulator);
        let emitted = settle(&mut stream, &mut settled, now, registered);
        let mut input = fields.to_vec();
        input.extend_from_slice(&[
            ("upside_per_share_x64", &accumulator.upside_per_share_x64),
            ("remainder_x64", &accumulator.remainder_x64),
            ("now", &now),
            ("registered", &registered),
        ]);
        let result = emitted.map(|emitted| {
            outputs(&[
                ("total", &stream.total),
                ("dripped", &stream.dripped),
                ("start_ts", &stream.start_ts),
                ("end_ts", &stream.end_ts),
                ("last_ts", &stream.last_ts),
                ("upside_per_share_x64", &settled.upside_per_share_x64),
                ("remainder_x64", &settled.remainder_x64),
                ("emitted", &emitted),
            ])
        });
        self.line("settle", &input, result);
    }

    fn accumulators(&mut self) {
        let before = self.random.accumulator();
        let fields: [(&str, &dyn Display); 2] = [
            ("upside_per_share_x64", &before.upside_per_share_x64),
            ("remainder_x64", &before.remainder_x64),
        ];
        let after = |a: Accumulator| {
            outputs(&[
                ("upside_per_share_x64", &a.upside_per_share_x64),
                ("remainder_x64", &a.remainder_x64),
            ])
        };

        let (emit, registered) = (self.random.u64(), self.random.u64());
        let mut accumulator = before;
        let result = accumulator.accrue(emit, registered);
        let mut input = fields.to_vec();
        input.extend_from_slice(&[("emit", &emit), ("registered", &registered)]);
        let result = result.map(|()| after(accumulator));
        self.line("accumulator_accrue", &input, result);

        let fraction_x64 = self.random.u128();
        let mut accumulator = before;
        let result = accumulator.take_back(fraction_x64);
        let mut input = fields.to_vec();
        input.push(("fraction_x64", &fraction_x64));
        let result = result.map(|()| after(accumulator));
        self.line("accumulator_take_back", &input, result);

        let (accrued, shares, checkpoint) = (self.random.u128(), self.random.u64(), self.random.u128());
        // Any accumulator, or one that grew by what such a position may have earned.
        let per_share = if self.random.coin() {
            self.random.u128()
        } else {
            let growth = (u128::from(self.random.u64()) << 64) / u128::from(shares.max(1));
            checkpoint.wrapping_add(growth)
        };
        let result = owed_x64(accrued, shares, per_share, checkpoint).map(text);
        let input: Fields<'_> = &[
            ("accrued_x64", &accrued),
            ("shares", &shares),
            ("upside_per_share_x64", &per_share),
            ("checkpoint_x64", &checkpoint),
        ];
        self.line("owed_x64", input, result);

        let input: Fields<'_> = &[("accrued_x64", &accrued)];
        self.line("payable", input, Ok(text(payable(accrued))));
        self.line("fraction", input, Ok(text(fraction(accrued))));
    }

    fn grants(&mut self) {
        let amount = self.random.u64();
        let (start, cliff, end, t) = if self.random.below(3) == 0 {
            (
                self.random.i64(),
                self.random.i64(),
                self.random.i64(),
                self.random.i64(),
            )
        } else {
            let start = self.random.time();
            let cliff = start + self.random.duration();
            let end = cliff + self.random.duration();
            let length = (end - start) as u64;
            let t = start - 1 + self.random.below(length + 3) as i64;
            (start, cliff, end, t)
        };
        let input: Fields<'_> = &[
            ("amount", &amount),
            ("start_ts", &start),
            ("cliff_ts", &cliff),
            ("end_ts", &end),
            ("t", &t),
        ];
        self.line("vested", input, Ok(text(vested(amount, start, cliff, end, t))));
    }

    fn redemptions(&mut self) {
        let (live, authorised) = (self.random.u64(), self.random.u64());
        let (issued, redeemed, collected) = (self.random.u64(), self.random.u64(), self.random.u64());
        let result = redemption::denominator(live, authorised, issued, redeemed, collected);
        let input: Fields<'_> = &[
            ("live_supply", &live),
            ("authorised", &authorised),
            ("issued", &issued),
            ("redeemed_total", &redeemed),
            ("collected_total", &collected),
        ];
        self.line("denominator", input, result.map(text));

        let (balance, shares) = (self.random.u64(), self.random.u64());
        let denominator = match result {
            Ok(denominator) => denominator,
            Err(_) => self.random.u128(),
        };
        let result = redemption::payout(balance, shares, denominator).map(text);
        let input: Fields<'_> = &[
            ("balance", &balance),
            ("shares", &shares),
            ("denominator", &denominator),
        ];
        self.line("payout", input, result);
    }

    fn rounds(&mut self) {
        let (n, price) = (self.random.u64(), self.random.u64());
        let decimals = self.random.below(22) as u8;
        let result = price::cost(n, price, decimals).map(text);
        let input: Fields<'_> = &[("n", &n), ("price", &price), ("decimals", &decimals)];
        self.line("cost", input, result);

        let (wanted, for_sale) = (self.random.u64(), self.random.u64());
        let total_wanted = self.random.u128();
        let result = pro_rata::allocation(wanted, for_sale, total_wanted).map(text);
        let input: Fields<'_> = &[
            ("wanted", &wanted),
            ("for_sale", &for_sale),
            ("total_wanted", &total_wanted),
        ];
        self.line("allocation", input, result);

        let (raised, bps) = (self.random.u64(), self.random.bps());
        let (elapsed, runway) = if self.random.below(4) == 0 {
            (self.random.i64(), self.random.i64())
        } else {
            let runway = self.random.duration();
            (self.random.below(runway as u64 + 2) as i64, runway)
        };
        let input: Fields<'_> = &[
            ("raised", &raised),
            ("bps", &bps),
            ("elapsed", &elapsed),
            ("runway", &runway),
        ];
        let backing = runway::backing_due(raised, bps, elapsed, runway).map(text);
        self.line("backing_due", input, backing);
        let issuer = runway::issuer_due(raised, bps, elapsed, runway).map(text);
        self.line("issuer_due", input, issuer);
    }

    fn supplies(&mut self) {
        let authorised = self.random.u64();
        let (issued, reserved, new) = (self.random.u64(), self.random.u64(), self.random.u64());
        let input: Fields<'_> = &[
            ("issued", &issued),
            ("reserved", &reserved),
            ("new", &new),
            ("authorised", &authorised),
        ];
        let result = supply::authorise(issued, reserved, new, authorised).map(nothing);
        self.line("authorise", input, result);

        let input: Fields<'_> = &[("issued", &issued), ("reserved", &reserved)];
        let result = supply::retire_bound(issued, reserved).map(text);
        self.line("retire_bound", input, result);

        let n = new;
        let input: Fields<'_> = &[
            ("authorised", &authorised),
            ("n", &n),
            ("issued", &issued),
            ("reserved", &reserved),
        ];
        let result = supply::retire(authorised, n, issued, reserved).map(text);
        self.line("retire", input, result);

        let bps = self.random.bps();
        let result = member::contribution(authorised, bps).map(text);
        self.line("contribution", &[("authorised", &authorised), ("bps", &bps)], result);
    }
}

/// The whole file.
pub fn vectors() -> String {
    let mut vectors = Vectors {
        random: Random(SEED),
        seen: BTreeSet::new(),
        out: String::new(),
    };
    for _ in 0..LINES_PER_FUNCTION {
        vectors.quotients();
        vectors.streams();
        vectors.accumulators();
        vectors.grants();
        vectors.redemptions();
        vectors.rounds();
        vectors.supplies();
    }
    vectors.out
}
