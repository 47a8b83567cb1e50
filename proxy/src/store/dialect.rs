use super::address::DatabaseKind;

/// Name of the channel on which PostgreSQL tells of new events.
pub(super) const CHANNEL: &str = "dialbench_events";

/// Statements that the two databases write differently.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    pub(super) kind: DatabaseKind,
    /// Adds the events of the JSON array `$1`, except for those that are there already. Returns number and key of each
    /// that was added.
    pub(super) append: &'static str,
    /// Returns the number that was given last.
    pub(super) last_seq: &'static str,
    /// Settings of a connection.
    pub(super) settings: &'static [&'static str],
}

impl Dialect {
    pub(super) const fn of(kind: DatabaseKind) -> Self {
        match kind {
            DatabaseKind::Sqlite => SQLITE,
            DatabaseKind::Postgres => POSTGRES,
        }
    }
}

const SQLITE: Dialect = Dialect {
    kind: DatabaseKind::Sqlite,
    // `WHERE true` tells the parser that ON belongs to INSERT.
    append: "INSERT INTO events (event_key, simulation, is_call, body, received_ms) \
             SELECT value ->> 'key', value ->> 'simulation', value ->> 'isCall', value ->> 'body', value ->> 'receivedMs' \
             FROM json_each($1) WHERE true \
             ON CONFLICT (event_key) DO NOTHING RETURNING seq, event_key",
    last_seq: "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS seq",
    // With the write-ahead log readers and the writer do not wait for each other; FULL syncs it at each commit.
    settings: &["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 5000"],
};

const POSTGRES: Dialect = Dialect {
    kind: DatabaseKind::Postgres,
    // The counter's row stays locked until the commit, so another proxy's events get later numbers. Notifications of one
    // transaction that are alike are one.
    append: "WITH given AS (SELECT value, place FROM json_array_elements($1::json) WITH ORDINALITY AS t (value, place)), \
             counted AS (UPDATE event_counter SET seq = seq + (SELECT count(*) FROM given) \
                 RETURNING seq - (SELECT count(*) FROM given) AS base), \
             added AS (INSERT INTO events (seq, event_key, simulation, is_call, body, received_ms) \
                 SELECT base + place, value ->> 'key', value ->> 'simulation', (value ->> 'isCall')::bigint, value ->> 'body', \
                     (value ->> 'receivedMs')::bigint \
                 FROM given CROSS JOIN counted ORDER BY place \
                 ON CONFLICT (event_key) DO NOTHING RETURNING seq, event_key) \
             SELECT seq, event_key, length(pg_notify('dialbench_events', '')::text) AS told FROM added",
    last_seq: "SELECT seq FROM event_counter",
    settings: &[],
};
