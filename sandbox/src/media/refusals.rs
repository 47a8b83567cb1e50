//! The gateway's refusals, in its own words.

use serde_json::Value;
use shared::wire::{FieldError, FieldErrors};

/// Returns the gateway's words for everything that is wrong with a payload.
pub(crate) fn refusals(body: &Value, errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(|error| words(body, error)).collect()
}

fn words(body: &Value, error: &FieldError) -> String {
    let pointer = format!("/{}", error.field.replace('.', "/"));
    let value = body.pointer(&pointer);
    // The gateway's own words are about numbers and texts; a missing or mistyped field is named by its path.
    let is_number = value.is_some_and(Value::is_number);
    match &*error.field {
        "playbackConfig.codecPreference" if value.is_some_and(Value::is_string) => {
            let codec = value.and_then(Value::as_str).unwrap_or_default();
            format!("Unsupported codec: {codec}. Gateway supports: G711U, G711A, G729, OPUS")
        }
        "playbackConfig.volumeMatrix.baseGain" if is_number => "baseGain must be between 0.0 and 1.0".into(),
        "playbackConfig.volumeMatrix.peakLimit" if is_number => {
            "peakLimit must exceed baseGain and not exceed 1.0".into()
        }
        "playbackConfig.volumeMatrix.compressionRatio" if is_number => {
            "compressionRatio must be between 0.1 and 1.0".into()
        }
        "playbackConfig.bufferPreload" if value == Some(&Value::Bool(false)) => {
            "bufferPreload must be true to prevent audio dropout during IVR scaling".into()
        }
        "sessionMetadata.maxConcurrentStreams" if is_number => {
            "Exceeds maximum concurrent stream limit of 50".into()
        }
        "playbackConfig.silenceTrimMs" if is_number => {
            "Silence trim must be at least 300ms to prevent playback stutter".into()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use prompt::{control::ControlPayload, corpus::wrong_controls, reply::gateway_errors};
    use shared::wire::Limits;

    use super::*;

    #[test]
    fn every_refusal_leads_back_to_its_field() {
        let limits = Limits::default();
        for wrong in wrong_controls(5, "main", &limits, 400) {
            let errors = ControlPayload::from_json(&wrong.body, &limits).unwrap_err();
            let words = refusals(&wrong.body, &errors);
            let found = gateway_errors(words.iter().map(String::as_str));
            for (error, found) in errors.iter().zip(&found) {
                // Unknown fields and what is no object have no name of their own.
                let known = !error.message.starts_with("is no field") && !error.field.is_empty();
                assert!(!known || error.field == found.field, "{error}: {found:?}");
            }
        }
    }
}
