//! Digits survive what playing does to a stream.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base::digit::Digit;
use signal::{
    detect::decode,
    frame::{FRAME_SAMPLES, Frame, SILENCE},
    playout::{Playout, PlayoutConfig},
    tone::{ToneConfig, synthesize},
};

use crate::network::{Jitter, Loss, Network, QUIET};

/// The digits of a stream that came over `network`.
fn heard(network: &Network, pcm: &[i16]) -> String {
    let frames: Vec<Frame> = pcm
        .chunks(FRAME_SAMPLES)
        .map(|chunk| {
            let mut frame = SILENCE;
            frame[..chunk.len()].copy_from_slice(chunk);
            frame
        })
        .collect();
    let mut playout = Playout::new(PlayoutConfig::default());
    let mut out = Vec::new();
    for arrival in network.trace(3, frames.len() as u64) {
        while playout.now().as_millis_f64() * 1e3 < arrival.at {
            out.push((playout.pull() * 32_768.0) as i16);
        }
        playout.insert(arrival.sequence, playout.now(), &frames[arrival.sequence as usize]);
    }
    out.extend((0..16_000).map(|_| (playout.pull() * 32_768.0) as i16));
    decode(&out).iter().map(|tone| tone.digit.as_char()).collect()
}

#[test]
fn digits_are_heard_through_jitter_loss_and_drift() {
    let sent: Vec<Digit> = (0..10).flat_map(|_| Digit::all()).collect();
    let text: String = sent.iter().map(|digit| digit.as_char()).collect();
    let pcm = synthesize(sent, &ToneConfig::default(), 8_000);
    for network in [
        QUIET,
        Network { jitter: Jitter::Uniform(60.0), ..QUIET },
        Network { jitter: Jitter::Uniform(200.0), ..QUIET },
        Network { jitter: Jitter::Uniform(60.0), in_order: false, ..QUIET },
        Network { loss: Loss::Single(0.02), ..QUIET },
        Network { drift_ppm: 200.0, ..QUIET },
    ] {
        assert_eq!(heard(&network, &pcm), text, "{network:?}");
    }
}
