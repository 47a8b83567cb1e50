//! Prompts in any container: WAV by the lab's own reader, which a page has as well, everything else as `decode` reads it.

use std::{fs, io::Cursor, path::Path};

use prompt::source::{Encoding, Format, Source, SourceError, is_wav, read_wav};

use crate::cli::media::{Media, MediaError};

/// Reads a file; the error is what is said about it.
pub(super) fn read(file: &Path) -> Result<Source, String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let source = if bytes.is_empty() || is_wav(&bytes) {
        read_wav(&bytes)
    } else {
        // Its word is the better one where the beginning is WAV's, and nobody else can read it.
        decode(bytes, file)
    };
    source.map_err(|error| error.to_string())
}

fn decode(bytes: Vec<u8>, file: &Path) -> Result<Source, SourceError> {
    let wav_word = read_wav(&bytes).err();
    let extension = file.extension().and_then(|extension| extension.to_str());
    let mut media = Media::open(Box::new(Cursor::new(bytes)), extension).map_err(|error| match error {
        MediaError::NotAudio => wav_word.unwrap_or(SourceError::NotAudio),
        MediaError::Unsupported(_) | MediaError::Cut | MediaError::Damaged | MediaError::Changed => {
            refused(error)
        }
    })?;
    let (mut samples, mut part): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
    let mut shape = None;
    while let Some(now) = media.next(&mut part).map_err(refused)? {
        shape = Some(now);
        samples.append(&mut part);
    }
    let Some(shape) = shape else { return Err(SourceError::Silent) };
    let found = samples.len() as u64 / u64::from(shape.channels.max(1));
    if let Some(expected) = media.announced.filter(|expected| *expected > found) {
        return Err(SourceError::Short { expected, found });
    }
    let lossless = matches!(media.container.as_str(), "FLAC" | "AIFF" | "WAVE");
    let encoding = if lossless { Encoding::Pcm } else { Encoding::Compressed };
    let format = Format { encoding, bits: media.bits, channels: shape.channels, rate: shape.rate };
    Source::new(&media.container, &samples, &format)
}

fn refused(error: MediaError) -> SourceError {
    match error {
        MediaError::NotAudio => SourceError::NotAudio,
        MediaError::Unsupported(encoding) => SourceError::Unsupported(encoding),
        MediaError::Cut => SourceError::Damaged("it ends within a piece of sound"),
        MediaError::Damaged => SourceError::Damaged("a piece of its sound cannot be decoded"),
        MediaError::Changed => SourceError::Unsupported("a change of rate or channels within a file".into()),
    }
}
