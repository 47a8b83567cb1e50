//! Where a flow's nodes stand in its picture, after Sugiyama, Tagawa and Toda (1981): layers from the start
//! downwards, few crossings, and branches that go round the nodes between.

use crate::{
    graph::FlowDefinition,
    part::{Part, indices},
};

/// Number of times that layers are reordered and straightened; more changes little.
const SWEEPS: usize = 8;

/// A place in the picture; y grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Distance to the right.
    pub x: f64,
    /// Distance downwards.
    pub y: f64,
}

/// Number of nodes that may stand side by side before ends of menus are put one below the other.
const MAX_SIDE_BY_SIDE: usize = 6;
/// Maximum number of nodes in such a column.
const MAX_COLUMN: usize = 4;

/// The way in which the picture shows an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EdgeEnd {
    /// A line leads to its node.
    #[default]
    Drawn,
    /// It is named at the node that it leaves: it leads to an exit that many nodes share.
    SharedExit,
    /// It is named at the node that it leaves: its node is not in this part of the picture.
    Elsewhere,
}

/// One or more branches between the same two nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeRoute {
    /// The index of the node it leaves.
    pub from: usize,
    /// The index of the node it leads to.
    pub to: usize,
    /// Label: `2`, `timeout`, or several, joined.
    pub label: String,
    /// Points on its path, in order; empty between neighbouring layers and for edges that lead back.
    pub via: Vec<Point>,
    /// True when it leads back up, or to its own node.
    pub back: bool,
    /// Tells whether a line is drawn for it.
    pub end: EdgeEnd,
}

/// A flow's picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The centre of each node, in the definition's order. That of a node which is not drawn means nothing.
    pub nodes: Vec<Point>,
    /// The height of each node, in the same order.
    pub heights: Vec<f64>,
    /// The edges that leave nodes which are drawn, in the definition's order.
    pub edges: Vec<EdgeRoute>,
    /// Width of the picture.
    pub width: f64,
    /// Height of the picture.
    pub height: f64,
}

/// Sizes of nodes and gaps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// A node's width.
    pub node_width: f64,
    /// A node's height.
    pub node_height: f64,
    /// Gap between neighbours in a layer.
    pub gap: f64,
    /// Gap between layers.
    pub layer_gap: f64,
}

/// Lays a flow out. Branches to unknown nodes are left out. Linear in the branches, times the layers they span.
pub fn layout(flow: &FlowDefinition, measures: Measures) -> Layout {
    layout_part(flow, &Part::whole(flow), measures, |_, _| measures.node_height)
}

/// As [`layout`], with a part of the flow. `height` gets the index of a node that is drawn and those of its edges that are
/// named at it, and returns its height.
pub fn layout_part(
    flow: &FlowDefinition,
    part: &Part,
    measures: Measures,
    height: impl Fn(usize, &[&EdgeRoute]) -> f64,
) -> Layout {
    let mut edges = edges(flow, part);
    let start = flow.nodes.iter().position(|node| node.id == flow.start).unwrap_or(0);
    let ranks = rank(part, start, &mut edges);
    let mut named = vec![Vec::new(); flow.nodes.len()];
    for edge in edges.iter().filter(|edge| edge.end != EdgeEnd::Drawn) {
        named[edge.from].push(edge);
    }
    let of = |(node, named): (usize, &Vec<&EdgeRoute>)| {
        if part.drawn[node] { height(node, named) } else { measures.node_height }
    };
    let heights = named.iter().enumerate().map(of).collect();
    let mut grid = Grid::new(part, &ranks, &edges, measures);
    for sweep in 0..SWEEPS {
        grid.reorder(sweep % 2 == 0);
    }
    grid.straighten();
    grid.into_layout(heights, edges)
}

fn edges(flow: &FlowDefinition, part: &Part) -> Vec<EdgeRoute> {
    let index = indices(flow);
    let mut edges: Vec<EdgeRoute> = Vec::new();
    for (from, node) in flow.nodes.iter().enumerate().filter(|(from, _)| part.drawn[*from]) {
        let first = edges.len();
        for branch in &node.branches {
            let Some(&to) = index.get(branch.to.as_str()) else { continue };
            let label = branch.on.describe();
            if let Some(edge) = edges[first..].iter_mut().find(|edge| edge.to == to) {
                edge.label.push_str(" · ");
                edge.label.push_str(&label);
            } else {
                let end = part.end_at(to);
                edges.push(EdgeRoute { from, to, label, via: Vec::new(), back: false, end });
            }
        }
    }
    edges
}

