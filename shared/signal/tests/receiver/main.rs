//! The receiver on the figures of ITU-T Q.24, few trials of each; the benchmark of the same name makes more.

mod explained;
mod field;
mod properties;
mod q24;
mod rooms;
mod signals;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base::digit::Digit;
use q24::{ROWS, trials};
use signal::detect::{Detection, DetectorConfig, DtmfDetector, Tone, decode};
use signals::{Line, RATE, Rng, Sent, ms};

#[test]
fn every_row_of_q24_holds() {
    const TRIALS: u32 = 480;
    for row in ROWS {
        let wrong = trials(row, TRIALS, 24)
            .filter(|trial| {
                !hear(&trial.pcm).0.iter().map(|&(digit, _)| digit).eq(trial.expect.iter().copied())
            })
            .count() as u32;
        assert!(wrong * 1_000 <= row.tolerance * TRIALS, "{}: {wrong} of {TRIALS} went wrong", row.name);
    }
}

/// Natively and in a browser, with vector instructions and without.
#[test]
fn the_decisions_are_the_same_everywhere() {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut write = |word: u64| digest = (digest ^ word).wrapping_mul(0x0100_0000_01b3);
    for row in ROWS {
        for trial in trials(row, 320, 99) {
            let (starts, tones) = hear(&trial.pcm);
            for (digit, at_sample) in starts {
                write(u64::from(digit.code()));
                write(at_sample);
            }
            for tone in tones {
                write(tone.start_sample);
                write(tone.end_sample);
            }
        }
    }
    assert_eq!(digest, 0xd1e2_4a12_efea_c7f5, "the receiver decides otherwise than it did: {digest:#x}");
}

#[test]
fn a_digit_is_reported_within_34_ms() {
    for dbm0 in [0.0, -10.0, -25.0] {
        let mut rng = Rng(34);
        let mut latencies: Vec<f64> = (0..640)
            .map(|_| {
                let digit = q24::any_digit(&mut rng);
                let sent = Sent::new(&mut rng, digit, dbm0);
                let trial = q24::one(&mut rng, &sent, 100.0);
                let (starts, _) = hear(&trial.pcm);
                assert_eq!(starts.len(), 1, "{digit} at {dbm0} dBm0");
                (starts[0].1 as f64 - trial.onset) / RATE * 1_000.0
            })
            .collect();
        latencies.sort_by(f64::total_cmp);
        assert!(latencies[latencies.len() / 2] <= 27.0, "{}", latencies[latencies.len() / 2]);
        assert!(latencies.last().is_some_and(|&longest| longest <= 34.0), "{latencies:?}");
    }
}

#[test]
fn a_tone_is_measured() {
    let mut rng = Rng(5);
    for _ in 0..320 {
        let digit = q24::any_digit(&mut rng);
        let mut sent = Sent::new(&mut rng, digit, 0.0);
        sent.low_dbm0 = rng.within(-20.0, -14.0);
        sent.high_dbm0 = sent.low_dbm0 + rng.within(-8.0, 4.0);
        (sent.low_error, sent.high_error) = (rng.within(-0.015, 0.015), rng.within(-0.015, 0.015));
        let length = rng.within(40.0, 200.0);
        let trial = q24::one(&mut rng, &sent, length);
        let tones = decode(&trial.pcm);
        let [tone] = tones[..] else { panic!("{digit}: {tones:?}") };
        let near = |heard: f64, sent: f64, within: f64| {
            assert!((heard - sent).abs() <= within, "{heard} is not {sent}: {sent:?} {tone:?}");
        };
        assert_eq!(tone.digit, digit);
        near(tone.start_sample as f64, trial.onset, ms(1.5));
        near(tone.end_sample as f64, trial.onset + ms(length), ms(1.5));
        near(tone.low_dbm0.into(), sent.low_dbm0, 0.1);
        near(tone.high_dbm0.into(), sent.high_dbm0, 0.1);
        near(tone.twist_db.into(), sent.high_dbm0 - sent.low_dbm0, 0.2);
        near(tone.low_error_pct.into(), 100.0 * sent.low_error, 0.1);
        near(tone.high_error_pct.into(), 100.0 * sent.high_error, 0.1);
    }
}

#[test]
fn a_digit_may_follow_another_without_a_pause() {
    let mut rng = Rng(11);
    for _ in 0..320 {
        let [first, second] = [q24::any_digit(&mut rng), q24::any_digit(&mut rng)];
        if first == second {
            continue;
        }
        let [a, b] = [first, second].map(|digit| Sent::new(&mut rng, digit, -10.0));
        let mut line = Line::silent(ms(250.0));
        line.digit(&a, ms(31.3), ms(100.0));
        line.digit(&b, ms(100.0), ms(170.0));
        let heard: Vec<Digit> = decode(&line.pcm()).iter().map(|tone| tone.digit).collect();
        assert_eq!(heard, [first, second]);
    }
}

#[test]
fn a_digit_that_the_input_s_end_cuts_off_is_ended_there() {
    let mut rng = Rng(1);
    let sent = Sent::new(&mut rng, Digit::POUND, -10.0);
    let mut line = Line::silent(ms(100.0));
    line.digit(&sent, ms(20.0), ms(100.0));
    let tones = decode(&line.pcm());
    assert_eq!(tones.len(), 1);
    assert_eq!(tones[0].end_sample, 800);
}

/// What is heard in `pcm`: the digits with the samples at which they were reported, and the tones.
fn hear(pcm: &[i16]) -> (Vec<(Digit, u64)>, Vec<Tone>) {
    let (mut starts, mut tones) = (Vec::new(), Vec::new());
    let mut receiver = DtmfDetector::new(DetectorConfig::default());
    let mut keep = |detection| match detection {
        Detection::Start { digit, at_sample } => starts.push((digit, at_sample)),
        Detection::End(tone) => tones.push(tone),
    };
    receiver.process(pcm, &mut keep);
    receiver.flush(&mut keep);
    (starts, tones)
}
