//! Who paid what in, through which security, to whom: a Sankey diagram as inline SVG.

use std::{collections::BTreeMap, fmt::Write as _};

use super::escaped;

/// Where something goes through, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Who pays in.
    Payer,
    /// Through what: those that hold nobody's shares at 0, who holds them to the right of them.
    Security(usize),
    /// Who receives.
    Receiver,
}

/// A place that something goes through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Where it stands.
    pub column: Column,
    /// Name.
    pub name: String,
}

/// Something that goes from one node to one further right.
#[derive(Clone, Debug)]
pub struct Link {
    /// From.
    pub from: Node,
    /// To.
    pub to: Node,
    /// How much.
    pub atoms: u64,
    /// Whether it has arrived, or is owed or on its way.
    pub arrived: bool,
}

const NODE: f64 = 12.0;
const LABEL: f64 = 36.0;
const GAP: f64 = 12.0;
/// Height of everything that was paid in, pixels.
const FULL: f64 = 240.0;

struct Placed {
    x: f64,
    y: f64,
    height: f64,
    atoms: u64,
    /// Where the next link leaves and arrives.
    out: f64,
    into: f64,
}

/// Draws `links`; `colour` gives the colour of a node, `write` an amount as people write it.
#[must_use]
pub fn draw(links: &[Link], width: f64, colour: &dyn Fn(&Node) -> String, write: &dyn Fn(u64) -> String) -> String {
    let outside = width > 500.0;
    let margin = if outside { 190.0 } else { 0.0 };
    let nodes = in_order(links);
    let through = |node: &Node| -> u64 {
        let sum = |side: fn(&Link) -> &Node| -> u64 {
            links
                .iter()
                .filter(|link| side(link) == node)
                .map(|link| link.atoms)
                .sum()
        };
        sum(|link| &link.from).max(sum(|link| &link.to))
    };
    let all = |column: Column| -> u64 { nodes.iter().filter(|node| node.column == column).map(&through).sum() };
    let highest = nodes.iter().filter_map(|node| match node.column {
        Column::Security(level) => Some(level),
        _ => None,
    });
    let highest = highest.max().unwrap_or(0);
    // Many columns stand close: every second label goes below its node, and on a phone without the amount.
    let close = highest > 1;
    // On a phone the last one stands too close to the receivers, whose labels are above.
    let below = |node: &Node| {
        close && matches!(node.column, Column::Security(level) if level % 2 == 1 || (!outside && level == highest))
    };
    let mut columns = vec![Column::Payer];
    columns.extend((0..=highest).map(Column::Security));
    columns.push(Column::Receiver);
    let most = columns.iter().copied().map(all).max().unwrap_or(0).max(1);
    let thick = |atoms: u64| (atoms as f64 / most as f64 * FULL).max(1.5);

    // Every node has room for its label, so that labels never meet.
    let beside = |node: &Node| outside && !matches!(node.column, Column::Security(_));
    let slot = |node: &Node| {
        let height = thick(through(node));
        if beside(node) {
            height.max(LABEL)
        } else {
            height + if close { 2.0 } else { 1.0 } * LABEL
        }
    };
    let column_height = |column: Column| -> f64 {
        let slots = nodes.iter().filter(|node| node.column == column).map(&slot);
        slots.map(|height| height + GAP).sum::<f64>() - GAP
    };
    let height = columns.iter().copied().map(column_height).fold(0.0, f64::max);
    let mut placed: BTreeMap<&Node, Placed> = BTreeMap::new();
    let steps = columns.len() as f64 - 1.0;
    for (index, column) in columns.into_iter().enumerate() {
        let x = margin + index as f64 * (width - 2.0 * margin - NODE) / steps;
        // Money climbs: who holds others' shares stands higher than they, so that what goes past them to the right goes below.
        let down = match column {
            Column::Security(level) if highest > 0 => 1.0 - level as f64 / highest as f64,
            _ => 0.5,
        };
        let mut y = (height - column_height(column)) * down;
        for node in nodes.iter().filter(|node| node.column == column) {
            let atoms = through(node);
            let (own, slot) = (thick(atoms), slot(node));
            let top = if beside(node) {
                y + (slot - own) / 2.0
            } else {
                y + LABEL
            };
            let at = Placed {
                x,
                y: top,
                height: own,
                atoms,
                out: top,
                into: top,
            };
            placed.insert(node, at);
            y += slot + GAP;
        }
    }

    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height:.0}\" width=\"{width}\" height=\"{height:.0}\" role=\"img\" aria-label=\"Money from payers through securities to holders\">"
    );
    // What rises most leaves a node at its top, and what falls most arrives there: ribbons cross as little as they can.
    let own = |link: &Link| link.atoms as f64 / most as f64 * FULL;
    let rise = |link: &Link| {
        let at = |node| {
            placed
                .get(node)
                .map_or((0.0, 0.0), |at: &Placed| (at.x, at.y + at.height / 2.0))
        };
        let ((x0, y0), (x1, y1)) = (at(&link.from), at(&link.to));
        (y0 - y1) / (x1 - x0).max(1.0)
    };
    let mut ribbons: Vec<(&Link, f64, f64, f64)> = links.iter().map(|link| (link, rise(link), 0.0, 0.0)).collect();
    ribbons.sort_by(|(_, a, ..), (_, b, ..)| b.total_cmp(a));
    for (link, _, y0, _) in &mut ribbons {
        if let Some(from) = placed.get_mut(&link.from) {
            *y0 = from.out;
            from.out += own(link);
        }
    }
    ribbons.reverse();
    for (link, _, _, y1) in &mut ribbons {
        if let Some(to) = placed.get_mut(&link.to) {
            *y1 = to.into;
            to.into += own(link);
        }
    }
    for (link, _, y0, y1) in ribbons {
        let (Some(from), Some(to)) = (placed.get(&link.from), placed.get(&link.to)) else {
            continue;
        };
        let (x0, x1, own) = (from.x + NODE, to.x, own(link));
        // A ribbon between two edges: strokes of that width would overlap where they bend. Something small is still seen.
        let (middle, thick) = ((x0 + x1) / 2.0, own.max(1.0));
        let (low0, low1) = (y0 + thick, y1 + thick);
        let shade = if link.arrived { ".5" } else { ".22" };
        let tone = if link.to.column == Column::Receiver {
            colour(&link.to)
        } else {
            colour(&link.from)
        };
        let _ = write!(
            svg,
            "<path d=\"M{x0:.1} {y0:.2} C{middle:.1} {y0:.2} {middle:.1} {y1:.2} {x1:.1} {y1:.2} L{x1:.1} {low1:.2} C{middle:.1} {low1:.2} \
             {middle:.1} {low0:.2} {x0:.1} {low0:.2} Z\" fill=\"{tone}\" fill-opacity=\"{shade}\"><title>{} to {}: {}</title></path>",
            escaped(&link.from.name),
            escaped(&link.to.name),
            escaped(&write(link.atoms))
        );
    }
    // About seven pixels a character.
    let room = if outside { margin - 14.0 } else { width / 2.0 - 20.0 };
    let longest = (room / 7.0) as usize;
    for (node, at) in &placed {
        let _ = write!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{NODE}\" height=\"{:.1}\" rx=\"2\" fill=\"{}\"/>",
            at.x,
            at.y,
            at.height,
            colour(node)
        );
        let (x, anchor) = match (node.column, outside) {
            (Column::Payer, true) => (at.x - 8.0, "end"),
            (Column::Receiver, true) => (at.x + NODE + 8.0, "start"),
            (Column::Payer, false) => (at.x, "start"),
            (Column::Receiver, false) => (at.x + NODE, "end"),
            (Column::Security(_), _) => (at.x + NODE / 2.0, "middle"),
        };
        // Above a node that has no margin beside it, else beside its middle.
        let y = if beside(node) {
            at.y + at.height / 2.0 - 3.0
        } else if below(node) {
            at.y + at.height + 15.0
        } else {
            at.y - 20.0
        };
        let bare = close && !outside && matches!(node.column, Column::Security(_));
        let amount = if bare { String::new() } else { write(at.atoms) };
        let _ = write!(
            svg,
            "<text class=\"halo name\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\
             <text class=\"halo dim\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(&shortened(&node.name, longest)),
            y + 15.0,
            escaped(&amount)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Every node once. Those that pay to or receive from higher layers come first, as they are drawn from above.
fn in_order(links: &[Link]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for node in links.iter().flat_map(|link| [&link.from, &link.to]) {
        if !nodes.contains(node) {
            nodes.push(node.clone());
        }
    }
    let height = |node: &Node| -> f64 {
        let (mut sum, mut atoms) = (0.0, 0.0);
        for link in links {
            let other = match node {
                node if *node == link.from => &link.to,
                node if *node == link.to => &link.from,
                _ => continue,
            };
            if let Column::Security(level) = other.column {
                sum += level as f64 * link.atoms as f64;
                atoms += link.atoms as f64;
            }
        }
        if atoms > 0.0 {
            sum / atoms
        } else {
            0.0
        }
    };
    // Stable: of the same height, in the order of the story.
    nodes.sort_by(|a, b| height(b).total_cmp(&height(a)));
    nodes
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let short: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}\u{2026}", short.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(column: Column, name: &str) -> Node {
        Node {
            column,
            name: name.to_owned(),
        }
    }

    #[test]
    fn every_node_and_link_is_drawn_and_escaped() {
        let links = [
            Link {
                from: node(Column::Payer, "A&B"),
                to: node(Column::Security(0), "S"),
                atoms: 30,
                arrived: true,
            },
            Link {
                from: node(Column::Security(0), "S"),
                to: node(Column::Receiver, "C"),
                atoms: 20,
                arrived: true,
            },
            Link {
                from: node(Column::Security(0), "S"),
                to: node(Column::Receiver, "D"),
                atoms: 10,
                arrived: false,
            },
        ];
        for width in [900.0, 343.0] {
            let svg = draw(&links, width, &|_| "red".to_owned(), &|atoms| atoms.to_string());
            assert_eq!(svg.matches("<path").count(), 3);
            assert_eq!(svg.matches("<rect").count(), 4);
            assert!(svg.contains("A&amp;B to S: 30") && !svg.contains("A&B"), "{svg}");
        }
    }

    #[test]
    fn who_is_paid_by_higher_layers_is_drawn_higher() {
        let link = |from: &Node, to: &Node, atoms| Link {
            from: from.clone(),
            to: to.clone(),
            atoms,
            arrived: true,
        };
        let (company, school) = (
            node(Column::Security(0), "company"),
            node(Column::Security(1), "school"),
        );
        let (worker, pupil) = (node(Column::Receiver, "worker"), node(Column::Receiver, "pupil"));
        let payer = node(Column::Payer, "payer");
        let mut links = vec![
            link(&payer, &company, 20),
            link(&company, &worker, 6),
            link(&company, &school, 4),
            link(&school, &pupil, 4),
        ];
        // The labels of the receivers make the picture higher than the money is.
        links.extend((0..10).map(|n| link(&company, &node(Column::Receiver, &format!("owner {n}")), 1)));
        let receivers: Vec<String> = in_order(&links)
            .into_iter()
            .filter(|node| node.column == Column::Receiver)
            .map(|node| node.name)
            .collect();
        assert_eq!(receivers[..3], ["pupil", "worker", "owner 0"]);
        let svg = draw(&links, 900.0, &|_| "red".to_owned(), &|atoms| atoms.to_string());
        let y_of = |name: &str| -> f64 {
            let text = &svg[..svg.find(&format!(">{name}</text>")).expect("a label")];
            let y = text.rsplit(" y=\"").next().expect("a place");
            y[..y.find('"').expect("its end")].parse().expect("a number")
        };
        assert!(
            y_of("school") < y_of("company") && y_of("pupil") < y_of("worker"),
            "{svg}"
        );
    }

    #[test]
    fn long_names_are_shortened() {
        assert_eq!(shortened("abcdef", 4), "abc\u{2026}");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}
