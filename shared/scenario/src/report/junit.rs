//! Suites as `JUnit` XML, in the form that Jenkins and GitLab read.

use core::{
    fmt::{self, Write as _},
    time::Duration,
};

use super::{Case, Outcome, Suite};

/// Writes suites as a `JUnit` XML report called `name`. Texts that XML 1.0 cannot hold get replacement characters.
pub fn to_junit(name: &str, suites: &[Suite]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write(&mut xml, name, suites).expect("a string takes any text");
    xml
}

fn write(xml: &mut String, name: &str, suites: &[Suite]) -> fmt::Result {
    let all = suites.iter().flat_map(|suite| &suite.cases);
    writeln!(xml, "<testsuites name=\"{}\" {}>", Attribute(name), Counts::of(all))?;
    for suite in suites {
        let counts = Counts::of(suite.cases.iter());
        writeln!(xml, "  <testsuite name=\"{}\" {counts}>", Attribute(&suite.name))?;
        for case in &suite.cases {
            write_case(xml, case)?;
        }
        writeln!(xml, "  </testsuite>")?;
    }
    writeln!(xml, "</testsuites>")
}

fn write_case(xml: &mut String, case: &Case) -> fmt::Result {
    write!(xml, "    <testcase classname=\"{}\" name=\"{}\"", Attribute(&case.class), Attribute(&case.name))?;
    if let Some(started) = &case.started {
        write!(xml, " timestamp=\"{}\"", Attribute(started))?;
    }
    write!(xml, " time=\"{}\"", Seconds(case.duration))?;
    match &case.outcome {
        Outcome::Passed => return writeln!(xml, "/>"),
        Outcome::Failed => {
            let failed: Vec<String> = case.failed_checks().map(ToString::to_string).collect();
            let message = Attribute(failed.first().map_or("", String::as_str));
            let all = failed.join("\n");
            write!(xml, ">\n      <failure message=\"{message}\">{}</failure>", Text(&all))?;
        }
        Outcome::Error { message } => {
            write!(xml, ">\n      <error message=\"{}\"/>", Attribute(message))?;
        }
        Outcome::Skipped { reason } => {
            write!(xml, ">\n      <skipped message=\"{}\"/>", Attribute(reason))?;
        }
    }
    writeln!(xml, "\n    </testcase>")
}

/// The attributes that count cases.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    time: Duration,
}

impl Counts {
    fn of<'a>(cases: impl Iterator<Item = &'a Case>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            counts.tests += 1;
            counts.time = counts.time.saturating_add(case.duration);
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Failed => counts.failures += 1,
                Outcome::Error { .. } => counts.errors += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
            }
        }
        counts
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tests, failures, errors, skipped, time } = self;
        let time = Seconds(*time);
        write!(
            f,
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{time}\""
        )
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.as_secs(), self.0.subsec_millis())
    }
}

/// A text between two tags.
pub(super) struct Text<'a>(pub(super) &'a str);

/// A text between quotation marks, where a parser would make a blank of each line break.
pub(super) struct Attribute<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|symbol| match symbol {
            '\t' | '\n' => f.write_char(symbol),
            other => escape(f, other),
        })
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|symbol| escape(f, symbol))
    }
}

fn escape(f: &mut fmt::Formatter<'_>, symbol: char) -> fmt::Result {
    match symbol {
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '&' => f.write_str("&amp;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&apos;"),
        '\t' => f.write_str("&#9;"),
        '\n' => f.write_str("&#10;"),
        '\r' => f.write_str("&#13;"),
        '\0'..=' ' if symbol != ' ' => f.write_char(char::REPLACEMENT_CHARACTER),
        '\u{fffe}' | '\u{ffff}' => f.write_char(char::REPLACEMENT_CHARACTER),
        other => f.write_char(other),
    }
}
