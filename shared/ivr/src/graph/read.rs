//! Reading of nodes, branches and segments. Derived readers of flattened and tagged types buffer what they read, with code for
//! which the page's first load has no room.

use core::fmt;

use base::lenient;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::{Branch, Entry, Node, NodeId, NodeKind, Prompt, Segment, TimeoutFrom, Trigger};

/// Names of the types of nodes.
const TYPES: &[&str] = &["prompt", "menu", "collect", "decision", "transfer", "hangup"];
/// Names of the triggers.
const TRIGGERS: &[&str] =
    &["next", "digits", "collected", "timeout", "noMatch", "maxLength", "maxRetries", "case", "default"];

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NodeVisitor)
    }
}

impl<'de> Deserialize<'de> for Branch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BranchVisitor)
    }
}

impl<'de> Deserialize<'de> for Segment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SegmentVisitor)
    }
}

impl<'de> Deserialize<'de> for TimeoutFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::named(deserializer, &[Self::PromptEnd, Self::Entry], Self::name)
    }
}

/// The fields that nodes of any type may have.
#[derive(Default)]
struct NodeFields {
    id: Option<NodeId>,
    kind: Option<String>,
    label: Option<String>,
    action: Option<String>,
    prompt: Option<Prompt>,
    branches: Vec<Branch>,
    variable: Option<String>,
    min_digits: Option<u8>,
    max_digits: Option<u8>,
    target: Option<String>,
    entry: Entry,
}

impl NodeFields {
    fn into_node<E: Error>(self) -> Result<Node, E> {
        let kind = match &*needed(self.kind, "type")? {
            "prompt" => NodeKind::Prompt,
            "menu" => NodeKind::Menu(self.entry),
            "collect" => NodeKind::Collect {
                variable: needed(self.variable, "variable")?,
                min_digits: needed(self.min_digits, "minDigits")?,
                max_digits: needed(self.max_digits, "maxDigits")?,
                entry: self.entry,
            },
            "decision" => NodeKind::Decision { variable: needed(self.variable, "variable")? },
            "transfer" => NodeKind::Transfer { target: needed(self.target, "target")? },
            "hangup" => NodeKind::Hangup,
            other => return Err(E::unknown_variant(other, TYPES)),
        };
        Ok(Node {
            id: needed(self.id, "id")?,
            kind,
            label: self.label,
            action: self.action,
            prompt: self.prompt,
            branches: self.branches,
        })
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a node")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut node = NodeFields::default();
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "id" => node.id = Some(map.next_value()?),
                "type" => node.kind = Some(map.next_value()?),
                "label" => node.label = map.next_value()?,
                "action" => node.action = map.next_value()?,
                "prompt" => node.prompt = map.next_value()?,
                "branches" => node.branches = map.next_value()?,
                "variable" => node.variable = map.next_value()?,
                "minDigits" => node.min_digits = map.next_value()?,
                "maxDigits" => node.max_digits = map.next_value()?,
                "target" => node.target = map.next_value()?,
                "firstDigitTimeoutMs" => node.entry.first_digit_timeout_ms = map.next_value()?,
                "interDigitTimeoutMs" => node.entry.inter_digit_timeout_ms = map.next_value()?,
                "timeoutFrom" => node.entry.timeout_from = map.next_value()?,
                "maxRetries" => node.entry.max_retries = map.next_value()?,
                "terminator" => node.entry.terminator = map.next_value()?,
                "typeAhead" => node.entry.type_ahead = map.next_value()?,
                "noMatchPrompt" => node.entry.no_match_prompt = map.next_value()?,
                "timeoutPrompt" => node.entry.timeout_prompt = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        node.into_node()
    }
}

struct BranchVisitor;

impl<'de> Visitor<'de> for BranchVisitor {
    type Value = Branch;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a branch")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Branch, A::Error> {
        let (mut on, mut value, mut to, mut label) = (None::<String>, None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "on" => on = Some(map.next_value()?),
                // A case's value may be null.
                "value" => value = Some(map.next_value()?),
                "to" => to = Some(map.next_value()?),
                "label" => label = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Branch { on: trigger(&needed(on, "on")?, value)?, to: needed(to, "to")?, label })
    }
}

fn trigger<E: Error>(name: &str, value: Option<Value>) -> Result<Trigger, E> {
    Ok(match name {
        "next" => Trigger::Next,
        "digits" => {
            let value = needed(value, "value")?;
            let digits = value.as_str().ok_or_else(|| E::custom("the digits of a branch are no string"))?;
            Trigger::Digits { value: digits.parse().map_err(E::custom)? }
        }
        "collected" => Trigger::Collected,
        "timeout" => Trigger::Timeout,
        "noMatch" => Trigger::NoMatch,
        "maxLength" => Trigger::MaxLength,
        "maxRetries" => Trigger::MaxRetries,
        "case" => Trigger::Case { value: needed(value, "value")? },
        "default" => Trigger::Default,
        other => return Err(E::unknown_variant(other, TRIGGERS)),
    })
}

