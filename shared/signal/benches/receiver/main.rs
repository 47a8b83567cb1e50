//! The receiver on ITU-T Q.24's figures, in the field, on speech and music, and against the clock: natively, in wasm, and
//! beside spandsp and multimon-ng where those are installed. `cargo xtask bench receiver [-- TRIALS alone PART…]`: 16,000
//! trials of each row unless told, `alone` without the others, and of the parts `q24`, `field`, `talk-off` and `speed` those
//! that are named.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod field;
mod multimon;
mod peer;
#[path = "../../tests/receiver/q24.rs"]
mod q24;
mod recordings;
#[path = "../../tests/receiver/rooms.rs"]
mod rooms;
#[path = "../../tests/receiver/signals.rs"]
mod signals;
mod table;
mod transcript;

use std::time::{Duration, Instant};

use base::digit::Digit;
use signal::{
    detect::{DetectorConfig, DtmfDetector},
    tone::{ToneConfig, synthesize},
};
use signals::{RATE, Rng, Sent, ms};
use table::{Table, digits, reports};
use transcript::transcript;

/// Speeds of 0.7 to 1.4 and gains of −12 to +7 dB.
const PLAYINGS: u32 = 20;

/// So many trials of a row of Q.24 take about as long as a caller in the field, who dials ten keys.
const TRIALS_A_CALLER: u32 = 40;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let named = |part: &str| words.iter().any(|word| word == part);
    let all = !["q24", "field", "talk-off", "speed"].into_iter().any(named);
    let trials = words.iter().find_map(|word| word.parse().ok()).unwrap_or(16_000);
    let mut table = Table::begin(trials, named("alone"));
    if all || named("q24") {
        q24_rows(&mut table, trials);
    }
    if all || named("field") {
        field::rows(&mut table, (trials / TRIALS_A_CALLER).max(1));
    }
    if all || named("talk-off") {
        talk_off(&mut table);
    }
    if all || named("speed") {
        speed(&table);
    }
    table.end();
}

fn q24_rows(table: &mut Table, trials: u32) {
    for row in q24::ROWS {
        conditions(table, row, trials);
    }
    for (name, levels) in
        [("−3 to −20 dBm", (-20.0, -3.0)), ("0 dBm", (0.0, 0.0)), ("−25 dBm", (-25.0, -25.0))]
    {
        latency(table, name, levels, trials);
    }
}

fn conditions(table: &mut Table, row: &q24::Row, count: u32) {
    let trials: Vec<q24::Trial> = q24::trials(row, count, 0x51).collect();
    let right =
        |heard: &str, trial: &q24::Trial| trial.expect.iter().map(|digit| digit.as_char()).eq(heard.chars());
    let share = |heard: &[String]| {
        let right = heard.iter().zip(&trials).filter(|(heard, trial)| right(heard, trial)).count();
        format!("{:.3} %", 100.0 * right as f64 / f64::from(count))
    };
    let over_tones = row.name.contains("over");
    let ours: Vec<String> = trials.iter().map(|trial| transcript(&trial.pcm)).collect();
    let pcm = || trials.iter().map(|trial| trial.pcm.as_slice());
    let wasm = table.wasm.as_ref().map(|wasm| wasm.hear(pcm()));
    let spandsp = table
        .spandsp
        .as_ref()
        .map(|peer| if over_tones { peer.hear_over_tones(pcm()) } else { peer.hear(pcm()) });
    let multimon = table.multimon.as_ref().map(|peer| share(&peer.hear(pcm())));
    let shares = |lines: &[String]| share(&lines.iter().map(|line| digits(line)).collect::<Vec<_>>());
    let goal = if row.tolerance > 0 { "≥ 99.9 %" } else { "100 %" };
    let others = [wasm.as_deref().map(shares), spandsp.as_deref().map(shares), multimon];
    table::row(row.name, goal, &shares(&ours), others);
    table.compare(&ours, wasm.as_deref());
    for (trial, _) in trials.iter().zip(&ours).filter(|(trial, line)| !right(&digits(line), trial)) {
        table.missed(row.name, trial.in_one_piece / ms(1.0));
    }
}

fn latency(table: &mut Table, name: &str, (from, to): (f64, f64), count: u32) {
    let mut rng = Rng(0x27);
    let trials: Vec<q24::Trial> = (0..count)
        .map(|_| {
            let digit = q24::any_digit(&mut rng);
            let dbm0 = rng.within(from, to);
            let sent = Sent::new(&mut rng, digit, dbm0);
            q24::one(&mut rng, &sent, 100.0)
        })
        .collect();
    let figures = |lines: &[String]| {
        let mut latencies: Vec<f64> = lines
            .iter()
            .zip(&trials)
            .filter_map(|(line, trial)| Some((reports(line).next()?.1 - trial.onset) / RATE * 1_000.0))
            .collect();
        latencies.sort_by(f64::total_cmp);
        let Some(longest) = latencies.last() else { return "–".to_owned() };
        format!("{:.1} / {longest:.1} ms", latencies[latencies.len() / 2])
    };
    let ours: Vec<String> = trials.iter().map(|trial| transcript(&trial.pcm)).collect();
    let pcm = || trials.iter().map(|trial| trial.pcm.as_slice());
    let wasm = table.wasm.as_ref().map(|wasm| wasm.hear(pcm()));
    let spandsp = table.spandsp.as_ref().map(|peer| figures(&peer.hear(pcm())));
    let others = [wasm.as_deref().map(figures), spandsp, None];
    table::row(&format!("onset to report, p50 / max, {name}"), "27 / 34 ms", &figures(&ours), others);
    table.compare(&ours, wasm.as_deref());
}

