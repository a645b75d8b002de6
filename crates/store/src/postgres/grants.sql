-- What the role that serves may do, and no more. Run by the owner after each migration.

GRANT USAGE ON SCHEMA public TO chachu_serve;
GRANT SELECT ON schema_version TO chachu_serve;

-- The log grows and is read; of streams the row moves on.
GRANT SELECT, INSERT ON event, leaf, blob, tree, checkpoint, sealed, key_check TO chachu_serve;
GRANT SELECT, INSERT, UPDATE ON stream TO chachu_serve;

-- Derived.
GRANT SELECT, INSERT, UPDATE ON series, dossier TO chachu_serve;
GRANT SELECT, INSERT, UPDATE, DELETE ON access, article_count TO chachu_serve;
GRANT SELECT, INSERT, DELETE ON unsealed TO chachu_serve;
GRANT SELECT, INSERT, UPDATE, DELETE ON unsearched, search TO chachu_serve;

-- Not record.
GRANT SELECT, INSERT ON outcome TO chachu_serve;
GRANT SELECT, INSERT, UPDATE, DELETE ON blob_bytes, session, credential, draft, setting
    TO chachu_serve;
