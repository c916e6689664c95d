//! Layers as a picture: who holds stands above whom it holds, arrows are the way that upside takes.

use std::{collections::BTreeMap, fmt::Write as _};

/// A security.
pub struct Node {
    /// Its symbol.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Its height.
    pub level: usize,
}

/// Shares in a vault.
pub struct Edge {
    /// The security whose shares they are.
    pub from: usize,
    /// The security that holds.
    pub to: usize,
    /// Part of what the lower pays that goes up, 0 to 1.
    pub part: f64,
    /// That part, as text.
    pub label: String,
    /// Whether it belongs to a ring.
    pub cycle: bool,
}

const MARGIN: f64 = 32.0;
const HEADING: f64 = 56.0;
const BOX: (f64, f64) = (148.0, 50.0);
const BOX_GAP: f64 = 28.0;
/// Boxes in one row; more of one height go into further rows.
const MOST_BOXES: usize = 8;
/// From so many of one height on, each is a dot.
const DOTS_FROM: usize = 33;
const DOT: f64 = 12.0;
const DOT_GAP: f64 = 8.0;
const MOST_DOTS: usize = 50;
/// Between rows of one height, and between heights.
const ROW_GAP: f64 = 18.0;
const LEVEL_GAP: f64 = 124.0;
/// Edges that are labelled at most.
const MOST_LABELS: usize = 80;

const STYLES: &str = "\
svg{background:#fff}\
text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1f2328}\
.title{font-size:17px;font-weight:600}.dim{fill:#59636e;font-size:11.5px}.name{font-weight:600}\
.node{fill:#f6f8fa;stroke:#8c959f}.collective{fill:#ddf4e4;stroke:#1a7f37}.person{fill:#ddf0ff;stroke:#0969da}\
.flow{fill:none;stroke:#6e7781;opacity:.75}.ring{fill:none;stroke:#bc4c00;stroke-dasharray:7 5}\
.head{fill:#6e7781}.ringhead{fill:#bc4c00}.ringtext{fill:#bc4c00}\
.label{font-size:11.5px;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#f0f6fc}.dim{fill:#9198a1}\
.node{fill:#151b23;stroke:#656c76}.collective{fill:#12261e;stroke:#3fb950}.person{fill:#0c2138;stroke:#4493f8}\
.flow{stroke:#9198a1}.head{fill:#9198a1}.ring{stroke:#f0883e}.ringhead,.ringtext{fill:#f0883e}.label{stroke:#0d1117}}";

#[derive(Clone, Copy, Default)]
struct Place {
    x: f64,
    y: f64,
    half_width: f64,
    half_height: f64,
    dot: bool,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Nodes of each height in the order that keeps arrows short: under the middle of those that hold them.
fn ordered(nodes: &[Node], edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        levels.entry(node.level).or_default().push(at);
    }
    let mut position: Vec<f64> = vec![0.0; nodes.len()];
    let mut rows = Vec::new();
    for (_, mut row) in levels.into_iter().rev() {
        let mut middle: Vec<(f64, f64)> = vec![(0.0, 0.0); nodes.len()];
        for edge in edges
            .iter()
            .filter(|edge| nodes[edge.to].level > nodes[edge.from].level)
        {
            middle[edge.from].0 += position[edge.to];
            middle[edge.from].1 += 1.0;
        }
        row.sort_by(|a, b| {
            let of = |at: &usize| {
                let (sum, count) = middle[*at];
                if count > 0.0 {
                    sum / count
                } else {
                    0.5
                }
            };
            of(a)
                .total_cmp(&of(b))
                .then_with(|| nodes[*a].name.cmp(&nodes[*b].name))
        });
        let count = row.len() as f64;
        for (at, node) in row.iter().enumerate() {
            position[*node] = (at as f64 + 0.5) / count;
        }
        rows.push(row);
    }
    rows
}

