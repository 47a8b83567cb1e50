//! `dialbench decode`: the DTMF digits in recordings and captures.

mod input;
mod library;
mod output;

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Args, builder::RangedI64ValueParser};
use recording::{Failure, Kind, MAX_RATE, MIN_RATE, Options};

use input::Unread;
use output::{Form, Printer};

/// Flags of `decode`.
#[derive(Clone, Debug, Args)]
pub(super) struct DecodeArguments {
    /// Recordings (WAV, AU, FLAC, MP3, Ogg, Opus, WebM, MP4, raw) and captures (pcap, pcapng); `-` is standard input, known
    /// by what it begins with
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take what has no header for 16-bit little-endian PCM at this rate, in Hz [standard input: 8000]
    #[arg(long, value_name = "RATE", value_parser = rate())]
    raw: Option<u32>,
    /// Take every file for one of this kind: wav, au, pcap, ulaw, alaw, sln, gsm, flac, mp3, aac, ogg, mp4, webm, aiff
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Kind>,
    /// Listen to the mean of all channels, in place of each by itself
    #[arg(long)]
    mix: bool,
    /// Also print what came near to a digit, with the figures that sank it
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    form: FormArguments,
}

/// Flags for another form than lines of JSON.
#[derive(Clone, Copy, Debug, Args)]
struct FormArguments {
    /// Print a table
    #[arg(long, conflicts_with = "labels")]
    table: bool,
    /// Print a label track for Audacity
    #[arg(long)]
    labels: bool,
}

fn rate() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(MIN_RATE)..=i64::from(MAX_RATE))
}

fn format(name: &str) -> Result<Kind, String> {
    Kind::from_name(name).ok_or_else(|| format!("there are {}", Kind::names().collect::<Vec<_>>().join(", ")))
}

impl DecodeArguments {
    fn options(&self) -> Options {
        Options { mix: self.mix, peaks: false, explain: self.explain }
    }

    /// Returns the kind as it was asked for, in place of the one that was found.
    fn kind(&self, found: Option<Kind>) -> Option<Kind> {
        match (self.format.or(found), self.raw) {
            (Some(Kind::Raw(format)), Some(rate)) => Some(Kind::Raw(recording::Format { rate, ..format })),
            (None, Some(rate)) => Some(Kind::raw(rate)),
            (kind, _) => kind,
        }
    }
}

/// Prints the digits of every file; the code is 1 where one cannot be read, after the others were.
pub(super) fn run(arguments: &DecodeArguments) -> anyhow::Result<ExitCode> {
    let form = match (arguments.form.table, arguments.form.labels) {
        (true, _) => Form::Table,
        (false, true) => Form::Labels,
        (false, false) => Form::Lines,
    };
    let mut printer = Printer::new(io::stdout().lock(), form, arguments.files.len() > 1);
    let mut code = ExitCode::SUCCESS;
    for file in &arguments.files {
        match input::decode(file, arguments, &mut printer) {
            Ok(()) => {}
            Err(Unread::Failure(failure)) => {
                say_failure(&file.display().to_string(), &failure);
                code = ExitCode::FAILURE;
            }
            Err(Unread::Input(error)) => {
                crate::cli::say(format_args!("dialbench: {}: {error}", file.display()));
                code = ExitCode::FAILURE;
            }
            // Whoever read has enough.
            Err(Unread::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(code),
            Err(Unread::Output(error)) => return Err(error.into()),
        }
    }
    Ok(code)
}

/// Says why a file was not read, and what helps.
fn say_failure(file: &str, failure: &Failure) {
    let help = if failure.can_be_converted() {
        format!("; to convert it: ffmpeg -i {file} -ar 8000 {}", converted(file))
    } else if *failure == Failure::NotAudio {
        "; for samples without a header give --raw RATE or --format FORMAT".to_owned()
    } else {
        String::new()
    };
    crate::cli::say(format_args!("dialbench: {file}: {failure}{help}"));
}

/// Returns the name of a file that is made of another.
fn converted(file: &str) -> String {
    let stem = std::path::Path::new(file).file_stem().map(|stem| stem.to_string_lossy());
    format!("{}.8k.wav", stem.filter(|stem| stem != "-").unwrap_or_else(|| "recording".into()))
}
