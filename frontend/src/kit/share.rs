//! A draft in the page's address, which reproduces it anywhere, and in the tab, for the way back to the panel.

use base::{draft::Draft, json::salvage};
use gloo_timers::callback::Timeout;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;

use super::forms::Form;
use crate::ui::Notice;

const FRAGMENT: &str = "#draft=";

/// Time that a draft must stand still before it is kept: browsers limit changes of the address.
const KEEP_AFTER_MS: u32 = 300;
/// Length of a character's longest escape: at most four bytes of three characters each.
const MAX_ESCAPE_BYTES: usize = 12;

/// The draft of an address.
#[derive(Debug, PartialEq)]
struct Linked<D> {
    /// The draft, as far as it could be read.
    draft: Option<D>,
    /// The parts that could not be read.
    trouble: Option<Notice>,
}

/// Returns the draft to begin with: the address's, or the one that was last typed in this tab; and what is wrong with the
/// address's.
pub(crate) fn load<D: Draft>() -> (D, Option<Notice>) {
    let kept = || {
        let storage = window().session_storage().ok().flatten()?;
        serde_json::from_str(&storage.get_item(&key::<D>()).ok().flatten()?).ok()
    };
    let Linked { draft, trouble } = from_address();
    (draft.or_else(kept).unwrap_or_default(), trouble)
}

/// Keeps a form's draft in the address and the tab, and takes over what is typed or pasted into the address, for as long
/// as the component is there.
pub(crate) fn follow<D: Draft>(form: Form<D>, notice: RwSignal<Option<Notice>>) {
    let pending = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        form.draft.track();
        let later = Timeout::new(KEEP_AFTER_MS, move || {
            let _ = form.draft.try_with_untracked(keep);
        });
        pending.set_value(Some(later));
    });
    let pasted = window_event_listener(ev::hashchange, move |change| {
        // The page's address may hold the draft before again, kept while this event was on its way.
        let Linked { draft, trouble } = from_url(&change.new_url());
        if let Some(draft) = draft {
            form.replace(draft);
        }
        if trouble.is_some() {
            notice.set(trouble);
        }
    });
    on_cleanup(move || {
        pasted.remove();
        // The address is another panel's by now.
        drop(pending.try_update_value(Option::take));
    });
}

/// Returns the address that reproduces `draft`.
pub(crate) fn link<D: Draft>(draft: &D) -> String {
    let location = window().location();
    let (origin, path) = (location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    format!("{origin}{path}{FRAGMENT}{}", js_sys::encode_uri_component(&text(draft)))
}

/// Keeps `draft` over a reload.
fn keep<D: Draft>(draft: &D) {
    if let Ok(Some(storage)) = window().session_storage() {
        // Without room or permission the address still has it.
        let _ = storage.set_item(&key::<D>(), &text(draft));
    }
    if let Ok(history) = window().history() {
        // Browsers refuse too many changes in a short time; the tab's memory has it then.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&link(draft)));
    }
}

fn from_address<D: Draft>() -> Linked<D> {
    from_url(&window().location().hash().unwrap_or_default())
}

/// Reads the draft of an address, where it has one.
fn from_url<D: Draft>(url: &str) -> Linked<D> {
    let Some((_, encoded)) = url.split_once(FRAGMENT) else { return Linked { draft: None, trouble: None } };
    match decoded(encoded).and_then(|(text, cut)| Ok((salvage(&text)?, cut))) {
        Err(why) => {
            let detail = format!("{why}. The form keeps the last draft of this tab; ask for the link again.");
            let trouble = Notice { title: "This link holds no draft:".into(), detail, ..Notice::default() };
            Linked { draft: None, trouble: Some(trouble) }
        }
        Ok(((draft, errors), cut)) => {
            let trouble = (cut || !errors.is_empty()).then(|| {
                let why = if errors.is_empty() {
                    "its last character is incomplete".into()
                } else {
                    errors.to_string()
                };
                let detail = format!(
                    "{why}. What could be read is in the form: add the rest, or ask for the link again."
                );
                Notice { title: "This link's draft is damaged:".into(), detail, ..Notice::default() }
            });
            Linked { draft: Some(draft), trouble }
        }
    }
}

/// Returns an address's text, and whether it ended in the middle of a character.
fn decoded(encoded: &str) -> Result<(String, bool), String> {
    let decode = |text: &str| js_sys::decode_uri_component(text).ok().map(String::from);
    if let Some(text) = decode(encoded) {
        return Ok((text, false));
    }
    // An address is ASCII.
    let mut shorter =
        (1..=MAX_ESCAPE_BYTES).filter_map(|less| encoded.get(..encoded.len().checked_sub(less)?));
    let text = shorter.find_map(decode).ok_or("its address is not encoded as addresses are")?;
    Ok((text, true))
}

/// Returns the name under which the tab remembers the draft.
fn key<D: Draft>() -> String {
    format!("dialbench.{}.draft", D::PANEL)
}

fn text<D: Draft>(draft: &D) -> String {
    serde_json::to_string(draft).expect("a draft has string keys only")
}

#[cfg(test)]
mod tests {
    use scenario::flow::{SimulationDraft, VariableDraft, VariableKind};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_link_reproduces_a_draft() {
        let name = "größe & \"x\"%20#".to_owned();
        let draft = SimulationDraft {
            flow_id: "f".into(),
            digits: "1,2 #*".into(),
            variables: vec![VariableDraft { name, kind: VariableKind::Json, text: "{\"a\":[1]}".into() }],
            ..SimulationDraft::default()
        };
        let (_, fragment) = link(&draft).split_once('#').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        window().location().set_hash(&fragment).unwrap();
        assert_eq!(from_address(), Linked { draft: Some(draft), trouble: None });
        window().location().set_hash("").unwrap();
        assert_eq!(from_address::<SimulationDraft>(), Linked { draft: None, trouble: None });
    }

    #[wasm_bindgen_test]
    fn a_damaged_link_keeps_what_it_can_and_says_so() {
        let address = |text: &str| {
            window().location().set_hash(&format!("draft={text}")).unwrap();
            let Linked { draft, trouble } = from_address::<SimulationDraft>();
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
