//! The picture's measures, and the text in its boxes.

use ivr::{
    Measures,
    graph::{Node, NodeKind},
};

pub(super) const NODE_WIDTH: f64 = 156.0;
pub(super) const NODE_HEIGHT: f64 = 48.0;
pub(super) const MARGIN: f64 = 22.0;
const GAP: f64 = 30.0;

pub(super) const MEASURES: Measures =
    Measures { node_width: NODE_WIDTH, node_height: NODE_HEIGHT, gap: GAP, layer_gap: 60.0 };

/// Returns the radius of a box's corners: rounder where the call ends.
pub(super) const fn corner(node: &Node) -> &'static str {
    if node.is_end() { "24" } else { "7" }
}

/// Returns what a node does, in a few words.
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

/// Shortens a text to so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
