//! Hosts, origins, headers and slow clients: what stands between the proxy and the rest of the world.

use std::time::Duration;

use crate::common::{Fake, client, problem, proxy, raw, refusal, within};
use proxy::config::ProfileName;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn only_known_hosts_are_served() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.public_hosts = vec!["bench.example".into()]).await;
    let port = proxy.address.port();
    let check = async |host: &str, status: &str| {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = raw(&proxy, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
    };
    check(&format!("127.0.0.1:{port}"), "200").await;
    check(&format!("localhost:{port}"), "200").await;
    check(&format!("LOCALHOST:{port}"), "200").await;
    check(&format!("[::1]:{port}"), "200").await;
    check("bench.example", "200").await;
    check("127.0.0.1", "421").await;
    check("127.0.0.1:1", "421").await;
    check("evil.example", "421").await;
    check(&format!("evil.example:{port}"), "421").await;
    check("bench.example:99", "421").await;
    let none = raw(&proxy, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(none.starts_with("HTTP/1.0 421") || none.starts_with("HTTP/1.1 421"), "{none}");
    proxy.stop().await;
}

#[tokio::test]
async fn only_allowed_origins_change_things_or_open_sockets() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.profile = ProfileName::Sandbox;
        config.allowed_origins = vec!["https://bench.example".into()];
    })
    .await;
    let own = format!("http://{}", proxy.address);
    let local = format!("http://localhost:{}", proxy.address.port());
    for (origin, allowed) in [
        (own.as_str(), true),
        (local.as_str(), true),
        ("https://bench.example", true),
        ("https://bench.example.evil.example", false),
        ("http://bench.example", false),
        ("http://127.0.0.1", false),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let place = client()
            .post(proxy.url("/api/calls"))
            .header("x-dialbench", "1")
            .header("origin", origin)
            .json(&json!({ "flowId": "f" }));
        let status = place.send().await.unwrap().status().as_u16();
        assert_eq!(status, if allowed { 201 } else { 403 }, "{origin}");
        for path in ["/ws/interactions", "/ws/voice/c-1"] {
            let dialled = proxy.dial_with(path, "origin", origin).await;
            match dialled {
                Ok(_) => assert!(allowed, "{path} {origin}"),
                Err(error) => {
                    assert!(!allowed, "{path} {origin}");
                    assert_eq!(refusal(error).0, 403, "{path} {origin}");
                }
            }
        }
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_foreign_host_is_told_the_flag_and_two_hosts_are_refused() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let own = proxy.address;
    let check = async |hosts: &str, status: &str, words: &str| {
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = raw(&proxy, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(words),
            "{hosts}: {answer}"
        );
    };
    check("Host: bench.example:8080\r\n", "421", "start dialbench with --public-host bench.example:8080")
        .await;
    check("Host: a b\r\n", "421", "--public-host NAME").await;
    check(&format!("Host: {own}\r\nHost: {own}\r\n"), "400", "one Host header").await;
    check(&format!("Host: {own}\r\nHost: evil.example\r\n"), "400", "one Host header").await;
    let place = client().post(proxy.url("/api/calls")).header("origin", "https://other.example");
    let told = problem(place.send().await.unwrap(), 403).await;
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.ends_with("start dialbench with --allowed-origin https://other.example"), "{told}");
    proxy.stop().await;
}

/// What a browser says of requests that pages cause.
#[tokio::test]
async fn another_site_s_page_opens_nothing_at_cxone_and_its_links_lead_here() {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.allowed_origins = vec!["https://bench.example".into()]).await;
    let check = async |path: &str, headers: &[(&str, &str)], status: u16| {
        let mut request = proxy.http.get(proxy.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(within(request.send()).await.unwrap().status(), status, "{path} {headers:?}");
    };
    let dialled = || fake.shared.voice_queries.lock().unwrap().len();
    let (picture, event_stream) = ("/ws/voice/c-1", "/api/dialer/events");
    for site in ["cross-site", "same-site"] {
        for path in [picture, event_stream, "/api/flow/definitions", "/api/interactions/i/call", "/"] {
            let image =
                [("sec-fetch-site", site), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
            check(path, &image, 403).await;
        }
    }
    // Over plain http a browser says nothing of the page.
    check(picture, &[("user-agent", FIREFOX)], 426).await;
    let link =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    check(picture, &link, 426).await;
    check(picture, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], 426).await;
    assert_eq!((dialled(), fake.shared.rest_requests.load(std::sync::atomic::Ordering::SeqCst)), (0, 0));
    check("/api/profile", &link, 200).await;
    let frame =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    check("/api/profile", &frame, 403).await;
    // The page itself, an allowed one, and what is no browser.
    check(picture, &[("sec-fetch-site", "same-origin"), ("user-agent", FIREFOX)], 400).await;
    check(picture, &[("x-dialbench", "1"), ("user-agent", FIREFOX)], 400).await;
    let allowed = [("sec-fetch-site", "cross-site"), ("origin", "https://bench.example")];
    check(picture, &allowed, 400).await;
    check(picture, &[], 400).await;
    assert_eq!(dialled(), 4);
    proxy.stop().await;
}

