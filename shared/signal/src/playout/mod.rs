//! From frames as they arrive to samples as the sound card asks for them.
//!
//! [`Playout`] joins the jitter buffer, the concealment and the control of speed. Its clock is the samples that were
//! pulled: frames are stamped with [`Playout::now`] when they come in, so that whatever holds them up on their way,
//! the page's own thread included, counts as delay, and the sender's clock is measured against the sound card's.

mod line;

use core::time::Duration;

use base::time::Instant;
use line::{COMPARED_SAMPLES, Line, MAX_PIECE};

use super::{
    drift::{DriftConfig, DriftControl},
    frame::{Frame, SAMPLE_RATE},
    jitter::{Inserted, JitterBuffer, JitterCounts, Next, TargetConfig},
    plc::{Concealer, UNIT},
};

/// A sample's time in microseconds.
const SAMPLE_MICROS: f64 = 1e6 / SAMPLE_RATE as f64;
/// Distance from the target above which whole pieces are cut or repeated: more than speed makes good in 5 s.
const SPLICE_FROM_MS: f64 = 20.0;
/// Distance from the target below which speed alone corrects the delay.
const SPLICE_TO_MS: f64 = 5.0;
/// Excess above which less similar pieces are cut, one after the other.
const HURRY_MS: f64 = 100.0;
/// Excess above which any piece is cut.
const RUSH_MS: f64 = 200.0;
/// Least similarity of the two sides of a splice; WebRTC's choice.
const MIN_LIKENESS: f32 = 0.9;
/// Least similarity while the delay is far too long.
const MIN_LIKENESS_IN_HURRY: f32 = 0.5;
/// Least number of samples between two splices: 60 ms.
const MIN_SAMPLES_BETWEEN_SPLICES: usize = 480;
/// Frames for which the delay must be off before the first splice, unless it is far off or a loss is the cause.
const FRAMES_BEFORE_SPLICE: u32 = 10;
/// The step in which a stream's beginning is waited for: 1 ms.
const WAITING: [i16; 8] = [0; 8];
/// Units of concealment after which there is silence.
const FADED_UNITS: u32 = 7;

/// Settings of the playout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlayoutConfig {
    /// Settings of the wait.
    pub target: TargetConfig,
    /// Settings of the speed control.
    pub drift: DriftConfig,
}

/// Counters and present state of a stream.
///
/// In samples of 8 kHz: `160·played + 80·concealed + silent + repeated = pulled + cut + ahead`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlayoutStats {
    /// Frames and concealment.
    pub jitter: JitterCounts,
    /// Frames in the buffer.
    pub buffered: usize,
    /// Samples taken from the buffer and not pulled yet.
    pub ahead: usize,
    /// Samples that were pulled.
    pub pulled: u64,
    /// Samples of silence before the stream began, and between what ceased and what came then.
    pub silent: u64,
    /// Samples that were left out to shorten the delay.
    pub cut: u64,
    /// Samples that were played twice to lengthen it.
    pub repeated: u64,
    /// Delay that a higher speed has removed, in milliseconds.
    pub faster_ms: f64,
    /// Delay that a lower speed has added, in milliseconds.
    pub slower_ms: f64,
    /// The delay that is aimed at, in milliseconds: from when the quickest frame would come until a frame is due.
    pub target_ms: f64,
    /// The present delay, in milliseconds; 0 while nothing plays.
    pub delay_ms: f64,
    /// Samples pulled in the time of one, at present.
    pub speed: f64,
}

/// Plays a stream. Allocates when it is made and not afterwards.
#[derive(Clone, Debug)]
pub struct Playout {
    jitter: JitterBuffer,
    concealer: Concealer,
    line: Line,
    drift: DriftControl,
    /// Microseconds since the start, by the samples that were pulled and the speed at which.
    clock: f64,
    /// Microseconds that a sample takes, and milliseconds by which that shortens the delay, at the present speed.
    tick: f64,
    gain_ms: f64,
    /// Delay removed since the speed was set, in milliseconds.
    gained_ms: f64,
    /// True when the delay is longer than aimed at.
    too_long: bool,
    /// Frames for which the delay has been off.
    off: u32,
    since_splice: usize,
    /// Losses that were inferred so far.
    inferred: u64,
    /// Units of concealment until what was heard last has faded.
    unfaded: u32,
    stats: PlayoutStats,
}

impl Playout {
    /// Samples by which what is heard lags, beside the delay that is measured: the concealment's 3.75 ms.
    pub const DELAY: usize = Concealer::DELAY;

    /// Creates the state before the first frame.
    pub fn new(config: PlayoutConfig) -> Self {
        Self {
            jitter: JitterBuffer::new(config.target),
            concealer: Concealer::new(),
            line: Line::new(),
            drift: DriftControl::new(config.drift),
            clock: 0.0,
            tick: SAMPLE_MICROS,
            gain_ms: 0.0,
            gained_ms: 0.0,
            too_long: false,
            off: 0,
            since_splice: 0,
            inferred: 0,
            unfaded: 0,
            stats: PlayoutStats::default(),
        }
    }

    /// Returns the time by the sound card, with which frames are stamped.
    pub fn now(&self) -> Instant {
        Instant::from_micros(self.clock as u64)
    }

    /// Takes a frame that arrived at `at` by [`Self::now`].
    pub fn insert(&mut self, sequence: u64, at: Instant, frame: &Frame) -> Inserted {
        self.jitter.insert(sequence, at, frame)
    }

