//! Cuts the stream into messages at odd places, as CXone does and seed 001 stumbles over.

use bytes::Bytes;
use shared::audio::frame::{FRAME_BYTES, FrameBytes};

use crate::seeded::Seeded;

/// Cuts frames into messages of seeded sizes.
#[derive(Debug)]
pub(super) struct Cutter {
    sizes: Seeded,
    /// Bytes that do not fill a message yet.
    pending: Vec<u8>,
    next: usize,
}

impl Cutter {
    /// Same seed, same cuts.
    pub(super) fn new(seed: u64) -> Self {
        let mut cutter =
            Self { sizes: Seeded::new(seed), pending: Vec::with_capacity(3 * FRAME_BYTES), next: 0 };
        cutter.next = cutter.draw(false);
        cutter
    }

    /// Takes a frame and hands out the messages that are full. While something is said less than a frame is held back, so
    /// that a prompt that is cut is cut at once; in silence a message may be longer than a frame.
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

    /// What is held back, when nothing more comes.
    pub(super) fn rest(&mut self) -> Option<Bytes> {
        (!self.pending.is_empty()).then(|| std::mem::take(&mut self.pending).into())
    }

    const fn draw(&mut self, quiet: bool) -> usize {
        let most = if quiet { FRAME_BYTES * 2 } else { FRAME_BYTES - 1 };
        self.sizes.between(1, most as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_less_than_a_frame_is_late() {
        let mut cutter = Cutter::new(3);
        let mut sent = Vec::new();
        let mut sizes = Vec::new();
        for index in 0..500u32 {
            let frame = std::array::from_fn(|byte| (index as usize * 7 + byte) as u8);
            cutter.push(&frame, index % 50 > 25, |bytes| {
                sizes.push(bytes.len());
                sent.extend_from_slice(&bytes);
            });
            let late = (index as usize + 1) * FRAME_BYTES - sent.len();
            assert!(late < if index % 50 > 25 { 2 * FRAME_BYTES } else { FRAME_BYTES }, "{late} bytes late");
        }
        let all = (0..500usize).flat_map(|index| (0..FRAME_BYTES).map(move |byte| (index * 7 + byte) as u8));
        assert!(sent.iter().copied().eq(all.clone().take(sent.len())));
        sent.extend(cutter.rest().into_iter().flatten());
        assert!(sent.iter().copied().eq(all), "the rest comes at the end");
        assert!(sizes.iter().any(|size| size % 2 == 1) && sizes.iter().any(|size| *size > FRAME_BYTES));
    }
}
