//! Hearing allocates nothing.
#![cfg(not(target_arch = "wasm32"))]

use std::alloc::System;

use base::digit::Digit;
use signal::{
    detect::{DetectorConfig, DtmfDetector},
    tone::{ToneConfig, synthesize},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The count is the whole process's, and the test harness has a thread of its own: of several passes, its allocations
/// spoil a few, the receiver's would spoil all.
#[test]
fn process_and_flush_allocate_nothing() {
    let pcm = synthesize(Digit::all(), &ToneConfig::default(), 8_000);
    let mut receiver = DtmfDetector::new(DetectorConfig::default());
    let fewest = (0..20).map(|_| {
        let mut detections = 0;
        let region = Region::new(ALLOCATOR);
        for frame in pcm.chunks(160) {
            receiver.process(frame, |_| detections += 1);
        }
        receiver.flush(|_| detections += 1);
        let allocations = region.change().allocations;
        assert_eq!(detections, 32);
        allocations
    });
    assert_eq!(fewest.min(), Some(0));
}
