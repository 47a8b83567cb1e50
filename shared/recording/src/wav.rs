//! WAV files, piece by piece: RIFF, RF64 and BW64, as programs write them and as they are left behind.

use signal::codec::Law;

use crate::encoding::{Encoding, Format, Order};

/// The tags of `fmt ` chunks (RFC 2361).
const PCM: u16 = 1;
const MS_ADPCM: u16 = 2;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const IMA_ADPCM: u16 = 0x11;
const GSM: u16 = 0x31;
/// The tag stands in the chunk's extension.
const EXTENSIBLE: u16 = 0xfffe;
/// The place of the tag in the extension.
const EXTENDED_TAG: usize = 24;

/// The bytes of the file's own header.
const FILE_HEADER: usize = 12;
/// The bytes of a chunk's name and length.
const CHUNK_HEADER: usize = 8;
/// The bytes of a `fmt ` or `ds64` chunk that are looked at.
const MAX_HEADER: usize = 64;
/// The most sound that is kept until its format is known, in bytes.
const MAX_EARLY: usize = 8 << 20;
/// Names of chunks that are met: what tells a chunk from sound, or from the byte that pads the one before it.
const NAMES: [&[u8; 4]; 16] = [
    b"fmt ", b"data", b"LIST", b"fact", b"bext", b"JUNK", b"junk", b"PAD ", b"id3 ", b"ID3 ", b"cue ",
    b"smpl", b"inst", b"iXML", b"PEAK", b"ds64",
];

/// Returns true when `bytes` begin as a WAV file does.
pub fn is_wav(bytes: &[u8]) -> bool {
    matches!(
        bytes.first_chunk(),
        Some(
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']
                | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
                | [b'B', b'W', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
        )
    )
}

/// The format of a WAV file's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WavFormat {
    /// The format of a sample.
    pub format: Format,
    /// The bits of a sample, as the file says.
    pub bits: u16,
}

/// The end of a WAV file, as far as its header foretold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As much sound as the header announces.
    Whole,
    /// The header announces no length, as programs leave it that write to a pipe or are stopped.
    Unannounced {
        /// The length that the header has.
        length: u32,
    },
    /// The file is cut off.
    Cut {
        /// The bytes of sound that the header announces.
        expected: u64,
        /// The bytes that are there.
        found: u64,
    },
    /// There is more sound than the header announces.
    Longer {
        /// The bytes of sound that the header announces.
        expected: u64,
        /// The bytes that are there.
        found: u64,
    },
}

/// The reason why a WAV file's sound cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// The file begins as no WAV file does.
    #[error("it does not begin as a WAV file does")]
    NotWav,
    /// The file ends before its format.
    #[error("its header is cut off")]
    HeaderCut,
    /// The format lacks fields, or its fields make no format.
    #[error("its header is too short")]
    HeaderShort,
    /// The format's fields contradict each other.
    #[error("its header contradicts itself")]
    HeaderWrong,
    /// No format, or too late.
    #[error("its samples come before their format")]
    SoundBeforeFormat,
    /// No `data` chunk.
    #[error("its samples are missing")]
    NoSound,
    /// A form of sound that is not read.
    #[error("WAV with {0}")]
    Unsupported(String),
}

/// The part of a file that comes next.
#[derive(Clone, Copy, Debug)]
enum State {
    /// The file's own header.
    Riff,
    /// The header of a chunk.
    Chunk,
    /// A chunk that is read: its name, the bytes that are looked at and the bytes behind them.
    Header { name: [u8; 4], length: usize, skip: u64 },
    /// A chunk that is not read.
    Skip { left: u64, is_odd: bool },
    /// The byte that pads a chunk of odd length, which some programs forget.
    Pad,
    /// The bytes behind a `data` chunk of no length: sound, or another chunk.
    NoLength,
    /// Sound, with its length where one is known.
    Sound { left: Option<u64>, is_odd: bool },
}

/// Reads a WAV file whose bytes come in pieces of any length.
#[derive(Debug)]
pub struct WavReader {
    state: State,
    /// Bytes of a header that has not come whole.
    pending: Vec<u8>,
    format: Option<WavFormat>,
    /// Sound that came before its format.
    early: Vec<u8>,
    /// The length of sound by a `ds64` chunk.
    long_length: Option<u64>,
    unannounced: Option<u32>,
    expected: Option<u64>,
    found: u64,
}

impl Default for WavReader {
    fn default() -> Self {
        Self::new()
    }
}

impl WavReader {
    /// Creates a reader at a file's beginning.
    pub const fn new() -> Self {
        Self {
            state: State::Riff,
            pending: Vec::new(),
            format: None,
            early: Vec::new(),
            long_length: None,
            unannounced: None,
            expected: None,
            found: 0,
        }
    }

