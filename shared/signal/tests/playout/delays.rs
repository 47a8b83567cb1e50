//! Frames wait as long as they have to and no longer, and all of them are accounted for.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base::time::Instant;
use proptest::prelude::*;
use signal::{
    frame::SILENCE,
    jitter::{CAPACITY, JitterBuffer, Next, TargetConfig},
    playout::{Playout, PlayoutConfig},
};

use crate::{
    conditions::CONDITIONS,
    listen::{listen, ramp},
    network::{Jitter, Loss, Network, QUIET, optimum},
};

/// Two minutes; the benchmark of the same conditions takes ten.
const FRAMES: u64 = 6_000;

#[test]
fn the_delay_is_within_a_frame_of_the_optimum() {
    for (seed, condition) in (1..).zip(CONDITIONS) {
        let name = condition.name;
        let trace = condition.network.trace(seed, FRAMES);
        let optimum = optimum(&trace, &TargetConfig::default());
        let heard = listen(&condition.network, &trace, PlayoutConfig::default(), 10.0);
        let mean = heard.mean_delay();
        assert!((mean - optimum).abs() <= 20.0, "{name}: {mean:.1} ms for {optimum:.1} ms");
        assert!(heard.most_buffered <= CAPACITY, "{name}");
        heard.check_balance();
        let stats = &heard.stats.jitter;
        let share = (stats.late + stats.underruns) as f64 / FRAMES as f64;
        assert!(share <= 0.06, "{name}: {share} not in time");
    }
}

#[test]
fn nothing_is_made_up_where_nothing_is_late() {
    for drift_ppm in [-200.0, 0.0, 200.0] {
        let network = Network { drift_ppm, ..QUIET };
        let trace = network.trace(1, FRAMES);
        let heard = listen(&network, &trace, PlayoutConfig::default(), 10.0);
        let stats = heard.stats;
        assert_eq!((stats.jitter.played, stats.cut, stats.repeated), (FRAMES, 0, 0));
        assert_eq!(stats.jitter.concealed_undecided, 0, "only the stream's end");
        assert_eq!((stats.jitter.concealed_late, stats.jitter.concealed()), (40, 40));
        assert_eq!((stats.jitter.lost, stats.jitter.underruns), (0, 0));
        let drifted = stats.slower_ms - stats.faster_ms;
        let expected = FRAMES as f64 * 20.0 * drift_ppm * 1e-6 - 20.0;
        assert!((drifted - expected).abs() < 4.0, "{drifted} for {expected}: the drift, and 40 ms become 20");
    }
}

#[test]
fn frames_after_a_stall_are_all_played_and_caught_up_with() {
    let network = QUIET;
    let mut trace = network.trace(1, 1_000);
    let stall = trace[500].at;
    for arrival in &mut trace[500..517] {
        arrival.at = arrival.at.max(stall + 340e3);
    }
    let heard = listen(&network, &trace, PlayoutConfig::default(), 15.0);
    let jitter = heard.stats.jitter;
    assert_eq!((jitter.played, jitter.underruns, jitter.discarded), (1_000, 1, 0));
    assert!(heard.mean_delay() < 30.0, "{}", heard.mean_delay());
    heard.check_balance();
}

#[test]
fn a_pause_of_the_sender_is_no_delay() {
    let network = QUIET;
    let mut trace = network.trace(1, 1_000);
    for arrival in &mut trace[500..] {
        arrival.at += 5e6;
    }
    let heard = listen(&network, &trace, PlayoutConfig::default(), 0.0);
    let stats = heard.stats;
    assert_eq!((stats.jitter.played, stats.jitter.pauses, stats.jitter.underruns), (1_000, 1, 0));
    assert_eq!((stats.cut, stats.repeated, stats.jitter.lost), (0, 0, 0));
    assert!(stats.target_ms <= 20.0, "{stats:?}");
}

#[test]
fn a_backlog_beyond_the_longest_wait_is_given_up() {
    let network = QUIET;
    let mut trace = network.trace(1, 1_000);
    let stall = trace[500].at;
    for arrival in &mut trace[500..600] {
        arrival.at = arrival.at.max(stall + 2e6);
    }
    let heard = listen(&network, &trace, PlayoutConfig::default(), 15.0);
    let jitter = heard.stats.jitter;
    assert!((50..100).contains(&jitter.discarded), "{jitter:?}");
    assert_eq!(jitter.played + jitter.discarded, 1_000);
    assert!(heard.mean_delay() < 30.0, "{}", heard.mean_delay());
    heard.check_balance();
}

