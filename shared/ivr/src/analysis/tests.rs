#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use base::digit::Digit;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    CompiledFlow, FlowDefinition, execute,
    execute::{Press, run},
    graph::{Branch, Trigger},
    support_line,
    trace::SimulationResult,
};

const LIMITS: PathLimits = PathLimits { digits: 50, nodes: 200 };

fn definition(nodes: &Value) -> FlowDefinition {
    let flow = json!({ "flowId": "f", "name": "", "start": "a", "nodes": nodes });
    serde_json::from_value(flow).unwrap()
}

fn run_through(flow: &Arc<CompiledFlow>, digits: &str, variables: &Value) -> SimulationResult {
    let digits: Vec<Digit> = digits.chars().map(|digit| Digit::try_from(digit).unwrap()).collect();
    execute(flow, &digits, variables.as_object().unwrap(), 200)
}

fn names(structure: &Structure, edges: impl IntoIterator<Item = usize>) -> Vec<String> {
    edges.into_iter().map(|edge| structure.describe(edge)).collect()
}

fn reasons(flow: &FlowDefinition) -> Vec<(String, Why)> {
    let structure = Structure::of(flow);
    structure.unreachable.iter().map(|branch| (structure.describe(branch.edge), branch.why.clone())).collect()
}

#[test]
fn a_run_of_the_support_line_is_judged() {
    let flow = support_line();
    let structure = Structure::of(flow.definition());
    let result = run_through(&flow, "922", &json!({}));
    let analysis = analyse(&structure, &result);
    assert_eq!((analysis.steps, analysis.decision_points, analysis.repeats), (4, 3, 1));
    assert!((analysis.efficiency - 0.65).abs() < 1e-12, "3 of 4 steps decide, and one is a repetition");
    assert_eq!((analysis.shortest, analysis.optimality), (Some(3), Some(0.75)));
    assert_eq!(analysis.path, [0, 0, 1, 4]);
    assert_eq!(analysis.coverage.node_share(&structure), Share { reached: 3, of: 7 });
    assert_eq!(analysis.coverage.way_share(&structure), Share { reached: 3, of: 11 });
    let missed = names(&structure, analysis.coverage.ways_missed(&structure));
    assert!(missed.contains(&"root: timeout, asks again".to_owned()), "{missed:?}");
    assert_eq!((structure.unreachable.len(), structure.dead_ends.len(), structure.depth), (0, 0, 3));
}

#[test]
fn efficiency_is_the_seed_s() {
    let step = |node: &str, kind: &str| json!({ "nodeId": node, "nodeType": kind });
    let check = |path: Value, efficiency: f64| {
        let result = json!({ "status": "completed", "executionPath": path });
        let result: SimulationResult = serde_json::from_value(result).unwrap();
        let analysis = analyse(&Structure::of(&definition(&json!([]))), &result);
        assert!((analysis.efficiency - efficiency).abs() < 1e-12, "{} for {efficiency}", analysis.efficiency);
    };
    check(json!([]), 0.0);
    check(
        json!([step("start", "start"), step("d", "decision"), step("c", "conditional"), step("e", "end")]),
        0.5,
    );
    check(json!([step("d", "decision"), step("d", "decision"), step("d", "decision")]), 0.8);
    check(json!([step("a", "menu"), step("a", "menu")]), 0.0);
}

#[test]
fn what_no_input_reaches_has_its_reason() {
    let flow = definition(&json!([
        { "id": "a", "type": "menu", "branches": [
            { "on": "digits", "value": "1", "to": "d" }, { "on": "digits", "value": "1", "to": "end" },
            { "on": "digits", "value": "2", "to": "gone" }, { "on": "timeout", "to": "end" },
            { "on": "noMatch", "to": "c" }, { "on": "maxRetries", "to": "end" }, { "on": "next", "to": "end" } ] },
        { "id": "c", "type": "collect", "variable": "v", "minDigits": 2, "maxDigits": 2, "branches": [
            { "on": "collected", "to": "d2" }, { "on": "noMatch", "to": "end" }, { "on": "maxLength", "to": "end" } ] },
        { "id": "d", "type": "decision", "variable": "v", "branches": [
            { "on": "case", "value": "12", "to": "d2" }, { "on": "case", "value": "12", "to": "end" },
            { "on": "default", "to": "end" } ] },
        { "id": "d2", "type": "decision", "variable": "v", "branches": [
            { "on": "case", "value": "7", "to": "end" }, { "on": "case", "value": "12", "to": "end" },
            { "on": "default", "to": "end" } ] },
        { "id": "lost", "type": "prompt", "branches": [{ "on": "next", "to": "lost2" }] },
        { "id": "lost2", "type": "prompt", "branches": [{ "on": "next", "to": "end" }] },
        { "id": "end", "type": "hangup" },
    ]));
    let expect = [
        ("a: 1", Why::Shadowed(0)),
        ("a: 2", Why::NoSuchNode),
        ("a: retries exhausted", Why::NeverRepeated),
        ("a: next", Why::NotAtThisNode),
        ("c: no match", Why::AlwaysFits),
        ("c: too long", Why::AlwaysFits),
        ("d: = 12", Why::Shadowed(0)),
        ("d2: = 7", Why::ValueRuledOut),
        ("lost: next", Why::NothingLeadsHere),
        ("lost2: next", Why::NodeUnreachable),
    ];
    assert_eq!(reasons(&flow), expect.map(|(edge, why)| (edge.to_owned(), why)));
    let full: Vec<Value> =
        Digit::all().map(|digit| json!({ "on": "digits", "value": digit, "to": "b" })).collect();
    let mut branches = full.clone();
    branches.push(json!({ "on": "noMatch", "to": "b" }));
    let flow = definition(
        &json!([{ "id": "a", "type": "menu", "branches": branches }, { "id": "b", "type": "hangup" }]),
    );
    assert_eq!(reasons(&flow), [("a: no match".to_owned(), Why::EverythingMatches)]);
}

