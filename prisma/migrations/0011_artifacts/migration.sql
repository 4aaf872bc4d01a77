-- Things that people and agents keep with a Run; the content is a blob of kind `artifact`.
CREATE TABLE artifacts (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  run_id text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  type text NOT NULL,
  title text,
  content_type text NOT NULL,
  digest text,
  size_bytes bigint,
  file_id text,
  metadata jsonb NOT NULL,
  created_by jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX artifacts_page_idx ON artifacts (run_id, id);
CREATE INDEX artifacts_digest_idx ON artifacts (workspace_id, digest);
