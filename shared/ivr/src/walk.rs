//! Keyboard navigation over a flow's picture, one node at a time.

use crate::{
    layout::{EdgeEnd, Layout},
    part::Part,
};

/// Direction of a step from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// Along a branch that leads to the node.
    Up,
    /// Along a branch that leaves it.
    Down,
    /// To the node before, line by line.
    Back,
    /// To the node after.
    On,
    /// To the first node.
    First,
    /// To the last.
    Last,
}

/// Keyboard navigation over a picture.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The nodes line by line, each from left to right.
    order: Vec<usize>,
    /// By node: its place in `order`.
    place: Vec<usize>,
    up: Vec<Option<usize>>,
    down: Vec<Option<usize>>,
}

impl Walk {
    /// Returns the ways over the part of a flow that is laid out. Of several branches, the one whose other end is nearest is
    /// gone along; those that lead back, or out of the part, are not.
    pub fn of(layout: &Layout, part: &Part) -> Self {
        let nodes = &layout.nodes;
        let mut order: Vec<usize> = (0..nodes.len()).filter(|&node| part.drawn[node]).collect();
        order.sort_by(|&a, &b| {
            nodes[a].y.total_cmp(&nodes[b].y).then(nodes[a].x.total_cmp(&nodes[b].x)).then(a.cmp(&b))
        });
        let mut place = vec![0; nodes.len()];
        for (at, &node) in order.iter().enumerate() {
            place[node] = at;
        }
        let mut walk = Self { order, place, up: vec![None; nodes.len()], down: vec![None; nodes.len()] };
        let far = |a: usize, b: usize| (nodes[a].x - nodes[b].x).abs();
        for edge in layout.edges.iter().filter(|edge| !edge.back && edge.end != EdgeEnd::Elsewhere) {
            let (from, to) = (edge.from, edge.to);
            if walk.down[from].is_none_or(|known| far(from, to) < far(from, known)) {
                walk.down[from] = Some(to);
            }
            if walk.up[to].is_none_or(|known| far(from, to) < far(known, to)) {
                walk.up[to] = Some(from);
            }
        }
        walk
    }

    /// Returns a node's place in the order, counted from 0; that of a node which is not drawn means nothing.
    pub fn place(&self, node: usize) -> usize {
        self.place[node]
    }

    /// Returns the node that a step from `node` leads to: itself, where there is no other.
    pub fn go(&self, node: usize, stride: Stride) -> usize {
        let Some(&at) = self.place.get(node) else { return node };
        let next = match stride {
            Stride::Up => self.up[node],
            Stride::Down => self.down[node],
            Stride::Back => at.checked_sub(1).map(|at| self.order[at]),
            Stride::On => self.order.get(at + 1).copied(),
            Stride::First => self.order.first().copied(),
            Stride::Last => self.order.last().copied(),
        };
        next.unwrap_or(node)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::BTreeSet;

    use super::*;
    use crate::{Measures, layout, support_line};

    fn picture() -> Layout {
        let measures = Measures { node_width: 100.0, node_height: 40.0, gap: 20.0, layer_gap: 40.0 };
        layout(support_line().definition(), measures)
    }

    fn whole() -> Part {
        Part::whole(support_line().definition())
    }

    #[test]
    fn every_node_is_come_to_in_reading_order() {
        let layout = picture();
        let walk = Walk::of(&layout, &whole());
        let mut at = walk.go(0, Stride::First);
        let mut seen = vec![at];
        while walk.go(at, Stride::On) != at {
            let next = walk.go(at, Stride::On);
            assert_eq!(walk.go(next, Stride::Back), at);
            assert!(layout.nodes[next].y >= layout.nodes[at].y);
            at = next;
            seen.push(at);
        }
        assert_eq!(at, walk.go(0, Stride::Last));
        assert_eq!(walk.go(seen[0], Stride::Back), seen[0]);
        assert_eq!(BTreeSet::from_iter(seen), (0..layout.nodes.len()).collect());
    }

    #[test]
    fn up_and_down_go_along_branches() {
        let layout = picture();
        let walk = Walk::of(&layout, &whole());
        let joined = |from: usize, to: usize| {
            layout.edges.iter().any(|edge| !edge.back && (edge.from, edge.to) == (from, to))
        };
        let mut moved = 0;
        for node in 0..layout.nodes.len() {
            let (up, down) = (walk.go(node, Stride::Up), walk.go(node, Stride::Down));
            assert!(up == node || joined(up, node));
            assert!(down == node || joined(node, down));
            moved += usize::from(down != node);
        }
        assert!(moved > 1, "{moved}");
        assert_eq!(Walk::of(&Layout::default(), &Part::default()).go(0, Stride::Down), 0);
    }
}