    /// The next sample of 8 kHz, −1…1. The sound card is expected to take [`Self::speed`] of them in 125 µs.
    pub fn pull(&mut self) -> f32 {
        let sample = loop {
            match self.line.next() {
                Some(sample) => break sample,
                None => self.refill(),
            }
        };
        self.clock += self.tick;
        self.gained_ms += self.gain_ms;
        self.stats.pulled += 1;
        self.since_splice = self.since_splice.saturating_add(1);
        sample
    }

    /// Fills `out` with the next samples.
    pub fn fill(&mut self, out: &mut [f32]) {
        out.fill_with(|| self.pull());
    }

    /// Samples to be pulled in the time of one: what the resampler to the sound card's rate is set to.
    pub const fn speed(&self) -> f64 {
        self.drift.speed()
    }

    /// Returns the counters and the present state.
    pub fn stats(&self) -> PlayoutStats {
        PlayoutStats {
            jitter: *self.jitter.counts(),
            buffered: self.jitter.buffered(),
            ahead: self.line.ahead(),
            target_ms: self.jitter.target().as_micros() as f64 / 1e3,
            delay_ms: self.delay_ms().unwrap_or(0.0),
            speed: self.drift.speed(),
            ..self.stats
        }
    }

    /// Returns the jitter buffer.
    pub const fn jitter(&self) -> &JitterBuffer {
        &self.jitter
    }

    /// Sets the shortest wait, from the next frame on. A longer wait leaves fewer frames too late.
    pub fn set_min_wait(&mut self, min: Duration) {
        self.jitter.set_min_wait(min);
    }

    /// Discards everything that was not heard yet; the next frame begins a stream, with any number.
    pub fn flush(&mut self) {
        self.jitter.flush();
    }

    fn delay_ms(&self) -> Option<f64> {
        let micros = self.jitter.wait_micros(self.now(), self.line.ahead())?;
        Some(micros as f64 / 1e3)
    }

    fn excess_ms(&self) -> Option<f64> {
        Some(self.delay_ms()? - self.jitter.target().as_micros() as f64 / 1e3)
    }

    fn refill(&mut self) {
        if self.fetch() {
            self.adapt();
        }
        self.stats.faster_ms += self.gained_ms.max(0.0);
        self.stats.slower_ms -= self.gained_ms.min(0.0);
        self.tick = SAMPLE_MICROS / self.drift.speed();
        (self.gained_ms, self.gain_ms) = (0.0, (SAMPLE_MICROS - self.tick) / 1e3);
    }

    /// Fetches the next piece. Returns true when it is a frame.
    fn fetch(&mut self) -> bool {
        match self.jitter.take(self.now()) {
            Next::Frame(frame) => {
                let (units, _) = frame.as_chunks::<UNIT>();
                for unit in units {
                    let mut unit = *unit;
                    self.concealer.received(&mut unit);
                    self.line.push(&unit);
                }
                self.unfaded = FADED_UNITS;
                return true;
            }
            Next::Missing => self.make_up(),
            Next::Waiting => self.wait(),
        }
        false
    }

    fn make_up(&mut self) {
        self.unfaded = self.unfaded.saturating_sub(1);
        let mut unit = [0; UNIT];
        self.concealer.missing(&mut unit);
        self.line.push(&unit);
    }

    fn wait(&mut self) {
        self.drift.rest();
        self.off = 0;
        if self.unfaded > 0 {
            self.stats.silent += UNIT as u64;
            self.make_up();
        } else {
            self.stats.silent += WAITING.len() as u64;
            self.line.push(&WAITING);
        }
    }

    /// Brings the delay nearer to its target.
    fn adapt(&mut self) {
        let Some(excess) = self.excess_ms() else { return };
        self.drift.steer(excess);
        let amount = excess.abs();
        let hurry = amount > HURRY_MS;
        let inferred = self.jitter.counts().inferred;
        if self.inferred < inferred && excess < 0.0 {
            // A loss takes 20 ms off the wait; no patience will bring them back.
            (self.off, self.too_long) = (FRAMES_BEFORE_SPLICE + 1, false);
        }
        self.inferred = inferred;
        let from = if self.off > FRAMES_BEFORE_SPLICE { SPLICE_TO_MS } else { SPLICE_FROM_MS };
        let same_way = (excess > 0.0) == self.too_long;
        self.too_long = excess > 0.0;
        self.off = if amount <= from || !same_way { 0 } else { self.off.saturating_add(1) };
        if !hurry && (self.off <= FRAMES_BEFORE_SPLICE || self.since_splice < MIN_SAMPLES_BETWEEN_SPLICES) {
            return;
        }
        let least = match amount {
            ..=HURRY_MS => MIN_LIKENESS,
            ..=RUSH_MS => MIN_LIKENESS_IN_HURRY,
            _ => -1.0,
        };
        let most = (amount * f64::from(SAMPLE_RATE / 1_000)) as usize;
        let spliced = if self.too_long { self.shorten(least, most) } else { self.lengthen(least, most) };
        if spliced {
            self.since_splice = 0;
        }
    }

    fn shorten(&mut self, least_likeness: f32, most: usize) -> bool {
        if self.line.ahead() < MAX_PIECE + COMPARED_SAMPLES {
            if !self.jitter.is_ready() {
                return false;
            }
            self.fetch();
        }
        let cut = self.line.cut(least_likeness, most).unwrap_or(0);
        self.stats.cut += cut as u64;
        cut > 0
    }

    fn lengthen(&mut self, least_likeness: f32, most: usize) -> bool {
        let repeated = self.line.repeat(least_likeness, most).unwrap_or(0);
        self.stats.repeated += repeated as u64;
        repeated > 0
    }
}
