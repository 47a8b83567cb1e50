//! The picture's measures, and the text in its boxes.

use ivr::{EdgeEnd, EdgeRoute, FlowDefinition, Layout, Measures, Part, Point, graph::Node, layout_part};

pub(super) const NODE_WIDTH: f64 = 156.0;
pub(super) const MARGIN: f64 = 22.0;
const GAP: f64 = 30.0;
/// Height of a node with a name of one line, and no edge that is named at it.
const NODE_HEIGHT: f64 = 48.0;
/// Place of the first line's foot in a node.
const FIRST_LINE: f64 = 21.0;
/// Height of a line of a name.
const NAME_LINE: f64 = 15.0;
/// Distance from a name to what its node does.
const TYPE_LINE: f64 = 16.0;
/// Height of a line that names an edge.
const EDGE_LINE: f64 = 14.0;
/// Number of characters of a line of a name.
const NAME_CHARS: usize = 22;
/// Number of characters of a line that names an edge.
const EDGE_CHARS: usize = 26;
/// An exit that so many nodes lead to is named at each of them.
const SHARED_EXIT_SOURCES: usize = 6;

pub(super) const MEASURES: Measures =
    Measures { node_width: NODE_WIDTH, node_height: NODE_HEIGHT, gap: GAP, layer_gap: 60.0 };

/// Lays out the nodes within so many levels of `centre`, or all of them.
pub(super) fn laid_out(flow: &FlowDefinition, centre: usize, levels: Option<usize>) -> (Part, Layout) {
    let part = levels.map_or_else(|| Part::whole(flow), |levels| Part::near(flow, centre, levels));
    let part = part.with_shared_exits(flow, SHARED_EXIT_SOURCES);
    let layout = layout_part(flow, &part, MEASURES, |node, named| {
        let names = wrapped(flow.nodes[node].name(), NAME_CHARS).len().max(1) - 1;
        let edges: usize = named.iter().map(|edge| edge_lines(flow, edge).len()).sum();
        NODE_HEIGHT + names as f64 * NAME_LINE + edges as f64 * EDGE_LINE
    });
    (part, layout)
}

/// A line of text in a node, with the place of its foot.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) y: f64,
}

/// The text in a node, from its upper edge downwards.
pub(super) struct NodeText {
    pub(super) name: Vec<Line>,
    pub(super) kind: Line,
    /// The lines of each edge that is named.
    pub(super) edges: Vec<Vec<Line>>,
}

impl NodeText {
    /// Sets `node`'s name, then `kind`, then the edges of `named`.
    pub(super) fn new(flow: &FlowDefinition, node: &Node, kind: String, named: &[&EdgeRoute]) -> Self {
        let mut y = FIRST_LINE - NAME_LINE;
        let mut line = |text: String, step: f64| {
            y += step;
            Line { text, y }
        };
        let name = wrapped(node.name(), NAME_CHARS).into_iter().map(|text| line(text, NAME_LINE)).collect();
        let kind = line(kind, TYPE_LINE);
        let edges = (named.iter())
            .map(|edge| edge_lines(flow, edge).into_iter().map(|text| line(text, EDGE_LINE)).collect())
            .collect();
        Self { name, kind, edges }
    }
}

/// Returns the lines that name an edge at the node that it leaves.
fn edge_lines(flow: &FlowDefinition, edge: &EdgeRoute) -> Vec<String> {
    let sign = match edge.end {
        EdgeEnd::Drawn | EdgeEnd::SharedExit => '→',
        EdgeEnd::Elsewhere => '⇢',
    };
    wrapped(&format!("{} {sign} {}", edge.label, flow.nodes[edge.to].name()), EDGE_CHARS)
}

/// Returns true where two rectangles meet, each given by its upper left and its lower right corner.
pub(super) fn meet(a: (Point, Point), b: (Point, Point)) -> bool {
    a.0.x <= b.1.x && b.0.x <= a.1.x && a.0.y <= b.1.y && b.0.y <= a.1.y
}

/// Returns the corners of a node's box.
pub(super) fn node_box(layout: &Layout, node: usize) -> (Point, Point) {
    let (at, half) = (layout.nodes[node], layout.heights[node] / 2.0);
    let side = NODE_WIDTH / 2.0;
    (Point { x: at.x - side, y: at.y - half }, Point { x: at.x + side, y: at.y + half })
}

/// Returns the corners of a box that an edge and its label are in.
pub(super) fn edge_box(layout: &Layout, edge: &EdgeRoute) -> (Point, Point) {
    // A way back goes round the nodes' right-hand sides.
    let aside = if edge.back { NODE_WIDTH / 2.0 + GAP } else { GAP };
    let ends = [layout.nodes[edge.from], layout.nodes[edge.to]];
    let mut corners = (ends[0], ends[0]);
    for point in ends.iter().chain(&edge.via) {
        corners.0 = Point { x: corners.0.x.min(point.x), y: corners.0.y.min(point.y) };
        corners.1 = Point { x: corners.1.x.max(point.x), y: corners.1.y.max(point.y) };
    }
    (Point { x: corners.0.x - GAP, ..corners.0 }, Point { x: corners.1.x + aside, ..corners.1 })
}

/// Breaks a text into lines of so many characters, at spaces where there are some.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for (place, piece) in letters.chunks(most).enumerate() {
            let needed = piece.len() + 1;
            match lines.last_mut() {
                Some(line) if place == 0 && needed <= room => {
                    line.push(' ');
                    line.extend(piece);
                    room -= needed;
                }
                _ => {
                    lines.push(piece.iter().collect());
                    room = most - piece.len();
                }
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use ivr::support_line;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn names_are_whole_however_long_they_are() {
        assert_eq!(wrapped("Main menu", NAME_CHARS), ["Main menu"]);
        let long = "Lost or stolen cards outside of the opening hours";
        let lines = wrapped(long, NAME_CHARS);
        assert_eq!(lines, ["Lost or stolen cards", "outside of the opening", "hours"]);
        assert_eq!(
            wrapped("AVeryLongIdentifierWithoutSpaces", 10).concat(),
            "AVeryLongIdentifierWithoutSpaces"
        );
        assert!(wrapped("", 10).is_empty());
    }

    #[wasm_bindgen_test]
    fn a_part_is_as_small_as_its_nodes_and_a_node_as_high_as_its_text() {
        let flow = support_line();
        let (whole, all) = laid_out(flow.definition(), 0, None);
        assert_eq!(whole.len(), flow.definition().nodes.len());
        let technical = flow.find("technical").expect("the flow has it").index();
        let (part, near) = laid_out(flow.definition(), technical, Some(1));
        assert!(part.len() < whole.len() && near.height < all.height);
        let support = flow.find("support").expect("the flow has it").index();
        assert!(near.heights[support] > all.heights[support], "what is elsewhere is named at it");
    }
}
