//! Whatever the texts of a report are, its formats hold, and each case is in all of them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;

use super::{
    junit::{Attribute, Text},
    *,
};

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Passed),
        Just(Outcome::Failed),
        any::<String>().prop_map(|message| Outcome::Error { message }),
        any::<String>().prop_map(|reason| Outcome::Skipped { reason }),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let check = (any::<String>(), any::<String>(), any::<String>(), any::<bool>())
        .prop_map(|(about, expected, actual, held)| Check { about, expected, actual, held });
    let checks = prop::collection::vec(check, 0..3);
    let started = prop::option::of(Just("2026-11-21T07:00:00Z".to_owned()));
    (any::<String>(), any::<String>(), started, 0u64..1 << 40, outcomes(), checks).prop_map(
        |(name, class, started, ms, outcome, checks)| Case {
            name,
            class,
            started,
            duration: Duration::from_millis(ms),
            outcome,
            checks,
        },
    )
}

fn suites() -> impl Strategy<Value = Vec<Suite>> {
    let suite = (any::<String>(), prop::collection::vec(cases(), 0..4))
        .prop_map(|(name, cases)| Suite { name, cases });
    prop::collection::vec(suite, 0..3)
}

fn storable(text: &str) -> String {
    let symbol = |symbol| match symbol {
        '\t' | '\n' | '\r' => symbol,
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        other if other < ' ' => '\u{fffd}',
        other => other,
    };
    text.chars().map(symbol).collect()
}

proptest! {
    #[test]
    fn escaped_text_is_xml_and_says_the_same(text in any::<String>(), attribute: bool) {
        let xml = if attribute { Attribute(&text).to_string() } else { Text(&text).to_string() };
        prop_assert!(!xml.contains(['<', '>', '"', '\'']));
        prop_assert!(xml.chars().all(|symbol| (!attribute && (symbol == '\t' || symbol == '\n')) || symbol >= ' '));
        let back = xml.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'")
            .replace("&#9;", "\t").replace("&#10;", "\n").replace("&#13;", "\r").replace("&amp;", "&");
        prop_assert_eq!(back, storable(&text));
    }

    #[test]
    fn json_brings_every_case_back(suites in suites()) {
        prop_assert_eq!(serde_json::from_str::<Vec<Suite>>(&to_json(&suites)).unwrap(), suites);
    }
}

fn case(name: &str, outcome: Outcome, checks: Vec<Check>) -> Case {
    let (class, started) = ("flow".into(), Some("2026-11-21T07:00:00Z".into()));
    Case { name: name.into(), class, started, duration: Duration::from_millis(1_500), outcome, checks }
}

fn suite() -> Suite {
    let check = |about: &str, held| Check {
        about: about.into(),
        expected: "<a> & \"b\"".into(),
        actual: "c".into(),
        held,
    };
    Suite {
        name: "nightly".into(),
        cases: vec![
            case("passes", Outcome::Passed, vec![check("end", true)]),
            case(
                "fails",
                Outcome::Failed,
                vec![check("end", true), check("first", false), check("second", false)],
            ),
            case("breaks", Outcome::Error { message: "no\nanswer".into() }, Vec::new()),
            case("waits", Outcome::Skipped { reason: "nothing was expected".into() }, Vec::new()),
        ],
    }
}

#[test]
fn a_report_as_junit() {
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"dialbench\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"6.000\">
  <testsuite name=\"nightly\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"6.000\">
    <testcase classname=\"flow\" name=\"passes\" timestamp=\"2026-11-21T07:00:00Z\" time=\"1.500\"/>
    <testcase classname=\"flow\" name=\"fails\" timestamp=\"2026-11-21T07:00:00Z\" time=\"1.500\">
      <failure message=\"first: expected &lt;a&gt; &amp; &quot;b&quot;, not c\">first: expected &lt;a&gt; &amp; &quot;b&quot;, not c
second: expected &lt;a&gt; &amp; &quot;b&quot;, not c</failure>
    </testcase>
    <testcase classname=\"flow\" name=\"breaks\" timestamp=\"2026-11-21T07:00:00Z\" time=\"1.500\">
      <error message=\"no&#10;answer\"/>
    </testcase>
    <testcase classname=\"flow\" name=\"waits\" timestamp=\"2026-11-21T07:00:00Z\" time=\"1.500\">
      <skipped message=\"nothing was expected\"/>
    </testcase>
  </testsuite>
</testsuites>
";
    assert_eq!(to_junit("dialbench", &[suite()]), expected);
}

