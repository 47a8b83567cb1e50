//! The chain as a whole: bounds, clicks, curves, and that nothing depends on how a stream is cut.

mod signals;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;
use signal::{
    chain::{Chain, ChainConfig},
    compressor::CompressorConfig,
    gain::GainConfig,
    gate::GateConfig,
    limiter::LimiterConfig,
    math,
};
use signals::{RATE, Rng, beside, dbfs, sine};

/// Every stage at work.
const BUSY: fn() -> ChainConfig = || ChainConfig {
    gain: GainConfig { factor: 2.5, ..GainConfig::default() },
    gate: GateConfig {
        threshold: 3_000.0,
        hold_ms: 20.0,
        release_ms: 60.0,
        range_db: 40.0,
        ..GateConfig::default()
    },
    compressor: CompressorConfig { bypass: false, make_up_db: 6.0, ..CompressorConfig::default() },
    limiter: LimiterConfig { ceiling_dbfs: -9.0, ..LimiterConfig::default() },
};

/// Noise that comes and goes, without a function whose bits could differ.
fn bursts(rng: &mut Rng, samples: usize) -> Vec<f32> {
    let level = |n: usize| [0.9, 0.02, 0.3, 0.001, 0.6][n / 1_234 % 5];
    (0..samples).map(|n| level(n) * rng.sample()).collect()
}

