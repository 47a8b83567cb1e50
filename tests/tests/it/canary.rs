//! The client's secret and every token stay between proxy and CXone, whatever goes wrong.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{Bench, Browser, CallPage, wait};
use reqwest::Method;
use serde_json::{Value, json};

const CLIENT_ID: &str = "canary-client";
const CLIENT_SECRET: &str = "CanarySecret7f3a91d2c4";
/// How every token of the stand-in's begins.
const TOKEN: &str = "sbx.";

/// Everything that somebody could have read, each piece with where it was.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    /// Fetches something as a script would.
    async fn fetch(&mut self, bench: &Bench, path: &str) {
        let answer = bench.get(path).send().await.expect("the server answers");
        let status = answer.status();
        let headers = format!("{:?}", answer.headers());
        let body = answer.text().await.expect("it is text");
        self.add(format!("GET {path}: {status}"), headers + body.as_str());
    }

    /// Takes what the browser has seen on the network and in its console since the last time.
    async fn browse(&mut self, browser: &Browser) {
        for entry in browser.log("browser").await {
            self.add("console", entry.message);
        }
        for entry in browser.log("performance").await {
            let message: Value = serde_json::from_str(&entry.message).expect("an entry is JSON");
            let message = &message["message"];
            if message["method"] == "Network.loadingFinished" {
                let request = json!({ "requestId": message["params"]["requestId"] });
                if let Some(body) = browser.try_command("Network.getResponseBody", request).await {
                    self.add("body in the browser", body["body"].as_str().unwrap_or_default());
                }
            }
            self.add("network of the browser", entry.message);
        }
        self.add("page", browser.source().await);
        self.add(
            "storage",
            browser.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])").await.to_string(),
        );
    }

    fn pieces(&self, place: &str) -> usize {
        self.0.iter().filter(|(at, _)| at.starts_with(place)).count()
    }

    fn hits(&self) -> Vec<String> {
        let basic = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
        let canaries = [CLIENT_SECRET, TOKEN, basic.trim_end_matches('=')];
        let mut hits = Vec::new();
        for (place, text) in &self.0 {
            for canary in canaries {
                if let Some(at) = text.find(canary) {
                    let around: String =
                        text[..at].chars().rev().take(100).collect::<Vec<_>>().into_iter().rev().collect();
                    hits.push(format!("{place}: …{around}{canary}…"));
                }
            }
        }
        hits
    }
}

/// Places a call in the stand-in, as a caller's telephone would, and attaches the page to it.
async fn attach_to_a_new_call(bench: &Bench, page: &CallPage) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "interactions:read"),
    ];
    let token = bench.sandbox(Method::POST, "/interactions/oauth/token").form(&form).send().await;
    let token: Value = token.expect("the stand-in answers").json().await.expect("a token is JSON");
    let token = token["access_token"].as_str().expect("there is a token");
    assert!(token.starts_with(TOKEN));
    let place = bench.sandbox(Method::POST, "/sandbox/calls").bearer_auth(token);
    let placed = place.json(&json!({ "flowId": "support-line" })).send().await.expect("the stand-in answers");
    let placed: Value = placed.json().await.expect("a call is JSON");

    page.evaluate("for (const field of document.querySelectorAll('form input')) { field.value = ''; field.dispatchEvent(new Event('input', { bubbles: true })) }").await;
    page.type_into("Interaction ID", placed["interactionId"].as_str().expect("it has an id")).await;
    page.type_into("Call ID", placed["callId"].as_str().expect("it has an id")).await;
    page.type_into("Flow ID (optional)", "support-line").await;
    page.click("button", "Attach").await;
    page.until("the call streams", async |status| status.call == "streaming").await;
}

async fn hang_up(page: &CallPage) {
    page.click("button", "Hang up").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
}

/// Lets a fault strike and waits until all is well again.
async fn survive(bench: &Bench, page: &CallPage, faults: &[Value]) {
    for fault in faults {
        bench.arm(fault).await;
    }
    wait::until(&format!("{faults:?} to strike"), async || (bench.armed().await == 0).then_some(())).await;
    page.link_is("CXone interactions", "open").await;
    page.link_is("Voice stream", "open").await;
    page.until("the call streams again", async |status| status.call == "streaming").await;
}

/// Every fault that a request can meet.
fn request_faults() -> Vec<Value> {
    let mut faults: Vec<Value> =
        [401, 403, 429, 500].map(|status| json!({ "kind": "status", "status": status })).into();
    faults.extend(["drop", "garbage", "expire_tokens"].map(|kind| json!({ "kind": kind })));
    faults
}

