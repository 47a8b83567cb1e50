//! The rows of ITU-T Q.24's table, one trial at a time.

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use base::digit::Digit;
use signal::{frame::FRAME_SAMPLES, plc::Concealer};

use crate::signals::{Line, Rng, Sent, lose_frames, ms};

/// One condition.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// How many trials in a thousand may go wrong.
    pub(crate) tolerance: u32,
    /// Draws a signal with the digit that is given.
    pub(crate) trial: fn(&mut Rng, Digit) -> Trial,
}

/// A signal and the digits that must be heard in it.
pub(crate) struct Trial {
    pub(crate) pcm: Vec<i16>,
    pub(crate) expect: Vec<Digit>,
    /// Where the first digit begins, in samples.
    pub(crate) onset: f64,
    /// The longest stretch of the first digit in which no frame was lost, in samples.
    pub(crate) in_one_piece: f64,
}

const fn row(name: &'static str, trial: fn(&mut Rng, Digit) -> Trial) -> Row {
    Row { name, tolerance: 0, trial }
}

pub(crate) const ROWS: &[Row] = &[
    row("accepted: both tones off by ±1.5 %, 40 ms", |rng, digit| {
        let mut sent = sent(rng, digit);
        (sent.low_error, sent.high_error) = (0.015 * rng.sign(), 0.015 * rng.sign());
        one(rng, &sent, 40.0)
    }),
    row("accepted: both within ±1.5 %, 40–100 ms", |rng, digit| {
        let mut sent = sent(rng, digit);
        (sent.low_error, sent.high_error) = (rng.within(-0.015, 0.015), rng.within(-0.015, 0.015));
        let length = rng.within(40.0, 100.0);
        one(rng, &sent, length)
    }),
    row("refused: low tone off by ±3.5 %, 100 ms", |rng, digit| {
        let mut sent = sent(rng, digit);
        (sent.low_error, sent.high_error) = (0.035 * rng.sign(), rng.within(-0.015, 0.015));
        none(rng, &sent, 100.0)
    }),
    row("refused: high tone off by ±3.5 %, 100 ms", |rng, digit| {
        let mut sent = sent(rng, digit);
        (sent.low_error, sent.high_error) = (rng.within(-0.015, 0.015), 0.035 * rng.sign());
        none(rng, &sent, 100.0)
    }),
    row("accepted: 40 ms", |rng, digit| {
        let sent = sent(rng, digit);
        one(rng, &sent, 40.0)
    }),
    row("refused: 23 ms", |rng, digit| {
        let sent = sent(rng, digit);
        none(rng, &sent, 23.0)
    }),
    row("refused: 5–23 ms", |rng, digit| {
        let sent = sent(rng, digit);
        let length = rng.within(5.0, 23.0);
        none(rng, &sent, length)
    }),
    row("one digit: 10 ms interruption", |rng, digit| interrupted(rng, digit, false)),
    row("one digit: 10 ms interruption, phase lost", |rng, digit| interrupted(rng, digit, true)),
    row("two digits: 40 ms, 40 ms pause, 40 ms", |rng, digit| {
        let first = sent(rng, digit);
        let other = if rng.sign() > 0.0 { digit } else { any_digit(rng) };
        let second = Sent { digit: other, low_phase: rng.unit(), high_phase: rng.unit(), ..first };
        let onset = ms(rng.within(30.0, 50.0));
        let mut line = Line::silent(onset + ms(220.0));
        line.digit(&first, onset, onset + ms(40.0));
        line.digit(&second, onset + ms(80.0), onset + ms(120.0));
        Trial { pcm: line.pcm(), expect: vec![digit, other], onset, in_one_piece: ms(40.0) }
    }),
    row("accepted: high tone 4 dB stronger", |rng, digit| twisted(rng, digit, 4.0)),
    row("accepted: high tone 8 dB weaker", |rng, digit| twisted(rng, digit, -8.0)),
    row("accepted: 0 dBm per tone", |rng, digit| level(rng, digit, 0.0)),
    row("accepted: −25 dBm per tone", |rng, digit| level(rng, digit, -25.0)),
    row("accepted: 0 to −25 dBm per tone", |rng, digit| {
        let dbm0 = rng.within(-25.0, 0.0);
        level(rng, digit, dbm0)
    }),
    row("refused: −55 dBm per tone, 100 ms", |rng, digit| {
        let sent = Sent::new(rng, digit, -55.0);
        none(rng, &sent, 100.0)
    }),
    Row { tolerance: 1, ..row("accepted: SNR 6 dB per tone, 40 ms", noisy) },
    row("accepted: over dial tone 350 + 440 Hz", |rng, digit| over(rng, digit, &[350.0, 440.0])),
    row("accepted: over ringback 400 + 450 Hz", |rng, digit| over(rng, digit, &[400.0, 450.0])),
    row("accepted: over ringback 440 + 480 Hz", |rng, digit| over(rng, digit, &[440.0, 480.0])),
    row("accepted: over one tone of 400–450 Hz", |rng, digit| {
        let hz = rng.within(400.0, 450.0);
        over(rng, digit, &[hz])
    }),
    row("accepted: µ-law, 0 to −25 dBm, ±1.5 %", |rng, digit| {
        coded(rng, digit, |sample| decode_ulaw(encode_ulaw(sample)))
    }),
    row("accepted: A-law, 0 to −25 dBm, ±1.5 %", |rng, digit| {
        coded(rng, digit, |sample| decode_alaw(encode_alaw(sample)))
    }),
    row("accepted: 100 ms, 2 % of frames concealed", |rng, digit| concealed(rng, digit, 0.02)),
    row("accepted: 100 ms, 10 % of frames concealed, 40 ms in one piece", |rng, digit| {
        loop {
            let trial = concealed(rng, digit, 0.1);
            if trial.in_one_piece >= ms(40.0) {
                return trial;
            }
        }
    }),
];

