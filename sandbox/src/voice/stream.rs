//! The voice socket after its handshake.

use std::collections::VecDeque;

use axum::extract::ws::Message;
use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::fragmenter::Fragmenter;
use crate::{
    calls::{Call, Link, OutgoingFrame},
    close::Close,
    faults::FaultPoint,
    services::Service,
    socket::SocketHandler,
};

/// The handler of one voice socket.
pub(crate) struct Stream<'a> {
    call: &'a Call,
    link: Link,
    fragmenter: Fragmenter,
    /// Next frame, if its time to be sent has not come.
    delayed: Option<OutgoingFrame>,
    /// Messages that are ready to be sent.
    fragments: VecDeque<Bytes>,
    /// Close frame to end with, after the last message.
    ending: Option<Close>,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(call: &'a Call, link: Link, fragment_seed: u64) -> Self {
        let fragmenter = Fragmenter::new(fragment_seed);
        Self { call, link, fragmenter, delayed: None, fragments: VecDeque::new(), ending: None }
    }
}

impl SocketHandler for Stream<'_> {
    const POINT: FaultPoint = FaultPoint::Voice;
    const SERVICE: Service = Service::Voice;

    async fn next_message(&mut self) -> Result<Message, Close> {
        loop {
            if let Some(bytes) = self.fragments.pop_front() {
                return Ok(Message::Binary(bytes));
            }
            if let Some(close) = self.ending.take() {
                return Err(close);
            }
            if let Some(frame) =
                self.delayed.take_if(|frame| frame.send_at.is_none_or(|at| at <= Instant::now()))
            {
                self.fragmenter.push(&frame.bytes, frame.is_silent, |bytes| self.fragments.push_back(bytes));
                continue;
            }
            if let Some(at) = self.delayed.as_ref().and_then(|frame| frame.send_at) {
                sleep_until(at).await;
                continue;
            }
            tokio::select! {
                // Audio first, so that the caller hears everything before the end.
                biased;
                Some(frame) = self.link.frames.recv() => self.delayed = Some(frame),
                close = &mut self.link.closed => {
                    self.ending = Some(close.unwrap_or_else(|_| Close::new(1011, "the call is lost")));
                    self.fragments.extend(self.fragmenter.rest());
                }
            }
        }
    }

    async fn handle_message(&mut self, message: Message) -> Result<(), Close> {
        let Message::Binary(bytes) = message else {
            return Err(Close::new(1003, "only binary messages"));
        };
        self.call.send_audio(self.link.id, bytes).await;
        Ok(())
    }

    /// Returns a text, an empty message, and one frame of noise in three messages, which keeps the stream aligned.
    fn garbage(&self) -> Vec<Message> {
        let noise: Vec<u8> = (0..320u32).map(|index| (index * index * 31 % 251) as u8).collect();
        let noise = Bytes::from(noise);
        vec![
            Message::Text("this is no audio".into()),
            Message::Binary(Bytes::new()),
            Message::Binary(noise.slice(..1)),
            Message::Binary(noise.slice(1..4)),
            Message::Binary(noise.slice(4..)),
        ]
    }
}
