//! A stand-in to test, and clients for it.

use std::{sync::Arc, time::Duration};

use base::digit::DigitString;
use base64::Engine as _;
use futures_util::{SinkExt as _, Stream, StreamExt as _};
use reqwest::{RequestBuilder, Response, StatusCode};
use sandbox::{Sandbox, SandboxConfig, ServiceEndpoint, TokenStyle};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use signal::{
    frame::SAMPLE_RATE,
    tone::{ToneConfig, synthesize},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};
use wire::{
    api::PlacedCall,
    cxone::dtmf::{self, Activity, Message as Event},
};

/// Maximum time for anything to arrive; longer than any test takes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A stand-in and an HTTP client.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
}

/// Length of the tiny flow's long recording: long enough to be interrupted, short enough to wait for.
pub(crate) const LONG_MS: usize = 1_500;
/// Length of the tiny flow's short recording.
pub(crate) const SHORT_MS: usize = 200;

/// Returns settings with a flow of short prompts: 1 → one, 2 → a sub-menu with 1 and 2, any other digit is a no-match.
pub(crate) fn config() -> SandboxConfig {
    let tone = |ms: usize| -> Arc<[i16]> {
        (0..ms * SAMPLE_RATE as usize / 1_000)
            .map(|at| if at / 16 % 2 == 0 { 4_000 } else { -4_000 })
            .collect()
    };
    let say = |asset: &str| json!({ "segments": [{ "asset": asset, "text": asset }] });
    let firmly = |asset: &str| json!({ "bargeIn": false, "segments": [{ "asset": asset, "text": asset }] });
    let flow = json!({
        "flowId": "tiny", "name": "Tiny", "start": "root",
        "nodes": [
            { "id": "root", "type": "menu", "firstDigitTimeoutMs": 600, "interDigitTimeoutMs": 600, "maxRetries": 1,
              "prompt": say("long"), "noMatchPrompt": say("short"),
              "branches": [
                { "on": "digits", "value": "1", "to": "one" }, { "on": "digits", "value": "2", "to": "sub" } ] },
            { "id": "sub", "type": "menu", "action": "sub", "prompt": firmly("long"),
              "branches": [
                { "on": "digits", "value": "1", "to": "one" }, { "on": "digits", "value": "2", "to": "two" } ] },
            { "id": "one", "type": "transfer", "target": "queue:one", "action": "one", "prompt": firmly("short") },
            { "id": "two", "type": "hangup", "action": "two", "prompt": firmly("short") },
        ],
    });
    SandboxConfig {
        extra_flows: vec![serde_json::from_value(flow).unwrap()],
        extra_prompts: vec![("long".into(), tone(LONG_MS)), ("short".into(), tone(SHORT_MS))],
        requests_per_second: 10_000,
        ..SandboxConfig::default()
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: SandboxConfig) -> Self {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = sandbox::start(config).await.unwrap();
        Self { sandbox, http: reqwest::Client::builder().timeout(TIMEOUT).build().unwrap() }
    }

    pub(crate) fn endpoint(&self, service: &str) -> ServiceEndpoint {
        self.sandbox.endpoints().into_iter().find(|endpoint| endpoint.service.name() == service).unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.sandbox.address())
    }

    /// Returns a token request in the service's style, for all of its scopes.
    pub(crate) fn token_request(&self, service: &str) -> RequestBuilder {
        let endpoint = self.endpoint(service);
        let scope = endpoint.scopes.join(" ");
        let (id, secret) = self.sandbox.credentials();
        let secret = secret.expose_secret();
        let grant = ("grant_type", "client_credentials");
        let request = self.http.post(&endpoint.token_url);
        match endpoint.token_style {
            TokenStyle::FormBody => {
                request.form(&[grant, ("client_id", &id), ("client_secret", secret), ("scope", &scope)])
            }
            TokenStyle::JsonBody => {
                request.json(&json!({ "grant_type": grant.1, "client_id": id, "client_secret": secret }))
            }
            TokenStyle::BasicForm => request.basic_auth(id, Some(secret)).form(&[grant, ("scope", &scope)]),
        }
    }

    pub(crate) async fn token(&self, service: &str) -> String {
        let answer = self.token_request(service).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{service}");
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.http.post(self.url(path)).json(&body).send().await.unwrap()
    }

    pub(crate) async fn fault(&self, rule: Value) {
        let answer = self.post("/sandbox/faults", rule.clone()).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{rule}");
    }

    pub(crate) async fn place(&self, flow: &str) -> PlacedCall {
        let token = self.token("interactions").await;
        let request =
            self.http.post(self.url("/sandbox/calls")).bearer_auth(token).json(&json!({ "flowId": flow }));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json().await.unwrap()
    }

    pub(crate) async fn hang_up(&self, call: &PlacedCall) {
        let token = self.token("interactions").await;
        let url = self.url(&format!("/sandbox/calls/{}", call.interaction_id));
        let answer = self.http.delete(url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    pub(crate) async fn state(&self, call: &PlacedCall) -> String {
        let token = self.token("voice").await;
        let url = self.url(&format!("/voice/api/v2/interactions/{}/call", call.interaction_id));
        let answer: Value = self.http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["callId"], call.call_id.as_str());
        answer["state"].as_str().unwrap().to_owned()
    }

    /// Opens the interactions socket without subscribing.
    pub(crate) async fn events_socket(&self, token: &str) -> Result<Socket, tungstenite::Error> {
        let url =
            self.endpoint("interactions").base_url.replace("http", "ws") + "/api/v2/interactions/websocket";
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        connect_async(request).await.map(|(socket, _)| socket)
    }

    /// Subscribes to every event.
    pub(crate) async fn events(&self) -> Events {
        let types = json!(["media", "dtmf", "interaction"]);
        self.subscribe(json!({ "interactionType": "voice", "eventTypes": types })).await
    }

    pub(crate) async fn subscribe(&self, subscription: Value) -> Events {
        let token = self.token("interactions").await;
        let mut socket = self.events_socket(&token).await.unwrap();
        socket.send(Message::text(subscription.to_string())).await.unwrap();
        // A pong comes once the subscription before it has been read.
        socket.send(Message::Ping("subscribed?".into())).await.unwrap();
        loop {
            let message = timeout(TIMEOUT, socket.next()).await.unwrap().unwrap().unwrap();
            if message.is_pong() {
                return Events { socket };
            }
            assert!(message.is_ping(), "{message} before the subscription was read");
        }
    }

    pub(crate) async fn voice_socket(
        &self,
        call_id: &str,
        token: &str,
    ) -> Result<Socket, tungstenite::Error> {
        let base = self.endpoint("voice").base_url.replace("http", "ws");
        connect_async(format!("{base}/agent/voice/{call_id}/stream?access_token={token}"))
            .await
            .map(|(socket, _)| socket)
    }

    pub(crate) async fn voice(&self, call: &PlacedCall) -> Socket {
        let token = self.token("voice").await;
        self.voice_socket(call.call_id.as_str(), &token).await.unwrap()
    }
}

