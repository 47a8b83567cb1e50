//! Channels of a recording, each with a receiver of its own, and the digits of all of them in the order of time.

use std::collections::VecDeque;

use base::digit::Digit;
use signal::{
    detect::{Detection, DetectorConfig, DtmfDetector, NearMiss, SAMPLE_RATE, Tone},
    downsample::Downsampler,
};

use crate::{peaks::Peaks, reader::Options};

/// The lowest sample rate in which DTMF is heard, in Hz.
pub const MIN_RATE: u32 = SAMPLE_RATE;
/// The highest, in Hz: the filter's length grows with it.
pub const MAX_RATE: u32 = 384_000;
/// The most channels: each takes 20 kB.
pub const MAX_CHANNELS: u16 = 32;
/// The time for which a digit waits that another channel may have begun earlier, in ms: a receiver is certain of a
/// digit within it.
const SETTLE_MS: f64 = 80.0;
/// The samples of a channel that are worked on at once.
const BLOCK: usize = 4_096;

/// A digit that was heard, or nearly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// The channel, from 0.
    pub channel: usize,
    /// The digit.
    pub digit: Digit,
    /// The time at which it begins, in ms since the recording's beginning.
    pub start_ms: f64,
    /// The time at which it ends, in ms.
    pub end_ms: f64,
    /// The way by which it came.
    pub origin: Origin,
}

impl Heard {
    pub(crate) const fn new(channel: usize, origin: Origin, start_ms: f64, end_ms: f64) -> Self {
        Self { channel, digit: origin.digit(), start_ms, end_ms, origin }
    }
}

/// The way by which a digit came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// As a tone, with what was measured of it.
    Tone(Tone),
    /// As a telephone-event of RFC 4733.
    Event(Digit),
    /// Not at all: tones came near to it, with the figures that sank it.
    NearMiss(NearMiss),
}

impl Origin {
    const fn digit(&self) -> Digit {
        match self {
            Self::Tone(tone) => tone.digit,
            Self::Event(digit) => *digit,
            Self::NearMiss(miss) => miss.tone.digit,
        }
    }
}

/// The reason why channels cannot be listened to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// The sample rate is too low for DTMF, or higher than is read.
    #[error("its sample rate is {0} Hz; {MIN_RATE} to {MAX_RATE} Hz are read")]
    Rate(u32),
    /// There is no channel, or more than are read.
    #[error("it has {0} channels; 1 to {MAX_CHANNELS} are read")]
    Channels(u16),
}

/// Two channels that sound the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Same {
    /// The channel that sounds like channel 0.
    pub channel: usize,
    /// The time until which it does, in ms; absent where it does to the end.
    pub until_ms: Option<f64>,
}

/// A receiver, and what it is in the middle of.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    lower: Option<Lower>,
    detector: DtmfDetector,
    /// The time of the detector's first sample, in ms.
    base_ms: f64,
    /// The samples at 8 kHz that were taken.
    taken: u64,
    /// The time at which a digit was certain that still sounds, in ms.
    open_ms: Option<f64>,
}

#[derive(Clone, Debug)]
struct Lower {
    filter: Downsampler,
    /// Output that is still about the time before the input: half of the filter's length.
    early: usize,
    rate: u32,
    samples: Vec<f32>,
}

impl Ear {
    /// Creates an ear for samples of `rate` Hz, the first of them at `base_ms`, that `explains` near misses.
    pub(crate) fn new(rate: u32, base_ms: f64, explains: bool) -> Self {
        let lower = (rate != SAMPLE_RATE).then(|| Lower {
            filter: Downsampler::new(rate.into()),
            early: Downsampler::DELAY,
            rate,
            samples: Vec::new(),
        });
        Self {
            lower,
            detector: if explains {
                DtmfDetector::explaining(DetectorConfig::default())
            } else {
                DtmfDetector::new(DetectorConfig::default())
            },
            base_ms,
            taken: 0,
            open_ms: None,
        }
    }

    /// Returns the time up to which it has heard, in ms.
    pub(crate) fn now_ms(&self) -> f64 {
        self.base_ms + ms(self.taken)
    }

    /// Returns the time before which no digit of this ear can begin any more.
    pub(crate) fn settled_ms(&self) -> f64 {
        let near_miss_ms = self.detector.near_miss_since().map(|sample| self.base_ms + ms(sample));
        let open_ms = self.open_ms.unwrap_or_else(|| self.now_ms());
        near_miss_ms.map_or(open_ms, |near_miss_ms| near_miss_ms.min(open_ms)) - SETTLE_MS
    }

    /// Returns true while a digit sounds.
    pub(crate) const fn is_within_digit(&self) -> bool {
        self.open_ms.is_some()
    }

