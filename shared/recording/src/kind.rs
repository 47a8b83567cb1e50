//! Kinds of files, by what they begin with and by their names.

use signal::{codec::Law, detect::SAMPLE_RATE};

use crate::{
    au,
    encoding::{Encoding, Format, Order},
    wav,
};

/// The bytes of a file's beginning that always suffice to tell its kind.
pub const SNIFF_BYTES: usize = 4_096;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// WAV: RIFF, RF64, BW64.
    Wav,
    /// AU.
    Au,
    /// A capture of a network: pcap or pcapng.
    Capture,
    /// Samples without a header.
    Raw(Format),
    /// A container that a general decoder reads: symphonia in the program, the browser in the page.
    Container(Container),
    /// Something that is known by name and read by neither.
    Refused(&'static str),
}

/// A container that a general decoder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// FLAC.
    Flac,
    /// MPEG audio, MP3 among it.
    Mpeg,
    /// AAC without a container.
    Adts,
    /// Ogg: Vorbis, Opus, FLAC.
    Ogg,
    /// MP4 and its kin: AAC, ALAC.
    Mp4,
    /// Matroska, of which `WebM` is a part.
    Matroska,
    /// AIFF.
    Aiff,
}

impl Container {
    /// Returns the name, as shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flac => "FLAC",
            Self::Mpeg => "MP3",
            Self::Adts => "AAC",
            Self::Ogg => "Ogg",
            Self::Mp4 => "MP4",
            Self::Matroska => "Matroska",
            Self::Aiff => "AIFF",
        }
    }

    /// Returns the ending of the names of such files, by which decoders know them.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Flac => "flac",
            Self::Mpeg => "mp3",
            Self::Adts => "aac",
            Self::Ogg => "ogg",
            Self::Mp4 => "m4a",
            Self::Matroska => "mkv",
            Self::Aiff => "aiff",
        }
    }
}

/// The names of formats, as they are given by hand, each with the endings of file names that stand for it.
const NAMES: [(&[&str], Kind); 14] = [
    (&["wav", "wave", "wav49", "bwf", "rf64"], Kind::Wav),
    (&["au", "snd"], Kind::Au),
    (&["pcap", "pcapng", "cap"], Kind::Capture),
    (&["ulaw", "mulaw", "ul", "mu", "pcmu", "g711u"], Kind::Raw(raw(Encoding::Law(Law::Mu)))),
    (&["alaw", "al", "pcma", "g711a"], Kind::Raw(raw(Encoding::Law(Law::A)))),
    (&["sln", "raw", "pcm", "sw", "s16le", "sln8"], Kind::Raw(RAW)),
    (&["gsm"], Kind::Raw(raw(Encoding::Gsm))),
    (&["flac"], Kind::Container(Container::Flac)),
    (&["mp3", "mp2", "mpga"], Kind::Container(Container::Mpeg)),
    (&["aac", "adts"], Kind::Container(Container::Adts)),
    (&["ogg", "oga", "opus"], Kind::Container(Container::Ogg)),
    (&["mp4", "m4a", "m4b", "mov"], Kind::Container(Container::Mp4)),
    (&["webm", "mkv", "mka"], Kind::Container(Container::Matroska)),
    (&["aif", "aiff", "aifc"], Kind::Container(Container::Aiff)),
];
/// The endings of names of codecs that have no header to be known by, and that are not read.
const REFUSED_NAMES: [(&str, &str); 6] = [
    ("g729", "G.729"),
    ("g722", "G.722"),
    ("g723", "G.723.1"),
    ("g726", "G.726"),
    ("ilbc", "iLBC"),
    ("siren7", "Siren7"),
];
/// The format that is taken where nothing else is known: 16-bit PCM at 8 kHz, one channel.
pub(crate) const RAW: Format = raw(Encoding::Signed { bytes: 2, order: Order::Little });

const fn raw(encoding: Encoding) -> Format {
    Format { encoding, channels: 1, rate: SAMPLE_RATE }
}

impl Kind {
    /// Returns the kind of samples without a header in 16-bit PCM, one channel.
    pub const fn raw(rate: u32) -> Self {
        Self::Raw(Format { rate, ..RAW })
    }

