//! Two keyed tones that were no digit, and the figures that sank them.

use core::f32::consts::TAU;

use wide::f32x4;

use super::{
    Detection, Digit, SAMPLE_RATE, Tone,
    fit::atan2,
    hops::{HopDetector, crossing},
    tables::{BANDS, HOP, HZ, TAPS, WINDOW},
};
use crate::level::{sine_dbm0, sine_peak};

/// Both tones turn steadily where the sum of their steps has this share of the sum of their powers, squared.
const MIN_COHERENCE: f32 = 0.8;
/// Neither tone is weaker, in dBm0: 15 dB below what a digit has to have.
const MIN_DBM0: f64 = -55.0;
/// Share of the power at which half of a filter lies within the tone.
const HALF_POWER: f32 = 0.25;
/// A key's tone comes and goes within so many hops, of which a filter takes four.
const EDGE_HOPS: u64 = 7;
/// Hops in which steady tones have risen.
const RISE_HOPS: u64 = 20;
/// Share of the power that is silence to it.
const SILENCE: f32 = 0.06;
/// Hops without both tones after which they are over.
const RELEASE_HOPS: u64 = 6;
/// Hops after which a digit that covers the tones would have been reported.
const SETTLE_HOPS: u64 = 24;
/// The shortest tones that are told of, in samples: 8 ms.
const MIN_SAMPLES: u64 = 64;
/// Digits that are remembered.
const REMEMBERED: usize = 4;

/// Tones that were near to a digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearMiss {
    /// The tones as they were measured, with the digit that they come nearest to.
    pub tone: Tone,
    /// Whether they are the echo of a digit before.
    pub is_echo: bool,
}

/// A figure that kept tones from being a digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// They were too short, in ms: 40 are asked for.
    Short(f32),
    /// The low tone is off tune, in per cent of its frequency.
    LowOffTune(f32),
    /// The high tone is off tune, in per cent.
    HighOffTune(f32),
    /// One tone is far stronger than the other: the high tone's level above the low tone's, in dB.
    Twist(f32),
    /// The weaker tone is too quiet, in dBm0.
    Quiet(f32),
    /// They are an echo.
    Echo,
    /// None of these: too much sounded besides.
    Besides,
}

impl NearMiss {
    /// Returns the figures that sank it.
    pub fn reasons(&self) -> impl Iterator<Item = Reason> + use<> {
        const SHORTEST_MS: f32 = 27.0;
        const MOST_OFF_PCT: f32 = 2.0;
        const QUIETEST_DBM0: f32 = -40.0;
        let Self { tone, is_echo } = *self;
        let length_ms = (tone.end_sample - tone.start_sample) as f32 * 1_000.0 / SAMPLE_RATE as f32;
        let quieter = tone.low_dbm0.min(tone.high_dbm0);
        let found = [
            (length_ms < SHORTEST_MS).then_some(Reason::Short(length_ms)),
            (tone.low_error_pct.abs() > MOST_OFF_PCT).then_some(Reason::LowOffTune(tone.low_error_pct)),
            (tone.high_error_pct.abs() > MOST_OFF_PCT).then_some(Reason::HighOffTune(tone.high_error_pct)),
            (!(-10.0..=6.0).contains(&tone.twist_db)).then_some(Reason::Twist(tone.twist_db)),
            (quieter < QUIETEST_DBM0).then_some(Reason::Quiet(quieter)),
            is_echo.then_some(Reason::Echo),
        ];
        let none = found.iter().all(Option::is_none).then_some(Reason::Besides);
        found.into_iter().chain([none]).flatten()
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Short(ms) => write!(f, "it lasted for {ms:.0} ms; 40 ms are asked for"),
            Self::LowOffTune(pct) => write!(f, "its low tone is {pct:+.1} % off; 1.5 % are taken"),
            Self::HighOffTune(pct) => write!(f, "its high tone is {pct:+.1} % off; 1.5 % are taken"),
            Self::Twist(db) => write!(f, "its twist is {db:+.1} dB; −8 to +4 dB are taken"),
            Self::Quiet(dbm0) => write!(f, "its weaker tone has {dbm0:.1} dBm0; −40 dBm0 are asked for"),
            Self::Echo => f.write_str("it is the echo of the same digit before it"),
            Self::Besides => f.write_str("too much else sounded with it"),
        }
    }
}

/// Finds near misses in the hops of a detector.
#[derive(Clone, Debug, Default)]
pub(super) struct Explainer {
    burst: Option<Burst>,
    /// Near misses that a digit may still cover, and the hop in which none can any more.
    waiting: Vec<(u64, NearMiss)>,
    pub(super) found: Vec<NearMiss>,
    digits: [Option<(u64, u64)>; REMEMBERED],
    next: usize,
    /// The first sample of the digit that sounds.
    sounding_from: Option<u64>,
}

