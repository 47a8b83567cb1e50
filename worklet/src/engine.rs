//! What is heard, and what goes to the far end.

use shared::audio::{
    frame::{FRAME_SAMPLES, Frame, SAMPLE_RATE, SILENCE},
    upsample::Upsampler,
};

use crate::{keys::Keys, playout::Playout};

/// The most output samples at a time; browsers ask for 128.
const MAX_QUANTUM: usize = 1_024;
/// The most samples pushed at a time: a second.
const PUSH_CAPACITY: usize = SAMPLE_RATE as usize;
/// The caller's own tones are heard 6 dB below what the far end gets.
const SIDETONE_GAIN: f32 = 0.5;

/// The audio thread's state.
pub(crate) struct Engine {
    rate: f64,
    push_buffer: Vec<i16>,
    playout: Playout,
    upsampler: Upsampler,
    sidetone: Keys,
    output: [f32; MAX_QUANTUM],
    tone: [f32; MAX_QUANTUM],
    onset: Option<usize>,
    far_end: Keys,
    upstream: Frame,
    upstream_on: bool,
    /// Time since the last frame for the far end, in output samples.
    since_frame: f64,
}

impl Engine {
    pub(crate) fn new(rate: f64) -> Self {
        Self {
            rate,
            push_buffer: vec![0; PUSH_CAPACITY],
            playout: Playout::new(),
            upsampler: Upsampler::new(rate),
            sidetone: Keys::new(rate as u32),
            output: [0.0; MAX_QUANTUM],
            tone: [0.0; MAX_QUANTUM],
            onset: None,
            far_end: Keys::new(SAMPLE_RATE),
            upstream: SILENCE,
            upstream_on: false,
            since_frame: 0.0,
        }
    }

    pub(crate) fn push_buffer(&self) -> &[i16] {
        &self.push_buffer
    }

    pub(crate) fn push(&mut self, samples: usize) {
        let samples = samples.min(self.push_buffer.len());
        self.playout.push(&self.push_buffer[..samples]);
    }

    pub(crate) fn output(&self) -> &[f32] {
        &self.output
    }

    pub(crate) fn process(&mut self, samples: usize) {
        let samples = samples.min(MAX_QUANTUM);
        let (output, tone) = (&mut self.output[..samples], &mut self.tone[..samples]);
        self.upsampler.fill(output, || self.playout.next());
        self.onset = self.sidetone.fill(tone);
        for (sample, tone) in output.iter_mut().zip(tone) {
            *sample = (*sample + *tone * SIDETONE_GAIN).clamp(-1.0, 1.0);
        }
        self.since_frame += samples as f64;
    }

    pub(crate) fn onset(&self) -> Option<usize> {
        self.onset
    }

    pub(crate) fn upstream(&self) -> &[i16] {
        &self.upstream
    }

    pub(crate) fn take_upstream(&mut self) -> bool {
        let frame = self.rate * FRAME_SAMPLES as f64 / f64::from(SAMPLE_RATE);
        if self.since_frame < frame {
            return false;
        }
        self.since_frame -= frame;
        let mut samples = [0.0; FRAME_SAMPLES];
        self.far_end.fill(&mut samples);
        for (to, sample) in self.upstream.iter_mut().zip(samples) {
            *to = (sample * 32_767.0).round() as i16;
        }
        self.upstream_on
    }

    pub(crate) fn set_upstream(&mut self, on: bool) {
        self.upstream_on = on;
    }

    pub(crate) fn press(&mut self, code: u8) {
        self.sidetone.press(code);
        self.far_end.press(code);
    }

    pub(crate) fn release(&mut self) {
        self.sidetone.release();
        self.far_end.release();
    }

    pub(crate) fn flush(&mut self) {
        self.playout.flush();
    }

    pub(crate) fn buffered(&self) -> usize {
        self.playout.buffered()
    }

    pub(crate) fn underruns(&self) -> u32 {
        self.playout.underruns()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use shared::dtmf::detect::decode;

    use super::*;

    /// Runs the engine for `quanta` of 128 samples; what the far end gets and what is heard.
    fn run(engine: &mut Engine, quanta: usize) -> (Vec<i16>, Vec<f32>) {
        let (mut up, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..quanta {
            engine.process(128);
            heard.extend_from_slice(&engine.output()[..128]);
            while engine.take_upstream() {
                up.extend_from_slice(engine.upstream());
            }
        }
        (up, heard)
    }

    #[test]
    fn keys_pressed_in_a_rush_arrive_one_by_one() {
        let mut engine = Engine::new(48_000.0);
        engine.set_upstream(true);
        for code in [2, 2, 11, 0] {
            engine.press(code);
            engine.release();
        }
        let (up, heard) = run(&mut engine, 48_000 / 128);
        let digits: String = decode(&up).iter().map(|tone| tone.digit.as_char()).collect();
        assert_eq!(digits, "22#0");
        assert_eq!(up.len(), 8_000);
        assert!(heard.iter().any(|&sample| sample.abs() > 0.05));
    }

    #[test]
    fn what_is_pushed_is_heard_at_its_level() {
        let mut engine = Engine::new(44_100.0);
        for sample in 0..4_000 {
            engine.push_buffer[sample] = (((sample as f32) * 0.5).sin() * 10_000.0) as i16;
        }
        engine.push(4_000);
        let (up, heard) = run(&mut engine, 44_100 / 256);
        let peak = heard.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        assert!((0.29..0.32).contains(&peak), "{peak}");
        assert!(up.is_empty(), "nothing goes up while upstream is off");
    }
}
