//! WAV files as prompts, by the reader of recordings: integers, floating point, µ-law, A-law, and the codecs of telephony.

use recording::{Ending, PcmDecoder, Units, WavError, WavFormat, WavReader};
use signal::codec::Law;

use super::{Encoding, Format, Source, SourceError};

pub use recording::is_wav;

/// Reads a WAV file. A data chunk without a length, as programs leave it that write to a pipe, lasts until the end.
pub fn read_wav(bytes: &[u8]) -> Result<Source, SourceError> {
    if bytes.is_empty() {
        return Err(SourceError::Empty);
    }
    if !is_wav(bytes) {
        let other = || SourceError::Unsupported("WAV of the kind RIFX".into());
        return Err(if bytes.starts_with(b"RIFX") { other() } else { SourceError::NotAudio });
    }
    let mut reader = WavReader::new();
    let mut opened = None;
    let mut samples = Vec::new();
    let taken = reader.push(bytes, |wav, bytes| {
        let (units, decoder) =
            opened.get_or_insert_with(|| (Units::new(wav.format.unit()), PcmDecoder::new(wav.format)));
        units.push(bytes, |whole| append(whole, wav, decoder, &mut samples));
    });
    let ending = taken.and_then(|()| reader.finish()).map_err(|error| fault(&error))?;
    let format = reader.format().map(format).ok_or(SourceError::Silent)?;
    match ending {
        Ending::Cut { expected, found } => Err(SourceError::Truncated { expected, found }),
        Ending::Whole | Ending::Unannounced { .. } | Ending::Longer { .. } => {
            Source::new("WAV", &samples, &format)
        }
    }
}

fn fault(error: &WavError) -> SourceError {
    match error {
        WavError::Unsupported(_) => SourceError::Unsupported(error.to_string()),
        WavError::NotWav => SourceError::NotAudio,
        WavError::HeaderCut => SourceError::Damaged("its header is cut off"),
        WavError::HeaderShort => SourceError::Damaged("its header is too short"),
        WavError::HeaderWrong => SourceError::Damaged("its header contradicts itself"),
        WavError::SoundBeforeFormat => SourceError::Damaged("its samples come before their format"),
        WavError::NoSound => SourceError::Damaged("its samples are missing"),
    }
}

fn format(wav: WavFormat) -> Format {
    let (encoding, bits) = match wav.format.encoding {
        recording::Encoding::Unsigned | recording::Encoding::Signed { .. } => (Encoding::Pcm, Some(wav.bits)),
        recording::Encoding::Float { .. } => (Encoding::Float, Some(wav.bits)),
        recording::Encoding::Law(Law::Mu) => (Encoding::MuLaw, Some(wav.bits)),
        recording::Encoding::Law(Law::A) => (Encoding::ALaw, Some(wav.bits)),
        recording::Encoding::ImaAdpcm { .. }
        | recording::Encoding::MsAdpcm { .. }
        | recording::Encoding::Gsm
        | recording::Encoding::WavGsm => (Encoding::Compressed, None),
    };
    Format { encoding, bits, channels: wav.format.channels, rate: wav.format.rate }
}

/// Appends the samples of whole units, −1…1; what has more than 16 bits keeps them.
fn append(units: &[u8], wav: WavFormat, decoder: &mut PcmDecoder, samples: &mut Vec<f32>) {
    match wav.format.encoding {
        recording::Encoding::Float { bytes: 8, .. } => {
            each(units, samples, |bytes| f64::from_le_bytes(bytes) as f32);
        }
        recording::Encoding::Float { .. } => each(units, samples, f32::from_le_bytes),
        recording::Encoding::Signed { bytes: 3, .. } => {
            each(units, samples, |[a, b, c]| (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0);
        }
        recording::Encoding::Signed { bytes: 4, .. } => {
            each(units, samples, |bytes| i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0);
        }
        recording::Encoding::Unsigned
        | recording::Encoding::Signed { .. }
        | recording::Encoding::Law(_)
        | recording::Encoding::ImaAdpcm { .. }
        | recording::Encoding::MsAdpcm { .. }
        | recording::Encoding::Gsm
        | recording::Encoding::WavGsm => {
            let pcm = decoder.interleaved(units).iter();
            samples.extend(pcm.map(|&sample| f32::from(sample) / 32_768.0));
        }
    }
}

fn each<const BYTES: usize>(bytes: &[u8], samples: &mut Vec<f32>, value: impl Fn([u8; BYTES]) -> f32) {
    samples.extend(bytes.as_chunks::<BYTES>().0.iter().map(|bytes| value(*bytes)));
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The tags of `fmt ` chunks (RFC 2361).
    const PCM: u16 = 1;
    const FLOAT: u16 = 3;
    const A_LAW: u16 = 6;
    const MU_LAW: u16 = 7;
    const EXTENSIBLE: u16 = 0xfffe;

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
            (wav(&[fmt(PCM, 1, 8_000, 40), chunk(*b"data", &[0; 4])]), "40 bits"),
            (wav(&[fmt(0x55, 1, 8_000, 16), chunk(*b"data", &[0; 4])]), "MPEG audio"),
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
