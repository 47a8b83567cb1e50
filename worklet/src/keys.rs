//! Keys that are pressed, each sounding for as long as it is held, one after the other.

use shared::dtmf::{
    Digit,
    tone::{ToneConfig, ToneGenerator},
};

/// ITU-T Q.24: receivers need 40 ms of pause to tell two digits apart; a little more is safe.
const PAUSE_MS: u32 = 60;
/// Faster than anyone types.
const MAX_WAITING: usize = 64;

/// A keypad's tones at one sample rate.
pub(crate) struct Keys {
    rate: u32,
    sounding: Option<ToneGenerator>,
    /// Samples until the next tone may begin.
    pause: u32,
    waiting: [Waiting; MAX_WAITING],
    count: usize,
}

#[derive(Clone, Copy)]
struct Waiting {
    code: u8,
    released: bool,
}

impl Keys {
    pub(crate) fn new(rate: u32) -> Self {
        let waiting = [Waiting { code: 0, released: true }; MAX_WAITING];
        Self { rate, sounding: None, pause: 0, waiting, count: 0 }
    }

    /// A key goes down, and with it any other up.
    pub(crate) fn press(&mut self, code: u8) {
        self.release();
        if let Some(slot) = self.waiting.get_mut(self.count) {
            *slot = Waiting { code, released: false };
            self.count += 1;
        }
    }

    /// The key that was pressed last goes up.
    pub(crate) fn release(&mut self) {
        if let Some(last) = self.count.checked_sub(1) {
            self.waiting[last].released = true;
        } else if let Some(tone) = &mut self.sounding {
            tone.release();
        }
    }

    /// Whether a tone sounds that began before.
    pub(crate) fn is_sounding(&self) -> bool {
        self.sounding.is_some()
    }

    /// Fills `out` with what sounds; the first sample at which a tone began.
    pub(crate) fn fill(&mut self, out: &mut [f32]) -> Option<usize> {
        out.fill(0.0);
        let mut onset = None;
        let mut at = 0;
        while at < out.len() {
            if let Some(tone) = &mut self.sounding {
                at += tone.fill(&mut out[at..]);
                if tone.is_finished() {
                    self.sounding = None;
                    self.pause = self.rate * PAUSE_MS / 1_000;
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
        let mut tone = ToneGenerator::new(digit, &ToneConfig::default(), self.rate);
        if released {
            tone.release();
        }
        self.sounding = Some(tone);
    }
}