#[test]
fn dead_ends_cycles_and_what_needs_patience_are_found() {
    let flow = definition(&json!([
        { "id": "a", "type": "menu", "branches": [
            { "on": "digits", "value": "1", "to": "trap" }, { "on": "digits", "value": "*", "to": "a" },
            { "on": "timeout", "to": "help" } ] },
        { "id": "help", "type": "menu", "branches": [
            { "on": "digits", "value": "1", "to": "end" }, { "on": "timeout", "to": "a" } ] },
        { "id": "trap", "type": "menu", "branches": [{ "on": "digits", "value": "1", "to": "trap2" }] },
        { "id": "trap2", "type": "prompt", "branches": [{ "on": "next", "to": "trap" }] },
        { "id": "end", "type": "transfer", "target": "q" },
    ]));
    let structure = Structure::of(&flow);
    assert_eq!(structure.dead_ends, [2, 3]);
    assert_eq!(structure.cycles, [vec![0, 1], vec![2, 3]]);
    let patience = names(&structure, structure.needs_patience.iter().copied());
    assert_eq!(patience, ["help: 1", "help: no match, asks again", "help: retries exhausted, the call ends"]);
}

#[test]
fn runs_part_where_they_differ() {
    let flow = support_line();
    let run = |digits: &str| run_through(&flow, digits, &json!({}));
    assert_eq!(part_at(&run("21"), &run("22")), Some(1));
    assert_eq!(part_at(&run("22"), &run("22")), None);
    assert_eq!(part_at(&run("1"), &run("22")), Some(0));
}

#[test]
fn a_trace_that_names_decisions_alone_is_understood() {
    let flow = support_line();
    let structure = Structure::of(flow.definition());
    for digits in ["", "9", "1", "22", "*", "299999"] {
        let ours = run_through(&flow, digits, &json!({}));
        let mut theirs = ours.clone();
        for step in &mut theirs.execution_path {
            step.output = Map::new();
        }
        let edges = |result: &SimulationResult| -> Vec<usize> {
            let coverage = Coverage::of(&structure, result);
            let branch = |edge: &usize| matches!(structure.edges().all()[*edge].kind, EdgeKind::Branch(_));
            (0..coverage.edges.len()).filter(|&edge| coverage.edges[edge] > 0).filter(branch).collect()
        };
        assert_eq!(edges(&ours), edges(&theirs), "{digits}");
    }
}

fn check_suggestions(flow: &Arc<CompiledFlow>) -> Result<(Structure, Suggestions), TestCaseError> {
    let structure = Structure::of(flow.definition());
    let suggestions = suggest(flow, &structure, &Coverage::none(&structure), LIMITS, 1_000);
    let mut coverage = Coverage::none(&structure);
    for run in &suggestions.runs {
        prop_assert!(run.digits.len() <= LIMITS.digits);
        let result = execute(flow, &run.digits, &run.variables, LIMITS.nodes);
        coverage.add(&Coverage::of(&structure, &result));
    }
    let missed = names(&structure, coverage.ways_missed(&structure));
    prop_assert_eq!(missed, Vec::<String>::new());
    prop_assert!(suggestions.missed.is_empty() && suggestions.least <= suggestions.runs.len());
    let beyond = (0..coverage.edges.len())
        .filter(|&edge| coverage.edges[edge] > 0 && !structure.reach.simulated[edge]);
    prop_assert_eq!(names(&structure, beyond), Vec::<String>::new());
    Ok((structure, suggestions))
}

