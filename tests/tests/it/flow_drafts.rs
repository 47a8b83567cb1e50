//! Drafts of simulations in a real browser: wrong ones, damaged ones, and those that come from files.

use std::path::Path;

use corpus::{RULES, WrongRequest, wrong_requests};
use e2e::{Bench, Browser, FlowPage, wait};
use scenario::flow::SimulationDraft;
use serde_json::{Value, json};
use wire::api::Limits;

/// Whatever is wrong: the page says of the same fields the same as the proxy, and CXone is not asked.
#[tokio::test]
async fn every_wrong_request_is_refused_in_the_page_and_by_the_proxy_alike() {
    const REQUESTS: usize = 2 * RULES + 6;
    let page = FlowPage::open().await;
    for WrongRequest { body, fields } in wrong_requests(11, "support-line", &Limits::default(), REQUESTS) {
        page.type_json(&body.to_string()).await;
        page.click("button", "Run simulation").await;
        let wanted = page.refused_by_proxy(&body).await;
        for field in fields {
            let named = wanted.iter().any(|told| told.starts_with(field.trim_start()));
            assert!(named, "{field} of {body}: {wanted:?}");
        }
        wait::until(&format!("{body}: {wanted:?}"), async || {
            (page.complaints().await == wanted).then_some(())
        })
        .await;
        let marked =
            "document.querySelector('#flow-json[aria-invalid=true]')?.getAttribute('aria-describedby')";
        let marked = page.evaluate(marked).await;
        let said = page.text(&format!("[id='{}']", marked.as_str().expect("the text is marked"))).await;
        assert!(!said.is_empty(), "{body}");
    }
    assert!(page.runs().await.is_empty());
    assert_eq!((page.submissions(), page.asked_of_simulator().await), (0, 0));

    // The same way leads to CXone where nothing is wrong.
    page.type_json("{\"flowId\": \"support-line\", \"dtmfSequence\": [\"1\"]}").await;
    page.click("button", "Run simulation").await;
    page.until_state("completed").await;
    assert!(page.asked_of_simulator().await >= 2);
}

#[tokio::test]
async fn a_path_that_is_too_deep_is_refused_in_the_page_and_by_the_proxy_alike() {
    let page = FlowPage::open_at(Bench::configured("[limits]\nflow_depth = 3")).await;
    page.compose(&json!({ "flowId": "support-line", "digits": "9 2 2" })).await;
    // Once the flow and the limits are there.
    wait::until("the digits to be marked", async || {
        let marked = page.evaluate("document.querySelector('#flow-digits').getAttribute('aria-invalid')");
        (marked.await == "true").then_some(())
    })
    .await;
    page.click("button", "Run simulation").await;
    let body = json!({ "flowId": "support-line", "dtmfSequence": ["9", "2", "2"] });
    let wanted = page.refused_by_proxy(&body).await;
    assert_eq!(wanted, ["dtmfSequence leads over more than 3 nodes, the limit on a flow's depth"]);
    wait::until("the page's complaint", async || (page.complaints().await == wanted).then_some(())).await;
    assert_eq!((page.submissions(), page.asked_of_simulator().await), (0, 0));
}

