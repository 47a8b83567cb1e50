//! The chain allocates nothing once it is made.
#![cfg(not(target_arch = "wasm32"))]

use std::alloc::System;

use signal::{
    chain::{Chain, ChainConfig},
    codec::Law,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The count is the whole process's, and the test harness has a thread of its own: of several passes, its allocations
/// spoil a few, the chain's would spoil all.
#[test]
fn process_set_and_meters_allocate_nothing() {
    let mut config = ChainConfig::default();
    config.compressor.bypass = false;
    let mut chain = Chain::new(8_000, &config);
    let mut samples = [0.3; 1_000];
    let fewest = (0_u8..20).map(|pass| {
        let region = Region::new(ALLOCATOR);
        config.gain.factor = f32::from(pass % 3);
        chain.set(&config);
        for piece in samples.chunks_mut(161) {
            chain.process(piece);
            Law::A.through(piece);
        }
        let meters = chain.meters();
        let allocations = region.change().allocations;
        assert!(meters.input_peak_dbfs <= 0.0);
        allocations
    });
    assert_eq!(fewest.min(), Some(0));
}
