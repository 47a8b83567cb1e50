//! The region `Handing on`: a run as files, and for the QA platform.

use leptos::prelude::*;
use scenario::{
    dialer::export::ExportedSimulation,
    report::{to_csv, to_junit},
};
use wire::api::Profile;

use super::following::Following;
use crate::{
    kit::{qa::QaExportForm, trail::TrailLink},
    ui::{Notice, save_text},
};

/// Name of the report in `JUnit` files.
const REPORT: &str = "dialbench";

/// Writes a run as a file's text.
type Writer = fn(&ExportedSimulation) -> String;

/// Shows the downloads of the run and its export, once it has ended.
#[component]
pub(crate) fn ExportPanel(
    following: Following,
    #[prop(into)] profile: Signal<Option<Profile>>,
    notice: RwSignal<Option<Notice>>,
) -> impl IntoView {
    let none = Signal::derive(move || following.judged.with(Option::is_none));
    let save = move |kind: &str, mime: &str, write: Writer| {
        let Some(run) = untrack(|| following.exported()) else { return };
        let name = format!("{}.{kind}", run.simulation_id());
        save_text(&name, mime, &write(&run), notice);
    };
    let simulation = move || following.run.with(|run| run.as_ref()?.simulation.clone());
    let proposed = move || {
        following.asked.with(|asked| {
            let (request, _) = asked.as_ref()?;
            Some(request.tag().unwrap_or_else(|| request.campaign_id()).to_owned())
        })
    };
    let payload = move |test: &str| {
        let refused = |detail: String| Notice { title: "Not exported.".into(), detail, ..Notice::default() };
        let run = following.exported().ok_or_else(|| {
            refused("No run that has ended is shown: wait for the verdict, or show another run.".into())
        })?;
        run.qa_export(test).map_err(|error| refused(format!("{error}.")))
    };
    view! {
        <section class="panel handing" aria-label="Handing on">
            <header><h2>"Handing on"</h2></header>
            <p class="fine">"The run with its verdict; its calls are exported from their table:"</p>
            <div class="buttons">
                <button type="button" disabled=none
                    on:click=move |_| save("json", "application/json", ExportedSimulation::to_json)>"Download JSON"</button>
                <button type="button" disabled=none
                    on:click=move |_| save("csv", "text/csv", |run| to_csv(&[run.suite()]))>"Download CSV"</button>
                <button type="button" disabled=none
                    on:click=move |_| save("junit.xml", "application/xml", |run| to_junit(REPORT, &[run.suite()]))>"Download JUnit"</button>
            </div>
            <TrailLink text=Signal::derive(move || simulation().map(String::from)) />
            <QaExportForm id="dialer-test" profile proposed=Signal::derive(proposed) shown=Signal::derive(simulation) payload />
        </section>
    }
}