/// Progress of a depth-first walk at a node.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Never,
    Open,
    Done,
}

/// Marks the edges that lead back, and gives every node the length of the longest way to it along the others.
///
/// Exits whose edges are not drawn come last, below all others.
fn rank(part: &Part, start: usize, edges: &mut [EdgeRoute]) -> Vec<usize> {
    let count = part.drawn.len();
    let mut leaving = vec![Vec::new(); count];
    for (index, edge) in edges.iter().enumerate().filter(|(_, edge)| edge.end == EdgeEnd::Drawn) {
        leaving[edge.from].push(index);
    }
    let mut seen = vec![Seen::Never; count];
    let mut finished = Vec::with_capacity(count);
    for root in std::iter::once(start).chain(0..count) {
        if seen.get(root) != Some(&Seen::Never) {
            continue;
        }
        seen[root] = Seen::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            if let Some(&edge) = leaving[*node].get(*next) {
                *next += 1;
                let to = edges[edge].to;
                match seen[to] {
                    Seen::Never => {
                        seen[to] = Seen::Open;
                        path.push((to, 0));
                    }
                    Seen::Open => edges[edge].back = true,
                    Seen::Done => {}
                }
            } else {
                seen[*node] = Seen::Done;
                finished.push(*node);
                path.pop();
            }
        }
    }
    let mut ranks = vec![0; count];
    for &node in finished.iter().rev() {
        for &edge in &leaving[node] {
            if !edges[edge].back {
                let to = edges[edge].to;
                ranks[to] = ranks[to].max(ranks[node] + 1);
            }
        }
    }
    stack(part, edges, &mut ranks);
    let last = (0..count).filter(|&node| part.drawn[node]).map(|node| ranks[node] + 1).max().unwrap_or(0);
    for node in (0..count).filter(|&node| part.is_shared_exit(node)) {
        ranks[node] = last;
    }
    ranks
}

/// Puts nodes that lead nowhere, and that one node alone leads to, one below the other where a layer is wide: a directory's
/// picture is then as high as it is wide instead of one line.
fn stack(part: &Part, edges: &[EdgeRoute], ranks: &mut [usize]) {
    let mut side_by_side = vec![0; ranks.len() + 1];
    for node in (0..ranks.len()).filter(|&node| part.drawn[node]) {
        side_by_side[ranks[node]] += 1;
    }
    let (mut entering, mut is_leaf) = (vec![0; ranks.len()], part.drawn.clone());
    for edge in edges.iter().filter(|edge| edge.end == EdgeEnd::Drawn && !edge.back) {
        entering[edge.to] += 1;
        is_leaf[edge.from] = false;
    }
    let mut below = vec![0; ranks.len()];
    for edge in edges.iter().filter(|edge| edge.end == EdgeEnd::Drawn && !edge.back) {
        let to = edge.to;
        if is_leaf[to] && entering[to] == 1 && side_by_side[ranks[to]] > MAX_SIDE_BY_SIDE {
            ranks[to] += below[edge.from] % MAX_COLUMN;
            below[edge.from] += 1;
        }
    }
}

/// A node, or a place that an edge passes on its way through a layer.
struct Item {
    x: f64,
    width: f64,
    up: Vec<usize>,
    down: Vec<usize>,
}

struct Grid {
    measures: Measures,
    /// The flow's nodes first, those that are not drawn in no layer, then the places.
    items: Vec<Item>,
    layers: Vec<Vec<usize>>,
    /// Each edge's places.
    passes: Vec<Vec<usize>>,
    ranks: Vec<usize>,
}

