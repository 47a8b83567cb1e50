//! Whether counts agree with a distribution, and how well that can be seen.

mod binomial;
mod fit;
mod multinomial;
mod power;
mod two_sample;

pub use binomial::expected_range;
pub use fit::{Fit, Method, goodness_of_fit, total_variation};
pub use power::{detectable_deviation, noncentrality};
pub use two_sample::{Homogeneity, HomogeneityMethod, homogeneity};

#[cfg(test)]
mod tests;
