//! Digits as they are printed: a line of JSON each, a row of a table, or a label of Audacity's.

use std::io::{self, StdoutLock, Write};

use base::digit::Digit;
use recording::{Heard, Origin};
use serde::Serialize;
use signal::detect::NearMiss;

/// The form in which digits are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A line of JSON each.
    Lines,
    /// A table with a head.
    Table,
    /// A label track for Audacity.
    Labels,
}

/// Prints digits, each at once.
pub(super) struct Printer {
    out: StdoutLock<'static>,
    form: Form,
    /// Whether there are several files, which rows of a table then name.
    has_files: bool,
    has_head: bool,
}

/// A digit as a line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    file: &'a str,
    channel: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    digit: Option<Digit>,
    /// The digit that tones came near to.
    #[serde(skip_serializing_if = "Option::is_none")]
    near_miss: Option<Digit>,
    start_ms: f64,
    end_ms: f64,
    low_dbm0: Option<f32>,
    high_dbm0: Option<f32>,
    twist_db: Option<f32>,
    low_error_pct: Option<f32>,
    high_error_pct: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    /// The figures that sank it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

impl<'a> Line<'a> {
    fn new(file: &'a str, heard: &Heard) -> Self {
        let Heard { channel, digit, start_ms, end_ms, origin } = *heard;
        let (tone, miss) = match origin {
            Origin::Tone(tone) => (Some(tone), None),
            Origin::Event(_) => (None, None),
            Origin::NearMiss(miss) => (Some(miss.tone), Some(miss)),
        };
        Self {
            file,
            channel,
            digit: miss.is_none().then_some(digit),
            near_miss: miss.map(|miss| miss.tone.digit),
            start_ms,
            end_ms,
            low_dbm0: tone.map(|tone| tone.low_dbm0),
            high_dbm0: tone.map(|tone| tone.high_dbm0),
            twist_db: tone.map(|tone| tone.twist_db),
            low_error_pct: tone.map(|tone| tone.low_error_pct),
            high_error_pct: tone.map(|tone| tone.high_error_pct),
            source: tone.is_none().then_some("rfc4733"),
            reasons: miss.iter().flat_map(NearMiss::reasons).map(|reason| reason.to_string()).collect(),
        }
    }
}

impl Line<'_> {
    /// Returns the digit as people read it: with a question mark, if it was none.
    fn sign(&self) -> String {
        match (self.digit, self.near_miss) {
            (Some(digit), _) => digit.to_string(),
            (None, Some(digit)) => format!("{digit}?"),
            (None, None) => String::new(),
        }
    }
}

impl Printer {
    pub(super) fn new(out: StdoutLock<'static>, form: Form, has_files: bool) -> Self {
        Self { out, form, has_files, has_head: false }
    }

    /// Prints a digit; whoever reads has it when this returns.
    pub(super) fn digit(&mut self, file: &str, heard: &Heard) -> io::Result<()> {
        let line = Line::new(file, heard);
        match self.form {
            Form::Lines => {
                serde_json::to_writer(&mut self.out, &line)?;
                writeln!(self.out)?;
            }
            Form::Table => self.row(&line)?,
            Form::Labels => {
                let (start, end) = (line.start_ms / 1_000.0, line.end_ms / 1_000.0);
                write!(self.out, "{start:.6}\t{end:.6}\t{}", line.sign())?;
                if line.channel > 0 {
                    write!(self.out, " (channel {})", line.channel)?;
                }
                if !line.reasons.is_empty() {
                    write!(self.out, ": {}", line.reasons.join(", "))?;
                }
                writeln!(self.out)?;
            }
        }
        self.out.flush()
    }

    fn row(&mut self, line: &Line<'_>) -> io::Result<()> {
        let head = ["Start ms", "End ms", "Low dBm0", "High dBm0", "Twist dB", "Low err %", "High err %"];
        if !self.has_head {
            self.has_head = true;
            write!(self.out, "Channel  Digit")?;
            head.iter().try_for_each(|name| write!(self.out, "{name:>12}"))?;
            writeln!(self.out, "{}", if self.has_files { "  File" } else { "" })?;
        }
        write!(self.out, "{:>7}  {:>5}", line.channel, line.sign())?;
        write!(self.out, "{:>12.1}{:>12.1}", line.start_ms, line.end_ms)?;
        let figures = [
            (line.low_dbm0, 1),
            (line.high_dbm0, 1),
            (line.twist_db, 1),
            (line.low_error_pct, 2),
            (line.high_error_pct, 2),
        ];
        for (figure, places) in figures {
            match figure {
                Some(figure) => write!(self.out, "{figure:>12.places$}")?,
                None => write!(self.out, "{:>12}", "event")?,
            }
        }
        if self.has_files {
            write!(self.out, "  {}", line.file)?;
        }
        if !line.reasons.is_empty() {
            write!(self.out, "  {}", line.reasons.join(", "))?;
        }
        writeln!(self.out)
    }
}
