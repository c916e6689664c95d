//! `upside crank`

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use serde_json::{json, Value};
use upside_client::{
    amount,
    crank::{self, Blocked, Deed, Left, Outcome, Plan, Progress, Task, Worth},
    layers::{self, Layers},
    sender::Receipt,
};

use crate::{
    app::{positive, App},
    failure::{Failure, Reason, Result},
    output::{self, amount_json, counted, short},
    pieces::progress,
};

/// Most rows of one kind that are shown by name.
const MAX_ROWS_SHOWN: usize = 20;
/// Lamports of fee counted for one transaction.
const FEE_LAMPORTS: u64 = 5_000;
const SOL_DECIMALS: u8 = 9;

/// `crank`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: upside crank --dry-run\n         upside crank MINT --minimum 5\n\nWithout a security: those that you issue or hold, and all that they hold through their vaults.\nAnybody may do all of this; it can go nowhere else than to whom it belongs. It may run twice at once, and after a kill.\nWhat moves less than the minimum is left for later: fees in SOL cannot be compared with other money without prices."
)]
pub struct Args {
    /// Share mints of the securities; what they hold through vaults is cranked too.
    tokens: Vec<Pubkey>,
    /// Least amount that a claim, harvest, release or sweep moves, in every money [default: a hundredth of a unit].
    #[arg(long, value_name = "AMOUNT")]
    minimum: Option<String>,
    /// As --minimum, for one money.
    #[arg(long, value_name = "MINT=AMOUNT")]
    minimum_of: Vec<String>,
    /// Give holders a payout account where theirs is missing; you pay its rent.
    #[arg(long)]
    open_accounts: bool,
}

/// The names of things, read once.
struct Names {
    symbols: BTreeMap<Pubkey, String>,
}

impl Names {
    fn read(app: &App, layers: &Layers, scope: &BTreeSet<Pubkey>) -> Result<Self> {
        // Who holds what is paid may stand above the scope; of whom a vault has bearer shares only, below it.
        let near: BTreeSet<Pubkey> = layers
            .holdings
            .iter()
            .map(|holding| (holding.keys.security, holding.held.security))
            .filter(|(upper, held)| scope.contains(upper) || scope.contains(held))
            .flat_map(|(upper, held)| [upper, held])
            .chain(scope.iter().copied())
            .collect();
        let near: Vec<_> = near
            .iter()
            .filter_map(|address| layers.securities.get(address).map(|security| (*address, security)))
            .collect();
        app.know_mints(
            near.iter()
                .flat_map(|(_, security)| [security.mint, security.payout_mint]),
        )?;
        let mut symbols = BTreeMap::new();
        for (address, security) in near {
            symbols.insert(address, app.symbol(&security.mint)?);
            symbols.insert(security.mint, app.symbol(&security.mint)?);
            symbols.insert(security.payout_mint, app.symbol(&security.payout_mint)?);
        }
        Ok(Self { symbols })
    }

    fn of(&self, address: &Pubkey) -> String {
        self.symbols.get(address).cloned().unwrap_or_else(|| short(address))
    }

    fn amount(&self, mint: &Pubkey, decimals: u8, atoms: u64) -> String {
        format!("{} {}", amount::to_text(atoms, decimals), self.of(mint))
    }

    /// `claim of ALICE for 1234…abcd: 12.5 USDC`
    fn task(&self, task: &Task) -> String {
        let name = match task.deed {
            Deed::Register => format!("register bearer shares of {}", self.of(&task.security)),
            Deed::Sweep => format!("sweep the inbox of {}", self.of(&task.security)),
            deed => format!("{} of {}", deed.name(), self.of(&task.security)),
        };
        let whom = match task.deed {
            Deed::CloseRound | Deed::Sweep => String::new(),
            Deed::Register => format!(" in the vault of {}", self.of(&task.whom)),
            _ => format!(" for {}", self.of(&task.whom)),
        };
        match task.atoms {
            0 => format!("{name}{whom}"),
            atoms => format!("{name}{whom}: {}", self.amount(&task.mint, task.decimals, atoms)),
        }
    }
}

