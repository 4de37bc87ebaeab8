-- What a fresh workspace database gets. Older ones reach the same by crates/store/migrations/.
-- Ids are UUIDv7 text; times are UTC milliseconds; hashes are SHA-256 in lower-case hex.

CREATE TABLE workspace (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    -- The rules that a lead set, as JSON; NULL for the defaults.
    policy TEXT CHECK (policy IS NULL OR json_valid(policy))
) STRICT;

CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
    created_at INTEGER NOT NULL,
    -- Words parted by spaces.
    roles TEXT NOT NULL DEFAULT 'annotator author lead'
) STRICT;

-- One diagram for each picture: the same bytes never make a second row.
CREATE TABLE diagram (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'todo'
        CHECK (state IN ('todo', 'in_progress', 'submitted', 'approved', 'returned', 'skipped')),
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
    certainty REAL NOT NULL DEFAULT 1,
    -- Such as 'sequence'; empty where nobody said.
    kind TEXT NOT NULL DEFAULT '',
    -- Place in the lead's plan; 2^32 - 1, which sorts last, outside it.
    plan INTEGER NOT NULL DEFAULT 4294967295,
    second INTEGER NOT NULL DEFAULT 0 CHECK (second IN (0, 1)),
    draft_hidden INTEGER NOT NULL DEFAULT 0 CHECK (draft_hidden IN (0, 1)),
    -- The lowest share of common words among two people's captions, 0-1; 2, which sorts last, without two.
    agreement REAL NOT NULL DEFAULT 2,
    skip_reason TEXT,
    claimed_by TEXT REFERENCES person (id),
    claimed_until INTEGER,
    -- How much further from what experts handed in the newest draft of a caption is than the one before it:
    -- the difference of their shares of common words, -1 to 0, of the caption that fell most.
    regression REAL NOT NULL DEFAULT 0,
    CHECK ((state = 'skipped') = (skip_reason IS NOT NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL))
) STRICT;
CREATE INDEX diagram_by_state ON diagram (state, number);
-- Rows are wide: this one is walked to a far page, to count what comes before a diagram, and for the
-- states and the order of what a search found.
CREATE INDEX diagram_by_number ON diagram (number, state, certainty);
CREATE INDEX diagram_by_certainty ON diagram (certainty, number);
CREATE INDEX diagram_by_state_certainty ON diagram (state, certainty, number);
CREATE INDEX diagram_by_plan ON diagram (plan, number);
CREATE INDEX diagram_by_agreement ON diagram (agreement, number);
CREATE INDEX diagram_by_regression ON diagram (regression, number);
CREATE INDEX diagram_by_claim ON diagram (claimed_by) WHERE claimed_by IS NOT NULL;

-- Rectangles and polygons in pixels of the upright image. One that was removed stays for its texts.
CREATE TABLE region (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    name TEXT NOT NULL CHECK (length(name) > 0),
    x INTEGER NOT NULL CHECK (x >= 0),
    y INTEGER NOT NULL CHECK (y >= 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    -- JSON list of [x, y], at least three; NULL for a rectangle. The box is the polygon's own.
    polygon TEXT CHECK (polygon IS NULL OR json_valid(polygon)),
    position INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX region_name ON region (diagram_id, name) WHERE removed_at IS NULL;
CREATE INDEX region_by_diagram ON region (diagram_id, position);

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
CREATE INDEX job_open ON job (priority DESC, number) WHERE state IN ('queued', 'running', 'paused');

-- One caption that a job drafts, one diagram that it asks about, or one question that it answers; `id` is the
-- order.
CREATE TABLE job_item (
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
CREATE UNIQUE INDEX job_item_slot
    ON job_item (job, diagram, level, ifnull(region_id, ''), ifnull(question_id, ''));
CREATE INDEX job_item_by_state ON job_item (job, state, id);
CREATE INDEX job_item_by_question ON job_item (question_id) WHERE question_id IS NOT NULL;

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
    created_at INTEGER NOT NULL,
    -- JSON list of {start, end, region_id} in code points of the text.
    links TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(links))
) STRICT;
CREATE INDEX revision_by_annotation ON revision (annotation_id);

-- What is being typed: overwritten as often as needed.
CREATE TABLE working_copy (
    annotation_id TEXT NOT NULL PRIMARY KEY REFERENCES annotation (id),
    text TEXT NOT NULL,
    editor_state TEXT,
    base_revision_id TEXT REFERENCES revision (id),
    version INTEGER NOT NULL CHECK (version > 0),
    updated_at INTEGER NOT NULL,
    links TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(links))
) STRICT;

