//! Every state of an interaction that matters for where it goes next.
//!
//! A state is a node, how often it was repeated, whether the caller has fallen silent for good, and what is known of the
//! variables that later decisions look at. A variable that nothing has looked at yet is free: a request may give it any
//! value. Of a variable's values only those matter that some decision asks for; all others are alike.

use std::collections::HashMap;

use base::digit::DigitString;
use serde_json::Value;

use super::{
    edges::{EdgeKind, Edges},
    entries::Heard,
};
use crate::analysis::entries::{self};
use crate::graph::{FlowDefinition, Node, NodeKind, Trigger};

/// No way.
pub(super) const NONE: u32 = u32::MAX;

/// A flow as moves from state to state.
#[derive(Debug)]
pub(super) struct Plan {
    does: Vec<Does>,
    pub(super) variables: Vec<Variable>,
    /// By variable and node: true when a decision may still look at it.
    live: Vec<Vec<bool>>,
    known: Vec<Box<[(u16, u16)]>>,
    known_ids: HashMap<Box<[(u16, u16)]>, u32>,
}

/// A variable that decisions look at.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// The values that decisions ask for. Index `values.len()` stands for every other.
    pub(super) values: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) node: u32,
    pub(super) retries: u8,
    /// No more digits come.
    pub(super) silent: bool,
    known: u32,
}

impl State {
    /// That in which an interaction begins at `node`.
    pub(super) fn first(node: usize) -> Self {
        Self { node: node as u32, retries: 0, silent: false, known: 0 }
    }
}

/// One move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// The ways it goes.
    pub(super) edges: [u32; 3],
    /// Digits that are entered.
    pub(super) entry: DigitString,
    /// The value that a free variable must have had from the beginning: variable and value.
    pub(super) supposes: Option<(u16, u16)>,
    /// Number of trace steps that it takes.
    pub(super) steps: u32,
    /// The next state; absent where the call ends.
    pub(super) to: Option<State>,
}

/// Patience of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// All digits at once, then silence, as in a simulation.
    Brisk,
    /// May let a timeout run out, then go on.
    Patient,
}

#[derive(Debug)]
enum Does {
    Pass { edge: u32, to: Option<u32> },
    Decide { variable: u16, cases: Vec<(u16, u32, Option<u32>)>, otherwise: Option<(u32, Option<u32>)> },
    Ask(Ask),
    End,
}

#[derive(Debug)]
struct Ask {
    entries: Vec<Entered>,
    timeout: Exit,
    max_retries: u8,
    /// Edge and node after exhausted retries.
    exhausted: (u32, Option<u32>),
}

#[derive(Debug)]
struct Entered {
    digits: DigitString,
    silent: bool,
    exit: Exit,
    /// [`NONE`] where no terminator ended it.
    terminator: u32,
    /// The variable that takes the digits, and which of its values they are.
    sets: Option<(u16, u16)>,
}

#[derive(Clone, Copy, Debug)]
struct Exit {
    edges: [u32; 2],
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    /// The node asks again.
    Again,
    /// It leads to a node; to none where the call ends.
    Leads(Option<u32>),
}

impl Plan {
    pub(super) fn of(flow: &FlowDefinition, edges: &Edges) -> Self {
        let mut variables: Vec<Variable> = Vec::new();
        let mut by_name: HashMap<&str, u16> = HashMap::new();
        for node in &flow.nodes {
            let NodeKind::Decision { variable } = &node.kind else { continue };
            let at = *by_name.entry(variable).or_insert_with(|| {
                variables.push(Variable { name: variable.clone(), values: Vec::new() });
                (variables.len() - 1) as u16
            });
            let values = &mut variables[usize::from(at)].values;
            for branch in &node.branches {
                if let Trigger::Case { value } = &branch.on
                    && !values.contains(value)
                {
                    values.push(value.clone());
                }
            }
        }
        let live = variables.iter().map(|variable| live(flow, edges, &variable.name)).collect();
        let mut plan = Self {
            does: Vec::new(),
            variables,
            live,
            known: vec![Box::default()],
            known_ids: HashMap::new(),
        };
        plan.known_ids.insert(Box::default(), 0);
        let builder = Builder { flow, edges, by_name: &by_name, variables: &plan.variables };
        plan.does = flow.nodes.iter().enumerate().map(|(at, node)| builder.does(at, node)).collect();
        plan
    }

