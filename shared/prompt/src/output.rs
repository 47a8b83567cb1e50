//! Results as files: WAV with 16-bit PCM, µ-law or A-law at 8 kHz, and several in one zip archive.

use std::io::Write as _;

use rawzip::ZipArchiveWriter;
use signal::{codec::Law, frame::SAMPLE_RATE};

use crate::{codec::Codec, render::Rendered};

/// The tags of `fmt ` chunks (RFC 2361).
const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;

/// Writes what a caller hears as a WAV file: in G.711 where that is the codec, otherwise as 16-bit PCM.
pub fn wav(rendered: &Rendered, codec: Option<Codec>) -> Vec<u8> {
    match codec {
        Some(Codec::G711U) => law_wav(&rendered.codes, Law::Mu),
        Some(Codec::G711A) => law_wav(&rendered.codes, Law::A),
        Some(Codec::G729 | Codec::Opus) | None => pcm_wav(&rendered.heard),
    }
}

/// Writes 16-bit PCM at 8 kHz.
pub fn pcm_wav(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let format = format(PCM, 2);
    riff(&[(b"fmt ", &format), (b"data", &data)])
}

/// Writes G.711 at 8 kHz. What is not PCM has a `fact` chunk with the count of samples.
pub fn law_wav(codes: &[u8], law: Law) -> Vec<u8> {
    let tag = match law {
        Law::Mu => MU_LAW,
        Law::A => A_LAW,
    };
    let mut format = format(tag, 1);
    // The length of an extension that there is not.
    format.extend([0, 0]);
    let count = (codes.len() as u32).to_le_bytes();
    riff(&[(b"fmt ", &format), (b"fact", &count), (b"data", codes)])
}

/// Writes files, each with its name, as a zip archive. They are stored as they are: speech in 8 bits hardly gets smaller.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in files {
        let (mut entry, config) = archive.new_file(name).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes)?;
        let (_, descriptor) = writer.finish()?;
        entry.finish(descriptor)?;
    }
    Ok(archive.finish()?)
}

/// The reason why there is no archive: a name that zip cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("the archive cannot be written: {0}")]
pub struct ZipError(String);

impl From<rawzip::Error> for ZipError {
    fn from(error: rawzip::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for ZipError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

fn format(tag: u16, bytes: u16) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(18);
    chunk.extend(tag.to_le_bytes());
    chunk.extend(1_u16.to_le_bytes());
    chunk.extend(SAMPLE_RATE.to_le_bytes());
    chunk.extend((SAMPLE_RATE * u32::from(bytes)).to_le_bytes());
    chunk.extend(bytes.to_le_bytes());
    chunk.extend((bytes * 8).to_le_bytes());
    chunk
}

fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let padded = |length: usize| length + length % 2;
    let length = 4 + chunks.iter().map(|(_, body)| 8 + padded(body.len())).sum::<usize>();
    let mut file = Vec::with_capacity(8 + length);
    file.extend(b"RIFF");
    file.extend((length as u32).to_le_bytes());
    file.extend(b"WAVE");
    for (name, body) in chunks {
        file.extend(*name);
        file.extend((body.len() as u32).to_le_bytes());
        file.extend(*body);
        file.resize(padded(file.len()), 0);
    }
    file
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::source::{Encoding, read_wav};

    #[test]
    fn an_archive_holds_its_files_under_their_names() {
        let files: [(&str, &[u8]); 2] = [("welcome.wav", &[1, 2, 3]), ("menü.wav", &[])];
        let bytes = zip(files).unwrap();
        let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
        let mut entries = archive.entries();
        for (name, expect) in files {
            let entry = entries.next_entry().unwrap().expect("a file");
            assert_eq!(entry.file_path().try_normalize().unwrap().as_ref(), name);
            let data = archive.get_entry(entry.wayfinder()).unwrap();
            let mut read = Vec::new();
            std::io::Read::read_to_end(&mut data.verifying_reader(data.data()), &mut read).unwrap();
            assert_eq!(read, expect);
        }
        assert!(entries.next_entry().unwrap().is_none());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let samples: Vec<i16> = (0..801).map(|n| (n * 40 - 16_000) as i16).collect();
        let source = read_wav(&pcm_wav(&samples)).unwrap();
        assert_eq!((source.facts.encoding, source.rate), (Encoding::Pcm, 8_000));
        let expect: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        assert_eq!(source.samples, expect);
        for (law, encoding) in [(Law::Mu, Encoding::MuLaw), (Law::A, Encoding::ALaw)] {
            let codes: Vec<u8> = samples.iter().map(|&sample| law.encode_sample(sample)).collect();
            let file = law_wav(&codes, law);
            let source = read_wav(&file).unwrap();
            assert_eq!((source.facts.encoding, source.samples.len()), (encoding, 801));
            assert_eq!(file.len() % 2, 0);
            assert_eq!(u32::from_le_bytes([file[4], file[5], file[6], file[7]]) as usize, file.len() - 8);
        }
    }
}
