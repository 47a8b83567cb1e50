//! The page's files.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

#[derive(rust_embed::Embed)]
#[folder = "../target/app"]
struct Embedded;

/// Source of the page's files.
pub(crate) enum Assets {
    /// The binary, into which they were packed.
    Embedded,
    /// A folder, for work on the page.
    Folder(Folder),
}

/// A file's content and its SHA-256.
pub(crate) type File = (Bytes, [u8; 32]);

impl Assets {
    /// Returns the files of `folder`.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self::Folder(Folder { folder, read: Mutex::default() })
    }

    /// Returns a file. Everybody who asks for it shares its content.
    pub(crate) fn read(&self, name: &str) -> Option<File> {
        match self {
            Self::Embedded => Embedded::get(name).map(|file| {
                let data = match file.data {
                    std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
                    std::borrow::Cow::Owned(data) => data.into(),
                };
                (data, file.metadata.sha256_hash())
            }),
            Self::Folder(folder) => folder.read(name).ok(),
        }
    }
}

/// A folder of files, each of which is read once for as long as it stays as it is: a thousand clients that do not take their
/// answers would hold as many copies.
pub(crate) struct Folder {
    folder: PathBuf,
    read: Mutex<BTreeMap<String, (Version, File)>>,
}

/// Time of a file's last change, and its length.
type Version = (SystemTime, u64);

impl Folder {
    fn read(&self, name: &str) -> io::Result<File> {
        let path = self.folder.join(name);
        let version = version(&path)?;
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((known, file)) = known
            && known == version
        {
            return Ok(file);
        }
        let data = Bytes::from(fs::read(path)?);
        let file = (data.clone(), Sha256::digest(&data).into());
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(name.to_owned(), (version, file.clone()));
        Ok(file)
    }
}

fn version(path: &Path) -> io::Result<Version> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.modified()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shared_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.js");
        let assets = Assets::in_folder(folder.path().to_owned());
        assert!(assets.read("a.js").is_none());
        fs::write(&path, "first").unwrap();
        let (first, again) = (assets.read("a.js").unwrap(), assets.read("a.js").unwrap());
        assert_eq!((&first.0[..], first.0.as_ptr()), (&b"first"[..], again.0.as_ptr()));
        fs::write(&path, "the second").unwrap();
        let second = assets.read("a.js").unwrap();
        assert_eq!(&second.0[..], b"the second");
        assert_ne!(first.1, second.1);
        fs::remove_file(&path).unwrap();
        assert!(assets.read("a.js").is_none());
    }
}
