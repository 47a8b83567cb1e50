//! The power of the chi-squared test: the deviation that so many calls can show.

use statrs::function::gamma::checked_gamma_lr;

use super::fit::chi_squared_tail;

/// Returns the noncentrality of a chi-squared variable that exceeds the critical value of `significance` with a probability
/// of `power`. Both are between 0 and 1. 0 where there are no degrees of freedom.
pub fn noncentrality(degrees_of_freedom: u32, significance: f64, power: f64) -> f64 {
    if degrees_of_freedom == 0 {
        return 0.0;
    }
    let critical = bisect(|x| chi_squared_tail(x, degrees_of_freedom) <= significance);
    bisect(|noncentrality| 1.0 - noncentral_below(critical, degrees_of_freedom, noncentrality) >= power)
}

/// Returns the least deviation of an outcome's share that `total` calls show with the power for which `noncentrality` was
/// found, where all other outcomes keep their proportions among each other. It may exceed what is left up to 1, which no
/// deviation can reach.
///
/// The noncentrality of such a deviation d of a share p among n calls is n·d² / (p·(1 − p)).
pub fn detectable_deviation(total: u64, share: f64, noncentrality: f64) -> f64 {
    (noncentrality * share * (1.0 - share) / total.max(1) as f64).sqrt()
}

/// Returns the probability that a noncentral chi-squared variable is at most `x`: a Poisson mixture of central ones.
fn noncentral_below(x: f64, degrees_of_freedom: u32, noncentrality: f64) -> f64 {
    let half = noncentrality / 2.0;
    let mut weight = (-half).exp();
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut term = 0u32;
    // Beyond the mean of the Poisson distribution, until nothing is left of it.
    while f64::from(term) <= half || 1.0 - weights > 1e-12 {
        let shape = f64::from(degrees_of_freedom) / 2.0 + f64::from(term);
        sum += weight * checked_gamma_lr(shape, x / 2.0).unwrap_or(1.0);
        weights += weight;
        term += 1;
        weight *= half / f64::from(term);
        if term > 10_000 {
            break;
        }
    }
    sum
}

/// Returns the least number for which `holds`, which holds for all numbers above it.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while !holds(high) && high < 1e6 {
        low = high;
        high *= 2.0;
    }
    while high - low > 1e-9 * high {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
