//! Suggested runs: a small set that covers the edges that no run has taken yet.

use core::cmp::Reverse;
use std::{
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use base::digit::Digit;
use serde_json::{Map, Value};

use super::{
    edges::EdgeKind,
    plan::{Caller, Move, NONE, Plan, State},
    run::Coverage,
    structure::Structure,
};
use crate::{CompiledFlow, execute};

/// Limits on the path of a suggested run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathLimits {
    /// Maximum number of digits that a caller may press.
    pub digits: usize,
    /// Maximum number of nodes on the path.
    pub nodes: usize,
}

/// Runs that cover the edges that are not covered yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suggestions {
    /// The runs; none of them could be left out.
    pub runs: Vec<Suggested>,
    /// Edges that could be taken with more digits, longer paths or more runs.
    pub missed: Vec<usize>,
    /// No set that covers as much has fewer runs than this: of the ways that end a call, a run takes one.
    pub least: usize,
}

/// A run worth making.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggested {
    /// The digits that the caller presses.
    pub digits: Vec<Digit>,
    /// The variables that differ from the flow's own.
    pub variables: Map<String, Value>,
    /// Edges that it takes and that no run before it, and none in the list, has taken.
    pub covers: Vec<usize>,
}

/// Suggests at most `max_runs` runs that cover every way a simulation of `flow` can go and that `covered` lacks.
/// `structure` is that of the flow's definition.
pub fn suggest(
    flow: &Arc<CompiledFlow>,
    structure: &Structure,
    covered: &Coverage,
    limits: PathLimits,
    max_runs: usize,
) -> Suggestions {
    let mut suggester = Suggester::new(structure, covered, limits, max_runs);
    while suggester.step(flow, structure) {}
    suggester.finish(structure)
}

/// [`suggest`], one run at a time: a page has to answer in between.
///
/// Each run takes the nearest way that is not covered, goes on from there as long as its digits last, and ends its call
/// by one that is not covered either. Every run is executed before it is suggested: what it covers is seen, not hoped.
#[derive(Debug)]
pub struct Suggester {
    plan: Plan,
    start: Option<State>,
    limits: PathLimits,
    max_runs: usize,
    /// Edges after which a run can go on.
    inner: Vec<bool>,
    at_first: Vec<bool>,
    wanted: Vec<bool>,
    runs: Vec<(Script, Vec<usize>)>,
    missed: Vec<usize>,
}

impl Suggester {
    /// Creates a suggester that has suggested nothing yet.
    pub fn new(structure: &Structure, covered: &Coverage, limits: PathLimits, max_runs: usize) -> Self {
        let mut plan = Plan::of(structure.flow(), structure.edges());
        let start = structure.edges().node(&structure.flow().start).map(State::first);
        let mut wanted = vec![false; structure.edges().len()];
        if start.is_some() {
            for edge in covered.ways_missed(structure) {
                wanted[edge] = true;
            }
        }
        let inner = start.map_or_else(Vec::new, |start| inner_ways(structure, &mut plan, start));
        Self {
            plan,
            start,
            limits,
            max_runs,
            inner,
            at_first: wanted.clone(),
            wanted,
            runs: Vec::new(),
            missed: Vec::new(),
        }
    }

    /// Returns the number of runs found so far.
    pub fn found(&self) -> usize {
        self.runs.len()
    }

    /// Looks for one more run. Returns false where there is none. Flow and structure are the same each time.
    pub fn step(&mut self, flow: &Arc<CompiledFlow>, structure: &Structure) -> bool {
        let Some(start) = self.start.filter(|_| self.runs.len() < self.max_runs) else { return false };
        let wanted = self.wanted.clone();
        let mut search = Search { structure, inner: &self.inner, wanted, limits: self.limits };
        let Some((moves, aims)) = search.run(&mut self.plan, start) else { return false };
        let script = Script::of(structure, &self.plan, &moves);
        let result = execute(flow, &script.digits, &script.variables, self.limits.nodes);
        let taken = Coverage::of(structure, &result);
        let covers: Vec<usize> =
            (0..self.wanted.len()).filter(|&edge| self.at_first[edge] && taken.edges[edge] > 0).collect();
        let mut adds = false;
        for &edge in &covers {
            adds |= std::mem::replace(&mut self.wanted[edge], false);
        }
        // A plan that the flow does not follow must not be made again.
        for edge in aims {
            if std::mem::replace(&mut self.wanted[edge], false) {
                self.missed.push(edge);
            }
        }
        if adds {
            self.runs.push((script, covers));
        }
        true
    }

