//! Levels in dBm0 against 16-bit linear PCM.
//!
//! ITU-T G.711 fixes the scale: a sine that just fills the A-law code has a level of +3.14 dBm0. Here a sine of
//! peak [`FULL_SCALE`] has that level, everywhere.

/// The peak of the loudest sine in 16-bit linear PCM.
pub const FULL_SCALE: f64 = 32_768.0;

/// ITU-T G.711, A-law: the level of a sine of peak [`FULL_SCALE`], in dBm0.
#[expect(clippy::approx_constant, reason = "decibels, and no approximation of pi")]
pub const FULL_SCALE_DBM0: f64 = 3.14;

/// The peak of a sine of level `dbm0`, in steps of 16-bit PCM.
pub fn sine_peak(dbm0: f64) -> f64 {
    FULL_SCALE * 10_f64.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)
}

/// The level in dBm0 of a sine of peak `peak`; minus infinity for silence.
pub fn sine_dbm0(peak: f64) -> f64 {
    20.0 * (peak / FULL_SCALE).log10() + FULL_SCALE_DBM0
}

/// The level in dBm0 of any signal with the mean square `power`, in squared steps of 16-bit PCM.
pub fn power_dbm0(power: f64) -> f64 {
    10.0 * (2.0 * power / (FULL_SCALE * FULL_SCALE)).log10() + FULL_SCALE_DBM0
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_digital_milliwatt_is_3_14_db_below_a_full_sine() {
        assert!((sine_peak(FULL_SCALE_DBM0) - FULL_SCALE).abs() < 1e-9);
        assert!((sine_peak(0.0) / FULL_SCALE - 0.6966).abs() < 1e-4);
        for level in [-60.0, -25.0, 0.0, 3.0] {
            let peak = sine_peak(level);
            assert!((sine_dbm0(peak) - level).abs() < 1e-9);
            assert!((power_dbm0(peak * peak / 2.0) - level).abs() < 1e-9);
        }
        assert!(sine_dbm0(0.0).is_infinite());
    }
}
