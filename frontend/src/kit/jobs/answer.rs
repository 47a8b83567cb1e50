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
    // Where CXone is not configured, or refused the credentials, it has not begun anything.
    let unheard = status < 500 || (status == 503 && service.is_none());
    let kind = problem.kind.clone();
    let Notice { title, detail } = problem.into();
    match status {
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

    fn check(status: u16, service: Option<u16>, step: Step, seen: u16, says: &str, doubt: bool) {
        let problem = Problem {
            kind: "about:blank".into(),
            title: "Bad Gateway".into(),
            status,
            detail: "flow answered oddly".into(),
            errors: FieldErrors::new(),
            upstream: Some(UpstreamStatus { service: wire::api::UpstreamName::Flow, status: service }),
            retry_after_ms: Some(1_500),
        };
        let JobInput::<()>::Failed { status, retry_after, detail, .. } = input(problem, step) else {
            panic!("it is a refusal")
        };
        assert_eq!((status, retry_after), (seen, Some(Duration::from_millis(1_500))));
        assert!(detail.contains(says) && detail.contains("started all the same") == doubt, "{detail}");
    }

    #[wasm_bindgen_test]
    fn only_what_may_have_been_heard_may_have_been_started() {
        check(503, Some(503), Step::Submit, 503, "flow answered oddly. Try again in 2 s.", true);
        check(503, None, Step::Submit, 503, "flow answered oddly", false);
        check(502, Some(401), Step::Submit, 401, "flow answered oddly", false);
        check(502, Some(500), Step::Submit, 502, "flow answered oddly", true);
        check(502, None, Step::Submit, 502, "flow answered oddly", true);
        check(502, Some(500), Step::Poll, 502, "flow answered oddly", false);
        check(403, Some(403), Step::Submit, 403, "flow answered oddly", false);
    }
}
