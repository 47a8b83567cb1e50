//! Measured delays of the last presses.

use std::collections::VecDeque;

/// Number of presses over which the medians are taken.
pub(super) const MAX_MEASUREMENTS: usize = 100;

/// A delay that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// From the press to the tone's first sample, before the browser's own output latency.
    KeyToSound,
    /// From the press to the `dtmf` event's arrival in the page.
    KeyToEvent,
}

/// Measured delays in milliseconds, newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Latencies {
    key_to_sound: VecDeque<f64>,
    key_to_event: VecDeque<f64>,
}

impl Latencies {
    pub(crate) fn add(&mut self, measure: Measure, ms: f64) {
        let series = match measure {
            Measure::KeyToSound => &mut self.key_to_sound,
            Measure::KeyToEvent => &mut self.key_to_event,
        };
        if series.len() == MAX_MEASUREMENTS {
            series.pop_front();
        }
        series.push_back(ms);
    }

    /// Returns the last, the median and the longest delay; `None` where none was measured.
    pub(crate) fn figures(&self, measure: Measure) -> Option<(f64, f64, f64)> {
        let series = match measure {
            Measure::KeyToSound => &self.key_to_sound,
            Measure::KeyToEvent => &self.key_to_event,
        };
        let mut sorted: Vec<f64> = series.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Some((*series.back()?, sorted[sorted.len() / 2], *sorted.last()?))
    }
}
