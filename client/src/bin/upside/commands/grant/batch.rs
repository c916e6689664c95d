//! `upside grant batch`

use std::{collections::BTreeMap, fs, path::PathBuf};

use anchor_lang::prelude::Pubkey;
use clap::Args;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    batch::{self, Row, RowError, Standing},
    instructions::CreateGrant,
    quote, transactions,
    upside::state::Grant,
    ClientError, Sender,
};

use super::{cannot_receive, dilution_sentence, earliest_start, too_early, ONE_COMPUTE_UNITS};
use crate::{
    app::{App, Token},
    failure::{Failure, Result},
    output::{self, amount_json, counted, short},
    pieces::{self, check_lamports, progress, Piece},
};

/// Largest file that is read, bytes.
const MAX_FILE_BYTES: u64 = 8 * 1_024 * 1_024;
/// Most recipients that the dry run shows by name.
const MAX_ROWS_SHOWN: usize = 40;
/// `grant batch`
#[derive(Debug, Args)]
pub struct Batch {
    /// Share mint.
    token: Pubkey,
    /// The table.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Id of a recipient's first row that names none; their next rows count on. A second table for the same people needs another one.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    first_id: u64,
}

/// Everything known about a table before anything is sent.
struct Checked {
    rows: Vec<Row>,
    standings: Vec<Standing>,
}

impl Checked {
    fn count(&self, standing: &Standing) -> usize {
        self.standings.iter().filter(|s| *s == standing).count()
    }

    fn missing(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .zip(&self.standings)
            .filter(|(_, standing)| **standing == Standing::Missing)
            .map(|(row, _)| row)
    }
}

/// Runs `upside grant batch`.
pub fn run(app: &App, args: &Batch) -> Result<()> {
    let token = app.token(&args.token)?;
    let checked = check(app, &token, args)?;
    let missing: Vec<&Row> = checked.missing().collect();
    let skipped = skipped_lines(&checked);
    let total: u64 = missing.iter().map(|row| row.args.amount).sum();
    if missing.is_empty() {
        let mut lines = skipped;
        lines.push("Nothing is left to do.".to_owned());
        output::print(
            app.global.output,
            &lines,
            &result(&token, &checked, 0, &[], Value::Array(Vec::new())),
        );
        return Ok(());
    }
    let actor = app.signing_actor()?;
    let payer = app.payer()?.address;
    let pieces: Vec<Piece> = missing
        .iter()
        .map(|row| Piece {
            name: format!("line {}", row.line),
            instructions: vec![CreateGrant {
                keys: &token.keys,
                payer,
                issuer: actor.address,
                recipient: row.recipient,
                args: row.args,
            }
            .instruction()],
            compute_units: ONE_COMPUTE_UNITS,
            is_done: None,
        })
        .collect();
    check_lamports(app, app.sender()?.minimum_rent(Grant::SPACE)?, &pieces)?;
    if app.global.dry_run {
        return dry_run(app, &token, &checked, &pieces, total);
    }
    let before = token.mint.supply.saturating_add(token.security.reserved_atoms);
    let revocable = missing.iter().filter(|row| row.args.revocable).count();
    let mut irreversible = skipped.clone();
    irreversible.extend([
        format!(
            "{} are reserved for {} grants, and newly issued as they are claimed.",
            token.shares(total),
            missing.len()
        ),
        format!(
            "{revocable} of them can be revoked as far as they have not vested; nobody can ever revoke the other {}.",
            missing.len() - revocable
        ),
        dilution_sentence(&token, before, total),
    ]);
    let what = format!("Make {} grants of {} in all", missing.len(), token.shares(total));
    let Some(outcome) = pieces::carry_out(app, actor, what, irreversible, &pieces)? else {
        return Ok(());
    };
    let mut lines = skipped;
    lines.push(format!(
        "Made {} in {}.",
        counted(outcome.done, "grant"),
        counted(outcome.receipts.len(), "transaction")
    ));
    output::print(
        app.global.output,
        &lines,
        &result(
            &token,
            &checked,
            outcome.done,
            &outcome.refusals(&pieces),
            outcome.transactions(),
        ),
    );
    outcome.check(&pieces, "run the same command again: what exists is skipped")
}

