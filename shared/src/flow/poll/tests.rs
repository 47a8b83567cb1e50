//! Simulations seen through, whatever comes back.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;

use super::*;

fn drain(poller: &mut Poller) -> Vec<PollOutput> {
    std::iter::from_fn(|| poller.poll_output()).collect()
}

fn state(status: SimulationStatus) -> PollInput {
    PollInput::Answered(Box::new(SimulationResult::pending(status)))
}

/// A poller whose submission was accepted at zero.
fn accepted() -> Poller {
    let mut poller = Poller::new(PollConfig::default());
    poller.handle_input(Instant::ZERO, PollInput::Submit);
    assert_eq!(drain(&mut poller), [PollOutput::Submit]);
    poller.handle_input(Instant::ZERO, PollInput::Accepted);
    poller
}

/// Lets every attempt be answered with `input`: the waits before each, in seconds, and the ending.
fn run(mut poller: Poller, input: &PollInput) -> (Vec<u64>, Ending) {
    let (mut now, mut waits) = (Instant::ZERO, Vec::new());
    loop {
        if let Some(due) = poller.poll_timeout() {
            waits.push((due - now).as_secs());
            now = due;
            poller.handle_timeout(now);
        }
        match drain(&mut poller).pop() {
            Some(PollOutput::Ended(ending)) => return (waits, ending),
            Some(PollOutput::Submit | PollOutput::Ask) => poller.handle_input(now, input.clone()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_run_that_never_ends_is_given_up_after_fifteen_attempts() {
    let (waits, ending) = run(accepted(), &state(SimulationStatus::Running));
    assert_eq!(waits, [1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
    let status = Some(SimulationStatus::Running);
    assert_eq!(ending, Ending::GaveUp { attempts: 15, status, trouble: None });
}

#[test]
fn a_storm_of_429_is_waited_out_as_it_asks() {
    let refused = PollInput::Refused(429, Some(Duration::from_secs(5)), String::new());
    let (waits, ending) = run(accepted(), &refused);
    assert_eq!(waits[..5], [1, 5, 5, 8, 8]);
    assert!(matches!(ending, Ending::GaveUp { trouble: Some(Trouble::Status(429)), .. }));
    let long = PollInput::Refused(503, Some(Duration::from_hours(9)), String::new());
    assert_eq!(run(accepted(), &long).0[..2], [1, 60]);
    let mut poller = Poller::new(PollConfig::default());
    poller.handle_input(Instant::ZERO, PollInput::Submit);
    drain(&mut poller);
    poller.handle_input(Instant::ZERO, refused);
    assert_eq!(poller.progress().phase, PollPhase::Submitting);
    assert_eq!(poller.poll_timeout(), Some(Instant::from_millis(5_000)));
    poller.handle_timeout(Instant::from_millis(5_000));
    assert_eq!(drain(&mut poller), [PollOutput::Submit]);
}

#[test]
fn every_ending_has_a_name() {
    let check = |input: PollInput, ending: &Ending| assert_eq!(run(accepted(), &input).1, *ending);
    let done = SimulationResult::pending(SimulationStatus::Completed);
    check(PollInput::Answered(Box::new(done.clone())), &Ending::Completed(Box::new(done)));
    let failed = SimulationResult::pending(SimulationStatus::Failed);
    check(PollInput::Answered(Box::new(failed.clone())), &Ending::Failed(Box::new(failed)));
    for status in [400, 401, 403, 404] {
        check(
            PollInput::Refused(status, None, "no".into()),
            &Ending::Refused { status, detail: "no".into() },
        );
    }
    check(PollInput::Unreadable("<html>".into()), &Ending::Unreadable("<html>".into()));
    let trouble = Some(Trouble::Lost("offline".into()));
    let status = Some(SimulationStatus::Queued);
    check(PollInput::Lost("offline".into()), &Ending::GaveUp { attempts: 15, status, trouble });
    let mut poller = Poller::new(PollConfig::default());
    poller.handle_input(Instant::ZERO, PollInput::Submit);
    let (_, ending) = run(poller, &PollInput::Lost("offline".into()));
    assert_eq!(ending, Ending::Unsure(Trouble::Lost("offline".into())));
}

#[test]
fn a_cancelled_run_is_asked_for_no_more() {
    let mut poller = accepted();
    poller.handle_timeout(Instant::from_millis(1_000));
    drain(&mut poller);
    poller.handle_input(Instant::from_millis(1_001), PollInput::Cancel);
    assert_eq!(drain(&mut poller), [PollOutput::Abandon, PollOutput::Ended(Ending::Cancelled)]);
    poller.handle_input(Instant::from_millis(1_002), state(SimulationStatus::Completed));
    poller.handle_timeout(Instant::from_millis(999_999));
    assert_eq!((drain(&mut poller), poller.poll_timeout()), (vec![], None));
}

proptest! {
    #[test]
    fn there_is_one_request_at_a_time_and_one_ending(
        inputs in prop::collection::vec((0u8..11, 0u64..20_000), 0..200), attempts in 1u32..6
    ) {
        let mut poller = Poller::new(PollConfig { attempts, ..PollConfig::default() });
        let (mut now, mut under_way, mut asked, mut ended) = (Instant::ZERO, false, 0, 0);
        for (input, ms) in inputs {
            now += Duration::from_millis(ms);
            let answers = (2..=8).contains(&input);
            let fits = !answers || under_way;
            let before = poller.progress();
            match input {
                0 => poller.handle_input(now, PollInput::Submit),
                1 => poller.handle_input(now, PollInput::Resume),
                2 => poller.handle_input(now, PollInput::Accepted),
                3 => poller.handle_input(now, state(SimulationStatus::Running)),
                4 => poller.handle_input(now, state(SimulationStatus::Completed)),
                5 => poller.handle_input(now, PollInput::Refused(429, Some(Duration::from_millis(ms)), String::new())),
                6 => poller.handle_input(now, PollInput::Refused(500, None, String::new())),
                7 => poller.handle_input(now, PollInput::Lost(String::new())),
                8 => poller.handle_input(now, PollInput::Unreadable(String::new())),
                9 if ms < 1_000 => poller.handle_input(now, PollInput::Cancel),
                _ => poller.handle_timeout(now),
            }
            if !fits {
                prop_assert_eq!(&before, &poller.progress(), "an answer that nobody waits for");
            }
            if poller.poll_timeout().is_some() || ended == 1 {
                under_way = false;
            }
            for output in drain(&mut poller) {
                match output {
                    PollOutput::Submit | PollOutput::Ask => {
                        prop_assert!(!under_way && ended == 0);
                        (under_way, asked) = (true, asked + 1);
                    }
                    PollOutput::Abandon => { prop_assert!(under_way); under_way = false; }
                    PollOutput::Ended(_) => { ended += 1; under_way = false; }
                }
            }
            let progress = poller.progress();
            prop_assert!(progress.attempt <= attempts && asked <= 2 * attempts && ended <= 1);
            prop_assert_eq!(progress.phase == PollPhase::Over, ended == 1);
            if let Some(due) = poller.poll_timeout() {
                prop_assert!(due - now <= Duration::from_mins(1));
            }
        }
    }
}
