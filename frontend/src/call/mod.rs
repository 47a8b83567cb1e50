//! The call panel: a phone beside an oscilloscope.

mod attach;
mod bench;
mod controls;
mod driver;
mod feed;
mod flow_picture;
mod history;
mod keypad;
mod link;
mod log;
mod measures;
mod metrics;
mod scope;
mod status;
mod store;
mod voice;
mod voice_place;
mod walker;

use leptos::prelude::*;

pub(crate) use bench::Bench;

use crate::ui::NoticeBox;

/// `/call`.
#[component]
pub(crate) fn CallPage() -> impl IntoView {
    let bench = expect_context::<Bench>();
    let store = bench.store;
    Effect::new(move |_| bench.announce_call(store.call.get()));
    view! {
        <main class="page call">
            <h1 class="visually-hidden">"Call"</h1>
            <div class="phone">
                <controls::Controls />
                <status::CallStatus />
                <NoticeBox notice=store.notice />
                <keypad::Keypad />
                <attach::Attach />
            </div>
            <div class="flow">
                <flow_picture::FlowPicture />
                <metrics::DtmfMetrics />
            </div>
            <div class="record">
                <scope::Scope />
                <link::LinkPanel />
                <measures::Measures />
                <log::Events />
            </div>
            <voice_place::VoicePlace />
        </main>
    }
}
