//! Sound at 8 kHz: tones and their detector, frames, the jitter buffer and loss concealment, the processing chain, codecs,
//! and what a call's media quality is measured by.
//!
//! Nothing here has a clock, allocates on the audio path, or calls the platform's sine: the bits are the same natively and
//! as wasm.

pub mod chain;
pub mod codec;
pub mod compressor;
pub mod detect;
pub mod downsample;
pub mod drift;
pub mod frame;
pub mod gain;
pub mod gate;
mod held;
pub mod jitter;
pub mod key_tones;
pub mod level;
pub mod limiter;
pub mod math;
pub mod peak_hold;
pub mod playout;
pub mod plc;
pub mod quality;
pub mod range;
pub mod receive;
pub mod report;
mod sinc;
pub mod tone;
pub mod upsample;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