    /// Returns the kind that a word stands for, as it is given by hand or ends a file's name.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if let Some((_, kind)) = NAMES.iter().find(|(names, _)| names.contains(&name.as_str())) {
            return Some(*kind);
        }
        // Asterisk's signed linear PCM, with its rate in kHz.
        let rate = match name.strip_prefix("sln")? {
            "44" => 44_100,
            thousands => thousands.parse::<u32>().ok().filter(|rate| (8..=192).contains(rate))? * 1_000,
        };
        Some(Self::raw(rate))
    }

    /// Returns the words that [`Self::from_name`] knows, one for each kind.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(names, _)| names[0])
    }

    /// Returns the kind of a file by its content and, where that tells nothing, by the ending of its name.
    ///
    /// `beginning` has the file's first [`SNIFF_BYTES`], or all of it.
    pub fn of(beginning: &[u8], name: Option<&str>) -> Option<Self> {
        let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
        let by_name = extension.and_then(Self::from_name);
        let refused = || {
            let extension = extension?.to_ascii_lowercase();
            let (_, codec) = REFUSED_NAMES.iter().find(|(ending, _)| *ending == extension)?;
            Some(Self::Refused(codec))
        };
        Self::by_signature(beginning)
            // A frame's first bits are too few to overrule a name that says what has no header.
            .or_else(|| by_name.is_none().then(|| Self::by_frames(beginning)).flatten())
            .or(by_name)
            .or_else(refused)
    }

    /// Returns the kind of what comes on standard input, or nothing where more bytes may still tell it.
    pub fn of_stream(beginning: &[u8], is_all: bool) -> Sniffed {
        if let Some(kind) = Self::by_signature(beginning).or_else(|| Self::by_frames(beginning)) {
            return Sniffed::Known(kind);
        }
        let suffices = beginning.len() >= SIGNATURE_BYTES
            && (!may_be_frames(beginning) || beginning.len() >= SNIFF_BYTES);
        if suffices || is_all { Sniffed::Unknown } else { Sniffed::NeedsMore }
    }

    fn by_signature(bytes: &[u8]) -> Option<Self> {
        let container = |container| Some(Self::Container(container));
        if wav::is_wav(bytes) {
            return Some(Self::Wav);
        }
        if au::is_au(bytes) {
            return Some(Self::Au);
        }
        match bytes {
            [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..]
            | [0x34, 0xcd, 0xb2, 0xa1, ..]
            | [0x0a, 0x0d, 0x0d, 0x0a, ..] => Some(Self::Capture),
            [b'f', b'L', b'a', b'C', ..] => container(Container::Flac),
            [b'O', b'g', b'g', b'S', ..] => container(Container::Ogg),
            [b'I', b'D', b'3', ..] => container(Container::Mpeg),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => container(Container::Mp4),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => container(Container::Matroska),
            [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C', ..] => {
                container(Container::Aiff)
            }
            [b'R', b'I', b'F', b'X', ..] => Some(Self::Refused("WAV with its bytes in reverse (RIFX)")),
            [b'#', b'!', b'A', b'M', b'R', ..] => Some(Self::Refused("AMR")),
            [b'#', b'!', b'S', b'I', b'L', b'K', ..] => Some(Self::Refused("SILK")),
            [b'#', b'!', b'i', b'L', b'B', b'C', ..] => Some(Self::Refused("iLBC")),
            [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, ..] => Some(Self::Refused("Windows Media")),
            [b'c', b'a', b'f', b'f', ..] => Some(Self::Refused("CAF")),
            [b'd', b's', b'.', ..] | [b'.', b's', b'd', ..] => Some(Self::Refused("DEC audio")),
            [b'w', b'v', b'p', b'k', ..] => Some(Self::Refused("WavPack")),
            [0x1f, 0x8b, ..] => Some(Self::Refused("a gzip archive")),
            [b'P', b'K', 3, 4, ..] => Some(Self::Refused("a ZIP archive")),
            _ => None,
        }
    }

    /// Two frames in a row, since eleven bits alone may be chance.
    fn by_frames(bytes: &[u8]) -> Option<Self> {
        let follows = |length: Option<usize>, next: fn(&[u8]) -> Option<usize>| {
            length.and_then(|length| bytes.get(length..)).and_then(next).is_some()
        };
        if follows(mpeg_frame(bytes), mpeg_frame) {
            return Some(Self::Container(Container::Mpeg));
        }
        follows(adts_frame(bytes), adts_frame).then_some(Self::Container(Container::Adts))
    }
}

/// The bytes that all signatures fit into.
const SIGNATURE_BYTES: usize = 12;

/// The result of a look at a stream's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// It is of this kind.
    Known(Kind),
    /// It is of no kind that is known.
    Unknown,
    /// More of it is needed.
    NeedsMore,
}

fn may_be_frames(bytes: &[u8]) -> bool {
    mpeg_frame(bytes).is_some() || adts_frame(bytes).is_some()
}

/// Returns the length of the frame of MPEG audio that `bytes` begin with (ISO/IEC 11172-3, 2.4.1.3), layers II and III.
fn mpeg_frame(bytes: &[u8]) -> Option<usize> {
    const LAYER_3: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const LAYER_3_LOW: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const LAYER_2: [u32; 15] = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    let [0xff, second, third, _, ..] = *bytes else { return None };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    if second >> 5 != 7 {
        return None;
    }
    let (kilobits, samples) = match (version, layer) {
        (3, 1) => (LAYER_3, 1_152),
        (0 | 2, 1) => (LAYER_3_LOW, 576),
        (3, 2) => (LAYER_2, 1_152),
        (0 | 2, 2) => (LAYER_3_LOW, 1_152),
        _ => return None,
    };
    let bits = kilobits.get(usize::from(third >> 4)).filter(|kilobits| **kilobits > 0)? * 1_000;
    let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
    let rate = rate
        / match version {
            3 => 1,
            2 => 2,
            _ => 4,
        };
    Some((samples / 8 * bits / rate + u32::from(third >> 1 & 1)) as usize)
}

/// Returns the length of the ADTS frame that `bytes` begin with (ISO/IEC 13818-7, 6.2).
fn adts_frame(bytes: &[u8]) -> Option<usize> {
    let [0xff, second, third, fourth, fifth, sixth, ..] = *bytes else { return None };
    let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    (second & 0xf6 == 0xf0 && third >> 2 & 15 < 13 && length >= 7).then_some(length)
}
