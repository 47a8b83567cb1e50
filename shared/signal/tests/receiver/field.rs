//! Digits as they come out of echoes, rooms, hum and noise: all are found, and none twice.

use base::digit::Digit;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    hear, q24,
    rooms::{self, Dial, KEYS, USUAL},
    signals::{Line, Rng, ms},
};

/// Dials ten keys by seed, `same` one key again and again, sends them through `way`, and returns dialled and heard.
fn dial(pressed: Dial, same: bool, seed: u64, way: impl FnOnce(&mut Rng, &mut Vec<f64>)) -> [String; 2] {
    let mut rng = Rng(seed);
    let first = q24::any_digit(&mut rng);
    let keys: Vec<Digit> = (0..KEYS).map(|_| if same { first } else { q24::any_digit(&mut rng) }).collect();
    let mut line = pressed.press(&mut rng, &keys);
    way(&mut rng, &mut line.0);
    let heard = hear(&line.pcm()).0.into_iter().map(|(digit, _)| digit.as_char()).collect();
    [keys.iter().map(|digit| digit.as_char()).collect(), heard]
}

/// All keys are heard, by each of 24 callers.
fn all_are_heard(pressed: Dial, same: bool, way: impl Fn(&mut Rng, &mut Vec<f64>)) {
    for seed in 0..24 {
        let [dialled, heard] = dial(pressed, same, seed, &way);
        assert_eq!(heard, dialled, "caller {seed}");
    }
}

#[test]
fn an_echo_is_no_second_press() {
    all_are_heard(USUAL, false, |rng, line| {
        let delay = rng.within(20.0, 400.0);
        rooms::echo(rng, line, delay, (12.0, 25.0));
    });
}

#[test]
fn a_second_press_is_no_echo() {
    all_are_heard(Dial { on_ms: 80.0, off_ms: 50.0, ..USUAL }, true, |_, _| {});
    all_are_heard(USUAL, true, |rng, line| rooms::echo(rng, line, 60.0, (12.0, 25.0)));
}

#[test]
fn a_lost_packet_tears_no_digit_and_30_ms_part_two() {
    for seed in 0..48 {
        let [dialled, heard] = dial(Dial { off_ms: 20.0, ..USUAL }, true, seed, |_, _| {});
        assert_eq!(heard, dialled[..1], "caller {seed}");
    }
    all_are_heard(Dial { off_ms: 30.0, ..USUAL }, true, |_, _| {});
}

#[test]
fn a_room_doubles_no_digit() {
    let (mut right, mut callers) = (0, 0);
    for seed in 0..24 {
        let [dialled, heard] = dial(USUAL, false, seed, |rng, line| rooms::room(rng, line, 0.4));
        callers += 1;
        right += u32::from(dialled == heard);
    }
    assert!(right >= callers - 2, "{right} of {callers} callers were understood");
}

#[test]
fn what_lies_below_the_rows_is_nothing_to_a_digit() {
    let quiet = Dial { low_dbm0: -14.0, ..USUAL };
    all_are_heard(quiet, false, |_, line| rooms::offset(line, 0.2));
    all_are_heard(quiet, false, |rng, line| rooms::rumble(rng, line, -14.0));
    all_are_heard(quiet, false, |rng, line| rooms::sines(rng, line, &[(50.0, -13.0), (100.0, -17.0)]));
    all_are_heard(Dial { low_dbm0: -20.0, ..USUAL }, false, |rng, line| {
        rooms::sines(rng, line, &[(350.0, -9.0), (440.0, -9.0)]);
    });
}

#[test]
fn noise_hides_no_digit_at_3_db() {
    all_are_heard(Dial { twist_db: -2.0, ..USUAL }, false, |rng, line| rooms::noise(rng, line, -13.0));
}

#[test]
fn a_loudspeaker_s_twist_is_no_obstacle() {
    let long = Dial { on_ms: 300.0, ..USUAL };
    all_are_heard(Dial { low_dbm0: -20.0, twist_db: 11.5, ..long }, false, |_, _| {});
    all_are_heard(Dial { low_dbm0: -8.0, twist_db: -11.5, ..long }, false, |_, _| {});
}

#[test]
fn tones_that_glide_are_no_digits() {
    let mut line = Line::silent(ms(8_000.0));
    for (from_hz, hz_a_second) in [(650.0, 25.0), (1_150.0, 40.0)] {
        let mut turns = 0.0;
        for (n, sample) in line.0.iter_mut().enumerate() {
            *sample += 7_000.0 * (std::f64::consts::TAU * turns).sin();
            turns += (from_hz + hz_a_second * n as f64 / 8_000.0) / 8_000.0;
        }
    }
    assert_eq!(hear(&line.pcm()).0, []);
}
