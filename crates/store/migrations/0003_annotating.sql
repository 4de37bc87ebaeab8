-- Regions of any shape that can be reordered and taken back; links from words to regions; reasons;
-- skipped diagrams, claims, a plan, second annotators, hidden drafts; submissions; people's roles;
-- saved filters, changes to many diagrams at once; the glossary; the workspace's rules.

ALTER TABLE workspace ADD COLUMN policy TEXT CHECK (policy IS NULL OR json_valid(policy));
ALTER TABLE person ADD COLUMN roles TEXT NOT NULL DEFAULT 'annotator author lead';

CREATE TABLE diagram_new (
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
    view TEXT NOT NULL CHECK (view IN ('original', 'whole', 'tiles')),
    tile_px INTEGER CHECK ((view = 'tiles') = (tile_px IS NOT NULL)),
    context TEXT NOT NULL DEFAULT '',
    source TEXT,
    license TEXT,
    extra TEXT CHECK (extra IS NULL OR json_valid(extra)),
    return_reason TEXT,
    imported_by TEXT NOT NULL REFERENCES person (id),
    imported_at INTEGER NOT NULL,
    certainty REAL NOT NULL DEFAULT 1,
    kind TEXT NOT NULL DEFAULT '',
    plan INTEGER NOT NULL DEFAULT 4294967295,
    second INTEGER NOT NULL DEFAULT 0 CHECK (second IN (0, 1)),
    draft_hidden INTEGER NOT NULL DEFAULT 0 CHECK (draft_hidden IN (0, 1)),
    agreement REAL NOT NULL DEFAULT 2,
    skip_reason TEXT,
    claimed_by TEXT REFERENCES person (id),
    claimed_until INTEGER,
    CHECK ((state = 'skipped') = (skip_reason IS NOT NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL))
) STRICT;
INSERT INTO diagram_new (number, id, name, state, image_hash, image_format, image_bytes, width, height,
    view, tile_px, context, source, license, extra, return_reason, imported_by, imported_at, certainty)
SELECT number, id, name, state, image_hash, image_format, image_bytes, width, height,
    view, tile_px, context, source, license, extra, return_reason, imported_by, imported_at, certainty
FROM diagram;
DROP TABLE diagram;
ALTER TABLE diagram_new RENAME TO diagram;
CREATE INDEX diagram_by_state ON diagram (state, number);
CREATE INDEX diagram_by_number ON diagram (number, state, certainty);
CREATE INDEX diagram_by_certainty ON diagram (certainty, number);
CREATE INDEX diagram_by_state_certainty ON diagram (state, certainty, number);
CREATE INDEX diagram_by_plan ON diagram (plan, number);
CREATE INDEX diagram_by_agreement ON diagram (agreement, number);
CREATE INDEX diagram_by_claim ON diagram (claimed_by) WHERE claimed_by IS NOT NULL;

CREATE TABLE region_new (
    id TEXT NOT NULL PRIMARY KEY,
    diagram_id TEXT NOT NULL REFERENCES diagram (id),
    name TEXT NOT NULL CHECK (length(name) > 0),
    x INTEGER NOT NULL CHECK (x >= 0),
    y INTEGER NOT NULL CHECK (y >= 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    polygon TEXT CHECK (polygon IS NULL OR json_valid(polygon)),
    position INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;
INSERT INTO region_new (id, diagram_id, name, x, y, width, height, position, created_by, created_at)
SELECT id, diagram_id, name, x, y, width, height, rowid, created_by, created_at FROM region;
DROP TABLE region;
ALTER TABLE region_new RENAME TO region;
CREATE UNIQUE INDEX region_name ON region (diagram_id, name) WHERE removed_at IS NULL;
CREATE INDEX region_by_diagram ON region (diagram_id, position);

ALTER TABLE revision ADD COLUMN links TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(links));
ALTER TABLE working_copy ADD COLUMN links TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(links));

CREATE TABLE annotation_reason (
    annotation_id TEXT NOT NULL REFERENCES annotation (id),
    reason TEXT NOT NULL CHECK (reason IN
        ('wrong_relation', 'missing_element', 'wrong_direction', 'wrong_term', 'invented', 'style')),
    at INTEGER NOT NULL,
    PRIMARY KEY (annotation_id, reason)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX audit_by_action ON audit (action);
CREATE INDEX audit_by_person ON audit (person_id, at);
