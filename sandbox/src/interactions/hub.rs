//! Events on their way from calls to subscribers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use base64::Engine as _;
use serde_json::{Value, json};
use shared::dtmf::event::{DtmfEvent, InteractionEvent};
use tokio::sync::broadcast;

/// Where calls publish and sockets subscribe.
#[derive(Debug)]
pub(crate) struct Hub {
    events: broadcast::Sender<Arc<Published>>,
    dtmf: AtomicU32,
    form_cycle: u32,
}

/// An event.
#[derive(Debug)]
pub(crate) struct Published {
    /// Its JSON object, `eventType` included.
    pub(super) event: Value,
    pub(super) kind: EventKind,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Dtmf(Form),
    Interaction,
}

/// In which of CXone's forms a digit is told; CONTRACT section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Direct,
    /// Wrapped in a `media` message, as a string with the base64 of its JSON.
    Base64,
    /// Wrapped in a `media` message, as a nested object.
    Nested,
}

impl Hub {
    /// See [`crate::SandboxConfig::dtmf_form_cycle`].
    pub(crate) fn new(form_cycle: u32) -> Self {
        /// What a subscriber may be behind before it is closed with 1013.
        const BACKLOG: usize = 1_024;
        Self {
            events: broadcast::Sender::new(BACKLOG),
            dtmf: AtomicU32::new(0),
            form_cycle: form_cycle.max(1),
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Published>> {
        self.events.subscribe()
    }

    /// Tells subscribers of a digit, in the form whose turn it is.
    pub(crate) fn dtmf(&self, event: &DtmfEvent) {
        let turn = self.dtmf.fetch_add(1, Ordering::Relaxed) % self.form_cycle;
        let form = match turn {
            1 => Form::Base64,
            2 => Form::Nested,
            _ => Form::Direct,
        };
        self.publish("dtmf", serde_json::to_value(event), EventKind::Dtmf(form));
    }

    /// Tells subscribers of a call.
    pub(crate) fn interaction(&self, event: &InteractionEvent) {
        self.publish("interaction", serde_json::to_value(event), EventKind::Interaction);
    }

    fn publish(&self, event_type: &str, event: serde_json::Result<Value>, kind: EventKind) {
        let mut event = event.expect("events have string keys alone");
        event["eventType"] = event_type.into();
        // Nobody need be listening.
        let _ = self.events.send(Arc::new(Published { event, kind }));
    }
}

impl Published {
    /// Its text in the given form.
    pub(super) fn text(&self, form: Form) -> String {
        let direct = self.event.to_string();
        match form {
            Form::Direct => direct,
            Form::Base64 => {
                let payload = base64::engine::general_purpose::STANDARD.encode(direct);
                json!({ "eventType": "media", "payload": payload }).to_string()
            }
            Form::Nested => json!({ "eventType": "media", "payload": &self.event }).to_string(),
        }
    }
}
