//! `/ws/interactions`: one subscription, every event once, and a gap wherever one may be missing.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::common::{Fake, Page, fake::Scripted, line::Line, proxy, refusal, within};
use axum::extract::ws::{CloseFrame, Message as FromCxone};
use futures_util::StreamExt as _;
use proxy::config::Service;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as ToPage;

async fn say(cxone: &Line<FromCxone>, text: &str) {
    within(cxone.send(FromCxone::Text(text.to_owned().into()))).await;
}

fn number(message: &Value) -> u64 {
    assert_eq!(message["type"], "event", "{message}");
    message["event"]["n"].as_u64().unwrap()
}

#[tokio::test]
async fn events_come_through_unchanged_to_every_page() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let (mut first, mut second) = (proxy.page().await, proxy.page().await);
    let (cxone, subscription) = fake.subscribed().await;
    assert_eq!(
        subscription,
        json!({ "interactionType": "voice", "eventTypes": ["media", "dtmf", "interaction"] })
    );
    for page in [&mut first, &mut second] {
        page.link("open").await;
    }
    say(&cxone, r#"{"eventType" : "dtmf", "n": 1.00, "x":"ä"}"#).await;
    say(&cxone, "no JSON \"at all\"").await;
    within(cxone.send(FromCxone::Binary(vec![0, 255].into()))).await;
    for page in [&mut first, &mut second] {
        let text = loop {
            if let ToPage::Text(text) = within(page.socket.recv()).await.unwrap() {
                break text;
            }
        };
        assert!(
            text.ends_with(r#""offset":1,"event":{"eventType" : "dtmf", "n": 1.00, "x":"ä"}}"#),
            "{text}"
        );
        assert_eq!(page.next_in_stream().await["event"], "no JSON \"at all\"");
        assert_eq!(page.next_in_stream().await["event"]["bytes"], 2);
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_page_is_told_at_once_which_events_are_replayed() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    assert_eq!(page.next().await["head"]["offset"], 0, "there was none");
    for n in 1..=3 {
        say(&cxone, &format!("{{\"n\":{n}}}")).await;
        assert_eq!(number(&page.next_in_stream().await), n);
    }
    let mut reloaded = proxy.page().await;
    let first = reloaded.next().await;
    assert_eq!((&first["type"], &first["head"]["offset"]), (&json!("link"), &json!(3)));
    let epoch = first["head"]["epoch"].as_str().unwrap();
    reloaded.resume(epoch, 1).await;
    for n in 2..=3 {
        assert_eq!(number(&reloaded.next_in_stream().await), n);
    }
    say(&cxone, "{\"n\":4}").await;
    let live = reloaded.next_in_stream().await;
    assert_eq!((number(&live), live["offset"].as_u64()), (4, Some(4)));
    proxy.stop().await;
}

#[tokio::test]
async fn a_page_that_reloads_loses_and_repeats_nothing() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    for n in 1..=5 {
        say(&cxone, &format!("{{\"n\":{n}}}")).await;
    }
    let mut last = Value::Null;
    for n in 1..=3 {
        last = page.next_in_stream().await;
        assert_eq!(number(&last), n);
    }
    drop(page);
    say(&cxone, "{\"n\":6}").await;
    proxy.metric_reaches("dialbench_events_total", 6).await;
    let mut page = proxy.page().await;
    page.resume(last["epoch"].as_str().unwrap(), last["offset"].as_u64().unwrap()).await;
    say(&cxone, "{\"n\":7}").await;
    for n in 4..=7 {
        assert_eq!(number(&page.next_in_stream().await), n);
    }
    proxy.stop().await;
}

#[tokio::test]
async fn the_subscription_has_the_configured_filters() {
    let fake = Fake::start().await;
    let filter = json!({ "field": "skill", "operator": "in", "value": ["a", "b"] });
    let proxy = proxy(&fake, |config| {
        config.event_filters.push(serde_json::from_value(filter.clone()).unwrap());
    })
    .await;
    let _page = proxy.page().await;
    let (_, subscription) = fake.subscribed().await;
    assert_eq!(subscription["filters"], json!([filter]));
    proxy.stop().await;
}

#[tokio::test]
async fn a_lost_link_is_back_within_a_second_with_one_gap() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (cxone, subscription) = fake.subscribed().await;
    page.link("open").await;
    say(&cxone, "{\"n\":1}").await;
    assert_eq!(number(&page.next_in_stream().await), 1);

    fake.stop_listening().await;
    drop(cxone);
    let mut status = page.link("reconnecting").await;
    assert_eq!(status["closeCode"], 1006);
    // Some attempts fail before CXone returns.
    loop {
        assert!(status["retryInMs"].as_u64().is_none_or(|ms| ms < 1_000), "{status}");
        if status["attempt"].as_u64().unwrap() >= 4 {
            break;
        }
        status = page.next().await;
    }

    fake.listen_again().await;
    let returned = Instant::now();
    let (cxone, again) = fake.subscribed().await;
    // Such a wait, and 3 s to connect on a machine that is busy.
    assert!(returned.elapsed() < Duration::from_secs(4), "{:?}", returned.elapsed());
    assert_eq!(again, subscription);
    say(&cxone, "{\"n\":2}").await;
    page.link("open").await;
    let gap = page.next_in_stream().await;
    assert_eq!((&gap["type"], &gap["reason"]), (&json!("gap"), &json!("upstream_reconnect")));
    let event = page.next_in_stream().await;
    assert_eq!(number(&event), 2);
    assert_eq!(event["offset"].as_u64().unwrap(), gap["to"].as_u64().unwrap() + 1);

    // A page that resumes before the gap is told of it once; one that resumes after it is not.
    let epoch = event["epoch"].as_str().unwrap();
    let mut before = proxy.page().await;
    before.resume(epoch, 1).await;
    assert_eq!(before.next_in_stream().await, gap);
    assert_eq!(before.next_in_stream().await, event);
    let mut after = proxy.page().await;
    after.resume(epoch, gap["to"].as_u64().unwrap()).await;
    assert_eq!(after.next_in_stream().await, event);

    let entries = proxy.audit_with("link.open", 2).await;
    let actions: Vec<_> = entries.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["server.start", "link.open", "link.lost", "link.open"]);
    proxy.stop().await;
}

