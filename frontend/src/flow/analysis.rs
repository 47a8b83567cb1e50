//! The region `Path analysis`: the shown run's verdict and figures, and what the flow's definition says by itself.

use ivr::analysis::{Coverage, Share, Structure, endless_silence};
use leptos::prelude::*;

use super::{
    run::verdict_name,
    view::{AnalysedRun, FlowView},
};
use crate::{kit::checks::CheckTable, picture::FlowModel};

/// Maximum number of items of a list; further ones are only counted.
const MAX_ITEMS: usize = 500;

/// The region `Path analysis`.
#[component]
pub(super) fn Analysis() -> impl IntoView {
    let view = expect_context::<FlowView>();
    view! {
        <section class="panel analysis" role="region" aria-label="Path analysis">
            <header><h2>"Path analysis"</h2></header>
            {move || match view.shown.get() {
                None => view! { <p class="empty">"No finished run is shown. Run the simulation, and its path is judged here."</p> }.into_any(),
                Some(looked) => view! { <Verdict looked=looked.clone() /><Figures looked /> }.into_any(),
            }}
            {move || {
                let (known, all) = (view.flow.get()?, view.all.get()?);
                Some(view! { <OfFlow known all /> })
            }}
        </section>
    }
}

#[component]
fn Verdict(looked: AnalysedRun) -> impl IntoView {
    let judgement = looked.judgement.clone();
    let name = verdict_name(judgement.verdict);
    let accuracy = match judgement.accuracy {
        Some(share) => format!(
            "Accuracy {:.0} %: {} of {} expectations held.",
            share * 100.0,
            judgement.checks.iter().filter(|check| check.held).count(),
            judgement.checks.len()
        ),
        None => "Nothing was expected of this run, so it is not judged.".to_owned(),
    };
    let checks = judgement.checks;
    view! {
        <p class="headline">
            {format!("Run {}: ", looked.record.number)}
            <strong data-verdict=name>{name}</strong>". "{accuracy}
        </p>
        {(!checks.is_empty()).then(|| view! { <CheckTable name="Expectations" checks /> })}
    }
}

#[component]
fn Figures(looked: AnalysedRun) -> impl IntoView {
    let view = expect_context::<FlowView>();
    let analysis = &looked.analysis;
    let percent = |ratio: f64| format!("{:.0} %", ratio * 100.0);
    let shares = view.flow.get_untracked().map(|known| {
        let coverage = &analysis.coverage;
        (coverage.node_share(known.structure()), coverage.way_share(known.structure()))
    });
    let share = |share: Option<Share>| share.map_or_else(String::new, covered);
    let figures = [
        ("Steps", analysis.steps.to_string()),
        ("Decision points", analysis.decision_points.to_string()),
        ("Repeated visits", analysis.repeats.to_string()),
        ("Efficiency", format!("{:.2}", analysis.efficiency)),
        ("Path optimality", analysis.optimality.map_or("–".to_owned(), percent)),
        ("Shortest path", analysis.shortest.map_or("–".to_owned(), |nodes| format!("{nodes} nodes"))),
        ("Node coverage", share(shares.map(|shares| shares.0))),
        ("Edge coverage", share(shares.map(|shares| shares.1))),
        ("Time in the flow", format!("{:.1} s", looked.result.duration_ms as f64 / 1_000.0)),
    ];
    let strange = (!analysis.unknown.is_empty()).then(|| {
        format!(
            "The trace names nodes that the fetched definition lacks: {}. The flow has changed since.",
            analysis.unknown.join(", ")
        )
    });
    let variables = super::trace::describe_values(&looked.result.variables);
    view! {
        <dl class="figures">
            {figures.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
        </dl>
        {strange.map(|text| view! { <p class="wrong">{text}</p> })}
        {(!variables.is_empty()).then(|| view! { <p class="fine">"Variables at the end: "{variables}</p> })}
    }
}

fn covered(share: Share) -> String {
    format!("{} of {} ({:.0} %)", share.reached, share.of, share.ratio() * 100.0)
}

/// The coverage by all runs of the flow, and what no run can change.
#[component]
fn OfFlow(known: FlowModel, all: Coverage) -> impl IntoView {
    let structure = known.structure();
    let name = |node: usize| structure.flow().nodes[node].id.clone();
    let reachable = structure.reachable_nodes();
    let nodes_missed = all.nodes_missed().filter(|&node| reachable[node]).map(name).collect();
    let edges_missed = all.ways_missed(structure).map(|edge| structure.describe(edge)).collect();
    let cut = structure.unreachable.iter();
    let unreachable =
        cut.map(|branch| format!("{}: {}", structure.describe(branch.edge), branch.why.describe())).collect();
    let patient = structure.needs_patience.iter().map(|&edge| structure.describe(edge)).collect();
    let dead_ends = structure.dead_ends.iter().map(|&node| name(node)).collect();
    let joined = |nodes: &Vec<usize>| nodes.iter().map(|&node| name(node)).collect::<Vec<_>>().join(", ");
    let cycles = structure.cycles.iter().map(joined).collect();
    view! {
        <h3>"All runs of this flow"</h3>
        <dl class="figures" aria-label="Coverage over all runs">
            <div><dt>"Nodes reached"</dt><dd>{covered(all.node_share(structure))}</dd></div>
            <div><dt>"Edges taken"</dt><dd>{covered(all.way_share(structure))}</dd></div>
            <div><dt>"Depth"</dt><dd>{format!("{} nodes", structure.depth)}</dd></div>
        </dl>
        {bounded(structure)}
        {endless(&known)}
        <Items title="Nodes never reached" items=nodes_missed />
        <Items title="Edges never taken" items=edges_missed />
        <Items title="Edges that no input can take" items=unreachable />
        <Items title="Edges that need a caller who waits, then presses keys: no simulation takes them" items=patient />
        <Items title="Dead ends" items=dead_ends />
        <Items title="Cycles: nodes that lead back to each other" items=cycles />
    }
}

fn bounded(structure: &Structure) -> Option<impl IntoView + use<>> {
    (!structure.reach.complete).then(|| {
        view! { <p class="fine">"The flow's variables have too many values to look at all: what is said to be unreachable may be reachable."</p> }
    })
}

/// Says between which nodes a caller goes round who presses nothing.
fn endless(known: &FlowModel) -> Option<impl IntoView + use<>> {
    let round = endless_silence(known.compiled()?);
    let first = round.first()?.clone();
    let round = round.join(" → ");
    Some(view! {
        <p class="field-error">{format!("A caller who presses nothing is never let go: {round} → {first}, for ever. Timeouts lead round; give one of them an end.")}</p>
    })
}

#[component]
fn Items(title: &'static str, mut items: Vec<String>) -> impl IntoView {
    let count = items.len();
    items.truncate(MAX_ITEMS);
    let more = count - items.len();
    (count > 0).then(|| {
        view! {
            <details>
                <summary>{format!("{title} ({count})")}</summary>
                <ul class="items">{items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view()}</ul>
                {(more > 0).then(|| view! { <p class="fine">{format!("And {more} more.")}</p> })}
            </details>
        }
    })
}
