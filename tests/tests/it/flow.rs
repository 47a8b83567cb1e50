//! The flow panel: simulations composed, run, judged and handed on in a real browser.

use e2e::{FlowPage, wait};
use reqwest::Method;
use serde_json::{Value, json};

async fn check(draft: Value) {
    let page = FlowPage::open().await;
    let (flow, expected) = page.expected(&draft).await;
    page.bench.delay_simulator(&[3_000]).await;
    page.run(&draft).await;
    page.one("progressbar", "Progress of run 1").await;
    let row = page.until_state("completed").await;
    assert_eq!(row[1], flow.flow_id);
    assert_eq!(row[4], format!("{:.1} s", expected.duration_ms as f64 / 1_000.0));
    let trace = page.rows("Trace").await;
    let steps: Vec<(&str, &str)> = trace.iter().map(|row| (&*row[1], &*row[2])).collect();
    let path = expected.execution_path.iter();
    let wanted: Vec<(&str, &str)> =
        path.map(|step| (&*step.node_id, step.decision.as_deref().unwrap_or(""))).collect();
    assert_eq!(steps, wanted);
    let analysis = page.until_region("Path analysis", "nothing expected").await;
    assert!(analysis.contains("Edge coverage"), "{analysis}");
    let words = page.text_alternative().await;
    for step in &expected.execution_path {
        let name = flow.node(&step.node_id).expect("it is a node of the flow").name();
        assert!(words.contains(name), "{name} is missing in {words:?}");
    }
    let nodes = page.evaluate("document.querySelectorAll('.flow-picture .node').length").await;
    assert_eq!(nodes, flow.nodes.len());
}

#[tokio::test]
async fn the_support_line_is_run() {
    check(json!({ "flowId": "support-line", "digits": "2 2" })).await;
}

#[tokio::test]
async fn the_account_desk_is_run() {
    check(json!({ "flowId": "account-desk", "digits": "1 1 2 3 4 5 6 #" })).await;
}

#[tokio::test]
async fn harbour_bank_is_run() {
    check(json!({ "flowId": "harbour-bank", "digits": "1 1 9 *" })).await;
}

#[tokio::test]
async fn hours_and_holidays_are_run_with_variables() {
    let variables = json!([{ "name": "holiday", "kind": "boolean", "text": "true" }]);
    check(json!({ "flowId": "hours-and-holidays", "digits": "1", "variables": variables })).await;
}

#[tokio::test]
async fn a_form_is_filled_in_by_hand() {
    let page = FlowPage::open().await;
    for key in ["2", "2"] {
        let keypad = page.one("group", "Keypad").await;
        keypad.all("button", key).await.expect("the page stays").remove(0).click().await;
    }
    // With its proposals it is a combobox.
    page.one("combobox", "Expected end node").await.call("function () { this.focus() }", &[]).await;
    page.command("Input.insertText", json!({ "text": "technical" })).await;
    page.type_into("Expected actions, in order", "support, technical").await;
    page.click("button", "Run simulation").await;
    let row = page.until_state("completed").await;
    assert_eq!((&*row[2], &*row[5]), ("22", "passed"));
    let analysis = page.until_region("Path analysis", "Accuracy 100 %").await;
    assert!(analysis.contains("3 of 3"), "{analysis}");
}

