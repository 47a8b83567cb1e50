//! Many jobs at once, driven by a loop with a clock of its own: neither a page nor a shell is needed.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

type Pool = JobPool<u32, Keyless>;

/// A service that answers after a while, and whose jobs take so many polls.
struct Service {
    latency: Duration,
    polls: u32,
    seen: BTreeMap<u32, u32>,
    /// Answers with the time at which each is due.
    answers: VecDeque<(Instant, u32, Input)>,
}

/// Everything that a driver saw.
#[derive(Default)]
struct Log {
    started: Vec<u32>,
    most_at_once: usize,
    ended: Vec<(u32, Ending<Stage>)>,
    last: Instant,
}

impl Service {
    fn new(latency: u64, polls: u32) -> Self {
        let latency = Duration::from_millis(latency);
        Self { latency, polls, seen: BTreeMap::new(), answers: VecDeque::new() }
    }

    fn ask(&mut self, now: Instant, key: u32, output: &JobOutput<Stage>) {
        let stage = match output {
            JobOutput::Submit { .. } => Stage::Queued,
            JobOutput::Poll => {
                let polls = self.seen.entry(key).or_default();
                *polls += 1;
                if *polls < self.polls { Stage::Running } else { Stage::Done }
            }
            JobOutput::Abandon | JobOutput::Ended(_) => return,
        };
        self.answers.push_back((now + self.latency, key, replied(stage)));
    }
}

/// The whole of a driver: do what is to be done, wait for what comes first, hand it in.
fn drive(pool: &mut Pool, service: &mut Service) -> Log {
    let (mut now, mut log) = (Instant::ZERO, Log::default());
    loop {
        while let Some((key, output)) = pool.poll_output() {
            match &output {
                JobOutput::Submit { .. } => log.started.push(key),
                JobOutput::Ended(ending) => log.ended.push((key, ending.clone())),
                JobOutput::Poll | JobOutput::Abandon => {}
            }
            service.ask(now, key, &output);
            log.most_at_once = log.most_at_once.max(pool.running().len());
        }
        let answer = service.answers.front().map(|(at, ..)| *at);
        let Some(next) = [answer, pool.poll_timeout()].into_iter().flatten().min() else {
            log.last = now;
            return log;
        };
        now = next;
        if answer == Some(next) {
            let (_, key, input) = service.answers.pop_front().expect("it is the first");
            pool.handle_input(now, &key, input);
        } else {
            pool.handle_timeout(now);
        }
    }
}

#[test]
fn sixty_jobs_run_four_at_a_time_in_order_and_all_of_them_end() {
    let mut pool = Pool::new(JobConfig::default(), 4, 11);
    (0..60).for_each(|key| pool.add(Instant::ZERO, key, Start::Submit));
    assert_eq!((pool.running().len(), pool.waiting().len()), (4, 56));
    assert_eq!((pool.position(&4), pool.position(&59), pool.position(&0)), (Some(0), Some(55), None));
    let log = drive(&mut pool, &mut Service::new(120, 3));
    assert_eq!(log.started, (0..60).collect::<Vec<_>>());
    assert_eq!(log.most_at_once, 4);
    assert_eq!(log.ended.len(), 60);
    assert!(log.ended.iter().all(|(_, ending)| *ending == Ending::Done(Box::new(Stage::Done))));
    // Three polls, of which the last comes 4 s after the one before at the most: fifteen rounds of at most 8 s.
    assert!(log.last < seconds(120), "{:?}", log.last);
}

