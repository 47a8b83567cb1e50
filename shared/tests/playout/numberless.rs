//! Frames without numbers: what was lost is inferred, and does not run the buffer dry.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use shared::audio::{jitter::TargetConfig, playout::PlayoutConfig};

use crate::{
    conditions::{BURSTS, HEAVY},
    listen::{Heard, listen},
    network::{Jitter, Loss, Network, QUIET, optimum, unnumbered},
};

/// Four minutes.
const FRAMES: u64 = 12_000;
const JITTER: Jitter = Jitter::Uniform(60.0);

/// What is heard, frames that were lost, and the wait that would have been best.
fn hear(network: Network, seed: u64) -> (Heard, u64, f64) {
    let trace = unnumbered(network.trace(seed, FRAMES));
    let target = TargetConfig { infers_losses: true, ..TargetConfig::default() };
    let config = PlayoutConfig { target, ..PlayoutConfig::default() };
    let heard = listen(&network, &trace, config, 10.0);
    heard.check_balance();
    (heard, FRAMES - trace.len() as u64, optimum(&trace, &target))
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
        assert!(mean < optimum + 40.0, "{mean:.1} ms for {optimum:.1} ms");
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
