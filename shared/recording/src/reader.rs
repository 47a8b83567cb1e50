//! A recording or a capture from its first byte to its last digit.

use core::fmt;

use crate::{
    au::{AuError, AuReader},
    capture::{Capture, StreamFacts},
    encoding::{Encoding, Format, PcmDecoder, Units},
    kind::Kind,
    listen::{Heard, Listener, Same, Unheard},
    wav::{Ending, WavError, WavReader},
};

/// Settings of a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the mean of all channels is listened to, in place of each.
    pub mix: bool,
    /// Whether what is drawn of each channel is kept: memory then grows with the recording, by 1.4 MB an hour and channel.
    pub peaks: bool,
    /// Whether near misses are told, with the figures that sank them.
    pub explain: bool,
}

/// The reason why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// There are no bytes.
    #[error("it is empty")]
    Empty,
    /// The bytes are no recording of a kind that is known.
    #[error("it is no audio of a kind that is known")]
    NotAudio,
    /// The file is of a kind, or has an encoding within it, that is not decoded here.
    #[error("{0} is not decoded here")]
    Unsupported(String),
    /// The file is damaged where it must not be.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// There is a header, and no sample.
    #[error("there is a header and no sound after it")]
    Silent,
    /// The container has its table at its end, and comes as a stream.
    #[error("its table stands at its end: give it as a file, not on standard input")]
    NotStreamed,
    /// The capture has no stream of a kind that is heard.
    #[error("the capture has no stream of RTP with G.711 or telephone-events")]
    NoStream,
    /// Its channels cannot be listened to.
    #[error(transparent)]
    Unheard(#[from] Unheard),
}

impl Failure {
    /// Returns true where another program can make a file of it that is read.
    pub const fn can_be_converted(&self) -> bool {
        match self {
            Self::Unsupported(_) | Self::Unheard(_) => true,
            Self::Empty
            | Self::NotAudio
            | Self::Damaged(_)
            | Self::Silent
            | Self::NotStreamed
            | Self::NoStream => false,
        }
    }
}

impl From<WavError> for Failure {
    fn from(error: WavError) -> Self {
        match error {
            WavError::Unsupported(_) => Self::Unsupported(error.to_string()),
            WavError::NotWav => Self::NotAudio,
            WavError::HeaderCut
            | WavError::HeaderShort
            | WavError::HeaderWrong
            | WavError::SoundBeforeFormat
            | WavError::NoSound => Self::Damaged(error.to_string()),
        }
    }
}

impl From<AuError> for Failure {
    fn from(error: AuError) -> Self {
        match error {
            AuError::Unsupported(_) => Self::Unsupported(error.to_string()),
            AuError::NotAu => Self::NotAudio,
            AuError::HeaderCut | AuError::HeaderWrong => Self::Damaged(error.to_string()),
        }
    }
}

/// Something about a file that was read which its reader should know.
#[derive(Clone, Debug, PartialEq)]
pub enum Remark {
    /// The header has no length.
    NoLength {
        /// The length that it has.
        length: u32,
    },
    /// The file is cut off.
    Cut {
        /// The bytes of sound that are announced.
        expected: u64,
        /// The bytes that are there.
        found: u64,
    },
    /// There is more sound than is announced.
    Longer {
        /// The bytes of sound that are announced.
        expected: u64,
        /// The bytes that are there.
        found: u64,
    },
    /// Bytes at the end are no whole sample, or block.
    LeftOver(usize),
    /// A channel sounds like another.
    Same(Same),
    /// A stream of a capture.
    Stream(StreamFacts),
    /// The capture ends within a packet.
    CaptureCut,
    /// The capture is damaged, and was read up to there.
    CaptureDamaged,
    /// Packets of which the capture has only the beginning.
    Shortened(u64),
    /// There are more streams than are listened to.
    Crowded,
    /// The streams of a capture are not mixed.
    NotMixed,
    /// Nothing was recognised, and it was read as 16-bit PCM of this rate.
    TakenForRaw(u32),
    /// The word of a decoder of another kind.
    Other(String),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLength { length } => {
                write!(f, "its header has no length ({length:#x}): it was read to its end")
            }
            Self::Cut { expected, found } => {
                write!(f, "it is cut off: {found} of {expected} bytes of sound are there")
            }
            Self::Longer { expected, found } => {
                write!(
                    f,
                    "its header announces {expected} bytes of sound and {found} are there: all were read"
                )
            }
            Self::LeftOver(1) => f.write_str("the last byte is no whole sample, and was left out"),
            Self::LeftOver(bytes) => {
                write!(f, "the last {bytes} bytes are no whole sample, and were left out")
            }
            Self::Same(Same { channel, until_ms: None }) => {
                write!(f, "channels 0 and {channel} are the same: their digits are listed once, as channel 0")
            }
            Self::Same(Same { channel, until_ms: Some(ms) }) => write!(
                f,
                "channels 0 and {channel} are the same up to {:.1} s: until then their digits are listed once",
                ms / 1_000.0
            ),
            Self::Stream(facts) => write_stream(f, facts),
            Self::CaptureCut => f.write_str("the capture ends within a packet"),
            Self::CaptureDamaged => {
                f.write_str("the capture is damaged: what follows the damage was left out")
            }
            Self::Shortened(packets) => {
                write!(f, "{packets} packets were captured only in part: their sound has gaps")
            }
            Self::Crowded => f.write_str("it has more streams than are listened to: the first 64 were"),
            Self::NotMixed => f.write_str("the streams of a capture are not mixed"),
            Self::TakenForRaw(rate) => {
                write!(f, "nothing was recognised: it was read as 16-bit PCM at {rate} Hz, one channel")
            }
            Self::Other(words) => f.write_str(words),
        }
    }
}

