//! The receiver as the page has it. A profile's optimisation is chosen by crate, and what is generic or inlined in `shared`
//! is compiled in the crate that calls it: here for speed, where the page is compiled for size and would hear a third as
//! fast.

use signal::detect::Tone;

/// All digits in `samples`: [`signal::detect::decode`].
pub fn decode(samples: &[i16]) -> Vec<Tone> {
    signal::detect::decode(samples)
}
