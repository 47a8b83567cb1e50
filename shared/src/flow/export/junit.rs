//! Runs as `JUnit` XML.

use core::fmt::Write as _;
use std::borrow::Cow;

use super::{ExportedRun, failed_checks};
use crate::{
    flow::{Verdict, analysis::Structure},
    wire::SimulationStatus,
};

/// A flow's runs as a `JUnit` XML report: a test suite for the flow, a test case for each run. A run that failed or was
/// not over is an error, one that did not do what was expected a failure, one of which nothing was expected is skipped.
pub fn to_junit(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    let count = |wanted: Kind| runs.iter().filter(|run| kind(run) == wanted).count();
    let seconds = |ms: u64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let (errors, failures, skipped) = (count(Kind::Error), count(Kind::Failure), count(Kind::Skipped));
    let total = seconds(runs.iter().map(|run| run.result.duration_ms).sum());
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{total}\"",
        runs.len()
    );
    let flow = attribute(&structure.flow().flow_id);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dialbench\" {counts}>\n  <testsuite name=\"{flow}\" {counts}>\n"
    );
    let mut line = |arguments: core::fmt::Arguments<'_>| {
        xml.write_fmt(arguments).expect("writing to a string cannot fail");
    };
    for run in runs {
        let name = if run.digits.is_empty() { "no digits" } else { run.digits };
        let name = attribute(&format!("{name} ({})", run.simulation_id)).into_owned();
        line(format_args!(
            "    <testcase classname=\"{flow}\" name=\"{name}\" time=\"{}\"",
            seconds(run.result.duration_ms)
        ));
        match kind(run) {
            Kind::Passed => line(format_args!("/>\n")),
            Kind::Skipped => {
                line(format_args!(">\n      <skipped message=\"nothing was expected\"/>\n    </testcase>\n"));
            }
            Kind::Error => {
                let why = run.result.error_message.as_deref().unwrap_or(run.result.status.name());
                line(format_args!(">\n      <error message=\"{}\"/>\n    </testcase>\n", attribute(why)));
            }
            Kind::Failure => {
                let failed: Vec<String> = failed_checks(run.judgement).collect();
                let (message, body) = (failed.first().map_or("", String::as_str), failed.join("\n"));
                line(format_args!(
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                    attribute(message),
                    escaped(&body, false)
                ));
            }
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn kind(run: &ExportedRun<'_>) -> Kind {
    match (run.result.status, run.judgement.verdict) {
        (SimulationStatus::Failed | SimulationStatus::Queued | SimulationStatus::Running, _) => Kind::Error,
        (SimulationStatus::Completed, Verdict::Passed) => Kind::Passed,
        (SimulationStatus::Completed, Verdict::Failed) => Kind::Failure,
        (SimulationStatus::Completed, Verdict::Unjudged) => Kind::Skipped,
    }
}

fn attribute(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// XML 1.0 text: markup as entities, and a replacement for what XML has no way to hold.
pub(super) fn escaped(text: &str, attribute: bool) -> Cow<'_, str> {
    let plain = |symbol: char| match symbol {
        '<' | '>' | '&' | '"' | '\'' | '\r' | '\u{fffe}' | '\u{ffff}' => false,
        '\t' | '\n' => !attribute,
        other => other >= ' ',
    };
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for symbol in text.chars() {
        match symbol {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' if attribute => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            other if plain(other) => escaped.push(other),
            _ => escaped.push('\u{fffd}'),
        }
    }
    Cow::Owned(escaped)
}
