//! The proxy in front of the stand-in's media gateway: one session for one press, whatever is lost on the way.

use std::{sync::Arc, time::Duration};

use crate::common::{Proxy, problem, within};
use base::time::Instant;
use jobs::{Backoff, Ending, JobConfig, JobInput, JobMachine, JobOutput, Start};
use prompt::{
    codec::Codec,
    draft::PromptDraft,
    job::{PlaybackSession, Sending},
    output,
    played::played,
    reply::{Confirmation, PlaybackReply},
    source::read_wav,
};
use proxy::config::{ProfileName, ServiceConfig};
use sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use wire::api::{Limits, Problem};

const QUICK: Duration = Duration::from_millis(5);

/// Limits that let a test get on.
fn limits() -> Limits {
    Limits { media_posts: 10_000, ..Limits::default() }
}

async fn bench(limits: Limits) -> (Sandbox, Proxy) {
    let tick: Arc<[i16]> = vec![1_000; 160].into();
    let settings = SandboxConfig {
        extra_prompts: vec![("tick".into(), tick)],
        requests_per_second: 100_000,
        limits: limits.clone(),
        ..SandboxConfig::default()
    };
    let stand_in = sandbox::start(settings).await.unwrap();
    let (id, secret) = stand_in.credentials();
    let proxy = crate::common::proxy_at(stand_in.address(), |config| {
        config.profile = ProfileName::Sandbox;
        config.limits = Limits { requests_per_second: 100_000, ..limits };
        for endpoint in stand_in.endpoints() {
            let (base, token) = (endpoint.base_url.parse().unwrap(), endpoint.token_url.parse().unwrap());
            let settings =
                ServiceConfig::at(endpoint.service, base, token, id.clone().into(), secret.clone());
            config.services.insert(endpoint.service, settings);
        }
    })
    .await;
    (stand_in, proxy)
}

async fn arm(stand_in: &Sandbox, proxy: &Proxy, rule: &Value) {
    let armed = proxy.http.post(format!("http://{}/sandbox/faults", stand_in.address())).json(rule);
    assert_eq!(within(armed.send()).await.unwrap().status(), 201, "{rule}");
}

async fn disarm(stand_in: &Sandbox, proxy: &Proxy) {
    let disarmed = proxy.http.delete(format!("http://{}/sandbox/faults", stand_in.address()));
    assert_eq!(within(disarmed.send()).await.unwrap().status(), 204);
}