    /// Returns the format, once it is known.
    pub const fn format(&self) -> Option<WavFormat> {
        self.format
    }

    /// Takes bytes and hands out the sound in them; the format is known by then.
    pub fn push(&mut self, mut bytes: &[u8], mut on: impl FnMut(WavFormat, &[u8])) -> Result<(), WavError> {
        while !bytes.is_empty() {
            match self.state {
                State::Riff => {
                    if self.fill(FILE_HEADER, &mut bytes) {
                        if !is_wav(&self.pending) {
                            return Err(WavError::NotWav);
                        }
                        self.pending.clear();
                        self.state = State::Chunk;
                    }
                }
                State::Chunk => {
                    if self.fill(CHUNK_HEADER, &mut bytes) {
                        self.begin_chunk(&mut on)?;
                    }
                }
                State::Header { name, length, skip } => {
                    if self.fill(length, &mut bytes) {
                        self.read_header(name, &mut on)?;
                        self.state = State::behind(skip, (length as u64 + skip) % 2 == 1);
                    }
                }
                State::Skip { left, is_odd } => {
                    let now = left.min(bytes.len() as u64);
                    bytes = &bytes[now as usize..];
                    self.state = State::behind(left - now, is_odd);
                }
                State::Pad => {
                    if self.fill(4, &mut bytes) {
                        if !self.is_at_chunk() {
                            self.pending.remove(0);
                        }
                        self.state = State::Chunk;
                    }
                }
                State::NoLength => {
                    if self.fill(4, &mut bytes) {
                        self.state =
                            if self.is_at_chunk() { State::Chunk } else { self.endless(0, &mut on)? };
                    }
                }
                State::Sound { left, is_odd } => {
                    let now = left.map_or(bytes.len(), |left| left.min(bytes.len() as u64) as usize);
                    let (sound, rest) = bytes.split_at(now);
                    self.sound(sound, &mut on)?;
                    bytes = rest;
                    self.state = match left.map(|left| left - now as u64) {
                        Some(0) => State::behind(0, is_odd),
                        left => State::Sound { left, is_odd },
                    };
                }
            }
        }
        Ok(())
    }

    /// Ends the file, and returns whether its header was right about it.
    pub fn finish(&self) -> Result<Ending, WavError> {
        if self.format.is_none() {
            let has_sound = self.expected.is_some() || self.unannounced.is_some();
            return Err(match self.state {
                State::Riff | State::Header { .. } => WavError::HeaderCut,
                State::Chunk | State::Skip { .. } | State::Pad | State::NoLength | State::Sound { .. } => {
                    if has_sound {
                        WavError::SoundBeforeFormat
                    } else {
                        WavError::NoSound
                    }
                }
            });
        }
        let found = self.found;
        match (self.unannounced, self.expected) {
            (Some(length), _) => Ok(Ending::Unannounced { length }),
            (None, Some(expected)) if expected > found => Ok(Ending::Cut { expected, found }),
            (None, Some(expected)) if expected < found => Ok(Ending::Longer { expected, found }),
            (None, Some(_)) => Ok(Ending::Whole),
            (None, None) => Err(WavError::NoSound),
        }
    }

    /// Moves bytes to those that wait until there are `length` of them; returns whether there are.
    fn fill(&mut self, length: usize, bytes: &mut &[u8]) -> bool {
        let (now, later) = bytes.split_at(bytes.len().min(length - self.pending.len()));
        self.pending.extend(now);
        *bytes = later;
        self.pending.len() == length
    }

    fn is_at_chunk(&self) -> bool {
        NAMES.iter().any(|name| self.pending.starts_with(*name))
    }

