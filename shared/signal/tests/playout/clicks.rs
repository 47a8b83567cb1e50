//! Changes of speed and delay are not heard.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use core::f64::consts::TAU;

use signal::{
    frame::{FRAME_SAMPLES, SILENCE},
    playout::{Playout, PlayoutConfig, PlayoutStats},
    upsample::Upsampler,
};

use crate::network::{Arrival, Jitter, Network, QUIET};

const RATE: f64 = 48_000.0;
const QUANTUM: usize = 128;

/// Sines of these frequencies, of equal strength, together at half of full scale.
struct Tones(&'static [f64]);

impl Tones {
    fn sample(&self, at: u64) -> i16 {
        let sum: f64 = self.0.iter().map(|hz| (at as f64 * hz * TAU / 8_000.0).sin()).sum();
        (sum * 16_000.0 / self.0.len() as f64).round() as i16
    }

    /// The steepest that the tones can be from one output sample to the next.
    fn steepest(&self) -> f64 {
        let slope: f64 = self.0.iter().map(|hz| 2.0 * (hz * TAU / RATE / 2.0).sin()).sum();
        slope * 16_000.0 / 32_768.0 / self.0.len() as f64
    }
}

/// What the sound card gets, from 2 s after the first frame until the last.
fn hear(tones: &Tones, arrivals: &[Arrival]) -> (Vec<f32>, PlayoutStats) {
    let mut playout = Playout::new(PlayoutConfig::default());
    let mut upsampler = Upsampler::new(RATE);
    let mut waiting = arrivals.iter().peekable();
    let mut out = Vec::new();
    while waiting.peek().is_some() {
        let now = playout.now() - upsampler.pending();
        while let Some(arrival) = waiting.next_if(|arrival| arrival.at <= now.as_millis_f64() * 1e3) {
            let mut frame = SILENCE;
            for (index, sample) in frame.iter_mut().enumerate() {
                *sample = tones.sample(arrival.sequence * FRAME_SAMPLES as u64 + index as u64);
            }
            playout.insert(arrival.sequence, now, &frame);
        }
        let mut quantum = [0.0; QUANTUM];
        upsampler.set_speed(playout.speed());
        upsampler.fill(&mut quantum, |block| playout.fill(block));
        out.extend_from_slice(&quantum);
    }
    (out.split_off(2 * RATE as usize), playout.stats())
}

fn steepest(heard: &[f32]) -> f64 {
    heard.windows(2).map(|pair| f64::from((pair[1] - pair[0]).abs())).fold(0.0, f64::max)
}

/// Of 20 ms: the frequency of the one tone in it, and what is left without it, in dB below it.
fn fit(heard: &[f32]) -> (f64, f64) {
    let (mut product, mut energy) = (0.0, 0.0);
    for three in heard.windows(3) {
        let [a, b, c] = [0, 1, 2].map(|index| f64::from(three[index]));
        product += b * (a + c);
        energy += 2.0 * b * b;
    }
    let near = (product / energy).acos() * RATE / TAU;
    // What little is beside the tone takes that a few hundredths of a hertz away from the best.
    let candidates = (-4..=4).map(|step| near + f64::from(step) * 0.02);
    let fits = candidates.map(|hz| (hz, residue(heard, hz)));
    fits.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are nine")
}

/// What is left without the tone of this frequency that fits best, in dB below all.
fn residue(heard: &[f32], hz: f64) -> f64 {
    let angle = hz * TAU / RATE;
    let (mut ss, mut sc, mut cc, mut s, mut c, mut all) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, &sample) in heard.iter().enumerate() {
        let (sine, cosine) = (angle * index as f64).sin_cos();
        let sample = f64::from(sample);
        (ss, sc, cc) = (ss + sine * sine, sc + sine * cosine, cc + cosine * cosine);
        (s, c, all) = (s + sine * sample, c + cosine * sample, all + sample * sample);
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((s * cc - c * sc) / determinant, (c * ss - s * sc) / determinant);
    let rest = (all - a * s - b * c).max(1e-12);
    10.0 * (rest / all).log10()
}

#[test]
fn a_drifting_tone_stays_a_tone() {
    for drift_ppm in [-200.0, 200.0] {
        let trace = Network { drift_ppm, ..QUIET }.trace(1, 1_500);
        let tones = Tones(&[1_000.0]);
        let (heard, stats) = hear(&tones, &trace);
        assert_eq!((stats.cut, stats.repeated, stats.jitter.concealed()), (0, 0, 0));
        assert!(steepest(&heard) < tones.steepest() * 1.01);
        for window in heard.chunks_exact(RATE as usize / 50) {
            let (hz, rest) = fit(window);
            assert!((hz / 1_000.0 - 1.0).abs() < 0.005, "{hz} Hz");
            assert!(rest < -60.0, "{rest} dB");
        }
        let (hz, _) = fit(&heard[heard.len() - 960..]);
        assert!((hz - 1_000.0 * (1.0 - drift_ppm * 1e-6)).abs() < 0.1, "{hz} Hz for {drift_ppm} ppm");
    }
}

/// A calm network, 6 s of jitter, and calm again: the delay goes up and comes down.
fn calm_rough_calm(seed: u64, in_order: bool) -> Vec<Arrival> {
    let calm = Network { drift_ppm: 200.0, ..QUIET };
    let rough = Network { jitter: Jitter::Uniform(150.0), in_order, ..calm };
    let mut trace = calm.trace(seed, 1_200);
    trace.retain(|arrival| !(300..600).contains(&arrival.sequence));
    trace.extend(rough.trace(seed, 600).iter().filter(|arrival| arrival.sequence >= 300));
    trace.sort_by(|a, b| a.at.total_cmp(&b.at));
    trace
}

#[test]
fn no_change_of_delay_clicks() {
    let (mut cut, mut repeated) = (0, 0);
    for tones in [Tones(&[1_000.0]), Tones(&[200.0, 310.0, 470.0, 1_130.0]), Tones(&[697.0, 1_209.0])] {
        for seed in 1..=2 {
            for in_order in [false, true] {
                let (heard, stats) = hear(&tones, &calm_rough_calm(seed, in_order));
                (cut, repeated) = (cut + stats.cut, repeated + stats.repeated);
                let steep = steepest(&heard) / tones.steepest();
                assert!(steep < 1.02, "{steep} times as steep, {:?}, {seed}", tones.0);
            }
        }
    }
    assert!(cut > 0 && repeated > 0, "{cut}, {repeated}: nothing was changed");
}
