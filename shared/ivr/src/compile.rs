//! Compiles a flow definition to tables in which a digit is looked up.

use std::collections::HashMap;

use base::{
    digit::{Digit, DigitString},
    field_error::FieldErrors,
};
use serde_json::Value;

use super::{
    check,
    graph::{Entry, FlowDefinition, Node, NodeKind, Prompt, TimeoutFrom, Trigger},
    timers::{ClassIx, Timer, TimerClass},
};

/// A node of a [`CompiledFlow`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeIx(pub(super) u16);

impl NodeIx {
    /// Returns its index in [`FlowDefinition::nodes`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A flow that has been checked and turned into tables.
#[derive(Debug)]
pub struct CompiledFlow {
    definition: FlowDefinition,
    by_id: HashMap<String, NodeIx>,
    pub(super) start: NodeIx,
    pub(super) steps: Vec<Step>,
    pub(super) trie: Vec<TrieState>,
    pub(super) timer_classes: Vec<TimerClass>,
    pub(super) variables: Vec<String>,
    pub(super) initial: Vec<Option<Value>>,
}

/// True when a digit cuts the prompt short; absent where nothing is said.
pub(super) type BargeIn = Option<bool>;

#[derive(Debug)]
pub(super) struct Step {
    pub(super) does: Does,
    pub(super) prompt: BargeIn,
    pub(super) has_action: bool,
}

#[derive(Debug)]
pub(super) enum Does {
    Prompt { next: NodeIx },
    Menu(EntryTable, MenuTable),
    Collect(EntryTable, CollectTable),
    Decision { variable: usize, cases: Vec<(Value, NodeIx)>, otherwise: NodeIx },
    Transfer,
    Hangup,
}

#[derive(Debug)]
pub(super) struct EntryTable {
    pub(super) first_digit: ClassIx,
    pub(super) inter_digit: ClassIx,
    pub(super) from_entry: bool,
    pub(super) max_retries: u8,
    pub(super) terminator: Option<Digit>,
    pub(super) type_ahead: bool,
    pub(super) no_match_prompt: BargeIn,
    pub(super) timeout_prompt: BargeIn,
    pub(super) on_timeout: Option<NodeIx>,
    pub(super) on_no_match: Option<NodeIx>,
    pub(super) on_max_retries: Option<NodeIx>,
}

#[derive(Debug)]
pub(super) struct MenuTable {
    pub(super) root: TrieIx,
    pub(super) longest: u8,
    pub(super) sequences: Vec<(DigitString, NodeIx)>,
}

#[derive(Debug)]
pub(super) struct CollectTable {
    pub(super) variable: usize,
    pub(super) min: u8,
    pub(super) max: u8,
    pub(super) collected: NodeIx,
    pub(super) on_max_length: Option<NodeIx>,
}

/// An index into [`CompiledFlow::trie`]; [`DEAD`] is where no sequence leads.
pub(super) type TrieIx = u32;
pub(super) const DEAD: TrieIx = 0;

#[derive(Clone, Debug, Default)]
pub(super) struct TrieState {
    pub(super) next: [TrieIx; 16],
    pub(super) accept: Option<NodeIx>,
    pub(super) leads_on: bool,
}

impl CompiledFlow {
    /// Checks the definition and compiles it; the error lists every field that is wrong.
    pub fn compile(definition: FlowDefinition) -> Result<Self, FieldErrors> {
        check::check(&definition)?;
        let by_id: HashMap<String, NodeIx> = definition
            .nodes
            .iter()
            .enumerate()
            .map(|(index, node)| (node.id.clone(), NodeIx(index as u16)))
            .collect();
        let mut tables = Tables::default();
        for (name, value) in &definition.variables {
            let variable = tables.variable(name);
            tables.initial[variable] = Some(value.clone());
        }
        let steps = definition.nodes.iter().map(|node| tables.step(node, &by_id)).collect();
        let start = by_id[&definition.start];
        let Tables { trie, timer_classes, variables, initial } = tables;
        Ok(Self { definition, by_id, start, steps, trie, timer_classes, variables, initial })
    }

    /// Returns the definition that it was compiled from.
    pub fn definition(&self) -> &FlowDefinition {
        &self.definition
    }

    /// Returns a node.
    pub fn node(&self, node: NodeIx) -> &Node {
        &self.definition.nodes[node.index()]
    }

    /// Returns the node with the identifier `id`.
    pub fn find(&self, id: &str) -> Option<NodeIx> {
        self.by_id.get(id).copied()
    }

    /// Returns the node at which calls enter.
    pub fn start(&self) -> NodeIx {
        self.start
    }

