//! The gateway's audio: WAV files, and what is played of them.

use std::time::Duration;

use bytes::Bytes;
use prompt::{control::PlaybackConfig, output, played, source::read_wav};

/// Returns samples at 8 kHz, mono, as a WAV file.
pub(super) fn pcm_wav(samples: &[i16]) -> Bytes {
    output::pcm_wav(samples).into()
}

/// Returns the length of a WAV file, or why it cannot be played.
pub(super) fn duration(wav: &[u8]) -> Result<Duration, String> {
    let source = read_wav(wav).map_err(|error| error.to_string())?;
    Ok(Duration::from_secs_f64(source.samples.len() as f64 / f64::from(source.rate)))
}

/// Returns what the caller hears of a prompt, as a WAV file at 8 kHz, or why it cannot be rendered.
pub(super) fn played(wav: &[u8], config: &PlaybackConfig) -> Result<Bytes, String> {
    let source = read_wav(wav).map_err(|error| error.to_string())?;
    let rendered = played::played(&source, config).map_err(|error| error.to_string())?;
    Ok(output::pcm_wav(&rendered.heard).into())
}
