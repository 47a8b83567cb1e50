//! A step of a trace in sentences.

use ivr::trace::NodeExecution;
use serde_json::{Map, Value};

/// A step of a trace in words: what the caller did, what the node did, and what is left to show as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepWords {
    /// The events and where they led, a sentence each.
    pub sentences: Vec<String>,
    /// The actions that were taken.
    pub actions: Vec<String>,
    /// The texts that were spoken.
    pub said: Vec<String>,
    /// The values that have no words here, by name: a trace may hold more than is known of.
    pub others: Vec<(String, String)>,
}

impl StepWords {
    /// Tells a step. `name_of` returns the name of a node by its id.
    pub fn of(step: &NodeExecution, name_of: impl Fn(&str) -> String) -> Self {
        let mut input = step.input.clone();
        let mut output = step.output.clone();
        let mut words = Self {
            actions: texts(&mut output, "actions").unwrap_or_default(),
            said: texts(&mut output, "said").unwrap_or_default(),
            ..Self::default()
        };
        words.actions.extend(text(&mut output, "action"));
        words.sentences.extend(entry(&mut input, &mut output, step.decision.as_deref()));
        if let (Some(name), Some(value)) = (text(&mut input, "variable"), input.remove("value")) {
            words.sentences.push(format!("{name} was {}.", describe_value(&value)));
        }
        words
            .sentences
            .extend(text(&mut output, "target").map(|target| format!("It transferred to {target}.")));
        if output.contains_key("to") || step.decision.is_some() {
            // The edge's place among the node's branches.
            output.remove("branch");
        }
        let next = text(&mut output, "to").map(|to| {
            let again = if to == step.node_id { " again" } else { "" };
            format!("{}{again}", name_of(&to))
        });
        words.sentences.extend(match (&step.decision, next) {
            (Some(decision), Some(next)) => Some(format!("Edge “{decision}” led to {next}.")),
            (Some(decision), None) => Some(format!("It took the edge “{decision}”.")),
            (None, Some(next)) => Some(format!("{next} came next.")),
            (None, None) => None,
        });
        words.sentences.extend(text(&mut output, "outcome").map(|outcome| ending(&outcome)));
        words.sentences.extend(
            texts(&mut output, "unusedDigits")
                .filter(|digits| !digits.is_empty())
                .map(|digits| format!("Digits that came after the end: {}.", digits.join(" "))),
        );
        let rest = input.into_iter().chain(output);
        words.others = rest.map(|(name, value)| (name, describe_value(&value))).collect();
        // What was taken out has left the rest in no order.
        words.others.sort();
        words
    }

    /// Returns the sentences in one line, with what has no words.
    pub fn line(&self) -> String {
        let others = self.others.iter().map(|(name, value)| format!("{name}: {value}."));
        self.sentences.iter().cloned().chain(others).collect::<Vec<_>>().join(" ")
    }
}

/// Takes what was entered, and says it.
fn entry(
    input: &mut Map<String, Value>,
    output: &mut Map<String, Value>,
    decision: Option<&str>,
) -> Option<String> {
    let result = output.get("result")?.as_str()?;
    let digits = input.get("digits")?.as_str()?;
    let keys = if digits.chars().count() == 1 { "pressed" } else { "entered" };
    let end =
        input.get("terminator").and_then(Value::as_str).map(|end| format!(" and {end}")).unwrap_or_default();
    let entered = format!("The caller {keys} {digits}{end}");
    let sentence = match result {
        "matched" => format!("{entered}."),
        "corrected" => format!("{entered}, which was taken for {}.", decision.unwrap_or("another sequence")),
        "collected" => {
            let variable = output.get("variable").and_then(Value::as_str);
            variable
                .map_or_else(|| format!("{entered}."), |name| format!("{entered}, which is kept as {name}."))
        }
        "noMatch" if digits.is_empty() => "The caller entered nothing, which is no choice here.".to_owned(),
        "noMatch" => format!("{entered}, which is no choice here."),
        "ambiguous" => format!("{entered}, which might be several choices."),
        "tooLong" => format!("{entered}, which is too long."),
        "timedOut" => "The caller pressed nothing in time.".to_owned(),
        "timedOutPartial" => format!("{entered} and then nothing in time."),
        _ => return None,
    };
    for name in ["result", "variable", "value"] {
        output.remove(name);
    }
    for name in ["digits", "terminator"] {
        input.remove(name);
    }
    Some(sentence)
}

