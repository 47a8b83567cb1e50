//! The digits in a recording: dropped here, decoded by the same receiver that hears the calls.

mod drawing;
mod reading;

use leptos::{
    html::{Canvas, Input},
    prelude::*,
};
use recording::{Heard, Origin};
use signal::detect::Tone;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DragEvent, File};

use drawing::paint;
use reading::Decoded;

use super::state::VoiceState;
use crate::ui::{figure, signed_figure};

/// The kinds of files that are offered: what the browser takes for audio, and what telephony has beside it.
const ACCEPTED: &str = "audio/*,video/webm,video/mp4,.wav,.au,.snd,.ulaw,.ul,.alaw,.al,.sln,.raw,.gsm,.flac,.mka,.mkv,.pcap,.pcapng,.cap";

/// Shows a place to drop a recording on, and the table of its digits.
#[component]
pub(crate) fn Recording() -> impl IntoView {
    let decoded = RwSignal::new(None::<Decoded>);
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let over = RwSignal::new(false);
    let input = NodeRef::<Input>::new();
    let canvas = NodeRef::<Canvas>::new();
    let read = move |file: File| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match reading::read(&file).await {
                Ok(read) => drop(decoded.try_set(Some(read))),
                Err(why) => drop(failure.try_set(Some(format!("{}: {why}.", file.name())))),
            }
            let _ = busy.try_set(false);
        });
    };
    if let Some(file) = use_context::<VoiceState>().and_then(VoiceState::take_recording) {
        read(file);
    }
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        let file = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            read(file);
        }
    };
    Effect::new(move |_| {
        let shown = decoded.get();
        if let (Some(canvas), Some(shown)) = (canvas.get(), shown) {
            paint(&canvas, &shown);
        }
    });
    view! {
        <section class="panel recording" aria-label="Decode a recording" class:over=move || over.get()
            on:dragover=move |event: DragEvent| { event.prevent_default(); over.set(true); }
            on:dragleave=move |_| over.set(false) on:drop=dropped>
            <header>
                <h2>"Decode a recording"</h2>
                <button type="button" disabled=move || busy.get()
                    on:click=move |_| { if let Some(input) = input.get_untracked() { input.click(); } }>"Choose a file"</button>
            </header>
            <input class="visually-hidden" type="file" accept=ACCEPTED tabindex="-1" aria-label="Recording to decode" node_ref=input
                on:change=move |_| {
                    let file = input.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
                    if let Some(file) = file { read(file); }
                } />
            <p class="field-error" role="status">{move || failure.get()}</p>
            <p class="fine">
                {move || match decoded.get() {
                    None => "Drop a recording here: its DTMF digits are listed with their levels and errors. It stays in this page.".to_owned(),
                    Some(all) => summary(&all),
                }}
            </p>
            {move || decoded.with(|all| all.as_ref().map(|all| all.remarks.iter().map(ToString::to_string).collect::<Vec<_>>()))
                .filter(|remarks| !remarks.is_empty())
                .map(|remarks| view! {
                    <ul class="fine" aria-label="Remarks on the recording">
                        {remarks.into_iter().map(|remark| view! { <li>{remark}</li> }).collect_view()}
                    </ul>
                })}
            <Show when=move || decoded.with(Option::is_some)>
                <canvas class="waveform" node_ref=canvas role="img" aria-label="Waveform of the recording, its digits marked"></canvas>
                <div class="scroll" tabindex="0" role="group" aria-label="Digits of the recording">
                    <table aria-label="Decoded digits">
                        <thead>
                            <tr>
                                <th scope="col">"Digit"</th><th scope="col">"Start ms"</th><th scope="col">"End ms"</th>
                                <th scope="col">"Low dBm0"</th><th scope="col">"High dBm0"</th><th scope="col">"Twist dB"</th>
                                <th scope="col">"Low error %"</th><th scope="col">"High error %"</th><th scope="col">"Channel"</th>
                            </tr>
                        </thead>
                        <tbody>
                            {move || decoded.get().map(|all| all.digits.iter().map(row).collect_view())}
                        </tbody>
                    </table>
                </div>
                {move || decoded.with(|all| all.as_ref().map(|all| all.near_misses.iter().filter_map(near_miss).collect::<Vec<_>>()))
                    .filter(|misses| !misses.is_empty())
                    .map(|misses| view! {
                        <details class="fine">
                            <summary>{match misses.len() { 1 => "1 near miss".to_owned(), n => format!("{n} near misses") }}</summary>
                            <ul aria-label="Near misses">{misses.into_iter().map(|miss| view! { <li>{miss}</li> }).collect_view()}</ul>
                        </details>
                    })}
            </Show>
        </section>
    }
}

