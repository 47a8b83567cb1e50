//! Audio: frames, reassembly, and (with the voice work) the processing chain.

pub mod frame;
pub mod level;
pub mod upsample;
