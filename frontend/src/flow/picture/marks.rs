//! The marks of the picture's nodes and edges: what runs did there.

use ivr::{
    EdgeRoute,
    analysis::{Coverage, EdgeKind, Structure, part_at},
    graph::FlowDefinition,
};

use crate::flow::view::{AnalysedRun, Weight};

/// The marks of a node or a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Number of visits by the shown run, up to the player's step.
    pub(super) lit: u64,
    /// Number of visits by the run that is laid over it.
    pub(super) other: u64,
    /// Number of visits that the weight counts.
    pub(super) weight: u64,
    /// True when no run of this flow was there.
    pub(super) missed: bool,
}

impl Mark {
    /// Returns true when the shown run was there.
    pub(super) const fn is_lit(self) -> bool {
        self.lit > 0
    }

    /// Returns true when only the run that is laid over it was there.
    pub(super) const fn is_other(self) -> bool {
        self.other > 0 && self.lit == 0
    }
}

/// The marks of all nodes and lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Marks {
    pub(super) nodes: Vec<Mark>,
    pub(super) edges: Vec<Mark>,
    /// The node of the player's step.
    pub(super) current: Option<usize>,
    /// The node at which the two runs part.
    pub(super) parting: Option<usize>,
}

/// The part of the picture that never changes for a flow: the edges of each drawn line, and the unreachable ones.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fixed {
    /// By line: the flow's edges.
    pub(super) edges: Vec<Vec<usize>>,
    /// By node: true when some caller gets there.
    pub(super) reachable: Vec<bool>,
    /// By line: true when some caller takes it.
    pub(super) passable: Vec<bool>,
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

impl Marks {
    /// Returns the marks of `shown` up to step `last`, and of `other`.
    pub(super) fn of(
        fixed: &Fixed,
        edges: &[EdgeRoute],
        shown: Option<(&AnalysedRun, usize)>,
        other: Option<&AnalysedRun>,
        all: &Coverage,
        weight: Weight,
    ) -> Self {
        let none = Mark::default();
        let (mut nodes, mut lines) = (vec![none; fixed.reachable.len()], vec![none; edges.len()]);
        if let Some((shown, last)) = shown {
            let path = &shown.analysis.path[..=last];
            count(path, &mut nodes, edges, &mut lines, |mark| &mut mark.lit);
        }
        if let Some(other) = other {
            count(&other.analysis.path, &mut nodes, edges, &mut lines, |mark| &mut mark.other);
        }
        for (node, mark) in nodes.iter_mut().enumerate() {
            mark.missed = all.nodes[node] == 0;
            mark.weight = if weight == Weight::All { all.nodes[node] } else { mark.lit };
        }
        for (edges, mark) in fixed.edges.iter().zip(&mut lines) {
            let taken = edges.iter().map(|&edge| all.edges[edge]).sum();
            mark.missed = taken == 0;
            mark.weight = if weight == Weight::All { taken } else { mark.lit };
        }
        let current = shown.and_then(|(shown, last)| Some(*shown.analysis.path.get(last)? as usize));
        let parting = shown.zip(other).and_then(|((shown, _), other)| parting(shown, other));
        Self { nodes, edges: lines, current, parting }
    }
}

/// Returns the node at which two runs part.
pub(super) fn parting(shown: &AnalysedRun, other: &AnalysedRun) -> Option<usize> {
    let at = part_at(&shown.result, &other.result)?;
    let place = shown.analysis.path.get(at).or_else(|| other.analysis.path.get(at))?;
    Some(*place as usize)
}

fn count(
    path: &[u32],
    nodes: &mut [Mark],
    edges: &[EdgeRoute],
    lines: &mut [Mark],
    of: fn(&mut Mark) -> &mut u64,
) {
    for &node in path {
        if let Some(mark) = nodes.get_mut(node as usize) {
            *of(mark) += 1;
        }
    }
    for (edge, mark) in edges.iter().zip(lines) {
        let taken =
            path.windows(2).filter(|pair| [pair[0] as usize, pair[1] as usize] == [edge.from, edge.to]);
        *of(mark) += taken.count() as u64;
    }
}

/// Returns the picture in words.
pub(super) fn describe(
    flow: &FlowDefinition,
    structure: &Structure,
    shown: Option<(&AnalysedRun, usize)>,
    other: Option<&AnalysedRun>,
) -> String {
    let edge = |looked: &AnalysedRun, last: usize| {
        let steps = looked.result.execution_path.iter().take(last.saturating_add(1));
        let names = steps.map(|step| {
            let name = flow.node(&step.node_id).map_or(&*step.node_id, |node| node.name());
            step.decision.as_ref().map_or_else(|| name.to_owned(), |decision| format!("{name} ({decision})"))
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let mut sentences = vec![format!("Flow {} with {} nodes.", flow.name, flow.nodes.len())];
    sentences.push(shown.map_or_else(
        || "No run is shown.".to_owned(),
        |(shown, last)| {
            let share = shown.analysis.coverage.node_share(structure);
            format!(
                "Run {} went: {}. It reached {} of {} reachable nodes.",
                shown.record.number,
                edge(shown, last),
                share.reached,
                share.of
            )
        },
    ));
    sentences
        .extend(other.map(|other| format!("Run {} went: {}.", other.record.number, edge(other, usize::MAX))));
    let reachable = structure.reachable_nodes();
    let cut: Vec<&str> =
        flow.nodes.iter().zip(&reachable).filter(|(_, can)| !**can).map(|(node, _)| node.name()).collect();
    if !cut.is_empty() {
        sentences.push(format!("No input reaches: {}.", cut.join(", ")));
    }
    sentences.join(" ")
}
