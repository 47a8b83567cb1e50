//! The checks of a verdict, one by one.

use leptos::prelude::*;
use scenario::report::Check;

/// Shows a table of checks: their subject, what was expected, what happened, and whether it held.
#[component]
pub(crate) fn CheckTable(
    /// The accessible name.
    name: &'static str,
    checks: Vec<Check>,
) -> impl IntoView {
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label=format!("{name}, one by one")>
            <table aria-label=name>
                <thead><tr>
                    <th scope="col">"About"</th><th scope="col">"Expected"</th><th scope="col">"Happened"</th><th scope="col">"Held"</th>
                </tr></thead>
                <tbody>
                    {checks.into_iter().map(|check| view! {
                        <tr>
                            <th scope="row">{check.about}</th><td>{check.expected}</td><td>{check.actual}</td>
                            <td data-verdict=if check.held { "passed" } else { "failed" }>{if check.held { "yes" } else { "no" }}</td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}
