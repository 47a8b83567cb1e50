//! Where a draft is kept: in the address, which reproduces it anywhere, and in the tab, for the way back to the panel.

use leptos::prelude::window;
use shared::flow::Draft;
use wasm_bindgen::JsValue;

const KEY: &str = "dialbench.flow.draft";
const FRAGMENT: &str = "#draft=";

/// The address's draft.
pub(super) fn from_address() -> Option<Draft> {
    let fragment = window().location().hash().ok()?;
    let text = js_sys::decode_uri_component(fragment.strip_prefix(FRAGMENT)?).ok()?;
    serde_json::from_str(&String::from(text)).ok()
}

/// The draft to begin with: the address's, or the one that was last typed in this tab.
pub(super) fn load() -> Draft {
    let kept = || {
        let storage = window().session_storage().ok().flatten()?;
        serde_json::from_str(&storage.get_item(KEY).ok().flatten()?).ok()
    };
    from_address().or_else(kept).unwrap_or_default()
}

/// The address that reproduces `draft`.
pub(super) fn link(draft: &Draft) -> String {
    let location = window().location();
    let (origin, path) = (location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    format!("{origin}{path}{FRAGMENT}{}", js_sys::encode_uri_component(&text(draft)))
}

/// Keeps `draft` over a reload.
pub(super) fn keep(draft: &Draft) {
    if let Ok(Some(storage)) = window().session_storage() {
        // Without room or permission the address still has it.
        let _ = storage.set_item(KEY, &text(draft));
    }
    if let Ok(history) = window().history() {
        // Browsers refuse too many changes in a short time; the tab's memory has it then.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&link(draft)));
    }
}

fn text(draft: &Draft) -> String {
    serde_json::to_string(draft).expect("a draft has string keys only")
}

#[cfg(test)]
mod tests {
    use shared::flow::{VariableDraft, VariableKind};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_link_reproduces_a_draft() {
        let name = "größe & \"x\"%20#".to_owned();
        let draft = Draft {
            flow_id: "f".into(),
            digits: "1,2 #*".into(),
            variables: vec![VariableDraft { name, kind: VariableKind::Json, text: "{\"a\":[1]}".into() }],
            ..Draft::default()
        };
        let (_, fragment) = link(&draft).split_once('#').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        window().location().set_hash(&fragment).unwrap();
        assert_eq!(from_address(), Some(draft));
        window().location().set_hash("").unwrap();
        assert_eq!(from_address(), None);
    }
}