fn write_stream(f: &mut fmt::Formatter<'_>, facts: &StreamFacts) -> fmt::Result {
    let StreamFacts { channel, ssrc, source, destination, undecoded, counts } = facts;
    match channel {
        Some(channel) => write!(f, "channel {channel} is ")?,
        None => f.write_str("not heard: ")?,
    }
    write!(f, "the stream {ssrc:#010x} from {source} to {destination}")?;
    if channel.is_some() {
        write!(f, ", {} packets", counts.packets)?;
    }
    if counts.lost > 0 {
        write!(f, ", {} lost and concealed", counts.lost)?;
    }
    if counts.reordered > 0 {
        write!(f, ", {} out of order", counts.reordered)?;
    }
    if counts.repeated > 0 {
        write!(f, ", {} twice", counts.repeated)?;
    }
    undecoded.map_or(Ok(()), |name| write!(f, ", with {name}, which is not decoded"))
}

#[derive(Debug)]
enum Source {
    Wav(WavReader),
    Au(AuReader),
    Raw(Format),
    Capture(Box<Capture>),
}

/// The part of a reader that decodes and listens, once the format is known.
#[derive(Debug, Default)]
struct Sound {
    options: Options,
    opened: Option<Opened>,
    /// The reason why it was not opened.
    refused: Option<Unheard>,
}

#[derive(Debug)]
struct Opened {
    units: Units,
    decoder: PcmDecoder,
    listener: Listener,
    /// Whether a byte may follow the last unit that belongs to none.
    is_padded: bool,
}

/// Reads what [`Kind`] says that this crate reads, in pieces of any length, and hears its digits.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    sound: Sound,
    is_empty: bool,
    /// Whether the capture is damaged: nothing after that is read.
    is_damaged: bool,
    remarks: Vec<Remark>,
}

impl Reader {
    /// Creates a reader; kinds that are not read here are refused by name.
    pub fn new(kind: Kind, options: Options) -> Result<Self, Failure> {
        let source = match kind {
            Kind::Wav => Source::Wav(WavReader::new()),
            Kind::Au => Source::Au(AuReader::default()),
            Kind::Raw(format) => Source::Raw(format),
            Kind::Capture => Source::Capture(Box::new(Capture::new(options.explain))),
            Kind::Container(container) => return Err(Failure::Unsupported(container.name().into())),
            Kind::Refused(name) => return Err(Failure::Unsupported(name.into())),
        };
        let sound = Sound { options, opened: None, refused: None };
        let remarks = match source {
            Source::Capture(_) if options.mix => vec![Remark::NotMixed],
            Source::Capture(_) | Source::Wav(_) | Source::Au(_) | Source::Raw(_) => Vec::new(),
        };
        Ok(Self { source, sound, is_empty: true, is_damaged: false, remarks })
    }

