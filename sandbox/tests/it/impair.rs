use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use sandbox::SandboxConfig;
use serde_json::{Value, json};
use signal::frame::{FRAME_DURATION, Frame, Reassembler};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use wire::api::PlacedCall;

use crate::bench::{Bench, Socket, TIMEOUT, config};

/// Number of frames in the prompt, three seconds; every sample of a frame is the frame's number.
const FRAMES: i16 = 150;

async fn bench() -> Bench {
    let numbered: Arc<[i16]> = (1..=FRAMES).flat_map(|number| [number; 160]).collect();
    Bench::with(SandboxConfig { extra_prompts: vec![("long".into(), numbered), prompt("short")], ..config() })
        .await
}

fn prompt(name: &str) -> (String, Arc<[i16]>) {
    config().extra_prompts.into_iter().find(|(asset, _)| asset == name).unwrap()
}

async fn listed(bench: &Bench) -> Value {
    bench.http.get(bench.url("/sandbox/faults")).send().await.unwrap().json().await.unwrap()
}

/// A caller that receives audio.
struct Receiver {
    call: PlacedCall,
    voice: Socket,
    reassembler: Reassembler,
}

/// Returns the numbers of the frames that a call receives and their times of arrival, at most `max_frames`.
async fn receive(
    Receiver { voice, reassembler, .. }: &mut Receiver,
    max_frames: usize,
) -> Vec<(i16, Instant)> {
    let mut received = Vec::new();
    let mut over = false;
    let listening = async {
        while !over && received.len() < max_frames {
            let message = voice.next().await.unwrap().unwrap();
            let now = Instant::now();
            if let Message::Binary(bytes) = message {
                reassembler.push(&bytes, |frame: &Frame| match frame[0] {
                    0 => over = !received.is_empty(),
                    number => received.push((number, now)),
                });
            }
        }
    };
    timeout(TIMEOUT, listening).await.expect("the prompt is over");
    received
}

fn numbers(received: &[(i16, Instant)]) -> Vec<i16> {
    received.iter().map(|(number, _)| *number).collect()
}

async fn call(bench: &Bench) -> Receiver {
    let call = bench.place("tiny").await;
    let voice = bench.voice(&call).await;
    Receiver { call, voice, reassembler: Reassembler::new() }
}

#[tokio::test]
async fn every_call_loses_the_same_frames_and_what_is_lost_is_counted() {
    let bench = bench().await;
    let rule =
        json!({ "on": "voice", "kind": "impair", "lossPercent": 25, "burst": 3, "jitterMs": 60, "seed": 7 });
    bench.fault(rule).await;
    let (mut one, mut other) = tokio::join!(call(&bench), call(&bench));
    let (first, second) = tokio::join!(receive(&mut one, usize::MAX), receive(&mut other, usize::MAX));
    assert_eq!(numbers(&first), numbers(&second));
    let lost = FRAMES as usize - first.len();
    assert!((20..60).contains(&lost), "{lost} of {FRAMES} are lost");
    assert!(numbers(&first).is_sorted(), "frames keep their order");

    // Each frame's delay plus a constant.
    let delays = first.iter().map(|(number, at)| *at - FRAME_DURATION * u32::try_from(*number).unwrap());
    let (min, max) = (delays.clone().min().unwrap(), delays.max().unwrap());
    assert!(max - min > Duration::from_millis(40), "no delay: {:?}", max - min);

    tokio::join!(bench.hang_up(&one.call), bench.hang_up(&other.call));
    let listed = listed(&bench).await;
    let count = |name: &str| listed[0]["counts"][name].as_u64().unwrap();
    // Both calls' silence before and after the prompt is counted, too.
    assert!(count("lost") >= 2 * lost as u64, "{listed}");
    assert!(count("frames") >= 2 * FRAMES as u64 && count("frames") < 4 * FRAMES as u64, "{listed}");
    assert!(count("bursts") * 2 < count("lost"), "{listed}");
    assert!(count("delayed") > FRAMES as u64 && (40..=60).contains(&count("longestDelayMs")), "{listed}");
}

#[tokio::test]
async fn the_counts_are_what_a_caller_misses() {
    let bench = bench().await;
    let mut caller = call(&bench).await;
    let before = receive(&mut caller, 10).await;
    assert_eq!(numbers(&before), (1..=10).collect::<Vec<_>>(), "nothing is lost before");
    bench.fault(json!({ "on": "voice", "kind": "impair", "lossPercent": 30, "seed": 3, "ms": 1000 })).await;
    let after = receive(&mut caller, usize::MAX).await;
    let lost = FRAMES as usize - before.len() - after.len();
    let listed = listed(&bench).await;
    assert_eq!(listed[0]["counts"]["lost"], json!(lost), "{listed}");
    assert_eq!(listed[0]["left"], json!(0), "it is over: {listed}");
    assert!((40..=60).contains(&listed[0]["counts"]["frames"].as_u64().unwrap()), "{listed}");
    assert_eq!(after.last().unwrap().0, FRAMES, "nothing is lost after");
}

#[tokio::test]
async fn a_call_falls_silent_and_is_heard_again() {
    let bench = bench().await;
    let mut caller = call(&bench).await;
    receive(&mut caller, 5).await;
    let rule = json!({ "on": "voice", "kind": "impair", "lossPercent": 100 });
    let answer: Value = bench.post("/sandbox/faults", rule).await.json().await.unwrap();
    let silent = async { while timeout(Duration::from_millis(300), caller.voice.next()).await.is_ok() {} };
    timeout(TIMEOUT, silent).await.expect("it falls silent");
    let fault = bench.url(&format!("/sandbox/faults/{}", answer["id"]));
    assert_eq!(bench.http.delete(&fault).send().await.unwrap().status(), 204);
    let received = receive(&mut caller, 10).await;
    // The first one is incomplete: its end was held back until there was more to send.
    assert!(numbers(&received[1..]).windows(2).all(|pair| pair[1] == pair[0] + 1), "{received:?}");
    assert_eq!(bench.http.delete(&fault).send().await.unwrap().status(), 404);
    assert_eq!(listed(&bench).await, json!([]));
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let bench = bench().await;
    let rule = json!({ "on": "voice", "kind": "impair", "lossPercent": 200, "jitterMs": 5000 });
    let answer = bench.post("/sandbox/faults", rule).await;
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(
        (&problem["errors"][0]["field"], &problem["errors"][1]["field"]),
        (&json!("lossPercent"), &json!("jitterMs"))
    );
}