impl Grid {
    fn new(part: &Part, ranks: &[usize], edges: &[EdgeRoute], measures: Measures) -> Self {
        let item = |width| Item { x: 0.0, width, up: Vec::new(), down: Vec::new() };
        let mut items: Vec<Item> = ranks.iter().map(|_| item(measures.node_width)).collect();
        let drawn = || ranks.iter().enumerate().filter(|(node, _)| part.drawn[*node]);
        let mut layers = vec![Vec::new(); drawn().map(|(_, rank)| rank + 1).max().unwrap_or(0)];
        for (node, &rank) in drawn() {
            layers[rank].push(node);
        }
        let mut passes = Vec::with_capacity(edges.len());
        for edge in edges {
            let mut places = Vec::new();
            if !edge.back && edge.end == EdgeEnd::Drawn {
                let mut above = edge.from;
                for layer in &mut layers[ranks[edge.from] + 1..ranks[edge.to]] {
                    let place = items.len();
                    items.push(item(measures.gap * 0.4));
                    layer.push(place);
                    items[above].down.push(place);
                    items[place].up.push(above);
                    places.push(place);
                    above = place;
                }
                items[above].down.push(edge.to);
                items[edge.to].up.push(above);
            }
            passes.push(places);
        }
        let mut grid = Self { measures, items, layers, passes, ranks: ranks.to_vec() };
        for layer in 0..grid.layers.len() {
            grid.pack(layer);
        }
        grid
    }

    /// Puts a layer's items side by side in their order.
    fn pack(&mut self, layer: usize) {
        let mut left = 0.0;
        for &item in &self.layers[layer] {
            self.items[item].x = left + self.items[item].width / 2.0;
            left += self.items[item].width + self.measures.gap;
        }
    }

    /// Orders each layer by the mean place of its neighbours in the layer before.
    fn reorder(&mut self, downwards: bool) {
        let count = self.layers.len();
        for step in 1..count {
            let layer = if downwards { step } else { count - 1 - step };
            let mut order: Vec<(f64, usize)> =
                self.layers[layer].iter().map(|&item| (self.pull(item, downwards), item)).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            self.layers[layer] = order.into_iter().map(|(_, item)| item).collect();
            self.pack(layer);
        }
    }

    /// The mean place of an item's neighbours above or below; its own where it has none.
    fn pull(&self, item: usize, above: bool) -> f64 {
        let Item { x, up, down, .. } = &self.items[item];
        let neighbours = if above { up } else { down };
        if neighbours.is_empty() {
            return *x;
        }
        neighbours.iter().map(|&other| self.items[other].x).sum::<f64>() / neighbours.len() as f64
    }

    /// Moves items towards their neighbours as far as their own layer lets them.
    fn straighten(&mut self) {
        for sweep in 0..SWEEPS * 2 {
            let downwards = sweep % 2 == 0;
            for step in 0..self.layers.len() {
                let layer = if downwards { step } else { self.layers.len() - 1 - step };
                let wanted: Vec<f64> =
                    self.layers[layer].iter().map(|&item| self.pull(item, downwards)).collect();
                self.place(layer, &wanted);
            }
        }
    }

    /// Places a layer's items as near to `wanted` as their order and distances allow: the mean of pushing to the right
    /// and pushing to the left, each of which keeps the distances.
    fn place(&mut self, layer: usize, wanted: &[f64]) {
        let distance = |items: &[Item], a: usize, b: usize| {
            f64::midpoint(items[a].width, items[b].width) + self.measures.gap
        };
        let order = &self.layers[layer];
        let mut right = wanted.to_vec();
        for index in 1..order.len() {
            let least = right[index - 1] + distance(&self.items, order[index - 1], order[index]);
            right[index] = right[index].max(least);
        }
        let mut left = wanted.to_vec();
        for index in (1..order.len()).rev() {
            let most = left[index] - distance(&self.items, order[index - 1], order[index]);
            left[index - 1] = left[index - 1].min(most);
        }
        for (index, &item) in order.iter().enumerate() {
            self.items[item].x = f64::midpoint(left[index], right[index]);
        }
    }