/// Returns a recording's duration and the count of its digits, in words.
fn summary(all: &Decoded) -> String {
    let digits = match all.digits.len() {
        0 => "no digits".to_owned(),
        1 => "1 digit".to_owned(),
        n => format!("{n} digits"),
    };
    let channels = if all.channels > 1 { format!(" in {} channels", all.channels) } else { String::new() };
    format!("{}: {:.1} s, {digits}{channels}", all.name, all.duration_ms / 1_000.0)
}

fn row(heard: &Heard) -> impl IntoView + use<> {
    let figures = match heard.origin {
        Origin::Tone(tone) => tone_figures(&tone),
        Origin::Event(_) => ["event", "–", "–", "–", "–"].map(str::to_owned),
        Origin::NearMiss(miss) => tone_figures(&miss.tone),
    };
    view! {
        <tr>
            <td class="digits">{heard.digit.to_string()}</td>
            <td>{format!("{:.0}", heard.start_ms)}</td>
            <td>{format!("{:.0}", heard.end_ms)}</td>
            {figures.map(|figure| view! { <td>{figure}</td> }).collect_view()}
            <td>{heard.channel}</td>
        </tr>
    }
}

fn tone_figures(tone: &Tone) -> [String; 5] {
    [
        figure(f64::from(tone.low_dbm0), 1),
        figure(f64::from(tone.high_dbm0), 1),
        signed_figure(f64::from(tone.twist_db), 1),
        signed_figure(f64::from(tone.low_error_pct), 2),
        signed_figure(f64::from(tone.high_error_pct), 2),
    ]
}

