//! Against `scipy` 1.17.1: `stats.chisquare`, `stats.binom.ppf`, `stats.ncx2.sf` solved with `optimize.brentq`, and for the
//! exact test `stats.multinomial.pmf` added up over all counts no more probable than those observed.

#![expect(clippy::float_cmp, reason = "these numbers are exact in binary")]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use jobs::Jitter;

use super::*;
use crate::dialer::distribution::Distribution;

const SHARES: [f64; 5] = [0.5, 0.2, 0.15, 0.1, 0.05];

fn check(observed: &[u64], shares: &[f64], method: Method, p_value: f64) {
    let fit = goodness_of_fit(observed, shares).unwrap();
    assert_eq!(fit.method, method, "{observed:?}");
    assert!((fit.p_value - p_value).abs() < 1e-6, "{observed:?}: {} instead of {p_value}", fit.p_value);
}

#[test]
fn large_counts_have_pearson_s_p_value() {
    check(&[100, 40, 30, 20, 10], &SHARES, Method::ChiSquared, 1.0);
    check(&[430, 230, 180, 110, 50], &SHARES, Method::ChiSquared, 0.000_276_114_804_613_810_4);
    check(&[61, 39], &[0.5, 0.5], Method::ChiSquared, 0.027_806_895_026_997_264);
    check(&[10, 20, 30, 40], &[0.25; 4], Method::ChiSquared, 0.000_169_742_435_552_826_32);
    check(&[1_000, 1_100, 900, 1_050, 950], &[0.2; 5], Method::ChiSquared, 5.030_981_782_306_207_5e-5);
    let fit = goodness_of_fit(&[430, 230, 180, 110, 50], &SHARES).unwrap();
    assert!((fit.chi_squared - 21.3).abs() < 1e-9);
    assert_eq!(fit.degrees_of_freedom, 4);
}

#[test]
fn small_counts_have_the_exact_p_value() {
    check(&[7, 1, 1, 1, 0], &SHARES, Method::Exact, 0.900_775);
    check(&[3, 3, 3, 3, 0], &[0.6, 0.1, 0.1, 0.1, 0.1], Method::Exact, 0.009_489_480_832);
    check(&[0, 0, 20], &[0.1, 0.1, 0.8], Method::Exact, 0.103_165_308_813_810_5);
    // As `stats.binomtest` has it.
    check(&[3, 9_997], &[0.000_1, 0.999_9], Method::Exact, 0.080_292_199_242_242_72);
    check(&[4, 1], &[0.9, 0.1], Method::Exact, 0.409_51);
}

#[test]
fn what_cannot_be_added_up_is_estimated() {
    let shares = [0.5, 0.4997, 0.0001, 0.0001, 0.0001];
    let fit = goodness_of_fit(&[4_990, 5_007, 1, 1, 1], &shares).unwrap();
    assert_eq!(fit.method, Method::Simulated);
    assert!(fit.p_value > 0.5, "{fit:?}");
    let fit = goodness_of_fit(&[4_990, 4_990, 10, 5, 5], &shares).unwrap();
    assert!(fit.p_value < 1e-4, "{fit:?}");
}

#[test]
fn the_estimate_is_that_of_the_exact_test() {
    for (observed, shares) in [
        ([7u64, 1, 1, 1, 0], SHARES),
        ([3, 3, 3, 3, 0], [0.6, 0.1, 0.1, 0.1, 0.1]),
        ([20, 9, 9, 7, 5], SHARES),
    ] {
        let exact = multinomial::exact(&observed, &shares).unwrap();
        let simulated = multinomial::simulated(&observed, &shares);
        let error = (exact * (1.0 - exact) / 100_000.0).sqrt();
        assert!(
            (exact - simulated).abs() < 5.0 * error + 2e-5,
            "{observed:?}: {simulated} instead of {exact}"
        );
    }
}

