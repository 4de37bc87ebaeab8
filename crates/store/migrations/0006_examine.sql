-- Jobs that propose questions and that answer them. Two tables are rebuilt, since SQLite cannot change a CHECK.

CREATE TABLE new_job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('draft', 'propose', 'answer', 'train', 'synth', 'evaluate')),
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
INSERT INTO new_job (number, id, kind, state, parameters, priority, total, done, failed, skipped, current_diagram,
        request, worker, heartbeat_at, error, help, created_by, created_at, started_at, finished_at)
    SELECT number, id, kind, state, parameters, priority, total, done, failed, skipped, current_diagram,
        request, worker, heartbeat_at, error, help, created_by, created_at, started_at, finished_at FROM job;
DROP TABLE job;
ALTER TABLE new_job RENAME TO job;
CREATE INDEX job_open ON job (priority DESC, number) WHERE state IN ('queued', 'running', 'paused');

-- One caption that a job drafts, one diagram that it asks about, or one question that it answers; `id` is the
-- order.
CREATE TABLE new_job_item (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job (number),
    diagram INTEGER NOT NULL REFERENCES diagram (number),
    level TEXT NOT NULL CHECK (level IN ('global', 'partial', 'detailed', 'structure')),
    region_id TEXT REFERENCES region (id),
    question_id TEXT REFERENCES question (id),
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'skipped', 'cancelled')),
    draft_id TEXT REFERENCES draft (id),
    error TEXT,
    CHECK ((level = 'partial' AND question_id IS NULL) = (region_id IS NOT NULL)),
    CHECK (state = 'done' OR draft_id IS NULL)
) STRICT;
INSERT INTO new_job_item (id, job, diagram, level, region_id, state, draft_id, error)
    SELECT id, job, diagram, level, region_id, state, draft_id, error FROM job_item;
DROP TABLE job_item;
ALTER TABLE new_job_item RENAME TO job_item;
CREATE UNIQUE INDEX job_item_slot
    ON job_item (job, diagram, level, ifnull(region_id, ''), ifnull(question_id, ''));
CREATE INDEX job_item_by_state ON job_item (job, state, id);
CREATE INDEX job_item_by_question ON job_item (question_id) WHERE question_id IS NOT NULL;
