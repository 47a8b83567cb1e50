//! The fragmentation of the voice stream: messages end anywhere in a frame, as CXone's do.

use bytes::Bytes;
use signal::frame::{FRAME_BYTES, FrameBytes};

use crate::seeded::Seeded;

/// Fragments frames into messages of sizes that are drawn from a seed.
#[derive(Debug)]
pub(super) struct Fragmenter {
    sizes: Seeded,
    /// Bytes that do not fill a message yet.
    pending: Vec<u8>,
    /// Size of the next message.
    next: usize,
}

impl Fragmenter {
    /// Returns a fragmenter; the same seed gives the same sizes.
    pub(super) fn new(seed: u64) -> Self {
        let mut fragmenter =
            Self { sizes: Seeded::new(seed), pending: Vec::with_capacity(3 * FRAME_BYTES), next: 0 };
        fragmenter.next = fragmenter.draw(false);
        fragmenter
    }

    /// Takes a frame and passes each message that is full to `on`. Less than a frame is held back while a prompt plays, so
    /// that an interruption is heard at once; in silence a message may be longer than a frame.
    pub(super) fn push(&mut self, frame: &FrameBytes, quiet: bool, mut on: impl FnMut(Bytes)) {
        self.pending.extend_from_slice(frame);
        if !quiet {
            self.next = self.next.min(FRAME_BYTES - 1);
        }
        let mut from = 0;
        while self.pending.len() - from >= self.next {
            on(Bytes::copy_from_slice(&self.pending[from..from + self.next]));
            from += self.next;
            self.next = self.draw(quiet);
        }
        self.pending.drain(..from);
    }

    /// Returns the bytes that are held back, at the end of the stream.
    pub(super) fn rest(&mut self) -> Option<Bytes> {
        (!self.pending.is_empty()).then(|| std::mem::take(&mut self.pending).into())
    }

    const fn draw(&mut self, quiet: bool) -> usize {
        let max = if quiet { FRAME_BYTES * 2 } else { FRAME_BYTES - 1 };
        self.sizes.between(1, max as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_less_than_a_frame_is_late() {
        let mut fragmenter = Fragmenter::new(3);
        let mut sent = Vec::new();
        let mut sizes = Vec::new();
        for index in 0..500u32 {
            let frame = std::array::from_fn(|byte| (index as usize * 7 + byte) as u8);
            fragmenter.push(&frame, index % 50 > 25, |bytes| {
                sizes.push(bytes.len());
                sent.extend_from_slice(&bytes);
            });
            let late = (index as usize + 1) * FRAME_BYTES - sent.len();
            assert!(late < if index % 50 > 25 { 2 * FRAME_BYTES } else { FRAME_BYTES }, "{late} bytes late");
        }
        let all = (0..500usize).flat_map(|index| (0..FRAME_BYTES).map(move |byte| (index * 7 + byte) as u8));
        assert!(sent.iter().copied().eq(all.clone().take(sent.len())));
        sent.extend(fragmenter.rest().into_iter().flatten());
        assert!(sent.iter().copied().eq(all), "the rest comes at the end");
        assert!(sizes.iter().any(|size| size % 2 == 1) && sizes.iter().any(|size| *size > FRAME_BYTES));
    }
}
