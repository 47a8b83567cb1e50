use std::time::Duration;

use base::ids::{CorrelationId, IdempotencyKey, SimulationId};
use tokio_util::sync::CancellationToken;

use super::*;

struct Opened {
    store: Store,
    shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

async fn open() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::parse(&format!("sqlite:{}", folder.path().join("test.db").display())).unwrap();
    let shutdown = CancellationToken::new();
    let store = Store::open(&url, shutdown.clone()).await.unwrap();
    Opened { store, shutdown, _folder: folder }
}

fn event(simulation: &str, key: &str, received_ms: i64) -> NewEvent {
    NewEvent {
        key: key.into(),
        simulation: simulation.parse().unwrap(),
        is_call: true,
        body: format!("{{\"key\":\"{key}\",\"zero\":\"\\u0000\",\"quote\":\"\\\"\"}}"),
        received_ms,
    }
}

fn id(text: &str) -> SimulationId {
    text.parse().unwrap()
}

fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

async fn begin(store: &Store, key: &IdempotencyKey, within: Duration) -> Begun {
    let correlation: CorrelationId = "c".parse().unwrap();
    store.begin(key, "{}", &correlation, within).await.unwrap()
}

#[tokio::test]
async fn an_event_is_kept_to_the_letter_and_once() {
    let Opened { store, shutdown, .. } = &open().await;
    let first = event("s", "a", 1);
    assert!(store.append(first.clone()).await.unwrap());
    assert!(!store.append(event("other", "a", 2)).await.unwrap());
    let stored = store.events_after(0, None, 10).await.unwrap();
    assert_eq!(stored, [StoredEvent { seq: 1, is_call: true, body: first.body }]);
    shutdown.cancel();
}

#[tokio::test]
async fn in_memory_there_is_one_database_too() {
    let url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    let shutdown = CancellationToken::new();
    let store = Store::open(&url, shutdown.clone()).await.unwrap();
    for number in 0..50 {
        assert!(store.append(event("s", &number.to_string(), 1)).await.unwrap());
    }
    assert_eq!(store.events_after(0, Some(&id("s")), 100).await.unwrap().len(), 50);
    shutdown.cancel();
}

#[tokio::test]
async fn numbers_of_forgotten_events_are_not_given_again() {
    let Opened { store, shutdown, .. } = &open().await;
    store.append(event("s", "old", now_ms() - 86_400_000 * 3)).await.unwrap();
    store.append(event("s", "newer", now_ms() - 86_400_000 - 1_000)).await.unwrap();
    assert_eq!(store.forget_older(2).await.unwrap(), 1);
    assert_eq!(store.forget_older(1).await.unwrap(), 1);
    assert_eq!(store.last_seq().await.unwrap(), 2);
    store.append(event("s", "new", now_ms())).await.unwrap();
    assert_eq!(store.events_after(0, None, 10).await.unwrap()[0].seq, 3);
    shutdown.cancel();
}

#[tokio::test]
async fn a_submission_is_one_proxy_s_to_send() {
    let Opened { store, shutdown, .. } = &open().await;
    let minute = Duration::from_mins(1);
    assert!(matches!(begin(store, &key("k"), minute).await, Begun::Now));
    let Begun::Before(submission) = begin(store, &key("k"), minute).await else { panic!("it was begun") };
    assert_eq!(submission.state, SubmissionState::Sending);
    store.take_back(&key("k")).await.unwrap();
    assert!(matches!(begin(store, &key("k"), minute).await, Begun::Now));
    store.accepted(&key("k"), &id("s"), "{}").await.unwrap();
    // What is accepted is neither unknown nor taken back.
    store.unknown(&key("k")).await.unwrap();
    store.take_back(&key("k")).await.unwrap();
    let Begun::Before(submission) = begin(store, &key("k"), minute).await else { panic!("it was begun") };
    let accepted = SubmissionState::Accepted { simulation: id("s"), answer: Some("{}".into()) };
    assert_eq!(submission.state, accepted);
    assert_eq!(store.correlation(&id("s")).await.unwrap(), Some("c".parse().unwrap()));
    assert_eq!(store.correlation(&id("t")).await.unwrap(), None);
    assert!(store.over(&id("s")).await.unwrap().is_some());
    assert!(store.over(&id("s")).await.unwrap().is_none());
    store.not_over(&id("s")).await.unwrap();
    assert!(store.over(&id("s")).await.unwrap().is_some());
    shutdown.cancel();
}

#[tokio::test]
async fn a_proxy_that_died_while_sending_leaves_an_unknown_fate() {
    let Opened { store, shutdown, .. } = &open().await;
    begin(store, &key("k"), Duration::ZERO).await;
    let Begun::Before(submission) = begin(store, &key("k"), Duration::ZERO).await else {
        panic!("it was begun")
    };
    assert_eq!(submission.state, SubmissionState::Unknown);
    // An older event is no sign of it.
    store.append(event("older", "o", now_ms() - 60_000)).await.unwrap();
    assert!(!store.find_simulation(&key("k")).await.unwrap());
    store.append(event("s", "e", now_ms() + 1)).await.unwrap();
    assert!(store.find_simulation(&key("k")).await.unwrap());
    assert!(!store.find_simulation(&key("k")).await.unwrap(), "it is found already");
    shutdown.cancel();
}

#[tokio::test]
async fn where_two_simulations_may_be_it_none_is() {
    let Opened { store, shutdown, .. } = &open().await;
    begin(store, &key("k"), Duration::from_mins(1)).await;
    store.unknown(&key("k")).await.unwrap();
    store.append(event("s", "e", now_ms() + 1)).await.unwrap();
    store.append(event("t", "f", now_ms() + 1)).await.unwrap();
    assert!(!store.find_simulation(&key("k")).await.unwrap());
    // Once the other is known to be another's, only one is left.
    begin(store, &key("l"), Duration::from_mins(1)).await;
    store.accepted(&key("l"), &id("t"), "{}").await.unwrap();
    assert!(store.find_simulation(&key("k")).await.unwrap());
    shutdown.cancel();
}