    /// The moves that `caller` can make from `state`, into `moves`.
    pub(super) fn moves(&mut self, state: State, caller: Caller, moves: &mut Vec<Move>) {
        moves.clear();
        let does = std::mem::take(&mut self.does);
        match &does[state.node as usize] {
            Does::End => {}
            Does::Pass { edge, to } => {
                let to = to.map(|to| self.enter(to, state.silent, state.known, None));
                moves.push(Move {
                    edges: [*edge, NONE, NONE],
                    entry: DigitString::new(),
                    supposes: None,
                    steps: 1,
                    to,
                });
            }
            Does::Decide { variable, cases, otherwise } => {
                self.decide(state, *variable, cases, *otherwise, moves);
            }
            Does::Ask(ask) => self.ask(state, ask, caller, moves),
        }
        self.does = does;
    }

    fn decide(
        &mut self,
        state: State,
        variable: u16,
        cases: &[(u16, u32, Option<u32>)],
        otherwise: Option<(u32, Option<u32>)>,
        moves: &mut Vec<Move>,
    ) {
        let known = self.known[state.known as usize].iter().find(|(known, _)| *known == variable);
        let (values, free) = match known {
            Some(&(_, value)) => (value..=value, false),
            None => (0..=self.variables[usize::from(variable)].values.len() as u16, true),
        };
        let mut others = false;
        // The value that no decision asks for comes first: it is the one that says least.
        for value in values.rev() {
            let case = cases.iter().find(|(case, ..)| *case == value).map(|&(_, edge, to)| (edge, to));
            let Some((edge, to)) = case.or(otherwise) else { continue };
            if case.is_none() && std::mem::replace(&mut others, true) {
                let matters = to.is_some_and(|to| self.live[usize::from(variable)][to as usize]);
                if !matters {
                    continue;
                }
            }
            let to = to.map(|to| self.enter(to, state.silent, state.known, Some((variable, value))));
            let supposes = free.then_some((variable, value));
            moves.push(Move { edges: [edge, NONE, NONE], entry: DigitString::new(), supposes, steps: 1, to });
        }
    }

    fn ask(&mut self, state: State, ask: &Ask, caller: Caller, moves: &mut Vec<Move>) {
        let left = u32::from(ask.max_retries.saturating_sub(state.retries));
        if !state.silent {
            for entered in &ask.entries {
                let silent = entered.silent && caller == Caller::Brisk;
                let mut of = self.leave(state, ask, entered.exit, silent, entered.sets);
                of.entry = entered.digits;
                of.edges[2] = if of.edges[2] == NONE { entered.terminator } else { of.edges[2] };
                moves.push(of);
            }
        }
        let silent = state.silent || caller == Caller::Brisk;
        match (caller, ask.timeout.then) {
            (Caller::Brisk, Then::Again) => {
                let (edge, to) = ask.exhausted;
                let to = to.map(|to| self.enter(to, true, state.known, None));
                let edges = [ask.timeout.edges[0], edge, NONE];
                moves.push(Move { edges, entry: DigitString::new(), supposes: None, steps: left + 1, to });
            }
            (Caller::Brisk, Then::Leads(_)) | (Caller::Patient, _) => {
                moves.push(self.leave(state, ask, ask.timeout, silent, None));
            }
        }
    }

    fn leave(&mut self, state: State, ask: &Ask, exit: Exit, silent: bool, sets: Option<(u16, u16)>) -> Move {
        let mut edges = [exit.edges[0], exit.edges[1], NONE];
        let to = match exit.then {
            Then::Leads(to) => to.map(|to| self.enter(to, silent, state.known, sets)),
            Then::Again if state.retries < ask.max_retries => {
                Some(State { retries: state.retries + 1, silent, ..state })
            }
            Then::Again => {
                edges[1] = ask.exhausted.0;
                ask.exhausted.1.map(|to| self.enter(to, silent, state.known, None))
            }
        };
        Move { edges, entry: DigitString::new(), supposes: None, steps: 1, to }
    }

