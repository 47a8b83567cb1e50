//! Recordings of every kind as sources: WAV by the prompt lab's own reader, the others by symphonia.

use std::{fs, io::Cursor, path::Path};

use prompt::source::{Encoding, Format, Source, SourceError, is_wav, read_wav};
use symphonia::core::{
    codecs::audio::AudioDecoderOptions,
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

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
    let mut hint = Hint::new();
    if let Some(extension) = file.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    let wav_word = read_wav(&bytes).err();
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let options = (FormatOptions::default(), MetadataOptions::default());
    let mut reader = symphonia::default::get_probe()
        .probe(&hint, stream, options.0, options.1)
        .map_err(|_| wav_word.unwrap_or(SourceError::NotAudio))?;
    decode_track(reader.as_mut())
}

fn decode_track(reader: &mut dyn FormatReader) -> Result<Source, SourceError> {
    let container = reader.format_info().short_name.to_uppercase();
    let track = reader.default_track(TrackType::Audio).ok_or(SourceError::NotAudio)?;
    let (id, announced) = (track.id, track.num_frames);
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let parameters = parameters.ok_or(SourceError::NotAudio)?;
    let bits = parameters.bits_per_sample.and_then(|bits| u16::try_from(bits).ok());
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|_| SourceError::Unsupported(format!("the encoding within {container}")))?;
    let (mut samples, mut part): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
    let mut shape = None;
    while let Some(packet) = reader.next_packet().map_err(|error| cut_off(&error))? {
        if packet.track_id != id {
            continue;
        }
        let buffer = decoder.decode(&packet).map_err(|error| cut_off(&error))?;
        let now = (buffer.spec().channels().count() as u16, buffer.spec().rate());
        if *shape.get_or_insert(now) != now {
            return Err(SourceError::Unsupported("a change of rate or channels within a file".into()));
        }
        buffer.copy_to_vec_interleaved(&mut part);
        samples.append(&mut part);
    }
    let Some((channels, rate)) = shape else { return Err(SourceError::Silent) };
    let found = samples.len() as u64 / u64::from(channels.max(1));
    if let Some(expected) = announced.filter(|expected| *expected > found) {
        return Err(SourceError::Short { expected, found });
    }
    let lossless = matches!(container.as_str(), "FLAC" | "AIFF" | "WAVE");
    let encoding = if lossless { Encoding::Pcm } else { Encoding::Compressed };
    Source::new(&container, &samples, &Format { encoding, bits, channels, rate })
}

fn cut_off(error: &Error) -> SourceError {
    SourceError::Damaged(if matches!(error, Error::IoError(_)) {
        "it ends within a piece of sound"
    } else {
        "a piece of its sound cannot be decoded"
    })
}
