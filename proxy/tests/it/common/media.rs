//! The media gateway and the analytics of a CXone that does what a test says.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fake::{Scripted, Shared, bearer_is_good, refused};

/// The fate of a post, in place of the usual answer.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Another answer.
    Answer(Scripted),
    /// The session is made, and the connection breaks off within the answer.
    LostAfter,
    /// The connection breaks off, and nothing is made.
    LostBefore,
    /// The usual answer, late.
    Late(Duration),
}

#[derive(Default)]
pub struct MediaFake {
    /// The bodies that were posted, with their times.
    pub posts: Mutex<Vec<(Value, Instant)>>,
    /// The fates of the next posts.
    pub fates: Mutex<VecDeque<Fate>>,
    /// Sessions that were made.
    pub made: Mutex<HashSet<String>>,
    /// Sessions that play besides those that were made.
    pub active: AtomicUsize,
    /// The answers to the next counts.
    pub counts: Mutex<VecDeque<Scripted>>,
    pub counted: Mutex<Vec<String>>,
    pub events: Mutex<Vec<Value>>,
    pub event_answers: Mutex<VecDeque<Scripted>>,
    /// The copies that came to the webhook, with their headers.
    pub copies: Mutex<Vec<(Value, HeaderMap)>>,
    pub webhook_answers: Mutex<VecDeque<Scripted>>,
    under_way: AtomicUsize,
    pub most_under_way: AtomicUsize,
}

impl MediaFake {
    pub fn script(&self, fates: impl IntoIterator<Item = Fate>) {
        self.fates.lock().unwrap().extend(fates);
    }

    pub fn script_counts(&self, answers: impl IntoIterator<Item = Scripted>) {
        self.counts.lock().unwrap().extend(answers);
    }

    /// The bodies that were posted so far.
    pub fn posted(&self) -> Vec<Value> {
        self.posts.lock().unwrap().iter().map(|(body, _)| body.clone()).collect()
    }
}

pub fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v2/media/sessions", post(play).get(count))
        .route("/api/v2/analytics/events/custom", post(event))
        .route("/hook", post(hook))
}

type App = State<Arc<Shared>>;

async fn play(State(shared): App, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    let media = &shared.media;
    media.posts.lock().unwrap().push((body.clone(), Instant::now()));
    let under_way = media.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    media.most_under_way.fetch_max(under_way, Ordering::SeqCst);
    let fate = media.fates.lock().unwrap().pop_front();
    let answer = match fate {
        Some(Fate::Answer(answer)) => answer.response(),
        Some(Fate::LostBefore) => broken(),
        Some(Fate::LostAfter) => {
            make(media, &body);
            broken()
        }
        Some(Fate::Late(time)) => {
            tokio::time::sleep(time).await;
            make(media, &body)
        }
        None => make(media, &body),
    };
    media.under_way.fetch_sub(1, Ordering::SeqCst);
    answer
}

fn make(media: &MediaFake, body: &Value) -> Response {
    let id = body["sessionId"].as_str().unwrap().to_owned();
    if !media.made.lock().unwrap().insert(id.clone()) {
        return (StatusCode::CONFLICT, Json(json!({ "message": "conflict" }))).into_response();
    }
    let reply = json!({ "id": id, "playbackState": "playing", "formatVerified": true, "bufferPreloaded": true, "latencyMs": 7 });
    (StatusCode::CREATED, Json(reply)).into_response()
}

/// An answer whose body never comes to its end.
fn broken() -> Response {
    let body = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("cut"))]);
    (StatusCode::CREATED, Body::from_stream(body)).into_response()
}

async fn count(
    State(shared): App,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    shared.media.counted.lock().unwrap().push(query.join("&"));
    if let Some(answer) = shared.media.counts.lock().unwrap().pop_front() {
        return answer.response();
    }
    Json(json!({ "totalCount": shared.media.active.load(Ordering::SeqCst), "items": [] })).into_response()
}

async fn event(State(shared): App, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    shared.media.events.lock().unwrap().push(body);
    let answer = shared.media.event_answers.lock().unwrap().pop_front();
    answer.map_or_else(|| StatusCode::ACCEPTED.into_response(), Scripted::response)
}

async fn hook(State(shared): App, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    shared.media.copies.lock().unwrap().push((body, headers));
    let answer = shared.media.webhook_answers.lock().unwrap().pop_front();
    answer.map_or_else(|| StatusCode::NO_CONTENT.into_response(), Scripted::response)
}
