//! The sound card's rest. An audio context that runs costs a twentieth of a core even in silence, so it is suspended
//! while there is no call and nobody is at the page.

use std::time::Duration;

use base::time::Instant;

/// Time without any use after which the sound card rests.
const REST_AFTER: Duration = Duration::from_secs(10);

/// The decision when the sound card rests.
#[derive(Debug, Default)]
pub(super) struct Rest {
    is_in_call: bool,
    is_resting: bool,
    last_use: Instant,
}

impl Rest {
    /// Notes that somebody is there. Returns true when the sound card rested until now.
    pub(super) fn note_use(&mut self, now: Instant) -> bool {
        self.last_use = now;
        std::mem::take(&mut self.is_resting)
    }

    /// Notes whether there is a call, which needs the sound card whoever is there.
    pub(super) fn set_in_call(&mut self, is_in_call: bool) {
        self.is_in_call = is_in_call;
    }

    /// Returns the time after which [`Self::rest`] is to be called; `None` during a call and while it rests.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        (!self.is_in_call && !self.is_resting).then(|| (self.last_use + REST_AFTER) - now)
    }

    /// Returns true when the sound card rests from now on. `is_busy` says that it plays or records something.
    pub(super) fn rest(&mut self, now: Instant, is_busy: bool) -> bool {
        if is_busy {
            self.last_use = now;
        }
        let begins = self.wait(now).is_some_and(|wait| wait.is_zero());
        self.is_resting |= begins;
        begins
    }

    /// True while the sound card rests.
    pub(super) fn is_resting(&self) -> bool {
        self.is_resting
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    #[wasm_bindgen_test]
    fn the_sound_card_rests_ten_seconds_after_its_last_use() {
        let mut rest = Rest::default();
        assert!(!rest.note_use(at(100)));
        assert_eq!(rest.wait(at(104)), Some(Duration::from_secs(6)));
        assert!(!rest.rest(at(109), false));
        assert!(rest.rest(at(110), false));
        assert_eq!((rest.is_resting(), rest.wait(at(111))), (true, None));
        assert!(!rest.rest(at(111), false), "it rests already");
        assert!(rest.note_use(at(200)), "it is woken");
        assert!(!rest.note_use(at(200)), "once");
    }

    #[wasm_bindgen_test]
    fn a_call_and_a_source_that_plays_keep_it_awake() {
        let mut rest = Rest::default();
        rest.set_in_call(true);
        assert_eq!(rest.wait(at(1_000)), None);
        assert!(!rest.rest(at(1_000), false));
        rest.set_in_call(false);
        assert!(!rest.rest(at(1_000), true));
        assert_eq!(rest.wait(at(1_000)), Some(Duration::from_secs(10)), "the source may have ended then");
        assert!(rest.rest(at(1_010), false));
    }
}
