//! The difference between the sender's clock and the sound card's, and small changes of delay: absorbed by playing a
//! little faster or slower.

/// How playing is steered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftConfig {
    /// The most by which playing goes faster or slower: 0.4 %. Tones must stay within 0.5 % of their frequency.
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
    /// At the sender's speed.
    pub const fn new(config: DriftConfig) -> Self {
        Self { config, speed: 1.0 }
    }

    /// Takes how much longer than aimed at frames wait, in milliseconds.
    pub fn steer(&mut self, excess_ms: f64) {
        self.speed = 1.0 + (excess_ms / self.config.time_ms).clamp(-self.config.most, self.config.most);
    }

    /// Back to the sender's speed: there is nothing to steer by.
    pub const fn rest(&mut self) {
        self.speed = 1.0;
    }

    /// Samples to be played in the time of one.
    pub const fn speed(&self) -> f64 {
        self.speed
    }
}
