//! A dialer simulation's request: checked as a whole, every field's error at once. The page checks it while it is typed,
//! the proxy before CXone is asked, the stand-in before it dials: all with this.

use base::{
    field_error::FieldErrors,
    json::{self, Node},
};
use serde::Serialize;
use serde_json::Value;
use wire::api::Limits;

use super::distribution::{Distribution, TOLERANCE};

/// Maximum number of calls of a simulation.
pub const MAX_CALLS: u64 = 1_000_000;
/// Maximum length of a tag in characters.
pub const MAX_TAG_CHARS: usize = 128;
/// Maximum length of a webhook's address in characters.
pub const MAX_URL_CHARS: usize = 2_048;
/// Maximum length of a language tag in characters.
const MAX_LANGUAGE_CHARS: usize = 35;

const FIELDS: [&str; 8] = [
    "campaignId",
    "virtualAgentMatrix",
    "outcomeInjection",
    "concurrencyLimit",
    "maxCalls",
    "complianceBypass",
    "webhookUrl",
    "tag",
];

/// A request that holds to CXone's rules. It serialises as the body of `POST /api/v2/dialer/simulations`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DialerRequest {
    campaign_id: String,
    virtual_agent_matrix: VirtualAgent,
    outcome_injection: OutcomeInjection,
    concurrency_limit: u64,
    max_calls: u64,
    compliance_bypass: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

/// The virtual agent that takes the calls: a flow, a script, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualAgent {
    /// The flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// The script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_id: Option<String>,
    /// The language (BCP 47), such as `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// The outcomes that CXone is to give the calls. Probabilities are 0–1 each and at most 1 together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeInjection {
    /// True when outcomes are injected. Otherwise CXone dials as it would.
    pub enabled: bool,
    /// Probability of nothing but a dial tone.
    pub dial_tone_probability: f64,
    /// Probability of a busy line.
    pub busy_signal_probability: f64,
    /// Probability that nobody answers.
    pub no_answer_probability: f64,
    /// Probability that somebody answers.
    pub answer_probability: f64,
}

impl OutcomeInjection {
    /// Returns the distribution of outcomes; None where none is injected.
    pub fn distribution(&self) -> Option<Distribution> {
        let Self {
            answer_probability,
            busy_signal_probability,
            no_answer_probability,
            dial_tone_probability,
            ..
        } = *self;
        Distribution::new(
            answer_probability,
            busy_signal_probability,
            no_answer_probability,
            dial_tone_probability,
        )
        .filter(|_| self.enabled)
    }
}

impl DialerRequest {
    /// Reads a request's JSON text. An error of the JSON itself is one of the whole: its field is empty.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, FieldErrors> {
        Self::from_json(&json::parse(text)?, limits)
    }

    /// Reads a request. What may be left out may also be null or an empty text, as Go writes it.
    pub fn from_json(json: &Value, limits: &Limits) -> Result<Self, FieldErrors> {
        json::read(json, |node| {
            let fields = node.object()?.only("a dialer simulation", &FIELDS);
            let campaign_id = campaign_id(&fields.get("campaignId"));
            let virtual_agent_matrix = virtual_agent(&fields.get("virtualAgentMatrix"));
            let outcome_injection = outcome_injection(&fields.get("outcomeInjection"));
            let max = u64::try_from(limits.dialer_concurrency).unwrap_or(u64::MAX).max(1);
            let concurrency_limit = fields.get("concurrencyLimit").whole(1..=max);
            let max_calls = fields.get("maxCalls").whole(1..=MAX_CALLS);
            let bypass = fields.get("complianceBypass");
            let compliance_bypass = bypass.truth();
            if compliance_bypass == Some(false) {
                bypass.refuse(
                    "must be true: a simulation dials nobody, and compliance rules would stop its calls",
                );
            }
            let webhook_url = json::optional(fields.get("webhookUrl").filled(), url);
            let tag = json::optional(fields.get("tag").filled(), |node| node.text_of(1..=MAX_TAG_CHARS));
            Some(Self {
                campaign_id: campaign_id?,
                virtual_agent_matrix: virtual_agent_matrix?,
                outcome_injection: outcome_injection?,
                concurrency_limit: concurrency_limit?,
                max_calls: max_calls?,
                compliance_bypass: compliance_bypass?,
                webhook_url: webhook_url?.map(str::to_owned),
                tag: tag?.map(str::to_owned),
            })
        })
    }

    /// Returns the campaign: a UUID in lower case.
    pub fn campaign_id(&self) -> &str {
        &self.campaign_id
    }

    /// Returns the virtual agent that takes the calls.
    pub const fn virtual_agent(&self) -> &VirtualAgent {
        &self.virtual_agent_matrix
    }

    /// Returns the outcomes that are injected.
    pub const fn outcome_injection(&self) -> &OutcomeInjection {
        &self.outcome_injection
    }

    /// Returns the number of calls at a time.
    pub const fn concurrency(&self) -> u64 {
        self.concurrency_limit
    }

    /// Returns the number of calls.
    pub const fn calls(&self) -> u64 {
        self.max_calls
    }

    /// Returns the address to which events are posted; None where the proxy's own is meant.
    pub fn webhook_url(&self) -> Option<&str> {
        self.webhook_url.as_deref()
    }

    /// Returns the tag.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Returns the request with events posted to `url` where it names no address itself.
    #[must_use]
    pub fn with_default_webhook(self, url: impl FnOnce() -> String) -> Self {
        Self { webhook_url: Some(self.webhook_url.unwrap_or_else(url)), ..self }
    }

    /// Returns the body as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a request has string keys only")
    }
}

