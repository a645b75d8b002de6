-- The first schema on PostgreSQL. Run by the owner, who is never the role that serves.
-- What is ordered or ranged by text is COLLATE "C", so that every machine orders alike.

CREATE TABLE schema_version (
    product text NOT NULL CHECK (product = 'chachu'),
    version bigint PRIMARY KEY,
    made timestamptz NOT NULL DEFAULT now()
);

-- Record: what chains, hashes and seals protect. docs/record.md describes the bytes.

CREATE TABLE stream (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    version bigint NOT NULL,
    head bytea NOT NULL
);

-- Divided from the beginning, since a table of a nation's events cannot be divided later.
CREATE TABLE event (
    stream bigint NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    who text NOT NULL,
    entered text NOT NULL,
    recorded bigint NOT NULL,
    header bytea NOT NULL,
    salt bytea,
    payload bytea,
    PRIMARY KEY (stream, version)
) PARTITION BY HASH (stream);

-- Places are given by the sealer, one node at a time, and so are dense.
CREATE TABLE leaf (
    place bigint PRIMARY KEY,
    stream bigint NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    UNIQUE (stream, version)
);

CREATE TABLE blob (
    stream bigint NOT NULL,
    version bigint NOT NULL,
    sm3 bytea NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (stream, version, sm3)
);

CREATE INDEX blob_sm3 ON blob (sm3);

CREATE TABLE blob_bytes (
    sm3 bytea PRIMARY KEY,
    bytes bytea NOT NULL
);

CREATE TABLE sealed (
    id text COLLATE "C" PRIMARY KEY,
    dossier text NOT NULL,
    bytes bytea NOT NULL
);

-- Full subtrees of 256, 65,536 … leaves (level 1, 2 …), and signed checkpoints.
CREATE TABLE tree (
    level bigint NOT NULL,
    place bigint NOT NULL,
    sha256 bytea NOT NULL,
    sm3 bytea NOT NULL,
    PRIMARY KEY (level, place)
);

CREATE TABLE checkpoint (
    size bigint PRIMARY KEY,
    note text NOT NULL
);

-- The names are written out: whoever runs a trigger may have any search path.
CREATE FUNCTION record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
END $$;

-- The only change an event may see is the destruction of its payload by law.
CREATE FUNCTION event_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.salt IS NULL AND new.payload IS NULL
        AND (new.stream, new.version, new.kind, new.who, new.entered, new.recorded, new.header)
        IS NOT DISTINCT FROM
        (old.stream, old.version, old.kind, old.who, old.entered, old.recorded, old.header)
    THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION 'events are never changed';
END $$;

CREATE TRIGGER event_stays BEFORE DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION record_stays();
CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event
    FOR EACH ROW EXECUTE FUNCTION event_is_fixed();
CREATE TRIGGER event_is_whole BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION record_stays();

-- Locks by number, in the order given; what is only read is shared.
CREATE FUNCTION lock_in_order(numbers bigint[], exclusive boolean[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    FOR place IN 1..cardinality(numbers) LOOP
        IF exclusive[place] THEN
            PERFORM pg_advisory_xact_lock(numbers[place]);
        ELSE
            PERFORM pg_advisory_xact_lock_shared(numbers[place]);
        END IF;
    END LOOP;
END $$;

-- Row triggers reach the parts by themselves, those of statements do not.
DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format('CREATE TABLE event_%s PARTITION OF event
            FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, part);
        EXECUTE format('CREATE TRIGGER event_is_whole BEFORE TRUNCATE ON event_%s
            FOR EACH STATEMENT EXECUTE FUNCTION record_stays()', part);
    END LOOP;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['leaf', 'blob', 'tree', 'checkpoint'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION record_stays()', name || '_stays', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION record_stays()', name || '_is_whole', name);
    END LOOP;
END $$;

CREATE TRIGGER sealed_is_fixed BEFORE UPDATE ON sealed
    FOR EACH ROW EXECUTE FUNCTION record_stays();

-- Derived: computed by the caller from the events, and comparable with them at any time.

-- Events that wait for their places; the sealer empties it.
CREATE TABLE unsealed (
    stream bigint NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (stream, version)
);

CREATE TABLE series (
    name text COLLATE "C" PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE dossier (
    nr bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    department text NOT NULL,
    number text NOT NULL,
    case_number text,
    title text NOT NULL,
    unit text NOT NULL,
    stage text NOT NULL,
    ended boolean NOT NULL,
    received text NOT NULL,
    changed bigint NOT NULL,
    grade text NOT NULL,
    due_nominal text,
    due_latest text,
    due_kind text,
    provisional boolean NOT NULL,
    -- JSON, as on SQLite: limits, who finds the dossier, and the articles as bits.
    limits text NOT NULL DEFAULT '[]',
    principals text NOT NULL DEFAULT '[]',
    articles bigint
);

CREATE INDEX dossier_number ON dossier (number);
CREATE INDEX dossier_case_number ON dossier (case_number) WHERE case_number IS NOT NULL;
CREATE INDEX dossier_without_articles ON dossier (nr) WHERE articles IS NULL;

-- How many dossiers of a department rest on an article.
CREATE TABLE article_count (
    department text COLLATE "C" NOT NULL,
    article bigint NOT NULL,
    ended boolean NOT NULL,
    dossiers bigint NOT NULL,
    PRIMARY KEY (department, article, ended)
);

-- What lists are ordered by stands here once more, so that a page is one range of one index.
CREATE TABLE access (
    dossier bigint NOT NULL,
    principal text COLLATE "C" NOT NULL,
    ended boolean NOT NULL,
    due text COLLATE "C" NOT NULL,
    received text COLLATE "C" NOT NULL,
    changed bigint NOT NULL,
    number text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    PRIMARY KEY (dossier, principal)
);

CREATE INDEX access_due ON access (principal, ended, due, dossier);
CREATE INDEX access_received ON access (principal, ended, received, dossier);
CREATE INDEX access_changed ON access (principal, ended, changed, dossier);
CREATE INDEX access_number ON access (principal, ended, number, dossier);
CREATE INDEX access_stage ON access (principal, ended, stage, due, dossier);

-- Dossiers that changed since they were last taken into the search; turn is another number each time.
CREATE TABLE unsearched (
    dossier bigint PRIMARY KEY,
    turn bigint NOT NULL
);

-- Tokens only, made by the program, without places; the first letter says what a token belongs to.
CREATE TABLE search (
    dossier bigint PRIMARY KEY,
    words tsvector NOT NULL
);

CREATE INDEX search_words ON search USING gin (words);

-- Not record.

CREATE TABLE outcome (
    key text COLLATE "C" PRIMARY KEY,
    request bytea NOT NULL,
    versions text NOT NULL,
    response bytea NOT NULL
);

CREATE TABLE session (
    token bytea PRIMARY KEY,
    staff text NOT NULL,
    made bigint NOT NULL,
    seen bigint NOT NULL,
    expires bigint NOT NULL
);

CREATE INDEX session_staff ON session (staff);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE credential (
    staff text COLLATE "C" PRIMARY KEY,
    password text NOT NULL,
    must_change boolean NOT NULL,
    failures bigint NOT NULL,
    locked_until bigint
);

CREATE TABLE draft (
    staff text COLLATE "C" NOT NULL,
    form text COLLATE "C" NOT NULL,
    bytes bytea NOT NULL,
    made bigint NOT NULL,
    PRIMARY KEY (staff, form)
);

CREATE TABLE setting (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE key_check (
    name text COLLATE "C" PRIMARY KEY,
    hash bytea NOT NULL
);
