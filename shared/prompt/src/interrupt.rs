//! Interruptions: what becomes of a prompt when a key is pressed or the caller speaks.

use signal::frame::FRAME_DURATION;

use crate::control::CutoffBehavior;

/// The duration of a fade, in ms: short enough for a caller who goes on pressing, long enough not to sound broken off.
pub const FADE_MS: f64 = 300.0;

/// The end that an interruption puts to a prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// The place from which the prompt becomes quieter, in ms.
    pub from_ms: f64,
    /// The place at which it is silent, in ms.
    pub until_ms: f64,
}

/// Returns the end of a prompt of `length_ms` that is interrupted at `at_ms`. A gateway decides once a frame of 20 ms, so
/// the end begins with the next one.
pub fn cut(cutoff: CutoffBehavior, at_ms: f64, length_ms: f64) -> Cut {
    let frame_ms = FRAME_DURATION.as_secs_f64() * 1_000.0;
    let next = ((at_ms / frame_ms).ceil() * frame_ms).clamp(0.0, length_ms);
    let until_ms = match cutoff {
        CutoffBehavior::Immediate => next,
        CutoffBehavior::Fade => (next + FADE_MS).min(length_ms),
        CutoffBehavior::Drain => length_ms,
    };
    let from_ms = match cutoff {
        CutoffBehavior::Immediate | CutoffBehavior::Fade => next,
        CutoffBehavior::Drain => length_ms,
    };
    Cut { from_ms, until_ms }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_prompt_ends_with_a_frame_a_fade_or_itself() {
        let cut = |cutoff, at| cut(cutoff, at, 5_000.0);
        assert_eq!(cut(CutoffBehavior::Immediate, 1_001.0), Cut { from_ms: 1_020.0, until_ms: 1_020.0 });
        assert_eq!(cut(CutoffBehavior::Fade, 1_000.0), Cut { from_ms: 1_000.0, until_ms: 1_300.0 });
        assert_eq!(cut(CutoffBehavior::Fade, 4_900.0), Cut { from_ms: 4_900.0, until_ms: 5_000.0 });
        assert_eq!(cut(CutoffBehavior::Drain, 10.0), Cut { from_ms: 5_000.0, until_ms: 5_000.0 });
        assert_eq!(cut(CutoffBehavior::Immediate, 9_000.0), Cut { from_ms: 5_000.0, until_ms: 5_000.0 });
    }
}
