-- A deleted Project stays as a tombstone: Runs, states and deleted Capsules name it. Its slug is free again.
ALTER TABLE projects ADD COLUMN deleted_at timestamptz;
DROP INDEX projects_slug_key;
CREATE UNIQUE INDEX projects_slug_key ON projects (workspace_id, slug) WHERE deleted_at IS NULL;
DROP INDEX projects_page_idx;
CREATE INDEX projects_page_idx ON projects (workspace_id, id) WHERE deleted_at IS NULL;
