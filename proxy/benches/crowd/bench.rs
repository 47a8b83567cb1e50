use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{interval, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Bytes, Message},
};

/// Time within which anything has to happen.
const PATIENCE: Duration = Duration::from_mins(1);
/// Number of times that `/healthz` is asked.
const ASKED: usize = 500;
/// 20 ms of audio.
const FRAME_BYTES: usize = 320;
const FRAME_TIME: Duration = Duration::from_millis(20);
/// Size of the file that the crowd asks for and does not read.
const LARGE_FILE_BYTES: usize = 8 << 20;
/// Time for which the stand-in is away.
const OUTAGE: Duration = Duration::from_millis(500);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A dialbench with its stand-in, a page on it and a call under way.
pub(crate) struct Bench {
    process: Child,
    pub(crate) address: String,
    stand_in: String,
    http: reqwest::Client,
    page: Socket,
    _folder: tempfile::TempDir,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Bench {
    /// Starts a dialbench and opens a page.
    pub(crate) async fn start() -> Result<Self> {
        proxy::install_crypto();
        let folder = tempfile::tempdir()?;
        let app = folder.path().join("app");
        std::fs::create_dir(&app)?;
        std::fs::write(app.join("large.wasm"), vec![0; LARGE_FILE_BYTES])?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--app-dir"]).arg(app).current_dir(folder.path());
        let mut process = command.env_remove("RUST_LOG").stderr(Stdio::piped()).spawn()?;
        let errors = process.stderr.take().context("its errors are piped")?;
        let (address, stand_in) = tokio::task::spawn_blocking(|| addresses(errors)).await??;
        let (page, _) = connect_async(format!("ws://{address}/ws/interactions")).await?;
        Ok(Self { process, address, stand_in, http: reqwest::Client::new(), page, _folder: folder })
    }

    /// Places a call, and asks for `/healthz` while it speaks and listens. Returns the times until the answers, shortest
    /// first, and the number of frames that the call should have heard besides.
    pub(crate) async fn health_during_a_call(&self) -> Result<(Vec<Duration>, u64)> {
        let place = self.http.post(self.url("/api/calls")).header("x-dialbench", "1");
        let call: Value = place.json(&json!({ "flowId": "support-line" })).send().await?.json().await?;
        let id = call["callId"].as_str().with_context(|| format!("no call: {call}"))?;
        let (voice, _) = connect_async(format!("ws://{}/ws/voice/{id}", self.address)).await?;
        let (mut to_call, mut from_call) = voice.split();
        let speaking = tokio::spawn(async move {
            let mut clock = interval(FRAME_TIME);
            loop {
                clock.tick().await;
                if to_call.send(Message::binary(Bytes::from_static(&[0; FRAME_BYTES]))).await.is_err() {
                    return;
                }
            }
        });
        let heard = Arc::new(AtomicU64::new(0));
        let hearing = {
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                while let Some(Ok(message)) = from_call.next().await {
                    heard.fetch_add(message.len() as u64, Ordering::Relaxed);
                }
            })
        };
        sleep(Duration::from_secs(1)).await;
        let (began, before) = (Instant::now(), heard.load(Ordering::Relaxed));
        let mut times = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            times.push(timeout(PATIENCE, self.healthz()).await.context("/healthz does not answer")??);
            sleep(Duration::from_millis(10)).await;
        }
        let due = began.elapsed().as_millis() / FRAME_TIME.as_millis();
        let frames = (heard.load(Ordering::Relaxed) - before) / FRAME_BYTES as u64;
        ensure!(!hearing.is_finished(), "the call has ended");
        speaking.abort();
        hearing.abort();
        times.sort_unstable();
        Ok((times, u64::try_from(due)?.saturating_sub(frames)))
    }

    async fn healthz(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut stream = TcpStream::connect(&self.address).await?;
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "/healthz answers {answer}");
        Ok(began.elapsed())
    }

    /// Has the stand-in cut all its connections. Returns the time from its return until a page sees the link again.
    pub(crate) async fn redialled_after(&mut self) -> Result<Duration> {
        let outage = self.http.post(format!("http://{}/sandbox/outage", self.stand_in));
        outage.json(&json!({ "ms": OUTAGE.as_millis() })).send().await?.error_for_status()?;
        let began = Instant::now();
        timeout(PATIENCE, async {
            self.link("reconnecting").await?;
            self.link("open").await
        })
        .await
        .context("CXone is not dialled again")??;
        Ok(began.elapsed().saturating_sub(OUTAGE))
    }

    /// Waits until the page is told of such a link.
    async fn link(&mut self, state: &str) -> Result<()> {
        loop {
            let message = self.page.next().await.context("the page's socket has ended")??;
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text)?;
            if message["type"] == "link" && message["state"] == state {
                return Ok(());
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Reads the addresses of a dialbench and of its stand-in from what it says, which it goes on reading.
fn addresses(errors: ChildStderr) -> Result<(String, String)> {
    let mut lines = BufReader::new(errors).lines();
    let (mut address, mut stand_in) = (None, None);
    while address.is_none() || stand_in.is_none() {
        let line = lines.next().context("dialbench ended")??;
        let said = |text: &str| line.split_once(text).map(|(_, address)| address.trim().to_owned());
        address = address.or_else(|| said("dialbench: http://"));
        stand_in = stand_in.or_else(|| said("sandbox listens address="));
    }
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Ok((address.context("known")?, stand_in.context("known")?))
}
