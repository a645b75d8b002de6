-- Added in the fourth schema. Derived, like the tables that lists are read from.

ALTER TABLE access ADD COLUMN stage TEXT NOT NULL DEFAULT '';

UPDATE access SET stage = (SELECT stage FROM dossier WHERE nr = access.dossier);

CREATE INDEX access_stage ON access (principal, ended, stage, due, dossier);

-- Dossiers that changed since they were last taken into the search; turn is another number each time.
CREATE TABLE unsearched (
    dossier INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL
) STRICT;

INSERT INTO unsearched (dossier, turn) SELECT nr, random() FROM dossier;

-- Tokens only, made by the program: no text can be read from it. readers and above are the principals that find the dossier.
CREATE VIRTUAL TABLE search USING fts5 (
    outline, contents, readers, above, state,
    content = '', contentless_delete = 1, detail = column, tokenize = 'ascii'
);
