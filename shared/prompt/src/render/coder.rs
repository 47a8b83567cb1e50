//! Codecs, each to its bytes and back, packet by packet.

use shared::audio::codec::Law;

use super::{CodecMissing, FRAME};
use crate::codec::Codec;

/// A codec on its way, with encoder and decoder.
#[derive(Debug)]
pub(super) enum Coder {
    /// No codec.
    Pcm,
    G711(Law),
}

impl Coder {
    pub(super) fn new(codec: Option<Codec>) -> Result<Self, CodecMissing> {
        Ok(match codec {
            None => Self::Pcm,
            Some(Codec::G711U) => Self::G711(Law::Mu),
            Some(Codec::G711A) => Self::G711(Law::A),
            Some(missing @ (Codec::G729 | Codec::Opus)) => return Err(CodecMissing(missing)),
        })
    }

    /// Returns the samples by which what is heard lags behind what is sent.
    #[expect(clippy::unused_self, reason = "codecs that look ahead have one")]
    pub(super) const fn delay(&self) -> usize {
        0
    }

    /// Returns true when a frame may be shorter than [`FRAME`].
    pub(super) const fn takes_any_length(&self) -> bool {
        matches!(self, Self::Pcm | Self::G711(_))
    }

    /// Appends a packet to `codes`, and replaces `frame` by what its decoder makes of it.
    pub(super) fn transcode(&mut self, frame: &mut [i16], codes: &mut Vec<u8>) {
        debug_assert!(frame.len() == FRAME || self.takes_any_length());
        match self {
            Self::Pcm => {}
            Self::G711(law) => {
                let start = codes.len();
                codes.extend(frame.iter().map(|&sample| law.encode_sample(sample)));
                law.decode(&codes[start..], frame);
            }
        }
    }
}