#[test]
fn a_report_as_csv() {
    let csv = to_csv(&[suite()]);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[1], "nightly,flow,passes,2026-11-21T07:00:00Z,1500,passed,1,,");
    assert_eq!(
        lines[2],
        "nightly,flow,fails,2026-11-21T07:00:00Z,1500,failed,3,\"first: expected <a> & \"\"b\"\", not c; second: expected <a> & \"\"b\"\", not c\","
    );
    assert_eq!(lines[4], "nightly,flow,waits,2026-11-21T07:00:00Z,1500,skipped,0,,nothing was expected");
    assert_eq!(lines.len(), 6);
}

/// Against a `JUnit` library with an XML parser of its own.
#[cfg(not(target_arch = "wasm32"))]
mod with_quick_junit {
    use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

    use super::*;

    /// The same report as that library builds it.
    fn theirs(name: &str, suites: &[Suite]) -> Report {
        let mut report = Report::new(name);
        let mut total = Duration::ZERO;
        for suite in suites {
            let mut built = TestSuite::new(&*suite.name);
            let mut time = Duration::ZERO;
            for case in &suite.cases {
                time += case.duration;
                let failed: Vec<String> = case.failed_checks().map(ToString::to_string).collect();
                let status = match &case.outcome {
                    Outcome::Passed => TestCaseStatus::success(),
                    Outcome::Failed => {
                        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                        status.set_message(failed.first().map_or("", String::as_str));
                        status.set_description(failed.join("\n"));
                        status
                    }
                    Outcome::Error { message } => {
                        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                        status.set_message(&**message);
                        status
                    }
                    Outcome::Skipped { reason } => {
                        let mut status = TestCaseStatus::skipped();
                        status.set_message(&**reason);
                        status
                    }
                };
                let mut test = TestCase::new(&*case.name, status);
                test.set_classname(&*case.class).set_time(case.duration);
                built.add_test_case(test);
            }
            built.set_time(time);
            total += time;
            report.add_test_suite(built);
        }
        report.set_time(total);
        report
    }

    /// The verdicts of both on each case.
    fn describe(report: &Report) -> Vec<String> {
        let suites = report.test_suites.iter();
        suites
            .flat_map(|suite| suite.test_cases.iter().map(move |case| (suite, case)))
            .map(|(suite, case)| {
                format!(
                    "{:?}|{:?}|{:?}|{:?}|{:?}",
                    suite.name, case.name, case.classname, case.time, case.status
                )
            })
            .collect()
    }

    fn check(suites: &[Suite]) {
        let ours = to_junit("dialbench", suites);
        let read = Report::deserialize_from_str(&ours).unwrap_or_else(|error| panic!("{error}: {ours}"));
        let theirs = theirs("dialbench", suites);
        assert_eq!(
            (read.tests, read.failures, read.errors, read.time),
            (theirs.tests, theirs.failures, theirs.errors, theirs.time)
        );
        assert_eq!(describe(&read), describe(&theirs), "{ours}");
    }

    #[test]
    fn it_reads_the_report_as_it_would_have_written_it() {
        check(&[suite(), Suite { name: "none".into(), cases: Vec::new() }]);
        check(&[]);
    }

    proptest! {
        /// That library drops control characters and a text's first blanks, so they are tested above.
        #[test]
        fn it_reads_any_visible_text(name in "\\PC{0,12}", about in "[!-~é]{1,8}") {
            let check_failed = Check { about, expected: name.clone(), actual: "x".into(), held: false };
            let cases = vec![case(&name, Outcome::Failed, vec![check_failed]), case(&name, Outcome::Error { message: name.clone() }, Vec::new())];
            check(&[Suite { name, cases }]);
        }

        #[test]
        fn a_parser_takes_any_text(suites in suites()) {
            let ours = to_junit("dialbench", &suites);
            let read = Report::deserialize_from_str(&ours);
            prop_assert!(read.is_ok(), "{:?}: {}", read.err(), ours);
            prop_assert_eq!(read.unwrap().tests, suites.iter().map(|suite| suite.cases.len()).sum::<usize>());
        }
    }
}
