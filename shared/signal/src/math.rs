//! Logarithms and powers of two with the same bits on every target.
//!
//! The standard library's come from the platform's C library, or from another one in wasm. These are made of
//! + − × ÷ alone, which IEEE 754 rounds the same way everywhere.

/// 20·log₁₀ 2: the decibels of a doubled amplitude.
const DB_PER_DOUBLING: f32 = 6.020_6;
const DOUBLINGS_PER_DB: f32 = 1.0 / DB_PER_DOUBLING;
/// log₂ e.
const LOG2_E: f32 = core::f32::consts::LOG2_E;
/// The bits of √½: mantissas are taken from √½ to √2, symmetric around 1.
const SQRT_HALF: u32 = 0x3f35_04f3;
/// 1.5 · 2²³: what is added to it loses its fraction.
const ROUNDER: f32 = 12_582_912.0;

/// Level that stands for silence, in dBFS: far below the −96 dBFS of 16 bits, and a number, which infinity is not in
/// JSON.
pub const SILENCE_DBFS: f32 = -120.0;

/// The logarithm to base 2, to 2·10⁻⁷ of its value plus as much; −126 for what is too small, zero and below included.
#[inline]
pub fn log2(x: f32) -> f32 {
    let bits = if x > f32::MIN_POSITIVE { x.to_bits() } else { f32::MIN_POSITIVE.to_bits() };
    let exponent = bits.wrapping_sub(SQRT_HALF).cast_signed() >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub((exponent << 23).cast_unsigned()));
    // The series of 2·artanh(s)/ln 2, |s| < 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let low = 2.885_39 + square * 0.961_796_7;
    let high = 0.577_078 + square * 0.412_198_6;
    let series = low + square * square * high;
    exponent as f32 + s * series
}