    /// Takes samples, and hands out the tones that end in them with their times, and the samples at 8 kHz.
    pub(crate) fn push(
        &mut self,
        samples: &[i16],
        peaks: Option<&mut Peaks>,
        on: impl FnMut(Origin, f64, f64),
    ) {
        let Some(lower) = &mut self.lower else {
            return self.hear(samples, peaks, on);
        };
        lower.samples.clear();
        lower.samples.extend(samples.iter().map(|&sample| f32::from(sample)));
        let lowered = lower.run();
        self.hear(&lowered, peaks, on);
    }

    /// Ends what was heard: a tone that still sounds ends here.
    pub(crate) fn finish(&mut self, peaks: Option<&mut Peaks>, mut on: impl FnMut(Origin, f64, f64)) {
        if let Some(lower) = &mut self.lower {
            lower.samples = vec![0.0; Downsampler::DELAY * lower.rate.div_ceil(SAMPLE_RATE) as usize];
            let lowered = lower.run();
            self.hear(&lowered, peaks, &mut on);
        }
        let base_ms = self.base_ms;
        self.detector.flush(|detection| {
            if let Detection::End(tone) = detection {
                on(Origin::Tone(tone), base_ms + ms(tone.start_sample), base_ms + ms(tone.end_sample));
            }
        });
        self.tell_near_misses(&mut on);
        self.base_ms = self.now_ms();
        self.taken = 0;
        self.open_ms = None;
    }

    /// Ends what was heard, and goes on at another time.
    pub(crate) fn restart(&mut self, base_ms: f64, on: impl FnMut(Origin, f64, f64)) {
        self.finish(None, on);
        self.base_ms = base_ms;
    }

    fn hear(&mut self, samples: &[i16], peaks: Option<&mut Peaks>, mut on: impl FnMut(Origin, f64, f64)) {
        if let Some(peaks) = peaks {
            peaks.push(samples);
        }
        self.taken += samples.len() as u64;
        let (base_ms, open_ms) = (self.base_ms, &mut self.open_ms);
        self.detector.process(samples, |detection| match detection {
            Detection::Start { at_sample, .. } => *open_ms = Some(base_ms + ms(at_sample)),
            Detection::End(tone) => {
                *open_ms = None;
                on(Origin::Tone(tone), base_ms + ms(tone.start_sample), base_ms + ms(tone.end_sample));
            }
        });
        self.tell_near_misses(&mut on);
    }

    fn tell_near_misses(&mut self, on: &mut impl FnMut(Origin, f64, f64)) {
        for miss in self.detector.near_misses() {
            let [start_ms, end_ms] =
                [miss.tone.start_sample, miss.tone.end_sample].map(|sample| self.base_ms + ms(sample));
            on(Origin::NearMiss(miss), start_ms, end_ms);
        }
    }
}

impl Lower {
    fn run(&mut self) -> Vec<i16> {
        let mut lowered =
            Vec::with_capacity(self.samples.len() * SAMPLE_RATE as usize / self.rate as usize + 1);
        let early = &mut self.early;
        self.filter.push(&self.samples, |sample| match early.checked_sub(1) {
            Some(left) => *early = left,
            // Rounded to the nearest, and saturated.
            None => lowered.push((sample + 0.5_f32.copysign(sample)) as i16),
        });
        lowered
    }
}

/// Returns the time of a sample at 8 kHz, in ms.
fn ms(sample: u64) -> f64 {
    sample as f64 * 1_000.0 / f64::from(SAMPLE_RATE)
}

/// Digits that wait for those of other channels that began before them.
#[derive(Debug, Default)]
pub(crate) struct InOrder {
    /// Whether there was a digit.
    has_any: bool,
    waiting: Vec<Heard>,
    ready: VecDeque<Heard>,
}

impl InOrder {
    pub(crate) fn add(&mut self, heard: Heard) {
        self.has_any = true;
        let key = |heard: &Heard| (heard.start_ms, heard.channel);
        let at = self.waiting.partition_point(|other| key(other) <= key(&heard));
        self.waiting.insert(at, heard);
    }

    /// Lets go of what begins by `settled_ms`.
    pub(crate) fn release(&mut self, settled_ms: f64) {
        let settled = self.waiting.partition_point(|heard| heard.start_ms <= settled_ms);
        self.ready.extend(self.waiting.drain(..settled));
    }

    pub(crate) fn poll(&mut self) -> Option<Heard> {
        self.ready.pop_front()
    }
}

/// Hears the digits in channels of 16-bit PCM that go on side by side.
#[derive(Debug)]
pub struct Listener {
    ears: Vec<Ear>,
    /// The drawing of each channel, where somebody draws it.
    peaks: Vec<Peaks>,
    /// Whether each channel has sounded like channel 0 until now, in which case it needs no ear of its own.
    follows: Vec<bool>,
    parted: Vec<Same>,
    is_mixed: bool,
    has_sound: bool,
    digits: InOrder,
}

