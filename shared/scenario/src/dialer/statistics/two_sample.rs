//! Whether two runs' counts come from one distribution, whatever it is.

use statrs::function::factorial::ln_binomial;

use super::fit::{MIN_EXPECTED, chi_squared_tail};

/// Maximum number of tables that are added up.
const MAX_TABLES: f64 = 1e6;
/// Relative tolerance within which two probabilities are the same: they are sums of the same logarithms in another order.
const TOLERANCE: f64 = 1e-7;

/// Result of a test of homogeneity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// Pearson's statistic of the table of two rows.
    pub chi_squared: f64,
    /// Degrees of freedom: one less than the outcomes that occurred.
    pub degrees_of_freedom: u32,
    /// Probability that two runs differ as much as these where both have the same distribution, 0–1.
    pub p_value: f64,
    /// Method by which the p-value was found.
    pub method: HomogeneityMethod,
}

/// Method by which the p-value of a [`Homogeneity`] was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomogeneityMethod {
    /// Pearson's test, because every expected count is at least 5.
    ChiSquared,
    /// Fisher's exact test, as Freeman and Halton extended it: the sum over all tables with these sums of rows and columns
    /// that are no more probable.
    Exact,
    /// Pearson's test although an expected count is below 5, because there are too many tables to add up.
    Approximate,
}

impl HomogeneityMethod {
    /// Returns the name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ChiSquared => "chi-squared test",
            Self::Exact => "Fisher–Freeman–Halton exact test",
            Self::Approximate => "chi-squared test, a rough one: some outcomes are rare",
        }
    }
}

/// Tests whether two runs' counts, cell by cell, come from the same distribution. None where one of them has none.
pub fn homogeneity(one: &[u64], other: &[u64]) -> Option<Homogeneity> {
    let cells: Vec<(u64, u64)> = (one.iter().copied().zip(other.iter().copied()))
        .filter(|(one, other)| one + other > 0)
        .map(|(one, other)| (one, one + other))
        .collect();
    let total: u64 = cells.iter().map(|(_, both)| both).sum();
    let first: u64 = cells.iter().map(|(one, _)| one).sum();
    if first == 0 || first == total {
        return None;
    }
    let share = first as f64 / total as f64;
    let (mut chi_squared, mut least) = (0.0, f64::INFINITY);
    for &(one, both) in &cells {
        for (count, share) in [(one, share), (both - one, 1.0 - share)] {
            let expected = both as f64 * share;
            chi_squared += (count as f64 - expected).powi(2) / expected;
            least = least.min(expected);
        }
    }
    let degrees_of_freedom = u32::try_from(cells.len() - 1).unwrap_or(u32::MAX);
    let rough = chi_squared_tail(chi_squared, degrees_of_freedom);
    let (p_value, method) = if degrees_of_freedom == 0 {
        (1.0, HomogeneityMethod::Exact)
    } else if least >= MIN_EXPECTED {
        (rough, HomogeneityMethod::ChiSquared)
    } else if let Some(p_value) = exact(&cells, first, total) {
        (p_value, HomogeneityMethod::Exact)
    } else {
        (rough, HomogeneityMethod::Approximate)
    };
    Some(Homogeneity { chi_squared, degrees_of_freedom, p_value, method })
}

/// Returns the exact p-value, or None where there are too many tables. A cell is the first run's count and that of both.
fn exact(cells: &[(u64, u64)], first: u64, total: u64) -> Option<f64> {
    // The last cell follows from the others.
    let tables: f64 = cells[1..].iter().map(|(_, both)| *both as f64 + 1.0).product();
    if tables > MAX_TABLES {
        return None;
    }
    let ln_all = ln_binomial(total, first);
    let observed: f64 = cells.iter().map(|&(one, both)| ln_binomial(both, one)).sum::<f64>() - ln_all;
    let sizes: Vec<u64> = cells.iter().map(|(_, both)| *both).collect();
    let sum = sum(&sizes, first, -ln_all, observed + TOLERANCE);
    Some(sum.clamp(0.0, 1.0))
}

/// Adds up the probabilities of all tables whose logarithm is at most `limit`: `left` calls are to be shared among the cells.
fn sum(sizes: &[u64], left: u64, ln_before: f64, limit: f64) -> f64 {
    let Some((&last, others)) = sizes.split_last() else { return 0.0 };
    if others.is_empty() {
        let ln = if left <= last { ln_before + ln_binomial(last, left) } else { f64::INFINITY };
        return if ln <= limit { ln.exp() } else { 0.0 };
    }
    let room: u64 = others.iter().sum();
    (left.saturating_sub(room)..=left.min(last))
        .map(|count| sum(others, left - count, ln_before + ln_binomial(last, count), limit))
        .sum()
}

/// Against `scipy` 1.17.1: `stats.chi2_contingency` without correction, `stats.fisher_exact`, and for wider tables
/// `stats.multivariate_hypergeom.pmf` added up over all tables no more probable than that observed.
#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn check(one: &[u64], other: &[u64], method: HomogeneityMethod, p_value: f64) {
        for (one, other) in [(one, other), (other, one)] {
            let found = homogeneity(one, other).unwrap();
            assert_eq!(found.method, method, "{one:?} {other:?}");
            assert!(
                (found.p_value - p_value).abs() < 1e-6,
                "{one:?}: {} instead of {p_value}",
                found.p_value
            );
        }
    }

    #[test]
    fn large_counts_have_pearson_s_p_value() {
        let check = |one: &[u64], other: &[u64], p| check(one, other, HomogeneityMethod::ChiSquared, p);
        check(&[100, 40, 30, 20, 10], &[80, 60, 30, 20, 10], 0.183_155_863_449_568_66);
        check(&[61, 39], &[45, 55], 0.023_400_877_649_279_707);
        check(&[430, 230, 180, 110, 50], &[100, 40, 30, 20, 10], 0.473_828_324_877_718_4);
    }

    #[test]
    fn small_counts_have_the_exact_p_value() {
        let check = |one: &[u64], other: &[u64], p| check(one, other, HomogeneityMethod::Exact, p);
        check(&[3, 1], &[1, 3], 0.485_714_285_714_285_65);
        check(&[8, 2], &[1, 5], 0.034_965_034_965_034_975);
        check(&[10, 4, 3, 2, 1], &[4, 5, 4, 5, 2], 0.385_688_236_962_601_85);
        check(&[20, 0, 0], &[10, 6, 4], 0.000_435_919_790_758_501_75);
        check(&[5, 0], &[7, 0], 1.0);
    }

    #[test]
    fn too_many_tables_are_no_reason_for_silence() {
        let found = homogeneity(&[5_000, 4_999, 1], &[5_000, 4_996, 4]).unwrap();
        assert_eq!(found.method, HomogeneityMethod::Exact, "one rare outcome has few tables");
        let one = [3_000, 3_000, 3_000, 1];
        let found = homogeneity(&one, &[3_000, 3_000, 2_999, 2]).unwrap();
        assert_eq!(found.method, HomogeneityMethod::Approximate);
        assert_eq!(homogeneity(&one, &[0, 0, 0, 0]), None);
    }
}
