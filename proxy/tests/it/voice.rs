//! `/ws/voice/{callId}`: bytes, ends and stalls.

use std::time::Duration;

use crate::common::{Fake, Socket, close_code, fake::Scripted, proxy, refusal, within};
use axum::extract::ws::{CloseFrame, Message as FromCxone, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use proxy::config::Service;
use tokio_tungstenite::tungstenite::{self, Message};

const FRAME: usize = 320;

async fn joined(fake: &Fake, proxy: &crate::common::Proxy) -> (Socket, WebSocket) {
    let page = proxy.dial("/ws/voice/c-1").await.unwrap();
    (page, fake.voice().await)
}

/// Bytes that tell where they stand.
fn pcm(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / FRAME % 251) as u8).collect()
}

/// Cuts at odd places, as CXone does.
fn cut(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    for length in [1, 319, 320, 321, 7, 1_000, 4_096, 4_097].into_iter().cycle() {
        if bytes.is_empty() {
            return parts;
        }
        let (part, rest) = bytes.split_at(length.min(bytes.len()));
        parts.push(part.to_vec());
        bytes = rest;
    }
    parts
}

async fn page_reads(page: &mut Socket, length: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < length {
        if let Message::Binary(bytes) = within(page.next()).await.unwrap().unwrap() {
            read.extend_from_slice(&bytes);
        }
    }
    read
}

async fn cxone_reads(cxone: &mut WebSocket, length: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < length {
        if let FromCxone::Binary(bytes) = within(cxone.recv()).await.unwrap().unwrap() {
            read.extend_from_slice(&bytes);
        }
    }
    read
}

/// How CXone's side was closed; 1006 where no close frame came.
async fn cxone_close_code(cxone: &mut WebSocket) -> u16 {
    within(async {
        loop {
            match cxone.recv().await {
                Some(Ok(FromCxone::Close(frame))) => return frame.map_or(1005, |frame| frame.code),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 1006,
            }
        }
    })
    .await
}

/// Reads a page's socket to its end; the code and the reason that it was closed with.
async fn closed_with(page: &mut Socket) -> (u16, String) {
    let mut told = None;
    within(async {
        while let Some(Ok(message)) = page.next().await {
            if let Message::Close(Some(frame)) = message {
                told = Some((frame.code.into(), frame.reason.as_str().to_owned()));
            }
        }
    })
    .await;
    told.expect("a page is always told")
}

#[tokio::test]
async fn a_fault_of_cxone_s_is_told_to_both_sides() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    cxone.send(FromCxone::Binary(vec![0; (1 << 20) + 1].into())).await.unwrap();
    let told = closed_with(&mut page).await;
    assert_eq!(told, (1011, "CXone's fault: a message has at most 1048576 bytes".to_owned()));
    assert_eq!(cxone_close_code(&mut cxone).await, 1009);
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_both_ways_unchanged_at_any_speed() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    // Half a minute of audio at once, in each direction.
    let audio = pcm(30 * 50 * FRAME + 13);
    let parts = cut(&audio);
    let (sent, received) = tokio::join!(
        async {
            for part in &parts {
                page.feed(Message::binary(part.clone())).await.unwrap();
            }
            page.flush().await
        },
        cxone_reads(&mut cxone, audio.len())
    );
    sent.unwrap();
    assert!(received == audio, "to CXone");
    let ((), received) = tokio::join!(
        async {
            for part in &parts {
                cxone.send(FromCxone::Binary(part.clone().into())).await.unwrap();
            }
        },
        page_reads(&mut page, audio.len())
    );
    assert!(received == audio, "to the page");
    proxy.metric_reaches("dialbench_voice_bytes_total{towards=\"page\"}", audio.len() as u64).await;
    assert_eq!(proxy.metric("dialbench_voice_dropped_frames_total{towards=\"page\"}").await, 0);
    assert_eq!(proxy.metric("dialbench_voice_dropped_frames_total{towards=\"cxone\"}").await, 0);
    drop((page, cxone));
    proxy.stop().await;
}

/// Sends numbered frames as they are played, until `while_this` is done; their number.
async fn speaking(mut say: impl AsyncFnMut(Vec<u8>), while_this: impl Future<Output = ()>) -> usize {
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    let mut while_this = std::pin::pin!(while_this);
    let mut frames = 0usize;
    loop {
        tokio::select! {
            () = &mut while_this => return frames,
            _ = clock.tick() => {
                say(frames.to_le_bytes().repeat(FRAME / 8)).await;
                frames += 1;
            }
        }
    }
}

