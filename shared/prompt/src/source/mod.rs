//! Sources: a prompt as it was given, as samples and as facts about them.

mod clip;
mod wav;

use core::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};

pub use clip::Clipping;
pub use wav::{is_wav, read_wav};

/// The sample rates that are taken, in Hz.
pub const RATES: RangeInclusive<u32> = 8_000..=192_000;
/// The longest source that is taken, in seconds: two hours at 48 kHz are 1.4 GB of samples.
pub const MAX_SECONDS: u32 = 7_200;
/// The most channels that are mixed.
pub const MAX_CHANNELS: u16 = 8;

/// A prompt as it was given, mixed to one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The mean of the channels, −1…1; floating-point files may exceed it.
    pub samples: Vec<f32>,
    /// The sample rate, in Hz; one of [`RATES`].
    pub rate: u32,
    /// The facts about the file.
    pub facts: SourceFacts,
    /// The stretches of `samples` in which a channel is clipped, in order.
    pub clipped: Vec<Range<usize>>,
}

/// The facts about a file that its samples do not tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceFacts {
    /// The container's name, as shown: `WAV`, `FLAC`.
    pub container: String,
    /// The encoding of a sample.
    pub encoding: Encoding,
    /// The count of channels.
    pub channels: u16,
    /// The sample rate, in Hz.
    pub rate: u32,
    /// The bits of a sample; absent where the encoding has no fixed number.
    pub bits: Option<u16>,
    /// The agreement of the channels; absent for one channel.
    pub stereo: Option<Stereo>,
}

/// The encoding of a file's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Encoding {
    /// Linear PCM, integers.
    Pcm,
    /// Linear PCM, floating point.
    Float,
    /// G.711 µ-law.
    MuLaw,
    /// G.711 A-law.
    ALaw,
    /// Something else, which a decoder has undone: MP3, Opus.
    Compressed,
}

impl Encoding {
    /// Returns the name, as shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcm => "PCM",
            Self::Float => "floating point",
            Self::MuLaw => "µ-law",
            Self::ALaw => "A-law",
            Self::Compressed => "compressed",
        }
    }
}

/// The agreement of two or more channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stereo {
    /// The level of what the mix to one channel loses against what it keeps, in dB: −120 where the channels are the same,
    /// 0 where only one of two has sound, +120 where they cancel each other.
    pub lost_db: f32,
}

/// The reason why something is no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There are no bytes.
    #[error("the file is empty: export the prompt again")]
    Empty,
    /// There is a header, and no sample.
    #[error("there is a header and no sound after it: export the prompt again")]
    Silent,
    /// The bytes are no audio of a kind that is known.
    #[error("this is no audio file: give a WAV file, or another kind of recording")]
    NotAudio,
    /// The file says that it has more than it has.
    #[error("the file is cut off: {found} of {expected} bytes of sound are there; copy or export it again")]
    Truncated {
        /// The bytes of sound that the header announces.
        expected: u64,
        /// The bytes that are there.
        found: u64,
    },
    /// The file says that it is longer than it is.
    #[error("the recording is cut off: {found} of {expected} samples are there; copy or export it again")]
    Short {
        /// The samples of each channel that the header announces.
        expected: u64,
        /// The samples that are there.
        found: u64,
    },
    /// The file contradicts itself.
    #[error("the file is damaged: {0}; export the prompt again")]
    Damaged(&'static str),
    /// The file is whole, and in a form that is not read.
    #[error("{0} is not read here: export the prompt as 16-bit PCM, 8 to 192 kHz")]
    Unsupported(String),
    /// The prompt is longer than [`MAX_SECONDS`].
    #[error("the recording takes {seconds} s, and {MAX_SECONDS} s is the most: cut it into prompts")]
    TooLarge {
        /// The duration, in seconds.
        seconds: u64,
    },
}

impl Source {
    /// Creates a source from what a decoder made of a file: `interleaved` has the channels' samples in turn, −1…1.
    pub fn from_decoded(
        container: &str,
        interleaved: &[f32],
        channels: u16,
        rate: u32,
    ) -> Result<Self, SourceError> {
        let format = Format { encoding: Encoding::Compressed, bits: None, channels, rate };
        Self::new(container, interleaved, &format)
    }

    /// Creates a source of one channel that was made here: a tone, noise, a microphone's recording.
    pub fn from_samples(container: &str, samples: Vec<f32>, rate: u32) -> Result<Self, SourceError> {
        let format = Format { encoding: Encoding::Float, bits: Some(32), channels: 1, rate };
        format.check(samples.len())?;
        Ok(Self::mono(container, samples, &format, None))
    }

