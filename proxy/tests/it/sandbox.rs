//! The proxy in front of the real stand-in: tones go up, events come down, and an outage is survived.

use std::time::{Duration, Instant};

use crate::common::{Page, Proxy, Socket, within};
use base::digit::Digit;
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use proxy::config::{ProfileName, ServiceConfig};
use sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use signal::tone::{ToneConfig, synthesize};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_tungstenite::tungstenite::Message;
use wire::{
    api::PlacedCall,
    cxone::dtmf::{Message as Heard, parse},
};

/// 20 ms.
const FRAME_SAMPLES: usize = 160;

async fn bench() -> (Sandbox, Proxy) {
    let stand_in = sandbox::start(SandboxConfig::default()).await.unwrap();
    let (id, secret) = stand_in.credentials();
    let proxy = crate::common::proxy_at(stand_in.address(), |config| {
        config.profile = ProfileName::Sandbox;
        for endpoint in stand_in.endpoints() {
            let settings = ServiceConfig::at(
                endpoint.service,
                endpoint.base_url.parse().unwrap(),
                endpoint.token_url.parse().unwrap(),
                id.clone().into(),
                secret.clone(),
            );
            config.services.insert(endpoint.service, settings);
        }
    })
    .await;
    (stand_in, proxy)
}

/// A caller's telephone: silence in real time, and tones where digits are pressed.
struct Telephone {
    keys: mpsc::UnboundedSender<char>,
    ear: SplitStream<Socket>,
}

impl Telephone {
    async fn lift(proxy: &Proxy, call: &PlacedCall) -> Self {
        let socket = within(async {
            loop {
                if let Ok(socket) = proxy.dial(&format!("/ws/voice/{}", call.call_id)).await {
                    return socket;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let (mouth, ear) = socket.split();
        let (keys, pressed) = mpsc::unbounded_channel();
        tokio::spawn(speak(mouth, pressed));
        Self { keys, ear }
    }

    fn press(&self, digit: char) {
        self.keys.send(digit).unwrap();
    }

    /// Listens to the end; the bytes heard, and the close code.
    async fn listen(mut self) -> (usize, u16) {
        let mut heard = 0;
        within(async {
            while let Some(message) = self.ear.next().await {
                match message {
                    Ok(Message::Binary(bytes)) => heard += bytes.len(),
                    Ok(Message::Close(frame)) => {
                        return (heard, frame.map_or(1005, |frame| frame.code.into()));
                    }
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            (heard, 1006)
        })
        .await
    }
}

async fn speak(mut mouth: SplitSink<Socket, Message>, mut pressed: mpsc::UnboundedReceiver<char>) {
    let mut tick = interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut tones: Vec<i16> = Vec::new();
    loop {
        tick.tick().await;
        match pressed.try_recv() {
            Ok(digit) => {
                tones.extend(synthesize([Digit::try_from(digit).unwrap()], &ToneConfig::default(), 8_000));
            }
            Err(mpsc::error::TryRecvError::Disconnected) => return,
            Err(mpsc::error::TryRecvError::Empty) => {}
        }
        let mut frame: Vec<i16> = tones.drain(..tones.len().min(FRAME_SAMPLES)).collect();
        frame.resize(FRAME_SAMPLES, 0);
        let bytes: Vec<u8> = frame.into_iter().flat_map(i16::to_le_bytes).collect();
        if mouth.send(Message::binary(bytes)).await.is_err() {
            return;
        }
    }
}

async fn place(proxy: &Proxy) -> PlacedCall {
    let placed = proxy.post("/api/calls", &json!({ "flowId": "support-line" })).await;
    assert_eq!(placed.status(), 201, "placing a call");
    placed.json().await.unwrap()
}

fn heard(message: &Value) -> Heard {
    parse(&message["event"].to_string())
}

async fn until_digit(page: &mut Page, digit: char) {
    loop {
        if let Heard::Dtmf(event) = heard(&page.next_in_stream().await)
            && event.digit.as_char() == digit
        {
            return;
        }
    }
}

async fn until_action(page: &mut Page, action: &str) {
    loop {
        if let Heard::Interaction(event) = heard(&page.next_in_stream().await)
            && event.action.as_deref() == Some(action)
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_and_two_is_technical_support() {
    let (stand_in, proxy) = bench().await;
    let mut page = proxy.page().await;
    page.link("open").await;
    let call = place(&proxy).await;
    let telephone = Telephone::lift(&proxy, &call).await;
    telephone.press('2');
    until_action(&mut page, "support").await;
    let status: Value =
        proxy.get(&format!("/api/interactions/{}/call", call.interaction_id)).await.json().await.unwrap();
    assert_eq!(status["state"], "streaming");
    let pressed = Instant::now();
    telephone.press('2');
    until_digit(&mut page, '2').await;
    println!("key to event: {:?}", pressed.elapsed());
    until_action(&mut page, "technical").await;
    let (bytes, code) = telephone.listen().await;
    assert!(bytes > 16_000, "{bytes} bytes of prompt");
    assert_eq!(code, 1000, "the IVR hung up");
    let hung_up =
        crate::common::client().delete(proxy.url("/api/calls/int-unknown")).header("x-dialbench", "1").send();
    assert_eq!(within(hung_up).await.unwrap().status(), 404);
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_in_the_middle_of_a_call_is_survived() {
    let (stand_in, proxy) = bench().await;
    let mut page = proxy.page().await;
    page.link("open").await;
    let call = place(&proxy).await;
    let telephone = Telephone::lift(&proxy, &call).await;
    telephone.press('2');
    until_action(&mut page, "support").await;

    let outage = Duration::from_millis(1_500);
    let began = Instant::now();
    stand_in.outage(outage).await;
    let (_, code) = telephone.listen().await;
    assert_eq!(code, 1011, "the page learns that its stream broke");
    let mut status = page.link("reconnecting").await;
    while status["state"] != "open" {
        assert!(status["retryInMs"].as_u64().is_none_or(|ms| ms < 1_000), "{status}");
        status = page.next().await;
    }
    let back = began.elapsed().saturating_sub(outage);
    // Such a wait, and 3 s to connect on a machine that is busy.
    assert!(back < Duration::from_secs(4), "back after {back:?}");
    println!("back {back:?} after CXone's return");
    assert_eq!(page.next_in_stream().await["reason"], "upstream_reconnect");

    let telephone = Telephone::lift(&proxy, &call).await;
    telephone.press('2');
    until_action(&mut page, "technical").await;
    let hang_up = crate::common::client()
        .delete(proxy.url(&format!("/api/calls/{}", call.interaction_id)))
        .header("x-dialbench", "1")
        .send();
    assert_eq!(within(hang_up).await.unwrap().status(), 204);
    assert_eq!(telephone.listen().await.1, 1000);
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_placed_has_no_voice() {
    let (stand_in, proxy) = bench().await;
    let (status, problem) = crate::common::refusal(proxy.dial("/ws/voice/call-unknown").await.unwrap_err());
    assert!(matches!(status, 403 | 404), "{problem}");
    assert_eq!(problem["upstream"]["service"], "voice");
    let mut page = proxy.page().await;
    page.link("open").await;
    proxy.shutdown.cancel();
    assert_eq!(page.close_code().await, 1001);
    proxy.stop().await;
    stand_in.shutdown().await;
}