#[tokio::test]
async fn what_is_typed_wrong_is_marked_at_its_field() {
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
            serde_json::from_value::<SimulationDraft>(draft.clone()).expect("it is a draft").to_json();
        assert!(inexpressible.is_empty(), "{draft} has no body");
        let wanted = page.refused_by_proxy(&body).await;
        wait::until(&format!("{draft}: {wanted:?}"), async || {
            (page.complaints().await == wanted).then_some(())
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
    assert_eq!((page.submissions(), page.asked_of_simulator().await), (0, 0));
}

#[tokio::test]
async fn the_json_and_the_form_are_one_draft() {
    let page = FlowPage::open().await;
    let body = json!({ "flowId": "account-desk", "dtmfSequence": ["1", "#"], "variableStateMatrix": { "account": 7 } });
    page.type_json(&body.to_string()).await;
    let form = "['#flow-digits', '#flow-variableStateMatrix-0-name', '#flow-variableStateMatrix-0-value'] \
                .map(field => document.querySelector(field)?.value ?? null).concat(document.querySelector('#flow-flow').value)";
    wait::until("the JSON in the form", async || {
        (page.evaluate(form).await == json!(["1#", "account", "7", "account-desk"])).then_some(())
    })
    .await;
    page.type_json("{\"flowId\": \"account-desk\", \"dtmfSequence\": [\"12\"]}").await;
    page.click("button", "Run simulation").await;
    let told = page.text("form .notice").await;
    assert!(told.contains("dtmfSequence[0] must be one digit"), "{told}");
    assert!(page.runs().await.is_empty());
    page.click("button", "Discard this text").await;
    page.type_into("DTMF steps (2 of 50)", "2").await;
    let json = page.one("textbox", "Request as JSON").await;
    wait::until("the form in the JSON", async || {
        let shown = json.call("function () { return this.value }", &[]).await;
        let shown: Value = serde_json::from_str(shown.as_str()?).ok()?;
        (shown["dtmfSequence"].as_array()?.len() == 3).then_some(())
    })
    .await;
}

async fn follow(fragment: &str) -> FlowPage {
    let page =
        FlowPage::open_in(Browser::start().await, Bench::start(), &format!("/flow#draft={fragment}")).await;
    page.one("combobox", "Flow").await;
    page
}

#[tokio::test]
async fn a_damaged_link_says_so_and_keeps_what_it_can() {
    // It ends in the middle of the second variable.
    let cut = "%7B%22flowId%22%3A%22account-desk%22%2C%22digits%22%3A%221%202%22%2C%22variables%22%3A%5B%7B%22name%22%3A\
               %22tier%22%2C%22kind%22%3A%22string%22%2C%22text%22%3A%22gold%22%7D%2C%7B%22name%22%3A%22ot";
    let page = follow(cut).await;
    let told = page.text("main .notice").await;
    assert!(
        told.contains("This link's draft is damaged") && told.contains("What could be read is in the form"),
        "{told}"
    );
    let form = "['#flow-flow', '#flow-digits', '#flow-variableStateMatrix-0-name', '#flow-variableStateMatrix-0-value'] \
                .map(field => document.querySelector(field)?.value ?? null)";
    wait::until("what could be kept", async || {
        (page.evaluate(form).await == json!(["account-desk", "1 2", "tier", "gold"])).then_some(())
    })
    .await;

    // Another one is pasted, with a field of the wrong kind.
    page.evaluate(
        "location.hash = 'draft=' + encodeURIComponent('{\"flowId\":\"harbour-bank\",\"digits\":12}')",
    )
    .await;
    let found = wait::look(wait::PATIENCE, async || {
        Some(page.text("main .notice").await).filter(|told| told.contains("digits cannot be read"))
    })
    .await;
    assert!(found.is_some(), "{}", page.text("main").await);
    let flow = "document.querySelector('#flow-flow').value";
    wait::until("the other flow", async || (page.evaluate(flow).await == "harbour-bank").then_some(())).await;

    // And one that holds nothing: the form stays as it is.
    page.evaluate("location.hash = 'draft=%E4%F6'").await;
    let found = wait::look(wait::PATIENCE, async || {
        Some(page.text("main .notice").await).filter(|told| told.contains("holds no draft"))
    })
    .await;
    assert!(found.is_some(), "{}", page.text("main").await);
    assert_eq!(page.evaluate(flow).await, "harbour-bank");
    page.click("button", "Dismiss").await;
}

/// The content of a file, once it is there as a whole.
async fn file(path: &Path) -> Vec<u8> {
    wait::until(&format!("{}", path.display()), async || {
        std::fs::read(path).ok().filter(|all| !all.is_empty())
    })
    .await
}

#[tokio::test]
async fn a_draft_is_saved_to_a_file_and_opened_from_one() {
    const INPUT: &str = "input[type=file]";
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (browser, bench) = (Browser::start().await, Bench::start());
    browser.save_into(folder.path()).await;
    let page = FlowPage::open_in(browser, bench, "/flow").await;
    page.one("combobox", "Flow").await;
    let draft = json!({
        "flowId": "account-desk", "digits": "1 #",
        "variables": [{ "name": "tier", "kind": "json", "text": "{\"a\": [1]}" }],
        "media": [{ "assetId": "m-1", "type": "video" }], "expectation": {
            "endNode": "agent", "decisions": [], "actions": "", "variables": [],
        },
    });
    page.compose(&draft).await;
    page.click("button", "Save draft").await;
    let saved = folder.path().join("simulation-account-desk.json");
    let text = file(&saved).await;
    assert_eq!(serde_json::from_slice::<Value>(&text).expect("it is JSON"), draft);

    page.click("button", "Clear").await;
    let digits = "document.querySelector('#flow-digits').value";
    wait::until("an empty form", async || (page.evaluate(digits).await == "").then_some(())).await;
    page.choose_file(INPUT, &saved).await;
    let form = "['#flow-flow', '#flow-digits', '#flow-variableStateMatrix-0-value', '#flow-media-0', '#flow-end'] \
                .map(field => document.querySelector(field)?.value ?? null)";
    let whole = json!(["account-desk", "1 #", "{\"a\": [1]}", "m-1", "agent"]);
    wait::until("the draft again", async || (page.evaluate(form).await == whole).then_some(())).await;

    // A request's own body is taken as well; what is neither says so and changes nothing.
    let body = folder.path().join("body.json");
    std::fs::write(&body, "{\"flowId\": \"harbour-bank\", \"dtmfSequence\": [\"1\", \"*\"]}")
        .expect("there is room");
    page.choose_file(INPUT, &body).await;
    wait::until("the body's digits", async || (page.evaluate(digits).await == "1*").then_some(())).await;
    let wrong = folder.path().join("wrong.json");
    std::fs::write(&wrong, "{\"flowId\": \"x\", \"dtmfSequence\": [\"12\"]}").expect("there is room");
    page.choose_file(INPUT, &wrong).await;
    wait::until("what is wrong with it", async || {
        let told = page.text("main .notice").await;
        (told.contains("wrong.json holds no simulation")
            && told.contains("dtmfSequence[0] must be one digit"))
        .then_some(())
    })
    .await;
    assert_eq!(page.evaluate(digits).await, "1*");
}
