//! Frames that came over the network, in order again, until they are due.
//!
//! With sequence numbers the buffer sees loss, reordering and duplicates. CXone's stream has none: its
//! receiver numbers the frames as they come, and losses before that are inferred from the lateness of the rest.

mod arrivals;
mod counts;
mod gaps;
mod histogram;
mod losses;
mod target;

use core::time::Duration;

pub use counts::JitterCounts;
use gaps::Gaps;
pub use target::{TargetConfig, TargetDelay};

use super::{
    frame::{FRAME_DURATION, FRAME_SAMPLES, Frame, SAMPLE_RATE, SILENCE},
    plc::UNIT,
};
use base::time::Instant;

/// A frame's length in microseconds.
const FRAME_MICROS: i64 = 20_000;
/// A sample's length in microseconds.
const SAMPLE_MICROS: u64 = 1_000_000 / SAMPLE_RATE as u64;
/// Frames that find room: 1.28 s.
pub const CAPACITY: usize = 64;
/// The units of concealment that make up for a frame.
const UNITS: u32 = (FRAME_SAMPLES / UNIT) as u32;
/// Units without a frame after which the stream has ceased: 400 ms, as long as anything is waited for.
const CEASED: u32 = 40;
/// By how much what is buffered may exceed the longest wait before the oldest frames are given up. Catching up goes by
/// small cuts below it.
const EXCESS: Duration = Duration::from_millis(200);

/// Fate of a frame that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It waits to be played.
    Buffered,
    /// Its time was over.
    Late,
    /// It was there before.
    Duplicate,
}

/// The next piece to be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// A frame.
    Frame(&'a Frame),
    /// 10 ms that stand for something that is missing.
    Missing,
    /// Nothing yet: the stream has not begun, or has ceased.
    Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No frame has come since the start or since frames ceased.
    Idle,
    /// Frames come, and are gathered since then.
    Gathering(Instant),
    Playing,
}

/// The jitter buffer: 21 KB, all of it allocated when it is created.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    frames: Vec<Frame>,
    /// True where a frame is present, by sequence number modulo [`CAPACITY`].
    present: [bool; CAPACITY],
    /// The next frame to be played.
    cursor: u64,
    /// One more than the highest number that came.
    end: u64,
    /// The first number that was played.
    first: Option<u64>,
    /// Bits of the frames before the cursor that came; the lowest bit is the last of them.
    came: u128,
    phase: Phase,
    /// Units to be made up for frames before the cursor.
    owed: u32,
    /// True when a unit has to join the output to frames further on.
    jumped: bool,
    delay: TargetDelay,
    gaps: Gaps,
    counts: JitterCounts,
}

impl JitterBuffer {
    /// Creates an empty buffer.
    pub fn new(config: TargetConfig) -> Self {
        Self {
            frames: vec![SILENCE; CAPACITY],
            present: [false; CAPACITY],
            cursor: 0,
            end: 0,
            first: None,
            came: 0,
            phase: Phase::Idle,
            owed: 0,
            jumped: false,
            delay: TargetDelay::new(config),
            gaps: Gaps::new(config.infers_losses),
            counts: JitterCounts::default(),
        }
    }

    /// Sets the shortest wait, from the next frame on.
    pub fn set_min_wait(&mut self, min: Duration) {
        self.delay.set_min(min);
    }

    /// Takes a frame that arrived at `at`. Numbers are below 2⁴⁸ and go up by one per frame.
    pub fn insert(&mut self, sequence: u64, at: Instant, frame: &Frame) -> Inserted {
        self.counts.inserted += 1;
        if self.phase == Phase::Idle {
            self.delay.restart();
            self.phase = Phase::Gathering(at);
            if self.first.is_none() && self.end == 0 {
                (self.cursor, self.end) = (sequence, sequence);
            }
        }
        if sequence < self.cursor && !self.reach_back(sequence) {
            return self.past(sequence, at);
        }
        self.reach_forward(sequence);
        if self.has(sequence) {
            self.counts.duplicates += 1;
            return Inserted::Duplicate;
        }
        self.note_arrival(sequence, at);
        self.frames[place(sequence)] = *frame;
        self.present[place(sequence)] = true;
        if sequence < self.end {
            self.counts.reordered += 1;
        } else {
            self.end = sequence + 1;
        }
        Inserted::Buffered
    }

