//! Whatever the phase, the alignment and the blocks, the decisions are the same.

use base::digit::Digit;
use proptest::prelude::*;
use signal::{
    detect::{Detection, DetectorConfig, DtmfDetector},
    level::{FULL_SCALE, sine_dbm0, sine_peak},
    tone::{ToneConfig, ToneGenerator, synthesize},
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    hear,
    q24::one,
    signals::{Line, Rng, Sent, ms},
};

fn digit() -> impl Strategy<Value = Digit> {
    (0..16_u8).prop_map(|code| Digit::from_code(code).expect("below 16"))
}

fn heard_in_blocks(pcm: &[i16], lengths: &[usize]) -> Vec<Detection> {
    let mut detections = Vec::new();
    let mut receiver = DtmfDetector::new(DetectorConfig::default());
    let mut rest = pcm;
    for &length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, later) = rest.split_at(length.min(rest.len()));
        receiver.process(block, |detection| detections.push(detection));
        rest = later;
    }
    receiver.flush(|detection| detections.push(detection));
    detections
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_digit_is_heard_at_any_phase_and_alignment(digit in digit(), seed: u64, length in 40.0..120.0) {
        let mut rng = Rng(seed);
        let sent = Sent::new(&mut rng, digit, -10.0);
        let trial = one(&mut rng, &sent, length);
        let (starts, tones) = hear(&trial.pcm);
        prop_assert_eq!(starts.len(), 1);
        prop_assert_eq!(starts[0].0, digit);
        prop_assert_eq!(tones.len(), 1);
    }

    #[test]
    fn blocks_make_no_difference(
        digits in prop::collection::vec(digit(), 1..6),
        seed: u64,
        lengths in prop::collection::vec(1..700_usize, 1..8),
    ) {
        let mut rng = Rng(seed);
        let mut line = Line::silent(ms(40.0 + 100.0 * digits.len() as f64));
        for (n, &digit) in digits.iter().enumerate() {
            let sent = Sent::new(&mut rng, digit, -12.0);
            let from = ms(20.0 + 100.0 * n as f64 + rng.within(0.0, 10.0));
            line.digit(&sent, from, from + ms(50.0));
        }
        line.noise(&mut rng, -40.0);
        let pcm = line.pcm();
        let whole = heard_in_blocks(&pcm, &[pcm.len()]);
        prop_assert_eq!(whole.len(), 2 * digits.len());
        prop_assert_eq!(heard_in_blocks(&pcm, &lengths), whole);
    }

    #[test]
    fn any_samples_are_survived(pcm in prop::collection::vec(any::<i16>(), 0..3_000)) {
        let (starts, tones) = hear(&pcm);
        prop_assert_eq!(starts.len(), tones.len());
    }

    #[test]
    fn synthesised_digits_come_back(digits in prop::collection::vec(digit(), 0..8)) {
        let pcm = synthesize(digits.iter().copied(), &ToneConfig::default(), 8_000);
        let heard: Vec<Digit> = hear(&pcm).0.into_iter().map(|(digit, _)| digit).collect();
        prop_assert_eq!(heard, digits);
    }

    #[test]
    fn tones_have_their_frequency_and_level(digit in digit(), rate in prop::sample::select(vec![8_000_u32, 44_100, 48_000]), low in -30.0..-4.0_f32, high in -30.0..-6.0_f32) {
        let config = ToneConfig { low_dbm0: low, high_dbm0: high, ..ToneConfig::default() };
        let mut tone = ToneGenerator::new(digit, &config, rate);
        let mut pcm = vec![0.0_f32; rate as usize * 4];
        tone.fill(&mut pcm);
        let (low_hz, high_hz) = digit.frequencies();
        for (hz, dbm0) in [(low_hz, low), (high_hz, high)] {
            let second = rate as usize;
            let [early, late] = [second / 2, second * 5 / 2].map(|from| phasor(&pcm[from..from + second], hz, rate));
            let peak = early.0.hypot(early.1) * FULL_SCALE;
            prop_assert!((sine_dbm0(peak) - f64::from(dbm0)).abs() < 0.05);
            let turned = late.1.atan2(late.0) - early.1.atan2(early.0);
            let nominal = std::f64::consts::TAU * hz * (second * 2) as f64 / f64::from(rate);
            let off = (turned - nominal).rem_euclid(std::f64::consts::TAU);
            let off_hz = off.min(std::f64::consts::TAU - off) / (2.0 * std::f64::consts::TAU);
            prop_assert!(off_hz / hz < 1e-5, "{hz} Hz is off by {off_hz} Hz");
        }
    }

    #[test]
    fn edges_do_not_click(digit in digit(), held in 0..2_000_usize) {
        let config = ToneConfig::default();
        let mut tone = ToneGenerator::new(digit, &config, 8_000);
        let mut pcm = vec![0.0_f32; 4_000];
        tone.fill(&mut pcm[800..800 + held]);
        tone.release();
        tone.fill(&mut pcm[800 + held..]);
        // A step would be a peak of 0.6 in one sample; a sine of the tones' peaks moves less in one.
        let peaks = [config.low_dbm0, config.high_dbm0].map(|dbm0| (sine_peak(dbm0.into()) / FULL_SCALE) as f32);
        let (low, high) = digit.frequencies();
        let steepest = std::f32::consts::TAU * (peaks[0] * low as f32 + peaks[1] * high as f32) / 8_000.0;
        let first = pcm.iter().position(|&sample| sample != 0.0).expect("it sounds");
        prop_assert!(pcm[first].abs() < 0.02, "begins at {}", pcm[first]);
        let last = pcm.iter().rposition(|&sample| sample != 0.0).expect("it sounds");
        prop_assert!(pcm[last].abs() < 0.02, "ends at {}", pcm[last]);
        for pair in pcm.windows(2) {
            prop_assert!((pair[1] - pair[0]).abs() < 1.05 * steepest);
        }
    }
}

/// The peak phasor of `hz` in `pcm`, through a Hann window.
fn phasor(pcm: &[f32], hz: f64, rate: u32) -> (f64, f64) {
    let length = pcm.len() as f64;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in pcm.iter().enumerate() {
        let n = n as f64;
        let window = 0.5 - 0.5 * (std::f64::consts::TAU * (n + 0.5) / length).cos();
        let (sin, cos) = (std::f64::consts::TAU * hz * n / f64::from(rate)).sin_cos();
        re += f64::from(sample) * window * cos;
        im -= f64::from(sample) * window * sin;
    }
    (re * 4.0 / length, im * 4.0 / length)
}
