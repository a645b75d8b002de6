-- Added in the third schema: the index rows of a dossier stand in one row, and the tree over the leaves.

-- JSON, since nobody looks for a limit but through its dossier: [kind, nominal, latest, open].
ALTER TABLE dossier ADD COLUMN limits TEXT NOT NULL DEFAULT '[]';
-- JSON: who finds the dossier, in order.
ALTER TABLE dossier ADD COLUMN principals TEXT NOT NULL DEFAULT '[]';
-- The articles that its history rests on: article n is bit n - 1; NULL as long as they were never derived.
ALTER TABLE dossier ADD COLUMN articles INTEGER;

UPDATE dossier SET
    limits = (SELECT json_group_array(json_array(kind, nominal, latest, json(iif(open, 'true', 'false'))) ORDER BY place)
        FROM dossier_limit WHERE dossier = dossier.nr),
    principals = (SELECT json_group_array(principal ORDER BY principal) FROM access WHERE dossier = dossier.nr),
    articles = (SELECT articles FROM dossier_articles WHERE dossier = dossier.nr);

DROP TABLE dossier_limit;
DROP TABLE dossier_articles;

CREATE INDEX dossier_without_articles ON dossier (nr) WHERE articles IS NULL;

-- Record: full subtrees of 256, 65,536 … leaves (level 1, 2 …), and signed checkpoints.

CREATE TABLE tree (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    sm3 BLOB NOT NULL,
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

CREATE TRIGGER tree_stays BEFORE DELETE ON tree
BEGIN SELECT RAISE(ABORT, 'subtrees are never deleted'); END;

CREATE TRIGGER tree_is_fixed BEFORE UPDATE ON tree
BEGIN SELECT RAISE(ABORT, 'subtrees are never changed'); END;

CREATE TRIGGER checkpoint_stays BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;

CREATE TRIGGER checkpoint_is_fixed BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