struct SegmentVisitor;

impl<'de> Visitor<'de> for SegmentVisitor {
    type Value = Segment;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a segment")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Segment, A::Error> {
        let (mut asset, mut text, mut say_digits) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "asset" => asset = map.next_value()?,
                "text" => text = map.next_value()?,
                "sayDigits" => say_digits = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (asset, text, say_digits) {
            (Some(asset), Some(text), _) => Ok(Segment::Asset { asset, text }),
            (_, _, Some(say_digits)) => Ok(Segment::Digits { say_digits }),
            (_, _, None) => Err(A::Error::custom("a segment has `asset` and `text`, or `sayDigits`")),
        }
    }
}

fn needed<T, E: Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let nodes = [
            json!({ "id": "a", "type": "prompt", "label": "A", "action": "go" }),
            json!({ "id": "b", "type": "menu", "firstDigitTimeoutMs": 100, "interDigitTimeoutMs": 200, "timeoutFrom": "entry",
                "maxRetries": 3, "terminator": "#", "typeAhead": false,
                "noMatchPrompt": { "bargeIn": false, "segments": [{ "asset": "x", "text": "No." }] },
                "timeoutPrompt": { "bargeIn": true, "segments": [{ "sayDigits": "n" }] } }),
            json!({ "id": "c", "type": "collect", "variable": "n", "minDigits": 1, "maxDigits": 4,
                "firstDigitTimeoutMs": 5000, "interDigitTimeoutMs": 3000, "timeoutFrom": "promptEnd",
                "maxRetries": 2, "typeAhead": true }),
            json!({ "id": "d", "type": "decision", "variable": "n", "branches": [
                { "on": "case", "value": null, "to": "a" }, { "on": "case", "value": 7, "to": "b", "label": "seven" },
                { "on": "default", "to": "c" }] }),
            json!({ "id": "e", "type": "transfer", "target": "queue:x", "branches": [
                { "on": "digits", "value": "12#", "to": "a" }, { "on": "next", "to": "a" }, { "on": "collected", "to": "a" },
                { "on": "timeout", "to": "a" }, { "on": "noMatch", "to": "a" }, { "on": "maxLength", "to": "a" },
                { "on": "maxRetries", "to": "a" }] }),
            json!({ "id": "f", "type": "hangup" }),
        ];
        for node in nodes {
            let read: Node = serde_json::from_value(node.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), node);
            assert_eq!(serde_json::from_str::<Node>(&node.to_string()).unwrap(), read);
        }
    }

    #[test]
    fn what_is_not_said_has_its_default_and_what_is_unknown_is_ignored() {
        let node = json!({ "id": "a", "type": "menu", "label": null, "since": 2024, "variable": null });
        let read: Node = serde_json::from_value(node).unwrap();
        assert_eq!((read.kind, read.label), (NodeKind::Menu(Entry::default()), None));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let wrong = [
            (json!({ "type": "hangup" }), "missing field `id`"),
            (json!({ "id": "a" }), "missing field `type`"),
            (json!({ "id": "a", "type": "queue" }), "unknown variant `queue`"),
            (
                json!({ "id": "a", "type": "collect", "variable": "n", "minDigits": 1 }),
                "missing field `maxDigits`",
            ),
            (json!({ "id": "a", "type": "transfer" }), "missing field `target`"),
            (json!({ "id": "a", "type": "menu", "timeoutFrom": "now" }), "unknown value `now`"),
            (json!({ "id": "a", "type": "menu", "maxRetries": null }), "invalid type: null"),
            (json!({ "id": "a", "type": "menu", "branches": [{ "on": "next" }] }), "missing field `to`"),
            (
                json!({ "id": "a", "type": "menu", "branches": [{ "on": "case", "to": "b" }] }),
                "missing field `value`",
            ),
            (
                json!({ "id": "a", "type": "menu", "branches": [{ "on": "digits", "value": 1, "to": "b" }] }),
                "no string",
            ),
            (
                json!({ "id": "a", "type": "menu", "branches": [{ "on": "digits", "value": "x", "to": "b" }] }),
                "position 1",
            ),
            (json!({ "id": "a", "type": "menu", "prompt": { "segments": [{ "text": "Hm." }] } }), "`asset`"),
            (json!(["a", "menu"]), "expected a node"),
        ];
        for (node, expected) in wrong {
            let error = serde_json::from_value::<Node>(node.clone()).unwrap_err().to_string();
            assert!(error.contains(expected), "{node}: {error}");
        }
    }
}
