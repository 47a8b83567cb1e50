//! One job.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_job_that_never_ends_is_given_up_after_fifteen_polls() {
    let (waits, ending) = run(accepted::<Keyless>(steady()), &replied(Stage::Running));
    assert_eq!(waits, [1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16]);
    let stage = Some(Stage::Running);
    assert_eq!(ending, Ending::GaveUp { attempts: 15, stage, trouble: None });
}

#[test]
fn jobs_that_are_submitted_together_are_not_polled_together() {
    let config = JobConfig::default();
    let first_polls: Vec<Duration> = (0..200)
        .map(|seed| {
            let mut machine = JobMachine::<Keyless>::new(config, seed);
            machine.handle_input(Instant::ZERO, JobInput::Start(Start::Submit));
            machine.handle_input(Instant::ZERO, replied(Stage::Queued));
            machine.poll_timeout().unwrap() - Instant::ZERO
        })
        .collect();
    let bounds = config.min_wait..Duration::from_secs(1);
    assert!(first_polls.iter().all(|wait| bounds.contains(wait)), "{first_polls:?}");
    let before = |limit: u64| first_polls.iter().filter(|wait| **wait < Duration::from_millis(limit)).count();
    // A third of the range has about a third of them, at its lower end as well.
    assert!((40..95).contains(&before(500)) && (105..160).contains(&before(750)), "{first_polls:?}");
}

#[test]
fn a_storm_of_429_is_waited_out_as_it_asks() {
    let storm = failed(429, Some(Duration::from_secs(5)));
    let (waits, ending) = run(accepted::<Keyless>(steady()), &storm);
    assert_eq!(waits[..6], [1, 5, 5, 5, 8, 16]);
    assert!(matches!(ending, Ending::GaveUp { attempts: 15, trouble: Some(Trouble::Status(429)), .. }));
    let long = failed(503, Some(Duration::from_hours(9)));
    assert_eq!(run(accepted::<Keyless>(steady()), &long).0[..2], [1, 60]);

    let mut machine = submitted::<Keyless>(JobConfig::default());
    machine.handle_input(Instant::ZERO, storm.clone());
    assert_eq!(machine.progress().phase, JobPhase::Submitting);
    assert_eq!(machine.poll_timeout(), Some(seconds(5)));
    machine.handle_timeout(seconds(5));
    assert_eq!(drain(&mut machine), [SUBMIT], "it was not looked at, so it cannot have arrived");
    let (waits, ending) = run_submitted::<Keyless>(steady(), &storm);
    assert_eq!(waits.len(), 14, "fifteen submissions");
    assert!(matches!(ending, Ending::GaveUp { attempts: 15, stage: None, .. }), "{ending:?}");
}

#[test]
fn every_ending_has_a_name() {
    let check = |input: Input, ending: &Ending<Stage>| {
        assert_eq!(run(accepted::<Keyless>(JobConfig::default()), &input).1, *ending);
    };
    check(replied(Stage::Done), &Ending::Done(Box::new(Stage::Done)));
    check(replied(Stage::Failed), &Ending::Failed(Box::new(Stage::Failed)));
    for status in [400, 401, 403, 404, 409] {
        check(failed(status, None), &Ending::Refused { status, detail: "no".into() });
    }
    check(JobInput::Unreadable("<html>".into()), &Ending::Unreadable("<html>".into()));
    let trouble = Some(Trouble::Lost("offline".into()));
    let stage = Some(Stage::Queued);
    check(JobInput::Lost("offline".into()), &Ending::GaveUp { attempts: 15, stage, trouble });
}

#[test]
fn a_job_that_is_over_with_its_submission_is_never_polled() {
    let mut machine = submitted::<Keyed>(JobConfig::default());
    machine.handle_input(Instant::ZERO, replied(Stage::Done));
    assert_eq!(drain(&mut machine), [JobOutput::Ended(Ending::Done(Box::new(Stage::Done)))]);
    assert_eq!(machine.poll_timeout(), None);
}