/// The number of the frame, which is in it again and again.
fn number_in(frame: &[u8]) -> usize {
    let number = frame.first_chunk().copied().map(usize::from_le_bytes).unwrap();
    assert!(frame == number.to_le_bytes().repeat(FRAME / 8), "a frame was torn");
    number
}

/// Checks what a side has read that stalled after so many frames: the stream goes on with frames of the last 200 ms, of those
/// from before there are 200 ms and little more, and all others are counted as dropped.
fn check_after_stall(read: &[u8], before: usize, sent: usize, dropped: usize) {
    let numbers: Vec<usize> = read.chunks(FRAME).map(number_in).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert_eq!(numbers.len() + dropped, sent, "a frame is neither read nor counted");
    assert!(dropped > 0);
    let gap = (1..numbers.len()).find(|at| numbers[*at] > numbers[at - 1] + 1).expect("frames are missing");
    // 200 ms, a ping's 100 ms and what a busy machine adds; the systems' buffers alone would hold 200 frames.
    let stale = numbers[gap - 1].saturating_sub(before);
    assert!(stale <= 25, "{stale} frames are older than the stall");
    assert!(sent - numbers[gap] <= 30, "what follows is {} frames old", sent - numbers[gap]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_stalls_hears_no_old_audio_afterwards() {
    const DROPPED: &str = "dialbench_voice_dropped_frames_total{towards=\"page\"}";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (mut page, cxone) = joined(&fake, &proxy).await;
    let (mut to_proxy, mut from_proxy) = cxone.split();
    let answering = tokio::spawn(async move { while let Some(Ok(_)) = from_proxy.next().await {} });
    let mut read = Vec::new();
    let mut before = 0;
    let stalled = async {
        read = page_reads(&mut page, 20 * FRAME).await;
        before = read.len() / FRAME;
        proxy.metric_reaches(DROPPED, 40).await;
    };
    let sent = speaking(async |frame| to_proxy.send(FromCxone::Binary(frame.into())).await.unwrap(), stalled);
    let sent = within(sent).await;
    to_proxy.send(FromCxone::Close(None)).await.unwrap();
    while let Some(Ok(message)) = within(page.next()).await {
        if let Message::Binary(bytes) = message {
            read.extend_from_slice(&bytes);
        }
    }
    let entries = proxy.audit_with("voice.close", 1).await;
    let closed = entries.iter().find(|entry| entry["action"] == "voice.close").unwrap();
    let dropped = closed["detail"]["framesDroppedToPage"].as_u64().unwrap();
    check_after_stall(&read, before, sent, dropped as usize);
    proxy.metric_reaches(DROPPED, dropped).await;
    answering.abort();
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cxone_that_stalls_hears_no_old_audio_afterwards() {
    const DROPPED: &str = "dialbench_voice_dropped_frames_total{towards=\"cxone\"}";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (page, mut cxone) = joined(&fake, &proxy).await;
    let (mut to_proxy, mut from_proxy) = page.split();
    let answering = tokio::spawn(async move { while let Some(Ok(_)) = from_proxy.next().await {} });
    let mut read = Vec::new();
    let mut before = 0;
    let stalled = async {
        read = cxone_reads(&mut cxone, 20 * FRAME).await;
        before = read.len() / FRAME;
        proxy.metric_reaches(DROPPED, 40).await;
    };
    let sent =
        within(speaking(async |frame| to_proxy.send(Message::binary(frame)).await.unwrap(), stalled)).await;
    to_proxy.send(Message::Close(None)).await.unwrap();
    while let Some(Ok(message)) = within(cxone.recv()).await {
        if let FromCxone::Binary(bytes) = message {
            read.extend_from_slice(&bytes);
        }
    }
    let entries = proxy.audit_with("voice.close", 1).await;
    let closed = entries.iter().find(|entry| entry["action"] == "voice.close").unwrap();
    check_after_stall(
        &read,
        before,
        sent,
        closed["detail"]["framesDroppedToCxone"].as_u64().unwrap() as usize,
    );
    answering.abort();
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_in_one_message_is_passed_on_whole() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (mut page, cxone) = joined(&fake, &proxy).await;
    let (mut to_proxy, mut from_proxy) = cxone.split();
    let (heard, mut audio) = tokio::sync::mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(Ok(message)) = from_proxy.next().await {
            if let FromCxone::Binary(bytes) = message {
                heard.send(bytes).unwrap();
            }
        }
    });
    // Five seconds, a megabyte, and five seconds the other way.
    for length in [80_000, 1 << 20] {
        let prompt = pcm(length);
        to_proxy.send(FromCxone::Binary(prompt.clone().into())).await.unwrap();
        assert!(page_reads(&mut page, length).await == prompt, "{length} bytes");
    }
    let recording = pcm(80_000);
    page.send(Message::binary(recording.clone())).await.unwrap();
    let mut received = Vec::new();
    let mut page_reading = std::pin::pin!(async { while let Some(Ok(_)) = page.next().await {} });
    within(async {
        while received.len() < recording.len() {
            tokio::select! {
                bytes = audio.recv() => received.extend_from_slice(&bytes.unwrap()),
                () = &mut page_reading => panic!("the page's socket has ended"),
            }
        }
    })
    .await;
    assert!(received == recording);
    for towards in ["page", "cxone"] {
        let dropped = format!("dialbench_voice_dropped_frames_total{{towards=\"{towards}\"}}");
        assert_eq!(proxy.metric(&dropped).await, 0, "towards {towards}");
    }
    reading.abort();
    proxy.stop().await;
}

#[tokio::test]
async fn cxone_s_close_code_comes_through() {
    async fn check(sent: Option<u16>, expected: u16) {
        let fake = Fake::start().await;
        let proxy = proxy(&fake, |_| {}).await;
        let (mut page, mut cxone) = joined(&fake, &proxy).await;
        cxone.send(FromCxone::Binary(pcm(FRAME).into())).await.unwrap();
        let frame = sent.map(|code| CloseFrame { code, reason: "as CXone says".into() });
        cxone.send(FromCxone::Close(frame)).await.unwrap();
        assert_eq!(page_reads(&mut page, FRAME).await.len(), FRAME, "what was on its way arrives first");
        let answering = async {
            let answer = cxone_close_code(&mut cxone).await;
            drop(cxone);
            answer
        };
        let ((code, reason), _) = tokio::join!(closed_with(&mut page), answering);
        assert_eq!(code, expected, "{sent:?}");
        assert_eq!(reason, if sent.is_some() { "as CXone says" } else { "" }, "{sent:?}");
        let entries = proxy.audit_with("voice.close", 1).await;
        let closed = entries.iter().find(|entry| entry["action"] == "voice.close").unwrap();
        assert_eq!(closed["detail"]["closeCode"], serde_json::json!(sent), "the trail has what CXone sent");
        proxy.stop().await;
    }
    for code in [1000, 1001, 1008, 1011, 1012, 1013, 3000, 4409] {
        check(Some(code), code).await;
    }
    check(None, 1000).await;
    check(Some(1014), 1011).await;
    check(Some(1006), 1011).await;
}

#[tokio::test]
async fn a_stream_that_breaks_is_an_error_not_an_end() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (mut page, cxone) = joined(&fake, &proxy).await;
    drop(cxone);
    assert_eq!(close_code(&mut page).await, 1011);
    proxy.stop().await;
}

