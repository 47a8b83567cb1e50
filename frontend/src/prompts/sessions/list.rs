//! The table of the sessions.

use leptos::prelude::*;
use prompt::{
    job::PlaybackSession,
    reply::{Confirmation, LatencySource, PlaybackReply},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    super::state::{PromptState, Session},
    event::Events,
    played,
    sender::Sender,
};
use crate::{
    kit::{
        jobs::{self, JobId, JobTable, JobTrouble, JobsUnderWay, MaxRunning, number_column, state_column},
        table::{Column, Sheet},
    },
    net::api,
    ui::Notice,
};

/// Shows the sessions that are under way, and the table of all.
#[component]
pub(in super::super) fn Sessions() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let sender = expect_context::<Sender>();
    let events = expect_context::<Events>();
    let export = move |sheet: Sheet| sheet.save("sessions.csv", state.notice);
    let chosen = move || jobs::find(state.sessions, state.shown_session.get()?);
    view! {
        <section class="panel sessions" aria-label="Media sessions">
            <header>
                <h2>"Sessions"</h2>
                <Active />
                <MaxRunning runner=sender.jobs />
            </header>
            <JobsUnderWay jobs=state.sessions runner=sender.jobs />
            <JobTrouble job=Signal::derive(chosen) />
            <Show when=move || state.has_stand_in()>
                {move || chosen().map(|session| view! { <played::Played session=StoredValue::new(session) /> })}
            </Show>
            <JobTable name="Sessions" jobs=state.sessions runner=sender.jobs columns=columns(events)
                chosen=state.shown_session choose=move |id: JobId| state.shown_session.set(Some(id))
                edit=move |sending: prompt::job::Sending| state.form.replace(sending.draft)
                remove=move |id| sender.jobs.remove(id) export
                empty="Nothing was sent yet. Set the matrix, listen to the preview, and send it." />
        </section>
    }
}

fn columns(events: Events) -> Vec<Column<Session>> {
    let draft = |session: &Session, read: fn(&prompt::draft::PromptDraft) -> String| {
        session.record.with(|record| read(&record.draft.draft))
    };
    let reply = |session: &Session, read: fn(&PlaybackReply) -> Option<String>| {
        session.record.with(|record| record.result.as_ref().and_then(read)).unwrap_or_else(|| "–".to_owned())
    };
    vec![
        number_column::<PlaybackSession>("Session"),
        Column::new("Prompt", move |session: &Session| draft(session, |draft| draft.prompt_id.clone())),
        Column::new("Codec", move |session: &Session| draft(session, |draft| draft.codec.name().to_owned())),
        Column::new("Matrix", move |session: &Session| {
            draft(session, |draft| {
                format!("{} / {} / {}", draft.base_gain, draft.peak_limit, draft.compression_ratio)
            })
        }),
        state_column::<PlaybackSession>(),
        Column::new("Playback", move |session: &Session| {
            reply(session, |reply| match reply.confirmed_by {
                Confirmation::Answer => reply.playback_state.clone(),
                Confirmation::Conflict => Some("made; the answer was lost".to_owned()),
            })
        }),
        Column::new("Latency", move |session: &Session| {
            reply(session, |reply| {
                let by = match reply.latency_source? {
                    LatencySource::Gateway => "gateway",
                    LatencySource::Proxy => "proxy",
                };
                Some(format!("{:.0} ms ({by})", reply.latency_ms?))
            })
        })
        .class("number"),
        Column::new("Stability", |session: &Session| {
            session.verdict.with(|rate| rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.1}")))
        })
        .class("number"),
        Column::new("Analytics", move |session: &Session| events.state(session)),
    ]
}

/// Shows how many sessions the gateway plays, asked again whenever one has been sent.
#[component]
fn Active() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let active = RwSignal::new(None::<Result<u64, String>>);
    let over = Memo::new(move |_| {
        state.sessions.with(|sessions| {
            sessions.iter().filter(|session| session.record.with(|record| record.outcome.is_some())).count()
        })
    });
    Effect::new(move |_| {
        // A memo that is only tracked is never computed.
        let _ = over.get();
        spawn_local(async move {
            let answer = api::active_sessions().await;
            let answer =
                answer.map(|active| active.total_count).map_err(|problem| Notice::from(problem).detail);
            let _ = active.try_set(Some(answer));
        });
    });
    let text = move || match active.get() {
        None => String::new(),
        Some(Ok(count)) => {
            format!("{count} of {} streams play", state.limits.with(|limits| limits.media_streams))
        }
        Some(Err(why)) => why,
    };
    view! { <span class="fine" role="status">{text}</span> }
}