#[test]
fn the_support_line_is_covered_by_as_few_runs_as_it_takes() {
    let (_, suggestions) = check_suggestions(&support_line()).unwrap();
    assert_eq!(suggestions.runs.len(), suggestions.least);
    assert_eq!(suggestions.least, 6);
}

/// A node's JSON, with targets below `count + 2`; those of nodes that wait for nobody lie ahead.
fn node(index: usize, count: usize) -> impl Strategy<Value = Value> {
    let any = move || (0..count + 2).prop_map(move |to| name(to, count));
    let ahead = move || (index + 1..count + 2).prop_map(move |to| name(to, count));
    let sequence = prop::sample::select(vec!["1", "2", "12", "11", "21", "112", "#", "2#", "1#2"]);
    let fallback = move || prop::option::of(any());
    let failures =
        (fallback(), fallback(), fallback(), 0u8..3, prop::option::of(prop::sample::select(vec!["#", "2"])));
    let menu = (prop::collection::btree_map(sequence, any(), 1..4), failures.clone()).prop_map(
        move |(sequences, (timeout, no_match, max_retries, retries, terminator))| {
            let mut branches: Vec<Value> = sequences
                .into_iter()
                .filter(|(value, _)| terminator.is_none_or(|end| !value.contains(end)))
                .map(|(value, to)| json!({ "on": "digits", "value": value, "to": to }))
                .collect();
            if branches.is_empty() {
                branches.push(json!({ "on": "digits", "value": "1", "to": name(count, count) }));
            }
            for (on, to) in [("timeout", timeout), ("noMatch", no_match), ("maxRetries", max_retries)] {
                branches.extend(to.map(|to| json!({ "on": on, "to": to })));
            }
            json!({ "id": name(index, count), "type": "menu", "maxRetries": retries, "terminator": terminator, "branches": branches })
        },
    );
    let variable = || prop::sample::select(vec!["v", "w"]);
    let collect = (variable(), 1u8..3, 0u8..2, any(), fallback(), failures).prop_map(
        move |(variable, min, more, to, max_length, (timeout, no_match, max_retries, retries, terminator))| {
            let mut branches = vec![json!({ "on": "collected", "to": to })];
            for (on, to) in [("timeout", timeout), ("noMatch", no_match), ("maxRetries", max_retries), ("maxLength", max_length)] {
                branches.extend(to.map(|to| json!({ "on": on, "to": to })));
            }
            json!({ "id": name(index, count), "type": "collect", "variable": variable, "minDigits": min,
                    "maxDigits": min + more, "maxRetries": retries, "terminator": terminator, "branches": branches })
        },
    );
    let value =
        prop::sample::select(vec![json!("1"), json!("11"), json!("12"), json!(1), json!(null), json!("x")]);
    let decision = (variable(), prop::collection::vec((value, ahead()), 0..4), ahead()).prop_map(
        move |(variable, cases, otherwise)| {
            let mut seen: Vec<Value> = Vec::new();
            let mut branches = Vec::new();
            for (value, to) in cases {
                if !seen.contains(&value) {
                    branches.push(json!({ "on": "case", "value": value, "to": to }));
                    seen.push(value);
                }
            }
            branches.push(json!({ "on": "default", "to": otherwise }));
            json!({ "id": name(index, count), "type": "decision", "variable": variable, "branches": branches })
        },
    );
    let prompt = ahead().prop_map(move |to| {
        json!({ "id": name(index, count), "type": "prompt", "branches": [{ "on": "next", "to": to }] })
    });
    prop_oneof![4 => menu, 3 => collect, 2 => decision, 1 => prompt]
}

fn name(index: usize, count: usize) -> String {
    match index {
        0 => "a".into(),
        _ if index == count => "end".into(),
        _ if index == count + 1 => "out".into(),
        _ => format!("n{index}"),
    }
}

fn flows(nodes: std::ops::Range<usize>) -> impl Strategy<Value = Arc<CompiledFlow>> {
    let distance = 0u8..3;
    let initial = prop::option::of(prop::sample::select(vec![json!("1"), json!("x"), json!("zz")]));
    (nodes, distance, initial).prop_flat_map(|(count, distance, initial)| {
        let nodes: Vec<_> = (0..count).map(|index| node(index, count).boxed()).collect();
        nodes.prop_map(move |mut nodes| {
            nodes.push(json!({ "id": "end", "type": "hangup" }));
            nodes.push(json!({ "id": "out", "type": "transfer", "target": "q" }));
            let variables: Map<String, Value> =
                initial.iter().map(|value| ("v".to_owned(), value.clone())).collect();
            let flow = json!({ "flowId": "f", "name": "", "start": "a", "correctionDistance": distance,
                               "variables": variables, "nodes": nodes });
            let flow: FlowDefinition = serde_json::from_value(flow).unwrap();
            Arc::new(CompiledFlow::compile(flow).unwrap())
        })
    })
}

