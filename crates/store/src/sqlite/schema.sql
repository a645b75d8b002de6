-- Record: what chains, hashes and seals protect. docs/record.md describes the bytes.

CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    head BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    who TEXT NOT NULL,
    entered TEXT NOT NULL,
    recorded INTEGER NOT NULL,
    header BLOB NOT NULL,
    salt BLOB,
    payload BLOB,
    UNIQUE (stream, version)
) STRICT;

CREATE TABLE leaf (
    place INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TABLE blob (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sm3 BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (stream, version, sm3)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_sm3 ON blob (sm3);

CREATE TABLE blob_bytes (
    sm3 BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE sealed (
    id TEXT PRIMARY KEY,
    dossier TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- The only change an event may see is the destruction of its payload by law.
CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event
WHEN new.salt IS NOT NULL OR new.payload IS NOT NULL
    OR (new.stream, new.version, new.kind, new.who, new.entered, new.recorded, new.header)
    IS NOT (old.stream, old.version, old.kind, old.who, old.entered, old.recorded, old.header)
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;

CREATE TRIGGER leaf_stays BEFORE DELETE ON leaf
BEGIN SELECT RAISE(ABORT, 'leaves are never deleted'); END;

CREATE TRIGGER leaf_is_fixed BEFORE UPDATE ON leaf
BEGIN SELECT RAISE(ABORT, 'leaves are never changed'); END;

CREATE TRIGGER blob_stays BEFORE DELETE ON blob
BEGIN SELECT RAISE(ABORT, 'named objects are never forgotten'); END;

CREATE TRIGGER blob_is_fixed BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'named objects are never changed'); END;

CREATE TRIGGER sealed_is_fixed BEFORE UPDATE ON sealed
BEGIN SELECT RAISE(ABORT, 'sealed parts are never changed'); END;

-- Derived: computed by the caller from the events, and comparable with them at any time.

CREATE TABLE series (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dossier (
    nr INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    department TEXT NOT NULL,
    number TEXT NOT NULL,
    case_number TEXT,
    title TEXT NOT NULL,
    unit TEXT NOT NULL,
    stage TEXT NOT NULL,
    ended INTEGER NOT NULL,
    received TEXT NOT NULL,
    changed INTEGER NOT NULL,
    grade TEXT NOT NULL,
    due_nominal TEXT,
    due_latest TEXT,
    due_kind TEXT,
    provisional INTEGER NOT NULL
) STRICT;

CREATE TABLE dossier_limit (
    dossier INTEGER NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    nominal TEXT NOT NULL,
    latest TEXT NOT NULL,
    open INTEGER NOT NULL,
    PRIMARY KEY (dossier, place)
) STRICT, WITHOUT ROWID;

-- What lists are ordered by stands here once more, so that a page is one range of one index.
CREATE TABLE access (
    dossier INTEGER NOT NULL,
    principal TEXT NOT NULL,
    ended INTEGER NOT NULL,
    due TEXT NOT NULL,
    received TEXT NOT NULL,
    changed INTEGER NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (dossier, principal)
) STRICT, WITHOUT ROWID;

CREATE INDEX access_due ON access (principal, ended, due, dossier);
CREATE INDEX access_received ON access (principal, ended, received, dossier);
CREATE INDEX access_changed ON access (principal, ended, changed, dossier);
CREATE INDEX access_number ON access (principal, ended, number, dossier);

-- Not record.

CREATE TABLE outcome (
    key TEXT PRIMARY KEY,
    request BLOB NOT NULL,
    versions TEXT NOT NULL,
    response BLOB NOT NULL
) STRICT;

CREATE TABLE session (
    token BLOB PRIMARY KEY,
    staff TEXT NOT NULL,
    made INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_staff ON session (staff);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE credential (
    staff TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    must_change INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    locked_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
    staff TEXT NOT NULL,
    form TEXT NOT NULL,
    bytes BLOB NOT NULL,
    made INTEGER NOT NULL,
    PRIMARY KEY (staff, form)
) STRICT;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE key_check (
    name TEXT PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
