//! `/simulate/dtmf`: digits through a flow on a clock of their own, so that the answer comes at once.

use core::time::Duration;
use std::sync::Arc;

use base::{
    dial_script::{DialScript, DialStep},
    digit::Digit,
    field_error::FieldErrors,
    ids::check_id,
    time::Instant,
};
use ivr::{CompiledFlow, DIGIT_GAP, Event, Input, MachineConfig, MenuMachine, OpenError, Resolution};
use wire::api::{SimulateDtmf, SimulatedDtmf};

/// Longest gap between digits, longer than any timeout of a flow.
const MAX_GAP_MS: u32 = 150_000;

/// A request that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// The interaction, which ties the run to a log; it has no state of its own.
    pub interaction_id: String,
    /// The digits, with pauses.
    pub script: DialScript,
    /// The time after each digit.
    pub gap: Duration,
}

impl Simulation {
    /// Checks a request, with at most `most_digits` digits; the error lists every field that is wrong.
    pub fn from_request(request: &SimulateDtmf, most_digits: usize) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        if let Err(error) = check_id(&request.interaction_id) {
            errors.refuse("interactionId", error.to_string());
        }
        let script = match request.digits.parse::<DialScript>() {
            Ok(script) => match script.digits().count() {
                0 => Err("must have at least one digit".to_owned()),
                digits if digits > most_digits => Err(format!("must be at most {most_digits} digits")),
                _ => Ok(script),
            },
            Err(error) => Err(error.to_string()),
        };
        let script = script.unwrap_or_else(|message| {
            errors.refuse("digits", message);
            DialScript::default()
        });
        let gap = match request.gap_ms {
            None => DIGIT_GAP,
            Some(ms) if ms <= MAX_GAP_MS => Duration::from_millis(ms.into()),
            Some(ms) => {
                errors.refuse("gapMs", format!("must be at most {MAX_GAP_MS} ms, not {ms}"));
                DIGIT_GAP
            }
        };
        errors.into_result(Self { interaction_id: request.interaction_id.clone(), script, gap })
    }
}

/// Runs the digits through the flow: the same machine and timeouts as on a call. Prompts take no time, so that a script that
/// waits for their ends waits for nothing.
/// A sequence left unfinished runs into its timeout, and the run ends there.
pub fn simulate(flow: &Arc<CompiledFlow>, simulation: &Simulation) -> Result<SimulatedDtmf, OpenError> {
    let mut machine = MenuMachine::new(Arc::clone(flow), MachineConfig::default());
    let mut answer = SimulatedDtmf {
        status: "simulated".into(),
        sequence: simulation.script.digits().map(Digit::as_char).collect(),
        duration: 0,
        actions: Vec::new(),
        path: Vec::new(),
        corrected: false,
    };
    let mut now = Instant::ZERO;
    let key = machine.open(now)?;
    for step in simulation.script.steps() {
        match *step {
            DialStep::Digit(digit) => {
                machine
                    .handle_input(now, key, Input::Digit(digit))
                    .expect("the session was opened above and is never closed");
                now += simulation.gap;
            }
            DialStep::Pause(pause) => now += pause,
            DialStep::PromptEnd => {}
        }
        machine.handle_timeout(now);
    }
    while machine.session(key).is_some_and(|session| session.partial) && !drain(&mut machine, &mut answer) {
        let Some(due) = machine.poll_timeout() else { break };
        now = now.max(due);
        machine.handle_timeout(due);
    }
    drain(&mut machine, &mut answer);
    answer.duration = u64::try_from((now - Instant::ZERO).as_millis()).unwrap_or(u64::MAX);
    Ok(answer)
}

/// Adds the machine's events to the answer. Returns true where a sequence ran into its timeout.
fn drain(machine: &mut MenuMachine, answer: &mut SimulatedDtmf) -> bool {
    let mut fell_back = false;
    while let Some(output) = machine.poll_output() {
        let flow = Arc::clone(machine.flow());
        match output.event {
            Event::Entered { node } => answer.path.push(flow.node(node).id.clone()),
            Event::Action { node } => answer.actions.extend(flow.node(node).action.clone()),
            Event::Resolved(resolved) => {
                answer.actions.extend(resolved.resolution.action().map(str::to_owned));
                answer.corrected |= resolved.resolution == Resolution::Corrected;
                fell_back |= resolved.resolution == Resolution::TimedOutPartial;
            }
            Event::Say { .. }
            | Event::StopSaying
            | Event::Digit { .. }
            | Event::TypedAhead { .. }
            | Event::Dropped { .. }
            | Event::Exhausted { .. }
            | Event::Resynchronised { .. }
            | Event::Ended { .. } => {}
        }
    }
    fell_back
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use ivr::support_line;

    fn check(digits: &str, gap_ms: u32, actions: &[&str], path: &[&str], duration: u64) {
        let request = SimulateDtmf {
            interaction_id: "i".into(),
            digits: digits.into(),
            flow_id: None,
            gap_ms: Some(gap_ms),
        };
        let simulation = Simulation::from_request(&request, 50).unwrap();
        let answer = simulate(&support_line(), &simulation).unwrap();
        assert_eq!(
            (&answer.actions[..], &answer.path[..]),
            (&owned(actions)[..], &owned(path)[..]),
            "{digits}"
        );
        assert_eq!(answer.duration, duration, "{digits}");
        assert!(!answer.corrected);
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn the_support_line_takes_its_callers_where_they_want_to_go() {
        check("1", 500, &["sales"], &["root", "sales"], 500);
        check("22", 500, &["support", "technical"], &["root", "support", "technical"], 1_000);
        check("21", 500, &["support", "billing"], &["root", "support", "billing"], 1_000);
        check("*", 500, &["agent"], &["root", "agent"], 500);
        check("9", 500, &["no_match"], &["root"], 500);
        check("2", 500, &["support", "fallback_repeat_prompt"], &["root", "support"], 5_000);
        check(
            "22",
            6_000,
            &["support", "fallback_repeat_prompt", "technical"],
            &["root", "support", "technical"],
            12_000,
        );
    }

    #[test]
    fn pauses_of_a_script_run_into_timeouts_and_prompts_take_no_time() {
        check(
            "2,,,1",
            500,
            &["support", "fallback_repeat_prompt", "billing"],
            &["root", "support", "billing"],
            7_000,
        );
        check("2 p w800ms 2", 500, &["support", "technical"], &["root", "support", "technical"], 1_800);
    }

    #[test]
    fn every_bad_field_is_named() {
        let request = SimulateDtmf {
            interaction_id: " ".into(),
            digits: "12x".into(),
            flow_id: None,
            gap_ms: Some(u32::MAX),
        };
        let fields: Vec<String> = Simulation::from_request(&request, 50)
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["interactionId", "digits", "gapMs"]);
    }
}
