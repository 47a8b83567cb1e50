//! The dialer panel: a simulated campaign is composed, begun, followed and judged.

mod agent;
mod follow;
mod forecast;
mod form;
mod job;
mod runs;
mod shares;
mod starter;
mod state;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use leptos::prelude::*;

use self::{
    follow::{
        Activity, Calls, Compare, ExportPanel, Following, LatencyHistogram, Outcomes, PostMetrics, Progress,
        Verdict,
    },
    forecast::Forecast,
    form::DialerForm,
    runs::Runs,
    starter::Starter,
    state::DialerState,
};
use crate::{
    kit::{
        frame::{Frame, Inspector, Rail, Surface, Tray},
        jobs, share,
    },
    ui::NoticeBox,
};

/// The page at `/dialer`.
#[component]
pub(crate) fn DialerPage() -> impl IntoView {
    let (draft, trouble) = share::load();
    let state = DialerState::new(draft, jobs::load());
    state.notice.set(trouble);
    provide_context(state);
    let starter = Starter::new(state);
    provide_context(starter);
    share::follow(state.form, state.notice);
    let (shown, other) = (Following::new(state.followed), Following::new(state.other));
    // Its own last event comes before the next look.
    let announced = Memo::new(move |_| shown.announced());
    Effect::new(move |_| {
        let simulation = state.followed.with_untracked(|run| run.as_ref()?.simulation.clone());
        if let (Some(_), Some(simulation)) = (announced.get(), simulation) {
            starter.look(simulation);
        }
    });
    view! {
        <Frame path="/dialer">
            <Rail slot label="Draft"><DialerForm /></Rail>
            <Surface slot label="Outcomes">
                <div class="content">
                    <Progress following=shown />
                    <Outcomes following=shown />
                    <Activity following=shown />
                    <Show when=move || state.compared.get().is_some()><Compare shown other /></Show>
                </div>
            </Surface>
            <Inspector slot label="Verdict">
                <Verdict following=shown />
                <LatencyHistogram following=shown />
                <PostMetrics following=shown />
                <ExportPanel following=shown profile=state.profile notice=state.notice />
                <Forecast />
            </Inspector>
            <Tray slot label=jobs::under_way("Runs", state.runs)>
                <div class="dialer-tray">
                    <Runs />
                    <Calls following=shown notice=state.notice />
                </div>
            </Tray>
            <NoticeBox notice=state.notice />
        </Frame>
    }
}
