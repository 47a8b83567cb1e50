//! The report about prompts: a JSON line each, or lines for a person.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use prompt::{
    codec::Codec,
    findings::{Evidence, Finding, Limits, Severity},
    matching::Spread,
    measure::Measures,
    source::SourceFacts,
};
use serde::Serialize;

use super::work::{Done, Outcome, Plan};
use crate::cli::say;

/// A JSON line. Figures are the result's; `source` has the file's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    file: &'a str,
    #[serde(flatten)]
    figures: Figures,
    codec: Option<Codec>,
    gain_db: Option<f32>,
    trimmed_leading_ms: f64,
    trimmed_trailing_ms: f64,
    written: Option<String>,
    findings: &'a [Finding],
    source: SourceRow<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceRow<'a> {
    #[serde(flatten)]
    facts: &'a SourceFacts,
    #[serde(flatten)]
    figures: Figures,
}

/// Figures as they are shown: rounded to what they are good for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    duration_ms: f64,
    integrated_lufs: Option<f64>,
    momentary_max_lufs: Option<f64>,
    short_term_max_lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
    crest_db: Option<f64>,
    leading_silence_ms: f64,
    trailing_silence_ms: f64,
    clipped_samples: usize,
    dc_offset: f64,
}

/// The line of a file that is no prompt.
#[derive(Serialize)]
struct Refused<'a> {
    file: &'a str,
    error: &'a str,
    findings: [(); 0],
}

impl Figures {
    fn new(measures: &Measures) -> Self {
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        Self {
            duration_ms: hundredths(measures.duration_ms),
            integrated_lufs: measures.integrated_lufs.map(hundredths),
            momentary_max_lufs: measures.momentary_max_lufs.map(hundredths),
            short_term_max_lufs: measures.short_term_max_lufs.map(hundredths),
            true_peak_dbtp: measures.true_peak_dbtp.map(hundredths),
            crest_db: measures.crest_db.map(hundredths),
            leading_silence_ms: measures.leading_silence_ms,
            trailing_silence_ms: measures.trailing_silence_ms,
            clipped_samples: measures.clipping.samples,
            dc_offset: (measures.dc_offset * 1e6).round() / 1e6,
        }
    }
}

/// Prints every result; the code is 1 where a limit is broken or a file is no prompt.
pub(super) fn print(outcomes: &[Outcome], plan: &Plan, json: bool) -> anyhow::Result<ExitCode> {
    let done = outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok());
    let spread = Spread::of(done.map(|done| done.sent.integrated_lufs));
    let limits = Limits {
        target_lufs: plan.target_lufs,
        true_peak_dbtp: super::peak_limit_dbtp(&plan.settings),
        ..Limits::default()
    };
    let median_lufs = spread.median_lufs.filter(|_| outcomes.len() > 1);
    let mut out = io::stdout().lock();
    let mut is_broken = false;
    for Outcome { file, result } in outcomes {
        let file = file.display().to_string();
        match result {
            Ok(done) => {
                let Done { facts, source, sent, cut, .. } = done;
                let findings = limits.findings(&Evidence { facts, source, sent, cut: *cut, median_lufs });
                is_broken |= findings.iter().any(|finding| finding.level == Severity::Error);
                if json {
                    print_json(&mut out, &row(&file, done, plan, &findings))?;
                } else {
                    print_text(&mut out, &file, done, &findings)?;
                }
            }
            Err(error) => {
                is_broken = true;
                say(format_args!("dialbench: {file}: {error}"));
                if json {
                    print_json(&mut out, &Refused { file: &file, error, findings: [] })?;
                }
            }
        }
    }
    if let (false, Some(median)) = (json, median_lufs) {
        writeln!(
            out,
            "{} prompts: median {median:.1} LUFS, {:.2} LU apart",
            outcomes.len(),
            spread.range_lu
        )?;
    }
    out.flush()?;
    Ok(ExitCode::from(u8::from(is_broken)))
}

fn row<'a>(file: &'a str, done: &'a Done, plan: &Plan, findings: &'a [Finding]) -> Row<'a> {
    let ms = |samples: usize| samples as f64 / 8.0;
    Row {
        file,
        figures: Figures::new(&done.heard),
        codec: plan.settings.codec,
        gain_db: done.matched.map(|matched| matched.gain_db),
        trimmed_leading_ms: ms(done.trim.leading),
        trimmed_trailing_ms: ms(done.trim.trailing),
        written: done.written.as_ref().map(|path| path.display().to_string()),
        findings,
        source: SourceRow { facts: &done.facts, figures: Figures::new(&done.source) },
    }
}

fn print_json(out: &mut impl Write, row: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    writeln!(out)?;
    Ok(())
}

fn print_text(out: &mut impl Write, file: &str, done: &Done, findings: &[Finding]) -> io::Result<()> {
    let shown = |figure: Option<f64>, unit: &str| match figure {
        Some(value) => format!("{value:.1} {unit}"),
        None => format!("– {unit}"),
    };
    let figures = |measures: &Measures| {
        let lufs = shown(measures.integrated_lufs, "LUFS");
        format!("{lufs}, {}, {:.2} s", shown(measures.true_peak_dbtp, "dBTP"), measures.duration_ms / 1_000.0)
    };
    writeln!(out, "{file}: {} → {}", figures(&done.source), figures(&done.heard))?;
    for Finding { level, detail, .. } in findings {
        writeln!(out, "  {}: {detail}", level.name())?;
    }
    Ok(())
}
