//! A CXone that does what a test says.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Body,
    extract::{
        Path, Query, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{any, delete, get, post},
};
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{Mutex as AsyncMutex, mpsc},
    task::JoinHandle,
};

use super::{
    dialer::{self, DialerFake},
    line::Line,
    media::{self, MediaFake},
    within,
};

/// What a token endpoint was asked.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub path: String,
    pub authorization: Option<String>,
    pub content_type: String,
    pub body: String,
}

/// An answer that a test puts in place of the usual one.
#[derive(Clone, Debug)]
pub struct Scripted {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: String,
}

impl Scripted {
    /// No answer, ever.
    pub fn silence() -> Self {
        Self::status(0)
    }

    pub fn status(status: u16) -> Self {
        Self { status, retry_after: None, body: json!({ "message": "scripted" }).to_string() }
    }

    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }

    pub fn response(self) -> Response {
        let mut response = Response::builder().status(self.status);
        if let Some(value) = self.retry_after {
            response = response.header(header::RETRY_AFTER, value);
        }
        response.body(Body::from(self.body)).unwrap()
    }
}

pub struct Shared {
    /// What the token endpoints were asked.
    pub token_requests: Mutex<Vec<TokenRequest>>,
    /// What they answer next; a token where nothing is scripted.
    pub token_answers: Mutex<VecDeque<Scripted>>,
    pub expires_in: AtomicU64,
    issued: AtomicUsize,
    /// Tokens with a lower number are refused.
    pub oldest_good: AtomicUsize,
    /// What the call, flow and socket routes refuse them with.
    pub refusal: AtomicU16,
    /// What the call and flow routes answer next.
    pub rest_answers: Mutex<VecDeque<Scripted>>,
    pub rest_requests: AtomicUsize,
    /// The JSON text of the one flow it knows, if it knows one.
    pub flow: Mutex<Option<String>>,
    /// The bytes that stand in place of every flow, if any.
    pub definition_bytes: Mutex<Option<Vec<u8>>>,
    pub definitions_asked: AtomicUsize,
    /// The bodies of simulations and exports, and the header that an export's key came in.
    pub posted: Mutex<Vec<(serde_json::Value, HeaderMap)>>,
    /// What the next socket handshakes are refused with.
    pub handshakes: Mutex<VecDeque<Scripted>>,
    /// The extensions that answers to handshakes name.
    pub extensions: Mutex<Option<String>>,
    /// The queries of voice handshakes.
    pub voice_queries: Mutex<Vec<String>>,
    pub media: MediaFake,
    pub dialer: DialerFake,
    /// Whether interactions sockets that are dialled from now on are half-open.
    pub is_half_open: AtomicBool,
    events: mpsc::UnboundedSender<Line<Message>>,
    voices: mpsc::UnboundedSender<WebSocket>,
}

pub struct Fake {
    pub address: SocketAddr,
    pub shared: Arc<Shared>,
    events: AsyncMutex<mpsc::UnboundedReceiver<Line<Message>>>,
    voices: AsyncMutex<mpsc::UnboundedReceiver<WebSocket>>,
    serving: Mutex<Option<JoinHandle<()>>>,
}

