//! What the kernel says of processes and of the machine.

use std::{fs, thread, time::Duration};

use anyhow::{Context as _, Result};

/// Memory and processor time of a relay.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Resident memory, in bytes.
    pub(crate) resident: u64,
    /// Processor time so far, in microseconds.
    pub(crate) cpu_us: u64,
}

/// What a process and its children use.
pub(crate) fn usage(process: u32) -> Result<Usage> {
    let mut sum = Usage::default();
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    for process in std::iter::once(process).chain(children) {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.trim_end_matches("kB").trim().parse()?;
        sum.resident += kib * 1_024;
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // After the name, which may hold anything, utime and stime are the 12th and 13th.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
        // USER_HZ is 100 on every Linux there is.
        sum.cpu_us += ticks.sum::<u64>() * 10_000;
    }
    Ok(sum)
}

/// How many files a process may have open; 1,024 where nobody knows.
pub(crate) fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1_024)
}

/// How busy the machine is with other things, in percent of all its cores, over a second.
pub(crate) fn busy_percent() -> f64 {
    let (busy, all) = times();
    thread::sleep(Duration::from_secs(1));
    let (busy_then, all_then) = times();
    100.0 * (busy_then - busy) as f64 / (all_then - all).max(1) as f64
}

fn times() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let all = ticks.iter().take(8).sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    (all - idle, all)
}
