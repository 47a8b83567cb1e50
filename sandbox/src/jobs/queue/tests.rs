use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn config() -> JobQueueConfig {
    JobQueueConfig {
        id_prefix: "job-",
        seed: 7,
        min_time: 3 * SECOND,
        max_time: 3 * SECOND,
        max_active: None,
        max_kept: 10,
    }
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn state(queue: &JobQueue<()>, id: &str) -> Option<JobState> {
    queue.job(id).map(|job| job.state)
}

#[test]
fn a_job_waits_runs_and_ends_at_its_times() {
    let check = |end, last| {
        let mut queue = JobQueue::new(config());
        let id = queue.submit(at(500), end, ()).unwrap();
        let mut seen = Vec::new();
        for millis in [500, 1_499, 1_500, 3_499, 3_500, 100_000] {
            queue.handle_timeout(at(millis));
            seen.push(state(&queue, &id).unwrap());
        }
        let (queued, running) = (JobState::Queued, JobState::Running);
        assert_eq!(seen, [queued, queued, running, running, last, last], "{end:?}");
    };
    check(JobEnd::Completed, JobState::Completed);
    check(JobEnd::Failed, JobState::Failed);
    check(JobEnd::Never, JobState::Running);
}

#[test]
fn every_change_is_reported_once_and_in_order() {
    let mut queue = JobQueue::new(config());
    queue.submit(at(0), JobEnd::Completed, "first").unwrap();
    queue.submit(at(500), JobEnd::Failed, "second").unwrap();
    queue.handle_timeout(at(60_000));
    let changes: Vec<_> =
        std::iter::from_fn(|| queue.poll_change()).map(|job| (*job.payload, job.state)).collect();
    assert_eq!(
        changes,
        [
            ("first", JobState::Queued),
            ("second", JobState::Queued),
            ("first", JobState::Running),
            ("second", JobState::Running),
            ("first", JobState::Completed),
            ("second", JobState::Failed),
        ]
    );
    queue.handle_timeout(at(120_000));
    assert!(queue.poll_change().is_none());
}

#[test]
fn the_next_timeout_is_that_of_the_next_change() {
    let mut queue = JobQueue::new(config());
    assert_eq!(queue.poll_timeout(), None);
    queue.submit(at(0), JobEnd::Completed, ()).unwrap();
    queue.submit(at(100), JobEnd::Never, ()).unwrap();
    let mut timeouts = Vec::new();
    while let Some(timeout) = queue.poll_timeout() {
        timeouts.push(timeout);
        queue.handle_timeout(timeout);
    }
    assert_eq!(timeouts, [at(1_000), at(1_100), at(3_000)]);
}

#[test]
fn as_many_jobs_are_active_as_the_limit_says() {
    let mut queue = JobQueue::new(JobQueueConfig { max_active: Some(2), ..config() });
    queue.submit(at(0), JobEnd::Completed, ()).unwrap();
    queue.submit(at(1_000), JobEnd::Never, ()).unwrap();
    let refused = TooManyActiveJobs { limit: 2 };
    assert_eq!(queue.submit(at(2_999), JobEnd::Completed, ()), Err(refused));
    // The first job has ended by now, without a timeout in between.
    let third = queue.submit(at(3_000), JobEnd::Completed, ()).unwrap();
    assert_eq!(state(&queue, &third), Some(JobState::Queued));
    assert_eq!(queue.submit(at(3_000), JobEnd::Completed, ()), Err(refused));
}

#[test]
fn a_refused_job_takes_no_number_of_the_seed() {
    let ids = |limit, submissions: &[u64]| -> Vec<Arc<str>> {
        let mut queue = JobQueue::new(JobQueueConfig { max_active: limit, ..config() });
        submissions
            .iter()
            .filter_map(|millis| queue.submit(at(*millis), JobEnd::Completed, ()).ok())
            .collect()
    };
    assert_eq!(ids(Some(1), &[0, 1, 2, 3_000]), ids(None, &[0, 3_000]));
}

#[test]
fn cancelled_jobs_stay_cancelled_and_ended_ones_as_they_ended() {
    let mut queue = JobQueue::new(config());
    let completed = queue.submit(at(0), JobEnd::Completed, ()).unwrap();
    let running = queue.submit(at(1_500), JobEnd::Failed, ()).unwrap();
    let endless = queue.submit(at(1_500), JobEnd::Never, ()).unwrap();
    queue.handle_timeout(at(3_000));
    queue.cancel_all();
    queue.handle_timeout(at(60_000));
    assert_eq!(state(&queue, &completed), Some(JobState::Completed));
    assert_eq!(state(&queue, &running), Some(JobState::Cancelled));
    assert_eq!(state(&queue, &endless), Some(JobState::Cancelled));
    assert_eq!(queue.poll_timeout(), None);
}

#[test]
fn jobs_that_ended_are_forgotten_before_active_ones() {
    let mut queue = JobQueue::new(JobQueueConfig { max_kept: 2, ..config() });
    let endless = queue.submit(at(0), JobEnd::Never, ()).unwrap();
    let ended = queue.submit(at(0), JobEnd::Completed, ()).unwrap();
    let newer = queue.submit(at(10_000), JobEnd::Never, ()).unwrap();
    assert_eq!(
        [&endless, &ended, &newer].map(|id| state(&queue, id)),
        [Some(JobState::Running), None, Some(JobState::Queued)]
    );
    let newest = queue.submit(at(10_000), JobEnd::Completed, ()).unwrap();
    assert_eq!(
        [&endless, &newer, &newest].map(|id| state(&queue, id).is_some()),
        [false, true, true],
        "the oldest goes where all are active"
    );
    assert_eq!(state(&queue, "job-unknown"), None);
}

#[test]
fn identifiers_and_times_follow_the_seed() {
    let run = |seed| {
        let mut queue = JobQueue::new(JobQueueConfig { seed, max_time: 9 * SECOND, ..config() });
        let id = queue.submit(at(0), JobEnd::Completed, ()).unwrap();
        let mut timeouts = Vec::new();
        while let Some(timeout) = queue.poll_timeout() {
            timeouts.push(timeout);
            queue.handle_timeout(timeout);
        }
        (id, timeouts)
    };
    assert_eq!(run(5), run(5));
    let ((id, timeouts), (other_id, other_timeouts)) = (run(5), run(6));
    assert_ne!(id, other_id);
    assert_ne!(timeouts, other_timeouts);
    assert!(timeouts[1] >= at(3_000) && timeouts[1] <= at(9_000), "{timeouts:?}");
}

#[test]
fn a_longest_time_below_the_shortest_counts_as_the_shortest() {
    let mut queue = JobQueue::new(JobQueueConfig { max_time: SECOND, ..config() });
    queue.submit(at(0), JobEnd::Completed, ()).unwrap();
    queue.handle_timeout(at(1_000));
    assert_eq!(queue.poll_timeout(), Some(at(3_000)));
}

proptest! {
    /// Whatever is submitted and whenever: limits hold, nothing is overdue, and each job's states only go forward,
    /// one change at a time.
    #[test]
    fn limits_hold_and_states_only_go_forward(
        steps in prop::collection::vec((0u64..2_000, 0u8..4), 1..200), max_active in 1usize..6, max_kept in 1usize..9,
    ) {
        let mut queue =
            JobQueue::new(JobQueueConfig { max_active: Some(max_active), max_kept, max_time: 9 * SECOND, ..config() });
        let (mut now, mut last) = (at(0), HashMap::new());
        for (millis, step) in steps {
            now += Duration::from_millis(millis);
            let end = [JobEnd::Completed, JobEnd::Failed, JobEnd::Never].get(usize::from(step));
            match end {
                Some(end) => drop(queue.submit(now, *end, ())),
                None => queue.handle_timeout(now),
            }
            prop_assert!(queue.active() <= max_active && queue.jobs.len() <= max_kept);
            prop_assert_eq!(queue.jobs.len(), queue.numbers.len());
            prop_assert!(queue.timers.len() <= queue.active());
            prop_assert!(queue.poll_timeout().is_none_or(|timeout| timeout > now));
            while let Some(job) = queue.poll_change() {
                let expected = match last.insert(Arc::clone(&job.id), job.state) {
                    None => job.state == JobState::Queued,
                    Some(JobState::Queued) => job.state == JobState::Running,
                    Some(JobState::Running) => matches!(job.state, JobState::Completed | JobState::Failed),
                    Some(JobState::Completed | JobState::Failed | JobState::Cancelled) => false,
                };
                prop_assert!(expected, "{} is {:?}", job.id, job.state);
            }
        }
    }
}

#[test]
fn a_job_can_have_its_client_s_identifier_and_times() {
    let mut queue = JobQueue::new(JobQueueConfig { max_active: Some(2), ..config() });
    let schedule = |runs, ends| Schedule {
        runs_after: Duration::from_millis(runs),
        ends_after: Duration::from_millis(ends),
    };
    let mut submit =
        |millis, id: &str, schedule| queue.submit_as(at(millis), id, schedule, JobEnd::Completed, ());
    assert_eq!(submit(0, "long", schedule(0, 10_000)), Ok(()));
    assert_eq!(submit(0, "short", schedule(100, 500)), Ok(()));
    assert_eq!(
        submit(0, "long", schedule(0, 1)),
        Err(JobRefused::IdTaken),
        "whether there is a place or not"
    );
    assert_eq!(submit(1, "more", schedule(0, 1)), Err(JobRefused::TooMany(TooManyActiveJobs { limit: 2 })));
    assert_eq!(submit(500, "more", schedule(0, 0)), Ok(()), "the short one has ended");
    assert_eq!(submit(500, "short", schedule(0, 1)), Err(JobRefused::IdTaken), "though it is over");
    let states: Vec<_> = queue.all().map(|job| (&*job.id, job.state)).collect();
    let over = JobState::Completed;
    assert_eq!(states, [("long", JobState::Running), ("short", over), ("more", over)]);
    assert_eq!(queue.active(), 1);
}
