//! A request's digits and variables through a flow, on a clock of its own: the menu machine's run as CXone's trace.

use core::time::Duration;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::request::SimulationRequest;
use crate::{
    dtmf::{Digit, DigitString},
    menu::{
        CompiledFlow, Correction, DEFAULT_GAP, Event, Input, MachineConfig, MenuMachine, NodeIx, Outcome,
        Resolution, Resolved, SessionKey, Speech, correct,
        graph::{Branch, NodeKind, Segment, Trigger},
    },
    time::Instant,
    wire::{FieldError, NodeExecution, SimulationResult, SimulationStatus},
};

/// Runs `request` through `flow`, at most `most_steps` nodes far. The same machine as on a call: the caller presses the
/// digits one after another, none of them late, then says nothing until the flow is over. Prompts take no time.
///
/// A step's `output` has the `branch` that was taken (its index in the node), the node `to` which it leads, what was
/// `said`, the `actions`, and for entries the `result`: `matched`, `corrected`, `collected`, `noMatch`, `ambiguous`,
/// `tooLong`, `timedOut`, `timedOutPartial`. A node that asks again is a step each time.
pub fn execute(flow: &Arc<CompiledFlow>, request: &SimulationRequest, most_steps: usize) -> SimulationResult {
    let script: Vec<Press> = request.digits().iter().map(|&digit| Press::Digit(digit)).collect();
    run(flow, &script, request.variables(), most_steps)
}

/// The error of a request whose path through `flow` is longer than `most_steps` nodes.
pub fn check_depth(
    flow: &Arc<CompiledFlow>,
    request: &SimulationRequest,
    most_steps: usize,
) -> Result<(), FieldError> {
    let result = execute(flow, request, most_steps);
    match result.status {
        SimulationStatus::Failed => {
            let message = format!("leads over more than {most_steps} nodes, the limit on a flow's depth");
            Err(FieldError::new("dtmfSequence", message))
        }
        SimulationStatus::Completed | SimulationStatus::Queued | SimulationStatus::Running => Ok(()),
    }
}

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Press {
    Digit(Digit),
    /// Nothing, until a timeout has run out. A request cannot ask for it.
    #[cfg_attr(not(test), expect(dead_code, reason = "what a patient caller reaches is checked in tests"))]
    Wait,
}

pub(super) fn run(
    flow: &Arc<CompiledFlow>,
    script: &[Press],
    variables: &Map<String, Value>,
    most_steps: usize,
) -> SimulationResult {
    let mut machine =
        MenuMachine::new(Arc::clone(flow), MachineConfig { max_sessions: 1, ..MachineConfig::default() });
    let mut now = Instant::ZERO;
    let key = machine.open_with(now, variables).expect("a new machine has room for one");
    let mut tracer =
        Tracer { flow, key, most_steps, steps: Vec::new(), step: None, resolved: None, end: None };
    tracer.drain(&mut machine, now);
    let gap = gap(flow);
    let mut unused = String::new();
    for press in script {
        match *press {
            Press::Digit(digit) if tracer.end.is_some() => unused.push(digit.as_char()),
            Press::Digit(digit) => {
                now += gap;
                machine
                    .handle_input(now, key, Input::Digit(digit))
                    .expect("the only session is never closed");
                tracer.drain(&mut machine, now);
            }
            Press::Wait => now = tracer.wait(&mut machine, now),
        }
    }
    while tracer.end.is_none() {
        now = tracer.wait(&mut machine, now);
    }
    let mut steps = tracer.steps;
    if let Some(last) = steps.last_mut().filter(|_| !unused.is_empty()) {
        last.output.insert("unusedDigits".into(), unused.into());
    }
    let error_message = match tracer.end {
        Some(End::TooDeep) => Some(format!("flow depth limit of {most_steps} nodes exceeded")),
        Some(End::Outcome(_)) | None => None,
    };
    SimulationResult {
        status: if error_message.is_some() { SimulationStatus::Failed } else { SimulationStatus::Completed },
        execution_path: steps,
        variables: final_variables(flow, &machine, key, variables),
        duration_ms: millis(now - Instant::ZERO),
        error_message,
    }
}

