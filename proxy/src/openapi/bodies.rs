//! Bodies of requests as JSON schemas.

use base::ids::{MAX_ID_CHARS, id_pattern};
use prompt::control::{MAX_CREATED_VIA_CHARS, MIN_SILENCE_TRIM_MS};
use scenario::dialer::{MAX_CALLS, MAX_TAG_CHARS, MAX_URL_CHARS};
use serde_json::{Value, json};
use wire::api::Limits;

/// The digits that a sequence may have.
const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// A text of visible characters, not only blanks.
const VISIBLE_TEXT: &str = r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$";
/// A time as RFC 3339 has it.
const TIME: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// Returns the rule of every identifier.
pub(super) fn identifier() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": MAX_ID_CHARS, "pattern": id_pattern() })
}

/// Returns the schemas of the bodies by name.
pub(super) fn all(limits: &Limits) -> Value {
    json!({
        "ControlPayload": control_payload(limits),
        "DialerRequest": dialer_request(limits),
        "MetricsAggregation": metrics_aggregation(),
        "PlaybackEvent": playback_event(),
        "QaExport": qa_export(),
        "SimulationRequest": simulation_request(limits),
    })
}

/// Returns the schema of an object with these fields and no others.
fn closed(description: &str, required: &[&str], properties: Value) -> Value {
    let mut schema = open(description, required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

/// Returns the schema of an object with these fields, where others mean nothing.
fn open(description: &str, required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "required": required });
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema["properties"] = properties;
    schema
}

/// Returns the schema of a text of visible characters.
fn text(max_chars: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": max_chars, "pattern": VISIBLE_TEXT })
}

/// Returns the schema of a field that may also be null.
fn nullable(schema: Value) -> Value {
    json!({ "anyOf": Value::from(vec![schema, json!({ "type": "null" })]) })
}

/// Returns the schema of a field that may also be null or an empty text.
fn fillable(schema: Value) -> Value {
    json!({ "anyOf": Value::from(vec![schema, json!({ "type": "null" }), json!({ "const": "" })]) })
}

fn share() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1 })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
}

fn simulation_request(limits: &Limits) -> Value {
    let digit = json!({ "type": "string", "enum": DIGITS.map(String::from) });
    let reference = closed(
        "",
        &["assetId", "type"],
        json!({ "assetId": identifier(), "type": { "type": "string", "enum": ["audio", "tts", "video"] } }),
    );
    let name = json!({ "minLength": 1, "maxLength": MAX_ID_CHARS, "pattern": VISIBLE_TEXT });
    closed(
        "CXone's own request for a run of a flow",
        &["flowId"],
        json!({
            "flowId": identifier(),
            "dtmfSequence": { "type": ["array", "null"], "maxItems": limits.dtmf_sequence, "items": digit },
            "variableStateMatrix": { "type": ["object", "null"], "maxProperties": limits.variables, "propertyNames": name },
            "mediaAssetReferences": { "type": ["array", "null"], "maxItems": limits.media_references, "items": reference },
        }),
    )
}

fn dialer_request(limits: &Limits) -> Value {
    let language =
        json!({ "type": "string", "maxLength": 35, "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$" });
    let mut agent = closed(
        "a flow, a script, or both",
        &[],
        json!({ "flowId": fillable(identifier()), "scriptId": fillable(identifier()), "language": fillable(language) }),
    );
    let given = |name: &str| json!({ "required": [name], "properties": { name: identifier() } });
    agent["anyOf"] = json!([given("flowId"), given("scriptId")]);
    let probability = || nullable(share());
    let injection = closed(
        "the probabilities are at most 1 together",
        &["enabled"],
        json!({
            "enabled": { "type": "boolean" },
            "answerProbability": probability(),
            "busySignalProbability": probability(),
            "noAnswerProbability": probability(),
            "dialToneProbability": probability(),
        }),
    );
    let url =
        json!({ "type": "string", "format": "uri", "maxLength": MAX_URL_CHARS, "pattern": "^https?://" });
    let uuid = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
    closed(
        "CXone's own request for a simulated campaign",
        &[
            "campaignId",
            "virtualAgentMatrix",
            "outcomeInjection",
            "concurrencyLimit",
            "maxCalls",
            "complianceBypass",
        ],
        json!({
            "campaignId": { "type": "string", "pattern": uuid },
            "virtualAgentMatrix": agent,
            "outcomeInjection": injection,
            "concurrencyLimit": { "type": "integer", "minimum": 1, "maximum": limits.dialer_concurrency.max(1) },
            "maxCalls": { "type": "integer", "minimum": 1, "maximum": MAX_CALLS },
            "complianceBypass": { "type": "boolean", "const": true },
            "webhookUrl": fillable(url),
            "tag": fillable(text(MAX_TAG_CHARS)),
        }),
    )
}

