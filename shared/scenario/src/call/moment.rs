//! One thing that happened in a call.

use base::time::Instant;

/// A thing that happened in a call, at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time, by the page's clock.
    pub at: Instant,
    /// The kind.
    pub kind: MomentKind,
    /// The node's name, the digit, the action, or words; empty where the kind says all.
    pub text: String,
}

/// The kind of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentKind {
    /// A call begins: what was before belongs to another.
    CallBegan,
    /// A simulation begins, which ends with its flow.
    SimulationBegan,
    /// The call got to a node.
    NodeEntered,
    /// A node's prompt began.
    PromptStarted,
    /// A node's prompt was heard to its end.
    PromptEnded,
    /// A prompt was cut short by a key.
    PromptInterrupted,
    /// A key was pressed.
    Pressed,
    /// CXone reported a digit.
    Heard,
    /// A digit was not entered in time.
    TimedOut,
    /// An entry was none that the menu takes.
    Refused,
    /// An entry was corrected.
    Corrected,
    /// A digit was dropped.
    Dropped,
    /// An action was taken.
    ActionTaken,
    /// Events are missing.
    Gap,
    /// The call was elsewhere than the page had it.
    Resynchronised,
    /// The flow is over.
    FlowEnded,
    /// The call is over.
    CallEnded,
}

impl MomentKind {
    /// All kinds.
    pub const ALL: [Self; 17] = [
        Self::CallBegan,
        Self::SimulationBegan,
        Self::NodeEntered,
        Self::PromptStarted,
        Self::PromptEnded,
        Self::PromptInterrupted,
        Self::Pressed,
        Self::Heard,
        Self::TimedOut,
        Self::Refused,
        Self::Corrected,
        Self::Dropped,
        Self::ActionTaken,
        Self::Gap,
        Self::Resynchronised,
        Self::FlowEnded,
        Self::CallEnded,
    ];

    /// Returns the kind in words, which is also its name between the page's modules.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallBegan => "call began",
            Self::SimulationBegan => "simulation began",
            Self::NodeEntered => "menu",
            Self::PromptStarted => "prompt began",
            Self::PromptEnded => "prompt ended",
            Self::PromptInterrupted => "prompt cut short",
            Self::Pressed => "pressed",
            Self::Heard => "heard",
            Self::TimedOut => "timeout",
            Self::Refused => "no match",
            Self::Corrected => "corrected",
            Self::Dropped => "ignored",
            Self::ActionTaken => "action",
            Self::Gap => "gap",
            Self::Resynchronised => "resynchronised",
            Self::FlowEnded => "flow over",
            Self::CallEnded => "call over",
        }
    }

    /// Returns the kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns true for what a tester looks for when a call went wrong.
    pub const fn is_trouble(self) -> bool {
        matches!(self, Self::TimedOut | Self::Refused | Self::Dropped | Self::Gap | Self::Resynchronised)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in MomentKind::ALL {
            assert_eq!(MomentKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(MomentKind::from_name("weather"), None);
    }
}
