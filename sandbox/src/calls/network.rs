//! Loss and delay of one call's audio on its way to the caller, without a clock or a socket.

use std::{sync::Arc, time::Duration};

use signal::frame::FRAME_DURATION;
use tokio::time::Instant;

use crate::{
    faults::{ActiveImpairment, Impairment, ImpairmentCounts},
    seeded::Seeded,
};

/// A network that loses and delays frames. The n-th frame that a call sends through it is lost or delayed alike in every
/// call and every run.
#[derive(Debug)]
pub(super) struct ImpairedNetwork {
    id: u64,
    impairment: Impairment,
    counts: Arc<ImpairmentCounts>,
    losses: Seeded,
    delays: Seeded,
    /// True when the previous frame was lost.
    losing: bool,
    /// Time at which the previous frame is sent.
    last: Option<Instant>,
}

impl ImpairedNetwork {
    pub(super) fn new(ActiveImpairment { id, impairment, counts }: ActiveImpairment) -> Self {
        /// Separates the delays' seed from that of the losses, so that the same frames are lost with delays and without.
        const DELAY_SEED: u64 = 0x64_65_6c_61_79;
        let (losses, delays) = (Seeded::new(impairment.seed), Seeded::new(impairment.seed ^ DELAY_SEED));
        Self { id, impairment, counts, losses, delays, losing: false, last: None }
    }

    /// Returns the identifier of the impairment.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Returns the time to send a frame at that is due at `due`; none if it is lost. Frames keep their order.
    pub(super) fn schedule(&mut self, due: Instant) -> Option<Instant> {
        let was_losing = self.losing;
        // Gilbert's model: every frame is lost in the bad state and none in the good one.
        let probability =
            if was_losing { self.impairment.loss_after_loss() } else { self.impairment.loss_after_sent() };
        self.losing = self.losses.happens(probability);
        let jitter = Duration::from_micros(self.delays.between(0, self.impairment.jitter_ms * 1_000));
        if self.losing {
            self.counts.count_lost(!was_losing);
            return None;
        }
        let at = self.last.map_or(due + jitter, |last| last.max(due + jitter));
        self.last = Some(at);
        self.counts.count_sent(u64::try_from((at - due).as_millis()).expect("a delay is short"));
        Some(at)
    }

    /// Returns the time between two frames by the sender's clock, which drifts.
    pub(super) fn frame_duration(&self) -> Duration {
        FRAME_DURATION.div_f64(1.0 + f64::from(self.impairment.drift_ppm) * 1e-6)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(impairment: Impairment) -> ImpairedNetwork {
        ImpairedNetwork::new(ActiveImpairment { id: 1, impairment, counts: Arc::default() })
    }

    /// Returns the delay of each of `count` frames; none for those that are lost.
    fn delays(impairment: Impairment, count: u32) -> Vec<Option<Duration>> {
        let mut network = network(impairment);
        let start = Instant::now();
        let due = (0..count).map(|index| start + FRAME_DURATION * index);
        due.map(|due| network.schedule(due).map(|at| at - due)).collect()
    }

    /// Returns the share of lost frames in percent, and the mean length of a burst.
    fn losses(delays: &[Option<Duration>]) -> (f64, f64) {
        let lost = delays.iter().filter(|delay| delay.is_none()).count();
        let bursts = delays.chunk_by(|one, next| one.is_none() == next.is_none());
        let bursts = bursts.filter(|run| run[0].is_none()).count();
        (100.0 * lost as f64 / delays.len() as f64, lost as f64 / bursts as f64)
    }

    #[test]
    fn as_much_is_lost_as_was_asked_for_in_bursts_as_long() {
        let check = |loss_percent: f64, burst: Option<f64>, length: f64| {
            let delays = delays(Impairment { loss_percent, burst, ..Impairment::default() }, 400_000);
            let (percent, mean) = losses(&delays);
            assert!((percent / loss_percent - 1.0).abs() < 0.04, "{loss_percent} % {burst:?}: {percent} %");
            assert!((mean / length - 1.0).abs() < 0.04, "{loss_percent} % {burst:?}: {mean} in a row");
        };
        check(2.0, None, 1.0 / 0.98);
        check(30.0, None, 1.0 / 0.7);
        check(2.0, Some(1.0), 1.0);
        check(5.0, Some(4.0), 4.0);
        check(50.0, Some(1.0), 1.0);
        check(60.0, Some(10.0), 10.0);
    }

    #[test]
    fn all_or_nothing_is_lost_where_that_was_asked_for() {
        for burst in [None, Some(1.0), Some(50.0)] {
            let lossy = |loss_percent| Impairment { loss_percent, burst, ..Impairment::default() };
            assert!(delays(lossy(100.0), 1_000).iter().all(Option::is_none));
            assert!(delays(lossy(0.0), 1_000).iter().all(|delay| *delay == Some(Duration::ZERO)));
        }
    }

    #[test]
    fn delays_are_spread_up_to_the_most() {
        let delays = delays(Impairment { jitter_ms: 15, ..Impairment::default() }, 10_000);
        // Less than a frame's length, so that none is held up by the one before it.
        let mut bins = [0; 15];
        for delay in delays.iter().flatten() {
            bins[delay.as_millis().min(14) as usize] += 1;
        }
        assert!(bins.iter().all(|count| (500..850).contains(count)), "{bins:?}");
    }

    #[test]
    fn losses_are_the_same_with_delays_and_without() {
        let lossy = Impairment { loss_percent: 10.0, seed: 5, ..Impairment::default() };
        let lost = |impairment| delays(impairment, 1_000).iter().map(Option::is_none).collect::<Vec<_>>();
        assert_eq!(lost(lossy), lost(Impairment { jitter_ms: 60, drift_ppm: 200, ..lossy }));
        assert_ne!(lost(lossy), lost(Impairment { seed: 6, ..lossy }));
    }

    #[test]
    fn a_fast_clock_has_short_frames() {
        let frame = |drift_ppm| network(Impairment { drift_ppm, ..Impairment::default() }).frame_duration();
        assert_eq!(frame(0), FRAME_DURATION);
        assert_eq!(frame(200), Duration::from_nanos(19_996_001));
        assert_eq!(frame(-200), Duration::from_nanos(20_004_001));
    }

    proptest! {
        /// For every impairment, no frame is early, later than the maximum delay or out of order, the counts add up, and
        /// the same seed gives the same result.
        #[test]
        fn frames_keep_their_order_and_are_counted(
            seed: u64, loss_percent in 0.0f64..60.0, burst in prop::option::of(2.0f64..20.0), jitter_ms in 0u64..500,
        ) {
            let impairment = Impairment { loss_percent, burst, jitter_ms, seed, ..Impairment::default() };
            let mut network = network(impairment);
            let start = Instant::now();
            let mut sent = Vec::new();
            for index in 0..500 {
                let due = start + FRAME_DURATION * index;
                if let Some(at) = network.schedule(due) {
                    prop_assert!(at >= due && at <= due + Duration::from_millis(jitter_ms));
                    sent.push(at);
                }
            }
            prop_assert!(sent.is_sorted());
            let counts = serde_json::to_value(&*network.counts).unwrap();
            prop_assert_eq!(counts["frames"].as_u64(), Some(500));
            prop_assert_eq!(counts["lost"].as_u64(), Some(500 - sent.len() as u64));
            prop_assert_eq!(delays(impairment, 500), delays(impairment, 500));
        }
    }
}
