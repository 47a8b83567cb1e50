use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

use super::*;
use crate::testing::{Key, Page, document, key_down, mount, text, until};

#[derive(Clone)]
struct Call {
    id: u32,
    menu: &'static str,
    seconds: Option<f64>,
}

const DOWN: Key = Key { key: "ArrowDown", code: "ArrowDown" };
const UP: Key = Key { key: "ArrowUp", code: "ArrowUp" };
const END: Key = Key { key: "End", code: "End" };
const HOME: Key = Key { key: "Home", code: "Home" };

fn calls() -> Vec<Call> {
    vec![
        Call { id: 1, menu: "Billing", seconds: Some(12.0) },
        Call { id: 2, menu: "Sales", seconds: None },
        Call { id: 3, menu: "Agent", seconds: Some(3.5) },
    ]
}

fn columns() -> Vec<Column<Call>> {
    vec![
        Column::new("Call", |call: &Call| call.id.to_string()).sorted_by(|call| call.id.into()),
        Column::new("Menu", |call: &Call| call.menu.to_owned()),
        Column::new("Seconds", |call: &Call| call.seconds.map_or_else(String::new, |s| format!("{s:.1}")))
            .sorted_by(|call| call.seconds.into()),
    ]
}

/// A table of these calls, of which two can be selected.
fn table(
    rows: Vec<Call>,
    chosen: RwSignal<Option<u32>>,
    compared: RwSignal<Option<u32>>,
    saved: RwSignal<Option<Sheet>>,
) -> Page {
    mount(move || {
        let selection = Selection::new(
            chosen,
            move |id| chosen.set(Some(id)),
            |call: &Call| format!("Show call {}", call.id),
        )
        .compared_with(
            compared,
            move |id| compared.set(id),
            |call: &Call| (call.menu != "Agent").then(|| format!("Compare call {}", call.id)),
        );
        let rows = RwSignal::new(rows);
        let remove = Action::new(
            "×",
            |call: &Call| format!("Remove call {}", call.id),
            move |call: Call| rows.update(|rows| rows.retain(|other| other.id != call.id)),
        )
        .where_it(|call| call.id != 1);
        view! {
            <Table name="Calls" rows key=|call: &Call| call.id columns=columns() selection actions=vec![remove]
                empty="No calls yet. Place one." export=move |sheet| saved.set(Some(sheet)) />
        }
    })
}

fn plain(rows: Vec<Call>) -> Page {
    table(rows, RwSignal::new(None), RwSignal::new(None), RwSignal::new(None))
}

/// The first cells of the rows that are rendered.
fn ids(page: &Page) -> Vec<String> {
    page.with_role("rowheader").iter().map(text).collect()
}

async fn until_ids(page: &Page, wanted: &[&str]) {
    until(&format!("{wanted:?}"), || ids(page) == wanted).await;
}

fn focused() -> Element {
    document().active_element().expect("something has the focus")
}

async fn until_focused(name: &str) {
    until(&format!("the focus on {name}"), || focused().get_attribute("aria-label").as_deref() == Some(name))
        .await;
}

#[wasm_bindgen_test]
async fn a_heading_sorts_up_down_and_not_at_all() {
    let page = plain(calls());
    until_ids(&page, &["1", "2", "3"]).await;
    page.click("button", "Seconds").await;
    until_ids(&page, &["3", "1", "2"]).await;
    let direction =
        |page: &Page| page.select("[aria-sort]").and_then(|heading| heading.get_attribute("aria-sort"));
    assert_eq!(direction(&page).as_deref(), Some("ascending"));
    page.click("button", "Seconds").await;
    // What is not known stays last.
    until_ids(&page, &["1", "3", "2"]).await;
    assert_eq!(direction(&page).as_deref(), Some("descending"));
    page.click("button", "Seconds").await;
    until_ids(&page, &["1", "2", "3"]).await;
    assert_eq!(direction(&page), None);
    page.click("button", "Menu").await;
    until_ids(&page, &["3", "1", "2"]).await;
}

#[wasm_bindgen_test]
async fn the_filter_keeps_rows_with_every_word_and_says_how_many() {
    let page = plain(calls());
    page.type_into("searchbox", "Filter", "BILL 12").await;
    until_ids(&page, &["1"]).await;
    page.shows("status", "", "1 of 3").await;
    page.type_into("searchbox", "Filter", "nowhere").await;
    until("a word about it", || page.text().contains("No row matches the filter.")).await;
    page.type_into("searchbox", "Filter", "").await;
    until_ids(&page, &["1", "2", "3"]).await;
}

#[wasm_bindgen_test]
async fn an_empty_table_says_what_to_do() {
    let page = plain(Vec::new());
    until("the empty state", || page.text().contains("No calls yet. Place one.")).await;
}