    /// The state at `node`, with one variable more or differently known, and none that no longer matters.
    fn enter(&mut self, node: u32, silent: bool, known: u32, learnt: Option<(u16, u16)>) -> State {
        let at = State { node, retries: 0, silent, known };
        let before = &self.known[known as usize];
        let matters = |variable: u16| self.live[usize::from(variable)][node as usize];
        if learnt.is_none_or(|(variable, _)| !matters(variable))
            && before
                .iter()
                .all(|&(variable, _)| matters(variable) && learnt.is_none_or(|(other, _)| other != variable))
        {
            return at;
        }
        let mut after: Vec<(u16, u16)> = (before.iter().copied())
            .filter(|(variable, _)| learnt.is_none_or(|(other, _)| other != *variable))
            .chain(learnt)
            .filter(|&(variable, _)| matters(variable))
            .collect();
        after.sort_unstable();
        let after = after.into_boxed_slice();
        let known = if let Some(&id) = self.known_ids.get(&after) {
            id
        } else {
            let id = self.known.len() as u32;
            self.known.push(after.clone());
            self.known_ids.insert(after, id);
            id
        };
        State { known, ..at }
    }
}

/// By node: true when a decision on `variable` may come before it is collected anew.
fn live(flow: &FlowDefinition, edges: &Edges, variable: &str) -> Vec<bool> {
    let mut into: Vec<Vec<u32>> = vec![Vec::new(); flow.nodes.len()];
    for edge in edges.all() {
        if let Some(to) = edge.to {
            let collects = matches!((&flow.nodes[edge.from].kind, edge.kind),
                (NodeKind::Collect { variable: takes, .. }, EdgeKind::Branch(branch))
                    if takes == variable && flow.nodes[edge.from].branches[branch].on == Trigger::Collected);
            if !collects {
                into[to].push(edge.from as u32);
            }
        }
    }
    let mut live = vec![false; flow.nodes.len()];
    let mut waiting: Vec<usize> = (flow.nodes.iter().enumerate())
        .filter(|(_, node)| matches!(&node.kind, NodeKind::Decision { variable: asks } if asks == variable))
        .map(|(at, _)| at)
        .collect();
    while let Some(at) = waiting.pop() {
        if !std::mem::replace(&mut live[at], true) {
            waiting.extend(into[at].iter().map(|&from| from as usize));
        }
    }
    live
}

struct Builder<'a> {
    flow: &'a FlowDefinition,
    edges: &'a Edges,
    by_name: &'a HashMap<&'a str, u16>,
    variables: &'a [Variable],
}