#[tokio::test]
async fn a_wrong_expectation_fails_in_the_page_in_junit_and_in_the_export() {
    let page = FlowPage::open().await;
    let expectation = json!({ "endNode": "technical", "actions": "support, billing" });
    page.run(&json!({ "flowId": "support-line", "digits": "22", "expectation": expectation })).await;
    let row = page.until_state("completed").await;
    assert_eq!(row[5], "failed");
    page.until_region("Path analysis", "Accuracy 67 %").await;
    let junit = page.saved("Download JUnit").await;
    assert!(junit.contains("failures=\"1\"") && junit.contains("<failure"), "{junit}");
    let csv = page.saved("Download CSV").await;
    assert!(csv.contains("failed"), "{csv}");
    let report: Value = serde_json::from_str(&page.saved("Download JSON").await).expect("it is JSON");
    assert_eq!(report["runs"][0]["verdict"], "failed", "{report}");
    page.click("button", "Export to QA").await;
    page.until_region("Handing on", "HTTP 201").await;
    let exported = page.bench.sandbox(Method::GET, "/sandbox/qa").send().await;
    let exported: Value = exported.expect("the stand-in answers").json().await.expect("it is JSON");
    let accuracy = exported[0]["accuracyScore"].as_f64().expect("it has an accuracy");
    assert!((accuracy - 2.0 / 3.0).abs() < 1e-9, "{exported}");
}

#[tokio::test]
async fn a_run_that_never_ends_is_cancelled() {
    let page = FlowPage::open().await;
    page.bench.arm(&json!({ "on": "simulator", "kind": "never_ends" })).await;
    page.run(&json!({ "flowId": "support-line", "digits": "1" })).await;
    page.until_region("Runs", "state: running").await;
    page.click("button", "Cancel run 1").await;
    page.until_state("cancelled").await;
    assert!(page.all("progressbar", "Progress of run 1").await.is_empty());
    page.until_region("Runs", "CXone may still execute it").await;
}

#[tokio::test]
async fn a_run_that_fails_says_why() {
    let page = FlowPage::open().await;
    page.bench
        .arm(&json!({ "on": "simulator", "kind": "fail_run", "message": "the node pool is empty" }))
        .await;
    page.run(&json!({ "flowId": "support-line", "digits": "1" })).await;
    let row = page.until_state("failed").await;
    assert_eq!(row[5], "failed");
    page.until_region("Runs", "the node pool is empty").await;
}

#[tokio::test]
async fn a_storm_of_429_is_weathered() {
    let page = FlowPage::open().await;
    let storm =
        json!({ "on": "simulator", "kind": "status", "status": 429, "retryAfter": "seconds", "times": 5 });
    page.bench.arm(&storm).await;
    page.run(&json!({ "flowId": "support-line", "digits": "1" })).await;
    page.until_state("completed").await;
    assert_eq!(page.bench.armed().await, 0);
}

#[tokio::test]
async fn a_reload_comes_back_to_the_run_and_to_the_draft() {
    let page = FlowPage::open().await;
    let draft =
        json!({ "flowId": "account-desk", "digits": "1 1", "media": [{ "assetId": "m-1", "type": "tts" }] });
    // The page is left before its first question is answered.
    page.bench.delay_simulator(&[0, 3_000]).await;
    page.run(&draft).await;
    page.until_region("Runs", "was accepted").await;
    page.reload().await;
    page.until_state("completed").await;
    assert_eq!(page.submissions(), 1);
    assert_eq!(page.evaluate("document.querySelector('#flow-digits').value").await, "1 1");
    assert_eq!(page.evaluate("document.querySelector('#flow-media-0').value").await, "m-1");
    assert_eq!(page.evaluate("document.querySelector('#flow-flow').value").await, "account-desk");
}

#[tokio::test]
async fn the_suggested_runs_take_every_branch() {
    let page = FlowPage::open().await;
    page.click("button", "Suggest runs").await;
    page.click("button", "Run all suggestions").await;
    page.until_region("Suggested runs", "Every branch that a simulation can take has been taken").await;
    let analysis = page.region("Path analysis").await;
    let edges = analysis.split("Edges taken").nth(1).expect("the coverage of all runs is told").to_owned();
    assert!(edges.trim_start().lines().next().is_some_and(|line| line.contains("(100 %)")), "{analysis}");
}

