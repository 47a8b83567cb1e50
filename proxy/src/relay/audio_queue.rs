use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

/// Bytes of a millisecond of 16-bit PCM at 8 kHz.
pub(super) const BYTES_PER_MS: u64 = 16;
/// Maximum time that audio waits beyond its time; older audio is of no use to a conversation.
pub(super) const MAX_AGE: Duration = Duration::from_millis(200);

/// Size of a frame: 20 ms.
const FRAME_BYTES: usize = 320;
/// Maximum size of a message that is sent: 100 ms. A longer one is cut, so that the rest of it still waits here when its
/// receiver stops reading.
const MAX_MESSAGE_BYTES: usize = 5 * FRAME_BYTES;
/// Queue length at which the sender is held back: 16 s.
const MAX_QUEUE_BYTES: usize = 256 << 10;

/// Audio on its way to one side. Audio that is taken in time keeps its bytes; audio that waits for more than 200 ms beyond
/// its time is dropped in whole frames, counted from the stream's first byte, so that the rest stays in step.
///
/// The time of audio that came at once, such as a prompt that is sent whole, is when it would be played behind what waits
/// before it: five seconds in one message are not late for five seconds.
#[derive(Debug, Default)]
pub(super) struct AudioQueue {
    /// Audio, with the time of its first byte.
    chunks: VecDeque<(Instant, Bytes)>,
    /// Time of the byte behind the last one.
    end: Option<Instant>,
    len: usize,
    /// Number of bytes of the present frame that were taken already.
    phase: usize,
    dropped: u64,
    passed: u64,
}

impl AudioQueue {
    /// Appends a message.
    pub(super) fn push(&mut self, now: Instant, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        // What waits for nothing has its time now, however fast its sender's clock is.
        let due = self.end.filter(|_| !self.is_empty()).map_or(now, |end| end.max(now));
        self.end = Some(due + playing_time(bytes.len()));
        self.len += bytes.len();
        self.chunks.push_back((due, bytes));
    }

    /// Drops audio that is too old and returns the next message to send.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Bytes> {
        self.drop_old(now);
        let (due, mut bytes) = self.chunks.pop_front()?;
        if bytes.len() > MAX_MESSAGE_BYTES {
            let rest = bytes.split_off(MAX_MESSAGE_BYTES);
            self.chunks.push_front((due + playing_time(bytes.len()), rest));
        }
        self.len -= bytes.len();
        self.phase = (self.phase + bytes.len()) % FRAME_BYTES;
        self.passed += bytes.len() as u64;
        Some(bytes)
    }

    /// Returns true when no audio waits.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Returns true when the sender has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.len >= MAX_QUEUE_BYTES
    }

    /// Returns the number of frames that were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the number of bytes that were sent on.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Drops audio that is too old. Called while the receiver takes nothing, so that the queue stays short.
    pub(super) fn drop_old(&mut self, now: Instant) {
        let Some(limit) = now.checked_sub(MAX_AGE) else { return };
        let old: usize = self
            .chunks
            .iter()
            .take_while(|(due, _)| *due < limit)
            .map(|(due, bytes)| bytes_within(limit.saturating_duration_since(*due)).min(bytes.len()))
            .sum();
        // The rest of a frame that was sent in part is sent as well.
        let keep = (FRAME_BYTES - self.phase) % FRAME_BYTES;
        let frames = old.saturating_sub(keep) / FRAME_BYTES;
        if frames > 0 {
            self.cut(keep, frames * FRAME_BYTES);
            self.dropped += frames as u64;
        }
    }

    /// Removes `count` bytes from position `at` on.
    fn cut(&mut self, at: usize, count: usize) {
        let mut kept = VecDeque::new();
        let (mut skip, mut left) = (at, count);
        for (due, mut bytes) in self.chunks.drain(..) {
            let head = bytes.split_to(skip.min(bytes.len()));
            skip -= head.len();
            let gone = bytes.split_to(left.min(bytes.len()));
            left -= gone.len();
            let rest_due = due + playing_time(head.len() + gone.len());
            for (due, part) in [(due, head), (rest_due, bytes)] {
                if !part.is_empty() {
                    kept.push_back((due, part));
                }
            }
        }
        self.chunks = kept;
        self.len -= count;
    }
}

/// Returns the time that so many bytes of audio last.
fn playing_time(bytes: usize) -> Duration {
    Duration::from_micros(bytes as u64 * 1_000 / BYTES_PER_MS)
}

