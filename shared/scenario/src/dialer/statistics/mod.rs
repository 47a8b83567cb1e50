//! Whether counts agree with a distribution, and how well that can be seen.

mod binomial;
mod fit;
mod multinomial;
mod power;

pub use binomial::expected_range;
pub use fit::{Fit, Method, goodness_of_fit, total_variation};
pub use power::{detectable_deviation, noncentrality};

#[cfg(test)]
mod tests;