/// The stand-in's own list of the sessions that were made.
async fn made(stand_in: &Sandbox, proxy: &Proxy) -> Vec<String> {
    let list = proxy.http.get(format!("http://{}/sandbox/media/sessions", stand_in.address()));
    let list: Vec<Value> = within(list.send()).await.unwrap().json().await.unwrap();
    list.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

fn sending(session: &str, prompt: &str) -> Sending {
    let draft = PromptDraft { prompt_id: prompt.into(), base_gain: "-3 dB".into(), ..PromptDraft::default() };
    let timestamp = "2026-11-27T20:15:00.000Z".into();
    Sending { session_id: session.parse().unwrap(), timestamp, draft }
}

/// Sends once, and returns what a page makes of the answer.
async fn submit(proxy: &Proxy, body: &Value, retry: Option<&str>) -> JobInput<PlaybackReply> {
    let mut request = proxy.http.post(proxy.url("/api/media/sessions")).header("x-dialbench", "1").json(body);
    if let Some(retry) = retry {
        request = request.header("x-dialbench-retry", retry);
    }
    let answer = within(request.send()).await.unwrap();
    let status = answer.status().as_u16();
    if status == 201 {
        return JobInput::Replied(answer.json().await.unwrap());
    }
    let Problem { kind, detail, retry_after_ms, .. } = answer.json().await.unwrap();
    let retry_after = retry_after_ms.map(Duration::from_millis);
    JobInput::Failed { status, kind, retry_after, detail }
}

/// The driver of a page, with its waits made short.
async fn press(proxy: &Proxy, sending: &Sending, seed: u64) -> Ending<PlaybackReply> {
    let backoff = Backoff { base: QUICK, cap: QUICK * 4 };
    let config = JobConfig {
        retry: backoff,
        min_wait: QUICK,
        max_retry_after: QUICK,
        ..PlaybackSession::config(&Limits::default())
    };
    let body = sending.request(&Limits::default()).unwrap().to_json();
    let mut job = JobMachine::<PlaybackSession>::new(config, seed);
    let clock = std::time::Instant::now();
    let now = || Instant::ZERO + clock.elapsed();
    job.handle_input(now(), JobInput::Start(Start::Submit));
    loop {
        let Some(output) = job.poll_output() else {
            let due = job.poll_timeout().expect("it is not over");
            tokio::time::sleep(due.saturating_since(now())).await;
            job.handle_timeout(now());
            continue;
        };
        match output {
            JobOutput::Submit { .. } => {
                let answer = submit(proxy, &body, Some("client")).await;
                job.handle_input(now(), answer);
            }
            JobOutput::Poll => panic!("a session cannot be asked about"),
            JobOutput::Abandon => panic!("every request is answered"),
            JobOutput::Ended(ending) => return ending,
        }
    }
}

/// `SplitMix64`
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Returns a fault for the next request, or none.
    fn fault(&mut self) -> Option<Value> {
        let status = |status: u64| json!({ "on": "media", "kind": "status", "status": status });
        Some(match self.below(9) {
            0..=2 => json!({ "on": "media", "kind": "lose_answer" }),
            3 => json!({ "on": "media", "kind": "drop" }),
            4 => status(503),
            5 => status(429),
            6 => json!({ "on": "media", "kind": "garbage" }),
            7 => json!({ "on": "streams", "kind": "drop" }),
            _ => return None,
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_presses_make_a_hundred_sessions_whatever_is_lost() {
    let (stand_in, proxy) = bench(limits()).await;
    let mut pressed = Vec::new();
    let mut confirmed = 0;
    for seed in 0..100 {
        let mut random = Random(seed);
        for fault in (0..random.below(4)).filter_map(|_| random.fault()) {
            arm(&stand_in, &proxy, &fault).await;
        }
        let id = format!("press-{seed}");
        let ending = within(press(&proxy, &sending(&id, "tick"), seed)).await;
        let Ending::Done(reply) = ending else { panic!("{seed}: {ending:?}") };
        confirmed += u32::from(reply.confirmed_by == Confirmation::Conflict);
        pressed.push(id);
        assert_eq!(made(&stand_in, &proxy).await, pressed, "seed {seed}");
        disarm(&stand_in, &proxy).await;
    }
    println!("{confirmed} of 100 sessions were confirmed by a conflict");
    assert!(confirmed > 20, "{confirmed}");
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_repeats_nothing_gets_its_one_session_too() {
    let (stand_in, proxy) = bench(limits()).await;
    let mut pressed = Vec::new();
    for (seed, fault) in ["lose_answer", "drop", "lose_answer"].into_iter().enumerate() {
        arm(&stand_in, &proxy, &json!({ "on": "media", "kind": fault })).await;
        let id = format!("script-{seed}");
        let body = sending(&id, "tick").request(&Limits::default()).unwrap().to_json();
        let answer = submit(&proxy, &body, None).await;
        let JobInput::Replied(reply) = answer else { panic!("{fault}: {answer:?}") };
        assert_eq!(reply.confirmed_by == Confirmation::Conflict, fault == "lose_answer");
        pressed.push(id);
    }
    assert_eq!(made(&stand_in, &proxy).await, pressed);
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_gateway_is_waited_for() {
    let (stand_in, proxy) = bench(Limits { media_streams: 2, ..limits() }).await;
    arm(&stand_in, &proxy, &json!({ "on": "media", "kind": "never_ends" })).await;
    assert!(matches!(press(&proxy, &sending("endless", "tick"), 1).await, Ending::Done(_)));
    // One place is left, which each takes for 20 ms.
    for number in 0..5 {
        let ending = within(press(&proxy, &sending(&format!("s-{number}"), "tick"), number)).await;
        assert!(matches!(ending, Ending::Done(_)), "{ending:?}");
    }
    assert_eq!(made(&stand_in, &proxy).await.len(), 6);
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_s_refusals_come_on_their_fields_and_its_prompts_are_listed() {
    let (stand_in, proxy) = bench(limits()).await;
    let mut body = sending("s-1", "no-such-prompt").request(&Limits::default()).unwrap().to_json();
    let shown = problem(proxy.post("/api/media/sessions", &body).await, 400).await;
    assert_eq!(shown["errors"][0]["field"], "promptId");
    body["promptId"] = json!("support-root");
    assert_eq!(proxy.post("/api/media/sessions", &body).await.status(), 201);
    let list: Value = proxy.get("/api/media/prompts").await.json().await.unwrap();
    let prompts = list["prompts"].as_array().unwrap();
    let root = prompts.iter().find(|prompt| prompt["promptId"] == "support-root").unwrap();
    assert!(root["durationMs"].as_u64().unwrap() > 1_000 && root["uploaded"] == false, "{root}");
    let active: Value = proxy.get("/api/media/sessions?status=active").await.json().await.unwrap();
    assert_eq!(active["totalCount"], 1);
    let wav = proxy.get("/api/media/prompts/support-root/audio").await;
    assert_eq!(wav.headers()["content-type"], "audio/wav");
    let wav = wav.bytes().await.unwrap();

    let put = async |id: &str, bytes: Vec<u8>| {
        let url = proxy.url(&format!("/api/media/prompts/{id}"));
        within(proxy.http.put(url).header("x-dialbench", "1").body(bytes).send()).await.unwrap()
    };
    assert_eq!(put("mine", wav.to_vec()).await.status(), 200);
    let again = proxy.get("/api/media/prompts/mine/audio").await.bytes().await.unwrap();
    assert_eq!(again, wav);
    problem(put("mine", b"GIF89a".to_vec()).await, 422).await;
    problem(put("support-root", wav.to_vec()).await, 409).await;
    problem(put("mine", vec![0; (32 << 20) + 1]).await, 413).await;
    let uploads = proxy.audit().await.into_iter().filter(|entry| entry["action"] == "prompt.upload").count();
    assert_eq!(uploads, 3, "one of them done");
    problem(proxy.get("/api/media/sessions/nothing/audio").await, 404).await;
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_played_is_the_preview_to_the_sample() {
    let (stand_in, proxy) = bench(limits()).await;
    let wav = proxy.get("/api/media/prompts/support-root/audio").await.bytes().await.unwrap();
    let source = read_wav(&wav).unwrap();
    for (number, codec) in [Codec::G711U, Codec::G711A].into_iter().enumerate() {
        let mut sending = sending(&format!("s-{number}"), "support-root");
        sending.draft = PromptDraft {
            codec,
            compression_ratio: "4:1".into(),
            silence_trim_ms: "300".into(),
            ..sending.draft
        };
        let request = sending.request(&Limits::default()).unwrap();
        let preview = played(&source, request.playback_config()).unwrap();
        assert_eq!(proxy.post("/api/media/sessions", &request.to_json()).await.status(), 201);
        let audio = proxy.get(&format!("/api/media/sessions/s-{number}/audio")).await;
        assert_eq!(audio.headers()["content-type"], "audio/wav");
        assert_eq!(audio.bytes().await.unwrap(), output::pcm_wav(&preview.heard), "{codec:?}");
        assert!(preview.heard.iter().any(|sample| sample.unsigned_abs() > 1_000));
    }
    proxy.stop().await;
    stand_in.shutdown().await;
}
