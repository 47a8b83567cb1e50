//! Faults of the other side.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::{
    Error,
    error::{CapacityError, ProtocolError},
};

/// Close code: the protocol was violated.
const PROTOCOL_ERROR: u16 = 1002;
/// Close code: a kind of data that is not taken here.
const UNSUPPORTED: u16 = 1003;
/// Close code: data that is not what its message says it is.
const INVALID_DATA: u16 = 1007;
/// Close code: a message that is too long.
const TOO_LONG: u16 = 1009;

/// Violation of the protocol by the other side, as it is told (RFC 6455, section 7.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Close code.
    pub(crate) code: u16,
    /// Reason, for people.
    pub(crate) reason: Cow<'static, str>,
}

impl Fault {
    /// Returns the fault of data that is of no use here, for this reason.
    pub(crate) fn unsupported(reason: &'static str) -> Self {
        Self { code: UNSUPPORTED, reason: reason.into() }
    }

    /// Returns the fault of a message whose content is wrong, for this reason.
    pub(crate) fn invalid(reason: String) -> Self {
        Self { code: INVALID_DATA, reason: reason.into() }
    }
}

/// End of a connection that was not closed.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The connection was lost.
    Lost(Error),
    /// The other side violated the protocol; it is still there to be told.
    Fault(Fault),
}

impl Broken {
    /// Returns the end that an error of the library means.
    pub(super) fn new(error: Error) -> Self {
        let (code, reason) = if let Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) = error {
            (TOO_LONG, format!("a message has at most {max_size} bytes"))
        } else if let Error::Utf8(_) = error {
            (INVALID_DATA, "a text must be UTF-8".to_owned())
        } else if let Error::Protocol(violation) = &error
            && is_received(violation)
        {
            (PROTOCOL_ERROR, format!("the protocol was violated: {violation}"))
        } else {
            return Self::Lost(error);
        };
        Self::Fault(Fault { code, reason: reason.into() })
    }
}

/// Returns true when the error lies in what was received, false when it is the end of a connection or a fault of ours.
fn is_received(error: &ProtocolError) -> bool {
    use ProtocolError as P;
    matches!(
        error,
        P::ReceivedAfterClosing
            | P::NonZeroReservedBits
            | P::UnmaskedFrameFromClient
            | P::MaskedFrameFromServer
            | P::FragmentedControlFrame
            | P::ControlFrameTooBig
            | P::UnknownControlFrameType(_)
            | P::UnknownDataFrameType(_)
            | P::UnexpectedContinueFrame
            | P::ExpectedFragment(_)
            | P::InvalidOpcode(_)
            | P::InvalidCloseSequence
    )
}
