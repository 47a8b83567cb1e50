//! Sound at 8 kHz: frames, the jitter buffer and loss concealment, the processing chain, codecs, tones and their
//! detector.

pub mod chain;
pub mod codec;
pub mod compressor;
pub mod downsample;
pub mod drift;
pub mod frame;
pub mod gain;
pub mod gate;
pub mod jitter;
pub mod level;
pub mod limiter;
#[cfg(feature = "loudness")]
pub mod loudness;
pub mod math;
pub mod playout;
pub mod plc;
pub mod range;
pub mod receive;
mod sinc;
pub mod upsample;