fn result(token: &Token, checked: &Checked, made: usize, refused: &[String], transactions: Value) -> Value {
    json!({
        "mint": token.keys.mint.to_string(),
        "rows": checked.rows.len(),
        "existed": checked.count(&Standing::Exists),
        "closed": checked.count(&Standing::Closed),
        "made": made,
        "refused": refused,
        "transactions": transactions,
    })
}

fn skipped_lines(checked: &Checked) -> Vec<String> {
    let mut lines = Vec::new();
    match checked.count(&Standing::Exists) {
        0 => {}
        count => lines.push(format!(
            "{count} of {} grants exist exactly so already and are skipped.",
            checked.rows.len()
        )),
    }
    match checked.count(&Standing::Closed) {
        0 => {}
        count => lines.push(format!(
            "{count} of {} grants existed, are over and closed, and are skipped.",
            checked.rows.len()
        )),
    }
    lines
}

/// Reads the table and finds everything that is wrong with it, before anything is sent.
fn check(app: &App, token: &Token, args: &Batch) -> Result<Checked> {
    let cannot = |why: String| Failure::input(format!("{} cannot be read: {why}", args.file.display()));
    let size = fs::metadata(&args.file).map_err(|e| cannot(e.to_string()))?.len();
    if size > MAX_FILE_BYTES {
        return Err(cannot(format!("it has {size} bytes, more than {MAX_FILE_BYTES}")));
    }
    let table = fs::read(&args.file).map_err(|e| cannot(e.to_string()))?;
    let wrong = |errors: &[RowError]| {
        let count = errors.len();
        Failure::input(format!(
            "{count} {} wrong in {}; nothing was sent",
            if count == 1 { "thing is" } else { "things are" },
            args.file.display()
        ))
        .details(errors.iter().map(ToString::to_string).collect())
        .remedy("mend the file and run the command again")
    };
    let decimals = token.security.decimals;
    let rows = batch::read(&table, decimals, args.first_id).map_err(|errors| wrong(&errors))?;

    let sender = app.sender()?;
    let now = sender.now()?;
    let bar = progress(rows.len())?;
    bar.set_message("compared with what exists");
    let standings = batch::standings(sender, &token.keys, &rows, decimals, || bar.inc(1))?;
    bar.finish_and_clear();
    let earliest = earliest_start(app, token, now)?;
    let recipients: Vec<Pubkey> = rows.iter().map(|row| row.recipient).collect();
    let problems = cannot_receive(app, &recipients)?;
    let mut errors = Vec::new();
    let mut left = quote::capacity_left(&token.security);
    for ((row, standing), problem) in rows.iter().zip(&standings).zip(problems) {
        let mut note = |problem: String| errors.push(RowError::new(row.line, problem));
        match standing {
            Standing::Exists | Standing::Closed => continue,
            Standing::Differs(how) => {
                note(format!(
                    "grant {} of {} is another, made before: {how}; name another id, or --first-id",
                    row.args.id, row.recipient
                ));
                continue;
            }
            Standing::Missing => {}
        }
        if let Some(problem) = problem {
            note(format!("recipient: {problem}"));
        }
        if let Some(problem) = too_early(token, row.args.start_ts, earliest) {
            note(format!("start: {problem}"));
        }
        if row.args.deadline_ts != 0 && row.args.deadline_ts <= now {
            note("deadline: it has passed".to_owned());
        }
        match left.checked_sub(row.args.amount) {
            Some(rest) => left = rest,
            None => note(format!(
                "amount: {} can still be promised after the rows above, and this one wants {}",
                token.shares(left),
                token.shares(row.args.amount)
            )),
        }
    }
    if errors.is_empty() {
        Ok(Checked { rows, standings })
    } else {
        Err(wrong(&errors))
    }
}

