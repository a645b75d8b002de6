-- Added in the second schema. Derived, like the tables that lists are read from.

-- The articles that the history of a dossier rests on: article n is bit n - 1.
CREATE TABLE dossier_articles (
    dossier INTEGER PRIMARY KEY,
    articles INTEGER NOT NULL
) STRICT;

-- How many dossiers of a department rest on an article, so that telling it costs the same
-- however many there are.
CREATE TABLE article_count (
    department TEXT NOT NULL,
    article INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    dossiers INTEGER NOT NULL,
    PRIMARY KEY (department, article, ended)
) STRICT, WITHOUT ROWID;