#[tokio::test]
async fn a_page_s_end_reaches_cxone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;

    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    let frame = tungstenite::protocol::CloseFrame { code: 4001.into(), reason: "bye".into() };
    page.close(Some(frame)).await.unwrap();
    assert_eq!(cxone_close_code(&mut cxone).await, 4001);

    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    page.close(None).await.unwrap();
    assert_eq!(cxone_close_code(&mut cxone).await, 1000, "no code is a normal end");
    assert_eq!(close_code(&mut page).await, 1005, "the answer is the page's own close");

    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    let frame = tungstenite::protocol::CloseFrame { code: 1014.into(), reason: "bad gateway".into() };
    page.close(Some(frame)).await.unwrap();
    assert_eq!(cxone_close_code(&mut cxone).await, 1011);

    let (page, mut cxone) = joined(&fake, &proxy).await;
    drop(page);
    assert_eq!(cxone_close_code(&mut cxone).await, 1001, "a page that vanished");

    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    page.send(Message::text("hello")).await.unwrap();
    assert_eq!(close_code(&mut page).await, 1003, "text is no audio");
    assert_eq!(cxone_close_code(&mut cxone).await, 1001);

    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    page.send(Message::binary(vec![0; (1 << 20) + 1])).await.unwrap();
    let told = closed_with(&mut page).await;
    assert_eq!(told, (1009, "a message has at most 1048576 bytes".to_owned()));
    assert_eq!(cxone_close_code(&mut cxone).await, 1001, "a message too long");

    let (mut page, mut cxone) = joined(&fake, &proxy).await;
    proxy.shutdown.cancel();
    assert_eq!(close_code(&mut page).await, 1001, "a shutdown");
    assert_eq!(cxone_close_code(&mut cxone).await, 1001);
    proxy.stop().await;
}

