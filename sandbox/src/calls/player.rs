//! Playback of recordings, 20 ms at a time, with an end that does not click.

use std::collections::VecDeque;

use signal::frame::{Frame, SILENCE};

use crate::prompts::Clip;

/// Length of the fade where a prompt is interrupted: 5 ms at 8 kHz.
const FADE_SAMPLES: usize = 40;

/// Plays recordings one after another.
#[derive(Debug, Default)]
pub(super) struct Player {
    queue: VecDeque<Clip>,
    /// Number of samples of the queue's first recording that have been played.
    played: usize,
    /// Rest of the fade after an interruption.
    fading: VecDeque<i16>,
    speaking: bool,
}

impl Player {
    /// Plays recordings after those in the queue.
    pub(super) fn enqueue(&mut self, clips: Vec<Clip>) {
        self.queue.extend(clips.into_iter().filter(|clip| !clip.is_empty()));
        self.speaking = true;
    }

    /// Stops playing; the next frame begins with a short fade and is silent after it.
    pub(super) fn interrupt(&mut self) {
        if let Some(clip) = self.queue.front() {
            let rest = clip[self.played..].iter().take(FADE_SAMPLES).enumerate();
            self.fading = rest
                .map(|(index, sample)| {
                    (f32::from(*sample) * (1.0 - index as f32 / FADE_SAMPLES as f32)) as i16
                })
                .collect();
        }
        self.queue.clear();
        self.played = 0;
        self.speaking = false;
    }

    /// Returns true while a recording is being played or about to be.
    pub(super) fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// Returns the next 20 ms, and true if the last recording ended just before them.
    pub(super) fn next_frame(&mut self) -> (Frame, bool) {
        let mut frame = SILENCE;
        if self.speaking && self.queue.is_empty() {
            self.speaking = false;
            return (frame, true);
        }
        for sample in &mut frame {
            *sample = self.next_sample();
        }
        (frame, false)
    }

    fn next_sample(&mut self) -> i16 {
        if let Some(sample) = self.fading.pop_front() {
            return sample;
        }
        let Some(clip) = self.queue.front() else { return 0 };
        let sample = clip[self.played];
        self.played += 1;
        if self.played == clip.len() {
            self.queue.pop_front();
            self.played = 0;
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn clip(level: i16, samples: usize) -> Clip {
        Arc::from(vec![level; samples])
    }

    #[test]
    fn recordings_follow_one_another_without_a_gap() {
        let mut player = Player::default();
        player.enqueue(vec![clip(1, 100), clip(2, 100)]);
        let (first, ended) = player.next_frame();
        assert_eq!((first[99], first[100], ended), (1, 2, false));
        let (second, ended) = player.next_frame();
        assert_eq!((second[39], second[40], ended), (2, 0, false));
        assert!(player.is_speaking());
        assert_eq!(player.next_frame(), (SILENCE, true));
        assert_eq!(player.next_frame(), (SILENCE, false));
    }

    #[test]
    fn an_interruption_is_silent_after_five_milliseconds_and_does_not_click() {
        let mut player = Player::default();
        player.enqueue(vec![clip(8_000, 1_000)]);
        player.next_frame();
        player.interrupt();
        assert!(!player.is_speaking());
        let (frame, ended) = player.next_frame();
        assert!(!ended);
        assert!(
            frame[..FADE_SAMPLES].windows(2).all(|pair| (0..=201).contains(&(pair[0] - pair[1]))),
            "{frame:?}"
        );
        assert_eq!((frame[0], frame[FADE_SAMPLES..].iter().all(|sample| *sample == 0)), (8_000, true));
    }

    #[test]
    fn a_prompt_without_recordings_ends_at_once() {
        let mut player = Player::default();
        player.enqueue(Vec::new());
        assert!(player.next_frame().1);
    }
}