fn through(rate: u32, config: &ChainConfig, signal: &[f32]) -> Vec<f32> {
    let mut heard = signal.to_vec();
    Chain::new(rate, config).process(&mut heard);
    heard
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

#[test]
fn bypassed_it_is_a_delay_and_nothing_else() {
    for rate in [8_000, 11_025, 16_000, 44_100, 48_000] {
        let mut rng = Rng(rate.into());
        let signal = bursts(&mut rng, 5_000);
        let latency = Chain::new(rate, &ChainConfig::bypassed()).latency();
        assert!((4..=8).contains(&(latency * 1_000 / rate as usize)), "{latency} samples at {rate} Hz");
        let heard = through(rate, &ChainConfig::bypassed(), &signal);
        assert_eq!(heard[..latency], vec![0.0; latency]);
        assert_eq!(heard[latency..], signal[..5_000 - latency]);
    }
}

#[test]
fn a_stage_that_is_bypassed_later_leaves_no_trace() {
    let mut rng = Rng(5);
    let mut chain = Chain::new(RATE, &BUSY());
    chain.process(&mut bursts(&mut rng, 20_000));
    chain.set(&ChainConfig::bypassed());
    // The limiter's release, 60 ms, must come to within 10⁻⁵ of 1.
    chain.process(&mut bursts(&mut rng, 8_000));
    let signal = bursts(&mut rng, 5_000);
    let mut heard = signal.clone();
    chain.process(&mut heard);
    assert_eq!(heard[chain.latency()..], signal[..5_000 - chain.latency()]);
}

#[test]
fn no_change_of_gain_is_heard_beside_the_tone() {
    let tone = sine(1_000.0, 1.0, 6_000);
    let mut config = ChainConfig::bypassed();
    config.gain = GainConfig { bypass: false, factor: 0.0 };
    for (from, to) in [(0.0, 1.0), (1.0, 0.0), (1.0, 0.3), (0.5, 1.0)] {
        config.gain.factor = from;
        let mut chain = Chain::new(RATE, &config);
        let mut heard = tone.clone();
        let (before, after) = heard.split_at_mut(3_000);
        chain.process(before);
        config.gain.factor = to;
        chain.set(&config);
        chain.process(after);
        let click = beside(&heard[500..], 1_000.0, 200.0);
        assert!(click < -60.0, "{click:.1} dBFS from {from} to {to}");
    }
}

#[test]
fn a_slider_that_is_dragged_is_not_heard_beside_the_tone() {
    let mut rng = Rng(11);
    let mut config = ChainConfig::bypassed();
    config.gain = GainConfig { bypass: false, factor: 0.5 };
    let mut chain = Chain::new(RATE, &config);
    let mut heard = sine(1_000.0, 1.0, 6_000);
    for (at, piece) in heard.chunks_mut(77).enumerate() {
        config.gain.factor = if at < 20 { 0.5 } else { rng.sample().abs() };
        chain.set(&config);
        chain.process(piece);
    }
    let click = beside(&heard[500..], 1_000.0, 200.0);
    assert!(click < -60.0, "{click:.1} dBFS");
}

/// A tone at −0.9 dBFS between two quiet stretches of itself: the gate opens and closes in the middle of it.
fn gate_edges(config: &ChainConfig) -> (Vec<f32>, Vec<f32>) {
    let tone = sine(1_000.0, 0.9, 16_000);
    let mut chain = Chain::new(RATE, config);
    let mut heard = tone.clone();
    let (first, rest) = heard.split_at_mut(5_000);
    let (middle, last) = rest.split_at_mut(5_000);
    let opens = |threshold| ChainConfig { gate: GateConfig { threshold, ..config.gate }, ..*config };
    for (part, threshold) in [(first, 32_767.0), (middle, 2_000.0), (last, 32_767.0)] {
        chain.set(&opens(threshold));
        chain.process(part);
    }
    (tone, heard)
}

#[test]
fn no_edge_of_the_gate_is_heard_beside_the_tone() {
    let gate = GateConfig { bypass: false, hysteresis_db: 0.0, hold_ms: 0.0, ..GateConfig::default() };
    for (attack_ms, release_ms) in [(16.0, 16.0), (16.0, 150.0), (30.0, 40.0)] {
        let gate = GateConfig { attack_ms, release_ms, ..gate };
        let (_, heard) = gate_edges(&ChainConfig { gate, ..ChainConfig::bypassed() });
        assert!(peak(&heard[2_000..5_000]) == 0.0 && peak(&heard[14_000..]) == 0.0, "closed");
        assert!(peak(&heard[7_000..10_000]) > 0.85, "open");
        let click = beside(&heard, 1_000.0, 200.0);
        assert!(click < -60.0, "{click:.1} dBFS with {attack_ms} and {release_ms} ms");
    }
}

#[test]
fn no_bypass_is_heard_beside_the_tone() {
    let stages: [fn(&mut ChainConfig); 3] = [
        |config| config.gain.bypass ^= true,
        |config| config.gate.bypass ^= true,
        |config| {
            config.compressor.bypass ^= true;
        },
    ];
    for (stage, toggle) in stages.into_iter().enumerate() {
        let mut config = BUSY();
        config.gain.factor = 0.3;
        config.gate.threshold = 32_767.0;
        config.compressor.attack_ms = 50.0;
        config.limiter.bypass = true;
        let mut chain = Chain::new(RATE, &config);
        let mut heard = sine(1_000.0, 0.5, 12_000);
        for piece in heard.chunks_mut(4_000) {
            chain.process(piece);
            toggle(&mut config);
            chain.set(&config);
        }
        let click = beside(&heard[1_000..], 1_000.0, 250.0);
        assert!(click < -60.0, "stage {stage}: {click:.1} dBFS");
    }
}

#[test]
fn the_limiter_never_exceeds_its_ceiling() {
    let mut rng = Rng(3);
    let mut config = ChainConfig::default();
    let mut chain = Chain::new(RATE, &config);
    let (mut ceiling, mut limited) = (1.0, 0);
    for frame in 0..12_000 {
        if frame % 50 == 0 {
            config.gain.factor = 10.0 * rng.sample().abs();
            config.gate.bypass = rng.word().is_multiple_of(2);
            config.compressor.bypass = rng.word().is_multiple_of(2);
            config.limiter.ceiling_dbfs = -40.0 * rng.sample().abs();
            config.limiter.release_ms = 10.0 + 500.0 * rng.sample().abs();
            chain.set(&config);
            ceiling = math::from_db(config.limiter.ceiling_dbfs);
        }
        let level = math::from_db(60.0 * rng.sample());
        let mut samples: [f32; 160] = core::array::from_fn(|_| level * rng.sample());
        chain.process(&mut samples);
        if frame % 50 > 0 {
            assert!(peak(&samples) <= ceiling, "{} above {ceiling}", peak(&samples));
            limited += u32::from(peak(&samples) > 0.9 * ceiling);
        }
    }
    assert!(limited > 1_000, "{limited} frames came near the ceiling");
}

/// So it is the gain that keeps the bound, and what is cut off is rounding.
#[test]
fn a_tone_that_is_limited_stays_a_tone() {
    let limiter = LimiterConfig { ceiling_dbfs: -20.0, ..LimiterConfig::default() };
    let heard =
        through(RATE, &ChainConfig { limiter, ..ChainConfig::bypassed() }, &sine(1_003.7, 1.0, 8_000));
    let beside = beside(&heard[3_000..], 1_003.7, 150.0);
    assert!(beside < -60.0, "{beside:.1} dBFS");
    assert!((math::to_db(peak(&heard[3_000..])) + 20.0).abs() < 0.1);
}

#[test]
fn what_is_no_number_does_not_stay() {
    let mut samples = vec![0.5; 24_000];
    samples[100..110].copy_from_slice(&[
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        1e30,
        -1e38,
        0.0,
        f32::NAN,
        1.0,
        -2.0,
        9.0,
    ]);
    let heard = through(RATE, &BUSY(), &samples);
    let ceiling = math::from_db(-9.0);
    assert!(heard.iter().all(|sample| sample.abs() <= ceiling));
    assert!(peak(&heard[20_000..]) > 0.2);
}

/// The paper's equation 4, in decibels.
fn static_curve(config: &CompressorConfig, level: f64) -> f64 {
    let [threshold, ratio, knee] = [config.threshold_dbfs, config.ratio, config.knee_db].map(f64::from);
    let over = level - threshold;
    let out = if 2.0 * over < -knee {
        level
    } else if knee > 0.0 && 2.0 * over <= knee {
        level + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        threshold + over / ratio
    };
    out + f64::from(config.make_up_db)
}

#[test]
fn the_compressor_follows_its_static_curve() {
    for (ratio, knee_db, make_up_db) in [(3.0, 6.0, 0.0), (20.0, 0.0, 6.0), (2.0, 24.0, 3.0), (1.0, 6.0, 0.0)]
    {
        let compressor = CompressorConfig {
            bypass: false,
            threshold_dbfs: -24.0,
            ratio,
            knee_db,
            make_up_db,
            ..CompressorConfig::default()
        };
        let config = ChainConfig { compressor, ..ChainConfig::bypassed() };
        for hz in [317.0, 1_003.7, 3_301.3] {
            for level in [-50.0, -36.0, -27.0, -24.0, -21.0, -12.0, -1.0] {
                let heard = through(RATE, &config, &sine(hz, 10_f64.powf(level / 20.0), 12_000));
                let settled = &heard[8_000..];
                let mean = settled.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>()
                    / settled.len() as f64;
                let (measured, expect) = (dbfs((2.0 * mean).sqrt()), static_curve(&compressor, level));
                let off = measured - expect;
                assert!(
                    off.abs() <= 0.1,
                    "{off:.3} dB off at {level} dBFS, {hz} Hz, {ratio}:1, knee {knee_db} dB"
                );
            }
        }
    }
}

#[test]
fn attack_and_release_take_their_time_constants() {
    let compressor = CompressorConfig {
        bypass: false,
        threshold_dbfs: -40.0,
        ratio: 20.0,
        knee_db: 0.0,
        attack_ms: 40.0,
        release_ms: 250.0,
        make_up_db: 0.0,
    };
    let mut chain = Chain::new(RATE, &ChainConfig { compressor, ..ChainConfig::bypassed() });
    // 40 dB above the threshold: 38 dB of reduction, then 20 dB above it: 19 dB.
    let mut reduction = |amplitude: f64, ms: usize| {
        let mut reductions = Vec::new();
        for piece in sine(1_130.7, amplitude, ms * 8).chunks_mut(16) {
            chain.process(piece);
            reductions.push(chain.meters().compressor_reduction_db);
        }
        reductions
    };
    let rising = reduction(1.0, 400);
    assert!((rising[199] - 38.0).abs() < 0.1, "{}", rising[199]);
    let attack = rising.iter().position(|&db| db >= 38.0 * 0.632).expect("attacked") * 2;
    assert!((38..=42).contains(&attack), "{attack} ms");
    let falling = reduction(0.1, 2_000);
    // What the attack's smoothing adds to the release.
    let release = falling.iter().position(|&db| db <= 38.0 - 19.0 * 0.632).expect("released") * 2;
    assert!((270..=310).contains(&release), "{release} ms");
}

#[test]
fn the_gate_opens_at_one_threshold_and_closes_at_the_other() {
    let gate = GateConfig { threshold: 1_000.0, hysteresis_db: 6.0, hold_ms: 50.0, ..GateConfig::default() };
    let mut chain = Chain::new(RATE, &ChainConfig { gate, ..ChainConfig::bypassed() });
    let mut opens = |amplitude: f64, ms: usize| {
        chain.process(&mut sine(997.0, amplitude / 32_768.0, ms * 8));
        chain.meters().gate_open
    };
    assert!(!opens(990.0, 1_000), "below the threshold");
    assert!(opens(1_010.0, 20), "above it");
    assert!(opens(520.0, 2_000), "between the two it stays open");
    assert!(opens(400.0, 40), "held");
    assert!(!opens(400.0, 40), "not for ever");
    assert!(!opens(990.0, 1_000), "between the two it stays closed");
}

#[test]
fn the_seeds_threshold_applies_after_the_gain() {
    let quiet = |peak: f32| vec![peak / 32_768.0; 4_000];
    for (input, audible) in [(165.0, false), (168.0, true)] {
        let heard = through(RATE, &ChainConfig::default(), &quiet(input));
        let expect = if audible { input * 1.2 / 32_768.0 } else { 0.0 };
        assert!((heard[3_999] - expect).abs() < 1e-7, "{input}: {}", heard[3_999]);
    }
}

#[test]
fn meters_show_levels_and_start_anew() {
    let config = ChainConfig {
        limiter: LimiterConfig { ceiling_dbfs: -12.0, ..LimiterConfig::default() },
        gain: GainConfig { factor: 2.0, ..GainConfig::default() },
        ..ChainConfig::default()
    };
    let mut chain = Chain::new(RATE, &config);
    chain.process(&mut sine(1_003.0, 0.5, 8_000));
    let meters = chain.meters();
    let near = |value: f32, expect: f32| assert!((value - expect).abs() < 0.1, "{value} instead of {expect}");
    near(meters.input_peak_dbfs, -6.02);
    near(meters.input_rms_dbfs, -9.03);
    near(meters.gate_gain_db, 0.0);
    near(meters.limiter_reduction_db, 12.0);
    near(meters.output_peak_dbfs, -12.0);
    assert!(meters.gate_open && meters.compressor_reduction_db == 0.0);
    chain.process(&mut vec![0.0; 16_000]);
    chain.meters();
    chain.process(&mut [0.0; 160]);
    let silent = chain.meters();
    for level in [silent.input_peak_dbfs, silent.input_rms_dbfs, silent.output_peak_dbfs, silent.gate_gain_db]
    {
        near(level, -120.0);
    }
    assert!(!silent.gate_open && silent.limiter_reduction_db == 0.0);
}

/// Natively and in a browser, with vector instructions and without.
#[test]
fn the_bits_are_the_same_everywhere() {
    let mut rng = Rng(99);
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for rate in [8_000, 44_100] {
        for sample in through(rate, &BUSY(), &bursts(&mut rng, 40_000)) {
            digest = (digest ^ u64::from(sample.to_bits())).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(digest, 0x5e6f_f8ab_3a2c_16be, "{digest:#x}");
}

#[test]
fn a_config_is_written_with_units_and_checked() {
    let json = serde_json::to_value(ChainConfig::default()).expect("JSON");
    assert_eq!(json["gate"]["threshold"], 200.0);
    assert!((ChainConfig::default().gate.threshold_dbfs() + 44.29).abs() < 0.01);
    for (range, _) in ChainConfig::default().values() {
        let path = format!("/{}", range.field.replace('.', "/"));
        assert!(json.pointer(&path).is_some_and(serde_json::Value::is_number), "{path}");
    }
    assert_eq!(ChainConfig::default().check(), Ok(()));
    let part: ChainConfig = serde_json::from_str(r#"{"gain": {"factor": 11}, "gate": {"attackMs": 1}}"#)
        .expect("a part of a config");
    let wrong = part.check().expect_err("two fields are out of range");
    let fields: Vec<_> = wrong.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["gain.factor", "gate.attackMs"]);
    assert_eq!(wrong[1].message, "1 is not within 16–500 ms");
    assert!(serde_json::from_str::<ChainConfig>(r#"{"gain": {"faktor": 1}}"#).is_err());
    let nan = ChainConfig { gain: GainConfig { factor: f32::NAN, bypass: false }, ..ChainConfig::default() };
    assert_eq!(nan.check().expect_err("NaN is no gain").len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cuts_change_nothing(
        seed in 1..u64::MAX,
        rate in prop::sample::select(vec![8_000, 11_025, 16_000, 48_000]),
        cuts in prop::collection::vec(0usize..400, 0..60),
    ) {
        let signal = bursts(&mut Rng(seed), 6_000);
        let whole = through(rate, &BUSY(), &signal);
        let mut pieces = signal;
        let mut chain = Chain::new(rate, &BUSY());
        let mut rest = &mut pieces[..];
        for cut in cuts {
            let (piece, after) = rest.split_at_mut(cut.min(rest.len()));
            chain.process(piece);
            rest = after;
        }
        chain.process(rest);
        prop_assert!(pieces.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn the_gate_never_opens_below_its_lower_threshold(seed in 1..u64::MAX, threshold in 10.0..30_000f32) {
        let gate = GateConfig { threshold, hysteresis_db: 3.0, ..GateConfig::default() };
        let closes = threshold / 32_768.0 * math::from_db(-3.0);
        let mut rng = Rng(seed);
        let mut heard: Vec<f32> = (0..4_000).map(|_| 0.9999 * closes * rng.sample()).collect();
        let mut chain = Chain::new(RATE, &ChainConfig { gate, ..ChainConfig::bypassed() });
        chain.process(&mut heard);
        prop_assert!(heard.iter().all(|&sample| sample == 0.0));
        prop_assert!(!chain.meters().gate_open);
    }
}
