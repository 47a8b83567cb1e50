use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::server::SECRET;

/// Figures of a round.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Time for which a server is warmed up before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// Posts events on so many connections, the next on each once the last is answered.
pub(crate) async fn run(server: &str, connections: usize, seconds: u64) -> Result<Figures> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs(seconds);
    let mut posting = JoinSet::new();
    for connection in 0..connections {
        posting.spawn(post(server.to_owned(), connection, begin, end));
    }
    let mut times = Vec::new();
    while let Some(posted) = posting.join_next().await {
        times.extend(posted??);
    }
    ensure!(!times.is_empty(), "nothing was answered");
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    Ok(Figures { per_second: times.len() as f64 / seconds as f64, p50_ms: at(0.5), p99_ms: at(0.99) })
}

async fn post(server: String, connection: usize, begin: Instant, end: Instant) -> Result<Vec<Duration>> {
    let webhook = Webhook::new(SECRET)?;
    let mut stream = TcpStream::connect(&server).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut answer = [0; 4_096];
    for number in 0_u64.. {
        let request = request(&webhook, &server, connection, number)?;
        let sent = Instant::now();
        if sent > end {
            break;
        }
        stream.write_all(request.as_bytes()).await?;
        let read = stream.read(&mut answer).await?;
        let answer = &answer[..read];
        // A head alone, which is short enough for one read.
        ensure!(
            answer.starts_with(b"HTTP/1.1 204") && answer.ends_with(b"\r\n\r\n"),
            "{}",
            String::from_utf8_lossy(answer)
        );
        if sent >= begin {
            times.push(sent.elapsed());
        }
    }
    Ok(times)
}

fn request(webhook: &Webhook, server: &str, connection: usize, number: u64) -> Result<String> {
    let id = format!("{connection}-{number}");
    let time = jiff::Timestamp::now().as_second();
    let body = format!(
        "{{\"simulationId\":\"bench\",\"callId\":\"call-{id}\",\"state\":\"completed\",\"timestamp\":\"2026-11-28T00:00:00Z\",\
         \"outcome\":\"answered\",\"durationMs\":12000}}"
    );
    let signature = webhook.sign(&id, time, body.as_bytes())?;
    Ok(format!(
        "POST /webhook/simulation-events HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {time}\r\nwebhook-signature: {signature}\r\n\r\n{body}",
        body.len()
    ))
}
