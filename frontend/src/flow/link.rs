//! Where a draft is kept: in the address, which reproduces it anywhere, and in the tab, for the way back to the panel.

use leptos::prelude::window;
use shared::flow::{Draft, salvage};
use wasm_bindgen::JsValue;

use super::desk::told;
use crate::ui::Notice;

const KEY: &str = "dialbench.flow.draft";
const FRAGMENT: &str = "#draft=";

/// An escape is at most three characters, and a character at most four of them.
const LONGEST_ESCAPE: usize = 12;

/// What an address's draft came to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Linked {
    /// As far as it could be read.
    pub(super) draft: Option<Draft>,
    /// What could not.
    pub(super) trouble: Option<Notice>,
}

/// The draft of the page's address, where it has one.
pub(super) fn from_address() -> Linked {
    window().location().hash().map_or_else(|_| Linked::default(), |fragment| from_url(&fragment))
}

/// The draft of an address, where it has one.
pub(super) fn from_url(url: &str) -> Linked {
    let Some((_, encoded)) = url.split_once(FRAGMENT) else { return Linked::default() };
    match decoded(encoded).and_then(|(text, cut)| Ok((salvage(&text)?, cut))) {
        Err(why) => {
            let detail = format!("{why}. The form keeps the last draft of this tab; ask for the link again.");
            let trouble = Notice { title: "This link holds no draft:".into(), detail };
            Linked { draft: None, trouble: Some(trouble) }
        }
        Ok(((draft, errors), cut)) => {
            let told: Vec<String> = errors.iter().map(told).collect();
            let trouble = (cut || !told.is_empty()).then(|| {
                let why =
                    if told.is_empty() { "its last character is incomplete".into() } else { told.join("; ") };
                let detail = format!(
                    "{why}. What could be read is in the form: add the rest, or ask for the link again."
                );
                Notice { title: "This link's draft is damaged:".into(), detail }
            });
            Linked { draft: Some(draft), trouble }
        }
    }
}

/// An address's text, and whether it ended in the middle of a character.
fn decoded(encoded: &str) -> Result<(String, bool), String> {
    let decode = |text: &str| js_sys::decode_uri_component(text).ok().map(String::from);
    if let Some(text) = decode(encoded) {
        return Ok((text, false));
    }
    // An address is ASCII.
    let mut shorter = (1..=LONGEST_ESCAPE).filter_map(|less| encoded.get(..encoded.len().checked_sub(less)?));
    let text = shorter.find_map(decode).ok_or("its address is not encoded as addresses are")?;
    Ok((text, true))
}

/// The draft to begin with: the address's, or the one that was last typed in this tab.
pub(super) fn load() -> (Draft, Option<Notice>) {
    let kept = || {
        let storage = window().session_storage().ok().flatten()?;
        serde_json::from_str(&storage.get_item(KEY).ok().flatten()?).ok()
    };
    let Linked { draft, trouble } = from_address();
    (draft.or_else(kept).unwrap_or_default(), trouble)
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
        assert_eq!(from_address(), Linked { draft: Some(draft), trouble: None });
        window().location().set_hash("").unwrap();
        assert_eq!(from_address(), Linked::default());
    }

    #[wasm_bindgen_test]
    fn a_damaged_link_keeps_what_it_can_and_says_so() {
        let address = |text: &str| {
            window().location().set_hash(&format!("draft={text}")).unwrap();
            let Linked { draft, trouble } = from_address();
            window().location().set_hash("").unwrap();
            (draft.map(|draft| (draft.flow_id, draft.digits)), trouble.map(|notice| notice.detail))
        };
        let (draft, trouble) = address("%7B%22flowId%22%3A%22f%22%2C%22digits%22%3A%221%C3%A");
        assert_eq!(draft, Some(("f".into(), String::new())));
        assert!(trouble.unwrap().contains("What could be read is in the form"));
        let (draft, trouble) = address("%7B%22flowId%22%3A1%2C%22digits%22%3A%221%22%7D");
        assert_eq!(draft, Some((String::new(), "1".into())));
        assert!(trouble.unwrap().starts_with("flowId cannot be read"));
        let (draft, trouble) = address("nonsense");
        assert_eq!(draft, None);
        assert!(trouble.unwrap().contains("no JSON"));
    }
}
