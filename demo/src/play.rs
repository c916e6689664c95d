//! From the first step to the report: perform, read back, check, tell.

use std::collections::BTreeMap;

use anyhow::{bail, Result};
use num_rational::BigRational;

use crate::{
    check::{self, fair, Figure, Figures, Ledger},
    execute::{Outcome, Sample, Stage, FUNDER_EQUITY, FUNDER_MONEY},
    narrate,
    report::{Check, Holder, Report, StepReport, Stream, StreamReading, Token, TransactionReport, VaultReport},
    story::{Action, Story},
};

/// Symbol of the payout mint.
pub const MONEY: &str = "USDC";
const SECONDS_A_DAY: i64 = 86_400;

/// Plays `story`, hands each step to `tell` as soon as its figures agree, and returns the report.
///
/// # Errors
/// When something cannot be done or told, or a figure that was read is not what the independent calculation says: the message names each.
pub fn play(story: &Story, stage: &dyn Stage, tell: &mut dyn FnMut(&StepReport) -> Result<()>) -> Result<Report> {
    let money_decimals = stage.money_decimals();
    let equities: Vec<_> = stage
        .assets()
        .iter()
        .map(|asset| (asset.symbol, asset.decimals))
        .collect();
    let mut ledger = Ledger::new(story, money_decimals, &equities, FUNDER_MONEY, FUNDER_EQUITY);
    let mut before = stage.read()?;
    let mut checked = check::agree("the curtain rises", &before, &ledger.figures())?;
    let mut steps = Vec::new();
    let mut done: Vec<(Action, i64)> = Vec::new();
    let mut readings = Vec::new();
    for (index, step) in story.steps.iter().enumerate() {
        let outcome = stage.perform(&step.action)?;
        let ts = outcome.ts();
        ledger.book(&step.action, ts);
        done.push((step.action.clone(), ts));
        let mut figures_checked = 0;
        let mut waited = Vec::new();
        let transaction = match outcome {
            Outcome::Landed { receipt, .. } => Some(TransactionReport {
                signature: receipt.signature.to_string(),
                compute_units: receipt.compute_units,
                fee_lamports: receipt.fee,
            }),
            Outcome::Waited { samples, .. } => {
                for sample in &samples {
                    figures_checked += check_sample(step.title, sample, &ledger)?;
                    readings.push(reading(sample, &done)?);
                }
                if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
                    waited = narrate::changes(&with_claimable(first), &with_claimable(last), story, stage);
                }
                None
            }
        };
        let after = stage.read()?;
        figures_checked += check::agree(step.title, &after, &ledger.figures())?;
        checked += figures_checked;
        let report = StepReport {
            number: index + 1,
            title: step.title.to_owned(),
            telling: step.telling.to_owned(),
            ts,
            transaction,
            day: (ts - done.first().map_or(ts, |(_, created)| *created)) / SECONDS_A_DAY,
            changes: [waited, narrate::changes(&before, &after, story, stage)].concat(),
            figures_checked,
        };
        tell(&report)?;
        steps.push(report);
        before = after;
    }

    let last = stage.sample()?;
    checked += check_sample("the last step", &last, &ledger)?;
    let reading = reading(&last, &done)?;
    let earned: BTreeMap<&'static str, u64> = story
        .actors
        .iter()
        .map(|actor| {
            let claimed = check::atoms(&last.figures, Figure::Claimed(actor.name));
            (actor.name, claimed.saturating_add(claimable(&last, actor.name)))
        })
        .collect();
    // Each holder's earnings were read at a moment of their own.
    let fair: fair::Earnings = last
        .claimable
        .iter()
        .filter_map(|claimable| {
            fair::earnings(story, money_decimals, &done, claimable.ts).remove_entry(claimable.holder)
        })
        .collect();
    fair::agree(&earned, &fair, done.len())?;
    checked += fair.len();
    readings.push(reading);
    Ok(report(story, stage, &last, steps, readings, checked))
}

fn claimable(sample: &Sample, name: &str) -> u64 {
    sample
        .claimable
        .iter()
        .find(|claimable| claimable.holder == name)
        .map_or(0, |claimable| claimable.atoms)
}

fn check_sample(when: &str, sample: &Sample, ledger: &Ledger) -> Result<usize> {
    let mut expected = ledger.figures();
    for claimable in &sample.claimable {
        let figure = Figure::Claimable(claimable.holder);
        expected.insert(figure, ledger.claimable(claimable.holder, claimable.ts));
    }
    check::agree(when, &with_claimable(sample), &expected)
}

fn with_claimable(sample: &Sample) -> Figures {
    let mut figures = sample.figures.clone();
    for claimable in &sample.claimable {
        let atoms = BigRational::from_integer(claimable.atoms.into());
        figures.insert(Figure::Claimable(claimable.holder), atoms);
    }
    figures
}

fn reading(sample: &Sample, done: &[(Action, i64)]) -> Result<StreamReading> {
    let Some(ts) = sample.claimable.iter().map(|claimable| claimable.ts).max() else {
        bail!("nobody holds shares yet, so there is no stream to read");
    };
    let paid: u64 = sample
        .figures
        .iter()
        .filter(|(figure, _)| matches!(figure, Figure::Claimed(_)))
        .map(|(figure, _)| check::atoms(&sample.figures, *figure))
        .sum();
    let waiting: u64 = sample.claimable.iter().map(|claimable| claimable.atoms).sum();
    Ok(StreamReading {
        ts,
        age_seconds: ts - done.first().map_or(ts, |(_, created)| *created),
        received_atoms: check::atoms(&sample.figures, Figure::Received),
        reached_atoms: paid + waiting,
    })
}

fn report(
    story: &Story,
    stage: &dyn Stage,
    last: &Sample,
    steps: Vec<StepReport>,
    readings: Vec<StreamReading>,
    figures: usize,
) -> Report {
    let atoms = |figure| check::atoms(&last.figures, figure);
    let transactions = || steps.iter().filter_map(|step| step.transaction.as_ref());
    let check = Check {
        figures,
        differences: 0,
        compute_units: transactions().map(|transaction| transaction.compute_units).sum(),
        transactions: transactions().count(),
    };
    Report {
        headline: story.headline.to_owned(),
        token: Token {
            symbol: story.terms.symbol.to_owned(),
            mint: stage.share_mint(),
            decimals: story.terms.decimals,
            authorised_atoms: atoms(Figure::Authorised),
            issued_atoms: atoms(Figure::Issued),
        },
        holders: story
            .actors
            .iter()
            .filter(|actor| last.claimable.iter().any(|claimable| claimable.holder == actor.name))
            .map(|actor| Holder {
                name: actor.name.to_owned(),
                role: actor.role.to_owned(),
                registered_atoms: atoms(Figure::Shares(actor.name)),
                bearer_atoms: atoms(Figure::Bearer(actor.name)),
                claimed_atoms: atoms(Figure::Claimed(actor.name)),
                claimable_atoms: claimable(last, actor.name),
            })
            .collect(),
        vaults: stage
            .assets()
            .iter()
            .map(|asset| VaultReport {
                symbol: asset.symbol.to_owned(),
                name: asset.name.clone(),
                decimals: asset.decimals,
                atoms: atoms(Figure::Vault(asset.symbol)),
            })
            .collect(),
        stream: Stream {
            unit: MONEY.to_owned(),
            decimals: stage.money_decimals(),
            received_atoms: atoms(Figure::Received),
            readings,
        },
        check,
        steps,
    }
}
