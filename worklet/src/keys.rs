//! Keys that are pressed, each sounding for as long as it is held, one after the other.

use base::digit::Digit;
use signal::{
    key_tones::KeyTones,
    tone::{MAX_HOLD, MAX_WAITING_KEYS, ToneGenerator},
};

/// A keypad's tones at one sample rate.
pub(crate) struct Keys {
    rate: u32,
    tones: KeyTones,
    sounding: Option<ToneGenerator>,
    /// Samples until the tone that sounds is released, if its key never is.
    hold: u64,
    /// Samples until the next tone may begin.
    pause: u32,
    waiting: [Waiting; MAX_WAITING_KEYS],
    count: usize,
}

#[derive(Clone, Copy)]
struct Waiting {
    code: u8,
    released: bool,
}

impl Keys {
    pub(crate) fn new(rate: u32) -> Self {
        let waiting = [Waiting { code: 0, released: true }; MAX_WAITING_KEYS];
        Self { rate, tones: KeyTones::default(), sounding: None, hold: 0, pause: 0, waiting, count: 0 }
    }

    /// Sets the tones of the keys that have not begun to sound.
    pub(crate) fn set_tones(&mut self, tones: KeyTones) {
        self.tones = tones;
    }

    /// Presses a key, which releases any other.
    pub(crate) fn press(&mut self, code: u8) {
        self.release();
        if let Some(slot) = self.waiting.get_mut(self.count) {
            *slot = Waiting { code, released: false };
            self.count += 1;
        }
    }

    /// Releases the key that was pressed last.
    pub(crate) fn release(&mut self) {
        if let Some(last) = self.count.checked_sub(1) {
            self.waiting[last].released = true;
        } else if let Some(tone) = &mut self.sounding {
            tone.release();
        }
    }

    /// Drops the keys whose tones have not begun.
    pub(crate) fn drop_waiting(&mut self) {
        self.count = 0;
    }

    /// Returns true while a tone sounds that began before.
    pub(crate) fn is_sounding(&self) -> bool {
        self.sounding.is_some()
    }

    /// Fills `out` with what sounds, and returns the first sample at which a tone began.
    pub(crate) fn fill(&mut self, out: &mut [f32]) -> Option<usize> {
        out.fill(0.0);
        let mut onset = None;
        let mut at = 0;
        while at < out.len() {
            if let Some(tone) = &mut self.sounding {
                let filled = tone.fill(&mut out[at..]);
                at += filled;
                self.hold = self.hold.saturating_sub(filled as u64);
                if self.hold == 0 {
                    tone.release();
                }
                if tone.is_finished() {
                    self.sounding = None;
                    self.pause = self.rate * self.tones.gap_ms / 1_000;
                }
            } else if self.pause > 0 {
                let quiet = (self.pause as usize).min(out.len() - at);
                self.pause -= quiet as u32;
                at += quiet;
            } else if self.count > 0 {
                self.begin();
                onset = onset.or(Some(at));
            } else {
                break;
            }
        }
        onset
    }

    fn begin(&mut self) {
        let Waiting { code, released } = self.waiting[0];
        self.waiting.copy_within(1..self.count, 0);
        self.count -= 1;
        let Some(digit) = Digit::from_code(code) else { return };
        let mut tone = self.tones.tone(digit, self.rate);
        if released {
            tone.release();
        }
        self.sounding = Some(tone);
        self.hold = MAX_HOLD.as_secs() * u64::from(self.rate);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_key_that_is_never_released_falls_silent() {
        let mut keys = Keys::new(8_000);
        keys.press(11);
        let mut out = vec![0.0; 8_000];
        for second in 0..MAX_HOLD.as_secs() {
            keys.fill(&mut out);
            assert!(out.iter().any(|sample| sample.abs() > 0.1), "second {second}");
        }
        keys.fill(&mut out);
        keys.fill(&mut out);
        assert!(out.iter().all(|sample| *sample == 0.0) && !keys.is_sounding());
        keys.press(5);
        assert!(keys.fill(&mut out).is_some(), "the next key sounds");
    }
}
