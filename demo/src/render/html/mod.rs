//! The report as one HTML file that needs nothing else: no script, no request, light and dark, on a phone, printed.

mod chart;
mod sankey;
mod style;

use std::{collections::BTreeMap, fmt::Write as _};

use self::{
    chart::{bar, stream, NARROW, WIDE},
    sankey::{Column, Link, Node},
    style::{PALETTE, STYLE},
};
use super::pages::{about, certified, found};
use crate::{
    amount,
    report::{BrokeOff, FlowKind, Report, Security, StepReport, VaultReport},
};

/// What went from security to security.
struct Climbs<'a> {
    /// From, to, and atoms.
    paid: Vec<(&'a str, &'a str, u64)>,
    /// How far right each that was paid stands.
    levels: BTreeMap<&'a str, usize>,
}

/// Text as it may stand anywhere in a page: nothing of it is markup, and nothing turns the direction of what follows.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let page = Page { report };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
        escaped(&report.headline),
        escaped(&report.headline)
    );
    if !report.opening.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", escaped(&report.opening));
    }
    let check = &report.check;
    let _ = writeln!(
        out,
        "<p class=\"good\">All {} figures were read back from the network and agree with an independent calculation.</p>",
        amount::grouped(&check.figures.to_string())
    );
    if let Some(broke_off) = &report.broke_off {
        page.broke_off(&mut out, broke_off);
    }
    page.flows(&mut out);
    page.worth(&mut out);
    for security in &report.securities {
        page.security(&mut out, security);
    }
    page.people(&mut out);
    page.steps(&mut out);
    let _ = write!(
        out,
        "<footer>{} transactions, {} compute units, on a local network made for this story. The people, the stock and the money are \
         look-alikes; the transactions are real.</footer>\n</body>\n</html>\n",
        check.transactions,
        amount::grouped(&check.compute_units.to_string())
    );
    out
}

struct Page<'a> {
    report: &'a Report,
}

/// A colour of the palette.
fn colour(index: usize) -> String {
    format!("var(--c{})", index % PALETTE)
}

