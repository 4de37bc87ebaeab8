-- Models, jobs, where a draft came from, and the level `structure`.
-- Two tables are rebuilt, since SQLite cannot change a CHECK: foreign keys are off meanwhile, and checked
-- by the caller before it commits.

-- What a workspace may draft with; never a key. One that was removed stays for the drafts it made.
CREATE TABLE model (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(name) > 0),
    kind TEXT NOT NULL CHECK (kind IN ('qwen25_vl', 'gguf', 'server')),
    -- A path, or the base address of a server.
    location TEXT NOT NULL CHECK (length(location) > 0),
    options TEXT NOT NULL CHECK (json_valid(options)),
    added_by TEXT NOT NULL REFERENCES person (id),
    added_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX model_name ON model (name) WHERE removed_at IS NULL;

-- Long work for an engine. `request` is what somebody asked of a running one.
CREATE TABLE job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('draft', 'train', 'synth', 'evaluate')),
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    parameters TEXT NOT NULL CHECK (json_valid(parameters)),
    priority INTEGER NOT NULL DEFAULT 0 CHECK (priority >= 0),
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    current_diagram INTEGER REFERENCES diagram (number),
    request TEXT CHECK (request IN ('cancel', 'pause', 'resume')),
    worker TEXT,
    heartbeat_at INTEGER,
    error TEXT,
    help TEXT,
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX job_open ON job (priority DESC, number) WHERE state IN ('queued', 'running', 'paused');

-- One caption that a job drafts; `id` is the order.
CREATE TABLE job_item (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job (number),
    diagram INTEGER NOT NULL REFERENCES diagram (number),
    level TEXT NOT NULL CHECK (level IN ('global', 'partial', 'detailed', 'structure')),
    region_id TEXT REFERENCES region (id),
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'skipped', 'cancelled')),
    draft_id TEXT REFERENCES draft (id),
    error TEXT,
    CHECK ((level = 'partial') = (region_id IS NOT NULL)),
    CHECK ((state = 'done') = (draft_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX job_item_slot ON job_item (job, diagram, level, ifnull(region_id, ''));
CREATE INDEX job_item_by_state ON job_item (job, state, id);

-- The diagram that each person looks at: a job drafts it first.
CREATE TABLE focus (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES person (id),
    diagram INTEGER NOT NULL REFERENCES diagram (number),
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE new_draft (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    level TEXT NOT NULL CHECK (level IN ('global', 'partial', 'detailed', 'structure')),
    region_id TEXT REFERENCES region (id),
    text TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- How a model made it: NULL for what was imported, and what is not known of a model's.
    job_id TEXT REFERENCES job (id),
    model_id TEXT REFERENCES model (id),
    location TEXT,
    revision TEXT,
    adapter TEXT,
    prompt_version TEXT,
    language TEXT CHECK (language IN ('en', 'zh')),
    seconds REAL CHECK (seconds >= 0),
    new_tokens INTEGER CHECK (new_tokens >= 0),
    mean_logprob REAL CHECK (mean_logprob <= 0),
    sampling TEXT CHECK (json_valid(sampling)),
    CHECK ((level = 'partial') = (region_id IS NOT NULL)),
    CHECK ((job_id IS NULL) = (model_id IS NULL))
) STRICT;
INSERT INTO new_draft (id, diagram_id, level, region_id, text, label, created_at)
    SELECT id, diagram_id, level, region_id, text, label, created_at FROM draft ORDER BY rowid;
DROP TABLE draft;
ALTER TABLE new_draft RENAME TO draft;
CREATE INDEX draft_by_diagram ON draft (diagram_id);
CREATE TRIGGER draft_is_immutable BEFORE UPDATE ON draft
BEGIN SELECT raise(ABORT, 'a draft is immutable'); END;
CREATE TRIGGER draft_is_kept BEFORE DELETE ON draft
BEGIN SELECT raise(ABORT, 'a draft is kept'); END;

CREATE TABLE new_annotation (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    annotator_id TEXT NOT NULL REFERENCES person (id),
    level TEXT NOT NULL CHECK (level IN ('global', 'partial', 'detailed', 'structure')),
    region_id TEXT REFERENCES region (id),
    head_revision_id TEXT REFERENCES revision (id),
    submitted_revision_id TEXT REFERENCES revision (id),
    submitted_at INTEGER,
    approved_revision_id TEXT REFERENCES revision (id),
    CHECK ((level = 'partial') = (region_id IS NOT NULL))
) STRICT;
INSERT INTO new_annotation (id, diagram_id, annotator_id, level, region_id, head_revision_id,
        submitted_revision_id, submitted_at, approved_revision_id)
    SELECT id, diagram_id, annotator_id, level, region_id, head_revision_id,
        submitted_revision_id, submitted_at, approved_revision_id FROM annotation ORDER BY rowid;
DROP TABLE annotation;
ALTER TABLE new_annotation RENAME TO annotation;
CREATE UNIQUE INDEX annotation_slot
    ON annotation (diagram_id, annotator_id, level, ifnull(region_id, ''));

ALTER TABLE diagram ADD COLUMN certainty REAL NOT NULL DEFAULT 1;
DROP INDEX diagram_by_number;
CREATE INDEX diagram_by_number ON diagram (number, state, certainty);
CREATE INDEX diagram_by_certainty ON diagram (certainty, number);
CREATE INDEX diagram_by_state_certainty ON diagram (state, certainty, number);
