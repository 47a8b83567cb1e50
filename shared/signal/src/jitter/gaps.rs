//! Explanation of gaps in playing: a loss, or an underrun.

/// Frames within which a loss and the gap that it leaves are both seen: a second.
const EXPLANATION_FRAMES: u32 = 50;

/// Gaps in playing, each until it is clear whether a frame was lost before it got a number, or was late.
///
/// A lost frame shortens the wait by 20 ms. That is made good by a gap, before or after the loss is inferred, or without
/// one; a gap that no loss explains within a second is an underrun.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    /// True when frames can be lost before they get a number.
    explicable: bool,
    unexplained: u64,
    /// Inferred losses that no gap has made good.
    losses: u64,
    /// Frames since the last of either.
    since: u32,
}

impl Gaps {
    pub(super) const fn new(explicable: bool) -> Self {
        Self { explicable, unexplained: 0, losses: 0, since: 0 }
    }

    /// Notes that the buffer ran dry and a frame came. Returns the underruns that are certain now.
    pub(super) const fn gap(&mut self) -> u64 {
        if !self.explicable {
            return 1;
        }
        self.since = 0;
        match self.losses.checked_sub(1) {
            Some(others) => self.losses = others,
            None => self.unexplained += 1,
        }
        0
    }

    /// Notes a frame and the losses inferred from it. Returns the underruns that are certain now.
    pub(super) fn frame(&mut self, losses: u64) -> u64 {
        if losses > 0 {
            self.since = 0;
            let explained = self.unexplained.min(losses);
            self.unexplained -= explained;
            self.losses += losses - explained;
        }
        self.since = self.since.saturating_add(1);
        if self.since > EXPLANATION_FRAMES { self.settle() } else { 0 }
    }

    /// Ends the wait for explanations. Returns the underruns.
    pub(super) const fn settle(&mut self) -> u64 {
        let unexplained = self.unexplained;
        *self = Self::new(self.explicable);
        unexplained
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_gap_is_an_underrun_unless_a_loss_explains_it_within_a_second() {
        let mut gaps = Gaps::new(true);
        assert_eq!(gaps.gap(), 0);
        assert_eq!((0..10).map(|_| gaps.frame(0)).sum::<u64>(), 0);
        assert_eq!((gaps.gap(), gaps.gap(), gaps.frame(2)), (0, 0, 0));
        let certain: Vec<u64> = (0..60).map(|_| gaps.frame(0)).collect();
        assert_eq!(certain.iter().position(|&underruns| underruns > 0), Some(49));
        assert_eq!(certain.iter().sum::<u64>(), 1);
    }

    #[test]
    fn a_loss_explains_one_gap_that_comes_soon_after() {
        let mut gaps = Gaps::new(true);
        gaps.frame(1);
        assert_eq!((gaps.gap(), gaps.gap(), gaps.settle()), (0, 0, 1));
        gaps.frame(1);
        assert_eq!((0..60).map(|_| gaps.frame(0)).sum::<u64>(), 0);
        assert_eq!((gaps.gap(), gaps.settle()), (0, 1), "a second later it explains nothing");
    }

    #[test]
    fn where_nothing_is_lost_before_it_has_a_number_a_gap_is_an_underrun() {
        let mut gaps = Gaps::new(false);
        assert_eq!((gaps.gap(), gaps.frame(0), gaps.settle()), (1, 0, 0));
    }
}
