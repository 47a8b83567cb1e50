//! Inputs and outputs of the menu machine.

use core::time::Duration;

use base::{
    digit::{Digit, DigitString},
    time::Instant,
};

use super::compile::NodeIx;
use super::machine::SessionKey;

/// An input for an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The caller pressed a key.
    Digit(Digit),
    /// The last of the node's prompts has ended.
    PromptsEnded,
    /// The call is at this node, whatever led there.
    Observed(NodeIx),
    /// The caller hung up.
    Hangup,
}

/// An output of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// The interaction.
    pub session: SessionKey,
    /// Time of the input, or of the deadline that passed.
    pub at: Instant,
    /// The event.
    pub event: Event,
}

/// An event of an interaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The call got to a node.
    Entered {
        /// The node.
        node: NodeIx,
    },
    /// The node's own action is taken; see [`super::graph::Node::action`].
    Action {
        /// The node.
        node: NodeIx,
    },
    /// A prompt is to be played, after those that play already.
    Say {
        /// The node whose prompt it is.
        node: NodeIx,
        /// The prompt's role.
        speech: Speech,
    },
    /// All prompts are to stop at once.
    StopSaying,
    /// A digit was taken into the node's entry.
    Digit {
        /// The node.
        node: NodeIx,
        /// The digit.
        digit: Digit,
    },
    /// A digit came before it was asked for, and is kept.
    TypedAhead {
        /// The digit.
        digit: Digit,
    },
    /// A digit is dropped.
    Dropped {
        /// The digit.
        digit: Digit,
        /// The reason.
        reason: DropReason,
    },
    /// An entry at a node is resolved.
    Resolved(Resolved),
    /// The node's retries are exhausted.
    Exhausted {
        /// The node.
        node: NodeIx,
    },
    /// The call was at another node than the machine, and the machine has followed.
    Resynchronised {
        /// The machine's node before.
        from: NodeIx,
        /// The call's node.
        to: NodeIx,
    },
    /// The flow is over.
    Ended {
        /// The outcome.
        outcome: Outcome,
    },
}

/// Role of a prompt at its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speech {
    /// The node's own prompt.
    Main,
    /// The prompt after a no-match.
    NoMatch,
    /// The prompt after a timeout.
    Timeout,
}

/// The reason why a digit is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// The flow is over, or about to be.
    Ended,
    /// The node takes no digits that came before it.
    NoTypeAhead,
    /// More digits came than are kept.
    Full,
    /// They were typed ahead of a mistake, whose prompt has to be heard.
    Mistake,
    /// They were typed ahead of a place where the call no longer is.
    Elsewhere,
}

/// A resolved entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolved {
    /// The node that was asking.
    pub node: NodeIx,
    /// Outputs of the step.
    pub resolution: Resolution,
    /// The digits entered there, as they were heard.
    pub entered: DigitString,
    /// All digits since the flow began, as they were taken.
    pub sequence: DigitString,
    /// The next node; absent where the node is repeated or the call ends.
    pub to: Option<NodeIx>,
    /// In microseconds, at most 71 minutes: a resolution is copied for every digit that brings one about.
    pub(super) duration: u32,
    pub(super) time_to_digit: u32,
}

impl Resolved {
    /// Returns the time from the first digit to the resolution; zero where there was no digit.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.duration.into())
    }

    /// Returns the time from the start of the wait to the first digit, where there was one.
    pub fn time_to_digit(&self) -> Option<Duration> {
        (!self.entered.is_empty()).then(|| Duration::from_micros(self.time_to_digit.into()))
    }
}

/// Resolution of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// It is one of the menu's sequences.
    Matched,
    /// It is nearest to exactly one of the menu's sequences, and was corrected to it.
    Corrected,
    /// It was collected into a variable.
    Collected,
    /// It is none of the menu's sequences, or too short.
    NoMatch,
    /// It is as near to several of the menu's sequences, and was not guessed at.
    Ambiguous,
    /// It is longer than the node takes.
    TooLong,
    /// Nothing was entered in time, and nothing before.
    TimedOut,
    /// It was left unfinished: digits here or at earlier menus, then silence.
    TimedOutPartial,
}

impl Resolution {
    /// Returns the action that follows from the resolution itself; absent where the next node's action counts.
    pub const fn action(self) -> Option<&'static str> {
        match self {
            Self::Matched | Self::Corrected | Self::Collected => None,
            Self::NoMatch | Self::Ambiguous | Self::TooLong => Some("no_match"),
            Self::TimedOut => Some("timeout_repeat_prompt"),
            Self::TimedOutPartial => Some("fallback_repeat_prompt"),
        }
    }

    /// Returns true when the entry leads the caller on.
    pub const fn is_success(self) -> bool {
        self.action().is_none()
    }
}

/// Outcome of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// At a transfer.
    Transferred,
    /// At a hang-up node.
    Finished,
    /// A node's retries were exhausted.
    GaveUp,
    /// The caller hung up.
    CallerHungUp,
}
