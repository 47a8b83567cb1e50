//! The dialer of a CXone that does what a test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::fake::{Scripted, Shared, bearer_is_good, refused};

/// The fate of a submission, in place of the usual answer.
#[derive(Clone, Debug)]
pub enum Fate {
    Answer(Scripted),
    /// The simulation is begun, and the answer comes once the test lets it.
    Held(Arc<Semaphore>),
}

#[derive(Default)]
pub struct DialerFake {
    /// The bodies of the submissions.
    pub submitted: Mutex<Vec<Value>>,
    /// The fates of the next ones.
    pub fates: Mutex<VecDeque<Fate>>,
    /// The answers to the next questions for a simulation.
    pub answers: Mutex<VecDeque<Scripted>>,
    /// The metrics that were posted.
    pub metrics: Mutex<Vec<Value>>,
}

impl DialerFake {
    pub fn script(&self, fates: impl IntoIterator<Item = Fate>) {
        self.fates.lock().unwrap().extend(fates);
    }

    pub fn submissions(&self) -> usize {
        self.submitted.lock().unwrap().len()
    }
}

type App = State<Arc<Shared>>;

pub fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v2/dialer/simulations", post(submit))
        .route("/api/v2/dialer/simulations/{id}", get(simulation))
        .route("/api/v2/dialer/metrics/aggregations", post(metrics))
}

async fn submit(State(shared): App, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    let (number, fate) = {
        let mut submitted = shared.dialer.submitted.lock().unwrap();
        submitted.push(body);
        (submitted.len(), shared.dialer.fates.lock().unwrap().pop_front())
    };
    match fate {
        Some(Fate::Answer(answer)) => return answer.response(),
        Some(Fate::Held(gate)) => gate.acquire().await.unwrap().forget(),
        None => {}
    }
    (StatusCode::CREATED, Json(json!({ "id": format!("sim-{number}"), "state": "queued" }))).into_response()
}

async fn simulation(State(shared): App, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    if let Some(answer) = shared.dialer.answers.lock().unwrap().pop_front() {
        return answer.response();
    }
    Json(json!({ "id": id, "state": "running", "callsAttempted": 2, "callsCompleted": 1 })).into_response()
}

async fn metrics(State(shared): App, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    shared.dialer.metrics.lock().unwrap().push(body);
    StatusCode::ACCEPTED.into_response()
}