#[tokio::test]
async fn a_change_needs_its_header() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
    let without = client().post(proxy.url("/api/calls")).json(&json!({ "flowId": "f" }));
    let shown = problem(without.send().await.unwrap(), 403).await;
    assert!(shown["detail"].as_str().unwrap().contains("X-Dialbench: 1"));
    let without = client().delete(proxy.url("/api/calls/i-1")).header("x-dialbench", "0");
    problem(without.send().await.unwrap(), 403).await;
    assert!(proxy.audit().await.iter().all(|entry| entry["action"] != "call.place"));

    let placed = proxy.post("/api/calls", &json!({ "flowId": "f" })).await;
    assert_eq!(placed.status(), 201);
    assert_eq!(placed.json::<Value>().await.unwrap(), json!({ "interactionId": "i-f", "callId": "c-1" }));
    let with = client().delete(proxy.url("/api/calls/i-f")).header("x-dialbench", "1");
    assert_eq!(with.send().await.unwrap().status(), 204);
    let actions: Vec<_> = proxy.audit().await.iter().map(|entry| entry["action"].clone()).collect();
    assert!(actions.contains(&json!("call.place")) && actions.contains(&json!("call.hangup")), "{actions:?}");
    proxy.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    for path in ["/", "/api/profile", "/nothing/here", "/healthz"] {
        let response = proxy.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let csp = header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && csp.contains("'wasm-unsafe-eval'"), "{csp}");
        assert!(!csp.contains("'unsafe-inline'") && !csp.contains("'unsafe-eval'"), "{csp}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("permissions-policy").contains("microphone=(self)"));
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("referrer-policy"), "no-referrer");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn half_sent_requests_are_cut_off() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.tuning.header_timeout = Duration::from_millis(300);
        config.tuning.request_timeout = Duration::from_millis(600);
        config.profile = ProfileName::Sandbox;
    })
    .await;
    let host = format!("Host: {}\r\n", proxy.address);
    let mut half_sent = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        stream.write_all(format!("GET / HTTP/1.1\r\n{host}X-Slow: ").as_bytes()).await.unwrap();
        half_sent.push(stream);
    }
    for mut stream in half_sent {
        let mut rest = Vec::new();
        // Reading ends only when the proxy closes.
        let _ = within(stream.read_to_end(&mut rest)).await;
    }
    // A connection that was used once and then idles is closed as well.
    let idle = raw(&proxy, &format!("GET /healthz HTTP/1.1\r\n{host}\r\n")).await;
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
    let slow_body = format!(
        "POST /api/calls HTTP/1.1\r\n{host}X-Dialbench: 1\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
    );
    let answer = raw(&proxy, &slow_body).await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    proxy.stop().await;
}

#[tokio::test]
async fn long_headers_are_refused() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nX: {}\r\n\r\n", proxy.address, "x".repeat(64 << 10));
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    proxy.stop().await;
}

