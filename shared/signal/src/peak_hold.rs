//! The highest peak of the last while, as a meter holds it.

/// Number of readings for which a peak is held: a second and a half of eight a second.
const HELD_READINGS: u32 = 12;

/// Holds the highest of the last readings.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeakHold {
    peak: Option<f64>,
    readings: u32,
}

impl PeakHold {
    /// Takes in a reading, and returns the peak that is held.
    pub fn update(&mut self, value: f64) -> f64 {
        match self.peak {
            Some(peak) if peak > value && self.readings < HELD_READINGS => {
                self.readings += 1;
                peak
            }
            _ => {
                *self = Self { peak: Some(value), readings: 0 };
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_peak_is_held_for_a_while_and_gives_way_to_a_higher_one() {
        let mut meter = PeakHold::default();
        let mut held = |value: f64| meter.update(value).to_bits();
        assert_eq!(held(-12.0), (-12.0f64).to_bits());
        assert_eq!(held(-6.0), (-6.0f64).to_bits());
        for _ in 0..HELD_READINGS {
            assert_eq!(held(-40.0), (-6.0f64).to_bits());
        }
        assert_eq!(held(-40.0), (-40.0f64).to_bits());
    }
}
