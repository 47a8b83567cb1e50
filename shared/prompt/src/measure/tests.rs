#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use core::f64::consts::TAU;

use super::*;

fn sine(rate: u32, hz: f64, dbfs: f64, seconds: f64) -> Vec<f32> {
    let peak = 10_f64.powf(dbfs / 20.0);
    let turn = hz * TAU / f64::from(rate);
    (0..(f64::from(rate) * seconds) as u32).map(|n| (peak * (f64::from(n) * turn).sin()) as f32).collect()
}

fn measured(samples: Vec<f32>, rate: u32) -> (Measures, Series) {
    let source = Source::from_samples("tone", samples, rate).unwrap();
    measure_source(&source, &Line::new(&source))
}

#[track_caller]
fn near(figure: Option<f64>, expect: f64, tolerance: f64) {
    let figure = figure.expect("a figure");
    assert!((figure - expect).abs() <= tolerance, "{figure} instead of {expect}");
}

#[test]
fn a_sine_of_997_hz_has_the_recommendation_s_figures_at_every_rate() {
    for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 192_000] {
        let (figures, series) = measured(sine(rate, 997.0, -20.0, 5.0), rate);
        near(figures.integrated_lufs, -23.01, 0.1);
        near(figures.momentary_max_lufs, -23.01, 0.1);
        near(figures.short_term_max_lufs, -23.01, 0.1);
        near(figures.true_peak_dbtp, -20.0, 0.1);
        near(figures.crest_db, 3.01, 0.1);
        assert_eq!((figures.clipping.samples, figures.duration_ms.round()), (0, 5_000.0));
        assert!(figures.dc_offset.abs() < 1e-4);
        assert_eq!((series.momentary.len(), series.short_term.len()), (50, 50));
        assert_eq!((series.momentary[2], series.short_term[28]), (None, None));
        near(series.momentary[3].map(f64::from), -23.01, 0.1);
    }
}

#[test]
fn what_cannot_be_measured_is_absent() {
    let (silent, series) = measured(vec![0.0; 40_000], 8_000);
    assert_eq!((silent.integrated_lufs, silent.true_peak_dbtp, silent.crest_db), (None, None, None));
    assert!(series.momentary.iter().all(Option::is_none));
    let (short, _) = measured(sine(8_000, 1_000.0, -6.0, 0.3), 8_000);
    assert_eq!(short.integrated_lufs, None);
    near(short.true_peak_dbtp, -6.0, 0.2);
    let (quiet, _) = measured(sine(8_000, 1_000.0, -75.0, 3.0), 8_000);
    assert_eq!(quiet.integrated_lufs, None);
    let (nothing, _) = measure_pcm(&[]);
    assert_eq!((nothing.integrated_lufs, nothing.duration_ms), (None, 0.0));
}

#[test]
fn an_offset_and_silence_are_seen() {
    let mut samples = vec![0.0; 3_360];
    samples.extend(sine(8_000, 500.0, -6.0, 1.0));
    samples.extend([0.0; 800]);
    let (figures, _) = measure_line(&Line::from_samples(samples.clone()));
    assert_eq!((figures.leading_silence_ms, figures.trailing_silence_ms), (420.0, 100.0));
    let (shifted, _) = measured(samples.iter().map(|sample| sample + 0.05).collect(), 8_000);
    assert!((shifted.dc_offset - 0.05).abs() < 1e-3);
}

#[test]
fn what_lies_above_the_band_is_counted_as_lost() {
    let mut samples = sine(16_000, 1_000.0, -12.0, 1.0);
    samples.extend(sine(16_000, 6_000.0, -12.0, 0.5));
    let (figures, _) = measured(samples, 16_000);
    let lost = figures.lost.expect("above 8 kHz");
    assert!((lost.missed_ms - 500.0).abs() <= 20.0, "{} ms", lost.missed_ms);
    near(Some(lost.power_db), -4.77, 0.1);
    assert_eq!(measured(sine(8_000, 1_000.0, -12.0, 1.0), 8_000).0.lost, None);
}
