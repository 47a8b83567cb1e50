//! The analytics that playback events are told to.

use std::{collections::VecDeque, sync::Mutex};

use serde_json::Value;

/// The events that came last, oldest first.
#[derive(Debug, Default)]
pub(super) struct Analytics(Mutex<VecDeque<Value>>);

impl Analytics {
    pub(super) fn store(&self, event: Value) {
        /// Maximum number of events that are stored; the oldest is dropped first.
        const MAX_EVENTS: usize = 1_000;
        let mut stored = self.0.lock().expect("no holder panics");
        stored.push_back(event);
        if stored.len() > MAX_EVENTS {
            stored.pop_front();
        }
    }

    pub(super) fn all(&self) -> VecDeque<Value> {
        self.0.lock().expect("no holder panics").clone()
    }
}