#[tokio::test]
async fn what_the_ring_forgot_is_a_gap() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.ring_events = 3).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    for n in 1..=10 {
        say(&cxone, &format!("{{\"n\":{n}}}")).await;
        assert_eq!(number(&page.next_in_stream().await), n);
    }
    let epoch = {
        let mut page = proxy.page().await;
        page.resume("another life's", 4).await;
        let gap = page.next_in_stream().await;
        assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(0), Some(7)));
        assert_eq!(gap["reason"], "expired");
        assert_eq!(number(&page.next_in_stream().await), 8);
        gap["epoch"].as_str().unwrap().to_owned()
    };
    let mut page = proxy.page().await;
    page.resume(&epoch, 2).await;
    let gap = page.next_in_stream().await;
    assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(3), Some(7)));
    for n in 8..=10 {
        assert_eq!(number(&page.next_in_stream().await), n);
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_page_that_missed_nothing_need_not_wait() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.resume_within = Duration::from_mins(1)).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    page.live().await;
    say(&cxone, "{\"n\":1}").await;
    assert_eq!(number(&page.next_in_stream().await), 1);
    proxy.stop().await;
}

#[tokio::test]
async fn a_resume_that_comes_late_repeats_nothing() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.resume_within = Duration::from_millis(1)).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    for n in 1..=4 {
        say(&cxone, &format!("{{\"n\":{n}}}")).await;
        assert_eq!(number(&page.next_in_stream().await), n);
    }
    let mut late = proxy.page().await;
    late.link("open").await;
    say(&cxone, "{\"n\":5}").await;
    let live = late.next_in_stream().await;
    assert_eq!(number(&live), 5);
    late.resume(live["epoch"].as_str().unwrap(), 2).await;
    assert_eq!(number(&late.next_in_stream().await), 3);
    assert_eq!(number(&late.next_in_stream().await), 4);
    say(&cxone, "{\"n\":6}").await;
    assert_eq!(number(&late.next_in_stream().await), 6);
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_does_not_read_is_closed_with_1013_and_holds_up_nobody() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.slow_after = Duration::from_secs(1)).await;
    let mut slow = proxy.dial("/ws/interactions").await.unwrap();
    let (cxone, _) = fake.subscribed().await;
    let mut quick = proxy.page().await;
    quick.link("open").await;
    let filler = "x".repeat(50_000);
    let slow_pages = "dialbench_slow_pages_total";
    // The quick page reads every event as it comes, so that only the other one can be too slow.
    let flooding = async {
        for n in 0u64.. {
            say(&cxone, &format!("{{\"n\":{n},\"filler\":\"{filler}\"}}")).await;
            assert_eq!(number(&quick.next_in_stream().await), n);
            if n % 20 == 0 && proxy.metric(slow_pages).await == 1 {
                return n;
            }
        }
        unreachable!("the loop has no end")
    };
    let last = tokio::time::timeout(4 * crate::common::PATIENCE, flooding).await.unwrap();
    let mut seen = 0;
    let code = within(async {
        loop {
            match slow.next().await.unwrap().unwrap() {
                ToPage::Text(_) => seen += 1,
                ToPage::Close(frame) => return u16::from(frame.unwrap().code),
                ToPage::Binary(_) | ToPage::Ping(_) | ToPage::Pong(_) | ToPage::Frame(_) => {}
            }
        }
    });
    assert_eq!(code.await, 1013);
    assert!(seen < last, "it had fallen behind");
    proxy.stop().await;
}

