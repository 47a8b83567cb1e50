//! The trace: what every step was given and what came of it.

use ivr::FlowDefinition;
use leptos::prelude::*;
use scenario::flow::{StepWords, describe_value};
use serde_json::{Map, Value};
use wire::cxone::NodeExecution;

use super::{run::RunId, state::FlowState, view::FlowView};
use crate::kit::table::{Column, Selection, Sheet, Table};

/// One step of the shown run.
#[derive(Clone)]
struct Step {
    run: RunId,
    index: usize,
    execution: NodeExecution,
    words: StepWords,
}

/// The step that is looked at in words, and all steps as a table. A row's number takes the player to the step.
#[component]
pub(super) fn Trace() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    let steps = Signal::derive(move || {
        let (Some(shown), picked) = (view.shown.get(), view.picked()) else { return Vec::new() };
        let path = shown.analysis.path.iter().zip(&shown.result.execution_path).enumerate();
        let of_node = path.filter(|(_, (node, _))| picked.is_none_or(|picked| **node as usize == picked));
        let known = view.flow.get();
        let name_of = |id: &str| known.as_ref().map_or_else(|| id.to_owned(), |known| name(known.flow(), id));
        let step = |(index, (_, execution)): (usize, (&u32, &NodeExecution))| Step {
            run: shown.id,
            index,
            execution: execution.clone(),
            words: StepWords::of(execution, name_of),
        };
        of_node.map(step).collect::<Vec<Step>>()
    });
    let only = move || {
        let (known, picked) = (view.flow.get()?, view.picked()?);
        let name = known.flow().nodes.get(picked)?.name().to_owned();
        let (count, run) = (steps.with(Vec::len), view.shown.get()?.record.number);
        Some(match count {
            0 => format!("Run {run} was never at {name}."),
            1 => format!("Only the step at {name} is listed."),
            _ => format!("Only the {count} steps at {name} are listed."),
        })
    };
    let chosen = Signal::derive(move || view.step.get().and_then(|step| Some((view.shown.get()?.id, step))));
    let selection = Selection::new(
        chosen,
        move |(_, step)| view.step.set(Some(step)),
        |step: &Step| format!("Go to step {}", step.index + 1),
    );
    let empty = move || {
        if view.shown.with(Option::is_some) {
            "There is no such step."
        } else {
            "No finished run is shown. Its steps will stand here."
        }
    };
    let save = move |sheet: Sheet| {
        let name = view.shown.with_untracked(|shown| {
            shown.as_ref().map_or_else(String::new, |run| run.record.number.to_string())
        });
        sheet.save(&format!("run-{name}-trace.csv"), state.notice);
    };
    view! {
        <section class="panel trace" aria-label="Trace">
            <header><h2>"Trace"</h2></header>
            <Current />
            <div class="only">
                <p class="fine" role="status">{only}</p>
                <Show when=move || only().is_some()>
                    <button type="button" on:click=move |_| view.pick(None)>"List all steps"</button>
                </Show>
            </div>
            <Table name="Trace" rows=steps key=|step: &Step| (step.run, step.index) columns=columns() selection=selection
                empty=Signal::derive(move || empty().to_owned()) filter_name="Filter steps" export=save />
        </section>
    }
}

fn columns() -> Vec<Column<Step>> {
    vec![
        Column::new("Step", |step: &Step| (step.index + 1).to_string()).sorted_by(|step| step.index.into()),
        Column::new("Node", |step: &Step| step.execution.node_id.clone()),
        Column::new("Decision", |step: &Step| step.execution.decision.clone().unwrap_or_default())
            .class("digits"),
        Column::new("What happened", |step: &Step| step.words.line()).class("sentences"),
        Column::new("Actions", |step: &Step| step.words.actions.join(", ")),
        Column::new("Time", |step: &Step| format!("{} ms", step.execution.duration_ms))
            .sorted_by(|step| step.execution.duration_ms.into())
            .class("number"),
        Column::new("Type", |step: &Step| step.execution.node_type.clone()),
        Column::new("Said", |step: &Step| step.words.said.join(" ")),
    ]
}

/// The player's step in words.
#[component]
fn Current() -> impl IntoView {
    let view = expect_context::<FlowView>();
    let step = move || {
        let (shown, known, index) = (view.shown.get()?, view.flow.get()?, view.step.get()?);
        let execution = shown.result.execution_path.get(index)?.clone();
        let words = StepWords::of(&execution, |id| name(known.flow(), id));
        Some((index, shown.steps(), name(known.flow(), &execution.node_id), execution, words))
    };
    let none = "Choose a step here or in the player: its node is lit, and what happened there stands here.";
    move || {
        let Some((index, count, name, step, words)) = step() else {
            return view.shown.with(Option::is_some).then(|| view! { <p class="fine">{none}</p> }.into_any());
        };
        let said =
            words.said.iter().map(|text| view! { <p class="said">{format!("“{text}”")}</p> }).collect_view();
        let actions = words.actions.iter().map(|action| chip("action", action)).collect_view();
        let others = words.others.iter().map(|(name, value)| chip(name, value)).collect_view();
        Some(
            view! {
                <div class="step">
                    <p>
                        {format!("Step {} of {count}: ", index + 1)}<strong>{name}</strong>
                        {format!(", a {} node, for {} ms. {}", step.node_type, step.duration_ms, words.sentences.join(" "))}
                    </p>
                    {said}
                    <p>{actions}{others}</p>
                </div>
            }
            .into_any(),
        )
    }
}

fn chip(name: &str, value: &str) -> impl IntoView + use<> {
    view! { <span class="chip"><span class="fine">{name.to_owned()}</span>" "{value.to_owned()}</span>" " }
}

/// Returns the name of a node by its id.
fn name(flow: &FlowDefinition, id: &str) -> String {
    flow.node(id).map_or(id, |node| node.name()).to_owned()
}

/// Returns values in a line: `digit: 2 · entered: 2`.
pub(super) fn describe_values(values: &Map<String, Value>) -> String {
    let all = values.iter().map(|(name, value)| format!("{name}: {}", describe_value(value)));
    all.collect::<Vec<_>>().join(" · ")
}