#[tokio::test]
async fn pings_are_answered_here_and_silence_ends_a_stream() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.tuning.ping_every = Duration::from_millis(50);
        config.tuning.dead_after = Duration::from_millis(400);
    })
    .await;
    let (mut page, cxone) = joined(&fake, &proxy).await;
    page.send(Message::Ping("local".into())).await.unwrap();
    let answered = within(async {
        loop {
            if let Message::Pong(payload) = page.next().await.unwrap().unwrap() {
                return payload;
            }
        }
    });
    assert_eq!(answered.await, "local");
    // CXone's side is held open and not read: half-open.
    assert_eq!(close_code(&mut page).await, 1011);
    drop(cxone);
    proxy.stop().await;
}

#[tokio::test]
async fn a_refusal_is_an_http_problem() {
    async fn check(answer: Scripted, status: u16) {
        let fake = Fake::start().await;
        let proxy = proxy(&fake, |_| {}).await;
        let upstream = answer.status;
        // After 403 it is asked a second time, with a new token.
        fake.script_handshakes(vec![answer; 1 + usize::from(upstream == 403)]);
        let (shown, problem) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
        assert_eq!(shown, status);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["upstream"], serde_json::json!({ "service": "voice", "status": upstream }));
        let entries = proxy.audit_with("voice.open", 1).await;
        let opened = entries.iter().find(|entry| entry["action"] == "voice.open").unwrap();
        assert_ne!(opened["outcome"], "ok");
        proxy.stop().await;
    }
    check(Scripted::status(403), 403).await;
    check(Scripted::status(404), 404).await;
    check(Scripted::status(500), 502).await;
    check(Scripted::status(429).retry_after("9"), 429).await;
}

#[tokio::test]
async fn a_cxone_that_is_gone_is_502_and_one_that_is_unknown_503() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        let voice = config.services.get_mut(&Service::Voice).unwrap();
        voice.base_url = Some("http://127.0.0.1:1/".parse().unwrap());
    })
    .await;
    let (status, problem) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
    assert_eq!(status, 502);
    assert!(!problem["detail"].as_str().unwrap().contains("canary-token"), "{problem}");
    proxy.stop().await;

    let proxy = crate::common::proxy(&fake, |config| {
        config.services.get_mut(&Service::Voice).unwrap().missing = vec!["service.voice.base_url".into()];
    })
    .await;
    let (status, problem) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("service.voice.base_url"), "{problem}");
    proxy.stop().await;
}

#[tokio::test]
async fn a_call_id_is_one_segment_and_the_token_goes_in_the_query() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let page = proxy.dial("/ws/voice/a%2Fb%3Fc").await.unwrap();
    assert_eq!(*fake.shared.voice_queries.lock().unwrap(), ["a/b?c?canary-token-1"]);
    for bad in ["%2E%2E", "a%20b", "%00", &"x".repeat(129)] {
        let (status, problem) = refusal(proxy.dial(&format!("/ws/voice/{bad}")).await.unwrap_err());
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &"id".into()), "{bad}");
    }
    drop(page);
    proxy.stop().await;
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_the_page_knows() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let first = joined(&fake, &proxy).await;
    fake.revoke();
    let second = joined(&fake, &proxy).await;
    assert_eq!(fake.tokens_asked(), 2);
    drop((first, second));
    proxy.stop().await;
}

#[tokio::test]
async fn streams_are_bounded() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.max_voice = 2).await;
    let first = joined(&fake, &proxy).await;
    let second = joined(&fake, &proxy).await;
    let (status, _) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
    assert_eq!(status, 503);
    drop(first);
    within(async {
        while proxy.metric("dialbench_sockets{kind=\"voice\"}").await > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let third = within(async {
        loop {
            if let Ok(page) = proxy.dial("/ws/voice/c-1").await {
                return page;
            }
        }
    })
    .await;
    drop((second, third));
    proxy.stop().await;
}

#[tokio::test]
async fn asked_without_a_handshake_it_says_why_there_would_be_none() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let shown = crate::common::problem(proxy.get("/ws/voice/c-1").await, 400).await;
    assert!(shown["upstream"].is_null(), "{shown}");
    fake.script_handshakes(vec![Scripted::status(403); 2]);
    let shown = crate::common::problem(proxy.get("/ws/voice/c-1").await, 403).await;
    assert_eq!(shown["upstream"], serde_json::json!({ "service": "voice", "status": 403 }));
    assert!(shown["detail"].as_str().is_some_and(|detail| detail.contains("agent:voice:stream")), "{shown}");
    proxy.stop().await;
}
