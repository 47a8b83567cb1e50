//! The flow panel: a simulation is composed, run, looked at on the flow's own picture, judged and handed on.

mod analysis;
mod compare;
mod desk;
mod export;
mod form;
mod picture;
mod run;
mod sight;
mod suggest;
mod trace;

use leptos::prelude::*;

use self::{
    analysis::Analysis,
    compare::Compare,
    desk::FlowState,
    export::ExportPanel,
    form::SimulationForm,
    picture::Picture,
    run::{Run, Runner, Runs, verdict_name},
    sight::FlowView,
    suggest::Suggest,
    trace::Trace,
};
use crate::{
    kit::{
        frame::{Frame, Inspector, Rail, Surface, Tray},
        share,
    },
    ui::NoticeBox,
};

/// The page at `/flow`.
#[component]
pub(crate) fn FlowPage() -> impl IntoView {
    let (draft, trouble) = share::load();
    let desk = FlowState::new(draft, run::load());
    desk.notice.set(trouble);
    provide_context(desk);
    provide_context(Runner::new(desk));
    provide_context(FlowView::new(desk));
    share::follow(desk.form, desk.notice);
    Effect::new(move |_| desk.want(&desk.drawn_flow()));
    let sight = expect_context::<FlowView>();
    let verdict = move || {
        let verdict = sight.shown.with(|shown| shown.as_ref().map(|run| run.judgement.verdict));
        verdict.map_or_else(|| "Verdict".to_owned(), |verdict| format!("Verdict: {}", verdict_name(verdict)))
    };
    let under_way = move || {
        let waits = |run: &Run| run.record.with(|record| record.outcome.is_none());
        match desk.runs.with(|runs| runs.iter().filter(|run| waits(run)).count()) {
            0 => "Runs".to_owned(),
            count => format!("Runs: {count} under way"),
        }
    };
    view! {
        <Frame path="/flow">
            <Rail slot label="Draft"><SimulationForm /></Rail>
            <Surface slot label="Picture"><Picture /></Surface>
            <Inspector slot label=Signal::derive(verdict)><Analysis /><Trace /><ExportPanel /></Inspector>
            <Tray slot label=Signal::derive(under_way)>
                <div class="flow-tray">
                    <Runs />
                    <div class="next"><Compare /><Suggest /></div>
                </div>
            </Tray>
            <NoticeBox notice=desk.notice />
        </Frame>
    }
}
