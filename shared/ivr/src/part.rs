//! The part of a flow that its picture shows.

use std::collections::HashMap;

use crate::{graph::FlowDefinition, layout::EdgeEnd};

/// The nodes that a picture shows, and those whose edges it names instead of drawing them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// By node: true when it is drawn.
    pub drawn: Vec<bool>,
    /// By node: true for an exit that many nodes share.
    shared: Vec<bool>,
}

impl Part {
    /// Returns the whole flow.
    pub fn whole(flow: &FlowDefinition) -> Self {
        let count = flow.nodes.len();
        Self { drawn: vec![true; count], shared: vec![false; count] }
    }

    /// Returns the nodes from which `node` is at most `levels` branches away, and those that are from it.
    pub fn near(flow: &FlowDefinition, node: usize, levels: usize) -> Self {
        let index = indices(flow);
        let count = flow.nodes.len();
        let (mut behind, mut before) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (from, node) in flow.nodes.iter().enumerate() {
            for to in node.branches.iter().filter_map(|branch| index.get(branch.to.as_str()).copied()) {
                behind[from].push(to);
                before[to].push(from);
            }
        }
        let mut drawn = vec![false; count];
        for edges in [behind, before] {
            let mut seen = vec![false; count];
            let mut level = vec![node];
            for left in (0..=levels).rev() {
                level.retain(|&node| node < count && !std::mem::replace(&mut seen[node], true));
                for &node in &level {
                    drawn[node] = true;
                }
                level = if left == 0 {
                    Vec::new()
                } else {
                    level.iter().flat_map(|&node| edges[node].clone()).collect()
                };
            }
        }
        Self { drawn, shared: vec![false; count] }
    }

    /// Names edges to exits that at least `sources` other nodes lead to, instead of drawing each: in large flows most lines
    /// lead to a few ends.
    #[must_use]
    pub fn with_shared_exits(mut self, flow: &FlowDefinition, sources: usize) -> Self {
        let index = indices(flow);
        let mut leading = vec![0; flow.nodes.len()];
        for node in &flow.nodes {
            let mut targets: Vec<usize> =
                node.branches.iter().filter_map(|branch| index.get(branch.to.as_str()).copied()).collect();
            targets.sort_unstable();
            targets.dedup();
            for to in targets {
                leading[to] += 1;
            }
        }
        for ((shared, node), leading) in self.shared.iter_mut().zip(&flow.nodes).zip(leading) {
            *shared = node.is_end() && leading >= sources;
        }
        self
    }

    /// Returns true for an exit whose edges are named and not drawn.
    pub fn is_shared_exit(&self, node: usize) -> bool {
        self.drawn[node] && self.shared[node]
    }

    /// Returns the number of nodes that are drawn.
    pub fn len(&self) -> usize {
        self.drawn.iter().filter(|drawn| **drawn).count()
    }

    /// Returns true when nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn end_at(&self, to: usize) -> EdgeEnd {
        match (self.drawn[to], self.shared[to]) {
            (_, true) => EdgeEnd::SharedExit,
            (true, false) => EdgeEnd::Drawn,
            (false, false) => EdgeEnd::Elsewhere,
        }
    }
}

/// Returns the index of each node by its identifier.
pub(crate) fn indices(flow: &FlowDefinition) -> HashMap<&str, usize> {
    flow.nodes.iter().enumerate().map(|(index, node)| (node.id.as_str(), index)).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::layout::{Measures, layout_part};

    const MEASURES: Measures = Measures { node_width: 120.0, node_height: 40.0, gap: 24.0, layer_gap: 50.0 };

    /// A chain of menus, each of which leads on, back to the first, and to the same agent.
    fn chain(count: usize) -> FlowDefinition {
        let mut nodes: Vec<_> = (0..count)
            .map(|at| {
                let on =
                    |digit: &str, to: String| serde_json::json!({ "on": "digits", "value": digit, "to": to });
                let branches = [on("1", format!("m{}", (at + 1) % count)), on("0", "agent".into())];
                serde_json::json!({ "id": format!("m{at}"), "type": "menu", "branches": branches })
            })
            .collect();
        nodes.push(
            serde_json::json!({ "id": "agent", "type": "transfer", "target": "agents", "branches": [] }),
        );
        let flow = serde_json::json!({ "flowId": "chain", "name": "", "start": "m0", "nodes": nodes });
        serde_json::from_value(flow).expect("it is a flow")
    }

    #[test]
    fn near_a_node_are_two_levels_before_and_behind_it() {
        let flow = chain(9);
        let part = Part::near(&flow, 4, 2);
        let drawn: Vec<&str> = flow
            .nodes
            .iter()
            .zip(&part.drawn)
            .filter(|(_, drawn)| **drawn)
            .map(|(node, _)| &*node.id)
            .collect();
        assert_eq!(drawn, ["m2", "m3", "m4", "m5", "m6", "agent"]);
        assert_eq!(Part::near(&flow, 4, 0).len(), 1);
        assert_eq!(Part::near(&flow, 4, 20), Part::whole(&flow));
    }

    #[test]
    fn edges_to_a_shared_exit_are_named_and_it_stands_last() {
        let flow = chain(9);
        assert!(!Part::whole(&flow).with_shared_exits(&flow, 10).is_shared_exit(9));
        let part = Part::whole(&flow).with_shared_exits(&flow, 9);
        assert!(part.is_shared_exit(9));
        let laid = layout_part(&flow, &part, MEASURES, |_, named| 40.0 + 10.0 * named.len() as f64);
        let named = laid.edges.iter().filter(|edge| edge.end == EdgeEnd::SharedExit).count();
        assert_eq!((named, laid.heights[0], laid.heights[9]), (9, 50.0, 40.0));
        let lowest = laid.nodes.iter().map(|node| node.y).fold(0.0, f64::max);
        assert!(laid.nodes[9].y >= lowest, "{:?}", laid.nodes);
        assert!(
            (laid.width - 120.0).abs() < 1.0,
            "without lines to the agent it is one column: {}",
            laid.width
        );
    }

    #[test]
    fn what_is_elsewhere_takes_no_room() {
        let flow = chain(40);
        let part = Part::near(&flow, 20, 1);
        let laid = layout_part(&flow, &part, MEASURES, |_, _| 40.0);
        assert!(laid.height < 400.0, "{}", laid.height);
        let elsewhere: Vec<usize> =
            laid.edges.iter().filter(|edge| edge.end == EdgeEnd::Elsewhere).map(|edge| edge.from).collect();
        assert_eq!(elsewhere, [21]);
    }
}
