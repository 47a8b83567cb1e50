//! A recording's waveform, small enough to keep: the lowest and the highest sample of each 10 ms.

use signal::detect::SAMPLE_RATE;

/// The samples that a pair stands for: 10 ms at 8 kHz.
const SPAN: usize = SAMPLE_RATE as usize / 100;

/// The lowest and the highest sample of each 10 ms of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    pairs: Vec<[i16; 2]>,
    /// The samples in the last pair.
    filled: usize,
}

impl Peaks {
    /// Returns the pairs, one after the other.
    pub fn pairs(&self) -> &[[i16; 2]] {
        &self.pairs
    }

    pub(crate) fn push(&mut self, mut samples: &[i16]) {
        while !samples.is_empty() {
            if self.filled.is_multiple_of(SPAN) {
                self.pairs.push([i16::MAX, i16::MIN]);
                self.filled = 0;
            }
            let (now, later) = samples.split_at(samples.len().min(SPAN - self.filled));
            if let Some([low, high]) = self.pairs.last_mut() {
                *low = now.iter().fold(*low, |low, sample| low.min(*sample));
                *high = now.iter().fold(*high, |high, sample| high.max(*sample));
            }
            self.filled += now.len();
            samples = later;
        }
    }
}
