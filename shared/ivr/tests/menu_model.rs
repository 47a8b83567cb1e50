//! The menu machine against a naive model: strings, searched anew for every digit, one timer.
#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::unwrap_used, reason = "clippy does not know wasm's tests")
)]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::{sync::Arc, time::Duration};

use base::{digit::Digit, time::Instant};
use ivr::{CompiledFlow, Event, FlowDefinition, Input, MachineConfig, MenuMachine, Resolution, SessionKey};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Menu {
    sequences: Vec<(String, usize)>,
    terminator: Option<char>,
    max_retries: u8,
    first_ms: u64,
    inter_ms: u64,
}

#[derive(Clone, Debug)]
struct Flow {
    distance: u8,
    menus: Vec<Menu>,
}

#[derive(Clone, Debug)]
enum Step {
    Press(char),
    Wait(u64),
}

/// What is compared: which menu resolved how, with which digits, and how it ended.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Entered(usize),
    Resolved(Resolution, String),
    Exhausted,
    Ended,
}

struct Model<'a> {
    flow: &'a Flow,
    at: usize,
    buffer: String,
    before: String,
    retries: u8,
    now: u64,
    deadline: Option<u64>,
    seen: Vec<Seen>,
}

impl Model<'_> {
    fn enter(&mut self, to: usize) {
        self.at = to;
        self.seen.push(Seen::Entered(to));
        self.retries = 0;
        self.buffer.clear();
        self.deadline = self.flow.menus.get(to).map(|menu| self.now + menu.first_ms);
        if self.deadline.is_none() {
            self.seen.push(Seen::Ended);
        }
    }

    fn wait(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(deadline) = self.deadline.filter(|&deadline| deadline <= until) {
            self.now = deadline;
            self.deadline = None;
            self.timeout();
        }
        self.now = until;
    }

    fn press(&mut self, digit: char) {
        let Some(menu) = self.flow.menus.get(self.at).filter(|_| self.seen.last() != Some(&Seen::Ended))
        else {
            return;
        };
        if menu.terminator == Some(digit) {
            return self.conclude();
        }
        self.buffer.push(digit);
        let longest =
            menu.sequences.iter().map(|(sequence, _)| sequence.len()).max().expect("a menu has sequences");
        let on_the_way =
            |sequence: &String| sequence.len() > self.buffer.len() && sequence.starts_with(&self.buffer);
        let is_prefix = menu.sequences.iter().any(|(sequence, _)| sequence.starts_with(&self.buffer));
        let may_be_corrected = !is_prefix
            && self.buffer.len() < longest
            && menu.sequences.iter().filter(|(sequence, _)| sequence.len() > 1).any(|(sequence, _)| {
                (0..=sequence.len()).any(|end| {
                    strsim::levenshtein(&self.buffer, &sequence[..end]) <= self.flow.distance.into()
                })
            });
        if menu.sequences.iter().any(|(sequence, _)| on_the_way(sequence)) || may_be_corrected {
            self.deadline = Some(self.now + menu.inter_ms);
        } else {
            self.conclude();
        }
    }

    fn conclude(&mut self) {
        let menu = &self.flow.menus[self.at];
        if let Some((_, to)) = menu.sequences.iter().find(|(sequence, _)| *sequence == self.buffer) {
            return self.succeed(Resolution::Matched, &self.buffer.clone(), *to);
        }
        let limit = usize::from(self.flow.distance).min(self.buffer.len().saturating_sub(1));
        let near = |distance: usize| -> Vec<&(String, usize)> {
            menu.sequences
                .iter()
                .filter(|(sequence, _)| strsim::levenshtein(sequence, &self.buffer) == distance)
                .collect()
        };
        match (1..=limit).map(near).find(|nearest| !nearest.is_empty()).as_deref() {
            None => self.fail(Resolution::NoMatch),
            Some([(sequence, to)]) => self.succeed(Resolution::Corrected, sequence, *to),
            Some(_) => self.fail(Resolution::Ambiguous),
        }
    }

    fn timeout(&mut self) {
        let menu = &self.flow.menus[self.at];
        let matches = menu.sequences.iter().any(|(sequence, _)| *sequence == self.buffer);
        let prefix = menu.sequences.iter().any(|(sequence, _)| sequence.starts_with(&self.buffer));
        if !self.buffer.is_empty() && (matches || !prefix) {
            self.conclude();
        } else if self.buffer.is_empty() && self.before.is_empty() {
            self.fail(Resolution::TimedOut);
        } else {
            self.fail(Resolution::TimedOutPartial);
        }
    }

    fn succeed(&mut self, how: Resolution, taken: &str, to: usize) {
        self.seen.push(Seen::Resolved(how, self.buffer.clone()));
        self.before.push_str(taken);
        self.enter(to);
    }

    fn fail(&mut self, how: Resolution) {
        self.seen.push(Seen::Resolved(how, self.buffer.clone()));
        self.buffer.clear();
        if self.retries == self.flow.menus[self.at].max_retries {
            self.seen.extend([Seen::Exhausted, Seen::Ended]);
            self.deadline = None;
        } else {
            self.retries += 1;
            self.deadline = Some(self.now + self.flow.menus[self.at].first_ms);
        }
    }
}

