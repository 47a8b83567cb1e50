//! The marks that runs leave in the picture, and the picture in words.

use ivr::{
    analysis::{Coverage, Structure, part_at},
    graph::FlowDefinition,
};

use crate::{
    flow::view::{AnalysedRun, Weight},
    picture::{Mark, Marks, Plan},
};

/// Returns the marks of `shown` up to step `last`, and of `other`.
pub(super) fn of_runs(
    plan: &Plan,
    shown: Option<(&AnalysedRun, usize)>,
    other: Option<&AnalysedRun>,
    all: &Coverage,
    weight: Weight,
) -> Marks {
    let lines = &plan.layout.edges;
    let mut marks = Marks::none(plan.fixed.reachable.len(), lines.len());
    if let Some((shown, last)) = shown {
        marks.count(&shown.analysis.path[..=last], lines, |mark| &mut mark.lit);
    }
    if let Some(other) = other {
        marks.count(&other.analysis.path, lines, |mark| &mut mark.other);
    }
    let weigh = |mark: &mut Mark, visits: u64| {
        mark.missed = visits == 0;
        mark.weight = if weight == Weight::All { visits } else { mark.lit };
    };
    for (node, mark) in marks.nodes.iter_mut().enumerate() {
        weigh(mark, all.nodes[node]);
    }
    for (edges, mark) in plan.fixed.edges.iter().zip(&mut marks.edges) {
        weigh(mark, edges.iter().map(|&edge| all.edges[edge]).sum());
    }
    marks.current = shown.and_then(|(shown, last)| Some(*shown.analysis.path.get(last)? as usize));
    marks.parting = shown.zip(other).and_then(|((shown, _), other)| parting(shown, other));
    marks
}

/// Returns the node at which two runs part.
pub(super) fn parting(shown: &AnalysedRun, other: &AnalysedRun) -> Option<usize> {
    let at = part_at(&shown.result, &other.result)?;
    let place = shown.analysis.path.get(at).or_else(|| other.analysis.path.get(at))?;
    Some(*place as usize)
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
