//! The trace as a table: what every step was given and what came of it.

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::wire::NodeExecution;

use super::sight::Sight;

/// More steps than this are not listed; a flow's depth is limited to 200.
const MOST_ROWS: usize = 1_000;

/// One row a step; the player's step is marked, and a row's number takes the player there.
#[component]
pub(super) fn Trace() -> impl IntoView {
    let sight = expect_context::<Sight>();
    let listed = Memo::new(move |_| {
        let (Some(shown), picked) = (sight.shown.get(), sight.picked()) else { return Vec::new() };
        let path = shown.analysis.path.iter().enumerate();
        let of_node = path.filter(|(_, node)| picked.is_none_or(|picked| **node as usize == picked));
        of_node.map(|(index, _)| index).take(MOST_ROWS).collect()
    });
    let rows = move || {
        let shown = sight.shown.get()?;
        let steps = listed.get().into_iter().filter_map(|index| {
            let step = shown.result.execution_path.get(index)?.clone();
            Some(view! { <Row index step /> })
        });
        Some(steps.collect_view())
    };
    let only = move || {
        let (known, picked) = (sight.flow.get()?, sight.picked()?);
        let name = known.flow().nodes.get(picked)?.name().to_owned();
        let (count, run) = (listed.with(Vec::len), sight.shown.get()?.record.number);
        Some(match count {
            0 => format!("Run {run} was never at {name}."),
            1 => format!("Only the step at {name} is listed."),
            _ => format!("Only the {count} steps at {name} are listed."),
        })
    };
    view! {
        <section class="panel trace" aria-label="Trace">
            <header><h2>"Trace"</h2></header>
            <div class="only">
                <p class="fine" role="status">{only}</p>
                <Show when=move || only().is_some()>
                    <button type="button" on:click=move |_| sight.pick(None)>"List all steps"</button>
                </Show>
            </div>
            <div class="scroll" tabindex="0" role="group" aria-label="Steps of the trace">
                <table aria-label="Trace">
                    <thead>
                        <tr>
                            <th scope="col">"Step"</th><th scope="col">"Node"</th><th scope="col">"Type"</th>
                            <th scope="col">"Input"</th><th scope="col">"Decision"</th><th scope="col">"Output"</th>
                            <th scope="col">"Time"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Show when=move || sight.shown.with(Option::is_none)>
                            <tr><td colspan="7" class="empty">"No finished run is shown. Its steps will stand here."</td></tr>
                        </Show>
                        {rows}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn Row(index: usize, step: NodeExecution) -> impl IntoView {
    let sight = expect_context::<Sight>();
    let current = move || sight.step.get() == Some(index);
    let number = index + 1;
    view! {
        <tr class:current=current aria-current=move || current().then_some("step")>
            <th scope="row">
                <button type="button" aria-label=format!("Go to step {number}")
                    on:click=move |_| sight.step.set(Some(index))>{number}</button>
            </th>
            <td>{step.node_id}</td>
            <td>{step.node_type}</td>
            <td class="values">{told(&step.input)}</td>
            <td class="digits">{step.decision}</td>
            <td class="values">{told(&step.output)}</td>
            <td>{format!("{} ms", step.duration_ms)}</td>
        </tr>
    }
}

/// Values in a line.
pub(super) fn told(values: &Map<String, Value>) -> String {
    let one = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    values.iter().map(|(name, value)| format!("{name}: {}", one(value))).collect::<Vec<_>>().join(" · ")
}
