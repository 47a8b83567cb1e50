#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;

use super::*;

const CADENCE: Duration = Duration::from_millis(160);

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn digit(symbol: char) -> Digit {
    Digit::try_from(symbol).unwrap()
}

fn machine(inputs: &[(u64, DialInput)]) -> DialMachine {
    let mut machine = DialMachine::new(CADENCE);
    for &(ms, input) in inputs {
        machine.handle_input(at(ms), input);
    }
    machine
}

fn outputs(machine: &mut DialMachine) -> Vec<DialOutput> {
    std::iter::from_fn(|| machine.poll_output()).collect()
}

fn fates(machine: &DialMachine) -> Vec<Fate> {
    machine.dialled().presses.iter().map(|press| press.fate).collect()
}

fn pressed(symbol: char) -> DialInput {
    DialInput::Pressed(digit(symbol))
}

#[test]
fn digits_of_a_call_that_connects_are_held_and_sent_in_order_once_it_streams() {
    let mut machine =
        machine(&[(0, DialInput::CallBegan), (100, pressed('1')), (150, pressed('2')), (200, pressed('#'))]);
    assert_eq!(outputs(&mut machine), ['1', '2', '#'].map(|symbol| DialOutput::Sound(digit(symbol))));
    assert_eq!(fates(&machine), [Fate::Held; 3]);
    assert_eq!(machine.poll_timeout(), None, "nothing that is held is late");
    machine.handle_input(at(1_000), DialInput::StreamOpened);
    let sent: Vec<char> = outputs(&mut machine)
        .into_iter()
        .map(|output| {
            let DialOutput::Send(press) = output else { panic!("{output:?}") };
            press.digit.as_char()
        })
        .collect();
    assert_eq!(sent, ['1', '2', '#']);
    assert_eq!(fates(&machine), [1_000, 1_160, 1_320].map(|ms| Fate::Sent(at(ms))));
    machine.handle_input(at(1_400), pressed('5'));
    assert_eq!(fates(&machine)[3], Fate::Sent(at(1_480)), "after those that were held");
}

#[test]
fn a_digit_that_cxone_reports_is_heard_and_one_that_it_does_not_report_is_unheard() {
    let mut machine = machine(&[
        (0, DialInput::CallBegan),
        (0, DialInput::StreamOpened),
        (1_000, pressed('1')),
        (2_000, pressed('2')),
        (2_040, DialInput::Reported(digit('2'))),
    ]);
    assert_eq!(fates(&machine), [Fate::Sent(at(1_000)), Fate::Heard(Some(Duration::from_millis(40)))]);
    assert_eq!(machine.poll_timeout(), Some(at(6_000)));
    machine.handle_timeout(at(5_999));
    assert_eq!(machine.dialled().figures.unheard, 0);
    outputs(&mut machine);
    machine.handle_timeout(at(6_000));
    let [DialOutput::Settled(press)] = outputs(&mut machine)[..] else { panic!("one fate") };
    assert_eq!((press.digit, press.fate), (digit('1'), Fate::Unheard(at(1_000))));
    assert_eq!(machine.poll_timeout(), None);
    machine.handle_input(at(7_000), DialInput::Reported(digit('1')));
    assert_eq!(fates(&machine)[0], Fate::Heard(Some(Duration::from_secs(6))), "late, and heard after all");
    assert_eq!(machine.dialled().figures, DialFigures { heard: 2, ..DialFigures::default() });
}

#[test]
fn what_nobody_dialled_here_is_foreign_and_so_is_a_digit_that_is_reported_twice() {
    let mut machine =
        machine(&[(0, DialInput::CallBegan), (0, DialInput::StreamOpened), (1_000, pressed('7'))]);
    for symbol in ['7', '7', '8'] {
        machine.handle_input(at(1_050), DialInput::Reported(digit(symbol)));
    }
    assert_eq!(machine.dialled().figures, DialFigures { heard: 1, foreign: 2, ..DialFigures::default() });
}

#[test]
fn digits_whose_tones_have_not_begun_are_held_again_when_the_stream_is_lost() {
    let mut machine = machine(&[
        (0, DialInput::CallBegan),
        (0, pressed('1')),
        (0, pressed('2')),
        (0, pressed('3')),
        (1_000, DialInput::StreamOpened),
        (1_200, DialInput::StreamLost),
    ]);
    assert_eq!(fates(&machine), [Fate::Sent(at(1_000)), Fate::Sent(at(1_160)), Fate::Held]);
    machine.handle_input(at(9_000), DialInput::StreamOpened);
    assert_eq!(fates(&machine)[2], Fate::Sent(at(9_000)));
}

