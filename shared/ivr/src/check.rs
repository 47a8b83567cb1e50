//! The rules of flow definitions, checked before one is compiled.

use std::collections::{HashMap, HashSet};

use base::{digit::DigitString, field_error::FieldErrors};
use petgraph::{algo::kosaraju_scc, graph::DiGraph};

use super::graph::{Entry, FlowDefinition, Node, NodeKind, Prompt, Trigger};

/// The most nodes a flow may have; their indices are 16 bits wide.
const MAX_NODES: usize = 60_000;
/// Range of a digit timeout: the usual one is 5 s, and beyond two minutes no IVR waits.
const TIMEOUT_MS: core::ops::RangeInclusive<u32> = 100..=120_000;
/// Maximum number of repetitions.
const MAX_RETRIES: u8 = 20;
/// Beyond two edits nearly every short sequence is near every other.
const MAX_CORRECTION_DISTANCE: u8 = 2;

/// Checks a definition; the error lists every field that is wrong.
pub(super) fn check(flow: &FlowDefinition) -> Result<(), FieldErrors> {
    let mut checker = Checker { errors: FieldErrors::new() };
    checker.flow(flow);
    if checker.errors.is_empty() {
        checker.idle_cycles(flow);
    }
    checker.errors.into_result(())
}

struct Checker {
    errors: FieldErrors,
}

impl Checker {
    fn refuse(&mut self, field: String, message: impl Into<String>) {
        self.errors.refuse(field, message);
    }

    fn flow(&mut self, flow: &FlowDefinition) {
        if flow.flow_id.is_empty() {
            self.refuse("flowId".into(), "must not be empty");
        }
        if flow.correction_distance > MAX_CORRECTION_DISTANCE {
            self.refuse("correctionDistance".into(), format!("must be 0 to {MAX_CORRECTION_DISTANCE}"));
        }
        if flow.nodes.is_empty() || flow.nodes.len() > MAX_NODES {
            self.refuse("nodes".into(), format!("must be 1 to {MAX_NODES} nodes, not {}", flow.nodes.len()));
        }
        let mut ids = HashSet::new();
        for (index, node) in flow.nodes.iter().enumerate() {
            if node.id.is_empty() {
                self.refuse(format!("nodes[{index}].id"), "must not be empty");
            } else if !ids.insert(node.id.as_str()) {
                self.refuse(format!("nodes[{index}].id"), format!("{:?} is another node's, too", node.id));
            }
        }
        if !ids.contains(flow.start.as_str()) {
            self.refuse("start".into(), format!("there is no node {:?}", flow.start));
        }
        for (index, node) in flow.nodes.iter().enumerate() {
            self.node(&format!("nodes[{index}]"), node, &ids);
        }
    }

    fn node(&mut self, at: &str, node: &Node, ids: &HashSet<&str>) {
        self.prompt(&format!("{at}.prompt"), node.prompt.as_ref());
        for (index, branch) in node.branches.iter().enumerate() {
            let field = format!("{at}.branches[{index}]");
            if !ids.contains(branch.to.as_str()) {
                self.refuse(format!("{field}.to"), format!("there is no node {:?}", branch.to));
            }
            if !belongs(&branch.on, &node.kind) {
                let trigger = branch.on.describe();
                self.refuse(format!("{field}.on"), format!("a node of this type has no {trigger:?} branch"));
            }
            if node.branches[..index].iter().any(|earlier| earlier.on == branch.on) {
                self.refuse(field, format!("there is another branch for {:?}", branch.on.describe()));
            }
        }
        let requires = |this: &mut Self, trigger: &Trigger| {
            if !node.branches.iter().any(|branch| branch.on == *trigger) {
                this.refuse(format!("{at}.branches"), format!("needs a {:?} branch", trigger.describe()));
            }
        };
        match &node.kind {
            NodeKind::Prompt => requires(self, &Trigger::Next),
            NodeKind::Menu(entry) => {
                self.entry(at, entry);
                self.sequences(at, node, entry);
            }
            NodeKind::Collect { variable, min_digits, max_digits, entry } => {
                requires(self, &Trigger::Collected);
                self.entry(at, entry);
                if variable.is_empty() {
                    self.refuse(format!("{at}.variable"), "must not be empty");
                }
                if *min_digits == 0 {
                    self.refuse(format!("{at}.minDigits"), "must be at least 1");
                }
                if max_digits < min_digits || usize::from(*max_digits) >= DigitString::CAPACITY {
                    let most = DigitString::CAPACITY - 1;
                    self.refuse(format!("{at}.maxDigits"), format!("must be minDigits to {most}"));
                }
            }
            NodeKind::Decision { variable } => {
                requires(self, &Trigger::Default);
                if variable.is_empty() {
                    self.refuse(format!("{at}.variable"), "must not be empty");
                }
            }
            NodeKind::Transfer { .. } | NodeKind::Hangup => {}
        }
    }