/// Where everything stands, and the picture's width and height.
fn placed(nodes: &[Node], edges: &[Edge]) -> (Vec<Place>, f64, f64) {
    let levels = ordered(nodes, edges);
    let sized = |count: usize| {
        if count >= DOTS_FROM {
            (MOST_DOTS, DOT, DOT, DOT_GAP)
        } else {
            (MOST_BOXES, BOX.0, BOX.1, BOX_GAP)
        }
    };
    let width = levels
        .iter()
        .map(|level| {
            let (most, width, _, gap) = sized(level.len());
            let columns = level.len().div_ceil(level.len().div_ceil(most).max(1)) as f64;
            columns * width + (columns - 1.0) * gap
        })
        .fold(460.0, f64::max);
    let mut places = vec![Place::default(); nodes.len()];
    let mut y = MARGIN + HEADING;
    for level in &levels {
        let (most, node_width, node_height, gap) = sized(level.len());
        // Rows of about the same length.
        let columns = level.len().div_ceil(level.len().div_ceil(most).max(1)).max(1);
        for row in level.chunks(columns) {
            let row_width = row.len() as f64 * node_width + (row.len() as f64 - 1.0) * gap;
            let mut x = MARGIN + (width - row_width) / 2.0;
            for at in row {
                places[*at] = Place {
                    x: x + node_width / 2.0,
                    y: y + node_height / 2.0,
                    half_width: node_width / 2.0,
                    half_height: node_height / 2.0,
                    dot: level.len() >= DOTS_FROM,
                };
                x += node_width + gap;
            }
            y += node_height + if level.len() >= DOTS_FROM { DOT_GAP } else { ROW_GAP };
        }
        y += LEVEL_GAP - ROW_GAP;
    }
    (places, width + 2.0 * MARGIN, y - LEVEL_GAP + ROW_GAP + MARGIN + 34.0)
}

/// The path of an arrow, and the point of its label.
fn route(edge: &Edge, places: &[Place]) -> (String, (f64, f64)) {
    let (from, to) = (places[edge.from], places[edge.to]);
    if (from.y - to.y).abs() < 1.0 {
        // One row: over the boxes to the right, under them to the left, so that two that hold each other have two arrows.
        let rightwards = from.x < to.x;
        let side = if rightwards { -1.0 } else { 1.0 };
        let bulge = 20.0 + 0.07 * (to.x - from.x).abs();
        let shift = if rightwards { 18.0 } else { -18.0 };
        let (x1, y1) = (from.x + shift, from.y + side * from.half_height);
        let (x2, y2) = (to.x - shift, to.y + side * (to.half_height + 7.0));
        let middle = y1 + side * bulge;
        return (
            format!(
                "M{x1:.1} {y1:.1}C{x1:.1} {:.1} {x2:.1} {:.1} {x2:.1} {y2:.1}",
                y1 + side * bulge * 1.33,
                y2 + side * bulge * 1.33
            ),
            ((x1 + x2) / 2.0, middle),
        );
    }
    let up = from.y > to.y;
    let side = if up { 1.0 } else { -1.0 };
    let (x1, y1) = (from.x, from.y - side * from.half_height);
    let (x2, y2) = (to.x, to.y + side * (to.half_height + 7.0));
    let bend = (y1 - y2).abs() * 0.45 * side;
    (
        format!(
            "M{x1:.1} {y1:.1}C{x1:.1} {:.1} {x2:.1} {:.1} {x2:.1} {y2:.1}",
            y1 - bend,
            y2 + bend
        ),
        ((x1 + x2) / 2.0, (y1 + y2) / 2.0),
    )
}

