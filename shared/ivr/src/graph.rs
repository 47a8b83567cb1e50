//! The flow graph: what an IVR says, asks and decides. The stand-in executes it, the page's menu machine is
//! compiled from it, the analysis walks it and the picture draws it.

mod read;

use core::time::Duration;

use base::digit::{Digit, DigitString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The identifier of a node, unique in its flow.
pub type NodeId = String;

/// A flow as it is stored and sent; [`super::CompiledFlow`] is one that has been checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlowDefinition {
    /// Its identifier, unique among flows.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub flow_id: String,
    /// Its name for people.
    pub name: String,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The node at which a call enters.
    pub start: NodeId,
    /// Largest Levenshtein distance at which a digit sequence is corrected to a valid one, 0–2.
    #[serde(default = "default_correction_distance")]
    #[cfg_attr(feature = "schema", schemars(range(max = 2)))]
    pub correction_distance: u8,
    /// The variables a call starts with.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// The nodes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 60_000)))]
    pub nodes: Vec<Node>,
}

fn default_correction_distance() -> u8 {
    1
}

/// One step of a flow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its identifier.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub id: NodeId,
    /// Its type, with the settings of that type.
    #[serde(flatten)]
    pub kind: NodeKind,
    /// Its name for people; the identifier where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Action that is reported when a call gets here, for example `sales`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Prompt that is played when a call gets here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Edges that leave the node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
}

/// Type of a node, with its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum NodeKind {
    /// Says its prompt and goes on by its `next` branch.
    Prompt,
    /// Waits for one of the sequences of its `digits` branches.
    Menu(Entry),
    /// Collects digits into a variable and goes on by its `collected` branch.
    Collect {
        /// The variable that takes the digits.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        variable: String,
        /// The fewest digits that are taken.
        #[serde(rename = "minDigits")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 63)))]
        min_digits: u8,
        /// The most digits that are taken.
        #[serde(rename = "maxDigits")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 63)))]
        max_digits: u8,
        /// Timeouts, retries and terminator.
        #[serde(flatten)]
        entry: Entry,
    },
    /// Goes by the `case` branch whose value the variable has, else by its `default` branch.
    Decision {
        /// The variable that is looked at.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        variable: String,
    },
    /// Says its prompt and hands the call on.
    Transfer {
        /// Target: a queue, a skill, a number.
        target: String,
    },
    /// Says its prompt and ends the call.
    Hangup,
}

/// Entry of digits at a node: timeouts, retries, terminator.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    /// Timeout of the first digit, in milliseconds (100–120,000; default 5,000).
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 120_000)))]
    pub first_digit_timeout_ms: u32,
    /// Timeout of each further digit, in milliseconds (100–120,000; default 3,000).
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 120_000)))]
    pub inter_digit_timeout_ms: u32,
    /// Start of the first digit's timeout.
    pub timeout_from: TimeoutFrom,
    /// Repetitions after a timeout or a no-match before the `maxRetries` branch is taken (0–20; default 2).
    #[cfg_attr(feature = "schema", schemars(range(max = 20)))]
    pub max_retries: u8,
    /// The digit that ends an entry and is no part of it. Without one, `*` and `#` are data like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = r"^[0-9*#A-Da-d]$")))]
    pub terminator: Option<Digit>,
    /// True (the default) when digits that came before the node was reached count here; otherwise they are dropped.
    pub type_ahead: bool,
    /// Prompt after an entry that matches nothing, before the node's own prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_match_prompt: Option<Prompt>,
    /// Prompt after a timeout, before the node's own prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_prompt: Option<Prompt>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            first_digit_timeout_ms: 5_000,
            inter_digit_timeout_ms: 3_000,
            timeout_from: TimeoutFrom::PromptEnd,
            max_retries: 2,
            terminator: None,
            type_ahead: true,
            no_match_prompt: None,
            timeout_prompt: None,
        }
    }
}

impl Entry {
    /// Returns the timeout of the first digit.
    pub fn first_digit_timeout(&self) -> Duration {
        Duration::from_millis(self.first_digit_timeout_ms.into())
    }

    /// Returns the timeout of each further digit.
    pub fn inter_digit_timeout(&self) -> Duration {
        Duration::from_millis(self.inter_digit_timeout_ms.into())
    }
}

/// Start of the first digit's timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TimeoutFrom {
    /// From the end of its prompts, as most IVRs do.
    PromptEnd,
    /// From the moment it is reached (from the last digit).
    Entry,
}

