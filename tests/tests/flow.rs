//! The flow panel: simulations composed, run, judged and handed on in a real browser.

use std::sync::Arc;

use e2e::{Bench, Browser, wait};
use serde_json::{Value, json};
use shared::{
    flow::{Draft, execute},
    menu::{CompiledFlow, FlowDefinition},
    wire::{Limits, SimulationResult},
};

/// Keeps the content of what the page has the browser save.
const CATCH_FILES: &str = "window.saved = []; URL.createObjectURL = blob => { blob.text().then(text => saved.push(text)); \
     return 'data:,' }; URL.revokeObjectURL = () => {};";

struct FlowPage {
    bench: Bench,
    browser: Browser,
}

impl std::ops::Deref for FlowPage {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl FlowPage {
    async fn open() -> Self {
        let (bench, browser) = (Bench::start(), Browser::start().await);
        browser.run_first(CATCH_FILES).await;
        browser.go_to(&bench.url("/flow")).await;
        let page = Self { bench, browser };
        page.one("combobox", "Flow").await;
        page
    }

    /// Puts this draft into the form, as a link does.
    async fn compose(&self, draft: &Value) {
        let fragment = format!("location.hash = 'draft=' + encodeURIComponent({:?})", draft.to_string());
        self.evaluate(&fragment).await;
        let digits = draft["digits"].as_str().unwrap_or_default();
        wait::until("the draft in the form", async || {
            let value = self.evaluate("document.querySelector('#flow-digits').value").await;
            (value == digits).then_some(())
        })
        .await;
    }

    async fn run(&self, draft: &Value) {
        self.compose(draft).await;
        self.click("button", "Run simulation").await;
    }

    /// The runs' table: number, flow, digits, state, duration, verdict.
    async fn runs(&self) -> Vec<Vec<String>> {
        self.rows("Runs").await
    }

    async fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let cells = "function () { return [...this.tBodies[0].rows].filter(row => row.cells.length > 1) \
                     .map(row => [...row.cells].map(cell => cell.textContent)) }";
        let rows = self.one("table", table).await.call(cells, &[]).await;
        serde_json::from_value(rows).expect("rows are lists of texts")
    }

    /// Waits until the newest run stands so; its row.
    async fn until_state(&self, state: &str) -> Vec<String> {
        let found = wait::look(wait::PATIENCE * 2, async || {
            self.runs().await.into_iter().next().filter(|row| row[3] == state)
        })
        .await;
        match found {
            Some(row) => row,
            None => panic!("no run is {state}: {:?}\n{}", self.runs().await, self.text("main").await),
        }
    }

    async fn text(&self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({selector:?})?.innerText ?? ''")).await;
        text.as_str().expect("it is a text").to_owned()
    }

    async fn region(&self, name: &str) -> String {
        let text = self.one("region", name).await.call("function () { return this.innerText }", &[]).await;
        text.as_str().expect("it is a text").to_owned()
    }

    async fn until_region(&self, name: &str, part: &str) -> String {
        let found = wait::look(wait::PATIENCE, async || {
            Some(self.region(name).await).filter(|text| text.contains(part))
        })
        .await;
        match found {
            Some(text) => text,
            None => panic!("{name} does not say {part:?}: {}", self.region(name).await),
        }
    }

    /// What the page has the browser save when this is clicked.
    async fn saved(&self, button: &str) -> String {
        self.evaluate("saved.length = 0").await;
        self.click("button", button).await;
        wait::until("a file", async || self.evaluate("saved[0] ?? null").await.as_str().map(str::to_owned))
            .await
    }

    /// What the core makes of a draft, without page, proxy or stand-in.
    async fn expected(&self, draft: &Value) -> (FlowDefinition, SimulationResult) {
        let draft: Draft = serde_json::from_value(draft.clone()).expect("it is a draft");
        let path = format!("/api/flow/definitions/{}", draft.flow_id);
        let flow = self.bench.get(&path).send().await.expect("the server answers");
        let flow: FlowDefinition = flow.json().await.expect("it is a flow");
        let compiled = Arc::new(CompiledFlow::compile(flow.clone()).expect("it holds to the rules"));
        let (request, _) = draft.parse(&Limits::default()).expect("it can be sent");
        (flow, execute(&compiled, &request, Limits::default().flow_depth))
    }

