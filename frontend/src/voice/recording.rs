//! The digits in a recording: dropped here, decoded by the same receiver that hears the calls.

use js_sys::{ArrayBuffer, Promise};
use leptos::{
    html::{Canvas, Input},
    prelude::*,
};
use signal::detect::{SAMPLE_RATE, Tone, decode};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AudioBuffer, DragEvent, File, HtmlCanvasElement, OfflineAudioContext};

use super::state::VoiceState;
use crate::{
    js::{field, reason},
    ui::{
        canvas::{Sheet, sheet},
        figure, signed_figure,
    },
};

/// A recording and the digits that were found in it.
#[derive(Clone, Debug, PartialEq)]
struct Decoded {
    name: String,
    samples: Vec<i16>,
    tones: Vec<Tone>,
}

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
            let name = file.name();
            match at_8_khz(file.array_buffer()).await {
                Ok(samples) => {
                    let tones = decode(&samples);
                    drop(decoded.try_set(Some(Decoded { name, samples, tones })));
                }
                Err(error) => {
                    let why = match field(&error, "name").as_string().as_deref() {
                        Some("EncodingError") => {
                            "the browser cannot decode it. WAV, FLAC, MP3 and Ogg are known".into()
                        }
                        _ => reason(&error),
                    };
                    drop(failure.try_set(Some(format!("{name}: {why}."))));
                }
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
    let ms = |sample: u64| format!("{:.0}", sample as f64 * 1_000.0 / f64::from(SAMPLE_RATE));
    view! {
        <section class="panel recording" aria-label="Decode a recording" class:over=move || over.get()
            on:dragover=move |event: DragEvent| { event.prevent_default(); over.set(true); }
            on:dragleave=move |_| over.set(false) on:drop=dropped>
            <header>
                <h2>"Decode a recording"</h2>
                <button type="button" disabled=move || busy.get()
                    on:click=move |_| { if let Some(input) = input.get_untracked() { input.click(); } }>"Choose a file"</button>
            </header>
            <input class="visually-hidden" type="file" accept="audio/*" tabindex="-1" aria-label="Recording to decode" node_ref=input
                on:change=move |_| {
                    let file = input.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
                    if let Some(file) = file { read(file); }
                } />
            <p class="field-error" role="status">{move || failure.get()}</p>
            <p class="fine">
                {move || match decoded.get() {
                    None => "Drop a recording here: its DTMF digits are listed with their levels and errors. It stays in this page.".to_owned(),
                    Some(all) => format!(
                        "{}: {:.1} s, {}", all.name, all.samples.len() as f64 / f64::from(SAMPLE_RATE),
                        match all.tones.len() { 0 => "no digits".to_owned(), 1 => "1 digit".to_owned(), n => format!("{n} digits") }
                    ),
                }}
            </p>
            <Show when=move || decoded.with(Option::is_some)>
                <canvas class="waveform" node_ref=canvas role="img" aria-label="Waveform of the recording, its digits marked"></canvas>
                <div class="scroll" tabindex="0" role="group" aria-label="Digits of the recording">
                    <table aria-label="Decoded digits">
                        <thead>
                            <tr>
                                <th scope="col">"Digit"</th><th scope="col">"Start ms"</th><th scope="col">"End ms"</th>
                                <th scope="col">"Low dBm0"</th><th scope="col">"High dBm0"</th><th scope="col">"Twist dB"</th>
                                <th scope="col">"Low error %"</th><th scope="col">"High error %"</th>
                            </tr>
                        </thead>
                        <tbody>
                            {move || decoded.get().map(|all| all.tones.into_iter().map(|tone| view! {
                                <tr>
                                    <td class="digits">{tone.digit.to_string()}</td>
                                    <td>{ms(tone.start_sample)}</td><td>{ms(tone.end_sample)}</td>
                                    <td>{figure(f64::from(tone.low_dbm0), 1)}</td><td>{figure(f64::from(tone.high_dbm0), 1)}</td>
                                    <td>{signed_figure(f64::from(tone.twist_db), 1)}</td>
                                    <td>{signed_figure(f64::from(tone.low_error_pct), 2)}</td><td>{signed_figure(f64::from(tone.high_error_pct), 2)}</td>
                                </tr>
                            }).collect_view())}
                        </tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}

/// Decodes a recording, and returns its first channel at 8 kHz.
async fn at_8_khz(bytes: Promise) -> Result<Vec<i16>, wasm_bindgen::JsValue> {
    let bytes: ArrayBuffer = JsFuture::from(bytes).await?.dyn_into()?;
    // A context of this rate has the browser resample what it decodes.
    let context = OfflineAudioContext::new_with_number_of_channels_and_length_and_sample_rate(
        1,
        1,
        SAMPLE_RATE as f32,
    )?;
    let buffer: AudioBuffer = JsFuture::from(context.decode_audio_data(&bytes)?).await?.dyn_into()?;
    let samples = buffer.get_channel_data(0)?;
    Ok(samples.iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).collect())
}

