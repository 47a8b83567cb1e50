//! The interactions socket: one subscription, then events.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::Message;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};

use super::{
    hub::{Hub, Published},
    subscription::Subscription,
};
use crate::{close::Close, faults::FaultPoint, services::Service, socket::SocketHandler};

/// Maximum time that a socket may be open without a subscription.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(10);

/// The handler of one interactions socket.
pub(crate) struct Listener<'a> {
    hub: &'a Hub,
    subscribe_by: Instant,
    subscribed: Option<(Subscription, broadcast::Receiver<Arc<Published>>)>,
}

impl<'a> Listener<'a> {
    /// Returns a subscriber that is closed unless it subscribes in time.
    pub(crate) fn new(hub: &'a Hub) -> Self {
        Self { hub, subscribe_by: Instant::now() + SUBSCRIBE_TIMEOUT, subscribed: None }
    }
}

impl SocketHandler for Listener<'_> {
    const POINT: FaultPoint = FaultPoint::Interactions;
    const SERVICE: Service = Service::Interactions;

    async fn next_message(&mut self) -> Result<Message, Close> {
        let Some((subscription, events)) = &mut self.subscribed else {
            tokio::time::sleep_until(self.subscribe_by).await;
            return Err(Close::new(1008, "no subscription came"));
        };
        loop {
            match events.recv().await {
                Ok(event) => {
                    if let Some(text) = subscription.render(&event) {
                        return Ok(Message::Text(text.into()));
                    }
                }
                Err(RecvError::Lagged(_)) => return Err(Close::new(1013, "the subscriber reads too slowly")),
                Err(RecvError::Closed) => return Err(Close::new(1001, "the sandbox stops")),
            }
        }
    }

    /// Takes a subscription; a further one replaces the previous one.
    async fn handle_message(&mut self, message: Message) -> Result<(), Close> {
        let Message::Text(text) = message else {
            return Err(Close::new(1003, "only text messages"));
        };
        let subscription = Subscription::parse(&text).map_err(|reason| Close::new(1008, reason))?;
        let events = match self.subscribed.take() {
            Some((_, events)) => events,
            None => self.hub.subscribe(),
        };
        self.subscribed = Some((subscription, events));
        Ok(())
    }

    fn garbage(&self) -> Vec<Message> {
        vec![
            Message::Text("this is no JSON".into()),
            Message::Text(r#"{"eventType":"dtmf","interactionId":"#.into()),
            Message::Text(r#"{"eventType":"media","payload":"%%%"}"#.into()),
            Message::Text(r#"{"eventType":"dtmf","interactionId":"garbage","digit":"42"}"#.into()),
            Message::Text(r#"{"eventType":"sentiment","interactionId":"garbage"}"#.into()),
            Message::Binary(bytes::Bytes::from_static(b"\xff\xfe\x00\x01")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use base::digit::Digit;
    use wire::cxone::dtmf::DtmfEvent;

    use super::*;

    #[tokio::test]
    async fn a_subscriber_who_reads_too_slowly_is_closed_with_1013() {
        let hub = Hub::new(3);
        let mut listener = Listener::new(&hub);
        let subscription = r#"{"interactionType":"voice","eventTypes":["dtmf"]}"#;
        listener.handle_message(Message::Text(subscription.into())).await.unwrap();
        let event = DtmfEvent {
            interaction_id: "int-1".into(),
            channel_id: "ch-1".into(),
            digit: Digit::STAR,
            timestamp: String::new(),
        };
        hub.dtmf(&event);
        assert!(matches!(listener.next_message().await, Ok(Message::Text(_))));
        for _ in 0..2_000 {
            hub.dtmf(&event);
        }
        assert_eq!(listener.next_message().await.unwrap_err().code, 1013);
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_without_a_subscription_is_closed() {
        let hub = Hub::new(3);
        let mut listener = Listener::new(&hub);
        assert_eq!(listener.next_message().await.unwrap_err().code, 1008);
    }
}
