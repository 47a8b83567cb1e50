//! Execution of a flow on a clock of its own: the menu machine's run as CXone's trace.

#[cfg(test)]
mod tests;
mod tracer;

use core::time::Duration;
use std::sync::Arc;

use serde_json::{Map, Value};

use self::tracer::{End, Tracer};
use super::trace::{SimulationResult, SimulationStatus};
use crate::{CompiledFlow, Input, MachineConfig, MenuMachine, SessionKey, graph::NodeKind};
use base::{digit::Digit, time::Instant};

/// Time between two digits of a caller who is simulated.
pub const DIGIT_GAP: Duration = Duration::from_millis(500);

/// Runs a caller's digits through `flow`, at most `max_steps` nodes far, and returns the trace. `variables` are those that
/// differ from the flow's own. The machine is the one of a call: the caller presses the digits one after another, none of
/// them late, then waits until the flow is over. Prompts take no time.
///
/// A step's `output` has the `branch` that was taken (its index in the node), the node `to` which it leads, what was
/// `said`, the `actions`, and for entries the `result`: `matched`, `corrected`, `collected`, `noMatch`, `ambiguous`,
/// `tooLong`, `timedOut`, `timedOutPartial`. A node that asks again is a step each time.
pub fn execute(
    flow: &Arc<CompiledFlow>,
    digits: &[Digit],
    variables: &Map<String, Value>,
    max_steps: usize,
) -> SimulationResult {
    let script: Vec<Press> = digits.iter().map(|&digit| Press::Digit(digit)).collect();
    run(flow, &script, variables, max_steps)
}

/// An act of a caller.
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
    max_steps: usize,
) -> SimulationResult {
    let mut machine =
        MenuMachine::new(Arc::clone(flow), MachineConfig { max_sessions: 1, ..MachineConfig::default() });
    let mut now = Instant::ZERO;
    let key = machine.open_with(now, variables).expect("a new machine has room for one");
    let mut tracer = Tracer::new(flow, key, max_steps);
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
        Some(End::TooDeep) => Some(format!("flow depth limit of {max_steps} nodes exceeded")),
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

/// Returns the time between two digits: less than [`DIGIT_GAP`] where the flow's shortest timeout would make a digit late.
fn gap(flow: &CompiledFlow) -> Duration {
    let timeouts = flow.definition().nodes.iter().filter_map(|node| node.entry());
    let shortest = timeouts.map(|entry| entry.first_digit_timeout().min(entry.inter_digit_timeout())).min();
    shortest.map_or(DIGIT_GAP, |shortest| DIGIT_GAP.min(shortest / 2))
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
