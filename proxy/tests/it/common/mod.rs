//! A CXone that does what a test says, and a proxy in front of it. Everything meets over TCP.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "each test uses a part of it"
)]

pub mod dialer;
pub mod events;
pub mod fake;
pub mod frames;
pub mod line;
pub mod media;
pub mod postgres;
pub mod program;
pub mod stream;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use futures_util::StreamExt as _;
use proxy::{
    Config, Server,
    config::{Overrides, ProfileName, Service, ServiceConfig},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};
use tokio_util::sync::CancellationToken;

pub use fake::Fake;
use line::Line;

/// Longer than anything here takes; reached only by a failure.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const CLIENT_ID: &str = "canary client:id";
pub const CLIENT_SECRET: &str = "canary-secret p&ss w+rd=ü%/?";

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub struct Proxy {
    pub address: SocketAddr,
    pub audit_log: PathBuf,
    pub shutdown: CancellationToken,
    /// Making a client takes a tenth of a second, so a test has one.
    pub http: reqwest::Client,
    joined: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// A tutorial profile whose services are all at `address`.
pub fn config(address: SocketAddr) -> (Config, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let overrides = Overrides {
        listen: Some("127.0.0.1:0".into()),
        profile: Some("tutorial".into()),
        audit_log: Some(folder.path().join("audit.jsonl")),
        database_url: Some(format!("sqlite:{}", folder.path().join("dialbench.db").display())),
        ..Overrides::default()
    };
    let mut config = Config::load(overrides, &|_| None).unwrap();
    for service in Service::ALL {
        config.services.insert(service, service_at(address, service));
    }
    config.limits.requests_per_second = 100_000;
    (config, folder)
}

pub fn service_at(address: SocketAddr, service: Service) -> ServiceConfig {
    let base = format!("http://{address}/");
    let path = if service == Service::Voice { "oauth2/token" } else { "oauth/token" };
    ServiceConfig::at(
        service,
        base.parse().unwrap(),
        format!("{base}{path}").parse().unwrap(),
        CLIENT_ID.into(),
        CLIENT_SECRET.into(),
    )
}

pub async fn proxy(fake: &Fake, tweak: impl FnOnce(&mut Config)) -> Proxy {
    proxy_at(fake.address, tweak).await
}

pub async fn proxy_at(address: SocketAddr, tweak: impl FnOnce(&mut Config)) -> Proxy {
    proxy::install_crypto();
    let (mut config, folder) = config(address);
    tweak(&mut config);
    if config.profile == ProfileName::Sandbox {
        config.sandbox_control = Some(format!("http://{address}/").parse().unwrap());
    }
    let audit_log = config.audit_log.clone();
    let server = Server::bind(config).await.unwrap();
    Proxy {
        address: server.address(),
        shutdown: server.shutdown(),
        audit_log,
        http: client(),
        joined: tokio::spawn(server.join()),
        _folder: folder,
    }
}

impl Proxy {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        within(self.http.get(self.url(path)).send()).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        let request = self.http.post(self.url(path)).header("x-dialbench", "1").json(body);
        within(request.send()).await.unwrap()
    }

    /// A metric's value; 0 where it was never counted.
    pub async fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until a metric has reached `least`.
    pub async fn metric_reaches(&self, name: &str, least: u64) {
        within(async {
            while self.metric(name).await < least {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    pub async fn dial(&self, path: &str) -> Result<Socket, tungstenite::Error> {
        let url = format!("ws://{}{path}", self.address);
        within(Box::pin(tokio_tungstenite::connect_async(url))).await.map(|(socket, _)| socket)
    }

    pub async fn dial_with(
        &self,
        path: &str,
        header: &'static str,
        value: &str,
    ) -> Result<Socket, tungstenite::Error> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request().unwrap();
        request.headers_mut().insert(header, value.parse().unwrap());
        within(Box::pin(tokio_tungstenite::connect_async(request))).await.map(|(socket, _)| socket)
    }

    pub async fn page(&self) -> Page {
        Page::on(self.dial("/ws/interactions").await.unwrap())
    }

    /// The audit trail, oldest entry first.
    pub async fn audit(&self) -> Vec<Value> {
        let page: Value = self.get("/api/audit?after=0&limit=1000").await.json().await.unwrap();
        page["entries"].as_array().unwrap().clone()
    }

    /// The audit trail, once `action` is in it so many times: what nobody waits for is written soon, not at once.
    pub async fn audit_with(&self, action: &str, times: usize) -> Vec<Value> {
        within(async {
            loop {
                let entries = self.audit().await;
                if entries.iter().filter(|entry| entry["action"] == action).count() >= times {
                    return entries;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        within(self.joined).await.unwrap();
    }
}

/// A page on `/ws/interactions`.
pub struct Page {
    pub socket: Line<Message>,
}

impl Page {
    pub fn on(socket: Socket) -> Self {
        Self { socket: Line::open(socket, false) }
    }

    pub async fn next(&mut self) -> Value {
        loop {
            let message = within(self.socket.recv()).await.expect("the socket is open");
            if message.is_ping() || message.is_pong() {
                continue;
            }
            let Message::Text(text) = message else { panic!("not a text: {message:?}") };
            return serde_json::from_str(&text).unwrap();
        }
    }

    /// The next message that is no link state.
    pub async fn next_in_stream(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] != "link" {
                return message;
            }
        }
    }

    pub async fn link(&mut self, state: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == "link" && message["state"] == state {
                return message;
            }
        }
    }

    pub async fn resume(&mut self, epoch: &str, offset: u64) {
        let text = serde_json::json!({ "type": "resume", "epoch": epoch, "offset": offset }).to_string();
        self.socket.send(Message::text(text)).await;
    }

    pub async fn live(&mut self) {
        self.socket.send(Message::text(r#"{"type":"live"}"#)).await;
    }

    /// Reads to the end; the close code, 1006 where none came.
    pub async fn close_code(&mut self) -> u16 {
        within(async {
            while let Some(message) = self.socket.recv().await {
                if let Message::Close(frame) = message {
                    return frame.map_or(1005, |frame| frame.code.into());
                }
            }
            1006
        })
        .await
    }
}

/// Reads to the end; the close code, 1006 where none came.
pub async fn close_code(socket: &mut Socket) -> u16 {
    within(async {
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Close(Some(frame))) => return frame.code.into(),
                Ok(Message::Close(None)) => return 1005,
                Ok(_) => {}
                Err(_) => return 1006,
            }
        }
        1006
    })
    .await
}

pub fn client() -> reqwest::Client {
    proxy::install_crypto();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub async fn within<F: Future>(work: F) -> F::Output {
    timeout(PATIENCE, work).await.expect("this takes no longer than PATIENCE")
}

/// The problem that a handshake was refused with.
pub fn refusal(error: tungstenite::Error) -> (u16, Value) {
    let tungstenite::Error::Http(response) = error else { panic!("not an HTTP answer: {error}") };
    let body = response.body().as_deref().unwrap_or_default();
    (response.status().as_u16(), serde_json::from_slice(body).unwrap_or_default())
}

/// Sends bytes as they are and reads to the end.
pub async fn raw(proxy: &Proxy, request: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

/// Checks that an answer is a problem with this status, and returns it.
pub async fn problem(response: reqwest::Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    problem
}