/// What `flow` can be made to do by trying: every script over these presses, until nothing new comes of longer ones.
/// Two scripts are alike when they leave the caller at the same node, after the same repetitions and digits, with the
/// same variables, as far as decisions ask for them.
fn by_force(flow: &Arc<CompiledFlow>, structure: &Structure, patient: bool) -> Vec<bool> {
    let values = [
        None,
        Some(json!("1")),
        Some(json!("11")),
        Some(json!("12")),
        Some(json!(1)),
        Some(Value::Null),
        Some(json!("x")),
        Some(json!("q")),
    ];
    let mut presses: Vec<Press> = ["1", "2", "#", "A"].map(|text| Press::Digit(text.parse().unwrap())).into();
    if patient {
        presses.push(Press::Wait);
    }
    let mut taken = vec![false; structure.edges().len()];
    let mut seen = HashSet::new();
    for (v, w) in values.iter().flat_map(|v| values.iter().map(move |w| (v, w))) {
        let mut variables = Map::new();
        variables.extend(v.clone().map(|v| ("v".to_owned(), v)));
        variables.extend(w.clone().map(|w| ("w".to_owned(), w)));
        let mut tried = |script: &[Press]| {
            let coverage = Coverage::of(structure, &run(flow, script, &variables, 200));
            for (edge, count) in coverage.edges.iter().enumerate() {
                taken[edge] |= *count > 0;
            }
        };
        tried(&[]);
        let mut waiting = VecDeque::from([Vec::new()]);
        while let Some(script) = waiting.pop_front() {
            for &press in &presses {
                let mut longer = script.clone();
                longer.push(press);
                tried(&longer);
                if let Some(state) = state(flow, &longer, &variables)
                    && seen.insert(state)
                {
                    waiting.push_back(longer);
                }
            }
        }
    }
    taken
}

/// Returns the state in which a script leaves its caller; none if the call is over.
fn state(flow: &Arc<CompiledFlow>, script: &[Press], variables: &Map<String, Value>) -> Option<String> {
    use crate::{Event, Input, MachineConfig, MenuMachine};
    let mut machine = MenuMachine::new(Arc::clone(flow), MachineConfig::default());
    let mut now = base::time::Instant::ZERO;
    let key = machine.open_with(now, variables).unwrap();
    let mut failed = 0;
    for press in script {
        match press {
            Press::Digit(digit) => machine.handle_input(now, key, Input::Digit(*digit)).unwrap(),
            Press::Wait => {
                now = machine.poll_timeout()?;
                machine.handle_timeout(now);
            }
        }
        while let Some(output) = machine.poll_output() {
            match output.event {
                Event::Entered { .. } => failed = 0,
                Event::Resolved(_) => failed += 1,
                Event::Action { .. }
                | Event::Say { .. }
                | Event::StopSaying
                | Event::Digit { .. }
                | Event::TypedAhead { .. }
                | Event::Dropped { .. }
                | Event::Exhausted { .. }
                | Event::Resynchronised { .. }
                | Event::Ended { .. } => {}
            }
        }
    }
    let view = machine.session(key).unwrap();
    let asked = |value: &Value| {
        let asks = |branch: &Branch| matches!(&branch.on, Trigger::Case { value: case } if case == value);
        flow.definition().nodes.iter().flat_map(|node| &node.branches).any(asks)
    };
    let known = ["v", "w"].map(|name| machine.variable(key, name).filter(asked));
    view.outcome.is_none().then(|| format!("{:?} {} {failed} {known:?}", view.node, view.entered))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_suggested_covers_whatever_can_be_reached(flow in flows(1..9)) {
        let (_, suggestions) = check_suggestions(&flow)?;
        let structure = Structure::of(flow.definition());
        let again = suggest(&flow, &structure, &Coverage::none(&structure), LIMITS, 1_000);
        prop_assert_eq!(again, suggestions);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn what_can_be_reached_is_what_trying_everything_reaches(flow in flows(1..4)) {
        let structure = Structure::of(flow.definition());
        prop_assert!(structure.reach.complete);
        let edges = |taken: &[bool]| names(&structure, (0..taken.len()).filter(|&edge| taken[edge]));
        prop_assert_eq!(edges(&structure.reach.simulated), edges(&by_force(&flow, &structure, false)));
        prop_assert_eq!(edges(&structure.reach.by_caller), edges(&by_force(&flow, &structure, true)));
    }
}
