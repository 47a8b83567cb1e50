//! Recordings in containers, decoded by libraries.

use recording::{Container, Failure, Heard, Listener, Remark, to_pcm};
use symphonia::core::io::MediaSource;

use super::{
    DecodeArguments,
    input::{Unread, remark},
    output::Printer,
};
use crate::cli::media::{Media, MediaError};

/// Pieces in a row that cannot be decoded, after which nothing is expected of the rest.
const MAX_DAMAGED: u32 = 1_000;

/// Prints the digits of a recording as they are heard.
pub(super) fn decode(
    name: &str,
    source: Box<dyn MediaSource>,
    container: Container,
    arguments: &DecodeArguments,
    printer: &mut Printer,
) -> Result<(), Unread> {
    let is_stream = !source.is_seekable();
    let mut media = Media::open(source, Some(container.extension())).map_err(|error| {
        let has_table_behind = error == MediaError::NotAudio && is_stream && container == Container::Mp4;
        if has_table_behind { Failure::NotStreamed } else { failure(error) }
    })?;
    let mut channels: Vec<Vec<i16>> = Vec::new();
    let mut samples = Vec::new();
    let mut listener: Option<Listener> = None;
    let (mut found, mut damaged, mut in_a_row) = (0_u64, 0_u64, 0_u32);
    let mut end = None;
    loop {
        match media.next(&mut samples) {
            Ok(None) => break,
            Ok(Some(shape)) => {
                in_a_row = 0;
                let count = usize::from(shape.channels);
                channels.resize_with(count, Vec::new);
                for (index, channel) in channels.iter_mut().enumerate() {
                    channel.clear();
                    channel.extend(samples.chunks_exact(count).map(|frame| to_pcm(frame[index])));
                }
                found += channels.first().map_or(0, |channel| channel.len() as u64);
                let listener = match &mut listener {
                    Some(listener) => listener,
                    none => none.insert(
                        Listener::new(shape.channels, shape.rate, arguments.options())
                            .map_err(Failure::from)?,
                    ),
                };
                listener.push(&channels);
                print(name, || listener.poll(), printer)?;
            }
            Err(MediaError::Damaged) if in_a_row < MAX_DAMAGED => {
                in_a_row += 1;
                damaged += 1;
            }
            Err(error) => {
                end = Some(error);
                break;
            }
        }
    }
    let Some(mut listener) = listener else {
        return Err(end.map_or(Failure::Silent, failure).into());
    };
    listener.finish();
    print(name, || listener.poll(), printer)?;
    let short = media.announced.filter(|announced| *announced > found);
    if let Some(end) = end {
        remark(name, &Remark::Other(format!("{end}: what follows was left out")));
    } else if let Some(announced) = short {
        remark(name, &Remark::Other(format!("it is cut off: {found} of {announced} samples are there")));
    }
    if damaged > 0 {
        remark(
            name,
            &Remark::Other(format!("{damaged} pieces of its sound cannot be decoded, and were left out")),
        );
    }
    listener.same().for_each(|same| remark(name, &Remark::Same(same)));
    Ok(())
}

fn print(name: &str, mut poll: impl FnMut() -> Option<Heard>, printer: &mut Printer) -> Result<(), Unread> {
    while let Some(heard) = poll() {
        printer.digit(name, &heard).map_err(Unread::Output)?;
    }
    Ok(())
}

fn failure(error: MediaError) -> Failure {
    match error {
        MediaError::NotAudio => Failure::NotAudio,
        MediaError::Unsupported(encoding) => Failure::Unsupported(encoding),
        MediaError::Cut | MediaError::Damaged | MediaError::Changed => Failure::Damaged(error.to_string()),
    }
}
