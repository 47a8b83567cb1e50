//! The sound in both directions: to the ear, and to the far end.

use core::time::Duration;

use base::time::Instant;
use signal::{
    chain::ChainConfig,
    frame::{FRAME_SAMPLES, Frame, Reassembler, SAMPLE_RATE, SILENCE},
    key_tones::KeyTones,
    quality::MediaQuality,
    receive::VoiceReceiver,
    report::AudioReport,
};

use crate::{capture::Capture, clock::ArrivalClock, keys::Keys};

/// Maximum number of output samples at a time; browsers ask for 128.
pub(crate) const MAX_QUANTUM: usize = 1_024;
/// Maximum number of bytes pushed at a time: a quarter of a second, where messages of CXone's have a frame or two.
const PUSH_CAPACITY: usize = SAMPLE_RATE as usize / 2;
/// Gain of the caller's own tones at the ear: 6 dB below what the far end gets.
const SIDETONE_GAIN: f32 = 0.5;
/// The audio thread's state. Its public fields are what the processor reads and writes.
pub(crate) struct Engine {
    /// Bytes of the voice stream.
    pub(crate) pushed: [u8; PUSH_CAPACITY],
    /// Samples of the sound card's input.
    pub(crate) input: [f32; MAX_QUANTUM],
    /// Samples of the sound card's output.
    pub(crate) output: [f32; MAX_QUANTUM],
    /// The frame for the far end.
    pub(crate) upstream: Frame,
    /// The chain's settings, as numbers.
    pub(crate) settings: [f32; ChainConfig::NUMBERS],
    /// The last report.
    pub(crate) report: [f64; AudioReport::NUMBERS],
    rate: f64,
    clock: ArrivalClock,
    quality: MediaQuality,
    reassembler: Reassembler,
    receiver: VoiceReceiver,
    /// The next frame's number.
    sequence: u64,
    sidetone: Keys,
    tone: [f32; MAX_QUANTUM],
    onset: Option<usize>,
    far_end: Keys,
    capture: Capture,
    upstream_on: bool,
    upstream_peak: f32,
    /// Time since the last frame for the far end, in output samples.
    since_frame: f64,
}

impl Engine {
    pub(crate) fn new(rate: f64) -> Self {
        let settings = ChainConfig::default();
        Self {
            pushed: [0; PUSH_CAPACITY],
            input: [0.0; MAX_QUANTUM],
            output: [0.0; MAX_QUANTUM],
            upstream: SILENCE,
            settings: settings.to_numbers(),
            report: [0.0; AudioReport::NUMBERS],
            rate,
            clock: ArrivalClock::new(rate),
            quality: MediaQuality::new(),
            reassembler: Reassembler::new(),
            receiver: VoiceReceiver::new(rate, &settings),
            sequence: 0,
            sidetone: Keys::new(rate as u32),
            tone: [0.0; MAX_QUANTUM],
            onset: None,
            far_end: Keys::new(SAMPLE_RATE),
            capture: Capture::new(rate),
            upstream_on: false,
            upstream_peak: 0.0,
            since_frame: 0.0,
        }
    }

    /// Begins to count the figures of another call.
    pub(crate) fn new_call(&mut self) {
        self.quality = MediaQuality::new();
    }

    /// Begins the voice stream, or begins it again.
    pub(crate) fn open(&mut self) {
        self.reassembler.finish();
        self.quality.restart();
        self.flush();
        self.upstream_on = true;
    }

    /// Counts a message of `bytes` that came at `at_ms` by the clock of the voice stream's worker; not a number where the
    /// time is not known. The worker was silent for at most `silence_ms` since the message before. What is pushed next is part
    /// of the message.
    pub(crate) fn arrived(&mut self, bytes: usize, at_ms: f64, silence_ms: f64) {
        if at_ms.is_finite() {
            self.clock.set(Instant::from_millis_f64(at_ms));
        }
        let waits = Duration::from_secs_f64(self.receiver.delay_ms().max(0.0) / 1e3);
        let silence = Duration::try_from_secs_f64(silence_ms / 1e3).unwrap_or_default();
        self.quality.packet(self.clock.now(), bytes, waits, silence);
    }

    /// Takes the first `bytes` of [`Self::pushed`]: PCM, s16le, 8 kHz, cut anywhere.
    pub(crate) fn push(&mut self, bytes: usize) {
        let Self { pushed, reassembler, receiver, sequence, quality, clock, .. } = self;
        let now = clock.now();
        reassembler.push(&pushed[..bytes.min(PUSH_CAPACITY)], |frame| {
            receiver.insert(*sequence, frame);
            quality.frame(*sequence, now);
            *sequence += 1;
        });
    }

