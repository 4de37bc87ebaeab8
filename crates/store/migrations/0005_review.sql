-- Conversations anchored in a diagram, and leads' decisions.

CREATE TABLE thread (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    anchor TEXT NOT NULL CHECK (json_valid(anchor)),
    created_at INTEGER NOT NULL,
    resolved_by TEXT REFERENCES person (id),
    resolved_at INTEGER,
    CHECK ((resolved_by IS NULL) = (resolved_at IS NULL))
) STRICT;
CREATE INDEX thread_by_diagram ON thread (diagram_id);
CREATE INDEX thread_open ON thread (diagram_id) WHERE resolved_at IS NULL;

CREATE TABLE comment (
    id INTEGER PRIMARY KEY,
    thread_id TEXT NOT NULL REFERENCES thread (id),
    author_id TEXT NOT NULL REFERENCES person (id),
    text TEXT NOT NULL CHECK (length(text) > 0),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX comment_by_thread ON comment (thread_id);

CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    person_id TEXT NOT NULL REFERENCES person (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'fix', 'return')),
    reasons TEXT NOT NULL CHECK (json_valid(reasons)),
    note TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX decision_by_diagram ON decision (diagram_id);
CREATE INDEX decision_by_time ON decision (at);

-- What a lead writes while deciding: overwritten as often as needed, and gone once it is a revision.
CREATE TABLE lead_text (
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    person_id TEXT NOT NULL REFERENCES person (id),
    level TEXT NOT NULL CHECK (level IN ('global', 'partial', 'detailed', 'structure')),
    region_id TEXT REFERENCES region (id),
    text TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((level = 'partial') = (region_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX lead_text_slot ON lead_text (diagram_id, person_id, level, ifnull(region_id, ''));

CREATE TRIGGER comment_is_immutable BEFORE UPDATE ON comment
BEGIN SELECT raise(ABORT, 'a comment is immutable'); END;
CREATE TRIGGER comment_is_kept BEFORE DELETE ON comment
BEGIN SELECT raise(ABORT, 'a comment is kept'); END;
CREATE TRIGGER decision_is_immutable BEFORE UPDATE ON decision
BEGIN SELECT raise(ABORT, 'a decision is immutable'); END;
CREATE TRIGGER decision_is_kept BEFORE DELETE ON decision
BEGIN SELECT raise(ABORT, 'a decision is kept'); END;
