//! The menu machine: digits per second, their cost with many interactions, and allocations once warm.
#![expect(clippy::print_stdout, reason = "the report")]

use std::{
    alloc::System,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant as Clock},
};

use shared::{
    dtmf::Digit,
    menu::{Input, MachineConfig, MenuMachine, SessionKey, seed_flow},
    time::Instant,
};
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

fn main() {
    println!("{:>12} {:>14} {:>12} {:>22}", "interactions", "digits/s", "ns/digit", "allocations/digit");
    for count in [1usize, 10, 100, 1_000, 10_000, 100_000] {
        let mut machine = MenuMachine::new(seed_flow(), MachineConfig::default());
        let mut now = Instant::ZERO;
        let mut sessions: Vec<SessionKey> = (0..count).map(|_| machine.open(now).expect("room")).collect();
        drain(&mut machine);
        round(&mut machine, &mut sessions, &mut now);
        let before = ALLOCATOR.stats().allocations;
        let mut best = f64::INFINITY;
        let mut digits = 0;
        for _ in 0..7 {
            let started = Clock::now();
            let mut run = 0;
            while run < 2_000_000 {
                run += round(&mut machine, &mut sessions, &mut now);
            }
            best = best.min(started.elapsed().as_secs_f64() / run as f64);
            digits += run;
        }
        let allocations = (ALLOCATOR.stats().allocations - before) as f64 / digits as f64;
        println!("{count:>12} {:>14.0} {:>12.1} {allocations:>22.6}", 1.0 / best, best * 1e9);
    }
}
