//! The edges of a flow: its branches, and the implied edges where the definition has none.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    graph::{FlowDefinition, Node, NodeKind, Trigger},
    trace::NodeExecution,
};

/// An edge that leaves a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The node's index in the definition.
    pub from: usize,
    /// Its kind.
    pub kind: EdgeKind,
    /// The index of the node it leads to; absent where the call ends, or there is no such node.
    pub to: Option<usize>,
}

/// Kind of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// The branch with this index among the node's.
    Branch(usize),
    /// A timeout that has no branch: the node asks again.
    Timeout,
    /// A no-match that has no branch: the node asks again.
    NoMatch,
    /// Too many digits, without a branch for that: a no-match.
    TooLong,
    /// The node was repeated as often as it may be, and has no branch for that: the call ends.
    GiveUp,
    /// An entry that was ended by the node's terminator, however it was resolved.
    Terminator,
}

/// All edges of a flow, by node: branches first, in the definition's order.
#[derive(Clone, Debug)]
pub struct Edges {
    all: Vec<Edge>,
    /// Index of each node's first edge, and the end.
    first: Vec<usize>,
    index: HashMap<String, usize>,
    /// Each branch's text in a trace.
    texts: Vec<Option<String>>,
}

/// The edges that one step of a trace took; most take one.
pub(super) type Taken = [Option<usize>; 3];

impl Edges {
    /// Returns the edges of `flow`, which need not be valid: a branch to an unknown node leads nowhere.
    pub fn of(flow: &FlowDefinition) -> Self {
        let mut index = HashMap::with_capacity(flow.nodes.len());
        for (at, node) in flow.nodes.iter().enumerate() {
            index.entry(node.id.clone()).or_insert(at);
        }
        let mut all = Self {
            all: Vec::new(),
            first: Vec::with_capacity(flow.nodes.len() + 1),
            index,
            texts: Vec::new(),
        };
        for (from, node) in flow.nodes.iter().enumerate() {
            all.first.push(all.all.len());
            for (branch, to) in node.branches.iter().enumerate() {
                let target = all.index.get(&to.to).copied();
                all.push(Edge { from, kind: EdgeKind::Branch(branch), to: target }, Some(to.on.describe()));
            }
            all.implied(from, node);
        }
        all.first.push(all.all.len());
        all
    }

    fn push(&mut self, edge: Edge, text: Option<String>) {
        self.all.push(edge);
        self.texts.push(text);
    }

    /// Adds the implied edges of a node.
    fn implied(&mut self, from: usize, node: &Node) {
        let Some(entry) = node.entry() else { return };
        let collects = matches!(node.kind, NodeKind::Collect { .. });
        let branch = |wanted: &Trigger| node.branches.iter().find(|branch| branch.on == *wanted);
        let mut repeats = false;
        let mut add = |kind, to| self.push(Edge { from, kind, to }, None);
        if branch(&Trigger::Timeout).is_none() {
            add(EdgeKind::Timeout, Some(from));
            repeats = true;
        }
        // Without a terminator, an entry that is collected is never too short, nor too long.
        let judged = !collects || entry.terminator.is_some();
        let no_match = branch(&Trigger::NoMatch);
        if judged && no_match.is_none() {
            add(EdgeKind::NoMatch, Some(from));
            repeats = true;
        }
        if judged && collects && branch(&Trigger::MaxLength).is_none() {
            let to = no_match.map_or(Some(from), |branch| self.index.get(&branch.to).copied());
            self.push(Edge { from, kind: EdgeKind::TooLong, to }, None);
        }
        if repeats && branch(&Trigger::MaxRetries).is_none() {
            self.push(Edge { from, kind: EdgeKind::GiveUp, to: None }, None);
        }
        if entry.terminator.is_some() {
            self.push(Edge { from, kind: EdgeKind::Terminator, to: None }, None);
        }
    }

