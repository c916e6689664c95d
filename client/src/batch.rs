//! Grants by the hundred, from a table that people write.
//!
//! A table is CSV with a header; the order of the columns is free:
//!
//! | column | holds |
//! |---|---|
//! | `recipient` | the wallet that receives |
//! | `amount` | shares, like `1000.25` |
//! | `start` | a date: the line of vesting starts here |
//! | `cliff` | a date, or a duration after the start; empty: the start |
//! | `end` | a date, or a duration after the start; may be empty for a milestone, which then vests at once |
//! | `approver` | the key that must approve a milestone; empty: time alone decides |
//! | `deadline` | a date, or a duration after the start: the approver must sign before; empty without an approver |
//! | `revocable` | `yes` or `no`; empty: `no` |
//! | `id` | the grant's number among the recipient's; empty: the first number, plus the recipient's rows further up |
//!
//! So the same table names the same grants every time, and what exists already is never made again.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use bytemuck::Zeroable;
use upside::{instructions::grant::CreateGrantArgs, state::Grant};

use crate::{
    accounts, amount,
    error::Result,
    events::{Event, GrantCreated},
    pda::SecurityKeys,
    time::{date_to_text, parse_date, parse_date_or_after},
    Sender,
};

/// Most rows of a table.
pub const MAX_ROWS: usize = 10_000;
/// Columns that a table must have.
const REQUIRED: [&str; 3] = ["recipient", "amount", "start"];
/// Columns that a table may have.
const OPTIONAL: [&str; 6] = ["cliff", "end", "approver", "deadline", "revocable", "id"];

/// A row that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Who receives.
    pub recipient: Pubkey,
    /// The grant.
    pub args: CreateGrantArgs,
}

/// Something wrong in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RowError {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
}

impl RowError {
    /// Something wrong in a line.
    pub fn new(line: u64, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }
}

/// The cells of a line by column.
struct Cells<'a> {
    line: u64,
    columns: &'a BTreeMap<String, usize>,
    record: &'a csv::StringRecord,
    errors: Vec<RowError>,
}

impl Cells<'_> {
    /// The text of a cell; `None` if it is empty or the column is missing.
    fn text(&self, column: &str) -> Option<&str> {
        self.columns
            .get(column)
            .and_then(|at| self.record.get(*at))
            .filter(|text| !text.is_empty())
    }

    /// What `read` makes of a cell; its failure is noted.
    fn read<T, E: std::fmt::Display>(&mut self, column: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match read(self.text(column)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(column, &error.to_string());
                None
            }
        }
    }

    /// As [`Self::read`]; an empty cell is noted.
    fn need<T, E: std::fmt::Display>(&mut self, column: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        if self.text(column).is_none() {
            self.note(column, "it is empty");
            return None;
        }
        self.read(column, read)
    }

    fn note(&mut self, column: &str, problem: &str) {
        self.errors
            .push(RowError::new(self.line, format!("{column}: {problem}")));
    }
}

/// Counts the lines of a table, forwards. The reader's own count is that of the end of the row before: behind by what ends that row, and by
/// empty lines.
struct Lines<'a> {
    table: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first byte from `position` on that is no line's end.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let from = position.and_then(|position| usize::try_from(position.byte()).ok());
        let from = from.unwrap_or(self.at).clamp(self.at, self.table.len());
        let ends = self.table[from..].iter().take_while(|byte| b"\r\n".contains(byte));
        let to = from + ends.count();
        let ended = (self.at..to).filter(|at| match self.table[*at] {
            b'\n' => true,
            b'\r' => self.table.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        self.line += ended.count() as u64;
        self.at = to;
        self.line
    }
}