/// An SVG document.
pub fn svg(nodes: &[Node], edges: &[Edge]) -> String {
    let (places, width, height) = placed(nodes, edges);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         role=\"img\">\n<title>Who holds whom</title>\n<style>{STYLES}</style>\n\
         <defs><marker id=\"up\" viewBox=\"0 0 8 8\" refX=\"1\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path class=\"head\" d=\"M0 0 8 4 0 8z\"/></marker>\
         <marker id=\"round\" viewBox=\"0 0 8 8\" refX=\"1\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path class=\"ringhead\" d=\"M0 0 8 4 0 8z\"/></marker></defs>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"{:.0}\">Who holds whom</text>\n\
         <text class=\"dim\" x=\"{MARGIN}\" y=\"{:.0}\">Arrows are the way that upside takes, with the part of it that goes there.</text>\n",
        MARGIN + 6.0,
        MARGIN + 26.0
    );
    let labelled = edges.len() <= MOST_LABELS;
    let mut labels = String::new();
    for edge in edges {
        let (path, (x, y)) = route(edge, &places);
        let (class, marker) = if edge.cycle { ("ring", "round") } else { ("flow", "up") };
        let thick = if labelled {
            1.2 + 5.0 * edge.part.clamp(0.0, 1.0)
        } else {
            0.7
        };
        let marker = if labelled {
            format!(" marker-end=\"url(#{marker})\"")
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" stroke-width=\"{thick:.1}\" d=\"{path}\"{marker}><title>{} to {}: {}</title></path>",
            escaped(&nodes[edge.from].name),
            escaped(&nodes[edge.to].name),
            edge.label
        );
        if labelled {
            let class = if edge.cycle { "label ringtext" } else { "label" };
            let _ = writeln!(
                labels,
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                y + 4.0,
                edge.label
            );
        }
    }
    for (node, place) in nodes.iter().zip(&places) {
        let class = match node.kind {
            "collective" => "node collective",
            "personal token" => "node person",
            _ => "node",
        };
        let name = escaped(&node.name);
        if place.dot {
            let _ = writeln!(
                out,
                "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\"><title>{name} · {}</title></circle>",
                place.x,
                place.y,
                DOT / 2.0,
                node.kind
            );
            continue;
        }
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{}\" height=\"{}\" rx=\"9\"/>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>\
             <text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            place.x - place.half_width,
            place.y - place.half_height,
            BOX.0,
            BOX.1,
            place.x,
            place.y - 3.0,
            place.x,
            place.y + 14.0,
            node.kind
        );
    }
    out.push_str(&labels);
    if edges.iter().any(|edge| edge.cycle) {
        let _ = writeln!(
            out,
            "<text class=\"dim ringtext\" x=\"{MARGIN}\" y=\"{:.0}\">Dashed: these hold each other, directly or through others.</text>",
            height - 18.0
        );
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, level: usize) -> Node {
        Node {
            name: name.to_owned(),
            kind: "personal token",
            level,
        }
    }

    fn edge(from: usize, to: usize, cycle: bool) -> Edge {
        Edge {
            from,
            to,
            part: 0.1,
            label: "10.00%".to_owned(),
            cycle,
        }
    }

    #[test]
    fn who_holds_stands_above_whom_it_holds_and_nothing_overlaps() {
        let mut nodes = vec![node("SCHOOL", 1)];
        nodes.extend((0..20).map(|number| node(&format!("P{number}"), 0)));
        let edges: Vec<Edge> = (1..=20).map(|from| edge(from, 0, false)).collect();
        let (places, width, height) = placed(&nodes, &edges);
        for (at, place) in places.iter().enumerate() {
            assert!(place.x - place.half_width >= 0.0 && place.x + place.half_width <= width);
            assert!(place.y + place.half_height <= height);
            assert!(at == 0 || place.y > places[0].y);
            for other in &places[..at] {
                let apart = (place.x - other.x).abs() >= place.half_width + other.half_width
                    || (place.y - other.y).abs() >= place.half_height + other.half_height;
                assert!(apart, "{at} overlaps");
            }
        }
    }

    #[test]
    fn rings_are_dashed_and_names_of_others_are_escaped() {
        let nodes = [node("A<B>", 0), node("C&D", 0)];
        let text = svg(&nodes, &[edge(0, 1, true), edge(1, 0, true)]);
        assert_eq!(text.matches("class=\"ring\"").count(), 2);
        assert!(text.contains("A&lt;B&gt;") && text.contains("C&amp;D") && !text.contains("A<B>"));
        assert!(text.contains("Dashed"));
    }

    #[test]
    fn a_thousand_are_dots() {
        let mut nodes = vec![node("TOP", 1)];
        nodes.extend((0..1_000).map(|number| node(&format!("P{number}"), 0)));
        let edges: Vec<Edge> = (1..=1_000).map(|from| edge(from, 0, false)).collect();
        let text = svg(&nodes, &edges);
        assert_eq!(text.matches("<circle").count(), 1_000);
        assert!(placed(&nodes, &edges).1 < 1_200.0);
    }
}
