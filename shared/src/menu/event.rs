//! What a menu machine is told, and what it says.

use core::time::Duration;

use super::compile::NodeIx;
use super::machine::SessionKey;
use crate::{
    dtmf::{Digit, DigitString},
    time::Instant,
};

/// What happens to an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// The caller pressed a key.
    Digit(Digit),
    /// Everything that was to be said has been heard.
    PromptsEnded,
    /// Whoever runs the call says that it is at this node.
    Observed(NodeIx),
    /// The caller hung up.
    Hangup,
}

/// What a machine says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// Of which interaction.
    pub session: SessionKey,
    /// When: the input's time, or the deadline that passed.
    pub at: Instant,
    /// What.
    pub event: Event,
}

/// What happens in an interaction.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The call got to a node.
    Entered {
        /// The node.
        node: NodeIx,
    },
    /// The node's own action is to be taken; [`super::graph::Node::action`].
    Action {
        /// The node.
        node: NodeIx,
    },
    /// Say this, after what is being said already.
    Say {
        /// The node whose prompt it is.
        node: NodeIx,
        /// Which of its prompts.
        speech: Speech,
    },
    /// Stop saying anything, at once.
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
    /// A digit counts for nothing.
    Dropped {
        /// The digit.
        digit: Digit,
        /// Why.
        reason: DropReason,
    },
    /// What was entered at a node has come to something.
    Resolved(Resolved),
    /// The node was repeated as often as it may be.
    Exhausted {
        /// The node.
        node: NodeIx,
    },
    /// The call was elsewhere than the machine thought, and the machine has followed.
    Resynchronised {
        /// Where the machine thought it was.
        from: NodeIx,
        /// Where it is.
        to: NodeIx,
    },
    /// The flow is over.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// Which of a node's prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speech {
    /// Its own.
    Main,
    /// The one after a no-match.
    NoMatch,
    /// The one after a timeout.
    Timeout,
}

/// Why a digit counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The flow is over, or about to be.
    Ended,
    /// The node takes no digits that came before it.
    NoTypeAhead,
    /// More digits came than are kept.
    Full,
}

/// What an entry came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolved {
    /// The node that was asking.
    pub node: NodeIx,
    /// What came of it.
    pub as_: Resolution,
    /// What was entered there, as it was heard.
    pub entered: DigitString,
    /// All that was entered since the flow began, as it was taken.
    pub sequence: DigitString,
    /// Where it leads; absent where the node is repeated or the call ends.
    pub to: Option<NodeIx>,
    /// In microseconds, at most 71 minutes: a resolution is copied for every digit that brings one about.
    pub(super) duration: u32,
    pub(super) time_to_digit: u32,
}

impl Resolved {
    /// From the first digit to here; zero where there was none.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.duration.into())
    }

    /// From the node's being ready to the first digit, where there was one.
    pub fn time_to_digit(&self) -> Option<Duration> {
        (!self.entered.is_empty()).then(|| Duration::from_micros(self.time_to_digit.into()))
    }
}

/// How an entry was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resolution {
    /// It is one of the menu's sequences.
    Matched,
    /// It is near exactly one of the menu's sequences, and was taken for it.
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
    /// Returns the action that an entry takes by itself; `None` where the next node's action counts.
    pub const fn action(self) -> Option<&'static str> {
        match self {
            Self::Matched | Self::Corrected | Self::Collected => None,
            Self::NoMatch | Self::Ambiguous | Self::TooLong => Some("no_match"),
            Self::TimedOut => Some("timeout_repeat_prompt"),
            Self::TimedOutPartial => Some("fallback_repeat_prompt"),
        }
    }

    /// Whether the caller got on.
    pub const fn is_success(self) -> bool {
        self.action().is_none()
    }
}

/// How a flow ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// At a transfer.
    Transferred,
    /// At a hang-up node.
    Finished,
    /// A node was repeated too often.
    GaveUp,
    /// The caller hung up.
    CallerHungUp,
}
