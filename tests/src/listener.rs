//! A second page: what the server tells everyone who listens.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::Bench;

/// All messages of `/ws/interactions` since it began.
#[derive(Debug)]
pub struct Listener {
    messages: Arc<Mutex<Vec<Value>>>,
    reading: JoinHandle<()>,
}

impl Listener {
    /// Connects.
    pub async fn start(bench: &Bench) -> Self {
        let url = format!("ws://{}/ws/interactions", bench.address());
        let (mut socket, _) = connect_async(url).await.expect("the server takes listeners");
        let messages: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&messages);
        let reading = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    let message = serde_json::from_str(&text).expect("every message is JSON");
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                }
            }
        });
        Self { messages, reading }
    }

    /// Everything so far.
    pub fn messages(&self) -> Vec<Value> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// CXone's events so far, in order.
    pub fn events(&self) -> Vec<Value> {
        let messages = self.messages();
        messages
            .iter()
            .filter(|message| message["type"] == "event")
            .map(|message| message["event"].clone())
            .collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
