//! The audio that the stand-in's gateway played of a session, to be heard and compared with the preview.

use js_sys::Float32Array;
use leptos::prelude::*;

use super::super::{
    lab::Opened,
    state::{PromptState, Session},
};
use crate::{net::api, ui::Notice};

/// Shows the button that opens what was played, and how far it is from the preview.
#[component]
pub(super) fn Played(
    /// The session, by its signals.
    session: StoredValue<Session>,
) -> impl IntoView {
    let state = expect_context::<PromptState>();
    let difference = RwSignal::new(None::<String>);
    let (id, number) = session.with_value(|session| {
        let id = session.record.with_untracked(|record| record.draft.session_id.to_string());
        (id, untrack(|| session.number()))
    });
    let is_made = move || session.with_value(|session| session.record.with(|record| record.result.is_some()));
    let open = move |_| {
        let compared = untrack(|| state.shown()).filter(|clip| !clip.is_played);
        let preview = compared.and_then(|clip| untrack(|| clip.result(|preview| preview.heard.clone())));
        let name = format!("session {number}, as played");
        let (id, called) = (id.clone(), format!("session-{number}.wav"));
        let clip = state.add(name, true, async move |lab, clip| {
            let bytes = api::session_audio(&id).await.map_err(|problem| Notice::from(problem).detail)?;
            lab.open(clip, &called, bytes).await
        });
        Effect::new(move |_| {
            let text = clip.source(|opened| {
                preview.as_ref().map_or_else(
                    || "Choose the prompt that it was sent from, to compare the two.".to_owned(),
                    |preview| compare(preview, opened),
                )
            });
            if text.is_some() {
                difference.set(text);
            }
        });
    };
    view! {
        <p class="played">
            <button type="button" disabled=move || !is_made() on:click=open>
                {format!("Hear what the gateway played of session {number}")}
            </button>
            " "<span role="status">{difference}</span>
        </p>
    }
}

/// Returns how far what was played is from the preview, in words.
fn compare(preview: &Float32Array, played: &Opened) -> String {
    let (preview, played) = (preview.to_vec(), played.samples.to_vec());
    if preview.len() != played.len() {
        let ms = |samples: usize| samples as f64 / 8.0;
        return format!(
            "It is {:.0} ms long, the preview {:.0} ms: the settings differ.",
            ms(played.len()),
            ms(preview.len())
        );
    }
    let most = preview.iter().zip(&played).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    if most == 0.0 {
        format!("The same as the preview in each of {} samples.", preview.len())
    } else {
        format!("At most {:.1} dBFS apart from the preview.", 20.0 * most.log10())
    }
}