/// Returns the number of bytes of audio that are played within this time.
fn bytes_within(time: Duration) -> usize {
    usize::try_from(time.as_micros() * u128::from(BYTES_PER_MS) / 1_000).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes everything that may be taken now.
    fn taken(queue: &mut AudioQueue, now: Instant) -> Vec<u8> {
        std::iter::from_fn(|| queue.pop(now)).flatten().collect()
    }

    #[test]
    fn what_is_taken_in_time_keeps_its_bytes() {
        let (now, mut queue) = (Instant::now(), AudioQueue::default());
        let long: Vec<u8> = (0..50_000u32).map(|at| at as u8).collect();
        queue.push(now, long.clone().into());
        queue.push(now, Bytes::from_static(b"x"));
        assert_eq!(taken(&mut queue, now + MAX_AGE), [&long[..], b"x"].concat());
        assert_eq!((queue.len, queue.dropped()), (0, 0));
    }

    #[test]
    fn no_message_is_longer_than_100_ms() {
        let (now, mut queue) = (Instant::now(), AudioQueue::default());
        queue.push(now, vec![0; 2 * MAX_MESSAGE_BYTES + 7].into());
        queue.push(now, vec![0; 9].into());
        let lengths: Vec<usize> = std::iter::from_fn(|| queue.pop(now)).map(|bytes| bytes.len()).collect();
        assert_eq!(lengths, [MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES, 7, 9]);
    }

    #[test]
    fn a_burst_is_paced_out_and_not_dropped() {
        let (start, mut queue) = (Instant::now(), AudioQueue::default());
        queue.push(start, vec![7; 80_000].into());
        // Its receiver takes 100 ms of it in 100 ms, as it plays.
        for step in 0..50 {
            let now = start + Duration::from_millis(100) * step;
            assert_eq!(queue.pop(now).map(|bytes| bytes.len()), Some(MAX_MESSAGE_BYTES), "step {step}");
        }
        assert_eq!((queue.len, queue.dropped()), (0, 0));
    }

    #[test]
    fn a_burst_whose_receiver_takes_nothing_is_dropped_as_its_time_passes() {
        let (start, mut queue) = (Instant::now(), AudioQueue::default());
        queue.push(start, vec![7; 80_000].into());
        queue.drop_old(start + MAX_AGE + Duration::from_secs(1));
        assert_eq!((queue.len, queue.dropped()), (64_000, 50));
        queue.drop_old(start + MAX_AGE + Duration::from_secs(10));
        assert_eq!((queue.len, queue.dropped()), (0, 250));
    }

    #[test]
    fn after_a_stall_only_the_last_200_ms_are_left() {
        let (start, mut queue) = (Instant::now(), AudioQueue::default());
        let mut now = start;
        for number in 0..500u32 {
            now = start + Duration::from_millis(20) * number;
            queue.push(now, vec![(number % 251) as u8; FRAME_BYTES].into());
        }
        let left = taken(&mut queue, now);
        assert!(left.len() <= 11 * FRAME_BYTES, "{} bytes", left.len());
        assert_eq!(left.len() / FRAME_BYTES + queue.dropped() as usize, 500);
    }

    #[test]
    fn a_sender_whose_clock_is_fast_gets_no_credit() {
        let (start, mut queue) = (Instant::now(), AudioQueue::default());
        let mut now = start;
        // A tenth too fast, for a minute.
        for number in 0..3_300u64 {
            now = start + Duration::from_micros(18_000 * number);
            queue.push(now, vec![0; FRAME_BYTES].into());
            assert_eq!(taken(&mut queue, now).len(), FRAME_BYTES);
        }
        queue.push(now, vec![0; FRAME_BYTES].into());
        queue.drop_old(now + MAX_AGE + Duration::from_millis(20));
        assert_eq!(queue.dropped(), 1);
    }

    proptest! {
        /// The stream is numbered by sample; whatever is dropped, whole frames are missing and nothing else.
        #[test]
        fn only_whole_frames_are_dropped(steps in prop::collection::vec((1usize..900, 0u64..120, any::<bool>()), 1..80)) {
            let start = Instant::now();
            let (mut now, mut queue, mut written, mut read) = (start, AudioQueue::default(), 0u32, Vec::new());
            for (length, wait, take) in steps {
                let bytes: Vec<u8> = (0..length as u32).map(|n| ((written + n) / 320 % 251) as u8).collect();
                written += length as u32;
                queue.push(now, bytes.into());
                now += Duration::from_millis(wait);
                if take { read.extend(queue.pop(now)); }
            }
            read.extend(std::iter::from_fn(|| queue.pop(now)));
            let read = read.concat();
            prop_assert_eq!(read.len() as u64 + queue.dropped() * 320, u64::from(written));
            prop_assert_eq!(queue.len, 0);
            // Each frame carries its number in every byte.
            for frame in read.chunks_exact(320) {
                prop_assert!(frame.iter().all(|byte| *byte == frame[0]));
            }
            let rest = read.chunks_exact(320).remainder();
            prop_assert!(rest.iter().all(|byte| *byte == rest[0]));
        }
    }
}