fn worth(app: &App, args: &Args, layers: &Layers, scope: &BTreeSet<Pubkey>) -> Result<Worth> {
    let money: BTreeMap<Pubkey, u8> = scope
        .iter()
        .filter_map(|address| layers.securities.get(address))
        .map(|security| (security.payout_mint, security.payout_decimals))
        .collect();
    let mut worth = Worth {
        opens_accounts: args.open_accounts,
        ..Worth::default()
    };
    if let Some(text) = &args.minimum {
        for (mint, decimals) in &money {
            worth.least_atoms.insert(*mint, positive(text, *decimals)?);
        }
    }
    for pair in &args.minimum_of {
        let wrong = || Failure::input(format!("{pair:?} is not MINT=AMOUNT"));
        let (mint, text) = pair.split_once('=').ok_or_else(wrong)?;
        let mint: Pubkey = mint.parse().map_err(|_| wrong())?;
        let decimals = money.get(&mint).ok_or_else(|| {
            Failure::input(format!("none of these securities pays out {mint}"))
                .remedy("`upside token show` names the payout mint")
        })?;
        worth.least_atoms.insert(mint, positive(text, *decimals)?);
    }
    app.know_mints(money.into_keys())?;
    Ok(worth)
}

/// Finds what is due and does it, or shows it.
///
/// # Errors
/// When nothing can be read or done, or something was refused.
pub fn run(app: &App, args: &Args) -> Result<()> {
    if app.global.sign_only || app.global.base64 {
        return Err(
            Failure::input("the crank takes many transactions, one after the other, and cannot be exported")
                .remedy("leave --sign-only and --base64 away: nobody but the fee payer signs"),
        );
    }
    let sender = app.sender()?;
    let layers = layers::read_layers(sender)?;
    let scope = if args.tokens.is_empty() {
        let wallet = app.viewer()?;
        let scope = crank::scope_of(sender, &layers, &wallet)?;
        if scope.is_empty() {
            return Err(Failure::input(format!("{wallet} neither issues nor holds a security"))
                .remedy("name securities: `upside crank MINT`"));
        }
        scope
    } else {
        let tops = args
            .tokens
            .iter()
            .map(|token| Ok(app.token(token)?.keys.security))
            .collect::<Result<Vec<_>>>()?;
        layers.below(tops)
    };
    let worth = worth(app, args, &layers, &scope)?;
    let names = Names::read(app, &layers, &scope)?;
    if app.global.dry_run {
        return dry_run(app, &scope, &worth, &names);
    }
    let payer = app.payer()?;
    if !payer.has_key() {
        return Err(Failure::key(format!("the key of {} is not here", payer.address))
            .remedy("name the key file of who pays the fees with -k or --fee-payer"));
    }
    let bar = progress(0)?;
    let talks = app.global.output == crate::cli::Format::Display;
    let say = |text: &str| {
        if talks {
            bar.suspend(|| output::write_note(text));
        }
    };
    let outcome = crank::run(
        sender,
        payer.signer().as_ref(),
        &scope,
        &worth,
        &mut |step| match step {
            Progress::Planned {
                pass,
                plan,
                transactions,
            } => {
                bar.inc_length(plan.tasks.len() as u64);
                bar.set_message(format!("pass {pass}"));
                if !plan.tasks.is_empty() {
                    say(&format!(
                        "Pass {pass}: {} in {}.",
                        counted(plan.tasks.len(), "task"),
                        counted(transactions, "transaction")
                    ));
                }
            }
            Progress::Done { tasks, receipt } => {
                bar.inc(tasks.len() as u64);
                for line in log_lines(&names, tasks, receipt) {
                    say(&line);
                }
            }
            Progress::Elsewhere { task } => {
                bar.inc(1);
                say(&format!("  = {}, done by somebody else", names.task(task)));
            }
            Progress::Refused { task, error } => {
                bar.inc(1);
                say(&format!("  ✗ {}: {error}", names.task(task)));
            }
        },
    );
    bar.finish_and_clear();
    report(app, &names, &scope, outcome?)
}

