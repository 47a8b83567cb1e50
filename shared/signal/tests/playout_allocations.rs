//! Playing allocates nothing.
#![cfg(not(target_arch = "wasm32"))]

use std::{alloc::System, time::Duration};

use signal::{
    frame::SILENCE,
    playout::{Playout, PlayoutConfig},
    quality::MediaQuality,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Ten seconds with a frame lost, one late and 200 ms without any in each; every quarter of a second begins with a
/// burst. The count is the whole process's, and the test harness has a thread of its own: of several passes, its
/// allocations spoil a few, the player's would spoil all.
#[test]
fn insert_pull_and_measure_allocate_nothing() {
    let mut playout = Playout::new(PlayoutConfig::default());
    let mut quality = MediaQuality::new();
    let mut samples = [0.0; 160];
    let mut sequence = 0;
    let fewest = (0..20).map(|_| {
        let region = Region::new(ALLOCATOR);
        for slot in 0..500 {
            let burst = if slot % 12 == 0 { 1 + slot % 50 / 10 } else { 1 };
            if slot % 50 < 40 {
                for _ in 0..burst {
                    sequence += if slot % 50 == 7 { 2 } else { 1 };
                    let now = playout.now();
                    playout.insert(sequence, now, &SILENCE);
                    quality.packet(now, 320, Duration::ZERO, Duration::ZERO);
                    quality.frame(sequence, now);
                }
            }
            if slot % 50 == 17 {
                playout.insert(sequence - 12, playout.now(), &SILENCE);
            }
            playout.fill(&mut samples);
            assert!(quality.snapshot(playout.now(), &playout.stats()).frames > 0);
        }
        region.change().allocations
    });
    assert_eq!(fewest.min(), Some(0));
    let stats = playout.stats();
    assert!(
        stats.jitter.lost > 0 && stats.jitter.concealed() > 0 && stats.cut + stats.repeated > 0,
        "{stats:?}"
    );
}
