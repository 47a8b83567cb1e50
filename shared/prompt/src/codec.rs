//! The codecs in which the media gateway plays a prompt.

use serde::{Deserialize, Serialize};

/// A codec of the media gateway, by its name in a control payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Codec {
    /// ITU-T G.711 µ-law, 64 kbit/s: what CXone keeps prompts in.
    #[default]
    G711U,
    /// ITU-T G.711 A-law, 64 kbit/s.
    G711A,
    /// ITU-T G.729, 8 kbit/s.
    G729,
    /// Opus (RFC 6716), narrowband.
    Opus,
}

impl Codec {
    /// Every codec, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::G711U, Self::G711A, Self::G729, Self::Opus];

    /// Returns the name in a control payload.
    pub const fn name(self) -> &'static str {
        match self {
            Self::G711U => "G711U",
            Self::G711A => "G711A",
            Self::G729 => "G729",
            Self::Opus => "OPUS",
        }
    }

    /// Returns the codec of this name in a control payload.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }
}
