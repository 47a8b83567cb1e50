-- The newest entry of each audit log, kept outside of it: what is cut off its end is missed by nothing in it.
CREATE TABLE audit_anchors (
    log TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
