//! The panel as it is filled in and started, against a proxy that the tests steer.

mod form;
mod runs;

use std::{cell::RefCell, collections::BTreeMap};

use leptos::prelude::*;
use serde_json::{Value, json};
use wire::{
    api::{Limits, Profile, ProfileName, WebhookDoor},
    cxone::{DialerSimulation, DialerState},
};

use super::DialerPage;
use crate::testing::{Answer, FakeEvents, FakeServer, Page, Request, forget_everything, mount, until};

const CAMPAIGN: &str = "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f";
const SIMULATIONS: &str = "/api/dialer/simulations";

/// CXone behind the proxy.
#[derive(Default)]
struct Dialer {
    /// Answers to the next submissions in place of the usual one, the first last.
    refusals: Vec<Answer>,
    /// Submissions are not answered.
    is_silent: bool,
    /// Simulations by their keys.
    begun: BTreeMap<String, DialerSimulation>,
}

/// The proxy; no event comes.
struct Proxy {
    server: FakeServer,
    _events: FakeEvents,
}

thread_local! {
    static DIALER: RefCell<Dialer> = RefCell::default();
}

fn profile() -> Profile {
    Profile {
        profile: ProfileName::Sandbox,
        version: String::new(),
        services: Vec::new(),
        limits: Limits::default(),
        qa_configured: false,
        analytics_webhook_configured: false,
        webhook: WebhookDoor { url: Some("https://bench.example.com/hook".into()), signed: true },
    }
}

async fn answer(request: Request) -> Answer {
    match (&*request.method, &*request.path) {
        ("GET", "/api/profile") => Answer::json(&profile()),
        ("GET", "/api/flow/definitions") => Answer::json(&json!({ "flows": [] })),
        ("POST", SIMULATIONS) => {
            until("the dialer to answer", || DIALER.with_borrow(|dialer| !dialer.is_silent)).await;
            let key = request.header("idempotency-key").expect("a submission has a key").to_owned();
            DIALER.with_borrow_mut(|dialer| {
                if let Some(refusal) = dialer.refusals.pop() {
                    return refusal;
                }
                let id = format!("sim-{}", dialer.begun.len() + 1).parse().expect("an identifier");
                let begun = dialer.begun.entry(key);
                Answer::json(begun.or_insert_with(|| DialerSimulation::new(id, DialerState::running())))
            })
        }
        ("GET", path) if path.starts_with(SIMULATIONS) => {
            let id = path.rsplit('/').next().unwrap_or_default();
            let found = DIALER
                .with_borrow(|dialer| dialer.begun.values().find(|simulation| simulation.id == *id).cloned());
            found.map_or_else(|| Answer::problem(404, "No such simulation"), |found| Answer::json(&found))
        }
        other => panic!("{other:?} is not asked for"),
    }
}

/// Starts a proxy that knows nothing, in a browser that knows nothing.
fn start() -> Proxy {
    forget_everything();
    DIALER.take();
    Proxy { server: FakeServer::start(answer), _events: FakeEvents::start() }
}

fn open() -> Page {
    mount(|| view! { <DialerPage /> })
}

/// Opens the panel, and fills in what has no default.
async fn filled() -> Page {
    let page = open();
    page.type_into("textbox", "Campaign", CAMPAIGN).await;
    page.type_into("textbox", "Flow", "support-line").await;
    page.click("switch", "Compliance bypass").await;
    page
}

/// The text of a field now.
fn value(page: &Page, name: &str) -> String {
    let field = page.all("textbox", name).pop();
    field.and_then(|field| crate::js::field(&field, "value").as_string()).unwrap_or_default()
}

/// The keys and bodies of the submissions so far.
fn submitted(proxy: &Proxy) -> Vec<(String, Value)> {
    let requests = proxy.server.requests();
    let posts = requests.iter().filter(|request| request.method == "POST" && request.path == SIMULATIONS);
    posts
        .map(|request| {
            let key = request.header("idempotency-key").unwrap_or_default().to_owned();
            (key, serde_json::from_str(&request.body).expect("a body is JSON"))
        })
        .collect()
}

/// Ends the simulations that were begun so far.
fn complete(count: usize) {
    DIALER.with_borrow_mut(|dialer| {
        let running = dialer.begun.values_mut().filter(|one| one.state == DialerState::running());
        for simulation in running.take(count) {
            simulation.state = DialerState::completed();
            simulation.calls_attempted = 20;
            simulation.calls_completed = 20;
            simulation.compliance_bypassed = Some(true);
        }
    });
}

/// Texts of a column of the table of runs, by its heading.
fn column(page: &Page, heading: &str) -> Vec<String> {
    let Some(table) = page.all("table", "Runs").pop() else { return Vec::new() };
    let texts = |selector: &str| {
        let cells = table.query_selector_all(selector).expect("a selector");
        (0..cells.length()).filter_map(|at| cells.item(at)?.text_content()).collect::<Vec<_>>()
    };
    let Some(at) = texts("thead th").iter().position(|text| text.starts_with(heading)) else {
        return Vec::new();
    };
    texts(&format!("tbody tr[data-row] > :nth-child({})", at + 1))
}