#[test]
fn a_loop_with_the_same_seed_does_the_same() {
    let run = |seed| {
        let mut pool = Pool::new(JobConfig::default(), 3, seed);
        (0..9).for_each(|key| pool.add(Instant::ZERO, key, Start::Submit));
        let log = drive(&mut pool, &mut Service::new(80, 2));
        (log.last, log.ended.into_iter().map(|(key, _)| key).collect::<Vec<_>>())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn whoever_waits_can_be_cancelled_and_is_never_sent() {
    let mut pool = Pool::new(JobConfig::default(), 1, 11);
    (0..3).for_each(|key| pool.add(Instant::ZERO, key, Start::Submit));
    pool.handle_input(Instant::ZERO, &1, JobInput::Cancel);
    pool.remove(Instant::ZERO, &2);
    assert!(!pool.contains(&1) && !pool.contains(&2));
    let log = drive(&mut pool, &mut Service::new(10, 1));
    assert_eq!(log.started, [0]);
    assert_eq!(log.ended[0], (1, Ending::Cancelled));
    assert_eq!(log.ended.len(), 2);
}

#[test]
fn every_ending_and_every_removal_frees_the_place() {
    for end in [
        JobInput::Cancel,
        JobInput::Lost(String::new()),
        JobInput::Unreadable(String::new()),
        failed(404, None),
        replied(Stage::Failed),
        pushed(Stage::Done),
    ] {
        let mut pool = Pool::new(JobConfig::default(), 1, 11);
        (0..2).for_each(|key| pool.add(Instant::ZERO, key, Start::Submit));
        pool.handle_input(Instant::ZERO, &0, end.clone());
        assert_eq!(pool.running(), [1], "{end:?}");
    }
    let mut pool = Pool::new(JobConfig::default(), 1, 11);
    (0..2).for_each(|key| pool.add(Instant::ZERO, key, Start::Submit));
    pool.remove(Instant::ZERO, &0);
    assert_eq!(pool.poll_output(), Some((1, SUBMIT)), "what was removed is not sent either");
    assert_eq!(pool.poll_output(), None);
}

#[test]
fn what_is_under_way_already_does_not_wait_but_takes_a_place() {
    let mut pool = Pool::new(JobConfig::default(), 1, 11);
    pool.add(Instant::ZERO, 0, Start::Submit);
    pool.add(Instant::ZERO, 1, Start::Resume { age: Duration::ZERO });
    pool.add(Instant::ZERO, 2, Start::Submit);
    // Without a key it can only be unknown; that frees the place again.
    pool.add(Instant::ZERO, 3, Start::Resubmit);
    assert_eq!((pool.running(), pool.position(&2)), (&[0, 1][..], Some(0)));
    pool.handle_input(Instant::ZERO, &0, JobInput::Cancel);
    assert_eq!(pool.position(&2), Some(0));
    pool.set_max_running(Instant::ZERO, 2);
    assert_eq!(pool.running(), [1, 2]);
}

#[test]
fn what_is_under_way_elsewhere_takes_a_place_until_it_is_over() {
    let mut pool = Pool::new(JobConfig::default(), 1, 11);
    pool.reserve(0);
    pool.reserve(1);
    pool.add(Instant::ZERO, 3, Start::Submit);
    pool.add(Instant::ZERO, 2, Start::Submit);
    assert_eq!(pool.poll_output(), None);
    assert_eq!(pool.running(), [0, 1]);
    assert_eq!((pool.position(&2), pool.position(&3)), (Some(0), Some(1)));
    // One is taken over and comes to its end here, the other elsewhere.
    pool.add(Instant::ZERO, 0, Start::Resume { age: Duration::ZERO });
    assert_eq!(pool.poll_output(), Some((0, JobOutput::Poll)));
    pool.handle_input(Instant::ZERO, &0, replied(Stage::Done));
    assert_eq!((pool.running(), pool.position(&2)), (&[1][..], Some(0)));
    pool.remove(Instant::ZERO, &1);
    assert_eq!((pool.running(), pool.position(&3)), (&[2][..], Some(0)));
    // It was never sent after all: it waits like any other.
    pool.reserve(4);
    pool.add(Instant::ZERO, 4, Start::Submit);
    assert_eq!((pool.running(), pool.position(&4)), (&[2][..], Some(1)));
    // What waits or runs here is not elsewhere.
    pool.reserve(2);
    pool.reserve(3);
    assert_eq!((pool.running(), pool.waiting().len()), (&[2][..], 2));
}

proptest! {
    #[test]
    fn whatever_happens_no_more_run_than_may_and_each_ends_once(
        steps in prop::collection::vec((0u8..10, 0u32..10, 0u64..9_000), 0..150), seed: u64
    ) {
        let mut pool = Pool::new(JobConfig::default(), 3, seed);
        let (mut now, mut most) = (Instant::ZERO, 3);
        let mut alive = BTreeMap::<u32, bool>::new();
        for (step, key, ms) in steps {
            now += Duration::from_millis(ms);
            match step {
                0 | 1 => {
                    alive.entry(key).or_insert(true);
                    pool.add(now, key, Start::Submit);
                }
                2 => pool.handle_input(now, &key, replied(Stage::Running)),
                3 => pool.handle_input(now, &key, replied(Stage::Done)),
                4 => pool.handle_input(now, &key, failed(503, None)),
                5 => pool.handle_input(now, &key, JobInput::Cancel),
                6 => {
                    alive.remove(&key);
                    pool.remove(now, &key);
                }
                7 => {
                    most = key as usize;
                    pool.set_max_running(now, most);
                    most = most.max(1).max(pool.running().len());
                }
                8 => {
                    pool.reserve(key);
                    most = most.max(pool.running().len());
                }
                _ => pool.handle_timeout(now),
            }
            while let Some((key, output)) = pool.poll_output() {
                prop_assert!(alive.contains_key(&key), "nothing is done about what was removed");
                if let JobOutput::Ended(_) = output {
                    alive.remove(&key);
                }
            }
            prop_assert!(pool.running().len() <= most);
            prop_assert!(pool.waiting().len() == 0 || pool.running().len() >= pool.max_running());
            for key in alive.keys() {
                prop_assert!(pool.contains(key), "whoever has not ended is there");
            }
        }
    }
}
