//! The receiver on ITU-T Q.24's figures, on speech and music, and against the clock; beside spandsp where that is
//! installed. `cargo bench -p shared --bench receiver [-- TRIALS]`, 16,000 trials of each row unless told.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod peer;
#[path = "../../tests/receiver/q24.rs"]
mod q24;
mod recordings;
#[path = "../../tests/receiver/signals.rs"]
mod signals;

use std::time::{Duration, Instant};

use peer::{Heard, Peer};
use shared::dtmf::{
    Digit,
    detect::{Receiver, ReceiverConfig, decode},
    tone::{ToneConfig, synthesize},
};
use signals::{RATE, Rng, Sent};

/// Speeds of 0.7 to 1.4 and gains of −12 to +7 dB.
const PLAYINGS: u32 = 20;

fn main() {
    let trials = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(16_000);
    let peer = Peer::build();
    if let Err(reason) = &peer {
        println!("Without spandsp: {reason}\n");
    }
    let peer = peer.ok();
    println!("| condition, {trials} trials each | goal | dialbench | spandsp |");
    println!("|---|---|---|---|");
    for row in q24::ROWS {
        conditions(row, trials, peer.as_ref());
    }
    for (name, levels) in
        [("−3 to −20 dBm", (-20.0, -3.0)), ("0 dBm", (0.0, 0.0)), ("−25 dBm", (-25.0, -25.0))]
    {
        latency(name, levels, trials, peer.as_ref());
    }
    talk_off();
    speed(peer.as_ref());
}

fn line(name: &str, goal: &str, ours: &str, peer: Option<String>) {
    println!("| {name} | {goal} | {ours} | {} |", peer.unwrap_or_else(|| "–".into()));
}

fn conditions(row: &q24::Row, count: u32, peer: Option<&Peer>) {
    let trials: Vec<q24::Trial> = q24::trials(row, count, 0x51).collect();
    let right = |heard: &[char], trial: &q24::Trial| {
        trial.expect.iter().map(|digit| digit.as_char()).eq(heard.iter().copied())
    };
    let share = |right: usize| format!("{:.3} %", 100.0 * right as f64 / f64::from(count));
    let ours = trials.iter().filter(|trial| {
        let heard: Vec<char> = q24::hear(&trial.pcm).0.iter().map(|(digit, _)| digit.as_char()).collect();
        right(&heard, trial)
    });
    let ours = share(ours.count());
    let theirs = peer.map(|peer| {
        let (heard, _) =
            peer.hear(trials.iter().map(|trial| trial.pcm.as_slice()), row.name.contains("over"));
        let digits = |heard: &Heard| heard.iter().map(|&(digit, _)| digit).collect::<Vec<_>>();
        share(heard.iter().zip(&trials).filter(|(heard, trial)| right(&digits(heard), trial)).count())
    });
    line(row.name, if row.tolerance > 0 { "≥ 99.9 %" } else { "100 %" }, &ours, theirs);
}

fn latency(name: &str, (from, to): (f64, f64), count: u32, peer: Option<&Peer>) {
    let mut rng = Rng(0x27);
    let trials: Vec<q24::Trial> = (0..count)
        .map(|_| {
            let digit = q24::any_digit(&mut rng);
            let dbm0 = rng.within(from, to);
            let sent = Sent::new(&mut rng, digit, dbm0);
            q24::one(&mut rng, &sent, 100.0)
        })
        .collect();
    let figures = |reports: Vec<Option<f64>>| {
        let mut latencies: Vec<f64> = reports
            .iter()
            .zip(&trials)
            .filter_map(|(at, trial)| Some((at.as_ref()? - trial.onset) / RATE * 1_000.0))
            .collect();
        latencies.sort_by(f64::total_cmp);
        let Some(longest) = latencies.last() else { return "–".to_owned() };
        format!("{:.1} / {longest:.1} ms", latencies[latencies.len() / 2])
    };
    let ours = trials.iter().map(|trial| q24::hear(&trial.pcm).0.first().map(|&(_, at)| at as f64));
    let ours = figures(ours.collect());
    let theirs = peer.map(|peer| {
        let (heard, _) = peer.hear(trials.iter().map(|trial| trial.pcm.as_slice()), false);
        figures(heard.iter().map(|heard| heard.first().map(|&(_, at)| at)).collect())
    });
    line(&format!("onset to report, p50 / max, {name}"), "27 / 34 ms", &ours, theirs);
}

fn talk_off() {
    let folder = recordings::folder();
    let recordings = recordings::all(&folder);
    if recordings.is_empty() {
        println!(
            "\nSkipped false digits: no recordings below {} (asterisk-core-sounds-*-wav,",
            folder.display()
        );
        println!("asterisk-moh-opsound-wav; or unpack them and set DIALBENCH_SOUNDS).\n");
        return;
    }
    let (mut false_digits, mut samples) = ([0, 0], [0, 0]);
    for playing in 0..=PLAYINGS {
        let spread = f64::from(playing) * 0.618_034 % 1.0;
        let gain = 10_f64.powf((f64::from(playing * 7 % PLAYINGS) - 12.0) / 20.0);
        for (path, recording) in &recordings {
            let changed;
            let pcm = if playing == 0 {
                recording
            } else {
                changed = recordings::played(recording, 0.7 + 0.7 * spread, gain);
                &changed
            };
            let digits = decode(pcm);
            for digit in &digits {
                let seconds = digit.start_sample as f64 / RATE;
                println!("{} at {seconds:.2} s, playing {playing}: {digit:?}", path.display());
            }
            false_digits[usize::from(playing > 0)] += digits.len();
            samples[usize::from(playing > 0)] += pcm.len();
        }
    }
    let name = |what: &str, samples: usize| {
        format!("false digits in {:.1} h of speech and music{what}", samples as f64 / RATE / 3_600.0)
    };
    line(&name("", samples[0]), "0", &false_digits[0].to_string(), None);
    let many = format!(", {PLAYINGS} speeds and gains");
    line(&name(&many, samples[1]), "0", &false_digits[1].to_string(), None);
}

fn speed(peer: Option<&Peer>) {
    let mut rng = Rng(0x2);
    let digits: Vec<Digit> = (0..650).map(|_| q24::any_digit(&mut rng)).collect();
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
        (
            "digits, 100 ms and 100 ms pause",
            synthesize(digits.iter().copied(), &ToneConfig::default(), 8_000),
        ),
        ("digits, 50 ms and 50 ms pause", synthesize(digits.iter().copied(), &quick, 8_000)),
    ];
    for (name, pcm) in signals.iter().filter(|(_, pcm)| !pcm.is_empty()) {
        let ours = (0..21).map(|_| time(pcm)).min_by(f64::total_cmp).unwrap_or(f64::NAN);
        let theirs = peer.map(|peer| {
            let times = (0..5).map(|_| peer.hear(std::iter::once(pcm.as_slice()), false).1);
            format!("{:.2} ns", times.min_by(f64::total_cmp).unwrap_or(f64::NAN))
        });
        line(&format!("time a sample, {name}, in 20 ms frames"), "2 ns", &format!("{ours:.2} ns"), theirs);
    }
}

/// Nanoseconds a sample.
fn time(pcm: &[i16]) -> f64 {
    let mut receiver = Receiver::new(ReceiverConfig::default());
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