/// Half a second between digits, as in seed 000; less where the flow's shortest timeout would make a digit late.
fn gap(flow: &CompiledFlow) -> Duration {
    let timeouts = flow.definition().nodes.iter().filter_map(|node| node.entry());
    let shortest = timeouts.map(|entry| entry.first_digit_timeout().min(entry.inter_digit_timeout())).min();
    shortest.map_or(DEFAULT_GAP, |shortest| DEFAULT_GAP.min(shortest / 2))
}

fn final_variables(
    flow: &CompiledFlow,
    machine: &MenuMachine,
    key: SessionKey,
    given: &Map<String, Value>,
) -> Map<String, Value> {
    let definition = flow.definition();
    let of_nodes = definition.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Collect { variable, .. } | NodeKind::Decision { variable } => Some(variable),
        NodeKind::Prompt | NodeKind::Menu(_) | NodeKind::Transfer { .. } | NodeKind::Hangup => None,
    });
    let mut variables = given.clone();
    for name in definition.variables.keys().chain(of_nodes) {
        if let Some(value) = machine.variable(key, name) {
            variables.insert(name.clone(), value);
        }
    }
    variables
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Outcome(Outcome),
    TooDeep,
}

/// A node that has been entered, or asks again.
struct Open {
    node: NodeIx,
    since: Instant,
    actions: Vec<String>,
    said: Vec<String>,
    last_digit: Option<Digit>,
}

/// What became of the open node's entry, until it is known what follows.
struct Heard {
    resolved: Resolved,
    exhausted: bool,
}

struct Tracer<'a> {
    flow: &'a CompiledFlow,
    key: SessionKey,
    most_steps: usize,
    steps: Vec<NodeExecution>,
    step: Option<Open>,
    resolved: Option<Heard>,
    end: Option<End>,
}