/// Reads a table: all rows, or everything that is wrong in it, by line. `first_id` is the number of a recipient's first row without an id.
///
/// # Errors
/// One [`RowError`] for each cell, row or header that cannot be read.
pub fn read(table: &[u8], decimals: u8, first_id: u64) -> Result<Vec<Row>, Vec<RowError>> {
    let table = table.strip_prefix(b"\xef\xbb\xbf").unwrap_or(table);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(table);
    let head = reader
        .headers()
        .map_err(|error| vec![RowError::new(1, error.to_string())])?
        .clone();
    let columns = columns_of(&head)?;
    let mut lines = Lines { table, at: 0, line: 1 };
    let mut rows: Vec<Row> = Vec::new();
    let mut errors = Vec::new();
    let mut counts: BTreeMap<Pubkey, u64> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                errors.push(RowError::new(lines.of(error.position()), "it is not text in UTF-8"));
                continue;
            }
        };
        let line = lines.of(record.position());
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != head.len() {
            errors.push(RowError::new(
                line,
                format!("it has {} cells, and the header {}", record.len(), head.len()),
            ));
            continue;
        }
        if rows.len() == MAX_ROWS {
            errors.push(RowError::new(
                line,
                format!("a table has at most {MAX_ROWS} rows; split it"),
            ));
            break;
        }
        let mut cells = Cells {
            line,
            columns: &columns,
            record: &record,
            errors: Vec::new(),
        };
        let row = row_of(&mut cells, decimals, first_id, &mut counts);
        errors.append(&mut cells.errors);
        if let Some(row) = row {
            if !taken.insert((row.recipient, row.args.id)) {
                errors.push(RowError::new(
                    line,
                    format!("id: {} has a row with id {} further up", row.recipient, row.args.id),
                ));
            }
            rows.push(row);
        }
    }
    if errors.is_empty() && rows.is_empty() {
        errors.push(RowError::new(1, "there are no rows under the header"));
    }
    if errors.is_empty() {
        Ok(rows)
    } else {
        Err(errors)
    }
}

fn columns_of(head: &csv::StringRecord) -> Result<BTreeMap<String, usize>, Vec<RowError>> {
    let mut columns = BTreeMap::new();
    let mut errors = Vec::new();
    for (at, name) in head.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if !REQUIRED.contains(&name.as_str()) && !OPTIONAL.contains(&name.as_str()) {
            errors.push(RowError::new(
                1,
                format!(
                    "there is no column {name:?}; the columns are {}, {}, separated by commas",
                    REQUIRED.join(", "),
                    OPTIONAL.join(", ")
                ),
            ));
        } else if columns.insert(name.clone(), at).is_some() {
            errors.push(RowError::new(1, format!("the column {name} is there twice")));
        }
    }
    for name in REQUIRED {
        if !columns.contains_key(name) {
            errors.push(RowError::new(1, format!("the column {name} is missing")));
        }
    }
    if errors.is_empty() {
        Ok(columns)
    } else {
        Err(errors)
    }
}

fn key(text: &str) -> Result<Pubkey, String> {
    text.parse().map_err(|_| format!("{text:?} is not an address"))
}

/// The row, if all its cells can be read; what is wrong is noted in the cells.
fn row_of(cells: &mut Cells<'_>, decimals: u8, first_id: u64, counts: &mut BTreeMap<Pubkey, u64>) -> Option<Row> {
    let recipient = cells.need("recipient", key);
    let amount = cells.need("amount", |text| {
        amount::parse_atoms(text, decimals)
            .map_err(|error| error.to_string())
            .and_then(|atoms| {
                if atoms == 0 {
                    Err("it must be above zero".to_owned())
                } else {
                    Ok(atoms)
                }
            })
    });
    let start = cells.need("start", parse_date);
    let from = start.unwrap_or_default();
    let after = |text: &str| parse_date_or_after(text, from);
    let approver = cells.read("approver", key);
    let milestone = cells.text("approver").is_some();
    let cliff = cells.read("cliff", after);
    let end = if milestone {
        cells.read("end", after)
    } else {
        cells.need("end", after)
    };
    let deadline = if milestone {
        cells.need("deadline", after)
    } else {
        if cells.text("deadline").is_some() {
            cells.note("deadline", "only a milestone has one, and no approver is named");
        }
        None
    };
    let revocable = cells.read("revocable", |text| match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    });
    let id = cells.read("id", |text| {
        text.parse::<u64>().map_err(|_| format!("{text:?} is not a number"))
    });
    let id = id.or_else(|| {
        let count = counts.entry(recipient?).or_default();
        let id = first_id.checked_add(*count);
        *count += 1;
        id
    });
    let cliff = cliff.unwrap_or(from);
    let end = end.unwrap_or(cliff);
    if cells.errors.is_empty() {
        if cliff < from {
            cells.note("cliff", "it is before the start");
        }
        if end < cliff {
            cells.note("end", "it is before the cliff");
        }
        if approver == Some(Pubkey::default()) {
            cells.note("approver", "nobody has the key of this address");
        }
    }
    if !cells.errors.is_empty() {
        return None;
    }
    Some(Row {
        line: cells.line,
        recipient: recipient?,
        args: CreateGrantArgs {
            id: id?,
            amount: amount?,
            start_ts: start?,
            cliff_ts: cliff,
            end_ts: end,
            revocable: revocable.unwrap_or(false),
            approver: approver.unwrap_or_default(),
            deadline_ts: deadline.unwrap_or_default(),
        },
    })
}

