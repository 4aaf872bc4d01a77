-- Where a state came from: a Run, a recovery, an import, or an earlier version that it goes back to.
ALTER TABLE state_versions ADD COLUMN origin text NOT NULL DEFAULT 'run';
ALTER TABLE state_versions ADD COLUMN actor jsonb;
ALTER TABLE state_versions ADD COLUMN rolled_back_to text;

-- Which rows name a blob: what nothing names is removed.
CREATE INDEX state_versions_digest_idx ON state_versions (workspace_id, digest);
CREATE INDEX checkpoints_digest_idx ON checkpoints (workspace_id, digest);
CREATE INDEX runs_plan_digest_idx ON runs (plan_digest) WHERE plan_digest IS NOT NULL;
CREATE INDEX runs_work_digest_idx ON runs (work_digest) WHERE work_digest IS NOT NULL;

-- Runners by pool. One of a Workspace serves that Workspace alone; one without a Workspace serves all.
CREATE TABLE runner_pools (
  id text PRIMARY KEY,
  workspace_id text REFERENCES workspaces (id),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX runner_pools_name_key ON runner_pools (coalesce(workspace_id, ''), name);
INSERT INTO runner_pools (id, name) VALUES ('default', 'default');
-- Tokens made before this migration may name other pools: each becomes one of the instance.
INSERT INTO runner_pools (id, name) SELECT DISTINCT pool, pool FROM runner_tokens ON CONFLICT DO NOTHING;
ALTER TABLE runner_tokens ADD CONSTRAINT runner_tokens_pool_fkey FOREIGN KEY (pool) REFERENCES runner_pools (id);
ALTER TABLE runner_tokens ADD COLUMN name text NOT NULL DEFAULT 'environment';
ALTER TABLE runner_tokens ADD COLUMN created_by jsonb;
CREATE INDEX runner_tokens_page_idx ON runner_tokens (pool, id);

-- A long log moves into blobs when its Run has ended, a piece at a time; its events stay, without their text.
ALTER TABLE runs ADD COLUMN log_due boolean NOT NULL DEFAULT false;
CREATE INDEX runs_log_due_idx ON runs (finished_at) WHERE log_due;
CREATE TABLE run_log_segments (
  run_id text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  log_offset bigint NOT NULL,
  size_bytes integer NOT NULL,
  digest text NOT NULL,
  PRIMARY KEY (run_id, log_offset)
);
CREATE INDEX run_log_segments_digest_idx ON run_log_segments (digest);

-- From where, and what the thing was before and after. Events without them have the hash that they always had.
ALTER TABLE audit_events ADD COLUMN user_agent text;
ALTER TABLE audit_events ADD COLUMN before_digest text;
ALTER TABLE audit_events ADD COLUMN after_digest text;