/// Two to the power of `x`, to 3·10⁻⁷ of its value; `x` is held within −126…127.
#[inline]
pub fn exp2(x: f32) -> f32 {
    let x = if x > -126.0 { x } else { -126.0 };
    let x = if x < 127.0 { x } else { 127.0 };
    let shifted = x + ROUNDER;
    let whole = shifted - ROUNDER;
    let part = (x - whole) * core::f32::consts::LN_2;
    // The series of e^part, |part| < 0.347, in pairs: they do not wait for each other.
    let square = part * part;
    let low = (1.0 + part) + square * (0.5 + part * (1.0 / 6.0));
    let high = (1.0 / 24.0 + part * (1.0 / 120.0)) + square * (1.0 / 720.0 + part * (1.0 / 5_040.0));
    let power = low + square * square * high;
    // The whole part is the lowest bits of `shifted`.
    power * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// An amplitude in dB against 1; [`SILENCE_DBFS`] for that and less.
#[inline]
pub fn to_db(amplitude: f32) -> f32 {
    let db = DB_PER_DOUBLING * log2(amplitude);
    if db > SILENCE_DBFS { db } else { SILENCE_DBFS }
}

/// The amplitude that lies `db` above 1.
#[inline]
pub fn from_db(db: f32) -> f32 {
    exp2(db * DOUBLINGS_PER_DB)
}

/// Returns the share that is left after `tick_ms` of a decay with the time constant `time_ms`: e^(−tick/time).
pub fn decay(tick_ms: f32, time_ms: f32) -> f32 {
    exp2(-LOG2_E * tick_ms / time_ms)
}

/// The sine of a phase in turns, 2⁶⁴ to a turn; to 10⁻¹³.
#[inline]
pub fn sine(phase: u64) -> f64 {
    /// Radians in 2⁻⁶⁴ of a turn.
    const RADIANS: f64 = core::f64::consts::TAU / 18_446_744_073_709_551_616.0;
    let quarter = phase.wrapping_add(1 << 61) >> 62;
    let angle = phase.wrapping_sub(quarter << 62).cast_signed() as f64 * RADIANS;
    // The series of sine and cosine, |angle| ≤ π/4.
    let square = angle * angle;
    let value = if quarter & 1 == 0 {
        let high = 1.0 / 362_880.0 + square * (-1.0 / 39_916_800.0 + square * (1.0 / 6_227_020_800.0));
        let low = -1.0 / 6.0 + square * (1.0 / 120.0 + square * (-1.0 / 5_040.0 + square * high));
        angle + angle * square * low
    } else {
        let highest = 1.0 / 479_001_600.0 + square * (-1.0 / 87_178_291_200.0);
        let high = 1.0 / 40_320.0 + square * (-1.0 / 3_628_800.0 + square * highest);
        let low = -0.5 + square * (1.0 / 24.0 + square * (-1.0 / 720.0 + square * high));
        1.0 + square * low
    };
    if quarter & 2 == 0 { value } else { -value }
}

/// The cosine of a phase in turns, 2⁶⁴ to a turn; to 10⁻¹³.
#[inline]
pub fn cosine(phase: u64) -> f64 {
    sine(phase.wrapping_add(1 << 62))
}

/// The phase of so many turns; only their fraction matters.
#[inline]
pub fn phase(turns: f64) -> u64 {
    /// 2⁶³, half a turn.
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    let nearest = (turns + 0.5).floor();
    (((turns - nearest) * 2.0 * HALF) as i64).cast_unsigned()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// 4,000 values, 1.5 % apart, over 26 decades.
    fn amplitudes() -> impl Iterator<Item = f32> {
        (0..4_000).map(|step| 1e-13 * 1.015_f64.powi(step) as f32)
    }

    #[test]
    fn logarithms_and_powers_are_right() {
        for x in amplitudes() {
            let exact = f64::from(x).log2();
            let error = (f64::from(log2(x)) - exact).abs();
            assert!(error <= 2e-7 * exact.abs() + 2e-7, "log2({x}) is {error} off");
        }
        for step in -12_600..12_700 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp2();
            let error = (f64::from(exp2(x)) / exact - 1.0).abs();
            assert!(error <= 3e-7, "exp2({x}) is {error} of its value off");
        }
    }

    #[test]
    fn decibels_come_back() {
        assert_eq!((from_db(0.0).to_bits(), to_db(1.0).to_bits()), (1_f32.to_bits(), 0));
        for db in [-96.3, -60.0, -6.0206, 0.1, 24.0] {
            assert!((to_db(from_db(db)) - db).abs() < 1e-4, "{db}");
        }
        for nothing in [0.0, -1.0, f32::NAN, 1e-30] {
            assert_eq!(to_db(nothing).to_bits(), SILENCE_DBFS.to_bits());
        }
        assert!((decay(1.0, 10.0) - (-0.1_f32).exp()).abs() < 1e-6);
    }

    /// Natively and in a browser.
    #[test]
    fn the_bits_are_the_same_everywhere() {
        let digest = amplitudes().fold(0xcbf2_9ce4_8422_2325_u64, |digest, x| {
            let digest = (digest ^ u64::from(log2(x).to_bits())).wrapping_mul(0x0100_0000_01b3);
            (digest ^ u64::from(exp2(log2(x) / 3.0).to_bits())).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(digest, 0x101b_fac9_7425_1173, "{digest:#x}");
    }

    #[test]
    fn sines_are_exact_over_the_turn_and_at_its_quarters() {
        for step in 0..4_096u64 {
            let turns = step as f64 / 4_096.0;
            let exact = (core::f64::consts::TAU * turns).sin();
            assert!((sine(step << 52) - exact).abs() < 1e-13, "{step}");
            assert!((cosine(step << 52) - (core::f64::consts::TAU * turns).cos()).abs() < 1e-13, "{step}");
            assert_eq!(phase(turns + 3.0), step << 52);
            assert_eq!(phase(turns - 2.0), step << 52);
        }
        assert_eq!((sine(0), sine(1 << 62), cosine(1 << 63)), (0.0, 1.0, -1.0));
    }
}
