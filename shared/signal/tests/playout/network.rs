//! A network that loses, delays, reorders and repeats frames, and a sender whose clock is off: the same for one seed.

use core::time::Duration;

use signal::jitter::TargetConfig;

/// A frame's length in microseconds.
pub const FRAME: f64 = 20_000.0;

/// splitmix64: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 ≤ x < 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }
}

/// Which frames are lost.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    None,
    /// Each with this probability.
    Single(f64),
    /// Gilbert–Elliott: the probabilities of going into the bad state and out of it, frame by frame, and of losing a
    /// frame in it.
    Burst {
        into: f64,
        out: f64,
        bad: f64,
    },
}

/// What is added to the network's least delay, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub enum Jitter {
    None,
    Uniform(f64),
    /// Pareto's distribution, shifted to begin at zero: a heavy tail.
    Pareto {
        scale: f64,
        shape: f64,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Network {
    pub loss: Loss,
    pub jitter: Jitter,
    /// Whether a delayed frame holds up those after it, as in TCP.
    pub in_order: bool,
    /// The share of frames that come twice.
    pub repeats: f64,
    /// How much longer than 20 ms the sender's frames last by the receiver's clock.
    pub drift_ppm: f64,
}

pub const QUIET: Network =
    Network { loss: Loss::None, jitter: Jitter::None, in_order: true, repeats: 0.0, drift_ppm: 0.0 };

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    pub sequence: u64,
    /// What the receiver takes it for: the sequence number, or a count of what came.
    pub number: u64,
    /// Microseconds by the receiver's clock.
    pub at: f64,
    /// Microseconds after the time at which it would have come without jitter.
    pub late: f64,
}

impl Network {
    pub fn sent(&self, sequence: f64) -> f64 {
        sequence * FRAME * (1.0 + self.drift_ppm * 1e-6)
    }

    /// The arrivals of `frames` frames, as they come.
    pub fn trace(&self, seed: u64, frames: u64) -> Vec<Arrival> {
        let mut random = Random(seed);
        let (mut bad, mut held) = (false, 0.0f64);
        let mut arrivals = Vec::new();
        for sequence in 0..frames {
            if self.loses(&mut random, &mut bad) {
                continue;
            }
            let sent = self.sent(sequence as f64);
            let mut at = sent + self.jitter.delay(&mut random) * 1e3;
            if self.in_order {
                at = at.max(held);
                held = at;
            }
            arrivals.push(Arrival { sequence, number: sequence, at, late: at - sent });
            if random.chance(self.repeats) {
                let at = at + random.unit() * 2.0 * FRAME;
                arrivals.push(Arrival { sequence, number: sequence, at, late: at - sent });
            }
        }
        arrivals.sort_by(|a, b| a.at.total_cmp(&b.at));
        arrivals
    }

    fn loses(&self, random: &mut Random, in_bad: &mut bool) -> bool {
        match self.loss {
            Loss::None => false,
            Loss::Single(share) => random.chance(share),
            Loss::Burst { into, out, bad } => {
                *in_bad = if *in_bad { !random.chance(out) } else { random.chance(into) };
                *in_bad && random.chance(bad)
            }
        }
    }
}

/// Takes the numbers away: the receiver counts what comes.
pub fn unnumbered(mut trace: Vec<Arrival>) -> Vec<Arrival> {
    for (number, arrival) in (0..).zip(&mut trace) {
        arrival.number = number;
    }
    trace
}

impl Jitter {
    fn delay(self, random: &mut Random) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Uniform(most) => random.unit() * most,
            Self::Pareto { scale, shape } => scale * ((1.0 - random.unit()).powf(-1.0 / shape) - 1.0),
        }
    }
}

/// The wait that brings 95 % of the frames in time, in milliseconds, within the bounds that are set.
pub fn optimum(trace: &[Arrival], config: &TargetConfig) -> f64 {
    let late = trace.iter().map(|arrival| arrival.late / 1e3).collect();
    let bound = |bound: Duration| bound.as_secs_f64() * 1e3;
    quantile(late, 0.95).clamp(bound(config.min), bound(config.max))
}

/// The value that `share` of the values do not exceed.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}
