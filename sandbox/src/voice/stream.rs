//! The voice socket: bytes both ways, cut at odd places.

use std::collections::VecDeque;

use axum::extract::ws::Message;
use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::cutter::Cutter;
use crate::{
    calls::{Call, DownFrame, Link},
    close::Close,
    faults::Point,
    services::Service,
    socket::Purpose,
};

/// One end of a call's voice.
pub(crate) struct Stream<'a> {
    call: &'a Call,
    link: Link,
    cutter: Cutter,
    /// The next frame; an impaired network delays it, and those behind it.
    next: Option<DownFrame>,
    /// Messages that were cut and not yet sent.
    cut: VecDeque<Bytes>,
    /// How it ends, once all is sent.
    ending: Option<Close>,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(call: &'a Call, link: Link, cut_seed: u64) -> Self {
        let cutter = Cutter::new(cut_seed);
        Self { call, link, cutter, next: None, cut: VecDeque::new(), ending: None }
    }
}

impl Purpose for Stream<'_> {
    const POINT: Point = Point::Voice;
    const SERVICE: Service = Service::Voice;

    async fn outgoing(&mut self) -> Result<Message, Close> {
        loop {
            if let Some(bytes) = self.cut.pop_front() {
                return Ok(Message::Binary(bytes));
            }
            if let Some(close) = self.ending.take() {
                return Err(close);
            }
            if let Some(frame) = self.next.take_if(|frame| frame.at.is_none_or(|at| at <= Instant::now())) {
                self.cutter.push(&frame.bytes, frame.quiet, |bytes| self.cut.push_back(bytes));
                continue;
            }
            if let Some(at) = self.next.as_ref().and_then(|frame| frame.at) {
                sleep_until(at).await;
                continue;
            }
            tokio::select! {
                // Audio first: what was said before the end is heard.
                biased;
                Some(frame) = self.link.frames.recv() => self.next = Some(frame),
                close = &mut self.link.closed => {
                    self.ending = Some(close.unwrap_or_else(|_| Close::new(1011, "the call is lost")));
                    self.cut.extend(self.cutter.rest());
                }
            }
        }
    }

    async fn incoming(&mut self, message: Message) -> Result<(), Close> {
        let Message::Binary(bytes) = message else {
            return Err(Close::new(1003, "only binary messages"));
        };
        self.call.hear(self.link.id, bytes).await;
        Ok(())
    }

    /// A text, nothing at all, and one frame of noise in odd pieces: the stream's alignment survives.
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
