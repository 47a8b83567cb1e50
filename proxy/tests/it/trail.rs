//! The audit trail beside what CXone knows: under a power cut, on a full disk, and in the wrong hands.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use crate::common::{
    CLIENT_ID, CLIENT_SECRET, Fake, Proxy, client, dialer::Fate, fake::Scripted, problem, program::Program,
    proxy, within,
};
use proxy::config::{ProfileName, Service};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// The program with all services of a CXone that does what a test says, its audit log in `trail/`.
fn serve(folder: &Path, fake: &Fake) -> Command {
    let mut config = format!("profile = \"tutorial\"\n[qa]\nendpoint = \"http://{}/qa\"\n", fake.address);
    for service in Service::ALL {
        let at = fake.address;
        let base = format!("base_url = \"http://{at}\"\ntoken_url = \"http://{at}/oauth/token\"");
        writeln!(config, "[service.{service}]\n{base}").unwrap();
    }
    fs::write(folder.join("dialbench.toml"), config).unwrap();
    fs::create_dir_all(folder.join("trail")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--config", "dialbench.toml"]);
    command.args(["--audit-log", "trail/audit.jsonl"]).env_clear().current_dir(folder);
    command.env("CXONE_CLIENT_ID", CLIENT_ID).env("CXONE_CLIENT_SECRET", CLIENT_SECRET);
    command
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("trail/audit.jsonl")
}

fn entries(folder: &Path) -> Vec<Value> {
    let log = fs::read_to_string(log_of(folder)).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn verify(folder: &Path) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    let output = command.args(["audit", "verify"]).arg(log_of(folder)).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn campaign(tag: &str) -> Value {
    json!({
        "campaignId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "virtualAgentMatrix": { "flowId": "support-line" },
        "outcomeInjection": { "enabled": false },
        "concurrencyLimit": 1, "maxCalls": 1, "complianceBypass": true, "tag": tag,
    })
}

/// The tags of the campaigns whose entry of `action` has one of these outcomes.
fn tags(entries: &[Value], action: &str, outcomes: &[&str]) -> BTreeSet<String> {
    let is_one = |entry: &&Value| {
        entry["action"] == action && outcomes.contains(&entry["outcome"].as_str().unwrap_or_default())
    };
    let tag = |entry: &Value| entry["detail"]["request"]["tag"].as_str().unwrap().to_owned();
    entries.iter().filter(is_one).map(tag).collect()
}

/// Kills the program so many times while submissions are under way, of which half are answered, and compares what the trail
/// knows with what arrived.
async fn kills(times: usize) {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let http = client();
    let mut program = Program::start(&mut serve(folder.path(), &fake));
    for round in 0..times {
        let never = Arc::new(Semaphore::new(0));
        let held = |number: usize| (number % 2 == 1).then(|| Fate::Held(Arc::clone(&never)));
        let created = Fate::Answer(Scripted {
            body: json!({ "id": format!("sim-{round}-a"), "state": "queued" }).to_string(),
            ..Scripted::status(201)
        });
        let other = Fate::Answer(Scripted {
            body: json!({ "id": format!("sim-{round}-b"), "state": "queued" }).to_string(),
            ..Scripted::status(201)
        });
        let mut answered = [created, other].into_iter();
        fake.shared.dialer.script((0..4).filter_map(|number| held(number).or_else(|| answered.next())));
        let sending: Vec<_> = (0..4)
            .map(|number| {
                let tag = format!("{round}-{number}");
                let request = http.post(program.url("/api/dialer/simulations")).header("x-dialbench", "1");
                tokio::spawn(request.header("idempotency-key", &tag).json(&campaign(&tag)).send())
            })
            .collect();
        within(async {
            while fake.shared.dialer.submissions() < (round + 1) * 4 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        program.kill();
        for answer in sending {
            // Whoever got an answer got it from the disk.
            let _ = within(answer).await.unwrap();
        }
        let at_the_cut = entries(folder.path());
        let intended = tags(&at_the_cut, "dialer.dispatch.intent", &["pending"]);
        program = Program::start(&mut serve(folder.path(), &fake));
        let after = entries(folder.path());
        let known = tags(&after, "dialer.dispatch", &["ok", "unknown"]);
        let submitted = fake.shared.dialer.submitted.lock().unwrap();
        let arrived: BTreeSet<_> =
            submitted.iter().map(|body| body["tag"].as_str().unwrap().to_owned()).collect();
        assert_eq!(known, arrived, "what the trail knows is what arrived");
        assert!(arrived.is_subset(&intended), "the intention came first");
        let unknown = tags(&after, "dialer.dispatch", &["unknown"]).len();
        assert!((2 * (round + 1)..=4 * (round + 1)).contains(&unknown), "{unknown}");
        let start = after.iter().rev().find(|entry| entry["action"] == "server.start").unwrap();
        assert!(start["detail"]["unknownResults"].as_u64().unwrap() >= 2, "{start}");
        assert_eq!(start["detail"]["damages"], json!([]));
    }
    let (is_whole, told) = verify(folder.path());
    assert!(is_whole, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_a_power_cut_interrupts_is_in_the_trail_as_one_whose_result_is_unknown() {
    kills(2).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute"]
async fn fifty_power_cuts_leave_nothing_in_cxone_that_the_trail_does_not_know() {
    kills(50).await;
}

/// A disk so small that it fills: a `tmpfs` for the audit log, in a mount namespace of the program's own.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_done_that_cannot_be_recorded() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let usual = serve(folder.path(), &fake);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-ec"]);
    command.arg("mount -t tmpfs -o size=64k none trail; exec \"$@\"").arg("sh");
    command.arg(usual.get_program()).args(usual.get_args()).current_dir(folder.path());
    command.env("CXONE_CLIENT_ID", CLIENT_ID).env("CXONE_CLIENT_SECRET", CLIENT_SECRET);
    let program = Program::start(&mut command);
    // Its own view of the disk.
    let inside = format!("/proc/{}/root{}", program.child.id(), folder.path().display());
    let http = client();
    let post = async |path: &str, body: &Value| {
        let request = http.post(program.url(path)).header("x-dialbench", "1").json(body);
        within(request.send()).await.unwrap()
    };
    let verdict = json!({
        "testId": "t", "simulationId": "sim-1", "flowId": "f", "durationMs": 1, "efficiencyScore": 1, "accuracyScore": 1,
    });
    let run = json!({ "flowId": "f" });
    assert_eq!(post("/api/flow/simulations", &run).await.status(), 201);
    let ballast = format!("{inside}/trail/ballast");
    // Until nothing more fits.
    let _ = fs::write(&ballast, vec![1; 2 << 20]);
    // Entries may still fit into the last block: what is done until then is in the trail.
    let mut done = fake.posted().len();
    let refusal = loop {
        let answer = post("/api/flow/simulations", &run).await;
        if answer.status() == 503 {
            break answer;
        }
        done += 1;
        if answer.status() == 500 {
            let told = problem(answer, 500).await;
            assert_eq!(told["type"], "docs/contract.md#result-not-recorded");
            assert!(told["detail"].as_str().unwrap().starts_with("it was done, but its result"), "{told}");
            assert!(told["detail"].as_str().unwrap().contains("sim-1"), "{told}");
        }
    };
    let told = problem(refusal, 503).await;
    assert!(told["detail"].as_str().unwrap().contains("so nothing is changed"), "{told}");
    assert_eq!(told["unsent"], true);
    problem(post("/api/qa/exports", &verdict).await, 503).await;
    assert_eq!(fake.posted().len(), done, "what cannot be recorded is not sent");

    fs::remove_file(ballast).unwrap();
    assert_eq!(post("/api/qa/exports", &verdict).await.status(), 200);
    let trail: Value = within(http.get(program.url("/api/audit?after=0&limit=1000")).send())
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let count = |action: &str, outcome: &str| {
        let entries = trail["entries"].as_array().unwrap();
        entries.iter().filter(|entry| entry["action"] == action && entry["outcome"] == outcome).count()
    };
    assert_eq!(count("simulation.submit", "ok"), done, "results that found no room are written later");
    assert_eq!(count("simulation.submit.intent", "pending"), done);
    assert_eq!(count("qa.export", "ok"), 1);
    let checked = within(http.get(program.url("/api/audit/verify")).send()).await.unwrap();
    assert_eq!(checked.json::<Value>().await.unwrap()["faults"], json!([]));
}

async fn place(proxy: &Proxy) -> reqwest::Response {
    proxy.post("/api/calls", &json!({ "flowId": "f" })).await
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_is_moved_stops_changes_until_it_is_back() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
    assert_eq!(place(&proxy).await.status(), 201);
    let aside = proxy.audit_log.with_extension("aside");
    fs::rename(&proxy.audit_log, &aside).unwrap();
    let told = problem(place(&proxy).await, 503).await;
    assert!(told["detail"].as_str().unwrap().contains("was moved or removed"), "{told}");
    fs::rename(&aside, &proxy.audit_log).unwrap();
    assert_eq!(place(&proxy).await.status(), 201);
    let placed = proxy.audit().await.into_iter().filter(|entry| entry["action"] == "call.place").count();
    assert_eq!(placed, 2);
    proxy.stop().await;
}

#[tokio::test]
async fn the_trail_s_end_is_known_beside_it_in_the_database_and_in_the_metrics() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let mut program = Program::start(&mut serve(folder.path(), &fake));
    let http = client();
    let head = async |program: &Program| -> Value {
        within(http.get(program.url("/api/audit/head")).send()).await.unwrap().json().await.unwrap()
    };
    // What nobody waits for may be written between two requests.
    let metrics = within(async {
        loop {
            let before = head(&program).await;
            let metrics = http.get(program.url("/metrics")).send().await.unwrap().text().await.unwrap();
            if before == head(&program).await {
                break (before, metrics);
            }
        }
    });
    let (head, metrics) = metrics.await;
    let line = format!("dialbench_audit_head{{hash={}}} {}", head["hash"], head["seq"]);
    assert!(metrics.lines().any(|told| told == line), "{line}");
    Command::new("kill").arg(program.child.id().to_string()).status().unwrap();
    program.child.wait().unwrap();

    let log = fs::read_to_string(log_of(folder.path())).unwrap();
    let count = log.lines().count();
    let cut: Vec<_> = log.lines().take(count - 1).collect();
    fs::write(log_of(folder.path()), cut.join("\n") + "\n").unwrap();
    let (is_whole, told) = verify(folder.path());
    assert!(!is_whole && told.contains(&format!("line {count}: cut_off: ")), "{told}");
    fs::remove_file(folder.path().join("trail/audit.jsonl.head")).unwrap();
    assert!(verify(folder.path()).0, "the log alone does not show it");
    let program = Program::start(&mut serve(folder.path(), &fake));
    let start = entries(folder.path())[count - 1].clone();
    let damages = start["detail"]["damages"].as_array().unwrap();
    assert!(damages[0].as_str().unwrap().contains("the database knows them"), "{start}");
    assert_eq!(start["seq"], count + 1, "the number that was cut off is not given again");
    drop(program);
    let (_, told) = verify(folder.path());
    assert!(told.contains(&format!("line {count}: missing: ")), "{told}");
}

#[tokio::test]
async fn a_text_of_cxone_s_beyond_all_measure_is_shortened_and_says_so() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let long = json!({ "status": "failed", "executionPath": [], "variables": {}, "errorMessage": "x".repeat(7 << 20) });
    fake.script_rest([Scripted { body: long.to_string(), ..Scripted::status(200) }]);
    let result: Value = proxy.get("/api/flow/simulations/sim-1").await.json().await.unwrap();
    let message = result["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("x… (7323648 more characters left out)"), "{}", message.len());
    let ended = proxy.audit_with("simulation.result", 1).await;
    let reason = ended.last().unwrap()["detail"]["reason"].as_str().unwrap();
    assert!(reason.ends_with("more characters left out)") && reason.len() < 2_100, "{}", reason.len());
    proxy.stop().await;
}
