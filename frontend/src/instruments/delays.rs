//! Delays: from a key to its sound, and from a key to CXone's event.

use js_sys::{Array, Float64Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use super::Handle;
use crate::{js::field, voice::VoiceState};

/// The delays' names and meanings, in the order in which the frame gives them.
const ROWS: [(&str, &str); 2] = [
    ("key → sound", "From the press to the first sample, before the browser's own output latency"),
    ("key → event", "From the press to the dtmf event's arrival in this page"),
];

/// Shows the delays, with their units.
#[component]
pub(super) fn Delays(handle: Handle, news: Signal<()>) -> impl IntoView {
    let voice = use_context::<VoiceState>();
    let figures = Memo::new(move |_| {
        news.get();
        let delays: Option<Array> = handle.with_value(|handle| field(handle, "delays").dyn_into().ok());
        let row = |delay: JsValue| delay.dyn_into::<Float64Array>().ok().map(|figures| figures.to_vec());
        delays.map(|delays| delays.iter().map(row).collect::<Vec<_>>()).unwrap_or_default()
    });
    let cell = move |row: usize, column: usize| {
        figures.with(|all| {
            let ms = all.get(row).and_then(Option::as_ref).and_then(|row| row.get(column));
            ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"))
        })
    };
    let buffer = Memo::new(move |_| {
        let playout = voice?.report.with(|report| report.as_ref().map(|report| report.receiver.playout))?;
        Some((playout.delay_ms.round(), playout.jitter.underruns))
    });
    let latency = move || {
        news.get();
        let context = handle.with_value(|handle| field(handle, "context"));
        let ms = field(&context, "outputLatency").as_f64().filter(|latency| *latency > 0.0)? * 1_000.0;
        Some(format!("{ms:.0} ms"))
    };
    view! {
        <section class="panel delays" aria-label="Delays">
            <table>
                <caption class="visually-hidden">"Delays"</caption>
                <thead>
                    <tr><th scope="col">"Delay"</th><th scope="col">"last"</th><th scope="col">"median"</th><th scope="col">"longest"</th></tr>
                </thead>
                <tbody>
                    {ROWS.into_iter().enumerate().map(|(row, (name, meaning))| view! {
                        <tr title=meaning>
                            <th scope="row">{name}</th>
                            {(0..3).map(|column| view! { <td>{move || cell(row, column)}</td> }).collect_view()}
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
            <p class="fine">
                "Browser output "{move || latency().unwrap_or_else(|| "not reported".to_owned())}
                {move || buffer.get().map(|(ms, underruns)| format!(" · voice buffered {ms:.0} ms · underruns {underruns}"))}
            </p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;
    use web_sys::EventTarget;

    use super::*;
    use crate::{
        instruments::news,
        js::set,
        testing::{dispatch, mount, text, until},
    };

    #[wasm_bindgen_test]
    async fn delays_are_shown_as_they_are_told() {
        let handle = EventTarget::new().unwrap();
        let given = JsValue::from(handle.clone());
        let page = mount(move || {
            let news = news(&given, "figures");
            view! { <Delays handle=StoredValue::new_local(given) news /> }
        });
        page.one("rowheader", "key → sound").await;
        let cells = || -> Vec<String> { page.with_role("cell").iter().map(text).collect() };
        assert_eq!(cells(), ["–"; 6]);
        let delays = Array::of2(&Float64Array::from(&[4.25, 20.0, 900.0][..]), &JsValue::UNDEFINED);
        set(&handle, "delays", &delays);
        dispatch(&handle, "CustomEvent", "figures", &[]);
        until("the figures", || cells() == ["4.2 ms", "20.0 ms", "900.0 ms", "–", "–", "–"]).await;
    }
}