    pub(super) fn step(&self, node: NodeIx) -> &Step {
        &self.steps[node.index()]
    }
}

struct Tables {
    trie: Vec<TrieState>,
    timer_classes: Vec<TimerClass>,
    variables: Vec<String>,
    initial: Vec<Option<Value>>,
}

impl Default for Tables {
    fn default() -> Self {
        let dead = TrieState::default();
        Self { trie: vec![dead], timer_classes: Vec::new(), variables: Vec::new(), initial: Vec::new() }
    }
}

impl Tables {
    fn step(&mut self, node: &Node, by_id: &HashMap<String, NodeIx>) -> Step {
        let edge = |wanted: &Trigger| {
            node.branches.iter().find(|branch| branch.on == *wanted).map(|branch| by_id[&branch.to])
        };
        let required = |wanted: &Trigger| edge(wanted).expect("the check requires this branch");
        let does = match &node.kind {
            NodeKind::Prompt => Does::Prompt { next: required(&Trigger::Next) },
            NodeKind::Menu(entry) => {
                let sequences: Vec<_> = node
                    .branches
                    .iter()
                    .filter_map(|branch| Some((branch.on.digits()?, by_id[&branch.to])))
                    .collect();
                let longest = sequences.iter().map(|(value, _)| value.len() as u8).max().unwrap_or(0);
                let root = self.plant(&sequences);
                Does::Menu(self.entry(entry, edge), MenuTable { root, longest, sequences })
            }
            NodeKind::Collect { variable, min_digits, max_digits, entry } => {
                let collect = CollectTable {
                    variable: self.variable(variable),
                    min: *min_digits,
                    max: *max_digits,
                    collected: required(&Trigger::Collected),
                    on_max_length: edge(&Trigger::MaxLength),
                };
                Does::Collect(self.entry(entry, edge), collect)
            }
            NodeKind::Decision { variable } => Does::Decision {
                variable: self.variable(variable),
                cases: node
                    .branches
                    .iter()
                    .filter_map(|branch| Some((branch.on.case()?.clone(), by_id[&branch.to])))
                    .collect(),
                otherwise: required(&Trigger::Default),
            },
            NodeKind::Transfer { .. } => Does::Transfer,
            NodeKind::Hangup => Does::Hangup,
        };
        Step { does, prompt: barge_in(node.prompt.as_ref()), has_action: node.action.is_some() }
    }

    fn entry(&mut self, entry: &Entry, edge: impl Fn(&Trigger) -> Option<NodeIx>) -> EntryTable {
        EntryTable {
            first_digit: self.timer_class(Timer::FirstDigit, entry.first_digit_timeout()),
            inter_digit: self.timer_class(Timer::InterDigit, entry.inter_digit_timeout()),
            from_entry: entry.timeout_from == TimeoutFrom::Entry,
            max_retries: entry.max_retries,
            terminator: entry.terminator,
            type_ahead: entry.type_ahead,
            no_match_prompt: barge_in(entry.no_match_prompt.as_ref()),
            timeout_prompt: barge_in(entry.timeout_prompt.as_ref()),
            on_timeout: edge(&Trigger::Timeout),
            on_no_match: edge(&Trigger::NoMatch),
            on_max_retries: edge(&Trigger::MaxRetries),
        }
    }

    fn timer_class(&mut self, why: Timer, after: core::time::Duration) -> ClassIx {
        let class = TimerClass { why, after };
        let known = self.timer_classes.iter().position(|&other| other == class);
        let index = known.unwrap_or_else(|| {
            self.timer_classes.push(class);
            self.timer_classes.len() - 1
        });
        index as ClassIx
    }

    fn variable(&mut self, name: &str) -> usize {
        self.variables.iter().position(|known| known == name).unwrap_or_else(|| {
            self.variables.push(name.to_owned());
            self.initial.push(None);
            self.variables.len() - 1
        })
    }

    fn plant(&mut self, sequences: &[(DigitString, NodeIx)]) -> TrieIx {
        let root = self.grow();
        for (sequence, to) in sequences {
            let mut at = root;
            for digit in sequence.iter() {
                let code = usize::from(digit.code());
                self.trie[at as usize].leads_on = true;
                if self.trie[at as usize].next[code] == DEAD {
                    let grown = self.grow();
                    self.trie[at as usize].next[code] = grown;
                }
                at = self.trie[at as usize].next[code];
            }
            self.trie[at as usize].accept = Some(*to);
        }
        root
    }

    fn grow(&mut self) -> TrieIx {
        self.trie.push(TrieState::default());
        (self.trie.len() - 1) as TrieIx
    }
}

fn barge_in(prompt: Option<&Prompt>) -> BargeIn {
    prompt.map(|prompt| prompt.barge_in)
}