impl Fake {
    pub async fn start() -> Self {
        let (events, events_in) = mpsc::unbounded_channel();
        let (voices, voices_in) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            token_requests: Mutex::default(),
            token_answers: Mutex::default(),
            expires_in: AtomicU64::new(3_600),
            issued: AtomicUsize::new(0),
            oldest_good: AtomicUsize::new(0),
            refusal: AtomicU16::new(401),
            rest_answers: Mutex::default(),
            rest_requests: AtomicUsize::new(0),
            flow: Mutex::default(),
            definition_bytes: Mutex::default(),
            definitions_asked: AtomicUsize::new(0),
            posted: Mutex::default(),
            handshakes: Mutex::default(),
            extensions: Mutex::default(),
            voice_queries: Mutex::default(),
            media: MediaFake::default(),
            dialer: DialerFake::default(),
            is_half_open: AtomicBool::new(false),
            events,
            voices,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            address: listener.local_addr().unwrap(),
            shared,
            events: AsyncMutex::new(events_in),
            voices: AsyncMutex::new(voices_in),
            serving: Mutex::default(),
        };
        fake.serve(listener);
        fake
    }

    fn serve(&self, listener: TcpListener) {
        let app = Router::new()
            .route("/oauth/token", post(token))
            .route("/oauth2/token", post(token))
            .route("/api/v2/interactions/websocket", get(events))
            .route("/agent/voice/{call}/stream", get(voice))
            .route("/api/v2/interactions/{id}/call", get(call))
            .route("/api/v2/flow/definitions", get(flows))
            .route("/api/v2/flow/definitions/{id}", get(definition))
            .route("/api/v2/flow/simulator", post(simulate))
            .route("/api/v2/flow/simulator/{id}", any(rest))
            .route("/qa", post(qa))
            .route("/sandbox/calls", post(place))
            .route("/sandbox/calls/{id}", delete(hang_up))
            .merge(media::routes())
            .merge(dialer::routes())
            .with_state(Arc::clone(&self.shared));
        let serving = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        *self.serving.lock().unwrap() = Some(serving);
    }

    /// Stops listening; sockets live as long as the test holds them.
    pub async fn stop_listening(&self) {
        let serving = self.serving.lock().unwrap().take().unwrap();
        serving.abort();
        let _ = serving.await;
    }

    /// Listens again, at the same address.
    pub async fn listen_again(&self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    /// The next interactions socket, and the subscription that came on it.
    pub async fn subscribed(&self) -> (Line<Message>, serde_json::Value) {
        let mut line = within(async { self.events.lock().await.recv().await }).await.unwrap();
        let first = within(line.recv()).await.unwrap();
        let subscription = serde_json::from_str(first.to_text().unwrap()).unwrap();
        (line, subscription)
    }

    pub async fn voice(&self) -> WebSocket {
        within(async { self.voices.lock().await.recv().await }).await.unwrap()
    }

    pub fn tokens_asked(&self) -> usize {
        self.shared.token_requests.lock().unwrap().len()
    }

    pub fn script_tokens(&self, answers: impl IntoIterator<Item = Scripted>) {
        self.shared.token_answers.lock().unwrap().extend(answers);
    }

    pub fn script_rest(&self, answers: impl IntoIterator<Item = Scripted>) {
        self.shared.rest_answers.lock().unwrap().extend(answers);
    }

    pub fn script_handshakes(&self, answers: impl IntoIterator<Item = Scripted>) {
        self.shared.handshakes.lock().unwrap().extend(answers);
    }

    /// The bodies that were posted so far.
    pub fn posted(&self) -> Vec<serde_json::Value> {
        self.shared.posted.lock().unwrap().iter().map(|(body, _)| body.clone()).collect()
    }

    /// All tokens given out so far are refused from now on.
    pub fn revoke(&self) {
        self.shared.oldest_good.store(self.shared.issued.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
    }
}

type App = State<Arc<Shared>>;

async fn token(State(shared): App, uri: axum::http::Uri, headers: HeaderMap, body: String) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    shared.token_requests.lock().unwrap().push(TokenRequest {
        path: uri.path().to_owned(),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
        body,
    });
    // Long enough for every caller of a crowd to find the request under way.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let scripted = shared.token_answers.lock().unwrap().pop_front();
    match scripted {
        Some(Scripted { status: 0, .. }) => return std::future::pending().await,
        Some(answer) => return answer.response(),
        None => {}
    }
    let number = shared.issued.fetch_add(1, Ordering::SeqCst) + 1;
    let expires_in = shared.expires_in.load(Ordering::SeqCst);
    Json(json!({ "access_token": format!("canary-token-{number}"), "token_type": "Bearer", "expires_in": expires_in }))
        .into_response()
}

fn is_good(shared: &Shared, token: &str) -> bool {
    token
        .strip_prefix("canary-token-")
        .and_then(|number| number.parse::<usize>().ok())
        .is_some_and(|number| number >= shared.oldest_good.load(Ordering::SeqCst))
}

pub fn bearer_is_good(shared: &Shared, headers: &HeaderMap) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .is_some_and(|token| is_good(shared, token))
}

