//! Runs, rounds, and the table.

use std::{
    io::{BufRead as _, Write as _, stdout},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    FRAMES_PER_SECOND, Options,
    clients::Seen,
    machine,
    relays::{self, Kind, Running},
};

/// More than this at the 99th percentile, and a relay holds no longer.
const MOST_ADDED_US: f64 = 5_000.0;
/// Where it begins to double.
const FIRST: usize = 100;
/// A relay is given this long before its memory is taken for that of an idle one.
const SETTLING: Duration = Duration::from_millis(300);
/// A limit is known when the next number of streams that was tried is at most so much more.
const CLOSE_ENOUGH: f64 = 1.15;

/// One run of one relay.
#[derive(Clone, Copy, Debug)]
struct Run {
    seen: Seen,
    /// Processor time of the relay, in microseconds a frame.
    cpu_us: f64,
    /// Resident memory of all streams, in bytes.
    memory: f64,
}

/// What the rounds of one number of streams came to, as medians.
#[derive(Clone, Copy, Debug)]
struct Row {
    p50_us: f64,
    p99_us: f64,
    added_us: f64,
    missing: f64,
    received_percent: f64,
    cpu_us: f64,
    memory: f64,
}

impl Row {
    fn holds(&self) -> bool {
        self.added_us <= MOST_ADDED_US && self.missing < 0.5 && self.received_percent > 99.0
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
        "{cores} cores, {:.0} % busy with other things before the start; {} rounds of {} s, medians; files for {most} \
         streams (ulimit -n raises that)\n",
        machine::busy_percent(),
        options.repeats,
        options.seconds
    )?;
    writeln!(
        out,
        "streams  relay         p50 ms   p99 ms  p99 added ms  frames lost  received %  CPU µs/frame  KiB/stream"
    )?;
    let mut limits = Limits::new(&kinds);
    let mut memory: Vec<(Kind, usize, f64)> = Vec::new();
    let mut given = options.streams.iter().copied();
    while let Some(streams) = if options.streams.is_empty() { limits.next(most) } else { given.next() } {
        for (kind, row) in rounds(options, &kinds, streams)? {
            limits.note(kind, streams, row.holds());
            memory.push((kind, streams, row.memory));
            print(streams, kind, &row)?;
        }
    }
    writeln!(out, "\n99th percentile ≤ 5 ms above the direct connection's, no frame lost:")?;
    for (kind, holds, fails) in limits.0.iter().filter(|(kind, ..)| *kind != Kind::Direct) {
        let fails = fails.map_or_else(|| "nothing failed".into(), |fails| format!("{fails} do not"));
        let measured = || memory.iter().filter(|(measured, ..)| measured == kind);
        let least = measured().min_by_key(|(_, streams, _)| *streams);
        let most = measured().max_by_key(|(_, streams, _)| *streams);
        let each = least.zip(most).filter(|((_, few, _), (_, many, _))| few < many).map_or_else(
            String::new,
            |((_, few, little), (_, many, much))| {
                format!("; {:.1} KiB for each stream more", (much - little) / (many - few) as f64 / 1_024.0)
            },
        );
        writeln!(out, "  {kind:<10} {holds:>5} streams hold, {fails}{each}")?;
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
    let direct: Vec<f64> = runs[0].iter().map(|run| run.seen.p99_us as f64).collect();
    let row = |runs: &Vec<Run>| Row {
        p50_us: median(runs.iter().map(|run| run.seen.p50_us as f64)),
        p99_us: median(runs.iter().map(|run| run.seen.p99_us as f64)),
        added_us: median(runs.iter().zip(&direct).map(|(run, direct)| run.seen.p99_us as f64 - direct)),
        missing: median(runs.iter().map(|run| run.seen.missing as f64)),
        received_percent: median(runs.iter().map(|run| run.seen.frames as f64)) * 100.0 / due,
        cpu_us: median(runs.iter().map(|run| run.cpu_us)),
        memory: median(runs.iter().map(|run| run.memory)),
    };
    Ok(kinds.iter().copied().zip(runs.iter().map(row)).collect())
}

fn one(kind: Kind, streams: usize, seconds: u64) -> Result<Run> {
    let folder = tempfile::tempdir()?;
    let this = std::env::current_exe()?;
    let mut upstream =
        Running::start(Command::new(&this).arg("upstream").stdin(Stdio::piped()).stdout(Stdio::piped()))?;
    let mut address = String::new();
    upstream.output()?.read_line(&mut address)?;
    let relay = relays::start(kind, address.trim(), folder.path())?;
    let used =
        || relay.process.as_ref().map_or(Ok(machine::Usage::default()), |relay| machine::usage(relay.id()));
    // nginx listens before its workers are there.
    thread::sleep(SETTLING);
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
    Ok(Run {
        seen,
        cpu_us: (end.cpu_us - begin.cpu_us) as f64 / seen.frames.max(1) as f64,
        memory: end.resident as f64 - empty.resident as f64,
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print(streams: usize, kind: Kind, row: &Row) -> Result<()> {
    let mut out = stdout();
    let ms = |us: f64| us / 1e3;
    write!(out, "{streams:>7}  {kind:<10} {:>9.2} {:>8.2}", ms(row.p50_us), ms(row.p99_us))?;
    if kind == Kind::Direct {
        write!(out, "{:>14}", "")?;
    } else {
        write!(out, "{:>14.2}", ms(row.added_us))?;
    }
    write!(out, "{:>13.0}{:>12.1}", row.missing, row.received_percent)?;
    if kind != Kind::Direct {
        write!(out, "{:>14.2}{:>12.1}", row.cpu_us, row.memory / streams as f64 / 1_024.0)?;
    }
    writeln!(out)?;
    Ok(out.flush()?)
}