    fn begin_chunk(&mut self, on: &mut impl FnMut(WavFormat, &[u8])) -> Result<(), WavError> {
        let Some((name, length)) = self.pending.split_first_chunk::<4>() else { return Ok(()) };
        let (name, length) = (*name, u32::from_le_bytes(length.try_into().unwrap_or_default()));
        let is_odd = length % 2 == 1;
        // Behind sound, what no chunk can be called is more of it.
        if self.found > 0 && !name.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            let more = core::mem::take(&mut self.pending);
            self.state = State::Sound { left: None, is_odd: false };
            return self.sound(&more, on);
        }
        self.pending.clear();
        self.state = match &name {
            b"fmt " | b"ds64" => {
                let read = (length as usize).min(MAX_HEADER);
                State::Header { name, length: read, skip: u64::from(length) - read as u64 }
            }
            b"data" => match (length, self.long_length) {
                (u32::MAX, Some(long)) if long > 0 => self.announced(long),
                (0, _) => {
                    self.expected = Some(self.expected.unwrap_or_default());
                    State::NoLength
                }
                // What programs write that do not know yet: the most that a length can be, or nearly.
                (0x7fff_0000..=0x8000_0000 | 0xffff_0000.., _) => self.endless(length, on)?,
                _ => self.announced(length.into()),
            },
            _ => State::behind(length.into(), is_odd),
        };
        // A header without a byte is complete.
        if let State::Header { length: 0, .. } = self.state {
            self.read_header(name, on)?;
            self.state = State::Chunk;
        }
        Ok(())
    }

    fn announced(&mut self, length: u64) -> State {
        self.expected = Some(self.expected.unwrap_or_default().saturating_add(length));
        State::Sound { left: Some(length), is_odd: length % 2 == 1 }
    }

    fn endless(&mut self, length: u32, on: &mut impl FnMut(WavFormat, &[u8])) -> Result<State, WavError> {
        self.unannounced = Some(length);
        let first = core::mem::take(&mut self.pending);
        self.sound(&first, on)?;
        Ok(State::Sound { left: None, is_odd: false })
    }

    fn sound(&mut self, bytes: &[u8], on: &mut impl FnMut(WavFormat, &[u8])) -> Result<(), WavError> {
        self.found += bytes.len() as u64;
        if let Some(format) = self.format {
            on(format, bytes);
            return Ok(());
        }
        if self.early.len() + bytes.len() > MAX_EARLY {
            return Err(WavError::SoundBeforeFormat);
        }
        self.early.extend(bytes);
        Ok(())
    }

    fn read_header(&mut self, name: [u8; 4], on: &mut impl FnMut(WavFormat, &[u8])) -> Result<(), WavError> {
        let header = core::mem::take(&mut self.pending);
        if &name == b"ds64" {
            self.long_length = header.get(8..16).map(|long| long.try_into().map_or(0, u64::from_le_bytes));
        } else if self.format.is_none() {
            let format = read_format(&header)?;
            self.format = Some(format);
            let early = core::mem::take(&mut self.early);
            if !early.is_empty() {
                on(format, &early);
            }
        }
        Ok(())
    }
}

impl State {
    /// Returns the state in which `left` bytes of a chunk that is not read, and the byte that pads it, are passed over.
    const fn behind(left: u64, is_odd: bool) -> Self {
        match left {
            0 if is_odd => Self::Pad,
            0 => Self::Chunk,
            left => Self::Skip { left, is_odd },
        }
    }
}

fn read_format(chunk: &[u8]) -> Result<WavFormat, WavError> {
    let word = |at: usize| chunk.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let short = WavError::HeaderShort;
    let (Some(tag), Some(channels), Some(low), Some(high), Some(block)) =
        (word(0), word(2), word(4), word(6), word(12))
    else {
        return Err(short);
    };
    // The oldest headers end before their bits.
    let bits = word(14).unwrap_or(8);
    let tag = if tag == EXTENSIBLE { word(EXTENDED_TAG).ok_or(short)? } else { tag };
    let block = usize::from(block);
    let order = Order::Little;
    let encoding = match (tag, bits) {
        (PCM, 1..=8) => Encoding::Unsigned,
        (PCM, 9..=32) => Encoding::Signed { bytes: usize::from(bits.div_ceil(8)), order },
        (FLOAT, 32 | 64) => Encoding::Float { bytes: usize::from(bits / 8), order },
        (A_LAW, 8) => Encoding::Law(Law::A),
        (MU_LAW, 8) => Encoding::Law(Law::Mu),
        (IMA_ADPCM, _) if matches!(channels, 1 | 2) => Encoding::ImaAdpcm { block },
        (MS_ADPCM, _) => Encoding::MsAdpcm { block },
        (GSM, _) if channels == 1 => Encoding::WavGsm,
        (PCM | FLOAT | A_LAW | MU_LAW, _) => {
            return Err(WavError::Unsupported(format!("samples of {bits} bits")));
        }
        _ => return Err(WavError::Unsupported(encoding_name(tag))),
    };
    let format = Format { encoding, channels, rate: u32::from(low) | u32::from(high) << 16 };
    if channels == 0 || format.rate == 0 || format.unit() == 0 {
        return Err(WavError::HeaderWrong);
    }
    Ok(WavFormat { format, bits })
}

/// Returns the name of an encoding that is not read.
fn encoding_name(tag: u16) -> String {
    let name = match tag {
        0x11 => "IMA ADPCM of more than two channels",
        0x22 => "TrueSpeech",
        0x31 => "GSM 06.10 of more than one channel",
        0x40 | 0x45 | 0x64 | 0x85 | 0x14 => "G.726",
        0x42 | 0x111 => "G.723.1",
        0x50 | 0x55 => "MPEG audio",
        0x57 => "AMR",
        0x65 | 0x28f => "G.722",
        0x83 => "G.729",
        0xff | 0x1600 | 0x1610 => "AAC",
        0x160..=0x163 => "Windows Media Audio",
        _ => return format!("the encoding {tag}"),
    };
    name.to_owned()
}
