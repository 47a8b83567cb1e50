//! A reader of server-sent events.

use std::collections::HashMap;

use super::within;

/// An event: its fields by name.
pub type Sent = HashMap<String, String>;

/// A stream of events that is open.
pub struct EventStream {
    response: reqwest::Response,
    text: String,
}

impl EventStream {
    /// Opens a stream at a server's address and waits for its first line.
    pub async fn open(server: impl std::fmt::Display, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = super::client().get(format!("http://{server}/api/dialer/events{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self { response, text: String::new() };
        stream.block().await.expect("a stream begins with a comment");
        stream
    }

    /// Returns the next event; None at the stream's end.
    pub async fn next(&mut self) -> Option<Sent> {
        loop {
            let block = self.block().await?;
            let fields = block.lines().filter_map(|line| line.split_once(": ").or(line.split_once(':')));
            let sent: Sent = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            if sent.contains_key("data") {
                return Some(sent);
            }
        }
    }

    /// Returns the next `count` events.
    pub async fn take(&mut self, count: usize) -> Vec<Sent> {
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            all.push(self.next().await.expect("the stream is open"));
        }
        all
    }

    /// Reads up to an empty line.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = within(self.response.chunk()).await.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
