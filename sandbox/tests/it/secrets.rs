use std::sync::{Arc, Mutex};

use sandbox::SandboxConfig;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::bench::{Bench, config, press};

/// A writer that stores the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn no_secret_and_no_token_is_ever_logged() {
    let log = Log::default();
    // With the traces of every library, because the voice token is part of an address.
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // With one dispatcher alone, an event that another test's thread meets first is off for every thread.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tokens = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let bench =
                Bench::with(SandboxConfig { client_secret: "canary-secret".into(), ..config() }).await;
            let mut events = bench.events().await;
            let call = bench.place("tiny").await;
            let token = bench.token("voice").await;
            let mut voice = bench.voice_socket(call.call_id.as_str(), &token).await.unwrap();
            press(&mut voice, "1").await;
            events.until("state terminated").await;
            let _ = bench.voice_socket(call.call_id.as_str(), "sbx.canary-token").await;
            bench.fault(json!({ "on": "token", "kind": "drop" })).await;
            let _ = bench.token_request("interactions").send().await;
            vec![token, "canary-secret".into(), "sbx.canary-token".into()]
        })
    });
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("token issued"), "nothing was logged");
    for secret in &tokens {
        let leak = log.lines().find(|line| line.contains(&**secret));
        assert!(leak.is_none(), "{leak:?}");
    }
}