impl TimeoutFrom {
    const fn name(self) -> &'static str {
        match self {
            Self::PromptEnd => "promptEnd",
            Self::Entry => "entry",
        }
    }
}

/// Something said to the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// True (the default) when a digit cuts the prompt short.
    #[serde(default = "default_true")]
    pub barge_in: bool,
    /// Recordings and digits, in the order in which they are played.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub segments: Vec<Segment>,
}

fn default_true() -> bool {
    true
}

/// One recording, or digits read out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Segment {
    /// A recording.
    Asset {
        /// Its identifier among the media assets.
        asset: String,
        /// Its words.
        text: String,
    },
    /// A variable's digits, one by one.
    Digits {
        /// The variable.
        #[serde(rename = "sayDigits")]
        say_digits: String,
    },
}

/// An edge of the graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Branch {
    /// Condition under which it is taken.
    #[serde(flatten)]
    pub on: Trigger,
    /// The node it leads to.
    pub to: NodeId,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Condition under which an edge is taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "on", rename_all = "camelCase")]
pub enum Trigger {
    /// A prompt node's prompt is over.
    Next,
    /// A menu heard this sequence.
    Digits {
        /// The sequence, 1–64 digits.
        #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = r"^[0-9*#A-Da-d]{1,64}$")))]
        value: DigitString,
    },
    /// A collect node has its digits.
    Collected,
    /// Nothing, or too little, was entered in time. Without this edge the node is repeated.
    Timeout,
    /// What was entered matches nothing. Without this edge the node is repeated.
    NoMatch,
    /// More was entered than a collect node takes. Without this edge it is a no-match.
    MaxLength,
    /// The node's retries are exhausted. Without this edge the call ends.
    MaxRetries,
    /// A decision's variable has this value.
    Case {
        /// The value; a string also equals digits that were collected.
        value: Value,
    },
    /// A decision's variable has none of the cases' values.
    Default,
}

impl FlowDefinition {
    /// Returns the node with the identifier `id`.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

impl Node {
    /// Returns its name for people.
    pub fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }

    /// Returns the name of its type, as in definitions and traces: `menu`.
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Prompt => "prompt",
            NodeKind::Menu(_) => "menu",
            NodeKind::Collect { .. } => "collect",
            NodeKind::Decision { .. } => "decision",
            NodeKind::Transfer { .. } => "transfer",
            NodeKind::Hangup => "hangup",
        }
    }

    /// Returns true when a call that gets here ends here.
    pub const fn is_end(&self) -> bool {
        matches!(self.kind, NodeKind::Transfer { .. } | NodeKind::Hangup)
    }

    /// Returns its entry of digits, where it has one.
    pub fn entry(&self) -> Option<&Entry> {
        match &self.kind {
            NodeKind::Menu(entry) | NodeKind::Collect { entry, .. } => Some(entry),
            NodeKind::Prompt | NodeKind::Decision { .. } | NodeKind::Transfer { .. } | NodeKind::Hangup => {
                None
            }
        }
    }
}

impl Trigger {
    /// Returns the digits that take the branch, where it is taken by digits.
    pub const fn digits(&self) -> Option<DigitString> {
        if let Self::Digits { value } = self { Some(*value) } else { None }
    }

    /// Returns the value that takes the branch, where it is taken by a variable's value.
    pub const fn case(&self) -> Option<&Value> {
        if let Self::Case { value } = self { Some(value) } else { None }
    }

    /// Returns a short text for pictures and logs: `22`, `timeout`, `= gold`.
    pub fn describe(&self) -> String {
        match self {
            Self::Next => "next".into(),
            Self::Digits { value } => value.to_string(),
            Self::Collected => "collected".into(),
            Self::Timeout => "timeout".into(),
            Self::NoMatch => "no match".into(),
            Self::MaxLength => "too long".into(),
            Self::MaxRetries => "retries exhausted".into(),
            Self::Case { value: Value::String(text) } => format!("= {text}"),
            Self::Case { value } => format!("= {value}"),
            Self::Default => "otherwise".into(),
        }
    }
}

impl Segment {
    /// Returns the words, for a transcript, with variables in braces.
    pub fn text(&self) -> String {
        match self {
            Self::Asset { text, .. } => text.clone(),
            Self::Digits { say_digits } => format!("{{{say_digits}}}"),
        }
    }
}
