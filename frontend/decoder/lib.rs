//! The receiver as the page has it. A profile's optimisation is chosen by crate, and what is generic or inlined in `shared`
//! is compiled in the crate that calls it: here for speed, where the page is compiled for size and would hear a third as
//! fast.

use shared::dtmf::detect::{Detection, Receiver, ReceiverConfig, Tone};

/// All digits in `samples`, as [`shared::dtmf::detect::decode`] finds them.
pub fn decode(samples: &[i16]) -> Vec<Tone> {
    let mut tones = Vec::new();
    let mut keep = |detection| {
        if let Detection::End(tone) = detection {
            tones.push(tone);
        }
    };
    let mut receiver = Receiver::new(ReceiverConfig::default());
    receiver.process(samples, &mut keep);
    receiver.flush(&mut keep);
    tones
}
