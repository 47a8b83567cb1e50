//! Audio: frames, reassembly, and (with the voice work) the processing chain.

pub mod drift;
pub mod frame;
pub mod jitter;
pub mod level;
pub mod playout;
pub mod plc;
pub mod upsample;