    /// Returns the next piece to be played at `now`: a whole frame, or the order to conceal 10 ms.
    pub fn take(&mut self, now: Instant) -> Next<'_> {
        if !self.is_playing(now) {
            return Next::Waiting;
        }
        if self.owed == 0 {
            self.give_up_the_oldest();
        }
        loop {
            if self.owed > 0 {
                self.owed -= 1;
                self.counts.concealed_lost += 1;
                return Next::Missing;
            }
            if core::mem::take(&mut self.jumped) {
                self.counts.concealed_jumps += 1;
                return Next::Missing;
            }
            if self.has(self.cursor) {
                return Next::Frame(self.play());
            }
            if self.cursor < self.end {
                self.lose();
            } else {
                return self.hold();
            }
        }
    }

    /// Returns true when the next frame is present.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Playing && self.owed == 0 && !self.jumped && self.has(self.cursor)
    }

    /// Returns the present wait, from the time at which the quickest frame would have come until a frame is due, where
    /// `ahead` samples of those that were taken are still to be heard. `None` while nothing plays.
    pub fn wait_micros(&self, now: Instant, ahead: usize) -> Option<i64> {
        if self.phase != Phase::Playing {
            return None;
        }
        let ahead = ((ahead + self.owed as usize * UNIT) as u64 * SAMPLE_MICROS).cast_signed();
        let heard = self.cursor.cast_signed().saturating_mul(FRAME_MICROS).saturating_sub(ahead);
        let due = self.delay.origin_micros()?.saturating_add(heard);
        Some(now.as_micros().cast_signed().saturating_sub(due))
    }

    /// Returns the wait that is aimed at.
    pub const fn target(&self) -> Duration {
        self.delay.target()
    }

    /// Returns the number of frames that wait to be played.
    pub fn buffered(&self) -> usize {
        self.present.iter().filter(|&&present| present).count()
    }

    /// Returns the counters.
    pub const fn counts(&self) -> &JitterCounts {
        &self.counts
    }

    /// The numbers of the first frame whose turn it was and of the next one.
    pub const fn played_range(&self) -> Option<(u64, u64)> {
        match self.first {
            Some(first) => Some((first, self.cursor)),
            None => None,
        }
    }

    /// Discards the frames that wait. The stream goes on with any number, as after a pause.
    pub fn flush(&mut self) {
        self.counts.discarded += self.buffered() as u64;
        self.settle_held();
        self.counts.underruns += self.gaps.settle();
        self.present = [false; CAPACITY];
        (self.cursor, self.end, self.first, self.came) = (0, 0, None, 0);
        (self.owed, self.jumped, self.phase) = (0, false, Phase::Idle);
    }

    fn has(&self, sequence: u64) -> bool {
        sequence >= self.cursor && sequence < self.end && self.present[place(sequence)]
    }

    fn span(&self) -> Duration {
        FRAME_DURATION * (self.end - self.cursor) as u32
    }

    /// Before anything was played, a lower number moves the beginning.
    fn reach_back(&mut self, sequence: u64) -> bool {
        let may = self.first.is_none() && self.end - sequence <= CAPACITY as u64;
        if may {
            self.cursor = sequence;
        }
        may
    }

    /// Makes room for a number beyond the buffer's end.
    fn reach_forward(&mut self, sequence: u64) {
        let least = (sequence + 1).saturating_sub(CAPACITY as u64);
        if least > self.cursor {
            self.jump(least);
        }
    }

    /// A frame from before the cursor.
    fn past(&mut self, sequence: u64, at: Instant) -> Inserted {
        let bit = u32::try_from(self.cursor - sequence - 1).ok().and_then(|age| 1u128.checked_shl(age));
        if bit.is_some_and(|bit| self.came & bit != 0) {
            self.counts.duplicates += 1;
            return Inserted::Duplicate;
        }
        self.came |= bit.unwrap_or(0);
        self.note_arrival(sequence, at);
        self.counts.late += 1;
        self.counts.reordered += 1;
        Inserted::Late
    }

    fn note_arrival(&mut self, sequence: u64, at: Instant) {
        let losses = self.delay.arrived(sequence, at);
        self.counts.inferred += losses;
        self.counts.underruns += self.gaps.frame(losses);
    }

    fn is_playing(&mut self, now: Instant) -> bool {
        if let Phase::Gathering(since) = self.phase
            && (now - since >= self.delay.target() || self.span() >= self.delay.target() + FRAME_DURATION)
        {
            self.phase = Phase::Playing;
            let beginning = (self.cursor..self.end).find(|&sequence| self.has(sequence));
            let beginning = beginning.unwrap_or(self.end);
            if self.first.is_none() {
                self.first = Some(beginning);
                self.cursor = beginning;
            } else {
                self.counts.pauses += 1;
                self.advance_to(beginning);
            }
        }
        self.phase == Phase::Playing
    }

    fn play(&mut self) -> &Frame {
        if self.counts.concealed_undecided > 0 {
            self.counts.underruns += self.gaps.gap();
            self.settle_held();
        }
        let place = place(self.cursor);
        self.present[place] = false;
        self.step(true);
        self.counts.played += 1;
        &self.frames[place]
    }

    /// The next frame is missing, and a later one is there. What was made up while nothing was counts for it.
    fn lose(&mut self) {
        self.step(false);
        self.counts.lost += 1;
        let made = self.counts.concealed_undecided.min(UNITS);
        self.counts.concealed_undecided -= made;
        self.counts.concealed_lost += u64::from(made);
        self.owed = UNITS - made;
    }

    /// Nothing is there: whether the next frame is lost or late will be seen.
    fn hold(&mut self) -> Next<'static> {
        if self.counts.concealed_undecided == CEASED {
            self.settle_held();
            self.counts.underruns += self.gaps.settle();
            self.phase = Phase::Idle;
            return Next::Waiting;
        }
        self.counts.concealed_undecided += 1;
        Next::Missing
    }

    fn settle_held(&mut self) {
        self.counts.concealed_late += u64::from(self.counts.concealed_undecided);
        self.counts.concealed_undecided = 0;
    }

    fn give_up_the_oldest(&mut self) {
        if self.span() > self.delay.max() + EXCESS {
            let keep = (self.delay.target().as_micros() / FRAME_DURATION.as_micros()) as u64 + 1;
            self.jump(self.end.saturating_sub(keep));
        }
    }

    /// Goes on at `to`; the concealment joins the output so far to the frames there.
    fn jump(&mut self, to: u64) {
        self.settle_held();
        self.advance_to(to);
        self.jumped = self.phase == Phase::Playing;
    }

    fn advance_to(&mut self, to: u64) {
        while self.cursor < to && self.cursor < self.end {
            if self.has(self.cursor) {
                self.present[place(self.cursor)] = false;
                self.counts.discarded += 1;
                self.step(true);
            } else {
                self.counts.lost += u64::from(self.first.is_some());
                self.step(false);
            }
        }
        if self.cursor < to {
            self.counts.lost += if self.first.is_some() { to - self.cursor } else { 0 };
            self.came =
                u32::try_from(to - self.cursor).ok().and_then(|by| self.came.checked_shl(by)).unwrap_or(0);
            (self.cursor, self.end) = (to, to);
        }
    }

    fn step(&mut self, came: bool) {
        self.cursor += 1;
        self.came = self.came << 1 | u128::from(came);
    }
}

fn place(sequence: u64) -> usize {
    (sequence % CAPACITY as u64) as usize
}
