//! Deadlines of any number of sessions at constant cost.
//!
//! A flow knows few different durations. Timers of one duration, armed by a clock that does not run backwards,
//! fall due in the order in which they were armed, so each duration has a queue of its own: arming appends,
//! cancelling unlinks, and the next deadline is the least of the queues' heads.

use core::time::Duration;

use base::time::Instant;

/// The reason why a timer is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The node's first digit is waited for.
    FirstDigit,
    /// Another digit of a sequence is waited for.
    InterDigit,
}

/// A duration of timers, and their reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimerClass {
    pub(super) why: Timer,
    pub(super) after: Duration,
}

/// An index into the flow's [`TimerClass`]es.
pub(super) type ClassIx = u16;

const NIL: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
    /// `ClassIx::MAX` while not armed.
    class: ClassIx,
    deadline: Instant,
}

const UNARMED: Link = Link { previous: NIL, next: NIL, class: ClassIx::MAX, deadline: Instant::ZERO };

struct Queue {
    class: TimerClass,
    head: u32,
    tail: u32,
}

/// One timer per slot.
pub(super) struct Timers {
    queues: Vec<Queue>,
    links: Vec<Link>,
}

impl Timers {
    /// Makes timers that fall due `grace` later than their classes say.
    pub(super) fn new(classes: &[TimerClass], grace: Duration) -> Self {
        let later = |class: &TimerClass| TimerClass { after: class.after + grace, ..*class };
        let queues =
            classes.iter().map(|class| Queue { class: later(class), head: NIL, tail: NIL }).collect();
        Self { queues, links: Vec::new() }
    }

    /// Makes room for slots below `slots`.
    pub(super) fn grow(&mut self, slots: usize) {
        if self.links.len() < slots {
            self.links.resize(slots, UNARMED);
        }
    }

    /// Arms the slot's timer, in place of whatever it was armed with. `now` must not run backwards.
    pub(super) fn arm(&mut self, slot: u32, class: ClassIx, now: Instant) {
        self.cancel(slot);
        let queue = &mut self.queues[usize::from(class)];
        let deadline = now + queue.class.after;
        self.links[slot as usize] = Link { previous: queue.tail, next: NIL, class, deadline };
        match queue.tail {
            NIL => queue.head = slot,
            tail => self.links[tail as usize].next = slot,
        }
        queue.tail = slot;
    }

    pub(super) fn cancel(&mut self, slot: u32) {
        let link = self.links[slot as usize];
        if link.class == ClassIx::MAX {
            return;
        }
        let queue = &mut self.queues[usize::from(link.class)];
        match link.previous {
            NIL => queue.head = link.next,
            previous => self.links[previous as usize].next = link.next,
        }
        match link.next {
            NIL => queue.tail = link.previous,
            next => self.links[next as usize].previous = link.previous,
        }
        self.links[slot as usize] = UNARMED;
    }

    /// Returns the slot's timer and its deadline.
    pub(super) fn armed(&self, slot: u32) -> Option<(Timer, Instant)> {
        let link = &self.links[slot as usize];
        let queue = self.queues.get(usize::from(link.class))?;
        Some((queue.class.why, link.deadline))
    }

    /// Returns the earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.earliest().map(|(_, deadline)| deadline)
    }

    /// Disarms the timer that fell due first, at or before `now`. Returns its slot and deadline.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(u32, Instant)> {
        let (slot, deadline) = self.earliest().filter(|&(_, deadline)| deadline <= now)?;
        self.cancel(slot);
        Some((slot, deadline))
    }

    fn earliest(&self) -> Option<(u32, Instant)> {
        self.queues
            .iter()
            .filter(|queue| queue.head != NIL)
            .map(|queue| (queue.head, self.links[queue.head as usize].deadline))
            .min_by_key(|&(_, deadline)| deadline)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Arm(u32, u16),
        Cancel(u32),
        Wait(u64),
    }

    proptest! {
        #[test]
        fn timers_fall_due_as_in_a_plain_list(ops in prop::collection::vec(prop_oneof![
            (0u32..8, 0u16..3).prop_map(|(slot, class)| Op::Arm(slot, class)),
            (0u32..8).prop_map(Op::Cancel),
            (0u64..40).prop_map(Op::Wait),
        ], 0..200)) {
            let classes = [5u64, 20, 33].map(|ms| TimerClass { why: Timer::FirstDigit, after: Duration::from_millis(ms) });
            let mut timers = Timers::new(&classes, Duration::ZERO);
            timers.grow(8);
            let mut model = BTreeMap::new();
            let mut now = Instant::ZERO;
            for op in ops {
                match op {
                    Op::Arm(slot, class) => {
                        timers.arm(slot, class, now);
                        model.insert(slot, now + classes[usize::from(class)].after);
                    }
                    Op::Cancel(slot) => {
                        timers.cancel(slot);
                        model.remove(&slot);
                    }
                    Op::Wait(ms) => {
                        now += Duration::from_millis(ms);
                        let mut last = Instant::ZERO;
                        while let Some((slot, deadline)) = timers.pop_due(now) {
                            prop_assert_eq!(model.remove(&slot), Some(deadline));
                            prop_assert!(deadline >= last);
                            last = deadline;
                        }
                        prop_assert!(model.values().all(|&deadline| deadline > now));
                    }
                }
                prop_assert_eq!(timers.next_deadline(), model.values().min().copied());
            }
        }
    }
}