pub(crate) fn any_digit(rng: &mut Rng) -> Digit {
    Digit::from_code((rng.next() % 16) as u8).expect("below 16")
}

/// A digit at a level that is met every day.
pub(crate) fn sent(rng: &mut Rng, digit: Digit) -> Sent {
    let dbm0 = rng.within(-20.0, -3.0);
    Sent::new(rng, digit, dbm0)
}

/// `sent` for `milliseconds` in silence, at any alignment.
pub(crate) fn one(rng: &mut Rng, sent: &Sent, milliseconds: f64) -> Trial {
    let onset = ms(rng.within(30.0, 50.0));
    let mut line = Line::silent(onset + ms(milliseconds + 60.0));
    line.digit(sent, onset, onset + ms(milliseconds));
    Trial { pcm: line.pcm(), expect: vec![sent.digit], onset, in_one_piece: ms(milliseconds) }
}

fn none(rng: &mut Rng, sent: &Sent, milliseconds: f64) -> Trial {
    Trial { expect: vec![], ..one(rng, sent, milliseconds) }
}

fn level(rng: &mut Rng, digit: Digit, dbm0: f64) -> Trial {
    let sent = Sent::new(rng, digit, dbm0);
    one(rng, &sent, 40.0)
}

fn interrupted(rng: &mut Rng, digit: Digit, phase_lost: bool) -> Trial {
    let before = sent(rng, digit);
    let mut after = before;
    let onset = ms(rng.within(30.0, 50.0));
    let gap = onset + ms(rng.within(5.0, 85.0));
    let mut line = Line::silent(onset + ms(160.0));
    if phase_lost {
        (after.low_phase, after.high_phase) = (rng.unit(), rng.unit());
        line.digit(&before, onset, gap);
        line.digit(&after, gap + ms(10.0), onset + ms(100.0));
    } else {
        line.digit(&before, onset, onset + ms(100.0));
        line.silence(gap, gap + ms(10.0));
    }
    Trial { pcm: line.pcm(), expect: vec![digit], onset, in_one_piece: ms(100.0) }
}

fn concealed(rng: &mut Rng, digit: Digit, rate: f64) -> Trial {
    let sent = sent(rng, digit);
    let mut trial = one(rng, &sent, 100.0);
    let lost = lose_frames(rng, &mut trial.pcm, rate);
    let end = trial.onset + ms(100.0);
    let (mut from, mut longest) = (trial.onset, 0.0);
    for at in (0..lost.len()).filter(|&frame| lost[frame]).map(|frame| (frame * FRAME_SAMPLES) as f64) {
        longest = f64::max(longest, at.min(end) - from);
        from = from.max(at + FRAME_SAMPLES as f64);
    }
    trial.in_one_piece = f64::max(longest, end - from);
    trial.onset += Concealer::DELAY as f64;
    trial
}

fn twisted(rng: &mut Rng, digit: Digit, twist: f64) -> Trial {
    let mut sent = sent(rng, digit);
    sent.high_dbm0 = rng.within(-20.0, -8.0);
    sent.low_dbm0 = sent.high_dbm0 - twist;
    one(rng, &sent, 40.0)
}

/// A digit in white noise that is everywhere 6 dB weaker than each of its tones.
fn noisy(rng: &mut Rng, digit: Digit) -> Trial {
    let sent = Sent::new(rng, digit, -10.0);
    let onset = ms(rng.within(30.0, 50.0));
    let mut line = Line::silent(onset + ms(100.0));
    line.digit(&sent, onset, onset + ms(40.0));
    line.noise(rng, -16.0);
    Trial { pcm: line.pcm(), expect: vec![digit], onset, in_one_piece: ms(40.0) }
}

/// A digit over tones that last, each as strong as each of the digit's.
fn over(rng: &mut Rng, digit: Digit, tones: &[f64]) -> Trial {
    let dbm0 = rng.within(-20.0, -10.0);
    let sent = Sent::new(rng, digit, dbm0);
    let onset = ms(rng.within(60.0, 80.0));
    let mut line = Line::silent(onset + ms(120.0));
    line.digit(&sent, onset, onset + ms(40.0));
    let end = line.0.len() as f64;
    for &hz in tones {
        line.sine(hz, dbm0, rng.unit(), 0.0, end);
    }
    Trial { pcm: line.pcm(), expect: vec![digit], onset, in_one_piece: ms(40.0) }
}

fn coded(rng: &mut Rng, digit: Digit, code: fn(i16) -> i16) -> Trial {
    let dbm0 = rng.within(-25.0, 0.0);
    let mut sent = Sent::new(rng, digit, dbm0);
    (sent.low_error, sent.high_error) = (rng.within(-0.015, 0.015), rng.within(-0.015, 0.015));
    let mut trial = one(rng, &sent, 40.0);
    for sample in &mut trial.pcm {
        *sample = code(*sample);
    }
    trial
}

/// The trials of a row, each of the sixteen digits in turn.
pub(crate) fn trials(row: &Row, count: u32, seed: u64) -> impl Iterator<Item = Trial> {
    let mut rng = Rng(seed);
    let digits = Digit::all().collect::<Vec<_>>().into_iter().cycle().take(count as usize);
    digits.map(move |digit| (row.trial)(&mut rng, digit))
}