/// One line for each kind of thing that a transaction did to one security.
fn log_lines(names: &Names, tasks: &[Task], receipt: &Receipt) -> Vec<String> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < tasks.len() {
        let first = &tasks[start];
        let same = tasks[start..]
            .iter()
            .take_while(|task| (task.deed, task.security, task.mint) == (first.deed, first.security, first.mint))
            .count();
        let what = if same == 1 {
            names.task(first)
        } else {
            let atoms = tasks[start..start + same]
                .iter()
                .fold(0u64, |sum, task| sum.saturating_add(task.atoms));
            let moved = match atoms {
                0 => String::new(),
                atoms => format!(": {}", names.amount(&first.mint, first.decimals, atoms)),
            };
            format!("{same} × {} of {}{moved}", first.deed.name(), names.of(&first.security))
        };
        lines.push(format!("  ✓ {what}"));
        start += same;
    }
    if let Some(last) = lines.last_mut() {
        let signature = receipt.signature.to_string();
        last.push_str(&format!("  ({}…)", &signature[..8.min(signature.len())]));
    }
    lines
}

/// What tasks do, one row for each deed and mint.
fn table(app: &App, names: &Names, tasks: &[Task]) -> Vec<String> {
    let mut rows = Vec::new();
    for deed in Deed::ALL {
        let count = tasks.iter().filter(|task| task.deed == deed).count();
        if count == 0 {
            continue;
        }
        let moved: Vec<String> = crank::moved(tasks, deed)
            .into_iter()
            .map(|(mint, (decimals, atoms))| names.amount(&mint, decimals, atoms))
            .collect();
        rows.push(vec![format!("  {}", deed.name()), count.to_string(), moved.join(", ")]);
    }
    if rows.is_empty() {
        return vec!["  nothing".to_owned()];
    }
    output::table(app.canvas, &["  What", "How many", "Moves"], &[1], &rows)
}

fn task_json(task: &Task) -> Value {
    json!({
        "deed": task.deed.name(),
        "security": task.security.to_string(),
        "level": task.level,
        "subject": task.subject.to_string(),
        "for": task.whom.to_string(),
        "mint": task.mint.to_string(),
        "moves": amount_json(task.atoms, task.decimals),
    })
}

fn blocked_json(blocked: &[Blocked]) -> Value {
    blocked
        .iter()
        .map(|blocked| {
            json!({
                "deed": blocked.deed.name(),
                "security": blocked.security.to_string(),
                "for": blocked.whom.to_string(),
                "mint": blocked.mint.to_string(),
                "waits": amount_json(blocked.atoms, blocked.decimals),
                "reason": blocked.reason,
            })
        })
        .collect()
}

fn left_json(left: &[Left]) -> Value {
    left.iter()
        .map(|left| {
            json!({
                "mint": left.mint.to_string(),
                "count": left.count,
                "amount": amount_json(left.atoms, left.decimals),
            })
        })
        .collect()
}

fn left_lines(app: &App, names: &Names, left: &[Left]) -> Vec<String> {
    if left.is_empty() {
        return Vec::new();
    }
    let parts: Vec<String> = left
        .iter()
        .map(|left| {
            format!(
                "{} with {}",
                counted(left.count, "small one"),
                names.amount(&left.mint, left.decimals, left.atoms)
            )
        })
        .collect();
    let sentence = format!("Left for later, below the minimum: {}.", parts.join(", "));
    let mut lines = vec![String::new()];
    lines.extend(app.canvas.bullet(&sentence));
    lines
}

