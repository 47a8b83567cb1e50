//! Close codes of WebSockets, RFC 6455 section 7.4 and IANA's registry.

/// Meaning of a socket's end to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseClass {
    /// 1000, 1001: the other side has finished. A call was hung up.
    Finished,
    /// 1005, 1006, 1015, which never stand in a frame: the connection was lost without a close frame.
    Lost,
    /// 1011–1014: the server has trouble that may pass.
    ServerTrouble,
    /// 1008, 3000, 3003, 4401, 4403: the server refuses these credentials.
    Refused,
    /// 1002, 1003, 1007, 1009, 1010: one side broke the protocol.
    ProtocolFault,
    /// Any other code: one of an application's own.
    Application,
}

impl CloseClass {
    /// Returns the class of a close code; `None` is an end without a close frame.
    pub const fn of(code: Option<u16>) -> Self {
        match code {
            Some(1000 | 1001) => Self::Finished,
            None | Some(1005 | 1006 | 1015) => Self::Lost,
            Some(1011..=1014) => Self::ServerTrouble,
            Some(1008 | 3000 | 3003 | 4401 | 4403) => Self::Refused,
            Some(1002 | 1003 | 1007 | 1009 | 1010) => Self::ProtocolFault,
            Some(_) => Self::Application,
        }
    }

    /// Returns a description of the end, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Finished => "closed normally",
            Self::Lost => "lost without a close frame",
            Self::ServerTrouble => "the server has trouble",
            Self::Refused => "refused with these credentials",
            Self::ProtocolFault => "the protocol was not followed",
            Self::Application => "closed with a code of the application's own",
        }
    }
}

/// Returns the close code that a relay sends on for the one that it received; `None` and 1005 are a close frame without a
/// code, which is a normal end. Codes that must never stand in a frame become 1011, so that the other side does not take a
/// failure for a normal end; so does 1014, which came after RFC 6455 and which some libraries take for a violation of the
/// protocol.
pub const fn relayed_close_code(code: Option<u16>) -> u16 {
    match code {
        None | Some(1005) => 1000,
        Some(sendable @ (1000..=1003 | 1007..=1013 | 3000..=4999)) => sendable,
        Some(_) => 1011,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn no_code_that_may_not_be_sent_is_relayed() {
        for code in 0..=u16::MAX {
            let relayed = relayed_close_code(Some(code));
            assert!(!matches!(relayed, 0..=999 | 1004..=1006 | 1014..=2999 | 5000..), "{code}: {relayed}");
            if CloseClass::of(Some(code)) != CloseClass::Finished && code != 1005 {
                let class = CloseClass::of(Some(relayed));
                assert_ne!(class, CloseClass::Finished, "{code} became an end");
            }
        }
    }

    #[test]
    fn an_end_keeps_its_meaning() {
        let check = |code, expect| assert_eq!(relayed_close_code(code), expect, "{code:?}");
        for kept in
            [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4403, 4999]
        {
            check(Some(kept), kept);
        }
        check(None, 1000);
        check(Some(1005), 1000);
        for failure in [0, 999, 1004, 1006, 1014, 1015, 1016, 2999, 5000, u16::MAX] {
            check(Some(failure), 1011);
        }
    }
}