/// Menus lead to menus with higher numbers and to the end, so that every walk comes to one.
fn flows() -> impl Strategy<Value = Flow> {
    let menu = |index: usize, count: usize| {
        (
            prop::collection::btree_map("[1-3]{1,3}", (index + 1)..=count, 1..5),
            prop::option::of(Just('#')),
            0u8..3,
            prop::sample::select(vec![1_000u64, 2_500]),
            prop::sample::select(vec![700u64, 1_000]),
        )
            .prop_map(|(sequences, terminator, max_retries, first_ms, inter_ms)| Menu {
                sequences: sequences.into_iter().collect(),
                terminator,
                max_retries,
                first_ms,
                inter_ms,
            })
    };
    let menus = (menu(0, 3), menu(1, 3), menu(2, 3));
    (0u8..3, menus).prop_map(|(distance, (a, b, c))| Flow { distance, menus: vec![a, b, c] })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::sample::select(vec!['1', '2', '3', '4', '#']).prop_map(Step::Press),
        1 => prop::sample::select(vec![1u64, 699, 700, 999, 1_000, 1_001, 2_500, 9_000]).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..40)
}

fn compile(flow: &Flow) -> Arc<CompiledFlow> {
    let mut nodes: Vec<serde_json::Value> = flow
        .menus
        .iter()
        .enumerate()
        .map(|(index, menu)| {
            let branches: Vec<_> = menu
                .sequences
                .iter()
                .map(|(value, to)| serde_json::json!({"on": "digits", "value": value, "to": to.to_string()}))
                .collect();
            serde_json::json!({
                "id": index.to_string(), "type": "menu", "maxRetries": menu.max_retries,
                "terminator": menu.terminator, "firstDigitTimeoutMs": menu.first_ms,
                "interDigitTimeoutMs": menu.inter_ms, "branches": branches,
            })
        })
        .collect();
    nodes.push(serde_json::json!({"id": flow.menus.len().to_string(), "type": "hangup"}));
    let definition = serde_json::json!({
        "flowId": "random", "name": "", "start": "0", "correctionDistance": flow.distance, "nodes": nodes,
    });
    let definition: FlowDefinition =
        serde_json::from_value(definition).expect("the generated flow is well formed");
    Arc::new(CompiledFlow::compile(definition).expect("the generated flow holds"))
}

/// What the machine says of `key`'s interaction.
fn drain(machine: &mut MenuMachine, key: SessionKey, into: &mut Vec<Seen>) {
    while let Some(output) = machine.poll_output() {
        if output.session != key {
            continue;
        }
        match output.event {
            Event::Entered { node } => into.push(Seen::Entered(node.index())),
            Event::Resolved(resolved) => {
                into.push(Seen::Resolved(resolved.resolution, resolved.entered.to_string()));
            }
            Event::Exhausted { .. } => into.push(Seen::Exhausted),
            Event::Ended { .. } => into.push(Seen::Ended),
            Event::Action { .. }
            | Event::Say { .. }
            | Event::StopSaying
            | Event::Digit { .. }
            | Event::TypedAhead { .. }
            | Event::Dropped { .. }
            | Event::Resynchronised { .. } => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_does_what_the_naive_model_does(flow in flows(), steps in steps()) {
        let mut model = Model {
            flow: &flow, at: 0, buffer: String::new(), before: String::new(), retries: 0, now: 0, deadline: None, seen: vec![],
        };
        model.enter(0);
        let mut machine = MenuMachine::new(compile(&flow), MachineConfig::default());
        // A second interaction is there throughout and must change nothing.
        let _other = machine.open(Instant::ZERO).unwrap();
        let key = machine.open(Instant::ZERO).unwrap();
        let mut outputs = Vec::new();
        drain(&mut machine, key, &mut outputs);
        let mut now = Instant::ZERO;
        for step in &steps {
            match *step {
                Step::Press(digit) => {
                    model.press(digit);
                    machine.handle_input(now, key, Input::Digit(Digit::try_from(digit).unwrap())).unwrap();
                }
                Step::Wait(ms) => {
                    model.wait(ms);
                    now += Duration::from_millis(ms);
                    machine.handle_timeout(now);
                }
            }
            drain(&mut machine, key, &mut outputs);
            prop_assert_eq!(&outputs, &model.seen, "after {:?} of {:?}", step, steps);
        }
    }

    #[test]
    fn type_ahead_during_prompts_leads_to_the_same_place(flow in flows(), digits in "[1-4#]{0,20}") {
        let compiled = compile(&flow);
        let mut machine = MenuMachine::new(compiled, MachineConfig::default());
        let at_once = machine.open(Instant::ZERO).unwrap();
        for digit in digits.chars() {
            machine.handle_input(Instant::ZERO, at_once, Input::Digit(Digit::try_from(digit).unwrap())).unwrap();
        }
        let slowly = machine.open(Instant::ZERO).unwrap();
        let mut now = Instant::ZERO;
        for digit in digits.chars() {
            now += Duration::from_millis(600);
            machine.handle_input(now, slowly, Input::Digit(Digit::try_from(digit).unwrap())).unwrap();
        }
        let (at_once, slowly) = (machine.session(at_once).unwrap(), machine.session(slowly).unwrap());
        prop_assert_eq!((at_once.node, at_once.entered, at_once.outcome), (slowly.node, slowly.entered, slowly.outcome));
    }
}
