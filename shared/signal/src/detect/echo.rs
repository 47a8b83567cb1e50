//! The digits heard last, by which an echo or a room's tail is told from a key that is pressed again.

use super::{Digit, moment::Moment};

/// An echo comes within this many hops of a digit's end: half a second.
const ECHO_HOPS: u64 = 250;
/// An echo has at most this share of the digit's power: −7 dB. A key that is pressed again has as much as before.
const MAX_ECHO_SHARE: f32 = 0.32;
/// A key that is pressed again rises from the tail of the first by more than this: 6 dB.
const MIN_RISE: f32 = 6.0;
/// Digits that are remembered: as many as are dialled within an echo's time.
const REMEMBERED: usize = 4;

/// A digit that has ended.
#[derive(Clone, Copy, Debug)]
struct Heard {
    digit: Digit,
    /// Power of both tones as the filters had it when they were loudest.
    power: f32,
    /// Hop in which it sounded last.
    last_hop: u64,
}

/// The digits heard last.
#[derive(Clone, Debug, Default)]
pub(super) struct Echoes {
    heard: [Option<Heard>; REMEMBERED],
    /// The place of the one that is forgotten next.
    next: usize,
}

impl Echoes {
    /// Remembers a digit that sounded last in hop `last_hop`, with `power` when it was loudest.
    pub(super) fn remember(&mut self, digit: Digit, power: f32, last_hop: u64) {
        self.heard[self.next] = Some(Heard { digit, power, last_hop });
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// Returns true when `digit`, which is found in `hop`, is what is left of one that was heard: weaker by far, or
    /// without a rise since. `ago` returns the measurements of a hop, `remembered` says of how many.
    pub(super) fn explain<'a>(
        &self,
        digit: Digit,
        hop: u64,
        remembered: u64,
        ago: impl Fn(u64) -> &'a Moment,
    ) -> bool {
        self.heard.iter().flatten().filter(|heard| heard.digit == digit).any(|heard| {
            let since = hop - heard.last_hop;
            let now = ago(0).power();
            let weaker = since <= ECHO_HOPS && now < MAX_ECHO_SHARE * heard.power;
            let rises = || (1..since).any(|hops| now > MIN_RISE * ago(hops).power());
            weaker || since < remembered && !rises()
        })
    }
}