/// Tries every transaction without sending any, and shows who would have which part of everything before and after.
fn dry_run(app: &App, token: &Token, checked: &Checked, pieces: &[Piece], total: u64) -> Result<()> {
    let sender = app.sender()?;
    let payer = app.payer()?;
    let sized: Vec<_> = pieces
        .iter()
        .map(|piece| (piece.instructions.clone(), piece.compute_units))
        .collect();
    let packed = transactions::pack(&payer.address, &sized)?;
    let bar = progress(pieces.len())?;
    let mut refused = Vec::new();
    for range in &packed {
        let instructions: Vec<_> = pieces[range.clone()]
            .iter()
            .flat_map(|piece| piece.instructions.clone())
            .collect();
        match sender.simulate(&instructions, payer.signer().as_ref(), &[], &[]) {
            Ok(_) => {}
            Err(ClientError::Program(failure)) => {
                // Every instruction is one row's.
                let at = range.start + usize::from(failure.instruction);
                let name = pieces.get(at).map_or("a line", |piece| piece.name.as_str());
                refused.push(format!("{name}: {failure}"));
            }
            Err(error) => return Err(error.into()),
        }
        bar.inc(range.len() as u64);
    }
    bar.finish_and_clear();

    // What everybody has or is promised, of all that exists or is promised.
    let mut held: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for (_, position) in accounts::positions_of(sender, &token.keys.security)? {
        *held.entry(position.holder).or_default() += position.shares_atoms;
    }
    for (_, grant) in accounts::grants_of(sender, &token.keys.security)? {
        *held.entry(grant.recipient).or_default() += grant.amount_atoms.saturating_sub(grant.claimed_atoms);
    }
    let before = token.mint.supply.saturating_add(token.security.reserved_atoms);
    let after = before.saturating_add(total);
    let mut granted: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for row in checked.missing() {
        *granted.entry(row.recipient).or_default() += row.args.amount;
    }
    let mut order: Vec<(&Pubkey, &u64)> = granted.iter().collect();
    order.sort_by_key(|(recipient, atoms)| (std::cmp::Reverse(**atoms), **recipient));
    let decimals = token.security.decimals;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (recipient, atoms) in &order {
        let had = held.get(*recipient).copied().unwrap_or(0);
        rows.push(vec![
            format!("  {}", short(recipient)),
            amount::to_text(**atoms, decimals),
            amount::to_percent(had, before),
            amount::to_percent(had.saturating_add(**atoms), after),
        ]);
        values.push(json!({
            "recipient": recipient.to_string(),
            "granted": amount_json(**atoms, decimals),
            "before": amount::to_percent(had, before),
            "after": amount::to_percent(had.saturating_add(**atoms), after),
        }));
    }
    let more = rows.len().saturating_sub(MAX_ROWS_SHOWN);
    rows.truncate(MAX_ROWS_SHOWN);
    let mut lines = vec![app.canvas.bold(&format!(
        "Dry run: {} grants of {} in all, in {}. Nothing was sent.",
        pieces.len(),
        token.shares(total),
        counted(packed.len(), "transaction")
    ))];
    lines.extend(skipped_lines(checked));
    lines.push(String::new());
    lines.push(app.canvas.bold("Who has, or is promised, which part of everything"));
    let head = ["  Recipient", &format!("Granted {}", token.symbol), "Before", "After"];
    lines.extend(output::table(app.canvas, &head, &[1, 2, 3], &rows));
    if more > 0 {
        lines.push(format!("  and {more} recipients more"));
    }
    lines.push(String::new());
    lines.push(format!(
        "  Everybody who has or is promised shares today: 100.00% before, {} after.",
        amount::to_percent(before, after)
    ));
    lines.extend(app.canvas.bullet(&dilution_sentence(token, before, total)));
    lines.extend(
        refused
            .iter()
            .map(|refusal| app.canvas.warning(&format!("  ✗ {refusal}"))),
    );
    output::print(
        app.global.output,
        &lines,
        &json!({
            "dryRun": true,
            "mint": token.keys.mint.to_string(),
            "rows": checked.rows.len(),
            "existed": checked.count(&Standing::Exists),
            "closed": checked.count(&Standing::Closed),
            "toMake": pieces.len(),
            "transactions": packed.len(),
            "granted": amount_json(total, decimals),
            "everybodyElseAfter": amount::to_percent(before, after),
            "recipients": values,
            "refused": refused,
        }),
    );
    Ok(())
}