fn talk_off(table: &mut Table) {
    let folder = recordings::folder();
    let recordings = recordings::all(&folder);
    if recordings.is_empty() {
        println!(
            "| false digits: no recordings below {} (asterisk-core-sounds-*-wav, asterisk-moh-opsound-wav; or unpack them and set DIALBENCH_SOUNDS) | 0 | – | – | – | – |",
            folder.display()
        );
        return;
    }
    for playings in [0..1, 1..PLAYINGS + 1] {
        let many = if playings.start == 0 { String::new() } else { format!(", {PLAYINGS} speeds and gains") };
        let mut samples = 0;
        let mut counts = [0; 4];
        for playing in playings {
            let spread = f64::from(playing) * 0.618_034 % 1.0;
            let gain = 10_f64.powf((f64::from(playing * 7 % PLAYINGS) - 12.0) / 20.0);
            let played: Vec<Vec<i16>> = recordings
                .iter()
                .map(|(_, pcm)| {
                    if playing == 0 { pcm.clone() } else { recordings::played(pcm, 0.7 + 0.7 * spread, gain) }
                })
                .collect();
            samples += played.iter().map(Vec::len).sum::<usize>();
            let pcm = || played.iter().map(Vec::as_slice);
            let count = |lines: &[String]| lines.iter().map(|line| digits(line).len()).sum::<usize>();
            let ours: Vec<String> = pcm().map(transcript).collect();
            for ((path, _), line) in recordings.iter().zip(&ours).filter(|(_, line)| !line.is_empty()) {
                println!("{}, playing {playing}: {line}", path.display());
            }
            let wasm = table.wasm.as_ref().map(|wasm| wasm.hear(pcm()));
            counts[0] += count(&ours);
            counts[1] += wasm.as_deref().map_or(0, count);
            counts[2] += table.spandsp.as_ref().map_or(0, |peer| count(&peer.hear(pcm())));
            counts[3] +=
                table.multimon.as_ref().map_or(0, |peer| peer.hear(pcm()).iter().map(String::len).sum());
            table.compare(&ours, wasm.as_deref());
        }
        let there = [table.wasm.is_some(), table.spandsp.is_some(), table.multimon.is_some()];
        let others = [1, 2, 3].map(|at| there[at - 1].then(|| counts[at].to_string()));
        let hours = samples as f64 / RATE / 3_600.0;
        table::row(
            &format!("false digits in {hours:.1} h of speech and music{many}"),
            "0",
            &counts[0].to_string(),
            others,
        );
    }
}

fn speed(table: &Table) {
    let mut rng = Rng(0x2);
    let keyed: Vec<Digit> = (0..650).map(|_| q24::any_digit(&mut rng)).collect();
    let half = Duration::from_millis(50);
    let quick = ToneConfig { on: half, off: half, ..ToneConfig::default() };
    let recordings = recordings::all(&recordings::folder());
    let matching = |part: &str| -> Vec<i16> {
        let all = recordings.iter().filter(|(path, _)| path.to_string_lossy().contains(part));
        all.flat_map(|(_, pcm)| pcm).copied().take(1 << 20).collect()
    };
    let signals = [
        ("silence", vec![0; 1 << 20]),
        ("white noise", (0..1 << 20).map(|_| (1_000.0 * rng.gauss()) as i16).collect()),
        ("speech", matching("sounds/en")),
        ("music", matching("moh/")),
        ("digits, 100 ms and 100 ms pause", synthesize(keyed.iter().copied(), &ToneConfig::default(), 8_000)),
        ("digits, 50 ms and 50 ms pause", synthesize(keyed.iter().copied(), &quick, 8_000)),
    ];
    for (name, pcm) in signals.iter().filter(|(_, pcm)| !pcm.is_empty()) {
        let figure = |nanoseconds: f64| format!("{nanoseconds:.2} ns");
        let ours = (0..61).map(|_| time(pcm)).min_by(f64::total_cmp).unwrap_or(f64::NAN);
        let others = [
            table.wasm.as_ref().map(|peer| figure(peer.time(pcm))),
            table.spandsp.as_ref().map(|peer| figure(peer.time(pcm))),
            table.multimon.as_ref().map(|peer| figure(peer.time(pcm))),
        ];
        table::row(&format!("time a sample, {name}"), "2 ns, wasm 2.5 ns", &figure(ours), others);
    }
}

/// Nanoseconds a sample, in frames of 20 ms.
fn time(pcm: &[i16]) -> f64 {
    let mut receiver = DtmfDetector::new(DetectorConfig::default());
    let mut reports = 0;
    let started = Instant::now();
    for frame in pcm.chunks(160) {
        receiver.process(frame, |detection| {
            std::hint::black_box(detection);
            reports += 1;
        });
    }
    let spent = started.elapsed();
    std::hint::black_box(reports);
    spent.as_secs_f64() * 1e9 / pcm.len() as f64
}
