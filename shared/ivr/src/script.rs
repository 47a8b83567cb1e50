//! Plays a dial script into a call: each digit in its time.

use core::time::Duration;
use std::collections::VecDeque;

use base::{
    dial_script::{DialScript, DialStep},
    digit::Digit,
    time::Instant,
};

/// Time within which the prompt begins whose end is waited for: the IVR hears the digit before, and its report comes back.
const PROMPT_BEGINS_WITHIN: Duration = Duration::from_secs(2);

/// Plays one script.
///
/// Sans-IO: a driver dials what [`Self::poll_digit`] says and calls [`Self::handle_timeout`] when [`Self::poll_timeout`] is due.
#[derive(Debug)]
pub struct ScriptPlayer {
    steps: VecDeque<DialStep>,
    /// Time from a digit to the next.
    cadence: Duration,
    /// Time of the next step.
    due: Instant,
    wait: Wait,
    speaking: bool,
    digits: VecDeque<Digit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// The next step's time comes by itself.
    Pause,
    /// A prompt's end is waited for, and its beginning until the step is due.
    Prompt { began: bool },
}

impl ScriptPlayer {
    /// Begins to play a script with a digit each `cadence`, while a prompt is heard or not.
    pub fn new(now: Instant, script: &DialScript, cadence: Duration, speaking: bool) -> Self {
        let steps = script.steps().iter().copied().collect();
        let mut player =
            Self { steps, cadence, due: now, wait: Wait::Pause, speaking, digits: VecDeque::new() };
        player.handle_timeout(now);
        player
    }

    /// Notes whether a prompt is heard.
    pub fn set_speaking(&mut self, now: Instant, speaking: bool) {
        self.speaking = speaking;
        if let Wait::Prompt { began } = self.wait {
            if began && !speaking {
                self.wait = Wait::Pause;
                self.due = now;
            } else {
                self.wait = Wait::Prompt { began: speaking };
            }
        }
        self.handle_timeout(now);
    }

    /// Takes the steps that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.poll_timeout().is_some_and(|due| due <= now) {
            self.wait = Wait::Pause;
            match self.steps.pop_front() {
                Some(DialStep::Digit(digit)) => {
                    self.digits.push_back(digit);
                    self.due += self.cadence;
                }
                Some(DialStep::Pause(pause)) => self.due += pause,
                Some(DialStep::PromptEnd) => {
                    self.wait = Wait::Prompt { began: self.speaking };
                    self.due += PROMPT_BEGINS_WITHIN;
                }
                None => {}
            }
        }
    }

    /// Returns the time at which [`Self::handle_timeout`] is due; none where a prompt's end is waited for, or nothing is left.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits = self.wait == Wait::Prompt { began: true };
        (!waits && !self.steps.is_empty()).then_some(self.due)
    }

    /// Returns the next digit to dial now.
    pub fn poll_digit(&mut self) -> Option<Digit> {
        self.digits.pop_front()
    }

    /// Returns the number of digits that are left.
    pub fn remaining(&self) -> usize {
        let digits = self.steps.iter().filter(|step| matches!(step, DialStep::Digit(_)));
        digits.count() + self.digits.len()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    /// Plays a script until it waits for nothing but a prompt. Returns the digits with the times at which they were dialled.
    fn play(player: &mut ScriptPlayer) -> Vec<(u64, char)> {
        let mut dialled = Vec::new();
        let mut now = player.due;
        loop {
            while let Some(digit) = player.poll_digit() {
                dialled.push((now.as_micros() / 1_000, digit.as_char()));
            }
            let Some(due) = player.poll_timeout() else { return dialled };
            now = due;
            player.handle_timeout(now);
        }
    }

    fn player(script: &str, speaking: bool) -> ScriptPlayer {
        let mut player =
            ScriptPlayer::new(at(1_000), &script.parse().unwrap(), Duration::from_millis(160), speaking);
        player.due = player.due.max(at(1_000));
        player
    }

    #[test]
    fn digits_come_one_after_another_and_after_their_pauses() {
        let mut all =
            ScriptPlayer::new(at(0), &"12,3w500ms4".parse().unwrap(), Duration::from_millis(160), false);
        assert_eq!(all.poll_digit().map(Digit::as_char), Some('1'));
        assert_eq!(play(&mut all), [(160, '2'), (2_320, '3'), (2_980, '4')]);
        assert_eq!(all.remaining(), 0);
    }

    #[test]
    fn p_waits_for_the_end_of_the_prompt_that_is_heard_or_begins() {
        let mut heard = player("p1", true);
        assert_eq!((heard.poll_timeout(), heard.poll_digit()), (None, None));
        heard.set_speaking(at(5_000), false);
        assert_eq!(heard.poll_digit().map(Digit::as_char), Some('1'));

        let mut begins = player("p1", false);
        begins.set_speaking(at(1_500), true);
        begins.handle_timeout(at(60_000));
        assert_eq!((begins.poll_digit(), begins.remaining()), (None, 1));
        begins.set_speaking(at(61_000), false);
        assert_eq!(begins.poll_digit().map(Digit::as_char), Some('1'));
    }

    #[test]
    fn p_goes_on_where_no_prompt_begins() {
        let mut silent = player("p1", false);
        assert_eq!(play(&mut silent), [(3_000, '1')]);
    }
}
