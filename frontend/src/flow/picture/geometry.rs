//! Where the picture's lines run and what stands in its boxes.

use std::fmt::Write as _;

use shared::{
    flow::{Edge, Measures, Point},
    menu::graph::{Node, NodeKind},
};

pub(super) const NODE_WIDTH: f64 = 156.0;
pub(super) const NODE_HEIGHT: f64 = 48.0;
pub(super) const MARGIN: f64 = 22.0;
const GAP: f64 = 30.0;

pub(super) const MEASURES: Measures =
    Measures { node_width: NODE_WIDTH, node_height: NODE_HEIGHT, gap: GAP, layer_gap: 60.0 };

/// The path of an edge, and where its label stands.
pub(super) fn route(edge: &Edge, nodes: &[Point]) -> (String, Point) {
    let (from, to) = (nodes[edge.from], nodes[edge.to]);
    if edge.back {
        return route_back(from, to);
    }
    let start = Point { x: from.x, y: from.y + NODE_HEIGHT / 2.0 };
    let end = Point { x: to.x, y: to.y - NODE_HEIGHT / 2.0 };
    let mut line = format!("M{:.1} {:.1}", start.x, start.y);
    let mut at = start;
    for &next in edge.via.iter().chain([&end]) {
        let middle = f64::midpoint(at.y, next.y);
        write!(line, "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", at.x, next.x, next.x, next.y)
            .expect("a string takes any text");
        at = next;
    }
    // Where branches have parted, before they meet again.
    let first = edge.via.first().copied().unwrap_or(end);
    (line, Point { x: start.x + (first.x - start.x) * 0.62, y: start.y + (first.y - start.y) * 0.62 })
}

/// Back up, or to the node itself: around the right-hand side.
fn route_back(from: Point, to: Point) -> (String, Point) {
    let side = NODE_WIDTH / 2.0;
    let out = from.x.max(to.x) + side + GAP;
    let (y0, y1) = (from.y + 8.0, to.y - 8.0);
    let line =
        format!("M{:.1} {y0:.1}C{out:.1} {y0:.1} {out:.1} {y1:.1} {:.1} {y1:.1}", from.x + side, to.x + side);
    (line, Point { x: out - GAP * 0.4, y: f64::midpoint(from.y, to.y) })
}

/// Rounder where the call ends.
pub(super) const fn corner(node: &Node) -> &'static str {
    if node.is_end() { "24" } else { "7" }
}

/// What a node does, in a few words.
pub(super) fn subtitle(node: &Node) -> String {
    match &node.kind {
        NodeKind::Collect { min_digits, max_digits, .. } => {
            format!("collect {min_digits}–{max_digits} digits")
        }
        NodeKind::Decision { variable } => format!("decision on {}", shortened(variable, 12)),
        NodeKind::Transfer { target } => format!("transfer to {}", shortened(target, 12)),
        NodeKind::Prompt | NodeKind::Menu(_) | NodeKind::Hangup => node.type_name().to_owned(),
    }
}

/// A text of at most so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
