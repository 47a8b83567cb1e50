//! GSM 06.10 full rate, the decoder's half: frames of 260 bits to 160 samples, bit by bit as the recommendation has it.
//!
//! The sections named are those of GSM 06.10 (ETS 300 961); arithmetic is its 16-bit arithmetic, which saturates.

/// The bytes of a frame in files: a nibble of 13, then 260 bits, the highest of each field first.
pub(crate) const FRAME_BYTES: usize = 33;
/// The bytes of two frames in WAV files: 520 bits, the lowest of each field first.
pub(crate) const PAIR_BYTES: usize = 65;
/// The samples of a frame.
const FRAME_SAMPLES: usize = 160;
/// The samples of a quarter of a frame.
const QUARTER: usize = 40;
/// The longest lag of the long-term predictor, in samples.
const MAX_LAG: usize = 120;
/// The pulses of a quarter.
const PULSES: usize = 13;

/// Bits of the log area ratios.
const RATIO_BITS: [u32; 8] = [6, 6, 5, 5, 4, 4, 3, 3];
/// Table 4.1: B, MIC and 1/A of each log area ratio.
const RATIOS: [[i16; 3]; 8] = [
    [0, -32, 13_107],
    [0, -32, 13_107],
    [2_048, -16, 13_107],
    [-2_560, -16, 13_107],
    [94, -8, 19_223],
    [-1_792, -8, 17_476],
    [-341, -4, 31_454],
    [-1_144, -4, 29_708],
];
/// Table 4.3b: gains of the long-term predictor.
const GAINS: [i16; 4] = [3_277, 11_469, 21_299, 32_767];
/// Table 4.6: mantissas of a quarter's largest pulse.
const MANTISSAS: [i16; 8] = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];
/// 4.3.7: the filter that undoes the coder's emphasis.
const DEEMPHASIS: i16 = 28_180;

/// A quarter of a frame as it is coded.
#[derive(Clone, Copy, Default)]
struct Quarter {
    lag: i16,
    gain: usize,
    grid: usize,
    largest: i16,
    pulses: [i16; PULSES],
}

/// A frame as it is coded.
struct Frame {
    ratios: [i16; 8],
    quarters: [Quarter; 4],
}

impl Frame {
    /// Takes a frame's fields from `bits`, which returns as many bits as it is asked for.
    fn read(mut bits: impl FnMut(u32) -> i16) -> Self {
        let ratios = RATIO_BITS.map(&mut bits);
        let quarters = core::array::from_fn(|_| Quarter {
            lag: bits(7),
            gain: bits(2) as usize,
            grid: bits(2) as usize,
            largest: bits(6),
            pulses: core::array::from_fn(|_| bits(3)),
        });
        Self { ratios, quarters }
    }
}

/// Decodes frames in their order.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    /// The log area ratios of the frame before.
    ratios: [i16; 8],
    /// The residual's last samples.
    residual: [i16; MAX_LAG],
    lag: usize,
    /// The lattice filter's memory.
    lattice: [i16; 9],
    emphasis: i16,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { ratios: [0; 8], residual: [0; MAX_LAG], lag: QUARTER, lattice: [0; 9], emphasis: 0 }
    }
}

impl Decoder {
    /// Decodes a frame of a raw file.
    pub(crate) fn frame(&mut self, bytes: &[u8; FRAME_BYTES]) -> [i16; FRAME_SAMPLES] {
        let mut at = 4;
        self.decode(&Frame::read(|count| {
            let bit = |at: usize| i16::from(bytes[at / 8] >> (7 - at % 8) & 1);
            let value = (at..at + count as usize).fold(0, |value, at| value << 1 | bit(at));
            at += count as usize;
            value
        }))
    }

    /// Decodes two frames of a WAV file.
    pub(crate) fn pair(&mut self, bytes: &[u8; PAIR_BYTES]) -> [[i16; FRAME_SAMPLES]; 2] {
        let mut at = 0;
        core::array::from_fn(|_| {
            self.decode(&Frame::read(|count| {
                let bit = |at: usize| i16::from(bytes[at / 8] >> (at % 8) & 1);
                let value = (at..at + count as usize).rev().fold(0, |value, at| value << 1 | bit(at));
                at += count as usize;
                value
            }))
        })
    }

