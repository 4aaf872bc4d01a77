-- What a person is told of. `sequence` counts per person, without a gap that another transaction fills later: a stream resumes by it.
CREATE TABLE notifications (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  sequence bigint NOT NULL,
  workspace_id text REFERENCES workspaces (id) ON DELETE CASCADE,
  run_id text REFERENCES runs (id) ON DELETE CASCADE,
  type text NOT NULL,
  subject text NOT NULL,
  title text NOT NULL,
  body text,
  data jsonb NOT NULL DEFAULT '{}',
  muted boolean NOT NULL DEFAULT false,
  mail_due boolean NOT NULL DEFAULT true,
  read_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Each thing is told once to each person.
CREATE UNIQUE INDEX notifications_subject_key ON notifications (user_id, type, subject);
CREATE UNIQUE INDEX notifications_page_key ON notifications (user_id, sequence);
CREATE INDEX notifications_unread_idx ON notifications (user_id, sequence) WHERE read_at IS NULL;
CREATE INDEX notifications_mail_idx ON notifications (created_at) WHERE mail_due;
CREATE INDEX notifications_created_idx ON notifications (created_at);
CREATE INDEX notifications_workspace_idx ON notifications (workspace_id);
CREATE INDEX notifications_run_idx ON notifications (run_id);

-- Where a person differs from the defaults.
CREATE TABLE notification_preferences (
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  type text NOT NULL,
  channel text NOT NULL,
  enabled boolean NOT NULL,
  PRIMARY KEY (user_id, type, channel)
);
CREATE TABLE notification_settings (
  user_id text PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  muted_until timestamptz,
  last_sequence bigint NOT NULL DEFAULT 0
);

-- Who is told of events of a Workspace over HTTP.
CREATE TABLE webhooks (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  url text NOT NULL,
  events text[] NOT NULL,
  active boolean NOT NULL DEFAULT true,
  secret text NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  paused_until timestamptz,
  created_by jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_page_idx ON webhooks (workspace_id, id);

-- What is to be sent to them, and what became of it.
CREATE TABLE webhook_deliveries (
  id text PRIMARY KEY,
  webhook_id text NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  event_id text NOT NULL,
  type text NOT NULL,
  subject text NOT NULL,
  data jsonb NOT NULL,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  redelivery_of text,
  state text NOT NULL DEFAULT 'waiting',
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  response_status integer,
  duration_ms integer,
  error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE UNIQUE INDEX webhook_deliveries_subject_key ON webhook_deliveries (webhook_id, type, subject) WHERE redelivery_of IS NULL;
CREATE INDEX webhook_deliveries_page_idx ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (webhook_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_created_idx ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_workspace_idx ON webhook_deliveries (workspace_id);

CREATE INDEX personal_access_tokens_expiry_idx ON personal_access_tokens (expires_at) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;
