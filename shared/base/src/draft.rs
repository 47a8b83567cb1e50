//! What a form edits, whatever the panel: the fields as they are typed, on their way to what is sent.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{field_error::FieldErrors, json};

/// The fields of a form as they are typed, right or wrong. A link, a file and the tab's memory hold it as JSON, so
/// missing fields have defaults (`#[serde(default)]`).
pub trait Draft: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The result of a draft whose fields are all right.
    type Checked;
    /// The limits that the fields are held to.
    type Limits: Send + Sync + 'static;

    /// The panel that edits the draft, as in its address: `flow`.
    const PANEL: &'static str;
    /// The page's word for the thing that a draft describes: `simulation`.
    const NOUN: &'static str;

    /// Returns what a file that holds the draft is named after, such as its flow.
    fn title(&self) -> &str;

    /// Checks the fields; returns every field's error at once, by the fields of the payload.
    fn check(&self, limits: &Self::Limits) -> Result<Self::Checked, FieldErrors>;

    /// Returns the payload that would be sent, wrong fields included.
    fn payload(&self) -> Value;

    /// Takes the fields of a payload over. What no payload holds, such as an expectation, stays. Leaves the draft as it is
    /// where the payload is refused.
    fn set_payload(&mut self, payload: &Value, limits: &Self::Limits) -> Result<(), FieldErrors>;

    /// Reports whether a file's JSON is to be read as a payload rather than as a draft: unless a panel knows better, when a
    /// field at its top is one that payloads have and drafts have not.
    fn is_payload(json: &Value) -> bool {
        let empty = Self::default();
        let (payload, draft) = (empty.payload(), serde_json::to_value(&empty).unwrap_or_default());
        let is_of_payload = |name: &String| payload.get(name).is_some() && draft.get(name).is_none();
        json.as_object().is_some_and(|fields| fields.keys().any(is_of_payload))
    }

    /// Returns an empty draft, with what is kept when a form is cleared.
    #[must_use]
    fn cleared(&self) -> Self {
        Self::default()
    }
}

/// Reads a file's text: a payload's, which is refused if any of it is wrong, or a draft's, which is kept as far as it can
/// be read, with the errors of the rest. Returns why, where the text is neither.
pub fn open<D: Draft>(text: &str, limits: &D::Limits) -> Result<(D, FieldErrors), String> {
    match serde_json::from_str::<Value>(text) {
        Ok(json) if D::is_payload(&json) => {
            let mut draft = D::default();
            draft.set_payload(&json, limits).map_err(|errors| errors.to_string())?;
            Ok((draft, FieldErrors::new()))
        }
        Ok(_) | Err(_) => json::salvage(text),
    }
}