    /// Ends the voice stream; what is left of it is heard. Keys that wait are dropped: the page sends them again.
    pub(crate) fn close(&mut self) {
        self.upstream_on = false;
        self.far_end.drop_waiting();
    }

    pub(crate) fn set_min_wait(&mut self, ms: u32) {
        self.receiver.set_min_wait(Duration::from_millis(ms.into()));
    }

    pub(crate) fn flush(&mut self) {
        self.receiver.flush();
    }

    pub(crate) fn set_chain(&mut self) {
        self.receiver.set_chain(&ChainConfig::from_numbers(&self.settings));
    }

    pub(crate) fn process(&mut self, samples: usize) {
        let samples = samples.min(MAX_QUANTUM);
        self.capture.push(&self.input[..samples]);
        let (output, tone) = (&mut self.output[..samples], &mut self.tone[..samples]);
        self.receiver.fill(output);
        let sounds = self.sidetone.is_sounding();
        self.onset = self.sidetone.fill(tone);
        if sounds || self.onset.is_some() {
            for (sample, tone) in output.iter_mut().zip(tone) {
                *sample += *tone * SIDETONE_GAIN;
            }
        }
        for sample in output {
            *sample = sample.clamp(-1.0, 1.0);
        }
        self.since_frame += samples as f64;
        self.clock.advance(samples);
    }

    pub(crate) fn onset(&self) -> Option<usize> {
        self.onset
    }

    /// Makes [`Self::upstream`], if a frame is due. A key's tone replaces the caller's voice, which would spoil it.
    pub(crate) fn take_upstream(&mut self) -> bool {
        let frame = self.rate * FRAME_SAMPLES as f64 / f64::from(SAMPLE_RATE);
        if self.since_frame < frame {
            return false;
        }
        self.since_frame -= frame;
        let (mut tone, mut voice) = ([0.0; FRAME_SAMPLES], [0.0; FRAME_SAMPLES]);
        self.capture.take(&mut voice);
        let sounds = self.far_end.is_sounding();
        let begins = self.far_end.fill(&mut tone).is_some();
        let samples = if sounds || begins { &tone } else { &voice };
        for (to, sample) in self.upstream.iter_mut().zip(samples) {
            *to = (sample * 32_767.0).clamp(-32_768.0, 32_767.0).round_ties_even() as i16;
            self.upstream_peak = self.upstream_peak.max(sample.abs());
        }
        self.upstream_on
    }

    pub(crate) fn set_capture(&mut self, on: bool) {
        self.capture.set_on(on);
    }

    pub(crate) fn press(&mut self, code: u8) {
        self.sidetone.press(code);
        self.far_end.press(code);
    }

    /// Sets the tones of the keys that have not begun to sound.
    pub(crate) fn set_tones(&mut self, tones: KeyTones) {
        self.sidetone.set_tones(tones);
        self.far_end.set_tones(tones);
    }

    /// Presses a key at the ear alone.
    pub(crate) fn sound(&mut self, code: u8) {
        self.sidetone.press(code);
    }

    /// Sends the far end a tone of the usual length, after those that wait.
    pub(crate) fn dial(&mut self, code: u8) {
        self.far_end.press(code);
        self.far_end.release();
    }

    pub(crate) fn release(&mut self) {
        self.sidetone.release();
        self.far_end.release();
    }

