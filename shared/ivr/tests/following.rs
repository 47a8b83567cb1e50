//! A call that is followed over a bad network: CXone executes the flow, its reports come late, twice, out of order or never,
//! and the follower is at the same place with the same digits, or says where it is not.
#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::unwrap_used, reason = "clippy does not know wasm's tests")
)]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::{sync::Arc, time::Duration};

use base::{
    digit::{Digit, DigitString},
    time::Instant,
};
use ivr::{
    CompiledFlow, DropReason, Event, FlowDefinition, Followed, Follower, Input, MachineConfig, MenuMachine,
    NodeIx, Note, Outcome, PromptTiming, Report, Resolution,
};
use serde_json::{Value, json};

/// Length of every prompt.
const PROMPT: Duration = Duration::from_millis(900);
/// Number of calls of each kind.
const CALLS: u64 = 1_000;

fn flow() -> Arc<CompiledFlow> {
    let says = |barge_in: bool| json!({ "bargeIn": barge_in, "segments": [{ "asset": "a", "text": "t" }] });
    let digits = |value: &str, to: &str| json!({ "on": "digits", "value": value, "to": to });
    let on = |on: &str, to: &str| json!({ "on": on, "to": to });
    let definition = json!({
        "flowId": "desk", "name": "", "start": "welcome",
        "nodes": [
            { "id": "welcome", "type": "prompt", "prompt": says(false), "branches": [on("next", "account")] },
            {
                "id": "account", "type": "collect", "variable": "account", "minDigits": 4, "maxDigits": 8, "terminator": "#",
                "prompt": says(true), "branches": [
                    on("collected", "confirm"), on("timeout", "help"), on("noMatch", "short"), on("maxLength", "help"),
                ],
            },
            { "id": "help", "type": "prompt", "prompt": says(true), "branches": [on("next", "again")] },
            { "id": "short", "type": "prompt", "prompt": says(true), "branches": [on("next", "again")] },
            {
                "id": "again", "type": "collect", "variable": "account", "minDigits": 4, "maxDigits": 8, "terminator": "#",
                "prompt": says(true), "timeoutPrompt": says(true), "branches": [on("collected", "confirm"), on("maxRetries", "bye")],
            },
            {
                "id": "confirm", "type": "menu", "prompt": says(true), "noMatchPrompt": says(true), "branches": [
                    digits("1", "route"), digits("2", "again"), digits("33", "directory"), digits("*", "confirm"),
                    on("maxRetries", "bye"),
                ],
            },
            {
                "id": "directory", "type": "menu", "timeoutFrom": "entry", "prompt": says(false), "branches": [
                    digits("101", "bye"), digits("1", "confirm"), digits("0", "agent"), on("timeout", "confirm"),
                ],
            },
            {
                "id": "route", "type": "decision", "variable": "account",
                "branches": [{ "on": "case", "value": "4711471", "to": "agent" }, on("default", "bye")],
            },
            { "id": "agent", "type": "transfer", "target": "queue", "prompt": says(false) },
            { "id": "bye", "type": "hangup", "prompt": says(false) },
        ],
    });
    compile(definition)
}

fn compile(definition: Value) -> Arc<CompiledFlow> {
    let definition: FlowDefinition = serde_json::from_value(definition).expect("the flow is well formed");
    Arc::new(CompiledFlow::compile(definition).expect("the flow holds"))
}

/// Splitmix64: the same numbers from the same seed everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn ms(&mut self, bound: u64) -> Duration {
        Duration::from_millis(self.below(bound))
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The knowledge of one side at the end.
#[derive(Clone, Debug, PartialEq)]
struct End {
    node: String,
    outcome: Option<Outcome>,
    account: Option<Value>,
    resolved: Vec<(Resolution, DigitString)>,
}

/// The keys of a caller who types ahead, waits, and errs.
fn keys(random: &mut Random) -> Vec<(Instant, Digit)> {
    let mut now = Instant::from_millis(200);
    let mut keys = Vec::new();
    for _ in 0..=random.below(5) {
        let phrase = random.pick(&[
            "12#4",
            "711471#1",
            "4711471#",
            "33",
            "101",
            "1",
            "*",
            "2",
            "9",
            "0",
            "123456789",
            "47",
        ]);
        for symbol in phrase.chars() {
            keys.push((now, digit(symbol)));
            now += Duration::from_millis(90) + random.ms(250);
        }
        now += [Duration::ZERO, random.ms(900), random.ms(4_000), random.ms(9_000)][random.below(4) as usize];
    }
    keys
}

fn digit(symbol: char) -> Digit {
    Digit::try_from(symbol).expect("the phrases have digits alone")
}

