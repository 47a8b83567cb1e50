//! The call panel: a phone beside an oscilloscope.

mod attach;
mod context;
mod controls;
mod dial;
mod dial_driver;
mod dialled;
mod driver;
mod event_clock;
mod feed;
mod flow_picture;
mod history;
mod keypad;
mod latencies;
mod link;
mod log;
mod measures;
mod menu_driver;
mod metrics;
mod scope;
mod script_driver;
mod status;
mod store;
#[cfg(test)]
mod testing;
mod voice;
mod voice_place;

use leptos::prelude::*;

pub(crate) use context::CallContext;

use crate::ui::NoticeBox;

/// Shows the page `/call`.
#[component]
pub(crate) fn CallPage() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    Effect::new(move |_| context.announce_call(store.call.get()));
    view! {
        <main class="page call">
            <h1 class="visually-hidden">"Call"</h1>
            <div class="phone">
                <controls::Controls />
                <status::CallStatus />
                <NoticeBox notice=store.notice />
                <keypad::Keypad />
                <dialled::DialledDigits />
                <dial::DialField />
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