#[test]
fn frames_come_out_in_order_and_once() {
    let mut buffer = JitterBuffer::new(TargetConfig::default());
    for sequence in [12, 10, 11, 11, 14, 9] {
        buffer.insert(sequence, Instant::ZERO, &ramp(sequence));
    }
    let now = Instant::from_millis(200);
    for sequence in 9..=12 {
        assert_eq!(buffer.take(now), Next::Frame(&ramp(sequence)));
    }
    assert_eq!(buffer.take(now), Next::Missing);
    assert_eq!(buffer.take(now), Next::Missing);
    assert_eq!(buffer.take(now), Next::Frame(&ramp(14)));
    buffer.insert(13, now, &ramp(13));
    buffer.insert(13, now, &ramp(13));
    buffer.insert(12, now, &ramp(12));
    let counts = buffer.counts();
    assert_eq!((counts.late, counts.duplicates, counts.lost, counts.played), (1, 3, 1, 5));
    assert_eq!(buffer.played_range(), Some((9, 15)));
}

/// Natively and in a browser.
#[test]
fn what_is_heard_is_the_same_everywhere() {
    let network = Network {
        loss: Loss::Single(0.02),
        jitter: Jitter::Uniform(200.0),
        in_order: true,
        repeats: 0.01,
        drift_ppm: 150.0,
    };
    let mut playout = Playout::new(PlayoutConfig::default());
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for arrival in network.trace(1, 2_000) {
        while playout.now().as_millis_f64() * 1e3 < arrival.at {
            let bits = u64::from(playout.pull().to_bits());
            digest = (digest ^ bits).wrapping_mul(0x0100_0000_01b3);
        }
        playout.insert(arrival.sequence, playout.now(), &ramp(arrival.sequence));
    }
    let stats = playout.stats();
    assert!(stats.cut > 0 && stats.repeated > 0 && stats.jitter.concealed_lost > 0, "{stats:?}");
    assert_eq!(digest, 0x1f0d_0bb6_5e6a_3f87);
}

fn networks() -> impl Strategy<Value = Network> {
    let loss = prop_oneof![
        Just(Loss::None),
        (0.0..0.3).prop_map(Loss::Single),
        (0.0..0.2, 0.05..1.0, 0.1..1.0).prop_map(|(into, out, bad)| Loss::Burst { into, out, bad }),
    ];
    let jitter = prop_oneof![
        Just(Jitter::None),
        (0.0..500.0).prop_map(Jitter::Uniform),
        (1.0..60.0, 1.2..4.0).prop_map(|(scale, shape)| Jitter::Pareto { scale, shape }),
    ];
    (loss, jitter, any::<bool>(), 0.0..0.2, -1_000.0..1_000.0).prop_map(
        |(loss, jitter, in_order, repeats, drift_ppm)| Network { loss, jitter, in_order, repeats, drift_ppm },
    )
}

#[derive(Clone, Debug)]
enum Act {
    Insert(u64),
    Pull(u8),
    Flush,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0u64..80).prop_map(Act::Insert),
        1 => (0u64..1 << 48).prop_map(Act::Insert),
        8 => (1u8..20).prop_map(Act::Pull),
        1 => Just(Act::Flush),
    ];
    prop::collection::vec(act, 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_frame_is_played_concealed_or_counted(network in networks(), seed in any::<u64>()) {
        let trace = network.trace(seed, 1_500);
        let heard = listen(&network, &trace, PlayoutConfig::default(), 10.0);
        let stats = heard.stats;
        heard.check_balance();
        prop_assert_eq!(stats.jitter.inserted, trace.len() as u64);
        prop_assert!(heard.most_buffered <= CAPACITY);
        prop_assert!(heard.longest_ms <= 1_300.0, "{} ms", heard.longest_ms);
        prop_assert!(heard.speeds.0 >= 0.996 && heard.speeds.1 <= 1.004, "{:?}", heard.speeds);
    }

    #[test]
    fn any_numbers_in_any_order_are_accounted_for(acts in acts()) {
        let mut buffer = JitterBuffer::new(TargetConfig::default());
        let (mut micros, mut inserted, mut frames, mut missing) = (0, 0, 0, 0);
        for act in acts {
            match act {
                Act::Insert(sequence) => {
                    buffer.insert(sequence, Instant::from_micros(micros), &SILENCE);
                    inserted += 1;
                }
                Act::Pull(count) => {
                    for _ in 0..count {
                        match buffer.take(Instant::from_micros(micros)) {
                            Next::Frame(_) => (frames, micros) = (frames + 1, micros + 20_000),
                            Next::Missing => (missing, micros) = (missing + 1, micros + 10_000),
                            Next::Waiting => micros += 1_000,
                        }
                    }
                }
                Act::Flush => buffer.flush(),
            }
            let counts = buffer.counts();
            prop_assert_eq!(counts.inserted, inserted);
            prop_assert_eq!((counts.played, counts.concealed()), (frames, missing));
            let gone = counts.played + counts.late + counts.duplicates + counts.discarded;
            prop_assert_eq!(inserted, gone + buffer.buffered() as u64);
        }
    }
}
