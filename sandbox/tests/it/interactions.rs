use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use wire::cxone::dtmf::Message as Event;

use crate::bench::{Bench, TIMEOUT, close_code, press, refusal};

#[tokio::test]
async fn a_bad_token_is_refused_at_the_handshake() {
    let bench = Bench::new().await;
    assert_eq!(refusal(bench.events_socket("sbx.unknown").await), 401);
    let other = bench.token("voice").await;
    assert_eq!(refusal(bench.events_socket(&other).await), 403);
}

#[tokio::test]
async fn nothing_is_sent_before_the_subscription_and_nothing_before_it_is_made_up_for() {
    let bench = Bench::new().await;
    let token = bench.token("interactions").await;
    let mut socket = bench.events_socket(&token).await.unwrap();
    let early = bench.place("tiny").await;
    bench.hang_up(&early).await;
    let subscription = json!({ "interactionType": "voice", "eventTypes": ["interaction"] });
    socket.send(Message::text(subscription.to_string())).await.unwrap();
    socket.send(Message::Ping("subscribed?".into())).await.unwrap();
    let pong = tokio::time::timeout(TIMEOUT, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(pong.is_pong(), "{pong} came first");
    let late = bench.place("tiny").await;
    let first = tokio::time::timeout(TIMEOUT, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(first.to_text().unwrap().contains(late.interaction_id.as_str()), "{first}");
}

#[tokio::test]
async fn a_malformed_subscription_is_closed_with_1008_and_a_reason() {
    let bench = Bench::new().await;
    for text in ["", "{}", r#"{"interactionType":"voice","eventTypes":["weather"]}"#] {
        let token = bench.token("interactions").await;
        let mut socket = bench.events_socket(&token).await.unwrap();
        socket.send(Message::text(text)).await.unwrap();
        let close = tokio::time::timeout(TIMEOUT, socket.next()).await.unwrap().unwrap().unwrap();
        let Message::Close(Some(frame)) = close else { panic!("{text:?}: {close}") };
        assert_eq!(u16::from(frame.code), 1008, "{text:?}");
        assert!(frame.reason.contains("malformed subscription"), "{}", frame.reason);
    }
    let token = bench.token("interactions").await;
    let mut socket = bench.events_socket(&token).await.unwrap();
    socket.send(Message::binary(b"{}".to_vec())).await.unwrap();
    assert_eq!(close_code(&mut socket).await, Some(1003));
}

#[tokio::test]
async fn filters_and_types_decide_what_is_heard() {
    let bench = Bench::new().await;
    let one = bench.place("tiny").await;
    let two = bench.place("tiny").await;
    let of = |operator: &str, value: &str| json!([{ "field": "interactionId", "operator": operator, "value": value }]);
    let types = json!(["interaction"]);
    let mut only_two = bench
        .subscribe(json!({ "interactionType": "voice", "eventTypes": types, "filters": of("eq", two.interaction_id.as_str()) }))
        .await;
    let mut chats = bench.subscribe(json!({ "interactionType": "chat", "eventTypes": types })).await;
    bench.hang_up(&one).await;
    bench.hang_up(&two).await;
    let text = only_two.text().await;
    assert!(text.contains(two.interaction_id.as_str()), "{text}");
    assert_eq!(only_two.until("state terminated").await, ["state terminated"]);
    // A new subscription takes the place of the old one.
    let voice = json!({ "interactionType": "voice", "eventTypes": ["interaction"] });
    chats.socket.send(Message::text(voice.to_string())).await.unwrap();
    chats.socket.send(Message::Ping("subscribed?".into())).await.unwrap();
    let pong = tokio::time::timeout(TIMEOUT, chats.socket.next()).await.unwrap().unwrap().unwrap();
    assert!(pong.is_pong(), "a chat subscriber heard {pong}");
    let three = bench.place("tiny").await;
    assert!(chats.text().await.contains(three.interaction_id.as_str()));
}

#[tokio::test]
async fn digits_come_in_every_form() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let direct = json!({ "interactionType": "voice", "eventTypes": ["dtmf"] });
    let mut direct = bench.subscribe(direct).await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    press(&mut voice, "345").await;
    let mut forms = Vec::new();
    let mut digits = String::new();
    while digits.len() < 3 {
        let text = events.text().await;
        if let Event::Dtmf(dtmf) = wire::cxone::dtmf::parse(&text) {
            digits.push(dtmf.digit.as_char());
            assert_eq!(dtmf.interaction_id, call.interaction_id.as_str());
            assert!(!dtmf.channel_id.is_empty() && dtmf.timestamp.ends_with('Z'), "{text}");
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            forms.push((value["eventType"].as_str().unwrap().to_owned(), value["payload"].is_string()));
        }
        // The first digit is no match; the retry's prompt is interrupted by the next.
    }
    let wrapped = |base64| ("media".to_owned(), base64);
    assert_eq!(forms, [("dtmf".to_owned(), false), wrapped(true), wrapped(false)]);
    assert_eq!(digits, "345");
    for digit in "345".chars() {
        let text = direct.text().await;
        assert!(
            text.contains(r#""eventType":"dtmf""#) && text.contains(&format!(r#""digit":"{digit}""#)),
            "{text}"
        );
    }
}
