//! A line before a counter with so many places.

use std::collections::VecDeque;

/// Lets so many run at once; the rest wait in the order of their keys.
#[derive(Clone, Debug)]
pub struct JobQueue<K> {
    max_running: usize,
    running: Vec<K>,
    waiting: VecDeque<K>,
    outputs: VecDeque<K>,
}

impl<K: Clone + Ord> JobQueue<K> {
    /// Creates an empty queue with this many places, at least one.
    pub const fn new(max_running: usize) -> Self {
        let max_running = if max_running == 0 { 1 } else { max_running };
        Self { max_running, running: Vec::new(), waiting: VecDeque::new(), outputs: VecDeque::new() }
    }

    /// Adds a job, in the order of the keys. One that is there already stays where it is.
    pub fn add(&mut self, key: K) {
        if !self.contains(&key) {
            let place = self.waiting.partition_point(|other| *other < key);
            self.waiting.insert(place, key);
            self.fill();
        }
    }

    /// Adds a job that is under way already, place or not: it takes one until it is over.
    pub fn add_running(&mut self, key: K) {
        if !self.contains(&key) {
            self.running.push(key);
        }
    }

    /// Removes a job: it is over, or no longer wanted. Its place goes to the next in line.
    pub fn remove(&mut self, key: &K) {
        self.running.retain(|other| other != key);
        self.waiting.retain(|other| other != key);
        self.outputs.retain(|other| other != key);
        self.fill();
    }

    /// Changes how many run at once, at least one. What runs goes on.
    pub fn set_max_running(&mut self, max_running: usize) {
        self.max_running = max_running.max(1);
        self.fill();
    }

    /// Returns the next job to be started.
    pub fn poll_output(&mut self) -> Option<K> {
        self.outputs.pop_front()
    }

    /// Returns the number of jobs that run at once.
    pub const fn max_running(&self) -> usize {
        self.max_running
    }

    /// Returns the jobs that run.
    pub fn running(&self) -> &[K] {
        &self.running
    }

    /// Returns the jobs that wait, the next one first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &K> {
        self.waiting.iter()
    }

    /// Returns how many are before a job that waits.
    pub fn position(&self, key: &K) -> Option<usize> {
        self.waiting.iter().position(|other| other == key)
    }

    fn contains(&self, key: &K) -> bool {
        self.running.contains(key) || self.waiting.contains(key)
    }

    fn fill(&mut self) {
        while self.running.len() < self.max_running
            && let Some(key) = self.waiting.pop_front()
        {
            self.running.push(key.clone());
            self.outputs.push_back(key);
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn started(queue: &mut JobQueue<u8>) -> Vec<u8> {
        std::iter::from_fn(|| queue.poll_output()).collect()
    }

    #[test]
    fn a_place_that_is_freed_goes_to_the_next_in_line() {
        let mut queue = JobQueue::new(2);
        (0..5).for_each(|key| queue.add(key));
        assert_eq!(started(&mut queue), [0, 1]);
        assert_eq!((queue.position(&2), queue.position(&4), queue.position(&0)), (Some(0), Some(2), None));
        queue.remove(&3);
        assert_eq!(queue.position(&4), Some(1));
        queue.remove(&0);
        assert_eq!(started(&mut queue), [2]);
        queue.set_max_running(0);
        queue.remove(&1);
        assert_eq!(started(&mut queue), [0u8; 0], "one place, and it is taken");
        queue.set_max_running(9);
        assert_eq!(started(&mut queue), [4]);
    }

    #[test]
    fn whoever_comes_late_is_put_where_their_key_belongs() {
        let mut queue = JobQueue::new(1);
        for key in [3, 2, 0, 1] {
            queue.add(key);
        }
        assert_eq!(started(&mut queue), [3], "there was a place");
        assert_eq!(queue.waiting().copied().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn what_is_under_way_already_takes_a_place() {
        let mut queue = JobQueue::new(2);
        (0..3).for_each(|key| queue.add_running(key));
        queue.add(7);
        queue.remove(&0);
        assert_eq!(started(&mut queue), [0u8; 0]);
        queue.remove(&1);
        assert_eq!(started(&mut queue), [7]);
    }

    proptest! {
        #[test]
        fn everyone_is_started_once_in_order_and_never_too_many(
            steps in prop::collection::vec((0u8..4, 0u8..12), 0..120)
        ) {
            let mut queue = JobQueue::new(3);
            let (mut next, mut order) = (0u8, Vec::new());
            for (step, value) in steps {
                let before = queue.running().len();
                match step {
                    0 | 1 => { queue.add(next); next += 1; }
                    2 => queue.remove(&value),
                    _ => queue.set_max_running(usize::from(value)),
                }
                prop_assert!(queue.running().len() <= queue.max_running().max(before));
                prop_assert!(queue.waiting().len() == 0 || queue.running().len() >= queue.max_running());
                order.extend(started(&mut queue));
            }
            prop_assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
        }
    }
}
