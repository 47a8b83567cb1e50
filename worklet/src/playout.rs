//! Samples that came over the network, until they are heard.

use std::collections::VecDeque;

/// What is gathered before a stream begins to be heard: 60 ms, three frames.
const LEAD: usize = 480;
/// More than this is behind the times: 400 ms.
const MOST: usize = 3_200;
/// Where a stream that fell behind goes on: 100 ms.
const CAUGHT_UP: usize = 800;

/// A queue of 8 kHz samples.
pub(crate) struct Playout {
    queue: VecDeque<i16>,
    playing: bool,
    underruns: u32,
}

impl Playout {
    pub(crate) fn new() -> Self {
        Self { queue: VecDeque::with_capacity(16_384), playing: false, underruns: 0 }
    }

    pub(crate) fn push(&mut self, samples: &[i16]) {
        let fits = samples.len().min(self.queue.capacity() - self.queue.len());
        self.queue.extend(&samples[..fits]);
        if self.playing && self.queue.len() > MOST {
            self.queue.drain(..self.queue.len() - CAUGHT_UP);
        }
        self.playing |= self.queue.len() >= LEAD;
    }

    /// The next sample, −1…1; silence where there is none.
    pub(crate) fn next(&mut self) -> f32 {
        if !self.playing {
            return 0.0;
        }
        if let Some(sample) = self.queue.pop_front() {
            f32::from(sample) / 32_768.0
        } else {
            self.playing = false;
            self.underruns += 1;
            0.0
        }
    }

    pub(crate) fn flush(&mut self) {
        self.queue.clear();
        self.playing = false;
    }

    pub(crate) fn buffered(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn underruns(&self) -> u32 {
        self.underruns
    }
}
