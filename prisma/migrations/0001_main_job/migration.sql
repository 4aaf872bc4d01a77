-- Identity and tenancy, the minimum. A Workspace and a space are one thing.
CREATE TABLE users (
  id text PRIMARY KEY,
  username text NOT NULL,
  name text NOT NULL,
  is_instance_admin boolean NOT NULL DEFAULT false,
  setup_completed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_username_key ON users (username);

CREATE TABLE workspaces (
  id text PRIMARY KEY,
  slug text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  owner_id text NOT NULL REFERENCES users (id),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX workspaces_slug_key ON workspaces (slug);
-- One personal Workspace a user: `me` finds it.
CREATE UNIQUE INDEX workspaces_personal_key ON workspaces (owner_id) WHERE kind = 'personal';

CREATE TABLE members (
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX members_user_id_idx ON members (user_id);

CREATE TABLE personal_access_tokens (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  workspace_id text REFERENCES workspaces (id) ON DELETE CASCADE,
  name text NOT NULL,
  token_hash text NOT NULL,
  -- NULL is "*": all that the role allows.
  scopes text[],
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX personal_access_tokens_token_hash_key ON personal_access_tokens (token_hash);
CREATE INDEX personal_access_tokens_user_id_idx ON personal_access_tokens (user_id, id);

CREATE TABLE data_keys (
  id text PRIMARY KEY,
  workspace_id text NOT NULL,
  master_key_id text NOT NULL,
  wrapped text NOT NULL,
  retired_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
-- One key seals for a Workspace at a time; retired ones still open.
CREATE UNIQUE INDEX data_keys_current_key ON data_keys (workspace_id) WHERE retired_at IS NULL;

CREATE TABLE instance_settings (
  name text PRIMARY KEY,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE idempotency_claims (
  principal_id text NOT NULL,
  key text NOT NULL,
  operation text NOT NULL,
  request_digest text NOT NULL,
  status integer NOT NULL,
  answer text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (principal_id, key)
);
CREATE INDEX idempotency_claims_expires_at_idx ON idempotency_claims (expires_at);

-- The audit: one chain a Workspace, and one of the instance for what belongs to none.
CREATE TABLE audit_chains (
  id text PRIMARY KEY,
  sequence bigint NOT NULL,
  hash text NOT NULL
);
CREATE TABLE audit_events (
  id text PRIMARY KEY,
  chain_id text NOT NULL,
  sequence bigint NOT NULL,
  workspace_id text,
  actor jsonb NOT NULL,
  actor_id text,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  capsule_id text,
  run_id text,
  metadata jsonb NOT NULL,
  request_id text,
  address text,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX audit_events_chain_key ON audit_events (chain_id, sequence);
CREATE INDEX audit_events_capsule_idx ON audit_events (chain_id, capsule_id, sequence) WHERE capsule_id IS NOT NULL;
CREATE INDEX audit_events_run_idx ON audit_events (chain_id, run_id, sequence) WHERE run_id IS NOT NULL;
CREATE INDEX audit_events_actor_idx ON audit_events (chain_id, actor_id, sequence) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_action_idx ON audit_events (chain_id, action, sequence);

-- A denial is counted for a minute, a principal and an operation; its first one is an AuditEvent.
CREATE TABLE audit_denials (
  chain_id text NOT NULL,
  principal_id text NOT NULL,
  operation text NOT NULL,
  minute timestamptz NOT NULL,
  count integer NOT NULL DEFAULT 1,
  PRIMARY KEY (chain_id, principal_id, operation, minute)
);
CREATE INDEX audit_denials_minute_idx ON audit_denials (minute);

-- Deploy.
CREATE TABLE projects (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  name text NOT NULL,
  slug text NOT NULL,
  description text,
  policy jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX projects_slug_key ON projects (workspace_id, slug);
CREATE INDEX projects_page_idx ON projects (workspace_id, id);

CREATE TABLE secrets (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  name text NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX secrets_name_key ON secrets (workspace_id, name);
CREATE INDEX secrets_page_idx ON secrets (workspace_id, id);

-- A root module as it was at one moment. The bytes are a sealed blob named by the digest.
CREATE TABLE source_snapshots (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  origin text NOT NULL,
  digest text NOT NULL,
  size_bytes bigint NOT NULL,
  paths text[] NOT NULL,
  commit text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX source_snapshots_digest_key ON source_snapshots (workspace_id, digest, coalesce(commit, ''));

CREATE TABLE capsules (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  project_id text NOT NULL REFERENCES projects (id),
  name text NOT NULL,
  status text NOT NULL,
  source jsonb NOT NULL,
  source_snapshot_id text REFERENCES source_snapshots (id),
  module_path text NOT NULL,
  tool_name text,
  tool_version text,
  -- The tool that wrote the current state: set by the first apply; a later Run uses it or a newer version of it.
  state_tool_name text,
  state_tool_version text,
  variables jsonb NOT NULL,
  provider_bindings jsonb NOT NULL,
  policy jsonb NOT NULL DEFAULT '{}',
  config_revision integer NOT NULL DEFAULT 1,
  current_state_version_id text,
  resource_count integer,
  latest_run_id text,
  lock_run_id text,
  lock_actor jsonb,
  lock_reason text,
  locked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX capsules_name_key ON capsules (project_id, name) WHERE deleted_at IS NULL;
CREATE INDEX capsules_page_idx ON capsules (workspace_id, id) WHERE deleted_at IS NULL;
CREATE INDEX capsules_project_page_idx ON capsules (project_id, id) WHERE deleted_at IS NULL;

-- Which Capsule uses which Secret: a bound Secret is not deleted.
CREATE TABLE secret_uses (
  secret_id text NOT NULL REFERENCES secrets (id),
  capsule_id text NOT NULL REFERENCES capsules (id) ON DELETE CASCADE,
  PRIMARY KEY (secret_id, capsule_id)
);
CREATE INDEX secret_uses_capsule_id_idx ON secret_uses (capsule_id);

CREATE TABLE runner_tokens (
  id text PRIMARY KEY,
  pool text NOT NULL,
  token_hash text NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX runner_tokens_token_hash_key ON runner_tokens (token_hash);

CREATE TABLE runners (
  id text PRIMARY KEY,
  token_id text NOT NULL REFERENCES runner_tokens (id),
  -- The runner's own lasting name for itself: one that comes back is the same runner.
  instance text NOT NULL,
  name text NOT NULL,
  pool text NOT NULL,
  version text NOT NULL,
  slots integer NOT NULL,
  tools jsonb NOT NULL,
  sandbox jsonb NOT NULL,
  draining boolean NOT NULL DEFAULT false,
  registered_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX runners_instance_key ON runners (token_id, instance);
CREATE INDEX runners_pool_idx ON runners (pool, last_seen_at);

CREATE TABLE runs (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  project_id text NOT NULL REFERENCES projects (id),
  capsule_id text NOT NULL REFERENCES capsules (id),
  kind text NOT NULL,
  mode text NOT NULL,
  status text NOT NULL,
  phase text,
  phases jsonb NOT NULL DEFAULT '[]',
  pool text NOT NULL,
  -- Its turn in the pool, given when it is queued: fair over Workspaces, so that a claim is one index entry.
  queue_rank bigint,
  actor jsonb NOT NULL,
  actor_id text NOT NULL,
  message text,
  targets text[] NOT NULL DEFAULT '{}',
  replace_addresses text[] NOT NULL DEFAULT '{}',
  retry_of_run_id text,

  -- The inputs, pinned when the Run is made.
  source_snapshot_id text REFERENCES source_snapshots (id),
  module_path text NOT NULL,
  config_revision integer NOT NULL,
  variables jsonb NOT NULL,
  variable_set text NOT NULL,
  variable_set_digest text NOT NULL,
  tool_name text,
  tool_version text,
  tool_digest text,
  least_tool_version text,
  base_state_version_id text,
  base_lineage text NOT NULL,
  base_serial bigint NOT NULL,
  base_digest text NOT NULL,

  -- What the runner found.
  provider_lock_digest text,
  provider_bindings jsonb NOT NULL DEFAULT '[]',
  injected_env jsonb NOT NULL DEFAULT '[]',
  isolation jsonb,
  plan_digest text,
  plan_size_bytes bigint,
  work_digest text,
  work_tree_digest text,
  work_size_bytes bigint,
  plan_result jsonb,
  has_changes boolean,
  seal text,
  apply_result jsonb,
  state_version_id text,
  error jsonb,
  recovery jsonb,

  plan_run_id text REFERENCES runs (id),
  apply_run_id text,
  approvals jsonb NOT NULL DEFAULT '[]',
  approvals_required integer NOT NULL DEFAULT 1,
  approved_by text,
  approved_at timestamptz,
  expires_at timestamptz,
  timeout_seconds integer NOT NULL,

  -- The lease. Only `run-engine` writes it; every write of a runner carries the epoch.
  lease_epoch bigint NOT NULL DEFAULT 0,
  lease_runner_id text REFERENCES runners (id),
  lease_expires_at timestamptz,
  heartbeat_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  cancel_requested_at timestamptz,
  cancel_reason text,
  deadline_at timestamptz,

  -- The event log: the last sequence given, and the last batch taken from the runner.
  event_sequence bigint NOT NULL DEFAULT 0,
  runner_sequence bigint NOT NULL DEFAULT 0,
  log_bytes bigint NOT NULL DEFAULT 0,
  log_complete boolean NOT NULL DEFAULT false,
  log_digest text,

  created_at timestamptz NOT NULL DEFAULT now(),
  queued_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now()
);
-- One writing Run a Capsule, whoever asks and however many ask at once.
CREATE UNIQUE INDEX runs_writer_key ON runs (capsule_id) WHERE kind IN ('apply', 'destroy') AND status IN ('queued', 'running', 'needs_recovery');
-- One open apply a plan, and a plan that started to be applied is used up.
CREATE UNIQUE INDEX runs_open_apply_key ON runs (plan_run_id) WHERE status IN ('awaiting_approval', 'queued', 'running', 'needs_recovery');
CREATE UNIQUE INDEX runs_used_plan_key ON runs (plan_run_id) WHERE started_at IS NOT NULL;
CREATE INDEX runs_queue_idx ON runs (pool, queue_rank, id) WHERE status = 'queued';
CREATE INDEX runs_deadline_idx ON runs (deadline_at) WHERE status = 'running';
-- The last claim of a pool tells how far its queue has come.
CREATE INDEX runs_served_idx ON runs (pool, started_at) WHERE started_at IS NOT NULL;
CREATE INDEX runs_running_idx ON runs (workspace_id) WHERE status = 'running';
CREATE INDEX runs_lease_idx ON runs (lease_expires_at) WHERE status = 'running';
CREATE INDEX runs_expiry_idx ON runs (expires_at) WHERE status IN ('planned', 'awaiting_approval');
CREATE INDEX runs_workspace_page_idx ON runs (workspace_id, id);
CREATE INDEX runs_project_page_idx ON runs (project_id, id);
CREATE INDEX runs_capsule_page_idx ON runs (capsule_id, id);
CREATE INDEX runs_actor_page_idx ON runs (actor_id, id);
CREATE INDEX runs_open_idx ON runs (capsule_id, status) WHERE status IN ('queued', 'running', 'planned', 'awaiting_approval', 'needs_recovery');

-- A time as JSON shows it: ISO 8601 in UTC, milliseconds, Z.
CREATE FUNCTION iso_time(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The phases of a Run after some marks {name, state: started | finished, at}: a phase that starts ends the one before it.
CREATE FUNCTION run_phases(phases jsonb, marks jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  mark jsonb;
  last integer;
BEGIN
  FOR mark IN SELECT * FROM jsonb_array_elements(marks) LOOP
    last := jsonb_array_length(phases) - 1;
    IF last >= 0 AND phases -> last ->> 'finished_at' IS NULL THEN
      phases := jsonb_set(phases, ARRAY [last::text, 'finished_at'], mark -> 'at');
    END IF;
    IF mark ->> 'state' = 'started' THEN
      phases := phases || jsonb_build_object('name', mark -> 'name', 'started_at', mark -> 'at', 'finished_at', NULL);
    END IF;
  END LOOP;
  RETURN phases;
END
$$;

-- The last turn that each Workspace was given in a pool.
CREATE TABLE queue_turns (
  pool text NOT NULL,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  last_rank bigint NOT NULL,
  PRIMARY KEY (pool, workspace_id)
);

-- Every resource that a plan changes, the riskiest first.
CREATE TABLE run_changes (
  run_id text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position integer NOT NULL,
  risk text NOT NULL,
  address text NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (run_id, position)
);

CREATE TABLE run_events (
  run_id text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  sequence bigint NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  -- Where the text of a log event begins and how long it is, in bytes of UTF-8.
  log_offset bigint,
  log_bytes integer,
  at timestamptz NOT NULL,
  PRIMARY KEY (run_id, sequence)
);
CREATE INDEX run_events_log_idx ON run_events (run_id, log_offset) WHERE log_offset IS NOT NULL;
CREATE INDEX run_events_resource_idx ON run_events (run_id, sequence) WHERE type = 'resource';

CREATE TABLE state_versions (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  capsule_id text NOT NULL REFERENCES capsules (id),
  previous_id text,
  serial bigint NOT NULL,
  lineage text NOT NULL,
  digest text NOT NULL,
  size_bytes bigint NOT NULL,
  resource_count integer,
  outputs jsonb NOT NULL,
  run_id text REFERENCES runs (id),
  created_at timestamptz NOT NULL DEFAULT now()
);
-- Append-only and without forks: a version follows exactly one other.
CREATE UNIQUE INDEX state_versions_previous_key ON state_versions (capsule_id, coalesce(previous_id, ''));
CREATE INDEX state_versions_page_idx ON state_versions (capsule_id, id);

-- The last good state seen while an apply works, kept as a blob of kind `state`. One a Run: a newer one replaces it.
CREATE TABLE checkpoints (
  run_id text PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  workspace_id text NOT NULL,
  epoch bigint NOT NULL,
  serial bigint NOT NULL,
  lineage text NOT NULL,
  digest text NOT NULL,
  size_bytes bigint NOT NULL,
  at timestamptz NOT NULL
);
