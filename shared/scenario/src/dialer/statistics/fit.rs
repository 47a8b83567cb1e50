//! Goodness of fit.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::checked_gamma_ur;

use super::multinomial;

/// Least expected count for which the chi-squared distribution is close enough to that of the statistic (Cochran's rule).
pub(super) const MIN_EXPECTED: f64 = 5.0;

/// Result of a test of goodness of fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fit {
    /// Pearson's statistic: the sum of (observed − expected)² / expected.
    pub chi_squared: f64,
    /// Degrees of freedom: one less than the outcomes that may occur.
    pub degrees_of_freedom: u32,
    /// Probability that counts fit no better than these where the distribution holds, 0–1.
    pub p_value: f64,
    /// Method by which the p-value was found.
    pub method: Method,
}

/// Method by which a p-value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// Pearson's test, because every expected count is at least 5.
    ChiSquared,
    /// The exact multinomial test: the sum over all counts that are no more probable.
    Exact,
    /// The exact test's p-value, estimated from random counts because there are too many to add up.
    Simulated,
    /// An outcome occurred that cannot.
    Impossible,
}

impl Method {
    /// Returns the name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ChiSquared => "chi-squared test",
            Self::Exact => "exact multinomial test",
            Self::Simulated => "multinomial test by simulation",
            Self::Impossible => "an outcome that cannot occur",
        }
    }
}

/// Tests whether `observed` counts come from the distribution `shares`, which are 0–1 each and 1 together. None where nothing
/// was observed. Outcomes with a share of 0 have no part in the test unless one occurred, which no distribution explains.
pub fn goodness_of_fit(observed: &[u64], shares: &[f64]) -> Option<Fit> {
    let total: u64 = observed.iter().sum();
    if total == 0 {
        return None;
    }
    let cells: Vec<(u64, f64)> = observed.iter().copied().zip(shares.iter().copied()).collect();
    let possible: Vec<(u64, f64)> = cells.iter().copied().filter(|(_, share)| *share > 0.0).collect();
    let expected = |share: f64| share * total as f64;
    let chi_squared: f64 = (possible.iter())
        .map(|&(count, share)| (count as f64 - expected(share)).powi(2) / expected(share))
        .sum();
    let degrees_of_freedom = u32::try_from(possible.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let (p_value, method) = if cells.iter().any(|(count, share)| *share <= 0.0 && *count > 0) {
        (0.0, Method::Impossible)
    } else if degrees_of_freedom == 0 {
        (1.0, Method::Exact)
    } else if possible.iter().all(|(_, share)| expected(*share) >= MIN_EXPECTED) {
        (chi_squared_tail(chi_squared, degrees_of_freedom), Method::ChiSquared)
    } else {
        let (counts, shares): (Vec<u64>, Vec<f64>) = possible.into_iter().unzip();
        match multinomial::exact(&counts, &shares) {
            Some(p_value) => (p_value, Method::Exact),
            None => (multinomial::simulated(&counts, &shares), Method::Simulated),
        }
    };
    Some(Fit { chi_squared, degrees_of_freedom, p_value, method })
}

/// Returns the probability that a chi-squared variable is at least `x`.
pub(super) fn chi_squared_tail(x: f64, degrees_of_freedom: u32) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    checked_gamma_ur(f64::from(degrees_of_freedom) / 2.0, x / 2.0).unwrap_or(0.0).clamp(0.0, 1.0)
}

/// Returns the total variation distance between counts and a distribution, 0–1: the share of calls that would have to end
/// differently. 0 where nothing was observed.
pub fn total_variation(observed: &[u64], shares: &[f64]) -> f64 {
    let total: u64 = observed.iter().sum();
    if total == 0 {
        return 0.0;
    }
    let distance = |(count, share): (&u64, &f64)| (*count as f64 / total as f64 - share).abs();
    observed.iter().zip(shares).map(distance).sum::<f64>() / 2.0
}
