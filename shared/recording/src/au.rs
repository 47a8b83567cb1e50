//! AU files, Sun's form of sound.

use signal::codec::Law;

use crate::encoding::{Encoding, Format, Order};

/// The bytes of the shortest header.
const HEADER: usize = 24;
/// The length that stands for one that is not known.
const NO_LENGTH: u32 = u32::MAX;
/// The longest header that is believed, in bytes: what it has beyond its fields is a comment.
const MAX_HEADER: u32 = 1 << 20;

/// Returns true when `bytes` begin as an AU file does.
pub(crate) fn is_au(bytes: &[u8]) -> bool {
    bytes.starts_with(b".snd")
}

/// The reason why an AU file's sound cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuError {
    /// The file begins as no AU file does.
    #[error("it does not begin as an AU file does")]
    NotAu,
    /// The file ends in its header.
    #[error("its header is cut off")]
    HeaderCut,
    /// The header's fields make no format.
    #[error("its header contradicts itself")]
    HeaderWrong,
    /// A form of sound that is not read.
    #[error("AU with {0}")]
    Unsupported(String),
}

/// Reads an AU file whose bytes come in pieces of any length.
#[derive(Debug, Default)]
pub(crate) struct AuReader {
    header: Vec<u8>,
    format: Option<Format>,
    /// The bytes of the header's comment that are still to come.
    skip: usize,
    expected: Option<u64>,
    found: u64,
}

impl AuReader {
    /// Takes bytes and hands out the sound in them.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut on: impl FnMut(Format, &[u8]),
    ) -> Result<(), AuError> {
        if self.format.is_none() {
            let (now, later) = bytes.split_at(bytes.len().min(HEADER - self.header.len()));
            self.header.extend(now);
            bytes = later;
            if self.header.len() == HEADER {
                self.read_header()?;
            }
        }
        let Some(format) = self.format else { return Ok(()) };
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        bytes = &bytes[skipped..];
        if let Some(expected) = self.expected {
            // What stands behind the sound is none.
            let left = expected.saturating_sub(self.found);
            bytes = &bytes[..left.min(bytes.len() as u64) as usize];
        }
        self.found += bytes.len() as u64;
        if !bytes.is_empty() {
            on(format, bytes);
        }
        Ok(())
    }

    /// Ends the file, and returns the bytes of sound that are announced and those that are there where they differ.
    pub(crate) fn finish(&self) -> Result<Option<(u64, u64)>, AuError> {
        if self.format.is_none() {
            return Err(AuError::HeaderCut);
        }
        Ok(self.expected.filter(|expected| *expected > self.found).map(|expected| (expected, self.found)))
    }

    fn read_header(&mut self) -> Result<(), AuError> {
        if !is_au(&self.header) {
            return Err(AuError::NotAu);
        }
        let (words, _) = self.header.as_chunks::<4>();
        let word = |index: usize| u32::from_be_bytes(words[index]);
        let (offset, length, code, rate, channels) = (word(1), word(2), word(3), word(4), word(5));
        let order = Order::Big;
        let encoding = match code {
            1 => Encoding::Law(Law::Mu),
            2..=5 => Encoding::Signed { bytes: code as usize - 1, order },
            6 => Encoding::Float { bytes: 4, order },
            7 => Encoding::Float { bytes: 8, order },
            27 => Encoding::Law(Law::A),
            23..=26 => return Err(AuError::Unsupported("ADPCM (G.721 to G.726)".into())),
            _ => return Err(AuError::Unsupported(format!("the encoding {code}"))),
        };
        let channels = u16::try_from(channels).map_err(|_| AuError::HeaderWrong)?;
        if channels == 0 || rate == 0 || !(HEADER as u32..=MAX_HEADER).contains(&offset) {
            return Err(AuError::HeaderWrong);
        }
        self.skip = offset as usize - HEADER;
        self.expected = (length != NO_LENGTH && length != 0).then_some(length.into());
        self.format = Some(Format { encoding, channels, rate });
        Ok(())
    }
}