/// Two steady tones.
#[derive(Clone, Copy, Debug)]
struct Burst {
    first_hop: u64,
    last_hop: u64,
    /// Sums of powers and steps, and the greatest powers: low and high group.
    powers: [f32; 2],
    steps: [(f32, f32); 2],
    peaks: [f32; 2],
    /// Greatest power of both together.
    loudest: f32,
    start_sample: u64,
    /// Whether they came within a key's time.
    is_keyed: bool,
    /// About the tones' frequencies, in Hz: hops alone tell them but for the hops' rate.
    near_hz: [f32; 2],
}

impl Explainer {
    /// Takes a hop of `hops`, the last of `samples`; `taken` counts the samples until its end.
    pub(super) fn push(&mut self, hops: &HopDetector, samples: &[i16], taken: u64) {
        let (hop, ago) = (hops.hop(), |back: u64| hops.ago(back as usize));
        let now = ago(0);
        let [sums, steps] = now.four.map(f32x4::to_array);
        let min_power = (sine_peak(MIN_DBM0) as f32).powi(2);
        let [low, high, ..] = now.powers.to_array();
        let turns = [(steps[0], steps[2]), (steps[1], steps[3])];
        let steady = [0, 1].into_iter().all(|group| {
            let (re, im) = turns[group];
            re * re + im * im > MIN_COHERENCE * sums[group] * sums[group]
        });
        let tonal = steady && low.min(high) > min_power;
        match &mut self.burst {
            Some(burst) => {
                let power = low + high;
                if tonal && power > HALF_POWER * burst.loudest {
                    burst.loudest = burst.loudest.max(power);
                    burst.last_hop = hop;
                    let [step_low_re, step_high_re, step_low_im, step_high_im] = now.steps.to_array();
                    for (group, (power, re, im)) in
                        [(low, step_low_re, step_low_im), (high, step_high_re, step_high_im)]
                            .into_iter()
                            .enumerate()
                    {
                        burst.powers[group] += power;
                        burst.peaks[group] = burst.peaks[group].max(power);
                        burst.steps[group].0 += re;
                        burst.steps[group].1 += im;
                    }
                } else if hop - burst.last_hop >= RELEASE_HOPS {
                    let burst = *burst;
                    self.burst = None;
                    self.close(&burst, hops, taken);
                }
            }
            None if tonal => {
                let loudest = low + high;
                let quieter = |share: f32| (1..RISE_HOPS).find(|&hops| ago(hops).power() < share * loudest);
                let (half, silence) = (quieter(HALF_POWER), quieter(SILENCE));
                self.burst = Some(Burst {
                    first_hop: hop,
                    last_hop: hop,
                    powers: [0.0; 2],
                    steps: [(0.0, 0.0); 2],
                    peaks: [0.0; 2],
                    loudest,
                    near_hz: [0, 1].map(|group| strongest(samples, turns[group], group)),
                    start_sample: half.map_or(0, |half| edge(hops, half, loudest, taken)),
                    is_keyed: half.zip(silence).is_some_and(|(half, silence)| silence - half <= EDGE_HOPS),
                });
            }
            None => {}
        }
        self.settle(hop);
    }

    /// Lets go of what no digit covers until `hop`.
    fn settle(&mut self, hop: u64) {
        let settled = self.waiting.iter().take_while(|(at, _)| *at <= hop).count();
        let sounding = self.sounding_from.map(|start| (start, u64::MAX));
        for (_, NearMiss { tone, is_echo }) in self.waiting.drain(..settled) {
            let covers = |&(start, end): &(u64, u64)| start < tone.end_sample && end > tone.start_sample;
            if !self.digits.iter().flatten().chain(&sounding).any(covers) {
                self.found.push(NearMiss { tone, is_echo });
            }
        }
    }

    /// Returns the first sample of what may yet be found.
    pub(super) fn since(&self) -> Option<u64> {
        let open = self.burst.filter(|burst| burst.is_keyed).map(|burst| burst.start_sample);
        self.waiting.iter().map(|(_, miss)| miss.tone.start_sample).chain(open).min()
    }

    /// Watches the digits, which cover near misses.
    pub(super) fn watch(&mut self, detection: &Detection) {
        match detection {
            Detection::Start { at_sample, .. } => {
                self.sounding_from = Some(at_sample.saturating_sub(WINDOW as u64));
            }
            Detection::End(tone) => {
                self.sounding_from = None;
                self.digits[self.next] = Some((tone.start_sample, tone.end_sample));
                self.next = (self.next + 1) % REMEMBERED;
            }
        }
    }

    /// Ends the input: what was found until then is kept, and all else is as new.
    pub(super) fn finished(mut self) -> Self {
        self.settle(u64::MAX);
        Self { found: self.found, ..Self::default() }
    }