impl Listener {
    /// Creates a listener, which hears a mix as channel 0.
    pub fn new(channels: u16, rate: u32, options: Options) -> Result<Self, Unheard> {
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(Unheard::Channels(channels));
        }
        if !(MIN_RATE..=MAX_RATE).contains(&rate) {
            return Err(Unheard::Rate(rate));
        }
        let count = if options.mix { 1 } else { usize::from(channels) };
        Ok(Self {
            ears: vec![Ear::new(rate, 0.0, options.explain); count],
            peaks: vec![Peaks::default(); if options.peaks { count } else { 0 }],
            follows: (0..count).map(|channel| channel > 0).collect(),
            parted: Vec::new(),
            is_mixed: options.mix,
            has_sound: false,
            digits: InOrder::default(),
        })
    }

    /// Takes the channels' next samples, as many of each.
    pub fn push(&mut self, channels: &[Vec<i16>]) {
        let length = channels.iter().map(Vec::len).min().unwrap_or_default();
        let mut mixed = Vec::new();
        for start in (0..length).step_by(BLOCK) {
            let range = start..length.min(start + BLOCK);
            if self.is_mixed {
                mix(channels, range, &mut mixed);
                self.hear(&[&mixed]);
            } else {
                let block: Vec<&[i16]> =
                    channels.iter().take(self.ears.len()).map(|channel| &channel[range.clone()]).collect();
                self.hear(&block);
            }
        }
    }

    /// Ends the recording: tones that still sound end here.
    pub fn finish(&mut self) {
        let Self { ears, peaks, follows, digits, .. } = self;
        for (channel, ear) in ears.iter_mut().enumerate() {
            if !follows[channel] {
                ear.finish(peaks.get_mut(channel), |origin, start_ms, end_ms| {
                    digits.add(Heard::new(channel, origin, start_ms, end_ms));
                });
            }
        }
        self.digits.release(f64::INFINITY);
    }

    /// Returns the next digit, if one is certain to be the next.
    pub fn poll(&mut self) -> Option<Heard> {
        self.digits.poll()
    }

    /// Returns the recording's duration until now, in ms.
    pub fn duration_ms(&self) -> f64 {
        self.ears[0].now_ms()
    }

    /// Returns the channels that sounded like channel 0, whose digits were listed once for both.
    pub fn same(&self) -> impl Iterator<Item = Same> + '_ {
        let to_the_end = self.follows.iter().enumerate().filter(|(_, follows)| **follows && self.has_sound);
        let to_the_end = to_the_end.map(|(channel, _)| Same { channel, until_ms: None });
        self.parted.iter().copied().chain(to_the_end)
    }

    /// Returns what is drawn of a channel.
    pub fn peaks(&self, channel: usize) -> Option<&Peaks> {
        self.peaks.get(if *self.follows.get(channel)? { 0 } else { channel })
    }

    /// Returns the count of channels that are listened to.
    pub const fn channels(&self) -> usize {
        self.ears.len()
    }

    fn hear(&mut self, block: &[&[i16]]) {
        let first = block.first().copied().unwrap_or_default();
        for (channel, samples) in block.iter().enumerate().skip(1) {
            if self.follows[channel] && !sound_alike(first, samples) {
                self.part(channel);
            }
        }
        self.has_sound |= first.iter().any(|&sample| sample != 0);
        let Self { ears, peaks, follows, digits, .. } = self;
        for (channel, (ear, samples)) in ears.iter_mut().zip(block).enumerate() {
            if !follows[channel] {
                ear.push(samples, peaks.get_mut(channel), |origin, start_ms, end_ms| {
                    digits.add(Heard::new(channel, origin, start_ms, end_ms));
                });
            }
        }
        let alone = follows.iter().skip(1).all(|follows| *follows);
        let own =
            || ears.iter().zip(&*follows).filter(|(_, follows)| !**follows).map(|(ear, _)| ear.settled_ms());
        digits.release(if alone { f64::INFINITY } else { own().fold(f64::INFINITY, f64::min) });
    }

    /// Gives a channel that no longer sounds like channel 0 an ear of its own, which has heard the same until now.
    fn part(&mut self, channel: usize) {
        self.follows[channel] = false;
        self.ears[channel] = self.ears[0].clone();
        if let Some(first) = self.peaks.first() {
            self.peaks[channel] = first.clone();
        }
        if self.digits.has_any {
            self.parted.push(Same { channel, until_ms: Some(self.ears[0].now_ms()) });
        }
    }
}

