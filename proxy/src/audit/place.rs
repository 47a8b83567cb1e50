//! The place of the log: the file that is written has to be the one that is found under its name.

use std::{
    fs::{self, File, Metadata},
    io,
    path::Path,
};

/// Checks that the log `path` is still `file`, with `length` bytes, as the writer left it. An error says in words what became
/// of it.
pub(super) fn check(path: &Path, file: &File, length: u64) -> Result<(), String> {
    let named = match fs::metadata(path) {
        Ok(named) => named,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("was moved or removed".into());
        }
        Err(error) => return Err(format!("cannot be found any more: {error}")),
    };
    let opened = file.metadata().map_err(|error| format!("cannot be looked at any more: {error}"))?;
    if !is_same(&named, &opened) {
        return Err("was replaced by another file".into());
    }
    match opened.len() {
        found if found < length => {
            Err(format!("was cut by another program: {found} bytes of {length} are left"))
        }
        found if found > length => {
            Err(format!("was written by another program: it has {found} bytes instead of {length}"))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Other systems keep a file that is open where it is.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}
