//! What the receiver reports, to the last bit, as a line of text: the same natively and in wasm, or they decide otherwise.

use std::fmt::Write as _;

use signal::detect::{Detection, DetectorConfig, DtmfDetector};

/// A word `digit@sample` for each digit's report, and each tone with all that was measured of it.
pub(crate) fn transcript(pcm: &[i16]) -> String {
    let mut line = String::new();
    let mut receiver = DtmfDetector::new(DetectorConfig::default());
    let mut keep = |detection| {
        let written = match detection {
            Detection::Start { digit, at_sample } => write!(line, "{digit}@{at_sample} "),
            // Floats are written with as many places as tell them apart.
            Detection::End(tone) => write!(line, "{tone:?} "),
        };
        written.expect("a string takes all that is written");
    };
    receiver.process(pcm, &mut keep);
    receiver.flush(&mut keep);
    line
}
