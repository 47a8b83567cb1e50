//! Sending: one press of the button is one session.

use js_sys::{Float32Array, Uint8Array};
use leptos::prelude::*;
use prompt::{
    draft::{CheckedPrompt, PromptDraft},
    job::{PlaybackSession, Sending},
};
use wasm_bindgen_futures::spawn_local;

use super::super::{clip::Clip, state::PromptState};
use crate::{clock, js::random_uuid, kit::jobs::JobRunner, net::api, ui::Notice};

/// Sends what the form holds, and sees it through.
#[derive(Clone, Copy)]
pub(in super::super) struct Sender {
    state: PromptState,
    pub(super) jobs: JobRunner<PlaybackSession>,
}

impl Sender {
    /// Goes on with the sessions that a reload interrupted.
    pub(in super::super) fn new(state: PromptState) -> Self {
        let config = Signal::derive(move || PlaybackSession::config(&state.limits.get()));
        Self { state, jobs: JobRunner::start(state.sessions, config, state.notice) }
    }

    /// Asks for a session. The stand-in is given the prompt first where it is a file of this page's.
    pub(in super::super) fn send(self, draft: PromptDraft, checked: CheckedPrompt) {
        let Some(session_id) = random_uuid() else { return };
        let sending = Sending {
            session_id: session_id.parse().expect("a UUID is an identifier"),
            timestamp: clock::rfc3339(clock::now()),
            draft,
        };
        let request = checked.control.payload(sending.session_id.clone(), &*sending.timestamp);
        let clip = untrack(|| self.state.shown()).filter(|clip| self.has_to_be_given(*clip, &checked));
        let Some(clip) = clip else {
            return self.submit(sending, request);
        };
        let Some(bytes) = untrack(|| clip.source(|opened| float_wav(&opened.samples, opened.rate))) else {
            return self.submit(sending, request);
        };
        spawn_local(async move {
            match api::put_prompt(checked.control.prompt_id.as_str(), &bytes).await {
                Ok(_) => {
                    clip.given.set(Some(checked.control.prompt_id.to_string()));
                    self.submit(sending, request);
                }
                Err(problem) => {
                    let notice = Notice::from(problem);
                    let title =
                        format!("{} was not given to the stand-in, and nothing was sent:", clip.name());
                    let _ = self.state.notice.try_set(Some(Notice { title, ..notice }));
                }
            }
        });
    }

    /// Reports whether the stand-in does not have what the form's prompt stands for in this page.
    fn has_to_be_given(self, clip: Clip, checked: &CheckedPrompt) -> bool {
        let id = checked.control.prompt_id.as_str();
        untrack(|| self.state.has_stand_in())
            && !clip.is_played
            && clip.given.with_untracked(|given| given.as_deref() != Some(id))
    }

    fn submit(self, sending: Sending, request: prompt::control::ControlPayload) {
        let id = self.jobs.submit(sending, request);
        let _ = self.state.shown_session.try_set(Some(id));
    }
}

/// Writes samples as a WAV file of 32-bit floating point, so that the stand-in renders the same numbers as this page.
fn float_wav(samples: &Float32Array, rate: u32) -> Uint8Array {
    const FLOAT: u16 = 3;
    let data = samples.length() * 4;
    let mut header = Vec::with_capacity(44);
    header.extend(b"RIFF");
    header.extend((36 + data).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(FLOAT.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend((rate * 4).to_le_bytes());
    header.extend(4_u16.to_le_bytes());
    header.extend(32_u16.to_le_bytes());
    header.extend(b"data");
    header.extend(data.to_le_bytes());
    let file = Uint8Array::new_with_length(44 + data);
    file.set(&Uint8Array::from(&*header), 0);
    // Both the array and WAV are little-endian on every machine with WebAssembly.
    file.set(
        &Uint8Array::new_with_byte_offset_and_length(&samples.buffer(), samples.byte_offset(), data),
        44,
    );
    file
}

#[cfg(test)]
mod tests {
    use prompt::source::{Encoding, read_wav};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_stand_in_is_given_the_same_numbers() {
        let samples: Vec<f32> = (0..801).map(|n| (n as f32 * 0.37).sin() * 0.9).collect();
        let file = float_wav(&Float32Array::from(&*samples), 16_000).to_vec();
        let source = read_wav(&file).expect("a WAV file");
        assert_eq!((source.facts.encoding, source.rate), (Encoding::Float, 16_000));
        assert_eq!(source.samples, samples);
    }
}
