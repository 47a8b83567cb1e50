//! The renderer: the line in pieces of any length, in frames within.

use std::collections::VecDeque;

use shared::audio::{chain::Chain, frame::SAMPLE_RATE, math, range::Range};

use super::{CodecMissing, Levels, Rendered, Settings, coder::Coder};
use crate::true_peak::{BLOCK, TruePeakLimiter};

/// The samples of a frame: 20 ms at 8 kHz, one packet.
pub const FRAME: usize = shared::audio::frame::FRAME_SAMPLES;
/// The range of [`Settings::gain_db`].
pub const GAIN_DB: Range = Range::new("gainDb", "dB", -60.0, 60.0);
/// The samples that a renderer hears before the place where it starts: 4 s, twenty times the compressor's release, after
/// which no trace of the state before is left in 16 bits.
const WARM_UP: usize = 4 * SAMPLE_RATE as usize;
/// The peak limit below which 16 bits have nothing left.
const SILENT: f32 = 1e-5;

/// Renders a line as it comes.
#[derive(Debug)]
pub struct Renderer {
    chain: Chain,
    limiter: Option<TruePeakLimiter>,
    /// Factor behind the chain, after which the limiter's ceiling is 1.
    before: f32,
    /// Factor behind the limiter: the peak limit.
    after: f32,
    coder: Coder,
    /// The frame that is being gathered.
    frame: [f32; FRAME],
    filled: usize,
    /// Samples that came.
    taken: usize,
    /// Samples that chain and limiter still owe from before the first.
    late: usize,
    /// Samples that are ready to be sent.
    ready: Vec<i16>,
    /// Levels of frames that are not yet sent.
    levels: VecDeque<Levels>,
    /// Samples that were sent, and what a packet was filled up with.
    sent: usize,
    /// Samples at the start that are sent and not handed out.
    warm_up: usize,
    /// Samples still to be heard that are not handed out: those of the warm-up, and the codec's delay.
    unheard: usize,
}

impl Renderer {
    /// Creates a renderer at rest. Settings out of their ranges are taken as the nearest within.
    pub fn new(settings: &Settings) -> Result<Self, CodecMissing> {
        let mut config = settings.volume.chain();
        let bypass = settings.bypass;
        config.gain.bypass |= bypass.gain;
        config.compressor.bypass |= bypass.compressor;
        // Its ceiling is that of samples: the true peak has a limiter of its own, behind the target gain.
        config.limiter.bypass = true;
        let limit =
            if bypass.limiter { 1.0 } else { crate::volume::PEAK_LIMIT.nearest(settings.volume.peak_limit) };
        let gain = math::from_db(GAIN_DB.nearest(settings.gain_db));
        let chain = Chain::new(SAMPLE_RATE, &config);
        let limiter = (!bypass.limiter).then(TruePeakLimiter::new);
        let coder = Coder::new(settings.codec)?;
        Ok(Self {
            late: chain.latency() + limiter.as_ref().map_or(0, |_| TruePeakLimiter::LATENCY),
            before: if limit < SILENT { 0.0 } else { gain / limit },
            after: limit,
            unheard: coder.delay(),
            chain,
            limiter,
            coder,
            frame: [0.0; FRAME],
            filled: 0,
            taken: 0,
            ready: Vec::new(),
            levels: VecDeque::new(),
            sent: 0,
            warm_up: 0,
        })
    }

    /// Creates a renderer that has heard what leads up to `start` in `line`, the kept part of one, and goes on from there;
    /// what it hands out begins at `start`, or at the [`FRAME`] before. It hears 4 s: after that the codes of G.711
    /// are those of the whole, and a codec with a longer memory sounds alike.
    pub fn starting_at(settings: &Settings, line: &[f32], start: usize) -> Result<Self, CodecMissing> {
        let start = start.min(line.len()) / FRAME * FRAME;
        let from = start.saturating_sub(WARM_UP);
        let mut renderer = Self::new(settings)?;
        renderer.warm_up = start - from;
        renderer.unheard += start - from;
        renderer.push(&line[from..start], &mut Rendered::default());
        Ok(renderer)
    }

