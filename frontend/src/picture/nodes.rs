//! Shape and words of nodes.

use ivr::graph::{Node, NodeKind};

/// Number of characters of a name within what a node does, as a box has room for.
pub(super) const TARGET_CHARS: usize = 16;

/// Returns the radius of a box's corners: rounder where the call ends.
pub(super) const fn corner(node: &Node) -> &'static str {
    if node.is_end() { "24" } else { "7" }
}

/// Returns what a node does, in a few words; what it decides on or leads to has at most so many characters.
pub(super) fn subtitle(node: &Node, target_chars: usize) -> String {
    match &node.kind {
        NodeKind::Collect { min_digits, max_digits, .. } => {
            format!("collect {min_digits}–{max_digits} digits")
        }
        NodeKind::Decision { variable } => format!("decision on {}", shortened(variable, target_chars)),
        NodeKind::Transfer { target } => format!("transfer to {}", shortened(target, target_chars)),
        NodeKind::Prompt | NodeKind::Menu(_) | NodeKind::Hangup => node.type_name().to_owned(),
    }
}

/// Shortens a text to so many characters.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
