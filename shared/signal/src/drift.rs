//! The difference between the sender's clock and the sound card's, and small changes of delay: absorbed by playing a
//! little faster or slower.

/// The share of a change of speed that is made each time, so that pitch glides: with a frame at a time, a third of a
/// second.
const GLIDE: f64 = 1.0 / 16.0;

/// Settings of the speed control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftConfig {
    /// Largest change of speed: 0.4 %. Tones must stay within 0.5 % of their frequency.
    pub most: f64,
    /// The time in which an error of the delay would be made good, in milliseconds: 5 s. A drift of 200 ppm then
    /// holds the delay 1 ms off its target.
    pub time_ms: f64,
}

impl Default for DriftConfig {
    fn default() -> Self {
        Self { most: 0.004, time_ms: 5_000.0 }
    }
}

/// Steers the speed of playing by how far the delay is off its target.
#[derive(Clone, Copy, Debug)]
pub struct DriftControl {
    config: DriftConfig,
    speed: f64,
}

impl DriftControl {
    /// Creates a control that plays at the sender's speed.
    pub const fn new(config: DriftConfig) -> Self {
        Self { config, speed: 1.0 }
    }

    /// Takes how much longer than aimed at frames wait, in milliseconds; once a frame.
    pub fn steer(&mut self, excess_ms: f64) {
        let wanted = 1.0 + (excess_ms / self.config.time_ms).max(-self.config.most).min(self.config.most);
        self.speed += (wanted - self.speed) * GLIDE;
    }

    /// Returns to the sender's speed, because no delay is known.
    pub const fn rest(&mut self) {
        self.speed = 1.0;
    }

    /// Returns the speed: samples to be played in the time of one.
    pub const fn speed(&self) -> f64 {
        self.speed
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// A sender whose clock is off fills or drains what is buffered; each frame the speed answers.
    #[test]
    fn a_drift_is_met_and_the_delay_settles_near_its_target() {
        for ppm in [-1_000.0, -200.0, 200.0, 1_000.0] {
            let mut control = DriftControl::new(DriftConfig::default());
            let mut excess_ms = 30.0;
            let mut lowest = excess_ms;
            for _ in 0..3_000 {
                control.steer(excess_ms);
                assert!((control.speed() - 1.0).abs() <= 0.004);
                excess_ms -= 20.0 * (control.speed() - 1.0 + ppm * 1e-6);
                lowest = f64::min(lowest, excess_ms);
            }
            let offset = -ppm * 1e-6 * 5_000.0;
            assert!((excess_ms - offset).abs() < 0.01, "{excess_ms} ms at {ppm} ppm");
            assert!(lowest > offset - 1.0, "{lowest} ms: it swings");
            assert!((control.speed() - (1.0 - ppm * 1e-6)).abs() < 1e-6);
        }
    }
}