#[tokio::test]
async fn a_link_that_is_silent_is_dead() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.tuning.ping_every = Duration::from_millis(50);
        config.tuning.dead_after = Duration::from_millis(400);
    })
    .await;
    // A socket that is held open and answers no ping.
    fake.shared.is_half_open.store(true, Ordering::SeqCst);
    let mut page = proxy.page().await;
    let (half_open, _) = fake.subscribed().await;
    page.link("open").await;
    fake.shared.is_half_open.store(false, Ordering::SeqCst);
    page.link("reconnecting").await;
    let (mut alive, _) = fake.subscribed().await;
    drop(half_open);
    page.link("open").await;
    // One that answers pings and says nothing else lives longer than that.
    let answering =
        tokio::time::timeout(Duration::from_millis(900), async { while alive.recv().await.is_some() {} });
    assert!(answering.await.is_err(), "a link that answers was given up");
    proxy.stop().await;
}

#[tokio::test]
async fn a_refusal_is_shown_with_its_status_and_waited_out() {
    let fake = Fake::start().await;
    fake.script_handshakes([Scripted::status(429).retry_after("1"), Scripted::status(503)]);
    let proxy = proxy(&fake, |_| {}).await;
    let began = Instant::now();
    let mut page = proxy.page().await;
    let lost = page.link("reconnecting").await;
    assert_eq!(lost["closeCode"], 429);
    assert!(lost["retryInMs"].as_u64().unwrap() >= 900, "{lost}");
    let _cxone = fake.subscribed().await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    page.link("open").await;
    proxy.stop().await;
}

#[tokio::test]
async fn a_close_code_of_cxone_s_is_shown() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    let frame = CloseFrame { code: 1012, reason: "restart".into() };
    within(cxone.send(FromCxone::Close(Some(frame)))).await;
    assert_eq!(page.link("reconnecting").await["closeCode"], 1012);
    let _again = fake.subscribed().await;
    page.link("open").await;
    proxy.stop().await;
}

#[tokio::test]
async fn a_shutdown_closes_both_sides_with_1001() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (mut cxone, _) = fake.subscribed().await;
    page.link("open").await;
    proxy.shutdown.cancel();
    assert_eq!(page.close_code().await, 1001);
    let closed = within(async {
        loop {
            if let Some(FromCxone::Close(frame)) = cxone.recv().await {
                return frame.unwrap().code;
            }
        }
    });
    assert_eq!(closed.await, 1001);
    proxy.stop().await;
}

#[tokio::test]
async fn without_configuration_the_handshake_says_what_is_missing() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.services.get_mut(&Service::Interactions).unwrap().missing = vec!["CXONE_CLIENT_ID".into()];
    })
    .await;
    let (status, problem) = refusal(proxy.dial("/ws/interactions").await.unwrap_err());
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("CXONE_CLIENT_ID"), "{problem}");
    proxy.stop().await;
}

