//! The two meanings of a 409: as many streams play as may, or the session's identifier is taken.

/// Meaning of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// As many streams play as may.
    StreamLimit,
    /// The session's identifier is taken.
    IdTaken,
}

/// Bounds of the streams at the gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    /// Maximum number of streams.
    pub(crate) max: u64,
    /// Number of streams that may end between a refusal and the count after it.
    pub(crate) slack: u64,
}

/// Returns what a conflict means, by the number of streams that play right after it and by the gateway's own words. The
/// number decides; the words do where it may mislead: a session of one's own can be among those that make the gateway full,
/// and a stream can have ended since the refusal. None where neither is known.
pub(crate) fn meaning(active: Option<u64>, words: Option<&str>, streams: Streams) -> Option<Conflict> {
    let said = words.and_then(said);
    match active {
        None => said,
        Some(active) if active >= streams.max => Some(match said {
            Some(Conflict::IdTaken) => Conflict::IdTaken,
            Some(Conflict::StreamLimit) | None => Conflict::StreamLimit,
        }),
        Some(active) if active + streams.slack >= streams.max => Some(said.unwrap_or(Conflict::IdTaken)),
        Some(_) => Some(Conflict::IdTaken),
    }
}

/// Returns what the gateway's words say, where they say one thing alone.
fn said(words: &str) -> Option<Conflict> {
    let words = words.to_lowercase();
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    let id = has(&["already", "exists", "taken", "duplicate", "in use", "collision"]);
    let limit = has(&["stream", "concurren"]) && has(&["limit", "maximum", "exceed", "too many"]);
    match (id, limit) {
        (true, false) => Some(Conflict::IdTaken),
        // `Session conflict. Check concurrent stream limits.` names both.
        (false, true) if !words.contains("conflict") => Some(Conflict::StreamLimit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_decides_and_words_where_it_may_mislead() {
        const LIMIT: Option<Conflict> = Some(Conflict::StreamLimit);
        const TAKEN: Option<Conflict> = Some(Conflict::IdTaken);
        let both = "Session conflict. Check concurrent stream limits.";
        let (taken, full) = ("Session s-1 already exists", "Exceeds maximum concurrent stream limit of 50");
        let check = |active: Option<u64>, words: Option<&str>, expect: Option<Conflict>| {
            assert_eq!(
                meaning(active, words, Streams { max: 50, slack: 5 }),
                expect,
                "{active:?}, {words:?}"
            );
        };
        for words in [
            None,
            Some(both),
            Some("Conflict"),
            Some("Session ID collision or concurrent stream limit exceeded"),
        ] {
            check(Some(0), words, TAKEN);
            check(Some(49), words, TAKEN);
            check(Some(50), words, LIMIT);
            check(Some(99), words, LIMIT);
            check(None, words, None);
        }
        check(Some(10), Some(full), TAKEN);
        check(Some(49), Some(full), LIMIT);
        check(Some(50), Some(full), LIMIT);
        check(None, Some(full), LIMIT);
        check(Some(10), Some(taken), TAKEN);
        check(Some(50), Some(taken), TAKEN);
        check(None, Some(taken), TAKEN);
    }
}
