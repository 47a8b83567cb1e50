//! Rendering: a prompt as the caller hears it, by the settings that a gateway is given.
//!
//! [`Line`] → trimmed ends → gain, compressor ([`signal::chain`]) → target gain → limiter of the true peak → 16-bit PCM
//! → codec and back. A [`Renderer`] takes the line in pieces of any length, and makes the same bytes of them as of the whole;
//! it can start in the middle, as a page does that is playing.

mod coder;
#[cfg(feature = "opus")]
mod opus;
mod renderer;

use serde::{Deserialize, Serialize};

use crate::{
    codec::Codec,
    line::{Line, Trim},
    volume::VolumeMatrix,
};

pub use renderer::{FRAME, GAIN_DB, Renderer};

/// The settings of a rendering. A preset is these, by a name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// The gateway's volume matrix.
    pub volume: VolumeMatrix,
    /// The codec towards the caller; absent for 16-bit PCM at 8 kHz.
    pub codec: Option<Codec>,
    /// The longest silence that stays at either end, in ms; absent where the ends stay as they are.
    pub silence_trim_ms: Option<u32>,
    /// Gain after the compressor and ahead of the limiter, in dB: what brings a prompt to a target.
    pub gain_db: f32,
    /// The stages that are left out, for comparison.
    pub bypass: Bypass,
}

impl Default for Settings {
    /// Returns the settings of an untouched prompt in CXone's own codec, µ-law.
    fn default() -> Self {
        Self {
            volume: VolumeMatrix::default(),
            codec: Some(Codec::G711U),
            silence_trim_ms: None,
            gain_db: 0.0,
            bypass: Bypass::default(),
        }
    }
}

/// The stages that are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Bypass {
    /// The base gain.
    pub gain: bool,
    /// The compressor.
    pub compressor: bool,
    /// The limiter; what exceeds full scale is then cut off.
    pub limiter: bool,
}

/// A prompt as the caller hears it, at 8 kHz, aligned with the kept part of its [`Line`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The part of the line that was kept.
    pub trim: Trim,
    /// The samples ahead of the codec. Their true peak is at most the peak limit.
    pub sent: Vec<i16>,
    /// The samples behind the codec, as many; the same where there is none.
    pub heard: Vec<i16>,
    /// The codec's bytes, packet by packet; none where there is no codec.
    pub codes: Vec<u8>,
    /// The length in bytes of each packet of [`FRAME`] samples. A codec that looks ahead takes one more than there are frames.
    pub packets: Vec<u16>,
    /// The levels of each frame of [`FRAME`] samples, the last of which may be shorter.
    pub levels: Vec<Levels>,
    /// The count of samples that had to be cut off at full scale; none with a limiter.
    pub cut: usize,
}

/// The levels of a frame of 20 ms, for drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Levels {
    /// The highest sample of the line, of full scale.
    pub input_peak: f32,
    /// The highest sample that is sent, of full scale.
    pub output_peak: f32,
    /// The compressor's largest gain reduction, in dB.
    pub compressor_db: f32,
    /// The limiter's largest gain reduction, in dB.
    pub limiter_db: f32,
}

/// A codec that this build does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this build has no {}", .0.name())]
pub struct CodecMissing(pub Codec);

/// Renders a whole prompt.
pub fn render(line: &Line, settings: &Settings) -> Result<Rendered, CodecMissing> {
    let trim = line.trim(settings.silence_trim_ms);
    let mut renderer = Renderer::new(settings)?;
    let kept = line.samples.get(trim.kept.clone()).unwrap_or_default();
    let mut out = Rendered { trim, ..Rendered::default() };
    out.reserve(kept.len());
    renderer.push(kept, &mut out);
    renderer.finish(&mut out);
    Ok(out)
}

impl Rendered {
    fn reserve(&mut self, samples: usize) {
        self.sent.reserve(samples);
        self.heard.reserve(samples);
        self.codes.reserve(samples);
        self.packets.reserve(samples.div_ceil(FRAME) + 1);
        self.levels.reserve(samples.div_ceil(FRAME));
    }
}

#[cfg(test)]
mod tests;