#[test]
fn outcomes_that_cannot_be_have_no_part_unless_they_were() {
    let shares = [0.5, 0.5, 0.0, 0.0, 0.0];
    check(&[61, 39, 0, 0, 0], &shares, Method::ChiSquared, 0.027_806_895_026_997_264);
    check(&[50, 49, 1, 0, 0], &shares, Method::Impossible, 0.0);
    check(&[7, 0], &[1.0, 0.0], Method::Exact, 1.0);
    assert_eq!(goodness_of_fit(&[0, 0], &[0.5, 0.5]), None);
}

#[test]
fn distances_are_shares_of_calls() {
    assert_eq!(total_variation(&[5, 5], &[0.5, 0.5]), 0.0);
    assert_eq!(total_variation(&[10, 0], &[0.5, 0.5]), 0.5);
    assert_eq!(total_variation(&[0, 4], &[1.0, 0.0]), 1.0);
    assert_eq!(total_variation(&[0, 0], &[1.0, 0.0]), 0.0);
}

#[test]
fn expected_ranges_are_the_quantiles() {
    for (total, share, low, high) in [
        (50, 0.5, 18, 32),
        (50, 0.05, 0, 6),
        (1_000, 0.2, 176, 225),
        (10, 0.01, 0, 1),
        (100_000, 0.333, 33_008, 33_592),
    ] {
        assert_eq!(expected_range(total, share, 0.95), low..=high, "{total} × {share}");
    }
    assert_eq!(expected_range(9, 0.0, 0.95), 0..=0);
    assert_eq!(expected_range(9, 1.0, 0.95), 9..=9);
    assert_eq!(expected_range(0, 0.5, 0.95), 0..=0);
}

#[test]
fn noncentralities_give_the_power() {
    for (degrees_of_freedom, significance, power, expected) in [
        (4, 0.05, 0.8, 11.935_285_837_704_736),
        (1, 0.05, 0.8, 7.848_860_509_326_205),
        (3, 0.01, 0.9, 19.247_424_136_071_4),
        (4, 0.05, 0.99, 25.242_899_724_502_323),
    ] {
        let found = noncentrality(degrees_of_freedom, significance, power);
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }
    assert_eq!(noncentrality(0, 0.05, 0.8), 0.0);
}

/// Counts of `total` calls, drawn as the stand-in draws them.
fn drawn(distribution: &Distribution, total: u64, random: &mut Jitter) -> [u64; 5] {
    let mut counts = [0; 5];
    for _ in 0..total {
        counts[distribution.draw(random.next_unit()).index()] += 1;
    }
    counts
}

#[test]
fn one_right_run_in_twenty_gives_a_false_alarm() {
    let distribution = Distribution::new(0.5, 0.2, 0.15, 0.1).unwrap();
    let mut random = Jitter::new(1);
    let alarms = (0..10_000)
        .filter(|_| {
            let counts = drawn(&distribution, 200, &mut random);
            goodness_of_fit(&counts, distribution.shares()).unwrap().p_value < 0.05
        })
        .count();
    // 5 % of 10,000, and four standard deviations around it.
    assert!((413..=587).contains(&alarms), "{alarms} false alarms");
}

#[test]
fn a_deviation_that_can_be_shown_is_shown_as_often_as_the_power_says() {
    let injected = Distribution::new(0.5, 0.2, 0.15, 0.1).unwrap();
    let deviation = detectable_deviation(500, 0.5, noncentrality(4, 0.05, 0.8));
    let scale = (0.5 - deviation) / 0.5;
    let actual = Distribution::new(0.5 + deviation, 0.2 * scale, 0.15 * scale, 0.1 * scale).unwrap();
    let mut random = Jitter::new(2);
    let shown = (0..2_000)
        .filter(|_| {
            let counts = drawn(&actual, 500, &mut random);
            goodness_of_fit(&counts, injected.shares()).unwrap().p_value < 0.05
        })
        .count();
    assert!((1_520..=1_680).contains(&shown), "{shown} of 2,000 where 1,600 are promised");
}