    fn decode(&mut self, frame: &Frame) -> [i16; FRAME_SAMPLES] {
        let mut samples = [0; FRAME_SAMPLES];
        let (quarters, _) = samples.as_chunks_mut();
        for (out, quarter) in quarters.iter_mut().zip(&frame.quarters) {
            self.predict_long(quarter, out);
        }
        self.filter(&decode_ratios(&frame.ratios), &mut samples);
        for sample in &mut samples {
            self.emphasis = sample.saturating_add(product(self.emphasis, DEEMPHASIS));
            // 4.3.7: to 13 bits.
            *sample = self.emphasis.saturating_add(self.emphasis) & !7;
        }
        samples
    }

    /// Adds a quarter's pulses to what the long-term predictor makes of the residual (4.3.2).
    fn predict_long(&mut self, quarter: &Quarter, out: &mut [i16; QUARTER]) {
        let mut pulses = [0; QUARTER];
        for (index, pulse) in pulses_of(quarter).into_iter().enumerate() {
            pulses[quarter.grid + 3 * index] = pulse;
        }
        if (QUARTER..=MAX_LAG).contains(&(quarter.lag as usize)) {
            self.lag = quarter.lag as usize;
        }
        for (index, out) in out.iter_mut().enumerate() {
            // Never less than a quarter back, so that all of it is there.
            let before = self.residual[MAX_LAG - self.lag + index];
            *out = pulses[index].saturating_add(product(GAINS[quarter.gain], before));
        }
        self.residual.copy_within(QUARTER.., 0);
        self.residual[MAX_LAG - QUARTER..].copy_from_slice(out);
    }

    /// The short-term synthesis filter (4.3.3 to 4.3.6), whose coefficients go over from those of the frame before.
    fn filter(&mut self, ratios: &[i16; 8], samples: &mut [i16; FRAME_SAMPLES]) {
        let before = core::mem::replace(&mut self.ratios, *ratios);
        let between = |mix: fn(i16, i16) -> i16| -> [i16; 8] {
            core::array::from_fn(|index| reflection(mix(before[index], ratios[index])))
        };
        let parts = [
            (0..13, between(|old, new| (old >> 2).saturating_add(new >> 2).saturating_add(old >> 1))),
            (13..27, between(|old, new| (old >> 1).saturating_add(new >> 1))),
            (27..40, between(|old, new| (old >> 2).saturating_add(new >> 2).saturating_add(new >> 1))),
            (40..FRAME_SAMPLES, between(|_, new| new)),
        ];
        for (range, coefficients) in parts {
            for sample in &mut samples[range] {
                for index in (0..8).rev() {
                    *sample = sample.saturating_sub(product(coefficients[index], self.lattice[index]));
                    self.lattice[index + 1] =
                        self.lattice[index].saturating_add(product(coefficients[index], *sample));
                }
                self.lattice[0] = *sample;
            }
        }
    }
}

/// Returns the log area ratios that are coded (4.2.8).
fn decode_ratios(coded: &[i16; 8]) -> [i16; 8] {
    core::array::from_fn(|index| {
        let [offset, least, inverse] = RATIOS[index];
        let value = (coded[index] + least) << 10;
        let half = product(inverse, value.saturating_sub(offset << 1));
        half.saturating_add(half)
    })
}

/// Returns the reflection coefficient of a log area ratio (4.2.9.2).
fn reflection(ratio: i16) -> i16 {
    let size = ratio.saturating_abs();
    let coefficient = match size {
        ..11_059 => size << 1,
        11_059..20_070 => size + 11_059,
        _ => (size >> 2).saturating_add(26_112),
    };
    if ratio < 0 { -coefficient } else { coefficient }
}

/// Returns the pulses of a quarter (4.2.15 and 4.2.16).
fn pulses_of(quarter: &Quarter) -> [i16; PULSES] {
    let mut exponent = if quarter.largest > 15 { (quarter.largest >> 3) - 1 } else { 0 };
    let mut mantissa = quarter.largest - (exponent << 3);
    if mantissa == 0 {
        (exponent, mantissa) = (-4, 7);
    } else {
        while mantissa <= 7 {
            mantissa = mantissa << 1 | 1;
            exponent -= 1;
        }
        mantissa -= 8;
    }
    let shift = 6 - exponent;
    let half = if shift > 0 { 1 << (shift - 1) } else { 0 };
    quarter.pulses.map(|pulse| {
        let value = ((pulse << 1) - 7) << 12;
        product(MANTISSAS[mantissa as usize], value).saturating_add(half) >> shift
    })
}

/// The rounded product of two numbers in fifteen bits behind the point.
fn product(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    product.min(i32::from(i16::MAX)) as i16
}
