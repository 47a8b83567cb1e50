//! Structure of a flow: reachability, dead ends, cycles, distances.

use std::collections::VecDeque;

use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
    visit::{Bfs, Reversed},
};

use super::{
    edges::{EdgeKind, Edges},
    plan::Plan,
    reach::{Reach, Unreachable},
};
use crate::analysis::reach::{self};
use crate::graph::FlowDefinition;

/// Structure of a flow, computed once for all its runs; linear in nodes and branches, times the values of decisions.
#[derive(Clone, Debug)]
pub struct Structure {
    flow: FlowDefinition,
    edges: Edges,
    /// Edges and nodes that input can reach.
    pub reach: Reach,
    /// The branches that no caller takes, by node.
    pub unreachable: Vec<Unreachable>,
    /// Edges that only a caller takes who lets a timeout run out and then presses keys, which a simulation cannot do.
    pub needs_patience: Vec<usize>,
    /// Nodes from which no transfer and no hang-up can be reached.
    pub dead_ends: Vec<usize>,
    /// Nodes that lead back to themselves by branches: the strongly connected components, each in the definition's order.
    pub cycles: Vec<Vec<usize>>,
    /// By node: number of branches on the shortest path from the start.
    pub distance: Vec<Option<usize>>,
    /// Number of nodes on the longest of the shortest paths.
    pub depth: usize,
}

impl Structure {
    /// Analyses a definition, whether or not it could be run.
    pub fn of(flow: &FlowDefinition) -> Self {
        let edges = Edges::of(flow);
        let start = edges.node(&flow.start);
        let mut plan = Plan::of(flow, &edges);
        let reach = reach::reach(&mut plan, start, edges.len());
        let unreachable = reach::unreachable(flow, &edges, &reach);
        let needs_patience =
            (0..edges.len()).filter(|&edge| reach.by_caller[edge] && !reach.simulated[edge]).collect();
        let graph = graph(flow, &edges);
        let distance = distances(&graph, start);
        let depth = distance.iter().flatten().max().map_or(0, |longest| longest + 1);
        Self {
            dead_ends: dead_ends(flow, &graph, &distance),
            cycles: cycles(&graph),
            flow: flow.clone(),
            edges,
            reach,
            unreachable,
            needs_patience,
            distance,
            depth,
        }
    }

    /// Returns the definition.
    pub fn flow(&self) -> &FlowDefinition {
        &self.flow
    }

    /// Returns its edges.
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Returns an edge as a text for people.
    pub fn describe(&self, edge: usize) -> String {
        self.edges.describe(&self.flow, edge)
    }

    /// Returns the branches that no input takes, as in an export for a QA platform: `node: trigger`.
    pub fn unreachable_branches(&self) -> Vec<String> {
        self.unreachable.iter().map(|unreachable| self.describe(unreachable.edge)).collect()
    }

    /// Returns by node: true when any caller can reach it.
    pub fn reachable_nodes(&self) -> Vec<bool> {
        let mut reached = vec![false; self.flow.nodes.len()];
        if let Some(start) = self.edges.node(&self.flow.start) {
            reached[start] = true;
        }
        for (at, edge) in self.edges.all().iter().enumerate() {
            if let Some(to) = edge.to {
                reached[to] |= self.reach.by_caller[at];
            }
        }
        reached
    }
}

/// The branches as a graph; repetitions that no branch asks for are none.
fn graph(flow: &FlowDefinition, edges: &Edges) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(flow.nodes.len(), edges.len());
    for _ in &flow.nodes {
        graph.add_node(());
    }
    for edge in edges.all() {
        if let (EdgeKind::Branch(_), Some(to)) = (edge.kind, edge.to) {
            graph.add_edge(NodeIndex::new(edge.from), NodeIndex::new(to), ());
        }
    }
    graph
}

fn distances(graph: &DiGraph<(), ()>, start: Option<usize>) -> Vec<Option<usize>> {
    let mut distance = vec![None; graph.node_count()];
    let Some(start) = start else { return distance };
    distance[start] = Some(0);
    let mut waiting = VecDeque::from([(start, 0)]);
    while let Some((at, far)) = waiting.pop_front() {
        for next in graph.neighbors(NodeIndex::new(at)) {
            if distance[next.index()].is_none() {
                distance[next.index()] = Some(far + 1);
                waiting.push_back((next.index(), far + 1));
            }
        }
    }
    distance
}

fn dead_ends(flow: &FlowDefinition, graph: &DiGraph<(), ()>, distance: &[Option<usize>]) -> Vec<usize> {
    // One node that every end leads to, so that one walk backwards finds all that lead to an end.
    let mut graph = graph.clone();
    let end = graph.add_node(());
    for (at, _) in flow.nodes.iter().enumerate().filter(|(_, node)| node.is_end()) {
        graph.add_edge(NodeIndex::new(at), end, ());
    }
    let mut leads = vec![false; graph.node_count()];
    let backwards = Reversed(&graph);
    let mut walk = Bfs::new(backwards, end);
    while let Some(at) = walk.next(backwards) {
        leads[at.index()] = true;
    }
    (0..flow.nodes.len()).filter(|&at| distance[at].is_some() && !leads[at]).collect()
}

fn cycles(graph: &DiGraph<(), ()>) -> Vec<Vec<usize>> {
    let mut cycles: Vec<Vec<usize>> = kosaraju_scc(graph)
        .into_iter()
        .filter(|component| component.len() > 1 || graph.contains_edge(component[0], component[0]))
        .map(|component| {
            let mut members: Vec<usize> = component.into_iter().map(NodeIndex::index).collect();
            members.sort_unstable();
            members
        })
        .collect();
    cycles.sort_unstable();
    cycles
}