/// Draws the highest and lowest sample of each column, digits as bands.
fn paint(canvas: &HtmlCanvasElement, shown: &Decoded) {
    let Some(Sheet { context, width, height, ink }) = sheet(canvas) else { return };
    let length = shown.samples.len().max(1) as f64;
    let x = |sample: u64| sample as f64 / length * width;
    context.set_fill_style_str(&ink);
    context.set_stroke_style_str(&ink);
    context.set_font("600 12px 'Dialbench Mono', ui-monospace, monospace");
    for tone in &shown.tones {
        let (from, to) = (x(tone.start_sample), x(tone.end_sample));
        context.set_global_alpha(0.18);
        context.fill_rect(from, 0.0, (to - from).max(1.0), height);
        context.set_global_alpha(1.0);
        // Text that does not fit is no reason to stop.
        let _ = context.fill_text(&tone.digit.to_string(), from + 2.0, 12.0);
    }
    let y = |sample: i16| height / 2.0 - f64::from(sample) / 32_768.0 * height / 2.0;
    let columns = width as usize;
    context.set_line_width(1.0);
    context.set_global_alpha(0.8);
    context.begin_path();
    for column in 0..columns {
        let at = |column: usize| column * shown.samples.len() / columns;
        let part = &shown.samples[at(column)..at(column + 1)];
        if let (Some(low), Some(high)) = (part.iter().min(), part.iter().max()) {
            let x = column as f64 + 0.5;
            context.move_to(x, y(*high));
            context.line_to(x, y(*low) + 0.5);
        }
    }
    context.stroke();
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use base::digit::Digit;
    use js_sys::{Array, Function, Reflect};
    use signal::tone::{ToneConfig, synthesize};
    use wasm_bindgen::JsValue;

    use super::*;
    use crate::{
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
        let found: String = cells.iter().step_by(8).map(String::as_str).collect();
        assert_eq!(found, "159D*0#");
        let start: f64 = cells[9].parse().unwrap();
        assert!((start - 200.0).abs() < 4.0, "the second begins at {start} ms");
        assert!(page.text().contains("keys.wav: 1.4 s, 7 digits"), "{}", page.text());
        page.one("img", "Waveform of the recording, its digits marked").await;
    }

    #[wasm_bindgen_test]
    async fn what_is_no_recording_is_refused_by_name_and_the_next_is_taken() {
        let page = mount(|| view! { <Recording /> });
        drop_file(&page, "notes.txt", &"no audio at all".into()).await;
        page.shows("status", "", "notes.txt: the browser cannot decode it.").await;
        let choose = page.one("button", "Choose a file").await;
        until("the next try", || !choose.has_attribute("disabled")).await;
        drop_file(&page, "silence.wav", &wav(&[0; 8_000])).await;
        until("its length", || page.text().contains("silence.wav: 1.0 s, no digits")).await;
        assert!(!page.text().contains("notes.txt"), "{}", page.text());
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
