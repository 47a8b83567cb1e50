//! Ranges of settings.

/// The range of values that a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The setting's path in a [`ChainConfig`](super::chain::ChainConfig) written as JSON.
    pub field: &'static str,
    /// The unit, as shown; empty for a plain number.
    pub unit: &'static str,
    /// The lowest value.
    pub min: f32,
    /// The highest value.
    pub max: f32,
}

impl Range {
    /// Creates a range.
    pub const fn new(field: &'static str, unit: &'static str, min: f32, max: f32) -> Self {
        Self { field, unit, min, max }
    }

    /// Returns true when `value` lies within the range; NaN never does.
    pub fn holds(&self, value: f32) -> bool {
        (self.min..=self.max).contains(&value)
    }

    /// Returns the nearest value within the range; the lowest one for NaN.
    pub const fn nearest(&self, value: f32) -> f32 {
        if value > self.max {
            self.max
        } else if value >= self.min {
            value
        } else {
            self.min
        }
    }
}