    fn close(&mut self, burst: &Burst, hops: &HopDetector, taken: u64) {
        let (hop, ago) = (hops.hop(), |back: u64| hops.ago(back as usize));
        let loud = (0..2 * RELEASE_HOPS).find(|&hops| ago(hops).power() >= HALF_POWER * burst.loudest);
        let Some(loud) = loud else { return };
        let end_sample = edge(hops, loud, burst.loudest, taken);
        let falls = ago(loud.saturating_sub(EDGE_HOPS)).power() < SILENCE * burst.loudest;
        let steady = [0, 1].into_iter().all(|group| {
            let ((re, im), power) = (burst.steps[group], burst.powers[group]);
            re * re + im * im > MIN_COHERENCE * power * power
        });
        if !(burst.is_keyed && falls && steady)
            || burst.start_sample == 0
            || end_sample < burst.start_sample + MIN_SAMPLES
        {
            return;
        }
        let [low_hz, high_hz] = [0, 1].map(|group| hertz(burst.steps[group], burst.near_hz[group]));
        let (row, low_error) = nearest(&HZ[..4], low_hz);
        let (column, high_error) = nearest(&HZ[4..], high_hz);
        let level = |group: usize, hz: f32| {
            sine_dbm0(f64::from((burst.peaks[group] / response(group, hz)).sqrt())) as f32
        };
        let (low_dbm0, high_dbm0) = (level(0, low_hz), level(1, high_hz));
        let tone = Tone {
            digit: Digit::at(row, column).expect("four rows and columns"),
            start_sample: burst.start_sample,
            end_sample,
            low_dbm0,
            high_dbm0,
            twist_db: high_dbm0 - low_dbm0,
            low_error_pct: 100.0 * low_error,
            high_error_pct: 100.0 * high_error,
        };
        let is_echo = hops.echo_hop() >= burst.first_hop;
        self.waiting.push((hop + SETTLE_HOPS, NearMiss { tone, is_echo }));
    }
}

/// Returns the sample at which the power crosses a half of `loudest`, between `back` hops ago and the hop after that.
fn edge(hops: &HopDetector, back: u64, loudest: f32, taken: u64) -> u64 {
    let share = |back: u64| hops.ago(back as usize).power() / loudest;
    let before = back.saturating_sub(1);
    let back = before as f32 + crossing(share(before), share(back));
    taken.saturating_sub((back * HOP as f32) as u64 + TAPS as u64 / 2)
}

/// Hops a second.
const HOP_RATE: f32 = SAMPLE_RATE as f32 / HOP as f32;

/// Returns the frequency next to `near_hz` of a tone that turns by `step` from hop to hop, in Hz.
fn hertz((re, im): (f32, f32), near_hz: f32) -> f32 {
    let hz = atan2(im, re) / TAU * HOP_RATE;
    hz + HOP_RATE * ((near_hz - hz) / HOP_RATE).round()
}

/// Returns the frequency in the last samples of a group's tone that turns by `step` from hop to hop, in Hz. The columns and
/// what is near them are further apart than the hops' rate, so that two frequencies may turn alike.
fn strongest(samples: &[i16], step: (f32, f32), group: usize) -> f32 {
    const ROWS_HZ: f32 = 819.0;
    const COLUMNS_HZ: [f32; 2] = [1_170.0, 1_670.0];
    if group == 0 {
        return hertz(step, ROWS_HZ);
    }
    let last = &samples[samples.len().saturating_sub(TAPS)..];
    let [below, above] = COLUMNS_HZ.map(|hz| hertz(step, hz));
    let power = |hz: f32| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in last.iter().enumerate() {
            let (sin, cos) = (TAU * hz * n as f32 / SAMPLE_RATE as f32).sin_cos();
            let (taper, _) = (TAU / 2.0 * n as f32 / TAPS as f32).sin_cos();
            re += taper * cos * f32::from(sample);
            im += taper * sin * f32::from(sample);
        }
        re * re + im * im
    };
    if power(below) > power(above) { below } else { above }
}

/// Returns the nearest of a group's frequencies, and the deviation from it as a fraction.
fn nearest(group: &[f64], hz: f32) -> (usize, f32) {
    let errors = group.iter().map(|&nominal| (hz - nominal as f32) / nominal as f32).enumerate();
    errors.min_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs())).expect("a group has four")
}

/// Returns the power that a group's filter makes of a sine of power 1 at `hz`.
fn response(group: usize, hz: f32) -> f32 {
    let scale = BANDS.scale.to_array()[group];
    let taps = |part: usize| BANDS.taps[part].iter().flat_map(|wide| wide.to_array());
    let (mut re, mut im) = (0.0, 0.0);
    for (n, (cos, sin)) in taps(group).zip(taps(group + 2)).enumerate() {
        let (turn_im, turn_re) = (TAU * hz * n as f32 / SAMPLE_RATE as f32).sin_cos();
        let (cos, sin) = (f32::from(cos), f32::from(sin));
        re += cos * turn_re - sin * turn_im;
        im += cos * turn_im + sin * turn_re;
    }
    // Half of a sine turns forwards.
    (0.5 * scale).powi(2) * (re * re + im * im)
}
