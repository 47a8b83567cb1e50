//! Events of the dialer's simulations: who may post them, and that each reaches every page once.

use crate::common::{
    CLIENT_SECRET, Fake, Proxy,
    events::{Posted, counted, now_s},
    postgres::Postgres,
    problem,
    program::SECRET,
    proxy,
    stream::EventStream,
    within,
};
use proxy::{
    Config,
    config::{DatabaseUrl, Overrides, WebhookConfig},
};
use secrecy::SecretString;
use serde_json::Value;

/// A proxy that knows the secrets; its database is its own file where none is given.
async fn signed_proxy(fake: &Fake, secrets: &[&str], database: Option<&str>) -> Proxy {
    proxy(fake, |config| {
        config.webhook.secrets = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        if let Some(url) = database {
            config.database_url = DatabaseUrl::parse(url).unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_secret_that_an_event_quotes_is_not_passed_on() {
    let fake = Fake::start().await;
    let proxy = signed_proxy(&fake, &[SECRET], None).await;
    // A token is known once it was got.
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    let server = proxy.address.to_string();
    let mut live = EventStream::open(&server, "", None).await;
    let mut event = Posted::of_call("run", 1, "completed");
    let quoted = serde_json::to_string(&format!("{CLIENT_SECRET} and canary-token-1")).unwrap();
    event.body = event.body.replace("\"answered\"", &quoted);
    assert_eq!(event.post(&proxy.http, &server).await, 204, "the signature is of what was posted");
    let seen: Value = serde_json::from_str(&live.next().await.unwrap()["data"]).unwrap();
    assert_eq!(seen["outcome"], "[redacted] and [redacted]");
    proxy.stop().await;
}

async fn each_event_is_stored_once_and_followed_in_order(database: Option<&str>) {
    let fake = Fake::start().await;
    let proxy = signed_proxy(&fake, &[SECRET], database).await;
    let server = proxy.address.to_string();
    let mut live = EventStream::open(&server, "", None).await;
    let mut all = Vec::new();
    for call in 0..20 {
        for state in ["dialing", "completed"] {
            let event = Posted::of_call(if call % 2 == 0 { "even" } else { "odd" }, call, state);
            assert_eq!(event.post(&proxy.http, &server).await, 204);
            if call % 3 == 0 {
                assert_eq!(event.post(&proxy.http, &server).await, 204, "it is known already");
            }
            all.push(event);
        }
    }
    all.push(Posted::of_simulation("even", "completed"));
    assert_eq!(all[40].post(&proxy.http, &server).await, 204);
    let seen = live.take(all.len()).await;
    let counts = counted(&seen);
    assert_eq!(counts.len(), all.len());
    assert!(all.iter().all(|event| counts[&event.body] == 1));
    assert_eq!(seen.last().unwrap()["event"], "simulation");

    // A page that comes later, one that comes back, and one that follows a single simulation.
    let mut late = EventStream::open(&server, "?after=0", None).await;
    assert_eq!(late.take(all.len()).await, seen);
    let mut back = EventStream::open(&server, "?after=0", Some(seen[17]["id"].as_str())).await;
    assert_eq!(back.take(all.len() - 18).await, seen[18..]);
    let mut even = EventStream::open(&server, "?after=0&simulation=even", None).await;
    let of_even: Vec<_> = seen.iter().filter(|event| event["data"].contains("\"even\"")).cloned().collect();
    assert_eq!(even.take(21).await, of_even);
    // The id of another database: everything, rather than nothing for ever.
    let mut stranger = EventStream::open(&server, "", Some("999999999")).await;
    assert_eq!(stranger.take(all.len()).await, seen);

    let next = Posted::of_call("odd", 99, "dialing");
    assert_eq!(next.post(&proxy.http, &server).await, 204);
    for stream in [&mut live, &mut late, &mut back, &mut stranger] {
        assert_eq!(stream.next().await.unwrap()["data"], next.body);
    }
    assert_eq!(proxy.metric("dialbench_webhooks_total{result=\"stored\"}").await, 42);
    assert_eq!(proxy.metric("dialbench_webhooks_total{result=\"duplicate\"}").await, 14);
    proxy.stop().await;
    assert_eq!(live.next().await, None, "the proxy's end is the stream's");
}

#[tokio::test]
async fn on_sqlite_each_event_is_stored_once_and_followed_in_order() {
    each_event_is_stored_once_and_followed_in_order(None).await;
}

#[tokio::test]
async fn on_postgres_each_event_is_stored_once_and_followed_in_order() {
    let postgres = Postgres::start().await;
    each_event_is_stored_once_and_followed_in_order(Some(&postgres.url)).await;
}

#[tokio::test]
async fn what_is_posted_at_once_is_committed_in_groups_and_counted_once() {
    let fake = Fake::start().await;
    let proxy = signed_proxy(&fake, &[SECRET], None).await;
    let server = proxy.address.to_string();
    let posts = (0..400).map(|number| {
        // Each twice, at the same time.
        let event = Posted::of_call("s", number / 2, "completed");
        let (http, server) = (proxy.http.clone(), server.clone());
        tokio::spawn(async move { event.post(&http, &server).await })
    });
    for posted in posts.collect::<Vec<_>>() {
        assert_eq!(posted.await.unwrap(), 204);
    }
    let mut late = EventStream::open(&server, "?after=0", None).await;
    assert_eq!(counted(&late.take(200).await).len(), 200);
    assert_eq!(proxy.metric("dialbench_webhooks_total{result=\"stored\"}").await, 200);
    proxy.stop().await;
}

#[tokio::test]
async fn only_what_a_secret_signed_just_now_comes_in() {
    let fake = Fake::start().await;
    let old = "whsec_b2xkIHNlY3JldA==";
    let proxy = signed_proxy(&fake, &[SECRET, old], None).await;
    let server = proxy.address.to_string();
    let event = Posted::of_call("s", 1, "dialing");
    let send = async |request: reqwest::RequestBuilder| within(request.send()).await.unwrap();

    let shown = problem(send(event.unsigned(&proxy.http, &server)).await, 401).await;
    assert!(shown["detail"].as_str().unwrap().contains("webhook-timestamp"), "{shown}");
    let stranger = "whsec_c3RyYW5nZXI=";
    problem(send(event.signed(&proxy.http, &server, stranger, now_s())).await, 401).await;
    let shown = problem(send(event.signed(&proxy.http, &server, SECRET, now_s() - 400)).await, 401).await;
    assert!(shown["detail"].as_str().unwrap().contains("300 s are allowed"), "{shown}");
    let altered =
        event.signed(&proxy.http, &server, SECRET, now_s()).body(event.body.replace("call-1", "call-2"));
    problem(send(altered).await, 401).await;

    let with_old = event.signed(&proxy.http, &server, old, now_s());
    assert_eq!(send(with_old).await.status(), 204);
    assert_eq!(event.post(&proxy.http, &server).await, 204);
    let mut stream = EventStream::open(&server, "?after=0", None).await;
    assert_eq!(stream.next().await.unwrap()["data"], event.body);
    for (result, count) in [("forged", 2), ("stale", 1), ("unsigned", 1), ("stored", 1), ("duplicate", 1)] {
        let name = format!("dialbench_webhooks_total{{result=\"{result}\"}}");
        assert_eq!(proxy.metric(&name).await, count, "{result}");
    }
    let profile: Value = proxy.get("/api/profile").await.json().await.unwrap();
    assert_eq!(profile["webhook"]["signed"], true);
    proxy.stop().await;
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_refused_and_kept_nowhere() {
    let fake = Fake::start().await;
    let proxy = signed_proxy(&fake, &[], None).await;
    let post = async |body: String| {
        let request = proxy.http.post(proxy.url("/webhook/simulation-events")).body(body);
        within(request.send()).await.unwrap()
    };
    problem(post("{".into()).await, 400).await;
    let shown = problem(post(r#"{"simulationId":"s","timestamp":"t"}"#.into()).await, 422).await;
    assert!(shown["errors"].to_string().contains("state"), "{shown}");
    problem(post(format!("{{\"simulationId\":\"{}\"}}", "x".repeat(100 << 10))).await, 413).await;
    problem(proxy.get("/webhook/simulation-events").await, 405).await;
    problem(proxy.get("/api/dialer/events?after=x").await, 422).await;
    problem(proxy.get("/api/dialer/events?simulation=two%20words").await, 422).await;

    // Without a header for it, an event is known by what it says.
    let event = Posted::of_call("s", 1, "dialing");
    for _ in 0..2 {
        assert_eq!(post(event.body.clone()).await.status(), 204);
    }
    let other = Posted::of_call("s", 1, "completed");
    assert_eq!(post(other.body.clone()).await.status(), 204);
    let mut stream = EventStream::open(proxy.address, "?after=0", None).await;
    let seen = stream.take(2).await;
    assert_eq!((&seen[0]["data"], &seen[1]["data"]), (&event.body, &other.body));
    proxy.stop().await;
}

#[tokio::test]
async fn beyond_this_machine_the_door_needs_a_secret_and_no_access_token() {
    let fake = Fake::start().await;
    for secret in [None, Some(SECRET)] {
        let proxy = proxy(&fake, |config| {
            config.access_token = Some("a token of some length".into());
            config.public_url = Some("https://bench.example.com".parse().unwrap());
            config.webhook = WebhookConfig {
                secrets: secret.into_iter().map(Into::into).collect(),
                ..WebhookConfig::default()
            };
        })
        .await;
        let event = Posted::of_call("s", 1, "dialing");
        let request = event.signed(&proxy.http, &proxy.address.to_string(), SECRET, now_s());
        let answer = within(request.header("host", "bench.example.com").send()).await.unwrap();
        if secret.is_some() {
            assert_eq!(answer.status(), 204);
        } else {
            let shown = problem(answer, 403).await;
            assert!(shown["detail"].as_str().unwrap().contains("webhook.secret_env"), "{shown}");
        }
        problem(proxy.get("/api/dialer/events").await, 401).await;
        proxy.stop().await;
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_an_older_one_is_kept() {
    let fake = Fake::start().await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("kept.db").display());
    let first = signed_proxy(&fake, &[], Some(&url)).await;
    assert_eq!(Posted::of_call("s", 1, "dialing").post(&first.http, &first.address.to_string()).await, 204);
    first.stop().await;
    let second = signed_proxy(&fake, &[], Some(&url)).await;
    let mut stream = EventStream::open(second.address, "?after=0", None).await;
    assert_eq!(stream.next().await.unwrap()["id"], "1");
    second.stop().await;

    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (99, 'later', true, x'00', 0)";
    sqlx::query(newer).execute(&pool).await.unwrap();
    pool.close().await;
    let overrides = Overrides {
        listen: Some("127.0.0.1:0".into()),
        audit_log: Some(folder.path().join("audit.jsonl")),
        database_url: Some(url),
        ..Overrides::default()
    };
    let refusal = proxy::Server::bind(Config::load(overrides, &|_| None).unwrap()).await.err().unwrap();
    let text = refusal.to_string();
    assert!(text.contains("of version 99") && text.contains("use a newer dialbench"), "{text}");
}