impl Tracer<'_> {
    /// Lets the next timeout run out.
    fn wait(&mut self, machine: &mut MenuMachine, now: Instant) -> Instant {
        let Some(due) = machine.poll_timeout().filter(|_| self.end.is_none()) else {
            return now;
        };
        machine.handle_timeout(due);
        self.drain(machine, due);
        due
    }

    fn drain(&mut self, machine: &mut MenuMachine, now: Instant) {
        while let Some(output) = machine.poll_output() {
            if self.end == Some(End::TooDeep) {
                continue;
            }
            match output.event {
                Event::Entered { node } => {
                    self.close(machine, now, Next::Node(node));
                    self.open(node, now);
                }
                Event::Action { node } => {
                    let action = self.flow.node(node).action.clone();
                    self.with_step(|step| step.actions.extend(action));
                }
                Event::Say { node, speech } => {
                    if self.resolved.is_some() {
                        self.again(machine, now);
                    }
                    let said = self.words(node, speech);
                    self.with_step(|step| step.said.push(said));
                }
                Event::Digit { digit, .. } => self.with_step(|step| step.last_digit = Some(digit)),
                Event::Resolved(resolved) => {
                    if let Some(action) = resolved.as_.action() {
                        self.with_step(|step| step.actions.push(action.to_owned()));
                    }
                    self.resolved = Some(Heard { resolved, exhausted: false });
                }
                Event::Exhausted { .. } => {
                    if let Some(heard) = &mut self.resolved {
                        heard.exhausted = true;
                    }
                }
                Event::Ended { outcome } => {
                    self.close(machine, now, Next::End(outcome));
                    self.end = Some(End::Outcome(outcome));
                }
                Event::StopSaying
                | Event::TypedAhead { .. }
                | Event::Dropped { .. }
                | Event::Resynchronised { .. } => {}
            }
        }
        if self.resolved.is_some() && self.end.is_none() {
            self.again(machine, now);
        }
    }

    fn with_step(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(step) = &mut self.step {
            change(step);
        }
    }

    fn open(&mut self, node: NodeIx, now: Instant) {
        if self.steps.len() >= self.most_steps {
            self.end = Some(End::TooDeep);
            self.step = None;
        } else {
            self.step =
                Some(Open { node, since: now, actions: Vec::new(), said: Vec::new(), last_digit: None });
        }
    }

    /// The node asks again.
    fn again(&mut self, machine: &MenuMachine, now: Instant) {
        if let Some(node) = self.step.as_ref().map(|step| step.node) {
            self.close(machine, now, Next::Node(node));
            self.open(node, now);
        }
    }

    fn words(&self, node: NodeIx, speech: Speech) -> String {
        let node = self.flow.node(node);
        let prompt = match speech {
            Speech::Main => node.prompt.as_ref(),
            Speech::NoMatch => node.entry().and_then(|entry| entry.no_match_prompt.as_ref()),
            Speech::Timeout => node.entry().and_then(|entry| entry.timeout_prompt.as_ref()),
        };
        let words = prompt.map(|prompt| prompt.segments.iter().map(Segment::text).collect());
        words.unwrap_or_else(Vec::new).join(" ")
    }

    fn close(&mut self, machine: &MenuMachine, now: Instant, next: Next) {
        let heard = self.resolved.take();
        let Some(open) = self.step.take() else { return };
        let node = self.flow.node(open.node);
        let mut input = Map::new();
        let mut output = Map::new();
        let mut taken = None;
        match (&node.kind, &heard) {
            (NodeKind::Menu(_) | NodeKind::Collect { .. }, Some(heard)) => {
                taken = Some(self.entry(&open, heard, &mut input, &mut output));
            }
            (NodeKind::Decision { variable }, _) => {
                let value = machine.variable(self.key, variable);
                taken = Some(chosen(&node.branches, value.as_ref()));
                input.insert("variable".into(), variable.clone().into());
                input.insert("value".into(), value.unwrap_or_default());
            }
            (NodeKind::Transfer { target }, _) => {
                output.insert("target".into(), target.clone().into());
            }
            (NodeKind::Prompt, _) => {
                let branch = node.branches.iter().position(|branch| branch.on == Trigger::Next);
                output.extend(branch.map(|branch| ("branch".to_owned(), branch.into())));
            }
            (NodeKind::Menu(_) | NodeKind::Collect { .. } | NodeKind::Hangup, _) => {}
        }
        let decision = taken.map(|taken| {
            output.extend(taken.branch.map(|branch| ("branch".to_owned(), branch.into())));
            taken.decision
        });
        for (name, texts) in [("actions", open.actions), ("said", open.said)] {
            if !texts.is_empty() {
                output.insert(name.into(), texts.into());
            }
        }
        match next {
            Next::Node(to) => output.insert("to".into(), self.flow.node(to).id.clone().into()),
            Next::End(outcome) => output.insert("outcome".into(), outcome_name(outcome).into()),
        };
        self.steps.push(NodeExecution {
            node_id: node.id.clone(),
            node_type: node.type_name().into(),
            input,
            output,
            decision,
            duration_ms: millis(now - open.since),
        });
    }

    fn entry(
        &self,
        open: &Open,
        heard: &Heard,
        input: &mut Map<String, Value>,
        output: &mut Map<String, Value>,
    ) -> Taken {
        let node = self.flow.node(open.node);
        let Heard { resolved, exhausted } = heard;
        input.insert("digits".into(), resolved.entered.to_string().into());
        let terminator = node.entry().and_then(|entry| entry.terminator);
        let by_digit = !matches!(resolved.as_, Resolution::TimedOut | Resolution::TimedOutPartial);
        // The terminator is no part of the entry, so one that was pressed last ended it.
        if let Some(terminator) = terminator.filter(|end| by_digit && open.last_digit == Some(*end)) {
            input.insert("terminator".into(), json!(terminator));
        }
        output.insert("result".into(), resolution_name(resolved.as_).into());
        if let (NodeKind::Collect { variable, .. }, Resolution::Collected) = (&node.kind, resolved.as_) {
            output.insert("variable".into(), variable.clone().into());
            output.insert("value".into(), resolved.entered.to_string().into());
        }
        let find = |wanted: Trigger| {
            let branch = node.branches.iter().position(|branch| branch.on == wanted);
            Taken { branch, decision: wanted.describe() }
        };
        if *exhausted {
            return find(Trigger::MaxRetries);
        }
        match resolved.as_ {
            Resolution::Matched => find(Trigger::Digits { value: resolved.entered }),
            Resolution::Corrected => {
                find(Trigger::Digits { value: self.corrected(open.node, &resolved.entered) })
            }
            Resolution::Collected => find(Trigger::Collected),
            Resolution::NoMatch | Resolution::Ambiguous => find(Trigger::NoMatch),
            Resolution::TimedOut | Resolution::TimedOutPartial => find(Trigger::Timeout),
            Resolution::TooLong => match find(Trigger::MaxLength) {
                Taken { branch: None, decision } => Taken { branch: find(Trigger::NoMatch).branch, decision },
                taken => taken,
            },
        }
    }

    /// What the machine took `entered` for.
    fn corrected(&self, node: NodeIx, entered: &DigitString) -> DigitString {
        let branches = &self.flow.node(node).branches;
        let sequences = || {
            branches.iter().filter_map(|branch| match branch.on {
                Trigger::Digits { value } => Some(value),
                _ => None,
            })
        };
        match correct(entered, sequences(), self.flow.definition().correction_distance) {
            Correction::To(index) => sequences().nth(index).unwrap_or(*entered),
            Correction::None | Correction::Ambiguous => *entered,
        }
    }
}

