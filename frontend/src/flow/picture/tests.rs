use ivr::{FlowDefinition, support_line};
use leptos::prelude::*;
use scenario::flow::SimulationDraft;
use serde_json::json;
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
    server_of(support_line().definition().clone())
}

fn server_of(flow: FlowDefinition) -> FakeServer {
    let path = format!("/api/flow/definitions/{}", flow.flow_id);
    FakeServer::start(move |request: Request| {
        let answer =
            if request.path == path { Answer::json(&flow) } else { Answer::problem(503, "Not here") };
        std::future::ready(answer)
    })
}

fn picture() -> Page {
    picture_of("support-line")
}

fn picture_of(flow_id: &'static str) -> Page {
    mount(move || {
        let draft = SimulationDraft { flow_id: flow_id.into(), ..SimulationDraft::default() };
        let state = FlowState::new(draft, Vec::new());
        provide_context(state);
        provide_context(FlowView::new(state));
        state.want(flow_id);
        view! { <Picture /> }
    })
}

/// A tree of menus, each of which leads to two others, and to the one agent.
fn tree(count: usize) -> FlowDefinition {
    let on = |digit: &str, to: String| json!({ "on": "digits", "value": digit, "to": to });
    let mut nodes: Vec<_> = (0..count)
        .map(|at| {
            let below = [2 * at + 1, 2 * at + 2].into_iter().filter(|to| *to < count);
            let mut branches: Vec<_> = below.map(|to| on(&(to % 2 + 1).to_string(), format!("m{to}"))).collect();
            branches.push(on("0", "agent".into()));
            json!({ "id": format!("m{at}"), "label": format!("Menu number {at}"), "type": "menu", "branches": branches })
        })
        .collect();
    nodes.push(json!({ "id": "agent", "label": "Agent", "type": "transfer", "target": "agents" }));
    let flow = json!({ "flowId": "tree", "name": "Tree", "start": "m0", "nodes": nodes });
    serde_json::from_value(flow).expect("it is a flow")
}

/// Gives the picture's frame the size that it has on a screen.
fn as_on_a_screen(page: &Page) {
    let frame = page.select(".scroll").expect("the picture has a frame");
    frame
        .set_attribute("style", "width: 600px; height: 300px; overflow: auto; display: block")
        .expect("it takes a style");
}

/// Returns the number of nodes that can be chosen.
fn options(page: &Page) -> usize {
    let list = page.select("[role=listbox]").expect("the picture has a list");
    list.query_selector_all("[role=option]").expect("a selector").length() as usize
}

/// Returns the text of the picture itself.
fn written(page: &Page) -> String {
    page.select("svg[role=img]").and_then(|picture| picture.text_content()).unwrap_or_default()
}

fn shown_nodes(page: &Page) -> usize {
    page.select("svg[role=img]")
        .map_or(0, |picture| picture.query_selector_all(".node").expect("a selector").length() as usize)
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
    assert_eq!(options(&page), support_line().definition().nodes.len());
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

#[wasm_bindgen_test]
async fn of_a_large_flow_what_is_seen_is_drawn_and_all_of_it_is_walked_over() {
    let _server = server_of(tree(500));
    let page = picture_of("tree");
    page.one("listbox", "Nodes of the flow").await;
    as_on_a_screen(&page);
    page.click("button", "Zoom in").await;
    let drawn = |page: &Page| {
        let style = page.select(".drawing").and_then(|drawing| drawing.get_attribute("style"));
        let style = style.filter(|style| !style.contains("min("));
        style.and_then(|style| style.split(&[' ', 'p'][..]).find_map(|part| part.parse::<f64>().ok()))
    };
    while drawn(&page).is_none_or(|width| width < 20_000.0) {
        let before = drawn(&page);
        page.click("button", "Zoom in").await;
        until("a larger picture", || drawn(&page) != before).await;
    }
    page.focus("listbox", "Nodes of the flow").await;
    key_down(END);
    until("the last node", || active().is_some_and(|name| name.starts_with("Agent, transfer to agents")))
        .await;
    until("what is seen", || (1..200).contains(&shown_nodes(&page))).await;
    assert!(options(&page) < 201, "{} options", options(&page));
    until("the minimap", || page.select("svg.minimap .seen").is_some()).await;
    page.click("button", "Fit").await;
    until("an outline", || shown_nodes(&page) == 0 && page.select(".outline .boxes").is_some()).await;
}

#[wasm_bindgen_test]
async fn a_node_is_found_by_its_name() {
    let _server = server_of(tree(30));
    let page = picture_of("tree");
    page.one("listbox", "Nodes of the flow").await;
    page.type_into("searchbox", "Find a node", "number 1").await;
    until("how many there are", || page.text().contains("11 nodes")).await;
    until("their marks", || {
        page.select("svg").is_some_and(|picture| {
            picture.query_selector_all(".node.found").expect("a selector").length() == 11
        })
    })
    .await;
    page.focus("searchbox", "Find a node").await;
    let at = || {
        page.select(".option.active")
            .and_then(|option| option.get_attribute("aria-label"))
            .unwrap_or_default()
    };
    for wanted in ["Menu number 1,", "Menu number 10,", "Menu number 11,"] {
        key_down(ENTER);
        until("the next one", || at().starts_with(wanted)).await;
    }
}

#[wasm_bindgen_test]
async fn around_a_node_its_neighbours_are_drawn_and_what_is_elsewhere_is_named() {
    let _server = server_of(tree(60));
    let page = picture_of("tree");
    page.one("listbox", "Nodes of the flow").await;
    until("all nodes", || shown_nodes(&page) == 61).await;
    let exits = || written(&page).matches("0 → Agent").count();
    assert_eq!(exits(), 60, "an exit that all share is named at each");
    page.choose("Part that is shown", "2").await;
    // The start, two below it, four below these, and the agent.
    until("two levels", || shown_nodes(&page) == 8).await;
    assert!(written(&page).contains("2 ⇢ Menu number 7"), "{}", written(&page));
    page.type_into("searchbox", "Find a node", "number 40").await;
    page.focus("searchbox", "Find a node").await;
    key_down(ENTER);
    until("those around another", || written(&page).contains("Menu number 40") && shown_nodes(&page) < 8)
        .await;
    assert!(!written(&page).contains("Menu number 5 "));
}
