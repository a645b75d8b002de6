-- Added in the fifth schema: what a token belongs to is said by its first letter instead of by a
-- column, so that no list of dossiers is read for what it holds of another column.

DROP TABLE search;

-- Tokens only, made by the program, without places: no text can be read from it.
CREATE VIRTUAL TABLE search USING fts5 (
    tokens,
    content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars '+-=^'"
);

INSERT INTO unsearched (dossier, turn) SELECT nr, random() FROM dossier WHERE true
ON CONFLICT (dossier) DO UPDATE SET turn = random();
