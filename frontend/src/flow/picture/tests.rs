use ivr::support_line;
use leptos::prelude::*;
use scenario::flow::SimulationDraft;
use wasm_bindgen_test::wasm_bindgen_test;

use super::Picture;
use crate::{
    flow::{state::FlowState, view::FlowView},
    testing::{Answer, FakeServer, Key, Page, Request, document, key_down, mount, until},
};

const DOWN: Key = Key { key: "ArrowDown", code: "ArrowDown" };
const END: Key = Key { key: "End", code: "End" };
const ENTER: Key = Key { key: "Enter", code: "Enter" };
const ESCAPE: Key = Key { key: "Escape", code: "Escape" };

/// Has the flow's definition, and nothing else.
fn server() -> FakeServer {
    FakeServer::start(async |request: Request| {
        if request.path == "/api/flow/definitions/support-line" {
            Answer::json(support_line().definition())
        } else {
            Answer::problem(503, "Not here")
        }
    })
}

fn picture() -> Page {
    mount(|| {
        let state = FlowState::new(
            SimulationDraft { flow_id: "support-line".into(), ..SimulationDraft::default() },
            Vec::new(),
        );
        provide_context(state);
        provide_context(FlowView::new(state));
        state.want("support-line");
        view! { <Picture /> }
    })
}

/// The accessible name of the option that the keyboard is at.
fn active() -> Option<String> {
    let id = document().active_element()?.get_attribute("aria-activedescendant")?;
    document().get_element_by_id(&id)?.get_attribute("aria-label")
}

#[wasm_bindgen_test]
async fn the_nodes_are_options_that_the_keyboard_goes_over() {
    let _server = server();
    let page = picture();
    page.one("option", "Main menu, menu, the flow's start, not reached by any run").await;
    assert_eq!(page.with_role("option").len(), support_line().definition().nodes.len());
    page.focus("listbox", "Nodes of the flow").await;
    let first = active();
    assert!(first.as_ref().is_some_and(|name| name.starts_with("Main menu")), "{first:?}");
    assert!(!key_down(DOWN), "the page must not scroll");
    until("another node", || active() != first).await;
    key_down(END);
    key_down(ENTER);
    until("a chosen node", || page.select("[aria-selected=true]").is_some()).await;
    let chosen = page.select("[aria-selected=true]").and_then(|option| option.get_attribute("aria-label"));
    assert_eq!(chosen, active());
    key_down(ESCAPE);
    until("no chosen node", || page.select("[aria-selected=true]").is_none()).await;
}

#[wasm_bindgen_test]
async fn the_picture_is_an_image_that_is_zoomed() {
    let _server = server();
    let page = picture();
    page.one("option", "Main menu, menu, the flow's start, not reached by any run").await;
    let image = page.with_role("img").pop().expect("an image");
    let words = image.get_attribute("aria-label").unwrap_or_default();
    assert!(words.starts_with("Flow Support line with"), "{words}");
    let width = || image.get_bounding_client_rect().width();
    page.click("button", "Zoom in").await;
    let zoomed = |page: &Page| {
        page.select(".drawing").and_then(|drawing| drawing.get_attribute("style")).unwrap_or_default()
    };
    until("a width of its own", || zoomed(&page).contains("px") && !zoomed(&page).contains("min(")).await;
    let before = width();
    page.click("button", "Zoom in").await;
    until("a larger picture", || width() > before * 1.2).await;
    page.click("button", "Fit").await;
    until("a fitted picture", || zoomed(&page).contains("min(")).await;
}