#[tokio::test]
async fn many_suggestions_run_four_at_a_time_and_the_rest_wait() {
    let page = FlowPage::open().await;
    page.compose(&json!({ "flowId": "harbour-bank", "digits": "" })).await;
    page.click("button", "Suggest runs").await;
    page.ready("button", "Run all suggestions").await;
    let suggested = page.evaluate("document.querySelectorAll('.suggest li').length").await;
    let suggested = suggested.as_u64().expect("it is a number");
    assert!(suggested > 20, "{suggested} suggestions");
    page.evaluate(
        "window.most = 0; new MutationObserver(() => { most = Math.max(most, document.querySelectorAll('.runs progress').length) }) \
         .observe(document.body, { subtree: true, childList: true }); 0",
    )
    .await;
    page.click("button", "Run all suggestions").await;
    page.until_region("Runs", "runs wait for a place.").await;
    let done = wait::look(wait::PATIENCE * 3, async || {
        let runs = page.runs().await;
        (runs.len() as u64 == suggested && runs.iter().all(|run| run[3] == "completed")).then_some(())
    })
    .await;
    assert!(done.is_some(), "{:?}", page.runs().await);
    assert_eq!(page.evaluate("most").await, 4);
    assert_eq!(page.submissions() as u64, suggested);
}

#[tokio::test]
async fn two_runs_part_where_they_part() {
    let page = FlowPage::open().await;
    for digits in ["22", "21"] {
        page.run(&json!({ "flowId": "support-line", "digits": digits })).await;
        page.until_state("completed").await;
    }
    let choose = "function () { this.value = this.options[1].value; this.dispatchEvent(new Event('change', { bubbles: true })) }";
    page.one("combobox", "Lay over the shown run").await.call(choose, &[]).await;
    page.until_region("Comparison", "They part at step 2: run 2 went 1 at support, run 1 went 2 at support.")
        .await;
    assert!(page.text_alternative().await.contains("Run 1 went"));
    let svg = page.saved("Save SVG").await;
    assert!(svg.starts_with("<svg") && svg.contains("Technical support") && svg.contains("xmlns"), "{svg}");
}

#[tokio::test]
async fn an_answer_that_is_no_json_says_so() {
    let page = FlowPage::open().await;
    page.bench.arm(&json!({ "on": "simulator", "kind": "garbage" })).await;
    page.run(&json!({ "flowId": "support-line", "digits": "1" })).await;
    page.until_state("refused").await;
    let told = page.until_region("Runs", "It may have been started all the same").await;
    assert!(told.contains("Run 1 was refused"), "{told}");
}

#[tokio::test]
async fn a_flow_that_is_not_there_says_so() {
    let page = FlowPage::open().await;
    page.run(&json!({ "flowId": "no-such-flow", "digits": "1" })).await;
    page.until_state("refused").await;
    page.until_region("Runs", "Choose another flow").await;
}

#[tokio::test]
async fn several_runs_are_under_way_and_the_trace_is_played() {
    let page = FlowPage::open().await;
    page.compose(&json!({ "flowId": "support-line", "digits": "22" })).await;
    page.bench.delay_simulator(&[4_000; 3]).await;
    for _ in 0..3 {
        page.click("button", "Run simulation").await;
    }
    for number in 1..=3 {
        page.one("progressbar", &format!("Progress of run {number}")).await;
    }
    wait::until("three finished runs", async || {
        let runs = page.runs().await;
        (runs.len() == 3 && runs.iter().all(|run| run[3] == "completed")).then_some(())
    })
    .await;
    let lit = "[...document.querySelectorAll('.flow-picture .node.lit .name')].map(name => name.textContent)";
    page.click("button", "First step").await;
    wait::until("one node lit", async || (page.evaluate(lit).await == json!(["Main menu"])).then_some(()))
        .await;
    page.click("button", "Next step").await;
    let two = json!(["Main menu", "Support menu"]);
    wait::until("two nodes lit", async || (page.evaluate(lit).await == two).then_some(())).await;
    page.click("button", "Play").await;
    let three = json!(["Main menu", "Support menu", "Technical support"]);
    wait::until("the trace has played", async || (page.evaluate(lit).await == three).then_some(())).await;
}
