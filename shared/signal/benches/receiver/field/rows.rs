//! The conditions, each with its goal.

use super::{
    Row,
    codecs::Codec::{Amr, G729, Gsm, Opus},
};
use crate::rooms::{self, Dial, USUAL};

/// The high tone is 2 dB weaker.
const TWISTED: Dial = Dial { twist_db: -2.0, ..USUAL };
const NONE: &str = "100 / 0";

const fn row(name: &'static str, goal: &'static str, way: fn(&mut super::Field, &mut Vec<f64>)) -> Row {
    Row { name, goal, dial: USUAL, same: false, way, codec: None, over_tones: false }
}

pub(super) const ROWS: &[Row] = &[
    row("quiet line", NONE, |_, _| {}),
    row("echo 60 ms, −12 to −25 dB", NONE, |field, line| {
        rooms::echo(&mut field.rng, line, 60.0, (12.0, 25.0));
    }),
    row("echo 20 to 400 ms, −12 to −25 dB", NONE, |field, line| {
        let delay = field.rng.within(20.0, 400.0);
        rooms::echo(&mut field.rng, line, delay, (12.0, 25.0));
    }),
    row("room RT60 0.25 s", "≥ 99 / ≤ 1", |field, line| {
        rooms::room(&mut field.rng, line, 0.25);
    }),
    row("room RT60 0.4 s", "≥ 99 / ≤ 1", |field, line| {
        rooms::room(&mut field.rng, line, 0.4);
    }),
    row("room RT60 0.6 s", "≥ 99 / ≤ 1", |field, line| {
        rooms::room(&mut field.rng, line, 0.6);
    }),
    row("DC 20 %", NONE, |_, line| rooms::offset(line, 0.2)),
    row("rumble < 250 Hz, 0 dB", NONE, |field, line| {
        rooms::rumble(&mut field.rng, line, -10.0);
    }),
    row("hum 50 + 100 Hz, −3 dB", NONE, |field, line| {
        rooms::sines(&mut field.rng, line, &[(50.0, -13.0), (100.0, -17.0)]);
    }),
    row("hum 60 + 180 Hz, +6 dB", NONE, |field, line| {
        rooms::sines(&mut field.rng, line, &[(60.0, -4.0), (180.0, -10.0)]);
    }),
    Row {
        dial: Dial { low_dbm0: -20.0, ..USUAL },
        over_tones: true,
        ..row("over dial tone 350 + 440 Hz, 11 dB above", NONE, |field, line| {
            rooms::sines(&mut field.rng, line, &[(350.0, -9.0), (440.0, -9.0)]);
        })
    },
    Row {
        dial: TWISTED,
        ..row("white noise, 7 dB", NONE, |field, line| {
            rooms::noise(&mut field.rng, line, -17.0);
        })
    },
    Row {
        dial: TWISTED,
        ..row("white noise, 6 dB", NONE, |field, line| {
            rooms::noise(&mut field.rng, line, -16.0);
        })
    },
    Row {
        dial: TWISTED,
        ..row("white noise, 5 dB", NONE, |field, line| {
            rooms::noise(&mut field.rng, line, -15.0);
        })
    },
    Row {
        dial: TWISTED,
        ..row("white noise, 3 dB", "≥ 95 / 0", |field, line| {
            rooms::noise(&mut field.rng, line, -13.0);
        })
    },
    Row {
        dial: TWISTED,
        ..row("white noise, 1 dB", "–", |field, line| {
            rooms::noise(&mut field.rng, line, -11.0);
        })
    },
    Row {
        dial: Dial { on_ms: 200.0, ..TWISTED },
        ..row("white noise, 2 dB, 200 ms", NONE, |field, line| {
            rooms::noise(&mut field.rng, line, -12.0);
        })
    },
    row("speech, −6 dB", "≥ 99 / 0", |field, line| field.talk(line, -16.0)),
    row("speech, 0 dB", "≥ 95 / 0", |field, line| field.talk(line, -10.0)),
    row("music, −6 dB", "≥ 99 / 0", |field, line| field.play(line, -16.0)),
    row("music, 0 dB", "≥ 90 / 0", |field, line| field.play(line, -10.0)),
    Row {
        dial: Dial { on_ms: 50.0, off_ms: 50.0, ..USUAL },
        codec: Some(Gsm),
        ..row("GSM full rate, 50/50 ms", "≥ 99", |_, _| {})
    },
    Row {
        dial: Dial { on_ms: 40.0, off_ms: 40.0, ..USUAL },
        codec: Some(Opus(12)),
        ..row("Opus 12 kbit/s, 40/40 ms", "≥ 99", |_, _| {})
    },
    Row {
        dial: Dial { on_ms: 40.0, off_ms: 40.0, ..USUAL },
        codec: Some(Opus(8)),
        ..row("Opus 8 kbit/s, 40/40 ms", "≥ 96", |_, _| {})
    },
    Row { codec: Some(Amr), ..row("AMR 4.75 kbit/s", "≥ 95 / 0", |_, _| {}) },
    Row { codec: Some(G729), ..row("G.729A, 3 % of frames lost", "≥ 99 / 0", |_, _| {}) },
    Row {
        dial: Dial { off_ms: 20.0, ..USUAL },
        same: true,
        ..row("the same key again after 20 ms, a lost packet's time", "10 / 0: one digit", |_, _| {})
    },
    Row {
        dial: Dial { off_ms: 30.0, ..USUAL },
        same: true,
        ..row("the same key again after 30 ms", NONE, |_, _| {})
    },
    Row {
        dial: Dial { on_ms: 300.0, low_dbm0: -20.0, twist_db: 12.0, ..USUAL },
        ..row("high tone 12 dB stronger, 300 ms", NONE, |_, _| {})
    },
    Row {
        dial: Dial { on_ms: 300.0, low_dbm0: -8.0, twist_db: -12.0, ..USUAL },
        ..row("high tone 12 dB weaker, 300 ms", NONE, |_, _| {})
    },
];
