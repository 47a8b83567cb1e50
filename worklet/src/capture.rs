//! The caller's voice, from the sound card to the telephone's 8 kHz, until a frame of it is due.

use std::collections::VecDeque;

use signal::{downsample::Downsampler, frame::FRAME_SAMPLES};

/// Samples that are waited for when voice begins: more than a frame and a quantum of the sound card's, so that none is short
/// afterwards.
const LEAD_SAMPLES: usize = FRAME_SAMPLES + 48;
/// Maximum number of samples that wait; past it, the oldest frame is dropped.
const MAX_WAITING_SAMPLES: usize = 3 * FRAME_SAMPLES;

/// A queue of 8 kHz samples.
pub(crate) struct Capture {
    downsampler: Downsampler,
    queue: VecDeque<f32>,
    on: bool,
    flowing: bool,
}

impl Capture {
    pub(crate) fn new(rate: f64) -> Self {
        Self {
            downsampler: Downsampler::new(rate),
            queue: VecDeque::with_capacity(8 * FRAME_SAMPLES),
            on: false,
            flowing: false,
        }
    }

    pub(crate) fn set_on(&mut self, on: bool) {
        self.on = on;
        self.flowing = false;
        self.queue.clear();
    }

    /// Takes samples of the sound card's input.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        let Self { downsampler, queue, on, .. } = self;
        if !*on {
            return;
        }
        downsampler.push(samples, |sample| {
            if queue.len() < queue.capacity() {
                queue.push_back(sample);
            }
        });
        if queue.len() > MAX_WAITING_SAMPLES {
            queue.drain(..FRAME_SAMPLES);
        }
    }

    /// Takes the next frame's samples; silence where there are none.
    pub(crate) fn take(&mut self, frame: &mut [f32; FRAME_SAMPLES]) {
        self.flowing = self.queue.len() >= if self.flowing { FRAME_SAMPLES } else { LEAD_SAMPLES };
        if self.flowing {
            for (sample, voice) in frame.iter_mut().zip(self.queue.drain(..FRAME_SAMPLES)) {
                *sample = voice;
            }
        } else {
            frame.fill(0.0);
        }
    }
}
