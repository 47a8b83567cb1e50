//! The call panel: a phone beside an oscilloscope.

mod attach;
mod context;
mod controls;
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
mod status;
mod store;
#[cfg(test)]
mod testing;
mod voice;
mod volume;

use leptos::prelude::*;

pub(crate) use context::CallContext;

use crate::{
    kit::frame::{Frame, Inspector, Rail, Surface, Tray},
    ui::NoticeBox,
};

/// Shows the page `/call`.
#[component]
pub(crate) fn CallPage() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    Effect::new(move |_| context.announce_call(store.call.get()));
    let instruments = instruments::Instruments::new(context);
    view! {
        <Frame path="/call">
            <Rail slot label="Phone">
                <div class="phone">
                    <status::CallStatus />
                    <keypad::Keypad />
                    <controls::Controls />
                    <volume::Volume />
                    <attach::Attach />
                </div>
            </Rail>
            <Surface slot label="Call">
                <div class="course">
                    <NoticeBox notice=store.notice />
                    <flow_picture::FlowPicture />
                    {instruments.timeline()}
                </div>
            </Surface>
            <Inspector slot label="Instruments">
                <link::LinkPanel />
                {instruments.inspector()}
            </Inspector>
            <Tray slot label="Events"><log::Events /></Tray>
        </Frame>
    }
}
