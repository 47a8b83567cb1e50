//! G.729 Annex A, by the crate `g729-sys`.

use g729_sys::{Decoder, Encoder, FRAME_SAMPLES, VOICE_FRAME_BYTES};

/// ITU-T G.729, 3.1: the look-ahead of 5 ms.
pub(super) const DELAY: usize = 40;

/// Annex A without silence compression: two frames of 10 ms in a packet.
pub(super) struct G729 {
    encoder: Encoder,
    decoder: Decoder,
}

impl Default for G729 {
    fn default() -> Self {
        Self { encoder: Encoder::new(false), decoder: Decoder::new() }
    }
}

impl G729 {
    pub(super) fn transcode(&mut self, packet: &mut [i16], codes: &mut Vec<u8>) {
        let (frames, _) = packet.as_chunks_mut::<FRAME_SAMPLES>();
        for frame in frames {
            let mut bytes = [0; VOICE_FRAME_BYTES];
            self.encoder.encode_into(frame, &mut bytes);
            codes.extend(bytes);
            *frame = self.decoder.decode(&bytes, false, false, false);
        }
    }
}
