//! The reason why a link is down, for people.

use crate::CloseClass;

/// Words of systems and libraries, and what each means.
const MEANINGS: [(&str, &str); 9] = [
    ("connection refused", "Nothing listens at its address."),
    ("connection reset", "The other side broke the connection off."),
    ("broken pipe", "The other side broke the connection off."),
    ("failed to lookup address", "Its name leads to no address."),
    ("dns error", "Its name leads to no address."),
    ("network is unreachable", "There is no network that leads to it."),
    ("no route to host", "There is no network that leads to it."),
    ("certificate", "Its certificate is not trusted."),
    ("timed out", "It did not answer in time."),
];

/// The reason of a link's end: a sentence, and the words behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// The event in a sentence; empty where nothing is known.
    pub sentence: String,
    /// The system's own words and the close code, where they say more.
    pub technical: String,
}

impl Outage {
    /// Returns the reason of an end with this close code, of which `detail` was told. A detail that is no system's is a
    /// sentence as it is.
    pub fn of(code: Option<u16>, detail: Option<&str>) -> Self {
        let detail = detail.map(str::trim).filter(|detail| !detail.is_empty());
        let code_text = code.map(|code| format!("close code {code}"));
        let Some(detail) = detail else {
            let sentence = code.map_or("", |code| sentence(CloseClass::of(Some(code))));
            return Self { sentence: sentence.to_owned(), technical: code_text.unwrap_or_default() };
        };
        let lower = detail.to_ascii_lowercase();
        let meaning = MEANINGS.iter().find(|(words, _)| lower.contains(words));
        let own = meaning.map(|_| detail.to_owned());
        Self {
            sentence: meaning.map_or_else(|| detail.to_owned(), |(_, meaning)| (*meaning).to_owned()),
            technical: own.into_iter().chain(code_text).collect::<Vec<_>>().join(", "),
        }
    }
}

const fn sentence(class: CloseClass) -> &'static str {
    match class {
        CloseClass::Finished => "It was closed in order.",
        CloseClass::Lost => "The connection broke off.",
        CloseClass::ServerTrouble => "The other side has trouble, which may pass.",
        CloseClass::Refused => "These credentials were refused.",
        CloseClass::ProtocolFault => "One side did not keep to the protocol.",
        CloseClass::Application => "The other side closed it for a reason of its own.",
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_systems_words_become_a_sentence_and_stand_behind_it() {
        let check = |code, detail, sentence: &str, technical: &str| {
            let outage = Outage::of(code, detail);
            assert_eq!((&*outage.sentence, &*outage.technical), (sentence, technical));
        };
        let refused = "interactions cannot be reached: Connection refused (os error 111)";
        check(None, Some(refused), "Nothing listens at its address.", refused);
        check(Some(1006), None, "The connection broke off.", "close code 1006");
        check(Some(1011), Some(" "), "The other side has trouble, which may pass.", "close code 1011");
        check(Some(1006), Some("CXone is silent"), "CXone is silent", "close code 1006");
        check(
            Some(1006),
            Some("Connection reset by peer"),
            "The other side broke the connection off.",
            "Connection reset by peer, close code 1006",
        );
        check(None, None, "", "");
    }
}
