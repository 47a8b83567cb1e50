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
    desk::Desk,
    export::ExportPanel,
    form::SimulationForm,
    picture::Picture,
    run::{Runner, Runs},
    sight::Sight,
    suggest::Suggest,
    trace::Trace,
};
use crate::{kit::share, ui::NoticeBox};

/// `/flow`.
#[component]
pub(crate) fn FlowPage() -> impl IntoView {
    let (draft, trouble) = share::load();
    let desk = Desk::new(draft, run::load());
    desk.notice.set(trouble);
    provide_context(desk);
    provide_context(Runner::new(desk));
    provide_context(Sight::new(desk));
    share::follow(desk.form, desk.notice);
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
                    <ExportPanel />
                </div>
            </div>
        </main>
    }
}
