//! The kind of a sound file, and its sample rate, by its first bytes.

use prompt::source::Encoding;

/// The facts that a file's first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sniffed {
    /// The container's name, as shown; absent where it is not known.
    pub(super) container: Option<&'static str>,
    pub(super) encoding: Encoding,
    pub(super) bits: Option<u16>,
    /// The sample rate, in Hz; absent where it stands further back.
    pub(super) rate: Option<u32>,
}

/// The bytes of a FLAC stream's marker and of its first block's header.
const FLAC_HEADER: usize = 8;
/// The bytes that an Ogg page has ahead of its table of segments.
const OGG_HEADER: usize = 27;

/// Tells what kind of file begins with `bytes`.
pub(super) fn sniff(bytes: &[u8]) -> Sniffed {
    if bytes.starts_with(b"fLaC") {
        return flac(bytes);
    }
    if bytes.starts_with(b"OggS") {
        return ogg(bytes);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return compressed("MP4", None);
    }
    if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        return compressed("WebM", None);
    }
    if bytes.starts_with(b"FORM") {
        return compressed("AIFF", None);
    }
    let frames = after_id3(bytes);
    mpeg(frames).unwrap_or(Sniffed { container: None, ..compressed("", None) })
}

fn compressed(container: &'static str, rate: Option<u32>) -> Sniffed {
    Sniffed { container: Some(container), encoding: Encoding::Compressed, bits: None, rate }
}

/// RFC 9639, section 8.2: 20 bits of sample rate, 3 of channels, 5 of bits a sample less one.
fn flac(bytes: &[u8]) -> Sniffed {
    let Some(&[a, b, c, d]) = bytes.get(FLAC_HEADER + 10..FLAC_HEADER + 14) else {
        return compressed("FLAC", None);
    };
    let rate = u32::from_be_bytes([0, a, b, c]) >> 4;
    let bits = (u16::from(c & 1) << 4 | u16::from(d >> 4)) + 1;
    Sniffed { container: Some("FLAC"), encoding: Encoding::Pcm, bits: Some(bits), rate: Some(rate) }
}

/// RFC 3533: the first page has the codec's header.
fn ogg(bytes: &[u8]) -> Sniffed {
    let segments = bytes.get(OGG_HEADER - 1).copied().map_or(0, usize::from);
    let packet = bytes.get(OGG_HEADER + segments..).unwrap_or_default();
    if packet.starts_with(b"OpusHead") {
        return compressed("Ogg Opus", Some(48_000));
    }
    if packet.starts_with(b"\x01vorbis") {
        let rate = packet.get(12..16).and_then(|rate| rate.first_chunk()).copied().map(u32::from_le_bytes);
        return compressed("Ogg Vorbis", rate);
    }
    match packet.get(9..) {
        Some(stream) if packet.starts_with(b"\x7fFLAC") => {
            Sniffed { container: Some("Ogg FLAC"), ..flac(stream) }
        }
        _ => compressed("Ogg", None),
    }
}

/// Returns what follows a tag of ID3, version 2, whose length has 7 bits a byte.
fn after_id3(bytes: &[u8]) -> &[u8] {
    let Some(&[b'I', b'D', b'3', _, _, _, a, b, c, d]) = bytes.first_chunk() else { return bytes };
    let length = [a, b, c, d].iter().fold(0_usize, |length, byte| length << 7 | usize::from(byte & 0x7f));
    bytes.get(10 + length..).unwrap_or_default()
}

/// ISO/IEC 11172-3 and 13818-7: the header of a frame of MPEG audio, or of AAC.
fn mpeg(frame: &[u8]) -> Option<Sniffed> {
    const MP3: [u32; 3] = [44_100, 48_000, 32_000];
    const AAC: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ];
    let &[0xff, version, rate] = frame.first_chunk()? else { return None };
    if version & 0xf6 == 0xf0 {
        return Some(compressed("AAC", AAC.get(usize::from(rate >> 2 & 0xf)).copied()));
    }
    // MPEG 1, 2 and the unofficial 2.5, each at half the rates of the one before.
    let halvings = match version & 0xf8 {
        0xf8 => 0,
        0xf0 => 1,
        0xe0 => 2,
        _ => return None,
    };
    let rate = MP3.get(usize::from(rate >> 2 & 3)).map(|rate| rate >> halvings);
    Some(compressed("MP3", rate))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn check(bytes: &[u8], container: &str, rate: Option<u32>) {
        let sniffed = sniff(bytes);
        assert_eq!((sniffed.container, sniffed.rate), (Some(container), rate));
    }

    /// An Ogg page whose only packet begins like this.
    fn page(packet: &[u8]) -> Vec<u8> {
        [b"OggS\0\x02", &[0; 20][..], &[1, 30], packet].concat()
    }

    #[wasm_bindgen_test]
    fn kinds_and_rates_are_told_by_the_first_bytes() {
        let flac = include_bytes!("../../../../sandbox/prompts/account-ask.flac");
        check(flac, "FLAC", Some(8_000));
        assert_eq!((sniff(flac).encoding, sniff(flac).bits), (Encoding::Pcm, Some(16)));
        check(&page(b"OpusHead\x01\x01\0\0\x80\x3e\0\0"), "Ogg Opus", Some(48_000));
        check(&page(b"\x01vorbis\0\0\0\0\x02\x22\x56\0\0"), "Ogg Vorbis", Some(22_050));
        check(&page(&[b"\x7fFLAC\x01\0\0\x01", &flac[..40]].concat()), "Ogg FLAC", Some(8_000));
        check(&[0xff, 0xfb, 0x90, 0x64], "MP3", Some(44_100));
        check(&[0xff, 0xf3, 0x84, 0x64], "MP3", Some(24_000));
        check(b"ID3\x04\0\0\0\0\0\x03abc\xff\xe3\x28\xc4", "MP3", Some(8_000));
        check(&[0xff, 0xf1, 0x50, 0x80], "AAC", Some(44_100));
        check(b"\0\0\0\x20ftypM4A ", "MP4", None);
        check(&[0x1a, 0x45, 0xdf, 0xa3], "WebM", None);
    }

    #[wasm_bindgen_test]
    fn nothing_is_known_of_what_is_cut_off_or_no_sound() {
        for bytes in [&b"hello"[..], &[], &[0xff], &[0xff, 0x00, 0x00], b"ID3\x04\0\0\x7f\x7f\x7f\x7f"] {
            assert_eq!((sniff(bytes).container, sniff(bytes).rate), (None, None), "{bytes:x?}");
        }
        let flac = include_bytes!("../../../../sandbox/prompts/account-ask.flac");
        for length in 0..64 {
            let whole = page(&flac[..64]);
            let _ = (sniff(&flac[..length]), sniff(&whole[..length]));
        }
    }
}