fn ending(outcome: &str) -> String {
    match outcome {
        "transferred" => "The call left the flow to somebody else.".to_owned(),
        "finished" => "The flow ended the call.".to_owned(),
        "gaveUp" => "The flow gave up.".to_owned(),
        "callerHungUp" => "The caller hung up.".to_owned(),
        other => format!("The end was {other}."),
    }
}

/// Takes a text out of a step's values, unless it is none.
fn text(values: &mut Map<String, Value>, name: &str) -> Option<String> {
    let text = values.get(name)?.as_str()?.to_owned();
    values.remove(name);
    Some(text)
}

/// Takes a list of texts out of a step's values, unless it is none.
fn texts(values: &mut Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let texts = match values.get(name)? {
        Value::Array(all) => {
            all.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<_>>()?
        }
        // Digits may come as one text.
        Value::String(text) => text.chars().map(String::from).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    values.remove(name);
    Some(texts)
}

/// Returns a value as it is read by people: text without its quotes, a list of texts with commas.
pub fn describe_value(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    fn check(input: &Value, output: &Value, decision: Option<&str>, expect: &str) {
        let step = json!({ "nodeId": "n", "input": input, "output": output, "decision": decision });
        let step: NodeExecution = serde_json::from_value(step).unwrap();
        let words = StepWords::of(&step, |id| format!("Node {id}"));
        assert_eq!(words.line(), expect);
    }

    #[test]
    fn a_step_is_told_in_sentences() {
        check(
            &json!({ "digits": "2" }),
            &json!({ "result": "matched", "branch": 1, "to": "m" }),
            Some("2"),
            "The caller pressed 2. Edge “2” led to Node m.",
        );
        check(
            &json!({ "digits": "4711", "terminator": "#" }),
            &json!({ "result": "collected", "variable": "account", "value": "4711", "branch": 0, "to": "m" }),
            Some("collected"),
            "The caller entered 4711 and #, which is kept as account. Edge “collected” led to Node m.",
        );
        check(
            &json!({ "digits": "" }),
            &json!({ "result": "timedOut", "said": ["Are you there?"], "outcome": "gaveUp" }),
            Some("max retries"),
            "The caller pressed nothing in time. It took the edge “max retries”. The flow gave up.",
        );
        check(
            &json!({ "digits": "7" }),
            &json!({ "result": "corrected", "branch": 0 }),
            Some("4"),
            "The caller pressed 7, which was taken for 4. It took the edge “4”.",
        );
        check(
            &json!({ "variable": "vip", "value": true }),
            &json!({ "branch": 0, "to": "m" }),
            Some("true"),
            "vip was true. Edge “true” led to Node m.",
        );
        check(
            &json!({}),
            &json!({ "target": "agents", "outcome": "transferred", "unusedDigits": ["3", "4"] }),
            None,
            "It transferred to agents. The call left the flow to somebody else. Digits that came after the end: 3 4.",
        );
    }

    #[test]
    fn what_is_not_known_is_shown_as_it_came() {
        check(
            &json!({ "channel": 7, "digits": "2" }),
            &json!({ "outcome": "lost", "result": "guessed", "said": [1], "to": 5 }),
            None,
            "The end was lost. channel: 7. digits: 2. result: guessed. said: [1]. to: 5.",
        );
        let step = json!({ "nodeId": "n", "output": { "action": "pay", "actions": ["one", "two"] } });
        let words = StepWords::of(&serde_json::from_value(step).unwrap(), str::to_owned);
        assert_eq!(words.actions, ["one", "two", "pay"]);
        assert_eq!(words.line(), "");
    }

    #[test]
    fn nothing_that_the_executor_writes_is_without_words() {
        let flow = ivr::support_line();
        for digits in ["1", "2", "922", "", "9999", "22", "212"] {
            let digits: Vec<_> = digits.chars().map(|digit| digit.try_into().unwrap()).collect();
            for step in ivr::execute(&flow, &digits, &Map::new(), 200).execution_path {
                let words = StepWords::of(&step, str::to_owned);
                assert!(words.others.is_empty(), "{words:?} of {step:?}");
                assert!(!words.sentences.is_empty(), "{step:?}");
            }
        }
    }
}