/// What is on chain of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it is to be made.
    Missing,
    /// The grant as the row says.
    Exists,
    /// It existed as the row says, and was closed.
    Closed,
    /// A grant with this id, perhaps closed, that is another; says how.
    Differs(String),
}

/// What is on chain of each row. `each` is told after every row that is looked up in the history.
///
/// # Errors
/// When the cluster does not answer.
pub fn standings(
    sender: &dyn Sender,
    keys: &SecurityKeys,
    rows: &[Row],
    decimals: u8,
    mut each: impl FnMut(),
) -> Result<Vec<Standing>> {
    let grants: BTreeMap<Pubkey, Grant> = accounts::grants_of(sender, &keys.security)?.into_iter().collect();
    rows.iter()
        .map(|row| {
            let address = keys.grant(&row.recipient, row.args.id);
            Ok(match grants.get(&address) {
                Some(grant) => difference(row, grant, decimals).map_or(Standing::Exists, Standing::Differs),
                None => {
                    let known = sender.events_of(&address)?;
                    each();
                    let made = known.iter().rev().find_map(|record| match &record.event {
                        Event::GrantCreated(event) if event.grant == address => Some(as_made(event)),
                        _ => None,
                    });
                    match made {
                        None => Standing::Missing,
                        Some(grant) => difference(row, &grant, decimals).map_or(Standing::Closed, Standing::Differs),
                    }
                }
            })
        })
        .collect()
}

/// A grant as it was made.
fn as_made(event: &GrantCreated) -> Grant {
    let mut grant = Grant::zeroed();
    grant.revocable = u8::from(event.revocable);
    grant.approver = event.approver;
    grant.amount_atoms = event.amount_atoms;
    grant.start_ts = event.start_ts;
    grant.cliff_ts = event.cliff_ts;
    grant.end_ts = event.end_ts;
    grant.deadline_ts = event.deadline_ts;
    grant
}

