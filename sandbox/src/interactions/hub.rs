//! The distribution of events from calls to subscribers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use wire::cxone::dtmf::{DtmfEvent, InteractionEvent};

/// The hub that calls publish to and sockets subscribe to.
#[derive(Debug)]
pub(crate) struct Hub {
    events: broadcast::Sender<Arc<Published>>,
    /// Number of dtmf events so far.
    dtmf: AtomicU32,
    form_cycle: u32,
}

/// A published event.
#[derive(Debug)]
pub(crate) struct Published {
    /// Its JSON object, `eventType` included.
    pub(super) event: Value,
    pub(super) kind: EventKind,
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Dtmf(Form),
    Interaction,
}

impl EventKind {
    fn event_type(self) -> EventType {
        match self {
            Self::Dtmf(_) => EventType::Dtmf,
            Self::Interaction => EventType::Interaction,
        }
    }
}

/// The types of messages that a subscriber asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EventType {
    Media,
    Dtmf,
    Interaction,
}

/// The forms in which CXone sends a dtmf event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Direct,
    /// In a `media` message, as the base64 of its JSON.
    Base64,
    /// In a `media` message, as a nested object.
    Nested,
}

impl Hub {
    /// Returns a hub whose dtmf events take turns as [`crate::SandboxConfig::dtmf_form_cycle`] says.
    pub(crate) fn new(form_cycle: u32) -> Self {
        /// Maximum number of events that wait for a subscriber; one that is further behind is closed with 1013.
        const MAX_QUEUED_EVENTS: usize = 1_024;
        Self {
            events: broadcast::Sender::new(MAX_QUEUED_EVENTS),
            dtmf: AtomicU32::new(0),
            form_cycle: form_cycle.max(1),
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Published>> {
        self.events.subscribe()
    }

    /// Publishes a dtmf event in the form whose turn it is.
    pub(crate) fn dtmf(&self, event: &DtmfEvent) {
        let turn = self.dtmf.fetch_add(1, Ordering::Relaxed) % self.form_cycle;
        let form = match turn {
            1 => Form::Base64,
            2 => Form::Nested,
            _ => Form::Direct,
        };
        self.publish(serde_json::to_value(event), EventKind::Dtmf(form));
    }

    /// Publishes an interaction event.
    pub(crate) fn interaction(&self, event: &InteractionEvent) {
        self.publish(serde_json::to_value(event), EventKind::Interaction);
    }

    fn publish(&self, event: serde_json::Result<Value>, kind: EventKind) {
        let mut event = event.expect("events have string keys alone");
        event["eventType"] = json!(kind.event_type());
        // There may be no subscriber.
        let _ = self.events.send(Arc::new(Published { event, kind }));
    }
}

impl Published {
    /// Returns the event's text in a form.
    pub(super) fn text(&self, form: Form) -> String {
        let direct = self.event.to_string();
        match form {
            Form::Direct => direct,
            Form::Base64 => {
                let payload = base64::engine::general_purpose::STANDARD.encode(direct);
                json!({ "eventType": EventType::Media, "payload": payload }).to_string()
            }
            Form::Nested => json!({ "eventType": EventType::Media, "payload": &self.event }).to_string(),
        }
    }
}
