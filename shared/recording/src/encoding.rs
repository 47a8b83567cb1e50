//! Encodings of samples, and the way from each to 16-bit PCM.

use signal::codec::Law;

use crate::{adpcm, gsm};

/// The order of the bytes of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The lowest byte first: WAV, raw files.
    Little,
    /// The highest byte first: AU.
    Big,
}

/// The encoding of a recording's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Integers of 8 bits without a sign.
    Unsigned,
    /// Integers with a sign, of one to four bytes.
    Signed {
        /// The bytes of a sample, 1 to 4.
        bytes: usize,
        /// Their order.
        order: Order,
    },
    /// Floating point, −1…1.
    Float {
        /// The bytes of a sample, 4 or 8.
        bytes: usize,
        /// Their order.
        order: Order,
    },
    /// G.711.
    Law(Law),
    /// ADPCM as the IMA and Microsoft have it, in blocks.
    ImaAdpcm {
        /// The bytes of a block.
        block: usize,
    },
    /// ADPCM as Microsoft has it, in blocks.
    MsAdpcm {
        /// The bytes of a block.
        block: usize,
    },
    /// GSM 06.10 full rate, in frames of 33 bytes.
    Gsm,
    /// GSM 06.10 full rate as WAV has it: two frames in 65 bytes.
    WavGsm,
}

/// The format of a recording's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The encoding of a sample.
    pub encoding: Encoding,
    /// The count of channels.
    pub channels: u16,
    /// The sample rate, in Hz.
    pub rate: u32,
}

impl Format {
    /// Returns the bytes that are decoded as one piece: a sample of every channel, or a block of a codec that has blocks.
    pub fn unit(&self) -> usize {
        let channels = usize::from(self.channels);
        match self.encoding {
            Encoding::Unsigned | Encoding::Law(_) => channels,
            Encoding::Signed { bytes, .. } | Encoding::Float { bytes, .. } => bytes * channels,
            Encoding::ImaAdpcm { block } | Encoding::MsAdpcm { block } => block,
            Encoding::Gsm => gsm::FRAME_BYTES,
            Encoding::WavGsm => gsm::PAIR_BYTES,
        }
    }
}

/// Joins bytes that come in pieces of any length to whole units.
#[derive(Debug)]
pub struct Units {
    unit: usize,
    /// Bytes of a unit that has not come whole.
    rest: Vec<u8>,
}

impl Units {
    /// Creates a joiner of units of this many bytes, at least one.
    pub const fn new(unit: usize) -> Self {
        Self { unit, rest: Vec::new() }
    }

    /// Takes bytes and hands out whole units of them, as many at once as there are.
    pub fn push(&mut self, mut bytes: &[u8], mut on: impl FnMut(&[u8])) {
        if !self.rest.is_empty() {
            let (first, later) = bytes.split_at(bytes.len().min(self.unit - self.rest.len()));
            self.rest.extend(first);
            bytes = later;
            if self.rest.len() < self.unit {
                return;
            }
            on(&self.rest);
            self.rest.clear();
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % self.unit);
        on(whole);
        self.rest.extend(rest);
    }

    /// Returns the bytes at the end that are no whole unit.
    pub const fn left_over(&self) -> usize {
        self.rest.len()
    }
}

/// Decodes whole units to 16-bit PCM.
#[derive(Debug)]
pub struct PcmDecoder {
    format: Format,
    interleaved: Vec<i16>,
    channels: Vec<Vec<i16>>,
    gsm: gsm::Decoder,
}

impl PcmDecoder {
    /// Creates a decoder of a format with at least one channel and bytes in a unit.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            interleaved: Vec::new(),
            channels: vec![Vec::new(); usize::from(format.channels)],
            gsm: gsm::Decoder::default(),
        }
    }

    /// Decodes units, and returns the samples of each channel by itself.
    pub fn channels(&mut self, units: &[u8]) -> &[Vec<i16>] {
        self.decode(units);
        self.separate();
        &self.channels
    }

    /// Decodes units, and returns the samples of the channels in turn.
    pub fn interleaved(&mut self, units: &[u8]) -> &[i16] {
        self.decode(units);
        &self.interleaved
    }

    fn decode(&mut self, bytes: &[u8]) {
        let Self { interleaved: out, format, gsm, .. } = self;
        out.clear();
        match format.encoding {
            Encoding::Unsigned => out.extend(bytes.iter().map(|&byte| (i16::from(byte) - 128) << 8)),
            Encoding::Law(law) => {
                let table: [i16; 256] = core::array::from_fn(|code| law.decode_sample(code as u8));
                out.extend(bytes.iter().map(|&code| table[usize::from(code)]));
            }
            Encoding::Signed { bytes: 1, .. } => {
                out.extend(bytes.iter().map(|&byte| i16::from(byte.cast_signed()) << 8));
            }
            // Of more than two bytes, the highest two.
            Encoding::Signed { bytes: 2, order } => high_bytes::<2>(bytes, order, out),
            Encoding::Signed { bytes: 3, order } => high_bytes::<3>(bytes, order, out),
            Encoding::Signed { order, .. } => high_bytes::<4>(bytes, order, out),
            Encoding::Float { bytes: 8, order } => each(bytes, out, |value| match order {
                Order::Little => to_pcm(f64::from_le_bytes(value) as f32),
                Order::Big => to_pcm(f64::from_be_bytes(value) as f32),
            }),
            Encoding::Float { order, .. } => each(bytes, out, |value| match order {
                Order::Little => to_pcm(f32::from_le_bytes(value)),
                Order::Big => to_pcm(f32::from_be_bytes(value)),
            }),
            Encoding::ImaAdpcm { block } => {
                bytes.chunks_exact(block).for_each(|block| adpcm::decode_ima(block, format.channels, out));
            }
            Encoding::MsAdpcm { block } => {
                bytes.chunks_exact(block).for_each(|block| adpcm::decode_ms(block, format.channels, out));
            }
            Encoding::Gsm => {
                bytes.as_chunks().0.iter().for_each(|frame| out.extend(gsm.frame(frame)));
            }
            Encoding::WavGsm => {
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .for_each(|pair| gsm.pair(pair).iter().for_each(|frame| out.extend(frame)));
            }
        }
    }

    fn separate(&mut self) {
        if let [only] = &mut self.channels[..] {
            core::mem::swap(only, &mut self.interleaved);
            return;
        }
        let count = self.channels.len();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            channel.clear();
            channel.extend(self.interleaved.chunks_exact(count).map(|frame| frame[index]));
        }
    }
}

/// Returns a sample, −1…1, in steps of 16-bit PCM.
pub fn to_pcm(sample: f32) -> i16 {
    // Saturates, and what is no number becomes silence.
    (sample * 32_768.0) as i16
}

fn each<const BYTES: usize>(bytes: &[u8], out: &mut Vec<i16>, value: impl Fn([u8; BYTES]) -> i16) {
    out.extend(bytes.as_chunks::<BYTES>().0.iter().map(|bytes| value(*bytes)));
}

fn high_bytes<const BYTES: usize>(bytes: &[u8], order: Order, out: &mut Vec<i16>) {
    match order {
        Order::Little => {
            each(bytes, out, |value: [u8; BYTES]| i16::from_le_bytes([value[BYTES - 2], value[BYTES - 1]]));
        }
        Order::Big => each(bytes, out, |value: [u8; BYTES]| i16::from_be_bytes([value[0], value[1]])),
    }
}
