//! Whatever happens, in whatever order.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;

use super::*;

/// Returns an event by number.
fn input(kind: u8, ms: u64) -> Option<Input> {
    Some(match kind {
        0 => JobInput::Start(Start::Submit),
        1 => JobInput::Start(Start::Resume { age: Duration::from_millis(ms) }),
        2 => JobInput::Start(Start::Resubmit),
        3 => replied(Stage::Queued),
        4 => replied(Stage::Running),
        5 => replied(Stage::Done),
        6 => failed(429, Some(Duration::from_millis(ms))),
        7 => failed(500, None),
        8 => refused(409, "full"),
        9 => failed(404, None),
        10 => JobInput::Lost(String::new()),
        11 => JobInput::Unsent(String::new()),
        12 => JobInput::Unreadable(String::new()),
        13 => pushed(Stage::Running),
        14 if ms < 2_000 => pushed(Stage::Failed),
        16 if ms < 8_000 => refused(409, "taken"),
        15 if ms < 1_000 => JobInput::Cancel,
        _ => return None,
    })
}

/// Counts of what a driver saw of a job.
#[derive(Default)]
struct Seen {
    polls: u32,
    submissions: u32,
    /// Submissions for which the service had no place.
    full: u32,
    endings: u32,
    /// A submission may have arrived.
    doubtful: bool,
}

/// Returns true for the refusal of a submission for which the service has no place yet.
fn awaits_place<J: Job<Reply = Stage>>(input: &Input) -> bool {
    let JobInput::Failed { status, kind, .. } = input else { return false };
    let refusal = Refusal { status: *status, kind, may_have_arrived: false };
    J::reaction(Step::Submit, &refusal) == Reaction::AwaitPlace
}

fn check<J: Job<Reply = Stage>>(
    steps: &[(u8, u64)],
    config: JobConfig,
    salt: u64,
) -> Result<(), TestCaseError> {
    let mut machine = JobMachine::<J>::new(config, salt);
    let (mut now, mut seen) = (Instant::ZERO, Seen::default());
    let mut asking = None;
    for &(kind, ms) in steps {
        now += Duration::from_millis(ms);
        let (before, due_before) = (machine.progress(), machine.poll_timeout());
        match input(kind, ms) {
            Some(input) => {
                let answer = (3..=12).contains(&kind) || kind == 16;
                if asking == Some(Step::Submit) {
                    seen.full += u32::from(awaits_place::<J>(&input));
                    seen.doubtful |= matches!(kind, 7 | 10);
                }
                seen.doubtful |= kind == 2 && before.phase == JobPhase::Idle;
                machine.handle_input(now, input);
                if answer && asking.is_none() {
                    prop_assert_eq!(&before, &machine.progress(), "an answer that nobody waits for");
                }
                if answer {
                    asking = None;
                }
            }
            None => machine.handle_timeout(now),
        }
        for output in drain(&mut machine) {
            prop_assert_eq!(seen.endings, 0, "nothing comes after the ending");
            match output {
                JobOutput::Submit { may_have_arrived } => {
                    prop_assert!(asking.is_none(), "one request at a time");
                    prop_assert_eq!(may_have_arrived, seen.doubtful);
                    let again = seen.doubtful && J::RESUBMISSION == Resubmission::OnlyUnheard;
                    prop_assert!(!again, "it may have arrived, and has no key");
                    asking = Some(Step::Submit);
                    seen.submissions += 1;
                }
                JobOutput::Poll => {
                    prop_assert!(asking.is_none(), "one request at a time");
                    asking = Some(Step::Poll);
                    seen.polls += 1;
                }
                JobOutput::Abandon => {
                    prop_assert!(asking.is_some(), "there was something to abandon");
                    seen.doubtful |= asking == Some(Step::Submit);
                    asking = None;
                }
                JobOutput::Ended(_) => {
                    seen.endings += 1;
                    asking = None;
                }
            }
        }
        let progress = machine.progress();
        prop_assert!(seen.endings <= 1);
        prop_assert_eq!(progress.phase == JobPhase::Over, seen.endings == 1);
        prop_assert!(seen.polls <= config.max_polls, "{} polls", seen.polls);
        prop_assert!(
            seen.submissions <= config.max_submissions + seen.full,
            "{} submissions",
            seen.submissions
        );
        if let Some(due) = machine.poll_timeout() {
            prop_assert!(due >= now || due_before == Some(due), "a timer in the past");
            prop_assert!(due - now <= config.timeout, "a wait without a bound");
            prop_assert!(progress.next_at.is_none_or(|next| next - now <= config.max_retry_after));
        } else {
            prop_assert!(
                matches!(progress.phase, JobPhase::Idle | JobPhase::Over),
                "nothing will ever happen"
            );
        }
    }
    Ok(())
}

#[test]
fn whatever_kind_of_refusal_says_that_there_is_no_place_uses_up_no_attempt() {
    let config = JobConfig { max_submissions: 1, max_polls: 1, ..JobConfig::default() };
    check::<Scarce>(&[(0, 0), (16, 0), (14, 2_000), (6, 0), (14, 2_000)], config, 0).unwrap();
}

proptest! {
    #[test]
    fn a_job_is_seen_through_within_its_limits(
        start in 0u8..3, mut steps in prop::collection::vec((0u8..24, 0u64..40_000), 0..120),
        (max_submissions, max_polls) in (1u32..6, 1u32..6), pushes: bool, seed: u64
    ) {
        let push_timeout = if pushes { Duration::from_secs(20) } else { Duration::ZERO };
        let config = JobConfig { max_submissions, max_polls, push_timeout, ..JobConfig::default() };
        steps.insert(0, (start, 0));
        check::<Keyless>(&steps, config, seed)?;
        check::<Keyed>(&steps, config, seed)?;
        check::<Scarce>(&steps, config, seed)?;
        check::<Playback>(&steps, config, seed)?;
    }

    #[test]
    fn a_job_ends_if_only_time_passes(start in 0u8..3, pushes: bool, seed: u64) {
        let push_timeout = if pushes { Duration::from_secs(20) } else { Duration::ZERO };
        let config = JobConfig { push_timeout, ..JobConfig::default() };
        let mut machine = JobMachine::<Keyed>::new(config, seed);
        machine.handle_input(Instant::ZERO, input(start, 0).expect("it starts"));
        let mut ended = false;
        while let Some(due) = machine.poll_timeout() {
            machine.handle_timeout(due);
            prop_assert!(due < seconds(3_600), "every wait is bounded");
            ended |= drain(&mut machine).iter().any(|output| matches!(output, JobOutput::Ended(_)));
        }
        prop_assert!(ended);
    }
}
