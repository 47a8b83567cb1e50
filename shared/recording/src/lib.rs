//! Recordings and captures as people have them: bytes in, as they come, and digits out.
//!
//! [`Kind`] tells what a file is, [`Reader`] reads it: WAV and AU in all encodings of telephony, samples without a header,
//! and captures of a network. What a general decoder makes of another file goes into a [`Listener`] by hand.

mod adpcm;
mod au;
mod capture;
mod encoding;
mod gsm;
mod kind;
mod listen;
mod packet;
mod peaks;
mod reader;
mod rtp;
mod stream;
mod wav;

pub use capture::StreamFacts;
pub use encoding::{Encoding, Format, Order, PcmDecoder, Units, to_pcm};
pub use kind::{Container, Kind, SNIFF_BYTES, Sniffed};
pub use listen::{Heard, Listener, MAX_CHANNELS, MAX_RATE, MIN_RATE, Origin, Same, Unheard};
pub use peaks::Peaks;
pub use reader::{Failure, Options, Reader, Remark};
pub use stream::Counts;
pub use wav::{Ending, WavError, WavFormat, WavReader, is_wav};
