//! Frames without numbers: what was lost is inferred, and does not run the buffer dry.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use signal::{jitter::TargetConfig, playout::PlayoutConfig};

use crate::{
    conditions::{BURSTS, HEAVY},
    listen::{Heard, listen},
    network::{Arrival, Jitter, Loss, Network, QUIET, Random, optimum, unnumbered},
};

/// Four minutes.
const FRAMES: u64 = 12_000;
const JITTER: Jitter = Jitter::Uniform(60.0);

fn target() -> TargetConfig {
    TargetConfig { infers_losses: true, ..TargetConfig::default() }
}

/// What is heard, frames that were lost, and the wait that would have been best.
fn hear(network: Network, seed: u64) -> (Heard, u64, f64) {
    let trace = unnumbered(network.trace(seed, FRAMES));
    let heard = hear_trace(&network, &trace);
    (heard, FRAMES - trace.len() as u64, optimum(&trace, &target()))
}

fn hear_trace(network: &Network, trace: &[Arrival]) -> Heard {
    let heard = listen(network, trace, PlayoutConfig { target: target(), ..PlayoutConfig::default() }, 10.0);
    heard.check_balance();
    heard
}

#[test]
fn on_a_calm_network_every_loss_is_inferred() {
    for seed in 1..=4 {
        let (heard, lost, _) = hear(Network { loss: Loss::Single(0.02), ..QUIET }, seed);
        let jitter = heard.stats.jitter;
        assert!(lost > 150 && jitter.inferred.abs_diff(lost) <= 1, "{} of {lost}", jitter.inferred);
        assert_eq!(jitter.underruns, 0);
        assert!(jitter.concealed() <= 40 + 20, "{} units, 40 of them at the end", jitter.concealed());
    }
}

#[test]
fn two_percent_lost_and_sixty_ms_of_jitter_leave_no_underrun() {
    for seed in 1..=4 {
        let (heard, lost, optimum) =
            hear(Network { loss: Loss::Single(0.02), jitter: JITTER, ..QUIET }, seed);
        let jitter = heard.stats.jitter;
        assert_eq!(jitter.underruns, 0, "{jitter:?}");
        assert!(jitter.inferred.abs_diff(lost) <= lost / 8, "{} of {lost}", jitter.inferred);
        assert!(jitter.concealed() <= 40 + lost / 2, "{} units for {lost} frames", jitter.concealed());
        let mean = heard.mean_delay();
        assert!(mean < optimum + 45.0, "{mean:.1} ms for {optimum:.1} ms");
    }
}

/// What comes of a stream that is cut into messages as the stand-in cuts it, anywhere: each frame with the message that ends it.
/// In silence, 4 s of every 10, messages are longer than a frame.
fn cut(trace: &[Arrival], seed: u64) -> Vec<Arrival> {
    let mut random = Random(seed);
    let (mut pending, mut sent, mut message) = (0, 0, 100);
    let mut frames = Vec::new();
    for arrival in trace {
        let quiet = arrival.sequence % 500 >= 300;
        if !quiet {
            message = message.min(319);
        }
        pending += 320;
        while pending >= message {
            pending -= message;
            sent += message;
            message = 1 + random.next() % if quiet { 640 } else { 319 };
        }
        while (frames.len() as u64 + 1) * 320 <= sent {
            let number = frames.len() as u64;
            frames.push(Arrival { number, ..*arrival });
        }
    }
    frames
}

#[test]
fn a_stream_cut_into_odd_messages_leaves_no_underrun_either() {
    for seed in 1..=4 {
        let network = Network { loss: Loss::Single(0.02), jitter: JITTER, ..QUIET };
        let trace = cut(&unnumbered(network.trace(seed, FRAMES)), seed);
        let jitter = hear_trace(&network, &trace).stats.jitter;
        let lost = FRAMES - trace.len() as u64;
        assert_eq!(jitter.underruns, 0, "{jitter:?}");
        assert!(jitter.inferred.abs_diff(lost) <= lost / 6, "{} of {lost}", jitter.inferred);
    }
}

#[test]
fn losses_in_bursts_are_inferred_together() {
    let (heard, lost, _) = hear(Network { loss: BURSTS, ..QUIET }, 1);
    let inferred = heard.stats.jitter.inferred;
    assert!((lost * 9 / 10..=lost).contains(&inferred), "{inferred} of {lost}");
}

#[test]
fn jitter_is_not_taken_for_losses() {
    for (jitter, most) in [
        (Jitter::None, 0),
        (JITTER, FRAMES / 500),
        // Frames that wait for each other in crowds, now later and now earlier, look most like losses.
        (Jitter::Uniform(200.0), FRAMES / 100),
        (HEAVY, FRAMES / 500),
    ] {
        for seed in 1..=2 {
            let (heard, lost, _) = hear(Network { jitter, ..QUIET }, seed);
            assert_eq!(lost, 0);
            let inferred = heard.stats.jitter.inferred;
            assert!(inferred <= most, "{inferred} losses inferred of none, {jitter:?}");
        }
    }
}