    fn submissions(&self) -> usize {
        self.bench.audit().matches("\"simulation.submit\"").count()
    }
}

async fn check(draft: Value) {
    let page = FlowPage::open().await;
    let (flow, expected) = page.expected(&draft).await;
    page.run(&draft).await;
    page.one("progressbar", "Progress of run 1").await;
    let row = page.until_state("completed").await;
    assert_eq!(row[1], flow.flow_id);
    assert_eq!(row[4], format!("{:.1} s", expected.duration_ms as f64 / 1_000.0));
    let trace = page.rows("Trace").await;
    let steps: Vec<(&str, &str)> = trace.iter().map(|row| (&*row[1], &*row[4])).collect();
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

impl FlowPage {
    async fn text_alternative(&self) -> String {
        let words =
            self.evaluate("document.querySelector('.flow-picture svg').getAttribute('aria-label')").await;
        words.as_str().expect("the picture has one").to_owned()
    }
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
    page.type_into("Expected end node", "technical").await;
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
    let exported = page.bench.sandbox(reqwest::Method::GET, "/sandbox/qa").send().await;
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

/// Whatever is wrong: the page names the same fields as the proxy, and CXone is not asked.
#[tokio::test]
async fn invalid_drafts_are_refused_in_the_page_and_by_the_proxy_alike() {
    let page = FlowPage::open().await;
    let media =
        |count: usize| (0..count).map(|_| json!({ "assetId": "a", "type": "audio" })).collect::<Vec<_>>();
    let variables = |count: usize| {
        let one = |index| json!({ "name": format!("v{index}"), "kind": "string", "text": "" });
        (0..count).map(one).collect::<Vec<_>>()
    };
    let drafts = [
        json!({ "flowId": "support-line", "digits": "12x" }),
        json!({ "flowId": "support-line", "digits": "E F 1" }),
        json!({ "flowId": "support-line", "digits": "1".repeat(51) }),
        json!({ "flowId": "two words", "digits": "1" }),
        json!({ "flowId": "..", "digits": "y" }),
        json!({ "flowId": "support-line", "digits": "3", "media": media(11) }),
        json!({ "flowId": "support-line", "digits": "4", "media": [{ "assetId": "", "type": "video" }] }),
        json!({ "flowId": "support-line", "digits": "5", "variables": variables(101) }),
        json!({ "flowId": "support-line", "digits": "6", "variables": [{ "name": "", "kind": "null", "text": "" }] }),
    ];
    for draft in drafts {
        page.compose(&draft).await;
        page.click("button", "Run simulation").await;
        let (body, inexpressible) =
            serde_json::from_value::<Draft>(draft.clone()).expect("it is a draft").to_json();
        assert!(inexpressible.is_empty(), "{draft} has no body");
        let answer = page.bench.send(reqwest::Method::POST, "/api/flow/simulations").json(&body).send().await;
        let answer = answer.expect("the server answers");
        assert_eq!(answer.status(), 422, "{draft}");
        let problem: Value = answer.json().await.expect("it is JSON");
        let errors = problem["errors"].as_array().expect("the fields are named");
        let told = |error: &Value| {
            format!("{} {}", error["field"].as_str().unwrap(), error["message"].as_str().unwrap())
        };
        let wanted: Vec<String> = errors.iter().map(told).collect();
        let list = "[...document.querySelectorAll('form .notice li')].map(item => item.textContent)";
        wait::until(&format!("{draft}: {wanted:?}"), async || {
            (page.evaluate(list).await == json!(wanted)).then_some(())
        })
        .await;
        let marked =
            "document.querySelector('form [aria-invalid=true]')?.getAttribute('aria-describedby') ?? null";
        if let Some(id) = page.evaluate(marked).await.as_str() {
            assert!(!page.text(&format!("[id='{id}']")).await.is_empty(), "{draft}: {id} says nothing");
        } else {
            // Too many rows are told below them.
            assert!(
                draft["media"].is_array() || draft["variables"].is_array(),
                "{draft}: no field is marked"
            );
        }
    }
    assert!(page.runs().await.is_empty());
    assert_eq!(page.submissions(), 0);
}
