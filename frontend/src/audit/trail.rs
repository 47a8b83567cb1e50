//! The entries of the audit trail that the page has, and how it gets more.

use std::collections::BTreeMap;

use wire::api::{AuditEntry, AuditPage};

/// Entries asked for at a time.
const PAGE_ENTRIES: u32 = 200;
/// Maximum length of a text that the proxy looks for, in characters.
const MAX_TEXT_CHARS: usize = 256;
/// Length of a correlation id that the proxy gives out, in hexadecimal digits.
const CORRELATION_DIGITS: usize = 32;

/// A question to the proxy, which searches the whole trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Query {
    /// Every entry.
    #[default]
    All,
    /// The entries of one action, as `call.place`.
    Action(String),
    /// The entries of one request.
    Correlation(String),
    /// The entries that contain a text.
    Text(String),
}

impl Query {
    /// Returns what the text of the filter asks of the proxy.
    pub(super) fn of(filter: &str) -> Self {
        let text = filter.trim();
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        if text.len() == CORRELATION_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Self::Correlation(text.to_owned())
        } else if text.contains('.') && text.split('.').all(is_word) {
            Self::Action(text.to_owned())
        } else if text.is_empty() {
            Self::All
        } else {
            Self::Text(text.chars().take(MAX_TEXT_CHARS).collect())
        }
    }
}

/// The page of the trail that is asked for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The newest entries.
    Newest,
    /// Entries that were written after the newest one that is loaded.
    Newer,
    /// Entries before the oldest one that is loaded.
    Older,
}

/// The loaded entries that match a query.
#[derive(Clone, Debug, Default, PartialEq)]
struct Loaded {
    entries: BTreeMap<u64, AuditEntry>,
    /// See [`AuditPage::next_before`].
    next_before: Option<u64>,
}

/// All entries that are loaded: a stretch up to the newest one, and what the proxy found for the filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trail {
    all: Loaded,
    found: Loaded,
    query: Query,
}

impl Trail {
    /// Turns to another query. Returns false where it is the same.
    pub(super) fn turn_to(&mut self, query: Query) -> bool {
        let turned = self.query != query;
        if turned {
            (self.query, self.found) = (query, Loaded::default());
        }
        turned
    }

    pub(super) const fn query(&self) -> &Query {
        &self.query
    }

    /// Returns the query string of the request for this part, as `limit=200&before=40`.
    pub(super) fn parameters(&self, part: Part) -> String {
        let loaded = self.asked();
        let place = match part {
            Part::Newest => None,
            Part::Newer => self.newest().map(|seq| format!("&after={seq}")),
            Part::Older => loaded.next_before.map(|seq| format!("&before={seq}")),
        };
        let query = match &self.query {
            Query::All => String::new(),
            Query::Action(action) => format!("&action={action}"),
            Query::Correlation(id) => format!("&correlation={id}"),
            Query::Text(text) => format!("&text={}", String::from(js_sys::encode_uri_component(text))),
        };
        format!("limit={PAGE_ENTRIES}{}{query}", place.unwrap_or_default())
    }

    /// Takes the answer to a request for `part` of `query`; one that was overtaken by another query is left out.
    pub(super) fn take(&mut self, query: &Query, part: Part, page: AuditPage) {
        if *query != self.query {
            return;
        }
        let loaded = if self.query == Query::All { &mut self.all } else { &mut self.found };
        if part != Part::Newer {
            loaded.next_before = page.next_before;
        }
        loaded.entries.extend(page.entries.into_iter().map(|entry| (entry.seq, entry)));
    }

    /// Returns true where the proxy has older entries.
    pub(super) const fn has_older(&self) -> bool {
        self.asked().next_before.is_some()
    }

    /// Returns every entry once, the newest first.
    pub(super) fn newest_first(&self) -> Vec<AuditEntry> {
        let mut entries: BTreeMap<u64, &AuditEntry> =
            self.all.entries.iter().map(|(seq, entry)| (*seq, entry)).collect();
        entries.extend(self.found.entries.iter().map(|(seq, entry)| (*seq, entry)));
        entries.into_values().rev().cloned().collect()
    }

    const fn asked(&self) -> &Loaded {
        match self.query {
            Query::All => &self.all,
            Query::Action(_) | Query::Correlation(_) | Query::Text(_) => &self.found,
        }
    }

    fn newest(&self) -> Option<u64> {
        self.asked().entries.last_key_value().map(|(seq, _)| *seq)
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn page(seqs: impl IntoIterator<Item = u64>, next_before: Option<u64>) -> AuditPage {
        let entry = |seq: u64| {
            serde_json::from_value(serde_json::json!({
                "seq": seq, "timestamp": "2026-01-01T00:00:00.000Z", "action": "call.place", "correlationId": "c",
                "outcome": "ok", "prev": "", "hash": "",
            }))
            .expect("an entry")
        };
        AuditPage { entries: seqs.into_iter().map(entry).collect(), next_after: None, next_before }
    }

    fn seqs(trail: &Trail) -> Vec<u64> {
        trail.newest_first().iter().map(|entry| entry.seq).collect()
    }

    #[wasm_bindgen_test]
    fn the_newest_entries_come_first_and_older_ones_below() {
        let mut trail = Trail::default();
        assert_eq!(trail.parameters(Part::Newest), "limit=200");
        trail.take(&Query::All, Part::Newest, page((25..=224).rev(), Some(25)));
        assert_eq!(trail.newest_first()[0].seq, 224);
        assert_eq!(trail.parameters(Part::Older), "limit=200&before=25");
        trail.take(&Query::All, Part::Older, page((1..25).rev(), None));
        assert!(!trail.has_older());
        assert_eq!(seqs(&trail), (1..=224).rev().collect::<Vec<_>>());
        assert_eq!(trail.parameters(Part::Newer), "limit=200&after=224");
        trail.take(&Query::All, Part::Newer, page([225, 226], None));
        assert_eq!(trail.newest_first()[0].seq, 226);
    }

    #[wasm_bindgen_test]
    fn actions_and_correlations_are_asked_of_the_proxy() {
        assert_eq!(Query::of(" call.place "), Query::Action("call.place".into()));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(Query::of(id), Query::Correlation(id.into()));
        for text in ["call", "call.", "2026.01", "0123", "refused", "a b.c"] {
            assert_eq!(Query::of(text), Query::Text(text.into()), "{text:?}");
        }
        assert_eq!(Query::of("  "), Query::All);
        let mut trail = Trail::default();
        trail.take(&Query::All, Part::Newest, page([9, 8], Some(8)));
        assert!(trail.turn_to(Query::of("call.place")));
        assert_eq!(trail.parameters(Part::Newest), "limit=200&action=call.place");
        assert!(trail.turn_to(Query::of("two words&")));
        assert_eq!(trail.parameters(Part::Newest), "limit=200&text=two%20words%26");
        assert!(trail.turn_to(Query::of("call.place")));
        trail.take(&Query::of("call.place"), Part::Newest, page([9, 3], None));
        assert_eq!(seqs(&trail), [9, 8, 3]);
        // An answer that comes after the filter has changed is not mixed in, and what was found goes.
        assert!(trail.turn_to(Query::All));
        trail.take(&Query::of("call.place"), Part::Older, page([1], None));
        assert_eq!(seqs(&trail), [9, 8]);
        assert!(trail.has_older());
    }
}
