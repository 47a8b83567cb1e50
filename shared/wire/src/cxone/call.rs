//! Calls: CXone's states, and the transitions that are legal between them.

use base::{
    ids::{CallId, InteractionId},
    lenient::named,
};
use serde::{Deserialize, Deserializer, Serialize};

/// State of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// There is none.
    #[default]
    Idle,
    /// It is being set up.
    Connecting,
    /// Voice flows.
    Streaming,
    /// It is being ended.
    Disconnecting,
    /// It is over.
    Terminated,
}

impl<'de> Deserialize<'de> for CallState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &Self::ALL, Self::name)
    }
}

/// State of a call, as `GET /api/interactions/{id}/call` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStatus {
    /// The interaction.
    pub interaction_id: InteractionId,
    /// The call.
    pub call_id: CallId,
    /// `connecting`, `streaming`, `disconnecting` or `terminated`.
    pub state: CallState,
}

/// A transition that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a call cannot go from {} to {}", from.name(), to.name())]
pub struct IllegalTransition {
    /// The call's state.
    pub from: CallState,
    /// The state it was sent to.
    pub to: CallState,
}

impl CallState {
    /// All states, in order.
    pub const ALL: [Self; 5] =
        [Self::Idle, Self::Connecting, Self::Streaming, Self::Disconnecting, Self::Terminated];

    /// CXone's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Disconnecting => "disconnecting",
            Self::Terminated => "terminated",
        }
    }

    /// Reads CXone's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Returns true while a call is going on.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Connecting | Self::Streaming | Self::Disconnecting)
    }

    /// Goes to `to`, if there is a way; staying is always legal. A streaming call that loses its voice stream
    /// goes back to connecting, and a call that is over makes room for the next one.
    pub fn go(&mut self, to: Self) -> Result<(), IllegalTransition> {
        let legal = *self == to
            || matches!(
                (*self, to),
                (Self::Idle | Self::Terminated | Self::Streaming, Self::Connecting)
                    | (Self::Connecting, Self::Streaming)
                    | (Self::Connecting | Self::Streaming, Self::Disconnecting)
                    | (Self::Connecting | Self::Streaming | Self::Disconnecting, Self::Terminated)
            );
        if !legal {
            return Err(IllegalTransition { from: *self, to });
        }
        *self = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn only_the_legal_ways_exist() {
        use CallState::{Connecting, Disconnecting, Idle, Streaming, Terminated};
        let legal = [
            (Idle, Connecting),
            (Terminated, Connecting),
            (Streaming, Connecting),
            (Connecting, Streaming),
            (Connecting, Disconnecting),
            (Streaming, Disconnecting),
            (Connecting, Terminated),
            (Streaming, Terminated),
            (Disconnecting, Terminated),
        ];
        for from in CallState::ALL {
            for to in CallState::ALL {
                let mut state = from;
                let went = state.go(to);
                if from == to || legal.contains(&(from, to)) {
                    assert_eq!((went, state), (Ok(()), to));
                } else {
                    assert_eq!((went, state), (Err(IllegalTransition { from, to }), from));
                }
            }
        }
    }
}
