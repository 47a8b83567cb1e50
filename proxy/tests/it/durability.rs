//! The program under a power cut, a full disk, and beside another one: no event is lost, none is counted twice.

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::common::{
    client,
    events::{Posted, counted, now_s},
    postgres::Postgres,
    program::{Program, SECRET, SECRET_ENV},
    stream::EventStream,
    within,
};
use futures_util::{StreamExt as _, stream};
use sqlx::Connection as _;

/// Number of posts that are under way at a time.
const AT_A_TIME: usize = 64;
/// Number of power cuts, evenly over the posts.
const CUTS: usize = 3;

fn serve(folder: &Path, name: &str, database: &str) -> Command {
    let file = folder.join("dialbench.toml");
    std::fs::write(&file, format!("profile = \"tutorial\"\n[webhook]\nsecret_env = \"{SECRET_ENV}\"\n"))
        .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(file);
    command.arg("--audit-log").arg(folder.join(format!("{name}.jsonl"))).args(["--database-url", database]);
    command.env_clear().env(SECRET_ENV, SECRET).current_dir(folder);
    command
}

fn verify_audit(folder: &Path, name: &str) {
    let log = folder.join(format!("{name}.jsonl"));
    let output =
        Command::new(env!("CARGO_BIN_EXE_dialbench")).args(["audit", "verify"]).arg(log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Events of calls, of which every tenth is posted twice, and every tenth before those that came before it.
fn traffic(count: usize) -> (Vec<Posted>, Vec<Posted>) {
    let genuine: Vec<_> = (0..count)
        .map(|number| Posted::of_call("s", number / 2, ["dialing", "completed"][number % 2]))
        .collect();
    let mut posts = Vec::with_capacity(count + count / 10);
    for (number, event) in genuine.iter().enumerate() {
        posts.push(event.clone());
        if number % 10 == 3 {
            posts.push(event.clone());
        }
        if number % 10 == 7 {
            let last = posts.len() - 1;
            posts.swap(last, last - 5);
        }
    }
    (genuine, posts)
}

/// Posts an event as CXone does: again until it is taken, wherever the server is by then.
async fn deliver(http: reqwest::Client, server: Arc<RwLock<String>>, event: Posted) {
    let delivering = async {
        loop {
            let address = server.read().unwrap().clone();
            let answer = event.signed(&http, &address, SECRET, now_s()).send().await;
            if answer.is_ok_and(|answer| answer.status() == 204) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), delivering).await.unwrap();
}

async fn forge(http: &reqwest::Client, server: &RwLock<String>, number: usize) {
    let address = server.read().unwrap().clone();
    let event = Posted::of_call("forged", number, "completed");
    if let Ok(answer) = event.signed(http, &address, "whsec_Zm9yZ2Vy", now_s()).send().await {
        assert_eq!(answer.status(), 401);
    }
}

async fn power_cuts_lose_and_double_nothing(database: &dyn Fn(&Path) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let start = || Program::start(&mut serve(folder.path(), "audit", &database));
    let mut program = start();
    let server = Arc::new(RwLock::new(program.address.clone()));
    let (genuine, posts) = traffic(10_000);
    let (total, http) = (posts.len(), client());
    let taken = Arc::new(AtomicUsize::new(0));
    let posting = {
        let (server, taken) = (Arc::clone(&server), Arc::clone(&taken));
        stream::iter(posts.into_iter().enumerate()).for_each_concurrent(AT_A_TIME, move |(number, event)| {
            let (http, server, taken) = (http.clone(), Arc::clone(&server), Arc::clone(&taken));
            async move {
                if number % 100 == 50 {
                    forge(&http, &server, number).await;
                }
                deliver(http, server, event).await;
                taken.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let posting = tokio::spawn(posting);
    for cut in 1..=CUTS {
        while taken.load(Ordering::Relaxed) < total * cut / (CUTS + 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        program.kill();
        program = start();
        server.write().unwrap().clone_from(&program.address);
    }
    posting.await.unwrap();

    let mut page = EventStream::open(&program.address, "?after=0", None).await;
    let counts = counted(&page.take(genuine.len()).await);
    assert_eq!(counts.len(), genuine.len());
    assert!(genuine.iter().all(|event| counts[&event.body] == 1));
    let last = Posted::of_simulation("s", "completed");
    assert_eq!(last.post(&client(), &program.address).await, 204);
    assert_eq!(page.next().await.unwrap()["data"], last.body, "nothing else is stored");
    drop(program);
    verify_audit(folder.path(), "audit");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_power_cuts_lose_and_double_nothing() {
    let database = |folder: &Path| format!("sqlite:{}", folder.join("dialbench.db").display());
    power_cuts_lose_and_double_nothing(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_power_cuts_lose_and_double_nothing() {
    let postgres = Postgres::start().await;
    power_cuts_lose_and_double_nothing(&|_| postgres.url.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_proxies_on_one_postgres_show_each_event_once_on_both() {
    let postgres = Postgres::start().await;
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| Program::start(&mut serve(folder.path(), name, &postgres.url));
    let one = start("one");
    let mut two = start("two");
    let servers = [&one, &two].map(|program| Arc::new(RwLock::new(program.address.clone())));
    let (genuine, posts) = traffic(2_000);
    let half = genuine.len() / 2;
    let http = client();
    let mut on_one = EventStream::open(&one.address, "?after=0", None).await;
    let mut on_two = EventStream::open(&two.address, "?after=0", None).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let total = posts.len();
    let posting = {
        let (servers, taken, http) = (servers.clone(), Arc::clone(&taken), http.clone());
        tokio::spawn(stream::iter(posts.into_iter().enumerate()).for_each_concurrent(
            AT_A_TIME,
            move |(number, event)| {
                // A load balancer's choice; where a proxy is down, the other takes the next attempt.
                let (first, other) =
                    (Arc::clone(&servers[number % 2]), Arc::clone(&servers[(number + 1) % 2]));
                let (http, taken) = (http.clone(), Arc::clone(&taken));
                async move {
                    let address = first.read().unwrap().clone();
                    let answer = event.signed(&http, &address, SECRET, now_s()).send().await;
                    if !answer.is_ok_and(|answer| answer.status() == 204) {
                        deliver(http, other, event).await;
                    }
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            },
        ))
    };
    let before = on_two.take(half / 2).await;
    while taken.load(Ordering::Relaxed) < total / 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    two.kill();
    let seen_on_one = on_one.take(half).await;
    two = start("two");
    servers[1].write().unwrap().clone_from(&two.address);
    posting.await.unwrap();

    let mut all_on_one = seen_on_one;
    all_on_one.extend(on_one.take(genuine.len() - half).await);
    // The page on the other goes on behind the last event it saw.
    let last_seen = before.last().unwrap()["id"].clone();
    let mut on_two = EventStream::open(&two.address, "", Some(&last_seen)).await;
    let mut all_on_two = before;
    all_on_two.extend(on_two.take(genuine.len() - all_on_two.len()).await);
    assert_eq!(all_on_one, all_on_two);
    let counts = counted(&all_on_one);
    assert_eq!(counts.len(), genuine.len());
    assert!(genuine.iter().all(|event| counts[&event.body] == 1));
    let mut connection = sqlx::PgConnection::connect(&postgres.url).await.unwrap();
    let stored: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection).await.unwrap();
    assert_eq!(stored, 2_000);

    let last = Posted::of_simulation("s", "completed");
    assert_eq!(last.post(&http, &one.address).await, 204);
    for page in [&mut on_one, &mut on_two] {
        assert_eq!(page.next().await.unwrap()["data"], last.body);
    }
    drop((one, two));
    for name in ["one", "two"] {
        verify_audit(folder.path(), name);
    }
}

/// As in a container: the stand-in inside, and a door that anybody may find.
#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_reached_from_elsewhere_the_stand_in_signs_its_events() {
    let folder = tempfile::tempdir().unwrap();
    let token = "an-access-token-of-some-length";
    std::fs::write(folder.path().join("token"), token).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    command.args(["serve", "--listen", "0.0.0.0:0", "--access-token-file", "token"]);
    let program = Program::start(command.env_clear().current_dir(folder.path()));
    let port = program.address.rsplit_once(':').unwrap().1;
    let port = port.split(' ').next().unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let http = client();
    let forged = Posted::of_call("s", 1, "completed").unsigned(&http, &format!("127.0.0.1:{port}"));
    assert_eq!(within(forged.send()).await.unwrap().status(), 401);
    let request = serde_json::json!({
        "campaignId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "virtualAgentMatrix": { "flowId": "support-line" },
        "outcomeInjection": { "enabled": false },
        "concurrencyLimit": 1,
        "maxCalls": 1,
        "complianceBypass": true,
    });
    let begin = http.post(url("/api/dialer/simulations")).header("x-dialbench", "1").bearer_auth(token);
    assert_eq!(within(begin.json(&request).send()).await.unwrap().status(), 201);
    let follow = http.get(url("/api/dialer/events?after=0")).bearer_auth(token);
    let mut stream = within(follow.send()).await.unwrap();
    let mut text = String::new();
    while !text.contains("event: simulation") {
        let chunk = within(stream.chunk()).await.unwrap().expect("the stream is open");
        text.push_str(str::from_utf8(&chunk).unwrap());
    }
    assert!(text.contains("\"completed\""), "{text}");
}

/// Disks so small that they fill: a `tmpfs` each for database and audit log, in a mount namespace of the program's own.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn on_full_disks_nothing_is_confirmed_and_reading_goes_on() {
    use serde_json::json;

    let folder = tempfile::tempdir().unwrap();
    let (events, trail) = (folder.path().join("events"), folder.path().join("trail"));
    for disk in [&events, &trail] {
        std::fs::create_dir(disk).unwrap();
    }
    let database = format!("sqlite:{}", events.join("dialbench.db").display());
    let usual = serve(folder.path(), "trail/audit", &database);
    let mut program = Command::new("unshare");
    program.args(["--user", "--map-root-user", "--mount", "sh", "-ec"]);
    program
        .arg("mount -t tmpfs -o size=768k none events; mount -t tmpfs -o size=64k none trail; exec \"$@\"");
    program.arg("sh").arg(usual.get_program()).args(usual.get_args());
    program.env(SECRET_ENV, SECRET).current_dir(folder.path());
    let program = Program::start(&mut program);
    // Its own view of the disks.
    let inside = format!("/proc/{}/root{}", program.child.id(), folder.path().display());
    let fill = |disk: &str| {
        let ballast = format!("{inside}/{disk}/ballast");
        // Until nothing more fits.
        let _ = std::fs::write(&ballast, vec![1; 2 << 20]);
        ballast
    };
    let http = client();

    let mut taken = Vec::new();
    let mut number = 0;
    let mut post = async || {
        number += 1;
        let event = Posted::of_call("s", number, "completed");
        let answer = event.signed(&http, &program.address, SECRET, now_s()).send();
        (within(answer).await.unwrap(), event)
    };
    let ballast = fill("events");
    let refusal = loop {
        let (answer, event) = post().await;
        if answer.status() != 204 {
            break answer;
        }
        taken.push(event);
    };
    assert_eq!(refusal.headers()["retry-after"], "5");
    let shown = crate::common::problem(refusal, 503).await;
    assert!(shown["detail"].as_str().unwrap().contains("disk is full"), "{shown}");
    let mut page = EventStream::open(&program.address, "?after=0", None).await;
    assert_eq!(counted(&page.take(taken.len()).await).len(), taken.len());
    std::fs::remove_file(ballast).unwrap();
    let (answer, event) = post().await;
    assert_eq!(answer.status(), 204, "there is room again");
    assert_eq!(page.next().await.unwrap()["data"], event.body);

    let ballast = fill("trail");
    let metrics = json!({ "simulationId": "s", "metrics": {
        "totalCalls": 1, "completedCalls": 1, "averageLatencyMs": 1.0, "accuracyRate": 1.0 } });
    let change =
        || http.post(program.url("/api/dialer/metrics")).header("x-dialbench", "1").json(&metrics).send();
    // An entry may still fit into the last block.
    let refused = within(async {
        loop {
            let answer = change().await.unwrap();
            if answer.text().await.unwrap().contains("the audit log cannot be written") {
                return;
            }
        }
    });
    refused.await;
    let page = http.get(program.url("/api/audit")).send();
    assert_eq!(within(page).await.unwrap().status(), 200, "reading goes on");
    std::fs::remove_file(ballast).unwrap();
    let shown = within(change()).await.unwrap().text().await.unwrap();
    assert!(!shown.contains("the audit log cannot be written"), "{shown}");
    let verdict: serde_json::Value =
        within(http.get(program.url("/api/audit/verify")).send()).await.unwrap().json().await.unwrap();
    assert_eq!(verdict["faults"], json!([]));
}
