//! The set: every prompt that was opened, side by side.

use std::collections::BTreeMap;

use js_sys::Uint8Array;
use leptos::prelude::*;
use prompt::{findings::Severity, output::zip};
use wasm_bindgen_futures::spawn_local;

use super::{clip::Clip, state::PromptState};
use crate::{
    js::reason,
    kit::table::{Action, Column, Selection, Sheet, Table},
    ui::{Notice, save_bytes},
};

/// The loudness that prompts are brought to unless the form says another, in LUFS: that of speech on telephones.
const USUAL_LUFS: f64 = -19.0;

/// Shows the table of the set, its spread, and what is done with all of it.
#[component]
pub(super) fn PromptSet() -> impl IntoView {
    let state = expect_context::<PromptState>();
    // Whatever is not looked at follows the settings, too, after what is.
    Effect::new(move |_| {
        let (settings, target) = (state.settings(), state.target());
        let shown = state.chosen.get();
        for clip in state.clips.get() {
            clip.opened.track();
            if Some(clip.id) != shown {
                state.render(clip, settings, target, false);
            }
        }
    });
    let lufs = Memo::new(move |_| {
        let of = |clip: &Clip| clip.result(|preview| preview.measured.integrated_lufs).flatten();
        state
            .clips
            .with(|clips| clips.iter().filter(|clip| !clip.is_played).filter_map(of).collect::<Vec<_>>())
    });
    let spread = move || {
        let all = lufs.get();
        let (low, high) =
            all.iter().fold((f64::MAX, f64::MIN), |(low, high), &lufs| (low.min(lufs), high.max(lufs)));
        (all.len() > 1).then(|| format!("Spread {:.1} LU over {} prompts", high - low, all.len()))
    };
    let match_all = move |_| {
        state.form.draft.update(|draft| {
            if draft.target_lufs.trim().is_empty() {
                draft.target_lufs = USUAL_LUFS.to_string();
            }
        });
    };
    let export = move |sheet: Sheet| sheet.save("prompts.csv", state.notice);
    let selection = Selection::new(
        state.chosen,
        move |id| state.choose(id),
        |clip: &Clip| format!("Show {}", clip.name()),
    );
    let actions = vec![
        Action::new(
            "WAV",
            |clip: &Clip| format!("Save {} as WAV", clip.name()),
            move |clip: Clip| save(state, clip),
        ),
        Action::new(
            "×",
            |clip: &Clip| format!("Remove {}", clip.name()),
            move |clip: Clip| state.remove(clip.id),
        ),
    ];
    view! {
        <section class="panel prompt-set" aria-label="Set">
            <header>
                <h2>"Set"</h2>
                <span class="fine" role="status">{spread}</span>
                <button type="button" disabled=move || state.clips.with(Vec::is_empty) on:click=match_all>
                    {move || format!("Match all to {} LUFS", state.target().unwrap_or(USUAL_LUFS)).replace('-', "−")}
                </button>
                <button type="button" disabled=move || state.clips.with(Vec::is_empty) on:click=move |_| save_all(state)>
                    "Save all as zip"
                </button>
            </header>
            <Table name="Set" rows=state.clips key=|clip: &Clip| clip.id columns=columns() selection actions export
                empty="Nothing is open. Choose an audio file, or drop several." />
        </section>
    }
}

fn columns() -> Vec<Column<Clip>> {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    let source = |clip: &Clip| clip.source(|opened| opened.measured.integrated_lufs).flatten();
    let result = |clip: &Clip| clip.result(|preview| preview.measured.integrated_lufs).flatten();
    let peak = |clip: &Clip| clip.result(|preview| preview.measured.true_peak_dbtp).flatten();
    let worst = |clip: &Clip| {
        let findings = clip.result(|preview| preview.findings.clone()).unwrap_or_default();
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        match (count(Severity::Error), count(Severity::Warning)) {
            (0, 0) => "none".to_owned(),
            (0, warnings) => format!("{warnings} to listen to"),
            (errors, _) => format!("{errors} broken"),
        }
    };
    vec![
        Column::new("Prompt", Clip::name).class("wide"),
        Column::new("Duration", |clip: &Clip| format!("{:.1} s", clip.duration()))
            .sorted_by(|clip| Some((clip.duration() * 1_000.0) as u64).into())
            .class("number"),
        Column::new("Original LUFS", move |clip: &Clip| number(source(clip))).class("number"),
        Column::new("Preview LUFS", move |clip: &Clip| number(result(clip))).class("number"),
        Column::new("Preview dBTP", move |clip: &Clip| number(peak(clip))).class("number"),
        Column::new("Findings", worst),
    ]
}

fn save(state: PromptState, clip: Clip) {
    let (lab, wanted) = (state.lab(), PromptState::wanted(state.settings(), state.target()));
    spawn_local(async move {
        let saved = match lab.wav(clip.id, wanted).await {
            Ok(bytes) => save_bytes(&format!("{}.wav", stem(&clip.name())), "audio/wav", &bytes)
                .map_err(|error| reason(&error)),
            Err(why) => Err(why),
        };
        complain(state, saved);
    });
}

fn save_all(state: PromptState) {
    let (lab, wanted) = (state.lab(), PromptState::wanted(state.settings(), state.target()));
    let clips = state.clips.get_untracked();
    spawn_local(async move {
        let (mut files, mut taken) = (Vec::new(), BTreeMap::new());
        for clip in clips {
            match lab.wav(clip.id, wanted).await {
                Ok(bytes) => files.push((unique(stem(&clip.name()), &mut taken), bytes.to_vec())),
                Err(why) => return complain(state, Err(format!("{}: {why}", clip.name()))),
            }
        }
        let zipped = zip(files.iter().map(|(name, bytes)| (&**name, &**bytes)));
        let zipped = zipped.map_err(|error| error.to_string());
        complain(
            state,
            zipped.and_then(|bytes| {
                save_bytes("prompts.zip", "application/zip", &Uint8Array::from(&*bytes))
                    .map_err(|error| reason(&error))
            }),
        );
    });
}

/// Says what was not saved.
fn complain(state: PromptState, saved: Result<(), String>) {
    if let Err(detail) = saved {
        let _ =
            state.notice.try_set(Some(Notice { title: "Not saved:".into(), detail, ..Notice::default() }));
    }
}

/// Returns a name that was not taken before: one that comes again gets a number.
fn unique(stem: &str, taken: &mut BTreeMap<String, u32>) -> String {
    let count = taken.entry(stem.to_owned()).and_modify(|count| *count += 1).or_insert(1);
    if *count == 1 { format!("{stem}.wav") } else { format!("{stem}-{count}.wav") }
}

/// Returns a file's name without its ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
