-- AUTOINCREMENT: a number is never given twice, though its event be forgotten.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_key TEXT NOT NULL UNIQUE,
    simulation TEXT NOT NULL,
    is_call BIGINT NOT NULL,
    body TEXT NOT NULL,
    received_ms BIGINT NOT NULL
);
CREATE INDEX events_of_simulation ON events (simulation, seq);
CREATE INDEX events_by_age ON events (received_ms);

CREATE TABLE submissions (
    submission_key TEXT NOT NULL PRIMARY KEY,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    simulation TEXT UNIQUE,
    answer TEXT,
    correlation TEXT NOT NULL,
    begun_ms BIGINT NOT NULL,
    deadline_ms BIGINT NOT NULL,
    over_ms BIGINT
);
CREATE INDEX submissions_by_age ON submissions (begun_ms);