#[tokio::test]
async fn no_secret_and_no_token_is_ever_seen() {
    /// More often than anyone retries.
    const ALWAYS: u32 = 1_000;
    /// The stand-in's word of a handshake that it refuses.
    const REFUSED: &str = "fault strikes kind=Status { status: 403";
    let bench = Bench::apart(CLIENT_ID, CLIENT_SECRET);
    let mut seen = Seen::default();
    let browser = Browser::start_with_logs(&["browser", "performance"]).await;
    let page = CallPage::open_in(browser, &bench).await;
    attach_to_a_new_call(&bench, &page).await;
    page.press("2").await;
    page.until_action("support").await;
    seen.browse(&page).await;

    hang_up(&page).await;

    // The sockets of a call, while it is going on and as they are dialled again. A call each, because nobody presses keys.
    for point in ["interactions", "voice"] {
        let mut faults: Vec<Vec<Value>> = ["garbage", "drop", "expire_tokens"]
            .map(|kind| vec![json!({ "on": point, "kind": kind })])
            .into();
        faults.extend([401, 429, 500].map(|status| {
            vec![
                json!({ "on": point, "kind": "status", "status": status }),
                json!({ "on": point, "kind": "drop" }),
            ]
        }));
        for faults in faults {
            attach_to_a_new_call(&bench, &page).await;
            survive(&bench, &page, &faults).await;
            hang_up(&page).await;
        }
        seen.browse(&page).await;
    }

    // A refusal that time does not heal: it is said, and not dialled against.
    for point in ["voice", "interactions"] {
        attach_to_a_new_call(&bench, &page).await;
        let refusals = || bench.output().matches(REFUSED).count();
        let before = refusals();
        bench.arm(&json!({ "on": point, "kind": "status", "status": 403, "times": ALWAYS })).await;
        bench.arm(&json!({ "on": point, "kind": "drop" })).await;
        let link = if point == "voice" { "Voice stream" } else { "CXone interactions" };
        page.link_is(link, "reconnecting").await;
        wait::until("the refusal in the log", async || (refusals() > before).then_some(())).await;
        seen.browse(&page).await;
        disarm(&bench).await;
        hang_up(&page).await;
    }

    // Requests, and the requests for their tokens.
    for fault in request_faults() {
        for (on, path) in
            [("flow", "/api/flow/definitions/support-line"), ("call", "/api/interactions/none/call")]
        {
            let mut at = fault.clone();
            at["on"] = on.into();
            at["times"] = ALWAYS.into();
            bench.arm(&at).await;
            seen.fetch(&bench, path).await;
            disarm(&bench).await;

            at["on"] = "token".into();
            bench.arm(&json!({ "on": on, "kind": "expire_tokens" })).await;
            bench.arm(&at).await;
            seen.fetch(&bench, path).await;
            disarm(&bench).await;
        }
    }
    // The page meets one of each kind as well.
    bench.arm(&json!({ "on": "flow", "kind": "status", "status": 403, "times": ALWAYS })).await;
    page.reload().await;
    page.link_is("Page to Dialbench", "open").await;
    seen.browse(&page).await;
    disarm(&bench).await;

    for path in ["/", "/api/profile", "/api/audit", "/api/openapi.json", "/healthz", "/readyz", "/metrics"] {
        seen.fetch(&bench, path).await;
    }
    let metrics = seen.0.last().expect("metrics were fetched last").1.clone();
    seen.add("log", bench.output());
    seen.add("audit log", bench.audit());

    // There was something to find, and everything was looked at.
    let failed = |place: &str| place.starts_with("GET") && !place.ends_with("200 OK");
    assert!(seen.0.iter().filter(|(place, _)| failed(place)).count() > 15);
    assert!(seen.pieces("network of the browser") > 100 && seen.pieces("body in the browser") > 5);
    let tokens = metrics
        .lines()
        .filter(|line| line.starts_with("dialbench_token_requests_total") && line.contains("\"ok\""));
    let tokens: u32 = tokens.filter_map(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).sum();
    assert!(tokens > 10, "{metrics}");
    assert!(
        bench.output().contains("TRACE") || bench.output().contains("DEBUG"),
        "the log says all that it can"
    );
    let hits = seen.hits();
    assert!(hits.is_empty(), "{hits:#?}");
}

async fn disarm(bench: &Bench) {
    let disarmed = bench.sandbox(Method::DELETE, "/sandbox/faults").send().await;
    assert_eq!(disarmed.expect("the stand-in answers").status(), 204);
}

#[test]
fn a_canary_is_found_wherever_it_is() {
    let mut seen = Seen::default();
    seen.add("log", "nothing");
    assert!(seen.hits().is_empty());
    seen.add("page", format!("<p>{CLIENT_SECRET}</p>"));
    seen.add("log", "Basic Y2FuYXJ5LWNsaWVudDpDYW5hcnlTZWNyZXQ3ZjNhOTFkMmM0");
    seen.add("body", format!("?access_token={TOKEN}0123"));
    assert_eq!(seen.hits().len(), 3, "{:?}", seen.hits());
}