/// What comes after a step.
#[derive(Clone, Copy)]
enum Next {
    Node(NodeIx),
    End(Outcome),
}

/// Which way a step went.
struct Taken {
    branch: Option<usize>,
    decision: String,
}

/// The first case that `value` equals, else the default.
fn chosen(branches: &[Branch], value: Option<&Value>) -> Taken {
    let case = |on: &Trigger| matches!(on, Trigger::Case { value: case } if value == Some(case));
    let branch = (branches.iter().position(|branch| case(&branch.on)))
        .or_else(|| branches.iter().position(|branch| branch.on == Trigger::Default));
    let decision = branch.map(|branch| branches[branch].on.describe()).unwrap_or_default();
    Taken { branch, decision }
}

const fn resolution_name(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Matched => "matched",
        Resolution::Corrected => "corrected",
        Resolution::Collected => "collected",
        Resolution::NoMatch => "noMatch",
        Resolution::Ambiguous => "ambiguous",
        Resolution::TooLong => "tooLong",
        Resolution::TimedOut => "timedOut",
        Resolution::TimedOutPartial => "timedOutPartial",
    }
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Transferred => "transferred",
        Outcome::Finished => "finished",
        Outcome::GaveUp => "gaveUp",
        Outcome::CallerHungUp => "callerHungUp",
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{menu::seed_flow, wire::Limits};

    fn request(digits: &str, variables: &Value) -> SimulationRequest {
        let digits: Vec<String> = digits.chars().map(String::from).collect();
        let body = json!({ "flowId": "f", "dtmfSequence": digits, "variableStateMatrix": variables });
        SimulationRequest::from_json(&body, &Limits::default()).unwrap()
    }

    /// `root 2`, `sub 1`, `end`: each step's node and decision.
    fn path(result: &SimulationResult) -> Vec<String> {
        let step = |step: &NodeExecution| match &step.decision {
            Some(decision) => format!("{} {decision}", step.node_id),
            None => step.node_id.clone(),
        };
        result.execution_path.iter().map(step).collect()
    }

    fn flow(nodes: &Value) -> Arc<CompiledFlow> {
        let flow =
            json!({ "flowId": "f", "name": "", "start": "a", "variables": { "v": 1 }, "nodes": nodes });
        Arc::new(CompiledFlow::compile(serde_json::from_value(flow).unwrap()).unwrap())
    }

    #[test]
    fn the_support_line_s_trace_is_the_contract_s() {
        let result = execute(&seed_flow(), &request("92212", &json!({ "other": [1] })), 200);
        assert_eq!(path(&result), ["root no match", "root 2", "support 2", "technical"]);
        assert_eq!(result.status, SimulationStatus::Completed);
        assert_eq!(result.variables, json!({ "other": [1] }).as_object().unwrap().clone());
        assert_eq!(result.duration_ms, 1_500);
        let step = serde_json::to_value(&result.execution_path[1]).unwrap();
        assert_eq!((&step["nodeType"], &step["input"]), (&json!("menu"), &json!({ "digits": "2" })));
        assert_eq!((&step["output"]["branch"], &step["output"]["to"]), (&json!(1), &json!("support")));
        assert_eq!(step["durationMs"], 500);
        let last = serde_json::to_value(&result.execution_path[3]).unwrap();
        assert_eq!(
            (&last["output"]["outcome"], &last["output"]["unusedDigits"]),
            (&json!("transferred"), &json!("12"))
        );
    }

    #[test]
    fn silence_runs_the_flow_to_its_end() {
        let result = execute(&seed_flow(), &request("", &json!({})), 200);
        assert_eq!(path(&result), ["root timeout", "root timeout", "root too often", "goodbye"]);
        let actions: Vec<&str> = super::super::expect::actions(&result).collect();
        assert_eq!(actions[..3], ["timeout_repeat_prompt"; 3]);
    }

    #[test]
    fn entries_are_traced_with_what_was_heard_and_taken() {
        let flow = flow(&json!([
            { "id": "a", "type": "collect", "variable": "n", "minDigits": 2, "maxDigits": 3, "terminator": "#",
              "branches": [{ "on": "collected", "to": "b" }, { "on": "maxLength", "to": "c" }] },
            { "id": "b", "type": "decision", "variable": "n",
              "branches": [{ "on": "case", "value": "12", "to": "c" }, { "on": "default", "to": "d" }] },
            { "id": "c", "type": "menu", "terminator": "*", "branches": [{ "on": "digits", "value": "123", "to": "d" }] },
            { "id": "d", "type": "hangup" },
        ]));
        let check = |digits: &str, expect: &[&str]| {
            assert_eq!(path(&execute(&flow, &request(digits, &json!({})), 200)), expect, "{digits}");
        };
        check("1#12#133", &["a no match", "a collected", "b = 12", "c 123", "d"]);
        check("13#", &["a collected", "b otherwise", "d"]);
        check("1234*", &["a too long", "c no match", "c timeout", "c too often"]);
        let result = execute(&flow, &request("12#*", &json!({})), 200);
        let step = &result.execution_path;
        assert_eq!((&step[0].input["terminator"], &step[2].input["terminator"]), (&json!("#"), &json!("*")));
        assert_eq!((&step[0].output["value"], &result.variables["n"]), (&json!("12"), &json!("12")));
        assert_eq!((&step[1].input["value"], &step[1].output["branch"]), (&json!("12"), &json!(0)));
    }

    #[test]
    fn variables_decide_and_depth_is_limited() {
        let flow = flow(&json!([
            { "id": "a", "type": "decision", "variable": "v",
              "branches": [{ "on": "case", "value": 1, "to": "b" }, { "on": "default", "to": "c" }] },
            { "id": "b", "type": "menu", "maxRetries": 0, "branches": [{ "on": "digits", "value": "1", "to": "b" }, { "on": "timeout", "to": "b" }] },
            { "id": "c", "type": "transfer", "target": "q" },
        ]));
        let other = execute(&flow, &request("", &json!({ "v": "1" })), 200);
        assert_eq!(path(&other), ["a otherwise", "c"]);
        let endless = execute(&flow, &request("1", &json!({})), 200);
        assert_eq!((endless.status, endless.execution_path.len()), (SimulationStatus::Failed, 200));
        assert!(endless.error_message.unwrap().contains("depth limit of 200"));
        assert_eq!(check_depth(&flow, &request("1", &json!({})), 200).unwrap_err().field, "dtmfSequence");
        assert!(check_depth(&flow, &request("", &json!({ "v": 2 })), 200).is_ok());
    }
}
