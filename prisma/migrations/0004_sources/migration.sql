-- Uploaded root modules. The bytes are those of the snapshot: the same files uploaded twice are two sources of one snapshot.
CREATE TABLE sources (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  snapshot_id text NOT NULL REFERENCES source_snapshots (id),
  digest text NOT NULL,
  size_bytes bigint NOT NULL,
  file_count integer NOT NULL,
  ignored_count integer NOT NULL,
  actor jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sources_page_idx ON sources (workspace_id, id);

-- Which commit of a repository is which snapshot: what did not move is not fetched again.
CREATE TABLE git_commits (
  workspace_id text NOT NULL REFERENCES workspaces (id),
  url text NOT NULL,
  commit text NOT NULL,
  snapshot_id text NOT NULL REFERENCES source_snapshots (id),
  fetched_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, url, commit)
);

ALTER TABLE capsules
  ADD COLUMN source_id text REFERENCES sources (id),
  -- [{host, kind, secret_id, known_hosts}]: what init may show to fetch private modules. No values.
  ADD COLUMN module_credentials jsonb NOT NULL DEFAULT '[]';
CREATE INDEX capsules_source_idx ON capsules (source_id) WHERE source_id IS NOT NULL;

ALTER TABLE runs
  -- {url, ref, path, known_hosts} of a source that the runner fetches; the snapshot is pinned when it arrived.
  ADD COLUMN git_source jsonb,
  -- [{host, kind, known_hosts}]: without their values, which the sealed variable set holds.
  ADD COLUMN module_credentials jsonb NOT NULL DEFAULT '[]';