#[test]
fn a_submission_without_a_key_is_not_sent_again_once_it_may_have_arrived() {
    let lost = JobInput::Lost("offline".into());
    let (waits, ending) = run_submitted::<Keyless>(JobConfig::default(), &lost);
    assert_eq!((waits, ending), (vec![], Ending::Unknown(Trouble::Lost("offline".into()))));
    // Where no connection was made it cannot have arrived.
    let unsent = JobInput::Unsent("connection refused".into());
    let (waits, ending) = run_submitted::<Keyless>(steady(), &unsent);
    assert_eq!(waits[..3], [1, 2, 4]);
    let trouble = Some(Trouble::Lost("connection refused".into()));
    assert_eq!(ending, Ending::GaveUp { attempts: 15, stage: None, trouble });
    for status in [500, 502, 503, 504] {
        let (waits, ending) = run_submitted::<Keyless>(JobConfig::default(), &failed(status, None));
        assert_eq!((waits, ending), (vec![], Ending::Refused { status, detail: "no".into() }));
    }
}

#[test]
fn a_submission_with_a_key_is_sent_again_and_says_that_it_may_have_arrived() {
    for input in [JobInput::Lost("offline".into()), failed(503, None)] {
        let mut machine = submitted::<Keyed>(steady());
        machine.handle_input(Instant::ZERO, input.clone());
        machine.handle_timeout(seconds(1));
        assert_eq!(drain(&mut machine), [JobOutput::Submit { may_have_arrived: true }]);
        // It may run, whatever the last answer was.
        let (_, ending) = run_submitted::<Keyed>(steady(), &input);
        assert!(matches!(ending, Ending::Unknown(_)), "{ending:?}");
    }
}

#[test]
fn a_request_that_nobody_answers_is_abandoned() {
    let mut machine = submitted::<Keyed>(steady());
    machine.handle_timeout(seconds(60));
    assert_eq!(drain(&mut machine), [JobOutput::Abandon]);
    assert_eq!(machine.progress().trouble, Some(Trouble::Lost("no answer came within 60 s".into())));
    machine.handle_input(seconds(60), replied(Stage::Done));
    assert_eq!(drain(&mut machine), [], "its answer no longer counts");
    machine.handle_timeout(seconds(61));
    assert_eq!(drain(&mut machine), [JobOutput::Submit { may_have_arrived: true }]);
    let mut machine = submitted::<Keyless>(steady());
    machine.handle_timeout(seconds(60));
    let trouble = Trouble::Lost("no answer came within 60 s".into());
    assert_eq!(drain(&mut machine), [JobOutput::Abandon, JobOutput::Ended(Ending::Unknown(trouble))]);
}

#[test]
fn a_cancelled_job_is_asked_about_no_more() {
    let mut machine = accepted::<Keyless>(steady());
    machine.handle_timeout(seconds(1));
    assert_eq!(drain(&mut machine), [JobOutput::Poll]);
    machine.handle_input(seconds(1), JobInput::Cancel);
    assert_eq!(drain(&mut machine), [JobOutput::Abandon, JobOutput::Ended(Ending::Cancelled)]);
    machine.handle_input(seconds(2), replied(Stage::Done));
    machine.handle_timeout(seconds(9_999));
    assert_eq!((drain(&mut machine), machine.poll_timeout()), (vec![], None));
}

#[test]
fn what_is_pushed_counts_as_what_is_polled() {
    // The next poll can wait.
    let mut machine = accepted::<Keyless>(steady());
    machine.handle_input(Instant::from_millis(900), pushed(Stage::Running));
    assert_eq!(machine.progress().stage, Some(Stage::Running));
    assert_eq!(machine.poll_timeout(), Some(Instant::from_millis(1_900)));
    // A push that was overtaken takes nothing back.
    machine.handle_input(Instant::from_millis(901), pushed(Stage::Queued));
    assert_eq!(machine.progress().stage, Some(Stage::Running));
    // The end may come while a poll is under way.
    machine.handle_timeout(seconds(5));
    assert_eq!(drain(&mut machine), [JobOutput::Poll]);
    machine.handle_input(seconds(5), pushed(Stage::Done));
    let done = JobOutput::Ended(Ending::Done(Box::new(Stage::Done)));
    assert_eq!(drain(&mut machine), [JobOutput::Abandon, done]);
    machine.handle_input(seconds(5), pushed(Stage::Failed));
    assert_eq!(drain(&mut machine), []);
}

