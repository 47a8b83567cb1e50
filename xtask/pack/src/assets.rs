//! The page's files: named by their content where nothing else fixes the name, each also in compressed forms.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Digits of a hash in a file's name: 48 bits, so that two contents of one file do not meet.
const NAME_DIGITS: usize = 12;

/// Already compressed inside: a second time gains nothing.
const COMPRESSED: [&str; 11] =
    ["avif", "flac", "gif", "jpg", "mp3", "ogg", "opus", "png", "webp", "woff", "woff2"];

/// When a file is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Before the page can be used.
    FirstLoad,
    /// When something needs it.
    Later,
}

/// What a file costs, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Size {
    pub(crate) path: String,
    pub(crate) first_load: bool,
    pub(crate) plain: usize,
    pub(crate) gzip: usize,
    pub(crate) brotli: usize,
}

/// Collects the files of a page, then writes them.
pub(crate) struct Assets {
    root: PathBuf,
    files: Vec<(String, Vec<u8>, Kind)>,
}

impl Assets {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), files: Vec::new() }
    }

    /// Adds a file below `/assets/` under a name with its content's hash, and returns its address.
    pub(crate) fn hashed(&mut self, name: &str, content: Vec<u8>, kind: Kind) -> Result<String> {
        let (stem, extension) =
            name.rsplit_once('.').with_context(|| format!("{name} has no extension to put a hash before"))?;
        let path = format!("assets/{stem}-{}.{extension}", hash(&content));
        self.named(&path, content, kind)?;
        Ok(format!("/{path}"))
    }

    /// Adds a file under a fixed name.
    pub(crate) fn named(&mut self, path: &str, content: Vec<u8>, kind: Kind) -> Result<()> {
        if self.files.iter().any(|(other, ..)| other == path) {
            return Err(anyhow!("two files would be named {path}"));
        }
        self.files.push((path.to_owned(), content, kind));
        Ok(())
    }

    /// Writes every file, and its compressed forms beside it.
    pub(crate) fn write(self) -> Result<Vec<Size>> {
        let root = &self.root;
        std::thread::scope(|scope| {
            let writers: Vec<_> = self
                .files
                .iter()
                .map(|(path, content, kind)| scope.spawn(move || write(root, path, content, *kind)))
                .collect();
            writers
                .into_iter()
                .map(|writer| writer.join().map_err(|_| anyhow!("compressing a file panicked"))?)
                .collect()
        })
    }
}

fn write(root: &Path, path: &str, content: &[u8], kind: Kind) -> Result<Size> {
    let target = root.join(path);
    let folder = target.parent().context("a file below the page's folder")?;
    fs::create_dir_all(folder)?;
    fs::write(&target, content)?;
    let mut size = Size {
        path: path.to_owned(),
        first_load: kind == Kind::FirstLoad,
        plain: content.len(),
        gzip: content.len(),
        brotli: content.len(),
    };
    let extension = target.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !COMPRESSED.contains(&extension) {
        let (gzip, brotli) = (gzip(content)?, brotli(content)?);
        (size.gzip, size.brotli) = (gzip.len(), brotli.len());
        fs::write(root.join(format!("{path}.gz")), gzip)?;
        fs::write(root.join(format!("{path}.br")), brotli)?;
    }
    Ok(size)
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

/// The part of a content's hash that goes into a name.
pub(crate) fn hash(content: &[u8]) -> String {
    let mut digits = hexadecimal(&Sha256::digest(content));
    digits.truncate(NAME_DIGITS);
    digits
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// What the first load costs, file by file.
pub(crate) fn table(sizes: &[Size]) -> String {
    let mut text = format!("{:>9} {:>9} {:>9}  first load\n", "plain", "gzip", "brotli");
    let mut total = (0, 0, 0);
    for size in sizes.iter().filter(|size| size.first_load) {
        total = (total.0 + size.plain, total.1 + size.gzip, total.2 + size.brotli);
        let _ = writeln!(text, "{:>9} {:>9} {:>9}  {}", size.plain, size.gzip, size.brotli, size.path);
    }
    let _ = writeln!(text, "{:>9} {:>9} {:>9}  in all", total.0, total.1, total.2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content_and_with_nothing_else() {
        let name = |content: &[u8]| {
            Assets::new(Path::new("")).hashed("app.css", content.to_vec(), Kind::Later).unwrap()
        };
        assert_eq!(name(b"a"), "/assets/app-ca978112ca1b.css");
        assert_eq!(name(b"a"), name(b"a"));
        assert_ne!(name(b"a"), name(b"b"));
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let mut assets = Assets::new(Path::new(""));
        assets.named("icon.svg", vec![1], Kind::Later).unwrap();
        assert!(assets.named("icon.svg", vec![2], Kind::Later).is_err());
    }

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
}
