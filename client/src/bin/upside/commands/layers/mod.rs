//! `upside layers`

mod drawing;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anchor_lang::prelude::Pubkey;
use clap::Subcommand;
use serde_json::{json, Value};
use upside_client::{
    accounts, amount, crank,
    layers::{self, Holding, Layers, Rank},
    upside::state::Security,
};

use crate::{
    app::App,
    failure::{Failure, Result},
    output::{self, amount_json, short},
    terms::kind_name,
};

/// Most holdings of one security that are listed; the largest come first.
const MAX_BRANCHES: usize = 20;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show who holds whom, as a tree and as a picture; rings of securities that hold each other are marked.
    #[command(
        after_help = "Example: upside layers show MINT --svg layers.svg\n\nWithout a security: those that you issue or hold, and all that they hold through their vaults."
    )]
    Show {
        /// Share mint at the top.
        token: Option<Pubkey>,
        /// Every security that holds another or is held by one.
        #[arg(long, conflicts_with = "token")]
        all: bool,
        /// Draw the picture into this file.
        #[arg(long, value_name = "FILE.svg")]
        svg: Option<PathBuf>,
    },
}

/// Runs `upside layers`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Show { token, all, svg } => show(app, token, all, svg),
    }
}

/// The part of what `held` pays that a holding gets.
fn part(holding: &Holding) -> String {
    amount::to_percent(holding.shares_atoms(), holding.held_security.registered_atoms)
}

/// What is drawn.
struct Graph<'a> {
    layers: &'a Layers,
    ranks: BTreeMap<Pubkey, Rank>,
    names: BTreeMap<Pubkey, String>,
    /// Holdings with shares inside what is shown, by who holds; the largest first.
    below: BTreeMap<Pubkey, Vec<&'a Holding>>,
}

impl Graph<'_> {
    fn name(&self, address: &Pubkey) -> String {
        self.names.get(address).cloned().unwrap_or_else(|| short(address))
    }

    fn security(&self, address: &Pubkey) -> Option<&Security> {
        self.layers.securities.get(address)
    }

    fn described(&self, address: &Pubkey) -> String {
        let kind = kind_name(self.security(address).and_then(accounts::kind_of));
        format!("{} · {kind}", self.name(address))
    }

    /// Whether both belong to one ring: then the holding is part of a cycle.
    fn in_ring(&self, holding: &Holding) -> bool {
        let ring = |address| self.ranks.get(address).and_then(|rank| rank.ring);
        ring(&holding.keys.security).is_some() && ring(&holding.keys.security) == ring(&holding.held.security)
    }

    /// Those that nobody shown holds, and one of each ring that nobody else shown holds.
    fn tops(&self, shown: &BTreeSet<Pubkey>) -> Vec<Pubkey> {
        let held_from_above: BTreeSet<Pubkey> = self
            .below
            .values()
            .flatten()
            .filter(|holding| !self.in_ring(holding))
            .map(|holding| holding.held.security)
            .collect();
        let ring_of = |address: &Pubkey| self.ranks.get(address).and_then(|rank| rank.ring);
        let rings_below: BTreeSet<usize> = held_from_above.iter().filter_map(ring_of).collect();
        let mut rings = BTreeSet::new();
        let mut tops: Vec<Pubkey> = shown
            .iter()
            .filter(|address| match ring_of(address) {
                Some(ring) => !rings_below.contains(&ring) && rings.insert(ring),
                None => !held_from_above.contains(*address),
            })
            .copied()
            .collect();
        tops.sort_by_key(|address| std::cmp::Reverse(self.ranks.get(address).map_or(0, |rank| rank.level)));
        tops
    }

    /// The lines of one security and all below it. What was drawn before is named and not drawn again.
    fn tree(&self, app: &App, top: &Pubkey, drawn: &mut BTreeSet<Pubkey>) -> Vec<String> {
        let mut lines = vec![app.canvas.bold(&self.described(top))];
        drawn.insert(*top);
        // Depth first, with a stack of its own: layers may be deep. Each entry: the prefix, the path above, and what is left to draw.
        let mut stack = vec![(String::new(), *top, 0)];
        let mut path = vec![*top];
        while let Some((prefix, holder, next)) = stack.pop() {
            path.truncate(stack.len() + 1);
            let branches = self.below.get(&holder).map_or(&[][..], Vec::as_slice);
            let Some(holding) = branches.get(next).filter(|_| next < MAX_BRANCHES) else {
                if branches.len() > MAX_BRANCHES {
                    lines.push(format!("{prefix}└─ and {} more", branches.len() - MAX_BRANCHES));
                }
                continue;
            };
            let last = next + 1 == branches.len();
            let held = holding.held.security;
            let mark = if path.contains(&held) {
                " ↻ and is held by it"
            } else if drawn.contains(&held) {
                " ↑ see above"
            } else {
                ""
            };
            let (fork, below) = if last { ("└─", "   ") } else { ("├─", "│  ") };
            let text = format!(
                "{} of {} ({} shares)",
                part(holding),
                self.described(&held),
                amount::to_text(holding.shares_atoms(), holding.held_security.decimals)
            );
            let marked = if self.in_ring(holding) {
                app.canvas.warning(&(text + mark))
            } else {
                text + mark
            };
            lines.push(format!("{prefix}{fork} {marked}"));
            let inner = format!("{prefix}{below}");
            stack.push((prefix, holder, next + 1));
            if drawn.insert(held) {
                stack.push((inner, held, 0));
                path.push(held);
            }
        }
        lines
    }
}