    /// Returns the suggestions.
    pub fn finish(mut self, structure: &Structure) -> Suggestions {
        self.missed.extend((0..self.wanted.len()).filter(|&edge| self.wanted[edge]));
        self.missed.sort_unstable();
        Suggestions {
            least: least(structure, &self.at_first),
            runs: needed(self.runs, self.wanted.len()),
            missed: self.missed,
        }
    }
}

/// The ways after which a run can go on.
fn inner_ways(structure: &Structure, plan: &mut Plan, start: State) -> Vec<bool> {
    let mut inner = vec![false; structure.edges().len()];
    let mut seen = HashSet::from([start]);
    let (mut waiting, mut moves) = (vec![start], Vec::new());
    while let Some(state) = waiting.pop() {
        plan.moves(state, Caller::Brisk, &mut moves);
        for of in moves.iter().filter(|of| !ends(structure, of)) {
            for edge in of.edges.into_iter().filter(|&edge| edge != NONE) {
                inner[edge as usize] = true;
            }
            if let Some(to) = of.to.filter(|&to| seen.insert(to)) {
                waiting.push(to);
            }
        }
    }
    inner
}

fn ends(structure: &Structure, of: &Move) -> bool {
    of.to.is_none_or(|to| to.silent || structure.flow().nodes[to.node as usize].is_end())
}

/// Returns a lower bound on the number of runs.
fn least(structure: &Structure, wanted: &[bool]) -> usize {
    let nodes = &structure.flow().nodes;
    let ends = |edge: &usize| {
        let of = structure.edges().all()[*edge];
        match of.kind {
            EdgeKind::Branch(_) => of.to.is_none_or(|to| nodes[to].is_end()),
            EdgeKind::GiveUp => true,
            EdgeKind::Timeout | EdgeKind::NoMatch | EdgeKind::TooLong | EdgeKind::Terminator => false,
        }
    };
    let any = wanted.iter().any(|&wanted| wanted);
    (0..wanted.len()).filter(|&edge| wanted[edge]).filter(ends).count().max(usize::from(any))
}

/// Leaves out the runs whose edges others take as well, and lists for each of the rest the edges it adds.
fn needed(runs: Vec<(Script, Vec<usize>)>, edges: usize) -> Vec<Suggested> {
    let mut times = vec![0u32; edges];
    for edge in runs.iter().flat_map(|(_, covers)| covers) {
        times[*edge] += 1;
    }
    let mut keep = vec![true; runs.len()];
    for (at, (_, covers)) in runs.iter().enumerate() {
        if covers.iter().all(|&edge| times[edge] > 1) {
            keep[at] = false;
            for &edge in covers {
                times[edge] -= 1;
            }
        }
    }
    let mut seen = HashSet::new();
    let kept = runs.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(run, _)| run);
    kept.map(|(Script { digits, variables }, covers)| {
        let covers = covers.into_iter().filter(|&edge| seen.insert(edge)).collect();
        Suggested { digits, variables, covers }
    })
    .collect()
}

/// A caller's digits and the variables of the run.
#[derive(Debug)]
struct Script {
    digits: Vec<Digit>,
    variables: Map<String, Value>,
}

impl Script {
    /// Returns the script that makes a caller go by `moves`.
    fn of(structure: &Structure, plan: &Plan, moves: &[Move]) -> Self {
        let mut variables = Map::new();
        for (variable, value) in moves.iter().filter_map(|of| of.supposes) {
            let variable = &plan.variables[usize::from(variable)];
            let initial = structure.flow().variables.get(&variable.name);
            let wanted = match variable.values.get(usize::from(value)) {
                Some(wanted) if initial == Some(wanted) => None,
                Some(wanted) => Some(wanted.clone()),
                None if initial.is_none_or(|initial| !variable.values.contains(initial)) => None,
                None => other_value(&variable.values),
            };
            variables.extend(wanted.map(|wanted| (variable.name.clone(), wanted)));
        }
        let digits: Vec<Digit> = moves.iter().flat_map(|of| of.entry.iter().collect::<Vec<_>>()).collect();
        Self { digits, variables }
    }
}

/// A value that is none of `values`.
fn other_value(values: &[Value]) -> Option<Value> {
    let numbered = (0..=values.len()).map(|number| Value::String(format!("other-{number}")));
    std::iter::once(Value::String("other".into())).chain(numbered).find(|value| !values.contains(value))
}

/// Cost of a path: digits and steps of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost(usize, usize);

