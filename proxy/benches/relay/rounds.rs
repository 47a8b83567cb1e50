//! Runs, rounds, and the table.

use std::{
    io::{BufRead as _, Write as _, stdout},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use crate::{
    FRAMES_PER_SECOND, Options,
    clients::Seen,
    machine,
    relays::{self, Kind, Running},
};

/// More than this at the 99th percentile, and a relay holds no longer.
const MOST_ADDED_US: i64 = 5_000;
/// Where it begins to double.
const FIRST: usize = 100;
/// A limit is known when the next number of streams that was tried is at most so much more.
const CLOSE_ENOUGH: f64 = 1.15;

/// One run of one relay.
#[derive(Clone, Copy, Debug)]
struct Run {
    seen: Seen,
    /// Processor time of the relay, in nanoseconds a frame.
    cpu_ns: i64,
    /// Resident memory, in bytes a stream.
    memory: i64,
}

/// What the rounds of one number of streams came to, as medians.
#[derive(Clone, Copy, Debug)]
struct Row {
    p50_us: i64,
    p99_us: i64,
    added_us: i64,
    missing: i64,
    received_percent: f64,
    cpu_ns: i64,
    memory: i64,
}

impl Row {
    fn holds(&self) -> bool {
        self.added_us <= MOST_ADDED_US && self.missing == 0 && self.received_percent > 99.0
    }
}

/// Measures, and prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut out = stdout();
    let mut kinds = Vec::new();
    for kind in [Kind::Direct, Kind::Dialbench, Kind::Nginx, Kind::Haproxy] {
        match kind.version() {
            Some(version) if kind == Kind::Direct => kinds.push((kind, version)),
            Some(version) => {
                writeln!(out, "{version}")?;
                kinds.push((kind, version));
            }
            None => writeln!(out, "{kind} is not installed: no comparison with it")?,
        }
    }
    let kinds: Vec<Kind> = kinds.into_iter().map(|(kind, _)| kind).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let most = (machine::open_files() - 200) / 2;
    writeln!(
        out,
        "{cores} cores, {:.0} % busy with other things before the start; {} rounds of {} s, medians; {most} streams at \
         most (ulimit -n)\n",
        machine::busy_percent(),
        options.repeats,
        options.seconds
    )?;
    writeln!(
        out,
        "streams  relay         p50 ms   p99 ms  p99 added ms  frames lost  received %  CPU µs/frame  KiB/stream"
    )?;
    let mut limits = Limits::new(&kinds);
    let mut given = options.streams.iter().copied();
    while let Some(streams) = if options.streams.is_empty() { limits.next(most) } else { given.next() } {
        for (kind, row) in rounds(options, &kinds, streams)? {
            limits.note(kind, streams, row.holds());
            print(streams, kind, &row)?;
        }
    }
    writeln!(out, "\n99th percentile ≤ 5 ms above the direct connection's, no frame lost:")?;
    for (kind, holds, fails) in limits.0.iter().filter(|(kind, ..)| *kind != Kind::Direct) {
        let fails = fails.map_or_else(|| "nothing failed".into(), |fails| format!("{fails} do not"));
        writeln!(out, "  {kind:<10} {holds:>5} streams hold, {fails}")?;
    }
    Ok(())
}

/// By relay: the most streams that hold, and the fewest that do not.
struct Limits(Vec<(Kind, usize, Option<usize>)>);

impl Limits {
    fn new(kinds: &[Kind]) -> Self {
        Self(kinds.iter().map(|kind| (*kind, 0, None)).collect())
    }

    fn note(&mut self, kind: Kind, streams: usize, holds: bool) {
        let Some((_, most, fewest)) = self.0.iter_mut().find(|(known, ..)| *known == kind) else { return };
        if !holds {
            *fewest = Some(fewest.map_or(streams, |fewest| fewest.min(streams)));
        } else if fewest.is_none_or(|fewest| streams < fewest) {
            *most = streams.max(*most);
        }
    }

