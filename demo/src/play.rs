//! From the first step to the report: perform, read back, check, tell. A step that cannot be done ends the story, not the account of it.

use std::collections::BTreeMap;

use anyhow::{bail, Context, Result};
use num_rational::BigRational;
use upside_client::{
    upside::state::{Kind, TransferPolicy},
    ClientError,
};
use upside_lookalike_mints::PAYOUT;

use crate::{
    amount,
    check::{
        self, fair,
        worth::{self, Between, Valued},
        AssetFigure, Figure, Figures, Flow, HolderFigure, Ledger, RoundFigure, SecurityFigure, StakeFigure, Value,
        VaultFigure, WalletFigure,
    },
    narrate,
    report::{
        self, BrokeOff, Check, FlowKind, Holder, Holding, Report, RoundReport, StepReport, Stream, StreamReading,
        TransactionReport, Unit, VaultReport,
    },
    story::{AssetId, PersonId, SecurityId, Step, Story},
    verb::{Action, Moment},
    world::{Outcome, Sample, Stage},
};

const SECONDS_A_DAY: i64 = 86_400;

/// Whose value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Security(SecurityId),
    Person(PersonId),
}

/// What was valued, in order: for each valuing what everybody had, and what money had reached them, payout atoms.
#[derive(Default)]
struct Valuings {
    valuings: Vec<report::Valuing>,
    rows: Vec<BTreeMap<Whose, (u64, u64)>>,
}

/// A story that is being played.
struct Play<'a> {
    story: &'a Story,
    stage: &'a dyn Stage,
    ledger: Ledger<'a>,
    /// What was done, and when.
    done: Vec<(&'a Action, Moment)>,
    steps: Vec<StepReport>,
    readings: BTreeMap<SecurityId, Vec<StreamReading>>,
    worth: Valuings,
    /// The last reading.
    figures: Figures,
    checked: usize,
}

/// Plays `story`, hands each step to `tell` as soon as its figures agree, and returns the report. If a step cannot be done, the report says
/// so and tells the rest.
///
/// # Errors
/// When something cannot be told or read, or a figure that was read is not what the independent calculation says: the message names each.
pub fn play(story: &Story, stage: &dyn Stage, tell: &mut dyn FnMut(&StepReport) -> Result<()>) -> Result<Report> {
    let ledger = Ledger::new(story);
    let figures = stage.read()?;
    let checked = check::agree(story, "the curtain rises", &figures, &ledger.figures())?;
    let mut play = Play {
        story,
        stage,
        ledger,
        done: Vec::new(),
        steps: Vec::new(),
        readings: BTreeMap::new(),
        worth: Valuings::default(),
        figures,
        checked,
    };
    for (index, step) in story.steps.iter().enumerate() {
        let ended = match play.step(index, step)? {
            Done::Told(report) => {
                tell(&report)?;
                play.steps.push(report);
                None
            }
            Done::ToldButWrong(report, reason) => {
                tell(&report)?;
                play.steps.push(report);
                Some(reason)
            }
            Done::Not(reason) => Some(reason),
        };
        if let Some(reason) = ended {
            let broke_off = play.broke_off(index, step, reason);
            return play.report(Some(broke_off));
        }
    }
    play.report(None)
}

/// What became of a step.
enum Done {
    /// It was done, or refused as it had to be.
    Told(StepReport),
    /// It was done although it had to be refused.
    ToldButWrong(StepReport, String),
    /// It was not done; nothing has changed.
    Not(String),
}