fn show(app: &App, token: Option<Pubkey>, all: bool, svg: Option<PathBuf>) -> Result<()> {
    let sender = app.sender()?;
    let layers = layers::read_layers(sender)?;
    let shown: BTreeSet<Pubkey> = match token {
        Some(token) => layers.below([app.token(&token)?.keys.security]),
        None if all => layers
            .holdings
            .iter()
            .filter(|holding| holding.shares_atoms() > 0)
            .flat_map(|holding| [holding.keys.security, holding.held.security])
            .collect(),
        None => crank::scope_of(sender, &layers, &app.viewer()?)?,
    };
    let securities: Vec<_> = shown
        .iter()
        .filter_map(|address| layers.securities.get(address).map(|security| (*address, security)))
        .collect();
    app.know_mints(securities.iter().map(|(_, security)| security.mint))?;
    let mut names = BTreeMap::new();
    for (address, security) in &securities {
        names.insert(*address, app.symbol(&security.mint)?);
    }
    let mut below: BTreeMap<Pubkey, Vec<&Holding>> = BTreeMap::new();
    for holding in &layers.holdings {
        let inside = shown.contains(&holding.keys.security) && shown.contains(&holding.held.security);
        if inside && holding.shares_atoms() > 0 {
            below.entry(holding.keys.security).or_default().push(holding);
        }
    }
    for holdings in below.values_mut() {
        holdings.sort_by_key(|holding| std::cmp::Reverse(holding.shares_atoms()));
    }
    let graph = Graph {
        ranks: layers.ranks(),
        layers: &layers,
        names,
        below,
    };
    let mut lines = Vec::new();
    let mut drawn = BTreeSet::new();
    for top in graph.tops(&shown) {
        if !drawn.contains(&top) {
            lines.extend(graph.tree(app, &top, &mut drawn));
        }
    }
    if lines.is_empty() {
        lines.push("Nobody here holds shares of another security.".to_owned());
    }
    if graph.below.values().flatten().any(|holding| graph.in_ring(holding)) {
        lines.push(
            app.canvas
                .dim("↻ these hold each other: what one earns reaches the other, and a part of that comes back"),
        );
    }
    let (nodes, edges) = picture_of(&graph, &shown);
    if let Some(path) = &svg {
        fs::write(path, drawing::svg(&nodes, &edges))
            .map_err(|e| Failure::input(format!("{} cannot be written: {e}", path.display())))?;
        lines.push(format!("Drawn into {}.", path.display()));
    }
    let values: Vec<Value> = securities
        .iter()
        .map(|(address, security)| {
            let rank = graph.ranks.get(address);
            json!({
                "security": address.to_string(),
                "mint": security.mint.to_string(),
                "symbol": graph.name(address),
                "kind": kind_name(accounts::kind_of(security)),
                "level": rank.map_or(0, |rank| rank.level),
                "ring": rank.and_then(|rank| rank.ring),
            })
        })
        .collect();
    let holdings: Vec<Value> = graph
        .below
        .values()
        .flatten()
        .map(|holding| {
            json!({
                "holder": holding.keys.mint.to_string(),
                "held": holding.held.mint.to_string(),
                "vault": holding.vault_address.to_string(),
                "shares": amount_json(holding.shares_atoms(), holding.held_security.decimals),
                "part": part(holding),
                "cycle": graph.in_ring(holding),
            })
        })
        .collect();
    output::print(
        app.global.output,
        &lines,
        &json!({ "securities": values, "holdings": holdings, "svg": svg.map(|path| path.display().to_string()) }),
    );
    Ok(())
}

/// The graph as a picture: what stands where, and what flows where.
fn picture_of(graph: &Graph<'_>, shown: &BTreeSet<Pubkey>) -> (Vec<drawing::Node>, Vec<drawing::Edge>) {
    let index: BTreeMap<Pubkey, usize> = shown.iter().copied().zip(0..).collect();
    let nodes = shown
        .iter()
        .map(|address| drawing::Node {
            name: graph.name(address),
            kind: kind_name(graph.security(address).and_then(accounts::kind_of)),
            level: graph.ranks.get(address).map_or(0, |rank| rank.level),
        })
        .collect();
    let edges = graph
        .below
        .values()
        .flatten()
        .filter_map(|holding| {
            Some(drawing::Edge {
                from: *index.get(&holding.held.security)?,
                to: *index.get(&holding.keys.security)?,
                part: holding.shares_atoms() as f64 / holding.held_security.registered_atoms.max(1) as f64,
                label: part(holding),
                cycle: graph.in_ring(holding),
            })
        })
        .collect();
    (nodes, edges)
}
