//! Results of tests, whatever was tested, as `JUnit` XML, CSV and JSON. A panel or a runner makes a [`Case`] of each of its
//! results.

mod csv;
mod junit;
#[cfg(test)]
mod tests;

use core::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use csv::to_csv;
pub use junit::to_junit;

/// A list of cases that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// The cases, in the order in which they ran.
    pub cases: Vec<Case>,
}

/// The result of one test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The name of the test.
    pub name: String,
    /// The group of tests to which it belongs, such as a flow.
    pub class: String,
    /// The time at which it started (RFC 3339), where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// The time it took; in whole milliseconds as `durationMs` in JSON.
    #[serde(rename = "durationMs", with = "millis")]
    pub duration: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// The expectations it was compared with, one by one.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// Outcome of a test.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Outcome {
    /// All checks held.
    Passed,
    /// At least one check did not hold.
    Failed,
    /// The test could not be carried out, so that its checks say nothing.
    Error {
        /// The reason.
        message: String,
    },
    /// There was nothing to check.
    Skipped {
        /// The reason.
        reason: String,
    },
}

impl Outcome {
    /// Returns its name: `passed`, `failed`, `error` or `skipped`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error { .. } => "error",
            Self::Skipped { .. } => "skipped",
        }
    }
}

/// One expectation and what happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The subject: `end node`, `decision at root`, `action 1`, `variable card`.
    pub about: String,
    /// The expectation.
    pub expected: String,
    /// What happened.
    pub actual: String,
    /// True when what happened is what was expected.
    pub held: bool,
}

impl fmt::Display for Check {
    /// Writes the check as a sentence of one that did not hold, without its full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, not {}", self.about, self.expected, self.actual)
    }
}

impl Case {
    /// Iterates over the checks that did not hold.
    pub fn failed_checks(&self) -> impl Iterator<Item = &Check> {
        failed(&self.checks)
    }
}

/// Iterates over the checks that did not hold.
pub fn failed(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|check| !check.held)
}

/// Writes suites as JSON, indented.
pub fn to_json(suites: &[Suite]) -> String {
    serde_json::to_string_pretty(suites).expect("a suite has string keys only")
}

/// Durations in whole milliseconds.
mod millis {
    use core::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