    /// The next number of streams to try: twice as many as long as one relay holds, then between what holds and what does
    /// not, for one relay after the other.
    fn next(&self, most: usize) -> Option<usize> {
        let relays = || self.0.iter().filter(|(kind, ..)| *kind != Kind::Direct);
        let tried =
            self.0.iter().map(|(_, holds, fails)| (*holds).max(fails.unwrap_or(0))).max().unwrap_or(0);
        if tried == 0 {
            return Some(FIRST.min(most));
        }
        if tried < most && relays().any(|(_, _, fails)| fails.is_none()) {
            return Some((tried * 2).min(most));
        }
        relays()
            .filter_map(|(_, holds, fails)| Some((*holds, (*fails)?)))
            .find(|(holds, fails)| *fails as f64 > (*holds).max(10) as f64 * CLOSE_ENOUGH)
            .map(|(holds, fails)| usize::midpoint(holds, fails))
    }
}

/// All relays in turn, as often as is asked for, so that what else happens on the machine happens to all of them.
fn rounds(options: &Options, kinds: &[Kind], streams: usize) -> Result<Vec<(Kind, Row)>> {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); kinds.len()];
    for _ in 0..options.repeats {
        for (kind, runs) in kinds.iter().zip(&mut runs) {
            let run = one(*kind, streams, options.seconds)
                .with_context(|| format!("{kind} with {streams} streams"))?;
            runs.push(run);
        }
    }
    let due = (streams * FRAMES_PER_SECOND) as f64 * options.seconds as f64;
    let direct: Vec<i64> = runs[0].iter().map(|run| run.seen.p99_us as i64).collect();
    let row = |runs: &Vec<Run>| Row {
        p50_us: median(runs.iter().map(|run| run.seen.p50_us as i64)),
        p99_us: median(runs.iter().map(|run| run.seen.p99_us as i64)),
        added_us: median(runs.iter().zip(&direct).map(|(run, direct)| run.seen.p99_us as i64 - direct)),
        missing: median(runs.iter().map(|run| run.seen.missing as i64)),
        received_percent: median(runs.iter().map(|run| run.seen.frames as i64)) as f64 * 100.0 / due,
        cpu_ns: median(runs.iter().map(|run| run.cpu_ns)),
        memory: median(runs.iter().map(|run| run.memory)),
    };
    Ok(kinds.iter().copied().zip(runs.iter().map(row)).collect())
}

fn one(kind: Kind, streams: usize, seconds: u64) -> Result<Run> {
    let folder = tempfile::tempdir()?;
    let this = std::env::current_exe()?;
    let mut upstream = Running::start(Command::new(&this).arg("upstream").stdout(Stdio::piped()))?;
    let mut address = String::new();
    upstream.output()?.read_line(&mut address)?;
    let relay = relays::start(kind, address.trim(), folder.path())?;
    let used =
        || relay.process.as_ref().map_or(Ok(machine::Usage::default()), |relay| machine::usage(relay.id()));
    let empty = used()?;
    let mut command = Command::new(&this);
    command.args(["clients", &relay.address, relay.path, &streams.to_string(), &seconds.to_string()]);
    let mut clients = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
    let mut said = clients.output()?.lines();
    let mut next = || said.next().context("the clients gave up")?.context("the clients");
    next()?;
    next()?;
    let begin = used()?;
    let seen = Seen::parse(&next()?)?;
    let end = used()?;
    let frames = seen.frames.max(1) as i64;
    Ok(Run {
        seen,
        cpu_ns: (end.cpu_us - begin.cpu_us) as i64 * 1_000 / frames,
        memory: (end.resident as i64 - empty.resident as i64) / streams as i64,
    })
}

fn median(values: impl Iterator<Item = i64>) -> i64 {
    let mut values: Vec<i64> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}

fn print(streams: usize, kind: Kind, row: &Row) -> Result<()> {
    let ms = |us: i64| us as f64 / 1e3;
    let mut line = format!("{streams:>7}  {kind:<10} {:>9.2} {:>8.2}", ms(row.p50_us), ms(row.p99_us));
    if kind == Kind::Direct {
        line += &format!("{:>14}{:>13}{:>12.1}", "", row.missing, row.received_percent);
    } else {
        line += &format!("{:>14.2}{:>13}", ms(row.added_us), row.missing);
        line += &format!("{:>12.1}", row.received_percent);
        line += &format!("{:>14.2}{:>12.1}", row.cpu_ns as f64 / 1e3, row.memory as f64 / 1_024.0);
    }
    let mut out = stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
