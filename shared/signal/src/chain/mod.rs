//! The processing chain of a prompt: gain, noise gate, compressor and limiter, in this order.
//!
//! Samples are f32, −1…1: 16-bit PCM divided by 32,768. Within, everything is done in whole blocks of 2 ms, aligned to the
//! stream; so the result does not depend on how the caller cuts the stream. Nothing is allocated, and the bits are
//! the same natively and in wasm.

mod config;

use serde::{Deserialize, Serialize};
use wide::f32x8;

pub use config::ChainConfig;

use super::{
    compressor::Compressor,
    gain::{Gain, Grid, LANES, MAX_PAIRS, PAIR, Pair, SILENT, highest, peaks},
    gate::Gate,
    limiter::{LOOK_AHEAD, Limiter},
    math,
};

/// Samples are held within ± this, 96 dB above full scale, and what is no number is silence.
const MAX_AMPLITUDE: f32 = 65_536.0;
/// Largest sum of squares of a lane at which no sample can exceed [`MAX_AMPLITUDE`].
const MAX_AMPLITUDE_SQUARED: f32x8 = f32x8::splat(MAX_AMPLITUDE * MAX_AMPLITUDE);

/// Levels and gain reductions since the meters were last read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meters {
    /// The input's highest peak, in dBFS; −120 for silence.
    pub input_peak_dbfs: f32,
    /// The input's root mean square, in dB below that of a full-scale square wave; −120 for silence.
    pub input_rms_dbfs: f32,
    /// The gate's gain now, in dB; −120 while it is silent.
    pub gate_gain_db: f32,
    /// True while the gate is open or held open.
    pub gate_open: bool,
    /// The compressor's largest gain reduction, in dB, make-up aside.
    pub compressor_reduction_db: f32,
    /// The limiter's largest gain reduction, in dB.
    pub limiter_reduction_db: f32,
    /// The output's highest peak, in dBFS; −120 for silence.
    pub output_peak_dbfs: f32,
}

/// Gain, gate, compressor and limiter.
#[derive(Clone, Debug)]
pub struct Chain {
    grid: Grid,
    /// The block that is being gathered, up to `filled`, and from there on what the last one became.
    samples: [Pair; MAX_PAIRS],
    filled: usize,
    gain: Gain,
    gate: Gate,
    compressor: Compressor,
    limiter: Limiter,
    levels: Levels,
}

impl Chain {
    /// For a stream of `rate` Hz, 8,000–48,000; what is outside is taken as the nearer of the two. Likewise every setting
    /// that is out of its range: see [`ChainConfig::check`].
    pub fn new(rate: u32, config: &ChainConfig) -> Self {
        let grid = Grid::new(rate);
        Self {
            samples: [SILENT; MAX_PAIRS],
            filled: 0,
            gain: Gain::new(config.gain.effective()),
            gate: Gate::new(&config.gate, &grid),
            compressor: Compressor::new(&config.compressor, &grid),
            limiter: Limiter::new(&config.limiter, &grid),
            levels: Levels::default(),
            grid,
        }
    }

    /// Applies new settings from the next block on. No change is heard as a click, however often settings change.
    pub fn set(&mut self, config: &ChainConfig) {
        self.gain.set(config.gain.effective());
        self.gate.set(&config.gate, &self.grid);
        self.compressor.set(&config.compressor, &self.grid);
        self.limiter.set(&config.limiter, &self.grid);
    }

    /// Returns the delay in samples, whatever is bypassed: 48 at 8 kHz, 6 ms.
    pub const fn latency(&self) -> usize {
        self.grid.pairs() * PAIR * (1 + LOOK_AHEAD)
    }

    /// Replaces `samples`, any number of them, by the chain's output.
    pub fn process(&mut self, samples: &mut [f32]) {
        let length = self.grid.pairs() * PAIR;
        let mut rest = samples;
        while !rest.is_empty() {
            let count = rest.len().min(length - self.filled);
            let (now, later) = rest.split_at_mut(count);
            self.exchange(now);
            self.filled += count;
            if self.filled == length {
                self.filled = 0;
                self.block();
            }
            rest = later;
        }
    }

