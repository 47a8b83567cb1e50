//! The marks of the picture's nodes and lines, and what of a drawing never changes.

use ivr::{
    EdgeRoute,
    analysis::{EdgeKind, Structure},
};

/// The marks of a node or a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Number of visits by what is shown: a run up to the player's step, or a call.
    pub(crate) lit: u64,
    /// Number of visits by the run that is laid over it.
    pub(crate) other: u64,
    /// Number of visits that the weight counts.
    pub(crate) weight: u64,
    /// True when no run of this flow was there.
    pub(crate) missed: bool,
}

impl Mark {
    /// Returns true when what is shown was there.
    pub(crate) const fn is_lit(self) -> bool {
        self.lit > 0
    }

    /// Returns true when only the run that is laid over it was there.
    pub(crate) const fn is_other(self) -> bool {
        self.other > 0 && self.lit == 0
    }
}

/// The marks of all nodes and lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    pub(crate) nodes: Vec<Mark>,
    pub(crate) edges: Vec<Mark>,
    /// The node of the player's step, or the one that the call is at.
    pub(crate) current: Option<usize>,
    /// The node at which two runs part.
    pub(crate) parting: Option<usize>,
}

impl Marks {
    /// Returns the marks of a flow in which nothing has happened.
    pub(crate) fn none(nodes: usize, lines: usize) -> Self {
        let none = Mark::default();
        Self { nodes: vec![none; nodes], edges: vec![none; lines], current: None, parting: None }
    }

    /// Returns a node's mark.
    pub(super) fn node(&self, node: usize) -> Mark {
        self.nodes.get(node).copied().unwrap_or_default()
    }

    /// Returns a line's mark; none where these are the next drawing's already, which has other lines.
    pub(super) fn edge(&self, line: usize) -> Mark {
        self.edges.get(line).copied().unwrap_or_default()
    }

    /// Counts each node and line that a path goes over, in the field that `of` picks.
    pub(crate) fn count(&mut self, path: &[u32], lines: &[EdgeRoute], of: fn(&mut Mark) -> &mut u64) {
        for &node in path {
            if let Some(mark) = self.nodes.get_mut(node as usize) {
                *of(mark) += 1;
            }
        }
        for (line, mark) in lines.iter().zip(&mut self.edges) {
            let taken =
                path.windows(2).filter(|pair| [pair[0] as usize, pair[1] as usize] == [line.from, line.to]);
            *of(mark) += taken.count() as u64;
        }
    }
}

/// The part of the picture that never changes for a flow: the edges of each drawn line, and the unreachable ones.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fixed {
    /// By line: the flow's edges.
    pub(crate) edges: Vec<Vec<usize>>,
    /// By node: true when some caller gets there.
    pub(crate) reachable: Vec<bool>,
    /// By line: true when some caller takes it.
    pub(crate) passable: Vec<bool>,
}

impl Fixed {
    pub(super) fn of(structure: &Structure, lines: &[EdgeRoute]) -> Self {
        let edges: Vec<Vec<usize>> = lines
            .iter()
            .map(|line| {
                let all = structure.edges();
                let branch = |edge: &usize| {
                    let edge = all.all()[*edge];
                    matches!(edge.kind, EdgeKind::Branch(_)) && edge.to == Some(line.to)
                };
                all.of_node(line.from).filter(branch).collect()
            })
            .collect();
        let passable =
            edges.iter().map(|edges| edges.iter().any(|&edge| structure.reach.by_caller[edge])).collect();
        Self { edges, reachable: structure.reachable_nodes(), passable }
    }
}
