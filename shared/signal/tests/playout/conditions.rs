//! The conditions that playing is measured under.

use crate::network::{Jitter, Loss, Network, QUIET};

pub struct Condition {
    pub name: &'static str,
    pub network: Network,
}

pub const BURSTS: Loss = Loss::Burst { into: 0.02, out: 0.3, bad: 0.7 };
pub const HEAVY: Jitter = Jitter::Pareto { scale: 15.0, shape: 2.5 };

const fn on(name: &'static str, network: Network) -> Condition {
    Condition { name, network }
}

pub const CONDITIONS: &[Condition] = &[
    on("nothing", QUIET),
    on("2 % lost", Network { loss: Loss::Single(0.02), ..QUIET }),
    on("4 % lost in bursts", Network { loss: BURSTS, ..QUIET }),
    on("0-60 ms", Network { jitter: Jitter::Uniform(60.0), in_order: false, ..QUIET }),
    on("0-60 ms, in order", Network { jitter: Jitter::Uniform(60.0), ..QUIET }),
    on("0-200 ms", Network { jitter: Jitter::Uniform(200.0), in_order: false, ..QUIET }),
    on("0-200 ms, in order", Network { jitter: Jitter::Uniform(200.0), ..QUIET }),
    on("heavy tail", Network { jitter: HEAVY, in_order: false, ..QUIET }),
    on("heavy tail, in order", Network { jitter: HEAVY, ..QUIET }),
    on("+200 ppm", Network { drift_ppm: 200.0, ..QUIET }),
    on("-200 ppm", Network { drift_ppm: -200.0, ..QUIET }),
    on(
        "bursts, tail, +200 ppm",
        Network { loss: BURSTS, jitter: HEAVY, in_order: false, repeats: 0.02, drift_ppm: 200.0 },
    ),
    on(
        "bursts, tail, -200 ppm",
        Network { loss: BURSTS, jitter: HEAVY, in_order: false, repeats: 0.02, drift_ppm: -200.0 },
    ),
];
