use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

use super::audio_queue::{BYTES_PER_MS, MAX_AGE};

/// Audio that is sent between two pings: 100 ms, half of what may be unread, so that an answer may come late. A ping that
/// goes with a frame costs no packet of its own.
const PING_EVERY_BYTES: u64 = 100 * BYTES_PER_MS;
/// Number of the latest round trips of which the shortest counts, some 2.5 s of them: long enough to bridge a page's pause,
/// short enough to follow a way that has become longer.
const ROUND_TRIPS: usize = 24;
/// Maximum number of pings that wait for an answer; of a side that answers none, the oldest are forgotten.
const MAX_PENDING: usize = 64;
/// Maximum round trip that is allowed for.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);

/// Pings between the audio, whose answers tell how much of it the other side has read.
///
/// What is written to a socket is not received: the systems on both sides hold seconds of audio for a program that does not
/// read. A program that answers a ping has read what was sent before it. So at most as much is sent beyond the last answer
/// as fits into the maximum age of audio, and into the way there and back. Of a side that has never answered nothing is
/// known, and the system's buffers alone hold the sender back.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// Pings without an answer: their numbers, the bytes sent before them, and the times at which they were sent.
    pending: VecDeque<(u64, u64, Instant)>,
    pings: u64,
    sent: u64,
    pinged_at: u64,
    read: u64,
    round_trips: VecDeque<Duration>,
}

impl Receipts {
    /// Notes that audio was sent.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Returns true when so much was sent that the next ping is due; the first is due behind the first audio.
    pub(super) fn ping_due(&self) -> bool {
        let is_first = self.pings == 0 && self.sent > 0;
        is_first || self.sent - self.pinged_at >= PING_EVERY_BYTES
    }

    /// Returns the payload of a ping that is sent now.
    pub(super) fn ping(&mut self, now: Instant) -> Bytes {
        self.pings += 1;
        self.pinged_at = self.sent;
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back((self.pings, self.sent, now));
        Bytes::copy_from_slice(&self.pings.to_be_bytes())
    }

    /// Notes an answer. One with another payload than a ping's is taken for the oldest ping's.
    pub(super) fn pong(&mut self, now: Instant, payload: &[u8]) {
        let number = payload.try_into().map(u64::from_be_bytes).ok();
        let answered = self.pending.iter().position(|ping| Some(ping.0) == number).unwrap_or(0);
        // A side may answer the latest of several pings alone (RFC 6455, section 5.5.3).
        let answered = self.pending.drain(..self.pending.len().min(answered + 1)).next_back();
        let Some((_, position, sent_at)) = answered else { return };
        self.read = position;
        self.round_trips.truncate(ROUND_TRIPS - 1);
        self.round_trips.push_front(now.saturating_duration_since(sent_at));
    }

    /// Returns true when more audio may be sent.
    pub(super) fn admits(&self) -> bool {
        let Some(round_trip) = self.round_trips.iter().min() else { return true };
        let on_the_way = (MAX_AGE + (*round_trip).min(MAX_ROUND_TRIP)).as_millis() as u64 * BYTES_PER_MS;
        self.sent - self.read < on_the_way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 320;
    const FRAME_TIME: Duration = Duration::from_millis(20);

    /// A sender of 20 ms frames, and a receiver `way` away that reads and answers until it stalls.
    #[derive(Default)]
    struct Line {
        receipts: Receipts,
        answers: VecDeque<(Instant, Bytes)>,
    }

    impl Line {
        /// Sends what may be sent of one frame; true where it was.
        fn send(&mut self, now: Instant, answers_at: Option<Instant>) -> bool {
            while let Some((_, payload)) = self.answers.pop_front_if(|(at, _)| *at <= now) {
                self.receipts.pong(now, &payload);
            }
            let admitted = self.receipts.admits();
            if admitted {
                self.receipts.sent(FRAME);
            }
            if self.receipts.ping_due() {
                let ping = self.receipts.ping(now);
                self.answers.extend(answers_at.map(|at| (at, ping)));
            }
            admitted
        }
    }

    #[test]
    fn a_side_that_reads_is_never_held_up_however_far_away() {
        for way in [0, 20, 150, 400, 900].map(Duration::from_millis) {
            let (mut line, start) = (Line::default(), Instant::now());
            for number in 0..1_000 {
                let now = start + FRAME_TIME * number;
                assert!(line.send(now, Some(now + way)), "frame {number}, {way:?} away");
            }
        }
    }

    #[test]
    fn a_way_that_becomes_longer_is_followed() {
        let (mut line, start) = (Line::default(), Instant::now());
        let mut held_up = 0;
        for number in 0..2_000 {
            let now = start + FRAME_TIME * number;
            let way = Duration::from_millis(if number < 500 { 5 } else { 450 });
            held_up += u32::from(!line.send(now, Some(now + way)) && number >= 1_000);
        }
        assert_eq!(held_up, 0, "it is still held up ten seconds later");
    }

    #[test]
    fn a_side_that_stalls_gets_200_ms_and_the_way_at_most() {
        for way in [0, 100, 400].map(Duration::from_millis) {
            let (mut line, start) = (Line::default(), Instant::now());
            let mut unread = 0;
            for number in 0..1_000 {
                let now = start + FRAME_TIME * number;
                let stalled = number >= 200;
                let answers_at = (!stalled).then_some(now + way);
                unread += u32::from(line.send(now, answers_at) && stalled);
            }
            let limit = MAX_AGE + way + FRAME_TIME;
            assert!(FRAME_TIME * unread <= limit, "{unread} frames, {way:?} away");
        }
    }

    #[test]
    fn nothing_is_expected_of_a_side_that_has_never_answered() {
        let (mut line, start) = (Line::default(), Instant::now());
        assert!((0..10_000).all(|number| line.send(start + FRAME_TIME * number, None)));
    }

    #[test]
    fn an_answer_counts_whatever_it_says() {
        let (mut receipts, now) = (Receipts::default(), Instant::now());
        receipts.pong(now, b"nobody asked");
        for _ in 0..3 {
            receipts.sent(FRAME);
            receipts.ping(now);
        }
        receipts.pong(now, b"");
        assert_eq!(receipts.read, 320);
        receipts.pong(now, &3u64.to_be_bytes());
        assert_eq!((receipts.read, receipts.pending.len()), (960, 0));
        receipts.pong(now, &1u64.to_be_bytes());
        assert_eq!(receipts.read, 960);
    }
}