#[test]
fn a_push_before_the_answer_proves_that_the_submission_arrived() {
    for answer in [JobInput::Lost("offline".into()), failed(502, None), failed(400, None)] {
        let mut machine = submitted::<Keyless>(steady());
        machine.handle_input(Instant::ZERO, pushed(Stage::Running));
        machine.handle_input(Instant::ZERO, answer);
        assert_eq!(machine.progress().phase, JobPhase::Polling);
        machine.handle_timeout(seconds(1));
        assert_eq!(drain(&mut machine), [JobOutput::Poll]);
    }
}

#[test]
fn a_submission_whose_answer_was_lost_is_found_by_a_push() {
    let config = JobConfig { push_timeout: Duration::from_secs(30), ..steady() };
    let unconfirmed = || {
        let mut machine = submitted::<Keyless>(config);
        machine.handle_input(Instant::ZERO, JobInput::Lost("offline".into()));
        assert_eq!((drain(&mut machine), machine.progress().phase), (vec![], JobPhase::Unconfirmed));
        machine
    };
    let mut machine = unconfirmed();
    machine.handle_input(seconds(20), pushed(Stage::Running));
    machine.handle_timeout(seconds(30));
    assert_eq!(drain(&mut machine), [JobOutput::Poll], "it is polled as if it had been accepted");
    let mut machine = unconfirmed();
    machine.handle_timeout(seconds(30));
    let unknown = Ending::Unknown(Trouble::Lost("offline".into()));
    assert_eq!(drain(&mut machine), [JobOutput::Ended(unknown)]);
}

#[test]
fn a_job_is_over_when_its_time_is_over() {
    let config = JobConfig {
        poll: PollInterval::Fixed(Duration::from_secs(2)),
        max_polls: u32::MAX,
        timeout: Duration::from_mins(5),
        ..JobConfig::default()
    };
    let (waits, ending) = run(accepted::<Scarce>(config), &replied(Stage::Running));
    assert!(waits[..149].iter().all(|wait| *wait == 2), "{waits:?}");
    assert_eq!(waits.iter().sum::<u64>(), 300);
    assert_eq!(ending, Ending::TimedOut { stage: Some(Stage::Running), trouble: None });
    // Even while a poll is not answered.
    let mut machine = accepted::<Scarce>(JobConfig { request_timeout: Duration::from_hours(1), ..config });
    machine.handle_timeout(seconds(2));
    assert_eq!(drain(&mut machine), [JobOutput::Poll]);
    machine.handle_timeout(seconds(300));
    let over = Ending::TimedOut { stage: Some(Stage::Queued), trouble: None };
    assert_eq!(drain(&mut machine), [JobOutput::Abandon, JobOutput::Ended(over)]);
    // Pushes that never end it do not keep it.
    let mut machine = accepted::<Scarce>(config);
    for second in 1..=300 {
        machine.handle_timeout(seconds(second));
        machine.handle_input(seconds(second), pushed(Stage::Running));
    }
    assert_eq!(machine.progress().phase, JobPhase::Over);
}

#[test]
fn a_place_at_the_service_is_waited_for_without_using_up_attempts() {
    let mut machine = submitted::<Scarce>(steady());
    let (mut now, mut tries) = (Instant::ZERO, 0);
    while tries < 40 {
        machine.handle_input(now, failed(409, None));
        assert_eq!(machine.progress().phase, JobPhase::AwaitingPlace);
        now = machine.poll_timeout().unwrap();
        machine.handle_timeout(now);
        assert_eq!(drain(&mut machine), [SUBMIT]);
        tries += 1;
        if now >= seconds(300) {
            break;
        }
    }
    assert!(tries > 15, "{tries}");
    assert_eq!(machine.progress().attempt, 1);
    machine.handle_input(now, replied(Stage::Running));
    assert_eq!(machine.progress().phase, JobPhase::Polling);

    let (waits, ending) = run_submitted::<Scarce>(steady(), &failed(409, None));
    assert_eq!(waits.iter().sum::<u64>(), 600, "ten minutes");
    assert!(matches!(ending, Ending::GaveUp { trouble: Some(Trouble::Status(409)), .. }), "{ending:?}");
}