struct Search<'a> {
    structure: &'a Structure,
    /// Edges after which a run can go on.
    inner: &'a [bool],
    wanted: Vec<bool>,
    limits: PathLimits,
}

impl Search<'_> {
    /// Returns the moves of one run, and the wanted edges on it; nothing where no wanted edge is within the limits.
    fn run(&mut self, plan: &mut Plan, start: State) -> Option<(Vec<Move>, Vec<usize>)> {
        let (mut run, mut aims) = (Vec::new(), Vec::new());
        let mut left = Cost(self.limits.digits, self.limits.nodes);
        let mut at = start;
        loop {
            let mut found = self.nearest(plan, at, left, false);
            if found.is_none() && run.is_empty() {
                found = self.nearest(plan, at, left, true);
            }
            let Some(moves) = found else { break };
            for of in &moves {
                left = Cost(left.0 - of.entry.len(), left.1.saturating_sub(of.steps as usize));
                for edge in of.edges.into_iter().filter(|&edge| edge != NONE) {
                    if std::mem::replace(&mut self.wanted[edge as usize], false) {
                        aims.push(edge as usize);
                    }
                }
            }
            run.extend(moves);
            match run.last() {
                Some(last) if !ends(self.structure, last) => at = last.to.unwrap_or(start),
                _ => break,
            }
        }
        (!run.is_empty()).then_some((run, aims))
    }

    /// The cheapest moves from `from` to a wanted way and through it: one after which the run can go on, if there is any
    /// within what is `left`, else one that ends it. Digits count before steps, or the other way round.
    fn nearest(&self, plan: &mut Plan, from: State, left: Cost, steps_first: bool) -> Option<Vec<Move>> {
        let hopes = self.wanted.iter().zip(self.inner).any(|(wanted, inner)| *wanted && *inner);
        let key = |Cost(digits, steps): Cost| if steps_first { (steps, digits) } else { (digits, steps) };
        let mut best: HashMap<State, Cost> = HashMap::from([(from, Cost(0, 0))]);
        let mut came: HashMap<State, (State, Move)> = HashMap::new();
        let mut done = HashSet::new();
        // The order of arrival breaks ties, so that the answer is always the same.
        let mut arrivals = 0u64;
        let mut waiting =
            BinaryHeap::from([Reverse((key(Cost(0, 0)), arrivals, Goal { state: from, last: None }))]);
        let mut ending: Option<(State, Move)> = None;
        let mut moves = Vec::new();
        while let Some(Reverse((_, _, Goal { state, last }))) = waiting.pop() {
            if let Some(last) = last {
                if !ends(self.structure, &last) {
                    return Some(way_to(&came, from, state, last));
                }
                ending = ending.or(Some((state, last)));
                if !hopes {
                    break;
                }
                continue;
            }
            if !done.insert(state) {
                continue;
            }
            let Cost(digits, steps) = best[&state];
            plan.moves(state, Caller::Brisk, &mut moves);
            for of in &moves {
                let cost = Cost(digits + of.entry.len(), steps + of.steps as usize);
                if cost.0 > left.0 || cost.1 > left.1 {
                    continue;
                }
                arrivals += 1;
                if of.edges.into_iter().any(|edge| edge != NONE && self.wanted[edge as usize]) {
                    waiting.push(Reverse((key(cost), arrivals, Goal { state, last: Some(*of) })));
                }
                if let Some(to) = of.to
                    && best.get(&to).is_none_or(|known| key(cost) < key(*known))
                {
                    best.insert(to, cost);
                    came.insert(to, (state, *of));
                    waiting.push(Reverse((key(cost), arrivals, Goal { state: to, last: None })));
                }
            }
        }
        ending.map(|(state, last)| way_to(&came, from, state, last))
    }
}

/// A state, or a move from it that is wanted.
#[derive(Clone, Copy, Debug)]
struct Goal {
    state: State,
    last: Option<Move>,
}

// The queue is ordered by cost and arrival alone, which are never the same for two.
impl PartialEq for Goal {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Goal {}

impl PartialOrd for Goal {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Goal {
    fn cmp(&self, _: &Self) -> core::cmp::Ordering {
        core::cmp::Ordering::Equal
    }
}

fn way_to(came: &HashMap<State, (State, Move)>, from: State, mut state: State, last: Move) -> Vec<Move> {
    let mut moves = vec![last];
    while state != from {
        let (before, of) = came[&state];
        moves.push(of);
        state = before;
    }
    moves.reverse();
    moves
}
