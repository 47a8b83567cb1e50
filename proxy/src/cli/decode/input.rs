//! Files and standard input on their way to the receiver, piece by piece.

use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::Path,
};

use recording::{Failure, Kind, Reader, Remark, SNIFF_BYTES, Sniffed};
use symphonia::core::io::{MediaSource, ReadOnlySource};

use super::{DecodeArguments, library, output::Printer};

/// The bytes that are read at once: less than a page of memory would cost calls, more would cost memory.
const PIECE: usize = 64 << 10;
/// The rate of what is recognised as nothing, in Hz.
const RAW_RATE: u32 = 8_000;

/// The reason why a file was not read to its end.
pub(super) enum Unread {
    /// It is nothing that is read.
    Failure(Failure),
    /// Reading it failed.
    Input(io::Error),
    /// Printing failed.
    Output(io::Error),
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Prints the digits of a file as they are heard, and says on standard error what is to be said about it.
pub(super) fn decode(file: &Path, arguments: &DecodeArguments, printer: &mut Printer) -> Result<(), Unread> {
    let name = file.display().to_string();
    if file.as_os_str() == "-" {
        let mut input = io::stdin();
        let (beginning, found) = sniff_stream(&mut input).map_err(Unread::Input)?;
        let kind = arguments.kind(found).unwrap_or_else(|| {
            if !beginning.is_empty() {
                remark(&name, &Remark::TakenForRaw(RAW_RATE));
            }
            Kind::raw(RAW_RATE)
        });
        if let Kind::Container(container) = kind {
            let source = ReadOnlySource::new(Cursor::new(beginning).chain(input));
            return library::decode(&name, Box::new(source), container, arguments, printer);
        }
        return read(&name, kind, Cursor::new(beginning).chain(input), arguments, printer);
    }
    let mut input = File::open(file).map_err(Unread::Input)?;
    let mut beginning = Vec::with_capacity(SNIFF_BYTES);
    input.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut beginning).map_err(Unread::Input)?;
    if beginning.is_empty() {
        return Err(Failure::Empty.into());
    }
    let by_content = Kind::of(&beginning, None);
    let found = Kind::of(&beginning, Some(&name)).filter(|kind| {
        // With a rate given, a name that stands for a header does not count where there is none.
        arguments.raw.is_none() || by_content == Some(*kind) || matches!(kind, Kind::Raw(_))
    });
    let kind = arguments.kind(found).ok_or(Failure::NotAudio)?;
    if let Kind::Container(container) = kind {
        // From the beginning again, where the file can be wound back: some containers have their table at the end.
        let source: Box<dyn MediaSource> = match io::Seek::rewind(&mut input) {
            Ok(()) => Box::new(input),
            Err(_) => Box::new(ReadOnlySource::new(Cursor::new(beginning).chain(input))),
        };
        return library::decode(&name, source, container, arguments, printer);
    }
    read(&name, kind, Cursor::new(beginning).chain(input), arguments, printer)
}

/// Reads as much of a stream as it takes to know its kind, so that nothing waits that could be heard.
fn sniff_stream(input: &mut impl Read) -> io::Result<(Vec<u8>, Option<Kind>)> {
    let mut beginning = Vec::with_capacity(SNIFF_BYTES);
    let mut piece = [0; SNIFF_BYTES];
    loop {
        let length = read_some(input, &mut piece)?;
        beginning.extend(&piece[..length]);
        match Kind::of_stream(&beginning, length == 0) {
            Sniffed::Known(kind) => return Ok((beginning, Some(kind))),
            Sniffed::Unknown => return Ok((beginning, None)),
            Sniffed::NeedsMore => {}
        }
    }
}

fn read(
    name: &str,
    kind: Kind,
    mut input: impl Read,
    arguments: &DecodeArguments,
    printer: &mut Printer,
) -> Result<(), Unread> {
    let mut reader = Reader::new(kind, arguments.options())?;
    let mut piece = vec![0; PIECE];
    let failure = loop {
        let length = match read_some(&mut input, &mut piece) {
            Ok(0) => break None,
            Ok(length) => length,
            Err(error) => break Some(Unread::Input(error)),
        };
        if let Err(failure) = reader.push(&piece[..length]) {
            break Some(failure.into());
        }
        print(name, &mut reader, printer)?;
    };
    let finished = reader.finish();
    print(name, &mut reader, printer)?;
    reader.remarks().iter().for_each(|about| remark(name, about));
    match failure {
        Some(failure) => Err(failure),
        None => finished.map_err(Unread::Failure),
    }
}

fn print(name: &str, reader: &mut Reader, printer: &mut Printer) -> Result<(), Unread> {
    while let Some(heard) = reader.poll() {
        printer.digit(name, &heard).map_err(Unread::Output)?;
    }
    Ok(())
}

/// Reads what is there, and is not put off by a signal.
fn read_some(input: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

pub(super) fn remark(name: &str, remark: &Remark) {
    crate::cli::say(format_args!("dialbench: {name}: {remark}"));
}
