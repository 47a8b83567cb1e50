//! The OpenAPI document of every `/api` route.
//!
//! Routes and answers are described where they are defined. What the types of the requests do not say is put in here: the
//! bodies that are CXone's own, the rule of identifiers, and the limits, which are configuration.

mod bodies;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use wire::api::Limits;

/// Bodies of requests: path, method, and name and schema of the body.
const BODIES: [(&str, &str, &str); 6] = [
    ("/api/analytics/events", "post", "PlaybackEvent"),
    ("/api/dialer/metrics", "post", "MetricsAggregation"),
    ("/api/dialer/simulations", "post", "DialerRequest"),
    ("/api/flow/simulations", "post", "SimulationRequest"),
    ("/api/media/sessions", "post", "ControlPayload"),
    ("/api/qa/exports", "post", "QaExport"),
];
/// Types that are identifiers.
const IDENTIFIERS: [&str; 9] = [
    "CallId",
    "CorrelationId",
    "DialerCallId",
    "FlowId",
    "IdempotencyKey",
    "InteractionId",
    "MediaSessionId",
    "PromptId",
    "SimulationId",
];
const REFERENCE: &str = "$ref";

/// Returns the document of `routes` where these limits hold.
pub(crate) fn document(routes: OpenApi, limits: &Limits) -> Value {
    let mut document = serde_json::to_value(routes).expect("the document has string keys only");
    let schemas = &mut document["components"]["schemas"];
    for name in IDENTIFIERS {
        if let Some(schema) = schemas.get_mut(name) {
            let description = schema["description"].take();
            *schema = bodies::identifier();
            schema["description"] = description;
        }
    }
    let bodies = bodies::all(limits);
    for (path, method, name) in BODIES {
        document["components"]["schemas"][name] = bodies[name].clone();
        let reference = json!({ REFERENCE: format!("#/components/schemas/{name}") });
        let body = &mut document["paths"][path][method]["requestBody"];
        body["content"] = json!({ "application/json": { "schema": reference } });
        body["required"] = true.into();
    }
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        describe_parameters(operation);
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            name_response(status, response);
        }
        // Every route may refuse a foreign host or a missing token, or fail.
        operation["responses"]["default"] = json!({
            "description": "a problem document (RFC 9457)",
            "content": { "application/problem+json": { "schema": { REFERENCE: "#/components/schemas/Problem" } } },
        });
    }
    document["components"]["securitySchemes"] = json!({
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "the access token, where one is configured; a browser exchanges it for a cookie at /?access_token=…",
        },
    });
    document["security"] = json!([{}, { "accessToken": [] }]);
    document
}

/// Gives an answer that has no description the name of its status.
fn name_response(status: &str, response: &mut Value) {
    let described = response["description"].as_str().is_some_and(|text| !text.is_empty());
    if !described {
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        response["description"] = status.and_then(|status| status.canonical_reason()).unwrap_or("OK").into();
    }
}

/// Says of an operation's parameters what they may hold.
fn describe_parameters(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let schema = match (parameter["in"].as_str(), &*name) {
            (Some("path"), _) | (Some("query"), "correlation" | "action" | "simulation") => {
                bodies::identifier()
            }
            (Some("header"), "x-dialbench") => json!({ "type": "string", "const": "1" }),
            // In a header, an identifier is of ASCII, and may have quotes around it.
            (Some("header"), "idempotency-key") => {
                json!({ "type": "string", "pattern": r#"^"*(?!\.{1,2}"*$)[!#-~]([!-~]{0,126}[!#-~])?"*$"# })
            }
            (Some("query"), "limit") => json!({ "type": "integer", "minimum": 1, "maximum": 1_000 }),
            (Some("query"), "text") => json!({ "type": "string", "maxLength": 256 }),
            (Some("query"), "status") => json!({ "type": "string", "enum": ["active"] }),
            (Some("query"), "before" | "after") => {
                json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
            }
            _ => continue,
        };
        parameter["schema"] = schema;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_referred_to_is_there() {
        fn references(value: &Value, all: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    let reference = fields.get(REFERENCE).and_then(Value::as_str);
                    all.extend(reference.map(str::to_owned));
                    fields.values().for_each(|field| references(field, all));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, all)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let limits = Limits { dtmf_sequence: 7, media_streams: 3, ..Limits::default() };
        let document = document(crate::router::openapi(), &limits);
        let mut all = Vec::new();
        references(&document, &mut all);
        assert!(all.len() > 40, "{}", all.len());
        for reference in all {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        assert!(!document.to_string().contains("\"parameters\":null"));
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["SimulationRequest"]["properties"]["dtmfSequence"]["maxItems"], 7);
        assert_eq!(
            schemas["ControlPayload"]["properties"]["sessionMetadata"]["properties"]["maxConcurrentStreams"]
                ["maximum"],
            3
        );
        assert!(schemas["Limits"]["properties"]["dtmfSequence"].is_object(), "{}", schemas["Limits"]);
        assert_eq!(schemas["FlowId"]["maxLength"], 128);
    }
}
