//! The meaning of the proxy's answers to a job.

use std::time::Duration;

use jobs::{JobInput, Step};
use wire::api::Problem;

use crate::ui::Notice;

/// Said of a submission that was refused in a way that does not exclude that it was heard.
const DOUBT: &str = " It may have been started all the same, so it was not sent twice.";

/// Returns what happened to a job whose request came back with a problem.
pub(super) fn input<R>(problem: Problem, step: Step) -> JobInput<R> {
    let retry_after = problem.retry_after_ms.map(Duration::from_millis);
    let service = problem.upstream.as_ref().and_then(|upstream| upstream.status);
    // The proxy calls a refusal of its own credentials a bad gateway; here it is known whose they are.
    let status = match service {
        Some(said @ (401 | 403)) => said,
        _ => problem.status,
    };
    // What was refused, or never sent, has not begun anything.
    let unheard = status < 500 || problem.unsent;
    // A connection or a token may be had later; a configuration will not come by itself.
    let may_be_sent_later =
        problem.unsent && matches!(status, 502 | 504) && service.is_none_or(|said| said >= 500);
    let kind = problem.kind.clone();
    let Notice { title, detail, .. } = problem.into();
    match status {
        _ if may_be_sent_later => JobInput::Unsent(detail),
        0 => JobInput::Lost(detail),
        200..=299 => JobInput::Unreadable(detail),
        _ => {
            let doubt = if step == Step::Submit && !unheard { DOUBT } else { "" };
            JobInput::Failed { status, kind, retry_after, detail: format!("{title}. {detail}{doubt}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use base::field_error::FieldErrors;
    use wasm_bindgen_test::wasm_bindgen_test;
    use wire::api::UpstreamStatus;

    use super::*;

    fn problem(status: u16, service: Option<u16>, unsent: bool) -> Problem {
        Problem {
            kind: "about:blank".into(),
            title: "Bad Gateway".into(),
            status,
            detail: "flow answered oddly".into(),
            technical: None,
            errors: FieldErrors::new(),
            upstream: Some(UpstreamStatus { service: wire::api::UpstreamName::Flow, status: service }),
            unsent,
            retry_after_ms: Some(1_500),
        }
    }

    fn check(problem: Problem, step: Step, seen: u16, doubt: bool) {
        let JobInput::<()>::Failed { status, retry_after, detail, .. } = input(problem, step) else {
            panic!("it is a refusal")
        };
        assert_eq!((status, retry_after), (seen, Some(Duration::from_millis(1_500))));
        assert!(detail.contains("flow answered oddly. Try again in 2 s."), "{detail}");
        assert_eq!(detail.contains("started all the same"), doubt, "{detail}");
    }

    #[wasm_bindgen_test]
    fn only_what_may_have_been_heard_may_have_been_started() {
        check(problem(503, Some(503), false), Step::Submit, 503, true);
        check(problem(502, Some(401), true), Step::Submit, 401, false);
        check(problem(502, Some(500), false), Step::Submit, 502, true);
        check(problem(502, None, false), Step::Submit, 502, true);
        check(problem(502, Some(500), false), Step::Poll, 502, false);
        check(problem(403, Some(403), false), Step::Submit, 403, false);
        // The proxy could not write its audit trail: only before the submission, or also after it?
        check(Problem { upstream: None, ..problem(503, None, false) }, Step::Submit, 503, true);
    }

    #[wasm_bindgen_test]
    fn what_was_not_sent_is_sent_later_where_that_may_help() {
        for (status, service) in [(502, None), (504, None), (502, Some(503))] {
            for step in [Step::Submit, Step::Poll] {
                let input = input::<()>(problem(status, service, true), step);
                assert_eq!(input, JobInput::Unsent("flow answered oddly. Try again in 2 s.".into()));
            }
        }
        // A configuration and credentials do not mend themselves; 429 says by itself that it was not acted on.
        for (status, service) in [(503, None), (502, Some(400)), (502, Some(200)), (429, Some(429))] {
            check(problem(status, service, true), Step::Submit, status, false);
        }
    }
}
