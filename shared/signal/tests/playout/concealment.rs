//! Concealment against ITU-T's own tool.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use signal::plc::{Concealer, UNIT, Unit};

use crate::network::Random;

const UNITS: usize = 2_000;
/// FNV-1a of what the tool of ITU-T G.191 (module g711iplc, with `USEDOUBLES` as its own tests have it) makes of
/// [`voice`] and [`losses`], as little-endian bytes; computed once, outside this repository.
const REFERENCE: u64 = 0x7310_0c3c_1e69_2aaf;
const INPUT: u64 = 0xeaf0_92a4_e8c3_c0db;

/// Pulses whose period glides between 46 and 115 samples through a resonance, with noise, and one second in four of
/// louder noise alone: nothing but whole numbers.
fn voice() -> Vec<i16> {
    let mut random = Random(711);
    let (mut phase, mut last, mut before) = (0, 0i64, 0i64);
    let sample = |index: usize| {
        let period = 63 + (index / 40 % 70).abs_diff(35);
        phase += 1;
        let mut pulse = 0;
        if phase >= period {
            (phase, pulse) = (0, 9_000);
        }
        pulse += (random.next() >> 56).cast_signed() - 128;
        if index / 8_000 % 4 == 3 {
            pulse = (random.next() >> 52).cast_signed() - 2_048;
        }
        let sample = (pulse + ((29 * last) >> 4) - ((14 * before) >> 4)).clamp(-30_000, 30_000);
        (before, last) = (last, sample);
        sample as i16
    };
    (0..UNITS * UNIT).map(sample).collect()
}

/// A loss begins with 8 % and goes on with 70 %; the longest is of 130 ms.
fn losses() -> Vec<bool> {
    let mut random = Random(191);
    let mut lost = false;
    let unit = |_| {
        lost = random.next() % 100 < if lost { 70 } else { 8 };
        lost
    };
    (0..UNITS).map(unit).collect()
}

fn digest(samples: &[i16]) -> u64 {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn conceal(pcm: &[i16], lost: impl IntoIterator<Item = bool>) -> Vec<i16> {
    let mut concealer = Concealer::new();
    let (units, _) = pcm.as_chunks::<UNIT>();
    let unit = |(unit, lost): (&Unit, bool)| {
        let mut unit = *unit;
        if lost {
            concealer.missing(&mut unit);
        } else {
            concealer.received(&mut unit);
        }
        unit
    };
    units.iter().zip(lost).flat_map(unit).collect()
}

#[test]
fn what_is_made_up_is_the_itus_sample_for_sample() {
    let voice = voice();
    assert_eq!(digest(&voice), INPUT);
    assert_eq!(digest(&conceal(&voice, losses())), REFERENCE);
}

#[test]
fn what_is_received_is_only_delayed() {
    let voice = voice();
    let heard = conceal(&voice, (0..UNITS).map(|_| false));
    assert_eq!(heard[Concealer::DELAY..], voice[..voice.len() - Concealer::DELAY]);
}

#[test]
fn a_long_loss_fades_to_silence_and_comes_back() {
    let lost = |unit: usize| (100..120).contains(&unit);
    let heard = conceal(&voice(), (0..UNITS).map(lost));
    let peak = |unit: usize| {
        let from = unit * UNIT + Concealer::DELAY;
        heard[from..from + UNIT].iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
    };
    let begin = peak(100);
    assert!(begin > 5_000);
    for unit in 101..106 {
        let most = f64::from(begin) * (1.2 - (unit - 100) as f64 * 0.2) + 1.0;
        assert!(f64::from(peak(unit)) <= most, "{unit}: {} > {most}", peak(unit));
    }
    assert!((106..120).all(|unit| peak(unit) == 0));
    assert!(peak(122) > 5_000);
}