#[tokio::test]
async fn with_an_access_token_nobody_else_is_served() {
    const TOKEN: &str = "an-access-token-0123";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.access_token = Some(TOKEN.into())).await;
    assert_eq!(proxy.get("/healthz").await.status(), 200);
    for path in [
        "/",
        "/api/profile",
        "/metrics",
        "/readyz",
        "/?access_token=wrong",
        "/api/profile?access_token=an-access-token-0123",
    ] {
        let response = proxy.get(path).await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        problem(response, 401).await;
    }
    assert_eq!(refusal(proxy.dial("/ws/interactions").await.unwrap_err()).0, 401);
    let get = client().get(proxy.url("/api/profile")).bearer_auth(TOKEN);
    assert_eq!(get.send().await.unwrap().status(), 200);

    let signed_in = proxy.get(&format!("/?access_token={TOKEN}")).await;
    assert_eq!(signed_in.status(), 303);
    assert_eq!(signed_in.headers()["location"], "/");
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN));
    let cookie = cookie.split(';').next().unwrap();
    let get = client().get(proxy.url("/api/profile")).header("cookie", cookie);
    assert_eq!(get.send().await.unwrap().status(), 200);
    assert!(proxy.dial_with("/ws/interactions", "cookie", cookie).await.is_ok());
    let get = client().get(proxy.url("/api/profile")).header("cookie", "dialbench_session=0");
    assert_eq!(get.send().await.unwrap().status(), 401);
    proxy.stop().await;
}

#[tokio::test]
async fn a_sign_in_link_works_from_another_site_and_its_cookie_is_secure_behind_https() {
    const TOKEN: &str = "an-access-token-0123";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.access_token = Some(TOKEN.into());
        config.public_url = Some("https://bench.example".parse().unwrap());
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let sign_in = async |headers: &[(&str, &str)]| {
        let mut request = proxy.http.get(proxy.url(&format!("/?access_token={TOKEN}")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        within(request.send()).await.unwrap()
    };
    let is_secure = |answer: &reqwest::Response| {
        answer.headers()["set-cookie"].to_str().unwrap().ends_with("; SameSite=Strict; Secure")
    };
    let html = ("accept", "text/html,*/*;q=0.8");
    // The cookie would not be sent on a redirect that another site's link has led to.
    for headers in [&[html, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")][..], &[html]] {
        let answer = sign_in(headers).await;
        assert_eq!((answer.status().as_u16(), is_secure(&answer)), (200, false), "{headers:?}");
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("http-equiv=\"refresh\" content=\"0; url=/\"") && !page.contains(TOKEN),
            "{page}"
        );
    }
    assert_eq!(sign_in(&[html, ("sec-fetch-site", "none")]).await.status(), 303);
    let answer = sign_in(&[("host", "bench.example")]).await;
    assert_eq!((answer.status().as_u16(), is_secure(&answer)), (303, true));
    assert!(is_secure(&sign_in(&[("x-forwarded-proto", "https")]).await));
    assert!(!is_secure(&sign_in(&[("x-forwarded-proto", "https, http")]).await));
    // A link to another page: the cookie is not sent either, and the document has the link that sends it.
    let led_here = proxy.http.get(proxy.url("/flow?a=1&b")).header("accept", "text/html");
    let answer = within(led_here.header("sec-fetch-site", "cross-site").send()).await.unwrap();
    assert_eq!(answer.status(), 401);
    let page = answer.text().await.unwrap();
    assert!(page.contains("href=\"/flow?a=1&amp;b\""), "{page}");
    proxy.stop().await;

    let direct = crate::common::proxy(&fake, |config| config.access_token = Some(TOKEN.into())).await;
    let request = direct.http.get(direct.url(&format!("/?access_token={TOKEN}")));
    let answer = within(request.header("x-forwarded-proto", "https").send()).await.unwrap();
    assert!(!is_secure(&answer), "anybody may say that it is https");
    direct.stop().await;
}

#[tokio::test]
async fn guesses_of_the_access_token_are_slow_and_recorded_and_lock_nobody_out() {
    const TOKEN: &str = "an-access-token-0123";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.access_token = Some(TOKEN.into())).await;
    let guess = || proxy.http.get(proxy.url("/api/profile")).bearer_auth("guessed").send();
    let began = std::time::Instant::now();
    let answers = futures_util::future::join_all((0..5).map(|_| guess())).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == 401));
    // The fourth waits a quarter of a second, the fifth half of one.
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
    let right = proxy.http.get(proxy.url("/api/audit?action=access.refuse&limit=1000")).bearer_auth(TOKEN);
    let trail: Value = within(right.send()).await.unwrap().json().await.unwrap();
    let failures: Vec<_> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["detail"]["failures"].clone())
        .collect();
    assert_eq!(failures, [4, 2, 1]);
    assert_eq!(trail["entries"][0]["detail"]["client"], "127.0.0.1");
    proxy.stop().await;
}