impl Builder<'_> {
    fn does(&self, at: usize, node: &Node) -> Does {
        match &node.kind {
            NodeKind::Transfer { .. } | NodeKind::Hangup => Does::End,
            NodeKind::Prompt => match self.branch(at, node, &Trigger::Next) {
                Some((edge, to)) => Does::Pass { edge, to },
                None => Does::End,
            },
            NodeKind::Decision { variable } => {
                let variable = self.by_name[variable.as_str()];
                let values = &self.variables[usize::from(variable)].values;
                let mut cases: Vec<(u16, u32, Option<u32>)> = Vec::new();
                for (branch, of) in node.branches.iter().enumerate() {
                    if let Trigger::Case { value } = &of.on
                        && let Some(value) = values.iter().position(|known| known == value)
                        && !cases.iter().any(|(case, ..)| usize::from(*case) == value)
                        && let Some(edge) = self.edges.branch(at, branch)
                        && let Some(to) = self.edges.all()[edge].to
                    {
                        cases.push((value as u16, edge as u32, Some(to as u32)));
                    }
                }
                let otherwise = self.branch(at, node, &Trigger::Default).filter(|(_, to)| to.is_some());
                Does::Decide { variable, cases, otherwise }
            }
            NodeKind::Menu(entry) => {
                let mut entries = Vec::new();
                let no_match = self.exit(at, node, &Trigger::NoMatch, EdgeKind::NoMatch);
                for of in entries::of_menu(node, entry, self.flow.correction_distance) {
                    let exit = match of.heard {
                        Heard::NoMatch => no_match,
                        Heard::Branch(branch) => match self.edges.branch(at, branch) {
                            Some(edge) => match self.edges.all()[edge].to {
                                Some(to) => {
                                    Exit { edges: [edge as u32, NONE], then: Then::Leads(Some(to as u32)) }
                                }
                                None => continue,
                            },
                            None => continue,
                        },
                    };
                    let terminator = if of.terminated { self.terminator(at) } else { NONE };
                    entries.push(Entered {
                        digits: of.digits,
                        silent: of.silent,
                        exit,
                        terminator,
                        sets: None,
                    });
                }
                self.asks(at, node, entries, entry.max_retries)
            }
            NodeKind::Collect { variable, min_digits, max_digits, entry } => {
                let entries = self.collects(at, node, variable, (*min_digits, *max_digits), entry.terminator);
                self.asks(at, node, entries, entry.max_retries)
            }
        }
    }

    fn asks(&self, at: usize, node: &Node, entries: Vec<Entered>, max_retries: u8) -> Does {
        let timeout = self.exit(at, node, &Trigger::Timeout, EdgeKind::Timeout);
        let give_up = || (self.edges.find(at, EdgeKind::GiveUp).map_or(NONE, |edge| edge as u32), None);
        let exhausted = self.branch(at, node, &Trigger::MaxRetries).unwrap_or_else(give_up);
        Does::Ask(Ask { entries, timeout, max_retries, exhausted })
    }

    fn collects(
        &self,
        at: usize,
        node: &Node,
        variable: &str,
        (min, max): (u8, u8),
        terminator: Option<base::digit::Digit>,
    ) -> Vec<Entered> {
        let mut entries = Vec::new();
        let variable = self.by_name.get(variable).copied();
        let values = variable.map_or(&[][..], |variable| &self.variables[usize::from(variable)].values);
        let mut collect = |digits: DigitString, value: u16| {
            let Some((edge, Some(to))) = self.branch(at, node, &Trigger::Collected) else { return };
            let mut entry = digits;
            if let Some(terminator) = terminator
                && !entry.push(terminator)
            {
                return;
            }
            entries.push(Entered {
                digits: entry,
                silent: terminator.is_none() && digits.len() < usize::from(max),
                exit: Exit { edges: [edge, NONE], then: Then::Leads(Some(to)) },
                terminator: if terminator.is_some() { self.terminator(at) } else { NONE },
                sets: variable.map(|variable| (variable, value)),
            });
        };
        let fits = |text: &str| {
            let digits: DigitString = text.parse().ok()?;
            let holds = (usize::from(min)..=usize::from(max)).contains(&digits.len())
                && !digits.iter().any(|digit| Some(digit) == terminator)
                // Letters are heard in upper case.
                && digits.to_string() == text;
            holds.then_some(digits)
        };
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        if let Some(digits) = entries::other_digits(min, max, terminator, &texts) {
            collect(digits, values.len() as u16);
        }
        for (value, text) in values.iter().enumerate() {
            if let Some(digits) = text.as_str().and_then(fits) {
                collect(digits, value as u16);
            }
        }
        if let Some(terminator) = terminator {
            let by = self.terminator(at);
            let exit = self.exit(at, node, &Trigger::NoMatch, EdgeKind::NoMatch);
            let digits = DigitString::from_iter([terminator]);
            entries.push(Entered { digits, silent: false, exit, terminator: by, sets: None });
            let mut exit = self.exit(at, node, &Trigger::MaxLength, EdgeKind::TooLong);
            if matches!(exit.then, Then::Again) {
                let no_match = self.branch(at, node, &Trigger::NoMatch);
                if let Some((edge, to)) = no_match {
                    exit = Exit { edges: [exit.edges[0], edge], then: Then::Leads(to) };
                }
            }
            let filler = base::digit::Digit::all().find(|&digit| digit != terminator);
            let digits: DigitString = filler
                .into_iter()
                .flat_map(|filler| std::iter::repeat_n(filler, usize::from(max) + 1))
                .collect();
            entries.push(Entered { digits, silent: false, exit, terminator: NONE, sets: None });
        }
        entries
    }

    fn terminator(&self, at: usize) -> u32 {
        self.edges.find(at, EdgeKind::Terminator).map_or(NONE, |edge| edge as u32)
    }

    /// The first branch of `node` for `trigger`, as the flow takes it.
    fn branch(&self, at: usize, node: &Node, trigger: &Trigger) -> Option<(u32, Option<u32>)> {
        let branch = node.branches.iter().position(|branch| branch.on == *trigger)?;
        let edge = self.edges.branch(at, branch)?;
        Some((edge as u32, self.edges.all()[edge].to.map(|to| to as u32)))
    }

    /// The branch for `trigger`, or the way that is implied without it, by which the node asks again.
    fn exit(&self, at: usize, node: &Node, trigger: &Trigger, implied: EdgeKind) -> Exit {
        if let Some((edge, to)) = self.branch(at, node, trigger) {
            return Exit { edges: [edge, NONE], then: Then::Leads(to) };
        }
        let edge = self.edges.find(at, implied).map_or(NONE, |edge| edge as u32);
        Exit { edges: [edge, NONE], then: Then::Again }
    }
}
