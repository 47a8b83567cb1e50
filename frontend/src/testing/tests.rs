use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test]
fn names_come_from_labels_content_captions_and_references() {
    let page = mount(|| {
        view! {
            <h2 id="kit-title">"Delays " <span aria-hidden="true">"decoration"</span></h2>
            <section aria-labelledby="kit-title"></section>
            <label for="kit-field">"Call ID"</label><input id="kit-field" type="text" />
            <label>"Flow "<select><option value="a">"First"</option></select></label>
            <label><input type="checkbox" role="switch" />"Simulate only"</label>
            <fieldset><legend>"Gain"</legend></fieldset>
            <table><caption>"Calls"</caption><tbody><tr><th scope="row">"key"</th><td>"1 ms"</td></tr></tbody></table>
            <button aria-label="Zoom in">"+"</button>
            <button><span>"Start"</span>" call"</button>
            <button hidden>"Start call"</button>
            <svg role="img" aria-label="Flow"></svg>
        }
    });
    for (role, name) in [
        ("heading", "Delays"),
        ("region", "Delays"),
        ("textbox", "Call ID"),
        ("combobox", "Flow"),
        ("option", "First"),
        ("switch", "Simulate only"),
        ("group", "Gain"),
        ("table", "Calls"),
        ("rowheader", "key"),
        ("cell", "1 ms"),
        ("button", "Zoom in"),
        ("button", "Start call"),
        ("img", "Flow"),
    ] {
        assert_eq!(page.all(role, name).len(), 1, "{role} {name:?} in:\n{}", page.describe());
    }
}

#[wasm_bindgen_test]
async fn a_person_s_actions_reach_the_component() {
    let seen = RwSignal::new(Vec::<String>::new());
    let log = move |what: &str| seen.update(|seen| seen.push(what.to_owned()));
    let page = mount(move || {
        view! {
            <button on:pointerdown=move |_| log("down") on:pointerup=move |_| log("up") on:click=move |_| log("click")
                on:keydown=move |key| log(&format!("{}{}", if key.shift_key() { "shift " } else { "" }, key.key()))
                on:keyup=move |key| { key.prevent_default(); log(&key.code()); }>"Go"</button>
            <input type="text" aria-label="Name" on:input=move |input| log(&event_target_value(&input)) />
            <select aria-label="Codec" on:change=move |change| log(&event_target_value(&change))>
                <option value="G711U">"G.711 µ"</option><option value="OPUS">"Opus"</option>
            </select>
            <input type="checkbox" aria-label="Mute" on:change=move |change| log(&event_target_checked(&change).to_string()) />
            <button disabled>"Never"</button>
            <p>{move || seen.get().len()}" actions"</p>
        }
    });
    page.click("button", "Go").await;
    page.focus("button", "Go").await;
    let key = Key { key: "#", code: "Digit3" };
    assert!(key_down(key), "nobody prevented it");
    assert!(key_down_with(key, &[("shiftKey", &true.into())]));
    assert!(!key_up(key), "it was prevented");
    page.type_into("textbox", "Name", "Ada").await;
    page.choose("Codec", "OPUS").await;
    page.click("checkbox", "Mute").await;
    assert_eq!(
        seen.get_untracked(),
        ["down", "up", "click", "#", "shift #", "Digit3", "Ada", "OPUS", "true"]
    );
    assert_eq!(page.value("textbox", "Name").await, "Ada");
    assert_eq!(page.attribute("combobox", "Codec", "aria-label").await.as_deref(), Some("Codec"));
    assert!(page.is_checked("checkbox", "Mute").await && page.is_disabled("button", "Never").await);
    page.shows("paragraph", "", "9 actions").await;
    until("the count", || page.text().contains("9 actions")).await;
    page.none("button", "Stop").await;
    assert!(page.select("p").is_some_and(|count| text(&count) == "9 actions"));
}

#[wasm_bindgen_test]
async fn a_fake_server_answers_until_it_is_dropped() {
    let server = FakeServer::start(|request: Request| async move {
        match &*request.path {
            "/api/profile" => Answer::json(&serde_json::json!({ "method": request.method })),
            _ => Answer::problem(404, "Not found"),
        }
    });
    let window = web_sys::window().unwrap();
    for (path, status) in [("/api/profile", 200), ("/api/else", 404)] {
        let response: web_sys::Response =
            JsFuture::from(window.fetch_with_str(path)).await.unwrap().unchecked_into();
        assert_eq!(response.status(), status);
    }
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/api/profile", "/api/else"]);
    drop(server);
    let response: web_sys::Response =
        JsFuture::from(window.fetch_with_str("/api/profile")).await.unwrap().unchecked_into();
    assert_eq!(response.status(), 404, "the tests' own server knows no profile");
}
