//! The receiver in the field: echoes, rooms, hum, noise, voices and music beneath, and codecs on the way.
//!
//! Each trial is a caller who dials ten keys. Found is the share of them that was heard in order; doubled is what was
//! heard besides, as a share of what was dialled.

mod codecs;
mod rows;

use base::digit::Digit;
use rows::ROWS;

use crate::{
    recordings,
    rooms::{Dial, KEYS, beneath, power},
    signals::Rng,
    table::{self, Table, digits},
    transcript::transcript,
};

/// Keys that callers dial, by code: the letters are left out, for they mark the ends of multimon-ng's trials.
const DIALLED: u64 = 12;

/// One condition.
pub(crate) struct Row {
    name: &'static str,
    goal: &'static str,
    dial: Dial,
    /// Whether one key is pressed again and again.
    same: bool,
    /// The way to the receiver.
    way: fn(&mut Field, &mut Vec<f64>),
    /// A codec that the whole is sent through.
    codec: Option<codecs::Codec>,
    /// Whether spandsp's filter against dial tone is on.
    over_tones: bool,
}

/// Random numbers and recordings that a condition draws from.
struct Field {
    rng: Rng,
    speech: Vec<f64>,
    music: Vec<f64>,
}

/// A trial: a signal and what was dialled.
struct Trial {
    pcm: Vec<i16>,
    dialled: String,
}

/// Prints a row for every condition, with `callers` trials of each.
pub(crate) fn rows(table: &mut Table, callers: u32) {
    let all = recordings::all(&recordings::folder());
    println!("| *in the field, {callers} callers who dial {KEYS} keys: found / doubled, %* | | | | | |");
    let matching = |part: &str| -> Vec<f64> {
        let chosen = all.iter().filter(|(path, _)| path.to_string_lossy().contains(part));
        chosen.flat_map(|(_, pcm)| pcm).take(1 << 24).map(|&sample| f64::from(sample)).collect()
    };
    let mut field = Field { rng: Rng(0xf1e1d), speech: matching("sounds/en"), music: matching("moh/") };
    for row in ROWS {
        match heard(&mut field, table, row, callers) {
            Ok([ours, others @ ..]) => {
                table::row(row.name, row.goal, &ours.unwrap_or_default(), others);
            }
            Err(reason) => {
                table::row(&format!("{} ({reason})", row.name), row.goal, "–", [const { None }; 3]);
            }
        }
    }
}

/// Returns each receiver's figures for a condition's trials: ours, ours in wasm, spandsp's, multimon-ng's.
fn heard(field: &mut Field, table: &mut Table, row: &Row, count: u32) -> Result<[Option<String>; 4], String> {
    if row.name.contains("speech") && field.speech.is_empty()
        || row.name.contains("music") && field.music.is_empty()
    {
        return Err("no recordings".to_owned());
    }
    let mut trials: Vec<Trial> = (0..count).map(|_| trial(field, row)).collect();
    if let Some(codec) = row.codec {
        codec.send(&mut trials.iter_mut().map(|trial| &mut trial.pcm).collect::<Vec<_>>())?;
    }
    let pcm = || trials.iter().map(|trial| trial.pcm.as_slice());
    let ours: Vec<String> = pcm().map(transcript).collect();
    let wasm = table.wasm.as_ref().map(|wasm| wasm.hear(pcm()));
    table.compare(&ours, wasm.as_deref());
    let spandsp = table
        .spandsp
        .as_ref()
        .map(|peer| if row.over_tones { peer.hear_over_tones(pcm()) } else { peer.hear(pcm()) });
    let multimon = table.multimon.as_ref().map(|peer| peer.hear(pcm()));
    let of_lines = |lines: &[String]| figures(&trials, lines.iter().map(|line| digits(line)));
    Ok([
        Some(of_lines(&ours)),
        wasm.as_deref().map(of_lines),
        spandsp.as_deref().map(of_lines),
        multimon.map(|lines| figures(&trials, lines.into_iter())),
    ])
}

fn trial(field: &mut Field, row: &Row) -> Trial {
    let mut key = || Digit::from_code((field.rng.next() % DIALLED) as u8).expect("below 16");
    let first = key();
    let keys: Vec<Digit> = (0..KEYS).map(|_| if row.same { first } else { key() }).collect();
    let mut line = row.dial.press(&mut field.rng, &keys);
    (row.way)(field, &mut line.0);
    let pcm = line.0.iter().map(|sample| sample.round().clamp(-32_768.0, 32_767.0) as i16).collect();
    Trial { pcm, dialled: keys.iter().map(|digit| digit.as_char()).collect() }
}

/// Found and doubled, in per cent.
fn figures(trials: &[Trial], heard: impl Iterator<Item = String>) -> String {
    let (mut found, mut besides) = (0, 0);
    for (trial, heard) in trials.iter().zip(heard) {
        let common = in_common(trial.dialled.as_bytes(), heard.as_bytes());
        found += common;
        besides += heard.len() - common;
    }
    let per_cent = |count: usize| 100.0 * count as f64 / (KEYS * trials.len()) as f64;
    format!("{:.1} / {:.1}", per_cent(found), per_cent(besides))
}

/// Length of the longest sequence that is in both.
fn in_common(a: &[u8], b: &[u8]) -> usize {
    let mut above = vec![0; b.len() + 1];
    for x in a {
        let mut row = vec![0; b.len() + 1];
        for (n, y) in b.iter().enumerate() {
            row[n + 1] = if x == y { above[n] + 1 } else { usize::max(row[n], above[n + 1]) };
        }
        above = row;
    }
    above[b.len()]
}

impl Field {
    /// Adds speech without its pauses, of the power of a sine of level `dbm0`.
    fn talk(&mut self, line: &mut [f64], dbm0: f64) {
        beneath(line, &stretch(&mut self.rng, &self.speech, line.len()), dbm0);
    }

    /// Adds music likewise.
    fn play(&mut self, line: &mut [f64], dbm0: f64) {
        beneath(line, &stretch(&mut self.rng, &self.music, line.len()), dbm0);
    }
}

/// A random stretch without its pauses: blocks of 20 ms that are weaker than the recording by 20 dB.
fn stretch(rng: &mut Rng, recording: &[f64], length: usize) -> Vec<f64> {
    let floor = 0.01 * power(recording);
    let start = (rng.unit() * recording.len() as f64) as usize;
    let blocks = recording.chunks_exact(160).cycle().skip(start / 160);
    blocks.filter(|block| power(block) > floor).flatten().copied().take(length).collect()
}