impl<'a> Play<'a> {
    fn step(&mut self, index: usize, step: &'a Step) -> Result<Done> {
        let outcome = match self.stage.perform(&step.action) {
            Ok(outcome) => outcome,
            Err(error) => return self.refused(index, step, &error),
        };
        let at = match &outcome {
            Outcome::Landed { at, .. } => *at,
            Outcome::Waited { ts, .. } | Outcome::Valued { ts, .. } => Moment { asked_ts: *ts, ts: *ts },
        };
        step.action.book(&mut self.ledger, at);
        self.done.push((&step.action, at));
        let mut figures_checked = 0;
        let mut seen = Vec::new();
        let transaction = match outcome {
            Outcome::Landed { receipt, .. } => Some(TransactionReport {
                signature: receipt.signature.to_string(),
                compute_units: receipt.compute_units,
                fee_lamports: receipt.fee,
            }),
            Outcome::Waited { samples, .. } => {
                for sample in &samples {
                    figures_checked += self.check_sample(&step.title, sample)?;
                    self.take_readings(sample);
                }
                if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
                    seen = narrate::changes(&with_claimable(first), &with_claimable(last), self.story);
                }
                None
            }
            Outcome::Valued { valued, sample, .. } => {
                figures_checked += self.check_sample(&step.title, &sample)?;
                self.take_readings(&sample);
                let (checked, changes) = self.value(index, step, &valued, &sample)?;
                figures_checked += checked;
                seen = changes;
                None
            }
        };
        let after = self.stage.read()?;
        figures_checked += check::agree(self.story, &step.title, &after, &self.ledger.figures())?;
        self.checked += figures_checked;
        let changes = [seen, narrate::changes(&self.figures, &after, self.story)].concat();
        self.figures = after;
        let report = self.told(index, step, at.ts, transaction, changes, figures_checked);
        Ok(match &step.refused {
            None => Done::Told(report),
            Some(name) => Done::ToldButWrong(
                report,
                format!("the story says that it is refused with {name}, but it was done"),
            ),
        })
    }

    /// A step that was refused: nothing of it may have happened.
    fn refused(&mut self, index: usize, step: &'a Step, error: &anyhow::Error) -> Result<Done> {
        let reason = format!("{error:#}");
        let after = self.stage.read().with_context(|| {
            format!(
                "{:?} was not done ({reason}), and then nothing could be read any more",
                step.title
            )
        })?;
        let figures = check::agree(
            self.story,
            &format!("{} (which was refused)", step.title),
            &after,
            &self.ledger.figures(),
        )?;
        self.checked += figures;
        self.figures = after;
        let name = error
            .downcast_ref::<ClientError>()
            .and_then(ClientError::program_failure)
            .map(|failure| failure.name.clone());
        if step.refused.is_none() || name != step.refused {
            return Ok(Done::Not(reason));
        }
        let ts = self.done.last().map_or(0, |(_, at)| at.ts);
        let mut report = self.told(index, step, ts, None, Vec::new(), figures);
        report.refused = Some(reason);
        Ok(Done::Told(report))
    }

    fn told(
        &self,
        index: usize,
        step: &Step,
        ts: i64,
        transaction: Option<TransactionReport>,
        changes: Vec<report::Change>,
        figures_checked: usize,
    ) -> StepReport {
        StepReport {
            number: index + 1,
            verb: step.action.name(),
            title: step.title.clone(),
            chapter: step.chapter.clone(),
            what: step.action.sentence(self.story),
            telling: step.telling.clone(),
            ts,
            day: (ts - self.began(ts)) / SECONDS_A_DAY,
            transaction,
            refused: None,
            changes,
            figures_checked,
        }
    }

    /// When the first step was done; `now` if it was not.
    fn began(&self, now: i64) -> i64 {
        self.done.first().map_or(now, |(_, at)| at.ts)
    }

    fn broke_off(&self, index: usize, step: &Step, reason: String) -> BrokeOff {
        BrokeOff {
            number: index + 1,
            title: step.title.clone(),
            what: step.action.sentence(self.story),
            reason,
            figures_unchanged: self.figures.len(),
            not_reached: self.story.steps[index + 1..]
                .iter()
                .map(|step| step.title.clone())
                .collect(),
        }
    }

    fn check_sample(&self, when: &str, sample: &Sample) -> Result<usize> {
        let mut expected = self.ledger.figures();
        for claimable in &sample.claimable {
            let (of, holder) = (claimable.of, claimable.holder);
            let owed = self.ledger.claimable(of, holder, claimable.ts);
            expected.insert(Figure::Claimable(of, holder), Value::Number(owed));
        }
        Ok(check::agree(self.story, when, &with_claimable(sample), &expected)?)
    }

    /// Enters a valuing that agrees with the independent one. Returns how many values agree, and what has changed since the last.
    fn value(
        &mut self,
        index: usize,
        step: &Step,
        valued: &Valued,
        sample: &Sample,
    ) -> Result<(usize, Vec<report::Change>)> {
        let Action::ValueEveryone(verb) = &step.action else {
            bail!("{:?} values nobody, and yet something was valued", step.title);
        };
        let checked = worth::agree(self.story, &step.title, &verb.prices, valued, &self.ledger.shared())?;
        let mut rows = BTreeMap::new();
        for of in self.story.security_ids() {
            let value = valued.securities.get(&of).map_or(0, Between::atoms);
            let received = check::atoms(&sample.figures, Figure::Security(of, SecurityFigure::Received));
            rows.insert(Whose::Security(of), (value, received));
        }
        for person in self.story.person_ids() {
            let value = valued.people.get(&person).map_or(0, Between::atoms);
            let reached = self.story.security_ids().map(|of| {
                let paid = to_atoms(&self.ledger.paid(of, person));
                paid.saturating_add(claimable(sample, of, person))
            });
            rows.insert(Whose::Person(person), (value, reached.sum()));
        }
        let money = |atoms| amount::cents(atoms, PAYOUT.decimals);
        let last = self.worth.rows.last();
        let changes = rows.iter().filter_map(|(whose, (value, _))| {
            let before = last.map(|rows| rows.get(whose).map_or(0, |(value, _)| *value));
            let (of, what) = match whose {
                Whose::Security(of) => (self.story.symbol(*of), "all shares looked through"),
                Whose::Person(person) => (self.story.name(*person), "shares looked through"),
            };
            (before.unwrap_or(0) != *value).then(|| report::Change {
                figure: format!("{of}, {what}"),
                unit: PAYOUT.symbol.to_owned(),
                before: before.map_or("not valued".to_owned(), money),
                after: money(*value),
            })
        });
        let changes = changes.collect();
        let prices = verb.prices.iter().map(|(asset, atoms)| report::Price {
            symbol: self.story.asset(*asset).symbol.to_owned(),
            atoms: *atoms,
        });
        self.worth.valuings.push(report::Valuing {
            when: verb.when.clone(),
            step: index + 1,
            prices: prices.collect(),
            vaults_atoms: valued.vaults.atoms(),
            holders_atoms: valued.holders.atoms(),
            may_come_atoms: valued.may_come.atoms(),
            tickets_atoms: valued.tickets.atoms(),
            unclaimed_atoms: valued.unclaimed.atoms(),
            bound_atoms: to_atoms(&valued.bound.ceil()),
            checked,
        });
        self.worth.rows.push(rows);
        Ok((checked, changes))
    }

    fn worth(&self) -> report::Worth {
        let story = self.story;
        let row = |whose: Whose| {
            let all = || self.worth.rows.iter().filter_map(move |rows| rows.get(&whose));
            let (name, what, wallet) = match whose {
                Whose::Security(of) => (story.symbol(of), kind(story.security(of).kind), false),
                Whose::Person(person) => (story.name(person), &*story.person(person).role, true),
            };
            let row = report::WorthRow {
                name: name.to_owned(),
                what: what.to_owned(),
                wallet,
                value_atoms: all().map(|(value, _)| *value).collect(),
                money_atoms: all().map(|(_, money)| *money).collect(),
            };
            (row.value_atoms.iter().any(|value| *value > 0) || row.money_meanwhile() > 0).then_some(row)
        };
        // As money climbs: companies, people, collectives; then who holds their shares.
        let mut securities: Vec<SecurityId> = story.security_ids().collect();
        securities.sort_by_key(|of| story.security(*of).kind as u8);
        report::Worth {
            valuings: self.worth.valuings.clone(),
            rows: securities
                .into_iter()
                .map(Whose::Security)
                .chain(story.person_ids().map(Whose::Person))
                .filter_map(row)
                .collect(),
        }
    }

    fn take_readings(&mut self, sample: &Sample) {
        for of in self.story.security_ids() {
            let claimable = || sample.claimable.iter().filter(|claimable| claimable.of == of);
            // Without a holder there is no stream to read.
            let Some(ts) = claimable().map(|claimable| claimable.ts).max() else {
                continue;
            };
            let paid: u64 = self
                .story
                .person_ids()
                .map(|person| to_atoms(&self.ledger.paid(of, person)))
                .sum();
            let waiting: u64 = claimable().map(|claimable| claimable.atoms).sum();
            let reading = StreamReading {
                ts,
                age_seconds: ts - self.began(ts),
                received_atoms: check::atoms(&sample.figures, Figure::Security(of, SecurityFigure::Received)),
                reached_atoms: paid + waiting + to_atoms(&self.ledger.reached_vaults(of, ts)),
            };
            let readings = self.readings.entry(of).or_default();
            // When nothing drips any more, one reading says so.
            let same = |before: &StreamReading| {
                before.received_atoms > 0
                    && (before.received_atoms, before.reached_atoms) == (reading.received_atoms, reading.reached_atoms)
            };
            let flat = readings.len() > 1 && readings[readings.len() - 2..].iter().all(same);
            if !flat {
                readings.push(reading);
            }
        }
    }

    /// The last reading, what everybody has earned by the second calculation, and the report.
    fn report(mut self, broke_off: Option<BrokeOff>) -> Result<Report> {
        let last = self.stage.sample()?;
        self.checked += self.check_sample("the last step", &last)?;
        self.take_readings(&last);
        let mut earned = BTreeMap::new();
        let mut expected = fair::Earnings::new();
        for claimable in &last.claimable {
            let key = (claimable.of, claimable.holder);
            let paid = to_atoms(&self.ledger.paid(claimable.of, claimable.holder));
            earned.insert(key, paid.saturating_add(claimable.atoms));
            // Each holder's earnings were read at a moment of their own.
            let fair = fair::earnings(self.story, &self.done, claimable.ts).remove(&key);
            expected.insert(key, fair.context("the second calculation has lost a holder")?);
        }
        fair::agree(self.story, &earned, &expected, self.done.len())?;
        self.checked += expected.len();

        let transactions = || self.steps.iter().filter_map(|step| step.transaction.as_ref());
        let check = Check {
            figures: self.checked,
            differences: 0,
            compute_units: transactions().map(|transaction| transaction.compute_units).sum(),
            transactions: transactions().count(),
        };
        Ok(Report {
            headline: self.story.headline.clone(),
            opening: self.story.opening.clone(),
            money: money_unit(),
            securities: self
                .story
                .security_ids()
                .filter(|of| check::atoms(&last.figures, Figure::Security(*of, SecurityFigure::Events)) > 0)
                .map(|of| self.security(of, &last))
                .collect(),
            people: self
                .story
                .person_ids()
                .map(|person| self.person(person, &last.figures))
                .collect(),
            flows: self.flows(),
            worth: self.worth(),
            broke_off,
            check,
            steps: self.steps,
        })
    }

    fn security(&self, of: SecurityId, last: &Sample) -> report::Security {
        let (story, figures) = (self.story, &last.figures);
        let atoms = |figure| check::atoms(figures, Figure::Security(of, figure));
        let text = |figure| match figures.get(&Figure::Security(of, figure)) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let holder = |person: PersonId| -> Option<Holder> {
            let atoms = |figure| check::atoms(figures, Figure::Holder(of, person, figure));
            let holder = Holder {
                name: story.name(person).to_owned(),
                role: story.person(person).role.clone(),
                vault: false,
                registered_atoms: atoms(HolderFigure::Shares),
                bearer_atoms: atoms(HolderFigure::Bearer),
                claimed_atoms: to_atoms(&self.ledger.paid(of, person)),
                claimable_atoms: claimable(last, of, person),
            };
            let has = atoms(HolderFigure::Events) + holder.bearer_atoms + holder.claimed_atoms;
            (has > 0).then_some(holder)
        };
        let in_vault = |upper: SecurityId| -> Option<Holder> {
            let atoms = |figure| check::atoms(figures, Figure::Stake(upper, of, figure));
            let ts = last.claimable.iter().map(|claimable| claimable.ts).max()?;
            let reached = to_atoms(&self.ledger.reached_vault(upper, of, ts));
            let holder = Holder {
                name: format!("vault of {}", story.symbol(upper)),
                role: String::new(),
                vault: true,
                registered_atoms: atoms(StakeFigure::Shares),
                bearer_atoms: 0,
                claimed_atoms: atoms(StakeFigure::Harvested),
                claimable_atoms: reached.saturating_sub(atoms(StakeFigure::Harvested)),
            };
            (atoms(StakeFigure::Events) > 0).then_some(holder)
        };
        let vault = |asset: AssetId| -> VaultReport {
            let atoms = |figure| check::atoms(figures, Figure::Vault(of, asset, figure));
            let mint = story.asset(asset);
            VaultReport {
                symbol: mint.symbol.to_owned(),
                name: mint.name.to_owned(),
                decimals: mint.decimals,
                atoms: atoms(VaultFigure::Balance),
                paused: check::atoms(figures, Figure::Asset(asset, AssetFigure::Paused)) > 0,
                frozen: atoms(VaultFigure::Frozen) > 0,
            }
        };
        let share_vault = |held: SecurityId| VaultReport {
            symbol: story.symbol(held).to_owned(),
            name: format!("registered shares of {}", story.security(held).name),
            decimals: story.security(held).terms.decimals,
            atoms: check::atoms(figures, Figure::Stake(of, held, StakeFigure::Shares)),
            paused: false,
            frozen: false,
        };
        let security = story.security(of);
        report::Security {
            story_symbol: story.symbol(of).to_owned(),
            symbol: text(SecurityFigure::Symbol),
            name: text(SecurityFigure::Name),
            kind: kind(security.kind),
            policy: match security.terms.policy {
                TransferPolicy::Open => "open",
                TransferPolicy::Curated => "curated",
            },
            issuer: text(SecurityFigure::Issuer),
            mint: self.stage.share_mint(of),
            decimals: security.terms.decimals,
            authorised_atoms: atoms(SecurityFigure::Authorised),
            issued_atoms: atoms(SecurityFigure::Issued),
            promised_atoms: atoms(SecurityFigure::Reserved),
            supply_atoms: atoms(SecurityFigure::Supply),
            holders: story
                .person_ids()
                .filter_map(holder)
                .chain(story.security_ids().filter_map(in_vault))
                .collect(),
            rounds: self.rounds(of, figures),
            money_backing_atoms: atoms(SecurityFigure::MoneyVault),
            vaults: story
                .asset_ids()
                .filter(|asset| self.ledger.has_vault(of, *asset))
                .map(vault)
                .chain(
                    story
                        .security_ids()
                        .filter(|held| self.ledger.has_share_vault(of, *held))
                        .map(share_vault),
                )
                .collect(),
            stream: Stream {
                received_atoms: atoms(SecurityFigure::Received),
                inbox_atoms: atoms(SecurityFigure::Inbox),
                readings: self.readings.get(&of).cloned().unwrap_or_default(),
            },
        }
    }

    fn rounds(&self, of: SecurityId, figures: &Figures) -> Vec<RoundReport> {
        let rounds = self.story.round_ids().into_iter().filter(|id| id.of == of);
        rounds
            .map(|id| {
                let atoms = |figure| check::atoms(figures, Figure::Round(id, figure));
                RoundReport {
                    number: id.number,
                    status: narrate::status(atoms(RoundFigure::Status)),
                    for_sale_atoms: atoms(RoundFigure::ForSale),
                    minimum_atoms: atoms(RoundFigure::Minimum),
                    wanted_atoms: atoms(RoundFigure::Wanted),
                    price_atoms: atoms(RoundFigure::Price),
                    raised_atoms: atoms(RoundFigure::Raised),
                    backed_atoms: atoms(RoundFigure::Backed),
                    released_atoms: atoms(RoundFigure::Released),
                    money_atoms: atoms(RoundFigure::Account),
                }
            })
            .filter(|round| round.for_sale_atoms > 0)
            .collect()
    }

    fn person(&self, person: PersonId, figures: &Figures) -> report::Person {
        let story = self.story;
        let atoms = |figure| check::atoms(figures, figure);
        let mut holds = Vec::new();
        let mut add = |amount: String, unit: &str, how: &'static str| {
            holds.push(Holding {
                amount,
                unit: unit.to_owned(),
                how,
            });
        };
        let money = |atoms| amount::money(atoms, PAYOUT.decimals);
        add(
            money(atoms(Figure::Wallet(person, WalletFigure::Money))),
            PAYOUT.symbol,
            "",
        );
        let savings = atoms(Figure::Wallet(person, WalletFigure::Savings));
        if savings > 0 {
            add(money(savings), PAYOUT.symbol, "savings");
        }
        for of in story.security_ids() {
            let how = [(HolderFigure::Shares, "registered"), (HolderFigure::Bearer, "bearer")];
            for (figure, how) in how {
                let shares = atoms(Figure::Holder(of, person, figure));
                if shares > 0 {
                    add(
                        amount::exact(shares, story.security(of).terms.decimals),
                        story.symbol(of),
                        how,
                    );
                }
            }
        }
        for asset in story.asset_ids() {
            let balance = atoms(Figure::Wallet(person, WalletFigure::Equity(asset)));
            if balance > 0 {
                let mint = story.asset(asset);
                add(amount::exact(balance, mint.decimals), mint.symbol, "");
            }
        }
        report::Person {
            name: story.name(person).to_owned(),
            role: story.person(person).role.clone(),
            holds,
        }
    }

    fn flows(&self) -> Vec<report::Flow> {
        let story = self.story;
        let equity = |asset: AssetId| Unit {
            symbol: story.asset(asset).symbol.to_owned(),
            decimals: story.asset(asset).decimals,
        };
        let shares = |held: SecurityId| Unit {
            symbol: story.symbol(held).to_owned(),
            decimals: story.security(held).terms.decimals,
        };
        let flows = self.ledger.flows().iter();
        flows
            .map(|(flow, atoms)| {
                let (kind, from, to, unit) = match *flow {
                    Flow::PaidIn(from, to) => (FlowKind::PaidIn, story.name(from), story.symbol(to), money_unit()),
                    Flow::PaidOut(from, to) => (FlowKind::PaidOut, story.symbol(from), story.name(to), money_unit()),
                    Flow::Harvested(from, to) => {
                        (FlowKind::Harvested, story.symbol(from), story.symbol(to), money_unit())
                    }
                    Flow::Invested(from, to) => (FlowKind::Invested, story.name(from), story.symbol(to), money_unit()),
                    Flow::Financed(from, to) => (FlowKind::Financed, story.symbol(from), story.name(to), money_unit()),
                    Flow::Given(from, to, asset) => {
                        (FlowKind::Given, story.name(from), story.symbol(to), equity(asset))
                    }
                    Flow::ClawedBack(from, asset) => {
                        (FlowKind::ClawedBack, story.symbol(from), "its issuer", equity(asset))
                    }
                    Flow::Redeemed(from, to, asset) => {
                        (FlowKind::Redeemed, story.symbol(from), story.name(to), equity(asset))
                    }
                    Flow::RedeemedMoney(from, to) => {
                        (FlowKind::Redeemed, story.symbol(from), story.name(to), money_unit())
                    }
                    Flow::GivenShares(held, from, to) => {
                        (FlowKind::Given, story.name(from), story.symbol(to), shares(held))
                    }
                    Flow::RedeemedShares(held, from, to) => {
                        (FlowKind::Redeemed, story.symbol(from), story.name(to), shares(held))
                    }
                };
                report::Flow {
                    kind,
                    from: from.to_owned(),
                    to: to.to_owned(),
                    unit,
                    atoms: to_atoms(atoms),
                }
            })
            .filter(|flow| flow.atoms > 0)
            .collect()
    }
}

/// What a security stands for, in the words of a story.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Expression => "expression",
        Kind::Person => "person",
        Kind::Collective => "collective",
    }
}

fn money_unit() -> Unit {
    Unit {
        symbol: PAYOUT.symbol.to_owned(),
        decimals: PAYOUT.decimals,
    }
}

fn to_atoms(amount: &BigRational) -> u64 {
    amount.floor().to_integer().try_into().unwrap_or(u64::MAX)
}

fn claimable(sample: &Sample, of: SecurityId, person: PersonId) -> u64 {
    sample
        .claimable
        .iter()
        .find(|claimable| claimable.of == of && claimable.holder == person)
        .map_or(0, |claimable| claimable.atoms)
}

fn with_claimable(sample: &Sample) -> Figures {
    let mut figures = sample.figures.clone();
    for claimable in &sample.claimable {
        let atoms = BigRational::from_integer(claimable.atoms.into());
        figures.insert(Figure::Claimable(claimable.of, claimable.holder), Value::Number(atoms));
    }
    figures
}
