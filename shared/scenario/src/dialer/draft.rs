//! A dialer simulation while it is being typed: the fields of a form, whatever stands in them.

use base::{
    draft::Draft,
    field_error::FieldErrors,
    typed::{number, to_json},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::api::Limits;

use super::{
    request::DialerRequest,
    verdict::{Thresholds, ThresholdsDraft},
};

/// The path below which the errors of thresholds are; no payload has it.
pub const THRESHOLDS: &str = "thresholds";

/// The fields as they are typed. It is what a link, a file and the tab's memory hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DialerDraft {
    /// The campaign.
    pub campaign_id: String,
    /// The flow.
    pub flow_id: String,
    /// The script.
    pub script_id: String,
    /// The language.
    pub language: String,
    /// True when outcomes are injected.
    pub injection: bool,
    /// Probability that somebody answers, as a number or in percent: `0.5`, `50 %`.
    pub answer: String,
    /// Probability of a busy line, in the same forms.
    pub busy: String,
    /// Probability that nobody answers, in the same forms.
    pub no_answer: String,
    /// Probability of nothing but a dial tone, in the same forms.
    pub dial_tone: String,
    /// The number of calls at a time.
    pub concurrency: String,
    /// The number of calls.
    pub calls: String,
    /// True when the compliance rules are passed over.
    pub compliance_bypass: bool,
    /// The address to which events are posted; empty where the proxy's own is meant.
    pub webhook_url: String,
    /// The tag.
    pub tag: String,
    /// What the run is judged by; never sent to CXone.
    #[serde(skip_serializing_if = "ThresholdsDraft::is_default")]
    pub thresholds: ThresholdsDraft,
}

impl Default for DialerDraft {
    /// Twenty calls, half of them answered. The switch that passes compliance over is the person's own to turn.
    fn default() -> Self {
        Self {
            campaign_id: String::new(),
            flow_id: String::new(),
            script_id: String::new(),
            language: String::new(),
            injection: true,
            answer: "0.5".into(),
            busy: "0.2".into(),
            no_answer: "0.2".into(),
            dial_tone: "0.05".into(),
            concurrency: "5".into(),
            calls: "20".into(),
            compliance_bypass: false,
            webhook_url: String::new(),
            tag: String::new(),
            thresholds: ThresholdsDraft::default(),
        }
    }
}

impl DialerDraft {
    /// Returns the draft that `request` would have been typed into.
    pub fn from_request(request: &DialerRequest) -> Self {
        let injection = request.outcome_injection();
        let agent = request.virtual_agent();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            campaign_id: request.campaign_id().into(),
            flow_id: text(&agent.flow_id),
            script_id: text(&agent.script_id),
            language: text(&agent.language),
            injection: injection.enabled,
            answer: injection.answer_probability.to_string(),
            busy: injection.busy_signal_probability.to_string(),
            no_answer: injection.no_answer_probability.to_string(),
            dial_tone: injection.dial_tone_probability.to_string(),
            concurrency: request.concurrency().to_string(),
            calls: request.calls().to_string(),
            compliance_bypass: true,
            webhook_url: request.webhook_url().unwrap_or_default().into(),
            tag: request.tag().unwrap_or_default().into(),
            thresholds: ThresholdsDraft::default(),
        }
    }

    /// Returns the probabilities as far as they can be read, for sliders and the forecast while a field is half typed: of an
    /// answer, a busy line, no answer and a dial tone.
    pub fn probabilities(&self) -> [Option<f64>; 4] {
        [&self.answer, &self.busy, &self.no_answer, &self.dial_tone].map(|text| probability(text))
    }
}

/// Returns the probability that is typed: `0.25`, `25 %`. None where the text is neither.
pub fn probability(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|symbol| !symbol.is_whitespace()).collect();
    let (share, divisor) = text.strip_suffix('%').map_or((&*text, 1.0), |percent| (percent, 100.0));
    number(share).map(|share| share / divisor)
}

