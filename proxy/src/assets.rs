//! The page's files.

use std::{borrow::Cow, path::PathBuf};

use sha2::{Digest as _, Sha256};

#[derive(rust_embed::Embed)]
#[folder = "../target/app"]
struct Embedded;

/// Source of the page's files.
pub(crate) enum Assets {
    /// The binary, into which they were packed.
    Embedded,
    /// A folder, for work on the page.
    Folder(PathBuf),
}

impl Assets {
    /// Returns a file and the SHA-256 of its content; of embedded files that was computed when they were embedded.
    pub(crate) fn read(&self, name: &str) -> Option<(Cow<'static, [u8]>, [u8; 32])> {
        match self {
            Self::Embedded => Embedded::get(name).map(|file| (file.data, file.metadata.sha256_hash())),
            Self::Folder(folder) => {
                let data = std::fs::read(folder.join(name)).ok()?;
                let hash = Sha256::digest(&data).into();
                Some((Cow::Owned(data), hash))
            }
        }
    }
}
