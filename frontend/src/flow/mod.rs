//! The flow panel: a simulation is composed, run, looked at on the flow's own picture, judged and handed on.

mod analysis;
mod compare;
mod export;
mod form;
mod picture;
mod run;
mod state;
mod suggest;
mod trace;
mod view;

use leptos::prelude::*;

use self::{
    analysis::Analysis,
    compare::Compare,
    export::ExportPanel,
    form::SimulationForm,
    picture::Picture,
    run::{Runner, Runs, verdict_name},
    state::FlowState,
    suggest::Suggest,
    trace::Trace,
    view::FlowView,
};
use crate::{
    kit::{
        frame::{Frame, Inspector, Rail, Surface, Tray},
        jobs, share,
    },
    ui::NoticeBox,
};

/// The page at `/flow`.
#[component]
pub(crate) fn FlowPage() -> impl IntoView {
    let (draft, trouble) = share::load();
    let state = FlowState::new(draft, run::load());
    state.notice.set(trouble);
    provide_context(state);
    provide_context(Runner::new(state));
    provide_context(FlowView::new(state));
    share::follow(state.form, state.notice);
    Effect::new(move |_| state.want(&state.drawn_flow()));
    let view = expect_context::<FlowView>();
    let verdict = move || {
        let verdict = view.shown.with(|shown| shown.as_ref().map(|run| run.judgement.verdict));
        verdict.map_or_else(|| "Verdict".to_owned(), |verdict| format!("Verdict: {}", verdict_name(verdict)))
    };
    view! {
        <Frame path="/flow">
            <Rail slot label="Draft"><SimulationForm /></Rail>
            <Surface slot label="Picture"><Picture /></Surface>
            <Inspector slot label=Signal::derive(verdict)><Analysis /><Trace /><ExportPanel /></Inspector>
            <Tray slot label=jobs::under_way("Runs", state.runs)>
                <div class="flow-tray">
                    <Runs />
                    <div class="next"><Compare /><Suggest /></div>
                </div>
            </Tray>
            <NoticeBox notice=state.notice />
        </Frame>
    }
}