impl Page<'_> {
    /// Everybody has the same colour in all charts.
    fn colour_of(&self, name: &str) -> String {
        let index = self.report.people.iter().position(|person| person.name == name);
        index.map_or("var(--dim)".to_owned(), colour)
    }

    fn money(&self, atoms: u64) -> String {
        amount::money(atoms, self.report.money.decimals)
    }

    fn broke_off(&self, out: &mut String, end: &BrokeOff) {
        let (title, what, reason) = (escaped(&end.title), escaped(&end.what), escaped(&end.reason));
        let _ = write!(
            out,
            "<section class=\"warn\">\n<h2>The story broke off at step {}: {title}</h2>\n<p>What was to happen: {what}.</p>\n\
             <p>Why it did not: {reason}.</p>\n",
            end.number
        );
        let list = |out: &mut String, start: usize, titles: &mut dyn Iterator<Item = &str>| {
            let _ = writeln!(out, "<ol start=\"{start}\">");
            for title in titles {
                let _ = writeln!(out, "<li>{}</li>", escaped(title));
            }
            out.push_str("</ol>\n");
        };
        out.push_str("<h3>What happened</h3>\n");
        list(out, 1, &mut self.report.steps.iter().map(|step| &*step.title));
        let not_done = (self.report.steps.len() < end.number).then_some(&*end.title);
        let first = end.number + usize::from(not_done.is_none());
        out.push_str("<h3>What did not happen</h3>\n");
        list(
            out,
            first,
            &mut not_done.into_iter().chain(end.not_reached.iter().map(|title| &**title)),
        );
        let _ = write!(
            out,
            "<p>All {} figures read after step {} agree with the books: nothing was half done. What everybody holds now is below.</p>\n</section>\n",
            amount::grouped(&end.figures_unchanged.to_string()),
            end.number
        );
    }

    fn security(&self, out: &mut String, security: &Security) {
        let _ = write!(
            out,
            "<h2>{}</h2>\n<p>{}.</p>\n<p class=\"dim small\">Mint <code>{}</code></p>\n",
            escaped(&security.symbol),
            escaped(&about(security)),
            escaped(&security.mint)
        );
        self.cap_table(out, security);
        self.backing(out, security);
        self.rounds(out, security);
        if security.stream.received_atoms > 0 {
            self.stream(out, security);
            self.earned(out, security);
        }
    }

    fn cap_table(&self, out: &mut String, security: &Security) {
        let shares = |atoms| amount::exact(atoms, security.decimals);
        let authorised = security.authorised_atoms;
        let promised = security.promised_atoms;
        let unissued = authorised
            .saturating_sub(security.issued_atoms)
            .saturating_sub(promised);
        let burnt = security.issued_atoms.saturating_sub(security.supply_atoms);
        let mut rows: Vec<(String, u64, String, String)> = Vec::new();
        for holder in &security.holders {
            let bearer = match holder.bearer_atoms {
                0 => String::new(),
                atoms => format!("{} of them bearer", shares(atoms)),
            };
            let all = holder.registered_atoms + holder.bearer_atoms;
            if all > 0 {
                rows.push((holder.title(), all, self.colour_of(&holder.name), bearer));
            }
        }
        if promised > 0 {
            rows.push(("promised".to_owned(), promised, "var(--dim)".to_owned(), String::new()));
        }
        rows.push((
            "not issued".to_owned(),
            unissued,
            "var(--none)".to_owned(),
            String::new(),
        ));
        if burnt > 0 {
            rows.push(("burnt".to_owned(), burnt, "var(--dim)".to_owned(), String::new()));
        }
        let pieces: Vec<(u64, String)> = rows
            .iter()
            .map(|(_, atoms, colour, _)| (*atoms, colour.clone()))
            .collect();
        let _ = write!(
            out,
            "<section class=\"chart\">\n<h3>Cap table <span class=\"dim small\">of {} authorised shares</span></h3>\n{}\n",
            shares(authorised),
            bar("whole", &pieces, authorised)
        );
        for (name, atoms, colour, bearer) in rows {
            let note = if bearer.is_empty() {
                String::new()
            } else {
                format!("<span class=\"dim small block\">{bearer}</span>")
            };
            let _ = writeln!(
                out,
                "<div class=\"row\"><span><span class=\"chip\" style=\"background:{colour}\"></span>{}{note}</span>{}\
                 <span class=\"amount\">{}</span><span class=\"part\">{}</span></div>",
                escaped(&name),
                bar("bar", &[(atoms, colour.clone())], authorised),
                shares(atoms),
                amount::percent(atoms, authorised)
            );
        }
        out.push_str("</section>\n");
    }

    fn backing(&self, out: &mut String, security: &Security) {
        if security.vaults.is_empty() {
            return;
        }
        out.push_str(
            "<section class=\"chart\">\n<h3>Backing <span class=\"dim small\">what the issuer cannot take back</span></h3>\n\
             <table class=\"stack\"><thead><tr><th>asset</th><th class=\"amount\">in the vault</th><th>how it came</th></tr></thead><tbody>\n",
        );
        for vault in &security.vaults {
            let state = match (vault.paused, vault.frozen) {
                (false, false) => "",
                (true, false) => " <span class=\"tag\">paused by its issuer</span>",
                (false, true) => " <span class=\"tag\">frozen by its issuer</span>",
                (true, true) => " <span class=\"tag\">paused and frozen by its issuer</span>",
            };
            let _ = writeln!(
                out,
                "<tr><td><strong>{}</strong> {}{state}</td><td class=\"amount\">{}</td><td>{}</td></tr>",
                escaped(&vault.symbol),
                escaped(&vault.name),
                amount::exact(vault.atoms, vault.decimals),
                escaped(&self.provenance(security, vault))
            );
        }
        out.push_str("</tbody></table>\n</section>\n");
    }

    /// Who gave to a vault, and what its asset's issuer took back.
    fn provenance(&self, security: &Security, vault: &VaultReport) -> String {
        let flows = self.report.flows.iter().filter(|flow| flow.unit.symbol == vault.symbol);
        let told: Vec<String> = flows
            .filter_map(|flow| {
                let atoms = amount::exact(flow.atoms, flow.unit.decimals);
                match flow.kind {
                    FlowKind::Given if flow.to == security.story_symbol => Some(format!("{} gave {atoms}", flow.from)),
                    FlowKind::ClawedBack if flow.from == security.story_symbol => {
                        Some(format!("its issuer took {atoms} back"))
                    }
                    FlowKind::Redeemed if flow.from == security.story_symbol => {
                        Some(format!("{} redeemed {atoms}", flow.to))
                    }
                    _ => None,
                }
            })
            .collect();
        if told.is_empty() {
            "nothing has come yet".to_owned()
        } else {
            told.join("; ")
        }
    }

    fn rounds(&self, out: &mut String, security: &Security) {
        let shares = |atoms| amount::exact(atoms, security.decimals);
        let money = &self.report.money;
        for round in &security.rounds {
            let sold = [(round.wanted_atoms.min(round.for_sale_atoms), "var(--good)".to_owned())];
            let out_of = [
                (round.released_atoms, "var(--good)".to_owned()),
                (round.backed_atoms, "var(--soft)".to_owned()),
            ];
            let _ = write!(
                out,
                "<section class=\"chart\">\n<h3>Round <span class=\"dim small\">{} at {} {} each: {}</span></h3>\n\
                 <div class=\"row wide\"><span>wanted</span>{}<span class=\"amount\">{}</span></div>\n\
                 <div class=\"row wide\"><span>paid out</span>{}<span class=\"amount\">{}</span>\
                 <span class=\"note\">{} to the issuer and {} to the vault, of {} raised</span></div>\n</section>\n",
                shares(round.for_sale_atoms),
                self.money(round.price_atoms),
                escaped(&money.symbol),
                escaped(round.status),
                bar("bar", &sold, round.for_sale_atoms.max(1)),
                shares(round.wanted_atoms),
                bar("bar", &out_of, round.raised_atoms.max(1)),
                self.money(round.released_atoms + round.backed_atoms),
                self.money(round.released_atoms),
                self.money(round.backed_atoms),
                self.money(round.raised_atoms)
            );
        }
    }

    fn stream(&self, out: &mut String, security: &Security) {
        let money = &self.report.money;
        let readings = &security.stream.readings;
        let reached = readings.last().map_or(0, |reading| reading.reached_atoms);
        let _ = write!(
            out,
            "<section class=\"chart\">\n<h3>Stream</h3>\n<div class=\"legend\">\
             <span><span class=\"chip\" style=\"background:var(--good)\"></span>has reached holders: {}</span>\
             <span><span class=\"chip\" style=\"background:var(--soft);opacity:.5\"></span>paid in: {}</span></div>\n",
            self.money(reached),
            self.money(security.stream.received_atoms)
        );
        for (class, width) in [("wideonly", WIDE), ("narrow", NARROW)] {
            let chart = stream(readings, money.decimals, &money.symbol, width);
            let _ = writeln!(out, "<div class=\"{class}\">{chart}</div>");
        }
        out.push_str("</section>\n");
    }

    fn earned(&self, out: &mut String, security: &Security) {
        let most = security
            .holders
            .iter()
            .map(|holder| holder.earned_atoms())
            .max()
            .unwrap_or(0);
        let _ = writeln!(
            out,
            "<section class=\"chart\">\n<h3>Who earned what <span class=\"dim small\">of {} {} paid in</span></h3>",
            self.money(security.stream.received_atoms),
            escaped(&self.report.money.symbol)
        );
        for holder in security.holders.iter().filter(|holder| holder.earned_atoms() > 0) {
            let colour = self.colour_of(&holder.name);
            let owed = format!("{colour};fill-opacity:.4");
            let pieces = [(holder.claimed_atoms, colour.clone()), (holder.claimable_atoms, owed)];
            let note = match holder.claimable_atoms {
                0 => String::new(),
                atoms => format!(
                    "<span class=\"note\">{} of it still to claim (lighter)</span>",
                    self.money(atoms)
                ),
            };
            let _ = writeln!(
                out,
                "<div class=\"row wide\"><span><span class=\"chip\" style=\"background:{colour}\"></span>{}</span>{}\
                 <span class=\"amount\">{}</span>{note}</div>",
                escaped(&holder.title()),
                bar("bar", &pieces, most),
                self.money(holder.earned_atoms())
            );
        }
        out.push_str("</section>\n");
    }

    /// Money from those who paid it, through the securities, to those who have it, are owed it, or wait for it.
    fn links(&self) -> Vec<Link> {
        let node = |column, name: &str| Node {
            column,
            name: name.to_owned(),
        };
        let Climbs { paid, levels } = self.climbs();
        let security_node = |name: &str| node(Column::Security(levels.get(name).copied().unwrap_or(0)), name);
        let mut links = Vec::new();
        for (from, to, atoms) in paid {
            links.push(Link {
                from: security_node(from),
                to: security_node(to),
                atoms,
                arrived: true,
            });
        }
        for flow in self.report.flows.iter().filter(|flow| flow.kind == FlowKind::PaidIn) {
            links.push(Link {
                from: node(Column::Payer, &flow.from),
                to: security_node(&flow.to),
                atoms: flow.atoms,
                arrived: true,
            });
        }
        for security in &self.report.securities {
            let stream = &security.stream;
            let mut out = |name: &str, atoms: u64, arrived: bool| {
                if atoms > 0 {
                    links.push(Link {
                        from: security_node(&security.story_symbol),
                        to: node(Column::Receiver, name),
                        atoms,
                        arrived,
                    });
                }
            };
            for holder in &security.holders {
                // What a vault has claimed is drawn to the security whose vault it is.
                if !holder.vault {
                    out(&holder.name, holder.claimed_atoms, true);
                    out(&holder.name, holder.claimable_atoms, false);
                }
            }
            let vaults = security.holders.iter().filter(|holder| holder.vault);
            out(
                "not harvested yet",
                vaults.map(|holder| holder.claimable_atoms).sum(),
                false,
            );
            let reached = stream.readings.last().map_or(0, |reading| reading.reached_atoms);
            let dripping = stream.received_atoms.saturating_sub(reached);
            // Fractions of an atom of each holder are nothing that anybody waits for.
            if dripping > security.holders.len() as u64 {
                out("still dripping", dripping, false);
            }
            out("in the inbox", stream.inbox_atoms, false);
        }
        links
    }

    /// Whether two securities have paid each other.
    fn pay_each_other(&self) -> bool {
        let harvested = || self.report.flows.iter().filter(|flow| flow.kind == FlowKind::Harvested);
        harvested().any(|flow| harvested().any(|other| other.from == flow.to && other.to == flow.from))
    }

    /// What went from security to security. Of two that paid each other the difference is drawn; what still goes round is not.
    fn climbs(&self) -> Climbs<'_> {
        let harvested = || self.report.flows.iter().filter(|flow| flow.kind == FlowKind::Harvested);
        let mut climbs: Vec<(&str, &str, u64)> = harvested()
            .filter_map(|flow| {
                let back = harvested().find(|other| other.from == flow.to && other.to == flow.from);
                let atoms = flow.atoms.saturating_sub(back.map_or(0, |back| back.atoms));
                (atoms > 0).then_some((&*flow.from, &*flow.to, atoms))
            })
            .collect();
        let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
        // As often as there are steps at most: what is not in order then goes round.
        for _ in 0..climbs.len() {
            for (from, to, _) in &climbs {
                let above = levels.get(from).copied().unwrap_or(0) + 1;
                let level = levels.entry(*to).or_default();
                *level = (*level).max(above.min(self.report.securities.len()));
            }
        }
        let level = |name: &str| levels.get(name).copied().unwrap_or(0);
        climbs.retain(|(from, to, _)| level(from) < level(to));
        Climbs { paid: climbs, levels }
    }

    fn flows(&self, out: &mut String) {
        let links = self.links();
        if links.is_empty() {
            return;
        }
        let unit = escaped(&self.report.money.symbol);
        let _ = writeln!(
            out,
            "<section class=\"chart\">\n<h2>Where the money went</h2>\n<p class=\"dim small\">{unit}, from who paid it in, through the \
             securities, to who has it; lighter: owed and not claimed yet, or still on its way.{}</p>",
            if self.pay_each_other() {
                " Of two that hold each other the difference is drawn."
            } else {
                ""
            }
        );
        let tone = |node: &Node| match node.column {
            Column::Security(_) => "var(--text)".to_owned(),
            Column::Payer | Column::Receiver => self.colour_of(&node.name),
        };
        for (class, width) in [("wideonly", WIDE), ("narrow", NARROW)] {
            let cents = |atoms| amount::cents(atoms, self.report.money.decimals);
            let chart = sankey::draw(&links, width, &tone, &cents);
            let _ = writeln!(out, "<div class=\"{class}\">{chart}</div>");
        }
        out.push_str("</section>\n");
    }

    fn worth(&self, out: &mut String) {
        let worth = &self.report.worth;
        let (Some(first), Some(last)) = (worth.valuings.first(), worth.valuings.last()) else {
            return;
        };
        let once = worth.valuings.len() == 1;
        let cents = |atoms| amount::cents(atoms, self.report.money.decimals);
        let unit = escaped(&self.report.money.symbol);
        let _ = writeln!(
            out,
            "<section>\n<h2>What is it worth</h2>\n<p class=\"dim small\">{unit}, looked through all layers, at the prices of the story: what all \
             shares of a security stand for, and what the shares that somebody holds stand for.{}</p>",
            if once {
                ""
            } else {
                " Paid meanwhile: what reached them between the two moments, by claims and harvests or waiting to be claimed."
            }
        );
        let mut columns = vec![first.when.as_str()];
        if !once {
            columns.extend([last.when.as_str(), "change", "paid meanwhile"]);
        }
        let head: String = columns
            .iter()
            .map(|column| format!("<th class=\"amount\">{}</th>", escaped(column)))
            .collect();
        let _ = writeln!(
            out,
            "<table class=\"stack worth\"><thead><tr><th></th>{head}</tr></thead><tbody>"
        );
        let most = worth
            .rows
            .iter()
            .map(|row| row.ends().0.max(row.ends().1))
            .max()
            .unwrap_or(0);
        let mut wallets = None;
        for row in &worth.rows {
            if wallets != Some(row.wallet) {
                let about = if row.wallet {
                    "Who holds shares"
                } else {
                    "All shares of"
                };
                let _ = writeln!(
                    out,
                    "<tr class=\"group\"><th colspan=\"{}\">{about}</th></tr>",
                    columns.len() + 1
                );
                wallets = Some(row.wallet);
            }
            let (before, after) = row.ends();
            let mut amounts = vec![cents(before)];
            if !once {
                amounts.extend([
                    cents(after),
                    amount::change(before, after, self.report.money.decimals),
                    cents(row.money_meanwhile()),
                ]);
            }
            let cells: String = amounts
                .iter()
                .zip(&columns)
                .map(|(text, column)| {
                    format!(
                        "<td class=\"amount\"><span class=\"label\">{}</span>{text}</td>",
                        escaped(column)
                    )
                })
                .collect();
            let colour = if row.wallet {
                self.colour_of(&row.name)
            } else {
                "var(--text)".to_owned()
            };
            // What it stood for first is lighter, behind what it stands for last.
            let bars = if once {
                vec![(after, colour.as_str())]
            } else {
                vec![(before, "var(--dim)"), (after, colour.as_str())]
            };
            let bars: String = bars
                .into_iter()
                .map(|(atoms, colour)| bar("bar thin", &[(atoms, colour.to_owned())], most))
                .collect();
            let chip = if row.wallet {
                format!("<span class=\"chip\" style=\"background:{colour}\"></span>")
            } else {
                String::new()
            };
            let _ = writeln!(
                out,
                "<tr><td>{chip}<strong>{}</strong> <span class=\"dim small\">{}</span>{bars}</td>{cells}</tr>",
                escaped(&row.name),
                escaped(&row.what)
            );
        }
        out.push_str("</tbody></table>\n");
        for valuing in &worth.valuings {
            let _ = writeln!(
                out,
                "<p class=\"small dim\">{}</p>",
                escaped(&found(self.report, valuing))
            );
        }
        let _ = writeln!(
            out,
            "<p class=\"small certificate\">{}</p>",
            escaped(&certified(self.report))
        );
        out.push_str("</section>\n");
    }

    fn people(&self, out: &mut String) {
        out.push_str("<section>\n<h2>What everybody holds now</h2>\n<table class=\"stack\"><tbody>\n");
        for person in &self.report.people {
            let _ = write!(
                out,
                "<tr><td><span class=\"chip\" style=\"background:{}\"></span>{}</td><td><ul class=\"plain\">",
                self.colour_of(&person.name),
                escaped(&person.title())
            );
            for holding in &person.holds {
                let _ = write!(
                    out,
                    "<li>{} {} <span class=\"dim small\">{}</span></li>",
                    escaped(&holding.amount),
                    escaped(&holding.unit),
                    holding.how
                );
            }
            out.push_str("</ul></td></tr>\n");
        }
        out.push_str("</tbody></table>\n</section>\n");
    }

    fn steps(&self, out: &mut String) {
        let units = self.report.steps.iter().filter_map(|step| step.transaction.as_ref());
        let most = units.map(|transaction| transaction.compute_units).max().unwrap_or(0);
        out.push_str("<section>\n<h2>Step by step</h2>\n<ol class=\"steps\">\n");
        for step in &self.report.steps {
            if !step.chapter.is_empty() {
                let _ = writeln!(out, "<li class=\"chapter\">{}</li>", escaped(&step.chapter));
            }
            self.step(out, step, most);
        }
        out.push_str("</ol>\n</section>\n");
    }

    fn step(&self, out: &mut String, step: &StepReport, most_units: u64) {
        let _ = writeln!(
            out,
            "<li><h3><span class=\"dim\">{}</span><span>{}</span><span class=\"day\">day {}</span></h3>",
            step.number,
            escaped(&step.title),
            step.day
        );
        if !step.telling.is_empty() {
            let _ = writeln!(out, "<p>{}</p>", escaped(&step.telling));
        }
        if step.what != step.title {
            let _ = writeln!(out, "<p class=\"dim small\">{}.</p>", escaped(&step.what));
        }
        if let Some(reason) = &step.refused {
            let _ = writeln!(
                out,
                "<p><span class=\"tag\">refused, as it has to be</span> <span class=\"small\">{}.</span></p>",
                escaped(reason)
            );
        }
        if !step.changes.is_empty() {
            out.push_str("<div class=\"changes\">");
            for change in &step.changes {
                let _ = write!(
                    out,
                    "<span>{}</span><span>{} \u{2192} <strong>{}</strong> {}</span>",
                    escaped(&change.figure),
                    escaped(&change.before),
                    escaped(&change.after),
                    escaped(&change.unit)
                );
            }
            out.push_str("</div>\n");
        }
        let checked = format!(
            "{} figures confirmed",
            amount::grouped(&step.figures_checked.to_string())
        );
        match &step.transaction {
            Some(transaction) => {
                let units = amount::grouped(&transaction.compute_units.to_string());
                let _ = writeln!(
                    out,
                    "<div class=\"cost\"><span>{units} compute units</span>{}<span class=\"checked\">{checked}</span></div><code class=\"dim\">{}</code>",
                    bar("bar", &[(transaction.compute_units, "var(--soft)".to_owned())], most_units),
                    escaped(&transaction.signature)
                );
            }
            None => {
                let _ = writeln!(out, "<div class=\"small dim\">{checked}</div>");
            }
        }
        out.push_str("</li>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(escaped("<b> & \"x\" 'y'"), "&lt;b&gt; &amp; &quot;x&quot; &#39;y&#39;");
        assert_eq!(escaped("a\u{202e}b\u{7}c"), "a\u{fffd}b\u{fffd}c");
    }
}
