//! The transport: what is heard, from where, and what interrupts it.

use leptos::{ev, prelude::*};
use prompt::render::Bypass;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, KeyboardEvent};

use super::{
    player::{Deck, Player},
    state::{Mark, PromptState},
};
use crate::{
    kit::forms::{Field, Lens, SwitchField, lens},
    ui::on_each_frame,
};

const KEYS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/// A caller's means to interrupt a prompt.
#[derive(Clone, Debug, PartialEq)]
enum Interruption {
    Key(String),
    Voice,
}

impl Interruption {
    fn is_allowed(&self, state: PromptState) -> bool {
        state.form.draft.with_untracked(|draft| match self {
            Self::Key(_) => draft.allow_dtmf,
            Self::Voice => draft.allow_voice,
        })
    }

    fn name(&self) -> String {
        match self {
            Self::Key(key) => format!("key {key}"),
            Self::Voice => "the caller's voice".into(),
        }
    }
}

/// Shows the buttons that play, compare and interrupt.
#[component]
pub(super) fn Transport() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let is_heard = move |deck| (state.is_playing.get() && state.heard.get() == deck).to_string();
    on_each_frame(move || keep_up(state));
    let keys = window_event_listener(ev::keydown, move |event| {
        if let Some(key) = dtmf_key(&event).filter(|_| state.is_playing.get_untracked()) {
            event.prevent_default();
            interrupt(state, &Interruption::Key(key));
        }
    });
    on_cleanup(move || keys.remove());
    let repeat = Field {
        value: state.is_repeating.into(),
        set: Callback::new(move |is_on| state.is_repeating.set(is_on)),
        error: Signal::stored(None),
    };
    let matched = Field {
        value: state.is_matched.into(),
        set: Callback::new(move |is_on| state.is_matched.set(is_on)),
        error: Signal::stored(None),
    };
    view! {
        <div class="transport" role="group" aria-label="Playback">
            <div class="buttons">
                <button type="button" class="go" aria-pressed=move || is_heard(Deck::Preview)
                    on:click=move |_| state.play(Deck::Preview)>"Play preview"</button>
                <button type="button" aria-pressed=move || is_heard(Deck::Original)
                    on:click=move |_| state.play(Deck::Original)>"Play original"</button>
                <button type="button" disabled=move || !state.is_playing.get() on:click=move |_| state.stop()>"Stop"</button>
                <output class="digits" aria-label="Place" aria-live="off">{move || clock(state.place.get())}</output>
                <SwitchField label="Loop" field=repeat />
                <SwitchField label="Equal loudness" field=matched />
            </div>
            <div class="buttons" role="group" aria-label="Left out">
                <span class="fine">"Leave out"</span>
                <Stage name="Gain" bypass=lens!(gain) />
                <Stage name="Compressor" bypass=lens!(compressor) />
                <Stage name="Limiter" bypass=lens!(limiter) />
                <Everything />
            </div>
            <div class="buttons interruptions" role="group" aria-label="Interrupt">
                <span class="fine">"Interrupt"</span>
                {KEYS.map(|key| view! {
                    <button type="button" class="key" aria-label=format!("Press {key}") disabled=move || !state.is_playing.get()
                        on:click=move |_| interrupt(state, &Interruption::Key(key.into()))>{key}</button>
                }).collect_view()}
                <button type="button" disabled=move || !state.is_playing.get()
                    on:click=move |_| interrupt(state, &Interruption::Voice)>"Speak"</button>
            </div>
        </div>
    }
}

/// Shows the switch that leaves a stage out.
#[component]
fn Stage(name: &'static str, bypass: Lens<Bypass, bool>) -> impl IntoView {
    let state = expect_context::<PromptState>();
    let is_out = move || state.bypass.with(|all| *(bypass.get)(all));
    view! {
        <button type="button" aria-pressed=move || is_out().to_string()
            on:click=move |_| state.bypass.update(|all| {
                let out = (bypass.get_mut)(all);
                *out = !*out;
            })>{name}</button>
    }
}

/// Shows the switch that leaves every stage out.
#[component]
fn Everything() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let all = Bypass { gain: true, compressor: true, limiter: true };
    view! {
        <button type="button" aria-pressed=move || (state.bypass.get() == all).to_string()
            on:click=move |_| state.bypass.update(|now| *now = if *now == all { Bypass::default() } else { all })>
            "Everything"
        </button>
    }
}

/// Follows what is played.
fn keep_up(state: PromptState) {
    if !state.is_playing.get_untracked() {
        return;
    }
    let end = untrack(|| state.shown()).map_or(0.0, |clip| untrack(|| clip.duration()));
    let place = state.player.with_value(Player::position);
    if state.player.with_value(|player| player.end_at(end)) {
        let cut = state.marks.with_untracked(|marks| marks.iter().rev().find_map(|mark| mark.until));
        state.is_playing.set(false);
        state.place.set(cut.filter(|cut| *cut < end).unwrap_or(0.0));
    } else {
        state.place.set(place);
    }
}

/// Interrupts what is played, as the settings say, and marks it.
fn interrupt(state: PromptState, by: &Interruption) {
    if !state.is_playing.get_untracked() {
        return;
    }
    let end = untrack(|| state.shown()).map_or(0.0, |clip| untrack(|| clip.duration()));
    let at = state.player.with_value(Player::position);
    let until = if by.is_allowed(state) {
        let cutoff = state.form.draft.with_untracked(|draft| draft.cutoff);
        match state.player.with_value(|player| player.interrupt(cutoff, end)) {
            Ok(until) => Some((until, cutoff.name())),
            Err(error) => return state.say(Err(error)),
        }
    } else {
        None
    };
    let text = match &until {
        Some((until, cutoff)) => {
            format!("{} at {}: {cutoff}, silent at {}", by.name(), clock(at), clock(*until))
        }
        None => format!("{} at {}: not allowed to interrupt", by.name(), clock(at)),
    };
    state.marks.update(|marks| marks.push(Mark { at, until: until.map(|(until, _)| until), text }));
}

/// Returns the DTMF key of a key press, unless a field takes it.
fn dtmf_key(event: &KeyboardEvent) -> Option<String> {
    let takes_text = |element: &Element| {
        matches!(&*element.tag_name(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.has_attribute("contenteditable")
    };
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key() && !event.repeat();
    let key = event.key();
    (is_plain && !target.is_some_and(|target| takes_text(&target)) && KEYS.contains(&&*key)).then_some(key)
}

/// Returns a place in minutes, seconds and hundredths.
pub(super) fn clock(seconds: f64) -> String {
    let hundredths = (seconds * 100.0).round() as u64;
    format!("{}:{:02}.{:02}", hundredths / 6_000, hundredths / 100 % 60, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_place_is_read_as_on_a_tape() {
        assert_eq!([0.0, 1.234, 59.996, 754.5].map(clock), ["0:00.00", "0:01.23", "1:00.00", "12:34.50"]);
    }
}