-- `mine` was set aside because `theirs` was the head already; open until `resolved_at`.
CREATE TABLE conflict (
    annotation_id TEXT NOT NULL REFERENCES annotation (id),
    mine_revision_id TEXT NOT NULL PRIMARY KEY REFERENCES revision (id),
    created_at INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE INDEX conflict_open ON conflict (annotation_id) WHERE resolved_at IS NULL;

-- Why a draft was changed.
CREATE TABLE annotation_reason (
    annotation_id TEXT NOT NULL REFERENCES annotation (id),
    reason TEXT NOT NULL CHECK (reason IN
        ('wrong_relation', 'missing_element', 'wrong_direction', 'wrong_term', 'invented', 'style')),
    at INTEGER NOT NULL,
    PRIMARY KEY (annotation_id, reason)
) STRICT, WITHOUT ROWID;

-- One caption that was handed in, and what it had to do with its draft.
CREATE TABLE submission (
    id INTEGER PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    annotation_id TEXT NOT NULL REFERENCES annotation (id),
    revision_id TEXT NOT NULL REFERENCES revision (id),
    person_id TEXT NOT NULL REFERENCES person (id),
    draft_id TEXT REFERENCES draft (id),
    condition TEXT NOT NULL CHECK (condition IN ('shown', 'hidden', 'none')),
    kept REAL CHECK (kept BETWEEN 0 AND 1),
    unchanged INTEGER NOT NULL CHECK (unchanged IN (0, 1)),
    active_seconds REAL CHECK (active_seconds >= 0),
    length INTEGER NOT NULL CHECK (length >= 0),
    at INTEGER NOT NULL,
    returned_at INTEGER
) STRICT;
CREATE INDEX submission_by_diagram ON submission (diagram_id);
CREATE INDEX submission_by_time ON submission (at);

CREATE TABLE saved_filter (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    name TEXT NOT NULL CHECK (length(name) > 0),
    filter TEXT NOT NULL CHECK (json_valid(filter)),
    created_at INTEGER NOT NULL,
    UNIQUE (person_id, name)
) STRICT;

-- A change to many diagrams, which can be undone as a whole.
CREATE TABLE bulk (
    id TEXT NOT NULL PRIMARY KEY,
    action TEXT NOT NULL CHECK (json_valid(action)),
    person_id TEXT NOT NULL REFERENCES person (id),
    at INTEGER NOT NULL,
    undone_at INTEGER
) STRICT;

CREATE TABLE bulk_item (
    bulk_id TEXT NOT NULL REFERENCES bulk (id),
    diagram INTEGER NOT NULL REFERENCES diagram (number),
    before TEXT NOT NULL CHECK (json_valid(before)),
    after TEXT NOT NULL CHECK (json_valid(after)),
    PRIMARY KEY (bulk_id, diagram)
) STRICT, WITHOUT ROWID;

-- The glossary.
CREATE TABLE term (
    id TEXT NOT NULL PRIMARY KEY,
    en TEXT NOT NULL,
    zh TEXT NOT NULL,
    expansion TEXT NOT NULL,
    definition TEXT NOT NULL,
    forbidden TEXT NOT NULL CHECK (json_valid(forbidden)),
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    CHECK (length(en) + length(zh) > 0)
) STRICT;
CREATE UNIQUE INDEX term_en ON term (en COLLATE NOCASE) WHERE removed_at IS NULL AND en <> '';
CREATE UNIQUE INDEX term_zh ON term (zh) WHERE removed_at IS NULL AND zh <> '';

-- Objective questions. `content` is overwritten while its author types; revisions are made of it.
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
    -- Who wrote what it says now; what is not a revision yet is kept under that name.
    writer_id TEXT REFERENCES person (id),
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

-- Conversations anchored in a diagram.
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

-- How a diagram stood before a decision, as JSON, so that the decision can be taken back.
CREATE TABLE decision_before (
    decision_id INTEGER NOT NULL PRIMARY KEY REFERENCES decision (id),
    before TEXT NOT NULL CHECK (json_valid(before)),
    undone_by TEXT REFERENCES person (id),
    undone_at INTEGER,
    CHECK ((undone_by IS NULL) = (undone_at IS NULL))
) STRICT;

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
CREATE INDEX audit_by_action ON audit (action);
CREATE INDEX audit_by_person ON audit (person_id, at);

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
CREATE TRIGGER question_revision_is_immutable BEFORE UPDATE ON question_revision
BEGIN SELECT raise(ABORT, 'a revision is immutable'); END;
CREATE TRIGGER question_revision_is_kept BEFORE DELETE ON question_revision
BEGIN SELECT raise(ABORT, 'a revision is kept'); END;
CREATE TRIGGER comment_is_immutable BEFORE UPDATE ON comment
BEGIN SELECT raise(ABORT, 'a comment is immutable'); END;
CREATE TRIGGER comment_is_kept BEFORE DELETE ON comment
BEGIN SELECT raise(ABORT, 'a comment is kept'); END;
CREATE TRIGGER decision_is_immutable BEFORE UPDATE ON decision
BEGIN SELECT raise(ABORT, 'a decision is immutable'); END;
CREATE TRIGGER decision_is_kept BEFORE DELETE ON decision
BEGIN SELECT raise(ABORT, 'a decision is kept'); END;
