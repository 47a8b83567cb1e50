//! Which ways any input can go, and why the others cannot.

use std::collections::HashSet;

use super::{
    edges::{EdgeKind, Edges},
    plan::{Caller, NONE, Plan, State},
};
use crate::graph::{FlowDefinition, NodeKind, Trigger};

/// The most states that are looked at; a flow whose variables make for more is not decided.
const MOST_STATES: usize = 400_000;

/// Edges and nodes that input can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// By edge: true when a simulation can take it.
    pub simulated: Vec<bool>,
    /// By edge: true when a caller can take it who may also let timeouts run out and then press keys.
    pub by_caller: Vec<bool>,
    /// True when every state was explored. Otherwise what is reported as unreachable may be reachable.
    pub complete: bool,
}

/// A branch that no input takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// The way.
    pub edge: usize,
    /// The reason.
    pub why: Why,
}

/// The reason why no input takes a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No branch leads to its node.
    NothingLeadsHere,
    /// Only branches that no input takes lead to its node.
    NodeUnreachable,
    /// There is no node with the identifier it leads to.
    NoSuchNode,
    /// Its trigger does not happen at a node of this type.
    NotAtThisNode,
    /// The node's earlier branch with this index has the same trigger.
    Shadowed(usize),
    /// The variable never has this value here: an earlier decision, or what is collected, rules it out.
    ValueRuledOut,
    /// Its sequence is empty or contains the terminator.
    NeverEntered,
    /// Every entry is one of the menu's sequences.
    EverythingMatches,
    /// The entry is complete as soon as it is as long as it may be, so it is never too short or too long.
    AlwaysFits,
    /// Timeouts and no-matches have branches of their own, so the node is never repeated.
    NeverRepeated,
}

impl Why {
    /// Returns a sentence for people.
    pub fn describe(&self) -> String {
        match self {
            Self::NothingLeadsHere => "no branch leads to this node".into(),
            Self::NodeUnreachable => "nothing that can be reached leads to this node".into(),
            Self::NoSuchNode => "it leads to a node that does not exist".into(),
            Self::NotAtThisNode => "this does not happen at a node of this type".into(),
            Self::Shadowed(branch) => format!("branch {} before it has the same trigger", branch + 1),
            Self::ValueRuledOut => "the variable cannot have this value here".into(),
            Self::NeverEntered => "its digits cannot be entered".into(),
            Self::EverythingMatches => "every entry is one of the menu's sequences".into(),
            Self::AlwaysFits => "an entry is complete before it could be too short or too long".into(),
            Self::NeverRepeated => {
                "timeouts and no-matches have branches, so the node is never repeated".into()
            }
        }
    }
}

/// Looks at every state that can be reached.
pub(super) fn reach(plan: &mut Plan, start: Option<usize>, edges: usize) -> Reach {
    let (simulated, brisk) = walk(plan, start, edges, Caller::Brisk);
    let (by_caller, patient) = walk(plan, start, edges, Caller::Patient);
    Reach { simulated, by_caller, complete: brisk && patient }
}

fn walk(plan: &mut Plan, start: Option<usize>, edges: usize, caller: Caller) -> (Vec<bool>, bool) {
    let mut taken = vec![false; edges];
    let Some(start) = start else { return (taken, true) };
    let start = State::first(start);
    let mut seen: HashSet<State> = HashSet::from([start]);
    let mut waiting = vec![start];
    let mut moves = Vec::new();
    while let Some(state) = waiting.pop() {
        plan.moves(state, caller, &mut moves);
        for of in &moves {
            for edge in of.edges.into_iter().filter(|&edge| edge != NONE) {
                taken[edge as usize] = true;
            }
            if let Some(to) = of.to
                && seen.insert(to)
            {
                waiting.push(to);
            }
        }
        if seen.len() > MOST_STATES {
            return (taken, false);
        }
    }
    (taken, true)
}

/// The branches that no caller takes, and why, by node.
pub(super) fn unreachable(flow: &FlowDefinition, edges: &Edges, reach: &Reach) -> Vec<Unreachable> {
    let mut led_to = vec![false; flow.nodes.len()];
    let mut reached = vec![false; flow.nodes.len()];
    if let Some(start) = edges.node(&flow.start) {
        (led_to[start], reached[start]) = (true, true);
    }
    for (at, edge) in edges.all().iter().enumerate() {
        if let Some(to) = edge.to {
            led_to[to] |= edge.from != to;
            reached[to] |= reach.by_caller[at];
        }
    }
    let mut all = Vec::new();
    for (at, edge) in edges.all().iter().enumerate() {
        let EdgeKind::Branch(branch) = edge.kind else { continue };
        if reach.by_caller[at] {
            continue;
        }
        let why = if !led_to[edge.from] {
            Why::NothingLeadsHere
        } else if !reached[edge.from] {
            Why::NodeUnreachable
        } else {
            here(flow, edges, edge.from, branch)
        };
        all.push(Unreachable { edge: at, why });
    }
    all
}

/// Returns the reason why a branch of a reachable node is not taken.
fn here(flow: &FlowDefinition, edges: &Edges, at: usize, branch: usize) -> Why {
    let node = &flow.nodes[at];
    let of = &node.branches[branch];
    if edges.node(&of.to).is_none() {
        return Why::NoSuchNode;
    }
    if let Some(earlier) = node.branches[..branch].iter().position(|earlier| earlier.on == of.on) {
        return Why::Shadowed(earlier);
    }
    let entry = node.entry();
    match (&of.on, &node.kind) {
        (Trigger::Digits { .. }, NodeKind::Menu(_)) => Why::NeverEntered,
        (Trigger::NoMatch, NodeKind::Menu(_)) => Why::EverythingMatches,
        (Trigger::NoMatch | Trigger::MaxLength | Trigger::Collected, NodeKind::Collect { .. }) => {
            Why::AlwaysFits
        }
        (Trigger::MaxRetries, _) if entry.is_some() => Why::NeverRepeated,
        (Trigger::Case { .. } | Trigger::Default, NodeKind::Decision { .. }) => Why::ValueRuledOut,
        _ => Why::NotAtThisNode,
    }
}