pub fn refused(shared: &Shared) -> Response {
    StatusCode::from_u16(shared.refusal.load(Ordering::SeqCst)).unwrap().into_response()
}

async fn events(State(shared): App, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    if let Some(answer) = shared.handshakes.lock().unwrap().pop_front() {
        return answer.response();
    }
    let is_half_open = shared.is_half_open.load(Ordering::SeqCst);
    upgrade.on_upgrade(async move |socket| drop(shared.events.send(Line::open(socket, is_half_open))))
}

#[derive(serde::Deserialize)]
struct VoiceQuery {
    access_token: String,
}

async fn voice(
    State(shared): App,
    Path(call): Path<String>,
    Query(query): Query<VoiceQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !is_good(&shared, &query.access_token) {
        return refused(&shared);
    }
    shared.voice_queries.lock().unwrap().push(format!("{call}?{}", query.access_token));
    if let Some(answer) = shared.handshakes.lock().unwrap().pop_front() {
        return answer.response();
    }
    let extensions = shared.extensions.lock().unwrap().clone();
    let mut response = upgrade.on_upgrade(async move |socket| drop(shared.voices.send(socket)));
    if let Some(extensions) = extensions {
        response.headers_mut().insert(header::SEC_WEBSOCKET_EXTENSIONS, extensions.parse().unwrap());
    }
    response
}

async fn call(State(shared): App, Path(id): Path<String>, headers: HeaderMap) -> Response {
    shared.rest_requests.fetch_add(1, Ordering::SeqCst);
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    if let Some(answer) = shared.rest_answers.lock().unwrap().pop_front() {
        return answer.response();
    }
    Json(json!({ "interactionId": id, "callId": "c-1", "state": "streaming" })).into_response()
}

async fn flows() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

async fn definition(State(shared): App, Path(id): Path<String>) -> Response {
    let scripted = shared.definition_bytes.lock().unwrap().clone();
    if let Some(bytes) = scripted {
        return ([(header::CONTENT_TYPE, "application/json")], bytes).into_response();
    }
    shared.definitions_asked.fetch_add(1, Ordering::SeqCst);
    let flow = shared.flow.lock().unwrap().clone();
    match flow.filter(|flow| flow.contains(&format!("\"flowId\":\"{id}\""))) {
        Some(flow) => ([(header::CONTENT_TYPE, "application/json")], flow).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn rest(State(shared): App) -> Response {
    shared.rest_requests.fetch_add(1, Ordering::SeqCst);
    shared.rest_answers.lock().unwrap().pop_front().unwrap_or_else(|| Scripted::status(404)).response()
}

async fn simulate(State(shared): App, headers: HeaderMap, Json(body): Json<serde_json::Value>) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    shared.posted.lock().unwrap().push((body, headers));
    if let Some(answer) = shared.rest_answers.lock().unwrap().pop_front() {
        return answer.response();
    }
    let job =
        json!({ "simulationId": "sim-1", "status": "queued", "resultUrl": "https://cxone.example/sim-1" });
    (StatusCode::CREATED, Json(job)).into_response()
}

async fn qa(State(shared): App, headers: HeaderMap, Json(body): Json<serde_json::Value>) -> Response {
    shared.posted.lock().unwrap().push((body, headers));
    if let Some(answer) = shared.rest_answers.lock().unwrap().pop_front() {
        return answer.response();
    }
    (StatusCode::ACCEPTED, "taken").into_response()
}

async fn place(State(shared): App, headers: HeaderMap, Json(body): Json<serde_json::Value>) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    if let Some(answer) = shared.rest_answers.lock().unwrap().pop_front() {
        return answer.response();
    }
    let id = format!("i-{}", body["flowId"].as_str().unwrap());
    (StatusCode::CREATED, Json(json!({ "interactionId": id, "callId": "c-1" }))).into_response()
}

async fn hang_up(State(shared): App, headers: HeaderMap) -> Response {
    if !bearer_is_good(&shared, &headers) {
        return refused(&shared);
    }
    if let Some(answer) = shared.rest_answers.lock().unwrap().pop_front() {
        return answer.response();
    }
    StatusCode::NO_CONTENT.into_response()
}
