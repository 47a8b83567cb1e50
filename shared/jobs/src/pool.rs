//! Many jobs, so many at once.

use core::fmt;
use std::collections::{BTreeMap, VecDeque};

use base::time::Instant;

use super::{
    config::JobConfig,
    event::{Ending, JobInput, JobOutput, JobProgress, Start},
    job::Job,
    machine::JobMachine,
    queue::JobQueue,
};
use crate::Jitter;

/// Runs jobs, so many at once; the rest wait in the order of their keys. Every ending frees a place. Jobs that are under way
/// elsewhere count, as far as the driver knows of them.
///
/// A job is known by its key until it has ended; the same key may then be used again.
pub struct JobPool<K, J: Job> {
    config: JobConfig,
    seeds: Jitter,
    queue: JobQueue<K>,
    /// The jobs that wait, with the way in which each begins.
    starts: BTreeMap<K, Start>,
    machines: BTreeMap<K, JobMachine<J>>,
    outputs: VecDeque<(K, JobOutput<J::Reply>)>,
}

impl<K: Clone + Ord, J: Job> JobPool<K, J> {
    /// Creates an empty pool in which `max_running` jobs run at once, at least one. `seed` spreads their waits.
    pub fn new(config: JobConfig, max_running: usize, seed: u64) -> Self {
        Self {
            config,
            seeds: Jitter::new(seed),
            queue: JobQueue::new(max_running),
            starts: BTreeMap::new(),
            machines: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Changes waits and limits of the jobs that are started from now on.
    pub const fn set_config(&mut self, config: JobConfig) {
        self.config = config;
    }

    /// Adds a job. One that has never been submitted waits for a place; any other is under way at the service already and
    /// is taken up at once. A job of a key that is there already changes nothing.
    pub fn add(&mut self, now: Instant, key: K, start: Start) {
        if self.contains(&key) {
            return;
        }
        match start {
            Start::Submit => {
                self.starts.insert(key.clone(), start);
                self.queue.remove(&key);
                self.queue.add(key);
            }
            Start::Resubmit | Start::Resume { .. } => {
                self.queue.add_running(key.clone());
                self.begin(now, &key, start);
            }
        }
        self.fill(now);
    }

    /// Takes a place for a job that is under way elsewhere, such as in another tab, whether or not there is one. It is free
    /// again when the job is removed, or has been added and is over. A job that is there already changes nothing.
    pub fn reserve(&mut self, key: K) {
        if !self.contains(&key) {
            self.queue.add_running(key);
        }
    }

    /// Takes in what happened to a job. What happens to one that is not there, or has ended, changes nothing.
    pub fn handle_input(&mut self, now: Instant, key: &K, input: JobInput<J::Reply>) {
        if let Some(machine) = self.machines.get_mut(key) {
            machine.handle_input(now, input);
            self.drain(key);
        } else if matches!(input, JobInput::Cancel) && self.starts.remove(key).is_some() {
            self.queue.remove(key);
            self.outputs.push_back((key.clone(), JobOutput::Ended(Ending::Cancelled)));
        }
        self.fill(now);
    }

    /// Does what is due by now.
    pub fn handle_timeout(&mut self, now: Instant) {
        let is_due = |machine: &JobMachine<J>| machine.poll_timeout().is_some_and(|at| at <= now);
        let due: Vec<K> =
            self.machines.iter().filter(|(_, job)| is_due(job)).map(|(key, _)| key.clone()).collect();
        for key in due {
            if let Some(machine) = self.machines.get_mut(&key) {
                machine.handle_timeout(now);
            }
            self.drain(&key);
        }
        self.fill(now);
    }

    /// Forgets a job without an ending. What it was about to do is not done, and its place is free.
    pub fn remove(&mut self, now: Instant, key: &K) {
        self.starts.remove(key);
        self.machines.remove(key);
        self.queue.remove(key);
        self.outputs.retain(|(other, _)| other != key);
        self.fill(now);
    }

    /// Changes how many run at once, at least one. What runs goes on.
    pub fn set_max_running(&mut self, now: Instant, max_running: usize) {
        self.queue.set_max_running(max_running);
        self.fill(now);
    }

    /// Returns what the driver has to do next, and about which job.
    pub fn poll_output(&mut self) -> Option<(K, JobOutput<J::Reply>)> {
        self.outputs.pop_front()
    }

    /// Returns when to call [`Self::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.machines.values().filter_map(JobMachine::poll_timeout).min()
    }

    /// Returns how far a job has got that runs.
    pub fn progress(&self, key: &K) -> Option<JobProgress> {
        self.machines.get(key).map(JobMachine::progress)
    }

    /// Returns how many are before a job that waits for a place.
    pub fn position(&self, key: &K) -> Option<usize> {
        self.queue.position(key)
    }

    /// Returns true for a job that runs here, or waits.
    pub fn contains(&self, key: &K) -> bool {
        self.machines.contains_key(key) || self.starts.contains_key(key)
    }

    /// Returns the number of jobs that run at once.
    pub const fn max_running(&self) -> usize {
        self.queue.max_running()
    }

    /// Returns the jobs that run, here or elsewhere.
    pub fn running(&self) -> &[K] {
        self.queue.running()
    }

    /// Returns the jobs that wait for a place, the next one first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &K> {
        self.queue.waiting()
    }

    fn begin(&mut self, now: Instant, key: &K, start: Start) {
        let mut machine = JobMachine::new(self.config, self.seeds.next_unit().to_bits());
        machine.handle_input(now, JobInput::Start(start));
        self.machines.insert(key.clone(), machine);
        self.drain(key);
    }

    /// Starts whoever has a place now. One that ends at once gives it to the next.
    fn fill(&mut self, now: Instant) {
        while let Some(key) = self.queue.poll_output() {
            if let Some(start) = self.starts.remove(&key) {
                self.begin(now, &key, start);
            }
        }
    }

    fn drain(&mut self, key: &K) {
        let Some(machine) = self.machines.get_mut(key) else { return };
        let mut ended = false;
        while let Some(output) = machine.poll_output() {
            ended |= matches!(output, JobOutput::Ended(_));
            self.outputs.push_back((key.clone(), output));
        }
        if ended {
            self.machines.remove(key);
            self.queue.remove(key);
        }
    }
}

impl<K: fmt::Debug, J: Job> fmt::Debug for JobPool<K, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobPool")
            .field("queue", &self.queue)
            .field("machines", &self.machines)
            .finish_non_exhaustive()
    }
}
