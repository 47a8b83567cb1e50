//! The frames of a socket, followed beside the library that reads them.

/// Opcode of a close frame.
const CLOSE: u8 = 8;
/// Maximum size of a control frame's payload (RFC 6455, section 5.5).
const MAX_CONTROL_BYTES: u64 = 125;

/// Reader of a stream of frames that looks for the close frame alone (RFC 6455, section 5.2).
///
/// The library replaces a close code that it does not know, 1014 among them, by one of its own, and reads no further after a
/// fault. So the bytes that it reads pass by here.
#[derive(Debug, Default)]
pub(super) struct FrameFollower {
    header: [u8; 14],
    header_filled: usize,
    /// Number of bytes of the present frame's payload that are still to come.
    left: u64,
    mask: Option<[u8; 4]>,
    is_close: bool,
    payload: Vec<u8>,
    has_closed: bool,
    /// Number of bytes of an HTTP head's end that have come, where the frames stand behind one.
    head_end: Option<usize>,
}

/// End of an HTTP head.
const HEAD_END: &[u8] = b"\r\n\r\n";

impl FrameFollower {
    /// Returns a follower of frames that begin behind the head of an HTTP answer.
    pub(super) fn behind_head() -> Self {
        Self { head_end: Some(0), ..Self::default() }
    }

    /// Takes in the next bytes of the stream.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while let Some(matched) = self.head_end {
            let Some((first, rest)) = bytes.split_first() else { return };
            bytes = rest;
            let matched =
                if *first == HEAD_END[matched] { matched + 1 } else { usize::from(*first == b'\r') };
            self.head_end = Some(matched).filter(|matched| *matched < HEAD_END.len());
        }
        while !self.has_closed {
            if self.left > 0 && !bytes.is_empty() {
                let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                let (payload, rest) = bytes.split_at(count);
                if self.is_close {
                    self.payload.extend_from_slice(payload);
                }
                self.left -= count as u64;
                bytes = rest;
                self.has_closed = self.is_close && self.left == 0;
            } else if let Some((first, rest)) = bytes.split_first() {
                self.header[self.header_filled] = *first;
                self.header_filled += 1;
                bytes = rest;
                self.begin();
            } else {
                return;
            }
        }
    }

    /// Begins a frame once its header is there.
    fn begin(&mut self) {
        let header = &self.header[..self.header_filled];
        let [first, second, rest @ ..] = header else { return };
        let length = match second & 0x7f {
            126 => {
                rest.split_first_chunk().map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest))
            }
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest)),
            length => Some((u64::from(length), rest)),
        };
        let Some((length, rest)) = length else { return };
        let is_masked = second & 0x80 != 0;
        self.mask = match rest.first_chunk() {
            _ if !is_masked => None,
            None => return,
            mask => mask.copied(),
        };
        // One that is longer is a fault, and none of its content counts.
        self.is_close = first & 0x0f == CLOSE && length <= MAX_CONTROL_BYTES;
        self.left = length;
        self.header_filled = 0;
        self.has_closed = self.is_close && length == 0;
    }

    /// Returns true once a close frame has come.
    pub(super) fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// Returns code and reason of the close frame that has come, unless it gave none.
    pub(super) fn close(&self) -> Option<(u16, String)> {
        let unmasked: Vec<u8> = match self.mask {
            Some(mask) => {
                self.payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
            }
            None => self.payload.clone(),
        };
        let (code, reason) = unmasked.split_first_chunk()?;
        Some((u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let flag = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![0x80 | opcode];
        match payload.len() {
            short @ ..126 => bytes.push(flag + short as u8),
            middle @ ..65_536 => {
                bytes.push(flag + 126);
                bytes.extend((middle as u16).to_be_bytes());
            }
            long => {
                bytes.push(flag + 127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        let key = mask.unwrap_or_default();
        bytes.extend(mask.iter().flatten());
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    proptest! {
        #[test]
        fn a_close_frame_is_found_wherever_it_stands_and_however_it_is_cut(
            lengths in prop::collection::vec(prop_oneof![0usize..300, 65_530..65_540usize], 0..6),
            mask in any::<Option<[u8; 4]>>(),
            code in any::<u16>(),
            cut in 1usize..5_000,
            head in prop::option::of("[a-z:\\u{88}]{0,9}(\r\n[a-z]{1,9}: \r?[a-z]{0,9}){0,3}"),
        ) {
            let mut bytes: Vec<u8> = lengths.iter().flat_map(|length| frame(2, &vec![8; *length], mask)).collect();
            let payload = [&code.to_be_bytes()[..], "grüße".as_bytes()].concat();
            bytes.extend(frame(CLOSE, &payload, mask));
            let mut follower = FrameFollower::default();
            if let Some(head) = &head {
                follower = FrameFollower::behind_head();
                bytes.splice(..0, format!("HTTP/1.1 101 {head}\r\n\r\n").into_bytes());
            }
            for part in bytes[..bytes.len() - 1].chunks(cut) {
                follower.follow(part);
                prop_assert!(!follower.has_closed());
            }
            follower.follow(&bytes[bytes.len() - 1..]);
            follower.follow(b"what comes after it");
            prop_assert!(follower.has_closed());
            prop_assert_eq!(follower.close(), Some((code, "grüße".to_owned())));
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut follower = FrameFollower::default();
            follower.follow(&bytes);
            follower.close();
        }
    }

    #[test]
    fn a_close_frame_may_be_empty() {
        for mask in [None, Some([1, 2, 3, 4])] {
            let mut follower = FrameFollower::default();
            follower.follow(&frame(CLOSE, &[], mask));
            assert!(follower.has_closed());
            assert_eq!(follower.close(), None);
        }
    }
}
