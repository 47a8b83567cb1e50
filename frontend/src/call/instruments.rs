//! The places of the call's instruments, which are loaded when there is something to measure, or when somebody goes there.

use ivr::metrics::MetricsReport;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{CustomEvent, Event, EventTarget, HtmlInputElement};

use super::{CallContext, latencies::Measure};
use crate::{
    js::set,
    panels::{INSTRUMENTS, TIMELINE, panel},
};

/// Shown where the timeline will be.
const NO_TIMELINE: &str = "<h2>Timeline</h2><p class=\"empty\">Menus, prompts, keys and levels are drawn here as the call goes on. \
    Start a call, or switch to “Simulate only” and press keys.</p>";
/// Shown where the other instruments will be. A recording that is chosen here is handed to them.
const NO_INSTRUMENTS: &str = "<section class=\"panel\"><h2>DTMF metrics</h2><table aria-label=\"DTMF metrics\"><tbody><tr>\
    <td class=\"empty\">A row for every sequence that comes to something.</td></tr></tbody></table></section>\
    <section class=\"panel\" aria-label=\"Media quality\"><h2>Media quality</h2>\
    <p class=\"fine\">Figures come with the first call.</p></section>\
    <section class=\"panel\" aria-label=\"Decode a recording\"><h2>Decode a recording</h2>\
    <input type=\"file\" accept=\"audio/*\" aria-label=\"Recording to decode\"></section>";

/// The instruments as far as this module knows them: whether they are wanted, and what they are told.
#[derive(Clone, Copy)]
pub(super) struct Instruments {
    context: CallContext,
    asked: RwSignal<bool>,
    wanted: Memo<bool>,
}

impl Instruments {
    pub(super) fn new(context: CallContext) -> Self {
        let store = context.store;
        let asked = RwSignal::new(false);
        let wanted = Memo::new(move |before: Option<&bool>| {
            let measures = store.call.get().is_live() || store.sounding.get().is_some();
            before.copied().unwrap_or_default() || measures || asked.get()
        });
        let handle = context.voice_handle();
        set(&handle, "moments", &store.moments.list());
        let export = Closure::<dyn Fn() -> String>::new(move || context.metrics_json());
        set(&handle, "exportMetrics", export.as_ref());
        // As long as the page: the instruments may call it.
        let _kept = StoredValue::new_local(export);
        Effect::new(move |_| {
            if wanted.get() {
                store.moments.newest();
                tell(&context.voice_handle(), "moments");
            }
        });
        Effect::new(move |_| {
            if wanted.get() {
                let handle = context.voice_handle();
                let report = MetricsReport { summary: store.summary.get(), records: store.records.get() };
                set(&handle, "metrics", &report.to_json().into());
                let delays = store.latencies.with(|all| {
                    [Measure::KeyToSound, Measure::KeyToEvent].map(|measure| {
                        let figures =
                            all.figures(measure).map(|(last, median, longest)| [last, median, longest]);
                        JsValue::from(figures.map(|figures| js_sys::Float64Array::from(&figures[..])))
                    })
                });
                set(&handle, "delays", &delays.into_iter().collect::<js_sys::Array>());
                tell(&handle, "figures");
            }
        });
        Self { context, asked, wanted }
    }

    /// Shows the instruments of the inspector, or what stands in for them.
    pub(super) fn inspector(self) -> impl IntoView {
        let chosen = move |change: Event| {
            let input = change.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            if let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) {
                set(&self.context.voice_handle(), "recording", &file);
            }
            self.asked.set(true);
        };
        view! {
            <div class="instruments" on:pointerenter=move |_| self.asked.set(true)
                on:focusin=move |_| self.asked.set(true) on:change=chosen>
                {self.place(INSTRUMENTS, NO_INSTRUMENTS)}
            </div>
        }
    }

    /// Shows the timeline, or what stands in for it.
    pub(super) fn timeline(self) -> impl IntoView {
        view! {
            <figure class="panel timeline" aria-label="Timeline">{self.place(TIMELINE, NO_TIMELINE)}</figure>
        }
    }

    fn place(self, name: &'static str, instead: &'static str) -> impl IntoView {
        let shown =
            Memo::new(move |_| self.wanted.get() && (name == TIMELINE || self.context.store.sound.get()));
        move || {
            if shown.get() {
                panel(name, self.context.voice_handle()).into_any()
            } else {
                view! { <div class="instead" inner_html=instead></div> }.into_any()
            }
        }
    }
}

/// Tells the instruments that there is news of a kind.
pub(super) fn tell(handle: &JsValue, kind: &str) {
    if let Ok(event) = CustomEvent::new(kind) {
        // Nobody prevents these events' default, which there is none of.
        let _ = handle.unchecked_ref::<EventTarget>().dispatch_event(&event);
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{digit, mount_in_call},
        clock,
        js::field,
        testing::until,
    };
    use wire::cxone::CallState;

    #[wasm_bindgen_test]
    async fn nothing_is_loaded_until_there_is_something_to_measure() {
        let (page, context) = mount_in_call(|| {
            let instruments = Instruments::new(expect_context::<CallContext>());
            view! { {instruments.timeline()} {instruments.inspector()} }
        });
        page.shows("figure", "Timeline", "Start a call").await;
        page.shows("table", "DTMF metrics", "A row for every sequence").await;
        page.one("region", "Media quality").await;
        assert!(page.select(".mount").is_none());
        context.store.set_call_state(clock::now(), CallState::Connecting);
        until("the timeline's place", || page.select("figure .mount").is_some()).await;
        assert!(page.select(".instruments .mount").is_none(), "there is no sound to measure");
        context.store.sound.set(true);
        until("the others' place", || page.select(".instruments .mount").is_some()).await;
    }

    #[wasm_bindgen_test]
    async fn a_simulated_call_is_told_to_the_timeline() {
        let (_page, context) = mount_in_call(|| {
            let instruments = Instruments::new(expect_context::<CallContext>());
            instruments.timeline()
        });
        context.simulate_only(true);
        context.press(digit('2'));
        context.release();
        context.press(digit('9'));
        context.release();
        let told = context.store.moments.told();
        let expected = [
            "simulation began ",
            "menu Main menu",
            "pressed 2",
            "heard 2",
            "menu Support menu",
            "action support",
            "pressed 9",
            "heard 9",
            "no match Support menu",
        ];
        assert_eq!(told, expected);
        assert_eq!(field(&field(&context.voice_handle(), "moments"), "length").as_f64(), Some(9.0));
    }
}
