use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

/// Size of a frame: 20 ms of 16-bit PCM at 8 kHz.
const FRAME_BYTES: usize = 320;
/// Maximum time that audio waits; older audio is of no use to a conversation.
const MAX_AGE: Duration = Duration::from_millis(200);
/// Queue length at which the sender is held back. 16 s of audio at once are a file, not a conversation.
const MAX_QUEUE_BYTES: usize = 256 << 10;

/// Audio on its way to one side. Audio that is taken in time keeps its bytes and messages unchanged; audio that waits
/// longer than 200 ms is dropped in whole frames, counted from the stream's first byte, so that the rest stays in step.
#[derive(Debug, Default)]
pub(super) struct AudioQueue {
    chunks: VecDeque<(Instant, Bytes)>,
    len: usize,
    /// Number of bytes of the present frame that were taken already.
    phase: usize,
    dropped: u64,
    passed: u64,
}

impl AudioQueue {
    /// Appends a message.
    pub(super) fn push(&mut self, now: Instant, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.chunks.push_back((now, bytes));
        }
    }

    /// Drops audio that is too old and returns the next message to send.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Bytes> {
        self.drop_old(now);
        let (_, bytes) = self.chunks.pop_front()?;
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
        let old: usize = self
            .chunks
            .iter()
            .take_while(|(arrived, _)| now.saturating_duration_since(*arrived) > MAX_AGE)
            .map(|(_, bytes)| bytes.len())
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
        for (arrived, mut bytes) in self.chunks.drain(..) {
            let head = bytes.split_to(skip.min(bytes.len()));
            skip -= head.len();
            let gone = bytes.split_to(left.min(bytes.len()));
            left -= gone.len();
            for part in [head, bytes] {
                if !part.is_empty() {
                    kept.push_back((arrived, part));
                }
            }
        }
        self.chunks = kept;
        self.len -= count;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_taken_in_time_is_unchanged() {
        let now = Instant::now();
        let mut queue = AudioQueue::default();
        let long = Bytes::from(vec![7u8; 50_000]);
        queue.push(now, long.clone());
        queue.push(now, Bytes::from_static(b"x"));
        assert_eq!(queue.pop(now + MAX_AGE), Some(long));
        assert_eq!(queue.pop(now + MAX_AGE), Some(Bytes::from_static(b"x")));
        assert_eq!((queue.pop(now), queue.dropped()), (None, 0));
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
