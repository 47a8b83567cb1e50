//! Plays what a network delivers, as the worklet would, and notes what comes out.

use signal::{
    frame::{FRAME_SAMPLES, Frame, SILENCE},
    playout::{Playout, PlayoutConfig, PlayoutStats},
};

use crate::network::{Arrival, Network};

/// 8 kHz samples for 128 of 48 kHz.
const QUANTUM: usize = 21;
/// A ramp of one step a sample tells where in the stream a sample is from, up to whole turns of 3.75 s.
const TURN: u64 = 30_000;

/// A frame that is a piece of the ramp.
pub fn ramp(sequence: u64) -> Frame {
    let mut frame = SILENCE;
    for (index, sample) in frame.iter_mut().enumerate() {
        *sample = ((sequence * FRAME_SAMPLES as u64 + index as u64) % TURN) as i16 - (TURN / 2) as i16;
    }
    frame
}

/// What was noted.
pub struct Heard {
    pub stats: PlayoutStats,
    /// Delays from a frame's quickest arrival to its being heard, in milliseconds, every 10 ms after the settling time.
    pub delays: Vec<f64>,
    pub most_buffered: usize,
    /// The longest delay by the buffer's own measure.
    pub longest_ms: f64,
    /// The numbers of the first frame played and of the one after the last.
    pub range: Option<(u64, u64)>,
    /// The least and the highest speed.
    pub speeds: (f64, f64),
}

impl Heard {
    /// Frames, slots and samples: nothing is gained, nothing is missing.
    pub fn check_balance(&self) {
        let stats = &self.stats;
        let jitter = &stats.jitter;
        let gone = jitter.played + jitter.late + jitter.duplicates + jitter.discarded;
        assert_eq!(jitter.inserted, gone + stats.buffered as u64, "{stats:?}");
        let slots = self.range.map_or(0, |(first, next)| next - first);
        assert_eq!(slots, jitter.played + jitter.lost + jitter.discarded, "{stats:?}");
        let made = 160 * jitter.played + 80 * jitter.concealed() + stats.silent + stats.repeated;
        assert_eq!(made, stats.pulled + stats.cut + stats.ahead as u64, "{stats:?}");
    }

    pub fn mean_delay(&self) -> f64 {
        self.delays.iter().sum::<f64>() / self.delays.len() as f64
    }
}

/// Plays `arrivals` of the ramp to a second beyond the last; delays are noted from `settled` seconds on.
pub fn listen(network: &Network, arrivals: &[Arrival], config: PlayoutConfig, settled: f64) -> Heard {
    let mut playout = Playout::new(config);
    let mut waiting = arrivals.iter().peekable();
    let mut quantum = [0.0; QUANTUM];
    let (mut delays, mut most_buffered, mut longest_ms) = (Vec::new(), 0, 0.0f64);
    let mut speeds = (1.0f64, 1.0f64);
    let end = arrivals.last().map_or(0.0, |last| last.at) + 1e6;
    let last = arrivals.iter().map(|arrival| arrival.sequence).max().unwrap_or(0);
    let mut quanta = 0u64;
    let (mut made_up, mut since) = (0, 0.0);
    while playout.now().as_millis_f64() * 1e3 < end {
        let now = playout.now();
        while let Some(arrival) = waiting.next_if(|arrival| arrival.at <= now.as_millis_f64() * 1e3) {
            playout.insert(arrival.number, now, &ramp(arrival.sequence));
        }
        most_buffered = most_buffered.max(playout.jitter().buffered());
        playout.fill(&mut quantum);
        speeds = (speeds.0.min(playout.speed()), speeds.1.max(playout.speed()));
        quanta += 1;
        let now = now.as_millis_f64() * 1e3;
        let stats = playout.stats();
        if waiting.peek().is_some() {
            longest_ms = longest_ms.max(stats.delay_ms);
        }
        let concealed = stats.jitter.concealed();
        if concealed > made_up {
            (made_up, since) = (concealed, now);
        }
        if now > since + 60e3
            && now > settled * 1e6
            && now < network.sent(last as f64)
            && quanta.is_multiple_of(4)
        {
            delays.extend(delay(network, now, quantum[0]));
        }
    }
    Heard {
        stats: playout.stats(),
        delays,
        most_buffered,
        longest_ms,
        range: playout.jitter().played_range(),
        speeds,
    }
}

/// How long before `now` the sample would have been heard if nothing had waited.
fn delay(network: &Network, now: f64, sample: f32) -> Option<f64> {
    let value = f64::from(sample) * 32_768.0;
    let at = value.round() + (TURN / 2) as f64;
    if (value - value.round()).abs() > 1e-3 || !(0.0..TURN as f64).contains(&at) {
        return None;
    }
    let (at, turn) = (at / FRAME_SAMPLES as f64, TURN as f64 / FRAME_SAMPLES as f64);
    let turns = ((now / network.sent(1.0) - at) / turn).floor();
    let delay = (now - network.sent(at + turns * turn)) / 1e3 - Playout::DELAY as f64 / 8.0;
    (delay < 2_000.0).then_some(delay)
}