    /// Takes the next samples of the line, −1…1, and appends what is due. That is 24 ms and up to a frame behind, and more
    /// where a codec looks ahead.
    pub fn push(&mut self, samples: &[f32], out: &mut Rendered) {
        self.taken += samples.len();
        self.feed(samples, out);
        let mut ready = core::mem::take(&mut self.ready);
        let (frames, rest) = ready.as_chunks();
        for frame in frames {
            self.send(*frame, FRAME, out);
        }
        let sent = ready.len() - rest.len();
        ready.drain(..sent);
        self.ready = ready;
    }

    /// Appends the rest, so that as many samples are handed out as came.
    pub fn finish(mut self, out: &mut Rendered) {
        while self.sent + self.ready.len() < self.taken {
            self.feed(&[0.0; FRAME], out);
        }
        let mut ready = core::mem::take(&mut self.ready);
        ready.truncate(self.taken - self.sent);
        for rest in ready.chunks(FRAME) {
            let mut frame = [0; FRAME];
            frame[..rest.len()].copy_from_slice(rest);
            self.send(frame, rest.len(), out);
        }
        while self.sent < self.taken + self.coder.delay() {
            let mut frame = [0; FRAME];
            self.hear(&mut frame, out);
        }
        out.heard.truncate(out.sent.len());
    }

    fn feed(&mut self, mut samples: &[f32], out: &mut Rendered) {
        while let Some((now, later)) = samples.split_at_checked(samples.len().min(FRAME - self.filled))
            && !now.is_empty()
        {
            self.frame[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            samples = later;
            if self.filled == FRAME {
                self.filled = 0;
                self.render(out);
            }
        }
    }

    /// Renders the frame that is full.
    fn render(&mut self, out: &mut Rendered) {
        let mut frame = self.frame;
        let input_peak = frame.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
        self.chain.process(&mut frame);
        for sample in &mut frame {
            *sample *= self.before;
        }
        let mut limiter_db = 0.0;
        if let Some(limiter) = &mut self.limiter {
            let (blocks, _) = frame.as_chunks_mut::<BLOCK>();
            for block in blocks {
                limiter.process(block);
            }
            limiter_db = limiter.take_reduction();
        }
        let compressor_db = self.chain.meters().compressor_reduction_db;
        self.levels.push_back(Levels { input_peak, output_peak: 0.0, compressor_db, limiter_db });
        let early = self.late.min(FRAME);
        self.late -= early;
        for sample in &frame[early..] {
            let (sample, is_cut) = pcm(sample * self.after);
            out.cut += usize::from(is_cut);
            self.ready.push(sample);
        }
    }

    /// Sends a frame, the first `length` of whose samples are the line's.
    fn send(&mut self, mut frame: [i16; FRAME], length: usize, out: &mut Rendered) {
        let levels = self.levels.pop_front();
        if self.sent >= self.warm_up {
            out.sent.extend(&frame[..length]);
            let highest = frame.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or_default();
            let output_peak = f32::from(highest) / 32_768.0;
            out.levels.push(Levels { output_peak, ..levels.unwrap_or_default() });
        }
        let length = if self.coder.takes_any_length() { length } else { FRAME };
        self.hear(&mut frame[..length], out);
    }

    /// Has a frame encoded and decoded.
    fn hear(&mut self, frame: &mut [i16], out: &mut Rendered) {
        let start = out.codes.len();
        self.coder.transcode(frame, &mut out.codes);
        if self.sent < self.warm_up {
            out.codes.truncate(start);
        } else if out.codes.len() > start {
            out.packets.push((out.codes.len() - start) as u16);
        }
        let early = self.unheard.min(frame.len());
        self.unheard -= early;
        out.heard.extend(&frame[early..]);
        self.sent += frame.len();
    }
}

/// Returns the nearest step of 16-bit PCM, and true when the sample exceeds full scale.
fn pcm(sample: f32) -> (i16, bool) {
    ((sample * 32_768.0 + 0.5_f32.copysign(sample)) as i16, sample.abs() > 1.0)
}