/// Returns true for two channels that differ by no more than rounding and the leaks of lossy codecs: 42 dB less.
fn sound_alike(first: &[i16], second: &[i16]) -> bool {
    if first == second {
        return true;
    }
    let pairs = || first.iter().zip(second).map(|(&a, &b)| (i32::from(a), i32::from(b)));
    let peak = pairs().fold(0, |peak, (a, _)| peak.max(a.abs()));
    let most = pairs().fold(0, |most, (a, b)| most.max((a - b).abs()));
    most <= 2.max(peak / 128)
}

fn mix(channels: &[Vec<i16>], range: core::ops::Range<usize>, mixed: &mut Vec<i16>) {
    let share = 1.0 / channels.len() as f32;
    mixed.clear();
    mixed.extend(range.map(|index| {
        let sum: f32 = channels.iter().map(|channel| f32::from(channel[index])).sum();
        (sum * share) as i16
    }));
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use signal::tone::{ToneConfig, synthesize};

    use super::*;

    /// Digits of 100 ms with pauses of 100 ms, after `lead` samples of silence.
    fn tones(digits: &str, lead: usize) -> Vec<i16> {
        let digits = digits.chars().map(|symbol| Digit::try_from(symbol).unwrap());
        let mut samples = vec![0; lead];
        samples.extend(synthesize(digits, &ToneConfig::default(), SAMPLE_RATE));
        samples.resize(16_000, 0);
        samples
    }

    fn listen(channels: &[Vec<i16>], is_mixed: bool) -> (Vec<(usize, char)>, Vec<Same>) {
        let mut listener = Listener::new(
            channels.len() as u16,
            SAMPLE_RATE,
            Options { mix: is_mixed, ..Options::default() },
        )
        .unwrap();
        let mut heard = Vec::new();
        for start in (0..16_000).step_by(160) {
            let block: Vec<Vec<i16>> =
                channels.iter().map(|channel| channel[start..start + 160].to_vec()).collect();
            listener.push(&block);
            heard.extend(core::iter::from_fn(|| listener.poll()));
        }
        listener.finish();
        heard.extend(core::iter::from_fn(|| listener.poll()));
        assert!(heard.is_sorted_by(|a, b| a.start_ms <= b.start_ms), "{heard:?}");
        let digits = heard.iter().map(|heard| (heard.channel, heard.digit.as_char())).collect();
        (digits, listener.same().collect())
    }

    #[test]
    fn digits_of_all_channels_come_in_the_order_in_which_they_begin() {
        let channels = [tones("19", 800), tones("26", 400), tones("", 0)];
        let (digits, same) = listen(&channels, false);
        assert_eq!(digits, [(1, '2'), (0, '1'), (1, '6'), (0, '9')]);
        assert_eq!(same, []);
        // A long digit holds back those that another channel has meanwhile.
        let config = ToneConfig { on: core::time::Duration::from_millis(900), ..ToneConfig::default() };
        let mut long = synthesize([Digit::try_from('7').unwrap()], &config, SAMPLE_RATE);
        long.resize(16_000, 0);
        let (digits, _) = listen(&[long, tones("15", 800)], false);
        assert_eq!(digits, [(0, '7'), (1, '1'), (1, '5')]);
    }

    #[test]
    fn channels_that_sound_the_same_are_listed_once_for_as_long_as_they_do() {
        let one = tones("159", 0);
        let rounded: Vec<i16> = one.iter().map(|sample| sample.saturating_add(1)).collect();
        let (digits, same) = listen(&[one.clone(), rounded], false);
        assert_eq!(digits, [(0, '1'), (0, '5'), (0, '9')]);
        assert_eq!(same, [Same { channel: 1, until_ms: None }]);
        let mut parts = one.clone();
        parts[3_300..].fill(0);
        let (digits, same) = listen(&[one, parts], false);
        assert_eq!(digits[..2], [(0, '1'), (0, '5')]);
        assert!(digits.contains(&(0, '9')) && !digits.contains(&(1, '9')), "{digits:?}");
        assert!(same[0].until_ms.is_some_and(|ms| (390.0..=420.0).contains(&ms)), "{same:?}");
        // What is silent first is no channel twice.
        let (_, same) = listen(&[tones("1", 800), tones("2", 800)], false);
        assert_eq!(same, []);
    }

    #[test]
    fn a_mix_is_one_channel() {
        let (digits, _) = listen(&[tones("1", 0), tones("5", 4_000), tones("", 0)], true);
        assert_eq!(digits, [(0, '1'), (0, '5')]);
    }

    #[test]
    fn what_cannot_be_heard_is_refused_in_words() {
        for (channels, rate, words) in
            [(0, 8_000, "0 channels"), (33, 8_000, "33"), (1, 7_999, "7999 Hz"), (1, 384_001, "384001")]
        {
            let refused = Listener::new(channels, rate, Options::default()).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
