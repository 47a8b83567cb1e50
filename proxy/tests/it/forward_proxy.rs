//! Behind a forward proxy: sockets go through CONNECT as requests do, and this machine is reached straight.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use crate::common::{Fake, Proxy, problem, proxy, refusal, within};
use axum::extract::ws::Message as FromCxone;
use futures_util::SinkExt as _;
use proxy::config::{ForwardProxies, Service};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

/// A forward proxy that knows one host behind every name, and wants `Basic dXNlcjpwQHNz` (`user:p@ss`).
struct Forward {
    address: SocketAddr,
    asked: Asked,
}

/// The first line and the credentials of each request.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

impl Forward {
    /// Starts one that connects everything to `target`; without one it refuses.
    async fn start(target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Asked::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, target, Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<(String, Option<String>)> {
        self.asked.lock().unwrap().clone()
    }

    /// The variables that name it.
    fn variables(&self, credentials: &str) -> ForwardProxies {
        let url = format!("http://{credentials}{}", self.address);
        ForwardProxies::from_environment(&move |name| {
            matches!(name, "http_proxy" | "HTTPS_PROXY").then(|| url.clone())
        })
    }
}

async fn serve(stream: TcpStream, target: Option<SocketAddr>, log: Asked) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut credentials) = (String::new(), None);
    stream.read_line(&mut first).await.ok()?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("proxy-authorization") => {
                credentials = Some(value.to_owned());
            }
            Some(_) => {}
            None => break,
        }
    }
    log.lock().unwrap().push((first.trim_end().to_owned(), credentials.clone()));
    let answer = match (credentials.as_deref(), target) {
        (Some("Basic dXNlcjpwQHNz"), Some(_)) => "200 Connection established",
        (Some("Basic dXNlcjpwQHNz"), None) => "403 Forbidden",
        _ => "407 Proxy Authentication Required",
    };
    let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()?;
    let mut onwards = TcpStream::connect(target?).await.ok()?;
    copy_bidirectional(&mut stream, &mut onwards).await.ok()?;
    Some(())
}

/// A proxy whose CXone has a name that only the forward proxy knows.
async fn behind(forward: &Forward, fake: &Fake, credentials: &str, base_url: &str) -> Proxy {
    let (variables, base_url) = (forward.variables(credentials), base_url.parse().unwrap());
    proxy(fake, |config| {
        config.forward_proxies = variables;
        for service in [Service::Voice, Service::Interactions] {
            let settings = config.services.get_mut(&service).unwrap();
            settings.base_url = Some(reqwest::Url::clone(&base_url));
        }
    })
    .await
}

#[tokio::test]
async fn sockets_go_through_connect_with_the_proxy_s_credentials() {
    let fake = Fake::start().await;
    let forward = Forward::start(Some(fake.address)).await;
    let proxy = behind(&forward, &fake, "user:p%40ss@", "http://cxone.invalid:8443").await;
    let mut page = proxy.dial("/ws/voice/c-1").await.unwrap();
    let mut cxone = fake.voice().await;
    page.send(Message::binary(vec![7; 320])).await.unwrap();
    let heard = loop {
        // A ping may come first.
        if let FromCxone::Binary(audio) = within(cxone.recv()).await.unwrap().unwrap() {
            break audio;
        }
    };
    assert_eq!(heard, [7; 320][..]);
    let mut events = proxy.page().await;
    let _subscribed = fake.subscribed().await;
    events.link("open").await;
    let connect = "CONNECT cxone.invalid:8443 HTTP/1.1".to_owned();
    assert_eq!(forward.asked(), vec![(connect, Some("Basic dXNlcjpwQHNz".to_owned())); 2]);
    assert_eq!(fake.tokens_asked(), 2, "the endpoints are on this machine, and reached straight");
    drop((page, cxone));
    proxy.stop().await;
}

#[tokio::test]
async fn a_proxy_in_the_way_is_named_with_its_refusal() {
    let fake = Fake::start().await;
    let check = async |target: Option<SocketAddr>, credentials: &str, says: &[&str]| {
        let forward = Forward::start(target).await;
        let proxy = behind(&forward, &fake, credentials, "http://cxone.invalid").await;
        let (status, shown) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
        assert_eq!(status, 502, "{shown}");
        let detail = shown["detail"].as_str().unwrap();
        for part in says.iter().copied().chain([&*format!("http://{}", forward.address)]) {
            assert!(detail.contains(part), "{part:?} is missing in {detail}");
        }
        assert!(!detail.contains("p%40ss") && !detail.contains("dXNl"), "{detail}");
        proxy.stop().await;
    };
    check(Some(fake.address), "", &["asks for credentials (HTTP 407)"]).await;
    check(Some(fake.address), "user:wrong@", &["does not accept the credentials"]).await;
    check(None, "user:p%40ss@", &["does not let it through to cxone.invalid:80 (HTTP 403)"]).await;
}

#[tokio::test]
async fn tls_runs_within_the_tunnel_and_requests_name_the_proxy_as_well() {
    let fake = Fake::start().await;
    // What speaks no TLS ends the handshake within the tunnel.
    let forward = Forward::start(Some(fake.address)).await;
    let proxy = behind(&forward, &fake, "user:p%40ss@", "https://cxone.invalid").await;
    assert_eq!(refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err()).0, 502);
    assert_eq!(forward.asked()[0].0, "CONNECT cxone.invalid:443 HTTP/1.1");
    proxy.stop().await;

    let proxy = behind(&forward, &fake, "", "https://cxone.invalid").await;
    let shown: Value = problem(proxy.get("/api/interactions/i/call").await, 502).await;
    let technical = shown["technical"].as_str().unwrap();
    assert!(technical.contains("forward proxy asks for credentials"), "{shown}");
    proxy.stop().await;
}
