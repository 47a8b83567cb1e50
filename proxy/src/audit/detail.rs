//! Entries to be recorded, kept to a size.

use std::borrow::Cow;

use base::{ids::CorrelationId, text::shortened};
use serde_json::{Map, Value};
use wire::api::AuditOutcome;

/// Maximum length of a text in an entry's detail, in characters; texts of CXone's have no bound of their own.
const MAX_TEXT_CHARS: usize = 2_000;
/// Maximum size of an entry's detail in bytes, beside the marks of what was left out.
const MAX_DETAIL_BYTES: usize = 32 << 10;

/// A change to be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) action: Cow<'static, str>,
    pub(crate) correlation: CorrelationId,
    pub(crate) outcome: AuditOutcome,
    /// Everything else that is known of the change, without secrets.
    pub(crate) detail: Value,
}

/// Returns `detail` at a size that an entry may have, with marks where something was left out.
pub(super) fn bounded(detail: Value) -> Value {
    let mut room = MAX_DETAIL_BYTES;
    fit(detail, &mut room)
}

fn fit(value: Value, room: &mut usize) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            *room = room.saturating_sub(24);
            value
        }
        Value::String(text) => fit_text(text, room).into(),
        Value::Array(items) => {
            let (mut kept, mut rest) = (Vec::new(), items.into_iter());
            while *room > 0
                && let Some(item) = rest.next()
            {
                kept.push(fit(item, room));
            }
            if rest.len() > 0 {
                kept.push(format!("… ({} more items left out)", rest.len()).into());
            }
            kept.into()
        }
        Value::Object(fields) => {
            let (mut kept, mut rest) = (Map::new(), fields.into_iter());
            while *room > 0
                && let Some((name, field)) = rest.next()
            {
                kept.insert(fit_text(name, room), fit(field, room));
            }
            let left_out = rest.count();
            if left_out > 0 {
                kept.insert("…".into(), format!("{left_out} more fields left out").into());
            }
            kept.into()
        }
    }
}

fn fit_text(text: String, room: &mut usize) -> String {
    let text = match shortened(&text, MAX_TEXT_CHARS.min(*room)) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shortened) => shortened,
    };
    *room = room.saturating_sub(text.len() + 3);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_stays_small_whatever_cxone_says_and_tells_what_it_leaves_out() {
        let usual =
            json!({ "flowId": "support-line", "digits": [1, 2], "reason": null, "nested": { "a": true } });
        assert_eq!(bounded(usual.clone()), usual);

        let long = bounded(json!({ "reason": "é".repeat(7_000_000), "status": 502 }));
        let reason = long["reason"].as_str().unwrap();
        assert!(reason.ends_with("é… (6998000 more characters left out)"), "{}", &reason[3_990..]);
        assert_eq!(long["status"], 502, "what follows a long text stays");

        let many = bounded(json!({ "errors": vec!["no"; 1_000_000] }));
        assert!(many.to_string().len() < 2 * MAX_DETAIL_BYTES, "{}", many.to_string().len());
        let last = many["errors"].as_array().unwrap().last().unwrap();
        assert!(last.as_str().unwrap().ends_with("more items left out)"), "{last}");

        let wide: Map<_, _> = (0..100_000).map(|number| (format!("{number:06}"), Value::Null)).collect();
        let wide = bounded(wide.into());
        assert!(wide.to_string().len() < 2 * MAX_DETAIL_BYTES);
        assert!(wide["…"].as_str().unwrap().ends_with("more fields left out"), "{}", wide["…"]);
    }
}
