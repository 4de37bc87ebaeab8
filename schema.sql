-- What a fresh workspace database gets. Older ones reach the same by crates/store/migrations/.
-- Ids are UUIDv7 text; times are UTC milliseconds; hashes are SHA-256 in lower-case hex.

CREATE TABLE workspace (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
    created_at INTEGER NOT NULL
) STRICT;

-- One diagram for each picture: the same bytes never make a second row.
CREATE TABLE diagram (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'todo'
        CHECK (state IN ('todo', 'in_progress', 'submitted', 'approved', 'returned')),
    image_hash TEXT NOT NULL UNIQUE CHECK (length(image_hash) = 64),
    image_format TEXT NOT NULL
        CHECK (image_format IN ('png', 'jpeg', 'webp', 'gif', 'bmp', 'tiff', 'svg')),
    image_bytes INTEGER NOT NULL CHECK (image_bytes > 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    -- 'original', 'whole', or 'tiles' with the side of a tile in pixels
    view TEXT NOT NULL CHECK (view IN ('original', 'whole', 'tiles')),
    tile_px INTEGER CHECK ((view = 'tiles') = (tile_px IS NOT NULL)),
    -- What the import knew of the figure; `extra` holds a JSON object of fields that Callout does not read.
    context TEXT NOT NULL DEFAULT '',
    source TEXT,
    license TEXT,
    extra TEXT CHECK (extra IS NULL OR json_valid(extra)),
    return_reason TEXT,
    imported_by TEXT NOT NULL REFERENCES person (id),
    imported_at INTEGER NOT NULL,
    -- The lowest mean log-probability among its newest drafts; 1, which sorts last, where none is known.
    certainty REAL NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX diagram_by_state ON diagram (state, number);
-- Rows are wide: this one is walked to a far page, to count what comes before a diagram, and for the
-- states and the order of what a search found.
CREATE INDEX diagram_by_number ON diagram (number, state, certainty);
CREATE INDEX diagram_by_certainty ON diagram (certainty, number);
CREATE INDEX diagram_by_state_certainty ON diagram (state, certainty, number);

-- Rectangles in pixels of the upright image.
CREATE TABLE region (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    name TEXT NOT NULL CHECK (length(name) > 0),
    x INTEGER NOT NULL CHECK (x >= 0),
    y INTEGER NOT NULL CHECK (y >= 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL,
    UNIQUE (diagram_id, name)
) STRICT;

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

CREATE TABLE draft (
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
CREATE INDEX draft_by_diagram ON draft (diagram_id);

-- One person's caption of one diagram at one level: three pointers into its chain of revisions.
CREATE TABLE annotation (
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
CREATE UNIQUE INDEX annotation_slot
    ON annotation (diagram_id, annotator_id, level, ifnull(region_id, ''));

CREATE TABLE revision (
    id TEXT NOT NULL PRIMARY KEY,
    annotation_id TEXT NOT NULL REFERENCES annotation (id),
    parent_id TEXT REFERENCES revision (id),
    -- The draft that stood beside the editor.
    draft_id TEXT REFERENCES draft (id),
    text TEXT NOT NULL,
    author_id TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revision_by_annotation ON revision (annotation_id);

-- What is being typed: overwritten as often as needed.
CREATE TABLE working_copy (
    annotation_id TEXT NOT NULL PRIMARY KEY REFERENCES annotation (id),
    text TEXT NOT NULL,
    editor_state TEXT,
    base_revision_id TEXT REFERENCES revision (id),
    version INTEGER NOT NULL CHECK (version > 0),
    updated_at INTEGER NOT NULL
) STRICT;

-- `mine` was set aside because `theirs` was the head already; open until `resolved_at`.
CREATE TABLE conflict (
    annotation_id TEXT NOT NULL REFERENCES annotation (id),
    mine_revision_id TEXT NOT NULL PRIMARY KEY REFERENCES revision (id),
    created_at INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE INDEX conflict_open ON conflict (annotation_id) WHERE resolved_at IS NULL;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    person_id TEXT NOT NULL REFERENCES person (id),
    action TEXT NOT NULL,
    -- Id of the diagram, workspace or person that changed; ids or states before and after.
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT,
    note TEXT
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject);

-- Words for search, one row a diagram (rowid = diagram.number). The text is cut by Rust before it
-- comes here: Chinese, Japanese and Korean become bigrams, which no tokenizer of SQLite does.
CREATE VIRTUAL TABLE diagram_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2',
    prefix = '1 2'
);

CREATE TRIGGER draft_is_immutable BEFORE UPDATE ON draft
BEGIN SELECT raise(ABORT, 'a draft is immutable'); END;
CREATE TRIGGER draft_is_kept BEFORE DELETE ON draft
BEGIN SELECT raise(ABORT, 'a draft is kept'); END;
CREATE TRIGGER revision_is_immutable BEFORE UPDATE ON revision
BEGIN SELECT raise(ABORT, 'a revision is immutable'); END;
CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision
BEGIN SELECT raise(ABORT, 'a revision is kept'); END;
CREATE TRIGGER audit_is_immutable BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
