//! The rows of ITU-T Q.24, one trial at a time.

use shared::dtmf::{
    Digit,
    detect::{Detection, Receiver, ReceiverConfig, Tone},
};

use crate::signals::{Line, Rng, Sent, ms};

/// What a trial should end in, and how many trials in a thousand may end otherwise.
pub struct Row {
    pub name: &'static str,
    pub goal: &'static str,
    /// Whether one trial with the digit that was drawn went as it should.
    pub trial: fn(&mut Rng, Digit) -> Trial,
}

/// A signal and the digits that must be heard in it.
pub struct Trial {
    pub pcm: Vec<i16>,
    pub expect: Vec<Digit>,
}

pub const ROWS: &[Row] = &[
    Row {
        name: "both tones off by ±1.5 %, 40 ms",
        goal: "100",
        trial: |rng, digit| {
            let mut sent = sent(rng, digit);
            (sent.low_error, sent.high_error) = (0.015 * rng.sign(), 0.015 * rng.sign());
            one(rng, &sent, 40.0)
        },
    },
    Row {
        name: "both tones off by up to ±1.5 %, 40-100 ms",
        goal: "100",
        trial: |rng, digit| {
            let mut sent = sent(rng, digit);
            (sent.low_error, sent.high_error) = (rng.within(-0.015, 0.015), rng.within(-0.015, 0.015));
            let length = rng.within(40.0, 100.0);
            one(rng, &sent, length)
        },
    },
    Row {
        name: "low tone off by ±3.5 %, 100 ms: refused",
        goal: "100",
        trial: |rng, digit| {
            let mut sent = sent(rng, digit);
            (sent.low_error, sent.high_error) = (0.035 * rng.sign(), 0.015 * rng.within(-1.0, 1.0));
            none(rng, &sent, 100.0)
        },
    },
    Row {
        name: "high tone off by ±3.5 %, 100 ms: refused",
        goal: "100",
        trial: |rng, digit| {
            let mut sent = sent(rng, digit);
            (sent.low_error, sent.high_error) = (0.015 * rng.within(-1.0, 1.0), 0.035 * rng.sign());
            none(rng, &sent, 100.0)
        },
    },
    Row {
        name: "either tone off by 3.5-8 %, 100 ms: refused",
        goal: "100",
        trial: |rng, digit| {
            let mut sent = sent(rng, digit);
            let error = rng.sign() * rng.within(0.035, 0.08);
            if rng.sign() > 0.0 {
                sent.low_error = error
            } else {
                sent.high_error = error
            }
            // Between two of Q.23's frequencies: 8 % off one may be the next.
            let (low, high) = digit.frequencies();
            let near = |hz: f64, all: [f64; 4]| all.into_iter().any(|other| (hz / other - 1.0).abs() < 0.034);
            if near(low * (1.0 + sent.low_error), [697.0, 770.0, 852.0, 941.0])
                && near(high * (1.0 + sent.high_error), [1209.0, 1336.0, 1477.0, 1633.0])
            {
                sent.low_error = 0.035;
                sent.high_error = 0.0;
            }
            none(rng, &sent, 100.0)
        },
    },
    Row {
        name: "tone of 40 ms",
        goal: "100",
        trial: |rng, digit| {
            let sent = sent(rng, digit);
            one(rng, &sent, 40.0)
        },
    },
    Row {
        name: "tone of 23 ms: refused",
        goal: "100",
        trial: |rng, digit| {
            let sent = sent(rng, digit);
            none(rng, &sent, 23.0)
        },
    },
    Row {
        name: "tone of 5-23 ms: refused",
        goal: "100",
        trial: |rng, digit| {
            let sent = sent(rng, digit);
            let length = rng.within(5.0, 23.0);
            none(rng, &sent, length)
        },
    },
    Row {
        name: "10 ms interruption: one digit",
        goal: "100",
        trial: |rng, digit| {
            let sent = sent(rng, digit);
            let from = ms(rng.within(30.0, 50.0));
            let mut line = Line::silent(from + ms(200.0));
            line.digit(&sent, from, from + ms(100.0));
            let gap = from + ms(rng.within(5.0, 85.0));
            line.silence(gap, gap + ms(10.0));
            Trial { pcm: line.pcm(), expect: vec![digit] }
        },
    },
    Row {
        name: "10 ms interruption, phase lost: one digit",
        goal: "100",
        trial: |rng, digit| {
            let sent = sent(rng, digit);
            let from = ms(rng.within(30.0, 50.0));
            let mut line = Line::silent(from + ms(200.0));
            let gap = from + ms(rng.within(5.0, 85.0));
            line.digit(&sent, from, gap);
            line.digit(
                &Sent { low_phase: rng.unit(), high_phase: rng.unit(), ..sent },
                gap + ms(10.0),
                from + ms(100.0),
            );
            Trial { pcm: line.pcm(), expect: vec![digit] }
        },
    },
    Row {
        name: "40 ms pause: two digits",
        goal: "100",
        trial: |rng, digit| {
            let first = sent(rng, digit);
            let other = if rng.sign() > 0.0 { digit } else { any_digit(rng) };
            let second = Sent { digit: other, low_phase: rng.unit(), high_phase: rng.unit(), ..first };
            let from = ms(rng.within(30.0, 50.0));
            let mut line = Line::silent(from + ms(220.0));
            line.digit(&first, from, from + ms(40.0));
            line.digit(&second, from + ms(80.0), from + ms(120.0));
            Trial { pcm: line.pcm(), expect: vec![digit, other] }
        },
    },
    Row { name: "twist +4 dB, 40 ms", goal: "100", trial: |rng, digit| twisted(rng, digit, 4.0) },
    Row { name: "twist -8 dB, 40 ms", goal: "100", trial: |rng, digit| twisted(rng, digit, -8.0) },
    Row { name: "0 dBm per tone, 40 ms", goal: "100", trial: |rng, digit| level(rng, digit, 0.0) },
    Row { name: "-25 dBm per tone, 40 ms", goal: "100", trial: |rng, digit| level(rng, digit, -25.0) },
    Row {
        name: "0 to -25 dBm per tone, 40 ms",
        goal: "100",
        trial: |rng, digit| {
            let dbm0 = rng.within(-25.0, 0.0);
            level(rng, digit, dbm0)
        },
    },
    Row {
        name: "-55 dBm per tone, 100 ms: refused",
        goal: "100",
        trial: |rng, digit| {
            let sent = Sent::new(rng, digit, -55.0);
            none(rng, &sent, 100.0)
        },
    },
    Row {
        name: "SNR 6 dB per tone, 40 ms",
        goal: ">= 99.9",
        trial: |rng, digit| {
            let sent = Sent::new(rng, digit, -10.0);
            let from = ms(rng.within(30.0, 50.0));
            let mut line = Line::silent(from + ms(120.0));
            line.digit(&sent, from, from + ms(40.0));
            line.noise(rng, -16.0);
            Trial { pcm: line.pcm(), expect: vec![digit] }
        },
    },
    Row {
        name: "dial tone 350 + 440 Hz, each as strong, 40 ms",
        goal: "100",
        trial: |rng, digit| over(rng, digit, &[350.0, 440.0]),
    },
    Row {
        name: "ringback 400 + 450 Hz, each as strong, 40 ms",
        goal: "100",
        trial: |rng, digit| over(rng, digit, &[400.0, 450.0]),
    },
    Row {
        name: "ringback of one tone of 400-450 Hz, 40 ms",
        goal: "100",
        trial: |rng, digit| {
            let hz = rng.within(400.0, 450.0);
            over(rng, digit, &[hz])
        },
    },
    Row {
        name: "ringback 440 + 480 Hz, each as strong, 40 ms",
        goal: "100",
        trial: |rng, digit| over(rng, digit, &[440.0, 480.0]),
    },
];