/// Returns the status that a handshake was refused with.
pub(crate) fn refusal(result: Result<Socket, tungstenite::Error>) -> u16 {
    match result {
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("refused without an answer: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Returns the digits as tones, each with its pause.
pub(crate) fn tones(digits: &str) -> Vec<u8> {
    let digits: DigitString = digits.parse().unwrap();
    let samples = synthesize(digits.iter(), &ToneConfig::default(), SAMPLE_RATE);
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Sends the tones of digits in 20 ms frames, as fast as possible.
pub(crate) async fn press(socket: &mut Socket, digits: &str) {
    for frame in tones(digits).chunks(320) {
        socket.send(Message::binary(frame.to_vec())).await.unwrap();
    }
}

/// Returns the code that a socket was closed with; none if it was cut.
pub(crate) async fn close_code(
    socket: &mut (impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin),
) -> Option<u16> {
    timeout(TIMEOUT, async {
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        None
    })
    .await
    .expect("the socket ends")
}

/// A subscriber.
pub(crate) struct Events {
    pub(crate) socket: Socket,
}

impl Events {
    /// Returns the text of the next message.
    pub(crate) async fn text(&mut self) -> String {
        timeout(TIMEOUT, async {
            loop {
                if let Message::Text(text) =
                    self.socket.next().await.expect("still open").expect("still open")
                {
                    return text.to_string();
                }
            }
        })
        .await
        .expect("an event")
    }

    pub(crate) async fn next(&mut self) -> Event {
        dtmf::parse(&self.text().await)
    }

    /// Reads events until one is described as `last`, and returns the descriptions of all, the last included.
    pub(crate) async fn until(&mut self, last: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let short = describe(&self.next().await);
            let done = short == last;
            seen.push(short);
            if done {
                return seen;
            }
        }
    }
}

/// Describes an event: `digit 5`, `state streaming`, `entered root`, `started root`, `ended root`, `interrupted root`,
/// `action sales`.
pub(crate) fn describe(event: &Event) -> String {
    match event {
        Event::Dtmf(dtmf) => format!("digit {}", dtmf.digit),
        Event::Interaction(interaction) => {
            let node = interaction.node_id.as_deref().unwrap_or("nowhere");
            match &interaction.activity {
                None => format!("state {}", interaction.state),
                Some(Activity::NodeEntered) => format!("entered {node}"),
                Some(Activity::PromptStarted) => format!("started {node}"),
                Some(Activity::PromptEnded) => format!("ended {node}"),
                Some(Activity::PromptInterrupted) => format!("interrupted {node}"),
                Some(Activity::Action) => {
                    format!("action {}", interaction.action.as_deref().unwrap_or("none"))
                }
                Some(other) => format!("{other:?}"),
            }
        }
        unknown @ Event::Unknown(_) => format!("{unknown:?}"),
    }
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}