/// Reads a UUID in lower case, as CXone's identifiers of campaigns are.
fn campaign_id(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let fits = is_uuid(text);
    if !fits {
        node.refuse("must be a UUID in lower case, such as 3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f");
    }
    fits.then(|| text.to_owned())
}

fn is_uuid(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| is_hex(part))
}

fn virtual_agent(node: &Node<'_>) -> Option<VirtualAgent> {
    let fields = node.object()?.only("a virtual agent", &["flowId", "scriptId", "language"]);
    let flow_id = json::optional(fields.get("flowId").filled(), Node::id);
    let script_id = json::optional(fields.get("scriptId").filled(), Node::id);
    let language = json::optional(fields.get("language").filled(), language);
    if (&flow_id, &script_id) == (&Some(None), &Some(None)) {
        fields.get("flowId").refuse("must be given, or scriptId");
    }
    let (flow_id, script_id) = (flow_id?, script_id?);
    Some(VirtualAgent { flow_id, script_id, language: language? })
}

/// Reads a language tag: parts of one to eight letters and digits with hyphens between them, the first of letters.
fn language(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = text.split('-').next().unwrap_or_default();
    let fits = text.len() <= MAX_LANGUAGE_CHARS
        && text.split('-').all(is_part)
        && first.len() >= 2
        && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !fits {
        node.refuse("must be a language, such as en-US");
    }
    fits.then(|| text.to_owned())
}

fn outcome_injection(node: &Node<'_>) -> Option<OutcomeInjection> {
    let known = [
        "enabled",
        "dialToneProbability",
        "busySignalProbability",
        "noAnswerProbability",
        "answerProbability",
    ];
    let fields = node.object()?.only("an outcome injection", &known);
    let enabled = fields.get("enabled").truth();
    let probability = |name: &str| match fields.get(name).optional() {
        None => Some(0.0),
        Some(node) => node.number(0.0..=1.0),
    };
    let dial_tone = probability("dialToneProbability");
    let busy_signal = probability("busySignalProbability");
    let no_answer = probability("noAnswerProbability");
    let answer = probability("answerProbability");
    let injection = OutcomeInjection {
        enabled: enabled?,
        dial_tone_probability: dial_tone?,
        busy_signal_probability: busy_signal?,
        no_answer_probability: no_answer?,
        answer_probability: answer?,
    };
    let sum = injection.dial_tone_probability
        + injection.busy_signal_probability
        + injection.no_answer_probability
        + injection.answer_probability;
    if sum > 1.0 + TOLERANCE {
        node.refuse(format!("has probabilities of {} together, which must be at most 1", rounded(sum)));
        return None;
    }
    Some(injection)
}

/// Rounds to what people would have typed.
fn rounded(sum: f64) -> f64 {
    (sum * 1e6).round() / 1e6
}

