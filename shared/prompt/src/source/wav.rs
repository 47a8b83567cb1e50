//! WAV files: integers of 8 to 32 bits, floating point, µ-law and A-law.

use shared::audio::codec::Law;

use super::{Encoding, Format, Source, SourceError};

/// The tags of `fmt ` chunks (RFC 2361).
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// The tag stands in the chunk's extension.
const EXTENSIBLE: u16 = 0xfffe;
/// The bytes of a `fmt ` chunk up to its extension's tag.
const EXTENDED: usize = 26;

/// Returns true when `bytes` begin as a WAV file does.
pub fn is_wav(bytes: &[u8]) -> bool {
    matches!(bytes.first_chunk(), Some([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']))
}

/// Reads a WAV file. A data chunk without a length, as programs leave it that write to a pipe, lasts until the end.
pub fn read_wav(bytes: &[u8]) -> Result<Source, SourceError> {
    if bytes.is_empty() {
        return Err(SourceError::Empty);
    }
    if !is_wav(bytes) {
        let begins = bytes.starts_with(b"RIFX") || bytes.starts_with(b"RF64");
        let other = || SourceError::Unsupported("WAV of the kind RIFX or RF64".into());
        return Err(if begins { other() } else { SourceError::NotAudio });
    }
    let mut format = None;
    let mut rest = &bytes[12..];
    while let Some((header, body)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, length @ ..] = *header;
        let length = u32::from_le_bytes(length);
        match &[a, b, c, d] {
            b"fmt " => {
                let chunk =
                    body.get(..length as usize).ok_or(SourceError::Damaged("its header is cut off"))?;
                format = Some(read_format(chunk)?);
            }
            b"data" => {
                let format = format.ok_or(SourceError::Damaged("its samples come before their format"))?;
                return read_data(body, length, &format);
            }
            _ => {}
        }
        // Chunks begin at even places.
        let skip = (length as usize).saturating_add(length as usize % 2);
        rest = body.get(skip..).unwrap_or_default();
    }
    Err(SourceError::Damaged("its samples are missing"))
}

fn read_format(chunk: &[u8]) -> Result<Format, SourceError> {
    let word = |at: usize| chunk.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let damaged = SourceError::Damaged("its header is too short");
    let (Some(tag), Some(channels), Some(low), Some(high), Some(bits)) =
        (word(0), word(2), word(4), word(6), word(14))
    else {
        return Err(damaged);
    };
    let tag = if tag == EXTENSIBLE { word(EXTENDED - 2).ok_or(damaged)? } else { tag };
    let encoding = match (tag, bits) {
        (PCM, 8 | 16 | 24 | 32) => Encoding::Pcm,
        (FLOAT, 32 | 64) => Encoding::Float,
        (A_LAW, 8) => Encoding::ALaw,
        (MU_LAW, 8) => Encoding::MuLaw,
        (PCM | FLOAT | A_LAW | MU_LAW, _) => {
            return Err(SourceError::Unsupported(format!("WAV with samples of {bits} bits")));
        }
        _ => return Err(SourceError::Unsupported(format!("WAV with the encoding {tag}"))),
    };
    Ok(Format { encoding, bits: Some(bits), channels, rate: u32::from(low) | u32::from(high) << 16 })
}

fn read_data(body: &[u8], length: u32, format: &Format) -> Result<Source, SourceError> {
    // Without a length: 0 or the most, with sound after it.
    let endless = length == u32::MAX || (length == 0 && !body.is_empty());
    let expected = if endless { body.len() } else { length as usize };
    let data = body
        .get(..expected)
        .ok_or(SourceError::Truncated { expected: expected as u64, found: body.len() as u64 })?;
    let frame = usize::from(format.channels) * usize::from(format.bits.unwrap_or(8) / 8);
    format.check(data.len() / frame.max(1))?;
    let whole = &data[..data.len() - data.len() % frame];
    Source::new("WAV", &samples(whole, format), format)
}

fn samples(data: &[u8], format: &Format) -> Vec<f32> {
    let through = |law: Law| {
        let table: [f32; 256] =
            core::array::from_fn(|code| f32::from(law.decode_sample(code as u8)) / 32_768.0);
        data.iter().map(|&code| table[usize::from(code)]).collect()
    };
    match (format.encoding, format.bits) {
        (Encoding::MuLaw, _) => through(Law::Mu),
        (Encoding::ALaw, _) => through(Law::A),
        (Encoding::Float, Some(64)) => each(data, |bytes| f64::from_le_bytes(bytes) as f32),
        (Encoding::Float, _) => each(data, f32::from_le_bytes),
        // Eight bits alone are without a sign.
        (Encoding::Pcm, Some(8)) => each(data, |[byte]| (f32::from(byte) - 128.0) / 128.0),
        (Encoding::Pcm, Some(24)) => {
            each(data, |[a, b, c]| (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0)
        }
        (Encoding::Pcm, Some(32)) => each(data, |bytes| i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0),
        (Encoding::Pcm | Encoding::Compressed, _) => {
            each(data, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0)
        }
    }
}

fn each<const BYTES: usize>(data: &[u8], value: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
    let (values, _) = data.as_chunks::<BYTES>();
    values.iter().map(|bytes| value(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut bytes = name.to_vec();
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(body);
        if body.len() % 2 == 1 {
            bytes.push(0);
        }
        bytes
    }

    fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let frame = channels * bits / 8;
        let mut body = tag.to_le_bytes().to_vec();
        body.extend(channels.to_le_bytes());
        body.extend(rate.to_le_bytes());
        body.extend((rate * u32::from(frame)).to_le_bytes());
        body.extend(frame.to_le_bytes());
        body.extend(bits.to_le_bytes());
        chunk(*b"fmt ", &body)
    }

    fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = chunks.concat();
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((body.len() as u32 + 4).to_le_bytes());
        bytes.extend(b"WAVE");
        bytes.extend(body);
        bytes
    }

    #[test]
    fn every_encoding_is_read() {
        let half = [0.5_f32, -0.25];
        let sixteen: Vec<u8> = half.iter().flat_map(|x| ((x * 32_768.0) as i16).to_le_bytes()).collect();
        let twenty_four: Vec<u8> =
            half.iter().flat_map(|x| ((x * 8_388_608.0) as i32).to_le_bytes()[..3].to_vec()).collect();
        let thirty_two: Vec<u8> =
            half.iter().flat_map(|x| ((x * 2_147_483_648.0) as i32).to_le_bytes()).collect();
        let float: Vec<u8> = half.into_iter().flat_map(f32::to_le_bytes).collect();
        let double: Vec<u8> = half.iter().flat_map(|x| f64::from(*x).to_le_bytes()).collect();
        let law = |law: Law| half.map(|x| law.encode_sample((x * 32_768.0) as i16)).to_vec();
        let cases = [
            (PCM, 8, vec![192, 96], Encoding::Pcm, 0.0),
            (PCM, 16, sixteen, Encoding::Pcm, 0.0),
            (PCM, 24, twenty_four, Encoding::Pcm, 0.0),
            (PCM, 32, thirty_two, Encoding::Pcm, 0.0),
            (FLOAT, 32, float, Encoding::Float, 0.0),
            (FLOAT, 64, double, Encoding::Float, 0.0),
            (MU_LAW, 8, law(Law::Mu), Encoding::MuLaw, 0.02),
            (A_LAW, 8, law(Law::A), Encoding::ALaw, 0.02),
        ];
        for (tag, bits, data, encoding, tolerance) in cases {
            let bytes = wav(&[fmt(tag, 1, 11_025, bits), chunk(*b"LIST", b"odd"), chunk(*b"data", &data)]);
            let source = read_wav(&bytes).unwrap();
            assert_eq!(
                (source.rate, source.facts.encoding, source.facts.bits),
                (11_025, encoding, Some(bits))
            );
            for (sample, expect) in source.samples.iter().zip(half) {
                assert!((sample - expect).abs() <= tolerance, "{sample}, {encoding:?} of {bits} bits");
            }
        }
    }

    #[test]
    fn a_header_with_an_extension_is_read() {
        let mut body = fmt(EXTENSIBLE, 2, 48_000, 16)[8..].to_vec();
        body.extend([22, 0, 16, 0, 3, 0, 0, 0]);
        body.extend(PCM.to_le_bytes());
        body.extend([0; 14]);
        let source = read_wav(&wav(&[chunk(*b"fmt ", &body), chunk(*b"data", &[0, 64, 0, 32])])).unwrap();
        assert_eq!((source.samples, source.facts.channels), (vec![0.375], 2));
    }

    #[test]
    fn a_pipe_s_file_lasts_until_its_end() {
        let mut bytes = wav(&[fmt(PCM, 1, 8_000, 16), chunk(*b"data", &[0, 64, 0, 32, 9])]);
        for length in [0, u32::MAX] {
            let at = bytes.len() - 10;
            bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
            assert_eq!(read_wav(&bytes).unwrap().samples[..2], [0.5, 0.25]);
        }
    }

    #[test]
    fn each_fault_has_its_own_word() {
        let header = fmt(PCM, 1, 8_000, 16);
        let mut cut = wav(&[header.clone(), chunk(*b"data", &[0; 100])]);
        cut.truncate(cut.len() - 60);
        let cases: [(Vec<u8>, &str); 10] = [
            (Vec::new(), "the file is empty"),
            (b"GIF89a and so on".to_vec(), "no audio"),
            (b"RIFX....WAVE".to_vec(), "RIFX"),
            (cut, "40 of 100 bytes"),
            (wav(std::slice::from_ref(&header)), "its samples are missing"),
            (wav(&[chunk(*b"data", &[0; 4])]), "before their format"),
            (wav(&[chunk(*b"fmt ", &[0; 4]), chunk(*b"data", &[0; 4])]), "header is too short"),
            (wav(&[fmt(PCM, 1, 8_000, 12), chunk(*b"data", &[0; 4])]), "12 bits"),
            (wav(&[fmt(0x55, 1, 8_000, 16), chunk(*b"data", &[0; 4])]), "the encoding 85"),
            (wav(&[header, chunk(*b"data", &[])]), "no sound after it"),
        ];
        for (bytes, word) in cases {
            let said = read_wav(&bytes).expect_err(word).to_string();
            assert!(said.contains(word), "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_bring_the_reader_down(
            tag in prop_oneof![Just(PCM), Just(FLOAT), Just(MU_LAW), Just(EXTENSIBLE), any::<u16>()],
            channels in 0_u16..10,
            bits in prop_oneof![Just(0_u16), Just(8), Just(16), Just(24), Just(64)],
            noise in vec(any::<u8>(), 0..80),
            flips in vec((0_usize..120, any::<u8>()), 0..6),
        ) {
            let mut bytes = wav(&[fmt(tag, channels, 8_000, bits), chunk(*b"data", &noise)]);
            for (at, byte) in flips {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            if let Ok(source) = read_wav(&bytes) {
                prop_assert!(!source.samples.is_empty());
                prop_assert!(source.samples.iter().all(|sample| sample.is_finite()));
            }
        }
    }
}
