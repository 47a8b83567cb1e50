//! The page's flow panel.

use std::{ops::Deref, sync::Arc};

use base::draft::Draft as _;
use ivr::{CompiledFlow, FlowDefinition, execute};
use reqwest::Method;
use scenario::flow::SimulationDraft;
use serde_json::Value;
use wire::{
    api::{Limits, Problem},
    cxone::SimulationResult,
};

use crate::{Bench, Browser, wait};

/// Keeps the content of what the page has the browser save.
const CATCH_FILES: &str = "window.saved = []; URL.createObjectURL = blob => { blob.text().then(text => saved.push(text)); \
     return 'data:,' }; URL.revokeObjectURL = () => {};";

/// The flow panel in a browser and with a server of its own.
#[derive(Debug)]
pub struct FlowPage {
    /// The server.
    pub bench: Bench,
    browser: Browser,
}

impl Deref for FlowPage {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl FlowPage {
    /// Opens it and waits until a flow could be chosen. What it has the browser save is caught; see [`Self::saved`].
    pub async fn open() -> Self {
        Self::open_at(Bench::start()).await
    }

    /// Opens it with this server.
    pub async fn open_at(bench: Bench) -> Self {
        let browser = Browser::start().await;
        browser.run_first(CATCH_FILES).await;
        let page = Self::open_in(browser, bench, "/flow").await;
        page.one("combobox", "Flow").await;
        page
    }

    /// Opens this address of it in this browser.
    pub async fn open_in(browser: Browser, bench: Bench, address: &str) -> Self {
        browser.go_to(&bench.url(address)).await;
        Self { bench, browser }
    }

    /// Puts this draft into the form, as a link does.
    pub async fn compose(&self, draft: &Value) {
        let fragment = format!("location.hash = 'draft=' + encodeURIComponent({:?})", draft.to_string());
        self.evaluate(&fragment).await;
        let digits = draft["digits"].as_str().unwrap_or_default();
        wait::until("the draft in the form", async || {
            let value = self.evaluate("document.querySelector('#flow-digits').value").await;
            (value == digits).then_some(())
        })
        .await;
    }

    /// Composes a draft and runs it.
    pub async fn run(&self, draft: &Value) {
        self.compose(draft).await;
        self.click("button", "Run simulation").await;
    }

    /// The runs' table: number, flow, digits, state, duration, verdict.
    pub async fn runs(&self) -> Vec<Vec<String>> {
        self.rows("Runs").await
    }

    /// The rows of the table of this name that are no remarks; the texts of their cells.
    pub async fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let cells = "function () { return [...this.tBodies[0].rows].filter(row => row.cells.length > 1) \
                     .map(row => [...row.cells].map(cell => cell.textContent)) }";
        let rows = self.one("table", table).await.call(cells, &[]).await;
        serde_json::from_value(rows).expect("rows are lists of texts")
    }

    /// Waits until the newest run stands so; its row.
    pub async fn until_state(&self, state: &str) -> Vec<String> {
        let found = wait::look(wait::PATIENCE * 2, async || {
            self.runs().await.into_iter().next().filter(|row| row[3] == state)
        })
        .await;
        match found {
            Some(row) => row,
            None => panic!("no run is {state}: {:?}\n{}", self.runs().await, self.text("main").await),
        }
    }

    /// The text of what a selector finds first.
    pub async fn text(&self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({selector:?})?.innerText ?? ''")).await;
        text.as_str().expect("it is a text").to_owned()
    }

    /// The text of a region.
    pub async fn region(&self, name: &str) -> String {
        let text = self.one("region", name).await.call("function () { return this.innerText }", &[]).await;
        text.as_str().expect("it is a text").to_owned()
    }

    /// Waits until a region says this; all it says.
    pub async fn until_region(&self, name: &str, part: &str) -> String {
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
    pub async fn saved(&self, button: &str) -> String {
        self.evaluate("saved.length = 0").await;
        self.click("button", button).await;
        wait::until("a file", async || self.evaluate("saved[0] ?? null").await.as_str().map(str::to_owned))
            .await
    }

    /// What the core makes of a draft, without page, proxy or stand-in.
    pub async fn expected(&self, draft: &Value) -> (FlowDefinition, SimulationResult) {
        let draft: SimulationDraft = serde_json::from_value(draft.clone()).expect("it is a draft");
        let path = format!("/api/flow/definitions/{}", draft.flow_id);
        let flow = self.bench.get(&path).send().await.expect("the server answers");
        let flow: FlowDefinition = flow.json().await.expect("it is a flow");
        let compiled = Arc::new(CompiledFlow::compile(flow.clone()).expect("it holds to the rules"));
        let (request, _) = draft.check(&Limits::default()).expect("it can be sent");
        (flow, execute(&compiled, request.digits(), request.variables(), Limits::default().flow_depth))
    }

    /// How many submissions the audit trail knows.
    pub fn submissions(&self) -> usize {
        self.bench.audit().matches("\"simulation.submit\"").count()
    }

    /// How many requests have come to the stand-in's simulator.
    pub async fn asked_of_simulator(&self) -> u64 {
        let counts = self.bench.sandbox(Method::GET, "/sandbox/requests").send().await;
        let counts: Value = counts.expect("the stand-in answers").json().await.expect("it is JSON");
        counts["simulator"].as_u64().expect("it is counted")
    }

    /// Puts this text into the request's JSON, as somebody who types does.
    pub async fn type_json(&self, text: &str) {
        self.evaluate("document.querySelector('details.json').open = true").await;
        let edit = "function (text) { this.focus(); this.value = text; this.dispatchEvent(new Event('input', { bubbles: true })) }";
        self.one("textbox", "Request as JSON").await.call(edit, &[text.into()]).await;
    }

    /// What the form says is wrong, when it was not sent.
    pub async fn complaints(&self) -> Vec<String> {
        let list = "[...document.querySelectorAll('form .notice li')].map(item => item.textContent)";
        serde_json::from_value(self.evaluate(list).await).expect("they are texts")
    }

    /// What the proxy says is wrong with a request, in the form's words.
    pub async fn refused_by_proxy(&self, body: &Value) -> Vec<String> {
        let answer = self.bench.send(Method::POST, "/api/flow/simulations").json(body).send().await;
        let answer = answer.expect("the server answers");
        assert_eq!(answer.status(), 422, "{body}");
        let problem: Problem = answer.json().await.expect("it is a problem");
        problem.errors.iter().map(ToString::to_string).collect()
    }

    /// The picture in words.
    pub async fn text_alternative(&self) -> String {
        let words =
            self.evaluate("document.querySelector('.flow-picture svg').getAttribute('aria-label')").await;
        words.as_str().expect("the picture has one").to_owned()
    }
}
