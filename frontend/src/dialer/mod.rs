//! The dialer panel: a simulated campaign is composed, begun, followed and judged.

mod agent;
mod forecast;
mod form;
mod job;
mod progress;
mod runs;
mod shares;
mod starter;
mod state;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use leptos::prelude::*;

use self::{
    forecast::Forecast, form::DialerForm, progress::Progress, runs::Runs, starter::Starter,
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
    provide_context(Starter::new(state));
    share::follow(state.form, state.notice);
    view! {
        <Frame path="/dialer">
            <Rail slot label="Draft"><DialerForm /></Rail>
            <Surface slot label="Outcomes"><Progress /></Surface>
            <Inspector slot label="Forecast"><Forecast /></Inspector>
            <Tray slot label=jobs::under_way("Runs", state.runs)><Runs /></Tray>
            <NoticeBox notice=state.notice />
        </Frame>
    }
}