/// Says what came near to a digit, where, and the figures that sank it.
fn near_miss(heard: &Heard) -> Option<String> {
    let Origin::NearMiss(miss) = heard.origin else { return None };
    let reasons: Vec<String> = miss.reasons().map(|reason| reason.to_string()).collect();
    Some(format!(
        "{} at {:.0} ms, channel {}: {}.",
        heard.digit,
        heard.start_ms,
        heard.channel,
        reasons.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use base::digit::Digit;
    use js_sys::{Array, Function, Reflect};
    use signal::tone::{ToneConfig, synthesize};
    use wasm_bindgen::{JsCast as _, JsValue};

    use super::*;
    use crate::{
        js::field,
        testing::{Page, dispatch, mount, text, until},
        voice::testing::wav,
    };

    /// Drops a file on the region.
    async fn drop_file(page: &Page, name: &str, content: &JsValue) {
        let class = |name: &str| -> Function { field(&js_sys::global(), name).unchecked_into() };
        let file =
            Reflect::construct(&class("File"), &Array::of2(&Array::of1(content), &name.into())).unwrap();
        let data = Reflect::construct(&class("DataTransfer"), &Array::new()).unwrap();
        let items = field(&data, "items");
        let add: Function = field(&items, "add").unchecked_into();
        add.call1(&items, &file).unwrap();
        let region = page.one("region", "Decode a recording").await;
        dispatch(&region, "DragEvent", "dragover", &[("dataTransfer", &data)]);
        until("the place to drop", || region.class_list().contains("over")).await;
        assert!(
            !dispatch(&region, "DragEvent", "drop", &[("dataTransfer", &data)]),
            "the browser must not open it"
        );
    }

    #[wasm_bindgen_test]
    async fn a_recording_s_digits_are_listed_with_their_times() {
        let page = mount(|| view! { <Recording /> });
        assert!(page.text().contains("Drop a recording here"));
        page.none("table", "Decoded digits").await;
        let digits = "159D*0#".chars().map(|symbol| Digit::try_from(symbol).unwrap());
        let pcm = synthesize(digits, &ToneConfig::default(), 8_000);
        drop_file(&page, "keys.wav", &wav(&pcm)).await;
        page.one("table", "Decoded digits").await;
        let cells: Vec<String> = page.with_role("cell").iter().map(text).collect();
        let found: String = cells.iter().step_by(9).map(String::as_str).collect();
        assert_eq!(found, "159D*0#");
        let start: f64 = cells[10].parse().unwrap();
        assert!((start - 200.0).abs() < 4.0, "the second begins at {start} ms");
        assert!(page.text().contains("keys.wav: 1.4 s, 7 digits"), "{}", page.text());
        page.one("img", "Waveform of the recording, its digits marked").await;
        page.none("list", "Near misses").await;
    }

    #[wasm_bindgen_test]
    async fn what_came_near_to_a_digit_is_listed_with_the_figure_that_sank_it() {
        let page = mount(|| view! { <Recording /> });
        let short = ToneConfig { on: core::time::Duration::from_millis(20), ..ToneConfig::default() };
        let mut pcm = vec![0; 800];
        pcm.extend(synthesize(Digit::try_from('5'), &short, 8_000));
        drop_file(&page, "short.wav", &wav(&pcm)).await;
        until("the near miss", || page.text().contains("1 near miss")).await;
        assert!(page.text().contains("short.wav: 0.2 s, no digits"), "{}", page.text());
        assert!(page.text().contains("5 at 101 ms, channel 0: it lasted for 18 ms"), "{}", page.text());
    }

    #[wasm_bindgen_test]
    async fn what_is_no_recording_is_refused_by_name_and_the_next_is_taken() {
        let page = mount(|| view! { <Recording /> });
        drop_file(&page, "notes.txt", &"no audio at all".into()).await;
        page.shows("status", "", "notes.txt: it is no audio of a kind that is known.").await;
        let choose = page.one("button", "Choose a file").await;
        until("the next try", || !choose.has_attribute("disabled")).await;
        drop_file(&page, "silence.wav", &wav(&[0; 8_000])).await;
        until("its length", || page.text().contains("silence.wav: 1.0 s, no digits")).await;
        assert!(!page.text().contains("notes.txt"), "{}", page.text());
    }

    /// A capture's two streams, a file of telephony that browsers do not decode, and one that is cut off.
    #[wasm_bindgen_test]
    async fn what_the_browser_does_not_know_is_read_with_its_channels_and_remarks() {
        let page = mount(|| view! { <Recording /> });
        let digits = || -> Vec<(String, String)> {
            let cells: Vec<String> = page.with_role("cell").iter().map(text).collect();
            cells.chunks(9).map(|row| (row[0].clone(), row[8].clone())).collect()
        };
        let rows = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|(digit, channel)| ((*digit).to_owned(), (*channel).to_owned())).collect()
        };
        let file = |bytes: &[u8]| -> JsValue { js_sys::Uint8Array::from(bytes).into() };
        let folder = include_bytes!("../../../../shared/recording/fixtures/two-streams.pcapng");
        drop_file(&page, "call.pcapng", &file(folder)).await;
        until("the capture", || page.text().contains("call.pcapng: ")).await;
        assert_eq!(digits(), rows(&[("1", "0"), ("2", "1"), ("5", "0"), ("4", "1")]));
        page.one("list", "Remarks on the recording").await;
        assert!(page.text().contains("channel 1 is the stream 0x22222222"), "{}", page.text());
        drop_file(&page, "old.WAV", &file(include_bytes!("../../../../shared/recording/fixtures/gsm.wav")))
            .await;
        until("the telephone's file", || page.text().contains("old.WAV: ")).await;
        assert_eq!(digits(), rows(&[("1", "0"), ("5", "0"), ("9", "0")]));
        page.none("list", "Remarks on the recording").await;
        drop_file(
            &page,
            "cut.wav",
            &file(include_bytes!("../../../../shared/recording/fixtures/cut-off.wav")),
        )
        .await;
        until("the damaged file", || page.text().contains("cut.wav: ")).await;
        assert!(page.text().contains("it is cut off"), "{}", page.text());
    }

    #[wasm_bindgen_test]
    async fn the_button_opens_the_file_field() {
        let page = mount(|| view! { <Recording /> });
        let input = page.select("input[type=file]").unwrap();
        assert_eq!(crate::testing::accessible_name(&input), "Recording to decode");
        crate::js::set(&input, "click", &Function::new_no_args("this.opened = true;"));
        page.click("button", "Choose a file").await;
        assert_eq!(field(&input, "opened").as_bool(), Some(true));
    }
}
