//! What the audio thread reports to the page.

use super::quality::{Arrivals, QualitySnapshot};
use crate::receive::VoiceReport;

/// The state of a call's sound, as one array of numbers on its way between threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AudioReport {
    /// Counters of the stream that is heard.
    pub receiver: VoiceReport,
    /// The highest peak that went to the far end since the last report, of 1.
    pub sent_peak: f64,
    /// Figures of the voice stream's arrival.
    pub arrivals: Arrivals,
}

impl AudioReport {
    /// Number of numbers that a report is made of.
    pub const NUMBERS: usize = VoiceReport::NUMBERS + 9;

    /// Returns the media quality that the report amounts to.
    pub fn snapshot(&self) -> QualitySnapshot {
        self.arrivals.snapshot(&self.receiver.playout)
    }

    /// Writes the report as numbers: the receiver's first. Counts are exact up to 2⁵³.
    pub fn to_numbers(&self) -> [f64; Self::NUMBERS] {
        let Self { receiver, sent_peak, arrivals } = self;
        let mut numbers = [0.0; Self::NUMBERS];
        let (first, rest) = numbers.split_at_mut(VoiceReport::NUMBERS);
        first.copy_from_slice(&receiver.to_numbers());
        rest.copy_from_slice(&[
            *sent_peak,
            arrivals.packets as f64,
            arrivals.dropped_packets as f64,
            arrivals.bytes as f64,
            arrivals.latency_ms,
            arrivals.bitrate_kbps,
            f64::from(u8::from(arrivals.degraded)),
            arrivals.jitter_ms,
            arrivals.held_frames as f64,
        ]);
        numbers
    }

    /// Reads what [`Self::to_numbers`] wrote; `None` where there are too few numbers.
    pub fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let (receiver, rest) = numbers.split_first_chunk()?;
        let &[sent_peak, packets, dropped, bytes, latency_ms, bitrate_kbps, degraded, jitter_ms, held] =
            rest.first_chunk()?;
        Some(Self {
            receiver: VoiceReport::from_numbers(receiver),
            sent_peak,
            arrivals: Arrivals {
                packets: packets as u64,
                dropped_packets: dropped as u64,
                bytes: bytes as u64,
                latency_ms,
                bitrate_kbps,
                degraded: degraded != 0.0,
                jitter_ms,
                held_frames: held as u64,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_report_survives_the_way_between_threads() {
        let mut given: [f64; AudioReport::NUMBERS] = core::array::from_fn(|n| (n + 3) as f64);
        // The gate is open or not, and so is the stream degraded or not.
        given[28] = 1.0;
        given[VoiceReport::NUMBERS + 6] = 1.0;
        let report = AudioReport::from_numbers(&given).unwrap();
        assert_eq!(report.to_numbers().map(f64::to_bits), given.map(f64::to_bits));
        assert_eq!(report.arrivals.bytes, given[VoiceReport::NUMBERS + 3] as u64);
        assert_eq!(report.snapshot().packets, report.arrivals.packets);
        assert_eq!(AudioReport::from_numbers(&given[1..]), None);
    }
}