/// Reads an address of HTTP or HTTPS with a host.
fn url<'a>(node: &Node<'a>) -> Option<&'a str> {
    let text = node.text_of(1..=MAX_URL_CHARS)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let fits = host.is_some_and(|host| !host.is_empty() && !host.starts_with(':') && !host.contains('@'))
        && !text.contains(char::is_whitespace);
    if !fits {
        node.refuse("must be an address such as https://bench.example.com/webhook/simulation-events");
    }
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    fn whole() -> Value {
        json!({
            "campaignId": "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f",
            "virtualAgentMatrix": { "flowId": "support-line", "language": "en-US" },
            "outcomeInjection": {
                "enabled": true, "dialToneProbability": 0.125, "busySignalProbability": 0.25,
                "noAnswerProbability": 0.125, "answerProbability": 0.5,
            },
            "concurrencyLimit": 5, "maxCalls": 50, "complianceBypass": true,
            "webhookUrl": "https://bench.example.com/webhook/simulation-events", "tag": "nightly",
        })
    }

    fn check(change: impl FnOnce(&mut Value), wrong: &[&str]) {
        let mut body = whole();
        change(&mut body);
        let errors = DialerRequest::from_json(&body, &Limits::default()).err().unwrap_or_default();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, wrong, "{body}: {errors:?}");
    }

    #[test]
    fn what_is_right_is_sent_as_it_is() {
        let request = DialerRequest::from_json(&whole(), &Limits::default()).unwrap();
        assert_eq!(request.to_json(), whole());
        let shares = request.outcome_injection().distribution().map(|distribution| *distribution.shares());
        assert_eq!(shares, Some([0.5, 0.25, 0.125, 0.125, 0.0]));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let errors = DialerRequest::from_json(
            &json!({
                "campaignId": "spring", "virtualAgentMatrix": { "language": "en_US", "agent": 1 },
                "outcomeInjection": { "enabled": "yes", "busySignalProbability": 2 },
                "concurrencyLimit": 6, "maxCalls": 0, "complianceBypass": false, "webhookUrl": "ftp://x", "tag": 7,
                "color": "red",
            }),
            &Limits::default(),
        )
        .unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(
            fields,
            [
                "color",
                "campaignId",
                "virtualAgentMatrix.agent",
                "virtualAgentMatrix.language",
                "virtualAgentMatrix.flowId",
                "outcomeInjection.enabled",
                "outcomeInjection.busySignalProbability",
                "concurrencyLimit",
                "maxCalls",
                "complianceBypass",
                "webhookUrl",
                "tag",
            ]
        );
    }

    #[test]
    fn each_rule_is_kept() {
        check(|body| body["campaignId"] = json!("3F2B8C1E-6D4A-4F0B-9E57-1A2B3C4D5E6F"), &["campaignId"]);
        check(|body| body["campaignId"] = json!("3f2b8c1e6d4a4f0b9e571a2b3c4d5e6f0000"), &["campaignId"]);
        check(|body| body["campaignId"] = Value::Null, &["campaignId"]);
        check(
            |body| body["virtualAgentMatrix"] = json!({ "flowId": "", "scriptId": null }),
            &["virtualAgentMatrix.flowId"],
        );
        check(|body| body["virtualAgentMatrix"] = json!({ "scriptId": "s" }), &[]);
        check(|body| body["virtualAgentMatrix"] = json!({ "flowId": "a b" }), &["virtualAgentMatrix.flowId"]);
        check(|body| body["outcomeInjection"]["answerProbability"] = json!(0.500_001), &["outcomeInjection"]);
        check(|body| body["outcomeInjection"] = json!({ "enabled": false }), &[]);
        check(|body| body["outcomeInjection"] = Value::Null, &["outcomeInjection"]);
        for concurrency in [json!(0), json!(1.5), json!("5"), Value::Null] {
            check(|body| body["concurrencyLimit"] = concurrency, &["concurrencyLimit"]);
        }
        check(|body| body["maxCalls"] = json!(1_000_001), &["maxCalls"]);
        check(|body| body["complianceBypass"] = Value::Null, &["complianceBypass"]);
        for url in ["https://", "https:///x", "http://:80", "//host", "https://a b", "https://user@host/"] {
            check(|body| body["webhookUrl"] = json!(url), &["webhookUrl"]);
        }
        check(|body| body["tag"] = json!("x".repeat(129)), &["tag"]);
    }

    #[test]
    fn a_sum_of_one_may_be_a_rounding_error_above() {
        check(
            |body| {
                body["outcomeInjection"] = json!({
                    "enabled": true, "dialToneProbability": 0.1, "busySignalProbability": 0.2,
                    "noAnswerProbability": 0.3, "answerProbability": 0.4,
                });
            },
            &[],
        );
    }

    #[test]
    fn the_proxy_s_own_webhook_stands_in_for_none() {
        let mut body = whole();
        body["webhookUrl"] = json!("");
        let request = DialerRequest::from_json(&body, &Limits::default()).unwrap();
        assert_eq!(request.webhook_url(), None);
        let request =
            request.with_default_webhook(|| "http://127.0.0.1:8787/webhook/simulation-events".into());
        assert_eq!(request.webhook_url(), Some("http://127.0.0.1:8787/webhook/simulation-events"));
        let given = DialerRequest::from_json(&whole(), &Limits::default()).unwrap();
        assert_eq!(given.clone().with_default_webhook(|| unreachable!("it has one")), given);
    }

    #[test]
    fn concurrency_is_the_organisation_s() {
        let limits = Limits { dialer_concurrency: 8, ..Limits::default() };
        let mut body = whole();
        body["concurrencyLimit"] = json!(8);
        assert!(DialerRequest::from_json(&body, &limits).is_ok());
        assert!(DialerRequest::from_json(&body, &Limits::default()).is_err());
    }
}
