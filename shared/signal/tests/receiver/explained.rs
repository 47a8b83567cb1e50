//! Near misses: what was near to a digit is told with the figure that sank it.

use base::digit::Digit;
use signal::detect::{DetectorConfig, DtmfDetector, NearMiss, Reason};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    q24, rooms,
    signals::{Line, Rng, Sent, ms},
};

/// Returns the digits and the near misses in `pcm`.
fn explained(pcm: &[i16]) -> (usize, Vec<NearMiss>) {
    let (mut digits, mut misses) = (0, Vec::new());
    let mut detector = DtmfDetector::explaining(DetectorConfig::default());
    for block in pcm.chunks(160) {
        detector.process(block, |_| digits += 1);
        misses.extend(detector.near_misses());
    }
    detector.flush(|_| digits += 1);
    misses.extend(detector.near_misses());
    (digits / 2, misses)
}

/// One key at `dbm0`, as `change` has it, for so many ms: it is no digit, for the one reason that is returned.
fn reason(length_ms: f64, dbm0: f64, change: impl Fn(&mut Sent)) -> Reason {
    let mut only = None;
    for digit in Digit::all() {
        let mut rng = Rng(u64::from(digit.code()));
        let mut sent = Sent::new(&mut rng, digit, dbm0);
        change(&mut sent);
        let mut line = Line::silent(ms(400.0));
        line.digit(&sent, ms(103.0), ms(103.0 + length_ms));
        let (digits, misses) = explained(&line.pcm());
        assert_eq!((digits, misses.len()), (0, 1), "{digit}: {misses:?}");
        let reasons: Vec<Reason> = misses[0].reasons().collect();
        assert_eq!(reasons.len(), 1, "{digit}: {reasons:?}");
        assert_eq!(misses[0].tone.digit, digit);
        only = Some(reasons[0]);
    }
    only.expect("there are sixteen digits")
}

#[test]
fn a_near_miss_is_told_with_the_figure_that_sank_it() {
    let Reason::Short(ms) = reason(22.0, -10.0, |_| {}) else { panic!("not short") };
    assert!((ms - 22.0).abs() < 1.5, "{ms} ms");
    let Reason::LowOffTune(pct) = reason(100.0, -10.0, |sent| sent.low_error = -0.04) else {
        panic!("in tune")
    };
    assert!((pct + 4.0).abs() < 0.2, "{pct} %");
    let Reason::HighOffTune(pct) = reason(100.0, -10.0, |sent| sent.high_error = 0.035) else {
        panic!("in tune")
    };
    assert!((pct - 3.5).abs() < 0.2, "{pct} %");
    let Reason::Twist(db) = reason(60.0, -10.0, |sent| sent.low_dbm0 -= 14.0) else { panic!("no twist") };
    assert!((db - 14.0).abs() < 0.5, "{db} dB");
    let Reason::Quiet(dbm0) = reason(100.0, -46.0, |_| {}) else { panic!("loud") };
    assert!((dbm0 + 46.0).abs() < 0.5, "{dbm0} dBm0");
}

#[test]
fn an_echo_is_called_one() {
    let mut rng = Rng(3);
    let trial = q24::one(&mut rng, &Sent::new(&mut Rng(4), Digit::POUND, -6.0), 40.0);
    let mut line: Vec<f64> = trial.pcm.iter().copied().map(f64::from).collect();
    line.resize(8_000, 0.0);
    rooms::echo(&mut rng, &mut line, 120.0, (14.0, 14.0));
    let pcm: Vec<i16> = line.iter().map(|sample| sample.round() as i16).collect();
    let (digits, misses) = explained(&pcm);
    assert_eq!(digits, 1);
    let reasons: Vec<Reason> = misses.iter().flat_map(NearMiss::reasons).collect();
    assert_eq!(reasons, [Reason::Echo]);
}

#[test]
fn digits_are_no_near_misses() {
    let mut rng = Rng(9);
    for row in q24::ROWS.iter().filter(|row| row.name.starts_with("accepted: both")) {
        for trial in q24::trials(row, 160, rng.next()) {
            assert_eq!(explained(&trial.pcm).1, []);
        }
    }
}
