//! Recordings in containers, by symphonia, which knows every encoding that is met in them but Opus.

use std::fmt::Write as _;

use ropus::DecodeMode;
use symphonia::core::{
    audio::Channels,
    codecs::audio::{
        AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
        well_known::{CODEC_ID_AC3, CODEC_ID_EAC3, CODEC_ID_OPUS, CODEC_ID_SPEEX},
    },
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

/// The rate at which Opus is decoded, in Hz: the one it counts in.
const OPUS_RATE: u32 = 48_000;
/// The longest packet of Opus, in samples: 120 ms (RFC 6716, 3.2.5).
const OPUS_PACKET: usize = 5_760;

/// The reason why a recording's sound, or its next piece, cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MediaError {
    /// It is no recording of a kind that is known.
    #[error("it is no audio of a kind that is known")]
    NotAudio,
    /// Its encoding is not decoded.
    #[error("{0} is not decoded here")]
    Unsupported(String),
    /// It ends within a piece of sound.
    #[error("it ends within a piece of sound")]
    Cut,
    /// A piece cannot be decoded; what follows it may be.
    #[error("a piece of its sound cannot be decoded")]
    Damaged,
    /// Rate or channels change on the way.
    #[error("a change of rate or channels within a file is not read")]
    Changed,
}

/// The shape of what is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) channels: u16,
    pub(super) rate: u32,
}

/// A recording that is decoded piece by piece.
pub(super) struct Media {
    reader: Box<dyn FormatReader>,
    decoder: Decoder,
    track: u32,
    shape: Option<Shape>,
    /// The samples of each channel that the container announces.
    pub(super) announced: Option<u64>,
    /// The bits of a sample, where the encoding has a number of them.
    pub(super) bits: Option<u16>,
    /// The container's name, as shown.
    pub(super) container: String,
}

enum Decoder {
    Any(Box<dyn AudioDecoder>),
    Opus(Box<Opus>),
}

/// Opus of one or two channels.
struct Opus {
    decoder: ropus::Decoder,
    channels: u16,
    /// The samples of the beginning that are the encoder's (RFC 7845, 4.2).
    skip: usize,
    samples: Vec<f32>,
}

impl Media {
    /// Opens a recording; `extension` is the ending of its name, which helps where its beginning says little.
    pub(super) fn open(source: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Self, MediaError> {
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        let options = (FormatOptions::default(), MetadataOptions::default());
        let reader = symphonia::default::get_probe()
            .probe(&hint, stream, options.0, options.1)
            .map_err(|_| MediaError::NotAudio)?;
        let container = reader.format_info().short_name.to_uppercase();
        let track = reader.default_track(TrackType::Audio).ok_or(MediaError::NotAudio)?;
        let (id, announced) = (track.id, track.num_frames);
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        let parameters = parameters.ok_or(MediaError::NotAudio)?;
        let bits = parameters.bits_per_sample.and_then(|bits| u16::try_from(bits).ok());
        let decoder = decoder(parameters).ok_or_else(|| {
            let mut name = String::new();
            match parameters.codec {
                CODEC_ID_OPUS => name.push_str("Opus of more than two channels"),
                CODEC_ID_SPEEX => name.push_str("Speex"),
                CODEC_ID_AC3 | CODEC_ID_EAC3 => name.push_str("AC-3"),
                _ => name.push_str("the encoding"),
            }
            let _ = write!(name, " within {container}");
            MediaError::Unsupported(name)
        })?;
        Ok(Self { reader, decoder, track: id, shape: None, announced, bits, container })
    }

    /// Decodes the next piece into `samples`, channels in turn, −1…1; returns its shape, or nothing at the end.
    ///
    /// After [`MediaError::Damaged`] it can be asked for the piece behind.
    pub(super) fn next(&mut self, samples: &mut Vec<f32>) -> Result<Option<Shape>, MediaError> {
        loop {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                Err(Error::ResetRequired) => return Err(MediaError::Changed),
                // Nothing says where the next packet would begin.
                Err(_) => return Err(MediaError::Cut),
            };
            if packet.track_id != self.track {
                continue;
            }
            let shape = match &mut self.decoder {
                Decoder::Any(decoder) => {
                    let buffer = decoder.decode(&packet).map_err(|_| MediaError::Damaged)?;
                    let shape = Shape {
                        channels: buffer.spec().channels().count() as u16,
                        rate: buffer.spec().rate(),
                    };
                    buffer.copy_to_vec_interleaved(samples);
                    shape
                }
                Decoder::Opus(opus) => opus.decode(&packet.data, samples)?,
            };
            if *self.shape.get_or_insert(shape) != shape {
                return Err(MediaError::Changed);
            }
            return Ok(Some(shape));
        }
    }
}

fn decoder(parameters: &AudioCodecParameters) -> Option<Decoder> {
    if parameters.codec == CODEC_ID_OPUS {
        return Opus::new(parameters).map(|opus| Decoder::Opus(Box::new(opus)));
    }
    let decoder =
        symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default());
    decoder.ok().map(Decoder::Any)
}

impl Opus {
    fn new(parameters: &AudioCodecParameters) -> Option<Self> {
        let count = parameters.channels.as_ref().map_or(1, Channels::count);
        let channels = match count {
            1 => ropus::Channels::Mono,
            2 => ropus::Channels::Stereo,
            _ => return None,
        };
        let head = parameters.extra_data.as_deref().filter(|head| head.starts_with(b"OpusHead"));
        let skip =
            head.and_then(|head| head.get(10..12)).map_or(0, |skip| u16::from_le_bytes([skip[0], skip[1]]));
        let decoder = ropus::Decoder::new(OPUS_RATE, channels).ok()?;
        let samples = vec![0.0; OPUS_PACKET * count];
        Some(Self { decoder, channels: count as u16, skip: skip.into(), samples })
    }

    fn decode(&mut self, packet: &[u8], samples: &mut Vec<f32>) -> Result<Shape, MediaError> {
        let frames = self
            .decoder
            .decode_float(packet, &mut self.samples, DecodeMode::Normal)
            .map_err(|_| MediaError::Damaged)?;
        let skipped = self.skip.min(frames);
        self.skip -= skipped;
        let count = usize::from(self.channels);
        samples.clear();
        samples.extend_from_slice(&self.samples[skipped * count..frames * count]);
        Ok(Shape { channels: self.channels, rate: OPUS_RATE })
    }
}
