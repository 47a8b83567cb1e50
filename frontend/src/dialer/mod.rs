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
    state::{DialerState, followed},
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
    let following = Following::new(state.followed);
    let other = Following::new(followed(state.runs, state.compared));
    Effect::new(move |_| {
        let is_over = following.announced().is_some_and(|state| state.stage().is_over());
        let simulation = state.followed.with_untracked(|run| run.as_ref()?.simulation.clone());
        if let Some(simulation) = simulation.filter(|_| is_over) {
            starter.look(simulation);
        }
    });
    let verdict = move || {
        let verdict = following.verdict().map(|verdict| format!("Verdict: {verdict}"));
        verdict.unwrap_or_else(|| "Verdict and forecast".to_owned())
    };
    view! {
        <Frame path="/dialer">
            <Rail slot label="Draft"><DialerForm /></Rail>
            <Surface slot label="Outcomes">
                <div class="dialer-surface">
                    <Progress following />
                    <Outcomes following />
                    <div class="pictures"><Activity following /><LatencyHistogram following /></div>
                    <Show when=move || state.compared.get().is_some()><Compare shown=following other /></Show>
                </div>
            </Surface>
            <Inspector slot label=Signal::derive(verdict)>
                <Verdict following />
                <Forecast />
                <PostMetrics following />
                <ExportPanel following profile=state.profile notice=state.notice />
            </Inspector>
            <Tray slot label=jobs::under_way("Runs and calls", state.runs)>
                <div class="dialer-tray"><Runs /><Calls following notice=state.notice /></div>
            </Tray>
            <NoticeBox notice=state.notice />
        </Frame>
    }
}
