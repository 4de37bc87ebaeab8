-- Objective questions, their revisions, and how people and models answered them.

CREATE TABLE question (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'draft', 'ready', 'rejected')),
    content TEXT NOT NULL CHECK (json_valid(content)),
    source TEXT NOT NULL CHECK (json_valid(source)),
    author_id TEXT REFERENCES person (id),
    version INTEGER NOT NULL CHECK (version > 0),
    head_revision_id TEXT REFERENCES question_revision (id),
    reject_reason TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ready_at INTEGER,
    -- Nothing enters the expert set without an expert.
    CHECK (state = 'proposed' OR author_id IS NOT NULL),
    CHECK ((state = 'ready') = (ready_at IS NOT NULL))
) STRICT;
CREATE INDEX question_by_diagram ON question (diagram_id, state);
CREATE INDEX question_by_state ON question (state);

CREATE TABLE question_revision (
    id TEXT NOT NULL PRIMARY KEY,
    question_id TEXT NOT NULL REFERENCES question (id),
    parent_id TEXT REFERENCES question_revision (id),
    content TEXT NOT NULL CHECK (json_valid(content)),
    author_id TEXT REFERENCES person (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX question_revision_by_question ON question_revision (question_id);

CREATE TABLE question_trial (
    id INTEGER PRIMARY KEY,
    question_id TEXT NOT NULL REFERENCES question (id),
    revision_id TEXT NOT NULL REFERENCES question_revision (id),
    person_id TEXT REFERENCES person (id),
    model_id TEXT REFERENCES model (id),
    blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
    answer TEXT NOT NULL,
    picked TEXT NOT NULL CHECK (json_valid(picked)),
    rule TEXT,
    correct INTEGER CHECK (correct IN (0, 1)),
    at INTEGER NOT NULL,
    CHECK ((person_id IS NULL) <> (model_id IS NULL))
) STRICT;
CREATE INDEX question_trial_by_question ON question_trial (question_id);

CREATE TRIGGER question_revision_is_immutable BEFORE UPDATE ON question_revision
BEGIN SELECT raise(ABORT, 'a revision is immutable'); END;
CREATE TRIGGER question_revision_is_kept BEFORE DELETE ON question_revision
BEGIN SELECT raise(ABORT, 'a revision is kept'); END;
