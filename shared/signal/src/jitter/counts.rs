//! Counters of the jitter buffer.

/// Counters, in frames and in units of 10 ms.
///
/// At any time `inserted = played + late + duplicates + discarded + buffered`, and
/// `concealed = of lost frames + of late frames + at jumps + undecided` in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterCounts {
    /// Frames that came in.
    pub inserted: u64,
    /// Frames that were played.
    pub played: u64,
    /// Frames that came after they had been made up for.
    pub late: u64,
    /// Frames that came more than once, each time but the first.
    pub duplicates: u64,
    /// Frames that were given up to get back to the present.
    pub discarded: u64,
    /// Frames that came after one with a higher number; they may be late, too.
    pub reordered: u64,
    /// Frames that were not there when it was their turn.
    pub lost: u64,
    /// Frames that were lost before they got a number, as far as arrivals tell.
    pub inferred: u64,
    /// Times that nothing was there and the missing frame came afterwards, so that the wait grew. Those that an inferred
    /// loss explains do not count, the others do after a second.
    pub underruns: u64,
    /// Times that frames ceased for 400 ms and came again.
    pub pauses: u64,
    /// Units that were made up for lost frames.
    pub concealed_lost: u64,
    /// Units that were made up until a frame came after all.
    pub concealed_late: u64,
    /// Units that were made up where frames were given up.
    pub concealed_jumps: u64,
    /// Units that were made up and whose frames may still come.
    pub concealed_undecided: u32,
}

impl JitterCounts {
    /// All units of 10 ms that were made up.
    pub const fn concealed(&self) -> u64 {
        self.concealed_lost + self.concealed_late + self.concealed_jumps + self.concealed_undecided as u64
    }
}