/// Runs a call as CXone does. Returns its reports, with their times, and the end.
fn call(flow: &Arc<CompiledFlow>, keys: &[(Instant, Digit)]) -> (Vec<(Instant, Report)>, End) {
    let config = MachineConfig { prompts: PromptTiming::Reported, ..MachineConfig::default() };
    let mut machine = MenuMachine::new(Arc::clone(flow), config);
    let mut now = Instant::ZERO;
    let key = machine.open(now).expect("a new machine has room");
    let (mut keys, mut reports) = (keys.iter().copied().peekable(), Vec::new());
    let (mut speaking_until, mut at, mut resolved) = (None::<Instant>, flow.start(), Vec::new());
    loop {
        while let Some(output) = machine.poll_output() {
            match output.event {
                Event::Entered { node } => {
                    at = node;
                    reports.push((now, Report::At(node)));
                }
                Event::Say { .. } => speaking_until = Some(speaking_until.unwrap_or(now) + PROMPT),
                Event::StopSaying => speaking_until = None,
                Event::Resolved(step) => {
                    resolved.push((step.resolution, step.entered));
                    if matches!(step.resolution, Resolution::TimedOut | Resolution::TimedOutPartial) {
                        reports.push((now, Report::TimedOut(step.node)));
                    }
                }
                Event::Action { .. }
                | Event::Digit { .. }
                | Event::TypedAhead { .. }
                | Event::Dropped { .. }
                | Event::Exhausted { .. }
                | Event::Resynchronised { .. }
                | Event::Ended { .. } => {}
            }
        }
        let pressed = keys.peek().map(|(at, _)| *at);
        let Some(next) = [pressed, speaking_until, machine.poll_timeout()].into_iter().flatten().min() else {
            break;
        };
        now = next;
        if pressed == Some(now) {
            let (_, digit) = keys.next().expect("it was peeked at");
            reports.push((now, Report::Digit(digit)));
            machine.handle_input(now, key, Input::Digit(digit)).expect("the session is open");
        } else if speaking_until == Some(now) {
            speaking_until = None;
            reports.push((now, Report::PromptsEnded(at)));
            machine.handle_input(now, key, Input::PromptsEnded).expect("the session is open");
        } else {
            machine.handle_timeout(now);
        }
    }
    reports.push((now + Duration::from_secs(1), Report::Over));
    let session = machine.session(key).expect("the session is open");
    let account = machine.variable(key, "account");
    (reports, End { node: flow.node(session.node).id.clone(), outcome: session.outcome, account, resolved })
}

/// Follows a call by reports in the order of their arrival. Returns the end, and what was said on discrepancies.
fn follow(flow: &Arc<CompiledFlow>, mut arrivals: Vec<(Instant, Instant, Report)>) -> (End, Vec<String>) {
    arrivals.sort_by_key(|(arrives, ..)| *arrives);
    let mut follower = Follower::new(Arc::clone(flow), PromptTiming::Reported, Instant::ZERO);
    let (mut resolved, mut said) = (Vec::new(), Vec::new());
    let mut drain = |follower: &mut Follower| {
        while let Some(output) = follower.poll_output() {
            match output {
                Followed::Note(_, Note::Ahead(_)) => {}
                Followed::Note(_, note) => said.push(format!("{note:?}")),
                Followed::Step(step) => {
                    let event = step.event;
                    if let Event::Resolved(step) = event {
                        resolved.push((step.resolution, step.entered));
                    }
                    if matches!(event, Event::Resynchronised { .. }) {
                        said.push(format!("{event:?}"));
                    }
                }
            }
        }
    };
    for (arrives, happened, report) in arrivals {
        while let Some(due) = follower.poll_timeout().filter(|due| *due <= arrives) {
            follower.handle_timeout(due);
        }
        follower.handle_report(arrives, report, Some(happened));
        drain(&mut follower);
    }
    while let Some(due) = follower.poll_timeout() {
        follower.handle_timeout(due);
        drain(&mut follower);
    }
    let session = follower.session().expect("the session is open");
    let account = follower.variable("account");
    (End { node: flow.node(session.node).id.clone(), outcome: session.outcome, account, resolved }, said)
}

#[test]
fn confirmations_that_come_late_and_reports_that_come_twice_change_nothing() {
    let flow = flow();
    for seed in 0..CALLS {
        let mut random = Random(seed);
        let keys = keys(&mut random);
        let (reports, expected) = call(&flow, &keys);
        let (mut line, mut confirmed) = (Instant::ZERO, Instant::ZERO);
        let mut arrivals = Vec::new();
        for (happened, report) in reports {
            line = line.max(happened + random.ms(150));
            let mut arrives = line;
            if let Report::At(_) = report {
                confirmed = confirmed.max(line + random.ms(1_500));
                arrives = confirmed;
            }
            arrivals.push((arrives, happened + Duration::from_millis(1), report));
            if random.below(4) == 0 {
                arrivals.push((arrives + random.ms(2_000), happened + Duration::from_millis(1), report));
            }
        }
        let (end, said) = follow(&flow, arrivals);
        assert_eq!((end, said), (expected, vec![]), "call {seed}: {keys:?}");
    }
}

