//! The receiver as the page has it. A profile's optimisation is chosen by crate, and what is generic or inlined in `shared`
//! is compiled in the crate that calls it: here for speed, where the page is compiled for size and would hear a third as
//! fast.

use shared::dtmf::detect::Tone;

/// All digits in `samples`: [`shared::dtmf::detect::decode`].
pub fn decode(samples: &[i16]) -> Vec<Tone> {
    shared::dtmf::detect::decode(samples)
}
