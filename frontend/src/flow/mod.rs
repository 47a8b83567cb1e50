//! The flow panel: a simulation is composed, run, looked at on the flow's own picture, judged and handed on.

mod analysis;
mod compare;
mod desk;
mod form;
mod handing;
mod link;
mod picture;
mod run;
mod sight;
mod suggest;
mod trace;

use gloo_timers::callback::Timeout;
use leptos::{ev, prelude::*};

use self::{
    analysis::Analysis,
    compare::Compare,
    desk::Desk,
    form::SimulationForm,
    handing::Handing,
    link::Linked,
    picture::Picture,
    run::{Run, Runner, Runs, verdict_name},
    sight::Sight,
    suggest::Suggest,
    trace::Trace,
};
use crate::{
    kit::frame::{Frame, Inspector, Rail, Surface, Tray},
    ui::NoticeBox,
};

/// Time for which the draft must not change before it is kept: browsers limit changes of the address.
const KEEP_DELAY_MS: u32 = 300;

/// The page at `/flow`.
#[component]
pub(crate) fn FlowPage() -> impl IntoView {
    let (draft, trouble) = link::load();
    let desk = Desk::new(draft, run::load());
    desk.notice.set(trouble);
    provide_context(desk);
    provide_context(Runner::new(desk));
    provide_context(Sight::new(desk));
    keep_the_draft(desk);
    Effect::new(move |_| desk.want(&desk.drawn_flow()));
    let sight = expect_context::<Sight>();
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
            <Inspector slot label=Signal::derive(verdict)><Analysis /><Trace /><Handing /></Inspector>
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

/// Keeps the draft in the address and the tab, and takes it from an address that is typed or pasted.
fn keep_the_draft(desk: Desk) {
    let pending = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        desk.draft.track();
        let keep = Timeout::new(KEEP_DELAY_MS, move || {
            let _ = desk.draft.try_with_untracked(link::keep);
        });
        pending.set_value(Some(keep));
    });
    let pasted = window_event_listener(ev::hashchange, move |change| {
        // The page's address may hold the draft before again, kept while this event was on its way.
        let Linked { draft, trouble } = link::from_url(&change.new_url());
        if let Some(draft) = draft {
            desk.payload.set(None);
            desk.draft.set(draft);
        }
        if trouble.is_some() {
            desk.notice.set(trouble);
        }
    });
    on_cleanup(move || {
        pasted.remove();
        // The address is another panel's by now.
        drop(pending.try_update_value(Option::take));
    });
}