    /// Reads the meters, and starts them anew.
    pub fn meters(&mut self) -> Meters {
        let mut levels = core::mem::take(&mut self.levels);
        Meters {
            input_peak_dbfs: math::to_db(highest(levels.input_peaks)),
            input_rms_dbfs: math::to_db(levels.mean_square().sqrt() as f32),
            gate_gain_db: math::to_db(self.gate.gain()),
            gate_open: self.gate.is_open(),
            compressor_reduction_db: self.compressor.take_reduction(),
            limiter_reduction_db: self.limiter.take_reduction(),
            output_peak_dbfs: math::to_db(highest(levels.output_peaks)),
        }
    }

    /// Takes the next samples of a block for those that have waited in their place.
    #[inline]
    fn exchange(&mut self, samples: &mut [f32]) {
        let vectors = self.samples.as_flattened_mut();
        let (chunks, rest) = samples.as_chunks_mut::<LANES>();
        if self.filled == 0 && rest.is_empty() {
            for (vector, chunk) in vectors.iter_mut().zip(chunks) {
                let new = f32x8::new(*chunk);
                *chunk = core::mem::replace(vector, new).to_array();
            }
            return;
        }
        let lanes = vectors.iter_mut().flat_map(f32x8::as_mut_array);
        for (sample, lane) in samples.iter_mut().zip(lanes.skip(self.filled)) {
            core::mem::swap(sample, lane);
        }
    }

    #[inline]
    fn block(&mut self) {
        let Some(block) = self.samples.get_mut(..self.grid.pairs()) else { return };
        self.levels.input(block);
        self.gain.process(&self.grid, block);
        self.gate.process(&self.grid, block);
        self.compressor.process(&self.grid, block);
        self.limiter.process(&self.grid, block);
        self.levels.output(block);
    }
}

/// Sums and peaks behind the meters, lane by lane.
#[derive(Clone, Debug, Default)]
struct Levels {
    input_peaks: f32x8,
    output_peaks: f32x8,
    /// The sum of the squares of the samples that came since it was last added to `energy`.
    squares: f32x8,
    pending: u32,
    energy: f64,
    count: u64,
}

/// Pairs whose squares are summed up in single precision.
const PENDING_PAIRS: u32 = 256;

impl Levels {
    #[inline]
    fn input(&mut self, block: &mut [Pair]) {
        let mut squares = squares(block);
        if !squares.simd_lt(MAX_AMPLITUDE_SQUARED).all() {
            tame(block);
            squares = self::squares(block);
        }
        self.input_peaks = self.input_peaks.fast_max(peaks(block));
        self.squares += squares;
        self.pending += block.len() as u32;
        if self.pending >= PENDING_PAIRS {
            self.carry();
        }
    }

    #[inline]
    fn output(&mut self, block: &[Pair]) {
        self.output_peaks = self.output_peaks.fast_max(peaks(block));
    }

    #[inline(never)]
    fn carry(&mut self) {
        let lanes = core::mem::take(&mut self.squares).to_array();
        self.energy += lanes.iter().fold(0.0, |sum, &lane| sum + f64::from(lane));
        self.count += u64::from(core::mem::take(&mut self.pending)) * PAIR as u64;
    }

    fn mean_square(&mut self) -> f64 {
        self.carry();
        if self.count == 0 { 0.0 } else { self.energy / self.count as f64 }
    }
}

#[inline]
fn squares(block: &[Pair]) -> f32x8 {
    block.iter().fold(f32x8::ZERO, |sum, &[a, b]| sum + (a * a + b * b))
}

#[cold]
#[inline(never)]
fn tame(block: &mut [Pair]) {
    for vector in block.as_flattened_mut() {
        *vector = f32x8::new(vector.to_array().map(|sample| match sample {
            sample if sample.is_nan() => 0.0,
            sample if sample > MAX_AMPLITUDE => MAX_AMPLITUDE,
            sample if sample < -MAX_AMPLITUDE => -MAX_AMPLITUDE,
            sample => sample,
        }));
    }
}
