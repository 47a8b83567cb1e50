//! The files of `fixtures/`, each as it is and with damage, in pieces of any length.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fixtures;
mod properties;

use recording::{Failure, Heard, Kind, Options, Reader, Remark};

/// The result of reading a file.
#[derive(Clone, Debug, PartialEq)]
struct Result {
    digits: Vec<Heard>,
    remarks: Vec<Remark>,
    failure: Option<Failure>,
}

/// Reads a file in pieces of `length` bytes.
fn read(kind: Kind, bytes: &[u8], length: usize) -> Result {
    let options = Options { peaks: true, ..Options::default() };
    let mut reader = match Reader::new(kind, options) {
        Ok(reader) => reader,
        Err(failure) => return Result { digits: Vec::new(), remarks: Vec::new(), failure: Some(failure) },
    };
    let mut digits = Vec::new();
    let mut failure = None;
    for piece in bytes.chunks(length) {
        failure = reader.push(piece).err();
        digits.extend(std::iter::from_fn(|| reader.poll()));
        if failure.is_some() {
            break;
        }
    }
    let failure = failure.or(reader.finish().err());
    digits.extend(std::iter::from_fn(|| reader.poll()));
    Result { digits, remarks: reader.remarks().to_vec(), failure }
}
