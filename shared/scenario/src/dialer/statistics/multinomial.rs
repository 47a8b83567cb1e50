//! The exact multinomial test. Its p-value is the probability of all counts that are no more probable than those observed.

use jobs::Jitter;
use statrs::function::factorial::ln_factorial;

/// Maximum number of counts that are added up.
const MAX_COUNTS: f64 = 3e6;
/// Number of random counts of a simulation. The standard error of a p-value of 0.05 is 0.0007.
const DRAWS: u32 = 100_000;
/// Seed of a simulation.
const SEED: u64 = 1;
/// Relative tolerance within which two probabilities are the same: they are sums of the same logarithms in another order.
const TOLERANCE: f64 = 1e-7;

/// Returns the p-value, or None where there are too many counts to add up. `shares` are above 0.
pub(super) fn exact(observed: &[u64], shares: &[f64]) -> Option<f64> {
    let total: u64 = observed.iter().sum();
    let mut counts = 1.0;
    for place in 1..shares.len() {
        counts *= (total as f64 + place as f64) / place as f64;
    }
    if counts > MAX_COUNTS {
        return None;
    }
    let cells = Cells::new(total, shares);
    let limit = cells.ln_probability(observed) + TOLERANCE;
    let mut sum = Sum { cells: &cells, limit, total: 0.0 };
    sum.add(0, total, cells.ln_total);
    Some(sum.total.clamp(0.0, 1.0))
}

/// Estimates the p-value from random counts, the same ones each time; it is never 0.
pub(super) fn simulated(observed: &[u64], shares: &[f64]) -> f64 {
    let total: u64 = observed.iter().sum();
    let cells = Cells::new(total, shares);
    let limit = cells.ln_probability(observed) + TOLERANCE;
    let mut random = Jitter::new(SEED);
    let mut counts = vec![0; shares.len()];
    let mut as_extreme = 0u32;
    for _ in 0..DRAWS {
        cells.draw(total, &mut random, &mut counts);
        as_extreme += u32::from(cells.ln_probability(&counts) <= limit);
    }
    f64::from(as_extreme + 1) / f64::from(DRAWS + 1)
}

struct Cells<'a> {
    shares: &'a [f64],
    ln_shares: Vec<f64>,
    /// ln n!, for n up to the total.
    ln_factorials: Vec<f64>,
    ln_total: f64,
}

impl<'a> Cells<'a> {
    fn new(total: u64, shares: &'a [f64]) -> Self {
        let ln_factorials: Vec<f64> = (0..=total).map(ln_factorial).collect();
        Self {
            shares,
            ln_shares: shares.iter().map(|share| share.ln()).collect(),
            ln_total: ln_factorials.last().copied().unwrap_or_default(),
            ln_factorials,
        }
    }

    fn ln_cell(&self, cell: usize, count: u64) -> f64 {
        count as f64 * self.ln_shares[cell] - self.ln_factorials[count as usize]
    }

    fn ln_probability(&self, counts: &[u64]) -> f64 {
        let cells = counts.iter().enumerate().map(|(cell, &count)| self.ln_cell(cell, count));
        self.ln_total + cells.sum::<f64>()
    }

    /// Draws counts cell by cell, each binomial of what the cells before it left.
    fn draw(&self, total: u64, random: &mut Jitter, counts: &mut [u64]) {
        let (mut left, mut share_left) = (total, 1.0);
        for (cell, count) in counts.iter_mut().enumerate() {
            let is_last = cell + 1 == self.shares.len();
            let share = (self.shares[cell] / share_left).clamp(0.0, 1.0);
            *count = if is_last { left } else { self.binomial(left, share, random) };
            left -= *count;
            share_left -= self.shares[cell];
        }
    }

    /// Draws from a binomial distribution by inversion, outward from its mode, so that it takes as many steps as there are
    /// standard deviations' worth of counts.
    fn binomial(&self, trials: u64, share: f64, random: &mut Jitter) -> u64 {
        if trials == 0 || share <= 0.0 {
            return 0;
        }
        if share >= 1.0 {
            return trials;
        }
        let mode = (((trials + 1) as f64 * share) as u64).min(trials);
        let ln = |count: u64| {
            self.ln_factorials[trials as usize]
                - self.ln_factorials[count as usize]
                - self.ln_factorials[(trials - count) as usize]
                + count as f64 * share.ln()
                + (trials - count) as f64 * (-share).ln_1p()
        };
        let odds = share / (1.0 - share);
        let mut left = random.next_unit();
        let (mut below, mut above) = (mode, mode);
        let (mut p_below, mut p_above) = (ln(mode).exp(), ln(mode).exp());
        left -= p_above;
        while left >= 0.0 && (below > 0 || above < trials) {
            if above < trials {
                p_above *= (trials - above) as f64 / (above + 1) as f64 * odds;
                above += 1;
                left -= p_above;
                if left < 0.0 {
                    return above;
                }
            }
            if below > 0 {
                p_below *= below as f64 / ((trials - below + 1) as f64 * odds);
                below -= 1;
                left -= p_below;
                if left < 0.0 {
                    return below;
                }
            }
        }
        mode
    }
}

struct Sum<'a> {
    cells: &'a Cells<'a>,
    limit: f64,
    total: f64,
}

impl Sum<'_> {
    /// Adds up all counts of the cells from `cell` on that have `left` calls together.
    fn add(&mut self, cell: usize, left: u64, ln_before: f64) {
        if cell + 1 == self.cells.shares.len() {
            let ln = ln_before + self.cells.ln_cell(cell, left);
            if ln <= self.limit {
                self.total += ln.exp();
            }
            return;
        }
        for count in 0..=left {
            self.add(cell + 1, left - count, ln_before + self.cells.ln_cell(cell, count));
        }
    }
}
