//! The messages that `docs/protocol.md` shows are messages of the protocol.
#![cfg(not(target_arch = "wasm32"))]

use std::{fs, path::Path};

use wire::api::{ClientMessage, ServerMessage};

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    fs::read_to_string(path).expect("docs/protocol.md is part of the repository")
}

#[test]
fn what_the_proxy_sends_is_read() {
    let document = document();
    let examples: Vec<&str> =
        document.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 3, "a link, an event and a gap");
    for example in examples {
        let sent = ServerMessage::parse(example).expect(example);
        // Written again it is the same: no field of the example is one that the protocol does not know.
        let fields = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect(example);
        assert_eq!(fields(&serde_json::to_string(&sent).expect(example)), fields(example));
    }
}

#[test]
fn what_a_client_sends_is_read() {
    let document = document();
    let examples: Vec<&str> =
        document.split('`').filter(|code| code.starts_with("{\"type\":\"") && !code.contains('\n')).collect();
    assert_eq!(examples.len(), 2, "a resume and a live");
    for example in examples {
        assert!(ClientMessage::parse(example).is_ok_and(|message| message.is_some()), "{example}");
    }
}
