//! The menu machine: digits per second, their cost with many interactions, and allocations once warm.
#![expect(clippy::print_stdout, reason = "the report")]

use std::{
    alloc::System,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant as Clock},
};

use base::{digit::Digit, time::Instant};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ivr::{Input, MachineConfig, MenuMachine, SessionKey, support_line};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static OUTPUTS: AtomicU64 = AtomicU64::new(0);

fn drain(machine: &mut MenuMachine) {
    let mut outputs = 0;
    while let Some(output) = machine.poll_output() {
        black_box(&output);
        outputs += 1;
    }
    OUTPUTS.fetch_add(outputs, Ordering::Relaxed);
}

/// Presses 2 and an invalid 9 twice in each interaction, then 1: every digit a look-up, a timer and outputs.
fn round(machine: &mut MenuMachine, sessions: &mut [SessionKey], now: &mut Instant) -> u64 {
    let digits = ['2', '9', '9', '1'].map(|symbol| Digit::try_from(symbol).expect("a digit"));
    for digit in digits {
        for &key in &*sessions {
            *now += Duration::from_micros(1);
            machine.handle_input(*now, key, Input::Digit(digit)).expect("an open session");
            drain(machine);
        }
    }
    for key in sessions.iter_mut() {
        machine.close(*key).expect("an open session");
        *key = machine.open(*now).expect("room");
        drain(machine);
    }
    digits.len() as u64 * sessions.len() as u64
}

/// Digits of all timed rounds, and what was allocated meanwhile.
#[derive(Default)]
struct Allocations {
    digits: u64,
    allocations: usize,
}

fn digits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("menu machine, a digit");
    group.throughput(Throughput::Elements(1));
    for count in [1usize, 10, 100, 1_000, 10_000, 100_000] {
        let mut machine = MenuMachine::new(support_line(), MachineConfig::default());
        let mut now = Instant::ZERO;
        let mut sessions: Vec<SessionKey> = (0..count).map(|_| machine.open(now).expect("room")).collect();
        drain(&mut machine);
        round(&mut machine, &mut sessions, &mut now);
        let mut seen = Allocations::default();
        group.bench_function(BenchmarkId::new("interactions", count), |bencher| {
            bencher.iter_custom(|wanted| {
                let before = ALLOCATOR.stats().allocations;
                let started = Clock::now();
                let mut run = 0;
                while run < wanted {
                    run += round(&mut machine, &mut sessions, &mut now);
                }
                let elapsed = started.elapsed();
                seen.allocations += ALLOCATOR.stats().allocations - before;
                seen.digits += run;
                // A round may be more than was wanted: the time is a digit's, times what was wanted.
                elapsed.mul_f64(wanted as f64 / run as f64)
            });
        });
        println!("{} allocations in {} digits", seen.allocations, seen.digits);
    }
    group.finish();
}

criterion_group!(benches, digits);
criterion_main!(benches);