    fn sequences(&mut self, at: &str, node: &Node, entry: &Entry) {
        let mut any = false;
        for (index, branch) in node.branches.iter().enumerate() {
            let Trigger::Digits { value } = &branch.on else { continue };
            any = true;
            let field = || format!("{at}.branches[{index}].value");
            if value.is_empty() {
                self.refuse(field(), "must have at least one digit");
            }
            if let Some(terminator) = entry.terminator.filter(|end| value.iter().any(|digit| digit == *end)) {
                self.refuse(field(), format!("contains {terminator}, the menu's terminator"));
            }
        }
        if !any {
            self.refuse(format!("{at}.branches"), "a menu needs at least one digits branch");
        }
    }

    fn entry(&mut self, at: &str, entry: &Entry) {
        for (name, value) in [
            ("firstDigitTimeoutMs", entry.first_digit_timeout_ms),
            ("interDigitTimeoutMs", entry.inter_digit_timeout_ms),
        ] {
            if !TIMEOUT_MS.contains(&value) {
                let (least, most) = (TIMEOUT_MS.start(), TIMEOUT_MS.end());
                self.refuse(format!("{at}.{name}"), format!("must be {least} to {most} ms, not {value}"));
            }
        }
        if entry.max_retries > MAX_RETRIES {
            self.refuse(format!("{at}.maxRetries"), format!("must be 0 to {MAX_RETRIES}"));
        }
        self.prompt(&format!("{at}.noMatchPrompt"), entry.no_match_prompt.as_ref());
        self.prompt(&format!("{at}.timeoutPrompt"), entry.timeout_prompt.as_ref());
    }

    fn prompt(&mut self, at: &str, prompt: Option<&Prompt>) {
        if prompt.is_some_and(|prompt| prompt.segments.is_empty()) {
            self.refuse(format!("{at}.segments"), "must say something");
        }
    }

    /// A cycle of nodes that wait for nobody would never end.
    fn idle_cycles(&mut self, flow: &FlowDefinition) {
        let idle = |node: &Node| matches!(node.kind, NodeKind::Prompt | NodeKind::Decision { .. });
        let index: HashMap<&str, usize> =
            flow.nodes.iter().enumerate().map(|(index, node)| (node.id.as_str(), index)).collect();
        let mut graph = DiGraph::<usize, ()>::new();
        let at: Vec<_> = (0..flow.nodes.len()).map(|index| graph.add_node(index)).collect();
        for (from, node) in flow.nodes.iter().enumerate().filter(|(_, node)| idle(node)) {
            for branch in &node.branches {
                let to = index[branch.to.as_str()];
                if idle(&flow.nodes[to]) {
                    graph.add_edge(at[from], at[to], ());
                }
            }
        }
        for component in kosaraju_scc(&graph) {
            let first = component[0];
            if component.len() > 1 || graph.contains_edge(first, first) {
                let mut members: Vec<usize> = component.iter().map(|&node| graph[node]).collect();
                members.sort_unstable();
                let names: Vec<&str> = members.iter().map(|&node| flow.nodes[node].id.as_str()).collect();
                let message = format!("a cycle that never waits for the caller: {}", names.join(", "));
                self.refuse(format!("nodes[{}].branches", members[0]), message);
            }
        }
    }
}

fn belongs(trigger: &Trigger, kind: &NodeKind) -> bool {
    match trigger {
        Trigger::Next => matches!(kind, NodeKind::Prompt),
        Trigger::Digits { .. } => matches!(kind, NodeKind::Menu(_)),
        Trigger::Collected | Trigger::MaxLength => matches!(kind, NodeKind::Collect { .. }),
        Trigger::Timeout | Trigger::NoMatch | Trigger::MaxRetries => {
            matches!(kind, NodeKind::Menu(_) | NodeKind::Collect { .. })
        }
        Trigger::Case { .. } | Trigger::Default => matches!(kind, NodeKind::Decision { .. }),
    }
}
