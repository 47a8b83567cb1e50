//! The table as it is printed, and whether the columns natively and in wasm say the same.

use std::collections::BTreeMap;

use crate::{multimon::Multimon, peer::Peer};

/// ITU-T Q.24: a digit must be heard if it lasts for so long.
const SHORTEST_MS: f64 = 40.0;

/// Who is heard beside the native receiver, and what was found so far.
pub(crate) struct Table {
    pub(crate) wasm: Option<Peer>,
    pub(crate) spandsp: Option<Peer>,
    pub(crate) multimon: Option<Multimon>,
    /// Signals that were heard natively and in wasm, and how many of them differently.
    compared: [usize; 2],
    /// FNV-1a over all that was reported: natively, in wasm.
    digests: [u64; 2],
    missed: BTreeMap<&'static str, Vec<f64>>,
}

impl Table {
    /// Finds the others, says why some are missing, and prints the head.
    pub(crate) fn begin(trials: u32, alone: bool) -> Self {
        let wasm = said("wasm", Peer::wasm());
        let others = |found: Result<(), String>| if alone { Err("not asked for".to_owned()) } else { found };
        let spandsp = said("spandsp", others(Ok(())).and_then(|()| Peer::spandsp()));
        let multimon = said("multimon-ng", others(Ok(())).and_then(|()| Multimon::find()));
        println!(
            "wasm: as the page decodes recordings, built and packed as the page is (simd128), in Node.\n"
        );
        println!(
            "| condition, {trials} trials each | goal | dialbench | dialbench, wasm | spandsp | multimon-ng |"
        );
        println!("|---|---|---|---|---|---|");
        Self {
            wasm,
            spandsp,
            multimon,
            compared: [0; 2],
            digests: [0xcbf2_9ce4_8422_2325; 2],
            missed: BTreeMap::new(),
        }
    }

    /// Holds what was reported natively against what was reported in wasm, of as many signals.
    pub(crate) fn compare(&mut self, ours: &[String], wasm: Option<&[String]>) {
        let Some(wasm) = wasm else { return };
        assert_eq!(ours.len(), wasm.len(), "a line for each signal");
        self.compared[0] += ours.len();
        self.compared[1] += ours.iter().zip(wasm).filter(|(ours, wasm)| ours != wasm).count();
        for (digest, lines) in self.digests.iter_mut().zip([ours, wasm]) {
            for byte in lines.iter().flat_map(|line| line.bytes().chain([b'\n'])) {
                *digest = (*digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }

    /// Keeps a trial that went wrong: how long its longest stretch without a lost frame was.
    pub(crate) fn missed(&mut self, row: &'static str, milliseconds: f64) {
        self.missed.entry(row).or_default().push(milliseconds);
    }

    /// Prints what is to be said below the table.
    pub(crate) fn end(self) {
        println!();
        for (row, milliseconds) in &self.missed {
            let longest = milliseconds.iter().copied().fold(0.0, f64::max);
            if longest < SHORTEST_MS {
                let missed = milliseconds.len();
                println!(
                    "{row}: of the {missed} that went wrong, at most {longest:.1} ms arrived in one piece. Q.24 promises {SHORTEST_MS} ms."
                );
            }
        }
        if self.wasm.is_some() {
            let ([signals, different], [native, wasm]) = (self.compared, self.digests);
            let verdict = if different == 0 { "identical" } else { "NOT IDENTICAL" };
            println!(
                "Natively and in wasm {verdict}: of {signals} signals, {different} with another digit, time, level or frequency; digests {native:016x}, {wasm:016x}."
            );
            assert_eq!(native, wasm, "wasm decides otherwise");
        }
    }
}

/// Prints a row; `others` are wasm, spandsp and multimon-ng.
pub(crate) fn row(name: &str, goal: &str, ours: &str, others: [Option<String>; 3]) {
    let [wasm, spandsp, multimon] = others.map(|cell| cell.unwrap_or_else(|| "–".into()));
    println!("| {name} | {goal} | {ours} | {wasm} | {spandsp} | {multimon} |");
}

/// The digits of a line, each followed by `@` and its time.
pub(crate) fn reports(line: &str) -> impl Iterator<Item = (char, f64)> {
    line.split_whitespace().filter_map(|word| {
        let (digit, at) = word.split_once('@')?;
        Some((digit.chars().next()?, at.parse().ok()?))
    })
}

/// The digits of a line, without their times.
pub(crate) fn digits(line: &str) -> String {
    reports(line).map(|(digit, _)| digit).collect()
}

fn said<T>(name: &str, found: Result<T, String>) -> Option<T> {
    found.inspect_err(|reason| println!("Without {name}: {reason}")).ok()
}
