//! What goes wrong with simulations, in a real browser: each says what happened and what to do.

use e2e::{Bench, FlowPage, wait};
use reqwest::Method;
use serde_json::{Value, json};

fn draft() -> Value {
    json!({ "flowId": "support-line", "digits": "1" })
}

fn status(status: u16, times: u32) -> Value {
    json!({ "on": "simulator", "kind": "status", "status": status, "times": times })
}

/// A submission that meets this fault is refused, and the page says all of this and nothing of that. What was wrong is over:
/// the same draft is run.
async fn submitted(fault: Value, says: &[&str], never: &str) {
    let page = refused(fault, says, never).await;
    page.click("button", "Run simulation").await;
    page.until_state("completed").await;
}

async fn refused(fault: Value, says: &[&str], never: &str) -> FlowPage {
    let page = FlowPage::open().await;
    page.bench.arm(&fault).await;
    page.run(&draft()).await;
    page.until_state("refused").await;
    let told = page.until_region("Runs", "Run 1 was refused.").await;
    for part in says {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    assert!(!told.contains(never), "{told}");
    assert_eq!(page.bench.armed().await, 0);
    page
}

const DOUBT: &str = "may have been started all the same";

#[tokio::test]
async fn a_401_is_a_matter_of_credentials() {
    // The first time, the token might only have been too old.
    submitted(status(401, 2), &["HTTP 401", "credentials", "correct its configuration"], DOUBT).await;
}

#[tokio::test]
async fn a_403_is_a_matter_of_scopes() {
    // The first time, the token might have been dead.
    submitted(status(403, 2), &["HTTP 403", "lack a scope", "have it granted"], DOUBT).await;
}

#[tokio::test]
async fn a_500_is_the_service_s_and_leaves_a_doubt() {
    submitted(status(500, 1), &["HTTP 500", "try again later", DOUBT], "Correct the form").await;
}

#[tokio::test]
async fn a_503_says_when_to_come_back() {
    let fault = json!({ "on": "simulator", "kind": "status", "status": 503, "retryAfter": "seconds", "retryAfterSeconds": 2 });
    let page = refused(fault, &["HTTP 503", "Try again in 2 s.", DOUBT], "Correct the form").await;
    // Until then the service is left alone, and each run is refused at once.
    for run in 2..100 {
        page.click("button", "Run simulation").await;
        let ended = wait::until("the run's end", async || {
            let runs = page.runs().await;
            runs.into_iter()
                .find(|row| row[0] == run.to_string() && ["completed", "refused"].contains(&&*row[3]))
        });
        if ended.await[3] == "completed" {
            return;
        }
    }
    panic!("no run was let through");
}

#[tokio::test]
async fn a_400_is_a_matter_of_the_form() {
    submitted(status(400, 1), &["HTTP 400", "Correct the form"], DOUBT).await;
}

#[tokio::test]
async fn a_503_while_a_run_is_waited_for_is_waited_out() {
    let page = FlowPage::open().await;
    // The submission passes. For the page's first question the server itself asks three times, and its second takes a while.
    page.bench.delay_simulator(&[0]).await;
    page.bench.arm(&status(503, 3)).await;
    page.bench.delay_simulator(&[3_000]).await;
    page.run(&draft()).await;
    let told = page.until_region("Runs", "Last attempt: the service is not available (HTTP 503)").await;
    assert!(told.contains("was accepted"), "{told}");
    page.until_state("completed").await;
    assert_eq!(page.bench.armed().await, 0);
}

#[tokio::test]
async fn credentials_that_are_withdrawn_end_the_waiting() {
    let page = FlowPage::open().await;
    page.bench.arm(&json!({ "on": "simulator", "kind": "never_ends" })).await;
    page.run(&draft()).await;
    page.until_region("Runs", "was accepted").await;
    page.bench.arm(&status(401, 2)).await;
    page.until_state("refused").await;
    page.until_region("Runs", "correct its configuration").await;
}

#[tokio::test]
async fn a_server_that_goes_away_and_comes_back_loses_no_run() {
    let mut page = FlowPage::open_at(Bench::apart("id", "secret")).await;
    // The server is gone before the first question is answered.
    page.bench.delay_simulator(&[0, 4_000]).await;
    page.run(&draft()).await;
    page.until_region("Runs", "was accepted").await;
    page.bench.stop();
    let told = page.until_region("Runs", "Last attempt: Dialbench's server does not answer").await;
    assert!(told.contains("Is it still running"), "{told}");
    page.bench.start_again();
    let row = page.until_state("completed").await;
    assert_eq!(row[0], "1");
    assert_eq!(page.submissions(), 1);
}

#[tokio::test]
async fn a_submission_without_an_answer_is_not_repeated() {
    let mut page = FlowPage::open_at(Bench::apart("id", "secret")).await;
    page.compose(&draft()).await;
    page.bench.stop();
    page.click("button", "Run simulation").await;
    page.until_state("unknown").await;
    let told = page.until_region("Runs", "Run 1 may or may not have been started.").await;
    for part in
        ["Dialbench's server does not answer", "not sent a second time", "Run it again if that does no harm"]
    {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    page.bench.start_again();
    page.click("button", "Run simulation").await;
    page.until_state("completed").await;
    assert_eq!((page.submissions(), page.runs().await.len()), (1, 2));
}

#[tokio::test]
async fn without_a_qa_platform_the_panel_says_what_to_configure() {
    let page = FlowPage::open_at(Bench::apart("id", "secret")).await;
    let told = page.until_region("Handing on", "No QA platform is configured").await;
    assert!(told.contains("[qa] endpoint") && told.contains("--config"), "{told}");
    assert!(page.all("button", "Export to QA").await.is_empty());
    page.run(&draft()).await;
    page.until_state("completed").await;
    page.ready("button", "Download JSON").await;
}

#[tokio::test]
async fn an_export_that_is_refused_says_why_and_is_made_again() {
    let page = FlowPage::open().await;
    page.run(&json!({ "flowId": "support-line", "digits": "1", "expectation": { "endNode": "sales" } }))
        .await;
    page.until_state("completed").await;
    let faults = [
        (json!({ "on": "qa", "kind": "status", "status": 422 }), "HTTP 422", "Change the test identifier"),
        (json!({ "on": "qa", "kind": "status", "status": 401 }), "HTTP 401", "It wants credentials"),
        (json!({ "on": "qa", "kind": "status", "status": 404 }), "HTTP 404", "Check [qa] endpoint"),
        (json!({ "on": "qa", "kind": "status", "status": 503 }), "HTTP 503", "Export it again later"),
        (json!({ "on": "qa", "kind": "drop" }), "cannot be reached", "Check that the platform runs"),
    ];
    for (fault, happened, remedy) in faults {
        page.bench.arm(&fault).await;
        page.click("button", "Export to QA").await;
        let told = page.until_region("Handing on", remedy).await;
        assert!(told.contains("Not exported") && told.contains(happened), "{fault}: {told}");
        assert_eq!(page.bench.armed().await, 0);
    }
    page.click("button", "Export to QA").await;
    page.until_region("Handing on", "HTTP 201").await;
    let taken = page.bench.sandbox(Method::GET, "/sandbox/qa").send().await.expect("the stand-in answers");
    let taken: Value = taken.json().await.expect("it is JSON");
    assert_eq!(taken.as_array().map(Vec::len), Some(1), "{taken}");
}

#[tokio::test]
async fn without_a_flow_service_the_panel_says_what_is_missing() {
    let bench = Bench::unconfigured();
    let page = FlowPage::open_in(e2e::Browser::start().await, bench, "/flow").await;
    page.one("textbox", "Flow").await;
    let told = page.text("form").await;
    assert!(told.contains("The flows are not listed") && told.contains("flow is not configured"), "{told}");
    page.run(&draft()).await;
    page.until_state("refused").await;
    let told = page.until_region("Runs", "flow is not configured").await;
    assert!(!told.contains(DOUBT), "{told}");
    wait::until("the proposal to ask again", async || page.all("button", "Ask again").await.pop()).await;
}
