//! Prompts as they come in.

use prompt::{
    findings::{Evidence, Limits},
    line::Line,
    measure::measure_source,
    source::{Format, Source, SourceError, read_wav},
};
use signal::frame::FRAME_SAMPLES;

use super::{Attachment, Clip};
use crate::message::{OpenedFacts, Origin, Reply, series_numbers};

/// A prompt that was given and not looked at yet.
#[derive(Debug)]
pub(super) enum Unread {
    /// A WAV file.
    File(Vec<u8>),
    /// Samples, channel by channel.
    Channels(Vec<Vec<f32>>, Origin),
}

/// Reads a prompt. The findings are those of the file by itself, as if it were played untouched.
pub(super) fn open(unread: Unread) -> Result<(Clip, Reply, Vec<Attachment>), SourceError> {
    let source = match unread {
        Unread::File(bytes) => read_wav(&bytes)?,
        Unread::Channels(channels, origin) => join(&channels, &origin)?,
    };
    let line = Line::new(&source);
    let (measured, series) = measure_source(&source, &line);
    let Source { samples, facts, .. } = source;
    let evidence = Evidence { facts: &facts, source: &measured, sent: &measured, cut: 0, median_lufs: None };
    let findings = Limits::default().findings(&evidence);
    let [momentary, short_term] = series_numbers(&series);
    let beside = [samples, peaks(&line.samples), momentary, short_term].map(Attachment::Numbers);
    let opened = OpenedFacts { facts: facts.clone(), line: line.samples.len(), measured, findings };
    let clip = Clip { facts, measured, line, matched: None };
    Ok((clip, Reply::Opened(Box::new(opened)), beside.into()))
}

fn join(channels: &[Vec<f32>], origin: &Origin) -> Result<Source, SourceError> {
    let count = channels.len() as u16;
    let format = Format { encoding: origin.encoding, bits: origin.bits, channels: count, rate: origin.rate };
    if let [only] = channels {
        return Source::new(&origin.container, only, &format);
    }
    let frames = channels.iter().map(Vec::len).min().unwrap_or_default();
    let mut interleaved = Vec::with_capacity(frames * channels.len());
    for frame in 0..frames {
        interleaved.extend(channels.iter().map(|channel| channel[frame]));
    }
    Source::new(&origin.container, &interleaved, &format)
}

/// Returns the lowest and the highest sample of each frame, one after the other.
fn peaks(line: &[f32]) -> Vec<f32> {
    let ends = |frame: &[f32]| {
        frame.iter().fold([0.0, 0.0], |[low, high]: [f32; 2], &sample| [low.min(sample), high.max(sample)])
    };
    line.chunks(FRAME_SAMPLES).flat_map(ends).collect()
}
