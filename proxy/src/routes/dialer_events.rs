use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{Extension, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use base::{field_error::FieldErrors, ids::SimulationId};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use tokio::sync::watch;
use wire::api::Problem;

use super::extract::{Params, parse_id};
use crate::{
    client::ClientAddress,
    error::ApiError,
    server::Keeper,
    state::AppState,
    store::{Store, StoredEvent},
};

/// Maximum number of events that are read at a time.
const MAX_READ_EVENTS: i64 = 500;
/// Wait before the database is asked again after a failure.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// Time after which a page whose stream was cut dials again.
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// Query of [`follow`].
#[derive(Deserialize)]
pub(crate) struct Which {
    simulation: Option<String>,
    after: Option<String>,
}

/// Follows the events of the dialer's simulations (server-sent events), whichever proxy they arrived at. Their names are
/// `call` and `simulation`, their data is what CXone posted, and their ids are in the order in which they were committed.
/// `Last-Event-ID`, or `after`, goes on behind that event; 0 begins at the first one. Without either, it begins with the next
/// one.
#[utoipa::path(
    get,
    path = "/api/dialer/events",
    params(
        ("simulation" = Option<String>, Query, description = "events of this simulation alone"),
        ("after" = Option<String>, Query, description = "the id after which to begin; `Last-Event-ID` comes first"),
        ("last-event-id" = Option<String>, Header, description = "the id after which to begin"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 422, description = "an id that is none", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "too many pages, or the database cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn follow(
    State(state): State<AppState>,
    Extension(connection): Extension<Keeper>,
    ClientAddress(client): ClientAddress,
    headers: HeaderMap,
    Params(Which { simulation, after }): Params<Which>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let simulation = simulation.map(|id| parse_id(id, "simulation")).transpose()?;
    let last_event = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let after = match (last_event.filter(|id| !id.is_empty()), after.as_deref()) {
        (Some(id), _) => Some(number(id, "Last-Event-ID")?),
        (None, Some(id)) => Some(number(id, "after")?),
        (None, None) => None,
    };
    let slot = state.page_slots.take(client)?;
    connection.keep();
    let counted = state.metrics.socket("dialer_events");
    // Before the newest number is read: nothing between the two is missed.
    let news = state.store.news().subscribe();
    let newest = state.store.last_seq().await?;
    // An id that was never given is another database's: from the start, then, rather than never.
    let after = after.map_or(newest, |id| if id > newest { 0 } else { id });
    let follower = Follower { store: state.store.clone(), simulation, after, news, read: VecDeque::new() };
    let shutdown = state.shutdown.clone();
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next().await;
        Some((Ok(shown(event)), follower))
    });
    // The first line makes the answer's head leave at once.
    let greeting = Event::default().comment("events of the dialer").retry(RECONNECT_WAIT);
    let events = stream::once(async { Ok(greeting) }).chain(events).take_until(shutdown.cancelled_owned());
    let events = events.map(move |event| {
        // For as long as somebody reads.
        let _ = (&slot, &counted);
        event
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn number(id: &str, field: &str) -> Result<i64, ApiError> {
    id.parse().ok().filter(|id| *id >= 0).ok_or_else(|| {
        ApiError::fields(FieldErrors::one(field, "must be the id of an event: a whole number"))
    })
}

fn shown(event: StoredEvent) -> Event {
    let name = if event.is_call { "call" } else { "simulation" };
    Event::default().id(event.seq.to_string()).event(name).data(event.body)
}

/// Somebody who follows the events.
struct Follower {
    store: Store,
    simulation: Option<SimulationId>,
    /// Number of the last event that was read.
    after: i64,
    news: watch::Receiver<i64>,
    read: VecDeque<StoredEvent>,
}

impl Follower {
    async fn next(&mut self) -> StoredEvent {
        loop {
            if let Some(event) = self.read.pop_front() {
                return event;
            }
            // Before reading: what is committed meanwhile is news again.
            self.news.borrow_and_update();
            match self.store.events_after(self.after, self.simulation.as_ref(), MAX_READ_EVENTS).await {
                Ok(events) => self.read.extend(events),
                Err(error) => {
                    tracing::warn!(%error, "events cannot be read");
                    tokio::time::sleep(RETRY_WAIT).await;
                    continue;
                }
            }
            match self.read.back() {
                Some(last) => self.after = last.seq,
                // The sender lives as long as the store.
                None => {
                    let _ = self.news.changed().await;
                }
            }
        }
    }
}