fn blocked_lines(app: &App, names: &Names, blocked: &[Blocked]) -> Vec<String> {
    let mut lines = Vec::new();
    for one in blocked.iter().take(MAX_ROWS_SHOWN) {
        let sentence = format!(
            "{} of {} waits for {}: {}.",
            names.amount(&one.mint, one.decimals, one.atoms),
            names.of(&one.security),
            one.whom,
            one.reason
        );
        lines.extend(app.canvas.bullet(&sentence).iter().map(|line| app.canvas.warning(line)));
    }
    if blocked.len() > MAX_ROWS_SHOWN {
        lines.push(format!("  and {} more", blocked.len() - MAX_ROWS_SHOWN));
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

fn dry_run(app: &App, scope: &BTreeSet<Pubkey>, worth: &Worth, names: &Names) -> Result<()> {
    let sender = app.sender()?;
    let payer = app.payer()?.address;
    let plan: Plan = crank::plan(sender, &payer, scope, worth)?;
    let transactions = crank::pack(&payer, &plan.tasks)?.len();
    let rent = crank::rent_of(sender, &plan.tasks)?;
    let fees = FEE_LAMPORTS.saturating_mul(transactions as u64);
    let mut lines = vec![app.canvas.bold(&format!(
        "Dry run: {} in {}. Nothing was sent.",
        counted(plan.tasks.len(), "task"),
        counted(transactions, "transaction")
    ))];
    lines.extend(table(app, names, &plan.tasks));
    if !plan.tasks.is_empty() {
        lines.push(String::new());
        lines.push(app.canvas.bold("In this order"));
        lines.extend(
            plan.tasks
                .iter()
                .take(MAX_ROWS_SHOWN)
                .map(|task| format!("  {}", names.task(task))),
        );
        if plan.tasks.len() > MAX_ROWS_SHOWN {
            lines.push(format!("  and {} more", plan.tasks.len() - MAX_ROWS_SHOWN));
        }
        lines.push(String::new());
        lines.extend(app.canvas.bullet(&format!(
            "It costs about {} SOL of fees, and {} SOL of rent for positions that it opens for others.",
            amount::to_text(fees, SOL_DECIMALS),
            amount::to_text(rent, SOL_DECIMALS)
        )));
    }
    lines.extend(left_lines(app, names, &plan.left));
    lines.extend(blocked_lines(app, names, &plan.blocked));
    output::print(
        app.global.output,
        &lines,
        &json!({
            "dryRun": true,
            "securities": scope.len(),
            "tasks": plan.tasks.iter().map(task_json).collect::<Vec<_>>(),
            "transactions": transactions,
            "feeLamports": fees,
            "rentLamports": rent,
            "left": left_json(&plan.left),
            "blocked": blocked_json(&plan.blocked),
        }),
    );
    Ok(())
}

fn report(app: &App, names: &Names, scope: &BTreeSet<Pubkey>, outcome: Outcome) -> Result<()> {
    let fees: u64 = outcome.receipts.iter().map(|receipt| receipt.fee).sum();
    let mut lines = vec![app.canvas.bold(&format!(
        "Done: {} for {}, in {}.",
        counted(outcome.done.len(), "task"),
        if scope.len() == 1 {
            "1 security".to_owned()
        } else {
            format!("{} securities", scope.len())
        },
        counted(outcome.receipts.len(), "transaction")
    ))];
    lines.extend(table(app, names, &outcome.done));
    lines.push(
        app.canvas
            .dim(&format!("  fees {} SOL", amount::to_text(fees, SOL_DECIMALS))),
    );
    if outcome.elsewhere > 0 {
        lines.push(format!("  {} done by somebody else first", outcome.elsewhere));
    }
    if outcome.went_round {
        lines.extend(app.canvas.bullet(
            "Money goes round among securities that hold all of each other: nobody outside has a part of it, so nobody can be paid.",
        ));
    }
    lines.extend(left_lines(app, names, &outcome.left));
    lines.extend(blocked_lines(app, names, &outcome.blocked));
    let refused: Vec<String> = outcome
        .refused
        .iter()
        .map(|(task, error)| format!("{}: {error}", names.task(task)))
        .collect();
    output::print(
        app.global.output,
        &lines,
        &json!({
            "securities": scope.len(),
            "passes": outcome.passes,
            "tasks": outcome.done.iter().map(task_json).collect::<Vec<_>>(),
            "doneBySomebodyElse": outcome.elsewhere,
            "refused": refused,
            "left": left_json(&outcome.left),
            "blocked": blocked_json(&outcome.blocked),
            "wentRound": outcome.went_round,
            "transactions": outcome.receipts.iter().map(output::receipt_json).collect::<Vec<_>>(),
            "feeLamports": fees,
        }),
    );
    let again = "run it again: what is done is never done twice";
    if let Some(error) = outcome.interrupted {
        let mut failure = Failure::from(error);
        failure.message = format!(
            "{} done, then: {}",
            counted(outcome.done.len(), "task"),
            failure.message
        );
        return Err(failure.details(refused).remedy(again));
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Reason::Refused,
        format!("{} refused; everything else is done", counted(refused.len(), "task")),
    )
    .details(refused)
    .remedy(again))
}
