//! Opus as telephones use it, by the crate `ropus`.

use ropus::{Application, Bandwidth, Bitrate, Channels, DecodeMode, Decoder, Encoder};
use signal::frame::SAMPLE_RATE;

use crate::{codec::Codec, render::CodecMissing};

/// RFC 6716, 2.1.1: the sweet spot for narrowband speech in frames of 20 ms is 8 to 12 kbit/s.
const BITS_PER_SECOND: u32 = 12_000;
/// RFC 6716, 3.4: the most that a frame can take.
const MAX_PACKET: usize = 1_275;
/// Narrowband, tuned for voice.
pub(super) struct Opus {
    encoder: Encoder,
    decoder: Decoder,
    delay: usize,
}

impl Opus {
    pub(super) fn new() -> Result<Self, CodecMissing> {
        let encoder = Encoder::builder(SAMPLE_RATE, Channels::Mono, Application::Voip)
            .max_bandwidth(Bandwidth::Narrowband)
            .bitrate(Bitrate::Bits(BITS_PER_SECOND))
            .build()
            .map_err(|_| CodecMissing(Codec::Opus))?;
        let decoder = Decoder::new(SAMPLE_RATE, Channels::Mono).map_err(|_| CodecMissing(Codec::Opus))?;
        // In samples of the encoder's rate, as libopus has it, whatever its documentation says.
        let delay = encoder.lookahead() as usize;
        Ok(Self { encoder, decoder, delay })
    }

    pub(super) const fn delay(&self) -> usize {
        self.delay
    }

    pub(super) fn transcode(&mut self, frame: &mut [i16], codes: &mut Vec<u8>) {
        let mut packet = [0; MAX_PACKET];
        let length = self.encoder.encode(frame, &mut packet).expect("20 ms at 8 kHz are a frame");
        codes.extend(&packet[..length]);
        self.decoder
            .decode(&packet[..length], frame, DecodeMode::Normal)
            .expect("its own encoder's packet, of the same length");
    }
}