    /// Each layer is as high as its highest node, and nodes stand in the middle of theirs.
    fn into_layout(self, heights: Vec<f64>, mut edges: Vec<EdgeRoute>) -> Layout {
        let count = heights.len();
        let placed = || self.layers.iter().flatten().map(|&item| &self.items[item]);
        let left = placed().map(|item| item.x - item.width / 2.0).fold(f64::INFINITY, f64::min);
        let mut middles = Vec::with_capacity(self.layers.len());
        let mut below = 0.0;
        for layer in &self.layers {
            let height = layer.iter().filter_map(|&item| heights.get(item)).fold(0.0, |a: f64, b| a.max(*b));
            middles.push(below + height / 2.0);
            below += height + self.measures.layer_gap;
        }
        let point = |item: usize, rank: usize| Point { x: self.items[item].x - left, y: middles[rank] };
        let mut nodes = vec![Point::default(); count];
        for &node in self.layers.iter().flatten().filter(|item| **item < count) {
            nodes[node] = point(node, self.ranks[node]);
        }
        for (edge, places) in edges.iter_mut().zip(&self.passes) {
            let below = self.ranks[edge.from] + 1;
            edge.via = places.iter().enumerate().map(|(step, &place)| point(place, below + step)).collect();
        }
        let width = placed().map(|item| item.x + item.width / 2.0 - left).fold(0.0, f64::max);
        let depth = (below - self.measures.layer_gap).max(0.0);
        Layout { nodes, heights, edges, width, height: depth }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;
    use crate::{graph::FlowDefinition, support_line};

    const MEASURES: Measures = Measures { node_width: 120.0, node_height: 40.0, gap: 24.0, layer_gap: 50.0 };

    fn check(picture: &Layout) {
        for (index, a) in picture.nodes.iter().enumerate() {
            for b in &picture.nodes[..index] {
                assert!((a.x - b.x).abs() > 119.9 || (a.y - b.y).abs() > 39.9, "{a:?} covers {b:?}");
            }
            assert!(a.x > 59.9 && a.x < picture.width - 59.9 && a.y < picture.height - 19.9, "{a:?} outside");
        }
        for edge in &picture.edges {
            let (from, to) = (picture.nodes[edge.from], picture.nodes[edge.to]);
            assert!(edge.back || from.y < to.y, "{edge:?} leads up");
            for place in &edge.via {
                assert!(place.y > from.y && place.y < to.y);
                let covered = picture
                    .nodes
                    .iter()
                    .any(|node| (node.x - place.x).abs() < 60.0 && (node.y - place.y).abs() < 20.0);
                assert!(!covered, "{edge:?} runs through a node");
            }
        }
    }

    #[test]
    fn callers_go_down_and_ways_back_are_marked() {
        let flow = support_line();
        let picture = layout(flow.definition(), MEASURES);
        check(&picture);
        let y = |id: &str| picture.nodes[flow.find(id).unwrap().index()].y;
        assert!(y("root") < y("support") && y("support") < y("technical"));
    }

    #[test]
    fn many_ends_of_one_menu_stand_in_columns() {
        let ends = 12;
        let branches: Vec<_> = (0..ends)
            .map(|end| serde_json::json!({ "on": "digits", "value": format!("1{end}"), "to": format!("e{end}") }))
            .collect();
        let mut nodes = vec![serde_json::json!({ "id": "menu", "type": "menu", "branches": branches })];
        nodes.extend((0..ends).map(|end| serde_json::json!({ "id": format!("e{end}"), "type": "hangup" })));
        let flow = serde_json::json!({ "flowId": "ends", "name": "", "start": "menu", "nodes": nodes });
        let picture = layout(&serde_json::from_value(flow).unwrap(), MEASURES);
        check(&picture);
        assert!(picture.width < 12.0 * 144.0 / 1.5, "{}", picture.width);
        let mut levels: Vec<i64> = picture.nodes.iter().map(|node| node.y as i64).collect();
        levels.sort_unstable();
        levels.dedup();
        assert_eq!(levels.len(), 1 + MAX_COLUMN);
    }

    proptest! {
        #[test]
        fn nothing_covers_anything_in_any_graph(targets in prop::collection::vec(prop::collection::vec(0usize..14, 0..4), 1..14)) {
            let count = targets.len();
            let nodes: Vec<_> = targets.iter().enumerate().map(|(index, targets)| {
                let branches: Vec<_> = targets.iter().map(|to| serde_json::json!({"on": "next", "to": (to % count).to_string()})).collect();
                serde_json::json!({"id": index.to_string(), "type": "prompt", "branches": branches})
            }).collect();
            let flow: FlowDefinition = serde_json::from_value(
                serde_json::json!({"flowId": "random", "name": "", "start": "0", "nodes": nodes})).unwrap();
            check(&layout(&flow, MEASURES));
        }
    }
}
