//! `docs/compute_units.md`: a table that is read back as data.

use std::fmt::Write;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The instruction.
    pub instruction: String,
    /// What is special about this call; empty if there is only one case.
    pub case: String,
    /// Compute units with the fixed keys.
    pub fixed: u64,
    /// Most compute units over the random key sets.
    pub most: u64,
    /// What `fixed` must not exceed.
    pub target: Option<u64>,
    /// Why the row may grow: written by hand, kept.
    pub reason: String,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its lines, in order.
    pub rows: Vec<Row>,
}

const HEAD: &str = "\
# Compute units

Written by `cargo xtask cu` from the compiled program; compared by the suite `compute_units` on every run. A row that grows by more than
2 %, or is over its target, fails unless its last column gives a reason; write the reason by hand, it is kept.

Each number is one transaction with this one instruction and nothing else, its event included. *Fixed keys* is always the same set of keys;
*most* is the maximum over 64 others: deriving an address costs about 380 units per bump tried (1,500 where another program
derives it), so rows that derive addresses vary. Targets apply to the fixed keys.

SPL Token here is p-token, which mainnet runs; *predecessor* is the SPL Token 3.5 that it replaced.

| instruction | case | fixed keys | most | target | reason |
|---|---|---:|---:|---:|---|
";

/// What was brought down, and how; new lines are written here.
const TAIL: &str = "
## Brought down

| instruction | before | after | by |
|---|---:|---:|---|
| `claim` by anyone | 7,070 | 5,522 | calls through the C interface, the event's call answered at the entrypoint, accounts listed on the stack (DECISIONS 3, 13) |
| `claim` by anyone | 5,522 | 3,871 | accounts read in the runtime's input, nothing copied (DECISIONS 29) |
| `distribute` from the funder | 5,570 | 3,862 | the same |
| `register` existing position | 12,735 | 9,888 | one `Batch` for thaw, move and freeze; calls through the C interface (DECISIONS 2, 6, 13) |
| `create_security` open | 48,628 | 36,118 | the program derives its addresses itself (DECISIONS 16) |
| `transfer_shares` new position | 25,100 | 19,600 | the same |
| the compiled file, bytes | 1,298,336 | 840,096 | refusals out of line (DECISIONS 30) |
| the compiled file, bytes | 840,096 | 735,144 | what only refuses is found rare and put in line nowhere, equal functions merged, totals made once (DECISIONS 30) |
| the compiled file, bytes | 735,144 | 542,568 | account structs loaded by table (DECISIONS 33) |
| the compiled file, bytes | 542,568 | 465,712 | events written where they lie (DECISIONS 34); LLVM goes over the program twice, a panic tells its place alone (DECISIONS 30) |
| `claim` by anyone | 3,871 | 3,442 | what made the file smaller: DECISIONS 30 and 34 |
| `distribute` from the funder | 3,862 | 3,622 | the same |
| `collect` SPL Token (p-token) | 6,162 | 5,448 | the same, and DECISIONS 33 |
| `harvest` into a vault | 7,472 | 6,567 | the same |
| `harvest` onto the stream | 7,782 | 7,059 | the same |
| `register` existing position | 10,021 | 9,468 | the same |
| `transfer_shares` existing position | 12,630 | 12,063 | the same |
| `create_grant` over time | 12,171 | 7,046 | the same |
| `subscribe` new subscription | 11,149 | 8,201 | the same |

Of a claim the token program's transfer takes 1,290, the event's call 1,016 and the clock 149.
";

/// Growth that needs no reason, in parts of a hundred.
const TOLERATED_PERCENT: u64 = 2;

fn number(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn grew(old: u64, new: u64) -> bool {
    new * 100 > old * (100 + TOLERATED_PERCENT)
}

impl Document {
    /// Reads the table; lines that are not rows are skipped.
    pub fn parse(text: &str) -> Self {
        let rows = text
            .lines()
            .filter_map(|line| {
                let cells: Vec<&str> = line
                    .strip_prefix('|')?
                    .strip_suffix('|')?
                    .split('|')
                    .map(str::trim)
                    .collect();
                let [instruction, case, fixed, most, target, reason] = cells[..] else {
                    return None;
                };
                Some(Row {
                    instruction: instruction.trim_matches('`').to_owned(),
                    case: case.to_owned(),
                    fixed: number(fixed)?,
                    most: number(most)?,
                    target: number(target),
                    reason: reason.to_owned(),
                })
            })
            .collect();
        Self { rows }
    }

    /// The whole document.
    pub fn render(&self) -> String {
        let mut text = HEAD.to_owned();
        for row in &self.rows {
            let target = row.target.map_or_else(String::new, grouped);
            writeln!(
                text,
                "| `{}` | {} | {} | {} | {target} | {} |",
                row.instruction,
                row.case,
                grouped(row.fixed),
                grouped(row.most),
                row.reason
            )
            .expect("writing to a string");
        }
        text + TAIL
    }

    fn find(&self, row: &Row) -> Option<&Row> {
        self.rows
            .iter()
            .find(|other| other.instruction == row.instruction && other.case == row.case)
    }

    /// Takes over what was written by hand.
    pub fn keep_reasons_of(&mut self, old: &Self) {
        for row in &mut self.rows {
            if let Some(known) = old.find(row) {
                row.reason.clone_from(&known.reason);
            }
        }
    }

    /// Why this measurement is not acceptable after `old`; empty if it is.
    pub fn objections_against(&self, old: &Self) -> Vec<String> {
        let mut objections = Vec::new();
        for row in &self.rows {
            let name = format!("{} ({})", row.instruction, row.case);
            match old.find(row) {
                None => objections.push(format!("{name}: not documented")),
                Some(known) if known.reason.is_empty() => {
                    for (column, old, new) in [("fixed keys", known.fixed, row.fixed), ("most", known.most, row.most)] {
                        if grew(old, new) {
                            objections.push(format!("{name}, {column}: {} -> {}", grouped(old), grouped(new)));
                        }
                    }
                }
                Some(_) => {}
            }
        }
        for row in &old.rows {
            if self.find(row).is_none() {
                objections.push(format!("{} ({}): documented, not measured", row.instruction, row.case));
            }
        }
        objections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fixed: u64, reason: &str) -> Document {
        Document {
            rows: vec![Row {
                instruction: "claim".to_owned(),
                case: "by anyone".to_owned(),
                fixed,
                most: 12_345,
                target: Some(6_700),
                reason: reason.to_owned(),
            }],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let document = row(1_234_567, "a reason");
        assert_eq!(Document::parse(&document.render()), document);
    }

    #[test]
    fn two_percent_more_passes_and_beyond_that_needs_a_reason() {
        assert!(row(10_200, "").objections_against(&row(10_000, "")).is_empty());
        assert_eq!(row(10_201, "").objections_against(&row(10_000, "")).len(), 1);
        assert!(row(10_201, "")
            .objections_against(&row(10_000, "more checks"))
            .is_empty());
    }

    #[test]
    fn a_row_on_one_side_only_is_named() {
        let none = Document { rows: Vec::new() };
        assert_eq!(row(1, "").objections_against(&none).len(), 1);
        assert_eq!(none.objections_against(&row(1, "")).len(), 1);
    }

    #[test]
    fn reasons_survive_a_rewrite() {
        let mut new = row(2, "");
        new.keep_reasons_of(&row(1, "more checks"));
        assert_eq!(new, row(2, "more checks"));
    }
}