/// How an existing grant differs from a row; `None` if it does not. A grant that was revoked since is the row's.
#[must_use]
pub fn difference(row: &Row, grant: &Grant, decimals: u8) -> Option<String> {
    let shares = |atoms| amount::to_text(atoms, decimals);
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let who = |key: Pubkey| {
        if key == Pubkey::default() {
            "nobody".to_owned()
        } else {
            key.to_string()
        }
    };
    let by = |ts: i64| {
        if ts == 0 {
            "none".to_owned()
        } else {
            date_to_text(ts)
        }
    };
    let args = &row.args;
    let mut pairs = vec![
        ("start", date_to_text(grant.start_ts), date_to_text(args.start_ts)),
        ("cliff", date_to_text(grant.cliff_ts), date_to_text(args.cliff_ts)),
        ("end", date_to_text(grant.end_ts), date_to_text(args.end_ts)),
        ("revocable", yes(grant.revocable == 1), yes(args.revocable)),
        ("approver", who(grant.approver), who(args.approver)),
        ("deadline", by(grant.deadline_ts), by(args.deadline_ts)),
    ];
    if grant.revoked == 0 {
        pairs.insert(0, ("amount", shares(grant.amount_atoms), shares(args.amount)));
    }
    let differences: Vec<String> = pairs
        .into_iter()
        .filter(|(_, there, here)| there != here)
        .map(|(what, there, here)| format!("its {what} is {there}, and the row says {here}"))
        .collect();
    (!differences.is_empty()).then(|| differences.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "recipient,amount,start,cliff,end,approver,deadline,revocable";
    const A: &str = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T";
    const B: &str = "8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR";

    #[test]
    fn a_table_names_the_same_grants_every_time() {
        let table = format!(
            "\u{feff}{HEAD}\n{A},1.5,2030-01-01,1y,4y,,,yes\n\n{A},2,2030-01-01,,,{B},2031-01-01,\n{B},1,2030-01-01,,2030-02-01,,,no\n"
        );
        let rows = read(table.as_bytes(), 6, 7).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4, 5]);
        assert_eq!(rows.iter().map(|row| row.args.id).collect::<Vec<_>>(), [7, 8, 7]);
        let start = parse_date("2030-01-01").unwrap();
        assert_eq!(rows[0].args.amount, 1_500_000);
        assert_eq!(rows[0].args.cliff_ts, start + 365 * 86_400);
        assert_eq!(rows[0].args.end_ts, start + 4 * 365 * 86_400);
        assert!(rows[0].args.revocable && !rows[1].args.revocable);
        assert_eq!(rows[1].args.approver.to_string(), B);
        assert_eq!((rows[1].args.cliff_ts, rows[1].args.end_ts), (start, start));
        assert_eq!(rows[1].args.deadline_ts, parse_date("2031-01-01").unwrap());
        assert_eq!(read(table.as_bytes(), 6, 7).unwrap(), rows);
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_its_line() {
        let table = format!(
            "{HEAD}\n{A},0,2030-01-01,,1y,,,\nnobody,1,soon,,,,,\n{A},1.0000001,2030-01-01,,1y,,,maybe\n{A},1,2030-01-01,1y,1d,,,\n{A},1,2030-01-01,,1y,,2031-01-01,\n{A},1\n{A},1,2030-01-01,,1y,{B},,\n"
        );
        let errors = read(table.as_bytes(), 6, 0).unwrap_err();
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        for expected in [
            "line 2: amount: it must be above zero",
            "line 3: recipient: \"nobody\" is not an address",
            "line 3: start: \"soon\" is not a date",
            "line 3: end: it is empty",
            "line 4: amount: the amount has more than 6 decimals",
            "line 4: revocable: \"maybe\" is neither yes nor no",
            "line 5: end: it is before the cliff",
            "line 6: deadline: only a milestone has one",
            "line 7: it has 2 cells, and the header 8",
            "line 8: deadline: it is empty",
        ] {
            assert!(
                said.iter().any(|line| line.starts_with(expected)),
                "{expected}: {said:#?}"
            );
        }
        assert_eq!(said.len(), 10, "{said:#?}");
    }

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        let lines_of = |table: &str| -> Vec<u64> {
            let errors = read(table.as_bytes(), 6, 0).unwrap_err();
            errors.iter().map(|error| error.line).collect()
        };
        let row = |amount: &str| format!("{A},{amount},2030-01-01,,1y,,,");
        let (x, y, good) = (row("x"), row("y"), row("1"));
        for end in ["\n", "\r\n", "\r"] {
            let table = [HEAD, &good, &x, "", "", &good, &y, ""].join(end);
            assert_eq!(lines_of(&table), [3, 7], "{end:?}");
        }
        let broken = format!("{HEAD}\n{A},\"1\n2\",2030-01-01,,1y,,,\n,,,,,,,\n{x}\n");
        assert_eq!(lines_of(&broken), [2, 5]);
        let foreign = [
            format!("{HEAD}\r\n{good}\r\n").as_bytes(),
            b"caf\xe9,1,2030-01-01,,1y,,,\r\n",
            x.as_bytes(),
        ]
        .concat();
        let errors = read(&foreign, 6, 0).unwrap_err();
        assert_eq!(errors[0].to_string(), "line 3: it is not text in UTF-8");
        assert_eq!(errors[1].line, 4);
    }

    #[test]
    fn a_header_that_is_not_one_is_refused() {
        for (table, expected) in [
            ("recipient;amount;start\n", "there is no column"),
            ("recipient,amount\n", "the column start is missing"),
            ("recipient,amount,start,start\n", "is there twice"),
            ("recipient,amount,start\n", "no rows under the header"),
        ] {
            let errors = read(table.as_bytes(), 6, 0).unwrap_err();
            assert!(
                errors.iter().any(|error| error.to_string().contains(expected)),
                "{errors:?}"
            );
        }
        let twice = format!("{HEAD},id\n{A},1,2030-01-01,,1y,,,,3\n{A},1,2030-01-01,,1y,,,,3\n");
        let errors = read(twice.as_bytes(), 6, 0).unwrap_err();
        assert!(errors[0].to_string().starts_with("line 3: id:"), "{errors:?}");
    }
}
