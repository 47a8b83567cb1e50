//! The compressed forms of a file, which the proxy serves in its place.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Kinds of files that are compressed inside: a second time gains nothing.
const COMPRESSED: [&str; 11] =
    ["avif", "flac", "gif", "jpg", "mp3", "ogg", "opus", "png", "webp", "woff", "woff2"];

/// Writes `NAME.br` and `NAME.gz` beside a file whose kind can be compressed.
pub(crate) fn write_beside(path: &Path) -> Result<()> {
    if COMPRESSED.iter().any(|extension| crate::has_extension(path, extension)) {
        return Ok(());
    }
    let content = fs::read(path).with_context(|| path.display().to_string())?;
    fs::write(with_ending(path, ".br"), brotli(&content)?)?;
    fs::write(with_ending(path, ".gz"), gzip(&content)?)?;
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compressed_forms_hold_the_content() {
        let content = b"press 2 for support, ".repeat(50);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &*brotli(&content).unwrap(), &mut plain).unwrap();
        assert_eq!(plain, content);
        let compressed = gzip(&content).unwrap();
        let mut plain = Vec::new();
        std::io::copy(&mut flate2::read::GzDecoder::new(&*compressed), &mut plain).unwrap();
        assert_eq!(plain, content);
        assert!(compressed.len() < content.len() / 5);
    }

    #[test]
    fn an_ending_is_added_to_the_whole_name() {
        assert_eq!(with_ending(Path::new("a/app.css"), ".br"), Path::new("a/app.css.br"));
    }
}