pub fn any_digit(rng: &mut Rng) -> Digit {
    Digit::from_code((rng.next() % 16) as u8).expect("below 16")
}

/// A digit at a level that is met every day.
pub fn sent(rng: &mut Rng, digit: Digit) -> Sent {
    let dbm0 = rng.within(-20.0, -3.0);
    Sent::new(rng, digit, dbm0)
}

/// `sent` for `milliseconds` in silence, at any alignment.
pub fn one(rng: &mut Rng, sent: &Sent, milliseconds: f64) -> Trial {
    let from = ms(rng.within(30.0, 50.0));
    let mut line = Line::silent(from + ms(milliseconds + 60.0));
    line.digit(sent, from, from + ms(milliseconds));
    Trial { pcm: line.pcm(), expect: vec![sent.digit] }
}

fn none(rng: &mut Rng, sent: &Sent, milliseconds: f64) -> Trial {
    Trial { expect: vec![], ..one(rng, sent, milliseconds) }
}

fn level(rng: &mut Rng, digit: Digit, dbm0: f64) -> Trial {
    let sent = Sent::new(rng, digit, dbm0);
    one(rng, &sent, 40.0)
}

fn twisted(rng: &mut Rng, digit: Digit, twist: f64) -> Trial {
    let mut sent = sent(rng, digit);
    sent.high_dbm0 -= 4.0;
    sent.low_dbm0 = sent.high_dbm0 - twist;
    if sent.low_dbm0 > 0.0 {
        sent.high_dbm0 -= sent.low_dbm0;
        sent.low_dbm0 = 0.0;
    }
    one(rng, &sent, 40.0)
}

/// A digit over tones that last, each as strong as each of the digit's.
fn over(rng: &mut Rng, digit: Digit, tones: &[f64]) -> Trial {
    let dbm0 = rng.within(-20.0, -10.0);
    let sent = Sent::new(rng, digit, dbm0);
    let from = ms(rng.within(60.0, 80.0));
    let mut line = Line::silent(from + ms(120.0));
    line.digit(&sent, from, from + ms(40.0));
    let end = line.0.len() as f64;
    for &hz in tones {
        line.sine(hz, dbm0, rng.unit(), 0.0, end);
    }
    Trial { pcm: line.pcm(), expect: vec![digit] }
}

/// What is heard in `pcm`, the starts with their samples and the tones.
pub fn hear(pcm: &[i16]) -> (Vec<(Digit, u64)>, Vec<Tone>) {
    let (mut starts, mut tones) = (Vec::new(), Vec::new());
    let mut receiver = Receiver::new(ReceiverConfig::default());
    let mut keep = |detection| match detection {
        Detection::Start { digit, at_sample } => starts.push((digit, at_sample)),
        Detection::End(tone) => tones.push(tone),
    };
    receiver.process(pcm, &mut keep);
    receiver.flush(&mut keep);
    (starts, tones)
}

/// How many of `trials` went as they should.
pub fn run(row: &Row, trials: u32, seed: u64) -> u32 {
    let mut rng = Rng(seed);
    let mut right = 0;
    for trial in 0..trials {
        let digit = Digit::from_code((trial % 16) as u8).expect("below 16");
        let trial = (row.trial)(&mut rng, digit);
        let (starts, _) = hear(&trial.pcm);
        right += u32::from(starts.iter().map(|&(digit, _)| digit).eq(trial.expect));
    }
    right
}