    /// Takes the file's next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Self { source, sound, .. } = self;
        self.is_empty &= bytes.is_empty();
        match source {
            Source::Wav(wav) => wav.push(bytes, |wav, bytes| sound.push(wav.format, bytes))?,
            Source::Au(au) => au.push(bytes, |format, bytes| sound.push(format, bytes))?,
            Source::Raw(format) => sound.push(*format, bytes),
            Source::Capture(capture) => {
                if !self.is_damaged && capture.push(bytes).is_err() {
                    self.is_damaged = true;
                }
            }
        }
        sound.refused.clone().map_or(Ok(()), |refused| Err(refused.into()))
    }

    /// Returns the next digit, if one is certain to be the next.
    pub fn poll(&mut self) -> Option<Heard> {
        match &mut self.source {
            Source::Capture(capture) => capture.poll(),
            Source::Wav(_) | Source::Au(_) | Source::Raw(_) => self.sound.opened.as_mut()?.listener.poll(),
        }
    }

    /// Ends the file; the digits that are left can be polled then.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if self.is_empty {
            return Err(Failure::Empty);
        }
        if let Some(Opened { listener, .. }) = &mut self.sound.opened {
            listener.finish();
        }
        match &mut self.source {
            Source::Wav(wav) => match wav.finish()? {
                Ending::Whole => {}
                Ending::Unannounced { length } => self.remarks.push(Remark::NoLength { length }),
                Ending::Cut { expected, found } => self.remarks.push(Remark::Cut { expected, found }),
                Ending::Longer { expected, found } => self.remarks.push(Remark::Longer { expected, found }),
            },
            Source::Au(au) => {
                let cut = au.finish()?.map(|(expected, found)| Remark::Cut { expected, found });
                self.remarks.extend(cut);
            }
            Source::Raw(_) => {}
            Source::Capture(capture) => {
                capture.finish();
                let streams = capture.streams();
                let is_heard = streams.iter().any(|facts| facts.channel.is_some());
                self.remarks.extend(streams.into_iter().map(Remark::Stream));
                self.remarks.extend(capture.is_crowded().then_some(Remark::Crowded));
                let shortened = capture.shortened();
                self.remarks.extend((shortened > 0).then_some(Remark::Shortened(shortened)));
                if self.is_damaged {
                    self.remarks.push(Remark::CaptureDamaged);
                } else if capture.is_cut() {
                    self.remarks.push(Remark::CaptureCut);
                }
                return if is_heard { Ok(()) } else { Err(Failure::NoStream) };
            }
        }
        let Some(Opened { units, listener, is_padded, .. }) = &self.sound.opened else {
            return Err(Failure::Silent);
        };
        // GSM's pairs are of 65 bytes, so that an odd number of them is padded.
        let padding = usize::from(*is_padded);
        let left_over = units.left_over();
        self.remarks.extend((left_over > padding).then_some(Remark::LeftOver(left_over)));
        self.remarks.extend(listener.same().map(Remark::Same));
        if listener.duration_ms() > 0.0 { Ok(()) } else { Err(Failure::Silent) }
    }

    /// Returns what is to be said about the file, as far as it was read.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Returns the count of channels, once it is known.
    pub fn channels(&self) -> usize {
        match &self.source {
            Source::Capture(capture) => {
                capture.streams().iter().filter(|facts| facts.channel.is_some()).count()
            }
            Source::Wav(_) | Source::Au(_) | Source::Raw(_) => self.listener().map_or(0, Listener::channels),
        }
    }

    /// Returns the duration until now, in ms.
    pub fn duration_ms(&self) -> f64 {
        match &self.source {
            Source::Capture(capture) => capture.duration_ms(),
            Source::Wav(_) | Source::Au(_) | Source::Raw(_) => {
                self.listener().map_or(0.0, Listener::duration_ms)
            }
        }
    }

    /// Returns the listener of a recording; a capture has none.
    pub fn listener(&self) -> Option<&Listener> {
        self.sound.opened.as_ref().map(|opened| &opened.listener)
    }
}

impl Sound {
    fn push(&mut self, format: Format, bytes: &[u8]) {
        if self.opened.is_none() && self.refused.is_none() {
            match Listener::new(format.channels, format.rate, self.options) {
                Ok(listener) => {
                    self.opened = Some(Opened {
                        units: Units::new(format.unit()),
                        decoder: PcmDecoder::new(format),
                        listener,
                        is_padded: format.encoding == Encoding::WavGsm,
                    });
                }
                Err(refused) => self.refused = Some(refused),
            }
        }
        if let Some(Opened { units, decoder, listener, .. }) = &mut self.opened {
            units.push(bytes, |whole| listener.push(decoder.channels(whole)));
        }
    }
}