fn metrics_aggregation() -> Value {
    let metrics = open(
        "completedCalls is at most totalCalls",
        &["totalCalls", "completedCalls", "averageLatencyMs", "accuracyRate"],
        json!({
            "totalCalls": count(),
            "completedCalls": count(),
            "averageLatencyMs": { "type": "number", "minimum": 0 },
            "accuracyRate": share(),
        }),
    );
    open(
        "the metrics of a simulation",
        &["simulationId", "metrics"],
        json!({ "simulationId": identifier(), "metrics": metrics }),
    )
}

fn control_payload(limits: &Limits) -> Value {
    let volume = closed(
        "peakLimit is at least baseGain",
        &["baseGain", "peakLimit", "compressionRatio"],
        json!({
            "baseGain": share(),
            "peakLimit": share(),
            "compressionRatio": { "type": "number", "minimum": 0.1, "maximum": 1 },
        }),
    );
    let flag = || json!({ "type": "boolean" });
    let interruptibility = closed(
        "",
        &["allowDTMF", "allowVoice", "cutoffBehavior"],
        json!({
            "allowDTMF": flag(),
            "allowVoice": flag(),
            "cutoffBehavior": { "type": "string", "enum": ["immediate", "fade", "drain"] },
        }),
    );
    let codecs = prompt::codec::Codec::ALL.map(prompt::codec::Codec::name);
    let trim = json!({ "type": "integer", "minimum": MIN_SILENCE_TRIM_MS, "maximum": u64::MAX });
    let config = closed(
        "",
        &["volumeMatrix", "interruptibility", "codecPreference", "bufferPreload", "formatVerification"],
        json!({
            "volumeMatrix": volume,
            "interruptibility": interruptibility,
            "codecPreference": { "type": "string", "enum": codecs },
            "bufferPreload": { "type": "boolean", "const": true },
            "formatVerification": flag(),
            "silenceTrimMs": nullable(trim),
        }),
    );
    let metadata = closed(
        "",
        &["createdVia", "timestamp"],
        json!({
            "createdVia": text(MAX_CREATED_VIA_CHARS),
            "timestamp": { "type": "string", "pattern": TIME },
            "maxConcurrentStreams": { "type": ["integer", "null"], "minimum": 1, "maximum": limits.media_streams },
        }),
    );
    closed(
        "CXone's own request for a media session; sessionId is its key",
        &["sessionId", "promptId", "playbackConfig", "sessionMetadata"],
        json!({
            "sessionId": identifier(),
            "promptId": identifier(),
            "playbackConfig": config,
            "sessionMetadata": metadata,
        }),
    )
}

fn playback_event() -> Value {
    let metrics = closed(
        "",
        &["latencyMs", "formatVerified", "bufferPreloaded", "playbackState"],
        json!({
            "latencyMs": { "type": "number", "minimum": 0, "maximum": 86_400_000 },
            "formatVerified": { "type": "boolean" },
            "bufferPreloaded": { "type": "boolean" },
            "playbackState": text(128),
        }),
    );
    closed(
        "the proxy's clock replaces an empty timestamp",
        &["eventType", "sessionId", "metrics"],
        json!({
            "eventType": { "type": "string", "const": "IVR_PLAYBACK_CONTROL" },
            "sessionId": identifier(),
            "timestamp": fillable(json!({ "type": "string", "pattern": TIME })),
            "metrics": metrics,
        }),
    )
}

fn qa_export() -> Value {
    open(
        "the verdict of a run; the proxy's own time and correlation replace empty ones",
        &["testId", "simulationId", "flowId", "durationMs", "efficiencyScore", "accuracyScore"],
        json!({
            "testId": text(256),
            "simulationId": identifier(),
            "flowId": identifier(),
            "durationMs": count(),
            "efficiencyScore": share(),
            "accuracyScore": share(),
            "unreachableBranches": { "type": ["array", "null"], "maxItems": 100_000, "items": { "type": "string" } },
            "timestamp": fillable(json!({ "type": "string", "pattern": TIME })),
            "auditCorrelation": fillable(identifier()),
        }),
    )
}
