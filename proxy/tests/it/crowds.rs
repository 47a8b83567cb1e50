//! Crowds that take up connections: nobody can lock the others out.

use std::time::{Duration, Instant};

use axum::extract::ws::Message as FromCxone;
use futures_util::{SinkExt as _, future::join_all};
use proxy::config::ProfileName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::common::{Fake, Proxy, proxy, raw, refusal, within};

/// More than the systems' buffers hold of an answer that nobody takes.
const LARGE_FILE_BYTES: usize = 6 << 20;

/// A folder with one large file, `large.wasm`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large.wasm"), vec![0; LARGE_FILE_BYTES]).unwrap();
    folder
}

async fn connected(proxy: &Proxy, said: &str) -> TcpStream {
    let mut stream = within(TcpStream::connect(proxy.address)).await.unwrap();
    within(stream.write_all(said.as_bytes())).await.unwrap();
    stream
}

/// Reads to the connection's end; what was read.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = within(stream.read_to_end(&mut rest)).await;
    rest
}

fn unread_answer(proxy: &Proxy) -> String {
    format!("GET /large.wasm HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address)
}

fn half_sent_body(proxy: &Proxy) -> String {
    format!(
        "POST /api/calls HTTP/1.1\r\nHost: {}\r\nX-Dialbench: 1\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{",
        proxy.address
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_holds_up_neither_requests_nor_calls_nor_the_link() {
    const EACH: usize = 60;
    let (fake, folder) = (Fake::start().await, folder());
    let proxy = proxy(&fake, |config| {
        config.app_dir = Some(folder.path().to_owned());
        config.profile = ProfileName::Sandbox;
        config.tuning.max_client_connections = 2 * EACH;
    })
    .await;
    let mut page = proxy.page().await;
    let (events, _) = fake.subscribed().await;
    page.link("open").await;
    let mut voice = proxy.dial("/ws/voice/c-1").await.unwrap();
    let mut cxone = fake.voice().await;

    let said = [unread_answer(&proxy), half_sent_body(&proxy), String::new()];
    let crowd = said.iter().flat_map(|said| (0..EACH).map(|_| connected(&proxy, said)));
    let crowd = join_all(crowd).await;

    // Half again as many connections as one address may have are open, and there is room for every request.
    let mut times = Vec::new();
    for _ in 0..40 {
        let began = Instant::now();
        let request =
            format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", proxy.address);
        assert!(raw(&proxy, &request).await.starts_with("HTTP/1.1 200"));
        times.push(began.elapsed());
    }
    times.sort_unstable();
    assert!(times[times.len() / 2] <= Duration::from_millis(100), "{times:?}");

    voice.send(Message::binary(vec![7; 320])).await.unwrap();
    loop {
        match within(cxone.recv()).await.unwrap().unwrap() {
            FromCxone::Binary(bytes) => break assert_eq!(bytes, vec![7; 320]),
            FromCxone::Ping(_) | FromCxone::Pong(_) => {}
            other @ (FromCxone::Text(_) | FromCxone::Close(_)) => panic!("{other:?}"),
        }
    }
    drop(events);
    page.link("reconnecting").await;
    let _events = fake.subscribed().await;
    page.link("open").await;
    let _another = proxy.page().await;
    drop((crowd, voice, cxone));
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_connection_of_the_largest_client_gives_way() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.max_connections = 3).await;
    let mut page = proxy.page().await;
    let (_cxone, _) = fake.subscribed().await;
    page.link("open").await;
    let mut oldest = connected(&proxy, "").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(connected(&proxy, "").await);
    }
    assert_eq!(rest(&mut oldest).await, b"");
    let newest = others.last_mut().unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", proxy.address);
    newest.write_all(request.as_bytes()).await.unwrap();
    assert!(rest(newest).await.starts_with(b"HTTP/1.1 200"));
    // The page's socket counts for itself.
    page.live().await;
    page.socket.send(Message::Ping("still there".into())).await;
    while !within(page.socket.recv()).await.unwrap().is_pong() {}
    proxy.stop().await;
}

#[tokio::test]
async fn one_client_leaves_places_for_pages_to_the_others() {
    const FORWARDED_FOR: &str = "x-forwarded-for";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.tuning.max_pages = 3;
        config.tuning.max_client_pages = 2;
    })
    .await;
    let page = async |client: &str| proxy.dial_with("/ws/interactions", FORWARDED_FOR, client).await;
    let refused = async |client: &str| {
        let (status, shown) = refusal(page(client).await.unwrap_err());
        assert_eq!(status, 503);
        shown["detail"].as_str().unwrap().to_owned()
    };
    let first = page("192.0.2.1").await.unwrap();
    // Those who follow the dialer's events are pages, too.
    let follow = proxy.http.get(proxy.url("/api/dialer/events")).header(FORWARDED_FOR, "192.0.2.1");
    let _followed = within(follow.send()).await.unwrap().error_for_status().unwrap();
    assert!(refused("192.0.2.1").await.contains("2 pages of your address"));
    let _other = page("192.0.2.2").await.unwrap();
    assert!(refused("192.0.2.2").await.contains("3 pages are open"));
    drop(first);
    within(async { while page("192.0.2.1").await.is_err() {} }).await;
    proxy.stop().await;
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_cut_off() {
    let (fake, folder) = (Fake::start().await, folder());
    let proxy = proxy(&fake, |config| {
        config.app_dir = Some(folder.path().to_owned());
        config.tuning.write_timeout = Duration::from_millis(300);
    })
    .await;
    let mut unread = connected(&proxy, &unread_answer(&proxy)).await;
    // What was on its way can still be read, and is less than the answer.
    proxy.metric_reaches("dialbench_cut_off_answers_total", 1).await;
    assert!(rest(&mut unread).await.len() < LARGE_FILE_BYTES);
    let mut read =
        connected(&proxy, &unread_answer(&proxy).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await;
    assert!(rest(&mut read).await.len() > LARGE_FILE_BYTES, "one that is taken is whole");
    proxy.stop().await;
}

#[tokio::test]
async fn a_body_that_stops_is_cut_off_in_words() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.tuning.body_timeout = Duration::from_millis(300);
        config.profile = ProfileName::Sandbox;
    })
    .await;
    let upload = half_sent_body(&proxy)
        .replace("POST /api/calls", "PUT /api/media/prompts/p-1")
        .replace("application/json", "audio/wav");
    let webhook = half_sent_body(&proxy).replace("/api/calls", "/webhook/simulation-events");
    for said in [half_sent_body(&proxy), upload, webhook] {
        let mut stream = connected(&proxy, &said).await;
        let answer = String::from_utf8(rest(&mut stream).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{said}{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("in time"), "{answer}");
    }
    proxy.stop().await;
}