    /// Creates a source from a file's samples, given its format: what a lossless decoder knows.
    pub fn new(container: &str, interleaved: &[f32], format: &Format) -> Result<Self, SourceError> {
        let channels = usize::from(format.channels);
        format.check(interleaved.len() / channels.max(1))?;
        if channels == 1 {
            return Ok(Self::mono(container, interleaved.to_vec(), format, None));
        }
        let share = 1.0 / channels as f32;
        let mixed: Vec<f32> =
            interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * share).collect();
        let stereo = Stereo { lost_db: lost_db(interleaved, channels, &mixed) };
        let mut source = Self::mono(container, mixed, format, Some(stereo));
        let of_channel = |channel| interleaved.iter().skip(channel).step_by(channels).copied();
        source.clipped = clip::union((0..channels).map(|channel| {
            let samples: Vec<f32> = of_channel(channel).collect();
            clip::find(&samples, format.full_scale())
        }));
        Ok(source)
    }

    fn mono(container: &str, mut samples: Vec<f32>, format: &Format, stereo: Option<Stereo>) -> Self {
        for sample in &mut samples {
            // What is no number is silence to the chain as well.
            *sample = if sample.is_finite() { *sample } else { 0.0 };
        }
        let Format { encoding, bits, channels, rate } = *format;
        let facts = SourceFacts { container: container.to_owned(), encoding, channels, rate, bits, stereo };
        let clipped = if stereo.is_none() { clip::find(&samples, format.full_scale()) } else { Vec::new() };
        Self { samples, rate, facts, clipped }
    }

    /// Returns the duration, in ms.
    pub fn duration_ms(&self) -> f64 {
        self.samples.len() as f64 * 1_000.0 / f64::from(self.rate)
    }

    /// Returns the clipping of the source: how much, and at which level.
    pub fn clipping(&self) -> Clipping {
        Clipping::of(&self.samples, &self.clipped)
    }
}

/// The format of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The encoding of a sample.
    pub encoding: Encoding,
    /// The bits of a sample; absent where the encoding has no fixed number.
    pub bits: Option<u16>,
    /// The count of channels.
    pub channels: u16,
    /// The sample rate, in Hz.
    pub rate: u32,
}

impl Format {
    fn check(&self, frames: usize) -> Result<(), SourceError> {
        let Self { channels, rate, .. } = *self;
        if !RATES.contains(&rate) {
            return Err(SourceError::Unsupported(format!("a sample rate of {rate} Hz")));
        }
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(SourceError::Unsupported(format!("audio of {channels} channels")));
        }
        if frames == 0 {
            return Err(SourceError::Silent);
        }
        let seconds = frames as u64 / u64::from(rate);
        if seconds > u64::from(MAX_SECONDS) { Err(SourceError::TooLarge { seconds }) } else { Ok(()) }
    }

    /// Returns the largest value that the encoding always has room for, on both sides of zero.
    fn full_scale(&self) -> f32 {
        match (self.encoding, self.bits) {
            (Encoding::MuLaw, _) => 32_124.0 / 32_768.0,
            (Encoding::ALaw, _) => 32_256.0 / 32_768.0,
            (Encoding::Pcm, Some(bits @ 2..=16)) => 1.0 - 2.0 / (1_u32 << bits) as f32,
            (Encoding::Pcm | Encoding::Float | Encoding::Compressed, _) => 1.0 - 1.0 / 32_768.0,
        }
    }
}

/// Power that counts as silence, so that two silences agree.
const LEAST: f64 = 1e-12;

/// The power of the channels' distances from their mean against the mean's, in dB.
fn lost_db(interleaved: &[f32], channels: usize, mixed: &[f32]) -> f32 {
    let mut lost = 0.0;
    let mut kept = 0.0;
    for (frame, &mean) in interleaved.chunks_exact(channels).zip(mixed) {
        lost += frame.iter().map(|sample| f64::from(sample - mean).powi(2)).sum::<f64>();
        kept += f64::from(mean).powi(2) * channels as f64;
    }
    if lost + kept < LEAST {
        return -120.0;
    }
    let db = 10.0 * ((lost + LEAST) / (kept + LEAST)).log10();
    db.clamp(-120.0, 120.0) as f32
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn channels_are_mixed_and_their_agreement_is_known() {
        let tone: Vec<f32> = (0..8_000).map(|n| 0.5 * (n as f32 * 0.3).sin()).collect();
        let lost = |right: f32| {
            let both: Vec<f32> = tone.iter().flat_map(|&left| [left, left * right]).collect();
            let source = Source::from_decoded("MP3", &both, 2, 16_000).unwrap();
            assert_eq!((source.samples.len(), source.duration_ms()), (8_000, 500.0));
            assert!((source.samples[5] - tone[5] * 0.5 * (1.0 + right)).abs() < 1e-6);
            source.facts.stereo.expect("two channels").lost_db
        };
        assert!(lost(1.0) < -80.0);
        assert!(lost(0.0).abs() < 0.01);
        assert!(lost(-1.0) > 80.0);
    }

    #[test]
    fn what_is_no_source_is_refused_in_words() {
        let word = |channels, rate, frames: usize| {
            let refused =
                Source::from_decoded("MP3", &vec![0.1; frames * usize::from(channels)], channels, rate);
            refused.expect_err("refused").to_string()
        };
        assert!(word(1, 7_999, 8).contains("7999 Hz"));
        assert!(word(1, 192_001, 8).contains("192001 Hz"));
        assert!(word(9, 8_000, 8).contains("9 channels"));
        assert!(word(1, 8_000, 0).contains("no sound"));
        assert!(word(1, 8_000, 7_201 * 8_000).contains("7201 s"));
        let source = Source::from_samples("tone", vec![f32::NAN, 0.5, f32::INFINITY], 8_000).unwrap();
        assert_eq!(source.samples, [0.0, 0.5, 0.0]);
    }
}
