//! Words for jobs that came to no good end.

use jobs::{Ending, Trouble};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test]
fn every_ending_says_what_happened_and_is_kept() {
    let lost = || Trouble::Lost("the network is gone.".into());
    let running = Some(Stage::Running);
    let failed = Report { over: true, failure: Some("the pool is empty".into()) };
    let endings = [
        (Ending::Failed(Box::new(failed)), "failed", "the pool is empty"),
        (Ending::Cancelled, "cancelled", "CXone may still execute it"),
        (
            Ending::GaveUp { attempts: 15, stage: running, trouble: Some(Trouble::Status(429)) },
            "given up",
            "still running after 15 attempts; the last attempt came to nothing: too many requests (HTTP 429).",
        ),
        (
            Ending::GaveUp { attempts: 3, stage: None, trouble: Some(Trouble::Status(409)) },
            "given up",
            "It was not accepted after 3 attempts; the last attempt came to nothing: no place is free (HTTP 409).",
        ),
        (
            Ending::TimedOut { stage: running, trouble: None },
            "timed out",
            "still running when its time was over.",
        ),
        (Ending::Refused { status: 401, detail: "Who?".into() }, "refused", "Who? Ask somebody."),
        (Ending::Unknown(lost()), "unknown", "did not arrive: the network is gone. It was not sent"),
        (Ending::Unreadable("<html>".into()), "unreadable", "<html>"),
    ];
    for (ending, state, says) in endings {
        let mut record = Record::<Task>::new(3, "a".to_owned());
        record.waiting = false;
        record.end(ending);
        assert_eq!(record.state(), state);
        let text = serde_json::to_string(&record).expect("it is kept");
        assert_eq!(serde_json::from_str::<Record<Task>>(&text).expect("it is read"), record);
        let (title, detail) =
            untrack(|| JobEntry::<Task>::new(1, record).trouble()).expect("there is something to say");
        assert!(title.starts_with("Task 3 ") && detail.contains(says), "{title} {detail}");
    }
    let mut record = Record::<Task>::new(3, "a".to_owned());
    record.end(Ending::Cancelled);
    let (_, detail) =
        untrack(|| JobEntry::<Task>::new(1, record).trouble()).expect("there is something to say");
    assert!(detail.contains("never sent"), "{detail}");
}

fn problem(status: u16, detail: &str) -> Problem {
    Problem {
        kind: "about:blank".into(),
        title: "Bad Request".into(),
        status,
        detail: detail.into(),
        technical: None,
        errors: base::field_error::FieldErrors::new(),
        upstream: None,
        unsent: false,
        retry_after_ms: None,
    }
}

#[wasm_bindgen_test]
async fn a_refusal_is_shown_and_frees_the_place() {
    reset();
    SERVICE.with_borrow_mut(|service| service.problem = Some(problem(400, "no")));
    let page = open();
    runner().set_max_running(1);
    submit("a");
    submit("b");
    until_states(&page, &["running", "refused"]).await;
}

#[wasm_bindgen_test]
async fn a_submission_that_the_proxy_could_not_send_is_sent_again() {
    reset();
    let problem = Problem { unsent: true, ..problem(502, "flow cannot be reached: connection refused") };
    SERVICE.with_borrow_mut(|service| service.problem = Some(problem));
    let page = open();
    submit("a");
    until("the reason", || page.text().contains("Last attempt: flow cannot be reached: connection refused."))
        .await;
    until_states(&page, &["running"]).await;
    finish("all");
    until_states(&page, &["completed"]).await;
    assert_eq!(submitted(), ["a", "a"]);
}

#[wasm_bindgen_test]
fn runs_that_an_earlier_version_kept_are_read() {
    let kept = serde_json::json!({
        "number": 4, "draft": "a", "simulationId": "s-1", "outcome": { "kind": "unsure", "detail": "gone" }, "result": null,
    });
    let record: Record<Task> = serde_json::from_value(kept).expect("it is read");
    assert_eq!((record.job_id.as_deref(), record.state()), (Some("s-1"), "unknown"));
}