#[tokio::test]
async fn what_grows_too_long_for_a_page_is_a_gap_and_no_page_is_dropped() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    page.live().await;
    say(&cxone, r#"{"n":1}"#).await;
    // Neither is JSON: as JSON strings they are twice as long.
    say(&cxone, &"a\n".repeat(495_000)).await;
    say(&cxone, &"\"".repeat(600_000)).await;
    say(&cxone, r#"{"n":4}"#).await;
    let first = page.next_in_stream().await;
    assert_eq!(number(&first), 1);
    for offset in [2, 3] {
        let gap = page.next_in_stream().await;
        assert_eq!((&gap["type"], &gap["from"], &gap["to"]), (&json!("gap"), &json!(offset), &json!(offset)));
        assert_eq!(gap["reason"], "expired");
    }
    assert_eq!(number(&page.next_in_stream().await), 4);
    // A long text that has room is sent as it is, also to a page that resumes.
    let long = "x".repeat((1 << 20) - 10);
    say(&cxone, &long).await;
    assert_eq!(page.next_in_stream().await["event"], long.as_str());
    let mut again = proxy.page().await;
    again.resume(first["epoch"].as_str().unwrap(), 3).await;
    assert_eq!(number(&again.next_in_stream().await), 4);
    assert_eq!(again.next_in_stream().await["event"], long.as_str());
    assert_eq!(proxy.metric("dialbench_gaps_total{reason=\"expired\"}").await, 2);
    proxy.stop().await;
}

#[tokio::test]
async fn a_page_that_cannot_be_followed_is_told_why() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (cxone, _) = fake.subscribed().await;
    page.link("open").await;
    say(&cxone, r#"{"n":1}"#).await;
    let epoch = page.next_in_stream().await["epoch"].as_str().unwrap().to_owned();
    let resume = |offset: &str| format!(r#"{{"type":"resume","epoch":"{epoch}","offset":{offset}}}"#);
    let check = async |said: ToPage, code: u16, word: &str| {
        let mut page = proxy.page().await;
        page.socket.send(said.clone()).await;
        let frame = within(async {
            loop {
                match page.socket.recv().await.unwrap() {
                    ToPage::Close(frame) => return frame.unwrap(),
                    ToPage::Text(text) => assert!(text.contains("\"link\""), "{said}: {text}"),
                    ToPage::Binary(_) | ToPage::Ping(_) | ToPage::Pong(_) | ToPage::Frame(_) => {}
                }
            }
        })
        .await;
        assert_eq!(u16::from(frame.code), code, "{said}: {}", frame.reason);
        assert!(frame.reason.contains(word), "{said}: {}", frame.reason);
    };
    for offset in ["5.0", "-1", "null", "\"1\"", "18446744073709551616", "[]"] {
        check(ToPage::text(resume(offset)), 1007, "whole number").await;
    }
    for offset in ["2", "18446744073709551615"] {
        check(ToPage::text(resume(offset)), 1007, "the newest is 1").await;
    }
    check(ToPage::text(r#"{"type":"resume","offset":1}"#), 1007, "epoch").await;
    check(ToPage::text("resume please"), 1007, "JSON").await;
    check(ToPage::binary(vec![1, 2, 3]), 1003, "JSON texts").await;
    check(ToPage::text("x".repeat((4 << 10) + 1)), 1009, "4096 bytes").await;

    // What may mean something one day is passed over.
    let mut page = proxy.page().await;
    page.socket.send(ToPage::text(r#"{"type":"later"}"#)).await;
    page.resume(&epoch, 0).await;
    assert_eq!(number(&page.next_in_stream().await), 1);
    // A page's close is answered.
    page.socket.send(ToPage::Close(None)).await;
    assert_eq!(page.close_code().await, 1005);
    proxy.stop().await;
}

#[tokio::test]
async fn a_fault_of_cxone_s_is_told_to_it_and_shown() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut page = proxy.page().await;
    let (mut cxone, _) = fake.subscribed().await;
    page.link("open").await;
    say(&cxone, &"x".repeat((1 << 20) + 1)).await;
    let told = within(async {
        loop {
            if let FromCxone::Close(frame) = cxone.recv().await.unwrap() {
                return frame.unwrap().code;
            }
        }
    })
    .await;
    assert_eq!(told, 1009);
    let lost = page.link("reconnecting").await;
    assert_eq!(lost["closeCode"], 1009);
    assert!(lost["detail"].as_str().unwrap().contains("1048576 bytes"), "{lost}");
    proxy.stop().await;
}

#[tokio::test]
async fn many_pages_share_one_subscription() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut pages: Vec<Page> = Vec::new();
    for _ in 0..20 {
        pages.push(proxy.page().await);
    }
    let (cxone, _) = fake.subscribed().await;
    for page in &mut pages {
        page.link("open").await;
    }
    say(&cxone, "{\"n\":1}").await;
    for page in &mut pages {
        assert_eq!(number(&page.next_in_stream().await), 1);
    }
    assert_eq!(proxy.metric("dialbench_sockets{kind=\"upstream\"}").await, 1);
    assert_eq!(proxy.metric("dialbench_sockets{kind=\"interactions\"}").await, 20);
    proxy.stop().await;
}
