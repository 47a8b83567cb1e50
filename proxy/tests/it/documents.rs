//! What is no text, and what was not asked for: refused in words.

use crate::common::{Fake, client, problem, proxy, refusal, within};

#[tokio::test]
async fn a_body_that_is_no_utf_8_is_refused_with_its_place() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    for path in ["/api/flow/simulations", "/api/qa/exports", "/api/media/sessions", "/simulate/dtmf"] {
        let body = b"{\"note\":\"\xc3\x28\"}".to_vec();
        let request = client()
            .post(proxy.url(path))
            .header("x-dialbench", "1")
            .header("content-type", "application/json")
            .body(body);
        let shown = problem(within(request.send()).await.unwrap(), 400).await;
        let detail = shown["detail"].as_str().unwrap();
        assert!(detail.contains("UTF-8") && detail.contains("byte at 9"), "{path}: {detail}");
    }
    assert_eq!(fake.tokens_asked(), 0);
    proxy.stop().await;
}

#[tokio::test]
async fn a_flow_that_is_no_utf_8_is_not_passed_on() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let bytes = b"{\"flowId\":\"f\",\"comment\":\"\xff\"}".to_vec();
    *fake.shared.definition_bytes.lock().unwrap() = Some(bytes);
    let shown = problem(proxy.get("/api/flow/definitions/f").await, 502).await;
    let detail = shown["detail"].as_str().unwrap();
    assert!(detail.contains("UTF-8") && detail.contains("byte at 25"), "{detail}");
    proxy.stop().await;
}

#[tokio::test]
async fn extensions_that_were_not_asked_for_are_refused_in_words() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    *fake.shared.extensions.lock().unwrap() = Some("permessage-deflate; canary-token-1".into());
    let (status, shown) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
    let detail = shown["detail"].as_str().unwrap();
    assert_eq!(status, 502, "{shown}");
    assert!(
        detail.contains("extensions that were not asked for (permessage-deflate; [redacted])"),
        "{detail}"
    );
    // A header that names none changes nothing.
    *fake.shared.extensions.lock().unwrap() = Some(String::new());
    let _page = proxy.dial("/ws/voice/c-1").await.unwrap();
    proxy.stop().await;
}
