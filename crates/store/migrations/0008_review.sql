-- Decisions can be taken back.

-- How a diagram stood before a decision, as JSON, so that the decision can be taken back.
CREATE TABLE decision_before (
    decision_id INTEGER NOT NULL PRIMARY KEY REFERENCES decision (id),
    before TEXT NOT NULL CHECK (json_valid(before)),
    undone_by TEXT REFERENCES person (id),
    undone_at INTEGER,
    CHECK ((undone_by IS NULL) = (undone_at IS NULL))
) STRICT;
