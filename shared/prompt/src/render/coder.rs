//! Codecs, each to its bytes and back, packet by packet.

use signal::codec::Law;

#[cfg(feature = "opus")]
use super::opus;
use super::{CodecMissing, FRAME};
use crate::codec::Codec;

/// A codec on its way, with encoder and decoder.
pub(super) enum Coder {
    /// No codec.
    Pcm,
    G711(Law),
    #[cfg(feature = "opus")]
    Opus(Box<opus::Opus>),
}

impl Coder {
    pub(super) fn new(codec: Option<Codec>) -> Result<Self, CodecMissing> {
        match codec {
            None => Ok(Self::Pcm),
            Some(Codec::G711U) => Ok(Self::G711(Law::Mu)),
            Some(Codec::G711A) => Ok(Self::G711(Law::A)),
            Some(Codec::G729) => Err(CodecMissing(Codec::G729)),
            #[cfg(feature = "opus")]
            Some(Codec::Opus) => opus::Opus::new().map(|opus| Self::Opus(Box::new(opus))),
            #[cfg(not(feature = "opus"))]
            Some(Codec::Opus) => Err(CodecMissing(Codec::Opus)),
        }
    }

    /// Returns the samples by which what is heard lags behind what is sent.
    pub(super) const fn delay(&self) -> usize {
        match self {
            Self::Pcm | Self::G711(_) => 0,
            #[cfg(feature = "opus")]
            Self::Opus(opus) => opus.delay(),
        }
    }

    /// Returns true when a frame may be shorter than [`FRAME`].
    pub(super) const fn takes_any_length(&self) -> bool {
        match self {
            Self::Pcm | Self::G711(_) => true,
            #[cfg(feature = "opus")]
            Self::Opus(_) => false,
        }
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
            #[cfg(feature = "opus")]
            Self::Opus(opus) => opus.transcode(frame, codes),
        }
    }
}

impl core::fmt::Debug for Coder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Coder").field("delay", &self.delay()).finish_non_exhaustive()
    }
}
