use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use sandbox::SandboxConfig;
use serde_json::{Value, json};
use shared::{
    audio::frame::{FRAME_DURATION, Frame, Reassembler},
    wire::PlacedCall,
};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, Socket, TIMEOUT, config};

/// Three seconds of frames, each full of its number.
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

/// A caller that listens.
struct Ear {
    call: PlacedCall,
    voice: Socket,
    reassembler: Reassembler,
}

/// The frames of a call that carry a number, and when they came, from the first to the last or to `enough`.
async fn hear(Ear { voice, reassembler, .. }: &mut Ear, enough: usize) -> Vec<(i16, Instant)> {
    let mut heard = Vec::new();
    let mut over = false;
    let listening = async {
        while !over && heard.len() < enough {
            let message = voice.next().await.unwrap().unwrap();
            let now = Instant::now();
            if let Message::Binary(bytes) = message {
                reassembler.push(&bytes, |frame: &Frame| match frame[0] {
                    0 => over = !heard.is_empty(),
                    number => heard.push((number, now)),
                });
            }
        }
    };
    timeout(TIMEOUT, listening).await.expect("the prompt is over");
    heard
}

fn numbers(heard: &[(i16, Instant)]) -> Vec<i16> {
    heard.iter().map(|(number, _)| *number).collect()
}

async fn call(bench: &Bench) -> Ear {
    let call = bench.place("tiny").await;
    let voice = bench.voice(&call).await;
    Ear { call, voice, reassembler: Reassembler::new() }
}

#[tokio::test]
async fn every_call_loses_the_same_frames_and_what_is_lost_is_counted() {
    let bench = bench().await;
    let rule =
        json!({ "on": "voice", "kind": "impair", "lossPercent": 25, "burst": 3, "jitterMs": 60, "seed": 7 });
    bench.fault(rule).await;
    let (mut one, mut other) = tokio::join!(call(&bench), call(&bench));
    let (first, second) = tokio::join!(hear(&mut one, usize::MAX), hear(&mut other, usize::MAX));
    assert_eq!(numbers(&first), numbers(&second));
    let lost = FRAMES as usize - first.len();
    assert!((20..60).contains(&lost), "{lost} of {FRAMES} are lost");
    assert!(numbers(&first).is_sorted(), "frames keep their order");

    // Each frame's delay, but for a constant: the least that one took.
    let delays = first.iter().map(|(number, at)| *at - FRAME_DURATION * u32::try_from(*number).unwrap());
    let (least, most) = (delays.clone().min().unwrap(), delays.max().unwrap());
    assert!(most - least > Duration::from_millis(40), "no delay: {:?}", most - least);

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
    let mut ear = call(&bench).await;
    let before = hear(&mut ear, 10).await;
    assert_eq!(numbers(&before), (1..=10).collect::<Vec<_>>(), "nothing is lost before");
    bench.fault(json!({ "on": "voice", "kind": "impair", "lossPercent": 30, "seed": 3, "ms": 1000 })).await;
    let after = hear(&mut ear, usize::MAX).await;
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
    let mut ear = call(&bench).await;
    hear(&mut ear, 5).await;
    let rule = json!({ "on": "voice", "kind": "impair", "lossPercent": 100 });
    let answer: Value = bench.post("/sandbox/faults", rule).await.json().await.unwrap();
    let silent = async { while timeout(Duration::from_millis(300), ear.voice.next()).await.is_ok() {} };
    timeout(TIMEOUT, silent).await.expect("it falls silent");
    let fault = bench.url(&format!("/sandbox/faults/{}", answer["id"]));
    assert_eq!(bench.http.delete(&fault).send().await.unwrap().status(), 204);
    let heard = hear(&mut ear, 10).await;
    // The first was cut: its end was held back until there was more to send.
    assert!(numbers(&heard[1..]).windows(2).all(|pair| pair[1] == pair[0] + 1), "{heard:?}");
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
