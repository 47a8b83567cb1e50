//! Where a flow's nodes stand in its picture: in layers, callers coming in at the top.

use rust_sugiyama::configure::Config;

use crate::menu::graph::FlowDefinition;

/// A place in the picture, in units of [`Layout::width`] and [`Layout::height`]; y grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// One or more branches between the same two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The index of the node it leaves.
    pub from: usize,
    /// The index of the node it leads to.
    pub to: usize,
    /// When it is taken: `2`, `timeout`, or several, joined.
    pub label: String,
}

/// A flow's picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The centre of each node, in the definition's order.
    pub nodes: Vec<Point>,
    /// The edges, in the definition's order.
    pub edges: Vec<Edge>,
    /// How far the nodes reach to the right.
    pub width: f64,
    /// How far they reach down.
    pub height: f64,
}

/// Lays a flow out with nodes of `node_width` by `node_height`, `gap` apart. Branches to unknown nodes are left out.
pub fn layout(flow: &FlowDefinition, node_width: f64, node_height: f64, gap: f64) -> Layout {
    let edges = edges(flow);
    let vertices: Vec<(u32, (f64, f64))> =
        (0..flow.nodes.len()).map(|index| (index as u32, (node_width, node_height))).collect();
    let between: Vec<(u32, u32)> = edges
        .iter()
        .filter(|edge| edge.from != edge.to)
        .map(|edge| (edge.from as u32, edge.to as u32))
        .collect();
    let config = Config { vertex_spacing: gap, ..Config::default() };
    let mut nodes = vec![Point::default(); flow.nodes.len()];
    let mut right: f64 = 0.0;
    let mut bottom: f64 = 0.0;
    for (component, _, _) in rust_sugiyama::from_vertices_and_edges(&vertices, &between, &config) {
        let left = component.iter().map(|(_, (x, _))| *x).fold(f64::INFINITY, f64::min);
        let top = component.iter().map(|(_, (_, y))| *y).fold(f64::INFINITY, f64::min);
        let offset = if right > 0.0 { right + gap } else { 0.0 };
        for (node, (x, y)) in component {
            let place = Point { x: x - left + offset + node_width / 2.0, y: y - top + node_height / 2.0 };
            right = right.max(place.x + node_width / 2.0);
            bottom = bottom.max(place.y + node_height / 2.0);
            if let Some(slot) = nodes.get_mut(node) {
                *slot = place;
            }
        }
    }
    Layout { nodes, edges, width: right, height: bottom }
}

fn edges(flow: &FlowDefinition) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::new();
    for (from, node) in flow.nodes.iter().enumerate() {
        for branch in &node.branches {
            let Some(to) = flow.nodes.iter().position(|other| other.id == branch.to) else { continue };
            let label = branch.on.describe();
            match edges.iter_mut().find(|edge| edge.from == from && edge.to == to) {
                Some(edge) => {
                    edge.label.push_str(" · ");
                    edge.label.push_str(&label);
                }
                None => edges.push(Edge { from, to, label }),
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::seed_flow;

    #[test]
    fn nodes_stand_apart_and_callers_go_down() {
        let flow = seed_flow();
        let picture = layout(flow.definition(), 120.0, 40.0, 24.0);
        assert_eq!(picture.nodes.len(), flow.definition().nodes.len());
        for (index, a) in picture.nodes.iter().enumerate() {
            for b in &picture.nodes[..index] {
                assert!((a.x - b.x).abs() >= 120.0 || (a.y - b.y).abs() >= 40.0, "{a:?} covers {b:?}");
            }
            assert!(a.x >= 60.0 && a.x <= picture.width - 60.0 && a.y <= picture.height - 20.0);
        }
        let y = |id: &str| picture.nodes[flow.find(id).unwrap().index()].y;
        assert!(y("root") < y("support") && y("support") < y("technical"));
    }
}