    /// Writes [`Self::report`].
    pub(crate) fn make_report(&mut self) {
        let report = AudioReport {
            receiver: self.receiver.report(),
            sent_peak: f64::from(core::mem::take(&mut self.upstream_peak)),
            arrivals: self.quality.arrivals(self.clock.now()),
        };
        self.report = report.to_numbers();
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use signal::detect::decode;

    use super::*;

    /// Runs the engine for `quanta` of 128 samples. Returns the samples for the far end and those for the ear.
    fn run(engine: &mut Engine, quanta: usize) -> (Vec<i16>, Vec<f32>) {
        let (mut up, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..quanta {
            engine.process(128);
            heard.extend_from_slice(&engine.output[..128]);
            while engine.take_upstream() {
                up.extend_from_slice(&engine.upstream);
            }
        }
        (up, heard)
    }

    #[test]
    fn keys_pressed_in_a_rush_arrive_one_by_one() {
        let mut engine = Engine::new(48_000.0);
        engine.open();
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
        let bytes = (0..4_000).flat_map(|at| ((((at as f32) * 0.5).sin() * 10_000.0) as i16).to_le_bytes());
        let bytes: Vec<u8> = bytes.collect();
        // Odd pieces, as they come.
        for piece in bytes.chunks(333) {
            engine.pushed[..piece.len()].copy_from_slice(piece);
            engine.push(piece.len());
        }
        let (up, heard) = run(&mut engine, 44_100 / 256);
        let peak = heard.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        // The chain's gain is 1.2.
        assert!((0.355..0.375).contains(&peak), "{peak}");
        assert!(up.is_empty(), "nothing goes up while upstream is off");
        engine.make_report();
        assert!((engine.report[0] - 25.0).abs() < 0.5, "frames that came in");
    }

    #[test]
    fn a_key_sounds_without_being_sent_and_is_sent_without_sounding() {
        let mut engine = Engine::new(48_000.0);
        engine.open();
        engine.sound(5);
        engine.release();
        let (up, heard) = run(&mut engine, 150);
        assert!(decode(&up).is_empty() && heard.iter().any(|sample| sample.abs() > 0.1));
        for code in [1, 2, 3] {
            engine.dial(code);
        }
        let (mut up, heard) = run(&mut engine, 70);
        assert!(heard.iter().all(|sample| sample.abs() < 0.01));
        // The stream is lost during the second tone: the page sends the third again, once there is another.
        engine.close();
        run(&mut engine, 200);
        engine.open();
        up.extend(run(&mut engine, 200).0);
        let digits: String = decode(&up).iter().map(|tone| tone.digit.as_char()).collect();
        assert!(digits == "12" || digits == "1", "{digits}");
    }

    #[test]
    fn the_callers_voice_goes_up_and_a_key_replaces_it() {
        for rate in [44_100.0, 48_000.0] {
            let mut engine = Engine::new(rate);
            engine.open();
            engine.set_capture(true);
            let mut up = Vec::new();
            let mut at = 0;
            for quantum in 0..(rate / 128.0) as usize {
                for sample in &mut engine.input[..128] {
                    *sample = 0.25 * (at as f32 * core::f32::consts::TAU * 440.0 / rate as f32).sin();
                    at += 1;
                }
                if quantum == 200 {
                    engine.press(7);
                    engine.release();
                }
                engine.process(128);
                while engine.take_upstream() {
                    up.extend_from_slice(&engine.upstream);
                }
            }
            let second: Vec<i16> = up[1_600..4_000].to_vec();
            let peak = second.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(peak.is_some_and(|peak| (8_000..8_400).contains(&peak)), "{peak:?} at {rate} Hz");
            let quietest = second.windows(160).map(|part| part.iter().map(|s| s.unsigned_abs()).max());
            assert!(quietest.min().flatten() > Some(7_900), "the voice has no holes");
            let digits: String = decode(&up).iter().map(|tone| tone.digit.as_char()).collect();
            assert_eq!(digits, "7");
            engine.make_report();
            let report = AudioReport::from_numbers(&engine.report).unwrap();
            assert!(report.sent_peak > 0.24);
        }
    }

    /// A message every 20 ms by the worker's clock, every second of them 8 ms late.
    fn hear_a_second(engine: &mut Engine, from_ms: f64) {
        for number in 0..50 {
            engine.arrived(320, from_ms + f64::from(number) * 20.0 + f64::from(number % 2) * 8.0, 20.0);
            engine.push(320);
            run(engine, 7);
        }
    }

    #[test]
    fn packets_bytes_and_jitter_are_counted_as_they_arrive() {
        let mut engine = Engine::new(48_000.0);
        let figures = |engine: &mut Engine| {
            engine.make_report();
            AudioReport::from_numbers(&engine.report).unwrap().arrivals
        };
        engine.open();
        hear_a_second(&mut engine, 1_000_000.0);
        hear_a_second(&mut engine, 1_001_000.0);
        let whole = figures(&mut engine);
        assert_eq!((whole.packets, whole.bytes), (100, 32_000));
        assert!((120.0..136.0).contains(&whole.bitrate_kbps), "{}", whole.bitrate_kbps);
        assert!((7.9..8.1).contains(&whole.jitter_ms), "{}", whole.jitter_ms);
        assert!(whole.latency_ms > 0.0 && !whole.degraded);

        assert_eq!(whole.held_frames, 0);
        engine.arrived(640, 1_002_000.0, 90.0);
        assert_eq!(figures(&mut engine).held_frames, 2, "the worker had not run");

        // Time goes on where nothing comes.
        run(&mut engine, 48_000 * 2 / 128);
        let after = figures(&mut engine);
        assert!(after.degraded && after.bitrate_kbps < 1.0, "{}", after.bitrate_kbps);

        // The same call goes on: the pause is no jitter. Another call's figures begin at nothing.
        engine.open();
        hear_a_second(&mut engine, 1_060_000.0);
        let jitter = figures(&mut engine).jitter_ms;
        assert!((7.9..8.1).contains(&jitter), "{jitter}");
        engine.new_call();
        assert_eq!(figures(&mut engine), signal::quality::Arrivals::default());
    }
}
