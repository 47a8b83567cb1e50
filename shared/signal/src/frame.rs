//! Frames of CXone's voice stream, and their reassembly from messages that are cut at any byte.
//!
//! The stream is PCM, s16le, 8 kHz, mono. A frame is 20 ms of it: 160 samples, 320 bytes.

/// CXone's sample rate, in Hz.
pub const SAMPLE_RATE: u32 = 8_000;
/// The samples of a frame: 20 ms at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;
/// The bytes of a frame: two per sample.
pub const FRAME_BYTES: usize = FRAME_SAMPLES * 2;
/// The length of a frame.
pub const FRAME_DURATION: core::time::Duration = core::time::Duration::from_millis(20);

/// The samples of one frame.
pub type Frame = [i16; FRAME_SAMPLES];
/// A frame as it travels.
pub type FrameBytes = [u8; FRAME_BYTES];

/// A frame of silence.
pub const SILENCE: Frame = [0; FRAME_SAMPLES];

/// Puts whole frames together from bytes that come in pieces of any size. Allocates nothing.
///
/// A piece that ends within a frame, or within a sample, is the ordinary case and no error.
#[derive(Clone, Debug)]
pub struct Reassembler {
    pending: FrameBytes,
    filled: usize,
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::new()
    }
}

impl Reassembler {
    /// Creates a reassembler that has seen no bytes.
    pub const fn new() -> Self {
        Self { pending: [0; FRAME_BYTES], filled: 0 }
    }

    /// Takes the next bytes and hands out every frame that they complete, in order.
    pub fn push(&mut self, mut bytes: &[u8], mut on: impl FnMut(&Frame)) {
        if self.filled > 0 {
            let (head, rest) = bytes.split_at(bytes.len().min(FRAME_BYTES - self.filled));
            self.pending[self.filled..self.filled + head.len()].copy_from_slice(head);
            self.filled += head.len();
            bytes = rest;
            if self.filled < FRAME_BYTES {
                return;
            }
            self.filled = 0;
            on(&decode(&self.pending));
        }
        let (frames, rest) = bytes.as_chunks::<FRAME_BYTES>();
        for frame in frames {
            on(&decode(frame));
        }
        self.pending[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// Returns the number of bytes that wait for the rest of their frame, 0–319.
    pub const fn pending(&self) -> usize {
        self.filled
    }

    /// Ends the stream. Returns the number of bytes of a frame that will not be completed, and starts anew.
    pub const fn finish(&mut self) -> usize {
        core::mem::replace(&mut self.filled, 0)
    }
}

/// Returns the samples in a frame's bytes.
pub fn decode(bytes: &FrameBytes) -> Frame {
    let (pairs, _) = bytes.as_chunks::<2>();
    let mut frame = SILENCE;
    for (sample, pair) in frame.iter_mut().zip(pairs) {
        *sample = i16::from_le_bytes(*pair);
    }
    frame
}

/// Returns a frame's samples as bytes.
pub fn encode(frame: &Frame) -> FrameBytes {
    let mut bytes = [0; FRAME_BYTES];
    let (pairs, _) = bytes.as_chunks_mut::<2>();
    for (pair, sample) in pairs.iter_mut().zip(frame) {
        *pair = sample.to_le_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn reassemble(pieces: &[&[u8]]) -> (Vec<Frame>, usize) {
        let mut reassembler = Reassembler::new();
        let mut frames = Vec::new();
        for piece in pieces {
            reassembler.push(piece, |frame| frames.push(*frame));
        }
        (frames, reassembler.finish())
    }

    #[test]
    fn a_sample_cut_in_two_is_whole_again() {
        let mut bytes = [0; FRAME_BYTES];
        bytes[..4].copy_from_slice(&[0x34, 0x12, 0xff, 0x7f]);
        let (frames, left) = reassemble(&[&bytes[..1], &[], &bytes[1..3], &bytes[3..]]);
        assert_eq!((frames.len(), left), (1, 0));
        assert_eq!(frames[0][..3], [0x1234, i16::MAX, 0]);
    }

    #[test]
    fn what_is_left_of_a_frame_is_reported_once() {
        let mut reassembler = Reassembler::new();
        reassembler.push(&[1; FRAME_BYTES + 7], |_| ());
        assert_eq!((reassembler.pending(), reassembler.finish(), reassembler.finish()), (7, 7, 0));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            samples in prop::collection::vec(any::<i16>(), 0..1_000),
            odd in any::<bool>(),
            cuts in prop::collection::vec(0usize..700, 0..40),
        ) {
            let mut bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            if odd {
                bytes.push(0x55);
            }
            let mut rest = &bytes[..];
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            let (frames, left) = reassemble(&pieces);
            let whole = samples.len() / FRAME_SAMPLES;
            prop_assert_eq!(frames.concat(), &samples[..whole * FRAME_SAMPLES]);
            prop_assert_eq!(left, bytes.len() - whole * FRAME_BYTES);
        }

        #[test]
        fn a_frame_survives_writing_and_reading(samples in prop::array::uniform32(any::<i16>())) {
            let mut frame = SILENCE;
            frame[..32].copy_from_slice(&samples);
            prop_assert_eq!(decode(&encode(&frame)), frame);
        }
    }
}
