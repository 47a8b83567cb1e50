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
mod instruments;
mod keypad;
mod latencies;
mod link;
mod log;
mod menu_driver;
pub(crate) mod moments;
mod one_tab;
pub(crate) mod place;
mod script_driver;
mod sequences;
mod status;
mod store;
#[cfg(test)]
mod testing;
mod tones;
mod voice;
mod volume;

use leptos::prelude::*;

pub(crate) use context::CallContext;

use crate::ui::NoticeBox;

/// Width of a window, in CSS pixels, up to which the inspector lies over the surface; the style sheet has the same figure.
const MEDIUM_PX: f64 = 1_180.0;

/// Shows the page `/call`: the four places of `kit::frame`, with its styles and without its machinery, for which the first
/// load has no room.
#[component]
pub(crate) fn CallPage() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let instruments = instruments::Instruments::new(context);
    let width = window().inner_width().ok().and_then(|width| width.as_f64());
    let folded = RwSignal::new(width.is_some_and(|width| width <= MEDIUM_PX));
    view! {
        <main class="frame" data-panel="call">
            <h1 class="visually-hidden" tabindex="-1">"Call"</h1>
            <nav class="tabs" aria-label="Places of the call">
                <a href="#call-phone">"Phone"</a><a href="#call-course">"Course"</a>
                <a href="#call-inspector">"Instruments"</a><a href="#call-events">"Events"</a>
            </nav>
            <div class="places" class:inspector-folded=folded>
                <div class="place rail" id="call-phone">
                    <div class="content phone">
                        <status::CallStatus />
                        <keypad::Keypad />
                        <volume::Volume />
                        <dialled::DialledDigits />
                        <controls::Controls />
                        <dial::DialField />
                        <tones::Tones />
                        <attach::Attach />
                    </div>
                </div>
                <div class="place surface" id="call-course">
                    <div class="course">
                        <NoticeBox notice=store.notice />
                        <flow_picture::FlowPicture />
                        {instruments.timeline()}
                    </div>
                </div>
                <div class="place inspector" class:folded=folded id="call-inspector">
                    <button type="button" class="cap" aria-expanded=move || (!folded.get()).to_string()
                        on:click=move |_| folded.update(|folded| *folded = !*folded)>"Instruments"</button>
                    <div class="content">
                        <link::LinkPanel />
                        {instruments.inspector()}
                    </div>
                </div>
                <div class="place tray" id="call-events"><log::Events /></div>
            </div>
        </main>
    }
}