    /// Returns all edges.
    pub fn all(&self) -> &[Edge] {
        &self.all
    }

    /// Returns the number of edges.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns true when there are no digits.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the indices of `node`'s edges.
    pub fn of_node(&self, node: usize) -> std::ops::Range<usize> {
        self.first[node]..self.first[node + 1]
    }

    /// Returns `node`'s edge of this kind.
    pub fn find(&self, node: usize, kind: EdgeKind) -> Option<usize> {
        self.of_node(node).find(|&edge| self.all[edge].kind == kind)
    }

    /// Returns the branch with index `branch` of `node` as an edge.
    pub(super) fn branch(&self, node: usize, branch: usize) -> Option<usize> {
        let edge = self.first[node] + branch;
        (edge < self.first[node + 1] && self.all[edge].kind == EdgeKind::Branch(branch)).then_some(edge)
    }

    /// Returns the node with the identifier `id`.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// Returns an edge as a text for people: `root: 2`, `root: timeout, asks again`.
    pub fn describe(&self, flow: &FlowDefinition, edge: usize) -> String {
        let Edge { from, kind, .. } = self.all[edge];
        let node = &flow.nodes[from];
        let what = match kind {
            EdgeKind::Branch(_) => self.texts[edge].clone().unwrap_or_default(),
            EdgeKind::Timeout => "timeout, asks again".into(),
            EdgeKind::NoMatch => "no match, asks again".into(),
            EdgeKind::TooLong => "too long, a no-match".into(),
            EdgeKind::GiveUp => "retries exhausted, the call ends".into(),
            EdgeKind::Terminator => {
                let terminator = node.entry().and_then(|entry| entry.terminator);
                terminator.map_or_else(|| "terminator".into(), |digit| format!("ended with {digit}"))
            }
        };
        format!("{}: {what}", node.id)
    }

    /// Which ways `step`, at `node`, went. What a trace's `output` says counts most (`branch`, `result`), then its
    /// `decision`, then which branch leads to the node that came `next`, where only one does.
    pub(super) fn taken(&self, node: usize, step: &NodeExecution, next: Option<usize>) -> Taken {
        let branches =
            || self.of_node(node).filter(|&edge| matches!(self.all[edge].kind, EdgeKind::Branch(_)));
        let told = step.output.get("branch").and_then(Value::as_u64);
        let result = step.output.get("result").and_then(Value::as_str);
        let branch = match told.and_then(|branch| self.branch(node, usize::try_from(branch).ok()?)) {
            Some(edge) => Some(edge),
            // A trace of ours that names no branch went none.
            None if result.is_some() => None,
            None => {
                let named = step.decision.as_deref().and_then(|decision| {
                    only(branches().filter(|&edge| self.texts[edge].as_deref() == Some(decision)))
                });
                named.or_else(|| {
                    next.and_then(|next| only(branches().filter(|&edge| self.all[edge].to == Some(next))))
                })
            }
        };
        let implied = match result.or(step.decision.as_deref().filter(|_| branch.is_none())) {
            Some("timedOut" | "timedOutPartial" | "timeout") => self.find(node, EdgeKind::Timeout),
            Some("noMatch" | "ambiguous" | "no match") => self.find(node, EdgeKind::NoMatch),
            Some("tooLong" | "too long") => self.find(node, EdgeKind::TooLong),
            _ => None,
        };
        let gave_up = step.output.get("outcome").and_then(Value::as_str) == Some("gaveUp");
        let branch = if gave_up { self.find(node, EdgeKind::GiveUp) } else { branch };
        let terminated = step.input.contains_key("terminator");
        let terminator = if terminated { self.find(node, EdgeKind::Terminator) } else { None };
        [branch, implied, terminator]
    }
}

fn only(mut candidates: impl Iterator<Item = usize>) -> Option<usize> {
    let first = candidates.next()?;
    candidates.next().is_none().then_some(first)
}
