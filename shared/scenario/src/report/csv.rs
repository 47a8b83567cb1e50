//! Suites as CSV.

use base::csv::{Cell, Csv};

use super::{Outcome, Suite};

/// Writes suites as CSV (RFC 4180), a row for each case after the header.
pub fn to_csv(suites: &[Suite]) -> String {
    let mut csv = Csv::new(&[
        "suite",
        "class",
        "name",
        "started",
        "durationMs",
        "outcome",
        "checks",
        "failedChecks",
        "reason",
    ]);
    for suite in suites {
        for case in &suite.cases {
            let failed: Vec<String> = case.failed_checks().map(ToString::to_string).collect();
            let reason = match &case.outcome {
                Outcome::Error { message: reason } | Outcome::Skipped { reason } => reason,
                Outcome::Passed | Outcome::Failed => "",
            };
            csv.row([
                Cell::from(&suite.name),
                Cell::from(&case.class),
                Cell::from(&case.name),
                Cell::from(case.started.as_deref().unwrap_or_default()),
                Cell::number(case.duration.as_millis()),
                Cell::from(case.outcome.name()),
                Cell::number(case.checks.len()),
                Cell::from(failed.join("; ")),
                Cell::from(reason),
            ]);
        }
    }
    csv.finish()
}
