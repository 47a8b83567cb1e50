//! Packets of RTP (RFC 3550) and telephone-events in them (RFC 4733).

use base::digit::Digit;

/// The bytes of a header without contributing sources.
const HEADER: usize = 12;
/// The bytes of a telephone-event.
const EVENT: usize = 4;
/// Payload types that RTCP's own would be taken for (RFC 5761, 4).
const RTCP: core::ops::RangeInclusive<u8> = 72..=76;
/// Payload types that sessions give a meaning (RFC 3551, 6).
const DYNAMIC: core::ops::RangeInclusive<u8> = 96..=127;

/// A packet of RTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtpPacket<'a> {
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: &'a [u8],
}

/// A report of a telephone-event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TelephoneEvent {
    pub(crate) digit: Digit,
    /// Whether the event has ended.
    pub(crate) is_end: bool,
    /// The event's duration until now, in samples.
    pub(crate) duration: u16,
}

impl<'a> RtpPacket<'a> {
    /// Reads a packet; nothing where the bytes can be none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let [first, second, sequence @ .., t0, t1, t2, t3, s0, s1, s2, s3] = *header;
        let payload_type = second & 0x7f;
        if first >> 6 != 2 || RTCP.contains(&payload_type) {
            return None;
        }
        let mut payload = rest.get(4 * usize::from(first & 15)..)?;
        if first & 0x10 != 0 {
            let ([_, _, words @ ..], rest) = payload.split_first_chunk::<4>()?;
            payload = rest.get(4 * usize::from(u16::from_be_bytes(*words))..)?;
        }
        if first & 0x20 != 0 {
            let padding = usize::from(*payload.last()?);
            payload = payload.get(..payload.len().checked_sub(padding)?)?;
        }
        Some(Self {
            payload_type,
            sequence: u16::from_be_bytes(sequence),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            payload,
        })
    }

    /// Reads the telephone-event of a digit, if the packet has the shape of one: its type differs from session to session.
    pub(crate) fn telephone_event(&self) -> Option<TelephoneEvent> {
        let [event, flags, duration @ ..] = *self.payload.first_chunk::<EVENT>()?;
        // RFC 4733, 2.3: the second bit of the flags is reserved, and zero.
        if !DYNAMIC.contains(&self.payload_type) || self.payload.len() != EVENT || flags & 0x40 != 0 {
            return None;
        }
        // RFC 4733, 3.2: a digit's event has the digit's code.
        let digit = Digit::from_code(event)?;
        Some(TelephoneEvent { digit, is_end: flags & 0x80 != 0, duration: u16::from_be_bytes(duration) })
    }

    /// Returns the name of the encoding that a payload type stands for, where it is fixed (RFC 3551, table 4).
    pub(crate) const fn encoding_name(payload_type: u8) -> &'static str {
        match payload_type {
            3 => "GSM 06.10",
            4 => "G.723.1",
            5 | 6 | 16 | 17 => "DVI ADPCM",
            7 => "LPC",
            9 => "G.722",
            10 | 11 => "16-bit PCM",
            12 => "QCELP",
            13 => "comfort noise",
            14 => "MPEG audio",
            15 => "G.728",
            18 => "G.729",
            96..=127 => "an encoding that its session names",
            _ => "no audio that is known",
        }
    }
}
