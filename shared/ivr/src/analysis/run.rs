//! Analysis of one run, and coverage of several together.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::structure::Structure;
use crate::trace::{NodeExecution, SimulationResult};

/// Analysis of one run on its flow; linear in the trace.
#[derive(Clone, Debug, PartialEq)]
pub struct RunAnalysis {
    /// Steps of the trace.
    pub steps: usize,
    /// Steps that decided where to go: those with a `decision`, by input at menus and by variables elsewhere, and those
    /// at nodes of the types `decision` and `conditional`.
    pub decision_points: usize,
    /// Steps at nodes that had been visited before.
    pub repeats: usize,
    /// The nodes that were visited more than once, and how often, in the definition's order.
    pub repeated: Vec<(usize, u64)>,
    /// Efficiency score: decision points by steps, less 0.1 for each repeat, within 0–1.
    pub efficiency: f64,
    /// Visits of nodes and uses of edges.
    pub coverage: Coverage,
    /// The definition's index of each step's node; [`UNKNOWN`] for one that is not in it.
    pub path: Vec<u32>,
    /// Nodes of the trace that are not in the definition, each once.
    pub unknown: Vec<String>,
    /// The node at which it ended.
    pub end: Option<usize>,
    /// Number of nodes on the shortest path to that end.
    pub shortest: Option<usize>,
    /// Path optimality: nodes of the shortest path by those of the path taken, at most 1.
    pub optimality: Option<f64>,
}

/// Stands in [`RunAnalysis::path`] for a node that is not in the definition.
pub const UNKNOWN: u32 = u32::MAX;

/// Visits of nodes and uses of edges, over one run or many of one flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// By node.
    pub nodes: Vec<u64>,
    /// By edge.
    pub edges: Vec<u64>,
}

/// A share of what can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Number that was reached.
    pub reached: usize,
    /// Number that can be reached.
    pub of: usize,
}

impl Share {
    /// 0–1; 1 where there is nothing to reach.
    pub fn ratio(self) -> f64 {
        if self.of == 0 { 1.0 } else { self.reached as f64 / self.of as f64 }
    }
}

impl Coverage {
    /// Creates a coverage without visits.
    pub fn none(structure: &Structure) -> Self {
        Self { nodes: vec![0; structure.flow().nodes.len()], edges: vec![0; structure.edges().len()] }
    }

    /// Returns the coverage of a run.
    pub fn of(structure: &Structure, result: &SimulationResult) -> Self {
        let mut coverage = Self::none(structure);
        coverage.add_run(structure, result, |_| {});
        coverage
    }

    /// Adds the coverage of another run of the same flow.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.nodes.iter_mut().zip(&other.nodes) {
            *mine += theirs;
        }
        for (mine, theirs) in self.edges.iter_mut().zip(&other.edges) {
            *mine += theirs;
        }
    }

    /// Returns the share of nodes visited, of those that any caller can reach.
    pub fn node_share(&self, structure: &Structure) -> Share {
        share(&self.nodes, &structure.reachable_nodes())
    }

    /// Returns the share of edges taken, of those that a simulation can take.
    pub fn way_share(&self, structure: &Structure) -> Share {
        share(&self.edges, &structure.reach.simulated)
    }

    /// Returns the nodes that were not visited, reachable or not.
    pub fn nodes_missed(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|&node| self.nodes[node] == 0)
    }

    /// Returns the edges that were not taken although a simulation can take them.
    pub fn ways_missed(&self, structure: &Structure) -> impl Iterator<Item = usize> {
        (0..self.edges.len()).filter(|&edge| self.edges[edge] == 0 && structure.reach.simulated[edge])
    }

    fn add_run(
        &mut self,
        structure: &Structure,
        result: &SimulationResult,
        mut at: impl FnMut(Option<usize>),
    ) {
        let edges = structure.edges();
        let path = &result.execution_path;
        let mut node = path.first().and_then(|step| edges.node(&step.node_id));
        for (index, step) in path.iter().enumerate() {
            at(node);
            let next = path.get(index + 1).and_then(|next| edges.node(&next.node_id));
            if let Some(node) = node {
                self.nodes[node] += 1;
                for edge in edges.taken(node, step, next).into_iter().flatten() {
                    self.edges[edge] += 1;
                }
            }
            node = next;
        }
    }
}

fn share(counts: &[u64], can: &[bool]) -> Share {
    let can = |at: &usize| can[*at];
    let of = (0..counts.len()).filter(can).count();
    let reached = (0..counts.len()).filter(can).filter(|&at| counts[at] > 0).count();
    Share { reached, of }
}

/// Analyses a run. An unfinished run has an empty trace.
pub fn analyse(structure: &Structure, result: &SimulationResult) -> RunAnalysis {
    let steps = result.execution_path.len();
    let mut path = Vec::with_capacity(steps);
    let mut coverage = Coverage::none(structure);
    coverage.add_run(structure, result, |node| path.push(node.map_or(UNKNOWN, |node| node as u32)));
    let mut unknown: Vec<String> = Vec::new();
    let mut names = HashSet::new();
    for (_, step) in path.iter().zip(&result.execution_path).filter(|(at, _)| **at == UNKNOWN) {
        if names.insert(step.node_id.as_str()) {
            unknown.push(step.node_id.clone());
        }
    }
    let visited = coverage.nodes.iter().filter(|&&visits| visits > 0).count() + unknown.len();
    let repeats = steps - visited;
    let decides = |step: &&NodeExecution| {
        step.decision.is_some() || matches!(&*step.node_type, "decision" | "conditional")
    };
    let decision_points = result.execution_path.iter().filter(decides).count();
    let efficiency = if steps == 0 {
        0.0
    } else {
        (decision_points as f64 / steps as f64 - repeats as f64 * 0.1).clamp(0.0, 1.0)
    };
    let end = path.last().filter(|&&last| last != UNKNOWN).map(|&last| last as usize);
    let shortest = end.and_then(|end| structure.distance[end]).map(|distance| distance + 1);
    RunAnalysis {
        steps,
        decision_points,
        repeats,
        repeated: (coverage.nodes.iter().enumerate())
            .filter(|(_, visits)| **visits > 1)
            .map(|(node, &visits)| (node, visits))
            .collect(),
        efficiency,
        optimality: shortest.map(|shortest| (shortest as f64 / steps as f64).min(1.0)),
        coverage,
        path,
        unknown,
        end,
        shortest,
    }
}

/// Returns the first step at which two runs of a flow differ in node or decision, or one is over.
pub fn part_at(a: &SimulationResult, b: &SimulationResult) -> Option<usize> {
    let (a, b) = (&a.execution_path, &b.execution_path);
    let same =
        a.iter().zip(b).take_while(|(a, b)| a.node_id == b.node_id && a.decision == b.decision).count();
    (same < a.len().max(b.len())).then_some(same)
}