#[test]
fn a_key_that_is_taken_is_the_job_s_own_only_where_it_may_have_arrived() {
    let done = JobOutput::Ended(Ending::Done(Box::new(Stage::Done)));
    for lost in [JobInput::Lost("offline".into()), refused(504, "")] {
        let mut machine = submitted::<Playback>(steady());
        machine.handle_input(Instant::ZERO, lost);
        machine.handle_timeout(seconds(1));
        assert_eq!(drain(&mut machine), [JobOutput::Submit { may_have_arrived: true }]);
        // Whether a place is there says nothing of the earlier submission.
        machine.handle_input(seconds(1), refused(409, "full"));
        machine.handle_timeout(machine.poll_timeout().unwrap());
        assert_eq!(drain(&mut machine), [JobOutput::Submit { may_have_arrived: true }]);
        machine.handle_input(seconds(9), refused(409, "taken"));
        assert_eq!(drain(&mut machine), core::slice::from_ref(&done));
    }
    let mut machine = JobMachine::<Playback>::new(steady(), 5);
    machine.handle_input(Instant::ZERO, JobInput::Start(Start::Resubmit));
    machine.handle_input(Instant::ZERO, refused(409, "taken"));
    assert_eq!(drain(&mut machine).pop(), Some(done));
    for heard in [failed(429, None), JobInput::Unsent("refused".into()), refused(409, "full")] {
        let mut machine = submitted::<Playback>(steady());
        machine.handle_input(Instant::ZERO, heard);
        machine.handle_timeout(machine.poll_timeout().unwrap());
        machine.handle_input(seconds(2), refused(409, "taken"));
        let end = Ending::Refused { status: 409, detail: "no".into() };
        assert_eq!(drain(&mut machine), [SUBMIT, JobOutput::Ended(end)], "it is somebody else's");
    }
}

#[test]
fn a_job_that_may_have_arrived_and_finds_no_place_is_unknown_rather_than_given_up() {
    let mut machine = submitted::<Playback>(steady());
    machine.handle_input(Instant::ZERO, JobInput::Lost("offline".into()));
    let (waits, ending) = run(machine, &refused(409, "full"));
    assert_eq!(waits.iter().sum::<u64>(), 601, "ten minutes from the first refusal on");
    assert_eq!(ending, Ending::Unknown(Trouble::Status(409)));
}

#[test]
fn a_job_is_taken_up_again_where_it_stood() {
    let resumed = |age: u64| {
        let mut machine = JobMachine::<Keyless>::new(steady(), 5);
        machine.handle_input(seconds(7), JobInput::Start(Start::Resume { age: Duration::from_secs(age) }));
        assert_eq!(drain(&mut machine), [JobOutput::Poll]);
        machine.progress().deadline.unwrap()
    };
    assert_eq!(resumed(0), seconds(7 + 1_800));
    assert_eq!(resumed(1_000), seconds(7 + 800));
    assert_eq!(resumed(9_999), seconds(7 + 60), "long enough to be polled once");

    let mut machine = JobMachine::<Keyed>::new(steady(), 5);
    machine.handle_input(Instant::ZERO, JobInput::Start(Start::Resubmit));
    assert_eq!(drain(&mut machine), [JobOutput::Submit { may_have_arrived: true }]);
    let mut machine = JobMachine::<Keyless>::new(steady(), 5);
    machine.handle_input(Instant::ZERO, JobInput::Start(Start::Resubmit));
    assert!(matches!(*drain(&mut machine), [JobOutput::Ended(Ending::Unknown(_))]));
}