#[wasm_bindgen_test]
async fn rows_are_one_tab_stop_with_arrows() {
    let page = plain(calls());
    page.one("button", "Show call 1").await;
    let stops = |page: &Page| {
        let rows = page.select("tbody").expect("a body").query_selector_all("button").expect("a selector");
        (0..rows.length())
            .filter_map(|index| wasm_bindgen::JsCast::dyn_into::<Element>(rows.item(index)?).ok())
            .filter(|button| button.get_attribute("tabindex").as_deref() == Some("0"))
            .filter_map(|button| button.get_attribute("aria-label"))
            .collect::<Vec<_>>()
    };
    assert_eq!(stops(&page), ["Show call 1", "Compare call 1"]);
    page.focus("button", "Show call 1").await;
    assert!(!key_down(DOWN), "the page must not scroll");
    until_focused("Show call 2").await;
    until("the other stop", || stops(&page) == ["Show call 2", "Compare call 2", "Remove call 2"]).await;
    key_down(END);
    until_focused("Show call 3").await;
    key_down(DOWN);
    key_down(UP);
    until_focused("Show call 2").await;
    key_down(HOME);
    until_focused("Show call 1").await;
}

#[wasm_bindgen_test]
async fn one_row_is_selected_and_another_compared() {
    let (chosen, compared) = (RwSignal::new(None), RwSignal::new(None));
    let page = table(calls(), chosen, compared, RwSignal::new(None));
    page.click("button", "Show call 2").await;
    until("the choice", || chosen.get_untracked() == Some(2)).await;
    page.click("button", "Compare call 1").await;
    until("the comparison", || compared.get_untracked() == Some(1)).await;
    let pressed = async |name: &str| page.attribute("button", name, "aria-pressed").await;
    until("both are marked", || page.select("tr.chosen").is_some() && page.select("tr.compared").is_some())
        .await;
    assert_eq!(pressed("Show call 2").await.as_deref(), Some("true"));
    assert_eq!(pressed("Show call 1").await.as_deref(), Some("false"));
    assert_eq!(pressed("Compare call 1").await.as_deref(), Some("true"));
    page.click("button", "Compare call 1").await;
    until("no comparison", || compared.get_untracked().is_none()).await;
    assert!(page.all("button", "Compare call 3").is_empty(), "this one cannot be compared");
    // Anywhere on the row.
    let cell = page.one("cell", "Agent").await;
    wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(cell).click();
    until("the other choice", || chosen.get_untracked() == Some(3)).await;
}

#[wasm_bindgen_test]
async fn a_row_s_actions_are_about_that_row() {
    let page = plain(calls());
    assert!(page.all("button", "Remove call 1").is_empty());
    page.click("button", "Remove call 2").await;
    until_ids(&page, &["1", "3"]).await;
}

#[wasm_bindgen_test]
async fn what_is_shown_is_exported() {
    let saved = RwSignal::new(None);
    let page = table(calls(), RwSignal::new(None), RwSignal::new(None), saved);
    page.type_into("searchbox", "Filter", ".").await;
    page.click("button", "Seconds").await;
    until_ids(&page, &["3", "1"]).await;
    page.click("button", "Save Calls as CSV").await;
    let sheet = saved.get_untracked().expect("it was exported");
    assert_eq!(sheet.to_csv(), "Call,Menu,Seconds\r\n3,Agent,3.5\r\n1,Billing,12.0\r\n");
    let sheet = Sheet { columns: vec!["a"], rows: vec![vec!["=1+1".into()], vec!["x, \"y\"".into()]] };
    assert_eq!(sheet.to_csv(), "a\r\n'=1+1\r\n\"x, \"\"y\"\"\"\r\n");
}

#[wasm_bindgen_test]
async fn of_thousands_of_rows_a_few_are_rendered() {
    let many = (0..2_000).map(|id| Call { id, menu: "Sales", seconds: None }).collect();
    let page = plain(many);
    page.one("button", "Show call 0").await;
    let rendered = |page: &Page| page.with_role("rowheader").len();
    assert!(rendered(&page) <= 150, "{} rows", rendered(&page));
    let count = page.attribute("table", "Calls", "aria-rowcount").await;
    assert_eq!(count.as_deref(), Some("2001"));
    page.focus("button", "Show call 0").await;
    key_down(END);
    until_focused("Show call 1999").await;
    assert!(rendered(&page) <= 150, "{} rows", rendered(&page));
    let row = focused().closest("tr").expect("a selector").expect("a row");
    assert_eq!(row.get_attribute("aria-rowindex").as_deref(), Some("2001"));
}
