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
    run::{Runner, Runs},
    sight::Sight,
    suggest::Suggest,
    trace::Trace,
};
use crate::ui::NoticeBox;

/// How long the draft must stand still before it is kept, in milliseconds: browsers limit changes of the address.
const KEEP_AFTER_MS: u32 = 300;

/// `/flow`.
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
    view! {
        <main class="page flow-page">
            <h1 class="visually-hidden">"Flow simulation"</h1>
            <NoticeBox notice=desk.notice />
            <div class="columns">
                <SimulationForm />
                <div class="column">
                    <Runs />
                    <Compare />
                    <Picture />
                    <Trace />
                    <Analysis />
                    <Suggest />
                    <Handing />
                </div>
            </div>
        </main>
    }
}

/// In the address and the tab, and back from an address that is typed or pasted.
fn keep_the_draft(desk: Desk) {
    let pending = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        desk.draft.track();
        let keep = Timeout::new(KEEP_AFTER_MS, move || {
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