#[test]
fn reports_in_any_order_lead_to_the_same_place_or_it_is_said_where_not() {
    let flow = flow();
    let mut same = 0;
    for seed in 0..CALLS {
        let mut random = Random(seed);
        let keys = keys(&mut random);
        let (reports, expected) = call(&flow, &keys);
        let mut arrivals = Vec::new();
        for (happened, report) in reports {
            let copies = if random.below(5) == 0 { 2 } else { 1 };
            for _ in 0..copies {
                arrivals.push((happened + random.ms(400), happened + Duration::from_millis(1), report));
            }
        }
        let (end, said) = follow(&flow, arrivals);
        let agree =
            (&end.node, end.outcome, &end.account) == (&expected.node, expected.outcome, &expected.account);
        assert!(agree || !said.is_empty(), "call {seed}: {end:?} for {expected:?}");
        same += u64::from(agree);
    }
    assert!(same > CALLS * 6 / 10, "only {same} of {CALLS} agree");
}

fn node(flow: &CompiledFlow, id: &str) -> NodeIx {
    flow.find(id).expect("the flow has the node")
}

/// Follows from the start by reports, each in milliseconds of both clocks. Returns the follower and what was said.
fn follow_in_order(flow: &Arc<CompiledFlow>, reports: &[(u64, u64, Report)]) -> (Follower, Vec<Note>) {
    let mut follower = Follower::new(Arc::clone(flow), PromptTiming::Reported, Instant::ZERO);
    for &(arrives, happened, report) in reports {
        follower.handle_report(Instant::from_millis(arrives), report, Some(Instant::from_millis(happened)));
    }
    let mut notes = Vec::new();
    while let Some(output) = follower.poll_output() {
        match output {
            Followed::Note(_, note) => notes.push(note),
            Followed::Step(step) => assert!(!matches!(step.event, Event::Resynchronised { .. }), "{step:?}"),
        }
    }
    (follower, notes)
}

#[test]
fn a_node_that_is_reported_before_its_digit_is_followed_and_the_digit_does_not_count_twice() {
    let flow = flow();
    let digit = |symbol: char| Report::Digit(Digit::try_from(symbol).unwrap());
    let at = |id: &str| Report::At(node(&flow, id));
    let mut reports: Vec<_> =
        "4711471".chars().zip(0..).map(|(symbol, index)| (index, index, digit(symbol))).collect();
    reports.extend([
        (1_000, 900, Report::PromptsEnded(node(&flow, "welcome"))),
        (1_001, 900, at("account")),
        // The terminator's report is late.
        (2_000, 1_900, at("confirm")),
        (2_100, 1_900, digit('#')),
        // So is that of the star, which leads back to where it was pressed.
        (3_000, 2_900, at("confirm")),
        (3_100, 2_900, digit('*')),
        (4_000, 3_900, digit('1')),
    ]);
    let (follower, notes) = follow_in_order(&flow, &reports);
    assert_eq!(notes, [Note::Ahead(node(&flow, "confirm")), Note::Ahead(node(&flow, "confirm"))]);
    assert_eq!(follower.session().unwrap().node, node(&flow, "agent"));
    assert_eq!(follower.variable("account"), Some(json!("4711471")));
}

#[test]
fn a_mistake_drops_what_was_typed_ahead_and_its_prompt_is_heard() {
    let flow = flow();
    let mut machine = MenuMachine::new(
        Arc::clone(&flow),
        MachineConfig { prompts: PromptTiming::Reported, ..MachineConfig::default() },
    );
    let key = machine.open(Instant::ZERO).unwrap();
    for symbol in "12#47".chars() {
        machine.handle_input(Instant::ZERO, key, Input::Digit(Digit::try_from(symbol).unwrap())).unwrap();
    }
    machine.handle_input(Instant::from_millis(900), key, Input::PromptsEnded).unwrap();
    let session = machine.session(key).unwrap();
    assert_eq!((session.node, session.speaking), (node(&flow, "short"), true));
    let dropped: Vec<(char, DropReason)> = std::iter::from_fn(|| machine.poll_output())
        .filter_map(|output| {
            let Event::Dropped { digit, reason } = output.event else { return None };
            Some((digit.as_char(), reason))
        })
        .collect();
    assert_eq!(dropped, [('4', DropReason::Mistake), ('7', DropReason::Mistake)]);
}
