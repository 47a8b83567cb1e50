//! State of one interaction in the machine.

use base::{digit::DigitString, json, time::Instant};
use serde_json::Value;

use super::{
    compile::{DEAD, NodeIx, TrieIx},
    event::Outcome,
};

/// A variable's value: digits as they were collected, without allocation, or whatever the flow began with.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    Digits(DigitString),
    Json(Value),
}

impl Stored {
    /// A string also equals the digits that it spells.
    pub(super) fn equals(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Digits(digits), Value::String(text)) => {
                text.len() == digits.len()
                    && text.chars().zip(digits.iter()).all(|(symbol, digit)| symbol == digit.as_char())
            }
            (Self::Digits(_), _) => false,
            (Self::Json(own), value) => json::same(own, value),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Digits(digits) => Value::String(digits.to_string()),
            Self::Json(value) => value.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The node's prompts are being said.
    Speaking { barge_in: bool },
    /// Digits are waited for.
    Listening,
    /// The flow is over.
    Ended(Outcome),
}

#[derive(Debug)]
pub(super) struct Session {
    /// Rises with every use of the slot; odd while it is in use.
    pub(super) generation: u32,
    pub(super) node: NodeIx,
    pub(super) phase: Phase,
    /// Position of the buffer in the menu's trie; [`DEAD`] once it matches nothing.
    pub(super) trie: TrieIx,
    /// Digits entered at this node.
    pub(super) buffer: DigitString,
    /// Digits that earlier nodes took.
    pub(super) journey: DigitString,
    /// Digits that came before anyone asked for them.
    pub(super) ahead: DigitString,
    pub(super) retries: u8,
    /// Time since which the node waits for its first digit.
    pub(super) ready_at: Instant,
    /// Time of the buffer's first digit.
    pub(super) first_digit_at: Instant,
    pub(super) variables: Box<[Option<Stored>]>,
}

impl Session {
    pub(super) fn vacant(variables: usize) -> Self {
        Self {
            generation: 0,
            node: NodeIx(0),
            phase: Phase::Listening,
            trie: DEAD,
            buffer: DigitString::new(),
            journey: DigitString::new(),
            ahead: DigitString::new(),
            retries: 0,
            ready_at: Instant::ZERO,
            first_digit_at: Instant::ZERO,
            variables: vec![None; variables].into(),
        }
    }

    /// Returns the digits entered since the flow began, this node's included.
    pub(super) fn sequence(&self) -> DigitString {
        let mut sequence = self.journey;
        sequence.append(&self.buffer);
        sequence
    }
}