#[test]
fn a_digit_that_is_not_sent_says_why() {
    let reason = |machine: &mut DialMachine| match outputs(machine).pop() {
        Some(DialOutput::Settled(Press { fate: Fate::Unsent(reason), .. })) => reason,
        other => panic!("{other:?}"),
    };
    let mut idle = machine(&[(0, pressed('1'))]);
    assert_eq!(reason(&mut idle), Unsent::NoCall);
    let mut over = machine(&[(0, DialInput::CallBegan), (0, pressed('1')), (10, DialInput::CallOver)]);
    assert_eq!(reason(&mut over), Unsent::CallOver);
    over.handle_input(at(20), DialInput::StreamOpened);
    over.handle_input(at(20), pressed('2'));
    assert_eq!(reason(&mut over), Unsent::CallOver);
    let mut deaf = machine(&[(0, DialInput::CallBegan), (0, DialInput::StreamOpened), (1, pressed('1'))]);
    let Some(DialOutput::Press(press)) = deaf.poll_output() else { panic!("a press") };
    deaf.handle_input(at(1), DialInput::Refused(press.number));
    assert_eq!(reason(&mut deaf), Unsent::NoAudio);
    let mut hasty = machine(&[(0, DialInput::CallBegan)]);
    for _ in 0..=MAX_WAITING {
        hasty.handle_input(at(1), pressed('1'));
    }
    assert_eq!(reason(&mut hasty), Unsent::TooMany);
    assert_eq!(hasty.dialled().figures.held, MAX_WAITING as u32);
}

#[test]
fn redial_means_this_call_s_digits_or_those_of_the_call_before() {
    let mut machine = machine(&[
        (0, DialInput::CallBegan),
        (0, DialInput::StreamOpened),
        (0, pressed('4')),
        (500, pressed('2')),
    ]);
    let dialled: Vec<Digit> = ['4', '2'].map(digit).into();
    machine.handle_input(at(1_000), DialInput::CallOver);
    machine.handle_input(at(1_100), pressed('9'));
    assert_eq!(machine.redial(), dialled, "what was not sent is not dialled again");
    machine.handle_input(at(2_000), DialInput::CallBegan);
    assert_eq!((machine.redial(), fates(&machine)), (dialled, vec![]));
    machine.handle_input(at(2_000), pressed('7'));
    assert_eq!(machine.redial(), [digit('7')]);
}

fn inputs() -> impl Strategy<Value = DialInput> {
    let symbol = || prop::sample::select(vec!['1', '2', '#']);
    prop_oneof![
        1 => Just(DialInput::CallBegan),
        2 => Just(DialInput::StreamOpened),
        2 => Just(DialInput::StreamLost),
        1 => Just(DialInput::CallOver),
        12 => symbol().prop_map(pressed),
        1 => (1u64..40).prop_map(DialInput::Refused),
        6 => symbol().prop_map(|symbol| DialInput::Reported(digit(symbol))),
        1 => symbol().prop_map(|symbol| DialInput::Recalled(digit(symbol))),
    ]
}

proptest! {
    #[test]
    fn every_press_ends_as_heard_unheard_or_unsent(steps in prop::collection::vec((0u64..400, inputs()), 0..400)) {
        let mut machine = DialMachine::new(CADENCE);
        let (mut now, mut pressed) = (0, 0);
        for (wait, input) in steps {
            now += wait;
            machine.handle_timeout(at(now));
            machine.handle_input(at(now), input);
            match input {
                DialInput::CallBegan => pressed = 0,
                DialInput::Pressed(_) | DialInput::Recalled(_) => pressed += 1,
                DialInput::StreamOpened
                | DialInput::StreamLost
                | DialInput::CallOver
                | DialInput::Refused(_)
                | DialInput::Reported(_) => {}
            }
            let DialFigures { held, sent, heard, unheard, unsent, .. } = machine.dialled().figures;
            prop_assert_eq!(held + sent + heard + unheard + unsent, pressed, "after {:?}", input);
            prop_assert!(machine.dialled().presses.len() <= MAX_PRESSES);
        }
        machine.handle_input(at(now), DialInput::CallOver);
        machine.handle_timeout(at(now) + REPORT_TIMEOUT);
        let DialFigures { held, sent, .. } = machine.dialled().figures;
        prop_assert_eq!((held, sent, machine.poll_timeout()), (0, 0, None));
    }
}