fn whole(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

impl Draft for DialerDraft {
    type Checked = (DialerRequest, Thresholds);
    type Limits = Limits;

    const PANEL: &'static str = "dialer";
    const NOUN: &'static str = "simulation";

    fn title(&self) -> &str {
        let tag = self.tag.trim();
        if tag.is_empty() { self.campaign_id.trim() } else { tag }
    }

    /// Returns the request and what its run is judged by. Errors are named by the fields of the request, such as
    /// `outcomeInjection.answerProbability`, and by those below [`THRESHOLDS`].
    fn check(&self, limits: &Limits) -> Result<Self::Checked, FieldErrors> {
        let mut errors = FieldErrors::new();
        let request = DialerRequest::from_json(&self.payload(), limits).map_err(|wrong| errors.extend(wrong));
        let thresholds = self.thresholds.parse().map_err(|wrong| errors.extend(wrong.nested(THRESHOLDS)));
        match (request, thresholds) {
            (Ok(request), Ok(thresholds)) if errors.is_empty() => Ok((request, thresholds)),
            _ => Err(errors),
        }
    }

    fn payload(&self) -> Value {
        let mut payload = json!({
            // Typed or pasted, it may be in capitals; CXone's are not.
            "campaignId": self.campaign_id.trim().to_ascii_lowercase(),
            "virtualAgentMatrix": {},
            "outcomeInjection": {
                "enabled": self.injection,
                "dialToneProbability": to_json(&self.dial_tone, probability),
                "busySignalProbability": to_json(&self.busy, probability),
                "noAnswerProbability": to_json(&self.no_answer, probability),
                "answerProbability": to_json(&self.answer, probability),
            },
            "concurrencyLimit": to_json(&self.concurrency, whole),
            "maxCalls": to_json(&self.calls, whole),
            "complianceBypass": self.compliance_bypass,
        });
        for (name, text) in
            [("flowId", &self.flow_id), ("scriptId", &self.script_id), ("language", &self.language)]
        {
            if !text.trim().is_empty() {
                payload["virtualAgentMatrix"][name] = text.trim().into();
            }
        }
        for (name, text) in [("webhookUrl", &self.webhook_url), ("tag", &self.tag)] {
            if !text.trim().is_empty() {
                payload[name] = text.trim().into();
            }
        }
        payload
    }

    fn set_payload(&mut self, payload: &Value, limits: &Limits) -> Result<(), FieldErrors> {
        let request = DialerRequest::from_json(payload, limits)?;
        let thresholds = core::mem::take(&mut self.thresholds);
        *self = Self { thresholds, ..Self::from_request(&request) };
        Ok(())
    }

    fn cleared(&self) -> Self {
        Self { campaign_id: self.campaign_id.clone(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact in binary")]

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base::draft;
    use proptest::prelude::*;

    use super::*;

    const CAMPAIGN: &str = "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f";

    fn filled() -> DialerDraft {
        DialerDraft {
            campaign_id: CAMPAIGN.to_uppercase(),
            flow_id: " support-line ".into(),
            answer: "50 %".into(),
            busy: ".25".into(),
            no_answer: "12.5%".into(),
            dial_tone: "0".into(),
            compliance_bypass: true,
            ..DialerDraft::default()
        }
    }

    #[test]
    fn what_is_typed_becomes_what_is_sent() {
        let (request, _) = filled().check(&Limits::default()).unwrap();
        assert_eq!(request.campaign_id(), CAMPAIGN);
        assert_eq!(request.virtual_agent().flow_id.as_deref(), Some("support-line"));
        let shares = *request.outcome_injection().distribution().unwrap().shares();
        assert_eq!(shares, [0.5, 0.25, 0.125, 0.0, 0.125]);
        let again = DialerDraft::from_request(&request);
        assert_eq!(again.check(&Limits::default()).unwrap().0, request);
    }

    #[test]
    fn an_untouched_form_needs_a_campaign_an_agent_and_a_decision() {
        let errors = DialerDraft::default().check(&Limits::default()).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["campaignId", "virtualAgentMatrix.flowId", "complianceBypass"]);
    }

    #[test]
    fn what_is_no_number_is_refused_by_its_field() {
        let draft = DialerDraft {
            answer: "half".into(),
            calls: "many".into(),
            concurrency: "2.5".into(),
            busy: "1e-1".into(),
            ..filled()
        };
        let errors = draft.check(&Limits::default()).unwrap_err();
        let mut fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "concurrencyLimit",
                "maxCalls",
                "outcomeInjection.answerProbability",
                "outcomeInjection.busySignalProbability",
            ]
        );
    }

    #[test]
    fn a_file_is_a_draft_or_a_payload() {
        let open = |text: &str| draft::open::<DialerDraft>(text, &Limits::default());
        let text = serde_json::to_string_pretty(&filled()).unwrap();
        assert_eq!(open(&text), Ok((filled(), FieldErrors::new())));
        let (draft, errors) = open(&filled().payload().to_string()).unwrap();
        assert_eq!((draft.payload(), errors), (filled().payload(), FieldErrors::new()));
        assert!(open("{\"outcomeInjection\": {}}").is_err());
    }

    proptest! {
        #[test]
        fn a_draft_survives_a_link_or_a_file(answer in "\\PC{0,9}", calls in "\\PC{0,9}", injection: bool) {
            let draft = DialerDraft { injection, answer, calls, ..filled() };
            let text = serde_json::to_string(&draft).unwrap();
            prop_assert_eq!(serde_json::from_str::<DialerDraft>(&text).unwrap(), draft);
        }

        #[test]
        fn no_text_is_fatal(text in "\\PC{0,20}") {
            let draft = DialerDraft { answer: text.clone(), calls: text.clone(), campaign_id: text, ..filled() };
            let _ = (draft.check(&Limits::default()), draft.probabilities());
        }
    }
}
